"""Gather, decide, apply: plain functions that join the rooms; no Prefect."""

"""Mails of strangers as plain values. Pure, and never trusted: see `worker`."""

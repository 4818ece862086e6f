"""Workbooks that offices exchange: each is written and read by one file."""

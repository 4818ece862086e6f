"""Workbooks out and in, and the inbox."""

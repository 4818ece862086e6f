"""Workbooks to look things up in; they do not come back."""

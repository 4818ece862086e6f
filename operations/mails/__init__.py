"""Mails that come in: read in a process of their own, matched with reminders, put on record."""

"""Set-up, backup, watch, rehearsal."""

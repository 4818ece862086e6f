"""What is remembered: tables, settings and every query."""

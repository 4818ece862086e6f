"""Tests, flat: test_<room>_*.py."""

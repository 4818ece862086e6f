"""Requests to servers of our own."""

import httpx

CHECKED = httpx.create_ssl_context()
"""Passed as `verify`: httpx would make one for each request, which takes longer than the rest."""

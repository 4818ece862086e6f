"""Prefect: definitions, registering, automations, the server itself."""

"""The command line: one function a command, found by the table in deployments/cli.py."""

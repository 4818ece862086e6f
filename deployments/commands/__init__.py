"""The command line: one function a command, found by deployments/commands.toml."""

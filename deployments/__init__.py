"""Where it runs: the command line, the server, the example."""

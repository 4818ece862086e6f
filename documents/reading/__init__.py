"""From a file that somebody sent to its tables and cells, with every fault at its place."""

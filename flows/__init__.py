"""When it happens: the clock, the operations and the scheduled flows."""

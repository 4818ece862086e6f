"""What follows from the plan: pure functions, no I/O, no clock."""

"""The faults of a plan that its types alone do not see, by what they are about."""

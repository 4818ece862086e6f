"""What the notices say: plans, calendars and the types that hold them."""

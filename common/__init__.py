"""The ground that everything stands on; it imports nothing of the product."""

"""公文: what letters and bulletins say, and the Word files that carry them."""

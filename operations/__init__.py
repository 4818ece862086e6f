"""What the offices do: gather what is known, decide as of a day, apply it in one transaction."""

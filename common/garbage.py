"""How often Python looks for garbage: objects that hold one another and go no other way."""

import gc

MADE = 200_000
"""Objects that are made between two looks; Python's own number is 700."""


def look_rarely() -> None:
    """Look at what has been loaded by now never again, and at what is made later seldom.

    We make much and tie little together: a tenth of the time of long work went into looking.
    """
    gc.freeze()
    gc.set_threshold(MADE)

"""Tells at their cells why operations that a workbook asks for were refused."""

import re
from collections.abc import Iterator, Sequence

from documents.faults import Fault
from documents.table import Row
from policy.errors import RefusedError


def note_refusal(
    row: Row, error: RefusedError, cells: Sequence[tuple[str, str]], otherwise: str
) -> None:
    """Note every reason as a fault at the cell that it concerns.

    `cells` are regular expressions with the key of the column that a reason which matches is about;
    the first counts. Other reasons, and those whose column the workbook lacks, are told at the
    column `otherwise`.
    """
    for reason in reasons(error):
        keys = (key for words, key in cells if row.has(key) and re.search(words, reason))
        row.refuse(next(keys, otherwise), reason)


def row_of(fault: Fault) -> int:
    """The number of the row that a fault is in; 0 where it is about a whole sheet."""
    return int("".join(char for char in fault.spot.cell if char.isdecimal()) or 0)


def reasons(error: RefusedError) -> Iterator[str]:
    """The reasons of a refusal without the line that heads them."""
    lines = str(error).splitlines()
    listed = [line.removeprefix("  · ") for line in lines if line.startswith("  · ")]
    yield from listed or lines

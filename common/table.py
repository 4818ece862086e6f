"""Columns and rows, laid out once: the terminal, a page and a sheet each print the same table."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

IF_ANY = {"if_any": True}
"""Metadata of a dataclass's field that JSON output leaves out where it is empty."""
Datum = str | int | Decimal | date | None
"""What a cell holds; None: not known."""


@dataclass(frozen=True, slots=True)
class DataColumn:
    """One column: its heading, what stands below it, and how wide it is on paper."""

    title: str
    kind: Literal["text", "count", "money", "date"] = "text"
    width: float = 12
    """In half-width characters."""
    blank: str = ""
    """What readers are told where nothing is known; a sheet leaves its cell empty."""

    @property
    def right(self) -> bool:
        """Whether it is aligned at the right, as numbers are."""
        return self.kind in ("count", "money")

    def text(self, datum: Datum) -> str:
        """A cell as readers see it: money with thousands apart and to the 分, days as ISO dates."""
        if datum is None:
            return self.blank
        return f"{datum:,.2f}" if isinstance(datum, Decimal) else str(datum)


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table, whoever prints it. Every row has one cell for each column."""

    title: str
    columns: tuple[DataColumn, ...]
    rows: Sequence[tuple[Datum, ...]]
    total: tuple[Datum, ...] | None = None
    """The last row, where there is one that sums up the others."""
    subjects: Sequence[str] = ()
    """The code of what each row is about: whoever has a page on it can lead there…"""
    named: int = 0
    """…from the text of this column."""

    def texts(self) -> list[list[str]]:
        """The rows as readers see them, the total at their end."""
        rows = (*self.rows, *([] if self.total is None else [self.total]))
        return [
            [column.text(datum) for column, datum in zip(self.columns, row, strict=True)]
            for row in rows
        ]


def room(text: str) -> int:
    """How many half-width characters a text takes in a line; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, width: int, right: bool = False) -> str:
    """The text with blanks to fill `width` half-width characters; never cut."""
    blanks = " " * (width - room(text))
    return blanks + text if right else text + blanks

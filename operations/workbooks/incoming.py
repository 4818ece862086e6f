"""A workbook on its way in: what is asked of it, and what came of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from common.errors import RefusedError
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book
from documents.reading.identity import Identity
from documents.reading.table import TableRow


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What whoever imports a workbook says of it."""

    city: str | None = None
    month: str | None = None
    """``2023-06``, of a monthly report."""
    subject: str | None = None
    """The project's code, of a form about one project."""
    confirmed: bool = False
    """True: figures that are not plausible have been looked at again."""
    actor: str = ""
    """Who stands for what it says; the city's bureau where nobody is named."""


@dataclass(frozen=True, slots=True)
class IncomingWorkbook:
    """A workbook that has been opened, and the day and instant at which it came in."""

    book: Book
    identity: Identity | None
    """None for one that was typed from scratch."""
    asked: ImportOptions
    today: date
    at: datetime

    @property
    def evidence(self) -> str:
        """How the audit trail names it."""
        return self.book.file if self.identity else f"{self.book.file}（无标识）"

    @property
    def version(self) -> int | None:
        """The newest record that its sender could know of; None: not known, or made out empty."""
        return (self.identity.version or None) if self.identity else None

    def city(self) -> str | None:
        """The city that it is of, as signed or as asked for. RefusedError where these differ."""
        return self._agreed(self.asked.city, "所属地方")

    def subject(self) -> str | None:
        """The subject that it is of, as signed or as asked for. RefusedError where these differ."""
        return self._agreed(self.asked.subject, "所属地方或项目")

    def month(self) -> str | None:
        """The month that it is of, as signed or as asked for. RefusedError where these differ."""
        signed = self.identity.period if self.identity else None
        if signed and self.asked.month not in (None, signed):
            raise RefusedError(
                f"{self.book.file}：是{signed}的表，不能作为{self.asked.month}的表报送；"
                "请核对后报送正确的文件"
            )
        return signed or self.asked.month

    def _agreed(self, asked: str | None, what: str) -> str | None:
        signed = self.identity.subject if self.identity else None
        if signed and asked not in (None, signed, signed[:-1]):
            raise RefusedError(
                f"{self.book.file}：是{signed}的表，不能作为{asked}的表报送；请核对{what}后报送正确的文件"
            )
        return signed or asked


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that states something other than what is stored; all words Chinese."""

    spot: Spot
    subject: str
    """The project's code, or the office."""
    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class WorkbookChanges:
    """What a workbook changed."""

    subject: str
    period: str = ""
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    differences: Sequence[Difference] = ()
    warnings: Sequence[CellFault] = ()
    """What does not stand in the way, and should be looked at."""
    refused: Sequence[CellFault] = ()
    """Of a form whose rows each stand for themselves: why some were not taken in."""
    remaining: Sequence[str] = ()
    """Of such a form: what it names and does not answer."""
    notes: Sequence[str] = field(default_factory=tuple)
    """What was done in another way than the sender may expect."""


def note_refusal(
    row: TableRow, error: RefusedError, cells: Sequence[tuple[str, str]], otherwise: str
) -> None:
    """Note every reason as a fault at the cell that it concerns.

    `cells` are regular expressions with the key of the column that a reason which matches is about;
    the first counts. Other reasons are told at the column `otherwise`.
    """
    for reason in reasons(error):
        keys = (key for words, key in cells if re.search(words, reason))
        row.refuse(next(keys, otherwise), reason)


def row_of(fault: CellFault) -> int:
    """The number of the row that a fault is in; 0 where it is about a whole sheet."""
    return int("".join(char for char in fault.spot.cell if char.isdecimal()) or 0)


def reasons(error: RefusedError) -> Iterator[str]:
    """The reasons of a refusal without the line that heads them."""
    lines = str(error).splitlines()
    listed = [line.removeprefix("  · ") for line in lines if line.startswith("  · ")]
    yield from listed or lines

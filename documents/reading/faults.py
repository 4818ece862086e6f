"""What is wrong in a workbook, each fault with the cell that it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from common.errors import RefusedError

OPENING = "【需修改】"
"""How a comment begins that marks a fault."""
LONGEST = 40
"""Characters of a cell's value that are shown."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell of a workbook and what stands in it; `cell` is empty where a whole sheet is meant."""

    sheet: str
    cell: str = ""
    value: object = None
    heading: str = ""
    """The column's or the label's as the form prints it; empty where the cell has none."""


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with a cell, and what would be right; Chinese."""

    spot: Spot
    reason: str
    """``what is wrong；what would be right``."""
    clause: str = ""
    """The clause that asks for it; empty where only the form does."""
    secret: bool = False
    """True when the cell's value must not be shown."""
    lacking: bool = False
    """True when it is about what is not there, not about the cell's value."""

    @property
    def says(self) -> str:
        """What is wrong, with the clause that asks for it."""
        said = self.reason.partition("；")[0]
        return f"{said}（{self.clause}）" if self.clause and self.clause not in said else said

    @property
    def mend(self) -> str:
        """What would be right; empty where the reason says it all."""
        return self.reason.partition("；")[2]

    @property
    def shown(self) -> str:
        """The cell's value as it may be shown."""
        return "不予显示" if self.secret else show(self.spot.value)

    def line(self, file: str) -> str:
        """The fault in one line of text."""
        place = f"{file}「{self.spot.sheet}」{self.spot.cell}"
        mend = f"；{self.mend}" if self.mend else ""
        value = f"原值{self.shown}，" if self.spot.cell and not self.lacking else ""
        return f"{place}：{value}{self.says}{mend}"


class WorkbookError(RefusedError):
    """工作簿内容有误，未作任何改动。"""

    def __init__(self, file: str, faults: Sequence[CellFault]) -> None:
        super().__init__("\n".join(fault.line(file) for fault in faults))
        self.file = file
        self.faults = tuple(faults)


def note_asked(faults: list[CellFault], asked: Iterable[CellFault], sheet: str) -> None:
    """Note what is asked about a sheet, once."""
    faults.extend(each for each in asked if each.spot.sheet == sheet and each not in faults)


def raise_faults(file: str, faults: Sequence[CellFault]) -> None:
    """WorkbookError with every fault; nothing when there are none."""
    if faults:
        raise WorkbookError(file, faults)


def show(value: object) -> str:
    """A cell's value as words in one line."""
    if value is None or value == "":
        return "为空"
    if isinstance(value, date | datetime):
        return f"“{value:%Y-%m-%d}”"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return f"“{words if len(words) <= LONGEST else words[:LONGEST] + '…'}”"

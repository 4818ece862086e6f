"""How the cells of printed sheets look: a closed set, and what a workbook calls each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, partial
from typing import Any, Literal, NamedTuple

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.worksheet import Worksheet

SONG, HEI = "宋体", "黑体"
LINE = Side(style="thin")
BOX, BARE = Border(left=LINE, right=LINE, top=LINE, bottom=LINE), Border()
SHADE = "E7EDF4"
FIXED_FILL = "EFEFEF"
"""The colour (RGB) of locked cells."""


@dataclass(frozen=True)
class Dress:
    """Everything about a cell but its value."""

    font: str = SONG
    size: int = 11
    """In points."""
    side: Literal["left", "center", "right"] | None = None
    level: Literal["top", "center", "bottom"] = "center"
    boxed: bool = True
    fill: str = ""
    """RGB; empty for none."""
    fillable: bool = False
    """Whether it may be filled in on a protected sheet."""
    format: str = "@"
    quoted: bool = False
    """Whether the text would be a formula if it were typed."""


class Look(Enum):
    """What a cell is for; the value is its dress."""

    TITLE = Dress(HEI, 16, "center", boxed=False)
    HEAD = Dress(HEI, 11, "center", fill=SHADE)
    LABEL = HEAD
    NOTE = Dress(side="left", boxed=False)
    OPEN_NOTE = Dress(side="left", boxed=False, fillable=True)
    UNIT = Dress(side="right", boxed=False)
    LOCKED = Dress(fill=FIXED_FILL)
    BODY = Dress(fillable=True)
    CENTRED = Dress(side="center", fillable=True)
    OPEN = Dress(side="left", level="top", fillable=True)
    SIGN = Dress(side="right", level="bottom", fillable=True)


class CellStyle(NamedTuple):
    """A dress as one workbook numbers it."""

    dress: Dress
    plain: int
    quoted: Callable[[], int]
    """For texts that would be formulas if they were typed: few workbooks have one."""


Wardrobe = Callable[[Dress], CellStyle]


def wardrobe(sheet: Worksheet) -> Wardrobe:
    """The styles of the sheet's workbook, each made when it is first asked for."""
    return _wardrobe(partial(number_in, sheet))


def new_wardrobe() -> tuple[Wardrobe, list[Dress]]:
    """The styles of a workbook that is still to be made; and its dresses, numbered from 1."""
    worn: list[Dress] = []

    @cache
    def number(dress: Dress) -> int:
        worn.append(dress)
        return len(worn)

    return _wardrobe(number), worn


def _wardrobe(number: Callable[[Dress], int]) -> Wardrobe:
    def style(dress: Dress) -> CellStyle:
        quoted = cache(lambda: number(replace(dress, quoted=True)))
        return CellStyle(dress, number(dress), quoted)

    return cache(style)


def number_in(sheet: Worksheet, dress: Dress) -> int:
    """What the sheet's workbook calls a dress: new ones are counted on from those that it has."""
    cell = WriteOnlyCell(sheet)
    for name, part in _parts(dress).items():
        setattr(cell, name, part)
    return int(cell.style_id)


@cache  # openpyxl takes longer over these than over most sheets
def _parts(dress: Dress) -> Mapping[str, Any]:
    parts: dict[str, Any] = {
        "font": Font(name=dress.font, size=dress.size),
        "alignment": Alignment(dress.side, dress.level, wrap_text=True),
        "border": BOX if dress.boxed else BARE,
        "number_format": dress.format,
        "protection": Protection(locked=not dress.fillable),
        "quotePrefix": dress.quoted,
    }
    return parts | ({"fill": PatternFill("solid", fgColor=dress.fill)} if dress.fill else {})

"""Lays cells out line by line, as the tables of HTML do, merged where they span."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil

from openpyxl.utils import get_column_letter

from documents.writing.looks import CellStyle, Look, Wardrobe
from documents.writing.printing import Offer
from documents.writing.rows import SheetRow, Value

USUAL_SIZE = 11
"""Column widths count characters of this size, in points."""
LOWEST_ROW, HIGHEST_ROW = 24, 409
"""In points; a spreadsheet has no higher rows."""


@dataclass(frozen=True)
class FormCell:
    """A cell of a form, or several that are merged."""

    value: Value = None
    look: Look = Look.BODY
    across: int = 1
    """Columns."""
    down: int = 1
    """Lines."""
    choices: tuple[str, ...] = ()
    """Offered in a drop-down, not forced."""
    format: str = "@"
    """Of numbers and dates."""
    size: int = 0
    """Of the type, in points; 0 for the look's own."""


@dataclass(frozen=True)
class FormLine:
    """Cells from left to right; columns that a cell above reaches down into are passed over."""

    cells: tuple[FormCell, ...]
    height: float = 0
    """In points, at least: it is always as high as its texts need."""


def merged(lines: Sequence[FormLine]) -> tuple[str, ...]:
    """What is merged, since it spans: ``A1:C1``."""
    cells = dict.fromkeys(_place(lines).values())
    return tuple(each.reference for each in cells if each.cell.across * each.cell.down > 1)


def offered(lines: Sequence[FormLine]) -> tuple[Offer, ...]:
    """Which cells offer choices."""
    cells = dict.fromkeys(_place(lines).values())
    found = ((each.cell.choices, each.reference.partition(":")[0]) for each in cells)
    return tuple((choices, place) for choices, place in found if choices)


def line_rows(
    lines: Sequence[FormLine], widths: Sequence[float], styles: Wardrobe
) -> Iterator[SheetRow]:
    """The lines as rows."""
    placed = _place(lines)
    for number, line in enumerate(lines, 1):
        across = [placed.get((number, column)) for column in range(1, len(widths) + 1)]
        cells = [_shown(each, number, column, styles) for column, each in enumerate(across, 1)]
        need = max((_need(each, widths) for each in across if each), default=LOWEST_ROW)
        yield SheetRow(cells, max(line.height, need))


def places(lines: Sequence[FormLine]) -> Mapping[tuple[int, int], str]:
    """What is printed where: per row and column, from 0, the text of the cell that begins there."""
    placed = dict.fromkeys(_place(lines).values())
    return {
        (each.row - 1, each.column - 1): each.cell.value
        for each in placed
        if isinstance(each.cell.value, str)
    }


def room(width: float, size: int) -> float:
    """How many half-width characters of a size a column holds in one line."""
    return width * USUAL_SIZE / size - 1


def wrapped(value: Value, room: float) -> int:
    """How many lines a value takes in a column; a Chinese character is two wide."""
    if not isinstance(value, str) or (2 * len(value) <= room and "\n" not in value):
        return 1
    wide = (2 * len(line) - len(line.encode("latin-1", "ignore")) for line in value.split("\n"))
    return sum(max(ceil(length / room), 1) for length in wide)


def height(lines: int, size: int) -> float:
    """The height in points: not every program fits it to wrapped text by itself."""
    return min(max(lines * size * 1.45 + 6, LOWEST_ROW), HIGHEST_ROW)


def exact(styles: Wardrobe, style: CellStyle, value: Decimal) -> CellStyle:
    """The style, with more decimals only where two would not show the whole number."""
    if int(value.as_tuple().exponent) >= -2:
        return style
    places = -int(value.normalize().as_tuple().exponent)
    if places <= 2:
        return style
    whole = style.dress.format.partition(".")[0].replace("@", "0").replace("General", "0")
    return styles(replace(style.dress, format=f"{whole}.{'0' * places}"))


@dataclass(frozen=True)
class _Placed:
    """A form's cell with its upper left corner, counted from 1."""

    row: int
    column: int
    cell: FormCell

    @property
    def reference(self) -> str:
        """E.g. ``A1:C2``."""
        right, bottom = self.column + self.cell.across - 1, self.row + self.cell.down - 1
        first = f"{get_column_letter(self.column)}{self.row}"
        return f"{first}:{get_column_letter(right)}{bottom}"

    def covers(self) -> Iterator[tuple[int, int]]:
        """Each place, row by row."""
        for row in range(self.row, self.row + self.cell.down):
            for column in range(self.column, self.column + self.cell.across):
                yield row, column


def _place(lines: Sequence[FormLine]) -> Mapping[tuple[int, int], _Placed]:
    """What covers each place (row, column), as in the tables of HTML."""
    found: dict[tuple[int, int], _Placed] = {}
    for row, line in enumerate(lines, 1):
        column = 1
        for cell in line.cells:
            while (row, column) in found:
                column += 1
            placed = _Placed(row, column, cell)
            found.update(dict.fromkeys(placed.covers(), placed))
    return found


def _shown(
    placed: _Placed | None, row: int, column: int, styles: Wardrobe
) -> tuple[Value, CellStyle | None]:
    """What stands at a place: the value only in the upper left corner of merged cells."""
    if placed is None:
        return None, None
    cell = placed.cell
    dress = cell.look.value
    style = styles(replace(dress, size=cell.size or dress.size, format=cell.format))
    if isinstance(cell.value, Decimal):
        style = exact(styles, style, cell.value)
    return (cell.value if (placed.row, placed.column) == (row, column) else None), style


def _need(placed: _Placed, widths: Sequence[float]) -> float:
    """The height that a cell wants of each of its lines."""
    size = placed.cell.size or placed.cell.look.value.size
    width = sum(widths[placed.column - 1 : placed.column - 1 + placed.cell.across])
    return height(wrapped(placed.cell.value, room(width, size)), size) / placed.cell.down

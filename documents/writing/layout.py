"""Lays tables, forms and charts out to be printed, in workbooks that are equal for equal data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, repeat
from pathlib import Path
from typing import Literal

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.legend import Legend
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from documents.writing.columns import Column, example_of, in_words
from documents.writing.lines import (
    LOWEST_ROW,
    FormCell,
    FormLine,
    exact,
    height,
    line_rows,
    merged,
    offered,
    room,
    wrapped,
)
from documents.writing.looks import Dress, Look, Wardrobe, new_wardrobe, wardrobe
from documents.writing.printing import Offer, SheetShape, shape_sheet
from documents.writing.rows import SheetRow, Value, fill, rows_xml
from documents.writing.saving import Drawing, SheetParts, write, written
from policy.schema import Plan

SPARE_ROWS = 200
"""How far below the last row of an open page the choices drop down, for rows added by hand."""
TITLE_HEIGHT = 34
"""In points."""
CHART_SIZE = (22, 12)
"""Width and height in centimetres."""
FEW = range(11)
"""Counts that are marked one by one: left alone, a chart of three has marks at halves."""


@dataclass(frozen=True)
class TableSheet:
    """A table on a sheet of its own: a merged title, notes to the left and right, then the rows."""

    sheet: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Value]]
    note: str = ""
    unit: str = ""
    """At the right; takes a second column."""
    size: int = 10
    """Of the table's type, in points."""
    filters: bool = False
    footer: str = ""
    """What the foot of each page says at the left."""
    protected: bool = False
    """Without a password: locked columns are read-only in `rows`, all else can be filled in."""
    fixed: int = 0
    """So many of the first rows are read-only throughout where the page is protected."""
    landscape: bool = True
    lamps: tuple[str, ...] = ()
    """The keys of the columns that take the colour of the standing that their cells begin with."""
    spare: int = 0
    """Empty rows below the last."""
    example: bool = False
    """Whether the last row is an example of how the form is filled in."""
    open_note: bool = False
    """Whether the note is to be completed, e.g. 填报人, also where the sheet is protected."""


@dataclass(frozen=True)
class FormSheet:
    """A form on a sheet of its own, laid out line by line."""

    sheet: str
    widths: tuple[float, ...]
    """Of the columns, in half-width characters of 11 points; upright A4 holds about 92."""
    lines: Sequence[FormLine]
    footer: str = ""
    protected: bool = False
    """Without a password: only what looks fillable can be filled in."""
    landscape: bool = False


@dataclass(frozen=True)
class Chart:
    """Numbers on a sheet of their own, with a chart beside them."""

    sheet: str
    title: str
    kind: Literal["line", "bar"]
    heads: tuple[str, ...]
    """Of the categories, then of each series."""
    rows: Sequence[Sequence[Value]]
    """Category (a text or a date), then the numbers; None leaves a gap."""
    footer: str = ""


Leaf = TableSheet | FormSheet | Chart
"""What becomes one sheet."""


def worded(plan: Plan, leaves: Iterable[Leaf]) -> tuple[Leaf, ...]:
    """Lists of the product's own columns, in the plan's words for its levels."""
    return tuple(_worded(plan, leaf) for leaf in leaves)


def _worded(plan: Plan, leaf: Leaf) -> Leaf:
    if isinstance(leaf, TableSheet):
        columns = in_words(plan, leaf.columns)
        return replace(leaf, sheet=plan.said(leaf.sheet), columns=columns)
    if isinstance(leaf, Chart):
        heads = (plan.said(leaf.heads[0]), *leaf.heads[1:])
        return replace(leaf, sheet=plan.said(leaf.sheet), title=plan.said(leaf.title), heads=heads)
    return leaf


def save(path: Path, leaves: Sequence[Leaf], properties: Mapping[str, str] | None = None) -> None:
    """Write the workbook. UnavailableError when the file cannot be written; else as `to_bytes`."""
    write(path, to_bytes(leaves, properties))


def to_bytes(leaves: Sequence[Leaf], properties: Mapping[str, str] | None = None) -> bytes:
    """The workbook as .xlsx, byte for byte the same for the same leaves and document properties.

    RefusedError for a text that a workbook cannot hold.
    """
    styles, worn = new_wardrobe()
    return written([_sheet(leaf, styles) for leaf in leaves], worn, properties or {})


def _sheet(leaf: Leaf, styles: Wardrobe) -> SheetParts:
    shape, rows = _lay_out(leaf, styles)
    return SheetParts(shape, rows_xml(rows), _chart_of(leaf))


def add_page(workbook: Workbook, page: TableSheet) -> None:
    """Add a sheet to an ordinary workbook. RefusedError as for `to_bytes`."""
    sheet = workbook.create_sheet(page.sheet)
    shape, rows = _page(page, wardrobe(sheet))
    shape_sheet(sheet, shape)
    fill(sheet, rows)


def _lay_out(leaf: Leaf, styles: Wardrobe) -> tuple[SheetShape, Iterator[SheetRow]]:
    match leaf:
        case TableSheet():
            return _page(leaf, styles)
        case FormSheet():
            return _form(leaf, styles)
        case Chart():
            return _page(_below(leaf), styles)


def _page(page: TableSheet, styles: Wardrobe) -> tuple[SheetShape, Iterator[SheetRow]]:
    heads = tuple(_heads(page))
    widths = tuple(column.width for column in page.columns)
    empty = [(None, styles(_dress(column, page.size))) for column in page.columns]
    rows = chain(
        line_rows(heads, widths, styles),
        _table(page, widths, styles),
        repeat(SheetRow(empty, LOWEST_ROW), page.spare),
        _example(page, styles) if page.example else (),
    )
    return _shape(page, widths, heads), rows


def _shape(page: TableSheet, widths: tuple[float, ...], heads: Sequence[FormLine]) -> SheetShape:
    first = len(heads) + 1
    last = max(first + len(page.rows) + page.spare - 1, first)
    end = get_column_letter(len(page.columns))
    # An example is to be looked at, not signed and sealed: it stood alone on a last page.
    printed = f"A1:{end}{len(heads) + len(page.rows) + page.spare}" if page.example else ""
    return SheetShape(
        title=page.sheet,
        widths=widths,
        footer=page.footer,
        landscape=page.landscape,
        protected=page.protected,
        merged=merged(heads),
        offers=tuple(_offers(page, first, last if page.protected else last + SPARE_ROWS)),
        lamps=tuple(_lamps(page, first, last)),
        headed=len(heads),
        filters=f"A{first - 1}:{end}{last}" if page.filters else "",
        printed=printed,
    )


def _offers(page: TableSheet, first: int, reach: int) -> Iterator[Offer]:
    for number, column in enumerate(page.columns, 1):
        if column.choices:
            letter = get_column_letter(number)
            yield tuple(column.choices), f"{letter}{first}:{letter}{reach}"


def _lamps(page: TableSheet, first: int, last: int) -> Iterator[str]:
    for number, column in enumerate(page.columns, 1):
        if column.key in page.lamps:
            letter = get_column_letter(number)
            yield f"{letter}{first}:{letter}{last}"


def _form(form: FormSheet, styles: Wardrobe) -> tuple[SheetShape, Iterator[SheetRow]]:
    shape = SheetShape(
        title=form.sheet,
        widths=tuple(form.widths),
        footer=form.footer,
        landscape=form.landscape,
        protected=form.protected,
        merged=merged(form.lines),
        offers=offered(form.lines),
    )
    return shape, line_rows(form.lines, form.widths, styles)


def _below(chart: Chart) -> TableSheet:
    """The table of a chart's numbers."""
    columns = tuple(Column(head, head, "", 12, "General", centred=True) for head in chart.heads)
    rows = [(str(row[0]), *row[1:]) for row in chart.rows]
    return TableSheet(chart.sheet, chart.title, columns, rows, footer=chart.footer)


def _chart_of(leaf: Leaf) -> Drawing | None:
    """Draws a chart beside its numbers; nothing of a leaf that is none, or has no numbers."""
    if not isinstance(leaf, Chart) or not leaf.rows:
        return None
    place = f"{get_column_letter(len(leaf.heads) + 2)}2"
    return lambda sheet: sheet.add_chart(_drawn(sheet, leaf), place)


def _drawn(sheet: Worksheet, chart: Chart) -> LineChart | BarChart:
    """The chart of the numbers under the second row."""
    drawn = LineChart() if chart.kind == "line" else BarChart()
    end = len(chart.rows) + 2
    drawn.add_data(Reference(sheet, 2, 2, len(chart.heads), end), titles_from_data=True)
    drawn.set_categories(Reference(sheet, 1, 3, 1, end))
    for series in drawn.series:
        series.smooth = False  # a smoothed line shows values that never were
    drawn.title = chart.title
    drawn.width, drawn.height = CHART_SIZE
    drawn.display_blanks = "gap"
    drawn.legend = Legend(legendPos="b")
    drawn.x_axis.delete = drawn.y_axis.delete = False
    if all(number in FEW for row in chart.rows for number in row[1:] if number is not None):
        drawn.y_axis.majorUnit = 1
    return drawn


def _heads(page: TableSheet) -> Iterator[FormLine]:
    """Title, notes and headings."""
    width = len(page.columns)
    yield FormLine((FormCell(page.title, Look.TITLE, across=width),), TITLE_HEIGHT)
    if page.note or page.unit:
        split = max(width - 2, 1)
        look = Look.OPEN_NOTE if page.open_note else Look.NOTE
        notes = (FormCell(page.note, look, split), FormCell(page.unit, Look.UNIT, width - split))
        yield FormLine(notes if width > 1 else notes[:1])
    yield FormLine(
        tuple(FormCell(each.heading, Look.HEAD, size=page.size) for each in page.columns)
    )


def _table(page: TableSheet, widths: Sequence[float], styles: Wardrobe) -> Iterator[SheetRow]:
    usual = [styles(_dress(each, page.size, fixed=page.protected)) for each in page.columns]
    shut = [replace(each, locked=True) for each in page.columns]
    whole = [styles(_dress(each, page.size, fixed=page.protected)) for each in shut]
    rooms = [room(width, page.size) for width in widths]
    for number, values in enumerate(page.rows):
        dressed = whole if number < page.fixed else usual
        cells = [
            (value, exact(styles, style, value) if isinstance(value, Decimal) else style)
            for value, style in zip(values, dressed, strict=True)
        ]
        yield SheetRow(cells, height(max(map(wrapped, values, rooms)), page.size))


def _example(page: TableSheet, styles: Wardrobe) -> Iterator[SheetRow]:
    """Grey, and read by nobody: see `documents.reading.table`."""
    shut = [replace(column, locked=True) for column in page.columns]
    cells = [(example_of(each), styles(_dress(each, page.size, fixed=True))) for each in shut]
    rooms = [room(column.width, page.size) for column in page.columns]
    lines = (wrapped(value, width) for (value, _), width in zip(cells, rooms, strict=True))
    yield SheetRow(cells, height(max(lines), page.size))


def _dress(column: Column, size: int, *, fixed: bool = False) -> Dress:
    look = Look.LOCKED if fixed and column.locked else Look.BODY
    side = Look.CENTRED.value.side if column.centred else None
    return replace(look.value, size=size, side=side, format=column.format)

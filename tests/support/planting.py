"""Faults as people make them, planted into our own forms: kinds × forms × cells, each determined.

What a form asks for comes from the plan; nothing here knows what a refusal says.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from documents.writing.columns import DAY, EXAMPLE, TEXT, Column, plain

Plant = Callable[[Workbook], None]
Tables = Mapping[str, Sequence[Column]]
"""The columns of each sheet."""
Spot = tuple[str, int, int]
"""Sheet, row and column of a cell."""


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """One thing done wrong to a form that was right."""

    id: str
    """E.g. ``report:words:月报:percent``."""
    plant: Plant
    spot: Spot | None = None
    """The one cell that it is in; None where it concerns more."""

    @property
    def kind(self) -> str:
        """E.g. ``words``."""
        return self.id.split(":")[1]

    @property
    def group(self) -> str:
        """Faults of a group can be in one workbook and do not hide each other."""
        return self.kind if self.kind in HEADINGS else "cells"


HEADINGS = ("no-heading", "other-heading", "no-label", "other-label")


def planted_in(content: bytes, faults: Sequence[PlantedFault]) -> bytes:
    """The form with all of them done."""
    book = load_workbook(BytesIO(content))
    for fault in faults:
        fault.plant(book)
    return saved(book)


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """Where the headings and rows of a form's sheet are."""

    sheet: str
    top: int
    at: Mapping[str, int]
    """Per column key, the number of the column."""
    columns: Mapping[str, Column]
    rows: tuple[int, ...]


def saved(book: Workbook) -> bytes:
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def layouts(book: Workbook, tables: Tables) -> Iterator[SheetLayout]:
    """The sheets of a form as it was made out."""
    for title, columns in tables.items():
        heads = {plain(column.heading): column for column in columns}
        sheet = book[title]
        for top in range(1, 30):
            words = [plain(str(cell.value)) for cell in sheet[top]]
            found = {heads[w].key: n for n, w in enumerate(words, 1) if w in heads}
            if len(found) == len(columns):
                filled = [n for key, n in found.items() if key != "number"]
                below = range(top + 1, (sheet.max_row or 0) + 1)
                own = [n for n in below if not str(sheet.cell(n, 1).value).startswith(EXAMPLE)]
                rows = tuple(n for n in own if any(sheet.cell(n, c).value for c in filled))
                yield SheetLayout(title, top, found, {c.key: c for c in columns}, rows)
                break


WORDS: Mapping[str, object] = {"words": "再议", "broken-formula": "#REF!"}
DAYS: Mapping[str, object] = {
    "no-such-day": "2023-02-30",
    "month-alone": "2023年5月",
    "other-century": date(1923, 5, 9),
    "number-for-day": 31.5,
}
NUMBERS: Mapping[str, object] = {
    "negative": -3,
    "other-unit": "12斤",
    "too-large": 10**15,
    "day-for-number": date(2023, 5, 9),
    "about": "约一半",
}
"""Per kind of fault what stands in the cell."""


def _kinds(column: Column) -> Iterator[tuple[str, object]]:
    if column.locked:
        yield "protected", "改动"
        yield "blanked", None
        return
    yield "broken-formula", WORDS["broken-formula"]
    yield "blanked", None
    if column.format == DAY:
        yield from DAYS.items()
        yield "words", WORDS["words"]
    elif column.choices:
        yield "no-choice", "甲乙"
    elif column.format != TEXT:
        yield from NUMBERS.items()


def planted(form: str, content: bytes, tables: Tables) -> Iterator[PlantedFault]:
    """Every fault of the table of kinds in a form of tables that is right."""
    book = load_workbook(BytesIO(content))
    found = list(layouts(book, tables))
    assert {each.sheet for each in found} == set(tables), (book.sheetnames, found)
    for each in found:
        yield from _in_cells(form, each)
        yield from _in_headings(form, each)
        yield from _in_rows(form, each)
        yield from in_sheets(form, each.sheet)


def _in_cells(form: str, each: SheetLayout) -> Iterator[PlantedFault]:
    for number, (key, column) in enumerate(each.at.items()):
        row = each.rows[number % len(each.rows)]
        if key == "number":
            continue
        for kind, value in _kinds(each.columns[key]):
            yield in_cell(f"{form}:{kind}:{each.sheet}:{key}", (each.sheet, row, column), value)


def _in_headings(form: str, each: SheetLayout) -> Iterator[PlantedFault]:
    for key, column in each.at.items():
        if key == "number":
            continue
        for kind, value in (("no-heading", None), ("other-heading", "甲乙丙")):
            id = f"{form}:{kind}:{each.sheet}:{key}"
            yield in_cell(id, (each.sheet, each.top, column), value)
        plant = _on(each.sheet, lambda sheet, column=column: sheet.delete_cols(column))  # type: ignore[misc]
        yield PlantedFault(f"{form}:no-column:{each.sheet}:{key}", plant)


def _in_rows(form: str, each: SheetLayout) -> Iterator[PlantedFault]:
    def again(sheet: Worksheet) -> None:
        for number in each.at.values():
            sheet.cell(each.rows[-1] + 1, number).value = sheet.cell(each.rows[0], number).value

    def gone(sheet: Worksheet) -> None:
        sheet.delete_rows(each.rows[-1])

    def no_head(sheet: Worksheet) -> None:
        sheet.delete_rows(each.top)

    def few_heads(sheet: Worksheet) -> None:
        for number in list(each.at.values())[1:]:
            sheet.cell(each.top, number).value = None

    found = {"row-twice": again, "row-gone": gone, "no-head": no_head, "few-heads": few_heads}
    for kind, plant in found.items():
        yield PlantedFault(f"{form}:{kind}:{each.sheet}", _on(each.sheet, plant))


def in_sheets(form: str, title: str) -> Iterator[PlantedFault]:
    """A sheet twice, or not at all."""

    def copied(book: Workbook) -> None:
        book.copy_worksheet(book[title])

    def gone(book: Workbook) -> None:
        if len(book.worksheets) > 1:
            del book[title]

    yield PlantedFault(f"{form}:sheet-twice:{title}", copied)
    yield PlantedFault(f"{form}:sheet-gone:{title}", gone)


def delete_row(sheet: Worksheet, row: int) -> None:
    """With merged cells below moving up, as spreadsheets move them."""
    merged = _unmerged(sheet)
    sheet.delete_rows(row)
    for left, top, right, bottom in merged:
        first, last = top - (top > row), bottom - (bottom >= row)
        if first <= last and (first, left) != (last, right):
            sheet.merge_cells(None, first, left, last, right)


def insert_row(sheet: Worksheet, row: int) -> None:
    """With merged cells below moving down, as spreadsheets move them."""
    merged = _unmerged(sheet)
    sheet.insert_rows(row)
    for left, top, right, bottom in merged:
        sheet.merge_cells(None, top + (top >= row), left, bottom + (bottom >= row), right)


def _unmerged(sheet: Worksheet) -> list[tuple[int, int, int, int]]:
    """What was merged: left, top, right, bottom."""
    areas = list(sheet.merged_cells.ranges)
    for area in areas:
        sheet.unmerge_cells(area.coord)
    return [area.bounds for area in areas]


def in_cell(id: str, spot: Spot, value: object) -> PlantedFault:
    """Something else in a cell."""
    title, row, column = spot

    def plant(sheet: Worksheet) -> None:
        cell = sheet.cell(row, column)
        if isinstance(value, str) and value.startswith("#"):
            cell.value, cell.data_type = value, "e"
        else:
            write_cell(cell, value)

    return PlantedFault(id, _on(title, plant), spot)


def write_cell(cell: object, value: object) -> None:
    cell.value = value  # type: ignore[attr-defined]


def _on(title: str, plant: Callable[[Worksheet], None]) -> Plant:
    return lambda book: plant(book[title])

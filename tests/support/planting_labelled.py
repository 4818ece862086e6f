"""Faults as people make them, in forms that have a label beside each field."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from documents.reading.labelled import Label
from documents.writing.columns import plain
from tests.support.planting import (
    DAYS,
    NUMBERS,
    WORDS,
    PlantedFault,
    Spot,
    delete_row,
    in_cell,
    in_sheets,
)

SEALS = {
    "no-such-day": "（签字并盖章）\n2023年2月30日",
    "month-alone": "（签字并盖章）\n2023年2月",
    "against": "不同意申报。（签字并盖章）\n2023年2月6日",
    "blanked": None,
    "broken-formula": WORDS["broken-formula"],
}
"""What stands in the place of an opinion's seal and day."""


def planted_beside(form: str, content: bytes, labels: Sequence[Label]) -> Iterator[PlantedFault]:
    """Every fault of the table of kinds in a form of labels that is right."""
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    for label in labels:
        place = _place(sheet, label)
        for kind, words in (("no-label", None), ("other-label", "甲乙丙")):
            yield in_cell(f"{form}:{kind}:{label.key}", (sheet.title, *place), words)
        spot = value_of(sheet, place, below=label.key.endswith("_on") and _heads(sheet, place))
        for kind, value in _kinds(sheet.cell(*spot[1:]).value):
            yield in_cell(f"{form}:{kind}:{label.key}", spot, value)
        yield _row_gone(form, sheet.title, label.key, place[0])
    yield from in_sheets(form, sheet.title)


def value_of(sheet: Worksheet, place: tuple[int, int], *, below: bool = False) -> Spot:
    """The cell right of a label, or below it."""
    row, column = place
    return (sheet.title, row + 1, column) if below else (sheet.title, row, column + 1)


def _heads(sheet: Worksheet, place: tuple[int, int]) -> bool:
    """Whether a label stands above what it is the label of, as those of opinions do."""
    return "盖章" in str(sheet.cell(place[0] + 1, place[1]).value)


def _place(sheet: Worksheet, label: Label) -> tuple[int, int]:
    cells = (cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str))
    head = plain(label.heading)
    found = next(cell for cell in cells if plain(str(cell.value)).startswith(head))
    assert found.row is not None
    assert found.column is not None
    return found.row, found.column


def _kinds(value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, str) and "盖章" in value:
        yield from SEALS.items()
        return
    yield "broken-formula", WORDS["broken-formula"]
    yield "blanked", None
    if isinstance(value, datetime):
        yield from DAYS.items()
        yield "words", WORDS["words"]
    elif isinstance(value, int | float):
        yield from NUMBERS.items()
    elif isinstance(value, str):
        yield "protected", "改动"


def _row_gone(form: str, title: str, key: str, row: int) -> PlantedFault:
    return PlantedFault(f"{form}:row-gone:{key}", lambda book: delete_row(book[title], row))


def in_items(
    form: str, content: bytes, top: int, columns: Mapping[str, int], items: Sequence[str]
) -> Iterator[PlantedFault]:
    """Faults in the rows of what is checked, below the header row `top`; items in their order."""
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    title = sheet.title
    names = [sheet.cell(row, 1).value for row in range(top + 1, top + 1 + len(items))]
    for row, item in enumerate(items, top + 1):
        wrong: Mapping[str, Mapping[str, object]] = {
            "item": {"no-item": None, "other-item": "甲乙丙", "item-twice": names[row - top - 2]},
            "result": {"blanked": None, "words": "再议", "broken-formula": "#REF!"},
            "problem": {"broken-formula": "#REF!", "blanked": None},
        }
        for key, values in wrong.items():
            for kind, value in values.items():
                spot = (title, row, columns[key])
                yield in_cell(f"{form}:{kind}:{key}:{item}", spot, value)
        yield _row_gone(form, title, item, row)
    yield _row_gone(form, title, "head", top)
    for key, column in columns.items():
        for kind, value in (("no-heading", None), ("other-heading", "甲乙丙")):
            yield in_cell(f"{form}:{kind}:{key}", (title, top, column), value)

"""Writes rows of styled cells: as a sheet's XML, which is fast, or into an ordinary sheet."""

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.worksheet import Worksheet

from common.errors import RefusedError
from common.words import visible
from documents.writing.looks import CellStyle

Value = str | int | Decimal | date | None

LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""
FORMULA = re.compile(r"\s*[=+\-@]|[\t\r]")
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""What spreadsheet programs would take for the code of a character."""
SPECIAL = re.compile(rf"[&<>\r]|^\s|\s\Z|^[=+\-@]|{CODED.pattern}|{ILLEGAL.pattern}")
"""What a text holds that cannot go into the XML as it stands; most hold nothing of it."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row from column A on; a cell without a style is left out."""

    cells: Sequence[tuple[Value, CellStyle | None]]
    height: float
    """In points."""


def rows_xml(rows: Iterable[SheetRow]) -> bytes:
    """The sheetData of a sheet. RefusedError for a text that a workbook cannot hold."""
    lines = "".join(_row_xml(number, row) for number, row in enumerate(rows, 1))
    return f"<sheetData>{lines}</sheetData>".encode()


def fill(sheet: Worksheet, rows: Iterable[SheetRow]) -> None:
    """The same rows in an ordinary sheet. RefusedError as for `rows_xml`."""
    for number, row in enumerate(rows, 1):
        sheet.row_dimensions[number].height = row.height
        for column, (value, style) in enumerate(row.cells, 1):
            if style is not None:
                _fill_cell(sheet, number, column, value, style)


def _fill_cell(sheet: Worksheet, row: int, column: int, value: Value, style: CellStyle) -> None:
    cell: Any = sheet.cell(row, column)
    known: Any = sheet.parent
    quoted = isinstance(value, str) and FORMULA.match(value)
    cell._style = copy(known._cell_styles[style.quoted() if quoted else style.plain])
    if isinstance(value, str) and value:
        cell.value = writable(value)
        cell.data_type = "s"
    else:
        cell.value = None if value == "" else value


def writable(text: str) -> str:
    """The text as a workbook can hold it, other signs as pictures; RefusedError if too long."""
    if len(text) > LONGEST_TEXT:
        raise RefusedError(
            f"一个单元格最多容纳{LONGEST_TEXT}个字符，有一处文字为{len(text)}个；请缩短后重试"
        )
    return ILLEGAL.sub(lambda found: visible(found[0]), text)


def _row_xml(number: int, row: SheetRow) -> str:
    cells = "".join(
        [
            _cell_xml(f"{letter}{number}", value, style)
            for letter, (value, style) in zip(_letters(len(row.cells)), row.cells, strict=True)
            if style is not None
        ]
    )
    return f'<row r="{number}" ht="{row.height:g}" customHeight="1">{cells}</row>'


def _letters(count: int) -> list[str]:
    return [get_column_letter(number) for number in range(1, count + 1)]


def _cell_xml(place: str, value: Value, style: CellStyle) -> str:
    if value is None or value == "":
        return f'<c r="{place}" s="{style.plain}"/>'
    if isinstance(value, str):
        return _text_xml(place, value, style)
    number = to_excel(value) if isinstance(value, date) else value  # type: ignore[no-untyped-call]
    return f'<c r="{place}" s="{style.plain}"><v>{number}</v></c>'


def _text_xml(place: str, text: str, style: CellStyle) -> str:
    if len(text) <= LONGEST_TEXT and not SPECIAL.search(text):
        return f'<c r="{place}" s="{style.plain}" t="inlineStr"><is><t>{text}</t></is></c>'
    text = writable(text)
    number = style.quoted() if FORMULA.match(text) else style.plain
    # A bare carriage return would be read as a line feed.
    inner = escape(CODED.sub("_x005F_", text), {"\r": "&#13;"})
    start = f'<c r="{place}" s="{number}" t="inlineStr">'
    return f'{start}<is><t xml:space="preserve">{inner}</t></is></c>'

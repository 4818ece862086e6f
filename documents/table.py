"""Finds a form's table in a workbook, wherever its header row and columns are, and reads it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from documents.cells import CellError, is_blank
from documents.forms import Column, plain
from policy.errors import RefusedError

T = TypeVar("T")
Line = Mapping[int, object]
"""One row of a sheet: what stands in each column that is not blank."""

REMARK = re.compile(
    r"^[(（]?(备注|注|说明|填表|填报|制表|审核|经办|负责人|联系人|联系电话|单位|日期|"
    r"合计|总计|小计|共计|此页|此件)"
)


@dataclass(frozen=True)
class Row:
    """One row of a table. What is wrong with its cells is gathered in `faults`."""

    place: str
    """``文件名「工作表」``"""
    number: int
    cells: Mapping[str, tuple[str, object]]
    """Per column key: the column's letter and the cell's value (None: blank)."""
    faults: list[str]

    def take(self, key: str, parse: Callable[[object], T]) -> T | None:
        """The cell's value as `parse` reads it; None with a fault noted when it cannot."""
        try:
            return parse(self.cells[key][1])
        except CellError as error:
            self.refuse(key, str(error))
            return None

    def refuse(self, key: str, reason: str, secret: bool = False) -> None:
        """Note what is wrong with a cell; `reason` also says how to mend it.

        `secret` keeps the cell's value out of the message.
        """
        letter, value = self.cells[key]
        shown = "不予显示" if secret else _shown(value)
        self.faults.append(f"{self.place}{letter}{self.number}：原值{shown}，{reason}")


@dataclass(frozen=True)
class Table:
    """The rows under a recognised header row, and the text of the lines above it."""

    place: str
    headings: Mapping[str, str]
    above: tuple[str, ...]
    rows: tuple[Row, ...]


def has_table(workbook: Workbook, columns: Sequence[Column]) -> bool:
    """Whether any sheet has a header row of that form."""
    return any(_header(_lines(sheet), columns) for sheet in workbook.worksheets)


def find_table(
    workbook: Workbook, file: str, columns: Sequence[Column], faults: list[str]
) -> Table | None:
    """The form's table; None when no sheet has it. Its cells' faults will go to `faults`.

    RefusedError when two sheets have it, or when one of its columns is missing (序号 may be).
    """
    found = [sheet for sheet in workbook.worksheets if _header(_lines(sheet), columns)]
    if len(found) > 1:
        names = "、".join(f"「{sheet.title}」" for sheet in found)
        raise RefusedError(f"{file}：工作表{names}表头相同，无法判断以哪张为准；请只保留一张")
    return _table(found[0], file, columns, faults) if found else None


def raise_faults(faults: Sequence[str]) -> None:
    """RefusedError with every fault, one a line; nothing when there are none."""
    if faults:
        raise RefusedError("\n".join(faults))


def _table(sheet: Worksheet, file: str, columns: Sequence[Column], faults: list[str]) -> Table:
    lines = _lines(sheet)
    top = _header(lines, columns)
    at = _columns(lines[top], columns)
    place = f"{file}「{sheet.title}」"
    needed = (c for c in columns if c.key != "number" and not c.optional)
    missing = [plain(c.heading) for c in needed if c.key not in at]
    if missing:
        raise RefusedError(f"{place}第{top}行：表头缺少“{'”“'.join(missing)}”列；请照样表补齐")
    return Table(
        place=place,
        headings={key: plain(lines[top][column]) for key, column in at.items()},
        above=tuple("".join(map(str, lines[n].values())) for n in sorted(lines) if n < top),
        rows=tuple(
            Row(place, number, _cells(lines[number], at), faults)
            for number in sorted(lines)
            if number > top and _is_data(lines[number], at, columns)
        ),
    )


def _lines(sheet: Worksheet) -> dict[int, dict[int, object]]:
    """The cells that are not blank. A value merged down a column stands in each of its rows."""
    lines: dict[int, dict[int, object]] = {}
    # Iterating over the sheet would create a blank cell for every one that is not there.
    for (row, column), cell in sorted(sheet._cells.items()):
        if not is_blank(cell.value):
            lines.setdefault(row, {})[column] = cell.value
    for area in sheet.merged_cells.ranges:
        value = lines.get(area.min_row, {}).get(area.min_col)
        if area.min_col == area.max_col and value is not None:
            for row in range(area.min_row, area.max_row + 1):
                lines.setdefault(row, {})[area.min_col] = value
    return lines


def _header(lines: Mapping[int, Line], columns: Sequence[Column]) -> int:
    """The number of the header row, 0 when there is none: the first that names the form."""
    for number in sorted(lines):
        at = _columns(lines[number], columns)
        if _names_form(at, columns):
            return number
    return 0


def _names_form(at: Mapping[str, int], columns: Sequence[Column]) -> bool:
    """附件3 and 补充信息表 share three headings, so it takes a fourth to tell them apart.

    A form that lacks more is still recognised, so that its missing columns can be named.
    """
    return len(at) >= min(4, len(columns) - 2)


def _columns(line: Line, columns: Sequence[Column]) -> dict[str, int]:
    at: dict[str, int] = {}
    for position, value in sorted(line.items()):
        heading = plain(value)
        for column in columns:
            if column.key not in at and re.search(column.known_by, heading):
                at[column.key] = position
                break
    return at


def _is_data(line: Line, at: Mapping[str, int], columns: Sequence[Column]) -> bool:
    """Not a blank row, a number waiting for a row, a remark, a total or a repeated header."""
    filled = any(position in line for key, position in at.items() if key != "number")
    remark = REMARK.match(plain(line[min(line)]))
    return filled and not remark and not _names_form(_columns(line, columns), columns)


def _cells(line: Line, at: Mapping[str, int]) -> dict[str, tuple[str, object]]:
    return {key: (get_column_letter(column), line.get(column)) for key, column in at.items()}


def _shown(value: object) -> str:
    if value is None:
        return "为空"
    words = value.strftime("%Y-%m-%d") if isinstance(value, date | datetime) else str(value)
    words = " ".join(words.split())  # one fault, one line
    return f"“{words if len(words) <= 40 else words[:40] + '…'}”"


def duplicates(rows: Sequence[tuple[Row, T]]) -> Iterator[tuple[Row, Row]]:
    """Each row whose key was seen before, with the row where it was first."""
    first: dict[T, Row] = {}
    for row, key in rows:
        if key in first:
            yield row, first[key]
        first.setdefault(key, row)

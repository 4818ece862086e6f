"""Finds a form's table in a workbook, wherever its header row and columns are, and reads it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from operator import itemgetter
from typing import TypeVar

from openpyxl.utils import get_column_letter

from common.errors import RefusedError
from documents.reading import cells
from documents.reading.cells import CellError, is_blank
from documents.reading.faults import CellFault, Spot, WorkbookError, note_asked
from documents.reading.grid import Book, Sheet
from documents.reading.headings import column_back, lost_header, lost_headings
from documents.reading.identity import PROPERTY
from documents.writing.columns import EXAMPLE, Column, example_of, pattern, plain

T = TypeVar("T")
Line = Sequence[object]
"""One row of a sheet, a value for each column from A on."""

REMARK = re.compile(
    r"^[(（]?(备注|注|说明|填表|填报|制表|审核|经办|负责人|联系人|联系电话|单位|日期|此页|此件)"
)
OF_EXAMPLE = re.compile(f"^{EXAMPLE}(:|$)")
FILLED_IN = "填在了示例行，示例行不登记；请填到上面的空白行，并将示例行恢复原样"
TOTAL = re.compile(r"^(合计|总计|小计|共计)")
NAMING = ("county", "project", "code", "office", "name")
"""Columns that say what a row is about."""
DEEPEST = 60
"""Rows from the top in which a header row is looked for."""


@dataclass(frozen=True, slots=True)
class FormTable:
    """The rows under a recognised header row. What is wrong with them is gathered in `faults`."""

    file: str
    sheet: str
    top: int
    """The number of the header row."""
    at: Mapping[str, int]
    """Per column key, which column of the sheet it is, from 0."""
    columns: Mapping[str, Column]
    headings: Mapping[str, str]
    above: tuple[str, ...]
    """The text of each line above the header row."""
    numbers: Sequence[int]
    """The row numbers of `lines`."""
    lines: Sequence[Line]
    faults: list[CellFault]

    @property
    def rows(self) -> tuple["TableRow", ...]:
        """The rows, to be read cell by cell."""
        return tuple(TableRow(self, index) for index in range(len(self.lines)))

    def refuse_column(self, key: str, why: str, clause: str = "") -> None:
        """Note that a column is not there that is needed, and where it goes; once."""
        keys = list(self.columns)
        earlier = (self.at[each] for each in keys[: keys.index(key)] if each in self.at)
        cell, told = column_back(self.columns[key], max(earlier, default=-1), self.top)
        if not any(told in fault.reason for fault in self.faults):
            fault = CellFault(Spot(self.sheet, cell), f"{why}，{told}", clause, lacking=True)
            self.faults.append(fault)

    def read(self, key: str, parse: Callable[[object], T]) -> list[T | None]:
        """A whole column as `parse` reads it; None, with a fault noted, where it cannot.

        Equal cells are read once: in a long form most columns hold few different values.
        """
        column = list(map(itemgetter(self.at[key]), self.lines))
        kinds = list(map(type, column))
        # True, 1 and 1.0 are equal, and no reader takes them for the same.
        keys = list(zip(kinds, column, strict=True)) if len(set(kinds)) > 1 else column
        different = dict(zip(keys, column, strict=True))
        try:
            known = {key: parse(value) for key, value in different.items()}
            return list(map(known.__getitem__, keys))
        except CellError:
            return [row.take(key, parse) for row in self.rows]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table."""

    table: FormTable
    index: int

    @property
    def number(self) -> int:
        """The row's number in its sheet."""
        return self.table.numbers[self.index]

    def has(self, key: str) -> bool:
        """Whether the workbook has that column."""
        return key in self.table.at

    def value(self, key: str) -> object:
        """The cell's value; None when it is blank or the workbook does not have the column."""
        if key not in self.table.at:
            return None
        found = self.table.lines[self.index][self.table.at[key]]
        return None if is_blank(found) else found

    def spot(self, key: str) -> Spot:
        """Where the cell stands."""
        letter = get_column_letter(self.table.at[key] + 1)
        return Spot(
            self.table.sheet, f"{letter}{self.number}", self.value(key), self.table.headings[key]
        )

    def take(self, key: str, parse: Callable[[object], T]) -> T | None:
        """The cell's value as `parse` reads it; None with a fault noted when it cannot.

        None, too, where the workbook does not have the column.
        """
        if key not in self.table.at:
            return None
        try:
            return parse(self.value(key))
        except CellError as error:
            self.refuse(key, str(error))
            return None

    def refuse(self, key: str, reason: str, *, clause: str = "", secret: bool = False) -> None:
        """Note what is wrong with a cell; `reason` also says, behind “；”, how to mend it.

        `secret` keeps the cell's value out of the message. Where the workbook does not have the
        column, how to put that in is said instead, once.
        """
        clause = clause or self.table.columns[key].clause
        if key not in self.table.at:
            self.table.refuse_column(key, reason.partition("；")[0], clause)
            return
        self.table.faults.append(CellFault(self.spot(key), reason, clause, secret))


def likeness(book: Book, columns: Sequence[Column]) -> float:
    """How much a workbook is like a form: the share of its columns that a sheet has, 0 for none."""
    return max((sheet_likeness(sheet, columns) for sheet in book.sheets), default=0)


def sheet_likeness(sheet: Sheet, columns: Sequence[Column]) -> float:
    """How much a sheet is like a form, see `likeness`."""
    top = _header(sheet.rows, columns)
    return len(_columns(sheet.rows[top - 1], columns)) / len(columns) if top else 0


def find_table(book: Book, columns: Sequence[Column], faults: list[CellFault]) -> FormTable | None:
    """The form's table; None when no sheet has it. Its cells' faults will go to `faults`.

    RefusedError when two sheets have it; WorkbookError when headings are lost (序号 may be).
    """
    found = [(sheet, top) for sheet in book.sheets if (top := _header(sheet.rows, columns))]
    if len(found) > 1:
        names = "、".join(f"「{sheet.title}」" for sheet, _ in found)
        raise RefusedError(f"{book.file}：工作表{names}表头相同，无法判断以哪张为准；请只保留一张")
    if not found:
        return None
    note_asked(faults, book.asked, found[0][0].title)
    return _table(book, *found[0], columns, faults)


def no_table(
    book: Book,
    columns: Sequence[Column],
    called: str,
    title: str = "",
    *,
    is_sure: bool = True,
    first: int = 0,
) -> RefusedError:
    """Why a form's table is not found, and where its headings are to be put back.

    It is looked for on the sheet `title`, else on the one that is most like it; a form of our own
    that has lost its sheet cannot be mended. `is_sure`: whether the workbook is known to be that
    form; else it is the nearest. `first`: the table's first row, where it is known.
    """
    ours, named = PROPERTY in book.properties, [it for it in book.sheets if it.title == title]
    known = named or ([] if ours and title else book.sheets)
    tops = [(*_likest(sheet, columns), sheet) for sheet in known]
    if tops:
        at, top, sheet = max(tops, key=lambda each: len(each[0]))
        fault = lost_headings(sheet, top, at, columns, ours=ours) if at else None
        if fault := fault or lost_header(sheet, columns, first):
            said = "" if is_sure else f"不能确认是哪一种表，最接近的是“{called}”，"
            return WorkbookError(book.file, [replace(fault, reason=f"{said}{fault.reason}")])
    return RefusedError(f"{book.file}：没有找到{called}的内容；请用所发的{called}填写后报送")


def nearness(book: Book, columns: Sequence[Column]) -> float:
    """The share of a form's columns that a row has, even if these are too few to tell it by."""
    found = (len(_likest(sheet, columns)[0]) for sheet in book.sheets)
    return max(found, default=0) / len(columns) if columns else 0


def _likest(sheet: Sheet, columns: Sequence[Column]) -> tuple[Mapping[str, int], int]:
    """The row that has most of the headings, more than one of them; else nothing."""
    rows = enumerate(sheet.rows[:DEEPEST], 1)
    found = [(_columns(line, columns), number) for number, line in rows]
    best = max(found, key=lambda each: len(each[0]), default=({}, 0))
    return best if len(best[0]) > 1 or len(columns) == 1 else ({}, 0)


def _table(
    book: Book, sheet: Sheet, top: int, columns: Sequence[Column], faults: list[CellFault]
) -> FormTable:
    head, ours = sheet.rows[top - 1], PROPERTY in book.properties
    at = _columns(head, columns)
    needed = [each.key for each in columns if not (each.optional or each.key == "number")]
    if ours and 2 * sum(key in at for key in needed) < len(needed):
        raise RefusedError(
            f"{book.file}「{sheet.title}」：不是可填报的表；请用所发的表格填写后报送"
        )
    if lost := lost_headings(sheet, top, at, columns, ours=ours):
        raise WorkbookError(book.file, [lost])
    is_data, is_example = _data_test(at, columns), _example_test(at)
    numbers, first = list[int](), min(at.values())
    for number, line in enumerate(sheet.rows[top:], top + 1):
        is_numbered = isinstance(line[first], float)  # as most are: no example then
        if not is_numbered and is_example(line):
            faults.extend(_overwritten(sheet, number, at, columns))
        elif is_data(line):
            numbers.append(number)
    return FormTable(
        file=book.file,
        sheet=sheet.title,
        top=top,
        at=at,
        columns={column.key: column for column in columns},
        headings={key: plain(head[column]) for key, column in at.items()},
        above=tuple("".join(map(str, line)) for line in sheet.rows[: top - 1]),
        numbers=numbers,
        lines=[sheet.rows[n - 1] for n in numbers],
        faults=faults,
    )


def _example_test(at: Mapping[str, int]) -> Callable[[Line], bool]:
    """Whether a line is marked as the form's example."""
    known = sorted(at.values())

    def is_example(line: Line) -> bool:
        first = next((value for n in known if not is_blank(value := line[n])), None)
        return isinstance(first, str) and OF_EXAMPLE.match(plain(first)) is not None

    return is_example


def _overwritten(
    sheet: Sheet, number: int, at: Mapping[str, int], columns: Sequence[Column]
) -> Iterator[CellFault]:
    """What was filled into the example, which would be lost."""
    line = sheet.rows[number - 1]
    for column in columns:
        value = line[at[column.key]] if column.key in at else None
        if is_blank(value) or _same(value, example_of(column)):
            continue
        spot = Spot(sheet.title, f"{get_column_letter(at[column.key] + 1)}{number}", value)
        yield CellFault(spot, FILLED_IN)


def _same(value: object, example: object) -> bool:
    if isinstance(example, date):
        return value in (example, datetime.combine(example, time()))
    if isinstance(example, int | Decimal) and isinstance(value, int | float):
        return value == float(example)
    return cells.name(value) == cells.name(str(example))


def _header(rows: Sequence[Line], columns: Sequence[Column]) -> int:
    """The number of the header row, 0 when there is none: the first that names the form."""
    for number, line in enumerate(rows[:DEEPEST], 1):
        if _names_form(_columns(line, columns), columns):
            return number
    return 0


def _names_form(at: Mapping[str, int], columns: Sequence[Column]) -> bool:
    """Forms share up to three headings, so it takes a fourth to tell them apart.

    A form that lacks more is still recognised, so that its missing columns can be named.
    """
    return len(at) >= min(4, len(columns))


def _columns(line: Line, columns: Sequence[Column]) -> dict[str, int]:
    """Which column is which; a heading that fits better goes before one that stands before it."""
    any_known = pattern("|".join(f"(?:{column.known_by})" for column in columns))  # most are none
    texts = ((n, plain(v)) for n, v in enumerate(line) if isinstance(v, str) and v.strip())
    headings = [(position, heading) for position, heading in texts if any_known.search(heading)]
    fits = sorted(
        (_misfit(column, heading), position, number)
        for position, heading in headings
        for number, column in enumerate(columns)
        if pattern(column.known_by).search(heading)
    )
    at: dict[str, int] = {}
    for _, position, number in fits:
        if columns[number].key not in at and position not in at.values():
            at[columns[number].key] = position
    return at


def _misfit(column: Column, heading: str) -> int:
    """0 for the form's own heading, then those that begin as the column is known, then the rest."""
    if heading == plain(column.heading):
        return 0
    return 1 if pattern(column.known_by).match(heading) else 2


def _data_test(at: Mapping[str, int], columns: Sequence[Column]) -> Callable[[Line], bool]:
    """Whether a line is none of: blank, a number waiting for a row, a remark, a total, a header."""
    known = sorted(at.values())
    naming = [at[key] for key in NAMING if key in at]
    filled = itemgetter(*(position for key, position in at.items() if key != "number"))

    def is_data(line: Line) -> bool:
        if all(map(is_blank, filled(line))):
            return False
        first = line[known[0]]
        if isinstance(first, float):
            return True
        # What stands beside the form's own columns says nothing of the row.
        start = next(position for position in known if not is_blank(line[position]))
        first = line[start]
        if not isinstance(first, str):  # a row that begins with its number
            return True
        if TOTAL.match(plain(first)) or _names_form(_columns(line, columns), columns):
            return False
        named = any(not is_blank(line[position]) for position in naming if position != start)
        return named or not REMARK.match(plain(first))

    return is_data


def duplicates(rows: Sequence[tuple[TableRow, T]]) -> Iterator[tuple[TableRow, TableRow]]:
    """Each row whose key was seen before, with the row where it was first."""
    first: dict[T, TableRow] = {}
    for row, key in rows:
        if key in first:
            yield row, first[key]
        first.setdefault(key, row)


UNIT_LINE = re.compile(r"(?<![报表])单位:([^:]{1,20})")
"""Not 填报单位 nor 填表单位: those are offices."""
NAMED = re.compile(r"万元|元")
READERS = {"元": cells.yuan, "万元": cells.ten_thousand_yuan}


def money_reader(table: FormTable, key: str) -> Callable[[object], Decimal | None]:
    """Reads a column of money into 元.

    The unit is what its heading says, else what the line of units above the table says, else what
    the form's own heading says.
    """
    own = plain(table.columns[key].heading)
    lines = (found[1] for line in table.above if (found := UNIT_LINE.search(plain(line))))
    for words in (table.headings[key], *lines, own):
        named = set(NAMED.findall(words))
        if len(named) == 1:
            return READERS[named.pop()]
    return cells.yuan

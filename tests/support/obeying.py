"""A robot that does what a refusal says, and nothing else: it reads what a clerk would read.

That is the marked copy's comments, or the receipt's text where there is no copy. Of the matter it
knows what a clerk knows: the form as it was sent and what is true, cell by cell. It looks there
only for a cell about which it is told to fill it in, to correct or to restore it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

from openpyxl import Workbook, load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.worksheet import Worksheet

from documents.reading.annotate import LIST
from documents.reading.faults import OPENING
from documents.writing.columns import plain
from tests.support.planting import insert_row, saved, write_cell

HEADING = re.compile(
    r"在(?P<column>[A-Z]+)列之前插入一列|在(?P<cell>[A-Z]+\d+)填写表头“(?P<head>[^”]+)”"
    r"|(?P<refill>照原表补填该列)"
)
KNOWN = re.compile(
    "请(填写|写明|核对|改正|恢复原样|照原表|改为填写|从中选填|保留|补齐|按“|以|填“|将单元格格式)"
    "|请由.*写明|须填写"
)


class NotObeyableError(AssertionError):
    """The refusal does not say what to do."""


@dataclass(frozen=True, slots=True)
class Clerk:
    """Who handed a form in, and knows what is true."""

    truth: bytes
    """The form as it should be."""

    def obey(self, handed_in: bytes, marked: bytes | None, told: str) -> bytes:
        """The form again, mended as it is told."""
        if "请用所发的" in told:
            return self.truth
        if marked is None:
            return self._without_copy(handed_in, told)
        book, true = load_workbook(BytesIO(marked)), _opened(self.truth)
        later = [step for cell, words in list(_told(book)) for step in _mend(cell, words, true)]
        for step in sorted(later, key=lambda each: -each[0]):
            step[1]()
        return saved(book)

    def _without_copy(self, handed_in: bytes, told: str) -> bytes:
        book = load_workbook(BytesIO(handed_in))
        if "请只保留一张" not in told:
            raise NotObeyableError(told)
        _, *others = re.findall("「([^」]+)」", told.partition("请只保留一张")[0])
        for title in others:
            del book[title]
        return saved(book)


@lru_cache(2)
def _opened(content: bytes) -> Workbook:
    """To be looked at alone."""
    return load_workbook(BytesIO(content))


Later = tuple[int, Callable[[], object]]
"""What moves rows, from the last row up, once all cells are written."""


def _told(book: Workbook) -> Iterator[tuple[Any, str]]:
    """What each comment says, sentence by sentence."""
    for sheet in book.worksheets:
        for line in sheet.iter_rows() if sheet.title != LIST else ():
            for cell in line:
                if cell.comment is not None and cell.comment.text.startswith(OPENING):
                    for words in cell.comment.text.removeprefix(OPENING).split("\n"):
                        yield cell, words


@dataclass(frozen=True, slots=True)
class Errand:
    """What one sentence asks for, at its cell."""

    cell: Any
    """Openpyxl says little of what a cell of a sheet is."""
    words: str
    true: Workbook

    @property
    def sheet(self) -> Worksheet:
        sheet: Worksheet = self.cell.parent
        return sheet

    @property
    def truth(self) -> object:
        return self.true[self.sheet.title][self.cell.coordinate].value


def _mend(cell: Any, words: str, true: Workbook) -> list[Later]:
    way = next((way for pattern, way in WAYS if pattern.search(words)), None)
    if way is None:
        raise NotObeyableError(f"{cell.coordinate}：{words}")
    return way(Errand(cell, words, true))


def _heads(errand: Errand) -> list[Later]:
    _headings(errand.sheet, errand.words, errand.true)
    return []


def _as_told(errand: Errand) -> list[Later]:
    found = TOLD.search(errand.words)
    assert found is not None
    write_cell(errand.cell, found[1] or found[2])
    return []


def _missing_rows(errand: Errand) -> list[Later]:
    named = re.findall("XF[-0-9]+", errand.words)
    return [(0, lambda: _add_rows(errand.sheet, named, errand.true))]


def _missing_row(errand: Errand) -> list[Later]:
    first, named = errand.cell.parent.parent.worksheets[0], [str(errand.cell.value)]
    return [(0, lambda: _add_rows(first, named, errand.true))]


def _delete(errand: Errand) -> list[Later]:
    row = errand.cell.row
    return [(row, lambda: errand.sheet.delete_rows(row))]


def _clear_row(errand: Errand) -> list[Later]:
    true = errand.true[errand.sheet.title]
    for each in errand.sheet[errand.cell.row]:
        if not each.protection.locked or true[each.coordinate].value is None:
            write_cell(each, None)
    return []


def _clear(errand: Errand) -> list[Later]:
    write_cell(errand.cell, None)
    return []


def _as_known(errand: Errand) -> list[Later]:
    if "单元格格式" in errand.words:
        errand.cell.number_format = "0.00"
    write_cell(errand.cell, errand.truth)
    return []


def _label(errand: Errand) -> list[Later]:
    found = LABEL.search(errand.words)
    assert found is not None
    write_cell(errand.sheet[found[1]], found[2])
    return []


def _put_in(errand: Errand) -> list[Later]:
    """A row above another, as it is in the form that was sent."""
    found = PUT_IN.search(errand.words)
    assert found is not None
    top, named, true = int(found[1]), plain(found[2]), errand.true[errand.sheet.title]

    def put_in() -> None:
        insert_row(errand.sheet, top)
        line = next(
            line for line in true.iter_rows() if plain(str(line[0].value)).startswith(named)
        )
        for number, cell in enumerate(line, 1):
            errand.sheet.cell(top, number).value = cell.value

    return [(top, put_in)]


def _ticks(errand: Errand) -> list[Later]:
    true = errand.true[errand.sheet.title]
    for name in re.findall(r"[A-Z]+\d+", errand.words.rpartition("（见")[2]):
        write_cell(errand.sheet[name], true[name].value)
    return []


PUT_IN = re.compile(r"请在第(\d+)行上方插入一行，照原表填写“([^”]+)”")
LABEL = re.compile(r"请在([A-Z]+\d+)填写“([^”]+)”")
TOLD = re.compile("请(?:改为|恢复为|改填为)“([^”]+)”|应为“([^”]+)”.*请恢复原样")
WAYS: tuple[tuple[re.Pattern[str], Callable[[Errand], list[Later]]], ...] = (
    (re.compile("填写表头"), _heads),
    (LABEL, _label),
    (PUT_IN, _put_in),
    (re.compile("请只保留一项的勾选"), _ticks),
    (TOLD, _as_told),
    (re.compile("缺少.*请补齐"), _missing_rows),
    (re.compile("补填该项目一行"), _missing_row),
    (re.compile("请删除(一行|本行)"), _delete),
    (re.compile("清空本行所填内容"), _clear_row),
    (re.compile("请清空"), _clear),
    (KNOWN, _as_known),
)
"""What is done at which words; the first counts."""


def _headings(sheet: Worksheet, words: str, true: Workbook) -> None:
    if found := re.search(r"在第(\d+)行上方插入一行，自A列起依次填写表头(.+)", words):
        top = int(found[1])
        sheet.insert_rows(top)
        for number, head in enumerate(re.findall("“([^”]+)”", found[2]), 1):
            sheet.cell(top, number).value = head
        return
    column = 0
    for step in HEADING.finditer(words):
        if step["column"]:
            column = column_index_from_string(step["column"])
            sheet.insert_cols(column)
        elif step["cell"]:
            head, cell = step["head"], cast(Any, sheet[step["cell"]])
            cell.value, column, top = head, cell.column, cell.row
        else:
            _refill(sheet, column, head, top, true[sheet.title])


def _refill(sheet: Worksheet, column: int, head: str, top: int, true: Worksheet) -> None:
    heads = [plain(str(cell.value)) for cell in true[top]]
    if plain(head) not in heads:
        raise NotObeyableError(f"{sheet.title}：{head}")
    at = heads.index(plain(head)) + 1
    for row in range(top + 1, (true.max_row or 0) + 1):
        sheet.cell(row, column).value = true.cell(row, at).value


def _add_rows(sheet: Worksheet, named: list[str], true: Workbook) -> None:
    """Below the last row that is filled in, each row that names one of these."""
    rows = enumerate(sheet.iter_rows(), 1)
    last = max(number for number, line in rows if any(cell.value for cell in line[1:4]))
    for line in true[sheet.title].iter_rows():
        if {str(cell.value) for cell in line} & set(named):
            last += 1
            for number, cell in enumerate(line, 1):
                sheet.cell(last, number).value = cell.value


SHAPE = re.compile(r"写明“(\d+) 预计 [-\d]+ 完成，原因……”")
LINE = re.compile(r"(\d*) ?预计 ([-\d]+) 完成(?:，原因：(.*))?")


def reworded(said: str, told: str, true: str) -> str:
    """A reply in words again, as the receipt says; `true` holds what the clerk knows."""
    if not SHAPE.search(told):
        raise NotObeyableError(told)
    known = cast(re.Match[str], LINE.fullmatch(true))
    written = LINE.fullmatch(said.partition("\n")[0])
    if written is None:
        return true
    number, on, reason = written.groups()
    if "请写明原因" in told:
        reason = known[3]
    if re.search("请核对(年份)?", told) or "转有关人员阅处" in told:
        on = known[2]
    if "请在行首写明提醒中的序号" in told:
        number = known[1]
    return f"{number} 预计 {on} 完成，原因：{reason}"

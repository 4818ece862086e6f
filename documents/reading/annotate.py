"""A copy of a workbook that shows its sender, cell by cell, what is to be mended."""

import re
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet.worksheet import Worksheet

from documents.reading.faults import OPENING, CellFault, Spot
from documents.reading.grid import Book
from documents.writing.columns import Column
from documents.writing.layout import TableSheet, add_page
from documents.writing.looks import FIXED_FILL
from documents.writing.saving import finished

LIST = "需修改清单"
AUTHOR = "核对意见"
MARK = PatternFill("solid", fgColor="FFFF9999")
LOCKED = PatternFill("solid", fgColor=FIXED_FILL)
CLEAR = PatternFill(fill_type=None)
CHARACTERS_A_LINE, LINE_HEIGHT = 18, 20  # of a comment's box, in points

COLUMNS = (
    Column("number", "序号", "^序号$", 6, "0", centred=True),
    Column("sheet", "工作表", "^工作表$", 22),
    Column("cell", "单元格", "^单元格$", 9, centred=True),
    Column("value", "原值", "^原值$", 26),
    Column("says", "问题和依据", "^问题", 46),
    Column("mend", "改正办法", "^改正", 46),
)


def annotated(book: Book, faults: Sequence[CellFault]) -> bytes | None:
    """The workbook with every faulty cell marked and commented, and a list of the faults behind.

    Marks of an earlier copy are taken off first. None where the workbook cannot be written anew.
    """
    copy = _opened(book)
    if copy is None:
        return None
    for sheet in copy.worksheets:
        _take_off(sheet)
    if LIST in copy.sheetnames:
        del copy[LIST]
    for spot, told in _by_spot(copy, faults).items():
        _mark(copy[spot.sheet][spot.cell], told)
    lines = [_listed(number, fault) for number, fault in enumerate(faults, 1)]
    add_page(copy, TableSheet(LIST, f"{book.file} 需修改清单", COLUMNS, lines))
    return finished(copy)


def returned_name(file: str) -> str:
    """What the copy of a file is called."""
    stem = file.rpartition(".")[0]
    return f"{re.sub(r'-需修改[0-9]*$', '', stem)}-需修改.xlsx"


def _opened(book: Book) -> Workbook | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decorations that openpyxl drops
            return load_workbook(BytesIO(book.content), rich_text=True)
    except Exception:  # openpyxl names no closed list of what a damaged file makes it raise
        return None


def _take_off(sheet: Worksheet) -> None:
    for cell in sheet._cells.values():
        if cell.comment is not None and cell.comment.text.startswith(OPENING):
            cell.comment = None
            cell.fill = LOCKED if sheet.protection.sheet and cell.protection.locked else CLEAR


def _by_spot(copy: Workbook, faults: Sequence[CellFault]) -> Mapping[Spot, list[CellFault]]:
    """The faults of each cell that is there to be marked; of merged cells it is the first."""
    found: dict[Spot, list[CellFault]] = {}
    for fault in faults:
        sheet, cell = fault.spot.sheet, fault.spot.cell
        if cell and sheet in copy.sheetnames:
            area = next((a for a in copy[sheet].merged_cells.ranges if cell in a), None)
            first = area.start_cell.coordinate if area else cell
            found.setdefault(Spot(sheet, first), []).append(fault)
    return found


def _mark(cell: Cell | MergedCell, faults: Sequence[CellFault]) -> None:
    words = OPENING + "\n".join(_advice(fault) for fault in faults)
    try:
        comment = Comment(words, AUTHOR)
    except IllegalCharacterError:
        return
    lines = sum(len(line) // CHARACTERS_A_LINE + 1 for line in words.split("\n"))
    comment.width, comment.height = 320, LINE_HEIGHT * (lines + 1)
    cell.comment, cell.fill = comment, MARK


def _advice(fault: CellFault) -> str:
    return f"{fault.says}。{fault.mend}" if fault.mend else fault.says


def _listed(number: int, fault: CellFault) -> tuple[int, str, str, str, str, str]:
    spot = fault.spot
    return number, spot.sheet, spot.cell, fault.shown, fault.says, fault.mend

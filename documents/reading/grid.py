"""A workbook as plain values: what each visible sheet shows, and the workbook's own properties."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from common.errors import RefusedError, UnavailableError
from documents.reading.appearance import beside, look, unread, workings
from documents.reading.cells import MERGED_NUMBER
from documents.reading.faults import CellFault
from documents.reading.gate import LARGE, LIMITS, Limits, check
from documents.reading.office import as_xlsx

MEND = "请用 Excel 或 WPS 打开核对后另存为 .xlsx 文件再报送"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One visible sheet, dense from A1 on; a blank cell is an empty text."""

    title: str
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that has been read."""

    file: str
    """The file's name."""
    content: bytes
    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str]
    """Its custom document properties."""
    asked: tuple[CellFault, ...] = ()
    """What its sender has to say first: cells that a person could take for one thing or another."""
    told: tuple[CellFault, ...] = ()
    """What is not read though it says something, or is read though nobody sees it."""


def open_book(path: Path, limits: Limits = LIMITS) -> Book:
    """The workbook in `path`, with the values that its formulas last had.

    RefusedError when there is no readable .xlsx workbook there, or one that is not safe to read;
    UnavailableError when the file may not be read.
    """
    return read_book(path.name, _content(path), limits)


def read_book(file: str, content: bytes, limits: Limits = LIMITS) -> Book:
    """As `open_book`, from the file's content.

    A workbook of another program is taken as what LibreOffice makes of it, where that is installed.
    """
    if len(content) <= limits.most_bytes:
        content = as_xlsx(file, content)
    doubtful = check(file, content, limits)
    try:
        return _read(file, content, doubtful, limits)
    except RefusedError as refusal:
        raise RefusedError(f"{file}：{refusal}") from None
    except MemoryError:
        raise
    except BaseException as error:
        # calamine panics on some damaged files, and names no closed list of what else it raises.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise RefusedError(f"{file}：文件已损坏，无法读取；{MEND}") from None
        raise


def _read(file: str, content: bytes, doubtful: frozenset[str], limits: Limits) -> Book:
    sheets, asked, told, cells = list[Sheet](), list[CellFault](), list[CellFault](), 0
    with (
        ZipFile(BytesIO(content)) as archive,
        CalamineWorkbook.from_filelike(BytesIO(content)) as book,
    ):
        behind = workings(archive)
        for number, about in enumerate(book.sheets_metadata):
            if about.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            cells += sheet.total_height * sheet.total_width
            if cells > limits.most_cells:
                raise RefusedError(LARGE)
            rows = sheet.to_python(skip_empty_area=False)
            if about.visible is not SheetVisibleEnum.Visible:
                told.extend(unread(about.name, rows))
                continue
            _spread(rows, sheet)
            if behind.styles or behind.struck_texts or behind.parts[about.name] in doubtful:
                found = look(behind, about.name, rows)
                asked.extend(found.asked)
                told.extend(found.told)
            told.extend(beside(behind, about.name))
            sheets.append(Sheet(about.name, rows))
    return Book(file, content, tuple(sheets), _properties(content), tuple(asked), tuple(told))


def _spread(rows: list[list[Any]], sheet: CalamineSheet) -> None:
    """A value merged down a column stands in each of its rows; a number would be multiplied."""
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and top < len(rows) and left < len(rows[top]):
            value = rows[top][left]
            for row in rows[top + 1 : bottom + 1]:
                row[left] = MERGED_NUMBER if _is_number(value) else value


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return re.match(r"\s*[-+]?\d", value) is not None  # \d takes full-width digits, too
    return isinstance(value, float | int) and not isinstance(value, bool)


def _properties(content: bytes) -> Mapping[str, str]:
    with ZipFile(BytesIO(content)) as archive:
        if "docProps/custom.xml" not in archive.namelist():
            return {}
        found = fromstring(archive.read("docProps/custom.xml"), forbid_dtd=True)
    return {
        name: "".join(property.itertext())
        for property in found
        if (name := property.get("name")) is not None
    }


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise RefusedError(f"{path.name}：是文件夹，不是工作簿；请指定其中的 .xlsx 文件")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RefusedError(f"{path}：没有这个文件；请核对文件名和所在文件夹") from None
    except OSError:
        raise UnavailableError(
            f"{path.name}：无法读取；请核对文件权限，并关闭正在使用它的程序后重试"
        ) from None

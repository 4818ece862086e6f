"""A workbook as plain values: what each visible sheet shows, and the workbook's own properties."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring, iterparse
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from common.errors import RefusedError, UnavailableError
from documents.reading.cells import MERGED_NUMBER, NO_RESULT
from documents.reading.gate import LARGE, LIMITS, Limits, check

MEND = "请用 Excel 或 WPS 打开核对后另存为 .xlsx 文件再报送"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


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


def open_book(path: Path, limits: Limits = LIMITS) -> Book:
    """The workbook in `path`, with the values that its formulas last had.

    RefusedError when there is no readable .xlsx workbook there, or one that is not safe to read;
    UnavailableError when the file may not be read.
    """
    return read_book(path.name, _content(path), limits)


def read_book(file: str, content: bytes, limits: Limits = LIMITS) -> Book:
    """As `open_book`, from the file's content."""
    doubtful = check(file, content, limits)
    try:
        sheets = tuple(_sheets(content, doubtful, limits))
        return Book(file, content, sheets, _properties(content))
    except RefusedError as refusal:
        raise RefusedError(f"{file}：{refusal}") from None
    except MemoryError:
        raise
    except BaseException as error:
        # calamine panics on some damaged files, and names no closed list of what else it raises.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise RefusedError(f"{file}：文件已损坏，无法读取；{MEND}") from None
        raise


def _sheets(content: bytes, doubtful: frozenset[str], limits: Limits) -> Iterator[Sheet]:
    cells = 0
    with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        for number, about in enumerate(book.sheets_metadata):
            seen = about.visible is SheetVisibleEnum.Visible
            if not seen or about.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            cells += sheet.total_height * sheet.total_width
            if cells > limits.most_cells:
                raise RefusedError(LARGE)
            rows = sheet.to_python(skip_empty_area=False)
            _spread(rows, sheet)
            if doubtful and (part := _part(content, about.name)) in doubtful:
                _show_troubles(rows, content, part)
            yield Sheet(about.name, rows)


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


def _show_troubles(rows: list[list[Any]], content: bytes, part: str) -> None:
    """Show errors, and formulas that have no result: calamine gives a blank for both."""
    for cell, words in _troubles(content, part):
        row, column = _position(cell)
        while len(rows) <= row:
            rows.append([])
        rows[row].extend([""] * (column + 1 - len(rows[row])))
        rows[row][column] = words


def _troubles(content: bytes, part: str) -> Iterator[tuple[str, str]]:
    with ZipFile(BytesIO(content)) as archive, archive.open(part) as sheet:
        for _, found in iterparse(sheet, forbid_dtd=True):
            if _local(found) == "c" and found.get("r"):
                inside = {_local(child): child.text or "" for child in found}
                if trouble := _trouble(found.get("t", ""), inside):
                    yield found.get("r", ""), trouble
                found.clear()


def _trouble(kind: str, inside: Mapping[str, str]) -> str:
    """What is wrong with a cell of that type, given the texts of its elements."""
    if kind == "e":
        return inside.get("v", "")
    empty_text = kind == "str" and "v" in inside
    return NO_RESULT if "f" in inside and not inside.get("v") and not empty_text else ""


def _part(content: bytes, title: str) -> str:
    """The archive's member that holds a sheet."""
    with ZipFile(BytesIO(content)) as archive:
        book = fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
        links = fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    id = next(e.get(RELATION) for e in book.iter() if e.get("name") == title and e.get(RELATION))
    target = str(targets[id])
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


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


def _local(found: Element) -> str:
    """An element's name without its namespace."""
    return found.tag.rpartition("}")[2]


def _position(cell: str) -> tuple[int, int]:
    """Row and column, counted from 0, of a reference such as B5."""
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter.upper()) - 64
    return int(cell[len(letters) :]) - 1, column - 1


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

"""Turns workbooks into files that do not tell when they were saved."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from common import files
from documents.writing.looks import Dress, number_in
from documents.writing.printing import LONGEST_FOOTER, SheetShape, shape_sheet

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed mark, not a moment
CORE, NO_TIME = "docProps/core.xml", (1980, 1, 1, 0, 0, 0)
SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
SIGN = "\ue000"
MARK = f"{SIGN}{{}}{SIGN}"
"""What stands for a text in a frame, by its number."""
PLAIN = re.compile("(?:[^\x00-\x1f\x7f-\x9f&<>\"'_\ud800-\udfff\ufffe\uffff]|_(?!x))+")
"""A text that XML and workbooks write as it is."""
Drawing = Callable[[Worksheet], None]
NO_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")


def write(path: Path, content: bytes, *, over: bool = True) -> bool:
    """As `common.files.write`; UnavailableError when it cannot be written."""
    try:
        return files.write(path, content, over=over)
    except OSError as error:
        raise files.unavailable(f"{path.name} 无法写入", error) from None


def is_untouched(path: Path) -> bool:
    """Whether a file is a workbook as it is made here, which nobody has saved since.

    No other program stores its parts uncompressed and without times.
    """
    try:
        with ZipFile(path) as archive:
            parts = archive.infolist()
            told = archive.read(CORE)
    except Exception:  # zipfile names no closed list of what a foreign file makes it raise
        return False
    as_made = all(it.compress_type == ZIP_STORED and it.date_time == NO_TIME for it in parts)
    return as_made and f"{LONG_AGO:%Y-%m-%dT%H:%M:%SZ}".encode() in told


def write_once(path: Path, content: bytes) -> None:
    """Write a file whole, unless it is there by now. UnavailableError when it cannot be written.

    Several may do so at once.
    """
    try:
        files.write(path, content, over=False)
    except OSError as error:
        raise files.unavailable(f"{path.name} 无法写入", error) from None


@dataclass(frozen=True)
class SheetParts:
    """A sheet that is still to be written."""

    shape: SheetShape
    body: bytes
    """Its sheetData."""
    draw: Drawing | None = None
    """Adds its chart."""


def written(
    sheets: Sequence[SheetParts], worn: Sequence[Dress], properties: Mapping[str, str]
) -> bytes:
    """A new workbook as .xlsx: its sheets, the dresses that their cells wear, its properties.

    All of it but the rows is made once for those that differ only in footers and properties.
    """
    footers = [it.shape.footer[:LONGEST_FOOTER] for it in sheets]
    is_clear = SIGN not in "".join((*footers, *properties.values()))  # else it might be a mark
    words: list[str] = []
    mark = partial(_marked, words) if is_clear else str
    shapes = tuple(
        replace(it.shape, footer=mark(footer)) for it, footer in zip(sheets, footers, strict=True)
    )
    named = tuple((name, mark(value)) for name, value in properties.items())
    drawings = tuple(it.draw for it in sheets)
    frame = _frame.__wrapped__ if any(drawings) else _frame
    parts = frame(shapes, tuple(worn), named, drawings)
    return _packed((name, _with_rows(name, _in_words(part, words), sheets)) for name, part in parts)


def finished(workbook: Workbook) -> bytes:
    """An ordinary workbook as .xlsx, which does not tell when it was saved."""
    return _packed(_parts(workbook))


def _packed(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """An archive without times; stored, because compression differs between zlib builds."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as target:
        for name, part in parts:
            target.writestr(ZipInfo(name, NO_TIME), part)
    return buffer.getvalue()


def _parts(workbook: Workbook) -> tuple[tuple[str, bytes], ...]:
    workbook.properties.created = workbook.properties.modified = LONG_AGO
    buffer = BytesIO()
    # Workbook.save would stamp the current moment into the properties.
    with ZipFile(buffer, "w") as archive:
        ExcelWriter(workbook, archive).save()
    with ZipFile(buffer) as source:
        return tuple((name, source.read(name)) for name in source.namelist())


@lru_cache(maxsize=256)
def _frame(
    shapes: tuple[SheetShape, ...],
    worn: tuple[Dress, ...],
    properties: tuple[tuple[str, str], ...],
    drawings: tuple[Drawing | None, ...],
) -> tuple[tuple[str, bytes], ...]:
    """The parts of a workbook without rows, by name."""
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "xingfu"
    for shape, draw in zip(shapes, drawings, strict=True):
        sheet = workbook.create_sheet(shape.title)
        shape_sheet(sheet, shape)
        if draw:
            draw(sheet)
    numbers = [number_in(sheet, dress) for dress in worn]
    assert numbers == [*range(1, len(worn) + 1)]  # noqa: S101  # as the rows call them
    for name, value in properties:
        workbook.custom_doc_props.append(  # type: ignore[attr-defined]  # the stubs lack it
            StringProperty(name=name, value=value)
        )
    return _parts(workbook)


def _marked(words: list[str], text: str) -> str:
    """What stands for a text in a frame; one that XML would write otherwise, itself.

    Of one that begins or ends with a blank XML says that this is to be kept.
    """
    if text != text.strip() or not PLAIN.fullmatch(text):
        return text
    words.append(text)
    return MARK.format(len(words) - 1)


def _in_words(part: bytes, words: Sequence[str]) -> bytes:
    """A part with the texts in the place of their marks, in the signs that it is written in."""
    for number, word in enumerate(words):
        mark = MARK.format(number)
        part = part.replace(mark.encode(), word.encode())
        part = part.replace(_as_codes(mark), _as_codes(word))
    return part


def _as_codes(text: str) -> bytes:
    return text.encode("ascii", "xmlcharrefreplace")


def _with_rows(name: str, part: bytes, sheets: Sequence[SheetParts]) -> bytes:
    found = SHEET.fullmatch(name)
    if not found:
        return part
    before, after = NO_ROWS.split(part)
    return b"".join((before, sheets[int(found[1]) - 1].body, after))

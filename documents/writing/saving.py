"""Turns workbooks into files that do not tell when they were saved."""

import re
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

from common import files

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed mark, not a moment
CORE, NO_TIME = "docProps/core.xml", (1980, 1, 1, 0, 0, 0)
NO_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")


def write(path: Path, content: bytes, *, over: bool = True) -> bool:
    """As `common.files.write`; UnavailableError when it cannot be written."""
    try:
        return files.write(path, content, over=over)
    except OSError as error:
        raise files.unavailable(f"{path.name} 无法写入", error) from None


def is_untouched(path: Path) -> bool:
    """Whether a file is a workbook as `finished` makes it, which nobody has saved since.

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


def finished(workbook: Workbook, bodies: Sequence[bytes] = ()) -> bytes:
    """The workbook as .xlsx; `bodies` are the sheetData of its first sheets, which have no rows."""
    workbook.properties.created = workbook.properties.modified = LONG_AGO
    buffer = BytesIO()
    # Workbook.save would stamp the current moment into the properties.
    with ZipFile(buffer, "w") as archive:
        ExcelWriter(workbook, archive).save()
    parts = {f"xl/worksheets/sheet{number}.xml": body for number, body in enumerate(bodies, 1)}
    return _timeless(buffer, parts)


def _timeless(written: BytesIO, bodies: dict[str, bytes]) -> bytes:
    """The same archive without times; stored, because compression differs between zlib builds."""
    buffer = BytesIO()
    with ZipFile(written) as source, ZipFile(buffer, "w", ZIP_STORED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name in bodies:
                before, after = NO_ROWS.split(part)
                part = b"".join((before, bodies[name], after))
            target.writestr(ZipInfo(name, NO_TIME), part)
    return buffer.getvalue()

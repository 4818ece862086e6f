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
from common.errors import UnavailableError

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed mark, not a moment
NO_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")


def write(path: Path, content: bytes) -> None:
    """Write a file whole. UnavailableError when it cannot be written."""
    try:
        files.write(path, content)
    except OSError:
        raise UnavailableError(
            f"{path.name}：无法写入；请核对文件夹是否存在、有无权限，并关闭正在使用该文件的程序"
        ) from None


def write_once(path: Path, content: bytes) -> None:
    """Write a file whole, unless it is there by now. UnavailableError when it cannot be written.

    Several may do so at once.
    """
    try:
        files.write(path, content, over=False)
    except OSError as error:
        raise UnavailableError(f"{path.name}：无法写入（{error.strerror}）") from None


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
            target.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), part)
    return buffer.getvalue()

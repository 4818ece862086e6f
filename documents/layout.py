"""Lays typed rows out as a printable sheet, and writes workbooks that are equal for equal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from documents.forms import Column
from policy.errors import RefusedError, UnavailableError

Value = str | int | Decimal | date | None

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed mark, not a moment
FORMULA_STARTS = ("=", "+", "-", "@")
A4 = 9
USUAL_SIZE = 11
"""Column widths count characters of this size, in points."""
LOWEST_ROW = 24
SPARE_ROWS = 200
"""How far below the last row the choices still drop down, for rows added by hand."""

SONG, HEI = "宋体", "黑体"
LINE = Side(style="thin")
BOX = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
SHADE = PatternFill("solid", fgColor="E7EDF4")


@dataclass(frozen=True)
class Page:
    """One sheet: a merged title, notes to the left and right under it, then the table."""

    sheet: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Value]]
    note: str = ""
    unit: str = ""
    size: int = 10
    """Of the table's type, in points."""
    filters: bool = False


def save(path: Path, pages: Sequence[Page]) -> None:
    """Write the workbook. UnavailableError when the file cannot be written."""
    content = to_bytes(pages)
    try:
        path.write_bytes(content)
    except OSError:
        raise UnavailableError(
            f"{path.name}：无法写入；请核对文件夹是否存在、有无权限，并关闭正在使用该文件的程序"
        ) from None


def to_bytes(pages: Sequence[Page]) -> bytes:
    """The workbook as .xlsx, byte for byte the same for the same pages."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for page in pages:
        _lay_out(workbook.create_sheet(page.sheet), page)
    workbook.properties.creator = "xingfu"
    workbook.properties.created = workbook.properties.modified = LONG_AGO
    return _timeless(_written(workbook))


def _written(workbook: Workbook) -> bytes:
    # Workbook.save would stamp the current moment into the properties.
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        ExcelWriter(workbook, archive).save()
    return buffer.getvalue()


def _timeless(content: bytes) -> bytes:
    """The same archive without times; stored, because compression differs between zlib builds."""
    buffer = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(buffer, "w", ZIP_STORED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name))
    return buffer.getvalue()


def _lay_out(sheet: Worksheet, page: Page) -> None:
    top = _heads(sheet, page)
    for number, column in enumerate(page.columns, 1):
        _head(sheet.cell(top, number), column, page.size)
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[top].height = _height(page, [column.heading for column in page.columns])
    for row, values in enumerate(page.rows, top + 1):
        for number, (column, value) in enumerate(zip(page.columns, values, strict=True), 1):
            _body(sheet.cell(row, number), column, value, page.size)
        sheet.row_dimensions[row].height = _height(page, values)
    _offer_choices(sheet, page, top)
    _print_setup(sheet, top)
    if page.filters:
        last = get_column_letter(len(page.columns))
        sheet.auto_filter.ref = f"A{top}:{last}{max(top + len(page.rows), top + 1)}"


def _height(page: Page, values: Sequence[Value]) -> float:
    """The row's height in points: not every program fits it to wrapped text by itself."""
    lines = max(
        _lines(str(value or ""), column.width * USUAL_SIZE / page.size)
        for column, value in zip(page.columns, values, strict=True)
    )
    return max(lines * page.size * 1.35 + 6, LOWEST_ROW)


def _lines(text: str, width: float) -> int:
    """How many lines `text` takes in a column; a Chinese character is two wide."""
    wide = [sum(1 + (ord(char) > 0xFF) for char in line) for line in text.split("\n")]
    return sum(max(ceil(length / (width - 1)), 1) for length in wide)


def _heads(sheet: Worksheet, page: Page) -> int:
    """Write title and notes; the number of the header row below them."""
    width = len(page.columns)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    _write(sheet.cell(1, 1), page.title)
    sheet.cell(1, 1).font = Font(name=HEI, size=16)
    sheet.cell(1, 1).alignment = Alignment(horizontal="center", vertical="center")
    sheet.row_dimensions[1].height = 34
    if not page.note and not page.unit:
        return 2
    _note(sheet, 1, width - 2, page.note, "left")
    _note(sheet, width - 1, width, page.unit, "right")
    sheet.row_dimensions[2].height = 24
    return 3


def _note(sheet: Worksheet, first: int, last: int, text: str, side: str) -> None:
    sheet.merge_cells(start_row=2, end_row=2, start_column=first, end_column=last)
    cell = sheet.cell(2, first)
    _write(cell, text or None)
    cell.font = Font(name=SONG, size=11)
    cell.alignment = Alignment(horizontal=side, vertical="center")


def _head(cell: Cell | MergedCell, column: Column, size: int) -> None:
    _write(cell, column.heading)
    cell.font = Font(name=HEI, size=size)
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    cell.border, cell.fill = BOX, SHADE


def _body(cell: Cell | MergedCell, column: Column, value: Value, size: int) -> None:
    _write(cell, value)
    cell.font = Font(name=SONG, size=size)
    cell.border = BOX
    cell.number_format = _format(column, value)
    cell.alignment = Alignment(
        horizontal="center" if column.centred else None, vertical="center", wrap_text=True
    )


def _format(column: Column, value: Value) -> str:
    """The column's format, with more decimals only where two would not show the whole number."""
    places = -int(value.normalize().as_tuple().exponent) if isinstance(value, Decimal) else 0
    return f"0.{'0' * places}" if places > 2 else column.format


def _write(cell: Cell | MergedCell, value: Value) -> None:
    """Put a value into a cell; text stays text, whatever it begins with."""
    try:
        cell.value = value
    except IllegalCharacterError:
        raise RefusedError("文字中含有无法写入表格的控制字符；请删除后重试") from None
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(FORMULA_STARTS)


def _offer_choices(sheet: Worksheet, page: Page, top: int) -> None:
    for number, column in enumerate(page.columns, 1):
        if column.choices:
            letter = get_column_letter(number)
            offer = DataValidation("list", formula1=f'"{",".join(column.choices)}"')
            offer.showErrorMessage = False  # offered, not forced: 其他-请注明 takes a remark
            offer.add(f"{letter}{top + 1}:{letter}{top + len(page.rows) + SPARE_ROWS}")
            sheet.add_data_validation(offer)


def _print_setup(sheet: Worksheet, top: int) -> None:
    sheet.freeze_panes = f"A{top + 1}"
    sheet.print_title_rows = f"{top}:{top}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    if sheet.oddFooter is not None:  # an empty footer is false
        sheet.oddFooter.center.text = "第&P页 共&N页"
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.7

"""Sets sheets up to be printed and filled in: paper, footer, protection, choices and colours.

A write-only sheet takes all of it by the same names as an ordinary one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from policy.vocabulary import Origin, Standing

A4, A3 = 9, 8
WIDEST = 250
"""Signs across a landscape A4 page that can still be read."""
LONGEST_FOOTER = 160
"""Characters of the footer's left part; Excel takes 255 in all."""
LONGEST_OFFER = 255
"""Characters of a drop-down's choices that Excel takes."""
LAMPS = (
    (Standing.MET_LATE.label, "D9D9D9", "7F7F7F"),
    (Standing.MET_LATE.said(Origin.PROPOSAL), "D9D9D9", "7F7F7F"),
    (Standing.MET.label, "EDEDED", "595959"),
    (Standing.ON_TRACK.label, "C6EFCE", "006100"),
    (Standing.DUE_SOON.label, "FFEB9C", "7F6000"),
    (Standing.OVERDUE.label, "FFC7CE", "9C0006"),
    (Standing.OVERDUE.said(Origin.PROPOSAL), "FFEB9C", "7F6000"),
    (Standing.COORDINATING.label, "DDEBF7", "1F4E78"),
)
"""How it stands, the cell's colour, the text's; the first holds that a cell begins with."""
Offer = tuple[tuple[str, ...], str]
"""Choices, and the cells that drop them down: ``C4:C210``."""


@dataclass(frozen=True)
class SheetShape:
    """All of a sheet but its rows and charts."""

    title: str
    widths: tuple[float, ...]
    """Of the columns, in half-width characters of 11 points."""
    footer: str
    landscape: bool
    protected: bool
    merged: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    lamps: tuple[str, ...] = ()
    """The cells that take the colour of the standing that they begin with."""
    headed: int = 0
    """So many of the first rows stay when one scrolls; the last of them is printed on each page."""
    filters: str = ""
    """Over which cells rows are filtered."""
    printed: str = ""
    """What of it is printed, where that is not all."""


def shape_sheet(sheet: Worksheet, shape: SheetShape) -> None:
    """Give a sheet its shape."""
    _set_paper(sheet, shape)
    for number, width in enumerate(shape.widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    if shape.protected:
        _protect(sheet)
    for choices, place in shape.offers:
        _offer(sheet, choices, place)
    for place in shape.lamps:
        _light(sheet, place)
    if shape.filters:
        sheet.auto_filter.ref = shape.filters
    for place in shape.merged:
        sheet.merged_cells.add(place)


def _set_paper(sheet: Worksheet, shape: SheetShape) -> None:
    """A4, one page wide, centred, with page numbers and the footer at the left of the foot.

    Headings stand on each page. A3 where columns that are so wide together would be too small
    to read on it.
    """
    landscape = shape.landscape
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = A3 if landscape and sum(shape.widths) > WIDEST else A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    if shape.headed:
        sheet.freeze_panes = f"A{shape.headed + 1}"
        sheet.print_title_rows = f"{shape.headed}:{shape.headed}"
    if shape.printed:
        sheet.print_area = shape.printed
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.7
    if sheet.oddFooter is not None:  # an empty footer is false
        sheet.oddFooter.left.text = shape.footer[:LONGEST_FOOTER].replace("&", "&&") or None
        sheet.oddFooter.center.text = "第&P页 共&N页"


def _protect(sheet: Worksheet) -> None:
    """Protect it without a password; columns, rows, order and filters stay in the reader's hand."""
    guard = sheet.protection
    guard.sheet = True
    guard.formatColumns = guard.formatRows = guard.sort = guard.autoFilter = False


def _offer(sheet: Worksheet, choices: Sequence[str], place: str) -> None:
    """Let the cells drop choices down; offered, not forced: 其他-请注明 takes a remark.

    Choices that a drop-down cannot hold are not offered.
    """
    listed = ",".join(choices)
    if len(listed) <= LONGEST_OFFER and listed.count(",") < len(choices):
        quoted = listed.replace('"', '""')
        drop = DataValidation("list", formula1=f'"{quoted}"', allow_blank=True)
        drop.showErrorMessage = False
        drop.add(place)
        sheet.data_validations.append(drop)


def _light(sheet: Worksheet, place: str) -> None:
    """Colour cells by the standing they begin with."""
    first = place.partition(":")[0]
    for label, colour, ink in LAMPS:
        rule = Rule(
            "beginsWith",
            operator="beginsWith",
            text=label,
            formula=[f'LEFT({first},{len(label)})="{label}"'],
            stopIfTrue=True,
            dxf=DifferentialStyle(Font(color=ink), fill=PatternFill(bgColor=colour)),
        )
        sheet.conditional_formatting.add(place, rule)

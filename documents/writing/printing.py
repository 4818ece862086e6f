"""Sets sheets up to be printed and filled in: paper, footer, protection, choices and colours.

A write-only sheet takes all of it by the same names as an ordinary one.
"""

from collections.abc import Sequence

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
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


def set_paper(sheet: Worksheet, *, landscape: bool, footer: str, width: float) -> None:
    """A4, one page wide, centred, with page numbers and `footer` at the left of the foot.

    A3 where columns of `width` signs would be too small to read on it.
    """
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = A3 if landscape and width > WIDEST else A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.7
    if sheet.oddFooter is not None:  # an empty footer is false
        sheet.oddFooter.left.text = footer[:LONGEST_FOOTER].replace("&", "&&") or None
        sheet.oddFooter.center.text = "第&P页 共&N页"


def protect(sheet: Worksheet) -> None:
    """Protect it without a password; columns, rows, order and filters stay in the reader's hand."""
    guard = sheet.protection
    guard.sheet = True
    guard.formatColumns = guard.formatRows = guard.sort = guard.autoFilter = False


def offer(sheet: Worksheet, choices: Sequence[str], places: Sequence[str]) -> None:
    """Let the cells drop choices down; offered, not forced: 其他-请注明 takes a remark.

    Choices that a drop-down cannot hold are not offered.
    """
    listed = ",".join(choices)
    if len(listed) <= LONGEST_OFFER and listed.count(",") < len(choices):
        quoted = listed.replace('"', '""')
        drop = DataValidation("list", formula1=f'"{quoted}"', allow_blank=True)
        drop.showErrorMessage = False
        for place in places:
            drop.add(place)
        sheet.data_validations.append(drop)


def light(sheet: Worksheet, first: str, place: str) -> None:
    """Colour the cells of `place`, which begins at `first`, by the standing they begin with."""
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

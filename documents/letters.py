"""Letters (函) as Word files: drafts, which people revise, number and sign; and as they are issued.

Laid out as GB/T 9704-2012 asks: A4, type area 156 × 225 mm, title 2号, text 3号, 28 pt lines.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Letterhead
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed mark, not a moment
TITLE, TEXT, HEI = "方正小标宋简体", "仿宋_GB2312", "黑体"
SIZE_2, SIZE_3 = Pt(22), Pt(16)
LINE = Pt(28)
INDENT = Pt(32)  # two characters of 3号


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: 一、 at level 1, （一） at level 2."""

    heading: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every cell a text, as it is printed."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    widths: tuple[float, ...] = ()
    """Relative widths of the columns; empty: all alike."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph."""

    label: str
    values: tuple[Decimal | None, ...]
    """One a category; None leaves a gap."""
    dashed: bool = False
    """For what is planned or expected."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A line graph."""

    caption: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    band: tuple[tuple[Decimal, Decimal] | None, ...] = ()
    """Low and high of what is expected, one a category; empty: no band."""


Block = str | Heading | Table | Graph
"""What a paper is made of; a text is one paragraph."""


@dataclass(frozen=True, slots=True)
class Annex:
    """附件: it begins on a page of its own."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a paper says, beside its number and its date."""

    title: str
    addressee: str
    """主送机关."""
    paragraphs: tuple[Block, ...]
    sender: str
    """署名."""
    annexes: tuple[Annex, ...] = ()
    copies: str = ""
    """抄送."""

    @property
    def words(self) -> tuple[str, ...]:
        """Its texts from the title to the signature, for a screen without tables."""
        texts = (_told(block) for block in self.paragraphs)
        return (self.title, f"{self.addressee}：", *texts, self.sender)


def _told(block: Block) -> str:
    match block:
        case str():
            return block
        case Heading():
            return block.heading
        case Table():
            lines = ("　".join(row) for row in (block.heads, *block.rows))
            return "\n".join([*([block.caption] if block.caption else []), *lines])
        case Graph():
            return f"（图：{block.caption}）"


def draft(letter: Letter) -> bytes:
    """The letter as .docx, marked 草稿; byte for byte the same for the same letter."""
    mark = "草　稿（供修改，由人工编号、签发）"
    return _written(letter, mark, "〔　　　　〕　　号", "　　年　　月　　日")


def final(letter: Letter, number: str, on: date) -> bytes:
    """The letter as .docx, as it is issued; byte for byte the same for the same arguments."""
    return _written(letter, "", number, f"{on.year}年{on.month}月{on.day}日")


def _written(letter: Letter, mark: str, number: str, day: str) -> bytes:
    document = Document()
    _page(document)
    if mark:
        _line(document, mark, font=HEI, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(document, number, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, "")
    _line(document, letter.title, font=TITLE, size=SIZE_2, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, "")
    _line(document, f"{letter.addressee}：")
    for block in letter.paragraphs:
        _line(document, _told(block), indent=True)
    _line(document, "")
    _line(document, letter.sender, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(document, day, align=WD_ALIGN_PARAGRAPH.RIGHT)
    return _timeless(document)


def _page(document: Letterhead) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)


def _line(
    document: Letterhead,
    text: str,
    *,
    font: str = TEXT,
    size: Pt = SIZE_3,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY,
    indent: bool = False,
) -> Paragraph:
    made = document.add_paragraph()
    shape = made.paragraph_format
    shape.alignment, shape.line_spacing_rule, shape.line_spacing = (
        align,
        WD_LINE_SPACING.EXACTLY,
        LINE if size == SIZE_3 else Pt(36),
    )
    shape.space_before = shape.space_after = Pt(0)
    shape.first_line_indent = INDENT if indent else None
    run = made.add_run(text)
    run.font.size, run.font.name = size, font
    # The name alone would leave Chinese characters in the default font.
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return made


def _timeless(document: Letterhead) -> bytes:
    document.core_properties.author = "xingfu"
    document.core_properties.created = document.core_properties.modified = LONG_AGO
    written, fixed = BytesIO(), BytesIO()
    document.save(written)
    with ZipFile(written) as old, ZipFile(fixed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name, (2000, 1, 1, 0, 0, 0)), old.read(name), ZIP_DEFLATED)
    return fixed.getvalue()

"""Papers (公文) as Word files: drafts, which people revise, number and sign, and final ones.

Laid out by a template that staff can edit in Word (`templates/公文.docx`), as GB/T 9704-2012 asks.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import accumulate, combinations, pairwise
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.table import CT_Row, CT_Tbl
from docx.shared import Emu, Length, Pt

from documents.papers.word_template import TABLE_STYLE, Template, plain, saved, type_area
from documents.writing.blocks import Graph, GraphPairs, Heading, PaperBlock, PaperTable, PaperText

SHIPPED = Path(__file__).parents[1] / "templates" / "公文.docx"
CENTER = WD_ALIGN_PARAGRAPH.CENTER
LONGEST_TITLE = 255
"""Signs that the title among a Word file's properties may have."""
LONGEST_COUNT, LONGEST_CENTRED = 3, 8
"""Signs of a whole number, and of a text, that stands in the middle of its column."""
LONGEST_UNBROKEN = 5
"""Signs of a text for which its column is made wide enough, like 太原市 or 资金下达."""
EM = Pt(10.5)
"""五号, in which the template sets tables."""
HELD, MOST_HELD = 3, 14
"""Rows at the end of a table that stay on one page; as many of figures do so all together."""
RIM = 0.4
"""What the rims of a cell take on both sides, in signs."""
OPENNESS = "（公开属性由签发人审定）"
"""附注 of a draft: each paper has its own, and a person decides. None on a final paper."""
NOTE = re.compile(rf"（(此件[^（）]*公开|联系人：.*)）|{OPENNESS}")
TITLE_EMS = 20
"""Signs of 二号 on a line."""
WORD = re.compile(
    r"关于|反馈|督促办理|\d+年|第[一二三四]季度|\d+月份|[一-鿿]+?(?:厅|局|委)(?=关于)"
    r"|[一-鿿]{2}市|[一-鿿]{2,12}工程|的(?:通报|通知|函)|[“《〈][^”》〉]*[”》〉]"
    r"|[^一-鿿]+|[一-鿿]{2}|[一-鿿]"
)
"""What a title's line is not broken in."""
BLANK = " 　—－-/"
FIGURE = re.compile(r"[+-]?[\d,]+(\.\d+)?\s*%?")


def draft(letter: PaperText, template: bytes | None = None) -> bytes:
    """The letter as .docx, marked 草稿 on every page; number, date and signatory are left open.

    Byte for byte the same for the same arguments. `template` is an office's own (see
    `office_template`); RefusedError when it cannot be filled in, or a text cannot be written.
    """
    mark = "草稿（供修改，由人工编号、签发）"
    number = letter.number or "〔　　　　〕　　号"
    return _written(letter, mark, number, "　　年　　月　　日", template)


def final(letter: PaperText, number: str, on: date, template: bytes | None = None) -> bytes:
    """The letter as .docx, as it is issued; byte for byte the same for the same arguments."""
    said = tuple(block for block in letter.paragraphs if block != OPENNESS)
    final_ = replace(letter, paragraphs=said)
    return _written(final_, "", number, f"{on.year}年{on.month}月{on.day}日", template)


def _written(letter: PaperText, mark: str, number: str, day: str, template: bytes | None) -> bytes:
    form = Template(SHIPPED.read_bytes() if template is None else template)
    heads = {"草稿": mark, "发文字号": number, "成文日期": day}
    blocks = [*letter.paragraphs, *(block for annex in letter.annexes for block in annex.blocks)]
    paper = form.fill({name: plain(text) for name, text in heads.items()} | _said(letter, form))
    _fit(paper, [block for block in blocks if isinstance(block, PaperTable)])
    paper.core_properties.title = letter.title[:LONGEST_TITLE]
    return saved(paper)


def _said(letter: PaperText, form: Template) -> dict[str, Any]:
    """What the tags of a template stand for."""
    several = len(letter.annexes) > 1
    paragraphs, note = _apart(letter.paragraphs)
    return {
        "标题": plain(turned(letter.title)),
        "主送机关": plain(letter.addressee),
        "正文": [_block(block, form) for block in paragraphs],
        "署名": plain(letter.sender),
        "附注": plain(note),
        "附件": [
            {
                "标识": f"附件{number}" if several else "附件",
                "标题": plain(annex.title),
                "正文": [_block(block, form) for block in annex.blocks],
            }
            for number, annex in enumerate(letter.annexes, 1)
        ],
        "抄送": plain(letter.copies.strip().rstrip("。")),
    }


def turned(title: str) -> str:
    """The title in as few lines as it takes, as even as can be, none of which ends in a word.

    GB/T 9704: 回行时词意完整、排列对称、长短适宜. Left as it is where no word is known to end.
    """
    if "\n" in title or _wide(title) <= TITLE_EMS:
        return title
    ends = [found.end() for found in WORD.finditer(title)]
    for lines in range(2, len(ends) + 1):
        cuts = combinations(ends[:-1], lines - 1)
        ways = [[title[a:b] for a, b in pairwise((0, *at, len(title)))] for at in cuts]
        if fitting := [way for way in ways if max(map(_wide, way)) <= TITLE_EMS]:
            return "\n".join(min(fitting, key=_evenness))
    return title


def _evenness(lines: Iterable[str]) -> float:
    widths = [_wide(line) for line in lines]
    return max(widths) - min(widths)


def _wide(text: str) -> float:
    """Signs; where Chinese meets digits or letters, a quarter of one is left free."""
    meets = sum(a.isascii() != b.isascii() for a, b in pairwise(text))
    return sum(0.5 if sign.isascii() else 1.0 for sign in text) + meets / 4


def _apart(paragraphs: tuple[PaperBlock, ...]) -> tuple[tuple[PaperBlock, ...], str]:
    """The text, and 附注 at its end, which stands under the date: openness, or whom to ask."""
    last = paragraphs[-1] if paragraphs else None
    if isinstance(last, str) and NOTE.fullmatch(last):
        return paragraphs[:-1], last
    return paragraphs, ""


def _block(block: PaperBlock, form: Template) -> dict[str, Any]:
    said: dict[str, Any] = {"层次": 0, "文字": "", "表": None, "图": None}
    match block:
        case str():
            return said | {"文字": plain(block)}
        case Heading():
            return said | {"层次": block.level, "文字": plain(block.heading)}
        case PaperTable():
            return said | {"表": _table(block)}
        case Graph() | GraphPairs():
            return said | {
                "文字": plain(block.caption),
                "图": form.picture(_drawn(block), block.caption),
            }


def _table(table: PaperTable) -> dict[str, Any]:
    return {
        "标题": plain(table.caption),
        "表头": [plain(head) for head in table.heads],
        "各行": [[plain(cell) for cell in row] for row in table.rows],
    }


@lru_cache(maxsize=8)
def _drawn(graph: Graph | GraphPairs) -> bytes:
    # matplotlib takes half a second: only where it draws
    from documents.papers.graphs import png, png_of_pairs

    return png_of_pairs(graph) if isinstance(graph, GraphPairs) else png(graph)


def _fit(paper: Document, tables: Sequence[PaperTable]) -> None:
    """Give the columns of each table their widths and sides."""
    style = next((item.style_id for item in paper.styles if item.name == TABLE_STYLE), None)
    shapes = [
        shape
        for shape in paper.element.body.iter(qn("w:tbl"))
        if style is not None and shape.tblPr.style == style
    ]
    for shape, table in zip(shapes, tables, strict=False):
        _set_columns(shape, _widths(table, type_area(paper)), _sides(table))


def _widths(table: PaperTable, whole: Length) -> list[Length]:
    """Widths of the columns, together `whole`: as asked, but no number is broken in two."""
    shares = list(table.widths or (1.0,) * len(table.heads))
    needs = [_need(cells) for cells in zip(table.heads, *table.rows, strict=True)]
    given = _at_least(shares, [need / (whole / EM) for need in needs])
    ends = [round(whole * part) for part in accumulate(given)]
    return [Emu(end - begin) for begin, end in pairwise([0, *ends])]


def _need(cells: Sequence[str]) -> float:
    """How many signs wide a column has to be; the first cell is its head."""
    whole = (cell for cell in cells[1:] if len(cell) <= LONGEST_UNBROKEN or _is_figure(cell))
    return RIM + max([2.0, *(_ems(cell) for cell in whole)])


def _ems(text: str) -> float:
    return sum(0.65 if sign.isascii() else 1.0 for sign in text)


def _at_least(shares: Sequence[float], needs: Sequence[float]) -> list[float]:
    """Parts of one: in the ratio of `shares`, each at least its need as far as there is room."""
    if sum(needs) >= 1:
        return [need / sum(needs) for need in needs]
    fixed: set[int] = set()
    while True:
        room = 1 - sum(needs[place] for place in fixed)
        rest = sum(share for place, share in enumerate(shares) if place not in fixed)
        given = [
            needs[place] if place in fixed else room * share / rest
            for place, share in enumerate(shares)
        ]
        short = {place for place, part in enumerate(given) if part < needs[place]}
        if short <= fixed:
            return given
        fixed |= short


def _sides(table: PaperTable) -> list[WD_ALIGN_PARAGRAPH]:
    """Amounts to the right, what is short in the middle, texts to the left."""
    columns = zip(*table.rows, strict=True)
    return [_side(cells) for cells in columns] or [CENTER] * len(table.heads)


def _side(cells: Sequence[str]) -> WD_ALIGN_PARAGRAPH:
    told = [cell for cell in cells if cell.strip(BLANK)]
    if told and all(_is_figure(cell) for cell in told):
        short = all(len(cell) <= LONGEST_COUNT and "." not in cell for cell in told)
        return CENTER if short else WD_ALIGN_PARAGRAPH.RIGHT
    short = all(len(cell) <= LONGEST_CENTRED for cell in told)
    return CENTER if short else WD_ALIGN_PARAGRAPH.LEFT


def _is_figure(cell: str) -> bool:
    return FIGURE.fullmatch(cell.strip()) is not None


def _set_columns(
    shape: CT_Tbl, widths: Sequence[Length], sides: Sequence[WD_ALIGN_PARAGRAPH]
) -> None:
    """Set in the file what no tag can: Word would not open a tag where it wants a number."""
    # An office's own template may have further columns: they stay as they are.
    shape.tblPr.autofit = False
    for column, width in zip(shape.tblGrid.gridCol_lst, widths, strict=False):
        column.w = width
    for row in shape.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=False):
            cell.width = width
    for row in shape.tr_lst[1:]:
        for cell, side in zip(row.tc_lst, sides, strict=False):
            for paragraph in cell.p_lst:
                paragraph.get_or_add_pPr().jc_val = side
    small = len(shape.tr_lst) <= MOST_HELD and WD_ALIGN_PARAGRAPH.LEFT not in sides
    _hold(shape.tr_lst[1:-1] if small else shape.tr_lst[1:][-HELD:-1])


def _hold(rows: Sequence[CT_Row]) -> None:
    """Keep rows with the next one: a sum does not stand on a page of its own."""
    for row in rows:
        for paragraph in (one for cell in row.tc_lst for one in cell.p_lst):
            paragraph.get_or_add_pPr().keepNext_val = True

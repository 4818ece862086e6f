"""How `公文.docx` was first made: the page of GB/T 9704-2012, its styles, and what is filled in.

Staff edit it in Word. Run by hand, to begin anew: ``python -m documents.templates.build``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from docx import Document
from docx.document import Document as Paper
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section
from docx.shared import Mm
from docx.table import Table, _Cell

from documents.papers.word_template import TABLE_STYLE, saved

TARGET = Path(__file__).with_name("公文.docx")
FANG, XIAO_BIAO, HEI, KAI, SONG = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
SIZE_2, SIZE_3, SIZE_4, SIZE_5, SIZE_5_SMALL = 44, 32, 28, 21, 18
"""字号, in half-points."""
SMALLEST = 2
"""Of the line that a file needs behind a table: it must begin no page of its own."""
INDENT = '<w:ind w:firstLineChars="200" w:firstLine="632"/>'
"""Two signs; 158 twentieths of a point each on the grid of 28 a line."""
SIGNED = '<w:ind w:leftChars="1300" w:left="4108"/><w:jc w:val="center"/>'
"""署名 and 成文日期 share an axis, with four signs free on the right of the date."""
LINE = '<w:spacing w:line="560" w:lineRule="exact"/>'
HEADLINE = '<w:spacing w:before="560" w:after="560" w:line="720" w:lineRule="exact"/>'
CENTRED = '<w:jc w:val="center"/>'
HELD = "<w:keepNext/><w:keepLines/>"
TIGHT = '<w:spacing w:line="240" w:lineRule="auto"/>'
LOOSE = '<w:spacing w:before="120" w:line="240" w:lineRule="auto"/>'
FOOT = (
    '<w:framePr w:w="8844" w:hRule="auto" w:wrap="notBeside" w:vAnchor="margin"'
    ' w:hAnchor="margin" w:xAlign="left" w:yAlign="bottom"/>'
)
"""At the foot of the page's type area."""
RULED = (
    '<w:pBdr><w:top w:val="single" w:sz="8" w:space="3" w:color="auto"/>'
    '<w:bottom w:val="single" w:sz="8" w:space="3" w:color="auto"/></w:pBdr>'
)


def _hanging(begin: int, width: float) -> str:
    """An indent: from so many signs, the lines after the first `width` signs further right."""
    left, hanging = round((begin + width) * 100), round(width * 100)
    twips = f'w:left="{round(left * 3.16)}" w:hanging="{round(hanging * 3.16)}"'
    return f'<w:ind w:leftChars="{left}" w:hangingChars="{hanging}" {twips}/>'


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """A paragraph style."""

    name: str
    font: str = FANG
    size: int = SIZE_3
    shape: str = ""
    """Paragraph properties, in the order of the schema."""
    colour: str = ""


STYLES = (
    ParagraphStyle("公文模板标记", SONG, SIZE_5_SMALL, TIGHT, "7F7F7F"),
    ParagraphStyle("公文草稿标记", HEI, shape='<w:jc w:val="right"/>'),
    ParagraphStyle(
        "公文签发人", shape='<w:ind w:rightChars="600" w:right="1896"/><w:jc w:val="right"/>'
    ),
    ParagraphStyle("公文发文字号", shape=CENTRED),
    ParagraphStyle("公文标题", XIAO_BIAO, SIZE_2, f"{HELD}{HEADLINE}{CENTRED}"),
    ParagraphStyle("公文主送", shape="<w:keepNext/>"),
    ParagraphStyle("公文正文", shape=INDENT),
    ParagraphStyle("公文正文末段", shape=f"<w:keepNext/>{INDENT}"),
    ParagraphStyle("公文一级标题", HEI, shape=f'<w:keepNext/>{INDENT}<w:outlineLvl w:val="0"/>'),
    ParagraphStyle("公文二级标题", KAI, shape=f'<w:keepNext/>{INDENT}<w:outlineLvl w:val="1"/>'),
    ParagraphStyle("公文表格标题", HEI, SIZE_4, f"<w:keepNext/>{LINE}{CENTRED}"),
    ParagraphStyle("公文表头", HEI, SIZE_5, f"<w:keepNext/>{TIGHT}{CENTRED}"),
    ParagraphStyle("公文表格文字", FANG, SIZE_5, f'{TIGHT}<w:jc w:val="left"/>'),
    ParagraphStyle("公文表后", FANG, SMALLEST, '<w:spacing w:line="20" w:lineRule="exact"/>'),
    ParagraphStyle("公文图", shape=f"<w:keepNext/>{LOOSE}{CENTRED}"),
    ParagraphStyle("公文图题", HEI, SIZE_4, f"{LINE}{CENTRED}"),
    ParagraphStyle("公文附件说明", shape=f"{HELD}{_hanging(5, 1)}"),
    ParagraphStyle("公文附件说明首行", shape=f'{HELD}<w:spacing w:before="560"/>{_hanging(2, 4)}'),
    ParagraphStyle("公文附件说明单件", shape=f'{HELD}<w:spacing w:before="560"/>{_hanging(2, 3)}'),
    ParagraphStyle("公文署名", shape=f'{HELD}<w:spacing w:before="1120"/>{SIGNED}'),
    ParagraphStyle("公文成文日期", shape=f"<w:keepLines/>{SIGNED}"),
    ParagraphStyle("公文附注", shape=INDENT),
    ParagraphStyle("公文附件标识", HEI, shape="<w:keepNext/><w:pageBreakBefore/>"),
    ParagraphStyle("公文附件标题", XIAO_BIAO, SIZE_2, f"{HELD}{HEADLINE}{CENTRED}"),
    ParagraphStyle("公文版记", FANG, SIZE_4, f'{RULED}<w:ind w:left="1120" w:hanging="1120"/>'),
    ParagraphStyle("公文页眉", HEI, SIZE_4, '<w:jc w:val="right"/>'),
    ParagraphStyle("公文页码", SONG, SIZE_4, '<w:ind w:right="280"/><w:jc w:val="right"/>'),
    ParagraphStyle("公文页码双页", SONG, SIZE_4, '<w:ind w:left="280"/><w:jc w:val="left"/>'),
)

KEPT = {"Normal", "Default Paragraph Font", "Normal Table", "No List", "Header", "Footer"}

HINT = (
    "灰色小字是模板标记，成对出现，请勿删改；双花括号处由系统填写。"
    "字体、字号、行距、缩进，请修改以“公文”开头的样式。本行不出现在成文中。"
)


def build(target: Path = TARGET) -> None:
    """Write the template."""
    paper = Document()
    _defaults(paper)
    _styles(paper)
    _page(paper.sections[0])
    _margins(paper, paper.sections[0])
    _words(paper)
    paper.core_properties.title = "公文"
    paper.core_properties.comments = ""
    target.write_bytes(saved(paper))


def _element(xml: str) -> BaseOxmlElement:
    """One element that uses the prefix ``w``."""
    around: BaseOxmlElement = parse_xml(f"<w:one {nsdecls('w')}>{xml}</w:one>")
    return cast(BaseOxmlElement, around[0])


def _defaults(paper: Paper) -> None:
    """Default fonts without a theme; Chinese; as Word 2013 and later lay pages out."""
    defaults = paper.styles.element.find(qn("w:docDefaults"))
    paper.styles.element.replace(
        defaults,
        _element(
            f"<w:docDefaults><w:rPrDefault><w:rPr>{_fonts(FANG)}"
            f'<w:sz w:val="{SIZE_3}"/><w:szCs w:val="{SIZE_3}"/>'
            '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
            "</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        ),
    )
    settings = paper.settings.element
    for mode in settings.iter(qn("w:compatSetting")):
        if mode.get(qn("w:name")) == "compatibilityMode":
            mode.set(qn("w:val"), "15")
    settings.find(qn("w:characterSpacingControl")).set(qn("w:val"), "compressPunctuation")
    settings.find(qn("w:themeFontLang")).set(qn("w:eastAsia"), "zh-CN")
    paper.settings.odd_and_even_pages_header_footer = True


def _fonts(name: str) -> str:
    """For every script: the name alone would leave Chinese signs in the default font."""
    return f'<w:rFonts w:ascii="{name}" w:eastAsia="{name}" w:hAnsi="{name}" w:cs="{name}"/>'


def _styles(paper: Paper) -> None:
    styles = paper.styles.element
    for style in list(paper.styles):
        if style.name not in KEPT:
            style.delete()
    normal = paper.styles["Normal"].element
    for part in (normal.find(qn("w:pPr")), normal.find(qn("w:rPr"))):
        if part is not None:
            normal.remove(part)
    normal.append(
        _element(
            # Lines are 28 pt, whatever the grid; LibreOffice would give a sign two of its places.
            '<w:pPr><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:snapToGrid w:val="0"/>'
            f'{LINE}<w:jc w:val="both"/></w:pPr>'
        )
    )
    normal.append(
        _element(f'<w:rPr>{_fonts(FANG)}<w:sz w:val="{SIZE_3}"/><w:szCs w:val="{SIZE_3}"/></w:rPr>')
    )
    for style in STYLES:
        styles.append(_element(_style_xml(style)))
    styles.append(_element(_table_style_xml()))


def _style_xml(style: ParagraphStyle) -> str:
    colour = f'<w:color w:val="{style.colour}"/>' if style.colour else ""
    return (
        f'<w:style w:type="paragraph" w:customStyle="1" w:styleId="{style.name}">'
        f'<w:name w:val="{style.name}"/><w:basedOn w:val="Normal"/><w:qFormat/>'
        f"<w:pPr>{style.shape}</w:pPr><w:rPr>{_fonts(style.font)}{colour}"
        f'<w:sz w:val="{style.size}"/><w:szCs w:val="{style.size}"/></w:rPr></w:style>'
    )


def _table_style_xml() -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    lines = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0"/>' for side in sides)
    rims = "".join(
        f'<w:{side} w:w="{width}" w:type="dxa"/>'
        for side, width in (("top", 28), ("left", 34), ("bottom", 28), ("right", 34))
    )
    return (
        f'<w:style w:type="table" w:customStyle="1" w:styleId="{TABLE_STYLE}">'
        f'<w:name w:val="{TABLE_STYLE}"/><w:basedOn w:val="TableNormal"/><w:qFormat/>'
        f'<w:tblPr><w:jc w:val="center"/><w:tblBorders>{lines}</w:tblBorders>'
        f"<w:tblCellMar>{rims}</w:tblCellMar></w:tblPr>"
        '<w:tcPr><w:vAlign w:val="center"/></w:tcPr></w:style>'
    )


def _page(section: Section) -> None:
    """A4; a type area of 156 × 225 mm with 22 lines of 28 signs."""
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(22), Mm(24)
    old = section._sectPr.find(qn("w:docGrid"))
    grid = _element('<w:docGrid w:type="linesAndChars" w:linePitch="580" w:charSpace="-848"/>')
    section._sectPr.replace(old, grid)


def _margins(paper: Paper, section: Section) -> None:
    """草稿 in the head of every page; page numbers at the outer side of its foot."""
    for header in (section.header, section.even_page_header):
        header.is_linked_to_previous = False
        header.paragraphs[0].style = paper.styles["公文页眉"]
        header.paragraphs[0].add_run("{% if 草稿 %}草稿{% endif %}")
    for footer, style in ((section.footer, "公文页码"), (section.even_page_footer, "公文页码双页")):
        footer.is_linked_to_previous = False
        footer.paragraphs[0].style = paper.styles[style]
        for run in _page_number():
            footer.paragraphs[0]._p.append(_element(f"<w:r>{run}</w:r>"))


def _page_number() -> Iterator[str]:
    yield '<w:t xml:space="preserve">— </w:t>'
    yield '<w:fldChar w:fldCharType="begin"/>'
    yield '<w:instrText xml:space="preserve"> PAGE </w:instrText>'
    yield '<w:fldChar w:fldCharType="separate"/>'
    yield "<w:t>1</w:t>"
    yield '<w:fldChar w:fldCharType="end"/>'
    yield '<w:t xml:space="preserve"> —</w:t>'


def _words(paper: Paper) -> None:
    _tag(paper, f"{{#p {HINT} #}}")
    _tag(paper, "{%p if 草稿 %}")
    _line(paper, "公文草稿标记", "{{ 草稿 }}")
    _line(paper, "公文签发人", "签发人：")
    _tag(paper, "{%p endif %}")
    _line(paper, "公文发文字号", "{{ 发文字号 }}")
    _line(paper, "公文标题", "{{ 标题 }}")
    _when(paper, "主送机关", "公文主送", "{{ 主送机关 }}：")
    _blocks(paper, "正文", held=True)
    _list_of_annexes(paper)
    _line(paper, "公文署名", "{{ 署名 }}")
    _line(paper, "公文成文日期", "{{ 成文日期 }}")
    _when(paper, "附注", "公文附注", "{{ 附注 }}")
    _tag(paper, "{%p for 件 in 附件 %}")
    _line(paper, "公文附件标识", "{{ 件.标识 }}")
    _line(paper, "公文附件标题", "{{ 件.标题 }}")
    _blocks(paper, "件.正文")
    _tag(paper, "{%p endfor %}")
    _copies(paper)


def _line(paper: Paper, style: str, text: str) -> None:
    paper.add_paragraph(text, style=style)


def _tag(paper: Paper, text: str) -> None:
    _line(paper, "公文模板标记", text)


def _when(paper: Paper, condition: str, style: str, text: str) -> None:
    _tag(paper, f"{{%p if {condition} %}}")
    _line(paper, style, text)
    _tag(paper, "{%p endif %}")


def _blocks(paper: Paper, source: str, *, held: bool = False) -> None:
    """Everything a paper is made of; `held`: its last words stay with the signature below."""
    _tag(paper, f"{{%p for 段 in {source} %}}")
    _tag(paper, "{%p if 段.层次 == 1 %}")
    _line(paper, "公文一级标题", "{{ 段.文字 }}")
    _tag(paper, "{%p elif 段.层次 == 2 %}")
    _line(paper, "公文二级标题", "{{ 段.文字 }}")
    _tag(paper, "{%p elif 段.表 %}")
    _when(paper, "段.表.标题", "公文表格标题", "{{ 段.表.标题 }}")
    _table(paper)
    _line(paper, "公文表后", "")
    _tag(paper, "{%p elif 段.图 %}")
    _line(paper, "公文图", "{{ 段.图 }}")
    _line(paper, "公文图题", "{{ 段.文字 }}")
    if held:
        _tag(paper, "{%p elif loop.last %}")
        _line(paper, "公文正文末段", "{{ 段.文字 }}")
    _tag(paper, "{%p else %}")
    _line(paper, "公文正文", "{{ 段.文字 }}")
    _tag(paper, "{%p endif %}")
    _tag(paper, "{%p endfor %}")


def _table(paper: Paper) -> None:
    """A row of heads that stands again on every page, and the rows below."""
    table = paper.add_table(rows=4, cols=3)
    table.style = paper.styles[TABLE_STYLE]
    _cells(table, 0, ("{%tc for 格 in 段.表.表头 %}", "{{ 格 }}", "{%tc endfor %}"), "公文表头")
    _cells(table, 1, ("{%tr for 行 in 段.表.各行 %}", "", ""), "公文模板标记")
    _cells(table, 2, ("{%tc for 格 in 行 %}", "{{ 格 }}", "{%tc endfor %}"), "公文表格文字")
    _cells(table, 3, ("{%tr endfor %}", "", ""), "公文模板标记")
    for number, name in ((0, "w:cantSplit"), (0, "w:tblHeader"), (2, "w:cantSplit")):
        table.rows[number]._tr.get_or_add_trPr().append(OxmlElement(name))


def _cells(table: Table, row: int, texts: tuple[str, ...], style: str) -> None:
    for cell, text in zip(table.rows[row].cells, texts, strict=True):
        _fill(cell, text, "公文模板标记" if text.startswith("{%") else style)


def _fill(cell: _Cell, text: str, style: str) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style = style
    paragraph.add_run(text)


def _list_of_annexes(paper: Paper) -> None:
    """附件说明: numbered where there are several."""
    _tag(paper, "{%p for 件 in 附件 %}")
    _tag(paper, "{%p if loop.length == 1 %}")
    _line(paper, "公文附件说明单件", "附件：{{ 件.标题 }}")
    _tag(paper, "{%p elif loop.first %}")
    _line(paper, "公文附件说明首行", "附件：{{ loop.index }}.{{ 件.标题 }}")
    _tag(paper, "{%p else %}")
    _line(paper, "公文附件说明", "{{ loop.index }}.{{ 件.标题 }}")
    _tag(paper, "{%p endif %}")
    _tag(paper, "{%p endfor %}")


def _copies(paper: Paper) -> None:
    """版记, at the foot of the last page, between two thick lines."""
    _tag(paper, "{%p if 抄送 %}")
    _line(paper, "公文版记", "　抄送：{{ 抄送 }}。")
    # LibreOffice overlooks a frame that only the style has.
    paper.paragraphs[-1]._p.get_or_add_pPr().append(_element(FOOT))
    _line(paper, "公文表后", "")
    _tag(paper, "{%p endif %}")


if __name__ == "__main__":
    build()

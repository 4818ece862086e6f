"""Papers as Word files: what they say, how they are laid out, and that drafts stay drafts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import RefusedError
from documents.papers.letters import SHIPPED, draft, final
from documents.papers.office_template import the_template
from documents.writing.blocks import Annex, Graph, Heading, PaperTable, PaperText, Series
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from tests.support.province import morning
from tests.support.steps import load
from tests.support.tape import Tape

LETTER = PaperText(
    "关于太原市“全部开工建设”逾期的督办函", "太原市民政局", ("第一段。", "第二段。"), "山西省民政厅"
)
CITIES = PaperTable(
    ("序号", "市", "开工", "完成投资（万元）", "存在问题"),
    (
        ("1", "太原市", "10", "1,234.50", "部分项目施工图审查意见尚未修改完成"),
        ("2", "大同市", "9", "—", "无"),
        ("", "合计", "19", "1,234.50", ""),
    ),
    "表1　各市进展",
    (1, 2, 1, 1, 8),
)
PACE = Graph("推进情况", ("3月", "4月"), (Series("开工", (Decimal(40), Decimal(105))),), "%")
FULL = PaperText(
    title="关于2023年6月工程进展情况的通报",
    addressee="各市民政局",
    paragraphs=(
        "首段。",
        Heading("一、总体进展"),
        PACE,
        Heading("（一）分市", 2),
        CITIES,
        "末段。",
    ),
    sender="山西省民政厅",
    annexes=(Annex("慢序时项目", (CITIES,)), Annex("按序时项目", ("无。",))),
    copies="省财政厅，各市人民政府。",
)
NUMBER, DAY = "晋民发〔2023〕45号", date(2023, 7, 3)


def opened(content: bytes) -> Any:
    return Document(BytesIO(content))


def paragraphs(content: bytes) -> list[str]:
    return [item.text for item in opened(content).paragraphs]


def styled(content: bytes) -> list[tuple[str, str]]:
    """Each paragraph that says something, with its style."""
    found = opened(content).paragraphs
    return [(item.style.name, item.text) for item in found if item.text.strip()]


# --- what stands in a paper -----------------------------------------------------------------------


def test_a_draft_is_marked_and_leaves_number_date_and_signature_open() -> None:
    assert paragraphs(draft(LETTER)) == [
        "草稿（供修改，由人工编号、签发）",
        "签发人：",
        "〔　　　　〕　　号",
        LETTER.title,
        "太原市民政局：",
        "第一段。",
        "第二段。",
        "山西省民政厅",
        "　　年　　月　　日",
    ]


def test_a_final_paper_has_number_and_day_and_no_mark() -> None:
    told = paragraphs(final(LETTER, NUMBER, DAY))
    assert (told[0], told[-1], len(told)) == (NUMBER, "2023年7月3日", 7)
    assert "草稿" not in "".join(told)


def test_every_part_of_a_paper_stands_in_its_order_and_style() -> None:
    assert styled(final(FULL, NUMBER, DAY)) == [
        ("公文发文字号", NUMBER),
        ("公文标题", FULL.title),
        ("公文主送", "各市民政局："),
        ("公文正文", "首段。"),
        ("公文一级标题", "一、总体进展"),
        ("公文图题", "推进情况"),
        ("公文二级标题", "（一）分市"),
        ("公文表格标题", "表1　各市进展"),
        ("公文正文末段", "末段。"),
        ("公文附件说明首行", "附件：1.慢序时项目"),
        ("公文附件说明", "2.按序时项目"),
        ("公文署名", "山西省民政厅"),
        ("公文成文日期", "2023年7月3日"),
        ("公文附件标识", "附件1"),
        ("公文附件标题", "慢序时项目"),
        ("公文表格标题", "表1　各市进展"),
        ("公文附件标识", "附件2"),
        ("公文附件标题", "按序时项目"),
        ("公文正文", "无。"),
        ("公文版记", "　抄送：省财政厅，各市人民政府。"),
    ]


def test_the_number_begins_as_far_as_it_is_known() -> None:
    told = paragraphs(draft(replace(LETTER, number="晋民函〔2023〕　　号")))
    assert told[2] == "晋民函〔2023〕　　号"
    assert (
        paragraphs(final(replace(LETTER, number="晋民函〔2023〕　　号"), NUMBER, DAY))[0] == NUMBER
    )


def test_whom_to_ask_and_how_open_it_is_stand_under_the_date() -> None:
    contact = "（联系人：示例·李某，联系电话：0351-0000000）"
    told = paragraphs(final(replace(LETTER, paragraphs=("首段。", contact)), NUMBER, DAY))
    assert told[-2:] == ["2023年7月3日", contact]
    left = "（公开属性由签发人审定）"
    letter = replace(LETTER, paragraphs=("首段。", left))
    assert paragraphs(draft(letter))[-1] == left
    assert left not in paragraphs(final(letter, NUMBER, DAY)), "who signs has decided"


def test_how_open_a_paper_is_stands_under_the_date() -> None:
    note = "（此件依申请公开）"
    told = paragraphs(final(replace(FULL, paragraphs=("首段。", note)), NUMBER, DAY))
    assert told[told.index("2023年7月3日") :][:3] == ["2023年7月3日", note, "附件1"]
    assert told.count(note) == 1
    told = paragraphs(draft(replace(FULL, paragraphs=(note, "末段。"))))
    assert told.index(note) < told.index("末段。"), "elsewhere it is a paragraph like any other"


def test_a_single_annex_has_no_number() -> None:
    told = paragraphs(draft(replace(FULL, annexes=FULL.annexes[:1])))
    assert "附件：慢序时项目" in told
    assert "附件" in told
    assert not [line for line in told if "附件1" in line or "1." in line]


@pytest.mark.parametrize("letter", [LETTER, FULL])
def test_draft_stands_in_the_head_of_every_page_and_never_on_a_final_paper(
    letter: PaperText,
) -> None:
    for made, mark in ((draft(letter), "草稿"), (final(letter, NUMBER, DAY), "")):
        paper = opened(made)
        assert paper.settings.odd_and_even_pages_header_footer
        (section,) = paper.sections
        assert not section.different_first_page_header_footer
        heads = (section.header, section.even_page_header)
        assert [item.paragraphs[0].text for item in heads] == [mark, mark]


# --- how it is laid out: GB/T 9704-2012 -----------------------------------------------------------


def test_the_page_is_that_of_official_papers() -> None:
    """A4; 37, 35, 28 and 26 mm around a type area of 156 × 225 mm, on a grid of 22 × 28 signs."""
    section = opened(draft(LETTER)).sections[0]
    sides = (section.page_width, section.page_height)
    rims = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(side / Mm(1), 1) for side in (*sides, *rims)] == [210, 297, 37, 35, 28, 26]
    grid = section._sectPr.find(qn("w:docGrid"))
    said = [grid.get(qn(f"w:{name}")) for name in ("type", "linePitch", "charSpace")]
    assert said == ["linesAndChars", "580", "-848"]


@pytest.mark.parametrize(
    ("style", "font", "points"),
    [
        ("公文标题", "方正小标宋简体", 22),
        ("公文附件标题", "方正小标宋简体", 22),
        ("公文主送", "仿宋_GB2312", 16),
        ("公文正文", "仿宋_GB2312", 16),
        ("公文一级标题", "黑体", 16),
        ("公文二级标题", "楷体_GB2312", 16),
        ("公文附件标识", "黑体", 16),
        ("公文成文日期", "仿宋_GB2312", 16),
        ("公文版记", "仿宋_GB2312", 14),
        ("公文页码", "宋体", 14),
        ("公文页码双页", "宋体", 14),
        ("公文表格文字", "仿宋_GB2312", 10.5),
    ],
)
def test_fonts_are_set_for_chinese_signs_too(style: str, font: str, points: float) -> None:
    made = opened(draft(FULL)).styles[style]
    fonts = made.element.rPr.rFonts
    assert {fonts.get(qn(f"w:{kind}")) for kind in ("ascii", "hAnsi", "eastAsia")} == {font}
    assert made.font.size.pt == points


def test_no_run_says_otherwise_than_its_style() -> None:
    """So that a font is changed in one place in Word."""
    body = opened(draft(FULL)).element.body
    assert not list(body.iter(qn("w:rFonts"), qn("w:sz")))


def test_lines_are_28_points_and_texts_begin_two_signs_further_in() -> None:
    styles = opened(draft(LETTER)).styles
    assert styles["Normal"].paragraph_format.line_spacing.pt == 28
    indents = {
        name: getattr(styles[name].element.pPr.find(qn("w:ind")), "attrib", {})
        for name in ("公文正文", "公文主送")
    }
    assert indents["公文正文"][qn("w:firstLineChars")] == "200"
    assert not indents["公文主送"], "flush left"


def test_page_numbers_stand_right_on_odd_and_left_on_even_pages() -> None:
    section = opened(draft(LETTER)).sections[0]
    for foot, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        (line,) = foot.paragraphs
        assert line.text == "— 1 —"
        assert " PAGE " in [item.text for item in line._p.iter(qn("w:instrText"))]
        assert line.style.paragraph_format.alignment is side


def test_an_annex_begins_on_a_page_of_its_own() -> None:
    made = opened(draft(FULL))
    assert made.styles["公文附件标识"].paragraph_format.page_break_before


def test_a_table_fits_the_type_area_and_repeats_its_head() -> None:
    for table in opened(draft(FULL)).tables:
        assert [cell.text for cell in table.rows[0].cells] == list(CITIES.heads)
        assert [cell.text for cell in table.rows[3].cells] == list(CITIES.rows[2])
        assert len(table.rows) == 4
        head = table.rows[0]._tr.trPr
        assert head.find(qn("w:tblHeader")) is not None
        widths = [column.w for column in table._tbl.tblGrid.gridCol_lst]
        assert abs(sum(widths) - Mm(156)) < Mm(0.2)
        assert [cell.width for cell in table.rows[1].cells] == widths
        kinds = WD_ALIGN_PARAGRAPH
        sides = [cell.paragraphs[0].alignment for cell in table.rows[1].cells]
        assert sides == [kinds.CENTER, kinds.CENTER, kinds.CENTER, kinds.RIGHT, kinds.LEFT]


def test_a_column_is_wide_enough_for_its_numbers() -> None:
    """五号 digits of 仿宋 are half as wide as they are high: 8 of them take 42 points."""
    columns = ("市", *(f"到位资金{n}（万元）" for n in range(4)), *(f"开工{n}" for n in range(7)))
    row = ("太原市", *["1,234.56"] * 4, *["10"] * 7)
    (table,) = opened(draft(replace(LETTER, paragraphs=(PaperTable(columns, (row,)),)))).tables
    widths = [column.w.pt for column in table._tbl.tblGrid.gridCol_lst]
    assert len(widths) == 12
    assert all(width > 8 * 10.5 / 2 + 3 for width in widths[1:5]), widths
    assert widths[0] > 3 * 10.5 + 3


@pytest.mark.heavy
@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1, 9), min_size=1, max_size=12))
def test_columns_stand_in_the_ratio_that_is_asked_for(shares: list[float]) -> None:
    empty = PaperTable(("",) * len(shares), (), widths=tuple(shares))
    (table,) = opened(draft(replace(LETTER, paragraphs=(empty,)))).tables
    widths = [column.w for column in table._tbl.tblGrid.gridCol_lst]
    assert abs(sum(widths) - Mm(156)) < Mm(0.2)
    least = Mm(156) * 2 * 10.5 / 442
    free = [(width, share) for width, share in zip(widths, shares, strict=True) if width > 3e5]
    assert all(width > least for width in widths)
    ratios = [width / share for width, share in free if width > 1.2 * least]
    assert not ratios or max(ratios) / min(ratios) < 1.3


def test_a_picture_is_as_wide_as_the_type_area_and_told_in_words() -> None:
    (shape,) = opened(draft(FULL)).inline_shapes
    assert abs(shape.width - Mm(156)) < Mm(0.2)
    assert 0.4 < shape.height / shape.width < 0.7
    assert shape._inline.docPr.get("descr") == "推进情况"


def held(table: PaperTable) -> list[bool]:
    """Which rows of a table stay on the page of the next one."""
    (made,) = opened(draft(replace(LETTER, paragraphs=(table,)))).tables
    return [
        all(cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells)
        for row in made.rows[1:]
    ]


def test_a_sum_never_stands_alone_and_a_small_table_of_figures_is_not_torn() -> None:
    figures = PaperTable(("市", "开工"), tuple(("太原市", str(n)) for n in range(12)))
    assert held(figures) == [True] * 11 + [False]
    texts = PaperTable(("市", "存在问题"), (("太原市", "施工图审查意见尚未修改完成"),) * 5)
    assert held(texts) == [False, False, True, True, False]
    long = PaperTable(figures.heads, figures.rows * 2)
    assert held(long) == [False] * 21 + [True, True, False]


def test_nothing_in_a_paper_tells_when_it_was_made() -> None:
    content = draft(FULL)
    with ZipFile(BytesIO(content)) as archive:
        assert {item.date_time for item in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
    properties = opened(content).core_properties
    assert {properties.created.year, properties.modified.year} == {2000}
    assert (properties.title, properties.author) == (FULL.title, "xingfu")


def test_equal_letters_are_equal_bytes() -> None:
    assert draft(FULL) == draft(replace(FULL))
    assert final(FULL, NUMBER, DAY) == final(replace(FULL), NUMBER, DAY)
    assert draft(FULL) != draft(replace(FULL, copies=""))


# --- whatever a text holds ------------------------------------------------------------------------

FIT = st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\ufffe\uffff", min_codepoint=32)
TEXTS = st.one_of(
    st.text(st.one_of(FIT, st.sampled_from("\n\t")), min_size=1),
    st.lists(
        st.sampled_from(
            ["{{", "}}", "{%p", "%}", "{_{", "}_}", "{#", "<w:t>", "&lt;", "&", "]]>", "“甲”", " "]
        ),
        min_size=1,
    ).map("".join),
)


@pytest.mark.heavy
@settings(max_examples=30, deadline=None)
@given(title=TEXTS, texts=st.lists(TEXTS, min_size=1, max_size=20), cells=st.tuples(TEXTS, TEXTS))
def test_any_text_comes_out_as_it_is(title: str, texts: list[str], cells: tuple[str, str]) -> None:
    table = PaperTable(cells, (cells[::-1],), texts[0])
    annex = Annex(texts[0], (Heading(texts[-1]), table))
    made = opened(draft(PaperText(title, texts[0], (*texts, table), texts[-1], (annex,))))
    told = [item.text for item in made.paragraphs]
    assert told[3].replace("\n", "") == title.replace("\n", "")  # a long one is turned
    assert told[4] == f"{texts[0]}："
    assert told[5 : 5 + len(texts)] == texts
    rest = [texts[0], "", f"附件：{texts[0]}", texts[-1], "　　年　　月　　日"]
    assert told[5 + len(texts) :] == [*rest, "附件", texts[0], texts[-1], texts[0], ""]
    for shown in made.tables:
        assert [tuple(cell.text for cell in row.cells) for row in shown.rows] == [
            cells,
            cells[::-1],
        ]


def test_line_breaks_of_other_systems_are_line_breaks() -> None:
    assert "甲\n乙\n丙" in paragraphs(draft(replace(LETTER, paragraphs=("甲\r\n乙\r丙",))))


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x0b", "\x0c", "\x1f", "\ud800", "\ufffe"])
def test_a_sign_that_no_file_can_hold_is_refused_with_its_place(sign: str) -> None:
    where = [
        replace(LETTER, paragraphs=(f"示例{sign}社区",)),
        replace(LETTER, title=f"示例{sign}社区"),
        replace(LETTER, paragraphs=(PaperTable(("甲",), ((f"示例{sign}社区",),)),)),
        replace(LETTER, paragraphs=(replace(PACE, caption=f"示例{sign}社区"),)),
    ]
    for letter in where:
        with pytest.raises(RefusedError, match=rf"“示例□社区”.*U\+{ord(sign):04X}"):
            draft(letter)


# --- an office's own template ---------------------------------------------------------------------


def edited(change: Callable[[Any], None], path: Path) -> Path:
    """The shipped template after somebody has worked on it."""
    paper = Document(str(SHIPPED))
    change(paper)
    paper.save(str(path))
    return path


def line_with(paper: Any, words: str) -> Any:
    return next(item for item in paper.paragraphs if words in item.text)


def test_without_a_template_of_its_own_the_shipped_one_holds(tmp_path: Path) -> None:
    assert the_template(tmp_path / "公文.docx") is None


def test_the_shipped_template_is_valid() -> None:
    assert the_template(SHIPPED) == SHIPPED.read_bytes()


def test_an_edited_template_is_used(tmp_path: Path) -> None:
    """A letterhead put on top, another font, and a tag that Word has split into runs."""

    def change(paper: Any) -> None:
        paper.paragraphs[0].insert_paragraph_before("山西省民政厅文件")
        paper.styles["公文正文"].font.size = Pt(15)
        tag = line_with(paper, "{{ 署名 }}")
        tag.runs[0].text = "{{ 署"
        tag.add_run("名 }}").bold = True

    own = the_template(edited(change, tmp_path / "公文.docx"))
    made = opened(draft(LETTER, own))
    assert made.paragraphs[0].text == "山西省民政厅文件"
    assert made.paragraphs[-2].text == "山西省民政厅"
    assert made.styles["公文正文"].font.size == Pt(15)
    assert final(FULL, NUMBER, DAY, own) != final(FULL, NUMBER, DAY)


def drop(words: str) -> Callable[[Any], None]:
    def change(paper: Any) -> None:
        element = line_with(paper, words)._p
        element.getparent().remove(element)

    return change


def reword(old: str, new: str) -> Callable[[Any], None]:
    def change(paper: Any) -> None:
        line = line_with(paper, old)
        line.runs[0].text = line.text.replace(old, new)

    return change


def unstyle(paper: Any) -> None:
    for table in paper.tables:
        table.style = "Normal Table"


def bare_head(paper: Any) -> None:
    paper.sections[0].even_page_header.paragraphs[0].runs[0].text = ""


def own_first_page(paper: Any) -> None:
    paper.sections[0].different_first_page_header_footer = True


def plain_mark(paper: Any) -> None:
    paper.sections[0].header.paragraphs[0].runs[0].text = "草稿"


def empty_cell(paper: Any) -> None:
    cell = paper.tables[0].rows[2].cells[1]
    cell.paragraphs[0].runs[0].text = "{{p 格 }}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (drop("{{ 标题 }}"), "缺少标记“标题”.*“试标题”"),
        (drop("{{ 发文字号 }}"), "缺少标记“发文字号”"),
        (drop("{{ 抄送 }}"), "缺少标记“抄送”"),
        (drop("{{ 附注 }}"), "缺少标记“附注”"),
        (drop("{{ 件.标识 }}"), "缺少标记“附件”.*“附件1”“附件2”"),
        (drop("{{ 段.图 }}"), "缺少图的标记"),
        (drop("{{ 草稿 }}"), "缺少标记“草稿”"),
        (drop("{%p endif %}"), "标记写法有误（在“.*附近）"),
        (reword("{{ 标题 }}", "{{ 题目 }}"), "名称“题目”有误"),
        (reword("{{ 件.标题 }}", "{{ 件.题目 }}"), "名称“题目”有误"),
        (reword("{{ 标题 }}", "{{ 标题"), "缺少标记“标题”"),
        (reword("附件：{{ 件.标题 }}", "附件："), "有1件附件时"),
        (reword("{{ loop.index }}.{{ 件.标题 }}", ""), "有2件附件时"),
        (reword("{{ 标题 }}", "{{ 标题.__class__.__mro__ }}"), "“__class__”有误|标记写法有误"),
        (reword("{{ 标题 }}", "{{ 标题 / 2 }}"), "标记不能执行"),
        (reword("{%p if 草稿 %}", "{% if 草稿 %}"), "标记的位置不当"),
        (unstyle, "表格未使用样式“公文表格”"),
        (bare_head, "页眉缺少“草稿”"),
        (own_first_page, "页眉缺少“草稿”"),
        (plain_mark, "正式件上仍会出现"),
        (empty_cell, "单元格内没有段落"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_by_its_name(
    change: Callable[[Any], None], says: str, tmp_path: Path
) -> None:
    path = edited(change, tmp_path / "公文.docx")
    with pytest.raises(RefusedError, match=says) as caught:
        the_template(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a file", b"PK\x03\x04 broken"])
def test_a_file_of_another_kind_is_no_template(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "公文.docx"
    path.write_bytes(content)
    with pytest.raises(RefusedError, match=r"不是 \.docx 格式"):
        the_template(path)


# --- supervision letters --------------------------------------------------------------------------


@pytest.mark.heavy
def test_the_province_gets_a_draft_for_each_city_that_let_it_come_so_far(
    sqlite_desk: Desk,
) -> None:
    load(sqlite_desk)
    day = date(2023, 6, 14)  # D08 is T+10
    enforce(sqlite_desk, date(2023, 6, 13), morning(date(2023, 6, 13)))
    enforce(sqlite_desk, day, morning(day))
    tape = Tape()
    deliver(sqlite_desk, lambda: morning(day), lambda _: tape)
    for message in tape.sent:
        names = [item.name for item in message.attachments if item.name.endswith(".docx")]
        assert bool(names) == (message.recipient == "山西省民政厅"), message.recipient
    (province,) = [item for item in tape.sent if item.recipient == "山西省民政厅"]
    letters = {a.name: paragraphs(a.content) for a in province.attachments if "督办函" in a.name}
    taiyuan = letters["督办函草稿 太原市 2023-06-14.docx"]
    assert "太原市民政局：" in taiyuan
    told = "\n".join(taiyuan)
    assert "应于3月31日前选址，已逾期75天。" in told
    assert told.count("XF2023") == 0
    assert "晋民发〔2023〕7号" in told
    assert "山西省　" not in letters, "the province writes no letter to itself"

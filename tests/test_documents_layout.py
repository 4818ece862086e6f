"""The writer: what it lays out is what every reader of workbooks reads."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

from common.errors import RefusedError, UnavailableError
from documents.reading.grid import read_book
from documents.writing import saving
from documents.writing.columns import DAY, TWO_DECIMALS, Column
from documents.writing.layout import Chart, FormSheet, Leaf, TableSheet, add_page, save, to_bytes
from documents.writing.lines import FormCell, FormLine
from documents.writing.looks import FIXED_FILL, Look
from documents.writing.rows import Value
from documents.writing.saving import finished
from tests.support.office import converted, needs_calc

COLUMNS = (
    Column("code", "编码", "^编码", 12, locked=True),
    Column("name", "项目名称", "名称", 20),
    Column("share", "比例", "比例", 10, TWO_DECIMALS),
    Column("on", "日期", "日期", 12, DAY, centred=True),
    Column("lamp", "状态", "状态", 12, choices=("是", "否")),
)
ROW: tuple[Value, ...] = ("TY-001", "示例甲", Decimal("1.50"), date(2023, 5, 31), "逾期3天")
PAGE = TableSheet("表", "标题", COLUMNS, [ROW], note="说明", unit="单位：万元")
FORM = FormSheet(
    "申报表",
    (12, 20, 12, 20),
    (
        FormLine((FormCell("申报表", Look.TITLE, across=4),), 40),
        FormLine(
            (
                FormCell("运行主体", Look.LABEL, down=2),
                FormCell("名称", Look.LABEL),
                FormCell("甲", across=2),
            )
        ),
        FormLine(
            (
                FormCell("电话", Look.LABEL),
                FormCell(choices=("是", "否")),
                FormCell("乙", Look.LOCKED),
            )
        ),
        FormLine((FormCell("意见", Look.LABEL), FormCell("　年　月　日", Look.SIGN, across=3)), 90),
    ),
    protected=True,
)
POINTS: tuple[tuple[Value, ...], ...] = ((date(2023, 3, 31), 1, None), ("四月", 2, 1))
CHART = Chart("曲线", "进度曲线", "line", ("月份", "开工", "竣工"), POINTS)
ALL: tuple[Leaf, ...] = (PAGE, FORM, CHART)
TRICKY = (
    "=1+1",
    " \t=1",
    "+1",
    "-1",
    "@a",
    "\tx",
    "\rx",
    "a\rb\r\nc",
    "_x000D_",
    "_x005F_x000D_",
    "<a>&amp;",
    "  两端空白  ",
    "#N/A",
    "𠮷",
)


def opened(*leaves: Leaf, **properties: str) -> Workbook:
    return load_workbook(BytesIO(to_bytes(leaves, properties)))


def sheet(leaf: Leaf) -> Any:
    return opened(leaf).worksheets[0]


def read(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()


def texts(values: Sequence[str]) -> TableSheet:
    column = Column("text", "文字", "文字", 30)
    return TableSheet("表", "标题", (column,), [(value,) for value in values])


def test_equal_leaves_give_equal_bytes_without_a_moment() -> None:
    content = to_bytes(ALL, {"xingfu": "甲"})
    assert content == to_bytes(ALL, {"xingfu": "甲"})
    assert content != to_bytes(ALL, {"xingfu": "乙"})
    with ZipFile(BytesIO(content)) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")


def test_our_own_workbooks_pass_the_gate() -> None:
    book = read_book("a.xlsx", to_bytes(ALL, {"xingfu": "a.b-c_<&>"}))
    assert [each.title for each in book.sheets] == ["表", "申报表", "曲线"]
    assert book.properties == {"xingfu": "a.b-c_<&>"}


def test_values_are_read_back() -> None:
    page = replace(PAGE, rows=[ROW, (None, "", Decimal("1E+3"), None, None)])
    rows = [[cell.value for cell in row] for row in sheet(page).iter_rows(min_row=4)]
    assert rows[0] == ["TY-001", "示例甲", 1.5, rows[0][3], "逾期3天"]
    assert rows[0][3].date() == date(2023, 5, 31)
    assert rows[1] == [None, None, 1000, None, None]
    assert read(to_bytes([page]))[3] == ["TY-001", "示例甲", 1.5, date(2023, 5, 31), "逾期3天"]


def test_numbers_show_no_fewer_digits_than_they_have() -> None:
    numbers = [Decimal("1.5"), Decimal("1.500"), Decimal("1.505"), Decimal("0.0001")]
    column = replace(COLUMNS[2], format="#,##0.00")
    shown = sheet(TableSheet("表", "标题", (column,), [(number,) for number in numbers]))
    formats = [cell.number_format for cell in shown["A"][2:]]
    assert formats == ["#,##0.00", "#,##0.00", "#,##0.000", "#,##0.0000"]


@pytest.mark.parametrize("text", TRICKY)
def test_text_stays_text_for_every_reader(text: str) -> None:
    content = to_bytes([texts([text])])
    cell = load_workbook(BytesIO(content)).worksheets[0]["A3"]
    assert cell.data_type == "s"
    assert bool(cell.quotePrefix) is bool(re.match(r"\s*[=+\-@]|[\t\r]", text))
    if "_x" not in text:  # openpyxl shows such codes as they are stored
        assert cell.value == text
    assert read(content)[2] == [text]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_any_text_is_read_back(text: str) -> None:
    assert read(to_bytes([texts(["x", text])]))[3:] == ([[text]] if text else [])


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x00", "a␀"), ("\x0b", "␋"), ("\x1f", "␟"), ("\ud800", "<U+D800>"), ("\uffff", "<U+FFFF>")],
)
def test_what_a_workbook_cannot_hold_is_shown_as_a_picture(text: str, shown: str) -> None:
    assert read(to_bytes([texts([text])]))[2] == [shown]
    page = Workbook()
    add_page(page, texts([text]))
    assert [cell.value for cell in page.worksheets[-1]["A"]][-1] == shown


def test_too_long_a_text_is_refused() -> None:
    assert read(to_bytes([texts(["长" * 32_767])]))[2] == ["长" * 32_767]
    with pytest.raises(RefusedError, match="32767个字符，有一处文字为32768个"):
        to_bytes([texts(["长" * 32_768])])


def test_a_page_is_ready_to_print() -> None:
    shown = sheet(replace(PAGE, footer="甲&乙", filters=True))
    assert (shown.page_setup.orientation, shown.page_setup.paperSize) == ("landscape", 9)
    assert (shown.page_setup.fitToWidth, shown.page_setup.fitToHeight) == (1, 0)
    assert shown.sheet_properties.pageSetUpPr.fitToPage
    assert shown.print_options.horizontalCentered
    assert (shown.print_title_rows, shown.freeze_panes) == ("$3:$3", "A4")
    assert shown.oddFooter.center.text == "第&P页 共&N页"
    assert shown.oddFooter.left.text == "甲&&乙"
    assert shown.auto_filter.ref == "A3:E4"
    assert {str(area) for area in shown.merged_cells.ranges} == {"A1:E1", "A2:C2", "D2:E2"}
    assert not [letter for letter, each in shown.column_dimensions.items() if each.hidden]
    assert sheet(replace(PAGE, landscape=False)).page_setup.orientation == "portrait"


def test_rows_are_as_high_as_their_texts() -> None:
    rows = [(name, "长" * 15) for name in ("短", "长" * 8, "一\n二\n三")]
    shown = sheet(
        TableSheet("表", "题", (COLUMNS[0], replace(COLUMNS[1], width=60)), rows, size=11)
    )
    heights = [shown.row_dimensions[row].height for row in (3, 4, 5)]
    assert heights == sorted(heights)
    assert heights[0] == 24
    assert len(set(heights)) == 3
    endless = sheet(TableSheet("表", "题", (COLUMNS[0],), [("长" * 9000,)]))
    assert endless.row_dimensions[3].height == 409


def test_a_protected_page_can_be_filled_in_where_it_is_not_fixed() -> None:
    shown = sheet(replace(PAGE, protected=True, spare=2))
    guard = shown.protection
    assert (guard.sheet, guard.password) == (True, None)
    assert not any((guard.formatColumns, guard.formatRows, guard.sort, guard.autoFilter))
    locked = {cell.coordinate for row in shown for cell in row if cell.protection.locked}
    assert {place for place in locked if int(place[1:]) > 3} == {"A4"}
    assert {"A1", "A2", "A3", "E3"} <= locked
    assert shown["A4"].fill.fgColor.rgb == f"00{FIXED_FILL}"
    assert shown["A5"].fill.fill_type is shown["B4"].fill.fill_type is None
    assert (shown.max_row, shown["A6"].border.left.style) == (6, "thin")
    assert [str(each.sqref) for each in shown.data_validations.dataValidation] == ["E4:E6"]


def test_an_open_page_has_nothing_fixed() -> None:
    shown = sheet(PAGE)
    assert not shown.protection.sheet
    assert shown["A4"].fill.fill_type is None
    assert [str(each.sqref) for each in shown.data_validations.dataValidation] == ["E4:E204"]


def test_the_example_is_not_printed() -> None:
    """Else it stood alone on the last page of a form that is signed and sealed."""
    shown = sheet(replace(PAGE, example=True, spare=2))
    assert shown.print_area == "'表'!$A$1:$E$6"
    assert shown.max_row == 7
    assert not sheet(replace(PAGE, spare=2)).print_area


@pytest.mark.parametrize(("most", "step"), [(3, 1), (40, None)])
def test_few_things_are_counted_one_by_one(most: int, step: int | None) -> None:
    """A chart of three projects has no mark at 2.5."""
    few = Chart("逾期", "逾期", "bar", ("市", "逾期"), [("太原市", most), ("大同市", 0)])
    (drawn,) = sheet(few)._charts
    assert drawn.y_axis.majorUnit == step


def test_lamps_colour_the_standing() -> None:
    shown = sheet(replace(PAGE, lamps=("lamp",), spare=1))
    (area,) = shown.conditional_formatting
    assert str(area.sqref) == "E4:E5"
    lit = {rule.text: rule.dxf.fill.bgColor.rgb[2:] for rule in area.rules}
    assert (lit["正常"], lit["逾期"], lit["待协调"]) == ("C6EFCE", "FFC7CE", "DDEBF7")
    order = [rule.text for rule in sorted(area.rules, key=lambda rule: rule.priority)]
    assert order.index("逾期完成") < order.index("逾期")
    assert all(rule.stopIfTrue for rule in area.rules)
    assert not sheet(PAGE).conditional_formatting


def test_choices_that_a_drop_down_cannot_hold_are_not_offered() -> None:
    for choices in (("长" * 200, "长" * 100), ("甲,乙", "丙")):
        page = replace(PAGE, columns=(*COLUMNS[:4], replace(COLUMNS[4], choices=choices)))
        assert not sheet(page).data_validations.dataValidation


def test_a_form_is_placed_as_a_table_of_html() -> None:
    shown = sheet(FORM)
    assert {str(area) for area in shown.merged_cells.ranges} == {
        *("A1:D1", "A2:A3", "C2:D2", "B4:D4"),
    }
    values = {cell.coordinate: cell.value for row in shown for cell in row if cell.value}
    assert values == {
        "A1": "申报表",
        "A2": "运行主体",
        "B2": "名称",
        "C2": "甲",
        "B3": "电话",
        "D3": "乙",
        "A4": "意见",
        "B4": "　年　月　日",
    }
    assert [shown.row_dimensions[row].height for row in (1, 2, 3, 4)] == [40, 24, 24, 90]
    assert shown["D4"].border.right.style == "thin"
    assert [str(each.sqref) for each in shown.data_validations.dataValidation] == ["C3"]
    assert shown.page_setup.orientation == "portrait"


def test_a_protected_form_can_be_filled_in_where_it_looks_so() -> None:
    shown = sheet(FORM)
    filled = {cell.coordinate for row in shown for cell in row if not cell.protection.locked}
    assert shown.protection.sheet
    assert filled == {"C2", "D2", "C3", "B4", "C4", "D4"}


def test_a_line_grows_with_its_texts() -> None:
    lines = [FormLine((FormCell("长" * 40),), 30), FormLine((FormCell("长" * 40, across=2),), 200)]
    shown = sheet(FormSheet("表", (20, 20), lines))
    first, second = (shown.row_dimensions[row].height for row in (1, 2))
    assert first > 60
    assert second == 200


@pytest.mark.parametrize("kind", ["line", "bar"])
def test_a_chart_stands_beside_its_numbers(kind: Any) -> None:
    content = to_bytes([replace(CHART, kind=kind)])
    shown = load_workbook(BytesIO(content)).worksheets[0]
    assert [[cell.value for cell in row] for row in shown["A2:C4"]] == [
        ["月份", "开工", "竣工"],
        ["2023-03-31", 1, None],
        ["四月", 2, 1],
    ]
    with ZipFile(BytesIO(content)) as archive:
        drawn = archive.read("xl/charts/chart1.xml").decode()
    assert f"{kind}Chart" in drawn
    assert "进度曲线" in drawn
    assert re.findall(r"<(?:c:)?f>(.*?)</", drawn) == [
        *("'曲线'!B2", "'曲线'!$A$3:$A$4", "'曲线'!$B$3:$B$4"),
        *("'曲线'!C2", "'曲线'!$A$3:$A$4", "'曲线'!$C$3:$C$4"),
    ]


def test_a_chart_of_nothing_is_a_table_of_nothing() -> None:
    content = to_bytes([replace(CHART, rows=[])])
    with ZipFile(BytesIO(content)) as archive:
        assert not [name for name in archive.namelist() if "chart" in name]


WORDS = st.text("甲a1 ·《&<>\"'_x000D_\ue0000\t=-", max_size=12)


@given(st.tuples(WORDS, WORDS), st.tuples(WORDS, WORDS))
@example(("甲", "乙"), ("\ue0000\ue000", "丙"))  # what stands for the first text
@example(("", ""), ("", "0 "))
def test_what_is_remembered_of_a_workbook_is_what_would_be_made(
    footers: tuple[str, str], said: tuple[str, str]
) -> None:
    """Workbooks that differ in footers, properties and rows share all else, and none of these."""

    def made(number: int) -> bytes:
        rows = [ROW, (f"甲{number}", *ROW[1:])][number:]
        page = replace(PAGE, rows=rows, spare=number, footer=footers[number])
        return to_bytes([page, replace(FORM, footer=footers[number])], {"p": said[number]})

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(saving, "PLAIN", re.compile("(?!)"))  # each text is written by the library
        written = [made(0), made(1)]
    assert [made(0), made(1), made(0), made(1)] == written * 2


def test_a_page_added_to_a_workbook_is_the_same_page() -> None:
    workbook = Workbook()
    page = replace(PAGE, rows=[ROW, ("=1", "a\rb", Decimal("1.505"), None, "")], protected=True)
    add_page(workbook, page)
    added = load_workbook(BytesIO(finished(workbook)))["表"]
    written = sheet(page)
    for ours, theirs in zip(added.iter_rows(), written.iter_rows(), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert (one.value, one.data_type) == (other.value, other.data_type)
            assert (one.number_format, one.quotePrefix) == (other.number_format, other.quotePrefix)
            for part in ("font", "fill", "border", "alignment", "protection"):
                assert repr(getattr(one, part)) == repr(getattr(other, part))
    assert finished(workbook) == finished(workbook)


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="无法写入"):
        save(tmp_path / "none" / "a.xlsx", [PAGE])


@needs_calc
@pytest.mark.heavy
@pytest.mark.parametrize("kinds", [("xlsx",), ("ods", "xlsx")])
def test_libreoffice_keeps_what_we_wrote(kinds: tuple[str, ...]) -> None:
    # It makes line feeds of line breaks, and OpenDocument keeps no blanks at the ends.
    told = ["=1+1", "+1", "-1", "@a", "_x000D_", "<a>&amp;", "#N/A", "𠮷"]
    told += [] if "ods" in kinds else ["\tx", "\rx", " \t=1", "  两端空白  "]
    page = replace(texts(told), protected=True, footer="甲&乙")
    book = read_book("a.xlsx", converted(to_bytes([page, *ALL[1:]], {"xingfu": "a.b-_"}), *kinds))
    assert book.properties["xingfu"] == "a.b-_"
    assert [row[0] for row in book.sheets[0].rows[2:]] == told
    again = load_workbook(BytesIO(book.content))
    assert again.worksheets[0].protection.sheet
    assert not again.worksheets[0]["A3"].protection.locked
    footer = again.worksheets[0].oddFooter
    assert footer is not None
    assert "甲&&乙" in str(footer.left.text)


@pytest.mark.parametrize(("width", "size"), [(80, 9), (90, 8)])
def test_a_list_too_wide_for_a4_is_printed_on_a3(width: float, size: int) -> None:
    columns = tuple(Column(key, key, f"^{key}$", width) for key in ("甲", "乙", "丙"))
    page = TableSheet("清单", "清单", columns, [("a", "b", "c")])
    [shown] = load_workbook(BytesIO(to_bytes([page]))).worksheets
    assert (shown.page_setup.paperSize, shown.page_setup.orientation) == (size, "landscape")

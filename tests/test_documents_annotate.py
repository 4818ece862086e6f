"""A refused workbook comes back with the faulty cells marked, and with nothing else marked."""

from collections.abc import Callable, Sequence
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from documents.forms.summary import pages, read_applications
from documents.reading.annotate import LIST, MARK, annotated, returned_name
from documents.reading.faults import OPENING, CellFault, Spot, WorkbookError, raise_faults
from documents.reading.grid import read_book
from documents.writing.layout import to_bytes
from policy.fields import OPERATOR_SHEET, SITE_SHEET, SUPPLEMENT_SHEET
from tests.support.builders import SUMMARY_SHEET, plan
from tests.test_documents_summary import FULL, row

pytestmark = pytest.mark.heavy

CITY = "太原市"
PLANTED: tuple[tuple[str, str, str | float], ...] = (
    (SUMMARY_SHEET, "B4", "晋原区"),
    (SUMMARY_SHEET, "C5", "示例甲社区"),
    (SUMMARY_SHEET, "E6", "重建"),
    (SUMMARY_SHEET, "F7", "约850"),
    (SUMMARY_SHEET, "G8", -5),
    (SUMMARY_SHEET, "F9", 850.555),
    (SUMMARY_SHEET, "G10", 1205000),
    (SUPPLEMENT_SHEET, "E11", "E"),
    (SUPPLEMENT_SHEET, "G12", 10.5),
    (SUPPLEMENT_SHEET, "H12", "六百户"),
    (SUPPLEMENT_SHEET, "I11", "部分"),
    (SUPPLEMENT_SHEET, "R12", "2月30日"),
    (SUPPLEMENT_SHEET, "U13", "2023-13-01"),
    (SITE_SHEET, "E6", "面议"),
    (SITE_SHEET, "F7", "去年"),
    (SITE_SHEET, "K8", "不详"),
    (SITE_SHEET, "M9", "城市"),
    (OPERATOR_SHEET, "D10", "91140100MA00000017"),
    (OPERATOR_SHEET, "J11", "若干"),
    (OPERATOR_SHEET, "M12", 99999999),
)


def sound() -> bytes:
    """A workbook with a project in each of the city's counties, without a fault."""
    city = plan().city(CITY)
    assert city is not None
    return to_bytes(pages(plan(), CITY, [row(county.name, FULL) for county in city.counties]))


def edited(content: bytes, edit: Callable[[Workbook], object]) -> bytes:
    book, buffer = load_workbook(BytesIO(content)), BytesIO()
    edit(book)
    book.save(buffer)
    return buffer.getvalue()


def faults_of(content: bytes) -> tuple[CellFault, ...]:
    return read_applications(read_book("上报.xlsx", content), plan()).faults


def returned(content: bytes) -> Workbook:
    copy = annotated(read_book("上报.xlsx", content), faults_of(content))
    assert copy is not None
    return load_workbook(BytesIO(copy))


def spoilt_and_marked() -> bytes:
    content = edited(sound(), plant)
    copy = annotated(read_book("a.xlsx", content), faults_of(content))
    assert copy is not None
    return copy


def marked(book: Workbook) -> set[tuple[str, str]]:
    """The cells that are coloured as marks, which must be those that have a comment."""
    cells = {
        (sheet.title, cell.coordinate): cell
        for sheet in book.worksheets
        for line in sheet.iter_rows()
        for cell in line
    }
    coloured = {at for at, cell in cells.items() if cell.fill.fgColor.rgb == MARK.fgColor.rgb}
    commented = {at for at, cell in cells.items() if cell.comment}
    assert coloured == commented
    return coloured


def plant(book: Workbook) -> None:
    for sheet, cell, value in PLANTED:
        book[sheet][cell] = value


def test_twenty_mistakes_come_back_as_twenty_marked_cells() -> None:
    book = returned(edited(sound(), plant))
    assert len(PLANTED) == 20
    assert marked(book) == {(sheet, cell) for sheet, cell, _ in PLANTED}


def test_each_comment_says_what_is_wrong_and_what_would_be_right() -> None:
    book = returned(edited(sound(), plant))
    for sheet, cell, _ in PLANTED:
        words = book[sheet][cell].comment.text
        assert words.startswith(OPENING)
        assert "请" in words or "须" in words
        assert "（" in words, "the clause, or the form that asks for it"
    assert "不是数字（四(二)）" in book[SUMMARY_SHEET]["F7"].comment.text
    assert "（附件3）" in book[SUMMARY_SHEET]["C5"].comment.text


def test_the_list_names_each_fault_with_its_cell_and_value() -> None:
    sheet = returned(edited(sound(), plant))[LIST]
    lines = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=3)]
    assert [tuple(line[1:3]) for line in lines] == [(s, c) for s, c, _ in sorted_by(lines)]
    assert len(lines) == len(PLANTED)
    assert all(line[3] and line[4] and line[5] for line in lines)


def sorted_by(lines: Sequence[Sequence[object]]) -> list[tuple[str, str, object]]:
    """What was planted, in the order of the list."""
    places = {(sheet, cell): (sheet, cell, value) for sheet, cell, value in PLANTED}
    return [places[str(line[1]), str(line[2])] for line in lines]


def test_a_mended_copy_is_read_as_if_it_had_never_been_marked() -> None:
    original = sound()
    whole = read_applications(read_book("a.xlsx", original), plan())
    copy = spoilt_and_marked()

    def mend(book: Workbook) -> None:
        before = load_workbook(BytesIO(original))
        for sheet, cell, _ in PLANTED:
            book[sheet][cell] = before[sheet][cell].value

    assert read_applications(read_book("a.xlsx", edited(copy, mend)), plan()) == whole


def test_marks_of_an_earlier_copy_are_taken_off() -> None:
    first = spoilt_and_marked()
    original = load_workbook(BytesIO(sound()))

    def mend_all_but_one(book: Workbook) -> None:
        for sheet, cell, _ in PLANTED[1:]:
            book[sheet][cell] = original[sheet][cell].value

    book = returned(edited(first, mend_all_but_one))
    assert marked(book) == {PLANTED[0][:2]}
    assert book.sheetnames.count(LIST) == 1


def test_a_fault_in_merged_cells_marks_the_first_of_them() -> None:
    def merge(book: Workbook) -> None:
        sheet = book[SUMMARY_SHEET]
        sheet["B4"] = "晋原区"
        sheet.merge_cells("B4:B6")

    assert (SUMMARY_SHEET, "B4") in marked(returned(edited(sound(), merge)))


def test_equal_workbooks_give_equal_copies() -> None:
    content = edited(sound(), plant)
    one, other = (annotated(read_book("a.xlsx", content), faults_of(content)) for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("file", "copy"),
    [("太原市.xlsx", "太原市-需修改.xlsx"), ("太原市-需修改.xlsx", "太原市-需修改.xlsx")],
)
def test_the_copy_has_a_name_of_its_own(file: str, copy: str) -> None:
    assert returned_name(file) == copy


def test_an_error_lists_its_faults_one_a_line_with_sheet_cell_value_and_mend() -> None:
    faults = [
        CellFault(Spot("表", "B4", "晋原区"), "没有这个区；请核对", "附件1"),
        CellFault(Spot("表", "C5", "geheim"), "不应填写；请移走", secret=True),
        CellFault(Spot("表"), "缺少一列；请补齐"),
    ]
    with pytest.raises(WorkbookError) as caught:
        raise_faults("a.xlsx", faults)
    assert str(caught.value).split("\n") == [
        "a.xlsx「表」B4：原值“晋原区”，没有这个区（附件1）；请核对",
        "a.xlsx「表」C5：原值不予显示，不应填写；请移走",
        "a.xlsx「表」：缺少一列；请补齐",
    ]


def test_what_is_struck_through_stays_so_in_the_copy() -> None:
    """Else what was asked about would come back as a plain 45."""

    def strike(book: Workbook) -> None:
        run = TextBlock(InlineFont(strike=True), "4")
        book.worksheets[0]["D4"] = CellRichText(run, "5")

    content = edited(sound(), strike)
    copy = annotated(read_book("a.xlsx", content), faults_of(content))
    assert copy is not None
    for each in (content, copy):
        assert any("删除线" in fault.reason for fault in faults_of(each))


def test_a_row_that_is_struck_through_is_one_question() -> None:
    def strike(book: Workbook) -> None:
        for cell in ("B4", "C4", "D4"):
            book.worksheets[0][cell].value = "作废"
            book.worksheets[0][cell].font = Font(strike=True)
        book.worksheets[0]["D6"].value = "作废"
        book.worksheets[0]["D6"].font = Font(strike=True)

    asked = [each for each in faults_of(edited(sound(), strike)) if "删除线" in each.reason]
    assert [each.spot.cell for each in asked] == ["B4", "D6"]
    assert "本行共3格有删除线（B4、C4、D4）" in asked[0].says
    assert asked[0].mend.startswith("整行作废的请删去整行")

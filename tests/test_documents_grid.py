"""A workbook as plain values: what a person would see, and what a blank must not hide."""

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty

from common.errors import RefusedError
from documents.reading.cells import NO_RESULT
from documents.reading.grid import Book, read_book


def book(edit: Callable[[Workbook], object]) -> Book:
    made, buffer = Workbook(), BytesIO()
    edit(made)
    made.save(buffer)
    return read_book("a.xlsx", buffer.getvalue())


def rows(*lines: list[object]) -> list[list[object]]:
    def fill(made: Workbook) -> None:
        for line in lines:
            made.worksheets[0].append(line)

    return [list(line) for line in book(fill).sheets[0].rows]


def test_values_keep_their_kind() -> None:
    day, moment = date(2023, 2, 10), datetime(2023, 2, 10, 8, 30)  # noqa: DTZ001  # as cells hold it
    assert rows(["文字", 12, 850.5, True, day, moment]) == [
        ["文字", 12.0, 850.5, True, day, moment]
    ]


def test_rows_and_columns_count_from_a1_whatever_is_blank() -> None:
    found = book(lambda made: made.worksheets[0].cell(3, 2, "甲")).sheets[0].rows
    assert [list(line) for line in found] == [["", ""], ["", ""], ["", "甲"]]


def test_a_value_merged_down_stands_in_each_row_and_one_merged_across_does_not() -> None:
    def merge(made: Workbook) -> None:
        sheet = made.worksheets[0]
        sheet["A1"], sheet["B1"], sheet["D3"] = "下", "右", "末"
        sheet.merge_cells("A1:A3")
        sheet.merge_cells("B1:C1")

    found = book(merge).sheets[0].rows
    assert [line[0] for line in found] == ["下", "下", "下"]
    assert list(found[0]) == ["下", "右", "", ""]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!", "#VALUE!"])
def test_an_error_is_no_blank(error: str) -> None:
    assert rows(["甲", error]) == [["甲", error]]


def test_a_formula_that_was_never_calculated_is_no_blank() -> None:
    assert rows(["甲", "=1+1"]) == [["甲", NO_RESULT]]


def formula(cell: str) -> object:
    """What is read of a cell that is written so."""
    made, buffer = Workbook(), BytesIO()
    made.worksheets[0]["A1"], made.worksheets[0]["B1"] = "甲", "乙"
    made.save(buffer)
    with ZipFile(BytesIO(buffer.getvalue())) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    start, end = sheet.index('<c r="B1"'), sheet.index("</row>")
    parts["xl/worksheets/sheet1.xml"] = (sheet[:start] + cell + sheet[end:]).encode()
    buffer = BytesIO()
    with ZipFile(buffer, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    (line,) = read_book("a.xlsx", buffer.getvalue()).sheets[0].rows
    return line[1] if len(line) > 1 else ""


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="B1"><f>1+1</f><v>2</v></c>', 2.0),
        ('<c r="B1" t="str"><f>"a"</f><v>a</v></c>', "a"),
        ('<c r="B1" t="str"><f>IF(A1="","x","")</f><v></v></c>', ""),
        ('<c r="B1"><f>1+1</f></c>', NO_RESULT),
        ('<c r="B1"><f>1+1</f><v/></c>', NO_RESULT),
        ('<c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
    ],
)
def test_a_formula_shows_its_last_result(cell: str, value: object) -> None:
    assert formula(cell) == value


def test_many_sheets_of_great_extent_are_refused_together() -> None:
    def spread(made: Workbook) -> None:
        for number in range(3):
            made.create_sheet(f"表{number}").cell(20_000, 100, "远")

    with pytest.raises(RefusedError, match="：文件内容过大"):
        book(spread)


def test_hidden_sheets_are_not_read() -> None:
    def hide(made: Workbook) -> None:
        made.worksheets[0]["A1"] = "甲"
        made.create_sheet("旧表").sheet_state = "hidden"

    assert [sheet.title for sheet in book(hide).sheets] == ["Sheet"]


def test_custom_properties_are_read() -> None:
    def mark(made: Workbook) -> None:
        kept = made.custom_doc_props  # type: ignore[attr-defined]  # not in the stubs
        kept.append(StringProperty(name="xingfu", value="a.b_c-d"))

    assert book(mark).properties == {"xingfu": "a.b_c-d"}
    assert book(lambda made: None).properties == {}


def test_what_the_readers_choke_on_is_refused_in_one_sentence() -> None:
    made, buffer = Workbook(), BytesIO()
    made.save(buffer)
    with ZipFile(BytesIO(buffer.getvalue())) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"sheetId", b"shitId")
    parts["xl/_rels/workbook.xml.rels"] = b"<Relationships/>"
    buffer = BytesIO()
    with ZipFile(buffer, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    with pytest.raises(RefusedError) as caught:
        read_book("a.xlsx", buffer.getvalue())
    assert str(caught.value).startswith("a.xlsx：")
    assert "\n" not in str(caught.value)

"""The contacts workbook."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from documents.contacts import ContactRow, offices, read_contacts, write_contacts
from documents.workbook import Form, recognise
from policy.errors import RefusedError
from policy.load import load_plan, plan_path

# Every example overwrites the file of the one before.
FREELY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLAN = load_plan(plan_path("shanxi-2023"))
OFFICES = tuple(offices(PLAN))
WORDS = st.text("示例张王李科长=+-@a1", min_size=1, max_size=8)
MAIL = st.sampled_from([None, "mailto://u:p@mail.example", "mailtos://u:p@mail.example?to=a@b.c"])
PEOPLE = st.lists(
    st.builds(ContactRow, st.sampled_from(OFFICES), WORDS, WORDS, WORDS, MAIL),
    max_size=8,
    unique_by=lambda row: (row.office, row.name),
)


def filled(path: Path, *rows: tuple[str | int | None, ...]) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["示例省通讯录"])
    sheet.append(["姓名", "机构", "职务", "手机", "通知地址", "备注"])
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_offices_are_those_of_every_level() -> None:
    assert len(OFFICES) == 117 + 11 + 11 + 1
    assert OFFICES[:3] == ("山西省民政厅", "太原市民政局", "太原市民政局分管领导")
    assert "太原市晋源区民政局" in OFFICES


@settings(FREELY, max_examples=30)
@given(PEOPLE)
def test_what_is_written_is_read_back(tmp_path: Path, people: list[ContactRow]) -> None:
    path = tmp_path / "通讯录.xlsx"
    write_contacts(path, people)
    assert read_contacts(path, PLAN) == tuple(people)
    assert recognise(path) is Form.CONTACTS


def test_columns_in_another_order_and_numbers_for_text(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.xlsx", ("示例 张", "太原市 民政局", None, 13800000000, None))
    assert read_contacts(path, PLAN) == (
        ContactRow("太原市民政局", "示例张", "", "13800000000", None),
    )


def test_every_fault_is_named_and_no_address_is_shown(tmp_path: Path) -> None:
    path = filled(
        tmp_path / "a.xlsx",
        ("示例张", "太原市民政厅", None, None, None),
        (None, "太原市民政局", None, None, None),
        ("示例李", "太原市民政局", None, None, "wecombot://secret"),
        ("示例李", "太原市民政局", None, None, "mailto:// secret@x"),
    )
    with pytest.raises(RefusedError) as caught:
        read_contacts(path, PLAN)
    text = str(caught.value)
    assert [line.partition("」")[2].partition("：")[0] for line in text.split("\n")] == [
        "B3",
        "A4",
        "E5",
        "E6",
        "A6",
    ]
    assert "是否为" in text.split("\n")[0]
    assert "太原市民政局" in text.split("\n")[0]
    assert "secret" not in text
    assert "mailto://" in text


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0].append(["机构", "姓名", "手机", "职务"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(RefusedError, match="缺少“通知地址”列"):
        read_contacts(tmp_path / "a.xlsx", PLAN)


def test_another_form_is_refused(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(RefusedError, match="没有找到通讯录"):
        read_contacts(tmp_path / "a.xlsx", PLAN)

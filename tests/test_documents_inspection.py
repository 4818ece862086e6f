"""督查表: what those who visit a project fill in is read back; faults are told at their cells."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from common.errors import RefusedError
from documents.forms.inspection import (
    InspectedProject,
    InspectionForm,
    inspection_sheet,
    read_inspection,
)
from documents.forms.recognise import LIKENESS, recognise
from documents.reading.faults import WorkbookError
from documents.reading.grid import Book, read_book
from documents.writing.layout import FormSheet, to_bytes
from policy.vocabulary import Form
from tests.support.builders import plan
from tests.test_documents_acceptance import _with as with_cells

ON = date(2023, 6, 15)
RULE = plan().inspection
assert RULE is not None
ITEMS = {item.id: item for item in RULE.items}
ABOUT = InspectedProject(
    as_of=date(2023, 5, 31),
    code="XF2023-140105-01",
    name="示例街道示例社区养老幸福工程",
    city="太原市",
    county="小店区",
    stage="建设",
    started=date(2023, 5, 8),
    percent=35,
    reported="2023-05",
    investment=Decimal("1500000.00"),
    invested=Decimal("520000.00"),
    subsidy=Decimal("840000.00"),
    released=Decimal("840000.00"),
    received=Decimal("400000.00"),
    promised=Decimal("660000.00"),
    matched=Decimal("0.00"),
    responsible="张某",
    late=("市县配套资金全部到位", "全部开工建设"),
)
Told = Mapping[str, tuple[object, object]]
WELL: Told = dict.fromkeys(ITEMS, ("是", None))


def filled(
    told: Told,
    on: object = ON,
    inspectors: object = "山西省民政厅王某、李某",
    opinion: object = "进展正常",
) -> FormSheet:
    """The form as it comes back: an answer and a problem for each item."""
    put: dict[str, Mapping[int, object]] = {
        ITEMS[id].label: {2: answer, 3: problem} for id, (answer, problem) in told.items()
    }
    put |= {"督查日期": {1: on, 3: inspectors}, "督查意见": {1: opinion}}
    sheet = inspection_sheet(plan(), ABOUT, protected=True)
    return replace(sheet, lines=[with_cells(line, put) for line in sheet.lines])


def book(sheet: FormSheet) -> Book:
    return read_book("督查表.xlsx", to_bytes([sheet]))


def read(sheet: FormSheet) -> InspectionForm:
    return read_inspection(book(sheet), plan())


def faults(sheet: FormSheet) -> Mapping[str, str]:
    """By cell, what is wrong."""
    return {fault.spot.cell: fault.reason for fault in read(sheet).form.faults}


WORDS = st.text("督查发现问题一二三ab1（），", min_size=1, max_size=12)
ANSWERED = st.one_of(st.just(("是", "")), st.tuples(st.sampled_from(["是", "否"]), WORDS))


@pytest.mark.heavy
@given(
    st.fixed_dictionaries(dict.fromkeys(ITEMS, ANSWERED)),
    st.dates(date(2023, 1, 1), date(2099, 12, 31)),
    WORDS,
    st.one_of(st.just(""), WORDS),
)
@settings(deadline=None, max_examples=40)
def test_what_is_filled_in_is_read_back(told: Told, on: date, who: str, opinion: str) -> None:
    back = read(filled(told, on, who, opinion or None))
    assert back.form.faults == []
    assert {id: (each.answer, each.problem) for id, each in back.findings.items()} == told
    assert (back.on, back.inspectors, back.opinion) == (on, who, opinion)
    assert set(back.problems) == {id for id, (_, problem) in told.items() if problem}


def test_the_form_shows_what_is_known_and_what_is_asked() -> None:
    sheet = load_workbook(BytesIO(book(filled({})).content)).worksheets[0]
    assert sheet.page_setup.orientation == "portrait"
    shown = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value}
    assert {ABOUT.code, ABOUT.name, "太原市小店区", "建设", "2023-05-08"} <= shown
    assert {"35%（2023-05月报）", "150.00", "52.00", "40.00", "66.00", "0.00"} <= shown
    assert "应补助84.00，已下达84.00" in shown
    assert "市县配套资金全部到位；全部开工建设" in shown
    assert {item.label for item in ITEMS.values()} <= shown
    asked = [words for words in shown if words.endswith("，建议）")]
    assert len(asked) == sum(item.origin.value == "proposal" for item in ITEMS.values()) == 5
    assert any("自督查之日起15日内整改（《实施方案》未明确，为建议）" in words for words in shown)
    assert sheet.protection.sheet
    free = [c for row in sheet.iter_rows() for c in row if not c.protection.locked]
    assert {"C12", "D12", "B18", "D18", "B19"} <= {c.coordinate for c in free}
    assert "B12" not in {c.coordinate for c in free}


def test_what_is_not_known_is_said_so() -> None:
    bare = replace(ABOUT, percent=None, reported="", started=None, promised=None, late=())
    sheet = inspection_sheet(plan(), replace(bare, invested=None, responsible=""))
    shown = {str(cell.value) for line in sheet.lines for cell in line.cells}
    assert {"尚无月报", "尚未开工", "未填报", "无"} <= shown


def test_sums_are_exact_and_what_was_not_released_is_no_sum() -> None:
    owed = replace(ABOUT, subsidy=Decimal("965433"), released=None)
    sheet = inspection_sheet(plan(), owed)
    shown = {str(cell.value) for line in sheet.lines for cell in line.cells}
    assert "应补助96.5433，尚未下达" in shown


def test_it_is_recognised_among_all_forms() -> None:
    back = book(filled(WELL))
    assert recognise(back, plan()) is Form.INSPECTION
    like = {form: likeness(back, plan()) for form, likeness in LIKENESS.items()}
    assert like.pop(Form.INSPECTION) == 1
    assert max(like.values()) < 0.6


def test_what_is_missing_is_told_at_its_cell() -> None:
    told = {**WELL, "quality_safety": ("否", None), "funds": (None, None), "site": ("基本", None)}
    found = faults(filled(told, on=None, inspectors=None))
    assert sorted(found) == ["B18", "C15", "C16", "D13", "D18"]
    assert found["D13"].startswith("核验结果为“否”，未写明问题")
    assert "未填写“资金到位、专款专用”的核验结果" in found["C15"]
    assert "“是”或“否”" in found["C16"]
    assert "未填写督查日期" in found["B18"]
    assert "未填写督查人" in found["D18"]


def test_a_blank_is_not_taken_for_the_next_label() -> None:
    place = next(line for line in filled(WELL).lines if line.cells[0].value == "所在地")
    bare = replace(
        place, cells=(place.cells[0], replace(place.cells[1], value=None), *place.cells[2:])
    )
    sheet = filled(WELL)
    lines = [bare if line == place else line for line in sheet.lines]
    assert read(replace(sheet, lines=lines)).form.value("place") is None


def test_an_item_that_was_removed_is_told() -> None:
    sheet = filled(WELL)
    lines = [line for line in sheet.lines if line.cells[0].value != ITEMS["site"].label]
    with pytest.raises(WorkbookError, match="缺少“场地无偿提供、与申报一致”一行；请在第16行上方"):
        read(replace(sheet, lines=lines))


def test_an_item_of_its_own_or_twice_is_a_fault() -> None:
    sheet = filled(WELL)
    first = next(n for n, line in enumerate(sheet.lines) if line.cells[0].value == "督查项") + 1
    line = sheet.lines[first]
    again = replace(sheet, lines=[*sheet.lines[:first], line, *sheet.lines[first:]])
    assert "督查项重复" in str(faults(again))
    own = replace(line, cells=(replace(line.cells[0], value="绿化"), *line.cells[1:]))
    other = replace(sheet, lines=[*sheet.lines[:first], own, *sheet.lines[first:]])
    assert "不是督查项" in str(faults(other))


def test_missing_parts_are_named() -> None:
    sheet = filled(WELL)
    lines = [line for line in sheet.lines if line.cells[0].value != "督查日期"]
    with pytest.raises(RefusedError, match="缺少“督查日期”“督查人"):
        read(replace(sheet, lines=lines))


def test_a_plan_without_inspection_has_no_form() -> None:
    other = plan().model_copy(update={"inspection": None})
    with pytest.raises(RefusedError, match="没有规定年中督查"):
        inspection_sheet(other, ABOUT)
    with pytest.raises(RefusedError, match="没有规定年中督查"):
        read_inspection(book(filled(WELL)), other)

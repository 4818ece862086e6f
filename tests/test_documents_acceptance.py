"""验收表: what an acceptance group fills in is read back; faults are told at their cells."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from common.errors import RefusedError
from documents.forms.acceptance import AcceptanceForm, acceptance_sheet, read_acceptance, verdicts
from documents.forms.recognise import recognise
from documents.reading.grid import Book, read_book
from documents.writing.layout import FormSheet, to_bytes
from documents.writing.lines import FormCell, FormLine
from policy.vocabulary import Form
from tests.support.builders import FUNCTIONS, a_dossier, answers, plan

ON = date(2023, 12, 5)
PROJECT = a_dossier(stage="acceptance")
RESULT, PROBLEM, UNTIL = 2, 3, 4
"""Where a line of the checklist has its answer, and what follows."""
ITEMS = {item.id: item for item in plan().checklist}


def filled(
    checks: Mapping[str, object],
    verdict: object = "通过",
    on: object = ON,
    problems: Mapping[str, tuple[str, date | None]] | None = None,
) -> FormSheet:
    """The form as an acceptance group fills it in."""
    told = {
        ITEMS[id].label: {RESULT: checks.get(id), **_problem((problems or {}).get(id))}
        for id in ITEMS
    }
    told["结论"] = {1: verdict, 3: on}
    sheet = acceptance_sheet(plan(), PROJECT, protected=True)
    return replace(sheet, lines=[_with(line, told) for line in sheet.lines])


def _problem(said: tuple[str, date | None] | None) -> Mapping[int, object]:
    return {PROBLEM: said[0], UNTIL: said[1]} if said else {}


def _with(line: FormLine, told: Mapping[str, Mapping[int, object]]) -> FormLine:
    put = told.get(str(line.cells[0].value), {})
    cells = tuple(
        replace(cell, value=put[n]) if n in put else cell  # type: ignore[arg-type]  # any value
        for n, cell in enumerate(line.cells)
    )
    return replace(line, cells=cells)


def book(sheet: FormSheet) -> Book:
    return read_book("验收表.xlsx", to_bytes([sheet]))


def read(sheet: FormSheet) -> AcceptanceForm:
    return read_acceptance(book(sheet), plan())


def faults(sheet: FormSheet) -> Mapping[str, str]:
    """By cell, what is wrong."""
    return {fault.spot.cell: fault.reason for fault in read(sheet).form.faults}


ANSWERS = st.fixed_dictionaries(
    {
        "area": st.decimals(300, 5000, places=2).map(str),
        "beds": st.integers(0, 120).map(str),
        "functions": st.sets(st.sampled_from(sorted(FUNCTIONS)), min_size=1).map("、".join),
        "acceptors": st.sampled_from(["大同市民政局王某", "大同市民政局王某、朔州市民政局李某"]),
        **{id: st.sampled_from(["是", "否"]) for id, item in ITEMS.items() if item.judged},
    }
)


@given(
    ANSWERS,
    st.sampled_from(sorted(verdicts(plan()))),
    st.dates(date(2023, 1, 1), date(2099, 12, 31)),
)
@settings(deadline=None)
def test_what_is_filled_in_is_read_back(checks: Mapping[str, str], verdict: str, on: date) -> None:
    back = read(filled(checks, verdict, on))
    assert back.form.faults == []
    assert (back.checks, back.verdict, back.on) == (checks, verdict, on)


def test_every_conclusion_leads_to_an_action() -> None:
    assert verdicts(plan()) == {
        "通过": "pass_acceptance",
        "整改后通过": "pass_after_rectification",
        "不通过": "fail_acceptance",
    }


def test_the_form_shows_what_was_approved_and_what_is_asked() -> None:
    sheet = load_workbook(BytesIO(book(filled({})).content)).worksheets[0]
    assert sheet.page_setup.orientation == "portrait"
    shown = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert {PROJECT.code, PROJECT.name, "太原市小店区", "改建"} <= shown
    assert any(words.startswith("核定建筑面积：1200.00\n") for words in shown)
    assert any(words.startswith("申报床位数：12\n") for words in shown)
    assert any("（四(一)，建议）" in words for words in shown)
    assert sheet.protection.sheet
    assert sheet["B8"].protection.locked
    assert not sheet["C8"].protection.locked


def test_it_is_recognised() -> None:
    assert recognise(book(filled({})), plan()) is Form.ACCEPTANCE


def test_answers_in_other_words() -> None:
    checks = {
        **answers(),
        "area": "1,180.5平方米",
        "beds": "12张",
        "functions": "短期托养，日间照料\n老人餐厅;健康管理、文化娱乐，上门服务",
        "acceptors": "大同市民政局 王某；大同市民政局 李某",
        "agreement": "√",
        "fire_safety": "无",
        "structure_safety": "☑",
    }
    back = read(filled(checks, "验收未通过", "2023年12月5日"))
    assert back.form.faults == []
    assert (back.verdict, back.on) == ("不通过", ON)
    expected = {
        "area": "1180.50",
        "beds": "12",
        "functions": "短期托养、日间照料、老人餐厅、健康管理、文化娱乐、上门服务",
        "acceptors": "大同市民政局王某、大同市民政局李某",
        "agreement": "是",
        "fire_safety": "否",
        "structure_safety": "是",
    }
    assert {id: back.checks[id] for id in expected} == expected


def test_problems_and_their_days_are_read() -> None:
    back = read(filled(answers(), problems={"fire_safety": ("缺备案表", date(2023, 12, 20))}))
    found = back.findings["fire_safety"]
    assert (found.problem, found.until) == ("缺备案表", date(2023, 12, 20))


def test_faults_stand_at_their_cells() -> None:
    told = {**answers(), "area": "约一千", "beds": "-2", "agreement": "基本"}
    found = faults(filled(told, "合格", "12月5日", {"beds": ("床位不足", None)}))
    assert sorted(found) == ["B18", "C12", "C8", "C9", "E18"]
    assert "结论须为通过、整改后通过、不通过之一" in found["B18"]
    assert "“是”或“否”" in found["C12"]
    assert "没有写明年份" in found["E18"]


def test_a_conclusion_and_a_day_are_needed() -> None:
    found = faults(filled(answers(), None, None))
    assert "未填写结论" in found["B18"]
    assert "未填写验收日期" in found["E18"]


def test_an_implausible_figure_is_asked_about() -> None:
    sheet = filled({**answers(), "area": "120000"})
    assert "超出合理范围" in faults(sheet)["C8"]
    assert read_acceptance(book(sheet), plan(), confirmed=True).form.faults == []


def test_an_item_of_its_own_is_a_fault() -> None:
    sheet = filled(answers())
    lines = [*sheet.lines]
    lines[8] = replace(lines[8], cells=(FormCell("绿化面积"), *lines[8].cells[1:]))
    back = read(replace(sheet, lines=lines))
    assert {fault.spot.cell for fault in back.form.faults} == {"A9"}
    assert "beds" not in back.findings


def test_an_item_twice_is_a_fault() -> None:
    sheet = filled(answers())
    again = replace(sheet, lines=[*sheet.lines[:9], sheet.lines[8], *sheet.lines[9:]])
    assert "核验项重复" in faults(again)["A10"]


def test_missing_parts_are_named() -> None:
    sheet = filled(answers())
    ends = next(n for n, line in enumerate(sheet.lines) if line.cells[0].value == "结论")
    with pytest.raises(RefusedError, match="缺少“结论”“验收日期”栏"):
        read(replace(sheet, lines=[*sheet.lines[:ends], *sheet.lines[ends + 1 :]]))
    with pytest.raises(RefusedError, match="没有表头；请在第7行上方插入一行"):
        read(replace(sheet, lines=[*sheet.lines[:6], *sheet.lines[7:]]))

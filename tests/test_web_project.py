"""A project's page: where it stands, what one's office may do next, and what it is refused."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from operations.cases.desk import Desk
from operations.views.open_acts import open_acts
from operations.views.project_record import project_record, project_text
from states.reach import visitor
from tests.support.steps import ONE, act, stored
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    COUNTY,
    DAY,
    FAR,
    LATE,
    OTHER,
    PROVINCE,
    pinned,
    signed_in,
)

OK, SEE_OTHER, NOT_FOUND, UNPROCESSABLE = 200, 303, 404, 422
PAGE = f"/project/{ONE}"


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield pinned(opened)


def form_of(page: str, name: str) -> str:
    """The form of an act, as it is shown."""
    _, found, after = page.partition(f'name="act" value="{name}"')
    return after.partition("</form>")[0] if found else ""


def test_it_shows_the_stage_what_is_lacking_and_the_history(desk: Desk) -> None:
    page = signed_in(desk, COUNTY).get(PAGE).text
    assert 'aria-current="step"><strong>资金下达' in page
    assert "提醒从严" not in page
    assert len(re.findall(r'<li class="(?:past|now|ahead)"', page)) == 8
    assert page.count("起</span></li>") >= 3  # since when each step that was taken
    for words in ("资金（元）", "市级配套", "责任人电话", "佐证文件"):
        assert words in page
    for words in ("全部开工建设", "依据：", "研究确定", "尚缺：", "办理记录"):
        assert words in page


def test_only_what_ones_office_may_do_is_offered_with_the_fields_of_the_plan(desk: Desk) -> None:
    county = signed_in(desk, COUNTY).get(PAGE).text
    assert form_of(county, "break_ground")
    assert not form_of(county, "release_funds")
    assert 'name="amount"' not in form_of(county, "break_ground")
    province = signed_in(desk, PROVINCE).get(PAGE).text
    assert form_of(province, "hold")
    assert "由山西省财政厅办理" in province


@pytest.mark.parametrize("stage", ["construction", "acceptance", "operation"])
def test_no_step_is_offered_twice(desk: Desk, stage: str) -> None:
    """What an action records is not offered beside it as a record of the same name."""
    office = visitor(desk.plan, f"{COUNTY} 示例·韩某", "示例·韩某", [COUNTY], [])
    at = replace(stored(desk), stage=stage)
    labels = [each.next.label for each in open_acts(desk, office, at, DAY)]
    assert "开业运营" in labels
    assert sorted(labels) == sorted({*labels})


def test_a_page_speaks_in_words_and_says_nothing_twice(desk: Desk) -> None:
    page = signed_in(desk, COUNTY).get(PAGE).text
    assert "导入 导入" not in page
    assert "场地来源：A（闲置房屋改造）" in project_text(desk, project_record(desk, ONE, DAY))
    assert "<dt>场地来源</dt><dd>A（闲置房屋改造）</dd>" in page
    assert re.search(r"<td class=\"whole\">\d{4}-\d\d-\d\d</td>", page)


def test_what_an_act_states_is_asked_for_by_fields(desk: Desk) -> None:
    finance = visitor(desk.plan, "山西省财政厅 示例·钱某", "示例·钱某", ["山西省财政厅"], [])
    found = {each.next.action: each for each in open_acts(desk, finance, stored(desk), DAY)}
    release = found["release_funds"]
    due = project_record(desk, ONE, DAY).funds.subsidy
    assert release.actor == "山西省财政厅 示例·钱某"
    assert [(field.name, field.value) for field in release.fields] == [("amount", f"{due:.2f}")]
    assert not found["break_ground"].actor


def test_an_act_is_taken_by_the_office_on_the_day(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    seen = browser.get(PAGE).text.partition('name="seen" value="')[2].partition('"')[0]
    answer = browser.post(
        f"{PAGE}/act", act="break_ground", on="2023-06-02", evidence="合同5号", seen=seen
    )
    assert answer.status_code in (OK, SEE_OTHER)
    assert stored(desk).milestones["work_started"] == date(2023, 6, 2)
    assert "已登记" in browser.get(PAGE).text


def test_somebody_who_was_faster_is_told_of(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    seen = browser.get(PAGE).text.partition('name="seen" value="')[2].partition('"')[0]
    act(desk, "operator_confirmed", "2023-06-01")
    answer = browser.post(f"{PAGE}/act", act="break_ground", on="2023-06-02", seen=seen)
    assert answer.status_code == UNPROCESSABLE
    assert "work_started" not in stored(desk).milestones


def test_what_is_refused_says_every_reason_and_keeps_what_was_typed(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get(PAGE)
    answer = browser.post(f"{PAGE}/act", act="break_ground", on="2023-07-20", evidence="合同7号")
    assert answer.status_code == UNPROCESSABLE
    assert "尚未到来" in answer.text
    assert "合同7号" in form_of(answer.text, "break_ground")


def test_nobody_takes_an_act_of_another_office(desk: Desk) -> None:
    for office, status in ((CITY, UNPROCESSABLE), (OTHER, NOT_FOUND), (FAR, NOT_FOUND)):
        browser = signed_in(desk, office)
        browser.get("/")
        fields = {"act": "release_funds", "on": "2023-06-02", "amount": "700000"}
        assert browser.post(f"{PAGE}/act", **fields).status_code == status
    assert stored(desk).released is None


def test_others_see_neither_money_nor_telephone_numbers(desk: Desk) -> None:
    own = signed_in(desk, COUNTY).get(PAGE)
    assert "000-0000" in own.text or "责任人" in own.text
    for office in (OTHER, FAR):
        answer = signed_in(desk, office).get(PAGE)
        assert answer.status_code == NOT_FOUND
        assert "资金" not in answer.text
        assert "责任人" not in answer.text


def test_a_day_that_lies_behind_is_shown_as_it_was_and_nothing_is_offered(desk: Desk) -> None:
    page = signed_in(desk, COUNTY).get(f"{PAGE}?as_of=2023-03-01").text
    assert 'aria-current="step"><strong>评审' in page
    assert "截至2023年3月1日" in page
    assert 'name="act"' not in page


def test_what_somebody_calls_a_thing_is_text_and_no_page(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
        connection.execute(
            text("UPDATE subject SET name = :n WHERE code = :c"), {"n": name, "c": ONE}
        )
    browser = signed_in(desk, COUNTY)
    for path in ("/", PAGE, f"/item/{ONE}/D08"):
        page = browser.get(path).text
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert "<img" not in page

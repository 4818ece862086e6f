"""The finance office's day: the money, what waits for it, and nothing else of the programme."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from operations.cases.desk import Desk
from operations.workbooks.directory import list_contacts
from tests.support.steps import ONE, stored
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY_PURSE,
    COUNTY,
    COUNTY_PURSE,
    LATE,
    PROVINCE,
    PURSE,
    pinned,
    signed_in,
)

SEE_OTHER, UNPROCESSABLE = 303, 422
PAGE = f"/project/{ONE}"


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        with opened.engine.begin() as connection:
            connection.execute(text("UPDATE project SET responsible_phone = '000-0000-0777'"))
        yield pinned(opened)


def test_finance_releases_money_and_it_is_on_record_as_theirs(desk: Desk) -> None:
    browser = signed_in(desk, PURSE)
    today = browser.get("/").text
    assert f"/item/{ONE}/D05" in today
    assert "/D08" not in today
    page = browser.get(PAGE).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    amount = page.partition('name="amount"')[2].partition('value="')[2].partition('"')[0]
    said = {"act": "release_funds", "on": "2023-06-02", "evidence": "示例晋财社〔2023〕1号"}
    answer = browser.post(f"{PAGE}/act", seen=seen, amount=amount, **said)
    assert answer.status_code == SEE_OTHER, answer.text
    assert stored(desk).stage == "groundbreaking"
    with desk.engine.connect() as connection:
        query = "SELECT actor FROM audit WHERE action = 'release_funds'"
        assert connection.execute(text(query)).scalars().all() == ["山西省财政厅 示例·钱某"]
    assert f"/item/{ONE}/D05" not in browser.get("/").text


@pytest.mark.parametrize("office", [PURSE, CITY_PURSE, COUNTY_PURSE])
def test_finance_sees_money_and_no_persons_number_nor_what_is_not_its_own(
    desk: Desk, office: str
) -> None:
    browser = signed_in(desk, office)
    page = browser.get(PAGE).text
    assert "资金（元）" in page
    assert "000-0000-0777" not in page
    assert "全部开工建设" not in page.partition("<h2>时限</h2>")[2].partition("<h2>办理记录")[0]
    assert "示例·韩某" not in browser.get("/me").text
    assert "逾期" not in browser.get("/list?standing=overdue").text.partition("<table")[2]
    assert "000-0000-0777" in signed_in(desk, COUNTY).get(PAGE).text


def test_finance_has_a_board_of_money_alone(desk: Desk) -> None:
    browser = signed_in(desk, CITY_PURSE)
    page = browser.get("/board").text
    assert "太原市资金" in page
    assert "结存" in page
    for words in ("逾期", "卡在何处", "迎泽区民政局", "下载项目台账"):
        assert words not in page
    assert "下载资金一览" in page


def test_finance_may_not_do_what_is_anothers(desk: Desk) -> None:
    for office in (PURSE, CITY_PURSE, COUNTY_PURSE):
        browser = signed_in(desk, office)
        browser.get(PAGE)
        said = {"act": "break_ground", "on": "2023-06-02", "evidence": "合同1号"}
        answer = browser.post(f"{PAGE}/act", **said)
        assert answer.status_code == UNPROCESSABLE
    assert "work_started" not in stored(desk).milestones


def test_contacts_know_finance_offices_and_nobody_is_reminded_there(desk: Desk) -> None:
    assert [post.name for post in list_contacts(desk, PURSE)] == ["示例·钱某"]
    with desk.engine.connect() as connection:
        told = connection.execute(text("SELECT DISTINCT recipient FROM outbox")).scalars()
        assert not [name for name in told if "财政" in name]
    page = signed_in(desk, PROVINCE).get("/board").text
    assert "省级单位自身的事项另计" in page

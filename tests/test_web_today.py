"""Today: what somebody has to do, the answer right there, and its undo."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from operations.cases.desk import Desk
from operations.daily.announcing import Announcement, pending
from operations.daily.enforcement import enforce
from tests.support.counting import counts_and_money_are_the_surveys
from tests.support.delivering import know, send
from tests.support.province import morning
from tests.support.replying import go, put, receipts, reply, rows
from tests.support.steps import ONE, act, stored
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.support.visiting import (
    CITY,
    COUNTY,
    DAY,
    FAR,
    LATE,
    OTHER,
    PEOPLE,
    PROVINCE,
    URL,
    pinned,
    signed_in,
)

pytestmark = pytest.mark.heavy

OK, SEE_OTHER, NOT_FOUND, UNPROCESSABLE = 200, 303, 404, 422
CARD = re.compile(r'<a href="/item/([^/]+)/(\w+)">')
D08 = {"subject": ONE, "rule": "D08", "next": "/"}


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield pinned(opened)


def trail(desk: Desk) -> list[tuple[str, ...]]:
    query = text("SELECT kind, action, actor, evidence, detail FROM audit ORDER BY id DESC LIMIT 2")
    with desk.engine.connect() as connection:
        return [tuple(map(str, row)) for row in connection.execute(query)]


def test_a_county_sees_what_it_has_to_do_and_nothing_of_others(desk: Desk) -> None:
    page = signed_in(desk, COUNTY).get("/").text
    assert "逾期（" in page
    assert f"/item/{ONE}/D08" in page
    assert "等待其他单位（" in page
    assert "<summary>依据和原文</summary>" in page
    assert "晋民发〔2023〕7号 六(二)（D08，通知原文）" in page
    cards = [(card, CARD.search(card)) for card in page.split("<article")]
    shown = [found.groups() for _, found in cards if found]
    behind = [
        (found[1], rule)
        for card, found in cards
        if found
        for rule in re.findall(
            r"\b(D\d\d) ", card.partition("此后各项</dt>")[2].partition("</dd>")[0]
        )
    ]
    assert behind
    assert not {*behind} & {*shown}  # each chain once
    assert "XF2023-140106" not in page  # of another county


def test_what_is_done_is_recorded_in_the_offices_name_with_who_entered_it(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    answer = browser.post("/answer", kind="done", done="2023-06-02", evidence="合同5号", **D08)
    assert answer.status_code == SEE_OTHER
    assert stored(desk).milestones["work_started"] == date(2023, 6, 2)
    kind, action, actor, evidence, detail = trail(desk)[0]
    assert (kind, action, actor) == ("transition", "break_ground", f"{COUNTY} 示例·韩某")
    assert evidence == "合同5号"
    assert json.loads(detail)["entered_by"] == "太原市小店区民政局 示例·韩某"
    page = browser.follow(answer).text
    assert "已登记" in page
    assert f'href="/item/{ONE}/D08"' not in page


def test_what_is_not_done_is_expected_by_a_day_with_the_reason(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    browser.post("/answer", kind="expected", expected="2023-06-28", reason="重新招标", **D08)
    assert trail(desk)[0][:4] == ("acknowledgement", "D08", f"{COUNTY} 示例·韩某", "重新招标")
    assert "预计2023年6月28日" in browser.get("/").text


def test_what_is_refused_is_shown_with_the_reason_and_what_was_typed(desk: Desk) -> None:
    browser, before = signed_in(desk, COUNTY), trail(desk)
    browser.get("/")
    answer = browser.post("/answer", kind="done", done="2023-07-02", evidence="合同9号", **D08)
    assert answer.status_code == UNPROCESSABLE
    assert "尚未到来" in answer.text
    assert "合同9号" in answer.text
    assert 'name="next" value="/"' in answer.text  # where it leads once it is mended
    assert trail(desk) == before


@pytest.mark.parametrize("office", [OTHER, FAR])
def test_who_is_not_concerned_neither_sees_nor_answers(desk: Desk, office: str) -> None:
    browser, before = signed_in(desk, office), trail(desk)
    assert browser.get(f"/item/{ONE}/D08").status_code == NOT_FOUND
    assert browser.get("/item/XF2099-000000-01/D08").status_code == NOT_FOUND
    browser.get("/")
    answer = browser.post("/answer", kind="done", done="2023-06-02", **D08)
    assert answer.status_code == NOT_FOUND
    assert trail(desk) == before


@pytest.mark.parametrize("office", [CITY, PROVINCE])
def test_who_stands_above_answers_for_the_county(desk: Desk, office: str) -> None:
    browser = signed_in(desk, office)
    assert browser.get(f"/item/{ONE}/D08").status_code == OK
    assert browser.post("/answer", kind="done", done="2023-06-02", **D08).status_code == SEE_OTHER
    assert trail(desk)[0][2].startswith(office)


def test_what_was_just_entered_is_undone_by_a_correction(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    browser.follow(browser.post("/answer", kind="done", done="2023-06-02", **D08))
    row = browser.page.partition('name="row" value="')[2].partition('"')[0]
    other = signed_in(desk, CITY)
    other.get("/")
    assert other.post("/undo", row=row).status_code == UNPROCESSABLE
    assert browser.post("/undo", row=row, next="/").status_code == SEE_OTHER
    assert "work_started" not in stored(desk).milestones
    assert trail(desk)[0][0] == "reversal"
    assert f'href="/item/{ONE}/D08"' in browser.get("/").text


def test_after_ten_minutes_it_is_a_matter_of_correction(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    browser.post("/answer", kind="done", done="2023-06-02", **D08)
    browser.get("/")
    row = browser.page.partition('name="row" value="')[2].partition('"')[0]
    with desk.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET recorded_at = '2023-06-05 00:00:00'"))
    assert browser.post("/undo", row=row).status_code == UNPROCESSABLE
    assert stored(desk).milestones["work_started"] == date(2023, 6, 2)


def test_the_digest_leads_to_the_items_page_where_there_is_a_desk(desk: Desk) -> None:
    tape = Tape()
    send(desk, lambda _: tape, morning(DAY))
    (mine,) = [mail for mail in tape.sent if COUNTY in mail.recipient]
    link = re.search(rf"https://desk\.example\.gov\.cn(/item/{ONE}/\w+)", mine.text)
    assert link
    assert f'href="{URL}{link[1]}"' in mine.html
    assert "/sign-in" not in mine.text
    assert "请办理" in signed_in(desk, COUNTY).get(link[1]).text


def test_without_a_desk_no_mail_speaks_of_it(desk: Desk) -> None:
    tape = Tape()
    send(pinned(desk, desk_url=""), lambda _: tape, morning(DAY))
    assert tape.sent
    assert not any("工作台" in mail.text + mail.html for mail in tape.sent)


def test_what_is_clicked_is_the_event_that_the_act_itself_is(
    desk: Desk, stores: Stores, tmp_path: Path
) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    browser.post("/answer", kind="done", done="2023-06-02", evidence="合同5号", **D08)
    with stores.desk(None, LATE, tmp_path / "twin") as twin:
        done = {"evidence": "合同5号", "actor": f"{COUNTY} 示例·韩某"}
        act(twin, "break_ground", "2023-06-02", ONE, **done)
        (clicked,), (acted,) = (newest_events(each) for each in (desk, twin))
    assert clicked.payload["action"] == "break_ground"
    told = ("name", "resource", "related", "payload")
    assert [getattr(clicked, it) for it in told] == [getattr(acted, it) for it in told]
    browser.get("/")
    row = browser.page.partition('name="row" value="')[2].partition('"')[0]
    browser.post("/undo", row=row)
    assert [event.name for event in newest_events(desk)] == ["xingfu.record.reversed"]


def newest_events(desk: Desk) -> list[Announcement]:
    """What is to be emitted of the newest row."""
    with desk.engine.connect() as connection:
        newest = connection.execute(text("SELECT max(id) FROM audit")).scalar_one()
    return [event for event in pending(desk, 10_000) if event.audit_id == newest]


@pytest.mark.postgresql
def test_on_postgresql_one_sees_answers_and_takes_back(
    postgres: str, stores: Stores, tmp_path: Path
) -> None:
    with stores.desk(postgres, LATE, tmp_path / "home") as opened:
        desk = pinned(opened)
        browser = signed_in(desk, COUNTY)
        assert f'href="/item/{ONE}/D08"' in browser.get("/").text
        browser.follow(browser.post("/answer", kind="done", done="2023-06-02", **D08))
        assert stored(desk).milestones["work_started"] == date(2023, 6, 2)
        assert f'href="/item/{ONE}/D08"' not in browser.page
        row = browser.page.partition('name="row" value="')[2].partition('"')[0]
        browser.follow(browser.post("/undo", row=row, next="/"))
        assert f'href="/item/{ONE}/D08"' in browser.page
        counts_and_money_are_the_surveys(desk, DAY)
        province = signed_in(desk, PROVINCE)
        for path in ("/", "/board", "/list?standing=overdue", "/list?stage=construction"):
            assert province.get(path).status_code == OK


ADDRESS = "zhao@taiyuan.example"
BY_MAIL = replace(PEOPLE[CITY], channels=(f"mailtos://u:p@smtp.taiyuan.example?to={ADDRESS}",))
LATER = date(2023, 6, 21)  # on which it would be asked again


def asked_on(desk: Desk, day: date) -> dict[tuple[str, str], tuple[str, int]]:
    """What 赵某's mail of a day asks for: in which, and with which number."""
    asked = "SELECT digest, number, subject, rule FROM asked_item"
    found = rows(
        desk,
        f"{asked} WHERE person = :who AND asked_on = :day",
        who=f"{CITY} {BY_MAIL.name}",
        day=f"{day}",
    )
    return {(subject, rule): (digest, number) for digest, number, subject, rule in found}


def test_what_is_answered_at_the_desk_is_answered_by_mail_too(desk: Desk) -> None:
    """The mail of that morning still asks; what it is answered with then is known already."""
    browser = signed_in(desk, CITY)
    know(desk, *(PEOPLE | {CITY: BY_MAIL}).values())
    send(desk, Tape(), morning(DAY))
    digest, number = asked_on(desk, DAY)[ONE, "D08"]
    browser.get("/")
    expected = {"expected": "2023-06-28", "reason": "重新招标"}
    assert browser.post("/answer", kind="expected", **expected, **D08).status_code == SEE_OTHER
    before = trail(desk)
    said = f"{number} 预计 2023-06-28 完成，原因：重新招标"
    put(desk, reply(digest, said, From=ADDRESS))
    assert len(go(desk, today=DAY).registered) == 1
    assert trail(desk) == before
    [receipt] = receipts(desk)
    assert f"第{number}项预计2023年6月28日完成，已登记" in receipt
    assert receipt.endswith("不需再报。")
    enforce(desk, LATER, morning(LATER))
    send(pinned(desk, business_date=LATER), Tape(), morning(LATER))
    assert asked_on(desk, LATER)
    assert (ONE, "D08") not in asked_on(desk, LATER)

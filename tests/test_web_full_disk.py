"""The desk on a full disk: a click is refused in a sentence, whole, and done when there is room."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from operations.cases.desk import Desk
from tests.support.delivering import know
from tests.support.exhibits import PDF
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.steps import ONE
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    COUNTY,
    FAR,
    LATE,
    PEOPLE,
    PROVINCE,
    Browser,
    at,
    code_of,
    knock,
    link_of,
    mails,
    pinned,
    signed_in,
)
from tests.test_deployments_full_disk import ROOMS, left_half_written
from tests.test_flows_issuing import DRAFTED
from tests.test_flows_issuing import JULY as TODAY
from tests.test_web_papers import SIGNED, draft_name
from web import board, entrance, forms, me, papers, project, proof, today

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]

DONE = {"subject": ONE, "rule": "D08", "next": "/", "kind": "done", "done": "2023-06-02"}
LATER = {"subject": ONE, "rule": "D14", "next": "/", "kind": "expected", "expected": "2023-06-20"}
MATCHED = {"act": "county_funds_in_place-county", "on": "2023-05-30", "amount": "1"}
AWAY = {"office": CITY, "from": "2023-06-06", "to": "2023-06-09", "by": f"{FAR} {PEOPLE[FAR].name}"}
NEIGHBOUR = {"office": COUNTY, "name": "示例·新某", "role": "科员", "phone": "000-0000-0999"}


@dataclass(frozen=True)
class Click:
    """A form of a page: who sends it, from which page, and what is sent."""

    path: str
    office: str
    page: str
    send: Callable[[Desk, Browser], httpx.Response]


def posts(path: str, **fields: str) -> Callable[[Desk, Browser], httpx.Response]:
    return lambda desk, browser: browser.post(path, **fields)


def hands_in(
    path: str, name: str, content: bytes, **fields: str
) -> Callable[[Desk, Browser], httpx.Response]:
    return lambda desk, browser: browser.hand_in(path, (name, content), **fields)


def issue(desk: Desk, browser: Browser) -> httpx.Response:
    name = draft_name(desk, "bulletin", "山西省")
    page = browser.get(f"/papers/draft?name={name}").text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    return browser.post("/papers/issue", name=name, seen=seen, **SIGNED)


def issue_letter(desk: Desk, browser: Browser) -> httpx.Response:
    page = browser.get(f"/papers/letter?city={CITY[:3]}").text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    said = {"reply_by": "2023-07-20", "contact": "示例·李某", "phone": "0351-0000000"}
    return browser.post(
        "/papers/letter", city=CITY[:3], seen=seen, **{**SIGNED, "on": "2023-06-05"}, **said
    )


def take_back(desk: Desk, browser: Browser) -> httpx.Response:
    page = browser.get("/").text
    return browser.post("/undo", row=page.partition('name="row" value="')[2].partition('"')[0])


CLICKS = {
    "answers": Click("/answer", COUNTY, "/", posts("/answer", **DONE, evidence="合同5号")),
    "undoes": Click("/undo", COUNTY, "/", take_back),
    "answers with a file": Click(
        "/answer", COUNTY, "/", hands_in("/answer", "a.pdf", PDF, **DONE, evidence="合同5号")
    ),
    "says when": Click("/answer", COUNTY, "/", posts("/answer", **LATER, reason="示例")),
    "proves": Click(
        "/proof", COUNTY, f"/project/{ONE}", hands_in("/proof", "b.pdf", PDF + b"\n", subject=ONE)
    ),
    "books money": Click(
        "/project/{code}/act",
        COUNTY,
        f"/project/{ONE}",
        posts(f"/project/{ONE}/act", **MATCHED, voucher="示例-1", evidence="示例"),
    ),
    "hands in what is no workbook": Click(
        "/forms", COUNTY, "/forms", hands_in("/forms", "c.xlsx", b"c")
    ),
    "goes away": Click("/me/absence", CITY, "/me", posts("/me/absence", **AWAY)),
    "keeps contacts": Click("/me/contacts", CITY, "/me", posts("/me/contacts", **NEIGHBOUR)),
    "takes a calendar": Click("/me/calendar", CITY, "/me", posts("/me/calendar")),
    "signs out": Click("/sign-out", FAR, "/", posts("/sign-out")),
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("desk") / "disk") as made:
        yield made


@pytest.fixture(scope="module")
def desk(disk: SmallDisk, stores: Stores) -> Iterator[Desk]:
    with stores.desk(None, LATE, disk.path / "home") as opened:
        yield pinned(opened)


@pytest.fixture(scope="module")
def browsers() -> dict[str, Browser]:
    """Those who are signed in already: nobody asks for many links."""
    return {}


def held(desk: Desk) -> list[str]:
    """All that the database holds; its log begins anew, and has no room of its own."""
    with closing(sqlite3.connect(desk.settings.home / "xingfu.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return list(raw.iterdump())


def refused_then_done(
    desk: Desk, disk: SmallDisk, click: Callable[[], httpx.Response]
) -> httpx.Response:
    for room in ROOMS:
        before = held(desk)
        with disk.full(room):
            answer = click()
        if answer.status_code < httpx.codes.BAD_REQUEST:
            assert room
            return answer
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        says = answer.text.partition('<div class="says"')[2].partition("</div>")[0]
        assert "未作任何改动。请" in says
        assert "服务器磁盘已满" in says or not disk.real, answer.text
        assert "xingfu" not in says  # where it lies is for whoever keeps the machine
        assert held(desk) == before
        assert left_half_written(disk) == []
    return click()


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_is_refused_in_a_sentence_and_done_when_there_is_room(
    desk: Desk, disk: SmallDisk, browsers: dict[str, Browser], name: str
) -> None:
    click = CLICKS[name]
    browser = browsers.get(click.office) or signed_in(desk, click.office)
    browsers[click.office] = browser

    def again() -> httpx.Response:
        assert browser.get(click.page).status_code == httpx.codes.OK
        return click.send(desk, browser)

    answer = refused_then_done(desk, disk, again)
    assert answer.status_code < httpx.codes.BAD_REQUEST, answer.text


def test_whoever_signs_in_is_told_and_let_in_when_there_is_room(
    desk: Desk, disk: SmallDisk
) -> None:
    browser, phone = at(desk), PEOPLE[PROVINCE].phone

    def ask() -> httpx.Response:
        browser.get("/sign-in")
        return browser.post("/sign-in", address=phone)

    assert refused_then_done(desk, disk, ask).status_code == httpx.codes.OK
    ask()  # there may have been room for the question, and none for the mail
    link = link_of(mails(desk)[-1])

    def press() -> httpx.Response:
        assert browser.get(link).status_code == httpx.codes.OK
        return browser.post(link)

    entered = refused_then_done(desk, disk, press)
    assert browser.follow(entered).status_code == httpx.codes.OK


def test_digits_are_refused_and_good_when_there_is_room(desk: Desk, disk: SmallDisk) -> None:
    browser = at(desk)
    mail = knock(browser, desk, PEOPLE[CITY].phone)

    def type_in() -> httpx.Response:
        browser.get("/sign-in")
        return browser.post("/sign-in/code", code=code_of(mail), next="/")

    entered = refused_then_done(desk, disk, type_in)
    assert browser.follow(entered).status_code == httpx.codes.OK


def test_a_paper_is_issued_whole_or_not_at_all(tmp_path: Path, stores: Stores) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        stores.desk(None, DRAFTED, disk.path / "home") as opened,
    ):
        know(opened, *PEOPLE.values())
        desk = pinned(opened, business_date=TODAY)
        browser = signed_in(desk, PROVINCE)
        answer = refused_then_done(desk, disk, lambda: issue(desk, browser))
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text


def test_a_supervision_letter_is_issued_whole_or_not_at_all(tmp_path: Path, stores: Stores) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        stores.desk(None, LATE, disk.path / "home") as opened,
    ):
        desk = pinned(opened)
        browser = signed_in(desk, PROVINCE)
        answer = refused_then_done(desk, disk, lambda: issue_letter(desk, browser))
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text


def test_no_page_that_writes_is_left_out() -> None:
    rooms = (board, entrance, forms, me, papers, project, proof, today)
    pages = [
        each
        for room in rooms
        for name in ("OPEN", "GUARDED", "PAGES")
        for each in getattr(room, name, ())
    ]
    writing = {path for path, methods, _ in pages if "POST" in methods}
    signing = {"/sign-in", "/sign-in/code", "/sign-in/{token}"}
    issuing = {"/papers/issue", "/papers/letter"}
    assert writing == {click.path for click in CLICKS.values()} | signing | issuing

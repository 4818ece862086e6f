"""One's own page: absence, the calendar, and the contacts of a city's counties."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from documents.lists.feed import FeedEntry, calendar_feed
from models.database import writing
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.workbooks.directory import list_contacts
from tests.conftest import AT
from tests.support.steps import ONE, act
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    COUNTY,
    DAY,
    FAR,
    LATE,
    OTHER,
    PEOPLE,
    PROVINCE,
    Browser,
    at,
    pinned,
    signed_in,
)

OK, SEE_OTHER, NOT_FOUND, UNPROCESSABLE, UNCHANGED = 200, 303, 404, 422, 304


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield pinned(opened)


def subscribed(desk: Desk, office: str) -> tuple[Browser, str]:
    """A calendar program, and the path that it reads."""
    browser = signed_in(desk, office)
    browser.get("/me")
    page = browser.post("/me/calendar").text
    return at(desk), page.partition("/calendar/")[2].partition("<")[0]


def events(content: str) -> dict[str, dict[str, str]]:
    """Every event by its UID, its lines unfolded."""
    found = {}
    for block in content.replace("\r\n ", "").split("BEGIN:VEVENT\r\n")[1:]:
        lines = block.partition("END:VEVENT")[0].splitlines()
        said = dict(line.split(":", 1) for line in lines)
        found[said["UID"]] = said
    return found


def test_a_person_says_who_stands_in_and_that_one_is_back(desk: Desk) -> None:
    browser = signed_in(desk, CITY)
    browser.get("/me")
    days = {"office": CITY, "from": "2023-06-06", "to": "2023-06-09"}
    answer = browser.post("/me/absence", by=f"{FAR} {PEOPLE[FAR].name}", **days)
    assert answer.status_code == SEE_OTHER
    assert PEOPLE[FAR].name in browser.get("/me").text
    (post,) = list_contacts(desk, CITY)
    assert (post.away_from, post.away_to) == (date(2023, 6, 6), date(2023, 6, 9))
    browser.post("/me/absence", office=CITY, back="1")
    assert list_contacts(desk, CITY)[0].substitute == ""


def test_who_stands_in_sees_what_concerns_the_other_on_those_days_alone(desk: Desk) -> None:
    far, city = signed_in(desk, FAR), signed_in(desk, CITY)
    assert far.get(f"/item/{ONE}/D08").status_code == NOT_FOUND
    city.get("/me")
    days = {"office": CITY, "from": "2023-06-05", "to": "2023-06-05"}
    city.post("/me/absence", by=f"{FAR} {PEOPLE[FAR].name}", **days)
    assert far.get(f"/item/{ONE}/D08").status_code == OK
    later = pinned(desk, business_date=date(2023, 6, 6))
    again = at(later, cookies=far.cookies)
    assert again.get(f"/item/{ONE}/D08").status_code == NOT_FOUND


def test_nobody_says_it_for_another(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/me")
    days = {"office": OTHER, "from": "2023-06-06", "to": "2023-06-09", "by": PEOPLE[COUNTY].name}
    assert browser.post("/me/absence", **days).status_code == UNPROCESSABLE
    assert list_contacts(desk, OTHER)[0].substitute == ""


def test_a_city_keeps_the_contacts_of_its_counties_and_of_no_others(desk: Desk) -> None:
    browser = signed_in(desk, CITY)
    browser.get("/me")
    new = {"name": "示例·钱某", "role": "科员", "phone": "000-0000-0199"}
    assert browser.post("/me/contacts", office=COUNTY, **new).status_code == SEE_OTHER
    assert {post.name for post in list_contacts(desk, COUNTY)} == {"示例·韩某", "示例·钱某"}
    browser.get("/me")
    browser.post("/me/contacts", office=COUNTY, name="示例·钱某", remove="1")
    assert len(list_contacts(desk, COUNTY)) == 1
    for office in ("大同市平城区民政局", CITY, PROVINCE):
        browser.get("/me")
        assert browser.post("/me/contacts", office=office, **new).status_code == UNPROCESSABLE
    county = signed_in(desk, COUNTY)
    assert "000-0000-0102" not in county.get("/me").text
    assert county.post("/me/contacts", office=COUNTY, **new).status_code == UNPROCESSABLE


def test_the_calendar_tells_what_ones_office_has_to_do_with_its_clause(desk: Desk) -> None:
    program, path = subscribed(desk, COUNTY)
    found = events(program.get(f"/calendar/{path}").text)
    mine = found[f"shanxi-2023-{ONE}-D08@xingfu.invalid"]
    assert mine["DTSTART;VALUE=DATE"] == "20230531"
    assert "六(二)" in mine["DESCRIPTION"]
    assert mine["URL"].endswith(f"/item/{ONE}/D08")
    assert not any("140106" in uid for uid in found)


def test_the_calendar_is_the_same_until_something_changes(desk: Desk) -> None:
    program, path = subscribed(desk, COUNTY)
    first, second = program.get(f"/calendar/{path}"), program.get(f"/calendar/{path}")
    assert first.content == second.content
    mark = first.headers["etag"]
    asked = program.get(f"/calendar/{path}", **{"if-none-match": mark})
    assert (asked.status_code, asked.headers["etag"]) == (UNCHANGED, mark)


def test_a_moved_deadline_is_the_same_event_and_a_done_one_vanishes(desk: Desk) -> None:
    program, path = subscribed(desk, COUNTY)
    uid = f"shanxi-2023-{ONE}-D08@xingfu.invalid"
    before = events(program.get(f"/calendar/{path}").text)[uid]
    with writing(desk.engine) as session:
        asked = Extension(ONE, "D08", date(2023, 6, 30), DAY, "山西省民政厅", "示例批复")
        extend(session, desk, asked, today=DAY, at=AT)
    after = events(program.get(f"/calendar/{path}").text)[uid]
    assert after["DTSTART;VALUE=DATE"] == "20230630"
    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    act(desk, "break_ground", "2023-06-02")
    assert uid not in events(program.get(f"/calendar/{path}").text)


def test_a_calendar_link_ends_with_a_new_one_and_with_the_office(desk: Desk) -> None:
    program, path = subscribed(desk, COUNTY)
    _, newer = subscribed(desk, COUNTY)
    assert program.get(f"/calendar/{path}").status_code == NOT_FOUND
    assert program.get(f"/calendar/{newer}").status_code == OK
    with desk.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM calendar_link")).all())
    assert newer.removesuffix(".ics") not in kept
    city = signed_in(desk, CITY)
    city.get("/me")
    city.post("/me/contacts", office=COUNTY, name=PEOPLE[COUNTY].name, remove="1")
    assert program.get(f"/calendar/{newer}").status_code == NOT_FOUND


def test_a_feed_breaks_no_line_and_no_sign() -> None:
    words = "一二三，“四”; 五\\六\n" * 20
    content = calendar_feed("甲", [FeedEntry("a", 0, date(2023, 12, 31), words, words)])
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() for line in lines[:-1])
    said = content.decode().replace("\r\n ", "")
    told = said.partition("SUMMARY:")[2].partition("\r\n")[0]
    assert told.replace("\\n", "\n").replace("\\;", ";").replace("\\\\", "\\") == words.rstrip("\n")
    assert "DTEND;VALUE=DATE:20240101" in said

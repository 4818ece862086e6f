"""Getting into the staff desk and out again; who tries what he should not gets nowhere."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from operations.cases.desk import Desk
from operations.daily.admission import MOST_BY_ADDRESS, MOST_BY_MACHINE, MOST_TRIES
from operations.workbooks.directory import remove_contact
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    COUNTY,
    LATE,
    PEOPLE,
    Browser,
    at,
    code_of,
    knock,
    link_of,
    mails,
    pinned,
    signed_in,
)

PHONE = PEOPLE[COUNTY].phone
OK, SEE_OTHER, UNAUTHORIZED, FORBIDDEN = 200, 303, 401, 403
UNPROCESSABLE = 422
HERE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield pinned(opened)


def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_where_he_went(desk: Desk) -> None:
    browser = at(desk)
    answer = browser.get("/item/太原市/D01")
    assert answer.status_code == UNAUTHORIZED
    assert 'value="/item/' in answer.text
    assert "逾期" not in answer.text


def test_one_press_in_the_browser_that_asked_is_enough(desk: Desk) -> None:
    browser = at(desk)
    mail = knock(browser, desk, PHONE)
    shown = browser.get(link_of(mail))
    assert "太原市小店区民政局 示例·韩某" in shown.text
    assert "六位" not in shown.text
    answer = browser.post(link_of(mail))
    assert answer.status_code == SEE_OTHER
    assert browser.get("/").status_code == OK


def test_the_digits_are_enough_there_too_and_lead_back(desk: Desk) -> None:
    browser = at(desk)
    mail = knock(browser, desk, PHONE)
    answer = browser.post("/sign-in/code", code=code_of(mail), next="/item/太原市/D01")
    assert answer.status_code == SEE_OTHER
    assert httpx.URL(answer.headers["location"]).path == "/item/太原市/D01"


def test_looking_and_a_strangers_press_use_nothing_up(desk: Desk) -> None:
    """A mail gateway opens links, runs what is on them and presses buttons."""
    asked, gateway = at(desk), at(desk)
    mail = knock(asked, desk, PHONE)
    for _ in range(3):
        assert gateway.get(link_of(mail)).status_code == OK
        pressed = gateway.post(link_of(mail))
        assert pressed.status_code == UNPROCESSABLE
    assert gateway.get("/").status_code == UNAUTHORIZED
    asked.get(link_of(mail))
    assert asked.post(link_of(mail)).status_code == SEE_OTHER


def test_another_device_is_asked_for_the_digits(desk: Desk) -> None:
    mail, other = knock(at(desk), desk, PHONE), at(desk)
    assert "六位验证码" in other.get(link_of(mail)).text
    assert other.post(link_of(mail), code=code_of(mail)).status_code == SEE_OTHER
    assert other.get("/").status_code == OK


def test_a_link_is_good_once_and_only_the_newest(desk: Desk) -> None:
    browser = at(desk)
    older, newer = knock(browser, desk, PHONE), knock(browser, desk, PHONE)
    assert browser.get(link_of(older)).status_code == UNPROCESSABLE
    browser.get(link_of(newer))
    assert browser.post(link_of(newer)).status_code == SEE_OTHER
    again = at(desk)
    assert again.get(link_of(newer)).status_code == UNPROCESSABLE


def test_a_link_ends_after_a_quarter_of_an_hour(desk: Desk) -> None:
    browser = at(desk)
    mail = knock(browser, desk, PHONE)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE sign_in SET expires_at = '2020-01-01 00:00:00'"))
    assert browser.get(link_of(mail)).status_code == UNPROCESSABLE
    browser.get("/sign-in")
    assert browser.post("/sign-in/code", code=code_of(mail)).status_code == UNPROCESSABLE


def test_digits_are_tried_five_times_wherever_that_is(desk: Desk) -> None:
    browser, other = at(desk), at(desk)
    mail = knock(browser, desk, PHONE)
    wrong = "000000" if code_of(mail) != "000000" else "111111"
    for number in range(MOST_TRIES):
        one = browser if number % 2 else other
        one.get(link_of(mail))
        path = "/sign-in/code" if number % 2 else link_of(mail)
        assert one.post(path, code=wrong).status_code == UNPROCESSABLE
    assert browser.post("/sign-in/code", code=code_of(mail)).status_code == UNPROCESSABLE
    other.get(link_of(mail))
    assert other.post(link_of(mail), code=code_of(mail)).status_code == UNPROCESSABLE


def test_nobody_learns_whether_an_address_is_known(desk: Desk) -> None:
    known, unknown = at(desk), at(desk)
    pages = []
    for browser, typed in ((known, PHONE), (unknown, "nobody@example.cn")):
        browser.get("/sign-in")
        page = browser.post("/sign-in", address=typed)
        pages.append((page.status_code, page.text.replace(_token(browser), "")))
    assert pages[0] == pages[1]
    assert len(mails(desk)) == 1


def test_asking_has_a_limit_by_address_and_by_machine(desk: Desk) -> None:
    for _ in range(MOST_BY_ADDRESS + 2):
        browser = at(desk, headers={"x-forwarded-for": "198.51.100.7"})
        browser.get("/sign-in")
        assert browser.post("/sign-in", address=PHONE).status_code == OK
    with desk.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sign_in")).scalar() == 1
        asked = connection.execute(text("SELECT count(*) FROM knock")).scalar()
    assert asked == 2 * (MOST_BY_ADDRESS + 2)
    sent = {link_of(mail) for mail in mails(desk)}
    assert len(sent) == MOST_BY_ADDRESS
    with desk.engine.begin() as connection:  # the machine's own count, as if it had gone on
        copy = "INSERT INTO knock (whose, at) SELECT whose, at FROM knock WHERE id = 2"
        for _ in range(MOST_BY_MACHINE):
            connection.execute(text(copy))
    browser = at(desk, headers={"x-forwarded-for": "203.0.113.9"})
    browser.get("/sign-in")
    assert browser.post("/sign-in", address="other@example.cn").status_code == UNPROCESSABLE


def test_nothing_in_the_database_opens_the_door(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    mail = mails(desk)[-1]
    dump = []
    with desk.engine.connect() as connection:
        for table in ("sign_in", "desk_session", "knock"):
            dump += [str(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608
    secrets = [link_of(mail).rpartition("/")[2], code_of(mail), *browser.cookies.values(), PHONE]
    assert [each for each in secrets if each in "".join(dump)] == []


def test_signing_in_gives_a_session_of_its_own(desk: Desk) -> None:
    """What somebody planted in the browser before opens nothing (session fixation)."""
    browser = at(desk)
    browser.cookies.set("__Host-xingfu-session", "planted", domain="desk.example.gov.cn")
    mail = knock(browser, desk, PHONE)
    browser.get(link_of(mail))
    browser.post(link_of(mail))
    assert "planted" not in browser.cookies.values()


def test_a_copied_cookie_is_worth_nothing_after_signing_out(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    thief = at(desk, cookies=httpx.Cookies(browser.cookies))
    assert thief.get("/").status_code == OK
    browser.get("/")
    browser.post("/sign-out")
    assert thief.get("/").status_code == UNAUTHORIZED


def test_signing_out_everywhere_ends_every_session_of_that_person_alone(desk: Desk) -> None:
    one, two, other = signed_in(desk, COUNTY), signed_in(desk, COUNTY), signed_in(desk, CITY)
    two.get("/")
    two.post("/sign-out", everywhere="1")
    assert [each.get("/").status_code for each in (one, two, other)] == [401, 401, OK]


def test_who_leaves_office_is_out_at_once_and_for_good(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    remove_contact(desk, COUNTY, PEOPLE[COUNTY].name)
    assert browser.get("/").status_code == UNAUTHORIZED
    with desk.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM desk_session")).scalar() == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (HERE, SEE_OTHER),
        ({"origin": "https://desk.example.gov.cn"}, SEE_OTHER),
        ({}, SEE_OTHER),  # an old browser says nothing: the token alone tells
        ({"sec-fetch-site": "same-site"}, FORBIDDEN),
        ({"sec-fetch-site": "cross-site"}, FORBIDDEN),
        ({"sec-fetch-site": "none"}, FORBIDDEN),
        ({"origin": "https://evil.example"}, FORBIDDEN),
        ({"origin": "null"}, FORBIDDEN),
    ],
)
def test_a_form_comes_from_our_own_pages(desk: Desk, headers: dict[str, str], status: int) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    assert browser.send("/sign-out", None, headers, {}).status_code == status


def test_a_form_without_its_sessions_token_is_refused(desk: Desk) -> None:
    browser, other = signed_in(desk, COUNTY), signed_in(desk, CITY)
    other.get("/")
    for token in ("", "x", _token(other)):
        assert browser.post("/sign-out", token).status_code == FORBIDDEN
    assert browser.get("/").status_code == OK
    stranger = at(desk)
    assert stranger.post("/sign-in", "", address=PHONE).status_code == FORBIDDEN


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "/\n/x"],
)
def test_nobody_is_sent_to_another_site(desk: Desk, wanted: str) -> None:
    browser = at(desk)
    mail = knock(browser, desk, PHONE)
    answer = browser.post("/sign-in/code", code=code_of(mail), next=wanted)
    assert answer.headers["location"] == "/"


def test_every_answer_is_guarded_against_frames_scripts_and_caches(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    for path in ("/", "/nowhere", "/sign-in", "/item/x/y"):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "<script" not in browser.page
        assert 'style="' not in browser.page


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(desk: Desk) -> None:
    browser = at(desk)
    mail = knock(browser, desk, PHONE)
    browser.get(link_of(mail))
    (cookie,) = browser.post(link_of(mail)).headers.get_list("set-cookie")
    for wanted in ("__Host-xingfu-session=", "HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert wanted in cookie


def test_the_address_of_the_mail_is_the_settings_not_the_requests(desk: Desk) -> None:
    browser = at(desk, headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    browser.get("/sign-in")
    browser.post("/sign-in", address=PHONE)
    assert "https://desk.example.gov.cn/sign-in/" in mails(desk)[-1]
    assert "evil" not in mails(desk)[-1]


SIGN_ON = {
    "desk_sign_on_header": "X-Remote-User",
    "desk_sign_on_peers": "192.0.2.1 192.0.2.2",
}
SECRET = "of the proxy"  # noqa: S105  # of this test
VOUCHED = [("x-remote-user", PHONE), ("x-xingfu-secret", SECRET)]


def proxied(desk: Desk, peer: str) -> Browser:
    from pydantic import SecretStr

    return at(pinned(desk, **SIGN_ON, desk_sign_on_secret=SecretStr(SECRET)), peer=peer)


def test_the_offices_own_sign_on_serves_instead(desk: Desk) -> None:
    browser = proxied(desk, "192.0.2.1")
    browser.headers = dict(VOUCHED)
    assert browser.follow(browser.get("/")).status_code == OK
    assert "示例·韩某" in browser.page
    browser.headers["x-remote-user"] = PEOPLE[CITY].phone  # another account, the same browser
    browser.follow(browser.get("/"))
    assert "示例·赵某" in browser.page


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.9", VOUCHED),
        ("192.0.2.1", VOUCHED[:1]),
        ("192.0.2.1", [VOUCHED[0], ("x-xingfu-secret", "guessed")]),
        ("192.0.2.1", [("x-remote-user", "evil"), *VOUCHED]),
        ("192.0.2.1", [("x-remote-user", "nobody@example.cn"), VOUCHED[1]]),
    ],
    ids=["another peer", "no secret", "a wrong secret", "twice", "nobody"],
)
def test_who_is_vouched_for_wrongly_gets_nowhere(
    desk: Desk, peer: str, headers: list[tuple[str, str]]
) -> None:
    browser = proxied(desk, peer)
    answer = browser._ask("GET", "/", headers=headers)
    assert answer.status_code == UNPROCESSABLE
    assert not any("session" in name for name in browser.cookies)


def test_the_desk_says_whether_it_can_work(desk: Desk) -> None:
    answer = at(desk).get("/health")
    assert (answer.status_code, answer.json()) == (OK, {"status": "ok"})


def _token(browser: Browser) -> str:
    from tests.support.visiting import TOKEN

    found = TOKEN.search(browser.page)
    assert found
    return found[1]

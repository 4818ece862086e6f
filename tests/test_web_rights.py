"""Who may open what: every address of the desk, for every role."""

from collections.abc import Iterator

import pytest
from starlette.routing import Route

from operations.cases.desk import Desk
from tests.support.steps import ONE
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    CITY_PURSE,
    COUNTY,
    COUNTY_PURSE,
    FAR,
    LATE,
    LEADER,
    OTHER,
    PROVINCE,
    PURSE,
    Browser,
    at,
    pinned,
    signed_in,
)
from web.site import site

pytestmark = pytest.mark.heavy

ROLES = (COUNTY, OTHER, CITY, LEADER, FAR, PROVINCE, PURSE, CITY_PURSE, COUNTY_PURSE)
OK, GONE, HOME = 200, 404, 303
"""What is shown, what is not there for somebody, and what was done."""
MINE, THEIRS = f"/project/{ONE}", "大同市"
TABLE: dict[tuple[str, str], tuple[int, ...]] = {
    # ............................ 小店区 迎泽区 太原市 分管领导 大同市 省厅 省财政 市财政 区财政
    ("GET", "/"): (OK, OK, OK, OK, OK, OK, OK, OK, OK),
    ("GET", f"/item/{ONE}/D08"): (OK, GONE, OK, OK, GONE, OK, GONE, GONE, GONE),
    ("GET", f"/item/{ONE}/D05"): (OK, GONE, OK, OK, GONE, OK, OK, OK, OK),
    ("GET", "/item/太原市/D01"): (GONE, GONE, OK, OK, GONE, OK, GONE, GONE, GONE),
    ("GET", "/item/大同市/D01"): (GONE, GONE, GONE, GONE, OK, OK, GONE, GONE, GONE),
    ("GET", "/item/山西省/D02"): (GONE, GONE, GONE, GONE, GONE, OK, GONE, GONE, GONE),
    ("POST", "/answer"): (422, GONE, 422, 422, GONE, 422, GONE, GONE, GONE),
    ("POST", "/undo"): (422,) * 9,
    ("POST", "/proof"): (422, GONE, 422, 422, GONE, 422, 422, 422, 422),
    ("GET", f"/proof/{ONE}/0123456789ab"): (GONE,) * 9,
    ("GET", MINE): (OK, GONE, OK, OK, GONE, OK, OK, OK, OK),
    ("GET", "/project/太原市"): (GONE,) * 9,
    ("POST", f"{MINE}/act"): (422, GONE, 422, 422, GONE, 422, 422, 422, 422),
    ("GET", "/board"): (GONE, GONE, OK, OK, OK, OK, OK, OK, GONE),
    ("GET", "/board?city=太原市"): (GONE, GONE, OK, OK, GONE, OK, OK, OK, GONE),
    ("GET", f"/board?city={THEIRS}"): (GONE, GONE, GONE, GONE, OK, OK, OK, GONE, GONE),
    ("GET", "/list"): (OK,) * 9,
    ("GET", "/list?city=太原市&county=小店区"): (OK, GONE, OK, OK, GONE, OK, OK, OK, OK),
    ("GET", "/download/projects"): (GONE, GONE, OK, OK, OK, OK, GONE, GONE, GONE),
    ("GET", "/download/overdue?city=太原市"): (GONE, GONE, OK, OK, GONE, OK, GONE, GONE, GONE),
    ("GET", "/download/funds?city=太原市"): (GONE, GONE, OK, OK, GONE, OK, OK, OK, GONE),
    ("GET", f"/download/projects?city={THEIRS}"): (GONE,) * 4 + (OK, OK, GONE, GONE, GONE),
    ("GET", "/forms"): (OK,) * 9,
    ("POST", "/forms"): (422,) * 9,
    ("GET", "/forms/ledger.xlsx?subject=太原市"): (422, 422, OK, OK, 422, 422, 422, OK, 422),
    ("GET", "/forms/contacts.xlsx?subject=太原市"): (422,) * 9,
    ("GET", "/forms/returned/0123.xlsx"): (GONE,) * 9,
    ("GET", "/papers"): (OK,) * 9,
    ("GET", "/papers/draft?name=bulletin:2023-05:山西省"): (GONE,) * 9,
    ("GET", "/papers/issued?number=晋民函〔2023〕1号"): (GONE,) * 9,
    ("GET", "/papers/draft.docx?name=bulletin:2023-05:山西省"): (GONE,) * 9,
    ("GET", "/papers/issued.docx?number=晋民函〔2023〕1号"): (GONE,) * 9,
    ("POST", "/papers/issue"): (GONE,) * 9,
    ("GET", "/papers/letter?city=太原市"): (GONE,) * 5 + (OK, GONE, GONE, GONE),
    ("GET", "/papers/letter.docx?city=太原市"): (GONE,) * 5 + (OK, GONE, GONE, GONE),
    ("POST", "/papers/letter"): (GONE,) * 9,
    ("GET", "/me"): (OK,) * 9,
    ("POST", "/me/absence"): (422,) * 9,
    ("POST", "/me/contacts"): (422,) * 9,
    ("POST", "/me/calendar"): (OK,) * 9,
    ("POST", "/sign-out"): (HOME,) * 9,
}
"""Forms are sent empty but for the item that they are about."""
FIELDS = {"/answer": {"subject": ONE, "rule": "D08"}, "/proof": {"subject": ONE}}
OPEN = ("/health", "/static/desk.css", "/favicon.ico", "/sign-in", "/calendar")
"""What stands open: for machines, for style, and to get in."""


@pytest.fixture(scope="module")
def desk(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path_factory.mktemp("rights") / "home") as opened:
        yield pinned(opened)


@pytest.fixture(scope="module")
def browsers(desk: Desk) -> dict[str, Browser]:
    found = {role: signed_in(desk, role) for role in ROLES}
    for browser in found.values():
        browser.get("/")
    return found


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_each_role_opens_what_the_table_says(
    browsers: dict[str, Browser], method: str, path: str
) -> None:
    told = []
    for role in ROLES:
        browser = browsers[role]
        browser.get("/")
        sent = browser.post(path, **FIELDS.get(path, {})) if method == "POST" else browser.get(path)
        told.append(sent.status_code)
    assert tuple(told) == TABLE[method, path]


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_nobody_opens_anything_unless_signed_in(desk: Desk, method: str, path: str) -> None:
    browser = at(desk)
    sent = browser.post(path, "") if method == "POST" else browser.get(path)
    assert sent.status_code == 401
    assert ONE not in sent.text.replace(path, "").replace(MINE, "")


def test_the_table_has_every_address(desk: Desk) -> None:
    """A new address is nobody's before it stands in the table."""
    known = {(method, path.partition("?")[0]) for method, path in TABLE}
    for route in site(desk).routes:
        path = str(getattr(route, "path", ""))
        if path.startswith(OPEN):
            continue
        for method in {"GET", "POST"} & set(getattr(route, "methods", ())):
            matches = [
                told
                for told, said in known
                if told == method and isinstance(route, Route) and route.path_regex.match(said)
            ]
            assert matches, (method, path)

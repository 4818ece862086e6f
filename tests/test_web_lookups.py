"""Pages look up what they show: no statement of theirs goes through all of a plan's rows."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from operations.cases.desk import Desk
from tests.support.explaining import plans_of, through_all
from tests.support.steps import ONE, act
from tests.support.stores import Stores
from tests.support.visiting import CITY, COUNTY, DAY, LATE, PROVINCE, PURSE, pinned, signed_in
from tests.test_web_rights import TABLE

pytestmark = pytest.mark.heavy

PAGES = {
    COUNTY: ("/", "/list", "/forms"),
    CITY: ("/", "/board", "/papers"),
    PROVINCE: ("/", "/board", "/list?standing=overdue", "/papers", "/me"),
    PURSE: ("/", "/board"),
}


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield pinned(opened)


def test_no_page_goes_through_the_trail_or_all_deadlines(desk: Desk) -> None:
    with plans_of(desk.engine) as found:
        for office, pages in PAGES.items():
            browser = signed_in(desk, office)
            for path in (*pages, f"/project/{ONE}", f"/item/{ONE}/D08"):
                browser.get(path)
        act(desk, "hold", DAY.isoformat(), ONE)
        browser.get("/board")  # counts what has changed
    assert len(found) > 100
    read = through_all(found, "audit", "deadline", "delivery", "fact", "outbox")
    assert read == set()


def test_looking_changes_nothing(desk: Desk) -> None:
    """By GET and by HEAD, which mail gateways and link checkers send."""
    browsers = [signed_in(desk, office) for office in PAGES]
    changed: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if re.match(r"\s*(INSERT|UPDATE|DELETE)", statement):
            changed.append(statement)

    event.listen(desk.engine, "before_cursor_execute", note)
    paths = [path for method, path in TABLE if method == "GET"]
    for browser in browsers:
        for path in ("/sign-in", "/calendar/x.ics", *paths):
            browser.get(path)
            assert not browser._ask("HEAD", path).content
    event.remove(desk.engine, "before_cursor_execute", note)
    assert len(paths) > 20
    assert changed == []

"""The daily decision on both databases, on one city's projects."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from operations.cases.desk import Desk, open_desk
from operations.daily.enforcement import DeadlineDecision, check, day_to_enforce, enforce
from operations.views.overview import projects
from operations.workbooks.intake import import_workbook
from policy.vocabulary import DecisionKind
from states.workdays import UnknownYearError
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.province import END, morning
from tests.support.steps import load, walk
from tests.support.stores import Snapshot

pytestmark = pytest.mark.heavy

ONE = "XF2023-140105-01"


def import_taiyuan(desk: Desk) -> None:
    """Import the ten projects of 太原市, all in siting."""
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)


def determine_all(desk: Desk) -> None:
    """The ten projects of 太原市, all determined: 开工 waits for nobody but their counties."""
    for project in projects(load(desk)):
        walk(desk, "determine", project.code)


IMPORTED = Snapshot("imported", import_taiyuan, INSTALLED)
DETERMINED = Snapshot("determined", determine_all, INSTALLED)


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    return desk_in(DETERMINED)


def told(
    found: tuple[DeadlineDecision, ...], rule: str, subject: str = ONE
) -> set[tuple[str | None, str]]:
    """Rung and office of what is decided about one deadline, marks aside."""
    return {
        (item.rung, item.recipient)
        for item in found
        if (item.rule, item.subject) == (rule, subject) and item.rung
    }


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2023-05-21", set()),
        ("2023-05-22", {("T-7", "太原市小店区民政局")}),
        ("2023-05-26", {("T-3", "太原市小店区民政局")}),
        ("2023-05-30", {("T-1", "太原市小店区民政局")}),
        ("2023-05-31", set()),
        ("2023-06-01", {("T+1", "太原市小店区民政局"), ("T+1", "太原市民政局")}),
        ("2023-06-07", {("T+5", "太原市民政局分管领导"), ("T+5", "山西省民政厅")}),
        ("2023-06-14", {("T+10", "山西省民政厅")}),
        ("2023-06-21", {("T+15", "太原市小店区民政局"), ("T+15", "太原市民政局")}),
    ],
)
def test_each_rung_on_its_workday_to_its_offices(
    taiyuan: Desk, day: str, expected: set[tuple[str, str]]
) -> None:
    """D08, 2023-05-31, counted by hand on a calendar."""
    as_of = date.fromisoformat(day)
    the_day_before = date.fromordinal(as_of.toordinal() - 1)
    enforce(taiyuan, the_day_before, morning(the_day_before))
    assert told(check(taiyuan, as_of), "D08") == expected


def test_missed_days_are_caught_up_at_the_severest_rung_of_each_office(taiyuan: Desk) -> None:
    found = check(taiyuan, date(2023, 6, 8))  # never run before
    assert told(found, "D08") == {
        ("T+1", "太原市小店区民政局"),
        ("T+1", "太原市民政局"),
        ("T+5", "太原市民政局分管领导"),
        ("T+5", "山西省民政厅"),
    }


def test_the_same_day_twice_adds_nothing(taiyuan: Desk) -> None:
    day = date(2023, 6, 1)
    assert enforce(taiyuan, day, morning(day)).messages > 0
    before = rows(taiyuan, "SELECT * FROM outbox ORDER BY id")
    audit = rows(taiyuan, "SELECT count(*) FROM audit")
    again = enforce(taiyuan, day, morning(day))
    assert (again.looked_at, again.messages, again.marked_overdue) == (0, 0, 0)
    assert rows(taiyuan, "SELECT * FROM outbox ORDER BY id") == before
    assert rows(taiyuan, "SELECT count(*) FROM audit") == audit


def test_an_earlier_day_after_a_later_one_adds_nothing(taiyuan: Desk) -> None:
    enforce(taiyuan, date(2023, 6, 1), AT)
    assert enforce(taiyuan, date(2023, 4, 3), AT).messages == 0


def test_lateness_is_marked_once_with_its_clause(taiyuan: Desk) -> None:
    for day in (date(2023, 6, 1), date(2023, 6, 2), date(2023, 6, 30)):
        enforce(taiyuan, day, morning(day))
    query = "SELECT subject, clause, actor FROM audit WHERE kind = 'overdue' AND action = 'D08'"
    marked = rows(taiyuan, query)
    assert len(marked) == len(set(marked)) == 10
    assert (ONE, "六(二)", "系统") in marked


def test_what_cannot_be_bound_is_coordinated_and_never_marked(taiyuan: Desk) -> None:
    found = [item for item in check(taiyuan, date(2023, 5, 5)) if item.rule == "D05"]
    assert {item.decision for item in found} == {DecisionKind.REMIND}
    assert {item.recipient for item in found} == {"山西省民政厅"}


def test_a_day_without_a_calendar_is_refused_and_nothing_written(taiyuan: Desk) -> None:
    with pytest.raises(UnknownYearError, match=r"2027\.json"):
        enforce(taiyuan, date(2027, 1, 4), AT)
    assert rows(taiyuan, "SELECT count(*) FROM outbox") == [(0,)]


def test_a_day_to_come_is_not_enforced() -> None:
    """What it would mark as late, and the days that it would take for done, could not be undone."""
    today = date(2023, 6, 2)
    assert day_to_enforce(None, today) == today
    assert day_to_enforce(date(2023, 6, 1), today) == date(2023, 6, 1)
    with pytest.raises(RefusedError, match="2023-06-03尚未到来"):
        day_to_enforce(date(2023, 6, 3), today)


def test_the_last_known_day_still_runs(taiyuan: Desk) -> None:
    last = date(2026, 12, 31)
    assert enforce(taiyuan, last, AT).messages > 0
    assert enforce(taiyuan, last, AT).messages == 0


def test_two_sweeps_at_once_do_the_work_of_one(taiyuan: Desk) -> None:
    day = date(2023, 6, 1)
    expected = check(taiyuan, day)
    desks = [open_desk(taiyuan.settings) for _ in range(4)]
    with ThreadPoolExecutor(len(desks)) as pool:
        done = list(pool.map(lambda one: enforce(one, day, morning(day)), desks))
    for one in desks:
        one.engine.dispose()
    assert sorted(item.messages for item in done)[:3] == [0, 0, 0]
    marks = [item for item in expected if item.decision is DecisionKind.MARK_OVERDUE]
    assert rows(taiyuan, "SELECT count(*) FROM audit WHERE kind = 'overdue'") == [(len(marks),)]
    assert rows(taiyuan, "SELECT count(*) FROM outbox") == [(len(expected) - len(marks),)]

"""A year of daily runs over the example province, against an oracle that shares no code with it.

The oracle reads the example's facts and the computed dates of tests/data/deadlines_2023.csv, and
works out by plain loops which deadlines were late and when.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import chinese_calendar
import pytest
from sqlalchemy import text

from deployments.demo import EXAMPLE
from notifications.channel import RecordingChannel
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import check, enforce
from operations.upkeep.scenario import Event
from operations.workbooks.intake import import_workbook
from policy.schema import Plan
from policy.vocabulary import DecisionKind
from tests.conftest import AT
from tests.support.province import END, by_day, days, morning, on_paper, record

DATES = Path(__file__).with_name("data") / "deadlines_2023.csv"
PROJECT_FACTS = {  # which acts of facts.csv fulfil which rule, read off the notice by hand
    "D01": ["submit_application"],
    "D03": ["confirm_site"],
    "D04": ["determine"],
    "D05": ["release_funds"],
    "D06": ["operator_confirmed"],
    "D07": ["city_funds_in_place", "county_funds_in_place"],
    "D08": ["break_ground"],
    "D09": ["break_ground"],
}
HALF = date(2023, 7, 14)
ALL = ""  # begins every city's code
SOME = ("1401", "1406", "1407")
"""太原市, 朔州市, 晋中市: late for each rule, enough and too few applications, one on hold."""
pytestmark = pytest.mark.heavy
# A year on PostgreSQL, killed now and then, is in test_flows_kill.py.
QUIET = ("sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.storm]))


@pytest.mark.parametrize("server", QUIET, indirect=True)
def test_a_year_of_daily_runs(desk: Desk, storm: bool) -> None:
    """Every day of 2023: facts, enforce, deliver; nothing fails, nothing repeats, none is lost.

    Without storm the first half, by whose end all that the oracle knows of has come due, and the
    projects of three cities.
    """
    end, cities = (END, (ALL,)) if storm else (HALF, SOME)
    for name in (
        "通讯录",
        *(city.name for city in desk.plan.cities if city.code.startswith(cities)),
    ):
        (path,) = (EXAMPLE / "workbooks").glob(f"*{name}.xlsx")
        import_workbook(desk, path, today=END, at=AT)
    facts, channel = by_day(), RecordingChannel()
    marked: dict[tuple[str, str], date] = {}
    for day in days(date(2023, 1, 16), end):
        expected = check(desk, day)
        done = enforce(desk, day, morning(day))
        assert done.messages == sum(item.rung is not None for item in expected)
        assert enforce(desk, day, morning(day)).messages == 0
        for item in expected:
            if item.decision is DecisionKind.MARK_OVERDUE:
                marked.setdefault((item.subject, item.rule), day)
        sent_before = len(channel.sent)
        delivered = deliver(desk, partial(morning, day), lambda _: channel)
        assert not delivered.errors
        _one_digest_a_person(channel, sent_before)
        if delivered.digests:
            assert chinese_calendar.is_workday(day), f"sent on a rest day: {day}"
        record(desk, list(_of(desk.plan, cities, facts.get(day, []))))
    assert {key: day for key, day in marked.items() if key[1] in PROJECT_FACTS} == {
        **dict(_projects_overdue(end, cities)),
        **dict(_cities_overdue(cities)),
    }
    assert {rule for _, rule in marked} >= {*PROJECT_FACTS}
    _every_intent_was_sent_once(desk)


def _of(plan: Plan, cities: tuple[str, ...], events: Sequence[Event]) -> Iterator[Event]:
    """What happens to these cities' projects; the others report on paper."""
    codes = {city.name: city.code for city in plan.cities}
    for event in events:
        if event.subject.startswith("XF"):
            if event.subject[7:].startswith(cities):
                yield event
        else:
            known = codes.get(event.subject, "").startswith(cities)
            yield event if known else on_paper(event)


def _projects_overdue(
    until: date, cities: tuple[str, ...]
) -> Iterator[tuple[tuple[str, str], date]]:
    """Per project and rule, the first day past `overdue_after` on which it was still open.

    The run of a day comes before that day's facts, as it does in the test.
    """
    held = _held_days()
    done: dict[tuple[str, str], date] = {}
    for row in facts_of_the_year():
        done.setdefault((row.subject, row.act), row.on)
    subjects = {row.subject for row in facts_of_the_year()}
    projects = {code for code in subjects if code[:2] == "XF" and code[7:].startswith(cities)}
    for line in _rows(DATES):
        if line["id"] not in PROJECT_FACTS:
            continue
        late_from = date.fromisoformat(line["overdue_after"][:10]).toordinal() + 1
        for project in projects:
            needed = [done.get((project, act), date.max) for act in PROJECT_FACTS[line["id"]]]
            for ordinal in range(late_from, until.toordinal() + 1):
                day = date.fromordinal(ordinal)
                if day > max(needed):
                    break
                # 省财政厅 is bound by no date; the province, which determines, is
                waits = day <= done.get((project, "determine"), date.max)
                if (line["id"] != "D05" or waits) and day not in held.get(project, ()):
                    yield (project, line["id"]), day
                    break


def _cities_overdue(cities: tuple[str, ...]) -> Iterator[tuple[tuple[str, str], date]]:
    """Per city whose applications had not reached its quota when 2023-02-20 had passed.

    That of a city of which no projects are known is none.
    """
    in_time = Counter(
        row.subject[7:11]
        for row in facts_of_the_year()
        if row.act == "submit_application" and row.on <= date(2023, 2, 20)
        if row.subject[7:].startswith(cities)
    )
    for city in _rows(DATES.with_name("shanxi_quota_2023.csv")):
        if in_time[city["city_code"][:4]] < int(city["quota"]):
            yield (city["city"], "D01"), date(2023, 2, 21)


class Row(NamedTuple):
    """One line of the example, read by itself: who, what, when."""

    subject: str
    act: str
    on: date


def facts_of_the_year() -> list[Row]:
    """The example's facts in order of day; matching funds come in whole, as the ledger says."""
    facts = [Row(r["subject"], r["act"], _day(r)) for r in _rows(EXAMPLE / "facts.csv")]
    facts += [
        Row(row["subject"], f"{row['source']}_funds_in_place", _day(row))
        for row in _rows(EXAMPLE / "ledger.csv")
        if row["entry"] == "receipt" and row["source"] in ("city", "county")
    ]
    return sorted(facts, key=lambda row: row.on)


def _day(row: dict[str, str]) -> date:
    return date.fromisoformat(row["on"])


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def _held_days() -> dict[str, set[date]]:
    """Per project, the days on whose morning it was on hold."""
    held: dict[str, set[date]] = {}
    since: dict[str, date] = {}
    for row in facts_of_the_year():
        if row.act == "hold":
            since[row.subject] = row.on
        elif row.act == "resume":
            first = date.fromordinal(since.pop(row.subject).toordinal() + 1)
            held.setdefault(row.subject, set()).update(days(first, row.on))
    return held


def _one_digest_a_person(channel: RecordingChannel, since: int) -> None:
    counted = Counter((message.recipient, message.addressee) for message in channel.sent[since:])
    assert all(count == 1 for count in counted.values()), counted


def _every_intent_was_sent_once(desk: Desk) -> None:
    intents = text("SELECT DISTINCT status FROM outbox")
    told = text("SELECT DISTINCT status, attempts, ambiguous FROM delivery")
    with desk.engine.connect() as connection:
        assert connection.execute(intents).scalars().all() == ["sent"]
        assert [tuple(row) for row in connection.execute(told)] == [("sent", 1, False)]

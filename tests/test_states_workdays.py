"""Workdays against an independent package, spans against loops that go day by day, office hours
against a naive clock that knows only UTC.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import PolicyError
from common.words import shanghai_day
from states.workdays import (
    Calendar,
    UnknownYearError,
    if_known,
    is_open,
    opens_next,
    workday_after,
    years_after,
)
from tests.support.builders import calendar, plan

DAY = timedelta(days=1)
UNHURRIED = settings(deadline=None)
YEARS = range(2023, 2027)
KNOWN_DAYS = st.dates(date(2023, 1, 1), date(2026, 12, 31))
FAR_FROM_THE_ENDS = st.dates(date(2012, 1, 1), date(2018, 12, 31))


def _days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += DAY


def test_the_29th_of_february_becomes_the_first_of_march() -> None:
    leap = date(2024, 2, 29)
    assert years_after(leap, 1) == date(2025, 3, 1)
    assert years_after(leap, 4) == date(2028, 2, 29)
    assert years_after(date(2023, 6, 1), 3) == date(2026, 6, 1)


@pytest.mark.parametrize("year", YEARS)
def test_every_day_agrees_with_the_holidays_package(year: int) -> None:
    china = holidays.country_holidays("CN", years=year)
    days = list(_days(date(year, 1, 1), date(year, 12, 31)))
    disagreed = [day for day in days if calendar().is_workday(day) != china.is_working_day(day)]
    assert len(days) in (365, 366)
    assert disagreed == []


@pytest.mark.parametrize(
    ("day", "workday"),
    [
        (date(2023, 1, 28), True),  # Saturday, made up for 春节
        (date(2023, 1, 27), False),  # Friday, 春节
        (date(2023, 6, 25), True),  # Sunday, made up for 端午
        (date(2023, 6, 23), False),  # Friday, 端午
        (date(2023, 10, 7), True),  # Saturday, made up for 国庆
        (date(2023, 12, 31), False),  # Sunday
    ],
)
def test_days_of_2023_as_the_state_council_announced(day: date, workday: bool) -> None:
    assert calendar().is_workday(day) is workday


@UNHURRIED
@given(KNOWN_DAYS)
def test_on_or_before_is_the_last_workday_not_after(day: date) -> None:
    found = calendar().on_or_before(day)
    assert found <= day
    assert calendar().is_workday(found)
    assert not any(map(calendar().is_workday, _days(found + DAY, day)))


@UNHURRIED
@given(st.dates(date(2023, 1, 1), date(2026, 12, 20)))
def test_on_or_after_is_the_first_workday_not_before(day: date) -> None:
    found = calendar().on_or_after(day)
    assert found >= day
    assert calendar().is_workday(found)
    assert not any(map(calendar().is_workday, _days(day, found - DAY)))


@UNHURRIED
@given(FAR_FROM_THE_ENDS, st.integers(-60, 60))
def test_shift_counts_workdays_one_by_one(day: date, workdays: int) -> None:
    found = calendar().shift(day, workdays)
    if workdays == 0:
        assert found == day
        return
    passed = _days(day + DAY, found) if workdays > 0 else _days(found, day - DAY)
    assert sum(map(calendar().is_workday, passed)) == abs(workdays)
    assert calendar().is_workday(found)


@UNHURRIED
@given(FAR_FROM_THE_ENDS, st.integers(0, 200))
def test_between_counts_the_workdays_that_follow(start: date, days: int) -> None:
    end = start + days * DAY
    counted = sum(map(calendar().is_workday, _days(start + DAY, end)))
    assert calendar().between(start, end) == counted
    assert calendar().between(end, start) == -counted


@UNHURRIED
@given(FAR_FROM_THE_ENDS, st.integers(-60, 60))
def test_between_undoes_shift_from_a_workday(day: date, workdays: int) -> None:
    start = calendar().on_or_before(day)
    assert calendar().between(start, calendar().shift(start, workdays)) == workdays


ASKS: dict[str, Callable[[Calendar, date], object]] = {
    "is_workday": Calendar.is_workday,
    "on_or_before": Calendar.on_or_before,
    "on_or_after": Calendar.on_or_after,
    "shift": lambda calendar, day: calendar.shift(day - DAY, 1),
    "between": lambda calendar, day: calendar.between(day - DAY, day),
}


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("year", [2003, 2027])
def test_an_unknown_year_is_an_error_that_names_the_file_to_add(ask: str, year: int) -> None:
    wanted = re.escape(f"{year}年") + ".*" + re.escape(f"calendars/ 下增加 {year}.json")
    with pytest.raises(UnknownYearError, match=wanted) as caught:
        ASKS[ask](Calendar(), date(year, 1, 4))
    assert caught.value.year == year
    assert isinstance(caught.value, PolicyError)


def test_a_span_that_runs_into_an_unknown_year_is_an_error() -> None:
    with pytest.raises(UnknownYearError, match=r"2027\.json"):
        calendar().shift(date(2026, 12, 30), 2)
    with pytest.raises(UnknownYearError, match=r"2027\.json"):
        calendar().between(date(2026, 12, 30), date(2027, 1, 1))
    with pytest.raises(UnknownYearError, match=r"2003\.json"):
        calendar().shift(date(2004, 1, 5), -4)


def test_an_override_file_makes_its_year_known() -> None:
    known = Calendar({2027: {date(2027, 1, 1): False, date(2027, 1, 3): True}})
    days = {day: known.is_workday(day) for day in _days(date(2027, 1, 1), date(2027, 1, 9))}
    worked = [day.day for day, workday in days.items() if workday]
    assert worked == [3, 4, 5, 6, 7, 8]  # Friday 1 off, Sunday 3 made up, weekend 2 and 9 off
    assert known.shift(date(2026, 12, 31), 1) == date(2027, 1, 3)
    with pytest.raises(UnknownYearError, match=r"2028\.json"):
        known.is_workday(date(2028, 1, 3))


def test_a_year_is_known_when_it_is_built_in_or_given() -> None:
    assert [year for year in range(2000, 2030) if Calendar().knows(year)] == [*range(2004, 2027)]
    assert Calendar({2027: {date(2027, 1, 1): False}}).knows(2027)


def test_a_year_file_may_correct_days_of_the_year_before() -> None:
    built_in = Calendar()
    corrected = Calendar({2027: {date(2026, 12, 31): False, date(2027, 1, 1): False}})
    assert built_in.is_workday(date(2026, 12, 31))
    assert not corrected.is_workday(date(2026, 12, 31))
    assert corrected.on_or_before(date(2026, 12, 31)) == date(2026, 12, 30)


def test_an_override_of_a_known_years_day_wins() -> None:
    corrected = Calendar({2026: {date(2026, 5, 8): False, date(2026, 10, 1): True}})
    assert not corrected.is_workday(date(2026, 5, 8))
    assert corrected.is_workday(date(2026, 10, 1))


def test_of_two_files_that_name_a_day_the_newer_wins() -> None:
    turned = date(2026, 12, 31)
    for older, newer in ((True, False), (False, True)):
        held = Calendar({2026: {turned: older}, 2027: {turned: newer}})
        assert held.is_workday(turned) is newer


def test_an_override_of_one_day_leaves_the_other_days_of_a_known_year() -> None:
    corrected = Calendar({2026: {date(2026, 5, 8): False}})
    others = [d for d in _days(date(2026, 1, 1), date(2026, 12, 31)) if d != date(2026, 5, 8)]
    changed = [day for day in others if corrected.is_workday(day) != calendar().is_workday(day)]
    assert changed == []


# --- office hours ---------------------------------------------------------------------------------

HOURS = plan().office_hours.model_copy(update={"opens": time(8, 30), "closes": time(18, 0)})
MINUTES = st.datetimes(datetime(2023, 1, 1), datetime(2023, 12, 20)).map(  # noqa: DTZ001  # below
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
AHEAD = timedelta(hours=8)


def naive(at: datetime) -> bool:
    """Shanghai is eight hours ahead all year."""
    local = at.astimezone(UTC) + AHEAD
    return calendar().is_workday(local.date()) and (8, 30) <= (local.hour, local.minute) < (18, 0)


@given(MINUTES)
def test_offices_are_open_on_workdays_within_their_hours(at: datetime) -> None:
    assert is_open(HOURS, calendar(), at) == naive(at)


@given(MINUTES)
def test_the_next_opening_is_the_first_minute_that_opens(at: datetime) -> None:
    found = opens_next(HOURS, calendar(), at)
    assert found > at
    assert naive(found)
    assert not naive(found - timedelta(minutes=1))
    days = (at.date() + timedelta(days=n) for n in range(-1, 15))
    openings = (datetime.combine(day, time(0, 30), UTC) for day in days)
    assert not [opening for opening in openings if at < opening < found and naive(opening)]


@pytest.mark.parametrize(
    ("at", "open_", "opens"),
    [
        ("2023-06-01T00:29:59Z", False, "2023-06-01T00:30:00Z"),
        ("2023-06-01T00:30:00Z", True, "2023-06-02T00:30:00Z"),
        ("2023-06-01T09:59:59Z", True, "2023-06-02T00:30:00Z"),
        ("2023-06-01T10:00:00Z", False, "2023-06-02T00:30:00Z"),
        ("2023-06-25T01:00:00Z", True, "2023-06-26T00:30:00Z"),  # a Sunday that is worked
        ("2023-06-02T10:00:00Z", False, "2023-06-05T00:30:00Z"),
        ("2023-04-28T11:00:00Z", False, "2023-05-04T00:30:00Z"),  # 劳动节 04-29 to 05-03
        ("2023-05-01T02:00:00Z", False, "2023-05-04T00:30:00Z"),
        ("2023-06-01T16:30:00Z", False, "2023-06-02T00:30:00Z"),  # past midnight in Shanghai
    ],
)
def test_by_the_year_2023(at: str, open_: bool, opens: str) -> None:
    instant = datetime.fromisoformat(at)
    assert is_open(HOURS, calendar(), instant) is open_
    assert opens_next(HOURS, calendar(), instant) == datetime.fromisoformat(opens)


def test_the_day_in_shanghai_begins_at_four_in_the_afternoon_of_greenwich() -> None:
    assert shanghai_day(datetime(2023, 6, 1, 15, 59, 59, tzinfo=UTC)) == date(2023, 6, 1)
    assert shanghai_day(datetime(2023, 6, 1, 16, 0, tzinfo=UTC)) == date(2023, 6, 2)


@pytest.mark.parametrize(
    ("day", "after"),
    [
        (date(2023, 4, 27), date(2023, 4, 28)),
        (date(2023, 4, 28), date(2023, 5, 4)),  # 劳动节
        (date(2023, 6, 24), date(2023, 6, 25)),  # a Sunday that is worked
        (date(2098, 12, 31), date(2099, 1, 1)),  # whatever its holidays will be
    ],
)
def test_papers_of_an_evening_are_signed_from_the_next_workday_on(day: date, after: date) -> None:
    assert workday_after(Calendar(), day) == after


def test_what_lies_in_a_year_that_is_not_known_has_no_answer() -> None:
    assert if_known(Calendar().on_or_after, date(2023, 4, 29)) == date(2023, 5, 4)
    assert if_known(Calendar().on_or_after, date(2099, 1, 1)) is None

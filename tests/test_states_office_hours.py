"""Office hours against a naive clock that knows only UTC, and by the holidays of 2023."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.words import shanghai_day
from states.workdays import is_open, opens_next
from tests.support.builders import calendar, plan

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

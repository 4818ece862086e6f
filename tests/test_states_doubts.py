"""Days that should not be decided without a person's word, on each side of each limit."""

from datetime import UTC, date, datetime, timedelta

import pytest

from states.doubts import DayRecord, day_of_work, doubts, end_of_span, plan_span
from tests.support.builders import plan

AT = datetime(2023, 6, 1, 0, 30, tzinfo=UTC)
"""Half past eight in Shanghai."""
DAY = date(2023, 6, 1)
NEVER = DayRecord(None, None)
SKEW = timedelta(minutes=5)


def test_a_plan_lasts_from_its_notice_to_the_next_march() -> None:
    assert plan_span(plan()) == (date(2023, 1, 16), date(2024, 3, 31))


@pytest.mark.parametrize(
    ("day", "doubted"),
    [
        (date(2023, 1, 15), True),
        (date(2023, 1, 16), False),
        (date(2024, 3, 31), False),
        (date(2024, 4, 1), True),
    ],
)
def test_a_day_outside_of_the_plan_is_doubted(day: date, doubted: bool) -> None:
    said = f"{day}不在实施方案的期间（2023-01-16至2024-03-31）内"
    assert list(doubts(plan(), day, AT, NEVER)) == [said] * doubted


@pytest.mark.parametrize(("gap", "doubted"), [(-1, False), (1, False), (45, False), (46, True)])
def test_more_than_45_days_since_the_last_are_a_wrong_clock(gap: int, doubted: bool) -> None:
    last = DAY - timedelta(gap)
    said = f"距上次核对的{last}已有{gap}天，超过45天，系统时间可能有误"
    assert list(doubts(plan(), DAY, AT, DayRecord(last, None))) == [said] * doubted


def test_the_first_day_of_a_plan_is_no_jump() -> None:
    assert list(doubts(plan(), date(2023, 12, 29), AT, NEVER)) == []


def test_a_clock_may_go_back_five_minutes() -> None:
    assert list(doubts(plan(), DAY, AT - SKEW, DayRecord(DAY, AT))) == []
    early = AT - SKEW - timedelta(seconds=1)
    said = "系统时间为2023-06-01 08:24，早于已有记录的最晚时间2023-06-01 08:30，系统时间可能有误"
    assert list(doubts(plan(), DAY, early, DayRecord(DAY, AT))) == [said]


def test_a_confirmed_day_is_not_doubted_and_a_clock_that_goes_back_is() -> None:
    wrong = date(2025, 1, 1)
    assert len(list(doubts(plan(), wrong, AT, DayRecord(DAY, AT + 2 * SKEW)))) == 3
    [said] = doubts(plan(), wrong, AT, DayRecord(DAY, AT + 2 * SKEW, confirmed=True))
    assert said.startswith("系统时间为")
    assert list(doubts(plan(), wrong, AT, DayRecord(DAY, AT, confirmed=True))) == []


@pytest.mark.parametrize(
    ("today", "last", "worked"),
    [
        ("2024-03-31", "2024-03-30", "2024-03-31"),
        ("2024-04-01", "2024-03-31", "2024-03-31"),
        ("2026-11-30", "2024-03-31", "2024-03-31"),
        ("2024-04-03", "2024-03-29", "2024-03-31"),
        ("2024-05-13", "2024-03-29", "2024-03-31"),
        ("2024-05-14", "2024-03-29", "2024-05-14"),
        ("2024-04-06", "2024-04-05", "2024-04-05"),
        ("2024-04-05", "2024-04-05", "2024-04-05"),
        ("2024-04-05", "2025-04-05", "2024-04-05"),
        ("2026-11-30", None, "2026-11-30"),
    ],
)
def test_once_a_plan_is_over_its_last_day_is_the_one_that_is_worked(
    today: str, last: str | None, worked: str
) -> None:
    """Whether it was reached in order, has been missed for a while, or lies behind for too long."""
    newest = date.fromisoformat(last) if last else None
    assert day_of_work(plan(), date.fromisoformat(today), newest) == date.fromisoformat(worked)


@pytest.mark.parametrize(
    ("last", "end"),
    [
        (date(2023, 12, 31), date(2024, 3, 31)),
        (date(2023, 11, 30), date(2024, 2, 29)),
        (date(2024, 11, 1), date(2025, 2, 28)),
        (date(2023, 10, 31), date(2024, 1, 31)),
        (date(2023, 9, 1), date(2023, 12, 31)),
        (date(2023, 1, 31), date(2023, 4, 30)),
    ],
)
def test_it_ends_with_the_third_month_after_its_works(last: date, end: date) -> None:
    assert end_of_span(last) == end

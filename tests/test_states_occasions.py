"""The days of recurring duties and of spans, against the rules of a library of dates."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]
from dateutil.rrule import MONTHLY, WEEKLY, YEARLY, rrule  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from policy.schema import Plan
from policy.timing import (
    Duty,
    HalfYearly,
    HolidayRules,
    Monthly,
    OccasionDates,
    Quarterly,
    Span,
    Weekly,
    Yearly,
)
from policy.vocabulary import HolidayRule, SubjectKind
from states.deadlines import dates_of, deadlines
from states.doubts import plan_span
from states.snapshot import months
from states.workdays import Calendar
from tests.support.builders import calendar, plan

YEARS = st.integers(2005, 2020)
DAYS = st.integers(1, 28) | st.just("last")
NOW = HolidayRules(remind=HolidayRule.UNCHANGED, overdue=HolidayRule.UNCHANGED)
BASE = (
    plan()
    .duties[0]
    .model_dump(
        exclude={
            "weekly",
            "monthly",
            "quarterly",
            "half_yearly",
            "yearly",
            "occasions",
            "ends_with",
        }
    )
)


def planned(days: Calendar | None = None, **form: object) -> dict[str, tuple[date, date | None]]:
    """By what the ids of a duty of that form end in, its day and the first on which it may be."""
    duty = Duty(**{**BASE, "id": "X01", "holiday_rule": NOW, **form})
    own = plan().model_copy(update={"duties": (duty,), "deadlines": ()})
    found = deadlines(own, days or calendar())
    assert all(item.dates is not None for item in found)
    return {
        item.id.removeprefix("X01-"): (item.dates.literal.due, item.dates.literal.not_before)
        for item in found
        if item.dates
    }


def told(first: date, count: int, step: int, later: int, day: int | str) -> list[date]:
    """By the library: `count` periods of `step` months from `first` on, so many months later."""
    begin = first + relativedelta(months=step - 1 + later)
    on = -1 if day == "last" else day
    rule = rrule(
        MONTHLY, dtstart=begin, interval=step, bymonthday=on,
        count=count,
    )  # fmt: skip
    return [each.date() for each in rule]


@given(YEARS, st.integers(1, 12), st.integers(1, 30), st.integers(0, 12), DAYS)
def test_each_month_of_a_duty_has_its_day_so_many_months_later(
    year: int, month: int, count: int, later: int, day: int | str
) -> None:
    first = date(year, month, 1)
    last = first + relativedelta(months=count - 1)
    form = Monthly(
        first=f"{first:%Y-%m}", last=f"{last:%Y-%m}", month=later, remind_day=day, due_day=day
    )
    found = planned(monthly=form)
    assert [due for due, _ in found.values()] == told(first, count, 1, later, day)
    assert next(iter(found)) == f"{first:%m}"


@given(YEARS, st.integers(1, 4), st.integers(1, 9), st.integers(0, 12), DAYS)
def test_each_quarter_has_its_day(
    year: int, quarter: int, count: int, later: int, day: int | str
) -> None:
    last = divmod(year * 4 + quarter - 1 + count - 1, 4)
    form = Quarterly(
        first=f"{year}Q{quarter}", last=f"{last[0]}Q{last[1] + 1}", month=later,
        remind_day=day, due_day=day,
    )  # fmt: skip
    found = planned(quarterly=form)
    first = date(year, 3 * quarter - 2, 1)
    assert [due for due, _ in found.values()] == told(first, count, 3, later, day)
    assert len(found) == count


@given(YEARS, st.integers(1, 2), st.integers(1, 6), st.integers(0, 12), DAYS)
def test_each_half_year_has_its_day(
    year: int, half: int, count: int, later: int, day: int | str
) -> None:
    last = divmod(year * 2 + half - 1 + count - 1, 2)
    form = HalfYearly(
        first=f"{year}H{half}", last=f"{last[0]}H{last[1] + 1}", month=later,
        remind_day=day, due_day=day,
    )  # fmt: skip
    first = date(year, 6 * half - 5, 1)
    found = planned(half_yearly=form)
    assert [due for due, _ in found.values()] == told(first, count, 6, later, day)


@given(YEARS, st.integers(1, 5), st.integers(0, 12), DAYS)
def test_each_year_has_its_day(year: int, count: int, later: int, day: int | str) -> None:
    form = Yearly(first=year, last=year + count - 1, month=later, remind_day=day, due_day=day)
    found = planned(yearly=form)
    assert [due for due, _ in found.values()] == told(date(year, 1, 1), count, 12, later, day)
    assert [*found] == [f"{each}" for each in range(year, year + count)]
    if later == 0 and day == "last":
        ends = rrule(YEARLY, dtstart=date(year, 12, 31), count=count)
        assert [due for due, _ in found.values()] == [each.date() for each in ends]


@given(st.dates(date(2005, 1, 1), date(2020, 12, 31)), st.integers(0, 500), st.integers(1, 7))
def test_each_week_has_its_day_across_years(first: date, length: int, weekday: int) -> None:
    last = first + timedelta(days=length)
    found = planned(weekly=Weekly(first=first, last=last, weekday=weekday))
    rule = rrule(WEEKLY, dtstart=first, until=last, byweekday=weekday - 1)
    assert [due for due, _ in found.values()] == [each.date() for each in rule]
    assert [*found] == [f"{each:%G}w{each:%V}" for each in rule]


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("X01-2024H1", "2024年上半年"),
        ("X01-2024H2", "2024年下半年"),
        ("X01-2024", "2024年度"),
        ("X01-2025w01", "2025年第1周"),
    ],
)
def test_a_period_has_its_name(id: str, said: str) -> None:
    forms = {
        "half_yearly": HalfYearly(first="2024H1", last="2024H2", remind_day=1, due_day=1),
        "yearly": Yearly(first=2024, last=2024, remind_day=1, due_day=1),
        "weekly": Weekly(first=date(2024, 12, 30), last=date(2025, 1, 5), weekday=5),
    }
    duties = tuple(Duty(**{**BASE, "id": "X01", form: it}) for form, it in forms.items())
    own = plan().model_copy(update={"duties": duties, "deadlines": ()})
    assert {item.id: item.period for item in deadlines(own, calendar())}[id] == said


SPANS = st.tuples(st.dates(date(2005, 1, 1), date(2020, 12, 31)), st.integers(1, 30))


@given(SPANS)
def test_a_span_of_months_ends_on_the_same_day_of_the_month_or_its_last(
    asked: tuple[date, int],
) -> None:
    """民法典第二百零二条."""
    since, count = asked
    rule = next(item for item in plan().deadlines if item.follows)
    span = Span(after=rule.follows.after, months=count) if rule.follows else None
    still = rule.model_copy(update={"follows": span, "holiday_rule": NOW, "within_year": False})
    own = plan().model_copy(update={"deadlines": (still,), "duties": ()})
    (item,) = deadlines(own, calendar())
    found = (
        dates_of(item, SubjectKind.PROJECT, {span.after: since}, None, calendar()) if span else None
    )
    assert found is not None
    assert found.literal.due == since + relativedelta(months=count)


def test_nobody_is_reminded_of_a_day_on_which_it_cannot_be_done_yet() -> None:
    """The report about September, by 5 October 2024: the holidays are until the 7th."""
    form = Monthly(
        first="2024-09", last="2024-09", month=1, remind_day=5, due_day=5, not_before_day=1
    )
    duty = Duty(**{**BASE, "id": "X01", "holiday_rule": HolidayRules(), "monthly": form})
    own = plan().model_copy(update={"duties": (duty,), "deadlines": ()})
    (item,) = deadlines(own, calendar())
    assert item.dates is not None
    assert (item.dates.remind_by, item.dates.overdue_after) == (date(2024, 10, 8),) * 2
    assert item.dates.literal == OccasionDates(
        remind=date(2024, 10, 5), due=date(2024, 10, 5), not_before=date(2024, 10, 1)
    )


def over(first: date, last: date) -> Plan:
    notice = plan().notice.model_copy(update={"issued_on": first})
    return plan().model_copy(
        update={"notice": notice, "year": first.year, "ends_on": last, "name": "示例"}
    )


@given(st.dates(date(2005, 1, 1), date(2020, 1, 1)), st.integers(0, 1200))
def test_months_and_days_of_a_plan_reach_to_its_last_day(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    rule = rrule(MONTHLY, dtstart=first.replace(day=1),
                 until=last)  # fmt: skip
    assert months(over(first, last)) == tuple(f"{each:%Y-%m}" for each in rule)
    end = date(last.year, last.month, 1) + relativedelta(months=4) - timedelta(days=1)
    assert plan_span(over(first, last)) == (first, end)


def test_a_plan_of_a_year_ends_with_it() -> None:
    assert plan_span(plan())[1] == date(2024, 3, 31)
    assert (months(plan())[-1], plan().years_said) == ("2023-12", "2023年")
    two = over(date(2024, 8, 20), date(2025, 12, 31))
    assert (two.years_said, [*two.years]) == ("2024—2025年", [2024, 2025])

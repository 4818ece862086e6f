"""The months of a monthly duty, and what the dates of a rule may be."""

from datetime import UTC, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.timing import (
    DeadlineRule,
    HolidayRules,
    Monthly,
    OfficeHours,
    Quarterly,
    Span,
    Weekly,
    rung_words,
)
from policy.vocabulary import HolidayRule
from tests.support.builders import plan

MONTHS = st.tuples(st.integers(2021, 2023), st.integers(1, 12))


def monthly(first: str, last: str) -> Monthly:
    return Monthly(first=first, last=last, remind_day=24, due_day=25)


def test_within_a_year_a_month_is_named_by_its_number() -> None:
    assert monthly("2023-03", "2023-05").months == {
        "03": "2023-03",
        "04": "2023-04",
        "05": "2023-05",
    }
    assert monthly("2023-12", "2023-12").months == {"12": "2023-12"}


def test_a_month_is_named_alike_however_long_the_duty_lasts() -> None:
    """Prolonged into January, fulfilled months stay fulfilled: they keep their names."""
    before, after = monthly("2023-10", "2023-12").months, monthly("2023-10", "2024-01").months
    assert after == {**before, "2024-01": "2024-01"}
    assert set(before) == {"10", "11", "12"}


@given(MONTHS, MONTHS)
def test_months_follow_one_another_from_the_first_to_the_last(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    first, last = sorted((one, other))
    found = monthly("{}-{:02d}".format(*first), "{}-{:02d}".format(*last)).months
    year, month = first
    for told in found.values():
        assert told == f"{year}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    assert (year * 12 + month) == last[0] * 12 + last[1] + 1


@pytest.mark.parametrize(
    ("model", "good", "bad"),
    [
        (Monthly, {"first": "2023-01", "last": "2023-12"}, {"first": "2023-13"}),
        (Monthly, {"remind_day": 1, "due_day": 28}, {"remind_day": 0}),
        (Monthly, {"remind_day": "last"}, {"remind_day": 29}),
        (Monthly, {"remind_day": 28}, {"remind_day": 29}),
        (Monthly, {"due_day": 1}, {"due_day": 0}),
        (Monthly, {"due_day": "last"}, {"due_day": 29}),
        (Quarterly, {"first": "2023Q1", "last": "2023Q4"}, {"first": "2023Q5"}),
        (Quarterly, {"month": 0}, {"month": -1}),
        (Quarterly, {"month": 12}, {"month": 13}),
        (Quarterly, {"remind_day": 1}, {"remind_day": 0}),
        (Quarterly, {"remind_day": 28}, {"remind_day": 29}),
        (Quarterly, {"due_day": 1}, {"due_day": 0}),
        (Quarterly, {"due_day": 28}, {"due_day": 29}),
        (Weekly, {"weekday": 1}, {"weekday": 0}),
        (Weekly, {"weekday": 7}, {"weekday": 8}),
        (Span, {"days": 1}, {"days": 0}),
        (Span, {"workdays": 1}, {"workdays": 0}),
    ],
)
def test_what_dates_may_be(model: Any, good: dict[str, Any], bad: dict[str, Any]) -> None:
    usual: dict[Any, dict[str, Any]] = {
        Monthly: {"first": "2023-01", "last": "2023-12", "remind_day": 1, "due_day": 2},
        Quarterly: {
            "first": "2023Q1",
            "last": "2023Q2",
            "month": 1,
            "remind_day": 1,
            "due_day": 2,
        },
        Weekly: {"first": "2023-01-01", "last": "2023-12-31", "weekday": 1},
        Span: {"after": "determined"},
    }
    model.model_validate({**usual[model], **good})
    with pytest.raises(ValueError, match=next(iter(bad))):
        model.model_validate({**usual[model], **bad})


def test_what_recurs_by_month_has_a_deadline_for_each_and_nothing_else_has() -> None:
    """五(五): reports and bulletins, from March on."""
    months = {f"{n:02d}": f"2023-{n:02d}" for n in range(3, 13)}
    found = {duty.id: duty.months for duty in plan().duties if duty.months}
    wanted = {id: {f"{id}-{n}": month for n, month in months.items()} for id in ("D10", "D11")}
    assert found == wanted
    assert plan().bulletin_months == tuple(months.values())
    assert plan().reported_months == wanted["D10"]
    silent = plan().model_copy(update={"bulletin": None, "report": None})
    assert (silent.bulletin_months, silent.reported_months) == ((), {})


def test_reminders_are_strict_and_lateness_lenient_by_default() -> None:
    assert HolidayRules().remind is HolidayRule.ADVANCE
    assert HolidayRules().overdue is HolidayRule.POSTPONE


def test_a_deadline_is_stated_by_a_day_or_by_a_span() -> None:
    rule = plan().deadlines[0]
    bare = rule.model_copy(update={"remind": None, "due": None, "follows": None})
    span = Span(after="determined", days=30)
    assert isinstance(rule, DeadlineRule)
    assert not bare.stated
    assert bare.model_copy(update={"due": rule.due}).stated
    assert bare.model_copy(update={"follows": span}).stated


def test_a_day_may_move_into_the_next_year_unless_the_plan_forbids_it() -> None:
    said = plan().deadlines[0].model_dump(exclude={"within_year"})
    assert not DeadlineRule(**said).within_year


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("T+5", "逾期后第5个工作日"),
        ("T-7", "提前7个工作日"),
        ("T-7d", "提前7天"),
        ("T+10d", "逾期后第10天"),
        ("receipt", "receipt"),
        ("T+5x", "T+5x"),
    ],
)
def test_a_rung_in_words(id: str, words: str) -> None:
    assert rung_words(id) == words


@pytest.mark.parametrize(
    ("opens", "taken"),
    [
        ("08:30", time(8, 30)),
        ("08:30:00", time(8, 30)),
        (time(8, 30), time(8, 30)),
        (time(8, 30, tzinfo=UTC), None),
        ("08:30:10", None),
        ("8:30", None),
        (8, None),
        (30_600, None),
    ],
)
def test_an_hour_is_written_as_hours_and_minutes(opens: object, taken: time | None) -> None:
    hours = {**plan().office_hours.model_dump(), "opens": opens}
    if taken is None:
        with pytest.raises(ValueError, match="hours and minutes"):
            OfficeHours.model_validate(hours)
    else:
        assert OfficeHours.model_validate(hours).opens == taken


def test_a_ladder_goes_on_to_those_above_where_it_does_more_than_ask() -> None:
    """二: reminders and urges ask; T+5 goes to the leader and the province, T+10 is a letter."""
    assert plan().ladder.escalations == ("T+5", "T+10")


@pytest.mark.parametrize(
    ("span", "length"),
    [({"workdays": 20}, "20个工作日"), ({"days": 90}, "90日"), ({"months": 6}, "6个月")],
)
def test_a_span_in_words(span: dict[str, int], length: str) -> None:
    assert Span(after="begun", **span).length == length


@pytest.mark.parametrize(("month", "later"), [(0, False), (1, True), (12, True)])
def test_a_duty_comes_later_where_it_falls_into_a_later_month(month: int, *, later: bool) -> None:
    duty = next(duty for duty in plan().duties if duty.monthly)
    form = monthly("2023-03", "2023-12").model_copy(update={"month": month})
    assert duty.model_copy(update={"monthly": form}).comes_later is later
    assert not duty.model_copy(update={"monthly": None}).comes_later

"""Days outside of the time that a plan is about: the last that is taken, the first that is not."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from policy.faults import spans
from policy.schema import Plan
from policy.timing import DeadlineRule, Duty, HalfYearly, Monthly, OccasionDates, Quarterly, Yearly
from policy.vocabulary import Origin
from tests.support.builders import plan
from tests.test_policy_validate import put, where

BARE = {"deadlines": (), "duties": (), "inspection": None, "cross_acceptance": None}
D01 = next(rule for rule in plan().deadlines if rule.id == "D01")
D10 = next(duty for duty in plan().duties if duty.id == "D10")
ONCE = {"remind": None, "due": None, "words": "按时完成", "origin": Origin.NOTICE}
DAYS: Mapping[str, Any] = {"remind_day": 1, "due_day": 5}


def told(changed: Plan) -> list[str]:
    """What is told of a plan, each with its path: ``notice.issued_on: 印发日…``."""
    return [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in spans.years(changed)]


def paths(changed: Plan) -> list[str]:
    return [each.partition(":")[0] for each in told(changed)]


@pytest.mark.parametrize(
    ("year", "issued", "at"),
    [
        (1990, 1990, []),
        (2100, 2100, []),
        (1989, 1989, ["year"]),
        (2101, 2101, ["year"]),
        (2024, 2023, []),
        (2025, 2023, ["notice.issued_on"]),
        (2022, 2023, ["notice.issued_on"]),
    ],
)
def test_the_year_is_that_of_the_notice_or_the_next(year: int, issued: int, at: list[str]) -> None:
    bare = put(plan().model_copy(update=BARE), "notice.issued_on", date(issued, 12, 20))
    assert paths(bare.model_copy(update={"year": year})) == at


def with_deadline(**changes: Any) -> Plan:
    """The plan, issued on 2023-01-16, with one deadline alone."""
    rule: DeadlineRule = D01.model_copy(update={**ONCE, **changes})
    return plan().model_copy(update={**BARE, "deadlines": (rule,)})


@pytest.mark.parametrize("name", ["remind", "due", "not_before"])
@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2023, 1, 16), ""),
        (date(2023, 1, 1), ""),  # of the month in which it was issued
        (date(2022, 12, 31), "早于印发日2023-01-16"),
        (date(2022, 1, 31), "早于印发日2023-01-16"),
        (date(2023, 12, 31), ""),
        (date(2024, 1, 1), "的下一年"),
        (date(2024, 12, 31), "的下一年"),
        (date(2025, 1, 1), "不在方案的年份（2023年）之内"),
    ],
)
def test_no_day_lies_outside_of_the_plan(name: str, day: date, says: str) -> None:
    assert paths(with_deadline(**{name: day})) == [f"deadlines.0.{name}"] * bool(says)
    assert says in "".join(told(with_deadline(**{name: day})))
    dates = OccasionDates(remind=date(2023, 2, 1), due=date(2023, 2, 1))
    occasion = dates.model_copy(update={name: day})
    duty = D10.model_copy(update={**ONCE, "monthly": None, "occasions": {"Q2": occasion}})
    at = f"duties.0.occasions.Q2.{name}"
    assert paths(plan().model_copy(update={**BARE, "duties": (duty,)})) == [at] * bool(says)


@pytest.mark.parametrize(
    ("ground", "ok"),
    [
        ({"words": "2024年1月底前"}, True),
        ({"words": "2024 年 1 月底前"}, True),
        ({"words": "次年1月底前"}, True),
        ({"words": "明年1月底前"}, True),
        ({"words": "2023年1月底前"}, False),
        ({"words": "1月底前"}, False),
        ({"words": "2025年1月底前"}, False),
        ({"date_reading": "经批准延期"}, True),
        ({"origin": Origin.PROPOSAL}, True),
    ],
)
def test_a_day_of_the_next_year_has_a_ground(ground: dict[str, Any], *, ok: bool) -> None:
    assert (told(with_deadline(due=date(2024, 1, 31), **ground)) == []) is ok


@pytest.mark.parametrize(
    ("form", "period", "ends_in"),
    [
        (Monthly(first="2023-03", last="2023-12", **DAYS), "monthly", 3),
        (Quarterly(first="2023Q1", last="2023Q4", **DAYS), "quarterly", 3),
        (HalfYearly(first="2023H1", last="2023H2", **DAYS), "half_yearly", 6),
        (Yearly(first=2023, last=2023, **DAYS), "yearly", 12),
    ],
)
def test_a_period_ends_in_its_last_month(
    form: Monthly | Quarterly | HalfYearly | Yearly, period: str, ends_in: int
) -> None:
    """One that ends in the month of the notice is of its time, one that had ended before is not."""
    duty: Duty = D10.model_copy(update={**ONCE, "monthly": None, period: form})
    held = plan().model_copy(update={**BARE, "duties": (duty,)})
    assert told(put(held, "notice.issued_on", date(2023, ends_in, 29))) == []
    after = date(2023, ends_in + 1, 1) if ends_in < 12 else date(2024, 1, 1)
    late = {"year": after.year, "ends_on": date(after.year, 12, 31)}
    before = put(held, "notice.issued_on", after).model_copy(update=late)
    assert f"duties.0.{period}.first: 日期2023-{ends_in:02d}-28早于印发日" in told(before)[0]


def test_a_year_that_no_calendar_has_is_told_as_any_other() -> None:
    wrong = Monthly(first="0000-01", last="2023-12", **DAYS)
    duty = D10.model_copy(update={**ONCE, "monthly": wrong})
    held = plan().model_copy(update={**BARE, "duties": (duty,)})
    assert paths(held) == ["duties.0.monthly.first"]


@pytest.mark.parametrize(
    ("day", "ok"),
    [
        (date(2023, 1, 15), False),
        (date(2023, 1, 16), True),
        (date(2024, 12, 31), True),
        (date(2025, 1, 1), False),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        *("inspection.first", "inspection.last", "inspection.visits.made_on"),
        *("cross_acceptance.visits.first", "cross_acceptance.visits.made_on"),
        *("cross_acceptance.visits.last", "cross_acceptance.results_on"),
    ],
)
def test_visits_lie_between_the_notice_and_the_end_of_the_next_year(
    path: str, day: date, *, ok: bool
) -> None:
    assert (f"{path}: 日期{day}不在" in "；".join(told(put(plan(), path, day)))) is not ok


@pytest.mark.parametrize("path", ["inspection", "cross_acceptance.visits"])
def test_visits_may_all_be_on_one_day_and_end_on_none_before_the_first(path: str) -> None:
    held = put(plan(), f"{path}.first", date(2023, 12, 2))
    for last, at in ((2, []), (3, []), (1, [f"{path}.first"])):
        assert paths(put(held, f"{path}.last", date(2023, 12, last))) == at


def test_what_is_told_names_the_rule_that_it_is_of() -> None:
    at = where("deadlines", "D08")
    assert paths(put(plan(), f"{at}.due", date(2029, 1, 1))) == [f"{at}.due"]

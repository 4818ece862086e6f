"""Faults of a plan in what its reports, lists and visits need: each edge, on both sides of it."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from policy.faults import duties
from policy.faults.ground import PlanFault
from policy.schema import Plan
from policy.timing import OccasionDates
from policy.vocabulary import Level, SubjectKind
from tests.support.builders import plan
from tests.test_policy_validate import put, where

D12 = where("duties", "D12")
DAY = OccasionDates(remind=date(2023, 7, 10), due=date(2023, 7, 10))


def told(check: Callable[[Plan], Iterator[PlanFault]], **changes: Any) -> list[str]:
    """What is told of the shipped plan with changes at paths (``report__duty``), with its path."""
    changed = plan()
    for path, value in changes.items():
        changed = put(changed, path.replace("__", "."), value)
    return [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in check(changed)]


@pytest.mark.parametrize("check", [duties.report, duties.curves, duties.risks, duties.papers])
@pytest.mark.parametrize("section", ["report", "curves", "risks", "bulletin", "feedback"])
def test_a_plan_may_do_without(check: Callable[[Plan], Iterator[PlanFault]], section: str) -> None:
    found = told(check, **{section: None})
    lacking = section == "curves" and check is duties.papers
    assert len(found) == 2 * lacking


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("report__duty", "D11", "report.duty: 未知的各市每月任务“D11”"),
        ("report__duty", "D12", "report.duty: 未知的各市每月任务“D12”"),
        ("report__started", "begun", "report.started: 未知的节点“begun”"),
        ("report__started", "determined", "report.started: “determined”既不能单独登记"),
        ("report__further", ("determined",), "report.further: “determined”既不能单独登记"),
        ("report__further", ("work_started", "opened"), ""),
        ("report__further", ("operator_confirmed",), ""),
    ],
)
def test_a_report_dates_what_cities_and_counties_can_record(
    path: str, value: Any, says: str
) -> None:
    found = told(duties.report, **{path: value})
    assert len(found) == bool(says), found
    assert all(each.startswith(says) for each in found)


@pytest.mark.parametrize(
    ("points", "below", "sound"),
    [
        ([4, 3], [0, 14], True),
        ([4, 4], [0, 14], True),
        ([5, 4], [0, 14], True),  # a deadline that has passed has five
        ([6, 4], [0, 14], False),
        ([3, 4], [0, 14], False),
        ([4, 3], [14, 14], False),
        ([4, 3], [14, 0], False),
    ],
)
def test_points_fall_as_the_margin_grows(
    points: list[int], below: list[int], *, sound: bool
) -> None:
    rules = plan().risks
    assert rules is not None
    margins = tuple(
        rules.margins[0].model_copy(update={"points": each, "below": days})
        for each, days in zip(points, below, strict=True)
    )
    found = told(duties.risks, risks__margins=margins)
    assert found == ([] if sound else ["risks.margins: 须按天数由少到多排列，分值不得增加"])


@pytest.mark.parametrize(
    ("points", "sound"),
    [([5, 2, 0], True), ([0], True), ([5, 2, 1], False), ([2, 5, 0], False), ([5, 5, 0], False)],
)
def test_grades_go_from_the_highest_to_nothing(points: list[int], *, sound: bool) -> None:
    rules = plan().risks
    assert rules is not None
    grades = tuple(rules.grades[0].model_copy(update={"points": each}) for each in points)
    found = told(duties.risks, risks__grades=grades)
    assert found == ([] if sound else ["risks.grades: 等级须由高到低排列，最后一级从0分起"])


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("risks__steps__0__since", "begun", "risks.steps: 未知的节点“begun”"),
        ("risks__steps__0__milestone", "begun", "risks.steps: 未知的节点“begun”"),
        ("risks__steps__1__by", "D99", "risks.steps: 未知的项目时限“D99”"),
        ("risks__steps__1__after", "D99", "risks.steps: 未知的项目时限“D99”"),
        ("risks__gaps__of__0__lacks", "matching_funds", ""),
        ("risks__gaps__of__0__lacks", "responsible_person", ""),
        ("risks__gaps__of__0__lacks", "opened", ""),
        ("curves__received_by", {"province": "D99"}, "curves: 未知的项目时限“D99”"),
        ("curves__invested_to", "D13", "curves: 未知的项目时限“D13”"),
        ("curves__counted__0__by", "D08", ""),
    ],
)
def test_lists_and_curves_go_by_what_there_is(path: str, value: Any, says: str) -> None:
    found = [*told(duties.risks, **{path: value}), *told(duties.curves, **{path: value})]
    assert len(found) == bool(says), found
    assert all(each.startswith(says) for each in found)


@pytest.mark.parametrize(
    ("occasions", "kinds", "sound"),
    [
        ({"Q2": DAY}, (SubjectKind.CITY,), True),
        ({"2023Q4": DAY}, (SubjectKind.CITY,), True),
        ({"Q5": DAY}, (SubjectKind.CITY,), False),
        ({"Q2": DAY, "06": DAY}, (SubjectKind.CITY,), False),
        ({}, (SubjectKind.CITY,), False),
        ({"Q2": DAY}, (SubjectKind.PROVINCE,), False),
    ],
)
def test_a_letter_to_a_city_comes_by_the_quarter(
    occasions: dict[str, OccasionDates], kinds: tuple[SubjectKind, ...], *, sound: bool
) -> None:
    path = D12.replace(".", "__")
    changes: dict[str, Any] = {
        f"{path}__occasions": occasions,
        f"{path}__fulfilled_by": dict.fromkeys(kinds, ("recorded",)),
    }
    found = told(duties.papers, **changes)
    assert [each.partition("“")[0] for each in found] == (
        [] if sound else ["feedback.duty: 未知的各市每季任务"]
    )


ORDER = "inspection: visits.made_on 须早于 first，first 不得晚于 last"


@pytest.mark.parametrize(
    ("made_on", "first", "last", "says"),
    [
        ("05-31", "06-01", "07-31", []),
        ("06-01", "06-01", "07-31", [ORDER]),
        ("05-31", "07-31", "07-31", []),
        ("05-31", "07-31", "07-30", [ORDER]),
        ("05-31", "06-01", "08-01", ["inspection.last: 晚于时限D13的日期2023-07-31"]),
    ],
)
def test_an_inspection_is_planned_before_it_begins_and_ends_in_time(
    made_on: str, first: str, last: str, says: list[str]
) -> None:
    named = {"visits__made_on": made_on, "first": first, "last": last}
    days = {f"inspection__{name}": date.fromisoformat(f"2023-{day}") for name, day in named.items()}
    assert told(duties.inspection, **days) == says


@pytest.mark.parametrize("grade", ["高", "低", None, "极高"])
def test_who_is_visited_for_a_grade_has_one_of_the_list(grade: str | None) -> None:
    found = told(duties.inspection, inspection__visits__every_grade=grade)
    assert [each.partition("“")[0] for each in found] == (
        ["inspection.visits.every_grade: 未知的风险清单的等级"] if grade == "极高" else []
    )
    assert told(duties.inspection, inspection__visits__every_grade=grade, risks=None) == []


VISITS = "cross_acceptance.visits: 须 made_on 早于 first，first 不晚于 last，last 早于 results_on"


@pytest.mark.parametrize(
    ("made_on", "first", "last", "results_on", "sound"),
    [
        ("11-30", "12-01", "12-01", "12-02", True),
        ("12-01", "12-01", "12-02", "12-03", False),
        ("11-30", "12-02", "12-01", "12-03", False),
        ("11-30", "12-01", "12-02", "12-02", False),
    ],
)
def test_a_cross_acceptance_has_its_days_in_order(
    made_on: str, first: str, last: str, results_on: str, *, sound: bool
) -> None:
    named = {"made_on": made_on, "first": first, "last": last}
    days = {
        f"cross_acceptance__visits__{name}": date.fromisoformat(f"2023-{day}")
        for name, day in named.items()
    }
    results = date.fromisoformat(f"2023-{results_on}")
    found = told(duties.cross_acceptance, cross_acceptance__results_on=results, **days)
    assert found == ([] if sound else [VISITS])


@pytest.mark.parametrize("level", Level)
def test_only_people_of_cities_accept(level: Level) -> None:
    found = told(duties.cross_acceptance, cross_acceptance__roles__0__level=level)
    fits = level in (Level.CITY, Level.CITY_LEADER)
    assert found == ([] if fits else ["cross_acceptance.roles.0: 只能抽调市级的人员"])


def test_whoever_accepts_is_named_in_the_checklist() -> None:
    nobody = tuple(item for item in plan().checklist if not item.people)
    (says,) = told(duties.cross_acceptance, checklist=nobody)
    assert says == "cross_acceptance: 核验项（checklist）中须有验收组成员一项"
    assert told(duties.cross_acceptance, checklist=nobody, cross_acceptance=None) == []
    assert told(duties.inspection, inspection=None) == []

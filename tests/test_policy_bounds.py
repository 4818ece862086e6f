"""What figures of a plan may be: the least that is taken and the first that is refused."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from policy.actions import (
    ActionRule,
    ChecklistItem,
    Criterion,
    EvidenceRule,
    MilestoneRule,
    ReviewRules,
)
from policy.checks import AgedCheck, CrossedCheck, ElapsedCheck, LastsCheck
from policy.cities import City, Quota
from policy.clauses import Clause
from policy.duties import (
    CurveRules,
    Grade,
    LatenessRule,
    MarginRule,
    NeedRule,
    RiskRules,
    StallRule,
    VisitDays,
    VisitRule,
)
from policy.evaluation import Evaluation, Indicator, LevelPoints, OnTimeMeasure, YesNoPoints
from policy.schema import InventoryLine, Notice, Plan
from policy.subsidies import AreaSubsidy, BedSubsidy, Category
from policy.timing import DeadlineRule, Monthly, Repeat, Rung, Span, Weekly, Yearly, rung_id
from policy.vocabulary import Disposition, RungKind
from tests.support.builders import plan

SPANS = ("workdays", "days")
BOUNDS: list[tuple[type[BaseModel], str, Any, Any]] = [
    (VisitDays, "least_team", 1, 0),
    (VisitDays, "most_a_day", 1, 0),
    (LastsCheck, "years", 1, 0),
    (AgedCheck, "years", 1, 0),
    (ElapsedCheck, "days", 1, 0),
    (CrossedCheck, "least", 1, 0),
    (CurveRules, "pace_months", 1, 0),
    (Evaluation, "leaders", 1, 0),
    (Evaluation, "laggards", 1, 0),
    (Evaluation, "suggestions", 1, 0),
    (Evaluation, "most_bonus", "0.01", "0"),
    (Evaluation, "most_bonus", "999.99", "1000.00"),
    (Evaluation, "most_bonus", "0.01", "0.001"),
    (LevelPoints, "full", "0.0001", "0"),
    (LevelPoints, "full", "1", "1.0001"),
    (LevelPoints, "part", "0.9999", "0.99999"),
    (YesNoPoints, "points", "0.01", "0"),
    (VisitRule, "least", 1, 0),
    (VisitRule, "share", "0.01", "0"),
    (VisitRule, "share", "1", "1.01"),
    (VisitRule, "most_a_day", 1, 0),
    (Repeat, "every_workdays", 1, 0),
    (Repeat, "every_days", 1, 0),
    (MarginRule, "points", 0, -1),
    (NeedRule, "from_days", 0, -1),
    (NeedRule, "points", 0, -1),
    (StallRule, "months", 1, 0),
    (StallRule, "points", 0, -1),
    (LatenessRule, "points", 0, -1),
    (LatenessRule, "most", 0, -1),
    (Grade, "points", 0, -1),
    (RiskRules, "least_samples", 1, 0),
    (RiskRules, "passed", 0, -1),
    (Quota, "goal", 1, 0),
    (City, "quota", 0, -1),
    (Criterion, "points", "0.1", "0"),
    (Criterion, "points", "999.9", "1000.0"),
    (Criterion, "points", "0.1", "0.01"),
    (AreaSubsidy, "cap_square_metres", {"县": "0.01"}, {"县": "0.001"}),
    (AreaSubsidy, "cap_square_metres", {"县": "9999999.99"}, {"县": "10000000.00"}),
    (AreaSubsidy, "cap_square_metres", {"县": "0"}, {"县": "-0.01"}),
    (BedSubsidy, "most_beds", 1, 0),
    (BedSubsidy, "yuan_per_bed", "0.00", "-0.01"),
    (BedSubsidy, "yuan_per_bed", "9999999999999.99", "10000000000000.00"),
    (BedSubsidy, "yuan_per_bed", "0.01", "0.001"),
    (ReviewRules, "least_opinions", 1, 0),
    (Notice, "issuers", ("山西省民政厅",), ()),
    (InventoryLine, "by", ("D01",), ()),
    (EvidenceRule, "subjects", ("city",), ()),
    (Plan, "stages", plan().stages[:1], ()),
    (Indicator, "places", ("city",), ()),
    (OnTimeMeasure, "rules", ("D01",), ()),
    (Rung, "audience", ("responsible",), ()),
    (DeadlineRule, "fulfilled_by", {"city": ("recorded",)}, {"city": ()}),
    (Plan, "street_endings", ("镇",), ()),
    (Plan, "community_endings", ("村",), ()),
    (Plan, "year", 1, 0),
    (Plan, "year", 9999, 10_000),
    *((Rung, name, end, end + step) for name in SPANS for end, step in ((-366, -1), (366, 1))),
    (Repeat, "every_workdays", 366, 367),
    (Repeat, "every_days", 366, 367),
    (Span, "days", 3_660, 3_661),
    (Span, "workdays", 2_500, 2_501),
    (Span, "months", 120, 121),
    *((Span, name, 1, 0) for name in (*SPANS, "months")),
    *((Weekly, "weekday", end, wrong) for end, wrong in ((1, 0), (7, 8))),
    *((Yearly, "first", end, wrong) for end, wrong in ((2000, 1999), (2099, 2100))),
    *((Yearly, "last", end, wrong) for end, wrong in ((2000, 1999), (2099, 2100))),
    *((Monthly, "month", end, wrong) for end, wrong in ((0, -1), (12, 13))),
    *(
        (Monthly, name, end, wrong)
        for name in ("remind_day", "due_day", "not_before_day")
        for end, wrong in ((1, 0), (28, 29))
    ),
    (Monthly, "remind_day", "last", "first"),
]


@pytest.mark.parametrize(("model", "field", "least", "refused"), BOUNDS)
def test_a_figure_within_its_bounds_is_taken_and_no_other(
    model: type[BaseModel], field: str, least: Any, refused: Any
) -> None:
    """Other fields are left out: what is missing there is not looked at."""
    assert field not in faulty(model, {field: least})
    assert field in faulty(model, {field: refused})


def faulty(model: type[BaseModel], values: dict[str, Any]) -> set[str]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return {str(told["loc"][0]) for told in error.errors()}
    return set()


@pytest.mark.parametrize(
    "path",
    [
        *("curves.counted", "cross_acceptance.roles", "evaluation.indicators", "inspection.items"),
        *("ladder.rungs", "money.categories", "review.criteria", "risks.grades", "risks.steps"),
    ],
)
def test_one_is_enough_and_none_is_not(path: str) -> None:
    section, _, field = path.partition(".")
    held = getattr(plan(), section)
    assert field in faulty(type(held), {field: ()})
    assert field not in faulty(type(held), {field: getattr(held, field)[:1]})


def test_what_a_plan_does_not_say_of_a_rule_is_not_so() -> None:
    said = plan().stages[0].model_dump(include={*Clause.model_fields, "id", "label"})
    action, milestone = ActionRule(**said), MilestoneRule(**said)
    assert not any((action.anywhere, action.clears_opinions, action.checklist, action.pays))
    assert action.while_ == (Disposition.ACTIVE,)
    assert not milestone.beside_chain
    assert ChecklistItem(**said).judged


def test_nothing_is_taken_that_a_plan_does_not_know_and_nothing_is_changed() -> None:
    assert "surplus" in faulty(Category, {"id": "a", "label": "甲", "surplus": 1})
    category = Category(id="a", label="甲")
    assert category.needs_reason is False
    with pytest.raises(ValueError, match="frozen"):
        category.label = "乙"  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(
    ("days", "name", "offset"),
    [
        ({"workdays": -7}, "T-7", -7),
        ({"workdays": 1}, "T+1", 1),
        ({"days": 7}, "T+7d", 7),
        ({"days": -3}, "T-3d", -3),
        ({}, "T+0", 0),
    ],
)
def test_a_rung_is_named_by_its_distance(days: dict[str, int], name: str, offset: int) -> None:
    rung = Rung(kind=RungKind.REMIND, audience=("responsible",), **days)
    assert (rung.offset, rung.id) == (offset, name)
    assert rung_id(offset, natural=name.endswith("d")) == name


def test_the_shipped_ladder_is_named_as_the_domain_names_it() -> None:
    assert [rung.id for rung in plan().ladder.rungs][:3] == ["T-7", "T-3", "T-1"]

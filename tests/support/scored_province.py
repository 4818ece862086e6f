"""A province made by hand, of which tests say what it scores."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from policy.evaluation import Evaluation
from policy.schema import Plan
from policy.vocabulary import Disposition, Origin, Source, Standing, SubjectKind
from states.scoring import IndicatorScore, MonthEvaluation, Score
from states.snapshot import DeadlineShot, ProjectShot, RecordShot, Snapshot
from tests.support.builders import plan

CITY, OTHER = "太原市", "大同市"
COUNTY = {CITY: "小店区", OTHER: "平城区"}
UNSERVED = ("清徐县", "娄烦县", "古交市")
DUE = {  # by 附件 and 3.2 of the domain, not by the code
    "D01": date(2023, 2, 20), "D06": date(2023, 5, 4), "D07": date(2023, 5, 31),
    "D08": date(2023, 5, 31), "D17": date(2023, 12, 31), "D21": date(2023, 12, 19),
    "D10-03": date(2023, 3, 27), "D10-04": date(2023, 4, 25), "D10-05": date(2023, 5, 25),
    "D10-06": date(2023, 6, 25), "D10-07": date(2023, 7, 25), "D10-08": date(2023, 8, 25),
    "D10-09": date(2023, 9, 25), "D10-10": date(2023, 10, 25), "D10-11": date(2023, 11, 27),
    "D10-12": date(2023, 12, 25),
}  # fmt: skip
BEFORE = {rule: due.replace(day=due.day - 1) for rule, due in DUE.items()}  # one day before it
JUNE, DECEMBER = date(2023, 6, 30), date(2023, 12, 29)


def table() -> Evaluation:
    found = plan().evaluation
    assert found is not None
    return found


def a_project(code: str, city: str = CITY, **changes: Any) -> ProjectShot:
    return replace(
        ProjectShot(
            code=code,
            name=f"{code}社区养老幸福工程",
            city=city,
            county=COUNTY[city],
            county_type="市辖区",
            unserved=False,
            stage="construction",
            disposition=Disposition.ACTIVE,
            milestones={},
            area=None,
            investment=None,
            subsidy=None,
            released=None,
            received=dict.fromkeys(Source, Decimal(0)),
            promised={},
            spent=Decimal(0),
            progress=(),
            responsible="",
        ),
        **changes,
    )


def a_deadline(
    rule: str, subject: str, done: date | None, as_of: date, city: str = CITY, **changes: Any
) -> DeadlineShot:
    """With the standing that its dates give it."""
    due, of_city = DUE[rule], subject.endswith("市")
    late = Standing.OVERDUE if as_of > due else Standing.ON_TRACK
    met = Standing.MET if done and done <= due else Standing.MET_LATE
    return replace(
        DeadlineShot(
            kind=SubjectKind.CITY if of_city else SubjectKind.PROJECT,
            subject=subject,
            city=city,
            rule=rule,
            title=f"事项{rule}",
            clause="六(二)",
            origin=Origin.NOTICE,
            responsible="city" if of_city else "county",
            remind_by=due,
            overdue_after=due,
            standing=met if done else late,
            fulfilled_on=done,
        ),
        **changes,
    )


def a_record(kind: str, subject: str, row: int) -> RecordShot:
    return RecordShot(kind, subject, date(2023, 6, 1), "示例认定文件", row)


def shot(
    as_of: date,
    projects: Sequence[ProjectShot] = (),
    deadlines: Sequence[DeadlineShot] = (),
    records: Sequence[RecordShot] = (),
) -> Snapshot:
    found = tuple(projects), tuple(deadlines), tuple(records)
    return Snapshot(as_of.strftime("%Y-%m"), as_of, *found)


def score_of(made: MonthEvaluation, place: str = CITY) -> Score:
    return next(each for each in (*made.cities, *made.counties) if each.name == place)


def line_of(score: Score, indicator: str) -> IndicatorScore:
    return next(line for line in score.lines if line.indicator == indicator)


def with_rule(id: str, rule: Any, **changes: Any) -> Plan:
    """The shipped plan with another rule for an indicator."""
    indicators = tuple(
        item.model_copy(update={"rule": rule, **changes}) if item.id == id else item
        for item in table().indicators
    )
    return with_table(indicators=indicators)


def with_table(**changes: Any) -> Plan:
    return plan().model_copy(update={"evaluation": table().model_copy(update=changes)})


def rule_with(id: str, over: Mapping[str, Any] | None = None, **changes: Any) -> Plan:
    rule = next(item.rule for item in table().indicators if item.id == id)
    looked_at = rule.over.model_copy(update=dict(over or {}))
    return with_rule(id, rule.model_copy(update={**changes, "over": looked_at}))

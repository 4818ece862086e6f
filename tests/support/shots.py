"""Snapshots made by hand, for what is made from them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from policy.schema import Plan
from policy.vocabulary import Disposition, Source, Standing, SubjectKind
from states.progress import Progress
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from tests.support.builders import plan

JUNE = date(2023, 6, 30)


def a_project(code: str = "XF2023-140105-01", city: str = "太原市", **changes: Any) -> ProjectShot:
    """A project that was given its subsidy and has begun; `changes` of its fields."""
    made = ProjectShot(
        code=code,
        name=f"示例{code[-9:]}社区养老幸福工程",
        city=city,
        county="小店区",
        county_type="市辖区",
        unserved=False,
        stage="construction",
        disposition=Disposition.ACTIVE,
        milestones={"site_confirmed": date(2023, 2, 1), "work_started": date(2023, 5, 8)},
        area=Decimal("1000.00"),
        investment=Decimal("1000000.00"),
        subsidy=Decimal("700000.00"),
        released=Decimal("700000.00"),
        received={Source.PROVINCE: Decimal("700000.00"), Source.CITY: Decimal("100000.00")},
        promised={Source.CITY: Decimal("200000.00"), Source.COUNTY: Decimal("100000.00")},
        spent=Decimal("0.00"),
        progress=(),
        responsible="示例·张某",
    )
    return replace(made, **changes)


def a_deadline(
    rule: str,
    subject: str = "XF2023-140105-01",
    standing: Standing = Standing.OVERDUE,
    city: str = "太原市",
    days: tuple[date, date] = (date(2023, 5, 31), date(2023, 5, 31)),
    **changes: Any,
) -> DeadlineShot:
    """A deadline as the plan has it, standing so; `days` are the strict and the lenient one."""
    found = rules(plan())[rule.split("-")[0]]
    made = DeadlineShot(
        kind=SubjectKind.CITY if subject == city else SubjectKind.PROJECT,
        subject=subject,
        city=city,
        rule=rule,
        title=found.title,
        clause=found.clause,
        origin=found.origin,
        responsible=found.responsible,
        remind_by=days[0],
        overdue_after=days[1],
        standing=standing,
        fulfilled_on=None,
    )
    return replace(made, **changes)


def a_snapshot(
    projects: tuple[ProjectShot, ...] = (),
    deadlines: tuple[DeadlineShot, ...] = (),
    period: str = "2023-06",
    as_of: date = JUNE,
) -> Snapshot:
    """A month's end."""
    return Snapshot(period, as_of, projects, deadlines, ())


def said(
    percent: int, invested: str | None = None, period: str = "2023-06", **more: Any
) -> Progress:
    """A month's report; money in 元."""
    return Progress(period, percent, None if invested is None else Decimal(invested), **more)


def rules(known: Plan) -> Mapping[str, Any]:
    """The plan's timed rules by id."""
    return {rule.id: rule for rule in known.timed_rules}

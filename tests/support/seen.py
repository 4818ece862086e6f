"""Ready-made snapshots: a project that goes on with nothing done yet, and its deadlines."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from policy.vocabulary import Disposition, Origin, Source, Standing, SubjectKind
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from tests.support.builders import plan

NONE = dict.fromkeys(Source, Decimal("0.00"))


def a_shot(code: str = "XF2023-140105-01", **changes: Any) -> ProjectShot:
    """A project of 太原市小店区 that owes its provincial 840,000元 and local 660,000元."""
    stated: dict[str, Any] = {
        "name": f"示例{code[-2:]}社区养老幸福工程",
        "city": "太原市",
        "county": "小店区",
        "county_type": "市辖区",
        "unserved": False,
        "stage": "siting",
        "disposition": Disposition.ACTIVE,
        "milestones": {},
        "area": Decimal("1200.00"),
        "investment": Decimal("1500000.00"),
        "subsidy": Decimal("840000.00"),
        "released": None,
        "received": NONE,
        "promised": {Source.CITY: Decimal("400000.00"), Source.COUNTY: Decimal("260000.00")},
        "spent": Decimal("0.00"),
        "progress": (),
        "responsible": "示例·张某",
    }
    return ProjectShot(code=code, **{**stated, **changes})


def a_deadline(rule: str, due: date | None, code: str = "XF2023-140105-01", **more: Any) -> Any:
    """An open deadline of a project, on track unless told otherwise."""
    known = {item.id: item for item in plan().timed_rules}[rule[:3]]
    stated: dict[str, Any] = {
        "kind": SubjectKind.PROJECT,
        "city": "太原市",
        "title": known.title,
        "clause": known.clause,
        "origin": Origin.NOTICE,
        "responsible": known.responsible,
        "remind_by": due,
        "standing": Standing.ON_TRACK,
        "fulfilled_on": None,
    }
    return DeadlineShot(subject=code, rule=rule, overdue_after=due, **{**stated, **more})


def a_snapshot(
    on: date, projects: Iterable[ProjectShot], deadlines: Iterable[DeadlineShot] = ()
) -> Snapshot:
    """How these stand at the end of the day's month."""
    return Snapshot(f"{on:%Y-%m}", on, tuple(projects), tuple(deadlines), ())

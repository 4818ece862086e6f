"""风险清单: on each week's first workday, by how everything stands on that day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from documents.layout import to_bytes
from documents.risks import risk_leaves
from flows.operations.desk import Desk
from flows.operations.products import File, Job, Kept, Occasion
from flows.operations.snapshots import snapshot
from policy.vocabulary import Product
from states.risk import Risk, risks
from states.workdays import DAY

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RiskList:
    """The projects at risk as of a day."""

    as_of: date
    risks: tuple[Risk, ...]
    """The most at risk first."""


def _occasions(desk: Desk) -> Iterator[Occasion]:
    """From the notice to the end of its year; a week without a workday has none."""
    if desk.plan.risks is None:
        return
    first, last = desk.plan.notice.issued_on, date(desk.plan.year, 12, 31)
    monday = first - first.weekday() * DAY
    while monday <= last:
        day = desk.calendar.on_or_after(max(monday, first))
        if day < monday + WEEK and day <= last:
            yield Occasion(day.isoformat(), desk.plan.province, day)
        monday += WEEK


def _make(session: Session, desk: Desk, asked: Occasion) -> RiskList:
    now = snapshot(session, desk, asked.period, asked.on)
    return RiskList(asked.on, risks(desk.plan, now, desk.calendar))


def _files(desk: Desk, made: Kept[RiskList]) -> Iterator[File]:
    leaves = risk_leaves(desk.plan, made.content.risks, made.content.as_of)
    yield File(f"{made.kind.label} {made.occasion.period}.xlsx", to_bytes(leaves))


# Nobody follows up on a list of weeks ago: of several that were missed only the latest is made.
JOB = Job(Product.RISKS, RiskList, _occasions, _make, _files, only_latest=True)

"""The province at the end of a month (月末数据): what bulletins, scores and curves are made from.

It holds all that they speak of, so that what is made from it is the same at any later time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from policy.renaming import NameChanges
from policy.schema import Plan
from policy.vocabulary import Disposition, Origin, Source, Standing, SubjectKind
from states.deadlines import LATE
from states.dossier import GOING_ON
from states.ledger import FundMoney
from states.progress import Progress, last_invested
from states.targets import TargetFigure, of_place
from states.workdays import DAY, Calendar


class HoldSpan(NamedTuple):
    """A time for which a project was on hold (暂停)."""

    since: date
    until: date | None
    """The day on which it ended; None: by the snapshot's day it has not."""


@dataclass(frozen=True, slots=True)
class ProjectShot:
    """One project as of the day; money in 元, area in ㎡."""

    code: str
    name: str
    city: str
    county: str
    county_type: str
    """市辖区, 县级市 or 县."""
    unserved: bool
    """Whether its county had not been served before (附件1)."""
    stage: str
    disposition: Disposition
    milestones: Mapping[str, date]
    """Those dated by the day."""
    area: Decimal | None
    investment: Decimal | None
    subsidy: Decimal | None
    """省级补助 by the plan's rule; None: not stated."""
    released: Decimal | None
    """省级补助 as released by the day."""
    received: Mapping[Source, Decimal]
    """What has come in by the day."""
    promised: Mapping[Source, Decimal | None]
    """市级 and 县级配套; None: not stated."""
    spent: Decimal
    progress: tuple[Progress, ...]
    """What was reported of it up to the month, oldest first."""
    responsible: str
    """责任人; empty where nobody is named."""
    holds: tuple[HoldSpan, ...] = ()
    """When it was on hold (暂停), oldest first; none in snapshots that were kept before it was."""
    funds: tuple[FundMoney, ...] = ()
    """省级补助 by fund, where the plan tells several apart."""

    @property
    def goes_on(self) -> bool:
        """Whether boards and reports count it."""
        return self.disposition in GOING_ON

    @property
    def invested(self) -> Decimal | None:
        """累计完成投资 as it was last stated."""
        return last_invested(self.progress)

    def reported(self, period: str) -> Progress | None:
        """What was reported of it for a month."""
        return next((item for item in self.progress if item.period == period), None)


@dataclass(frozen=True, slots=True)
class DeadlineShot:
    """One deadline of one subject as of the day."""

    kind: SubjectKind
    subject: str
    """A project's code, a city or the province."""
    city: str
    """Empty for the province."""
    rule: str
    """With the occasion of a duty: ``D10-06``."""
    title: str
    clause: str
    origin: Origin
    responsible: str
    """A key of the plan's bodies."""
    remind_by: date | None
    """Both dates are None while a relative deadline has not begun to run."""
    overdue_after: date | None
    standing: Standing
    fulfilled_on: date | None
    due: date | None = None
    """As the notice or an approved extension says it, before the calendar moves it; None as above,
    and in snapshots that were kept before it was."""
    step: str = ""
    """The first step that is missing, and `responsible` is whose turn it is; empty where none is,
    for a city, and in snapshots that were kept before it was."""
    turn_on: date | None = None
    """As `states.deadlines.DeadlineDates`."""

    @property
    def chain(self) -> tuple[str, str]:
        """What is one matter: all that waits for the same first step of a project."""
        return self.subject, self.step or self.rule

    @property
    def said(self) -> date | None:
        """The day that papers print: `overdue_after` is lenient and only decides what is late."""
        return self.due or self.overdue_after


@dataclass(frozen=True, slots=True)
class RecordShot:
    """Something that was put on record (留痕) by the day, and still counts."""

    kind: str
    """The plan's id of its kind."""
    subject: str
    on: date
    evidence: str
    row: int
    """The audit row."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it."""

    period: str
    """``2023-06``."""
    as_of: date
    projects: tuple[ProjectShot, ...]
    """All that there are, by code; those that have ended too."""
    deadlines: tuple[DeadlineShot, ...]
    records: tuple[RecordShot, ...]
    targets: tuple[TargetFigure, ...] = ()
    """How far the whole programme had come; none in snapshots that were kept before it was."""

    def __hash__(self) -> int:
        return hash((self.period, self.as_of, len(self.projects)))

    @property
    def going_on(self) -> tuple[ProjectShot, ...]:
        """The projects that boards and reports count."""
        return tuple(project for project in self.projects if project.goes_on)

    def of_city(self, city: str) -> "Snapshot":
        """The part of it that is about one city and its projects."""
        codes = {project.code for project in self.projects if project.city == city}
        return Snapshot(
            self.period,
            self.as_of,
            tuple(project for project in self.projects if project.city == city),
            tuple(item for item in self.deadlines if item.city == city),
            tuple(item for item in self.records if item.subject in codes | {city}),
            of_place(self.targets, city),
        )


def by_names(shot: Snapshot, names: NameChanges) -> Snapshot:
    """The same with its cities and counties called as they are now."""
    projects = (
        replace(it, city=names.city(it.city), county=names.county(it.city, it.county))
        for it in shot.projects
    )
    deadlines = (
        replace(it, city=names.city(it.city), subject=names.city(it.subject))
        for it in shot.deadlines
    )
    records = (replace(it, subject=names.city(it.subject)) for it in shot.records)
    return replace(
        shot, projects=tuple(projects), deadlines=tuple(deadlines), records=tuple(records)
    )


def hold_spans(moves: Iterable[tuple[date, Disposition]]) -> tuple[HoldSpan, ...]:
    """The holds that a project's moves, oldest first, began and ended."""
    spans: list[HoldSpan] = []
    since: date | None = None
    for on, disposition in moves:
        if disposition is Disposition.HELD:
            since = since or on
        elif since is not None:
            spans.append(HoldSpan(since, on))
            since = None
    return (*spans, HoldSpan(since, None)) if since else tuple(spans)


def put_off(day: date, holds: Iterable[HoldSpan]) -> date:
    """A deadline's day, put off by the days on hold that began by then and have ended."""
    for hold in holds:
        if hold.until is not None and hold.since <= day:
            day += hold.until - hold.since
    return day


def months(plan: Plan) -> tuple[str, ...]:
    """Every month of the plan, from that of its notice to that of its last day: ``2023-01``."""
    first, last = plan.notice.issued_on, plan.last_day
    count = 12 * (last.year - first.year) + 1 + last.month - first.month
    return tuple(
        f"{first.year + (first.month - 1 + n) // 12}-{(first.month - 1 + n) % 12 + 1:02d}"
        for n in range(count)
    )


def month_end(calendar: Calendar, month: str) -> date:
    """The last workday of a month: the day as of which its snapshot is taken."""
    year, number = int(month[:4]), int(month[5:])
    following = date(year + number // 12, number % 12 + 1, 1)
    return calendar.on_or_before(following - DAY)


def quarter(month: str) -> str:
    """The quarter that a month belongs to: ``2023Q2``."""
    return f"{month[:4]}Q{(int(month[5:]) + 2) // 3}"


def late(deadlines: Sequence[DeadlineShot]) -> Iterator[DeadlineShot]:
    """What is late, the longest first."""
    found = [item for item in deadlines if item.standing in LATE]
    yield from sorted(
        found, key=lambda item: (item.overdue_after or date.max, item.rule, item.subject)
    )

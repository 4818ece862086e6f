"""How things stood on a day that lies behind (A28), put together from the rows of the trail. Pure.

What has a day of its own (stage, disposition, facts, money, reports, extensions) counts up to the
day. What has none (what the forms say of a project) is as it is known.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from policy.schema import Plan
from policy.vocabulary import AuditKind, Disposition
from states import reporting
from states.dossier import GOING_ON, Dossier, Profile, profile_of
from states.ledger import dated_by
from states.reporting import takes_place
from states.trail import OWN, ProjectState, TrailRow, recorded_effects, replay

NEVER = Disposition.WITHDRAWN
"""How a project stands of which no row counts: the import that brought it was taken back."""
PutOff = Mapping[str, date]
"""Per deadline's id, a day."""


@dataclass(frozen=True, slots=True)
class PastRow:
    """One row of the trail, as far as it tells how things stood."""

    row: TrailRow
    subject: str
    action: str
    on: date
    """The day on which it came about."""
    recorded_on: date
    """The day in Shanghai on which it was recorded."""
    reverses: int | None = None
    """The row that it takes back."""
    corrects: bool = False
    """Whether it gives a fact another day than it had: the former one never was."""
    until: date | None = None
    """To which day a deadline is put off, or expected to be met."""


def on_record(rows: Iterable[PastRow], day: date) -> list[PastRow]:
    """The rows that were on record at the end of a day."""
    return [row for row in rows if row.recorded_on <= day]


def counted(rows: Sequence[PastRow]) -> list[PastRow]:
    """The rows that count: neither reversed, whenever, nor reversing."""
    gone = {row.reverses for row in rows}
    return [
        row for row in rows if row.row.id not in gone and row.row.kind is not AuditKind.REVERSAL
    ]


def facts_on(rows: Iterable[PastRow], day: date) -> Mapping[str, date]:
    """What was dated on a day by a subject's rows that count.

    A fact that was undone later still stood. One whose day was corrected stands on the day that it
    has now, also where that had not come.
    """
    held: dict[str, date] = {}
    for row in rows:
        change, came = row.row.effects, row.on <= day
        gone = (*(change.revoked if came else ()), *(change.dated if row.corrects or came else ()))
        held = {name: on for name, on in held.items() if name not in gone}
        if came:
            held |= {name: on for name, on in change.dated.items() if on <= day}
    return held


def put_off(rows: Iterable[PastRow], day: date) -> PutOff:
    """The day to which each deadline of a subject had been put off by a day."""
    return {row.action: row.until for row in _by(rows, day, AuditKind.EXTENSION) if row.until}


def expected(rows: Iterable[PastRow], day: date) -> PutOff:
    """The day on which each deadline of a subject is said to be met, as far as that still holds."""
    said: dict[str, date] = {}
    for row in _by(rows, day, AuditKind.ACKNOWLEDGEMENT, AuditKind.EXTENSION):
        said.pop(row.action, None)
        if row.row.kind is AuditKind.ACKNOWLEDGEMENT and row.until:
            said[row.action] = row.until
    return said


def _by(rows: Iterable[PastRow], day: date, *kinds: AuditKind) -> list[PastRow]:
    return [row for row in rows if row.on <= day and row.row.kind in kinds]


def project_on(plan: Plan, project: Dossier, rows: Sequence[PastRow], day: date) -> Dossier:
    """A project as of a day: of `project`, what has no day; by its `rows` that count, all else.

    What it is told of its city's other projects, and its revision, are not changed here.
    """
    said = [replace(row, row=_said(plan, row.row)) for row in rows]
    state = replay(row.row for row in said if row.on <= day)
    lines = tuple(sorted(state.lines.values(), key=lambda line: (line.on, line.audit_id)))
    follows = dated_by(plan, project.profile.promised, lines)
    held = {name: on for name, on in facts_on(said, day).items() if name not in follows}
    columns = state.columns
    return replace(
        project,
        stage=columns.get("stage", plan.stage_order[0]),
        disposition=columns.get("disposition", Disposition.ACTIVE if rows else NEVER),
        milestones=held | {name: on for name, on in follows.items() if on is not None},
        opinions=tuple(state.opinions[id] for id in sorted(state.opinions)),
        lines=lines,
        progress=tuple(state.progress[period] for period in sorted(state.progress)),
        findings=columns.get("findings") or {},
        checks=columns.get("checks") or {},
        released=columns.get("released"),
        released_funds=columns.get("released_funds") or {},
        last_on=columns.get("last_on"),
    )


def _said(plan: Plan, row: TrailRow) -> TrailRow:
    return replace(row, effects=recorded_effects(plan, row))


def profile_by(rows: Iterable[PastRow]) -> Profile:
    """What the forms say of a project by these of its rows, whatever their days."""
    state: ProjectState = replay(row.row for row in rows)
    return profile_of({n: value for n, value in state.columns.items() if n not in OWN})


def in_company(plan: Plan, projects: Sequence[Dossier]) -> tuple[Dossier, ...]:
    """All projects, each told of its city's others: places left, counties served, what is built."""
    going_on = [item for item in projects if item.disposition in GOING_ON]
    taken = Counter((p.city, p.profile.kind) for p in going_on if takes_place(plan, p))
    served = {(item.city, item.county) for item in going_on}
    built: dict[str, Counter[str]] = {}
    for item in going_on:
        if item.profile.building_kind is not None:
            built.setdefault(item.city, Counter())[item.profile.building_kind] += 1
    return tuple(
        replace(
            item,
            quota_left=_places(plan, item, taken[item.city, item.profile.kind]),
            unserved_open=_unserved(plan, item.city, served),
            building_kinds=built.get(item.city, {}),
        )
        for item in projects
    )


def _places(plan: Plan, project: Dossier, taken: int) -> int | None:
    city = plan.city(project.city)
    quota = city.quota_of(project.profile.kind) if city else None
    return None if quota is None else quota - taken


def _unserved(plan: Plan, name: str, served: set[tuple[str, str]]) -> tuple[str, ...]:
    city = plan.city(name)
    return tuple(
        county for county in (city.unserved if city else ()) if (name, county) not in served
    )


def city_facts(
    plan: Plan, city: str, recorded: Mapping[str, date], projects: Sequence[Dossier]
) -> Mapping[str, date]:
    """A city's facts: those recorded, and those that follow from its projects."""
    own = [item for item in projects if item.city == city]
    follows = reporting.city_facts(plan, city, own)
    return {**recorded, **{name: on for name, on in follows.items() if on is not None}}

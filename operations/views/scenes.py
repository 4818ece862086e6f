"""Everything as of a day (A28): by the tables, or by the trail where more has come about since.

Whoever shows it says on which basis: as known now, or as it was on record then.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from common.words import shanghai_day
from models.audits import PlainAudit, newest_day, trail_to
from models.database import reading
from models.deadlines import PlainDeadlineRow, deadline_rows
from models.enforced import last_day
from models.projects import dossiers, facts
from models.tables import Subject
from operations.cases.desk import Desk
from policy.schema import Plan
from policy.vocabulary import AuditKind, Basis, Disposition, Standing, SubjectKind
from states import past
from states.chains import Turn
from states.deadlines import (
    DeadlineDates,
    dates_and_turn,
    fulfilled_on,
    has_ended,
    standing,
)
from states.dossier import Dossier
from states.past import PastRow
from states.trail import from_detail


@dataclass(frozen=True, slots=True)
class DeadlineState:
    """One deadline of one subject as of a day."""

    subject: Subject
    rule: str
    """With the occasion of a duty: ``D10-06``."""
    due: date | None
    """时限: the notice's own day, or that of an extension."""
    remind_by: date | None
    """Both dates are None while a relative deadline has not begun to run."""
    overdue_after: date | None
    extended_to: date | None
    fulfilled_on: date | None
    quiet_until: date | None
    """The day that an acknowledgement (已知悉) expects."""
    standing: Standing
    turn: Turn
    """What has to be done first, and by whom."""
    turn_on: date | None = None
    """As `states.deadlines.DeadlineDates`, and likewise the other."""
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Scene:
    """The subjects that were asked for."""

    as_of: date
    basis: Basis
    projects: tuple[Dossier, ...]
    """By code; those that have ended too."""
    facts: Mapping[str, Mapping[str, date]]
    """By subject."""
    deadlines: tuple[DeadlineState, ...]
    """Those that the plan still has; by kind, subject and rule."""


def basis_of(desk: Desk, as_of: date, known: bool = False) -> Basis:
    """What pages and tables as of a day go by; `known`: what was on record then is asked for."""
    with desk.reading() as session:
        return basis_in(session, desk, as_of, known)


def require_newest(desk: Desk, as_of: date) -> None:
    """RefusedError for a day that lies behind: published, it would be taken for the newest."""
    with reading(desk.engine) as session:  # also where the plan has changed: another refusal
        days = (newest_day(session, desk.plan), last_day(session, desk.plan))
    newest = max((day for day in days if day is not None), default=as_of)
    if as_of < newest:
        raise RefusedError(
            f"数据已到{newest}，{as_of}的情况不能作为最新情况发布；"
            f"查看当日情况请用 xingfu board --as-of {as_of}，或用 xingfu export 导出当日台账、清单"
        )


def scene(
    session: Session,
    desk: Desk,
    as_of: date,
    codes: Sequence[str] | None = None,
    *,
    known: bool = False,
    rules: Collection[str] | None = None,
) -> Scene:
    """How everything stood at the end of a day, or the subjects of `codes`.

    By what is known now of what had come about by then; with `known` by what was on record then.
    Where it is quicker, of the deadlines only those of `rules`.
    """
    basis = basis_in(session, desk, as_of, known)
    if basis is Basis.NEWEST:
        return by_tables(session, desk, as_of, codes, rules)
    return by_trail(session, desk, as_of, codes, basis)


def basis_in(session: Session, desk: Desk, as_of: date, known: bool) -> Basis:
    """As `basis_of`."""
    if known:
        return Basis.ON_RECORD
    newest = newest_day(session, desk.plan)
    return Basis.HINDSIGHT if newest is not None and as_of < newest else Basis.NEWEST


def by_tables(
    session: Session,
    desk: Desk,
    as_of: date,
    codes: Sequence[str] | None = None,
    rules: Collection[str] | None = None,
) -> Scene:
    """As the tables hold it: of a day since which nothing has come about; deadlines of `rules`."""
    wanted = None if codes is None else list(codes)
    held = facts(session, desk.plan, wanted)
    projects = dossiers(session, desk.plan, wanted, held)
    how = {item.code: item.disposition for item in projects}
    states = (
        _stored_deadline(desk, row, owner, held, how, as_of)
        for row, owner in deadline_rows(session, desk.plan, wanted, rules)
        if row.rule in desk.deadlines
    )
    return Scene(as_of, Basis.NEWEST, projects, held, tuple(states))


def _stored_deadline(
    desk: Desk,
    row: PlainDeadlineRow,
    owner: Subject,
    facts: Mapping[str, Mapping[str, date]],
    how: Mapping[str, Disposition],
    as_of: date,
) -> DeadlineState:
    """One deadline as it is stored; its literal day and its turn follow from the facts."""
    held = facts.get(owner.code, {})
    deadline, kind = desk.deadlines[row.rule], SubjectKind(owner.kind)
    when = dates_and_turn(deadline, kind, held, row.extended_to, desk.calendar)
    return _deadline(desk, row, owner, when, held, how, as_of)


def _deadline(
    desk: Desk,
    row: PlainDeadlineRow,
    owner: Subject,
    when: tuple[DeadlineDates | None, Turn],
    held: Mapping[str, date],
    how: Mapping[str, Disposition],
    as_of: date,
) -> DeadlineState:
    """What follows of a row, by its dates and turn and its subject's facts, as of a day."""
    (dates, turn), deadline = when, desk.deadlines[row.rule]
    fits = dates is None or dates.fits
    body = turn.body if row.fulfilled_on is None else deadline.rule.responsible
    return DeadlineState(
        owner,
        row.rule,
        dates.literal.due if dates and row.overdue_after else None,
        row.remind_by,
        row.overdue_after,
        row.extended_to,
        row.fulfilled_on,
        row.quiet_until,
        standing(
            row.overdue_after,
            desk.plan.bodies[body].bound,
            row.fulfilled_on,
            how.get(owner.code, Disposition.ACTIVE),
            desk.due_soon_from(row.remind_by),
            as_of,
            ended=has_ended(deadline, held, as_of),
            fits=fits,
        ),
        turn,
        dates.turn_on if dates else None,
        fits,
    )


def by_trail(
    session: Session,
    desk: Desk,
    as_of: date,
    codes: Sequence[str] | None = None,
    basis: Basis = Basis.HINDSIGHT,
) -> Scene:
    """As the rows of the trail add up to it: of any day."""
    trail = [_past(desk.plan, row) for row in trail_to(session, desk.plan, date.max)]
    if basis is Basis.ON_RECORD:
        trail = past.on_record(trail, as_of)
    rows = _by_subject(past.counted(trail))
    projects = _projects(session, desk, rows, as_of, basis)
    projects = _revised(projects, trail, as_of)
    held = _facts(desk, rows, projects, as_of)
    how = {item.code: item.disposition for item in projects}
    states = (
        _rebuilt_deadline(desk, row, owner, rows.get(owner.code, ()), held, how, as_of)
        for row, owner in deadline_rows(session, desk.plan, None if codes is None else list(codes))
        if row.rule in desk.deadlines
        and (owner.code in how or owner.kind != SubjectKind.PROJECT)  # else not on record yet
    )
    if codes is not None:
        projects = tuple(item for item in projects if item.code in codes)
    return Scene(as_of, basis, projects, held, tuple(states))


def _past(plan: Plan, row: PlainAudit) -> PastRow:
    until = row.detail.get("until") or row.detail.get("expected")
    return PastRow(
        from_detail(plan, row.id, AuditKind(row.kind), row.detail),
        row.subject,
        row.action,
        row.effective_on,
        shanghai_day(row.recorded_at),
        row.detail.get("reverses"),
        "corrects" in row.detail,
        date.fromisoformat(until) if until else None,
    )


def _by_subject(rows: Sequence[PastRow]) -> Mapping[str, Sequence[PastRow]]:
    found: dict[str, list[PastRow]] = {}
    for row in rows:
        found.setdefault(row.subject, []).append(row)
    return found


def _projects(
    session: Session,
    desk: Desk,
    rows: Mapping[str, Sequence[PastRow]],
    as_of: date,
    basis: Basis,
) -> tuple[Dossier, ...]:
    found = []
    for project in dossiers(session, desk.plan):
        own = rows.get(project.code, ())
        if basis is Basis.ON_RECORD:
            if not own:
                continue
            project = replace(project, profile=past.profile_by(own))
        found.append(past.project_on(desk.plan, project, own, as_of))
    return past.in_company(desk.plan, found)


def _revised(
    projects: Sequence[Dossier], trail: Sequence[PastRow], as_of: date
) -> tuple[Dossier, ...]:
    """Each with the newest row that is shown: who names it is told of what has come about since.

    What forms say has no day, so that an import always is.
    """
    newest = {
        row.subject: row.row.id
        for row in trail
        if row.on <= as_of or row.row.kind is AuditKind.IMPORT
    }
    return tuple(replace(item, revision=newest.get(item.code, 0)) for item in projects)


def _facts(
    desk: Desk, rows: Mapping[str, Sequence[PastRow]], projects: Sequence[Dossier], as_of: date
) -> Mapping[str, Mapping[str, date]]:
    held = {code: past.facts_on(own, as_of) for code, own in rows.items()}
    held |= {item.code: item.milestones for item in projects}
    for city in desk.plan.cities:
        recorded = held.get(city.name, {})
        held[city.name] = past.city_facts(desk.plan, city.name, recorded, projects)
    return held


def _rebuilt_deadline(
    desk: Desk,
    row: PlainDeadlineRow,
    owner: Subject,
    rows: Sequence[PastRow],
    facts: Mapping[str, Mapping[str, date]],
    how: Mapping[str, Disposition],
    as_of: date,
) -> DeadlineState:
    """One deadline by the facts of the day; what had not begun to run by then has no dates."""
    deadline, held = desk.deadlines[row.rule], facts.get(owner.code, {})
    extended_to = past.put_off(rows, as_of).get(row.rule)
    kind = SubjectKind(owner.kind)
    when = dates_and_turn(deadline, kind, held, extended_to, desk.calendar)
    dates, _ = when
    then = row._replace(
        remind_by=dates.remind_by if dates else None,
        overdue_after=dates.overdue_after if dates else None,
        extended_to=extended_to,
        fulfilled_on=fulfilled_on(deadline, kind, held) if dates else None,
        quiet_until=past.expected(rows, as_of).get(row.rule),
    )
    return _deadline(desk, then, owner, when, held, how, as_of)

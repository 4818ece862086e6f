"""Takes a month's snapshot: everything as it stood on a day, although it may be looked at later."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from sqlmodel import Session

from models.audits import PlainAudit, reversed_rows, trail_to
from models.records import progress_of
from operations.cases.desk import Desk, desk_of
from operations.views.scenes import DeadlineState, Scene, scene
from policy.schema import Plan
from policy.vocabulary import AuditKind, Basis, Disposition, SubjectKind
from states.dossier import Dossier
from states.ledger import received_by, spent
from states.progress import Progress
from states.snapshot import (
    DeadlineShot,
    HoldSpan,
    ProjectShot,
    RecordShot,
    Snapshot,
    hold_spans,
)
from states.subsidy import fund_money, subsidy
from states.targets import figures

TOLD = (AuditKind.TRANSITION, AuditKind.EVIDENCE)
"""What of the trail a snapshot tells of: what put projects on hold, and evidence."""


def snapshot(
    session: Session,
    desk: Desk,
    period: str,
    as_of: date,
    rules: Collection[str] | None = None,
) -> Snapshot:
    """How everything stood on a day, by what is known now of what had happened by then.

    So one that is taken late counts what was recorded late, and nothing that came about since; its
    dates, quotas and rates are those of the plan that was in force on the day. A month's report
    counts for its month, whenever it came in. Where it is
    quicker, of the deadlines only those of `rules`.
    """
    desk = desk_of(session, desk, as_of)
    found = scene(session, desk, as_of, rules=rules)
    rows = rows_by(session, desk.plan, as_of, *TOLD)
    reports, holds = _reports(session, desk, found), _holds(desk.plan, rows)
    projects = tuple(
        _project(
            desk,
            item,
            [p for p in reports.get(item.code, ()) if p.period <= period],
            holds.get(item.code, ()),
        )
        for item in found.projects
    )
    deadlines = tuple(_deadline(desk, item, found) for item in found.deadlines)
    records = tuple(_records(rows))
    targets = figures(desk.plan, found.projects)
    return Snapshot(period, as_of, projects, deadlines, records, targets)


def _reports(session: Session, desk: Desk, found: Scene) -> Mapping[str, Sequence[Progress]]:
    """All reports by project, those too that came in after the scene's day."""
    if found.basis is Basis.NEWEST:
        return {item.code: item.progress for item in found.projects}
    return progress_of(session, desk.plan)


def rows_by(session: Session, plan: Plan, day: date, *kinds: AuditKind) -> Sequence[PlainAudit]:
    """What of some kinds had come about by a day and counts; what was reversed, whenever, not."""
    gone = reversed_rows(trail_to(session, plan, date.max, AuditKind.REVERSAL))
    return [row for row in trail_to(session, plan, day, *kinds) if row.id not in gone]


def _holds(plan: Plan, rows: Sequence[PlainAudit]) -> Mapping[str, tuple[HoldSpan, ...]]:
    """When each project was on hold, by code."""
    sets = {action.id: action.sets for action in plan.actions}
    moves: dict[str, list[tuple[date, Disposition]]] = {}
    for row in sorted(rows, key=lambda row: (row.effective_on, row.id)):
        if row.kind == AuditKind.TRANSITION and (found := sets.get(row.action)) is not None:
            moves.setdefault(row.subject, []).append((row.effective_on, found))
    return {code: hold_spans(each) for code, each in moves.items()}


def _project(
    desk: Desk, project: Dossier, progress: Sequence[Progress], holds: tuple[HoldSpan, ...]
) -> ProjectShot:
    profile = project.profile
    return ProjectShot(
        code=project.code,
        name=project.name,
        city=project.city,
        county=project.county,
        county_type=project.county_type,
        unserved=project.unserved,
        stage=project.stage,
        disposition=project.disposition,
        milestones={name: project.milestones[name] for name in sorted(project.milestones)},
        area=profile.area,
        investment=profile.investment,
        subsidy=subsidy(desk.plan, profile, project.county_type),
        released=project.released,
        funds=fund_money(desk.plan, project),
        received=received_by(project.lines),
        promised=profile.promised,
        spent=spent(project.lines),
        progress=tuple(progress),
        responsible=profile.responsible_person or "",
        holds=holds,
    )


def _deadline(desk: Desk, item: DeadlineState, found: Scene) -> DeadlineShot:
    deadline, owner = desk.deadlines[item.rule], item.subject
    return DeadlineShot(
        kind=SubjectKind(owner.kind),
        subject=owner.code,
        city=owner.city,
        rule=deadline.id,
        title=deadline.rule.title,
        clause=deadline.rule.clause,
        origin=deadline.rule.origin,
        responsible=item.turn.body,
        remind_by=item.remind_by,
        overdue_after=item.overdue_after,
        standing=item.standing,
        fulfilled_on=item.fulfilled_on,
        due=item.due,
        step=item.turn.step,
        turn_on=item.turn_on,
    )


def _records(rows: Sequence[PlainAudit]) -> Iterator[RecordShot]:
    for row in rows:
        if row.kind == AuditKind.EVIDENCE:
            yield RecordShot(row.action, row.subject, row.effective_on, row.evidence, row.id)

"""Takes a month's snapshot: everything as it stood on a day, although it may be looked at later."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from models.audits import trail_to
from models.deadlines import deadline_rows
from models.projects import dossiers, facts
from models.tables import Audit, Subject
from operations.cases.corrections import reversed_rows
from operations.cases.desk import Desk
from policy.schema import PROJECTS_FINISHED, QUOTA_SUBMITTED, Plan
from policy.vocabulary import AuditKind, Disposition, SubjectKind
from states.deadlines import Deadline, dates_of, fulfilled_on, has_ended, standing
from states.dossier import Dossier
from states.ledger import received_by, spent
from states.snapshot import DeadlineShot, ProjectShot, RecordShot, Snapshot
from states.subsidy import subsidy

DERIVED = (QUOTA_SUBMITTED, PROJECTS_FINISHED)
"""Facts of a city that follow from its projects; no row of its own dates them."""


def snapshot(session: Session, desk: Desk, period: str, as_of: date) -> Snapshot:
    """How everything stood on a day, by what is known now of what had happened by then.

    So one that is taken late counts what was recorded late, and nothing that came about since.
    """
    rows = rows_by(session, desk.plan, as_of)
    placed, known = _placed(rows), _facts(session, desk, rows, as_of)
    projects = tuple(
        _project(desk, item, placed[item.code], known[item.code], period, as_of)
        for item in dossiers(session, desk.plan)
    )
    dispositions = {item.code: item.disposition for item in projects}
    extended = _extended(rows)
    deadlines = tuple(
        _deadline(
            desk,
            desk.deadlines[row.rule],
            owner,
            dispositions.get(owner.code, Disposition.ACTIVE),
            known[owner.code],
            extended.get((owner.code, row.rule)),
            as_of,
        )
        for row, owner in deadline_rows(session, desk.plan)
        if row.rule in desk.deadlines
    )
    return Snapshot(period, as_of, projects, deadlines, tuple(_records(rows)))


def rows_by(session: Session, plan: Plan, day: date) -> Sequence[Audit]:
    """What had come about by a day and counts; a row that was reversed, whenever, does not."""
    trail = trail_to(session, plan, date.max)
    gone = reversed_rows(trail)
    counted = (row for row in trail if row.id not in gone and row.kind != AuditKind.REVERSAL)
    return [row for row in counted if row.effective_on <= day]


def _facts(
    session: Session, desk: Desk, rows: Sequence[Audit], as_of: date
) -> Mapping[str, Mapping[str, date]]:
    """Per subject, the facts as they stood on the day: one that was undone or redated since too."""
    told: dict[str, dict[str, date]] = defaultdict(dict)
    for row in rows:
        for name in row.detail.get("revoked", ()):
            told[row.subject].pop(name, None)
        for name, on in row.detail.get("dated", {}).items():
            told[row.subject][name] = date.fromisoformat(on)
    for city, held in facts(session, desk.plan, [city.name for city in desk.plan.cities]).items():
        derived = {name: on for name, on in held.items() if name in DERIVED and on <= as_of}
        told[city] |= derived
    return told


def _extended(rows: Sequence[Audit]) -> Mapping[tuple[str, str], date]:
    """The day to which a subject's deadline had been put off, by subject and rule."""
    return {
        (row.subject, row.action): date.fromisoformat(row.detail["until"])
        for row in rows
        if row.kind == AuditKind.EXTENSION
    }


def _placed(rows: Sequence[Audit]) -> Mapping[str, Mapping[str, Any]]:
    """Per project, the columns that its rows have set: its stage, disposition and money."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        found[row.subject] |= row.detail.get("columns", {})
    return found


def _project(
    desk: Desk,
    project: Dossier,
    placed: Mapping[str, Any],
    known: Mapping[str, date],
    period: str,
    as_of: date,
) -> ProjectShot:
    profile = project.profile
    lines = [line for line in project.lines if line.on <= as_of]
    released = placed.get("released")
    return ProjectShot(
        code=project.code,
        name=project.name,
        city=project.city,
        county=project.county,
        county_type=project.county_type,
        unserved=project.unserved,
        stage=placed.get("stage", desk.plan.stage_order[0]),
        disposition=Disposition(placed.get("disposition", Disposition.ACTIVE)),
        milestones={name: known[name] for name in sorted(known)},
        area=profile.area,
        investment=profile.investment,
        subsidy=subsidy(desk.plan, profile, project.county_type),
        released=None if released is None else Decimal(released),
        received=received_by(lines),
        promised=profile.promised,
        spent=spent(lines),
        progress=tuple(item for item in project.progress if item.period <= period),
        responsible=profile.responsible_person or "",
    )


def _deadline(
    desk: Desk,
    deadline: Deadline,
    owner: Subject,
    disposition: Disposition,
    known: Mapping[str, date],
    extended_to: date | None,
    as_of: date,
) -> DeadlineShot:
    """One deadline by the facts of the day; what had not begun to run by then has no dates."""
    rule, kind = deadline.rule, SubjectKind(owner.kind)
    dates = dates_of(deadline, known, extended_to, desk.calendar)
    remind_by, overdue_after = (dates.remind_by, dates.overdue_after) if dates else (None, None)
    done = fulfilled_on(deadline, kind, known) if dates else None
    return DeadlineShot(
        kind=kind,
        subject=owner.code,
        city=owner.city,
        rule=deadline.id,
        title=rule.title,
        clause=rule.clause,
        origin=rule.origin,
        responsible=rule.responsible,
        remind_by=remind_by,
        overdue_after=overdue_after,
        standing=standing(
            overdue_after,
            desk.plan.bodies[rule.responsible].bound,
            done,
            disposition,
            desk.due_soon_from(remind_by),
            as_of,
            ended=has_ended(deadline, known, as_of),
        ),
        fulfilled_on=done,
        due=dates.literal.due if dates else None,
    )


def _records(rows: Sequence[Audit]) -> Iterator[RecordShot]:
    for row in rows:
        if row.kind == AuditKind.EVIDENCE:
            assert row.id is not None  # noqa: S101  # it comes from the database
            yield RecordShot(row.action, row.subject, row.effective_on, row.evidence, row.id)

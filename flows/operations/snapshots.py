"""Takes a month's snapshot: everything as it stood on a day, although it may be looked at later."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from flows.operations.corrections import reversed_rows
from flows.operations.desk import Desk
from models.audits import trail_to
from models.deadlines import deadline_rows
from models.projects import dossiers, facts
from models.tables import Audit, DeadlineRow, Subject
from policy.vocabulary import AuditKind, Disposition, Entry, Source, SubjectKind
from states.deadlines import has_ended, standing
from states.dossier import Dossier
from states.ledger import NOTHING, received
from states.snapshot import DeadlineShot, ProjectShot, RecordShot, Snapshot
from states.subsidy import subsidy


def snapshot(session: Session, desk: Desk, period: str, as_of: date) -> Snapshot:
    """How everything stood on a day, by what is known now of what had happened by then.

    So one that is taken late counts what was recorded late, and nothing that came about since.
    """
    trail = trail_to(session, desk.plan, as_of)
    gone = reversed_rows(trail)
    rows = [row for row in trail if row.id not in gone and row.kind != AuditKind.REVERSAL]
    placed = _placed(rows)
    projects = tuple(
        _project(desk, item, placed[item.code], period, as_of)
        for item in dossiers(session, desk.plan)
    )
    dispositions = {item.code: item.disposition for item in projects}
    known = facts(session, desk.plan, [city.name for city in desk.plan.cities])
    deadlines = tuple(
        _deadline(
            desk,
            row,
            owner,
            dispositions.get(owner.code, Disposition.ACTIVE),
            as_of,
            ended=has_ended(desk.deadlines[row.rule], known.get(owner.code, {}), as_of),
        )
        for row, owner in deadline_rows(session, desk.plan)
        if row.rule in desk.deadlines
    )
    return Snapshot(period, as_of, projects, deadlines, tuple(_records(rows)))


def _placed(rows: Sequence[Audit]) -> Mapping[str, Mapping[str, Any]]:
    """Per project, the columns that its rows have set: its stage, disposition and money."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        found[row.subject] |= row.detail.get("columns", {})
    return found


def _project(
    desk: Desk, project: Dossier, placed: Mapping[str, Any], period: str, as_of: date
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
        milestones={name: on for name, on in project.milestones.items() if on <= as_of},
        area=profile.area,
        investment=profile.investment,
        subsidy=subsidy(desk.plan, profile, project.county_type),
        released=None if released is None else Decimal(released),
        received={source: received(lines, source) for source in Source},
        promised={Source.CITY: profile.city_share, Source.COUNTY: profile.county_share},
        spent=sum((line.amount for line in lines if line.entry is Entry.EXPENSE), NOTHING),
        progress=tuple(item for item in project.progress if item.period <= period),
        responsible=profile.responsible_person or "",
    )


def _deadline(
    desk: Desk,
    row: DeadlineRow,
    owner: Subject,
    disposition: Disposition,
    as_of: date,
    *,
    ended: bool,
) -> DeadlineShot:
    rule = desk.deadlines[row.rule].rule
    done = row.fulfilled_on
    return DeadlineShot(
        kind=SubjectKind(owner.kind),
        subject=owner.code,
        city=owner.city,
        rule=row.rule,
        title=rule.title,
        clause=rule.clause,
        origin=rule.origin,
        responsible=rule.responsible,
        remind_by=row.remind_by,
        overdue_after=row.overdue_after,
        standing=standing(
            row.overdue_after,
            desk.plan.bodies[rule.responsible].bound,
            done,
            disposition,
            desk.due_soon_from(row.remind_by),
            as_of,
            ended=ended,
        ),
        fulfilled_on=done if done and done <= as_of else None,
    )


def _records(rows: Sequence[Audit]) -> Iterator[RecordShot]:
    for row in rows:
        if row.kind == AuditKind.EVIDENCE:
            assert row.id is not None  # noqa: S101  # it comes from the database
            yield RecordShot(row.action, row.subject, row.effective_on, row.evidence, row.id)

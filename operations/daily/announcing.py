"""What happened, as values for whoever passes events on; see ``docs/reference/events.md``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common.words import without_numbers
from models.database import reading, writing
from models.events import drop_events, held_events, mark_told, row_id, untold_rows
from models.projects import subjects
from models.tables import Audit, EventRow, Subject
from operations.cases.desk import Desk
from operations.cases.effects import kind_said, labels
from policy.schema import Plan
from policy.vocabulary import AuditKind, EntryKind

NAMES: Mapping[AuditKind, str] = {
    AuditKind.TRANSITION: "project.advanced",
    AuditKind.RECORD: "milestone.recorded",
    AuditKind.IMPORT: "project.imported",
    AuditKind.OVERDUE: "deadline.overdue",
    AuditKind.OPINION: "opinion.given",
    AuditKind.LEDGER: "ledger.booked",
    AuditKind.PROGRESS: "progress.reported",
    AuditKind.EVIDENCE: "evidence.recorded",
    AuditKind.EXTENSION: "deadline.extended",
    AuditKind.ACKNOWLEDGEMENT: "deadline.acknowledged",
    AuditKind.AMENDMENT: "milestone.amended",
    AuditKind.REVERSAL: "record.reversed",
    AuditKind.REPAIR: "tables.repaired",
    AuditKind.PLAN: "plan.changed",
    AuditKind.CONFIRMATION: "day.confirmed",
    AuditKind.REWIND: "days.taken_back",
}
"""What each kind of audit row is called as an event."""
TOLD = ("overdue_after", "until", "expected", "reverses", "version")
"""What of a row's detail is told, where the row has it."""
LONGEST = 2000
"""Characters of a free text; Prefect drops an event that is very large."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event."""

    id: UUID
    """The same whenever the same thing is told."""
    name: str
    """``xingfu.thing.happened``."""
    occurred: datetime
    """When it was recorded; aware, in UTC."""
    resource: Mapping[str, str]
    related: tuple[Mapping[str, str], ...]
    payload: Mapping[str, Any]
    audit_id: int | None
    """The audit row that it tells of; None where no row does."""


def pending(desk: Desk, limit: int) -> tuple[Announcement, ...]:
    """At most `limit` events that are still to be emitted: those of the trail first, in order."""
    plan = desk.plan
    with reading(desk.engine) as session:
        rows = untold_rows(session, plan, limit)
        held = held_events(session, plan, limit - len(rows))
        codes = {row.subject for row in rows} | {row.subject for row in held}
        known = subjects(session, plan, codes)
    words = _words(desk)
    told = [_of_row(desk, row, known[row.subject], words) for row in rows]
    return (*told, *(_of_held(plan, row, known.get(row.subject)) for row in held))


def mark(desk: Desk, events: Sequence[Announcement]) -> None:
    """Record that the first of what is `pending` have been emitted. Marking again does no harm."""
    with writing(desk.engine) as session:
        last = max((event.audit_id or 0 for event in events), default=0)
        mark_told(session, desk.plan, last)
        drop_events(session, [str(event.id) for event in events if event.audit_id is None])


def _of_row(desk: Desk, row: Audit, subject: Subject, words: Mapping[str, str]) -> Announcement:
    plan, kind = desk.plan, AuditKind(row.kind)
    said = {
        "plan": plan.id,
        "subject": row.subject,
        "kind": kind_said(desk, kind, row.action),
        "action": row.action,
        "label": words.get(row.action, row.action),
        **dict(_stages(plan, row)),
        "on": row.effective_on.isoformat(),
        "actor": without_numbers(row.actor),
        "clause": row.clause,
        "evidence": _shortened(without_numbers(row.evidence)),
        "row": row.id,
    }
    return Announcement(
        id=row_id(row.hash),
        name=f"xingfu.{NAMES[kind]}",
        occurred=row.recorded_at,
        resource=_resource(plan, subject),
        related=tuple(_related(plan, subject)),
        payload={**said, **{name: row.detail[name] for name in TOLD if name in row.detail}},
        audit_id=row.id,
    )


def _of_held(plan: Plan, row: EventRow, subject: Subject | None) -> Announcement:
    return Announcement(
        id=UUID(row.id),
        name=f"xingfu.{row.name}",
        occurred=row.at,
        resource=_resource(plan, subject),
        related=tuple(_related(plan, subject)),
        payload={"plan": plan.id, "subject": row.subject, **_hidden(row.payload)},
        audit_id=None,
    )


def _words(desk: Desk) -> Mapping[str, str]:
    """What staff call whatever a row can be about."""
    entries = {entry.value: entry.label for entry in EntryKind}
    titles = {id: deadline.rule.title for id, deadline in desk.deadlines.items()}
    told = (AuditKind.IMPORT, AuditKind.PLAN, AuditKind.REPAIR, AuditKind.REWIND)
    kinds = {kind.value: kind.label for kind in told}
    kinds["enforce"] = AuditKind.CONFIRMATION.label
    return {**kinds, **entries, **titles, **labels(desk)}


def _stages(plan: Plan, row: Audit) -> Iterator[tuple[str, str]]:
    known = {stage.id: stage.label for stage in plan.stages}
    for end, stage in (("from", row.from_stage), ("to", row.to_stage)):
        if stage is not None:
            yield f"{end}_stage", stage
            yield f"{end}_label", known.get(stage, stage)  # a later plan may have dropped it


def _resource(plan: Plan, subject: Subject | None) -> Mapping[str, str]:
    """The subject; the plan itself where it is about none."""
    if subject is None:
        return _plan_resource(plan)
    said = {
        "prefect.resource.id": f"xingfu.{plan.id}.{subject.code}",
        "prefect.resource.name": without_numbers(subject.name),
        "xingfu.plan": plan.id,
        "xingfu.kind": str(subject.kind),
        "xingfu.city": subject.city,
        "xingfu.county": subject.county,
    }
    return {name: value for name, value in said.items() if value}


def _related(plan: Plan, subject: Subject | None) -> Iterator[Mapping[str, str]]:
    if subject is None:
        return
    yield {**_plan_resource(plan), "prefect.resource.role": "plan"}
    if subject.city and subject.city != subject.code:
        yield {
            "prefect.resource.id": f"xingfu.{plan.id}.{subject.city}",
            "prefect.resource.name": subject.city,
            "prefect.resource.role": "city",
        }


def _plan_resource(plan: Plan) -> Mapping[str, str]:
    return {
        "prefect.resource.id": f"xingfu.{plan.id}",
        "prefect.resource.name": plan.name,
        "xingfu.plan": plan.id,
    }


def _hidden(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was typed without telephone numbers; everything else as it is."""
    return {
        name: without_numbers(said) if isinstance(said, str) else said
        for name, said in payload.items()
    }


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}……"

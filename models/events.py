"""What is still to be emitted as events: new rows of the trail, and events that no row tells of.

Both were written in the transaction of what they tell of. The trail is its own queue, since a
plan's rows are committed in the order of their ids.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from models.tables import Audit, EventRow, PlanRow
from policy.schema import Plan

NAMESPACE = UUID("f161408a-47e9-5aaa-9676-e2ad81833aee")
"""Of the ids of rows' events, which would be others under another one."""
DEAD = "message.dead"
IMPORTED = "workbook.imported"
REFUSED_DAY = "day.refused"


def hold_event(
    session: Session, plan: Plan, name: str, subject: str, at: datetime, payload: Mapping[str, Any]
) -> None:
    """Owe an event that no audit row tells of. Its id is drawn here, once and for all."""
    id = str(uuid4())
    row = EventRow(id=id, plan=plan.id, name=name, subject=subject, at=at, payload=dict(payload))
    session.add(row)
    session.flush()


def held_events(session: Session, plan: Plan, limit: int) -> tuple[EventRow, ...]:
    """The first of them, by instant."""
    query = select(EventRow).where(EventRow.plan == plan.id)
    order = (col(EventRow.at), col(EventRow.id))
    return tuple(session.exec(query.order_by(*order).limit(limit)).all())


def drop_events(session: Session, ids: Collection[str]) -> None:
    """Owe them no longer."""
    if ids:
        session.execute(delete(EventRow).where(col(EventRow.id).in_(ids)))


def untold_rows(session: Session, plan: Plan, limit: int) -> tuple[Audit, ...]:
    """The first audit rows of which no event has been emitted, in order."""
    emitted = select(PlanRow.emitted).where(PlanRow.id == plan.id).scalar_subquery()
    query = select(Audit).where(Audit.plan == plan.id, col(Audit.id) > emitted)
    return tuple(session.exec(query.order_by(col(Audit.id)).limit(limit)).all())


def mark_told(session: Session, plan: Plan, audit_id: int) -> None:
    """Record that events of all audit rows up to that id have been emitted."""
    session.execute(
        update(PlanRow)
        .where(col(PlanRow.id) == plan.id, col(PlanRow.emitted) < audit_id)
        .values(emitted=audit_id)
    )


def row_id(hash: str) -> UUID:
    """The id of a row's event: by its hash, it follows from all that it and those before it say."""
    return uuid5(NAMESPACE, hash)

"""What has changed since a moment: the trail and the outbox after a mark."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.audits import newest, voided
from models.tables import Audit, Outbox
from policy.schema import Plan
from policy.vocabulary import AuditKind, MessageStatus, RungKind


@dataclass(frozen=True, slots=True)
class TrailMark:
    """Where the trail and the outbox stood."""

    audit: int
    """The newest row of the trail."""
    outbox: int
    """The newest intent."""
    owed: frozenset[int]
    """The intents that were not settled then."""


def mark(session: Session, plan: Plan) -> TrailMark:
    """Where they stand now."""
    last = select(func.max(col(Outbox.id))).where(col(Outbox.plan) == plan.id)
    owed = select(col(Outbox.id)).where(
        col(Outbox.plan) == plan.id, col(Outbox.status) == MessageStatus.PENDING
    )
    return TrailMark(
        audit=newest(session, plan),
        outbox=session.execute(last).scalar_one() or 0,
        owed=frozenset(id for id in session.execute(owed).scalars() if id is not None),
    )


def recorded_since(session: Session, plan: Plan, since: TrailMark) -> Mapping[AuditKind, int]:
    """How many rows the trail has gained, by kind; marks that were voided since do not count."""
    gone = voided(session, plan)
    query = (
        select(col(Audit.kind), func.count())
        .where(
            col(Audit.plan) == plan.id,
            col(Audit.id) > since.audit,
            col(Audit.id).not_in(gone),
        )
        .group_by(col(Audit.kind))
    )
    found = dict(session.execute(query).tuples().all())
    return {kind: found[kind] for kind in AuditKind if kind in found}


def overdue_rules(session: Session, plan: Plan, since: TrailMark) -> Mapping[str, int]:
    """How many rows of lateness the trail has gained, by deadline."""
    query = (
        select(col(Audit.action), func.count())
        .where(
            col(Audit.plan) == plan.id,
            col(Audit.kind) == AuditKind.OVERDUE,
            col(Audit.id) > since.audit,
            col(Audit.id).not_in(voided(session, plan)),
        )
        .group_by(col(Audit.action))
    )
    return dict(session.execute(query).tuples().all())


def overdue_since(session: Session, plan: Plan, since: TrailMark, most: int) -> tuple[Audit, ...]:
    """The first rows of lateness that the trail has gained."""
    query = select_rows(Audit).where(
        Audit.plan == plan.id,
        Audit.kind == AuditKind.OVERDUE,
        col(Audit.id) > since.audit,
        col(Audit.id).not_in(voided(session, plan)),
    )
    return tuple(session.exec(query.order_by(col(Audit.id)).limit(most)).all())


def owed_since(session: Session, plan: Plan, since: TrailMark) -> Mapping[RungKind, int]:
    """How many intents are new, by kind."""
    query = (
        select(col(Outbox.rung_kind), func.count())
        .where(col(Outbox.plan) == plan.id, col(Outbox.id) > since.outbox)
        .group_by(col(Outbox.rung_kind))
    )
    found = dict(session.execute(query).tuples().all())
    return {kind: found[kind] for kind in RungKind if kind in found}


def withdrawn_since(session: Session, plan: Plan, since: TrailMark) -> Mapping[RungKind, int]:
    """How many intents have been withdrawn that were owed then or are new, by kind."""
    query = select(col(Outbox.id), col(Outbox.rung_kind)).where(
        col(Outbox.plan) == plan.id,
        col(Outbox.status).in_((MessageStatus.CANCELLED, MessageStatus.RETRACTED)),
        col(Outbox.id) >= min(since.owed, default=since.outbox + 1),
    )
    found = Counter(
        kind
        for id, kind in session.execute(query).tuples()
        if id is not None and (id in since.owed or id > since.outbox)
    )
    return {kind: found[kind] for kind in RungKind if kind in found}

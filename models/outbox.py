"""The outbox: what is owed, claimed with a lease, and marked after it was sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, literal, or_, select, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.tables import DeadlineRow, Outbox
from policy.schema import Plan
from policy.vocabulary import MessageStatus

LEASE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)  # between two attempts; a message is owed until it is sent
WAITING = (MessageStatus.PENDING, MessageStatus.FAILED)


def key(row: Outbox) -> str:
    """The message's intent: plan, subject, rule, visit, due date, rung, recipient."""
    parts = (row.plan, row.subject, row.rule, row.visit, row.due, row.rung, row.recipient)
    return "/".join(map(str, parts))


def cancel(session: Session, row: DeadlineRow) -> None:
    """Withdraw what is still owed about a deadline that has been closed."""
    session.execute(
        update(Outbox)
        .where(*_about(row), col(Outbox.status).in_(WAITING))
        .values(status=MessageStatus.CANCELLED)
    )


def reinstate(session: Session, row: DeadlineRow) -> None:
    """Owe again what was withdrawn about this visit of a deadline that is open again."""
    session.execute(
        update(Outbox)
        .where(
            *_about(row),
            col(Outbox.visit) == row.visit,
            col(Outbox.due) == row.overdue_after,
            col(Outbox.status) == MessageStatus.CANCELLED,
        )
        .values(status=MessageStatus.PENDING, claimed_until=None)
    )


def waiting_recipients(
    session: Session, plan: Plan, at: datetime, *, insist: bool = False
) -> tuple[str, ...]:
    """The offices that are owed something whose time has come, by name.

    That is not claimed by somebody else and, unless one insists, not resting after a failure.
    """
    query = select(Outbox.recipient).where(*_waiting(plan, at, insist=insist)).distinct()  # type: ignore[call-overload]  # a mapped attribute is a column
    return tuple(session.execute(query.order_by(col(Outbox.recipient))).scalars())


def claim(
    session: Session, plan: Plan, recipient: str, at: datetime, *, insist: bool = False
) -> tuple[Outbox, ...]:
    """Take all that is owed to `recipient` for sending, in a stable order.

    Truth is checked here, just before sending: what is no longer open, or has another date by now,
    is cancelled. The lease lapses, so a crash while sending delays a message and never loses it.
    """
    query = select_rows(Outbox).where(
        *_waiting(plan, at, insist=insist), Outbox.recipient == recipient
    )
    rows = session.exec(query.order_by(col(Outbox.id)).with_for_update(skip_locked=True)).all()
    still_true = [row for row in rows if _is_true(session, row)]
    for row in still_true:
        row.status, row.claimed_until = MessageStatus.PENDING, at + LEASE
        row.attempts += 1
        session.add(row)
    session.flush()
    return tuple(still_true)


def mark_sent(
    session: Session, rows: Sequence[Outbox], digest: str, at: datetime, error: str = ""
) -> None:
    """Record that `digest` carried these messages; `error` tells of people it did not reach."""
    values = {"sent_at": at, "digest": digest, "error": error or None, "claimed_until": None}
    _mark(session, rows, MessageStatus.SENT, values)


def mark_failed(
    session: Session, rows: Sequence[Outbox], digest: str, at: datetime, error: str
) -> None:
    """Record why, at that instant, these messages were not accepted.

    They stay owed, and rest for longer after each attempt: 1, 4, 9 … minutes, six hours at most.
    """
    told = f"{at:%Y-%m-%dT%H:%M:%SZ} {error}"
    wait = min(timedelta(minutes=max(row.attempts for row in rows) ** 2), LONGEST_WAIT)
    values = {"digest": digest, "error": told, "claimed_until": at + wait}
    _mark(session, rows, MessageStatus.FAILED, values)


def messages(session: Session, plan: Plan) -> tuple[Outbox, ...]:
    """The whole outbox, oldest first."""
    query = select_rows(Outbox).where(Outbox.plan == plan.id)
    return tuple(session.exec(query.order_by(col(Outbox.id))).all())


def counts(session: Session, plan: Plan) -> dict[MessageStatus, int]:
    """How many messages there are in each status."""
    query = select(col(Outbox.status), func.count()).where(col(Outbox.plan) == plan.id)
    found = dict(session.execute(query.group_by(col(Outbox.status))).tuples().all())
    return {status: found.get(status, 0) for status in MessageStatus}


def _about(row: DeadlineRow) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Outbox.plan) == row.plan,
        col(Outbox.subject) == row.subject,
        col(Outbox.rule) == row.rule,
    )


def _waiting(plan: Plan, at: datetime, *, insist: bool) -> tuple[ColumnElement[bool], ...]:
    free = or_(
        col(Outbox.claimed_until).is_(None),
        col(Outbox.claimed_until) < at,
        and_(literal(insist), col(Outbox.status) == MessageStatus.FAILED),
    )
    return (col(Outbox.plan) == plan.id, col(Outbox.status).in_(WAITING), free)


def _is_true(session: Session, row: Outbox) -> bool:
    deadline = session.get(DeadlineRow, (row.plan, row.subject, row.rule))
    if (
        deadline is not None
        and deadline.next_look_on is not None
        and (deadline.overdue_after, deadline.visit) == (row.due, row.visit)
    ):
        return True
    row.status = MessageStatus.CANCELLED
    session.add(row)
    return False


def _mark(
    session: Session, rows: Sequence[Outbox], status: MessageStatus, values: dict[str, object]
) -> None:
    """Mark what is still ours: a claim that has lapsed may have been taken and sent by another."""
    session.execute(
        update(Outbox)
        .where(
            col(Outbox.id).in_([row.id for row in rows]),
            col(Outbox.claimed_until) == rows[0].claimed_until,
            col(Outbox.status) != MessageStatus.SENT,
        )
        .values(status=status, **values)
    )

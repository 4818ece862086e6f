"""What tells whether a day may be decided, and what a wrongly decided day has left."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.audits import voided
from models.enforced import last_day
from models.outbox import about_deadlines, without_deadline
from models.rows import insert_missing
from models.sweeps import forget_sweeps
from models.tables import Addressee, Audit, Delivery, EnforcedDay, Outbox, Pace, SweepRow
from policy.schema import Plan
from policy.vocabulary import (
    AuditKind,
    DeliveryStatus,
    MessageStatus,
    RecipientReason,
    RungKind,
)
from states.doubts import DayRecord

CHUNK = 1000  # ids a statement: below SQLite's limit on bound values
UNSENT = (DeliveryStatus.PENDING, DeliveryStatus.DEAD)


def day_record(session: Session, plan: Plan, day: date) -> DayRecord:
    """What is on record when a day is to be decided.

    Since somebody has confirmed a day or taken days back, only what came after it tells the time.
    """
    confirmed = _is_confirmed(session, plan, day)
    return DayRecord(last_day(session, plan), newest_instant(session, plan.id), confirmed=confirmed)


def _is_confirmed(session: Session, plan: Plan, day: date) -> bool:
    """Whether the day was confirmed and not taken back since."""
    last = select(func.max(col(Audit.id))).where(
        col(Audit.plan) == plan.id, col(Audit.kind) == AuditKind.REWIND
    )
    query = select(col(Audit.id)).where(
        col(Audit.plan) == plan.id,
        col(Audit.kind) == AuditKind.CONFIRMATION,
        col(Audit.effective_on) == day,
    )
    since = func.coalesce(last.scalar_subquery(), 0)
    return session.execute(query.where(col(Audit.id) > since).limit(1)).first() is not None


def newest_instant(session: Session, plan: str) -> datetime | None:
    """The newest instant of what is recorded for a plan.

    Of what came since somebody last stood for a day, or took days back.
    """
    kinds = (AuditKind.CONFIRMATION, AuditKind.REWIND)
    query = select_rows(Audit).where(Audit.plan == plan, col(Audit.kind).in_(kinds))
    base = session.exec(query.order_by(col(Audit.id).desc()).limit(1)).first()
    since, intent = (base.id or 0, base.detail["outbox"]) if base else (0, 0)
    queries = (
        select(func.max(col(Audit.recorded_at))).where(
            col(Audit.plan) == plan, col(Audit.id) >= since
        ),
        select(func.max(col(Outbox.decided_at))).where(
            col(Outbox.plan) == plan,
            col(Outbox.id) > intent,
            col(Outbox.status) != MessageStatus.RETRACTED,
        ),
        select(func.max(col(SweepRow.at))).where(
            col(SweepRow.plan) == plan, col(SweepRow.trail) >= since
        ),
    )
    found = [session.execute(each).scalar_one() for each in queries]
    return max((at for at in found if at is not None), default=None)


def newest_intent(session: Session, plan: Plan) -> int:
    """The id of the plan's newest intent; 0 when there is none."""
    query = select(func.max(col(Outbox.id))).where(col(Outbox.plan) == plan.id)
    return session.execute(query).scalar_one() or 0


def marks_after(session: Session, plan: Plan, day: date) -> tuple[Audit, ...]:
    """The marks of lateness that were made as of days after a day and still count, in order."""
    query = select_rows(Audit).where(
        Audit.plan == plan.id, Audit.kind == AuditKind.OVERDUE, col(Audit.effective_on) > day
    )
    gone = voided(session, plan)
    return tuple(row for row in session.exec(query.order_by(col(Audit.id))) if row.id not in gone)


def intents_after(session: Session, plan: Plan, day: date) -> tuple[Outbox, ...]:
    """The intents that were decided as of days after a day and still count, in order."""
    query = select_rows(Outbox).where(*_decided_after(plan, day))
    return tuple(session.exec(query.order_by(col(Outbox.id))).all())


def told_after(session: Session, plan: Plan, day: date) -> tuple[tuple[Delivery, Outbox], ...]:
    """Who was told, or may have been, of what was decided as of days after a day; in order."""
    query = (
        select_rows(Delivery, Outbox)
        .join(Outbox, col(Outbox.id) == Delivery.outbox_id)
        .where(*_decided_after(plan, day), _reached())
    )
    return tuple(session.exec(query.order_by(col(Outbox.id), col(Delivery.person))).all())


def wrongly_told(
    session: Session, plan: Plan, persons: Iterable[str]
) -> tuple[tuple[Delivery, Outbox], ...]:
    """What these people were told, or may have been, and what was taken back since; in order."""
    query = (
        select_rows(Delivery, Outbox)
        .join(Outbox, col(Outbox.id) == Delivery.outbox_id)
        .where(
            Outbox.plan == plan.id,
            Outbox.status == MessageStatus.RETRACTED,
            col(Delivery.person).in_(list(persons)),
            _reached(),
        )
    )
    return tuple(session.exec(query.order_by(col(Outbox.id), col(Delivery.person))).all())


def retract(session: Session, plan: Plan, day: date) -> None:
    """Take back what was decided as of days after a day: the intents give their keys free."""
    gone = select(col(Outbox.id)).where(*_decided_after(plan, day))
    session.execute(
        update(Delivery)
        .where(col(Delivery.outbox_id).in_(gone), col(Delivery.status).in_(UNSENT))
        .values(status=DeliveryStatus.CANCELLED)
    )
    session.execute(
        update(Outbox)
        .where(*_decided_after(plan, day))
        .values(status=MessageStatus.RETRACTED, sent_at=None)
    )
    session.expire_all()


def forget_days(session: Session, plan: Plan, day: date) -> None:
    """Take the days after a day for not decided."""
    session.execute(
        delete(EnforcedDay).where(col(EnforcedDay.plan) == plan.id, col(EnforcedDay.day) > day)
    )
    forget_sweeps(session, plan, day)


def owe_correction(
    session: Session,
    plan: Plan,
    row: int,
    told: Mapping[str, Sequence[str]],
    day: date,
    at: datetime,
) -> None:
    """Owe people the correction of what the rewind of an audit row has taken back.

    `told` lists the people by the office through which they are told; its key is the row's.
    """
    for office, people in told.items():
        about = (plan.id, plan.province, correction_rule(row))
        intent = without_deadline(RungKind.CORRECTION, about, office, day, at)
        session.add(intent)
        session.flush()
        rows = [
            {
                "outbox_id": intent.id,
                "person": person,
                "plan": plan.id,
                "because": RecipientReason.POST,
                "status": DeliveryStatus.PENDING,
                "attempts": 0,
                "ambiguous": False,
            }
            for person in people
        ]
        session.execute(insert_missing(Delivery), rows)


def correction_rule(row: int) -> str:
    """What a correction is about, in the place of a deadline's id."""
    return f"rewind-{row}"


def free_turns(session: Session, plan: Plan, today: date, at: datetime, longest: timedelta) -> None:
    """Let nobody wait for what a wrong clock has put further off than `longest` from an instant."""
    turn, late = Addressee, at + longest
    ours = col(turn.plan) == plan.id
    for column in (turn.leased_until, turn.rests_until):
        session.execute(update(turn).where(ours, col(column) > late).values({col(column): None}))
    session.execute(update(turn).where(ours, col(turn.served_on) > today).values(served_on=None))
    session.execute(update(Pace).where(col(Pace.free_at) > late).values(free_at=at))


def _decided_after(plan: Plan, day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Outbox.plan) == plan.id,
        col(Outbox.as_of) > day,
        about_deadlines(),
        col(Outbox.status) != MessageStatus.RETRACTED,
    )


def _reached() -> ColumnElement[bool]:
    """What was sent, is being sent, or may have been received in spite of a failure."""
    under_way = col(Delivery.status).in_((DeliveryStatus.SENT, DeliveryStatus.SENDING))
    return or_(under_way, col(Delivery.ambiguous))

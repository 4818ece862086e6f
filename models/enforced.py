"""Which days the daily job has decided and finished."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from models.tables import EnforcedDay
from policy.schema import Plan


def missed_days(session: Session, plan: Plan, as_of: date) -> tuple[date, ...]:
    """The days before `as_of` that nothing has decided since the newest that was, oldest first.

    None when no day ever was, or a later one is. While `as_of` itself has been decided and not
    finished, those before it still count as missed: whoever goes on with it is told, too.
    """
    query = select(func.max(EnforcedDay.day)).where(
        EnforcedDay.plan == plan.id,
        or_(col(EnforcedDay.day) != as_of, col(EnforcedDay.finished_at).is_not(None)),
    )
    last = session.exec(query).one()
    return () if last is None else tuple(_between(last, as_of))


def put_day(session: Session, plan: Plan, day: date, at: datetime) -> None:
    """Record that a day has been decided. The caller holds the plan's lock."""
    row = session.get(EnforcedDay, (plan.id, day)) or EnforcedDay(
        plan=plan.id, day=day, decided_at=at
    )
    row.decided_at = at
    session.add(row)
    session.flush()


def finish_day(session: Session, plan: Plan, day: date, at: datetime) -> bool:
    """Record that a day is finished; False when it has never been decided."""
    done = session.execute(
        update(EnforcedDay)
        .where(col(EnforcedDay.plan) == plan.id, col(EnforcedDay.day) == day)
        .values(finished_at=at)
        .returning(col(EnforcedDay.day))
    )
    return done.first() is not None


def find_day(session: Session, plan: Plan, day: date) -> EnforcedDay | None:
    """The day, if it has been decided."""
    return session.get(EnforcedDay, (plan.id, day))


def last_day(session: Session, plan: Plan) -> date | None:
    """The newest day that has been decided; None when none ever was."""
    query = select(func.max(EnforcedDay.day)).where(EnforcedDay.plan == plan.id)
    return session.exec(query).one()


def decided_days(session: Session, plan: Plan) -> tuple[EnforcedDay, ...]:
    """Every day that has been decided, oldest first."""
    query = select(EnforcedDay).where(EnforcedDay.plan == plan.id)
    return tuple(session.exec(query.order_by(col(EnforcedDay.day))).all())


def _between(first: date, last: date) -> Iterator[date]:
    """The days between the two, neither included."""
    for days in range(1, (last - first).days):
        yield first + timedelta(days=days)

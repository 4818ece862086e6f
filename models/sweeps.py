"""The runs over all deadlines, each with what it knew: with them the trail can be done again."""

from datetime import date, datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.audits import newest
from models.tables import SweepRow
from policy.schema import Plan


def put_sweep(session: Session, plan: Plan, day: date | None, at: datetime) -> None:
    """Record, before it begins, that a run decides as of a day; None: that rules are installed."""
    session.add(SweepRow(plan=plan.id, day=day, at=at, trail=newest(session, plan)))
    session.flush()


def sweeps(session: Session, plan: Plan) -> tuple[SweepRow, ...]:
    """All of them, in the order in which they ran."""
    query = select(SweepRow).where(SweepRow.plan == plan.id)
    return tuple(session.exec(query.order_by(col(SweepRow.trail), col(SweepRow.id))))


def forget_sweeps(session: Session, plan: Plan, day: date) -> None:
    """Take the decisions as of days after a day for not made."""
    later = (col(SweepRow.plan) == plan.id, col(SweepRow.day) > day)
    session.execute(delete(SweepRow).where(*later))

"""When chat robots may be written to next: one slot after another, across processes."""

from datetime import datetime, timedelta

from sqlmodel import Session

from models.plans import insert_ignore
from models.tables import Pace


def reserve(
    session: Session, target: str, at: datetime, spacing: timedelta, longest: timedelta
) -> timedelta:
    """How long to wait for a target's next free slot, which is taken unless it is too far off.

    The slot after it is `spacing` later. What is longer than `longest` takes no slot.
    """
    turn = _turn(session, target, at)
    slot = max(turn.free_at, at)
    if slot - at <= longest:
        turn.free_at = slot + spacing
        session.add(turn)
        session.flush()
    return slot - at


def stay_away(session: Session, target: str, until: datetime) -> None:
    """Give out no slot of a target before `until`: it refused for being written to too often."""
    turn = _turn(session, target, until)
    turn.free_at = max(turn.free_at, until)
    session.add(turn)
    session.flush()


def _turn(session: Session, target: str, at: datetime) -> Pace:
    session.execute(insert_ignore(session, Pace), [{"target": target, "free_at": at}])
    return session.get_one(Pace, target, with_for_update=True)

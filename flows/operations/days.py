"""Which days the daily job has finished: what a catch-up asks."""

from datetime import date, datetime

from flows.operations.desk import Desk
from models.database import reading, writing
from models.enforced import find_day, finish_day
from policy.errors import RefusedError


def is_finished(desk: Desk, day: date) -> bool:
    """Whether a day has been decided, delivered and published."""
    with reading(desk.engine) as session:
        row = find_day(session, desk.plan, day)
        return row is not None and row.finished_at is not None


def finish(desk: Desk, day: date, at: datetime) -> None:
    """Record that what follows from a day's decisions was done, at an aware instant.

    RefusedError for a day that `enforce` has not decided.
    """
    with writing(desk.engine) as session:
        if not finish_day(session, desk.plan, day, at):
            raise RefusedError(f"{day}尚未核对，不能登记为已完成")

"""月末快照: taken on each month's last workday, and read by all that is made from it."""

from collections.abc import Iterator

from sqlmodel import Session

from flows.operations.desk import Desk
from flows.operations.products import Job, Kept, Occasion, all_kept, kept
from flows.operations.snapshots import snapshot
from policy.errors import RefusedError
from policy.vocabulary import Product
from states.snapshot import Snapshot, month_end, months


def _occasions(desk: Desk) -> Iterator[Occasion]:
    for month in months(desk.plan) if desk.plan.curves else ():
        yield Occasion(month, desk.plan.province, month_end(desk.calendar, month))


JOB = Job(
    Product.SNAPSHOT,
    Snapshot,
    _occasions,
    make=lambda session, desk, asked: snapshot(session, desk, asked.period, asked.on),
    files=lambda desk, made: (),
)


def snapshots(session: Session, desk: Desk, to: str) -> tuple[Snapshot, ...]:
    """Every month's snapshot that was taken up to a month, oldest first.

    RefusedError where that of the month itself was not.
    """
    found = [item.content for item in all_kept(session, desk, JOB) if item.occasion.period <= to]
    if not found or found[-1].period != to:
        raise RefusedError(f"{to}的{Product.SNAPSHOT.label}尚未形成，请先执行月末快照")
    return tuple(found)


def taken(session: Session, desk: Desk, month: str) -> Kept[Snapshot] | None:
    """A month's snapshot, if it was taken."""
    return kept(session, desk, JOB, month, desk.plan.province)

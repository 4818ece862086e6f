"""月末快照: taken on each month's last workday, and read by all that is made from it."""

from collections.abc import Iterable, Iterator

from sqlmodel import Session

from common.errors import RefusedError
from operations.cases.desk import Desk
from operations.duties.products import Job, JobOccasion, KeptProduct, all_kept, kept
from operations.views.snapshots import snapshot
from policy.vocabulary import Product
from states.snapshot import Snapshot, month_end, months


def at_ends_of(desk: Desk, periods: Iterable[str]) -> Iterator[JobOccasion]:
    """What the province makes at the end of each of some months."""
    for month in periods:
        yield JobOccasion(month, desk.plan.province, month_end(desk.calendar, month))


def of_curves(desk: Desk) -> Iterator[JobOccasion]:
    """Every month's end, where the plan has curves."""
    return at_ends_of(desk, months(desk.plan) if desk.plan.curves else ())


MONTH_ENDS = Job(
    Product.SNAPSHOT,
    Snapshot,
    of_curves,
    make=lambda session, desk, asked: snapshot(session, desk, asked.period, asked.on),
    files=lambda desk, made: (),
)


def snapshots(session: Session, desk: Desk, to: str) -> tuple[Snapshot, ...]:
    """Every month's snapshot that was taken up to a month, oldest first.

    RefusedError where that of the month itself was not.
    """
    found = [
        item.content for item in all_kept(session, desk, MONTH_ENDS) if item.occasion.period <= to
    ]
    if not found or found[-1].period != to:
        raise RefusedError(f"{to}的{Product.SNAPSHOT.label}尚未形成，请先执行月末快照")
    return tuple(found)


def taken(session: Session, desk: Desk, month: str) -> KeptProduct[Snapshot] | None:
    """A month's snapshot, if it was taken."""
    return kept(session, desk, MONTH_ENDS, month, desk.plan.province)

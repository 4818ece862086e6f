"""月末数据: taken on each month's last workday, and read by all that is made from it."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial

from sqlmodel import Session

from common.errors import RefusedError
from models.versions import installed_by, versions
from operations.cases.desk import Desk
from operations.duties.products import Job, JobOccasion, KeptProduct, all_kept, kept
from operations.views.snapshots import snapshot
from policy.load import from_canonical
from policy.renaming import NameChanges, renaming
from policy.timing import Duty
from policy.vocabulary import Product
from states.snapshot import Snapshot, by_names, month_end, months
from states.workdays import if_known


def at_ends_of(desk: Desk, periods: Iterable[str]) -> Iterator[JobOccasion]:
    """What the province makes at the end of each of some months."""
    for month in periods:
        if on := closing_day(desk, month):
            yield JobOccasion(month, desk.plan.province, on)


def closing_day(desk: Desk, month: str) -> date | None:
    """The day as of which a month is told: its last workday.

    Where its report comes in a later month, the day by which that has to be there. None where the
    calendar of a year is not known yet: nothing is made until it is.
    """
    rule = desk.plan.report_of(month)
    item = desk.deadlines[rule] if rule else None
    if item is not None and isinstance(item.rule, Duty) and item.rule.comes_later:
        return item.dates.overdue_after if item.dates else None
    return if_known(partial(month_end, desk.calendar), month)


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
    made = [item for item in all_kept(session, desk, MONTH_ENDS) if item.occasion.period <= to]
    if not made or made[-1].occasion.period != to:
        raise RefusedError(f"{to}的{Product.SNAPSHOT.label}尚未形成，请先执行月末数据")
    return tuple(_by_present_names(session, desk, made))


def taken(session: Session, desk: Desk, month: str) -> Snapshot | None:
    """A month's snapshot, if it was taken."""
    made = kept(session, desk, MONTH_ENDS, month, desk.plan.province)
    return next(_by_present_names(session, desk, [made])) if made else None


def _by_present_names(
    session: Session, desk: Desk, made: Iterable[KeptProduct[Snapshot]]
) -> Iterator[Snapshot]:
    """What was kept, with places by the names that they have now: by those they are counted."""
    found = versions(session, desk.plan)
    changed: dict[int, NameChanges] = {}
    for item in made:
        then = installed_by(found, item.made_at)
        if then is None or then.content is None or then is found[-1]:
            yield item.content
            continue
        if then.number not in changed:
            changed[then.number] = renaming(from_canonical(then.content), desk.plan)
        yield by_names(item.content, changed[then.number])

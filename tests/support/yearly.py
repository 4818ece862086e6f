"""The example's whole year with its month-end snapshots: what the year's duties are made from."""

from datetime import date, datetime
from typing import TypeVar

from flows.operations import month_ends
from flows.operations.desk import Desk
from flows.operations.products import Job, Kept, due, make
from tests.conftest import AT, INSTALLED
from tests.support.province import END, by_day, import_example, record
from tests.support.stores import Snapshot

C = TypeVar("C")


def make_due(desk: Desk, job: Job[C], as_of: date, at: datetime) -> tuple[Kept[C], ...]:
    """Make all that is due of a duty by a day, one after another."""
    return tuple(make(desk, job, occasion, at) for occasion in due(desk, job, as_of))


def _whole_year(desk: Desk) -> None:
    import_example(desk)
    for _, events in sorted(by_day().items()):
        record(desk, events)
    make_due(desk, month_ends.JOB, END, AT)


YEAR = Snapshot("year", _whole_year, INSTALLED, copied=True)

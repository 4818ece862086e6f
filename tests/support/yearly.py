"""The example's whole year with its month-end snapshots: what the year's duties are made from."""

from datetime import date, datetime
from typing import TypeVar

from operations.cases.desk import Desk
from operations.duties import month_ends
from operations.duties.products import Job, KeptProduct, due, make
from tests.conftest import AT, INSTALLED
from tests.support.province import DAY, END, by_day, import_example, record
from tests.support.stores import Snapshot

FEBRUARY, MAY, LATE_MAY = date(2023, 2, 20), date(2023, 5, 21), date(2023, 5, 23)
JUNE, OCTOBER = date(2023, 6, 1), date(2023, 10, 10)
C = TypeVar("C")


def make_due(desk: Desk, job: Job[C], as_of: date, at: datetime) -> tuple[KeptProduct[C], ...]:
    """Make all that is due of a duty by a day, one after another."""
    return tuple(make(desk, job, occasion, at) for occasion in due(desk, job, as_of))


def _until_february(desk: Desk) -> None:
    import_example(desk)
    _record(desk, date.min, FEBRUARY)


def _from_october(desk: Desk) -> None:
    _record(desk, OCTOBER + DAY, END)
    make_due(desk, month_ends.MONTH_ENDS, END, AT)


def _record(desk: Desk, first: date, last: date) -> None:
    for day, events in sorted(by_day().items()):
        if first <= day <= last:
            record(desk, events)


def _lived(name: str, after: date, day: date, begun: Snapshot) -> Snapshot:
    """The year lived on to a day."""
    return Snapshot(name, lambda desk: _record(desk, after + DAY, day), begun, copied=True)


WINTER = Snapshot("winter", _until_february, INSTALLED, copied=True)
UNTIL_MAY = _lived("until_may", FEBRUARY, MAY, WINTER)
SPRING = _lived("spring", MAY, LATE_MAY, UNTIL_MAY)
HALF_YEAR = _lived("half_year", LATE_MAY, JUNE, SPRING)
AUTUMN = _lived("autumn", JUNE, OCTOBER, HALF_YEAR)
YEAR = Snapshot("year", _from_october, AUTUMN, copied=True)

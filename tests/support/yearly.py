"""The example's whole year with its month-end snapshots: what the year's duties are made from."""

from datetime import date, datetime
from typing import TypeVar

from operations.cases.desk import Desk
from operations.duties import month_ends
from operations.duties.products import Job, KeptProduct, due, make
from tests.conftest import AT, INSTALLED
from tests.support.province import DAY, END, by_day, import_example, record
from tests.support.stores import Snapshot

MAY, LATE_MAY, JUNE = date(2023, 5, 21), date(2023, 5, 23), date(2023, 6, 1)
C = TypeVar("C")


def make_due(desk: Desk, job: Job[C], as_of: date, at: datetime) -> tuple[KeptProduct[C], ...]:
    """Make all that is due of a duty by a day, one after another."""
    return tuple(make(desk, job, occasion, at) for occasion in due(desk, job, as_of))


def _until_may(desk: Desk) -> None:
    import_example(desk)
    _record(desk, date.min, MAY)


def _until_late_may(desk: Desk) -> None:
    _record(desk, MAY + DAY, LATE_MAY)


def _until_june(desk: Desk) -> None:
    _record(desk, LATE_MAY + DAY, JUNE)


def _from_june(desk: Desk) -> None:
    _record(desk, JUNE + DAY, END)
    make_due(desk, month_ends.MONTH_ENDS, END, AT)


def _record(desk: Desk, first: date, last: date) -> None:
    for day, events in sorted(by_day().items()):
        if first <= day <= last:
            record(desk, events)


UNTIL_MAY = Snapshot("until_may", _until_may, INSTALLED, copied=True)
SPRING = Snapshot("spring", _until_late_may, UNTIL_MAY, copied=True)
HALF_YEAR = Snapshot("half_year", _until_june, SPRING, copied=True)
YEAR = Snapshot("year", _from_june, HALF_YEAR, copied=True)

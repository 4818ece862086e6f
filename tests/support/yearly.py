"""The example's whole year with its month-end snapshots: what the year's duties are made from."""

from flows.operations import month_ends
from flows.operations.desk import Desk
from flows.operations.products import make_due
from tests.conftest import AT, INSTALLED
from tests.support.province import END, by_day, import_example, record
from tests.support.stores import Snapshot


def _whole_year(desk: Desk) -> None:
    import_example(desk)
    for _, events in sorted(by_day().items()):
        record(desk, events)
    make_due(desk, month_ends.JOB, END, AT)


YEAR = Snapshot("year", _whole_year, INSTALLED, copied=True)

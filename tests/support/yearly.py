"""The example's whole year with its month-end snapshots: what the year's duties are made from.

It takes long to record, so a process does it once, and copies it into whichever database is asked.
"""

import shutil
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from flows.operations import month_ends
from flows.operations.desk import Desk, desk_for
from flows.operations.products import Job, Kept, due, make
from flows.operations.setup import install
from models.copying import all_alone, one_moment, replace_rows
from models.database import migrate
from models.settings import Settings
from tests.conftest import AT
from tests.support.province import END, by_day, import_example, record
from tests.support.stores import Snapshot

C = TypeVar("C")


def make_due(desk: Desk, job: Job[C], as_of: date, at: datetime) -> tuple[Kept[C], ...]:
    """Make all that is due of a duty by a day, one after another."""
    return tuple(make(desk, job, occasion, at) for occasion in due(desk, job, as_of))


@cache
def _recorded() -> Desk:
    home = Path(mkdtemp(prefix="xingfu-year-"))
    desk = desk_for(Settings(home=home), "shanxi-2023")
    migrate(desk.engine)
    install(desk, AT)
    import_example(desk)
    for _, events in sorted(by_day().items()):
        record(desk, events)
    make_due(desk, month_ends.JOB, END, AT)
    return desk


def _whole_year(desk: Desk) -> None:
    year = _recorded()
    with one_moment(year.engine) as read, all_alone(desk.engine) as write:
        replace_rows(read, write)
    shutil.copy(year.settings.home / "secret.key", desk.settings.home)


YEAR = Snapshot("year", _whole_year)

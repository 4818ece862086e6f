"""What was looked at last, so that the next page need not read the whole plan again."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from threading import Lock

from models.audits import newest
from operations.cases.desk import Desk
from operations.views.overview import DeadlineView, Survey, in_chains, survey

MOST = 4
"""Surveys that are kept: today's, and a few days that somebody has chosen."""
_kept: OrderedDict[tuple[str, str, date, int], "DayView"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class DayView:
    """Everything as of a day, and what of it presses, each chain once."""

    survey: Survey
    pressing: tuple[DeadlineView, ...]


def shelved(desk: Desk, as_of: date) -> DayView:
    """Everything as of a day; read anew once anything more is on record."""
    with desk.reading() as session:
        trail = newest(session, desk.plan)
    key = (str(desk.engine.url), desk.plan.digest, as_of, trail)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    seen = survey(desk, as_of)
    found = DayView(seen, tuple(in_chains(seen.views)))
    with _lock:
        _kept[key] = found
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found

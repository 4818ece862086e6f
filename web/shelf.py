"""What was counted last, so that the next page counts only what has come on record since."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

from models.audits import newest
from operations.cases.desk import Desk
from operations.views.census import Census, brought_up, census, counted
from operations.views.overview import survey
from operations.views.scenes import basis_of
from policy.vocabulary import Basis
from states.dossier import Dossier

MOST = 4
"""Days that are kept: today, and a few that somebody has chosen."""
_kept: OrderedDict[tuple[str, str, date, int], "DayView"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class DayView:
    """Cities as of a day, by name; what is the province's own under an empty one."""

    cities: Mapping[str, Census]
    projects: tuple[Dossier, ...] | None = None
    """Of a day that lies behind, of which all is read at once."""


def shelved(desk: Desk, as_of: date, cities: Sequence[str]) -> DayView:
    """A day with some cities at least."""
    behind = basis_of(desk, as_of) is Basis.HINDSIGHT
    with desk.reading() as session:
        key = (str(desk.engine.url), desk.plan.digest, as_of, behind * newest(session, desk.plan))
        with _lock:
            found = _kept.get(key, DayView({}))
        known = found.cities
        if not behind:
            now = {
                city: brought_up(session, desk, known[city])
                if city in known
                else census(session, desk, city, as_of)
                for city in cities
            }
            found = DayView({**known, **now})
        elif not known:
            seen = survey(desk, as_of)
            found = DayView(counted(desk, seen), seen.projects)
    with _lock:
        _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found

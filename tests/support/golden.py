"""The golden year, lived once a run: its database, and what the rehearsal told of it.

A scenario in which things are late in every way the rules know. `golden/year-2023.txt` is what it
would send to whom.
"""

import pickle
from datetime import date
from pathlib import Path

from operations.cases.desk import Desk
from operations.upkeep.rehearsal import Rehearsal, live
from operations.upkeep.scenario import load_scenario
from tests.conftest import INSTALLED
from tests.support.stores import Snapshot

GOLDEN = Path(__file__).parents[1] / "golden"
START, END = date(2023, 1, 16), date(2024, 1, 12)
TOLD = "rehearsal.pickle"


def _live(desk: Desk) -> None:
    done = live(desk, START, END, load_scenario(GOLDEN / "year-2023.yaml"))
    (desk.settings.home / TOLD).write_bytes(pickle.dumps(done))


GOLDEN_YEAR = Snapshot("golden_year", _live, INSTALLED)


def rehearsed(desk: Desk) -> Rehearsal:
    """What was told of the year that a desk on `GOLDEN_YEAR` has behind it."""
    done: Rehearsal = pickle.loads((desk.settings.home / TOLD).read_bytes())  # noqa: S301  # our own
    return done

"""Seasons of the jobs under faults: what is known in the end, what went out, and the trail.

`make storm` lives as many as one likes, on both databases; `docs/explanation/reliability.md` says
what they have shown. In the eight of CI each fault befalls each job that it can befall, more than
once.
"""

import pytest

from tests.conftest import DeskIn
from tests.support.forking import Forks
from tests.support.mail_server import mail_server
from tests.support.steps import TAIYUAN
from tests.support.stores import Stores
from tests.support.storming import Unaccounted, begin_season, otherwise

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]
DAYS, LONG = 3, 12


@pytest.fixture(scope="module")
def before(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Unaccounted:
    """The same for all seasons."""
    with stores.desk(None, TAIYUAN, tmp_path_factory.mktemp("before") / "home") as desk:
        return otherwise(desk)


def test_a_season_of_faults_loses_nothing_and_repeats_nothing_unmarked(
    desk_in: DeskIn, forked: Forks, before: Unaccounted, storm_seed: int, storm: bool
) -> None:
    with mail_server() as mails:
        season = begin_season(desk_in(TAIYUAN), storm_seed, forked, mails, before)
        season.live(LONG if storm else DAYS)
        season.is_whole()

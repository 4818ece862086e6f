"""The end of the database is gone with its log, or an older one stands in its place: it is told."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from operations.cases.desk import Desk
from operations.upkeep.backup import back_up, restore
from operations.upkeep.continuity import MEMORY
from operations.upkeep.setup import check_trail
from operations.upkeep.watching import look
from tests.support.forking import Forks
from tests.support.handing_in import environment
from tests.support.stores import Stores
from tests.test_flows_still_worlds import AT, GOING_ON, GOOD

pytestmark = pytest.mark.heavy

WRITE = """
import os, signal
from datetime import date, datetime, UTC
from models.settings import Settings
from operations.cases.casework import Act, record
from operations.cases.desk import open_desk

desk = open_desk(Settings())
for city in ("太原市", "大同市"):
    with desk.writing() as session:
        act = Act(city, "D10-03", date(2023, 3, 2), f"{city}民政局", "示例")
        record(session, desk, act, today=date(2023, 3, 3), at=datetime(2023, 2, 21, 1, tzinfo=UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""
LATER = AT + timedelta(minutes=15)


@pytest.fixture
def well(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, GOING_ON, tmp_path / "home") as desk:
        assert look(desk.settings, AT, GOOD).faults == ()
        desk.engine.dispose()
        yield desk


def seen(desk: Desk) -> list[str]:
    """What the watch finds."""
    return [fault.text for fault in look(desk.settings, LATER, GOOD).faults]


def test_what_was_lost_with_the_log_is_told_until_an_admin_has_seen_to_it(
    well: Desk, forked: Forks
) -> None:
    """A process is killed, and its log is deleted after the watch has seen what it had written."""
    home = well.settings.home
    rows = check_trail(well).rows
    well.engine.dispose()
    assert forked.run(WRITE, environment=environment(well)).returncode == -9
    assert seen_meanwhile(well) == []
    (home / "xingfu.db-wal").unlink()
    (home / "xingfu.db-shm").unlink()
    with closing(sqlite3.connect(home / "xingfu.db")) as raw:
        assert raw.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    [told] = seen(well)
    assert f"值守上次查看时有{rows + 2}条记录，现只有{rows}条" in told
    assert "请勿继续办理" in told
    found = check_trail(well)
    assert ([each.says[:8] for each in found.breaks], found.witness) == (["值守上次查看时有"], None)
    assert seen(well) != [], "nor is it forgotten"
    (home / MEMORY).unlink()
    assert (seen(well), check_trail(well).breaks) == ([], ())


def seen_meanwhile(desk: Desk) -> list[str]:
    """As `seen`, and as a power cut then leaves the files: nobody has done away with the log."""
    home = desk.settings.home
    with closing(sqlite3.connect(home / "xingfu.db")) as raw:
        raw.execute("BEGIN")
        raw.execute("SELECT count(*) FROM audit").fetchone()
        kept = [(path, path.read_bytes()) for path in home.glob("xingfu.db*")]
        found = seen(desk)
    for path, content in kept:
        path.write_bytes(content)
    return found


def test_another_database_in_its_place_is_told(well: Desk, forked: Forks, tmp_path: Path) -> None:
    """With as many rows and more, which are not those that were there."""
    home = well.settings.home
    with well.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    well.engine.dispose()
    shutil.copy(home / "xingfu.db", tmp_path / "older.db")
    forked.run(WRITE, environment=environment(well))
    assert seen(well) == []
    well.engine.dispose()
    for path in home.glob("xingfu.db*"):
        path.unlink()
    shutil.copy(tmp_path / "older.db", home / "xingfu.db")
    later = WRITE.replace("示例", "另一")
    forked.run(later, environment=environment(well))
    [told] = seen(well)
    assert "条记录与值守上次查看时不同，数据库可能已被替换" in told


def test_who_rightly_puts_a_backup_back_is_not_warned(
    well: Desk, forked: Forks, tmp_path: Path
) -> None:
    back_up(well.settings, tmp_path / "a.zip", AT)
    forked.run(WRITE, environment=environment(well))
    assert seen(well) == []
    restore(well.settings, tmp_path / "a.zip", AT, replace=True)
    assert not any("值守上次查看" in text for text in seen(well))

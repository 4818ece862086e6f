"""Nothing is lost and nothing is repeated unknowingly, wherever the process dies.

What arrives in a whole year is compared with `tests.support.oracle`, which works it out by itself.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from models.contacts import replace_contacts
from models.database import writing
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from operations.workbooks.intake import import_workbook
from states.contacts import Post
from tests.conftest import AT, INSTALLED, STORMY, DeskIn
from tests.support.forking import Forks
from tests.support.oracle import CITY, COUNTIES, END, EXAMPLE, PEOPLE, WAITED, Expected, expected
from tests.support.province import morning
from tests.support.stores import Snapshot

pytestmark = pytest.mark.heavy
KILLS, SAMPLE = 50, 15
DAY = date(2023, 2, 21)  # 太原市's ten projects have not applied


YEAR = """
import sys
from pathlib import Path
from tests.support.killing import main

main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
"""


class Line(NamedTuple):
    """One line of one digest that went out."""

    day: date
    process: str
    digest: str
    person: str
    subject: str
    rule: str

    @property
    def told(self) -> tuple[date, str, str, str]:
        """Who was told of what on which day."""
        return self.day, self.person, self.subject, self.rule


def settle_taiyuan(desk: Desk) -> None:
    """Import 太原市 of the example, and the few contacts that the oracle knows."""
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)
    posts = [
        Post(f"{CITY}民政局", PEOPLE["city"]),
        Post("山西省民政厅", PEOPLE["province"]),
        *(Post(f"{CITY}{county}民政局", name) for county, name in COUNTIES.items()),
    ]
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, posts)


TAIYUAN = Snapshot("taiyuan_with_contacts", settle_taiyuan, INSTALLED)


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    """太原市's ten projects, and a handful of people."""
    return desk_in(TAIYUAN)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("server", STORMY, indirect=True)
def test_a_year_killed_again_and_again_tells_everybody_what_the_oracle_expects(
    taiyuan: Desk, tmp_path: Path, forked: Forks, storm: bool
) -> None:
    kills = KILLS if storm else SAMPLE
    done = forked.run(
        YEAR, str(tmp_path), str(kills), "20230116", environment=_environment(taiyuan)
    )
    assert done.returncode == 0, done.stderr
    statuses = [int(line) for line in done.stdout.split()]
    assert statuses.count(signal.SIGKILL) > kills * 0.8, "the year was over before the kills were"
    assert statuses[-1] == 0
    known = {item.rule for item in expected()}
    told = {item for item in _told(taiyuan) if item.rule in known and item.subject not in WAITED}
    assert told == set(expected())
    journal = _journal(tmp_path)
    ours = (line for line in journal if line.rule in known and line.subject not in WAITED)
    arrived = {line.told for line in ours}
    assert arrived == {(e.day, e.person, e.subject, e.rule) for e in expected()}
    _repeats_are_marked(taiyuan, journal)


POINTS = {
    "before the claim is written": "delivery.claim = die",
    "after the claim": "delivery.gather = die",
    "before the send": "Journal.send = die",
    "after the send": "send = Journal.send\nJournal.send = lambda *a: (send(*a), die())",
    "before the mark": "delivery.finish = die",
    "after the mark": "finish = delivery._finish\n"
    "delivery._finish = lambda *a: (finish(*a), die())",
}
ONCE = """
import os, signal, sys
from datetime import date, timedelta
from pathlib import Path
from operations.daily import delivery
from operations.cases.desk import open_desk
from models.settings import Settings
from tests.support.killing import Journal
from tests.support.province import morning

def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)

{point}
at = morning(date({day:%Y, %m, %d})) + timedelta(minutes={minutes})
journal = Journal(Path(sys.argv[1]) / "journal")
delivery.deliver(open_desk(Settings()), lambda: at, lambda _: journal)
"""


CROWD = """
import sys
from datetime import date
from pathlib import Path
from tests.support.crowding import main

main(sys.argv[1], Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
"""


@pytest.mark.parametrize("point", POINTS)
def test_a_delivery_killed_at_any_step_loses_nothing(
    taiyuan: Desk, tmp_path: Path, forked: Forks, point: str
) -> None:
    enforce(taiyuan, DAY, morning(DAY))
    owed = _owed(taiyuan)
    first = ONCE.format(point=POINTS[point], day=DAY, minutes=0).replace(", 0", ", ")
    there = _environment(taiyuan)
    killed = forked.run(first, str(tmp_path), environment=there)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    for minutes in (1, 12):  # while the lease lasts, and after it
        again = ONCE.format(point="", day=DAY, minutes=minutes).replace(", 0", ", ")
        done = forked.run(again, str(tmp_path), environment=there)
        assert done.returncode == 0, done.stderr
    lines = _journal(tmp_path)
    assert {(line.subject, line.rule) for line in lines} == owed
    assert {status for (status,) in _rows(taiyuan, "SELECT status FROM delivery")} == {"sent"}
    _repeats_are_marked(taiyuan, lines)
    repeated = [told for told, count in Counter(line.told for line in lines).items() if count > 1]
    assert bool(repeated) == (point in ("after the send", "before the mark"))


def test_two_enforcers_and_four_deliverers_at_once_send_nothing_twice(
    taiyuan: Desk, tmp_path: Path, forked: Forks
) -> None:
    crowd = [Post(f"{CITY}民政局", f"示例·{number}") for number in range(20)]
    with writing(taiyuan.engine) as session:
        replace_contacts(session, taiyuan.plan, crowd)
    roles = ["enforce"] * 2 + ["deliver"] * 4
    there = _environment(taiyuan)
    started = [
        forked.begin(CROWD, role, str(tmp_path), DAY.isoformat(), environment=there)
        for role in roles
    ]
    while len(list(tmp_path.glob("ready-*"))) < len(started):
        assert {each.poll() for each in started} == {None}, "a process ended early"
        time.sleep(0.05)
    (tmp_path / "go").touch()
    for process in started:
        ended = process.wait(240)
        assert ended.returncode == 0, ended.stderr
    last = ONCE.format(point="", day=DAY, minutes=12).replace(", 0", ", ")
    done = forked.run(last, str(tmp_path), environment=there)
    assert done.returncode == 0, done.stderr
    lines = _journal(tmp_path)
    assert len({line.process for line in lines}) > 1, "nothing ran at the same time"
    assert max(Counter(line.told for line in lines).values()) == 1
    assert {(line.subject, line.rule) for line in lines} == _owed(taiyuan)
    assert _rows(taiyuan, "SELECT DISTINCT status, ambiguous FROM delivery") == [("sent", False)]
    assert _rows(taiyuan, "SELECT DISTINCT status FROM outbox") == [("sent",)]


def _repeats_are_marked(desk: Desk, lines: list[Line]) -> None:
    """Whatever went to somebody twice was known to be doubtful: that very delivery is marked."""
    query = (
        "SELECT d.sent_at, d.person, o.subject, o.rule FROM delivery d "
        "JOIN outbox o ON o.id = d.outbox_id WHERE d.ambiguous"
    )
    doubtful = {(_day(at), person, *key) for at, person, *key in _rows(desk, query)}
    counted = Counter(line.told for line in lines)
    assert {told for told, count in counted.items() if count > 1} <= doubtful


def _told(desk: Desk) -> Iterator[Expected]:
    query = (
        "SELECT o.subject, o.rule, o.rung, o.recipient, d.person, d.sent_at FROM delivery d "
        "JOIN outbox o ON o.id = d.outbox_id WHERE d.status = 'sent'"
    )
    for subject, rule, rung, office, person, sent_at in _rows(desk, query):
        yield Expected(subject, rule, rung, office, person, _day(sent_at))


def _day(sent_at: object) -> date:
    return date.fromisoformat(str(sent_at)[:10])


def _owed(desk: Desk) -> set[tuple[str, str]]:
    return {(s, r) for s, r in _rows(desk, "SELECT subject, rule FROM outbox")}


def _rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _journal(folder: Path) -> list[Line]:
    lines = (folder / "journal").read_text(encoding="utf-8").splitlines()
    cells = (line.split("\t") for line in lines)
    return [Line(date.fromisoformat(at[:10]), *rest) for at, *rest in cells]


def _environment(desk: Desk) -> dict[str, str]:
    url = desk.settings.sqlalchemy_url
    return {
        **os.environ,
        "XINGFU_HOME": str(desk.settings.home),
        **({"XINGFU_DATABASE_URL": url} if url.startswith("postgresql") else {}),
    }

"""Nothing is lost and nothing is repeated unknowingly, wherever the process dies.

What arrives in a whole year is compared with `tests.oracle`, which works it out by itself.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from flows.operations.desk import Desk
from flows.operations.enforcement import enforce
from flows.operations.intake import import_workbook
from models.contacts import replace_contacts
from models.database import writing
from models.secrets import cipher
from states.contacts import Post
from tests.conftest import AT, INSTALLED, DeskIn
from tests.oracle import CITY, COUNTIES, END, EXAMPLE, PEOPLE, Expected, expected
from tests.province import morning
from tests.stores import Snapshot

pytestmark = pytest.mark.heavy
KILLS = 50
DAY = date(2023, 2, 21)  # 太原市's ten projects have not applied


class Line(NamedTuple):
    """One line of one digest that went out."""

    day: date
    digest: str
    office: str
    subject: str
    rule: str


def settle_taiyuan(desk: Desk) -> None:
    """Import 太原市 of the example, and the few contacts that the oracle knows."""
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", None, today=END, at=AT)
    posts = [
        Post(f"{CITY}民政局", PEOPLE["city"]),
        Post("山西省民政厅", PEOPLE["province"]),
        *(Post(f"{CITY}{county}民政局", name) for county, name in COUNTIES.items()),
    ]
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, cipher(desk.settings), posts)


TAIYUAN = Snapshot("taiyuan_with_contacts", settle_taiyuan, INSTALLED)


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    """太原市's ten projects, and a handful of people."""
    return desk_in(TAIYUAN)


@pytest.mark.timeout(900)
def test_a_year_killed_fifty_times_tells_everybody_what_the_oracle_expects(
    taiyuan: Desk, tmp_path: Path
) -> None:
    done = _python("-m", "tests.killing", str(tmp_path), str(KILLS), "20230116", desk=taiyuan)
    statuses = [int(line) for line in done.stdout.split()]
    assert statuses.count(signal.SIGKILL) > KILLS * 0.8, "the year was over before the kills were"
    assert statuses[-1] == 0
    known = {item.rule for item in expected()}
    told = Counter(item for item in _told(taiyuan) if item.rule in known)
    assert set(told) == set(expected())
    assert max(told.values()) == 1
    _repeats_are_marked(taiyuan, _journal(tmp_path))


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
from flows.operations import delivery
from flows.operations.desk import open_desk
from models.settings import Settings
from tests.killing import Journal
from tests.province import morning
from tests.stores import Snapshot

def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)

{point}
at = morning(date({day:%Y, %m, %d})) + timedelta(minutes={minutes})
journal = Journal(Path(sys.argv[1]) / "journal")
delivery.deliver(open_desk(Settings()), lambda: at, lambda _: journal)
"""


@pytest.mark.parametrize("point", POINTS)
def test_a_delivery_killed_at_any_step_loses_nothing(
    taiyuan: Desk, tmp_path: Path, point: str
) -> None:
    enforce(taiyuan, DAY, morning(DAY))
    owed = _owed(taiyuan)
    first = ONCE.format(point=POINTS[point], day=DAY, minutes=0).replace(", 0", ", ")
    killed = _python("-c", first, str(tmp_path), desk=taiyuan, check=False)
    assert killed.returncode == -signal.SIGKILL
    for minutes in (1, 12):  # while the lease lasts, and after it
        again = ONCE.format(point="", day=DAY, minutes=minutes).replace(", 0", ", ")
        _python("-c", again, str(tmp_path), desk=taiyuan)
    lines = _journal(tmp_path)
    assert {(line.subject, line.rule) for line in lines} == owed
    assert {status for (status,) in _rows(taiyuan, "SELECT status FROM delivery")} == {"sent"}
    _repeats_are_marked(taiyuan, lines)
    repeated = [key for key, count in Counter(lines).items() if count > 1]
    assert bool(repeated) == (point in ("after the send", "before the mark"))


def test_two_enforcers_and_four_deliverers_at_once_send_nothing_twice(
    taiyuan: Desk, tmp_path: Path
) -> None:
    enforcer = (
        "import sys\nfrom datetime import date\n"
        "from flows.operations.desk import open_desk\n"
        "from flows.operations.enforcement import enforce\n"
        "from models.settings import Settings\nfrom tests.province import morning\n"
        f"day = date({DAY:%Y, %m, %d})\n".replace(", 0", ", ")
        + "enforce(open_desk(Settings()), day, morning(day))\n"
    )
    deliverer = ONCE.format(point="", day=DAY, minutes=0).replace(", 0", ", ")
    deliverer = deliverer.replace("delivery.deliver(", "for _ in range(8): delivery.deliver(")
    started = [_start(taiyuan, "-c", enforcer, str(tmp_path)) for _ in range(2)]
    started += [_start(taiyuan, "-c", deliverer, str(tmp_path)) for _ in range(4)]
    for process in started:
        _, told = process.communicate(timeout=240)
        assert process.returncode == 0, told
    last = ONCE.format(point="", day=DAY, minutes=12).replace(", 0", ", ")
    _python("-c", last, str(tmp_path), desk=taiyuan)
    lines = _journal(tmp_path)
    counted = Counter((line.office, line.subject, line.rule) for line in lines)
    assert counted
    assert max(counted.values()) == 1
    assert {(line.subject, line.rule) for line in lines} == _owed(taiyuan)
    assert _rows(taiyuan, "SELECT DISTINCT status, ambiguous FROM delivery") == [("sent", False)]


def _repeats_are_marked(desk: Desk, lines: list[Line]) -> None:
    """Whatever went to somebody twice on one day was known to be doubtful."""
    counted = Counter((line.day, line.office, line.subject, line.rule) for line in lines)
    doubtful = {
        (subject, rule)
        for subject, rule in _rows(
            desk,
            "SELECT o.subject, o.rule FROM delivery d JOIN outbox o ON o.id = d.outbox_id "
            "WHERE d.ambiguous",
        )
    }
    repeated = {(subject, rule) for (_, _, subject, rule), count in counted.items() if count > 1}
    assert repeated <= doubtful


def _told(desk: Desk) -> Iterator[Expected]:
    query = (
        "SELECT o.subject, o.rule, o.rung, o.recipient, d.person, d.sent_at FROM delivery d "
        "JOIN outbox o ON o.id = d.outbox_id WHERE d.status = 'sent'"
    )
    for subject, rule, rung, office, person, sent_at in _rows(desk, query):
        day = date.fromisoformat(str(sent_at)[:10])
        yield Expected(subject, rule, rung, office, person, day)


def _owed(desk: Desk) -> set[tuple[str, str]]:
    return {(s, r) for s, r in _rows(desk, "SELECT subject, rule FROM outbox")}


def _rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _journal(folder: Path) -> list[Line]:
    lines = (folder / "journal").read_text(encoding="utf-8").splitlines()
    cells = (line.split("\t") for line in lines)
    return [Line(date.fromisoformat(at[:10]), id, office, *key) for at, office, id, *key in cells]


def _environment(desk: Desk) -> dict[str, str]:
    url = desk.settings.sqlalchemy_url
    return {
        **os.environ,
        "XINGFU_HOME": str(desk.settings.home),
        **({"XINGFU_DATABASE_URL": url} if url.startswith("postgresql") else {}),
    }


def _start(desk: Desk, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=_environment(desk),
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _python(*arguments: str, desk: Desk, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, *arguments],
        env=_environment(desk),
        cwd=Path(__file__).parent.parent,
        check=False,
        capture_output=True,
        text=True,
    )
    assert not check or done.returncode == 0, done.stderr
    return done

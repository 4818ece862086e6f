"""The inbox with processes that die at any step, and with two that read it at once."""

import signal
import time
from collections import Counter
from datetime import timedelta

import pytest

from deployments.demo import EXAMPLE
from operations.cases.desk import Desk
from tests.support.delivering import DAY
from tests.support.forking import Forks
from tests.support.handing_in import (
    GOOD,
    TAIYUAN,
    environment,
    go,
    known,
    lying,
    projects,
    put,
    receipts,
    rows,
    wrong,
)

pytestmark = pytest.mark.heavy
BAD = wrong("F13")
ROUND = """
import os, random, signal, sys, time
from datetime import date, timedelta
from pathlib import Path
from common.clock import now
from operations.workbooks import inbox
from operations.cases.desk import open_desk
from models.settings import Settings

def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)

def after(module, name):
    done = getattr(module, name)
    setattr(module, name, lambda *a, **k: (done(*a, **k), die()))

def go():
    today, at = date.fromisoformat("{day}"), now() + timedelta(minutes=2)
    return inbox.read_inbox(open_desk(Settings()), today=today, at=at)

"""
POINTS = {
    "before it is read": ("inbox.read = die", 0),
    "once it is read": ('after(inbox, "read")', 0),
    "before the receipt": ("inbox.owe_receipt = die", 0),
    "before the commit": ('after(inbox, "_answer")', 0),
    "after the commit": ("inbox._file = die", 1),
    "before it is moved": ("inbox.move = die", 1),
    "once it is moved": ('after(Path, "rename")', 1),
    "before it is marked": ("inbox.inbox.mark_filed = die", 1),
    "before the mark is committed": ('after(inbox.inbox, "mark_filed")', 1),
    "after all": ('after(inbox, "_file")', 1),
}
IMPORTING = {
    "while it is imported": ("inbox.take_in = die", 0),
    "once it is imported": ('after(inbox, "take_in")', 0),
}
LAYING_OUT = {
    "while a file is laid out": ("Path.replace = die", 0),
    "before anything is laid out": ("inbox.write = die", 0),
    "once the text is laid out": ('after(inbox, "write")', 0),
    "while the copy is laid out": ("inbox.annotated = die", 0),
    "once all is laid out": ('after(inbox, "_lay_out")', 0),
}


def run(forked: Forks, desk: Desk, script: str) -> int:
    ended = forked.run(ROUND.format(day=DAY) + script, environment=environment(desk))
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode


@pytest.mark.parametrize("point", [*POINTS, *IMPORTING])
def test_a_round_killed_at_any_step_loses_nothing_and_does_nothing_twice(
    sqlite_desk: Desk, forked: Forks, point: str
) -> None:
    put(sqlite_desk, GOOD)
    script, answered = {**POINTS, **IMPORTING}[point]
    assert run(forked, sqlite_desk, f"{script}\ngo()") == -signal.SIGKILL
    assert (projects(sqlite_desk), len(receipts(sqlite_desk))) == (10 * answered, answered)
    done = go(sqlite_desk)
    assert (done.left, done.failed) == ((), ())
    assert (projects(sqlite_desk), len(receipts(sqlite_desk)), len(known(sqlite_desk))) == (
        10,
        1,
        1,
    )
    assert lying(sqlite_desk) == {".": [], "done": [f"{DAY} 太原.xlsx"], "returned": []}


@pytest.mark.parametrize("point", [*POINTS, *LAYING_OUT])
def test_a_return_killed_at_any_step_loses_nothing_and_does_nothing_twice(
    sqlite_desk: Desk, forked: Forks, point: str
) -> None:
    put(sqlite_desk, BAD)
    script, answered = {**POINTS, **LAYING_OUT}[point]
    assert run(forked, sqlite_desk, f"{script}\ngo()") == -signal.SIGKILL
    assert len(receipts(sqlite_desk)) == answered
    done = go(sqlite_desk)
    assert (done.left, done.failed) == ((), ())
    go(sqlite_desk, later=timedelta(hours=2))
    assert (projects(sqlite_desk), len(receipts(sqlite_desk)), len(known(sqlite_desk))) == (0, 1, 1)
    assert lying(sqlite_desk)["."] == []
    kinds = Counter(name.partition("-需修改")[2] for name in lying(sqlite_desk)["returned"])
    assert kinds == {"": 1, ".txt": 1, ".xlsx": 1}


KILLING = """
lot = random.Random(20230601)
for number in range(16):
    child = os.fork()
    if child == 0:
        go()
        os._exit(0)
    if number < 15:
        time.sleep(lot.uniform(0.02, 0.2))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print(status)
"""


def fill(desk: Desk) -> dict[str, bytes]:
    """Every city's workbook in its folder, and one of 太原市's that is wrong."""
    workbooks = {
        path.stem.partition("-")[2]: path.read_bytes()
        for path in sorted((EXAMPLE / "workbooks").glob("*市.xlsx"))
    }
    for city, content in workbooks.items():
        put(desk, content, f"{city}.xlsx", city)
        put(desk, wrong("F13", "F4") if city == TAIYUAN else content[:-1] + b"x", "错.xlsx", city)
    return workbooks


def settled(desk: Desk, cities: dict[str, bytes]) -> None:
    """Everything was imported, answered and filed once."""
    assert rows(desk, "SELECT count(*) FROM subject WHERE kind = 'project'") == [(100,)]
    assert sorted(city for city, *_ in receipts(desk)) == sorted([*cities, *cities])
    for city, content in cities.items():
        assert lying(desk, city)["."] == []
        [name] = lying(desk, city)["done"]
        assert (desk.settings.inbox / city / "已登记" / name).read_bytes() == content
        originals = [name for name in lying(desk, city)["returned"] if "需修改" not in name]
        assert originals == [f"{DAY} 错.xlsx"]


def test_rounds_killed_again_and_again_come_to_the_same_end(
    sqlite_desk: Desk, forked: Forks
) -> None:
    cities = fill(sqlite_desk)
    there = environment(sqlite_desk)
    ended = forked.run(ROUND.format(day=DAY) + KILLING, environment=there)
    assert ended.returncode == 0, ended.stderr
    statuses = [int(line) for line in ended.stdout.split()]
    assert statuses.count(signal.SIGKILL) > 5, "everything was done before the kills came"
    assert statuses[-1] == 0
    go(sqlite_desk, later=timedelta(hours=2))  # clears away what a killed round left half written
    settled(sqlite_desk, cities)


TOGETHER = """
here = Path(os.environ["XINGFU_HOME"])
(here / f"ready-{os.getpid()}").touch()
while not (here / "go").exists():
    time.sleep(0.01)
for _ in range(3):
    done = go()
    print(len(done.done), len(done.returned), len(done.failed))
    assert not done.failed, done.failed
"""


def test_two_readers_at_once_do_nothing_twice(desk: Desk, forked: Forks) -> None:
    cities = fill(desk)
    home = desk.settings.home
    script, there = ROUND.format(day=DAY) + TOGETHER, environment(desk)
    started = [forked.begin(script, environment=there) for _ in range(2)]
    while len(list(home.glob("ready-*"))) < len(started):
        assert {each.poll() for each in started} == {None}, "a process ended early"
        time.sleep(0.05)
    (home / "go").touch()
    shares = []
    for process in started:
        ended = process.wait(240)
        assert ended.returncode == 0, ended.stderr
        shares.append(sum(int(line.split()[0]) for line in ended.stdout.splitlines()))
    assert sum(shares) >= len(cities)
    settled(desk, cities)

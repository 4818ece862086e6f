"""A year run in a process of its own and killed again and again, for tests/test_flows_kill.py.

The parent forks a runner and kills it (SIGKILL) after a random while, as often as it is told to;
then it lets one go on to the end. Every runner goes on where the one before it got to: the day is
in a file, everything else in the database. Each is a little later on the clock of its day than the
one before, as it would be if somebody started it again.
"""

import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from models.audits import recorded_acts
from models.database import reading, writing
from models.settings import Settings
from notifications.message import Message
from notifications.sending import Part
from operations.cases.desk import Desk, open_desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.scenario import Event, happen, key, tables
from policy.vocabulary import ChannelKind
from tests.support.oracle import CITY, END, EXAMPLE, START, ours
from tests.support.province import days, morning, on_paper

RESTART = timedelta(minutes=11)  # more than a lease


@dataclass(frozen=True, slots=True)
class Journal:
    """A channel that appends to a file what it sends, so that repeats are seen."""

    path: Path
    kind: ChannelKind = ChannelKind.WEBHOOK  # marked one by one, unlike mail
    pace: str | None = None
    spacing: timedelta = field(default_factory=timedelta)

    def parts(self, message: Message) -> tuple[Part, ...]:
        return (Part(message, message.text, message.keys, 1, 1),)

    def send(self, part: Part) -> None:
        message = part.message
        person = f"{message.recipient} {message.addressee}".strip()
        head = f"{message.sent_at.isoformat()}\t{os.getpid()}\t{message.id}\t{person}"
        stood_for = (it.stands_for for it in message.lines if (it.subject, it.rule) in part.keys)
        told = {*part.keys, *(key for keys in stood_for for key in keys)}
        lines = "".join(f"{head}\t{subject}\t{rule}\n" for subject, rule in sorted(told))
        with self.path.open("ab", buffering=0) as file:
            file.write(lines.encode())  # one write: whole or not at all


def run(settings: Settings, folder: Path) -> None:
    """Every day from where the last runner got to until the year's end."""
    desk = open_desk(settings)
    first, started = begun(folder)
    journal = Journal(folder / "journal")
    events = [
        event if event.subject == CITY else on_paper(event)
        for event in tables(EXAMPLE)
        if ours(event.subject)
    ]
    for day in days(first, END):
        at = morning(day) + (RESTART * started if day == first else timedelta())
        enforce(desk, day, at)
        deliver(desk, lambda at=at: at, lambda _: journal)  # type: ignore[misc]
        record(desk, [event for event in events if event.on == day])
        note(folder, day + timedelta(days=1), 1)


def begun(folder: Path) -> tuple[date, int]:
    """The day to go on with, and how many runners have begun it before."""
    file = folder / "day"
    day, count = file.read_text().split() if file.exists() else (START.isoformat(), "0")
    note(folder, date.fromisoformat(day), int(count) + 1)
    return date.fromisoformat(day), int(count)


def note(folder: Path, day: date, count: int) -> None:
    """Remember it, whole or not at all."""
    scratch = folder / "day.new"
    scratch.write_text(f"{day} {count}")
    scratch.replace(folder / "day")


def record(desk: Desk, events: list[Event]) -> None:
    """What the offices record on a day, each by itself; what is recorded already is passed over."""
    with reading(desk.engine) as session:
        known = recorded_acts(session, desk.plan)
    for event in events:
        if key(event) not in known:
            with writing(desk.engine) as session:
                at = datetime.combine(event.on, datetime.min.time(), morning(event.on).tzinfo)
                happen(session, desk, event, today=END, at=at)


def main(folder: Path, kills: int, seed: int) -> None:
    lot = random.Random(seed)  # noqa: S311  # no secret depends on it
    for number in range(kills + 1):
        child = os.fork()
        if child == 0:
            run(Settings(), folder)
            os._exit(0)
        if number < kills:
            time.sleep(lot.uniform(0.05, 0.6))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")

"""A season under faults, drawn from a seed: the jobs as processes of their own that are hurt.

A job is killed in the midst of its work, with a torn end of SQLite's log behind it, finds the disk
full, PostgreSQL hanging up, the database taken, the clock wrong, or a mail server that refuses,
hangs up or cuts it off.
What the offices record in between goes through the product and to the oracle of a year. A season
is lived again from its seed: a kill falls at a statement or a commit, not at a time.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import text

from models.audits import examine
from models.contacts import replace_contacts
from models.database import reading, writing
from models.watches import damage
from notifications.mail import DOMAIN, token
from operations.cases.desk import Desk
from operations.upkeep.rebuilding import compare
from states.contacts import Post
from tests.support.forking import Ended, Forks
from tests.support.handing_in import environment
from tests.support.mail_server import Inbox
from tests.support.province import morning
from tests.support.random_year import DAY, STORED, RandomYear, as_words, unlived

FIRST, LAST = date(2023, 2, 6), date(2023, 11, 30)
BEFORE = 25
"""Days before a season on which offices record."""
RESTART = timedelta(minutes=11)
"""More than a lease."""
KILLED = -9
JOB = """
import os, resource, signal, sys
from datetime import datetime, timedelta
from sqlalchemy import event
from sqlalchemy.engine import Engine
from models.settings import Settings
from operations.cases.desk import open_desk
from operations.daily.confirmation import require_day
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce

job, at, fault, count = sys.argv[1:]
at, count = datetime.fromisoformat(at), int(count)
left = [count]

def strike(*a, **k):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

def hang_up(connection, *a, **k):
    left[0] -= 1
    if not left[0]:
        connection.connection.dbapi_connection.close()

desk = open_desk(Settings())
if fault == "hung up on":
    event.listen(Engine, "before_cursor_execute", hang_up)
if fault == "killed at a statement":
    event.listen(Engine, "before_cursor_execute", strike)
if fault == "killed after a commit":
    event.listen(Engine, "commit", strike)
if fault == "full disk":
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, count))
if job == "enforce":
    require_day(desk, at.date(), at)
    enforce(desk, at.date(), at)
else:
    deliver(desk, lambda: at, insist=True, pause=lambda seconds: None)
"""
OF_A_PROCESS = ("", "killed at a statement", "killed after a commit", "full disk", "taken")
BY_STATEMENT = ("killed at a statement", "hung up on")
OF_POSTGRESQL = {"full disk": "hung up on"}
"""What befalls a job there instead: its disk is another machine's."""
OF_THE_MAIL: dict[str, dict[str, Any]] = {
    "refuses": {"mail_from": ["451 4.3.0 try again later"] * 3},
    "hangs up": {"after_data": "hang up"},
    "cuts off": {"after_data": "cut"},
    "is full": {"after_data": "452 4.2.2 mailbox full"},
}


Unaccounted = frozenset[tuple[str, ...]]
"""What of the tables is otherwise than the trail says."""


@dataclass
class Season:
    """The product under faults, and the oracle beside it."""

    year: RandomYear
    forked: Forks
    mails: Inbox
    random: Random
    before: Unaccounted
    """Before it began: the days of the example's forms."""
    told: list[str] = field(default_factory=list)
    """What befell it."""

    @property
    def desk(self) -> Desk:
        return self.year.desk

    @property
    def on_postgresql(self) -> bool:
        return self.desk.engine.dialect.name == "postgresql"

    def live(self, days: int) -> None:
        """So many days in a row; after each its run is known to be through."""
        for _ in range(BEFORE):
            self.offices()
        for _ in range(days):
            if self.random.random() < 0.8:  # else the machine is off
                self.enforces()
                self.delivers()
            self.offices()
        while not self.year.oracle.works(self.year.today):
            self.year.today += DAY  # nothing goes out on a day of rest
        self.enforces()
        self.mails.after_data, self.mails.mail_from = "", []
        for number in range(2):  # what was claimed when a process died waits for its lease
            self.run("deliver", "", 40 + number)

    def offices(self) -> None:
        if self.year.oracle.works(self.year.today):
            for _ in range(self.random.choice([0, 1, 3])):
                self.year.something()
        self.year.today += DAY

    def enforces(self) -> None:
        """The daily job under faults, again and again until one is through, as Prefect does it."""
        if self.random.random() < 0.3 and rows(self.desk, "SELECT count(*) FROM sweep") > [(1,)]:
            self.with_a_wrong_clock()
        for number in range(self.random.choice([0, 1, 2])):
            self.run("enforce", self.random.choice(OF_A_PROCESS), number)
        done = self.run("enforce", "", 9)
        assert done.returncode == 0, done.stderr
        self.year.oracle.run(self.year.today)
        found = list(differences(self.year))
        assert not found, (self.year.today, self.told, found[:3])

    def delivers(self) -> None:
        for number in range(self.random.choice([1, 2, 3])):
            fault = self.random.choice([*OF_A_PROCESS, *OF_THE_MAIL])
            trouble = OF_THE_MAIL.get(fault, {})
            self.mails.after_data = str(trouble.get("after_data", ""))
            self.mails.mail_from = list(trouble.get("mail_from", []))
            self.run("deliver", fault, 10 + number)

    def with_a_wrong_clock(self) -> None:
        """A clock that is months ahead: refused, and nothing is written."""
        before = rows(self.desk, COUNTS)
        at = morning(self.year.today + timedelta(days=self.random.randrange(60, 400)))
        done = self.forked.run(JOB, "enforce", at.isoformat(), "", "0", environment=self.there)
        assert done.returncode == 1, done.stderr
        assert "DoubtfulDayError" in done.stderr, done.stderr
        assert rows(self.desk, COUNTS) == before

    def run(self, job: str, fault: str, number: int) -> Ended:
        at: datetime = morning(self.year.today) + RESTART * number
        if self.on_postgresql:
            fault = OF_POSTGRESQL.get(fault, fault)
        count = self.random.randrange(1, 120 if fault in BY_STATEMENT else 12)
        if fault == "full disk":
            files = self.desk.settings.home.glob("xingfu.db*")
            count = max(file.stat().st_size for file in files) + self.random.randrange(90_000)
        self.told.append(f"{self.year.today} {job} {fault} {count}")
        with taken(self.desk, wanted=fault == "taken"):
            done = self.forked.run(
                JOB, job, at.isoformat(), fault, str(count), environment=self.there
            )
        if done.returncode == KILLED and self.random.random() < 0.5:
            self.tear()
        allowed = {0} | ({KILLED} if fault.startswith("killed") else set())
        fails = fault in ("full disk", "hung up on")
        assert done.returncode in allowed | ({1} if fails else set()), done.stderr
        return done

    def tear(self) -> None:
        """As a power cut may leave it: a frame that was begun, behind those that are whole."""
        log = self.desk.settings.home / "xingfu.db-wal"
        if log.exists():
            with log.open("ab") as file:
                file.write(self.random.randbytes(self.random.randrange(1, 5000)))

    @property
    def there(self) -> dict[str, str]:
        return environment(self.desk)

    # --- what it comes to ---

    def is_whole(self) -> None:
        """Trail and tables agree, everything owed has gone out, and repeats are marked."""
        with reading(self.desk.engine) as session:
            assert not examine(session, self.desk.plan.id).breaks
        untold = otherwise(self.desk) ^ self.before
        assert not untold, (self.told, sorted(untold)[:3])
        with self.desk.engine.connect() as connection:
            assert list(damage(connection)) == []
        waiting = "SELECT count(*) FROM outbox WHERE status NOT IN ('sent', 'cancelled')"
        assert rows(self.desk, waiting) == [(0,)], self.told
        arrived = Counter(str(mail_id(envelope)) for envelope in self.mails.mails)
        arrived -= Counter(str(mail_id(envelope)) for envelope in self.mails.refused)
        carried = rows(
            self.desk,
            "SELECT digest, max(CASE WHEN ambiguous THEN 1 ELSE 0 END) FROM delivery"
            " WHERE channel = 'mail' AND digest IS NOT NULL GROUP BY digest",
        )
        known = {f"<{token(digest)}@{DOMAIN}>": bool(doubtful) for digest, doubtful in carried}
        assert known.keys() <= arrived.keys(), self.told
        doubtful = {id for id, doubted in known.items() if doubted} | (
            arrived.keys() - known.keys()
        )
        repeated = {id for id, count in arrived.items() if count > 1}
        assert repeated <= doubtful, (self.told, repeated - doubtful)
        assert bool(arrived.keys() - known.keys()) <= any(known.values()), self.told


COUNTS = (
    "SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM outbox), "
    "(SELECT count(*) FROM sweep)"
)


def begin_season(desk: Desk, seed: int, forked: Forks, mails: Inbox, before: Unaccounted) -> Season:
    """A season on a desk on which projects have been imported; its bureaus are told by mail.

    `before`: what `otherwise` says of the desk before any season.
    """
    random = Random(seed)  # noqa: S311  # no secret
    year = unlived(desk, seed)
    year.today = FIRST + DAY * random.randrange((LAST - FIRST).days)
    offices = {city for city, *_ in rows(desk, "SELECT DISTINCT city FROM subject")} - {""}
    posts = [
        Post(f"{city}民政局", f"示例·{number}", channels=(address(mails, f"a{number}"),))
        for number, city in enumerate(sorted(offices))
    ]
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, posts)
    return Season(year, forked, mails, random, before)


def otherwise(desk: Desk) -> Unaccounted:
    """What of the tables the trail does not account for."""
    found = compare(desk).differences
    return frozenset((it.subject, it.table, it.field, it.stored, it.rebuilt) for it in found)


def address(mails: Inbox, name: str) -> str:
    return (
        f"mailto://127.0.0.1:{mails.port}?from=xf@example.com&to={name}@example.com&mode=insecure"
    )


def mail_id(envelope: Any) -> str:
    [found] = [line for line in envelope.content.splitlines() if line.startswith(b"Message-ID:")]
    return bytes(found).partition(b":")[2].strip().decode()


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@contextmanager
def taken(desk: Desk, *, wanted: bool) -> Iterator[None]:
    """Within, for a moment, somebody else writes."""
    if not wanted:
        yield
        return
    if desk.engine.dialect.name == "postgresql":
        connection = desk.engine.connect()
        connection.execute(text("SELECT id FROM plan FOR UPDATE"))
        end = connection.close
    else:
        other = sqlite3.connect(
            desk.settings.home / "xingfu.db", isolation_level=None, check_same_thread=False
        )
        other.execute("BEGIN IMMEDIATE")
        end = other.close
    release = threading.Timer(0.7, end)
    release.start()
    yield
    release.join()


def differences(year: RandomYear) -> Iterator[str]:
    """Where the product has another standing, message or mark than the oracle."""
    oracle = year.oracle
    with year.desk.engine.connect() as connection:
        read = (
            connection.execute(text(STORED[at]), {"since": FIRST - BEFORE * DAY}).all()
            for at in (0, 1, 3)
        )
        stood, owed, marks = ([as_words(row) for row in found] for found in read)
    known = {row[:2]: row[2:] for row in stood}
    for row in oracle.rows:
        said = row.standing, row.visit, row.remind, row.due, row.fulfilled, row.quiet
        if (ours := as_words(said)) != (theirs := known[row.subject, row.id]):
            yield f"{row.subject} {row.id}: {theirs}, worked out {ours}"
    worked_out = {as_words((*key, on)) for key, (on, _) in oracle.messages.items()}
    yield from (f"message: {each}" for each in {row[:-1] for row in owed} ^ worked_out)
    if sorted(marks) != sorted(map(as_words, oracle.marks)):
        yield f"marks: {len(marks)}, worked out {len(oracle.marks)}"

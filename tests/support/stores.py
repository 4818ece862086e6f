"""Databases for tests: a state is made once a run, by the product itself, and then copied.

The processes of pytest-xdist share a folder and a PostgreSQL: whoever needs a state first makes it,
and the others wait for it.
"""

import fcntl
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, text

from models.copying import all_alone, one_moment, replace_rows
from models.database import migrate, open_engine
from models.settings import Settings
from operations.cases.desk import Desk
from policy.load import calendar_overrides
from states.workdays import Calendar
from tests.support.builders import plan


@dataclass(frozen=True)
class Snapshot:
    """A database and its home after `reach` was done on `base`, or on an empty database."""

    name: str  # part of a database's name
    reach: Callable[[Desk], object]
    base: "Snapshot | None" = None
    copied: bool = False
    """PostgreSQL gets a copy of SQLite's rows: it takes too long to reach twice."""


MIGRATED = Snapshot("migrated", lambda desk: migrate(desk.engine))


class Stores:
    """Copies of states. `server` is the URL of a PostgreSQL server; None stands for SQLite."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Path, Snapshot] = {}

    @contextmanager
    def copy(self, server: str | None, state: Snapshot, home: Path) -> Iterator[Settings]:
        """Settings on a copy of `state` in the new folder `home`; it is dropped at the end."""
        self._make(server, state)
        if not server:
            yield self._begin(None, state, home, "")
            return
        name = f"t{uuid.uuid4().hex}"
        yield self._begin(server, state, home, name)
        run(server, f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def desk(self, server: str | None, state: Snapshot, home: Path) -> Iterator[Desk]:
        """A desk on a copy of `state`; its plan is read from its file only once a process."""
        with self.copy(server, state, home) as settings:
            desk = _desk(settings)
            yield desk
            desk.engine.dispose()

    def _make(self, server: str | None, state: Snapshot) -> None:
        home = self._home(server, state)
        if home in self._made:
            assert self._made[home] is state, f"two states are called {state.name}"
            return
        copied = bool(server) and state.copied
        base = None if state is MIGRATED else MIGRATED if copied else state.base or MIGRATED
        if base:
            self._make(server, base)
        if copied:
            self._make(None, state)
        with alone(home.with_suffix(".lock")):
            if not (home.exists() and _has(server, _template(state))):
                self._reach(
                    server, state, base, self._from_sqlite(state) if copied else state.reach
                )
        self._made[home] = state

    def _reach(
        self,
        server: str | None,
        state: Snapshot,
        base: Snapshot | None,
        reach: Callable[[Desk], object],
    ) -> None:
        """Make a state under other names, so that nobody takes one that is half made."""
        home, name = self._home(server, state), f"making_{state.name}"
        making = home.with_suffix(".making")
        for left in (making, home):
            shutil.rmtree(left, ignore_errors=True)
        if server:
            run(server, f"DROP DATABASE IF EXISTS {name}")
        desk = _desk(self._begin(server, base, making, name))
        reach(desk)
        desk.engine.dispose()
        if server:
            run(server, f"ALTER DATABASE {name} RENAME TO {_template(state)}")
        making.rename(home)

    def _from_sqlite(self, state: Snapshot) -> Callable[[Desk], object]:
        def copy(desk: Desk) -> None:
            made = _desk(Settings(home=self._home(None, state)))
            with one_moment(made.engine) as read, all_alone(desk.engine) as write:
                replace_rows(read, write)
            made.engine.dispose()
            shutil.copy(made.settings.home / "secret.key", desk.settings.home)

        return copy

    def _begin(self, server: str | None, state: Snapshot | None, home: Path, name: str) -> Settings:
        """Settings on a copy of `state`, or on an empty database, that is called `name`."""
        if state:
            shutil.copytree(self._home(server, state), home)
        else:
            home.mkdir()
        if not server:
            return Settings(home=home)
        template = _template(state) if state else "template0"
        run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
        return Settings(home=home, database_url=server.replace("/postgres?", f"/{name}?"))

    def _home(self, server: str | None, state: Snapshot) -> Path:
        return self._folder / f"{'postgresql' if server else 'sqlite'}-{state.name}"


def run(url: str, statement: str) -> int:
    """Run a statement on a PostgreSQL server, outside any transaction; how many rows it met."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        met = connection.execute(text(statement)).rowcount
    engine.dispose()
    return met


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Within, no other process is here: it waits."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _template(state: Snapshot) -> str:
    return f"template_{state.name}"


def _has(server: str | None, name: str) -> bool:
    """Whether a PostgreSQL server knows the database; a SQLite file is where its home is."""
    return not server or run(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'") > 0  # noqa: S608


def _desk(settings: Settings) -> Desk:
    return Desk(settings, plan(), _calendar(), open_engine(settings.sqlalchemy_url))


@cache  # what follows from plan and calendar is kept by the calendar itself
def _calendar() -> Calendar:
    return Calendar(calendar_overrides())

"""Databases for tests: a state is made once, by the product itself, and then copied.

Each process of pytest-xdist makes its own, on a PostgreSQL of its own: nothing is shared.
"""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from flows.operations.desk import Desk
from models.database import migrate, open_engine
from models.settings import Settings
from policy.load import calendar_overrides
from states.workdays import Calendar
from tests.support.builders import plan


@dataclass(frozen=True)
class Snapshot:
    """A database and its home after `reach` was done on `base`, or on an empty database."""

    name: str  # part of a database's name
    reach: Callable[[Desk], object]
    base: "Snapshot | None" = None


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
        base = None if state is MIGRATED else state.base or MIGRATED
        if base:
            self._make(server, base)
        desk = _desk(self._begin(server, base, home, f"template_{state.name}"))
        state.reach(desk)
        desk.engine.dispose()
        self._made[home] = state

    def _begin(self, server: str | None, state: Snapshot | None, home: Path, name: str) -> Settings:
        """Settings on a copy of `state`, or on an empty database, that is called `name`."""
        if state:
            shutil.copytree(self._home(server, state), home)
        else:
            home.mkdir()
        if not server:
            return Settings(home=home)
        template = f"template_{state.name}" if state else "template0"
        run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
        return Settings(home=home, database_url=server.replace("/postgres?", f"/{name}?"))

    def _home(self, server: str | None, state: Snapshot) -> Path:
        return self._folder / f"{'postgresql' if server else 'sqlite'}-{state.name}"


def run(url: str, statement: str) -> None:
    """Run a statement on a PostgreSQL server, outside any transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _desk(settings: Settings) -> Desk:
    url = settings.sqlalchemy_url
    return Desk(settings, plan(), Calendar(calendar_overrides()), open_engine(url))

"""What migrations make of a new SQLite file, made once a process and then written down at once.

Each backup, restored backup, rebuilt table and new home begins with an empty file, on which all
migrations are run: half a second each, in hundreds of tests. The product does that once or twice a
process. Whatever is in a file already is migrated as ever, and so is all of PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from models.database import migrate, open_engine

TABLES = "SELECT 1 FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
AROUND = ("BEGIN TRANSACTION;", "COMMIT;")


@contextmanager
def made_once() -> Iterator[None]:
    """Within, an empty SQLite file gets what the migrations made of the first that there was."""
    made: list[str] = []

    def upgrade(config: Config, revision: str) -> None:
        connection = config.attributes["connection"]
        raw: Any = connection.connection.dbapi_connection
        if connection.dialect.name != "sqlite" or raw.execute(TABLES).fetchone():
            command.upgrade(config, revision)
            return
        if not made:
            command.upgrade(config, revision)
            made.extend(line for line in raw.iterdump() if line not in AROUND)
            return
        for statement in made:
            raw.execute(statement)

    ours = SimpleNamespace(upgrade=upgrade)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("database", "copying"):
            patch.setattr(f"models.{module}.command", ours)
        yield


@contextmanager
def made_at_once() -> Iterator[None]:
    """The same, where the first has been made by then."""
    with made_once(), TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/first.db")
        migrate(engine)
        engine.dispose()
        yield

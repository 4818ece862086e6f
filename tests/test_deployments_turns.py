"""Writers of Prefect's SQLite file take turns: none is refused because another was quicker."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect.server.database.configurations import ENGINES, AioSqliteConfiguration

from deployments.server.turns import TurnTakingSqlite


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE written (word TEXT)")
        made.commit()
    yield tmp_path / "prefect.db"
    ENGINES.clear()


def test_what_read_before_it_writes_is_not_overtaken(file: Path) -> None:
    assert asyncio.run(_read_and_write(TurnTakingSqlite, file)) == "locked out"
    assert _words(file) == ["ours"]


def test_prefect_s_own_is_refused_when_it_is_overtaken(file: Path) -> None:
    with pytest.raises(sa.exc.OperationalError, match="locked"):
        asyncio.run(_read_and_write(AioSqliteConfiguration, file))
    assert _words(file) == ["theirs"]


async def _read_and_write(kind: type[AioSqliteConfiguration], file: Path) -> str:
    """Read, let another try to write meanwhile, and write; how the other fared."""
    configuration = kind(connection_url=f"sqlite+aiosqlite:///{file}")
    engine = await configuration.engine()
    try:
        session = await configuration.session(engine)
        async with session, configuration.begin_transaction(session):
            await session.execute(sa.text("SELECT count(*) FROM written"))
            fared = await asyncio.to_thread(_another, file)
            await session.execute(sa.text("INSERT INTO written VALUES ('ours')"))
        return fared
    finally:
        await engine.dispose()


def _another(file: Path) -> str:
    try:
        with closing(sqlite3.connect(file, timeout=0)) as other, other:
            other.execute("INSERT INTO written VALUES ('theirs')")
    except sqlite3.OperationalError:
        return "locked out"
    return "quicker"


def _words(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as read:
        return [word for (word,) in read.execute("SELECT word FROM written")]

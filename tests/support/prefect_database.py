"""Prefect's own database: made once a run, as a server's first start makes it, then copied."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.stores import alone

SECONDS = 180
MADE = """
import asyncio
from prefect.server.database import provide_database_interface
from prefect.server.models.block_registration import run_block_auto_registration

async def main():
    database = provide_database_interface()
    await database.create_db()
    async with await database.session() as session:
        await run_block_auto_registration(session=session)
    await (await database.engine()).dispose()  # so that all is in the one file

asyncio.run(main())
"""
"""Tables, and the kinds of block that Prefect ships with: of a start's 12 CPU seconds nine."""
BEHIND = {"PREFECT_API_BLOCKS_REGISTER_ON_START": "false"}
"""For a server on a copy, which would look through all of them again."""


def up_to_date(folder: Path) -> Path:
    """The database, in a folder that all processes of the run see."""
    made, making = folder / "prefect.db", folder / "prefect.making.db"
    with alone(folder / "prefect.lock"):
        if not made.exists():
            making.unlink(missing_ok=True)
            url = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{making}"}
            command = [sys.executable, "-c", MADE]
            subprocess.run(command, env={**os.environ, **url}, check=True, capture_output=True)
            making.rename(made)
    return made


def put(database: Path, home: Path) -> None:
    """Let a server whose state is in `home` find a copy."""
    folder = home / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(database, folder / "prefect.db")


@contextmanager
def harness(database: Path) -> Iterator[None]:
    """Prefect's own harness for tests, on a copy."""
    from prefect.testing import utilities

    folder = tempfile.mkdtemp()  # the harness removes it
    shutil.copy(database, Path(folder) / "prefect-test.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utilities, "mkdtemp", lambda: folder)
        with utilities.prefect_test_harness(server_startup_timeout=SECONDS):
            yield

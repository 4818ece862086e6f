"""Whoever writes into Prefect's SQLite file takes turns from the beginning.

Prefect's transactions take the right to write with their first write. One that has read before, as
the start of a run does, is refused at once when another wrote meanwhile, however long it would
wait: the API answers 503, which Prefect's clients ask again, and its UI loses what was submitted.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class TurnTakingSqlite(AioSqliteConfiguration):
    """Prefect's SQLite, where a transaction waits for its turn (60 s) before it reads."""

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def take_turns(url: str) -> None:
    """Before Prefect's database is first opened; PostgreSQL needs none of it."""
    if url.startswith("sqlite"):
        MODELS_DEPENDENCIES["database_config"] = TurnTakingSqlite(connection_url=url)

"""Copies a whole database into an empty one, whatever the two are: rehearsals run on a copy."""

from sqlalchemy import Engine
from sqlmodel import SQLModel

from models import tables
from models.database import WRITES, migrate

CHUNK = 1000  # rows held in memory at a time


def copy_database(source: Engine, target: Engine) -> None:
    """Give `target` the newest schema and every row of `source`, read in one transaction."""
    assert tables.Subject.metadata is SQLModel.metadata  # noqa: S101  # the tables are known
    migrate(target)
    if source.dialect.name == "postgresql":  # else each statement would see another moment
        source = source.execution_options(isolation_level="REPEATABLE READ")
    with (
        source.connect() as read,
        target.execution_options(**{WRITES: True}).begin() as write,
    ):
        for table in SQLModel.metadata.sorted_tables:
            found = read.execution_options(yield_per=CHUNK).execute(table.select())
            for rows in found.mappings().partitions(CHUNK):
                write.execute(table.insert(), [dict(row) for row in rows])

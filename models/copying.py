"""Copies whole databases, whatever the two are: for rehearsals, for backups, and back again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, inspect, select

from models import tables
from models.database import WRITES, alembic_config, hold_schema, migrate, plain_errors, serialise

CHUNK = 1000  # rows held in memory at a time
TABLES = tables.Subject.metadata.sorted_tables
"""All tables, each after those that it refers to."""


def copy_database(source: Engine, target: Engine) -> None:
    """Give `target` the newest schema and every row of `source`, read in one transaction."""
    migrate(target)
    with one_moment(source) as read, target.execution_options(**{WRITES: True}).begin() as write:
        copy_rows(read, write)


@contextmanager
def one_moment(source: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile."""
    if source.dialect.name == "postgresql":  # else each statement would see another moment
        source = source.execution_options(isolation_level="REPEATABLE READ")
    with plain_errors(source), source.connect() as connection:
        yield connection


@contextmanager
def all_alone(target: Engine) -> Iterator[Connection]:
    """One write transaction, committed as a whole; nobody else writes before it ends."""
    with (
        plain_errors(target),
        target.execution_options(**{WRITES: True}).connect() as connection,
        connection.begin(),
    ):
        hold_schema(connection)
        serialise(connection)
        if connection.dialect.name == "postgresql" and (found := _present(connection)):
            names = ", ".join(f'"{name}"' for name in found)
            connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        yield connection


def replace_rows(read: Connection, write: Connection) -> None:
    """Make the database of `write` anew, in the newest schema, with every row of `read`.

    Ids go on after the highest one. All of it belongs to the transaction of `write`.
    """
    _drop_all(write)
    command.upgrade(alembic_config(write), "head")
    copy_rows(read, write)
    if write.dialect.name == "postgresql":
        _continue_ids(write)


def copy_rows(read: Connection, write: Connection) -> None:
    """Add every row of one database to another, both in the newest schema."""
    for table in TABLES:
        found = read.execute(table.select().execution_options(yield_per=CHUNK))
        for rows in found.mappings().partitions(CHUNK):
            write.execute(table.insert(), [dict(row) for row in rows])


def row_counts(connection: Connection) -> Mapping[str, int]:
    """How many rows each table has; of an older schema, each table that it has."""
    return {
        name: connection.execute(
            select(func.count()).select_from(tables.Subject.metadata.tables[name])
        ).scalar_one()
        for name in _present(connection)
    }


def schema_version(connection: Connection) -> str | None:
    """The version of the database's schema; None where there is none of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def schema_versions(connection: Connection) -> tuple[str, ...]:
    """Every version that this program knows, the newest first."""
    script = ScriptDirectory.from_config(alembic_config(connection))
    return tuple(found.revision for found in script.walk_revisions())


def _present(connection: Connection) -> list[str]:
    there = set(inspect(connection).get_table_names())
    return [table.name for table in TABLES if table.name in there]


def _drop_all(connection: Connection) -> None:
    for name in reversed(_present(connection)):
        connection.exec_driver_sql(f'DROP TABLE "{name}"')
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    if connection.dialect.name == "postgresql":
        for table in ("audit", "product", "plan_version"):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {table}_is_append_only()")


def _continue_ids(connection: Connection) -> None:
    for table in TABLES:
        column = table.autoincrement_column
        if column is not None:
            highest = connection.execute(select(func.max(column))).scalar_one()
            sequence = select(func.pg_get_serial_sequence(f'"{table.name}"', column.name))
            connection.execute(
                select(func.setval(sequence.scalar_subquery(), highest or 1, highest is not None))
            )

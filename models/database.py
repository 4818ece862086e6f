"""Engines, sessions and migrations, for SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlmodel import Session

from common.errors import RefusedError, UnavailableError

BUSY_TIMEOUT_MS = 10_000
WRITES = "xingfu_writes"
SETUP_LOCK = 20230116  # any number that no other program on the server uses


def open_engine(url: str) -> Engine:
    """An engine for `url`; a SQLite file's folder is made. UnavailableError when it cannot be."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    folder = Path(make_url(url).database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"无法建立状态目录 {folder}（{error.strerror}）") from None
    engine = create_engine(url)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that writes nothing."""
    with plain_errors(engine), Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed as a whole at the end, or not at all.

    On SQLite writers wait for each other from the start, on PostgreSQL by
    `models.plans.require_plan`.
    """
    with (
        plain_errors(engine),
        Session(engine.execution_options(**{WRITES: True})) as session,
        session.begin(),
    ):
        yield session


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; safe to repeat."""
    with (
        plain_errors(engine),
        engine.execution_options(**{WRITES: True}).connect() as connection,
        _free_to_copy_tables(connection),
        connection.begin(),
    ):
        serialise(connection)
        command.upgrade(alembic_config(connection), "head")
        _refuse_dangling(connection)


@contextmanager
def _free_to_copy_tables(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it: meanwhile its keys dangle, so they are checked after.

    The switch works outside a transaction only, so it goes past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _refuse_dangling(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if dangling:
            raise UnavailableError(f"数据库升级未能完成，关联数据不一致：{dangling[:3]}")


def serialise(connection: Connection) -> None:
    """Until the transaction ends, let nobody else set up the database (SQLite: nobody can)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SETUP_LOCK})")


def require_schema(engine: Engine) -> None:
    """RefusedError when the database has not been initialised."""
    with plain_errors(engine):
        missing = not inspect(engine).has_table("outbox")
    if missing:
        raise RefusedError("数据库尚未初始化，请先运行 xingfu init")


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _set_pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see `_begin`
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _shown(url: URL) -> str:
    """Where a database is. Any setting may hold a password: of all, the host alone is shown."""
    host = {name: value for name, value in url.query.items() if name == "host"}
    return url.set(query=host).render_as_string(hide_password=True)


@contextmanager
def plain_errors(engine: Engine) -> Iterator[None]:
    """A database that cannot be reached or is locked is one sentence, without the password."""
    try:
        yield
    except DBAPIError as error:
        if type(error) not in (OperationalError, DatabaseError):
            raise
        where = _shown(engine.url)
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "连接中断"
        if "locked" in reason:
            raise UnavailableError(f"数据库正被占用：{where}，请稍后重试") from None
        raise UnavailableError(f"数据库不可用：{where}（{reason}），请检查后重试") from None

"""Engines, sessions and migrations, for SQLite and PostgreSQL alike."""

import errno
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from shutil import disk_usage
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlmodel import Session

from common.errors import BusyError, RefusedError, UnavailableError
from common.files import OWNER_ONLY, unavailable

BUSY_TIMEOUT_MS = 30_000
"""SQLite lets who waits in no queue: beside steady writers one may lose many turns."""
CACHED_KB = 32_000
"""How much of its file a connection to SQLite may hold in memory: a province's year, whole."""
WRITES = "xingfu_writes"
SCHEMA = "0027"
"""The newest migration."""
FIND_SCHEMA = "SELECT version_num FROM alembic_version"
DISK_FULL = "53100"
"""PostgreSQL's code."""
EMPTY: Mapping[str, type[dict[str, Any]] | type[list[Any]]] = {"{}": dict, "[]": list}
LEAST_ROOM = 100_000
"""Bytes that SQLite needs beside its file before anybody can so much as read."""
SETUP_LOCK, SCHEMA_LOCK = 20230116, 20230117  # that no other program on the server uses
ALONE = (
    "数据库须先升级，升级时不能有其他程序在使用：{where}。"
    "请停止 xingfu serve 和正在运行的其他命令（原版本的也停止），再运行 xingfu init；未作任何改动"
)


class _FileConnection(sqlite3.Connection):
    """Closed with its last holder: of an engine that nobody has any more none stays open."""

    def __del__(self) -> None:
        self.close()


def open_engine(url: str, *, lasting: bool = True) -> Engine:
    """An engine for `url`; a SQLite file's folder is made. UnavailableError when it cannot be.

    What is not `lasting` is gone after use: no write waits until a disk has it for certain.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    folder = Path(make_url(url).database or "").parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unavailable(f"无法建立状态目录 {folder}", error) from None
    engine = create_engine(
        url, connect_args={"factory": _FileConnection}, json_deserializer=_from_json
    )
    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", partial(_set_pragmas, "FULL" if lasting else "OFF"))
    event.listen(engine, "begin", _begin)
    return engine


def _from_json(text: str) -> Any:
    """As `json.loads`, which takes long over the many that are empty."""
    empty = EMPTY.get(text)
    return empty() if empty else json.loads(text)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that writes nothing."""
    with plain_errors(engine), Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed as a whole at the end, or not at all.

    On SQLite writers wait for each other from the start, on PostgreSQL by
    `models.plans.require_plan`. RefusedError when another program has changed the schema since.
    """
    with (
        plain_errors(engine),
        Session(engine.execution_options(**{WRITES: True})) as session,
        session.begin(),
    ):
        _keep_schema(session.connection())
        yield session


@contextmanager
def trying(engine: Engine) -> Iterator[Session]:
    """A write transaction that is undone at its end, whatever was written in it."""
    with (
        plain_errors(engine),
        Session(engine.execution_options(**{WRITES: True})) as session,
        session.begin() as transaction,
    ):
        yield session
        transaction.rollback()


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; safe to repeat.

    Who writes meanwhile is waited for, and then refused. BusyError when somebody goes on using the
    database: on SQLite, whoever has an older one open could write in the former schema afterwards.
    """
    with (
        plain_errors(engine),
        engine.execution_options(**{WRITES: True}).connect() as connection,
        _free_to_copy_tables(connection),
        _used_by_nobody_else(connection),
        connection.begin(),
    ):
        hold_schema(connection)
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


@contextmanager
def _used_by_nobody_else(connection: Connection) -> Iterator[None]:
    """SQLite: nobody else has a database open that is older; in a new one nobody can have written.

    Those that come meanwhile wait.
    """
    if connection.dialect.name != "sqlite" or not _is_older(connection):
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        yield
    except OperationalError as error:
        if "locked" not in str(error.orig):
            raise
        raise BusyError(ALONE.format(where=_shown(connection.engine.url))) from None
    finally:
        raw.execute("PRAGMA locking_mode = NORMAL")
        raw.execute(FIND_SCHEMA).fetchall()  # only who reads then lets go


def _is_older(connection: Connection) -> bool:
    with connection.begin():
        made = inspect(connection).has_table("alembic_version")
        found = connection.exec_driver_sql(FIND_SCHEMA).scalar() if made else None
        return found is not None and found < SCHEMA


def _refuse_dangling(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if dangling:
            raise UnavailableError(f"数据库升级未能完成，关联数据不一致：{dangling[:3]}")


def serialise(connection: Connection) -> None:
    """Until the transaction ends, let nobody else set up the database (SQLite: nobody can)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SETUP_LOCK})")


def hold_schema(connection: Connection) -> None:
    """Until the transaction ends, let nobody write in the schema as it was (SQLite: nobody can)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")


def _keep_schema(connection: Connection) -> None:
    """Until the transaction ends, the schema stays as this program knows it; else RefusedError."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({SCHEMA_LOCK})")
    _require(connection.exec_driver_sql(FIND_SCHEMA).scalar_one())


def require_schema(engine: Engine) -> None:
    """RefusedError when the database has not been initialised, or is of another version."""
    with plain_errors(engine), engine.connect() as connection:
        ready = inspect(connection).has_table("outbox")
        found = connection.exec_driver_sql(FIND_SCHEMA).scalar_one() if ready else ""
    _require(found)


def _require(found: str) -> None:
    if not found:
        raise RefusedError("数据库尚未初始化，请先运行 xingfu init")
    if found < SCHEMA:
        raise RefusedError(
            f"数据库为较早版本的结构（{found}），请先用原版本程序备份，再运行 xingfu init 升级"
        )
    if found > SCHEMA:
        raise RefusedError(f"数据库由更新版本的程序建立（{found}），请升级本程序后再用")


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _make_private(_dialect: object, _record: object, arguments: Any, _more: object) -> None:
    """A database that is not there yet is made for its owner alone; so are its -wal and -shm."""
    path = Path(arguments[0] if arguments else "")
    if path.name and not path.exists():
        with suppress(OSError):  # SQLite says itself what is wrong
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))


def _set_pragmas(synchronous: str, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see `_begin`
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA synchronous = {synchronous}")
    cursor.execute(f"PRAGMA cache_size = -{CACHED_KB}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _shown(url: URL) -> str:
    """Where a database is. Any setting may hold a password: of all, the host alone is shown."""
    host = {name: value for name, value in url.query.items() if name == "host"}
    return url.set(query=host).render_as_string(hide_password=True)


def _has_no_room(url: URL, error: DBAPIError, reason: str) -> bool:
    """Whether the disk is full: a read, too, is refused then, of a SQLite that nobody has open."""
    if getattr(error.orig, "sqlstate", "") == DISK_FULL or "disk is full" in reason:
        return True
    with suppress(OSError):
        folder = Path(url.database or "").parent
        return "disk I/O" in reason and disk_usage(folder).free < LEAST_ROOM
    return False


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
        if _has_no_room(engine.url, error, reason):
            raise unavailable(f"数据库无法写入：{where}", OSError(errno.ENOSPC, reason)) from None
        if "locked" in reason:
            raise BusyError(f"数据库正被占用：{where}，请稍后重试") from None
        raise UnavailableError(f"数据库不可用：{where}（{reason}），请检查后重试") from None

"""The triggers that keep rows from being changed, as the migrations make them, and as they are."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

GUARDED = ("audit", "plan_version", "product")

SQLITE = {
    f"{table}_no_{verb}": f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in GUARDED
    for verb in ("update", "delete")
}
POSTGRESQL = {
    name: f"CREATE TRIGGER {name} BEFORE {verbs} ON {table} FOR EACH {each} "
    f"EXECUTE FUNCTION {table}_is_append_only() "
    f"BEGIN RAISE EXCEPTION '{table} is append-only'; END"
    for table in GUARDED
    for name, verbs, each in (
        (f"{table}_append_only", "DELETE OR UPDATE", "ROW"),
        (f"{table}_no_truncate", "TRUNCATE", "STATEMENT"),
    )
}
OFF = "（已停用）"

FIND_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
FIND_POSTGRESQL = """
SELECT tgname, pg_get_triggerdef(pg_trigger.oid, true) || prosrc, tgenabled
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
"""


def guard_faults(connection: Connection) -> Iterator[str]:
    """What is wrong with the triggers of the database, in Chinese."""
    sqlite = connection.dialect.name == "sqlite"
    found = _of_sqlite(connection) if sqlite else _of_postgresql(connection)
    wanted = SQLITE if sqlite else POSTGRESQL
    for name in sorted(wanted.keys() | found.keys()):
        if fault := _fault(wanted.get(name), found.get(name)):
            yield f"数据库的触发器{name}{fault}"
    if not sqlite and _value(connection, "SHOW session_replication_role") != "origin":
        yield "数据库的触发器不起作用：session_replication_role 不是 origin"


def _fault(wanted: str | None, found: str | None) -> str:
    if found is None:
        return "已被删除，记录可能被改动"
    if wanted is None:
        return "不是本系统建立的，可能改动记录"
    if found.endswith(OFF):
        return "已被停用，记录可能被改动"
    return "" if found == wanted else "已被改动，记录可能被改动"


def _of_sqlite(connection: Connection) -> Mapping[str, str]:
    found = connection.exec_driver_sql(FIND_SQLITE).all()
    return {row.name: row.sql for row in found}


def _of_postgresql(connection: Connection) -> Mapping[str, str]:
    return {
        name: " ".join(said.split()) + ("" if enabled in ("O", "A") else OFF)
        for name, said, enabled in connection.exec_driver_sql(FIND_POSTGRESQL)
    }


def _value(connection: Connection, query: str) -> str:
    return str(connection.exec_driver_sql(query).scalar_one())

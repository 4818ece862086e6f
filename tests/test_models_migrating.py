"""A database is migrated while others write: nothing is lost, or written in a former schema."""

import json
import lzma
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, MetaData, select

from common.errors import BusyError, RefusedError
from models.database import (
    SCHEMA,
    alembic_config,
    hold_schema,
    migrate,
    open_engine,
    writing,
)
from models.seals import keyed
from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from tests.conftest import AT, INSTALLED
from tests.support.schemas import made_once
from tests.support.stores import Stores, run

OLD = Path(__file__).with_name("data") / "year-of-0.1.0.sql.xz"
OLD_SCHEMA = ("0006",)
INSERT = (
    'INSERT INTO inbox ("plan", place, digest, name, outcome, reply, received_at, filed)'
    " VALUES ('shanxi-2023', '太原市', ?, 'a', 'done', 'meanwhile', '2023-06-01 00:00:00', 1)"
)

pytestmark = pytest.mark.usefixtures("migrated_in_earnest")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of version 0.1.0."""
    statements = lzma.decompress(OLD.read_bytes()).decode()
    with closing(sqlite3.connect(tmp_path / "xingfu.db")) as raw:
        raw.executescript(f"PRAGMA journal_mode = WAL; {statements}")
    return tmp_path


def bring_up(home: Path) -> None:
    settings = Settings(home=home)
    engine = keyed(open_engine(settings.sqlalchemy_url), settings)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def connect(home: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(home / "xingfu.db", isolation_level=None, timeout=10)
    raw.execute("PRAGMA journal_mode = WAL")
    return raw


def written(home: Path) -> int:
    with closing(connect(home)) as raw:
        return int(
            raw.execute("SELECT count(*) FROM inbox WHERE reply = 'meanwhile'").fetchone()[0]
        )


def test_commands_of_the_former_version_lose_nothing_and_stop(old: Path) -> None:
    """One after another, each looks at the version and writes, while the database is migrated."""
    kept: list[int] = []
    refused = Event()

    def commands() -> None:
        while not refused.is_set():
            with closing(connect(old)) as raw:
                if raw.execute("SELECT version_num FROM alembic_version").fetchone() == OLD_SCHEMA:
                    raw.execute(INSERT, (f"{len(kept):064}",))
                    kept.append(1)
                else:
                    refused.set()
            sleep(0.005)

    writer = Thread(target=commands)
    writer.start()
    try:
        while len(kept) < 5:
            sleep(0.01)
        bring_up(old)
        assert refused.wait(20)
    finally:
        refused.set()
        writer.join()
    assert written(old) == len(kept)
    with closing(connect(old)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == (SCHEMA,)
        assert raw.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def test_who_has_the_former_database_open_is_named_and_nothing_is_changed(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on writing in the former schema."""
    monkeypatch.setattr("models.database.BUSY_TIMEOUT_MS", 100)
    with closing(connect(old)) as raw:
        raw.execute("SELECT version_num FROM alembic_version").fetchone()
        with pytest.raises(BusyError, match="请停止 xingfu serve 和正在运行的其他命令"):
            bring_up(old)
        raw.execute(INSERT, ("0" * 64,))
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == OLD_SCHEMA
    bring_up(old)
    assert written(old) == 1
    with closing(connect(old)) as one, closing(connect(old)) as other:  # it is nobody's alone now
        one.execute("SELECT count(*) FROM inbox").fetchone()
        other.execute(INSERT, ("1" * 64,))


def test_who_was_refused_does_not_keep_the_database_from_being_brought_up(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even while what refused it is still being told, with all that it held."""
    monkeypatch.setattr("models.database.BUSY_TIMEOUT_MS", 100)
    with pytest.raises(RefusedError, match="再运行 xingfu init 升级") as told:
        open_desk(Settings(home=old))
    bring_up(old)
    assert told.value.__traceback__


def test_a_program_that_has_been_overtaken_writes_nothing_more(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with (
        pytest.raises(RefusedError, match=r"由更新版本的程序建立（9999），请升级本程序"),
        desk.writing(),
    ):
        pytest.fail("it may write")


@pytest.fixture
def in_postgresql(postgres: str, stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(postgres, INSTALLED, tmp_path / "home") as desk:
        yield desk


@pytest.mark.postgresql
def test_postgresql_is_migrated_when_those_who_write_have_ended(in_postgresql: Desk) -> None:
    order: list[str] = []
    with in_postgresql.engine.connect() as connection:
        with writing(in_postgresql.engine):
            waits = Thread(target=_migrates, args=(connection, order))
            waits.start()
            sleep(0.3)
            order.append("written")
        waits.join(20)
        after = Thread(target=lambda: _write(in_postgresql, order))
        after.start()
        sleep(0.3)
        order.append("released")
        connection.rollback()
        after.join(20)
    assert order == ["written", "migrated", "released", "written after"]


def _migrates(connection: Connection, order: list[str]) -> None:
    hold_schema(connection)
    order.append("migrated")


def _write(desk: Desk, order: list[str]) -> None:
    with writing(desk.engine):
        order.append("written after")


# --- what forms say: a column a field becomes one column for all that plans ask (0024) -----------

TEXTS = (
    *("site_source", "site_owner", "tenure", "renewal_project", "purchase_basis", "settlement"),
    *("visited_by", "visit_finding", "letter_issuer", "letter_number", "operator_code"),
    *("operator_registrar", "operator_filing"),
)
DAYS = (
    *("agreement_signed_on", "agreement_from", "agreement_to", "visited_on", "county_civil_on"),
    *("county_finance_on", "city_civil_on", "city_finance_on", "letter_on"),
    *("operator_registered_on", "operator_filed_on", "operator_since"),
)
PLACED = {"plan": "p", "county_code": "140105", "county_type": "市辖区", "stage": "siting"}
SAID = {
    **{name: f"示例“{name}”" for name in TEXTS},
    **{name: date(2023, 1, n + 1) for n, name in enumerate(DAYS)},
    "households": 0,
    "elderly": 600,
    "annual_rent": 1234567,
    "old_community": False,
    "operator_third_party": True,
    "functions": ["老人餐厅", "日间照料"],
    "commitments": [],
    "area": 85050,
    "beds": 12,
    "city_share": 0,
    "operator": "示例中心",
    "disposition": "active",
}
"""As it was stored: money and areas in hundredths."""
KEPT = {
    **{name: f"示例“{name}”" for name in TEXTS},
    **{name: f"2023-01-{n + 1:02}" for n, name in enumerate(DAYS)},
    "households": 0,
    "elderly": 600,
    "annual_rent": "12345.67",
    "old_community": False,
    "operator_third_party": True,
    "functions": ["日间照料", "老人餐厅"],
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    server = request.getfixturevalue("postgres")
    run(server, "CREATE DATABASE before_fields")
    engine = open_engine(
        Settings(database_url=server.replace("/postgres?", "/before_fields?")).sqlalchemy_url
    )
    yield engine
    engine.dispose()
    run(server, "DROP DATABASE before_fields WITH (FORCE)")


def test_what_forms_said_is_kept_when_plans_come_to_declare_it(empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(alembic_config(connection), "0022")
        former = MetaData()
        former.reflect(connection)
        _insert(connection, former, "plan", id="p", digest="", installed_at=AT)
        for code in ("full", "bare"):
            _insert(connection, former, "subject", plan="p", code=code, kind="project", name=code)
        lists: dict[str, Any] = {"functions": [], "commitments": []}
        _insert(connection, former, "project", code="full", **PLACED, **SAID)
        bare = {"code": "bare", "disposition": "active", **lists}
        _insert(connection, former, "project", **PLACED, **bare)
    migrate(empty)
    found = MetaData()
    found.reflect(empty)
    with empty.connect() as connection:
        rows = connection.execute(select(found.tables["project"])).mappings().all()
    held = {row["code"]: dict(row) for row in rows}
    assert held["bare"]["further"] == {}
    assert held["full"]["further"] == KEPT
    assert {name: held["full"][name] for name in ("area", "beds", "city_share", "operator")} == {
        "area": 85050,
        "beds": 12,
        "city_share": 0,
        "operator": "示例中心",
    }
    assert not {*KEPT} & {*held["full"]}


def _insert(connection: Connection, former: MetaData, table: str, **values: object) -> None:
    into = former.tables[table]
    blank = {c.name: "" for c in into.c if not c.nullable and not c.server_default}
    values = {name: value for name, value in {**blank, **values}.items() if name in into.c}
    connection.execute(into.insert().values(values))


def test_the_released_year_says_afterwards_what_it_said(old: Path) -> None:
    with closing(connect(old)) as raw:
        raw.row_factory = sqlite3.Row
        before = {r["code"]: dict(r) for r in raw.execute("SELECT * FROM project")}
    bring_up(old)
    with closing(connect(old)) as raw:
        raw.row_factory = sqlite3.Row
        after = {r["code"]: dict(r) for r in raw.execute("SELECT * FROM project")}
        assert {row["fund"] for row in raw.execute("SELECT fund FROM ledger")} == {""}
    assert before.keys() == after.keys()
    for code, row in before.items():
        further = json.loads(after[code].pop("further"))
        assert after[code].pop("released_funds") == "{}"
        assert after[code] == {name: row[name] for name in after[code]}
        assert further == {
            name: _as_json(name, value)
            for name, value in row.items()
            if name not in after[code] and value is not None and value != "[]"
        }


def _as_json(name: str, stored: Any) -> Any:
    """As SQLite keeps it: money in hundredths, truths as 0 and 1, words as JSON."""
    if name == "annual_rent":
        return f"{stored / 100:.2f}"
    if name in ("functions", "commitments"):
        return sorted(json.loads(stored))
    return bool(stored) if name in ("old_community", "operator_third_party") else stored


def test_what_tests_begin_with_is_what_migrations_make(tmp_path: Path) -> None:
    with made_once():
        for name in ("first", "next"):
            bring_up(tmp_path / name)
    bring_up(tmp_path / "in_earnest")
    first, following, wanted = (dump(tmp_path / name) for name in ("first", "next", "in_earnest"))
    assert len(wanted) > 40
    assert following == first
    assert [lines(made) for made in first] == [lines(made) for made in wanted]


def dump(home: Path) -> list[str]:
    with closing(connect(home)) as raw:
        return sorted(raw.iterdump())


def lines(statement: str) -> list[str]:
    """Alembic puts a copied table's constraints in any order."""
    return sorted(line.strip(" ,") for line in statement.splitlines())

"""Backups: taken while others work, put back into either database, whole or not at all."""

import hashlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any
from zipfile import ZipFile

import pytest
from alembic import command
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from common.errors import RefusedError, UnavailableError
from common.files import SCRATCH_FOLDER
from models.contacts import replace_contacts
from models.copying import TABLES
from models.database import alembic_config, migrate, open_engine, writing
from models.secrets import first_key, key_mark
from models.settings import Settings
from notifications.sending import Part
from operations.cases.desk import Desk
from operations.cases.evidence import Exhibit, ExhibitStatement, keep_evidence
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.archiving import inbox_files
from operations.upkeep.backup import back_up, check_backup, restore
from operations.upkeep.setup import check_trail
from operations.views.evidence import evidence_faults
from states.contacts import Post
from states.witness import read_code
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.exhibits import PDF
from tests.support.forking import Forks
from tests.support.handing_in import environment
from tests.support.province import END, morning
from tests.support.steps import ONE
from tests.support.stores import Snapshot, run
from tests.support.tape import Tape
from tests.test_flows_kill import DAY, settle_taiyuan
from tests.test_models_trail import fill

LATER, DUE = DAY + timedelta(days=1), DAY + timedelta(days=20)
pytestmark = pytest.mark.heavy
ADDRESS = "mailto://clerk:s3cr3tCanary@mail.example.cn"
ELSEWHERE = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


def work(desk: Desk) -> None:
    """Projects, contacts with an address, a day's decisions, and what was sent of them."""
    settle_taiyuan(desk)
    with writing(desk.engine) as session:
        posts = [Post("太原市民政局", "张某", channels=(ADDRESS,)), Post("山西省民政厅", "李某")]
        replace_contacts(session, desk.plan, posts)
        proof = ExhibitStatement(ONE, (Exhibit("批复.pdf", PDF),), DAY, "山西省民政厅")
        keep_evidence(session, desk, proof, today=END, at=AT)
    enforce(desk, DAY, morning(DAY))
    deliver(desk, lambda: morning(DAY), lambda _: Tape(), pause=lambda _: None)
    enforce(desk, LATER, morning(LATER))
    for name, content in (("太原市/待读.xlsx", b"waits"), ("太原市/已登记/已读.xlsx", b"done")):
        path = desk.settings.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


WORKED = Snapshot("worked", work, INSTALLED)


@pytest.fixture
def worked(desk_in: DeskIn) -> Desk:
    return desk_in(WORKED)


@pytest.fixture
def sqlite_worked(stores: Any, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, WORKED, tmp_path / "home") as desk:
        yield desk


@pytest.fixture(params=ELSEWHERE)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a new machine: no database, no key, no inbox."""
    if request.param == "sqlite":
        yield Settings(home=tmp_path / "new")
        return
    server, name = request.getfixturevalue("postgres"), f"t{uuid.uuid4().hex}"
    run(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield Settings(home=tmp_path / "new", database_url=server.replace("/postgres?", f"/{name}?"))
    run(server, f"DROP DATABASE {name} WITH (FORCE)")


def content(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as Python values."""
    engine = open_engine(settings.sqlalchemy_url)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in TABLES
        }
    engine.dispose()
    return found


def files(settings: Settings) -> dict[str, bytes]:
    return {
        str(path.relative_to(settings.inbox)): path.read_bytes()
        for path in inbox_files(settings.inbox)
    }


def at_desk(desk: Desk, settings: Settings) -> Desk:
    return Desk(settings, desk.plan, desk.calendar, open_engine(settings.sqlalchemy_url))


def with_key(desk: Desk, settings: Settings, key: bytes | None = None) -> Settings:
    """The same place, where somebody has put the key of the desk, or another."""
    key = key or first_key(desk.settings)
    return settings.model_copy(update={"secret_key": SecretStr(key.decode())})


# --- there and back -------------------------------------------------------------------------------


def test_what_is_put_back_is_what_was_there(
    worked: Desk, elsewhere: Settings, tmp_path: Path
) -> None:
    saved = back_up(worked.settings, tmp_path / "a.zip", AT)
    before = content(worked.settings)
    assert all(
        before[name] for name in ("evidence", "audit", "outbox", "delivery", "contact", "project")
    )
    restored = restore(with_key(worked, elsewhere), saved.path, AT)
    assert content(elsewhere) == before
    assert files(elsewhere) == files(worked.settings) != {}
    [proof] = elsewhere.evidence.iterdir()
    assert proof.read_bytes() == PDF
    desk = at_desk(worked, with_key(worked, elsewhere))
    with desk.reading() as session:
        assert list(evidence_faults(session, elsewhere, desk.plan.id)) == []
    desk.engine.dispose()
    assert (restored.former, restored.breaks, restored.sealed) == (None, (), 0)
    assert restored.audit_rows == len(before["audit"]) == saved.manifest.rows["audit"]
    again = back_up(with_key(worked, elsewhere), tmp_path / "b.zip", AT)
    assert again.manifest.rows == saved.manifest.rows


def test_work_goes_on_where_it_was_put_back(
    worked: Desk, elsewhere: Settings, tmp_path: Path
) -> None:
    saved = back_up(worked.settings, tmp_path / "a.zip", AT)
    elsewhere = with_key(worked, elsewhere)
    restore(elsewhere, saved.path, AT)
    desk = at_desk(worked, elsewhere)
    migrate(desk.engine)  # as `xingfu init` does
    before = content(elsewhere)
    for one in (worked, desk):
        enforce(one, DUE, morning(DUE))
    after, there = content(elsewhere), content(worked.settings)
    assert after["deadline"] == there["deadline"] != before["deadline"]
    for name in ("outbox", "audit"):  # each database gives ids in an order of its own
        assert {row[1:6] for row in after[name]} == {row[1:6] for row in there[name]}
        new = {row[0] for row in after[name]} - {row[0] for row in before[name]}
        assert min(new) > max(row[0] for row in before[name])
    assert check_trail(desk).breaks == ()
    for statement in ("UPDATE audit SET actor = '某人'", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
            connection.execute(text(statement))
    orphan = "UPDATE deadline SET subject = 'nobody' WHERE subject = '太原市'"
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), desk.engine.begin() as connection:
        connection.execute(text(orphan))
    desk.engine.dispose()


def test_what_was_being_sent_is_in_doubt_where_it_was_put_back(
    desk_in: DeskIn, elsewhere: Settings, tmp_path: Path
) -> None:
    desk = desk_in(WORKED)
    target = tmp_path / "a.zip"

    def save_once(_: Part) -> None:
        if not target.exists():
            back_up(desk.settings, target, AT)

    sending = Tape(before=save_once)
    when = morning(DUE)
    enforce(desk, DUE, when)
    deliver(desk, lambda: when, lambda _: sending, pause=lambda _: None)
    assert sending.sent
    restore(with_key(desk, elsewhere), target, AT)
    other, again = at_desk(desk, with_key(desk, elsewhere)), Tape()
    for minutes in (1, 60):  # while the lease lasts, and after it
        then = when + timedelta(minutes=minutes)
        deliver(other, lambda then=then: then, lambda _: again, pause=lambda _: None)  # type: ignore[misc]
    assert {item.id for item in again.sent} == {item.id for item in sending.sent}
    with other.engine.connect() as connection:
        doubt = connection.execute(text("SELECT count(*) FROM delivery WHERE ambiguous")).scalar()
    assert doubt
    other.engine.dispose()


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    elsewhere: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "xingfu.db"
    engine = open_engine(f"sqlite:///{file}")
    with engine.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), "0003")
        insert = (
            "INSERT INTO plan (id, digest, installed_at) VALUES ('p', '', '2023-01-16 01:00:00')"
        )
        connection.execute(text(insert))
    engine.dispose()
    forged(tmp_path / "old.zip", file.read_bytes(), schema="0003", rows={"plan": 1}, plans=["p"])
    restored = restore(elsewhere, tmp_path / "old.zip", AT)
    assert content(elsewhere)["plan"][0][0] == "p"
    assert restored.unknown_plans == ("p",)


# --- what is refused ------------------------------------------------------------------------------


def forged(
    path: Path,
    database: bytes,
    schema: str = "9999",
    rows: dict[str, int] | None = None,
    more: dict[str, bytes] | None = None,
    **said: object,
) -> Path:
    """A backup written by another hand: plain zipfile, hashlib and json."""
    members = {"xingfu.db": database, **(more or {})}
    counted = dict.fromkeys((table.name for table in TABLES), 0) | (rows or {})
    manifest = {
        "format": "xingfu-backup",
        "version": 1,
        "made_at": "2023-06-01T08:30:00+08:00",
        "schema_version": schema,
        "plans": [],
        "rows": counted,
        "key": None,
        "files": {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in members.items()
        },
        **said,
    }
    with ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return path


def newest(folder: Path) -> bytes:
    """An empty database in the newest schema."""
    engine = open_engine(f"sqlite:///{folder / 'empty.db'}")
    migrate(engine)
    engine.dispose()
    return (folder / "empty.db").read_bytes()


def bare(path: Path, **members: str) -> Path:
    with ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return path


STRANGE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing there": (lambda f: f / "none.zip", "没有这个备份文件"),
    "no zip": (lambda f: _write(f / "a.zip", b"PK\x03\x04 nonsense"), "不完整或已损坏"),
    "empty": (lambda f: _write(f / "a.zip", b""), "不完整或已损坏"),
    "another's zip": (lambda f: bare(f / "a.zip", readme="x"), "不是本系统的备份文件"),
    "another's manifest": (lambda f: bare(f / "a.zip", manifest__json="[1]"), "不是本系统"),
    "no json": (lambda f: bare(f / "a.zip", manifest__json="{"), "不完整或已损坏"),
    "a newer format": (lambda f: forged(f / "a.zip", b"", version=4), "更新版本的程序"),
    "a newer schema": (lambda f: forged(f / "a.zip", _future(f)), "更新版本的程序"),
    "no database": (lambda f: forged(f / "a.zip", b"no database at all " * 100), "不完整或已损坏"),
    "an empty database": (lambda f: forged(f / "a.zip", b""), "不完整或已损坏"),
    "rows missing": (lambda f: forged(f / "a.zip", newest(f), rows={"plan": 1}), "不完整或已损坏"),
    "a way out": (
        lambda f: forged(f / "a.zip", newest(f), more={"inbox/../../out.xlsx": b"x"}),
        "不完整或已损坏",
    ),
    "another way out": (
        lambda f: forged(f / "a.zip", newest(f), more={"/inbox/a/out.xlsx": b"x"}),
        "不完整或已损坏",
    ),
    "beside the inbox": (
        lambda f: forged(f / "a.zip", newest(f), more={"secret.key": b"x"}),
        "不完整或已损坏",
    ),
    "not as listed": (
        lambda f: forged(
            f / "a.zip", newest(f), files={"xingfu.db": {"size": 1, "sha256": "0" * 64}}
        ),
        "不完整或已损坏",
    ),
    "another database": (
        lambda f: forged(
            f / "a.zip",
            data := newest(f),
            files={"xingfu.db": {"size": len(data), "sha256": "0" * 64}},
        ),
        "不完整或已损坏",
    ),
    "not listed": (lambda f: forged(f / "a.zip", newest(f), files={}), "不完整或已损坏"),
}


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _future(folder: Path) -> bytes:
    newest(folder)
    with closing(sqlite3.connect(folder / "empty.db")) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    return (folder / "empty.db").read_bytes()


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_sound_backup_is_refused(sqlite_worked: Desk, tmp_path: Path, kind: str) -> None:
    make, says = STRANGE[kind]
    before, there = content(sqlite_worked.settings), files(sqlite_worked.settings)
    with pytest.raises(RefusedError, match=says):
        restore(sqlite_worked.settings, make(tmp_path), AT, replace=True)
    assert (content(sqlite_worked.settings), files(sqlite_worked.settings)) == (before, there)
    assert leftovers(tmp_path) == []


def test_no_damage_goes_unseen(sqlite_worked: Desk, tmp_path: Path) -> None:
    sound = back_up(sqlite_worked.settings, tmp_path / "a.zip", AT).path.read_bytes()
    lot, before = random.Random(20230116), content(sqlite_worked.settings)  # noqa: S311
    target = with_key(sqlite_worked, Settings(home=tmp_path / "new"))
    spoiled = [sound[: lot.randrange(len(sound))] for _ in range(20)]
    for _ in range(60):
        one = bytearray(sound)
        one[lot.randrange(len(one))] ^= 1 << lot.randrange(8)
        spoiled.append(bytes(one))
    for data in spoiled:
        try:
            restore(target, _write(tmp_path / "b.zip", data), AT, replace=True)
        except RefusedError:
            continue
        assert content(target) == before, "what says nothing may be spoiled, such as a date"


def test_a_bomb_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    entry = {"size": 10**15, "sha256": "0" * 64}
    bomb = forged(tmp_path / "a.zip", bytes(1000), files={"xingfu.db": entry})
    with pytest.raises(UnavailableError, match="剩余空间不足"):
        restore(Settings(home=tmp_path / "new"), bomb, AT)


def test_more_than_is_listed_is_never_written(tmp_path: Path) -> None:
    entry = {"size": 1000, "sha256": "0" * 64}
    bomb = forged(tmp_path / "a.zip", bytes(50_000_000), files={"xingfu.db": entry})
    with pytest.raises(RefusedError, match="不完整或已损坏"):
        restore(Settings(home=tmp_path / "new"), bomb, AT)


def test_data_are_not_replaced_unasked(worked: Desk, tmp_path: Path) -> None:
    saved = back_up(worked.settings, tmp_path / "a.zip", AT)
    enforce(worked, DUE, morning(DUE))
    before = content(worked.settings)
    with pytest.raises(RefusedError, match="已有数据"):
        restore(worked.settings, saved.path, AT)
    assert content(worked.settings) == before
    restored = restore(worked.settings, saved.path, AT, replace=True)
    assert content(worked.settings) != before
    assert restored.former is not None
    restore(worked.settings, restored.former, AT + timedelta(seconds=1), replace=True)
    assert content(worked.settings) == before, "what was replaced can be had back"


def test_tables_of_another_program_are_left_alone(desk_in: DeskIn, tmp_path: Path) -> None:
    desk = desk_in(WORKED)
    saved = back_up(desk.settings, tmp_path / "a.zip", AT)
    with desk.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(RefusedError, match="不是本系统建立的"):
        restore(desk.settings, saved.path, AT, replace=True)


def test_an_older_schema_is_not_backed_up(desk_in: DeskIn, tmp_path: Path) -> None:
    desk = desk_in(WORKED)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(RefusedError, match=r"0003.*xingfu init"):
        back_up(desk.settings, tmp_path / "a.zip", AT)
    assert leftovers(tmp_path) == []


# --- files ----------------------------------------------------------------------------------------


def leftovers(folder: Path) -> list[Path]:
    return [*folder.glob(f"{SCRATCH_FOLDER}*"), *folder.glob(f"*/{SCRATCH_FOLDER}*")]


def test_a_folder_gets_a_file_named_after_the_moment(sqlite_worked: Desk, tmp_path: Path) -> None:
    saved = back_up(sqlite_worked.settings, tmp_path, AT)  # 01:00 UTC
    assert saved.path == tmp_path / "xingfu-20230116-090000.zip"
    assert saved.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RefusedError, match="--force"):
        back_up(sqlite_worked.settings, tmp_path, AT)


def test_a_file_is_only_overwritten_by_force(sqlite_worked: Desk, tmp_path: Path) -> None:
    target = _write(tmp_path / "a.zip", b"dear")
    with pytest.raises(RefusedError, match="--force"):
        back_up(sqlite_worked.settings, target, AT)
    assert target.read_bytes() == b"dear"
    back_up(sqlite_worked.settings, target, AT, force=True)
    assert target.read_bytes().startswith(b"PK")
    assert leftovers(tmp_path) == []


def test_a_folder_that_is_not_there_is_one_sentence(sqlite_worked: Desk, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="无法写入"):
        back_up(sqlite_worked.settings, tmp_path / "none" / "a.zip", AT)


def test_the_key_is_not_in_it(sqlite_worked: Desk, tmp_path: Path) -> None:
    saved = back_up(sqlite_worked.settings, tmp_path / "a.zip", AT)
    with ZipFile(saved.path) as archive:
        inside = b"".join(archive.read(name) for name in archive.namelist())
    assert first_key(sqlite_worked.settings).strip() not in inside + saved.path.read_bytes()
    assert b"s3cr3tCanary" not in inside


def test_with_another_key_nothing_is_put_back(sqlite_worked: Desk, tmp_path: Path) -> None:
    saved = back_up(sqlite_worked.settings, tmp_path / "a.zip", AT)
    bare_home = Settings(home=tmp_path / "new")
    other = with_key(sqlite_worked, bare_home, Fernet.generate_key())
    marks = {bare_home: "（无）", other: key_mark(first_key(other))}
    for settings, mark in marks.items():
        for attempt in (
            lambda s: restore(s, saved.path, AT),
            lambda s: check_backup(s, saved.path),
        ):
            with pytest.raises(RefusedError, match=f"{saved.manifest.key}.*{mark}.*secret.key"):
                attempt(settings)
        assert list(bare_home.home.iterdir()) == [], "neither database nor another key"
    restored = restore(with_key(sqlite_worked, bare_home), saved.path, AT)
    assert (restored.sealed, restored.key, restored.signed) == (0, saved.manifest.key, True)


def test_a_backup_tells_what_its_trail_is_to_be_held_against(
    sqlite_worked: Desk, tmp_path: Path
) -> None:
    saved = back_up(sqlite_worked.settings, tmp_path / "a.zip", AT)
    [(plan_id, words)] = saved.manifest.witnesses.items()
    assert plan_id == sqlite_worked.plan.id
    enforce(sqlite_worked, DUE, morning(DUE))
    found = check_trail(sqlite_worked, words)
    assert found.breaks == ()
    assert found.rows > read_code(words).rows == saved.manifest.rows["audit"]


def rewritten(path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """A backup whose content and manifest somebody has changed who has no key."""
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    manifest["files"] = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
    }
    target = path.with_name("rewritten.zip")
    with ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return target


def edited(data: bytes, folder: Path, *statements: str) -> bytes:
    """A database after some statements."""
    file = folder / f"{uuid.uuid4().hex}.db"
    file.write_bytes(data)
    with closing(sqlite3.connect(file)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()
        raw.execute("PRAGMA journal_mode = DELETE")
    return file.read_bytes()


STREET = "UPDATE project SET street = '某街道'"


def _changed(said: dict[str, Any], members: dict[str, bytes], folder: Path) -> None:
    members["xingfu.db"] = edited(members["xingfu.db"], folder, STREET)


def _unsigned(said: dict[str, Any], members: dict[str, bytes], folder: Path) -> None:
    _changed(said, members, folder)
    said.update(version=1, signature="")


def _dated(said: dict[str, Any], members: dict[str, bytes], folder: Path) -> None:
    said["made_at"] = "2024-01-01T00:00:00Z"


def _with_a_file(said: dict[str, Any], members: dict[str, bytes], folder: Path) -> None:
    members["inbox/太原市/另件.xlsx"] = b"x"


REWRITTEN = {
    "changed rows": (_changed, "与签名不符"),
    "as if it were old": (_unsigned, "没有签名"),
    "another day": (_dated, "与签名不符"),
    "another file": (_with_a_file, "与签名不符"),
}


@pytest.mark.parametrize("kind", REWRITTEN)
def test_a_backup_with_a_manifest_made_anew_is_refused(
    sqlite_worked: Desk, tmp_path: Path, kind: str
) -> None:
    change, says = REWRITTEN[kind]
    path = back_up(sqlite_worked.settings, tmp_path / "a.zip", AT).path
    assert check_backup(sqlite_worked.settings, path).signed
    path = rewritten(path, lambda said, members: change(said, members, tmp_path))
    before = content(sqlite_worked.settings)
    with pytest.raises(RefusedError, match=says):
        check_backup(sqlite_worked.settings, path)
    with pytest.raises(RefusedError, match=says):
        restore(sqlite_worked.settings, path, AT, replace=True)
    assert content(sqlite_worked.settings) == before


def old_backup(path: Path, *statements: str) -> Path:
    """A backup of a version that knew of no key, with two rows; then somebody has been at it."""
    file = path.with_suffix(".db")
    engine = create_engine(f"sqlite:///{file}")  # it holds no keys of tables, as in `migrate`
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        fill(connection)
        command.upgrade(alembic_config(connection), "0006")
        there = inspect(connection).get_table_names()
        rows = {
            table.name: connection.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one()  # noqa: S608
            for table in TABLES
            if table.name in there
        }
    engine.dispose()
    data = edited(file.read_bytes(), path.parent, *statements)
    return forged(path, data, schema="0006", rows=rows, plans=["p"])


def test_an_old_backup_is_put_back_and_said_to_prove_nothing(tmp_path: Path) -> None:
    restored = restore(Settings(home=tmp_path / "new"), old_backup(tmp_path / "a.zip"), AT)
    assert (restored.signed, restored.audit_rows, restored.breaks) == (False, 2, ())


def test_an_old_backup_whose_chain_is_broken_is_refused(tmp_path: Path) -> None:
    path = old_backup(
        tmp_path / "a.zip",
        "DROP TRIGGER audit_no_update",
        "UPDATE audit SET actor = '某人' WHERE id = 2",
    )
    with pytest.raises(RefusedError, match="内容与记录时不符"):
        restore(Settings(home=tmp_path / "new"), path, AT)
    assert not (tmp_path / "new" / "xingfu.db").exists()


def test_files_of_the_inbox_are_never_overwritten(sqlite_worked: Desk, tmp_path: Path) -> None:
    settings = sqlite_worked.settings
    saved = back_up(settings, tmp_path / "a.zip", AT)
    city = settings.inbox / "太原市"
    (city / "待读.xlsx").rename(city / "已登记" / "待读.xlsx")  # dealt with since
    (city / "已登记" / "已读.xlsx").write_bytes(b"another")
    restored = restore(settings, saved.path, AT, replace=True)
    assert files(settings) == {
        "太原市/待读.xlsx": b"waits",
        "太原市/已登记/待读.xlsx": b"waits",
        "太原市/已登记/已读.xlsx": b"another",
    }
    assert restored.kept == ("太原市/已登记/已读.xlsx",)
    assert restored.newer == ("太原市/已登记/待读.xlsx",)


def test_a_broken_trail_is_put_back_and_told(sqlite_worked: Desk, tmp_path: Path) -> None:
    with sqlite_worked.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET actor = '某人' WHERE id = 3"))
    saved = back_up(sqlite_worked.settings, tmp_path / "a.zip", AT)
    elsewhere = with_key(sqlite_worked, Settings(home=tmp_path / "new"))
    restored = restore(elsewhere, saved.path, AT)
    assert len(restored.breaks) == 1, "where it is put back the triggers are there again"
    assert "记录3" in restored.breaks[0]


# --- while others work, and killed ----------------------------------------------------------------

MOMENTS = 3
DIE = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from operations.upkeep import backup
from models import copying
from models.settings import Settings
from notifications.channel import Part

def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)

def after(module, name):
    done = getattr(module, name)
    setattr(module, name, lambda *a, **k: (done(*a, **k), die()))

{point}
at = datetime.fromisoformat("2023-06-01T08:30:00+08:00")
backup.{call}
"""
BACKUP = {
    "before the copy": "backup.copy_rows = die",
    "once it is copied": 'after(backup, "copy_rows")',
    "before it is there": "backup.publish = die",
    "before it has its name": "os.fsync = die",
}
RESTORE = {
    "before anything": ("backup._put_back = die", False),
    "once it is empty": ("copying.command.upgrade = die", False),
    "once it has tables": ("copying.copy_rows = die", False),
    "once it has rows": ('after(copying, "copy_rows")', False),
    "before it is committed": ('after(backup, "replace_rows")', False),
    "before the files": ("backup._lay_out = die", True),
    "within the files": ("backup.files.write = die", True),
}
IN_DATABASE = ("once it is empty", "once it has rows", "before it is committed")


@pytest.mark.parametrize("point", BACKUP)
def test_a_killed_backup_leaves_what_was_there(
    sqlite_worked: Desk, tmp_path: Path, forked: Forks, point: str
) -> None:
    target = _write(tmp_path / "a.zip", b"dear")
    call = f"back_up(Settings(), Path({str(target)!r}), at, force=True)"
    killed(forked, sqlite_worked, BACKUP[point], call)
    assert target.read_bytes() == b"dear"
    assert gone(tmp_path), "nobody has started another one, and nothing is left"


@pytest.mark.parametrize(
    ("server", "point"),
    [
        *(("sqlite", point) for point in RESTORE),
        *(pytest.param("postgresql", p, marks=pytest.mark.postgresql) for p in IN_DATABASE),
    ],
    indirect=["server"],
)
def test_a_killed_restore_changes_all_or_nothing(
    worked: Desk, tmp_path: Path, forked: Forks, point: str
) -> None:
    script, done = RESTORE[point]
    saved = back_up(worked.settings, tmp_path / "a.zip", AT)
    wanted = content(worked.settings)
    enforce(worked, DUE, morning(DUE))
    (worked.settings.inbox / "太原市" / "待读.xlsx").unlink()
    before = content(worked.settings)
    call = f"restore(Settings(), Path({str(saved.path)!r}), at, replace=True)"
    killed(forked, worked, script, call)
    assert content(worked.settings) == (wanted if done else before)
    assert gone(worked.settings.home)
    restore(worked.settings, saved.path, AT, replace=True)
    assert content(worked.settings) == wanted
    assert files(worked.settings)["太原市/待读.xlsx"] == b"waits"


def gone(folder: Path) -> bool:
    """Whether what a killed process had laid there is gone, within seconds."""
    for _ in range(200):
        if not leftovers(folder):
            return True
        sleep(0.05)
    return False


def killed(forked: Forks, desk: Desk, point: str, call: str) -> None:
    ended = forked.run(DIE.format(point=point, call=call), environment=environment(desk))
    assert ended.returncode == -signal.SIGKILL, ended.stderr


BUSY = """
import os
import sys
from datetime import date
from pathlib import Path
from time import sleep
from deployments.demo import EXAMPLE
from operations.cases.desk import open_desk
from operations.daily.enforcement import enforce
from operations.workbooks.intake import import_workbook
from models.settings import Settings
from notifications.channel import Part
from common.errors import UnavailableError
from tests.support.province import END, by_day, days, morning, record

other = os.fork()  # what both import is imported once
desk, stop = open_desk(Settings()), Path(sys.argv[1])
if other:
    for day in days(date(2023, 2, 22), END):
        if stop.exists():
            break
        enforce(desk, day, morning(day))
        sleep(0.03)  # so that the year lasts longer than the backups
else:
    for path in sorted((EXAMPLE / "workbooks").glob("*.xlsx"))[1:]:
        if stop.exists():
            break
        if "修改" not in path.name and path.name[0].isdigit():
            import_workbook(desk, path, today=END, at=morning(END))
if other:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]))
"""


def test_backups_while_others_write_are_each_of_one_moment(worked: Desk, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    busy = subprocess.Popen(
        [sys.executable, "-c", BUSY, str(stop)],
        env=environment(worked),
        cwd=Path(__file__).parent.parent,
    )
    moments: dict[int, Path] = {}
    while busy.poll() is None and len(moments) < MOMENTS:
        saved = back_up(worked.settings, tmp_path / "a.zip", AT, force=True)
        number = sum(saved.manifest.rows.values())
        moments[number] = saved.path.rename(tmp_path / f"{number}.zip")
    stop.touch()
    assert busy.wait(120) == 0
    assert len(moments) == MOMENTS, "not enough was written meanwhile"
    for number, path in moments.items():
        target = with_key(worked, Settings(home=tmp_path / f"new-{number}"))
        assert restore(target, path, AT).breaks == ()
        agree(target)


def agree(settings: Settings) -> None:
    """What is written together is there together."""
    with closing(sqlite3.connect(settings.home / "xingfu.db")) as raw:

        def count(query: str) -> int:
            return int(raw.execute(f"SELECT count(*) FROM {query}").fetchone()[0])  # noqa: S608

        assert count("project") == count("subject WHERE kind = 'project'")
        assert count("project") == count(
            "(SELECT DISTINCT subject FROM audit WHERE action = 'import' AND subject LIKE 'XF%')"
        )
        assert count("audit WHERE kind = 'overdue'") == count("deadline WHERE standing = 'overdue'")

"""Worlds in which the work stands still and nothing crashes: the watch must not say all is well."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from models.database import writing
from models.settings import Settings
from models.watches import BACKUP, LISTENING, inbox_round, put_round
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce, finish
from operations.upkeep.surveying import survey
from operations.upkeep.watching import KnownFault, changes, look, remembered, standing
from policy.load import calendar_overrides
from states.watch import (
    KINDS,
    ServerStatus,
    StuckRun,
    sentence,
)
from tests.conftest import INSTALLED
from tests.support.stores import Snapshot, Stores, run

pytestmark = pytest.mark.heavy

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2023, 2, 21)
AT = datetime(2023, 2, 21, 1, 0, tzinfo=UTC)
"""Nine o'clock in Shanghai, half an hour after the daily job."""
PLAN = "shanxi-2023"
SERVED = ServerStatus(wanted={"enforce_deadlines": 2, "tell_admins": 0}, there={})
GOOD = replace(SERVED, there={"enforce_deadlines": 2, "tell_admins": 0})


def work_on(desk: Desk, day: date = TODAY, at: datetime = AT) -> None:
    """All that is done on an ordinary day, and the watch's own night."""
    enforce(desk, day, at)
    finish(desk, day, at)
    with writing(desk.engine) as session:
        session.connection().exec_driver_sql("UPDATE outbox SET status = 'cancelled'")
        put_round(session, BACKUP, at - 7 * HOUR)
        for name in (inbox_round(PLAN), f"trail {PLAN}", f"tables {PLAN}"):
            put_round(session, name, at)


GOING_ON = Snapshot("going_on", work_on, INSTALLED)


@pytest.fixture
def well(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """A desk at which everything goes on."""
    with stores.desk(None, GOING_ON, tmp_path / "home") as desk:
        yield desk


def sql(desk: Desk, statement: str, **values: object) -> None:
    with desk.engine.begin() as connection:
        connection.execute(text(statement), values)


def rounds(desk: Desk, **at: datetime) -> None:
    with writing(desk.engine) as session:
        for name, when in at.items():
            put_round(session, inbox_round(PLAN) if name == "inbox" else name, when)


def other_key(desk: Desk) -> None:
    from cryptography.fernet import Fernet

    (desk.settings.home / "secret.key").write_bytes(Fernet.generate_key())


def unreadable_key(desk: Desk) -> None:
    (desk.settings.home / "secret.key").unlink()
    (desk.settings.home / "secret.key").mkdir()


def owe(desk: Desk, count: int, at: datetime) -> None:
    sql(
        desk,
        "UPDATE outbox SET status = 'pending', decided_at = :at, as_of = :day"
        " WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT :count)",
        at=at.replace(tzinfo=None),
        day=TODAY,
        count=count,
    )


@dataclass(frozen=True)
class World:
    """A world that stands still."""

    name: str
    kind: str
    words: str
    spoil: Callable[[Desk], object] = lambda _desk: None
    since: datetime | None = None
    """What the finding says; None: when it was first seen."""
    at: datetime = AT
    server: ServerStatus = GOOD
    settings: dict[str, Any] | None = None


def shanghai(day: date) -> datetime:
    """Its first instant."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - 8 * HOUR


WORLDS = (
    World(
        "nothing was finished for days",
        "late",
        "已有72小时没有完成",
        since=AT,
        at=AT + 3 * DAY,
    ),
    World(
        "the newest finished day is years old, and was finished just now",
        "day",
        "最近完成核对的日期是2020-02-21，已过去1096天",
        lambda desk: sql(desk, "UPDATE enforced SET day = '2020-02-21'"),
        since=shanghai(date(2020, 2, 22)),
    ),
    World(
        "the newest finished day is still to come",
        "day",
        "2024-02-21，尚未到来",
        lambda desk: sql(desk, "UPDATE enforced SET day = '2024-02-21'"),
    ),
    World(
        "a day was finished in the future",
        "future",
        "2030-01-01 08:00（北京时间），晚于现在",
        lambda desk: sql(desk, "UPDATE enforced SET finished_at = '2030-01-01 00:00:00.000000'"),
    ),
    World(
        "a run was recorded in the future",
        "future",
        "晚于现在",
        lambda desk: sql(desk, "UPDATE sweep SET at = '2030-01-01 00:00:00.000000'"),
    ),
    World(
        "the inbox was read in the future",
        "future",
        "晚于现在",
        lambda desk: rounds(desk, inbox=AT + DAY),
    ),
    World(
        "the date is pinned",
        "pinned",
        "XINGFU_BUSINESS_DATE 固定为2023-06-01",
        settings={"business_date": date(2023, 6, 1)},
    ),
    World(
        "nothing can be delivered",
        "waiting",
        "有2条消息尚未发出，最早的一条作出于2023-02-17",
        lambda desk: owe(desk, 2, AT - 4 * DAY),
        since=AT - 4 * DAY,
    ),
    World(
        "messages of a day to come",
        "ahead",
        "1条消息按尚未到来的日期作出",
        lambda desk: sql(
            desk,
            "UPDATE outbox SET status = 'pending', as_of = '2023-03-01'"
            " WHERE id = (SELECT min(id) FROM outbox)",
        ),
    ),
    World(
        "the key is gone",
        "key",
        "缺少本系统的密钥",
        lambda desk: (desk.settings.home / "secret.key").unlink(),
    ),
    World(
        "the key is empty",
        "key",
        "是空的",
        lambda desk: (desk.settings.home / "secret.key").write_bytes(b""),
    ),
    World("the key is another one's", "key", "不是本系统的密钥", other_key),
    World(
        "the key cannot be read",
        "key",
        "不是普通文件",
        unreadable_key,
    ),
    World(
        "the end of the trail was cut off",
        "trail",
        "办理记录核验不符",
        lambda desk: sql(desk, "UPDATE plan SET head = 'x'"),
    ),
    World(
        "there was no backup for days",
        "backup",
        "最近一份完好的备份制作于2023-02-18",
        lambda desk: rounds(desk, backup=AT - 3 * DAY),
        since=AT - 3 * DAY,
    ),
    World(
        "the inbox is not read",
        "inbox",
        "收件文件夹已有3小时没有读取",
        lambda desk: rounds(desk, inbox=AT - 3 * HOUR),
        since=AT - 3 * HOUR,
    ),
    World(
        "nobody listens any more",
        "listening",
        "完整查看收件文件夹、收信文件夹和邮箱在2023-02-21 08:00",
        lambda desk: rounds(desk, **{LISTENING: AT - HOUR}),
        since=AT - HOUR,
    ),
    World("the disk is full", "disk", "MB，少于", settings={"watch_disk_mb": 10**9}),
    World("the server is gone", "server", "（无法连接）", server=ServerStatus("无法连接")),
    World(
        "all deployments are gone",
        "deployments",
        "未登记：enforce_deadlines、tell_admins",
        server=SERVED,
    ),
    World(
        "nobody takes runs",
        "runs",
        "2次运行到了时间没有执行程序领取，最早的已有3小时",
        server=replace(
            GOOD, runs=tuple(StuckRun("read_inbox", AT - n * HOUR, waits=True) for n in (2, 3))
        ),
        since=AT - 3 * HOUR,
    ),
    World(
        "next year's holidays are not known",
        "calendar",
        "2027年的放假安排不在已知日历内",
        since=shanghai(date(2026, 11, 1)),
        at=shanghai(date(2026, 11, 2)),
    ),
)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_still_world_is_told_with_since_when_and_what_to_do(well: Desk, world: World) -> None:
    world.spoil(well)
    settings = well.settings.model_copy(update=world.settings or {})
    seen = look(settings, world.at, world.server)
    (fault,) = (each for each in seen.faults if each.kind == world.kind)
    assert world.words in fault.text
    assert fault.since == (world.since or world.at)
    assert KINDS[fault.kind].advice in sentence(fault)
    assert seen.told


@pytest.mark.heavy
def test_a_healthy_world_gives_no_finding(well: Desk) -> None:
    """At any hour until the next day's work is due, and while backups are young."""
    for hours in range(24):
        at = AT + hours * HOUR
        rounds(well, inbox=at)
        assert look(well.settings, at, GOOD).faults == ()


def test_a_plan_whose_time_is_over_is_not_late(well: Desk) -> None:
    """Its last day was finished; from then on nothing has to be."""
    end, later = date(2024, 3, 31), AT + 500 * DAY
    enforce(well, end, AT + 404 * DAY)
    sql(well, "UPDATE outbox SET status = 'cancelled'")
    rounds(well, backup=later, inbox=later)
    kinds = {fault.kind for fault in look(well.settings, later, GOOD).faults}
    assert "late" in kinds, "it was decided, and not finished"
    finish(well, end, AT + 404 * DAY)
    assert "late" not in {fault.kind for fault in look(well.settings, later, GOOD).faults}


def test_dead_letters_alone_are_not_waiting(well: Desk) -> None:
    owe(well, 1, AT - 9 * DAY)
    sql(
        well,
        "INSERT INTO delivery (outbox_id, person, plan, because, status, attempts, ambiguous)"
        " SELECT id, recipient, plan, 'post', 'dead', 8, false FROM outbox"
        " WHERE status = 'pending'",
    )
    kinds = [fault.kind for fault in look(well.settings, AT, GOOD).faults]
    assert kinds == ["dead"]


def test_backups_by_other_means_are_not_asked_for(well: Desk) -> None:
    rounds(well, backup=AT - 30 * DAY)
    other = well.settings.model_copy(update={"watch_backup_days": 0})
    assert look(other, AT, GOOD).faults == ()


# --- the database itself --------------------------------------------------------------------------


@contextmanager
def only_to_be_read(desk: Desk) -> Iterator[None]:
    """A SQLite file of a newer write format: SQLite opens it to read, whoever asks."""
    desk.engine.dispose()
    file = desk.settings.home / "xingfu.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def put(version: int) -> None:
        with file.open("r+b") as handle:
            handle.seek(18)
            handle.write(bytes([version]))

    put(9)
    yield
    put(2)


def test_a_database_that_cannot_be_written_is_told_once_and_its_end(well: Desk) -> None:
    """Though nothing can be remembered in it."""
    look(well.settings, AT, GOOD)
    with only_to_be_read(well):
        first = look(well.settings, AT + HOUR / 4, GOOD)
        (fault,) = first.faults
        assert (fault.kind, fault.since, first.told) == ("write", AT, True)
        assert "readonly" in fault.text
        assert not look(well.settings, AT + HOUR / 2, GOOD).told
    last = look(well.settings, AT + HOUR, GOOD)
    assert (last.faults, last.told) == ((), True)
    assert not (well.settings.home / "watch.json").exists()


def test_what_ends_while_nothing_can_be_written_is_told_once(well: Desk) -> None:
    rounds(well, backup=AT - 3 * DAY)
    assert look(well.settings, AT, GOOD).told
    rounds(well, backup=AT)
    with only_to_be_read(well):
        assert look(well.settings, AT + HOUR / 4, GOOD).told
        assert not look(well.settings, AT + HOUR / 2, GOOD).told
    look(well.settings, AT + HOUR, GOOD)
    assert not look(well.settings, AT + HOUR, GOOD).told


def test_a_writer_that_is_at_work_is_no_trouble_and_one_that_hangs_is(well: Desk) -> None:
    look(well.settings, AT, GOOD)
    with closing(sqlite3.connect(well.settings.home / "xingfu.db", isolation_level=None)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        quick = pytest.MonkeyPatch()
        quick.setattr("models.database.BUSY_TIMEOUT_MS", 50)
        with quick.context():
            assert look(well.settings, AT + HOUR / 4, GOOD).faults == ()
            rounds_at = AT + 2 * HOUR
            kinds = {fault.kind for fault in look(well.settings, rounds_at, GOOD).faults}
        quick.undo()
    assert "write" in kinds


def test_a_damaged_database_is_told(well: Desk) -> None:
    """A page of an index that was overwritten: every query goes on, and nobody would notice."""
    well.engine.dispose()
    file = well.settings.home / "xingfu.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        (page,) = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_subject_plan_kind_city'"
        ).fetchone()
    with file.open("r+b") as handle:
        handle.seek((page - 1) * size)
        handle.write(os.urandom(size))
    seen = look(well.settings, AT, GOOD)
    assert "damaged" in {fault.kind for fault in seen.faults}
    quick = survey(well.settings, AT, thorough=False)
    assert "damaged" in quick.unseen, "whoever only asks does not have the whole of it read"
    assert "damaged" in {fault.kind for fault in standing(well.settings, AT, GOOD)[1]}
    assert "check" not in {fault.kind for fault in seen.faults}, "it is told once"


def test_a_file_that_is_no_database_is_told(well: Desk) -> None:
    well.engine.dispose()
    for name in ("xingfu.db", "xingfu.db-wal", "xingfu.db-shm"):
        (well.settings.home / name).unlink(missing_ok=True)
    (well.settings.home / "xingfu.db").write_bytes(os.urandom(8192))
    (fault,) = look(well.settings, AT, GOOD).faults
    assert fault.kind == "database"


@pytest.fixture
def on_postgres(postgres: str, stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(postgres, GOING_ON, tmp_path / "home") as desk:
        yield desk


@pytest.mark.postgresql
def test_postgresql_that_is_read_only_or_damaged_is_told(on_postgres: Desk, postgres: str) -> None:
    settings, name = on_postgres.settings, on_postgres.engine.url.database
    assert look(settings, AT, GOOD).faults == ()
    run(postgres, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    (fault,) = look(settings, AT + HOUR / 4, GOOD).faults
    assert fault.kind == "write"
    run(postgres, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert look(settings, AT + HOUR / 2, GOOD).told
    sql(
        on_postgres,
        "UPDATE pg_index SET indisvalid = false"
        " WHERE indexrelid = 'ix_subject_plan_kind_city'::regclass",
    )
    (fault,) = look(settings, AT + HOUR / 2, GOOD).faults
    assert (fault.kind, "ix_subject_plan_kind_city" in fault.text) == ("damaged", True)


# --- each check for itself ------------------------------------------------------------------------


def test_a_check_that_fails_is_a_finding_and_stops_no_other(well: Desk) -> None:
    """Nor is what it would have seen said to be over."""
    rounds(well, inbox=AT - 3 * HOUR, backup=AT - 3 * DAY)
    look(well.settings, AT, GOOD)
    sql(well, "ALTER TABLE delivery RENAME TO away")
    seen = look(well.settings, AT + HOUR / 4, GOOD)
    assert [(fault.kind, fault.of) for fault in seen.faults] == [
        ("backup", ""),
        ("check", f"“每日核对未按时完成”（方案{PLAN}）"),
    ]
    assert f"inbox {PLAN}" in remembered(well.settings)[0]
    sql(well, "ALTER TABLE away RENAME TO delivery")
    assert [fault.kind for fault in look(well.settings, AT + HOUR / 2, GOOD).faults] == [
        "backup",
        "inbox",
    ]


def test_without_a_server_to_ask_nothing_of_it_is_told_or_over(well: Desk) -> None:
    look(well.settings, AT, SERVED)
    seen = look(well.settings, AT + HOUR / 4)
    assert (seen.faults, seen.told) == ((), False)
    assert look(well.settings, AT + HOUR / 4, GOOD).told


def test_two_watches_of_one_database_tell_once(well: Desk, tmp_path: Path) -> None:
    """What is told lies in the database."""
    url = f"sqlite:///{well.settings.home / 'xingfu.db'}"
    elsewhere = Settings(home=tmp_path / "other", database_url=url)
    (tmp_path / "other").mkdir()
    shutil.copy(well.settings.home / "secret.key", tmp_path / "other")
    rounds(well, backup=AT - 3 * DAY)
    assert look(well.settings, AT, GOOD).told
    again = look(elsewhere, AT + HOUR / 4, GOOD)
    assert ([fault.kind for fault in again.faults], again.told) == (["backup"], False)
    assert not (tmp_path / "other" / "watch.json").exists()


def test_what_an_earlier_version_has_told_is_not_told_again(well: Desk) -> None:
    rounds(well, backup=AT - 3 * DAY)
    told = f'{{"backup": "{AT.isoformat()}"}}'
    (well.settings.home / "watch.json").write_text(told)
    assert not look(well.settings, AT + HOUR, GOOD).told


def test_who_only_asks_tells_nobody_and_keeps_what_the_watch_has_found(well: Desk) -> None:
    sql(well, "UPDATE plan SET head = 'x'")
    look(well.settings, AT, GOOD)
    sql(
        well,
        "UPDATE work_round SET at = :at WHERE name = 'backup'",
        at=(AT - 3 * DAY).replace(tzinfo=None),
    )
    report, faults = standing(well.settings, AT + HOUR / 4, GOOD)
    assert {fault.kind: fault.since for fault in faults} == {"trail": AT, "backup": AT - 3 * DAY}
    assert [work.plan for work in report.works] == [PLAN]
    assert look(well.settings, AT + HOUR / 2, GOOD).told, "of the backup nobody was told yet"


def test_every_kind_of_finding_has_its_world() -> None:
    files, mails = {"database", "write", "damaged", "evidence"}, {"dead", "unreachable"}
    elsewhere = files | mails | {"tables", "check"}
    assert {world.kind for world in WORLDS} | elsewhere == KINDS.keys()


def test_a_broken_calendar_file_is_a_finding_and_stops_no_other_check(
    well: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever adds next year's file by hand in December may get it wrong."""
    (tmp_path / "2027.json").write_text('{"year": 2027, "days": []', encoding="utf-8")
    monkeypatch.setattr(calendar_overrides, "__defaults__", (tmp_path,))
    rounds(well, inbox=AT - 3 * HOUR)
    owe(well, 1, AT - 9 * DAY)
    faults = look(well.settings, AT, GOOD).faults
    assert [fault.kind for fault in faults] == ["check", "inbox", "waiting"]
    assert "2027.json:1: 日历文件格式不符" in faults[0].text


def test_what_a_clock_that_ran_ahead_has_noted_hides_nothing(well: Desk) -> None:
    """A backup of the year to come is no young one, and what was told then is told again."""
    rounds(well, **{BACKUP: AT + 300 * DAY})
    (fault,) = look(well.settings, AT, GOOD).faults
    assert (fault.kind, "晚于现在" in fault.text) == ("backup", True)
    ahead = AT + 300 * DAY
    memory = {fault.key: KnownFault(since=AT, told=ahead, text=fault.text)}
    assert changes(memory, [fault], AT) == ((fault,), ())

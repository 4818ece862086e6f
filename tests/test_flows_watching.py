"""The independent watch: what it finds, whom it tells, and how often."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from common.words import shanghai_day
from models.database import writing
from models.settings import Settings
from models.tables import EnforcedDay
from models.watches import BACKUP, inbox_round, put_round
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce, finish
from operations.upkeep.watching import (
    REMIND,
    KnownFault,
    Memory,
    WatchResult,
    changes,
    dated,
    known,
    look,
)
from states.watch import LONGEST, WatchFault
from tests.conftest import AT, INSTALLED
from tests.support.command import COMMAND, Xingfu
from tests.support.delivering import MAILS
from tests.support.mail_server import mail_server, parsed
from tests.support.stores import Stores, run
from tests.support.vendor_servers import platform, said

pytestmark = pytest.mark.heavy

HOUR = timedelta(hours=1)
DAY = date(2023, 2, 21)
PLAN = "shanxi-2023"
DONE = datetime(2023, 2, 21, 1, 0, tzinfo=UTC)
SECRET = "s3cr3tCanary"  # noqa: S105  # of nothing


def done(desk: Desk, at: datetime = DONE, day: date = DAY) -> None:
    """The daily job, with nothing that is still to be sent."""
    enforce(desk, day, at)
    finish(desk, day, at)
    with writing(desk.engine) as session:
        session.execute(text("UPDATE outbox SET status = 'cancelled'"))


def peek(desk: Desk, at: datetime) -> WatchResult:
    """A look while all but the daily job goes on: see test_flows_still_worlds.py for the rest."""
    with writing(desk.engine) as session:
        for name in (BACKUP, inbox_round(PLAN), f"trail {PLAN}", f"tables {PLAN}"):
            put_round(session, name, at)
    return look(desk.settings, at)


def mails(settings: Settings) -> list[str]:
    """What lies in the folder for admins, oldest first."""
    found = sorted(settings.outgoing.rglob("系统管理员-*.eml"), key=lambda p: p.stat().st_mtime_ns)
    bodies = [parsed(path.read_bytes()).get_body(("plain",)) for path in found]
    return [body.get_content() for body in bodies if isinstance(body, EmailMessage)]


# --- what it finds --------------------------------------------------------------------------------


def test_all_is_well_within_26_hours(desk: Desk) -> None:
    done(desk)
    seen = peek(desk, DONE + LONGEST)
    assert not seen.faults
    assert not seen.told
    assert not mails(desk.settings)


def test_a_trail_that_was_cut_is_told_until_it_is_whole(desk: Desk) -> None:
    done(desk)
    with desk.engine.begin() as connection:
        head = connection.execute(text("SELECT head FROM plan")).scalar_one()
        connection.execute(text("UPDATE plan SET head = 'x'"))
    seen = peek(desk, DONE)
    assert [fault.key for fault in seen.faults] == [f"trail {desk.plan.id}"]
    [mail] = mails(desk.settings)
    assert "办理记录核验不符" in mail
    assert "xingfu audit verify" in mail
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE plan SET head = :head"), {"head": head})
    assert not peek(desk, DONE).faults
    assert "办理记录核验相符" in mails(desk.settings)[-1]
    assert "校验码" in mails(desk.settings)[-1]


def test_a_missed_day_is_told_with_its_last_end(desk: Desk) -> None:
    done(desk)
    seen = peek(desk, DONE + LONGEST + timedelta(minutes=1))
    assert [fault.key for fault in seen.faults] == ["late shanxi-2023"]
    [mail] = mails(desk.settings)
    assert "每日核对（enforce_deadlines）已有26小时没有完成" in mail
    assert "上次完成于2023-02-21 09:00（北京时间）" in mail


def test_a_day_that_is_decided_and_not_finished_does_not_count(desk: Desk) -> None:
    done(desk)
    enforce(desk, DAY + timedelta(days=1), DONE + 24 * HOUR)
    assert peek(desk, DONE + 27 * HOUR).faults


def test_a_plan_that_never_finished_a_day_counts_from_its_installation(desk: Desk) -> None:
    assert not peek(desk, AT + LONGEST).faults
    [fault] = peek(desk, AT + LONGEST + HOUR).faults
    assert "装入后从未完成" in fault.text


def test_every_installed_plan_is_watched(desk: Desk) -> None:
    done(desk)
    with desk.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO plan (id, digest, installed_at, head) VALUES ('other', '', :at, '')"),
            {"at": "2023-02-19 00:00:00+00:00"},
        )
    found = peek(desk, DONE + HOUR).faults
    assert [fault.key for fault in found] == [
        "late other",
        "inbox other",
        "key other",
        "check “数据与办理记录不符”（方案other）",
    ], "nobody sealed its row, and it has no file here"


def test_dead_letters_are_told_with_their_number(desk: Desk) -> None:
    done(desk)
    with desk.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO delivery (outbox_id, person, plan, because, status, attempts,"
                " ambiguous) SELECT id, recipient, plan, 'post', 'dead', 8, false FROM outbox"
            )
        )
        [owed] = connection.execute(text("SELECT count(*) FROM outbox")).scalars()
    assert owed
    [fault] = peek(desk, DONE + HOUR).faults
    assert f"有{owed}条消息未能送达" in fault.text


# --- whom it tells, and how often -----------------------------------------------------------------


def test_trouble_is_told_once_a_day_and_when_it_is_over(desk: Desk) -> None:
    done(desk)
    begin = DONE + 27 * HOUR
    told = [peek(desk, begin + n * 6 * HOUR).told for n in range(10)]
    assert [n for n, yes in enumerate(told) if yes] == [0, 4, 8]
    done(desk, begin + 60 * HOUR, date(2023, 2, 24))
    assert peek(desk, begin + 61 * HOUR).told
    assert "恢复正常：方案shanxi-2023的每日核对已完成。" in mails(desk.settings)[-1]
    assert not peek(desk, begin + 62 * HOUR).told


@MAILS
def test_what_no_channel_accepts_is_told_again_by_the_next_look(desk: Desk) -> None:
    with platform() as robot, mail_server() as inbox:
        dead = f"mailto://127.0.0.1:1?from=a@b.cn&to=c@{SECRET}.cn&mode=insecure"
        chat = f"wecombot://{SECRET}?api={robot.base}"
        late = desk.settings.model_copy(update={"admin_channels": SecretStr(f"{dead}\n{chat}")})
        robot.next = [said(errcode=93000, errmsg="invalid webhook url")] * 5
        first = look(late, AT + 27 * HOUR)
        assert not first.told
        assert len(first.untold) == 2
        assert SECRET not in " ".join(first.untold)
        good = f"mailto://127.0.0.1:{inbox.port}?from=a@b.cn&to=c@d.cn&mode=insecure"
        mended = desk.settings.model_copy(update={"admin_channels": SecretStr(f"{dead} {good}")})
        second = look(mended, AT + 27 * HOUR)
        assert second.told
        assert len(second.untold) == 1
        assert inbox.read()["Subject"] == "【幸福养老工程】系统告警：值守发现异常"
        assert not look(mended, AT + 28 * HOUR).told


def test_a_damaged_memory_tells_once_too_often_and_never_too_rarely(tmp_path: Path) -> None:
    """Where there is no database, what is told lies in a file."""
    damaged = (
        "{",
        "[]",
        '{"database": 1}',
        '{"database": "gestern"}',
        '{"faults": [], "whole": 1}',
    )
    settings = Settings(home=tmp_path)
    for content in damaged:
        (tmp_path / "watch.json").write_text(content)
        assert look(settings, AT).told
    assert not look(settings, AT + HOUR).told
    assert json.loads((tmp_path / "watch.json").read_text())["faults"].keys() == {"database"}


KEYS = st.sampled_from(["late a", "dead a", "late b"])
LOOKS = st.lists(
    st.tuples(st.sets(KEYS), st.sets(KEYS), st.booleans(), st.integers(1, 30)), max_size=30
)


def fault_of(key: str) -> WatchFault:
    kind, _, of = key.partition(" ")
    return WatchFault(kind, key, of)


@given(LOOKS)
def test_each_trouble_is_told_when_it_begins_daily_and_when_it_ends(
    looks: list[tuple[set[str], set[str], bool, int]],
) -> None:
    """Against a model that keeps for each trouble when it was seen first and told last.

    At each look some of the kinds are hidden, and no channel may be willing.
    """
    memory: Memory = {}
    told: dict[str, datetime] = {}
    first: dict[str, datetime] = {}
    at = AT
    for there, unseen, willing, hours in looks:
        at += timedelta(hours=hours)
        keys = there - unseen
        first = {key: first.get(key, at) for key in keys | (first.keys() & (unseen | told.keys()))}
        faults = dated(map(fault_of, sorted(keys)), memory, at)
        assert {fault.key: fault.since for fault in faults} == {key: first[key] for key in keys}
        news, over = changes(memory, faults, at, frozenset(unseen))
        assert {fault.key for fault in news} == {
            key for key in keys if key not in told or at - told[key] >= REMIND
        }
        assert set(over) == told.keys() - keys - unseen
        heard = (news, over) if willing else ((), ())
        memory = known(memory, faults, *heard, at, frozenset(unseen))
        if willing:
            told = {key: t for key, t in told.items() if key not in over}
            told |= {fault.key: at for fault in news}
        assert {key: item.told for key, item in memory.items() if item.told} == told
        first = {key: since for key, since in first.items() if key in memory}


def test_nothing_is_said_to_be_over_while_nothing_can_be_seen() -> None:
    before: Memory = {"late a": KnownFault(AT, AT, "")}
    gone = dated([WatchFault("database", "")], before, AT)
    unseen = frozenset({"late"})
    news, over = changes(before, gone, AT, unseen)
    assert [fault.key for fault in news] == ["database"]
    assert not over
    memory = known(before, gone, news, over, AT, unseen)
    late = dated([fault_of("late a")], memory, AT)
    assert changes(memory, late, AT + HOUR) == ((), ("database",))


# --- by command ----------------------------------------------------------------------------------


def watch(settings: Settings, *more: str) -> tuple[int, str]:
    """The command as cron or systemd gives it; its exit code and what it wrote."""
    url = settings.database_url
    given = {"XINGFU_DATABASE_URL": url.get_secret_value()} if url else {}
    done = Xingfu(settings.home, **given)("watch", *(more or ["--no-server"]))
    return done.returncode, done.stdout + done.stderr


def trouble(settings: Settings) -> list[str]:
    """What the command finds wrong, but for what the year of the test may lack."""
    code, said = watch(settings)
    found = [line for line in said.splitlines() if line.startswith("异常：")]
    assert (code, "一切正常" in said) == ((3, False) if found else (0, True))
    return [line for line in found if "放假安排" not in line]


@pytest.fixture
def lost(postgres: str, tmp_path: Path, stores: Stores) -> Iterator[tuple[Settings, str]]:
    """Settings on a PostgreSQL database of which a finished day of today tells; its name."""
    with stores.desk(postgres, INSTALLED, tmp_path / "home") as desk:
        now = datetime.now(UTC)  # noqa: TID251  # what the command will see
        row = EnforcedDay(plan=PLAN, day=shanghai_day(now), decided_at=now, finished_at=now)
        with writing(desk.engine) as session:
            session.add(row)
            for name in (BACKUP, inbox_round(PLAN)):
                put_round(session, name, now)
        database = desk.engine.url.database
        assert database
        desk.engine.dispose()
        yield desk.settings, database


@pytest.mark.heavy
@pytest.mark.postgresql
def test_a_database_that_goes_and_comes_back(lost: tuple[Settings, str], postgres: str) -> None:
    """And a round that is missed meanwhile, and made up for."""
    settings, name = lost
    assert trouble(settings) == []
    before = len(mails(settings))
    run(postgres, f"ALTER DATABASE {name} RENAME TO {name}_away")
    [gone] = trouble(settings)
    assert "数据库无法使用" in gone
    assert len(trouble(settings)) == 1
    assert len(mails(settings)) == before + 1
    run(postgres, f"ALTER DATABASE {name}_away RENAME TO {name}")
    assert trouble(settings) == []
    assert "恢复正常：数据库已可使用。" in mails(settings)[-1]
    _set_back(settings, "2023-02-22T00:00:00+00:00")
    [late] = trouble(settings)
    assert "小时没有读取" in late
    assert "自2023-02-22 08:00（北京时间）起。请检查" in late
    _set_back(settings, datetime.now(UTC).isoformat())  # noqa: TID251
    assert trouble(settings) == []
    assert "恢复正常：方案shanxi-2023的收件已恢复。" in mails(settings)[-1]
    assert len(mails(settings)) == before + 4


@pytest.mark.heavy
def test_the_command_asks_the_server_unless_it_is_told_not_to(sqlite_desk: Desk) -> None:
    code, said = watch(sqlite_desk.settings, "--server")
    assert (code, "Prefect 服务无法访问（无法连接）" in said) == (3, True)
    assert watch(sqlite_desk.settings, "--health")[0] == 2


@pytest.mark.heavy
def test_a_database_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = SecretStr(f"postgresql://x:{SECRET}@127.0.0.1:{port}/x")
        code, said = watch(Settings(home=tmp_path, database_url=url))
    assert code == 3
    assert "数据库无法使用" in said
    assert SECRET not in said + mails(Settings(home=tmp_path))[0]


@pytest.mark.heavy
def test_trouble_does_not_end_a_watch_that_goes_on(tmp_path: Path) -> None:
    with subprocess.Popen(
        [COMMAND, "watch", "--every", "15", "--no-server"],
        env={"XINGFU_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as going:
        assert going.stdout
        assert going.stdout.readline() == "已通知系统管理员。\n"
        with pytest.raises(subprocess.TimeoutExpired):
            going.wait(0.5)
        going.terminate()
    assert "数据库文件不存在" in mails(Settings(home=tmp_path))[0]
    assert not (tmp_path / "xingfu.db").exists()


@pytest.mark.heavy
def test_the_watch_does_not_load_prefect(sqlite_desk: Desk) -> None:
    """Though it asks the server: whatever is wrong with Prefect, the watch goes on."""
    code = (
        "import sys; from datetime import datetime, UTC; from models.settings import load_settings;"
        "from deployments.server.asking import server_status as asked;"
        "from operations.upkeep.watching import look; at = datetime(2023, 3, 1, tzinfo=UTC);"
        "seen = look(load_settings(), at, asked(load_settings(), at, tries=1));"
        "assert 'server' in {fault.kind for fault in seen.faults};"
        "sys.exit('prefect' in sys.modules)"
    )
    env = {"XINGFU_HOME": str(sqlite_desk.settings.home)}
    assert subprocess.run([sys.executable, "-c", code], env=env, timeout=60).returncode == 0


def _set_back(settings: Settings, at: str) -> None:
    engine = create_engine(settings.sqlalchemy_url)
    with engine.begin() as connection:
        change = text("UPDATE work_round SET at = :at WHERE name = :name")
        connection.execute(change, {"at": at, "name": inbox_round(PLAN)})
    engine.dispose()

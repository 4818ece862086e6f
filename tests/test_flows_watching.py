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

from models.settings import Settings
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce, finish
from operations.upkeep.watching import LONGEST, REMIND, Memory, WatchFault, changes, known, look
from tests.conftest import AT, INSTALLED
from tests.support.delivering import MAILS
from tests.support.mail_server import mail_server, parsed
from tests.support.stores import Stores, run
from tests.support.vendor_servers import platform, said

XINGFU = str(Path(sys.executable).with_name("xingfu"))
HOUR = timedelta(hours=1)
DAY = date(2023, 2, 21)
DONE = datetime(2023, 2, 21, 1, 0, tzinfo=UTC)
SECRET = "s3cr3tCanary"  # noqa: S105  # of nothing


def done(desk: Desk, at: datetime = DONE) -> None:
    enforce(desk, DAY, at)
    finish(desk, DAY, at)


def mails(settings: Settings) -> list[str]:
    """What lies in the folder for admins, oldest first."""
    found = sorted(settings.outgoing.rglob("系统管理员-*.eml"), key=lambda p: p.stat().st_mtime_ns)
    bodies = [parsed(path.read_bytes()).get_body(("plain",)) for path in found]
    return [body.get_content() for body in bodies if isinstance(body, EmailMessage)]


# --- what it finds --------------------------------------------------------------------------------


def test_all_is_well_within_26_hours(desk: Desk) -> None:
    done(desk)
    seen = look(desk.settings, DONE + LONGEST)
    assert not seen.faults
    assert not seen.told
    assert not mails(desk.settings)


def test_a_missed_day_is_told_with_its_last_end(desk: Desk) -> None:
    done(desk)
    seen = look(desk.settings, DONE + LONGEST + timedelta(minutes=1))
    assert [fault.key for fault in seen.faults] == ["late shanxi-2023"]
    [mail] = mails(desk.settings)
    assert "每日核对（enforce_deadlines）已有26小时没有完成" in mail
    assert "上次完成于2023-02-21 09:00（北京时间）" in mail


def test_a_day_that_is_decided_and_not_finished_does_not_count(desk: Desk) -> None:
    done(desk)
    enforce(desk, DAY + timedelta(days=1), DONE + 24 * HOUR)
    assert look(desk.settings, DONE + 27 * HOUR).faults


def test_a_plan_that_never_finished_a_day_counts_from_its_installation(desk: Desk) -> None:
    assert not look(desk.settings, AT + LONGEST).faults
    [fault] = look(desk.settings, AT + LONGEST + HOUR).faults
    assert "装入后从未完成" in fault.text


def test_every_installed_plan_is_watched(desk: Desk) -> None:
    done(desk)
    with desk.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO plan (id, digest, installed_at, head) VALUES ('other', '', :at, '')"),
            {"at": "2023-02-19 00:00:00+00:00"},
        )
    [fault] = look(desk.settings, DONE + HOUR).faults
    assert fault.key == "late other"


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
    [fault] = look(desk.settings, DONE + HOUR).faults
    assert f"有{owed}条消息多次未能送达" in fault.text


# --- whom it tells, and how often -----------------------------------------------------------------


def test_trouble_is_told_once_a_day_and_when_it_is_over(desk: Desk) -> None:
    done(desk)
    begin = DONE + 27 * HOUR
    told = [look(desk.settings, begin + n * HOUR / 2).told for n in range(100)]
    assert [n for n, yes in enumerate(told) if yes] == [0, 48, 96]
    done(desk, begin + 60 * HOUR)
    assert look(desk.settings, begin + 61 * HOUR).told
    assert "恢复正常：方案shanxi-2023的每日核对已完成。" in mails(desk.settings)[-1]
    assert not look(desk.settings, begin + 62 * HOUR).told


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


def test_a_damaged_memory_tells_once_too_often_and_never_too_rarely(desk: Desk) -> None:
    for content in ("{", "[]", '{"late shanxi-2023": 1}', '{"late shanxi-2023": "gestern"}'):
        (desk.settings.home / "watch.json").write_text(content)
        assert look(desk.settings, AT + 27 * HOUR).told
    assert json.loads((desk.settings.home / "watch.json").read_text())


KEYS = st.sampled_from(["late a", "dead a", "late b"])
LOOKS = st.lists(st.tuples(st.sets(KEYS), st.integers(1, 30)), max_size=30)


@given(LOOKS)
def test_each_trouble_is_told_when_it_begins_daily_and_when_it_ends(
    looks: list[tuple[set[str], int]],
) -> None:
    """Against a model that keeps for each trouble when it was told last."""
    memory: Memory = {}
    told: dict[str, datetime] = {}
    at = AT
    for keys, hours in looks:
        at += timedelta(hours=hours)
        faults = [WatchFault(key, key) for key in sorted(keys)]
        news, over = changes(memory, faults, at)
        memory = known(memory, faults, news, at)
        expected = {key for key in keys if key not in told or at - told[key] >= REMIND}
        assert {fault.key for fault in news} == expected
        assert set(over) == told.keys() - keys
        told = {key: at if key in expected else told[key] for key in keys}
        assert memory == told


def test_nothing_is_said_to_be_over_while_nothing_can_be_seen() -> None:
    gone = [WatchFault("database", "")]
    news, over = changes({"late a": AT}, gone, AT)
    assert [fault.key for fault in news] == ["database"]
    assert not over
    memory = known({"late a": AT}, gone, news, AT)
    assert changes(memory, [WatchFault("late a", "")], AT + HOUR) == ((), ("database",))


# --- as a process ---------------------------------------------------------------------------------


def watch(settings: Settings) -> tuple[int, str]:
    """The command as cron or systemd starts it; its exit code and what it wrote."""
    given = {"XINGFU_HOME": str(settings.home)}
    if settings.database_url:
        given["XINGFU_DATABASE_URL"] = settings.database_url.get_secret_value()
    done = subprocess.run(
        [XINGFU, "watch"],
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def lost(postgres: str, tmp_path: Path, stores: Stores) -> Iterator[tuple[Settings, str]]:
    """Settings on a PostgreSQL database of which a finished day of today tells; its name."""
    with stores.desk(postgres, INSTALLED, tmp_path / "home") as desk:
        now = datetime.now(UTC)  # noqa: TID251  # what the command will see
        done(desk, now)
        name = desk.engine.url.database
        assert name
        desk.engine.dispose()
        yield desk.settings, name


@pytest.mark.heavy
@pytest.mark.postgresql
def test_a_database_that_goes_and_comes_back(lost: tuple[Settings, str], postgres: str) -> None:
    """And a day that is missed meanwhile, and made up for."""
    settings, name = lost
    assert watch(settings) == (0, "一切正常。\n")
    run(postgres, f"ALTER DATABASE {name} RENAME TO {name}_away")
    code, said = watch(settings)
    assert code == 3
    assert "数据库无法使用" in said
    assert watch(settings)[0] == 3
    assert len(mails(settings)) == 1
    run(postgres, f"ALTER DATABASE {name}_away RENAME TO {name}")
    assert watch(settings)[0] == 0
    assert "恢复正常：数据库已可使用。" in mails(settings)[-1]
    _set_back(settings, "finished_at = '2023-02-22T00:00:00+00:00'")
    assert watch(settings)[0] == 3
    assert "小时没有完成" in mails(settings)[-1]
    _set_back(settings, f"finished_at = '{datetime.now(UTC).isoformat()}'")  # noqa: TID251
    assert watch(settings)[0] == 0
    assert "恢复正常：方案shanxi-2023的每日核对已完成。" in mails(settings)[-1]
    assert len(mails(settings)) == 4


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
        [XINGFU, "watch", "--every", "15"],
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
    code = (
        "import sys; from datetime import datetime, UTC; from models.settings import load_settings;"
        "from operations.upkeep.watching import look;"
        "look(load_settings(), datetime(2023, 3, 1, tzinfo=UTC));"
        "sys.exit('prefect' in sys.modules)"
    )
    env = {"XINGFU_HOME": str(sqlite_desk.settings.home)}
    assert subprocess.run([sys.executable, "-c", code], env=env, timeout=60).returncode == 0


def _set_back(settings: Settings, change: str) -> None:
    engine = create_engine(settings.sqlalchemy_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE enforced SET {change}"))  # noqa: S608
    engine.dispose()

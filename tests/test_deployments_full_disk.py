"""A full disk during every command that writes: refused in a sentence, whole, and done later."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, redirect_stderr
from datetime import date
from io import StringIO
from threading import Event, Thread
from time import sleep

import pytest
from sqlalchemy import text

from common.files import SCRATCH, SCRATCH_FOLDER
from deployments.cli import COMMANDS
from deployments.demo import EXAMPLE
from deployments.server.listening import listen
from models.secrets import new_key
from models.settings import Settings
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from tests.conftest import AT
from tests.support.command import Ended, Xingfu
from tests.support.exhibits import PDF
from tests.support.replying import reply
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act
from tests.support.stores import Snapshot, Stores
from tests.test_deployments_approvals import DECLINE, ISSUE
from tests.test_flows_review import codes, passed

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]
TODAY = {"XINGFU_BUSINESS_DATE": "2023-06-14"}
OFFICE, PERSON = "太原市民政局", "示例·孙某"
BY = ("--actor", f"{PROVINCE} 张某", "--evidence", "示例文件")
ON = ("--on", "2023-06-14")
OTHERS, OTHER = "大同市民政局", "示例·王某"
WHY, VOUCHER = ("--reason", "示例"), ("--voucher", "示例1号")
Words = tuple[object, ...]


def in_june(desk: Desk) -> None:
    """One project has been applied for, two have passed, and a day was decided."""
    first, *others = codes(desk)
    act(desk, "confirm_site", "2023-02-06", first)
    act(desk, "submit_application", "2023-02-09", first)
    passed(desk, dict.fromkeys(others[:2], 80))
    enforce(desk, date(2023, 6, 13), AT)


SCORES = [
    f"--score={name}={points}"
    for name, points in (
        ("site", 16),
        ("design", 16),
        ("functions", 16),
        ("operator", 12),
        ("need", 20),
    )
]
IN_JUNE = Snapshot("full_disk_in_june", in_june, TAIYUAN)
WRITING: dict[str, Words] = {
    "export": ("summary", "{disk}/a.xlsx", "--subject", "太原市"),
    "import": (EXAMPLE / "workbooks" / "02-大同市.xlsx",),
    "inbox": (),
    "opinion": (ONE, "--expert", "示例·专家甲", "--organisation", "示例单位", *SCORES, *ON, *BY),
    "advance": (ONE, "return_for_correction", *ON, *BY),
    "record": ("太原市", "D10-03", *ON, "--actor", OFFICE, "--evidence", "示例"),
    "acknowledge": ("太原市", "D01", "--expected", "2023-07-20", *ON, "--actor", OFFICE, *WHY),
    "book": (ONE, "receipt", *ON, "--source=city", "--holder=city", "--amount=1", *VOUCHER, *BY),
    "determine": DECLINE[1:],
    "extend": ("太原市", "D10-06", "--until", "2023-07-20", *ON, *BY),
    "amend": (ONE, "site_confirmed", "--on", "2023-02-07", *BY),
    "reverse": ("{last}", *ON, *BY),
    "letter": (*ISSUE[1:], "--number", "晋民函〔2023〕45号"),
    "report monthly": (),
    "report bulletin": ("--month", "2023-03"),
    "report evaluation": ("--month", "2023-03"),
    "report curves": ("--month", "2023-03"),
    "report risks": (),
    "contacts set": (OFFICE, PERSON, "--role", "科长"),
    "contacts substitute": (OFFICE, PERSON, "--by", f"{OTHERS} {OTHER}"),
    "contacts test": ("--office", OFFICE),
    "contacts remove": (OFFICE, PERSON),
    "enforce": ("--as-of", "2023-06-14"),
    "rewind": ("--to", "2023-06-13", *BY, "--confirm"),
    "deliver": (),
    "retry": (),
    "evidence add": (ONE, "{files}/批复.pdf", *ON, *BY),
    "evidence open": ("{file}", "{disk}/副本.pdf"),
    "receive": ("{files}/来信.eml",),
    "reply open": ("{mail}", "{disk}/原件.eml"),
    "reply verify": ("{mail}", "set_aside", *BY[:2], "--why", "示例：已另行登记"),
    "watch": ("--no-server",),
    "simulate": ("--from", "2023-06-15", "--to", "2023-06-15"),
    "backup": ("{disk}/b.zip",),
    "restore": ("{disk}/b.zip", "--replace"),
    "key rotate": BY,
    "audit verify": ("--repair", *BY),
    "audit rekey": BY,
}
"""In this order, each on what those before have left."""

LOOKED_UP = {
    "{last}": "SELECT max(id) FROM audit WHERE kind = 'amendment'",
    "{file}": "SELECT sha256 FROM evidence",
    "{mail}": "SELECT digest FROM mail",
}
"""What is known only once those before have been carried out."""
ROOMS = (0, 12_000, 60_000)
"""Bytes that are left: for nothing, for a write that is cut off in its midst."""
STEP_BY_STEP = {"inbox", "deliver"}
"""What they have done of their work stays: each is a file, or a claim that lapses."""
NOTHING_TO_WRITE = {"retry", "simulate", "audit verify"}
ALIKE = {
    f"report {name}" for name in ("feedback", "inspection", "inspected", "acceptance", "results")
}
"""Made and kept as the other reports are."""
BESIDE = {"plan new", "plan preview"}
"""They write nothing into the state folder; what is half written of a new plan is taken away."""
BEGINNING = {"init", "serve", "register", "work", "demo", "listen", "desk"}
"""See below; to register writes nothing of ours, and the desk's pages do what commands do."""
READING = {
    *(
        "board",
        "deadlines",
        "project list",
        "project show",
        "funds",
        "figures",
        "explain",
        "outbox",
    ),
    *("contacts list", "contacts check", "key check", "check"),
    *("burden", "reply list", "evidence list"),
    *(f"plan {each}" for each in ("validate", "show", "diagram", "clauses", "history", "diff")),
    *("plan test", "plan schema"),
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("full") / "disk") as made:
        yield made


@pytest.fixture(scope="module")
def xingfu(disk: SmallDisk, stores: Stores) -> Iterator[Xingfu]:
    with stores.desk(None, IN_JUNE, disk.path / "home") as desk:
        desk.engine.dispose()
        xingfu = Xingfu(desk.settings.home, XINGFU_INBOX_SETTLE_SECONDS="1", **TODAY)
        xingfu.ok("contacts", "set", OTHERS, OTHER)
        waits = xingfu.home / "inbox" / "太原市"
        waits.mkdir(parents=True)
        shutil.copyfile(EXAMPLE / "workbooks" / "01-太原市.xlsx", waits / "太原.xlsx")
        (files := disk.path / "files").mkdir()
        (files / "批复.pdf").write_bytes(PDF)
        (files / "来信.eml").write_bytes(reply("0" * 8, "工程已完工，请核实。"))
        yield xingfu


@pytest.mark.parametrize("name", WRITING)
def test_it_is_refused_in_a_sentence_and_done_when_there_is_room(
    xingfu: Xingfu, disk: SmallDisk, name: str
) -> None:
    if name == "audit rekey":
        (xingfu.home / "secret.key").write_bytes(new_key())
    words = [*name.split(), *(_filled(word, xingfu, disk) for word in WRITING[name])]
    for room in ROOMS:
        before = contents(xingfu)
        with disk.full(room):
            done = xingfu(*words)
        if done.returncode == 0:
            assert room or name in NOTHING_TO_WRITE, done.stdout
            return
        is_told(done, disk)
        if "数据库无法写入" in done.stderr and name not in STEP_BY_STEP:
            assert contents(xingfu) == before
        assert left_half_written(disk) == []
    done = xingfu(*words)
    assert done.returncode == 0 or name == "watch", done.stderr


def test_no_command_that_writes_is_left_out() -> None:
    commands = {path for them in COMMANDS.values() for path, where, _ in them if where}
    assert set(WRITING) | ALIKE | BESIDE | BEGINNING | READING == commands


def test_who_begins_on_a_full_disk_is_told_and_begins_when_there_is_room(disk: SmallDisk) -> None:
    """No key is made that is not whole, and no server is started."""
    fresh = Xingfu(disk.path / "fresh", **TODAY)
    for room in (0, 12_000, 60_000, 300_000):
        with disk.full(room):
            is_told(fresh("init"), disk)
            is_told(fresh("demo", "--no-serve"), disk)
        assert left_half_written(disk) == []
    fresh.ok("init")
    if disk.real:
        with disk.full():
            is_told(fresh("serve"), disk)


def test_whoever_listens_says_so_once_and_goes_on_when_there_is_room(disk: SmallDisk) -> None:
    fresh = Xingfu(disk.path / "listens", **TODAY)
    fresh.ok("init")
    contents(fresh)
    settings, stop = Settings(home=fresh.home), Event()
    listener = Thread(target=listen, args=(settings, stop, 0.05))
    # Not pytest's own: what is written while that is read is lost.
    with redirect_stderr(StringIO()) as said:
        with disk.full():
            listener.start()
            while not said.getvalue():
                sleep(0.05)
            sleep(1)
        while not rounds(fresh):
            sleep(0.1)
        stop.set()
        listener.join()
    told = said.getvalue()
    assert told.count("值听：") == told.count("\n") == 1, told
    assert "磁盘已满" in told or not disk.real


def rounds(xingfu: Xingfu) -> list[tuple[str]]:
    with closing(sqlite3.connect(xingfu.home / "xingfu.db", timeout=30)) as raw:
        return raw.execute("SELECT name FROM work_round WHERE name = 'listening'").fetchall()


WITHOUT_THE_FOLDER = ("opinion", "record", "acknowledge", "amend", "contacts set", "enforce")
"""Commands that write to the database alone, which is elsewhere."""
INTO_THE_FOLDER = ("evidence add", "backup", "key rotate")


@pytest.mark.postgresql
def test_with_postgresql_only_what_needs_the_state_folder_waits(
    disk: SmallDisk, stores: Stores, postgres: str
) -> None:
    (disk.path / "elsewhere.pdf").write_bytes(PDF)
    with stores.desk(postgres, IN_JUNE, disk.path / "pg") as desk:
        desk.engine.dispose()
        url = desk.settings.database_url.get_secret_value() if desk.settings.database_url else ""
        xingfu = Xingfu(desk.settings.home, XINGFU_DATABASE_URL=url, **TODAY)
        with disk.full():
            for name in WITHOUT_THE_FOLDER:
                xingfu.ok(*_words(name, xingfu, disk))
            before = _trail(desk)
            for name in INTO_THE_FOLDER:
                is_told(xingfu(*_words(name, xingfu, disk)), disk)
            assert _trail(desk) == before
            waits = xingfu("deliver")
        assert (waits.returncode, _sent(xingfu)) == (3, 0), waits.stderr
        for name in (*INTO_THE_FOLDER, "deliver"):
            xingfu.ok(*_words(name, xingfu, disk))
        assert _sent(xingfu)
        assert left_half_written(disk) == []


def _words(name: str, xingfu: Xingfu, disk: SmallDisk) -> list[object]:
    given = {"evidence add": (ONE, "{disk}/elsewhere.pdf", *ON, *BY), "backup": ("{disk}/pg.zip",)}
    words = given.get(name, WRITING[name])
    return [*name.split(), *(_filled(word, xingfu, disk) for word in words)]


def _trail(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit")).scalar_one())


def _sent(xingfu: Xingfu) -> int:
    """Digests that lie in the folder."""
    return len(list((xingfu.home / "outgoing").rglob("*.eml")))


def is_told(done: Ended, disk: SmallDisk) -> None:
    """One sentence in Chinese, and what to do."""
    assert done.returncode == 3, done.stderr
    if disk.real:
        assert re.search("磁盘已满|空间不足|磁盘仅剩0MB", done.stderr), done.stderr
        assert "请清理" in done.stderr, done.stderr


def contents(xingfu: Xingfu) -> list[str]:
    """All that the database holds; its log begins anew, and has no room of its own."""
    with closing(sqlite3.connect(xingfu.home / "xingfu.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert raw.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        return list(raw.iterdump())


def left_half_written(disk: SmallDisk) -> list[str]:
    names = (SCRATCH.format("*"), f"{SCRATCH_FOLDER}*")
    return [str(path) for name in names for path in disk.path.rglob(name)]


def _filled(word: object, xingfu: Xingfu, disk: SmallDisk) -> object:
    """A word of a command, with what is known only now."""
    if word in LOOKED_UP:
        with closing(sqlite3.connect(xingfu.home / "xingfu.db")) as raw:
            return raw.execute(LOOKED_UP[str(word)]).fetchone()[0]
    return str(word).format(disk=disk.path, files=disk.path / "files")

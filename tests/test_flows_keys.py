"""The key is changed for a new one: everything goes on, and what came before still proves."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copyfile, copytree

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import Session

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from models.contacts import posts, replace_contacts
from models.secrets import first_key, key_mark, keys_at_hand
from models.settings import Settings
from operations.cases.casework import Act, record
from operations.cases.desk import Desk, open_desk
from operations.upkeep.backup import back_up, restore
from operations.upkeep.keys import (
    GRACE,
    KeyRotation,
    RotationResult,
    check_key,
    look_at_key,
    rotate,
    settle,
)
from operations.upkeep.rebuilding import compare
from operations.upkeep.setup import change_key, check_trail, prepare
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form
from states.contacts import Post
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.forking import ROOT, Forks
from tests.support.province import END
from tests.support.stores import Snapshot

BUREAU, KEEPER = "太原市民政局", "山西省民政厅 示例·系统管理员"
MAIL = "mailtos://u:s3cr3tCanary@mail.example/"
PEOPLE = {
    Post(BUREAU, "示例·张某", "科员", channels=(MAIL,)),
    Post("大同市民政局", "示例·李某", "科员", channels=("wecombot://k3y",)),
}
ASKED = KeyRotation(KEEPER, "晋民办〔2023〕7号：原保管人离岗")


def settle_in(desk: Desk) -> None:
    """People who can be reached, 太原市's projects, and a few rows in the trail."""
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)
    with desk.writing() as session:
        replace_contacts(session, desk.plan, sorted(PEOPLE, key=lambda post: post.name))
        for day in (1, 2):
            act = Act("太原市", "D10-03", date(2023, 3, day), BUREAU, "示例")
            record(session, desk, act, today=END, at=AT)


IN_USE = Snapshot("key_in_use", settle_in, INSTALLED)


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    return desk_in(IN_USE)


def change(desk: Desk, asked: KeyRotation = ASKED) -> RotationResult:
    return rotate(desk, asked, today=END, at=AT)


def reached(desk: Desk) -> set[Post]:
    with desk.reading() as session:
        return set(posts(session, desk.plan))


def code_of(desk: Desk) -> str:
    found = check_trail(desk)
    assert found.witness is not None, found.breaks
    return found.witness.code


def form(desk: Desk, folder: Path, name: str) -> Path:
    """汇总表 as it is sent out."""
    asked = WorkbookOrder(Form.SUMMARY, "太原市")
    return export_workbook(desk, asked, folder / f"{name}.xlsx", END)


def hand_in(desk: Desk, path: Path, on: date = END) -> bool:
    return import_workbook(desk, path, today=on, at=AT).signed


@pytest.mark.heavy
def test_everything_goes_on_and_what_came_before_still_proves(desk: Desk, tmp_path: Path) -> None:
    before, sent_out, rows = code_of(desk), form(desk, tmp_path, "one"), check_trail(desk).rows
    done = change(desk)
    assert done.former != done.mark == key_mark(first_key(desk.settings))
    assert (done.unopened, done.todo) == (0, "")
    check_key(desk)
    assert reached(desk) == PEOPLE
    found = check_trail(desk, before)
    assert (found.breaks, found.rows, found.unproved) == ((), rows + 1, 0)
    assert hand_in(desk, sent_out), "a form that was sent out the day before is taken"
    assert hand_in(desk, form(desk, tmp_path, "two"))
    second = code_of(desk)
    change(desk)
    for code in (before, second, code_of(desk)):
        assert check_trail(desk, code).breaks == ()
    assert hand_in(desk, sent_out)
    assert compare(desk).differences == ()
    checked = look_at_key(desk)
    assert [mark for mark, _ in checked.former] == [done.former, done.mark]


def test_of_the_former_key_nothing_is_left_in_clear(desk: Desk) -> None:
    old = first_key(desk.settings)
    change(desk)
    with desk.engine.connect() as connection:
        said = [
            str(row)
            for table in ("former_key", "contact", "audit", "plan")
            for row in connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    assert not [row for row in said if old.decode() in row]
    assert [Fernet(first_key(desk.settings)).decrypt(token.encode()) for token in _tokens(desk)]


def _tokens(desk: Desk) -> Iterator[str]:
    with desk.engine.connect() as connection:
        yield from connection.execute(
            text("SELECT channels FROM contact WHERE channels IS NOT NULL")
        ).scalars()


def test_a_form_of_the_former_key_is_taken_until_its_day(desk: Desk, tmp_path: Path) -> None:
    sent_out = form(desk, tmp_path, "one")
    done = change(desk)
    assert done.until == END + GRACE
    assert hand_in(desk, sent_out, done.until)
    with pytest.raises(RefusedError, match=r"更换密钥之前发出的表格.*停止接收.*最新表格"):
        hand_in(desk, sent_out, done.until + timedelta(days=1))
    assert hand_in(desk, form(desk, tmp_path, "two"), done.until + timedelta(days=1))


def test_a_stolen_keys_forms_can_be_refused_from_the_next_day_on(
    desk: Desk, tmp_path: Path
) -> None:
    sent_out = form(desk, tmp_path, "one")
    change(desk, replace(ASKED, until=END))
    assert hand_in(desk, sent_out)
    with pytest.raises(RefusedError, match="停止接收"):
        hand_in(desk, sent_out, END + timedelta(days=1))


def test_a_last_day_that_is_past_is_refused_and_the_key_stays(desk: Desk, tmp_path: Path) -> None:
    """It is a slip of the pen: every form that is out would be refused."""
    before, mark = check_trail(desk).rows, key_mark(first_key(desk.settings))
    with pytest.raises(RefusedError, match=f"早于今天（{END}），没有更换密钥；最早可写{END}"):
        change(desk, replace(ASKED, until=END - timedelta(days=1)))
    assert (check_trail(desk).rows, key_mark(first_key(desk.settings))) == (before, mark)
    assert not list(desk.settings.home.glob("secret.key.*")), "no key was made"


FORGED = {
    "a row of before": "UPDATE audit SET evidence = '改' WHERE id = (SELECT min(id) FROM audit)",
    "the box": "UPDATE former_key SET box = 'x'",
    "no box": "DELETE FROM former_key",
}


@pytest.mark.parametrize("forged", FORGED)
def test_what_is_changed_of_before_is_told(desk: Desk, forged: str) -> None:
    change(desk)
    with desk.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        connection.execute(text(FORGED[forged]))
    told = " ".join(item.says for item in check_trail(desk).breaks if "触发器" not in item.says)
    assert ("的存档打不开" if forged == "the box" else "内容与记录时不符") in told
    if forged == "the box":
        with pytest.raises(RefusedError, match="audit verify"):
            change(desk)


def test_who_may_not_and_who_says_nothing_changes_nothing(desk: Desk) -> None:
    files = {path.name for path in desk.settings.home.iterdir()}
    mark = key_mark(first_key(desk.settings))
    for asked, why in (
        (replace(ASKED, actor=" "), "--actor"),
        (replace(ASKED, evidence=""), "--evidence"),
        (replace(ASKED, actor=f"{BUREAU} 示例·张某"), "山西省民政厅"),
    ):
        with pytest.raises(RefusedError, match=why):
            change(desk, asked)
    assert key_mark(first_key(desk.settings)) == mark
    assert {path.name for path in desk.settings.home.iterdir()} - files <= {
        "xingfu.db-shm",
        "xingfu.db-wal",
    }


def test_without_the_key_it_cannot_be_changed_and_none_is_made(desk: Desk, tmp_path: Path) -> None:
    key = desk.settings.home / "secret.key"
    key.rename(tmp_path / "safe")
    for attempt in (change, check_key, look_at_key, reached, lambda d: form(d, tmp_path, "no")):
        with pytest.raises(RefusedError, match=f"缺少本系统的密钥.*放回.*{key}"):
            attempt(desk)
    assert not key.exists()
    key.write_bytes(b"")
    key.chmod(0o600)
    for attempt in (change, check_key, reached, lambda d: form(d, tmp_path, "no")):
        with pytest.raises(RefusedError, match=f"{key} 是空的"):
            attempt(desk)
    assert not (tmp_path / "no.xlsx").exists()


def test_another_key_is_refused_where_no_address_shows_it(desk_in: DeskIn) -> None:
    """Nothing is sealed with it but the trail: neither init nor a look takes it for the key."""
    desk = desk_in(INSTALLED)
    key = desk.settings.home / "secret.key"
    key.write_bytes(Fernet.generate_key())
    for attempt in (check_key, lambda it: prepare(it.settings, None)):
        with pytest.raises(RefusedError, match=f"不是本系统的密钥.*{key}"):
            attempt(desk)


def test_an_address_that_the_key_does_not_open_is_told(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE contact SET channels = 'x' WHERE name = '示例·张某'"))
        connection.execute(text("DELETE FROM contact WHERE name = '示例·李某'"))
    with pytest.raises(RefusedError, match="通知地址无法解密"):
        check_key(desk)
    assert change(desk).unopened == 1, "and it stops nothing else"


def test_a_key_in_a_variable_is_changed_by_a_second_one(desk: Desk) -> None:
    old, new = first_key(desk.settings), Fernet.generate_key()
    one, two = ({"secret_key": SecretStr(key.decode())} for key in (old, new))
    with pytest.raises(RefusedError, match="XINGFU_OTHER_SECRET_KEY"):
        change(with_settings(desk, **one))
    other = {"other_secret_key": SecretStr(new.decode())}
    both = with_settings(desk, **one, **other)
    assert reached(both) == PEOPLE
    done = change(both)
    assert (done.mark, "XINGFU_SECRET_KEY" in done.todo) == (key_mark(new), True)
    for settings in (both, with_settings(desk, **two)):
        check_key(settings)
        assert reached(settings) == PEOPLE
    with pytest.raises(RefusedError, match="不是本系统的密钥"):
        reached(with_settings(desk, **one))
    with pytest.raises(RefusedError, match="不能是用过的"):
        change(both)
    assert first_key(desk.settings) == old, "no file was touched"


def with_settings(desk: Desk, **more: object) -> Desk:
    settings = desk.settings.model_copy(update=more)
    return Desk(settings, desk.plan, desk.calendar, desk.engine)


@pytest.mark.heavy
def test_a_backup_of_before_takes_up_its_key_where_that_is_at_hand(
    desk: Desk, tmp_path: Path
) -> None:
    saved = back_up(desk.settings, tmp_path / "a.zip", AT)
    done = change(desk)
    bare = Settings(home=tmp_path / "new")
    bare.home.mkdir()
    copyfile(desk.settings.home / "secret.key", bare.home / "secret.key")
    (bare.home / "secret.key").chmod(0o600)
    with pytest.raises(RefusedError, match=f"指纹为 {done.former}.*secret.key.{done.former}"):
        restore(bare, saved.path, AT)
    restored = restore(desk.settings, saved.path, AT, replace=True)
    assert (restored.key, restored.sealed, restored.signed) == (done.former, 0, True)
    assert key_mark(first_key(desk.settings)) == done.former
    check_key(desk)
    assert reached(desk) == PEOPLE
    assert restored.former is not None
    again = restore(desk.settings, restored.former, AT + timedelta(hours=1), replace=True)
    assert (again.key, check_trail(desk).breaks) == (done.mark, ())


def test_after_a_lost_key_past_keys_are_no_more(desk: Desk, tmp_path: Path) -> None:
    change(desk)
    for path in desk.settings.home.glob("secret.key*"):
        path.unlink()
    change_key(desk, KEEPER, "服务器损坏", today=END, at=AT)
    found = check_trail(desk)
    assert (found.breaks, found.unproved) == ((), found.rows - 1)
    with Session(desk.engine) as session:
        assert session.connection().execute(text("SELECT * FROM former_key")).all() == []
    assert (desk.settings.home / "secret.key").stat().st_mode & 0o777 == 0o600


KILLED = """
import os, signal, sys
from datetime import date, datetime, timezone
from pathlib import Path
from shutil import copytree, rmtree
from models.settings import Settings
from operations.cases.desk import open_desk
from operations.upkeep import keys
from tests.support.province import END
from tests.conftest import AT

template, home, first, step = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5])
STEPS = ("/upkeep/keys.py", "/models/keys.py", "/common/files.py")
asked = keys.KeyRotation({actor!r}, "示例")

def dying(at):
    left = at
    def look(frame, event, argument):
        nonlocal left
        if not frame.f_code.co_filename.endswith(STEPS):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return look
    return look

for number in range(first, 5000, step):
    rmtree(home, ignore_errors=True)
    copytree(template, home)
    child = os.fork()
    if not child:
        desk = open_desk(Settings(home=home))
        sys.settrace(dying(number))
        keys.rotate(desk, asked, today=END, at=AT)
        sys.settrace(None)
        os._exit(0)
    died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(number, died, flush=True)
    exec(open(sys.argv[5]).read())
    if not died:
        break
"""
LOOK = """
from sqlalchemy import text
from models.contacts import posts
from models.secrets import first_key, key_mark, keys_at_hand
from operations.upkeep.setup import check_trail
from operations.workbooks.intake import import_workbook

after = open_desk(Settings(home=home))
keys.check_key(after)
with after.reading() as session:
    assert {post.channels for post in posts(session, after.plan)} == CHANNELS
found = check_trail(after, CODE)
assert found.breaks == (), found.breaks
assert found.rows in (ROWS, ROWS + 1)
assert import_workbook(after, FORM, today=END, at=AT).signed
mark = keys.look_at_key(after).mark
assert key_mark(first_key(after.settings)) == mark, "its file is put right"
assert (found.rows == ROWS) == (mark == MARK)
keys.rotate(after, asked, today=END, at=AT)
keys.check_key(after)
assert check_trail(after, CODE).breaks == ()
after.engine.dispose()
"""


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_whoever_is_killed_at_any_step_leaves_one_key_that_works(
    tmp_path: Path, forked: Forks, sqlite_desk: Desk, storm: bool
) -> None:
    settle_in(sqlite_desk)
    template = tmp_path / "template"
    sent_out = form(sqlite_desk, tmp_path, "one")
    known = {
        "CHANNELS": {post.channels for post in PEOPLE},
        "CODE": code_of(sqlite_desk),
        "ROWS": check_trail(sqlite_desk).rows,
        "MARK": key_mark(first_key(sqlite_desk.settings)),
    }
    sqlite_desk.engine.dispose()
    copytree(sqlite_desk.settings.home, template)
    look = tmp_path / "look.py"
    said = "\n".join(f"{name} = {value!r}" for name, value in known.items())
    look.write_text(f"{said}\nFORM = Path({str(sent_out)!r})\n{LOOK}", encoding="utf-8")
    done = forked.run(
        KILLED.format(actor=KEEPER),
        *map(str, (template, tmp_path / "home", 1, 1 if storm else 25, look)),
        environment={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    deaths = [line.split()[1] for line in done.stdout.splitlines()]
    assert deaths.count("-9") > 5
    assert deaths[-1] == "0"


def test_a_key_that_lies_beside_its_place_is_put_there_and_never_lost(desk: Desk) -> None:
    done, home = change(desk), desk.settings.home
    (home / "secret.key").rename(home / f"secret.key.{done.mark}")
    assert reached(desk) == PEOPLE
    assert look_at_key(desk).mark == done.mark
    names = {path.name for path in home.glob("secret.key*")}
    assert names == {"secret.key", f"secret.key.{done.former}"}
    assert look_at_key(desk).mark == done.mark
    (home / "secret.key").write_bytes(b"")
    with pytest.raises(RefusedError, match="是空的"):
        look_at_key(desk)
    (home / "secret.key").unlink()
    with pytest.raises(RefusedError, match=f"不是本系统的密钥（指纹 {done.mark}）"):
        look_at_key(desk)
    assert (home / f"secret.key.{done.former}").exists()


def test_two_who_change_it_at_once_lose_no_key(desk: Desk) -> None:
    """The plans' lock lets one go first, and each key has its own file."""
    desks = [open_desk(desk.settings, desk.plan.id) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(change, desks))
    marks = {key_mark(key) for key in keys_at_hand(desk.settings).keys}
    assert marks == {mark for each in done for mark in (each.former, each.mark)}
    assert len(marks) == 3
    settle(desk.settings, desk.engine)
    assert look_at_key(desk).mark == key_mark(first_key(desk.settings))
    for each in desks:
        assert reached(each) == PEOPLE
        each.engine.dispose()
    assert check_trail(desk).breaks == ()

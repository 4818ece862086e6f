"""`xingfu contacts`: what it says, its exit codes, and that it keeps secrets."""

import os
import pty
import select
import shutil
import sqlite3
import subprocess
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from deployments.demo import EXAMPLE
from documents.forms.contacts import read_contacts
from documents.reading.grid import open_book
from states.contacts import Directory
from tests.support.builders import plan
from tests.support.command import COMMAND, Xingfu

heavy = pytest.mark.heavy
CANARY = "c4n4ry"
MAIL, CHAT = f"mailtos://u:{CANARY}@smtp.example.com?to=a@b.cn", f"wecombot://{CANARY}-key"
CITY, COUNTY, OTHER = "太原市民政局", "太原市小店区民政局", "大同市民政局"
BOOK = EXAMPLE / "workbooks" / "通讯录.xlsx"


class Contacts(Xingfu):
    """`xingfu contacts` in a home of its own."""

    def contacts(self, *arguments: object, given: str = "") -> str:
        """What `xingfu contacts …` says when all is well."""
        return self.ok("contacts", *arguments, given=given)

    def json(self, *arguments: object) -> Any:
        return super().json("contacts", *arguments)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 太原市 and the example's contacts."""
    xingfu = Xingfu(tmp_path_factory.mktemp("contacts") / "home")
    assert xingfu("init").returncode == 0
    assert xingfu("import", BOOK, EXAMPLE / "workbooks" / "01-太原市.xlsx").returncode == 0
    return xingfu.home


@pytest.fixture
def xingfu(template: Path, tmp_path: Path) -> Contacts:
    home = tmp_path / "home"
    shutil.copytree(template, home)
    return Contacts(home)


def stored(xingfu: Xingfu) -> list[str]:
    with sqlite3.connect(xingfu.home / "xingfu.db") as connection:
        found = list(connection.iterdump())
    connection.close()
    return found


def until_asked(terminal: int) -> bytes:
    """What the terminal shows until it asks for an address."""
    seen = b""
    while "结束）：".encode() not in seen:
        assert select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 1024)
    return seen


@heavy
def test_no_secret_is_ever_shown_or_stored_in_clear(xingfu: Contacts, tmp_path: Path) -> None:
    said = xingfu.contacts(
        *("set", CITY, "示例·孙某", "--role", "科员", "--phone", "000-0000-0900"),
        *("--channel", "folder://", "--channel", "-", "--channel", "list://13900000000"),
        given=f"{MAIL}\n\n {CHAT}\n",
    )
    assert "folder://***、mailtos://***@smtp.example.com、wecombot://***、list://***" in said
    xingfu.contacts("list")
    xingfu.contacts("list", "--office", CITY)
    (row,) = [row for row in xingfu.json("list") if row["name"] == "示例·孙某"]
    assert row["phone"] == "000-0000-0900"
    assert row["channels"][1:3] == ["mailtos://***@smtp.example.com", "wecombot://***"]
    exported = tmp_path / "导出.xlsx"
    assert xingfu("export", "contacts", exported).returncode == 0
    assert "新增0，更新0，未变145" in xingfu("import", exported).stdout
    xingfu.contacts("check")
    for wrong in (f"sms://{CANARY}", f"mailto://u {CANARY}@x", f"{CANARY}"):
        done = xingfu("contacts", "set", CITY, "示例·孙某", "--channel", "-", given=wrong)
        assert (done.returncode, "通知方式须以" in done.stderr) == (1, True)
    spoilt = load_workbook(exported)
    spoilt.worksheets[0]["F5"].value = f"sms://{CANARY}"
    spoilt.worksheets[0]["C5"].value = f"mailto://{CANARY}@x"
    spoilt.save(tmp_path / "坏.xlsx")
    assert xingfu("import", tmp_path / "坏.xlsx").returncode == 1
    xingfu.contacts("remove", CITY, "示例·孙某")
    assert CANARY not in xingfu.said
    assert CANARY.encode() not in exported.read_bytes()
    for file in xingfu.home.rglob("*"):
        assert file.is_dir() or CANARY.encode() not in file.read_bytes(), file


@heavy
def test_a_trial_is_a_table_and_fails_where_an_address_does(xingfu: Contacts) -> None:
    said = xingfu.contacts("test", "--office", OTHER)
    assert "【测试】" not in said
    assert "通知方式试发结果" in said
    assert "失败0个" in said
    (mail,) = (xingfu.home / "outgoing").rglob("*.eml")
    assert mail.name.startswith(OTHER)
    given = f"mailto://127.0.0.1:1?from=a@b.cn&to={CANARY}@b.cn&mode=insecure"
    xingfu.contacts("set", CITY, "示例·孙某", "--channel", "-", given=given)
    done = xingfu("contacts", "test", "--office", CITY, "--person", "示例·孙某")
    assert done.returncode != 0
    assert "失败" in done.stdout
    assert "无法连接邮件服务器" in done.stdout
    assert CANARY not in xingfu.said


@heavy
def test_what_a_channel_would_refuse_is_not_kept(xingfu: Contacts, tmp_path: Path) -> None:
    before = stored(xingfu)
    for wrong, words in (
        (f"mailto://smtp.b.cn?from=a@b.cn%0d%0aBcc:{CANARY}@b.cn&to=a@b.cn", "不可见的字符"),
        (f"mailto://smtp.b.cn?from=a@b.cn&to=a@b.cn&pgp=encrypt&pgpkey=/{CANARY}", "核对格式"),
        (f"json://b.cn/push?+Host={CANARY}", "核对格式"),
        (f"wecombot://KEY@{CANARY}/send", "核对格式"),
    ):
        done = xingfu("contacts", "set", CITY, "示例·孙某", "--channel", "-", given=wrong)
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr
        book = load_workbook(BOOK)
        book.worksheets[0]["F5"].value = wrong
        book.save(tmp_path / "坏.xlsx")
        done = xingfu("import", tmp_path / "坏.xlsx")
        assert (done.returncode, words in done.stderr, "F5" in done.stderr) == (1, True, True)
    assert CANARY not in xingfu.said
    assert stored(xingfu) == before


@heavy
def test_an_address_is_not_taken_from_the_command_line(xingfu: Contacts) -> None:
    before = stored(xingfu)
    for addresses in (("--channel", MAIL), ("--channel", "-", "--channel", "-")):
        done = xingfu("contacts", "set", CITY, "示例·王某", *addresses)
        assert (done.returncode, "--channel -" in done.stderr) == (2, True)
    assert CANARY not in xingfu.said
    assert stored(xingfu) == before


@heavy
def test_at_a_terminal_the_address_is_not_echoed(xingfu: Contacts) -> None:
    shown, typed = pty.openpty()
    command = [COMMAND, "contacts", "set", COUNTY, "示例·孙某", "--channel", "-"]
    process = subprocess.Popen(
        command,
        env={**os.environ, "XINGFU_HOME": str(xingfu.home), "PYTHONUNBUFFERED": "1"},
        stdin=typed,
        stdout=subprocess.PIPE,
        stderr=typed,
        start_new_session=True,  # without a terminal of its own, getpass uses standard input
    )
    seen = until_asked(shown)
    os.write(shown, f"{CHAT}\n".encode())
    seen += until_asked(shown)
    os.write(shown, b"\n")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "wecombot://***" in out.decode()
    assert CANARY.encode() not in seen + out
    os.close(shown)
    os.close(typed)


@heavy
def test_what_is_not_given_stays(xingfu: Contacts) -> None:
    xingfu.contacts("set", CITY, "示例·王某", "--channel", "-", given=CHAT)
    xingfu.contacts("set", CITY, "示例·王某", "--role", "科长")
    xingfu.contacts("set", CITY, "示例·王某", "--division", "小店区", "--division", "古交市")
    (row,) = [row for row in xingfu.json("list", "--office", CITY) if row["name"] == "示例·王某"]
    assert row == {
        "office": CITY,
        "name": "示例·王某",
        "role": "科长",
        "phone": "000-0000-0002",
        "divisions": ["小店区", "古交市"],
        "channels": ["wecombot://***"],
        "substitute": "示例·杨某",
        "away_from": "2023-05-29",
        "away_to": "2023-06-09",
    }
    xingfu.contacts("set", CITY, "示例·王某", "--division", "", "--channel", "")
    (row,) = [row for row in xingfu.json("list", "--office", CITY) if row["name"] == "示例·王某"]
    assert (row["divisions"], row["channels"]) == ([], [])


@heavy
def test_substitutes_come_and_go(xingfu: Contacts) -> None:
    by = f"{CITY} 示例·王某"
    days = ("--from", "2023-07-01", "--to", "2023-07-14")
    said = xingfu.contacts("substitute", OTHER, "示例·赵某", "--by", by, *days)
    assert f"由{by}代理（自2023-07-01至2023-07-14）" in said
    assert by in xingfu.contacts("list", "--office", OTHER)
    done = xingfu("contacts", "remove", CITY, "示例·王某")
    assert (done.returncode, "请先登记该代理人，或更改、清除代理" in done.stderr) == (1, True)
    assert "已取消" in xingfu.contacts("substitute", OTHER, "示例·赵某", "--clear")
    (row,) = xingfu.json("list", "--office", OTHER)
    assert (row["substitute"], row["away_from"], row["away_to"]) == ("", None, None)


@heavy
def test_gaps_are_told_and_are_no_failure(xingfu: Contacts) -> None:
    assert "通讯录完整" in xingfu.contacts("check", "--as-of", "2023-06-01")
    assert xingfu.json("check") == []
    done = xingfu("contacts", "remove", COUNTY, "示例·赵某")
    assert (done.returncode, f"{COUNTY}已无联系人" in done.stderr) == (0, True)
    said = xingfu.contacts("check", "--as-of", "2023-06-01")
    assert "无联系人" in said
    assert f"{CITY} 示例·杨某" in said, "who stands in on that day"
    (gap,) = xingfu.json("check", "--as-of", "2023-06-12")
    assert gap["told"] == [f"{CITY} 示例·王某"]
    assert gap | {"told": []} == {
        "office": COUNTY,
        "level": "county",
        "vacant": True,
        "places": ["小店区"],
        "subjects": 2,
        "told": [],
        "unreached": False,
    }


@heavy
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("list", "--office", "太原市民政厅"), 1, "是否为太原市民政局"),
        (("set", "太原市民政厅", "示例·王某"), 1, "是否为太原市民政局"),
        (("set", COUNTY, "示例·王某", "--division", "小店区"), 1, "请留空"),
        (("set", CITY, "示例·孙某", "--channel", "list://***"), 1, "与已保存的不一致"),
        (("remove", CITY, "示例·无某"), 1, "没有联系人“示例·无某”"),
        (("substitute", CITY, "示例·杨某"), 2, "--by"),
        (("substitute", CITY, "示例·杨某", "--clear", "--by", "示例·王某"), 2, "--by"),
        (("substitute", CITY, "示例·杨某", "--by", "示例·杨某"), 1, "不能是本人"),
        (("substitute", CITY, "示例·杨某", "--by", "示例·王某", "--to", "明天"), 2, "明天"),
        (("check", "--as-of", "明天"), 2, "明天"),
    ],
)
def test_trouble_is_one_clear_sentence_and_changes_nothing(
    xingfu: Contacts, arguments: tuple[object, ...], code: int, words: str
) -> None:
    before = stored(xingfu)
    done = xingfu("contacts", *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert stored(xingfu) == before


# --- the example ----------------------------------------------------------------------------------


def test_the_example_shows_what_contacts_can_say() -> None:
    posts = [post for _, post in read_contacts(open_book(BOOK), plan())]
    assert all("示例" in post.name and post.phone.startswith("000-0000-") for post in posts)
    assert {channel for post in posts for channel in post.channels} <= {"folder://"}
    desks = Counter(post.office for post in posts)
    assert {office for office, number in desks.items() if number > 1} == {"山西省民政厅", CITY}
    for office, places in (
        ("山西省民政厅", [city.name for city in plan().cities]),
        (CITY, [county.name for county in plan().cities[0].counties]),
    ):
        shared = [name for post in posts if post.office == office for name in post.divisions]
        assert sorted(shared) == sorted(places)
    people = Directory(plan(), posts).people
    assert [len(held) for held in people.values() if len(held) > 1] == [2]
    (away,) = [post for post in posts if post.substitute]
    assert away.away_from is not None
    assert away.away_to is not None
    assert date(2023, 1, 1) <= away.away_from <= away.away_to <= date(2023, 12, 31)
    vacant = {office.name for office in plan().every_office()} - set(desks)
    assert vacant == {"吕梁市交口县民政局"}

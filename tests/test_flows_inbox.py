"""The inbox: real files on disk, read once each, filed, and answered, wherever a process dies."""

import json
import os
import time
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from prefect.logging import disable_run_logger

from common.files import safe_name
from documents.forms.contacts import contacts_page
from documents.writing.layout import to_bytes
from operations.cases.desk import Desk
from operations.workbooks import inbox, intake
from operations.workbooks.exports import export_workbook
from operations.workbooks.inbox_folder import filed, plain_stem
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, IntakeResult
from states.contacts import Post
from tests.conftest import DeskIn
from tests.support.builders import SUMMARY_SHEET
from tests.support.delivering import DAY
from tests.support.handing_in import (
    BUREAU,
    DATONG,
    GOOD,
    TAIYUAN,
    go,
    known,
    lying,
    projects,
    put,
    receipts,
    rows,
    wrong,
)
from tests.support.prefect_database import harness
from tests.support.steps import ONE
from tests.support.steps import TAIYUAN as LOADED
from tests.test_deployments_commands import run

pytestmark = pytest.mark.heavy

BAD = "F13"


# --- taken in, or returned ------------------------------------------------------------------------


def test_every_city_has_a_folder_with_a_place_for_what_is_done(desk: Desk) -> None:
    assert go(desk) == inbox.InboxResult()
    found = {path.name for path in desk.settings.inbox.iterdir()}
    assert found == {city.name for city in desk.plan.cities}
    assert lying(desk) == {".": [], "done": [], "returned": []}


def test_a_workbook_is_imported_filed_and_answered(desk: Desk) -> None:
    put(desk, GOOD)
    done = go(desk)
    assert len(done.done) == 1
    assert "太原市/太原.xlsx：贵局报送的项目汇总表（附件3）（“太原.xlsx”）" in done.done[0]
    assert "收到并登记，共10个项目。" in done.done[0]
    assert (projects(desk), receipts(desk)) == (10, [(TAIYUAN, BUREAU, "pending")])
    assert lying(desk) == {".": [], "done": [f"{DAY} 太原.xlsx"], "returned": []}
    assert known(desk) == [(TAIYUAN, "done", True)]
    assert rows(desk, "SELECT digest, form FROM inbox") == [(sha256(GOOD).hexdigest(), "summary")]
    assert (desk.settings.inbox / TAIYUAN / "已登记" / f"{DAY} 太原.xlsx").read_bytes() == GOOD


def test_a_faulty_workbook_is_returned_whole_with_its_faults_marked(desk: Desk) -> None:
    content = wrong(BAD, "F4")
    put(desk, content)
    done = go(desk)
    assert (len(done.returned), done.done, done.failed) == (1, (), ())
    assert "有2处需要修改，本次未登记，现退回" in done.returned[0]
    assert (projects(desk), known(desk)) == (0, [(TAIYUAN, "returned", True)])
    tag = sha256(content).hexdigest()[:8]
    copy = f"{DAY} 太原-{tag}-需修改"
    files = [f"{DAY} 太原.xlsx", f"{copy}.txt", f"{copy}.xlsx"]
    assert lying(desk) == {".": [], "done": [], "returned": sorted(files)}
    home = desk.settings.inbox / TAIYUAN / "退回"
    marked = load_workbook(home / f"{copy}.xlsx")[SUMMARY_SHEET]
    assert marked[BAD].comment is not None
    told = (home / f"{copy}.txt").read_text(encoding="utf-8-sig")
    assert BAD in told
    assert "很大" in told
    assert receipts(desk) == [(TAIYUAN, BUREAU, "pending")]


def test_what_is_no_workbook_is_returned_with_the_reason(desk: Desk) -> None:
    put(desk, "序号,项目\n1,甲\n".encode(), "清单.csv")
    [line] = go(desk).returned
    assert "因下列原因本次未登记，现退回" in line
    [[reply]] = rows(desk, "SELECT reply FROM inbox")
    assert "不是工作簿；请用 Excel 或 WPS 打开，另存为 .xlsx 文件再报送。" in reply
    assert "清单.csv：" not in reply
    assert "标注件" not in reply
    assert [name.endswith(".txt") for name in lying(desk)["returned"]] == [True, False]


def test_a_corrected_copy_is_taken_in(desk: Desk) -> None:
    put(desk, wrong(BAD))
    go(desk)
    [copy] = (desk.settings.inbox / TAIYUAN / "退回").glob("*-需修改.xlsx")
    book = load_workbook(copy)
    book[SUMMARY_SHEET][BAD] = 1200
    again = desk.settings.inbox / TAIYUAN / copy.name
    book.save(again)
    assert len(go(desk).done) == 1
    assert lying(desk)["done"] == [f"{DAY} 太原.xlsx"]
    assert projects(desk) == 10


def test_the_province_keeps_its_contacts_and_acceptances_to_itself(desk: Desk) -> None:
    page = contacts_page([Post("大同市民政局", "示例·王某")])
    put(desk, to_bytes([page]), "通讯录.xlsx")
    assert len(go(desk).returned) == 1
    [[reply]] = rows(desk, "SELECT reply FROM inbox")
    assert "“通讯录”由山西省民政厅登记，请报送山西省民政厅。" in reply
    assert rows(desk, "SELECT count(*) FROM contact") == [(0,)]
    assert {Form.ACCEPTANCE, Form.OPINIONS, Form.CONTACTS}.isdisjoint(inbox.FROM_CITIES)


def _answered(content: bytes, row: int = 4, day: date = DAY) -> bytes:
    """An item of a 办理回执, the first in row 4, is expected soon."""
    book, buffer = load_workbook(BytesIO(content)), BytesIO()
    sheet = book.worksheets[0]
    heads = ["".join(str(cell.value).split()) for cell in sheet[3]]
    sheet.cell(row, heads.index("预计完成日期") + 1, day)
    sheet.cell(row, heads.index("未办结原因") + 1, "公示未满")
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("form", inbox.FROM_CITIES)
def test_each_form_that_a_city_hands_in_comes_back_to_its_own_folder_only(
    desk_in: DeskIn, tmp_path: Path, form: Form
) -> None:
    desk = desk_in(LOADED)
    subject = ONE if form is Form.APPLICATION else TAIYUAN
    request = WorkbookOrder(form, subject, "2023-02" if form is Form.REPORT else None)
    content = export_workbook(desk, request, tmp_path / "表.xlsx", DAY).read_bytes()
    if form is Form.ANSWER:
        content = _answered(content)
    put(desk, content)
    put(desk, content, city=DATONG)
    done = go(desk)
    assert (len(done.returned), done.left, done.failed) == (1, (), ())
    assert done.returned[0].startswith(f"{DATONG}/")
    [line] = done.done
    assert form.label in line


# --- once -----------------------------------------------------------------------------------------


def test_what_was_taken_in_and_comes_again_is_answered_so(desk: Desk) -> None:
    for day in (DAY, DAY + timedelta(days=1)):
        put(desk, GOOD)
        done = go(desk, today=day)
        assert (len(done.done), done.returned, done.failed) == (1, (), ())
    assert "内容此前已报送，未再登记" in done.done[0]
    [[reply]] = rows(desk, "SELECT reply FROM inbox")
    told = reply.splitlines()[-1]
    assert told.startswith("2月22日")
    assert told.endswith("再次收到内容相同的文件，已收悉，无需重报。")
    assert reply.count("无需重报") == 1
    assert (len(receipts(desk)), len(known(desk)), projects(desk)) == (2, 1, 10)
    assert lying(desk)["."] == []
    assert lying(desk)["done"] == [f"{DAY} 太原.xlsx", "2023-02-22 太原.xlsx"]


def test_what_was_returned_and_comes_again_is_looked_at_again(desk: Desk) -> None:
    strict = Desk(
        desk.settings.model_copy(update={"most_rows": 5}), desk.plan, desk.calendar, desk.engine
    )
    put(desk, GOOD)
    assert len(go(strict).returned) == 1
    put(desk, b"a,b", "清单.csv")
    put(desk, GOOD)
    done = go(strict)
    assert (len(done.returned), "此前" in done.returned[0]) == (2, False)
    assert (len(receipts(desk)), projects(desk)) == (2, 0)  # one a day brings the newest answer
    put(desk, GOOD)
    put(desk, b"a,b", "清单.csv")
    done = go(desk, today=DAY + timedelta(days=1))
    assert (len(done.done), len(done.returned), done.failed) == (1, 1, ())
    assert "此前" not in done.done[0]
    assert (len(receipts(desk)), len(known(desk)), projects(desk)) == (4, 2, 10)
    assert lying(desk)["."] == []


def test_a_form_of_which_some_rows_were_refused_is_looked_at_again(
    desk_in: DeskIn, tmp_path: Path
) -> None:
    desk = desk_in(LOADED)
    request = WorkbookOrder(Form.ANSWER, TAIYUAN)
    content = export_workbook(desk, request, tmp_path / "表.xlsx", DAY).read_bytes()
    content = _answered(_answered(content), 5, DAY - timedelta(days=3))
    for told in ("未登记：", "未登记："):
        put(desk, content)
        [line] = go(desk).done
        assert "此前" not in line
        assert told in rows(desk, "SELECT reply FROM inbox")[0][0]


def test_who_dies_before_filing_is_followed_by_one_who_only_files(desk: Desk) -> None:
    for content, name in ((GOOD, "太原.xlsx"), (wrong(BAD), "错.xlsx")):
        put(desk, content, name)
    go(desk)
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE inbox SET filed = false")
    for content, name in ((GOOD, "太原.xlsx"), (wrong(BAD), "错.xlsx")):
        put(desk, content, name)
    done = go(desk, today=DAY + timedelta(days=1))
    assert all("内容此前已报送" in line for line in (*done.done, *done.returned))
    assert len(receipts(desk)) == 2


def test_the_same_content_under_two_names_is_imported_and_answered_once(desk: Desk) -> None:
    put(desk, GOOD, "甲.xlsx")
    put(desk, GOOD, "乙.xlsx")
    assert len(go(desk).done) == 2
    assert (len(receipts(desk)), projects(desk)) == (1, 10)
    assert lying(desk)["done"] == [f"{DAY} 乙.xlsx", f"{DAY} 甲.xlsx"]


def test_each_city_is_answered_for_itself_and_changes_nothing_of_anothers(desk: Desk) -> None:
    put(desk, GOOD)
    put(desk, GOOD, city=DATONG)
    done = go(desk)
    assert (len(done.done), len(done.returned)) == (1, 1)
    assert receipts(desk) == [
        (TAIYUAN, BUREAU, "pending"),
        (DATONG, "大同市民政局", "pending"),
    ]
    assert sorted(known(desk)) == [(DATONG, "returned", True), (TAIYUAN, "done", True)]
    assert rows(desk, "SELECT count(*) FROM audit WHERE actor = '大同市民政局'") == [(0,)]


def test_nothing_that_lies_there_is_overwritten(desk: Desk) -> None:
    go(desk)
    kept = desk.settings.inbox / TAIYUAN / "已登记" / f"{DAY} 太原.xlsx"
    kept.write_bytes(b"kept")
    put(desk, GOOD)
    go(desk)
    assert kept.read_bytes() == b"kept"
    assert lying(desk)["done"] == [f"{DAY} 太原 (2).xlsx", f"{DAY} 太原.xlsx"]


@pytest.mark.heavy
def test_the_oldest_file_comes_first(desk: Desk) -> None:
    for name, day in (("甲.xlsx", 3), ("乙.xlsx", 1), ("丙.xlsx", 2)):
        path = put(desk, name.encode(), name)
        os.utime(path, (day * 86_400, day * 86_400))
    assert [line[4] for line in go(desk).returned] == ["乙", "丙", "甲"]


# --- left for the next round ----------------------------------------------------------------------


def test_a_file_that_was_just_put_there_is_left(desk: Desk) -> None:
    put(desk, GOOD)
    done = go(desk, timedelta(seconds=30))
    assert done.left == ("太原市/太原.xlsx：刚刚放入或仍在写入，待下次读取",)
    assert lying(desk)["."] == ["太原.xlsx"]
    assert len(go(desk).done) == 1


def test_a_file_whose_time_lies_ahead_is_read_all_the_same(desk: Desk) -> None:
    path = put(desk, GOOD)
    os.utime(path, (4e9, 4e9))
    assert len(go(desk).done) == 1


@pytest.mark.parametrize("owner", ["~$太原.xlsx", ".~太原.xlsx", ".~lock.太原.xlsx#"])
def test_a_file_that_is_open_is_left(desk: Desk, owner: str) -> None:
    put(desk, GOOD)
    lock = put(desk, b"", owner)
    assert go(desk).left == ("太原市/太原.xlsx：正在被打开，关闭后读取",)
    lock.unlink()
    assert len(go(desk).done) == 1


@pytest.mark.parametrize("size", [0, 2, 30, 1000, len(GOOD) // 2, len(GOOD) - 1])
def test_a_half_copied_file_is_left_until_the_rest_is_there(desk: Desk, size: int) -> None:
    path = put(desk, GOOD[:size])
    assert go(desk).left == ("太原市/太原.xlsx：尚未复制完整，待下次读取",)
    with path.open("ab") as file:
        file.write(GOOD[size:])
    assert len(go(desk).done) == 1


def test_a_copy_that_never_ends_is_returned_as_damaged(desk: Desk) -> None:
    put(desk, GOOD[:9000])
    assert len(go(desk, timedelta(minutes=59)).left) == 1
    assert len(go(desk, timedelta(minutes=61)).returned) == 1
    assert known(desk) == [(TAIYUAN, "returned", True)]


def test_a_file_that_is_laid_out_in_full_and_filled_later_is_left(desk: Desk) -> None:
    """As Windows copies: the size is there at once."""
    path = put(desk, GOOD[:5000] + b"\0" * (len(GOOD) - 5000))
    assert len(go(desk).left) == 1
    path.write_bytes(GOOD)
    assert len(go(desk).done) == 1


def test_a_file_that_grows_while_it_is_read_is_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(desk, GOOD)
    opened = os.open

    def grow(*arguments: Any) -> int:
        if arguments[0] == path:
            with path.open("ab") as file:
                file.write(b"more")
        return opened(*arguments)

    monkeypatch.setattr(os, "open", grow)
    assert go(desk).left == ("太原市/太原.xlsx：读取时仍在变动，待下次读取",)


def test_a_file_that_cannot_be_read_is_left_and_told_when_that_lasts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(desk, GOOD)
    opened = os.open

    def refuse(*arguments: Any) -> int:
        if arguments[0] == path:
            raise PermissionError
        return opened(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert len(go(desk).left) == 1
        assert len(go(desk, timedelta(minutes=61)).failed) == 1
    assert len(go(desk).done) == 1


def test_links_folders_and_pipes_are_told_and_never_read(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "geheim.xlsx"
    secret.write_bytes(GOOD)
    home = put(desk, GOOD).parent
    (home / "链接.xlsx").symlink_to(secret)
    (home / "文件夹.xlsx").mkdir()
    os.mkfifo(home / "管道.xlsx")
    done = go(desk)
    assert sorted(line.split("：")[0] for line in done.left) == [
        "太原市/文件夹.xlsx",
        "太原市/管道.xlsx",
        "太原市/链接.xlsx",
    ]
    assert (len(done.done), done.failed) == (1, ())
    assert secret.read_bytes() == GOOD


def test_hidden_files_and_litter_are_passed_over(desk: Desk) -> None:
    for name in (".x.xlsx", "~$甲.xlsx", "Thumbs.db", "desktop.ini"):
        put(desk, b"x", name)
    assert go(desk) == inbox.InboxResult()
    assert len(lying(desk)["."]) == 4


@pytest.mark.parametrize("name", ["甲.xlsx.part", "甲.tmp", "甲.CRDOWNLOAD"])
def test_what_a_program_is_still_fetching_is_left(desk: Desk, name: str) -> None:
    put(desk, GOOD, name)
    assert len(go(desk).left) == 1


# --- hostile --------------------------------------------------------------------------------------

NAMES = [
    "..\n.xlsx",
    "a" * 200 + ".xlsx",
    "太" * 82 + ".xlsx",
    "a:b|c<d>.xlsx",
    " .xlsx",
    "甲.",
    "甲",
]


@pytest.mark.parametrize("name", [*NAMES, "甲\u202exslx.exe", "(1) 太原 (2).xlsx", "%s{0}.xlsx"])
@pytest.mark.parametrize("content", [GOOD, wrong(BAD)], ids=["good", "wrong"])
def test_names_of_every_kind_are_filed_under_safe_ones(
    sqlite_desk: Desk, name: str, content: bytes
) -> None:
    put(sqlite_desk, content, f"x{name}")
    done = go(sqlite_desk)
    assert (len(done.done) + len(done.returned), done.left, done.failed) == (1, (), ())
    [[stored, reply]] = rows(sqlite_desk, "SELECT name, reply FROM inbox")
    assert stored == safe_name(stored) == safe_name(f"x{name}")
    assert f"“{stored}”" in reply.partition("\n")[0]
    assert lying(sqlite_desk)["."] == []
    found = [*lying(sqlite_desk)["done"], *lying(sqlite_desk)["returned"]]
    assert len(found) == (1 if content is GOOD else 3)
    assert all(len(each.encode()) < 230 for each in found)


def test_a_name_that_is_no_text_is_filed(sqlite_desk: Desk) -> None:
    path = put(sqlite_desk, GOOD)
    path.rename(path.with_name(os.fsdecode(b"\xff\xfe.xlsx")))
    assert len(go(sqlite_desk).done) == 1
    assert lying(sqlite_desk)["done"] == [f"{DAY} __.xlsx"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("太原.xlsx", "太原"),
        ("2023-06-01 太原-0123abcd-需修改.xlsx", "太原"),
        ("2023-06-02 2023-06-01 太原-需修改.xlsx", "太原"),
        ("太原-需修改", "太原"),
        ("-需修改.xlsx", "-需修改"),
        ("2023-06-01 .xlsx", "2023-06-01 "),
    ],
)
def test_what_filing_added_to_a_name_comes_off_again(name: str, stem: str) -> None:
    assert plain_stem(name) == stem


@pytest.mark.parametrize("name", ["已登记", "退回"])
def test_a_file_in_the_place_of_a_folder_stops_that_city_alone(desk: Desk, name: str) -> None:
    put(desk, b"x", name)
    put(desk, wrong(BAD))
    put(desk, GOOD, city=DATONG)
    done = go(desk)
    [line] = done.failed
    assert line.startswith("太原市：")
    assert "应为文件夹；请移走同名的文件或链接" in line
    assert len(done.returned) == 1
    assert [place for place, *_ in known(desk)] == [DATONG]


def test_a_link_in_the_place_of_a_folder_leads_nowhere(desk: Desk, tmp_path: Path) -> None:
    path = put(desk, GOOD)
    (path.parent / "已登记").symlink_to(tmp_path)
    assert len(go(desk).failed) == 1
    assert known(desk) == []
    assert path.read_bytes() == GOOD


def test_a_file_that_is_too_large_is_refused_without_being_read_whole(desk: Desk) -> None:
    path = put(desk, b"PK\x03\x04")
    with path.open("r+b") as file:
        file.truncate(50_000_000_000)  # takes no room on the disk, and would take long to read
    [line] = go(desk).returned
    assert "太原.xlsx" in line
    [[reply]] = rows(desk, "SELECT reply FROM inbox")
    assert "文件内容过大" in reply
    [name] = [name for name in lying(desk)["returned"] if name.endswith(".xlsx")]
    (desk.settings.inbox / TAIYUAN / "退回" / name).unlink()


# --- trouble --------------------------------------------------------------------------------------


def test_one_files_trouble_stops_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk, GOOD, "甲.xlsx")
    put(desk, wrong(BAD), "乙.xlsx")
    taken = intake.take_in

    def break_down(session: Any, desk: Desk, book: Any, *more: Any) -> Any:
        if book.file == "甲.xlsx":
            raise KeyError("geheim")
        return taken(session, desk, book, *more)

    with monkeypatch.context() as patch:
        patch.setattr("operations.workbooks.inbox.take_in", break_down)
        done = go(desk)
    assert len(done.returned) == 1
    [line] = done.failed
    assert "程序错误（KeyError，test_flows_inbox.py" in line
    assert "geheim" not in line
    assert (projects(desk), lying(desk)["."]) == (0, ["甲.xlsx"])
    assert len(go(desk).done) == 1


def test_a_file_that_is_replaced_meanwhile_is_read_in_the_next_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(desk, GOOD)
    taken = intake.take_in

    def replace(*arguments: Any) -> Any:
        done = taken(*arguments)
        path.unlink()
        path.write_bytes(wrong(BAD))
        return done

    with monkeypatch.context() as patch:
        patch.setattr("operations.workbooks.inbox.take_in", replace)
        done = go(desk)
    assert done.left == ("太原市/太原.xlsx：已登记；原处已被移走或换为另一文件，待下次读取",)
    assert lying(desk) == {".": ["太原.xlsx"], "done": [], "returned": []}
    assert len(go(desk).returned) == 1
    assert len(receipts(desk)) == 2


def test_a_file_that_cannot_be_moved_is_moved_later_and_not_imported_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk, GOOD)

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "in use")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        assert "下次再移" in go(desk).failed[0]
    assert known(desk) == [(TAIYUAN, "done", False)]
    assert len(go(desk).done) == 1
    assert (known(desk), len(receipts(desk))) == ([(TAIYUAN, "done", True)], 1)


@pytest.mark.heavy  # of a server of Prefect's
def test_the_flow_fails_only_when_something_failed(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch, prefect_database: Path
) -> None:
    from flows.read_inbox import read, read_inbox

    put(sqlite_desk, wrong(BAD))
    monkeypatch.setenv("XINGFU_HOME", str(sqlite_desk.settings.home))
    monkeypatch.setenv("XINGFU_INBOX_SETTLE_SECONDS", "1")
    monkeypatch.setattr("flows.read_inbox.read", read.fn)
    time.sleep(1.1)
    with harness(prefect_database), disable_run_logger():
        read_inbox.fn()
        assert known(sqlite_desk) == [(TAIYUAN, "returned", True)]
        (sqlite_desk.settings.inbox / DATONG / "已登记").rmdir()
        put(sqlite_desk, b"x", "已登记", DATONG)
        with pytest.raises(RuntimeError, match="1个文件未能处理"):
            read_inbox.fn()


def test_the_command_tells_what_was_done_and_fails_only_when_something_failed(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(sqlite_desk, wrong(BAD), "错.xlsx")
    monkeypatch.setenv("XINGFU_HOME", str(sqlite_desk.settings.home))
    monkeypatch.setenv("XINGFU_INBOX_SETTLE_SECONDS", "1")
    put(sqlite_desk, GOOD)
    put(sqlite_desk, b"", "~$太原.xlsx")
    time.sleep(1.1)
    assert run("inbox") == 0
    told = capsys.readouterr()
    assert "报送的项目汇总表（附件3）（“错.xlsx”）" in told.out
    assert "登记0份，退回1份，待下次读取1份，出错0份" in told.out
    assert "太原市/太原.xlsx：正在被打开，关闭后读取" in told.err
    (sqlite_desk.settings.inbox / DATONG / "已登记").rmdir()
    put(sqlite_desk, b"x", "已登记", DATONG)
    assert run("inbox", "--json") == 3
    assert "应为文件夹" in json.loads(capsys.readouterr().out)["failed"][0]


def test_the_folders_of_an_earlier_version_are_renamed_with_all_that_lies_in_them(
    desk: Desk,
) -> None:
    home = desk.settings.inbox / TAIYUAN
    for outcome in ("done", "returned"):
        (home / outcome).mkdir(parents=True)
        (home / outcome / "旧.xlsx").write_bytes(outcome.encode())
    assert filed(home, IntakeResult.RETURNED) == home / "returned"
    put(desk, GOOD)
    go(desk)
    assert lying(desk) == {
        ".": [],
        "done": [f"{DAY} 太原.xlsx", "旧.xlsx"],
        "returned": ["旧.xlsx"],
    }
    assert sorted(path.name for path in home.iterdir()) == ["已登记", "退回"]
    assert filed(home, IntakeResult.RETURNED).joinpath("旧.xlsx").read_bytes() == b"returned"

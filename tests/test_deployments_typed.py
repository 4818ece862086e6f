"""What is typed is seen by everybody as it is: nothing steers a terminal or hides in a name."""

import io
import json
import logging
import os
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

import flows  # noqa: F401  # its logs
from common.errors import RefusedError
from deployments.commands.console import complain, emit, say, table
from deployments.demo import EXAMPLE
from documents.writing.saving import is_untouched
from flows.forms.telling import verbatim
from operations.cases.casework import Act, record
from operations.cases.desk import Desk
from operations.upkeep.setup import check_trail
from operations.workbooks.exports import export_workbook, month_of
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, Listing
from tests.conftest import AT
from tests.support.builders import plan
from tests.support.command import Xingfu
from tests.support.province import END

TAIYUAN, ONE = EXAMPLE / "workbooks" / "01-太原市.xlsx", "XF2023-140105-01"
HIDDEN = {
    "an escape": "\x1b[31m",
    "a bell": "\x07",
    "a line break": "\n",
    "a control of C1": "\x9b",
    "an override": "\u202e",
    "an isolate": "\u2066",
    "a zero width": "\u200b",
    "a line separator": "\u2028",
}
BY = ("--actor", "太原市民政局", "--evidence")


@pytest.fixture
def xingfu(tmp_path: Path) -> Xingfu:
    made = Xingfu(tmp_path / "home")
    made.ok("init")
    return made


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_nobody_sees_is_refused_with_its_place_and_shown(sqlite_desk: Desk, kind: str) -> None:
    rows = check_trail(sqlite_desk).rows
    for field, act in {
        "经办人": Act("太原市", "D10-03", date(2023, 3, 1), f"太原市民政局 张{HIDDEN[kind]}", "函"),
        "依据": Act("太原市", "D10-03", date(2023, 3, 1), "太原市民政局", f"函一{HIDDEN[kind]}"),
    }.items():
        with sqlite_desk.writing() as session, pytest.raises(RefusedError) as refused:
            record(session, sqlite_desk, act, today=END, at=AT)
        told = str(refused.value)
        place = act.actor.index(HIDDEN[kind][0]) if field == "经办人" else 2
        assert f"{field}“" in told
        assert f"第{place + 1}个字" in told
        assert "删去后重新填写" in told
    assert check_trail(sqlite_desk).rows == rows


@pytest.mark.heavy
def test_the_command_line_refuses_it_wherever_it_is_typed(xingfu: Xingfu, tmp_path: Path) -> None:
    file = tmp_path / "甲\x1b[2J.xlsx"
    file.write_bytes(TAIYUAN.read_bytes())
    for arguments in (
        ("record", "太原市", "D10-03", "--on", "2023-03-01", *BY, "函\x1b[2J"),
        ("contacts", "set", "太原市民政局", "张\u202e三"),
        ("import", file),
        ("backup", tmp_path / "a\nb.zip"),
        ("advance", "x\x9b", "y", "--on", "2023-03-01", "--actor", "z"),
        ("no\x1bcommand",),
    ):
        ended = xingfu(*arguments)
        assert ended.returncode == 2, ended.stderr
        assert "删去后重新填写" in ended.stderr
        assert not {sign for sign in ended.stderr + ended.stdout if sign in "\x1b\x9b\u202e"}
    assert "--evidence“函␛[2J”有误：第2个字" in xingfu("record", *BY, "函\x1b[2J").stderr


@pytest.mark.heavy
def test_what_is_in_the_database_is_shown_so_that_it_does_nothing(
    xingfu: Xingfu, tmp_path: Path
) -> None:
    xingfu.ok("import", TAIYUAN)
    import sqlite3

    with sqlite3.connect(xingfu.home / "xingfu.db") as raw:
        raw.execute(f"UPDATE subject SET name = '示例\x1b[2J\u202e\x9b31m院' WHERE code = '{ONE}'")  # noqa: S608
    raw.close()
    for arguments in (("project", "list"), ("project", "show", ONE), ("deadlines",)):
        told = xingfu.ok(*arguments)
        assert not {sign for sign in told if sign in "\x1b\x9b\u202e"}
    assert "示例␛[2J<U+202E><U+009B>31m院" in xingfu.ok("project", "list")
    said = xingfu.ok("project", "list", "--json")
    assert not {sign for sign in said if sign in "\x1b\x9b\u202e"}
    assert "示例\x1b[2J\u202e\x9b31m院" in {item["name"] for item in json.loads(said)}
    listed = tmp_path / "out.xlsx"
    xingfu.ok("export", "projects", listed)
    cells = [str(cell.value) for row in load_workbook(listed).active.rows for cell in row]  # type: ignore[union-attr]
    assert any("示例␛[2J" in cell for cell in cells), "one name stops no list"


def test_every_way_out_shows_it() -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        say("甲\x1b]0;x\x07\n乙")
        complain("丙\x7f")
        table("表\x1b", ("列\x1b",), [("丁\u202e",)])
        emit({"戊\x9b": "己\x1b\u2067"})
    assert err.getvalue() == "丙␡\n"
    assert "甲␛]0;x␇\n乙" in out.getvalue()
    assert not {sign for sign in out.getvalue() if sign in "\x1b\x07\x9b\u202e\u2067"}
    assert json.loads(out.getvalue()[out.getvalue().index("{") :]) == {"戊\x9b": "己\x1b\u2067"}
    assert verbatim("/x/`甲\x1b\n乙`") == "`/x/甲␛ 乙`"


@pytest.mark.filterwarnings("ignore:Logger 'prefect.flow_runs' attempted")  # outside of a run
def test_logs_show_it(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("prefect.flow_runs")
    logger.addHandler(caplog.handler)
    try:
        raise RefusedError("乙\x1b[2J")
    except RefusedError:
        logger.exception("办理 %s 失败", "甲\x1b[2J")
    finally:
        logger.removeHandler(caplog.handler)
    assert "甲␛[2J" in caplog.text
    assert "乙␛[2J" in caplog.text
    assert "\x1b[2J" not in caplog.text


# --- exports --------------------------------------------------------------------------------------


@pytest.fixture
def filled(sqlite_desk: Desk) -> Desk:
    import_workbook(sqlite_desk, TAIYUAN, today=END, at=AT)
    return sqlite_desk


SUMMARY = WorkbookOrder(Form.SUMMARY, "太原市")


def test_a_projects_name_may_hold_a_slash(filled: Desk, tmp_path: Path) -> None:
    with filled.engine.begin() as connection:
        connection.execute(
            text(f"UPDATE subject SET name = '../甲/乙:丙' WHERE code = '{ONE}'")  # noqa: S608
        )
    for form in (Form.APPLICATION, Form.ACCEPTANCE, Form.INSPECTION):
        path = export_workbook(filled, WorkbookOrder(form, ONE), tmp_path, END)
        assert (path.parent, path.exists()) == (tmp_path, True)


def test_what_was_exported_is_replaced_and_what_was_not_is_kept(
    filled: Desk, tmp_path: Path
) -> None:
    path = export_workbook(filled, SUMMARY, tmp_path, END)
    assert is_untouched(path)
    assert export_workbook(filled, SUMMARY, tmp_path, END) == path
    assert export_workbook(filled, WorkbookOrder(Listing.FUNDS), path, END) == path
    assert is_untouched(path)
    load_workbook(path).save(path)
    for foreign in (path.read_bytes(), b"", b"dear", _zip()):
        path.write_bytes(foreign)
        with pytest.raises(RefusedError, match=r"未覆盖.*--force"):
            export_workbook(filled, SUMMARY, path, END)
        assert path.read_bytes() == foreign
    export_workbook(filled, SUMMARY, path, END, force=True)
    assert is_untouched(path)


def _zip() -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_STORED) as archive:
        archive.writestr("docProps/core.xml", "x")
    return made.getvalue()


@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_plain_workbook_is_never_written_to(
    filled: Desk, tmp_path: Path, force: bool
) -> None:
    (tmp_path / "dir.xlsx").mkdir()
    (tmp_path / "dir.xlsx" / "太原市 项目汇总表（附件3）.xlsx").mkdir()
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "elsewhere").write_bytes(b"dear")
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "dangling.xlsx").symlink_to(tmp_path / "nowhere")
    made = {path.name for path in tmp_path.iterdir()}
    for name, why in {
        "pipe.xlsx": "设备",
        "link.xlsx": "链接",
        "dangling.xlsx": "链接",
        "a.xls": "以 .xlsx 结尾",
        "a.csv": "以 .xlsx 结尾",
        "out": "已有的文件夹",
        "/dev/null": "以 .xlsx 结尾",
    }.items():
        with pytest.raises(RefusedError, match=why):
            export_workbook(filled, SUMMARY, tmp_path / name, END, force=force)
    assert {path.name for path in tmp_path.iterdir()} == made
    assert (tmp_path / "elsewhere").read_bytes() == b"dear"


@pytest.mark.heavy
def test_the_month_fits_and_is_told(xingfu: Xingfu, tmp_path: Path) -> None:
    asked = ("export", "report", tmp_path, "--subject", "太原市", "--as-of", "2023-06-15")
    assert "（2023-06，未写明月份，取当月）" in xingfu.ok(*asked)
    assert "（2023-05）" in xingfu.ok(*asked, "--month", "2023-05")
    assert {path.name for path in tmp_path.glob("*.xlsx")} == {
        "太原市2023年6月份月报.xlsx",
        "太原市2023年5月份月报.xlsx",
    }
    for month, why in (("2023-13", "应如 2023-06"), ("六月", "应如"), ("2023-07", "尚未开始")):
        assert why in xingfu(*asked, "--month", month).stderr
    with pytest.raises(RefusedError, match="不分月份"):
        month_of(plan(), WorkbookOrder(Listing.FUNDS, month="2023-06"), END)


def test_typed_names_of_a_form_are_refused(filled: Desk, tmp_path: Path) -> None:
    asked = WorkbookOrder(Form.OPINIONS, expert="张\x1b三", organisation="示例")
    with pytest.raises(RefusedError, match="专家姓名“张␛三”有误：第2个字"):
        export_workbook(filled, asked, tmp_path, END)

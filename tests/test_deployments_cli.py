"""The command: its contract of names and JSON keys, its exit codes, its sentences."""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from common.clock import now
from deployments.demo import EXAMPLE
from states.workdays import is_open, opens_next
from tests.support.builders import calendar, plan
from tests.support.command import COMMAND, Xingfu

pytestmark = pytest.mark.heavy
TAIYUAN = EXAMPLE / "workbooks" / "01-太原市.xlsx"
ONE = "XF2023-140105-01"
COUNTY = "太原市小店区民政局"
UNTIL = ("--until", "2023-07-20", "--on", "2023-06-02")
PINNED = {"XINGFU_BUSINESS_DATE": "2023-02-21"}  # as in a demonstration: always in office hours
DATES = Path(__file__).with_name("data") / "deadlines_2023.csv"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Xingfu:
    """A home with 太原市 imported; read-only for the tests that share it."""
    xingfu = Xingfu(tmp_path_factory.mktemp("cli") / "home")
    xingfu.ok("init", "--plan", "shanxi-2023")
    xingfu.ok("import", TAIYUAN)
    return xingfu


@pytest.fixture
def fresh(tmp_path: Path) -> Xingfu:
    """A home that nobody has initialised."""
    return Xingfu(tmp_path / "fresh")


def test_the_dates_of_one_project_are_those_of_the_notice(loaded: Xingfu) -> None:
    rows = loaded.json("deadlines", "--subject", ONE, "--as-of", "2023-01-31")
    found = {row["rule"]: (row["remind_by"], row["overdue_after"]) for row in rows}
    with DATES.open(encoding="utf-8", newline="") as file:
        expected = {
            line["id"]: (line["remind_target_prev_workday"][:10], line["overdue_after"][:10])
            for line in csv.DictReader(file)
        }
    assert {id: dates for id, dates in found.items() if id in expected} == expected
    relative = {id for id, dates in found.items() if dates == (None, None)}
    assert relative == {"D20", "D21", "D22", "D27", "M01", "M02"}
    proposed = {id[:3] for id in set(found) - set(expected) - relative}
    assert proposed == {"D23", "D24", "D25", "D26"}


def test_deadlines_have_the_agreed_keys(loaded: Xingfu) -> None:
    rows = loaded.json("deadlines", "--as-of", "2023-06-01")
    keys = {"subject_kind", "subject", "rule", "clause", "text", "origin", "remind_by"}
    keys |= {"overdue_after", "standing", "fulfilled_on"}
    assert all(keys <= row.keys() for row in rows)
    assert {row["subject_kind"] for row in rows} == {"project", "city", "province"}
    by_rule = {row["rule"]: row for row in rows if row["subject"] == ONE}
    assert by_rule["D08"]["text"] == "确保项目5月份全部开工建设"
    assert (by_rule["D08"]["origin"], by_rule["D04"]["origin"]) == ("notice", "proposal")
    assert (by_rule["D08"]["standing"], by_rule["D08"]["fulfilled_on"]) == ("overdue", None)
    # not for 省财政厅, but for its site
    assert (by_rule["D05"]["standing"], by_rule["D05"]["waits"]) == ("overdue", True)


def test_check_says_what_enforce_does_and_writes_nothing(loaded: Xingfu, tmp_path: Path) -> None:
    xingfu = _copy(loaded, tmp_path)
    before = xingfu.json("check", "--as-of", "2023-02-21")
    keys = {"decision", "subject_kind", "subject", "rule", "clause", "rung", "recipient"}
    assert all(row.keys() == keys | {"remind_by", "overdue_after"} for row in before)
    assert {row["decision"] for row in before} == {"remind", "mark_overdue"}
    assert xingfu.json("outbox") == []
    assert xingfu.json("check", "--as-of", "2023-02-21") == before
    done = xingfu.json("enforce", "--as-of", "2023-02-21")
    assert done["messages"] == sum(row["rung"] is not None for row in before)
    assert done["marked_overdue"] == sum(row["decision"] == "mark_overdue" for row in before)
    assert xingfu.json("check", "--as-of", "2023-02-21") == []


def test_the_outbox_from_owed_to_sent(loaded: Xingfu, tmp_path: Path) -> None:
    xingfu = _copy(loaded, tmp_path)
    xingfu.ok("enforce", "--as-of", "2023-02-21")
    pending = xingfu.json("outbox")
    keys = {"key", "recipient", "subject", "rule", "rung", "as_of", "status", "attempts", "sent_at"}
    assert all(keys <= row.keys() for row in pending)
    assert {(row["status"], row["attempts"], row["sent_at"]) for row in pending} == {
        ("pending", 0, None)
    }
    assert len({row["key"] for row in pending}) == len(pending)
    xingfu.ok("deliver", **PINNED)
    sent = xingfu.json("outbox")
    assert {(row["status"], row["attempts"]) for row in sent} == {("sent", 1)}
    assert list((xingfu.home / "outgoing").rglob("太原市民政局-*.eml"))
    (first,) = [row["id"] for row in sent if (row["subject"], row["rule"]) == ("太原市", "D01")]
    assert "任职于太原市民政局" in xingfu.ok("explain", "--message", first)
    assert "逾期后第1个工作日（催办）" in xingfu.ok(
        "explain", "太原市", "D01", "--on", "2023-02-21"
    )
    assert xingfu.json("outbox", "--status", "dead") == []
    assert "0条未送达消息" in xingfu.ok("retry")


def test_what_is_owed_waits_for_office_hours(loaded: Xingfu, tmp_path: Path) -> None:
    """Whatever the clock says: sent within a workday's hours, else told when they begin."""
    xingfu = _copy(loaded, tmp_path)
    xingfu.ok("enforce", "--as-of", "2023-02-21")
    before = now()
    done = xingfu.json("deliver")
    hours = plan().office_hours
    was_open = {is_open(hours, calendar(), instant) for instant in (before, now())}
    if done["digests"]:
        assert True in was_open
    else:
        assert False in was_open
        assert done["opens_at"] == str(opens_next(hours, calendar(), before))


def test_a_month_is_rehearsed_on_a_copy(loaded: Xingfu, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "events:\n"
        f"  - {{on: 2023-02-03, subject: {ONE}, do: confirm_site, actor: 山西省民政厅 示例·张某}}\n"
        "  - {on: 2023-02-21, subject: 太原市, acknowledge: D01, expected: 2023-03-20, "
        "reason: 示例}\n",
        encoding="utf-8",
    )
    span = ("--from", "2023-02-01", "--to", "2023-02-28", "--scenario", scenario)
    before = (loaded.home / "xingfu.db").read_bytes()
    told = loaded.json("simulate", *span)
    assert told["refused"] == []
    late = [line for send in told["sends"] for line in send["lines"] if line["rung"] == "T+1"]
    assert {line["rule"] for line in late} == {"D01"}
    assert {"subject": ONE, "rule": "D03", "standing": "met"} in told["standings"]
    assert (loaded.home / "xingfu.db").read_bytes() == before
    assert loaded.json("outbox") == []
    assert "每人每月份数" in loaded.ok("simulate", *span)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "events:\n  - {on: 2023-02-03, subject: X}\n",
            "须写明 do、acknowledge、extend、book 之一",
        ),
        ("event: []\n", "event"),
        ("events: [", "无法读取"),
        (f"events:\n  - {{on: 2023-02-03, subject: {ONE}, do: x, amount: 1.5}}\n", "加引号"),
    ],
)
def test_a_faulty_scenario_is_told(loaded: Xingfu, tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    span = ("--from", "2023-02-01", "--to", "2023-02-02", "--scenario", path)
    done = loaded("simulate", *span)
    assert done.returncode == 1
    assert reason in done.stderr


def test_a_deadline_is_acknowledged(loaded: Xingfu, tmp_path: Path) -> None:
    xingfu = _copy(loaded, tmp_path)
    by = ("--on", "2023-02-21", "--actor", "太原市民政局", "--reason", "示例")
    told = xingfu.ok("acknowledge", "太原市", "D01", "--expected", "2023-03-20", *by)
    assert "至2023-03-20（含当日）不再重复催办" in told
    refused = xingfu("acknowledge", "太原市", "D01", "--expected", "2023-02-20", *by)
    assert (refused.returncode, "早于登记日期" in refused.stderr) == (1, True)


def test_a_project_is_advanced_and_explained(loaded: Xingfu, tmp_path: Path) -> None:
    xingfu = _copy(loaded, tmp_path)
    xingfu.ok(
        "advance", ONE, "confirm_site", "--on", "2023-02-06", "--actor", "山西省民政厅 示例·张某"
    )
    xingfu.ok("record", ONE, "operator_confirmed", "--on", "2023-04-20")
    shown = xingfu.json("project", "show", ONE)
    assert (shown["stage"], shown["stage_label"]) == ("application", "申报")
    assert shown["milestones"]["operator_confirmed"] == "2023-04-20"
    assert (shown["profile"]["beds"], shown["profile"]["old_community"]) == (10, True)
    last = shown["history"][-1]  # without an actor it is by whose the fact is
    assert last["actor"] == COUNTY
    assert last["entered_by"].startswith("本机用户 ")
    assert [row["action"] for row in shown["history"]][-2:] == [
        "confirm_site",
        "operator_confirmed",
    ]
    assert "submit_application" in xingfu.ok("project", "show", ONE)
    told = xingfu.ok("explain", ONE, "D06", "--as-of", "2023-05-04")
    for words in ("六(二)", "各地应于4月底前确定第三方专业运营机构", "2023年4月28日", "按期完成"):
        assert words in told


def test_names_are_understood_as_people_write_them(loaded: Xingfu) -> None:
    told = loaded("explain", "太原", "d10-3", "--as-of", "2023-4-3")
    assert told.returncode == 0
    assert "D10-03" in told.stdout
    for line in ("“太原”按“太原市”办理", "“d10-3”按“D10-03”办理", "“2023-4-3”按“2023-04-03”理解"):
        assert line in told.stderr
    for typed in ("2023-3", "2023年3月", "2023.03"):
        assert f"“{typed}”按“2023-03”理解" in loaded("burden", "--month", typed).stderr
    quarter = loaded("report", "feedback", "--quarter", "2023年二季度")
    assert "“2023年二季度”按“2023Q2”理解" in quarter.stderr
    noted = loaded("record", ONE, "运营机构确定", "--on", "2023-04-20", "--actor", "太原市")
    assert "operator_confirmed" not in noted.stdout + noted.stderr
    refused = loaded("advance", ONE, "确定选止", "--on", "2023-02-06", "--actor", "山西省民政厅")
    assert refused.returncode == 1
    assert "是否为 confirm_site（确定选址）" in refused.stderr


def test_explain_gives_the_date_arithmetic(loaded: Xingfu) -> None:
    told = loaded.ok("explain", ONE, "D05", "--as-of", "2023-04-03")
    assert "2023年4月30日（星期日）为休息日，提前至工作日2023年4月28日" in told
    assert "2023年4月30日（星期日）为休息日，顺延至2023年5月4日（星期四），其后仍未完成的" in told
    assert "《实施方案》未明确日期" in loaded.ok("explain", ONE, "D04", "--as-of", "2023-04-03")
    assert "D10-06" in loaded.ok("explain", "太原市", "D10", "--as-of", "2023-04-03")
    (row,) = loaded.json("explain", ONE, "D08", "--as-of", "2023-04-03")["deadlines"]
    assert (row["clause"], row["missing"]) == ("六(二)", ["开工"])


def test_the_project_list(loaded: Xingfu) -> None:
    rows = loaded.json("project", "list")
    assert len(rows) == 10
    assert {"code", "name", "city", "county", "stage"} <= rows[0].keys()
    assert {row["city"] for row in rows} == {"太原市"}
    assert ONE in loaded.ok("project", "list")


def test_the_plan(loaded: Xingfu) -> None:
    assert "有效" in loaded.ok("plan", "validate")
    plan = loaded.json("plan", "show")
    assert sum(city["quota"] for city in plan["cities"]) == 100
    assert "晋民发〔2023〕7号" in loaded.ok("plan", "show")


def test_a_plan_from_its_first_line_to_its_preview(loaded: Xingfu, tmp_path: Path) -> None:
    """As whoever writes one does it, without a database of its own."""
    home, page = tmp_path / "plans", tmp_path / "预览.html"
    refused = loaded("plan", "new", "parks-2025")
    assert (refused.returncode, "XINGFU_PLANS" in refused.stderr) == (1, True)
    home.mkdir()
    mine = {"XINGFU_PLANS": str(home)}
    assert "下一步" in loaded.ok("plan", "new", "parks-2025", **mine)
    assert "parks-2025 有效：1市" in loaded.ok("plan", "validate", "parks-2025", **mine)
    assert "算例2例，全部相符" in loaded.ok("plan", "test", "parks-2025", **mine)
    assert "已写入预览" in loaded.ok("plan", "preview", "parks-2025", "--out", page, **mine)
    assert "尚未装入系统" in page.read_text(encoding="utf-8")
    again = loaded("plan", "new", "parks-2025", **mine)
    assert (again.returncode, "未作改动" in again.stderr) == (1, True)
    cases = home / "parks-2025" / "cases.yaml"
    text = cases.read_text(encoding="utf-8")
    cases.write_text(text.replace("D01: 逾期", "D01: 正常"), encoding="utf-8")
    wrong = loaded("plan", "test", "parks-2025", **mine)
    assert wrong.returncode == 1
    assert f"{cases}:2: 算例“3月底前选址”（二）不符" in wrong.stdout
    assert "截至2025-04-15应为“正常”，得出“逾期”" in wrong.stdout
    plan = home / "parks-2025" / "plan.yaml"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(f"id: parks-2026\n{text}", encoding="utf-8")
    moved = loaded("plan", "validate", plan.parent, **mine)
    assert moved.returncode == 1
    assert f"{plan}:1: id: 方案编号“parks-2026”应与目录名“parks-2025”一致" in moved.stderr


def test_the_schema_is_json(loaded: Xingfu) -> None:
    assert "实施方案" in loaded.ok("plan", "schema")


@pytest.mark.parametrize("command", ["check", "deadlines", "outbox", "board"])
def test_staff_see_chinese(loaded: Xingfu, command: str) -> None:
    assert "截至" in loaded.ok(command)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("advance", ONE, "fly", "--on", "2023-02-06", "--actor", "山西省民政厅"),
            1,
            "没有办理动作“fly”",
        ),
        (
            ("advance", "XF0", "confirm_site", "--on", "2023-02-06", "--actor", "山西省民政厅"),
            1,
            "XF0",
        ),
        (
            ("advance", ONE, "determine", "--on", "2023-02-06", "--actor", "山西省民政厅"),
            1,
            "不能办理",
        ),
        (
            ("advance", ONE, "confirm_site", "--on", "2023-02-06", "--actor", "bar"),
            1,
            "“bar”不是本方案的单位；“确定选址”由太原市小店区民政局、太原市民政局、山西省民政厅办理",
        ),
        (
            ("advance", ONE, "release_funds", "--on", "2023-02-06", "--actor", COUNTY),
            1,
            "“下达资金”由山西省财政厅办理（五(四)）",
        ),
        (
            ("extend", ONE, "D08", *UNTIL, "--actor", COUNTY, "--evidence", "示例批复"),
            1,
            "“延期”由山西省民政厅办理",
        ),
        (
            ("record", ONE, "violation_confirmed", "--on", "2023-02-06", "--evidence", "示例"),
            1,
            "请注明经办人；“违规认定”由山西省民政厅办理",
        ),
        (("record", ONE, "nothing", "--on", "2023-02-06"), 1, "没有可登记的节点“nothing”"),
        (("record", "运城县", "D10-03", "--on", "2023-03-24"), 1, "运城县"),
        (("explain", ONE, "D99"), 1, "D99"),
        (("project", "show", "XF0"), 1, "XF0"),
        (("deadlines", "--subject", "XF0"), 1, "XF0"),
        (("check", "--as-of", "2027-01-04"), 1, "calendars/ 下增加 2027.json"),
        (("enforce", "--as-of", "1999-01-04"), 1, "1999.json"),
        (("enforce", "--as-of", "yesterday"), 2, "yesterday"),
        (("enforce", "--as-of", "2023-02-30"), 2, "2023-02-30"),
        (("advance", ONE), 2, ""),
        (("fly",), 2, "fly"),
        (("import", "nowhere.xlsx"), 1, "nowhere.xlsx"),
        (("import", TAIYUAN, "--city", "上海市"), 1, "上海市"),
        (("init", "--plan", "mars-2023"), 1, "mars-2023"),
        (("demo", "--no-serve", "--as-of", "nie"), 2, "nie"),
        (("plan", "validate", "nowhere.yaml"), 1, "nowhere.yaml"),
    ],
)
def test_trouble_is_one_clear_sentence_and_changes_nothing(
    loaded: Xingfu, arguments: tuple[object, ...], code: int, words: str
) -> None:
    before = _contents(loaded)
    done = loaded(*arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert _contents(loaded) == before


def test_without_init_every_command_says_so(fresh: Xingfu) -> None:
    done = process(fresh, "deadlines")
    assert (done.returncode, "xingfu init" in done.stderr) == (1, True)


def test_wrong_settings_are_named(fresh: Xingfu) -> None:
    done = process(fresh, "init", XINGFU_PORT="many")
    assert (done.returncode, "XINGFU_PORT" in done.stderr) == (2, True)
    done = process(fresh, "init", XINGFU_DATABASE_URL="postgresql://u:geheim@127.0.0.1:1/x")
    assert (done.returncode, "geheim" in done.stderr) == (3, False)
    done = process(fresh, "init", XINGFU_DATABASE_URL="oracle-geheim")
    assert (done.returncode, "XINGFU_DATABASE_URL" in done.stderr) == (2, True)
    assert "geheim" not in done.stderr


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = process(Xingfu(tmp_path / "file" / "home"), "init")
    assert (done.returncode, str(tmp_path / "file") in done.stderr) == (3, True)


def test_a_locked_database_is_one_sentence(loaded: Xingfu, tmp_path: Path) -> None:
    xingfu = _copy(loaded, tmp_path)
    with sqlite3.connect(xingfu.home / "xingfu.db") as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        done = xingfu("enforce", "--as-of", "2023-02-21")
    blocker.close()
    assert (done.returncode, "正被占用" in done.stderr) == (3, True)


def test_importing_twice_changes_nothing(loaded: Xingfu, tmp_path: Path) -> None:
    xingfu = _copy(loaded, tmp_path)
    before = _contents(xingfu)
    assert "新增0，更新0，未变10" in xingfu.ok("import", TAIYUAN)
    assert _contents(xingfu) == before


def test_one_bad_workbook_does_not_stop_the_others(fresh: Xingfu, tmp_path: Path) -> None:
    bad = tmp_path / "坏.xlsx"
    bad.write_text("不是工作簿")
    fresh.ok("init")
    done = fresh("import", bad, TAIYUAN)
    assert (done.returncode, "坏.xlsx" in done.stderr, "新增10" in done.stdout) == (1, True, True)


def test_no_command_but_serve_and_demo_imports_prefect(loaded: Xingfu) -> None:
    program = (
        "import sys; from deployments import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "sys.exit('prefect' in sys.modules or 'apprise' in sys.modules)"
    )
    environment = {**os.environ, "XINGFU_HOME": str(loaded.home)}
    for arguments in (["--help"], ["check"], ["deadlines"], ["outbox"], ["explain", ONE]):
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=environment,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, arguments


def test_help_needs_nothing_but_typer() -> None:
    program = (
        "import sys, deployments.cli\n"
        "heavy = {'pydantic', 'sqlalchemy', 'sqlmodel', 'yaml', 'openpyxl', 'transitions'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def process(xingfu: Xingfu, *arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    """The command as people start it."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        env={**os.environ, **xingfu.variables, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _copy(xingfu: Xingfu, tmp_path: Path) -> Xingfu:
    home = tmp_path / "home"
    home.mkdir()
    with (
        sqlite3.connect(xingfu.home / "xingfu.db") as source,
        sqlite3.connect(home / "xingfu.db") as target,
    ):
        source.backup(target)
    source.close()
    target.close()
    shutil.copy(xingfu.home / "secret.key", home)
    return Xingfu(home)


def _contents(xingfu: Xingfu) -> list[str]:
    with sqlite3.connect(xingfu.home / "xingfu.db") as connection:
        dump = list(connection.iterdump())
    connection.close()
    # That a workbook came is an event each time; it waits there until it is emitted.
    return [line for line in dump if not line.startswith('INSERT INTO "event"')]


def test_explain_speaks_only_of_what_applies(loaded: Xingfu) -> None:
    """A project under review may still have to be corrected; a sited one has much before it."""
    told = loaded.ok("explain", ONE, "--as-of", "2023-04-03")
    assert "替补项目" not in told  # it is none
    assert "【D20】" not in told
    assert "有关情况发生后才起算的时限：D20 申报材料补正（自“补正通知”起）；D21" in told
    assert "起算：自“补正通知”" in loaded.ok("explain", ONE, "D20", "--as-of", "2023-04-03")

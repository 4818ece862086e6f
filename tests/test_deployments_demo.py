"""`xingfu demo` as a person runs it: a real Prefect server, its schedules, its UI in a browser."""

import json
import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Event
from time import sleep
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from deployments.example.profiles import contacts
from deployments.server.definitions import definitions
from tests.support.builders import plan
from tests.support.command import COMMAND
from tests.support.mail_server import parsed
from tests.support.next_door import ELSEWHERE, attack, page_next_door
from tests.support.serving import BROWSER, CHROMIUM, Served, picture, run, serving
from tests.support.visiting import code_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration, with its deployments served; stopped by Ctrl-C at the end."""
    with serving(tmp_path_factory.mktemp("demo"), "demo", inbox_settle_seconds="1") as served:
        yield served


def test_it_tells_where_to_look(running: Served) -> None:
    assert re.search(rf"今日情况　+{running.address}/xingfu/shanxi-2023　", running.said)
    assert "项目100个" in running.said
    assert list((running.home / "outgoing").rglob("*.eml"))


def test_it_says_how_far_it_has_come(running: Served) -> None:
    said = running.said
    told = ["正在登记示例事实1456条", "正在核对当日时限", "已发送", "正在编制到期的"]
    assert [words for words in (*told, "正在登记定时任务") if words not in said] == []
    assert said.count("已编制：") == said.count("已生成文件并发布：") == 24
    assert "\r" not in said, "a log keeps whole lines"
    assert "Completed" not in said, "what Prefect says of its runs is not for staff"


def _run_named(running: Served, start: str) -> Any:
    [run] = [it for it in running.post("flow_runs/filter") if it["name"].startswith(start)]
    return run


def test_the_day_was_enforced_as_a_flow_run(running: Served) -> None:
    assert _run_named(running, "2023年6月1日核对：")["state_type"] == "COMPLETED"


def test_the_years_duties_are_fulfilled_as_files_and_pages(running: Served) -> None:
    assert _run_named(running, "2023年6月1日编制")["state_type"] == "COMPLETED"
    made = running.home / "outgoing" / "duties" / "shanxi-2023"
    assert (made / "2023-05-31" / "2023年5月通报（草稿）.docx").exists()
    assert len(list(made.rglob("*督查表.xlsx"))) == 26
    assert (
        "山西省民政厅关于2023年5月份城镇社区幸福养老提速工程进展情况的通报"
        in running.artifact("bulletin")["data"]
    )


def test_the_artifacts_say_what_the_command_says(running: Served) -> None:
    board = running.artifact("province-board")["data"]
    overdue = running.artifact("overdue")["description"]
    assert "截至 **2023-06-01**" in board
    shown = _xingfu(running, "board", "--as-of", "2023-06-01", "--json")
    rows = json.loads(shown)
    assert f"共{sum(row['overdue'] for row in rows) + _province_overdue(running)}项" in overdue
    [listed] = re.findall(r"共(\d+)项", overdue)
    assert f"，逾期{listed}项，" in running.said
    for row in rows:
        city = rf"\| \[{row['city']}\]\(/artifacts/artifact/\S+\) "
        assert re.search(rf"{city}\| {row['quota']} \| {row['projects']} \|", board)


def test_every_deployment_is_registered_as_it_is_written(running: Served) -> None:
    found = {item["name"]: item for item in running.post("deployments/filter")}
    assert set(found) == {item.name for item in definitions()}
    for item in definitions():
        deployment = found[item.name]
        assert deployment["description"] == item.description
        assert set(deployment["tags"]) == {"幸福", *item.tags}
        assert deployment["entrypoint"] == item.entrypoint
        strategy = (deployment["concurrency_options"] or {}).get("collision_strategy")
        assert strategy == (item.limit or {}).get("collision_strategy")
        schedules = {made["schedule"]["cron"]: made for made in deployment["schedules"]}
        assert set(schedules) == {written["cron"] for written in item.schedules}
        for written in item.schedules:
            made = schedules[written["cron"]]
            assert made["active"]
            assert made["schedule"]["timezone"] == "Asia/Shanghai"
            assert made["parameters"] == written.get("parameters", {})


def test_the_scheduler_makes_runs_at_half_past_eight(running: Served) -> None:
    """Only this catches a scheduler that starts and schedules nothing."""
    daily = "enforce_deadlines"
    for _ in range(90):
        waiting = running.post(
            "flow_runs/filter",
            flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}},
            deployments={"name": {"any_": [daily]}},
        )
        if waiting:
            break
        sleep(1)
    starts = [datetime.fromisoformat(run["expected_start_time"]) for run in waiting]
    times = {f"{start.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" for start in starts}
    assert "08:30" in times
    assert {time[3:] for time in times - {"08:30"}} == {"50"}


def test_a_run_started_from_the_ui_adds_nothing_to_the_same_day(running: Served) -> None:
    before = _xingfu(running, "outbox", "--json")
    done = running.ended(running.start("enforce_deadlines"))
    assert done["state_type"] == "COMPLETED", done["state"]
    assert _xingfu(running, "outbox", "--json") == before


def test_what_a_person_submits_arrives_while_others_write(running: Served) -> None:
    with _writing_all_the_time(running.home / "prefect" / "prefect.db"):
        asked = [running.submitted("enforce_deadlines") for _ in range(10)]
    assert asked == [httpx.codes.CREATED] * 10


def test_the_reply_that_it_prints_is_taken_up_and_answered(running: Served) -> None:
    """The listener takes it up, a person decides, and the receipt says what became of it."""
    folder, day = running.home.parent, {"business_date": "2023-06-01"}
    [copied] = re.findall(r"报来回复　+cp (\S+) (\S+)", running.said)
    [decided] = re.findall(r"(reply verify \S+ taken_over --actor \S+ --why \S+)", running.said)
    assert subprocess.run(["cp", *copied], check=False, cwd=folder).returncode == 0
    for _ in range(180):
        waiting = json.loads(run(folder, "reply", "list", "--json", **day))
        if waiting:
            break
        sleep(1)
    [found] = waiting
    assert "发件人不是该提醒的收件人" in found["answers"][0]["why"]
    assert list((running.home / "incoming" / "待核实").glob("*.eml"))
    told = run(folder, *decided.split(), **day)
    assert "登记为2023年6月1日" in told
    run(folder, "deliver", **day)
    sent = [path.read_bytes() for path in (running.home / "outgoing").rglob("*.eml")]
    [receipt] = [parsed(raw) for raw in sent if b"Auto-Submitted: auto-replied" in raw]
    body = receipt.get_body(("plain",))
    assert body is not None
    assert "下列事项已登记" in body.get_content()
    assert str(receipt["In-Reply-To"]).endswith("@county.example>")


def test_a_taken_port_is_one_sentence(running: Served, tmp_path: Path) -> None:
    environment = {**os.environ, "XINGFU_HOME": str(tmp_path), "XINGFU_PORT": str(running.port)}
    done = subprocess.run(
        [COMMAND, "demo", "--no-serve"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert f"端口 {running.port} 不可用" in done.stderr
    assert "XINGFU_PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium (a Debian package) is not installed")
def test_an_admin_sees_the_board_and_the_runs(running: Served, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER)
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, locale="zh-CN")
        page.on("request", lambda request: asked.append(request.url))
        page.goto(_link(running, "今日情况"))
        page.get_by_role("cell", name="太原市").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("board.png", tmp_path))
        page.goto(_link(running, "逾期清单"))
        page.get_by_role("columnheader", name="尚缺").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("overdue.png", tmp_path))
        with page.context.expect_page() as opened:  # each row leads to its explanation
            page.get_by_role("link", name="示例").first.click()
        opened.value.get_by_text("提前办结日").first.wait_for(timeout=60_000)
        opened.value.screenshot(path=picture("explain.png", tmp_path))
        page.goto(f"{running.address}/artifacts/artifact/{running.artifact('curves')['latest_id']}")
        drawn = page.locator("img[src^='data:image/png']").first
        drawn.wait_for(timeout=60_000)
        assert drawn.evaluate("image => image.naturalWidth") > 400, "the graph is shown"
        drawn.scroll_into_view_if_needed()
        page.screenshot(path=picture("curves.png", tmp_path))
        page.goto(f"{running.address}/runs")
        page.get_by_text("2023年6月1日核对").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("runs.png", tmp_path))
        page.goto(f"{running.address}/deployments")
        page.get_by_text("deliver_outbox").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("deployments.png", tmp_path))
        browser.close()
    outside = [url for url in asked if not url.startswith((running.address, "data:", "blob:"))]
    assert outside == []


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium (a Debian package) is not installed")
def test_a_page_next_door_can_do_nothing(running: Served) -> None:
    """Without a password: neither order anything, nor read, nor tell by a socket, nor be us."""
    before = {item["id"] for item in running.post("deployments/filter")}
    with page_next_door() as (page, home):
        for origin in (home, home.replace(ELSEWHERE, "127.0.0.1")):
            told = attack(page, origin, running.address)
            assert told["form"] == "sent"
            assert told["read"] == told["socket"] == "refused"
            assert {item["id"] for item in running.post("deployments/filter")} == before
        rebound = page.goto(f"http://{ELSEWHERE}:{running.port}/")
        assert rebound is not None
        assert rebound.status == 421
        assert "XINGFU_SITE" in rebound.text()
    shown = httpx.get(running.address, timeout=30)
    assert shown.headers["x-frame-options"] == "DENY"
    forged = httpx.post(f"{running.address}/api/deployments/bulk_delete", timeout=30)
    assert forged.status_code == 403, "and whoever is no browser needs a token of his own"
    asked = [running.get("csrf-token?client=another")["token"] for _ in range(2)]
    assert len({*asked}) == 1, "what it carries that was asked before is still good"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium (a Debian package) is not installed")
def test_staff_see_the_desk(running: Served, tmp_path: Path) -> None:
    """As docs/how-to/desk.md shows it: the province's board and papers, a county's day."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER)
        page = _signed_in(browser, running, "山西省民政厅")
        for name, path in (("board", "/board"), ("papers", "/papers")):
            page.goto(f"{_desk(running)}{path}")
            page.screenshot(path=picture(f"desk-{name}.png", tmp_path))
        page.goto(f"{_desk(running)}/list?standing=overdue")
        page.get_by_role("link", name="示例").first.click()
        page.get_by_role("heading", name="办理记录").wait_for()
        page.screenshot(path=picture("desk-project.png", tmp_path))
        page = _signed_in(browser, running, "太原市民政局")
        page.screenshot(path=picture("desk-today.png", tmp_path))
        page.set_viewport_size({"width": 360, "height": 780})
        page.screenshot(path=picture("desk-today-360.png", tmp_path))
        browser.close()


def test_ctrl_c_stops_everything_cleanly(running: Served) -> None:
    """Last in this file: it stops what the others use."""
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.address}/api/health", timeout=5)
    assert "已停止。" in running.said
    assert "Traceback" not in running.said


def _link(running: Served, words: str) -> str:
    """The address that the demonstration has printed after some words."""
    found = re.search(rf"{words}　+(\S+)", running.said)
    assert found
    return found[1]


def _province_overdue(running: Served) -> int:
    """What provincial bodies owe by a day of the notice, each chain of a project once.

    It stands in no city's row.
    """
    rows = json.loads(_xingfu(running, "deadlines", "--as-of", "2023-06-01", "--json"))
    late = [row for row in rows if row["standing"] == "overdue" and row["origin"] == "notice"]
    mine = [row for row in late if row["provincial"]]
    return len({(row["subject"], row["step"] or row["rule"]) for row in mine})


@contextmanager
def _writing_all_the_time(file: Path) -> Iterator[None]:
    """Another writer of the same file, who commits every few milliseconds."""
    ends = Event()

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as writer:
            while not ends.wait(0.002):
                writer.execute("UPDATE configuration SET updated = updated")

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        try:
            yield
        finally:
            ends.set()
        written.result(60)


def _xingfu(running: Served, *arguments: str) -> str:
    return run(running.home.parent, *arguments)


def _desk(running: Served) -> str:
    """Where the demonstration's desk is opened."""
    return f"http://127.0.0.1:{running.port + 2}"


def _signed_in(browser: "Browser", running: Served, office: str) -> "Page":
    """A holder of an office at the desk, let in by the mail that lies in the folder."""
    phone = next(post.phone for post in contacts(plan()) if post.office == office)
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page.goto(f"{_desk(running)}/sign-in")
    known = set((running.home / "outgoing").rglob("*.eml"))
    page.get_by_label("电子邮箱").fill(phone)
    page.keyboard.press("Enter")
    page.get_by_label("六位验证码").wait_for()
    for _ in range(300):
        if fresh := set((running.home / "outgoing").rglob("*.eml")) - known:
            break
        sleep(0.1)
    mail = message_from_bytes(fresh.pop().read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    assert body is not None
    page.get_by_label("六位验证码").fill(code_of(body.get_content()))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="今日事项").wait_for()
    return page

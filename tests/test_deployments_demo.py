"""`xingfu demo` as a person runs it: a real Prefect server, its schedules, its UI in a browser."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import httpx
import pytest

from deployments.server.definitions import definitions
from tests.support.serving import BROWSER, CHROMIUM, COMMAND, Served, picture, run, serving

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration, with its deployments served; stopped by Ctrl-C at the end."""
    with serving(tmp_path_factory.mktemp("demo"), "demo") as served:
        yield served


def test_it_tells_where_to_look(running: Served) -> None:
    assert re.search(rf"全省进度　+{running.address}/artifacts/artifact/\S+", running.said)
    assert "项目100个" in running.said
    assert list((running.home / "outgoing").rglob("*.eml"))


def test_it_says_how_far_it_has_come(running: Served) -> None:
    said = running.said
    told = ["正在登记示例事实1456条", "正在核对当日时限", "已发送", "正在编制到期的"]
    assert [words for words in (*told, "正在登记定时任务") if words not in said] == []
    assert said.count("已编制：") == said.count("已生成文件并发布：") == 24
    assert "\r" not in said, "a log keeps whole lines"
    assert "Completed" not in said, "what Prefect says of its runs is not for staff"


def test_the_day_was_enforced_as_a_flow_run(running: Served) -> None:
    (run,) = [
        run
        for run in running.post("flow_runs/filter")
        if run["name"] == "enforce_deadlines-2023-06-01"
    ]
    assert run["state_type"] == "COMPLETED"


def test_the_years_duties_are_fulfilled_as_files_and_pages(running: Served) -> None:
    [run] = [
        run for run in running.post("flow_runs/filter") if run["name"] == "fulfil_duty-2023-06-01"
    ]
    assert run["state_type"] == "COMPLETED"
    made = running.home / "outgoing" / "duties" / "shanxi-2023"
    assert (made / "2023-05-31" / "2023年5月通报（草稿）.docx").exists()
    assert len(list(made.rglob("*督查表.xlsx"))) == 25
    assert (
        "关于2023年5月城镇社区幸福养老提速工程进展情况的通报"
        in running.artifact("bulletin")["data"]
    )


def test_the_artifacts_say_what_the_command_says(running: Served) -> None:
    board = running.artifact("province-board")["data"]
    overdue = running.artifact("overdue")["description"]
    assert "截至 **2023-06-01**" in board
    shown = _xingfu(running, "board", "--as-of", "2023-06-01", "--json")
    rows = json.loads(shown)
    assert f"共{sum(row['overdue'] for row in rows) + _province_overdue(running)}项" in overdue
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
        page.goto(_link(running, "全省进度"))
        page.get_by_role("cell", name="太原市").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("board.png", tmp_path))
        page.goto(_link(running, "逾期清单"))
        page.get_by_text("超期天数").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("overdue.png", tmp_path))
        with page.context.expect_page() as opened:  # each row leads to its explanation
            page.get_by_role("link", name="养老幸福工程").first.click()
        opened.value.get_by_text("应完成日期").first.wait_for(timeout=60_000)
        opened.value.screenshot(path=picture("explain.png", tmp_path))
        page.goto(f"{running.address}/artifacts/artifact/{running.artifact('curves')['latest_id']}")
        drawn = page.locator("img[src^='data:image/png']").first
        drawn.wait_for(timeout=60_000)
        assert drawn.evaluate("image => image.naturalWidth") > 400, "the graph is shown"
        drawn.scroll_into_view_if_needed()
        page.screenshot(path=picture("curves.png", tmp_path))
        page.goto(f"{running.address}/runs")
        page.get_by_text("enforce_deadlines-2023-06-01").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("runs.png", tmp_path))
        page.goto(f"{running.address}/deployments")
        page.get_by_text("deliver_outbox").first.wait_for(timeout=60_000)
        page.screenshot(path=picture("deployments.png", tmp_path))
        browser.close()
    outside = [url for url in asked if not url.startswith((running.address, "data:", "blob:"))]
    assert outside == []


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
    arguments = ("deadlines", "--as-of", "2023-06-01", "--subject", "山西省", "--json")
    rows = json.loads(_xingfu(running, *arguments))
    return sum(row["standing"] == "overdue" for row in rows)


def _xingfu(running: Served, *arguments: str) -> str:
    return run(running.home.parent, *arguments)

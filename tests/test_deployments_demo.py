"""`xingfu demo` as a person runs it: a real Prefect server, its schedules, its UI in a browser."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from deployments.serve import definitions
from tests.mail_server import free_port

COMMAND = str(Path(sys.executable).with_name("xingfu"))
CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]


@dataclass
class Running:
    """A demonstration that serves."""

    process: subprocess.Popen[str]
    home: Path
    port: int
    output: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, **body: object) -> Any:
        """What the server's API answers."""
        answer = httpx.post(f"{self.address}/api/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demonstration, with its deployments served; stopped by Ctrl-C at the end."""
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    environment = {**os.environ, "XINGFU_HOME": "state", "XINGFU_PORT": str(port)}
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [COMMAND, "demo"], cwd=folder, env=environment, text=True, stdout=output, stderr=output
        )
    try:
        text = _wait_for(folder / "output", "Ctrl-C 停止", process)
        yield Running(process, folder / "state", port, text)
    finally:
        process.terminate()
        process.wait(60)


def test_it_tells_where_to_look(running: Running) -> None:
    assert re.search(rf"全省进度　+{running.address}/artifacts/artifact/\S+", running.output)
    assert "项目100个" in running.output
    assert list((running.home / "outgoing").rglob("*.eml"))


def test_the_day_was_enforced_as_a_flow_run(running: Running) -> None:
    (run,) = [
        run
        for run in running.post("flow_runs/filter")
        if run["name"] == "enforce_deadlines-2023-06-01"
    ]
    assert run["state_type"] == "COMPLETED"


def test_the_artifacts_say_what_the_command_says(running: Running) -> None:
    found = {item["key"]: item for item in running.post("artifacts/latest/filter")}
    board, overdue = found["province-board"]["data"], found["overdue-list"]["description"]
    assert "截至 **2023-06-01**" in board
    shown = _xingfu(running, "board", "--as-of", "2023-06-01", "--json")
    rows = json.loads(shown)
    assert f"共{sum(row['overdue'] for row in rows) + _province_overdue(running)}项" in overdue
    for row in rows:
        assert f"| {row['city']} | {row['quota']} | {row['projects']} |" in board


def test_every_deployment_is_scheduled_in_shanghai(running: Running) -> None:
    found = {item["name"]: item for item in running.post("deployments/filter")}
    assert set(found) == {item["name"] for item in definitions()}
    for item in definitions():
        deployment = found[item["name"]]
        (schedule,) = deployment["schedules"]
        assert schedule["active"]
        assert schedule["schedule"]["timezone"] == "Asia/Shanghai"
        assert schedule["schedule"]["cron"] == item["schedules"][0]["cron"]
        assert deployment["description"] == item["description"]
        assert deployment["entrypoint"] == item["entrypoint"]
        assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"


def test_the_scheduler_makes_runs_at_half_past_eight(running: Running) -> None:
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
    assert {f"{start.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" for start in starts} == {"08:30"}


def test_a_run_started_from_the_ui_adds_nothing_to_the_same_day(running: Running) -> None:
    before = _xingfu(running, "outbox", "--json")
    (deployment,) = [
        item for item in running.post("deployments/filter") if item["name"] == "enforce_deadlines"
    ]
    started = running.post(
        f"deployments/{deployment['id']}/create_flow_run", state={"type": "SCHEDULED"}
    )
    for _ in range(90):
        run = httpx.get(f"{running.address}/api/flow_runs/{started['id']}", timeout=30).json()
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED"):
            break
        sleep(1)
    assert run["state_type"] == "COMPLETED", run["state"]
    assert _xingfu(running, "outbox", "--json") == before


def test_a_taken_port_is_one_sentence(running: Running, tmp_path: Path) -> None:
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
def test_an_admin_sees_the_board_and_the_runs(running: Running, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, locale="zh-CN")
        page.on("request", lambda request: asked.append(request.url))
        page.goto(_link(running, "全省进度"))
        page.get_by_role("cell", name="太原市").first.wait_for(timeout=60_000)
        page.screenshot(path=_picture("board.png", tmp_path))
        page.goto(_link(running, "逾期清单"))
        page.get_by_text("逾期天数").first.wait_for(timeout=60_000)
        page.screenshot(path=_picture("overdue.png", tmp_path))
        page.goto(f"{running.address}/runs")
        page.get_by_text("enforce_deadlines-2023-06-01").first.wait_for(timeout=60_000)
        page.screenshot(path=_picture("runs.png", tmp_path))
        page.goto(f"{running.address}/deployments")
        page.get_by_text("deliver_outbox").first.wait_for(timeout=60_000)
        page.screenshot(path=_picture("deployments.png", tmp_path))
        browser.close()
    outside = [url for url in asked if not url.startswith((running.address, "data:", "blob:"))]
    assert outside == []


def test_ctrl_c_stops_everything_cleanly(running: Running) -> None:
    """Last in this file: it stops what the others use."""
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.address}/api/health", timeout=5)
    output = (running.home.parent / "output").read_text(encoding="utf-8")
    assert "已停止。" in output
    assert "Traceback" not in output


def _link(running: Running, words: str) -> str:
    """The address that the demonstration has printed after some words."""
    found = re.search(rf"{words}　+(\S+)", running.output)
    assert found
    return found[1]


def _picture(name: str, otherwise: Path) -> Path:
    """Where a screenshot goes: `PICTURES` keeps them for the documentation."""
    return Path(os.environ.get("PICTURES", otherwise)) / name


def _province_overdue(running: Running) -> int:
    arguments = ("deadlines", "--as-of", "2023-06-01", "--subject", "山西省", "--json")
    rows = json.loads(_xingfu(running, *arguments))
    return sum(row["standing"] == "overdue" for row in rows)


def _xingfu(running: Running, *arguments: str) -> str:
    environment = {**os.environ, "XINGFU_HOME": str(running.home)}
    done = subprocess.run(
        [COMMAND, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def _wait_for(file: Path, words: str, process: subprocess.Popen[str]) -> str:
    for _ in range(240):
        text = file.read_text(encoding="utf-8")
        if words in text:
            return text
        assert process.poll() is None, text
        sleep(1)
    raise AssertionError(f"{words!r} did not come: {file.read_text(encoding='utf-8')}")

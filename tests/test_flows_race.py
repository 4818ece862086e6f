"""Two real processes at once on one project: one wins, the other is told what changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from operations.cases.desk import Desk
from operations.upkeep.setup import check_trail
from tests.support.steps import ONE, load, show, stored, walk

pytestmark = pytest.mark.heavy
ACTIONS = (
    ("advance", ONE, "break_ground", "--actor", "太原市小店区民政局"),
    ("advance", ONE, "hold", "--actor", "山西省民政厅养老服务处"),
)


def _start(desk: Desk, *arguments: str) -> subprocess.Popen[str]:
    env = {
        **os.environ,
        "XINGFU_HOME": str(desk.settings.home),
        "XINGFU_BUSINESS_DATE": "2023-06-01",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    if desk.settings.database_url:
        env["XINGFU_DATABASE_URL"] = desk.settings.database_url.get_secret_value()
    command = [sys.executable, "-m", "deployments.cli", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=env, text=True, **pipes)  # type: ignore[call-overload, no-any-return]  # pipes by name


def test_of_two_racing_actions_one_wins(desk: Desk) -> None:
    load(desk)
    walk(desk, "release_funds")
    seen = str(show(desk).revision)
    rows = len(show(desk).history)
    common = ("--on", "2023-05-10", "--evidence", "示例文件", "--seen", seen)
    racing = [_start(desk, *action, *common) for action in ACTIONS]
    ended = [(process.communicate(timeout=120), process.returncode) for process in racing]
    assert sorted(code for _, code in ended) == [0, 1], ended
    (lost,) = [err for (_, err), code in ended if code == 1]
    assert f"{ONE}在您查看之后已有变化，本次未办理" in lost
    won = "开工" if ended[0][1] == 0 else "暂停"
    assert f"（北京时间）办理 {won}（2023年5月10日）" in lost
    assert len(show(desk).history) == rows + 1
    assert (stored(desk).stage == "construction") == (won == "开工")
    assert check_trail(desk).breaks == ()


def test_who_looked_before_a_change_is_told_of_it(desk: Desk) -> None:
    load(desk)
    seen = str(show(desk).revision)
    walk(desk, "confirm_site")
    late = _start(
        desk, "record", ONE, "community_need", "--on", "2023-02-08", "--evidence", "示例",
        "--actor", "太原市民政局", "--seen", seen,
    )  # fmt: skip
    _, told = late.communicate(timeout=120)
    assert late.returncode == 1
    assert "确定选址（2023年2月6日），经办：山西省民政厅养老服务处" in told

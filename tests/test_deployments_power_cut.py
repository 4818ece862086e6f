"""`xingfu serve` is cut off: its server goes with it, nothing stays dead or is asked twice."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from tests.support.cluster import descendants
from tests.support.command import COMMAND
from tests.support.serving import Served, run, serving
from tests.support.stores import Stores
from tests.test_flows_approving import AGREED, REVIEWED, TODAY

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
SERVER = b"deployments.server.api"


def test_what_was_cut_off_ends_and_what_waits_goes_on(
    tmp_path: Path, stores: Stores, prefect_database: Path
) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    with stores.copy(None, REVIEWED, folder / "state"):
        with serving(folder, "serve", database=prefect_database, business_date=TODAY) as served:
            _is_guarded(served)
            _nobody_else_serves(served, folder)
            runs = _in_every_state(served)
            _power_fails(served)
        with serving(folder, "serve", port=str(served.port), business_date=TODAY) as served:
            assert "已为界面生成管理员密码" not in served.said, "it is told once"
            assert "上次停止时未结束的运行" in served.said
            _what_was_cut_off_has_ended(served, runs)
            _every_place_is_free(served)
            _decisions_are_made_once(served, runs)
            _serve_ends_with_its_server(served)
    assert run(folder, "project", "show", "XF2023-140105-02").count("研究确定") > 0


def _is_guarded(served: Served) -> None:
    kept = served.home / "admin.password"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"admin:{served.password}" in served.said


def _nobody_else_serves(served: Served, folder: Path) -> None:
    environment = {**os.environ, "XINGFU_HOME": "state", "XINGFU_PORT": str(served.port + 1)}
    second = subprocess.run(
        [COMMAND, "serve"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"进程 {served.process.pid}，自 20" in second.stderr
    assert "Traceback" not in second.stderr


def _in_every_state(served: Served) -> dict[str, Any]:
    """Runs as the power finds them, by what they were about."""
    waits, decided = (served.start("determine_projects") for _ in range(2))
    before = {run: served.comes_to(run, "Suspended") for run in (waits, decided)}
    served.process.send_signal(signal.SIGSTOP)  # so nobody executes what follows
    served.post(f"flow_runs/{decided}/resume", run_input=AGREED)
    began, begins, retries = (
        served.start(name) for name in ("read_inbox", "deliver_outbox", "monthly_report")
    )
    for run_id, *states in (
        (decided, "PENDING", "RUNNING"),
        (began, "PENDING", "RUNNING"),
        (begins, "PENDING"),
        (retries, "PENDING", "RUNNING", "AwaitingRetry"),
    ):
        for state in states:
            _set(served, run_id, state)
    runs = {"waits": waits, "decided": decided, "began": began, "begins": begins}
    return {**runs, "retries": retries, "asked": before[waits]["state_id"]}


def _set(served: Served, run_id: str, state: str) -> None:
    known = {"type": state} if state.isupper() else {"type": "SCHEDULED", "name": state}
    done = served.post(f"flow_runs/{run_id}/set_state", state=known)
    assert done["status"] == "ACCEPT", done


def _power_fails(served: Served) -> None:
    """Nobody ends anything in order; the server is not even killed, and still goes."""
    pids = descendants(served.process.pid)
    server = [pid for pid in pids if SERVER in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(server) == 1
    served.process.kill()
    for pid in {*pids} - {*server}:  # runs that had just begun
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    served.process.wait(60)
    for _ in range(300):
        if not any(_lives(pid) for pid in pids):
            return
        sleep(0.1)
    raise AssertionError("its server has survived it")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _what_was_cut_off_has_ended(served: Served, runs: dict[str, Any]) -> None:
    for name in ("began", "begins"):
        state = served.get(f"flow_runs/{runs[name]}")["state"]
        assert state["type"] == "CRASHED"
        assert "运行已中断" in state["message"]
    assert served.ended(runs["retries"])["state_type"] == "COMPLETED"


def _every_place_is_free(served: Served) -> None:
    """A new run of each job is carried out, and not dropped for one that is dead."""
    for name in ("read_inbox", "deliver_outbox"):
        done = served.ended(served.start(name))
        assert done["state_type"] == "COMPLETED", done["state"]


def _decisions_are_made_once(served: Served, runs: dict[str, Any]) -> None:
    """The answer that was given is taken up by itself; who has not answered is still asked."""
    done = served.ended(runs["decided"])
    assert done["state"]["message"] == "研究确定：已同意，已确定100个，列为替补0个"
    waits = served.get(f"flow_runs/{runs['waits']}")
    assert (waits["state_name"], waits["state_id"]) == ("Suspended", runs["asked"])
    served.post(f"flow_runs/{runs['waits']}/resume", run_input=AGREED)
    done = served.ended(runs["waits"])
    assert done["state"]["message"] == "研究确定：名单已定，共100个"


def _serve_ends_with_its_server(served: Served) -> None:
    """With one sentence, and so that whoever started it sees that it failed."""
    [server] = [pid for pid in descendants(served.process.pid) if _is_server(pid)]
    os.kill(server, signal.SIGKILL)
    assert served.process.wait(60) == 3
    assert served.said.splitlines()[-1].startswith("Prefect 服务意外停止")
    assert "Traceback" not in served.said


def _is_server(pid: int) -> bool:
    return b"deployments.server.api" in Path(f"/proc/{pid}/cmdline").read_bytes()

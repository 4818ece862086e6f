"""Runs that are forked from the ready process behave as if they had begun anew."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from deployments.server.ready_process import ready_process

pytestmark = pytest.mark.heavy
PROBE = "tests.support.run_probe"
TRIES = 100


@pytest.fixture(scope="module")
def command() -> Iterator[list[str]]:
    """The courier's, once a process is ready for it."""
    with ready_process(module=PROBE) as process:
        process.wait()
        yield shlex.split(process.command)


def _until(is_so: Any) -> None:
    for _ in range(TRIES):
        if is_so():
            return
        sleep(0.1)
    raise AssertionError(is_so)


def begin(command: list[str], folder: Path, what: str, **more: Any) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PROBE": what, "示例": "值"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )


def said(run: subprocess.Popen[str]) -> str:
    output, _ = run.communicate(timeout=60)
    return output


def waiting(command: list[str], folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A courier whose run waits, and the pid of that one."""
    run = begin(command, folder, "wait")
    assert run.stdout
    return run, int(run.stdout.readline())


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_has_what_was_given_and_ends_as_it_does(command: list[str], tmp_path: Path) -> None:
    told = begin(command, tmp_path, "tell")
    lines = said(told).splitlines()
    assert (lines, told.returncode) == (
        [f"folder {tmp_path}", "示例 值", "argv 1", "main True", "loaded True", "at the end"],
        7,
    )


def test_what_it_raises_is_printed_and_fails(command: list[str], tmp_path: Path) -> None:
    failed = begin(command, tmp_path, "raise")
    assert "ValueError: 示例" in said(failed)
    assert failed.returncode == 1


def test_a_signal_reaches_it_and_tells_how_it_ended(command: list[str], tmp_path: Path) -> None:
    """Also where all processes of a service are sent it, as systemd does."""
    courier, pid = waiting(command, tmp_path)
    os.kill(parent(pid), signal.SIGTERM)
    courier.send_signal(signal.SIGTERM)
    assert "stopped" in said(courier)
    assert courier.returncode == 128 + signal.SIGTERM


def test_a_run_that_is_killed_is_known_as_killed(command: list[str], tmp_path: Path) -> None:
    courier, pid = waiting(command, tmp_path)
    os.kill(pid, signal.SIGKILL)
    said(courier)
    assert courier.returncode == -signal.SIGKILL


def test_who_kills_the_courier_kills_the_run(command: list[str], tmp_path: Path) -> None:
    courier, pid = waiting(command, tmp_path)
    courier.kill()
    said(courier)
    _until(lambda: not is_there(pid))
    assert not is_there(pid)


def test_a_run_ends_with_its_keeper_and_is_known_as_failed(
    command: list[str], tmp_path: Path
) -> None:
    courier, pid = waiting(command, tmp_path)
    os.kill(parent(pid), signal.SIGKILL)
    said(courier)
    assert courier.returncode == 1
    _until(lambda: not is_there(pid))
    assert not is_there(pid)


def test_runs_go_on_beside_each_other(command: list[str], tmp_path: Path) -> None:
    first, pid = waiting(command, tmp_path)
    assert "at the end" in said(begin(command, tmp_path, "tell"))
    assert is_there(pid)
    first.kill()
    said(first)


def test_where_nobody_is_ready_it_begins_by_itself(command: list[str], tmp_path: Path) -> None:
    *courier, _, module = command
    alone = begin([*courier, f"{tmp_path}/nobody", module], Path.cwd(), "tell")
    assert said(alone).splitlines()[-2:] == ["loaded False", "at the end"]
    assert alone.returncode == 7


def test_it_ends_with_who_holds_it_and_its_runs_go_on(tmp_path: Path) -> None:
    holder = (
        "from deployments.server.ready_process import ready_process\n"
        "with ready_process(module='tests.support.run_probe') as process:\n"
        "    process.wait(); print(process.command, flush=True); input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as held:
        assert held.stdout
        found = shlex.split(held.stdout.readline())
        courier, pid = waiting(found, tmp_path)
        ready = parent(parent(pid))
        held.kill()
    _until(lambda: not is_there(ready))
    assert is_there(pid)
    courier.send_signal(signal.SIGTERM)
    assert "stopped" in said(courier)

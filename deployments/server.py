"""A Prefect server with its UI as a child process, on 127.0.0.1 only."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import httpx

from models.settings import Settings
from policy.errors import UnavailableError

HOST = "127.0.0.1"
START_SECONDS = 180
STOP_SECONDS = 20


def environment(settings: Settings) -> Mapping[str, str]:
    """What Prefect's processes, server and runs alike, need to be told."""
    base = f"http://{HOST}:{settings.port}"
    return {
        "PREFECT_HOME": str((settings.home / "prefect").resolve()),
        "PREFECT_API_URL": f"{base}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(settings.port),
        "PREFECT_UI_API_URL": f"{base}/api",
        # Nothing leaves the machine: no telemetry, and the UI that asks no outside address.
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        # Runs start in processes of their own and must find the same state.
        "XINGFU_HOME": str(settings.home.resolve()),
        "XINGFU_PORT": str(settings.port),
    }


@contextmanager
def running_server(settings: Settings) -> Iterator[str]:
    """The UI's address, while a server runs as a child; stopped by its own pid at the end.

    UnavailableError when the port is taken or the server does not come up.
    """
    _require_free_port(settings.port)
    os.environ.update(environment(settings))
    log = settings.home.resolve() / "prefect-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we stop the child in order
        )
        try:
            _wait_until_ready(child, settings.port, log)
            yield f"http://{HOST}:{settings.port}"
        finally:
            _stop(child)


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UnavailableError(
                f"端口 {port} 不可用（{error.strerror}），"
                "请停止占用它的程序，或用 XINGFU_PORT 另设端口"
            ) from None


def _wait_until_ready(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(START_SECONDS * 2):
        if child.poll() is not None:
            raise UnavailableError(f"Prefect 服务启动失败，详见 {log}")
        try:
            if httpx.get(f"http://{HOST}:{port}/api/ready", timeout=5).is_success:
                return
        except httpx.HTTPError:
            pass
        sleep(0.5)
    raise UnavailableError(f"Prefect 服务{START_SECONDS}秒内未能就绪，详见 {log}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

"""A Prefect server with its UI as a child process; on loopback unless a password guards it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from time import sleep

import httpx

from common.errors import RefusedError, UnavailableError
from models.settings import Settings

ADMIN = "admin"
"""The one user of the UI: Prefect's server knows a single credential and no roles."""
SERVER_AUTH, CLIENT_AUTH = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # how we ourselves reach a server there
START_SECONDS, LOOKS = 180, 5
"""How long it may take to come up, and how often a second one looks."""
STOP_SECONDS = 20
HEARTBEAT_SECONDS = 30
"""How often a run gives a sign of life; the least that Prefect takes."""


def address(settings: Settings) -> str:
    """Where processes of this machine find the server, e.g. ``http://127.0.0.1:4200``."""
    host = ANYWHERE.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def environment(settings: Settings) -> Mapping[str, str]:
    """What Prefect's processes, server and runs alike, need to be told."""
    base, kept = address(settings), timedelta(days=settings.keep_days)
    return {
        "PREFECT_HOME": str((settings.home / "prefect").resolve()),
        "PREFECT_API_URL": f"{base}/api",
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": str(settings.port),
        # Without a host, so that the UI asks whatever address it was opened at.
        "PREFECT_UI_API_URL": "/api",
        # A page of somebody else's that is open in the same browser may not read what we answer.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": base,
        # Nothing leaves the machine: no telemetry, and the UI that asks no outside address.
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        # What is older goes: runs with their logs and artifacts, and events.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": f"{kept.total_seconds():.0f}",
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"P{kept.days}D",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        # A form's run waits until its events are stored.
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
        # What a run says is kept for the UI; on the console it would only be noise.
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "INFO",
        "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "INFO",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
        # Runs start in processes of their own and must find the same state.
        "XINGFU_HOME": str(settings.home.resolve()),
        "XINGFU_PORT": str(settings.port),
        **({"XINGFU_PLANS": str(settings.plans.resolve())} if settings.plans else {}),
        **_credentials(settings),
    }


def _credentials(settings: Settings) -> Mapping[str, str]:
    """User and password for the server and whoever asks it; Prefect's own setting comes first."""
    own = os.environ.get(SERVER_AUTH)
    if not own and settings.admin_password is not None:
        own = f"{ADMIN}:{settings.admin_password.get_secret_value()}"
    return {SERVER_AUTH: own, CLIENT_AUTH: own} if own else {}


def require_guard(settings: Settings) -> None:
    """RefusedError when others could reach the server and nothing guards it."""
    if not _is_loopback(settings.host) and not _credentials(settings):
        raise RefusedError(
            f"监听地址 {settings.host} 可从其他机器访问，"
            "须先用 XINGFU_ADMIN_PASSWORD 设置管理员密码；"
            "或不设 XINGFU_HOST，仅供本机使用"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def running_server(settings: Settings) -> Iterator[str]:
    """The UI's address, while a server runs; see `starting_server`."""
    with starting_server(settings) as ready:
        yield ready()


@contextmanager
def starting_server(settings: Settings) -> Iterator[Callable[[], str]]:
    """A server that comes up as a child meanwhile; stopped by its own pid at the end.

    What is given waits until it is ready, and gives back the UI's address. RefusedError when it
    would be open to others unguarded, UnavailableError when the port is taken or the server does
    not come up.
    """
    require_guard(settings)
    _require_free_port(settings)
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
            yield lambda: _ready(child, address(settings), log)
        finally:
            _stop(child)


def _require_free_port(settings: Settings) -> None:
    host, port = settings.host, settings.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UnavailableError(
                f"地址 {host} 端口 {port} 不可用（{error.strerror}），"
                "请停止占用它的程序，或用 XINGFU_PORT 另设端口"
            ) from None


def _ready(child: subprocess.Popen[bytes], base: str, log: Path) -> str:
    with httpx.Client(timeout=5) as client:
        for _ in range(START_SECONDS * LOOKS):
            if child.poll() is not None:
                raise UnavailableError(f"Prefect 服务启动失败，详见 {log}")
            with suppress(httpx.HTTPError):
                if client.get(f"{base}/api/ready").is_success:
                    return base
            sleep(1 / LOOKS)
    raise UnavailableError(f"Prefect 服务{START_SECONDS}秒内未能就绪，详见 {log}")


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

"""A Prefect server with its UI as a child process: both live and die together."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import sleep

import httpx

from common.errors import UnavailableError, XingfuError
from common.files import reason
from deployments.commands.console import complain
from deployments.server.password import CLIENT_AUTH, SERVER_AUTH, credential, require_guard
from deployments.server.stopping import interrupt
from models.settings import Settings

START_SECONDS, LOOKS = 180, 5
"""How long it may take to come up, and how often a second one looks."""
STOP_SECONDS = 20
PATIENCE_SECONDS = 8
"""For how long what runs may wind up when the server is lost."""
GAVE_UP = "exceeded error threshold"
"""Of what Prefect says when one of its loops has failed too often."""
FILE_SECONDS = 5
"""How often one looks whether Prefect's file is still there."""
HEARTBEAT_SECONDS = 30
"""How often a run gives a sign of life; the least that Prefect takes."""


def environment(settings: Settings) -> Mapping[str, str]:
    """What Prefect's processes, server and runs alike, need to be told."""
    base, kept = settings.address, timedelta(days=settings.keep_days)
    home = (settings.home / "prefect").resolve()
    return {
        "PREFECT_HOME": str(home),
        # Where it is installed it may not write: then there would be no UI.
        "PREFECT_UI_STATIC_DIRECTORY": str(home / "ui"),
        "PREFECT_API_URL": f"{base}/api",
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": str(settings.port),
        # Without a host, so that the UI asks whatever address it was opened at.
        "PREFECT_UI_API_URL": "/api",
        # A page of somebody else's that is open in the same browser may not read what we answer,
        # and change nothing; see door.py as well.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": base,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
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
        # Prefect asks for the names of all time zones for each schedule: the package tzdata has
        # them in a list, while the system's would be looked up file by file, 20 ms each time.
        "PYTHONTZPATH": "",
        # Runs start in processes of their own and must find the same state.
        "XINGFU_HOME": str(settings.home.resolve()),
        "XINGFU_PORT": str(settings.port),
        **({"XINGFU_PLANS": str(settings.plans.resolve())} if settings.plans else {}),
        **_credentials(settings),
    }


def tell_prefect(settings: Settings) -> None:
    """Tell Prefect in this process the same, but for what it is told already, as PREFECT_API_URL.

    To be done before anything imports it.
    """
    for name, value in environment(settings).items():
        os.environ.setdefault(name, value)


def without_secrets(given: Mapping[str, str]) -> Mapping[str, str]:
    """What the server is told: none of our own settings, which hold keys, addresses, passwords."""
    return {name: value for name, value in given.items() if not name.startswith("XINGFU_")}


def _names(settings: Settings) -> Mapping[str, str]:
    """Under which names the server is opened: the door asks for them."""
    return {"XINGFU_SITE": settings.site} if settings.site else {}


def _credentials(settings: Settings) -> Mapping[str, str]:
    """For the server and whoever asks it."""
    own = credential(settings)
    return {SERVER_AUTH: own, CLIENT_AUTH: own} if own else {}


@contextmanager
def running_server(settings: Settings) -> Iterator[str]:
    """The UI's address, while a server runs; see `starting_server`."""
    with starting_server(settings) as ready:
        yield ready()


@contextmanager
def starting_server(settings: Settings) -> Iterator[Callable[[], str]]:
    """A server that comes up as a child meanwhile; stopped by its own pid at the end.

    What is given waits until it is ready, and gives back the UI's address. RefusedError when it
    would be open to others unguarded, UnavailableError when the port is taken, the server does not
    come up, or ends by itself. It ends with this process, however that ends.
    """
    require_guard(settings)
    _require_free_port(settings)
    os.environ.update(environment(settings))
    log = settings.home.resolve() / "prefect-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            # -P: what lies in the working directory is not for importing.
            [sys.executable, "-P", "-m", "deployments.server.api", "--bound"],
            env={**without_secrets(os.environ), **_names(settings)},
            stdin=subprocess.PIPE,  # it ends when nobody holds the other end any more
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we stop the child in order
        )
    losses: list[str] = []
    stopping = Event()

    def ready() -> str:
        found = _ready(child, settings.address, log)
        database = _database(settings)
        for miss, what in ((_miss, (child, log)), (_miss_file, (database, _inode(database), log))):
            Thread(target=miss, args=(*what, losses, stopping), daemon=True).start()
        return found

    try:
        yield ready
    except KeyboardInterrupt:
        if losses:
            raise UnavailableError(losses[0]) from None
        raise
    except Exception as error:  # whatever finds it first that the server does not answer, or amiss
        if child.poll() is not None and not isinstance(error, XingfuError):
            raise UnavailableError(_loss(log)) from error
        if _is_of_the_server(error):
            raise UnavailableError(_fault(_database(settings), log)) from error
        raise
    finally:
        stopping.set()
        _stop(child)


def _miss(child: subprocess.Popen[bytes], log: Path, losses: list[str], stopping: Event) -> None:
    """End what runs when the server ends by itself."""
    code = child.wait()
    # Asked to end: by whoever asks us at the same moment, perhaps.
    if not stopping.wait(PATIENCE_SECONDS if code == -signal.SIGTERM else 0):
        _end(_loss(log), losses, stopping)


def _miss_file(
    database: Path, inode: int | None, log: Path, losses: list[str], stopping: Event
) -> None:
    """End what runs when Prefect's file is deleted, or another one stands in its place.

    The server would go on in the file that nobody will find again, or answer with errors.
    """
    while inode is not None and not stopping.wait(FILE_SECONDS):
        if _inode(database) != inode:
            _end(_fault(database, log), losses, stopping)
            return


def _end(why: str, losses: list[str], stopping: Event) -> None:
    """Interrupt what runs; end it when it does not heed that."""
    losses.append(why)
    logging.disable()  # what is said now is that the server does not answer
    interrupt()
    if not stopping.wait(PATIENCE_SECONDS):
        complain(why)
        os._exit(UnavailableError.exit_code)


def _database(settings: Settings) -> Path:
    """Where Prefect keeps its own on SQLite."""
    return settings.home.resolve() / "prefect" / "prefect.db"


def _inode(path: Path) -> int | None:
    """Which file it is; None where there is none, or none that can be looked at."""
    with suppress(OSError):
        return path.stat().st_ino
    return None


def _loss(log: Path) -> str:
    return f"Prefect 服务意外停止，定时任务随之停止；请查看 {log}，然后重新启动"


def _is_of_the_server(error: Exception) -> bool:
    """Whether the server has answered with an error, or so often that Prefect gave up asking."""
    if isinstance(error, ExceptionGroup):
        return all(map(_is_of_the_server, error.exceptions))
    return isinstance(error, httpx.HTTPError) or GAVE_UP in str(error)


def _fault(database: Path, log: Path) -> str:
    return (
        "Prefect 服务不能正常工作，定时任务随之停止：它的数据库"
        f"（{database}）被删除、替换或损坏，或磁盘已满。请查看 {log}，排除原因后重新启动；"
        "本系统的数据不受影响，漏做的工作会自动补做，等待决定的审批请重新发起"
    )


def _require_free_port(settings: Settings) -> None:
    host, port = settings.host, settings.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UnavailableError(
                f"地址 {host} 端口 {port} 不可用（{reason(error)}），"
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
    if child.stdin is not None:
        child.stdin.close()  # only now: its end would have cut the server's own end short

"""One server a state folder: who serves holds its lock; who comes second is told who it is.

The lock ends with its process, however that ends. Where a disk keeps no locks, or every machine
its own, as network disks do, what is written into the file says who serves, and its time that he
still does.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Self

from common.clock import now
from common.errors import RefusedError
from common.files import OWNER_ONLY
from common.words import SHANGHAI
from models.settings import Settings

FILE = "serve.lock"
KERNEL = Path("/proc/sys/kernel/random/boot_id")
SIGN_SECONDS, SILENT_SECONDS = 30, 120
"""How often who serves gives a sign of life, and after how long without one he is gone."""


@dataclass(frozen=True, slots=True)
class ServingProcess:
    """Who serves a state folder."""

    pid: int
    host: str
    kernel: str
    """Which running system it is: containers of one machine share it, whatever they are called."""
    since: str

    @classmethod
    def own(cls) -> Self:
        kernel = ""
        with suppress(OSError):
            kernel = KERNEL.read_text().strip()
        since = f"{now().astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        return cls(os.getpid(), socket.gethostname(), kernel or "-", since)

    @classmethod
    def read(cls, told: str) -> Self | None:
        """None where nobody serves, or an earlier version did not say where."""
        pid, host, kernel, since, *_ = [*told.strip().split(" ", 3), *[""] * 4]
        return cls(int(pid), host, kernel, since) if since and pid.isdecimal() else None

    @property
    def line(self) -> str:
        return f"{self.pid} {self.host} {self.kernel} {self.since}"

    def is_elsewhere(self) -> bool:
        """Whether it runs on another machine; one that was started anew keeps its name."""
        mine = self.own()
        return self.host != mine.host and self.kernel != mine.kernel


@contextmanager
def served_once(settings: Settings) -> Iterator[None]:
    """Meanwhile nobody else serves this state folder; the lock ends with the process that has it.

    RefusedError that names the process which serves it, where, and since when.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / FILE
    handle = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)  # not for children
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(_refusal(settings, ServingProcess.read(file.read()))) from None
        except OSError:
            pass  # a disk without locks
        if other := _elsewhere(settings):
            raise RefusedError(_refusal(settings, other))
        file.truncate(0)
        file.write(ServingProcess.own().line)
        file.flush()
        with _giving_signs(path):
            yield
        file.truncate(0)


def require_same_machine(settings: Settings) -> None:
    """RefusedError where another machine serves from this SQLite database.

    Only processes of one machine see what the others do to such a file.
    """
    if settings.sqlalchemy_url.startswith("sqlite") and (other := _elsewhere(settings)):
        raise RefusedError(_refusal(settings, other))


def _elsewhere(settings: Settings) -> ServingProcess | None:
    """Who serves on another machine, and has given a sign of life lately."""
    path = settings.home / FILE
    with suppress(OSError, UnicodeDecodeError):
        told, at = path.read_text(encoding="utf-8"), path.stat().st_mtime
        found = ServingProcess.read(told)
        if found and found.is_elsewhere() and abs(now().timestamp() - at) < SILENT_SECONDS:
            return found
    return None


@contextmanager
def _giving_signs(path: Path) -> Iterator[None]:
    ended = Event()

    def give() -> None:
        while not ended.wait(SIGN_SECONDS):
            with suppress(OSError):
                os.utime(path)

    Thread(target=give, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _refusal(settings: Settings, other: ServingProcess | None) -> str:
    home = settings.home.resolve()
    if other is None:
        return (
            f"状态目录 {home} 已由另一个 xingfu 提供服务；请直接使用它，或先停止它；"
            "另一套安装请用 XINGFU_HOME 另设状态目录"
        )
    if other.is_elsewhere():
        return (
            f"状态目录 {home} 正由另一台机器提供服务（主机 {other.host}，进程 {other.pid}，"
            f"自 {other.since} 起）。SQLite 数据库不能由两台机器同时使用，否则数据会损坏："
            "请在该主机上办理，或先在该主机上停止服务；需要多台机器的，请改用 PostgreSQL"
        )
    return (
        f"状态目录 {home} 已由另一个 xingfu（进程 {other.pid}，自 {other.since} 起）提供服务；"
        f"请直接使用它，或先停止它（kill {other.pid}）；"
        "另一套安装请用 XINGFU_HOME 另设状态目录"
    )

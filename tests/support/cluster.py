"""Xingfu on several machines, as processes on this one, for test_deployments_cluster.py."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx

from tests.support.asking import CHECKED
from tests.support.mail_server import free_port

PREFECT = (sys.executable, "-m", "prefect")
API = (sys.executable, "-P", "-m", "deployments.server.api")
XINGFU = str(Path(sys.executable).with_name("xingfu"))
READY = "deployments.server.ready_process"
AUTH = "admin:example"
POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
MACHINERY = bool(POSTGRESQL and shutil.which("redis-server"))
START_SECONDS = 180


@dataclass
class Balancer:
    """Passes connections on to the first of several servers that takes them, as a proxy does."""

    ports: list[int]
    port: int = 0

    def start(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = self._server()
            if server is None:
                client.close()
                continue
            Thread(target=_join, args=(client, server), daemon=True).start()

    def _server(self) -> socket.socket | None:
        for port in self.ports:
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), timeout=5)
        return None


def _join(client: socket.socket, server: socket.socket) -> None:
    """Pass on what either says until both are silent."""
    with client, server:
        server.settimeout(None)
        back = Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@dataclass
class Cluster:
    """Servers, services and workers; each is started, and killed, by its name."""

    folder: Path
    given: Mapping[str, str]
    """What our own flows are told."""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start(self) -> None:
        """PostgreSQL and Redis, then two API servers and the services at once, as compose does."""
        redis = free_port()
        self.balancer = Balancer([free_port(), free_port()])
        self.balancer.start()
        self.environment = {
            **os.environ,
            **self.given,
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.balancer.port}/api",
            "PREFECT_API_DATABASE_CONNECTION_URL": self._database(),
            "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
            "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
            "PREFECT_SERVER_API_AUTH_STRING": AUTH,
            "PREFECT_API_AUTH_STRING": AUTH,
            "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "4",
            **scaled_out(redis),
        }
        self.spawn(
            "redis", "redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""
        )
        self.once("upgrade", *PREFECT, "server", "database", "upgrade", "-y")
        self.services("services")
        for name, port in zip(("api-1", "api-2"), self.balancer.ports, strict=True):
            self.api(name, port)
        for name, port in zip(("api-1", "api-2"), self.balancer.ports, strict=True):
            until(lambda port=port: _is_ready(port), f"{name} is ready", self.logs)

    def _database(self) -> str:
        """The URL of a fresh database of Debian's PostgreSQL: Prefect needs its pg_trgm."""
        programs = POSTGRESQL[-1]
        self._data = Path(tempfile.mkdtemp(prefix="xingfu-prefect-"))
        user: dict[str, Any] = {"user": "postgres"} if os.geteuid() == 0 else {}
        if user:
            shutil.chown(self._data, "postgres")
        port = free_port()
        data = str(self._data / "data")
        made = (programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
        subprocess.run(made, check=True, capture_output=True, cwd="/", **user)
        options = (f"-p{port}", "-c", "listen_addresses=127.0.0.1", "-k", "", "-F")
        with (self.folder / "postgres.log").open("ab") as log:
            self.running["postgres"] = subprocess.Popen(
                (programs / "postgres", "-D", data, *options),
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **user,
            )
        until(lambda: _is_open(port), "PostgreSQL is there", lambda: self.log("postgres"))
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"

    def api(self, name: str, port: int) -> None:
        more = {"PREFECT_SERVER_API_HOST": "127.0.0.1", "PREFECT_SERVER_API_PORT": str(port)}
        self.spawn(name, *API, "--no-services", **more)

    def services(self, name: str) -> None:
        self.spawn(name, *PREFECT, "server", "services", "start")

    def worker(self, name: str) -> None:
        self.spawn(name, XINGFU, "work")

    def once(self, name: str, *command: str) -> None:
        """Run a command to its good end."""
        self.spawn(name, *command)
        assert self.running.pop(name).wait(START_SECONDS) == 0, self.log(name)

    def spawn(self, name: str, *command: str, **more: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                env={**self.environment, **more},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a process and everything it has started, at once, as a power cut does."""
        child = self.running.pop(name)
        for pid in (*descendants(child.pid), child.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        for name in [*self.running][::-1]:
            self.kill(name)
        self.balancer.stop()
        shutil.rmtree(self._data, ignore_errors=True)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def logs(self) -> str:
        """The ends of all logs."""
        names = sorted(path.stem for path in self.folder.glob("*.log"))
        return "\n".join(f"=== {name}\n{self.log(name)}" for name in names)

    def begun(self, worker: str) -> list[list[str]]:
        """The commands of all that a worker has begun, but of what is ready for its runs."""
        found = descendants(self.running[worker].pid) if worker in self.running else []
        told = [Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1] for pid in found]
        return [words for words in told if READY not in words]

    def get(self, path: str) -> Any:
        """What the API answers."""
        return self._ask("GET", path)

    def post(self, path: str, **body: object) -> Any:
        """What the API answers."""
        return self._ask("POST", path, json=body)

    def _token(self, client: httpx.Client) -> dict[str, str]:
        """What the servers ask of whoever changes something."""
        url = f"{self.environment['PREFECT_API_URL']}/csrf-token?client=tests"
        token = client.get(url).raise_for_status().json()["token"]
        return {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "tests"}

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.environment['PREFECT_API_URL']}/{path}"
        user, _, password = AUTH.partition(":")
        patient = httpx.HTTPTransport(verify=CHECKED, retries=3)
        with httpx.Client(transport=patient, timeout=30, auth=(user, password)) as client:
            if method != "GET":
                client.headers.update(self._token(client))
            answer = client.request(method, url, **more)
            answer.raise_for_status()
            return answer.json() if answer.content else None


def scaled_out(redis: int) -> dict[str, str]:
    """What servers on several machines are told, as in compose.yaml."""
    return {
        "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
        "PREFECT_SERVER_DOCKET_URL": f"redis://127.0.0.1:{redis}/1",
        "PREFECT_REDIS_MESSAGING_URL": f"redis://127.0.0.1:{redis}/0",
        "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": f"redis://127.0.0.1:{redis}/0",
    }


def descendants(pid: int) -> list[int]:
    """The processes below one, the lowest first."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [*descendants(int(child)), int(child)]
    return found


def until(
    holds: Any,
    what: str,
    why: Any = lambda: "",
    seconds: float = START_SECONDS,
    every: float = 0.25,
) -> Any:
    """The first answer that is not empty; an assertion error when there is none in time."""
    end = monotonic() + seconds
    while monotonic() < end:
        if answer := holds():
            return answer
        sleep(every)
    raise AssertionError(f"not in {seconds} s: {what}\n{why()}")


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/ready", verify=CHECKED, timeout=5).is_success
    except httpx.HTTPError:
        return False

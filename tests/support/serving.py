"""The product as it is served: a process of its own, with a real Prefect server and its UI."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

import httpx

from tests.support.asking import CHECKED
from tests.support.command import COMMAND, Xingfu
from tests.support.mail_server import free_port
from tests.support.prefect_database import BEHIND, put

CHROMIUM = shutil.which("chromium")
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
READY = "定时任务已就绪"
# How often Prefect looks what there is to run. Its other loops keep their pace: quickened, they
# locked its database under one another on a busy machine.
IMPATIENT = {"PREFECT_RUNNER_POLL_FREQUENCY": "2"}
# Pages need no graphics card, and one made of software costs more than all the rest of the browser.
BROWSER = (
    *("--no-sandbox", "--disable-background-networking", "--disable-component-update"),
    *("--disable-gpu", "--disable-software-rasterizer"),
)


@dataclass(frozen=True)
class Served:
    """A command that serves."""

    process: subprocess.Popen[str]
    home: Path
    """Its state folder."""
    output: Path
    port: int
    given: str | None = None
    """The password that it was given."""
    tokens: dict[str, str] = field(default_factory=dict)
    """What the server asks of whoever changes something."""

    @property
    def password(self) -> str | None:
        """The password that was given, or that it has made; none guards the demonstration."""
        kept = self.home / "admin.password"
        return self.given or (kept.read_text().strip() if kept.exists() else None)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8")

    def post(self, path: str, **body: object) -> Any:
        """What the server's API answers."""
        return self.ask("POST", path, json=body)

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def patch(self, path: str, **body: object) -> None:
        self.ask("PATCH", path, json=body)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """What the API answers; asked again, as Prefect's clients do, while it is too busy."""
        for _ in range(10):
            answer = self._send(method, path, **more)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            sleep(1)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        auth = ("admin", self.password) if self.password else None
        if method != "GET" and not self.tokens:
            token = self.get("csrf-token?client=tests")["token"]
            self.tokens.update({"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "tests"})
        url = f"{self.address}/api/{path}"
        with httpx.Client(verify=CHECKED, timeout=120, auth=auth, headers=self.tokens) as client:
            return client.request(method, url, **more)

    def deployment(self, name: str) -> Any:
        found = {item["name"]: item for item in self.post("deployments/filter")}
        return found[name]

    def start(self, name: str, **parameters: object) -> str:
        """Start a deployment as a person would; the run's id."""
        path = f"deployments/{self.deployment(name)['id']}/create_flow_run"
        started = self.post(path, state={"type": "SCHEDULED"}, parameters=parameters)
        return str(started["id"])

    def submitted(self, name: str) -> int:
        """The answer to who submits a form, for a far day; asked once, as by the UI."""
        path = f"deployments/{self.deployment(name)['id']}/create_flow_run"
        later = {"scheduled_time": "2099-01-01T00:00:00Z"}
        body = {"state": {"type": "SCHEDULED", "state_details": later}}
        return self._send("POST", path, json=body).status_code

    def ended(self, run: str) -> Any:
        """A run, once it has come to an end."""
        return self._once(run, lambda found: found["state_type"] in ENDED, every=0.5)

    def comes_to(self, run: str, state: str) -> Any:
        """A run, once it is in that state."""
        return self._once(run, lambda found: found["state_name"] == state)

    def runs_of(self, name: str) -> list[Any]:
        """The runs of a deployment, the newest first."""
        named = {"name": {"any_": [name]}}
        found: list[Any] = self.post(
            "flow_runs/filter", deployments=named, sort="EXPECTED_START_TIME_DESC"
        )
        return found

    def _once(self, run: str, is_so: Callable[[Any], bool], every: float = 0.2) -> Any:
        for _ in range(2_400):
            found = self.get(f"flow_runs/{run}")
            if is_so(found):
                return found
            sleep(every)
        raise AssertionError(f"{found['name']} is {found['state_name']}")

    def artifact(self, name: str) -> Any:
        """The newest version of a page."""
        wanted = {"key": {"any_": [f"shanxi-2023-{name}"]}}
        (found,) = self.post("artifacts/latest/filter", artifacts=wanted)
        return found


@contextmanager
def serving(
    folder: Path,
    *arguments: str,
    until: str = READY,
    database: Path | None = None,
    **settings: str,
) -> Iterator[Served]:
    """Run a command that serves, in a folder, until it says that it is ready; stopped at the end.

    Its state is the folder's ``state``; `settings` are ``XINGFU_`` variables in lowercase. Prefect
    gets a copy of `database`, where one is given; it listens where it is free unless told.
    """
    port, output = int(settings.get("port") or free_port()), folder / "output"
    given = {f"XINGFU_{name.upper()}": value for name, value in settings.items()}
    own = {"XINGFU_HOME": "state", "XINGFU_PORT": str(port), **IMPATIENT}
    if database:
        put(database, folder / "state")
        own |= BEHIND
    with output.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder,
            env={**os.environ, **own, **given},
            text=True,
            stdout=file,
            stderr=file,
        )
    served = Served(process, folder / "state", output, port, settings.get("admin_password"))
    try:
        _wait(served, until)
        yield served
    finally:
        process.terminate()
        process.wait(60)


def run(folder: Path, *arguments: str, **settings: str) -> str:
    """What a command prints about the state in a folder; in this process, which is loaded."""
    given = {f"XINGFU_{name.upper()}": value for name, value in settings.items()}
    return Xingfu(folder / "state", **given).ok(*arguments)


def picture(name: str, otherwise: Path) -> Path:
    """Where a screenshot goes: `PICTURES` keeps them for the documentation."""
    return Path(os.environ.get("PICTURES", otherwise)) / name


def _wait(served: Served, words: str) -> None:
    for _ in range(2700):
        assert served.process.poll() is None, served.said
        if words in served.said:
            return
        sleep(0.2)
    raise AssertionError(f"{words!r} did not come: {served.said}")

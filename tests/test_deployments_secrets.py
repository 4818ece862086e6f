"""Secrets planted wherever one can enter are found nowhere: in Prefect, logs, pages or mails."""

import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import chdir, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import create_engine, inspect, make_url, text

from models.settings import Settings
from operations.cases.desk import open_desk
from operations.upkeep.setup import change_key
from states.contacts import Post
from tests.support.command import COMMAND, Xingfu
from tests.support.delivering import DATONG, DAY, OWING, TAIYUAN, know
from tests.support.handing_in import wrong
from tests.support.mail_server import free_port
from tests.support.province import morning
from tests.support.serving import Served, serving
from tests.support.stores import Stores
from tests.support.stores import run as execute

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
NAMES = ("mail", "chat", "hook", "channel", "admin", "database", "gone", "query")
SECRETS = {name: f"canary{name}7c1e9d" for name in NAMES}
SECRETS["key"] = Fernet.generate_key().decode()
USER, STRANGER = "xingfu_canary", "xingfu_stranger"
PERSON, FORM, CITY = "示例·张某", "import_workbook", "太原市"
Found = Mapping[str, bytes]
"""What was told, by where."""


@dataclass(frozen=True)
class Told:
    """Everything that was told anywhere."""

    found: Found
    said: str
    """What the runs have logged."""
    doors: Mapping[str, int]
    """What somebody without the password was answered, by what was asked."""

    def places(self, secret: str) -> list[str]:
        """Where it is found, plain or in the shapes that it takes on its way."""
        shapes = (secret, quote(secret, safe=""), b64encode(f"admin:{secret}".encode()).decode())
        raw = [shape.encode() for shape in shapes]
        return [place for place, told in self.found.items() if any(each in told for each in raw)]


@pytest.fixture(scope="module")
def told(
    postgres: str, stores: Stores, prefect_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """What was told of runs that went well, that failed and that were refused."""
    folder = tmp_path_factory.mktemp("secrets")
    password = SECRETS["database"]
    execute(postgres, f"CREATE ROLE {USER} SUPERUSER LOGIN PASSWORD '{password}'")
    with stores.copy(postgres, OWING, folder / "state") as copied:
        _plant(copied, folder)
        given = {"admin_password": SECRETS["admin"], "secret_key": SECRETS["key"]}
        given_day = {**given, "business_date": DAY.isoformat()}
        with serving(folder, "serve", database=prefect_database, **given_day) as served:
            _go_wrong(served, folder, copied)
            meanwhile, doors = _processes(), _doors(served)
            said = "\n".join(log["message"] for log in served.post("logs/filter"))
        _write(folder, _url(copied, USER, password))
        printed = {f"xingfu {what}": _printed(folder, what, given) for what in COMMANDS}
        found = {**_files(folder), **_tables(copied), **printed, **meanwhile}
        yield Told(found, said, doors)
    execute(postgres, f"DROP ROLE {USER}")


COMMANDS = ("outbox", "contacts list", "contacts check", "board", "audit verify", "watch")


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_told_nowhere(told: Told, secret: str) -> None:
    assert told.places(SECRETS[secret]) == []


def test_what_is_no_secret_is_found_where_it_belongs(told: Told) -> None:
    """So that nothing would be said to be clean because nobody has looked."""
    assert "TABLE contact" in told.places(PERSON)
    assert "xingfu contacts list" in told.places(PERSON)
    assert "state/prefect/prefect.db" in told.places(FORM)
    assert "state/prefect/prefect.db" in told.places("未能送达")
    assert any(place.endswith(".eml") for place in told.places("Subject"))
    assert any(place.startswith("PROCESS") for place in told.places("prefect"))


def test_each_trouble_was_met(told: Told) -> None:
    """What failed has said so, without what it failed with."""
    assert "人的消息未能送达" in told.said
    assert "数据库不可用" in told.said
    assert f'role "{STRANGER}" does not exist' in told.said
    assert "\n未办理：" in told.said
    assert "Task run failed" in told.said


def test_only_the_password_opens(told: Told) -> None:
    """What stays open says that the server is there, and which questions it takes."""
    closed = {door for door, answer in told.doors.items() if answer in (401, 403)}
    assert {door for door, answer in told.doors.items() if answer == 200} == OPEN
    assert closed == set(told.doors) - OPEN


OPEN = {"GET /api/health", "GET /api/ready", "GET /docs", "GET /openapi.json", "GET /ui-settings"}
CLOSED = {
    "GET": ("/api/version", "/api/csrf-token", "/api/admin/settings"),
    "POST": (
        "/api/flow_runs/filter",
        "/api/logs/filter",
        "/api/artifacts/filter",
        "/api/events/filter",
        "/api/events",
        "/api/variables/filter",
    ),
}


def _doors(served: Served) -> Mapping[str, int]:
    """Knock without the password, and with it from a page of another address."""
    asked = [door.split() for door in OPEN]
    asked += [[method, path] for method, paths in CLOSED.items() for path in paths]
    found = {
        f"{method} {path}": httpx.request(method, f"{served.address}{path}", timeout=30)
        for method, path in asked
    }
    wrong = httpx.post(f"{served.address}/api/logs/filter", auth=("admin", "admin"), timeout=30)
    foreign = httpx.options(
        f"{served.address}/api/logs/filter",
        headers={
            "Origin": "http://elsewhere.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
        timeout=30,
    )
    others = {"a wrong password": wrong, "POST with the password in a foreign page": foreign}
    return {door: answer.status_code for door, answer in {**found, **others}.items()}


def _plant(copied: Settings, folder: Path) -> None:
    """Give contacts and admins addresses that hold secrets, of servers that are not there."""
    dead = f"127.0.0.1:{free_port()}"
    ends = "from=a@canary.example&to=b@canary.example"
    _write(folder, _url(copied, USER, SECRETS["database"]), f"{SECRETS['channel']}@{dead}/?{ends}")
    desk = open_desk(copied.model_copy(update={"secret_key": SecretStr(SECRETS["key"])}))
    change_key(desk, "山西省民政厅 示例·甲", "示例原因", today=DAY, at=morning(DAY))
    mail = f"mailto://canary:{SECRETS['mail']}@{dead}/?{ends}"
    chat = f"wecombot://{SECRETS['chat']}?api=http://{dead}"
    # Of another server: one that could not be reached is not asked again.
    other = f"canary:{SECRETS['hook']}@127.0.0.1:{free_port()}"
    hook = f"json://{other}/{SECRETS['hook']}?+X-Token={SECRETS['hook']}"
    know(
        desk,
        Post(TAIYUAN, PERSON, "科员", channels=(mail,)),
        Post(DATONG, "示例·李某", "科员", channels=(chat,)),
        Post("朔州市民政局", "示例·王某", "科员", channels=(hook,)),
    )
    desk.engine.dispose()


def _write(folder: Path, url: str, channel: str = "") -> None:
    """The settings that are in a file, which is read anew by each run."""
    lines = [f"XINGFU_DATABASE_URL={url}", "XINGFU_PLAN=shanxi-2023"]
    if channel:
        lines.append(f"XINGFU_ADMIN_CHANNELS=mailto://canary:{channel}")
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")


def _url(copied: Settings, user: str, password: str | None = None) -> str:
    url = make_url(copied.sqlalchemy_url).set(username=user, password=password)
    return url.render_as_string(hide_password=False)


def _go_wrong(served: Served, folder: Path, copied: Settings) -> None:
    """Nobody can be reached, admins neither; a workbook is refused; the database is lost."""
    failed = served.ended(served.start("enforce_deadlines"))
    assert failed["state_name"] == "Failed", failed["state"]
    _logged(served, "tell_admins", "Task run failed")
    path = served.home / "inbox" / CITY / "甲.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wrong("F7"))
    form = {"path": f"{CITY}/甲.xlsx", "dry_run": False, "actor": PERSON}
    refused = served.ended(served.start(FORM, form=form))
    assert refused["state_name"] == "未办理", refused["state"]
    for job, url in (
        ("deliver_outbox", _url(copied, STRANGER, SECRETS["gone"])),
        ("read_inbox", f"{_url(copied, STRANGER)}&password={SECRETS['query']}"),
    ):
        _write(folder, url)
        served.start(job)
        _logged(served, job, "does not exist")


def _logged(served: Served, name: str, words: str) -> None:
    """Wait until a deployment's run has logged these words: it tries again for many minutes."""
    for _ in range(120):
        runs = [run["id"] for run in served.runs_of(name) if run["state_type"] != "SCHEDULED"]
        logs = served.post("logs/filter", logs={"flow_run_id": {"any_": runs}}) if runs else []
        if any(words in log["message"] for log in logs):
            return
        sleep(1)
    raise AssertionError(f"{name} did not say {words}: {logs}")


def _processes() -> Found:
    """The command lines of all processes."""
    found: dict[str, bytes] = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found[f"PROCESS {path.parent.name}"] = path.read_bytes()
    return found


def _files(folder: Path) -> Found:
    """All that lies there but the file with the settings, with its name."""
    return {
        str(path.relative_to(folder)): str(path).encode() + path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".env"
    }


def _tables(copied: Settings) -> Found:
    """The product's own database, row by row."""
    engine = create_engine(copied.sqlalchemy_url)
    with engine.connect() as connection:
        found = {
            f"TABLE {name}": "\n".join(
                str(row)
                for row in connection.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608
            ).encode()
            for name in inspect(engine).get_table_names()
        }
    engine.dispose()
    return found


def _printed(folder: Path, command: str, given: Mapping[str, Any]) -> bytes:
    """All that a command says; the watch, which finds much to say here, as a process."""
    settings = {f"XINGFU_{name.upper()}": value for name, value in given.items()}
    if command == "watch":
        done = subprocess.run(
            [COMMAND, command],
            cwd=folder,
            env={**os.environ, "XINGFU_HOME": "state", **settings},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 3, done.stderr.decode()
        return done.stdout + done.stderr
    with chdir(folder):
        ended = Xingfu(Path("state"), **settings)(*command.split())
    assert ended.returncode == 0, ended.stderr
    return (ended.stdout + ended.stderr).encode()

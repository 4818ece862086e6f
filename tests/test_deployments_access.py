"""Who may reach the server, and what its processes are told."""

import asyncio
import subprocess
from collections.abc import MutableMapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from common.errors import RefusedError
from deployments.server import door
from deployments.server.door import MOST_WAITING, App, Receive, Scope, Send, is_foreign, is_known
from deployments.server.password import (
    CLIENT_AUTH,
    SERVER_AUTH,
    make_credential,
    require_guard,
)
from deployments.server.process import environment
from models.settings import Settings
from operations.cases.desk import Desk
from tests.support.cluster import API
from tests.support.command import COMMAND

PASSWORD = SecretStr("canary-password")
ELSEWHERE = ("0.0.0.0", "::", "192.168.1.7", "xingfu.example.cn", "10.0.0.1", "")  # noqa: S104
HERE = ("127.0.0.1", "127.8.9.10", "::1", "localhost")


@pytest.fixture(autouse=True)
def nothing_of_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SERVER_AUTH, CLIENT_AUTH):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize("host", ELSEWHERE)
def test_nobody_listens_to_others_without_a_password(home: Path, host: str) -> None:
    with pytest.raises(RefusedError, match="XINGFU_ADMIN_PASSWORD"):
        require_guard(Settings(home=home, host=host))
    require_guard(Settings(home=home, host=host, admin_password=PASSWORD))


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_guard_of_prefect_s_own_is_one(
    home: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SERVER_AUTH, "somebody:else-and-more")
    require_guard(Settings(home=home, host=host))
    monkeypatch.setenv(SERVER_AUTH, "")
    with pytest.raises(RefusedError):
        require_guard(Settings(home=home, host=host))


@pytest.mark.parametrize("host", HERE)
def test_on_this_machine_a_short_password_will_do(home: Path, host: str) -> None:
    """What the demonstration and a trial need; whom a proxy lets in from elsewhere needs more."""
    short = SecretStr("x")
    assert environment(Settings(home=home, host=host, admin_password=short))[SERVER_AUTH]
    require_guard(Settings(home=home, host=host, admin_password=short))
    for settings in (
        Settings(home=home, host=host, admin_password=short, site="xingfu.example.cn"),
        Settings(home=home, host="192.168.1.7", admin_password=short),
    ):
        with pytest.raises(RefusedError, match="不得少于12个字符"):
            require_guard(settings)


def test_a_password_is_made_once_and_kept(home: Path) -> None:
    settings = Settings(home=home, host="192.168.1.7")
    made = make_credential(settings)
    assert made
    assert make_credential(settings) is None
    assert environment(settings)[SERVER_AUTH] == f"admin:{made}"
    require_guard(settings)
    kept = home / "admin.password"
    assert kept.stat().st_mode & 0o777 == 0o600
    given = settings.model_copy(update={"admin_password": PASSWORD})
    assert environment(given)[SERVER_AUTH] == "admin:canary-password"
    for broken in ("", "密码", "two words\n"):
        kept.write_text(broken)
        with pytest.raises(RefusedError, match=r"admin\.password"):
            make_credential(settings)


@pytest.mark.parametrize(
    ("host", "known"),
    [
        *((host, True) for host in ("127.0.0.1:4200", "192.168.1.7", "[::1]:4200", "localhost:1")),
        *((host, True) for host in ("api:4200", "xingfu.example.cn", "XINGFU.example.cn:443")),
        *((host, False) for host in ("evil.example:4200", "127.0.0.1.evil.example", "", "[:", ".")),
        ("127.0.0.1@evil.example", False),
    ],
)
def test_only_names_of_ours_lead_here(host: str, known: bool) -> None:
    assert is_known(host, {"xingfu.example.cn"}) is known


FOLLOWED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize(
    ("method", "headers", "foreign"),
    [
        ("POST", {}, False),  # no browser
        ("POST", {"sec-fetch-site": "same-origin", "origin": "http://here:1"}, False),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("POST", {"sec-fetch-site": "same-site", **FOLLOWED}, True),  # a form that is sent off
        ("GET", {"sec-fetch-site": "cross-site", **FOLLOWED}, False),  # a link in a mail
        ("GET", {"sec-fetch-site": "cross-site", **FOLLOWED, "sec-fetch-dest": "iframe"}, True),
        ("GET", {"sec-fetch-site": "none", **FOLLOWED}, False),
        ("POST", {"origin": "http://here:1"}, False),
        ("POST", {"origin": "https://xingfu.example.cn"}, False),  # behind a proxy
        ("POST", {"origin": "http://here:2"}, True),
        ("POST", {"origin": "null"}, True),
        ("", {"origin": "http://evil.example"}, True),  # a websocket
    ],
)
def test_a_page_of_another_origin_may_only_lead_here(
    method: str, headers: dict[str, str], foreign: bool
) -> None:
    assert is_foreign(method, {"host": "here:1", **headers}, {"xingfu.example.cn"}) is foreign


def test_who_guesses_passwords_waits_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one address one guess a turn; beyond some that wait, not even a right one is looked at."""
    turns: list[float] = []
    looked: list[str] = []
    elsewhere, neighbour = "10.0.0.7", "10.0.0.8"

    async def turn(seconds: float) -> None:
        turns.append(seconds)
        await held.wait()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        looked.append(scope["client"][0])
        right = dict(scope["headers"])[b"authorization"] == b"right"
        await send({"type": "http.response.start", "status": 200 if right else 401})

    async def ask(peer: str, password: bytes) -> int:
        told: list[int] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            told.append(message.get("status", 0))

        headers = [(b"host", b"here"), (b"authorization", password)]
        scope = {"type": "http", "method": "GET", "client": (peer, 1), "headers": headers}
        await guarded(scope, cast(Receive, None), send)
        return told[0]

    async def attack() -> None:
        guesses = [asyncio.create_task(ask(elsewhere, b"wrong")) for _ in range(MOST_WAITING)]
        local = asyncio.create_task(ask("127.0.0.1", b"wrong"))
        await asyncio.sleep(0)
        assert turns[:MOST_WAITING] == [1, 2, 3, 4, 5]
        assert await ask(elsewhere, b"right") == 429
        assert looked.count(elsewhere) == MOST_WAITING
        assert await ask(neighbour, b"right") == await ask("127.0.0.1", b"right") == 200
        held.set()
        assert {*await asyncio.gather(*guesses, local)} == {401}
        assert await ask(elsewhere, b"right") == 200

    held = asyncio.Event()
    guarded = door.guarded(app, ())
    monkeypatch.setattr(door, "asyncio", SimpleNamespace(sleep=turn))
    asyncio.run(attack())


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [
        ("http", {"host": "127.0.0.1:4200"}, 200),
        ("http", {"host": "elsewhere.example"}, 421),
        ("http", {"host": "127.0.0.1", "origin": "http://elsewhere.example"}, 403),
        ("http", {"host": "127.0.0.1", "sec-fetch-site": "cross-site"}, 403),
        ("websocket", {"host": "127.0.0.1", "origin": "http://elsewhere.example"}, 1008),
        ("websocket", {"host": "elsewhere.example"}, 1008),
    ],
)
def test_the_door_lets_nobody_of_them_in(kind: str, headers: dict[str, str], status: int) -> None:
    """Before anything of the server is asked."""
    told: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.extend(message[name] for name in ("status", "code") if name in message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": "POST", "client": ("127.0.0.1", 1), "headers": raw}
    asyncio.run(_at_the_door(app, scope, receive, send))
    assert told == [status]


async def _at_the_door(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    await door.guarded(app, ())(scope, receive, send)


def test_server_and_clients_are_told_the_password() -> None:
    told = environment(Settings(admin_password=PASSWORD))
    assert told[SERVER_AUTH] == told[CLIENT_AUTH] == "admin:canary-password"
    assert {SERVER_AUTH, CLIENT_AUTH}.isdisjoint(environment(Settings()))


def test_prefect_s_own_setting_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVER_AUTH, "somebody:else")
    told = environment(Settings(admin_password=PASSWORD))
    assert told[SERVER_AUTH] == told[CLIENT_AUTH] == "somebody:else"


@pytest.mark.parametrize("password", ["", "有 空格", "密码", "a b", "tab\t"])
def test_a_password_that_prefect_cannot_compare_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="半角"):
        Settings(admin_password=SecretStr(password))


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("127.0.0.1", "http://127.0.0.1:4200"),
        ("0.0.0.0", "http://127.0.0.1:4200"),  # noqa: S104
        ("::", "http://[::1]:4200"),
        ("::1", "http://[::1]:4200"),
        ("localhost", "http://localhost:4200"),
    ],
)
def test_our_own_processes_find_it(host: str, asked: str) -> None:
    settings = Settings(host=host)
    assert settings.address == asked
    assert environment(settings)["PREFECT_API_URL"] == f"{asked}/api"
    assert environment(settings)["PREFECT_SERVER_API_HOST"] == host


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("command", "given"),
    [
        ((COMMAND, "serve"), {"XINGFU_HOST": "0.0.0.0", "XINGFU_ADMIN_PASSWORD": "x"}),  # noqa: S104
        (API, {"XINGFU_SITE": "xingfu.example.cn", SERVER_AUTH: "admin:x"}),
    ],
    ids=["serve", "api"],
)
def test_it_refuses_before_it_starts_anything(
    sqlite_desk: Desk, command: tuple[str, ...], given: dict[str, str]
) -> None:
    home = sqlite_desk.settings.home
    environment = {"XINGFU_HOME": str(home), "PREFECT_HOME": str(home / "prefect"), **given}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "可从其他机器访问，管理员密码不得少于12个字符" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "prefect-server.log").exists()

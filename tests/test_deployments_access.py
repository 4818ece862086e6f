"""Who may reach the server, and what its processes are told."""

import subprocess

import pytest
from pydantic import SecretStr

from common.errors import RefusedError
from deployments.server.server import CLIENT_AUTH, SERVER_AUTH, address, environment, require_guard
from models.settings import Settings
from operations.cases.desk import Desk
from tests.support.serving import COMMAND

PASSWORD = SecretStr("canary-password")
ELSEWHERE = ("0.0.0.0", "::", "192.168.1.7", "xingfu.example.cn", "10.0.0.1", "")  # noqa: S104
HERE = ("127.0.0.1", "127.8.9.10", "::1", "localhost")


@pytest.fixture(autouse=True)
def nothing_of_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SERVER_AUTH, CLIENT_AUTH):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_nobody_listens_to_others_without_a_password(host: str) -> None:
    with pytest.raises(RefusedError, match="XINGFU_ADMIN_PASSWORD"):
        require_guard(Settings(host=host))
    require_guard(Settings(host=host, admin_password=PASSWORD))


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_guard_of_prefect_s_own_is_one(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVER_AUTH, "somebody:else")
    require_guard(Settings(host=host))
    monkeypatch.setenv(SERVER_AUTH, "")
    with pytest.raises(RefusedError):
        require_guard(Settings(host=host))


@pytest.mark.parametrize("host", HERE)
def test_this_machine_needs_none(host: str) -> None:
    require_guard(Settings(host=host))


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
    assert address(settings) == asked
    assert environment(settings)["PREFECT_API_URL"] == f"{asked}/api"
    assert environment(settings)["PREFECT_SERVER_API_HOST"] == host


@pytest.mark.heavy
def test_serve_refuses_before_it_starts_anything(sqlite_desk: Desk) -> None:
    home = sqlite_desk.settings.home
    done = subprocess.run(
        [COMMAND, "serve"],
        env={"XINGFU_HOME": str(home), "XINGFU_HOST": "0.0.0.0"},  # noqa: S104
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "可从其他机器访问" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "prefect-server.log").exists()

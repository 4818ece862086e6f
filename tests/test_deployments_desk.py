"""The desk as it is served: beside Prefect where an address of it is set, or alone."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.server.desk import serving_desk
from models.settings import Settings
from operations.cases.desk import Desk
from tests.conftest import INSTALLED
from tests.support.mail_server import free_port
from tests.support.serving import serving
from tests.support.stores import Stores

NOBODY = "http://127.0.0.1:{port}/health"


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, INSTALLED, tmp_path / "state") as opened:
        opened.engine.dispose()
        yield opened


def told(desk: Desk, port: int, **more: Any) -> Settings:
    url = {"desk_url": f"http://127.0.0.1:{port}", "desk_port": port}
    return desk.settings.model_copy(update={**url, **more})


def is_there(port: int) -> bool:
    try:
        answer = httpx.get(NOBODY.format(port=port), timeout=5)
    except httpx.HTTPError:
        return False
    return bool(answer.json() == {"status": "ok"})


def test_it_is_served_meanwhile_where_an_address_is_set(desk: Desk) -> None:
    port = free_port()
    with serving_desk(told(desk, port, desk_url="")):
        assert not is_there(port)
    with serving_desk(told(desk, port)):
        assert is_there(port)
    assert not is_there(port)


def test_that_it_cannot_be_served_is_told_and_stops_nothing(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving_desk(told(desk, port)):
            assert f"端口 {port} 不可用，请用 XINGFU_DESK_PORT 另设" in capsys.readouterr().err
    with serving_desk(told(desk, free_port(), desk_host="0.0.0.0")):  # noqa: S104  # refused
        assert "须由提供 https 的代理转发" in capsys.readouterr().err


@pytest.mark.heavy
def test_the_command_serves_it_alone(desk: Desk, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving(tmp_path, "desk", until="工作台", desk_url=url, desk_port=str(port)):
        for _ in range(100):
            if is_there(port):
                break
        assert is_there(port)

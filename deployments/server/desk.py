"""Serves the staff desk: alone, or beside the Prefect server in the same process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import uvicorn

from common.errors import RefusedError
from deployments.commands.console import complain
from deployments.server.door import guarded
from deployments.server.password import is_loopback
from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from web.site import site

START_SECONDS = 15


def require_safe(settings: Settings) -> None:
    """RefusedError where others could reach the desk and read what goes to and fro."""
    if not is_loopback(settings.desk_host) and not settings.desk_url.startswith("https:"):
        raise RefusedError(
            f"工作台（{settings.desk_host}）可从其他机器访问，须由提供 https 的代理转发，"
            "并用 XINGFU_DESK_URL 写明其 https 地址；或不设 XINGFU_DESK_HOST，仅供本机使用"
        )


def serve_desk(desk: Desk) -> None:
    """Serve the desk until it is stopped. RefusedError where that would not be safe."""
    _server(desk).run()


@contextmanager
def serving_desk(settings: Settings) -> Iterator[None]:
    """Meanwhile the desk is served, where an address of it is set; that it cannot be is told."""
    if not settings.desk_url:
        yield
        return
    try:
        server = _server(open_desk(settings))
    except RefusedError as refusal:
        complain(f"工作台未启动：{refusal}")
        yield
        return
    thread = Thread(target=_run, args=(server,), daemon=True)
    thread.start()
    began = monotonic()
    while thread.is_alive() and not server.started and monotonic() - began < START_SECONDS:
        sleep(0.05)
    if not server.started:
        complain(f"工作台未能启动：端口 {settings.desk_listens} 不可用，请用 XINGFU_DESK_PORT 另设")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def _run(server: uvicorn.Server) -> None:
    try:
        server.run()
    except SystemExit:  # what uvicorn makes of a port that is taken
        return


def _server(desk: Desk) -> uvicorn.Server:
    settings = desk.settings
    require_safe(settings)
    name = urlsplit(settings.desk_address).hostname or ""
    config = uvicorn.Config(
        guarded(site(desk), settings.sites | {name}),
        host=settings.desk_host,
        port=settings.desk_listens,
        proxy_headers=False,  # else anybody on the machine could be any client
        lifespan="off",  # it has none; a second Ctrl-C would be told as its failure
        server_header=False,
        access_log=False,  # addresses of sign-in links would stand in it
        log_level="warning",
        limit_concurrency=200,
        timeout_keep_alive=5,
    )
    return uvicorn.Server(config)

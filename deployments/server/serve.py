"""Serves every deployment on this machine, with server and UI."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from deployments.commands.console import counted, say
from deployments.server.server import running_server
from models.settings import Settings

AT_ONCE = 4
"""Runs at the same time; each is a process of about 150 MB."""


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Within, SIGINT (Ctrl-C) and SIGTERM end the program in order, without a traceback.

    SIGINT is set as well as SIGTERM: a shell that starts us in the background has it ignored.
    """
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(stop, signal.default_int_handler) for stop in stops]
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for stop, handler in zip(stops, before, strict=True):
            signal.signal(stop, handler)
    say("已停止。")


def serve(settings: Settings) -> None:
    """Start the server, serve all deployments, and stop both on Ctrl-C or SIGTERM."""
    with stopping_cleanly(), running_server(settings) as address:
        serve_deployments(settings, f"定时任务已就绪。界面：{address}　（Ctrl-C 停止）")


def serve_deployments(settings: Settings, ready: str) -> None:
    """Serve all deployments against the running server; blocks until it is stopped.

    Says `ready` once every deployment is registered.
    """
    from prefect.runner import Runner

    from deployments.server.registering import built, finish

    runner = Runner(pause_on_shutdown=False, limit=AT_ONCE)
    # Its own way out would leave through the middle of its loop, with tracebacks.
    runner.handle_sigterm = _as_ctrl_c  # type: ignore[method-assign]
    say("正在登记定时任务……")
    deployments = counted("已登记任务", built(settings))
    registered = [runner.add_deployment(item) for item in deployments]
    finish(settings, [id for id in registered if isinstance(id, UUID)])
    say(ready)
    asyncio.run(runner.start())


def _as_ctrl_c(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)

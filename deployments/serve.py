"""Serves every deployment of prefect.yaml on this machine, with server and UI."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from deployments.console import say
from deployments.server import running_server
from models.settings import Settings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

DEFINITIONS = Path(__file__).with_name("prefect.yaml")


def definitions() -> list[dict[str, Any]]:
    """The deployments of prefect.yaml, as written."""
    loaded: dict[str, Any] = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))
    return list(loaded["deployments"])


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
        serve_deployments(f"定时任务已就绪。界面：{address}　（Ctrl-C 停止）")


def serve_deployments(ready: str) -> None:
    """Serve all deployments against the running server; blocks until it is stopped.

    Says `ready` once every deployment is registered.
    """
    from prefect.runner import Runner

    runner = Runner(pause_on_shutdown=False, limit=4)
    for definition in definitions():
        runner.add_deployment(_deployment(definition))
    say(ready)
    asyncio.run(runner.start())


def _deployment(definition: dict[str, Any]) -> "RunnerDeployment":
    from prefect.client.schemas.objects import ConcurrencyLimitConfig
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    module, _, name = definition["entrypoint"].rpartition(".")
    built: RunnerDeployment = getattr(import_module(module), name).to_deployment(
        name=definition["name"],
        description=definition["description"],
        tags=definition["tags"],
        parameters=definition["parameters"],
        schedules=[
            Cron(schedule["cron"], timezone=schedule["timezone"])
            for schedule in definition["schedules"]
        ],
        concurrency_limit=ConcurrencyLimitConfig(**definition["concurrency_limit"]),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return built

"""The command `xingfu watch`: tells admins when the work does not go on. It loads no Prefect."""

from __future__ import annotations

import os
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import UsageError
from deployments.commands.console import complain, say

if TYPE_CHECKING:
    from models.settings import Settings
    from operations.upkeep.watching import WatchResult

WELL, TROUBLE = 0, 3
PATIENCE = {"PGCONNECT_TIMEOUT": "10", "PGOPTIONS": "-c statement_timeout=60000"}
"""A database that does not answer is trouble, and nothing to wait for."""


def watch(
    every: Annotated[
        int | None,
        typer.Option("--every", min=1, metavar="分钟", help="每隔几分钟查看一次；不填则只看一次"),
    ] = None,
    server: Annotated[
        bool,
        typer.Option(
            "--server/--no-server", help="是否查看 Prefect 服务：任务是否登记并启用、运行是否停滞"
        ),
    ] = True,
    health: Annotated[
        bool,
        typer.Option("--health", help="与 --every 同用：在本机端口提供 /health 和 /metrics"),
    ] = False,
) -> None:
    from deployments.server.health import serving_health
    from models.settings import load_settings

    if health and every is None:
        raise UsageError("--health 须与 --every 同用")
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    settings = load_settings()
    if every is None:
        raise typer.Exit(_look(settings, server=server))
    with serving_health(settings) if health else nullcontext():
        while True:
            _look(settings, server=server)
            sys.stdout.flush()
            time.sleep(every * 60)


def _look(settings: Settings, *, server: bool) -> int:
    """Look once; the exit code."""
    from common.clock import now
    from deployments.server.asking import server_status
    from operations.upkeep.watching import look

    at = now()
    return _show(look(settings, at, server_status(settings, at) if server else None))


def _show(seen: WatchResult) -> int:
    from states.watch import sentence

    for fault in seen.faults:
        complain(f"异常：{sentence(fault)}")
    for reason in seen.untold:
        complain(f"告警未能送出：{reason}")
    if seen.unkept:
        complain(seen.unkept)
    if seen.told:
        say("已通知系统管理员。")
    if not seen.faults:
        say("一切正常。")
    return TROUBLE if seen.faults or seen.untold or seen.unkept else WELL

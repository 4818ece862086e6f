"""The command `xingfu watch`: tells admins when the daily work does not go on. Without Prefect."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

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
) -> None:
    from models.settings import load_settings

    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    settings = load_settings()
    if every is None:
        raise typer.Exit(_look(settings))
    while True:
        _look(settings)
        sys.stdout.flush()
        time.sleep(every * 60)


def _look(settings: Settings) -> int:
    """Look once; the exit code."""
    from common.clock import now
    from common.errors import UnavailableError
    from operations.upkeep.watching import look

    try:
        seen = look(settings, now())
    except UnavailableError as error:
        complain(str(error))
        return TROUBLE
    return _show(seen)


def _show(seen: WatchResult) -> int:
    for fault in seen.faults:
        complain(f"异常：{fault.text}")
    for reason in seen.untold:
        complain(f"告警未能送出：{reason}")
    if seen.told:
        say("已通知系统管理员。")
    if not seen.faults:
        say("一切正常。")
    return TROUBLE if seen.faults or seen.untold else WELL

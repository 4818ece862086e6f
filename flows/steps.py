"""What every scheduled flow begins and ends with, and which trouble is worth another try."""

from typing import Any, Final

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from common.errors import UnavailableError
from flows.emitting import emit_events
from models.settings import load_settings
from operations.cases.desk import Desk, open_desk

WAITS = (30, 120, 600)
"""Seconds before each further try."""


def is_unavailable(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether a task failed because something was not available; a refusal stays one."""
    return isinstance(state.result(raise_on_failure=False), UnavailableError)


PATIENT: Final[dict[str, Any]] = {
    "retries": len(WAITS),
    "retry_delay_seconds": list(WAITS),
    "retry_condition_fn": is_unavailable,
    "cache_policy": NO_CACHE,
}
"""Options of every task that asks a database or writes to the outside."""


@task(name="open", **PATIENT)
def opened(plan: str | None) -> Desk:
    """A desk for the plan of that id, by default the settings' own."""
    return open_desk(load_settings(), plan)


@task(name="emit", **PATIENT)
def emit(desk: Desk) -> int:
    """Emit the events of what was recorded; how many there were."""
    count = emit_events(desk)
    get_run_logger().info("已发出事件 %d 条", count)
    return count

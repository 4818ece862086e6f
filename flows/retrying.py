"""Which trouble is worth another try: what was not available may be so in a while."""

from typing import Any, Final

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from policy.errors import UnavailableError

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

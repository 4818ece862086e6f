"""What every scheduled flow begins and ends with, and which trouble is worth another try."""

from collections.abc import Mapping, Sequence
from datetime import date
from logging import LogRecord, getLogger
from typing import Any, Final
from uuid import UUID

from httpx import HTTPError
from prefect import Task, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import CancelledRun, FailedRun

from common.clock import today
from common.errors import UnavailableError
from common.words import long_date
from flows.emitting import emit_events
from models.settings import load_settings
from operations.cases.desk import Desk, open_desk
from operations.daily.enforcement import working_day

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


def name_run(done: Sequence[str]) -> None:
    """Name the run by what it did, ``读取收件：登记2份、退回1份``; with nothing it keeps its name.

    One that is tried again is named by what came of it last.
    """
    id = runtime.flow_run.id
    if not (done and id):
        return
    try:
        with get_client(sync_client=True) as client:
            name = runtime.flow_run.name.partition("：")[0]
            client.update_flow_run(UUID(str(id)), name=f"{name}：{'、'.join(done)}")
    except HTTPError as error:  # the work is done, whatever it is called
        get_run_logger().warning("运行未能命名（%s）", type(error).__name__)


def in_numbers(counts: Mapping[str, int]) -> list[str]:
    """How many files of each kind there were, of which there were some: ``登记2份``."""
    return [f"{what}{count}份" for what, count in counts.items() if count]


def named_by_day(what: str) -> str:
    """The name of a run: the day as of which it looks, what it does, and whose plan is not ours."""
    asked, settings = runtime.flow_run.parameters, load_settings()
    day = date.fromisoformat(f"{asked.get('as_of') or today(settings.business_date)}")
    plan = asked.get("plan")
    other = f"（{plan}）" if plan and plan != settings.plan else ""
    return f"{long_date(day)}{what}{other}"


def in_words(state: State[Any]) -> State[Any]:
    """An end that is told in our words: what Prefect would log of it, as Python writes it, is not.

    Nor is the traceback that it logs of each run that is not completed.
    """
    getLogger("prefect.flow_runs").addFilter(_is_of_use)
    return state


def _is_of_use(record: LogRecord) -> bool:
    if record.exc_info and isinstance(record.exc_info[1], FailedRun | CancelledRun):
        return False
    return not record.getMessage().startswith("Finished in state")


@task(name="open", **PATIENT)
def opened(plan: str | None) -> Desk:
    """A desk for the plan of that id, by default the settings' own."""
    return open_desk(load_settings(), plan)


@task(name="day-of-work", **PATIENT)
def day_of_work(desk: Desk, day: date) -> date:
    """The day, or the last one of a plan that is over: see `states.doubts.day_of_work`."""
    return working_day(desk, day)


@task(name="emit", **PATIENT)
def emit(desk: Desk) -> int:
    """Emit the events of what was recorded; how many there were."""
    count = emit_events(desk)
    get_run_logger().info("已发出事件 %d 条", count)
    return count

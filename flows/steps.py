"""What every scheduled flow begins and ends with."""

from prefect import get_run_logger, task

from flows.emitting import emit_events
from flows.operations.desk import Desk, open_desk
from flows.retrying import PATIENT
from models.settings import load_settings


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

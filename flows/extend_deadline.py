"""Puts a deadline off. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import extending
from models.settings import load_settings


@flow(
    name="extend_deadline",
    description="凭批准文件将一个时限延期；原日期保留在记录中，提醒按新日期重新起算。",
    flow_run_name=run_name("subject", "rule"),
    timeout_seconds=TIMEOUT,
)
def extend_deadline(form: extending.ExtendForm, plan: str | None = None) -> State[Any]:
    """Put the deadline off, or say every reason against it."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "extend-deadline", "延期", extending.extend_deadline, form)

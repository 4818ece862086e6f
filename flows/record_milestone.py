"""Records a milestone, evidence or a fulfilled duty. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import recording
from models.settings import load_settings


@flow(
    name="record_milestone",
    description="登记一个节点、一项留痕，或市、省已完成的事项；再登记一次即为更正。",
    flow_run_name=run_name("subject", "fact"),
    timeout_seconds=TIMEOUT,
)
def record_milestone(form: recording.RecordForm, plan: str | None = None) -> State[Any]:
    """Record the fact, or say every reason against it."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "record-milestone", "登记节点", recording.record_milestone, form)

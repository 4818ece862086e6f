"""Takes an action on a project. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import advancing
from models.settings import load_settings


@flow(
    name="advance_project",
    description="为一个项目办理一个动作；条件不符的不办理，逐条说明原因。",
    flow_run_name=run_name("project", "action"),
    timeout_seconds=TIMEOUT,
)
def advance_project(form: advancing.AdvanceForm, plan: str | None = None) -> State[Any]:
    """Take the action, or say every reason against it."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "advance-project", "办理项目", advancing.advance_project, form)

"""Pauses a project, or lets it go on. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import holding
from models.settings import load_settings


@flow(
    name="hold_project",
    description="暂停一个项目，或恢复已暂停的项目；暂停期间停止催办。",
    flow_run_name=run_name("project", "step"),
    timeout_seconds=TIMEOUT,
)
def hold_project(form: holding.HoldForm, plan: str | None = None) -> State[Any]:
    """Pause the project or let it go on, or say every reason against it."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "hold-project", "暂停或恢复", holding.hold_project, form)

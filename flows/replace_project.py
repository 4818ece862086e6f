"""Ends a project, and determines a reserve in its place. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import replacing
from models.settings import load_settings


@flow(
    name="replace_project",
    description="终止一个项目，并由替补项目递补；两项一并办理，或都不办理。",
    flow_run_name=run_name("withdrawn", "replacement"),
    timeout_seconds=TIMEOUT,
)
def replace_project(form: replacing.ReplaceForm, plan: str | None = None) -> State[Any]:
    """Take both actions or none, or only try; or say every reason against it."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "replace-project", "终止与递补", replacing.replace_project, form)

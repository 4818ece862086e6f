"""Owes dead letters anew. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import retrying
from models.settings import load_settings


@flow(
    name="retry_dead_letters",
    description="将死信重新列入待发，下次发送时再试。",
    flow_run_name=run_name("person"),
    timeout_seconds=TIMEOUT,
)
def retry_dead_letters(form: retrying.RetryForm, plan: str | None = None) -> State[Any]:
    """Owe them anew, or only list them."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "retry-dead-letters", "重发死信", retrying.retry_dead_letters, form)

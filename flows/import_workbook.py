"""Imports a workbook by its path. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, afterwards, answer, run_name
from flows.choices import refresh_choices
from flows.operations.desk import open_desk
from flows.requests import importing
from models.settings import load_settings


@flow(
    name="import_workbook",
    description="从服务器上的文件导入一份工作簿，整份导入或整份退回。",
    flow_run_name=run_name("path"),
    timeout_seconds=TIMEOUT,
)
def import_workbook(form: importing.ImportForm, plan: str | None = None) -> State[Any]:
    """Import it whole, or only try; or tell every fault with its cell."""
    desk = open_desk(load_settings(), plan)
    state = answer(desk, "import-workbook", "导入工作簿", importing.import_file, form)
    if state.is_completed() and not form.dry_run:
        afterwards(refresh_choices, desk)
    return state

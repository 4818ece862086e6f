"""Writes a workbook. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import exporting
from models.settings import load_settings


@flow(
    name="export_workbook",
    description="导出表格、台账或清单，写入服务器的发件文件夹。",
    flow_run_name=run_name("kind", "subject"),
    timeout_seconds=TIMEOUT,
)
def export_workbook(form: exporting.ExportForm, plan: str | None = None) -> State[Any]:
    """Write it into the outgoing folder."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "export-workbook", "导出工作簿", exporting.export_file, form)

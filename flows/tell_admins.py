"""Tells admins of a run that did not end well. An automation starts it: see automations.py."""

from typing import Any

from prefect import flow, runtime, task, unmapped
from prefect.utilities.urls import url_for

from common.clock import now
from flows.steps import PATIENT
from models.settings import load_settings
from operations.upkeep.admins import Alarm, Trouble, addresses, run_alarm, tell, with_proofs


def _run_name() -> str:
    """Runs are named by the run that they tell of."""
    return f"告警：{runtime.flow_run.parameters['run']}"


@flow(
    name="tell_admins",
    description="告警：一次运行失败、超时或中断时，通知系统管理员。",
    flow_run_name=_run_name,
    timeout_seconds=3600,
)
def tell_admins(run_id: str, run: str, flow: str, state: str, message: str | None = None) -> None:
    """Tell admins through each of their channels. Fails when one of them did not accept it.

    Args:
        run_id: 未正常完成的运行的标识。
        run: 该运行的名称。
        flow: 任务名称。
        state: 状态名称，如 Failed。
        message: 状态说明。
    """
    link = url_for("flow-run", obj_id=run_id) or "Prefect 界面“Runs”页"
    settings = load_settings()
    trouble = Trouble(run_id, run, flow, state, message or "", link)
    alarm = with_proofs(settings, run_alarm(trouble, now()))
    numbers = list(range(len(addresses(settings))))
    told: Any = send.map(numbers, unmapped(alarm))
    told.result()


@task(name="send", task_run_name="send-{number}", **PATIENT)
def send(number: int, alarm: Alarm) -> None:
    """Tell through one channel, known by its number only: addresses stay out of Prefect."""
    settings = load_settings()
    tell(settings, addresses(settings)[number], alarm)

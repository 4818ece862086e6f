"""What Prefect does by itself when a run does not end well, as code.

`xingfu serve` and `xingfu register` apply these; what is changed in the UI is put back by the next.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture

from common.errors import RefusedError
from common.words import PRODUCT
from deployments.server.definitions import TAG
from deployments.server.process import HEARTBEAT_SECONDS
from flows.forms.asking import REFUSED
from flows.forms.choices import deployments

APPROVAL = "审批"
"""Deployments whose runs wait for a person without a process."""
TELLER = "tell_admins"
PREFIX = f"{PRODUCT}："
"""What the names of our automations begin with; any other automation is left alone."""

SILENT = timedelta(seconds=3 * HEARTBEAT_SECONDS)
"""A run that has not given a sign of life for so long is dead."""
UNBEGUN = timedelta(minutes=5)
"""A run that a worker has taken and not begun for so long never will be."""
UNENDED = timedelta(minutes=15)
"""A run with a person's decision that works for so long is dead."""
QUIET = timedelta(hours=1)
"""One alarm a flow and state in so long."""
AGAIN = timedelta(seconds=30)
"""A job that was cut off begins again after so long ..."""
ONCE_IN = timedelta(minutes=10)
"""... once in so long, so that a run which kills its process does not do so without a pause."""

EVENT = "prefect.flow-run."
BAD = frozenset(EVENT + name for name in ("Failed", "TimedOut", "Crashed"))
"""A refused form is named otherwise, and raises no alarm."""
STOPS = BAD | {
    EVENT + name
    for name in ("Completed", "Cancelled", "Paused", "Suspended", "AwaitingRetry", REFUSED)
}
"""After these nobody expects a sign of life."""
Related = dict[str, str | list[str]]
RUNS: Related = {"prefect.resource.id": "prefect.flow-run.*"}
OURS: Related = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}
BY_RUN = frozenset({"prefect.resource.id"})
BY_JOB = frozenset({"related:deployment:prefect.resource.id", "prefect.state-name"})
BY_DEPLOYMENT = frozenset({"related:deployment:prefect.resource.id"})


@dataclass(frozen=True, slots=True)
class KnownDeployments:
    """Which deployments there are."""

    teller: UUID
    """The one that tells admins."""
    jobs: Sequence[str] = field(default=())
    """Those with a schedule, by name: they may be repeated at any time."""
    approvals: Sequence[str] = field(default=())
    """The flows that wait for a person, by name."""


def apply_automations() -> tuple[str, ...]:
    """Make the server's automations ours, and no others of ours; their names.

    Safe to repeat. RefusedError when the deployment that tells admins is not registered yet.
    """
    with get_client(sync_client=True) as client:
        wanted = automations(_known(client))
        there = {item.name: item for item in _everything(client) if _is_ours(item)}
        for item in wanted:
            _put(client, item, there.pop(item.name, None))
        for gone in there.values():
            client.delete_automation(gone.id)
    return tuple(item.name for item in wanted)


def automations(known: KnownDeployments) -> tuple[AutomationCore, ...]:
    """All of them, for those deployments."""
    return (
        _tell(known),
        _dead_by_silence(known),
        _dead_unbegun(),
        *([_dead_in_decision(known)] if known.approvals else []),
        *([_again(known)] if known.jobs else []),
        _told_again(),
    )


def _tell(known: KnownDeployments) -> AutomationCore:
    return _rule(
        "通知系统管理员",
        "任务运行失败、超时或中断时，启动 tell_admins 通知系统管理员；"
        "同一任务同一状态每小时最多一次。表单因不符合规定而未办理的，不属于故障。",
        RunDeployment(
            source="selected",
            deployment_id=known.teller,
            parameters={
                "run_id": "{{ flow_run.id | string }}",
                "run": "{{ flow_run.name }}",
                "flow": "{{ flow.name }}",
                "state": "{{ flow_run.state.name }}",
                "message": "{{ flow_run.state.message }}",
            },
        ),
        expect=set(BAD),
        match_related=[OURS, _not(TELLER)],
        for_each=set(BY_JOB),
        within=QUIET,
    )


def _dead_by_silence(known: KnownDeployments) -> AutomationCore:
    """By heartbeats. Not for approvals: one that comes late, after its run waits, would end it."""
    heartbeat = EVENT + "heartbeat"
    return _dead(
        "运行无响应",
        f"正在运行的任务超过{_seconds(SILENT)}秒没有心跳的，认定其进程已中断，"
        "标为 Crashed 并释放其名额。",
        f"运行已中断：超过{_seconds(SILENT)}秒没有收到该运行的心跳，其进程可能已因停电、重启、"
        "内存不足或被结束而停止。定时任务将自动重新执行，已发送的消息不会重复；"
        "表单请核对结果后重新提交。",
        after={EVENT + "Running", heartbeat},
        expect={heartbeat, *STOPS},
        related=[OURS, *(_not(name) for name in known.approvals)],
        within=SILENT,
    )


def _dead_unbegun() -> AutomationCore:
    return _dead(
        "领取后未开始",
        f"被执行程序领取后超过{_seconds(UNBEGUN)}秒仍未开始的，认定其进程已中断，标为 Crashed。",
        f"运行未能开始：被执行程序领取后超过{_seconds(UNBEGUN)}秒仍未开始，执行程序可能已停止。"
        "定时任务将自动重新执行；表单请重新提交。",
        after={EVENT + "Pending"},
        expect={EVENT + name for name in ("Running", "Cancelling", "Scheduled", "Late")} | STOPS,
        related=[OURS],
        within=UNBEGUN,
    )


def _dead_in_decision(known: KnownDeployments) -> AutomationCore:
    return _dead(
        "审批运行无响应",
        f"审批任务运行超过{_seconds(UNENDED)}秒既未结束也未转入等待决定的，标为 Crashed。",
        f"运行已中断：超过{_seconds(UNENDED)}秒既未结束也未转入等待决定，其进程可能已停止。"
        "已登记的决定仍然有效；请核对后重新运行。",
        after={EVENT + "Running"},
        expect=set(STOPS),
        related=[OURS, _named("flow", list(known.approvals))],
        within=UNENDED,
    )


def _again(known: KnownDeployments) -> AutomationCore:
    return _rule(
        "中断后重新执行",
        f"定时任务中断（Crashed）{_seconds(AGAIN)}秒后重新执行，"
        f"同一任务{_seconds(ONCE_IN)}秒内最多一次；重复执行不会重复办理或发送。表单和审批不重做。",
        RunDeployment(source="inferred", schedule_after=AGAIN),
        expect={EVENT + "Crashed"},
        match_related=[OURS, _named("deployment", list(known.jobs))],
        for_each=set(BY_DEPLOYMENT),
        within=ONCE_IN,
    )


def _told_again() -> AutomationCore:
    """The same run: what it was to tell of stands in its parameters alone."""
    return _rule(
        "告警中断后重发",
        "通知系统管理员的运行（tell_admins）中断（Crashed）后重新执行，"
        f"同一告警{_seconds(ONCE_IN)}秒内最多一次；可能重复告知，不会漏报。",
        ChangeFlowRunState(
            state=StateType.SCHEDULED,
            name="AwaitingRetry",
            message="告警中断，现已自动重新执行。",
        ),
        expect={EVENT + "Crashed"},
        match_related=[OURS, _named("flow", TELLER)],
        for_each=set(BY_RUN),
        within=ONCE_IN,
    )


def _dead(
    name: str,
    description: str,
    message: str,
    *,
    after: Collection[str],
    expect: Collection[str],
    related: Sequence[Related],
    within: timedelta,
) -> AutomationCore:
    """What ends a run that does not go on, with a message that says why."""
    return _rule(
        name,
        description,
        ChangeFlowRunState(state=StateType.CRASHED, message=message),
        after=set(after),
        expect=set(expect),
        match_related=list(related),
        for_each=set(BY_RUN),
        within=within,
        posture=Posture.Proactive,
    )


def _rule(
    name: str,
    description: str,
    action: RunDeployment | ChangeFlowRunState,
    posture: Posture = Posture.Reactive,
    **trigger: Any,
) -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}{name}",
        description=description,
        trigger=EventTrigger(match=RUNS, posture=posture, threshold=1, **trigger),
        actions=[action],
    )


def _named(role: str, name: str | list[str]) -> Related:
    return {"prefect.resource.role": role, "prefect.resource.name": name}


def _not(flow: str) -> Related:
    """Any other flow. Not its deployment: a heartbeat does not say the deployment's name."""
    return _named("flow", f"!{flow}")


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _everything(client: SyncPrefectClient) -> list[Automation]:
    """All automations of the server, a page at a time."""
    found: list[Automation] = []
    while page := client.read_automations(offset=len(found)):
        found += page
    return found


def _is_ours(item: Automation) -> bool:
    return item.name.startswith(PREFIX)


def _put(client: SyncPrefectClient, wanted: AutomationCore, there: Automation | None) -> None:
    if there is None:
        client.create_automation(wanted)
    elif not is_same(there, wanted):
        client.update_automation(there.id, wanted)


def is_same(one: AutomationCore, other: AutomationCore) -> bool:
    """Whether two automations mean the same: in what order sets are written says nothing.

    One that is written anew forgets what it was waiting for.
    """
    return AutomationCore(**one.model_dump()) == AutomationCore(**other.model_dump())


def _known(client: SyncPrefectClient) -> KnownDeployments:
    ours = our_deployments(client)
    teller = next((item.id for item in ours if item.name == TELLER), None)
    if teller is None:
        raise RefusedError(
            "尚未登记 tell_admins 任务，无法设置自动化规则，请先运行 xingfu register"
        )
    return KnownDeployments(
        teller=teller,
        jobs=sorted(item.name for item in ours if item.schedules),
        approvals=sorted({_flow(item) for item in ours if APPROVAL in item.tags}),
    )


def _flow(deployment: DeploymentResponse) -> str:
    return (deployment.entrypoint or "").rpartition(".")[2]


def our_deployments(client: SyncPrefectClient) -> list[DeploymentResponse]:
    """Every deployment with our tag, whoever registered it."""
    return deployments(client, DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])))

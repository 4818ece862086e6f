"""Ends what was cut off, and what came due meanwhile: runs that nobody executes, or need not.

Prefect's server keeps in memory who holds a place, so that a place which was held when the power
failed is never given back by itself, and its job is dropped from then on. What stands in the
database is enough: when `serve` begins, which is alone in its state folder, nothing runs.

Runs that came due while the machine was off lie late, as many as there were; a job works out from
our own database what is to be done, so that one of them does it all.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry, Cancelled, Crashed

from common.clock import now
from deployments.commands.console import complain
from deployments.server.automations import APPROVAL, TELLER, our_deployments
from deployments.server.definitions import definitions

PAGE = 200
EXECUTED = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
"""States of a run that some process has in hand; what waits for a person or its time is in none."""
CUT_OFF = "运行已中断：服务停止（停电、重启或被结束）时该运行尚未结束。{after}"
AGAIN = "现已自动重新开始，已登记的决定仍然有效，不会重复办理。"
ONCE_MORE = "定时任务将自动重新执行，已发送的消息不会重复；表单请核对结果后重新提交。"
STOPPED = "已按要求取消：服务停止时该运行正在取消。"


def end_dead_runs() -> int:
    """End every run of ours that some process had in hand, and free all places; how many runs.

    Only while nothing of ours is executed. Approvals and alarms, which nothing else would repeat,
    begin again: what was decided is on record, and an answer that was given is taken up. What
    waits for a person's decision, or for its time, is left as it is. One that cannot be ended is
    told and stops no other.
    """
    with get_client(sync_client=True) as client:
        ours = our_deployments(client)
        resumed = {item.id for item in ours if APPROVAL in item.tags or item.name == TELLER}
        ended = sum(_end(client, run, resumed) for run in _cut_off(client))
        for item in ours:
            _free(client, item)
    return ended


def drop_stale_runs() -> int:
    """Of each job's runs that came due while nobody served leave the newest; how many are gone.

    They have never begun. What a person has started is none of them. As `end_dead_runs`.
    """
    with get_client(sync_client=True) as client:
        jobs = [item.id for item in our_deployments(client) if item.schedules]
        return sum(_drop(client, run) for run in _stale(_late(client, jobs)))


def _late(client: SyncPrefectClient, jobs: Sequence[UUID]) -> Sequence[FlowRun]:
    """The runs of the jobs that no person has started and that ought to have, the newest first."""
    due = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=now()),
    )
    found: list[FlowRun] = []
    while page := client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(jobs))),
        flow_run_filter=due,
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=PAGE,
        offset=len(found),
    ):
        found += page
    return [run for run in found if run.auto_scheduled and not run.run_count]


def _stale(late: Iterable[FlowRun]) -> Iterator[FlowRun]:
    """All but the first of each job."""
    seen = set[UUID | None]()
    for run in late:
        if run.deployment_id in seen:
            yield run
        seen.add(run.deployment_id)


def _drop(client: SyncPrefectClient, run: FlowRun) -> bool:
    try:
        client.delete_flow_run(run.id)
    except (HTTPError, ObjectNotFound) as error:
        complain(f"运行 {run.name} 未能清除（{type(error).__name__}），将照常执行")
        return False
    return True


def _cut_off(client: SyncPrefectClient) -> Sequence[FlowRun]:
    """All of them, whether of a deployment or not."""
    names = sorted({item.entrypoint.rpartition(".")[2] for item in definitions()})
    found: list[FlowRun] = []
    while page := client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=names)),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(EXECUTED)))
        ),
        limit=PAGE,
        offset=len(found),
    ):
        found += page
    return found


def _end(client: SyncPrefectClient, run: FlowRun, resumed: Collection[UUID | None]) -> bool:
    again = run.deployment_id in resumed
    cancelled = run.state_type is StateType.CANCELLING
    try:
        if cancelled:
            client.set_flow_run_state(run.id, Cancelled(message=STOPPED))
            return True
        message = CUT_OFF.format(after=AGAIN if again else ONCE_MORE)
        client.set_flow_run_state(run.id, Crashed(message=message))
        if again:
            client.set_flow_run_state(run.id, AwaitingRetry())
    except HTTPError as error:
        complain(f"运行 {run.name} 未能结束（{type(error).__name__}），请在界面中取消它")
        return False
    return True


def _free(client: SyncPrefectClient, item: DeploymentResponse) -> None:
    """Whatever the server thinks to be held of a deployment's places is held by nobody."""
    limit = item.global_concurrency_limit
    if limit is None:
        return
    try:
        client.update_global_concurrency_limit(
            limit.name, GlobalConcurrencyLimitUpdate(active_slots=0)
        )
    except HTTPError as error:
        complain(f"任务 {item.name} 的名额未能释放（{type(error).__name__}），请重新启动")

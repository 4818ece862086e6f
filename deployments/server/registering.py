"""Makes Prefect know the deployments of prefect.yaml for every plan, and no others of ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron, Schedule
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.asyncutils import run_coro_as_sync
from prefect.utilities.callables import ParameterSchema
from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

from common.errors import PolicyError, RefusedError
from deployments.commands.console import complain, counted
from deployments.server.asking import needing_server
from deployments.server.automations import apply_automations, our_deployments
from deployments.server.definitions import (
    POOL,
    TAG,
    Definition,
    definitions,
    definitions_for,
    offered,
)
from flows.forms.choices import as_offered, refresh_choices
from flows.forms.choosing import choices
from flows.publishing import publish_offered
from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from operations.upkeep.setup import installed_plans

Seen = Callable[[Mapping[str, Any]], dict[str, Any]]
"""A form's schema as Prefect makes it, as people are to see it."""
WAITING = FlowRunFilterStateName(any_=["Suspended", "Paused", "Resuming"])
"""A run in one of these goes on by its deployment alone."""


def built(settings: Settings) -> tuple[RunnerDeployment, ...]:
    """Every deployment that a plan which is installed has a use for, ready to be registered.

    A plan that cannot be opened is told and left out: it must not keep the others from running.
    """
    desks = {desk.plan.id: desk for desk in _desks(settings)}
    plans = {id: desk.plan for id, desk in desks.items()}
    seen = {
        id: partial(as_offered, found=choices(desk), levels=desk.plan.levels)
        for id, desk in desks.items()
    }
    items = offered(definitions_for(settings.plan, list(plans)), plans)
    return tuple(
        _built(item, seen.get(item.parameters.get("plan", settings.plan))) for item in items
    )


def register(settings: Settings, pool_type: str) -> tuple[str, ...]:
    """Register everything for the workers of the pool, which is made if it is missing.

    Gives back the deployments' names. RefusedError when the pool is there with another type,
    UnavailableError when the server does not answer, or does not take it from us.
    """
    with needing_server("未能向 Prefect 服务登记", PREFECT_API_URL.value()):
        with get_client(sync_client=True) as client:
            _require_pool(client, pool_type)
        deployments = built(settings)
        finish(settings, [_applied(item) for item in counted("已登记任务", deployments)])
    return tuple(item.name for item in deployments)


def finish(settings: Settings, registered: Sequence[UUID]) -> None:
    """What follows once deployments are registered: old ones go, forms get their choices.

    The page of the day leads to those that are there, and the automations are made what they should
    be. Safe to repeat.
    """
    with get_client(sync_client=True) as client:
        for item in our_deployments(client):
            if item.id not in registered and _is_of_ours(item):
                _retire(client, item)
    for desk in _desks(settings):
        refresh_choices(desk)
        publish_offered(desk)
    apply_automations()


def _desks(settings: Settings) -> Iterator[Desk]:
    for plan in installed_plans(settings):
        try:
            yield open_desk(settings, plan)
        except (PolicyError, RefusedError) as error:
            complain(f"方案 {plan} 的任务未登记：{error}")


def _is_of_ours(item: DeploymentResponse) -> bool:
    """Whether it runs a flow of ours; the tag alone could be anybody's."""
    return item.entrypoint in {known.entrypoint for known in definitions()}


def _retire(client: SyncPrefectClient, item: DeploymentResponse) -> None:
    """Remove a deployment, unless a decision waits in one of its runs: then it only rests."""
    waiting = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[item.id])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(name=WAITING)),
        limit=1,
    )
    if not waiting:
        client.delete_deployment(item.id)
        return
    for schedule in item.schedules:
        client.delete_deployment_schedule(item.id, schedule.id)
    complain(f"任务 {item.name} 尚有等待决定的运行，暂予保留；办结后再次登记时移除")


def flow_of(item: Definition) -> Flow[..., Any]:
    """The flow that a deployment runs."""
    module, _, name = item.entrypoint.rpartition(".")
    found: Flow[..., Any] = getattr(import_module(module), name)
    return found


def _built(item: Definition, seen: Seen | None) -> RunnerDeployment:
    made = flow_of(item).to_deployment(
        name=item.name,
        description=item.description,
        tags=[TAG, *item.tags],
        parameters=dict(item.parameters),
        schedules=[_schedule(schedule) for schedule in item.schedules],
        concurrency_limit=ConcurrencyLimitConfig(**item.limit) if item.limit else None,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(made, RunnerDeployment)  # noqa: S101  # called outside of an event loop
    if seen is not None:  # else each form would have to be changed once more where it lies
        plain = made._parameter_openapi_schema.model_dump(exclude_unset=True)  # told nowhere else
        made._parameter_openapi_schema = ParameterSchema(**seen(plain))
    return made


def _schedule(written: Any) -> Schedule:
    return Cron(
        written["cron"],
        timezone=written["timezone"],
        parameters=written.get("parameters", {}),
        slug=written.get("slug"),
    )


def _applied(item: RunnerDeployment) -> UUID:
    id = item.apply(work_pool_name=POOL)
    assert isinstance(id, UUID)  # noqa: S101  # called outside of an event loop it does not await
    return id


def _require_pool(client: SyncPrefectClient, pool_type: str) -> None:
    try:
        there = client.read_work_pool(POOL).type
    except ObjectNotFound:
        template: Any = run_coro_as_sync(
            get_default_base_job_template_for_infrastructure_type(pool_type)
        )
        if template is None:
            raise RefusedError(f"没有“{pool_type}”类型的工作池，请核对 --pool-type") from None
        wanted = WorkPoolCreate(name=POOL, type=pool_type, base_job_template=template)
        client.create_work_pool(wanted)
        return
    if there != pool_type:
        raise RefusedError(
            f"工作池 {POOL} 已存在，类型为“{there}”；"
            f"请以 --pool-type {there} 登记，或先删除该工作池"
        )

"""What Prefect knows that the page of the day tells of: what waits, and what may be opened."""

from collections.abc import Iterator
from contextlib import contextmanager

from httpx import HTTPError, HTTPStatusError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateName,
)
from prefect.client.schemas.objects import ArtifactCollection, FlowRun
from prefect.client.schemas.responses import DeploymentResponse

from common.clock import now
from common.errors import UnavailableError
from flows.forms.choices import deployments, plan_of
from flows.pages.duties import LINES
from flows.pages.entrance import EntranceDoor, WaitingRun
from models.settings import ENTRANCE_PAGE
from operations.cases.desk import Desk

KINDS = ("表单", "审批")
"""Tags of what a person starts; all else runs by itself."""
PAPERS = "文稿"
"""What the year's duties made last."""
JOB = "定时任务"
"""What begins by itself; what begins after a run that failed is nobody's to open."""
WAITS = FlowRunFilter(
    state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended", "Paused"]))
)
DAILY = "enforce_deadlines"
TROUBLE = "Prefect 服务暂不可用，页面未能发布，请稍后重试"


def waiting_runs(desk: Desk) -> list[WaitingRun]:
    """The runs of the desk's plan that wait for a decision, the longest first."""
    with _server() as client:
        found = client.read_flow_runs(flow_run_filter=WAITS, limit=200)
    ours = [run for run in found if _plan(run, desk) == desk.plan.id]
    return sorted(map(_waiting, ours), key=lambda run: run.since)


def offered(desk: Desk) -> list[EntranceDoor]:
    """What a person may open: of the plan's deployments forms, approvals, jobs; then papers."""
    with _server() as client:
        ours = [item for item in deployments(client) if plan_of(item, desk) == desk.plan.id]
        made = _newest(client, *(f"{desk.plan.id}-{kind.value}" for kind in LINES))
    found = [_offered(item) for item in ours if item.schedules or {*KINDS} & {*item.tags}]
    papers = map(_paper, sorted(made, key=lambda item: item.key))
    return [*sorted(found, key=lambda item: (*KINDS, JOB).index(item.kind)), *papers]


def daily_form(desk: Desk) -> str | None:
    """Where the daily job is started by a person."""
    with _server() as client:
        daily = (
            item
            for item in deployments(client)
            if plan_of(item, desk) == desk.plan.id and item.name.startswith(DAILY)
        )
        return next((_form(item) for item in daily), None)


def newest_entrance(desk: Desk) -> ArtifactCollection | None:
    """The page of the day as it is now."""
    with _server() as client:
        return next(iter(_newest(client, f"{desk.plan.id}-{ENTRANCE_PAGE}")), None)


@contextmanager
def _server() -> Iterator[SyncPrefectClient]:
    """Prefect's server. UnavailableError, which is worth another try, where it does not answer."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except HTTPError as error:
        if isinstance(error, HTTPStatusError) and not error.response.is_server_error:
            raise
        raise UnavailableError(TROUBLE) from error


def _newest(client: SyncPrefectClient, *keys: str) -> list[ArtifactCollection]:
    asked = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=[*keys]))
    return client.read_latest_artifacts(artifact_filter=asked)


def _plan(run: FlowRun, desk: Desk) -> str:
    return str(run.parameters.get("plan") or desk.settings.plan)


def _waiting(run: FlowRun) -> WaitingRun:
    since = run.state.timestamp if run.state else None
    return WaitingRun(run.name, str(run.id), since or now())


def _offered(item: DeploymentResponse) -> EntranceDoor:
    kind = next((kind for kind in KINDS if kind in item.tags), JOB)
    target = _form(item) if kind in KINDS else f"/deployments/deployment/{item.id}"
    return EntranceDoor(kind, (item.description or item.name).partition("：")[0], target)


def _paper(item: ArtifactCollection) -> EntranceDoor:
    title = (item.description or item.key).partition("（截至")[0]
    return EntranceDoor(PAPERS, title, f"/artifacts/artifact/{item.latest_id}")


def _form(item: DeploymentResponse) -> str:
    return f"/deployments/deployment/{item.id}/run"

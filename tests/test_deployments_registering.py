"""`xingfu register` on a real server: all plans' deployments are there, and no old ones of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.states import Suspended
from prefect.testing.utilities import prefect_test_harness
from prefect.types.entrypoint import EntrypointType

from common.errors import RefusedError
from deployments.server.automations import PREFIX
from deployments.server.definitions import POOL, TAG, definitions
from deployments.server.registering import register
from flows.deliver_outbox import deliver_outbox
from models.settings import Settings
from operations.cases.desk import desk_for
from operations.upkeep.setup import install
from tests.conftest import AT
from tests.support.stores import Stores
from tests.test_flows_enforcement import IMPORTED, ONE

pytestmark = pytest.mark.heavy
OTHER = "beds-2024"
PLANS = Path(__file__).parent / "plans"
WRITTEN = {item.name for item in definitions()}


@pytest.fixture(scope="module")
def settings(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One city's projects, and a second plan beside them."""
    home = tmp_path_factory.mktemp("registering") / "home"
    with stores.copy(None, IMPORTED, home) as copied:
        both = copied.model_copy(update={"plans": PLANS})
        other = desk_for(both, OTHER)
        install(other, AT)
        other.engine.dispose()
        yield both


@pytest.fixture(scope="module")
def client() -> Iterator[SyncPrefectClient]:
    with prefect_test_harness(server_startup_timeout=180), get_client(sync_client=True) as made:
        yield made


def ours(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    return {item.name: item for item in client.read_deployments(limit=200)}


def apply(**given: Any) -> None:
    other = deliver_outbox.to_deployment(**given)
    assert isinstance(other, RunnerDeployment)
    other.apply()


def test_everything_is_registered_once_and_what_is_gone_goes(
    settings: Settings, client: SyncPrefectClient
) -> None:
    apply(name="gone", tags=[TAG], cron="0 8 * * *", entrypoint_type=EntrypointType.MODULE_PATH)
    apply(
        name="waited-for", tags=[TAG], cron="0 8 * * *", entrypoint_type=EntrypointType.MODULE_PATH
    )
    apply(name="with-our-tag", tags=[TAG])  # of a file, as none of ours is
    apply(name="somebody-else-s", tags=["别的"])
    waiting = client.create_flow_run_from_deployment(
        ours(client)["waited-for"].id, state=Suspended(timeout_seconds=3600)
    )
    names = register(settings, "process")
    twice = WRITTEN - {"tell_admins"}
    assert sorted(names) == sorted({*WRITTEN, *(f"{name}-{OTHER}" for name in twice)})
    there = ours(client)
    assert set(there) == {*names, "waited-for", "with-our-tag", "somebody-else-s"}
    assert there["waited-for"].schedules == []
    state = client.read_flow_run(waiting.id).state
    assert state is not None
    assert state.name == "Suspended"
    assert {item.work_pool_name for name, item in there.items() if name in names} == {POOL}
    assert there[f"enforce_deadlines-{OTHER}"].parameters == {"plan": OTHER}
    assert there["enforce_deadlines"].parameters == {"plan": "shanxi-2023"}
    assert client.read_work_pool(POOL).type == "process"
    ids = {name: item.id for name, item in there.items()}
    register(settings, "process")
    assert {name: item.id for name, item in ours(client).items()} == ids
    automations = [item.name for item in client.read_automations()]
    assert len(automations) == len(set(automations)) > 2
    assert all(name.startswith(PREFIX) for name in automations)


def test_each_plan_s_forms_offer_its_own_projects(client: SyncPrefectClient) -> None:
    there = ours(client)
    assert ONE in str(there["advance_project"].parameter_openapi_schema)
    assert ONE not in str(there[f"advance_project-{OTHER}"].parameter_openapi_schema)


def test_a_pool_of_another_type_is_not_taken_over(
    settings: Settings, client: SyncPrefectClient
) -> None:
    with pytest.raises(RefusedError, match="类型为“process”"):
        register(settings, "docker")
    assert client.read_work_pool(POOL).type == "process"

"""Keeps what there is to choose from in the forms as the plan and the database have it.

Prefect makes a form from the schema that a deployment was registered with; so the schema is
changed where it lies when projects come or are renamed.
"""

from collections.abc import Mapping
from typing import Any

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

from common.errors import UnavailableError
from common.words import PRODUCT
from flows.forms.choosing import Choices, choices, with_choices
from flows.forms.showing import for_people
from operations.cases.desk import Desk
from policy.levels import LevelWords

PAGE = 100


def refresh_choices(desk: Desk) -> int:
    """Bring the forms of the desk's plan up to date; how many have changed.

    A deployment of ours is of the plan that its parameters name, otherwise of the settings' own.
    UnavailableError when the Prefect server does not answer.
    """
    found = choices(desk)
    try:
        with get_client(sync_client=True) as client:
            ours = deployments(client, DeploymentFilter(tags=DeploymentFilterTags(all_=[PRODUCT])))
            ours = [item for item in ours if plan_of(item, desk) == desk.plan.id]
            return sum(_refresh(client, item, found, desk.plan.levels) for item in ours)
    except HTTPError as error:
        raise UnavailableError(f"表单的选项未能更新：{type(error).__name__}") from None


def as_offered(schema: Mapping[str, Any], found: Choices, levels: LevelWords) -> dict[str, Any]:
    """A deployment's parameter schema as people see it. Safe to repeat."""
    return with_choices(for_people(schema), found, levels)


def deployments(
    client: SyncPrefectClient, wanted: DeploymentFilter | None = None
) -> list[DeploymentResponse]:
    """All deployments of the server, or those that are wanted, read a page at a time."""
    found: list[DeploymentResponse] = []
    while page := client.read_deployments(deployment_filter=wanted, limit=PAGE, offset=len(found)):
        found += page
    return found


def plan_of(deployment: DeploymentResponse, desk: Desk) -> str:
    """The id of the plan that a deployment is about."""
    return str(deployment.parameters.get("plan") or desk.settings.plan)


def _refresh(
    client: SyncPrefectClient, deployment: DeploymentResponse, found: Choices, levels: LevelWords
) -> bool:
    schema = deployment.parameter_openapi_schema or {}
    fresh = as_offered(schema, found, levels)
    if fresh == schema:
        return False
    client.update_deployment(deployment.id, DeploymentUpdate(parameter_openapi_schema=fresh))
    return True

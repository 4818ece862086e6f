"""The deployments of prefect.yaml, for every plan that is installed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from common.words import PRODUCT
from policy.schema import Plan
from policy.vocabulary import Disposition, Product

DEFINITIONS = Path(__file__).parents[1] / "prefect.yaml"
TAG = PRODUCT
"""Every deployment of ours carries it."""
POOL = "xingfu"
"""The work pool whose workers run them, where `serve` does not."""
MACHINERY = "机务"
"""Tag of what looks after the machinery and belongs to no plan."""


NEEDS: Mapping[str, Callable[[Plan], bool]] = {
    "determine_projects": lambda plan: plan.review is not None,
    "issue_letter": lambda plan: plan.ladder.letter is not None,
    "issue_paper": lambda plan: any(
        map(plan.makes, (Product.BULLETIN, Product.FEEDBACK, Product.RESULTS))
    ),
    "hold_project": lambda plan: any(each.sets is Disposition.HELD for each in plan.actions),
    "replace_project": lambda plan: any(
        each.sets is Disposition.ACTIVE and Disposition.RESERVE in each.while_
        for each in plan.actions
    ),
}
"""Per form or approval that not every plan has a use for, by the flow's name, which have."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One deployment: a flow, when it runs, and with which parameters."""

    name: str
    entrypoint: str
    """The flow's module and name, ``flows.read_inbox.read_inbox``."""
    description: str
    tags: tuple[str, ...]
    schedules: tuple[Mapping[str, Any], ...]
    """Each with ``cron``, ``timezone`` and, where it has its own, ``parameters``."""
    limit: Mapping[str, Any] | None
    """Prefect's concurrency limit with its collision strategy; None: as many as are started."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def definitions() -> tuple[Definition, ...]:
    """The deployments as written, for the settings' own plan."""
    loaded = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))
    return tuple(_definition(item) for item in loaded["deployments"])


def definitions_for(own: str, installed: Sequence[str]) -> tuple[Definition, ...]:
    """Those of every plan that is installed; those of `own` have the plain names.

    The others are named ``<flow>-<plan>``, so that one run is about one plan and one limit is one
    plan's. Each says its plan, so that a run that waits stays with it when `own` has changed. What
    belongs to no plan is there once.
    """
    others = [plan for plan in installed if plan != own]
    return tuple(made for item in definitions() for made in _of_plans(item, own, others))


def offered(items: Iterable[Definition], plans: Mapping[str, Plan]) -> Iterator[Definition]:
    """Those that the plan of each has a use for, in its words for its levels.

    There is no job or form for duties that it has not.

    Of a plan that is not among `plans`, all.
    """
    for item in items:
        plan = plans.get(str(item.parameters.get("plan")))
        if plan is None:
            yield item
        elif _is_of_use(item, plan):
            yield replace(item, description=plan.said(item.description))


def _is_of_use(item: Definition, plan: Plan) -> bool:
    made = [Product(kind) for kind in item.parameters.get("duties", ())]
    needs = NEEDS.get(item.entrypoint.rpartition(".")[2])
    return (not made or any(map(plan.makes, made))) and (needs is None or needs(plan))


def _of_plans(item: Definition, own: str, others: Sequence[str]) -> Iterator[Definition]:
    if MACHINERY in item.tags:
        yield item
    else:
        yield replace(item, parameters={**item.parameters, "plan": own})
        for plan in others:
            yield Definition(
                name=f"{item.name}-{plan}",
                entrypoint=item.entrypoint,
                description=f"{item.description}（{plan}）",
                tags=(*item.tags, plan),
                schedules=item.schedules,
                limit=item.limit,
                parameters={**item.parameters, "plan": plan},
            )


def _definition(item: Mapping[str, Any]) -> Definition:
    return Definition(
        name=item["name"],
        entrypoint=item["entrypoint"],
        description=item["description"],
        tags=tuple(item["tags"]),
        schedules=tuple(item["schedules"]),
        limit=item.get("concurrency_limit"),
        parameters=item["parameters"],
    )

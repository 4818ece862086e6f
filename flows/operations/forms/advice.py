"""What the next actions will ask about, told when the data come in and not only when it is late."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from policy.schema import Plan
from policy.vocabulary import Force
from states.dossier import Dossier
from states.requirements import Case, Shortfall, concerns, shortfalls


def advice(
    plan: Plan, project: Dossier, stated: Mapping[str, Any], today: date
) -> Iterator[tuple[str, str, str]]:
    """What a workbook states and the conditions of an application will refuse or ask about.

    Each as field, Chinese reason and clause. What is only missing is not told: nobody needs to have
    filled in everything at once.
    """
    told: set[str] = set()
    for action in _coming(plan, project):
        for shortfall in shortfalls(Case(plan, project, today, ""), action):
            rule = shortfall.requirement
            field = next((name for name in concerns(rule.check) if name in stated), None)
            if field is not None and rule.id not in told:
                told.add(rule.id)
                yield field, _reason(shortfall), rule.clause


def _coming(plan: Plan, project: Dossier) -> Iterator[str]:
    """The actions that still lie before the project's application is closed."""
    order = plan.stage_order
    open_stages = order[order.index(project.stage) : order.index(plan.inputs_close_after) + 1]
    for action in plan.actions:
        if set(action.leaves) & set(open_stages):
            yield action.id


def _reason(shortfall: Shortfall) -> str:
    rule = shortfall.requirement
    if rule.force is Force.HARD:
        return f"{rule.says}，申报时将不予受理；{rule.mend}"
    asked = f"，须附书面说明（{rule.id}）" if rule.reasoned else ""
    return f"{rule.says}{asked}；{rule.mend}"

"""The state machine of a plan: the only importer of `transitions`."""

from dataclasses import dataclass
from functools import lru_cache

from transitions import Machine, MachineError

from policy.actions import ActionRule
from policy.schema import Plan
from policy.vocabulary import Disposition


class _Scratch:
    """Carries a stage through one transition; the shared machine keeps no models."""

    def __init__(self, stage: str) -> None:
        self.state = stage


@dataclass(frozen=True, slots=True)
class Position:
    """Where a project stands: its stage, and whether it goes on."""

    stage: str
    disposition: Disposition


def target(plan: Plan, action: ActionRule) -> str | None:
    """The stage that `action` moves to, None when it never moves a project.

    Where the action does not say, it is the stage that follows in the plan's order.
    """
    if action.to or not action.leaves:
        return action.to
    order = plan.stage_order
    return order[max(order.index(stage) for stage in action.leaves) + 1]


def move(plan: Plan, position: Position, action_id: str) -> Position | None:
    """Where `action_id` takes a project from `position`; None when it is not allowed there."""
    action = plan.action(action_id)
    if position.disposition not in action.while_:
        return None
    scratch = _Scratch(position.stage)
    try:
        machine(plan).events[action_id].trigger(scratch)
    except MachineError:
        return None
    return Position(scratch.state, action.sets or position.disposition)


def allowed(plan: Plan, position: Position) -> tuple[ActionRule, ...]:
    """The actions that the plan's table allows from `position`, guards aside."""
    return tuple(action for action in plan.actions if move(plan, position, action.id))


@lru_cache(maxsize=256)
def to_come(plan: Plan, position: Position) -> frozenset[str]:
    """The milestones that an action may still record from `position` on, guards aside."""
    seen, waiting, found = {position}, [position], set[str]()
    while waiting:
        here = waiting.pop()
        for action in plan.actions:
            if (there := move(plan, here, action.id)) is not None:
                found.update(action.records, action.redates)
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
    return frozenset(found)


@lru_cache
def machine(plan: Plan) -> Machine:
    """The plan's machine, without models; trigger its events on scratch objects."""
    built = Machine(model=None, states=list(plan.stage_order), initial=None, auto_transitions=False)
    for action in plan.actions:
        stays = plan.stage_order if action.anywhere else action.stays_in
        if action.leaves:
            built.add_transition(action.id, list(action.leaves), target(plan, action))
        if stays:
            built.add_transition(action.id, list(stays), None)
    return built


def diagram(plan: Plan) -> str:
    """The stages and actions as a Mermaid state diagram with Chinese labels.

    Actions that may happen anywhere are left out: they never move a project.
    """
    lines = ["stateDiagram-v2", "    direction LR"]
    lines += [f'    state "{stage.label}" as {stage.id}' for stage in plan.stages]
    lines.append(f"    [*] --> {plan.stage_order[0]}")
    for action in plan.actions:
        for stage in action.leaves:
            lines.append(f"    {stage} --> {target(plan, action)}: {action.label}")
        for stage in action.stays_in:
            lines.append(f"    {stage} --> {stage}: {action.label}")
    lines.append(f"    {plan.stage_order[-1]} --> [*]")
    return "\n".join(lines) + "\n"

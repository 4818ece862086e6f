"""May this action be taken? Pure: a case in, a ruling or every reason against it out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from policy.errors import RefusedError
from policy.schema import ActionRule, MilestoneRule, Plan, Reached
from policy.vocabulary import Disposition, Force
from states.dossier import Dossier
from states.machine import Position, allowed, move
from states.requirements import Case, Shortfall, shortfalls


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an accepted action changes."""

    position: Position
    dated: Mapping[str, date]
    """Milestones that become dated, or are dated anew."""
    revoked: tuple[str, ...]
    warnings: tuple[Shortfall, ...]
    """Soft conditions that are not met."""


def rule_on_action(case: Case, action_id: str) -> Ruling:
    """The ruling on an action; RefusedError with every reason and its clause when it is refused."""
    action = find_action(case.plan, action_id)
    position = _position(case)
    moved = move(case.plan, position, action_id)
    lacking = shortfalls(case, action_id)
    reasons = [
        *_bad_day(case),
        *_misplaced(case, action, moved),
        *_backwards(case, position, moved),
        *_repeated(case, action),
        *(str(shortfall) for shortfall in lacking if shortfall.hard),
    ]
    if reasons or moved is None:
        raise _refusal(case, action.label, reasons)
    undated = case.dossier.missing_milestones(action.records)
    return Ruling(
        position=moved,
        dated=dict.fromkeys(undated, case.on),
        revoked=tuple(name for name in action.revokes if name in case.dossier.milestones),
        warnings=tuple(shortfall for shortfall in lacking if not shortfall.hard),
    )


def rule_on_record(case: Case, milestone_id: str) -> Ruling:
    """The ruling on a milestone recorded beside the chain; recording it again corrects its day.

    RefusedError with every reason when it is refused.
    """
    milestone = find_milestone(case.plan, milestone_id)
    lacking = shortfalls(case, milestone_id)
    reasons = [
        *_bad_day(case),
        *_ended(case),
        *dict.fromkeys(_overtaken(case, milestone_id)),
        *(str(shortfall) for shortfall in lacking if shortfall.hard),
    ]
    if reasons:
        raise _refusal(case, milestone.label, reasons)
    return Ruling(
        position=_position(case),
        dated={milestone_id: case.on},
        revoked=(),
        warnings=tuple(shortfall for shortfall in lacking if not shortfall.hard),
    )


def find_action(plan: Plan, action_id: str) -> ActionRule:
    """The action of that id; RefusedError that lists the known ones."""
    try:
        return plan.action(action_id)
    except KeyError:
        known = "、".join(f"{action.id}（{action.label}）" for action in plan.actions)
        raise RefusedError(f"没有办理动作“{action_id}”，可用：{known}") from None


def find_milestone(plan: Plan, milestone_id: str) -> MilestoneRule:
    """The milestone of that id if it is recorded by hand; RefusedError that lists those."""
    by_hand = {item.id: item for item in plan.milestones if item.beside_chain}
    if milestone_id not in by_hand:
        known = "、".join(f"{item.id}（{item.label}）" for item in by_hand.values())
        raise RefusedError(f"没有可登记的节点“{milestone_id}”，可用：{known}")
    return by_hand[milestone_id]


def _position(case: Case) -> Position:
    return Position(case.dossier.stage, case.dossier.disposition)


def _bad_day(case: Case) -> Iterator[str]:
    issued = case.plan.notice.issued_on
    if case.on < issued:
        yield f"日期{case.on}早于通知印发日{issued}，请核对年份"


def _misplaced(case: Case, action: ActionRule, moved: Position | None) -> Iterator[str]:
    if moved is None:
        position = _position(case)
        can = "、".join(item.label for item in allowed(case.plan, position)) or "无"
        stage = case.plan.stage(position.stage).label
        yield (
            f"项目处于“{stage}”阶段（{position.disposition.label}），不能办理“{action.label}”"
            f"（{action.clause}）；现在可办理：{can}"
        )


def _backwards(case: Case, position: Position, moved: Position | None) -> Iterator[str]:
    """What moves a project follows its last move; a mere record may carry an earlier day."""
    last = case.dossier.last_on
    if moved != position and last is not None and case.on < last:
        yield f"办理日期{case.on}早于上一次办理日期{last}，请核对日期"


def is_done(dossier: Dossier, action: ActionRule) -> bool:
    """Whether an action that would not move the project has dated all that it dates."""
    in_place = dossier.stage in action.stays_in
    return in_place and bool(action.records) and not dossier.missing_milestones(action.records)


def _repeated(case: Case, action: ActionRule) -> Iterator[str]:
    if is_done(case.dossier, action):
        day = case.dossier.milestones[action.records[0]]
        yield f"“{action.label}”已于{day}办理，无需重复办理"


def _ended(case: Case) -> Iterator[str]:
    if case.dossier.disposition in (Disposition.REJECTED, Disposition.WITHDRAWN):
        yield f"项目已{case.dossier.disposition.label}，不再登记"


def _overtaken(case: Case, milestone_id: str) -> Iterator[str]:
    """A corrected day may not come after what has already followed from the fact."""
    for requirement in case.plan.requirements:
        if requirement.force is Force.SOFT or not isinstance(requirement.check, Reached):
            continue
        if milestone_id not in requirement.check.milestones:
            continue
        for act in requirement.before:
            for name, on in _dated_by(case, act):
                if on < case.on:
                    label = case.plan.milestone(name).label
                    yield f"“{label}”已于{on}登记，不能早于{case.on}（{requirement.clause}）"


def _dated_by(case: Case, act: str) -> Iterator[tuple[str, date]]:
    """What `act`, an action or a milestone, has dated."""
    actions = {action.id: action.records for action in case.plan.actions}
    for name in actions.get(act, (act,)):
        if name in case.dossier.milestones:
            yield name, case.dossier.milestones[name]


def _refusal(case: Case, label: str, reasons: list[str]) -> RefusedError:
    head = f"{case.dossier.code} {case.dossier.name}：不能办理“{label}”"
    return RefusedError("\n".join([head, *(f"  · {reason}" for reason in reasons)]))

"""May this action be taken? Pure: a case in, a ruling or every reason against it out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.errors import RefusedError, with_reasons
from common.words import long_date
from policy.actions import ActionRule, MilestoneRule
from policy.checks import AmountCappedCheck, ReachedCheck
from policy.schema import Plan
from policy.vocabulary import Disposition, Force, SubjectKind
from states.dossier import Dossier
from states.ledger import NOTHING, dated_by
from states.machine import Position, allowed, move
from states.requirements import Case, Shortfall, due_to, read_measure, shortfalls
from states.trail import Effects


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an accepted action changes."""

    position: Position
    effects: Effects
    warnings: tuple[Shortfall, ...]
    """Soft conditions that are not met."""

    @property
    def dated(self) -> Mapping[str, date]:
        """Milestones that become dated, or are dated anew."""
        return self.effects.dated

    @property
    def revoked(self) -> tuple[str, ...]:
        """Milestones that are undone."""
        return self.effects.revoked


def rule_on_action(case: Case, action_id: str) -> Ruling:
    """The ruling on an action; RefusedError with every reason and its clause when it is refused."""
    action = find_action(case.plan, action_id)
    position = _position(case)
    moved = move(case.plan, position, action_id)
    unread = tuple(_unread_checks(case, action))
    lacking = () if unread else shortfalls(case, action_id)
    reasons = [
        *_bad_day(case),
        *_before_window(case, (*action.records, *action.redates)),
        *_misplaced(case, action, moved),
        *_backwards(case, position, moved),
        *_repeated(case, action),
        *_unfit(case, action),
        *unread,
        *(str(shortfall) for shortfall in lacking if shortfall.refuses),
        *_overpaid(case, action, lacking),
    ]
    if reasons or moved is None:
        raise _refusal(case, action.label, reasons)
    return Ruling(moved, _effects(case, action, position, moved, lacking), _soft(lacking))


def rule_on_record(case: Case, milestone_id: str) -> Ruling:
    """The ruling on a milestone recorded beside the chain; recording it again corrects its day.

    RefusedError with every reason when it is refused.
    """
    milestone = find_milestone(case.plan, milestone_id)
    return _rule_on_day(case, milestone)


def rule_on_amendment(case: Case, milestone_id: str) -> Ruling:
    """The ruling on an approved change of the day of a milestone that is dated already.

    RefusedError with every reason when it is refused.
    """
    known = {item.id: item for item in case.plan.milestones if item.id in case.dossier.milestones}
    if milestone_id not in known:
        listed = "、".join(f"{item.id}（{item.label}）" for item in known.values()) or "无"
        raise RefusedError(f"{case.dossier.code}没有已登记的节点“{milestone_id}”，现有：{listed}")
    day = case.dossier.milestones[milestone_id]
    if day == case.on:
        raise RefusedError(f"“{known[milestone_id].label}”已登记为{long_date(day)}，无需变更")
    return _rule_on_day(case, known[milestone_id])


def _rule_on_day(case: Case, milestone: MilestoneRule) -> Ruling:
    if told := tuple(_told_by_ledger(case, milestone)):
        raise _refusal(case, milestone.label, list(told))
    recorders = [action.id for action in case.plan.actions if milestone.id in action.records]
    lacking: tuple[Shortfall, ...] = ()
    if milestone.beside_chain:
        recorders, lacking = [], shortfalls(case, milestone.id)
    reasons = [
        *_bad_day(case),
        *_before_window(case, (milestone.id,)),
        *_ended(case),
        *dict.fromkeys(_overtaken(case, milestone.id)),
        *dict.fromkeys(_too_early(case, recorders)),
        *(str(shortfall) for shortfall in lacking if shortfall.refuses),
    ]
    if reasons:
        raise _refusal(case, milestone.label, reasons)
    return Ruling(_position(case), Effects(dated={milestone.id: case.on}), _soft(lacking))


def _told_by_ledger(case: Case, milestone: MilestoneRule) -> Iterator[str]:
    """What the ledger dates nobody types."""
    if milestone.id in dated_by(case.plan, case.dossier.profile.promised, ()):
        yield (
            f"“{milestone.label}”按资金台账认定，不能直接登记或变更（{milestone.clause}）；"
            "请登记或更正资金台账"
        )


def _too_early(case: Case, recorders: list[str]) -> Iterator[str]:
    """What an action needed must not come after the day that is set for it now."""
    for requirement in case.plan.requirements:
        if requirement.force is Force.SOFT or not isinstance(requirement.check, ReachedCheck):
            continue
        if not set(recorders) & set(requirement.before):
            continue
        for name in requirement.check.milestones:
            on = case.dossier.milestones.get(name)
            if on is not None and on > case.on:
                label = case.plan.milestone(name).label
                yield f"“{label}”登记为{long_date(on)}，本节点不能早于该日（{requirement.clause}）"


def _soft(lacking: tuple[Shortfall, ...]) -> tuple[Shortfall, ...]:
    return tuple(shortfall for shortfall in lacking if not shortfall.hard)


def _effects(
    case: Case,
    action: ActionRule,
    before: Position,
    moved: Position,
    lacking: tuple[Shortfall, ...],
) -> Effects:
    dossier = case.dossier
    undated = dossier.missing_milestones(action.records)
    columns: dict[str, object] = {}
    if moved != before:
        columns |= {"stage": moved.stage, "disposition": moved.disposition, "last_on": case.on}
    if (findings := _findings(case, action, lacking)) != dossier.findings:
        columns["findings"] = findings
    if action.checklist:
        columns["checks"] = {name: words.strip() for name, words in case.checks.items()}
    if action.pays and case.amount is not None:
        columns |= _released(dossier, action.fund, case.amount)
    return Effects(
        columns=columns,
        dated=dict.fromkeys((*undated, *action.redates), case.on),
        revoked=tuple(name for name in action.revokes if name in dossier.milestones),
        dropped=tuple(item.audit_id for item in dossier.opinions) if action.clears_opinions else (),
    )


def _released(dossier: Dossier, fund: str, amount: Decimal) -> Mapping[str, object]:
    whole = {"released": (dossier.released or 0) + amount}
    if not fund:
        return whole
    now = (dossier.released_of(fund) or 0) + amount
    return {**whole, "released_funds": {**dossier.released_funds, fund: str(now)}}


def _findings(case: Case, action: ActionRule, lacking: tuple[Shortfall, ...]) -> Mapping[str, str]:
    """What departs from soft conditions, with its reasons; it travels on with the project."""
    asked = {rule.id for rule in case.plan.conditions if action.id in rule.before}
    kept = {id: reason for id, reason in case.dossier.findings.items() if id not in asked}
    return kept | {item.requirement.id: item.reason for item in lacking if item.reason}


def _unfit(case: Case, action: ActionRule) -> Iterator[str]:
    """Nothing that somebody states is left unsaid: an answer nobody asked for is refused."""
    if case.amount is not None and action.pays is None:
        yield f"“{action.label}”不涉及金额，请不要填写金额"
    if case.checks and not action.checklist:
        yield f"“{action.label}”不填写验收表，请去掉验收结果"
    known = {rule.id for rule in case.plan.conditions if rule.reasoned}
    if odd := sorted(set(case.reasons) - known):
        yield f"没有须说明的条件“{'、'.join(odd)}”，可说明：{'、'.join(sorted(known))}"


def _overpaid(case: Case, action: ActionRule, lacking: tuple[Shortfall, ...]) -> Iterator[str]:
    """All that is released of a subsidy is at most the subsidy, whichever actions release it."""
    due = due_to(case, action.fund)
    told = any(isinstance(item.requirement.check, AmountCappedCheck) for item in lacking)
    if action.pays is None or case.amount is None or due is None or told:
        return
    released = case.dossier.released_of(action.fund) or NOTHING
    what = case.plan.purse_name(action.fund) if action.fund else "补助"
    if released + case.amount > due:
        yield (
            f"已下达{released:,.2f}元，加上本次{case.amount:,.2f}元超过按标准核算的{what}{due:,.2f}元"
            f"（{action.clause}）；本次最多下达{max(due - released, NOTHING):,.2f}元，请核对金额"
        )


def _unread_checks(case: Case, action: ActionRule) -> Iterator[str]:
    if not action.checklist:
        return
    items = {item.id: item for item in case.plan.checklist}
    for name, words in case.checks.items():
        if name in items and not words.strip():
            continue  # not answered: the conditions of the action ask for it
        if name not in items:
            listed = "、".join(f"{item.id}（{item.label}）" for item in items.values())
            yield f"验收表没有“{name}”，可填：{listed}"
        elif items[name].judged:
            if words.strip() not in ("是", "否"):
                yield f"验收表“{items[name].label}”须填“是”或“否”，原值“{words}”"
        elif (field := items[name].measures) and not _readable(case.plan, field, words):
            yield f"验收表“{items[name].label}”无法识别“{words}”，请填写数字或以顿号分隔的名称"


def _readable(plan: Plan, field: str, words: str) -> bool:
    try:
        read_measure(plan, field, words)
    except ValueError:
        return False
    return True


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
    if reason := case.plan.notice.too_early(case.on):
        yield reason


def _before_window(case: Case, named: Iterable[str]) -> Iterator[str]:
    """What cannot be done before a day (A23) is not dated before it."""
    for rule in case.plan.deadlines:
        first = rule.not_before
        if (
            first
            and case.on < first
            and {*named} & {*rule.fulfilled_by.get(SubjectKind.PROJECT, ())}
        ):
            said = f"{rule.id}“{rule.title}”自{long_date(first)}起（{rule.clause}）"
            yield f"{said}，{long_date(case.on)}尚未开始，请核对日期"


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
        yield f"办理日期（{long_date(case.on)}）早于上一次办理日期（{long_date(last)}），请核对日期"


def is_done(dossier: Dossier, action: ActionRule) -> bool:
    """Whether an action that would not move the project has dated all that it dates."""
    in_place = dossier.stage in action.stays_in
    return in_place and bool(action.records) and not dossier.missing_milestones(action.records)


def _repeated(case: Case, action: ActionRule) -> Iterator[str]:
    if is_done(case.dossier, action):
        day = case.dossier.milestones[action.records[0]]
        yield f"“{action.label}”已于{long_date(day)}办理，无需重复办理"


def _ended(case: Case) -> Iterator[str]:
    if case.dossier.disposition in (Disposition.REJECTED, Disposition.WITHDRAWN):
        yield f"项目已{case.dossier.disposition.label}，不再登记"


def _overtaken(case: Case, milestone_id: str) -> Iterator[str]:
    """A corrected day may not come after what has already followed from the fact."""
    for clause, name, on in _followers(case.plan, case.dossier, milestone_id):
        if on < case.on:
            label = case.plan.milestone(name).label
            yield f"“{label}”已于{long_date(on)}登记，不能早于{long_date(case.on)}（{clause}）"


def dependants(plan: Plan, dossier: Dossier, milestone_id: str) -> Iterator[str]:
    """What is dated in `dossier` and needs a milestone that is not, or not yet; Chinese reasons."""
    day = dossier.milestones.get(milestone_id)
    for clause, name, on in _followers(plan, dossier, milestone_id):
        if day is None or on < day:
            label, needed = plan.milestone(name).label, plan.milestone(milestone_id).label
            yield f"“{label}”（{long_date(on)}）以“{needed}”为前提（{clause}），请先更正“{label}”"


def _followers(plan: Plan, dossier: Dossier, milestone_id: str) -> Iterator[tuple[str, str, date]]:
    """Clause, name and day of every dated milestone that needs `milestone_id`."""
    for requirement in plan.requirements:
        if requirement.force is Force.SOFT or not isinstance(requirement.check, ReachedCheck):
            continue
        if milestone_id not in requirement.check.milestones:
            continue
        for act in requirement.before:
            for name, on in _dated_by(plan, dossier, act):
                yield requirement.clause, name, on


def _dated_by(plan: Plan, dossier: Dossier, act: str) -> Iterator[tuple[str, date]]:
    """What `act`, an action or a milestone, has dated."""
    actions = {action.id: action.records for action in plan.actions}
    for name in actions.get(act, (act,)):
        if name in dossier.milestones:
            yield name, dossier.milestones[name]


def _refusal(case: Case, label: str, reasons: list[str]) -> RefusedError:
    head = f"{case.dossier.code} {case.dossier.name}：不能办理“{label}”"
    return RefusedError(with_reasons(head, reasons))

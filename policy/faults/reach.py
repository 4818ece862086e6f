"""Whether a project can get from the first stage to the last, and every fact can come about.

What can come about is worked out from nothing: a stage that an action leads to, a milestone that
is recorded there, as far as the hard conditions in front of them can be met. What is left over
can never happen.
"""

from collections.abc import Iterator, Mapping

from policy.actions import ActionRule, Requirement
from policy.checks import ElapsedCheck, ReachedCheck
from policy.faults.ground import PlanFault
from policy.schema import Plan
from policy.vocabulary import Disposition, Force, SubjectKind


def reach(plan: Plan) -> Iterator[PlanFault]:
    """Stages that nothing leads to or out of, milestones and actions that can never be."""
    stages, facts = _attainable(plan)
    yield from _dead_ends(plan)
    ways = _ways_in(plan)
    for index, stage in enumerate(plan.stages[1:], 1):
        if stage.id not in stages:
            why = _why(plan, ways, stage.id, facts)
            says = f"项目无法进入“{stage.label}”（{stage.id}）阶段：{why}"
            yield PlanFault(("stages", index), says)
    for index, milestone in enumerate(plan.milestones):
        if milestone.id not in facts:
            why = _unrecorded(plan, milestone.id, facts)
            says = f"节点“{milestone.label}”（{milestone.id}）无法登记：{why}"
            yield PlanFault(("milestones", index), says)
    yield from _never(plan)


def circles(plan: Plan) -> Iterator[PlanFault]:
    """No deadline runs from a fact that waits, through other deadlines, for its own fact."""
    after: dict[str, set[str]] = {}
    for rule in plan.deadlines:
        if rule.follows:
            for fact in rule.fulfilled_by.get(SubjectKind.PROJECT, ()):
                after.setdefault(fact, set()).add(rule.follows.after)
    for index, rule in enumerate(plan.deadlines):
        own = set(rule.fulfilled_by.get(SubjectKind.PROJECT, ()))
        if rule.follows and (met := own & _before(rule.follows.after, after)):
            says = (
                f"“{rule.id}”自“{rule.follows.after}”起算，而“{rule.follows.after}”的时限又自"
                f"“{'、'.join(sorted(met))}”起算，互相等待，请改其中一条的 follows.after"
            )
            yield PlanFault(("deadlines", index, "follows"), says)


def _before(fact: str, after: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set[str](), [fact]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += after.get(one, ())
    return found


def needed(plan: Plan, name: str) -> set[str]:
    """The milestones that must be there before an action or a milestone, by hard conditions."""
    found = set[str]()
    for requirement in plan.requirements:
        if name in requirement.before and _binds(requirement):
            check = requirement.check
            if isinstance(check, ReachedCheck):
                found |= {*check.milestones}
            elif isinstance(check, ElapsedCheck):
                found.add(check.since)
    return found


def _binds(requirement: Requirement) -> bool:
    return requirement.force is Force.HARD and not requirement.when


def _attainable(plan: Plan) -> tuple[set[str], set[str]]:
    stages, facts = {plan.stage_order[0]}, {m.id for m in plan.milestones if m.ledger}
    if plan.sites:
        facts |= {plan.quota.submitted_when, plan.quota.taken_when}
    before = {m.id: needed(plan, m.id) for m in plan.milestones if m.beside_chain}
    actions = [(action, needed(plan, action.id)) for action in plan.actions]
    while True:
        known = len(stages) + len(facts)
        facts |= {id for id, need in before.items() if need <= facts}
        for action, need in actions:
            at = {*action.leaves, *action.stays_in}
            if need <= facts and (action.anywhere or at & stages):
                facts |= {*action.records, *action.redates}
                stages |= _leads_to(plan, action) if {*action.leaves} & stages else set()
        if len(stages) + len(facts) == known:
            return stages, facts


def _leads_to(plan: Plan, action: ActionRule) -> set[str]:
    """As `states.machine.target` has it: where it does not say, the stage that follows."""
    order = plan.stage_order
    if action.to:
        return {action.to}
    if not action.leaves:
        return set()
    last = max(order.index(stage) for stage in action.leaves)
    return {order[last + 1]}  # who leaves the last one says for where: see `chain.chain`


def _dead_ends(plan: Plan) -> Iterator[PlanFault]:
    left = {stage for action in plan.actions for stage in action.leaves}
    for index, stage in enumerate(plan.stages[:-1]):
        if stage.id not in left:
            says = (
                f"没有办理动作离开“{stage.label}”（{stage.id}）阶段，项目会停在这里；"
                "请在某个办理动作的 leaves 中写上它"
            )
            yield PlanFault(("stages", index), says)


def _ways_in(plan: Plan) -> Mapping[str, list[ActionRule]]:
    found: dict[str, list[ActionRule]] = {}
    for action in plan.actions:
        for stage in _leads_to(plan, action):
            found.setdefault(stage, []).append(action)
    return found


def _why(plan: Plan, ways: Mapping[str, list[ActionRule]], stage: str, facts: set[str]) -> str:
    actions = ways.get(stage, [])
    if not actions:
        return "没有办理动作转入该阶段，请在其前一阶段的办理动作中写 leaves（或用 to 指明）"
    lacks = sorted({name for action in actions for name in needed(plan, action.id) - facts})
    if lacks:
        return f"转入该阶段的办理动作以无法登记的节点“{'、'.join(lacks)}”为条件，请改 requirements"
    return f"转入该阶段的“{actions[0].label}”只在同样进不去的阶段办理，请改其 leaves"


def _unrecorded(plan: Plan, name: str, facts: set[str]) -> str:
    actions = [each for each in plan.actions if name in (*each.records, *each.redates)]
    beside = plan.milestone(name).beside_chain
    if not actions and not beside:
        return "请由某个办理动作 records（或 redates）它，或写 beside_chain: true（单独登记）"
    lacks = sorted(
        {n for each in (*(a.id for a in actions), name) for n in needed(plan, each) - facts}
    )
    if lacks:
        return f"它以“{'、'.join(lacks)}”为条件，而后者又无法先登记，互相等待；请改 requirements"
    return "登记它的办理动作只在项目进不去的阶段办理，请改其 leaves 或 stays_in"


def _never(plan: Plan) -> Iterator[PlanFault]:
    """An action for projects that are set aside in a way that no action sets."""
    set_by = {Disposition.ACTIVE, *(action.sets for action in plan.actions if action.sets)}
    for index, action in enumerate(plan.actions):
        if not set_by & {*action.while_}:
            named = "、".join(each.value for each in action.while_)
            says = f"“{action.label}”只用于状态为 {named} 的项目，但没有办理动作 sets 这一状态"
            yield PlanFault(("actions", index, "while"), says)

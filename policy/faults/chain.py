"""The chain of actions, what they require and pay: faults of the plan in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from policy.checks import ReachedCheck
from policy.faults.ground import Loc, PlanFault, unknown, unrecorded
from policy.inventory import FUNCTIONS
from policy.schema import AreaSubsidy, Plan, Subsidy
from policy.targets import CoverageTarget
from policy.vocabulary import SubjectKind


def subsidies(plan: Plan) -> Iterator[PlanFault]:
    kinds = [kind.id for kind in plan.kinds]
    for index, rule in enumerate(plan.subsidies):
        yield from unknown(("subsidies", index), "项目类别", rule.kinds, set(kinds))
        if isinstance(rule, AreaSubsidy):
            yield from _caps(("subsidies", index, "cap_square_metres"), plan, rule)
        yield from _tiers(plan, ("subsidies", index, "when"), rule)
    for kind in kinds or [""]:
        own = [rule for rule in plan.subsidies if not rule.kinds or kind in rule.kinds]
        yield from _one_each(plan, kind, own)


def _tiers(plan: Plan, loc: Loc, rule: Subsidy) -> Iterator[PlanFault]:
    """What a subsidy goes by beside the kind is a choice that is asked for."""
    chosen = {field.id: field for field in plan.fields if field.choices}
    yield from unknown(loc, "有选项（choices）的档案项", rule.when, set(chosen))
    for name, values in rule.when.items():
        for value in values if name in chosen else ():
            if value not in chosen[name].choices:
                yield PlanFault(loc, f"“{chosen[name].label}”没有“{value}”这一项")


def _one_each(plan: Plan, kind: str, own: Sequence[Subsidy]) -> Iterator[PlanFault]:
    """However a project of a kind is tiered, one subsidy is its."""
    fields = dict.fromkeys(name for rule in own for name in rule.when if name in plan.field)
    for tier in product(*(plan.field[name].choices for name in fields)):
        has = dict(zip(fields, tier, strict=True))
        count = sum(all(has.get(n) in v for n, v in rule.when.items()) for rule in own)
        if count != 1:
            of = f"的“{'、'.join(tier)}”" if tier else ""
            says = f"每类项目须有且只有一条补助标准，“{kind}”{of}有{count}条"
            yield PlanFault(("subsidies",), says)


def targets(plan: Plan) -> Iterator[PlanFault]:
    """Targets count what there is."""
    kinds, milestones = {kind.id for kind in plan.kinds}, {it.id for it in plan.milestones}
    for index, target in enumerate(plan.targets):
        loc = ("targets", index)
        yield from unknown((*loc, "kinds"), "项目类别", target.kinds, kinds)
        named = (target.reached, getattr(target, "among", None))
        yield from unknown(loc, "节点", filter(None, named), milestones)
        cities = {city.name for city in plan.cities}
        yield from unknown((*loc, "cities"), plan.said("市"), target.cities, cities)
        if isinstance(target, CoverageTarget):
            yield from _coverage(loc, plan, target)


def _coverage(loc: Loc, plan: Plan, target: CoverageTarget) -> Iterator[PlanFault]:
    if target.each == "street" and "street" not in plan.name_parts:
        says = "项目名称（project_name）中没有街道，不能按街道计算"
        yield PlanFault((*loc, "each"), says)
    if target.each == "city" and target.cities:
        yield PlanFault((*loc, "cities"), "按市计算的覆盖（each: city）不能再写 cities，请删去")
    if target.each != "street" and target.places is not None:
        says = "places 只用于街道；市、县的个数按 cities 计算，请删去"
        yield PlanFault((*loc, "places"), says)


def _caps(loc: Loc, plan: Plan, rule: AreaSubsidy) -> Iterator[PlanFault]:
    """Each kind of place has its cap, and no other."""
    for type in plan.county_types:
        if type not in rule.cap_square_metres:
            yield PlanFault(loc, f"缺少“{type}”的补助面积上限")
    known = set(plan.county_types)
    yield from unknown(loc, "区划类型", rule.cap_square_metres, known)


def shares(plan: Plan) -> Iterator[PlanFault]:
    """What the actions pay is together at most the subsidy (七(一))."""
    total = Decimal(0)
    for index, action in enumerate(plan.actions):
        total += action.pays or 0
        if action.pays and total > 1:
            says = f"各次下达的比例合计{total}，超过补助的全部（1），请核对"
            yield PlanFault(("actions", index, "pays"), says)


def review(plan: Plan) -> Iterator[PlanFault]:
    review = plan.review
    if review is None:
        return
    if (total := sum(item.points for item in review.criteria)) != 100:
        yield PlanFault(("review", "criteria"), f"各项分值合计{total}，应为100")
    yield from unknown(("review",), "阶段", (review.stage,), set(plan.stage_order))
    yield from unknown(("review",), "节点", (review.passed,), {m.id for m in plan.milestones})
    actions = (review.determine, review.reserve)
    yield from unknown(("review",), "办理动作", actions, {a.id for a in plan.actions})
    yield from unrecorded(plan, ("review", "declined"), review.declined, SubjectKind.PROVINCE)


def chain(plan: Plan) -> Iterator[PlanFault]:
    stages, milestones = set(plan.stage_order), {m.id for m in plan.milestones}
    counted = (plan.quota.submitted_when, plan.quota.taken_when)
    yield from unknown(("quota",), "节点", counted, milestones)
    yield from unknown(("finished_by",), "节点", plan.finished_by, milestones)
    if plan.inputs_close_after not in stages:
        yield PlanFault(("inputs_close_after",), f"未知的阶段“{plan.inputs_close_after}”")
    for index, action in enumerate(plan.actions):
        loc = ("actions", index)
        named = {*action.leaves, *action.stays_in, *([action.to] if action.to else [])}
        yield from unknown(loc, "阶段", named, stages)
        named_facts = (*action.records, *action.redates, *action.revokes)
        yield from unknown(loc, "节点", named_facts, milestones)
        if not (action.leaves or action.stays_in or action.anywhere):
            yield PlanFault(loc, f"“{action.id}”没有写明在哪个阶段办理")
        if plan.stage_order[-1] in action.leaves and action.to is None:
            yield PlanFault(loc, f"“{action.id}”离开最后一个阶段，须写明 to")


def verdicts(plan: Plan) -> Iterator[PlanFault]:
    """Each conclusion of 验收表 leads to one action, and each that takes the checklist has one."""
    named = Counter(action.verdict for action in plan.actions if action.verdict)
    for index, action in enumerate(plan.actions):
        if action.checklist != bool(action.verdict):
            yield PlanFault(
                ("actions", index), "checklist 和 verdict（验收结论）须同时写明或同时不写"
            )
        if action.verdict and named[action.verdict] > 1:
            says = f"有两个办理动作的结论都是“{action.verdict}”"
            yield PlanFault(("actions", index, "verdict"), says)


def requirements(plan: Plan) -> Iterator[PlanFault]:
    milestones = {m.id for m in plan.milestones}
    guarded = {a.id for a in plan.actions} | {m.id for m in plan.milestones if m.beside_chain}
    for index, requirement in enumerate(plan.requirements):
        loc = ("requirements", index)
        yield from unknown(loc, "办理动作或节点", requirement.before, guarded)
        if isinstance(requirement.check, ReachedCheck):
            yield from unknown(loc, "节点", requirement.check.milestones, milestones)


def inventory(plan: Plan) -> Iterator[PlanFault]:
    """Each clause ends somewhere that exists: a rule, a section of the plan, or a function."""
    rules = [rule for _, rule in plan.rules()]
    known = {str(rule.id) for rule in rules if hasattr(rule, "id")}
    known |= {*Plan.model_fields, *FUNCTIONS}
    for index, line in enumerate(plan.inventory):
        yield from unknown(("inventory", index), "去处", line.by, known)

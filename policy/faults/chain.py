"""The chain of actions, what they require and pay: faults of the plan in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from policy.checks import ReachedCheck
from policy.faults.ground import Loc, PlanFault, unknown, unrecorded
from policy.inventory import FUNCTIONS
from policy.schema import Plan
from policy.subsidies import AreaSubsidy, Fund, Subsidy
from policy.targets import CoverageTarget
from policy.vocabulary import Source, SubjectKind


def subsidies(plan: Plan) -> Iterator[PlanFault]:
    kinds = [kind.id for kind in plan.kinds]
    for index, rule in enumerate(plan.subsidies):
        yield from unknown(("subsidies", index), "项目类别", rule.kinds, set(kinds))
        if isinstance(rule, AreaSubsidy):
            yield from _caps(("subsidies", index, "cap_square_metres"), plan, rule)
        yield from _tiers(plan, ("subsidies", index, "when"), rule)
    for fund, kind in product([each.id for each in plan.funds] or [""], kinds or [""]):
        own = [rule for rule in plan.subsidies if not rule.kinds or kind in rule.kinds]
        yield from _one_each(plan, kind, fund, [rule for rule in own if rule.fund == fund])


def funds(plan: Plan) -> Iterator[PlanFault]:
    """Several funds are told apart, each with its subsidies and what releases it."""
    if len(plan.funds) == 1:
        says = "只有一笔资金时不写 funds；请删去 funds 和各处的 fund，或补齐其余各笔"
        yield PlanFault(("funds",), says)
    ids = [fund.id for fund in plan.funds]
    for index, fund in enumerate(plan.funds):
        if fund.id in ids[:index]:
            says = f"资金渠道“{fund.id}”已写过，请改用其他标识，或删去其一"
            yield PlanFault(("funds", index, "id"), says)
        yield from _fund(plan, ("funds", index), fund)
    for index, rule in enumerate(plan.subsidies):
        yield from _of_fund(("subsidies", index), rule.fund, set(ids))
    for index, action in enumerate(plan.actions):
        if action.pays:
            yield from _of_fund(("actions", index), action.fund, set(ids))
        elif action.fund:
            says = f"“{action.id}”不下达资金（没有 pays）；请写明 pays，或删去 fund"
            yield PlanFault(("actions", index, "fund"), says)


def _fund(plan: Plan, loc: Loc, fund: Fund) -> Iterator[PlanFault]:
    if fund.id in {*Source}:
        says = f"“{fund.id}”是资金来源的固有标识，请改用其他标识"
        yield PlanFault((*loc, "id"), says)
    if fund.label in {name for each in Source for name in (each.label, plan.said(each.label))}:
        says = f"“{fund.label}”是资金来源的固有名称，请写明是哪一笔，如 福彩公益金"
        yield PlanFault((*loc, "label"), says)
    if plan.pays and not any(act.pays and act.fund == fund.id for act in plan.actions):
        says = f"没有下达“{fund.label}”的办理动作；请在 actions 中写明 pays 和 fund: {fund.id}"
        yield PlanFault(loc, says)


def _of_fund(loc: Loc, fund: str, known: set[str]) -> Iterator[PlanFault]:
    if fund:
        yield from unknown((*loc, "fund"), "资金渠道", [fund], known)
    elif known:
        yield PlanFault(loc, f"没有写明 fund（哪一笔资金），可用：{'、'.join(sorted(known))}")


def _tiers(plan: Plan, loc: Loc, rule: Subsidy) -> Iterator[PlanFault]:
    """What a subsidy goes by beside the kind is a choice that is asked for."""
    chosen = {field.id: field for field in plan.fields if field.choices}
    yield from unknown(loc, "有选项（choices）的档案项", rule.when, set(chosen))
    for name, values in rule.when.items():
        for value in values if name in chosen else ():
            if value not in chosen[name].choices:
                yield PlanFault(loc, f"“{chosen[name].label}”没有“{value}”这一项")


def _one_each(plan: Plan, kind: str, fund: str, own: Sequence[Subsidy]) -> Iterator[PlanFault]:
    """However a project of a kind is tiered, one subsidy of each fund is its."""
    of_fund = f"资金渠道“{fund}”中，" if fund else ""
    mend = "；不给的写 basis: flat、yuan: 0" if fund else ""
    fields = dict.fromkeys(name for rule in own for name in rule.when if name in plan.field)
    for tier in product(*(plan.field[name].choices for name in fields)):
        has = dict(zip(fields, tier, strict=True))
        count = sum(all(has.get(n) in v for n, v in rule.when.items()) for rule in own)
        if count != 1:
            of = f"的“{'、'.join(tier)}”" if tier else ""
            says = f"{of_fund}每类项目须有且只有一条补助标准，“{kind}”{of}有{count}条{mend}"
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
    totals: dict[str, Decimal] = {}
    for index, action in enumerate(plan.actions):
        if not action.pays:
            continue
        total = totals[action.fund] = totals.get(action.fund, Decimal(0)) + action.pays
        if total > 1:
            what = f"“{plan.purse_name(action.fund)}”" if action.fund else "补助"
            says = f"各次下达的比例合计{total}，超过{what}的全部（1），请核对"
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
        if not requirement.before:
            yield PlanFault((*loc, "before"), "至少写一个办理动作或节点，否则条件无处适用")
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

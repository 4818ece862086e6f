"""The table of the evaluation: faults of the plan in it."""

from collections.abc import Iterator

from policy.evaluation import (
    EarlyMeasure,
    Indicator,
    LevelPoints,
    OnScheduleMeasure,
    OnTimeMeasure,
    RecordMeasure,
)
from policy.faults.ground import Loc, PlanFault, repeated, unknown
from policy.schema import Plan
from policy.vocabulary import Level, SubjectKind

CITYS_OWN = {SubjectKind.PROJECT, SubjectKind.CITY}
"""Whose records count for a city."""


def evaluation(plan: Plan) -> Iterator[PlanFault]:
    """The table is whole, and looks only at what there is and cities and counties answer for."""
    if plan.evaluation is None:
        return
    for name in ("curves", "bulletin"):
        if getattr(plan, name) is None:
            yield PlanFault(("evaluation",), f"绩效评估按月末数据逐月进行，须有 {name}")
    duties = {duty.id for duty in plan.duties if SubjectKind.PROVINCE in duty.fulfilled_by}
    yield from unknown(("evaluation", "duty"), "省级周期任务", (plan.evaluation.duty,), duties)
    table = plan.evaluation.indicators
    loc = ("evaluation", "indicators")
    yield from repeated(loc, (item.id for item in table))
    total = sum(item.points for item in table if "city" in item.places)
    if total != 100:
        yield PlanFault(loc, f"市的基础分合计{total}，应为100")
    for index, indicator in enumerate(table):
        yield from _indicator(plan, (*loc, index, "rule"), indicator)


def _indicator(plan: Plan, loc: Loc, indicator: Indicator) -> Iterator[PlanFault]:
    rule, over = indicator.rule, indicator.rule.over
    if isinstance(rule, LevelPoints) and rule.part >= rule.full:
        yield PlanFault(loc, "部分符合的比例（part）须小于符合的比例（full）")
    if isinstance(rule, LevelPoints) and rule.part_points >= rule.points:
        yield PlanFault(loc, "部分符合的得分（part_points）须小于分值（points）")
    yield from unknown(loc, "节点", over.milestones, {m.id for m in plan.milestones})
    if isinstance(over, OnTimeMeasure):
        yield from _answered_for(plan, loc, over)
        if over.of is SubjectKind.CITY and "county" in indicator.places:
            yield PlanFault(loc, "市级时限不计入县的得分，places 只写 city")
    if isinstance(over, OnScheduleMeasure) and plan.report is None:
        yield PlanFault(loc, "没有月报（report），无从评价是否达序时")
    if isinstance(over, EarlyMeasure) and (over.day is None) == (over.before is None):
        yield PlanFault(loc, "须写明 day 或 before，且只写一种")
    if isinstance(over, RecordMeasure):
        known = {item.id for item in plan.evidence if set(item.subjects) & CITYS_OWN}
        yield from unknown(loc, "项目或市的留痕事项", (over.evidence,), known)


def _answered_for(plan: Plan, loc: Loc, over: OnTimeMeasure) -> Iterator[PlanFault]:
    """Nobody loses points for what the province or a body that is not bound has to do."""
    rules = {rule.id: rule for rule in plan.timed_rules if over.of in rule.fulfilled_by}
    yield from unknown(loc, f"{over.of.label}的时限", over.rules, set(rules))
    for rule in (rules[id] for id in over.rules if id in rules):
        body = plan.bodies.get(rule.responsible)
        if body and not (body.bound and body.reached_at in (Level.COUNTY, Level.CITY)):
            yield PlanFault(loc, f"“{rule.id}”由{body.name}负责，不能计入市、县得分")
        of_project = rule.fulfilled_by[over.of] if over.of is SubjectKind.PROJECT else ()
        yield from unknown(loc, f"完成“{rule.id}”的节点", over.facts, set(of_project))

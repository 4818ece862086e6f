"""Reports, curves, papers, visits: faults of the plan in what its duties need."""

import re
from collections.abc import Iterable, Iterator

from policy.duties import MATCHING_FUNDS, RESPONSIBLE_PERSON, InspectionRules
from policy.faults.ground import PlanFault, of_projects, repeated, unknown, unrecorded
from policy.schema import RECORDED, Plan
from policy.timing import Duty
from policy.vocabulary import Level, SubjectKind

QUARTER = re.compile(r"(\d{4})?Q[1-4]")


def report(plan: Plan) -> Iterator[PlanFault]:
    """A whole report fulfils a monthly duty of the cities; its milestones can be recorded."""
    if plan.report is None:
        return
    monthly = {
        duty.id
        for duty in plan.duties
        if duty.monthly and duty.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)
    }
    yield from unknown(("report", "duty"), "各市每月任务", (plan.report.duty,), monthly)
    known = {milestone.id: milestone for milestone in plan.milestones}
    fields = {"started": (plan.report.started,), "further": plan.report.further}
    for field, names in fields.items():
        yield from unknown(("report", field), "节点", names, set(known))
        for name in names:
            if name in known and not known[name].beside_chain and plan.recorder(name) is None:
                says = f"“{name}”既不能单独登记，也没有市、县的办理动作登记它，不能随月报登记"
                yield PlanFault(("report", field), says)


def curves(plan: Plan) -> Iterator[PlanFault]:
    """The curves' deadlines are those of projects, and each counts a fact that there is."""
    curves = plan.curves
    if curves is None:
        return
    facts = [curve.milestone for curve in curves.counted]
    yield from unknown(("curves", "counted"), "节点", facts, {m.id for m in plan.milestones})
    rules = (curves.invested_from, curves.invested_to, *curves.received_by.values())
    named = (*(curve.by for curve in curves.counted), *rules)
    yield from unknown(("curves",), "项目时限", named, of_projects(plan))


def risks(plan: Plan) -> Iterator[PlanFault]:
    """Steps end in deadlines of projects; points fall as margins grow; every sum has a grade."""
    risks = plan.risks
    if risks is None:
        return
    facts = {m.id for m in plan.milestones}
    steps = [(step.milestone, step.since, step.by, step.after) for step in risks.steps]
    yield from unknown(("risks", "steps"), "节点", _named(s[:2] for s in steps), facts)
    named = _named(s[2:] for s in steps)
    yield from unknown(("risks", "steps"), "项目时限", named, of_projects(plan))
    lacks, known = [gap.lacks for gap in risks.gaps.of], {MATCHING_FUNDS, RESPONSIBLE_PERSON}
    yield from unknown(("risks", "gaps"), "节点或条件", lacks, known | facts)
    asked = [gap.by for gap in risks.gaps.of]
    yield from unknown(("risks", "gaps"), "时限", asked, {rule.id for rule in plan.deadlines})
    days = [margin.below for margin in risks.margins]
    points = [risks.passed, *(margin.points for margin in risks.margins)]
    if days != sorted(set(days)) or points != sorted(points, reverse=True):
        yield PlanFault(("risks", "margins"), "须按天数由少到多排列，分值不得增加")
    grades = [grade.points for grade in risks.grades]
    if grades != sorted(set(grades), reverse=True) or grades[-1]:
        yield PlanFault(("risks", "grades"), "等级须由高到低排列，最后一级从0分起")


def _named(groups: Iterable[Iterable[str | None]]) -> list[str]:
    return [name for group in groups for name in group if name is not None]


def papers(plan: Plan) -> Iterator[PlanFault]:
    """Bulletins and letters come from snapshots, by a duty, and their issue can be recorded."""
    for name in ("bulletin", "feedback"):
        if getattr(plan, name) and plan.curves is None:
            yield PlanFault((name,), "按月末数据编制，须有 curves")
    if plan.bulletin:
        monthly = {
            duty.id
            for duty in plan.duties
            if duty.monthly and duty.fulfilled_by.get(SubjectKind.PROVINCE) == (RECORDED,)
        }
        what = "省级每月任务"
        yield from unknown(("bulletin", "duty"), what, (plan.bulletin.duty,), monthly)
        letter = ("bulletin", "letter")
        yield from unrecorded(plan, letter, plan.bulletin.letter, SubjectKind.PROVINCE)
    if plan.feedback:
        duties = {duty.id for duty in plan.duties if _by_quarter(duty)}
        yield from unknown(("feedback", "duty"), "各市每季任务", (plan.feedback.duty,), duties)
        letter = ("feedback", "letter")
        yield from unrecorded(plan, letter, plan.feedback.letter, SubjectKind.CITY)


def _by_quarter(duty: Duty) -> bool:
    """Whether a duty about each city comes by the quarter: ``Q2`` or ``2023Q2``."""
    named = all(QUARTER.fullmatch(suffix) for suffix in duty.occasions)
    of_cities = duty.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)
    return of_cities and bool(duty.quarterly or (duty.occasions and named))


def inspection(plan: Plan) -> Iterator[PlanFault]:
    """A visit meets a deadline of each city; what it finds is put right by another."""
    rule, loc = plan.inspection, ("inspection",)
    if rule is None:
        return
    of_cities = {
        item.id: item.due
        for item in plan.deadlines
        if item.due and item.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)
    }
    yield from unknown((*loc, "deadline"), "各市时限", (rule.deadline,), set(of_cities))
    if not rule.visits.made_on < rule.first <= rule.last:
        yield PlanFault(loc, "visits.made_on 须早于 first，first 不得晚于 last")
    if plan.risks and rule.visits.every_grade is not None:
        grades = {grade.label for grade in plan.risks.grades}
        place = (*loc, "visits", "every_grade")
        yield from unknown(place, "风险清单的等级", (rule.visits.every_grade,), grades)
    if rule.last > of_cities.get(rule.deadline, rule.last):
        yield PlanFault((*loc, "last"), f"晚于时限{rule.deadline}的日期{of_cities[rule.deadline]}")
    yield from repeated((*loc, "items"), (item.id for item in rule.items))
    yield from _rectification(plan, rule)


def _rectification(plan: Plan, rule: InspectionRules) -> Iterator[PlanFault]:
    loc = ("inspection",)
    by_hand = {item.id for item in plan.milestones if item.beside_chain}
    yield from unknown((*loc, "visited"), "可登记的节点", (rule.visited,), by_hand)
    ordering = {item.id for item in plan.actions if rule.ordered in item.redates}
    what = f"登记“{rule.ordered}”的办理动作"
    yield from unknown((*loc, "order"), what, (rule.order,), ordering)
    answering = {
        item.id
        for item in plan.deadlines
        if item.follows
        and item.follows.after == rule.ordered
        and item.fulfilled_by.get(SubjectKind.PROJECT) == (rule.rectified,)
    }
    what = f"自“{rule.ordered}”起算、以“{rule.rectified}”为完成的时限"
    yield from unknown((*loc, "rectify"), what, (rule.rectify,), answering)


def cross_acceptance(plan: Plan) -> Iterator[PlanFault]:
    """Visits meet a deadline of projects, notices one of cities; people come from the cities."""
    rule, loc = plan.cross_acceptance, ("cross_acceptance",)
    if rule is None:
        return
    accepting = {name for item in plan.actions if item.verdict for name in item.records}
    visits = {
        item.id
        for item in plan.deadlines
        if set(item.fulfilled_by.get(SubjectKind.PROJECT, ())) & accepting
    }
    yield from unknown((*loc, "deadline"), "由验收完成的项目时限", (rule.deadline,), visits)
    told = {i.id for i in plan.deadlines if i.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)}
    yield from unknown((*loc, "results"), "各市时限", (rule.results,), told)
    for kind in (SubjectKind.CITY, SubjectKind.PROVINCE):
        yield from unrecorded(plan, (*loc, "letter"), rule.letter, kind)
    if not rule.visits.made_on < rule.visits.first <= rule.visits.last < rule.results_on:
        says = "须 made_on 早于 first，first 不晚于 last，last 早于 results_on"
        yield PlanFault((*loc, "visits"), says)
    for index, role in enumerate(rule.roles):
        if role.level not in (Level.CITY, Level.CITY_LEADER):
            yield PlanFault((*loc, "roles", index), "只能抽调市级的人员")
    if not any(item.people for item in plan.checklist):
        yield PlanFault(loc, "核验项（checklist）中须有验收组成员一项")

"""What must hold across the rules of a plan. Pure: a plan and its notice in, faults out."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from policy.checks import ReachedCheck
from policy.duties import MATCHING_FUNDS, RESPONSIBLE_PERSON, InspectionRules
from policy.evaluation import (
    EarlyMeasure,
    Indicator,
    LevelPoints,
    OnScheduleMeasure,
    OnTimeMeasure,
    RecordMeasure,
)
from policy.inventory import FUNCTIONS
from policy.schema import QUOTA_SUBMITTED, RECORDED, PerArea, Plan
from policy.timing import DeadlineRule, Duty, Span, TimedRule
from policy.vocabulary import HolidayRule, Level, RungKind, SubjectKind

NEAREST = {
    SubjectKind.PROJECT: Level.COUNTY,
    SubjectKind.CITY: Level.CITY,
    SubjectKind.PROVINCE: Level.PROVINCE,
}
QUARTER = re.compile(r"(\d{4})?Q[1-4]")
OUTSIDE = "—"  # the words of a clause that stands outside the notice
COUNTY_TYPES = ("市辖区", "县级市", "县")
CITYS_OWN = {SubjectKind.PROJECT, SubjectKind.CITY}
"""Whose records count for a city."""


Loc = tuple[str | int, ...]
"""A path of the plan file."""


class PlanFault(NamedTuple):
    """Something wrong at a path of the plan file."""

    loc: Loc
    says: str


def faults(plan: Plan, notice: str) -> Iterator[PlanFault]:
    """Every fault of a well-formed plan, in the order of the file."""
    for check in CHECKS:
        yield from check(plan)
    yield from _words(plan, notice)


def _identities(plan: Plan) -> Iterator[PlanFault]:
    groups: tuple[tuple[str, list[str]], ...] = (
        ("cities", [city.name for city in plan.cities]),
        ("cities", [county.code for city in plan.cities for county in city.counties]),
        ("stages", [stage.id for stage in plan.stages]),
        ("milestones", [milestone.id for milestone in plan.milestones]),
        ("actions", [action.id for action in plan.actions]),
        ("requirements", [requirement.id for requirement in plan.requirements]),
        ("deadlines", [rule.id for rule in plan.timed_rules]),
        ("checklist", [item.id for item in plan.checklist]),
        ("evidence", [item.id for item in plan.evidence]),
        ("inventory", [line.number for line in plan.inventory]),
    )
    for group, ids in groups:
        yield from _repeated((group,), ids)


def _quotas(plan: Plan) -> Iterator[PlanFault]:
    stated = [city.places for city in plan.cities if city.places is not None]
    if plan.quota.goal is not None and sum(stated) != plan.quota.goal:
        yield PlanFault(
            ("quota", "goal"), f"各市名额合计{sum(stated)}，与总数{plan.quota.goal}不符"
        )
    kinds = {kind.id for kind in plan.kinds}
    for index, city in enumerate(plan.cities):
        by_kind = set(city.quota) if isinstance(city.quota, dict) else None
        if by_kind != (kinds or None) and city.quota is not None:
            listed = "、".join(kind.label for kind in plan.kinds) or "不分类别"
            yield PlanFault(
                ("cities", index, "quota"), f"{city.name}的名额须按项目类别写明：{listed}"
            )


def _places(plan: Plan) -> Iterator[PlanFault]:
    for index, city in enumerate(plan.cities):
        for name, count in Counter(city.unserved).items():
            if city.county(name) is None:
                yield PlanFault(
                    ("cities", index, "unserved"), f"{city.name}没有县（市、区）“{name}”"
                )
            if count > 1:
                yield PlanFault(("cities", index, "unserved"), f"“{name}”出现了{count}次")
        for county in city.counties:
            if county.code[:4] != city.code[:4]:
                yield PlanFault(
                    ("cities", index, "counties"),
                    f"“{county.name}”的代码{county.code}不属于{city.name}",
                )
        names = Counter(county.name for county in city.counties)
        for name in [name for name, count in names.items() if count > 1]:
            yield PlanFault(("cities", index, "counties"), f"{city.name}有两个“{name}”")


def _sites(plan: Plan) -> Iterator[PlanFault]:
    kinds = {kind.id for kind in plan.kinds}
    for index, site in enumerate(plan.sites):
        city = plan.city(site.city)
        if city is None or city.county(site.county) is None:
            yield PlanFault(("sites", index), f"没有“{site.city}{site.county}”")
        yield from _unknown(("sites", index, "kind"), "项目类别", filter(None, [site.kind]), kinds)
    places = [(site.city, site.county, site.street, site.community) for site in plan.sites]
    for place, count in Counter(places).items():
        if count > 1:
            yield PlanFault(("sites",), f"“{''.join(place)}”出现了{count}次")


def _patterns(plan: Plan) -> Iterator[PlanFault]:
    """The patterns name nothing but what they are filled with."""
    place = ("city", "county")
    patterns: list[tuple[str, str, tuple[str, ...]]] = [
        ("project_name", plan.project_name, ("street", "community")),
        ("application_name", plan.application_name, ("street", "community")),
        ("code_format", plan.code_format, ("county", "number")),
        *((f"offices.{level}", text, place) for level, text in plan.offices.items()),
    ]
    for path, pattern, known in patterns:
        try:
            pattern.format(**dict.fromkeys(known, 1))
        except (KeyError, IndexError, ValueError) as error:
            listed = "、".join(known)
            yield PlanFault(_loc(path), f"“{pattern}”中的占位符有误（{error}），可用：{listed}")


def _bodies(plan: Plan) -> Iterator[PlanFault]:
    for path, rule in plan.rules():
        if rule.responsible not in plan.bodies:
            yield PlanFault((*_loc(path), "responsible"), f"未知的责任单位“{rule.responsible}”")
    for level in Level:
        if level not in plan.offices:
            yield PlanFault(("offices",), f"缺少{level.label}（{level}）的名称")


def _subsidies(plan: Plan) -> Iterator[PlanFault]:
    kinds = [kind.id for kind in plan.kinds]
    for index, rule in enumerate(plan.subsidies):
        yield from _unknown(("subsidies", index), "项目类别", rule.kinds, set(kinds))
        caps = rule.cap_square_metres if isinstance(rule, PerArea) else COUNTY_TYPES
        for type in COUNTY_TYPES:
            if type not in caps:
                says = f"缺少“{type}”的补助面积上限"
                yield PlanFault(("subsidies", index, "cap_square_metres"), says)
    for kind in kinds or [""]:
        count = sum(not rule.kinds or kind in rule.kinds for rule in plan.subsidies)
        if count != 1:
            yield PlanFault(("subsidies",), f"每类项目须有且只有一条补助标准，“{kind}”有{count}条")


def _review(plan: Plan) -> Iterator[PlanFault]:
    review = plan.review
    if review is None:
        return
    if (total := sum(item.points for item in review.criteria)) != 100:
        yield PlanFault(("review", "criteria"), f"各项分值合计{total}，应为100")
    yield from _unknown(("review",), "阶段", (review.stage,), set(plan.stage_order))
    yield from _unknown(("review",), "节点", (review.passed,), {m.id for m in plan.milestones})
    actions = (review.determine, review.reserve)
    yield from _unknown(("review",), "办理动作", actions, {a.id for a in plan.actions})
    yield from _unrecorded(plan, ("review", "declined"), review.declined, SubjectKind.PROVINCE)


def _report(plan: Plan) -> Iterator[PlanFault]:
    """A whole report fulfils a monthly duty of the cities; its milestones can be recorded."""
    if plan.report is None:
        return
    monthly = {
        duty.id
        for duty in plan.duties
        if duty.monthly and duty.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)
    }
    yield from _unknown(("report", "duty"), "各市每月任务", (plan.report.duty,), monthly)
    known = {milestone.id: milestone for milestone in plan.milestones}
    fields = {"started": (plan.report.started,), "further": plan.report.further}
    for field, names in fields.items():
        yield from _unknown(("report", field), "节点", names, set(known))
        for name in names:
            if name in known and not known[name].beside_chain and plan.recorder(name) is None:
                says = f"“{name}”既不能单独登记，也没有市、县的办理动作登记它，不能随月报登记"
                yield PlanFault(("report", field), says)


def _curves(plan: Plan) -> Iterator[PlanFault]:
    """The curves' deadlines are those of projects, and each counts a fact that there is."""
    curves = plan.curves
    if curves is None:
        return
    facts = [curve.milestone for curve in curves.counted]
    yield from _unknown(("curves", "counted"), "节点", facts, {m.id for m in plan.milestones})
    rules = (curves.invested_from, curves.invested_to, *curves.received_by.values())
    named = (*(curve.by for curve in curves.counted), *rules)
    yield from _unknown(("curves",), "项目时限", named, _of_projects(plan))


def _risks(plan: Plan) -> Iterator[PlanFault]:
    """Steps end in deadlines of projects; points fall as margins grow; every sum has a grade."""
    risks = plan.risks
    if risks is None:
        return
    facts = {m.id for m in plan.milestones}
    steps = [(step.milestone, step.since, step.by, step.after) for step in risks.steps]
    yield from _unknown(("risks", "steps"), "节点", _named(s[:2] for s in steps), facts)
    named = _named(s[2:] for s in steps)
    yield from _unknown(("risks", "steps"), "项目时限", named, _of_projects(plan))
    lacks, known = [gap.lacks for gap in risks.gaps.of], {MATCHING_FUNDS, RESPONSIBLE_PERSON}
    yield from _unknown(("risks", "gaps"), "节点或条件", lacks, known | facts)
    asked = [gap.by for gap in risks.gaps.of]
    yield from _unknown(("risks", "gaps"), "时限", asked, {rule.id for rule in plan.deadlines})
    days = [margin.below for margin in risks.margins]
    points = [risks.passed, *(margin.points for margin in risks.margins)]
    if days != sorted(set(days)) or points != sorted(points, reverse=True):
        yield PlanFault(("risks", "margins"), "须按天数由少到多排列，分值不得增加")
    grades = [grade.points for grade in risks.grades]
    if grades != sorted(set(grades), reverse=True) or grades[-1]:
        yield PlanFault(("risks", "grades"), "等级须由高到低排列，最后一级从0分起")


def _of_projects(plan: Plan) -> set[str]:
    return {rule.id for rule in plan.deadlines if SubjectKind.PROJECT in rule.fulfilled_by}


def _named(groups: Iterable[Iterable[str | None]]) -> list[str]:
    return [name for group in groups for name in group if name is not None]


def _papers(plan: Plan) -> Iterator[PlanFault]:
    """Bulletins and letters come from snapshots, by a duty, and their issue can be recorded."""
    for name in ("bulletin", "feedback"):
        if getattr(plan, name) and plan.curves is None:
            yield PlanFault((name,), "按月末快照编制，须有 curves")
    if plan.bulletin:
        monthly = {
            duty.id
            for duty in plan.duties
            if duty.monthly and duty.fulfilled_by.get(SubjectKind.PROVINCE) == (RECORDED,)
        }
        what = "省级每月任务"
        yield from _unknown(("bulletin", "duty"), what, (plan.bulletin.duty,), monthly)
        letter = ("bulletin", "letter")
        yield from _unrecorded(plan, letter, plan.bulletin.letter, SubjectKind.PROVINCE)
    if plan.feedback:
        duties = {duty.id for duty in plan.duties if _by_quarter(duty)}
        yield from _unknown(("feedback", "duty"), "各市每季任务", (plan.feedback.duty,), duties)
        letter = ("feedback", "letter")
        yield from _unrecorded(plan, letter, plan.feedback.letter, SubjectKind.CITY)


def _by_quarter(duty: Duty) -> bool:
    """Whether a duty about each city comes by the quarter: ``Q2`` or ``2023Q2``."""
    named = all(QUARTER.fullmatch(suffix) for suffix in duty.occasions)
    of_cities = duty.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)
    return of_cities and bool(duty.quarterly or (duty.occasions and named))


def _chain(plan: Plan) -> Iterator[PlanFault]:
    stages, milestones = set(plan.stage_order), {m.id for m in plan.milestones}
    counted = (plan.quota.submitted_when, plan.quota.taken_when)
    yield from _unknown(("quota",), "节点", counted, milestones)
    yield from _unknown(("finished_by",), "节点", plan.finished_by, milestones)
    if plan.inputs_close_after not in stages:
        yield PlanFault(("inputs_close_after",), f"未知的阶段“{plan.inputs_close_after}”")
    for index, action in enumerate(plan.actions):
        loc = ("actions", index)
        named = {*action.leaves, *action.stays_in, *([action.to] if action.to else [])}
        yield from _unknown(loc, "阶段", named, stages)
        named_facts = (*action.records, *action.redates, *action.revokes)
        yield from _unknown(loc, "节点", named_facts, milestones)
        if not (action.leaves or action.stays_in or action.anywhere):
            yield PlanFault(loc, f"“{action.id}”没有写明在哪个阶段办理")
        if plan.stage_order[-1] in action.leaves and action.to is None:
            yield PlanFault(loc, f"“{action.id}”离开最后一个阶段，须写明 to")


def _verdicts(plan: Plan) -> Iterator[PlanFault]:
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


def _requirements(plan: Plan) -> Iterator[PlanFault]:
    milestones = {m.id for m in plan.milestones}
    guarded = {a.id for a in plan.actions} | {m.id for m in plan.milestones if m.beside_chain}
    for index, requirement in enumerate(plan.requirements):
        loc = ("requirements", index)
        yield from _unknown(loc, "办理动作或节点", requirement.before, guarded)
        if isinstance(requirement.check, ReachedCheck):
            yield from _unknown(loc, "节点", requirement.check.milestones, milestones)


def _timed_rules(plan: Plan) -> Iterator[PlanFault]:
    facts = {
        SubjectKind.PROJECT: {m.id for m in plan.milestones},
        SubjectKind.CITY: {RECORDED, QUOTA_SUBMITTED},
        SubjectKind.PROVINCE: {RECORDED},
    }
    for path, rule in plan.rules():
        if not isinstance(rule, TimedRule):
            continue
        loc = _loc(path)
        yield from _unknown(loc, "阶段", (rule.stage,), set(plan.stage_order))
        body = plan.bodies.get(rule.responsible)
        for kind, named in rule.fulfilled_by.items():
            if body and _below(body.reached_at, NEAREST[kind]):
                yield PlanFault(
                    (*loc, "responsible"),
                    f"{kind.label}一级的时限不能由{body.reached_at.label}负责",
                )
            yield from _unknown((*loc, "fulfilled_by"), f"{kind.label}的节点", named, facts[kind])
        yield from _unknown((*loc, "kinds"), "项目类别", rule.kinds, {k.id for k in plan.kinds})
        yield from _forms(loc, plan, rule)
        yield from _order_of_dates(loc, rule)
        yield from _order_of_holidays(loc, rule)


def _order_of_holidays(loc: Loc, rule: TimedRule) -> Iterator[PlanFault]:
    """The strict date never passes the lenient one."""
    order = list(HolidayRule)
    if order.index(rule.holiday_rule.remind) > order.index(rule.holiday_rule.overdue):
        yield PlanFault((*loc, "holiday_rule"), "remind 不得比 overdue 移得更晚")


def _forms(loc: Loc, plan: Plan, rule: TimedRule) -> Iterator[PlanFault]:
    if isinstance(rule, Duty):
        forms = (rule.weekly, rule.monthly, rule.quarterly, rule.occasions)
        if sum(map(bool, forms)) != 1:
            yield PlanFault(
                loc, "周期任务须写明 weekly、monthly、quarterly 或 occasions，且只写一种"
            )
    if isinstance(rule, DeadlineRule):
        yield from _one_off(loc, rule)
        for name, span in (("follows", rule.follows), ("later_of", rule.later_of)):
            if span is not None:
                yield from _span((*loc, name), plan, rule, span)


def _one_off(loc: Loc, rule: DeadlineRule) -> Iterator[PlanFault]:
    if (rule.remind is None) != (rule.due is None):
        yield PlanFault(loc, "remind 和 due 须同时写明或同时不写")
    if rule.follows and (rule.due or rule.later_of):
        yield PlanFault(loc, "写明 follows 的，不再写日期或 later_of")
    if rule.later_of and rule.due is None:
        yield PlanFault(loc, "later_of 须与日期同时写明")


def _span(loc: Loc, plan: Plan, rule: DeadlineRule, span: Span) -> Iterator[PlanFault]:
    yield from _unknown(loc, "节点", (span.after,), {m.id for m in plan.milestones})
    if set(rule.fulfilled_by) != {SubjectKind.PROJECT}:
        yield PlanFault(loc, "只有项目的时限可以自节点起算")
    if (span.days is None) == (span.workdays is None):
        yield PlanFault(loc, "须写明 days（自然日）或 workdays（工作日），且只写一种")


def _order_of_dates(loc: Loc, rule: TimedRule) -> Iterator[PlanFault]:
    if isinstance(rule, DeadlineRule):
        if rule.remind and rule.due and rule.remind > rule.due:
            yield PlanFault(loc, "remind 不得晚于 due")
    elif isinstance(rule, Duty):
        yield from _order_of_duty(loc, rule)


def _order_of_duty(loc: Loc, duty: Duty) -> Iterator[PlanFault]:
    for suffix, occasion in duty.occasions.items():
        if occasion.remind > occasion.due:
            yield PlanFault((*loc, "occasions", suffix), "remind 不得晚于 due")
    for name, form in (("monthly", duty.monthly), ("quarterly", duty.quarterly)):
        if form and _ordinal(form.remind_day) > _ordinal(form.due_day):
            yield PlanFault((*loc, name), "remind_day 不得晚于 due_day")
    spans = (("weekly", duty.weekly), ("monthly", duty.monthly), ("quarterly", duty.quarterly))
    for name, span in spans:
        if span and str(span.first) > str(span.last):
            yield PlanFault((*loc, name), "first 不得晚于 last")


def _ordinal(day: int | str) -> int:
    return 31 if day == "last" else int(day)


def _ladder(plan: Plan) -> Iterator[PlanFault]:
    rungs, repeat = plan.ladder.rungs, plan.ladder.repeat
    for index, rung in enumerate(rungs):
        if (rung.workdays is None) == (rung.days is None) or rung.offset == 0:
            says = "每级须写明 workdays（工作日）或 days（自然日），只写一种且不为0"
            yield PlanFault(("ladder", "rungs", index), says)
    if (repeat.every_workdays is None) == (repeat.every_days is None):
        yield PlanFault(("ladder", "repeat"), "须写明 every_workdays 或 every_days，且只写一种")
    yield from _receipts(plan)
    yield from _unrecorded(plan, ("ladder", "letter"), plan.ladder.letter, SubjectKind.CITY)
    offsets = [rung.offset for rung in rungs]
    if offsets != sorted(set(offsets)):
        yield PlanFault(("ladder", "rungs"), "各级须由早到晚排列，天数互不相同")
    elif offsets[-1] < 0:
        yield PlanFault(("ladder", "rungs"), "最后一级须在逾期之后")


def _receipts(plan: Plan) -> Iterator[PlanFault]:
    """A receipt answers a file that was handed in: it belongs to no deadline."""
    steps = [(("ladder", "rungs", n), rung.kind) for n, rung in enumerate(plan.ladder.rungs)]
    for loc, kind in [*steps, (("ladder", "repeat"), plan.ladder.repeat.kind)]:
        if kind is RungKind.RECEIPT:
            yield PlanFault((*loc, "kind"), f"“{kind.label}”用于答复来文，不能作为提醒梯级")


def _office_hours(plan: Plan) -> Iterator[PlanFault]:
    if plan.office_hours.opens >= plan.office_hours.closes:
        yield PlanFault(("office_hours",), "opens 须早于 closes")


def _endings(plan: Plan) -> Iterator[PlanFault]:
    """Only a city's monthly duty can end, and with something that finishes a project."""
    for index, duty in enumerate(plan.duties):
        loc = ("duties", index, "ends_with")
        if duty.ends_with and not (duty.monthly and set(duty.fulfilled_by) == {SubjectKind.CITY}):
            yield PlanFault(loc, "只有各市的每月任务可以写明 ends_with")
        if duty.ends_with and not plan.finished_by:
            yield PlanFault(loc, "写明 ends_with 的，须写明 finished_by")


def _inspection(plan: Plan) -> Iterator[PlanFault]:
    """A visit meets a deadline of each city; what it finds is put right by another."""
    rule, loc = plan.inspection, ("inspection",)
    if rule is None:
        return
    of_cities = {
        item.id: item.due
        for item in plan.deadlines
        if item.due and item.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)
    }
    yield from _unknown((*loc, "deadline"), "各市时限", (rule.deadline,), set(of_cities))
    if not rule.visits.made_on < rule.first <= rule.last:
        yield PlanFault(loc, "visits.made_on 须早于 first，first 不得晚于 last")
    if rule.last > of_cities.get(rule.deadline, rule.last):
        yield PlanFault((*loc, "last"), f"晚于时限{rule.deadline}的日期{of_cities[rule.deadline]}")
    yield from _repeated((*loc, "items"), (item.id for item in rule.items))
    yield from _rectification(plan, rule)


def _rectification(plan: Plan, rule: InspectionRules) -> Iterator[PlanFault]:
    loc = ("inspection",)
    by_hand = {item.id for item in plan.milestones if item.beside_chain}
    yield from _unknown((*loc, "visited"), "可登记的节点", (rule.visited,), by_hand)
    ordering = {item.id for item in plan.actions if rule.ordered in item.redates}
    what = f"登记“{rule.ordered}”的办理动作"
    yield from _unknown((*loc, "order"), what, (rule.order,), ordering)
    answering = {
        item.id
        for item in plan.deadlines
        if item.follows
        and item.follows.after == rule.ordered
        and item.fulfilled_by.get(SubjectKind.PROJECT) == (rule.rectified,)
    }
    what = f"自“{rule.ordered}”起算、以“{rule.rectified}”为完成的时限"
    yield from _unknown((*loc, "rectify"), what, (rule.rectify,), answering)


def _cross_acceptance(plan: Plan) -> Iterator[PlanFault]:
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
    yield from _unknown((*loc, "deadline"), "由验收完成的项目时限", (rule.deadline,), visits)
    told = {i.id for i in plan.deadlines if i.fulfilled_by.get(SubjectKind.CITY) == (RECORDED,)}
    yield from _unknown((*loc, "results"), "各市时限", (rule.results,), told)
    for kind in (SubjectKind.CITY, SubjectKind.PROVINCE):
        yield from _unrecorded(plan, (*loc, "letter"), rule.letter, kind)
    if not rule.visits.made_on < rule.visits.first <= rule.visits.last < rule.results_on:
        says = "须 made_on 早于 first，first 不晚于 last，last 早于 results_on"
        yield PlanFault((*loc, "visits"), says)
    for index, role in enumerate(rule.roles):
        if role.level not in (Level.CITY, Level.CITY_LEADER):
            yield PlanFault((*loc, "roles", index), "只能抽调市级的人员")
    if not any(item.people for item in plan.checklist):
        yield PlanFault(loc, "核验项（checklist）中须有验收组成员一项")


def _words(plan: Plan, notice: str) -> Iterator[PlanFault]:
    """The notice's own words stand in the notice, in order around each ``…``; spacing aside."""
    text = _bare(notice)
    quoted = [(path, rule.words) for path, rule in plan.rules()]
    quoted += [(f"inventory.{n}", item.words) for n, item in enumerate(plan.inventory)]
    for path, words in quoted:
        position = 0
        for piece in () if words == OUTSIDE else words.split("…"):
            position = text.find(_bare(piece), position)
            if position < 0 or not _bare(piece):
                yield PlanFault((*_loc(path), "words"), f"通知原文中没有“{piece}”")
                break


def _inventory(plan: Plan) -> Iterator[PlanFault]:
    """Each clause ends somewhere that exists: a rule, a section of the plan, or a function."""
    rules = [rule for _, rule in plan.rules()]
    known = {str(rule.id) for rule in rules if hasattr(rule, "id")}
    known |= {*Plan.model_fields, *FUNCTIONS}
    for index, line in enumerate(plan.inventory):
        yield from _unknown(("inventory", index), "去处", line.by, known)


def _evaluation(plan: Plan) -> Iterator[PlanFault]:
    """The table is whole, and looks only at what there is and cities and counties answer for."""
    if plan.evaluation is None:
        return
    for name in ("curves", "bulletin"):
        if getattr(plan, name) is None:
            yield PlanFault(("evaluation",), f"绩效评估按月末快照逐月进行，须有 {name}")
    duties = {duty.id for duty in plan.duties if SubjectKind.PROVINCE in duty.fulfilled_by}
    yield from _unknown(("evaluation", "duty"), "省级周期任务", (plan.evaluation.duty,), duties)
    table = plan.evaluation.indicators
    loc = ("evaluation", "indicators")
    yield from _repeated(loc, (item.id for item in table))
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
    yield from _unknown(loc, "节点", over.milestones, {m.id for m in plan.milestones})
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
        yield from _unknown(loc, "项目或市的留痕事项", (over.evidence,), known)


def _answered_for(plan: Plan, loc: Loc, over: OnTimeMeasure) -> Iterator[PlanFault]:
    """Nobody loses points for what the province or a body that is not bound has to do."""
    rules = {rule.id: rule for rule in plan.timed_rules if over.of in rule.fulfilled_by}
    yield from _unknown(loc, f"{over.of.label}的时限", over.rules, set(rules))
    for rule in (rules[id] for id in over.rules if id in rules):
        body = plan.bodies.get(rule.responsible)
        if body and not (body.bound and body.reached_at in (Level.COUNTY, Level.CITY)):
            yield PlanFault(loc, f"“{rule.id}”由{body.name}负责，不能计入市、县得分")
        of_project = rule.fulfilled_by[over.of] if over.of is SubjectKind.PROJECT else ()
        yield from _unknown(loc, f"完成“{rule.id}”的节点", over.facts, set(of_project))


CHECKS: tuple[Callable[[Plan], Iterator[PlanFault]], ...] = (
    _identities,
    _quotas,
    _places,
    _sites,
    _patterns,
    _bodies,
    _subsidies,
    _review,
    _report,
    _papers,
    _curves,
    _risks,
    _evaluation,
    _chain,
    _verdicts,
    _requirements,
    _timed_rules,
    _endings,
    _inspection,
    _cross_acceptance,
    _ladder,
    _office_hours,
    _inventory,
)


def _unrecorded(plan: Plan, loc: Loc, name: str | None, kind: SubjectKind) -> Iterator[PlanFault]:
    """A kind of evidence that is named must be one that subjects of that kind can have."""
    known = {item.id for item in plan.evidence if kind in item.subjects}
    yield from _unknown(loc, f"{kind.label}的留痕事项", filter(None, [name]), known)


def _below(level: Level, floor: Level) -> bool:
    ranks = list(Level)
    return ranks.index(level) < ranks.index(floor)


def _repeated(loc: Loc, ids: Iterable[str]) -> Iterator[PlanFault]:
    for id, count in Counter(ids).items():
        if count > 1:
            yield PlanFault(loc, f"“{id}”出现了{count}次，应当唯一")


def _unknown(loc: Loc, what: str, named: Iterable[str], known: set[str]) -> Iterator[PlanFault]:
    for name in named:
        if name not in known:
            yield PlanFault(loc, f"未知的{what}“{name}”")


def _loc(path: str) -> Loc:
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)

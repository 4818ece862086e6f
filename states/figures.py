"""What a month's snapshot adds up to, for the province and for each city (五(五), 五(六)). Pure.

A project is behind schedule (未达序时进度) when a deadline is not done that the notice itself dates
and that its city or county has to meet, or when its report for the month says that it is. What is
due on the snapshot's own day and is not done counts as not done (`undone`): the next morning it is
overdue. Nobody is late by what the province itself owes (研究确定, 交叉验收, 验收), by a day that
is only proposed, or by what bodies outside the notice are to do (待协调). A project on hold (暂停)
is neither behind nor on schedule. Only projects that go on count, and their money with them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from policy.schema import Plan
from policy.timing import DeadlineRule, TimedRule
from policy.vocabulary import ABOVE_CITIES, Disposition, Origin, Standing, SubjectKind
from states.deadlines import DONE, IN_TIME
from states.ledger import LOCAL, TENTH, FundMoney, by_fund, stated, sums, total
from states.reporting import is_unentered
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from states.workdays import DAY

MET_LATE = Standing.MET_LATE


@dataclass(frozen=True, slots=True)
class FactCount:
    """How many projects have a fact that the plan's curves count."""

    label: str
    count: int
    rate: Decimal | None
    """Percent of the quota; of the projects where the plan states no quota."""


@dataclass(frozen=True, slots=True)
class LaggingProject:
    """A project that is 未达序时进度, and why."""

    project: ProjectShot
    late: tuple[DeadlineShot, ...]
    """What it has not done and can be held against it (`counts`), in the plan's order.

    Of what waits for the same first step only the first.
    """
    problem: str
    """What its report for the month says where it says that it is behind; else empty."""


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One place at the month's end; money in 元, rates in percent with one decimal (四舍五入).

    A rate is None where there is nothing to measure against; above 100 it is shown as it is.
    """

    place: str
    quota: int | None
    """任务数; None: not stated."""
    projects: int
    """Those that go on, on hold included."""
    reached: tuple[FactCount, ...]
    """In the order of the plan's curves."""
    investment: Decimal | None
    """投资总额, of the projects that state one; None: none does."""
    invested: Decimal
    """累计完成投资: of each project what was last reported."""
    reporting: int
    """How many projects have reported it at all."""
    invested_rate: Decimal | None
    subsidy: Decimal | None
    """省级补助 by the plan's rule; None: not stated for any project."""
    released: Decimal
    received: Decimal
    """省级补助 that has come in."""
    received_rate: Decimal | None
    """Of `subsidy`."""
    funds: tuple[FundMoney, ...]
    """The subsidy by fund, where the plan tells several apart."""
    promised: Decimal | None
    """市级 and 县级配套 together; None: no project states any."""
    matched: Decimal
    """What of it has come in."""
    matched_rate: Decimal | None
    spent: Decimal
    behind: tuple[LaggingProject, ...]
    on_schedule: tuple[ProjectShot, ...]
    held: tuple[ProjectShot, ...]
    late: tuple[DeadlineShot, ...]
    """What its projects and cities have not done (`undone`): not what the province itself has to
    do, and not the monthly reports, see `unreported`."""

    @property
    def base(self) -> int:
        """What the rates of `reached` are measured against."""
        return self.projects if self.quota is None else self.quota


@dataclass(frozen=True, slots=True)
class UpcomingDeadline:
    """What is still to be done by a day: one deadline rule, and for how many."""

    rule: DeadlineRule
    by: date
    """The day that the notice, or an extension, says."""
    kind: SubjectKind
    count: int
    """How many subjects of that kind have not done it."""
    waiting: tuple[tuple[str, int], ...] = ()
    """What those lack first, and how many of them each: where that is more than the act itself."""

    @property
    def proposed(self) -> bool:
        """Whether the notice is silent about the day: it is suggested, and blames nobody."""
        return self.rule.origin is Origin.PROPOSAL


@lru_cache(maxsize=24)  # a year's papers ask for them again and again
def figures(plan: Plan, shot: Snapshot) -> MonthFigures:
    """The province's."""
    return _figures(plan, shot, plan.province, plan.quota.total)


@lru_cache(maxsize=240)
def figures_of(plan: Plan, shot: Snapshot, city: str) -> MonthFigures:
    """One city's."""
    found = plan.city(city)
    return _figures(plan, shot.of_city(city), city, found.places if found else None)


def by_city(plan: Plan, shot: Snapshot) -> tuple[MonthFigures, ...]:
    """Every city's, in the plan's order."""
    return tuple(figures_of(plan, shot, city.name) for city in plan.cities)


def rate(part: Decimal | int, whole: Decimal | int | None) -> Decimal | None:
    """Percent with one decimal, rounded half up; None of nothing."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(TENTH, ROUND_HALF_UP)


def undone(plan: Plan, item: DeadlineShot, day: date) -> bool:
    """Whether something counts as not done in what is written on a day (A22).

    It is overdue, or it was due on that day or before it: a paper is not contradicted by the next
    morning. What only bodies outside the notice can do never is.
    """
    if item.standing is Standing.OVERDUE:
        return True
    bound = plan.bodies[item.responsible].bound
    return bound and item.standing in IN_TIME and item.said is not None and item.said <= day


def falls_due(plan: Plan, shot: Snapshot, before: date) -> tuple[DeadlineShot, ...]:
    """What of cities and projects is not done and was, or will be, due before a day.

    Whoever is in it is not praised in a paper that can first be signed on that day.
    """
    codes = {project.code for project in shot.going_on}
    return tuple(
        item
        for item in shot.deadlines
        if (item.subject in codes or item.kind is SubjectKind.CITY)
        and not of_the_province(plan, item.responsible)
        and undone(plan, item, before - DAY)
    )


def unreported(plan: Plan, shot: Snapshot) -> tuple[str, ...]:
    """The cities whose report for the month was due and has not come, in the plan's order."""
    late = {item.subject for item in _owed_reports(plan, shot, shot.period)}
    return tuple(city.name for city in plan.cities if city.name in late)


def reported_late(plan: Plan, shot: Snapshot) -> tuple[DeadlineShot, ...]:
    """The month's reports that came after their time (逾期完成), in the plan's order of cities."""
    order = [city.name for city in plan.cities]
    found = (item for item in _reports(plan, shot, shot.period) if item.standing is MET_LATE)
    return tuple(sorted(found, key=lambda item: order.index(item.subject)))


def reported(plan: Plan, shot: Snapshot) -> frozenset[str]:
    """The cities whose report for the month has come."""
    return frozenset(
        item.subject for item in _reports(plan, shot, shot.period) if item.standing in DONE
    )


def unentered(plan: Plan, shot: Snapshot) -> tuple[str, ...]:
    """The cities whose report for the month counts as in, but is not entered (未录入)."""
    told = reported(plan, shot)
    return tuple(
        city.name
        for city in plan.cities
        if city.name in told and is_unentered(plan, shot.of_city(city.name).projects, shot.period)
    )


def still_missing(plan: Plan, shot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Which earlier months' reports have not come yet: the months, oldest first, by city.

    The cities are in the plan's order; those that owe nothing are not there.
    """
    late = {
        month: {item.subject for item in _owed_reports(plan, shot, month)}
        for month in sorted(plan.reported_months.values())
        if month < shot.period
    }
    owed = {
        city.name: tuple(month for month, cities in late.items() if city.name in cities)
        for city in plan.cities
    }
    return {city: missing for city, missing in owed.items() if missing}


def problems(
    plan: Plan, found: MonthFigures
) -> tuple[tuple[TimedRule, tuple[DeadlineShot, ...]], ...]:
    """What may be named as not done in time, by rule in the plan's order: deadlines, then duties.

    Only what the notice itself dates: a day that is proposed blames nobody. Of two deadlines that
    the same facts meet, or that wait for the same step of a project, the first is named; a city is
    not named beside a project of its own. Every recurring duty is looked at, whatever it is called;
    the monthly reports are told apart.
    """
    grouped: list[tuple[TimedRule, tuple[DeadlineShot, ...]]] = []
    told: set[tuple[str, str]] = set()
    for rule in (*_distinct(plan), *plan.duties):
        late = tuple(item for item in found.late if is_of(rule, item) and counts(plan, item))
        projects = {(item.rule, item.city) for item in late if item.kind is SubjectKind.PROJECT}
        named = tuple(
            item
            for item in late
            if item.chain not in told
            and (item.kind is SubjectKind.PROJECT or (item.rule, item.city) not in projects)
        )
        if named:
            grouped.append((rule, named))
            told |= {item.chain for item in named}
    return tuple(grouped)


def is_of(rule: TimedRule, item: DeadlineShot) -> bool:
    """Whether a deadline is one of a rule; of a duty, one of its occasions."""
    if isinstance(rule, DeadlineRule):
        return item.rule == rule.id
    return item.rule.startswith(f"{rule.id}-")


def coordinating(plan: Plan, shot: Snapshot) -> tuple[tuple[TimedRule, int], ...]:
    """What waits for bodies outside the notice (待协调): by rule, for how many projects."""
    found = [
        item.rule
        for item in shot.deadlines
        if item.standing is Standing.COORDINATING and not plan.bodies[item.responsible].bound
    ]
    return tuple((rule, found.count(rule.id)) for rule in plan.deadlines if rule.id in found)


def ahead(plan: Plan, shot: Snapshot, until: date) -> tuple[UpcomingDeadline, ...]:
    """What the plan's deadlines up to a day still ask of cities and projects, in its order.

    What bodies outside the notice are to do is not asked of anybody. What was due by the
    snapshot's own day is no longer ahead, see `problems`; but for what is only suggested, which is
    told nowhere else.
    """
    started = {project.code: project.milestones for project in shot.projects}
    return tuple(
        UpcomingDeadline(rule, day, kind, len(items), _waiting(plan, rule, items))
        for rule in _distinct(plan)
        if isinstance(rule, DeadlineRule) and plan.bodies[rule.responsible].bound
        for kind in _nearest(rule)
        for day, items in _days(plan, rule, kind, shot, started, until)
    )


def counts(plan: Plan, item: DeadlineShot) -> bool:
    """Whether a city or county can be called late by it: theirs to meet, dated by the notice."""
    return item.origin is Origin.NOTICE and not of_the_province(plan, item.responsible)


def of_the_province(plan: Plan, responsible: str) -> bool:
    """Whether the province itself has to do what a body is responsible for."""
    return plan.bodies[responsible].reached_at in ABOVE_CITIES


def _figures(plan: Plan, shot: Snapshot, place: str, quota: int | None) -> MonthFigures:
    found, late = shot.going_on, _late(plan, shot)
    running = [item for item in found if item.disposition is Disposition.ACTIVE]
    behind = tuple(item for each in running if (item := _behind(plan, each, shot.period, late)))
    slow = {item.project.code for item in behind}
    invested = [last for each in found if (last := each.invested) is not None]
    investment, money = stated(each.investment for each in found), sums(found)
    money = {name: money[name] for name in ("released", "received", "matched", "spent")}
    subsidy = stated(each.subsidy for each in found)
    promised = stated(each.promised.get(source) for each in found for source in LOCAL)
    return MonthFigures(
        place=place,
        quota=quota,
        projects=len(found),
        reached=tuple(_reached(plan, found, quota)),
        investment=investment,
        **money,
        subsidy=subsidy,
        funds=by_fund(found),
        promised=promised,
        invested=total(invested),
        reporting=len(invested),
        invested_rate=rate(total(invested), investment) if invested else None,
        received_rate=rate(money["received"], subsidy),
        matched_rate=rate(money["matched"], promised),
        behind=behind,
        on_schedule=tuple(each for each in running if each.code not in slow),
        held=tuple(each for each in found if each.disposition is Disposition.HELD),
        late=tuple(item for items in late.values() for item in items if _theirs(plan, item)),
    )


def _reached(plan: Plan, found: Sequence[ProjectShot], quota: int | None) -> Iterator[FactCount]:
    for curve in plan.curves.counted if plan.curves else ():
        count = sum(curve.milestone in project.milestones for project in found)
        yield FactCount(curve.label, count, rate(count, len(found) if quota is None else quota))


def _late(plan: Plan, shot: Snapshot) -> Mapping[str, tuple[DeadlineShot, ...]]:
    """What each project that goes on and each city has not done, in the plan's order."""
    codes = {project.code for project in shot.going_on}
    order = [rule.id for rule in _distinct(plan)]
    late: dict[str, list[DeadlineShot]] = {}
    for item in shot.deadlines:
        counted = item.subject in codes or item.kind is SubjectKind.CITY
        if counted and undone(plan, item, shot.as_of):
            late.setdefault(item.subject, []).append(item)
    return {
        subject: tuple(sorted(items, key=lambda item: _place(order, item.rule)))
        for subject, items in late.items()
    }


def _place(order: Sequence[str], rule: str) -> int:
    return order.index(rule) if rule in order else len(order)


def _behind(
    plan: Plan, project: ProjectShot, period: str, late: Mapping[str, tuple[DeadlineShot, ...]]
) -> LaggingProject | None:
    report = project.reported(period)
    told = (*_distinct(plan), *plan.duties)
    held = tuple(
        item
        for item in late.get(project.code, ())
        if counts(plan, item) and any(is_of(rule, item) for rule in told)
    )
    says_so = report is not None and report.on_schedule is False
    if not says_so and not held:
        return None
    heads: dict[tuple[str, str], DeadlineShot] = {}
    for item in held:
        heads.setdefault(item.chain, item)
    problem = (report.problem or "") if report and says_so else ""
    return LaggingProject(project, tuple(heads.values()), problem)


def _theirs(plan: Plan, item: DeadlineShot) -> bool:
    duty = plan.report.duty if plan.report else None
    reports = duty is not None and item.rule.startswith(f"{duty}-")
    return not reports and not of_the_province(plan, item.responsible)


def _owed_reports(plan: Plan, shot: Snapshot, period: str) -> Iterator[DeadlineShot]:
    for item in _reports(plan, shot, period):
        if undone(plan, item, shot.as_of):
            yield item


def _reports(plan: Plan, shot: Snapshot, period: str) -> Iterator[DeadlineShot]:
    rule = plan.report_of(period)
    for item in shot.deadlines:
        if item.rule == rule and item.kind is SubjectKind.CITY:
            yield item


def _distinct(plan: Plan) -> tuple[TimedRule, ...]:
    """The one-off deadlines; of two that the same facts meet only the first."""
    seen: set[tuple[str, ...]] = set()
    kept: list[TimedRule] = []
    for rule in plan.deadlines:
        facts = rule.fulfilled_by.get(SubjectKind.PROJECT, (rule.id,))
        if rule.follows is not None or facts not in seen:
            kept.append(rule)
        seen.add(facts)
    return tuple(kept)


def _nearest(rule: DeadlineRule) -> tuple[SubjectKind, ...]:
    """Whom a deadline is told of: its projects; its cities where it has no projects."""
    kinds = (kind for kind in (SubjectKind.PROJECT, SubjectKind.CITY) if kind in rule.fulfilled_by)
    nearest = next(kinds, None)
    return (nearest,) if nearest else ()


def _days(
    plan: Plan,
    rule: DeadlineRule,
    kind: SubjectKind,
    shot: Snapshot,
    started: Mapping[str, Mapping[str, date]],
    until: date,
) -> Iterator[tuple[date, list[DeadlineShot]]]:
    days: dict[date, list[DeadlineShot]] = {}
    suggested = rule.origin is Origin.PROPOSAL and not of_the_province(plan, rule.responsible)
    standings = (*IN_TIME, Standing.OVERDUE) if suggested else IN_TIME
    for item in shot.deadlines:
        if (item.rule, item.kind) != (rule.id, kind) or item.standing not in standings:
            continue
        if rule.follows and rule.follows.after not in started.get(item.subject, {}):
            continue  # it has not begun to run, whatever is known by now
        day = item.said
        if day and day <= until and (suggested or day > shot.as_of):
            days.setdefault(day, []).append(item)
    for day in sorted(days):
        yield day, days[day]


def _waiting(
    plan: Plan, rule: DeadlineRule, items: Sequence[DeadlineShot]
) -> tuple[tuple[str, int], ...]:
    """Per first missing step, in the plan's order; nothing where that is what is asked for.

    Money (七) comes in any order: none of it is first.
    """
    own = rule.fulfilled_by.get(SubjectKind.PROJECT, ())
    counted = Counter(item.step for item in items if item.step and (item.step,) != own)
    steps = (it for it in plan.milestones if counted[it.id] and it.ledger is None)
    return tuple((it.label, counted[it.id]) for it in steps)

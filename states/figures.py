"""What a month's snapshot adds up to, for the province and for each city (五(五), 五(六)). Pure.

A project is behind schedule (慢序时) when a deadline is overdue (逾期) that the notice itself dates
and that its city or county has to meet, or when its report for the month says that it is. Nobody
is late by what the province itself owes (研究确定, 交叉验收, 验收), by a day that is only proposed,
or by what bodies outside the notice are to do (待协调). A project on hold (暂停) is neither behind
nor on schedule. Only projects that go on count, and their money with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from policy.schema import Plan
from policy.timing import DeadlineRule, TimedRule
from policy.vocabulary import Disposition, Level, Origin, Standing, SubjectKind
from states.deadlines import IN_TIME
from states.ledger import TENTH, sums, total
from states.snapshot import DeadlineShot, ProjectShot, Snapshot


@dataclass(frozen=True, slots=True)
class FactCount:
    """How many projects have a fact that the plan's curves count."""

    label: str
    count: int
    rate: Decimal | None
    """Percent of the quota; of the projects where the plan states no quota."""


@dataclass(frozen=True, slots=True)
class LaggingProject:
    """A project that is 慢序时, and why."""

    project: ProjectShot
    late: tuple[DeadlineShot, ...]
    """All its overdue deadlines, in the plan's order; also those that alone would not put it
    behind, see `counts`."""
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
    investment: Decimal
    """投资总额, of the projects that state one."""
    invested: Decimal
    """累计完成投资: of each project what was last reported."""
    reporting: int
    """How many projects have reported it at all."""
    invested_rate: Decimal | None
    subsidy: Decimal
    """省级补助 by the plan's rule."""
    released: Decimal
    received: Decimal
    """省级补助 that has come in."""
    received_rate: Decimal | None
    """Of `subsidy`."""
    promised: Decimal
    """市级 and 县级配套 together."""
    matched: Decimal
    """What of it has come in."""
    matched_rate: Decimal | None
    spent: Decimal
    behind: tuple[LaggingProject, ...]
    on_schedule: tuple[ProjectShot, ...]
    held: tuple[ProjectShot, ...]
    late: tuple[DeadlineShot, ...]
    """Overdue deadlines of its projects and cities: not what the province itself has to do, and not
    the monthly reports, see `unreported`."""

    @property
    def base(self) -> int:
        """What the rates of `reached` are measured against."""
        return self.projects if self.quota is None else self.quota


@dataclass(frozen=True, slots=True)
class UpcomingDeadline:
    """What is still to be done by a day: one deadline rule, and for how many."""

    rule: DeadlineRule
    by: date
    """The day that the notice says; once it has passed, the lenient one."""
    kind: SubjectKind
    count: int
    """How many subjects of that kind have not done it."""


@lru_cache(maxsize=24)  # a year's papers ask for them again and again
def figures(plan: Plan, shot: Snapshot) -> MonthFigures:
    """The province's."""
    return _figures(plan, shot, plan.province, plan.quota.goal)


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


def unreported(plan: Plan, shot: Snapshot) -> tuple[str, ...]:
    """The cities whose report for the month is overdue, in the plan's order (五(五))."""
    late = {item.subject for item in _reports(plan, shot, shot.period, Standing.OVERDUE)}
    return tuple(city.name for city in plan.cities if city.name in late)


def reported_late(plan: Plan, shot: Snapshot) -> tuple[DeadlineShot, ...]:
    """The month's reports that came after their time (逾期完成), in the plan's order of cities."""
    order = [city.name for city in plan.cities]
    found = _reports(plan, shot, shot.period, Standing.MET_LATE)
    return tuple(sorted(found, key=lambda item: order.index(item.subject)))


def still_missing(plan: Plan, shot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Which earlier months' reports have not come yet: the months, oldest first, by city.

    The cities are in the plan's order; those that owe nothing are not there.
    """
    late = {
        month: {item.subject for item in _reports(plan, shot, month, Standing.OVERDUE)}
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
    """What may be named as late, by rule in the plan's order.

    Only deadlines that the notice itself dates: a day that is proposed blames nobody. Of two
    deadlines that the same facts meet the first is named; monthly reports are told apart.
    """
    grouped: list[tuple[TimedRule, tuple[DeadlineShot, ...]]] = []
    for rule in _distinct(plan):
        late = tuple(item for item in found.late if item.rule == rule.id)
        projects = {item.city for item in late if item.kind is SubjectKind.PROJECT}
        named = tuple(
            item for item in late if item.kind is SubjectKind.PROJECT or item.city not in projects
        )
        if named and rule.origin is Origin.NOTICE:
            grouped.append((rule, named))
    return tuple(grouped)


def coordinating(plan: Plan, shot: Snapshot) -> tuple[tuple[TimedRule, int], ...]:
    """What waits for bodies outside the notice (待协调): by rule, for how many projects."""
    found = [item.rule for item in shot.deadlines if item.standing is Standing.COORDINATING]
    return tuple((rule, found.count(rule.id)) for rule in plan.deadlines if rule.id in found)


def ahead(plan: Plan, shot: Snapshot, until: date) -> tuple[UpcomingDeadline, ...]:
    """What the plan's deadlines up to a day still ask of cities and projects, in its order.

    What bodies outside the notice are to do is not asked of anybody.
    """
    started = {project.code: project.milestones for project in shot.projects}
    return tuple(
        UpcomingDeadline(rule, day, kind, count)
        for rule in _distinct(plan)
        if isinstance(rule, DeadlineRule) and plan.bodies[rule.responsible].bound
        for kind in _nearest(rule)
        for day, count in _days(rule, kind, shot, started, until)
    )


def counts(plan: Plan, item: DeadlineShot) -> bool:
    """Whether a city or county can be called late by it: theirs to meet, dated by the notice."""
    return item.origin is Origin.NOTICE and not of_the_province(plan, item.responsible)


def of_the_province(plan: Plan, responsible: str) -> bool:
    """Whether the province itself has to do what a body is responsible for."""
    return plan.bodies[responsible].reached_at is Level.PROVINCE


def _figures(plan: Plan, shot: Snapshot, place: str, quota: int | None) -> MonthFigures:
    found, late = shot.going_on, _late(plan, shot)
    running = [item for item in found if item.disposition is Disposition.ACTIVE]
    behind = tuple(item for each in running if (item := _behind(plan, each, shot.period, late)))
    slow = {item.project.code for item in behind}
    invested = [last for each in found if (last := each.invested) is not None]
    investment, money = total(each.investment for each in found), sums(found)
    return MonthFigures(
        place=place,
        quota=quota,
        projects=len(found),
        reached=tuple(_reached(plan, found, quota)),
        investment=investment,
        **money,
        invested=total(invested),
        reporting=len(invested),
        invested_rate=rate(total(invested), investment) if invested else None,
        received_rate=rate(money["received"], money["subsidy"]),
        matched_rate=rate(money["matched"], money["promised"]),
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
    """The overdue deadlines of each project that goes on and of each city, in the plan's order."""
    codes = {project.code for project in shot.going_on}
    order = [rule.id for rule in _distinct(plan)]
    late: dict[str, list[DeadlineShot]] = {}
    for item in shot.deadlines:
        counted = item.subject in codes or item.kind is SubjectKind.CITY
        if counted and item.standing is Standing.OVERDUE:
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
    report, overdue = project.reported(period), late.get(project.code, ())
    says_so = report is not None and report.on_schedule is False
    if not says_so and not any(counts(plan, item) for item in overdue):
        return None
    return LaggingProject(project, overdue, (report.problem or "") if report and says_so else "")


def _theirs(plan: Plan, item: DeadlineShot) -> bool:
    duty = plan.report.duty if plan.report else None
    reports = duty is not None and item.rule.startswith(f"{duty}-")
    return not reports and not of_the_province(plan, item.responsible)


def _reports(plan: Plan, shot: Snapshot, period: str, standing: Standing) -> Iterator[DeadlineShot]:
    rule = plan.report_of(period)
    for item in shot.deadlines:
        if item.rule == rule and item.kind is SubjectKind.CITY and item.standing is standing:
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
    kinds = [kind for kind in (SubjectKind.PROJECT, SubjectKind.CITY) if kind in rule.fulfilled_by]
    return tuple(kinds[:1])


def _days(
    rule: DeadlineRule,
    kind: SubjectKind,
    shot: Snapshot,
    started: Mapping[str, Mapping[str, date]],
    until: date,
) -> Iterator[tuple[date, int]]:
    days: dict[date, int] = {}
    for item in shot.deadlines:
        if (item.rule, item.kind) != (rule.id, kind) or item.standing not in IN_TIME:
            continue
        if rule.follows and rule.follows.after not in started.get(item.subject, {}):
            continue  # it has not begun to run, whatever is known by now
        said, lenient = item.said, item.overdue_after
        if said and lenient and said <= until:
            day = said if said >= shot.as_of else lenient
            days[day] = days.get(day, 0) + 1
    yield from sorted(days.items())

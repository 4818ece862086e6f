"""What an indicator of the scoring table looks at (五(九)): a place's cases, each judged. Pure.

What is due on the day itself and is not done counts as not done: the next morning it is overdue.
No evaluation comes after that of the plan's last month: what has to be done within the year (当年)
is then judged as of the year's last day, by what was done by the snapshot's day.

A hold (暂停) costs its city nothing: while it lasts, nothing that the project has not done counts,
and its days are added to the deadlines that were running.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import singledispatch
from operator import itemgetter

from common.words import long_date
from policy.evaluation import (
    AtOnceMeasure,
    EarlyMeasure,
    Judged,
    NewlyServedMeasure,
    OnScheduleMeasure,
    OnTimeMeasure,
    RecordMeasure,
)
from policy.schema import Plan
from policy.vocabulary import LOCAL_LEVELS, Disposition, Level, Standing
from states.figures import counts, undone
from states.reporting import UNENTERED, is_unentered, to_report
from states.snapshot import DeadlineShot, ProjectShot, RecordShot, Snapshot, months, put_off

Measure = Judged | EarlyMeasure | NewlyServedMeasure | RecordMeasure


@dataclass(frozen=True, slots=True)
class IndicatorCase:
    """One thing that an indicator looked at: the evidence of its points."""

    subject: str
    """A project's code or a city."""
    name: str
    what: str
    due: date | None = None
    """The day until which it was in order."""
    said: date | None = None
    """The day that papers print for it; None: `due`."""
    done: date | None = None
    row: int | None = None
    """The audit row that records it."""
    good: bool | None = None
    """None: not judged, since it is still open."""
    points: Decimal | None = None
    """What it earned, or cost (negative); None where only all cases together have points."""
    note: str = ""
    """What is to be known of it besides: that a report is not entered (未录入)."""


@dataclass(frozen=True, slots=True)
class JudgedPlace:
    """A city, or a county by its own projects, and what is looked at there."""

    plan: Plan
    period: str
    as_of: date
    city: str
    county: str
    projects: tuple[ProjectShot, ...]
    deadlines: tuple[DeadlineShot, ...]
    records: tuple[RecordShot, ...]
    reported: bool | None
    """Whether the city's report of the month came; None while there is time, or none is asked."""
    covered: frozenset[str]
    """The projects that the report covers; none once the duty has ended."""


def judged_city(plan: Plan, snapshot: Snapshot, city: str) -> JudgedPlace:
    """A city with its projects that go on, by a month's snapshot."""
    part = snapshot.of_city(city)
    projects = tuple(sorted(part.going_on, key=lambda project: project.code))
    subjects = {project.code for project in projects} | {city}
    deadlines = (item for item in part.deadlines if item.subject in subjects)
    records = (item for item in part.records if item.subject in subjects)
    covered, report = to_report(plan, projects, part.period), _report(plan, part, city)
    ended = report is not None and report.standing is Standing.VOID
    return JudgedPlace(
        plan=plan,
        period=part.period,
        as_of=part.as_of,
        city=city,
        county="",
        projects=projects,
        deadlines=tuple(sorted(deadlines, key=lambda item: (item.subject, item.rule))),
        records=tuple(sorted(records, key=lambda item: item.row)),
        reported=_came(report, part.as_of),
        covered=frozenset(() if ended else (it.code for it in covered)),
    )


def _report(plan: Plan, part: Snapshot, city: str) -> DeadlineShot | None:
    """The deadline of the city's report of the month; None where none is asked."""
    wanted = plan.report_of(part.period)
    return next((it for it in part.deadlines if (it.subject, it.rule) == (city, wanted)), None)


def _came(report: DeadlineShot | None, as_of: date) -> bool | None:
    """Whether a report came; None while there is time, or none is asked.

    One that is no longer asked for, since all is finished, counts as having come.
    """
    if report is None or report.overdue_after is None:
        return None
    if report.fulfilled_on is not None or report.standing is Standing.VOID:
        return True
    return False if as_of >= report.overdue_after else None


def judged_counties(place: JudgedPlace) -> Iterator[JudgedPlace]:
    """A city's counties that have projects, each with those alone; none where it has none."""
    city = place.plan.city(place.city)
    for county in city.counties if city and not city.undivided else ():
        projects = tuple(item for item in place.projects if item.county == county.name)
        codes = {item.code for item in projects}
        if projects:
            yield replace(
                place,
                county=county.name,
                projects=projects,
                deadlines=tuple(item for item in place.deadlines if item.subject in codes),
                records=tuple(item for item in place.records if item.subject in codes),
            )


def cases_at(place: JudgedPlace, over: Measure) -> Iterator[IndicatorCase]:
    """All that an indicator looks at; whoever is late is on schedule by no report."""
    for case in _cases(over, place):
        yield _if_not_late(case, place) if isinstance(over, OnScheduleMeasure) else case


def _if_not_late(case: IndicatorCase, place: JudgedPlace) -> IndicatorCase:
    """A project that is on schedule by its report, unless something of its own is not done."""
    late = _late(case, place)
    if not case.good or not late:
        return case
    titles = "、".join(f"{item.rule} {item.title}" for item in late)
    return replace(case, what=f"{case.what}，但已到期未完成：{titles}", good=False)


def _late(case: IndicatorCase, place: JudgedPlace) -> list[DeadlineShot]:
    """What the subject of a case has not done and can be held against it."""
    plan, own = place.plan, (it for it in place.deadlines if it.subject == case.subject)
    return [it for it in own if counts(plan, it) and undone(plan, it, place.as_of)]


@singledispatch
def _cases(over: Measure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    raise TypeError(over)


@_cases.register
def _(over: OnTimeMeasure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    projects = {project.code: project for project in place.projects}
    for item in place.deadlines:
        mine = item.kind is over.of and item.rule.partition("-")[0] in over.rules
        if mine and item.overdue_after is not None and item.standing is not Standing.VOID:
            project = projects.get(item.subject)
            due = item.overdue_after
            done = item.fulfilled_on if not over.facts else _last(project, over.facts)
            good = _in_time(place, item, due, done)
            ahead = good is False and place.as_of < due  # the year's end, by its last snapshot
            said = f"：截至{long_date(place.as_of)}未完成，按当年未完成评" if ahead else ""
            yield IndicatorCase(
                subject=item.subject,
                name=project.name if project else item.subject,
                what=f"{item.rule} {item.title}{said}",
                due=due,
                said=item.said,
                done=done,
                good=good,
                note=_unentered(place, item),
            )


def _unentered(place: JudgedPlace, item: DeadlineShot) -> str:
    """Of a monthly report that counts as in, that nothing of it is on record."""
    month = place.plan.reported_months.get(item.rule)
    if month is None or item.fulfilled_on is None:
        return ""
    return UNENTERED if is_unentered(place.plan, place.projects, month) else ""


def _last(project: ProjectShot | None, facts: tuple[str, ...]) -> date | None:
    """The day of the last of the facts; None while one is missing."""
    days = [project.milestones.get(name) for name in facts] if project else [None]
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None


def _in_time(place: JudgedPlace, item: DeadlineShot, due: date, done: date | None) -> bool | None:
    """Whether it was done in time; nobody is blamed where the notice does not bind.

    Nor for what waits, or had to wait until it was due, for a step of somebody else.
    """
    if item.turn_on is not None:
        return None
    if done is not None and done <= due:
        return True
    late = done is not None or due <= last_day(place, (item.rule,))
    return False if late and _answers_for(place, item) else None


def _answers_for(place: JudgedPlace, item: DeadlineShot) -> bool:
    """Whether a place's lateness it is: a bound body's, and of another than the rule's its own."""
    body, stem = place.plan.bodies[item.responsible], item.rule.partition("-")[0]
    own = next((rule.responsible for rule in place.plan.timed_rules if rule.id == stem), "")
    levels = (Level.COUNTY,) if place.county else LOCAL_LEVELS
    return body.bound and (item.responsible == own or body.reached_at in levels)


def without_hold(place: JudgedPlace, over: Measure, case: IndicatorCase) -> IndicatorCase:
    """A case that is not in order, but for what a hold (暂停) has to answer for."""
    project = next((item for item in place.projects if item.code == case.subject), None)
    if project is None or case.good is not False:
        return case
    if project.disposition is Disposition.HELD:
        return replace(case, what=f"{case.what}：项目暂停，不计", good=None)
    if isinstance(over, OnScheduleMeasure) and _waited(project, case, place):
        return replace(case, what=f"{case.what}（暂停顺延，不计）", good=None)
    if not isinstance(over, OnTimeMeasure) or case.due is None:
        return case
    due = put_off(case.due, project.holds)
    if due == case.due:
        return case
    last = last_day(place, over.rules)
    good = case.done <= due if case.done else (False if due <= last else None)
    what = f"{case.what}：暂停{(due - case.due).days}天，按顺延至{long_date(due)}评"
    return replace(case, what=what, due=due, good=good)


def _waited(project: ProjectShot, case: IndicatorCase, place: JudgedPlace) -> bool:
    """Whether a project that says it is on schedule is late by the days on hold alone."""
    said = project.reported(place.period)
    days = [put_off(item.said, project.holds) for item in _late(case, place) if item.said]
    waits = bool(days) and min(days) > place.as_of
    return waits and said is not None and said.on_schedule is True


@_cases.register
def _(over: OnScheduleMeasure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    """A project that the report does not cover, finished say, leaves nothing to judge."""
    for project in place.projects:
        said = project.reported(place.period)
        case = IndicatorCase(project.code, project.name, f"{place.period} 月报")
        if said is not None:
            told = {True: "达到序时进度", False: "未达序时进度", None: "未填是否达序时"}
            what = f"{case.what}：{told[said.on_schedule]}"
            yield replace(case, what=what, row=said.audit_id, good=said.on_schedule is True)
        elif project.code not in place.covered:
            continue
        elif place.reported is None:
            yield case
        elif place.county:  # the report is the city's alone
            continue
        elif not place.reported:
            yield replace(case, what=f"{case.what}：未报", good=False)
        elif over.unentered == "behind":
            yield replace(case, what=f"{case.what}：{UNENTERED}", good=False)


@_cases.register
def _(over: AtOnceMeasure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    for project in place.projects:
        reached = project.milestones.get(over.reached)
        again = project.milestones.get(over.unless)
        told = over.reached if again is None else over.unless
        yield IndicatorCase(
            subject=project.code,
            name=project.name,
            what=place.plan.milestone(told).label,
            done=reached if again is None else again,
            good=None if reached is None else again is None,
        )


@_cases.register
def _(over: EarlyMeasure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    label = place.plan.milestone(over.milestone).label
    for project in place.projects:
        on = project.milestones.get(over.milestone)
        limit = over.day or project.milestones.get(over.before or "")
        if on is not None and (limit is None or on < limit):
            yield IndicatorCase(project.code, project.name, label, limit, done=on, good=True)


@_cases.register
def _(over: NewlyServedMeasure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    label = place.plan.milestone(over.milestone).label
    served: dict[str, list[tuple[date, str, ProjectShot]]] = {}
    for project in place.projects:
        on = project.milestones.get(over.milestone)
        if project.unserved and on is not None:
            served.setdefault(project.county, []).append((on, project.code, project))
    for county, found in served.items():
        on, _, project = min(found, key=itemgetter(0, 1))
        yield IndicatorCase(
            project.code, project.name, f"{county}首个项目{label}", done=on, good=True
        )


@_cases.register
def _(over: RecordMeasure, place: JudgedPlace) -> Iterator[IndicatorCase]:
    label = next(item.label for item in place.plan.evidence if item.id == over.evidence)
    names = {project.code: project.name for project in place.projects}
    for item in place.records:
        if item.kind == over.evidence:
            name = names.get(item.subject, item.subject)
            what = f"{label}：{item.evidence}"
            yield IndicatorCase(item.subject, name, what, done=item.on, row=item.row)


def last_day(place: JudgedPlace, rules: Iterable[str]) -> date:
    """The last day of which a deadline of these rules is judged."""
    plan = place.plan
    ids = {rule.partition("-")[0] for rule in rules}
    within = any(rule.within_year and rule.id in ids for rule in plan.timed_rules)
    closing = place.period == months(plan)[-1]
    return plan.last_day if within and closing else place.as_of

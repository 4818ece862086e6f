"""The visits of the mid-year inspection (年中督查, 五(七)): which projects, and when. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import groupby, islice, pairwise

from common.errors import RefusedError
from common.words import TEN_THOUSAND, short_date
from policy.duties import InspectionRules
from policy.schema import Plan
from policy.vocabulary import Disposition, Source, Standing, SubjectKind
from states.ledger import short
from states.risk import Risk, risks
from states.snapshot import ProjectShot, Snapshot
from states.workdays import DAY, Calendar


@dataclass(frozen=True, slots=True)
class Visit:
    """One project that is visited on a day."""

    day: date
    city: str
    county: str
    code: str
    name: str
    reasons: tuple[str, ...]
    """Why it was chosen, in Chinese, the weightiest first."""


@dataclass(frozen=True, slots=True)
class UnvisitedProject:
    """One project that is not visited."""

    city: str
    county: str
    code: str
    name: str
    grade: str
    """高, 中 or 低 by the risk list; empty where it is not on it."""
    points: int
    why: str
    """Why it is not visited, in Chinese."""


@dataclass(frozen=True, slots=True)
class VisitChoice:
    """All projects that go on: each is visited, or it is said why it is not."""

    visits: tuple[Visit, ...] = ()
    unvisited: tuple[UnvisitedProject, ...] = ()
    """City after city as the plan lists them, the most at risk first."""


@dataclass(frozen=True, slots=True)
class VisitRisk:
    """What speaks for a visit, as far as the province knows."""

    listed: Risk | None
    """As the risk list (风险清单) has it; None where it does not."""
    late: tuple[str, ...]
    """Titles of the deadlines that are overdue; not those of bodies that the notice cannot bind."""
    stalled: int
    """For how many months in a row its 形象进度 has not grown since works began."""
    started: bool
    percent: int
    """形象进度 as last reported; 0 where nothing was."""
    missing: Decimal
    """元 of what was released or promised and has not come in."""

    @property
    def points(self) -> int:
        """Those of the risk list."""
        return self.listed.points if self.listed else 0

    @property
    def order(self) -> tuple[int, int, int, Decimal]:
        """Of equal points, sorts what is to be visited first to the front."""
        return (-len(self.late), -self.stalled, self.percent, -self.missing)


@dataclass(frozen=True, slots=True)
class _Queue:
    """A city's projects that are still to be visited, the first ones first."""

    projects: tuple[ProjectShot, ...]
    asked: int
    """So many of them are to be visited by the plan."""


_Risks = Mapping[str, VisitRisk]


def choose(shot: Snapshot, plan: Plan, calendar: Calendar) -> VisitChoice:
    """The visits in travel order: city after city as the plan lists them, each on days in a row.

    Every city that has projects is visited, on workdays of the window (五(七)), no more projects a
    day than the plan allows, and by as many days as there are. A city's projects are those with the
    most points on the risk list, whether or not they are determined (研究确定) yet; those that are
    held (暂停) come last. Of equal points no county has a second visit before each has had its
    first; then those with the most overdue deadlines, the longest without progress, the least
    形象进度, the most money missing, and by code. Those of a grade that the plan wants visited are
    visited beyond the share. Where days are short, what has the fewest points is given up first,
    but no city. Nothing where the plan has no inspection. RefusedError where there are more cities
    than workdays.

    On a day within the window, what the visits so far have left goes to the workdays after it;
    RefusedError where there are none.
    """
    rule = plan.inspection
    if rule is None:
        return VisitChoice()
    known = _risks(shot, plan, calendar)
    queues = {city.name: _queue(rule, shot.of_city(city.name), known) for city in plan.cities}
    cities = [city for city, queue in queues.items() if queue.asked]
    days = tuple(day for day in workdays(rule, calendar) if day > shot.as_of)
    if cities and not days:
        raise RefusedError(
            f"截至{shot.as_of}，督查期间（{rule.first}至{rule.last}）已无工作日可安排"
        )
    counts = _counts(plan, rule, {city: queues[city] for city in cities}, known, days)
    ahead = iter(days)
    visits = tuple(
        visit
        for city, count in counts.items()
        for visit in _of_city(plan, rule, queues[city].projects[:count], shot, known, ahead)
    )
    unvisited = (
        each
        for city, queue in queues.items()
        for each in _unvisited(plan, rule, shot.of_city(city), queue, counts.get(city, 0), known)
    )
    return VisitChoice(visits, tuple(unvisited))


def workdays(rule: InspectionRules, calendar: Calendar) -> tuple[date, ...]:
    """The workdays of the window."""
    span = ((rule.last - rule.first) // DAY) + 1
    days = (rule.first + n * DAY for n in range(span))
    return tuple(day for day in days if calendar.is_workday(day))


def _queue(rule: InspectionRules, own: Snapshot, known: _Risks) -> _Queue:
    """Of one city."""
    projects = own.going_on
    left = [item for item in projects if not _is_visited(rule, item)]
    share = _wanted(rule, len(projects)) - (len(projects) - len(left))
    graded = sum(_is_always_visited(rule, item, known) for item in left)
    return _Queue(tuple(_ordered(rule, projects, known)), max(0, share, graded))


def _counts(
    plan: Plan,
    rule: InspectionRules,
    queues: Mapping[str, _Queue],
    known: _Risks,
    days: Sequence[date],
) -> Mapping[str, int]:
    """How many projects of each city; where days are short, those last in line are given up."""
    if len(queues) > len(days):
        raise RefusedError(
            f"{days[0]}至{rule.last}只有{len(days)}个工作日，{len(queues)}"
            f"{plan.said('个市每市至少一日')}，安排不下；请调整督查起止日期"
        )
    most = rule.visits.most_a_day
    stays = {city: -(-queue.asked // most) for city, queue in queues.items()}

    def last_day(city: str) -> tuple[bool, int, int, int]:
        """What would be given up: the least of it first, then that of the longest stay."""
        first = queues[city].projects[(stays[city] - 1) * most]
        place = [*queues].index(city)
        return (not _held(first), known[first.code].points, -stays[city], -place)

    while sum(stays.values()) > len(days):
        stays[min((city for city in stays if stays[city] > 1), key=last_day)] -= 1
    return {city: min(queue.asked, stays[city] * most) for city, queue in queues.items()}


def _is_always_visited(rule: InspectionRules, project: ProjectShot, known: _Risks) -> bool:
    listed, grade = known[project.code].listed, rule.visits.every_grade
    return grade is not None and listed is not None and listed.grade == grade and not _held(project)


def _is_visited(rule: InspectionRules, project: ProjectShot) -> bool:
    on = project.milestones.get(rule.visited)
    return on is not None and rule.first <= on <= rule.last


def _wanted(rule: InspectionRules, size: int) -> int:
    share = (rule.visits.share * size).to_integral_value(ROUND_CEILING)
    return min(size, max(rule.visits.least, int(share)))


def _ordered(
    rule: InspectionRules, projects: Sequence[ProjectShot], known: _Risks
) -> Iterator[ProjectShot]:
    """Those still to be visited by points; of equal points the first of every county, then on."""
    seen = Counter(item.county for item in projects if _is_visited(rule, item))
    left = [item for item in projects if not _is_visited(rule, item)]
    left.sort(key=lambda item: (*_rank(item, known), known[item.code].order, item.code))
    for _, equals in groupby(left, key=lambda item: _rank(item, known)):
        turns: list[tuple[int, int, ProjectShot]] = []
        for place, project in enumerate(equals):
            turns.append((seen[project.county], place, project))
            seen[project.county] += 1
        yield from (project for _, _, project in sorted(turns, key=lambda turn: turn[:2]))


def _rank(project: ProjectShot, known: _Risks) -> tuple[bool, int]:
    return _held(project), -known[project.code].points


def _held(project: ProjectShot) -> bool:
    return project.disposition is Disposition.HELD


def _of_city(
    plan: Plan,
    rule: InspectionRules,
    chosen: Sequence[ProjectShot],
    shot: Snapshot,
    known: _Risks,
    ahead: Iterator[date],
) -> Iterator[Visit]:
    """A city's visits in order of code, which use up as many of the days ahead as they need."""
    most = rule.visits.most_a_day
    days = list(islice(ahead, -(-len(chosen) // most)))
    percents = [known[item.code].percent for item in shot.going_on if item.city == chosen[0].city]
    average = Decimal(sum(percents)) / len(percents)
    for place, item in enumerate(sorted(chosen, key=lambda item: item.code)):
        told = (*_listed(known[item.code]), *_reasons(plan, known[item.code], average))
        told = told or (plan.said("按县（市、区）分布安排"),)
        yield Visit(days[place // most], item.city, item.county, item.code, item.name, told)


def _unvisited(
    plan: Plan, rule: InspectionRules, own: Snapshot, queue: _Queue, count: int, known: _Risks
) -> Iterator[UnvisitedProject]:
    """Those of a city that are left out, and those that have been visited already."""
    seen = (item for item in own.going_on if _is_visited(rule, item))
    for item in (*queue.projects[count:], *sorted(seen, key=lambda item: item.code)):
        yield left_out(item, known[item.code].listed, _why(plan, rule, item, queue, count))


def left_out(project: ProjectShot, risk: Risk | None, why: str) -> UnvisitedProject:
    """A project without a visit, as the risk list grades it; None: it is not on it."""
    return UnvisitedProject(
        city=project.city,
        county=project.county,
        code=project.code,
        name=project.name,
        grade=risk.grade if risk else "",
        points=risk.points if risk else 0,
        why=why,
    )


def _why(plan: Plan, rule: InspectionRules, project: ProjectShot, queue: _Queue, count: int) -> str:
    if _is_visited(rule, project):
        return f"{short_date(project.milestones[rule.visited])}已督查"
    if _held(project):
        return "项目暂停"
    if queue.projects.index(project) < queue.asked:
        return f"督查期间工作日不足，{plan.said('本市')}只能安排{count}个项目"
    if not count:
        return plan.said("本市应督查的项目已督查")
    return f"按风险排在{plan.said('本市')}所选{count}个项目之后"


def _risks(shot: Snapshot, plan: Plan, calendar: Calendar) -> _Risks:
    late: dict[str, list[str]] = defaultdict(list)
    for item in shot.deadlines:
        if item.kind is SubjectKind.PROJECT and item.standing is Standing.OVERDUE:
            late[item.subject].append(item.title)
    listed = {item.code: item for item in risks(plan, shot, calendar)}
    return {
        item.code: _risk(plan, item, tuple(late[item.code]), listed.get(item.code))
        for item in shot.projects
    }


def _risk(
    plan: Plan, project: ProjectShot, late: tuple[str, ...], listed: Risk | None
) -> VisitRisk:
    start = plan.report.started if plan.report else None
    started = start is None or start in project.milestones
    percents = [report.percent for report in project.progress]
    return VisitRisk(
        listed=listed,
        late=late,
        stalled=_stalled(percents) if started else 0,
        started=started,
        percent=percents[-1] if percents else 0,
        missing=_missing(project),
    )


def _stalled(percents: Sequence[int]) -> int:
    """How many of the last reports say no more than the one before; works that are done aside."""
    months = 0
    for before, now in pairwise(percents):
        months = 0 if now > before or now == 100 else months + 1
    return months


def _missing(project: ProjectShot) -> Decimal:
    return short({Source.PROVINCE: project.released, **project.promised}, project.received)


def _listed(risk: VisitRisk) -> Iterator[str]:
    """What the risk list says of it: the points, and the weightiest sign."""
    if risk.listed and risk.points:
        weightiest = max(risk.listed.signs, key=lambda sign: sign.points)
        yield f"风险{risk.listed.grade}（{risk.points}分）"
        yield weightiest.says


def _reasons(plan: Plan, risk: VisitRisk, average: Decimal) -> Iterator[str]:
    if risk.late:
        yield f"逾期{len(risk.late)}项：{'、'.join(risk.late)}"
    if risk.stalled:
        yield f"形象进度连续{risk.stalled}个月没有增长"
    if not risk.started:
        yield "尚未开工"
    elif risk.percent < average:
        yield f"形象进度{risk.percent}%，低于{plan.said('全市')}平均水平"
    if risk.missing:
        yield f"已下达和承诺的资金尚有{risk.missing / TEN_THOUSAND:.2f}万元未到位"

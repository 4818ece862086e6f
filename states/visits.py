"""The visits of the mid-year inspection (年中督查, 五(七)): which projects, and when. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from itertools import islice, pairwise

from common.errors import RefusedError
from common.words import TEN_THOUSAND
from policy.duties import InspectionRules
from policy.schema import Plan
from policy.vocabulary import Disposition, Source, Standing, SubjectKind
from states.ledger import short
from states.reporting import expected
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
class VisitRisk:
    """What speaks for a visit, as far as the province knows."""

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
    def order(self) -> tuple[int, int, int, Decimal]:
        """Sorts what is to be visited first to the front."""
        return (-len(self.late), -self.stalled, self.percent, -self.missing)


def choose(shot: Snapshot, plan: Plan, calendar: Calendar) -> tuple[Visit, ...]:
    """The visits in travel order: city after city as the plan lists them, each on days in a row.

    Every city that has projects is visited, on workdays of the window (五(七)), no more projects a
    day than the plan allows, and by as many days as there are. A city's projects are those with
    the most overdue deadlines, then the longest without progress, the least 形象进度, the most
    money missing, and by code; no county has a second visit before each has had its first. Those
    that are held (暂停) come last. Nothing where the plan has no inspection. RefusedError where
    there are more cities than workdays.

    On a day within the window, what the visits so far have left goes to the workdays after it;
    RefusedError where there are none.
    """
    rule = plan.inspection
    if rule is None:
        return ()
    projects = _projects(shot, plan)
    wanted = {city: _left(rule, mine) for city, mine in projects.items()}
    cities = [city.name for city in plan.cities if wanted[city.name]]
    days = tuple(day for day in workdays(rule, calendar) if day > shot.as_of)
    if cities and not days:
        raise RefusedError(
            f"截至{shot.as_of}，督查期间（{rule.first}至{rule.last}）已无工作日可安排"
        )
    counts = _counts(rule, [wanted[city] for city in cities], days)
    risks = _risks(shot, plan)
    ahead = iter(days)
    return tuple(
        visit
        for city, count in zip(cities, counts, strict=True)
        for visit in _of_city(rule, projects[city], risks, count, ahead)
    )


def workdays(rule: InspectionRules, calendar: Calendar) -> tuple[date, ...]:
    """The workdays of the window."""
    span = ((rule.last - rule.first) // DAY) + 1
    days = (rule.first + n * DAY for n in range(span))
    return tuple(day for day in days if calendar.is_workday(day))


def _projects(shot: Snapshot, plan: Plan) -> Mapping[str, Sequence[ProjectShot]]:
    return {
        city.name: expected(plan, [p for p in shot.projects if p.city == city.name])
        for city in plan.cities
    }


def _counts(rule: InspectionRules, wanted: Sequence[int], days: Sequence[date]) -> Sequence[int]:
    """How many projects of each city; where days are short, the longest stays are shortened."""
    if len(wanted) > len(days):
        raise RefusedError(
            f"{days[0]}至{rule.last}只有{len(days)}个工作日，{len(wanted)}个市每市至少一日，安排不下；"
            "请调整督查起止日期"
        )
    most = rule.visits.most_a_day
    stays = [-(-count // most) for count in wanted]
    while sum(stays) > len(days):
        longest = max(stays)
        stays[len(stays) - 1 - stays[::-1].index(longest)] -= 1
    return [min(count, stay * most) for count, stay in zip(wanted, stays, strict=True)]


def _left(rule: InspectionRules, projects: Sequence[ProjectShot]) -> int:
    """How many of a city's projects are to be visited still."""
    visited = sum(_is_visited(rule, item) for item in projects)
    return max(0, _wanted(rule, len(projects)) - visited)


def _is_visited(rule: InspectionRules, project: ProjectShot) -> bool:
    on = project.milestones.get(rule.visited)
    return on is not None and rule.first <= on <= rule.last


def _wanted(rule: InspectionRules, size: int) -> int:
    share = (rule.visits.share * size).to_integral_value(ROUND_CEILING)
    return min(size, max(rule.visits.least, int(share)))


def _picked(
    rule: InspectionRules,
    projects: Sequence[ProjectShot],
    risks: Mapping[str, VisitRisk],
    count: int,
) -> Sequence[ProjectShot]:
    """The first of every county by risk, then the second ones, and so on; in order of code."""
    seen = Counter(item.county for item in projects if _is_visited(rule, item))
    left = [item for item in projects if not _is_visited(rule, item)]
    ordered = sorted(left, key=lambda item: (_held(item), risks[item.code].order, item.code))
    turns: list[tuple[int, int]] = []
    for place, project in enumerate(ordered):
        turns.append((seen[project.county], place))
        seen[project.county] += 1
    picked = (ordered[place] for _, place in sorted(turns)[:count])
    return sorted(picked, key=lambda item: item.code)


def _held(project: ProjectShot) -> bool:
    return project.disposition is Disposition.HELD


def _of_city(
    rule: InspectionRules,
    projects: Sequence[ProjectShot],
    risks: Mapping[str, VisitRisk],
    count: int,
    ahead: Iterator[date],
) -> Iterator[Visit]:
    """A city's visits, which use up as many of the days ahead as they need."""
    most = rule.visits.most_a_day
    days = list(islice(ahead, -(-count // most)))
    average = Decimal(sum(risks[item.code].percent for item in projects)) / len(projects)
    for place, item in enumerate(_picked(rule, projects, risks, count)):
        told = tuple(_reasons(risks[item.code], average)) or ("按县（市、区）分布安排",)
        yield Visit(days[place // most], item.city, item.county, item.code, item.name, told)


def _risks(shot: Snapshot, plan: Plan) -> Mapping[str, VisitRisk]:
    late: dict[str, list[str]] = defaultdict(list)
    for item in shot.deadlines:
        if item.kind is SubjectKind.PROJECT and item.standing is Standing.OVERDUE:
            late[item.subject].append(item.title)
    return {item.code: _risk(plan, item, tuple(late[item.code])) for item in shot.projects}


def _risk(plan: Plan, project: ProjectShot, late: tuple[str, ...]) -> VisitRisk:
    start = plan.report.started if plan.report else None
    started = start is None or start in project.milestones
    percents = [report.percent for report in project.progress]
    return VisitRisk(
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


def _reasons(risk: VisitRisk, average: Decimal) -> Iterator[str]:
    if risk.late:
        yield f"逾期{len(risk.late)}项：{'、'.join(risk.late)}"
    if risk.stalled:
        yield f"形象进度连续{risk.stalled}个月没有增长"
    if not risk.started:
        yield "尚未开工"
    elif risk.percent < average:
        yield f"形象进度{risk.percent}%，低于全市平均水平"
    if risk.missing:
        yield f"已下达和承诺的资金尚有{risk.missing / TEN_THOUSAND:.2f}万元未到位"

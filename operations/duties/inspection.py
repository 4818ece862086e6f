"""年中督查 (五(七)): the plan of visits with its forms in May, and what was found in August."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from common.words import short_date
from documents.forms.inspection import InspectedProject, inspection_rule
from documents.lists.inspection_lists import (
    CityInspection,
    ProjectInspection,
    found_leaves,
    visit_leaves,
)
from documents.reading.identity import Identity
from documents.writing.layout import to_bytes
from models.audits import PlainAudit, newest
from operations.cases.desk import Desk
from operations.duties.products import Job, JobOccasion, KeptProduct, ProductFile, kept
from operations.views.snapshots import rows_by, snapshot
from operations.workbooks.inspection import VISIT_KINDS, about, is_visit, laid_out, said_in
from operations.workbooks.versions import words_in
from policy.schema import Plan
from policy.vocabulary import Form, Product, Standing
from states.deadlines import DONE
from states.risk import risks
from states.snapshot import Snapshot
from states.visits import UnvisitedProject, Visit, choose, left_out
from states.workdays import DAY, if_known

NO_VISIT = "未督查"
NOTHING_FOUND = "未发现问题"
NOT_PLANNED = "未列入督查安排"


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit, and what 督查表 says of the project beforehand."""

    visit: Visit
    about: InspectedProject


@dataclass(frozen=True, slots=True)
class VisitList:
    """The plan of visits (年中督查安排)."""

    as_of: date
    version: int
    """The newest record that its forms could know of."""
    projects: tuple[tuple[str, int], ...]
    """Each city with the number of its projects, in the plan's order."""
    stops: tuple[PlannedVisit, ...]
    unvisited: tuple[UnvisitedProject, ...] = ()
    """Why the others are not visited; empty in plans that were kept before it was said."""


@dataclass(frozen=True, slots=True)
class VisitedProject:
    """What was found at one project."""

    city: str
    county: str
    code: str
    name: str
    on: date
    inspectors: str
    opinion: str
    """督查意见; for a visit that was recorded without a form, the words of the record."""
    answers: Mapping[str, str]
    """是 or 否 by item; empty without a form."""
    problems: Mapping[str, str]
    """By item."""
    due: date | None
    """Until when rectification is not late; None where none was ordered."""
    standing: Standing | None
    """How it stands."""


@dataclass(frozen=True, slots=True)
class InspectionSummary:
    """What the inspection found (年中督查情况)."""

    as_of: date
    cities: tuple[tuple[str, date | None], ...]
    """Each city in the plan's order, with the day on which its inspection is on record."""
    items: tuple[tuple[str, str], ...]
    """Id and label of what was looked at."""
    visits: tuple[VisitedProject, ...]
    """By city in the plan's order, then by day."""
    unvisited: tuple[UnvisitedProject, ...] = ()
    """All others that go on, in the order of the plan of visits."""


def _year(plan: Plan) -> str:
    """``2023年``: that of the visits, of which a plan may have several."""
    return f"{inspection_rule(plan).first.year}年"


def _visits_due(desk: Desk) -> Iterator[JobOccasion]:
    if rule := desk.plan.inspection:
        yield JobOccasion(str(desk.plan.year), desk.plan.province, rule.visits.made_on, rule.last)


def _plan_visits(session: Session, desk: Desk, asked: JobOccasion) -> VisitList:
    shot = snapshot(session, desk, f"{asked.on:%Y-%m}", asked.on)
    chosen = choose(shot, desk.plan, desk.calendar)
    if not chosen.visits:
        done = desk.plan.said("各市应督查的项目都已督查，不必再")
        why = done if shot.projects else "还没有项目，无法"
        raise RefusedError(f"截至{asked.on}{why}编制{Product.VISITS.label}")
    return VisitList(
        as_of=asked.on,
        version=newest(session, desk.plan),
        projects=tuple(
            (city.name, len(shot.of_city(city.name).going_on)) for city in desk.plan.cities
        ),
        stops=tuple(
            PlannedVisit(visit, about(desk.plan, shot, visit.code)) for visit in chosen.visits
        ),
        unvisited=chosen.unvisited,
    )


def _plan_files(desk: Desk, made: KeptProduct[VisitList]) -> Iterator[ProductFile]:
    """The schedule, and a form for each project that is visited."""
    content, plan = made.content, desk.plan
    title = f"{_year(plan)}{plan.programme}{made.kind.label}"
    visits = [stop.visit for stop in content.stops]
    note = f"编制依据：截至{content.as_of}的登记情况（{inspection_rule(plan).clause}，日程为建议）"
    leaves = visit_leaves(plan, title, visits, content.unvisited, content.projects, note)
    yield ProductFile(f"{_year(plan)}{made.kind.label}.xlsx", to_bytes(leaves))
    for stop in content.stops:
        who = Identity(plan.id, Form.INSPECTION, stop.visit.code, "", content.version)
        form = laid_out(desk, who, stop.about)
        yield ProductFile(form.name, form.content)


VISITS = Job(Product.VISITS, VisitList, _visits_due, _plan_visits, _plan_files)


def _findings_due(desk: Desk) -> Iterator[JobOccasion]:
    rule = desk.plan.inspection
    if rule and (on := if_known(desk.calendar.on_or_after, rule.last + DAY)):
        yield JobOccasion(str(desk.plan.year), desk.plan.province, on)


def _find(session: Session, desk: Desk, asked: JobOccasion) -> InspectionSummary:
    rule = inspection_rule(desk.plan)
    shot = snapshot(session, desk, f"{asked.on:%Y-%m}", asked.on)
    met = {item.city: item.fulfilled_on for item in shot.deadlines if item.rule == rule.deadline}
    order = [city.name for city in desk.plan.cities]
    visits = list(_visited(desk, shot, rows_by(session, desk.plan, asked.on, *VISIT_KINDS)))
    planned = kept(session, desk, VISITS, asked.period, asked.subject)
    return InspectionSummary(
        as_of=asked.on,
        cities=tuple((name, met.get(name)) for name in order),
        items=tuple((item.id, item.label) for item in rule.items),
        visits=tuple(sorted(visits, key=lambda each: (order.index(each.city), each.on, each.code))),
        unvisited=tuple(_unvisited(desk, shot, visits, planned.content if planned else None)),
    )


def _unvisited(
    desk: Desk, shot: Snapshot, visits: Iterable[VisitedProject], planned: VisitList | None
) -> list[UnvisitedProject]:
    """What goes on and was not visited, the most at risk first, and what the plan says of it."""
    seen = {each.code for each in visits}
    said = {each.code: each.why for each in planned.unvisited} if planned else {}
    days = {stop.visit.code: stop.visit.day for stop in planned.stops} if planned else {}
    listed = {item.code: item for item in risks(desk.plan, shot, desk.calendar)}
    order = [city.name for city in desk.plan.cities]
    left = (
        left_out(item, listed.get(item.code), _why(days.get(item.code), said.get(item.code)))
        for item in shot.going_on
        if item.code not in seen
    )
    return sorted(left, key=lambda it: (order.index(it.city), -it.points, it.code))


def _why(day: date | None, said: str | None) -> str:
    return f"已安排{short_date(day)}督查，没有督查表" if day else said or NOT_PLANNED


def _visited(desk: Desk, shot: Snapshot, trail: Sequence[PlainAudit]) -> Iterator[VisitedProject]:
    """The last visit of each project that lies in the window, by the rows that count."""
    rule = inspection_rule(desk.plan)
    rows = {
        row.subject: row
        for row in trail
        if is_visit(rule, row) and rule.first <= row.effective_on <= rule.last
    }
    tasks = {item.subject: item for item in shot.deadlines if item.rule == rule.rectify}
    for project in shot.projects:
        if row := rows.get(project.code):
            said, task = said_in(row), tasks.get(project.code)
            asked = task is not None and rule.ordered in project.milestones
            yield VisitedProject(
                city=project.city,
                county=project.county,
                code=project.code,
                name=project.name,
                on=row.effective_on,
                inspectors=said.get("inspectors", ""),
                opinion=said.get("opinion", "") if said else words_in(row.evidence),
                answers=said.get("answers", {}),
                problems=said.get("problems", {}),
                due=task.due if task and asked else None,
                standing=task.standing if task and asked else None,
            )


def _found_files(desk: Desk, made: KeptProduct[InspectionSummary]) -> Iterator[ProductFile]:
    content, plan = made.content, desk.plan
    labels = dict(content.items)
    cities = [_city(city, met, content.visits) for city, met in content.cities]
    projects = [_project(each, labels) for each in content.visits]
    items = [
        (
            label,
            sum(id in each.answers for each in content.visits),
            sum(id in each.problems for each in content.visits),
        )
        for id, label in content.items
    ]
    title = f"{_year(plan)}{plan.programme}{made.kind.label}"
    leaves = found_leaves(
        plan, title, cities, projects, content.unvisited, items, _note(plan, content)
    )
    yield ProductFile(f"{_year(plan)}{made.kind.label}.xlsx", to_bytes(leaves))


INSPECTION = Job(Product.INSPECTION, InspectionSummary, _findings_due, _find, _found_files)


def _note(plan: Plan, content: InspectionSummary) -> str:
    missed = [city for city, met in content.cities if met is None and not _of(city, content.visits)]
    some = f"{NO_VISIT}{plan.said('的市')}：{'、'.join(missed)}"
    told = some if missed else plan.said("各市均已督查")
    return f"截至{content.as_of}　{told}"


def _of(city: str, visits: Iterable[VisitedProject]) -> list[VisitedProject]:
    return [each for each in visits if each.city == city]


def _city(city: str, met: date | None, visits: Sequence[VisitedProject]) -> CityInspection:
    mine = _of(city, visits)
    days = [each.on for each in mine]
    stands = [each.standing for each in mine if each.standing is not None]
    return CityInspection(
        city=city,
        first=min(days, default=met),
        last=max(days, default=met),
        visited=len(mine),
        faulty=sum(bool(each.problems) for each in mine),
        rectified=sum(each in DONE for each in stands),
        open=sum(each not in (*DONE, Standing.OVERDUE) for each in stands),
        late=stands.count(Standing.OVERDUE),
        state=_city_state(mine, met),
    )


def _city_state(mine: Sequence[VisitedProject], met: date | None) -> str:
    if mine:
        return "已督查"
    return NO_VISIT if met is None else f"已登记督查（{met}），没有项目督查表"


def _project(each: VisitedProject, labels: Mapping[str, str]) -> ProjectInspection:
    problems = "；".join(f"{labels.get(id, id)}：{words}" for id, words in each.problems.items())
    return ProjectInspection(
        city=each.city,
        county=each.county,
        name=each.name,
        code=each.code,
        on=each.on,
        inspectors=each.inspectors,
        problems=problems or NOTHING_FOUND,
        opinion=each.opinion,
        due=each.due,
        state=_state(each.standing),
    )


def _state(standing: Standing | None) -> str:
    if standing is None:
        return "无须整改"
    told = {
        Standing.MET: "已整改",
        Standing.MET_LATE: "逾期整改完成",
        Standing.OVERDUE: "逾期未整改",
        Standing.SUSPENDED: "项目暂停，暂缓整改",
        Standing.VOID: "项目已终止",
    }
    return told.get(standing, "整改中")

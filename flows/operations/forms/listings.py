"""What people look things up in: 项目台账, 逾期清单, 资金一览, as of a day."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from documents import lists
from documents.layout import Leaf, to_bytes
from documents.summary import city_named
from flows.operations.desk import Desk
from flows.operations.forms.making import Made, Request
from flows.operations.funds import FundsView, funds_views
from flows.operations.overview import (
    DeadlineView,
    deadline_views,
    projects,
    responsible,
    with_standing,
)
from models.projects import subjects
from models.tables import Subject
from policy.schema import Plan
from policy.vocabulary import Source, Standing
from states.deadlines import LATE, PRESSING
from states.dossier import Dossier
from states.ledger import from_below, stated
from states.subsidy import subsidy


def make_projects(session: Session, desk: Desk, request: Request, today: date) -> Made:
    """项目台账 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    found = [item for item in projects(desk) if request.subject in (None, item.city)]
    lamps = _lamps(deadline_views(desk, today))
    marks = _marks(desk.plan)
    lines = [_project(desk, item, lamps.get(item.code, Standing.ON_TRACK)) for item in found]
    dated = [
        lists.DatedProject(
            item.city,
            item.county,
            item.code,
            item.name,
            tuple(item.milestones.get(mark) for mark in marks),
        )
        for item in found
    ]
    leaves = lists.project_leaves(
        _title(desk, request, today),
        lines,
        [desk.plan.milestone(mark).label for mark in marks],
        dated,
        list(_curve(desk.plan, found, marks, today)),
        _footer(request, today),
    )
    return _made(request, today, leaves)


def make_overdue(session: Session, desk: Desk, request: Request, today: date) -> Made:
    """逾期清单 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    views = [
        view
        for view in with_standing(deadline_views(desk, today), *LATE)
        if request.subject in (None, view.city)
    ]
    owners = subjects(session, desk.plan, sorted({view.subject for view in views}))
    counted = Counter((view.city, view.standing) for view in views)
    cities = [
        (
            city.name,
            counted[city.name, Standing.OVERDUE],
            counted[city.name, Standing.COORDINATING],
        )
        for city in desk.plan.cities
        if request.subject in (None, city.name)
    ]
    lines = [_late(desk, view, owners[view.subject], today) for view in views]
    leaves = lists.late_leaves(_title(desk, request, today), lines, cities, _footer(request, today))
    return _made(request, today, leaves)


def make_funds(session: Session, desk: Desk, request: Request, today: date) -> Made:
    """资金一览 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    views = funds_views(desk, request.subject)
    counties = {item.code: item.county for item in projects(desk)}
    lines = [_funds(view, counties[view.code]) for view in views]
    cities = [
        _sum(city.name, [line for line in lines if line.city == city.name])
        for city in desk.plan.cities
        if any(line.city == city.name for line in lines)
    ]
    title, footer = _title(desk, request, today), _footer(request, today)
    return _made(request, today, lists.funds_leaves(title, lines, cities, footer))


def _project(desk: Desk, item: Dossier, lamp: Standing) -> lists.ProjectLine:
    latest = item.progress[-1] if item.progress else None
    return lists.ProjectLine(
        city=item.city,
        county=item.county,
        county_type=item.county_type,
        code=item.code,
        name=item.name,
        stage=desk.plan.stage(item.stage).label,
        disposition=item.disposition.label,
        lamp=lamp.label,
        subsidy=subsidy(desk.plan, item.profile, item.county_type),
        percent=latest.percent if latest else None,
        invested=latest.invested if latest else None,
        profile=item.profile,
    )


def _lamps(views: Sequence[DeadlineView]) -> Mapping[str, Standing]:
    """Per subject, the severest standing of its deadlines; 正常 where none is pressing."""
    found: dict[str, Standing] = {}
    for standing in reversed(PRESSING):
        found |= {view.subject: standing for view in views if view.standing is standing}
    return found


def _marks(plan: Plan) -> tuple[str, ...]:
    """The milestone that ends each stage, in the plan's order, and those that finish a project."""
    ends = [
        action.records[0]
        for stage in plan.stage_order
        for action in plan.actions
        if stage in action.leaves and action.records
    ]
    return tuple(dict.fromkeys((*ends, *plan.finished_by)))


def _curve(
    plan: Plan, found: Sequence[Dossier], marks: Sequence[str], today: date
) -> Iterator[tuple[str | int, ...]]:
    """For each month of the year so far, how many projects had reached each milestone."""
    last = today.month if today.year == plan.year else 12
    for month in range(1, last + 1):
        end = (plan.year, month)
        counts = (
            sum((on.year, on.month) <= end for item in found if (on := item.milestones.get(mark)))
            for mark in marks
        )
        yield (f"{plan.year}-{month:02d}", *counts)


def _late(desk: Desk, view: DeadlineView, owner: Subject, today: date) -> lists.LateLine:
    rule = desk.deadlines[view.rule].rule
    return lists.LateLine(
        city=view.city,
        county=view.county,
        name=view.name,
        code=view.subject,
        title=view.title,
        clause=view.clause,
        remind_by=view.remind_by,
        overdue_after=view.overdue_after,
        days=(today - view.overdue_after).days if view.overdue_after else 0,
        lamp=view.standing.label,
        responsible=responsible(desk, rule.responsible, owner),
        to_do=rule.to_do,
    )


def _funds(view: FundsView, county: str) -> lists.FundsLine:
    got = view.received
    return lists.FundsLine(
        city=view.city,
        county=county,
        code=view.code,
        name=view.name,
        subsidy=view.subsidy,
        released=view.released,
        province=got[Source.PROVINCE],
        promised=stated(view.promised.values()),
        matched=from_below(got),
        other=got[Source.OTHER],
        spent=view.spent,
        balance=view.balance,
        as_built=view.as_built,
    )


def _sum(city: str, lines: Sequence[lists.FundsLine]) -> lists.FundsLine:
    """The city's line; what no project states stays unstated."""
    sums = {it.key: stated(getattr(line, it.key) for line in lines) for it in lists.SUMS}
    return lists.FundsLine(city, "", "", "", **sums)  # type: ignore[arg-type]  # booked sums are stated


def _of_city(desk: Desk, request: Request) -> Request:
    """The request with its city's full name."""
    if request.subject is None:
        return request
    return replace(request, subject=city_named(desk.plan, request.subject).name)


def _title(desk: Desk, request: Request, today: date) -> str:
    place = request.subject or desk.plan.province
    return f"{place} {desk.plan.name}{request.kind.label}（截至{today:%Y-%m-%d}）"


def _footer(request: Request, today: date) -> str:
    return f"{request.kind.label}　截至{today:%Y-%m-%d}"


def _made(request: Request, today: date, leaves: Sequence[Leaf]) -> Made:
    place = f"{request.subject} " if request.subject else ""
    return Made(f"{place}{request.kind.label} {today:%Y-%m-%d}.xlsx", to_bytes(leaves))

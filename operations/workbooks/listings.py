"""What people look things up in: 项目台账, 逾期清单, 资金一览, as of a day."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from documents.forms.summary import city_named
from documents.lists import lists
from documents.writing.layout import Leaf, to_bytes
from operations.cases.desk import Desk
from operations.views.funds import TOTAL, by_city, funds_views, total
from operations.views.overview import DeadlineView, deadline_views, projects, with_standing
from operations.views.tables import city_funds_table, deadline_table, funds_table
from operations.workbooks.outgoing import OutgoingWorkbook, WorkbookOrder
from policy.schema import Plan
from policy.vocabulary import Standing
from states.deadlines import LATE, PRESSING
from states.dossier import Dossier
from states.subsidy import subsidy


def make_projects(
    session: Session, desk: Desk, request: WorkbookOrder, today: date
) -> OutgoingWorkbook:
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


def make_overdue(
    session: Session, desk: Desk, request: WorkbookOrder, today: date
) -> OutgoingWorkbook:
    """逾期清单 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    views = [
        view
        for view in with_standing(deadline_views(desk, today), *LATE)
        if request.subject in (None, view.city)
    ]
    counted = Counter((view.city, view.standing) for view in views)
    cities = [
        (city.name, counted[city.name, Standing.OVERDUE], counted[city.name, Standing.COORDINATING])
        for city in desk.plan.cities
        if request.subject in (None, city.name)
    ]
    late = deadline_table(_title(desk, request, today), views, today)
    leaves = lists.late_leaves(late, cities, _footer(request, today))
    return _made(request, today, leaves)


def make_funds(
    session: Session, desk: Desk, request: WorkbookOrder, today: date
) -> OutgoingWorkbook:
    """资金一览 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    views = funds_views(desk, request.subject)
    cities = [city for city in by_city(desk.plan, views) if request.subject in (None, city.place)]
    title = _title(desk, request, today)
    leaves = lists.funds_leaves(
        funds_table(title, views),
        city_funds_table(f"{title}（各市）", cities, total(TOTAL, views)),
        ("市", "应补助", "已下达", "省补到账"),
        _footer(request, today),
    )
    return _made(request, today, leaves)


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


def _of_city(desk: Desk, request: WorkbookOrder) -> WorkbookOrder:
    """The request with its city's full name."""
    if request.subject is None:
        return request
    return replace(request, subject=city_named(desk.plan, request.subject).name)


def _title(desk: Desk, request: WorkbookOrder, today: date) -> str:
    place = request.subject or desk.plan.province
    return f"{place} {desk.plan.name}{request.kind.label}（截至{today:%Y-%m-%d}）"


def _footer(request: WorkbookOrder, today: date) -> str:
    return f"{request.kind.label}　截至{today:%Y-%m-%d}"


def _made(request: WorkbookOrder, today: date, leaves: Sequence[Leaf]) -> OutgoingWorkbook:
    place = f"{request.subject} " if request.subject else ""
    return OutgoingWorkbook(f"{place}{request.kind.label} {today:%Y-%m-%d}.xlsx", to_bytes(leaves))

"""What people look things up in: 项目台账, 逾期清单, 资金一览, as of a day."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlmodel import Session

from common.files import safe_name
from common.table import DataTable
from documents.forms.summary import city_named
from documents.lists import overviews
from documents.writing.layout import Leaf, to_bytes, worded
from documents.writing.rows import Value
from operations.cases.desk import Desk
from operations.views.funds import TOTAL, by_city, funds_views, total
from operations.views.overview import DeadlineView, Survey, in_chains, survey, with_standing
from operations.views.tables import (
    city_funds_table,
    deadline_table,
    fund_table,
    funds_table,
    targets_table,
)
from operations.workbooks.outgoing import OutgoingWorkbook, WorkbookOrder
from policy.schema import Plan
from policy.vocabulary import Basis, Standing
from states.deadlines import LATE
from states.dossier import Dossier
from states.snapshot import months
from states.subsidy import subsidy
from states.targets import figures


def make_projects(
    session: Session, desk: Desk, request: WorkbookOrder, today: date
) -> OutgoingWorkbook:
    """项目台账 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    seen = survey(desk, today, known=request.known)
    found = [item for item in seen.projects if request.subject in (None, item.city)]
    lamps = _lamps(seen.views)
    marks = _marks(desk.plan)
    lines = [_project(desk, item, lamps.get(item.code, Standing.ON_TRACK.label)) for item in found]
    dated = [
        overviews.DatedProject(
            item.city,
            item.county,
            item.code,
            item.name,
            tuple(item.milestones.get(mark) for mark in marks),
        )
        for item in found
    ]
    leaves = overviews.project_leaves(
        desk.plan,
        _title(desk, request, seen),
        lines,
        [desk.plan.milestone(mark).label for mark in marks],
        dated,
        list(_curve(desk.plan, found, marks, today)),
        f"{_footer(request, seen)}　{desk.plan.notice.openness}",
        None if request.subject else _targets(desk.plan, found),
    )
    return _made(desk.plan, request, seen, leaves)


def _targets(plan: Plan, found: Sequence[Dossier]) -> DataTable | None:
    reached = figures(plan, found)
    return targets_table(plan, reached) if reached else None


def make_overdue(
    session: Session, desk: Desk, request: WorkbookOrder, today: date
) -> OutgoingWorkbook:
    """逾期清单 of the province, or of one city. RefusedError for an unknown one.

    What provincial bodies have to do is held against no city.
    """
    request = _of_city(desk, request)
    seen = survey(desk, today, known=request.known)
    views = [
        view
        for view in with_standing(in_chains(seen.views), *LATE)
        if request.subject is None or (request.subject == view.city and not view.provincial)
    ]
    counted = Counter((view.city, view.state) for view in views if not view.provincial)
    cities: list[Sequence[Value]] = [
        (city.name, *(counted[city.name, state] for state in overviews.LATE_STATES))
        for city in desk.plan.cities
        if request.subject in (None, city.name)
    ]
    late = deadline_table(_title(desk, request, seen), views, today)
    leaves = overviews.late_leaves(late, cities, _footer(request, seen))
    return _made(desk.plan, request, seen, leaves)


def make_funds(
    session: Session, desk: Desk, request: WorkbookOrder, today: date
) -> OutgoingWorkbook:
    """资金一览 of the province, or of one city. RefusedError for an unknown one."""
    request = _of_city(desk, request)
    seen = survey(desk, today, known=request.known)
    views = funds_views(desk, seen, request.subject)
    cities = [city for city in by_city(desk.plan, views) if request.subject in (None, city.place)]
    title = _title(desk, request, seen)
    whole, plan = total(TOTAL, views), desk.plan
    leaves = overviews.funds_leaves(
        plan,
        funds_table(title, views),
        city_funds_table(f"{title}{plan.said('（各市）')}", cities, whole),
        ("市", "应补助", "已下达", "省补到账"),
        _footer(request, seen),
        fund_table(plan, f"{title}（各笔资金）", [*cities, whole]) if plan.funds else None,
    )
    return _made(desk.plan, request, seen, leaves)


def _project(desk: Desk, item: Dossier, lamp: str) -> overviews.ProjectLine:
    latest = item.progress[-1] if item.progress else None
    return overviews.ProjectLine(
        city=item.city,
        county=item.county,
        county_type=item.county_type,
        code=item.code,
        name=item.name,
        stage=desk.plan.stage(item.stage).label,
        disposition=item.disposition.label,
        lamp=lamp,
        subsidy=subsidy(desk.plan, item.profile, item.county_type),
        percent=latest.percent if latest else None,
        invested=latest.invested if latest else None,
        profile=item.profile,
    )


def _lamps(views: Sequence[DeadlineView]) -> Mapping[str, str]:
    """Per subject, how the severest of its pressing deadlines stands, the province's aside."""
    found: dict[str, str] = {}
    for state in (Standing.DUE_SOON.label, *reversed(overviews.LATE_STATES)):
        found |= {it.subject: state for it in views if it.state == state and not it.provincial}
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
    """For each month of the plan so far, how many projects had reached each milestone."""
    for month in (each for each in months(plan) if each <= f"{today:%Y-%m}"):
        counts = (
            sum(f"{on:%Y-%m}" <= month for item in found if (on := item.milestones.get(mark)))
            for mark in marks
        )
        yield (month, *counts)


def _of_city(desk: Desk, request: WorkbookOrder) -> WorkbookOrder:
    """The request with its city's full name."""
    if request.subject is None:
        return request
    return replace(request, subject=city_named(desk.plan, request.subject).name)


def _title(desk: Desk, request: WorkbookOrder, seen: Survey) -> str:
    place = request.subject or desk.plan.province
    day = f"截至{seen.as_of:%Y-%m-%d}{seen.basis.said}"
    return f"{place} {desk.plan.name}{request.kind.label}（{day}）"


def _footer(request: WorkbookOrder, seen: Survey) -> str:
    return f"{request.kind.label}　截至{seen.as_of:%Y-%m-%d}{seen.basis.said}"


def _made(
    plan: Plan, request: WorkbookOrder, seen: Survey, leaves: Sequence[Leaf]
) -> OutgoingWorkbook:
    place = f"{request.subject} " if request.subject else ""
    basis = f" {seen.basis.label}" if seen.basis is Basis.ON_RECORD else ""
    name = f"{place}{request.kind.label} {seen.as_of:%Y-%m-%d}{basis}.xlsx"
    return OutgoingWorkbook(safe_name(name), to_bytes(worded(plan, leaves)))

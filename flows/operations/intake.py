"""Workbooks in: recognised, read whole, compared with what is stored, written all or nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from documents.applications import ApplicationRow, Applications, read_applications
from documents.workbook import Form, recognise
from flows.operations.contacts import import_contacts
from flows.operations.desk import Desk
from models.audits import NewRow, add_audit
from models.database import writing
from models.plans import add_deadlines, require_plan
from models.projects import add_project, dossier, find_project, set_columns
from policy.errors import RefusedError
from policy.schema import City
from policy.vocabulary import AuditKind, Disposition, Level, SubjectKind
from states.dossier import PROFILE_FIELDS, PROFILE_LABELS, REVIEWED_FIELDS, Profile
from states.trail import Effects, to_detail


@dataclass(frozen=True, slots=True)
class Imported:
    """What one workbook changed, in projects or contacts."""

    file: str
    form: str
    city: str
    added: int
    changed: int
    unchanged: int


def import_workbook(
    desk: Desk,
    path: Path,
    city: str | None,
    *,
    today: date,
    at: datetime,
    confirmed: bool = False,
) -> Imported:
    """Import one workbook whole, or refuse it whole with every reason. RefusedError.

    `confirmed` accepts figures that are not plausible: somebody has looked at them again.
    """
    if recognise(path) is Form.CONTACTS:
        return Imported(path.name, "通讯录", "", *import_contacts(desk, path))
    applications = read_applications(path, desk.plan, city, confirmed=confirmed)
    return _import_applications(desk, path, applications, today, at)


def add_named_sites(session: Session, desk: Desk, at: datetime) -> None:
    """Add the projects of the sites that the notice names, unless they are there already."""
    for site in desk.plan.sites:
        city = desk.plan.city(site.city)
        assert city is not None  # noqa: S101  # the plan is validated
        profile = Profile(street=site.street, community=site.community, kind=site.kind)
        row = ApplicationRow(site.county, profile)
        if _compare(session, desk, city, row)[0] is None:
            actor = "、".join(desk.plan.notice.issuers)
            _take(session, desk, city, row, Origin(actor, desk.plan.notice.number), at=at)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who states what a row says, in which paper, and when it came in; None: with the notice."""

    actor: str
    paper: str
    on: date | None = None


def _import_applications(
    desk: Desk, path: Path, applications: Applications, today: date, at: datetime
) -> Imported:
    city = desk.plan.city(applications.city)
    assert city is not None  # noqa: S101  # the reader resolves it in the plan
    with writing(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar, lock=True)
        _refuse_closed(session, desk, path, city, applications)
        origin = Origin(desk.plan.office(Level.CITY, city.name), path.name, today)
        outcomes = [_take(session, desk, city, row, origin, at=at) for row in applications.rows]
    return Imported(
        path.name,
        "汇总表",
        city.name,
        outcomes.count("added"),
        outcomes.count("changed"),
        outcomes.count("unchanged"),
    )


def _take(
    session: Session, desk: Desk, city: City, row: ApplicationRow, origin: Origin, *, at: datetime
) -> str:
    code, changes = _compare(session, desk, city, row)
    outcome = "changed" if code else "added"
    if code and not changes:
        return "unchanged"
    columns = dict(changes)
    if code:
        set_columns(session, desk.plan, code, columns)
    else:
        code = _add(session, desk, city, row)
        start = {"stage": desk.plan.stage_order[0], "disposition": Disposition.ACTIVE}
        columns = {**start, **columns}
    said = NewRow(
        subject=code,
        kind=AuditKind.IMPORT,
        action="import",
        actor=origin.actor,
        on=origin.on or desk.plan.notice.issued_on,
        at=at,
        clause="附件3" if origin.on else desk.plan.quota.clause,
        evidence=origin.paper,
        detail=to_detail(Effects(columns=columns)),
    )
    add_audit(session, desk.plan, said)
    return outcome


def _add(session: Session, desk: Desk, city: City, row: ApplicationRow) -> str:
    county = city.county(row.county)
    assert county is not None  # noqa: S101  # the reader resolves it in the plan
    values = {name: _column(getattr(row.profile, name)) for name in PROFILE_FIELDS}
    values |= {"county_code": county.code, "county_type": county.type}
    code = add_project(session, desk.plan, city.name, county.name, values)
    kind, calendar = SubjectKind.PROJECT, desk.calendar
    add_deadlines(session, desk.plan, calendar, kind, [code], row.profile.kind)
    return code


def _compare(
    session: Session, desk: Desk, city: City, row: ApplicationRow
) -> tuple[str | None, Mapping[str, Any]]:
    """The code of the project if it is known, and what the workbook states differently."""
    county = city.county(row.county)
    profile = row.profile
    assert county is not None  # noqa: S101  # the reader resolves it in the plan
    known = find_project(
        session, desk.plan, county.code, profile.street or "", profile.community or ""
    )
    if known is None:
        return None, _stated(profile)
    stored = dossier(session, desk.plan, known.code).profile
    changes = {
        name: value for name, value in _stated(profile).items() if value != getattr(stored, name)
    }
    return known.code, changes


def _refuse_closed(
    session: Session, desk: Desk, path: Path, city: City, applications: Applications
) -> None:
    """What experts review may not change by workbook once the application is closed."""
    faults = [
        fault for row in applications.rows for fault in _closed_changes(session, desk, city, row)
    ]
    if faults:
        head = f"{path.name}：以下项目申报已报送，评审内容不得再以汇总表更改；如需更改请先退回补正"
        raise RefusedError("\n".join([head, *faults]))


def _closed_changes(session: Session, desk: Desk, city: City, row: ApplicationRow) -> Iterator[str]:
    code, changes = _compare(session, desk, city, row)
    if code is None:
        return
    order, plan = desk.plan.stage_order, desk.plan
    stored = dossier(session, plan, code)
    if order.index(stored.stage) <= order.index(plan.inputs_close_after):
        return
    for name in REVIEWED_FIELDS:
        if name in changes:
            old, new = _plain(getattr(stored.profile, name)), _plain(changes[name])
            yield f"  · {code} {stored.name}：{PROFILE_LABELS[name]}由“{old}”改为“{new}”"


def _stated(profile: Profile) -> Mapping[str, Any]:
    """The fields that a workbook fills in; an empty cell states nothing."""
    values = {name: getattr(profile, name) for name in PROFILE_FIELDS}
    return {name: value for name, value in values.items() if value not in (None, frozenset())}


def _column(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return "、".join(sorted(value))
    return value if value is None or isinstance(value, int) else str(value)

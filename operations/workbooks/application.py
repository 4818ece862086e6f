"""附件2 of one project in: a new project is added, and what is stated differently is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.application_fields import application_shape
from documents.forms.application_form import (
    ApplicationForm,
    application_name,
    application_sheet,
    asked_fields,
    read_application,
    street_in,
)
from documents.forms.summary import city_named, summary_named
from documents.reading.faults import raise_faults
from models.projects import dossier, dossiers_in
from operations.cases.desk import Desk
from operations.workbooks.incoming import IncomingWorkbook, WorkbookChanges
from operations.workbooks.outgoing import (
    OutgoingWorkbook,
    WorkbookOrder,
    code_of,
    identity,
    is_project,
    refuse_other_city,
    signed,
    the_project,
)
from operations.workbooks.stating import (
    FormStatement,
    Provenance,
    compared,
    differences,
    doubts,
    outdated,
    require_author,
    unwritable,
    write,
)
from policy.cities import City
from policy.schema import Plan
from policy.vocabulary import Form, Level
from states.dossier import Dossier, stated

WHERE = "请写明县（市、区）和街道（乡镇）"


@dataclass(frozen=True, slots=True)
class StatedPlace:
    """Where a form says that its project is, as far as it does."""

    city: City | None
    county: str = ""
    street: str = ""


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Add or change the project of a form. WorkbookError with every fault."""
    read = read_application(paper.book, desk.plan, confirmed=paper.asked.confirmed)
    code = code_of(desk.plan, paper)
    place = _place(desk.plan, paper, read)
    project = (
        _known(session, desk, paper, read, code) if code else _found(session, desk, read, place)
    )
    row = read.placed(*_parts(desk.plan, read, project, place))
    each = compared(session, desk, row, project, paper.version if code else None)
    raise_faults(paper.book.file, [*read.form.faults, *unwritable(desk.plan, each)])
    city = desk.plan.city(project.city) if project else place.city
    assert city is not None  # noqa: S101  # without a city there is a fault
    return _written(session, desk, paper, city, each)


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """附件2 of a project, filled in with what is known; an empty one may be for no project yet."""
    if not asked_fields(desk.plan):
        raise RefusedError(
            f"“{desk.plan.name}”没有规定{Form.APPLICATION.label}；请导出{Form.SUMMARY.label}"
        )
    subject = request.subject or desk.plan.province
    if request.empty and not is_project(desk.plan, subject):
        known, name = {}, subject
    else:
        project = the_project(session, desk, request)
        known = dict(stated(project.profile))
        subject, name = project.code, f"{project.code} {application_name(desk.plan, known)}"
    filled = {} if request.empty else known
    return signed(
        desk,
        identity(session, desk, Form.APPLICATION, subject),
        lambda footer: [application_sheet(desk.plan, filled, footer=footer, protected=True)],
        f"{name} {desk.plan.form_name(Form.APPLICATION)}",
    )


def _written(
    session: Session, desk: Desk, paper: IncomingWorkbook, city: City, each: FormStatement
) -> WorkbookChanges:
    actor = paper.asked.actor or desk.plan.office(Level.CITY, city.name)
    require_author(session, desk, city, [each], actor)
    clause = desk.plan.form_clause(Form.APPLICATION)
    origin = Provenance(actor, paper.evidence, clause, paper.today)
    code = write(session, desk, city, each, origin, paper.at)
    changed, new = bool(each.merged.changes), each.project is None
    return WorkbookChanges(
        code,
        added=int(new),
        changed=int(changed and not new),
        unchanged=int(not changed),
        differences=tuple(differences(desk.plan, code, each)),
        warnings=tuple(doubts(session, desk, [code], [each], paper.today)),
        notes=tuple(outdated(desk.plan, each)),
    )


def _place(plan: Plan, paper: IncomingWorkbook, read: ApplicationForm) -> StatedPlace:
    """What the form's address says, in the city that it is of."""
    address = str(read.stated.get("address", ""))
    city = _city(plan, paper, read, address)
    counties = [
        (address.index(county.name), -len(county.name), county.name)
        for county in (city.counties if city else ())
        if county.name in address
    ]
    county = min(counties)[2] if counties else ""
    above = city.name if city and city.undivided else county
    return StatedPlace(city, county, (street_in(plan, address, above) if above else None) or "")


def _city(plan: Plan, paper: IncomingWorkbook, read: ApplicationForm, address: str) -> City | None:
    """The city that is asked for, else the one that is named, in the surest place first."""
    signed = paper.identity.subject if paper.identity else ""
    if plan.city(signed):
        return city_named(plan, paper.city() or signed)
    if paper.asked.city:
        return city_named(plan, paper.asked.city)
    for words in (address, " ".join(read.form.texts()), paper.book.file):
        named = [city for city in plan.cities if city.name in words]
        if len(named) == 1:
            return named[0]
    owners = [city for city in plan.cities if any(c.name in address for c in city.counties)]
    return owners[0] if len(owners) == 1 else None


def _known(
    session: Session, desk: Desk, paper: IncomingWorkbook, read: ApplicationForm, code: str
) -> Dossier:
    """The project of that code; a name that is not its own is a fault."""
    project = dossier(session, desk.plan, code)
    refuse_other_city(desk.plan, paper, project)
    if read.name is not None and not _is_called(project, read.name):
        shown = application_name(desk.plan, stated(project.profile))
        reason = f"与编码不符，编码{code}的项目为“{shown}”；请核对编码和项目名称"
        if paper.identity:
            reason = f"项目名称是受保护的内容，编码{code}的项目为“{shown}”；请恢复原样"
        read.form.refuse("project", reason)
    return project


def _found(
    session: Session, desk: Desk, read: ApplicationForm, place: StatedPlace
) -> Dossier | None:
    """The project that the form names; None when it is new, or with a fault noted."""
    if not _says_enough(desk.plan, read, place) or place.city is None:
        return None
    alike = [
        project
        for project in dossiers_in(session, desk.plan, place.city.name)
        if _is_called(project, read.name or "") and place.county in ("", project.county)
    ]
    address = str(read.stated.get("address", ""))
    sure = [project for project in alike if (project.profile.street or "") in address]
    found = sure or (alike if not place.street else [])
    if len(found) == 1:
        return found[0]
    if alike:
        _refuse_doubtful(desk.plan, read, place, alike)
    elif not _is_whole(desk.plan, place):
        read.form.refuse("address", f"{place.city.name}没有这个项目；新报送的项目{WHERE}")
    return None


def _is_whole(plan: Plan, place: StatedPlace) -> bool:
    """Whether it says all that a new project needs."""
    undivided = place.city is not None and place.city.undivided
    return bool((place.county or undivided) and (place.street or "street" not in plan.name_parts))


def _says_enough(plan: Plan, read: ApplicationForm, place: StatedPlace) -> bool:
    """Whether name and city are known; notes a fault where one is not."""
    if read.name is None:
        if read.form.value("project") is None:
            read.form.refuse("project", f"未填写项目名称；请按“{application_shape(plan)}”填写")
        return False
    if place.city is None:
        where = plan.said(f"无法判断是哪个市的项目；请写明市，{WHERE[1:]}")
        read.form.refuse("address", f"{where}")
    return place.city is not None


def _refuse_doubtful(
    plan: Plan, read: ApplicationForm, place: StatedPlace, alike: Sequence[Dossier]
) -> None:
    """It may be one of several projects, or one whose street is another."""
    listed = "、".join(f"{p.code}（{p.county}{p.profile.street}）" for p in alike)
    if place.street and len(alike) == 1:
        named = summary_named(plan)
        read.form.refuse(
            "address",
            f"街道（乡镇）与同名社区的项目{listed}不符；是该项目的，请将地址中的街道（乡镇）"
            f"改为“{alike[0].profile.street}”，是新项目的请以{named}报送",
        )
        return
    reason = f"有{len(alike)}个项目都叫这个名称；请在项目地址中{WHERE[1:]}，可能是：{listed}"
    read.form.refuse("address" if read.form.has("address") else "project", reason)


def _is_called(project: Dossier, written: str) -> bool:
    """Whether a form's name, up to 社区 or 村, is the project's; its place may stand before it."""
    street, community = project.profile.street or "", project.profile.community or ""
    bare = written.removeprefix(project.city).removeprefix(project.county)
    return bool({written, bare} & {community, f"{street}{community}"})


def _parts(
    plan: Plan, read: ApplicationForm, project: Dossier | None, place: StatedPlace
) -> tuple[str, str, str]:
    """County, street and community of the project, or of the one that is to be added."""
    if project is not None:
        return project.county, project.profile.street or "", project.profile.community or ""
    bare = (read.name or "").removeprefix(place.city.name if place.city else "")
    community = bare.removeprefix(place.county).removeprefix(place.street)
    if plan.street_endings[0] in community and not plan.named_freely:
        read.form.refuse("project", "项目名称中的街道与项目地址不符；请核对后改正")
    return place.county, place.street if "street" in plan.name_parts else "", community

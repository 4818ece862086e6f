"""附件3 with 补充信息表 in: new projects are added, and what is stated differently is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlmodel import Session

from documents.forms.summary import SummaryForm, SummaryRow, pages, read_applications, summary_named
from documents.reading.faults import CellFault, raise_faults
from models.audits import first_revisions
from models.projects import dossiers_in
from operations.cases.desk import Desk
from operations.workbooks.incoming import IncomingWorkbook, WorkbookChanges
from operations.workbooks.outgoing import (
    SPARE,
    OutgoingWorkbook,
    WorkbookOrder,
    identity,
    signed,
    the_city,
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
from policy.vocabulary import Form, Level
from states.dossier import Dossier, stated

Known = Mapping[tuple[str, str | None, str | None], Dossier]
"""Projects by county, street and community."""


PROTECTED = "县（市、区）和项目名称是受保护的内容"
KEEP = "请保留原有各行，新增项目请另起一行"


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Add or change the projects of a city's workbook. WorkbookError with every fault."""
    read = read_applications(paper.book, desk.plan, paper.city(), confirmed=paper.asked.confirmed)
    city = desk.plan.city(read.city)
    assert city is not None  # noqa: S101  # the reader resolves it in the plan
    known = _known(session, desk, city)
    found = [compared(session, desk, row, known.get(_key(row)), paper.version) for row in read.rows]
    faults = [
        *read.faults,
        *_unknown(desk, read, found),
        *(fault for each in found for fault in unwritable(desk.plan, each)),
        *_renamed(session, desk, read, found, paper),
    ]
    raise_faults(paper.book.file, faults)
    actor = paper.asked.actor or desk.plan.office(Level.CITY, city.name)
    require_author(session, desk, city, found, actor)
    origin = Provenance(actor, paper.evidence, desk.plan.form_clause(Form.SUMMARY), paper.today)
    codes = [write(session, desk, city, each, origin, paper.at) for each in found]
    return WorkbookChanges(
        city.name,
        added=sum(each.project is None for each in found),
        changed=sum(each.project is not None and bool(each.merged.changes) for each in found),
        unchanged=sum(each.project is not None and not each.merged.changes for each in found),
        differences=tuple(
            line
            for code, each in zip(codes, found, strict=True)
            for line in differences(desk.plan, code, each)
        ),
        warnings=tuple(doubts(session, desk, codes, found, paper.today)),
        notes=tuple(note for each in found for note in outdated(desk.plan, each)),
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """附件3 with 补充信息表 of a city, filled in with what is known."""
    city = the_city(desk, request)
    projects = () if request.empty else dossiers_in(session, desk.plan, city.name)
    rows = [SummaryRow(item.county, stated(item.profile)) for item in projects]
    about = identity(session, desk, Form.SUMMARY, city.name)
    return signed(
        desk,
        replace(about, version=0) if request.empty else about,
        lambda footer: pages(
            desk.plan, city.name, rows, footer=footer, spare=SPARE, protected=True
        ),
        f"{city.name} {desk.plan.form_name(Form.SUMMARY)}",
    )


def add_named_sites(session: Session, desk: Desk, at: datetime) -> None:
    """Add the projects of the sites that the notice names, unless they are there already."""
    for site in desk.plan.sites:
        city = desk.plan.city(site.city)
        assert city is not None  # noqa: S101  # the plan is validated
        place = {"street": site.street, "community": site.community or site.name}
        row = SummaryRow(site.county, {**place, **({"kind": site.kind} if site.kind else {})})
        if _key(row) not in _known(session, desk, city):
            notice = desk.plan.notice
            actor, clause = "、".join(notice.issuers), desk.plan.quota.clause
            origin = Provenance(actor, notice.number, clause, notice.issued_on)
            write(session, desk, city, compared(session, desk, row, None, None), origin, at)


def _known(session: Session, desk: Desk, city: City) -> Known:
    """The city's projects by county, street and community."""
    return {
        (project.county, project.profile.street, project.profile.community): project
        for project in dossiers_in(session, desk.plan, city.name)
    }


def _key(row: SummaryRow) -> tuple[str, str | None, str | None]:
    return row.county, row.stated["street"], row.stated["community"]


def _unknown(desk: Desk, read: SummaryForm, found: Sequence[FormStatement]) -> Iterator[CellFault]:
    """New projects in a workbook that only adds to projects that are known."""
    for each in found:
        if each.project is None and not read.whole:
            named = summary_named(desk.plan)
            reason = (
                f"没有这个项目；请先以{named}报送，或{desk.plan.said('核对县（市、区）')}和项目名称"
            )
            yield CellFault(each.row.spot("project", desk.plan), reason)


def _renamed(
    session: Session,
    desk: Desk,
    read: SummaryForm,
    found: Sequence[FormStatement],
    paper: IncomingWorkbook,
) -> Iterator[CellFault]:
    """Rows of a signed workbook that name another project than they did: that is protected."""
    if paper.version is None:
        return
    listed = listed_at(session, desk, read.city, paper.version)
    protected = desk.plan.said(PROTECTED)
    missing = {item.code for item in listed} - {each.project.code for each in found if each.project}
    for each, application in zip(found, read.rows, strict=True):
        code = each.project.code if each.project else None
        for row in application.rows:
            number = row.value("number")
            at = int(number) - 1 if isinstance(number, float) else -1
            if 0 <= at < len(listed) and listed[at].code != code:
                was = f"{listed[at].county}{listed[at].name}"
                reason = f"{protected}，本表发出时为“{was}”；请恢复原样，新增项目请另起一行"
                yield CellFault(row.spot("project"), reason)
            elif code is None and missing:
                reason = f"{protected}，原有的项目{'、'.join(sorted(missing))}不在表中；{KEEP}"
                yield CellFault(row.spot("project"), reason)


def listed_at(session: Session, desk: Desk, city: str, version: int) -> Sequence[Dossier]:
    """The city's projects in the order in which a workbook of that version lists them."""
    projects = dossiers_in(session, desk.plan, city)
    begun = first_revisions(session, desk.plan, [project.code for project in projects])
    return [project for project in projects if begun[project.code] <= version]

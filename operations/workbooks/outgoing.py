"""A workbook on its way out: what is asked for, and how it is signed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from common.errors import RefusedError
from common.files import safe_name
from documents.forms.summary import city_named
from documents.reading import cells
from documents.reading.identity import Identity, sealed
from documents.reading.labelled import LabelledForm
from documents.reading.placed import known, project_of
from documents.writing.layout import Leaf, to_bytes
from models.audits import newest
from models.database import reading
from models.projects import dossier, dossiers, dossiers_in
from models.seals import require_plan_key
from operations.cases.desk import Desk
from operations.workbooks.incoming import IncomingWorkbook
from policy.cities import City
from policy.schema import Plan
from policy.vocabulary import Form, Listing
from states.dossier import Dossier

SPARE = 10
"""Empty rows below the last, for what is added by hand."""


@dataclass(frozen=True, slots=True)
class WorkbookOrder:
    """Which workbook somebody wants."""

    kind: Form | Listing
    subject: str | None = None
    """A city or a project's code, as the form has it."""
    month: str | None = None
    """``2023-06``, of a monthly report."""
    empty: bool = False
    """True: nothing is filled in beforehand."""
    expert: str = ""
    organisation: str = ""
    known: bool = False
    """True: a list of what was on record on its day."""


@dataclass(frozen=True, slots=True)
class OutgoingWorkbook:
    """A workbook that is ready to be written."""

    name: str
    """What its file is called: any system takes it."""
    content: bytes


def signed(
    desk: Desk, identity: Identity, leaves: Callable[[str], Sequence[Leaf]], name: str
) -> OutgoingWorkbook:
    """A workbook that knows what it is; `leaves` makes its sheets, given the page footer.

    RefusedError where the key is not the installation's: nothing is signed with another.
    """
    with reading(desk.engine) as session:
        key = require_plan_key(session, desk.plan.id)
    properties = sealed(identity, key.secret)
    footer = identity.footer(desk.plan.form_name(identity.form))
    return OutgoingWorkbook(safe_name(f"{name}.xlsx"), to_bytes(leaves(footer), properties))


def identity(session: Session, desk: Desk, form: Form, subject: str, period: str = "") -> Identity:
    """What a workbook is that is made out now."""
    return Identity(desk.plan.id, form, subject, period, newest(session, desk.plan))


def the_city(desk: Desk, request: WorkbookOrder) -> City:
    """The city that is asked for; RefusedError when there is none."""
    if request.subject is None:
        what, city = desk.plan.form_name(request.kind), desk.plan.cities[0].name
        raise RefusedError(f"“{what}”{desk.plan.said('按市导出，请写明市名')}，如 {city}")
    return city_named(desk.plan, request.subject)


def code_of(plan: Plan, paper: IncomingWorkbook) -> str | None:
    """The project that a form was made out for, or is imported as; None: it must say so itself.

    RefusedError where the two differ.
    """
    if paper.identity and not is_project(plan, paper.identity.subject):
        return paper.asked.subject
    return paper.subject()


def is_project(plan: Plan, subject: str) -> bool:
    """Whether a subject is neither the province nor a city."""
    return subject != plan.province and plan.city(subject) is None


def refuse_other_city(plan: Plan, paper: IncomingWorkbook, project: Dossier) -> None:
    """RefusedError when the form is handed in as another city's."""
    asked = paper.asked.city
    if asked is not None and city_named(plan, asked).name != project.city:
        raise RefusedError(
            f"{paper.book.file}：是{project.city}的项目（{project.code}），"
            f"不能作为{city_named(plan, asked).name}的表报送；请核对后报送正确的文件"
        )


def the_project(session: Session, desk: Desk, request: WorkbookOrder) -> Dossier:
    """The project that a form is asked for of; RefusedError when there is none."""
    if request.subject is None or not is_project(desk.plan, request.subject):
        what = desk.plan.form_name(request.kind)
        raise RefusedError(f"“{what}”按项目导出，请写明项目编码；编码见 xingfu project list")
    return dossier(session, desk.plan, request.subject)


def project_of_form(
    session: Session, desk: Desk, paper: IncomingWorkbook, form: LabelledForm
) -> Dossier | None:
    """The project that a form is of; None, with a fault noted, where it is not certain.

    What it says of the project (code, project, place) is to be left as it was made out.
    """
    code = code_of(desk.plan, paper)
    if code is None:
        city = paper.asked.city and city_named(desk.plan, paper.asked.city).name
        found = dossiers_in(session, desk.plan, city) if city else dossiers(session, desk.plan)
        return project_of(form, known(found, desk.plan.levels))
    project = dossier(session, desk.plan, code)
    refuse_other_city(desk.plan, paper, project)
    held = {"code": code, "project": project.name, "place": f"{project.city}{project.county}"}
    for key, shown in held.items():
        if form.take(key, cells.name) not in (None, cells.name(shown)):
            form.refuse(key, f"是受保护的内容，本表的项目为“{shown}”；请恢复原样")
    return project

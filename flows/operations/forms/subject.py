"""Which project a form about one project is of."""

from sqlmodel import Session

from documents import cells
from documents.labelled import Labelled
from documents.placed import known, project_of
from documents.summary import city_named
from flows.operations.desk import Desk
from flows.operations.forms.making import Request
from flows.operations.forms.paper import Paper
from models.projects import dossier, dossiers, dossiers_in
from policy.errors import RefusedError
from policy.schema import Plan
from states.dossier import Dossier


def code_of(plan: Plan, paper: Paper) -> str | None:
    """The project that a form was made out for, or is imported as; None: it must say so itself.

    RefusedError where the two differ.
    """
    if paper.identity and not is_project(plan, paper.identity.subject):
        return paper.asked.subject
    return paper.subject()


def is_project(plan: Plan, subject: str) -> bool:
    """Whether a subject is neither the province nor a city."""
    return subject != plan.province and plan.city(subject) is None


def refuse_other_city(plan: Plan, paper: Paper, project: Dossier) -> None:
    """RefusedError when the form is handed in as another city's."""
    asked = paper.asked.city
    if asked is not None and city_named(plan, asked).name != project.city:
        raise RefusedError(
            f"{paper.book.file}：是{project.city}的项目（{project.code}），"
            f"不能作为{city_named(plan, asked).name}的导入；请核对后重新选择文件"
        )


def the_project(session: Session, desk: Desk, request: Request) -> Dossier:
    """The project that a form is asked for of; RefusedError when there is none."""
    if request.subject is None or not is_project(desk.plan, request.subject):
        raise RefusedError(
            f"“{request.kind.label}”按项目导出，请写明项目编码；编码见 xingfu project list"
        )
    return dossier(session, desk.plan, request.subject)


def project_of_form(session: Session, desk: Desk, paper: Paper, form: Labelled) -> Dossier | None:
    """The project that a form is of; None, with a fault noted, where it is not certain.

    What it says of the project (code, project, place) is to be left as it was made out.
    """
    code = code_of(desk.plan, paper)
    if code is None:
        city = paper.asked.city and city_named(desk.plan, paper.asked.city).name
        found = dossiers_in(session, desk.plan, city) if city else dossiers(session, desk.plan)
        return project_of(form, known(found))
    project = dossier(session, desk.plan, code)
    refuse_other_city(desk.plan, paper, project)
    held = {"code": code, "project": project.name, "place": f"{project.city}{project.county}"}
    for key, shown in held.items():
        if form.take(key, cells.name) not in (None, cells.name(shown)):
            form.refuse(key, f"是受保护的内容，本表的项目为“{shown}”；请恢复原样")
    return project

"""Keeps deadlines in line with facts: of one subject after a change, of all after a new plan."""

from sqlmodel import Session

from common.errors import RefusedError
from models.deadlines import SubjectState, deadline_row, refresh
from models.projects import dossiers, facts, sync_city_facts
from models.tables import DeadlineRow
from operations.cases.desk import Desk
from policy.vocabulary import Disposition, SubjectKind
from states.deadlines import Deadline


def refresh_subject(
    session: Session,
    desk: Desk,
    code: str,
    kind: SubjectKind,
    disposition: Disposition = Disposition.ACTIVE,
) -> None:
    """Bring one subject's deadlines in line with its facts."""
    state = subject_state(session, desk, code, kind, disposition)
    refresh(session, desk.plan, desk.calendar, desk.deadlines, state)


def settle_city(session: Session, desk: Desk, city: str, audit_id: int | None = None) -> None:
    """Bring a city in line with its projects, once these have changed."""
    if sync_city_facts(session, desk.plan, city, audit_id):
        refresh_subject(session, desk, city, SubjectKind.CITY)


def subject_state(
    session: Session,
    desk: Desk,
    code: str,
    kind: SubjectKind,
    disposition: Disposition = Disposition.ACTIVE,
) -> SubjectState:
    """What decides whether a subject's deadlines are open."""
    held = facts(session, desk.plan, [code]).get(code, {})
    return SubjectState(code, kind, held, disposition)


def deadline_of(session: Session, desk: Desk, code: str, rule: str) -> tuple[Deadline, DeadlineRow]:
    """A subject's deadline and how it stands; RefusedError when there is none of that id."""
    deadline, row = desk.deadlines.get(rule), deadline_row(session, desk.plan, code, rule)
    if deadline is None or row is None:
        raise RefusedError(f"{code}没有时限“{rule}”，请用 xingfu deadlines --subject {code} 查看")
    return deadline, row


def refresh_all(session: Session, desk: Desk) -> None:
    """Bring every subject's deadlines in line with its facts, as the plan now reads."""
    for project in dossiers(session, desk.plan):
        refresh_subject(session, desk, project.code, SubjectKind.PROJECT, project.disposition)
    for city in desk.plan.cities:
        sync_city_facts(session, desk.plan, city.name)
        refresh_subject(session, desk, city.name, SubjectKind.CITY)
    refresh_subject(session, desk, desk.plan.province, SubjectKind.PROVINCE)

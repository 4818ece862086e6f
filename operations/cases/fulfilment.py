"""Keeps deadlines in line with facts: of one subject after a change, of all after a new plan."""

from collections.abc import Mapping
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from models.deadlines import PlainDeadlineRow, SubjectState, deadline_row, refresh
from models.projects import change_facts, dossiers, facts, sync_city_facts
from models.tables import DeadlineRow, Subject
from operations.cases.desk import Desk
from policy.vocabulary import Disposition, SubjectKind
from states.chains import Turn
from states.deadlines import Deadline, DeadlineDates, dates_and_turn
from states.trail import Effects, with_what_follows


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


def state_of(session: Session, desk: Desk, subject: Subject) -> SubjectState:
    """The same of a subject of any kind."""
    project = next(iter(dossiers(session, desk.plan, [subject.code])), None)
    disposition = project.disposition if project else Disposition.ACTIVE
    return subject_state(session, desk, subject.code, SubjectKind(subject.kind), disposition)


def deadline_of(session: Session, desk: Desk, code: str, rule: str) -> tuple[Deadline, DeadlineRow]:
    """A subject's deadline and how it stands; RefusedError when there is none of that id."""
    deadline, row = desk.deadlines.get(rule), deadline_row(session, desk.plan, code, rule)
    if deadline is None or row is None:
        raise RefusedError(f"{code}没有时限“{rule}”，请用 xingfu deadlines --subject {code} 查看")
    return deadline, row


def turn_at(
    desk: Desk, row: DeadlineRow | PlainDeadlineRow, kind: SubjectKind, held: Mapping[str, date]
) -> tuple[DeadlineDates | None, Turn]:
    """A stored deadline's dates, and who has to do what first before it can be met.

    `held`: the subject's facts.
    """
    deadline = desk.deadlines[row.rule]
    return dates_and_turn(deadline, kind, held, row.extended_to, desk.calendar)


def refresh_all(session: Session, desk: Desk) -> None:
    """Bring what follows of every subject in line with what was recorded, as the plan now reads."""
    for project in dossiers(session, desk.plan):
        follows = with_what_follows(desk.plan, project, Effects(), {})
        change_facts(session, desk.plan, project.code, follows.dated, follows.revoked, None)
        refresh_subject(session, desk, project.code, SubjectKind.PROJECT, project.disposition)
    for city in desk.plan.cities:
        sync_city_facts(session, desk.plan, city.name)
        refresh_subject(session, desk, city.name, SubjectKind.CITY)
    refresh_subject(session, desk, desk.plan.province, SubjectKind.PROVINCE)

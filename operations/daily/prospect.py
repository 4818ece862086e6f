"""Whom the daily job would tell, found out by doing it and undoing it."""

from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from models.deadlines import apply, due_situations
from models.deliveries import owed
from models.tables import Outbox
from operations.cases.desk import Desk
from operations.views.reach import reachable
from states.decide import decide
from states.workdays import UnknownYearError


class ProspectiveReminder(NamedTuple):
    """Somebody who would be told of a deadline."""

    person: str
    subject: str
    rule: str
    rung: str


def prospect(
    session: Session, desk: Desk, as_of: date, at: datetime
) -> frozenset[ProspectiveReminder]:
    """Whom the daily job would newly tell as of a day, in the transaction of `session`.

    Nothing of it stays written. Empty where the calendar does not know a year that it needs.
    """
    trial = session.begin_nested()
    try:
        before = session.exec(select(func.max(col(Outbox.id)))).one() or 0
        for situation in due_situations(session, desk.plan, as_of):
            deadline = desk.deadlines[situation.rule]
            verdict = decide(situation, deadline, desk.plan, desk.calendar, as_of)
            apply(session, desk.plan, deadline, situation, verdict, as_of, at)
        return frozenset(_told(session, desk, before, as_of))
    except UnknownYearError:
        return frozenset()
    finally:
        trial.rollback()


def _told(session: Session, desk: Desk, before: int, as_of: date) -> list[ProspectiveReminder]:
    query = select(Outbox).where(Outbox.plan == desk.plan.id, col(Outbox.id) > before)
    rows = {row.id: row for row in session.exec(query)}
    known = reachable(session, desk)
    return [
        ProspectiveReminder(told.person, row.subject, row.rule, row.rung)
        for intent in owed(session, desk.plan, as_of)
        if (row := rows.get(intent.id)) is not None
        for told in known.told(intent.level, intent.place, as_of)
    ]

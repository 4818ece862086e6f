"""Workbooks over the desk's counter (工作台收发表格): handed in by a person, and those owed."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.answers import PrefilledItem
from models import inbox
from models.audits import newest
from models.projects import without_fact
from models.tables import InboxFile
from operations.cases.answering import money_of
from operations.cases.desk import Desk, inbox_of
from operations.views.worklist import WorkItem
from operations.workbooks.answers import Respondent, by_sums, made_out
from operations.workbooks.exports import MAKERS
from operations.workbooks.inbox import (
    FROM_CITIES,
    InboxFolder,
    Sender,
    enter_enclosed,
    read_enclosed,
)
from operations.workbooks.inbox_folder import FOLDERS
from operations.workbooks.outgoing import OutgoingWorkbook, WorkbookOrder
from operations.workbooks.receipts import marked_name
from policy.vocabulary import Form, Holder, IntakeResult
from states.authority import booking, matter, profile
from states.reach import Visitor

OF_MONEY = (Form.LEDGER, Form.ANSWER)
"""What the province's finance office hands in."""
MOST_APPLICATIONS = 20
"""Of a county, that are offered at once."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of a workbook."""

    name: str
    outcome: IntakeResult
    said: str
    """The receipt, in lines."""
    marked: str
    """By what `marked_copy` finds the copy that shows what to mend; empty: there is none."""


@dataclass(frozen=True, slots=True)
class OwedForm:
    """A form that is for somebody's office to fill in."""

    form: Form
    subject: str
    """A city, a project, or the person whose receipt it is."""
    month: str = ""
    due: date | None = None
    """时限, where a reminder asks for it."""
    name: str = ""
    """The project's."""


def hand_in(
    desk: Desk, who: Visitor, name: str, content: bytes, *, today: date, at: datetime
) -> HandedIn:
    """Import or return a workbook that somebody hands in, checked as the inbox checks it.

    Of a city or county it is the city's inbox that takes it; what the province hands in is taken as
    its own. Safe to repeat. UnavailableError.
    """
    desk = desk.entered_by(who.person)
    digest = hashlib.sha256(content).hexdigest()
    place = _place(desk, who)
    sender = Sender(who.person, Respondent(who.offices, who.name))
    folder = InboxFolder(desk, place, (), today, at, sender, forms=_forms(desk, who))
    reading = read_enclosed(folder, name, content)
    with desk.writing() as session:
        enter_enclosed(session, folder, reading)
    with desk.reading() as session:
        file = inbox.find(session, desk.plan, place, digest)
    if file is None:
        raise RefusedError(f"“{name}”未能登记；请稍后重新报送")
    marked = digest if _copy(desk, file) else ""
    return HandedIn(file.name, IntakeResult(file.outcome), file.reply, marked)


def marked_copy(desk: Desk, who: Visitor, digest: str) -> tuple[str, bytes] | None:
    """The copy of a returned workbook with its faults marked, to whom has that very workbook."""
    with desk.reading() as session:
        file = inbox.find(session, desk.plan, _place(desk, who), digest)
    path = _copy(desk, file) if file else None
    return (path.name, path.read_bytes()) if path else None


def owed_forms(desk: Desk, who: Visitor, items: Sequence[WorkItem]) -> tuple[OwedForm, ...]:
    """The forms that are for a person's offices, those that are asked for first.

    `items`: what presses for them today.
    """
    own = [item for item in items if item.own]
    months = desk.plan.reported_months
    found = [
        OwedForm(Form.REPORT, item.view.subject, months[item.view.rule], item.view.due)
        for item in own
        if item.view.rule in months
    ]
    if _answerable(desk, items):
        found.append(OwedForm(Form.ANSWER, who.person))
    return (*found, *_standing_forms(desk, who))


def owed_form(
    desk: Desk, who: Visitor, items: Sequence[WorkItem], asked: OwedForm, today: date
) -> OutgoingWorkbook:
    """One of `owed_forms`, filled in with what is known. RefusedError for any other."""
    owed = owed_forms(desk, who, items)
    if all(
        (it.form, it.subject, it.month) != (asked.form, asked.subject, asked.month) for it in owed
    ):
        raise RefusedError("这份表格不由贵单位填报，或已不需填报；请从“表格”页重新选择")
    with desk.reading() as session:
        if asked.form is Form.ANSWER:
            numbered = enumerate(_answerable(desk, items), 1)
            lines = [each for n, item in numbered for each in _lines(session, desk, who, n, item)]
            version = newest(session, desk.plan)
            return made_out(desk, who.person, who.offices[0], lines, today, version)
        order = WorkbookOrder(asked.form, asked.subject, asked.month or None)
        return MAKERS[asked.form](session, desk, order, today)


def _standing_forms(desk: Desk, who: Visitor) -> Iterator[OwedForm]:
    """What is open to an office at any time: summaries, applications, and ledgers of its place."""
    plan, submitted = desk.plan, desk.plan.quota.submitted_when
    for place in sorted(who.reach.places | who.reach.funds, key=lambda it: (it.city, it.county)):
        if not place.city:
            continue
        if place.county and who.entitled(plan, profile(plan), place):
            with desk.reading() as session:
                waiting = without_fact(session, plan, place, submitted, MOST_APPLICATIONS)
            for code, name in waiting.items():
                yield OwedForm(Form.APPLICATION, code, name=name)
        elif not place.county and who.entitled(plan, matter(plan, submitted), place):
            yield OwedForm(Form.SUMMARY, place.city)
        if plan.pays and any(who.entitled(plan, booking(plan, it), place) for it in Holder):
            yield OwedForm(Form.LEDGER, f"{place.city}{place.county}")


def _answerable(desk: Desk, items: Sequence[WorkItem]) -> list[WorkItem]:
    """The items that a receipt can answer; a monthly report is its own answer."""
    return [
        item
        for item in items
        if item.own
        and item.view.rule not in desk.plan.reported_months
        and (item.done_by or item.expected_by)
    ]


def _lines(
    session: Session, desk: Desk, who: Visitor, number: int, item: WorkItem
) -> Iterator[PrefilledItem]:
    view = item.view
    place = f"{view.city}{view.county}"
    line = PrefilledItem(
        number,
        view.subject,
        view.name if view.name == place else f"{place}{view.name}",
        view.rule,
        view.title,
        f"时限{view.due}，{view.state}",
        item.fact_label if item.done_by else "",
    )
    return by_sums(desk.plan, line, money_of(session, desk, view.subject, view.rule, who.offices))


def _place(desk: Desk, who: Visitor) -> str:
    """Where somebody hands in: the city of his or her offices, or the province.

    A region and a finance office of the province have a place of their own: what these are
    refused, others may bring.
    """
    cities = (actor.seat.city for actor in who.actors if actor.seat.city)
    if not who.is_provincial:
        return next(cities, who.offices[0])
    return desk.plan.province if who.reach.is_whole else who.offices[0]


def _forms(desk: Desk, who: Visitor) -> Collection[Form]:
    """What somebody hands in: a finance office of the province what is about money."""
    if desk.plan.city(_place(desk, who)):
        return FROM_CITIES
    return tuple(Form) if who.reach.is_whole else OF_MONEY


def _home(desk: Desk, place: str) -> Path:
    return inbox_of(desk) / place / FOLDERS[IntakeResult.RETURNED]


def _copy(desk: Desk, file: InboxFile) -> Path | None:
    """The marked copy of a file, as the inbox laid it out."""
    ending = marked_name(file.name, date.min, file.digest).partition(" ")[2]
    found = (path for path in sorted(_home(desk, file.place).glob("*.xlsx")))
    return next((path for path in found if path.name.partition(" ")[2] == ending), None)

"""Workbooks over the desk's counter (工作台收发表格): handed in by a person, and those owed."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from common.errors import RefusedError
from documents.forms.answers import PrefilledItem
from documents.reading.annotate import annotated
from documents.reading.faults import WorkbookError
from documents.reading.grid import Book, read_book
from models import inbox
from models.audits import newest
from models.projects import without_fact
from models.tables import InboxFile
from operations.cases.desk import Desk, inbox_of
from operations.views.worklist import WorkItem
from operations.workbooks.answers import Respondent, made_out
from operations.workbooks.exports import MAKERS
from operations.workbooks.inbox import CityFolder, Sender, enter_enclosed, read_enclosed
from operations.workbooks.inbox_folder import FOLDERS, write
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import limits, recognised, take_in
from operations.workbooks.outgoing import OutgoingWorkbook, WorkbookOrder
from operations.workbooks.receipts import accepted, marked_name, punctuality, refused
from policy.vocabulary import Form, Holder, IntakeResult, Level
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

    Of a city or county it is the city's inbox that takes it; the province has none, and what it
    hands in is taken as its own. Safe to repeat. UnavailableError.
    """
    desk = desk.entered_by(who.person)
    digest = hashlib.sha256(content).hexdigest()
    city = desk.plan.city(_place(desk, who))
    if city is None:
        _take(desk, who, name, content, digest, today, at)
    else:
        sender = Sender(who.person, Respondent(who.offices, who.name))
        folder = CityFolder(desk, city, (), today, at, sender)
        reading = read_enclosed(folder, name, content)
        with desk.writing() as session:
            enter_enclosed(session, folder, reading)
    with desk.reading() as session:
        file = inbox.find(session, desk.plan, _place(desk, who), digest)
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
            lines = [_line(n, item) for n, item in enumerate(_answerable(desk, items), 1)]
            version = newest(session, desk.plan)
            return made_out(desk, who.person, who.offices[0], lines, today, version)
        order = WorkbookOrder(asked.form, asked.subject, asked.month or None)
        return MAKERS[asked.form](session, desk, order, today)


def _standing_forms(desk: Desk, who: Visitor) -> Iterator[OwedForm]:
    """What is open to an office at any time: summaries and ledgers of cities, applications."""
    plan, submitted = desk.plan, desk.plan.quota.submitted_when
    for place in sorted(who.reach.places | who.reach.funds, key=lambda it: (it.city, it.county)):
        if not place.city:
            continue
        if place.county:
            if who.entitled(plan, profile(plan), place):
                with desk.reading() as session:
                    waiting = without_fact(session, plan, place, submitted, MOST_APPLICATIONS)
                for code, name in waiting.items():
                    yield OwedForm(Form.APPLICATION, code, name=name)
            continue
        if who.entitled(plan, matter(plan, submitted), place):
            yield OwedForm(Form.SUMMARY, place.city)
        if any(who.entitled(plan, booking(plan, holder), place) for holder in Holder):
            yield OwedForm(Form.LEDGER, place.city)


def _answerable(desk: Desk, items: Sequence[WorkItem]) -> list[WorkItem]:
    """The items that a receipt can answer; a monthly report is its own answer."""
    return [
        item
        for item in items
        if item.own
        and item.view.rule not in desk.plan.reported_months
        and (item.done_by or item.expected_by)
    ]


def _line(number: int, item: WorkItem) -> PrefilledItem:
    view = item.view
    place = f"{view.city}{view.county}"
    return PrefilledItem(
        number,
        view.subject,
        view.name if view.name == place else f"{place}{view.name}",
        view.rule,
        view.title,
        f"时限{view.due}，{view.state}",
        item.fact_label if item.done_by else "",
    )


def _place(desk: Desk, who: Visitor) -> str:
    """Where somebody hands in: the city of his or her offices, or the province.

    A finance office of the province has a place of its own: what it is refused, others may bring.
    """
    cities = (actor.seat.city for actor in who.actors if actor.seat.city)
    if not who.is_provincial:
        return next(cities, desk.plan.province)
    return desk.plan.province if who.reach.is_whole else who.offices[0]


def _home(desk: Desk, place: str) -> Path:
    return inbox_of(desk) / place / FOLDERS[IntakeResult.RETURNED]


def _copy(desk: Desk, file: InboxFile) -> Path | None:
    """The marked copy of a file, as the inbox or `_take` laid it out."""
    ending = marked_name(file.name, date.min, file.digest).partition(" ")[2]
    found = (path for path in sorted(_home(desk, file.place).glob("*.xlsx")))
    return next((path for path in found if path.name.partition(" ")[2] == ending), None)


def _take(
    desk: Desk,
    who: Visitor,
    name: str,
    content: bytes,
    digest: str,
    today: date,
    at: datetime,
) -> None:
    """Import or return a workbook of the province, and remember what it was told."""
    place, book, form = _place(desk, who), None, None
    with desk.reading() as session:
        known = inbox.find(session, desk.plan, place, digest)
    if known is not None and known.outcome != IntakeResult.RETURNED:
        return
    file = InboxFile(
        plan=desk.plan.id,
        place=place,
        digest=digest,
        name=name,
        outcome=IntakeResult.RETURNED,
        reply="",
        received_at=at,
        filed=True,
    )
    try:
        book = read_book(name, content, limits(desk.settings))
        known = recognised(desk, book, today)
        form = known.form
        _refuse_not_theirs(desk, who, form)
        with desk.writing() as session:
            asked = ImportOptions(actor=f"{who.offices[0]} {who.name}")
            done = take_in(session, desk, book, known, asked, today, at)
            marked = done.refusal is not None and _lay_out(desk, file, book, done.refusal, today)
            punctual = punctuality(session, desk, done, today)
            file.outcome, file.form = IntakeResult.DONE, form
            file.reply = accepted(name, done, today, at, punctual, marked=marked)
            inbox.put(session, file)
    except RefusedError as refusal:
        marked = book is not None and _lay_out(desk, file, book, refusal, today)
        file.form = form
        called = desk.plan.form_name(form) if form else ""
        file.reply = refused(name, called, refusal, today, at, marked=marked)
        with desk.writing() as session:
            inbox.put(session, file)


def _refuse_not_theirs(desk: Desk, who: Visitor, form: Form) -> None:
    """RefusedError for a form that a finance office hands in and that is not about money."""
    if form not in OF_MONEY and not who.reach.is_whole:
        called = desk.plan.form_name(form)
        raise RefusedError(f"“{called}”由{desk.plan.office(Level.PROVINCE)}登记，请交其办理")


def _lay_out(desk: Desk, file: InboxFile, book: Book, refusal: RefusedError, today: date) -> bool:
    """Write the marked copy of a workbook where there can be one; whether there is."""
    copy = None
    if isinstance(refusal, WorkbookError):
        with suppress(RefusedError):  # a text of it that no workbook can hold
            copy = annotated(book, refusal.faults)
    if copy is not None:
        home = _home(desk, file.place)
        home.mkdir(parents=True, exist_ok=True)
        write(home / marked_name(file.name, today, file.digest), copy)
    return copy is not None

"""Answers to reminders that come by mail: each is kept whole, judged, and put on record once.

A mail is known by its bytes. What it brings about, that it has come, and that an answer is owed
are written in one transaction, with what the workbooks bring that come with it; moving it out of
the way comes after that and is tidiness only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Protocol

from sqlmodel import Session

from common.errors import PolicyError, RefusedError, XingfuError
from common.words import shanghai_day
from documents.reading.bounces import BounceReport
from documents.reading.mails.answers import answer_lines
from documents.reading.mails.mail import IncomingMail, MailFile
from documents.reading.mails.worker import MailReading
from documents.reading.media import media_of
from documents.reading.office import SUFFIXES
from models import inbox, mails
from models.asked import Enquiry
from models.plans import plan_ids
from models.tables import InboxFile, MailItem, ReceivedMail
from operations.cases.desk import Desk, open_desk
from operations.cases.evidence import Exhibit
from operations.daily.bounces import bounced, heard_from
from operations.mails.answering import STRANGER, MailAnswer, answer, prove
from operations.mails.incoming_folder import FOLDERS, MOST_BYTES
from operations.mails.matching import (
    ReminderMatch,
    digests_in,
    matched,
    own_mail,
    sender_of,
)
from operations.mails.reading import MailReader, mail_reader
from operations.mails.wording import receipt_text
from operations.views.held import tell_above
from operations.workbooks.inbox import (
    FROM_CITIES,
    FileReading,
    InboxFolder,
    Sender,
    enter_enclosed,
    owe,
    read_enclosed,
)
from policy.vocabulary import Form, IntakeResult, MailKind, MailState
from states.workdays import DAY, if_known

KEPT = 100_000
"""Bytes of a larger one that are kept: its head."""
TOO_LARGE = f"邮件超过{MOST_BYTES // 1_000_000}MB，未读取；请拆分附件后分次发送"
BY_HAND = "来信没有逐项写明办结日期，或预计完成日期和原因，请阅处"
BY_PROVINCE = (Form.ANSWER,)
"""What an office of the province hands in by mail: the form that came along with its reminder."""
REST_WORKDAYS = 3
"""For how long nothing is repeated about what a mail answers and a person has yet to look at."""


class WaitingMail(Protocol):
    """A mail that has come and lies somewhere."""

    @property
    def name(self) -> str:
        """How people would find it."""

    @property
    def content(self) -> bytes:
        """Its raw bytes; of one that is too large the beginning."""

    @property
    def digest(self) -> str:
        """SHA-256 in hex."""

    @property
    def large(self) -> bool:
        """Whether it is larger than what is read."""

    def file(self, folder: str) -> bool:
        """Move it into a folder; False when it is not there any more. UnavailableError."""


Left = tuple[str, str]
"""The name of what was not read, and why; the next round looks again."""


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """What one round did, a line of Chinese for each mail."""

    registered: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    filed: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    """What went wrong unexpectedly; the next round tries again."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many mails came to what, as it is called."""
        return {
            "登记": len(self.registered),
            "待核实": len(self.held),
            "归档": len(self.filed),
            "无法读取": len(self.unreadable),
            "出错": len(self.failed),
        }


@dataclass(frozen=True, slots=True)
class MailRound:
    """What one round works with."""

    desks: Sequence[Desk]
    """Of every plan, the installation's own first."""
    reader: MailReader
    today: date
    at: datetime

    @property
    def desk(self) -> Desk:
        """The installation's own."""
        return self.desks[0]


ENTERED_BY = "来信"


def receive(
    desk: Desk, sources: Sequence[Iterable[WaitingMail | Left]], *, today: date, at: datetime
) -> ReceiveResult:
    """Take in every mail that waits; those of other plans' reminders are taken in there.

    One mail's trouble, of any kind, is told and the others go on. Safe to repeat, to kill, and to
    run twice at once.
    """
    found: dict[str, list[str]] = {}
    with mail_reader(desk.settings.mailbox_authority) as reader:
        around = MailRound(_desks(desk), reader, today, at)
        for source in sources:
            for what, line in _taken_in(around, source):
                found.setdefault(what, []).append(line)
    return ReceiveResult(**{what: tuple(lines) for what, lines in found.items()})


def _desks(own: Desk) -> tuple[Desk, ...]:
    """The desks of all plans that can be opened: a faulty one keeps nothing of the others back."""
    with own.reading() as session:
        others = [plan for plan in plan_ids(session) if plan != own.plan.id]
    found = [own]
    for plan in others:
        with suppress(PolicyError, RefusedError):
            found.append(open_desk(own.settings, plan))
    return tuple(desk.entered_by(ENTERED_BY) for desk in found)


def _taken_in(around: MailRound, source: Iterable[WaitingMail | Left]) -> Iterator[tuple[str, str]]:
    """What became of each, as a field of `ReceiveResult` and a line."""
    try:
        for item in source:
            if isinstance(item, tuple):
                yield "left", f"{item[0]}：{item[1]}"
            else:
                what, line = _settle(around, item)
                yield what, f"{item.name}：{line}"
    except XingfuError as error:  # the source itself: the others go on
        yield "failed", str(error)


def _settle(around: MailRound, item: WaitingMail) -> tuple[str, str]:
    try:
        row = _known(around, item) or _take(around, item)
        filed = item.file(FOLDERS[MailState(row.state)])
    except XingfuError as error:
        return "failed", str(error)
    except Exception as error:  # one mail's trouble, of any kind, must not stop the others
        last = extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        return "failed", f"程序错误（{type(error).__name__}，{where}）"
    state = MailState(row.state)
    told = f"{MailKind(row.kind).label}，{state.label}" + (f"：{row.reason}" if row.reason else "")
    return state.value, told if filed else f"{told}；原处已被移走"


def _known(around: MailRound, item: WaitingMail) -> ReceivedMail | None:
    with around.desk.reading() as session:
        return _found(session, item.digest)


def _found(session: Session, digest: str) -> ReceivedMail | None:
    row = mails.find_mail(session, digest)
    if row is not None:
        session.expunge(row)
    return row


def _take(around: MailRound, item: WaitingMail) -> ReceivedMail:
    read = MailReading(fault=TOO_LARGE) if item.large else around.reader.read(item.content)
    if read.mail is None:
        return _keep(around, around.desk, _unread(around, item, read.fault))
    with around.desk.reading() as session:
        match = matched(session, around.desks, read.mail)
        own = own_mail(session, around.desks, read.mail)
    desk = match.desk
    row = _row(around, item, desk, read.mail, match.enquiry)
    if own:
        row.kind = MailKind.OWN
    if row.kind is not MailKind.PERSON:
        row.state = MailState.FILED
        return _keep(around, desk, row, () if own else _believed(desk, read.mail))
    return _reply(around, row, read.mail, match)


def _unread(around: MailRound, item: WaitingMail, why: str) -> ReceivedMail:
    return ReceivedMail(
        digest=item.digest,
        plan=around.desk.plan.id,
        content=mails.packed(item.content[:KEPT] if item.large else item.content),
        source=item.name,
        kind=MailKind.PERSON,
        state=MailState.UNREADABLE,
        reason=why,
        received_at=around.at,
    )


def _row(
    around: MailRound,
    item: WaitingMail,
    desk: Desk,
    mail: IncomingMail,
    enquiry: Enquiry | None,
) -> ReceivedMail:
    return ReceivedMail(
        digest=item.digest,
        plan=desk.plan.id,
        content=mails.packed(item.content),
        source=item.name,
        kind=mail.kind,
        state=MailState.HELD,
        received_at=around.at,
        sent_at=mail.sent_at,
        sender=mail.sender.address,
        sender_name=mail.sender.name,
        subject=mail.subject,
        message_id=mail.message_id,
        reminder=enquiry.digest if enquiry else "",
        person=enquiry.person if enquiry else "",
        written=mail.reply.written,
        beside=mail.reply.beside,
        quote=mail.reply.quote,
        files=[file.name for file in mail.files],
    )


def _believed(desk: Desk, mail: IncomingMail) -> Iterator[BounceReport]:
    """The bounces that count: anybody can write one, but only who had our mail can name it."""
    for report in mail.bounces:
        if mail.vouched or not desk.settings.mailbox_authority or digests_in(report.named):
            yield report


def _keep(
    around: MailRound, desk: Desk, row: ReceivedMail, bounces: Iterable[BounceReport] = ()
) -> ReceivedMail:
    """Remember a mail that no person wrote, or nobody can place; what came back is taken in."""
    with desk.writing() as session:
        if known := _found(session, row.digest):
            return known
        for report in bounces:
            for each in around.desks:
                bounced(session, each, report, around.at)
        mails.add_mail(session, row, ())
        _tell_above(session, around, desk, row)
        session.expunge(row)
    return row


def _reply(
    around: MailRound, row: ReceivedMail, mail: IncomingMail, match: ReminderMatch
) -> ReceivedMail:
    """Put on record what a person wrote."""
    desk, enquiry = match.desk, match.enquiry
    if enquiry is None:
        row.reason = match.why
        return _keep(around, desk, row)
    with desk.reading() as session:
        sender = sender_of(session, desk, mail, enquiry.person, around.today)
    row.agreed = sender is not None
    books = _workbooks(around, desk, row.digest, mail, sender)
    exhibits = [Exhibit(it.name, it.content) for it in mail.files if _is_exhibit(it)]
    year = shanghai_day(mail.sent_at or around.at).year
    lines = answer_lines(mail.reply, year)
    said = MailAnswer(row.digest, enquiry, sender, lines, around.today, around.at)
    with desk.writing() as session:
        if known := _found(session, row.digest):
            return known
        books.enter(session)
        doubts, taken = list[str](), len(books.readings)
        items = answer(session, desk, said)
        if sender is not None:
            heard_from(session, desk, mail.sender.address)
            doubts += prove(session, desk, said, sender, exhibits)
        _judge(row, items, mail, [*doubts, *_open(lines, taken + len(exhibits), sender)])
        rests_until = _rests_until(desk, around.today)
        mails.add_mail(session, row, items, rests_until)
        _tell_above(session, around, desk, row)
        if sender is not None and (items or not taken):
            _owe_receipt(session, around, desk, row, items, sender)
        session.expunge_all()
    return row


def _rests_until(desk: Desk, today: date) -> date:
    """So many workdays on; where next year's are not known yet, weekdays count: no mail waits."""
    known = if_known(lambda day: desk.calendar.shift(day, REST_WORKDAYS), today)
    if known is not None:
        return known
    week = (today + DAY * n for n in range(1, REST_WORKDAYS + 3))
    return [day for day in week if day.weekday() < 5][REST_WORKDAYS - 1]


def _open(lines: Sequence[object], taken: int, sender: Sender | None) -> Iterator[str]:
    """What of a reply as a whole is left to a person."""
    if sender is None:
        yield STRANGER
    elif not (lines or taken):
        yield BY_HAND


def _judge(
    row: ReceivedMail, items: Sequence[MailItem], mail: IncomingMail, doubts: Sequence[str]
) -> None:
    whys = (item.why for item in items if item.why)
    row.reason = "；".join(dict.fromkeys((*doubts, *whys, *mail.remarks)))
    row.state = MailState.HELD if row.reason else MailState.REGISTERED


@dataclass(frozen=True, slots=True)
class EnclosedBooks:
    """The workbooks that came with a mail, read and not yet entered."""

    folder: InboxFolder | None = None
    """As whose they count; None where they do not."""
    readings: tuple[FileReading, ...] = ()

    def enter(self, session: Session) -> None:
        """Import or return each. One that is returned is dealt with: its sender is told why."""
        for reading in self.readings:
            if self.folder is not None:
                enter_enclosed(session, self.folder, reading)


def _workbooks(
    around: MailRound, desk: Desk, digest: str, mail: IncomingMail, sender: Sender | None
) -> EnclosedBooks:
    books = [file for file in mail.files if _is_workbook(file)]
    if sender is None or not books:
        return EnclosedBooks()
    place = _place_of(desk, sender)
    forms = FROM_CITIES if desk.plan.city(place) else BY_PROVINCE
    folder = InboxFolder(desk, place, (), around.today, around.at, sender, digest, forms)
    readings = (read_enclosed(folder, file.name, file.content) for file in books)
    return EnclosedBooks(folder, tuple(readings))


def _is_workbook(file: MailFile) -> bool:
    return file.name.lower().endswith(SUFFIXES)


def _is_exhibit(file: MailFile) -> bool:
    return not (file.drawn or _is_workbook(file)) and media_of(file.content) is not None


def _place_of(desk: Desk, sender: Sender) -> str:
    """The city of the sender's office, or the province."""
    office = desk.plan.contact_office.get(sender.office)
    return (office.city if office else "") or desk.plan.province


def _tell_above(session: Session, around: MailRound, desk: Desk, row: ReceivedMail) -> None:
    if row.state in (MailState.HELD, MailState.UNREADABLE):
        tell_above(session, desk, around.today, around.at)


def _owe_receipt(
    session: Session,
    around: MailRound,
    desk: Desk,
    row: ReceivedMail,
    items: Sequence[MailItem],
    sender: Sender,
) -> None:
    file = InboxFile(
        plan=desk.plan.id,
        place=_place_of(desk, sender),
        digest=row.digest,
        name=row.subject or row.source,
        outcome=IntakeResult.DONE,
        reply=receipt_text(row, items, around.today, around.at),
        received_at=around.at,
        filed=True,
        mail=row.digest,
    )
    if inbox.find(session, desk.plan, file.place, file.digest) is None:
        inbox.add(session, file)
        owe(session, desk, file, sender, around.today)

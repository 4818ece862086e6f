"""The inbox: what cities put into their folders is imported or returned, and answered, once each.

A file is known by its content. What it brings, that it has come, and that an answer is owed are
written in one transaction, or that it was refused and an answer is owed; then it is filed. Whoever
dies in between is followed by one who finds it known, and files it. What was not taken in whole,
was filed, and comes again is looked at again.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from traceback import extract_tb

from sqlmodel import Session

from common.errors import RefusedError, XingfuError
from common.files import safe_name
from documents.reading.annotate import annotated
from documents.reading.faults import WorkbookError
from documents.reading.grid import Book, read_book
from documents.reading.media import media_of
from models import inbox
from models.contacts import legible_posts
from models.deliveries import address
from models.outbox import owe_receipt
from models.projects import dossiers_in, subjects
from models.renaming import former_names
from models.tables import InboxFile
from models.watches import inbox_round, put_round
from operations.cases.desk import Desk, inbox_of
from operations.cases.evidence import Exhibit, ExhibitStatement, keep_evidence
from operations.workbooks.answers import Respondent
from operations.workbooks.inbox_folder import (
    FOLDERS,
    Arrival,
    NotReadyError,
    Patience,
    move,
    patience,
    plain_stem,
    prepare,
    read,
    take_over,
    waiting,
    write,
)
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import ImportResult, RecognisedForm, limits, recognised, take_in
from operations.workbooks.receipts import (
    accepted,
    filed_evidence,
    is_partial,
    marked_name,
    punctuality,
    reasons,
    received_again,
    refused,
)
from policy.vocabulary import Form, IntakeResult, Level, RecipientReason
from states.contacts import Directory, Recipient

FROM_CITIES = (Form.SUMMARY, Form.APPLICATION, Form.REPORT, Form.LEDGER, Form.ANSWER)
"""What a city hands in. Experts and acceptance groups report to the province, which also keeps the
contacts: a city's folder must not decide who is told of what is late."""


@dataclass(frozen=True, slots=True)
class InboxResult:
    """What one round did, a line of Chinese for each file; what is hidden is passed over."""

    done: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """What could not be read yet, or is no file; the next round looks again."""
    failed: tuple[str, ...] = ()
    """What went wrong unexpectedly; the next round tries again."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many files came to what, as it is called."""
        return {"登记": len(self.done), "退回": len(self.returned), "出错": len(self.failed)}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a file with a mail."""

    person: str
    """As `states.contacts.Directory` has it."""
    who: Respondent

    @property
    def office(self) -> str:
        """The own one."""
        return self.who.offices[0]

    @property
    def actor(self) -> str:
        """As an actor is named."""
        return f"{self.office} {self.who.name}".strip()

    def acts_in(self, what: RecognisedForm) -> str:
        """The actor of a form; empty where the form itself says it, and in which offices' names."""
        made_out = what.form is Form.ANSWER and what.identity
        return "" if made_out and made_out.subject == self.person else self.actor


@dataclass(frozen=True, slots=True)
class InboxFolder:
    """The folder of a city, or of an office of the province, and the round that reads it."""

    desk: Desk
    place: str
    """The city, or where what an office of the province hands in is kept."""
    earlier: tuple[str, ...]
    """The names that the city had before."""
    today: date
    at: datetime
    sender: "Sender | None" = None
    """Of a file that came by mail or desk; without one it is the city's bureau that hands it in."""
    mail: str = ""
    """The digest of the mail that it came with."""
    forms: Collection[Form] = FROM_CITIES
    """What is taken there."""

    @property
    def home(self) -> Path:
        """Where it is."""
        return inbox_of(self.desk) / self.place

    @property
    def city(self) -> str | None:
        """The city; None for the province."""
        return self.place if self.desk.plan.city(self.place) else None

    @property
    def is_answered(self) -> bool:
        """Whether receipts go out: a finance office of the province reads them at the desk."""
        return self.city is not None or self.place == self.desk.plan.province


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file that has come is: a form, a proof, or nothing that is taken."""

    arrival: Arrival
    code: str = ""
    """The project of which it proves something."""
    book: Book | None = None
    form: RecognisedForm | None = None
    refusal: RefusedError | None = None
    """Why it cannot be taken."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is known of a file that has come."""

    outcome: IntakeResult
    head: str
    """The first line of its receipt."""
    again: bool
    """Whether it had come before."""


def read_inbox(desk: Desk, *, today: date, at: datetime) -> InboxResult:
    """Import or return every file that is ready, the oldest of each city first.

    One file's trouble, of any kind, is told and the others go on. Safe to repeat, to kill, and to
    run twice at once. Folders that are missing are made.
    """
    desk = desk.entered_by("收件文件夹")
    with desk.reading() as session:
        former = former_names(session, desk.plan)
    found: dict[str, list[str]] = {}
    for city in desk.plan.cities:
        earlier = tuple(old for old, now in former.items() if now == city.name)
        for what, line in _round(InboxFolder(desk, city.name, earlier, today, at)):
            found.setdefault(what, []).append(line)
    with desk.writing() as session:
        put_round(session, inbox_round(desk.plan.id), at)
    return InboxResult(**{what: tuple(lines) for what, lines in found.items()})


def read_enclosed(folder: InboxFolder, name: str, content: bytes) -> FileReading:
    """A workbook that came by mail or desk, read as if it lay in the folder; nothing is written.

    The folder's `sender` is who hands it in and is answered. UnavailableError.
    """
    digest = hashlib.sha256(content).hexdigest()
    prepare(folder.home, _patience(folder), folder.at)
    return _read(folder, Arrival(folder.home / name, name, content, digest, (0, 0, 0, 0)))


def enter_enclosed(session: Session, folder: InboxFolder, what: FileReading) -> KnownFile:
    """Import or return it in the session's transaction, in which its mail is put on record, too."""
    return _enter(session, folder, what)


def _round(folder: InboxFolder) -> Iterator[tuple[str, str]]:
    """What became of each file, as a field of `InboxResult` and a line."""
    try:
        for name in folder.earlier:
            take_over(inbox_of(folder.desk) / name, folder.home)
        prepare(folder.home, _patience(folder), folder.at)
        found = waiting(folder.home)
    except (XingfuError, OSError) as error:
        yield "failed", f"{folder.place}：{error}"
        return
    for path in found:
        what, line = _settle(folder, path)
        yield what, f"{folder.place}/{safe_name(path.name)}：{line}"


def _patience(folder: InboxFolder) -> Patience:
    settings = folder.desk.settings
    return patience(settings, limits(settings).most_bytes)


def _settle(folder: InboxFolder, path: Path) -> tuple[str, str]:
    try:
        arrival = read(path, _patience(folder), folder.at)
        reply = _known(folder, arrival) or _take(folder, arrival)
        filed = _file(folder, arrival, reply)
    except NotReadyError as reason:
        return "left", str(reason)
    except XingfuError as error:
        return "failed", str(error)
    except Exception as error:  # one file's trouble, of any kind, must not stop the others
        return "failed", _located(error)
    return _told(reply, filed=filed)


def _told(reply: KnownFile, *, filed: bool) -> tuple[str, str]:
    if not filed:
        return "left", f"{reply.outcome.label}；原处已被移走或换为另一文件，待下次读取"
    before = "内容此前已报送，未再登记；" if reply.again else ""
    return reply.outcome.value, before + reply.head.removesuffix("：")


def _known(folder: InboxFolder, arrival: Arrival) -> KnownFile | None:
    """What is known of a file; of one that had been filed and comes again a word is owed."""
    with folder.desk.writing() as session:
        known = _found(session, folder, arrival)
        file = inbox.find(session, folder.desk.plan, folder.place, arrival.digest)
        if known and file and file.filed:
            _acknowledge(session, folder, file)
        return known


def _found(session: Session, folder: InboxFolder, arrival: Arrival) -> KnownFile | None:
    file = inbox.find(session, folder.desk.plan, folder.place, arrival.digest)
    if file is None or _comes_anew(folder, file):
        return None
    return KnownFile(IntakeResult(file.outcome), file.reply.partition("\n")[0], again=True)


def _comes_anew(folder: InboxFolder, file: InboxFile) -> bool:
    """Whether what was not taken in whole is handed in again: its fault may be mended by now.

    What lies in the folder still and was never filed has come once alone.
    """
    whole = file.outcome == IntakeResult.DONE and not is_partial(file.reply)
    return not whole and (folder.sender is not None or file.filed)


def _acknowledge(session: Session, folder: InboxFolder, file: InboxFile) -> None:
    """Tell the city's bureau that a file which was taken in has come again."""
    file.reply = received_again(file.reply, folder.today, folder.at)
    inbox.put(session, file)
    bureau = folder.desk.plan.office(Level.CITY, file.place)
    owe_receipt(session, file, bureau, folder.today, folder.at)


def _take(folder: InboxFolder, arrival: Arrival) -> KnownFile:
    """Import a file that has not come before, or return it."""
    what = _read(folder, arrival)
    with folder.desk.writing() as session:
        return _enter(session, folder, what)


def _read(folder: InboxFolder, arrival: Arrival) -> FileReading:
    """What a file is, or why it cannot be read."""
    book: Book | None = None
    try:
        if code := _proven(folder, arrival):
            return FileReading(arrival, code=code)
        book = read_book(arrival.name, arrival.content, limits(folder.desk.settings))
        form = recognised(folder.desk, book, folder.today)
        return FileReading(arrival, book=book, form=form)
    except RefusedError as refusal:
        return FileReading(arrival, book=book, refusal=refusal)


def _enter(session: Session, folder: InboxFolder, what: FileReading) -> KnownFile:
    """Put on record what a file brings, or that it was refused, with the receipt; whole."""
    if known := _found(session, folder, what.arrival):
        return known
    refusal = what.refusal
    try:
        with session.begin_nested():
            if what.code:
                return _keep(session, folder, what.arrival, what.code)
            if what.book is not None and what.form is not None:
                return _import(session, folder, what.arrival, what.book, what.form)
    except RefusedError as refused_later:
        refusal = refused_later
    return _return(session, folder, what, refusal or RefusedError("未能读取"))


def _import(
    session: Session, folder: InboxFolder, arrival: Arrival, book: Book, what: RecognisedForm
) -> KnownFile:
    desk, today, at = folder.desk, folder.today, folder.at
    _refuse_others(folder, what.form)
    asked = ImportOptions(
        city=folder.city, actor=folder.sender.acts_in(what) if folder.sender else ""
    )
    done = take_in(session, desk, book, what, asked, today, at)
    _refuse_strangers(session, folder, done)
    punctual = punctuality(session, desk, done, today)
    refusal = done.refusal
    marked = refusal is not None and _lay_out(folder, arrival, book, refusal)
    text = accepted(arrival.name, done, today, at, punctual, marked=marked)
    return _answer(session, folder, arrival, IntakeResult.DONE, what, text)


def _proven(folder: InboxFolder, arrival: Arrival) -> str:
    """The project of the city of which a file proves something, as its name says; else empty.

    What is too large has not been read whole: it is returned like a workbook that is.
    """
    whole = len(arrival.content) <= limits(folder.desk.settings).most_bytes
    if not (folder.city and whole) or media_of(arrival.content) is None:
        return ""
    with folder.desk.reading() as session:
        projects = dossiers_in(session, folder.desk.plan, folder.place)
    named = [each.code for each in projects if each.code in arrival.name.upper()]
    return named[0] if len(named) == 1 else ""


def _keep(session: Session, folder: InboxFolder, arrival: Arrival, code: str) -> KnownFile:
    """Put a file on record that proves something of a project."""
    desk, today, at = folder.desk, folder.today, folder.at
    bureau = desk.plan.office(Level.CITY, folder.place)
    asked = ExhibitStatement(code, (Exhibit(arrival.name, arrival.content),), today, bureau)
    (kept,) = keep_evidence(session, desk, asked, today=today, at=at)
    text = filed_evidence(arrival.name, code, kept, today, at)
    return _answer(session, folder, arrival, IntakeResult.DONE, None, text)


def _return(
    session: Session, folder: InboxFolder, what: FileReading, refusal: RefusedError
) -> KnownFile:
    """Remember that a file was refused, once what it is returned with has been laid out."""
    arrival, form = what.arrival, what.form
    marked = _lay_out(folder, arrival, what.book, refusal)
    called = folder.desk.plan.form_name(form.form) if form else ""
    text = refused(arrival.name, called, refusal, folder.today, folder.at, marked=marked)
    return _answer(session, folder, arrival, IntakeResult.RETURNED, form, text)


def _lay_out(
    folder: InboxFolder, arrival: Arrival, book: Book | None, refusal: RefusedError
) -> bool:
    """Write the marked copy, if there can be one, and all reasons as text; whether there is one.

    Their names follow from the day and the content, so that doing it again replaces them.
    """
    path = folder.home / FOLDERS[IntakeResult.RETURNED]
    path /= marked_name(arrival.name, folder.today, arrival.digest)
    told = "\r\n".join(reasons(arrival.name, refusal))
    write(path.with_suffix(".txt"), told.encode("utf-8-sig"))
    copy = None
    if book is not None and isinstance(refusal, WorkbookError):
        with suppress(RefusedError):  # a text of it that no workbook can hold
            copy = annotated(book, refusal.faults)
    if copy is not None:
        write(path, copy)
    return copy is not None


def _answer(
    session: Session,
    folder: InboxFolder,
    arrival: Arrival,
    outcome: IntakeResult,
    what: RecognisedForm | None,
    text: str,
) -> KnownFile:
    """Remember a file with its receipt, and owe that to who sent it, or acts in it."""
    file = InboxFile(
        plan=folder.desk.plan.id,
        place=folder.place,
        digest=arrival.digest,
        name=arrival.name,
        form=what.form if what else None,
        outcome=outcome,
        reply=text,
        received_at=folder.at,
        mail=folder.mail,
    )
    inbox.put(session, file)
    if folder.is_answered:
        owe(session, folder.desk, file, folder.sender, folder.today)
    if folder.sender is None and what is not None:
        _owe_actor(session, folder, file, what)
    return KnownFile(outcome, text.partition("\n")[0], again=False)


def owe(session: Session, desk: Desk, file: InboxFile, sender: Sender | None, today: date) -> None:
    """Owe the answer to a file: to who sent it, and to nobody else; else to the city's bureau."""
    office = sender.office if sender else desk.plan.office(Level.CITY, file.place)
    intent = owe_receipt(session, file, office, today, file.received_at)
    if sender and intent:
        address(session, desk.plan, [(intent, Recipient(sender.person, RecipientReason.POST))])


def _owe_actor(
    session: Session, folder: InboxFolder, file: InboxFile, what: RecognisedForm
) -> None:
    """Owe the answer to a form to the person or office of the city that it was made out for, too.

    A county's form is put into the folder by its city, and it is the county that acts in it.
    """
    desk, who = folder.desk, what.identity.subject if what.identity else ""
    if what.form is not Form.ANSWER or not who:
        return
    people = Directory(desk.plan, legible_posts(session, desk.plan))
    posts = people.people.get(who, ())
    named = posts[0].office if posts else who
    office = next((each for each in desk.plan.every_office() if each.name == named), None)
    bureau = desk.plan.office(Level.CITY, folder.place)
    if office is None or office.city != folder.place or office.name == bureau:
        return
    intent = owe_receipt(session, file, office.name, folder.today, file.received_at)
    if posts and intent:
        address(session, desk.plan, [(intent, Recipient(who, RecipientReason.POST))])


def _file(folder: InboxFolder, arrival: Arrival, reply: KnownFile) -> bool:
    """Move a file that has been answered out of the way; False when it is not there any more."""
    target = folder.home / FOLDERS[reply.outcome]
    suffix = Path(arrival.name).suffix
    with folder.desk.writing() as session:
        name = f"{folder.today} {plain_stem(arrival.name)}{suffix}"
        moved = move(arrival, target, name)
        if moved:
            inbox.mark_filed(session, folder.desk.plan, folder.place, arrival.digest)
    return moved


def _refuse_others(folder: InboxFolder, form: Form) -> None:
    if form in folder.forms:
        return
    plan = folder.desk.plan
    called, province = plan.form_name(form), plan.office(Level.PROVINCE)
    if folder.sender is not None and folder.sender.office == province:
        raise RefusedError(f"“{called}”不随来信登记；请在工作台“表格”页报送，或交系统管理员登记")
    raise RefusedError(f"“{called}”由{province}登记，请报送{province}")


def _refuse_strangers(session: Session, folder: InboxFolder, done: ImportResult) -> None:
    """What one city hands in changes nothing of another's."""
    if folder.city is None:
        return
    code = done.taken.subject
    subject = subjects(session, folder.desk.plan, [code]).get(code)
    if subject is None or subject.city != folder.place:
        raise RefusedError(
            f"是{code}的表，不属于{folder.place}；请放入{folder.desk.plan.said('相应市')}的收件文件夹"
        )


def _located(error: Exception) -> str:
    """An error as a line that quotes nothing of the file."""
    last = extract_tb(error.__traceback__)[-1]
    return f"程序错误（{type(error).__name__}，{Path(last.filename).name}:{last.lineno}）"

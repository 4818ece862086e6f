"""The inbox: what cities put into their folders is imported or returned, and answered, once each.

A file is known by its content. What it brings, that it has come, and that an answer is owed are
written in one transaction, or that it was refused and an answer is owed; then it is filed. Whoever
dies in between is followed by one who finds it known, and files it.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from traceback import extract_tb

from sqlmodel import Session

from common.errors import RefusedError, XingfuError
from documents.reading.annotate import annotated
from documents.reading.faults import WorkbookError
from documents.reading.grid import Book, read_book
from models import inbox
from models.database import reading
from models.outbox import owe_receipt
from models.projects import subjects
from models.tables import InboxFile
from operations.cases.desk import Desk, inbox_of
from operations.workbooks.inbox_folder import (
    Arrival,
    NotReadyError,
    Patience,
    move,
    patience,
    plain_stem,
    prepare,
    read,
    safe_name,
    waiting,
    write,
)
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import ImportResult, RecognisedForm, limits, recognised, take_in
from operations.workbooks.receipts import accepted, marked_name, reasons, refused
from policy.schema import City
from policy.vocabulary import Form, IntakeResult, Level

FROM_CITIES = (Form.SUMMARY, Form.APPLICATION, Form.REPORT, Form.LEDGER)
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


@dataclass(frozen=True, slots=True)
class CityFolder:
    """A city's folder, and the round that reads it."""

    desk: Desk
    city: City
    today: date
    at: datetime

    @property
    def home(self) -> Path:
        """Where it is."""
        return inbox_of(self.desk) / self.city.name


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
    with desk.reading():
        pass  # the database holds this plan
    found: dict[str, list[str]] = {}
    for city in desk.plan.cities:
        for what, line in _round(CityFolder(desk, city, today, at)):
            found.setdefault(what, []).append(line)
    return InboxResult(**{what: tuple(lines) for what, lines in found.items()})


def _round(folder: CityFolder) -> Iterator[tuple[str, str]]:
    """What became of each file, as a field of `InboxResult` and a line."""
    try:
        prepare(folder.home, _patience(folder), folder.at)
        found = waiting(folder.home)
    except (XingfuError, OSError) as error:
        yield "failed", f"{folder.city.name}：{error}"
        return
    for path in found:
        what, line = _settle(folder, path)
        yield what, f"{folder.city.name}/{safe_name(path.name)}：{line}"


def _patience(folder: CityFolder) -> Patience:
    settings = folder.desk.settings
    return patience(settings, limits(settings).most_bytes)


def _settle(folder: CityFolder, path: Path) -> tuple[str, str]:
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
    before = "内容此前已报送，未再导入；" if reply.again else ""
    return reply.outcome.value, before + reply.head.removesuffix("：")


def _known(folder: CityFolder, arrival: Arrival) -> KnownFile | None:
    with reading(folder.desk.engine) as session:
        return _found(session, folder, arrival)


def _found(session: Session, folder: CityFolder, arrival: Arrival) -> KnownFile | None:
    file = inbox.find(session, folder.desk.plan, folder.city.name, arrival.digest)
    if file is None:
        return None
    return KnownFile(IntakeResult(file.outcome), file.reply.partition("\n")[0], again=True)


def _take(folder: CityFolder, arrival: Arrival) -> KnownFile:
    """Import a file that has not come before, or return it."""
    book: Book | None = None
    known: RecognisedForm | None = None
    try:
        book = read_book(arrival.name, arrival.content, limits(folder.desk.settings))
        known = recognised(folder.desk, book)
        return _import(folder, arrival, book, known)
    except RefusedError as refusal:
        return _return(folder, arrival, book, known.form if known else None, refusal)


def _import(folder: CityFolder, arrival: Arrival, book: Book, what: RecognisedForm) -> KnownFile:
    desk, today, at = folder.desk, folder.today, folder.at
    _refuse_others(folder, what.form)
    with folder.desk.writing() as session:
        if known := _found(session, folder, arrival):
            return known
        done = take_in(session, desk, book, what, ImportOptions(city=folder.city.name), today, at)
        _refuse_strangers(session, folder, done)
        text = accepted(arrival.name, done, today, at)
        return _answer(session, folder, arrival, IntakeResult.DONE, done.form, text)


def _return(
    folder: CityFolder,
    arrival: Arrival,
    book: Book | None,
    form: Form | None,
    refusal: RefusedError,
) -> KnownFile:
    """Remember that a file was refused, once what it is returned with has been laid out."""
    marked = _lay_out(folder, arrival, book, refusal)
    text = refused(arrival.name, form, refusal, folder.today, folder.at, marked=marked)
    with folder.desk.writing() as session:
        return _found(session, folder, arrival) or _answer(
            session, folder, arrival, IntakeResult.RETURNED, form, text
        )


def _lay_out(
    folder: CityFolder, arrival: Arrival, book: Book | None, refusal: RefusedError
) -> bool:
    """Write the marked copy, if there can be one, and all reasons as text; whether there is one.

    Their names follow from the day and the content, so that doing it again replaces them.
    """
    path = folder.home / IntakeResult.RETURNED.value
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
    folder: CityFolder,
    arrival: Arrival,
    outcome: IntakeResult,
    form: Form | None,
    text: str,
) -> KnownFile:
    """Remember a file with its receipt, and owe that to the city's bureau."""
    file = InboxFile(
        plan=folder.desk.plan.id,
        place=folder.city.name,
        digest=arrival.digest,
        name=arrival.name,
        form=form,
        outcome=outcome,
        reply=text,
        received_at=folder.at,
    )
    inbox.add(session, file)
    recipient = folder.desk.plan.office(Level.CITY, folder.city.name)
    owe_receipt(session, file, recipient, folder.today, folder.at)
    return KnownFile(outcome, text.partition("\n")[0], again=False)


def _file(folder: CityFolder, arrival: Arrival, reply: KnownFile) -> bool:
    """Move a file that has been answered out of the way; False when it is not there any more."""
    target = folder.home / reply.outcome.value
    suffix = Path(arrival.name).suffix
    with folder.desk.writing() as session:
        name = f"{folder.today} {plain_stem(arrival.name)}{suffix}"
        moved = move(arrival, target, name)
        if moved:
            inbox.mark_filed(session, folder.desk.plan, folder.city.name, arrival.digest)
    return moved


def _refuse_others(folder: CityFolder, form: Form) -> None:
    if form not in FROM_CITIES:
        province = folder.desk.plan.office(Level.PROVINCE)
        raise RefusedError(f"“{form.label}”不从各市的收件文件夹导入；请报{province}登记")


def _refuse_strangers(session: Session, folder: CityFolder, done: ImportResult) -> None:
    """What one city hands in changes nothing of another's."""
    code = done.taken.subject
    subject = subjects(session, folder.desk.plan, [code]).get(code)
    if subject is None or subject.city != folder.city.name:
        raise RefusedError(f"是{code}的表，不属于{folder.city.name}；请放入相应市的收件文件夹")


def _located(error: Exception) -> str:
    """An error as a line that quotes nothing of the file."""
    last = extract_tb(error.__traceback__)[-1]
    return f"程序错误（{type(error).__name__}，{Path(last.filename).name}:{last.lineno}）"

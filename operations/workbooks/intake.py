"""Workbooks in: recognised, read whole, compared with what is stored, written all or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from pathlib import Path

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.recognise import recognise
from documents.reading.annotate import annotated, returned_name
from documents.reading.faults import WorkbookError
from documents.reading.gate import LIMITS, MEGABYTE, Limits
from documents.reading.grid import Book, open_book
from documents.reading.identity import Identity, identity_of
from documents.writing.saving import write
from models.audits import newest
from models.events import IMPORTED, hold_event
from models.secrets import secret_key
from models.settings import Settings
from operations.cases.desk import Desk
from operations.workbooks import (
    acceptance,
    application,
    contacts,
    inspection,
    ledger,
    opinions,
    report,
    summary,
)
from operations.workbooks.incoming import ImportOptions, IncomingWorkbook, WorkbookChanges
from policy.vocabulary import Form

TAKERS: Mapping[Form, Callable[[Session, Desk, IncomingWorkbook], WorkbookChanges]] = {
    Form.APPLICATION: application.take,
    Form.SUMMARY: summary.take,
    Form.CONTACTS: contacts.take,
    Form.REPORT: report.take,
    Form.LEDGER: ledger.take,
    Form.OPINIONS: opinions.take,
    Form.ACCEPTANCE: acceptance.take,
    Form.INSPECTION: inspection.take,
}
AS_IT_IS = ImportOptions()


@dataclass(frozen=True, slots=True)
class RecognisedForm:
    """Which form a workbook is; without an identity where only its headings tell."""

    form: Form
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of one workbook."""

    file: str
    form: Form
    signed: bool
    taken: WorkbookChanges


def import_workbook(
    desk: Desk,
    path: Path,
    asked: ImportOptions = AS_IT_IS,
    *,
    today: date,
    at: datetime,
    dry_run: bool = False,
) -> ImportResult:
    """Import one workbook whole, or refuse it whole with every reason.

    With `dry_run` nothing is kept: what comes back tells what would change. RefusedError, as
    WorkbookError where its cells are at fault; UnavailableError when it cannot be read.
    """
    return take(desk, open_book(path, limits(desk.settings)), asked, today, at, dry_run=dry_run)


def take(
    desk: Desk,
    book: Book,
    asked: ImportOptions,
    today: date,
    at: datetime,
    *,
    dry_run: bool = False,
) -> ImportResult:
    """As `import_workbook`, of a workbook that is open."""
    with desk.writing() as session:
        done = take_in(session, desk, book, recognised(desk, book), asked, today, at)
        if dry_run:
            session.rollback()
    return done


def recognised(desk: Desk, book: Book) -> RecognisedForm:
    """What a workbook is: as it is signed, else as its headings say. RefusedError if nothing."""
    identity = identity_of(book, secret_key(desk.settings))
    return RecognisedForm(identity.form if identity else recognise(book, desk.plan), identity)


def take_in(
    session: Session,
    desk: Desk,
    book: Book,
    known: RecognisedForm,
    asked: ImportOptions,
    today: date,
    at: datetime,
) -> ImportResult:
    """As `take`, of a workbook that is known, in a transaction that holds the plan's lock."""
    form, identity = known.form, known.identity
    if identity is not None:
        _refuse_other(session, desk, book, identity)
    taken = TAKERS[form](session, desk, IncomingWorkbook(book, identity, asked, today, at))
    done = ImportResult(book.file, form, identity is not None, taken)
    _hold(session, desk, done, at)
    return done


def return_copy(
    desk: Desk, path: Path, error: WorkbookError, home: Path | None = None
) -> Path | None:
    """Write a copy of a refused workbook beside it, or into `home`, its faulty cells marked.

    Gives back where it is.

    What somebody may have mended already is not replaced. None where no copy can be made.
    UnavailableError when it cannot be written.
    """
    try:
        content = annotated(open_book(path, limits(desk.settings)), error.faults)
    except RefusedError:  # a text of it that no workbook can hold
        return None
    if content is None:
        return None
    copy = (home or path.parent) / returned_name(path.name)
    for number in count(2):
        if not copy.exists() or copy.read_bytes() == content:
            break
        copy = copy.with_stem(f"{Path(returned_name(path.name)).stem}{number}")
    write(copy, content)
    return copy


def limits(settings: Settings) -> Limits:
    """What a workbook may be, as the settings have it; else as everywhere."""
    given = {"most_rows": settings.most_rows}
    if settings.most_workbook_mb is not None:
        given["most_bytes"] = settings.most_workbook_mb * MEGABYTE
    return replace(LIMITS, **{name: most for name, most in given.items() if most is not None})


def _hold(session: Session, desk: Desk, done: ImportResult, at: datetime) -> None:
    """Owe the event of an import."""
    taken = done.taken
    payload = {
        "file": done.file,
        "form": done.form.value,
        "form_label": done.form.label,
        "signed": done.signed,
        "period": taken.period,
        "added": taken.added,
        "changed": taken.changed,
        "unchanged": taken.unchanged,
    }
    hold_event(session, desk.plan, IMPORTED, taken.subject, at, payload)


def _refuse_other(session: Session, desk: Desk, book: Book, identity: Identity) -> None:
    if identity.plan != desk.plan.id:
        raise RefusedError(
            f"{book.file}：属于另一实施方案（{identity.plan}），不能导入“{desk.plan.name}”；"
            "请在相应的实施方案下导入"
        )
    if identity.form is Form.CONTACTS:
        return  # their version is no record's number
    if identity.version > newest(session, desk.plan):
        raise RefusedError(
            f"{book.file}：版本{identity.version}比现有记录还新，可能来自另一套数据；请重新导出后填写"
        )

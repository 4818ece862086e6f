"""Workbooks in: recognised, read whole, compared with what is stored, written all or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from pathlib import Path

from sqlmodel import Session

from common.errors import RefusedError
from common.words import long_date
from documents.forms.recognise import recognise
from documents.reading.annotate import annotated, returned_name
from documents.reading.faults import WorkbookError
from documents.reading.gate import LIMITS, MEGABYTE, Limits
from documents.reading.grid import Book, open_book
from documents.reading.identity import Identity, identity_of, is_marked
from documents.writing.saving import write
from models.audits import newest
from models.database import reading
from models.events import IMPORTED, hold_event
from models.keys import PastKeys, marking_keys, past_keys
from models.seals import require_plan_key
from models.settings import Settings
from operations.cases.authority import doubts_told
from operations.cases.desk import Desk
from operations.workbooks import (
    acceptance,
    answers,
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
    Form.ANSWER: answers.take,
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
    called: str
    """The form, as the plan calls it."""
    signed: bool
    taken: WorkbookChanges

    @property
    def refusal(self) -> WorkbookError | None:
        """What is wrong with the rows that were not taken in; None where all were."""
        return WorkbookError(self.file, self.taken.refused) if self.taken.refused else None


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
        done = take_in(session, desk, book, recognised(desk, book, today), asked, today, at)
        if dry_run:
            session.rollback()
    return done


def recognised(desk: Desk, book: Book, today: date) -> RecognisedForm:
    """What a workbook is: as it is signed, else as its headings say. RefusedError if nothing.

    A mark of a past key is taken until the day that was set when the key was changed.
    """
    with reading(desk.engine) as session:
        present = require_plan_key(session, desk.plan.id)
        past = past_keys(session, desk.plan.id, present)
    _refuse_lapsed(book, past, today)
    identity = identity_of(book, *marking_keys(past, present, today), office=desk.plan.head_bureau)
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
    taken = replace(taken, warnings=(*book.told, *taken.warnings))
    if doubted := doubts_told(session):
        taken = replace(taken, notes=(*taken.notes, *doubted))
    done = ImportResult(book.file, form, desk.plan.form_name(form), identity is not None, taken)
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
        "form_label": done.called,
        "signed": done.signed,
        "period": taken.period,
        "added": taken.added,
        "changed": taken.changed,
        "unchanged": taken.unchanged,
    }
    hold_event(session, desk.plan, IMPORTED, taken.subject, at, payload)


def _refuse_lapsed(book: Book, past: PastKeys, today: date) -> None:
    """RefusedError for a mark of a past key whose day has passed."""
    for item in past.opened:
        if today <= item.until or not is_marked(book, item.key.secret):
            continue
        raise RefusedError(
            f"{book.file}：是更换密钥之前发出的表格，已于{long_date(item.until)}停止接收；"
            "请重新导出或索取最新表格，将内容抄入后报送"
        )


def _refuse_other(session: Session, desk: Desk, book: Book, identity: Identity) -> None:
    if identity.plan != desk.plan.id:
        raise RefusedError(
            f"{book.file}：属于另一实施方案（{identity.plan}），不能导入“{desk.plan.name}”；"
            "请在相应的实施方案下导入"
        )
    if identity.form is Form.CONTACTS:
        return  # their version is no record's number
    if identity.version > newest(session, desk.plan):
        mend = f"请向{desk.plan.head_bureau}索取最新表格后填写"
        raise RefusedError(
            f"{book.file}：版本{identity.version}比现有记录还新，可能来自另一套数据；{mend}"
        )

"""Receipts (回执): what became of a file that was handed in, as it is stored and as it is sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import Session

from common.errors import RefusedError
from common.words import SHANGHAI, ended, short_date
from documents.reading.faults import CellFault, WorkbookError
from models.inbox import answered, receipt_rule
from models.tables import InboxFile, Outbox, is_receipt
from notifications.message import Attachment, Key, Receipt
from operations.cases.desk import Desk, inbox_of
from operations.workbooks.inbox_folder import plain_stem
from policy.vocabulary import Form, IntakeResult

if TYPE_CHECKING:
    from operations.workbooks.intake import ImportResult

MOST_DETAILS = 20
"""Faults or remarks that a receipt lists; the marked copy has them all."""
MOST_ATTACHED = 8_000_000
"""Bytes that go with one message: mail servers refuse what is much larger."""
MARKED = "以上各处已在标注件中逐格标出，标注件随附，并已放入本市收件文件夹的 returned 文件夹；"
"""Of a receipt that comes with a marked copy."""
AGAIN = "请修改后重新报送。"
TOO_LARGE = "标注件较大，未随本消息附送，请在本市收件文件夹的 returned 文件夹中取用。"
LOST = "标注件已不在收件文件夹中，未能附送，请按上列各处修改。"


@dataclass(frozen=True, slots=True)
class OutgoingReceipt:
    """A receipt on its way, with the marked copy of the workbook where there is one."""

    receipt: Receipt
    copy: Attachment | None = None


def accepted(name: str, done: "ImportResult", today: date, at: datetime) -> str:
    """What the sender of a workbook is told that was imported."""
    taken = done.taken
    counted = f"新增{taken.added}，更新{taken.changed}，未变{taken.unchanged}"
    head = f"{_opening(name, done.form, today, at, taken.period)}收悉并导入：{counted}。"
    remarks = [f"请核对：{_where(fault)}" for fault in taken.warnings]
    remarks += [f"说明：{ended(note)}" for note in taken.notes]
    return "\n".join((head, *_listed(remarks)))


def refused(
    name: str, form: Form | None, error: RefusedError, today: date, at: datetime, *, marked: bool
) -> str:
    """What the sender of a file is told that was not imported: every reason, up to a number."""
    opening = f"{_opening(name, form, today, at)}收悉。"
    if isinstance(error, WorkbookError):
        head = f"因有{len(error.faults)}处需修改，整份未导入，现予退回："
    else:
        head = "因下列原因未能导入，现予退回："
    return "\n".join(
        (opening + head, *_listed(reasons(name, error)), (MARKED if marked else "") + AGAIN)
    )


def reasons(name: str, error: RefusedError) -> Sequence[str]:
    """Why a file was not imported, one reason each."""
    if isinstance(error, WorkbookError):
        return [_where(fault, shown=True) for fault in error.faults]
    lines = (line.strip(" ·").removeprefix(f"{name}：") for line in str(error).splitlines())
    return [ended(line) for line in lines if line]


def marked_name(name: str, day: date, digest: str) -> str:
    """What the marked copy of a file that came in on a day is called on disk."""
    return f"{day} {plain_stem(name)}-{digest[:8]}-需修改.xlsx"


def answers(session: Session, desk: Desk, rows: Iterable[Outbox]) -> Mapping[Key, OutgoingReceipt]:
    """The receipts among these intents, as they were stored, each with its marked copy."""
    owed = {(row.subject, row.rule): row for row in rows if is_receipt(row)}
    if not owed:
        return {}
    cities, rules = {city for city, _ in owed}, {rule for _, rule in owed}
    found = answered(session, desk.plan, cities, rules)
    keys = {(file.place, receipt_rule(file.digest)): file for file in found}
    return {key: _answer(desk, file, owed[key]) for key, file in keys.items() if key in owed}


def told(found: Sequence[OutgoingReceipt]) -> tuple[tuple[Receipt, ...], tuple[Attachment, ...]]:
    """Receipts for one message, and the copies that fit into it."""
    receipts, copies, room = [], [], MOST_ATTACHED
    for answer in found:
        size = len(answer.copy.content) if answer.copy else 0
        fits = size <= room
        receipts.append(answer.receipt if fits else _noting(answer.receipt, TOO_LARGE))
        if answer.copy and fits:
            copies.append(answer.copy)
            room -= size
    return tuple(receipts), tuple(copies)


def _opening(name: str, form: Form | None, today: date, at: datetime, period: str = "") -> str:
    what = f"（{period}{form.label}）" if form else ""
    return f"贵局报送的“{name}”{what}已于{short_date(today)}{at.astimezone(SHANGHAI):%H:%M}"


def _where(fault: CellFault, *, shown: bool = False) -> str:
    value = f"原值{fault.shown}，" if shown and fault.spot.cell else ""
    mend = f"；{fault.mend}" if fault.mend else ""
    return ended(f"工作表“{fault.spot.sheet}”{fault.spot.cell}：{value}{fault.says}{mend}")


def _listed(said: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(said[:MOST_DETAILS], 1):
        yield f"（{number}）{' '.join(line.split())}"
    if len(said) > MOST_DETAILS:
        yield f"其余{len(said) - MOST_DETAILS}处从略。"


def _answer(desk: Desk, file: InboxFile, row: Outbox) -> OutgoingReceipt:
    head, *details = file.reply.splitlines()
    key, outcome = (row.subject, row.rule), IntakeResult(file.outcome)
    receipt = Receipt(key, outcome, head, tuple(details))
    if MARKED not in file.reply:
        return OutgoingReceipt(receipt)
    home = inbox_of(desk) / file.place / IntakeResult.RETURNED.value
    copy = _read(home / marked_name(file.name, row.as_of, file.digest))
    if copy is None:
        return OutgoingReceipt(_noting(receipt, LOST))
    return OutgoingReceipt(receipt, Attachment(f"{plain_stem(file.name)}-需修改.xlsx", copy))


def _read(path: Path) -> bytes | None:
    with suppress(OSError):
        return path.read_bytes()
    return None


def _noting(receipt: Receipt, note: str) -> Receipt:
    return replace(receipt, details=(*receipt.details, note))

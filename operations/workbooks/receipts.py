"""Receipts (回执): what became of a file that was handed in, as it is stored and as it is sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import Session

from common.errors import RefusedError
from common.words import SHANGHAI, ended, month_name, short_date
from documents.reading.faults import CellFault, Spot, WorkbookError
from models.deadlines import deadline_rows
from models.evidence import EvidenceFile
from models.inbox import answered, receipt_rule
from models.mails import threads_of
from models.tables import InboxFile, Outbox, is_receipt
from notifications.message import Attachment, Key, Receipt
from operations.cases.desk import Desk, inbox_of
from operations.workbooks.inbox_folder import filed, plain_stem
from policy.vocabulary import Form, IntakeResult

if TYPE_CHECKING:
    from operations.workbooks.intake import ImportResult

MOST_DETAILS = 20
"""Faults or remarks that a receipt lists; the marked copy has them all."""
MOST_ATTACHED = 8_000_000
"""Bytes that go with one message: mail servers refuse what is much larger."""
MARKED = (
    "需修改处已在附件表格中标红并批注，请直接在附件上修改后重新报送"
    "（本市收件文件夹“退回”中另存一份）。"
)
"""Of a receipt that comes with a marked copy."""
FORMERLY = "以上各处已在标注件中逐格标出，标注件随附，"
"""What such a receipt said in earlier versions; it may not be out yet."""
AGAIN = "请修改后重新报送，重新报送之日为报送日期。"
PARTIAL = "未登记的，请修改后重新报送；已登记的，不需再报。"
"""How the receipt ends of a form some of whose rows were not taken in."""
RECEIVED_AGAIN = "再次收到内容相同的文件，已收悉，无需重报。"
TOO_LARGE = "附件表格较大，未随本邮件附送，请在收件文件夹“退回”中取用。"
LOST = "附件表格已不在收件文件夹中，未能附送，请按上列各处修改。"
COUNTED = {Form.SUMMARY: "个项目", Form.REPORT: "个项目", Form.LEDGER: "笔", Form.CONTACTS: "人"}
"""What a form's rows are; elsewhere 项."""


@dataclass(frozen=True, slots=True)
class OutgoingReceipt:
    """A receipt on its way, with the marked copy of the workbook where there is one."""

    receipt: Receipt
    copy: Attachment | None = None


def accepted(
    name: str,
    done: "ImportResult",
    today: date,
    at: datetime,
    punctual: str = "",
    *,
    marked: bool = False,
) -> str:
    """What the sender of a workbook is told that was taken in; `punctual` as `punctuality`.

    `marked`: whether a copy comes with it that shows which rows were not.
    """
    taken = done.taken
    what = _what(done.form, done.called, taken.period)
    head = f"贵局报送的{what}（“{name}”）已于{_moment(today, at)}收到并登记，{_counted(done)}。"
    remarks = [f"请核对：{said}" for said in _merged(taken.warnings)]
    remarks += [f"说明：{ended(note)}" for note in taken.notes]
    remarks += [f"未登记：{said}" for said in _merged(taken.refused, shown=True)]
    return "\n".join((head + punctual, *_listed(remarks), _ending(done, remarks, marked=marked)))


def _ending(done: "ImportResult", remarks: Sequence[str], *, marked: bool) -> str:
    """What is still to be done; that nothing is, where that is so."""
    taken = done.taken
    if taken.refused:
        return f"{MARKED if marked else ''}{PARTIAL}"
    if taken.remaining:
        listed = "、".join(taken.remaining)
        return f"尚有{len(taken.remaining)}项未答复：{listed}，请办结后答复；已登记的，不需再报。"
    return "无其他问题，不需再报。" if remarks else "不需再报。"


def is_partial(reply: str) -> bool:
    """Whether a receipt tells of rows that were not taken in."""
    return reply.endswith(PARTIAL)


def received_again(reply: str, today: date, at: datetime) -> str:
    """A receipt with the word that the file has come again; of several times the last is told."""
    said = (line for line in reply.splitlines() if not line.endswith(RECEIVED_AGAIN))
    return "\n".join((*said, f"{_moment(today, at)}{RECEIVED_AGAIN}"))


def filed_evidence(name: str, code: str, kept: EvidenceFile, today: date, at: datetime) -> str:
    """What the sender of a file is told that proves something of a project."""
    return (
        f"贵局报送的佐证文件（“{name}”）已于{_moment(today, at)}收到，"
        f"登记到项目{code}（编号{kept.mark}）。\n不需再报。"
    )


def punctuality(session: Session, desk: Desk, done: "ImportResult", today: date) -> str:
    """Of a monthly report, by when it was due and whether it came in time; else empty."""
    duty = desk.plan.report_of(done.taken.period) if done.form is Form.REPORT else None
    if duty is None:
        return ""
    rows = deadline_rows(session, desk.plan, [done.taken.subject])
    row = next((row for row, _ in rows if row.rule == duty), None)
    fixed = desk.deadlines[duty].dates
    if row is None or fixed is None or row.fulfilled_on is None or row.overdue_after is None:
        return ""
    if row.fulfilled_on < today:
        return f"该月月报已于{short_date(row.fulfilled_on)}首次报送，本次为更新。"
    due = f"应报送时间为{short_date(row.extended_to or fixed.literal.due)}"
    late = (today - row.overdue_after).days
    return f"{due}，本次{f'逾期{late}天' if late > 0 else '按时报送'}。"


def refused(
    name: str, called: str, error: RefusedError, today: date, at: datetime, *, marked: bool
) -> str:
    """What the sender of a file is told that was not taken in: every reason, up to a number."""
    what = f"{called}（“{name}”）" if called else f"“{name}”"
    opening = f"贵局{_moment(today, at)}报送的{what}"
    if isinstance(error, WorkbookError):
        head = f"有{len(error.faults)}处需要修改，本次未登记，现退回："
    else:
        head = "因下列原因本次未登记，现退回："
    return "\n".join(
        (opening + head, *_listed(reasons(name, error)), (MARKED if marked else "") + AGAIN)
    )


def reasons(name: str, error: RefusedError) -> Sequence[str]:
    """Why a file was not taken in, one reason each; the same fault of several cells is one."""
    if isinstance(error, WorkbookError):
        return list(_merged(error.faults, shown=True))
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
    threads = threads_of(session, {file.mail for file in found if file.mail})
    return {
        key: _answer(desk, file, owed[key], threads.get(file.mail))
        for key, file in keys.items()
        if key in owed
    }


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


def _what(form: Form, called: str, period: str = "") -> str:
    """``2023年5月份月报``."""
    if not period:
        return called
    return f"{month_name(period)}份{called}" if form is Form.REPORT else f"{period}{called}"


def _moment(today: date, at: datetime) -> str:
    return f"{short_date(today)}{at.astimezone(SHANGHAI):%H时%M分}"


def _counted(done: "ImportResult") -> str:
    taken, unit = done.taken, COUNTED.get(done.form, "项")
    changed, number = taken.added + taken.changed, taken.added + taken.changed + taken.unchanged
    if not changed:
        return f"共{number}{unit}，内容与已登记的一致"
    return f"共{number}{unit}" + (f"，其中有变化的{changed}{unit}" if taken.unchanged else "")


def _merged(faults: Sequence[CellFault], *, shown: bool = False) -> Iterator[str]:
    """One sentence a fault; the same of several cells, of whatever sheets, stands once."""
    several = len({fault.spot.sheet for fault in faults}) > 1
    found: dict[str, dict[str, list[Spot]]] = {}
    for fault in faults:
        value = shown and fault.spot.cell and not fault.lacking
        said = f"{f'原值{fault.shown}，' if value else ''}{fault.says}"
        mend = f"；{fault.mend}" if fault.mend else ""
        sheets = found.setdefault(said + mend, {})
        sheets.setdefault(fault.spot.sheet, []).append(fault.spot)
    for said, sheets in found.items():
        places = ((sheet, _where(spots)) for sheet, spots in sheets.items())
        named = (
            f"{f'工作表“{sheet}”' if several or not where else ''}{where}"
            for sheet, where in places
        )
        yield ended(f"{'、'.join(named)}：{said}")


def _where(spots: Sequence[Spot]) -> str:
    """``“形象进度”（G4、G5，共2处）``; empty where a whole sheet is meant."""
    cells: dict[str, list[str]] = {}
    for spot in spots:
        if spot.cell:
            cells.setdefault(spot.heading, []).append(spot.cell)
    return "、".join(f"{_quoted(heading)}（{_counted_cells(at)}）" for heading, at in cells.items())


def _quoted(heading: str) -> str:
    brief = heading.partition("(")[0]
    return f"“{brief}”" if brief else "单元格"


def _counted_cells(cells: Sequence[str]) -> str:
    return "、".join(cells) + (f"，共{len(cells)}处" if len(cells) > 1 else "")


def _listed(said: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(said[:MOST_DETAILS], 1):
        yield f"（{number}）{' '.join(line.split())}"
    if len(said) > MOST_DETAILS:
        yield f"其余{len(said) - MOST_DETAILS}处从略。"


def _answer(
    desk: Desk, file: InboxFile, row: Outbox, mail: tuple[str, str] | None
) -> OutgoingReceipt:
    head, *details = file.reply.replace(MARKED, desk.plan.said(MARKED)).splitlines()
    key, outcome = (row.subject, row.rule), IntakeResult(file.outcome)
    what = desk.plan.form_name(Form(file.form)) if file.form else ""
    receipt = Receipt(key, outcome, head, tuple(details), what, *(mail or ()))
    if not any(mark in file.reply for mark in (MARKED, FORMERLY)):
        return OutgoingReceipt(receipt)
    home = inbox_of(desk) / file.place
    copy = _read(
        filed(home, IntakeResult.RETURNED) / marked_name(file.name, row.as_of, file.digest)
    )
    if copy is None:
        return OutgoingReceipt(_noting(receipt, LOST))
    return OutgoingReceipt(receipt, Attachment(f"{plain_stem(file.name)}-需修改.xlsx", copy))


def _read(path: Path) -> bytes | None:
    with suppress(OSError):
        return path.read_bytes()
    return None


def _noting(receipt: Receipt, note: str) -> Receipt:
    return replace(receipt, details=(*receipt.details, note))

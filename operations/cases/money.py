"""The money ledger of a project: book a line, and see what is owed, received and spent (七)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.words import cited
from models import records
from models.projects import dossier
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from policy.vocabulary import AuditKind, Disposition, EntryKind, Holder, Source
from states.authority import actor_of
from states.authority import booking as matter
from states.dossier import Dossier
from states.ledger import BOOKKEEPING, LedgerLine, Pot, balances, refusals
from states.trail import Effects


@dataclass(frozen=True, slots=True)
class Booking:
    """One line that someone asks to have booked; amounts in 元."""

    subject: str
    entry: EntryKind
    on: date
    source: Source
    holder: Holder
    amount: Decimal
    voucher: str
    actor: str
    to_holder: Holder | None = None
    category: str | None = None
    payee: str | None = None
    fund: str = ""
    """Of which fund, where the plan tells several of the source apart."""
    evidence: str = ""
    """Also the reason, where a category asks for one."""
    seen: int | None = None


def book(
    session: Session,
    desk: Desk,
    booking: Booking,
    *,
    today: date,
    at: datetime,
    casebook: Casebook | None = None,
) -> Mapping[Pot, Decimal]:
    """Book one line and give back the project's balances. RefusedError with every reason.

    What the ledger dates (money resting, matching funds come in) is dated with it (八(四), 六(二)).
    """
    asked = matter(desk.plan, booking.holder)
    casebook = begin(session, desk, booking.subject, asked, booking, today, booking.seen, casebook)
    before = casebook.project(booking.subject)
    line = _line(booking)
    reasons = [
        *_ended(before),
        *_taken(session, desk, booking, before),
        *refusals(
            desk.plan, line, booking.evidence, before.lines, before.released_of(booking.fund)
        ),
    ]
    if reasons:
        raise RefusedError(
            with_reasons(f"{before.code} {before.name}：不能登记“{booking.entry.label}”", reasons)
        )
    entry = AuditEntry(
        booking.subject,
        AuditKind.LEDGER,
        booking.entry.value,
        booking.actor,
        booking.on,
        desk.plan.money_clause,
        booking.evidence,
    )
    commit(session, desk, casebook, entry, Effects(line=line), at)
    return balances((*before.lines, line))


def _line(booking: Booking) -> LedgerLine:
    return LedgerLine(
        audit_id=0,
        entry=booking.entry,
        on=booking.on,
        source=booking.source,
        holder=booking.holder,
        amount=booking.amount,
        voucher=booking.voucher.strip(),
        to_holder=booking.to_holder,
        category=booking.category,
        payee=booking.payee,
        fund=booking.fund,
    )


def same_line(asked: Booking, line: LedgerLine) -> bool:
    """Whether what is asked is in the ledger already, to the last figure."""
    return replace(_line(asked), audit_id=line.audit_id) == line


def _ended(project: Dossier) -> Iterator[str]:
    if project.disposition in (Disposition.REJECTED, Disposition.RESERVE):
        yield f"项目为{project.disposition.label}，没有资金可登记"


def _taken(session: Session, desk: Desk, booking: Booking, project: Dossier) -> Iterator[str]:
    """A project of another city is not named to a city, nor one of another county to a county."""
    code = records.find_voucher(session, desk.plan, booking.voucher.strip())
    if code is not None:
        owner, actor = dossier(session, desk.plan, code), actor_of(desk.plan, booking.actor)
        where = f"已登记在{code}"
        if owner.city != project.city:
            where = desk.plan.said("已在其他市登记")
        elif actor is not None and actor.seat.county not in ("", owner.county):
            where = desk.plan.said("已在其他县（市、区）登记")
        by = cited(desk.plan.clause_of(BOOKKEEPING))
        yield f"凭证“{booking.voucher}”{where}，不得重复入账或跨项目使用{by}；请核对凭证号"

"""The money ledger of a project: book a line, and see what is owed, received and spent (七)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from models import records
from models.projects import dossier
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, begin, commit
from policy.vocabulary import AuditKind, Disposition, EntryKind, Holder, Source
from states.dossier import Dossier
from states.ledger import LedgerLine, balances, matched, refusals, resting
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
) -> Mapping[tuple[Source, Holder], Decimal]:
    """Book one line and give back the project's balances. RefusedError with every reason.

    What the ledger dates (money resting, matching funds come in) is dated with it (八(四), 六(二)).
    """
    casebook = begin(session, desk, booking.subject, booking, today, booking.seen, casebook)
    before = casebook.project(booking.subject)
    line = _line(booking)
    reasons = [
        *_ended(before),
        *_taken(session, desk, booking, before.city),
        *refusals(desk.plan, line, booking.evidence, before.lines, before.released),
    ]
    if reasons:
        raise RefusedError(
            with_reasons(f"{before.code} {before.name}：不能登记“{booking.entry.label}”", reasons)
        )
    lines = (*before.lines, line)
    entry = AuditEntry(
        booking.subject,
        AuditKind.LEDGER,
        booking.entry.value,
        booking.actor,
        booking.on,
        "七(二)" if desk.plan.money is None else desk.plan.money.clause,
        booking.evidence,
    )
    dated, revoked = ledger_facts(desk, before, lines)
    commit(session, desk, casebook, entry, Effects(dated=dated, revoked=revoked, line=line), at)
    return balances(lines)


def ledger_facts(
    desk: Desk, project: Dossier, lines: Sequence[LedgerLine]
) -> tuple[Mapping[str, date], tuple[str, ...]]:
    """The facts that `lines` change: those dated, or dated anew, and those that hold no longer."""
    wanted = dict(_wanted(desk, project, lines))
    held = project.milestones
    dated = {name: on for name, on in wanted.items() if on is not None and held.get(name) != on}
    revoked = tuple(name for name, on in wanted.items() if on is None and name in held)
    return dated, revoked


def _wanted(
    desk: Desk, project: Dossier, lines: Sequence[LedgerLine]
) -> Iterator[tuple[str, date | None]]:
    promised = project.profile.promised
    for milestone in desk.plan.milestones:
        rule = milestone.ledger
        if rule is None:
            continue
        if rule.fact == "matched":
            source = Source(rule.of)
            if promised[source]:  # a share of nothing is recorded by hand
                yield milestone.id, matched(lines, source, promised[source])
        else:
            since, passed = resting(lines, Holder(rule.of))
            yield milestone.id, since if rule.fact == "received" else passed


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
    )


def _ended(project: Dossier) -> Iterator[str]:
    if project.disposition in (Disposition.REJECTED, Disposition.RESERVE):
        yield f"项目为{project.disposition.label}，没有资金可登记"


def _taken(session: Session, desk: Desk, booking: Booking, city: str) -> Iterator[str]:
    """A project of another city is not named to `city`."""
    owner = records.find_voucher(session, desk.plan, booking.voucher.strip())
    if owner is not None:
        own = dossier(session, desk.plan, owner).city == city
        where = f"已登记在{owner}" if own else "已在其他市登记"
        yield f"凭证“{booking.voucher}”{where}，不得重复入账或跨项目使用（八(四)）；请核对凭证号"

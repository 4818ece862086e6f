"""The money ledger: rows to `states.ledger.Line` and back."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, delete
from sqlmodel import Session, col, select

from models.rows import into, rows_of
from models.tables import LedgerLine
from policy.schema import Plan
from policy.vocabulary import Entry, Holder, Source
from states.ledger import Line


def lines(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, tuple[Line, ...]]:
    """Per project, the lines that count, by day and then in the order of booking."""
    found: dict[str, list[Line]] = {}
    for row in rows_of(session, LedgerLine, plan, codes, ("on", "audit_id")):
        found.setdefault(row.subject, []).append(_line(row))
    return {code: tuple(kept) for code, kept in found.items()}


def add_line(session: Session, plan: Plan, code: str, line: Line, audit_id: int) -> None:
    """Keep a line that the row `audit_id` books."""
    said = {field.name: getattr(line, field.name) for field in fields(line)}
    said |= {"plan": plan.id, "subject": code, "audit_id": audit_id}
    session.connection().execute(into(LedgerLine), said)


def remove(session: Session, plan: Plan, audit_id: int) -> None:
    """Let the line of that row count no longer; the audit trail keeps it."""
    session.execute(
        delete(LedgerLine).where(
            col(LedgerLine.plan) == plan.id, col(LedgerLine.audit_id) == audit_id
        )
    )


def find_voucher(session: Session, plan: Plan, voucher: str) -> str | None:
    """The project in which a voucher is booked."""
    query = select(LedgerLine.subject).where(
        LedgerLine.plan == plan.id, LedgerLine.voucher == voucher
    )
    return session.exec(query).first()


def _line(row: Row[Any]) -> Line:
    return Line(
        audit_id=row.audit_id,
        entry=Entry(row.entry),
        on=row.on,
        source=Source(row.source),
        holder=Holder(row.holder),
        amount=row.amount,
        voucher=row.voucher,
        to_holder=Holder(row.to_holder) if row.to_holder else None,
        category=row.category,
        payee=row.payee,
    )

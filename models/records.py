"""A project's ledger lines, opinions and monthly progress: rows to values of the core and back."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, delete
from sqlmodel import Session, col, select

from models.rows import columns, into, rows_of
from models.tables import LedgerRow, OpinionRow, ProgressRow
from policy.schema import Plan
from policy.vocabulary import EntryKind, Holder, Source
from states.ledger import LedgerLine
from states.progress import PROGRESS_LABELS, Progress
from states.review import Opinion


def lines(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, tuple[LedgerLine, ...]]:
    """Per project, the lines that count, by day and then in the order of booking."""
    found: dict[str, list[LedgerLine]] = {}
    for row in rows_of(session, LedgerRow, plan, codes, ("on", "audit_id")):
        found.setdefault(row.subject, []).append(_line(row))
    return {code: tuple(kept) for code, kept in found.items()}


def add_line(session: Session, plan: Plan, code: str, line: LedgerLine, audit_id: int) -> None:
    """Keep a line that the row `audit_id` books."""
    said = {field.name: getattr(line, field.name) for field in fields(line)}
    said |= {"plan": plan.id, "subject": code, "audit_id": audit_id}
    session.connection().execute(into(LedgerRow), said)


def remove_line(session: Session, plan: Plan, audit_id: int) -> None:
    """Let the line of that row count no longer; the audit trail keeps it."""
    session.execute(
        delete(LedgerRow).where(col(LedgerRow.plan) == plan.id, col(LedgerRow.audit_id) == audit_id)
    )


def find_voucher(session: Session, plan: Plan, voucher: str) -> str | None:
    """The project in which a voucher is booked."""
    query = select(LedgerRow.subject).where(LedgerRow.plan == plan.id, LedgerRow.voucher == voucher)
    return session.exec(query).first()


def _line(row: Row[Any]) -> LedgerLine:
    return LedgerLine(
        audit_id=row.audit_id,
        entry=EntryKind(row.entry),
        on=row.on,
        source=Source(row.source),
        holder=Holder(row.holder),
        amount=row.amount,
        voucher=row.voucher,
        to_holder=Holder(row.to_holder) if row.to_holder else None,
        category=row.category,
        payee=row.payee,
        fund=row.fund,
    )


def opinions(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, tuple[Opinion, ...]]:
    """Per project, the opinions that count, in the order in which they were recorded."""
    found: dict[str, tuple[Opinion, ...]] = {}
    for row in rows_of(session, OpinionRow, plan, codes, ("audit_id",)):
        scores = {name: Decimal(points) for name, points in row.scores.items()}
        opinion = Opinion(row.expert, row.organisation, row.on, scores, row.audit_id)
        found[row.subject] = (*found.get(row.subject, ()), opinion)
    return found


def add_opinion(session: Session, plan: Plan, code: str, opinion: Opinion, audit_id: int) -> None:
    """Keep an opinion that the row `audit_id` records."""
    said = {
        "plan": plan.id,
        "subject": code,
        "audit_id": audit_id,
        "expert": opinion.expert,
        "organisation": opinion.organisation,
        "on": opinion.on,
        "scores": {name: str(points) for name, points in opinion.scores.items()},
    }
    session.connection().execute(into(OpinionRow), said)


def remove_opinion(session: Session, plan: Plan, audit_id: int) -> None:
    """Let the opinion of that row count no longer; the audit trail keeps it."""
    session.execute(
        delete(OpinionRow).where(
            col(OpinionRow.plan) == plan.id, col(OpinionRow.audit_id) == audit_id
        )
    )


PROGRESS_COLUMNS = (*PROGRESS_LABELS, "audit_id")
PROGRESS = columns(ProgressRow)
FORMER = delete(PROGRESS.plan.table).where(
    *(PROGRESS[name] == bindparam(f"its_{name}") for name in ("plan", "subject", "period"))
)
"""The report of a month that is reported again."""


def progress_of(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, tuple[Progress, ...]]:
    """Per project, what was reported of it month by month, oldest first."""
    found: dict[str, tuple[Progress, ...]] = {}
    for row in rows_of(session, ProgressRow, plan, codes, ("period",)):
        report = Progress(**{name: getattr(row, name) for name in PROGRESS_COLUMNS})
        found[row.subject] = (*found.get(row.subject, ()), report)
    return found


def put_progress(session: Session, plan: Plan, code: str, progress: Progress) -> None:
    """Keep a month's report in the place of that month's former one."""
    its = {"plan": plan.id, "subject": code, "period": progress.period}
    values = {name: getattr(progress, name) for name in PROGRESS_COLUMNS}
    connection = session.connection()
    connection.execute(FORMER, {f"its_{name}": value for name, value in its.items()})
    connection.execute(into(ProgressRow), {**values, **its})


def remove_progress(session: Session, plan: Plan, audit_id: int) -> None:
    """Let the report of that row count no longer; the audit trail keeps it."""
    session.execute(
        delete(ProgressRow).where(
            col(ProgressRow.plan) == plan.id, col(ProgressRow.audit_id) == audit_id
        )
    )

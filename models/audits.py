"""The audit trail: rows are added and read, never changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from models.tables import Audit
from policy.schema import Plan
from policy.vocabulary import AuditKind


def add_audit(
    session: Session,
    plan: Plan,
    subject: str,
    kind: AuditKind,
    action: str,
    *,
    actor: str,
    on: date,
    at: datetime,
    clause: str,
    stages: tuple[str, str] | None = None,
    evidence: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Record what was done and give back the row's id. `stages` is (from, to)."""
    row = Audit(
        plan=plan.id,
        subject=subject,
        kind=kind,
        action=action,
        from_stage=stages[0] if stages else None,
        to_stage=stages[1] if stages else None,
        actor=actor,
        effective_on=on,
        recorded_at=at,
        clause=clause,
        evidence=evidence,
        detail=detail or {},
    )
    session.add(row)
    session.flush()
    assert row.id is not None  # noqa: S101  # given by the database on flush
    return row.id


def recorded_acts(session: Session, plan: Plan) -> frozenset[tuple[str, str, date, str]]:
    """Subject, action or fact, day, and voucher where there is one, of everything ever recorded."""
    rows = session.exec(select(Audit).where(Audit.plan == plan.id))
    return frozenset(
        (row.subject, row.action, row.effective_on, row.detail.get("line", {}).get("voucher", ""))
        for row in rows
    )


def history(session: Session, plan: Plan, code: str) -> tuple[Audit, ...]:
    """Everything recorded about a subject, oldest first."""
    query = select(Audit).where(Audit.plan == plan.id, Audit.subject == code)
    return tuple(session.exec(query.order_by(col(Audit.id))).all())

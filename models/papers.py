"""Letters that were issued: rows of the trail that hold them word for word."""

from sqlmodel import Session, col, select

from models.tables import Audit
from policy.schema import Plan
from policy.vocabulary import AuditKind

PAPER = "paper"
"""What holds the letter in the row's detail."""


def paper_rows(session: Session, plan: Plan) -> tuple[Audit, ...]:
    """The rows of the plan that record a letter of any kind, oldest first."""
    query = select(Audit).where(Audit.plan == plan.id, Audit.kind == AuditKind.EVIDENCE)
    rows = session.exec(query.order_by(col(Audit.id)))
    return tuple(row for row in rows if PAPER in row.detail)

"""Expert opinions that count: rows to `states.review.Opinion` and back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import delete
from sqlmodel import Session, col

from models.rows import into, rows_of
from models.tables import OpinionRow
from policy.schema import Plan
from states.review import Opinion


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


def remove(session: Session, plan: Plan, audit_id: int) -> None:
    """Let the opinion of that row count no longer; the audit trail keeps it."""
    session.execute(
        delete(OpinionRow).where(
            col(OpinionRow.plan) == plan.id, col(OpinionRow.audit_id) == audit_id
        )
    )

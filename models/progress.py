"""Monthly reports of projects: rows to `states.progress.Progress` and back."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete
from sqlmodel import Session, col

from models.rows import rows_of
from models.tables import ProgressRow
from policy.schema import Plan
from states.progress import PROGRESS_LABELS, Progress

FIELDS = (*PROGRESS_LABELS, "audit_id")


def progress_of(
    session: Session, plan: Plan, codes: Sequence[str] | None = None
) -> Mapping[str, tuple[Progress, ...]]:
    """Per project, what was reported of it month by month, oldest first."""
    found: dict[str, tuple[Progress, ...]] = {}
    for row in rows_of(session, ProgressRow, plan, codes, ("period",)):
        report = Progress(**{name: getattr(row, name) for name in FIELDS})
        found[row.subject] = (*found.get(row.subject, ()), report)
    return found


def put(session: Session, plan: Plan, code: str, progress: Progress) -> None:
    """Keep a month's report in the place of that month's former one."""
    values = {name: getattr(progress, name) for name in FIELDS}
    session.merge(ProgressRow(plan=plan.id, subject=code, **values))
    session.flush()


def remove(session: Session, plan: Plan, audit_id: int) -> None:
    """Let the report of that row count no longer; the audit trail keeps it."""
    session.execute(
        delete(ProgressRow).where(
            col(ProgressRow.plan) == plan.id, col(ProgressRow.audit_id) == audit_id
        )
    )

"""Acknowledgements (已知悉): somebody says when an open deadline will be met, and why not yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.words import long_date
from models import deadlines
from models.audits import NewRow, add_audit
from models.projects import find_subject
from models.tables import DeadlineRow
from operations.cases.desk import Desk
from operations.cases.effects import begin
from operations.cases.fulfilment import deadline_of
from policy.vocabulary import AuditKind, Standing
from states.authority import acknowledgement as matter


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What is said of one deadline of a subject."""

    subject: str
    rule: str
    """The deadline's id, e.g. ``D08`` or ``D10-03``."""
    expected: date
    """The day on which it will be met; until then nothing is repeated, escalation aside."""
    on: date
    actor: str
    reason: str
    seen: int | None = None


def acknowledge(
    session: Session, desk: Desk, said: Acknowledgement, *, today: date, at: datetime
) -> None:
    """Record it, and withdraw what is owed and only asks again. RefusedError with every reason."""
    known = deadlines.deadline_row(session, desk.plan, said.subject, said.rule)
    asked = matter(desk.plan, said.rule, known.body if known else "")
    begin(session, desk, said.subject, asked, said, today, said.seen)
    find_subject(session, desk.plan, said.subject)
    deadline, row = deadline_of(session, desk, said.subject, said.rule)
    if reasons := list(_refusals(desk, said, row)):
        raise RefusedError(with_reasons(f"{said.subject} {said.rule}：不能登记知悉", reasons))
    deadlines.acknowledge(session, desk.plan, said.subject, said.rule, said.expected)
    noted = NewRow(
        subject=said.subject,
        kind=AuditKind.ACKNOWLEDGEMENT,
        action=said.rule,
        actor=said.actor,
        on=said.on,
        at=at,
        clause=deadline.rule.clause,
        evidence=said.reason,
        detail={"expected": said.expected.isoformat(), "visit": row.visit},
    )
    add_audit(session, desk.plan, noted)


def _refusals(desk: Desk, said: Acknowledgement, row: DeadlineRow) -> Iterator[str]:
    if not said.reason.strip():
        yield "请写明原因"
    if reason := desk.plan.notice.too_early(said.on):
        yield reason
    if said.expected < said.on:
        days = f"预计完成日期（{long_date(said.expected)}）早于登记日期（{long_date(said.on)}）"
        yield f"{days}，请核对"
    if said.expected.year > desk.plan.years[-1] + 1:
        yield f"预计完成日期（{long_date(said.expected)}）过远，请核对年份"
    if row.next_look_on is None:
        yield f"该时限{Standing(row.standing).label}，无需登记"

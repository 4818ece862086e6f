"""Approved extensions: who, when, why, and the old date kept (八(四))."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from models.audits import NewRow, add_audit
from models.deadlines import extend as put_off
from models.projects import dossiers, find_subject
from models.tables import DeadlineRow
from operations.cases.desk import Desk
from operations.cases.effects import begin
from operations.cases.fulfilment import deadline_of, subject_state
from policy.vocabulary import AuditKind, Disposition, Standing, SubjectKind
from states.deadlines import DONE, Deadline
from states.workdays import UnknownYearError

CLOSED = (*DONE, Standing.VOID, Standing.WAITING)


@dataclass(frozen=True, slots=True)
class Extension:
    """One deadline of a subject that somebody has put off."""

    subject: str
    rule: str
    """The deadline's id, e.g. ``D08`` or ``D10-03``."""
    until: date
    """The new literal date; the calendar moves it as it moves any other."""
    on: date
    actor: str
    evidence: str
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class ExtensionResult:
    """What came of it: the days after which the subject is late, before and now."""

    old: date
    new: date


def extend(
    session: Session, desk: Desk, extension: Extension, *, today: date, at: datetime
) -> ExtensionResult:
    """Put a deadline off; reminders start anew for the new date. RefusedError with every reason."""
    begin(session, desk, extension.subject, extension, today, extension.seen)
    subject = find_subject(session, desk.plan, extension.subject)
    deadline, row = deadline_of(session, desk, extension.subject, extension.rule)
    if reasons := list(_refusals(desk, extension, deadline, row)):
        raise RefusedError(with_reasons(f"{extension.subject} {extension.rule}：不能延期", reasons))
    old = row.overdue_after
    add_audit(session, desk.plan, _row(extension, deadline, old, at))
    project = next(iter(dossiers(session, desk.plan, [extension.subject])), None)
    disposition = project.disposition if project else Disposition.ACTIVE
    kind = SubjectKind(subject.kind)
    state = subject_state(session, desk, extension.subject, kind, disposition)
    row = put_off(session, desk.plan, desk.calendar, deadline, state, extension.until)
    assert old is not None and row.overdue_after is not None  # noqa: S101, PT018  # it is open
    return ExtensionResult(old, row.overdue_after)


def _row(extension: Extension, deadline: Deadline, old: date | None, at: datetime) -> NewRow:
    return NewRow(
        subject=extension.subject,
        kind=AuditKind.EXTENSION,
        action=extension.rule,
        actor=extension.actor,
        on=extension.on,
        at=at,
        clause=deadline.rule.clause,
        evidence=extension.evidence,
        detail={"from": str(old), "until": extension.until.isoformat()},
    )


def _refusals(
    desk: Desk, extension: Extension, deadline: Deadline, row: DeadlineRow
) -> Iterator[str]:
    clause = deadline.rule.clause
    if not extension.evidence.strip():
        yield "延期须有批准文件，请注明文件名称和文号"
    if extension.on < desk.plan.notice.issued_on:
        yield f"日期{extension.on}早于通知印发日{desk.plan.notice.issued_on}，请核对年份"
    if row.standing in CLOSED:
        yield f"该时限{Standing(row.standing).label}，无需延期（{clause}）"
    if row.overdue_after is not None and extension.until <= row.overdue_after:
        yield f"现行日期为{row.overdue_after}，延期须晚于该日（{clause}）"
    if not desk.calendar.knows(extension.until.year):
        yield str(UnknownYearError(extension.until.year))
    if deadline.rule.within_year and extension.until.year > desk.plan.year:
        yield f"“当年”事项不得延至次年，最迟{desk.plan.year}-12-31（{clause}）"

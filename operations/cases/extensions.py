"""Approved extensions: who, when, why, and the old date kept (八(四))."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.words import long_date
from models.audits import NewRow, add_audit
from models.deadlines import extend as put_off
from models.projects import find_subject
from models.tables import DeadlineRow, Subject
from operations.cases.desk import Desk
from operations.cases.effects import begin
from operations.cases.fulfilment import deadline_of, state_of
from policy.vocabulary import AuditKind, Standing
from states.authority import extension as matter
from states.deadlines import DONE, Deadline, dates_of, ends_with_year
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
    """Put a deadline off, or an extension to an earlier day; reminders start anew.

    Never to the rule's own day or before: that is a reversal. RefusedError with every reason.
    """
    begin(session, desk, extension.subject, matter(desk.plan), extension, today, extension.seen)
    subject = find_subject(session, desk.plan, extension.subject)
    deadline, row = deadline_of(session, desk, extension.subject, extension.rule)
    if reasons := list(_refusals(session, desk, extension, subject, deadline, row)):
        raise RefusedError(with_reasons(f"{extension.subject} {extension.rule}：不能延期", reasons))
    old = row.overdue_after
    add_audit(session, desk.plan, _row(extension, deadline, old, at))
    state = state_of(session, desk, subject)
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


def _ruled(session: Session, desk: Desk, subject: Subject, deadline: Deadline) -> date | None:
    """The day after which the subject would be late without any extension.

    None where the province has to set the day: it may be any.
    """
    state = state_of(session, desk, subject)
    dates = dates_of(deadline, state.kind, state.facts, None, desk.calendar)
    return dates.overdue_after if dates and dates.fits else None


def _no_day(
    extension: Extension, row: DeadlineRow, ruled: date | None, clause: str
) -> Iterator[str]:
    """Why the new day is none: `ruled` is the one that holds without any extension."""
    if ruled is not None and extension.until <= ruled:
        yield f"规定日期为{ruled}，延期须晚于该日（{clause}）；撤销延期请更正该次延期记录"
    elif row.extended_to == extension.until:
        yield f"已延期至{long_date(extension.until)}，无需重复"
    elif row.extended_to is not None and extension.until <= extension.on:
        yield f"缩短延期须晚于批准日期{long_date(extension.on)}（{clause}）"


def _refusals(
    session: Session,
    desk: Desk,
    extension: Extension,
    subject: Subject,
    deadline: Deadline,
    row: DeadlineRow,
) -> Iterator[str]:
    clause = deadline.rule.clause
    if not extension.evidence.strip():
        yield "延期须有批准文件，请注明文件名称和文号"
    if reason := desk.plan.notice.too_early(extension.on):
        yield reason
    if row.standing in CLOSED:
        yield f"该时限{Standing(row.standing).label}，无需延期（{clause}）"
    yield from _no_day(extension, row, _ruled(session, desk, subject, deadline), clause)
    if not desk.calendar.knows(extension.until.year):
        yield str(UnknownYearError(extension.until.year))
    facts = state_of(session, desk, subject).facts
    year = _year(desk, deadline, facts)
    if ends_with_year(deadline, facts) and extension.until.year > year:
        yield f"“当年”事项不得延至次年，最迟{year}-12-31（{clause}）"


def _year(desk: Desk, deadline: Deadline, facts: Mapping[str, date]) -> int:
    """The year of a 当年 duty: that of its own day, of which a plan may have several."""
    span = deadline.follows or deadline.later_of
    if deadline.dates is not None and not (span and span.within_year and span.after in facts):
        return deadline.dates.literal.due.year
    return facts[span.after].year if span and span.after in facts else desk.plan.years[-1]

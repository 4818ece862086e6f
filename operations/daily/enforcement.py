"""The daily decision: gather what is due, decide purely, write it all in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError
from models.database import reading, writing
from models.deadlines import apply, due_situations, stalled, targets
from models.enforced import find_day, finish_day, last_day, missed_days, put_day
from models.sweeps import put_sweep
from operations.cases.desk import Desk
from operations.daily.confirmation import (
    Confirmation,
    DoubtfulDayError,
    admit,
    announce_refusal,
)
from policy.vocabulary import DecisionKind, SubjectKind
from states.deadlines import Deadline, gaps
from states.decide import Decision, Situation, Verdict, decide
from states.doubts import day_of_work
from states.workdays import CALENDARS


@dataclass(frozen=True, slots=True)
class DeadlineDecision:
    """One decision about one deadline of one subject."""

    decision: DecisionKind
    subject_kind: SubjectKind
    subject: str
    rule: str
    clause: str
    rung: str | None
    recipient: str
    remind_by: date
    overdue_after: date


@dataclass(frozen=True, slots=True)
class EnforcementResult:
    """What a run of the daily job changed."""

    as_of: date
    looked_at: int
    """Distinct situations among the deadlines that were due to be looked at."""
    messages: int
    """Messages owed anew."""
    marked_overdue: int
    notes: tuple[str, ...] = ()
    """What an admin should know, in Chinese."""
    missed: tuple[date, ...] = ()
    """The days that were caught up, oldest first: see `models.enforced.missed_days`."""


def day_to_enforce(asked: date | None, today: date) -> date:
    """The day that somebody asks for, by default today.

    RefusedError for one to come: what is late by then only would be on record, and the days until
    then would be taken for done.
    """
    if asked is not None and asked > today:
        raise RefusedError(
            f"{asked}尚未到来（今天是{today}），只能办理到今天；推演请用 xingfu simulate"
        )
    return asked or today


def working_day(desk: Desk, today: date) -> date:
    """As of which day is worked by itself: today, or the last day of a plan that is over.

    Also where the plan has changed: that it is refused then is said by what comes after.
    """
    with reading(desk.engine) as session:
        return day_of_work(desk.plan, today, last_day(session, desk.plan))


def check(desk: Desk, as_of: date) -> tuple[DeadlineDecision, ...]:
    """What `enforce` would decide as of a day; nothing is written."""
    with desk.reading() as session:
        return tuple(
            finding
            for situation, deadline, verdict in _verdicts(session, desk, as_of)
            for decision in verdict.decisions
            for finding in _findings(session, desk, situation, deadline, decision, as_of)
        )


def enforce(desk: Desk, as_of: date, at: datetime) -> EnforcementResult:
    """Write standings, audit rows and messages for `as_of`, and for days missed before it.

    All or nothing, and the same day twice adds nothing. UnknownYearError when `as_of` lies outside
    the calendar's known years. The day is taken as it is given, as a rehearsal on a copy needs it;
    whoever reads it off a clock asks for it by `enforce_in_earnest`.
    """
    with desk.writing() as session:
        return _enforce(session, desk, as_of, at)


def enforce_in_earnest(
    desk: Desk, as_of: date, at: datetime, confirmed: Confirmation | None = None
) -> EnforcementResult:
    """As `enforce`, unless the day or the clock is doubted and nobody stands for it.

    DoubtfulDayError then, with nothing written but the event that tells of it.
    """
    desk.calendar.is_workday(as_of)  # what no confirmation mends is said first
    try:
        with desk.writing() as session:
            admit(session, desk, as_of, at, confirmed)
            return _enforce(session, desk, as_of, at)
    except DoubtfulDayError as refusal:
        announce_refusal(desk, as_of, str(refusal), at)
        raise


def _enforce(session: Session, desk: Desk, as_of: date, at: datetime) -> EnforcementResult:
    messages, marked, looked_at = 0, 0, 0
    put_sweep(session, desk.plan, as_of, at)
    for situation, deadline, verdict in _verdicts(session, desk, as_of):
        written = apply(session, desk.plan, deadline, situation, verdict, as_of, at)
        messages, marked = messages + written.messages, marked + written.marked_overdue
        looked_at += 1
    notes = tuple(_notes(session, desk, as_of))
    missed = missed_days(session, desk.plan, as_of)
    put_day(session, desk.plan, as_of, at)
    return EnforcementResult(as_of, looked_at, messages, marked, notes, missed)


def _verdicts(
    session: Session, desk: Desk, as_of: date
) -> Iterator[tuple[Situation, Deadline, Verdict]]:
    desk.calendar.is_workday(as_of)  # an unknown year is an error even when nothing is due
    for situation in due_situations(session, desk.plan, as_of):
        deadline = desk.deadlines[situation.rule]
        yield situation, deadline, decide(situation, deadline, desk.plan, desk.calendar, as_of)


def _notes(session: Session, desk: Desk, as_of: date) -> Iterator[str]:
    waiting = list(gaps(desk.plan, desk.calendar))
    if not desk.calendar.knows(as_of.year + 1):  # else no span can have run out of known days
        waiting += stalled(session, desk.plan, desk.deadlines.values())
    if waiting:
        listed = "、".join(waiting)
        file = f"请在 {CALENDARS}增加该年文件"
        yield f"{listed}的日期涉及放假安排未公布的年份，暂未起算；{file}"


def _findings(
    session: Session,
    desk: Desk,
    situation: Situation,
    deadline: Deadline,
    decision: Decision,
    as_of: date,
) -> Iterator[DeadlineDecision]:
    for row, subject, office in targets(session, desk.plan, situation, decision, as_of):
        yield DeadlineDecision(
            decision=decision.kind,
            subject_kind=SubjectKind(subject.kind),
            subject=subject.code,
            rule=row.rule,
            clause=deadline.rule.clause,
            rung=decision.rung,
            recipient=office,
            remind_by=situation.remind_by,
            overdue_after=situation.overdue_after,
        )


def is_finished(desk: Desk, day: date) -> bool:
    """Whether a day has been decided, delivered and published."""
    with reading(desk.engine) as session:
        row = find_day(session, desk.plan, day)
        return row is not None and row.finished_at is not None


def finish(desk: Desk, day: date, at: datetime) -> None:
    """Record that what follows from a day's decisions was done, at an aware instant.

    RefusedError for a day that `enforce` has not decided.
    """
    with writing(desk.engine) as session:
        if not finish_day(session, desk.plan, day, at):
            raise RefusedError(f"{day}尚未核对，不能登记为已完成")

"""Takes back days that were wrongly decided, by rows of the trail: as if they had never been."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from models.audits import NewRow, add_audit, add_audits
from models.claims import LONGEST_REST
from models.deadlines import PlainDeadlineRow, deadline_rows
from models.enforced import decided_days
from models.products import products_after
from models.rewinds import (
    forget_days,
    free_turns,
    intents_after,
    marks_after,
    newest_intent,
    owe_correction,
    retract,
    told_after,
)
from models.tables import Audit, DeadlineRow
from operations.cases.authority import authorise
from operations.cases.desk import Desk
from operations.upkeep.rebuilding import tables_again
from policy.vocabulary import AuditKind, MessageStatus
from states.authority import upkeep
from states.contacts import Place

REWIND = AuditKind.REWIND.value


@dataclass(frozen=True, slots=True)
class Rewind:
    """Up to which day everything was right, who says so, and why the rest was wrong."""

    to: date
    actor: str
    evidence: str


@dataclass(frozen=True, slots=True)
class RewindResult:
    """What a rewind takes back."""

    to: date
    days: tuple[date, ...]
    """The days that count as not decided any more."""
    marks: int
    """Marks of lateness that are void."""
    withdrawn: int
    """Messages that will not be sent any more."""
    told: tuple[str, ...]
    """Who was told wrongly, and gets a correction."""
    deadlines: int
    """Deadlines that stand elsewhere on their ladder now."""
    products: int
    """Snapshots, bulletins and the like of those days, which are made again in their time."""
    unclear: tuple[str, ...]
    """Subjects that could not be rebuilt from the trail, and why: they stay as they are."""


def preview(desk: Desk, asked: Rewind, *, today: date) -> RewindResult:
    """What `rewind` would take back; nothing is written. RefusedError as there."""
    with desk.reading() as session:
        return _plan(session, desk, asked, today).result


def rewind(desk: Desk, asked: Rewind, *, today: date, at: datetime) -> RewindResult:
    """Take back whatever was decided as of days after `to`, and owe corrections to who was told.

    Marks are voided by rows; messages are withdrawn; rungs, standings and look-days become what the
    days up to `to` had made of what is recorded now. RefusedError where nothing is to be taken
    back, for an actor who may not, without evidence, or for a day to come.
    """
    with desk.writing() as session:
        found = _plan(session, desk, asked, today)
        made = add_audit(session, desk.plan, _row(session, desk, asked, found, today, at))
        add_audits(session, desk.plan, [_void(asked, mark, today, at) for mark in found.marks])
        retract(session, desk.plan, asked.to)
        owe_correction(session, desk.plan, made, _by_office(found), today, at)
        for stored, wanted in found.moves:
            key = (desk.plan.id, stored.subject, stored.rule)
            row = session.get_one(DeadlineRow, key)
            row.standing, row.fired = wanted.standing, wanted.fired
            row.next_look_on = wanted.next_look_on
        forget_days(session, desk.plan, asked.to)
        free_turns(session, desk.plan, today, at, 2 * LONGEST_REST)
        return found.result


class _Found(NamedTuple):
    """What there is to take back."""

    result: RewindResult
    marks: tuple[Audit, ...]
    told: tuple[int, ...]
    """The intents of which somebody was told."""
    offices: Mapping[str, str]
    """Per person who was told wrongly, the office through which."""
    moves: tuple[tuple[PlainDeadlineRow, PlainDeadlineRow], ...]


def _plan(session: Session, desk: Desk, asked: Rewind, today: date) -> _Found:
    authorise(session, desk, upkeep(desk.plan, AuditKind.REWIND.label), Place(), asked.actor)
    decided = decided_days(session, desk.plan)
    days = tuple(item.day for item in decided if item.day > asked.to)
    marks = marks_after(session, desk.plan, asked.to)
    intents = intents_after(session, desk.plan, asked.to)
    if reasons := list(_refusals(asked, today, anything=bool(days or marks or intents))):
        raise RefusedError(with_reasons(f"不能回退到{asked.to}", reasons))
    offices: dict[str, str] = {}
    wrong = told_after(session, desk.plan, asked.to)
    for delivery, intent in wrong:
        offices.setdefault(delivery.person, intent.recipient)
    moves, unclear = _moves(session, desk, asked.to)
    pending = sum(row.status == MessageStatus.PENDING for row in intents)
    told = tuple(sorted(offices))
    made = products_after(session, desk.plan, asked.to)
    result = RewindResult(asked.to, days, len(marks), pending, told, len(moves), made, unclear)
    ids = tuple(dict.fromkeys(delivery.outbox_id for delivery, _ in wrong))
    return _Found(result, marks, ids, offices, moves)


def _refusals(asked: Rewind, today: date, *, anything: bool) -> Iterator[str]:
    if not asked.evidence.strip():
        yield "请写明回退的原因或文件"
    if asked.to > today:
        yield f"{asked.to}尚未到来（今天是{today}），请先核对系统时间"
    if not anything:
        yield f"{asked.to}之后没有核对过，无需回退"


def _row(
    session: Session, desk: Desk, asked: Rewind, found: _Found, today: date, at: datetime
) -> NewRow:
    return NewRow(
        subject=desk.plan.province,
        kind=AuditKind.REWIND,
        action=REWIND,
        actor=asked.actor,
        on=today,
        at=at,
        clause=desk.plan.ladder.clause,
        evidence=asked.evidence,
        detail={
            "to": asked.to.isoformat(),
            "days": [day.isoformat() for day in found.result.days],
            "marks": [mark.id for mark in found.marks],
            "told": list(found.result.told),
            "intents": list(found.told),
            "outbox": newest_intent(session, desk.plan),
        },
    )


def _void(asked: Rewind, mark: Audit, today: date, at: datetime) -> NewRow:
    return NewRow(
        subject=mark.subject,
        kind=AuditKind.REVERSAL,
        action=mark.action,
        actor=asked.actor,
        on=today,
        at=at,
        clause=mark.clause,
        evidence=asked.evidence,
        detail={"reverses": mark.id},
    )


def _by_office(found: _Found) -> Mapping[str, Sequence[str]]:
    people: dict[str, list[str]] = defaultdict(list)
    for person in found.result.told:
        people[found.offices[person]].append(person)
    return people


def _moves(
    session: Session, desk: Desk, to: date
) -> tuple[tuple[tuple[PlainDeadlineRow, PlainDeadlineRow], ...], tuple[str, ...]]:
    """Each deadline that stands elsewhere without the days after `to`; and who is unclear."""
    with tables_again(session, desk, until=to) as again:
        wanted = {
            (row.subject, row.rule): row for row, _ in deadline_rows(again.session, desk.plan)
        }
        moves = tuple(
            (row, now)
            for row, _ in deadline_rows(session, desk.plan)
            if row.subject not in again.unknown
            and (now := wanted.get((row.subject, row.rule))) is not None
            and _place(row) != _place(now)
        )
        again.session.expunge_all()
        return moves, tuple(f"{code}：{why}" for code, why in again.unknown.items())


def _place(row: PlainDeadlineRow) -> tuple[str, int, date | None]:
    return str(row.standing), row.fired, row.next_look_on

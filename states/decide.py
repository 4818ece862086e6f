"""What the daily job decides about open deadlines. Pure: situations in, verdicts out.

Deadlines that share their rule, dates and progress on the ladder share every decision, so the job
decides once per `Situation` and applies the verdict to all of them in one statement each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count

from policy.schema import Body, Ladder, Plan
from policy.vocabulary import DecisionKind, Level, RungKind, Standing
from states.deadlines import Deadline
from states.workdays import DAY, Calendar, UnknownYearError

LATE = (Standing.OVERDUE, Standing.COORDINATING)
DECISION = {
    RungKind.REMIND: DecisionKind.REMIND,
    RungKind.URGE: DecisionKind.REMIND,
    RungKind.COORDINATE: DecisionKind.REMIND,
    RungKind.ESCALATE: DecisionKind.ESCALATE,
    RungKind.DRAFT_LETTER: DecisionKind.ESCALATE,
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What distinguishes open deadlines for the sweep."""

    rule: str
    """The deadline's id, e.g. ``D10-03``."""
    remind_by: date
    overdue_after: date
    fired: int
    """How many rungs of the ladder lie behind it."""
    standing: Standing
    visit: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder with the day it fires for one deadline."""

    id: str
    fires_on: date
    kind: RungKind
    levels: frozenset[Level]


@dataclass(frozen=True, slots=True)
class Decision:
    """A reminder or escalation for the office at one level, or an overdue mark (no rung)."""

    kind: DecisionKind
    level: Level
    rung: str | None = None
    rung_kind: RungKind | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows for every deadline in a situation."""

    standing: Standing
    fired: int
    decisions: tuple[Decision, ...]
    next_look_on: date
    """The next day on which something about it can change."""


def decide(
    situation: Situation, deadline: Deadline, plan: Plan, calendar: Calendar, as_of: date
) -> Verdict:
    """What `as_of` asks of an open deadline of an active subject.

    A missed day is caught up: of several rungs that have become due, each level hears of the last
    that concerns it. UnknownYearError when `as_of` lies outside the calendar's known years.
    """
    calendar.is_workday(as_of)
    body = plan.bodies[deadline.rule.responsible]
    due, following = _split(steps(situation, plan.ladder, body, calendar), situation.fired, as_of)
    late = as_of > situation.overdue_after
    standing = _standing(late, body.bound, situation.fired + len(due))
    return Verdict(
        standing=standing,
        fired=situation.fired + len(due),
        decisions=(*_overdue(situation, standing, body), *_tell(due)),
        next_look_on=_next_look(situation, following, late),
    )


def first_look(remind_by: date, ladder: Ladder, calendar: Calendar) -> date:
    """The day of the ladder's first rung: from then on the deadline is 临期."""
    return calendar.shift(remind_by, ladder.rungs[0].workdays)


def steps(situation: Situation, ladder: Ladder, body: Body, calendar: Calendar) -> Iterator[Step]:
    """The ladder's rungs for one deadline in order, then its repeats without end."""
    for rung in ladder.rungs:
        base = situation.remind_by if rung.workdays < 0 else situation.overdue_after
        kind = _kind(rung.kind, rung.workdays, body)
        yield Step(rung.id, calendar.shift(base, rung.workdays), kind, _levels(rung.audience, body))
    last = ladder.rungs[-1].workdays
    repeat = ladder.repeat
    day = calendar.shift(situation.overdue_after, last)
    kind, levels = _kind(repeat.kind, last, body), _levels(repeat.audience, body)
    for number in count(1):
        day = calendar.shift(day, repeat.every_workdays)
        yield Step(f"T{last + number * repeat.every_workdays:+d}", day, kind, levels)


def _split(
    ladder: Iterator[Step], fired: int, as_of: date
) -> tuple[list[Step], date | UnknownYearError]:
    """The steps newly due as of a day, and the day of the first that is not due yet."""
    due: list[Step] = []
    try:
        for index, step in enumerate(ladder):
            if step.fires_on > as_of:
                return due, step.fires_on
            if index >= fired:
                due.append(step)
    except UnknownYearError as unknown:
        return due, unknown
    raise AssertionError("the ladder has no end")


def _next_look(situation: Situation, following: date | UnknownYearError, late: bool) -> date:
    # A ladder that reaches into a year without a calendar is looked at again on that year's first
    # day, where the sweep itself then says which file is missing.
    step_on = date(following.year, 1, 1) if isinstance(following, UnknownYearError) else following
    return step_on if late else min(step_on, situation.overdue_after + DAY)


def _standing(late: bool, bound: bool, fired: int) -> Standing:
    if late:
        return Standing.OVERDUE if bound else Standing.COORDINATING
    return Standing.DUE_SOON if fired else Standing.ON_TRACK


def _overdue(situation: Situation, standing: Standing, body: Body) -> Iterator[Decision]:
    if standing is Standing.OVERDUE and situation.standing is not Standing.OVERDUE:
        yield Decision(DecisionKind.MARK_OVERDUE, body.reached_at)


def _tell(due: list[Step]) -> Iterator[Decision]:
    for level in Level:
        last = next((step for step in reversed(due) if level in step.levels), None)
        if last is not None:
            yield Decision(DECISION[last.kind], level, last.id, last.kind)


def _kind(kind: RungKind, workdays: int, body: Body) -> RungKind:
    """What cannot be bound is coordinated once it is late, never urged or escalated."""
    return kind if body.bound or workdays < 0 else RungKind.COORDINATE


def _levels(audience: tuple[Level | str, ...], body: Body) -> frozenset[Level]:
    """The levels told: `responsible` is where the body is reached, and nobody below it is told."""
    ranks = list(Level)
    named = {body.reached_at if name == "responsible" else Level(name) for name in audience}
    return frozenset(level for level in named if ranks.index(level) >= ranks.index(body.reached_at))

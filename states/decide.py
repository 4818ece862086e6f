"""What the daily job decides about open deadlines. Pure: situations in, verdicts out.

Deadlines that share their rule, dates and progress on the ladder share every decision, so the job
decides once per `Situation` and applies the verdict to all of them in one statement each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count

from policy.bodies import Body
from policy.schema import Plan
from policy.timing import Ladder, TimedRule, rung_id
from policy.vocabulary import ABOVE_CITIES, DecisionKind, Level, Origin, RungKind, Standing
from states.deadlines import Deadline, running
from states.workdays import DAY, Calendar, UnknownYearError

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
    quiet_until: date | None = None
    """The day that an acknowledgement (已知悉) expects; until then nothing is repeated."""
    body: str = ""
    """Whose turn it is (`states.deadlines.whose_turn`); empty: the rule's responsible body."""
    fits: bool = True
    """As `states.deadlines.DeadlineDates`."""


@dataclass(frozen=True, slots=True)
class RungDate:
    """One rung of the ladder with the day it fires for one deadline."""

    id: str
    fires_on: date
    kind: RungKind
    levels: frozenset[Level]
    repeats: bool = False
    """Whether it follows the ladder's last rung."""
    escalates: bool = False
    """Whether it goes on to those above, whatever has been answered."""


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
    that concerns it. What has been acknowledged is not repeated until the day that is expected;
    rungs, escalation among them, come all the same. UnknownYearError when `as_of` lies outside the
    calendar's known years.
    """
    calendar.is_workday(as_of)
    body = told_first(situation, plan, deadline.rule)
    ladder = steps(situation, plan, deadline.rule, calendar)
    due, following = _split(ladder, situation.fired, as_of)
    heard = [step for step in due if not is_silenced(step, situation.quiet_until)]
    late = as_of > situation.overdue_after
    standing = running(body.bound, late=late, near=situation.fired + len(due) > 0)
    if not situation.fits:
        standing = Standing.COORDINATING
    return Verdict(
        standing=standing,
        fired=situation.fired + len(due),
        decisions=(*_overdue(situation, standing, body), *_tell(heard)),
        next_look_on=_next_look(situation, following, late),
    )


def told_first(situation: Situation, plan: Plan, rule: TimedRule) -> Body:
    """The body whose turn it is: its level hears first, and nobody below it."""
    return plan.bodies[situation.body or rule.responsible]


def is_silenced(step: RungDate, quiet_until: date | None) -> bool:
    """Whether an acknowledgement silences a step: what only asks again, to the day it expects."""
    return not step.escalates and quiet_until is not None and step.fires_on <= quiet_until


def first_look(remind_by: date, ladder: Ladder, calendar: Calendar) -> date:
    """The day of the ladder's first rung: from then on the deadline is 临期."""
    rung = ladder.rungs[0]
    return _distant(remind_by, rung.offset, natural=rung.days is not None, calendar=calendar)


def steps(
    situation: Situation, plan: Plan, rule: TimedRule, calendar: Calendar
) -> Iterator[RungDate]:
    """The ladder's rungs for one deadline in order of day, then its repeats without end.

    Every step falls on a workday, none before the one ahead of it, and no repeat on the day of
    another step.
    """
    ladder, body, day = plan.ladder, told_first(situation, plan, rule), date.min
    for rung in ladder.rungs:
        base = situation.remind_by if rung.offset < 0 else situation.overdue_after
        natural = rung.days is not None
        day = max(day, _distant(base, rung.offset, natural=natural, calendar=calendar))
        kind = _kind(rung.kind, rung.offset, situation, rule, body)
        escalates = rung.id in ladder.escalations
        yield RungDate(rung.id, day, kind, _levels(rung.audience, body), escalates=escalates)
    last, repeat = ladder.rungs[-1], ladder.repeat
    natural, every = repeat.every_days is not None, repeat.every_days or repeat.every_workdays or 1
    kind = _kind(repeat.kind, last.offset, situation, rule, body)
    levels = _levels(repeat.audience, body)
    for number in count(1):
        day = _distant(day, every, natural=natural, calendar=calendar)
        id = rung_id(last.offset + number * every, natural=natural)
        yield RungDate(id, day, kind, levels, repeats=True)


def _distant(base: date, offset: int, *, natural: bool, calendar: Calendar) -> date:
    """The day at a distance, on a workday: moved back before the date, and on after it."""
    if not natural:
        return calendar.shift(base, offset)
    day = base + DAY * offset
    return calendar.on_or_before(day) if offset < 0 else calendar.on_or_after(day)


def _split(
    ladder: Iterator[RungDate], fired: int, as_of: date
) -> tuple[list[RungDate], date | UnknownYearError]:
    """The steps newly due as of a day, and the day of the first that is not due yet."""
    due: list[RungDate] = []
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


def _overdue(situation: Situation, standing: Standing, body: Body) -> Iterator[Decision]:
    if standing is Standing.OVERDUE and situation.standing is not Standing.OVERDUE:
        yield Decision(DecisionKind.MARK_OVERDUE, body.reached_at)


def _tell(due: list[RungDate]) -> Iterator[Decision]:
    for level in Level:
        last = next((step for step in reversed(due) if level in step.levels), None)
        if last is not None:
            yield Decision(DECISION[last.kind], level, last.id, last.kind)


def _kind(
    kind: RungKind, offset: int, situation: Situation, rule: TimedRule, body: Body
) -> RungKind:
    """What cannot be bound is coordinated once it is late, never urged or escalated.

    So is at once what still has to be given a day. A day that is only proposed is no reason for a
    letter (A30), nor is what others wait for the province with.
    """
    if not situation.fits or (not body.bound and offset > 0):
        return RungKind.COORDINATE
    waited_for = bool(situation.body) and body.reached_at in ABOVE_CITIES
    none = rule.origin is Origin.PROPOSAL or waited_for
    return RungKind.ESCALATE if none and kind is RungKind.DRAFT_LETTER else kind


def _levels(audience: tuple[Level | str, ...], body: Body) -> frozenset[Level]:
    """The levels told: `responsible` is where the body is reached, and nobody below it is told."""
    ranks = list(Level)
    named = {body.reached_at if name == "responsible" else Level(name) for name in audience}
    return frozenset(level for level in named if ranks.index(level) >= ranks.index(body.reached_at))

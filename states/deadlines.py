"""From the plan's rules to dated deadlines (到期节点), and how one stands as of a day."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from policy.schema import PROJECTS_FINISHED, RECORDED, Plan
from policy.timing import (
    DeadlineRule,
    Duty,
    Monthly,
    OccasionDates,
    Quarterly,
    Span,
    TimedRule,
    Weekly,
)
from policy.vocabulary import Disposition, HolidayRule, Standing, SubjectKind
from states.dossier import GOING_ON
from states.workdays import DAY, Calendar, UnknownYearError

LATE = (Standing.OVERDUE, Standing.COORDINATING)
"""Not done by the day, and the day has passed; what nobody is blamed for included."""
PRESSING = (*LATE, Standing.DUE_SOON)
"""What asks for somebody's attention, the severest first."""
IN_TIME = (Standing.ON_TRACK, Standing.DUE_SOON)
"""Not done yet, and there is time."""
RUNNING = (*IN_TIME, *LATE)
DONE = (Standing.MET, Standing.MET_LATE)


@dataclass(frozen=True, slots=True)
class DeadlineDates:
    """One deadline's dates: 提醒从严、追责从宽."""

    literal: OccasionDates
    """Before the calendar moved them."""
    remind_by: date
    """Strict reading, moved back to a workday: reminders aim at it."""
    overdue_after: date
    """Lenient reading, moved on to a workday: late only after this day has passed."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One occurrence of a rule."""

    id: str
    """The rule's id, with the occasion for a duty: ``D01``, ``D10-03``, ``D12-Q2``."""
    rule: TimedRule
    dates: DeadlineDates | None
    """As the plan sets them; None for a relative deadline, whose dates each subject has its own.

    None too where a date falls into a year whose calendar is not known yet: see `gaps`.
    """

    def facts(self, kind: SubjectKind) -> tuple[str, ...]:
        """The facts that together fulfil it for a subject of that kind."""
        named = self.rule.fulfilled_by[kind]
        return tuple(self.id if name == RECORDED else name for name in named)

    @property
    def begins(self) -> date | None:
        """The first day of its month, where months may end; None for all else."""
        ending = isinstance(self.rule, Duty) and self.rule.ends_with is not None
        return self.dates.literal.due.replace(day=1) if ending and self.dates else None

    @property
    def follows(self) -> Span | None:
        """What a relative deadline runs from."""
        return self.rule.follows if isinstance(self.rule, DeadlineRule) else None

    @property
    def later_of(self) -> Span | None:
        """What may put the plan's dates off for one subject."""
        return self.rule.later_of if isinstance(self.rule, DeadlineRule) else None


@lru_cache
def deadlines(plan: Plan, calendar: Calendar) -> tuple[Deadline, ...]:
    """Every deadline that the plan states, in its order."""
    return tuple(
        Deadline(id, rule, None if occasion is None else _dates(rule, occasion, calendar))
        for rule in plan.timed_rules
        for id, occasion in _occasions(rule)
    )


def gaps(plan: Plan, calendar: Calendar) -> tuple[str, ...]:
    """The deadlines without dates because a year's calendar is not known yet, by id.

    They wait; everything else runs, up to the last known day.
    """
    return tuple(
        item.id for item in deadlines(plan, calendar) if item.dates is None and item.follows is None
    )


def deadlines_of(
    plan: Plan, calendar: Calendar, kind: SubjectKind, project_kind: str | None = None
) -> tuple[Deadline, ...]:
    """The deadlines that a subject of that kind has; for a project also by its own kind."""
    return tuple(
        item
        for item in deadlines(plan, calendar)
        if kind in item.rule.fulfilled_by
        and (not item.rule.kinds or project_kind in item.rule.kinds)
    )


def dates_of(
    deadline: Deadline, facts: Mapping[str, date], extended_to: date | None, calendar: Calendar
) -> DeadlineDates | None:
    """A subject's own dates; None while the fact that a relative deadline follows has not come.

    None too where they fall into a year without a known calendar. An approved extension takes the
    place of whatever else would hold.
    """
    if extended_to is not None:
        return _dates(deadline.rule, OccasionDates(remind=extended_to, due=extended_to), calendar)
    try:
        return _running_from(deadline, facts, calendar)
    except UnknownYearError:
        return None


def _running_from(
    deadline: Deadline, facts: Mapping[str, date], calendar: Calendar
) -> DeadlineDates | None:
    if (span := deadline.follows) is not None:
        day = _reached(deadline.rule, span, facts, calendar)
        return None if day is None else _dates(deadline.rule, _on(day), calendar)
    if (span := deadline.later_of) is not None and deadline.dates is not None:
        day = _reached(deadline.rule, span, facts, calendar)
        if day is not None and day > deadline.dates.literal.due:
            return _dates(deadline.rule, _on(day), calendar)
    return deadline.dates


def fulfilled_on(deadline: Deadline, kind: SubjectKind, facts: Mapping[str, date]) -> date | None:
    """The day on which the last of the needed facts came about; None while one is missing.

    What lies before the fact that a relative deadline follows does not count for it.
    """
    needed = deadline.facts(kind)
    if not all(name in facts for name in needed):
        return None
    if deadline.follows is not None:
        since = facts.get(deadline.follows.after)
        if since is None or any(facts[name] < since for name in needed):
            return None
    return max(facts[name] for name in needed)


def has_ended(deadline: Deadline, facts: Mapping[str, date], as_of: date | None = None) -> bool:
    """Whether a city no longer has a month of a duty: all of its projects had finished before.

    With `as_of`, whether that could be said on that day.
    """
    finished, begins = facts.get(PROJECTS_FINISHED), deadline.begins
    if finished is None or begins is None or finished >= begins:
        return False
    return as_of is None or finished <= as_of


def standing(
    overdue_after: date | None,
    bound: bool,
    fulfilled: date | None,
    disposition: Disposition,
    due_soon_from: date | None,
    as_of: date,
    *,
    ended: bool = False,
) -> Standing:
    """How a deadline stands as of a day; without dates it has not begun to run (未起算).

    `bound` is False for a body that the notice cannot bind: its lateness is 待协调, never 逾期.
    `ended` as `has_ended`.
    """
    done = fulfilled if fulfilled is not None and fulfilled <= as_of else None
    still = at_rest(overdue_after, bound, done, disposition, ended=ended)
    if still is not None:
        return still
    late = overdue_after is not None and as_of > overdue_after
    return running(bound, late=late, near=due_soon_from is not None and as_of >= due_soon_from)


def at_rest(
    overdue_after: date | None,
    bound: bool,
    fulfilled: date | None,
    disposition: Disposition,
    *,
    ended: bool,
) -> Standing | None:
    """How a deadline stands that no day can change; None for one that runs."""
    if fulfilled is not None and overdue_after is not None:
        late = bound and fulfilled > overdue_after
        return Standing.MET_LATE if late else Standing.MET
    if disposition not in GOING_ON or ended:
        return Standing.VOID
    if overdue_after is None:
        return Standing.WAITING
    return Standing.SUSPENDED if disposition is Disposition.HELD else None


def running(bound: bool, *, late: bool, near: bool) -> Standing:
    """How a deadline stands that runs: past its day, near it (the ladder has begun), or neither."""
    if late:
        return Standing.OVERDUE if bound else Standing.COORDINATING
    return Standing.DUE_SOON if near else Standing.ON_TRACK


def _on(day: date) -> OccasionDates:
    return OccasionDates(remind=day, due=day)


def _reached(
    rule: TimedRule, span: Span, facts: Mapping[str, date], calendar: Calendar
) -> date | None:
    """The last day of a span; the fact's own day is not counted (民法典201条), 当年 is kept."""
    since = facts.get(span.after)
    if since is None:
        return None
    last = date(since.year, 12, 31) if rule.within_year else date.max
    try:
        return min(_end(since, span, calendar), last)
    except UnknownYearError:
        if not rule.within_year:
            raise
        return last  # whatever next year's holidays will be


def _end(since: date, span: Span, calendar: Calendar) -> date:
    if span.workdays is not None:
        return calendar.shift(since, span.workdays)
    return since + timedelta(days=span.days or 0)


def _dates(rule: TimedRule, occasion: OccasionDates, calendar: Calendar) -> DeadlineDates | None:
    """None where the calendar of a year that they touch is not known."""
    last = date(occasion.due.year, 12, 31) if rule.within_year else date.max
    try:
        remind_by = _moved(occasion.remind, rule.holiday_rule.remind, date.max, calendar)
        overdue_after = _moved(occasion.due, rule.holiday_rule.overdue, last, calendar)
    except UnknownYearError:
        return None
    return DeadlineDates(occasion, min(remind_by, overdue_after), overdue_after)


def _moved(day: date, rule: HolidayRule, last: date, calendar: Calendar) -> date:
    """Where a date goes on a rest day, never past `last`."""
    if rule is HolidayRule.ADVANCE:
        return calendar.on_or_before(day)
    if rule is HolidayRule.POSTPONE:
        while day < last and not calendar.is_workday(day):
            day += DAY
    return day


def _occasions(rule: DeadlineRule | Duty) -> Iterator[tuple[str, OccasionDates | None]]:
    if isinstance(rule, DeadlineRule):
        if rule.follows is not None:
            yield rule.id, None
        elif rule.remind is not None and rule.due is not None:
            yield rule.id, OccasionDates(remind=rule.remind, due=rule.due)
    else:
        for suffix, occasion in _recurring(rule):
            yield f"{rule.id}-{suffix}", occasion


def _recurring(duty: Duty) -> Iterator[tuple[str, OccasionDates]]:
    if duty.weekly:
        yield from _weeks(duty.weekly)
    if duty.monthly:
        yield from _months(duty.monthly)
    if duty.quarterly:
        yield from _quarters(duty.quarterly)
    yield from duty.occasions.items()


def _weeks(weekly: Weekly) -> Iterator[tuple[str, OccasionDates]]:
    day = weekly.first + timedelta(days=(weekly.weekday - weekly.first.isoweekday()) % 7)
    while day <= weekly.last:
        year, week, _ = day.isocalendar()
        yield f"{year}w{week:02d}", _on(day)
        day += timedelta(days=7)


def _months(monthly: Monthly) -> Iterator[tuple[str, OccasionDates]]:
    for suffix, named in monthly.months.items():
        year, month = map(int, named.split("-"))
        remind = _day(year, month, monthly.remind_day)
        due = _day(year, month, monthly.due_day)
        yield suffix, OccasionDates(remind=remind, due=due)


def _quarters(quarterly: Quarterly) -> Iterator[tuple[str, OccasionDates]]:
    year, quarter = map(int, quarterly.first.split("Q"))
    while f"{year}Q{quarter}" <= quarterly.last:
        later, index = divmod(quarter * 3 - 1 + quarterly.month, 12)
        remind = _day(year + later, index + 1, quarterly.remind_day)
        due = _day(year + later, index + 1, quarterly.due_day)
        yield f"{year}Q{quarter}", OccasionDates(remind=remind, due=due)
        year, quarter = (year, quarter + 1) if quarter < 4 else (year + 1, 1)


def _day(year: int, month: int, day: int | str) -> date:
    return date(year, month, monthrange(year, month)[1] if day == "last" else int(day))

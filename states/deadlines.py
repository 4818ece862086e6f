"""From the plan's rules to dated deadlines (到期节点), and how one stands as of a day."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from common.words import numeral
from policy.schema import PROJECTS_FINISHED, RECORDED, Plan
from policy.timing import (
    PERIOD,
    DeadlineRule,
    Duty,
    HalfYearly,
    Monthly,
    OccasionDates,
    Quarterly,
    Recurrence,
    Span,
    TimedRule,
    Weekly,
    Yearly,
)
from policy.vocabulary import Disposition, HolidayRule, Standing, SubjectKind
from states.chains import NO_CHAIN, Chain, Turn, chain_of, turn_of
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
    turn_on: date | None = None
    """Set where the last step of another body came later than that: lateness counts from then."""
    fits: bool = True
    """False where a span runs past the year's end: 待协调 until the province sets the day."""


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
    chain: Chain = field(default=NO_CHAIN, compare=False, repr=False)
    """Every milestone of its plan, with what it needs first."""

    def facts(self, kind: SubjectKind) -> tuple[str, ...]:
        """The facts that together fulfil it for a subject of that kind."""
        named = self.rule.fulfilled_by[kind]
        return tuple(self.id if name == RECORDED else name for name in named)

    @property
    def period(self) -> str:
        """The month, quarter or week that it is about, e.g. ``5月份``; empty for a one-off."""
        return "" if self.id == self.rule.id else _period(self.id.partition("-")[2])

    @property
    def to_do(self) -> str:
        """What is asked, in Chinese, with its period by name."""
        return self.rule.to_do.replace(PERIOD, self.period or "本期")

    @property
    def begins(self) -> date | None:
        """The first day of its month, where months may end; None for all else."""
        if not isinstance(self.rule, Duty) or self.rule.ends_with is None:
            return None
        return date.fromisoformat(f"{self.rule.months[self.id]}-01")

    @property
    def not_before(self) -> date | None:
        """The first day on which it can be done (A23); None: that of the notice."""
        return self.dates.literal.not_before if self.dates else None

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
        Deadline(
            id, rule, None if occasion is None else _dates(rule, occasion, calendar), chain_of(plan)
        )
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


TO_BE_SET = "另定时限"
"""What the province does first where the span of a replacement does not fit into its year."""


def dates_of(
    deadline: Deadline,
    kind: SubjectKind,
    facts: Mapping[str, date],
    extended_to: date | None,
    calendar: Calendar,
) -> DeadlineDates | None:
    """A subject's own dates; None while the fact that a relative deadline follows has not come.

    None too where they fall into a year without a known calendar. An approved extension takes the
    place of whatever else would hold. Where the last step of another body was done after a step
    was due, nobody is late with it before the day after.
    """
    return dates_and_turn(deadline, kind, facts, extended_to, calendar)[0]


def dates_and_turn(
    deadline: Deadline,
    kind: SubjectKind,
    facts: Mapping[str, date],
    extended_to: date | None,
    calendar: Calendar,
) -> tuple[DeadlineDates | None, Turn]:
    """As `dates_of` and `whose_turn`, on the first of which the second may depend."""
    try:
        found = _dates_without_turn(deadline, facts, extended_to, calendar)
        turn = whose_turn(deadline, kind, facts, found)
        return found and _in_turn(deadline, facts, found, turn, calendar), turn
    except UnknownYearError:
        return None, whose_turn(deadline, kind, facts, None)


def _dates_without_turn(
    deadline: Deadline, facts: Mapping[str, date], extended_to: date | None, calendar: Calendar
) -> DeadlineDates | None:
    if extended_to is None:
        return _running_from(deadline, facts, calendar)
    within = ends_with_year(deadline, facts)
    return _dates(deadline.rule, _on(extended_to), calendar, within)


def whose_turn(
    deadline: Deadline,
    kind: SubjectKind,
    facts: Mapping[str, date],
    dates: DeadlineDates | None,
) -> Turn:
    """Who has to do something first before a deadline can be met, and what (卡在).

    Its responsible body, save where a project waits for an earlier step of another one.
    """
    own = deadline.rule.responsible
    if kind is not SubjectKind.PROJECT or not deadline.chain.links:
        return Turn("", "", own)
    if dates is not None and not dates.fits and deadline.later_of is not None:
        return Turn("", TO_BE_SET, deadline.chain.links[deadline.later_of.after].body)
    return turn_of(deadline.chain, deadline.facts(kind), own, facts)


def _in_turn(
    deadline: Deadline,
    facts: Mapping[str, date],
    dates: DeadlineDates,
    turn: Turn,
    calendar: Calendar,
) -> DeadlineDates:
    since = turn.since
    if since is None or since <= dates.overdue_after:
        return dates
    within = ends_with_year(deadline, facts)
    last = date(dates.literal.due.year, 12, 31) if within else date.max
    day = min(_moved(since, deadline.rule.holiday_rule.overdue, last, calendar), last)
    return replace(dates, overdue_after=max(day, dates.overdue_after), turn_on=since)


def _running_from(
    deadline: Deadline, facts: Mapping[str, date], calendar: Calendar
) -> DeadlineDates | None:
    if (span := deadline.follows) is not None:
        day = _reached(deadline.rule, span, facts, calendar)
        return None if day is None else _dates(deadline.rule, _on(day), calendar)
    if (span := deadline.later_of) is not None and deadline.dates is not None:
        if not _fits(span, facts, calendar):
            return _unset(facts[span.after], calendar)
        day = _reached(deadline.rule, span, facts, calendar)
        if day is not None and day > deadline.dates.literal.due:
            return _dates(deadline.rule, _on(day), calendar, span.within_year)
    return deadline.dates


def _fits(span: Span, facts: Mapping[str, date], calendar: Calendar) -> bool:
    """Whether a span that has to ends in its fact's year; where it has not begun, it does."""
    since = facts.get(span.after)
    if since is None or not span.within_year:
        return True
    try:
        return _end(since, span, calendar).year == since.year
    except UnknownYearError:
        return False


def _unset(since: date, calendar: Calendar) -> DeadlineDates:
    """The year's last day stands until a day is set; whoever has to set it is told at once."""
    last = date(since.year, 12, 31)
    said = OccasionDates(remind=since, due=last)
    return DeadlineDates(said, calendar.on_or_before(since), last, fits=False)


def ends_with_year(deadline: Deadline, facts: Mapping[str, date]) -> bool:
    """Whether a subject may not do it after its year: 当年 duties, and those of a replacement."""
    span = deadline.later_of
    return deadline.rule.within_year or bool(span and span.within_year and span.after in facts)


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
    finished = facts.get(PROJECTS_FINISHED)
    if finished is None or (begins := deadline.begins) is None or finished >= begins:
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
    fits: bool = True,
) -> Standing:
    """How a deadline stands as of a day; without dates it has not begun to run (未起算).

    `bound` is False for a body that the notice cannot bind: its lateness is 待协调, never 逾期.
    `ended` as `has_ended`. What does not fit into its year (`DeadlineDates.fits`) is 待协调.
    """
    done = fulfilled if fulfilled is not None and fulfilled <= as_of else None
    still = at_rest(overdue_after, bound, done, disposition, ended=ended)
    if still is not None:
        return still
    if not fits:
        return Standing.COORDINATING
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


def _period(suffix: str) -> str:
    """``05`` 5月份, ``2024-01`` 2024年1月份, ``Q2`` 第二季度, ``2023w22`` 2023年第22周.

    ``2024H1`` 2024年上半年, ``2024`` 2024年度; empty for what is none of these.
    """
    if re.fullmatch(r"\d{4}", suffix):
        return f"{suffix}年度"
    found = re.fullmatch(r"(?:(?P<year>\d{4})-?)?(?P<kind>[QHw]?)(?P<number>\d{1,2})", suffix)
    if found is None:
        return ""
    year = f"{found['year']}年" if found["year"] else ""
    number = int(found["number"])
    match found["kind"]:
        case "Q":
            return f"{year}第{numeral(number)}季度"
        case "H":
            return f"{year}{'上' if number == 1 else '下'}半年"
        case "w":
            return f"{year}第{number}周"
        case _:
            return f"{year}{number}月份"


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
    if span.months is not None:
        year, month = _month_after(since.year, since.month, span.months)
        return date(year, month, min(since.day, monthrange(year, month)[1]))
    return since + timedelta(days=span.days or 0)


def _dates(
    rule: TimedRule, occasion: OccasionDates, calendar: Calendar, within_year: bool = False
) -> DeadlineDates | None:
    """None where the calendar of a year that they touch is not known."""
    within_year = within_year or rule.within_year
    last = date(occasion.due.year, 12, 31) if within_year else date.max
    try:
        remind_by = _moved(occasion.remind, rule.holiday_rule.remind, date.max, calendar)
        overdue_after = _moved(occasion.due, rule.holiday_rule.overdue, last, calendar)
        if occasion.not_before is not None and remind_by < occasion.not_before:
            remind_by = calendar.on_or_after(occasion.not_before)  # nobody can do it before
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
            dates = {"remind": rule.remind, "due": rule.due, "not_before": rule.not_before}
            yield rule.id, OccasionDates(**dates)
    else:
        for suffix, occasion in _recurring(rule):
            yield f"{rule.id}-{suffix}", occasion


def _recurring(duty: Duty) -> Iterator[tuple[str, OccasionDates]]:
    if duty.weekly:
        yield from _weeks(duty.weekly)
    if form := duty.recurring:
        for suffix, year, month in _periods(form):
            yield suffix, _occasion(form, year, month)
    yield from duty.occasions.items()


def _weeks(weekly: Weekly) -> Iterator[tuple[str, OccasionDates]]:
    day = weekly.first + timedelta(days=(weekly.weekday - weekly.first.isoweekday()) % 7)
    while day <= weekly.last:
        year, week, _ = day.isocalendar()
        yield f"{year}w{week:02d}", _on(day)
        day += timedelta(days=7)


def _periods(form: Recurrence) -> Iterator[tuple[str, int, int]]:
    """What each of a duty's ids ends in, with the last month of its period."""
    match form:
        case Monthly():
            for suffix, named in form.months.items():
                yield suffix, int(named[:4]), int(named[5:])
        case Quarterly():
            yield from _parts(form.first, form.last, "Q", 4)
        case HalfYearly():
            yield from _parts(form.first, form.last, "H", 2)
        case Yearly():
            for year in range(form.first, form.last + 1):
                yield f"{year}", year, 12


def _parts(first: str, last: str, sign: str, count: int) -> Iterator[tuple[str, int, int]]:
    """Quarters or half-years, of which a year has so many."""
    for year in range(int(first[:4]), int(last[:4]) + 1):
        for number in range(1, count + 1):
            if first <= (suffix := f"{year}{sign}{number}") <= last:
                yield suffix, year, number * 12 // count


def _occasion(form: Recurrence, year: int, month: int) -> OccasionDates:
    year, month = _month_after(year, month, form.month)
    first = form.not_before_day and date(year, month, form.not_before_day)
    remind, due = _day(year, month, form.remind_day), _day(year, month, form.due_day)
    return OccasionDates(remind=remind, due=due, not_before=first)


def _month_after(year: int, month: int, count: int) -> tuple[int, int]:
    years, index = divmod(month - 1 + count, 12)
    return year + years, index + 1


def _day(year: int, month: int, day: int | str) -> date:
    return date(year, month, monthrange(year, month)[1] if day == "last" else int(day))

"""From the plan's rules to dated deadlines (到期节点), and how one stands as of a day."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from policy.schema import RECORDED, DeadlineRule, Duty, Monthly, Occasion, Plan, TimedRule
from policy.vocabulary import Disposition, Standing, SubjectKind
from states.workdays import DAY, Calendar


@dataclass(frozen=True, slots=True)
class Deadline:
    """One occurrence of a rule with its two dates: 提醒从严、追责从宽."""

    id: str
    """The rule's id, with the occasion for a duty: ``D01``, ``D10-03``, ``D12-Q2``."""
    rule: TimedRule
    occasion: Occasion
    """The literal dates, before the calendar moved them."""
    remind_by: date
    """Strict reading, moved back to a workday: reminders aim at it."""
    overdue_after: date
    """Lenient reading, moved on to a workday: late only after this day has passed."""

    def facts(self, kind: SubjectKind) -> tuple[str, ...]:
        """The facts that together fulfil it for a subject of that kind."""
        named = self.rule.fulfilled_by[kind]
        return tuple(self.id if name == RECORDED else name for name in named)


@lru_cache
def deadlines(plan: Plan, calendar: Calendar) -> tuple[Deadline, ...]:
    """Every deadline of the plan, in the plan's order. UnknownYearError as `Calendar`."""
    return tuple(
        Deadline(id, rule, occasion, *_dates(rule, occasion, calendar))
        for rule in plan.timed_rules
        for id, occasion in _occasions(rule)
    )


def deadlines_of(plan: Plan, calendar: Calendar, kind: SubjectKind) -> tuple[Deadline, ...]:
    """The deadlines that a subject of that kind has."""
    return tuple(item for item in deadlines(plan, calendar) if kind in item.rule.fulfilled_by)


def fulfilled_on(deadline: Deadline, kind: SubjectKind, facts: Mapping[str, date]) -> date | None:
    """The day on which the last of the needed facts came about; None while one is missing."""
    needed = deadline.facts(kind)
    return max(facts[name] for name in needed) if all(name in facts for name in needed) else None


def standing(
    deadline: Deadline,
    bound: bool,
    fulfilled: date | None,
    disposition: Disposition,
    due_soon_from: date,
    as_of: date,
) -> Standing:
    """How a deadline stands as of a day.

    `bound` is False for a body that the notice cannot bind: its lateness is 待协调, never 逾期.
    """
    if fulfilled is not None and fulfilled <= as_of:
        late = bound and fulfilled > deadline.overdue_after
        return Standing.MET_LATE if late else Standing.MET
    if disposition in (Disposition.REJECTED, Disposition.WITHDRAWN):
        return Standing.VOID
    if disposition is Disposition.HELD:
        return Standing.SUSPENDED
    if as_of > deadline.overdue_after:
        return Standing.OVERDUE if bound else Standing.COORDINATING
    return Standing.DUE_SOON if as_of >= due_soon_from else Standing.ON_TRACK


def _dates(rule: TimedRule, occasion: Occasion, calendar: Calendar) -> tuple[date, date]:
    overdue_after = occasion.due
    last = date(occasion.due.year, 12, 31) if rule.within_year else date.max
    while overdue_after < last and not calendar.is_workday(overdue_after):
        overdue_after += DAY
    return calendar.on_or_before(occasion.remind), overdue_after


def _occasions(rule: DeadlineRule | Duty) -> Iterator[tuple[str, Occasion]]:
    if isinstance(rule, DeadlineRule):
        yield rule.id, Occasion(remind=rule.remind, due=rule.due)
    elif rule.monthly:
        for year, month in _months(rule.monthly):
            remind = _day(year, month, rule.monthly.remind_day)
            due = _day(year, month, rule.monthly.due_day)
            yield f"{rule.id}-{month:02d}", Occasion(remind=remind, due=due)
    else:
        for suffix, occasion in rule.occasions.items():
            yield f"{rule.id}-{suffix}", occasion


def _months(monthly: Monthly) -> Iterator[tuple[int, int]]:
    year, month = map(int, monthly.first.split("-"))
    while f"{year}-{month:02d}" <= monthly.last:
        yield year, month
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _day(year: int, month: int, day: int | str) -> date:
    return date(year, month, monthrange(year, month)[1] if day == "last" else int(day))

"""When things are due (时限规则, 周期任务): literal dates, spans after a fact, and what recurs."""

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from policy.clauses import Clause, Frozen, Identifier, RuleId, Text
from policy.vocabulary import HolidayRule, Level, RungKind, SubjectKind


class OccasionDates(Frozen):
    """The literal dates of one occurrence, before the calendar moves them."""

    remind: date
    """Strict reading: reminders aim at it."""
    due: date
    """Lenient reading: nobody is late before it has passed."""


class Monthly(Frozen):
    """A duty's days in each month; ``last`` is the month's last day."""

    first: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    last: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    remind_day: Annotated[int, Field(ge=1, le=28)] | Literal["last"]
    due_day: Annotated[int, Field(ge=1, le=28)] | Literal["last"]

    @property
    def months(self) -> Mapping[str, str]:
        """Each month, such as ``2023-06``, by what the duty's id ends in for it."""
        years = range(int(self.first[:4]), int(self.last[:4]) + 1)
        every = (f"{year}-{month:02d}" for year in years for month in range(1, 13))
        found = (month for month in every if self.first <= month <= self.last)
        return {month[5:] if len(years) == 1 else month: month for month in found}


class Span(Frozen):
    """So many natural days or workdays after a fact's day, which itself is not counted."""

    after: Identifier
    days: Annotated[int, Field(gt=0)] | None = None
    workdays: Annotated[int, Field(gt=0)] | None = None


class Weekly(Frozen):
    """A duty's day in each week from the first to the last given day; 1 is Monday."""

    first: date
    last: date
    weekday: Annotated[int, Field(ge=1, le=7)]


class Quarterly(Frozen):
    """A duty's days for each quarter, such as ``2023Q2``."""

    first: Annotated[str, StringConstraints(pattern=r"^\d{4}Q[1-4]$")]
    last: Annotated[str, StringConstraints(pattern=r"^\d{4}Q[1-4]$")]
    month: Annotated[int, Field(ge=0, le=3)]
    """The month after the quarter in which they fall; 0: the quarter's own last month."""
    remind_day: Annotated[int, Field(ge=1, le=28)] | Literal["last"]
    due_day: Annotated[int, Field(ge=1, le=28)] | Literal["last"]


class HolidayRules(Frozen):
    """Where each of a deadline's two dates goes when it falls on a rest day."""

    remind: HolidayRule = HolidayRule.ADVANCE
    overdue: HolidayRule = HolidayRule.POSTPONE


class TimedRule(Clause):
    """What one-off deadlines and recurring duties have in common."""

    id: RuleId
    title: Text
    stage: Identifier
    fulfilled_by: dict[SubjectKind, Annotated[tuple[Text, ...], Field(min_length=1)]]
    """For each kind of subject that has this deadline, the facts that together fulfil it."""
    kinds: tuple[Identifier, ...] = ()
    """The kinds of project that have it; empty: all."""
    to_do: Text
    """What the responsible body is asked to do, in Chinese."""
    within_year: bool = False
    """True when the lenient date never moves into the next year (当年)."""
    holiday_rule: HolidayRules = HolidayRules()
    """By default 提醒从严、追责从宽: the reminder's date moves back, the other one on."""


class DeadlineRule(TimedRule):
    """A one-off deadline (时限规则): on literal dates, or a span after a fact, or not stated."""

    remind: date | None = None
    due: date | None = None
    follows: Span | None = None
    """A relative deadline: it runs from a fact, and anew when the fact comes about again."""
    later_of: Span | None = None
    """Where the fact has come about, the later of the literal dates and the span holds."""

    @property
    def stated(self) -> bool:
        """False where the notice gives no date: nobody is reminded of a date that is not there."""
        return self.due is not None or self.follows is not None


class Duty(TimedRule):
    """A recurring duty (周期任务): weekly, monthly, quarterly, or on listed occasions by suffix."""

    weekly: Weekly | None = None
    monthly: Monthly | None = None
    quarterly: Quarterly | None = None
    occasions: dict[Text, OccasionDates] = Field(default_factory=dict)
    ends_with: Literal["finished"] | None = None
    """Set where a city's months end that begin after all of its projects were finished."""

    @property
    def months(self) -> Mapping[str, str]:
        """By the id of each of its deadlines, its month; empty where it does not recur by month."""
        found = self.monthly.months if self.monthly else {}
        return {f"{self.id}-{suffix}": month for suffix, month in found.items()}


Audience = Annotated[tuple[Level | Literal["responsible"], ...], Field(min_length=1)]


class Rung(Frozen):
    """One step of the ladder, so many days before `remind_by` (negative) or after `overdue_after`.

    Counted in workdays or in natural days; one that falls on a rest day moves to a workday, back
    before the date and on after it.
    """

    workdays: int | None = None
    days: int | None = None
    kind: RungKind
    audience: Audience

    @property
    def offset(self) -> int:
        """The number of days, of whichever kind; 0 where neither is given, which no plan may."""
        return self.workdays or self.days or 0

    @property
    def id(self) -> str:
        """``T-7``, ``T+1`` …; ``T+7d`` in natural days."""
        return rung_id(self.offset, natural=self.days is not None)


class Repeat(Frozen):
    """What follows the last rung, every so many days, until the deadline is met or acknowledged."""

    every_workdays: Annotated[int, Field(gt=0)] | None = None
    every_days: Annotated[int, Field(gt=0)] | None = None
    kind: RungKind
    audience: Audience


def rung_id(offset: int, *, natural: bool) -> str:
    """How a rung is named by its distance from the date."""
    return f"T{offset:+d}{'d' if natural else ''}"


class Ladder(Clause):
    """The reminder ladder; rungs in ascending order."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    repeat: Repeat
    letter: Identifier | None = None
    """The kind of evidence that records a letter that was issued; None: none is issued here."""


class OfficeHours(Clause):
    """When messages may go out on a workday, Asia/Shanghai; what is owed otherwise waits."""

    opens: time
    closes: time
    """Nothing is sent from this time on."""

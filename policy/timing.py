"""When things are due (时限规则, 周期任务): literal dates, spans after a fact, and what recurs."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from policy.clauses import Clause, Identifier, PlanNode, RuleId, Text
from policy.vocabulary import HolidayRule, Level, RungKind, SubjectKind

PERIOD = "{period}"
"""Stands in what a duty asks for the month, quarter or week that it is about."""


class OccasionDates(PlanNode):
    """The literal dates of one occurrence, before the calendar moves them."""

    remind: date
    """Strict reading: reminders aim at it."""
    due: date
    """Lenient reading: nobody is late before it has passed."""
    not_before: date | None = None
    """The first day on which it can be done; None: the notice's own."""


DayOfMonth = Annotated[int, Field(ge=1, le=28)] | Literal["last"]
"""A day that every month has; ``last`` is the month's last one."""


class Recurrence(PlanNode):
    """A duty's days for each month, quarter, half-year or year from the first to the last one."""

    month: Annotated[int, Field(ge=0, le=12)] = 0
    """In which month after the one that it is about they fall; 0: in its own last month."""
    remind_day: DayOfMonth
    due_day: DayOfMonth
    not_before_day: Annotated[int, Field(ge=1, le=28)] | None = None
    """The first day of that month on which it can be done."""


class Monthly(Recurrence):
    """A duty's days for each month; on the 5th about the month before: ``month`` 1, days 5."""

    first: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    last: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]

    @property
    def months(self) -> Mapping[str, str]:
        """Each month, such as ``2023-06``, by what the duty's id ends in for it.

        ``06`` in the year in which it begins, however long it lasts, and ``2024-01`` after it.
        """
        years = range(int(self.first[:4]), int(self.last[:4]) + 1)
        every = (f"{year}-{month:02d}" for year in years for month in range(1, 13))
        found = (month for month in every if self.first <= month <= self.last)
        return {month.removeprefix(f"{years[0]}-"): month for month in found}


class Span(PlanNode):
    """So many natural days, workdays or months after a fact's day, which itself is not counted."""

    after: Identifier
    days: Annotated[int, Field(gt=0, le=3_660)] | None = None
    workdays: Annotated[int, Field(gt=0, le=2_500)] | None = None
    months: Annotated[int, Field(gt=0, le=120)] | None = None
    """To the same day of that month, or its last one where it has no such day (民法典202条)."""
    within_year: bool = False
    """For `later_of`: past the fact's year it holds no more, and the province sets the day."""

    @property
    def length(self) -> str:
        """``20个工作日``, ``90日`` or ``6个月``."""
        if self.workdays:
            return f"{self.workdays}个工作日"
        return f"{self.months}个月" if self.months else f"{self.days}日"


class Weekly(PlanNode):
    """A duty's day in each week from the first to the last given day; 1 is Monday."""

    first: date
    last: date
    weekday: Annotated[int, Field(ge=1, le=7)]


class Quarterly(Recurrence):
    """A duty's days for each quarter, such as ``2023Q2``."""

    first: Annotated[str, StringConstraints(pattern=r"^\d{4}Q[1-4]$")]
    last: Annotated[str, StringConstraints(pattern=r"^\d{4}Q[1-4]$")]


class HalfYearly(Recurrence):
    """A duty's days for each half-year, such as ``2024H1``."""

    first: Annotated[str, StringConstraints(pattern=r"^\d{4}H[12]$")]
    last: Annotated[str, StringConstraints(pattern=r"^\d{4}H[12]$")]


class Yearly(Recurrence):
    """A duty's days for each year: an evaluation in January of the year before has ``month`` 1."""

    first: Annotated[int, Field(ge=2000, le=2099)]
    last: Annotated[int, Field(ge=2000, le=2099)]


class HolidayRules(PlanNode):
    """Where each of a deadline's two dates goes when it falls on a rest day."""

    remind: HolidayRule = HolidayRule.ADVANCE
    overdue: HolidayRule = HolidayRule.POSTPONE


class TimedRule(Clause):
    """What one-off deadlines and recurring duties have in common."""

    id: RuleId
    title: Text
    brief: Text | None = None
    """简称 for papers: what is done, after 未 or 应 (开工); None: 完成 and the title."""
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
    date_reading: Text | None = None
    """Why the dates are others than those that the words name; see `policy.date_words`."""


class DeadlineRule(TimedRule):
    """A one-off deadline (时限规则): on literal dates, or a span after a fact, or not stated."""

    remind: date | None = None
    due: date | None = None
    not_before: date | None = None
    """The first day on which it can be done; None: the notice's own."""
    not_before_first: Identifier | None = None
    """It can be done once this has come about for some project."""
    follows: Span | None = None
    """A relative deadline: it runs from a fact, and anew when the fact comes about again."""
    later_of: Span | None = None
    """Where the fact has come about, the later of the literal dates and the span holds."""

    @property
    def stated(self) -> bool:
        """False where the notice gives no date: nobody is reminded of a date that is not there."""
        return self.due is not None or self.follows is not None


class Duty(TimedRule):
    """A recurring duty (周期任务): weekly to yearly, or on listed occasions by suffix."""

    weekly: Weekly | None = None
    monthly: Monthly | None = None
    quarterly: Quarterly | None = None
    half_yearly: HalfYearly | None = None
    yearly: Yearly | None = None
    occasions: dict[Text, OccasionDates] = Field(default_factory=dict)
    ends_with: Literal["finished"] | None = None
    """Set where a city's months end that begin after all of its projects were finished."""

    @property
    def recurring(self) -> Monthly | Quarterly | HalfYearly | Yearly | None:
        """Its form where that goes by months, quarters, half-years or years."""
        return self.monthly or self.quarterly or self.half_yearly or self.yearly

    @property
    def comes_later(self) -> bool:
        """Whether its days fall into a later month than those that it is about."""
        return self.recurring is not None and self.recurring.month > 0

    @property
    def months(self) -> Mapping[str, str]:
        """By the id of each of its deadlines, its month; empty where it does not recur by month."""
        found = self.monthly.months if self.monthly else {}
        return {f"{self.id}-{suffix}": month for suffix, month in found.items()}


Audience = Annotated[tuple[Level | Literal["responsible"], ...], Field(min_length=1)]


class Rung(PlanNode):
    """One step of the ladder, so many days before `remind_by` (negative) or after `overdue_after`.

    Counted in workdays or in natural days; one that falls on a rest day moves to a workday, back
    before the date and on after it.
    """

    workdays: Annotated[int, Field(ge=-366, le=366)] | None = None
    days: Annotated[int, Field(ge=-366, le=366)] | None = None
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


class Repeat(PlanNode):
    """What follows the last rung, every so many days, until the deadline is met or acknowledged."""

    every_workdays: Annotated[int, Field(gt=0, le=366)] | None = None
    every_days: Annotated[int, Field(gt=0, le=366)] | None = None
    kind: RungKind
    audience: Audience


def rung_id(offset: int, *, natural: bool) -> str:
    """How a rung is named by its distance from the date."""
    return f"T{offset:+d}{'d' if natural else ''}"


def rung_words(id: str) -> str:
    """A rung in words: ``T+5`` 逾期后第5个工作日, ``T-7d`` 提前7天; another id as it is."""
    found = re.fullmatch(r"T([+-])(\d+)(d?)", id)
    if found is None:
        return id
    unit = "天" if found[3] else "个工作日"
    return f"逾期后第{found[2]}{unit}" if found[1] == "+" else f"提前{found[2]}{unit}"


class Ladder(Clause):
    """The reminder ladder; rungs in ascending order."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    repeat: Repeat
    letter: Identifier | None = None
    """The kind of evidence that records a letter that was issued; None: none is issued here."""
    by_turn: bool = False
    """Whether who waits for a step of another body is told nothing and that body instead, which
    answers for it; False, as in plans of earlier programs: always the responsible body."""

    @property
    def escalations(self) -> tuple[str, ...]:
        """The rungs that go on to those above; all others, and repeats, only ask to do it."""
        asking = (RungKind.REMIND, RungKind.URGE)
        return tuple(rung.id for rung in self.rungs if rung.kind not in asking)


def _hours_and_minutes(given: object) -> object:
    """As it is written in a plan, or as kept of one; a bare number would be taken for seconds."""
    kept = isinstance(given, time) and given.tzinfo is None
    if kept or (isinstance(given, str) and re.fullmatch(r"\d\d:\d\d(:00)?", given)):
        return given
    raise PydanticCustomError("time_parsing", "hours and minutes")


TimeOfDay = Annotated[time, BeforeValidator(_hours_and_minutes)]


class OfficeHours(Clause):
    """When messages may go out on a workday, Asia/Shanghai; what is owed otherwise waits."""

    opens: TimeOfDay
    closes: TimeOfDay
    """Nothing is sent from this time on."""

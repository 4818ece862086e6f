"""Statutory workdays of China with make-up days (调休), and spans counted in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import chinese_calendar

from common.errors import PolicyError
from common.words import SHANGHAI
from policy.timing import OfficeHours

DAY = timedelta(days=1)
CALENDARS = "XINGFU_PLANS 指定的文件夹（或实施方案所在的文件夹）的 calendars/ 下"
"""Where a year's file is put, so that an upgrade of the program does not lose it."""


def years_after(day: date, years: int) -> date:
    """The same day `years` years on; 2月29日 becomes 3月1日 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


class UnknownYearError(PolicyError):
    """该年放假安排未公布。"""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"{year}年放假安排不在已知日历内，请在 {CALENDARS}增加 {year}.json"
            "（holiday-cn 格式，注明国务院办公厅通知），再运行 xingfu init"
        )
        self.year = year


@lru_cache(maxsize=4096)
def _statutory(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


@dataclass(frozen=True)
class Calendar:
    """Workdays: the built-in years (2004 on), and years given or corrected by override files."""

    overrides: Mapping[int, Mapping[date, bool]] = field(default_factory=dict)
    """Per year, days that overrule; a year that is not built in takes its other days by the week.

    A file may also name days of the year before or after it (元旦 adjustments); all are merged.
    """

    def __hash__(self) -> int:
        return id(self)

    def is_workday(self, day: date) -> bool:
        """Whether `day` is a statutory workday. UnknownYearError when its year is not known."""
        for _, days in sorted(self.overrides.items(), reverse=True):  # the newer notice wins
            if day in days:
                return days[day]
        try:
            return _statutory(day)
        except NotImplementedError:
            if day.year in self.overrides:
                return day.weekday() < 5
            raise UnknownYearError(day.year) from None

    def knows(self, year: int) -> bool:
        """Whether that year's workdays are known."""
        try:
            self.is_workday(date(year, 7, 1))
        except UnknownYearError:
            return False
        return True

    def on_or_before(self, day: date) -> date:
        """The last workday not after `day`."""
        while not self.is_workday(day):
            day -= DAY
        return day

    def on_or_after(self, day: date) -> date:
        """The first workday not before `day`."""
        while not self.is_workday(day):
            day += DAY
        return day

    def shift(self, day: date, workdays: int) -> date:
        """The workday that lies `workdays` workdays after `day` (before, when negative)."""
        step = DAY if workdays > 0 else -DAY
        for _ in range(abs(workdays)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """How many workdays follow `start` up to `end` inclusive; negative when it is earlier."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_workday(start + DAY * n) for n in range(1, (end - start).days + 1))


T = TypeVar("T")


def if_known(ask: Callable[[T], date], about: T) -> date | None:
    """What a calendar answers; None where the answer lies in a year that it does not know yet."""
    try:
        return ask(about)
    except UnknownYearError:
        return None


def workday_after(calendar: Calendar, day: date) -> date:
    """The first workday after `day`: of what is made on its evening, the first day of signing.

    The very next day where the calendar does not know its year yet.
    """
    try:
        return calendar.on_or_after(day + DAY)
    except UnknownYearError:
        return day + DAY


def is_open(hours: OfficeHours, calendar: Calendar, at: datetime) -> bool:
    """Whether offices are open. UnknownYearError outside the calendar's known years."""
    local = at.astimezone(SHANGHAI)
    return calendar.is_workday(local.date()) and hours.opens <= local.time() < hours.closes


def opens_next(hours: OfficeHours, calendar: Calendar, at: datetime) -> datetime:
    """When offices open next after `at`. UnknownYearError as `is_open`."""
    local = at.astimezone(SHANGHAI)
    day = local.date() if local.time() < hours.opens else local.date() + DAY
    return datetime.combine(calendar.on_or_after(day), hours.opens, SHANGHAI)

"""When messages may go out: on workdays, within the plan's office hours, Asia/Shanghai."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from policy.ladder import OfficeHours
from states.workdays import DAY, Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shanghai_day(at: datetime) -> date:
    """The date in Shanghai at an aware instant."""
    return at.astimezone(SHANGHAI).date()


def is_open(hours: OfficeHours, calendar: Calendar, at: datetime) -> bool:
    """Whether offices are open. UnknownYearError outside the calendar's known years."""
    local = at.astimezone(SHANGHAI)
    return calendar.is_workday(local.date()) and hours.opens <= local.time() < hours.closes


def opens_next(hours: OfficeHours, calendar: Calendar, at: datetime) -> datetime:
    """When offices open next after `at`. UnknownYearError as `is_open`."""
    local = at.astimezone(SHANGHAI)
    day = local.date() if local.time() < hours.opens else local.date() + DAY
    return datetime.combine(calendar.on_or_after(day), hours.opens, SHANGHAI)

"""What speaks against deciding a day: a wrong clock, or a day that cannot be meant. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from common.words import SHANGHAI
from policy.schema import Plan

LONGEST_GAP = timedelta(days=45)
"""Between two days that are decided one after the other; more is taken for a wrong clock."""
SKEW = timedelta(minutes=5)
"""By how much clocks of several machines may differ."""


@dataclass(frozen=True, slots=True)
class DayRecord:
    """What is on record when a day is to be decided."""

    last: date | None
    """The newest day that has been decided; None: none ever was."""
    newest: datetime | None
    """The newest instant at which something was recorded; aware."""
    confirmed: bool = False
    """Whether somebody has confirmed the day already."""


def plan_span(plan: Plan) -> tuple[date, date]:
    """The days that a plan has: from its notice to the end of the third month after its works."""
    return plan.notice.issued_on, end_of_span(plan.last_day)


def end_of_span(last: date) -> date:
    """The end of the third month after the last day of a plan's works."""
    year, index = divmod(12 * last.year + last.month + 2, 12)
    return date(year, index + 1, monthrange(year, index + 1)[1])


def day_of_work(plan: Plan, today: date, last: date | None) -> date:
    """As of which day is worked today: today; after the plan's time its last day, once and for all.

    `last`: the newest day that has been decided. What lies too far behind it is left to doubts, as
    is a plan that never began; days after the end on which a person has insisted count, too.
    """
    _, end = plan_span(plan)
    if last is None or today <= end or (last < end and today - last > LONGEST_GAP):
        return today
    return min(today, max(end, last))


def doubts(plan: Plan, day: date, at: datetime, record: DayRecord) -> Iterator[str]:
    """Why a day should not be decided at an aware instant until somebody confirms it, in Chinese.

    The first day of a plan is no jump, whenever it comes. A confirmed day is not doubted again; a
    clock that goes back later is.
    """
    if record.newest is not None and at < record.newest - SKEW:
        yield (
            f"系统时间为{_instant(at)}，早于已有记录的最晚时间{_instant(record.newest)}，"
            "系统时间可能有误"
        )
    if record.confirmed:
        return
    first, end = plan_span(plan)
    if not first <= day <= end:
        yield f"{day}不在实施方案的期间（{first}至{end}）内"
    if record.last is not None and day - record.last > LONGEST_GAP:
        yield (
            f"距上次核对的{record.last}已有{(day - record.last).days}天，"
            f"超过{LONGEST_GAP.days}天，系统时间可能有误"
        )


def _instant(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"

"""What a city reports of a project each month (五(五)). Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from common.words import CENT, cited

PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
TOO_MUCH = Decimal(10**15)


@dataclass(frozen=True, slots=True)
class Progress:
    """How a project stands at the end of a month. None: not stated."""

    period: str
    """``2023-06``."""
    percent: int
    """形象进度, 0 to 100."""
    invested: Decimal | None = None
    """累计完成投资, 元 with two decimals."""
    on_schedule: bool | None = None
    """是否达到序时进度."""
    problem: str | None = None
    """未达序时原因及存在问题."""
    next_step: str | None = None
    """下一步安排."""
    audit_id: int = 0
    """The row that recorded it; 0 while it is only handed in."""


PROGRESS_LABELS = {
    "period": "月份",
    "percent": "形象进度",
    "invested": "累计完成投资",
    "on_schedule": "是否达到序时进度",
    "problem": "未达序时原因及存在问题",
    "next_step": "下一步安排",
}
"""What staff call each field."""


def contradictions(
    now: Progress, before: Progress | None, clause: str = ""
) -> Iterator[tuple[str, str]]:
    """What cannot be true of a month's report: the field, and the reason in Chinese.

    `before` is the latest report of an earlier month, see `latest_before`; `clause` asks for it.
    """
    yield from _unreadable(now)
    if now.on_schedule is False and not (now.problem or "").strip():
        yield "problem", f"未达序时进度，须填写未达序时原因及存在问题{cited(clause)}"
    if before is not None:
        yield from _falling(now, before, clause)


def latest_before(reports: Iterable[Progress], period: str) -> Progress | None:
    """The latest report of an earlier month; with what was last said of 完成投资, if anything.

    `reports` come oldest first.
    """
    earlier = [report for report in reports if report.period < period]
    if not earlier:
        return None
    return replace(earlier[-1], invested=last_invested(earlier))


def last_invested(reports: Iterable[Progress]) -> Decimal | None:
    """累计完成投资 as last stated, 元; None while it was not. `reports` come oldest first."""
    stated = [report.invested for report in reports if report.invested is not None]
    return stated[-1] if stated else None


def with_report(reports: Iterable[Progress], report: Progress) -> tuple[Progress, ...]:
    """`reports` once `report` has taken the place of its month's, oldest first."""
    kept = {item.period: item for item in (*reports, report)}
    return tuple(kept[period] for period in sorted(kept))


def _unreadable(now: Progress) -> Iterator[tuple[str, str]]:
    if not PERIOD.fullmatch(now.period):
        yield "period", f"月份“{now.period}”有误，应如 2023-06"
    if not 0 <= now.percent <= 100:
        yield "percent", f"形象进度{now.percent}%有误，应为0至100的整数"
    if now.invested is not None and not _is_amount(now.invested):
        yield "invested", f"累计完成投资{now.invested}元有误，应不小于0，精确到分"


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value < TOO_MUCH and value == value.quantize(CENT)


def _falling(now: Progress, before: Progress, clause: str) -> Iterator[tuple[str, str]]:
    if now.percent < before.percent:
        yield (
            "percent",
            f"形象进度{now.percent}%低于{before.period}上报的{before.percent}%，"
            f"请核对；前月有误的，请先更正前月{cited(clause)}",
        )
    spent, known = now.invested, before.invested
    if spent is not None and known is not None and spent.is_finite() and spent < known:
        yield (
            "invested",
            f"累计完成投资{spent:,.2f}元少于此前上报的{known:,.2f}元，"
            f"请核对；前月有误的，请先更正前月{cited(clause)}",
        )

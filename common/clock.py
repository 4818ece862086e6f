"""The only clock. Everything else takes the day and the instant as arguments."""

from datetime import UTC, date, datetime

from common.words import shanghai_day


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # the one place


def today(pinned: date | None) -> date:
    """Today's date in Asia/Shanghai, or the day that a demonstration has pinned."""
    return pinned or shanghai_day(now())

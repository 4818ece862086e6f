"""The only clock. Everything else takes the day and the instant as arguments."""

from datetime import UTC, date, datetime

from models.settings import Settings
from states.workdays import shanghai_day


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # the one place


def today(settings: Settings) -> date:
    """Today's date in Asia/Shanghai, or the day that a demonstration has pinned."""
    return settings.business_date or shanghai_day(now())

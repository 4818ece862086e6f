"""The example province for tests: loaded once a session, then copied; its facts day by day."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache

from common.words import SHANGHAI
from deployments.demo import EXAMPLE
from models.database import writing
from operations.cases.casework import Act
from operations.cases.desk import Desk
from operations.upkeep.scenario import CityReport, Event, SignedEvent, happen, tables
from operations.workbooks.intake import import_workbook
from tests.conftest import AT

DAY = timedelta(days=1)
END = date(2023, 12, 31)


def import_example(desk: Desk) -> None:
    """Import all the example's workbooks."""
    for path in sorted((EXAMPLE / "workbooks").glob("*.xlsx")):
        import_workbook(desk, path, today=END, at=AT)


@cache  # it is read for every day that a test lives
def by_day() -> Mapping[date, Sequence[Event]]:
    """What happens in the example, by day, each day in the order in which it can be recorded."""
    days: dict[date, list[Event]] = {}
    for event in tables(EXAMPLE):
        days.setdefault(event.on, []).append(event)
    return {day: tuple(events) for day, events in days.items()}


def on_paper(event: Event) -> SignedEvent:
    """A report as it comes in where nothing is known of the city's projects."""
    if not isinstance(event, CityReport):
        return event
    return Act(event.subject, event.duty, event.on, f"{event.subject}民政局", "示例纸质月报")


def record(desk: Desk, found: Sequence[Event]) -> None:
    """Record some events in one transaction."""
    with writing(desk.engine) as session:
        for event in found:
            happen(session, desk, event, today=END, at=AT)


def days(start: date, end: date) -> Iterator[date]:
    """Every day from start to end, both included."""
    while start <= end:
        yield start
        start += DAY


def morning(day: date) -> datetime:
    """Half past eight in Shanghai."""
    return datetime.combine(day, time(8, 30), SHANGHAI)

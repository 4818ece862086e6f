"""The example province for tests: loaded once a session, then copied; its facts day by day."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from deployments.demo import EXAMPLE
from flows.operations.casework import Act, advance, record
from flows.operations.desk import Desk
from flows.operations.intake import import_workbook
from models.database import writing
from tests.conftest import AT

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
END = date(2023, 12, 31)


@dataclass(frozen=True)
class FactRow:
    """One line of the example's facts, as written."""

    on: date
    subject: str
    act: str
    actor: str
    evidence: str


def import_example(desk: Desk) -> None:
    """Import all the example's workbooks."""
    for path in sorted((EXAMPLE / "workbooks").glob("*.xlsx")):
        import_workbook(desk, path, None, today=END, at=AT)


def fact_rows() -> tuple[FactRow, ...]:
    """The example's facts, as written."""
    with (EXAMPLE / "facts.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            FactRow(
                date.fromisoformat(row["on"]),
                row["subject"],
                row["act"],
                row["actor"],
                row["evidence"],
            )
            for row in csv.DictReader(file)
        )


def by_day() -> Mapping[date, list[FactRow]]:
    """The example's facts by day."""
    days: dict[date, list[FactRow]] = {}
    for row in fact_rows():
        days.setdefault(row.on, []).append(row)
    return days


def replay(desk: Desk, rows: list[FactRow]) -> None:
    """Record some facts in one transaction."""
    actions = {action.id for action in desk.plan.actions}
    with writing(desk.engine) as session:
        for row in rows:
            act = Act(row.subject, row.act, row.on, row.actor, row.evidence)
            take = advance if row.act in actions else record
            take(session, desk, act, today=END, at=AT)


def days(start: date, end: date) -> Iterator[date]:
    """Every day from start to end, both included."""
    while start <= end:
        yield start
        start += DAY


def morning(day: date) -> datetime:
    """Half past eight in Shanghai."""
    return datetime.combine(day, time(8, 30), SHANGHAI)

"""绩效评估 by SQL: the second calculation; it shares only stored rows with the product."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import holidays
from sqlalchemy import Connection, text

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
QUERY = (HERE / "ranking_by_sql.sql").read_text(encoding="utf-8")
DUTIES = {
    "D25-Q2": "2023-07-15",
    "D25-Q3": "2023-10-15",
    "D25-Q4": "2023-12-31",
}  # 五(九), proposals


class Ranked(NamedTuple):
    """A city or county; points in hundredths, the rate in hundredths of a percent."""

    city: str
    county: str
    base: int
    available: int
    bonus: int
    malus: int
    score: int
    rate: int | None
    place: int | None
    named: str
    """先进 or 需改进, of a city."""


def prepare(connection: Connection) -> None:
    """What the notice says, as tables of this connection alone."""
    for table in (
        "due (rule TEXT, said TEXT, late_after TEXT)",
        "quota (city TEXT, places INTEGER)",
        "unserved (county_code TEXT)",
        "workday (day TEXT, number INTEGER)",
    ):
        connection.execute(text(f"CREATE TEMP TABLE {table}"))
    dues = [
        (row["id"], row["literal_date"][:10], row["overdue_after"][:10])
        for row in _rows("deadlines_2023.csv")
    ]
    _fill(connection, "due", [*dues, *((rule, day, day) for rule, day in DUTIES.items())])
    quotas = ((row["city"], row["quota"]) for row in _rows("shanxi_quota_2023.csv"))
    _fill(connection, "quota", list(quotas))
    counties = _rows("shanxi_divisions.csv")
    _fill(
        connection, "unserved", [(row["code"],) for row in counties if row["unserved_2023"] == "1"]
    )
    china = holidays.country_holidays("CN", years=(2023, 2024))
    days = (date(2023, 1, 1) + timedelta(n) for n in range(400))
    work = [day.isoformat() for day in days if china.is_working_day(day)]
    _fill(connection, "workday", [(day, number) for number, day in enumerate(work)])


def ranking(
    connection: Connection, kind: str, period: str, as_of: date, signed_on: date
) -> Iterator[Ranked]:
    """All cities, or all counties that have projects."""
    asked = {"kind": kind, "period": period, "as_of": str(as_of), "signed_on": str(signed_on)}
    for row in connection.execute(text(QUERY), asked):
        yield Ranked(*row)


def next_workday(day: date) -> date:
    """The first workday after a day."""
    china = holidays.country_holidays("CN", years=(2023, 2024))
    following = day + timedelta(days=1)
    while not china.is_working_day(following):
        following += timedelta(days=1)
    return following


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _fill(connection: Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    marks = ", ".join(f":c{n}" for n in range(len(rows[0])))
    values = [{f"c{n}": value for n, value in enumerate(row)} for row in rows]
    connection.execute(text(f"INSERT INTO {table} VALUES ({marks})"), values)  # noqa: S608

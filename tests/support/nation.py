"""A nation of synthetic provinces: each a plan of its own, made from that of 2023.

No two share the name of a place or the code of a county, so that nothing of one can hide among
another's.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert
from sqlmodel import SQLModel

from models.database import writing
from models.plans import add_deadlines
from operations.cases.desk import Desk
from policy.load import plan_path
from policy.schema import Plan
from policy.vocabulary import SubjectKind
from tests.support.written import read_yaml

PROVINCES = tuple(range(11, 42))  # 31
FACTS = ("site_confirmed", "application_submitted", "review_passed", "determined", "funds_released")
"""What half of the projects have behind them."""
TABLES = {"subject": "code", "project": "code", "fact": "subject", "deadline": "subject"}
"""Where projects stand, and in which column."""


def plan_id(number: int) -> str:
    return f"p{number}-2023"


def province(number: int) -> Plan:
    """The plan of a province."""
    return Plan.model_validate({**described(number), "digest": f"{number:064}"})


def write_plans(folder: Path, numbers: Sequence[int] = PROVINCES) -> None:
    """Put the plans into a folder as `XINGFU_PLANS` names one."""
    notice = plan_path("shanxi-2023").with_name("notice.txt").read_text(encoding="utf-8")
    for number in numbers:
        home = folder / plan_id(number)
        home.mkdir(parents=True)
        said = yaml.safe_dump(described(number), allow_unicode=True, sort_keys=False)
        (home / "plan.yaml").write_text(said, encoding="utf-8")
        (home / "notice.txt").write_text(notice, encoding="utf-8")


def described(number: int) -> Mapping[str, Any]:
    """The plan as its file says it."""
    said = _shanxi()
    name = f"示例{number}省"
    return {
        **said,
        "id": plan_id(number),
        "province": name,
        "offices": {**said["offices"], "province": f"{name}民政厅"},
        "cities": [_city(city, number) for city in said["cities"]],
    }


def found(desk: Desk, projects: int) -> None:
    """Give the desk's plan so many projects, spread over its counties, half of them under way."""
    with writing(desk.engine) as session:
        connection = session.connection()
        for rows in _batches(desk.plan, projects):
            for table in ("subject", "project", "fact"):
                if values := rows[table]:
                    connection.execute(insert(SQLModel.metadata.tables[table]), values)
            codes = [row["code"] for row in rows["subject"]]
            add_deadlines(session, desk.plan, desk.calendar, SubjectKind.PROJECT, codes)


def multiply(desk: Desk, times: int) -> None:
    """Make so many of each project, by the database itself: for benchmarks on SQLite."""
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times - 1})"  # noqa: S608
    )
    codes = "SELECT code FROM project WHERE code NOT LIKE '%~%'"
    with desk.engine.begin() as connection:
        for table, owner in TABLES.items():
            names = [column.name for column in SQLModel.metadata.tables[table].columns]
            quoted = ", ".join(f'"{name}"' for name in names)
            new = ", ".join(
                f"\"{name}\" || '~' || n.i" if name in (owner, "community") else f'"{name}"'
                for name in names
            )
            connection.exec_driver_sql(
                f"INSERT INTO {table} ({quoted}) {numbers} SELECT {new} FROM {table}, n "  # noqa: S608
                f"WHERE {owner} IN ({codes})"
            )


def _batches(
    plan: Plan, projects: int, size: int = 2000
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Rows of subject, project and fact, some projects at a time."""
    places = [(city.name, county) for city in plan.cities for county in city.counties]
    numbers = iter(range(projects))
    while chosen := list(islice(numbers, size)):
        rows: dict[str, list[dict[str, Any]]] = {"subject": [], "project": [], "fact": []}
        for number in chosen:
            city, county = places[number % len(places)]
            code = plan.code_format.format(county=county.code, number=number // len(places) + 1)
            key = {"plan": plan.id, "code": code}
            name = f"示例{number}街道示例{number}社区养老幸福工程"
            rows["subject"].append(
                {**key, "kind": "project", "name": name, "city": city, "county": county.name}
            )
            rows["project"].append(
                {
                    **key,
                    "county_code": county.code,
                    "county_type": county.type,
                    "stage": plan.stage_order[4 if number % 2 else 0],
                    "disposition": "active",
                    "street": f"示例{number}街道",
                    "community": f"示例{number}社区",
                    "functions": ["短期托养", "日间照料"],
                    "commitments": [],
                    "findings": {},
                    "checks": {},
                }
            )
            if number % 2:
                days = (date(2023, 2, 1) + timedelta(days=10 * step) for step in count())
                rows["fact"] += [
                    {"plan": plan.id, "subject": code, "name": fact, "on": on}
                    for fact, on in zip(FACTS, days, strict=False)
                ]
        yield rows


def _city(city: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    counties = [
        {**county, "name": _named(county["name"], number), "code": _coded(county["code"], number)}
        for county in city["counties"]
    ]
    return {
        **city,
        "name": _named(city["name"], number),
        "code": _coded(city["code"], number),
        "unserved": [_named(name, number) for name in city["unserved"]],
        "counties": counties,
    }


def _named(name: str, number: int) -> str:
    return f"{name[:-1]}{number}{name[-1]}"


def _coded(code: str, number: int) -> str:
    return f"{number}{code[2:]}"


@lru_cache
def _shanxi() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = read_yaml(plan_path("shanxi-2023"))
    return loaded

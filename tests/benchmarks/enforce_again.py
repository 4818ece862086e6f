"""A second `enforce` of the same day against the first, at 10,000 projects."""

import sys
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from flows.operations.desk import Desk
from flows.operations.enforcement import enforce
from flows.operations.setup import initialise
from models.database import writing
from models.plans import add_deadlines, insert_new
from models.settings import Settings
from models.tables import Project, Subject
from policy.vocabulary import SubjectKind
from tests.conftest import AT

PROJECTS = 10_000
DAY = date(2023, 6, 1)


def measure() -> tuple[str, float, float]:
    """What is measured, the ratio, and its bound."""
    with TemporaryDirectory() as home:
        desk = initialise(Settings(home=Path(home)), None, AT)
        fill(desk, PROJECTS)
        first = _seconds(desk)
        again = median(_seconds(desk) for _ in range(20))
        desk.engine.dispose()
    sys.stdout.write(f"  first {first:.3f} s, again {again * 1000:.2f} ms\n")
    return f"enforce again / first at {PROJECTS} projects", again / first, 0.01


def fill(desk: Desk, number: int) -> None:
    """Put that many synthetic projects, spread over all counties, into the database."""
    places = [(city, county) for city in desk.plan.cities for county in city.counties]
    rows = list(enumerate(islice(cycle(places), number)))
    with writing(desk.engine) as session:
        common = {"plan": desk.plan.id, "kind": SubjectKind.PROJECT}
        insert_new(
            session,
            Subject,
            [
                {
                    **common,
                    "code": f"B{n}",
                    "name": f"B{n}",
                    "city": city.name,
                    "county": place.name,
                }
                for n, (city, place) in rows
            ],
        )
        insert_new(
            session,
            Project,
            [
                {
                    "plan": desk.plan.id,
                    "code": f"B{n}",
                    "county_code": place.code,
                    "county_type": place.type,
                    "stage": desk.plan.stage_order[0],
                    "disposition": "active",
                    "community": f"B{n}",
                    "functions": [],
                    "commitments": [],
                }
                for n, (_, place) in rows
            ],
        )
        codes = [f"B{n}" for n, _ in rows]
        add_deadlines(session, desk.plan, desk.calendar, SubjectKind.PROJECT, codes)


def _seconds(desk: Desk) -> float:
    start = perf_counter()
    enforce(desk, DAY, AT)
    return perf_counter() - start

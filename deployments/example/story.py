"""What happens to each project of the example in 2023, and what offices report. Pure.

Most things happen in time; `story.toml` names those that do not. Dates are workdays; the test of
the example proves that every act is legal on its day.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal

from deployments.example.places import Site
from policy.cities import City
from policy.schema import Plan
from policy.vocabulary import Level
from states.authority import entitled, matter
from states.contacts import Place
from states.workdays import Calendar

CALENDAR = Calendar()


@dataclass(frozen=True)
class FactLine:
    """One line of facts.csv."""

    on: date
    subject: str
    act: str
    actor: str
    evidence: str
    amount: str = ""
    """元 that it pays."""
    checks: str = ""
    """Answers to the acceptance checklist: ``area=1200.00；beds=12``."""


MATCHING = ("city_funds_in_place", "county_funds_in_place")

YEAR = 2023
Steps = Mapping[str, date | Literal[False]]
"""The day of each act; False: it never happens. ``act#2`` is an act done once more."""
TOLD: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("story.toml").read_text(encoding="utf-8")
)
EXCEPTIONS: Mapping[str, Steps] = {
    code: {**(TOLD["late_start"] if own.get("late_start") else {}), **own}
    for code, own in TOLD["projects"].items()
}


def on(month: int, day: int) -> date:
    """A day of the example's year."""
    return date(YEAR, month, day)


def steps(site: Site) -> dict[str, date]:
    """The day of each act of a project, in the order in which they happen."""
    planned = {**_usual(site), **EXCEPTIONS.get(site.code, {})}
    if finished := planned["complete_construction"]:
        planned["check_completion"] = _after(finished, 2)
    days = {act: day for act in TOLD["order"] if (day := planned.get(act))}
    return dict(sorted(days.items(), key=lambda step: step[1]))


def facts(plan: Plan, sites: tuple[Site, ...]) -> list[FactLine]:
    """Everything that happens in the year, in date order."""
    happened = [
        *(fact for site in sites for fact in _project_facts(plan, site)),
        *(fact for n, city in enumerate(plan.cities) for fact in _city_facts(plan, city, n)),
        *_province_facts(plan),
    ]
    return sorted(happened, key=lambda fact: fact.on)


def _usual(site: Site) -> Steps:
    """How a project goes that is in time; the spread keeps a year from looking like one day."""
    n, city = site.n, site.city_number
    finished = _after(on(9, 11), n * 7 % 50)
    return {
        "confirm_site": _after(on(2, 1), n % 5),
        "submit_application": _after(on(2, 8), city % 9),
        "pass_review": _after(on(3, 6), n % 8),
        "determine": on(3, 24),
        "release_funds": (on(4, 12), on(4, 18), on(4, 26))[city % 3],
        "operator_confirmed": _after(on(4, 3), n * 3 % 18),
        "city_funds_in_place": _after(on(5, 8), city % 9),
        "county_funds_in_place": _after(on(5, 10), n % 12),
        "break_ground": _after(on(5, 8), n * 5 % 17),
        "complete_construction": finished,
        "open_operation": _after(finished, 4 + n % 5),
        "pass_acceptance": _after(on(12, 1), n % 6),
    }


def _after(day: date, workdays: int) -> date:
    return CALENDAR.shift(day, workdays)


def _project_facts(plan: Plan, site: Site) -> Iterator[FactLine]:
    for step, day in steps(site).items():
        if step in MATCHING:
            continue  # the money ledger dates it
        act = step.partition("#")[0]
        actor = _actor(plan, act, site.city, site.county.name)
        number = letter(site, step) if act == "submit_application" else site.n + 1
        yield FactLine(day, site.code, act, actor, TOLD["evidence"][act].format(n=number))


def letter(site: Site, step: str) -> int:
    """The number of the city government's letter that applies for a project.

    One letter speaks for all of a city; one that comes later has a number of its own.
    """
    return 200 + site.n if step in EXCEPTIONS.get(site.code, {}) else site.city_number + 1


def _actor(plan: Plan, act: str, city: City, county: str) -> str:
    """Whose it is."""
    found = matter(plan, act)
    assert found is not None  # noqa: S101  # the story tells what the plan has
    return entitled(plan, found, Place(city.name, county))[0].name


def _city_facts(plan: Plan, city: City, n: int) -> Iterator[FactLine]:
    own = plan.office(Level.CITY, city.name)
    province = plan.office(Level.PROVINCE)
    fact = partial(FactLine, subject=city.name)
    paper = TOLD["paper"].get(city.name, {})
    for act, day in report_days(city, n).items():
        if act in paper:
            yield fact(day, act=act, actor=own, evidence=paper[act])
    for act, day in _visits(n).items():
        evidence = f"示例{city.name}{act}记录"
        yield fact(
            day, act=act, actor=own if act[:3] in ("D18", "D25") else province, evidence=evidence
        )


def report_days(city: City, n: int) -> Mapping[str, date]:
    """The day on which the n-th city hands each month's report in."""
    usual = {f"D10-{m:02d}": CALENDAR.on_or_before(on(m, 24 - n % 4)) for m in range(3, 13)}
    told = {**usual, **TOLD["duties"].get(city.name, {})}
    return {act: day for act, day in told.items() if act in usual and day}


def _visits(n: int) -> dict[str, date]:
    """Inspection, feedback letters and the list of responsible persons of the n-th city."""
    return {
        "D13": _after(on(6, 12), n * 3),
        "D18": _after(on(5, 22), n * 4),
        "D12-Q2": _after(on(7, 3), n % 5),
        "D12-Q3": _after(on(10, 7), n % 3),
        "D12-Q4": _after(on(12, 18), n % 8),
        "D23": _after(on(12, 20), n % 6),
        "D25-Q2": _after(on(7, 5), n % 6),
        "D25-Q3": _after(on(10, 9), n % 4),
        "D25-Q4": _after(on(12, 19), n % 6),
    }


def _province_facts(plan: Plan) -> Iterator[FactLine]:
    actor = plan.office(Level.PROVINCE)
    for act, day in TOLD["province"].items():
        yield FactLine(day, plan.province, act, actor, f"示例{plan.province}{act}文稿")

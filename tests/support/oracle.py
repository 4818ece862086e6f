"""What a year must tell whom, by brute force: loops over days, no code shared with the product.

Its sources are the example's own tables, the computed dates of tests/data/deadlines_2023.csv, the
workdays of a package that the product does not use, and the ladder as the notice's plan words it.
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import holidays

HERE = Path(__file__).parents[1]
EXAMPLE = HERE.parent / "deployments" / "example"
START, END = date(2023, 1, 16), date(2023, 12, 31)
CITY, PROVINCE = "太原市", "山西省"

# What fulfils which deadline of a project, read off the notice by hand.
PROJECT = {
    "D01": ["submit_application"],
    "D03": ["confirm_site"],
    "D04": ["determine"],
    "D05": ["release_funds"],
    "D06": ["operator_confirmed"],
    "D07": ["city receipt", "county receipt"],
    "D08": ["break_ground"],
    "D09": ["break_ground"],
    "D14": ["complete_construction"],
    "D15": ["pass_acceptance"],
    "D16": ["pass_acceptance"],
    "D17": ["complete_construction", "pass_acceptance", "open_operation"],
}
RESPONSIBLE = {  # the level at which whoever is responsible is reached
    **dict.fromkeys(("D06", "D07", "D08", "D14", "D17"), "county"),
    **dict.fromkeys(("D01", "D03", "D09", "D10", "D18"), "city"),
    **dict.fromkeys(("D02", "D04", "D05", "D11", "D12", "D13", "D15", "D16"), "province"),
}
OF_THE_PROVINCE = ("D02", "D11")
BEFORE, AFTER = (7, 3, 1), {1: ("own", "city"), 5: ("leader", "province"), 10: ("province",)}
RANKS = ("county", "city", "leader", "province")

WAITED = ("XF2023-140106-01",)
"""Selected late, so that other steps waited for it: `year_oracle` works out who hears of those."""

# Who is in the list of contacts; everybody else's messages go to the level above.
COUNTIES = {"小店区": "示例·小店", "清徐县": "示例·清徐"}
PEOPLE = {"city": "示例·太原", "province": "示例·省厅"}  # nobody is known as the city's leader


class Expected(NamedTuple):
    """One message that must reach one person."""

    subject: str
    rule: str
    rung: str
    office: str
    person: str
    day: date


class Deadline(NamedTuple):
    """One deadline of one subject with everything the oracle needs to know."""

    subject: str
    city: str
    county: str
    id: str
    remind_by: date
    overdue_after: date
    met_on: date


def expected() -> Iterator[Expected]:
    """Every message of the year, one day after another."""
    for deadline in deadlines():
        for day, rung, levels in rungs(deadline):
            if day <= min(deadline.met_on, END):
                for level in levels:
                    office, person = told(level, deadline.city, deadline.county)
                    yield Expected(deadline.subject, deadline.id, rung, office, person, day)


def rungs(deadline: Deadline) -> Iterator[tuple[date, str, set[str]]]:
    """The ladder of one deadline: counted in workdays, away from its two dates."""
    own = RESPONSIBLE[deadline.id.split("-")[0]]
    before = [day for day in workdays() if day < deadline.remind_by][::-1]
    after = [day for day in workdays() if day > deadline.overdue_after]
    for number in BEFORE:
        yield before[number - 1], f"T-{number}", {own}
    for number, day in enumerate(after, 1):
        audience = AFTER.get(number, ("own", "city") if number >= 15 and number % 5 == 0 else ())
        levels = {own if name == "own" else name for name in audience}
        if levels := {name for name in levels if RANKS.index(name) >= RANKS.index(own)}:
            yield day, f"T+{number}", levels


def told(level: str, city: str, county: str) -> tuple[str, str]:
    """The office at a level, and the person who hears of what it is owed."""
    office = {
        "county": f"{city}{county}民政局",
        "city": f"{city}民政局",
        "leader": f"{city}民政局分管领导",
        "province": "山西省民政厅",
    }[level]
    if level == "county" and county in COUNTIES:
        return office, f"{office} {COUNTIES[county]}"
    if level in ("county", "city") and city == CITY:
        return office, f"{city}民政局 {PEOPLE['city']}"
    return office, f"山西省民政厅 {PEOPLE['province']}"


def deadlines() -> Iterator[Deadline]:
    """Every deadline of the city's projects, of all cities, and of the province."""
    for line in rows(HERE / "data" / "deadlines_2023.csv"):
        dates = (day(line["remind_target_prev_workday"]), day(line["overdue_after"]))
        rule = line["id"].split("-")[0]
        if rule in PROJECT:
            yield from _of_projects(line["id"], *dates)
        if rule in OF_THE_PROVINCE:
            met = facts().get((PROVINCE, line["id"]), date.max)
            yield Deadline(PROVINCE, "", "", line["id"], *dates, met)
        elif rule == "D01" or rule not in PROJECT:
            yield from _of_cities(line["id"], *dates)


def _of_projects(id: str, remind: date, due: date) -> Iterator[Deadline]:
    done, counties = facts(), county_names()
    projects = {subject for subject, _ in done if subject.startswith("XF")}
    for project in sorted(projects - {*WAITED}):
        met = max(done.get((project, act), date.max) for act in PROJECT[id])
        yield Deadline(project, CITY, counties[project[7:13]], id, remind, due, met)


def _of_cities(id: str, remind: date, due: date) -> Iterator[Deadline]:
    for row in rows(HERE / "data" / "shanxi_quota_2023.csv"):
        city = row["city"]
        met = quota_met(city) if id == "D01" else facts().get((city, id), date.max)
        yield Deadline(city, city, "", id, remind, due, met)


def quota_met(city: str) -> date:
    """The day on which a city's tenth (or whichever) application was in."""
    if city != CITY:
        return date.max  # nobody else applies here
    days = sorted(
        on for (s, act), on in facts().items() if act == "submit_application" and s[7:11] == "1401"
    )
    return days[10 - 1]


@cache
def facts() -> dict[tuple[str, str], date]:
    """The first day of everything that the example records, by subject and act."""
    found: dict[tuple[str, str], date] = {}
    for row in rows(EXAMPLE / "facts.csv"):
        if ours(row["subject"]):
            found.setdefault((row["subject"], row["act"]), day(row["on"]))
    for row in rows(EXAMPLE / "reports.csv"):
        found.setdefault((row["city"], row["duty"]), day(row["on"]))
    for row in rows(EXAMPLE / "ledger.csv"):
        if (
            row["entry"] == "receipt"
            and row["source"] in ("city", "county")
            and ours(row["subject"])
        ):
            found.setdefault((row["subject"], f"{row['source']} receipt"), day(row["on"]))
    return found


def ours(subject: str) -> bool:
    """Whether the year in question records it: the city's projects, all cities, the province."""
    return not subject.startswith("XF") or subject.startswith("XF2023-1401")


@cache
def workdays() -> tuple[date, ...]:
    """Every workday around the year."""
    china = holidays.country_holidays("CN", years=range(2022, 2025))
    days = (date(2022, 11, 1) + timedelta(n) for n in range(600))
    return tuple(each for each in days if china.is_working_day(each))


def county_names() -> dict[str, str]:
    """The name of each county by its code."""
    return {row["code"]: row["name"] for row in rows(HERE / "data" / "shanxi_divisions.csv")}


def rows(path: Path) -> list[dict[str, str]]:
    """A table's lines."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def day(text: str) -> date:
    """A date at the head of a cell."""
    return date.fromisoformat(text[:10])

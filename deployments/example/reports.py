"""What the cities of the example report each month of every project (五(五)). Pure.

All follows from the story: the works go on evenly from 开工 to 竣工, what is paid follows them, and
who is behind says so and why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from common.words import CENT
from deployments.example.places import Site
from deployments.example.profiles import profile
from deployments.example.story import CALENDAR, TOLD, report_days, steps
from policy.cities import City
from policy.schema import Plan
from states.deadlines import deadlines
from states.snapshot import month_end
from states.workdays import DAY

UNFINISHED = 97
"""Percent at most before 竣工."""
WITHHELD = Decimal("0.04")
"""Of what is built, how much is paid only once it is accepted or open."""
TOLERANCE = 15
"""How many percent works may be behind an even pace."""


@dataclass(frozen=True)
class ReportedLine:
    """One line of reports.csv: a city's report of one project."""

    on: date
    city: str
    duty: str
    subject: str
    percent: int
    invested: str
    """元."""
    on_schedule: str
    """是 or 否."""
    problem: str
    next_step: str


class _Limits(NamedTuple):
    """The last days of the plan that a project can be behind."""

    application: date
    operator: date
    funds: date
    start: date
    finish: date


def reports(plan: Plan, sites: tuple[Site, ...]) -> Iterator[ReportedLine]:
    """Every report of the year that comes as a workbook, in the order of the cities."""
    last = {item.id: item.dates.overdue_after for item in deadlines(plan, CALENDAR) if item.dates}
    limits = _Limits(*(last[rule] for rule in ("D01", "D06", "D07", "D08", "D14")))
    for n, city in enumerate(plan.cities):
        own = [site for site in sites if site.city is city]
        paper = TOLD["paper"].get(city.name, {})
        for duty, day in report_days(city, n).items():
            if duty not in paper:
                yield from _report(plan, limits, city, own, duty, day)


def _report(
    plan: Plan, limits: _Limits, city: City, own: list[Site], duty: str, day: date
) -> Iterator[ReportedLine]:
    month = plan.reported_months[duty]
    until = min(day, month_end(CALENDAR, month))
    for site in own:
        done = steps(site)
        ends = [done.get(name) for name in ("pass_acceptance", "open_operation")]
        if all(end is not None and f"{end:%Y-%m}" < month for end in ends):
            continue
        held = {act: on for act, on in done.items() if on <= until}
        percent = _percent(done, until)
        trouble = _trouble(held, percent, until, limits)
        words = TOLD["trouble"][trouble] if trouble else {}
        behind = trouble not in ("", "opening")
        invested = _invested(plan, site, percent, set(held))
        yield ReportedLine(
            on=day,
            city=city.name,
            duty=duty,
            subject=site.code,
            percent=percent,
            invested=str(invested.quantize(CENT)),
            on_schedule="否" if behind else "是",
            problem=words.get("problem", ""),
            next_step=words.get("next_step", ""),
        )


def _percent(done: dict[str, date], until: date) -> int:
    """Even from 开工 to 竣工; whole percents, rounded down."""
    start, finish = done.get("break_ground"), done["complete_construction"]
    if start is None or start > until:
        return 0
    if finish <= until:
        return 100
    return min(100 * (until - start).days // (finish - start).days, UNFINISHED)


def _invested(plan: Plan, site: Site, percent: int, held: set[str]) -> Decimal:
    """元 in whole hundreds, as the form's 万元 with two decimals can say it."""
    total = profile(plan, site).investment
    assert total is not None  # noqa: S101  # the example's forms state every investment
    if percent == 100 and held & {"pass_acceptance", "open_operation"}:
        return total
    paid = total * percent * (1 - WITHHELD) / 100
    return (paid / 100).quantize(Decimal(1), ROUND_DOWN) * 100


def _trouble(held: dict[str, date], percent: int, until: date, limits: _Limits) -> str:
    """What is in the way of a project, by the story's words; empty where nothing is."""
    late = {name: until > day for name, day in limits._asdict().items()}
    in_the_way = {
        "held": "hold" in held and "resume" not in held,
        "site": late["application"] and "confirm_site" not in held,
        "application": late["application"] and "submit_application" not in held,
        "correction": "return_for_correction" in held and "submit_application#2" not in held,
        "undetermined": late["start"] and "determine" not in held,
        "operator": late["operator"] and "determine" in held and "operator_confirmed" not in held,
        "funds": late["funds"] and not {"city_funds_in_place", "county_funds_in_place"} <= {*held},
        "start": late["start"] and "break_ground" not in held,
        "slow": "break_ground" in held and percent + TOLERANCE < _even(until, limits),
        "finish": late["finish"] and "complete_construction" not in held,
        "opening": "pass_acceptance" in held and "open_operation" not in held,
    }
    return next((name for name, is_so in in_the_way.items() if is_so), "")


def _even(until: date, limits: _Limits) -> int:
    """The percent of a project that begins and ends on the plan's last days, at an even pace."""
    begun, whole = until - limits.start, limits.finish - limits.start
    return min(max(100 * begun // whole, 0), 100) if begun >= DAY else 0

"""What a bulletin must say, recomputed from the raw rows of the audit trail.

It shares nothing with the product: it reads rows by SQL, the plan's YAML, the quotas of the notice
(tests/data) and the workdays of a package that the product does not use.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import holidays
from sqlalchemy import Engine, text

from tests.support.written import read_yaml

HERE = Path(__file__).parents[1]
PLAN = HERE.parent / "policy" / "plans" / "shanxi-2023" / "plan.yaml"
CHINA = holidays.country_holidays("CN", years=range(2022, 2025))
DAY = timedelta(days=1)
YEAR_END = date(2023, 12, 31)
COUNTED = {  # which fact each word of a bulletin counts
    "选址": "site_confirmed",
    "开工": "work_started",
    "竣工": "construction_finished",
    "验收": "accepted",
    "运营": "opened",
}
CAPS = {"市辖区": 2000, "县级市": 1500, "县": 1500}


@dataclass
class Project:
    """One project as the rows up to a day leave it."""

    code: str
    city: str
    county: str
    county_type: str
    name: str
    profile: dict[str, Any]
    disposition: str = "active"
    released: Decimal = Decimal(0)
    facts: dict[str, date] = field(default_factory=dict)
    receipts: dict[str, Decimal] = field(default_factory=dict)
    spent: Decimal = Decimal(0)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def investment(self) -> Decimal:
        return Decimal(self.profile["investment"])

    @property
    def subsidy(self) -> Decimal:
        area = min(Decimal(self.profile["area"]), Decimal(CAPS[self.county_type]))
        return (area * 700).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def promised(self) -> Decimal:
        return Decimal(self.profile["city_share"]) + Decimal(self.profile["county_share"])

    @property
    def invested(self) -> Decimal | None:
        told = [each["invested"] for _, each in sorted(self.reports.items())]
        stated = [Decimal(each) for each in told if each is not None]
        return stated[-1] if stated else None


@dataclass(frozen=True)
class Late:
    """A deadline whose time is over, or that is still ahead."""

    rule: str
    subject: str
    city: str
    by: date
    """The day that the notice says."""

    @property
    def counts(self) -> bool:
        """Whether a city or county can be called late by it."""
        rule = next(each for each in plan()["deadlines"] if each["id"] == self.rule)
        whose = plan()["bodies"][rule["responsible"]]["reached_at"]
        return bool(whose != "province" and rule.get("origin") != "proposal")


@dataclass
class Month:
    """Everything about one month's end."""

    period: str
    as_of: date
    projects: list[Project]
    """Those that go on."""
    overdue: list[Late]
    waiting: list[Late]
    """What only bodies outside the notice can do."""
    open: list[Late]
    """What is neither done nor over."""
    unreported: list[str]
    unentered: list[str]
    """The cities whose report came on paper: nothing of it is on record."""
    late_reports: dict[str, date]
    missing: dict[str, list[int]]
    """By city, the earlier months whose report has not come yet."""
    reported: list[str]
    """The cities whose report for the month has come."""

    @property
    def undone(self) -> list[Late]:
        """What is overdue, and what was due by the day itself: overdue the next morning (A22)."""
        bound = {name for name, body in plan()["bodies"].items() if body["bound"]}
        whose = {rule["id"]: rule["responsible"] for rule in plan()["deadlines"]}
        due = [i for i in self.open if i.by <= self.as_of and whose[i.rule] in bound]
        return [*self.overdue, *(i for i in due if answers_for(i, self.projects))]

    def of(self, place: str) -> "Sums":
        """What is summed over a city, or over 全省."""
        chosen = [each for each in self.projects if place in ("全省", each.city)]
        return Sums(place, chosen, self)


@dataclass
class Sums:
    """The figures of one place."""

    place: str
    projects: list[Project]
    month: Month

    @property
    def quota(self) -> int:
        return sum(n for city, n in quotas().items() if self.place in ("全省", city))

    def reached(self, word: str) -> int:
        return sum(COUNTED[word] in each.facts for each in self.projects)

    @property
    def held(self) -> list[Project]:
        return [each for each in self.projects if each.disposition == "held"]

    @property
    def behind(self) -> list[Project]:
        late = {each.subject for each in self.month.undone if each.counts}
        return [
            each
            for each in self.projects
            if each.disposition == "active" and (each.code in late or self._says_so(each))
        ]

    @property
    def on_schedule(self) -> list[Project]:
        apart = {each.code for each in (*self.behind, *self.held)}
        return [each for each in self.projects if each.code not in apart]

    @property
    def investment(self) -> Decimal:
        return Decimal(sum(each.investment for each in self.projects))

    @property
    def invested(self) -> Decimal | None:
        told = [each.invested for each in self.projects if each.invested is not None]
        return Decimal(sum(told)) if told else None

    @property
    def reporting(self) -> int:
        return sum(each.invested is not None for each in self.projects)

    @property
    def subsidy(self) -> Decimal:
        return Decimal(sum(each.subsidy for each in self.projects))

    @property
    def released(self) -> Decimal:
        return Decimal(sum(each.released for each in self.projects))

    @property
    def received(self) -> Decimal:
        return Decimal(sum(each.receipts.get("province", Decimal(0)) for each in self.projects))

    @property
    def promised(self) -> Decimal:
        return Decimal(sum(each.promised for each in self.projects))

    @property
    def matched(self) -> Decimal:
        local = ("city", "county")
        return Decimal(
            sum(each.receipts.get(k, Decimal(0)) for each in self.projects for k in local)
        )

    @property
    def spent(self) -> Decimal:
        return Decimal(sum(each.spent for each in self.projects))

    def _says_so(self, project: Project) -> bool:
        return project.reports.get(self.month.period, {}).get("on_schedule") is False


class Trail:
    """The raw rows of a database."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            query = "SELECT id, subject, kind, action, effective_on, detail FROM audit ORDER BY id"
            self.rows = [dict(row) for row in connection.execute(text(query)).mappings()]
            query = "SELECT code, name, city, county FROM subject WHERE kind = 'project'"
            self.names = {row[0]: row[1:] for row in connection.execute(text(query))}
        for row in self.rows:
            row["on"] = date.fromisoformat(str(row["effective_on"]))
            row["detail"] = _json(row["detail"])
        self._months: dict[str, Month] = {}

    def month(self, period: str) -> Month:
        """Everything as of the last workday of a month, by the rows that were read."""
        if period not in self._months:
            self._months[period] = self._month(period)
        return self._months[period]

    def _month(self, period: str) -> Month:
        as_of = last_workday(period)
        every = list(self.projects(period, as_of))
        projects = [each for each in every if _goes_on(each)]
        cities = self.city_facts(every, as_of)
        rules = [rule for rule in plan()["deadlines"] if "due" in rule or "follows" in rule]
        found = [each for rule in rules for each in _owed(rule, projects, cities, as_of)]
        reports = dict(self.reports(period, as_of))
        due = overdue_after(date(as_of.year, as_of.month, 25), within_year=True)
        return Month(
            period=period,
            as_of=as_of,
            projects=projects,
            overdue=[i for kind, i in found if kind == "overdue" and answers_for(i, projects)],
            waiting=[i for kind, i in found if kind == "waiting" and answers_for(i, projects)],
            open=[late for kind, late in found if kind == "open"],
            unreported=[city for city in quotas() if city not in reports and due < as_of],
            unentered=[
                city
                for city in quotas()
                if city in reports
                and not any(each.reports.get(period) for each in projects if each.city == city)
                and any(not _was_finished(each, period) for each in projects if each.city == city)
            ],
            late_reports={city: on for city, on in reports.items() if on > due},
            missing=self._missing(as_of),
            reported=[*reports],
        )

    def _missing(self, as_of: date) -> dict[str, list[int]]:
        sent = {n: dict(self.reports(f"2023-{n:02d}", as_of)) for n in range(3, as_of.month)}
        owed = {city: [n for n in sent if city not in sent[n]] for city in quotas()}
        return {city: numbers for city, numbers in owed.items() if numbers}

    def projects(self, period: str, as_of: date) -> Iterator[Project]:
        """Every project that was ever imported, as of a day."""
        gone = {row["detail"]["reverses"] for row in self.rows if "reverses" in row["detail"]}
        rows = [r for r in self.rows if r["id"] not in gone and r["kind"] != "reversal"]
        for code in sorted({row["subject"] for row in rows if row["kind"] == "import"}):
            mine = [row for row in rows if row["subject"] == code]
            yield self._project(code, mine, period, as_of)

    def _project(self, code: str, rows: list[dict[str, Any]], period: str, as_of: date) -> Project:
        profile: dict[str, Any] = {}
        for row in rows:
            profile |= row["detail"].get("columns", {})
        name, city, county = self.names[code]
        made = Project(code, city, county, county_types()[code[7:13]], name, profile)
        facts: dict[str, date] = {}
        for row in rows:
            detail = row["detail"]
            for fact in detail.get("revoked", []):
                facts.pop(fact, None)
            for fact, day in detail.get("dated", {}).items():
                facts[fact] = date.fromisoformat(day)
            if row["on"] <= as_of:
                columns = detail.get("columns", {})
                made.disposition = columns.get("disposition", made.disposition)
                made.released = Decimal(columns.get("released") or made.released)
            if row["kind"] == "ledger" and row["on"] <= as_of:
                _book(made, detail["line"])
            if row["kind"] == "progress" and row["action"] <= period:
                made.reports[row["action"]] = detail["progress"]
        made.facts = {fact: day for fact, day in facts.items() if day <= as_of}
        return made

    def reports(self, period: str, as_of: date) -> Iterator[tuple[str, date]]:
        """The cities that have reported for a month, with the day."""
        for row in self.rows:
            if (
                row["action"] == f"D10-{period[5:]}"
                and row["kind"] == "record"
                and row["on"] <= as_of
            ):
                yield row["subject"], row["on"]

    def city_facts(self, projects: list[Project], as_of: date) -> Mapping[str, dict[str, date]]:
        """What each city, or the province for it, has done; its quota of applications included."""
        found: dict[str, dict[str, date]] = {city: {} for city in quotas()}
        for row in self.rows:
            if row["kind"] == "record" and row["subject"] in found and row["on"] <= as_of:
                found[row["subject"]][row["action"]] = row["on"]
        for city, places in quotas().items():
            days = sorted(
                each.facts["application_submitted"]
                for each in projects
                if each.city == city and "application_submitted" in each.facts
            )
            if len(days) >= places:
                found[city]["quota_submitted"] = days[places - 1]
        return found


def _was_finished(project: Project, period: str) -> bool:
    """Whether it was accepted and open before the month."""
    ends = [project.facts.get(name, date.max) for name in ("accepted", "opened")]
    return f"{max(ends):%Y-%m}" < period


def _owed(
    rule: dict[str, Any],
    projects: list[Project],
    cities: Mapping[str, dict[str, date]],
    as_of: date,
) -> Iterator[tuple[str, Late]]:
    """What a deadline asks of whom that is not done by the day."""
    for project in projects:
        if project.disposition == "active" and "project" in rule["fulfilled_by"]:
            needed = rule["fulfilled_by"]["project"]
            yield from _stands(rule, needed, project.facts, project.code, project.city, as_of)
    for city, facts in cities.items():
        if "city" in rule["fulfilled_by"]:
            needed = [rule["id"] if n == "recorded" else n for n in rule["fulfilled_by"]["city"]]
            yield from _stands(rule, needed, facts, city, city, as_of)


def _stands(
    rule: dict[str, Any],
    needed: list[str],
    facts: Mapping[str, date],
    subject: str,
    city: str,
    as_of: date,
) -> Iterator[tuple[str, Late]]:
    since = None
    if "follows" in rule:
        since = facts.get(rule["follows"]["after"])
        if since is None:
            return
    days = [facts.get(name, date.max) for name in needed]
    if max(days) <= as_of and (since is None or min(days) >= since):
        return
    said, due = dates(rule, since)
    if as_of <= due:
        yield "open", Late(rule["id"], subject, city, said)
    else:
        bound = plan()["bodies"][rule["responsible"]]["bound"]
        yield ("overdue" if bound else "waiting"), Late(rule["id"], subject, city, said)


AFTER_DETERMINATION = ("D05", "D06", "D07", "D08", "D09", "D17")


def answers_for(late: Late, projects: list[Project]) -> bool:
    """Whether it is told of a project by itself: it waits for nobody else, nor for an earlier step.

    What has been applied for and not determined waits for the province (五(三)); what has not been
    applied for is told as D01, and as nothing else.
    """
    project = next((each for each in projects if each.code == late.subject), None)
    if project is None or "determined" in project.facts:
        return True
    if "application_submitted" in project.facts:
        return late.rule not in AFTER_DETERMINATION
    return late.rule == "D01"


def dates(rule: dict[str, Any], since: date | None) -> tuple[date, date]:
    """The day that is written down, and the one after which it is late."""
    due: date = rule["due"] if since is None else _span_end(rule["follows"], since)
    within = rule.get("within_year", False)
    if within:
        due = min(due, YEAR_END)
    return due, overdue_after(due, within_year=within)


def due_of(rule: str) -> date:
    """The day of the notice for a rule that has one."""
    found: date = next(each["due"] for each in plan()["deadlines"] if each["id"] == rule)
    return found


def month_ends() -> list[date]:
    """The last calendar day of each month of 2023."""
    return [date(2023 + n // 12, n % 12 + 1, 1) - DAY for n in range(1, 13)]


def planned_counts(sums: "Sums", word: str) -> list[Decimal]:
    """How many should have a fact at each month's end."""
    by = due_of(next(each["by"] for each in plan()["curves"]["counted"] if each["label"] == word))
    return [Decimal(len(sums.projects) if by <= day else 0) for day in month_ends()]


def planned_receipts(sums: "Sums") -> list[Decimal]:
    """省级补助 by 30 April, 市县配套 by 31 May: 元."""
    province, local = date(2023, 4, 30), date(2023, 5, 31)
    return [
        sums.subsidy * (province <= day) + sums.promised * (local <= day) for day in month_ends()
    ]


def planned_investment(sums: "Sums") -> list[Decimal]:
    """Evenly from 31 May to 30 November, to the 分 of each project."""
    start, span = date(2023, 5, 31), 183
    passed = [min(max((day - start).days, 0), span) for day in month_ends()]
    cents = [int(each.investment * 100) for each in sums.projects]
    return [Decimal(sum(each * days // span for each in cents)) / 100 for days in passed]


def forecast(
    known: list[Decimal | None], unit: Decimal, most: Decimal | None
) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Middle, slowest and fastest of the months that are left, at the pace of the last three."""
    seen: list[Decimal] = []
    for value in reversed(known):
        if value is None:
            break
        seen.insert(0, value)
    gains = [b - a for a, b in pairwise(seen)][-3:]
    if not gains or not seen[-1]:
        return []
    told = []
    for k in range(1, 12 - len(known) + 1):
        steps = Fraction(sum(gains)) * k / len(gains) / Fraction(unit)
        ways = (int(max(steps, Fraction(0))) * unit, k * min(gains), k * max(gains))
        ends = [seen[-1] + max(way, Decimal(0)) for way in ways]
        middle, low, high = (end if most is None else max(seen[-1], min(end, most)) for end in ends)
        told.append((middle, low, high))
    return told


def _span_end(span: dict[str, Any], since: date) -> date:
    if "days" in span:
        return since + timedelta(days=span["days"])
    left, day = span["workdays"], since
    while left:
        day += DAY
        left -= CHINA.is_working_day(day)
    return day


def next_workday(day: date) -> date:
    """The first workday after a day."""
    return overdue_after(day + DAY, within_year=False)


def overdue_after(day: date, *, within_year: bool) -> date:
    """The workday on or after a day; within the year not after its end."""
    while not CHINA.is_working_day(day) and not (within_year and day == YEAR_END):
        day += DAY
    return day


def last_workday(period: str) -> date:
    """Of a month of 2023."""
    day = date(2023 + int(period[5:]) // 12, int(period[5:]) % 12 + 1, 1) - DAY
    while not CHINA.is_working_day(day):
        day -= DAY
    return day


@cache
def plan() -> dict[str, Any]:
    """The plan's file, as it is."""
    read: dict[str, Any] = read_yaml(PLAN)
    return read


@cache
def quotas() -> dict[str, int]:
    """任务数 by city, in the order of 附件1 as the plan lists the cities."""
    return {row["city"]: int(row["quota"]) for row in _table("shanxi_quota_2023.csv")}


@cache
def county_types() -> dict[str, str]:
    """市辖区, 县级市 or 县 by county code."""
    return {row["code"]: row["type"] for row in _table("shanxi_divisions.csv")}


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((HERE / "data" / name).read_text(encoding="utf-8").splitlines()))


def half_up(value: Decimal, places: str) -> str:
    """Rounded as in school: ``2.25`` to one place is ``2.3``."""
    return str(value.quantize(Decimal(places), ROUND_HALF_UP))


def share(part: Decimal | int | None, whole: Decimal | int) -> str:
    """Percent with one decimal; — where there is nothing to measure against."""
    if part is None or not whole:
        return "—"
    return half_up(Decimal(part) / Decimal(whole) * 100, "0.1")


def wan(yuan: Decimal | None) -> str:
    """万元 with two decimals; — where nothing is known."""
    return "—" if yuan is None else half_up(yuan / 10000, "0.01")


def _book(project: Project, line: dict[str, Any]) -> None:
    amount = Decimal(line["amount"])
    if line["entry"] == "receipt":
        before = project.receipts.get(line["source"], Decimal(0))
        project.receipts[line["source"]] = before + amount
    elif line["entry"] == "expense":
        project.spent += amount


def _goes_on(project: Project) -> bool:
    return project.disposition in ("active", "held")


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value

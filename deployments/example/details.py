"""Money, opinions and checklists of the example: what its facts need beside the days. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from common.words import CENT
from deployments.example.places import STEMS, Site
from deployments.example.profiles import contacts, profile
from deployments.example.story import CALENDAR, MATCHING, FactLine, steps
from policy.schema import Plan
from policy.vocabulary import Level
from states.subsidy import subsidy

EXPERTS = (
    ("示例·专家甲", "示例大学社会学院"),
    ("示例·专家乙", "示例养老服务协会"),
    ("示例·专家丙", "示例建筑设计研究院"),
)
SLOW = (22, 55)
"""Projects whose city keeps the money for longer than it should."""
SMALLER = (7, 58)
"""Projects that turn out a little smaller than applied for."""
CALLED_ON = (Level.CITY_LEADER, Level.CITY)
MENDED = ("fire_safety", "accessibility")
"""What is found wanting where acceptance fails."""


@dataclass(frozen=True)
class ScoreLine:
    """One line of opinions.csv."""

    on: date
    subject: str
    expert: str
    organisation: str
    scores: str
    """Per criterion: ``site=20；need=18``."""
    actor: str


@dataclass(frozen=True)
class MoneyLine:
    """One line of ledger.csv; empty where it does not apply."""

    on: date
    subject: str
    entry: str
    source: str
    holder: str
    to_holder: str
    category: str
    payee: str
    amount: str
    voucher: str
    actor: str


def detailed(plan: Plan, site: Site, fact: FactLine) -> FactLine:
    """A fact of a project with its amount or its checklist, where it has one."""
    if fact.act == "release_funds":
        return replace(fact, amount=str(_subsidy(plan, site)))
    if fact.act in ("pass_acceptance", "fail_acceptance"):
        return replace(fact, checks=_checks(plan, site, passed=fact.act == "pass_acceptance"))
    return fact


def nothing_promised(plan: Plan, site: Site) -> Iterator[FactLine]:
    """Matching funds of nothing are recorded by hand: no line of the ledger dates them."""
    stated, done = profile(plan, site), steps(site)
    for share, step in zip((stated.city_share, stated.county_share), MATCHING, strict=True):
        if not share and step in done:
            level = Level.CITY if step == MATCHING[0] else Level.COUNTY
            actor = plan.office(level, site.city.name, site.county.name)
            yield FactLine(done[step], site.code, step, actor, "示例说明：省级补助已覆盖投资")


def scores(plan: Plan, site: Site) -> Iterator[ScoreLine]:
    """Three opinions a project, some days before it passes review."""
    review, passed = plan.review, steps(site).get("pass_review")
    if review is None or passed is None:
        return
    for number, (expert, organisation) in enumerate(EXPERTS):
        points = (
            f"{item.id}={_points(item.points, site.n + number * 3 + at)}"
            for at, item in enumerate(review.criteria)
        )
        yield ScoreLine(
            CALENDAR.shift(passed, -1),
            site.code,
            expert,
            organisation,
            "；".join(points),
            plan.office(Level.PROVINCE),
        )


def money(plan: Plan, site: Site) -> Iterator[MoneyLine]:
    """The subsidy on its way to the site, the matching funds, and what is spent."""
    lines = [*_matching(plan, site), *_subsidy_lines(plan, site)]
    for number, line in enumerate(sorted(lines, key=lambda line: line.on), 1):
        yield replace(line, voucher=f"示例凭证{site.n + 1:03d}-{number}")


def _matching(plan: Plan, site: Site) -> Iterator[MoneyLine]:
    stated, done = profile(plan, site), steps(site)
    shares = (("city", stated.city_share), ("county", stated.county_share))
    for (source, share), step in zip(shares, MATCHING, strict=True):
        if share and step in done:
            yield _line(plan, site, done[step], "receipt", source, "project", share)


def _subsidy_lines(plan: Plan, site: Site) -> Iterator[MoneyLine]:
    done, due = steps(site), _subsidy(plan, site)
    at_city = CALENDAR.shift(done["release_funds"], 2)
    at_county = CALENDAR.shift(at_city, 40 if site.n in SLOW else 6)
    at_site = CALENDAR.shift(at_county, 6)
    yield _line(plan, site, at_city, "receipt", "province", "city", due)
    yield _line(plan, site, at_county, "transfer", "province", "city", due, to="county")
    yield _line(plan, site, at_site, "transfer", "province", "county", due, to="project")
    finished = max(done["complete_construction"], CALENDAR.shift(at_site, 1))
    for category, share in (("construction", "0.60"), ("equipment", "0.25")):
        amount = (due * Decimal(share)).quantize(CENT)
        line = _line(plan, site, finished, "expense", "province", "project", amount)
        yield replace(line, category=category, payee=f"示例公司{STEMS[site.n % 10]}")


def _line(
    plan: Plan,
    site: Site,
    on: date,
    entry: str,
    source: str,
    holder: str,
    amount: Decimal,
    to: str = "",
) -> MoneyLine:
    level = Level.CITY if holder == "city" else Level.COUNTY
    actor = plan.office(level, site.city.name, site.county.name)
    return MoneyLine(on, site.code, entry, source, holder, to, "", "", str(amount), "", actor)


def _subsidy(plan: Plan, site: Site) -> Decimal:
    due = subsidy(plan, profile(plan, site), site.county.type)
    assert due is not None  # noqa: S101  # the example's forms state every area
    return due


def _checks(plan: Plan, site: Site, *, passed: bool) -> str:
    stated = profile(plan, site)
    assert stated.area is not None  # noqa: S101  # as above
    smaller = Decimal("12.50") if site.n in SMALLER else Decimal(0)
    answers = {
        "area": str(stated.area - smaller),
        "beds": str(stated.beds),
        "functions": "、".join(sorted(stated.value("functions"))),
        "acceptors": "、".join(_acceptors(plan, site)),
    }
    for item in plan.checklist:
        if item.judged:
            answers[item.id] = "是" if passed or item.id not in MENDED else "否"
    return "；".join(f"{name}={words}" for name, words in answers.items())


def _acceptors(plan: Plan, site: Site) -> Sequence[str]:
    """The leader and the head of a section of the next city whose contacts have both."""
    known = {post.office: post.name for post in contacts(plan)}
    cities = (*plan.cities, *plan.cities)[site.city_number + 2 :]
    named = (
        [(plan.office(Level.CITY, city.name), plan.office(level, city.name)) for level in CALLED_ON]
        for city in cities
        if city is not site.city
    )
    found = next(posts for posts in named if all(office in known for _, office in posts))
    return [f"{bureau}{known[office]}" for bureau, office in found]


def _points(most: Decimal, spread: int) -> Decimal:
    """Between 80 and 95 of a hundred, in halves."""
    share = Decimal(80 + spread * 7 % 16) / 100
    return ((most * share * 2).quantize(Decimal(1)) / 2).quantize(Decimal("0.1"))

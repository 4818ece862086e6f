"""How the money of every project stands (七): owed, released, received, spent, at rest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal

from sqlmodel import Session

from common.errors import RefusedError
from common.table import IF_ANY
from models.projects import dossiers, dossiers_in
from models.records import lines
from models.sums import (
    BookedMoney,
    MeasuredProject,
    ProjectMoney,
    booked_money,
    money_of_projects,
    released_and_measured,
    with_money_at,
)
from operations.cases.desk import Desk
from operations.views.overview import Survey
from policy.schema import Plan
from policy.vocabulary import EntryKind, Holder, Source
from states import ledger
from states.dossier import Dossier
from states.ledger import FundMoney, LedgerLine
from states.requirements import measured
from states.subsidy import fund_money, subsidy


@dataclass(frozen=True, slots=True)
class FundsView:
    """How a project's money stands, in 元."""

    code: str
    name: str
    city: str
    county: str
    subsidy: Decimal | None
    """省级补助 by the rule, on the area that was applied for; None: not stated."""
    released: Decimal | None
    received: Mapping[Source, Decimal]
    promised: Mapping[Source, Decimal | None]
    spent: Decimal
    balance: Decimal
    as_built: Decimal | None
    """The subsidy on the area measured at acceptance less what was released: listed for people to
    decide, never recovered by machine (七(一)). None while one of them is missing."""
    funds: tuple[FundMoney, ...] = field(default=(), metadata=IF_ANY)
    """The subsidy by fund, where it is made up of several."""


def funds_views(desk: Desk, survey: Survey, subject: str | None = None) -> list[FundsView]:
    """The money of all projects, or of one project or city. RefusedError when there is none."""
    found = [item for item in survey.projects if subject in (None, item.code, item.city)]
    if subject is not None and not found:
        raise RefusedError(f"没有项目或地方“{subject}”，或该地尚无项目")
    return [funds_view(desk, item) for item in found]


def funds_view(desk: Desk, project: Dossier) -> FundsView:
    """How one project's money stands."""
    profile = project.profile
    return FundsView(
        code=project.code,
        name=project.name,
        city=project.city,
        county=project.county,
        subsidy=subsidy(desk.plan, profile, project.county_type),
        released=project.released,
        received=ledger.received_by(project.lines),
        promised=profile.promised,
        spent=ledger.spent(project.lines),
        balance=ledger.total(ledger.balances(project.lines).values()),
        as_built=as_built(desk.plan, project),
        funds=fund_money(desk.plan, project),
    )


def as_built(plan: Plan, project: Dossier | MeasuredProject) -> Decimal | None:
    """As `FundsView.as_built`."""
    if project.released is None or not project.checks:
        return None
    built = measured(plan, project.profile, project.checks)
    due = subsidy(plan, built, project.county_type)
    return None if due is None else due - project.released


TOTAL = "合计"
ON_ITS_WAY = (Holder.CITY, Holder.COUNTY)


@dataclass(frozen=True, slots=True)
class PlaceFunds:
    """Sums over the projects of one place, exact, in 元."""

    place: str
    projects: int
    subsidy: Decimal | None
    """A sum is None where there are projects and none of them states it."""
    unstated: int
    """Projects whose subsidy is not stated; they are in no sum."""
    released: Decimal | None
    received: Mapping[Source, Decimal]
    promised: Mapping[Source, Decimal | None]
    spent: Decimal
    balance: Decimal
    funds: tuple[FundMoney, ...]
    """The subsidy by fund, where it is made up of several."""


@dataclass(frozen=True, slots=True)
class CityFunds(PlaceFunds):
    """The same with what acceptance measured."""

    as_built: Decimal | None


@dataclass(frozen=True, slots=True)
class RestingMoney:
    """Money that a treasury has not passed on."""

    code: str
    name: str
    city: str
    holder: Holder
    amount: Decimal
    since: date
    """When the oldest of it came."""
    purses: Mapping[str, Decimal]
    """Whose it is."""


@dataclass(frozen=True, slots=True)
class DifferingSubsidy:
    """A project whose subsidy by the measured area is not what was released."""

    code: str
    name: str
    city: str
    as_built: Decimal
    """The one less the other."""


def place_funds(session: Session, desk: Desk, city: str = "") -> tuple[PlaceFunds, ...]:
    """The sums of each city that has projects, or within one of each county; at last all of it.

    The database adds up; the subsidy of projects that are alike is reckoned once. Not of a plan
    that tells funds or tiers apart: see `money_of`.
    """
    likes = money_of_projects(session, desk.plan, city)
    booked = booked_money(session, desk.plan, city)
    places = dict.fromkeys(each.place for each in likes)
    found = [
        _place_funds(
            desk.plan,
            place,
            [each for each in likes if each.place == place],
            [each for each in booked if each.place == place],
        )
        for place in places
    ]
    return (*found, _place_funds(desk.plan, TOTAL, likes, booked))


def _place_funds(
    plan: Plan, place: str, likes: Sequence[ProjectMoney], booked: Sequence[BookedMoney]
) -> PlaceFunds:
    due = [(subsidy(plan, each.profile, each.county_type), each.projects) for each in likes]
    come, gone = (
        {
            source: ledger.total(it.amount for it in booked if (it.entry, it.source) == (e, source))
            for source in Source
        }
        for e in (EntryKind.RECEIPT, EntryKind.EXPENSE)
    )
    spent = ledger.total(gone.values())
    return PlaceFunds(
        place=place,
        projects=sum(each.projects for each in likes),
        subsidy=_sum(None if amount is None else amount * number for amount, number in due),
        unstated=sum(number for amount, number in due if amount is None),
        released=_sum(each.released for each in likes),
        received=come,
        promised={
            Source.CITY: _sum(each.city_share for each in likes),
            Source.COUNTY: _sum(each.county_share for each in likes),
        },
        spent=spent,
        balance=ledger.total(come.values()) - spent,
        funds=(),
    )


def total(place: str, views: Sequence[FundsView | CityFunds]) -> CityFunds:
    """The sums over some projects."""
    return CityFunds(
        place=place,
        projects=len(views),
        subsidy=_sum(view.subsidy for view in views),
        unstated=sum(view.subsidy is None for view in views),
        released=_sum(view.released for view in views),
        received={
            source: ledger.total(view.received[source] for view in views) for source in Source
        },
        promised={source: _sum(view.promised[source] for view in views) for source in ledger.LOCAL},
        spent=ledger.total(view.spent for view in views),
        balance=ledger.total(view.balance for view in views),
        as_built=_sum(view.as_built for view in views),
        funds=ledger.by_fund(views),
    )


def by_place(views: Sequence[FundsView], city: str = "") -> tuple[CityFunds, ...]:
    """As `place_funds`, of projects that have been looked at one by one."""
    found: dict[str, list[FundsView]] = {}
    for each in (view for view in views if city in ("", view.city)):
        found.setdefault(each.county or each.city if city else each.city, []).append(each)
    every = [view for its in found.values() for view in its]
    return (*(total(place, its) for place, its in found.items()), total(TOTAL, every))


def money_of(desk: Desk, city: str, projects: Sequence[Dossier] | None) -> tuple[PlaceFunds, ...]:
    """The sums of cities, or of a city's counties, and of all; of `projects` as of another day."""
    if projects is None:
        with desk.reading() as session:
            if not _is_parted(desk.plan):
                return in_order(desk.plan, city, place_funds(session, desk, city))
            projects = dossiers(session, desk.plan)
    return in_order(desk.plan, city, by_place([funds_view(desk, it) for it in projects], city))


def in_order(plan: Plan, city: str, found: Sequence[PlaceFunds]) -> tuple[PlaceFunds, ...]:
    """In the order of the plan, as the board beside it has them; the sum of all stays last."""
    within = plan.city(city)
    places = [it.name for it in (within.counties if within else plan.cities)]
    rank = {name: n for n, name in enumerate(places)}
    *rows, whole = found
    return (*sorted(rows, key=lambda row: rank.get(row.place, len(rank))), whole)


def _is_parted(plan: Plan) -> bool:
    """Whether the subsidy takes more of a project than the database adds up by."""
    return bool(plan.funds) or any(rule.when for rule in plan.subsidies)


@dataclass(frozen=True, slots=True)
class CityMoney:
    """How the money of a city's projects stands."""

    funds: CityFunds
    resting: tuple[RestingMoney, ...]
    differing: tuple[DifferingSubsidy, ...]


@dataclass(frozen=True, slots=True)
class MoneyOverview:
    """All of it."""

    cities: tuple[CityFunds, ...]
    total: CityFunds
    resting: tuple[RestingMoney, ...]
    """The oldest first."""
    differing: tuple[DifferingSubsidy, ...]
    """By code."""


def money(desk: Desk) -> MoneyOverview:
    """How the money of every project stands; of the ended ones too, since it was paid."""
    found = [city_money(desk, city.name) for city in desk.plan.cities]
    resting = (item for each in found for item in each.resting)
    differing = (item for each in found for item in each.differing)
    cities = tuple(each.funds for each in found)
    return MoneyOverview(
        cities=cities,
        total=_whole(cities),
        resting=tuple(sorted(resting, key=lambda item: (item.since, item.code))),
        differing=tuple(sorted(differing, key=lambda item: item.code)),
    )


def city_money(desk: Desk, city: str) -> CityMoney:
    """How the money of a city's projects stands; the ledger is read where money rests."""
    with desk.reading() as session:
        funds, differing = (_one_by_one if _is_parted(desk.plan) else _added_up)(
            session, desk, city
        )
        held = with_money_at(session, desk.plan, city, ON_ITS_WAY)
        booked = lines(session, desk.plan, list(held)) if held else {}
    resting = (
        item
        for code, name in held.items()
        for item in resting_money(code, name, city, booked[code])
    )
    return CityMoney(funds, tuple(resting), tuple(differing))


def _one_by_one(
    session: Session, desk: Desk, city: str
) -> tuple[CityFunds, list[DifferingSubsidy]]:
    views = [funds_view(desk, project) for project in dossiers_in(session, desk.plan, city)]
    differing = [
        DifferingSubsidy(it.code, it.name, city, it.as_built) for it in views if it.as_built
    ]
    return total(city, views), differing


def _added_up(session: Session, desk: Desk, city: str) -> tuple[CityFunds, list[DifferingSubsidy]]:
    likes = money_of_projects(session, desk.plan, city)
    sums = _place_funds(desk.plan, city, likes, booked_money(session, desk.plan, city))
    measured = released_and_measured(session, desk.plan, city)
    built = [
        DifferingSubsidy(it.code, it.name, city, amount)
        for it in measured
        if (amount := as_built(desk.plan, it)) is not None
    ]
    known = _sum(it.as_built for it in built) if built or not sums.projects else None
    own = {each.name: getattr(sums, each.name) for each in fields(PlaceFunds)}
    return CityFunds(**own, as_built=known), [it for it in built if it.as_built]


def _whole(cities: Sequence[CityFunds]) -> CityFunds:
    """The sums over some cities."""
    found = [each for each in cities if each.projects]
    return replace(
        total(TOTAL, found),
        projects=sum(each.projects for each in found),
        unstated=sum(each.unstated for each in found),
    )


def by_city(plan: Plan, views: Sequence[FundsView]) -> tuple[CityFunds, ...]:
    """The sums of each city, in the plan's order."""
    return tuple(
        total(city.name, [view for view in views if view.city == city.name]) for city in plan.cities
    )


def fund_words(plan: Plan, money: FundMoney) -> str:
    """How one fund stands, as a part of a sentence: ``中央补助：应补助100,000.00元，尚未下达…``."""
    due = "未明确" if money.due is None else f"{money.due:,.2f}元"
    released = "尚未下达" if money.released is None else f"已下达{money.released:,.2f}元"
    return f"{plan.purse_name(money.fund)}：应补助{due}，{released}，到账{money.received:,.2f}元"


def local(amounts: Mapping[Source, Decimal | None]) -> Decimal | None:
    """What cities and counties promised or paid together; None where neither is stated."""
    return ledger.stated(amounts[source] for source in ledger.LOCAL)


def resting_money(
    code: str, name: str, city: str, booked: Sequence[LedgerLine]
) -> Iterator[RestingMoney]:
    """What of a project's money a treasury has not passed on."""
    held = ledger.held_by(booked)
    for holder in ON_ITS_WAY:
        since, gone = ledger.resting(booked, holder)
        if since is not None and gone is None and held[holder] > 0:
            purses = {
                purse: left
                for (purse, where), left in ledger.balances(booked).items()
                if where is holder and left > 0
            }
            yield RestingMoney(code, name, city, holder, held[holder], since, purses)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = tuple(amounts)
    return ledger.stated(known) if known else ledger.NOTHING

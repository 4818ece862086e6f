"""How money stands in each city, and where it rests on its way (七, 八(四))."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flows.operations.desk import Desk
from flows.operations.funds import FundsView, funds_view
from flows.operations.overview import Survey
from policy.schema import Plan
from policy.vocabulary import Holder, Source
from states import ledger
from states.dossier import Dossier

TOTAL = "合计"
ON_ITS_WAY = (Holder.CITY, Holder.COUNTY)


@dataclass(frozen=True, slots=True)
class CityFunds:
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
    as_built: Decimal | None


@dataclass(frozen=True, slots=True)
class Resting:
    """Money that a treasury has not passed on."""

    project: Dossier
    holder: Holder
    amount: Decimal
    since: date
    """When the oldest of it came."""


@dataclass(frozen=True, slots=True)
class Money:
    """All of it."""

    cities: tuple[CityFunds, ...]
    total: CityFunds
    resting: tuple[Resting, ...]
    """The oldest first."""
    differing: tuple[FundsView, ...]
    """Projects whose subsidy by the measured area is not what was released."""


def money(desk: Desk, survey: Survey) -> Money:
    """How the money of every project stands; of the ended ones too, since it was paid."""
    views = [funds_view(desk, project) for project in survey.projects]
    return Money(
        cities=by_city(desk.plan, views),
        total=total(TOTAL, views),
        resting=tuple(sorted(_resting(survey.projects), key=lambda r: (r.since, r.project.code))),
        differing=tuple(view for view in views if view.as_built),
    )


def by_city(plan: Plan, views: Sequence[FundsView]) -> tuple[CityFunds, ...]:
    """The sums of each city, in the plan's order."""
    return tuple(
        total(city.name, [view for view in views if view.city == city.name]) for city in plan.cities
    )


def total(place: str, views: Sequence[FundsView]) -> CityFunds:
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
    )


def local(amounts: Mapping[Source, Decimal | None]) -> Decimal | None:
    """What cities and counties promised or paid together; None where neither is stated."""
    return ledger.stated(amounts[source] for source in ledger.LOCAL)


def _resting(projects: Iterable[Dossier]) -> Iterator[Resting]:
    for project in projects:
        held = ledger.held_by(project.lines)
        for holder in ON_ITS_WAY:
            since, gone = ledger.resting(project.lines, holder)
            if since is not None and gone is None and held[holder] > 0:
                yield Resting(project, holder, held[holder], since)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = tuple(amounts)
    return ledger.stated(known) if known else ledger.NOTHING

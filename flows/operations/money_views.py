"""How money stands in each city, and where it rests on its way (七, 八(四))."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flows.operations.desk import Desk
from flows.operations.funds import FundsView, funds_view
from flows.operations.overview import Survey
from policy.vocabulary import Holder
from states import ledger
from states.dossier import Dossier

ON_ITS_WAY = (Holder.CITY, Holder.COUNTY)


@dataclass(frozen=True, slots=True)
class CityFunds:
    """Sums over the projects of one place, exact, in 元."""

    place: str
    projects: int
    subsidy: Decimal
    unstated: int
    """Projects whose subsidy is not stated; they are in no sum."""
    released: Decimal
    received: Decimal
    """省级补助 that has come in."""
    promised: Decimal
    """What cities and counties have promised."""
    matched: Decimal
    """What of it has come in."""
    spent: Decimal
    balance: Decimal


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
        cities=tuple(
            total(city.name, [view for view in views if view.city == city.name])
            for city in desk.plan.cities
        ),
        total=total("合计", views),
        resting=tuple(sorted(_resting(survey.projects), key=lambda r: (r.since, r.project.code))),
        differing=tuple(view for view in views if view.as_built),
    )


def total(place: str, views: Sequence[FundsView]) -> CityFunds:
    """The sums over some projects."""
    return CityFunds(
        place=place,
        projects=len(views),
        unstated=sum(view.subsidy is None for view in views),
        balance=ledger.total(view.balance for view in views),
        **ledger.sums(views),
    )


def _resting(projects: Iterable[Dossier]) -> Iterator[Resting]:
    for project in projects:
        held = ledger.held_by(project.lines)
        for holder in ON_ITS_WAY:
            since, gone = ledger.resting(project.lines, holder)
            if since is not None and gone is None and held[holder] > 0:
                yield Resting(project, holder, held[holder], since)

"""How the money of every project stands (七): owed, released, received, spent, at rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flows.operations.desk import Desk
from flows.operations.overview import projects
from policy.errors import RefusedError
from policy.vocabulary import Source
from states.dossier import Dossier
from states.ledger import balances, received_by, spent, total
from states.requirements import measured
from states.subsidy import subsidy


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


def funds_views(desk: Desk, subject: str | None = None) -> list[FundsView]:
    """The money of all projects, or of one project or city. RefusedError when there is none."""
    found = [item for item in projects(desk) if subject in (None, item.code, item.city)]
    if subject is not None and not found:
        raise RefusedError(f"没有项目或市“{subject}”，或该市尚无项目")
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
        received=received_by(project.lines),
        promised=profile.promised,
        spent=spent(project.lines),
        balance=total(balances(project.lines).values()),
        as_built=_as_built(desk, project),
    )


def _as_built(desk: Desk, project: Dossier) -> Decimal | None:
    if project.released is None or not project.checks:
        return None
    built = measured(desk.plan, project.profile, project.checks)
    due = subsidy(desk.plan, built, project.county_type)
    return None if due is None else due - project.released

"""An official's worked examples of a plan (算例): ``cases.yaml`` in the plan's folder.

Each says of what, which facts there are, on what day, and what has to come of it. They are read by
`policy.example_file` and run by `states.examples`; here is what they may say.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from policy.clauses import PlanNode, Text
from policy.vocabulary import Disposition, Standing, SubjectKind


class PlanExample(PlanNode):
    """One example: a subject as it stands on a day, and what the plan makes of it."""

    name: Text
    clause: Text
    """The clause that it follows from, as the notice numbers it."""
    subject: SubjectKind = SubjectKind.PROJECT
    city: Text | None = None
    """None: the first of the plan's."""
    county: Text | None = None
    """As that of the city."""
    stage: Text | None = None
    """Where the project is; None: as far as its facts have taken it."""
    disposition: Disposition = Disposition.ACTIVE
    profile: dict[str, Any] = Field(default_factory=dict)
    """What the forms say of the project, by field."""
    facts: dict[str, date] = Field(default_factory=dict)
    """The milestones that are dated; of a city or the province also its duties, by deadline."""
    places_left: int | None = 1
    """Places that the city's quota still has."""
    day: date | None = None
    """As of when; needed for standings and for what is done."""
    standings: dict[str, str] = Field(default_factory=dict)
    """By deadline, the standing that is expected: its name, in English or in Chinese."""
    dates: dict[str, Annotated[tuple[date, ...], Field(min_length=2, max_length=2)]] = Field(
        default_factory=dict
    )
    """By deadline, the day by which is reminded and the one after which it is late."""
    subsidy: Decimal | None = None
    """元 that the subsidy's rule gives; of several funds, all together."""
    funds: dict[str, Decimal] = Field(default_factory=dict)
    """The same by fund."""
    do: Text | None = None
    """An action, or a milestone that is recorded by hand, by its id."""
    evidence: str = "算例"
    amount: Decimal | None = None
    """元 that the action releases."""
    reasons: dict[str, str] = Field(default_factory=dict)
    """By condition, the written reason for departing from it."""
    checks: dict[str, str] = Field(default_factory=dict)
    """Answers to the acceptance checklist."""
    to: Text | None = None
    """The stage in which the project is afterwards; it may be done."""
    refused: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """It may not be done: a condition's id, or words of the reason, for each reason."""
    warned: tuple[Text, ...] | None = None
    """It may be done, and just these conditions are told of."""


def standing_of(name: str) -> Standing | None:
    """The standing of that name or of that label; None where there is none."""
    return next((each for each in Standing if name in (each.value, each.label)), None)

"""The rules by which projects are put on the risk list, and how high."""

from typing import Annotated

from pydantic import Field

from policy.clauses import Clause, Frozen, Identifier, RuleId, Text

MATCHING_FUNDS = "matching_funds"
RESPONSIBLE_PERSON = "responsible_person"
Points = Annotated[int, Field(ge=0)]


class Step(Frozen):
    """A step of a project, from one fact to the next, whose usual duration is measured."""

    by: RuleId
    """The deadline at its end."""
    milestone: Identifier
    """The fact that ends it."""
    since: Identifier | None = None
    """The fact that begins it; None: the day of the notice."""
    after: RuleId | None = None
    """The deadline of that fact: from it to `by` is the plan's own interval."""


class Margin(Frozen):
    """Points where fewer than so many days are left over beyond what is usually needed."""

    below: int
    points: Points


class Gap(Frozen):
    """What a project needs: points while it is not there."""

    lacks: Identifier
    """`MATCHING_FUNDS`, `RESPONSIBLE_PERSON`, or a milestone."""
    by: RuleId
    """The deadline that asks for it."""
    says: Text


class GapRule(Frozen):
    """How gaps count."""

    from_days: Annotated[int, Field(ge=0)]
    """A gap counts from so many natural days before its deadline on."""
    points: Points
    """For each."""
    of: tuple[Gap, ...]


class Stalled(Frozen):
    """Points when 形象进度 has not risen for so many months."""

    months: Annotated[int, Field(ge=1)]
    points: Points


class Lateness(Frozen):
    """Points for each deadline that was missed, up to `most` in all."""

    points: Points
    most: Points


class Grade(Frozen):
    """How a project is called from so many points on."""

    label: Text
    points: Points


class Risks(Clause):
    """What speaks for a project's missing its next deadlines."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    least_samples: Annotated[int, Field(ge=1)]
    """With fewer projects that have been through a step, the plan's own interval holds."""
    passed: Points
    """For a step that is not done although its deadline has passed; no margin has more."""
    margins: tuple[Margin, ...]
    """In ascending order; the first that applies counts."""
    gaps: GapRule
    stalled: Stalled
    late: Lateness
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    """From the highest; the last from no points on."""

"""What every rule of a plan is made of: its clause, the notice's words, and the reading taken."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from policy.vocabulary import Force, Origin

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z]\d{2,}$")]
"""Of a deadline or a duty, e.g. ``D10``."""


class PlanNode(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Clause(PlanNode):
    """Where a rule comes from. Every rule of a plan is one."""

    clause: Text
    """The clause as the notice numbers it, e.g. ``六(一)``."""
    words: Text
    """The notice's own words; for a proposal, the words that it fills in."""
    force: Force
    responsible: Identifier
    """A key of `Plan.bodies`."""
    reading: Text
    """The reading taken where the words leave a choice."""
    origin: Origin = Origin.NOTICE

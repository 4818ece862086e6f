"""How the data curves (数据曲线, 五(九)) are drawn: which facts are counted."""

from typing import Annotated

from pydantic import Field

from policy.clauses import Clause, Frozen, Identifier, RuleId, Text
from policy.vocabulary import Source


class Curve(Frozen):
    """One curve: how many projects have a fact, month by month."""

    label: Text
    milestone: Identifier
    """The fact that is counted."""
    by: RuleId
    """The deadline that says how many should have it by a day: the planned line."""


class Curves(Clause):
    """The curves, in the order of the chain; money and investment have theirs beside them."""

    counted: Annotated[tuple[Curve, ...], Field(min_length=1)]
    received_by: dict[Source, RuleId] = Field(default_factory=dict)
    """Whose money should be there by which deadline; where none is given, 资金到位 has no planned
    line."""
    invested_from: RuleId
    """完成投资 is planned to grow evenly from this deadline's day …"""
    invested_to: RuleId
    """… to this one's."""
    pace_months: Annotated[int, Field(ge=1)]
    """The forecast takes the pace of so many months, and its band their slowest and fastest."""

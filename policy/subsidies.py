"""The money of a plan: funds, subsidies by area, bed or project, and what they may be spent on."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from policy.clauses import Clause, Identifier, PlanNode, Text
from policy.fields import FieldId

Metres = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
FundId = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]*)?$")]
"""The id of a `Fund`; empty where the plan has but one."""


class Fund(PlanNode):
    """One of several that the subsidy is made up of (资金渠道): 福彩公益金 beside a budget."""

    id: Identifier
    label: Text


class _SubsidyRule(Clause):
    """A subsidy for projects of some kinds; for all when none is named."""

    fund: FundId = ""
    """What of `Plan.funds` pays it; empty where there is but one."""
    kinds: tuple[Identifier, ...] = ()
    when: dict[FieldId, tuple[Text, ...]] = Field(default_factory=dict)
    """A tier beside the kind: only for projects whose fields have one of these values."""


class AreaSubsidy(_SubsidyRule):
    """Yuan per square metre of floor area, the area capped by the kind of county."""

    basis: Literal["per_area"]
    yuan_per_square_metre: Yuan
    cap_square_metres: dict[Text, Metres]
    """Of each of `Plan.county_types`."""


class FlatSubsidy(_SubsidyRule):
    """The same amount for every project, 元."""

    basis: Literal["flat"]
    yuan: Yuan


class BedSubsidy(_SubsidyRule):
    """Yuan per bed, up to a number of beds and an amount where they are given."""

    basis: Literal["per_bed"]
    yuan_per_bed: Yuan
    most_beds: Annotated[int, Field(gt=0)] | None = None
    most_yuan: Yuan | None = None


class UnstatedSubsidy(_SubsidyRule):
    """The notice promises money and names no amount (未明确)."""

    basis: Literal["not_stated"]


Subsidy = AreaSubsidy | FlatSubsidy | BedSubsidy | UnstatedSubsidy


class Category(PlanNode):
    """What the subsidy may be spent on."""

    id: Identifier
    label: Text
    needs_reason: bool = False


class MoneyRules(Clause):
    """How the subsidy may be used (七(二))."""

    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    refused: tuple[Text, ...]
    """Words of running costs, which the subsidy never pays."""

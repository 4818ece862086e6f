"""年中督查 (五(七)): which projects are visited when, and what is looked at."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from policy.clauses import Clause, Identifier, RuleId, Text


class InspectionItem(Clause):
    """One line of 督查表, answered with 是 or 否."""

    id: Identifier
    label: Text


class VisitRule(Clause):
    """How many projects are visited, and how fast."""

    made_on: date
    """The day on which the visits are planned, by what is known then."""
    least: Annotated[int, Field(gt=0)]
    """So many projects of each city, or all where it has fewer."""
    share: Annotated[Decimal, Field(gt=0, le=1)]
    """Of a city's projects, where that is more."""
    most_a_day: Annotated[int, Field(gt=0)]
    """Projects that are visited on one day."""


class Inspection(Clause):
    """The province's visits to every city."""

    deadline: RuleId
    """The deadline about each city that a visit meets."""
    first: date
    """Only what is visited from this day …"""
    last: date
    """… to this one counts."""
    visits: VisitRule
    items: Annotated[tuple[InspectionItem, ...], Field(min_length=1)]
    visited: Identifier
    """The milestone of a project that dates its visit."""
    order: Identifier
    """The action that asks for rectification of the problems found …"""
    ordered: Identifier
    """… the milestone that it dates …"""
    rectified: Identifier
    """… the one that answers it …"""
    rectify: RuleId
    """… and the deadline that runs between the two."""

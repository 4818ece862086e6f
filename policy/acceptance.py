"""交叉验收 (五(八)): who goes where, and when."""

from datetime import date
from typing import Annotated

from pydantic import Field

from policy.clauses import Clause, Frozen, Identifier, RuleId, Text
from policy.vocabulary import Level


class Role(Frozen):
    """Whom the province may call on (抽调), as the contacts name them."""

    label: Text
    """As the notice calls them, e.g. 分管领导."""
    level: Level
    """At a city's office of this level …"""
    titles: tuple[Text, ...] = ()
    """… whose post (职务), or one of several, ends in one of these; empty: everybody there.

    A deputy counts only by a title of his or her own: 副科长 is not 科长.
    """


class VisitDays(Clause):
    """How the visits are planned."""

    made_on: date
    """The day on which they are planned, by the projects as of then."""
    first: date
    last: date
    """Visits are on the workdays from `first` to `last`."""
    least_team: Annotated[int, Field(gt=0)]
    """People of a team (验收组)."""
    most_a_day: Annotated[int, Field(gt=0)]
    """Projects that a team sees on one day."""


class CrossAcceptance(Clause):
    """How cities accept one another's projects, and how they are told what came of it."""

    deadline: RuleId
    """The deadline of each project that a visit meets."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    visits: VisitDays
    results: RuleId
    """The deadline about each city that an issued notice of results meets."""
    results_on: date
    """The day as of which the results are told."""
    letter: Identifier
    """The kind of evidence that records a notice that was issued."""

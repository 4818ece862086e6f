"""The rules by which projects are put on the risk list, and how high."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from policy.clauses import Clause, Identifier, PlanNode, RuleId, Text
from policy.vocabulary import Level, Source

MATCHING_FUNDS = "matching_funds"
RESPONSIBLE_PERSON = "responsible_person"
Points = Annotated[int, Field(ge=0)]


class ChainStep(PlanNode):
    """A step of a project, from one fact to the next, whose usual duration is measured."""

    by: RuleId
    """The deadline at its end."""
    milestone: Identifier
    """The fact that ends it."""
    since: Identifier | None = None
    """The fact that begins it; None: the day of the notice."""
    after: RuleId | None = None
    """The deadline of that fact: from it to `by` is the plan's own interval."""


class MarginRule(PlanNode):
    """Points where fewer than so many days are left over beyond what is usually needed."""

    below: int
    points: Points


class Need(PlanNode):
    """What a project needs: points while it is not there."""

    lacks: Identifier
    """`MATCHING_FUNDS`, `RESPONSIBLE_PERSON`, or a milestone."""
    by: RuleId
    """The deadline that asks for it."""
    says: Text


class NeedRule(PlanNode):
    """How gaps count."""

    from_days: Annotated[int, Field(ge=0)]
    """A gap counts from so many natural days before its deadline on."""
    points: Points
    """For each."""
    of: tuple[Need, ...]


class StallRule(PlanNode):
    """Points when 形象进度 has not risen for so many months."""

    months: Annotated[int, Field(ge=1)]
    points: Points


class LatenessRule(PlanNode):
    """Points for each deadline that was missed, up to `most` in all."""

    points: Points
    most: Points


class Grade(PlanNode):
    """How a project is called from so many points on."""

    label: Text
    points: Points


class RiskRules(Clause):
    """What speaks for a project's missing its next deadlines."""

    steps: Annotated[tuple[ChainStep, ...], Field(min_length=1)]
    least_samples: Annotated[int, Field(ge=1)]
    """With fewer projects that have been through a step, the plan's own interval holds."""
    passed: Points
    """For a step that is not done although its deadline has passed; no margin has more."""
    margins: tuple[MarginRule, ...]
    """In ascending order; the first that applies counts."""
    gaps: NeedRule
    stalled: StallRule
    late: LatenessRule
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    """From the highest; the last from no points on."""


class InspectorRole(PlanNode):
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
    roles: Annotated[tuple[InspectorRole, ...], Field(min_length=1)]
    visits: VisitDays
    results: RuleId
    """The deadline about each city that an issued notice of results meets."""
    results_on: date
    """The day as of which the results are told."""
    letter: Identifier
    """The kind of evidence that records a notice that was issued."""


class CurveRule(PlanNode):
    """One curve: how many projects have a fact, month by month."""

    label: Text
    says: Text | None = None
    """What a project has done that counts (通过验收); None: the label."""
    milestone: Identifier
    """The fact that is counted."""
    by: RuleId
    """The deadline that says how many should have it by a day: the planned line."""


class CurveRules(Clause):
    """The curves, in the order of the chain; money and investment have theirs beside them."""

    counted: Annotated[tuple[CurveRule, ...], Field(min_length=1)]
    received_by: dict[Source, RuleId] = Field(default_factory=dict)
    """Whose money should be there by which deadline; where none is given, 资金到位 has no planned
    line."""
    invested_from: RuleId
    """完成投资 is planned to grow evenly from this deadline's day …"""
    invested_to: RuleId
    """… to this one's."""
    pace_months: Annotated[int, Field(ge=1)]
    """The forecast takes the pace of so many months, and its band their slowest and fastest."""


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
    every_grade: Text | None = None
    """Every project that the risk list grades so is visited, beyond the share; None: none is."""
    most_a_day: Annotated[int, Field(gt=0)]
    """Projects that are visited on one day."""


class InspectionRules(Clause):
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


class BulletinRule(Clause):
    """逐月通报: one a month, to the cities' bureaus."""

    duty: RuleId
    """The province's monthly duty that an issued bulletin fulfils."""
    letter: Identifier
    """The kind of evidence that records one that was issued."""


class FeedbackRule(Clause):
    """季度反馈函: one a quarter to each city's government."""

    duty: RuleId
    """The duty about each city that an issued letter fulfils."""
    letter: Identifier
    """The kind of evidence that records one that was issued."""


class MonthlyReportRules(Clause):
    """What the cities report of their projects each month (月报, 五(五))."""

    duty: RuleId
    """The monthly duty of each city that a whole report fulfils."""
    started: Identifier
    """The milestone before which no progress of the works can be reported (开工)."""
    further: tuple[Identifier, ...] = ()
    """The milestones after it that are recorded with the report."""

    @property
    def milestones(self) -> tuple[str, ...]:
        """All milestones that are recorded with the report."""
        return (self.started, *self.further)

"""绩效评估 (五(九)): the scoring table. The notice gives no values: all of them are proposals."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from policy.clauses import Clause, Identifier, PlanNode, RuleId, Text
from policy.vocabulary import SubjectKind, Word

Points = Annotated[Decimal, Field(gt=0, max_digits=5, decimal_places=2)]
Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=5, decimal_places=4)]
Place = Literal["city", "county"]
"""Who is given a score."""


class PointKind(Word):
    """What an indicator's points are for."""

    BASE = "base", "基础分"
    BONUS = "bonus", "加分"
    MALUS = "malus", "扣分"


class IndicatorStatus(Word):
    """Whether an indicator counts in a score yet."""

    JUDGED = "judged", "已评"
    NOT_DUE = "not_due", "未到期"
    NOTHING = "nothing", "无可评事项"


# --- what is looked at ----------------------------------------------------------------------------


class _Measure(PlanNode):
    @property
    def milestones(self) -> tuple[str, ...]:
        """The milestones that it names."""
        return ()


class OnTimeMeasure(_Measure):
    """Deadlines that were met by their day; each is one case."""

    kind: Literal["on_time"]
    of: Literal[SubjectKind.PROJECT, SubjectKind.CITY]
    """Whose deadlines: those of the projects, or the city's own."""
    rules: Annotated[tuple[RuleId, ...], Field(min_length=1)]
    """A duty's id stands for all its occasions."""
    facts: tuple[Identifier, ...] = ()
    """Only these of the facts that fulfil a project's deadline count; empty: all."""


class OnScheduleMeasure(_Measure):
    """是否达序时 in the month's report; each project that it covers is one case."""

    kind: Literal["on_schedule"]
    unentered: Literal["behind", "not_judged"] = "behind"
    """How a project counts of which nothing is on record although the report counts as in."""


class AtOnceMeasure(_Measure):
    """Projects that came to `reached` and have no `unless`: passed without being put right."""

    kind: Literal["at_once"]
    reached: Identifier
    unless: Identifier

    @property
    def milestones(self) -> tuple[str, ...]:
        return (self.reached, self.unless)


class EarlyMeasure(_Measure):
    """Projects with a milestone before a day, or before another milestone."""

    kind: Literal["early"]
    milestone: Identifier
    day: date | None = None
    before: Identifier | None = None

    @property
    def milestones(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.milestone, self.before)))


class NewlyServedMeasure(_Measure):
    """Counties not served before in which a project came to a milestone; a county counts once."""

    kind: Literal["newly_served"]
    milestone: Identifier

    @property
    def milestones(self) -> tuple[str, ...]:
        return (self.milestone,)


class RecordMeasure(_Measure):
    """What is on record (留痕) of the city and its projects; each record counts once."""

    kind: Literal["recorded"]
    evidence: Identifier


Judged = Annotated[OnTimeMeasure | OnScheduleMeasure | AtOnceMeasure, Field(discriminator="kind")]
Merits = Annotated[EarlyMeasure | NewlyServedMeasure | RecordMeasure, Field(discriminator="kind")]
Faults = Annotated[OnTimeMeasure | RecordMeasure, Field(discriminator="kind")]
"""Of deadlines, those that were missed."""


# --- how points follow ----------------------------------------------------------------------------


class PerDefectPoints(PlanNode):
    """每有一项不符合扣…分，扣完为止."""

    kind: Literal["per_defect"]
    points: Points
    each: Points
    over: Judged


class LevelPoints(PlanNode):
    """符合、部分符合、不符合, by the share of cases that are in order."""

    kind: Literal["levels"]
    points: Points
    full: Share
    """From this share on: all the points."""
    part: Share
    """From this share on: `part_points`; below it: none."""
    part_points: Points
    over: Judged


class YesNoPoints(PlanNode):
    """符合得分，不符合不得分: one case that is not in order costs all the points."""

    kind: Literal["yes_no"]
    points: Points
    over: Judged


class Bonus(PlanNode):
    """加分 for each instance, up to so many points."""

    kind: Literal["bonus"]
    each: Points
    most: Points
    over: Merits


class Malus(PlanNode):
    """扣分 for each instance."""

    kind: Literal["malus"]
    each: Points
    over: Faults


ScoringRule = Annotated[
    PerDefectPoints | LevelPoints | YesNoPoints | Bonus | Malus, Field(discriminator="kind")
]


class Indicator(PlanNode):
    """One line of the scoring table."""

    id: Identifier
    label: Text
    clause: Text
    """What of the notice it looks at."""
    reading: Text
    """What is counted, in Chinese: 评分内容."""
    advice: Text
    """What would gain the points, in Chinese."""
    places: Annotated[tuple[Place, ...], Field(min_length=1)] = ("city", "county")
    """Whose score it is part of."""
    rule: ScoringRule

    @property
    def points(self) -> Decimal:
        """Of the base, the most that it gives; 0 for a bonus or a malus."""
        return Decimal(0) if isinstance(self.rule, Bonus | Malus) else self.rule.points

    @property
    def kind(self) -> PointKind:
        """Whether it is part of the base, a bonus or a malus."""
        match self.rule:
            case Bonus():
                return PointKind.BONUS
            case Malus():
                return PointKind.MALUS
            case _:
                return PointKind.BASE


class Evaluation(Clause):
    """Indicators with their points: base, bonus and malus."""

    version: Text
    """Names this table; a score says by which one it was given."""
    duty: RuleId
    """The province's quarterly duty that an evaluation fulfils."""
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    """In the order of the table; a city's base adds up to 100."""
    most_bonus: Points
    """The most that all bonuses together give."""
    leaders: Annotated[int, Field(ge=1)]
    """鼓励先进: the cities in the first so many places are named."""
    laggards: Annotated[int, Field(ge=1)]
    """改进不足: likewise from the end, of those that have lost points."""
    suggestions: Annotated[int, Field(ge=1)]
    """A place is told of so many indicators, those that cost it most."""

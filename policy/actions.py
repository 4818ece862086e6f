"""What is done with a project and under which conditions: stages, milestones, actions, review."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from policy.bodies import Bodies
from policy.checks import Check
from policy.clauses import Clause, Identifier, PlanNode, Text
from policy.fields import FieldId
from policy.subsidies import FundId
from policy.vocabulary import Disposition, SubjectKind


class StageRule(Clause):
    """One stage of the chain; the plan's list gives the order."""

    id: Identifier
    label: Text


class LedgerFact(PlanNode):
    """How a milestone follows from a project's money ledger.

    ``received``: the day since which money rests with a holder; ``passed_on``: the day on which it
    had passed all of it on; ``matched``: the day on which a level's share had come in whole.
    """

    fact: Literal["received", "passed_on", "matched"]
    of: Literal["city", "county"]


class MilestoneRule(Clause):
    """A dated fact of a project (节点)."""

    id: Identifier
    label: Text
    beside_chain: bool = False
    """True when it is recorded by hand beside the chain of actions."""
    ledger: LedgerFact | None = None
    """Set when the ledger dates it."""


class ActionRule(Clause):
    """What an office does with a project (办理动作)."""

    id: Identifier
    label: Text
    leaves: tuple[Identifier, ...] = ()
    """Stages it moves a project out of."""
    to: Identifier | None = None
    """The stage it moves to; when not given, the stage that follows the last of `leaves`."""
    stays_in: tuple[Identifier, ...] = ()
    """Stages in which it is recorded without moving the project."""
    anywhere: bool = False
    """True when it may happen in every stage and never moves the project."""
    while_: Annotated[tuple[Disposition, ...], Field(alias="while")] = (Disposition.ACTIVE,)
    sets: Disposition | None = None
    records: tuple[Identifier, ...] = ()
    """Milestones that it dates, unless they are dated already."""
    redates: tuple[Identifier, ...] = ()
    """Milestones that it dates each time anew."""
    revokes: tuple[Identifier, ...] = ()
    """Milestones that it undoes."""
    pays: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    """The share of the subsidy that it releases; the action then states an amount."""
    fund: FundId = ""
    """Of which fund, where the subsidy is made up of several."""
    clears_opinions: bool = False
    """True when expert opinions given so far no longer count."""
    checklist: bool = False
    """True when it takes the answers to the acceptance checklist."""
    verdict: Text | None = None
    """What 验收表 calls it as a conclusion (结论)."""
    decided_by: Bodies = ()
    """Who decides on it, where that is not the responsible body."""


class Requirement(Clause):
    """A condition (条件) of one or more actions; hard ones refuse, soft ones warn."""

    id: Text
    before: tuple[Identifier, ...]
    """The actions, and the milestones recorded by hand, that it guards."""
    check: Check
    says: Text
    """What is wrong when it is not met, in Chinese."""
    mend: Text
    """What would put it right, in Chinese."""
    gist: Text | None = None
    """The notice's words in short (改造为主): signs of `words`, in their order."""
    when: dict[FieldId, tuple[Text, ...]] = Field(default_factory=dict)
    """It holds only for projects whose fields have one of these values; empty: for all."""
    reasoned: bool = False
    """True for a soft condition that asks for a written reason where it is not met."""


class ChecklistItem(Clause):
    """One line of the acceptance checklist (验收表)."""

    id: Identifier
    label: Text
    measures: FieldId | None = None
    """The field that is measured anew."""
    people: bool = False
    """True for names with their offices; an item that neither measures nor names is 是 or 否."""

    @property
    def judged(self) -> bool:
        """Whether it is answered with 是 or 否."""
        return self.measures is None and not self.people


class PlausibleRange(Clause):
    """What a field's value may be without being asked about; 元 for money."""

    field: FieldId
    least: Decimal
    most: Decimal


class EvidenceRule(Clause):
    """What is put on record without being judged by machine (留痕); it may be recorded often."""

    id: Identifier
    label: Text
    subjects: Annotated[tuple[SubjectKind, ...], Field(min_length=1)]
    decided_by: Bodies = ()
    """Who puts it on record, where that is not the responsible body."""


class Criterion(PlanNode):
    """What experts give points for."""

    id: Identifier
    label: Text
    points: Annotated[Decimal, Field(gt=0, max_digits=4, decimal_places=1)]
    """The most that can be given."""


class ReviewRules(Clause):
    """How experts review projects, and the actions that follow (五(二), 五(三))."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    """Their points add up to 100."""
    least_opinions: Annotated[int, Field(gt=0)]
    pass_score: Decimal
    """The average that passes, out of 100."""
    most_spread: Decimal
    """A wider difference between two experts' totals is discussed first."""
    stage: Identifier
    passed: Identifier
    """The milestone of a project that passed."""
    determine: Identifier
    """The action that puts a project on the list."""
    reserve: Identifier
    """The action that makes it stand by."""
    declined: Identifier | None = None
    """The kind of evidence that records that a proposed list was not agreed to."""

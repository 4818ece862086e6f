"""What conditions (条件) ask of a project: one frozen type for each kind of check."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from policy.clauses import Identifier, PlanNode, Text
from policy.fields import FieldId
from policy.vocabulary import Level, Source


class PresentCheck(PlanNode):
    """Every one of these dossier fields is filled in."""

    kind: Literal["present"]
    fields: tuple[FieldId, ...]


class WithinCheck(PlanNode):
    """A number lies between `least` and `most`, ends included."""

    kind: Literal["within"]
    field: FieldId
    least: Decimal | None = None
    most: Decimal | None = None


class BoundedCheck(PlanNode):
    """A number, where it is stated, lies between `least` and `most`, ends included."""

    kind: Literal["bounded"]
    field: FieldId
    least: Decimal | None = None
    most: Decimal | None = None


class OneOfCheck(PlanNode):
    """A field has one of these values."""

    kind: Literal["one_of"]
    field: FieldId
    values: tuple[Text, ...]


class NoneOfCheck(PlanNode):
    """A field is filled in and has none of these values."""

    kind: Literal["none_of"]
    field: FieldId
    values: tuple[Text, ...]


class IncludesCheck(PlanNode):
    """A list-valued field holds at least these values."""

    kind: Literal["includes"]
    field: FieldId
    values: tuple[Text, ...]


class EndsWithCheck(PlanNode):
    """A text field ends with this text, which may name the project's ``{city}``."""

    kind: Literal["ends_with"]
    field: FieldId
    text: Text


class ReachedCheck(PlanNode):
    """These milestones are dated, on or before the day of the action."""

    kind: Literal["reached"]
    milestones: tuple[Identifier, ...]


class EvidencedCheck(PlanNode):
    """The action itself comes with a written reason or document."""

    kind: Literal["evidenced"]


class PairedCheck(PlanNode):
    """A field has one of the values that fit the value of another field."""

    kind: Literal["paired"]
    field: FieldId
    by: FieldId
    allowed: dict[Text, tuple[Text, ...]]


class PastCheck(PlanNode):
    """These days are stated, and are not after the day of the action."""

    kind: Literal["past"]
    fields: tuple[FieldId, ...]


class OrderedCheck(PlanNode):
    """No day of a group comes before a day of the groups ahead of it; days not stated aside."""

    kind: Literal["ordered"]
    groups: tuple[tuple[FieldId, ...], ...]


class UntilCheck(PlanNode):
    """A day is stated and lies after another day."""

    kind: Literal["until"]
    field: FieldId
    after: date


class LastsCheck(PlanNode):
    """A span is stated and takes at least so many years, both days included."""

    kind: Literal["lasts"]
    start: FieldId
    end: FieldId
    years: Annotated[int, Field(gt=0, le=200)]


class AgedCheck(PlanNode):
    """A day is stated and lies at least so many years before the day of the action."""

    kind: Literal["aged"]
    field: FieldId
    years: Annotated[int, Field(gt=0, le=200)]


class CreditCodeCheck(PlanNode):
    """A field holds a valid 统一社会信用代码 (GB 32100)."""

    kind: Literal["credit_code"]
    field: FieldId


class ElapsedCheck(PlanNode):
    """So many whole natural days lie between a milestone and the action (公示期)."""

    kind: Literal["elapsed"]
    since: Identifier
    days: Annotated[int, Field(gt=0, le=3_660)]


class AnsweredCheck(PlanNode):
    """If `milestone` is dated, `by` is too, not before it and not after the action."""

    kind: Literal["answered"]
    milestone: Identifier
    by: Identifier


class ActedByCheck(PlanNode):
    """The office at this level takes the action.

    Only in versions of plans from before `decided_by` and `authority`, which say so now.
    """

    kind: Literal["acted_by"]
    level: Level


class UnservedFirstCheck(PlanNode):
    """The county is not yet served, or every such county of its city has a project."""

    kind: Literal["unserved_first"]


class MajorityCheck(PlanNode):
    """More than half of the city's projects have this 配建性质."""

    kind: Literal["majority"]
    building_kind: Text


class LocalShareCoveredCheck(PlanNode):
    """City and county promise at least what the subsidy leaves of the investment."""

    kind: Literal["local_share_covered"]


class EnoughOpinionsCheck(PlanNode):
    """The round has at least the plan's number of expert opinions."""

    kind: Literal["enough_opinions"]


class AgreedCheck(PlanNode):
    """Scores differ no more than the plan allows, or the difference has been discussed."""

    kind: Literal["agreed"]
    discussed: Identifier
    """The milestone of the discussion, which counts from the day of the last opinion on."""


class ScoredCheck(PlanNode):
    """The average score is at least the plan's."""

    kind: Literal["scored"]


class AmountStatedCheck(PlanNode):
    """The action states an amount of money above zero."""

    kind: Literal["amount_stated"]


class AmountCappedCheck(PlanNode):
    """The amount is not above what the subsidy's rule gives."""

    kind: Literal["amount_capped"]


class AmountExactCheck(PlanNode):
    """The amount is what the subsidy's rule gives, to the 分."""

    kind: Literal["amount_exact"]


class MatchedCheck(PlanNode):
    """Money received from a source has reached what that level promised."""

    kind: Literal["matched"]
    source: Source


class ChecklistCheck(PlanNode):
    """Every item of the acceptance checklist is answered; to pass, each with 是."""

    kind: Literal["checklist"]
    passed: bool


class QuotaFreeCheck(PlanNode):
    """The city has a place left in its quota; where none is stated, it always has."""

    kind: Literal["quota_free"]


class SubsidyCoveredCheck(PlanNode):
    """The total investment is at least the provincial subsidy."""

    kind: Literal["subsidy_covered"]


class ThirdPartyCheck(PlanNode):
    """What runs the site is neither its owner nor any office of the plan, by name and by code."""

    kind: Literal["third_party"]
    field: FieldId
    owner: FieldId
    code: FieldId


class CrossedCheck(PlanNode):
    """So many people of a checklist item are named, each of a bureau of another city.

    Where the contacts know anybody of that bureau, each is one who has a role of the plan there.
    """

    kind: Literal["crossed"]
    item: Identifier
    least: Annotated[int, Field(gt=0)]


Check = Annotated[
    PresentCheck
    | WithinCheck
    | BoundedCheck
    | OneOfCheck
    | NoneOfCheck
    | IncludesCheck
    | EndsWithCheck
    | PairedCheck
    | PastCheck
    | OrderedCheck
    | UntilCheck
    | LastsCheck
    | AgedCheck
    | CreditCodeCheck
    | ElapsedCheck
    | AnsweredCheck
    | ActedByCheck
    | UnservedFirstCheck
    | MajorityCheck
    | LocalShareCoveredCheck
    | EnoughOpinionsCheck
    | AgreedCheck
    | ScoredCheck
    | AmountStatedCheck
    | AmountCappedCheck
    | AmountExactCheck
    | MatchedCheck
    | ChecklistCheck
    | ThirdPartyCheck
    | CrossedCheck
    | ReachedCheck
    | EvidencedCheck
    | QuotaFreeCheck
    | SubsidyCoveredCheck,
    Field(discriminator="kind"),
]

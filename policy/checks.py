"""What conditions (条件) ask of a project: one frozen type for each kind of check."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from policy.clauses import Frozen, Identifier, Text
from policy.fields import FieldId
from policy.vocabulary import Level, Source


class PresentCheck(Frozen):
    """Every one of these dossier fields is filled in."""

    kind: Literal["present"]
    fields: tuple[FieldId, ...]


class WithinCheck(Frozen):
    """A number lies between `least` and `most`, ends included."""

    kind: Literal["within"]
    field: FieldId
    least: Decimal | None = None
    most: Decimal | None = None


class OneOfCheck(Frozen):
    """A field has one of these values."""

    kind: Literal["one_of"]
    field: FieldId
    values: tuple[Text, ...]


class NoneOfCheck(Frozen):
    """A field is filled in and has none of these values."""

    kind: Literal["none_of"]
    field: FieldId
    values: tuple[Text, ...]


class IncludesCheck(Frozen):
    """A list-valued field holds at least these values."""

    kind: Literal["includes"]
    field: FieldId
    values: tuple[Text, ...]


class EndsWithCheck(Frozen):
    """A text field ends with this text, which may name the project's ``{city}``."""

    kind: Literal["ends_with"]
    field: FieldId
    text: Text


class ReachedCheck(Frozen):
    """These milestones are dated, on or before the day of the action."""

    kind: Literal["reached"]
    milestones: tuple[Identifier, ...]


class EvidencedCheck(Frozen):
    """The action itself comes with a written reason or document."""

    kind: Literal["evidenced"]


class PairedCheck(Frozen):
    """A field has one of the values that fit the value of another field."""

    kind: Literal["paired"]
    field: FieldId
    by: FieldId
    allowed: dict[Text, tuple[Text, ...]]


class PastCheck(Frozen):
    """These days are stated, and are not after the day of the action."""

    kind: Literal["past"]
    fields: tuple[FieldId, ...]


class OrderedCheck(Frozen):
    """No day of a group comes before a day of the groups ahead of it; days not stated aside."""

    kind: Literal["ordered"]
    groups: tuple[tuple[FieldId, ...], ...]


class UntilCheck(Frozen):
    """A day is stated and lies after another day."""

    kind: Literal["until"]
    field: FieldId
    after: date


class LastsCheck(Frozen):
    """A span is stated and takes at least so many years, both days included."""

    kind: Literal["lasts"]
    start: FieldId
    end: FieldId
    years: Annotated[int, Field(gt=0)]


class AgedCheck(Frozen):
    """A day is stated and lies at least so many years before the day of the action."""

    kind: Literal["aged"]
    field: FieldId
    years: Annotated[int, Field(gt=0)]


class CreditCodeCheck(Frozen):
    """A field holds a valid 统一社会信用代码 (GB 32100)."""

    kind: Literal["credit_code"]
    field: FieldId


class ElapsedCheck(Frozen):
    """So many whole natural days lie between a milestone and the action (公示期)."""

    kind: Literal["elapsed"]
    since: Identifier
    days: Annotated[int, Field(gt=0)]


class AnsweredCheck(Frozen):
    """If `milestone` is dated, `by` is too, not before it and not after the action."""

    kind: Literal["answered"]
    milestone: Identifier
    by: Identifier


class ActedByCheck(Frozen):
    """The office at this level takes the action: the actor's name begins with the office's."""

    kind: Literal["acted_by"]
    level: Level


class UnservedFirstCheck(Frozen):
    """The county is not yet served, or every such county of its city has a project."""

    kind: Literal["unserved_first"]


class MajorityCheck(Frozen):
    """More than half of the city's projects have this 配建性质."""

    kind: Literal["majority"]
    building_kind: Text


class LocalShareCoveredCheck(Frozen):
    """City and county promise at least what the subsidy leaves of the investment."""

    kind: Literal["local_share_covered"]


class EnoughOpinionsCheck(Frozen):
    """The round has at least the plan's number of expert opinions."""

    kind: Literal["enough_opinions"]


class AgreedCheck(Frozen):
    """Scores differ no more than the plan allows, or the difference has been discussed."""

    kind: Literal["agreed"]
    discussed: Identifier
    """The milestone of the discussion, which counts from the day of the last opinion on."""


class ScoredCheck(Frozen):
    """The average score is at least the plan's."""

    kind: Literal["scored"]


class AmountStatedCheck(Frozen):
    """The action states an amount of money above zero."""

    kind: Literal["amount_stated"]


class AmountCappedCheck(Frozen):
    """The amount is not above what the subsidy's rule gives."""

    kind: Literal["amount_capped"]


class AmountExactCheck(Frozen):
    """The amount is what the subsidy's rule gives, to the 分."""

    kind: Literal["amount_exact"]


class MatchedCheck(Frozen):
    """Money received from a source has reached what that level promised."""

    kind: Literal["matched"]
    source: Source


class ChecklistCheck(Frozen):
    """Every item of the acceptance checklist is answered; to pass, each with 是."""

    kind: Literal["checklist"]
    passed: bool


class QuotaFreeCheck(Frozen):
    """The city has a place left in its quota."""

    kind: Literal["quota_free"]


class SubsidyCoveredCheck(Frozen):
    """The total investment is at least the provincial subsidy."""

    kind: Literal["subsidy_covered"]


class CrossedCheck(Frozen):
    """So many people of a checklist item are named, and none is from the project's own city."""

    kind: Literal["crossed"]
    item: Identifier
    least: Annotated[int, Field(gt=0)]


Check = Annotated[
    PresentCheck
    | WithinCheck
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
    | CrossedCheck
    | ReachedCheck
    | EvidencedCheck
    | QuotaFreeCheck
    | SubsidyCoveredCheck,
    Field(discriminator="kind"),
]

"""The frozen types of a plan (实施方案). Nothing here reads a file or a clock."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import Field, StringConstraints

from policy.checks import Check
from policy.clauses import Clause, Frozen, Identifier, RuleId, Text
from policy.duties import (
    BulletinRule,
    CrossAcceptance,
    CurveRules,
    FeedbackRule,
    InspectionRules,
    RiskRules,
)
from policy.evaluation import Evaluation
from policy.fields import FieldId
from policy.timing import DeadlineRule, Duty, Ladder, OfficeHours
from policy.vocabulary import LOCAL_LEVELS, ClauseKind, Disposition, Level, SubjectKind

Metres = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
CountyType = Literal["市辖区", "县级市", "县"]

RECORDED = "recorded"  # in `fulfilled_by`: the duty's own record fulfils it
QUOTA_SUBMITTED = "quota_submitted"  # a city's fact, derived: as many applications as its quota
PROJECTS_FINISHED = "projects_finished"  # another: all of its projects that go on are finished


class Body(Frozen):
    """An organisation with duties, and the level at which a reminder reaches it."""

    name: Text
    bound: bool
    """False when the notice cannot bind it: its lateness is coordinated, never marked overdue."""
    reached_at: Level


class County(Frozen):
    """A county-level division: GB/T 2260 code, name, type (市辖区, 县级市, 县)."""

    code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
    name: Text
    type: CountyType


class ProjectKind(Frozen):
    """A kind of project (项目类别) where a plan has several."""

    id: Identifier
    label: Text


Places = Annotated[int, Field(ge=0)]


class City(Frozen):
    """A city with its quota (number of projects) and its counties."""

    code: Annotated[str, StringConstraints(pattern=r"^\d{4}00$")]
    name: Text
    quota: Places | dict[Identifier, Places] | None
    """By kind of project where the plan has several; None: not stated."""
    unserved: tuple[Text, ...]
    """尚未实施工程的县（市、区）, by name."""
    counties: tuple[County, ...]

    def quota_of(self, kind: str | None) -> int | None:
        """Places for projects of a kind; None where the plan states none."""
        return self.quota.get(kind or "") if isinstance(self.quota, dict) else self.quota

    @property
    def places(self) -> int | None:
        """Places in all; None where the plan states none."""
        return sum(self.quota.values()) if isinstance(self.quota, dict) else self.quota

    def county(self, name: str) -> County | None:
        """The county of that name in this city; names repeat between cities."""
        return next((county for county in self.counties if county.name == name), None)


class NamedSite(Frozen):
    """A site that the notice itself names: its project is there from the start."""

    city: Text
    county: Text
    street: Text
    community: Text
    kind: Identifier | None = None


class Quota(Clause):
    """How many projects the programme builds in all."""

    goal: Annotated[int, Field(gt=0)] | None
    """None: not stated."""
    submitted_when: Identifier
    """The milestone that counts a project as applied for."""
    taken_when: Identifier
    """The milestone that takes up a place."""


class StageRule(Clause):
    """One stage of the chain; the plan's list gives the order."""

    id: Identifier
    label: Text


class LedgerFact(Frozen):
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
    clears_opinions: bool = False
    """True when expert opinions given so far no longer count."""
    checklist: bool = False
    """True when it takes the answers to the acceptance checklist."""
    verdict: Text | None = None
    """What 验收表 calls it as a conclusion (结论)."""


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


class _SubsidyRule(Clause):
    """A subsidy for projects of some kinds; for all when none is named."""

    kinds: tuple[Identifier, ...] = ()


class PerArea(_SubsidyRule):
    """Yuan per square metre of floor area, the area capped by division type."""

    basis: Literal["per_area"]
    yuan_per_square_metre: Yuan
    cap_square_metres: dict[CountyType, Metres]


class Flat(_SubsidyRule):
    """The same amount for every project, 元."""

    basis: Literal["flat"]
    yuan: Yuan


class PerBed(_SubsidyRule):
    """Yuan per bed, up to a number of beds and an amount where they are given."""

    basis: Literal["per_bed"]
    yuan_per_bed: Yuan
    most_beds: Annotated[int, Field(gt=0)] | None = None
    most_yuan: Yuan | None = None


class NotStated(_SubsidyRule):
    """The notice promises money and names no amount (未明确)."""

    basis: Literal["not_stated"]


Subsidy = PerArea | Flat | PerBed | NotStated


class Category(Frozen):
    """What the subsidy may be spent on."""

    id: Identifier
    label: Text
    needs_reason: bool = False


class MoneyRules(Clause):
    """How the subsidy may be used (七(二))."""

    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    refused: tuple[Text, ...]
    """Words of running costs, which the subsidy never pays."""


class Criterion(Frozen):
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


class InventoryLine(Frozen):
    """One clause of the notice, what it ends as, and where (`docs/reference/clauses.md`)."""

    number: Annotated[str, StringConstraints(pattern=r"^R\d{2,}$")]
    clause: Text
    words: Text
    kind: ClauseKind
    by: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Ids of the plan's rules, sections of the plan, or names of `policy.inventory.FUNCTIONS`."""


class Notice(Frozen):
    """The policy document itself."""

    title: Text
    number: Text
    issuers: Annotated[tuple[Text, ...], Field(min_length=1)]
    issued_on: date
    openness: Text


class Office(NamedTuple):
    """An office that can be told, by level and place; empty where it has no city or county."""

    level: Level
    city: str
    county: str
    name: str


SINGLE = (
    "money",
    "review",
    "report",
    "curves",
    "bulletin",
    "feedback",
    "inspection",
    "cross_acceptance",
    "evaluation",
    "risks",
)
"""The sections of a plan that are one rule each, and that a plan may lack."""


class Plan(Frozen):
    """One implementation plan (实施方案), validated by `policy.load.load_plan`."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    name: Text
    year: int
    notice: Notice
    province: Text
    project_name: Text
    """How a project is called, with ``{street}`` and ``{community}``."""
    application_name: Text
    """How 附件2 calls it, with the same words: the notice's forms do not agree."""
    code_format: Text
    """How a project is numbered, with ``{county}`` (GB/T 2260) and ``{number}``."""
    bodies: dict[Identifier, Body]
    offices: dict[Level, Text]
    """The office at each level, with ``{city}`` and ``{county}``."""
    quota: Quota
    kinds: tuple[ProjectKind, ...] = ()
    """Empty where all projects are of one kind."""
    cities: tuple[City, ...]
    sites: tuple[NamedSite, ...] = ()
    """Where the notice lists sites instead of giving quotas."""
    stages: Annotated[tuple[StageRule, ...], Field(min_length=1)]
    inputs_close_after: Identifier
    """The last stage in which a workbook may still change what experts review."""
    milestones: tuple[MilestoneRule, ...]
    actions: tuple[ActionRule, ...]
    requirements: tuple[Requirement, ...]
    checklist: tuple[ChecklistItem, ...] = ()
    evidence: tuple[EvidenceRule, ...] = ()
    plausible: tuple[PlausibleRange, ...] = ()
    finished_by: tuple[Identifier, ...] = ()
    """The milestones that together finish a project (办结)."""
    subsidies: tuple[Annotated[Subsidy, Field(discriminator="basis")], ...]
    """Exactly one for each kind of project."""
    money: MoneyRules | None = None
    review: ReviewRules | None = None
    report: MonthlyReportRules | None = None
    """None where nothing is reported month by month."""
    curves: CurveRules | None = None
    """The year's duties, this and those that follow: None where a plan does not have them."""
    bulletin: BulletinRule | None = None
    feedback: FeedbackRule | None = None
    inspection: InspectionRules | None = None
    cross_acceptance: CrossAcceptance | None = None
    evaluation: Evaluation | None = None
    risks: RiskRules | None = None
    deadlines: tuple[DeadlineRule, ...]
    duties: tuple[Duty, ...]
    ladder: Ladder
    office_hours: OfficeHours
    inventory: tuple[InventoryLine, ...] = ()
    digest: Digest
    """SHA-256 of all that it says, however the file writes it: see `policy.load.meaning`."""

    def __hash__(self) -> int:
        return hash((self.id, self.digest))

    @property
    def stage_order(self) -> tuple[str, ...]:
        """Stage ids from first to last."""
        return tuple(stage.id for stage in self.stages)

    @property
    def timed_rules(self) -> tuple[DeadlineRule | Duty, ...]:
        """Every deadline and duty, in the plan's order."""
        return (*self.deadlines, *self.duties)

    @property
    def reported_months(self) -> Mapping[str, str]:
        """By the id of each of its deadlines, the month whose report fulfils it (五(五))."""
        return self._months_of(self.report.duty) if self.report else {}

    @property
    def bulletin_months(self) -> tuple[str, ...]:
        """The months that have a bulletin: before the first one nothing is reported."""
        return tuple(self._months_of(self.bulletin.duty).values()) if self.bulletin else ()

    def report_of(self, month: str) -> str | None:
        """The deadline of a month's report: ``D10-06``; None where the month has none."""
        return next((id for id, own in self.reported_months.items() if own == month), None)

    def stage(self, id: str) -> StageRule:
        """The stage of that id; KeyError when the plan has none."""
        return _by_id(self.stages, id)

    def action(self, id: str) -> ActionRule:
        """The action of that id; KeyError when the plan has none."""
        return _by_id(self.actions, id)

    def milestone(self, id: str) -> MilestoneRule:
        """The milestone of that id; KeyError when the plan has none."""
        return _by_id(self.milestones, id)

    def recorder(self, milestone: str) -> ActionRule | None:
        """The action of a county or city that dates a milestone; None when there is none."""
        return next(
            (
                action
                for action in self.actions
                if milestone in (*action.records, *action.redates)
                and (body := self.bodies.get(action.responsible))
                and body.reached_at in LOCAL_LEVELS
            ),
            None,
        )

    def city(self, name: str) -> City | None:
        """The city of that name."""
        return next((city for city in self.cities if city.name == name), None)

    def _months_of(self, duty: str) -> Mapping[str, str]:
        return next((item.months for item in self.duties if item.id == duty), {})

    def office(self, level: Level, city: str = "", county: str = "") -> str:
        """The name of the office at `level` for a place."""
        return self.offices[level].format(city=city, county=county)

    def every_office(self) -> Iterator[Office]:
        """Every office of the plan: the province, then each city, its leader and its counties."""
        places = [(Level.PROVINCE, "", "")]
        for city in self.cities:
            places += [(Level.CITY, city.name, ""), (Level.CITY_LEADER, city.name, "")]
            places += [(Level.COUNTY, city.name, county.name) for county in city.counties]
        for level, city_name, county_name in places:
            name = self.office(level, city_name, county_name)
            yield Office(level, city_name, county_name, name)

    def rules(self) -> Iterator[tuple[str, Clause]]:
        """Every rule with its path in the file, for listings and checks."""
        yield "quota", self.quota
        groups = (
            "stages",
            "milestones",
            "actions",
            "requirements",
            "checklist",
            "evidence",
            "plausible",
        )
        for group in (*groups, "deadlines", "duties"):
            for index, rule in enumerate(getattr(self, group)):
                yield f"{group}.{index}", rule
        for index, rule in enumerate(self.subsidies):
            yield f"subsidies.{index}", rule
        for name in SINGLE:
            if rule := getattr(self, name):
                yield from _with_inner(name, rule)
        yield "ladder", self.ladder
        yield "office_hours", self.office_hours


def _with_inner(path: str, rule: Clause) -> Iterator[tuple[str, Clause]]:
    """A rule, and those that it is made of."""
    yield path, rule
    for name in type(rule).model_fields:
        held = getattr(rule, name)
        if isinstance(held, Clause):
            yield f"{path}.{name}", held
        elif isinstance(held, tuple):
            for index, item in enumerate(held):
                if isinstance(item, Clause):
                    yield f"{path}.{name}.{index}", item


_Rule = TypeVar("_Rule", StageRule, ActionRule, MilestoneRule)


def _by_id(rules: tuple[_Rule, ...], id: str) -> _Rule:
    for rule in rules:
        if rule.id == id:
            return rule
    raise KeyError(id)

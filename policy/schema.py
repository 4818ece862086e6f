"""The frozen types of a plan (实施方案). Nothing here reads a file or a clock."""

import re
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, MINYEAR, date
from functools import cached_property
from string import Formatter
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, StringConstraints

from common.words import long_date
from policy.actions import (
    ActionRule,
    ChecklistItem,
    EvidenceRule,
    MilestoneRule,
    PlausibleRange,
    Requirement,
    ReviewRules,
    StageRule,
)
from policy.bodies import AuthorityRules, Body, Office, in_general
from policy.checks import BoundedCheck, PresentCheck
from policy.cities import City, NamedSite, ProjectKind, Quota
from policy.clauses import Clause, Identifier, PlanNode, Text
from policy.duties import (
    BulletinRule,
    CrossAcceptance,
    CurveRules,
    FeedbackRule,
    InspectionRules,
    MonthlyReportRules,
    RiskRules,
)
from policy.evaluation import Evaluation
from policy.fields import CORE, SHEETS, FieldNeed, ProfileField
from policy.levels import LevelWords
from policy.subsidies import Fund, MoneyRules, Subsidy
from policy.targets import Target
from policy.timing import DeadlineRule, Duty, Ladder, OfficeHours
from policy.vocabulary import (
    LOCAL_LEVELS,
    ClauseKind,
    Form,
    Holder,
    Level,
    Listing,
    Product,
    Source,
)

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

RECORDED = "recorded"  # in `fulfilled_by`: the duty's own record fulfils it
OWN_SOURCES = (Source.CITY, Source.COUNTY, Source.OTHER)
"""Money of which a plan tells no funds apart."""
QUOTA_SUBMITTED = "quota_submitted"  # a city's fact, derived: as many applications as its quota
PROJECTS_FINISHED = "projects_finished"  # another: all of its projects that go on are finished


class InventoryLine(PlanNode):
    """One clause of the notice, what it ends as, and where (`docs/reference/clauses.md`)."""

    number: Annotated[str, StringConstraints(pattern=r"^R\d{2,}$")]
    clause: Text
    words: Text
    kind: ClauseKind
    by: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Ids of the plan's rules, sections of the plan, or names of `policy.inventory.FUNCTIONS`."""


class Notice(PlanNode):
    """The policy document itself."""

    title: Text
    number: Text
    issuers: Annotated[tuple[Text, ...], Field(min_length=1)]
    issued_on: date
    openness: Text

    def too_early(self, day: date) -> str:
        """Why nothing can be dated before it; empty for a day that is not too early."""
        if day >= self.issued_on:
            return ""
        issued = long_date(self.issued_on)
        return f"日期（{long_date(day)}）早于实施方案印发日（{issued}），请核对年份"


SINGLE = (
    "authority",
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


MADE_BY: Mapping[Product, str] = {
    Product.REPORTS: "report",
    Product.BULLETIN: "bulletin",
    Product.FEEDBACK: "feedback",
    Product.VISITS: "inspection",
    Product.INSPECTION: "inspection",
    Product.SCHEDULE: "cross_acceptance",
    Product.RESULTS: "cross_acceptance",
    Product.EVALUATION: "evaluation",
    Product.CURVES: "curves",
    Product.RISKS: "risks",
}
"""Per product the section that asks for it; what is not here is made for every plan."""


class Plan(PlanNode):
    """One implementation plan (实施方案), validated by `policy.load.load_plan`."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    name: Text
    short_name: Text | None = None
    """What mails, lists and the desk call it (简称); None: its whole name."""
    year: Annotated[int, Field(ge=MINYEAR, le=MAXYEAR)]
    """The first year of its works; months and quarters that name no year are of it."""
    ends_on: date | None = None
    """The last day of its works; None: 31 December of its year."""
    notice: Notice
    levels: LevelWords = LevelWords()
    """What its levels are called, where they are not 省, 市 and 县."""
    province: Text
    serves: Text | None = None
    """Whom its projects serve (老年人), for papers; None: they do not say."""
    project_name: Text
    """How a project is called, with ``{street}``, ``{community}`` or, freely, ``{name}``."""
    application_name: Text
    """How the application form calls it, with the same words: a notice's forms may not agree."""
    annexes: dict[Form, Text] = Field(default_factory=dict)
    """The forms that the notice prints, each with the name of its annex (附件2)."""
    street_endings: Annotated[tuple[Text, ...], Field(min_length=1)] = ("街道", "镇", "乡")
    """What the names of streets and their like end in, the usual one first: 苏木, 办事处 …"""
    community_endings: Annotated[tuple[Text, ...], Field(min_length=1)] = ("社区", "村")
    """The same of communities and villages: 嘎查, 居委会 …"""
    code_format: Text
    """How a project is numbered, with ``{county}`` (GB/T 2260) and ``{number}``."""
    bodies: dict[Identifier, Body]
    offices: dict[Level, Text]
    """The office at each level, with ``{city}`` and ``{county}``; with ``{region}`` that of a
    region (`City.region`), which only plans of four levels have."""
    authority: AuthorityRules | None = None
    """None: each responsible body decides, and each level may record for those below it."""
    paper_code: Text | None = None
    """代字 with which the numbers of the province's papers begin; None: left to people."""
    quota: Quota
    targets: tuple[Target, ...] = ()
    """What it is to reach besides: money for fewer, coverage, ratios."""
    kinds: tuple[ProjectKind, ...] = ()
    """Empty where all projects are of one kind."""
    county_types: Annotated[tuple[Text, ...], Field(min_length=1)] = ("市辖区", "县级市", "县")
    """The kinds of place below a city that there are: 自治县, 旗, 街道, 镇, 开发区 …"""
    code_standard: Literal["GB/T 2260"] | None = None
    """By what its codes of places are, which are then held to it; None: they claim nothing."""
    cities: tuple[City, ...]
    sites: tuple[NamedSite, ...] = ()
    """Where the notice lists sites instead of giving quotas."""
    fields: tuple[ProfileField, ...] = ()
    """What it asks of a project, and all that it asks; where its file is silent, the customary
    ones: see `policy.load.customary_fields`."""
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
    funds: tuple[Fund, ...] = ()
    """What the subsidy is made up of, where that is more than one; each is reckoned by itself."""
    subsidies: tuple[Annotated[Subsidy, Field(discriminator="basis")], ...]
    """Exactly one for each kind of project, of each fund."""
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

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> "Plan":
        """As pydantic's, without what was worked out of the fields before."""
        copied = super().model_copy(update=update, deep=deep)
        for name, value in vars(Plan).items():
            if isinstance(value, cached_property):
                copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def field(self) -> Mapping[str, ProfileField]:
        """The fields that it declares, by id and in its order."""
        return {field.id: field for field in self.fields}

    @property
    def name_parts(self) -> tuple[str, ...]:
        """What tells its projects apart within a county: street, community or both.

        A name of its own is kept as the community: a place may then have several projects.
        """
        found = {part for _, part, _, _ in Formatter().parse(self.project_name)}
        parts = {"street": "street" in found, "community": bool(found & {"community", "name"})}
        return tuple(part for part, named in parts.items() if named)

    @property
    def named_freely(self) -> bool:
        """Whether projects have names of their own, in which no community is looked for."""
        return "{name}" in self.project_name

    def name_of(self, stated: Mapping[str, Any], pattern: str | None = None) -> str | None:
        """A project's name, or as another pattern has it; None where a part is not stated."""
        street, community = stated.get("street") or "", stated.get("community") or ""
        if not all(stated.get(part) for part in self.name_parts):
            return None
        parts = {"street": street, "community": community, "name": community}
        return (pattern or self.project_name).format(**parts)

    def label_of(self, field: str) -> str:
        """What staff call a field, also one of the core that it does not ask for."""
        if field == "community" and self.named_freely:
            return "名称"
        own = self.field.get(field)
        return own.label if own else CORE[field].label if field in CORE else field

    @cached_property
    def conditions(self) -> tuple[Requirement, ...]:
        """All conditions: its requirements, and what its fields are needed for."""
        needs = (each for field in self.fields for each in _needs(field))
        return (*self.requirements, *needs)

    def total_of(self, kind: str) -> int | None:
        """The total of a kind: the notice's, else that of all cities; None: not stated."""
        if isinstance(self.quota.goal, dict):
            return self.quota.goal.get(kind)
        stated = [city.quota_of(kind) for city in self.cities]
        return None if None in stated else sum(filter(None, stated))

    def said(self, words: str) -> str:
        """Words of the product in the plan's own for its levels: see `LevelWords.said`."""
        return self.levels.said(words)

    @property
    def called(self) -> str:
        """What mails, lists and the desk call it."""
        return self.short_name or self.name

    def form_name(self, form: Form | Listing) -> str:
        """A workbook, a form with the annex that prints it: ``项目申报表（附件2）``."""
        annex = self.annexes.get(form) if isinstance(form, Form) else None
        return f"{form.label}（{annex}）" if annex else form.label

    def makes(self, product: Product) -> bool:
        """Whether it asks for that product of the year's duties."""
        section = MADE_BY.get(product)
        return section is None or getattr(self, section) is not None

    @property
    def pays(self) -> bool:
        """Whether money is released to its projects."""
        return any(action.pays for action in self.actions)

    @property
    def workbooks(self) -> tuple[Form | Listing, ...]:
        """The lists and forms that it has a use for."""
        used = {
            Form.APPLICATION: any(at.sheet == "application" for f in self.fields for at in f.asked),
            Form.REPORT: self.report is not None,
            Form.LEDGER: self.pays,
            Form.OPINIONS: self.review is not None,
            Form.ACCEPTANCE: any(action.checklist for action in self.actions),
            Form.INSPECTION: self.inspection is not None,
            Listing.FUNDS: self.pays,
        }
        return tuple(each for each in (*Listing, *Form) if used.get(each, True))

    def titled(self, form: Form, name: str) -> str:
        """A form's sheet, with the annex in front: ``附件2 项目申报表``."""
        return f"{self.annexes.get(form, '')} {name}".strip()

    def form_clause(self, form: Form) -> str:
        """What asks for a form: the annex that prints it, else the quota."""
        return self.annexes.get(form) or self.quota.clause

    @property
    def acceptance_clause(self) -> str:
        """The clause by which a checklist is filled in; empty where there is none."""
        return next((action.clause for action in self.actions if action.checklist), "")

    def clause_of(self, end: str) -> str:
        """The first clause of the inventory that ends at a function; empty where none does."""
        return next((line.clause for line in self.inventory if end in line.by), "")

    def release_clause(self, fund: str = "") -> str:
        """The clause by which the subsidy, or one fund of it, is released; empty where none is."""
        paying = (action for action in self.actions if action.pays and action.fund == fund)
        return next((action.clause for action in paying), "")

    def subsidy_clauses(self, fund: str = "") -> str:
        """The clauses that say how much the subsidy, or one fund of it, is."""
        own = (rule.clause for rule in self.subsidies if rule.fund == fund)
        return "；".join(dict.fromkeys(own))

    @property
    def purses(self) -> tuple[str, ...]:
        """Whose money there is: the sources, and in the place of the subsidy its several funds."""
        funds = tuple(fund.id for fund in self.funds)
        return (*(funds or (Source.PROVINCE,)), *OWN_SOURCES)

    def purse_name(self, purse: str) -> str:
        """What staff call a purse, or any source of money: ``福彩公益金``, ``省级补助``."""
        labels: dict[str, str] = {source: self.said(source.label) for source in Source}
        return {**labels, **{fund.id: fund.label for fund in self.funds}}.get(purse, purse)

    def source_of(self, purse: str) -> tuple[Source, str]:
        """Whose money a purse holds, and of which fund; empty where that is not of several."""
        if purse in {fund.id for fund in self.funds}:
            return Source.PROVINCE, purse
        return Source(purse), ""

    @property
    def money_clause(self) -> str:
        """The clause that says what money may be used for; empty where there is none."""
        return self.money.clause if self.money else ""

    @property
    def report_clause(self) -> str:
        """The clause of the monthly report; empty where there is none."""
        return self.report.clause if self.report else ""

    def sealed_by(self, city: str) -> tuple[str, ...]:
        """Whose seals a city's forms bear: its bureau, and who else keeps its money."""
        holders = self.authority.holders[Holder.CITY] if self.authority else ()
        keeping = [self.bodies[id].office for id in holders if id in self.bodies]
        names = (
            self.office(Level.CITY, city),
            *(name.format(city=city) for name in keeping if name),
        )
        return tuple(dict.fromkeys(names))

    def level_name(self, level: Level) -> str:
        """What the offices of a level are called in general: ``县民政局``, ``省民政厅``."""
        if level is Level.PROVINCE:
            return self.head_bureau
        if level is Level.REGION and level.value in self.bodies:
            return self.bodies[level.value].name
        return in_general(self.offices[level], self.levels)

    @property
    def county_bureaus(self) -> str:
        """What the counties' bureaus are called together: ``县（市、区）民政局``."""
        own = self.bodies.get(Level.COUNTY.value)
        return own.name if own else self.level_name(Level.COUNTY)

    @property
    def city_bureau(self) -> str:
        """What a city's bureau is called in general: ``市民政局``."""
        return self.level_name(Level.CITY)

    @property
    def trade(self) -> str:
        """What its bureaus look after: ``民政``."""
        return re.sub("(局|厅|委员会|委|办公室)$", "", self.offices[Level.CITY].rpartition("}")[2])

    @property
    def head_bureau(self) -> str:
        """What the bureau that runs the programme is called in passing: ``省民政厅``."""
        own = self.bodies.get(Level.PROVINCE.value)
        return own.name if own else self.office(Level.PROVINCE)

    @property
    def last_day(self) -> date:
        """The last day of its works."""
        return self.ends_on or date(self.year, 12, 31)

    @property
    def years(self) -> range:
        """The years of its works: 2023, or 2024 and 2025."""
        return range(self.year, self.last_day.year + 1)

    @property
    def years_said(self) -> str:
        """``2023年``; ``2024—2025年`` where its works take several."""
        return f"{self.year}年" if len(self.years) == 1 else f"{self.year}—{self.years[-1]}年"

    @property
    def programme(self) -> str:
        """Its name without its years: ``城镇社区幸福养老提速工程``."""
        return self.name.removeprefix(self.years_said)

    @property
    def everywhere(self) -> str:
        """``全省`` before its name in a title; nothing where the name says where it is."""
        return "" if self.province in self.programme else self.said("全省")

    @property
    def stage_order(self) -> tuple[str, ...]:
        """Stage ids from first to last."""
        return tuple(stage.id for stage in self.stages)

    @property
    def timed_rules(self) -> tuple[DeadlineRule | Duty, ...]:
        """Every deadline and duty, in the plan's order."""
        return (*self.deadlines, *self.duties)

    @cached_property
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
        return self._city.get(name)

    @cached_property
    def _city(self) -> Mapping[str, City]:
        return {city.name: city for city in reversed(self.cities)}

    def _months_of(self, duty: str) -> Mapping[str, str]:
        return next((item.months for item in self.duties if item.id == duty), {})

    def office(self, level: Level, city: str = "", county: str = "") -> str:
        """The name of the office at `level` for a place.

        In a city below which nothing lies it is the city's that does what a county's does.
        """
        if level is Level.COUNTY and city and not county:
            level = Level.CITY
        return self.offices[level].format(city=city, county=county, region=self.region_of(city))

    @cached_property
    def tiers(self) -> tuple[Level, ...]:
        """The levels that it has offices at, from the lowest: of four levels also the regions'."""
        return tuple(level for level in Level if level in self.offices)

    def region_of(self, city: str) -> str:
        """The region that a city lies in; empty where it lies in none, or is none."""
        found = self.city(city)
        return (found.region or "") if found else ""

    @property
    def upper(self) -> str:
        """Those above the cities, whose matters are held against none: ``省级``."""
        return f"{self.said('省级')}{'、片区' if self.regions else ''}"

    @property
    def regions(self) -> tuple[str, ...]:
        """Its regions, in the order of their cities; none where no office is there for them."""
        if Level.REGION not in self.offices:
            return ()
        return tuple(dict.fromkeys(city.region for city in self.cities if city.region))

    def cities_in(self, region: str) -> tuple[str, ...]:
        """The cities of a region, by name."""
        return tuple(city.name for city in self.cities if city.region == region)

    @property
    def undivided(self) -> tuple[str, ...]:
        """The cities below which nothing lies, by name."""
        return tuple(city.name for city in self.cities if city.undivided)

    def every_office(self) -> Iterator[Office]:
        """Every office of the plan: the province, the regions, then each city, its leader and its
        counties."""
        yield Office(Level.PROVINCE, "", "", self.office(Level.PROVINCE))
        for region in self.regions:
            name = self.offices[Level.REGION].format(city="", county="", region=region)
            yield Office(Level.REGION, "", "", name, region=region)
        places: list[tuple[Level, str, str]] = []
        for city in self.cities:
            places += [(Level.CITY, city.name, ""), (Level.CITY_LEADER, city.name, "")]
            below = () if city.undivided else city.counties
            places += [(Level.COUNTY, city.name, county.name) for county in below]
        for level, city_name, county_name in places:
            name = self.office(level, city_name, county_name)
            yield Office(level, city_name, county_name, name)

    @property
    def treasuries(self) -> tuple[str, ...]:
        """The bodies that keep the money, and no bureau of their level: the finance offices."""
        if self.authority is None:
            return ()
        civil = {level.value for level in Level}
        holding = {body for bodies in self.authority.holders.values() for body in bodies} - civil
        line = {body for bodies in self.authority.lines if holding & {*bodies} for body in bodies}
        return tuple(id for id in self.bodies if id not in civil and id in holding | line)

    def body_name(self, body: str, city: str = "", county: str = "", region: str = "") -> str:
        """The full name of a body, or of the office at a level, for a place or a region."""
        stated = self.bodies[body].office if body in self.bodies else None
        level = next((level for level in Level if level.value == body), None)
        if level and not stated and level is not Level.REGION:
            return self.office(level, city, county)
        pattern = stated or (self.offices[level] if level else self.bodies[body].name)
        return pattern.format(city=city, county=county, region=region)

    def contact_offices(self) -> Iterator[Office]:
        """Whoever may stand in the contacts: `every_office`, which is told, then finance offices.

        A finance office is found where the plan gives it a full name.
        """
        yield from self.every_office()
        for id in self.treasuries:
            if self.bodies[id].office is None:
                continue
            level = self.bodies[id].reached_at
            for office in self.every_office():
                if office.level is level:
                    name = self.body_name(id, office.city, office.county, office.region)
                    yield Office(level, office.city, office.county, name, id, office.region)

    @cached_property
    def contact_office(self) -> Mapping[str, Office]:
        """The `contact_offices` by name."""
        return {office.name: office for office in self.contact_offices()}

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
            "targets",
        )
        for group in (*groups, "deadlines", "duties"):
            for index, rule in enumerate(getattr(self, group)):
                yield f"{group}.{index}", rule
        for index, rule in enumerate(self.subsidies):
            yield f"subsidies.{index}", rule
        for index, field in enumerate(self.fields):
            if field.needed:
                yield f"fields.{index}.needed", field.needed
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


def _needs(field: ProfileField) -> Iterator[Requirement]:
    """The condition that a field is filled in, and the one that it lies within its bounds."""
    need = field.needed
    if need is None:
        return
    sheets = "、".join(
        dict.fromkeys(SHEETS[at.sheet] for at in field.asked if at.sheet != "listing")
    )
    where = f"在{sheets}" if sheets else ""
    shared = {
        **need.model_dump(exclude={"least", "most", "before", "when"}),
        "before": need.before,
        "when": need.when,
    }
    yield Requirement(
        id=field.id,
        check=PresentCheck(kind="present", fields=(field.id,)),
        says=f"没有填写{field.label}",
        mend=f"请{where}填写{field.label}",
        **shared,
    )
    if need.least is not None or need.most is not None:
        yield Requirement(
            id=f"{field.id}.bounds",
            check=BoundedCheck(kind="bounded", field=field.id, least=need.least, most=need.most),
            says=f"{field.label}{_bounds(field, need)}",
            mend=f"请核实{field.label}；填写有误的，请{where}更正",
            **shared,
        )


def _bounds(field: ProfileField, need: FieldNeed) -> str:
    least, most = (
        "" if bound is None else f"{bound.normalize():f}{field.unit}"
        for bound in (need.least, need.most)
    )
    if least and most:
        return f"不在{least}至{most}之间"
    return f"低于{least}" if least else f"高于{most}"

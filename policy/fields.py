"""What may be asked of a project: the types of fields, and the few that the product itself reads.

A plan declares its fields (`Plan.fields`). From that declaration come what is kept of a project and
in which type, the columns of its forms and how a cell is read and shown, what staff call a field,
what its rules may ask about, and, where it says so, from which step a field is needed.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from policy.clauses import Clause, Identifier, PlanNode, Text

Kind = Literal[
    "text",
    "name",
    "phone",
    "credit_code",
    "choice",
    "project_kind",
    "count",
    "number",
    "square_metres",
    "yuan",
    "day",
    "yes_no",
    "words",
]
"""What a field holds, which says how a cell of it is checked, kept and shown.

`name`: text without blanks; `credit_code`: 统一社会信用代码 (GB 32100); `choice`: one of the
field's own; `project_kind`: the id of one of the plan's `kinds`; `number`, `square_metres` and
`yuan` (元): from 0 on with two decimals; `count`: a whole number from 0 on; `words`: a set of
words.
"""
TYPES: Mapping[Kind, type] = {
    "count": int,
    "number": Decimal,
    "square_metres": Decimal,
    "yuan": Decimal,
    "day": date,
    "yes_no": bool,
    "words": frozenset,
}
"""The type of a value of each kind; text where it is not named."""
UNITS: Mapping[Kind, str] = {"square_metres": "平方米", "yuan": "元"}
NUMERIC: tuple[Kind, ...] = ("count", "number", "square_metres", "yuan")
"""The kinds whose values are numbers, from 0 on."""

SheetId = Literal[
    "application",
    "summary",
    "supplement",
    "supplement_2",
    "supplement_3",
    "report",
    "listing",
]
SUMMARY_SHEET = "汇总表"
SUPPLEMENT_SHEET = "补充信息表"
SITE_SHEET = "补充信息表（续一）"
OPERATOR_SHEET = "补充信息表（续二）"
REPORT_SHEET = "月报"
PROJECTS_SHEET = "项目台账"
APPLICATION_SHEET = "项目申报表"
SHEETS: Mapping[SheetId, str] = {
    "application": APPLICATION_SHEET,
    "summary": SUMMARY_SHEET,
    "supplement": SUPPLEMENT_SHEET,
    "supplement_2": SITE_SHEET,
    "supplement_3": OPERATOR_SHEET,
    "report": REPORT_SHEET,
    "listing": PROJECTS_SHEET,
}
"""On what a field may be asked, or only shown (`listing`), with the name of the sheet."""


class FieldColumn(PlanNode):
    """Where a form asks for a field. What is not given follows from the field."""

    sheet: SheetId
    heading: Text | None = None
    """As printed; money in the unit that it names."""
    known_by: Text | None = None
    """A regular expression found in the heading without blanks, by which it is known when read."""
    width: Annotated[float, Field(gt=0, le=80)] | None = None
    """In half-width characters."""
    centred: bool = False
    """Whether it is centred though it is text."""


class FieldNeed(Clause):
    """From which step a field is needed, and within which bounds (`Plan.conditions`)."""

    before: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """The actions, and the milestones recorded by hand, that it guards."""
    least: Decimal | None = None
    most: Decimal | None = None
    """Ends included, 元 for money; only for numbers."""
    when: dict[Identifier, tuple[Text, ...]] = Field(default_factory=dict)
    """It is needed only of projects whose fields have one of these values; empty: of all."""
    reasoned: bool = False
    """True for a soft need that asks for a written reason where it is not met."""


class ProfileField(PlanNode):
    """One field. None or an empty set: not stated, never taken for zero or no."""

    id: Identifier
    label: Text
    """What staff call it."""
    kind: Kind = "text"
    measured_in: Text | None = None
    """The unit of a count or a number: 人, 餐."""
    asked: tuple[FieldColumn, ...] = ()
    """A sheet has its columns in the order of the fields. One of `words` has a column a word."""
    choices: tuple[Text, ...] = ()
    """Of a `choice`, or the words of `words` where no condition lists them."""
    meanings: dict[Text, Text] = Field(default_factory=dict)
    """What each of the choices stands for, where they are single letters."""
    reviewed: bool = True
    """False: a workbook may still change it once the application is closed."""
    needed: FieldNeed | None = None

    @property
    def value_type(self) -> type:
        """The type of its value where it is stated."""
        return TYPES.get(self.kind, str)

    @property
    def unit(self) -> str:
        """In what its value is kept and told; empty where it has none."""
        return self.measured_in or UNITS.get(self.kind, "")

    @property
    def unstated(self) -> frozenset[str] | None:
        """Its value where nothing is stated."""
        return frozenset() if self.kind == "words" else None

    def worded(self, value: str) -> str:
        """A choice with what it stands for, where it is a single letter."""
        meaning = self.meanings.get(value)
        return f"{value}（{meaning}）" if meaning else value

    def column(self, sheet: SheetId) -> FieldColumn | None:
        """Where a sheet asks for it; None where the sheet does not."""
        return next((at for at in self.asked if at.sheet == sheet), None)


class CoreField(NamedTuple):
    """A field of which the product itself knows what it is for."""

    label: str
    kind: Kind
    choices: tuple[str, ...] = ()


CORE: Mapping[str, CoreField] = {
    "street": CoreField("街道（乡镇）", "text"),
    "community": CoreField("社区", "text"),
    "kind": CoreField("项目类别", "project_kind"),
    "operator": CoreField("运行主体", "text"),
    "building_kind": CoreField("配建性质", "choice", ("新建", "改建", "购置", "其他")),
    "area": CoreField("建筑面积", "square_metres"),
    "investment": CoreField("投资总额", "yuan"),
    "address": CoreField("项目地址", "text"),
    "beds": CoreField("床位数", "count"),
    "operator_manager": CoreField("运行主体负责人", "text"),
    "operator_phone": CoreField("运行主体电话", "phone"),
    "city_share": CoreField("市级承诺配套", "yuan"),
    "county_share": CoreField("县级承诺配套", "yuan"),
    "responsible_person": CoreField("责任人", "name"),
    "responsible_phone": CoreField("责任人电话", "phone"),
    "explanation": CoreField("情况说明", "text"),
}
"""The fixed core: place, kind, people, money, what subsidies are worked out from, reasons.

A plan declares those of them that it asks for, under this kind and with these choices.
"""
RESERVED = frozenset(
    {
        *("plan", "code", "name", "city", "county", "county_code", "county_type", "further"),
        *("stage", "disposition", "last_on", "findings", "checks", "released", "profile"),
        "released_funds",
        *("number", "project", "lamp", "subsidy", "percent", "invested", "on_schedule", "problem"),
        *("next_step", "province_received", "local_received"),
    }
)
"""What else is kept or printed of a project by such a name: no field of a plan may take it."""
PLACE = ("street", "community")
"""Every project has them, whether or not a plan declares them: its name is made of them."""


class _NamesField:
    """Marks what names a field of the plan, see `FieldId`."""


NAMES_FIELD = _NamesField()
FieldId = Annotated[Identifier, NAMES_FIELD]
"""The id of a field that the plan declares (`policy.faults.fields` holds it to that)."""

"""The fields of a project's profile: what the forms ask of a project, each declared once.

From here come the types of `states.dossier.Profile`, the columns of the database and of the
workbooks, how a cell is read and shown, what staff call a field, and what a plan may ask about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

Kind = Literal[
    "text",
    "name",
    "phone",
    "credit_code",
    "choice",
    "project_kind",
    "count",
    "square_metres",
    "yuan",
    "day",
    "yes_no",
    "words",
]
"""What a field holds, which says how a cell of it is checked, kept and shown.

`name`: text without blanks; `credit_code`: 统一社会信用代码 (GB 32100); `choice`: one of the
field's own; `project_kind`: the id of one of the plan's `kinds`; `square_metres` and `yuan` (元):
from 0 on with two decimals; `count`: a whole number from 0 on; `words`: a set of words of the plan.
"""
TYPES: Mapping[Kind, type] = {
    "count": int,
    "square_metres": Decimal,
    "yuan": Decimal,
    "day": date,
    "yes_no": bool,
    "words": frozenset,
}
"""The type of a value of each kind; text where it is not named."""
UNITS: Mapping[Kind, str] = {"square_metres": "平方米", "yuan": "元"}

SUMMARY_SHEET = "附件3 汇总表"
SUPPLEMENT_SHEET = "补充信息表"
SITE_SHEET = "补充信息表（续一）"
OPERATOR_SHEET = "补充信息表（续二）"
REPORT_SHEET = "月报"
PROJECTS_SHEET = "项目台账"


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """Where a workbook holds a field, as `documents.writing.columns.Column` has it."""

    sheet: str
    heading: str
    """As printed; money in the unit that it names."""
    known_by: str
    """By which it is known when it is read; empty where it is not: in a list to look things up."""
    width: float
    centred: bool = False
    """Whether it is centred though it is text."""


@dataclass(frozen=True, slots=True)
class ProfileField:
    """One field. None or an empty set: not stated, never taken for zero or no."""

    id: str
    label: str
    """What staff call it."""
    kind: Kind = "text"
    columns: tuple[FieldColumn, ...] = ()
    """A sheet has its columns in the order of the fields. One of `words` has a column a word."""
    choices: tuple[str, ...] = ()
    reviewed: bool = True
    """False: a workbook may still change it once the application is closed."""

    @property
    def value_type(self) -> type:
        """The type of its value where it is stated."""
        return TYPES.get(self.kind, str)

    @property
    def unit(self) -> str:
        """In what its value is kept and told; empty where it has none."""
        return UNITS.get(self.kind, "")

    @property
    def unstated(self) -> frozenset[str] | None:
        """Its value where nothing is stated."""
        return frozenset() if self.kind == "words" else None


def _field(
    id: str,
    label: str,
    kind: Kind = "text",
    *columns: FieldColumn,
    choices: tuple[str, ...] = (),
    reviewed: bool = True,
) -> ProfileField:
    return ProfileField(id, label, kind, columns, choices, reviewed)


def _open(id: str, label: str, kind: Kind, *columns: FieldColumn) -> ProfileField:
    """A field that a workbook may still change once the application is closed."""
    return _field(id, label, kind, *columns, reviewed=False)


def _site_day(id: str, label: str, heading: str, known_by: str) -> ProfileField:
    return _field(id, label, "day", _site(heading, known_by, 11.5))


_summary = partial(FieldColumn, SUMMARY_SHEET)
_supplement = partial(FieldColumn, SUPPLEMENT_SHEET)
_site = partial(FieldColumn, SITE_SHEET)
_operator = partial(FieldColumn, OPERATOR_SHEET)
_report = partial(FieldColumn, REPORT_SHEET)
_listed = partial(FieldColumn, PROJECTS_SHEET)

_OPERATOR = r"^运[营行](主体|机构|单位)"
_PHONE = r"^(责任人)?(联系)?电话"

_DECLARED = (
    _field("street", "街道（乡镇）"),
    _field("community", "社区"),
    _field("kind", "项目类别", "project_kind", _site("项目\n类别", r"^项目类别", 12)),
    # As named in 附件3; only proposed until the operator is confirmed.
    _open(
        "operator",
        "运行主体",
        "text",
        _summary("运行主体", _OPERATOR, 30),
        _report("运营机构", rf"{_OPERATOR}(名称)?$", 18),
        _listed("运行主体", "", 22),
    ),
    _field(
        "building_kind",
        "配建性质",
        "choice",
        _summary("配建性质\n（新建、改建、\n购置、其他-请注明）", r"^(配建|建设)性质", 20),
        _listed("配建性质", "", 9),
        choices=("新建", "改建", "购置", "其他"),
    ),
    _field(
        "area",
        "建筑面积",
        "square_metres",
        _summary("建筑面积\n（m²）", r"建筑面积", 13),
        _listed("建筑面积\n（㎡）", "", 11),
    ),
    _field(
        "investment",
        "投资总额",
        "yuan",
        _summary("投资总额\n（万元）", r"(投资总额|总投资)", 13),
        _listed("投资总额\n（元）", "", 15),
    ),
    _open("address", "项目地址", "text", _supplement("项目地址", r"^(项目)?地址", 18)),
    # A to D of 四(一).
    _field(
        "site_source",
        "场地来源",
        "choice",
        _supplement("场地\n来源\n（A–D）", r"^场地来源", 7),
        choices=("A", "B", "C", "D"),
    ),
    _field("site_owner", "场地产权人", "text", _site("场地\n产权人", r"^场地产权人", 16)),
    # E.g. 政府无偿提供.
    _field("tenure", "场地使用方式", "name", _supplement("场地\n使用方式", r"^场地使用方式", 10)),
    _field("annual_rent", "年租金", "yuan", _site("年租金\n（元）", r"^年租金", 9)),
    # Of 长期免费使用协议 with an owner who is not the government, 四(一).
    _site_day("agreement_signed_on", "使用协议签订日期", "使用协议\n签订日期", r"协议签订"),
    _site_day("agreement_from", "使用协议起始日期", "使用协议\n起始日期", r"协议起始"),
    _site_day("agreement_to", "使用协议截止日期", "使用协议\n截止日期", r"协议(截止|终止|到期)"),
    # The renewal that the site is part of.
    _field(
        "renewal_project",
        "老旧小区改造项目",
        "text",
        _site("老旧小区\n改造项目", r"^老旧小区改造", 14),
    ),
    # Who bought the room and on what basis, where 配建性质 is 购置.
    _field("purchase_basis", "购置单位及依据", "text", _site("购置单位\n及依据", r"^购置单位", 14)),
    _field(
        "beds",
        "床位数",
        "count",
        _supplement("嵌入式\n床位数", r"床位数?", 7.5),
        _listed("床位", "", 7),
    ),
    _field("households", "入住户数", "count", _supplement("入住\n户数", r"户数", 7)),
    # 三(一).
    _field(
        "old_community", "是否老旧小区", "yes_no", _site("是否\n老旧\n小区", r"是否老旧小区", 6)
    ),
    # Of 60 and above.
    _field("elderly", "老年人数", "count", _site("60岁以上\n老年人数", r"老年人(口|数)", 9)),
    _field(
        "settlement",
        "城乡分类",
        "choice",
        _site("城乡\n分类", r"^城乡分类", 8),
        choices=("城镇", "村改居", "农村"),
    ),
    _field("functions", "服务功能", "words", _supplement("", "", 5.5)),
    _field("commitments", "承诺事项", "words", _supplement("", "", 5.5)),
    # 市级实地查看.
    _field("visited_on", "实地查看日期", "day", _supplement("实地查看\n日期", r"^实地查看", 12)),
    _field("visited_by", "实地查看人", "text", _site("查看人", r"查看人", 10)),
    _field("visit_finding", "实地查看意见", "text", _site("查看意见", r"查看意见", 14)),
    # The opinions on 附件2.
    _site_day("county_civil_on", "县民政局意见日期", "县民政局\n意见日期", r"^县.*民政局意见"),
    _site_day("county_finance_on", "县财政局意见日期", "县财政局\n意见日期", r"^县.*财政局意见"),
    _site_day("city_civil_on", "市民政局意见日期", "市民政局\n意见日期", r"^市民政局意见"),
    _site_day("city_finance_on", "市财政局意见日期", "市财政局\n意见日期", r"^市财政局意见"),
    _field(
        "letter_issuer", "申报函发函单位", "name", _supplement("申报函\n发函单位", r"发函单位", 12)
    ),
    _field("letter_number", "申报函文号", "name", _supplement("申报函\n文号", r"^申报函文号", 13)),
    _field("letter_on", "申报函日期", "day", _supplement("申报函\n日期", r"^申报函日期", 12)),
    _open(
        "operator_code",
        "统一社会信用代码",
        "credit_code",
        _operator("统一社会信用代码\n（运行主体）", r"统一社会信用代码", 24),
    ),
    _open("operator_registrar", "登记机关", "text", _operator("登记机关", r"登记机关", 18)),
    _open("operator_registered_on", "登记日期", "day", _operator("登记日期", r"登记日期", 11.5)),
    _open("operator_filing", "备案编号", "text", _operator("备案编号", r"备案编号", 18)),
    _open("operator_filed_on", "备案日期", "day", _operator("备案日期", r"备案日期", 11.5)),
    _open(
        "operator_since",
        "从事养老服务起始日",
        "day",
        _operator("从事养老\n服务起始日", r"从事养老服务", 11.5),
    ),
    # Independent of the site's owner and of the civil affairs offices, 三(三).
    _open(
        "operator_third_party", "是否第三方", "yes_no", _operator("是否\n第三方", r"是否第三方", 7)
    ),
    _open(
        "operator_manager",
        "运行主体负责人",
        "text",
        _operator("负责人", r"^(运行主体)?负责人$", 10, centred=True),
    ),
    _open(
        "operator_phone",
        "运行主体电话",
        "phone",
        _operator("负责人\n电话", r"^(运行主体)?负责人电话", 15),
    ),
    _field(
        "city_share",
        "市级承诺配套",
        "yuan",
        _operator("市级承诺\n配套（万元）", r"^市级(承诺)?配套", 12),
    ),
    _field(
        "county_share",
        "县级承诺配套",
        "yuan",
        _operator("县级承诺\n配套（万元）", r"^县级(承诺)?配套", 12),
    ),
    _open(
        "responsible_person",
        "责任人",
        "name",
        _supplement("责任人", r"^(项目)?责任人$", 9),
        _report("责任人", r"^责任人(姓名)?$", 8),
        _listed("责任人", "", 10),
    ),
    _open(
        "responsible_phone",
        "责任人电话",
        "phone",
        _supplement("联系\n电话", _PHONE, 14),
        _report("电话", _PHONE, 15),
        _listed("电话", "", 15),
    ),
    # The written reason for what departs from a soft condition.
    _field(
        "explanation", "情况说明", "text", _site("情况说明\n（有不符之处的须填）", r"^情况说明", 30)
    ),
)
FIELDS: Mapping[str, ProfileField] = {field.id: field for field in _DECLARED}
"""By id, in the order in which they are told."""


def _declared(id: str) -> str:
    if id not in FIELDS:
        raise PydanticCustomError("field", "项目档案没有“{id}”这一项", {"id": id})
    return id


FieldId = Annotated[str, AfterValidator(_declared)]
"""What a check may ask about."""

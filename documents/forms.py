"""The columns of the forms: how each is recognised when read, and how it is laid out."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from policy.checks import Includes
from policy.schema import Plan

SUMMARY_SHEET = "附件3 汇总表"
SUPPLEMENT_SHEET = "补充信息表"
SITE_SHEET = "补充信息表（续一）"
OPERATOR_SHEET = "补充信息表（续二）"
CONTACTS_SHEET = "通讯录"
BUILDING_KINDS = ("新建", "改建", "购置", "其他")
SITE_SOURCES = ("A", "B", "C", "D")
SETTLEMENTS = ("城镇", "村改居", "农村")
YES_NO = ("是", "否")

TWO_DECIMALS = "0.00"
DAY = "yyyy-mm-dd"
TEXT = "@"
COUNTY = (
    r"(区\(县、市\)|县\(市、区\)|县\(区、市\)|市\(县、区\)"
    r"|[区县市]{2,3}名称|^区县$|^县区$|^县市区$)"
)


@dataclass(frozen=True)
class Column:
    """One column of a form."""

    key: str
    heading: str
    """As printed in the header row."""
    known_by: str
    """A regular expression found in the heading once it is `plain`."""
    width: float
    """In half-width characters of 11 points."""
    format: str = TEXT
    choices: tuple[str, ...] = ()
    centred: bool = False
    optional: bool = False
    """Whether a workbook may come without it."""
    locked: bool = False
    """Whether the cells of rows that are filled in beforehand are protected."""
    clause: str = ""
    """The clause that asks for it."""


@cache
def pattern(known_by: str) -> re.Pattern[str]:
    """`Column.known_by`, compiled."""
    return re.compile(known_by)


@lru_cache(maxsize=4096)
def plain(heading: object) -> str:
    """A heading without blanks and in plain width, so that printing habits do not matter."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", str(heading)))


NUMBER = Column("number", "序号", r"^序号", 6, "0", centred=True, locked=True)
PLACE = Column("county", "区（县、市）名称", COUNTY, 14, centred=True, locked=True)
PROJECT = Column(
    "project",
    "社区项目名称\n（××乡镇（街道）××村（社区）养老幸福工程）",
    r"项目名称",
    42,
    locked=True,
)

SUMMARY = (
    NUMBER,
    PLACE,
    PROJECT,
    Column("operator", "运行主体", r"^运[行营](主体|机构|单位)", 30),
    Column(
        "building_kind",
        "配建性质\n（新建、改建、\n购置、其他-请注明）",
        r"^(配建|建设)性质",
        20,
        choices=BUILDING_KINDS,
        centred=True,
    ),
    Column("area", "建筑面积\n（m²）", r"建筑面积", 13, TWO_DECIMALS),
    Column("investment", "投资总额\n（万元）", r"(投资总额|总投资)", 13, TWO_DECIMALS),
)
"""附件3, in the order of the notice."""

CONTACTS = (
    Column("office", "机构", r"^(机构|单位)(名称)?$", 34),
    Column("name", "姓名", r"^姓名$", 14, centred=True),
    Column("role", "职务", r"^职务", 20),
    Column("phone", "联系电话", r"^(手机|联系电话|电话)", 18, centred=True),
    Column("divisions", "分管范围", r"^分管(范围|区域|地区)", 26, optional=True),
    Column("channels", "通知渠道", r"^通知(渠道|地址)", 44),
    Column("substitute", "代理人", r"^代理人", 24, optional=True),
    Column("away_from", "代理开始", r"^代理(开始|起始)", 13, DAY, centred=True, optional=True),
    Column("away_to", "代理结束", r"^代理(结束|截止|终止)", 13, DAY, centred=True, optional=True),
)


def supplements(plan: Plan) -> dict[str, tuple[Column, ...]]:
    """补充信息表, by sheet: what the plan's conditions need and 附件3 does not ask for."""
    return {
        SUPPLEMENT_SHEET: (*_project_columns(), *_supplement(plan)),
        SITE_SHEET: (*_project_columns(), *_kind(plan), *SITE),
        OPERATOR_SHEET: (*_project_columns(), *OPERATOR),
    }


def _project_columns() -> tuple[Column, ...]:
    """What names the project on each sheet."""
    return (
        replace(NUMBER, width=5),
        replace(PLACE, heading="区（县、市）\n名称", width=11),
        Column("project", "社区项目名称", r"项目名称", 22, locked=True),
    )


def _kind(plan: Plan) -> tuple[Column, ...]:
    """项目类别, where the plan has several."""
    labels = tuple(kind.label for kind in plan.kinds)
    column = Column("kind", "项目\n类别", r"^项目类别", 12, choices=labels, centred=True)
    return (column,) if labels else ()


def _day(key: str, heading: str, known_by: str) -> Column:
    return Column(key, heading, known_by, 11.5, DAY, centred=True)


SITE = (
    Column("site_owner", "场地\n产权人", r"^场地产权人", 16),
    Column("annual_rent", "年租金\n（元）", r"^年租金", 9, TWO_DECIMALS),
    _day("agreement_signed_on", "使用协议\n签订日期", r"协议签订"),
    _day("agreement_from", "使用协议\n起始日期", r"协议起始"),
    _day("agreement_to", "使用协议\n截止日期", r"协议(截止|终止|到期)"),
    Column("renewal_project", "老旧小区\n改造项目", r"^老旧小区改造", 14),
    Column("purchase_basis", "购置单位\n及依据", r"^购置单位", 14),
    Column("old_community", "是否\n老旧\n小区", r"是否老旧小区", 6, TEXT, YES_NO, True),
    Column("elderly", "60岁以上\n老年人数", r"老年人(口|数)", 9, "0", centred=True),
    Column("settlement", "城乡\n分类", r"^城乡分类", 8, TEXT, SETTLEMENTS, True),
    Column("visited_by", "查看人", r"查看人", 10),
    Column("visit_finding", "查看意见", r"查看意见", 14),
    _day("county_civil_on", "县民政局\n意见日期", r"^县.*民政局意见"),
    _day("county_finance_on", "县财政局\n意见日期", r"^县.*财政局意见"),
    _day("city_civil_on", "市民政局\n意见日期", r"^市民政局意见"),
    _day("city_finance_on", "市财政局\n意见日期", r"^市财政局意见"),
    Column("explanation", "情况说明\n（有不符之处的须填）", r"^情况说明", 30),
)
OPERATOR = (
    Column(
        "operator_code", "统一社会信用代码\n（运行主体）", r"统一社会信用代码", 24, centred=True
    ),
    Column("operator_registrar", "登记机关", r"登记机关", 18),
    _day("operator_registered_on", "登记日期", r"登记日期"),
    Column("operator_filing", "备案编号", r"备案编号", 18),
    _day("operator_filed_on", "备案日期", r"备案日期"),
    _day("operator_since", "从事养老\n服务起始日", r"从事养老服务"),
    Column("operator_third_party", "是否\n第三方", r"是否第三方", 7, TEXT, YES_NO, True),
    Column("operator_manager", "负责人", r"^(运行主体)?负责人$", 10, centred=True),
    Column("operator_phone", "负责人\n电话", r"^(运行主体)?负责人电话", 15, centred=True),
    Column("city_share", "市级承诺\n配套（万元）", r"^市级(承诺)?配套", 12, TWO_DECIMALS),
    Column("county_share", "县级承诺\n配套（万元）", r"^县级(承诺)?配套", 12, TWO_DECIMALS),
)


def _supplement(plan: Plan) -> tuple[Column, ...]:
    return (
        Column("address", "项目地址", r"^(项目)?地址", 18),
        Column("site_source", "场地\n来源\n（A–D）", r"^场地来源", 7, TEXT, SITE_SOURCES, True),
        Column("tenure", "场地\n使用方式", r"^场地使用方式", 10, centred=True),
        Column("beds", "嵌入式\n床位数", r"床位数?", 7.5, "0", centred=True),
        Column("households", "入住\n户数", r"户数", 7, "0", centred=True),
        *(_yes_no(word) for word in (*listed(plan, "functions"), *listed(plan, "commitments"))),
        Column("visited_on", "实地查看\n日期", r"^实地查看", 12, DAY, centred=True),
        Column("letter_issuer", "申报函\n发函单位", r"发函单位", 12, centred=True),
        Column("letter_number", "申报函\n文号", r"^申报函文号", 13, centred=True),
        Column("letter_on", "申报函\n日期", r"^申报函日期", 12, DAY, centred=True),
        Column("responsible_person", "责任人", r"^(项目)?责任人$", 9, centred=True),
        Column("responsible_phone", "联系\n电话", r"^(责任人)?(联系)?电话", 14, centred=True),
    )


def ticked(plan: Plan) -> dict[str, str]:
    """The words that have a column of their own to be ticked, with the field that holds them."""
    return {word: field for field in ("functions", "commitments") for word in listed(plan, field)}


def listed(plan: Plan, field: str) -> tuple[str, ...]:
    """The words that the plan's conditions want in a list-valued field, e.g. the six functions."""
    checks = (rule.check for rule in plan.requirements)
    return next((c.values for c in checks if isinstance(c, Includes) and c.field == field), ())


def _yes_no(word: str) -> Column:
    # Two characters a line: nine such columns must leave room for the rest of an A4 page.
    heading = "\n".join(word[i : i + 2] for i in range(0, len(word), 2))
    return Column(word, heading, re.escape(word), 5.5, TEXT, YES_NO, True)

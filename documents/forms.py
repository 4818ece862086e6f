"""The columns of the forms: how each is recognised when read, and how it is laid out."""

import re
import unicodedata
from dataclasses import dataclass, replace

from policy.schema import Includes, Plan

SUMMARY_SHEET = "附件3 汇总表"
SUPPLEMENT_SHEET = "补充信息表"
CONTACTS_SHEET = "通讯录"
BUILDING_KINDS = ("新建", "改建", "购置", "其他")
SITE_SOURCES = ("A", "B", "C", "D")
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


def plain(heading: object) -> str:
    """A heading without blanks and in plain width, so that printing habits do not matter."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", str(heading)))


NUMBER = Column("number", "序号", r"^序号", 6, "0", centred=True)
PLACE = Column("county", "区（县、市）名称", COUNTY, 14, centred=True)
PROJECT = Column(
    "project",
    "社区项目名称\n（××乡镇（街道）××村（社区）养老幸福工程）",
    r"项目名称",
    42,
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
    Column("duty", "职务", r"^职务", 20),
    Column("phone", "手机", r"^(手机|联系电话|电话)", 18, centred=True),
    Column("address", "通知地址", r"^通知地址", 44),
)


def supplement(plan: Plan) -> tuple[Column, ...]:
    """补充信息表: what the plan's conditions need and 附件3 does not ask for."""
    return (
        replace(NUMBER, width=5),
        replace(PLACE, heading="区（县、市）\n名称", width=11),
        Column("project", "社区项目名称", r"项目名称", 22),
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


def listed(plan: Plan, field: str) -> tuple[str, ...]:
    """The words that the plan's conditions want in a list-valued field, e.g. the six functions."""
    checks = (rule.check for rule in plan.requirements)
    return next((c.values for c in checks if isinstance(c, Includes) and c.field == field), ())


def _yes_no(word: str) -> Column:
    # Two characters a line: nine such columns must leave room for the rest of an A4 page.
    heading = "\n".join(word[i : i + 2] for i in range(0, len(word), 2))
    return Column(word, heading, re.escape(word), 5.5, TEXT, YES_NO, True)

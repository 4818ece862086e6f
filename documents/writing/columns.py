"""The columns of the forms: how each is recognised when read, and how it is laid out."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from policy.checks import IncludesCheck
from policy.fields import (
    FIELDS,
    OPERATOR_SHEET,
    SITE_SHEET,
    SUMMARY_SHEET,
    SUPPLEMENT_SHEET,
    FieldColumn,
    Kind,
    ProfileField,
)
from policy.schema import Plan

CONTACTS_SHEET = "通讯录"
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


FORMATS: Mapping[Kind, str] = {
    "square_metres": TWO_DECIMALS,
    "yuan": TWO_DECIMALS,
    "count": "0",
    "day": DAY,
}
LEFT: tuple[Kind, ...] = ("text", "square_metres", "yuan", "words")
"""The kinds of fields whose cells are not centred."""


def field_columns(sheet: str, plan: Plan) -> tuple[Column, ...]:
    """The columns in which a sheet holds fields of a project's profile."""
    return tuple(
        column
        for field in FIELDS.values()
        for at in field.columns
        if at.sheet == sheet
        for column in _columns(field, at, plan)
    )


def _columns(field: ProfileField, at: FieldColumn, plan: Plan) -> tuple[Column, ...]:
    if field.kind == "words":
        return tuple(_yes_no(word, at.width) for word in listed(plan, field.id))
    if field.kind != "project_kind":
        return (_column(field, at, field.choices),)
    labels = tuple(kind.label for kind in plan.kinds)
    return (_column(field, at, labels),) if labels else ()


def _column(field: ProfileField, at: FieldColumn, choices: tuple[str, ...]) -> Column:
    return Column(
        field.id,
        at.heading,
        at.known_by,
        at.width,
        FORMATS.get(field.kind, TEXT),
        YES_NO if field.kind == "yes_no" else choices,
        centred=at.centred or field.kind not in LEFT,
    )


def _yes_no(word: str, width: float) -> Column:
    # Two characters a line: nine such columns must leave room for the rest of an A4 page.
    heading = "\n".join(word[i : i + 2] for i in range(0, len(word), 2))
    return Column(word, heading, re.escape(word), width, TEXT, YES_NO, True)


def summary_columns(plan: Plan) -> tuple[Column, ...]:
    """附件3, in the order of the notice."""
    return (NUMBER, PLACE, PROJECT, *field_columns(SUMMARY_SHEET, plan))


def supplements(plan: Plan) -> dict[str, tuple[Column, ...]]:
    """补充信息表, by sheet: what the plan's conditions need and 附件3 does not ask for."""
    place = (
        replace(NUMBER, width=5),
        replace(PLACE, heading="区（县、市）\n名称", width=11),
        replace(PROJECT, heading="社区项目名称", width=22),
    )
    sheets = (SUPPLEMENT_SHEET, SITE_SHEET, OPERATOR_SHEET)
    return {sheet: (*place, *field_columns(sheet, plan)) for sheet in sheets}


def ticked(plan: Plan) -> dict[str, str]:
    """The words that have a column of their own to be ticked, with the field that holds them."""
    fields = (id for id, field in FIELDS.items() if field.kind == "words")
    return {word: id for id in fields for word in listed(plan, id)}


def listed(plan: Plan, field: str) -> tuple[str, ...]:
    """The words that the plan's conditions want in a list-valued field, e.g. the six functions."""
    checks = (rule.check for rule in plan.requirements)
    return next((c.values for c in checks if isinstance(c, IncludesCheck) and c.field == field), ())


def shown(column: Column, value: Any) -> Any:
    """What a column shows of a value: 是 or 否 for a truth, money in the unit of its heading."""
    if isinstance(value, bool):
        return YES_NO[not value]
    if value is not None and "万元" in column.heading:
        return Decimal(value) / Decimal(10000)
    return value

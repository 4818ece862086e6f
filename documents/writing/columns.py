"""The columns of the forms: how each is recognised when read, and how it is laid out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from common.words import alike
from policy.checks import IncludesCheck
from policy.fields import (
    SHEETS,
    FieldColumn,
    Kind,
    ProfileField,
    SheetId,
)
from policy.levels import SAID
from policy.schema import Plan

CONTACTS_SHEET = "通讯录"
YES_NO = ("是", "否")

TWO_DECIMALS = "#,##0.00_ "
"""Of all numbers with decimals; the gap keeps them off the next column."""
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
    return re.sub(r"\s", "", alike(str(heading)))


NUMBER = Column("number", "序号", r"^序号", 6, "0", centred=True, locked=True)
PLACE = Column("county", "区（县、市）名称", COUNTY, 14, centred=True, locked=True)
PROJECT = Column("project", "社区项目名称", r"项目名称", 42, locked=True)

CONTACTS = (
    Column("office", "单位", r"^(机构|单位)(名称)?$", 34),
    Column("name", "姓名", r"^姓名$", 14, centred=True),
    Column("role", "职务", r"^职务", 20),
    Column("phone", "联系电话", r"^(手机|联系电话|电话)", 18, centred=True),
    Column("divisions", "分管范围", r"^分管(范围|区域|地区)", 26, optional=True),
    Column("channels", "通知方式", r"^通知(方式|渠道|地址)", 44),
    Column("substitute", "代理人", r"^代理人", 24, optional=True),
    Column("away_from", "代理开始", r"^代理(开始|起始)", 13, DAY, centred=True, optional=True),
    Column("away_to", "代理结束", r"^代理(结束|截止|终止)", 13, DAY, centred=True, optional=True),
)


FORMATS: Mapping[Kind, str] = {
    "number": TWO_DECIMALS,
    "square_metres": TWO_DECIMALS,
    "yuan": TWO_DECIMALS,
    "count": "0",
    "day": DAY,
}
LEFT: tuple[Kind, ...] = ("text", "number", "square_metres", "yuan", "words")
"""The kinds of fields whose cells are not centred."""
WIDTHS: Mapping[Kind, float] = {
    "text": 16,
    "phone": 15,
    "credit_code": 24,
    "project_kind": 12,
    "yuan": 12,
    "day": 11.5,
    "yes_no": 7,
    "words": 5.5,
}
"""How wide a column is that says nothing of it; 10 where the kind is not named."""
LEVELLED = ("holder", "to_holder")
"""The columns whose choices say where money lies."""
SUPPLEMENTS: tuple[SheetId, ...] = ("supplement", "supplement_2", "supplement_3")


def in_words(plan: Plan, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The product's own columns in the plan's words for its levels, and known by them, too."""
    return tuple(_in_words(plan, each) for each in columns)


def _in_words(plan: Plan, column: Column) -> Column:
    heading = plan.said(column.heading)
    choices = tuple(map(plan.said, column.choices)) if column.key in LEVELLED else column.choices
    own = column.key in plan.field or any(it in plain(column.heading) for it in _labels(plan))
    if own or (heading, choices) == (column.heading, column.choices):
        return column
    known_by = f"{column.known_by}|^{re.escape(plain(heading))}$"
    return replace(column, heading=heading, choices=choices, known_by=known_by)


@lru_cache(maxsize=32)
def _labels(plan: Plan) -> frozenset[str]:
    """The plan's own words in which a level is named: they are as they are."""
    groups = (plan.stages, plan.milestones, plan.actions, plan.kinds, plan.evidence)
    labels = (str(getattr(rule, "label")) for rules in groups for rule in rules)  # noqa: B009
    return frozenset(label for label in labels if SAID.search(label))


def field_columns(sheet: SheetId, plan: Plan) -> tuple[Column, ...]:
    """The columns in which a sheet holds fields of a project's profile."""
    return tuple(
        column
        for field in plan.fields
        if (at := field.column(sheet))
        for column in _columns(field, at, plan)
    )


def heading_of(field: ProfileField, at: FieldColumn) -> str:
    """What a column is called: its own heading, else the field's name with its unit."""
    return at.heading or (f"{field.label}\n（{field.unit}）" if field.unit else field.label)


def _columns(field: ProfileField, at: FieldColumn, plan: Plan) -> tuple[Column, ...]:
    if field.kind == "words":
        width = at.width or WIDTHS[field.kind]
        return tuple(_yes_no(word, width) for word in listed(plan, field.id))
    if field.kind != "project_kind":
        return (_column(field, at, field.choices),)
    labels = tuple(kind.label for kind in plan.kinds)
    return (_column(field, at, labels),) if labels else ()


def _column(field: ProfileField, at: FieldColumn, choices: tuple[str, ...]) -> Column:
    return Column(
        field.id,
        heading_of(field, at),
        at.known_by or f"^{re.escape(plain(field.label))}",
        at.width or WIDTHS.get(field.kind, 10),
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
    shown = {"street": "××乡镇（街道）", "community": "××村（社区）", "name": "××"}
    shape = plan.project_name.format(**shown)
    named = replace(PROJECT, heading=f"{PROJECT.heading}\n（{shape}）")
    return (*in_words(plan, (NUMBER, PLACE, named)), *field_columns("summary", plan))


def supplements(plan: Plan) -> dict[str, tuple[Column, ...]]:
    """补充信息表, by sheet: what the plan asks for and 附件3 does not; no sheet without a field."""
    number, named = replace(NUMBER, width=5), replace(PROJECT, heading="社区项目名称", width=22)
    worded = in_words(plan, (number, replace(PLACE, heading="区（县、市）\n名称", width=11), named))
    asked = {SHEETS[sheet]: field_columns(sheet, plan) for sheet in SUPPLEMENTS}
    return {sheet: (*worded, *columns) for sheet, columns in asked.items() if columns}


def ticked(plan: Plan) -> dict[str, str]:
    """The words that have a column of their own to be ticked, with the field that holds them."""
    fields = (field.id for field in plan.fields if field.kind == "words")
    return {word: id for id in fields for word in listed(plan, id)}


def listed(plan: Plan, field: str) -> tuple[str, ...]:
    """The words that the plan's conditions want in a list-valued field, e.g. the six functions;
    where they want none, those that the field itself offers."""
    own = plan.field[field].choices if field in plan.field else ()
    checks = (rule.check for rule in plan.conditions)
    wanted = (c.values for c in checks if isinstance(c, IncludesCheck) and c.field == field)
    return next(wanted, own)


EXAMPLE = "例"
"""How the row begins that shows how a form is filled in, and is no data."""
EXAMPLES: Mapping[str, Any] = {
    "number": EXAMPLE,
    "office": f"{EXAMPLE}：××单位",
    "project": "××项目",
    "percent": 35,
    "amount": Decimal("120500.50"),
    "problem": "雨季影响施工",
    "next_step": "增加班组，月底前赶上进度",
    "name": "张某",
    "role": "科长",
    "expert": "王某",
    "organisation": "××大学",
    "document": "××凭证12号",
    "voucher": "××凭证12号",
    "entry": "支出",
    "holder": "项目单位",
    "to_holder": None,
    "payee": "××公司",
    "purpose": "工程进度款",
    "on_schedule": "否",
    **dict.fromkeys(
        ("province_received", "local_received", "expected", "source", "away_from", "away_to")
    ),
}
BY_FORMAT: Mapping[str, Any] = {
    DAY: date(2023, 2, 10),
    TWO_DECIMALS: Decimal("850.50"),
    "0": 12,
}


def example_of(column: Column) -> Any:
    """What a column's cell may look like once it is filled in; None where its heading says it."""
    offered = column.choices[0] if column.choices else BY_FORMAT.get(column.format)
    return EXAMPLES.get(column.key, offered)


def shown(column: Column, value: Any) -> Any:
    """What a column shows of a value: 是 or 否 for a truth, money in the unit of its heading."""
    if isinstance(value, bool):
        return YES_NO[not value]
    if value is not None and "万元" in column.heading:
        return Decimal(value) / Decimal(10000)
    return value

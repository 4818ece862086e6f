"""Workbooks to look things up in: 项目台账, 逾期清单, 资金一览. They do not come back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from common.table import DataTable
from documents.writing.columns import DAY, NUMBER, TEXT, TWO_DECIMALS, Column, heading_of
from documents.writing.layout import Chart, Leaf, TableSheet, save, to_bytes, worded
from documents.writing.rows import Value
from policy.fields import PROJECTS_SHEET, ProfileField
from policy.levels import LevelWords
from policy.schema import Plan
from policy.vocabulary import Origin, Standing
from states.dossier import Profile, to_words
from states.risk import Risk

MONEY = TWO_DECIMALS


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One project as 项目台账 shows it; money in 元."""

    city: str
    county: str
    county_type: str
    code: str
    name: str
    stage: str
    disposition: str
    lamp: str
    """The severest standing of its open deadlines."""
    subsidy: Decimal | None
    percent: int | None
    """形象进度 as last reported."""
    invested: Decimal | None
    profile: Profile


@dataclass(frozen=True, slots=True)
class DatedProject:
    """One project with the days of its milestones, in the order of the headings."""

    city: str
    county: str
    code: str
    name: str
    days: tuple[date | None, ...]


def _column(key: str, heading: str, width: float, format: str = "@") -> Column:
    return Column(key, heading, f"^{heading}$", width, format, centred=width <= 12)


def _stated(fields: Iterable[ProfileField]) -> Iterator[Column]:
    """The columns of those fields of the profile that the list shows."""
    formats = {Decimal: MONEY, int: "0", date: DAY}
    for field in fields:
        if at := field.column("listing"):
            format = formats.get(field.value_type, "@")
            yield _column(field.id, heading_of(field, at), at.width or 12, format)


SERIAL = _column("number", "序号", 6, "0")
CITY = _column("city", "市", 9)
COUNTY = _column("county", "县（市、区）", 11)
CODE = _column("code", "项目编码", 18)
NAME = _column("name", "项目名称", 32)
STANDING = (
    SERIAL,
    CITY,
    COUNTY,
    _column("county_type", "类型", 8),
    CODE,
    NAME,
    _column("stage", "阶段", 10),
    _column("disposition", "状态", 8),
    _column("lamp", "时限情况", 10),
)
WORKS = (
    _column("subsidy", "省级补助\n（元）", 14, MONEY),
    _column("percent", "形象进度\n（%）", 9, "0"),
    _column("invested", "完成投资\n（元）", 15, MONEY),
)
WHAT = ("building_kind", "area", "beds", "investment")
"""The fields that stand first, in this order."""
WHO = ("operator", "responsible_person", "responsible_phone")
"""The fields that stand last."""
FORMATS = {"text": "@", "count": "0", "money": MONEY, "date": DAY}


def project_columns(plan: Plan) -> tuple[Column, ...]:
    """The columns of 项目台账, with what the plan has shown there."""
    what = _stated(sorted(plan.fields, key=_rank))
    first = [column for column in what if column.key not in WHO]
    return (*STANDING, *first, *WORKS, *_stated(plan.field[n] for n in WHO if n in plan.field))


def _rank(field: ProfileField) -> int:
    return WHAT.index(field.id) if field.id in WHAT else len(WHAT)


def project_leaves(
    plan: Plan,
    title: str,
    lines: Sequence[ProjectLine],
    milestones: Sequence[str],
    dated: Sequence[DatedProject],
    curve: Sequence[Sequence[Value]],
    footer: str,
    targets: DataTable | None = None,
) -> tuple[Leaf, ...]:
    """项目台账: the projects, the days of their `milestones` (headings), and how many had come so
    far by the end of each month (`curve`: month, then one number a milestone)."""
    dates = (
        SERIAL,
        CITY,
        COUNTY,
        CODE,
        NAME,
        *(_column(f"day{n}", label, 12, DAY) for n, label in enumerate(milestones)),
    )
    columns = project_columns(plan)
    projects = [(n, *_project(plan, columns, each)) for n, each in enumerate(lines, 1)]
    days = [
        (n, each.city, each.county, each.code, each.name, *each.days)
        for n, each in enumerate(dated, 1)
    ]
    return (
        _page(PROJECTS_SHEET, title, columns, projects, footer, lamps=("lamp",)),
        _page("节点日期", f"{title}（节点日期）", dates, days, footer),
        Chart("进度曲线", "各环节累计完成项目数", "line", ("月份", *milestones), curve, footer),
        *([_sheet(targets.title, targets, footer)] if targets else []),
    )


LATE_STATES = (
    Standing.OVERDUE.label,
    Standing.COORDINATING.label,
    Standing.OVERDUE.said(Origin.PROPOSAL),
)
"""What a late thing may be called, the severest first."""


def late_leaves(
    late: DataTable, by_city: Sequence[Sequence[Value]], footer: str
) -> tuple[Leaf, ...]:
    """逾期清单, and how many of them each city has."""
    return (
        _sheet("逾期清单", late, footer, lamps=("状态",)),
        Chart(
            "各市逾期",
            "各市逾期、待协调和超过建议时限事项数",
            "bar",
            ("市", *LATE_STATES),
            by_city,
            footer,
        ),
    )


def funds_leaves(
    plan: Plan,
    funds: DataTable,
    cities: DataTable,
    shown: tuple[str, ...],
    footer: str,
    by_fund: DataTable | None = None,
) -> tuple[Leaf, ...]:
    """资金一览: by project, by city, by fund where there are several, and as a chart the columns
    `shown` of what is told by city. All in 元."""
    titles = [column.title for column in cities.columns]
    drawn = [[row[titles.index(title)] for title in shown] for row in cities.rows]
    heads = (shown[0], *map(plan.said, shown[1:]))
    return (
        _sheet("资金一览", funds, footer, unit="单位：元"),
        _sheet("各市资金", cities, footer, unit="单位：元"),
        *([_sheet("各笔资金", by_fund, footer, unit="单位：元")] if by_fund else []),
        Chart("各市补助", "各市省级补助（元）", "bar", heads, drawn, footer),
    )


def _sheet(
    sheet: str, table: DataTable, footer: str, *, lamps: tuple[str, ...] = (), unit: str = ""
) -> TableSheet:
    """The table with its rows numbered; what is not known stays empty."""
    columns = (
        SERIAL,
        *(
            _column(each.title, each.title, each.width, FORMATS[each.kind])
            for each in table.columns
        ),
    )
    rows: list[Sequence[Value]] = [(number, *row) for number, row in enumerate(table.rows, 1)]
    if table.total is not None:
        rows.append((None, *table.total))
    return _page(sheet, table.title, columns, rows, footer, lamps=lamps, unit=unit)


def _page(
    sheet: str,
    title: str,
    columns: tuple[Column, ...],
    rows: Sequence[Sequence[Value]],
    footer: str,
    *,
    lamps: tuple[str, ...] = (),
    unit: str = "",
) -> TableSheet:
    return TableSheet(
        sheet, title, columns, rows, unit=unit, filters=True, footer=footer, lamps=lamps
    )


def _project(plan: Plan, columns: Sequence[Column], line: ProjectLine) -> Iterator[Value]:
    for column in columns[1:]:
        if column.key in plan.field:
            yield _as_cell(line.profile.value(column.key))
        else:
            yield getattr(line, column.key)


def _as_cell(value: Any) -> Value:
    """A field's value as a cell holds it."""
    cell: Value = to_words(value) if isinstance(value, bool | frozenset) else value
    return cell


def _numbered(lines: Sequence[Any]) -> list[tuple[Value, ...]]:
    return [(number, *astuple(line)) for number, line in enumerate(lines, 1)]


@dataclass(frozen=True, slots=True)
class ReportState:
    """How one city's report of a month stands."""

    city: str
    expected: int
    """How many projects it reports."""
    covered: int
    """How many of them have a report for the month."""
    sent_on: date | None
    state: str
    left_out: str
    """The projects without one."""


REPORT_COLUMNS = (
    NUMBER,
    Column("city", "市", "", 10, TEXT, centred=True),
    Column("expected", "应报项目", "", 10, "0", centred=True),
    Column("covered", "已报项目", "", 10, "0", centred=True),
    Column("sent_on", "报送日期", "", 13, DAY, centred=True),
    Column("state", "报送情况", "", 22, TEXT, centred=True),
    Column("left_out", "未涵盖的项目", "", 56, TEXT),
)


def report_state_leaves(
    plan: Plan, title: str, states: Sequence[ReportState], note: str
) -> tuple[Leaf, ...]:
    """One line a city."""
    rows = [(n, *astuple(each)) for n, each in enumerate(states, 1)]
    return worded(plan, (TableSheet("报送情况", title, REPORT_COLUMNS, rows, note=note),))


def _risk_column(key: str, heading: str, width: float, format: str = "@") -> Column:
    return Column(key, heading, heading, width, format, centred=width <= 12)


RISK_COLUMNS = (
    _risk_column("number", "序号", 6, "0"),
    _risk_column("grade", "风险", 7),
    _risk_column("points", "分值", 7, "0"),
    _risk_column("city", "市", 9),
    _risk_column("county", "县（市、区）", 11),
    _risk_column("code", "项目编码", 18),
    _risk_column("name", "项目名称", 30),
    _risk_column("title", "最近时限事项", 22),
    _risk_column("due", "逾期认定日", 12, DAY),
    _risk_column("says", "依据", 70),
)
RISK_NOTE = (
    "分值只按方案所列规则由数据得出，供跟进和督查选点参考，不作考核依据；只评项目，不评个人。"
)


def risk_leaves(plan: Plan, found: Sequence[Risk], as_of: date) -> tuple[Leaf, ...]:
    """The list, and a chart of each city's grades."""
    title = f"{plan.province} {plan.name}风险清单（截至{as_of}）"
    footer = f"风险清单　截至{as_of}"
    rows = [
        (n, it.grade, it.points, it.city, it.county, it.code, it.name, it.title, it.due, it.says)
        for n, it in enumerate(found, 1)
    ]
    page = TableSheet(
        "风险清单", title, RISK_COLUMNS, rows, note=RISK_NOTE, filters=True, footer=footer
    )
    labels = [grade.label for grade in plan.risks.grades] if plan.risks else []
    counted = Counter((it.city, it.grade) for it in found)
    by_city: list[tuple[Value, ...]] = [
        (it.name, *(counted[it.name, label] for label in labels)) for it in plan.cities
    ]
    grades = [f"{label}风险" for label in labels]
    chart = Chart("各市风险", "各市风险项目数", "bar", ("市", *grades), by_city, footer)
    return worded(plan, (page, chart))


@dataclass(frozen=True)
class TaskRow:
    """One thing to do, in the words that the office reads."""

    kind: str
    """类别, e.g. 提醒 or 催办."""
    place: str
    """市县."""
    subject: str
    """项目或事项."""
    title: str
    """环节."""
    clause: str
    """依据."""
    due: date
    """时限."""
    remind_by: date
    """提前办结日."""
    overdue_after: date
    """逾期认定日."""
    state: str
    """状态."""
    to_do: str
    """请办理."""
    missing: str
    """现状; empty when nothing is missing."""


def _task_column(key: str, heading: str, width: float, format: str = "@") -> Column:
    return Column(key, heading, f"^{heading}$", width, format, centred=width <= 16)


TASK_COLUMNS = (
    _task_column("kind", "类别", 8),
    _task_column("place", "市县", 16),
    _task_column("subject", "项目或事项", 32),
    _task_column("title", "环节", 22),
    _task_column("clause", "依据", 12),
    _task_column("due", "时限", 12, DAY),
    _task_column("remind_by", "提前办结日", 12, DAY),
    _task_column("overdue_after", "逾期认定日", 12, DAY),
    _task_column("state", "状态", 14),
    _task_column("to_do", "请办理", 40),
    _task_column("missing", "现状", 30),
)


def task_list(levels: LevelWords, title: str, rows: Sequence[TaskRow]) -> bytes:
    """An .xlsx workbook with one line a task, byte for byte the same for the same rows."""
    lines = [astuple(row) for row in rows]
    columns = tuple(replace(column, heading=levels.said(column.heading)) for column in TASK_COLUMNS)
    return to_bytes((TableSheet("任务清单", title, columns, lines, filters=True),))


@dataclass(frozen=True)
class TextRow:
    """One text that somebody passes on."""

    office: str
    addressee: str
    number: str
    """The telephone number, or the account on the other platform."""
    text: str


TEXT_COLUMNS = (
    Column("office", "单位", "^单位$", 30),
    Column("addressee", "姓名", "^姓名$", 14, centred=True),
    Column("number", "号码或账号", "^号码", 18, centred=True),
    Column("text", "内容", "^内容$", 90),
)


def write_text_list(path: Path, day: str, rows: Sequence[TextRow]) -> None:
    """One line a text, for the unit's own platform. UnavailableError when it cannot be written."""
    lines = [astuple(row) for row in rows]
    save(
        path,
        (
            TableSheet(
                "文本清单", f"{day} 通知文本清单", TEXT_COLUMNS, lines, size=11, filters=True
            ),
        ),
    )

"""Workbooks to look things up in: 项目台账, 逾期清单, 资金一览. They do not come back."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from common.table import DataTable
from documents.forms import DAY, Column
from documents.layout import Chart, Leaf, Page, Value
from policy.fields import FIELDS, PROJECTS_SHEET
from states.dossier import Profile

MONEY = "#,##0.00"


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


def _stated(*names: str) -> Iterator[Column]:
    """The columns of fields of the profile."""
    formats = {Decimal: MONEY, int: "0"}
    for field in map(FIELDS.__getitem__, names):
        at = next(at for at in field.columns if at.sheet == PROJECTS_SHEET)
        yield _column(field.id, at.heading, at.width, formats.get(field.value_type, "@"))


NUMBER = _column("number", "序号", 6, "0")
CITY = _column("city", "市", 9)
COUNTY = _column("county", "县（市、区）", 11)
CODE = _column("code", "项目编码", 18)
NAME = _column("name", "项目名称", 32)
PROJECTS = (
    NUMBER,
    CITY,
    COUNTY,
    _column("county_type", "类型", 8),
    CODE,
    NAME,
    _column("stage", "阶段", 10),
    _column("disposition", "状态", 8),
    _column("lamp", "时限情况", 10),
    *_stated("building_kind", "area", "beds", "investment"),
    _column("subsidy", "省级补助\n（元）", 14, MONEY),
    _column("percent", "形象进度\n（%）", 9, "0"),
    _column("invested", "完成投资\n（元）", 15, MONEY),
    *_stated("operator", "responsible_person", "responsible_phone"),
)
FORMATS = {"text": "@", "count": "0", "money": MONEY, "date": DAY}


def project_leaves(
    title: str,
    lines: Sequence[ProjectLine],
    milestones: Sequence[str],
    dated: Sequence[DatedProject],
    curve: Sequence[Sequence[Value]],
    footer: str,
) -> tuple[Leaf, ...]:
    """项目台账: the projects, the days of their `milestones` (headings), and how many had come so
    far by the end of each month (`curve`: month, then one number a milestone)."""
    dates = (
        NUMBER,
        CITY,
        COUNTY,
        CODE,
        NAME,
        *(_column(f"day{n}", label, 12, DAY) for n, label in enumerate(milestones)),
    )
    projects = [(n, *_project(each)) for n, each in enumerate(lines, 1)]
    days = [
        (n, each.city, each.county, each.code, each.name, *each.days)
        for n, each in enumerate(dated, 1)
    ]
    return (
        _page(PROJECTS_SHEET, title, PROJECTS, projects, footer, lamps=("lamp",)),
        _page("节点日期", f"{title}（节点日期）", dates, days, footer),
        Chart("进度曲线", "各环节累计完成项目数", "line", ("月份", *milestones), curve, footer),
    )


def late_leaves(
    late: DataTable, by_city: Sequence[Sequence[Value]], footer: str
) -> tuple[Leaf, ...]:
    """逾期清单, and how many of them each city has."""
    return (
        _sheet("逾期清单", late, footer, lamps=("状态",)),
        Chart(
            "各市逾期", "各市逾期和待协调事项数", "bar", ("市", "逾期", "待协调"), by_city, footer
        ),
    )


def funds_leaves(
    funds: DataTable, cities: DataTable, shown: tuple[str, ...], footer: str
) -> tuple[Leaf, ...]:
    """资金一览: by project, by city, and as a chart the columns `shown` of it. All in 元."""
    titles = [column.title for column in cities.columns]
    drawn = [[row[titles.index(title)] for title in shown] for row in cities.rows]
    return (
        _sheet("资金一览", funds, footer, unit="单位：元"),
        _sheet("各市资金", cities, footer, unit="单位：元"),
        Chart("各市补助", "各市省级补助（元）", "bar", shown, drawn, footer),
    )


def _sheet(
    sheet: str, table: DataTable, footer: str, *, lamps: tuple[str, ...] = (), unit: str = ""
) -> Page:
    """The table with its rows numbered; what is not known stays empty."""
    columns = (
        NUMBER,
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
) -> Page:
    return Page(sheet, title, columns, rows, unit=unit, filters=True, footer=footer, lamps=lamps)


def _project(line: ProjectLine) -> Iterator[Value]:
    for column in PROJECTS[1:]:
        yield getattr(line.profile if column.key in FIELDS else line, column.key)


def _numbered(lines: Sequence[Any]) -> list[tuple[Value, ...]]:
    return [(number, *astuple(line)) for number, line in enumerate(lines, 1)]

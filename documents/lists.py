"""Workbooks to look things up in: 项目台账, 逾期清单, 资金一览. They do not come back."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

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


@dataclass(frozen=True, slots=True)
class LateLine:
    """One deadline that is late or waits for others."""

    city: str
    county: str
    name: str
    code: str
    title: str
    clause: str
    remind_by: date | None
    overdue_after: date | None
    days: int
    """Natural days since `overdue_after`."""
    lamp: str
    responsible: str
    to_do: str


@dataclass(frozen=True, slots=True)
class FundsLine:
    """The money of one project, or of one city (then without county, code and name); 元."""

    city: str
    county: str
    code: str
    name: str
    subsidy: Decimal | None
    released: Decimal | None
    province: Decimal
    promised: Decimal | None
    """市县承诺配套."""
    matched: Decimal
    """市县配套到账."""
    other: Decimal
    spent: Decimal
    balance: Decimal
    as_built: Decimal | None


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
LATE = (
    NUMBER,
    CITY,
    COUNTY,
    _column("name", "项目或单位", 32),
    _column("code", "编码", 18),
    _column("title", "事项", 24),
    _column("clause", "依据", 14),
    _column("remind_by", "应完成日期", 12, DAY),
    _column("overdue_after", "逾期认定日", 12, DAY),
    _column("days", "逾期天数", 9, "0"),
    _column("lamp", "状态", 10),
    _column("responsible", "责任单位", 24),
    _column("to_do", "请办理", 36),
)
SUMS = (
    _column("subsidy", "应补助", 15, MONEY),
    _column("released", "已下达", 15, MONEY),
    _column("province", "省补到账", 15, MONEY),
    _column("promised", "市县承诺配套", 15, MONEY),
    _column("matched", "市县配套到账", 15, MONEY),
    _column("other", "其他资金到账", 15, MONEY),
    _column("spent", "支出", 15, MONEY),
    _column("balance", "结存", 15, MONEY),
    _column("as_built", "按实测面积差额", 16, MONEY),
)
FUNDS = (NUMBER, CITY, COUNTY, CODE, NAME, *SUMS)
CITY_FUNDS = (NUMBER, CITY, *SUMS)
PLACE_FIELDS = 4
"""Of `FundsLine`: city, county, code and name."""


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
    title: str, lines: Sequence[LateLine], by_city: Sequence[Sequence[Value]], footer: str
) -> tuple[Leaf, ...]:
    """逾期清单, and how many of them each city has."""
    return (
        _page("逾期清单", title, LATE, _numbered(lines), footer, lamps=("lamp",)),
        Chart(
            "各市逾期", "各市逾期和待协调事项数", "bar", ("市", "逾期", "待协调"), by_city, footer
        ),
    )


def funds_leaves(
    title: str, lines: Sequence[FundsLine], cities: Sequence[FundsLine], footer: str
) -> tuple[Leaf, ...]:
    """资金一览: by project, by city, and released beside received as a chart. All in 元."""
    sums = ((each.city, *astuple(each)[PLACE_FIELDS:]) for each in cities)
    summed = [(number, *line) for number, line in enumerate(sums, 1)]
    shown = [(each.city, each.subsidy, each.released, each.province) for each in cities]
    heads = ("市", "应补助", "已下达", "省补到账")
    unit = "单位：元"
    return (
        _page("资金一览", title, FUNDS, _numbered(lines), footer, unit=unit),
        _page("各市资金", f"{title}（各市）", CITY_FUNDS, summed, footer, unit=unit),
        Chart("各市补助", "各市省级补助（元）", "bar", heads, shown, footer),
    )


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

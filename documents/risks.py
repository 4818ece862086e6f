"""风险清单 as a workbook: every project with its signs, and how many of each grade a city has."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from documents.forms import DAY, Column
from documents.layout import Chart, Leaf, Page, Value
from policy.schema import Plan
from states.risk import Risk


def _column(key: str, heading: str, width: float, format: str = "@") -> Column:
    return Column(key, heading, heading, width, format, centred=width <= 12)


COLUMNS = (
    _column("number", "序号", 6, "0"),
    _column("grade", "风险", 7),
    _column("points", "分值", 7, "0"),
    _column("city", "市", 9),
    _column("county", "县（市、区）", 11),
    _column("code", "项目编码", 18),
    _column("name", "项目名称", 30),
    _column("title", "最近时限事项", 22),
    _column("due", "逾期认定日", 12, DAY),
    _column("says", "依据", 70),
)
NOTE = "分值只按方案所列规则由数据得出，供跟进和督查选点参考，不作考核依据；只评项目，不评个人。"


def risk_leaves(plan: Plan, found: Sequence[Risk], as_of: date) -> tuple[Leaf, ...]:
    """The list, and a chart of each city's grades."""
    title = f"{plan.province} {plan.name}风险清单（截至{as_of}）"
    footer = f"风险清单　截至{as_of}"
    rows = [
        (n, it.grade, it.points, it.city, it.county, it.code, it.name, it.title, it.due, it.says)
        for n, it in enumerate(found, 1)
    ]
    page = Page("风险清单", title, COLUMNS, rows, note=NOTE, filters=True, footer=footer)
    labels = [grade.label for grade in plan.risks.grades] if plan.risks else []
    counted = Counter((it.city, it.grade) for it in found)
    by_city: list[tuple[Value, ...]] = [
        (it.name, *(counted[it.name, label] for label in labels)) for it in plan.cities
    ]
    heads = ("市", *(f"{label}风险" for label in labels))
    return page, Chart("各市风险", "各市风险项目数", "bar", heads, by_city, footer)

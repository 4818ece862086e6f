"""The data curves as pages: numbers, what the year's end may bring, and graphs as pictures."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from documents.curves import amount, graphs, month_label, outlook
from flows.pages.markdown import Page, page, plain, table
from policy.schema import Plan
from states.series import PROJECTS, Course, YearCourses


def curves_lines(plan: Plan, content: YearCourses) -> Iterator[str]:
    """The province with its graphs, then every city's numbers."""
    yield from place_lines(plan, content, plan.province)
    yield "## 各市"
    yield ""
    for counted in (True, False):  # together they would be wider than the page
        yield from _cities(plan, content, counted)


def _cities(plan: Plan, content: YearCourses, counted: bool) -> Iterator[str]:
    """Every city's counts, or its money."""

    def shown(place: str) -> list[Course]:
        return [it for it in content.of(place).courses if (it.unit == PROJECTS) is counted]

    head = {"市": "---", **{course.label: "---:" for course in shown(plan.province)}}
    rows = [
        [plain(city.name), *(_now(content, course) for course in shown(city.name))]
        for city in plan.cities
    ]
    yield from table(head, rows)


def city_pages(plan: Plan, content: YearCourses, as_of: date) -> Iterator[Page]:
    """A page for each city, ``curves-140100``."""
    for city in plan.cities:
        title = f"{content.period}{plain(city.name)}数据曲线"
        lines = place_lines(plan, content, city.name)
        yield page(plan, f"curves-{city.code}", title, as_of, lines)


def place_lines(plan: Plan, content: YearCourses, place: str) -> Iterator[str]:
    """One place: its numbers against the plan, the forecast in words, and the graphs."""
    from documents.graphs import data_uri  # it takes half a second to import

    own = content.of(place)
    yield f"## {plain(place)}"
    yield ""
    month = month_label(content, content.period)
    head = {"指标": "---", "总量": "---:", f"{month}末实际": "---:", "完成率": "---:"}
    head |= {f"{month}末计划": "---:", "与计划相比": "---:", "年底计划": "---:"}
    yield from table(head, (_row(content, course) for course in own.courses))
    yield from (f"- {plain(outlook(content, course))}" for course in own.courses)
    yield from (f"- {plain(note)}" for course in own.courses for note in _notes(course))
    yield ""
    for graph in graphs(plan, content, place):
        yield f"### {plain(graph.caption)}"
        yield ""
        yield f"![{plain(graph.caption)}]({data_uri(graph)})"
        yield ""
    yield f"算法：{plain(plan.curves.reading)}" if plan.curves else ""
    yield ""


def _row(content: YearCourses, course: Course) -> list[object]:
    at = content.latest
    actual, rate = course.actual[at], course.rates[at]
    planned = course.planned[at] if course.planned else None
    return [
        plain(course.label),
        amount(course, course.whole),
        amount(course, actual),
        "—" if rate is None else f"{rate}%",
        "无计划线" if planned is None else amount(course, planned),
        "—" if planned is None or actual is None else _against(course, actual - planned),
        amount(course, course.planned[-1]) if course.planned else "—",
    ]


def _against(course: Course, ahead: Decimal) -> str:
    if not ahead:
        return "持平"
    return f"{'超' if ahead > 0 else '欠'}{amount(course, abs(ahead))}"


def _notes(course: Course) -> Iterator[str]:
    if course.unstated:
        yield f"{course.label}：{course.unstated}个项目应到或总额未明确，未计入总量。"
    if not course.planned:
        yield f"{course.label}：方案没有对应的时限，无计划线。"


def _now(content: YearCourses, course: Course) -> str:
    """95个（95.0%）."""
    rate = course.rates[content.latest]
    now = amount(course, course.actual[content.latest])
    return now if rate is None else f"{now}（{rate}%）"

"""What the mid-year inspection is planned by, and what it found, as workbooks to look things up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from common.words import weekday
from documents.writing.columns import DAY, NUMBER, TEXT, Column
from documents.writing.layout import Leaf, TableSheet, worded
from documents.writing.rows import Value
from policy.schema import Plan
from states.visits import UnvisitedProject, Visit


def _column(key: str, heading: str, width: float, format: str = TEXT) -> Column:
    return Column(key, heading, "", width, format, centred=format != TEXT or width < 14)


PLACE = (_column("city", "市", 9), _column("county", "县（市、区）", 11))
PROJECT = (_column("name", "项目名称", 34), _column("code", "项目编码", 18))
VISITS = (
    NUMBER,
    _column("day", "督查日期", 12, DAY),
    _column("weekday", "星期", 6),
    *PLACE,
    *PROJECT,
    _column("reasons", "选取理由", 50),
)
LATER = "风险升高、恢复建设的，请用余下时间补查"
UNVISITED = (
    NUMBER,
    *PLACE,
    *PROJECT,
    _column("grade", "风险", 7),
    _column("points", "分值", 7, "0"),
    _column("why", "未督查的原因", 44),
)
ROUTE = (
    NUMBER,
    PLACE[0],
    _column("first", "到达", 12, DAY),
    _column("last", "结束", 12, DAY),
    _column("days", "督查天数", 9, "0"),
    _column("counties", "县（市、区）数", 12, "0"),
    _column("visited", "督查项目数", 11, "0"),
    _column("projects", "本市项目数", 11, "0"),
    _column("unvisited", "未安排项目数", 12, "0"),
)
CITIES = (
    NUMBER,
    PLACE[0],
    _column("first", "首次督查", 12, DAY),
    _column("last", "末次督查", 12, DAY),
    _column("visited", "督查项目数", 11, "0"),
    _column("faulty", "有问题的项目", 13, "0"),
    _column("rectified", "已整改", 9, "0"),
    _column("open", "整改中", 9, "0"),
    _column("late", "逾期未整改", 11, "0"),
    _column("state", "情况", 30),
)
FOUND = (
    NUMBER,
    *PLACE,
    *PROJECT,
    _column("on", "督查日期", 12, DAY),
    _column("inspectors", "督查人", 20),
    _column("problems", "发现的问题", 42),
    _column("opinion", "督查意见", 28),
    _column("due", "整改期限", 12, DAY),
    _column("state", "整改情况", 14),
)
ITEMS = (
    NUMBER,
    _column("label", "督查项", 34),
    _column("seen", "核验项目数", 12, "0"),
    _column("faulty", "有问题的项目数", 15, "0"),
)


@dataclass(frozen=True, slots=True)
class CityInspection:
    """What was found in one city."""

    city: str
    first: date | None
    last: date | None
    visited: int
    faulty: int
    rectified: int
    open: int
    late: int
    state: str


@dataclass(frozen=True, slots=True)
class ProjectInspection:
    """What was found at one project."""

    city: str
    county: str
    name: str
    code: str
    on: date
    inspectors: str
    problems: str
    opinion: str
    due: date | None
    """By when rectification is to be finished; None where nothing was to be put right."""
    state: str


def visit_leaves(
    plan: Plan,
    title: str,
    visits: Sequence[Visit],
    unvisited: Sequence[UnvisitedProject],
    projects: Sequence[tuple[str, int]],
    note: str,
) -> tuple[Leaf, ...]:
    """The schedule by day, by city, and what is not visited; `projects` are each city's name and
    number of projects."""
    rows = [(n, *_visit(each)) for n, each in enumerate(visits, 1)]
    route = [(n, *line) for n, line in enumerate((_route(visits, *city) for city in projects), 1)]
    by_city = f"{title}{plan.said('（各市）')}"
    leaves = (
        TableSheet("督查日程", title, VISITS, rows, note=note, filters=True),
        TableSheet("各市安排", by_city, ROUTE, route, note=note),
        *_left_out("未安排的项目", title, unvisited, f"{note}；{LATER}"),
    )
    return worded(plan, leaves)


def found_leaves(
    plan: Plan,
    title: str,
    cities: Sequence[CityInspection],
    projects: Sequence[ProjectInspection],
    unvisited: Sequence[UnvisitedProject],
    items: Sequence[tuple[str, int, int]],
    note: str,
) -> tuple[Leaf, ...]:
    """What was found by city, by project, and by item (label, projects seen, with problems)."""
    by_city = [
        (n, c.city, c.first, c.last, c.visited, c.faulty, c.rectified, c.open, c.late, c.state)
        for n, c in enumerate(cities, 1)
    ]
    by_project = list(_projects(projects))
    by_item = [(n, *item) for n, item in enumerate(items, 1)]
    leaves = (
        TableSheet("各市情况", title, CITIES, by_city, note=note),
        TableSheet("项目情况", f"{title}（项目）", FOUND, by_project, note=note, filters=True),
        *_left_out("未督查的项目", title, unvisited, note),
        TableSheet("督查项", f"{title}（督查项）", ITEMS, by_item, note=note, landscape=False),
    )
    return worded(plan, leaves)


def _left_out(
    sheet: str, title: str, unvisited: Sequence[UnvisitedProject], note: str
) -> Iterator[TableSheet]:
    """What is not visited, and why; nothing where all is."""
    rows = [
        (n, p.city, p.county, p.name, p.code, p.grade, p.points, p.why)
        for n, p in enumerate(unvisited, 1)
    ]
    if rows:
        yield TableSheet(sheet, f"{title}（{sheet}）", UNVISITED, rows, note=note, filters=True)


def _visit(each: Visit) -> tuple[Value, ...]:
    place = (each.day, weekday(each.day), each.city, each.county)
    return (*place, each.name, each.code, "；".join(each.reasons))


def _route(visits: Sequence[Visit], city: str, projects: int) -> tuple[Value, ...]:
    mine = [visit for visit in visits if visit.city == city]
    days = sorted({visit.day for visit in mine})
    counties = len({visit.county for visit in mine})
    first, last = (days[0], days[-1]) if days else (None, None)
    return (city, first, last, len(days), counties, len(mine), projects, projects - len(mine))


def _projects(found: Iterable[ProjectInspection]) -> Iterator[tuple[Value, ...]]:
    for n, p in enumerate(found, 1):
        place = (n, p.city, p.county, p.name, p.code)
        yield (*place, p.on, p.inspectors, p.problems, p.opinion, p.due, p.state)

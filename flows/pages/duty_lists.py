"""What pages say of the lists that the year's duties make: the short of it; the files say all."""

from collections.abc import Iterator
from decimal import Decimal

from documents.acceptance_schedule import Schedule, named, team_name
from flows.operations.inspection import Inspections, VisitPlan
from flows.operations.reports import Reports
from flows.pages.markdown import plain, private, table
from policy.schema import Plan
from states.scoring import Evaluated, Score

NUMBER = "---:"


def report_lines(plan: Plan, content: Reports) -> Iterator[str]:
    """Which cities owe the month's report, or have sent it, late or not at all."""
    if content.opened:
        yield f"{content.month}月报已开始收报，预填月报{len(content.opened)}份。"
        yield ""
        rows = [[plain(city.city), len(city.lines)] for city in content.opened]
        yield from table({"市": "---", "项目": NUMBER}, rows)
    if content.received:
        rows = [
            [
                plain(city.city),
                city.standing.label,
                city.sent_on or "—",
                city.expected,
                "、".join(map(plain, city.left_out)) or "—",
            ]
            for city in content.received
        ]
        head = {"市": "---", "月报": "---", "报送日期": "---", "项目": NUMBER, "未报项目": "---"}
        yield from table(head, rows)


def visit_lines(plan: Plan, content: VisitPlan) -> Iterator[str]:
    """The schedule in the order of the days."""
    cities = len({stop.visit.city for stop in content.stops})
    yield f"共督查{cities}个市、{len(content.stops)}个项目；日程为建议，可调整。"
    yield ""
    rows = [
        [
            stop.visit.day,
            plain(stop.visit.city),
            plain(stop.visit.county),
            f"{plain(stop.visit.name)}（{stop.visit.code}）",
            "；".join(map(plain, stop.visit.reasons)),
        ]
        for stop in content.stops
    ]
    heads = ("日期", "市", "县（市、区）", "项目", "选点理由")
    yield from table(dict.fromkeys(heads, "---"), rows)


def inspection_lines(plan: Plan, content: Inspections) -> Iterator[str]:
    """Which cities were inspected, and what was found where."""
    rows = [
        [plain(city), on or "未督查", sum(item.city == city for item in content.visits)]
        for city, on in content.cities
    ]
    yield from table({"市": "---", "督查日期": "---", "项目": NUMBER}, rows)
    faulty = [item for item in content.visits if item.problems]
    yield f"## 发现问题的项目：{len(faulty)}个"
    yield ""
    labels = dict(content.items)
    yield from table(
        {"项目": "---", "问题": "---", "整改期限": "---", "整改情况": "---"},
        [
            [
                f"{plain(item.city)}{plain(item.name)}（{item.code}）",
                "；".join(
                    f"{plain(labels.get(id, id))}：{private(said)}"
                    for id, said in item.problems.items()
                ),
                item.due or "—",
                item.standing.label if item.standing else "—",
            ]
            for item in faulty
        ],
    )


def schedule_lines(plan: Plan, content: Schedule) -> Iterator[str]:
    """Each group's days, where it goes, and what people should know; no telephone numbers."""
    days = f"{content.first}至{content.last}"
    yield f"验收组{len(content.teams)}个，项目{len(content.stops)}个，{days}的工作日进行。"
    yield ""
    yield from (f"- 注意：{private(note)}" for note in (*content.notes, *content.unproven))
    yield ""
    known = {target.code: target for target in content.targets}
    for team in content.teams:
        stops = [stop for stop in content.stops if stop.team == team.number]
        yield f"## {team_name(team.number)}：{len(stops)}个项目"
        yield ""
        yield private("、".join(named(team)))
        yield ""
        rows = [
            [
                stop.day,
                stop.order,
                plain(known[stop.code].city),
                plain(known[stop.code].county),
                f"{plain(known[stop.code].name)}（{stop.code}）",
            ]
            for stop in stops
        ]
        heads = ("日期", "当日顺序", "市", "县（市、区）", "项目")
        yield from table(dict.fromkeys(heads, "---"), rows)


def evaluation_lines(plan: Plan, content: Evaluated) -> Iterator[str]:
    """The cities by place, with what would help those that are behind."""
    yield f"评分标准为系统建议值，版本{plain(content.version)}。{plain(content.reading)}"
    yield ""
    heads = {"名次": NUMBER, "市": "---"}
    heads |= dict.fromkeys(("得分", "可得分", "加分", "扣分", "得分率"), NUMBER)
    yield from table({**heads, "改进建议": "---"}, [_scored(score) for score in content.cities])
    for title, names in (("先进", content.leaders), ("需改进", content.laggards)):
        if names:
            yield f"{title}：{'、'.join(map(plain, names))}。"
            yield ""
    yield "逐项得分及依据、各县（市、区）得分见文件。"


def _scored(score: Score) -> list[object]:
    return [
        score.place or "—",
        plain(score.city),
        *(_points(value) for value in (score.score, score.available, score.bonus, score.malus)),
        "—" if score.rate is None else f"{score.rate}%",
        "；".join(map(plain, score.suggestions)) or "—",
    ]


def _points(value: Decimal) -> str:
    return f"{value:f}"

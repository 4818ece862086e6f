"""What pages say of the lists that the year's duties make: the short of it; the files say all."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from common.words import month_name
from documents.lists.acceptance_schedule import Schedule, named, team_name
from documents.lists.curves import amount, graphs, month_label, outlook
from flows.pages.markdown import Page, left_out, page, plain, private, table
from operations.duties.assessments import RiskList
from operations.duties.inspection import InspectionSummary, VisitList
from operations.duties.reports import MonthlyReports, unentered_words
from policy.schema import Plan
from states.risk import Risk
from states.scoring import MonthEvaluation, Score
from states.series import Course, YearCourses

NUMBER = "---:"


def report_lines(plan: Plan, content: MonthlyReports) -> Iterator[str]:
    """Which cities owe the month's report, or have sent it, late or not at all."""
    if content.opened:
        yield f"{month_name(content.month)}份月报已开始报送，预填月报{len(content.opened)}份。\n"
        rows = [[plain(city.city), len(city.lines)] for city in content.opened]
        yield from table({plan.said("市"): "---", "项目": NUMBER}, rows)
    if content.received:
        rows = [
            [
                plain(city.city),
                f"{city.standing.label}{unentered_words(city)}",
                city.sent_on or "—",
                city.expected,
                "、".join(map(plain, city.left_out)) or "—",
            ]
            for city in content.received
        ]
        head = {
            plan.said("市"): "---",
            "报送情况": "---",
            "报送日期": "---",
            "项目": NUMBER,
            "未报项目": "---",
        }
        yield from table(head, rows)


def visit_lines(plan: Plan, content: VisitList) -> Iterator[str]:
    """The schedule in the order of the days."""
    cities = len({stop.visit.city for stop in content.stops})
    yield f"共督查{cities}{plan.said('个市')}、{len(content.stops)}个项目；日程为建议，可调整。\n"
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
    heads = ("日期", plan.said("市"), plan.said("县（市、区）"), "项目", "选点理由")
    yield from table(dict.fromkeys(heads, "---"), rows)
    if content.unvisited:
        yield f"另有{len(content.unvisited)}个项目未安排督查，原因逐一见文件。"


def inspection_lines(plan: Plan, content: InspectionSummary) -> Iterator[str]:
    """Which cities were inspected, and what was found where."""
    rows = [
        [plain(city), on or "未督查", sum(item.city == city for item in content.visits)]
        for city, on in content.cities
    ]
    yield from table({plan.said("市"): "---", "督查日期": "---", "项目": NUMBER}, rows)
    faulty = [item for item in content.visits if item.problems]
    yield f"## 发现问题的项目：{len(faulty)}个\n"
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
    yield f"验收组{len(content.teams)}个，项目{len(content.stops)}个，{days}的工作日进行。\n"
    yield from (f"- 注意：{private(note)}" for note in (*content.notes, *content.unproven))
    yield ""
    known = {target.code: target for target in content.targets}
    for team in content.teams:
        stops = [stop for stop in content.stops if stop.team == team.number]
        yield f"## {team_name(team.number)}：{len(stops)}个项目\n"
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
        heads = ("日期", "当日顺序", plan.said("市"), plan.said("县（市、区）"), "项目")
        yield from table(dict.fromkeys(heads, "---"), rows)


def evaluation_lines(plan: Plan, content: MonthEvaluation) -> Iterator[str]:
    """The cities by place, with what would help those that are behind."""
    yield f"评分标准为建议值，版本{plain(content.version)}。{plain(content.reading)}\n"
    heads = {plan.said("市"): "---", "名次": NUMBER}
    numbers = ("得分", "可得分", "加分", "扣分", "得分率", "到期未完成（项）")
    heads |= dict.fromkeys(numbers, NUMBER)
    yield from table({**heads, "改进建议": "---"}, [_scored(score) for score in content.cities])
    for title, names in (("先进", content.leaders), ("需改进", content.laggards)):
        if names:
            yield f"{title}：{'、'.join(map(plain, names))}。\n"
    yield f"逐项得分及依据、{plan.said('各县（市、区）')}得分见文件。"


def _scored(score: Score) -> list[object]:
    return [
        plain(score.city),
        score.place or "—",
        *(_points(value) for value in (score.score, score.available, score.bonus, score.malus)),
        "—" if score.rate is None else f"{score.rate}%",
        "—" if score.undone is None else score.undone,
        "；".join(map(plain, score.suggestions)) or "—",
    ]


def _points(value: Decimal) -> str:
    return f"{value:f}"


def curves_lines(plan: Plan, content: YearCourses) -> Iterator[str]:
    """The province with its graphs, then every city's numbers."""
    yield from place_lines(plan, content, plan.province)
    yield f"## {plan.said('各市')}\n"
    whole = content.of(plan.province).courses
    head = {plan.said("市"): "---", **{course.label: "---:" for course in whole}}
    rows = [
        [plain(city.name), *(_now(content, course) for course in content.of(city.name).courses)]
        for city in plan.cities
    ]
    yield from table(head, rows)


def city_pages(plan: Plan, content: YearCourses, as_of: date) -> Iterator[Page]:
    """A page for each city, ``curves-140100``."""
    for city in plan.cities:
        title = f"{month_name(content.period)}份{plain(city.name)}数据曲线"
        lines = place_lines(plan, content, city.name)
        yield page(plan, f"curves-{city.code}", title, as_of, lines)


def place_lines(plan: Plan, content: YearCourses, place: str) -> Iterator[str]:
    """One place: its numbers against the plan, the forecast in words, and the graphs."""
    from documents.papers.graphs import data_uri  # it takes half a second to import

    own = content.of(place)
    yield f"## {plain(place)}\n"
    month = month_label(content, content.period)
    head = {"指标": "---", "总量": "---:", f"{month}末实际": "---:", "完成率": "---:"}
    head |= {f"{month}末计划": "---:", "与计划相比": "---:", "年底计划": "---:"}
    yield from table(head, (_row(content, course) for course in own.courses))
    yield from (f"- {plain(outlook(content, course))}" for course in own.courses)
    yield from (f"- {plain(note)}" for course in own.courses for note in _notes(course))
    yield ""
    for graph in graphs(plan, content, place):
        yield f"### {plain(graph.caption)}\n"
        yield f"![{plain(graph.caption)}]({data_uri(graph)})\n"
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


LONGEST = 200  # projects named


def risk_lines(plan: Plan, content: RiskList) -> Iterator[str]:
    """Counts by city, then each project above the lowest grade with its reasons in one line."""
    rules = plan.risks
    if rules is None:
        return
    labels = [grade.label for grade in rules.grades]
    yield f"{rules.reading}（{plain(rules.clause)}，{rules.origin.label}）\n"
    yield from _by_city(plan, content, labels)
    named = [item for item in content.risks if item.grade != labels[-1]]
    yield f"## 须跟进的项目：{len(named)}个\n"
    yield from (f"- （{number}）{_line(item)}" for number, item in enumerate(named[:LONGEST], 1))
    yield "" if named else "没有。"
    yield from left_out(len(named) - LONGEST, "个分值较低的项目")


def _by_city(plan: Plan, content: RiskList, labels: list[str]) -> Iterator[str]:
    counted = Counter((item.city, item.grade) for item in content.risks)
    rows: list[list[object]] = [
        [plain(city.name), *(counted[city.name, label] for label in labels)] for city in plan.cities
    ]
    whole = Counter(item.grade for item in content.risks)
    rows.append(["**合计**", *(f"**{whole[label]}**" for label in labels)])
    head = {plan.said("市"): "---", **{f"{label}风险": "---:" for label in labels}}
    yield from table(head, rows)


def _line(item: Risk) -> str:
    where = f"{plain(item.city)}{plain(item.county)}“{plain(item.name)}”（{plain(item.code)}）"
    return f"**{plain(item.grade)}**（{item.points}分）{where}：{plain(item.says)}"

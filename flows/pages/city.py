"""One city: its projects by stage, what is late or due, its money, its open problems."""

from collections import Counter
from collections.abc import Iterator, Sequence

from flows.pages.lists import lamp
from flows.pages.markdown import Links, Page, left_out, link, page, plain, printed, private, table
from flows.pages.money import yuan
from operations.views.funds import CityFunds, fund_words, local
from operations.views.overview import unentered_line
from operations.views.published import CityDay, ShownProject
from operations.views.tables import pressing_table
from policy.cities import City
from policy.schema import Plan
from policy.vocabulary import Origin, Source, Standing
from states.deadlines import PRESSING
from states.targets import TargetFigure, of_place

PRESSING_STATES = (
    *(standing.label for standing in PRESSING),
    Standing.OVERDUE.said(Origin.PROPOSAL),
)


def city_page(
    plan: Plan,
    city: City,
    seen: CityDay,
    targets: Sequence[TargetFigure],
    funds: CityFunds,
    links: Links,
) -> Page:
    """What the province asks when it speaks with a city; `targets`: of the whole programme."""
    lines = (
        *_summary(plan, city, seen, links),
        *_targets(city, targets),
        *_items(plan, seen, links),
        *_projects(plan, seen, links),
        *_money(plan, funds),
        *_problems(seen, links),
    )
    return page(plan, f"city-{city.code}", plain(city.name), seen.as_of, lines)


def _summary(plan: Plan, city: City, seen: CityDay, links: Links) -> Iterator[str]:
    counts = Counter[str]()
    for head, number in seen.pressing.items():
        if not head.provincial:
            counts[head.standing.said(head.origin)] += number
    provincial = seen.provincial.count
    quota = "未明确" if city.places is None else f"{city.places}个"
    yield (
        f"任务数{quota}，推进中和暂停的项目{seen.going_on}个；"
        + "，".join(f"{state}{counts[state]}项" for state in PRESSING_STATES)
        + (f"（另有{plan.upper}办理{provincial}项，不计入）" if provincial else "")
        + f"。{plan.said('市本级事项')}：{link(lamp(seen.own), links.get(city.name))}。\n"
    )
    if unentered := unentered_line(seen.unentered):
        yield f"{plain(unentered)}\n"


def _targets(city: City, targets: Sequence[TargetFigure]) -> Iterator[str]:
    """What the city is to reach by itself."""
    if told := of_place(targets, city.name):
        yield "## 目标完成情况\n"
        yield from (f"- {plain(figure.said)}" for figure in told)
        yield ""


def _items(plan: Plan, seen: CityDay, links: Links) -> Iterator[str]:
    theirs, others = seen.items, seen.provincial
    yield f"## 逾期、待协调、超过建议时限和临期事项：{theirs.count}项\n"
    if theirs.count:
        yield from printed(pressing_table(theirs.shown, seen.as_of), links)
        yield from left_out(theirs.left_out, "项较晚的事项")
    else:
        yield "无。\n"
    if others.count:
        yield f"## 由{plan.upper}办理的事项：{others.count}项\n"
        yield from printed(pressing_table(others.shown, seen.as_of), links)
        yield from left_out(others.left_out, "项较晚的事项")


def _projects(plan: Plan, seen: CityDay, links: Links) -> Iterator[str]:
    yield f"## 项目：{seen.projects}个\n"
    if not seen.projects:
        yield "尚无项目。\n"
        return
    head = {"项目": "---", "阶段": "---", "编码": "---"}
    head |= {plan.said("县（市、区）"): "---", "推进状态": "---"}
    head |= {"亮灯": "---", "逾期": "---:", "临期": "---:", "形象进度": "---:"}
    yield from table(head, (_project(plan, item, links) for item in seen.shown))
    yield from left_out(seen.projects - len(seen.shown), "个项目")


def _project(plan: Plan, item: ShownProject, links: Links) -> list[object]:
    project = item.dossier
    last = project.progress[-1] if project.progress else None
    return [
        link(project.name, links.get(project.code)),
        plain(plan.stage(project.stage).label),
        plain(project.code),
        plain(project.county),
        project.disposition.label,
        lamp(item.views),
        item.late,
        item.soon,
        f"{last.percent}%（{last.period}）" if last else "—",
    ]


def _money(plan: Plan, funds: CityFunds) -> Iterator[str]:
    yield "## 资金\n"
    yield (
        f"应补助{yuan(funds.subsidy)}元，已下达{yuan(funds.released)}元，"
        f"{plan.said('省级补助')}到账{yuan(funds.received[Source.PROVINCE])}元；"
        f"配套承诺{yuan(local(funds.promised))}元，"
        f"到账{yuan(local(funds.received))}元；支出{yuan(funds.spent)}元，结存{yuan(funds.balance)}元。"
    )
    for each in funds.funds:
        yield f"其中{fund_words(plan, each)}。"
    if funds.unstated:
        yield f"{funds.unstated}个项目应补助金额未明确，未计入。"
    yield ""


def _problems(seen: CityDay, links: Links) -> Iterator[str]:
    """What each project's latest monthly report says is in the way."""
    yield f"## 最近月报反映的问题：{seen.with_problem}个项目\n"
    if not seen.problems:
        yield "无。"
        return
    for item in seen.problems:
        following = f"下一步：{private(item.next_step)}" if item.next_step else ""
        yield (
            f"- {link(item.name, links.get(item.code))}（{item.period}，{item.percent}%）："
            f"{private(item.problem)}　{following}".rstrip()
        )
    yield ""
    yield from left_out(seen.with_problem - len(seen.problems), "个项目")

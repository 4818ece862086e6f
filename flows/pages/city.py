"""One city: its projects by stage, what is late or due, its money, its open problems."""

from collections import Counter
from collections.abc import Iterator, Sequence

from flows.pages.lists import in_order, lamp
from flows.pages.markdown import Links, Page, left_out, link, page, plain, printed, private, table
from flows.pages.money import yuan
from operations.views.funds import CityFunds, fund_words, local
from operations.views.overview import DeadlineView, Survey, in_chains, unentered_line
from operations.views.tables import pressing_table
from policy.cities import City
from policy.schema import Plan
from policy.vocabulary import Origin, Source, Standing, SubjectKind
from states.deadlines import PRESSING
from states.dossier import GOING_ON, Dossier
from states.targets import figures, of_place

LONGEST = 300  # rows of a list
PRESSING_STATES = (
    *(standing.label for standing in PRESSING),
    Standing.OVERDUE.said(Origin.PROPOSAL),
)


def city_page(plan: Plan, city: City, survey: Survey, funds: CityFunds, links: Links) -> Page:
    """What the province asks when it speaks with a city."""
    views = [view for view in survey.views if view.city == city.name]
    pressing = in_chains(views)
    projects = [item for item in survey.projects if item.city == city.name]
    lines = (
        *_summary(plan, city, views, pressing, projects, links),
        *_targets(plan, city, projects),
        *_items(plan, pressing, links, survey),
        *_projects(plan, projects, views, pressing, links),
        *_money(plan, funds),
        *_problems(projects, links),
    )
    title = plain(city.name)
    return page(plan, f"city-{city.code}", title, survey.as_of, lines, survey.basis)


def _summary(
    plan: Plan,
    city: City,
    views: Sequence[DeadlineView],
    pressing: Sequence[DeadlineView],
    projects: Sequence[Dossier],
    links: Links,
) -> Iterator[str]:
    counts = Counter(view.state for view in pressing if not view.provincial)
    provincial = sum(view.provincial for view in pressing)
    going_on = sum(item.disposition in GOING_ON for item in projects)
    own = [view for view in views if view.subject_kind is SubjectKind.CITY]
    quota = "未明确" if city.places is None else f"{city.places}个"
    yield (
        f"任务数{quota}，推进中和暂停的项目{going_on}个；"
        + "，".join(f"{state}{counts[state]}项" for state in PRESSING_STATES)
        + (f"（另有{plan.upper}办理{provincial}项，不计入）" if provincial else "")
        + f"。{plan.said('市本级事项')}：{link(lamp(own), links.get(city.name))}。\n"
    )
    if unentered := unentered_line(views):
        yield f"{plain(unentered)}\n"


def _targets(plan: Plan, city: City, projects: Sequence[Dossier]) -> Iterator[str]:
    """What the city is to reach by itself."""
    if told := of_place(figures(plan, projects), city.name):
        yield "## 目标完成情况\n"
        yield from (f"- {plain(figure.said)}" for figure in told)
        yield ""


def _items(
    plan: Plan, views: Sequence[DeadlineView], links: Links, survey: Survey
) -> Iterator[str]:
    pressing = list(in_order(views))
    theirs = [view for view in pressing if not view.provincial]
    yield f"## 逾期、待协调、超过建议时限和临期事项：{len(theirs)}项\n"
    if theirs:
        yield from printed(pressing_table(theirs, survey.as_of), links, LONGEST)
        yield from left_out(len(theirs) - LONGEST, "项较晚的事项")
    else:
        yield "无。\n"
    if others := [view for view in pressing if view.provincial]:
        yield f"## 由{plan.upper}办理的事项：{len(others)}项\n"
        yield from printed(pressing_table(others, survey.as_of), links, LONGEST)
        yield from left_out(len(others) - LONGEST, "项较晚的事项")


def _projects(
    plan: Plan,
    projects: Sequence[Dossier],
    views: Sequence[DeadlineView],
    pressing: Sequence[DeadlineView],
    links: Links,
) -> Iterator[str]:
    yield f"## 项目：{len(projects)}个\n"
    if not projects:
        yield "尚无项目。\n"
        return
    held: dict[str, list[DeadlineView]] = {}
    for view in views:
        held.setdefault(view.subject, []).append(view)
    theirs = [view for view in pressing if not view.provincial]
    late = Counter(view.subject for view in theirs if view.is_overdue)
    soon = Counter(view.subject for view in theirs if view.standing is Standing.DUE_SOON)
    order = plan.stage_order
    ordered = sorted(
        projects, key=lambda p: (p.disposition not in GOING_ON, order.index(p.stage), p.code)
    )
    head = {"项目": "---", "阶段": "---", "编码": "---"}
    head |= {plan.said("县（市、区）"): "---", "推进状态": "---"}
    head |= {"亮灯": "---", "逾期": "---:", "临期": "---:", "形象进度": "---:"}
    rows = (
        _project(plan, item, held.get(item.code, []), (late[item.code], soon[item.code]), links)
        for item in ordered[:LONGEST]
    )
    yield from table(head, rows)
    yield from left_out(len(ordered) - LONGEST, "个项目")


def _project(
    plan: Plan,
    project: Dossier,
    views: Sequence[DeadlineView],
    counts: tuple[int, int],
    links: Links,
) -> list[object]:
    last = project.progress[-1] if project.progress else None
    return [
        link(project.name, links.get(project.code)),
        plain(plan.stage(project.stage).label),
        plain(project.code),
        plain(project.county),
        project.disposition.label,
        lamp(views),
        *counts,
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


def _problems(projects: Sequence[Dossier], links: Links) -> Iterator[str]:
    """What each project's latest monthly report says is in the way."""
    found = [
        (item, last)
        for item in projects
        if item.disposition in GOING_ON and item.progress and (last := item.progress[-1]).problem
    ]
    yield f"## 最近月报反映的问题：{len(found)}个项目\n"
    if not found:
        yield "无。"
        return
    for item, last in found[:LONGEST]:
        following = f"下一步：{private(last.next_step)}" if last.next_step else ""
        yield (
            f"- {link(item.name, links.get(item.code))}（{last.period}，{last.percent}%）："
            f"{private(last.problem)}　{following}".rstrip()
        )
    yield ""
    yield from left_out(len(found) - LONGEST, "个项目")

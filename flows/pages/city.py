"""One city: its projects by stage, what is late or due, its money, its open problems."""

from collections import Counter
from collections.abc import Iterator, Sequence

from flows.pages.lists import in_order, lamp
from flows.pages.markdown import Links, Page, left_out, link, page, plain, printed, private, table
from flows.pages.money import yuan
from operations.views.funds import CityFunds, local
from operations.views.overview import DeadlineView, Survey
from operations.views.tables import deadline_table
from policy.schema import City, Plan
from policy.vocabulary import Source, Standing, SubjectKind
from states.deadlines import PRESSING
from states.dossier import GOING_ON, Dossier

LONGEST = 300  # rows of a list


def city_page(plan: Plan, city: City, survey: Survey, funds: CityFunds, links: Links) -> Page:
    """What the province asks when it speaks with a city."""
    views = [view for view in survey.views if view.city == city.name]
    projects = [item for item in survey.projects if item.city == city.name]
    lines = (
        *_summary(city, views, projects, links),
        *_items(views, links, survey),
        *_projects(plan, projects, views, links),
        *_money(funds),
        *_problems(projects, links),
    )
    return page(plan, f"city-{city.code}", plain(city.name), survey.as_of, lines)


def _summary(
    city: City, views: Sequence[DeadlineView], projects: Sequence[Dossier], links: Links
) -> Iterator[str]:
    counts = Counter(view.standing for view in views)
    going_on = sum(item.disposition in GOING_ON for item in projects)
    own = [view.standing for view in views if view.subject_kind is SubjectKind.CITY]
    quota = "未明确" if city.places is None else f"{city.places}个"
    yield (
        f"名额{quota}，推进中和暂停的项目{going_on}个；"
        + "，".join(f"{standing.label}{counts[standing]}项" for standing in PRESSING)
        + f"。市本级事项：{link(lamp(own), links.get(city.name))}。\n"
    )


def _items(views: Sequence[DeadlineView], links: Links, survey: Survey) -> Iterator[str]:
    pressing = list(in_order(view for view in views if view.standing in PRESSING))
    yield f"## 逾期、待协调和临期事项：{len(pressing)}项\n"
    if pressing:
        yield from printed(deadline_table("", pressing, survey.as_of), links, LONGEST)
        yield from left_out(len(pressing) - LONGEST, "项较晚的事项")
    else:
        yield "无。\n"


def _projects(
    plan: Plan, projects: Sequence[Dossier], views: Sequence[DeadlineView], links: Links
) -> Iterator[str]:
    yield f"## 项目：{len(projects)}个\n"
    if not projects:
        yield "尚无项目。\n"
        return
    held: dict[str, list[Standing]] = {}
    for view in views:
        held.setdefault(view.subject, []).append(view.standing)
    order = plan.stage_order
    ordered = sorted(
        projects, key=lambda p: (p.disposition not in GOING_ON, order.index(p.stage), p.code)
    )
    head = {"阶段": "---", "项目": "---", "编码": "---", "县（市、区）": "---", "推进状态": "---"}
    head |= {"亮灯": "---", "逾期": "---:", "临期": "---:", "形象进度": "---:"}
    rows = (_project(plan, item, held.get(item.code, []), links) for item in ordered[:LONGEST])
    yield from table(head, rows)
    yield from left_out(len(ordered) - LONGEST, "个项目")


def _project(
    plan: Plan, project: Dossier, standings: Sequence[Standing], links: Links
) -> list[object]:
    last = project.progress[-1] if project.progress else None
    return [
        plain(plan.stage(project.stage).label),
        link(project.name, links.get(project.code)),
        plain(project.code),
        plain(project.county),
        project.disposition.label,
        lamp(standings),
        standings.count(Standing.OVERDUE),
        standings.count(Standing.DUE_SOON),
        f"{last.percent}%（{last.period}）" if last else "—",
    ]


def _money(funds: CityFunds) -> Iterator[str]:
    yield "## 资金\n"
    yield (
        f"应补{yuan(funds.subsidy)}元，下达{yuan(funds.released)}元，"
        f"省补到账{yuan(funds.received[Source.PROVINCE])}元；"
        f"配套承诺{yuan(local(funds.promised))}元，"
        f"到账{yuan(local(funds.received))}元；支出{yuan(funds.spent)}元，结存{yuan(funds.balance)}元。"
    )
    if funds.unstated:
        yield f"{funds.unstated}个项目应补金额未明确，未计入。"
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

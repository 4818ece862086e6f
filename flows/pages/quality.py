"""What an admin should have put right: the plan, contacts, deadlines, calendars, forms."""

from collections.abc import Iterator, Sequence
from datetime import date

from flows.pages.markdown import Links, Page, left_out, link, page, plain, private, table
from operations.views.contact_gaps import Gap
from operations.views.quality import DataQuality, LackingProject
from policy.schema import Plan
from states.dossier import Dossier

NAME = "data-quality"
LONGEST = 100  # rows of a list
PLACES = 8  # of an office by name


def quality_page(plan: Plan, found: DataQuality, as_of: date, links: Links) -> Page:
    """What is wrong, under one heading each; what is right is said as well."""
    return page(plan, NAME, "数据质量", as_of, _lines(plan, found, links))


def _lines(plan: Plan, found: DataQuality, links: Links) -> Iterator[str]:
    yield "## 实施方案和工作日历\n"
    if found.plan:
        yield f"未能核对时限：{private(found.plan)}"
        return
    yield "与数据库中装入的一致。\n"
    yield from _contacts(found.contacts)
    yield from _waiting(found.waiting)
    yield from _unwatched(plan, found.unwatched, links)
    yield from _lacks(found.lacks, links)


def _contacts(gaps: Sequence[Gap]) -> Iterator[str]:
    yield f"## 没有联系人的单位：{len(gaps)}个\n"
    if not gaps:
        yield "应告知的单位都有联系人。\n"
        return
    yield "请补充通讯录后导入；查看：xingfu contacts check。\n"
    rows = ([plain(gap.office), _what(gap), gap.subjects, _instead(gap)] for gap in gaps[:LONGEST])
    head = {"单位": "---", "缺什么": "---", "涉及对象": "---:", "现由谁接收": "---"}
    yield from table(head, rows)
    yield from left_out(len(gaps) - LONGEST, "个单位")


def _what(gap: Gap) -> str:
    if gap.vacant:
        return "没有联系人"
    shown = "、".join(plain(place) for place in gap.places[:PLACES])
    more = f"等{len(gap.places)}处" if len(gap.places) > PLACES else ""
    return f"{shown}{more}无人分管"


def _instead(gap: Gap) -> str:
    """Offices, not the persons' names."""
    offices = dict.fromkeys(plain(person.partition(" ")[0]) for person in gap.told)
    return "、".join(offices) or "无人，只存入文件夹"


def _waiting(waiting: Sequence[str]) -> Iterator[str]:
    yield f"## 等待放假安排公布的时限：{len(waiting)}个\n"
    if waiting:
        yield f"{'、'.join(waiting)}：请在 policy/calendars/ 下增加该年文件后运行 xingfu init。"
    else:
        yield "无。"
    yield ""


def _unwatched(plan: Plan, projects: Sequence[Dossier], links: Links) -> Iterator[str]:
    yield f"## 下一步没有时限的项目：{len(projects)}个\n"
    if not projects:
        yield "推进中的项目，尚未办理的事项都有在计时的时限。\n"
        return
    yield "这些项目尚未办结，但没有在计时的时限，系统不会提醒；请核对登记的节点。\n"
    rows = (
        [
            plain(item.city),
            link(item.name, links.get(item.code)),
            plain(item.code),
            plain(plan.stage(item.stage).label),
        ]
        for item in projects[:LONGEST]
    )
    yield from table({"市": "---", "项目": "---", "编码": "---", "阶段": "---"}, rows)
    yield from left_out(len(projects) - LONGEST, "个项目")


def _lacks(lacks: Sequence[LackingProject], links: Links) -> Iterator[str]:
    yield f"## 办理下一步所需而未填的数据：{len(lacks)}项\n"
    if not lacks:
        yield "无。"
        return
    rows = (
        [
            plain(item.project.city),
            link(item.project.name, links.get(item.project.code)),
            plain(item.project.code),
            plain(item.action),
            "、".join(map(plain, item.fields)),
        ]
        for item in lacks[:LONGEST]
    )
    head = {"市": "---", "项目": "---", "编码": "---", "下一步": "---", "未填": "---"}
    yield from table(head, rows)
    yield from left_out(len(lacks) - LONGEST, "项")

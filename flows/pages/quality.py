"""What an admin should have put right: the plan, contacts, deadlines, calendars, forms."""

from collections.abc import Iterator, Sequence
from datetime import date

from common.words import month_name
from flows.pages.markdown import Links, Page, left_out, link, page, plain, private, table
from operations.views.burden import OfficeBurden
from operations.views.contact_gaps import Gap
from operations.views.quality import DataQuality, LackingProject, UnwatchedProject
from operations.views.reach import UnreachableLine
from policy.schema import Plan
from states.workdays import CALENDARS

NAME = "data-quality"
LONGEST = 100  # rows of a list
HEAVIEST = 15  # offices in the table of burdens
PLACES = 8  # of an office by name


def quality_page(plan: Plan, found: DataQuality, as_of: date, links: Links) -> Page:
    """What is wrong, under one heading each; what is right is said as well."""
    lines = _lines(plan, found, as_of, links)
    return page(plan, NAME, "数据质量", as_of, lines, waits=_waits(found))


def _waits(found: DataQuality) -> str:
    counts = {
        "没有联系人的单位": len(found.contacts),
        "无法送达的通知方式": len(found.unreachable),
        "等待放假安排公布的时限": len(found.waiting),
        "下一步没有时限的项目": len(found.unwatched),
        "办理下一步所需而未填的数据": len(found.lacks),
    }
    said = [f"{what}{count}个" for what, count in counts.items() if count]
    return "、".join(["实施方案不能核对", *said] if found.plan else said)


def _lines(plan: Plan, found: DataQuality, as_of: date, links: Links) -> Iterator[str]:
    yield "## 实施方案和工作日历\n"
    if found.plan:
        yield f"未能核对时限：{private(found.plan)}"
        return
    yield "与数据库中装入的一致。\n"
    yield from _contacts(found.contacts)
    yield from _unreachable(found.unreachable)
    yield from _waiting(found.waiting)
    yield from _unwatched(plan, found.unwatched, links)
    yield from _lacks(plan, found.lacks, links)
    yield from _burden(found.burden, as_of)


def _contacts(gaps: Sequence[Gap]) -> Iterator[str]:
    yield f"## 没有联系人的单位：{len(gaps)}个\n"
    if not gaps:
        yield "应告知的单位都有联系人。\n"
        return
    yield "请补充通讯录后导入；查看：xingfu contacts check。\n"
    rows = ([plain(gap.office), _what(gap), gap.subjects, _instead(gap)] for gap in gaps[:LONGEST])
    head = {"单位": "---", "缺什么": "---", "涉及项目（单位）": "---:", "现由谁接收": "---"}
    yield from table(head, rows)
    yield from left_out(len(gaps) - LONGEST, "个单位")


def _unreachable(lines: Sequence[UnreachableLine]) -> Iterator[str]:
    """Offices, not the persons' names."""
    yield f"## 无法送达的通知方式：{len(lines)}个\n"
    if not lines:
        yield "目前没有退信或被拒收的通知方式。\n"
        return
    yield (
        "请更正通知方式后用 xingfu contacts test 试发；"
        "是谁的通知方式，用 xingfu contacts check 查看。\n"
    )
    rows = (
        [plain(each.office), each.since, plain(each.reason), "是" if each.wholly else "否"]
        for each in lines[:LONGEST]
    )
    head = {"单位": "---", "自何日起": "---", "情况": "---", "已由他人代收": "---"}
    yield from table(head, rows)
    yield from left_out(len(lines) - LONGEST, "个通知方式")


def _what(gap: Gap) -> str:
    if gap.unreached:
        return "联系人无法送达"
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
        yield f"{'、'.join(waiting)}：请在 {CALENDARS}增加该年文件后运行 xingfu init。"
    else:
        yield "无。"
    yield ""


def _unwatched(plan: Plan, projects: Sequence[UnwatchedProject], links: Links) -> Iterator[str]:
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
    head = {plan.said("市"): "---", "项目": "---", "编码": "---", "阶段": "---"}
    yield from table(head, rows)
    yield from left_out(len(projects) - LONGEST, "个项目")


def _lacks(plan: Plan, lacks: Sequence[LackingProject], links: Links) -> Iterator[str]:
    yield f"## 办理下一步所需而未填的数据：{len(lacks)}项\n"
    if not lacks:
        yield "无。\n"
        return
    rows = (
        [
            plain(item.city),
            link(item.name, links.get(item.code)),
            plain(item.code),
            plain(item.action),
            "、".join(map(plain, item.fields)),
        ]
        for item in lacks[:LONGEST]
    )
    head = {plan.said("市"): "---", "项目": "---", "编码": "---", "下一步": "---", "未填": "---"}
    yield from table(head, rows)
    yield from left_out(len(lacks) - LONGEST, "项")


def _burden(found: Sequence[OfficeBurden], as_of: date) -> Iterator[str]:
    yield f"## {month_name(f'{as_of:%Y-%m}')}份的报送负担：{len(found)}个单位\n"
    if not found:
        yield "本月没有向任何单位发送消息。"
        return
    yield "各单位收到的消息、待办事项，随附的待填表格和单元格；其他月份：xingfu burden。\n"
    rows = (
        [plain(item.office), item.messages, item.items, item.forms, item.cells]
        for item in found[:HEAVIEST]
    )
    head = {"单位": "---", "消息": "---:", "事项": "---:", "表格": "---:", "单元格": "---:"}
    yield from table(head, rows)
    yield from left_out(len(found) - HEAVIEST, "个单位")

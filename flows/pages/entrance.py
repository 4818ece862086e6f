"""What the page of the day leads to besides pages: decisions that wait, forms, jobs, the desk.

Which decisions wait changes more often than the page is made, so that part of it may be changed by
itself.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from common.words import SHANGHAI
from flows.pages.markdown import Page, link, page, plain, private
from models.settings import ENTRANCE_PAGE
from policy.schema import Plan

WAITING = "等待决定的审批"
SECTION = re.compile(rf"(?ms)^## {WAITING}\n.*?(?=^## |\Z)")
FIRST = re.compile(r"(?m)^## ")
OFFERED = "办理和查看"
DOORS = re.compile(rf"(?ms)^## {OFFERED}\n.*?(?=^## |\Z)")
HOW = "请打开该次运行，点右上角的 **Resume**，填写决定后点 **Submit**。"
BEFORE = "上一次核对的情况"
FORMER = re.compile(rf"\[{BEFORE}\]\(([^)]+)\)")


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """A run that waits for a person's decision."""

    name: str
    id: str
    since: datetime
    """Aware."""


@dataclass(frozen=True, slots=True)
class EntranceDoor:
    """A deployment or a paper that a person may open."""

    kind: str
    """表单, 审批, what runs by itself, 文稿: as its heading."""
    title: str
    target: str


def with_waiting(text: str, runs: Sequence[WaitingRun]) -> str:
    """A page of the day that tells of these decisions, and of no others."""
    rest = SECTION.sub("", text)
    first = FIRST.search(rest)
    at = first.start() if first else len(rest)
    return rest[:at] + "".join(f"{line}\n" for line in _waiting(runs)) + rest[at:]


def offered_lines(offered: Iterable[EntranceDoor], desk_url: str) -> Iterator[str]:
    """Forms, approvals, jobs and papers apart, each leading to where it is started or seen."""
    kinds: dict[str, list[str]] = {}
    for item in offered:
        kinds.setdefault(item.kind, []).append(link(item.title, item.target))
    if kinds or desk_url:
        yield f"## {OFFERED}\n"
    yield from (f"- {kind}：{'　'.join(links)}" for kind, links in kinds.items())
    if desk_url:
        yield f"- 各级人员：[督办工作台]({desk_url})"
    if kinds:
        yield "- 运行记录：[全部运行](/runs)　[全部页面](/artifacts)　[办理事件](/events)"
        yield ""


def with_offered(text: str, lines: Iterable[str]) -> str:
    """A page of the day that leads to these forms, approvals, jobs and papers, and to no others."""
    rest, offered = DOORS.sub("", text).rstrip(), "\n".join(lines).rstrip()
    return f"{rest}\n\n{offered}\n" if offered else f"{rest}\n"


def refused_page(
    plan: Plan, as_of: date, reason: str, form: str | None, former: str | None
) -> Page:
    """In the place of the day's page: that the day was not looked at, why, and where to go on."""
    return page(plan, ENTRANCE_PAGE, "每日核对未执行", as_of, _refused(reason, form, former))


def former_page(text: str, itself: str) -> str:
    """Where the newest page of a day is that was looked at, by the newest of all."""
    found = FORMER.search(text)
    return found[1] if found else itself


def _refused(reason: str, form: str | None, former: str | None) -> Iterator[str]:
    yield "## 待处理\n"
    yield f"待核日期 **{plain(reason.splitlines()[0])}**\n"
    yield from (f"- {private(line.strip(' ·'))}" for line in reason.splitlines()[1:])
    confirmed = link("每日核对表单", form)
    yield (
        f"- 处理：先核对服务器的日期和时间；有误的，更正后重新运行。确认无误的，在{confirmed}"
        "勾选“确认日期无误”，填写确认的单位、姓名和理由。\n"
    )
    if former:
        yield f"[{BEFORE}]({former})\n"


def _waiting(runs: Sequence[WaitingRun]) -> Iterator[str]:
    if not runs:
        return
    yield f"## {WAITING}"
    yield ""
    for run in runs:
        since = f"{run.since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        yield f"- {link(run.name, f'/runs/flow-run/{run.id}')}，自{since}起等待。{HOW}"
    yield ""

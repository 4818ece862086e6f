"""The province board: every city's stages and lamps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from flows.pages.entrance import WaitingRun, with_waiting
from flows.pages.markdown import Links, Page, link, page, plain, printed, private, table
from models.settings import ENTRANCE_PAGE
from operations.views.census import Head
from operations.views.overview import unentered_line
from operations.views.published import DueItems, ProvinceDay
from operations.views.tables import board_table, targets_table
from policy.schema import Plan
from policy.vocabulary import DeliveryStatus, Standing
from states.targets import TargetFigure


def board_page(
    plan: Plan,
    seen: ProvinceDay,
    targets: Sequence[TargetFigure],
    outbox: Mapping[DeliveryStatus, int],
    links: Links,
    others: Mapping[str, Page] = MappingProxyType({}),
    broken: Sequence[str] = (),
    runs: Sequence[WaitingRun] = (),
    further: Iterable[str] = (),
) -> Page:
    """Per city the projects in each stage, due soon and overdue; totals; the province's own.

    `others` are the day's other pages by where they are: from here an admin goes on to all of them,
    and sees first what waits there for a person. `broken`: what the watch has found, by its words;
    `runs`: what waits for a decision; `further`: what else it leads to.
    """
    lines = (
        *_onward(others),
        *_waiting(plan, others, broken),
        *_lines(plan, seen, targets, outbox, links),
        *further,
    )
    made = page(plan, ENTRANCE_PAGE, plan.said("全省进度"), seen.as_of, lines)
    return replace(made, text=with_waiting(made.text, runs))


def _onward(others: Mapping[str, Page]) -> Iterator[str]:
    if others:
        yield f"另见：{'　'.join(link(it.title, target) for target, it in others.items())}\n"


def _waiting(plan: Plan, others: Mapping[str, Page], broken: Sequence[str]) -> Iterator[str]:
    waiting = {target: it for target, it in others.items() if it.waits}
    if waiting or broken:
        yield "## 待处理\n"
        yield from (f"- 值守发现异常：{private(line)}" for line in broken)
        yield from (
            f"- {link(it.title, target)}：{plain(it.waits)}" for target, it in waiting.items()
        )
        yield f"\n## {plan.said('各市进度')}\n"


def _lines(
    plan: Plan,
    seen: ProvinceDay,
    targets: Sequence[TargetFigure],
    outbox: Mapping[DeliveryStatus, int],
    links: Links,
) -> Iterator[str]:
    yield from printed(board_table(plan, seen.board, seen.as_of), links)
    if targets:
        yield ""
        yield from printed(targets_table(plan, targets), links)
    yield _province(plan, seen.pressing, links)
    yield ""
    yield from _due_soon(seen.due_soon)
    yield from _coordinating(seen.pressing)
    if unentered := unentered_line(seen.unentered):
        yield f"{plain(unentered)}\n"
    yield f"消息：{'，'.join(f'{status.label}{n}条' for status, n in outbox.items())}。\n"


def _province(plan: Plan, pressing: Mapping[Head, int], links: Links) -> str:
    """What provincial bodies have to do, which belongs in no city's row."""
    own = {head: count for head, count in pressing.items() if head.provincial}
    due_soon = sum(n for head, n in own.items() if head.standing is Standing.DUE_SOON)
    overdue = sum(n for head, n in own.items() if head.is_overdue)
    beyond = sum(n for head, n in own.items() if head.is_beyond_proposal)
    what = link(f"{plan.upper}办理事项", links.get(plan.province))
    counts = f"临期{due_soon}项，逾期{overdue}项，超过建议时限{beyond}项。"
    return f"另有{what}{plan.said('（不计入各市）')}：{counts}"


def _due_soon(found: Sequence[DueItems]) -> Iterator[str]:
    yield "## 临期事项\n"
    if not found:
        yield "无。\n"
        return
    rows = [[it.remind_by, f"{it.rule} {plain(it.title)}", it.count, _names(it)] for it in found]
    yield from table({"提前办结日": "---", "事项": "---", "数量": "---:", "涉及": "---"}, rows)


def _names(item: DueItems) -> str:
    shown = "、".join(map(plain, item.names))
    return f"{shown}等{item.count}个" if item.count > len(item.names) else shown


def _coordinating(pressing: Mapping[Head, int]) -> Iterator[str]:
    found = [head for head in pressing if head.standing is Standing.COORDINATING]
    if found:
        ordered = sorted(found, key=lambda head: head.place)
        titles = dict.fromkeys(f"{head.rule} {plain(head.title)}" for head in ordered)
        count = sum(pressing[head] for head in found)
        yield f"待协调事项{count}项（{'；'.join(titles)}），不作逾期认定。\n"

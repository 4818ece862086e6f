"""The province board: every city's stages and lamps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from flows.pages.entrance import WaitingRun, with_waiting
from flows.pages.markdown import Links, Page, link, page, plain, printed, private, table
from models.settings import ENTRANCE_PAGE
from operations.views.overview import (
    DeadlineView,
    Survey,
    in_chains,
    unentered_line,
    with_standing,
)
from operations.views.tables import board_table, targets_table
from policy.schema import Plan
from policy.vocabulary import DeliveryStatus, Standing
from states.targets import figures

NAMED = 2  # subjects of a row by name: the UI does not break lines in tables


def board_page(
    plan: Plan,
    survey: Survey,
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
        *_lines(plan, survey, outbox, links),
        *further,
    )
    made = page(plan, ENTRANCE_PAGE, plan.said("全省进度"), survey.as_of, lines, survey.basis)
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
    plan: Plan, survey: Survey, outbox: Mapping[DeliveryStatus, int], links: Links
) -> Iterator[str]:
    yield from printed(board_table(plan, survey.board, survey.as_of, survey.basis), links)
    if found := figures(plan, survey.projects):
        yield ""
        yield from printed(targets_table(plan, found), links)
    pressing = in_chains(survey.views)
    yield _province(plan, pressing, links)
    yield ""
    yield from _due_soon(pressing)
    yield from _coordinating(pressing)
    if unentered := unentered_line(survey.views):
        yield f"{plain(unentered)}\n"
    yield f"消息：{'，'.join(f'{status.label}{n}条' for status, n in outbox.items())}。\n"


def _province(plan: Plan, pressing: Sequence[DeadlineView], links: Links) -> str:
    """What provincial bodies have to do, which belongs in no city's row."""
    own = [view for view in pressing if view.provincial]
    due_soon = sum(view.standing is Standing.DUE_SOON for view in own)
    overdue = sum(view.is_overdue for view in own)
    beyond = sum(view.is_beyond_proposal for view in own)
    what = link(f"{plan.upper}办理事项", links.get(plan.province))
    counts = f"临期{due_soon}项，逾期{overdue}项，超过建议时限{beyond}项。"
    return f"另有{what}{plan.said('（不计入各市）')}：{counts}"


def _due_soon(views: Sequence[DeadlineView]) -> Iterator[str]:
    yield "## 临期事项\n"
    found = list(with_standing(list(views), Standing.DUE_SOON))
    if not found:
        yield "无。\n"
        return
    rows = []
    for key in dict.fromkeys((view.remind_by, view.rule, view.title) for view in found):
        names = [plain(v.name) for v in found if (v.remind_by, v.rule, v.title) == key]
        shown = "、".join(names[:NAMED]) + (f"等{len(names)}个" if len(names) > NAMED else "")
        rows.append([key[0], f"{key[1]} {plain(key[2])}", len(names), shown])
    yield from table({"提前办结日": "---", "事项": "---", "数量": "---:", "涉及": "---"}, rows)


def _coordinating(views: Sequence[DeadlineView]) -> Iterator[str]:
    found = list(with_standing(list(views), Standing.COORDINATING))
    if found:
        titles = dict.fromkeys(f"{view.rule} {plain(view.title)}" for view in found)
        yield f"待协调事项{len(found)}项（{'；'.join(titles)}），不作逾期认定。\n"

"""What is late, and what is due within a week."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

from common.words import dated
from flows.pages.markdown import Links, Page, left_out, page, printed
from operations.views.census import WEEK, first_date
from operations.views.overview import DeadlineView
from operations.views.published import ListedItems
from operations.views.tables import pressing_table
from policy.schema import Plan
from policy.vocabulary import Origin, Standing

SIGNS = {
    Standing.OVERDUE.label: "红（逾期）",
    Standing.COORDINATING.label: "橙（待协调）",
    Standing.OVERDUE.said(Origin.PROPOSAL): "黄（超过建议时限）",
    Standing.DUE_SOON.label: "黄（临期）",
    Standing.ON_TRACK.label: "绿（正常）",
    Standing.SUSPENDED.label: "灰（暂停）",
}
"""The most severe first."""


def lamp(views: Iterable[DeadlineView]) -> str:
    """How the most severe of a subject's deadlines stands; a dash when none of them is open.

    What a provincial body has to do is left out: nobody else answers for it.
    """
    held = {view.state for view in views if not view.provincial}
    return next((words for state, words in SIGNS.items() if state in held), "—")


def overdue_page(
    plan: Plan,
    as_of: date,
    late: ListedItems,
    beyond: ListedItems,
    links: Links,
    unexplained: int = 0,
) -> Page:
    """The overdue list, the longest overdue first; below it what is past a proposed day (A30).

    `unexplained`: how many subjects, of all that are pressing, have no page for lack of room.
    """
    lines = (
        *_overdue(late, links, as_of),
        *_beyond(beyond, links, as_of),
        *_unexplained(unexplained),
    )
    return page(plan, "overdue", f"逾期清单（共{late.count}项）", as_of, lines)


def due_page(plan: Plan, as_of: date, due: ListedItems, links: Links, unexplained: int = 0) -> Page:
    """What is due within the seven days that begin with the day, by day.

    `unexplained` as in `overdue_page`.
    """
    lines = (*_due(due, links, as_of), *_unexplained(unexplained))
    return page(plan, "due-this-week", f"七日内到期（共{due.count}项）", as_of, lines)


def _unexplained(count: int) -> Iterator[str]:
    if count > 0:
        yield (
            f"名称带链接的可打开时限说明；另有{count}个项目（单位）时限较晚，未发布说明，"
            "可用 xingfu explain 编码 查看。"
        )


def _overdue(late: ListedItems, links: Links, as_of: date) -> Iterator[str]:
    if not late.count:
        yield "没有逾期事项。"
        return
    yield from printed(pressing_table(late.shown, as_of), links)
    yield from left_out(late.left_out, "项较晚的逾期事项")


def _beyond(beyond: ListedItems, links: Links, as_of: date) -> Iterator[str]:
    if beyond.count:
        yield f"\n## 超过建议时限：{beyond.count}项\n"
        yield "《实施方案》未明确日期，所列为建议时限，不作逾期认定。\n"
        yield from printed(pressing_table(beyond.shown, as_of), links)
        yield from left_out(beyond.left_out, "项超过建议时限的事项")


def _due(due: ListedItems, links: Links, as_of: date) -> Iterator[str]:
    yield f"{dated(as_of)}至{dated(as_of + WEEK)}。\n"
    if not due.count:
        yield "没有到期事项。"
    by_day = groupby(
        due.shown, key=lambda view: first_date(as_of, view.remind_by, view.overdue_after)
    )
    for day, items in by_day:
        views = list(items)
        assert day is not None  # noqa: S101  # else it would not be listed
        yield f"## {dated(day)}：{len(views)}项\n"
        yield from printed(pressing_table(views, as_of), links)
    yield from left_out(due.left_out, "项较晚到期的事项")

"""What is late, and what is due within a week."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from common.words import dated
from flows.pages.markdown import Links, Page, left_out, page, printed
from operations.views.overview import DeadlineView, Survey, in_chains
from operations.views.tables import pressing_table
from policy.schema import Plan
from policy.vocabulary import Origin, Standing
from states.deadlines import IN_TIME

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


def in_order(views: Iterable[DeadlineView]) -> Iterator[DeadlineView]:
    """The earliest first."""
    yield from sorted(views, key=lambda v: (v.overdue_after or date.max, v.rule, v.subject))


LONGEST = 500  # rows; beyond them the workbook 逾期清单 serves better
WEEK = timedelta(days=6)  # from a day to the seventh, both included


def overdue_page(plan: Plan, survey: Survey, links: Links, unexplained: int = 0) -> Page:
    """The overdue list, the longest overdue first; below it what is past a proposed day (A30).

    `unexplained`: how many subjects, of all that are pressing, have no page for lack of room.
    """
    pressing = in_chains(survey.views)
    late = list(in_order(view for view in pressing if view.is_overdue))
    beyond = list(in_order(view for view in pressing if view.is_beyond_proposal))
    lines = (
        *_overdue(late, links, survey.as_of),
        *_beyond(beyond, links, survey.as_of),
        *_unexplained(unexplained),
    )
    title = f"逾期清单（共{len(late)}项）"
    return page(plan, "overdue", title, survey.as_of, lines, survey.basis)


def due_page(plan: Plan, survey: Survey, links: Links, unexplained: int = 0) -> Page:
    """What is due within the seven days that begin with the day, by day.

    `unexplained` as in `overdue_page`.
    """
    due = due_this_week(survey)
    title = f"七日内到期（共{len(due)}项）"
    lines = (*_due(due, links, survey.as_of), *_unexplained(unexplained))
    return page(plan, "due-this-week", title, survey.as_of, lines, survey.basis)


def due_this_week(survey: Survey) -> list[tuple[date, DeadlineView]]:
    """Each open deadline with a date within seven days, and the first such date; in order."""
    found = []
    for view in survey.views:
        days = [day for day in (view.remind_by, view.overdue_after) if day is not None]
        near = [day for day in days if survey.as_of <= day <= survey.as_of + WEEK]
        if near and view.standing in IN_TIME:
            found.append((min(near), view))
    return sorted(found, key=lambda item: (item[0], item[1].rule, item[1].city, item[1].subject))


def _unexplained(count: int) -> Iterator[str]:
    if count > 0:
        yield (
            f"名称带链接的可打开时限说明；另有{count}个项目（单位）时限较晚，未发布说明，"
            "可用 xingfu explain 编码 查看。"
        )


def _overdue(late: Sequence[DeadlineView], links: Links, as_of: date) -> Iterator[str]:
    if not late:
        yield "没有逾期事项。"
        return
    yield from printed(pressing_table(late, as_of), links, LONGEST)
    yield from left_out(len(late) - LONGEST, "项较晚的逾期事项")


def _beyond(beyond: Sequence[DeadlineView], links: Links, as_of: date) -> Iterator[str]:
    if beyond:
        yield f"\n## 超过建议时限：{len(beyond)}项\n"
        yield "《实施方案》未明确日期，所列为建议时限，不作逾期认定。\n"
        yield from printed(pressing_table(beyond, as_of), links, LONGEST)
        yield from left_out(len(beyond) - LONGEST, "项超过建议时限的事项")


def _due(due: Sequence[tuple[date, DeadlineView]], links: Links, as_of: date) -> Iterator[str]:
    yield f"{dated(as_of)}至{dated(as_of + WEEK)}。\n"
    if not due:
        yield "没有到期事项。"
    for day, items in groupby(due[:LONGEST], key=lambda item: item[0]):
        views = [view for _, view in items]
        yield f"## {dated(day)}：{len(views)}项\n"
        yield from printed(pressing_table(views, as_of), links)
    yield from left_out(len(due) - LONGEST, "项较晚到期的事项")

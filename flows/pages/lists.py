"""What is late, and what is due within a week."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from common.words import dated
from flows.pages.markdown import Links, Page, left_out, page, printed
from operations.views.overview import DeadlineView, Survey
from operations.views.tables import deadline_table
from policy.schema import Plan
from policy.vocabulary import Standing
from states.deadlines import IN_TIME

SIGNS = {
    Standing.OVERDUE: "红（逾期）",
    Standing.COORDINATING: "橙（待协调）",
    Standing.DUE_SOON: "黄（临期）",
    Standing.ON_TRACK: "绿（正常）",
    Standing.SUSPENDED: "灰（暂停）",
}
"""The most severe first."""


def lamp(standings: Iterable[Standing]) -> str:
    """The most severe of a subject's standings; a dash when none of its deadlines is open."""
    held = set(standings)
    return next((words for standing, words in SIGNS.items() if standing in held), "—")


def in_order(views: Iterable[DeadlineView]) -> Iterator[DeadlineView]:
    """The earliest first."""
    yield from sorted(views, key=lambda v: (v.overdue_after or date.max, v.rule, v.subject))


LONGEST = 500  # rows; beyond them the workbook 逾期清单 serves better
WEEK = timedelta(days=6)  # from a day to the seventh, both included


def overdue_page(plan: Plan, survey: Survey, links: Links, unexplained: int = 0) -> Page:
    """The overdue list, the longest overdue first.

    `unexplained`: how many subjects, of all that are pressing, have no page for lack of room.
    """
    late = list(in_order(v for v in survey.views if v.standing is Standing.OVERDUE))
    lines = (*_overdue(late, links, survey.as_of), *_unexplained(unexplained))
    return page(plan, "overdue", f"逾期清单（共{len(late)}项）", survey.as_of, lines)


def due_page(plan: Plan, survey: Survey, links: Links, unexplained: int = 0) -> Page:
    """What is due within the seven days that begin with the day, by day.

    `unexplained` as in `overdue_page`.
    """
    due = due_this_week(survey)
    title = f"七日内到期（共{len(due)}项）"
    lines = (*_due(due, links, survey.as_of), *_unexplained(unexplained))
    return page(plan, "due-this-week", title, survey.as_of, lines)


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
            f"名称带链接的可打开时限说明；另有{count}个对象期限较晚，未发布说明，"
            "可用 xingfu explain 编码 查看。"
        )


def _overdue(late: Sequence[DeadlineView], links: Links, as_of: date) -> Iterator[str]:
    if not late:
        yield "没有逾期事项。"
        return
    yield from printed(deadline_table("", late, as_of), links, LONGEST)
    yield from left_out(len(late) - LONGEST, "项较晚的逾期事项")


def _due(due: Sequence[tuple[date, DeadlineView]], links: Links, as_of: date) -> Iterator[str]:
    yield f"{dated(as_of)}至{dated(as_of + WEEK)}。\n"
    if not due:
        yield "没有到期事项。"
    for day, items in groupby(due[:LONGEST], key=lambda item: item[0]):
        views = [view for _, view in items]
        yield f"## {dated(day)}：{len(views)}项\n"
        yield from printed(deadline_table("", views, as_of), links)
    yield from left_out(len(due) - LONGEST, "项较晚到期的事项")

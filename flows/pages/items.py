"""Deadlines as rows of a table, and the lamp that a subject shows."""

from collections.abc import Iterable, Iterator
from datetime import date

from flows.operations.overview import DeadlineView
from flows.pages.markdown import Links, link, plain
from policy.vocabulary import Origin, Standing
from states.deadlines import LATE

SIGNS = {
    Standing.OVERDUE: "红（逾期）",
    Standing.COORDINATING: "橙（待协调）",
    Standing.DUE_SOON: "黄（临期）",
    Standing.ON_TRACK: "绿（正常）",
    Standing.SUSPENDED: "灰（暂停）",
}
"""The most severe first."""
HEAD = dict.fromkeys(("状态", "项目或单位", "所在地", "事项", "应完成", "逾期认定", "依据"), "---")
"""What matters most comes first: the UI cuts wide tables off on the right."""


def lamp(standings: Iterable[Standing]) -> str:
    """The most severe of a subject's standings; a dash when none of its deadlines is open."""
    held = set(standings)
    return next((words for standing, words in SIGNS.items() if standing in held), "—")


def item_row(view: DeadlineView, links: Links, as_of: date) -> list[object]:
    """A deadline under `HEAD`."""
    return [
        _stands(view, as_of),
        link(view.name, links.get(view.subject)),
        plain(f"{view.city}{view.county}") or "全省",
        what(view),
        view.remind_by or "—",
        view.overdue_after or "—",
        clause(view),
    ]


def _stands(view: DeadlineView, as_of: date) -> str:
    """How it stands, and for how many days it has been late."""
    if view.standing in LATE and view.overdue_after is not None:
        return f"{view.standing.label}{(as_of - view.overdue_after).days}天"
    return view.standing.label


def what(view: DeadlineView) -> str:
    """The deadline's id and title."""
    return f"{view.rule} {plain(view.title)}"


def clause(view: DeadlineView) -> str:
    """Where it comes from; said when it is our proposal."""
    return plain(view.clause) + ("" if view.origin is Origin.NOTICE else "（建议）")


def in_order(views: Iterable[DeadlineView]) -> Iterator[DeadlineView]:
    """The earliest first."""
    yield from sorted(views, key=lambda v: (v.overdue_after or date.max, v.rule, v.subject))

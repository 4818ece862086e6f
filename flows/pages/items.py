"""Deadlines as rows of a table, and the lamp that a subject shows."""

from collections.abc import Iterable, Iterator
from datetime import date

from flows.operations.overview import DeadlineView
from policy.vocabulary import Standing

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

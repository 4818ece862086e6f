"""What the pages of a day say: what is counted, and of what is listed the rows that are shown.

All of it comes from the census of the cities; nothing but what is shown is read in full.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from sqlmodel import Session

from models.projects import dossiers, subjects
from models.reported import ReportedProblem, reported_problems
from operations.cases.desk import Desk
from operations.views.census import (
    Census,
    DatedRule,
    Head,
    boards,
    census,
    earliest,
    pressing_views,
)
from operations.views.overview import (
    CityBoard,
    DeadlineView,
    bare_views,
    chains,
    running_views,
    unentered_now,
)
from operations.views.scenes import by_tables
from policy.vocabulary import Standing
from states.dossier import GOING_ON, Dossier
from states.targets import TargetFigure, figures

LONGEST = 500
"""Rows of a list of items; beyond them the workbook 逾期清单 serves better."""
LONGEST_OF_CITY = 300
"""Rows of a list on a city's page."""
NAMED = 2
"""Subjects by name of a row of the board's page: the UI does not break lines in tables."""


@dataclass(frozen=True, slots=True)
class ListedItems:
    """The first items of a list, and how many it has."""

    count: int
    shown: tuple[DeadlineView, ...]

    @property
    def left_out(self) -> int:
        """How many of it are not shown."""
        return self.count - len(self.shown)


@dataclass(frozen=True, slots=True)
class DueItems:
    """Projects or places of which the same is due soon."""

    remind_by: date | None
    rule: str
    title: str
    count: int
    names: tuple[str, ...]
    """Of the first."""


@dataclass(frozen=True, slots=True)
class ProvinceDay:
    """What the page of the province's board says."""

    as_of: date
    board: tuple[CityBoard, ...]
    pressing: Mapping[Head, int]
    """How much of each there is."""
    due_soon: tuple[DueItems, ...]
    unentered: tuple[tuple[str, str], ...]
    """City and deadline of the monthly reports that are not entered (未录入)."""


@dataclass(frozen=True, slots=True)
class ShownProject:
    """A project as its city's page has it."""

    dossier: Dossier
    views: tuple[DeadlineView, ...]
    """All of its deadlines."""
    late: int
    soon: int
    """How many of its items are, but those for a provincial body."""


@dataclass(frozen=True, slots=True)
class CityDay:
    """What the page of a city says, but for its money."""

    as_of: date
    projects: int
    going_on: int
    pressing: Mapping[Head, int]
    """How much of each there is."""
    own: tuple[DeadlineView, ...]
    """The deadlines of the city itself."""
    unentered: tuple[tuple[str, str], ...]
    items: ListedItems
    provincial: ListedItems
    """What a provincial body has to do."""
    shown: tuple[ShownProject, ...]
    problems: tuple[ReportedProblem, ...]
    """What is in the way of the first by their latest reports."""
    with_problem: int
    """Of how many projects they tell such a thing."""


def taken_of(desk: Desk, as_of: date) -> tuple[Census, ...]:
    """All that pages count: the province's own, and each city."""
    with desk.reading() as session:
        return tuple(
            census(session, desk, city, as_of)
            for city in ("", *(each.name for each in desk.plan.cities))
        )


def pressing_in(found: Iterable[Census]) -> Mapping[Head, int]:
    """How much presses, by what it is."""
    counts = Counter[Head]()
    for each in found:
        for (_, head), number in each.counts.items():
            counts[head] += number
    return counts


def late_items(
    desk: Desk, found: Sequence[Census], most: int = LONGEST
) -> tuple[ListedItems, ListedItems]:
    """What is late by a day that the notice states, and what by a day that is only a proposal.

    The longest late first.
    """
    late = earliest(_heads(found, lambda head: head.is_overdue), most)
    beyond = earliest(_heads(found, lambda head: head.is_beyond_proposal), most)
    codes = [*dict.fromkeys(code for _, code in (*late[1], *beyond[1]))]
    with desk.reading() as session:
        views = running_views(session, desk, found[0].as_of, codes).views
    by_place = {(view.subject, view.rule): view for view in chains(views)}
    return _shown(by_place, *late), _shown(by_place, *beyond)


def items_due(desk: Desk, found: Sequence[Census], most: int = LONGEST) -> ListedItems:
    """What has time left and a date within the seven days that begin with the day."""
    count, due = earliest(
        (
            ((day, rule, each.city), codes)
            for each in found
            for agenda, codes in each.agendas()
            for day, rule in agenda.due
        ),
        most,
    )
    wanted = [(subject, rule) for (_, rule, _), subject in due]
    return ListedItems(count, tuple(pressing_views(desk, found[0].as_of, wanted)))


def to_explain(found: Iterable[Census], most: int) -> tuple[int, tuple[str, ...]]:
    """How many subjects have something late, due soon or due this week; the first by lateness."""
    count, first = earliest(
        (
            (agenda.first, codes)
            for each in found
            for agenda, codes in each.agendas()
            if agenda.first
        ),
        most,
    )
    return count, tuple(subject for _, subject in first)


def targets_of(desk: Desk, projects: Sequence[Dossier] | None = None) -> tuple[TargetFigure, ...]:
    """What the programme is to reach, where the plan says: by its projects, one by one."""
    if not (desk.plan.kinds or desk.plan.targets):
        return ()
    if projects is None:
        with desk.reading() as session:
            projects = dossiers(session, desk.plan)
    return figures(desk.plan, projects)


def province_day(desk: Desk, found: Sequence[Census]) -> ProvinceDay:
    """What the page of the province's board says."""
    as_of, cities = found[0].as_of, [each.city for each in found if each.city]
    with desk.reading() as session:
        seen = by_tables(session, desk, as_of, cities)
        return ProvinceDay(
            as_of,
            boards(desk, found),
            pressing_in(found),
            _due_soon(session, desk, found),
            tuple(unentered_now(session, desk, seen.deadlines)),
        )


def city_day(desk: Desk, found: Census, most: int = LONGEST_OF_CITY) -> CityDay:
    """What the page of a city says; what it shows is read at once."""
    theirs = earliest(_heads([found], lambda head: not head.provincial), most)
    provincial = earliest(_heads([found], lambda head: head.provincial), most)
    order = desk.plan.stage_order
    count, projects = earliest(
        (
            ((it.disposition not in GOING_ON, order.index(it.stage)), codes)
            for it, codes in found.projects.items()
        ),
        most,
    )
    codes = [subject for _, subject in (*projects, *theirs[1], *provincial[1])]
    with desk.reading() as session:
        seen = by_tables(session, desk, found.as_of, [*dict.fromkeys((found.city, *codes))])
        unentered = unentered_now(session, desk, seen.deadlines)
        with_problem, problems = reported_problems(session, desk.plan, found.city, most)
    views: dict[str, list[DeadlineView]] = {}
    for view in bare_views(desk, seen):
        views.setdefault(view.subject, []).append(view)
    heads = chains(chain.from_iterable(views.values()))
    by_place = {(view.subject, view.rule): view for view in heads}
    own = [view for view in heads if not view.provincial]
    late = Counter(view.subject for view in own if view.is_overdue)
    soon = Counter(view.subject for view in own if view.standing is Standing.DUE_SOON)
    whole = {it.code: it for it in seen.projects}
    return CityDay(
        as_of=found.as_of,
        projects=count,
        going_on=sum(
            len(codes) for it, codes in found.projects.items() if it.disposition in GOING_ON
        ),
        pressing=pressing_in([found]),
        own=tuple(views.get(found.city, ())),
        unentered=tuple(unentered),
        items=_shown(by_place, *theirs),
        provincial=_shown(by_place, *provincial),
        shown=tuple(
            ShownProject(whole[code], tuple(views.get(code, ())), late[code], soon[code])
            for _, code in projects
            if code in whole
        ),
        problems=tuple(problems),
        with_problem=with_problem,
    )


def _heads(
    found: Iterable[Census], wanted: Callable[[Head], bool]
) -> Iterator[tuple[DatedRule, Sequence[str]]]:
    for each in found:
        for _, head, codes in each.pressing():
            if wanted(head):
                yield head.place, codes


def _shown(
    views: Mapping[tuple[str, str], DeadlineView],
    count: int,
    heads: Iterable[tuple[DatedRule, str]],
) -> ListedItems:
    """Those heads, but what has changed meanwhile."""
    wanted = ((subject, rule) for (_, rule), subject in heads)
    return ListedItems(count, tuple(views[place] for place in wanted if place in views))


def _due_soon(session: Session, desk: Desk, found: Iterable[Census]) -> tuple[DueItems, ...]:
    """What is due soon, of all that is alike a row."""
    alike: dict[tuple[date | None, str, str], list[tuple[DatedRule, Sequence[str]]]] = {}
    for each in found:
        for _, head, codes in each.pressing():
            if head.standing is Standing.DUE_SOON:
                key = (head.remind_by, head.rule, head.title)
                alike.setdefault(key, []).append((head.place, codes))
    rows = sorted(
        ((*earliest(its, NAMED), key) for key, its in alike.items()), key=lambda row: row[1]
    )
    named = subjects(session, desk.plan, {code for _, first, _ in rows for _, code in first})
    return tuple(
        DueItems(*key, count, tuple(named[code].name for _, code in first))
        for count, first, key in rows
    )

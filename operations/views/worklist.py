"""What somebody has to do today, and what may be answered to each item (今日事项)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from models.deadlines import deadline_rows, open_codes
from models.projects import find_subject
from operations.cases.answering import asked_fact, fact_bar, fact_label
from operations.cases.desk import Desk
from operations.views.overview import (
    DeadlineView,
    in_chains,
    is_of_money,
    running_views,
    views_in,
    with_projects,
)
from operations.views.scenes import DeadlineState, Scene, scene
from policy.vocabulary import Level, Standing
from states.authority import acknowledgement, matter
from states.contacts import Place
from states.deadlines import LATE, RUNNING
from states.reach import Visitor

MOST = 20
"""Subjects of which a worklist tells; whoever has more looks at the lists."""
MOST_IN_CALENDAR = 500
"""Subjects of which a calendar tells, the earliest due first."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One item (事项), and what its reader may answer."""

    view: DeadlineView
    own: bool
    """Whether it is for the reader's own office to do."""
    fact: str = ""
    """What a day of completion dates; empty where an answer dates nothing."""
    fact_label: str = ""
    bar: str = ""
    """Why an answer dates nothing, and what does."""
    done_by: str = ""
    """In whose name the reader may date it; empty: may not."""
    expected_by: str = ""
    """In whose name the reader may say when it will be done; empty: may not."""
    quiet_until: date | None = None
    """The day that was said already."""


@dataclass(frozen=True, slots=True)
class Worklist:
    """The items of a day, each chain of a project once, the longest late first."""

    overdue: tuple[WorkItem, ...]
    due_soon: tuple[WorkItem, ...]
    others: tuple[WorkItem, ...]
    """What waits for another office."""
    is_cut: bool
    """Whether there are more subjects than `MOST`."""


def worklist(desk: Desk, who: Visitor, as_of: date) -> Worklist:
    """What presses where somebody's offices answer for it, as of a day."""
    with desk.reading() as session:
        codes = _codes(session, desk, who, MOST + 1, as_of)
        shown = codes[:MOST]
        found = running_views(session, desk, as_of, shown)
    views = [view for view in found.views if is_seen(desk, who, view)]
    items = _items(desk, who, found.scene, _longest_late(in_chains(views)))
    if Place() in who.reach.places | who.reach.funds:
        items = [item for item in items if item.own]
    return Worklist(
        tuple(item for item in items if item.own and item.view.standing in LATE),
        tuple(item for item in items if item.own and item.view.standing is Standing.DUE_SOON),
        tuple(item for item in items if not item.own),
        len(codes) > MOST,
    )


def work_item(desk: Desk, who: Visitor, code: str, rule: str, as_of: date) -> WorkItem:
    """One item by itself. RefusedError where there is none, or it is not for the reader to see."""
    with desk.reading() as session:
        require_reach(session, desk, who, code, money=True)
        known = running_views(session, desk, as_of, [code])
        found, views = known.scene, [view for view in known.views if view.rule == rule]
        if not views:  # it is over, or was never there; of a report that is over all is read
            found = scene(session, desk, as_of, with_projects(session, desk, [code]))
            every = views_in(desk, found)
            views = [view for view in every if (view.subject, view.rule) == (code, rule)]
    if not all(is_seen(desk, who, view) for view in views):
        raise OutOfReachError(f"没有“{code[:40]}”，或不在您的办理范围内")
    if not views:
        raise RefusedError(f"{code}没有时限“{rule}”，可能已随实施方案变更；请从今日事项查看")
    return _items(desk, who, found, views[:1])[0]


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """An open deadline of somebody's own office, as a calendar shows it."""

    view: DeadlineView
    due: date
    visit: int
    """Counts up whenever its day is moved."""


def calendar_items(desk: Desk, who: Visitor, as_of: date) -> tuple[CalendarItem, ...]:
    """The open deadlines that are for somebody's own offices to meet, by day."""
    with desk.reading() as session:
        codes = _codes(session, desk, who, MOST_IN_CALENDAR)
        found = running_views(session, desk, as_of, codes)
        rows = {
            (row.subject, row.rule): row for row, _ in deadline_rows(session, desk.plan, [*codes])
        }
        visits = {key: row.visit for key, row in rows.items()}
    states = {(item.subject.code, item.rule): item for item in found.scene.deadlines}
    items = [
        CalendarItem(view, view.due, visits[view.subject, view.rule])
        for view in found.views
        if view.due
        and view.standing in RUNNING
        and (view.subject, view.rule) in visits
        and _is_own(desk, who, states[view.subject, view.rule])
    ]
    return tuple(sorted(items, key=lambda item: (item.due, item.view.rule, item.view.subject)))


def _codes(
    session: Session, desk: Desk, who: Visitor, most: int, as_of: date | None = None
) -> tuple[str, ...]:
    provincial = [id for id, body in desk.plan.bodies.items() if body.reached_at is Level.PROVINCE]
    seen = [(place, () if place.city else provincial) for place in who.reach.places]
    kept = [(place, desk.plan.treasuries) for place in who.reach.funds]
    places = sorted((*seen, *kept), key=lambda each: (each[0].city, each[0].county, len(each[1])))
    return open_codes(session, desk.plan, desk.deadlines, places, most, as_of)


def require_reach(
    session: Session, desk: Desk, who: Visitor, code: str, *, money: bool = False
) -> Place:
    """Where a subject lies. RefusedError where it is not the reader's to see, or is unknown.

    With `money` whoever sees the money alone may, too. The same words for both: nobody learns what
    there is elsewhere.
    """
    try:
        subject = find_subject(session, desk.plan, code)
    except RefusedError:
        subject = None
    place = Place(subject.city, subject.county) if subject else Place()
    sees = who.reach.touches if money else who.reach.covers
    if subject is None or not sees(place):
        raise OutOfReachError(f"没有“{code[:40]}”，或不在您的办理范围内")
    return place


class OutOfReachError(RefusedError):
    """不在您的办理范围内。"""


def _longest_late(views: Iterable[DeadlineView]) -> Sequence[DeadlineView]:
    return sorted(views, key=lambda it: (it.overdue_after or date.max, it.rule, it.subject))


def _items(desk: Desk, who: Visitor, found: Scene, views: Iterable[DeadlineView]) -> list[WorkItem]:
    states = {(item.subject.code, item.rule): item for item in found.deadlines}
    return [
        _item(desk, who, states[view.subject, view.rule], found.facts.get(view.subject, {}), view)
        for view in views
    ]


def _item(
    desk: Desk, who: Visitor, state: DeadlineState, held: Mapping[str, date], view: DeadlineView
) -> WorkItem:
    deadline, kind = desk.deadlines[view.rule], view.subject_kind
    place = Place(view.city, view.county)
    own = _is_own(desk, who, state)
    if view.standing not in RUNNING:
        return WorkItem(view, own)
    missing = (name for name in deadline.facts(kind) if name not in held)
    bar = fact_bar(desk.plan, state.turn.step or next(missing, ""))
    fact = asked_fact(desk.plan, deadline, kind, held, state.turn)
    asked = matter(desk.plan, fact) if fact else None
    said = acknowledgement(desk.plan, view.rule)
    return WorkItem(
        view,
        own,
        fact,
        fact_label(desk, fact) if fact else "",
        bar,
        who.entitled(desk.plan, asked, place),
        who.entitled(desk.plan, said, place),
        state.quiet_until,
    )


def is_seen(desk: Desk, who: Visitor, view: DeadlineView) -> bool:
    """Whether a deadline is the reader's to see: a finance office sees what waits for one."""
    return who.reach.sees(Place(view.city, view.county), of_money=is_of_money(desk, view))


def _is_own(desk: Desk, who: Visitor, state: DeadlineState) -> bool:
    """Whether it is for one of the reader's offices: whose turn it is, or who is reminded."""
    body, its = state.turn.body, state.subject
    told = desk.plan.office(desk.plan.bodies[body].reached_at, its.city, its.county)
    return bool({told, desk.plan.body_name(body, its.city, its.county)} & {*who.offices})

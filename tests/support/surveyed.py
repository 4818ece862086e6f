"""What the pages of a day say, by the survey: every deadline and every project is looked at.

So it was done before pages were made from a census; that both say the same is held by tests.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from models.reported import ReportedProblem
from operations.cases.desk import Desk
from operations.views.census import Head
from operations.views.funds import (
    DifferingSubsidy,
    MoneyOverview,
    by_city,
    funds_view,
    resting_money,
    total,
)
from operations.views.overview import DeadlineView, Survey, in_chains, survey, with_standing
from operations.views.published import (
    CityDay,
    DueItems,
    ListedItems,
    ProvinceDay,
    ShownProject,
    city_day,
    items_due,
    late_items,
    province_day,
    taken_of,
    to_explain,
)
from operations.views.quality import UnwatchedProject, lacking, lacks_of, unwatched
from policy.schema import Plan
from policy.vocabulary import Disposition, Standing, SubjectKind
from states.deadlines import IN_TIME, PRESSING, RUNNING
from states.dossier import GOING_ON

WEEK = timedelta(days=6)
ALL = 10**6


def pages_are_the_surveys(desk: Desk, as_of: date) -> None:
    """Holds what the pages of a day say against the survey, with lists of any length."""
    seen, found = survey(desk, as_of), taken_of(desk, as_of)
    for most in (3, ALL):
        late, beyond = late_items(desk, found, most)
        assert (late, beyond) == late_of(seen, most)
        assert plain_items(items_due(desk, found, most)) == plain_items(due_of(seen, most))
        codes = explained_of(seen)
        assert to_explain(found, most) == (len(codes), codes[:most])
        for each in found:
            if each.city:
                mine, theirs = city_day(desk, each, most), city_of(desk.plan, seen, each.city, most)
                assert plain_city(mine) == plain_city(theirs)
    assert plain_province(province_day(desk, found)) == plain_province(province_of(seen))
    assert unwatched(desk, as_of) == unwatched_of(desk, seen)
    assert {*lacking(desk, as_of)} == {*lacks_of(desk.plan, seen.projects, as_of)}


def in_order(views: Iterable[DeadlineView]) -> list[DeadlineView]:
    return sorted(views, key=lambda v: (v.overdue_after or date.max, v.rule, v.subject))


def listed(views: Iterable[DeadlineView], most: int) -> ListedItems:
    found = list(views)
    return ListedItems(len(found), tuple(found[:most]))


def late_of(seen: Survey, most: int = ALL) -> tuple[ListedItems, ListedItems]:
    pressing = in_chains(seen.views)
    late = in_order(view for view in pressing if view.is_overdue)
    beyond = in_order(view for view in pressing if view.is_beyond_proposal)
    return listed(late, most), listed(beyond, most)


def due_this_week(seen: Survey) -> list[DeadlineView]:
    found = []
    for view in seen.views:
        days = [day for day in (view.remind_by, view.overdue_after) if day is not None]
        near = [day for day in days if seen.as_of <= day <= seen.as_of + WEEK]
        if near and view.standing in IN_TIME:
            found.append((min(near), view.rule, view.city, view.subject, view))
    return [view for *_, view in sorted(found, key=lambda item: item[:4])]


def due_of(seen: Survey, most: int = ALL) -> ListedItems:
    return listed(due_this_week(seen), most)


def explained_of(seen: Survey) -> tuple[str, ...]:
    near = [view for view in seen.views if view.standing in PRESSING]
    return tuple(dict.fromkeys(view.subject for view in in_order([*near, *due_this_week(seen)])))


def heads_of(views: Iterable[DeadlineView]) -> Counter[Head]:
    return Counter(
        Head(
            view.rule,
            view.title,
            view.standing,
            view.origin,
            view.remind_by,
            view.overdue_after,
            view.provincial,
            view.step or view.title,
            of_money=False,  # which no page asks
        )
        for view in views
    )


def province_of(seen: Survey) -> ProvinceDay:
    pressing = in_chains(seen.views)
    due = list(with_standing(pressing, Standing.DUE_SOON))
    alike: dict[tuple[date | None, str, str], list[str]] = {}
    for view in due:
        alike.setdefault((view.remind_by, view.rule, view.title), []).append(view.name)
    return ProvinceDay(
        seen.as_of,
        seen.board,
        heads_of(pressing),
        tuple(DueItems(*key, len(names), tuple(names[:2])) for key, names in alike.items()),
        unentered_of(seen.views),
    )


def unentered_of(views: Iterable[DeadlineView]) -> tuple[tuple[str, str], ...]:
    return tuple((view.city, view.rule) for view in views if view.unentered)


def city_of(plan: Plan, seen: Survey, city: str, most: int = ALL) -> CityDay:
    views = [view for view in seen.views if view.city == city]
    pressing = in_chains(views)
    projects = [item for item in seen.projects if item.city == city]
    ordered = sorted(
        projects,
        key=lambda p: (p.disposition not in GOING_ON, plan.stage_order.index(p.stage), p.code),
    )
    theirs = [view for view in pressing if not view.provincial]
    late = Counter(view.subject for view in theirs if view.is_overdue)
    soon = Counter(view.subject for view in theirs if view.standing is Standing.DUE_SOON)
    problems = [
        ReportedProblem(
            it.code, it.name, last.period, last.percent, last.problem or "", last.next_step
        )
        for it in projects
        if it.disposition in GOING_ON and it.progress and (last := it.progress[-1]).problem
    ]
    return CityDay(
        as_of=seen.as_of,
        projects=len(projects),
        going_on=sum(item.disposition in GOING_ON for item in projects),
        pressing=heads_of(pressing),
        own=tuple(view for view in views if view.subject_kind is SubjectKind.CITY),
        unentered=unentered_of(views),
        items=listed(in_order(theirs), most),
        provincial=listed(in_order(view for view in pressing if view.provincial), most),
        shown=tuple(
            ShownProject(
                it,
                tuple(view for view in views if view.subject == it.code),
                late[it.code],
                soon[it.code],
            )
            for it in ordered[:most]
        ),
        problems=tuple(problems[:most]),
        with_problem=len(problems),
    )


def money_of_survey(desk: Desk, seen: Survey) -> MoneyOverview:
    views = [funds_view(desk, project) for project in seen.projects]
    resting = [
        item for it in seen.projects for item in resting_money(it.code, it.name, it.city, it.lines)
    ]
    return MoneyOverview(
        cities=by_city(desk.plan, views),
        total=total("合计", views),
        resting=tuple(sorted(resting, key=lambda item: (item.since, item.code))),
        differing=tuple(
            DifferingSubsidy(it.code, it.name, it.city, it.as_built) for it in views if it.as_built
        ),
    )


def unwatched_of(desk: Desk, seen: Survey) -> tuple[UnwatchedProject, ...]:
    watched: dict[str, set[str]] = {}
    for view in seen.views:
        if view.standing in RUNNING:
            awaited = desk.deadlines[view.rule].facts(view.subject_kind)
            watched.setdefault(view.subject, set()).update(awaited)
    return tuple(
        UnwatchedProject(it.code, it.name, it.city, it.stage)
        for it in seen.projects
        if it.disposition is Disposition.ACTIVE
        and it.missing_milestones(desk.plan.finished_by)
        and not it.missing_milestones(tuple(sorted(watched.get(it.code, ()))))
    )


# --- without what no page shows -------------------------------------------------------------------


def plain_views(views: Sequence[DeadlineView]) -> tuple[DeadlineView, ...]:
    return tuple(replace(view, lacks=0, unentered=False) for view in views)


def plain_items(items: ListedItems) -> ListedItems:
    return replace(items, shown=plain_views(items.shown))


def plain_heads(heads: Iterable[tuple[Head, int]]) -> Counter[Head]:
    found = Counter[Head]()
    for head, number in heads:
        found[replace(head, of_money=False)] += number
    return found


def plain_province(day: ProvinceDay) -> ProvinceDay:
    return replace(day, pressing=plain_heads(day.pressing.items()))


def plain_city(day: CityDay) -> CityDay:
    return replace(
        day,
        pressing=plain_heads(day.pressing.items()),
        own=plain_views(day.own),
        items=plain_items(day.items),
        provincial=plain_items(day.provincial),
        shown=tuple(replace(it, views=plain_views(it.views)) for it in day.shown),
    )

"""What is counted in the database is what the survey says: exactly, on many days and states."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from operations.cases.desk import Desk
from operations.views.census import (
    Census,
    boards,
    brought_up,
    census,
    counted,
    county_boards,
    pressing_views,
)
from operations.views.funds import CityFunds, PlaceFunds, funds_views, place_funds, total
from operations.views.overview import Survey, in_chains, survey
from operations.views.overview import county_boards as surveyed_counties
from tests.support.random_year import begin
from tests.support.steps import ONE, TAIYUAN, act
from tests.support.stores import Stores
from tests.support.visiting import DAY, LATE
from web.shelf import shelved

HERE = "太原市"


@pytest.fixture
def late(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield opened


def taken(desk: Desk, as_of: date) -> dict[str, Census]:
    cities = ("", *(city.name for city in desk.plan.cities))
    with desk.reading() as session:
        return {city: census(session, desk, city, as_of) for city in cities}


def same_counts(desk: Desk, seen: Survey, mine: Mapping[str, Census]) -> None:
    """Holds what was counted against the survey of the day."""
    for city, theirs in counted(desk, seen).items():
        own = mine[city]
        assert list(own.projects.items()) == list(theirs.projects.items()), city
        assert (own.subject, own.own, own.counts) == (theirs.subject, theirs.own, theirs.counts)
    assert boards(desk, mine.values()) == seen.board
    for each in desk.plan.cities:
        assert county_boards(desk, mine[each.name]) == surveyed_counties(desk, seen, each.name)


def same_money(desk: Desk, seen: Survey) -> None:
    """Holds what the database adds up against the projects one by one."""
    views = funds_views(desk, seen)
    places = dict.fromkeys(view.city for view in views)
    sums = [total(place, [view for view in views if view.city == place]) for place in places]
    counties = dict.fromkeys(view.county for view in views if view.city == HERE)
    own = [view for view in views if view.city == HERE]
    by_county = [total(name, [view for view in own if view.county == name]) for name in counties]
    with desk.reading() as session:
        assert place_funds(session, desk) == tuple(map(bare, [*sums, total("合计", views)]))
        found = place_funds(session, desk, HERE)
        assert found == tuple(map(bare, [*by_county, total("合计", own)]))


def bare(funds: CityFunds) -> PlaceFunds:
    return PlaceFunds(**{name: getattr(funds, name) for name in PlaceFunds.__slots__})


def test_what_is_counted_is_what_the_survey_says(late: Desk) -> None:
    for as_of in (DAY, date(2023, 10, 31)):
        mine, seen = taken(late, as_of), survey(late, as_of)
        same_counts(late, seen, mine)
        heads = [
            (subject, head.rule) for each in mine.values() for subject, _, head in each.pressing()
        ]
        assert len(heads) > 20
        shown = {
            (view.subject, view.rule): replace(view, below=()) for view in in_chains(seen.views)
        }
        assert pressing_views(late, as_of, heads) == [shown[head] for head in heads]


def test_through_a_random_year(stores: Stores, tmp_path: Path) -> None:
    """Holds, withdrawals, replacements, extensions, corrections: counted anew, and kept up."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as opened:
        year = begin(opened, 23)
        desk = year.desk
        for day in (date(2023, 4, 14), date(2023, 7, 14), date(2023, 12, 28)):
            while year.today < day:
                year.something()
                year.today += timedelta(days=1)
            before = taken(desk, day)
            for _ in range(6):
                year.something()
            seen, mine = survey(desk, day), taken(desk, day)
            same_counts(desk, seen, mine)
            same_money(desk, seen)
            with desk.reading() as session:
                assert {city: brought_up(session, desk, it) for city, it in before.items()} == mine


def test_only_what_has_changed_is_counted_anew(late: Desk) -> None:
    first = shelved(late, DAY, [HERE]).cities[HERE]
    assert shelved(late, DAY, [HERE]).cities[HERE] is first
    act(late, "hold", "2023-06-05")
    then = shelved(late, DAY, [HERE]).cities[HERE]
    other = {code for code in first.projects if then.projects[code] is first.projects[code]}
    assert first.projects.keys() - other == {ONE}
    assert not then.projects[ONE].heads


def test_another_trail_is_counted_whole(late: Desk) -> None:
    """A backup was laid over what is kept: the rows since may have the same numbers."""
    first = taken(late, DAY)[HERE]
    stale = replace(first, projects={}, trail=(first.trail[0], "another"))
    with late.reading() as session:
        assert brought_up(session, late, stale) == first


def test_a_day_that_lies_behind_is_counted_by_the_survey(late: Desk) -> None:
    day = date(2023, 2, 7)
    seen = shelved(late, day, [HERE])
    assert seen.projects == survey(late, day).projects
    assert boards(late, seen.cities.values()) == survey(late, day).board

"""Counts and sums of the database, held against the survey of the day, project by project."""

from collections.abc import Mapping
from datetime import date

from operations.cases.desk import Desk
from operations.views.census import Census, CountedProject, boards, census, counted, county_boards
from operations.views.funds import CityFunds, PlaceFunds, funds_views, place_funds, total
from operations.views.overview import Survey, survey
from operations.views.overview import county_boards as surveyed_counties

HERE = "太原市"


def counts_and_money_are_the_surveys(desk: Desk, as_of: date) -> None:
    """Holds what the database counts and adds up of a day against the survey."""
    seen = survey(desk, as_of)
    same_counts(desk, seen, taken(desk, as_of))
    same_money(desk, seen)


def taken(desk: Desk, as_of: date) -> dict[str, Census]:
    cities = ("", *(city.name for city in desk.plan.cities))
    with desk.reading() as session:
        return {city: census(session, desk, city, as_of) for city in cities}


def same_counts(desk: Desk, seen: Survey, mine: Mapping[str, Census]) -> None:
    """Holds what was counted against the survey of the day."""
    for city, theirs in counted(desk, seen).items():
        own = mine[city]
        assert own.projects == theirs.projects, city
        assert (own.subject, own.own, own.counts) == (theirs.subject, theirs.own, theirs.counts)
    assert boards(desk, mine.values()) == seen.board
    for each in desk.plan.cities:
        assert county_boards(desk, mine[each.name]) == surveyed_counties(desk, seen, each.name)


def by_code(found: Census) -> dict[str, CountedProject]:
    """Each project of a city."""
    return {code: it for it, codes in found.projects.items() for code in codes}


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

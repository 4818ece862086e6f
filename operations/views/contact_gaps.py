"""Where nobody is there to be told: offices without contacts, places in nobody's divisions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain

from sqlmodel import Session

from models.pressing import open_rows, texts_of
from operations.cases.desk import Desk
from operations.views.reach import reachable
from policy.bodies import Body, Office
from policy.schema import Plan
from policy.vocabulary import ABOVE_CITIES, Level
from states.contacts import Directory, Place


@dataclass(frozen=True, slots=True)
class Gap:
    """An office of which nobody looks after some of what it should be told."""

    office: str
    level: Level
    vacant: bool
    """True when nobody holds it; else some of its places are in nobody's divisions."""
    places: tuple[str, ...]
    """The cities or counties that nobody looks after."""
    subjects: int
    """How many subjects with open deadlines it concerns."""
    told: tuple[str, ...]
    """Who is told instead, each as ``office name``; empty: nobody, it goes to the folder."""
    unreached: bool = False
    """True when somebody does look after those places, and is reached at no address."""


def gaps(desk: Desk, day: date) -> tuple[Gap, ...]:
    """The offices that should be told of open deadlines and have nobody for it, in plan order."""
    with desk.reading() as session:
        directory = reachable(session, desk)
        concerned = _concerned(session, desk)
    uncovered: dict[Office, dict[Place, int]] = {}
    for (level, place), subjects in concerned.items():
        office = _office(desk.plan, level, place)
        held = [post for post in directory.at(office.name) if post.covers(level, place)]
        if not any(directory.is_covered(post, day) for post in held):
            uncovered.setdefault(office, {})[place] = subjects
    order = list(desk.plan.every_office())
    return tuple(
        _gap(directory, office, uncovered[office], day) for office in order if office in uncovered
    )


def _concerned(session: Session, desk: Desk) -> Mapping[tuple[Level, Place], int]:
    """How many subjects have open deadlines, by where their offices look: level and place."""

    @cache
    def levels(rule: str, turn: str) -> frozenset[Level]:
        """Whose turn it is now, and whose it will be: nobody is to be missing on that day."""
        bodies = {turn, desk.deadlines[rule].rule.responsible} - {""}
        told = (_told_levels(desk.plan, desk.plan.bodies[body]) for body in bodies)
        return frozenset(chain.from_iterable(told))

    found = Counter[tuple[Level, Place]]()
    for row in open_rows(session, desk.plan):
        known = (levels(*said) for said in texts_of(row.deadlines) if said[0] in desk.deadlines)
        for level in frozenset(chain.from_iterable(known)):
            found[level, Place(row.city, row.county)] += row.subjects
    return found


def _told_levels(plan: Plan, body: Body) -> Iterator[Level]:
    """Every level that hears of the body's deadlines sooner or later."""
    audiences = [plan.ladder.repeat.audience, *(rung.audience for rung in plan.ladder.rungs)]
    named = {name for audience in audiences for name in audience}
    for level in plan.tiers[plan.tiers.index(body.reached_at) :]:
        if level in named or (level is body.reached_at and "responsible" in named):
            yield level


def _gap(directory: Directory, office: Office, uncovered: Mapping[Place, int], day: date) -> Gap:
    told = {
        person.person: None
        for place in uncovered
        for person in directory.told(office.level, place, day)
        if person.person in directory.people
    }
    held = [
        post
        for post in directory.at(office.name)
        if any(post.covers(office.level, place) for place in uncovered)
    ]
    names = [place.city if office.level in ABOVE_CITIES else place.county for place in uncovered]
    return Gap(
        office=office.name,
        level=office.level,
        vacant=office.name not in directory.offices,
        unreached=bool(held),
        places=tuple(dict.fromkeys(name for name in names if name)),
        subjects=sum(uncovered.values()),
        told=tuple(told),
    )


def _office(plan: Plan, level: Level, place: Place) -> Office:
    city = "" if level in ABOVE_CITIES else place.city
    county = place.county if level is Level.COUNTY else ""
    region = plan.region_of(place.city) if level is Level.REGION else ""
    name = plan.office(level, place.city, place.county)
    return Office(level, city, county, name, region=region)

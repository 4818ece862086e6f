"""Who looks at the staff desk, and what of the programme is theirs to see (八(四)). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy.schema import Plan
from states.authority import Actor, Matter, Seat, actor_of, bar
from states.contacts import Place


@dataclass(frozen=True, slots=True)
class Reach:
    """The places that somebody's offices answer for (办理范围)."""

    places: frozenset[Place]
    """A city without county stands for all of it, a place without city for the province."""
    funds: frozenset[Place] = frozenset()
    """Where a finance office sees the money, and what waits for finance offices, alone."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole province."""
        return Place() in self.places

    @property
    def cities(self) -> tuple[str, ...]:
        """The cities that are seen whole; none where everything is."""
        return tuple(sorted(place.city for place in self.places if place.city and not place.county))

    def covers(self, place: Place) -> bool:
        """Whether what lies at a place is seen; what is the province's own, only by it."""
        return _lies_in(place, self.places)

    def touches(self, place: Place) -> bool:
        """Whether the money of what lies at a place is seen, if nothing else of it."""
        return self.covers(place) or _lies_in(place, self.funds)

    def sees(self, place: Place, *, of_money: bool) -> bool:
        """Whether a deadline at a place is seen: by a finance office one that waits for such."""
        return self.covers(place) or (of_money and self.touches(place))


def _lies_in(place: Place, seen: frozenset[Place]) -> bool:
    whole = Place(place.city) in seen if place.city else False
    return Place() in seen or whole or place in seen


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in (来访人)."""

    person: str
    """A key of `Directory.people`."""
    name: str
    actors: tuple[Actor, ...]
    """The person at each of his or her offices."""
    reach: Reach

    @property
    def offices(self) -> tuple[str, ...]:
        """The bodies that the person acts for, by name."""
        return tuple(dict.fromkeys(actor.seat.name for actor in self.actors))

    @property
    def is_provincial(self) -> bool:
        """Whether the person holds an office of the province."""
        return any(not (actor.seat.city or actor.seat.region) for actor in self.actors)

    def entitled(self, plan: Plan, asked: Matter | None, place: Place) -> str:
        """In whose name the person may take an act: ``太原市民政局 王某``; empty: may not."""
        named = (f"{office} {self.name}" for office in self.offices) if asked else ()
        return next((words for words in named if asked and not bar(plan, asked, place, words)), "")


def visitor(
    plan: Plan, person: str, name: str, held: Iterable[str], also: Iterable[str]
) -> Visitor:
    """The person by the offices held, and by those stood in for (`also`), which are only seen."""
    actors = tuple(actor for office in held if (actor := actor_of(plan, office)))
    found = (*actors, *(actor for office in also if (actor := actor_of(plan, office))))
    kept = [actor.seat for actor in found if actor.seat.body in plan.treasuries]
    seen = [actor.seat for actor in found if actor.seat.body not in plan.treasuries]
    return Visitor(person, name, actors, Reach(_places(plan, seen), _places(plan, kept)))


def _places(plan: Plan, seats: Iterable[Seat]) -> frozenset[Place]:
    """Of a region, all of its cities."""
    return frozenset(place for seat in seats for place in _seen_from(plan, seat))


def _seen_from(plan: Plan, seat: Seat) -> Iterator[Place]:
    if seat.region:
        yield from map(Place, plan.cities_in(seat.region))
    else:
        yield Place(seat.city, seat.county)

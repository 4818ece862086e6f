"""Which places and offices of a plan go by another name in a later version. Pure.

A place is the one that its `renamed_from` names, else the one of its name, else the one of its
division code (GB/T 2260). An office is known by its level and place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from policy.bodies import Office
from policy.cities import City, County
from policy.schema import Plan

PlaceRule = TypeVar("PlaceRule", City, County)
CountyName = tuple[str, str]
"""A city and a county in it: names of counties repeat between cities."""


@dataclass(frozen=True, slots=True)
class NameChanges:
    """By what a place or an office was called, what it is called now; those that keep it aside."""

    subjects: Mapping[str, str] = field(default_factory=dict)
    """The cities, and the province."""
    counties: Mapping[CountyName, CountyName] = field(default_factory=dict)
    """Those too that lie in a city with another name."""
    offices: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    """Division codes of counties."""

    @property
    def any(self) -> bool:
        """Whether anything is called otherwise."""
        return bool(self.subjects or self.counties or self.offices or self.codes)

    def city(self, name: str) -> str:
        """What the city of that name is called now."""
        return self.subjects.get(name, name)

    def county(self, city: str, name: str) -> str:
        """What a county of a city, by its former name, is called now."""
        return self.counties.get((city, name), (city, name))[1]

    def name(self, name: str) -> str:
        """What the city or office of that name is called now."""
        return self.offices.get(name, self.city(name))

    def person(self, named: str) -> str:
        """``office name``, or either alone, as it is said now."""
        office, space, name = named.partition(" ")
        return f"{self.offices.get(office, office)}{space}{name}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Each change as staff read it: places first, then offices."""
        counties = ((*old, *new) for old, new in self.counties.items() if old[1] != new[1])
        places = (f"{city}{old} → {now}{new}" for city, old, now, new in counties)
        whole = (f"{old} → {new}" for old, new in self.subjects.items())
        return (*whole, *places, *(f"{old} → {new}" for old, new in self.offices.items()))


SAME_NAMES = NameChanges()


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Places of a former version with what they are now; None: the plan no longer has them."""

    cities: Sequence[tuple[City, City | None]]
    counties: Sequence[tuple[City, County, City | None, County | None]]


def renaming(former: Plan, now: Plan) -> NameChanges:
    """What `now` calls otherwise than `former` did."""
    pairs = _pairs(former, now)
    subjects = {old.name: new.name for old, new in pairs.cities if new}
    counties = {
        (city.name, county.name): (new_city.name, new.name)
        for city, county, new_city, new in pairs.counties
        if new_city and new
    }
    codes = {county.code: new.code for _, county, _, new in pairs.counties if new}
    named = {
        (each.body or each.level, each.city, each.county): each.name
        for each in now.contact_offices()
    }
    offices = {
        office.name: named[key]
        for office in former.contact_offices()
        if (key := _key(office, subjects, counties)) in named
    }
    return NameChanges(
        _changed({former.province: now.province, **subjects}),
        _changed(counties),
        _changed(offices),
        _changed(codes),
    )


def by_present_names(former: Plan, now: Plan) -> Plan:
    """A former version with its places called as `now` calls them; those that are gone as then."""
    names = renaming(former, now)
    cities = tuple(_named_city(city, names) for city in former.cities)
    sites = tuple(
        site.model_copy(
            update={"city": names.city(site.city), "county": names.county(site.city, site.county)}
        )
        for site in former.sites
    )
    update = {"cities": cities, "sites": sites, "province": now.province, "offices": now.offices}
    return former.model_copy(update=update) if names.any else former


def _named_city(city: City, names: NameChanges) -> City:
    counties = tuple(
        county.model_copy(
            update={
                "name": names.county(city.name, county.name),
                "code": names.codes.get(county.code, county.code),
            }
        )
        for county in city.counties
    )
    unserved = tuple(names.county(city.name, name) for name in city.unserved)
    update = {"name": names.city(city.name), "counties": counties, "unserved": unserved}
    return city.model_copy(update=update)


def _pairs(former: Plan, now: Plan) -> _Pairs:
    cities = tuple(_paired(former.cities, now.cities))
    counties = [
        (city, county, new_city, new)
        for city, new_city in cities
        for county, new in _paired(city.counties, new_city.counties if new_city else ())
    ]
    return _Pairs(cities, counties)


def _paired(
    former: Sequence[PlaceRule], now: Sequence[PlaceRule]
) -> Iterator[tuple[PlaceRule, PlaceRule | None]]:
    """Each former place with what it is now."""
    known = {place.name for place in former}
    said = {place.renamed_from: place for place in now if place.renamed_from}
    named = {place.name: place for place in now}
    taken = known & named.keys()
    left = (place for place in now if place.name not in taken and place.renamed_from not in known)
    coded = {place.code: place for place in left}
    for place in former:
        yield place, said.get(place.name) or named.get(place.name) or coded.get(place.code)


def _key(
    office: Office, subjects: Mapping[str, str], counties: Mapping[CountyName, CountyName]
) -> tuple[str, str, str]:
    """The level and place of an office as they are called now."""
    city = subjects.get(office.city, office.city)
    _, county = counties.get((office.city, office.county), (city, office.county))
    return office.body or office.level, city, county


_Name = TypeVar("_Name", str, CountyName)


def _changed(names: Mapping[_Name, _Name]) -> Mapping[_Name, _Name]:
    return {old: new for old, new in names.items() if old != new}

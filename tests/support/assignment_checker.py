"""Checks a schedule of cross acceptance against the rules; written apart from what makes it.

It takes plain data, so that it shares no code and no types with the solver.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypedDict


class Site(TypedDict):
    """Where a project lies."""

    city: str
    county: str


class Visit(TypedDict):
    """A stop of a team."""

    team: int
    day: str
    order: int
    code: str


Teams = Mapping[int, Sequence[str]]
"""Per number, the cities that its people come from."""


def violations(
    teams: Teams,
    projects: Mapping[str, Site],
    visits: Sequence[Visit],
    days: Sequence[str],
    most_a_day: int,
) -> list[str]:
    """Every rule that is broken."""
    unknown = [v for v in visits if v["team"] not in teams or v["code"] not in projects]
    if unknown:
        return [f"unknown team or project: {visit}" for visit in unknown]
    return [
        *_not_once(projects, visits),
        *_at_home(teams, projects, visits),
        *_returned(teams, projects, visits),
        *_days(projects, visits, days, most_a_day),
        *_travel(projects, visits),
    ]


def loads(teams: Teams, visits: Sequence[Visit]) -> list[int]:
    """How many projects each team accepts."""
    counted = Counter(visit["team"] for visit in visits)
    return [counted[team] for team in teams]


def trips(projects: Mapping[str, Site], visits: Sequence[Visit]) -> int:
    """How many pairs of a team and a city there are."""
    return len({(visit["team"], projects[visit["code"]]["city"]) for visit in visits})


def parts(projects: Mapping[str, Site], visits: Sequence[Visit]) -> int:
    """How many pairs of a team and a county there are."""
    return len({(visit["team"], projects[visit["code"]]["county"]) for visit in visits})


def _not_once(projects: Mapping[str, Site], visits: Sequence[Visit]) -> Iterator[str]:
    seen = Counter(visit["code"] for visit in visits)
    for code in projects:
        if seen[code] != 1:
            yield f"not once: {code} is visited {seen[code]} times"


def _at_home(teams: Teams, projects: Mapping[str, Site], visits: Sequence[Visit]) -> Iterator[str]:
    for visit in visits:
        city = projects[visit["code"]]["city"]
        if city in teams[visit["team"]]:
            yield f"at home: team {visit['team']} accepts {visit['code']} in {city}"


def _returned(teams: Teams, projects: Mapping[str, Site], visits: Sequence[Visit]) -> Iterator[str]:
    went = {
        (home, projects[visit["code"]]["city"]) for visit in visits for home in teams[visit["team"]]
    }
    for home, city in sorted(went):
        if home < city and (city, home) in went:
            yield f"mutual: {home} and {city} accept each other"


def _days(
    projects: Mapping[str, Site], visits: Sequence[Visit], days: Sequence[str], most_a_day: int
) -> Iterator[str]:
    by_day: dict[tuple[int, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        by_day[visit["team"], visit["day"]].append(visit)
    for (team, day), found in by_day.items():
        if day not in days:
            yield f"outside: team {team} works on {day}"
        if len(found) > most_a_day:
            yield f"too many: team {team} sees {len(found)} projects on {day}"
        if len({projects[visit["code"]]["city"] for visit in found}) > 1:
            yield f"two cities: team {team} on {day}"
        if sorted(visit["order"] for visit in found) != list(range(1, len(found) + 1)):
            yield f"order: team {team} on {day}"


def _travel(projects: Mapping[str, Site], visits: Sequence[Visit]) -> Iterator[str]:
    """A team does not come back to a county or a city that it has left."""
    route = sorted(visits, key=lambda visit: (visit["team"], visit["day"], visit["order"]))
    for team, mine in groupby(route, key=lambda visit: visit["team"]):
        places = [projects[visit["code"]] for visit in mine]
        for kind, names in (
            ("county", [place["county"] for place in places]),
            ("city", [place["city"] for place in places]),
        ):
            stays = Counter(name for name, _ in groupby(names))
            yield from (
                f"back again: team {team} in {kind} {name}" for name, n in stays.items() if n > 1
            )

"""交叉验收: what is assigned keeps every rule, is the best that there is, or is explained."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import product
from math import ceil
from random import Random
from time import monotonic
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.errors import RefusedError
from policy.duties import InspectorRole
from policy.load import plan_path
from policy.validate import faults
from policy.vocabulary import Level
from states import allotment
from states.allotment import EVEN, Demand, Remedy, allot, remedies
from states.assignment import Assignment, Inspector, Task, Team, assign, teams_of
from tests.support.assignment_checker import Site, Visit, loads, parts, trips, violations
from tests.support.builders import calendar, plan

LETTERS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒日"
DAYS = tuple(
    day
    for day in (date(2023, 12, 1) + timedelta(n) for n in range(10))
    if calendar().is_workday(day)
)


@pytest.fixture(scope="class")
def patient() -> Iterator[None]:
    """Where the search may take its time: a slow machine finds what every other finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allotment, "SECONDS", 300.0)
        yield


def somebody(city: str, number: int = 1, *also: str) -> Inspector:
    return Inspector(f"{city}民政局", f"{number}", "分管领导", "副局长", "", (city, *also))


def teams(*homes: str) -> tuple[Team, ...]:
    """Of two people each; ``甲乙`` is a team of one from each."""
    return tuple(
        Team(number, tuple(somebody(city, n) for city in home for n in (1, 2)[: 3 - len(home)]))
        for number, home in enumerate(homes, 1)
    )


def tasks(counts: Mapping[str, Sequence[int]]) -> list[Task]:
    """Per city, how many projects each of its counties has."""
    return [
        Task(
            f"{LETTERS.index(city):02d}{county:02d}-{n}",
            city,
            f"{LETTERS.index(city):02d}{county:02d}",
        )
        for city, by_county in counts.items()
        for county, count in enumerate(by_county)
        for n in range(count)
    ]


def sites(wanted: Sequence[Task]) -> dict[str, Site]:
    return {task.code: {"city": task.city, "county": task.county} for task in wanted}


def visits(found: Assignment) -> list[Visit]:
    return [
        {"team": stop.team, "day": str(stop.day), "order": stop.order, "code": stop.code}
        for stop in found.stops
    ]


def broken(
    made: Sequence[Team],
    wanted: Sequence[Task],
    found: Sequence[Visit],
    days: Sequence[date],
    most: int,
) -> list[str]:
    homes = {team.number: team.homes for team in made}
    return violations(homes, sites(wanted), found, [str(day) for day in days], most)


# --- against every assignment that there is -------------------------------------------


Worth = tuple[int, int, int]
"""Spread, trips to cities, parts of counties."""


def worth(made: Sequence[Team], wanted: Sequence[Task], found: Assignment) -> Worth:
    told = visits(found)
    count = loads({team.number: team.homes for team in made}, told)
    return max(count) - min(count), trips(sites(wanted), told), parts(sites(wanted), told)


def every_worth(
    made: Sequence[Team], wanted: Sequence[Task], days: int, most: int
) -> Iterator[Worth]:
    """Of every way to share the projects out that keeps the rules."""
    for chosen in product(range(len(made)), repeat=len(wanted)):
        pairs = list(zip(chosen, wanted, strict=True))
        if any(task.city in made[team].homes for team, task in pairs):
            continue
        went = {(home, task.city) for team, task in pairs for home in made[team].homes}
        if any((city, home) in went for home, city in went):
            continue
        count = [[task.city for n, task in pairs if n == team] for team in range(len(made))]
        if any(sum(ceil(c.count(x) / most) for x in set(c)) > days for c in count):
            continue
        sizes = [len(each) for each in count]
        yield (
            max(sizes) - min(sizes),
            len({(team, task.city) for team, task in pairs}),
            len({(team, task.county) for team, task in pairs}),
        )


HOMES = st.sampled_from(
    [
        ("甲", "乙", "丙"),
        ("甲", "乙", "丙", "丁"),
        ("甲", "乙丙", "丁"),
        ("甲乙", "丙丁", "戊"),
        ("甲", "乙"),
    ]
)
COUNTS = st.fixed_dictionaries(
    {city: st.lists(st.integers(1, 3), max_size=2) for city in "甲乙丙丁"}
).filter(lambda counts: 1 <= sum(map(sum, counts.values())) <= 6)


@pytest.mark.usefixtures("patient")
@settings(deadline=None)
@example(("甲", "乙", "丙", "丁"), {"甲": [2], "乙": [], "丙": [1, 2], "丁": [3]}, 1, 3)
@example(("丁", "戊", "己"), {"丙": [4, 3, 1]}, 1, 4)  # what has to be split, and where not
@example(("甲", "乙", "丙", "丁"), {"甲": [4, 1]}, 2, 1)
@given(HOMES, COUNTS, st.integers(1, 3), st.integers(1, 3))
def test_no_assignment_is_better(
    homes: tuple[str, ...], counts: Mapping[str, Sequence[int]], days: int, most: int
) -> None:
    """Every assignment of a few projects is tried: the best is found, or there is none."""
    made, wanted = teams(*homes), tasks(counts)
    best = min(every_worth(made, wanted, days, most), default=None)
    if best is None:
        with pytest.raises(RefusedError):
            assign(made, wanted, DAYS[:days], most)
        return
    found = assign(made, wanted, DAYS[:days], most)
    assert found.unproven == ()
    assert worth(made, wanted, found) == best
    assert (found.spread, found.trips) == best[:2]
    assert broken(made, wanted, visits(found), DAYS[:days], most) == []


def solved(made: Sequence[Team], wanted: Sequence[Task]) -> Assignment | None:
    """None where the reasons against it are told."""
    try:
        return assign(made, wanted, DAYS, 3)
    except RefusedError as error:
        if re.search("无人可以验收|互相验收|不能同时做到", str(error)):
            return None
        raise


@pytest.mark.heavy
@pytest.mark.usefixtures("patient")
@settings(max_examples=15, deadline=None)
@given(
    st.integers(4, 6).flatmap(
        lambda n: st.fixed_dictionaries(
            {city: st.lists(st.integers(1, 3), min_size=1, max_size=3) for city in LETTERS[:n]}
        )
    ),
    st.integers(0, 2),
    st.randoms(use_true_random=False),
)
def test_larger_ones_keep_every_rule(
    counts: Mapping[str, Sequence[int]], short: int, order: object
) -> None:
    cities = list(counts)
    people = [
        somebody(city, n) for i, city in enumerate(cities) for n in range(1 if i < short else 2)
    ]
    made, _ = teams_of(people, cities, 2)
    wanted = tasks(counts)
    found = solved(made, wanted)
    if found is None:
        return
    assert broken(made, wanted, visits(found), DAYS, 3) == []
    order.shuffle(wanted)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert assign(made, wanted, DAYS, 3) == found


# --- the checker finds what is broken -------------------------------------------------


MADE = teams("甲", "乙", "丙")
WANTED = tasks({"甲": [2, 1], "乙": [3], "丙": [1, 2]})
FIRST = "0000-0"


@cache
def sound() -> tuple[Visit, ...]:
    return tuple(visits(assign(MADE, WANTED, DAYS, 2)))


def spoiled(**changes: object) -> list[Visit]:
    """The sound schedule with the stop at 甲's first project changed."""
    return [
        cast(Visit, {**visit, **(changes if visit["code"] == FIRST else {})}) for visit in sound()
    ]


def other_team() -> int:
    """The one that might go to 甲 and does not."""
    (goes,) = {visit["team"] for visit in sound() if visit["code"] == FIRST}
    return ({2, 3} - {goes}).pop()


SPOILED: Sequence[tuple[str, Callable[[], list[Visit]]]] = (
    ("not once", lambda: list(sound()[1:])),
    ("not once", lambda: [*sound(), sound()[0]]),
    ("at home", lambda: spoiled(team=1)),
    ("mutual", lambda: spoiled(team=other_team())),
    ("outside", lambda: spoiled(day="2023-12-02")),
    ("too many", lambda: [{**visit, "day": "2023-12-01"} for visit in sound()]),
    ("order", lambda: spoiled(order=9)),
    ("unknown", lambda: spoiled(team=4)),
    ("unknown", lambda: spoiled(code="0000-9")),
)


@pytest.mark.parametrize(("told", "make"), SPOILED)
def test_the_checker_finds_what_is_broken(told: str, make: Callable[[], list[Visit]]) -> None:
    assert broken(MADE, WANTED, sound(), DAYS, 2) == []
    assert any(words.startswith(told) for words in broken(MADE, WANTED, make(), DAYS, 2))


def test_the_checker_finds_two_cities_and_ways_back() -> None:
    made, wanted = teams("丁"), tasks({"甲": [1, 1, 1], "乙": [1]})
    route = ("0000-0", "0001-0", "0002-0", "0100-0")
    at = [("2023-12-01", 1), ("2023-12-01", 2), ("2023-12-04", 1), ("2023-12-04", 2)]
    found: list[Visit] = [
        {"team": 1, "day": day, "order": order, "code": code}
        for (day, order), code in zip(at, route, strict=True)
    ]
    assert broken(made, wanted, found, DAYS, 2) == ["two cities: team 1 on 2023-12-04"]
    found[1]["code"], found[3]["code"] = found[3]["code"], found[1]["code"]
    assert "back again: team 1 in city 甲" in broken(made, wanted, found, DAYS, 2)


# --- days and travel ------------------------------------------------------------------


def test_counties_are_travelled_one_after_another_and_kept_on_a_day() -> None:
    made, wanted = teams("丁"), tasks({"甲": [1, 2, 1], "乙": [1]})
    found = assign(made, wanted, DAYS, 2)
    told = [(stop.day.day, stop.order, stop.code) for stop in found.stops]
    assert told == [
        (1, 1, "0000-0"),
        (4, 1, "0001-0"),
        (4, 2, "0001-1"),
        (5, 1, "0002-0"),
        (6, 1, "0100-0"),
    ]


def test_a_county_takes_two_days_where_days_are_short() -> None:
    made, wanted = teams("丁"), tasks({"甲": [1, 2, 1], "乙": [1]})
    found = assign(made, wanted, DAYS[:3], 2)
    assert [(stop.day.day, stop.code) for stop in found.stops][:3] == [
        (1, "0000-0"),
        (1, "0001-0"),
        (4, "0001-1"),
    ]
    assert broken(made, wanted, visits(found), DAYS[:3], 2) == []


# --- people ---------------------------------------------------------------------------


def test_a_city_sends_a_team_and_small_ones_join() -> None:
    people = [somebody("甲"), somebody("乙"), somebody("乙", 2), somebody("丙"), somebody("丁")]
    made, notes = teams_of(people, list("甲乙丙丁戊"), 2)
    assert [(team.number, team.homes, len(team.people)) for team in made] == [
        (1, ("甲", "丙", "丁"), 3),
        (2, ("乙",), 2),
    ]
    assert notes == (
        "甲仅1人符合条件，不足2人，与丙、丁合编为第1组",
        "丙仅1人符合条件，不足2人，与甲、丁合编为第1组",
        "丁仅1人符合条件，不足2人，与甲、丙合编为第1组",
        "戊没有符合条件的人员，未派人参加",
    )


def test_who_is_alone_stays_at_home() -> None:
    made, notes = teams_of([somebody("甲"), somebody("乙"), somebody("乙", 2)], ["甲", "乙"], 2)
    assert [team.homes for team in made] == [("乙",)]
    assert notes == ("甲仅1人符合条件，不足2人，又无其他市可以合组，未编入",)


def test_who_has_posts_in_two_cities_accepts_in_neither() -> None:
    made, _ = teams_of([somebody("甲", 1, "乙"), somebody("甲", 2)], ["甲", "乙"], 2)
    assert made[0].homes == ("甲", "乙")
    with pytest.raises(RefusedError, match="乙的1个项目无人可以验收"):
        assign(made, tasks({"乙": [1]}), DAYS, 2)


# --- what cannot be is explained ------------------------------------------------------


@pytest.mark.parametrize(
    ("homes", "counts", "days", "says"),
    [
        (("甲", "乙"), {}, 6, "没有待验收的项目"),
        (("甲", "乙"), {"甲": [1]}, 0, "没有工作日"),
        ((), {"甲": [1]}, 6, "符合条件的人员不足"),
        (("甲",), {"甲": [3], "乙": [1]}, 6, "甲的3个项目无人可以验收：能编成验收组的只有该市"),
        (("甲乙", "甲丙"), {"甲": [1]}, 6, "甲的1个项目无人可以验收：各验收组均有该市人员"),
        (("甲", "乙"), {"甲": [1], "乙": [1]}, 6, "甲与乙只能互相验收"),
        (
            ("甲", "乙", "丙"),
            {"甲": [9], "乙": [9]},
            2,
            "待验收项目18个，超出验收能力：3个验收组、2个工作日、每组每天至多2个，最多验收12个，还差6个",
        ),
        (("甲", "乙", "丙"), {"甲": [9], "乙": [1], "丙": [1]}, 4, "验收期间增加1个工作日"),
    ],
)
def test_what_cannot_be_is_explained(
    homes: tuple[str, ...], counts: Mapping[str, Sequence[int]], days: int, says: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        assign(teams(*homes), tasks(counts), DAYS[:days], 2)
    assert says in str(caught.value)


def test_the_cities_that_have_to_accept_each_other_are_named() -> None:
    """乙 and 丙 both have to go to 甲 for its 9, so one pair of any two goes to and fro."""
    homes, counts = ("甲", "乙", "丙"), {"甲": [9], "乙": [1], "丙": [1]}
    with pytest.raises(
        RefusedError, match=r"可行的办法：允许互相验收的市：(甲与乙|甲与丙|乙与丙)\n"
    ):
        assign(teams(*homes), tasks(counts), DAYS[:4], 2)


def test_a_remedy_helps() -> None:
    """With the days that it names there is an assignment, and with one less there is none."""
    homes, counts = ("甲", "乙", "丙"), {"甲": [9], "乙": [1], "丙": [1]}
    demand = Demand(
        tuple(map(frozenset, homes)),
        {city: {"1": sum(by_county)} for city, by_county in counts.items()},
        3,
        2,
    )
    (days,) = [remedy.days for remedy in remedies(demand) if not remedy.mutual]
    made, wanted = teams(*homes), tasks(counts)
    assert broken(made, wanted, visits(assign(made, wanted, DAYS[: 3 + days], 2)), DAYS, 2) == []
    with pytest.raises(RefusedError):
        assign(made, wanted, DAYS[: 2 + days], 2)


def test_where_nothing_helps_by_itself_both_are_named() -> None:
    demand = Demand((frozenset("甲"), frozenset("乙")), {"甲": {"1": 3}, "乙": {"2": 3}}, 1, 2)
    assert remedies(demand) == (Remedy((("甲", "乙"),), 1),)


# --- larger ---------------------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.usefixtures("patient")
def test_the_notices_quotas_are_shared_out_evenly() -> None:
    """附件1: 100 projects of 11 cities make ten loads of nine and one of ten."""
    made = tuple(
        Team(n, (somebody(city.name), somebody(city.name, 2)))
        for n, city in enumerate(plan().cities, 1)
    )
    wanted = [
        Task(f"{city.code}-{n}", city.name, city.counties[n % len(city.counties)].code)
        for city in plan().cities
        for n in range(city.places or 0)
    ]
    assert len(wanted) == 100
    found = assign(made, wanted, DAYS, 2)
    assert found.unproven == ()
    assert broken(made, wanted, visits(found), DAYS, 2) == []
    assert sorted(loads({team.number: team.homes for team in made}, visits(found))) == [9] * 10 + [
        10
    ]


QUOTAS = dict(zip("太大朔忻吕晋阳长城临运", (10, 10, 5, 10, 11, 8, 5, 10, 7, 13, 11), strict=True))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("seed", "homes"),
    [(2, list(QUOTAS)), pytest.param(5, list(QUOTAS), marks=pytest.mark.storm), (0, None)],
)
def test_what_a_finer_aim_does_not_end_with_is_not_refused(
    seed: int, homes: Sequence[str] | None
) -> None:
    """Several projects in many counties: that no county could be kept more whole is not proven."""
    chance = Random(seed)  # noqa: S311  # always the same
    projects: dict[str, Counter[str]] = {}
    for city, count in QUOTAS.items():
        several = max(1, count - chance.randint(0, count // 2))
        projects[city] = Counter(f"{chance.randrange(several)}" for _ in range(count))
    if homes is None:
        homes = list(QUOTAS)
        chance.shuffle(homes)
        homes = homes[:9]
    began = monotonic()
    found = allot(Demand(tuple(map(frozenset, homes)), projects, 6, 2))
    assert found is not None
    assert monotonic() - began < 60
    assert (found.spread, EVEN in found.unproven) == (1, False)
    for city, counties in projects.items():
        for name, count in counties.items():
            assert count == sum(takes.get((city, name), 0) for takes in found.takes.values())
    went = {(homes[n], city) for n, takes in found.takes.items() for city, _ in takes}
    assert not any((city, home) in went for home, city in went)
    assert len(went) == found.trips


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.1, 0.3])
def test_however_early_the_search_ends_the_plan_is_whole(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found by then keeps every rule; only where there is nothing yet, it is refused."""
    homes = list("甲乙丙丁戊己")
    made, wanted = teams(*homes), tasks({city: [3, 2, 1, 1] for city in homes})
    monkeypatch.setattr(allotment, "SECONDS", seconds)
    try:
        found = assign(made, wanted, DAYS, 2)
    except RefusedError as error:
        told = str(error)
    else:
        assert broken(made, wanted, visits(found), DAYS, 2) == []
        assert worth(made, wanted, found)[:2] == (found.spread, found.trips)
        return
    assert "限定的运算量内" in told


def test_where_only_the_first_search_ends_its_plan_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    homes = list("甲乙丙丁戊己")
    made, wanted = teams(*homes), tasks({city: [3, 2, 1, 1] for city in homes})
    monkeypatch.setattr(allotment, "_few_trips", lambda demand, even: (even, False))
    monkeypatch.setattr(allotment, "_kept_whole", lambda even, found: found)
    found = assign(made, wanted, DAYS, 2)
    assert broken(made, wanted, visits(found), DAYS, 2) == []
    assert found.unproven == ("各组所到的市最少", "同一县（市、区）的项目不分给两组")


def test_what_is_told_of_the_loads_is_that_of_the_plan_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first search may end early with uneven loads, which a later one betters by the way."""
    homes = list("甲乙丙丁戊己")
    made, wanted = teams(*homes), tasks({city: [3, 2, 1, 1] for city in homes})
    search = allotment._few_trips

    def betters(demand: Demand, even: Any) -> Any:
        found = search(demand, even)
        even.worth = 11
        return found

    monkeypatch.setattr(allotment, "_few_trips", betters)
    found = assign(made, wanted, DAYS, 2)
    assert worth(made, wanted, found)[:2] == (found.spread, found.trips)


@pytest.mark.heavy
@pytest.mark.usefixtures("patient")
def test_a_large_province_says_what_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for few trips ends at the third node instead of the thousandth."""
    monkeypatch.setattr(allotment, "NODES", 3)
    monkeypatch.setattr(allotment, "FINER_NODES", 3)
    assert large_province(20, 379).unproven == (allotment.TRIPS,)


@pytest.mark.storm
def test_a_large_province_ends_in_time() -> None:
    assert "各组任务均衡" not in large_province(31, 600).unproven


def large_province(cities: int, projects: int) -> Assignment:
    """Even loads are proven, few trips need not be."""
    counts = {city: [1] * (14 + n % 13) for n, city in enumerate(LETTERS[:cities])}
    made = teams(*LETTERS[:cities])
    wanted = tasks(counts)
    assert (len(made), len(wanted)) == (cities, projects)
    found = assign(made, wanted, DAYS, 4)
    assert broken(made, wanted, visits(found), DAYS, 4) == []
    assert found.spread == 1
    return found


# --- what the solver is told ----------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_whatever_is_aimed_at_every_project_has_one_team(sign: int) -> None:
    """Of four projects, three in one county: where few are wanted as where many are."""
    demand = Demand(tuple(map(frozenset, "丁戊己")), {"丙": {"1": 3, "2": 1}}, 9, 4)
    for names in ("takes", "pieces"):
        model = allotment._Model(demand, counties=True)
        shares = list(getattr(model, names).values())
        assert model.minimise(sign * model.highs.qsum(shares))
        assert sum(map(model.value, shares)) == {"takes": 4, "pieces": 3}[names]
        assert model.minimise(model.highs.qsum(shares[:1]))
        assert model.value(shares[0]) == 0


@pytest.mark.parametrize(("sign", "trips"), [(1, 1), (-1, 2)])
def test_a_trip_is_made_by_whoever_takes_something_and_nobody_else(sign: int, trips: int) -> None:
    demand = Demand((frozenset("丁"), frozenset("戊")), {"丙": {"1": 2}}, 2, 1)
    model = allotment._Model(demand)
    assert model.minimise(sign * model.trips)
    taken = [model.value(takes) for takes in model.takes.values()]
    assert model.trips_made == trips == sum(count > 0 for count in taken)


def test_a_search_that_has_something_to_start_from_ends_earlier() -> None:
    """So a finer aim takes no longer than the first."""
    first, then = (
        allotment._Model(Demand((frozenset("丁"),), {"丙": {"1": 2}}, 2, 1)) for _ in "12"
    )
    assert first.minimise(first.trips)
    assert then.minimise(then.trips, first)
    limits = [model.highs.getOptionValue("mip_max_nodes")[1] for model in (first, then)]
    assert limits == [allotment.NODES, allotment.FINER_NODES]


@pytest.mark.parametrize(
    ("teams", "sizes", "spread", "cities", "trips"),
    [
        (2, (1, 1), 0, 2, 2),  # one each: two parts of a team and a city
        (2, (1,), 1, 2, 0),  # whoever may have nothing to do needs no trip
        (2, (2, 1), 1, 2, 2),
        (2, (2,), 0, 2, 2),  # one part of both teams
        (2, (2, 2), 1, 1, 0),  # more cities than are tried
    ],
)
def test_the_fewest_trips_of_small_demands(
    teams: int, sizes: tuple[int, ...], spread: int, cities: int, trips: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(allotment, "MOST_CITIES", cities)
    projects = {f"{n}": {"1": size} for n, size in enumerate(sizes)}
    demand = Demand((frozenset("甲"),) * teams, projects, 9, 9)
    assert allotment._fewest_trips(demand, spread) == trips


def test_what_was_found_and_is_not_proven_is_not_told_as_the_fewest_trips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where the search ends at its limit with something in hand."""
    demand = Demand((frozenset("丁"), frozenset("戊")), {"丙": {"1": 4}}, 9, 4)
    even = allotment._Model(demand)
    assert even.minimise(even.most - even.least)
    assert allotment._few_trips(demand, even)[1]
    search = allotment._Model.minimise

    def ends_early(self: Any, what: Any, start: Any = None) -> bool:
        found = search(self, what, start)
        self.proven = False
        return found

    monkeypatch.setattr(allotment._Model, "minimise", ends_early)
    assert not allotment._few_trips(demand, even)[1]


def test_the_solver_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert allot(Demand((frozenset("丁"), frozenset("戊")), {"丙": {"1": 3}}, 2, 2))
    assert capfd.readouterr() == ("", "")


# --- the plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "visits", "at"),
    [
        ({"deadline": "D08"}, {}, ("cross_acceptance", "deadline")),
        ({"results": "D15"}, {}, ("cross_acceptance", "results")),
        ({"letter": "progress_bulletin"}, {}, ("cross_acceptance", "letter")),
        ({"results_on": date(2023, 12, 10)}, {}, ("cross_acceptance", "visits")),
        ({}, {"made_on": date(2023, 12, 1)}, ("cross_acceptance", "visits")),
        ({}, {"last": date(2023, 11, 30)}, ("cross_acceptance", "visits")),
        (
            {"roles": (InspectorRole(label="厅领导", level=Level.PROVINCE),)},
            {},
            ("cross_acceptance", "roles", 0),
        ),
    ],
)
def test_a_muddled_rule_is_told(
    changes: Mapping[str, object], visits: Mapping[str, object], at: tuple[str | int, ...]
) -> None:
    rule = plan().cross_acceptance
    assert rule is not None
    sound = (plan_path("shanxi-2023").parent / "notice.txt").read_text(encoding="utf-8")
    assert list(faults(plan(), sound)) == []
    changed = rule.model_copy(update={"visits": rule.visits.model_copy(update=visits), **changes})
    found = faults(plan().model_copy(update={"cross_acceptance": changed}), sound)
    assert {fault.loc for fault in found} == {at}


def test_every_word_of_the_rule_is_the_notices() -> None:
    rule = plan().cross_acceptance
    assert rule is not None
    notice = (plan_path("shanxi-2023").parent / "notice.txt").read_text(encoding="utf-8")
    for clause in (rule, rule.visits):
        assert clause.words in "".join(notice.split())
        assert clause.clause == "五(八)"


def partitions(items: Sequence[int]) -> Iterator[list[list[int]]]:
    """Every way to put things into heaps."""
    if not items:
        yield []
        return
    first, *rest = items
    for heaps in partitions(rest):
        yield [[first], *heaps]
        for n in range(len(heaps)):
            yield [*heaps[:n], [first, *heaps[n]], *heaps[n + 1 :]]


def keeps_busy(heaps: Sequence[Sequence[int]], teams: int, least: int, most: int) -> bool:
    """Whether so many teams can be shared out over heaps, each with its due in its heap."""
    ways = [
        [n for n in range(1, teams + 1) if least * n <= sum(heap) <= most * n] for heap in heaps
    ]
    return any(sum(shared) == teams for shared in product(*ways))


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 4),
)
def test_cities_fall_into_as_many_parts_as_by_trying_all(
    sizes: list[int], teams: int, least: int, more: int
) -> None:
    """Against every partition; a bound that is none can be told as one part."""
    most = least + more
    fit = [len(h) for h in partitions(sizes) if keeps_busy(h, teams, least, most)]
    assert allotment._most_parts(sizes, teams, least, most) == max(fit, default=1)


@pytest.mark.parametrize("mask", [0b1, 0b11, 0b1011, 0b10110, 0b11111])
def test_the_subsets_that_hold_the_first_member(mask: int) -> None:
    first = min(bit for bit in (1 << n for n in range(5)) if bit & mask)
    wanted = [each for each in range(1, mask + 1) if each & mask == each and each & first]
    assert sorted(allotment._parts(mask)) == wanted

"""How many projects of each county a team accepts: integers that a solver (HiGHS) chooses. Pure.

Rules come first; then, one after another: even loads, few trips to cities, counties kept whole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice, repeat
from typing import Any

from highspy import Highs, HighsModelStatus, ObjSense, SolutionStatus

from common.errors import RefusedError

NODES, FINER_NODES, SECONDS = 1000, 50, 15.0
"""Where a search ends, and one that has something to start from.

Nodes are counted alike on every machine; seconds are there to end a search.
"""
MOST_CITIES = 12
"""So many cities can be parted in every way; with more the solver has to do without the bound."""
EVEN, TRIPS, WHOLE = "各组任务均衡", "各组所到的市最少", "同一县（市、区）的项目不分给两组"
INFEASIBLE = (HighsModelStatus.kInfeasible, HighsModelStatus.kUnboundedOrInfeasible)
County = tuple[str, str]
"""A city, and one of its counties."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be shared out. The order of everything in it breaks ties."""

    teams: tuple[frozenset[str], ...]
    """Of each team, the cities that its people come from."""
    projects: Mapping[str, Mapping[str, int]]
    """How many there are, by city and county."""
    days: int
    most_a_day: int
    """Projects of one team on one day; on one day a team sees one city."""

    @property
    def total(self) -> int:
        """All projects."""
        return sum(map(self.of, self.projects))

    def of(self, city: str) -> int:
        """The projects of a city."""
        return sum(self.projects[city].values())


@dataclass(frozen=True, slots=True)
class Allotment:
    """Who takes how many."""

    takes: Mapping[int, Mapping[County, int]]
    """By team."""
    spread: int
    """By how many projects the loads of two teams differ at most."""
    trips: int
    """Pairs of a team and a city that it goes to."""
    unproven: tuple[str, ...]
    """What may be done still better: the search for it ended at its limit."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would have to give, so that all can be accepted."""

    mutual: tuple[tuple[str, str], ...]
    """Cities that would have to accept each other."""
    days: int
    """Days more."""


def allot(demand: Demand) -> Allotment | None:
    """The best that there is; None where the rules leave nothing. The same for the same demand.

    Nobody accepts in a city that he or she comes from; where anybody of one city goes to another,
    nobody of that one comes back. Where the search for a finer aim ends without a result, the last
    that was found stands, and the aim is `unproven`. RefusedError when there was none at all.
    """
    even = _Model(demand)
    if not even.minimise(even.most - even.least):
        if even.impossible:
            return None
        raise RefusedError("在限定的运算量内没有求得交叉验收安排，请缩小范围后重新编制")
    found, fewest = _few_trips(demand, even)
    whole = _kept_whole(even, found)
    proofs = ((even.proven, EVEN), (fewest, TRIPS), (whole is not found and whole.proven, WHOLE))
    unproven = tuple(words for proven, words in proofs if not proven)
    takes = whole.counts()  # at least as even as `even`, whose search may have ended early
    loads = [sum(takes.get(team, {}).values()) for team in range(len(demand.teams))]
    return Allotment(takes, max(loads) - min(loads), whole.trips_made, unproven)


def remedies(demand: Demand) -> tuple[Remedy, ...]:
    """For a demand that nothing meets: what would help by itself, else what would together."""
    alone = (_elastic(demand, mutual=True), _elastic(demand, longer=True))
    found = tuple(remedy for remedy in alone if remedy)
    if not found and (both := _elastic(demand, mutual=True, longer=True)):
        return (both,)
    return found


def _few_trips(demand: Demand, even: "_Model") -> tuple["_Model", bool]:
    """The plan with the fewest trips that was found, and whether that is proven.

    It is sought with fractions of projects first, which is quick and nearly always comes out even.
    """
    least, best = _fewest_trips(demand, even.worth), even
    for whole in (False, True):
        few = even.finer(whole=whole)
        few.require_trips(least)
        found = few.minimise(few.trips, even) if whole else few.minimise(few.trips)
        along = few if whole or not found else _along(even, few)
        if found and along is not None and along.trips_made < best.trips_made:
            best = along
        if found and few.proven and best.trips_made == few.worth:
            return best, True
    return best, False


def _along(even: "_Model", few: "_Model") -> "_Model | None":
    """The same trips with whole projects, if they allow it."""
    found = even.finer()
    found.fix_trips(few)
    return found if found.minimise(found.most - found.least) else None


def _kept_whole(even: "_Model", found: "_Model") -> "_Model":
    """With as few trips, counties kept whole: along the same trips first, then along any."""
    same = even.finer(counties=True)
    same.fix_trips(found)
    if not same.minimise(same.parts):
        return found
    if same.proven and same.worth == same.fewest_parts:
        return same
    free = even.finer(counties=True)
    free.limit_trips(found.trips_made)
    return free if free.minimise(free.parts, same) else same.unproven()


def _elastic(demand: Demand, *, mutual: bool = False, longer: bool = False) -> Remedy | None:
    model = _Model(demand, mutual=mutual, longer=longer)
    pardons = model.highs.qsum([*model.pardons.values(), *model.extra])
    if not model.minimise(pardons):
        return None
    return Remedy(
        tuple(pair for pair, var in model.pardons.items() if model.is_set(var)),
        sum(model.value(var) for var in model.extra),
    )


class _Model:
    """The choice as the solver has it."""

    def __init__(
        self,
        demand: Demand,
        spread: int | None = None,
        *,
        whole: bool = True,
        counties: bool = False,
        mutual: bool = False,
        longer: bool = False,
    ) -> None:
        """`spread`: at most so uneven. `whole`: projects are counted in integers.

        `counties`: which counties' projects are told apart. `mutual`, `longer`: cities may accept
        each other, days may be added.
        """
        self.highs = _solver()
        self.proven = self.impossible = False
        self._demand, self._whole, self._spread = demand, whole, spread
        self.takes: dict[tuple[int, str], Any] = {}
        self.goes: dict[tuple[int, str], Any] = {}
        self.pieces: dict[tuple[int, County], Any] = {}
        self._touches: dict[tuple[int, County], Any] = {}
        self.pardons: dict[tuple[str, str], Any] = {}
        teams, total = len(demand.teams), demand.total
        self.least = self.highs.addIntegral(0, total // teams)
        self.most = self.highs.addIntegral(-(-total // teams), total)
        self.extra = [self.highs.addIntegral(0, total)] if longer else []
        for team in range(teams):
            self._add_team(team)
        for city in demand.projects:
            self._share_out(city)
        self._forbid_returns(pardon=mutual)
        if spread is not None:
            self.highs.addConstr(self.most - self.least <= spread)
        if counties:
            self._tell_counties_apart()

    def minimise(self, what: Any, start: "_Model | None" = None) -> bool:
        """Solve; False where the rules leave nothing, and where the limit came first.

        `start` has the same columns: the search begins with its solution.
        """
        self.highs.setObjective(what, ObjSense.kMinimize)
        self.highs.setOptionValue("mip_max_nodes", FINER_NODES if start else NODES)
        self.highs.setOptionValue("time_limit", SECONDS)
        if start is not None:  # the solver forgets it when anything is changed afterwards
            self.highs.setSolution(start.highs.getSolution())
        self.highs.solve()
        status = self.highs.getModelStatus()
        self.impossible = status in INFEASIBLE
        standing = self.highs.getInfo().primal_solution_status
        if self.impossible or standing != SolutionStatus.kSolutionStatusFeasible:
            return False
        self.proven = status == HighsModelStatus.kOptimal
        self.worth = round(self.highs.getObjectiveValue())
        return True

    def finer(self, *, whole: bool = True, counties: bool = False) -> "_Model":
        """For the next aim: the loads no less even than here, the end no later."""
        return _Model(self._demand, self.worth, whole=whole, counties=counties)

    def unproven(self) -> "_Model":
        """The same, but there may be better ones."""
        self.proven = False
        return self

    @property
    def trips(self) -> Any:
        """How many pairs of a team and a city there are."""
        return self.highs.qsum(list(self.goes.values()))

    @property
    def trips_made(self) -> int:
        """How many of them the solution has."""
        return sum(map(self.is_set, self.goes.values()))

    @property
    def parts(self) -> Any:
        """Into how many parts the counties with several projects are split."""
        return self.highs.qsum(list(self._touches.values()))

    @property
    def fewest_parts(self) -> int:
        """None of them split."""
        return len({county for _, county in self._touches})

    def value(self, var: Any) -> int:
        """What an integer came to."""
        found: float = self.highs.val(var)
        return round(found)

    def is_set(self, var: Any) -> bool:
        """What a choice came to."""
        return self.value(var) == 1

    def require_trips(self, count: int) -> None:
        """So many are needed in any case: it saves the solver the proof."""
        self.highs.addConstr(self.trips >= count)

    def limit_trips(self, count: int) -> None:
        """No more than so many."""
        self.highs.addConstr(self.trips <= count)

    def fix_trips(self, other: "_Model") -> None:
        """Let everybody go where they go in another solution."""
        for key, var in self.goes.items():
            chosen = other.value(other.goes[key])
            self.highs.changeColBounds(var.index, chosen, chosen)

    def counts(self) -> Mapping[int, Mapping[County, int]]:
        """Per team, how many it takes of each county; the first teams take the first counties."""
        found: dict[int, Counter[County]] = defaultdict(Counter)
        for (team, county), var in self.pieces.items():
            found[team][county] = self.value(var)
        for city, by_county in self._demand.projects.items():
            counties = [(city, name) for name in by_county]
            parted = {key: sum(found[team][key] for team in self._able(city)) for key in counties}
            left = chain.from_iterable(
                repeat(key, by_county[key[1]] - parted[key]) for key in counties
            )
            for team in self._able(city):
                whole = sum(found[team][key] for key in counties)
                found[team].update(islice(left, self.value(self.takes[team, city]) - whole))
        return {team: +counted for team, counted in found.items()}

    def _add_team(self, team: int) -> None:
        """It goes to none of its own cities, and is done in time."""
        highs, demand, days = self.highs, self._demand, []
        mine = [city for city in demand.projects if city not in demand.teams[team]]
        for city in mine:
            most = self._most_of(city)
            takes, goes = self._number(most), highs.addBinary()
            stays = highs.addIntegral(0, -(-most // demand.most_a_day))
            highs.addConstr(takes <= most * goes)
            highs.addConstr(takes >= goes)
            highs.addConstr(takes <= demand.most_a_day * stays)
            highs.addConstr(stays >= goes)
            self.takes[team, city], self.goes[team, city] = takes, goes
            days.append(stays)
        load = highs.qsum([self.takes[team, city] for city in mine])
        if not mine:
            highs.addConstr(self.least <= 0)
            return
        highs.addConstr(highs.qsum(days) - highs.qsum(self.extra) <= demand.days)
        highs.addConstr(load - self.least >= 0)
        highs.addConstr(load - self.most <= 0)

    def _number(self, most: int) -> Any:
        return self.highs.addIntegral(0, most) if self._whole else self.highs.addVariable(0, most)

    def _most_of(self, city: str) -> int:
        """How many of a city's projects one team can take at most."""
        demand, limits = self._demand, [self._demand.of(city)]
        if not self.extra:
            limits.append(demand.days * demand.most_a_day)
        if self._spread is not None:
            limits.append(demand.total // len(demand.teams) + self._spread)
        return min(limits)

    def _able(self, city: str) -> list[int]:
        return [team for team, homes in enumerate(self._demand.teams) if city not in homes]

    def _share_out(self, city: str) -> None:
        """Every project goes to one team."""
        taken = self.highs.qsum([self.takes[team, city] for team in self._able(city)])
        self.highs.addConstr(taken == self._demand.of(city))

    def _forbid_returns(self, *, pardon: bool) -> None:
        """Where anybody of one city goes to another, nobody of that one comes back."""
        highs = self.highs
        for one, other in combinations(self._demand.projects, 2):
            there, back = self._trips(one, other), self._trips(other, one)
            if not there or not back:
                continue
            pardoned = highs.addBinary() if pardon else None
            free = highs.qsum([pardoned] if pardoned is not None else [])
            forward = highs.addBinary()
            for goes in there:
                highs.addConstr(goes - forward - free <= 0)
            for goes in back:
                highs.addConstr(goes + forward - free <= 1)
            if pardoned is not None:
                self.pardons[one, other] = pardoned

    def _trips(self, home: str, city: str) -> list[Any]:
        """The trips of anybody of one city to another."""
        teams = enumerate(self._demand.teams)
        return [
            self.goes[team, city]
            for team, homes in teams
            if home in homes and (team, city) in self.goes
        ]

    def _tell_counties_apart(self) -> None:
        """Of counties with several projects, how many each team takes; the others are whole."""
        for county, count in _larger(self._demand):
            pieces = []
            for team in self._able(county[0]):
                piece, touches = self.highs.addIntegral(0, count), self.highs.addBinary()
                self.highs.addConstr(piece <= count * touches)
                self.pieces[team, county], self._touches[team, county] = piece, touches
                pieces.append(piece)
            self.highs.addConstr(self.highs.qsum(pieces) == count)
        for (team, city), takes in self.takes.items():
            own = [self.pieces[key] for key in self.pieces if (key[0], key[1][0]) == (team, city)]
            if own:
                self.highs.addConstr(self.highs.qsum(own) - takes <= 0)


def _solver() -> Highs:
    highs = Highs()  # type: ignore[no-untyped-call]  # its constructor lacks the annotation
    options: Mapping[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": 7,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.9,  # every aim is a whole number
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def _larger(demand: Demand) -> Iterator[tuple[County, int]]:
    """The counties with several projects."""
    for city, counties in demand.projects.items():
        for county, count in counties.items():
            if count > 1:
                yield (city, county), count


def _fewest_trips(demand: Demand, spread: int) -> int:
    """A number of trips that no plan can do without, if the loads differ by `spread` at most.

    Teams and cities, joined by trips, fall into parts; a part of n needs n - 1 trips. The cities
    of a part have as many projects together as its teams can take.
    """
    teams, total = len(demand.teams), demand.total
    least, most = -(-total // teams) - spread, total // teams + spread
    sizes = [demand.of(city) for city in demand.projects]
    if least < 1 or len(sizes) > MOST_CITIES:
        return 0
    return teams + len(sizes) - _most_parts(sizes, teams, least, most)


def _most_parts(sizes: Sequence[int], teams: int, least: int, most: int) -> int:
    """Into how many parts cities can fall, where a team takes between `least` and `most`."""
    together = [0]
    for size in sizes:
        together += [size + others for others in together]
    # By set of cities: per number of teams that they can keep busy, the most parts.
    best: list[dict[int, int]] = [{0: 0}]
    for mask in range(1, len(together)):
        best.append({})
        for part in _parts(mask):
            for count in range(-(-together[part] // most), together[part] // least + 1):
                for others, parts in best[mask ^ part].items():
                    if parts + 1 > best[mask].get(count + others, 0):
                        best[mask][count + others] = parts + 1
    return best[-1].get(teams, 1)


def _parts(mask: int) -> Iterator[int]:
    """The subsets of a set that hold its first member."""
    first = mask & -mask
    rest = mask ^ first
    subset = rest
    while True:
        yield subset | first
        if not subset:
            return
        subset = (subset - 1) & rest

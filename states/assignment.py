"""交叉验收 (五(八)): who accepts what, on which day and in which order. Pure.

The choice itself is made in `states.allotment`; here it gets its people and its days, and what
cannot be is explained.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, groupby

from common.errors import RefusedError
from policy.levels import CUSTOMARY, LevelWords
from states.allotment import Allotment, Demand, Remedy, allot, remedies


@dataclass(frozen=True, slots=True)
class Inspector:
    """Somebody whom the province calls on (抽调)."""

    office: str
    name: str
    role: str
    """As what: 分管领导 or 业务科室负责人."""
    title: str
    """职务, as the contacts have it."""
    phone: str
    cities: tuple[str, ...]
    """Where he or she holds a post and so accepts nothing; the first sends him or her."""


@dataclass(frozen=True, slots=True)
class Team:
    """验收组."""

    number: int
    people: tuple[Inspector, ...]

    @property
    def homes(self) -> tuple[str, ...]:
        """The cities that its people come from."""
        return tuple(dict.fromkeys(city for person in self.people for city in person.cities))


@dataclass(frozen=True, slots=True)
class Task:
    """A project that is to be accepted."""

    code: str
    city: str
    county: str
    """Its code (GB/T 2260): it gives the order of travel."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A team's visit to a project."""

    team: int
    """The team's number."""
    day: date
    order: int
    """Among the stops of its day, from 1."""
    code: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """All stops, by team, day and order."""

    stops: tuple[Stop, ...]
    spread: int
    """By how many projects the loads of two teams differ at most."""
    trips: int
    """Pairs of a team and a city that it goes to."""
    unproven: tuple[str, ...]
    """What may be done still better, in Chinese: the search for it ended at its limit."""


def teams_of(
    people: Sequence[Inspector],
    cities: Sequence[str],
    least: int,
    levels: LevelWords = CUSTOMARY,
) -> tuple[tuple[Team, ...], tuple[str, ...]]:
    """A team from each of the cities, and what is to be said of the others, in Chinese.

    Cities with fewer than `least` people put them together, in the order of `cities`; whoever is
    left over after that joins the last of these mixed teams, or stays at home.
    """
    groups: dict[str, list[Inspector]] = {city: [] for city in cities}
    for person in people:
        groups[person.cities[0]].append(person)
    full = {city: tuple(group) for city, group in groups.items() if len(group) >= least}
    short = {city: tuple(group) for city, group in groups.items() if 0 < len(group) < least}
    mixed = _mixed(short, least)
    rank = {city: number for number, city in enumerate(cities)}
    members = sorted([*full.values(), *mixed], key=lambda group: rank[group[0].cities[0]])
    teams = tuple(Team(number, group) for number, group in enumerate(members, 1))
    return teams, tuple(_told_of(groups, teams, least, levels))


def assign(
    teams: Sequence[Team],
    tasks: Sequence[Task],
    days: Sequence[date],
    most_a_day: int,
    levels: LevelWords = CUSTOMARY,
) -> Assignment:
    """The best assignment, the same for the same arguments in whatever order tasks come.

    Nobody accepts in an own city; no two cities accept each other; every project has one team,
    which sees one city a day and no more than `most_a_day` projects. Within that, loads are as
    even as can be, then trips to cities few, then counties kept whole. RefusedError with every
    reason why there is none, and with what would help.
    """
    ordered = sorted(tasks, key=lambda task: (task.county, task.code))
    if reasons := list(_against(teams, ordered, days, most_a_day, levels)):
        raise RefusedError("\n".join(reasons))
    demand = Demand(
        tuple(frozenset(team.homes) for team in teams), _counted(ordered), len(days), most_a_day
    )
    found = allot(demand)
    if found is None:
        raise RefusedError("\n".join(_told_remedies(demand, remedies(demand), levels)))
    stops = tuple(_stops(teams, ordered, found, days, most_a_day))
    return Assignment(stops, found.spread, found.trips, found.unproven)


def _mixed(short: Mapping[str, Sequence[Inspector]], least: int) -> list[tuple[Inspector, ...]]:
    made: list[tuple[Inspector, ...]] = []
    waiting: tuple[Inspector, ...] = ()
    for group in short.values():
        waiting += tuple(group)
        if len(waiting) >= least:
            made.append(waiting)
            waiting = ()
    if waiting and made:
        made[-1] += waiting
    return made


def _told_of(
    groups: Mapping[str, Sequence[Inspector]],
    teams: Sequence[Team],
    least: int,
    levels: LevelWords,
) -> Iterator[str]:
    for city, group in groups.items():
        team = next((team for team in teams if group and group[0] in team.people), None)
        others = "、".join(home for home in (team.homes if team else ()) if home != city)
        if not group:
            yield f"{city}没有符合条件的人员，未派人参加"
        elif team is None:
            none = levels.said("又无其他市可以合组")
            yield f"{city}仅{len(group)}人符合条件，不足{least}人，{none}，未编入"
        elif len(group) < least:
            few = f"{city}仅{len(group)}人符合条件，不足{least}人"
            yield f"{few}，与{others}合编为第{team.number}组"


def _against(
    teams: Sequence[Team],
    tasks: Sequence[Task],
    days: Sequence[date],
    most_a_day: int,
    levels: LevelWords,
) -> Iterator[str]:
    """What can be told without a search."""
    if not tasks:
        yield "没有待验收的项目，无需安排"
    if not days:
        yield "验收期间没有工作日，请调整起止日期"
    if not teams:
        yield "没有可以编成的验收组：符合条件的人员不足，请在通讯录中补充"
    if tasks and days and teams:
        yield from _nobody(teams, tasks, levels)
        yield from _only_each_other(teams, tasks, levels)
        yield from _too_many(teams, tasks, days, most_a_day)


def _nobody(teams: Sequence[Team], tasks: Sequence[Task], levels: LevelWords) -> Iterator[str]:
    for city, count in Counter(task.city for task in tasks).items():
        if not _able(teams, city):
            one, all_ = levels.said("能编成验收组的只有该市"), levels.said("各验收组均有该市人员")
            why = one if len(teams) == 1 else all_
            mend = levels.said("请由其他市派人另行编组")
            yield f"{city}的{count}个项目无人可以验收：{why}，{mend}"


def _only_each_other(
    teams: Sequence[Team], tasks: Sequence[Task], levels: LevelWords
) -> Iterator[str]:
    """Two cities of which only people of the other can accept."""
    for one, other in combinations(dict.fromkeys(task.city for task in tasks), 2):
        there, back = _able(teams, other), _able(teams, one)
        # A team of neither would be in both: where all of one are the other's, so it is vice versa.
        if there and back and all(one in team.homes for team in there):
            rule = levels.said("违反两市不互验的规则；请由第三个市派人编组")
            yield f"{one}与{other}只能互相验收，{rule}"


def _too_many(
    teams: Sequence[Team], tasks: Sequence[Task], days: Sequence[date], most_a_day: int
) -> Iterator[str]:
    most = len(teams) * len(days) * most_a_day
    if len(tasks) > most:
        yield (
            f"待验收项目{len(tasks)}个，超出验收能力：{len(teams)}个验收组、{len(days)}个工作日、"
            f"每组每天至多{most_a_day}个，最多验收{most}个，还差{len(tasks) - most}个；"
            "请增加验收组、延长期间或提高每天的项目数"
        )


def _able(teams: Sequence[Team], city: str) -> list[Team]:
    return [team for team in teams if city not in team.homes]


def _told_remedies(demand: Demand, found: Sequence[Remedy], levels: LevelWords) -> Iterator[str]:
    yield (
        f"{len(demand.teams)}个验收组、{demand.days}个工作日、每组每天至多{demand.most_a_day}个项目，"
        f"不能同时做到{levels.said('不验本市、两市不互验')}和按期完成"
    )
    for remedy in found:
        pairs = "；".join(f"{one}与{other}" for one, other in remedy.mutual)
        asked = [f"{levels.said('允许互相验收的市')}：{pairs}"] if pairs else []
        asked += [f"验收期间增加{remedy.days}个工作日"] if remedy.days else []
        yield f"可行的办法：{'，并且'.join(asked)}"
    yield "或者增加验收组，或者提高每组每天的项目数"


def _counted(tasks: Sequence[Task]) -> Mapping[str, Mapping[str, int]]:
    """How many there are, by city and county."""
    found: dict[str, Counter[str]] = {}
    for task in tasks:
        found.setdefault(task.city, Counter())[task.county] += 1
    return found


def _stops(
    teams: Sequence[Team],
    tasks: Sequence[Task],
    found: Allotment,
    days: Sequence[date],
    most_a_day: int,
) -> Iterator[Stop]:
    """Each team's stops: its projects are those of the lowest codes that are left in a county."""
    left: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in tasks:
        left[task.city, task.county].append(task)
    for index, team in enumerate(teams):
        mine: list[Task] = []
        for county in (key for key in left if key in found.takes.get(index, {})):
            count = found.takes[index][county]
            mine += left[county][:count]
            left[county] = left[county][count:]
        for day, seen in zip(days, _by_day(mine, len(days), most_a_day), strict=False):
            for order, task in enumerate(seen, 1):
                yield Stop(team.number, day, order, task.code)


def _by_day(tasks: Sequence[Task], days: int, most_a_day: int) -> list[list[Task]]:
    """The tasks, in order, day by day; a county's on one day where the days allow it."""
    together = list(_days(tasks, most_a_day, keep=True))
    return together if len(together) <= days else list(_days(tasks, most_a_day, keep=False))


def _days(tasks: Sequence[Task], most_a_day: int, *, keep: bool) -> Iterator[list[Task]]:
    for _, in_city in groupby(tasks, key=lambda task: task.city):
        day: list[Task] = []
        for _, in_county in groupby(in_city, key=lambda task: task.county):
            group = list(in_county)
            if keep and day and len(day) + len(group) > most_a_day:
                yield day
                day = []
            for task in group:
                if len(day) == most_a_day:
                    yield day
                    day = []
                day.append(task)
        yield day

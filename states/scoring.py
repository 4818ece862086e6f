"""绩效评估 (五(九)): what every city and county has scored at a month's end, and why. Pure.

Only what is due is judged. An indicator counts, with all its points, as soon as the day of one of
its cases has come anywhere, or all of them are done before their day; cases that are still open
cost nothing. One of which nothing is due is left out of 可得分. Whether it counts is the same for
all cities and counties, since their rates are compared: whom there is nothing to judge by keeps its
points, but a city that has a quota and no project has none. A city with neither is not ranked.

How each case is judged say `states.measures`.

得分率 is the score's share of what counts, 100 at most; what bonuses give beyond it is shown beside
it. Who has something undone by the day on which the paper can be signed is not named 先进.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import inf

from common.errors import PolicyError
from common.words import CENT
from policy.evaluation import (
    Bonus,
    Evaluation,
    Indicator,
    IndicatorStatus,
    LevelPoints,
    Malus,
    OnTimeMeasure,
    PerDefectPoints,
    Place,
    PointKind,
    RecordMeasure,
    ScoringRule,
    YesNoPoints,
)
from policy.schema import Plan
from policy.vocabulary import SubjectKind
from states.figures import falls_due
from states.measures import (
    IndicatorCase,
    JudgedPlace,
    Measure,
    cases_at,
    judged_city,
    judged_counties,
    last_day,
    without_hold,
)
from states.snapshot import Snapshot
from states.targets import TargetFigure
from states.workdays import DAY

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """One indicator's points."""

    indicator: str
    kind: PointKind
    state: IndicatorStatus
    available: Decimal
    """Of the base, what could be had by now; 0 for a bonus and a malus."""
    points: Decimal
    """What was earned; for a malus, what it costs."""
    cases: tuple[IndicatorCase, ...]

    @property
    def lost(self) -> Decimal:
        """The points that it cost."""
        return (
            self.points if self.kind is PointKind.MALUS else max(self.available - self.points, ZERO)
        )


@dataclass(frozen=True, slots=True)
class Score:
    """What one place has scored: a city, or a county by its own projects."""

    city: str
    county: str
    """Empty: the city itself."""
    projects: int
    """Those that go on."""
    lines: tuple[IndicatorScore, ...]
    base: Decimal
    available: Decimal
    bonus: Decimal
    """All together, capped."""
    malus: Decimal
    score: Decimal
    """Base and bonus less malus, not below 0."""
    rate: Decimal | None
    """得分率 in percent, two decimals, half up, 100 at most; None while nothing is due, and of whom
    nothing is asked."""
    place: int | None
    """Among the cities, or the counties of its city; equal rates share it."""
    suggestions: tuple[str, ...]
    """On the indicators that cost it most."""
    undone: int | None = None
    """How many deadlines of a city and its projects were, or will be, due before the paper can be
    signed, and are not done; those of the province and of bodies outside the notice aside. None
    for a county, and in scores that were kept before it was."""

    @property
    def name(self) -> str:
        """The county, or the city."""
        return self.county or self.city


@dataclass(frozen=True, slots=True)
class Standard:
    """One line of the scoring table, as it was when the scores were given."""

    indicator: str
    label: str
    kind: PointKind
    clause: str
    reading: str
    """评分内容."""
    says: str
    """评分标准."""
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class MonthScore:
    """A place's score in one month of a quarter."""

    city: str
    county: str
    score: Decimal
    available: Decimal
    rate: Decimal | None
    place: int | None


@dataclass(frozen=True, slots=True)
class MonthScores:
    """All marks of one month."""

    period: str
    as_of: date
    marks: tuple[MonthScore, ...]


@dataclass(frozen=True, slots=True)
class MonthEvaluation:
    """The evaluation of one month, and of the quarter that it ends where it ends one."""

    version: str
    """Of the scoring table."""
    reading: str
    """How the table is read: what counts, and how."""
    period: str
    as_of: date
    table: tuple[Standard, ...]
    cities: tuple[Score, ...]
    """By place, equals in the plan's order."""
    counties: tuple[Score, ...]
    """Those with projects: city by city in the plan's order, each city's by place."""
    leaders: tuple[str, ...]
    """Those in the first places that have nothing undone."""
    laggards: tuple[str, ...]
    quarter: str = ""
    """``2023Q2``; the quarter's score is that of its last month."""
    months: tuple[MonthScores, ...] = ()
    """The quarter's monthly scores."""
    targets: tuple[TargetFigure, ...] = ()
    """How far the whole programme has come; scores do not go by it."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found at one place."""

    place: JudgedPlace
    cases: Mapping[str, tuple[IndicatorCase, ...]]
    """By indicator, of those that the place is judged by."""


States = Mapping[str, IndicatorStatus]
"""By indicator: whether it counts, for all cities or for all counties."""


def evaluate(plan: Plan, snapshot: Snapshot, signed_on: date | None = None) -> MonthEvaluation:
    """All scores at a month's end. PolicyError where the plan has no scoring table.

    `signed_on` is the first day on which the paper can be signed; the next day where it is not
    stated.
    """
    table = plan.evaluation
    if table is None:
        raise PolicyError(f"“{plan.name}”没有绩效评估的评分标准")
    places = [judged_city(plan, snapshot, city.name) for city in plan.cities]
    looks = [_look(table, place) for place in places]
    inner = [[_look(table, each) for each in judged_counties(place)] for place in places]
    states = _states(table, looks)
    late = Counter(it.city for it in falls_due(plan, snapshot, signed_on or snapshot.as_of + DAY))
    cities = _ranked(
        [replace(_score(table, look, states), undone=late[look.place.city]) for look in looks]
    )
    states = _states(table, [look for group in inner for look in group])
    counties = tuple(_ranked([_score(table, look, states) for look in group]) for group in inner)
    return MonthEvaluation(
        version=table.version,
        reading=f"{table.reading}加分合计最多{_plain(table.most_bonus)}分。",
        period=snapshot.period,
        as_of=snapshot.as_of,
        table=tuple(_standard(item) for item in table.indicators),
        cities=cities,
        counties=tuple(score for group in counties for score in group),
        leaders=tuple(
            each.city
            for each in cities
            if each.place and each.place <= table.leaders and not each.undone
        ),
        laggards=_laggards(cities, table),
        targets=snapshot.targets,
    )


def with_quarter(
    last: MonthEvaluation, quarter: str, earlier: Iterable[MonthEvaluation]
) -> MonthEvaluation:
    """The evaluation of a quarter's last month as that of the quarter, beside the months before."""
    return replace(last, quarter=quarter, months=tuple(map(_month, (*earlier, last))))


def says(rule: ScoringRule) -> str:
    """How points follow (评分标准), in Chinese."""
    match rule:
        case PerDefectPoints():
            return f"共{_plain(rule.points)}分，每有一项不符合扣{_plain(rule.each)}分，扣完为止"
        case LevelPoints():
            return (
                f"达到{_plain(rule.full * 100)}%得{_plain(rule.points)}分，"
                f"达到{_plain(rule.part * 100)}%得{_plain(rule.part_points)}分，不足的不得分"
            )
        case YesNoPoints():
            return f"符合得{_plain(rule.points)}分，不符合不得分"
        case Bonus():
            return f"每有一项加{_plain(rule.each)}分，最多加{_plain(rule.most)}分"
        case Malus():
            return f"每有一项扣{_plain(rule.each)}分"


def _standard(item: Indicator) -> Standard:
    return Standard(
        item.id, item.label, item.kind, item.clause, item.reading, says(item.rule), item.places
    )


def _month(made: MonthEvaluation) -> MonthScores:
    marks = (
        MonthScore(each.city, each.county, each.score, each.available, each.rate, each.place)
        for each in (*made.cities, *made.counties)
    )
    return MonthScores(made.period, made.as_of, tuple(marks))


# --- places ---------------------------------------------------------------------------------------


def _look(table: Evaluation, place: JudgedPlace) -> _Look:
    where: Place = "county" if place.county else "city"
    items = (item for item in table.indicators if where in item.places)
    return _Look(place, {item.id: tuple(cases_at(place, item.rule.over)) for item in items})


def _is_ranked(place: JudgedPlace) -> bool:
    """Whether there is anything to judge a place by."""
    city = place.plan.city(place.city)
    return bool(place.projects or (city and city.places))


def _states(table: Evaluation, looks: Sequence[_Look]) -> States:
    return {item.id: _counted(item, looks) for item in table.indicators}


def _score(table: Evaluation, look: _Look, states: States) -> Score:
    place, own = look.place, (item for item in table.indicators if item.id in look.cases)
    lines = tuple(_line(item, look, states[item.id]) for item in own)
    base = _sum(line.points for line in lines if line.kind is PointKind.BASE)
    bonus = _sum(line.points for line in lines if line.kind is PointKind.BONUS)
    malus = _sum(line.points for line in lines if line.kind is PointKind.MALUS)
    available = _sum(line.available for line in lines)
    bonus = min(bonus, table.most_bonus.quantize(CENT))
    score = max(base + bonus - malus, ZERO)
    return Score(
        city=place.city,
        county=place.county,
        projects=len(place.projects),
        lines=lines,
        base=base,
        available=available,
        bonus=bonus,
        malus=malus,
        score=score,
        rate=_rate(score, available) if available and _is_ranked(place) else None,
        place=None,
        suggestions=tuple(_suggestions(table, lines)),
    )


def _rate(score: Decimal, available: Decimal) -> Decimal:
    """A bonus makes good what was lost, and gives no more than there is."""
    return (min(score, available) * 100 / available).quantize(CENT, ROUND_HALF_UP)


def _suggestions(table: Evaluation, lines: Sequence[IndicatorScore]) -> Iterator[str]:
    items = {item.id: item for item in table.indicators}
    costly = sorted((line for line in lines if line.lost), key=lambda line: -line.lost)
    for line in costly[: table.suggestions]:
        item = items[line.indicator]
        yield f"{item.label}失{_plain(line.lost)}分：{item.advice}"


def _ranked(scores: Sequence[Score]) -> tuple[Score, ...]:
    """By rate as it is shown; equals share the place and stay in their order, unrated come last."""
    rates = [score.rate for score in scores if score.rate is not None]
    placed = [
        score
        if score.rate is None
        else replace(score, place=1 + sum(rate > score.rate for rate in rates))
        for score in scores
    ]
    return tuple(sorted(placed, key=lambda score: score.place or inf))


def _laggards(ranked: Sequence[Score], table: Evaluation) -> tuple[str, ...]:
    """Those with the fewest behind them that have lost points and do not lead, the last first."""
    rates = [score.rate for score in ranked if score.rate is not None]
    found = [
        score
        for score in ranked
        if score.rate is not None
        and score.place is not None
        and score.place > table.leaders
        and any(line.lost for line in score.lines)
        and sum(rate < score.rate for rate in rates) < table.laggards
    ]
    return tuple(score.city for score in sorted(found, key=lambda score: -(score.place or 0)))


# --- points ---------------------------------------------------------------------------------------


def _line(item: Indicator, look: _Look, state: IndicatorStatus) -> IndicatorScore:
    rule, place = item.rule, look.place
    cases = tuple(without_hold(place, rule.over, case) for case in look.cases[item.id])
    if isinstance(rule, Bonus):
        counted = tuple(_shared(cases, rule.each, rule.most))
    elif isinstance(rule, Malus):
        listed = isinstance(rule.over, RecordMeasure)
        counted = tuple(_cost(case, rule.each) for case in cases if listed or case.good is False)
    else:
        return _base(item, rule, cases, state, ZERO if _is_wanting(rule.over, place) else None)
    points = abs(_sum(case.points or ZERO for case in counted))
    return IndicatorScore(item.id, item.kind, IndicatorStatus.JUDGED, ZERO, points, counted)


def _is_wanting(over: Measure, place: JudgedPlace) -> bool:
    """Whether a city has none of the projects that its quota asks for."""
    of_city = isinstance(over, OnTimeMeasure) and over.of is SubjectKind.CITY
    return not place.projects and not of_city


def _base(
    item: Indicator,
    rule: PerDefectPoints | LevelPoints | YesNoPoints,
    cases: tuple[IndicatorCase, ...],
    state: IndicatorStatus,
    fixed: Decimal | None,
) -> IndicatorScore:
    """`fixed`: the points where there is nothing to count them by."""
    if state is not IndicatorStatus.JUDGED:
        return IndicatorScore(item.id, item.kind, state, ZERO, ZERO, cases)
    judged = [case.good for case in cases if case.good is not None]
    if fixed is not None:
        points = fixed
    elif isinstance(rule, PerDefectPoints):
        cases = tuple(_deducted(cases, rule))
        points = rule.points + _sum(case.points or ZERO for case in cases)
    elif isinstance(rule, LevelPoints):
        points = _level(rule, sum(judged), len(judged))
    else:
        points = rule.points if all(judged) else ZERO
    available = rule.points.quantize(CENT)
    return IndicatorScore(item.id, item.kind, state, available, points.quantize(CENT), cases)


def _counted(item: Indicator, looks: Sequence[_Look]) -> IndicatorStatus:
    """Judged when the day of one case has come anywhere, or all are done before their day."""
    cases = [case for look in looks for case in look.cases.get(item.id, ())]
    if not cases:
        return IndicatorStatus.NOTHING
    told = [case for case in cases if case.good is not None]
    rules = item.rule.over.rules if isinstance(item.rule.over, OnTimeMeasure) else ()
    last = last_day(looks[0].place, rules)
    passed = any(case.due is None or case.due <= last for case in told)
    return IndicatorStatus.JUDGED if passed or len(told) == len(cases) else IndicatorStatus.NOT_DUE


def _level(rule: LevelPoints, good: int, judged: int) -> Decimal:
    if good >= rule.full * judged:
        return rule.points
    return rule.part_points if good >= rule.part * judged else ZERO


def _deducted(cases: Iterable[IndicatorCase], rule: PerDefectPoints) -> Iterator[IndicatorCase]:
    """Each defect with what it costs, until nothing is left."""
    left = rule.points
    for case in cases:
        cost = min(rule.each, left) if case.good is False else ZERO
        left -= cost
        yield _cost(case, cost) if case.good is False else case


def _shared(
    cases: Iterable[IndicatorCase], each: Decimal, most: Decimal
) -> Iterator[IndicatorCase]:
    """Each instance with what it earns, until the cap is reached."""
    left = most
    for case in cases:
        given = min(each, left)
        left -= given
        yield replace(case, points=given.quantize(CENT))


def _cost(case: IndicatorCase, points: Decimal) -> IndicatorCase:
    return replace(case, points=-points.quantize(CENT))


def _sum(points: Iterable[Decimal]) -> Decimal:
    return sum(points, ZERO).quantize(CENT)


def _plain(number: Decimal) -> str:
    """Without trailing zeros."""
    return f"{number.normalize():f}"

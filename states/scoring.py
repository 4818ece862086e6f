"""绩效评估 (五(九)): what every city and county has scored at a month's end, and why. Pure.

Only what is due is judged. An indicator counts, with all its points, as soon as the day of one of
its cases has passed, or all of them are done before their day; cases that are still open cost
nothing. One of which nothing is due is left out of 可得分. 得分率 is the score of what counts.
Whether it counts is the same for all places that have cases of it, since their rates are compared.

No evaluation comes after that of the plan's last month: what has to be done within the year (当年)
is then judged as of the year's last day, by what was done by the snapshot's day.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import singledispatch

from common.errors import PolicyError
from common.words import CENT
from policy.evaluation import (
    AtOnceMeasure,
    Bonus,
    EarlyMeasure,
    Evaluation,
    Indicator,
    IndicatorStatus,
    Judged,
    LevelPoints,
    Malus,
    NewlyServedMeasure,
    OnScheduleMeasure,
    OnTimeMeasure,
    PerDefectPoints,
    Place,
    PointKind,
    RecordMeasure,
    ScoringRule,
    YesNoPoints,
)
from policy.schema import Plan
from policy.vocabulary import Standing
from states.snapshot import DeadlineShot, ProjectShot, RecordShot, Snapshot, months
from states.workdays import DAY

ZERO = Decimal("0.00")
Measure = Judged | EarlyMeasure | NewlyServedMeasure | RecordMeasure


@dataclass(frozen=True, slots=True)
class IndicatorCase:
    """One thing that an indicator looked at: the evidence of its points."""

    subject: str
    """A project's code or a city."""
    name: str
    what: str
    due: date | None = None
    """The day until which it was in order."""
    done: date | None = None
    row: int | None = None
    """The audit row that records it."""
    good: bool | None = None
    """None: not judged, since it is still open."""
    points: Decimal | None = None
    """What it earned, or cost (negative); None where only all cases together have points."""


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
    """得分率 in percent, two decimals, half up; None while nothing is due."""
    place: int | None
    """Among the cities, or the counties of its city; equal rates share it."""
    suggestions: tuple[str, ...]
    """On the indicators that cost it most."""

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
    laggards: tuple[str, ...]
    quarter: str = ""
    """``2023Q2``; the quarter's score is that of its last month."""
    months: tuple[MonthScores, ...] = ()
    """The quarter's monthly scores."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is looked at for one place."""

    plan: Plan
    period: str
    as_of: date
    city: str
    county: str
    projects: tuple[ProjectShot, ...]
    deadlines: tuple[DeadlineShot, ...]
    records: tuple[RecordShot, ...]
    reported: bool | None
    """Whether the city's report of the month came; None while there is time, or none is asked."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found at one place."""

    ground: _Ground
    cases: Mapping[str, tuple[IndicatorCase, ...]]
    """By indicator, of those that the place is judged by."""


States = Mapping[str, IndicatorStatus]
"""By indicator: whether it counts, for every place that has cases of it."""


def evaluate(plan: Plan, snapshot: Snapshot) -> MonthEvaluation:
    """All scores at a month's end. PolicyError where the plan has no scoring table."""
    table = plan.evaluation
    if table is None:
        raise PolicyError(f"“{plan.name}”没有绩效评估的评分标准")
    grounds = tuple(_ground(plan, snapshot.of_city(city.name), city.name) for city in plan.cities)
    looks = [_look(table, ground) for ground in grounds]
    inner = [[_look(table, each) for each in _counties(ground)] for ground in grounds]
    every = (*looks, *(look for group in inner for look in group))
    states = {item.id: _counted(item, every, plan, snapshot) for item in table.indicators}
    cities = _ranked([_score(table, look, states) for look in looks])
    counties = (_ranked([_score(table, look, states) for look in group]) for group in inner)
    return MonthEvaluation(
        version=table.version,
        reading=f"{table.reading}加分合计最多{_plain(table.most_bonus)}分。",
        period=snapshot.period,
        as_of=snapshot.as_of,
        table=tuple(_standard(item) for item in table.indicators),
        cities=cities,
        counties=tuple(score for group in counties for score in group),
        leaders=tuple(s.city for s in cities if s.place and s.place <= table.leaders),
        laggards=_laggards(cities, table),
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


def _ground(plan: Plan, part: Snapshot, city: str) -> _Ground:
    """What is looked at for a city: its projects that go on, and itself."""
    projects = tuple(sorted(part.going_on, key=lambda project: project.code))
    subjects = {project.code for project in projects} | {city}
    deadlines = (item for item in part.deadlines if item.subject in subjects)
    records = (item for item in part.records if item.subject in subjects)
    return _Ground(
        plan=plan,
        period=part.period,
        as_of=part.as_of,
        city=city,
        county="",
        projects=projects,
        deadlines=tuple(sorted(deadlines, key=lambda item: (item.subject, item.rule))),
        records=tuple(sorted(records, key=lambda item: item.row)),
        reported=_reported(plan, part, city),
    )


def _reported(plan: Plan, part: Snapshot, city: str) -> bool | None:
    """Whether the city's report of the month came; None while there is time, or none is asked.

    One that is no longer asked for, since all is finished, counts as having come.
    """
    wanted = plan.report_of(part.period)
    for item in part.deadlines:
        if item.subject == city and item.rule == wanted and item.overdue_after is not None:
            if item.fulfilled_on is not None or item.standing is Standing.VOID:
                return True
            return False if part.as_of > item.overdue_after else None
    return None


def _counties(ground: _Ground) -> Iterator[_Ground]:
    """The city's counties that have projects, each with those alone."""
    city = ground.plan.city(ground.city)
    for county in city.counties if city else ():
        projects = tuple(item for item in ground.projects if item.county == county.name)
        codes = {item.code for item in projects}
        if projects:
            yield replace(
                ground,
                county=county.name,
                projects=projects,
                deadlines=tuple(item for item in ground.deadlines if item.subject in codes),
                records=tuple(item for item in ground.records if item.subject in codes),
            )


def _look(table: Evaluation, ground: _Ground) -> _Look:
    where: Place = "county" if ground.county else "city"
    items = (item for item in table.indicators if where in item.places)
    return _Look(ground, {item.id: tuple(_cases(item.rule.over, ground)) for item in items})


def _score(table: Evaluation, look: _Look, states: States) -> Score:
    ground, own = look.ground, (item for item in table.indicators if item.id in look.cases)
    lines = tuple(_line(item, look.cases[item.id], states[item.id]) for item in own)
    base = _sum(line.points for line in lines if line.kind is PointKind.BASE)
    bonus = _sum(line.points for line in lines if line.kind is PointKind.BONUS)
    malus = _sum(line.points for line in lines if line.kind is PointKind.MALUS)
    available = _sum(line.available for line in lines)
    bonus = min(bonus, table.most_bonus.quantize(CENT))
    score = max(base + bonus - malus, ZERO)
    return Score(
        city=ground.city,
        county=ground.county,
        projects=len(ground.projects),
        lines=lines,
        base=base,
        available=available,
        bonus=bonus,
        malus=malus,
        score=score,
        rate=(score * 100 / available).quantize(CENT, ROUND_HALF_UP) if available else None,
        place=None,
        suggestions=tuple(_suggestions(table, lines)),
    )


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
    return tuple(sorted(placed, key=lambda score: score.place or len(scores) + 1))


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


def _line(
    item: Indicator, cases: tuple[IndicatorCase, ...], state: IndicatorStatus
) -> IndicatorScore:
    rule = item.rule
    if isinstance(rule, Bonus):
        counted = tuple(_shared(cases, rule.each, rule.most))
    elif isinstance(rule, Malus):
        listed = isinstance(rule.over, RecordMeasure)
        counted = tuple(_cost(case, rule.each) for case in cases if listed or case.good is False)
    else:
        return _base(item, rule, cases, state if cases else IndicatorStatus.NOTHING)
    points = abs(_sum(case.points or ZERO for case in counted))
    return IndicatorScore(item.id, item.kind, IndicatorStatus.JUDGED, ZERO, points, counted)


def _base(
    item: Indicator,
    rule: PerDefectPoints | LevelPoints | YesNoPoints,
    cases: tuple[IndicatorCase, ...],
    state: IndicatorStatus,
) -> IndicatorScore:
    if state is not IndicatorStatus.JUDGED:
        return IndicatorScore(item.id, item.kind, state, ZERO, ZERO, cases)
    judged = [case.good for case in cases if case.good is not None]
    if isinstance(rule, PerDefectPoints):
        cases = tuple(_deducted(cases, rule))
        points = rule.points + _sum(case.points or ZERO for case in cases)
    elif isinstance(rule, LevelPoints):
        points = _level(rule, sum(judged), len(judged))
    else:
        points = rule.points if all(judged) else ZERO
    available = rule.points.quantize(CENT)
    return IndicatorScore(item.id, item.kind, state, available, points.quantize(CENT), cases)


def _counted(
    item: Indicator, looks: Iterable[_Look], plan: Plan, snapshot: Snapshot
) -> IndicatorStatus:
    """Judged when the day of one case has passed anywhere, or all are done before their day."""
    cases = [case for look in looks for case in look.cases.get(item.id, ())]
    told = [case for case in cases if case.good is not None]
    rules = item.rule.over.rules if isinstance(item.rule.over, OnTimeMeasure) else ()
    until = _until(plan, snapshot.period, snapshot.as_of, rules)
    passed = any(case.due is None or case.due < until for case in told)
    if not cases:
        return IndicatorStatus.NOTHING
    return IndicatorStatus.JUDGED if passed or len(told) == len(cases) else IndicatorStatus.NOT_DUE


def _until(plan: Plan, period: str, as_of: date, rules: Iterable[str]) -> date:
    """The first day of which a deadline of these rules is not judged yet."""
    ids = {rule.partition("-")[0] for rule in rules}
    within = any(rule.within_year and rule.id in ids for rule in plan.timed_rules)
    closing = period == months(plan)[-1]
    return date(plan.year, 12, 31) + DAY if within and closing else as_of


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


# --- what is looked at ----------------------------------------------------------------------------


@singledispatch
def _cases(over: Measure, ground: _Ground) -> Iterator[IndicatorCase]:
    raise TypeError(over)


@_cases.register
def _(over: OnTimeMeasure, ground: _Ground) -> Iterator[IndicatorCase]:
    projects = {project.code: project for project in ground.projects}
    for item in ground.deadlines:
        mine = item.kind is over.of and item.rule.partition("-")[0] in over.rules
        if mine and item.overdue_after is not None and item.standing is not Standing.VOID:
            project = projects.get(item.subject)
            due = item.overdue_after
            done = item.fulfilled_on if not over.facts else _last(project, over.facts)
            good = _in_time(ground, item, due, done)
            ahead = good is False and ground.as_of <= due  # the year's end, by its last snapshot
            yield IndicatorCase(
                subject=item.subject,
                name=project.name if project else item.subject,
                what=f"{item.rule} {item.title}{_not_by(ground.as_of) if ahead else ''}",
                due=due,
                done=done,
                good=good,
            )


def _not_by(as_of: date) -> str:
    return f"：截至{as_of.year}年{as_of.month}月{as_of.day}日未完成，按当年未完成评"


def _last(project: ProjectShot | None, facts: tuple[str, ...]) -> date | None:
    """The day of the last of the facts; None while one is missing."""
    days = [project.milestones.get(name) for name in facts] if project else [None]
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None


def _in_time(ground: _Ground, item: DeadlineShot, due: date, done: date | None) -> bool | None:
    """Whether it was done in time; nobody is blamed where the notice does not bind, or on hold."""
    if done is not None and done <= due:
        return True
    until = _until(ground.plan, ground.period, ground.as_of, (item.rule,))
    late = done is not None or (due < until and item.standing is not Standing.SUSPENDED)
    return False if late and ground.plan.bodies[item.responsible].bound else None


@_cases.register
def _(over: OnScheduleMeasure, ground: _Ground) -> Iterator[IndicatorCase]:
    """A report that came without figures of projects, on paper say, leaves nothing to judge."""
    for project in ground.projects:
        said = project.reported(ground.period)
        case = IndicatorCase(project.code, project.name, f"{ground.period} 月报")
        if said is not None:
            told = {True: "达到序时进度", False: "未达序时进度", None: "未填是否达序时"}
            what = f"{case.what}：{told[said.on_schedule]}"
            yield replace(case, what=what, row=said.audit_id, good=said.on_schedule is True)
        elif ground.reported is None:
            yield case
        elif not ground.reported and not ground.county:  # the report is the city's alone
            yield replace(case, what=f"{case.what}：未报", good=False)


@_cases.register
def _(over: AtOnceMeasure, ground: _Ground) -> Iterator[IndicatorCase]:
    for project in ground.projects:
        reached = project.milestones.get(over.reached)
        again = project.milestones.get(over.unless)
        told = over.reached if again is None else over.unless
        yield IndicatorCase(
            subject=project.code,
            name=project.name,
            what=ground.plan.milestone(told).label,
            done=reached if again is None else again,
            good=None if reached is None else again is None,
        )


@_cases.register
def _(over: EarlyMeasure, ground: _Ground) -> Iterator[IndicatorCase]:
    label = ground.plan.milestone(over.milestone).label
    for project in ground.projects:
        on = project.milestones.get(over.milestone)
        limit = over.day or project.milestones.get(over.before or "")
        if on is not None and (limit is None or on < limit):
            yield IndicatorCase(project.code, project.name, label, limit, on, good=True)


@_cases.register
def _(over: NewlyServedMeasure, ground: _Ground) -> Iterator[IndicatorCase]:
    label = ground.plan.milestone(over.milestone).label
    first: dict[str, tuple[date, ProjectShot]] = {}
    for project in ground.projects:
        on = project.milestones.get(over.milestone)
        if project.unserved and on is not None:
            held = first.get(project.county)
            first[project.county] = min(held or (on, project), (on, project), key=_by_day)
    for county, (on, project) in first.items():
        yield IndicatorCase(
            project.code, project.name, f"{county}首个项目{label}", done=on, good=True
        )


def _by_day(found: tuple[date, ProjectShot]) -> tuple[date, str]:
    return found[0], found[1].code


@_cases.register
def _(over: RecordMeasure, ground: _Ground) -> Iterator[IndicatorCase]:
    label = next(item.label for item in ground.plan.evidence if item.id == over.evidence)
    names = {project.code: project.name for project in ground.projects}
    for item in ground.records:
        if item.kind == over.evidence:
            name = names.get(item.subject, item.subject)
            what = f"{label}：{item.evidence}"
            yield IndicatorCase(item.subject, name, what, done=item.on, row=item.row)

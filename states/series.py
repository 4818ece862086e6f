"""The data curves (数据曲线, 五(九)): how far each place is by month, should be, and may get. Pure.

The arithmetic, exact throughout:

- *Actual*: at a month's end, how many of the projects that go on have a fact, or what is summed
  over them in 元. A month without a snapshot, and a sum that nobody has stated yet, is unknown.
- *Rate*: percent of that month's whole, to one decimal, half up; above 100 is shown as it is. The
  whole is 任务数 (the number of projects going on where none is stated), the money that is due or
  promised, or 投资总额.
- *Planned*, by the latest snapshot and on each month's last calendar day: the projects, or their
  money, whose time limit, as the notice or an approved extension says it, lies on or before that
  day; 完成投资 grows day by day from the one limit to the other.
- *Expected*: with increments d1 … dn of the last n months (at most `pace_months`), after k months
  ``last + k * (d1 + … + dn) / n``, rounded down to a whole project or 分; its band is ``last + k *
  min(d)`` to ``last + k * max(d)``. None of them falls below the last actual. A count stays within
  the projects going on, money received within what is due and promised where all of that is stated;
  investment has no bound. One month alone has no pace, nor has what has not begun: then nothing is
  expected.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from itertools import pairwise, takewhile

from common.words import CENT
from policy.duties import CurveRule, CurveRules
from policy.schema import Plan
from policy.vocabulary import Source, SubjectKind
from states.ledger import LOCAL, TENTH
from states.snapshot import ProjectShot, Snapshot, months

ONE = Decimal(1)
NOTHING = Decimal(0)
PROJECTS, YUAN = "个", "元"
RECEIVED, FROM_PROVINCE, MATCHING, INVESTED = "received", "from_province", "matching", "invested"
Limits = Mapping[str, date]
"""A project's time limits by the deadline's id; those that have begun to run."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a month may come to by the pace so far."""

    middle: Decimal
    low: Decimal
    """At the pace of the slowest month."""
    high: Decimal
    """At that of the fastest."""


@dataclass(frozen=True, slots=True)
class Course:
    """How one quantity goes at one place; each tuple has one entry for every month of the year."""

    key: str
    """A milestone, or `RECEIVED`, `FROM_PROVINCE`, `MATCHING`, `INVESTED`."""
    label: str
    unit: str
    """`PROJECTS` or `YUAN`."""
    whole: Decimal
    """What 100 % is in the latest month."""
    unstated: int
    """Projects that do not state their part of the whole: it is not counted."""
    actual: tuple[Decimal | None, ...]
    rates: tuple[Decimal | None, ...]
    """Percent."""
    planned: tuple[Decimal, ...]
    """Empty where the plan has no day for it."""
    expected: tuple[Forecast | None, ...]
    """Of the months after the latest."""
    paced: int
    """How many months' increments make the pace; 0: too few to expect anything."""


@dataclass(frozen=True, slots=True)
class PlaceCourses:
    """All that is followed at one place, counts first, then money."""

    place: str
    """A city or the province."""
    courses: tuple[Course, ...]

    def course(self, key: str) -> Course:
        """The one of that key; KeyError where there is none."""
        return {item.key: item for item in self.courses}[key]


@dataclass(frozen=True, slots=True)
class YearCourses:
    """The year's curves as they are known at a month's end."""

    period: str
    """The latest month: ``2023-06``."""
    as_of: date
    months: tuple[str, ...]
    places: tuple[PlaceCourses, ...]
    """The province, then each city in the plan's order."""

    @property
    def latest(self) -> int:
        """Where the latest month stands among all."""
        return self.months.index(self.period)

    def of(self, place: str) -> PlaceCourses:
        """The curves of one place; KeyError where there is none."""
        return {item.place: item for item in self.places}[place]


@dataclass(frozen=True, slots=True)
class _Measure:
    """A quantity, as it is found in one project."""

    key: str
    label: str
    unit: str
    have: Callable[[ProjectShot], Decimal | None]
    """None: not stated."""
    whole: Callable[[ProjectShot], Decimal | None]
    rules: tuple[str, ...]
    """The deadlines that plan it."""
    planned: Callable[[ProjectShot, Limits, date], Decimal]
    """What should be there on a day."""
    bound: bool
    """Whether nothing beyond the whole is expected."""


def courses(plan: Plan, snapshots: Sequence[Snapshot]) -> YearCourses:
    """The curves of the province and each city, from all snapshots so far, oldest first.

    The plan must have `curves`, and there must be a snapshot.
    """
    return _courses(plan, tuple(snapshots))


@lru_cache(maxsize=12)  # the bulletin and the curves of a month show the same
def _courses(plan: Plan, snapshots: tuple[Snapshot, ...]) -> YearCourses:
    rules, latest = plan.curves, snapshots[-1]
    assert rules is not None  # noqa: S101  # the duty has no occasion in a plan without
    measures = tuple(_measures(plan, rules))
    parts = {plan.province: snapshots} | {
        city.name: [shot.of_city(city.name) for shot in snapshots] for city in plan.cities
    }
    places = tuple(
        PlaceCourses(
            place, tuple(_course(plan, item, found, _quota(plan, place)) for item in measures)
        )
        for place, found in parts.items()
    )
    return YearCourses(latest.period, latest.as_of, months(plan), places)


def expected(
    known: Sequence[Decimal], ahead: int, pace: int, step: Decimal, most: Decimal | None
) -> tuple[Forecast, ...]:
    """What the next `ahead` months may come to after the `known` ones, oldest first.

    `step`: the smallest unit; `most`: a bound, or None. Empty for fewer than two known months.
    """
    gains = [new - old for old, new in pairwise(known[-pace - 1 :])]
    if not gains:
        return ()
    last = known[-1]
    slowest, total, fastest = (max(each, NOTHING) for each in _extremes(gains))

    def to(gain: Decimal) -> Decimal:
        return last + gain if most is None else max(last, min(last + gain, most))

    def after(k: int) -> Forecast:
        middle = (total * k / len(gains)).quantize(step, ROUND_DOWN)
        return Forecast(to(middle), to(slowest * k), to(fastest * k))

    return tuple(after(k) for k in range(1, ahead + 1))


def _extremes(gains: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """The least, the sum and the greatest."""
    return min(gains), sum(gains, NOTHING), max(gains)


def _measures(plan: Plan, rules: CurveRules) -> Iterator[_Measure]:
    yield from map(_counted, rules.counted)
    yield _money(rules, RECEIVED, "资金到位", (Source.PROVINCE, *LOCAL))
    yield _money(rules, FROM_PROVINCE, plan.said("省级补助到位"), (Source.PROVINCE,))
    yield _money(rules, MATCHING, plan.said("市县配套到位"), LOCAL)
    span = (rules.invested_from, rules.invested_to)
    yield _Measure(
        key=INVESTED,
        label="完成投资",
        unit=YUAN,
        have=lambda project: project.invested,
        whole=lambda project: project.investment,
        rules=span,
        planned=partial(_evenly, span),
        bound=False,
    )


def _counted(curve: CurveRule) -> _Measure:
    return _Measure(
        key=curve.milestone,
        label=curve.label,
        unit=PROJECTS,
        have=lambda project: Decimal(curve.milestone in project.milestones),
        whole=lambda project: ONE,
        rules=(curve.by,),
        planned=lambda project, limits, day: Decimal(_passed(limits, curve.by, day)),
        bound=True,
    )


def _money(rules: CurveRules, key: str, label: str, sources: tuple[Source, ...]) -> _Measure:
    by = {source: rules.received_by[source] for source in sources if source in rules.received_by}

    def planned(project: ProjectShot, limits: Limits, day: date) -> Decimal:
        due = (_due(project, source) for source in by if _passed(limits, by[source], day))
        return sum((amount for amount in due if amount is not None), NOTHING)

    def whole(project: ProjectShot) -> Decimal | None:
        due = [_due(project, source) for source in sources]
        stated = [amount for amount in due if amount is not None]
        return sum(stated, NOTHING) if len(stated) == len(due) else None

    return _Measure(
        key=key,
        label=label,
        unit=YUAN,
        have=lambda project: sum(
            (project.received.get(source, NOTHING) for source in sources), NOTHING
        ),
        whole=whole,
        rules=tuple(by.values()),
        planned=planned,
        bound=True,
    )


def _due(project: ProjectShot, source: Source) -> Decimal | None:
    """元 that should come in from a source; None: not stated."""
    return project.subsidy if source is Source.PROVINCE else project.promised.get(source)


def _passed(limits: Limits, rule: str, day: date) -> bool:
    return rule in limits and limits[rule] <= day


def _evenly(span: tuple[str, str], project: ProjectShot, limits: Limits, day: date) -> Decimal:
    """The part of 投资总额 that should be there on a day, rounded down to 分."""
    start, end = (limits.get(rule) for rule in span)
    if project.investment is None or start is None or end is None or day < start:
        return NOTHING
    if day >= end:
        return project.investment
    part = project.investment * (day - start).days / (end - start).days
    return part.quantize(CENT, ROUND_DOWN)


def _quota(plan: Plan, place: str) -> Decimal | None:
    """任务数 of the province or a city; None: not stated."""
    city = plan.city(place)
    stated = city.places if city else plan.quota.total
    return None if stated is None else Decimal(stated)


def _course(
    plan: Plan, measure: _Measure, snapshots: Sequence[Snapshot], quota: Decimal | None
) -> Course:
    shots = {shot.period: shot for shot in snapshots}
    found = {period: _actual(measure, shot) for period, shot in shots.items()}
    wholes = {period: _whole(measure, shot, quota) for period, shot in shots.items()}
    latest, every = snapshots[-1], months(plan)
    actual = tuple(found.get(month) for month in every)
    whole = wholes[latest.period]
    most = _whole(measure, latest, None)  # no more can come about than there are projects
    unstated = sum(measure.whole(project) is None for project in latest.going_on)
    ahead, paced = _ahead(
        plan, measure, actual[: every.index(latest.period) + 1], None if unstated else most
    )
    return Course(
        key=measure.key,
        label=measure.label,
        unit=measure.unit,
        whole=whole,
        unstated=unstated,
        actual=actual,
        rates=tuple(_rate(found.get(month), wholes.get(month)) for month in every),
        planned=tuple(_planned(measure, latest, every)),
        expected=(*[None] * (len(every) - len(ahead)), *ahead),
        paced=paced,
    )


def _ahead(
    plan: Plan, measure: _Measure, so_far: Sequence[Decimal | None], whole: Decimal | None
) -> tuple[tuple[Forecast, ...], int]:
    """What the months to come may bring, and how many increments tell it."""
    assert plan.curves is not None  # noqa: S101  # see `courses`
    unbroken = takewhile(lambda value: value is not None, reversed(so_far))
    known = [value for value in unbroken if value is not None][::-1]
    if not known or not known[-1]:
        return (), 0
    pace, step = plan.curves.pace_months, ONE if measure.unit == PROJECTS else CENT
    found = expected(
        known, len(months(plan)) - len(so_far), pace, step, whole if measure.bound else None
    )
    return found, min(pace, len(known) - 1)


def _actual(measure: _Measure, shot: Snapshot) -> Decimal | None:
    stated = [part for part in map(measure.have, shot.going_on) if part is not None]
    return sum(stated, NOTHING) if stated else None


def _whole(measure: _Measure, shot: Snapshot, quota: Decimal | None) -> Decimal:
    """What 100 % is: of a count 任务数 where it is stated, as in the papers."""
    if measure.unit == PROJECTS and quota is not None:
        return quota
    stated = (part for part in map(measure.whole, shot.going_on) if part is not None)
    return sum(stated, NOTHING)


def _rate(actual: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if actual is None or not whole:
        return None
    return (100 * actual / whole).quantize(TENTH, ROUND_HALF_UP)


def _planned(measure: _Measure, shot: Snapshot, every: Sequence[str]) -> Iterator[Decimal]:
    """What should be there at each month's end; nothing where no limit runs."""
    limits: dict[str, dict[str, date]] = {project.code: {} for project in shot.going_on}
    for item in shot.deadlines:
        if item.kind is SubjectKind.PROJECT and item.said and item.subject in limits:
            limits[item.subject][item.rule] = item.said
    if not any(rule in held for held in limits.values() for rule in measure.rules):
        return
    for month in every:
        year, number = int(month[:4]), int(month[5:])
        day = date(year, number, monthrange(year, number)[1])
        parts = (measure.planned(item, limits[item.code], day) for item in shot.going_on)
        yield sum(parts, NOTHING)

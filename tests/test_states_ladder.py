"""What holds for every ladder, calendar and holiday rule, whatever a plan may say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.schema import Plan
from policy.timing import HolidayRules, Ladder, OfficeHours, Repeat, Rung
from policy.vocabulary import HolidayRule, Level, RungKind, Standing
from states.deadlines import LATE, Deadline, DeadlineDates, deadlines, gaps
from states.decide import DECISION, RungDate, Situation, Verdict, decide, steps
from states.workdays import Calendar
from tests.support.builders import calendar, fixed, plan

DAY = timedelta(days=1)
UNHURRIED = settings(deadline=None)
FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
ORDER = (Standing.ON_TRACK, Standing.DUE_SOON, Standing.OVERDUE)
AUDIENCE = st.lists(st.sampled_from(["responsible", *Level]), min_size=1, max_size=3, unique=True)
CLAUSE = plan().ladder.model_dump(exclude={"rungs", "repeat"})


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """The real years with up to sixty days turned round, in runs as holidays come."""
    turned: dict[int, dict[date, bool]] = {}
    for start in draw(st.lists(st.dates(FIRST, LAST), max_size=12)):
        works = draw(st.booleans())
        for number in range(draw(st.integers(1, 5))):
            day = start + DAY * number
            turned.setdefault(day.year, {})[day] = works
    return Calendar({year: days for year, days in turned.items() if year <= LAST.year})


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Rungs in workdays and natural days together, before and after."""
    before = sorted(draw(st.sets(st.integers(-15, -1), max_size=4)))
    after = sorted(draw(st.sets(st.integers(1, 15), min_size=1, max_size=4)))
    rungs = [_rung(draw, offset) for offset in (*before, *after)]
    unit = draw(st.sampled_from(["every_workdays", "every_days"]))
    repeat: dict[str, Any] = {unit: draw(st.integers(1, 10)), "kind": RungKind.URGE}
    return Ladder(**CLAUSE, rungs=tuple(rungs), repeat=Repeat(**repeat, audience=("responsible",)))


def _rung(draw: st.DrawFn, offset: int) -> Rung:
    unit = draw(st.sampled_from(["workdays", "days"]))
    kind = draw(st.sampled_from(sorted(DECISION)))
    stated: dict[str, Any] = {unit: offset, "kind": kind, "audience": tuple(draw(AUDIENCE))}
    return Rung(**stated)


ASKING = (RungKind.REMIND, RungKind.URGE)


class World(NamedTuple):
    """A plan with any ladder, any calendar, and one of its deadlines on any days."""

    plan: Plan
    calendar: Calendar
    deadline: Deadline
    situation: Situation

    def __repr__(self) -> str:
        return f"{self.plan.ladder.rungs} {self.calendar.overrides} {self.situation}"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any of them."""
    any_calendar = draw(calendars())
    any_plan = plan().model_copy(update={"ladder": draw(ladders())})
    deadline = draw(st.sampled_from([d for d in deadlines(plan(), calendar()) if d.dates]))
    remind = draw(st.dates(date(2023, 3, 1), date(2023, 12, 31)))
    due = remind + DAY * draw(st.integers(0, 20))
    situation = Situation(deadline.id, remind, due, 0, Standing.ON_TRACK)
    return World(any_plan, any_calendar, deadline, situation)


def _walk(world: World, days: int = 150) -> Iterator[tuple[date, Verdict]]:
    """The daily job on every day from well before the date."""
    any_plan, any_calendar, deadline, situation = world
    day = situation.remind_by - 40 * DAY
    for _ in range(days):
        verdict = decide(situation, deadline, any_plan, any_calendar, day)
        yield day, verdict
        situation = replace(situation, fired=verdict.fired, standing=verdict.standing)
        day += DAY


@UNHURRIED
@given(worlds())
def test_standing_is_monotone_in_as_of(world: World) -> None:
    ranks = [min(_rank(verdict.standing), 2) for _, verdict in _walk(world)]
    assert ranks == sorted(ranks)
    assert ranks[-1] == 2


def _rank(standing: Standing) -> int:
    return 2 if standing in LATE else ORDER.index(standing)


@UNHURRIED
@given(worlds())
def test_rungs_fire_in_order_and_once(world: World) -> None:
    names = [rung.id for rung in world.plan.ladder.rungs]
    reached = dict.fromkeys(Level, -1)
    before = -1
    for _, verdict in _walk(world):
        today = [(d.level, names.index(d.rung)) for d in verdict.decisions if d.rung in names]
        for level, position in today:
            assert position > reached[level], "a level hears of each rung once, in order"
            assert position >= before, "no rung comes after a later one"
            reached[level] = position
        before = max([before, *(position for _, position in today)])


@UNHURRIED
@given(worlds())
def test_no_message_is_decided_on_a_rest_day(world: World) -> None:
    told = [day for day, verdict in _walk(world) if any(d.rung for d in verdict.decisions)]
    assert [day for day in told if not world.calendar.is_workday(day)] == []


@UNHURRIED
@given(worlds())
def test_every_step_comes_on_a_workday_not_before_the_one_ahead(world: World) -> None:
    found = _first_steps(world)
    assert found == sorted(found, key=lambda step: step.fires_on)
    assert all(world.calendar.is_workday(step.fires_on) for step in found)


@UNHURRIED
@given(worlds(), st.integers(0, 60))
def test_an_acknowledgement_silences_until_its_day_all_but_what_goes_on_to_those_above(
    world: World, quiet: int
) -> None:
    situation = world.situation
    until = situation.overdue_after + DAY * quiet
    silenced = world._replace(situation=replace(situation, quiet_until=until))
    above = {rung.id for rung in world.plan.ladder.rungs if rung.kind not in ASKING}
    for (day, plain), (_, less) in zip(_walk(world), _walk(silenced), strict=True):
        assert replace(less, decisions=()) == replace(plain, decisions=())
        assert {it for it in plain.decisions if it.rung in {None, *above}} <= {*less.decisions}
        if day <= until:
            assert {it.rung for it in less.decisions} <= {None, *above}
        else:
            assert less.decisions == plain.decisions


def _first_steps(world: World, number: int = 20) -> list[RungDate]:
    any_plan, any_calendar, deadline, situation = world
    ladder = steps(situation, any_plan, deadline.rule, any_calendar)
    return [step for step, _ in zip(ladder, range(number), strict=False)]


def test_a_rung_in_natural_days_moves_to_a_workday() -> None:
    """Before the date it moves back, after it on: counted by hand on the calendar of May 2023."""
    rungs = (
        Rung(days=-2, kind=RungKind.REMIND, audience=("responsible",)),  # Mon 29 May
        Rung(days=-1, kind=RungKind.REMIND, audience=("responsible",)),  # Tue 30 May
        Rung(days=3, kind=RungKind.URGE, audience=("responsible",)),  # Sat 3 June -> Mon 5 June
    )
    repeat = Repeat(every_days=7, kind=RungKind.URGE, audience=("responsible",))
    ladder = Ladder(**CLAUSE, rungs=rungs, repeat=repeat)
    day = date(2023, 5, 31)
    situation = Situation("D08", day, day, 0, Standing.ON_TRACK)
    (rule,) = (item for item in plan().deadlines if item.id == "D08")
    changed = plan().model_copy(update={"ladder": ladder})
    found = [*islice(steps(situation, changed, rule, calendar()), 5)]
    assert [step.repeats for step in found] == [False, False, False, True, True]
    assert [(step.id, str(step.fires_on)) for step in found] == [
        ("T-2d", "2023-05-29"),
        ("T-1d", "2023-05-30"),
        ("T+3d", "2023-06-05"),
        ("T+10d", "2023-06-12"),
        ("T+17d", "2023-06-19"),
    ]


# --- holiday rules --------------------------------------------------------------------------------


def _dates(id: str, rules: HolidayRules, any_calendar: Calendar) -> DeadlineDates:
    changed = tuple(
        rule.model_copy(update={"holiday_rule": rules}) if rule.id == id else rule
        for rule in plan().deadlines
    )
    other = plan().model_copy(update={"deadlines": changed, "digest": str(rules)})
    return fixed(next(item for item in deadlines(other, any_calendar) if item.id == id))


@pytest.mark.parametrize(
    ("remind", "overdue", "expected"),
    [  # D06: 30 April 2023 is a Sunday; the May holiday lasts until 3 May
        (HolidayRule.ADVANCE, HolidayRule.POSTPONE, ("2023-04-28", "2023-05-04")),
        (HolidayRule.ADVANCE, HolidayRule.UNCHANGED, ("2023-04-28", "2023-04-30")),
        (HolidayRule.ADVANCE, HolidayRule.ADVANCE, ("2023-04-28", "2023-04-28")),
        (HolidayRule.UNCHANGED, HolidayRule.UNCHANGED, ("2023-04-30", "2023-04-30")),
        (HolidayRule.POSTPONE, HolidayRule.POSTPONE, ("2023-05-04", "2023-05-04")),
    ],
)
def test_holiday_rules(
    remind: HolidayRule, overdue: HolidayRule, expected: tuple[str, str]
) -> None:
    dates = _dates("D06", HolidayRules(remind=remind, overdue=overdue), calendar())
    assert (str(dates.remind_by), str(dates.overdue_after)) == expected


@UNHURRIED
@given(calendars(), st.sampled_from(["D06", "D08", "D16", "D17"]))
def test_reminders_are_strict_and_lateness_is_lenient(any_calendar: Calendar, id: str) -> None:
    """提醒从严、追责从宽; and 当年 duties never leave the year."""
    dates = _dates(id, HolidayRules(), any_calendar)
    assert dates.remind_by <= dates.literal.remind <= dates.literal.due <= dates.overdue_after
    assert any_calendar.is_workday(dates.remind_by)
    rule = next(rule for rule in plan().deadlines if rule.id == id)
    if rule.within_year:
        assert dates.overdue_after.year == dates.literal.due.year
    else:
        assert any_calendar.is_workday(dates.overdue_after)


# --- where the calendar ends, and hours -----------------------------------------------------------


def test_a_plan_that_reaches_into_an_unknown_year_runs_and_says_what_waits() -> None:
    later = tuple(
        rule.model_copy(update={"remind": date(2027, 2, 1), "due": date(2027, 2, 1)})
        if rule.id == "D09"
        else rule
        for rule in plan().deadlines
    )
    other = plan().model_copy(update={"deadlines": later, "digest": "later"})
    assert gaps(other, calendar()) == ("D09",)
    dated = {item.id for item in deadlines(other, calendar()) if item.dates}
    assert dated == {item.id for item in deadlines(plan(), calendar()) if item.dates} - {"D09"}
    assert gaps(plan(), calendar()) == ()
    known = Calendar({2027: {date(2027, 1, 1): False}})
    assert gaps(other, known) == ()


def test_hours_are_times_of_day() -> None:
    hours = plan().office_hours.model_dump()
    with pytest.raises(ValidationError):
        OfficeHours(**{**hours, "opens": "25:00"})

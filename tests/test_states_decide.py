"""The daily decisions against an oracle that knows the ladder and a list of workdays, no code.

The oracle asks, for one deadline and one day: is this day the k-th workday before the reminder's
aim, or the k-th after the last day? It goes through the days one by one and never looks ahead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.vocabulary import DecisionKind, Level, Origin, RungKind, Standing
from states.deadlines import LATE, Deadline, deadlines
from states.decide import Decision, Situation, Verdict, decide, first_look
from states.workdays import UnknownYearError
from tests.support.builders import calendar, fixed, plan
from tests.support.written import read_yaml

DAY = timedelta(days=1)
UNHURRIED = settings(deadline=None)
START, END = date(2023, 1, 16), date(2024, 3, 31)
DAYS = tuple(START + DAY * n for n in range((END - START).days + 1))
BY_ID = {deadline.id: deadline for deadline in deadlines(plan(), calendar()) if deadline.dates}
CASES = read_yaml(Path(__file__).parent / "cases" / "ladder.yaml")

COUNTY, CITY, LEADER, PROVINCE = plan().tiers
# Whose duty each is, by the notice: who is told first.
RESPONSIBLE = {
    **dict.fromkeys(("D06", "D07", "D08", "D14", "D17"), COUNTY),
    **dict.fromkeys(("D01", "D03", "D09", "D10", "D18", "D25"), CITY),
    **dict.fromkeys(
        ("D02", "D04", "D05", "D11", "D12", "D13", "D15", "D16", "D23", "D24", "D26"), PROVINCE
    ),
}
UNBOUND = {"D05"}  # 省财政厅


# --- the oracle -----------------------------------------------------------------------------------


class Told(NamedTuple):
    """One office hears of one rung."""

    level: Level
    rung: str
    kind: RungKind


class Outlook(NamedTuple):
    """What the specification says of one deadline on one day."""

    standing: Standing
    fired: int
    told: frozenset[Told]
    marked: Level | None


Audience = tuple[Level | None, ...]  # None is the responsible level
Ladder = Mapping[int, tuple[RungKind, Audience]]  # workdays from the date -> what, to whom
BEFORE: Ladder = dict.fromkeys((7, 3, 1), (RungKind.REMIND, (None,)))
AFTER: Ladder = {
    1: (RungKind.URGE, (None, CITY)),
    5: (RungKind.ESCALATE, (LEADER, PROVINCE)),
    10: (RungKind.DRAFT_LETTER, (PROVINCE,)),
    **dict.fromkeys(range(15, 500, 5), (RungKind.URGE, (None, CITY))),
}
LETTER = 10
# Whose dates the notice does not state, by the reading of each clause: no reason for a letter.
PROPOSED = {"D02", "D04", "D11", "D12", "D14", "D18", "D23", "D24", "D25", "D26"}
ABOVE = {
    COUNTY: {COUNTY, CITY, LEADER, PROVINCE},
    CITY: {CITY, LEADER, PROVINCE},
    PROVINCE: {PROVINCE},
}


@lru_cache
def workdays() -> tuple[date, ...]:
    """Every workday around the programme, from a package that the product does not use."""
    china = holidays.country_holidays("CN", years=range(2022, 2025))
    days = [date(2022, 6, 1) + DAY * n for n in range(900)]
    return tuple(day for day in days if china.is_working_day(day))


class Oracle:
    """The specification for one deadline."""

    def __init__(self, deadline: Deadline) -> None:
        id = deadline.rule.id
        self.level, self.bound = RESPONSIBLE[id], id not in UNBOUND
        self.stated = id not in PROPOSED
        self.last_day = fixed(deadline).overdue_after
        before = [day for day in workdays() if day < fixed(deadline).remind_by][::-1]
        after = [day for day in workdays() if day > self.last_day]
        self.first_rung = before[7 - 1]
        self.rungs = {
            **{
                before[count - 1]: self._rung(f"T-{count}", *rung) for count, rung in BEFORE.items()
            },
            **{day: self._late(n) for n, day in enumerate(after, 1) if n in AFTER},
        }

    def on(self, day: date) -> Outlook:
        fired = sum(rung_day <= day for rung_day in self.rungs)
        told = self.rungs.get(day, frozenset())
        marked = self.level if self.bound and day == self.last_day + DAY else None
        return Outlook(self._standing(day), fired, told, marked)

    def next_change(self, day: date) -> date:
        """The next day on which something is told or the last day has passed."""
        return min(d for d in (*self.rungs, self.last_day + DAY) if d > day)

    def _late(self, count: int) -> frozenset[Told]:
        kind, audience = AFTER[count]
        if count == LETTER and not self.stated:
            kind = RungKind.ESCALATE
        return self._rung(f"T+{count}", kind if self.bound else RungKind.COORDINATE, audience)

    def _rung(self, id: str, kind: RungKind, audience: Audience) -> frozenset[Told]:
        levels = {level or self.level for level in audience} & ABOVE[self.level]
        return frozenset(Told(level, id, kind) for level in levels)

    def _standing(self, day: date) -> Standing:
        if day > self.last_day:
            return Standing.OVERDUE if self.bound else Standing.COORDINATING
        return Standing.DUE_SOON if day >= self.first_rung else Standing.ON_TRACK


def test_the_oracle_and_the_plan_agree_on_who_is_responsible() -> None:
    rules = [rule for rule in plan().timed_rules if not getattr(rule, "follows", None)]
    bodies = {rule.id: plan().bodies[rule.responsible] for rule in rules}
    assert {id: body.reached_at for id, body in bodies.items()} == RESPONSIBLE
    assert {id for id, body in bodies.items() if not body.bound} == UNBOUND


# --- the walk -------------------------------------------------------------------------------------


def _opened(deadline: Deadline) -> Situation:
    return Situation(
        deadline.id, fixed(deadline).remind_by, fixed(deadline).overdue_after, 0, Standing.ON_TRACK
    )


def _after(situation: Situation, verdict: Verdict) -> Situation:
    return replace(situation, fired=verdict.fired, standing=verdict.standing)


def _decide(situation: Situation, day: date) -> Verdict:
    return decide(situation, BY_ID[situation.rule], plan(), calendar(), day)


def _sweep(deadline: Deadline, days: tuple[date, ...]) -> Iterator[tuple[date, Verdict | None]]:
    """The daily job: it decides on a day only when the day to look has come."""
    situation, look_on = _opened(deadline), days[0]
    for day in days:
        if look_on > day:
            yield day, None
            continue
        verdict = _decide(situation, day)
        situation, look_on = _after(situation, verdict), verdict.next_look_on
        yield day, verdict


def _told(verdict: Verdict | None) -> frozenset[Told]:
    heard = [
        Told(decision.level, decision.rung, decision.rung_kind)
        for decision in (verdict.decisions if verdict else ())
        if decision.rung and decision.rung_kind
    ]
    assert len({told.level for told in heard}) == len(heard), "a level hears of one rung at most"
    return frozenset(heard)


def _marked(verdict: Verdict | None) -> Level | None:
    marks = [
        decision.level
        for decision in (verdict.decisions if verdict else ())
        if decision.kind is DecisionKind.MARK_OVERDUE
    ]
    assert len(marks) < 2
    return marks[0] if marks else None


@pytest.mark.parametrize("id", BY_ID)
def test_every_day_of_the_programme_is_as_the_oracle_says(id: str) -> None:
    oracle = Oracle(BY_ID[id])
    latest: Verdict | None = None
    for day, verdict in _sweep(BY_ID[id], DAYS):
        latest = verdict or latest
        assert latest
        held = Outlook(latest.standing, latest.fired, _told(verdict), _marked(verdict))
        assert held == oracle.on(day), day
        if verdict:
            assert verdict.next_look_on == oracle.next_change(day), day


@pytest.mark.parametrize("id", BY_ID)
def test_looking_on_every_day_adds_nothing(id: str) -> None:
    last = fixed(BY_ID[id]).overdue_after + 30 * DAY
    situation = _opened(BY_ID[id])
    for day, verdict in _sweep(BY_ID[id], tuple(day for day in DAYS if day <= last)):
        daily = _decide(situation, day)
        again = _decide(_after(situation, daily), day)
        assert daily.decisions == (verdict.decisions if verdict else ()), day
        assert again == replace(daily, decisions=()), day
        situation = _after(situation, daily)


def test_what_each_rung_becomes() -> None:
    kinds = {
        (decision.rung_kind, decision.kind)
        for id in ("D05", "D06")
        for _, verdict in _sweep(BY_ID[id], DAYS)
        for decision in (verdict.decisions if verdict else ())
    }
    assert kinds == {
        (None, DecisionKind.MARK_OVERDUE),
        (RungKind.REMIND, DecisionKind.REMIND),
        (RungKind.URGE, DecisionKind.REMIND),
        (RungKind.COORDINATE, DecisionKind.REMIND),
        (RungKind.ESCALATE, DecisionKind.ESCALATE),
        (RungKind.DRAFT_LETTER, DecisionKind.ESCALATE),
    }


# --- outages --------------------------------------------------------------------------------------

A_DEADLINE = st.sampled_from(sorted(BY_ID)).map(BY_ID.__getitem__)
NUMBER_OF_DAYS = st.integers(1, 60)


@st.composite
def _outages(draw: st.DrawFn) -> tuple[Deadline, tuple[date, ...], tuple[date, ...]]:
    """A deadline, the days before an outage that begins near it, and the days of the outage."""
    deadline = draw(A_DEADLINE)
    around = (fixed(deadline).remind_by - START).days + draw(st.integers(-20, 30))
    began = min(max(around, 1), len(DAYS) - 1)
    return deadline, DAYS[:began], DAYS[began : began + draw(NUMBER_OF_DAYS)]


def _last_heard(verdicts: list[Verdict]) -> frozenset[Told]:
    by_level = {told.level: told for verdict in verdicts for told in _told(verdict)}
    return frozenset(by_level.values())


@UNHURRIED
@given(_outages())
def test_an_outage_is_caught_up_with_the_last_rung_for_each_level(
    outage: tuple[Deadline, tuple[date, ...], tuple[date, ...]],
) -> None:
    deadline, before, missed = outage
    situation = _opened(deadline)
    for _, verdict in _sweep(deadline, before):
        situation = _after(situation, verdict) if verdict else situation
    caught_up = _decide(situation, missed[-1])
    daily = []
    for day in missed:
        daily.append(_decide(situation, day))
        situation = _after(situation, daily[-1])
    assert _told(caught_up) == _last_heard(daily)
    assert {_marked(caught_up)} - {None} == {_marked(verdict) for verdict in daily} - {None}
    assert replace(caught_up, decisions=()) == replace(daily[-1], decisions=())


STANDINGS = st.sampled_from((Standing.ON_TRACK, Standing.DUE_SOON, *LATE))


@UNHURRIED
@given(A_DEADLINE, st.integers(0, 40), STANDINGS, st.sampled_from(DAYS))
def test_the_next_look_lies_ahead_and_rungs_are_never_taken_back(
    deadline: Deadline, fired: int, standing: Standing, as_of: date
) -> None:
    situation = replace(_opened(deadline), fired=fired, standing=standing)
    verdict = _decide(situation, as_of)
    assert verdict.next_look_on > as_of
    assert verdict.fired >= fired
    if standing is verdict.standing:
        assert _marked(verdict) is None


@UNHURRIED
@given(A_DEADLINE, st.sampled_from(DAYS), st.data())
def test_nothing_happens_before_the_next_look(
    deadline: Deadline, as_of: date, data: st.DataObject
) -> None:
    verdict = _decide(_opened(deadline), as_of)
    days = (verdict.next_look_on - as_of).days
    between = as_of + DAY * data.draw(st.integers(0, days - 1))
    early = _decide(_after(_opened(deadline), verdict), between)
    assert early == replace(verdict, decisions=())


def test_an_extension_starts_from_the_new_dates() -> None:
    extended = Situation("D08", date(2023, 6, 30), date(2023, 6, 30), 0, Standing.ON_TRACK)
    verdict = _decide(extended, date(2023, 6, 1))
    assert (verdict.standing, verdict.decisions) == (Standing.ON_TRACK, ())
    assert verdict.next_look_on == date(2023, 6, 20)  # 端午, and Sunday 25 June is worked


def test_the_first_look_is_the_first_rungs_day() -> None:
    firsts = {
        id: first_look(fixed(deadline).remind_by, plan().ladder, calendar())
        for id, deadline in BY_ID.items()
    }
    assert firsts == {id: Oracle(deadline).first_rung for id, deadline in BY_ID.items()}


# --- where the calendar ends ----------------------------------------------------------------------

LATE_2026 = Situation("D17", date(2026, 12, 21), date(2026, 12, 23), 0, Standing.ON_TRACK)


def test_a_deadline_is_decided_up_to_the_calendars_last_day() -> None:
    situation, heard = LATE_2026, {}
    for number in range(32):
        day = date(2026, 11, 30) + DAY * number
        verdict = _decide(situation, day)
        assert day < verdict.next_look_on <= date(2027, 1, 1)
        heard.update({(day, told.level): told.rung for told in _told(verdict)})
        situation = _after(situation, verdict)
    assert heard == {
        (date(2026, 12, 10), COUNTY): "T-7",
        (date(2026, 12, 16), COUNTY): "T-3",
        (date(2026, 12, 18), COUNTY): "T-1",
        (date(2026, 12, 24), COUNTY): "T+1",
        (date(2026, 12, 24), CITY): "T+1",
        (date(2026, 12, 30), LEADER): "T+5",
        (date(2026, 12, 30), PROVINCE): "T+5",
    }
    assert situation.standing is Standing.OVERDUE


@pytest.mark.parametrize("as_of", [date(2026, 12, 30), date(2026, 12, 31)])
def test_what_lies_beyond_the_calendar_is_looked_at_on_new_years_day(as_of: date) -> None:
    assert _decide(LATE_2026, as_of).next_look_on == date(2027, 1, 1)


def test_a_last_day_on_new_years_eve_is_still_decided() -> None:
    situation = replace(LATE_2026, remind_by=date(2026, 12, 31), overdue_after=date(2026, 12, 31))
    verdict = _decide(situation, date(2026, 12, 31))
    assert verdict.standing is Standing.DUE_SOON
    assert _told(verdict) == {Told(COUNTY, "T-1", RungKind.REMIND)}
    assert verdict.next_look_on == date(2027, 1, 1)


@pytest.mark.parametrize("as_of", [date(2027, 1, 1), date(2027, 6, 1)])
def test_a_day_beyond_the_calendar_is_an_error(as_of: date) -> None:
    with pytest.raises(UnknownYearError, match=r"calendars/ 下增加 2027\.json"):
        _decide(LATE_2026, as_of)


# --- cases that an official can read --------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['时限']} {case['截至']}")
def test_ladder_cases(case: dict[str, Any]) -> None:
    days = tuple(day for day in DAYS if day <= case["截至"])
    verdicts = [verdict for _, verdict in _sweep(BY_ID[case["时限"]], days)]
    latest = [verdict for verdict in verdicts if verdict][-1]
    marked = _marked(verdicts[-1])
    told = {item.level.label: f"{item.rung} {item.kind.label}" for item in _told(verdicts[-1])}
    assert told == case["告知"]
    assert latest.standing.label == case["状态"]
    assert (marked.label if marked else None) == case.get("逾期认定")


def test_a_decision_without_a_rung_is_the_mark() -> None:
    verdict = _decide(_opened(BY_ID["D17"]), date(2024, 1, 1))
    assert Decision(DecisionKind.MARK_OVERDUE, COUNTY) in verdict.decisions
    assert {decision.rung for decision in verdict.decisions} == {None, "T-1"}


def test_a_proposed_day_is_no_reason_for_a_letter() -> None:
    """A30: of one that is only proposed the province hears all the same, but not 督办函."""
    kinds = {
        (deadline.rule.origin, decision.rung_kind)
        for deadline in BY_ID.values()
        for _, verdict in _sweep(deadline, DAYS)
        for decision in (verdict.decisions if verdict else ())
        if decision.rung == f"T+{LETTER}"
    }
    assert kinds == {
        (Origin.NOTICE, RungKind.DRAFT_LETTER),
        (Origin.NOTICE, RungKind.COORDINATE),
        (Origin.PROPOSAL, RungKind.ESCALATE),
    }

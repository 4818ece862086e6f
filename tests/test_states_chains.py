"""What comes first, and whose it is: held against the notice's order of steps, written by hand."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.load import load_plan
from policy.schema import Plan
from policy.vocabulary import Disposition, Force, Level, RungKind, Standing, SubjectKind
from states.chains import Turn, chain_of
from states.deadlines import (
    TO_BE_SET,
    Deadline,
    DeadlineDates,
    dates_of,
    deadlines,
    standing,
    whose_turn,
)
from states.decide import Situation, decide, steps
from tests.support.builders import calendar, plan
from tests.support.year_oracle import BEFORE, WHOSE

DAY = timedelta(days=1)
PROJECT = SubjectKind.PROJECT
BY_ID: Mapping[str, Deadline] = {item.id: item for item in deadlines(plan(), calendar())}
OTHERS = Path(__file__).parent / "plans"
APPLIED = ("site_confirmed", "application_submitted", "materials_received", "review_passed")
DETERMINED = (*APPLIED, "determined")
STARTED = (*DETERMINED, "operator_confirmed", "work_started")
BUILT = (*STARTED, "construction_finished", "completion_accepted")
SHARES = ("city_funds_in_place", "county_funds_in_place")
LATER = ("D04", "D05", "D06", "D07", "D08", "D09", "D14", "D15", "D16", "D17")


def on(day: str, *names: str) -> dict[str, date]:
    return dict.fromkeys(names, date.fromisoformat(day))


def turn(id: str, facts: Mapping[str, date]) -> Turn:
    dates = dates_of(BY_ID[id], PROJECT, facts, None, calendar())
    return whose_turn(BY_ID[id], PROJECT, facts, dates)


def the_dates(id: str, facts: Mapping[str, date], extended: str = "") -> DeadlineDates:
    until = date.fromisoformat(extended) if extended else None
    found = dates_of(BY_ID[id], PROJECT, facts, until, calendar())
    assert found
    return found


@pytest.mark.parametrize(
    ("done", "wanted"),
    [
        ((), dict.fromkeys(("D01", "D03", *LATER), ("site_confirmed", "city"))),
        (APPLIED[:1], dict.fromkeys(("D01", *LATER), ("application_submitted", "city"))),
        (APPLIED[:3], dict.fromkeys(LATER, ("review_passed", "province"))),
        (APPLIED, dict.fromkeys(LATER, ("determined", "province"))),
        # returned for correction: the city hands in again, whoever owes the rest
        (APPLIED[:2], dict.fromkeys(LATER, ("materials_received", "city"))),
        (
            DETERMINED,
            {
                "D05": ("funds_released", "provincial_finance"),
                "D06": ("operator_confirmed", "county"),
                "D07": ("county_funds_in_place", "county"),
                "D08": ("work_started", "county"),
                "D09": ("work_started", "city"),
                "D14": ("work_started", "county"),
                "D15": ("work_started", "county"),
                "D16": ("work_started", "county"),
                "D17": ("operator_confirmed", "county"),
            },
        ),
        ((*DETERMINED, "county_funds_in_place"), {"D07": ("city_funds_in_place", "city")}),
        (
            STARTED,
            {
                "D14": ("construction_finished", "county"),
                "D15": ("construction_finished", "county"),
            },
        ),
        ((*STARTED, "construction_finished"), {"D15": ("completion_accepted", "county")}),
        (
            BUILT,
            {"D15": ("acceptance_visited", "province"), "D17": ("opened", "county")},
        ),
        ((*BUILT, "opened"), {"D17": ("accepted", "province")}),
        (
            (*BUILT, "opened", "acceptance_visited", "rectification_ordered"),
            {"D16": ("rectified", "county"), "D17": ("rectified", "county")},
        ),
    ],
)
def test_what_is_missing_first_and_whose_it_is(
    done: tuple[str, ...], wanted: dict[str, tuple[str, str]]
) -> None:
    facts = on("2023-03-01", *done)
    assert {id: (turn(id, facts).step, turn(id, facts).body) for id in wanted} == wanted


def test_what_is_done_waits_for_nothing() -> None:
    assert turn("D08", on("2023-05-10", *STARTED)) == Turn("", "", "county", date(2023, 5, 10))
    assert turn("D03", on("2023-02-10", "site_confirmed")).step == ""


def test_a_city_and_the_province_wait_for_no_project() -> None:
    for id, kind in (("D01", SubjectKind.CITY), ("D13", SubjectKind.CITY)):
        assert whose_turn(BY_ID[id], kind, {}, None) == Turn("", "", BY_ID[id].rule.responsible)


def test_money_that_has_not_come_does_not_keep_a_county_from_building() -> None:
    """六(二) lets 下达, 配套 and 开工 run together: R41 only warns."""
    assert turn("D08", on("2023-05-10", *DETERMINED)).body == "county"


@given(st.sets(st.sampled_from([*BEFORE])))
def test_whoever_has_the_turn_can_act_and_it_is_theirs(done: set[str]) -> None:
    facts = dict.fromkeys(done, date(2023, 5, 10))
    for id in LATER:
        found = turn(id, facts)
        needed = BY_ID[id].facts(PROJECT)
        if found.step:
            assert found.step not in done
            assert {*BEFORE[found.step]} <= done
            own = BY_ID[id].rule.responsible if needed == (found.step,) else WHOSE[found.step]
            assert found.body == own
        else:
            assert {*needed} <= done


@pytest.mark.parametrize("folder", sorted(item.name for item in OTHERS.iterdir()))
def test_every_plan_has_a_chain_without_a_circle(folder: str) -> None:
    other: Plan = load_plan(OTHERS / folder / "plan.yaml")
    chain = chain_of(other).links
    assert [*chain] == [item.id for item in other.milestones]
    order = [*chain]
    for link in chain.values():
        assert link.body in other.bodies
        assert all(order.index(need) < order.index(link.id) for need in link.needs)


def before(step: str, needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    """What comes before a step, and before that."""
    return {each for need in needs.get(step, ()) for each in (need, *before(need, needs))}


def test_a_step_needs_what_the_notice_says_and_nothing_else() -> None:
    """However it is written down: also by what comes first before that."""
    links = chain_of(plan()).links
    needs = {id: link.needs for id, link in links.items()}
    for step in BEFORE:
        assert before(step, needs) == before(step, BEFORE), step
    assert {id: links[id].body for id in WHOSE} == WHOSE
    answered = {id for id, link in links.items() if link.answers}
    assert answered == {"acceptance_visited", "accepted"}
    assert chain_of(plan()).answers == (("rectification_ordered", "rectified"),) * 2
    assert needs["city_received"] == needs["review_discussed"] == ()


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, True),
        ({"force": Force.SOFT}, False),
        ({"when": {"old_community": ("是",)}}, False),
        ({"before": ("hold",)}, False),
    ],
)
def test_only_what_always_bars_a_step_comes_before_it(
    changes: dict[str, object], *, needed: bool
) -> None:
    """R59: what is not finished is not accepted."""
    rules = tuple(
        rule.model_copy(update=changes) if rule.id == "R59" else rule
        for rule in plan().requirements
    )
    made = plan().model_copy(update={"requirements": rules, "digest": "2" * 64})
    found = chain_of(made).links["completion_accepted"]
    assert ("construction_finished" in found.needs) is needed


@pytest.mark.parametrize(
    ("changes", "answered"),
    [({}, True), ({"force": Force.SOFT}, False), ({"before": ("hold",)}, False)],
)
def test_only_what_always_bars_a_step_is_answered_before_it(
    changes: dict[str, object], *, answered: bool
) -> None:
    """R29-4: what was ordered to be put right is put right before 验收."""
    rules = tuple(
        rule.model_copy(update=changes) if rule.id == "R29-4" else rule
        for rule in plan().requirements
    )
    made = plan().model_copy(update={"requirements": rules, "digest": "2" * 64})
    wanted = (("rectification_ordered", "rectified"),) if answered else ()
    assert chain_of(made).links["accepted"].answers == wanted


# --- from when on it is late ----------------------------------------------------------------------


def test_whoever_is_let_in_late_is_late_only_from_then_on() -> None:
    """Determined on Saturday 10 June: 开工 was due on 31 May, and stays due then."""
    facts = on("2023-03-01", *APPLIED) | on("2023-06-10", "determined")
    dates = the_dates("D08", facts)
    assert (dates.literal.due, dates.overdue_after) == (date(2023, 5, 31), date(2023, 6, 12))
    assert dates.turn_on == date(2023, 6, 10)
    assert the_dates("D09", facts).turn_on is None


def test_who_keeps_others_waiting_is_late_from_the_day_itself() -> None:
    facts = on("2023-03-01", *APPLIED)
    assert the_dates("D08", facts).overdue_after == date(2023, 5, 31)
    assert turn("D08", facts) == Turn("determined", "研究确定", "province", date(2023, 3, 1))


@given(st.dates(date(2023, 3, 1), date(2023, 12, 30)), st.sampled_from(LATER[2:]))
def test_nobody_is_late_on_the_day_on_which_the_way_became_free(day: date, id: str) -> None:
    facts = on("2023-03-01", *APPLIED) | {"determined": day}
    dates = the_dates(id, facts)
    found = standing(dates.overdue_after, True, None, Disposition.ACTIVE, None, day)
    assert found is not Standing.OVERDUE


# --- a replacement --------------------------------------------------------------------------------


def replacement(day: date) -> dict[str, date]:
    done = {"determined": day, "determined_as_replacement": day}
    return on("2023-03-01", *APPLIED) | done


def test_a_replacement_in_summer_has_its_own_dates() -> None:
    """Determined on 1 July: spans counted by hand from the 2nd."""
    facts = replacement(date(2023, 7, 1))
    wanted = {"D06": "07-31", "D07": "08-30", "D08": "08-30", "D09": "09-29", "D14": "12-28"}
    found = {id: the_dates(id, facts).literal.due.strftime("%m-%d") for id in wanted}
    assert found == wanted
    assert all(the_dates(id, facts).fits for id in wanted)


def test_a_replacement_in_december_waits_for_the_province_to_say_when() -> None:
    facts = replacement(date(2023, 12, 15))
    for id in LATER[1:]:
        dates = the_dates(id, facts)
        assert not dates.fits
        assert (dates.literal.due, dates.overdue_after) == (date(2023, 12, 31),) * 2
        assert turn(id, facts) == Turn("", TO_BE_SET, "province")
        for day in (date(2023, 12, 15), date(2023, 12, 18), date(2024, 1, 2)):
            how = standing(
                dates.overdue_after, True, None, Disposition.ACTIVE, None, day, fits=dates.fits
            )
            assert how is Standing.COORDINATING
    said = the_dates("D08", facts, "2023-12-28")
    assert (said.fits, said.overdue_after) == (True, date(2023, 12, 28))
    assert the_dates("D08", facts, "2023-12-31").overdue_after == date(2023, 12, 31)


@given(st.dates(date(2023, 3, 1), date(2023, 12, 31)), st.sampled_from(LATER))
def test_a_replacements_dates_lie_between_its_determination_and_the_years_end(
    day: date, id: str
) -> None:
    dates = the_dates(id, replacement(day))
    assert day <= dates.overdue_after <= date(2023, 12, 31)
    if id not in ("D04", "D05"):
        assert dates.overdue_after > day or not dates.fits or day == date(2023, 12, 31)


# --- who is told ----------------------------------------------------------------------------------


def the_ladder(**more: object) -> list[tuple[str, RungKind, frozenset[Level]]]:
    day = date(2023, 5, 31)
    situation = Situation("D08", day, day, 0, Standing.ON_TRACK, **more)  # type: ignore[arg-type]
    found = steps(situation, plan(), BY_ID["D08"].rule, calendar())
    return [(step.id, step.kind, step.levels) for step, _ in zip(found, range(7), strict=False)]


def test_who_has_the_turn_is_told_and_nobody_below() -> None:
    ladder = the_ladder(body="province")
    assert {level for _, _, levels in ladder for level in levels} == {Level.PROVINCE}
    assert RungKind.DRAFT_LETTER not in {kind for _, kind, _ in ladder}
    assert RungKind.DRAFT_LETTER in {kind for _, kind, _ in the_ladder()}


def test_the_mark_is_that_bodys() -> None:
    day = date(2023, 5, 31)
    situation = Situation("D08", day, day, 3, Standing.DUE_SOON, body="province")
    found = decide(situation, BY_ID["D08"], plan(), calendar(), day + DAY)
    assert {item.level for item in found.decisions} == {Level.PROVINCE}
    assert found.standing is Standing.OVERDUE


def test_what_has_no_day_yet_is_coordinated() -> None:
    assert {kind for _, kind, _ in the_ladder(fits=False)} == {RungKind.COORDINATE}
    day = date(2023, 12, 31)
    situation = Situation("D08", day, day, 0, Standing.COORDINATING, fits=False)
    found = decide(situation, BY_ID["D08"], plan(), calendar(), date(2024, 1, 3))
    assert found.standing is Standing.COORDINATING
    assert {item.rung_kind for item in found.decisions} == {RungKind.COORDINATE}

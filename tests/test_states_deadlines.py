"""Deadlines against the computed table of 2023, and how one stands as of a day."""

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.vocabulary import Disposition, Standing, SubjectKind
from states.deadlines import Deadline, deadlines, deadlines_of, fulfilled_on, standing
from states.workdays import Calendar
from tests.builders import calendar, plan

TABLE = Path(__file__).parent / "data" / "deadlines_2023.csv"
DAY = timedelta(days=1)
UNHURRIED = settings(deadline=None)
BY_ID = {deadline.id: deadline for deadline in deadlines(plan(), calendar())}
DAYS = st.dates(date(2022, 12, 1), date(2024, 6, 30))
A_DEADLINE = st.sampled_from(sorted(BY_ID)).map(BY_ID.__getitem__)
OPEN = (Standing.ON_TRACK, Standing.DUE_SOON, Standing.OVERDUE)
OPEN_UNBOUND = (Standing.ON_TRACK, Standing.DUE_SOON, Standing.COORDINATING)


# --- dates ----------------------------------------------------------------------------------------


def test_dates_equal_the_computed_table() -> None:
    with TABLE.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {
        row["id"]: (
            _day(row["literal_date"]),
            _day(row["remind_target_prev_workday"]),
            _day(row["overdue_after"]),
        )
        for row in rows
    }
    held = {id: (d.occasion.due, d.remind_by, d.overdue_after) for id, d in BY_ID.items()}
    assert held == wanted
    assert len(rows) == len(deadlines(plan(), calendar())) == 38


def test_reminders_aim_at_a_workday_and_lateness_waits_for_one() -> None:
    for deadline in BY_ID.values():
        assert calendar().is_workday(deadline.remind_by), deadline.id
        last_of_year = deadline.overdue_after == date(2023, 12, 31)
        assert last_of_year or calendar().is_workday(deadline.overdue_after), deadline.id
        assert deadline.remind_by <= deadline.overdue_after, deadline.id


def test_the_last_day_of_the_year_never_rolls_over() -> None:
    on_the_last = {id for id, d in BY_ID.items() if d.occasion.due == date(2023, 12, 31)}
    assert on_the_last == {"D11-12", "D12-Q4", "D16", "D17"}
    assert {BY_ID[id].overdue_after for id in on_the_last} == {date(2023, 12, 31)}


def test_without_within_year_the_last_day_does_roll_over() -> None:
    rules = tuple(rule.model_copy(update={"within_year": False}) for rule in plan().deadlines)
    loose = plan().model_copy(update={"deadlines": rules, "digest": "0" * 64})
    rolled = {item.id: item.overdue_after for item in deadlines(loose, calendar())}
    assert rolled["D17"] == date(2024, 1, 2)


def test_kinds_of_subjects_have_their_own_deadlines() -> None:
    ids = {kind: {_rule(item) for item in _of(kind)} for kind in SubjectKind}
    assert ids == {
        SubjectKind.PROJECT: {
            *("D01", "D03", "D04", "D05", "D06", "D07", "D08", "D09"),
            *("D14", "D15", "D16", "D17"),
        },
        SubjectKind.CITY: {"D01", "D10", "D12", "D13", "D18"},
        SubjectKind.PROVINCE: {"D02", "D11"},
    }
    assert [len(_of(kind)) for kind in SubjectKind] == [12, 16, 11]


def test_an_override_moves_a_deadline() -> None:
    closed = Calendar({2099: {date(2023, 2, 20): False, date(2023, 2, 10): False}})
    first = deadlines(plan(), closed)[0]
    assert (first.remind_by, first.overdue_after) == (date(2023, 2, 9), date(2023, 2, 21))


# --- fulfilment -----------------------------------------------------------------------------------

D17_FACTS = {
    "construction_finished": date(2023, 11, 20),
    "accepted": date(2023, 12, 8),
    "opened": date(2023, 9, 1),
}


def test_fulfilled_on_the_last_of_the_needed_facts() -> None:
    found = fulfilled_on(BY_ID["D17"], SubjectKind.PROJECT, D17_FACTS)
    assert found == date(2023, 12, 8)


@pytest.mark.parametrize("missing", D17_FACTS)
def test_not_fulfilled_while_one_fact_is_missing(missing: str) -> None:
    facts = {name: day for name, day in D17_FACTS.items() if name != missing}
    assert fulfilled_on(BY_ID["D17"], SubjectKind.PROJECT, facts) is None


@pytest.mark.parametrize(
    ("id", "kind", "fact"),
    [
        ("D01", SubjectKind.PROJECT, "application_submitted"),
        ("D01", SubjectKind.CITY, "quota_submitted"),
        ("D02", SubjectKind.PROVINCE, "D02"),
        ("D10-03", SubjectKind.CITY, "D10-03"),
        ("D12-Q3", SubjectKind.CITY, "D12-Q3"),
    ],
)
def test_each_occasion_is_fulfilled_by_its_own_fact(id: str, kind: SubjectKind, fact: str) -> None:
    day = date(2023, 3, 1)
    others = {name: day for other in BY_ID.values() for name in _all_facts(other)} | {"D10": day}
    others.pop(fact)
    assert fulfilled_on(BY_ID[id], kind, {fact: day}) == day
    assert fulfilled_on(BY_ID[id], kind, others) is None


@UNHURRIED
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(D17_FACTS, DAYS)))
def test_fulfilment_is_the_latest_of_all_or_nothing(facts: dict[str, date]) -> None:
    wanted = max(facts.values()) if len(facts) == len(D17_FACTS) else None
    assert fulfilled_on(BY_ID["D17"], SubjectKind.PROJECT, facts) == wanted


# --- standing -------------------------------------------------------------------------------------

ACTIVE, HELD = Disposition.ACTIVE, Disposition.HELD
REJECTED, WITHDRAWN = Disposition.REJECTED, Disposition.WITHDRAWN
SOON = date(2023, 4, 20)


# D06: remind by 2023-04-28, late after 2023-05-04.
@pytest.mark.parametrize(
    ("as_of", "bound", "fulfilled", "disposition", "wanted"),
    [
        ("2023-04-19", True, None, ACTIVE, Standing.ON_TRACK),
        ("2023-04-20", True, None, ACTIVE, Standing.DUE_SOON),
        ("2023-04-30", True, None, ACTIVE, Standing.DUE_SOON),
        ("2023-05-04", True, None, ACTIVE, Standing.DUE_SOON),
        ("2023-05-05", True, None, ACTIVE, Standing.OVERDUE),
        ("2024-02-01", True, None, ACTIVE, Standing.OVERDUE),
        ("2023-05-04", False, None, ACTIVE, Standing.DUE_SOON),
        ("2023-05-05", False, None, ACTIVE, Standing.COORDINATING),
        ("2023-05-05", True, "2023-05-04", ACTIVE, Standing.MET),
        ("2023-05-05", True, "2023-05-05", ACTIVE, Standing.MET_LATE),
        ("2023-05-05", False, "2023-05-05", ACTIVE, Standing.MET),
        ("2023-04-01", True, "2023-03-01", ACTIVE, Standing.MET),
        ("2023-05-05", True, "2023-05-06", ACTIVE, Standing.OVERDUE),
        ("2023-04-18", True, "2023-04-20", ACTIVE, Standing.ON_TRACK),
        ("2023-05-05", True, None, HELD, Standing.SUSPENDED),
        ("2023-04-18", True, None, HELD, Standing.SUSPENDED),
        ("2023-05-05", True, None, REJECTED, Standing.VOID),
        ("2023-05-05", False, None, WITHDRAWN, Standing.VOID),
        ("2023-05-05", True, "2023-05-04", HELD, Standing.MET),
        ("2023-05-05", True, "2023-05-05", WITHDRAWN, Standing.MET_LATE),
    ],
)
def test_standing(
    as_of: str, bound: bool, fulfilled: str | None, disposition: Disposition, wanted: Standing
) -> None:
    on = date.fromisoformat(fulfilled) if fulfilled else None
    day = date.fromisoformat(as_of)
    assert standing(BY_ID["D06"], bound, on, disposition, SOON, day) is wanted


@UNHURRIED
@given(A_DEADLINE, st.booleans(), DAYS, DAYS, DAYS)
def test_an_open_deadline_never_goes_back(
    deadline: Deadline, bound: bool, soon: date, one: date, other: date
) -> None:
    earlier, later = sorted((one, other))
    order = OPEN if bound else OPEN_UNBOUND
    before, after = (
        order.index(standing(deadline, bound, None, ACTIVE, soon, day)) for day in (earlier, later)
    )
    assert before <= after


@UNHURRIED
@given(A_DEADLINE, st.none() | DAYS, st.sampled_from(Disposition), DAYS, DAYS)
def test_an_unbound_body_is_never_overdue(
    deadline: Deadline, fulfilled: date | None, disposition: Disposition, soon: date, as_of: date
) -> None:
    found = standing(deadline, False, fulfilled, disposition, soon, as_of)
    assert found is not Standing.OVERDUE


@UNHURRIED
@given(A_DEADLINE, DAYS, st.sampled_from(Disposition), DAYS, DAYS)
def test_what_is_met_stays_met(
    deadline: Deadline, fulfilled: date, disposition: Disposition, soon: date, as_of: date
) -> None:
    found = standing(deadline, True, fulfilled, disposition, soon, max(as_of, fulfilled))
    late = fulfilled > deadline.overdue_after
    assert found is (Standing.MET_LATE if late else Standing.MET)


def test_nobody_is_late_on_the_last_day_itself() -> None:
    for deadline in BY_ID.values():
        last = deadline.overdue_after
        assert standing(deadline, True, None, ACTIVE, SOON, last) is not Standing.OVERDUE
        assert standing(deadline, True, None, ACTIVE, SOON, last + DAY) is Standing.OVERDUE


def test_a_moved_date_moves_the_lateness() -> None:
    extended = replace(BY_ID["D08"], overdue_after=date(2023, 6, 15))
    assert standing(extended, True, None, ACTIVE, SOON, date(2023, 6, 15)) is Standing.DUE_SOON


# --- helpers --------------------------------------------------------------------------------------


def _day(text: str) -> date:
    return date.fromisoformat(text.split()[0])


def _rule(deadline: Deadline) -> str:
    return deadline.rule.id


def _of(kind: SubjectKind) -> tuple[Deadline, ...]:
    return deadlines_of(plan(), calendar(), kind)


def _all_facts(deadline: Deadline) -> tuple[str, ...]:
    return tuple(name for kind in deadline.rule.fulfilled_by for name in deadline.facts(kind))

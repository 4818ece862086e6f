"""Deadlines against the computed table of 2023, and how one stands as of a day."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.schema import PROJECTS_FINISHED
from policy.timing import Monthly, Quarterly, Span, Weekly
from policy.vocabulary import Disposition, Standing, SubjectKind
from states.deadlines import (
    Deadline,
    dates_of,
    deadlines,
    deadlines_of,
    fulfilled_on,
    has_ended,
    standing,
)
from states.workdays import Calendar
from tests.support.builders import calendar, fixed, plan

PROPOSED = ("D23", "D24", "D25", "D26")
"""Duties of the plan that the computed table does not have: the notice gives them no date."""
TABLE = Path(__file__).parent / "data" / "deadlines_2023.csv"
DAY = timedelta(days=1)
china = holidays.country_holidays("CN")
UNHURRIED = settings(deadline=None)
BY_ID = {deadline.id: deadline for deadline in deadlines(plan(), calendar()) if deadline.dates}
RELATIVE = {item.id: item for item in deadlines(plan(), calendar()) if item.dates is None}
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
    held = {
        id: (dates.literal.due, dates.remind_by, dates.overdue_after)
        for id, dates in ((id, fixed(item)) for id, item in BY_ID.items())
        if id.partition("-")[0] not in PROPOSED
    }
    assert held == wanted
    assert len(rows) == 38


def test_reminders_aim_at_a_workday_and_lateness_waits_for_one() -> None:
    for id, dates in ((item.id, fixed(item)) for item in BY_ID.values()):
        assert calendar().is_workday(dates.remind_by), id
        last_of_year = dates.overdue_after == date(2023, 12, 31)
        assert last_of_year or calendar().is_workday(dates.overdue_after), id
        assert dates.remind_by <= dates.overdue_after, id


def test_the_last_day_of_the_year_never_rolls_over() -> None:
    on_the_last = {id for id, d in BY_ID.items() if fixed(d).literal.due == date(2023, 12, 31)}
    assert on_the_last == {"D11-12", "D12-Q4", "D16", "D17", "D23", "D25-Q4", "D26-Q4"}
    assert {fixed(BY_ID[id]).overdue_after for id in on_the_last} == {date(2023, 12, 31)}


def test_without_within_year_the_last_day_does_roll_over() -> None:
    rules = tuple(rule.model_copy(update={"within_year": False}) for rule in plan().deadlines)
    loose = plan().model_copy(update={"deadlines": rules, "digest": "0" * 64})
    rolled = {item.id: item for item in deadlines(loose, calendar())}
    assert fixed(rolled["D17"]).overdue_after == date(2024, 1, 2)


def test_kinds_of_subjects_have_their_own_deadlines() -> None:
    ids = {kind: {_rule(item) for item in _of(kind)} for kind in SubjectKind}
    assert ids == {
        SubjectKind.PROJECT: {
            *("D01", "D03", "D04", "D05", "D06", "D07", "D08", "D09"),
            *("D14", "D15", "D16", "D17"),
            *("D20", "D21", "D22", "D27", "M01", "M02"),
        },
        SubjectKind.CITY: {"D01", "D10", "D12", "D13", "D18", "D23", "D25"},
        SubjectKind.PROVINCE: {"D02", "D11", "D24", "D26"},
    }
    assert [len(_of(kind)) for kind in SubjectKind] == [18, 20, 15]


def test_an_override_moves_a_deadline() -> None:
    closed = Calendar({2099: {date(2023, 2, 20): False, date(2023, 2, 10): False}})
    first = deadlines(plan(), closed)[0]
    dates = fixed(first)
    assert (dates.remind_by, dates.overdue_after) == (date(2023, 2, 9), date(2023, 2, 21))


def test_only_a_month_that_may_end_has_a_beginning() -> None:
    """The cities' monthly tables, of which a project that has finished owes no more."""
    begun = {id: item.begins for id, item in BY_ID.items() if item.begins}
    assert begun == {f"D10-{n:02d}": date(2023, n, 1) for n in range(3, 13)}
    assert not any(item.begins for item in RELATIVE.values())


@pytest.mark.parametrize(
    ("id", "finished", "as_of", "ended"),
    [
        ("D10-03", None, None, False),
        ("D10-03", date(2023, 2, 28), None, True),
        ("D10-03", date(2023, 3, 1), None, False),
        ("D10-03", date(2023, 2, 28), date(2023, 2, 28), True),
        ("D10-03", date(2023, 2, 28), date(2023, 2, 27), False),
        ("D13", date(2023, 2, 28), None, False),
        ("D13", None, None, False),
    ],
)
def test_a_month_has_ended_when_all_had_finished_before_it_began(
    id: str, finished: date | None, as_of: date | None, *, ended: bool
) -> None:
    facts = {PROJECTS_FINISHED: finished} if finished else {}
    assert has_ended(BY_ID[id], facts, as_of) is ended


@pytest.mark.parametrize("id", RELATIVE)
def test_what_runs_into_a_year_without_a_calendar_has_no_dates_yet(id: str) -> None:
    """The holidays of 2027 are not announced."""
    span = RELATIVE[id].follows
    assert span
    found = [
        dates_of(RELATIVE[id], SubjectKind.PROJECT, {span.after: day}, None, calendar())
        for day in (date(2027, 1, 4), date(2023, 6, 1))
    ]
    assert (found[0], found[1] is None) == (None, False)


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
    assert standing(fixed(BY_ID["D06"]).overdue_after, bound, on, disposition, SOON, day) is wanted


@UNHURRIED
@given(A_DEADLINE, st.booleans(), DAYS, DAYS, DAYS)
def test_an_open_deadline_never_goes_back(
    deadline: Deadline, bound: bool, soon: date, one: date, other: date
) -> None:
    earlier, later = sorted((one, other))
    order = OPEN if bound else OPEN_UNBOUND
    before, after = (
        order.index(standing(fixed(deadline).overdue_after, bound, None, ACTIVE, soon, day))
        for day in (earlier, later)
    )
    assert before <= after


@UNHURRIED
@given(A_DEADLINE, st.none() | DAYS, st.sampled_from(Disposition), DAYS, DAYS)
def test_an_unbound_body_is_never_overdue(
    deadline: Deadline, fulfilled: date | None, disposition: Disposition, soon: date, as_of: date
) -> None:
    last = fixed(deadline).overdue_after
    found = standing(last, False, fulfilled, disposition, soon, as_of)
    assert found is not Standing.OVERDUE


@UNHURRIED
@given(A_DEADLINE, DAYS, st.sampled_from(Disposition), DAYS, DAYS)
def test_what_is_met_stays_met(
    deadline: Deadline, fulfilled: date, disposition: Disposition, soon: date, as_of: date
) -> None:
    last = fixed(deadline).overdue_after
    found = standing(last, True, fulfilled, disposition, soon, max(as_of, fulfilled))
    late = fulfilled > last
    assert found is (Standing.MET_LATE if late else Standing.MET)


def test_nobody_is_late_on_the_last_day_itself() -> None:
    for deadline in BY_ID.values():
        last = fixed(deadline).overdue_after
        assert standing(last, True, None, ACTIVE, SOON, last) is not Standing.OVERDUE
        assert standing(last, True, None, ACTIVE, SOON, last + DAY) is Standing.OVERDUE


def test_without_dates_nothing_runs_yet() -> None:
    assert standing(None, True, None, ACTIVE, None, date(2023, 12, 31)) is Standing.WAITING
    assert standing(None, True, None, WITHDRAWN, None, date(2023, 12, 31)) is Standing.VOID


# --- dates of one's own ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "facts", "wanted"),
    [
        # Ten workdays after 9 March 2023, a Thursday: 23 March.
        ("D20", {"correction_ordered": "2023-03-09"}, ("2023-03-23", "2023-03-23")),
        # Over 劳动节 (29 April to 3 May off, 6 May worked): from 24 April it is 10 May.
        ("D20", {"correction_ordered": "2023-04-24"}, ("2023-05-10", "2023-05-10")),
        # Fifteen days after 4 December: 19 December, a Tuesday.
        ("D21", {"rectification_ordered": "2023-12-04"}, ("2023-12-19", "2023-12-19")),
        # Fifteen days after 1 December is a Saturday.
        ("D21", {"rectification_ordered": "2023-12-01"}, ("2023-12-15", "2023-12-18")),
        # 当年: what would end in January ends with the year.
        ("D21", {"rectification_ordered": "2023-12-28"}, ("2023-12-29", "2023-12-31")),
        # Fifteen days after 12 June: 27 June, a Tuesday; after 10 June: Sunday 25 June, worked.
        ("D27", {"inspection_rectification_ordered": "2023-06-12"}, ("2023-06-27", "2023-06-27")),
        ("D27", {"inspection_rectification_ordered": "2023-06-10"}, ("2023-06-25", "2023-06-25")),
        # Thirty days after 20 April is Saturday 20 May.
        ("M01", {"city_received": "2023-04-20"}, ("2023-05-19", "2023-05-22")),
        ("D08", {}, ("2023-05-31", "2023-05-31")),
        # A replacement of 10 July has sixty days; one of March keeps the notice's own date.
        ("D08", {"determined_as_replacement": "2023-07-10"}, ("2023-09-08", "2023-09-08")),
        ("D08", {"determined_as_replacement": "2023-03-24"}, ("2023-05-31", "2023-05-31")),
    ],
)
def test_own_dates(id: str, facts: dict[str, str], wanted: tuple[str, str]) -> None:
    held = {name: date.fromisoformat(day) for name, day in facts.items()}
    dates = dates_of({**BY_ID, **RELATIVE}[id], SubjectKind.PROJECT, held, None, calendar())
    assert dates is not None
    assert (str(dates.remind_by), str(dates.overdue_after)) == wanted


def test_a_relative_deadline_has_no_date_before_its_fact() -> None:
    assert set(RELATIVE) == {"D20", "D21", "D22", "D27", "M01", "M02"}
    assert all(
        dates_of(item, SubjectKind.PROJECT, {}, None, calendar()) is None
        for item in RELATIVE.values()
    )


def test_an_extension_takes_the_place_of_every_date() -> None:
    until = date(2023, 7, 1)  # a Saturday
    for item in (BY_ID["D08"], RELATIVE["D20"]):
        facts = {"determined_as_replacement": date(2023, 9, 1)}
        dates = dates_of(item, SubjectKind.PROJECT, facts, until, calendar())
        assert dates is not None
        assert (dates.remind_by, dates.overdue_after) == (date(2023, 6, 30), date(2023, 7, 3))


def test_what_came_before_the_base_fact_does_not_fulfil_it() -> None:
    first, again = date(2023, 12, 4), date(2023, 12, 20)
    facts = {"rectification_ordered": again, "rectified": first}
    assert fulfilled_on(RELATIVE["D21"], SubjectKind.PROJECT, facts) is None
    facts["rectified"] = again
    assert fulfilled_on(RELATIVE["D21"], SubjectKind.PROJECT, facts) == again
    assert fulfilled_on(RELATIVE["D21"], SubjectKind.PROJECT, {"rectified": again}) is None


@UNHURRIED
@given(st.dates(date(2023, 1, 16), date(2023, 12, 15)), st.integers(1, 60), st.booleans())
def test_spans_equal_counting_on_the_fingers(since: date, length: int, workdays: bool) -> None:
    """Day by day from the day after the fact, with the statutory calendar of another library."""
    span = Span(after="x", **{"workdays" if workdays else "days": length})
    rule = (
        plan()
        .deadlines[0]
        .model_copy(update={"remind": None, "due": None, "later_of": None, "follows": span})
    )
    dates = dates_of(
        Deadline("X01", rule, None), SubjectKind.PROJECT, {"x": since}, None, calendar()
    )
    assert dates is not None
    day, left = since, length
    while left:
        day += DAY
        left -= china.is_working_day(day) if workdays else 1
    assert dates.literal.due == day


DUTY = plan().duties[0]


def _recurring(**form: object) -> dict[str, date]:
    emptied: dict[str, object] = {"monthly": None, "occasions": {}}
    duty = DUTY.model_copy(update={**emptied, **form})
    made = plan().model_copy(update={"duties": (duty,), "deadlines": (), "digest": "1" * 64})
    deadlines.cache_clear()
    return {item.id: fixed(item).literal.due for item in deadlines(made, calendar())}


def test_weekly_duties_have_one_day_a_week() -> None:
    found = _recurring(weekly=Weekly(first=date(2023, 12, 20), last=date(2024, 1, 5), weekday=5))
    assert found == {
        "D10-2023w51": date(2023, 12, 22),
        "D10-2023w52": date(2023, 12, 29),
        "D10-2024w01": date(2024, 1, 5),
    }


def test_quarterly_duties_fall_in_or_after_their_quarter() -> None:
    form: dict[str, Any] = {"first": "2023Q3", "last": "2024Q1", "remind_day": 10, "due_day": 10}
    after = _recurring(quarterly=Quarterly(month=1, **form))
    assert after == {
        "D10-2023Q3": date(2023, 10, 10),
        "D10-2023Q4": date(2024, 1, 10),
        "D10-2024Q1": date(2024, 4, 10),
    }
    own = _recurring(
        quarterly=Quarterly(month=0, **{**form, "remind_day": "last", "due_day": "last"})
    )
    assert list(own.values()) == [date(2023, 9, 30), date(2023, 12, 31), date(2024, 3, 31)]


def test_monthly_duties_carry_the_year_after_their_first() -> None:
    found = _recurring(
        monthly=Monthly(first="2023-12", last="2024-02", remind_day=24, due_day="last")
    )
    assert found == {
        "D10-12": date(2023, 12, 31),
        "D10-2024-01": date(2024, 1, 31),
        "D10-2024-02": date(2024, 2, 29),
    }


# --- helpers --------------------------------------------------------------------------------------


def _day(text: str) -> date:
    return date.fromisoformat(text.split()[0])


def _rule(deadline: Deadline) -> str:
    return deadline.rule.id


def _of(kind: SubjectKind) -> tuple[Deadline, ...]:
    return deadlines_of(plan(), calendar(), kind)


def _all_facts(deadline: Deadline) -> tuple[str, ...]:
    return tuple(name for kind in deadline.rule.fulfilled_by for name in deadline.facts(kind))

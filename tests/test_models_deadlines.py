"""What the store makes of deadlines is what the rules say, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from models.database import writing
from models.deadlines import apply, deadline_rows, due_situations
from models.plans import install_plan
from models.projects import add_project, change_facts, dossiers, facts, set_columns
from operations.cases.desk import Desk
from operations.cases.fulfilment import refresh_all, refresh_subject
from policy.schema import Plan
from policy.timing import DeadlineRule
from policy.vocabulary import Disposition, SubjectKind
from states.deadlines import has_ended, standing
from states.decide import decide
from states.reporting import takes_place
from tests.conftest import AT
from tests.support.builders import plan

TODAY = date(2023, 10, 20)
PLACE = {"county_code": "140105", "county_type": "市辖区", "street": "示例街道"}
NAMES = sorted(
    {name for rule in plan().deadlines for name in rule.fulfilled_by.get(SubjectKind.PROJECT, ())}
    | {plan().quota.taken_when}
)
DAYS = st.dates(date(2023, 2, 1), TODAY - timedelta(days=15))  # the sweep has looked since
FACTS = st.dictionaries(st.sampled_from(NAMES), DAYS)
PROJECTS = st.lists(st.tuples(FACTS, st.sampled_from(Disposition)), min_size=1, max_size=3)
SHIFTS = st.dictionaries(
    st.sampled_from([rule.id for rule in plan().deadlines if rule.due]), st.integers(-150, 150)
)
FREELY = settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class UndoneError(Exception):
    """Takes an example's changes back."""


@contextmanager
def trying(desk: Desk) -> Iterator[Session]:
    """A session of which nothing stays."""
    try:
        with writing(desk.engine) as session:
            yield session
            raise UndoneError
    except UndoneError:
        pass


def put(session: Session, desk: Desk, known: dict[str, date], how: Disposition, n: int) -> None:
    values = {**PLACE, "community": f"示例{n}社区", "building_kind": "改建"}
    code = add_project(session, desk.plan, "太原市", "小店区", values)
    change_facts(session, desk.plan, code, known, (), None)
    set_columns(session, desk.plan, code, {"disposition": how})
    refresh_subject(session, desk, code, SubjectKind.PROJECT, how)


def sweep(session: Session, desk: Desk) -> None:
    for found in due_situations(session, desk.plan, TODAY):
        deadline = desk.deadlines[found.rule]
        verdict = decide(found, deadline, desk.plan, desk.calendar, TODAY)
        apply(session, desk.plan, deadline, found, verdict, TODAY, AT)


def check(session: Session, desk: Desk) -> None:
    """Every stored standing is the one that the rule gives for the row's dates and facts."""
    how = {item.code: item.disposition for item in dossiers(session, desk.plan)}
    known = facts(session, desk.plan)
    for row, owner in deadline_rows(session, desk.plan):
        deadline = desk.deadlines[row.rule]
        met = row.fulfilled_on is not None
        body = deadline.rule.responsible if met else row.body or deadline.rule.responsible
        wanted = standing(
            row.overdue_after,
            desk.plan.bodies[body].bound,
            row.fulfilled_on,
            how.get(owner.code, Disposition.ACTIVE),
            desk.due_soon_from(row.remind_by),
            TODAY,
            ended=has_ended(deadline, known.get(owner.code, {}), TODAY),
            fits=row.fits,
        )
        assert row.standing == wanted, (row.subject, row.rule)


def moved(rule: DeadlineRule, days: int) -> DeadlineRule:
    assert rule.remind
    assert rule.due
    by = timedelta(days=days)
    return rule.model_copy(update={"remind": rule.remind + by, "due": rule.due + by})


def shifted(found: Plan, shifts: dict[str, int]) -> Plan:
    rules = [
        moved(rule, shifts[rule.id]) if rule.id in shifts else rule for rule in found.deadlines
    ]
    return found.model_copy(update={"deadlines": tuple(rules), "digest": "f" * 64})


@pytest.mark.heavy
@FREELY
@given(PROJECTS, SHIFTS)
def test_store_and_sweep_say_what_the_rule_says_before_and_after_a_change_of_plan(
    desk: Desk, projects: list[tuple[dict[str, date], Disposition]], shifts: dict[str, int]
) -> None:
    with trying(desk) as session:
        for n, (known, how) in enumerate(projects):
            put(session, desk, known, how, n)
        sweep(session, desk)
        check(session, desk)
        after = Desk(desk.settings, shifted(desk.plan, shifts), desk.calendar, desk.engine)
        assert install_plan(session, after.plan, after.calendar, AT)
        refresh_all(session, after)
        sweep(session, after)
        check(session, after)


@FREELY
@given(PROJECTS)
def test_places_are_counted_as_the_rule_counts_them(
    desk: Desk, projects: list[tuple[dict[str, date], Disposition]]
) -> None:
    with trying(desk) as session:
        for n, (known, how) in enumerate(projects):
            put(session, desk, known, how, n)
        found = dossiers(session, desk.plan)
        city = desk.plan.city("太原市")
        assert city
        assert city.places
        taken = sum(takes_place(desk.plan, item) for item in found)
        assert {item.quota_left for item in found} == {city.places - taken}
        going_on = sum(how in (Disposition.ACTIVE, Disposition.HELD) for _, how in projects)
        assert all(item.building_kinds.get("改建", 0) == going_on for item in found)

"""A plan that changes while it runs: nothing is lost, nothing is repeated."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from models.database import writing
from models.plans import install_plan
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.casework import Act, record
from operations.cases.desk import Desk, open_desk
from operations.cases.fulfilment import refresh_all
from operations.daily.delivery import deliver
from operations.daily.enforcement import check, enforce
from operations.upkeep.scenario import tables
from operations.upkeep.setup import initialise
from operations.views.overview import deadline_views
from operations.workbooks.intake import import_workbook
from policy.schema import Plan
from policy.vocabulary import DecisionKind, Standing, SubjectKind
from states.workdays import Calendar
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.province import morning
from tests.support.province import record as record_lines
from tests.support.stores import Snapshot

pytestmark = pytest.mark.heavy
DAY = date(2023, 6, 1)


def changed(desk: Desk, **changes: Any) -> Desk:
    """The same desk after its plan's file was changed and `xingfu init` was run."""
    plan = desk.plan.model_copy(update={**changes, "digest": f"{len(str(changes)):064x}"})
    after = Desk(desk.settings, plan, desk.calendar, desk.engine)
    with writing(after.engine) as session:
        assert install_plan(session, plan, after.calendar, AT)
        refresh_all(session, after)
    return after


def load(desk: Desk) -> None:
    """忻州市 of the example province on 1 June, where something is late in most ways."""
    import_workbook(desk, EXAMPLE / "workbooks" / "04-忻州市.xlsx", today=DAY, at=AT)
    past = [event for event in tables(EXAMPLE) if event.on <= DAY]
    ours = [event for event in past if event.subject.startswith("XF2023-1409")]
    record_lines(desk, ours)


LOADED = Snapshot("xinzhou", load, INSTALLED)
ENFORCED = Snapshot("xinzhou_enforced", lambda desk: enforce(desk, DAY, morning(DAY)), LOADED)


@pytest.fixture
def loaded(desk_in: DeskIn) -> Desk:
    return desk_in(LOADED)


@pytest.fixture
def enforced(desk_in: DeskIn) -> Desk:
    """What the first of June brought has come about, and nothing was sent."""
    return desk_in(ENFORCED)


def standings(desk: Desk, rule: str) -> set[Standing]:
    return {view.standing for view in deadline_views(desk, DAY) if view.rule == rule}


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def without(plan: Plan, rule: str) -> tuple[Any, ...]:
    return tuple(item for item in plan.deadlines if item.id != rule)


def test_installing_the_same_plan_again_changes_nothing(enforced: Desk) -> None:
    before = rows(enforced, "SELECT * FROM deadline ORDER BY subject, rule")
    initialise(enforced.settings, None, AT).engine.dispose()
    assert rows(enforced, "SELECT * FROM deadline ORDER BY subject, rule") == before


def test_a_changed_plan_must_be_installed_first(sqlite_desk: Desk) -> None:
    plan = sqlite_desk.plan.model_copy(update={"digest": "f" * 64})
    desk = Desk(sqlite_desk.settings, plan, sqlite_desk.calendar, sqlite_desk.engine)
    with pytest.raises(RefusedError, match="xingfu init"):
        enforce(desk, DAY, morning(DAY))


def test_a_moved_date_is_reminded_anew(enforced: Desk) -> None:
    old = len(rows(enforced, "SELECT 1 FROM outbox WHERE rule = 'D08'"))
    moved = tuple(
        rule.model_copy(update={"remind": date(2023, 6, 7), "due": date(2023, 6, 7)})
        if rule.id == "D08"
        else rule
        for rule in enforced.plan.deadlines
    )
    after = changed(enforced, deadlines=moved)
    assert Standing.OVERDUE not in standings(after, "D08")
    assert Standing.DUE_SOON in standings(after, "D08")
    enforce(after, DAY, morning(DAY))
    anew = rows(after, "SELECT 1 FROM outbox WHERE rule = 'D08' AND due = '2023-06-07'")
    assert len(anew) > 0
    channel = RecordingChannel()
    deliver(after, lambda: morning(DAY), lambda _: channel)
    query = "SELECT DISTINCT status FROM outbox WHERE rule = 'D08' AND due = '2023-05-31'"
    assert rows(after, query) == [("cancelled",)]
    assert old > 0


def test_a_new_rule_counts_what_was_recorded_before_it(desk: Desk) -> None:
    rule = next(item for item in desk.plan.deadlines if item.id == "D06")
    without_it = changed(desk, deadlines=without(desk.plan, "D06"))
    load(without_it)
    after = changed(without_it, deadlines=(*without_it.plan.deadlines, rule))
    assert standings(after, "D06") == {Standing.MET, Standing.OVERDUE}


def test_a_rule_that_is_gone_is_void_and_comes_back_whole(enforced: Desk) -> None:
    before = standings(enforced, "D08")
    gone = changed(enforced, deadlines=without(enforced.plan, "D08"))
    assert not [item for item in check(gone, date(2023, 6, 8)) if item.rule == "D08"]
    assert standings(gone, "D08") == set()
    back = changed(gone, deadlines=enforced.plan.deadlines)
    assert standings(back, "D08") == before


def test_a_changed_ladder_loses_and_repeats_nothing(enforced: Desk) -> None:
    sent = rows(enforced, "SELECT subject, rule, rung, recipient FROM outbox")
    ladder = enforced.plan.ladder
    shorter = ladder.model_copy(update={"rungs": ladder.rungs[1:]})
    after = changed(enforced, ladder=shorter)
    enforce(after, DAY, morning(DAY))
    assert rows(after, "SELECT subject, rule, rung, recipient FROM outbox") == sent
    tomorrow = date(2023, 6, 8)  # five workdays after D08: the leaders' turn
    enforce(after, tomorrow, morning(tomorrow))
    rungs = {rung for (rung,) in rows(after, "SELECT rung FROM outbox WHERE rule = 'D08'")}
    assert {"T+1", "T+5"} <= rungs


def test_a_changed_calendar_must_be_and_is_taken_up(loaded: Desk) -> None:
    off = {2023: {date(2023, 5, 31): False, date(2023, 6, 1): False}}
    after = Desk(loaded.settings, loaded.plan, Calendar(off), loaded.engine)
    with pytest.raises(RefusedError, match="工作日历已更改"):
        enforce(after, DAY, morning(DAY))
    with writing(after.engine) as session:
        assert install_plan(session, after.plan, after.calendar, AT)
        refresh_all(session, after)
    assert Standing.OVERDUE not in standings(after, "D08")
    assert not [
        item
        for item in check(after, DAY)
        if item.rule == "D08" and item.decision is DecisionKind.MARK_OVERDUE
    ]


def test_moving_the_strict_date_alone_reminds_anew_and_marks_nobody_twice(enforced: Desk) -> None:
    marks = rows(enforced, "SELECT count(*) FROM audit WHERE kind = 'overdue'")
    moved = tuple(
        rule.model_copy(update={"remind": date(2023, 5, 30)}) if rule.id == "D08" else rule
        for rule in enforced.plan.deadlines
    )
    after = changed(enforced, deadlines=moved)
    enforce(after, DAY, morning(DAY))
    assert rows(after, "SELECT count(*) FROM audit WHERE kind = 'overdue'") == marks
    assert rows(after, "SELECT DISTINCT visit FROM outbox WHERE rule = 'D08'") == [(1,), (2,)]


def test_a_rule_may_lose_one_kind_of_subject(loaded: Desk) -> None:
    rule = next(item for item in loaded.plan.deadlines if item.id == "D01")
    cities_only = rule.model_copy(
        update={"fulfilled_by": {SubjectKind.CITY: rule.fulfilled_by[SubjectKind.CITY]}}
    )
    after = changed(loaded, deadlines=(cities_only, *without(loaded.plan, "D01")))
    found = [item for item in check(after, DAY) if item.rule == "D01"]
    assert {item.subject_kind for item in found} == {SubjectKind.CITY}


def test_a_plan_without_a_stage_that_is_in_use_is_refused(loaded: Desk) -> None:
    stages = tuple(stage for stage in loaded.plan.stages if stage.id != "construction")
    ladder = loaded.plan.ladder.model_copy(update={"by_turn": False})  # its steps name no order
    with pytest.raises(RefusedError, match=r"construction"):
        changed(loaded, stages=stages, ladder=ladder)


def test_two_first_inits_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor(3) as pool:
        desks = list(pool.map(lambda _: initialise(settings, None, AT), range(3)))
    for one in desks:
        one.engine.dispose()


def test_clerks_and_the_sweep_at_once(loaded: Desk) -> None:
    """No deadlock, nothing lost: every project is either recorded in time or reminded."""
    codes = [code for (code,) in rows(loaded, "SELECT code FROM project ORDER BY code")]
    desks = [open_desk(loaded.settings) for _ in range(3)]

    def clerk(code: str) -> None:
        act = Act(code, "operator_confirmed", DAY, "山西省民政厅 示例·张某")
        with writing(desks[0].engine) as session:
            record(session, desks[0], act, today=DAY, at=AT)

    with ThreadPoolExecutor(3) as pool:
        recorded = pool.map(clerk, codes)
        swept = pool.map(lambda one: enforce(one, DAY, morning(DAY)), desks[1:])
        assert (len(list(recorded)), len(list(swept))) == (len(codes), 2)
    for one in desks:
        one.engine.dispose()
    open_ones = {view.subject for view in deadline_views(loaded, DAY) if view.rule == "D06"}
    assert open_ones == set(codes)
    query = "SELECT count(*) FROM outbox WHERE rule = 'D06' AND status = 'pending'"
    assert rows(loaded, query) == [(0,)]

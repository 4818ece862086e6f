"""Monthly reports on both databases: recorded, refused, replaced and reversed (五(五))."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from common.errors import ConflictError, RefusedError
from models.audits import history
from models.database import reading, writing
from operations.cases.desk import Desk
from operations.cases.progress import ProgressReport, report_progress
from policy.vocabulary import AuditKind, Disposition
from states.progress import Progress
from states.trail import from_detail
from tests.conftest import AT, DeskIn
from tests.support.builders import plan
from tests.support.province import END
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act, change_day, report, stored, undo, walk
from tests.support.stores import Snapshot
from tests.test_models_trail import replayed

MILLION = Decimal("1000000.00")


def build(desk: Desk) -> None:
    """Works began on 10 May; May and June are reported."""
    walk(desk, "break_ground")
    report(desk, "2023-05", 10, invested=MILLION, on_schedule=True)
    report(desk, "2023-06", 30, on_schedule=False, problem="示例原因", next_step="示例措施")


BUILDING = Snapshot("building", build, TAIYUAN)


@pytest.fixture
def building(desk_in: DeskIn) -> Desk:
    """A desk whose first project is being built."""
    return desk_in(BUILDING)


def rows(desk: Desk) -> int:
    with reading(desk.engine) as session:
        return len(history(session, desk.plan, ONE))


def percents(desk: Desk) -> dict[str, int]:
    return {item.period: item.percent for item in stored(desk).progress}


def rebuilt(desk: Desk) -> tuple[Progress, ...]:
    """The reports as the trail adds them up."""
    found = replayed(desk).progress
    return tuple(found[period] for period in sorted(found))


def row_of(desk: Desk, period: str) -> int:
    return next(item.audit_id for item in stored(desk).progress if item.period == period)


def test_a_report_is_kept_with_its_row(building: Desk) -> None:
    may, june = stored(building).progress
    said = Progress("2023-06", 30, None, False, "示例原因", "示例措施")
    assert replace(june, audit_id=0) == said
    assert (may.period, may.invested) == ("2023-05", MILLION)
    with reading(building.engine) as session:
        row = history(session, building.plan, ONE)[-1]
    assert (row.kind, row.action, row.clause) == ("progress", "2023-06", "五(五)")
    assert (row.effective_on, row.actor, row.id) == (date(2023, 6, 24), PROVINCE, june.audit_id)
    assert (
        from_detail(plan(), june.audit_id, AuditKind.PROGRESS, row.detail).effects.progress == june
    )


def test_the_same_again_writes_nothing(building: Desk) -> None:
    before, count = stored(building), rows(building)
    same: dict[str, Any] = {"problem": "示例原因", "next_step": "示例措施"}
    assert not report(building, "2023-06", 30, on_schedule=False, **same)
    assert (stored(building), rows(building)) == (before, count)


def test_reported_again_a_month_is_replaced(building: Desk) -> None:
    assert report(building, "2023-05", 20, invested=MILLION)
    assert percents(building) == {"2023-05": 20, "2023-06": 30}
    assert stored(building).progress[0].on_schedule is None
    assert rebuilt(building) == stored(building).progress


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"period": "2023-07", "percent": 29}, "形象进度29%低于2023-06上报的30%"),
        (
            {"period": "2023-07", "percent": 30, "invested": Decimal(1)},
            "少于此前上报的1,000,000.00",
        ),
        ({"period": "2023-07", "percent": 30, "on_schedule": False}, "未达序时原因及存在问题"),
        ({"period": "2023-07", "percent": 101}, "应为0至100"),
        ({"period": "2023-07", "percent": 30, "on": "2023-06-30"}, "早于2023年7月"),
        ({"period": "2023-05", "percent": 31}, "与2023年6月月报矛盾：形象进度30%低于2023-05"),
        ({"period": "2023-04", "percent": 1}, "该项目2023年5月10日开工，2023年4月形象进度应为0"),
        ({"period": "2023-07", "percent": 30, "on": "2024-01-01"}, "尚未到来"),
    ],
)
def test_what_cannot_be_true_is_refused(building: Desk, said: dict[str, Any], why: str) -> None:
    before, count = stored(building), rows(building)
    with pytest.raises(RefusedError, match=why):
        report(building, **said)
    assert (stored(building), rows(building)) == (before, count)


def test_every_reason_is_told_at_once(building: Desk) -> None:
    with pytest.raises(RefusedError) as told:
        report(building, "2023-07", 3, invested=Decimal(1), on_schedule=False)
    assert str(told.value).count("  · ") == 3


def test_before_the_works_only_nothing_can_be_reported(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)
    assert report(desk, "2023-03", 0)
    with pytest.raises(RefusedError, match="尚未登记开工"):
        report(desk, "2023-04", 1)
    assert percents(desk) == {"2023-03": 0}


@pytest.mark.parametrize(("action", "goes_on"), [("hold", True), ("withdraw", False)])
def test_who_goes_on_reports(building: Desk, action: str, goes_on: bool) -> None:
    act(building, action, "2023-06-26")
    if goes_on:
        assert report(building, "2023-07", 30)
        return
    assert stored(building).disposition is Disposition.WITHDRAWN
    with pytest.raises(RefusedError, match="项目为“终止”"):
        report(building, "2023-07", 30)


def test_who_saw_an_older_state_is_told_what_changed(building: Desk) -> None:
    asked = ProgressReport(
        ONE, Progress("2023-07", 50), END, PROVINCE, seen=stored(building).revision - 1
    )
    with pytest.raises(ConflictError, match="进度 2023-06"), writing(building.engine) as session:
        report_progress(session, building, asked, today=END, at=AT)


def test_undone_the_former_report_counts_again(building: Desk) -> None:
    first = stored(building).progress[1]
    report(building, "2023-06", 35)
    assert undo(building, row_of(building, "2023-06")) == "进度 2023-06"
    assert stored(building).progress[1] == first
    undo(building, first.audit_id)
    assert percents(building) == {"2023-05": 10}
    assert rebuilt(building) == stored(building).progress


def test_a_report_that_was_replaced_can_be_undone_too(building: Desk) -> None:
    first = row_of(building, "2023-06")
    report(building, "2023-06", 35)
    undo(building, first)
    assert percents(building)["2023-06"] == 35
    undo(building, row_of(building, "2023-06"))
    assert percents(building) == {"2023-05": 10}
    assert rebuilt(building) == stored(building).progress


def lower_may(desk: Desk) -> int:
    """May is lowered, and then June; with the former May back, June would have fallen."""
    report(desk, "2023-05", 5, invested=MILLION)
    low = row_of(desk, "2023-05")
    report(desk, "2023-06", 7)
    return low


def begin_later(desk: Desk) -> int:
    """Works are said to have begun in May; before that it was June."""
    with reading(desk.engine) as session:
        return next(
            row.id or 0 for row in history(session, desk.plan, ONE) if row.action == "break_ground"
        )


@pytest.mark.parametrize(
    ("prepare", "why"), [(lower_may, "2023年6月份月报不能成立"), (begin_later, "尚未登记开工")]
)
def test_what_has_followed_is_undone_first(
    building: Desk, prepare: Callable[[Desk], int], why: str
) -> None:
    wrong = prepare(building)
    before = stored(building)
    with pytest.raises(RefusedError, match=why):
        undo(building, wrong)
    assert stored(building) == before


def test_what_was_wrong_before_bars_nothing_else(building: Desk) -> None:
    """A start that was put off past a report leaves May's wrong; July can be reported still."""
    change_day(building, "work_started", "2023-06-05")
    assert report(building, "2023-07", 40)
    undo(building, row_of(building, "2023-07"))
    assert percents(building) == {"2023-05": 10, "2023-06": 30}

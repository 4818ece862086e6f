"""A day that lies behind: its stages, facts, money and standings, and by what they are known."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlmodel import Session

from common.errors import RefusedError
from deployments.demo import demo
from flows.publishing import publish_day
from models.audits import history
from models.database import reading, writing
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.daily.changes import Changes
from operations.daily.delivery import DeliveryResult
from operations.daily.enforcement import enforce
from operations.views.explain import explain
from operations.views.funds import funds_views, resting_money
from operations.views.overview import deadline_views, survey
from operations.views.project_record import project_record, project_text
from operations.views.scenes import Scene, basis_of, by_tables, by_trail, require_newest
from operations.views.tables import board_table
from operations.workbooks.exports import export_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import (
    Basis,
    Disposition,
    EntryKind,
    Form,
    Holder,
    Listing,
    Source,
    Standing,
)
from tests.conftest import DeskIn
from tests.support.province import END, morning
from tests.support.steps import (
    ONE,
    PROVINCE,
    TAIYUAN,
    act,
    change_day,
    money,
    put_off,
    report,
    show,
    undo,
    walk,
)
from tests.support.stores import Snapshot, Stores
from tests.support.yearly import HALF_YEAR, JUNE, YEAR
from tests.test_models_trail import RECORD, STEPS, USUAL, Walked, load_unchanged

pytestmark = pytest.mark.heavy

CITY = "太原市"
OVERDUE = Standing.OVERDUE
NOTHING = Changes((), 0, (), {}, {}, {}, DeliveryResult())
BUILT = Snapshot("built", lambda desk: walk(desk, "complete_construction"), TAIYUAN)


def assert_same(left: Scene, right: Scene) -> None:
    """The same of every subject, by whatever way it was put together."""
    for one, other in zip(left.projects, right.projects, strict=True):
        assert one == other
    assert {code: held for code, held in left.facts.items() if held} == {
        code: dict(held) for code, held in right.facts.items() if held
    }
    for mine, its in zip(left.deadlines, right.deadlines, strict=True):
        assert (mine.subject.code, replace(mine, subject=its.subject)) == (its.subject.code, its)


@contextmanager
def at_work(desk: Desk) -> Iterator[Session]:
    with reading(desk.engine) as session:
        yield session


@pytest.mark.heavy
def test_today_is_the_same_by_the_trail_and_by_the_tables(desk_in: DeskIn) -> None:
    desk = desk_in(YEAR)
    with at_work(desk) as session:
        assert_same(by_tables(session, desk, END), by_trail(session, desk, END))


@pytest.mark.heavy
def test_the_first_of_june_is_in_december_what_it_was_in_june(
    stores: Stores, tmp_path: Path
) -> None:
    with stores.desk(None, HALF_YEAR, tmp_path / "then") as then, at_work(then) as session:
        wanted = by_tables(session, then, JUNE)
    with stores.desk(None, YEAR, tmp_path / "now") as now, at_work(now) as session:
        assert_same(wanted, by_trail(session, now, JUNE))
        assert by_trail(session, now, JUNE).projects != by_tables(session, now, JUNE).projects


def test_a_project_whose_import_was_taken_back_goes_on_on_no_day(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)
    with at_work(desk) as session:
        code = by_tables(session, desk, END).projects[-1].code
        rows = [row.id for row in history(session, desk.plan, code)]
    undo(desk, rows[0] or 0)
    with at_work(desk) as session:
        now, then = by_tables(session, desk, END), by_trail(session, desk, END)
    for found in (now, then):
        (project,) = (item for item in found.projects if item.code == code)
        assert project.disposition is Disposition.WITHDRAWN
    assert {(i.subject.code, i.rule): i.standing for i in now.deadlines} == {
        (i.subject.code, i.rule): i.standing for i in then.deadlines
    }


@pytest.mark.heavy
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ahead=st.integers(0, len(USUAL)), steps=STEPS)
def test_of_any_history_today_is_the_same_by_the_trail_and_by_the_tables(
    walked: Walked, ahead: int, steps: list[tuple[str, int, int]]
) -> None:
    """And a day that lies behind shows what had been recorded by then, if nothing was corrected."""
    walked.restart()
    for step in [*USUAL[:ahead], *steps]:
        walked.take(*step)
    with at_work(walked.desk) as session:
        desk = walked.desk
        assert_same(by_tables(session, desk, END), by_trail(session, desk, END))


@pytest.mark.heavy
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, cut=st.integers(0, 25))
def test_of_any_history_without_corrections_a_day_stays_as_it_was(
    walked: Walked, steps: list[tuple[str, int, int]], cut: int
) -> None:
    walked.restart()
    more = [each for each in steps if each[0] != RECORD]  # again, it corrects
    forward = [each for each in [*USUAL, *more] if each[0] not in ("undo", "amend", "report")]
    for step in forward[:cut]:
        walked.take(*step)
    desk = walked.desk
    day = date.fromordinal(date(2023, 2, 9).toordinal() + walked.day)
    if day >= END:
        return
    with at_work(desk) as session:
        wanted = by_tables(session, desk, day)
    walked.day += 1
    for step in forward[cut:]:
        walked.take(*step)
    with at_work(desk) as session:
        assert_same(wanted, by_trail(session, desk, day))


@pytest.fixture
def walked(sqlite_desk: Desk) -> Walked:
    load_unchanged(sqlite_desk)
    return Walked(sqlite_desk)


# --- what a day shows -----------------------------------------------------------------------------


@pytest.fixture
def built(desk_in: DeskIn) -> Desk:
    """A project that has been built; the site was confirmed in February, work began in May."""
    return desk_in(BUILT)


def one(desk: Desk, day: date, *, known: bool = False) -> tuple[str, Disposition]:
    seen = survey(desk, day, known=known)
    (found,) = [item for item in seen.projects if item.code == ONE]
    return found.stage, found.disposition


def stands(desk: Desk, day: date, rule: str, subject: str = ONE) -> Standing:
    views = deadline_views(desk, day, subject)
    return next(view.standing for view in views if (view.subject, view.rule) == (subject, rule))


def test_one_table_speaks_of_one_day(built: Desk) -> None:
    """Neither that day's lateness beside today's stages, nor the reverse."""
    march, june = date(2023, 3, 20), date(2023, 6, 1)
    stages = built.plan.stage_order
    assert (one(built, march)[0], one(built, june)[0]) == ("review", "construction")
    row = survey(built, march).board[0]
    assert dict(zip(stages, row.by_stage, strict=True))["review"] == 1
    assert dict(zip(stages, row.by_stage, strict=True))["construction"] == 0
    assert sum(row.by_stage) == row.projects == 10
    assert survey(built, march).basis is Basis.HINDSIGHT
    assert survey(built, END).basis is Basis.NEWEST
    assert set(show(built).milestones) > set(project_record(built, ONE, march).milestones)


def test_what_is_overdue_before_a_withdrawal_is_void_from_its_day_on(built: Desk) -> None:
    act(built, "withdraw", "2023-12-20")
    eve, day = date(2023, 12, 19), date(2023, 12, 20)
    assert (stands(built, eve, "D07"), stands(built, day, "D07")) == (OVERDUE, Standing.VOID)
    assert stands(built, END, "D07") is Standing.VOID
    assert one(built, eve) == ("construction", Disposition.ACTIVE)
    assert one(built, day) == ("construction", Disposition.WITHDRAWN)
    boards = [survey(built, each).board[0] for each in (eve, day)]
    assert [row.projects for row in boards] == [10, 9]
    told = str(explain(built, ONE, "D07", eve))
    assert "2023年12月19日（星期二）：逾期" in told
    assert "截至2023年12月19日（星期二），按现在掌握的情况" in told.splitlines()[0]
    assert "按现在掌握的情况" not in str(explain(built, ONE, "D07", END))


def test_on_hold_it_is_suspended_from_its_day_until_it_goes_on(built: Desk) -> None:
    act(built, "hold", "2023-12-04")
    act(built, "resume", "2023-12-11")
    days = [date(2023, 12, day) for day in (3, 4, 10, 11)]
    found = [stands(built, day, "D07") for day in days]
    assert found == [OVERDUE, Standing.SUSPENDED, Standing.SUSPENDED, OVERDUE]


def test_what_ended_by_rejection_ends_on_its_day(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)
    walk(desk, "submit_application")
    act(desk, "reject", "2023-05-10")
    eve, day = date(2023, 5, 9), date(2023, 5, 10)
    assert (stands(desk, eve, "D04"), stands(desk, day, "D04")) == (OVERDUE, Standing.VOID)
    assert one(desk, eve) == ("review", Disposition.ACTIVE)
    assert one(desk, day) == ("review", Disposition.REJECTED)


def test_a_fact_stands_on_the_day_that_it_has_now(built: Desk) -> None:
    change_day(built, "work_started", "2023-06-20")
    assert "work_started" not in project_record(built, ONE, date(2023, 6, 19)).milestones
    assert project_record(built, ONE, date(2023, 6, 20)).milestones["work_started"] == date(
        2023, 6, 20
    )
    assert stands(built, date(2023, 6, 12), "D08") is OVERDUE
    assert stands(built, date(2023, 6, 20), "D08") is Standing.MET_LATE


def test_what_was_reversed_never_was(built: Desk) -> None:
    june = date(2023, 6, 1)
    put_off(built, "D07", "2023-09-29")
    assert stands(built, june, "D07") is not OVERDUE
    assert stands(built, date(2023, 5, 7), "D07") is Standing.ON_TRACK
    row = next(line.id for line in show(built).history if line.action == "complete_construction")
    undo(built, row)
    assert one(built, date(2023, 11, 30))[0] == "construction"
    assert "construction_finished" not in project_record(built, ONE, END).milestones


def test_an_extension_holds_from_the_day_of_its_approval(built: Desk) -> None:
    put_off(built, "D07", "2023-09-29")  # on 8 May
    views = [deadline_views(built, date(2023, 5, day), ONE) for day in (7, 8)]
    found = [next(v.overdue_after for v in each if v.rule == "D07") for each in views]
    assert found == [date(2023, 5, 31), date(2023, 10, 7)]  # the holidays of that week


def test_money_is_that_of_the_day(built: Desk) -> None:
    money(built, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "400000.00", "2023-05-04")
    moved = {"to_holder": Holder.COUNTY}
    source, holder = Source.PROVINCE, Holder.CITY
    money(built, EntryKind.TRANSFER, source, holder, "400000.00", "2023-06-20", **moved)
    of_day = {
        day: funds_views(built, survey(built, date.fromisoformat(day)), ONE)[0]
        for day in ("2023-04-19", "2023-04-20", "2023-05-04", "2023-12-31")
    }
    assert of_day["2023-04-19"].released is None
    assert of_day["2023-04-20"].released
    received = [view.received[Source.PROVINCE] for view in of_day.values()]
    assert received == [0, 0, Decimal("400000.00"), Decimal("400000.00")]
    then = survey(built, date(2023, 6, 19)).projects
    rests = [it for each in then for it in resting_money(each.code, "", CITY, each.lines)]
    assert [(item.holder, item.amount) for item in rests] == [(Holder.CITY, Decimal("400000.00"))]
    held = project_record(built, ONE, date(2023, 6, 19)).milestones
    assert held["city_received"] == date(2023, 5, 4)
    assert not {"city_passed_on", "county_received"} & set(held)
    assert stands(built, date(2023, 6, 12), "M01") is Standing.COORDINATING
    assert stands(built, date(2023, 6, 20), "M01") is Standing.MET
    assert stands(built, date(2023, 6, 19), "M02") is Standing.WAITING


def test_a_line_that_is_booked_late_counts_from_its_own_day(built: Desk) -> None:
    money(built, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "200000.00", "2023-06-01")
    money(built, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "200000.00", "2023-05-04")
    assert project_record(built, ONE, date(2023, 5, 10)).milestones["city_received"] == date(
        2023, 5, 4
    )
    assert project_record(built, ONE, date(2023, 5, 10)).funds.balance == Decimal("200000.00")
    assert "city_received" not in project_record(built, ONE, date(2023, 5, 3)).milestones


def test_reports_are_those_that_had_come_by_the_day(built: Desk) -> None:
    report(built, "2023-06", 30)
    report(built, "2023-07", 40)
    seen = survey(built, date(2023, 7, 10))
    (told,) = (it.progress for it in seen.projects if it.code == ONE)
    assert [(each.period, each.percent) for each in told] == [("2023-06", 30)]
    shown = board_table(built.plan, seen.board, seen.as_of, seen.basis)
    assert "截至 2023-07-10，按现在掌握的情况" in shown.title


def test_the_record_of_a_project_shows_what_had_come_about(built: Desk) -> None:
    then = project_record(built, ONE, date(2023, 3, 20))
    text = project_text(built, then)
    assert text.startswith(f"{ONE} ")
    assert "（截至 2023-03-20，按现在掌握的情况）" in text.splitlines()[0]
    assert "阶段：评审（推进中）" in text
    assert max(line.effective_on for line in then.history) <= date(2023, 3, 20)
    assert "determine" in {action.action for action in then.next_actions}
    assert then.revision == max(line.id for line in then.history)
    now = project_record(built, ONE, END)
    assert "截至" not in project_text(built, now).splitlines()[0]
    assert then.history == tuple(
        line for line in now.history if line.effective_on <= date(2023, 3, 20)
    )


# --- what was on record ---------------------------------------------------------------------------


def late_typed(desk: Desk) -> None:
    """The site was confirmed in February; somebody typed it on the evening of 20 March."""
    asked = Act(ONE, "confirm_site", date(2023, 2, 6), PROVINCE, "示例文件")
    with writing(desk.engine) as session:
        advance(session, desk, asked, today=END, at=datetime(2023, 3, 20, 15, 59, tzinfo=UTC))


TYPED = Snapshot("typed_late", late_typed, TAIYUAN)


def test_known_is_what_was_on_record_at_the_end_of_the_day_in_shanghai(desk_in: DeskIn) -> None:
    desk = desk_in(TYPED)
    eve, day = date(2023, 3, 19), date(2023, 3, 20)
    assert one(desk, eve)[0] == "application"
    assert one(desk, eve, known=True)[0] == "siting"
    assert one(desk, day, known=True)[0] == "application"
    assert one(desk, date(2023, 2, 5))[0] == "siting"
    assert [basis_of(desk, day) for day in (date(2023, 2, 5), date(2023, 2, 6))] == [
        Basis.HINDSIGHT,
        Basis.NEWEST,
    ]
    assert basis_of(desk, END, known=True) is Basis.ON_RECORD
    text = project_text(desk, project_record(desk, ONE, eve, known=True))
    assert "（截至 2023-03-19，按当日在册的记录）" in text.splitlines()[0]
    assert "confirm_site" not in [
        line.action for line in project_record(desk, ONE, eve, known=True).history
    ]


def test_a_minute_later_it_is_the_next_day_in_shanghai(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)
    asked = Act(ONE, "confirm_site", date(2023, 2, 6), PROVINCE, "示例文件")
    with writing(desk.engine) as session:
        advance(session, desk, asked, today=END, at=datetime(2023, 3, 20, 16, 0, tzinfo=UTC))
    assert one(desk, date(2023, 3, 20), known=True)[0] == "siting"
    assert one(desk, date(2023, 3, 21), known=True)[0] == "application"


def test_what_is_reversed_since_was_on_record_before(built: Desk) -> None:
    row = next(line.id for line in show(built).history if line.action == "complete_construction")
    undo(built, row)  # all are recorded on 16 January, so that the reversal is, too
    assert one(built, date(2023, 12, 1), known=True)[0] == "construction"


def test_who_was_not_on_record_is_not_there(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)  # imported on 16 January
    eve = date(2023, 1, 15)
    assert len(survey(desk, eve).projects) == 10
    seen = survey(desk, eve, known=True)
    assert seen.projects == ()
    assert {view.subject for view in seen.views} >= {CITY, desk.plan.province}
    assert not any(view.subject.startswith("XF") for view in seen.views)
    with pytest.raises(RefusedError, match="尚未登记在册"):
        project_record(desk, ONE, eve, known=True)


# --- lists and exports ----------------------------------------------------------------------------


def sheet(path: Path) -> list[list[object]]:
    book = load_workbook(path)
    return [list(row) for each in book for row in each.iter_rows(values_only=True)]


@pytest.mark.parametrize("kind", list(Listing))
def test_a_list_says_which_day_and_by_what(built: Desk, tmp_path: Path, kind: Listing) -> None:
    march = date(2023, 3, 20)
    for known, basis in ((False, "按现在掌握的情况"), (True, "按当日在册的记录")):
        order = WorkbookOrder(kind, CITY, known=known)
        path = export_workbook(built, order, tmp_path, march)
        assert "2023-03-20" in path.name
        assert ("按当日在册的记录" in path.name) is known
        assert any(f"2023-03-20，{basis}" in str(cell) for row in sheet(path) for cell in row)
    newest = export_workbook(built, WorkbookOrder(kind, CITY), tmp_path, END)
    assert not any("按现在" in str(cell) for row in sheet(newest) for cell in row)


def test_the_list_of_projects_has_the_stages_of_the_day(built: Desk, tmp_path: Path) -> None:
    order = WorkbookOrder(Listing.PROJECTS, CITY)
    rows = sheet(export_workbook(built, order, tmp_path, date(2023, 3, 20)))
    (mine,) = [row for row in rows if ONE in row and "评审" in row]
    assert "建设" not in mine
    assert not any(
        isinstance(cell, datetime) and cell.date() > date(2023, 3, 20)
        for row in rows
        if ONE in row
        for cell in row
    )


def test_the_ledger_of_projects_says_on_every_page_how_open_it_is(
    built: Desk, tmp_path: Path
) -> None:
    """R01: 此件依申请公开."""
    path = export_workbook(built, WorkbookOrder(Listing.PROJECTS, CITY), tmp_path, END)
    for page in load_workbook(path).worksheets:
        assert page.oddFooter is not None
        assert "此件依申请公开" in str(page.oddFooter.left.text)


def test_a_form_knows_no_past(built: Desk, tmp_path: Path) -> None:
    order = WorkbookOrder(Form.APPLICATION, ONE, known=True)
    with pytest.raises(RefusedError, match="只按最新情况预填"):
        export_workbook(built, order, tmp_path, END)


# --- nothing earlier is published as the newest ---------------------------------------------------


def test_only_the_newest_day_is_published(built: Desk) -> None:
    require_newest(built, date(2023, 11, 20))
    with pytest.raises(RefusedError, match=r"数据已到2023-11-20，2023-06-01的情况不能作为最新"):
        require_newest(built, date(2023, 6, 1))


def test_a_later_day_that_was_decided_is_newer_too(sqlite_desk: Desk) -> None:
    require_newest(sqlite_desk, date(2023, 2, 1))
    enforce(sqlite_desk, date(2023, 3, 1), morning(date(2023, 3, 1)))
    require_newest(sqlite_desk, date(2023, 3, 1))
    with pytest.raises(RefusedError, match="数据已到2023-03-01"):
        require_newest(sqlite_desk, date(2023, 2, 28))


def test_the_demonstration_does_not_go_back(built: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before a server starts or anything is recorded."""
    monkeypatch.setenv("XINGFU_BUSINESS_DATE", "2023-12-31")  # which it pins; undone afterwards
    before = show(built)
    with pytest.raises(RefusedError, match="数据已到2023-11-20，2023-06-01的情况不能作为最新"):
        demo(built.settings, date(2023, 6, 1), stay=False)
    assert show(built) == before


def test_no_page_of_a_day_that_lies_behind_is_published(built: Desk) -> None:
    """Refused before Prefect is asked for anything."""
    with pytest.raises(RefusedError, match="不能作为最新"):
        publish_day(built, date(2023, 6, 1), NOTHING)

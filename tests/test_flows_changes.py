"""Extensions, amendments and reversals: the old is kept, and what hangs on it is not lost."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from models.audits import history
from models.database import reading, writing
from models.plans import install_plan
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.corrections import Reversal, reverse_whole
from operations.cases.desk import Desk
from operations.cases.fulfilment import refresh_all
from operations.daily.enforcement import enforce
from operations.views.explain import explain
from operations.views.overview import deadline_views, projects
from policy.vocabulary import AuditKind, Disposition, EntryKind, Holder, Source, Standing
from states.decide import first_look
from tests.conftest import AT, DeskIn
from tests.support.province import END, morning
from tests.support.steps import (
    ONE,
    PROVINCE,
    TAIYUAN,
    act,
    change_day,
    load,
    money,
    put_off,
    show,
    stored,
    undo,
    walk,
)

pytestmark = pytest.mark.heavy


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    return desk_in(TAIYUAN)


def view(desk: Desk, rule: str, as_of: date, subject: str = ONE) -> tuple[str, Standing]:
    found = next(
        v for v in deadline_views(desk, as_of, ONE) if (v.rule, v.subject) == (rule, subject)
    )
    return str(found.overdue_after), found.standing


def owed(desk: Desk, rule: str, status: str) -> list[str]:
    query = text("SELECT due FROM outbox WHERE rule = :rule AND status = :status AND subject = :s")
    with desk.engine.connect() as connection:
        rows = connection.execute(query, {"rule": rule, "status": status, "s": ONE})
        return sorted({str(row[0])[:10] for row in rows})


# --- extensions -----------------------------------------------------------------------------------


@pytest.mark.heavy
def test_an_extension_moves_the_date_and_starts_reminders_anew(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    enforce(taiyuan, date(2023, 6, 1), morning(date(2023, 6, 1)))
    assert view(taiyuan, "D08", date(2023, 6, 1)) == ("2023-05-31", Standing.OVERDUE)
    assert owed(taiyuan, "D08", "pending") == ["2023-05-31"]
    done = put_off(taiyuan, "D08", "2023-07-01", on=date(2023, 6, 2))  # a Saturday
    assert (str(done.old), str(done.new)) == ("2023-05-31", "2023-07-03")
    assert view(taiyuan, "D08", date(2023, 6, 5)) == ("2023-07-03", Standing.ON_TRACK)
    assert owed(taiyuan, "D08", "pending") == []
    enforce(taiyuan, date(2023, 7, 4), morning(date(2023, 7, 4)))
    assert view(taiyuan, "D08", date(2023, 7, 4))[1] is Standing.OVERDUE
    assert owed(taiyuan, "D08", "pending") == ["2023-07-03"]
    told = str(explain(taiyuan, ONE, "D08", date(2023, 6, 5)))
    assert "原定2023年5月31日" in told
    assert "经批准延期至2023年7月1日" in told
    row = show(taiyuan).history[-1] if show(taiyuan).history[-1].kind == "extension" else None
    row = row or next(r for r in show(taiyuan).history if r.kind == "extension")
    assert (row.evidence, row.effective_on) == ("示例批复", date(2023, 6, 2))


def test_a_citys_duty_is_extended_too_and_a_new_plan_keeps_it(taiyuan: Desk) -> None:
    put_off(taiyuan, "D10-05", "2023-06-02", "太原市")
    assert view(taiyuan, "D10-05", date(2023, 5, 29), "太原市")[0] == "2023-06-02"
    plan = taiyuan.plan.model_copy(update={"digest": "a" * 64})
    after = Desk(taiyuan.settings, plan, taiyuan.calendar, taiyuan.engine)
    with writing(after.engine) as session:
        assert install_plan(session, plan, after.calendar, AT)
        refresh_all(session, after)
    assert view(after, "D10-05", date(2023, 5, 29), "太原市")[0] == "2023-06-02"


@pytest.mark.parametrize(
    ("rule", "until", "changes", "says"),
    [
        ("D08", "2023-05-31", {}, "规定日期为2023-05-31，延期须晚于该日"),
        ("D17", "2024-01-05", {}, "不得延至次年"),
        ("D08", "2023-06-30", {"evidence": " "}, "须有批准文件"),
        ("D08", "2023-06-30", {"on": date(2024, 2, 1)}, "尚未到来"),
        ("D21", "2023-06-30", {}, "未起算"),
        ("D99", "2023-06-30", {}, "没有时限“D99”"),
        ("D03", "2023-06-30", {}, "按期完成"),
    ],
)
def test_an_extension_that_cannot_be(
    taiyuan: Desk, rule: str, until: str, changes: dict[str, Any], says: str
) -> None:
    walk(taiyuan, "determine")
    before = deadline_views(taiyuan, date(2023, 6, 1), ONE)
    with pytest.raises(RefusedError, match=says):
        put_off(taiyuan, rule, until, **changes)
    assert deadline_views(taiyuan, date(2023, 6, 1), ONE) == before


# --- a second visit -------------------------------------------------------------------------------


@pytest.mark.heavy
def test_each_failed_acceptance_has_its_own_deadline_and_reminders(taiyuan: Desk) -> None:
    walk(taiyuan, "check_completion")
    act(taiyuan, "fail_acceptance", "2023-12-01")
    assert view(taiyuan, "D21", date(2023, 12, 1))[0] == "2023-12-18"  # the 16th is a Saturday
    enforce(taiyuan, date(2023, 12, 7), morning(date(2023, 12, 7)))
    assert owed(taiyuan, "D21", "pending") == ["2023-12-18"]
    act(taiyuan, "finish_rectification", "2023-12-07")
    assert view(taiyuan, "D21", date(2023, 12, 7))[1] is Standing.MET
    assert owed(taiyuan, "D21", "pending") == []
    assert view(taiyuan, "D22", date(2023, 12, 7))[0] == "2023-12-14"  # five workdays
    act(taiyuan, "fail_acceptance", "2023-12-11")
    assert view(taiyuan, "D21", date(2023, 12, 11)) == ("2023-12-26", Standing.ON_TRACK)
    enforce(taiyuan, date(2023, 12, 27), morning(date(2023, 12, 27)))
    assert owed(taiyuan, "D21", "pending") == ["2023-12-26"]


# --- amendments -----------------------------------------------------------------------------------


def test_an_approved_change_of_a_day_keeps_the_old_one(taiyuan: Desk) -> None:
    walk(taiyuan, "break_ground")
    assert view(taiyuan, "D08", date(2023, 6, 30))[1] is Standing.MET
    change_day(taiyuan, "work_started", "2023-06-05")
    assert view(taiyuan, "D08", date(2023, 6, 30))[1] is Standing.MET_LATE
    row = show(taiyuan).history[-1]
    assert (row.kind, row.effective_on) == ("amendment", date(2023, 6, 5))


@pytest.mark.parametrize(
    ("milestone", "on", "says"),
    [
        ("work_started", "2023-11-21", "不能早于2023年11月21日"),
        ("work_started", "2023-03-27", "不能早于该日"),
        ("work_started", "2023-05-10", "无需变更"),
        ("accepted", "2023-12-01", "没有已登记的节点“accepted”"),
    ],
)
def test_an_amendment_holds_to_what_came_before_and_after(
    taiyuan: Desk, milestone: str, on: str, says: str
) -> None:
    walk(taiyuan, "complete_construction")
    with pytest.raises(RefusedError, match=says):
        change_day(taiyuan, milestone, on)


# --- reversals ------------------------------------------------------------------------------------


def test_a_wrong_action_is_reversed_by_a_new_row(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    before = stored(taiyuan)
    act(taiyuan, "release_funds", "2023-04-20")
    row = show(taiyuan).history[-1].id
    undo(taiyuan, row)
    after = stored(taiyuan)
    assert (after.stage, after.milestones, after.released) == (
        before.stage,
        before.milestones,
        None,
    )
    history = show(taiyuan).history
    assert [line.reversed for line in history if line.id == row] == [True]
    assert history[-1].kind == "reversal"
    act(taiyuan, "release_funds", "2023-04-25")
    assert stored(taiyuan).milestones["funds_released"] == date(2023, 4, 25)


@pytest.mark.parametrize(
    ("action", "says"),
    [("determine", "请从最近一次办理起依次更正"), ("import", "请从最近一次办理起依次更正")],
)
def test_what_something_hangs_on_is_not_reversed(taiyuan: Desk, action: str, says: str) -> None:
    walk(taiyuan, "break_ground")
    row = next(line.id for line in show(taiyuan).history if line.action == action)
    with pytest.raises(RefusedError, match=says):
        undo(taiyuan, row)


def test_a_record_that_an_opening_needs_is_not_reversed(taiyuan: Desk) -> None:
    walk(taiyuan, "break_ground")
    act(taiyuan, "open_operation", "2023-09-01")
    row = next(line.id for line in show(taiyuan).history if line.action == "operator_confirmed")
    with pytest.raises(RefusedError, match="以“运营机构确定”为前提"):
        undo(taiyuan, row)
    with pytest.raises(RefusedError, match="没有第999999号记录"):
        undo(taiyuan, 999999)


def test_a_receipt_already_spent_is_not_reversed(taiyuan: Desk) -> None:
    walk(taiyuan, "release_funds")
    money(taiyuan, EntryKind.RECEIPT, Source.OTHER, Holder.PROJECT, "10.00", "2023-05-04")
    receipt = stored(taiyuan).lines[0].audit_id
    pays = {"category": "construction", "payee": "示例公司"}
    money(taiyuan, EntryKind.EXPENSE, Source.OTHER, Holder.PROJECT, "10.00", "2023-05-05", **pays)
    with pytest.raises(RefusedError, match="余额为负"):
        undo(taiyuan, receipt)
    undo(taiyuan, stored(taiyuan).lines[1].audit_id)
    undo(taiyuan, receipt)
    assert stored(taiyuan).lines == ()
    with pytest.raises(RefusedError, match="已被更正"):
        undo(taiyuan, receipt)


# --- what was granted is taken back ---------------------------------------------------------------


def last_row(desk: Desk, kind: AuditKind, subject: str = ONE) -> int:
    with reading(desk.engine) as session:
        return max(row.id or 0 for row in history(session, desk.plan, subject) if row.kind == kind)


def test_an_extension_is_taken_back_and_reminders_follow_the_old_day(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    put_off(taiyuan, "D08", "2023-07-01")
    first = last_row(taiyuan, AuditKind.EXTENSION)
    put_off(taiyuan, "D08", "2023-08-01")
    undo(taiyuan, last_row(taiyuan, AuditKind.EXTENSION))
    assert view(taiyuan, "D08", date(2023, 5, 9))[0] == "2023-07-03"
    undo(taiyuan, first)
    assert view(taiyuan, "D08", date(2023, 5, 9)) == ("2023-05-31", Standing.ON_TRACK)
    enforce(taiyuan, date(2023, 6, 1), morning(date(2023, 6, 1)))
    assert view(taiyuan, "D08", date(2023, 6, 1))[1] is Standing.OVERDUE
    assert owed(taiyuan, "D08", "pending") == ["2023-05-31"]
    with pytest.raises(RefusedError, match="已被更正"):
        undo(taiyuan, first)


def test_an_extension_may_be_shortened_but_not_below_the_rules_day(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    put_off(taiyuan, "D08", "2023-08-01")
    assert str(put_off(taiyuan, "D08", "2023-06-15").new) == "2023-06-15"
    with pytest.raises(RefusedError, match="规定日期为2023-05-31，延期须晚于该日"):
        put_off(taiyuan, "D08", "2023-05-31")
    with pytest.raises(RefusedError, match="已延期至2023年6月15日"):
        put_off(taiyuan, "D08", "2023-06-15")


@pytest.mark.parametrize("how", ["extension", "hold"])
def test_the_first_rung_comes_on_its_day_where_nothing_was_recorded_yet(
    taiyuan: Desk, how: str
) -> None:
    """太原市's second project has no fact yet: its ladder begins as any other's."""
    other = "XF2023-140105-02"
    if how == "extension":
        put_off(taiyuan, "D08", "2023-07-01", other)
    else:
        act(taiyuan, "hold", "2023-01-20", other)
        act(taiyuan, "resume", "2023-01-21", other)
    query = "SELECT remind_by, next_look_on FROM deadline WHERE subject = :code AND rule = 'D08'"
    with taiyuan.engine.connect() as connection:
        days = connection.execute(text(query), {"code": other}).one()
    remind_by, look = (date.fromisoformat(str(day)) for day in days)
    assert look == first_look(remind_by, taiyuan.plan.ladder, taiyuan.calendar)


def test_an_acknowledgement_is_taken_back_and_what_it_silenced_is_owed_again(
    taiyuan: Desk,
) -> None:
    walk(taiyuan, "determine")
    for day in (date(2023, 6, 1), date(2023, 6, 15)):
        enforce(taiyuan, day, morning(day))
    before = owed(taiyuan, "D08", "pending")
    said = Acknowledgement(ONE, "D08", date(2023, 7, 10), date(2023, 6, 15), PROVINCE, "示例原因")
    with writing(taiyuan.engine) as session:
        acknowledge(session, taiyuan, said, today=END, at=AT)
    undo(taiyuan, last_row(taiyuan, AuditKind.ACKNOWLEDGEMENT))
    query = "SELECT quiet_until FROM deadline WHERE subject = :code AND rule = 'D08'"
    with taiyuan.engine.connect() as connection:
        assert connection.execute(text(query), {"code": ONE}).scalar_one() is None
    assert owed(taiyuan, "D08", "pending") == before


def test_a_citys_duty_that_was_recorded_in_error_is_open_again(taiyuan: Desk) -> None:
    act(taiyuan, "D10-05", "2023-05-24", "太原市")
    act(taiyuan, "D10-05", "2023-05-25", "太原市")
    undo(taiyuan, last_row(taiyuan, AuditKind.RECORD, "太原市"))
    may = "SELECT fulfilled_on FROM deadline WHERE subject = '太原市' AND rule = 'D10-05'"
    with taiyuan.engine.connect() as connection:
        assert str(connection.execute(text(may)).scalar_one()) == "2023-05-24"
    undo(taiyuan, last_row(taiyuan, AuditKind.REVERSAL, "太原市") - 2)
    assert view(taiyuan, "D10-05", END, "太原市")[1] is Standing.OVERDUE


def test_an_import_is_taken_back_whole_and_may_come_again(desk_in: DeskIn) -> None:
    taiyuan = desk_in(TAIYUAN)
    codes = [view.code for view in projects(taiyuan)]
    row = min(line.id for line in show(taiyuan, codes[-1]).history)
    with writing(taiyuan.engine) as session:
        asked = Reversal(row, END, PROVINCE, "示例更正单")
        done = reverse_whole(session, taiyuan, asked, today=END, at=AT)
    assert {code for code, _ in done} == set(codes)
    assert {view.disposition for view in projects(taiyuan)} == {Disposition.WITHDRAWN}
    load(taiyuan)
    goes_on = [v.code for v in projects(taiyuan) if v.disposition is Disposition.ACTIVE]
    assert len(goes_on) == len(codes)
    assert not set(goes_on) & set(codes)


def test_what_others_recorded_since_keeps_an_import(taiyuan: Desk) -> None:
    walk(taiyuan, "confirm_site")
    row = min(line.id for line in show(taiyuan).history)
    with (
        pytest.raises(RefusedError, match="其后另有办理"),
        writing(taiyuan.engine) as session,
    ):
        reverse_whole(session, taiyuan, Reversal(row, END, PROVINCE, "示例"), today=END, at=AT)

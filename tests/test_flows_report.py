"""月报 in and out on both databases: whole or not at all, never twice (五(五), R69)."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from common.errors import RefusedError
from documents.forms.report import FURTHER_SHEET
from documents.reading.faults import WorkbookError
from documents.reading.grid import open_book, read_book
from documents.reading.identity import PROPERTY
from models.audits import history, newest
from models.database import reading, writing
from models.projects import dossiers_in, facts
from operations.cases.desk import Desk
from operations.cases.progress import ProgressReport, report_progress
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import import_workbook, recognised, take_in
from operations.workbooks.outgoing import WorkbookOrder
from operations.workbooks.report import filled_in
from policy.fields import REPORT_SHEET
from policy.vocabulary import AuditKind, EntryKind, Form, Holder, Source
from states.progress import Progress
from tests.conftest import AT, DeskIn
from tests.support.delivering import at
from tests.support.province import END
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act, money, report, stored, undo, walk
from tests.support.stores import Snapshot
from tests.support.tape import Tape
from tests.test_flows_workbooks import edited, everything

pytestmark = pytest.mark.heavy

TWO = "XF2023-140121-01"
ANOTHER = "XF2023-140105-02"
CITY, BUREAU = "太原市", "太原市民政局"
JUNE = date(2023, 6, 24)
MILLION = Decimal("1000000.00")
AS_IT_IS = ImportOptions()
Cells = dict[str, object]


def begin(desk: Desk) -> None:
    """Two projects are determined, the others have ended; works on the first began in May, of
    which there is a report."""
    walk(desk, "break_ground")
    walk(desk, "determine", TWO)
    with reading(desk.engine) as session:
        others = {item.code for item in dossiers_in(session, desk.plan, CITY)} - {ONE, TWO}
    for code in sorted(others):
        act(desk, "withdraw", "2023-04-03", code)
    report(desk, "2023-05", 10, invested=MILLION, on_schedule=True)


BEGUN = Snapshot("begun", begin, TAIYUAN)


@pytest.fixture
def begun(desk_in: DeskIn) -> Desk:
    return desk_in(BEGUN)


def exported(desk: Desk, folder: Path, month: str = "2023-06") -> Path:
    asked = WorkbookOrder(Form.REPORT, CITY, month)
    return export_workbook(desk, asked, folder / "月报.xlsx", END, force=True)


def take(desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS, **more: Any) -> WorkbookChanges:
    return import_workbook(desk, path, asked, today=more.pop("today", JUNE), at=AT, **more).taken


def put(path: Path, first: Cells, further: Cells | None = None) -> Path:
    """Fill cells of both sheets in: 4 is the first project's row, 5 the second's."""

    def edit(book: Workbook) -> None:
        for sheet, values in ((REPORT_SHEET, first), (FURTHER_SHEET, further or {})):
            for cell, value in values.items():
                book[sheet][cell] = value  # type: ignore[assignment]  # any value

    return edited(path, edit)


def unsigned(path: Path) -> Path:
    def edit(book: Workbook) -> None:
        del book.custom_doc_props[PROPERTY]  # type: ignore[attr-defined]  # not in the stubs

    return edited(path, edit)


def refused(desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS) -> list[tuple[str, str, str]]:
    """Sheet, cell and reason of every fault; nothing was written."""
    before = everything(desk)
    with pytest.raises(WorkbookError) as caught:
        take(desk, path, asked)
    assert everything(desk) == before
    return [(fault.spot.sheet, fault.spot.cell, fault.reason) for fault in caught.value.faults]


def duty(desk: Desk, id: str = "D10-06") -> date | None:
    with reading(desk.engine) as session:
        return facts(session, desk.plan, [CITY]).get(CITY, {}).get(id)


def progress(desk: Desk, code: str = ONE, month: str = "2023-06") -> Progress | None:
    return next((each for each in stored(desk, code).progress if each.period == month), None)


# --- out ------------------------------------------------------------------------------------------


def test_it_is_filled_in_with_all_that_is_known(begun: Desk, tmp_path: Path) -> None:
    money(begun, EntryKind.RECEIPT, Source.CITY, Holder.CITY, "400000.00", "2023-05-20")
    money(begun, EntryKind.RECEIPT, Source.COUNTY, Holder.COUNTY, "100000.50", "2023-05-21")
    main, further = open_book(exported(begun, tmp_path)).sheets
    project = stored(begun)
    first, second = main.rows[3:-1]
    assert first[:11] == [
        *(1.0, "小店区", project.name, ONE, "建设", date(2023, 5, 10), 10.0, 100.0, 0.0),
        *(50.00005, project.profile.operator),
    ]
    assert first[11:14] == ["", "", ""]  # what is said anew each month
    assert first[14:] == [project.profile.responsible_person, project.profile.responsible_phone]
    assert second[3:10] == [TWO, "资金下达", "", "", "", 0.0, 0.0]
    assert further.rows[3][4:] == [date(2023, 4, 25), "", "", "", ""]


def test_before_any_is_determined_all_that_go_on_are_reported(
    desk_in: DeskIn, tmp_path: Path
) -> None:
    taiyuan = desk_in(TAIYUAN)
    assert len(open_book(exported(taiyuan, tmp_path)).sheets[0].rows) == 3 + 10 + 1
    act(taiyuan, "withdraw", "2023-03-01")
    assert len(open_book(exported(taiyuan, tmp_path)).sheets[0].rows) == 3 + 9 + 1  # the example


@pytest.mark.heavy
def test_it_carries_every_project_that_goes_on_the_stuck_ones_first(
    desk_in: DeskIn, tmp_path: Path
) -> None:
    """One works, one is determined only, one is on hold, seven have not even their site."""
    taiyuan = desk_in(TAIYUAN)
    walk(taiyuan, "break_ground")
    walk(taiyuan, "determine", TWO)
    walk(taiyuan, "determine", ANOTHER)
    act(taiyuan, "hold", "2023-04-19", ANOTHER)
    for source, holder in ((Source.CITY, Holder.CITY), (Source.COUNTY, Holder.COUNTY)):
        promised = stored(taiyuan).profile.promised[source]
        money(taiyuan, EntryKind.RECEIPT, source, holder, str(promised), "2023-05-12")
    enforce(taiyuan, date(2023, 6, 12), at=AT)
    path = exported(taiyuan, tmp_path)
    main, further = open_book(path).sheets
    codes = [str(row[3]) for row in main.rows[3:-1]]
    assert len(codes) == 10
    sites, determined, rest = codes[:7], codes[7], codes[8:]
    assert {ONE, TWO, ANOTHER}.isdisjoint(sites)  # 社区确定 was due on 20 February
    assert sites == sorted(sites)
    assert determined == TWO  # 运营机构 on 30 April, 开工 on 31 May
    assert rest == [ANOTHER, ONE]
    assert [row[3] for row in further.rows[3:-1]] == codes
    assert take(taiyuan, put(path, {"G13": 20})).added == 10
    assert progress(taiyuan, sites[0]) is not None


def test_one_that_is_not_determined_yet_may_not_be_left_out(
    desk_in: DeskIn, tmp_path: Path
) -> None:
    taiyuan = desk_in(TAIYUAN)
    walk(taiyuan, "break_ground")
    path = exported(taiyuan, tmp_path)
    codes = [str(row[3]) for row in open_book(path).sheets[0].rows[3:-1]]
    at = 4 + codes.index(TWO)
    path = put(edited(path, lambda book: book[REPORT_SHEET].delete_rows(at)), {"G4": 5})
    ((sheet, cell, reason),) = refused(taiyuan, path)
    assert (sheet, cell) == (REPORT_SHEET, "D3")
    assert "缺少1个项目：" in reason
    assert f"（{TWO}）" in reason
    assert duty(taiyuan) is None


def test_by_default_it_is_of_the_present_month(begun: Desk, tmp_path: Path) -> None:
    path = export_workbook(begun, WorkbookOrder(Form.REPORT, CITY), tmp_path, date(2023, 7, 3))
    assert path.name == "太原市2023年7月份月报（预填）.xlsx"
    assert path.read_bytes() == exported(begun, tmp_path, "2023-07").read_bytes()
    with pytest.raises(RefusedError, match="月份“7月”有误"):
        exported(begun, tmp_path, "7月")


def test_an_empty_one_has_rows_to_fill_in(begun: Desk, tmp_path: Path) -> None:
    asked = WorkbookOrder(Form.REPORT, CITY, "2023-06", empty=True)
    path = export_workbook(begun, asked, tmp_path / "a.xlsx", END)
    name = stored(begun).name
    rows = {"B4": "小店区", "C4": name, "F4": "2023-05-10", "G4": 20, "D5": TWO}
    assert take(begun, put(path, rows)).added == 2
    assert progress(begun) == Progress("2023-06", 20, audit_id=progress(begun).audit_id)  # type: ignore[union-attr]


# --- in -------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_reported_as_it_was(begun: Desk, tmp_path: Path) -> None:
    done = take(begun, exported(begun, tmp_path))
    assert (done.subject, done.period) == (CITY, "2023-06")
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    one, two = progress(begun), progress(begun, TWO)
    assert one is not None
    assert two is not None
    assert (one.percent, one.invested, one.on_schedule) == (10, MILLION, None)
    assert (two.percent, two.invested) == (0, None)
    assert duty(begun) == JUNE


def test_the_same_again_changes_nothing(begun: Desk, tmp_path: Path) -> None:
    path = put(exported(begun, tmp_path), {"F5": "2023-06-05", "G5": 5, "L4": "是"}, {"I5": None})
    take(begun, path)
    before = everything(begun)
    for again in (path, exported(begun, tmp_path), unsigned(exported(begun, tmp_path))):
        done = take(begun, again, ImportOptions(month="2023-06"), today=date(2023, 6, 30))
        assert (done.added, done.changed, done.unchanged, done.notes) == (0, 0, 2, ())
        assert everything(begun) == before


def test_all_that_has_changed_is_entered_once(begun: Desk, tmp_path: Path) -> None:
    note = "填报单位：太原市民政局　填报人：示例·王某　联系电话：000"
    path = put(
        exported(begun, tmp_path),
        {"A2": note, "F5": "2023年6月5日", "G5": "5%", "H5": "20.5", "L5": "是"}
        | {"G4": 35, "H4": 150, "K4": "示例新机构", "L4": "否", "M4": "雨季", "N4": "赶工"}
        | {"O4": "李某", "P4": "03510000009"},
        {"E5": "2023-04-26", "F4": "2023-06-20"},
    )
    done = take(begun, path)
    assert (done.added, done.changed) == (2, 0)
    (warning,) = done.warnings
    assert warning.spot.cell == "F5"
    assert warning.reason.startswith("省级资金尚未下达")
    one, two = stored(begun), stored(begun, TWO)
    assert (one.profile.operator, one.profile.responsible_person) == ("示例新机构", "李某")
    assert one.milestones["construction_finished"] == date(2023, 6, 20)
    assert two.milestones["work_started"] == date(2023, 6, 5)
    assert two.milestones["operator_confirmed"] == date(2023, 4, 26)
    assert two.stage == "construction"
    last = one.progress[-1]
    assert (last.period, last.percent, last.invested) == ("2023-06", 35, Decimal("1500000.00"))
    assert (last.on_schedule, last.problem, last.next_step) == (False, "雨季", "赶工")
    assert (two.progress[-1].percent, two.progress[-1].invested) == (5, Decimal("205000.00"))
    with reading(begun.engine) as session:
        rows = history(session, begun.plan, ONE)[-3:]
        owed = history(session, begun.plan, CITY)[-1]
    kinds = [AuditKind(row.kind) for row in rows]
    assert kinds == [AuditKind.IMPORT, AuditKind.RECORD, AuditKind.PROGRESS]
    assert {row.actor for row in (*rows, owed)} == {f"{BUREAU} 示例·王某"}
    assert {row.evidence for row in (*rows, owed)} == {"月报.xlsx"}
    assert (owed.action, owed.effective_on) == ("D10-06", JUNE)


def test_what_is_hidden_rounded_or_without_its_year_is_taken_and_told(
    begun: Desk, tmp_path: Path
) -> None:
    def spoil(book: Workbook) -> None:
        sheet = book[REPORT_SHEET]
        sheet["G4"], sheet["G4"].number_format = 0.355, "0.0%"
        sheet["F5"], sheet["G5"] = "6月5日", 5
        book[FURTHER_SHEET]["F4"] = "2023-06-20"
        book[FURTHER_SHEET].sheet_state = "hidden"

    done = take(begun, edited(exported(begun, tmp_path), spoil))
    told = dict[str, str]()
    for fault in done.warnings:
        at = fault.spot.cell or fault.spot.sheet
        told[at] = told.get(at, "") + fault.reason
    assert "“35.5%”已取整，登记为36%" in told["G4"]
    assert "按2023-06-05登记" in told["F5"]
    assert "已隐藏，其中的内容没有读取" in told[FURTHER_SHEET]
    assert stored(begun, TWO).milestones["work_started"] == date(2023, 6, 5)
    assert "construction_finished" not in stored(begun).milestones
    last = progress(begun)
    assert last is not None
    assert last.percent == 36


def test_every_difference_is_told_by_cell_and_a_dry_run_keeps_nothing(
    begun: Desk, tmp_path: Path
) -> None:
    path = put(exported(begun, tmp_path), {"G4": 35, "F5": "2023-06-05", "G5": 1.0}, {"E5": None})
    put(path, {"G5": "1%", "O4": "李某"})
    before = everything(begun)
    done = take(begun, path, dry_run=True)
    assert everything(begun) == before
    told = [(d.spot.cell, d.subject, d.what, d.old, d.new) for d in done.differences]
    assert sorted(told) == [
        ("F5", TWO, "开工日期", "空", "2023-06-05"),
        ("G4", ONE, "形象进度", "10%", "35%"),
        ("G5", TWO, "形象进度", "空", "1%"),
        ("O4", ONE, "责任人", stored(begun).profile.responsible_person, "李某"),
    ]


def test_reporting_again_corrects_the_month_and_not_the_day_of_the_report(
    begun: Desk, tmp_path: Path
) -> None:
    take(begun, put(exported(begun, tmp_path), {"G4": 30, "L4": "否", "M4": "雨季"}))
    later = put(exported(begun, tmp_path), {"G4": 25, "L4": "是", "M4": None})
    done = take(begun, later, today=date(2023, 6, 28))
    assert (done.added, done.changed, done.unchanged) == (0, 1, 1)
    said = progress(begun)
    assert said is not None
    assert (said.percent, said.on_schedule, said.problem) == (25, True, None)
    assert duty(begun) == JUNE


def test_the_office_reports_where_nobody_is_named(begun: Desk, tmp_path: Path) -> None:
    take(begun, exported(begun, tmp_path))
    take(
        begun, put(exported(begun, tmp_path), {"G4": 20}), ImportOptions(actor="太原市民政局 赵某")
    )
    with reading(begun.engine) as session:
        rows = [row for row in history(session, begun.plan, ONE) if row.action == "2023-06"]
    assert [row.actor for row in rows] == [BUREAU, "太原市民政局 赵某"]


def test_a_month_without_the_duty_may_be_reported_all_the_same(begun: Desk, tmp_path: Path) -> None:
    done = take(begun, exported(begun, tmp_path, "2023-02"))
    assert "2023-02没有规定报送月报" in done.notes[0]
    with reading(begun.engine) as session:
        held = facts(session, begun.plan, [CITY]).get(CITY, {})
    assert not [name for name in held if name.startswith("D10")]


# --- what is refused, at its cell -----------------------------------------------------------------

WRONG: dict[str, tuple[Cells, str, str]] = {
    "no progress of works that have begun": ({"G4": None}, "G4", "没有填写形象进度"),
    "progress before works begin": ({"G5": 5}, "G5", "尚未登记开工"),
    "progress that falls": ({"G4": 9}, "G4", "低于2023-05上报的10%"),
    "money that falls": ({"H4": 99.99}, "H4", "少于此前上报的1,000,000.00元"),
    "behind without a reason": ({"L4": "否"}, "M4", "须填写未达序时原因"),
    "another day": ({"F4": "2023-05-11"}, "F4", "登记为2023年5月10日；请恢复原样"),
    "another stage": ({"E4": "验收"}, "E4", "受保护的内容，应为“建设”；请恢复原样"),
    "money not in the ledger": ({"I4": 85.05}, "I4", "受保护的内容，应为“0万元”；请恢复原样，"),
    "shares not in the ledger": ({"J5": 1}, "J5", "资金到位情况请在资金台账登记"),
    "another county": ({"B4": "迎泽区"}, "B4", "与编码不符"),
    "another name": ({"C5": "某某"}, "C5", "与编码不符"),
    "a day to come": ({"F5": "2023-06-30", "G5": 5}, "F5", "尚未到来"),
}
FURTHER_WRONG: dict[str, tuple[Cells, str, str]] = {
    "another day": ({"E4": "2023-04-24"}, "E4", "登记为2023年4月25日；请恢复原样"),
    "finished before it began": ({"F4": "2023-05-09"}, "F4", "尚未登记开工"),
    "open without an operator": ({"I5": "2023-06-01"}, "I5", "尚未确定第三方专业运营机构"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_at_its_cell(begun: Desk, tmp_path: Path, case: str) -> None:
    values, cell, says = WRONG[case]
    path = put(exported(begun, tmp_path), values)
    for made in (path, unsigned(path)):
        (fault,) = refused(begun, made)
        assert fault[:2] == (REPORT_SHEET, cell)
        assert says in fault[2]


@pytest.mark.parametrize("case", FURTHER_WRONG)
def test_so_it_is_on_the_second_sheet(begun: Desk, tmp_path: Path, case: str) -> None:
    values, cell, says = FURTHER_WRONG[case]
    (fault, *others) = refused(begun, put(exported(begun, tmp_path), {}, values))
    assert fault[:2] == (FURTHER_SHEET, cell)
    assert says in fault[2]
    assert {other[:2] for other in others} <= {(FURTHER_SHEET, cell)}


def test_all_faults_are_told_together(begun: Desk, tmp_path: Path) -> None:
    path = put(exported(begun, tmp_path), {"G4": 5, "H4": 1, "L4": "否"}, {"E5": "4月"})
    assert [fault[:2] for fault in refused(begun, path)] == [
        (FURTHER_SHEET, "E5"),
        (REPORT_SHEET, "M4"),
        (REPORT_SHEET, "G4"),
        (REPORT_SHEET, "H4"),
    ]


def test_after_the_first_refusal_nothing_more_of_a_project_is_tried(
    begun: Desk, tmp_path: Path
) -> None:
    path = put(exported(begun, tmp_path), {"G5": 30}, {"F5": "2023-06-01", "G5": "2023-06-02"})
    assert [fault[:2] for fault in refused(begun, path)] == [(FURTHER_SHEET, "F5")]


def test_one_report_covers_all_projects(begun: Desk, tmp_path: Path) -> None:
    path = edited(exported(begun, tmp_path), lambda book: book[REPORT_SHEET].delete_rows(5))
    ((sheet, cell, reason),) = refused(begun, path)
    assert (sheet, cell) == (REPORT_SHEET, "D3")
    assert f"缺少1个项目：清徐县示例八镇示例乙社区养老幸福工程（{TWO}）" in reason
    assert duty(begun) is None


def test_a_code_that_is_none_is_told_once_with_the_one_that_the_name_leads_to(
    begun: Desk, tmp_path: Path
) -> None:
    path = put(exported(begun, tmp_path), {"D5": "XF2023-140121-77"})
    [(sheet, cell, says)] = refused(begun, path)
    assert (sheet, cell) == (REPORT_SHEET, "D5")
    assert re.search("请改为“XF2023-1401[0-9-]+”", says)


def test_an_unknown_project_is_named_and_so_is_the_one_that_is_missing(
    begun: Desk, tmp_path: Path
) -> None:
    wrong: Cells = {"C5": "示例街道示例社区养老幸福工程", "D5": "XF2023-140121-77"}
    path = put(exported(begun, tmp_path), wrong)
    assert [fault[:2] for fault in refused(begun, path)] == [
        (REPORT_SHEET, "D5"),
        (REPORT_SHEET, "D3"),
    ]


def test_a_report_of_another_city_or_month_is_refused(begun: Desk, tmp_path: Path) -> None:
    path = exported(begun, tmp_path)
    with pytest.raises(RefusedError, match="是2023-06的表，不能作为2023-07的表报送"):
        take(begun, path, ImportOptions(month="2023-07"))
    with pytest.raises(RefusedError, match="是太原市的表，不能作为大同市的表报送"):
        take(begun, path, ImportOptions(city="大同市"))
    (fault, *_) = refused(begun, exported(begun, tmp_path, "2023-07"))
    assert "早于2023年7月，请核对月份" in fault[2]


def test_a_signed_report_retitled_for_another_month_or_city_is_refused(
    begun: Desk, tmp_path: Path
) -> None:
    before = everything(begun)
    path = put(exported(begun, tmp_path, "2023-05"), {"A1": "太原市2023年6月月报"})
    with pytest.raises(RefusedError, match="表内写的是2023年6月，本表标识为2023年5月；请用"):
        take(begun, path)
    titles: Cells = {"A1": "大同市2023年6月月报", "A2": "填报单位：大同市民政局"}
    path = put(exported(begun, tmp_path), titles)
    with pytest.raises(RefusedError, match="表中写明的是大同市，不能作为太原市的表报送"):
        take(begun, path)
    with pytest.raises(RefusedError, match="表中写明的是大同市，不能作为太原市的表报送"):
        take(begun, unsigned(path), ImportOptions(city="太原市"))
    assert everything(begun) == before


def test_money_far_above_the_whole_investment_is_asked_about(begun: Desk, tmp_path: Path) -> None:
    total = stored(begun).profile.investment
    assert total is not None
    most = float(total * 3 / 10000)
    path = put(exported(begun, tmp_path), {"H4": most + 0.01})
    ((sheet, cell, reason),) = refused(begun, path)
    assert (sheet, cell) == (REPORT_SHEET, "H4")
    assert "万元的三倍；请核对后改正；确属实的，请附书面说明" in reason
    path = put(exported(begun, tmp_path), {"H4": 1_250_000})
    ((_, _, reason),) = refused(begun, path)
    assert f"所填1250000万元超过投资总额{total / 10000:.2f}万元的三倍" in reason
    assert "如为1250000元，请填125.00" in reason
    path = put(exported(begun, tmp_path), {"H4": most + 0.01})
    take(begun, path, ImportOptions(confirmed=True))
    said = progress(begun)
    assert said is not None
    assert said.invested == total * 3 + 100
    assert take(begun, exported(begun, tmp_path)).unchanged == 2  # what is stored was confirmed


def test_money_up_to_three_times_the_investment_is_taken(begun: Desk, tmp_path: Path) -> None:
    total = stored(begun).profile.investment
    assert total is not None
    assert take(begun, put(exported(begun, tmp_path), {"H4": float(total * 3 / 10000)})).added == 2


def test_a_plan_without_monthly_reports_has_none(begun: Desk, tmp_path: Path) -> None:
    path = exported(begun, tmp_path)
    other = begun.plan.model_copy(update={"report": None})
    without = Desk(begun.settings, other, begun.calendar, begun.engine)
    with pytest.raises(RefusedError, match="没有规定月报"):
        exported(without, tmp_path)
    with pytest.raises(RefusedError, match="没有规定月报"):
        take(without, path)


# --- what was recorded since it was made out ------------------------------------------------------


def test_what_was_left_as_it_was_made_out_keeps_what_is_stored_now(
    begun: Desk, tmp_path: Path
) -> None:
    path = exported(begun, tmp_path)
    act(begun, "complete_construction", "2023-06-20")
    money(begun, EntryKind.RECEIPT, Source.CITY, Holder.CITY, "400000.00", "2023-05-20")
    act(begun, "release_funds", "2023-04-20", TWO)
    report(begun, "2023-06", 40, invested=2 * MILLION, on_schedule=True)
    done = take(begun, path)
    said = progress(begun)
    assert said is not None
    assert (said.percent, said.invested, said.on_schedule) == (40, 2 * MILLION, True)
    assert (done.added, done.unchanged) == (1, 1)
    assert any("形象进度" in note and "沿用现值" in note for note in done.notes)


def test_what_was_changed_here_and_there_is_a_fault(begun: Desk, tmp_path: Path) -> None:
    path = exported(begun, tmp_path)
    report(begun, "2023-06", 40, invested=2 * MILLION)
    ((sheet, cell, reason),) = refused(begun, put(path, {"G4": 35}))
    assert (sheet, cell) == (REPORT_SHEET, "G4")
    assert reason == "形象进度在本表发出后已改为“40%”；请核对后填写，或向省民政厅索取最新表格"
    assert take(begun, put(path, {"G4": 40, "H4": 200})).unchanged == 1


def test_a_milestone_that_came_since_is_no_conflict_unless_the_days_differ(
    begun: Desk, tmp_path: Path
) -> None:
    path = exported(begun, tmp_path)
    act(begun, "operator_confirmed", "2023-04-26", TWO)
    ((sheet, cell, _),) = refused(begun, put(path, {}, {"E5": "2023-04-27"}))
    assert (sheet, cell) == (FURTHER_SHEET, "E5")
    assert take(begun, put(path, {}, {"E5": "2023-04-26"})).added == 2


def test_a_project_that_has_ended_since_is_passed_over(begun: Desk, tmp_path: Path) -> None:
    path = put(exported(begun, tmp_path), {"G5": 0, "O5": "李某"})
    act(begun, "withdraw", "2023-06-20", TWO)
    done = take(begun, path)
    assert (done.added, done.notes) == (
        1,
        (f"{TWO} {stored(begun, TWO).name}：项目为“终止”，不再上报，本表所填未采用",),
    )
    assert stored(begun, TWO).profile.responsible_person != "李某"


def test_a_project_that_was_added_since_is_missing(begun: Desk, tmp_path: Path) -> None:
    path = exported(begun, tmp_path)
    with reading(begun.engine) as session:
        rows = history(session, begun.plan, ANOTHER)
    undo(begun, next(row.id or 0 for row in rows if row.action == "withdraw"))
    assert [fault[:2] for fault in refused(begun, path)] == [(REPORT_SHEET, "D3")]


# --- whatever is stored ---------------------------------------------------------------------------

TEXTS = st.none() | st.text("示例甲乙 a1=+@，。\n", min_size=1, max_size=12).filter(str.strip)
MONTHS = ("2023-05", "2023-06", "2023-07", "2023-08")


@st.composite
def histories(draw: st.DrawFn) -> list[Progress]:
    """Reports of some months, in which nothing falls."""
    months = sorted(draw(st.sets(st.sampled_from(MONTHS), min_size=1)))
    percents = sorted(draw(st.lists(st.integers(10, 100), min_size=4, max_size=4)))
    spent = sorted(draw(st.lists(st.decimals(MILLION, 10**10, places=2), min_size=4, max_size=4)))
    told = []
    for month, percent, invested in zip(months, percents, spent, strict=False):
        on_schedule = draw(st.sampled_from([True, None, False]))
        problem = draw(TEXTS) or ("示例原因" if on_schedule is False else None)
        known = draw(st.sampled_from([invested, None]))
        told.append(Progress(month, percent, known, on_schedule, problem, draw(TEXTS)))
    return told


@pytest.mark.heavy
@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(histories())
def test_whatever_is_stored_comes_back_unchanged(begun: Desk, told: list[Progress]) -> None:
    month = told[-1].period
    with writing(begun.engine) as session:
        for each in (*told, Progress(month, 0)):
            code = ONE if each.percent else TWO
            asked = ProgressReport(code, each, END, PROVINCE)
            report_progress(session, begun, asked, today=END, at=AT)
        made, before = filled_in(session, begun, CITY, month), newest(session, begun.plan)
        book = read_book(made.name, made.content)
        done = take_in(session, begun, book, recognised(begun, book, END), AS_IT_IS, END, AT).taken
        assert (done.added, done.changed, done.unchanged, done.differences) == (0, 0, 2, ())
        again = newest(session, begun.plan) - before
        assert again == (duty(begun, f"D10-{month[5:]}") is None)  # nothing but the duty
        assert filled_in(session, begun, CITY, month).content != made.content  # it has a version
        session.rollback()


# --- with the reminder ----------------------------------------------------------------------------


def reminded(desk: Desk, day: date) -> Tape:
    enforce(desk, day, at=AT)
    tape = Tape()
    deliver(desk, lambda: at(9, day=day), lambda _: tape)
    return tape


def reporting(desk_in: DeskIn) -> Desk:
    """The months before June are reported."""
    begun = desk_in(BEGUN)
    for month in ("03", "04", "05"):
        act(begun, f"D10-{month}", f"2023-{month}-24", CITY)
    return begun


@pytest.mark.heavy
def test_the_reminder_brings_the_report_filled_in(desk_in: DeskIn, tmp_path: Path) -> None:
    begun = reporting(desk_in)
    tape = reminded(begun, date(2023, 6, 20))
    told = next(message for message in tape.sent if message.recipient == BUREAU)
    assert "上报项目建设情况（月报）" in told.text
    (name,) = [each.name for each in told.attachments if "月报" in each.name]
    assert name == "太原市2023年6月份月报（预填）.xlsx"
    assert f"随附预填月报（{name}），请核对补充后报送" in told.text
    (content,) = [each.content for each in told.attachments if each.name == name]
    (tmp_path / name).write_bytes(content)
    assert take(begun, tmp_path / name).added == 2
    later = [m.text for m in reminded(begun, date(2023, 6, 27)).sent if m.recipient == BUREAU]
    assert "上报项目建设情况" not in "".join(later)


@pytest.mark.heavy
def test_who_is_only_told_that_it_is_late_gets_no_report(desk_in: DeskIn) -> None:
    tape = reminded(reporting(desk_in), date(2023, 7, 6))
    told = {m.recipient: [a.name for a in m.attachments] for m in tape.sent if "D10-06" in m.text}
    assert len(told) > 1
    carried = [
        office for office, names in told.items() if "太原市2023年6月份月报（预填）.xlsx" in names
    ]
    assert carried == [BUREAU]

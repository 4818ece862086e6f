"""Who may, by every way in: refused with the offices that may, and nothing written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from inspect import unwrap
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from flows.forms.advance_project import AdvanceRequestForm, advance_project
from flows.forms.fields import user_of
from models.audits import examine
from models.database import reading, writing
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.casework import Act, advance, amend, perform, record
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, commit
from operations.cases.extensions import Extension, extend
from operations.cases.money import Booking, book
from operations.cases.progress import ProgressReport, report_progress
from operations.cases.review import OpinionStatement, give_opinion
from operations.daily.confirmation import Confirmation, admit
from operations.upkeep.rebuilding import Repairer, compare, repair
from operations.upkeep.rewind import Rewind, preview
from operations.upkeep.scenario import happen
from operations.views.project_record import project_record, project_text
from operations.workbooks.directory import ContactChange, set_contact
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import import_workbook
from policy.vocabulary import AuditKind, EntryKind, Holder, Source
from states.casework import rule_on_action
from states.progress import Progress
from states.requirements import Case
from tests.conftest import AT, DeskIn
from tests.support.builders import opinion
from tests.support.handing_in import go, put
from tests.support.province import END
from tests.support.steps import ONE, TAIYUAN, act, judge, money, show, walk

BUREAU, COUNTY, ELSEWHERE = "太原市民政局", "太原市小店区民政局", "大同市民政局"
PROVINCE = "山西省民政厅"
DAY = date(2023, 6, 1)
NOW: dict[str, Any] = {"today": END, "at": AT}


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    """A desk with the ten projects of 太原市, all in siting."""
    return desk_in(TAIYUAN)


def rows(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit")).scalar_one())


def line(actor: str) -> Booking:
    return Booking(
        subject=ONE,
        entry=EntryKind.RECEIPT,
        on=DAY,
        source=Source.CITY,
        holder=Holder.CITY,
        amount=Decimal("1000.00"),
        voucher="示例凭证",
        actor=actor,
    )


def opined(actor: str) -> OpinionStatement:
    given = opinion("示例·专家", 80)
    return OpinionStatement(ONE, given.expert, given.organisation, given.scores, DAY, actor)


ASKED: dict[str, tuple[Callable[..., Any], Callable[[str], Any], str]] = {
    "advance": (advance, lambda who: Act(ONE, "confirm_site", DAY, who), "小店区民政局"),
    "withdraw": (advance, lambda who: Act(ONE, "withdraw", DAY, who, "文件"), PROVINCE),
    "hold": (advance, lambda who: Act(ONE, "hold", DAY, who, "文件"), PROVINCE),
    "fact": (record, lambda who: Act(ONE, "operator_confirmed", DAY, who), "小店区民政局"),
    "violation": (record, lambda who: Act(ONE, "violation_confirmed", DAY, who, "文"), PROVINCE),
    "experience": (
        record,
        lambda who: Act("太原市", "typical_experience", DAY, who, "文"),
        PROVINCE,
    ),
    "report": (record, lambda who: Act("太原市", "D10-03", DAY, who), BUREAU),
    "bulletin": (record, lambda who: Act("山西省", "D11-03", DAY, who), PROVINCE),
    "amend": (amend, lambda who: Act(ONE, "site_confirmed", DAY, who, "文件"), "小店区民政局"),
    "extend": (extend, lambda who: Extension(ONE, "D08", END, DAY, who, "文件"), PROVINCE),
    "know": (acknowledge, lambda who: Acknowledgement(ONE, "D08", END, DAY, who, "因"), "小店区"),
    "book": (book, line, "太原市财政局、太原市民政局"),
    "opinion": (give_opinion, opined, PROVINCE),
    "progress": (
        report_progress,
        lambda who: ProgressReport(ONE, Progress("2023-06", 0), DAY, who),
        BUREAU,
    ),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("who", ["bar", "", "张某", ELSEWHERE])
def test_who_may_not_writes_nothing(taiyuan: Desk, name: str, who: str) -> None:
    operation, asked, those = ASKED[name]
    before = rows(taiyuan)
    with pytest.raises(RefusedError) as refused, writing(taiyuan.engine) as session:
        operation(session, taiyuan, asked(who), **NOW)
    assert those in str(refused.value)
    assert "请写明决定的单位全称" in str(refused.value)
    assert rows(taiyuan) == before


@pytest.mark.parametrize("name", ["withdraw", "hold", "violation", "experience", "extend"])
@pytest.mark.parametrize("who", [BUREAU, COUNTY, "山西省财政厅"])
def test_what_is_the_provinces_nobody_below_decides(taiyuan: Desk, name: str, who: str) -> None:
    operation, asked, _ = ASKED[name]
    with pytest.raises(RefusedError, match=f"{who}不能办理"), writing(taiyuan.engine) as session:
        operation(session, taiyuan, asked(who), **NOW)


def test_a_county_never_releases_the_provinces_money(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    for who in (COUNTY, BUREAU, PROVINCE):
        with pytest.raises(RefusedError, match="“下达资金”由山西省财政厅办理"):
            act(taiyuan, "release_funds", "2023-04-20", actor=who)
    act(taiyuan, "release_funds", "2023-04-20", actor="省财政厅 社会保障处 示例·王某")


def test_the_city_government_applies_and_a_higher_body_records_for_a_lower(taiyuan: Desk) -> None:
    act(taiyuan, "confirm_site", "2023-02-06", actor=BUREAU)
    with pytest.raises(RefusedError, match="由太原市人民政府办理"):
        act(taiyuan, "submit_application", "2023-02-09", actor=BUREAU)
    act(taiyuan, "submit_application", "2023-02-09", actor="太原市人民政府")
    money(taiyuan, EntryKind.RECEIPT, Source.CITY, Holder.PROJECT, "1000.00", "2023-06-01")


def test_nobody_below_takes_back_what_is_not_theirs(taiyuan: Desk) -> None:
    walk(taiyuan, "pass_review")
    row = next(item.id for item in show(taiyuan).history if item.action == "pass_review")
    for who in (COUNTY, BUREAU, "bar"):
        with pytest.raises(RefusedError, match=PROVINCE), writing(taiyuan.engine) as session:
            reverse(session, taiyuan, Reversal(row, END, who, "示例"), **NOW)
    with writing(taiyuan.engine) as session:
        reverse(session, taiyuan, Reversal(row, END, PROVINCE, "示例"), **NOW)


def test_rules_days_and_records_are_the_provinces(taiyuan: Desk) -> None:
    late = END + timedelta(days=200)
    for who in ("bar", BUREAU):
        with pytest.raises(RefusedError, match=PROVINCE):
            preview(taiyuan, Rewind(DAY, who, "示例"), today=END)
        with pytest.raises(RefusedError, match=PROVINCE):
            repair(taiyuan, Repairer(END, who, "示例"), at=AT)
        with pytest.raises(RefusedError, match=PROVINCE), writing(taiyuan.engine) as session:
            admit(session, taiyuan, late, AT, Confirmation(who, "示例"))


def test_a_workbook_comes_from_whom_it_may(taiyuan: Desk) -> None:
    path = EXAMPLE / "workbooks" / "02-大同市.xlsx"
    for who in ("bar", BUREAU):
        with pytest.raises(RefusedError, match="大同市民政局"):
            import_workbook(taiyuan, path, ImportOptions(actor=who), **NOW)
    import_workbook(taiyuan, path, ImportOptions(actor="大同市民政局 示例·王某"), **NOW)


# --- who enters it, and whom the contacts do not know ---------------------------------------------


def test_who_only_enters_it_is_kept_beside_the_office(taiyuan: Desk) -> None:
    act(taiyuan.entered_by("本机用户 lee"), "confirm_site", "2023-02-06", actor=COUNTY)
    (row,) = [item for item in show(taiyuan).history if item.action == "confirm_site"]
    assert (row.actor, row.entered_by, row.doubt) == (COUNTY, "本机用户 lee", "")
    told = project_text(taiyuan, show(taiyuan))
    assert f"经办：{COUNTY}，录入：本机用户 lee" in told
    with reading(taiyuan.engine) as session:
        assert examine(session, taiyuan.plan.id).breaks == ()


def test_a_person_whom_the_contacts_do_not_know_is_doubted_and_recorded(taiyuan: Desk) -> None:
    asked = Act(ONE, "confirm_site", date(2023, 2, 6), f"{COUNTY} 示例·张某")
    plainly = perform(taiyuan, advance, asked, **NOW)
    assert not any("通讯录" in said for said in plainly.warnings)  # nobody of it is known
    set_contact(taiyuan, ContactChange(COUNTY, "示例·李某"))
    asked = replace(asked, name="community_need", evidence="示例", actor=f"{BUREAU} 示例·张某")
    assert perform(taiyuan, record, asked, **NOW).warnings == ()  # of the bureau nobody is known
    set_contact(taiyuan, ContactChange("太原市民政局分管领导", "示例·赵某"))
    asked = replace(asked, evidence="示例二")
    done = perform(taiyuan, record, asked, **NOW)
    (said,) = done.warnings
    assert "通讯录中太原市民政局没有“示例·张某”，已照办" in said
    assert show(taiyuan).history[-1].doubt == "通讯录中太原市民政局没有“示例·张某”"
    boss = replace(asked, evidence="示例三", actor=f"{BUREAU} 示例·赵某")
    assert perform(taiyuan, record, boss, **NOW).warnings == ()  # the bureau's own leader


def test_a_scenario_without_an_actor_is_by_whose_it_is(taiyuan: Desk) -> None:
    with writing(taiyuan.engine) as session:
        happen(session, taiyuan, Act(ONE, "confirm_site", date(2023, 2, 6), ""), **NOW)
        happen(session, taiyuan, line(""), **NOW)
        asked = Extension(ONE, "D08", END, DAY, "", "示例")
        happen(session, taiyuan, asked, **NOW)
    last = [item.actor for item in show(taiyuan).history[-3:]]
    assert last == [COUNTY, "太原市财政局", PROVINCE]


def as_before(desk: Desk, name: str, on: date) -> None:
    """An action as an earlier program wrote it: whatever words for an actor, and nobody asked."""
    with writing(desk.engine) as session:
        casebook = Casebook(session, desk)
        before = casebook.project(ONE)
        ruling = rule_on_action(Case(desk.plan, before, on, "", "张三"), name)
        stages = (before.stage, ruling.position.stage)
        clause = desk.plan.action(name).clause
        kind = AuditKind.TRANSITION
        entry = AuditEntry(ONE, kind, name, "张三", on, clause, "", stages)
        commit(session, desk, casebook, entry, ruling.effects, AT)


@pytest.mark.heavy
def test_rows_from_before_stay_and_the_tables_rebuild(taiyuan: Desk) -> None:
    as_before(taiyuan, "confirm_site", date(2023, 2, 6))
    as_before(taiyuan, "submit_application", date(2023, 2, 9))
    judge(taiyuan, (80, 82, 84))
    with reading(taiyuan.engine) as session:
        assert examine(session, taiyuan.plan.id).breaks == ()
    found = compare(taiyuan, {ONE})
    # What the forms say of days is made up by the snapshot.
    assert [item for item in found.differences if "日期" not in item.field] == []
    assert found.unknown == {}
    old = [item for item in show(taiyuan).history if item.actor == "张三"]
    assert [(item.entered_by, item.doubt) for item in old] == [("", ""), ("", "")]
    with (
        pytest.raises(RefusedError, match="由太原市人民政府办理"),
        writing(taiyuan.engine) as session,
    ):
        reverse(session, taiyuan, Reversal(old[-1].id, END, "张三", "示例"), **NOW)


def test_a_form_names_who_enters_it(taiyuan: Desk) -> None:
    form = AdvanceRequestForm(
        project=ONE,
        action="confirm_site",
        on=date(2023, 2, 6),
        actor=f"{COUNTY} 示例·张某",
        entered_by="示例·录入",
    )
    desk = taiyuan.entered_by(user_of(form))
    told = unwrap(advance_project.fn)(desk, form, **NOW)
    assert f"{COUNTY} 示例·张某" in told
    assert show(taiyuan).history[-1].entered_by == "表单 示例·录入"


def test_the_inbox_enters_what_a_city_reports(taiyuan: Desk) -> None:
    put(taiyuan, (EXAMPLE / "workbooks" / "02-大同市.xlsx").read_bytes(), "附件3.xlsx", "大同市")
    assert len(go(taiyuan, today=END).done) == 1
    (row,) = show(taiyuan, "XF2023-140212-01").history
    assert (row.actor, row.entered_by) == (ELSEWHERE, "收件文件夹")


def test_whoever_looks_at_a_project_sees_whose_each_next_action_is(taiyuan: Desk) -> None:
    walk(taiyuan, "confirm_site")
    steps = {item.action: item for item in project_record(taiyuan, ONE, END).next_actions}
    assert steps["submit_application"].by == ("太原市人民政府",)
    assert steps["hold"].by == ("山西省民政厅",)
    # A reason is missing as long as nobody acts: it is told, and bars nothing.
    assert steps["hold"].lacks == ()
    assert any("未写明依据" in said for said in steps["hold"].warns)
    said = project_text(taiyuan, project_record(taiyuan, ONE, END))
    assert "submit_application（提交申报，五(一)，由太原市人民政府办理）" in said

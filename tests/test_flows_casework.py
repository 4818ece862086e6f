"""Actions and records on both databases: accepted ones are written whole, refused not at all."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlmodel import Session

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from models.database import writing
from models.projects import dossier
from operations.cases.casework import Act, advance, record
from operations.cases.desk import Desk
from operations.cases.effects import Casebook
from operations.cases.money import Booking, book
from operations.cases.progress import ProgressReport, report_progress
from operations.cases.review import OpinionStatement, give_opinion
from operations.daily.enforcement import enforce
from operations.upkeep.scenario import Event, tables
from operations.views.overview import deadline_views
from operations.views.project_record import project_record
from policy.vocabulary import Disposition, EntryKind, Holder, MessageStatus, Source, Standing
from states.progress import Progress
from tests.conftest import AT, DeskIn
from tests.support.deciding import whose
from tests.support.province import END, morning
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act, money, show, walk


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    """A desk with the ten projects of 太原市, all in siting."""
    return desk_in(TAIYUAN)


def state(desk: Desk, code: str = ONE) -> tuple[str, Disposition]:
    found = project_record(desk, code, END)
    return found.stage, found.disposition


def standing(desk: Desk, rule: str, as_of: date = END, code: str = ONE) -> Standing:
    views = deadline_views(desk, as_of, code)
    return next(view.standing for view in views if (view.subject, view.rule) == (code, rule))


def audit_rows(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit")).scalar_one())


def test_the_whole_chain(taiyuan: Desk) -> None:
    walk(taiyuan, "pass_acceptance")
    act(taiyuan, "open_operation", "2023-12-12")
    assert state(taiyuan) == ("operation", Disposition.ACTIVE)
    rules = ("D01", "D03", "D04", "D05", "D06", "D08", "D09", "D14", "D15", "D16", "D17")
    assert {standing(taiyuan, rule) for rule in rules} == {Standing.MET}


def test_each_transition_is_one_audit_row(taiyuan: Desk) -> None:
    before = audit_rows(taiyuan)
    act(taiyuan, "confirm_site", "2023-02-06", evidence="示例选址单1号")
    assert audit_rows(taiyuan) == before + 1
    row = project_record(taiyuan, ONE, END).history[-1]
    assert (row.from_stage, row.to_stage, row.action) == ("siting", "application", "confirm_site")
    assert (row.actor, row.effective_on, row.recorded_at) == (PROVINCE, date(2023, 2, 6), AT)
    assert (row.clause, row.evidence) == ("六(一)", "示例选址单1号")


@pytest.mark.parametrize(
    ("name", "on", "reason"),
    [
        ("determine", "2023-02-06", "不能办理“研究确定”"),
        ("confirm_site", "2024-01-05", "尚未到来"),
        ("confirm_site", "2022-02-06", "早于实施方案印发日"),
        ("fly", "2023-02-06", "没有办理动作“fly”"),
    ],
)
def test_a_refusal_changes_nothing(taiyuan: Desk, name: str, on: str, reason: str) -> None:
    before = audit_rows(taiyuan)
    asked = Act(ONE, name, date.fromisoformat(on), whose(ONE, name), "示例文件")
    with pytest.raises(RefusedError, match=reason), writing(taiyuan.engine) as session:
        advance(session, taiyuan, asked, today=END, at=AT)
    assert (state(taiyuan)[0], audit_rows(taiyuan)) == ("siting", before)


@pytest.mark.heavy
def test_the_quota_of_a_city_is_never_exceeded(taiyuan: Desk) -> None:
    codes = _codes(taiyuan)
    for code in codes[:-1]:
        walk(taiyuan, "determine", code)
    walk(taiyuan, "pass_review", codes[-1])
    _take_one_place_away(taiyuan)
    with pytest.raises(RefusedError, match="名额已满"):
        act(taiyuan, "determine", "2023-03-28", codes[-1])


@pytest.mark.heavy
def test_a_withdrawn_project_gives_its_place_back(taiyuan: Desk) -> None:
    codes = _codes(taiyuan)
    for code in codes:
        walk(taiyuan, "determine", code)
    act(taiyuan, "withdraw", "2023-04-03", codes[0])
    assert state(taiyuan, codes[0]) == ("funding", Disposition.WITHDRAWN)
    with taiyuan.engine.connect() as connection:
        left = connection.execute(text("SELECT count(*) FROM fact WHERE name = 'determined'"))
        assert left.scalar_one() == len(codes)  # its history is kept


def test_hold_stops_the_clock_and_resume_starts_it_again(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    act(taiyuan, "hold", "2023-04-03")
    assert standing(taiyuan, "D08") is Standing.SUSPENDED
    assert _owed(taiyuan, date(2023, 6, 5)) == set()
    act(taiyuan, "resume", "2023-06-12")
    assert standing(taiyuan, "D08") is Standing.OVERDUE
    assert "D08" in _owed(taiyuan, date(2023, 6, 12))


def test_a_hold_loses_no_reminder_and_repeats_no_mark(taiyuan: Desk) -> None:
    """What was owed when the hold began is owed again when it ends."""
    walk(taiyuan, "determine")
    owed = _owed(taiyuan, date(2023, 6, 1))
    marks = _overdue_marks(taiyuan)
    act(taiyuan, "hold", "2023-06-01")
    assert _owed(taiyuan, date(2023, 6, 2)) == set()
    act(taiyuan, "resume", "2023-06-02")
    assert _owed(taiyuan, date(2023, 6, 2)) == owed
    assert _overdue_marks(taiyuan) == marks


def test_a_withdrawal_undoes_no_citys_submission(taiyuan: Desk) -> None:
    codes = _codes(taiyuan)
    for code in codes:
        walk(taiyuan, "submit_application", code)
    act(taiyuan, "withdraw", "2023-06-02", codes[0])
    assert standing(taiyuan, "D01", code="太原市") is Standing.MET


def test_withdrawal_ends_every_open_deadline_and_cancels_what_is_owed(taiyuan: Desk) -> None:
    assert "D01" in _owed(taiyuan, date(2023, 2, 21))
    act(taiyuan, "withdraw", "2023-02-22")
    assert standing(taiyuan, "D17") is Standing.VOID
    with taiyuan.engine.connect() as connection:
        query = text("SELECT DISTINCT status FROM outbox WHERE subject = :code")
        assert list(connection.execute(query, {"code": ONE}).scalars()) == [MessageStatus.CANCELLED]


def test_what_is_fulfilled_is_no_longer_owed(taiyuan: Desk) -> None:
    walk(taiyuan, "operator_confirmed")
    assert _owed(taiyuan, date(2023, 6, 1)) >= {"D07", "D08"}
    act(taiyuan, "break_ground", "2023-06-01")
    with taiyuan.engine.connect() as connection:
        query = text("SELECT rule, status FROM outbox WHERE subject = :code AND status <> 'sent'")
        left = dict(connection.execute(query, {"code": ONE}).tuples().all())
    assert (left["D07"], left["D08"]) == ("pending", "cancelled")
    assert standing(taiyuan, "D08") is Standing.MET_LATE


@pytest.mark.heavy
def test_failed_acceptance_goes_back_and_makes_nobody_late_for_completion(taiyuan: Desk) -> None:
    walk(taiyuan, "check_completion")
    act(taiyuan, "fail_acceptance", "2023-12-04")
    assert state(taiyuan)[0] == "construction"
    assert standing(taiyuan, "D14") is Standing.MET
    assert standing(taiyuan, "D15") is Standing.MET  # the visit took place
    assert {"D16", "D17"} <= _owed(taiyuan, date(2023, 12, 26))
    act(taiyuan, "finish_rectification", "2023-12-15")
    act(taiyuan, "pass_acceptance", "2023-12-20")
    assert standing(taiyuan, "D16") is Standing.MET


def test_work_may_begin_before_the_money_which_is_then_only_recorded(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    done = act(taiyuan, "break_ground", "2023-05-10")
    assert (done.to_stage, len(done.warnings)) == ("建设", 1)
    assert "资金尚未下达" in done.warnings[0]
    assert act(taiyuan, "release_funds", "2023-05-08").to_stage == "建设"
    assert standing(taiyuan, "D05") is Standing.MET  # late, but of a body that cannot be bound


def test_matching_funds_count_from_the_later_of_the_two(taiyuan: Desk) -> None:
    promised = show(taiyuan).profile
    for source, share, on in (
        (Source.CITY, promised.city_share, "2023-05-20"),
        (Source.COUNTY, promised.county_share, "2023-06-02"),
    ):
        assert standing(taiyuan, "D07") is Standing.OVERDUE
        money(taiyuan, EntryKind.RECEIPT, source, Holder.PROJECT, str(share), on)
    assert standing(taiyuan, "D07") is Standing.MET_LATE


def test_a_wrong_date_is_corrected_and_both_are_kept(taiyuan: Desk) -> None:
    act(taiyuan, "operator_confirmed", "2023-05-20")
    rows = audit_rows(taiyuan)
    act(taiyuan, "operator_confirmed", "2023-05-20")
    assert audit_rows(taiyuan) == rows  # the same again is nothing new
    act(taiyuan, "operator_confirmed", "2023-04-20")
    assert standing(taiyuan, "D06") is Standing.MET
    assert audit_rows(taiyuan) == rows + 1


def test_a_citys_duties_are_recorded_by_their_number(taiyuan: Desk) -> None:
    act(taiyuan, "D10-03", "2023-03-24", subject="太原市")
    act(taiyuan, "D11-03", "2023-04-04", subject="山西省")
    assert standing(taiyuan, "D10-03", code="太原市") is Standing.MET
    assert standing(taiyuan, "D11-03", code="山西省") is Standing.MET_LATE
    for subject, name in (("太原市", "D11-03"), ("太原市", "D01"), ("山西省", "opened")):
        with pytest.raises(RefusedError, match="没有可登记的事项"):
            act(taiyuan, name, "2023-03-24", subject)


def test_a_citys_applications_are_complete_with_the_last_of_its_quota(taiyuan: Desk) -> None:
    codes = _codes(taiyuan)
    for code in codes[:-1]:
        walk(taiyuan, "submit_application", code)
    assert standing(taiyuan, "D01", code="太原市") is Standing.OVERDUE
    act(taiyuan, "confirm_site", "2023-02-06", codes[-1])
    act(taiyuan, "submit_application", "2023-02-17", codes[-1])
    assert standing(taiyuan, "D01", code="太原市") is Standing.MET


def test_unknown_subjects_are_named(taiyuan: Desk) -> None:
    with pytest.raises(RefusedError, match="XF0"):
        act(taiyuan, "opened", "2023-03-24", "XF0")
    with pytest.raises(RefusedError, match="没有可登记的节点“nothing”"):
        act(taiyuan, "nothing", "2023-03-24")
    blank = Act(ONE, "opened", date(2023, 3, 24), " ")
    with pytest.raises(RefusedError, match="经办人"), writing(taiyuan.engine) as session:
        record(session, taiyuan, blank, today=END, at=AT)


def _overdue_marks(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        query = text("SELECT count(*) FROM audit WHERE kind = 'overdue' AND subject = :code")
        return int(connection.execute(query, {"code": ONE}).scalar_one())


def _codes(desk: Desk) -> list[str]:
    with desk.engine.connect() as connection:
        return list(connection.execute(text("SELECT code FROM project ORDER BY code")).scalars())


def _take_one_place_away(desk: Desk) -> None:
    cities = tuple(
        city.model_copy(update={"quota": 9}) if city.name == "太原市" else city
        for city in desk.plan.cities
    )
    desk.plan = desk.plan.model_copy(update={"cities": cities})


def _owed(desk: Desk, as_of: date, code: str = ONE) -> set[str]:
    """The rules about which an enforcement of a day owes messages."""
    enforce(desk, as_of, morning(as_of))
    with desk.engine.connect() as connection:
        query = text("SELECT rule FROM outbox WHERE subject = :code AND status = 'pending'")
        return set(connection.execute(query, {"code": code}).scalars())


def test_the_very_same_evidence_again_writes_nothing(taiyuan: Desk) -> None:
    before = audit_rows(taiyuan)
    act(taiyuan, "progress_follow_up", "2023-06-01")
    act(taiyuan, "progress_follow_up", "2023-06-01")
    assert audit_rows(taiyuan) == before + 1
    act(taiyuan, "progress_follow_up", "2023-06-02")
    assert audit_rows(taiyuan) == before + 2


@pytest.mark.parametrize(
    ("subject", "kind"),
    [("太原市", "supervision_letter"), ("山西省", "determination_declined")],
)
def test_what_a_decision_records_is_not_recorded_otherwise(
    taiyuan: Desk, subject: str, kind: str
) -> None:
    before = audit_rows(taiyuan)
    with pytest.raises(RefusedError, match="在作出决定时登记"), writing(taiyuan.engine) as session:
        record(
            session,
            taiyuan,
            Act(subject, kind, date(2023, 6, 1), PROVINCE, "晋民函〔2023〕99号"),
            today=END,
            at=AT,
        )
    assert audit_rows(taiyuan) == before


@pytest.mark.heavy
def test_a_casebook_is_in_step_with_the_store(taiyuan: Desk) -> None:
    """Through the example's year of a city: what was read once is what reading anew would give."""
    codes = _codes(taiyuan)
    happened = [item for item in tables(EXAMPLE) if item.subject in codes]
    kinds, read = set[type](), 0
    with writing(taiyuan.engine) as session:
        casebook = Casebook(session, taiyuan)
        before = {code: casebook.project(code) for code in codes}
        for item in happened:
            _happen(session, taiyuan, item, casebook)
            kinds.add(type(item))
            stored = dossier(session, taiyuan.plan, item.subject)
            read += casebook.project(item.subject) is not before[item.subject]
            assert casebook.project(item.subject) == stored
        asked = ProgressReport(codes[0], Progress("2023-12", 100), END, PROVINCE)
        report_progress(session, taiyuan, asked, today=END, at=AT, casebook=casebook)
        assert [casebook.project(code) for code in codes] == [
            dossier(session, taiyuan.plan, code) for code in codes
        ]
    assert kinds >= {Act, Booking, OpinionStatement}
    assert read > len(codes)


def _happen(session: Session, desk: Desk, item: Event, casebook: Casebook) -> None:
    match item:
        case Booking():
            book(session, desk, item, today=END, at=AT, casebook=casebook)
        case OpinionStatement():
            give_opinion(session, desk, item, today=END, at=AT, casebook=casebook)
        case Act():
            is_action = item.name in {action.id for action in desk.plan.actions}
            take = advance if is_action else record
            take(session, desk, item, today=END, at=AT, casebook=casebook)
        case _:
            raise AssertionError(item)


@pytest.mark.parametrize(
    ("subject", "duty", "day", "says"),
    [
        ("太原市", "D10-12", "2023-03-24", "自2023年12月1日起（五(五)）"),
        ("太原市", "D10-06", "2023-05-31", "自2023年6月1日起（五(五)）"),
        ("山西省", "D11-05", "2023-05-24", "自2023年5月25日起（五(五)）"),
        ("太原市", "D12-Q2", "2023-05-31", "自2023年6月1日起（五(六)）"),
        ("太原市", "D13", "2023-02-20", "自2023年6月1日起（五(七)）"),
        ("太原市", "D23", "2023-12-20", "须在有项目“交叉验收到场”之后（五(八)），尚无项目登记"),
        ("太原市", "D25-Q4", "2023-11-30", "自2023年12月1日起（五(九)）"),
        ("山西省", "D26-Q3", "2023-08-31", "自2023年9月1日起（五(九)）"),
    ],
)
def test_no_duty_is_fulfilled_before_its_window_opens(
    taiyuan: Desk, subject: str, duty: str, day: str, says: str
) -> None:
    """A23: one wrong letter in an id would silence a month for ever."""
    with pytest.raises(RefusedError) as refused:
        act(taiyuan, duty, day, subject)
    assert says in str(refused.value)
    with taiyuan.engine.connect() as connection:
        query = text("SELECT 1 FROM fact WHERE name = :name")
        assert connection.execute(query, {"name": duty}).all() == []


def test_a_wrong_id_is_answered_with_the_likely_one(taiyuan: Desk) -> None:
    with pytest.raises(RefusedError, match="编号应为D10-03"):
        act(taiyuan, "D10-12", "2023-03-24", "太原市")
    with pytest.raises(RefusedError) as refused:
        act(taiyuan, "D12-Q2", "2023-05-31", "太原市")
    assert "编号应为" not in str(refused.value), "none has begun"


def test_results_are_told_from_the_first_acceptance_on(taiyuan: Desk) -> None:
    walk(taiyuan, "pass_acceptance")
    with pytest.raises(RefusedError, match="最早的是2023年12月5日"):
        act(taiyuan, "D23", "2023-12-04", "大同市")
    act(taiyuan, "D23", "2023-12-05", "大同市")
    act(taiyuan, "D10-03", "2023-12-20", "太原市")  # late, but possible

"""What an action or a record needs, what it changes, and every reason why it is refused."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.errors import RefusedError
from policy.vocabulary import Disposition, EntryKind, Holder, Source
from states.casework import (
    Ruling,
    dependants,
    is_done,
    rule_on_action,
    rule_on_amendment,
    rule_on_record,
)
from states.dossier import Dossier, Profile
from states.ledger import LedgerLine, dated_by
from states.machine import Position
from states.requirements import Case
from states.trail import Effects
from tests.support.builders import a_dossier, answers, opinion, plan
from tests.support.written import read_yaml

CASES = read_yaml(Path(__file__).parent / "cases" / "requirements.yaml")
ISSUED, LATE_IN_YEAR = date(2023, 1, 16), date(2023, 12, 20)

DATED = {
    "site_confirmed": date(2023, 1, 31),
    "application_submitted": date(2023, 2, 8),
    "materials_received": date(2023, 2, 8),
    "review_passed": date(2023, 3, 10),
    "determined": date(2023, 3, 20),
    "funds_released": date(2023, 4, 20),
    "operator_confirmed": date(2023, 4, 25),
    "city_funds_in_place": date(2023, 5, 20),
    "county_funds_in_place": date(2023, 5, 22),
    "work_started": date(2023, 5, 25),
    "construction_finished": date(2023, 11, 20),
    "completion_accepted": date(2023, 11, 24),
    "acceptance_visited": date(2023, 12, 5),
    "accepted": date(2023, 12, 5),
}
# How many of these a project has when it enters a stage.
ENTERED = {
    "siting": 0,
    "application": 1,
    "review": 3,
    "funding": 5,
    "groundbreaking": 9,
    "construction": 10,
    "acceptance": 12,
    "operation": 14,
}
# The stage from which each action is taken in these tests.
TAKEN_IN = {
    "confirm_site": "siting",
    "submit_application": "application",
    "return_for_correction": "review",
    "pass_review": "review",
    "determine": "review",
    "reserve": "review",
    "replace": "review",
    "reject": "review",
    "release_funds": "funding",
    "break_ground": "groundbreaking",
    "complete_construction": "construction",
    "check_completion": "construction",
    "pass_acceptance": "acceptance",
    "pass_after_rectification": "acceptance",
    "finish_rectification": "construction",
    "fail_acceptance": "acceptance",
    "open_operation": "construction",
    "hold": "construction",
    "resume": "construction",
    "withdraw": "construction",
    "order_inspection_rectification": "construction",
    "finish_inspection_rectification": "construction",
}


def _in_stage(stage: str, **changes: Any) -> Dossier:
    """A project that came to `stage` in order, with `changes`."""
    dated = dict(list(DATED.items())[: ENTERED[stage]])
    return a_dossier(**{"stage": stage, "milestones": dated, **changes})


NEEDS = {
    "order_inspection_rectification": "inspected",
    "finish_inspection_rectification": "inspection_rectification_ordered",
}


def _ready(act: str) -> Dossier:
    """A project with everything that `act` (an action, or a milestone to record) needs."""
    dossier = _in_stage(TAKEN_IN.get(act, "construction"))
    if act == "resume":
        return replace(dossier, disposition=Disposition.HELD)
    if act in ("determine", "reserve"):
        return _dated(dossier, "review_passed")
    if act == "replace":
        passed = _dated(dossier, "review_passed")
        return replace(passed, disposition=Disposition.RESERVE)
    if act == "check_completion":
        return _dated(dossier, "construction_finished")
    if act == "finish_rectification":
        ordered = {"rectification_ordered": DATED["accepted"]}
        return replace(dossier, milestones={**dossier.milestones, **ordered})
    if act in NEEDS:
        return replace(dossier, milestones={**dossier.milestones, NEEDS[act]: date(2023, 6, 15)})
    if act in MATCHED:
        return replace(dossier, lines=MATCHED[act])
    return dossier


def _receipt(source: Source, amount: Decimal) -> tuple[LedgerLine, ...]:
    day = date(2023, 5, 20)
    return (LedgerLine(1, EntryKind.RECEIPT, day, source, Holder.PROJECT, amount, "示例凭证1"),)


MATCHED = {
    "city_funds_in_place": _receipt(Source.CITY, Decimal("400000.00")),
    "county_funds_in_place": _receipt(Source.COUNTY, Decimal("260000.00")),
}
"""What came in of the shares that `a_dossier` promises."""


def _dated(dossier: Dossier, *names: str) -> Dossier:
    dated = {name: DATED[name] for name in names}
    return replace(dossier, milestones={**dossier.milestones, **dated})


def _undated(dossier: Dossier, names: Iterable[str]) -> Dossier:
    kept = {name: day for name, day in dossier.milestones.items() if name not in names}
    return replace(dossier, milestones=kept)


def _case(
    dossier: Dossier,
    on: date = LATE_IN_YEAR,
    evidence: str = "会议纪要1号",
    *,
    act: str = "",
    **more: Any,
) -> Case:
    """A case with what `act` has to state beside the day."""
    stated: dict[str, Any] = {"actor": "山西省民政厅养老服务处"}
    if act == "release_funds":
        stated["amount"] = Decimal("840000.00")
    if act in ("pass_acceptance", "pass_after_rectification", "fail_acceptance"):
        stated["checks"] = answers()
    return Case(plan(), dossier, on, evidence, **{**stated, **more})


def _refused(case: Case, act: str, *, record: bool = False) -> list[str]:
    """The reasons, one a line, without the head that names the project."""
    with pytest.raises(RefusedError) as caught:
        (rule_on_record if record else rule_on_action)(case, act)
    head, *reasons = str(caught.value).splitlines()
    assert case.dossier.code in head
    assert case.dossier.name in head
    return reasons


def _settled(dossier: Dossier, ruling: Ruling, on: date, *, record: bool = False) -> Dossier:
    """The dossier once the ruling is written."""
    kept = _undated(dossier, ruling.revoked).milestones
    return replace(
        dossier,
        stage=ruling.position.stage,
        disposition=ruling.position.disposition,
        milestones={**kept, **ruling.dated},
        last_on=dossier.last_on if record else on,
    )


# --- cases that an official can read --------------------------------------------------------------

FIELDS = {
    "街道": "street",
    "社区": "community",
    "建筑面积": "area",
    "投资总额": "investment",
    "场地来源": "site_source",
    "使用方式": "tenure",
    "床位": "beds",
    "入住户数": "households",
    "功能": "functions",
    "承诺": "commitments",
    "实地查看日期": "visited_on",
    "发函单位": "letter_issuer",
    "文号": "letter_number",
    "函件日期": "letter_on",
    "配建性质": "building_kind",
    "产权人": "site_owner",
    "运营机构": "operator",
    "老旧小区": "old_community",
    "城乡分类": "settlement",
    "老旧小区改造": "renewal_project",
    "购置依据": "purchase_basis",
    "协议签订": "agreement_signed_on",
    "协议起始": "agreement_from",
    "协议截止": "agreement_to",
    "年租金": "annual_rent",
    "查看人": "visited_by",
    "县财政局意见": "county_finance_on",
    "市级配套": "city_share",
    "县级配套": "county_share",
    "信用代码": "operator_code",
    "备案编号": "operator_filing",
    "从业起始": "operator_since",
    "第三方": "operator_third_party",
    "说明": "explanation",
}
DAYS_OF = {
    "整改通知": "rectification_ordered",
    "整改完成": "rectified",
    "评审合议": "review_discussed",
}
OTHER = (
    *("缺节点", "名额余数", "类型", "依据", "金额", "验收表", "评审分"),
    *("尚无项目的未实施县", "本县未实施", "本市改建", "本市新建"),
)
ACTION_IDS = {action.label: action.id for action in plan().actions}
MILESTONE_IDS = {milestone.label: milestone.id for milestone in plan().milestones}


def _value(name: str, stated: Any) -> Any:
    if stated == "无":
        return None
    if name in ("area", "investment", "annual_rent", "city_share", "county_share"):
        return Decimal(stated)
    if name in ("old_community", "operator_third_party"):
        return stated == "是"
    return frozenset(stated) if isinstance(stated, list) else stated


def _changed(dossier: Dossier, changes: dict[str, Any]) -> Dossier:
    stated = {FIELDS[name]: value for name, value in changes.items() if name in FIELDS}
    profile = {name: _value(name, value) for name, value in stated.items()}
    missing = [MILESTONE_IDS[label] for label in changes.get("缺节点", ())]
    assert set(missing) <= {*dossier.milestones}, "the case takes away what was never there"
    dated = {DAYS_OF[name]: day for name, day in changes.items() if name in DAYS_OF}
    kept = _undated(dossier, missing).milestones
    built = {"改建": changes.get("本市改建", 3), "新建": changes.get("本市新建", 1)}
    totals = changes.get("评审分")
    given = [opinion(f"专家{n}", points) for n, points in enumerate(totals or ())]
    return replace(
        dossier,
        milestones={**kept, **dated},
        profile=dossier.profile.saying(profile),
        quota_left=changes.get("名额余数", dossier.quota_left),
        county_type=changes.get("类型", dossier.county_type),
        unserved=changes.get("本县未实施", False),
        unserved_open=tuple(changes.get("尚无项目的未实施县", ())),
        building_kinds=built,
        opinions=dossier.opinions if totals is None else tuple(given),
    )


def _stated(changes: dict[str, Any]) -> dict[str, Any]:
    """What the one who acts states otherwise than usual."""
    stated: dict[str, Any] = {}
    if "金额" in changes:
        stated["amount"] = None if changes["金额"] == "无" else Decimal(changes["金额"])
    if "验收表" in changes:
        stated["checks"] = answers(**changes["验收表"])
    return stated


def _title(case: dict[str, Any]) -> str:
    changes = " ".join(f"{name}={value}" for name, value in case["改动"].items())
    return f"{case.get('动作') or case['登记']} {changes} {case['结果']}"


@pytest.mark.parametrize("case", CASES, ids=_title)
def test_requirement_cases(case: dict[str, Any]) -> None:
    record = "登记" in case
    act = MILESTONE_IDS[case["登记"]] if record else ACTION_IDS[case["动作"]]
    changes = case["改动"]
    assert set(changes) <= {*FIELDS, *DAYS_OF, *OTHER}
    evidence = "" if changes.get("依据") == "无" else "会议纪要1号"
    judged = _case(_changed(_ready(act), changes), evidence=evidence, act=act, **_stated(changes))
    clauses = case.get("条款", [])
    if case["结果"] == "拒绝":
        reasons = _refused(judged, act, record=record)
    else:
        ruling = (rule_on_record if record else rule_on_action)(judged, act)
        reasons = [str(warning) for warning in ruling.warnings]
        assert not any(warning.hard for warning in ruling.warnings)
    assert sorted(_clause(reason) for reason in reasons) == sorted(clauses)
    assert (case["结果"] == "通过") == (not clauses)


def _clause(reason: str) -> str:
    """The clause stands in full-width brackets before what would put it right."""
    before, _ = reason.split("）；", 1)
    return before.rsplit("（", 1)[1]


def test_the_cases_refuse_and_accept_every_action() -> None:
    for result in ("拒绝", "通过"):
        named = {case.get("动作") for case in CASES if case["结果"] == result} - {None}
        assert named == set(ACTION_IDS), result
    assert len(ACTION_IDS) == 22


# --- the whole way --------------------------------------------------------------------------------

WALK = (
    ("action", "confirm_site", "2023-01-31", "application"),
    ("action", "submit_application", "2023-02-08", "review"),
    ("action", "pass_review", "2023-03-10", "review"),
    ("action", "determine", "2023-03-20", "funding"),
    ("action", "release_funds", "2023-04-20", "groundbreaking"),
    ("record", "operator_confirmed", "2023-04-25", "groundbreaking"),
    ("ledger", "city_funds_in_place", "2023-05-20", "groundbreaking"),
    ("ledger", "county_funds_in_place", "2023-05-22", "groundbreaking"),
    ("action", "break_ground", "2023-05-25", "construction"),
    ("action", "complete_construction", "2023-11-20", "construction"),
    ("action", "check_completion", "2023-11-24", "acceptance"),
    ("action", "pass_acceptance", "2023-12-05", "operation"),
    ("action", "open_operation", "2023-12-20", "operation"),
)


def test_a_project_walks_the_whole_chain() -> None:
    dossier = a_dossier()
    for kind, act, day, stage in WALK:
        on, record = date.fromisoformat(day), kind == "record"
        if kind == "ledger":
            lines = [replace(line, on=on) for line in MATCHED[act]]
            assert dated_by(plan(), dossier.profile.promised, lines)[act] == on
            dossier = replace(dossier, milestones={**dossier.milestones, act: on})
            continue
        ruling = (rule_on_record if record else rule_on_action)(_case(dossier, on, act=act), act)
        assert ruling.warnings == (), act
        dossier = _settled(dossier, ruling, on, record=record)
        assert (dossier.stage, dossier.disposition) == (stage, Disposition.ACTIVE), act
    assert dossier.milestones == {**DATED, "opened": date(2023, 12, 20)}


def test_the_table_of_these_tests_names_every_action() -> None:
    assert set(TAKEN_IN) == {action.id for action in plan().actions}


def test_a_returned_application_is_reviewed_anew_but_counts_as_sent_on_its_first_day() -> None:
    dossier = _dated(_in_stage("review"), "review_passed")
    ruling = rule_on_action(_case(dossier, date(2023, 3, 12)), "return_for_correction")
    assert ruling.revoked == ("review_passed", "materials_received")
    ordered = {"correction_ordered": date(2023, 3, 12)}
    assert (ruling.position.stage, ruling.dated) == ("application", ordered)
    returned = _settled(dossier, ruling, date(2023, 3, 12))
    assert set(returned.milestones) == {"site_confirmed", "application_submitted", *ordered}
    again = rule_on_action(_case(returned, date(2023, 3, 15)), "submit_application")
    received = {"materials_received": date(2023, 3, 15)}
    assert (again.position.stage, again.dated) == ("review", received)
    reviewed = _settled(returned, again, date(2023, 3, 15))
    assert rule_on_action(_case(reviewed), "pass_review").dated == {"review_passed": LATE_IN_YEAR}


def test_what_was_never_dated_is_not_revoked() -> None:
    ruling = rule_on_action(_case(_in_stage("review")), "return_for_correction")
    assert ruling.revoked == ("materials_received",)


def test_a_failed_acceptance_goes_back_and_keeps_its_first_visit_and_completion() -> None:
    first, second = date(2023, 12, 5), date(2023, 12, 28)
    dossier = _in_stage("acceptance")
    case = _case(dossier, first, act="fail_acceptance")
    failed = rule_on_action(case, "fail_acceptance")
    assert failed.dated == {"acceptance_visited": first, "rectification_ordered": first}
    assert failed.revoked == ()
    finished = dossier.milestones["construction_finished"]
    dossier = _settled(dossier, failed, first)
    assert dossier.stage == "construction"
    assert (
        "整改尚未完成"
        in _refused(
            _case(replace(dossier, stage="acceptance"), second, act="pass_acceptance"),
            "pass_acceptance",
        )[0]
    )
    for act in ("finish_rectification", "pass_acceptance"):
        ruling = rule_on_action(_case(dossier, second, act=act), act)
        dossier = _settled(dossier, ruling, second)
    assert dossier.stage == "operation"
    assert dossier.milestones["acceptance_visited"] == first
    assert dossier.milestones["construction_finished"] == finished
    assert dossier.milestones["accepted"] == second


def test_a_corrected_day_does_not_come_after_what_followed_from_it() -> None:
    dossier = _in_stage("operation")
    later = date.fromordinal(dossier.milestones["accepted"].toordinal() + 1)
    (checked,) = _refused(_case(dossier, later), "construction_finished", record=True)
    assert "“竣工验收合格”已于2023年11月24日登记" in checked
    assert "八(四)" in checked


def test_a_hold_keeps_the_stage_and_is_resumed_there() -> None:
    held = _settled(
        _in_stage("funding"), rule_on_action(_case(_in_stage("funding")), "hold"), LATE_IN_YEAR
    )
    assert (held.stage, held.disposition) == ("funding", Disposition.HELD)
    reasons = _refused(_case(held), "release_funds")
    assert "现在可办理：督查整改通知、督查整改完成、恢复、终止" in reasons[0]
    resumed = rule_on_action(_case(held), "resume").position
    assert (resumed.stage, resumed.disposition) == ("funding", Disposition.ACTIVE)


def test_construction_finished_by_record_is_not_finished_again() -> None:
    on = date(2023, 11, 20)
    dossier = _in_stage("construction")
    recorded = rule_on_record(_case(dossier, on), "construction_finished")
    assert (recorded.position.stage, recorded.dated) == (
        "construction",
        {"construction_finished": on},
    )
    dossier = _settled(dossier, recorded, on, record=True)
    (reason,) = _refused(_case(dossier, date(2023, 11, 25)), "complete_construction")
    assert "已于2023年11月20日办理" in reason
    ruling = rule_on_action(_case(dossier, date(2023, 11, 25)), "check_completion")
    dated = {"completion_accepted": date(2023, 11, 25)}
    assert (ruling.position.stage, ruling.dated) == ("acceptance", dated)


# --- beside the chain -----------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["construction", "acceptance", "operation"])
def test_funds_released_after_ground_was_broken_are_recorded_in_place(stage: str) -> None:
    dossier = _undated(_in_stage(stage), ["funds_released"])
    case = _case(dossier, date(2023, 6, 20), act="release_funds")
    ruling = rule_on_action(case, "release_funds")
    assert ruling.position.stage == stage
    assert ruling.dated == {"funds_released": date(2023, 6, 20)}


def test_ground_may_be_broken_before_the_funds_come() -> None:
    dossier = _in_stage("funding")
    ruling = rule_on_action(_case(dossier, date(2023, 5, 25)), "break_ground")
    assert ruling.position.stage == "construction"
    assert [warning.requirement.id for warning in ruling.warnings] == ["R41"]


@pytest.mark.parametrize("stage", ["construction", "acceptance"])
def test_opening_need_not_wait_for_acceptance(stage: str) -> None:
    ruling = rule_on_action(_case(_in_stage(stage)), "open_operation")
    assert (ruling.position.stage, ruling.dated) == (stage, {"opened": LATE_IN_YEAR})


@pytest.mark.parametrize("record", [False, True])
def test_opening_waits_for_the_operator(record: bool) -> None:
    dossier = _undated(_in_stage("acceptance"), ["operator_confirmed"])
    act = "opened" if record else "open_operation"
    (reason,) = _refused(_case(dossier), act, record=record)
    assert "尚未确定第三方专业运营机构（三(三)；六(二)）" in reason


def test_an_operator_confirmed_later_does_not_count_yet() -> None:
    dossier = _in_stage("acceptance")
    dated = {**dossier.milestones, "operator_confirmed": date(2023, 10, 9)}
    dossier = replace(dossier, milestones=dated)
    (reason,) = _refused(_case(dossier, date(2023, 10, 8)), "opened", record=True)
    assert "三(三)；六(二)" in reason
    assert rule_on_record(_case(dossier, date(2023, 10, 9)), "opened").dated


def test_nothing_opens_before_work_has_begun() -> None:
    """The record beside the chain is no way round the action's stage."""
    dossier = _dated(_in_stage("siting"), "operator_confirmed")
    (reason,) = _refused(_case(dossier), "opened", record=True)
    assert "尚未登记开工（二）" in reason


def test_a_review_does_not_come_before_the_application() -> None:
    reasons = _refused(_case(_in_stage("review"), date(2023, 1, 17)), "pass_review")
    assert any("评审日期早于申报日期" in reason for reason in reasons)


def test_the_letter_is_that_of_the_projects_own_city() -> None:
    dossier = _in_stage("application", letter_issuer="大同市人民政府")
    (reason,) = _refused(_case(dossier), "submit_application")
    assert "不是本市人民政府（五(一)）" in reason


@pytest.mark.parametrize(
    ("milestone", "earlier"),
    [
        ("operator_confirmed", date(2023, 4, 1)),
        ("city_funds_in_place", date(2023, 5, 20)),
        ("county_funds_in_place", date(2023, 5, 20)),
    ],
)
def test_recording_again_corrects_the_day(milestone: str, earlier: date) -> None:
    nothing = {"city_share": Decimal("0.00"), "county_share": Decimal("0.00")}
    dossier = _in_stage("construction", **nothing)
    ruling = rule_on_record(_case(dossier, earlier), milestone)
    assert ruling.dated == {milestone: earlier}
    assert (ruling.position.stage, ruling.revoked) == ("construction", ())


def test_a_correction_may_not_put_the_end_before_the_start() -> None:
    dossier = _in_stage("acceptance")
    (reason,) = _refused(_case(dossier, date(2023, 5, 24)), "construction_finished", record=True)
    assert "尚未登记开工" in reason
    assert rule_on_record(_case(dossier, date(2023, 5, 25)), "construction_finished").dated


def test_a_held_project_may_still_be_recorded_but_an_ended_one_may_not() -> None:
    held = _in_stage("construction", disposition=Disposition.HELD)
    assert rule_on_record(_case(held), "operator_confirmed").position.disposition == "held"
    for ended in (Disposition.REJECTED, Disposition.WITHDRAWN):
        dossier = _in_stage("construction", disposition=ended)
        (reason,) = _refused(_case(dossier), "operator_confirmed", record=True)
        assert ended.label in reason


# --- refusals -------------------------------------------------------------------------------------


def test_every_hard_reason_comes_at_once() -> None:
    bare = _in_stage("application", profile=Profile(), building_kinds={})
    reasons = _refused(_case(bare), "submit_application")
    hard = [
        *("四(一)", "四(一)", "四(一)", "四(三)", "五(一)", "五(一)", "五(一)", "五(一)", "五(一)"),
        *("五(一)；附件2", "六(一)", "七(一)"),
    ]
    asks_for_a_reason = ["三(二)", "四(二)", "四(二)"]
    assert sorted(map(_clause, reasons)) == sorted([*hard, *asks_for_a_reason])


def test_the_stage_the_day_and_the_conditions_are_refused_together() -> None:
    dossier = a_dossier(last_on=date(2023, 2, 1))
    reasons = _refused(_case(dossier, date(2023, 1, 15), evidence=""), "fail_acceptance")
    assert len(reasons) == 8
    for part in (
        "D15“交叉验收”自2023年12月1日起（五(八)），2023年1月15日尚未开始",
        "验收表未填齐（五(八)；四(三)）",
        "验收组不足两人、有本市人员，或不是通讯录中市民政局的分管领导、业务科室负责人（五(八)）",
        "早于实施方案印发日",
        "不能办理“验收未通过”（五(八)）",
        "早于上一次办理日期",
        "竣工验收尚未合格（五(八)；八(四)）",
        "未写明依据（八(四)）",
    ):
        assert any(part in reason for reason in reasons), part


def test_a_misplaced_action_says_where_the_project_stands_and_what_it_may_do() -> None:
    (reason,) = _refused(_case(_dated(_in_stage("siting"), "determined")), "break_ground")
    assert "“选址”阶段（推进中）" in reason
    assert "不能办理“开工”（六(二)）" in reason
    assert reason.endswith("现在可办理：确定选址、督查整改通知、督查整改完成、暂停、终止")


def test_nothing_can_be_done_once_a_project_has_ended() -> None:
    dossier = _in_stage("review", disposition=Disposition.REJECTED)
    (reason,) = _refused(_case(dossier), "withdraw")
    assert reason.endswith("现在可办理：无")


@pytest.mark.parametrize("act", TAKEN_IN)
def test_no_action_is_dated_before_the_notice(act: str) -> None:
    dossier = _ready(act)
    reasons = _refused(_case(dossier, date(2023, 1, 15)), act)
    assert any("早于实施方案印发日（2023年1月16日）" in reason for reason in reasons)


def test_an_action_may_be_dated_on_the_notices_own_day() -> None:
    assert rule_on_action(_case(a_dossier(), ISSUED), "confirm_site").dated == {
        "site_confirmed": ISSUED
    }


def test_no_record_is_dated_before_the_notice() -> None:
    case = _case(_in_stage("construction"), date(2023, 1, 15))
    (reason,) = _refused(case, "operator_confirmed", record=True)
    assert "早于实施方案印发日" in reason


@pytest.mark.parametrize("act", ["check_completion", "hold", "withdraw"])
def test_what_moves_a_project_is_not_dated_before_its_last_move(act: str) -> None:
    last = date(2023, 12, 1)
    dossier = replace(_ready(act), last_on=last)
    (reason,) = _refused(_case(dossier, date(2023, 11, 30)), act)
    assert "早于上一次办理日期（2023年12月1日）" in reason
    assert rule_on_action(_case(dossier, last), act)


@pytest.mark.parametrize("act", ["release_funds", "open_operation"])
def test_a_mere_record_may_be_dated_before_the_last_move(act: str) -> None:
    dossier = replace(_in_stage("construction"), last_on=date(2023, 11, 1))
    undated = _undated(dossier, ["funds_released"])
    ruling = rule_on_action(_case(undated, date(2023, 10, 1), act=act), act)
    assert set(ruling.dated.values()) == {date(2023, 10, 1)}


def test_a_record_beside_the_chain_may_be_dated_before_the_last_move() -> None:
    dossier = replace(_in_stage("construction"), last_on=date(2023, 11, 1))
    assert rule_on_record(_case(dossier, date(2023, 5, 1)), "operator_confirmed").dated


def test_a_full_quota_refuses_the_determination_alone() -> None:
    dossier = replace(_ready("determine"), quota_left=0)
    (reason,) = _refused(_case(dossier), "determine")
    assert "该市名额已满（二；附件1）" in reason
    assert rule_on_action(_case(replace(_in_stage("review"), quota_left=0)), "pass_review")


@pytest.mark.parametrize(
    ("act", "milestone", "stage"),
    [
        ("pass_review", "review_passed", "review"),
        ("release_funds", "funds_released", "construction"),
        ("open_operation", "opened", "operation"),
    ],
)
def test_what_was_done_in_place_is_not_done_again(act: str, milestone: str, stage: str) -> None:
    dossier = _in_stage(stage)
    done = replace(dossier, milestones={**dossier.milestones, milestone: date(2023, 12, 1)})
    (reason,) = _refused(_case(done, act=act), act)
    assert "已于2023年12月1日办理，无需重复办理" in reason


@pytest.mark.parametrize("evidence", ["", "  ", "\n"])
def test_blank_evidence_is_none(evidence: str) -> None:
    (reason,) = _refused(_case(_in_stage("review"), evidence=evidence), "reject")
    assert "未写明依据（八(四)）" in reason


def test_an_unknown_action_lists_the_known_ones() -> None:
    with pytest.raises(RefusedError) as caught:
        rule_on_action(_case(a_dossier()), "demolish")
    assert "demolish" in str(caught.value)
    for action in plan().actions:
        assert f"{action.id}（{action.label}）" in str(caught.value)


@pytest.mark.parametrize("milestone", ["demolished", "determined"])
def test_an_unknown_record_lists_what_is_recorded_by_hand(milestone: str) -> None:
    with pytest.raises(RefusedError) as caught:
        rule_on_record(_case(_in_stage("construction")), milestone)
    listed = str(caught.value).split("可用：")[1]
    assert milestone in str(caught.value)
    assert [item.split("（")[0] for item in listed.split("、")] == [
        "review_discussed",
        "operator_confirmed",
        "city_funds_in_place",
        "county_funds_in_place",
        "construction_finished",
        "opened",
        "inspected",
    ]


# --- what an action changes, by hand --------------------------------------------------------------


def _effects(act: str, dossier: Dossier | None = None, **more: Any) -> Effects:
    found = rule_on_action(_case(dossier or _ready(act), act=act, **more), act).effects
    return replace(found, columns={**found.columns})


def test_a_move_sets_stage_day_and_milestone_and_nothing_else() -> None:
    assert _effects("confirm_site") == Effects(
        columns={
            "stage": "application",
            "disposition": Disposition.ACTIVE,
            "last_on": LATE_IN_YEAR,
        },
        dated={"site_confirmed": LATE_IN_YEAR},
    )


def test_what_stays_in_place_moves_nothing() -> None:
    ready = _ready("pass_review")
    assert _effects("pass_review", ready) == Effects(dated={"review_passed": LATE_IN_YEAR})


def test_a_hold_moves_the_disposition_alone() -> None:
    held = _effects("hold")
    assert held.columns["disposition"] is Disposition.HELD
    assert held.columns["stage"] == "construction"
    assert held.columns["last_on"] == LATE_IN_YEAR


def test_only_a_return_drops_the_opinions_of_the_round() -> None:
    given = tuple(replace(opinion("专家甲", 80), audit_id=id) for id in (7, 9))
    returned = replace(_ready("return_for_correction"), opinions=given)
    assert _effects("return_for_correction", returned).dropped == (7, 9)
    assert _effects("hold", replace(_ready("hold"), opinions=given)).dropped == ()


@pytest.mark.parametrize(("day", "early"), [(date(2023, 11, 30), True), (date(2023, 12, 1), False)])
def test_nobody_accepts_before_december(day: date, early: bool) -> None:
    """五(八): 12月初; neither by an action nor by a day that is changed afterwards."""
    ready = _ready("pass_acceptance")
    done = replace(ready, milestones={**ready.milestones, "acceptance_visited": date(2023, 12, 4)})
    asked = _case(replace(ready, last_on=date(2023, 11, 24)), day, act="pass_acceptance")
    changed = _case(done, day)
    if not early:
        rule_on_action(asked, "pass_acceptance")
        rule_on_amendment(changed, "acceptance_visited")
        return
    with pytest.raises(RefusedError, match="D15“交叉验收”自2023年12月1日起"):
        rule_on_action(asked, "pass_acceptance")
    with pytest.raises(RefusedError, match="D15“交叉验收”自2023年12月1日起"):
        rule_on_amendment(changed, "acceptance_visited")


@pytest.mark.parametrize(("before", "after"), [(None, "840000.00"), (Decimal("0.50"), "840000.00")])
def test_what_is_released_adds_up(before: Decimal | None, after: str) -> None:
    ready = replace(_ready("release_funds"), released=before)
    amount = Decimal("840000.00") - (before or 0)
    assert str(_effects("release_funds", ready, amount=amount).columns["released"]) == after


def test_no_more_is_released_than_the_subsidy_whichever_action_does_it() -> None:
    """Also where the plan itself has no condition that caps the amount."""
    uncapped = [r for r in plan().requirements if not r.check.kind.startswith("amount_")]
    free = plan().model_copy(update={"requirements": tuple(uncapped)})
    ready = replace(_ready("release_funds"), released=Decimal("420000.00"))
    asked = _case(ready, act="release_funds", amount=Decimal("420000.01"))
    (told,) = _refused(replace(asked, plan=free), "release_funds")
    assert "已下达420,000.00元，加上本次420,000.01元超过按标准核算的补助840,000.00元" in told
    assert "本次最多下达420,000.00元" in told
    fits = replace(asked, plan=free, amount=Decimal("420000.00"))
    assert rule_on_action(fits, "release_funds").effects.columns["released"] == Decimal("840000.00")


def test_a_checklist_is_kept_without_its_spaces() -> None:
    told = answers(beds=" 12 ")
    kept = _effects("pass_acceptance", checks=told).columns["checks"]
    assert kept == answers(beds="12")
    assert "checks" not in _effects("confirm_site").columns


def test_the_reason_for_a_departure_travels_with_the_project_until_it_is_asked_anew() -> None:
    reasoned = "R16"  # the area
    small = replace(_ready("submit_application"), findings={"R00": "早前", reasoned: "旧"})
    profile = replace(small.profile, area=Decimal("400.00"), city_share=Decimal("1500000.00"))
    told = _effects(
        "submit_application", replace(small, profile=profile), reasons={reasoned: "老城区"}
    )
    assert told.columns["findings"] == {"R00": "早前", reasoned: "老城区"}
    assert _effects("submit_application", small).columns["findings"] == {"R00": "早前"}
    kept = replace(small, findings={"R00": "早前"})
    assert "findings" not in _effects("submit_application", kept).columns


@pytest.mark.parametrize(
    ("act", "more", "says"),
    [
        ("confirm_site", {"amount": Decimal(1)}, "不涉及金额，请不要填写金额"),
        ("confirm_site", {"checks": {"area": "1"}}, "不填写验收表，请去掉验收结果"),
        ("confirm_site", {"reasons": {"R98": "甲", "R97": "乙"}}, "没有须说明的条件“R97、R98”"),
        ("pass_acceptance", {"checks": answers(looks="是")}, "验收表没有“looks”，可填：area（"),
        ("pass_acceptance", {"checks": answers(beds="十二")}, "无法识别“十二”，请填写数字"),
    ],
)
def test_what_nobody_asked_for_or_can_be_read_is_refused(
    act: str, more: dict[str, Any], says: str
) -> None:
    (told,) = _refused(_case(_ready(act), act=act, **more), act)
    assert says in told


def test_a_judged_item_is_answered_with_yes_or_no() -> None:
    item = next(item for item in plan().checklist if item.judged)
    told = answers(**{item.id: "好"})
    (reason,) = _refused(_case(_ready("fail_acceptance"), checks=told), "fail_acceptance")
    assert f"“{item.label}”须填“是”或“否”，原值“好”" in reason
    assert _effects("fail_acceptance", checks=answers(**{item.id: " 否 "}))


# --- amendments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [date(2023, 5, 24), date(2023, 5, 26), date(2023, 11, 20)])
def test_a_day_may_be_amended_to_an_earlier_or_a_later_one(on: date) -> None:
    ready = _in_stage("acceptance")
    ruling = rule_on_amendment(_case(ready, on), "work_started")
    assert ruling.effects == Effects(dated={"work_started": on})
    assert ruling.position == Position("acceptance", Disposition.ACTIVE)


def test_an_amendment_to_the_same_day_or_of_nothing_dated_is_refused() -> None:
    ready = _in_stage("acceptance")
    with pytest.raises(RefusedError, match=r"“.*”已登记为2023年5月25日，无需变更"):
        rule_on_amendment(_case(ready, date(2023, 5, 25)), "work_started")
    with pytest.raises(RefusedError, match=r"没有已登记的节点“accepted”，现有：site_confirmed（"):
        rule_on_amendment(_case(ready), "accepted")
    with pytest.raises(RefusedError, match=r"现有：无$"):
        rule_on_amendment(_case(_in_stage("siting")), "accepted")


def test_an_amended_day_keeps_the_order_of_what_needs_it_and_what_it_needs() -> None:
    ready = _in_stage("acceptance")
    with pytest.raises(RefusedError, match="已于2023年11月20日登记，不能早于2023年11月21日"):
        rule_on_amendment(_case(ready, date(2023, 11, 21)), "work_started")
    with pytest.raises(RefusedError, match="登记为2023年2月8日，本节点不能早于该日"):
        rule_on_amendment(_case(ready, date(2023, 2, 7)), "review_passed")
    assert rule_on_amendment(_case(ready, date(2023, 2, 8)), "review_passed").dated


def test_what_depends_on_a_fact_is_told_while_the_fact_is_missing_or_later() -> None:
    ready = _in_stage("acceptance")
    assert list(dependants(plan(), ready, "work_started")) == []
    missing = _undated(ready, ["work_started"])
    told = list(dependants(plan(), missing, "work_started"))
    assert any("（2023年11月20日）以“" in reason for reason in told)
    late = {**ready.milestones, "work_started": date(2023, 11, 21)}
    assert list(dependants(plan(), replace(ready, milestones=late), "work_started")) == told
    same = {**ready.milestones, "work_started": date(2023, 11, 20)}
    assert list(dependants(plan(), replace(ready, milestones=same), "work_started")) == []


def test_only_an_action_that_stays_in_place_is_done_once_it_is_dated() -> None:
    action = plan().action("complete_construction")
    ready = _ready("complete_construction")
    assert not is_done(ready, action)
    assert is_done(_dated(ready, "construction_finished"), action)
    elsewhere = replace(_dated(ready, "construction_finished"), stage="siting")
    assert not is_done(elsewhere, action)
    assert not is_done(ready, plan().action("hold"))


def test_what_is_released_of_a_fund_adds_up_beside_the_whole() -> None:
    """Of a subsidy that is made up of several: 100 元 of one and 40 of another before."""
    paying = tuple(
        action.model_copy(update={"fund": "lottery"}) if action.id == "release_funds" else action
        for action in plan().actions
    )
    free = plan().model_copy(update={"requirements": (), "actions": paying, "subsidies": ()})
    ready = replace(_ready("release_funds"), released=Decimal(140))
    for before, after in (({"budget": "100"}, "60"), ({"budget": "100", "lottery": "40"}, "100")):
        case = _case(replace(ready, released_funds=before), act="release_funds", amount=Decimal(60))
        found = rule_on_action(replace(case, plan=free), "release_funds").effects.columns
        assert found["released"] == Decimal(200)
        assert found["released_funds"] == {"budget": "100", "lottery": after}

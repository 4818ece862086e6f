"""A digest asks its reader only for what that office can do, says how to answer, and whom to ask.

Counties have no form and no folder; cities hand in workbooks; only the province registers.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from notifications.message import DigestLine
from notifications.wording import request
from operations.cases.desk import Desk
from operations.daily.asking import asked_of, enquiries, level_of, salutation
from operations.views.explain import Lack, Places, missing
from policy.vocabulary import Level, RungKind, SubjectKind
from states.chains import Turn
from states.contacts import Directory, Post
from states.deadlines import Deadline, deadlines
from states.dossier import Dossier
from tests.support.builders import a_dossier, a_line, calendar, plan

DAY = date(2023, 6, 1)
ALL = {each.id: each for each in deadlines(plan(), calendar())}
LEVELS = COUNTY, CITY, LEADER, PROVINCE = plan().tiers
BY_OTHERS = re.compile("由市民政局报省民政厅登记|由省民政厅登记|在资金台账登记")


def line(rule: str, kind: SubjectKind, **changes: Any) -> DigestLine:
    body = plan().bodies[ALL[rule].rule.responsible]
    to_do = ALL[rule].to_do
    return a_line(rule=rule, subject_kind=kind, to_do=to_do, bound=body.bound, **changes)


def own_turn(rule: str) -> Turn:
    return Turn("", "", ALL[rule].rule.responsible)


def asks(rule: str, level: Level, kind: SubjectKind = SubjectKind.PROJECT, **changes: Any) -> str:
    project = a_dossier() if kind is SubjectKind.PROJECT else None
    asked = asked_of(
        plan(), ALL[rule], own_turn(rule), line(rule, kind, **changes), project, {}, level
    )
    return f"{'请' if asked.own else '请督促'}{request(asked.to_do)}"


@pytest.mark.parametrize(
    ("rule", "level", "says"),
    [
        (
            "D06",
            COUNTY,
            "请尽快确定符合条件的第三方专业运营机构",
        ),
        (
            "D06",
            CITY,
            "请督促责任单位尽快确定符合条件的第三方专业运营机构",
        ),
        ("D06", LEADER, "请督促责任单位尽快确定符合条件的第三方专业运营机构"),
        ("D06", PROVINCE, "请督促责任单位尽快确定符合条件的第三方专业运营机构"),
        (
            "D07",
            COUNTY,
            "请会同财政部门落实市级、县级配套资金，按承诺足额到位。"
            "到账后在《办理回执》填写日期、凭证号和金额",
        ),
        (  # a city owes its own share
            "D07",
            CITY,
            "请会同财政部门落实市级、县级配套资金，按承诺足额到位。"
            "到账后在《办理回执》填写日期、凭证号和金额，或在资金台账登记，不另报",
        ),
        (
            "D27",
            COUNTY,
            "请按督查意见整改，整改完成后书面报送整改情况",
        ),
        ("D04", PROVINCE, "请组织专家评审，按名额研究确定项目"),
    ],
)
def test_each_level_is_asked_for_what_it_can_do(rule: str, level: Level, says: str) -> None:
    assert asks(rule, level) == says


def test_what_waits_for_an_earlier_step_asks_for_that_step_and_for_no_other() -> None:
    """A county cannot begin what the province has not determined."""
    waiting = line("D08", SubjectKind.PROJECT, step="研究确定，山西省民政厅")
    first = Turn("determined", "研究确定", "province")
    told = replace(waiting, to_do="请组织专家评审，按名额研究确定项目")
    asked = asked_of(plan(), ALL["D08"], first, told, a_dossier(), {}, PROVINCE)
    assert asked.own
    assert asked.to_do == "请组织专家评审，按名额研究确定项目"
    city = asked_of(plan(), ALL["D08"], first, told, a_dossier(), {}, CITY)
    assert not city.own
    assert "月报" not in city.to_do


def test_a_report_names_its_month_and_where_it_goes() -> None:
    """On 1 June “本月” would be June."""
    says = asks("D10-05", CITY, SubjectKind.CITY)
    assert says == "请报送5月份项目建设情况"


def test_who_coordinates_is_asked_to_coordinate() -> None:
    coordinated = asks("D05", PROVINCE, kind=SubjectKind.PROJECT)
    assert coordinated.startswith("请商省财政厅尽快下达")
    told = replace(line("M01", SubjectKind.PROJECT), kind=RungKind.COORDINATE)
    assert asked_of(plan(), ALL["M01"], own_turn("M01"), told, a_dossier(), {}, LEADER).own


def every() -> Iterator[tuple[Deadline, SubjectKind, Level]]:
    for deadline in ALL.values():
        reached = plan().bodies[deadline.rule.responsible].reached_at
        for kind in deadline.rule.fulfilled_by:
            yield from ((deadline, kind, level) for level in LEVELS[LEVELS.index(reached) :])


def test_nobody_is_asked_to_register_who_cannot() -> None:
    for deadline, kind, level in every():
        says = asks(deadline.id, level, kind)
        assert "导出" not in says + deadline.rule.to_do
        assert "导入" not in says
        assert "{" not in says, deadline.id
        if level is not PROVINCE:
            assert "登记" not in BY_OTHERS.sub("", says), (deadline.id, level, says)
        if level is LEADER:
            assert "办结后" not in says


def test_work_is_done_and_its_result_only_registered() -> None:
    results = "|".join(action.label for action in plan().actions)
    texts = [rule.to_do for rule in plan().timed_rules]
    texts += [text for rule in plan().requirements for text in (rule.says, rule.mend)]
    for text in texts:
        assert not re.search(f"办理({results})", text), text


# --- what is lacking ------------------------------------------------------------------------------


def lacks(desk: Desk, rule: str, project: Dossier | None, places: Places | None = None) -> Any:
    return tuple(it.name for it in _lacking(desk, rule, project, places))


def says(desk: Desk, rule: str, project: Dossier | None, places: Places | None = None) -> Any:
    return tuple(it.said for it in _lacking(desk, rule, project, places))


def _lacking(
    desk: Desk, rule: str, project: Dossier | None, places: Places | None
) -> tuple[Lack, ...]:
    kind = SubjectKind.PROJECT if project else SubjectKind.CITY
    held = project.milestones if project else {}
    return missing(desk, ALL[rule], kind, held, project, DAY, places)


REVIEWED = {"application_submitted": date(2023, 2, 9), "review_passed": date(2023, 3, 1)}


def test_what_nobody_has_tried_is_no_lack(desk: Desk) -> None:
    """Who decides, how much, by whom: faults of acts, told when somebody acts."""
    reviewed = a_dossier(stage="review", milestones=REVIEWED)
    assert lacks(desk, "D04", reviewed) == ("研究确定",)
    determined = {**REVIEWED, "determined": date(2023, 3, 20)}
    funded = a_dossier(stage="funding", milestones=determined)
    assert lacks(desk, "D05", funded) == ("省级资金下达",)
    ready = {**determined, "completion_accepted": date(2023, 5, 20)}
    assert lacks(desk, "D16", a_dossier(stage="acceptance", milestones=ready)) == ("验收通过",)


def test_what_is_missing_goes_by_its_name_and_by_whom_it_waits_for(desk: Desk) -> None:
    applied = a_dossier(stage="review", milestones={"application_submitted": date(2023, 2, 9)})
    assert lacks(desk, "D04", applied) == ("研究确定", "评审通过")
    sited = {"site_confirmed": date(2023, 2, 1)}
    blank = a_dossier(
        stage="application", milestones=sited, city_civil_on=None, city_finance_on=None
    )
    assert lacks(desk, "D01", blank) == ("市政府申报", "市民政局意见日期", "市财政局意见日期")
    later = a_dossier(stage="application", milestones=sited, city_civil_on=date(2023, 7, 1))
    assert lacks(desk, "D01", later) == ("市政府申报",)
    both = lacks(desk, "D07", applied)
    assert both == ("市级配套到位（市民政局）", "县级配套到位")


def test_what_is_missing_is_told_in_sentences(desk: Desk) -> None:
    sited = {"site_confirmed": date(2023, 2, 1)}
    blank = a_dossier(stage="application", milestones=sited, city_civil_on=None)
    assert says(desk, "D01", blank) == ("尚未申报", "尚未填报市民政局意见日期")
    applied = a_dossier(stage="review", milestones={"application_submitted": date(2023, 2, 9)})
    assert says(desk, "D04", applied) == ("尚未研究确定", "“评审通过”尚未登记")
    assert says(desk, "D08", applied)[0] == "尚未开工"
    assert says(desk, "D06", applied)[0] == "尚未确定第三方专业运营机构"
    assert says(desk, "D10-05", None) == ("5月份月报尚未报送",)
    assert says(desk, "D01", None, Places(13, 12)) == ("尚需申报1个项目（任务数13个，已申报12个）",)


def test_numbers_that_are_known_are_told(desk: Desk) -> None:
    assert lacks(desk, "D01", None, Places(13, 12)) == ("申报1个项目（任务数13个，已申报12个）",)
    assert lacks(desk, "D10-05", None) == ("5月份月报",)
    assert lacks(desk, "D12-Q2", None) == ("第二季度向市政府反馈",)
    assert lacks(desk, "D13", None) == ("年中督查",)


# --- whom -----------------------------------------------------------------------------------------

BUREAU, COUNTY_BUREAU = "太原市民政局", "太原市小店区民政局"
ASKED = "太原市民政局王某（0351-0000001）"
PEOPLE = Directory(
    plan(),
    (
        Post(BUREAU, "王某", phone="0351-0000001"),
        Post(f"{BUREAU}分管领导", "李某"),
        Post("山西省民政厅", "张某"),
        Post(COUNTY_BUREAU, "赵某"),
    ),
)


@pytest.mark.parametrize(
    ("post", "greets", "asked"),
    [
        (
            Post(COUNTY_BUREAU, "赵某"),
            "太原市小店区民政局 赵某同志",
            ASKED,
        ),
        (Post(BUREAU, "王某"), "太原市民政局 王某同志", "山西省民政厅张某"),
        (Post(f"{BUREAU}分管领导", "李某"), "太原市民政局 李某同志", "山西省民政厅张某"),
        (Post("山西省民政厅", "张某"), "山西省民政厅 张某同志", ""),
    ],
)
def test_who_is_greeted_and_whom_one_can_ask(post: Post, greets: str, asked: str) -> None:
    assert salutation(plan(), [post], post.office) == greets
    assert enquiries(plan(), PEOPLE, [post], post.office, DAY) == asked


def test_an_office_without_anybody_is_greeted_by_its_name() -> None:
    assert salutation(plan(), (), BUREAU) == BUREAU
    nobody = Directory(plan(), ())
    assert enquiries(plan(), nobody, (), BUREAU, DAY) == "山西省民政厅"


def test_a_person_reads_of_an_office_at_its_level_or_the_own() -> None:
    own, leader = Post(BUREAU, "王某"), Post(f"{BUREAU}分管领导", "王某")
    assert level_of(plan(), BUREAU, [leader, own]) is CITY
    assert level_of(plan(), COUNTY_BUREAU, [own]) is CITY
    assert level_of(plan(), COUNTY_BUREAU, []) is COUNTY

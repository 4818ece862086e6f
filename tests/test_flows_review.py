"""Experts' opinions, the determination of exactly the quota, and replacements (五(二), 五(三))."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from models.database import writing
from operations.cases.desk import Desk
from operations.cases.review import (
    Determination,
    OpinionStatement,
    determine,
    give_opinion,
    propose,
)
from operations.views.overview import deadline_views, projects
from policy.vocabulary import Disposition, Standing
from tests.conftest import AT, DeskIn
from tests.support.builders import opinion
from tests.support.province import END
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act, judge, show, stored, undo, walk

DAY = date(2023, 3, 10)


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    return desk_in(TAIYUAN)


def codes(desk: Desk) -> list[str]:
    return [item.code for item in projects(desk)]


def refused(desk: Desk, **changes: object) -> str:
    given = opinion("示例·专家甲", 80, DAY)
    values: dict[str, object] = {
        "subject": ONE,
        "expert": given.expert,
        "organisation": given.organisation,
        "scores": given.scores,
        "on": DAY,
        "actor": PROVINCE,
        **changes,
    }
    with pytest.raises(RefusedError) as caught, writing(desk.engine) as session:
        give_opinion(session, desk, OpinionStatement(**values), today=END, at=AT)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"organisation": "太原市民政局"}, "应当回避"),
        ({"organisation": "太原市小店区民政局"}, "应当回避"),
        ({"organisation": "清徐县民政局"}, "应当回避"),
        ({"expert": "  "}, "没有写明专家姓名"),
        ({"scores": {"need": Decimal("20")}}, "缺少“场地与产权”"),
        ({"scores": {**opinion("x", 80).scores, "looks": Decimal(1)}}, "没有评分指标“looks”"),
        ({"scores": {**opinion("x", 80).scores, "need": Decimal("25.5")}}, "应在0—25之间"),
        ({"on": date(2023, 2, 8)}, "早于申报日期"),
    ],
)
def test_an_opinion_that_does_not_count_is_refused(
    taiyuan: Desk, changes: dict[str, object], says: str
) -> None:
    walk(taiyuan, "submit_application")
    assert says in refused(taiyuan, **changes)
    assert stored(taiyuan).opinions == ()


def test_nobody_judges_a_project_twice_or_before_it_applied(taiyuan: Desk) -> None:
    walk(taiyuan, "confirm_site")
    assert "“申报”阶段" in refused(taiyuan)
    act(taiyuan, "submit_application", "2023-02-09")
    judge(taiyuan, (80,))
    assert "不得重复" in refused(taiyuan, expert="示例 · 专家0")


def test_a_colleague_from_another_city_may_judge(taiyuan: Desk) -> None:
    walk(taiyuan, "submit_application")
    given = opinion("示例·专家丁", 75, DAY)
    asked = OpinionStatement(ONE, given.expert, "阳泉市城区民政局", given.scores, DAY, PROVINCE)
    with writing(taiyuan.engine) as session:
        give_opinion(session, taiyuan, asked, today=END, at=AT)
    assert [str(item.total) for item in show(taiyuan).opinions] == ["75.0"]


def test_wide_disagreement_is_discussed_first(taiyuan: Desk) -> None:
    walk(taiyuan, "submit_application")
    judge(taiyuan, (60, 90, 90))
    with pytest.raises(RefusedError, match="尚未合议"):
        act(taiyuan, "pass_review", "2023-03-14")
    act(taiyuan, "review_discussed", "2023-03-13")
    act(taiyuan, "pass_review", "2023-03-14")
    assert "review_passed" in stored(taiyuan).milestones


def test_a_returned_application_is_judged_anew(taiyuan: Desk) -> None:
    walk(taiyuan, "pass_review")
    act(taiyuan, "return_for_correction", "2023-03-15")
    assert stored(taiyuan).opinions == ()
    act(taiyuan, "submit_application", "2023-03-20")
    with pytest.raises(RefusedError, match="专家评审意见不足"):
        act(taiyuan, "pass_review", "2023-03-24")
    judge(taiyuan, (70, 72, 74), on="2023-03-22")  # the same experts may judge again
    act(taiyuan, "pass_review", "2023-03-24")


def test_soft_findings_travel_with_the_project_to_review(taiyuan: Desk) -> None:
    act(taiyuan, "confirm_site", "2023-02-06")
    with taiyuan.engine.begin() as connection:
        connection.execute(text("UPDATE project SET beds = 8 WHERE code = :code"), {"code": ONE})
    with pytest.raises(RefusedError, match=r"须附书面说明（R17）"):
        act(taiyuan, "submit_application", "2023-02-09")
    done = act(taiyuan, "submit_application", "2023-02-09", reasons={"R17": "示例：面积所限"})
    assert any("已说明：示例：面积所限" in warning for warning in done.warnings)
    judge(taiyuan, (80, 80, 80))
    act(taiyuan, "pass_review", "2023-03-14")
    assert show(taiyuan).findings == {"R17": "示例：面积所限"}


def passed(desk: Desk, scores: dict[str, int]) -> None:
    for code, points in scores.items():
        act(desk, "confirm_site", "2023-02-06", code)
        act(desk, "submit_application", "2023-02-09", code)
        judge(desk, (points,) * 3, code)
        act(desk, "pass_review", "2023-03-14", code)


def with_places(desk: Desk, places: int) -> Desk:
    """The same desk under a plan in which 太原市 alone has places, so many."""
    cities = tuple(
        city.model_copy(update={"quota": places if city.name == "太原市" else 0})
        for city in desk.plan.cities
    )
    plan = desk.plan.model_copy(update={"cities": cities})
    return Desk(desk.settings, plan, desk.calendar, desk.engine)


@pytest.mark.heavy
def test_determination_picks_exactly_the_quota_and_ranks_the_rest(taiyuan: Desk) -> None:
    desk = with_places(taiyuan, 3)
    own = codes(desk)
    scores = dict(zip(own, (70, 95, 88, 61, 90, 66, 65, 64, 63, 62), strict=True))
    passed(desk, scores)
    wanted = sorted(own, key=lambda code: -scores[code])
    assert propose(desk).determined == tuple(wanted[:3])
    unfounded = Determination(date(2023, 3, 28), PROVINCE, " ")
    with pytest.raises(RefusedError, match="未写明依据"), writing(desk.engine) as session:
        determine(session, desk, unfounded, today=END, at=AT)
    with writing(desk.engine) as session:
        decision = Determination(date(2023, 3, 28), PROVINCE, "示例确定文件")
        done = determine(session, desk, decision, today=END, at=AT)
    assert done.determined == tuple(wanted[:3])
    assert done.reserves == tuple((code, n) for n, code in enumerate(wanted[3:], 1))
    assert {stored(desk, code).disposition for code in wanted[3:]} == {Disposition.RESERVE}
    assert "替补第1位" in show(desk, wanted[3]).history[-1].evidence
    with pytest.raises(RefusedError, match="名额已满"):
        act(desk, "replace", "2023-04-03", wanted[3])
    _a_replacement_has_its_own_dates(desk, wanted)


def _a_replacement_has_its_own_dates(desk: Desk, ranked: list[str]) -> None:
    """A withdrawn project keeps its history; its place goes to a reserve with dates of its own."""
    act(desk, "withdraw", "2023-07-03", ranked[0])
    assert "determined" in stored(desk, ranked[0]).milestones
    act(desk, "replace", "2023-07-10", ranked[3])
    views = {v.rule: v for v in deadline_views(desk, date(2023, 7, 12), ranked[3])}
    # 2023-07-10 and 30, 60 or 90 days, moved to workdays by hand.
    assert str(views["D06"].overdue_after) == "2023-08-09"
    assert str(views["D08"].overdue_after) == "2023-09-08"
    assert str(views["D09"].overdue_after) == "2023-10-08"
    assert views["D08"].standing is Standing.ON_TRACK
    # 180 days end in 2024: the province has to set a day within the year.
    assert str(views["D14"].overdue_after) == "2023-12-31"
    assert views["D14"].standing is Standing.COORDINATING
    assert stored(desk, ranked[3]).quota_left == 0


def test_a_city_with_too_few_is_named_and_nothing_is_written(taiyuan: Desk) -> None:
    passed(taiyuan, {codes(taiyuan)[0]: 80})
    with (
        pytest.raises(RefusedError, match="太原市缺9个、大同市缺10个"),
        writing(taiyuan.engine) as session,
    ):
        decision = Determination(date(2023, 3, 28), PROVINCE, "示例")
        determine(session, taiyuan, decision, today=END, at=AT)
    assert "determined" not in stored(taiyuan).milestones


def test_an_opinion_is_reversed_only_before_the_review_is_passed(taiyuan: Desk) -> None:
    walk(taiyuan, "submit_application")
    judge(taiyuan, (80, 81, 82))
    row = stored(taiyuan).opinions[1].audit_id
    undo(taiyuan, row)
    assert [item.expert for item in stored(taiyuan).opinions] == ["示例·专家0", "示例·专家2"]
    judge_again = opinion("示例·专家1", 84, DAY)
    with writing(taiyuan.engine) as session:
        asked = OpinionStatement(
            ONE, judge_again.expert, "示例大学", judge_again.scores, DAY, PROVINCE
        )
        give_opinion(session, taiyuan, asked, today=END, at=AT)
    act(taiyuan, "pass_review", "2023-03-14")
    with pytest.raises(RefusedError, match="请先更正评审通过"):
        undo(taiyuan, stored(taiyuan).opinions[0].audit_id)

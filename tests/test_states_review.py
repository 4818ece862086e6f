"""Expert opinions: averages by hand, and each reason why an opinion does not count."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.review import Opinion, average, opinion_refusals, spread, total
from tests.support.builders import opinion, plan

PLAN = plan()
APPLIED = date(2023, 2, 10)
GOOD = Opinion(
    "专家 甲",
    "示例大学",
    APPLIED,
    {
        "need": Decimal(25),
        "site": Decimal(0),
        "design": Decimal("12.5"),
        "functions": Decimal(20),
        "operator": Decimal("0.1"),
    },
)


def reasons(given_: Opinion, *earlier: Opinion, applied: date | None = APPLIED) -> tuple[str, ...]:
    return opinion_refusals(PLAN, "太原市", ("小店区", "清徐县"), given_, earlier, applied)


def rated(**changes: str) -> Opinion:
    return replace(GOOD, scores={**GOOD.scores, **{k: Decimal(v) for k, v in changes.items()}})


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_average_and_spread(points: list[int]) -> None:
    given_ = [opinion(str(n), each) for n, each in enumerate(points)]
    assert abs(average(given_) - Decimal(sum(points)) / len(points)) <= Decimal("0.005")
    assert spread(given_) == max(points) - min(points)


@pytest.mark.parametrize(
    ("totals", "mean"),
    [
        (["57.6"], "57.60"),
        (["60", "60", "61"], "60.33"),
        (["60", "61", "61"], "60.67"),
        (["59.9", "60", "60", "60", "60", "60", "60", "60.0"], "59.99"),
        (["60.1", "60", "60", "60", "60", "60", "60", "60.0"], "60.01"),
    ],
)
def test_an_average_has_two_decimals_and_its_half_goes_up(totals: list[str], mean: str) -> None:
    """By hand: 479.9 / 8 = 59.9875 and 480.1 / 8 = 60.0125."""
    given_ = [replace(GOOD, scores={"need": Decimal(each)}) for each in totals]
    assert str(average(given_)) == mean


def test_exactly_half_a_cent_goes_up() -> None:
    halves = [replace(GOOD, scores={"need": Decimal(each)}) for each in ("60.01", "60.00")]
    assert str(average(halves)) == "60.01"


def test_a_total_is_the_sum_of_its_points() -> None:
    assert total(GOOD) == Decimal("57.6")
    assert total(replace(GOOD, scores={})) == 0


@pytest.mark.parametrize(
    "given_",
    [
        GOOD,
        replace(GOOD, organisation="大同市民政局"),
        replace(GOOD, organisation="太原市财政局"),
        replace(GOOD, organisation="省民政厅"),
    ],
)
def test_an_opinion_that_is_in_order_counts(given_: Opinion) -> None:
    assert reasons(given_) == ()
    assert reasons(given_, replace(GOOD, expert="专家乙")) == ()


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        (replace(GOOD, expert=" 　"), ["没有写明专家姓名或所在单位（五(二)）"]),
        (replace(GOOD, organisation=""), ["没有写明专家姓名或所在单位"]),
        (replace(GOOD, organisation="太原市 民政局"), ["（太原市 民政局），应当回避"]),
        (replace(GOOD, organisation="小店区民政局"), ["应当回避"]),
        (replace(GOOD, organisation="清徐县民政局"), ["应当回避"]),
        (replace(GOOD, on=date(2023, 2, 9)), ["评审日期（2023年2月9日）早于申报日期"]),
        (rated(need="25.1"), ["“选址与需求”评分25.1应在0—25之间，最多一位小数"]),
        (rated(site="-0.1"), ["“场地与产权”评分-0.1应在0—20之间"]),
        (rated(design="12.55"), ["“建设方案与投资”评分12.55应在"]),
        (rated(looks="3"), ["没有评分指标“looks”，可用：need（选址与需求）、site"]),
        (
            replace(GOOD, scores={"need": Decimal(1), "site": Decimal(1), "design": Decimal(1)}),
            ["缺少“服务功能”（functions）的评分", "缺少“运营能力”（operator）的评分"],
        ),
    ],
)
def test_each_reason_is_given_and_no_other(given_: Opinion, wanted: list[str]) -> None:
    for told, part in zip(reasons(given_), wanted, strict=True):
        assert part in told


def test_nobody_judges_a_project_twice_however_the_name_is_spaced() -> None:
    (told,) = reasons(GOOD, replace(GOOD, expert="专家甲"))
    assert "已对本项目提出意见，不得重复" in told


def test_before_a_project_has_applied_it_is_not_judged() -> None:
    (told,) = reasons(GOOD, applied=None)
    assert "早于申报日期" in told


def test_a_plan_without_review_takes_no_opinion() -> None:
    bare = PLAN.model_copy(update={"review": None})
    assert opinion_refusals(bare, "太原市", (), GOOD, (), APPLIED) == ("实施方案没有规定专家评审",)


def test_an_opinion_is_of_no_row_until_it_is_recorded() -> None:
    assert GOOD.audit_id == 0

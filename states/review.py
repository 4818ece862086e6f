"""Expert opinions on a project (五(二)). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from common.words import CENT, long_date
from policy.actions import ReviewRules
from policy.schema import Plan
from states.ledger import TENTH


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one expert says of a project."""

    expert: str
    organisation: str
    on: date
    scores: Mapping[str, Decimal]
    """Per criterion of the plan, the points given."""
    audit_id: int = 0
    """The row that recorded it; 0 while it is only handed in."""


def total(opinion: Opinion) -> Decimal:
    """Its points in all."""
    return sum(opinion.scores.values(), Decimal(0))


def average(opinions: Sequence[Opinion]) -> Decimal:
    """The mean of the totals, two decimals; at least one opinion is given."""
    return (sum(map(total, opinions), Decimal(0)) / len(opinions)).quantize(CENT, ROUND_HALF_UP)


def spread(opinions: Sequence[Opinion]) -> Decimal:
    """The highest total less the lowest; at least one opinion is given."""
    totals = [total(opinion) for opinion in opinions]
    return max(totals) - min(totals)


def opinion_refusals(
    plan: Plan,
    city: str,
    counties: Sequence[str],
    opinion: Opinion,
    earlier: Sequence[Opinion],
    applied_on: date | None,
) -> tuple[str, ...]:
    """Every reason why an opinion does not count, with its clause; Chinese.

    `city` and `counties` are those of the project: its own bureaus do not judge it (回避).
    """
    review = plan.review
    if review is None:
        return ("实施方案没有规定专家评审",)
    return (
        *_unnamed(review, opinion),
        *_own(plan, review, city, counties, opinion),
        *_twice(review, opinion, earlier),
        *_scores(review, opinion),
        *_too_early(review, opinion, applied_on),
    )


def _unnamed(review: ReviewRules, opinion: Opinion) -> Iterator[str]:
    if not _bare(opinion.expert) or not _bare(opinion.organisation):
        yield f"没有写明专家姓名或所在单位（{review.clause}），请填写"


def _own(
    plan: Plan, review: ReviewRules, city: str, counties: Sequence[str], opinion: Opinion
) -> Iterator[str]:
    where = _bare(opinion.organisation)
    bureau = plan.trade in where
    local = city in where or any(where.startswith(county) for county in counties)
    if bureau and local:
        yield (
            f"专家来自{plan.said('项目所在市')}的{plan.trade}部门（{opinion.organisation}），应当回避（{review.clause}）；"
            "请改由其他专家评审"
        )


def _twice(review: ReviewRules, opinion: Opinion, earlier: Sequence[Opinion]) -> Iterator[str]:
    if _bare(opinion.expert) in {_bare(item.expert) for item in earlier}:
        yield (
            f"专家{opinion.expert}已对本项目提出意见，不得重复（{review.clause}）；"
            "如需更正，请先更正原意见"
        )


def _scores(review: ReviewRules, opinion: Opinion) -> Iterator[str]:
    criteria = {item.id: item for item in review.criteria}
    for name in criteria:
        if name not in opinion.scores:
            yield f"缺少“{criteria[name].label}”（{name}）的评分（{review.clause}）"
    for name, points in opinion.scores.items():
        if name not in criteria:
            listed = "、".join(f"{item.id}（{item.label}）" for item in review.criteria)
            yield f"没有评分指标“{name}”，可用：{listed}"
        elif not 0 <= points <= criteria[name].points or points != points.quantize(TENTH):
            most = criteria[name].points
            yield f"“{criteria[name].label}”评分{points}应在0—{most}之间，最多一位小数"


def _too_early(review: ReviewRules, opinion: Opinion, applied_on: date | None) -> Iterator[str]:
    if applied_on is None or opinion.on < applied_on:
        yield f"评审日期（{long_date(opinion.on)}）早于申报日期（{review.clause}）；请核对日期"


def _bare(text: str) -> str:
    return "".join(text.split())

"""A plan's table of points: faults that are planted in the shipped one are told."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from policy.schema import Plan
from policy.validate import faults
from policy.vocabulary import Origin
from tests.support.builders import plan
from tests.support.scored_province import (
    rule_with,
    table,
    with_rule,
    with_table,
)


def told(changed: Plan) -> list[str]:
    return [fault.says for fault in faults(changed, "") if fault.loc[0] == "evaluation"]


def placed(id: str, *places: str) -> Plan:
    (item,) = (item for item in table().indicators if item.id == id)
    return with_rule(id, item.rule, places=places)


def test_the_shipped_table_has_no_fault() -> None:
    assert [says for says in told(plan()) if "通知原文" not in says] == []


PLANTED: Mapping[str, tuple[Callable[[], Plan], str]] = {
    "points do not add up": (lambda: rule_with("monthly_report", points=Decimal(14)), "合计99"),
    "an indicator twice": (
        lambda: with_table(indicators=(*table().indicators, table().indicators[-1])),
        "“rectification_late”出现了2次",
    ),
    "an unknown deadline": (
        lambda: rule_with("started_on_time", {"rules": ("D99",)}),
        "未知的项目的时限“D99”",
    ),
    "a city's deadline as a project's": (
        lambda: rule_with("started_on_time", {"rules": ("D10",)}),
        "未知的项目的时限“D10”",
    ),
    "what the finance department has to do": (
        lambda: rule_with("started_on_time", {"rules": ("D05",)}),
        "“D05”由省财政厅负责，不能计入市、县得分",
    ),
    "what the province has to do": (
        lambda: rule_with("opened_in_year", {"rules": ("D16",), "facts": ()}),
        "“D16”由省民政厅负责",
    ),
    "a fact that does not fulfil the deadline": (
        lambda: rule_with("opened_in_year", {"facts": ("work_started",)}),
        "未知的完成“D17”的节点“work_started”",
    ),
    "a city's own deadline in a county's score": (
        lambda: placed("monthly_report", "city", "county"),
        "市级时限不计入县的得分",
    ),
    "an unknown milestone": (
        lambda: rule_with("accepted_at_once", {"unless": "nowhere"}),
        "未知的节点“nowhere”",
    ),
    "an unknown milestone to be before": (
        lambda: rule_with("opened_early", {"day": None, "before": "nowhere"}),
        "未知的节点“nowhere”",
    ),
    "no limit for being early": (
        lambda: rule_with("opened_early", {"day": None}),
        "须写明 day 或 before",
    ),
    "two limits for being early": (
        lambda: rule_with("opened_early", {"before": "accepted"}),
        "须写明 day 或 before",
    ),
    "an unknown kind of evidence": (
        lambda: rule_with("violation", {"evidence": "nothing"}),
        "留痕事项“nothing”",
    ),
    "evidence that only the province has": (
        lambda: rule_with("violation", {"evidence": "progress_bulletin"}),
        "留痕事项“progress_bulletin”",
    ),
    "part from as much as full": (
        lambda: rule_with("started_on_time", part=Decimal(1)),
        "part）须小于",
    ),
    "part worth as much as full": (
        lambda: rule_with("started_on_time", part_points=Decimal(15)),
        "part_points）须小于",
    ),
    "an unknown duty": (lambda: with_table(duty="D10"), "未知的省级周期任务“D10”"),
    "no report": (
        lambda: plan().model_copy(update={"report": None}),
        "没有月报",
    ),
    "no snapshots": (lambda: plan().model_copy(update={"curves": None}), "须有 curves"),
    "no months": (lambda: plan().model_copy(update={"bulletin": None}), "须有 bulletin"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_told(name: str) -> None:
    change, says = PLANTED[name]
    assert any(says in found for found in told(change())), told(change())


def test_every_value_is_marked_as_a_proposal() -> None:
    assert table().origin is Origin.PROPOSAL
    assert "建议" in table().reading

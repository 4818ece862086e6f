"""The provincial subsidy: cases that an official can read, and what holds for every area."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.schema import Subsidy
from states.subsidy import subsidy
from tests.builders import plan

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "subsidy.yaml").read_text("utf-8"))
MOST = {"市辖区": Decimal(1_400_000), "县级市": Decimal(1_050_000), "县": Decimal(1_050_000)}
CAPS = {"市辖区": 2000, "县级市": 1500, "县": 1500}
TYPES = st.sampled_from(sorted(MOST))
AREAS = st.decimals(0, 5000, places=2)


def _county_type(case: dict[str, Any]) -> str:
    if "类型" in case:
        return str(case["类型"])
    name = str(case["县"])
    city = next(city for city in plan().cities if name.startswith(city.name))
    county = city.county(name.removeprefix(city.name))
    assert county, name
    return county.type


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['面积']} {case['补助元']}")
def test_subsidy_cases(case: dict[str, Any]) -> None:
    found = subsidy(plan().subsidy, Decimal(case["面积"]), _county_type(case))
    assert str(found) == case["补助元"]


@given(AREAS, TYPES)
def test_the_subsidy_is_exact_and_never_above_the_cap(area: Decimal, county_type: str) -> None:
    found = subsidy(plan().subsidy, area, county_type)
    assert Fraction(found) == min(Fraction(area), Fraction(CAPS[county_type])) * 700
    assert 0 <= found <= MOST[county_type]
    assert found.as_tuple().exponent == -2


@given(AREAS, AREAS, TYPES)
def test_a_larger_area_never_gets_less(one: Decimal, other: Decimal, county_type: str) -> None:
    smaller, larger = sorted((one, other))
    rule = plan().subsidy
    assert subsidy(rule, smaller, county_type) <= subsidy(rule, larger, county_type)


@pytest.mark.parametrize(
    ("rate", "wanted"), [("0.5", "0.01"), ("0.49", "0.00"), ("1.50", "0.02"), ("700", "7.00")]
)
def test_half_a_fen_rounds_up(rate: str, wanted: str) -> None:
    rule = plan().subsidy.model_copy(update={"yuan_per_square_metre": Decimal(rate)})
    assert str(subsidy(rule, Decimal("0.01"), "县")) == wanted


def test_an_unknown_type_of_county_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="开发区"):
        subsidy(plan().subsidy, Decimal(1000), "开发区")


def test_the_rule_is_the_notices() -> None:
    rule: Subsidy = plan().subsidy
    assert rule.yuan_per_square_metre == 700
    assert rule.cap_square_metres == CAPS

"""The provincial subsidy (七(一))."""

from decimal import ROUND_HALF_UP, Decimal
from typing import cast

from policy.schema import CountyType, Subsidy

FEN = Decimal("0.01")


def subsidy(rule: Subsidy, area: Decimal, county_type: str) -> Decimal:
    """元, exact to the 分: rate times floor area (㎡), the area capped by division type (七(一)).

    KeyError when the plan has no cap for `county_type`.
    """
    cap = rule.cap_square_metres[cast(CountyType, county_type)]
    return (rule.yuan_per_square_metre * min(area, cap)).quantize(FEN, ROUND_HALF_UP)

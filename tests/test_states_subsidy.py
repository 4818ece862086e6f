"""The provincial subsidy: cases that an official can read, and what holds for every area."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.clauses import Clause
from policy.subsidies import AreaSubsidy, BedSubsidy, FlatSubsidy, Fund, Subsidy, UnstatedSubsidy
from policy.vocabulary import EntryKind, Holder, Source
from states.dossier import Profile
from states.ledger import FundMoney, LedgerLine
from states.subsidy import fund_money, subsidy
from tests.support.builders import a_dossier, plan
from tests.support.written import read_yaml

CASES = read_yaml(Path(__file__).parent / "cases" / "subsidy.yaml")
MOST = {"市辖区": Decimal(1_400_000), "县级市": Decimal(1_050_000), "县": Decimal(1_050_000)}
CAPS = {"市辖区": 2000, "县级市": 1500, "县": 1500}
TYPES = st.sampled_from(sorted(MOST))
AREAS = st.decimals(0, 5000, places=2)


def _subsidy(area: Decimal, county_type: str) -> Decimal:
    found = subsidy(plan(), Profile(area=area), county_type)
    assert found is not None
    return found


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
    found = _subsidy(Decimal(case["面积"]), _county_type(case))
    assert str(found) == case["补助元"]


@given(AREAS, TYPES)
def test_the_subsidy_is_exact_and_never_above_the_cap(area: Decimal, county_type: str) -> None:
    found = _subsidy(area, county_type)
    assert Fraction(found) == min(Fraction(area), Fraction(CAPS[county_type])) * 700
    assert 0 <= found <= MOST[county_type]
    assert found.as_tuple().exponent == -2


@given(AREAS, AREAS, TYPES)
def test_a_larger_area_never_gets_less(one: Decimal, other: Decimal, county_type: str) -> None:
    smaller, larger = sorted((one, other))
    assert _subsidy(smaller, county_type) <= _subsidy(larger, county_type)


@pytest.mark.parametrize(
    ("rate", "wanted"), [("0.5", "0.01"), ("0.49", "0.00"), ("1.50", "0.02"), ("700", "7.00")]
)
def test_half_a_fen_rounds_up(rate: str, wanted: str) -> None:
    rule = plan().subsidies[0].model_copy(update={"yuan_per_square_metre": Decimal(rate)})
    made = plan().model_copy(update={"subsidies": (rule,)})
    assert str(subsidy(made, Profile(area=Decimal("0.01")), "县")) == wanted


def test_an_unknown_type_of_county_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="开发区"):
        _subsidy(Decimal(1000), "开发区")


def test_the_rule_is_the_notices() -> None:
    (rule,) = plan().subsidies
    assert isinstance(rule, AreaSubsidy)
    assert rule.yuan_per_square_metre == 700
    assert rule.cap_square_metres == CAPS


# --- by other rules -------------------------------------------------------------------------------

CLAUSE = (
    plan()
    .subsidies[0]
    .model_dump(include={"clause", "words", "force", "responsible", "reading", "origin"})
)


def _by(*rules: Subsidy, **stated: Any) -> Decimal | None:
    return subsidy(plan().model_copy(update={"subsidies": rules}), Profile(**stated), "县")


def test_a_flat_amount_is_the_same_for_all() -> None:
    rule = FlatSubsidy(basis="flat", yuan=Decimal(500_000), **CLAUSE)
    assert _by(rule) == _by(rule, area=Decimal(9000)) == Decimal("500000.00")


@pytest.mark.parametrize(
    ("beds", "wanted"), [(0, "0.00"), (10, "120000.00"), (30, "360000.00"), (41, "400000.00")]
)
def test_an_amount_a_bed_up_to_its_caps(beds: int, wanted: str) -> None:
    rule = BedSubsidy(
        basis="per_bed", yuan_per_bed=Decimal(12_000), most_beds=40, most_yuan=Decimal(400_000),
        **CLAUSE,
    )  # fmt: skip
    assert str(_by(rule, beds=beds)) == wanted


def test_what_is_not_stated_is_never_taken_for_nothing() -> None:
    assert _by(UnstatedSubsidy(basis="not_stated", **CLAUSE), area=Decimal(1000)) is None
    assert subsidy(plan(), Profile(), "县") is None
    per_bed = BedSubsidy(basis="per_bed", yuan_per_bed=Decimal(12_000), **CLAUSE)
    assert _by(per_bed) is None


def test_each_kind_of_project_has_its_own_rule() -> None:
    small = FlatSubsidy(basis="flat", yuan=Decimal(100), kinds=("small",), **CLAUSE)
    large = FlatSubsidy(basis="flat", yuan=Decimal(900), kinds=("large",), **CLAUSE)
    assert _by(small, large, kind="small") == 100
    assert _by(small, large, kind="large") == 900
    assert _by(small, large) is None


@pytest.mark.parametrize(
    ("beds", "most_beds", "most_yuan", "due"),
    [
        (12, None, None, "60000.00"),
        (12, 10, None, "50000.00"),
        (8, 10, None, "40000.00"),
        (12, None, "30000", "30000.00"),
        (12, 10, "55000", "50000.00"),
        (None, 10, None, None),
    ],
)
def test_a_subsidy_by_the_bed_is_capped_by_beds_and_by_an_amount(
    beds: int | None, most_beds: int | None, most_yuan: str | None, due: str | None
) -> None:
    rule = BedSubsidy(
        **CLAUSE,
        basis="per_bed",
        yuan_per_bed=Decimal(5000),
        most_beds=most_beds,
        most_yuan=Decimal(most_yuan) if most_yuan else None,
    )
    changed = plan().model_copy(update={"subsidies": (rule,)})
    found = subsidy(changed, Profile(beds=beds), "县")
    assert (None if found is None else str(found)) == due


def test_a_subsidy_of_several_funds_is_what_they_give_together() -> None:
    """None where one of them is not stated."""
    funds = (Fund(id="budget", label="财政资金"), Fund(id="lottery", label="福彩公益金"))
    flat = tuple(
        FlatSubsidy(**CLAUSE, basis="flat", yuan=Decimal(yuan), fund=fund)
        for fund, yuan in (("budget", 1000), ("lottery", 200))
    )
    held = plan().model_copy(update={"funds": funds, "subsidies": flat})
    assert subsidy(held, Profile(), "县") == Decimal(1200)
    assert [subsidy(held, Profile(), "县", each.id) for each in funds] == [1000, 200]
    lacking = held.model_copy(update={"subsidies": flat[:1]})
    assert subsidy(lacking, Profile(), "县") is None
    assert subsidy(lacking, Profile(), "县", "lottery") is None


def test_each_fund_of_a_subsidy_stands_by_itself() -> None:
    """100 元 of one that is stated, and another of which nothing is."""
    funds = (Fund(id="budget", label="预算"), Fund(id="lottery", label="福彩"))
    given = plan().subsidies[0].model_dump(include={*Clause.model_fields})
    rules = (
        FlatSubsidy(**given, basis="flat", yuan=Decimal(100), fund="budget"),
        UnstatedSubsidy(**given, basis="not_stated", fund="lottery"),
    )
    several = plan().model_copy(update={"funds": funds, "subsidies": rules})
    came = LedgerLine(
        *(
            1,
            EntryKind.RECEIPT,
            date(2023, 5, 4),
            Source.PROVINCE,
            Holder.CITY,
            Decimal(30),
            "示例",
        ),
        fund="budget",
    )
    project = replace(a_dossier(), lines=(came,), released_funds={"budget": "40"})
    assert fund_money(several, project) == (
        FundMoney("budget", Decimal(100), Decimal(40), Decimal(30)),
        FundMoney("lottery", None, None, Decimal(0)),
    )
    assert fund_money(plan(), project) == ()
    assert subsidy(several, project.profile, "县") is None  # one part is not stated
    assert subsidy(several, project.profile, "县", "budget") == 100

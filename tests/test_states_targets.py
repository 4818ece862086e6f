"""What a programme is to reach, reckoned: totals by kind, coverage, ratios, money by a tier."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from policy.load import load_plan
from policy.schema import Plan
from policy.targets import RatioTarget
from policy.vocabulary import Disposition
from states.dossier import Dossier, Profile
from states.subsidy import subsidy
from states.targets import figures, of_place
from tests.support.builders import plan as shanxi

CANTEENS = Path(__file__).parent / "plans" / "canteens-2024"


def canteens_plan(**changes: object) -> Plan:
    return load_plan(CANTEENS / "plan.yaml").model_copy(update=changes)


def case(number: int, kind: str, street: str = "甲街道", **reached: str) -> Dossier:
    return Dossier(
        code=f"ZC2024-990101-{number:02d}",
        name=f"示例{number}",
        city="甲市",
        county="东区",
        county_type="市辖区",
        stage="building",
        milestones={name: date.fromisoformat(on) for name, on in reached.items()},
        profile=Profile(street=street, community=f"{number}社区", kind=kind),
    )


FEBRUARY = "2024-02-01"
FOUND = (
    case(1, "canteen", chosen=FEBRUARY, opened="2024-03-01", money_out="2024-04-01"),
    case(2, "canteen", "乙街道", chosen=FEBRUARY),
    case(3, "point", chosen=FEBRUARY, opened="2024-03-01"),
    case(4, "point", "乙街道"),
    replace(case(5, "point", "丙街道", chosen=FEBRUARY), disposition=Disposition.WITHDRAWN),
)


def said(found: tuple[Dossier, ...], plan: Plan | None = None) -> dict[str, str]:
    return {it.id: it.said for it in figures(plan or canteens_plan(), found)}


def test_totals_by_kind_stand_by_themselves() -> None:
    """Two canteens and one point of the notice; who has withdrawn is in no figure."""
    told = said(FOUND)
    assert told["kind.canteen"] == "老年食堂：在册2个，已确定2个，目标2个，已达到"
    assert told["kind.point"] == "助餐点：在册2个，已确定1个，目标2个，尚缺1个"


def test_a_kind_whose_total_is_not_stated_is_neither_full_nor_nothing() -> None:
    quota = canteens_plan().quota.model_copy(update={"goal": None})
    told = said(FOUND, canteens_plan(quota=quota))
    assert told["kind.canteen"] == "老年食堂：在册2个，已确定2个，目标未明确"


def test_fewer_are_funded_than_planned() -> None:
    """Four planned, three with money: two figures."""
    told = said(FOUND)
    assert told["funded"] == "给予补助：1个，目标3个，尚缺2个"
    assert said(())["funded"] == "给予补助：0个，目标3个，尚缺3个"


def test_every_street_has_one() -> None:
    told = said(FOUND)
    assert told["streets"] == "街道覆盖：已覆盖2个街道（乡镇），共3个，尚缺1个"
    more = (*FOUND, case(6, "point", "丙街道"))
    assert said(more)["streets"] == "街道覆盖：已覆盖3个街道（乡镇），共3个，已达到"


def test_counties_without_one_are_named() -> None:
    assert said(FOUND)["counties"] == "县县都有：已覆盖1个县（市、区），共2个，尚缺1个：甲市南县"


def test_a_ratio_is_told_exactly_and_of_nothing_not_at_all() -> None:
    assert said(FOUND)["opened_rate"] == "开业率：66.6%（2/3），目标不低于90%，未达到"
    assert said(())["opened_rate"] == "开业率：尚无可计算的项目，目标不低于90%"
    nine = tuple(case(n, "point", chosen=FEBRUARY, opened=FEBRUARY) for n in range(9))
    assert said((*nine, case(9, "point", chosen=FEBRUARY)))["opened_rate"] == (
        "开业率：90.0%（9/10），目标不低于90%，已达到"
    )
    # 8996 of 10000 is not rounded up to what it has not come to.
    (of,) = (it for it in canteens_plan().targets if it.id == "opened_rate")
    assert isinstance(of, RatioTarget)
    assert (of.share(8999, 10000), of.met(8999, 10000)) == ("89.9%（8999/10000）", False)


def of_one_city() -> Plan:
    """Streets and openings are 甲市's own to reach; a second city has none."""
    plan = canteens_plan()
    own = ("streets", "opened_rate", "counties")
    told = tuple(
        it.model_copy(update={"cities": ("甲市",)}) if it.id in own else it for it in plan.targets
    )
    second = plan.cities[0].model_copy(update={"name": "乙市", "code": "990200"})
    return plan.model_copy(update={"targets": told, "cities": (*plan.cities, second)})


def test_what_a_single_city_is_to_reach_is_judged_by_its_own_projects() -> None:
    elsewhere = replace(case(9, "point", "丙街道", chosen=FEBRUARY, opened=FEBRUARY), city="乙市")
    found = {it.id: it for it in figures(of_one_city(), (*FOUND, elsewhere))}
    assert found["streets.甲市"].said == ("甲市街道覆盖：已覆盖2个街道（乡镇），共3个，尚缺1个")
    assert found["opened_rate.甲市"].done == "66.6%（2/3）"
    assert found["counties.甲市"].standing == "尚缺1个：南县"
    assert "streets" not in found
    assert [it.id for it in of_place(found.values(), "乙市")] == []
    assert {it.id for it in of_place(found.values(), "甲市")} == {
        *("streets.甲市", "opened_rate.甲市", "counties.甲市")
    }


@pytest.mark.parametrize("other", ["丁市", "电市"])
def test_what_lies_in_another_city_is_not_its_own(other: str) -> None:
    """Whether its name comes before or after."""
    elsewhere = replace(case(9, "point", "丙街道", chosen=FEBRUARY, opened=FEBRUARY), city=other)
    told = {it.id: it.said for it in figures(of_one_city(), (*FOUND, elsewhere))}
    assert told["streets.甲市"] == "甲市街道覆盖：已覆盖2个街道（乡镇），共3个，尚缺1个"
    assert "66.6%（2/3）" in told["opened_rate.甲市"]


def test_every_city_has_one() -> None:
    """And of a city's own only itself is named."""
    plan = of_one_city()
    (counties,) = (it for it in plan.targets if it.id == "counties")
    whole = counties.model_copy(update={"each": "city", "cities": ()})
    told = said(FOUND, plan.model_copy(update={"targets": (whole,)}))
    assert told["counties"].endswith("：已覆盖1个市，共2个，尚缺1个：乙市")


@pytest.mark.parametrize("missing", [7, 8, 9])
def test_at_most_eight_places_are_named(missing: int) -> None:
    plan = canteens_plan()
    first = plan.cities[0]
    many = tuple(
        first.counties[0].model_copy(update={"name": f"{n}县", "code": f"9901{n:02d}"})
        for n in range(missing)
    )
    (counties,) = (it for it in plan.targets if it.id == "counties")
    changes = {"cities": (first.model_copy(update={"counties": many}),), "targets": (counties,)}
    told = said((), plan.model_copy(update=changes))["counties"]
    named = "、".join(f"甲市{n}县" for n in range(min(missing, 8)))
    more = f"等{missing}个" if missing > 8 else ""
    assert told.endswith(f"尚缺{missing}个：{named}{more}")


def test_a_plan_without_kinds_and_targets_shows_none() -> None:
    assert figures(shanxi(), ()) == ()


# --- a tier beside the kind -----------------------------------------------------------------------


def test_a_subsidy_may_go_by_a_tier_beside_the_kind() -> None:
    plan = canteens_plan()
    canteen = Profile(kind="canteen")

    def due(profile: Profile) -> Decimal | None:
        return subsidy(plan, profile, "市辖区")

    assert due(canteen.saying({"tier": "一类"})) == Decimal("200000.00")
    assert due(canteen.saying({"tier": "二类"})) == Decimal("100000.00")
    assert due(canteen) is None  # not stated is never nothing
    assert due(Profile(kind="point")) == Decimal("30000.00")


@pytest.mark.parametrize(
    ("done", "whole", "met", "share"),
    [
        (9, 10, True, "90.0%（9/10）"),
        (89, 99, False, "89.8%（89/99）"),
        (899, 999, False, "89.9%（899/999）"),  # 89.99 % is not 90
        (0, 1, False, "0.0%（0/1）"),
        (3, 3, True, "100.0%（3/3）"),
        (0, 0, None, "尚无可计算的项目"),
    ],
)
def test_a_ratio_is_met_by_the_exact_numbers(
    done: int, whole: int, *, met: bool | None, share: str
) -> None:
    ratio = next(each for each in canteens_plan().targets if isinstance(each, RatioTarget))
    ninety = ratio.model_copy(update={"least_percent": Decimal("90.0")})
    assert (ninety.met(done, whole), ninety.share(done, whole)) == (met, share)
    assert ninety.wanted == "不低于90%"


@pytest.mark.parametrize(("count", "told"), [(8, "甲市八区"), (9, "甲市八区等9个")])
def test_of_many_places_that_are_missing_the_first_are_named(count: int, told: str) -> None:
    city = canteens_plan().cities[0]
    names = [f"{sign}区" for sign in "一二三四五六七八九"[:count]]
    counties = tuple(city.counties[0].model_copy(update={"name": name}) for name in names)
    cities = (city.model_copy(update={"counties": counties}),)
    said_ = next(it.said for it in figures(canteens_plan(cities=cities), ()) if it.id == "counties")
    assert said_.split("：")[-1].split("、")[-1] == told

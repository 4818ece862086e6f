"""Ready-made values for tests: the shipped plan, its calendar, a project that meets every rule."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from policy.load import load_plan, plan_path
from policy.schema import Plan
from states.dossier import PROFILE_FIELDS, Dossier, Profile
from states.workdays import Calendar

FUNCTIONS = frozenset({"短期托养", "日间照料", "老人餐厅", "健康管理", "文化娱乐", "上门服务"})
COMMITMENTS = frozenset({"无产权纠纷", "足额配套资金", "按时完工"})


@lru_cache
def plan() -> Plan:
    """The shipped plan of 2023."""
    return load_plan(plan_path("shanxi-2023"))


@lru_cache
def calendar() -> Calendar:
    """The built-in years only, so that a test does not depend on the shipped override files."""
    return Calendar()


def a_profile(**changes: Any) -> Profile:
    """A profile that meets every condition of the plan, hard and soft, with `changes`."""
    return replace(
        Profile(
            street="示例街道",
            community="示例社区",
            operator="示例养老服务有限公司",
            building_kind="改建",
            area=Decimal("1200.00"),
            investment=Decimal("1500000.00"),
            address="示例路1号",
            site_source="A",
            tenure="政府无偿提供",
            beds=12,
            households=800,
            functions=FUNCTIONS,
            commitments=COMMITMENTS,
            visited_on=date(2023, 1, 30),
            letter_issuer="太原市人民政府",
            letter_number="并政函〔2023〕1号",
            letter_on=date(2023, 2, 8),
            responsible_person="张某",
            responsible_phone="03510000000",
        ),
        **changes,
    )


def a_dossier(**changes: Any) -> Dossier:
    """A project in 选址 that can walk the whole chain; `changes` of its or its profile's fields."""
    stated = {name: value for name, value in changes.items() if name in PROFILE_FIELDS}
    others = {name: value for name, value in changes.items() if name not in PROFILE_FIELDS}
    dossier = Dossier(
        code="XF2023-140105-01",
        name="示例街道示例社区养老幸福工程",
        city="太原市",
        county="小店区",
        county_type="市辖区",
        stage="siting",
        profile=a_profile(**stated),
        quota_left=1,
    )
    return replace(dossier, **others)

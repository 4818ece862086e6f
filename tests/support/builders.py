"""Ready-made values for tests: the shipped plan, its calendar, a project that meets every rule."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from notifications.message import DigestLine
from policy.load import named_plan
from policy.schema import Plan
from policy.vocabulary import Origin, RungKind, SubjectKind
from states.deadlines import Deadline, DeadlineDates
from states.dossier import Dossier, Profile, profile_of
from states.review import Opinion
from states.workdays import Calendar

FUNCTIONS = frozenset({"短期托养", "日间照料", "老人餐厅", "健康管理", "文化娱乐", "上门服务"})
COMMITMENTS = frozenset({"无产权纠纷", "足额配套资金", "按时完工"})


SUMMARY_SHEET = "附件3 汇总表"
"""What the notice's own form calls its sheet."""
ACCEPTORS = "大同市民政局王某、大同市民政局李某"


def opinion(expert: str, points: int, on: date = date(2023, 3, 1)) -> Opinion:
    """An opinion that gives so many points of a hundred, spread over the plan's criteria."""
    criteria = plan().review
    assert criteria is not None
    first, *others = criteria.criteria
    tenth = Decimal("0.1")
    scores = {item.id: (item.points * points / 100).quantize(tenth) for item in others}
    scores[first.id] = Decimal(points) - sum(scores.values())
    return Opinion(expert, "示例大学", on, scores)


def answers(**changes: str) -> dict[str, str]:
    """An acceptance checklist in which all is well, with `changes`."""
    told = {item.id: "是" for item in plan().checklist}
    told |= {"area": "1200.00", "beds": "12", "functions": "、".join(sorted(FUNCTIONS))}
    return {**told, "acceptors": ACCEPTORS, **changes}


def fixed(deadline: Deadline) -> DeadlineDates:
    """The dates that the plan itself sets."""
    assert deadline.dates is not None, deadline.id
    return deadline.dates


@lru_cache
def plan() -> Plan:
    """The shipped plan of 2023."""
    return named_plan("shanxi-2023")


@lru_cache
def calendar() -> Calendar:
    """The built-in years only, so that a test does not depend on the shipped override files."""
    return Calendar()


def a_profile(**changes: Any) -> Profile:
    """A profile that meets every condition of the plan, hard and soft, with `changes`."""
    return profile_of(
        {
            "street": "示例街道",
            "community": "示例社区",
            "operator": "示例养老服务有限公司",
            "building_kind": "改建",
            "area": Decimal("1200.00"),
            "investment": Decimal("1500000.00"),
            "address": "示例路1号",
            "site_source": "A",
            "tenure": "政府无偿提供",
            "beds": 12,
            "households": 800,
            "functions": FUNCTIONS,
            "commitments": COMMITMENTS,
            "visited_on": date(2023, 1, 30),
            "letter_issuer": "太原市人民政府",
            "letter_number": "并政函〔2023〕1号",
            "letter_on": date(2023, 2, 8),
            "site_owner": "示例市政府",
            "old_community": True,
            "elderly": 600,
            "settlement": "城镇",
            "visited_by": "王某、李某",
            "visit_finding": "符合条件",
            "county_civil_on": date(2023, 1, 31),
            "county_finance_on": date(2023, 1, 31),
            "city_civil_on": date(2023, 2, 6),
            "city_finance_on": date(2023, 2, 6),
            "operator_code": "91140100MA00000016",
            "operator_registrar": "示例行政审批服务管理局",
            "operator_registered_on": date(2019, 3, 12),
            "operator_filing": "示例备案第001号",
            "operator_filed_on": date(2020, 1, 8),
            "operator_since": date(2020, 1, 20),
            "operator_third_party": True,
            "operator_manager": "赵某",
            "operator_phone": "03510000001",
            "city_share": Decimal("400000.00"),
            "county_share": Decimal("260000.00"),
            "responsible_person": "张某",
            "responsible_phone": "03510000000",
        }
        | changes
    )


def a_dossier(**changes: Any) -> Dossier:
    """A project in 选址 that can walk the whole chain; `changes` of its or its profile's fields."""
    own = {item.name for item in fields(Dossier)}
    stated = {name: value for name, value in changes.items() if name not in own}
    others = {name: value for name, value in changes.items() if name in own}
    dossier = Dossier(
        code="XF2023-140105-01",
        name="示例街道示例社区养老幸福工程",
        city="太原市",
        county="小店区",
        county_type="市辖区",
        stage="siting",
        profile=a_profile(**stated),
        quota_left=1,
        building_kinds={"改建": 3, "新建": 1},
        opinions=OPINIONS,
    )
    return replace(dossier, **others)


def a_line(**changes: Any) -> DigestLine:
    """A line of a digest: a project of 清徐县 that should have begun by the end of May."""
    line = DigestLine(
        kind=RungKind.URGE,
        subject_kind=SubjectKind.PROJECT,
        subject="XF2023-140121-01",
        name="清源街道东关社区养老幸福工程",
        place="太原市清徐县",
        rule="D08",
        title="全部开工建设",
        clause="六(二)",
        notice_number="晋民发〔2023〕7号",
        origin=Origin.NOTICE,
        due=date(2023, 5, 31),
        remind_by=date(2023, 5, 31),
        overdue_after=date(2023, 5, 31),
        responsible="太原市清徐县民政局",
        to_do="请签订施工合同、组织进场并办理开工",
        missing=("施工合同签订日期",),
    )
    return replace(line, **changes)


OPINIONS = tuple(opinion(f"专家{name}", 80) for name in "甲乙丙")

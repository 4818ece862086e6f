"""Faults of a plan in its places, its patterns and its bodies: each edge, on both sides of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policy.cities import City, County, NamedSite, ProjectKind
from policy.faults import places
from policy.faults.ground import PlanFault
from policy.schema import Plan
from policy.vocabulary import Holder, Level
from tests.support.builders import plan
from tests.test_policy_validate import put

Check = Callable[[Plan], Iterator[PlanFault]]
ONE, TWO = plan().cities[:2]
KINDS = (ProjectKind(id="new", label="新建"), ProjectKind(id="old", label="改建"))


def told(check: Check, **changes: Any) -> list[str]:
    """What is told of the shipped plan with changes at paths (``quota__goal``), with its path."""
    changed = plan()
    for path, value in changes.items():
        changed = put(changed, path.replace("__", "."), value)
    return [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in check(changed)]


def city(name: str = "甲市", quota: Any = None, **changes: Any) -> City:
    return ONE.model_copy(update={"name": name, "quota": quota, **changes})


def county(code: str, name: str, **changes: Any) -> County:
    return ONE.counties[0].model_copy(update={"code": code, "name": name, **changes})


# --- quotas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quotas", "goal", "sound"),
    [
        ((3, 4), 7, True),
        ((3, 4), 6, False),
        ((3, 4), 8, False),
        ((3, None), 3, True),  # what is not stated may be none
        ((3, None), 4, True),
        ((3, None), 2, False),
        ((None, None), 5, True),
        ((3, 4), None, True),
        ((0, 0), 0, True),
    ],
)
def test_quotas_add_up_to_the_total(
    quotas: tuple[int | None, ...], goal: int | None, *, sound: bool
) -> None:
    cities = tuple(city(quota=each) for each in quotas)
    stated = sum(filter(None, quotas))
    wanted = [] if sound else [f"quota.goal: 各市名额合计{stated}，与总数{goal}不符"]
    assert told(places.quotas, cities=cities, quota__goal=goal) == wanted


BY_KIND = "的名额须按项目类别写明："


@pytest.mark.parametrize(
    ("kinds", "quota", "says"),
    [
        (KINDS, {"new": 1, "old": 2}, []),
        (KINDS, {"new": 3}, [f"cities.0.quota: 甲市{BY_KIND}新建、改建"]),
        (KINDS, 3, [f"cities.0.quota: 甲市{BY_KIND}新建、改建"]),
        (KINDS, None, []),
        ((), 3, []),
        ((), {"new": 3}, [f"cities.0.quota: 甲市{BY_KIND}不分类别"]),
    ],
)
def test_quotas_are_stated_by_the_kinds_of_the_plan(
    kinds: tuple[ProjectKind, ...], quota: Any, says: list[str]
) -> None:
    changes = {"kinds": kinds, "cities": (city(quota=quota),), "quota__goal": None}
    assert told(places.quotas, **changes) == says


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (KINDS, []),
        (KINDS[:1], ["quota.goal: 总数须按项目类别写明：新建"]),
        ((), ["quota.goal: 总数须按项目类别写明：不分类别"]),
    ],
)
def test_the_total_is_stated_by_the_kinds_of_the_plan(
    kinds: tuple[ProjectKind, ...], says: list[str]
) -> None:
    goal = {"new": 1, "old": 2}
    assert told(places.quotas, kinds=kinds, cities=(city(),), quota__goal=goal) == says


# --- names and codes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("太原市", ""),
        ("太 原市", "含有不能用于文件名的“空格”"),
        ("太原/市", "含有不能用于文件名的“/”"),
        ("太原? 市", "含有不能用于文件名的“?”"),
        (".太原市", "不能用作文件夹的名称"),
        ("太原.市", ""),
        ("太原\u200b市", "第3个字是看不见的控制符号"),
    ],
)
def test_a_place_is_called_so_that_files_can_be(name: str, says: str) -> None:
    only = (city(name, unserved=()),)
    inner = (city(unserved=(), counties=(county("140105", name),)),)
    for cities, at in ((only, "cities.0.name"), (inner, "cities.0.counties.0.name")):
        found = told(places.places, cities=cities)
        assert [each.partition(":")[0] for each in found] == [at] * bool(says), found
        assert all(says in each for each in found)


@pytest.mark.parametrize(
    ("code", "counties", "says"),
    [
        ("140100", [("140105", "小店区"), ("140106", "迎泽区")], []),
        ("140100", [("140205", "小店区")], ["“小店区”的代码140205不属于甲市"]),
        ("140100", [("140100", "小店区")], ["“小店区”的代码140100不属于甲市"]),
        ("140000", [("140105", "小店区")], []),
        ("140100", [("140105", "小店区"), ("140106", "小店区")], ["甲市有两个“小店区”"]),
        ("140100", [("140100", "")], []),  # a city below which nothing lies is its own county
        ("140100", [("140105", "小店区"), ("140106", "")], ["县（市、区）须有名称"]),
    ],
)
def test_counties_belong_to_their_city(
    code: str, counties: list[tuple[str, str]], says: list[str]
) -> None:
    own = tuple(county(*each) for each in counties)
    found = told(places.places, cities=(city(code=code, unserved=(), counties=own),))
    assert len(found) == len(says), found
    for each, part in zip(found, says, strict=True):
        assert each.startswith(f"cities.0.counties: {part}")


@pytest.mark.parametrize(
    ("former", "says"),
    [
        ((None, None), []),
        (("旧市", None), []),
        (("旧市", "另市"), []),
        (("乙市", None), ["cities: “乙市”仍是现有的名称，不能又是原名称（renamed_from）"]),
        (("旧市", "旧市"), ["cities: “旧市”出现了2次，应当唯一"]),
    ],
)
def test_a_former_name_is_that_of_one_place_alone(
    former: tuple[str | None, ...], says: list[str]
) -> None:
    cities = tuple(
        city(name, renamed_from=old, unserved=(), counties=(county("140105", "小店区"),))
        for name, old in zip(("甲市", "乙市"), former, strict=True)
    )
    assert told(places.places, cities=cities) == says


@pytest.mark.parametrize(
    ("unserved", "says"),
    [
        (("小店区",), []),
        (("小店区", "小店区"), ["“小店区”出现了2次"]),
        (("大店区",), ["甲市没有县（市、区）“大店区”"]),
        (("大店区", "大店区"), ["甲市没有县（市、区）“大店区”", "“大店区”出现了2次"]),
    ],
)
def test_who_is_unserved_is_a_county_and_named_once(
    unserved: tuple[str, ...], says: list[str]
) -> None:
    only = city(unserved=unserved, counties=(county("140105", "小店区"),))
    found = told(places.places, cities=(only,))
    assert found == [f"cities.0.unserved: {each}" for each in says]


def test_the_type_of_a_county_is_one_of_the_plans() -> None:
    own = (county("140105", "小店区"), county("140106", "迎泽区", type="开发区"))
    (says,) = told(places.places, cities=(city(unserved=(), counties=own),))
    assert says.startswith("cities.0.counties.1.type: 未知的区划类型“开发区”，可用：")


@pytest.mark.parametrize(
    ("code", "own", "says"),
    [
        ("620200", ("620200", ""), ["甲市的代码620200在 GB/T 2260 中"]),
        ("110000", ("110101", "东城区"), []),
        ("820000", ("820102", "花王堂区"), ["花王堂区的代码820102在 GB/T 2260 中没有"]),
        ("160000", ("140105", "小店区"), ["没有以16开头的省级代码"]),
        ("140101", ("140105", "小店区"), ["甲市的代码140101末两位应为00"]),
    ],
)
def test_codes_have_the_form_of_the_standard(
    code: str, own: tuple[str, str], says: list[str]
) -> None:
    cities = (city(code=code, counties=(county(*own),)),)
    found = told(places.standard, code_standard="GB/T 2260", cities=cities)
    assert len(found) == len(says), found
    assert all(part in each for each, part in zip(found, says, strict=True))
    assert told(places.standard, code_standard=None, cities=cities) == []


# --- sites and patterns ---------------------------------------------------------------------------

SITE = NamedSite(city="太原市", county="小店区", street="甲街道", community="乙社区")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, []),
        ({"city": "北京市"}, ["sites.0: 没有“北京市小店区”"]),
        ({"county": "平城区"}, ["sites.0: 没有“太原市平城区”"]),
        ({"street": ""}, ["sites.0: 缺少“street”，项目名称（project_name）由它组成"]),
        ({"community": ""}, ["sites.0: 缺少“community”，项目名称（project_name）由它组成"]),
        ({"kind": "new"}, ["sites.0.kind: 未知的项目类别“new”"]),
    ],
)
def test_a_site_is_at_a_place_of_the_plan(changes: dict[str, str], says: list[str]) -> None:
    assert told(places.sites, sites=(SITE.model_copy(update=changes),)) == says


def test_a_site_of_its_own_name_has_one() -> None:
    named = SITE.model_copy(update={"community": "", "name": "丙公园"})
    free: dict[str, Any] = {"project_name": "{name}"}
    assert told(places.sites, sites=(named,), **free) == []
    assert told(places.sites, sites=(named, named), **free) == [
        "sites: “太原市小店区甲街道丙公园”出现了2次"
    ]
    (says,) = told(places.sites, sites=(SITE,), **free)
    assert says.startswith("sites.0: 缺少“name”")


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("{street}{community}", ""),
        ("{town}", "{town}"),
        ("{}", "{}"),
        ("{street", "大括号不成对"),
        ("{street!r}", "{street}"),
        ("{street:>9}", "{street:>9}"),
        ("{number}", ""),
        ("{number:02d}", ""),
        ("{number:2}", ""),
        ("{number:d}", ""),
        ("{number:x}", "{number:x}"),
        ("{number:012d}", "{number:012d}"),
        ("{street:02d}", "{street:02d}"),
        ("没有", ""),
        ("{{street}}", ""),
    ],
)
def test_a_pattern_names_what_it_is_filled_with(pattern: str, wrong: str) -> None:
    assert places.misplaced(pattern, ("street", "community", "number")) == wrong


def test_a_name_of_its_own_and_a_community_do_not_go_together() -> None:
    says = "project_name: {name}（自定名称）和 {community}（社区）只能用一个"
    assert told(places.patterns, project_name="{community}{name}") == [says]
    assert told(places.patterns, project_name="{street}{name}") == []
    assert told(places.patterns, project_name="{street}{community}") == []


# --- regions and who decides ----------------------------------------------------------------------

WITH_REGION = {**plan().offices, Level.REGION: "{region}民政专员办"}
NO_REGION = "方案没有片区一级的单位；请在 offices 中写明"


def test_where_a_region_has_an_office_every_city_lies_in_one() -> None:
    cities = (ONE.model_copy(update={"region": "东片"}), TWO)
    says = f"cities.1: {TWO.name}没有写明所属片区（region），其片区单位无从提醒"
    assert told(places.regions, offices=WITH_REGION, cities=cities) == [says]
    assert told(places.regions, offices=WITH_REGION, cities=cities[:1]) == []


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ("bodies__city__reached_at", Level.REGION, "bodies.city.reached_at"),
        ("ladder__repeat__audience", ("region",), "ladder"),
        ("ladder__rungs__0__audience", ("city", "region"), "ladder"),
    ],
)
def test_who_reaches_a_region_needs_an_office_there(path: str, value: Any, at: str) -> None:
    (says,) = told(places.regions, **{path: value})
    assert says.startswith(f"{at}: {NO_REGION}")
    assert told(places.regions) == []


@pytest.mark.parametrize("level", Level)
def test_every_level_but_the_regions_has_an_office(level: Level) -> None:
    less = {name: text for name, text in plan().offices.items() if name is not level}
    found = [each for each in told(places.bodies, offices=less) if each.startswith("offices:")]
    needed = level is not Level.REGION
    assert found == [f"offices: 缺少{level.label}（{level}）的名称"] * needed


@pytest.mark.parametrize("offices", [plan().offices, WITH_REGION])
def test_a_region_decides_where_it_has_an_office(offices: dict[Level, str]) -> None:
    found = told(places.decided_by, actions__0__decided_by=("region",), offices=offices)
    known = Level.REGION in offices
    assert [each.partition("“")[0] for each in found] == (
        [] if known else ["actions.0.decided_by: 未知的单位"]
    )
    assert told(places.decided_by, actions__0__decided_by=("city", "city_leader")) == []


def test_each_matter_is_somebodys() -> None:
    assert told(places.authority) == []
    for name in ("profiles", "imports", "extensions", "upkeep"):
        path = f"authority__{name}"
        assert told(places.authority, **{path: ()}) == [f"authority.{name}: 须写明由谁决定"]
        (says,) = told(places.authority, **{path: ("nobody",)})
        assert says.startswith(f"authority.{name}: 未知的单位“nobody”")
    for holder in Holder:
        rest = {each: ("county",) for each in Holder if each is not holder}
        says = f"authority.holders.{holder.value}: 须写明由谁决定"
        assert told(places.authority, authority__holders=rest) == [says]
    assert told(places.authority, authority=None) == []


def test_one_name_of_two_levels_is_told_at_the_higher() -> None:
    """A city's bureau and those of its counties would be one."""
    offices = {**plan().offices, Level.COUNTY: plan().offices[Level.CITY]}
    found = [each for each in told(places.bodies, offices=offices) if "个单位的名称" in each]
    assert len(found) == len(plan().cities)
    assert all(each.startswith("offices.city: ") for each in found)

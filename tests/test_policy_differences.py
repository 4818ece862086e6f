"""What one version of a plan says otherwise than another: nothing is missed, law is told apart."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.differences import differences
from policy.load import canonical, from_canonical
from tests.support.builders import plan

CONTENT = canonical(plan())
Spot = tuple[str | int, ...]


def spots(value: Any, at: Spot = ()) -> list[Spot]:
    """Every place of the content that holds a text, a number, a truth or a list of such."""
    if isinstance(value, dict):
        return [spot for key, item in value.items() for spot in spots(item, (*at, key))]
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [spot for key, item in enumerate(value) for spot in spots(item, (*at, key))]
    return [] if value is None else [at]


SPOTS = spots(CONTENT)


def other(value: Any) -> Any:
    """Some other value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, "另"]
    try:
        return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
    except ValueError:
        return f"{value}另"


def changed(spot: Spot, value: Any) -> dict[str, Any]:
    content = deepcopy(CONTENT)
    held: Any = content
    for part in spot[:-1]:
        held = held[part]
    held[spot[-1]] = value
    return content


def at(section: str, id: str, *rest: str | int) -> Spot:
    return (section, [item["id"] for item in CONTENT[section]].index(id), *rest)


def test_that_the_plan_now_says_what_the_program_said_is_no_difference() -> None:
    """What an earlier program kept lacks these; left out or changed later, they are told."""
    before = deepcopy(CONTENT)
    for name in ("short_name", "annexes", "serves"):
        del before[name]
    for requirement in before["requirements"]:
        del requirement["gist"]
    assert differences(before, CONTENT) == ()
    [told] = differences(CONTENT, {**CONTENT, "short_name": "另"})
    assert (str(told), told.legal) == ("简称：幸福养老工程 → 另", False)
    assert differences(CONTENT, {**CONTENT, "serves": None})


def test_a_plan_is_what_its_content_says() -> None:
    assert from_canonical(CONTENT) == plan()
    assert differences(CONTENT, deepcopy(CONTENT)) == ()


@given(spot=st.sampled_from(SPOTS))
def test_no_change_of_a_leaf_is_missed(spot: Spot) -> None:
    value: Any = CONTENT
    for part in spot:
        value = value[part]
    after = changed(spot, other(value))
    found = differences(CONTENT, after)
    assert found
    assert all(each.path[0] == spot[0] for each in found)
    back = differences(after, CONTENT)
    assert {(each.before, each.after) for each in found} == {
        (each.after, each.before) for each in back
    }
    assert [each.legal for each in found] == [each.legal for each in back]


D08 = "D08 全部开工建设"
TOLD: list[tuple[Spot, Any, str, bool]] = [
    (at("deadlines", "D08", "due"), "2023-06-07", f"{D08}·逾期日期：2023-05-31 → 2023-06-07", True),
    (at("deadlines", "D08", "to_do"), "请开工", f"{D08}·请办理", False),
    (at("deadlines", "D08", "responsible"), "city", f"{D08}·责任单位：county → city", True),
    (at("deadlines", "D08", "fulfilled_by", "project"), ["opened"], f"{D08}·完成的依据", True),
    (at("requirements", "R17", "force"), "hard", "R17·约束：引导性 → 刚性", True),
    (at("requirements", "R17", "says"), "另", "R17·不符时说明", False),
    (at("requirements", "R17", "check", "least"), "12", "R17·检查内容·最小值：10 → 12", True),
    (("cities", 0, "quota"), 9, "太原市·名额：10 → 9", True),
    (("cities", 0, "renamed_from"), "旧称市", "太原市·原名称：无 → 旧称市", False),
    (at("deadlines", "D13", "not_before"), "2023-06-05", "最早办理日期：2023-06-01", True),
    (("quota", "goal"), 101, "名额·总数：100 → 101", True),
    (("subsidies", 0, "yuan_per_square_metre"), "800", "每平方米补助（元）：700 → 800", True),
    (("bodies", "city", "bound"), False, "责任单位·city·受本通知约束：是 → 否", True),
    (("bodies", "city", "name"), "市局", "责任单位·city·名称：市民政局 → 市局", False),
    (
        ("ladder", "rungs", 1, "audience"),
        ["responsible", "city"],
        "T-3·发送单位：责任单位 → 责任单位、市民政局",
        False,
    ),
    (("office_hours", "closes"), "18:00:00", "发送时间·停止发送", False),
    (("inspection", "last"), "2023-07-30", "2023-07-31 → 2023-07-30", True),
    (at("actions", "release_funds", "pays"), "0.5", "下达资金·拨付比例：1 → 0.5", True),
    (at("stages", "siting", "label"), "选点", "选址 → 选点", False),
]


@pytest.mark.parametrize(("spot", "value", "says", "legal"), TOLD, ids=lambda v: str(v)[:40])
def test_how_a_difference_is_told(spot: Spot, value: Any, says: str, *, legal: bool) -> None:
    (found,) = differences(CONTENT, changed(spot, value))
    assert says in str(found)
    assert found.legal is legal


@pytest.mark.parametrize(
    ("section", "legal"),
    [
        *(("deadlines", True), ("requirements", True)),
        *(("milestones", False), ("actions", False), ("stages", False)),
    ],
)
def test_a_rule_that_comes_or_goes_is_one_difference(section: str, *, legal: bool) -> None:
    less = deepcopy(CONTENT)
    gone = less[section].pop(3)
    ((lost,), (gained,)) = differences(CONTENT, less), differences(less, CONTENT)
    assert lost.path == gained.path == (section, gone["id"])
    assert (lost.after, gained.before) == (None, None)
    assert (lost.legal, gained.legal) == (legal, legal)


def test_the_order_of_rules_says_something() -> None:
    turned = deepcopy(CONTENT)
    turned["stages"].reverse()
    (found,) = differences(CONTENT, turned)
    assert found.path == ("stages", "顺序")


def test_a_workday_has_legal_effect() -> None:
    before = {"calendar": {"known": [2023], "overrides": {}}}
    after = {"calendar": {"known": [2023], "overrides": {"2023": {"2023-05-31": False}}}}
    (found,) = differences(before, after)
    assert (found.section, found.legal) == ("工作日", True)
    assert str(found) == "日历·调休·2023·2023-05-31：无 → 休息日"


@pytest.mark.parametrize(
    ("spot", "value", "section", "path"),
    [
        (at("deadlines", "D08", "responsible"), "city", "时限和任务", ("deadlines", "D08")),
        (at("actions", "confirm_site", "responsible"), "city", "告知", ("actions", "confirm_site")),
        (at("actions", "confirm_site", "label"), "另", "阶段和办理", ("actions", "confirm_site")),
        (("cities", 0, "quota"), 9, "名额", ("cities", "140100")),
        (("cities", 0, "name"), "另", "区划", ("cities", "140100")),
        (("office_hours", "closes"), "18:00:00", "告知", ("office_hours", "closes")),
        (("short_name",), "另", "其他", ("short_name",)),
        # what has no id goes by its number, from one
        (("risks", "margins", 0, "points"), 9, "评审和周期工作", ("risks", "margins", "1")),
        (("risks", "margins", 1, "points"), 9, "评审和周期工作", ("risks", "margins", "2")),
    ],
)
def test_a_difference_is_told_in_its_section_and_by_ids(
    spot: Spot, value: Any, section: str, path: tuple[str, ...]
) -> None:
    (found,) = differences(CONTENT, changed(spot, value))
    assert (found.section, found.path[: len(path)]) == (section, path)


@pytest.mark.parametrize(("count", "quoted"), [(20, False), (21, True)])
def test_what_is_long_is_quoted(count: int, *, quoted: bool) -> None:
    (found,) = differences(CONTENT, {**CONTENT, "short_name": "甲" * count})
    assert str(found).endswith(f"“{'甲' * count}”" if quoted else f" {'甲' * count}")


def test_a_rule_speaks_for_itself_and_a_section_is_named() -> None:
    due = changed(at("deadlines", "D08", "due"), "2023-06-07")
    assert str(differences(CONTENT, due)[0]).startswith("D08 全部开工建设·逾期日期：")
    bound = changed(("bodies", "city", "bound"), value=False)
    assert str(differences(CONTENT, bound)[0]).startswith("责任单位·city·")


def test_a_place_or_a_field_that_comes_or_goes_has_effect_where_it_brings_some() -> None:
    """A city its quota, a county its cap, a field the condition that it is filled in."""
    for spot in (("cities", 0), ("cities", 0, "counties", 0)):
        less = deepcopy(CONTENT)
        held: Any = less
        for part in spot[:-1]:
            held = held[part]
        del held[spot[-1]]
        assert [each.legal for each in differences(CONTENT, less)] == [True]
        assert [each.legal for each in differences(less, CONTENT)] == [True]
    for needed, legal in (({"before": ["determine"]}, True), (None, False)):
        field = {**CONTENT["fields"][0], "id": "another", "needed": needed}
        more = {**CONTENT, "fields": [*CONTENT["fields"], field]}
        assert [each.legal for each in differences(CONTENT, more)] == [legal]
        assert [each.legal for each in differences(more, CONTENT)] == [legal]


def test_what_is_not_told_apart_by_its_id_is_told_apart_by_its_number() -> None:
    """A rung of a day and one of a workday have one name; one without either has one, too."""
    rungs = [{"audience": ["city"], "days": 1}, {"audience": ["county"], "workdays": 1}]
    (found,) = differences(
        {"ladder": {"rungs": rungs}}, {"ladder": {"rungs": [rungs[0], {**rungs[1], "kind": "甲"}]}}
    )
    assert found.path == ("ladder", "rungs", "2", "kind")
    alone = {"ladder": {"rungs": [{"audience": ["city"], "kind": "甲"}]}}
    (named,) = differences(alone, {"ladder": {"rungs": [{"audience": ["city"], "kind": "乙"}]}})
    assert named.path == ("ladder", "rungs", "T+0", "kind")


ITEM = {"id": "a", "label": "甲"}
SMALL: list[tuple[dict[str, Any], dict[str, Any], str, str, bool]] = [
    # what, as it was and is; as it is told; its section; whether it has effect
    ({"funds": []}, {"funds": [ITEM]}, "资金渠道：空 → 甲", "资金", True),
    ({"funds": None}, {"funds": [ITEM]}, "资金渠道：无 → 甲", "资金", True),
    ({"funds": [ITEM]}, {"funds": []}, "资金渠道：甲 → 空", "资金", True),
    (
        {"fields": [ITEM]},
        {"fields": [{**ITEM, "label": "乙"}]},
        "a 乙·名称：甲 → 乙",
        "条件",
        False,
    ),
    (
        {"fields": [{**ITEM, "needed": {"before": ["x"]}}]},
        {"fields": [{**ITEM, "needed": {"before": ["y"]}}]},
        "a 甲·填报要求·适用于：x → y",
        "条件",
        True,
    ),
    (
        {"fields": [{**ITEM, "least": 1}]},
        {"fields": [{**ITEM, "least": 2}]},
        "a 甲·最小值：1 → 2",
        "条件",
        False,
    ),
    (
        {"cities": [{"code": "1", "x": 1}]},
        {"cities": [{"code": "1", "x": 2}]},
        "1·x",
        "区划",
        False,
    ),
    ({"fund": "a"}, {"fund": "b"}, "资金渠道：a → b", "其他", True),
    ({"serves": {"note": "a"}}, {"serves": {"note": "b"}}, "服务对象·note：a → b", "其他", False),
    ({"a": "b"}, {"a": "2023-05-31"}, "a：b → 2023-05-31", "其他", True),
    ({"a": "2023-05-31"}, {"a": None}, "a：2023-05-31 → 无", "其他", True),
    ({"a": "b"}, {"a": "至2023-05-31"}, "a：b → 至2023-05-31", "其他", False),
    ({"a": True}, {"a": False}, "a：是 → 否", "其他", False),
    ({"a": [1, 2]}, {"a": [1]}, "a：1、2 → 1", "其他", False),
    ({"a": {"b": 1}}, {"a": {"b": {"due": 1, "x": None}}}, "a·b：1 → 逾期日期1", "其他", False),
    (
        {"bodies": {"a": {"responsible": "city"}}},
        {"bodies": {"a": {"responsible": "county"}}},
        "责任单位·a·责任单位：city → county",
        "告知",
        False,
    ),
    (
        {"quota": {"responsible": "city"}},
        {"quota": {"responsible": "county"}},
        "名额·责任单位：city → county",
        "名额",
        True,
    ),
    ({"a": {"quota": 1}}, {"a": {"quota": 2}}, "a·名额：1 → 2", "名额", True),
    ({"ladder": {"force": "hard"}}, {"ladder": {"force": "soft"}}, "刚性 → 引导性", "告知", False),
    ({"ladder": {"kind": "hard"}}, {"ladder": {"kind": "soft"}}, "hard → soft", "告知", False),
    ({"rows": [{"x": 1}]}, {"rows": [{"x": 2}]}, "rows·1·x：1 → 2", "其他", False),
    (
        {"rows": [{"label": "甲", "x": 1}]},
        {"rows": [{"label": "甲", "x": 2}]},
        "rows·甲·x",
        "其他",
        False,
    ),
    ({"rows": [1, {"x": 1}]}, {"rows": [1, {"x": 2}]}, "rows：1、x1 → 1、x2", "其他", False),
    (
        {"calendar": {"overrides": {"2023": {}}}},
        {"calendar": {"overrides": {"2023": {"2023-05-01": True}}}},
        "日历·调休·2023·2023-05-01：无 → 工作日",
        "工作日",
        True,
    ),
    (
        {"calendar": {}},
        {"calendar": {"overrides": {"2023": {"2023-05-01": False}}}},
        "日历·调休·2023·2023-05-01：无 → 休息日",
        "工作日",
        True,
    ),
]


@pytest.mark.parametrize(("before", "after", "says", "section", "legal"), SMALL)
def test_one_thing_that_is_said_otherwise_is_told_once(
    before: dict[str, Any], after: dict[str, Any], says: str, section: str, *, legal: bool
) -> None:
    (found,) = differences(before, after)
    assert says in str(found)
    assert (found.section, found.legal) == (section, legal)


def test_differences_come_in_the_order_of_their_sections() -> None:
    names = ("serves", "risks", "stages", "cities", "ladder", "fields", "funds", "quota", "duties")
    before, after = ({name: [number] for name in names} for number in (1, 2))
    assert [each.path for each in differences(before, after)] == [(name,) for name in names[::-1]]


@pytest.mark.parametrize("name", ["short_name", "annexes", "gist", "serves"])
def test_what_was_once_built_in_is_told_once_it_is_said(name: str) -> None:
    assert differences({}, {name: "甲"}) == differences({name: ""}, {name: "甲"}) == ()
    assert len(differences({name: "甲"}, {name: "乙"})) == 1
    assert len(differences({name: "甲"}, {})) == 1


def test_an_order_is_told_of_what_both_have() -> None:
    """One that comes or goes is a difference of its own."""
    a, b, c = ({"id": name} for name in "abc")
    told = differences({"stages": [a, b]}, {"stages": [c, b, a]})
    assert [(each.path, each.before, each.after) for each in told] == [
        (("stages", "c"), None, "idc"),
        (("stages", "顺序"), "a、b", "b、a"),
    ]
    assert [each.path for each in differences({"stages": [a, b]}, {"stages": [a, c, b]})] == [
        ("stages", "c")
    ]

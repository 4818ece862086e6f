"""What the types of a plan refuse: where, in Chinese, each value's once."""

from typing import Any

import pytest
from pydantic import ValidationError

from policy.faults.shapes import misshapen, of_defaults, told_of
from policy.schema import Plan


def refused(raw: dict[Any, Any]) -> ValidationError:
    """What the types say of a plan of which only a part is written."""
    with pytest.raises(ValidationError) as caught:
        Plan.model_validate(raw)
    return caught.value


def of_plan(raw: dict[Any, Any]) -> dict[str, str]:
    """What is told of what is written, by its path; not of what is left out."""
    found = misshapen(refused(raw), lambda owner, key: {"categories": "支出类别"}.get(key))
    told = {".".join(map(str, fault.loc)): fault.says for fault in found}
    return {path: says for path, says in told.items() if not says.startswith("缺少")}


LONG = "一" * 31


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        # a value that may be written in two ways is told of once, where it is wrong
        ({"quota": {"goal": "一百"}}, {"quota.goal": "应为整数，不是“一百”"}),
        ({"quota": {"goal": {"new": "一"}}}, {"quota.goal.new": "应为整数，不是“一”"}),
        ({"quota": {"goal": {"int": "一"}}}, {"quota.goal.int": "应为整数，不是“一”"}),
        ({"quota": {"goal": -1}}, {"quota.goal": "“-1”应大于0"}),
        (
            {"duties": [{"monthly": {"remind_day": 40}}]},
            {"duties.0.monthly.remind_day": "“40”应不大于28"},
        ),
        # that a list has nothing in it is not said of one in which something is wrong
        ({"stages": ["选址"]}, {"stages.0": "应为键值结构，不是“选址”"}),
        ({"stages": []}, {"stages": "至少写一项"}),
        # keys
        ({"bodies": {"a": {"nam": "甲"}}}, {"bodies.a.nam": "没有“nam”这一项，是否为“name”？"}),
        (
            {"requirements": [{"check": {"kind": "within", "leest": 3}}]},
            {"requirements.0.check.within.leest": "没有“leest”这一项，是否为“least”？"},
        ),
        (
            {"subsidies": [{"basis": "flat", "yuann": 3}]},
            {"subsidies.0.flat.yuann": "没有“yuann”这一项，是否为“yuan”？"},
        ),
        ({"stages": [{"qwertz": 1}]}, {"stages.0.qwertz": "没有“qwertz”这一项，可用："}),
        ({"qwertz": 1}, {"qwertz": "没有“qwertz”这一项，请删去"}),
        ({1: 2}, {"1": "键应为文字，请加引号"}),
        # words
        ({"name": 3}, {"name": "应为文字，“3”请加引号"}),
        ({"name": None}, {"name": "应为文字，不能空着"}),
        ({"name": ["甲"]}, {"name": "应为文字，不是列表或键值结构"}),
        ({"name": {}}, {"name": "应为文字，不是列表或键值结构"}),
        ({"name": " "}, {"name": "不能空着，请写明"}),
        (
            {"quota": {"force": "harsh"}},
            {"quota.force": "没有“harsh”这一种，是否为“hard”？（可用：hard、soft）"},
        ),
        ({"quota": {"force": "x"}}, {"quota.force": "没有“x”这一种，可用：hard、soft"}),
        # which kind
        (
            {"requirements": [{"check": {"kind": "elapse"}}]},
            {"requirements.0.check": "kind 没有“elapse”这一种，是否为“elapsed”？（可用："},
        ),
        ({"subsidies": [{"basis": "x"}]}, {"subsidies.0": "basis 没有“x”这一种，可用："}),
        # numbers, days and times
        ({"year": 0}, {"year": "“0”应不小于1"}),
        ({"year": 10_000}, {"year": "“10000”应不大于9999"}),
        ({"year": 20.5}, {"year": "应为整数，不是“20.5”"}),
        ({"year": LONG}, {"year": f"应为整数，不是“{LONG[:30]}…”"}),
        ({"year": LONG[:30]}, {"year": f"应为整数，不是“{LONG[:30]}”"}),
        ({"ladder": {"repeat": {"every_days": 0}}}, {"ladder.repeat.every_days": "“0”应大于0"}),
        ({"actions": [{"pays": "全部"}]}, {"actions.0.pays": "应为数，不是“全部”"}),
        (
            {"notice": {"issued_on": "一月"}},
            {"notice.issued_on": "应为日期，如 2025-03-31，不是“一月”"},
        ),
        (
            {"office_hours": {"opens": 8}},
            {"office_hours.opens": '应为时刻，加引号，如 "08:30"，不是“8”'},
        ),
        (
            {"actions": [{"anywhere": "随处"}]},
            {"actions.0.anywhere": "应为 true 或 false，不是“随处”"},
        ),
        ({"finished_by": "opened"}, {"finished_by": "应为列表，如 [甲, 乙]，不是“opened”"}),
        # how it is written
        ({"cities": [{"code": "1"}]}, {"cities.0.code": "“1”不符合写法：应为区划代码，县六位"}),
        ({"stages": [{"id": "A b"}]}, {"stages.0.id": "“A b”不符合写法：应为小写英文字母开头"}),
        ({"deadlines": [{"id": "1"}]}, {"deadlines.0.id": "“1”"}),
        (
            {"duties": [{"quarterly": {"first": "x"}}]},
            {"duties.0.quarterly.first": "“x”不符合写法：应为季度，如 2025Q2"},
        ),
    ],
    ids=str,
)
def test_each_value_is_told_once_where_it_is_wrong(
    raw: dict[Any, Any], told: dict[str, str]
) -> None:
    found = of_plan(raw)
    assert found.keys() == told.keys()
    assert all(found[path].startswith(says) for path, says in told.items()), found
    assert all(says.count("可用：") <= 1 for says in found.values())


@pytest.mark.parametrize(
    ("raw", "path", "says"),
    [
        ({"quota": {}}, "quota.taken_when", "缺少“taken_when”，请补写"),
        ({"quota": {}}, "quota.clause", "缺少“clause”，请补写，或在 defaults 中统一写明"),
        (
            {"money": {}},
            "money.categories",
            "缺少“categories”（支出类别；每项写 id、label），请补写",
        ),
        ({}, "office_hours", "缺少“office_hours”（写 opens、closes），请补写"),
        ({"subsidies": [{"yuan": 3}]}, "subsidies.0", "缺少“basis”（哪一种），请补写"),
    ],
)
def test_what_is_missing_is_told_with_what_is_written_there(
    raw: dict[Any, Any], path: str, says: str
) -> None:
    found = misshapen(refused(raw), lambda owner, key: {"categories": "支出类别"}.get(key))
    assert {".".join(map(str, fault.loc)): fault.says for fault in found}[path] == says


def test_beside_a_plan_an_unknown_key_is_told_and_all_else_as_in_one() -> None:
    raw = {"cities": [{"qwertz": 1, "quota": {"new": "一"}}], "notice": {"issued_on": "一月"}}
    told = dict(told_of(refused(raw)))
    assert told["cities", 0, "qwertz"] == "没有“qwertz”这一项，请核对写法"
    assert told["notice", "issued_on"] == "应为日期，如 2025-03-31，不是“一月”"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, []),
        ({"clause": "二", "words": "照办"}, []),
        ([], [("defaults", "应为键值结构，可用的键：")]),
        ("", [("defaults", "应为键值结构，可用的键：")]),
        (
            {"clause": "二", "claus": "二"},
            [("defaults.claus", "defaults 没有“claus”，是否为“clause”？")],
        ),
        ({7: "二"}, [("defaults.7", "defaults 没有“7”")]),
    ],
)
def test_defaults_say_what_rules_share(given: object, told: list[tuple[str, str]]) -> None:
    found = list(of_defaults(given))
    assert [".".join(map(str, fault.loc)) for fault in found] == [path for path, _ in told]
    assert all(fault.says.startswith(says) for fault, (_, says) in zip(found, told, strict=True))

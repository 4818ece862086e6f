"""Names and codes of a plan that would stand for two things, or hold what nobody sees."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policy.cities import ProjectKind
from policy.faults import names
from policy.faults.ground import PlanFault
from policy.schema import Plan
from tests.support.builders import plan
from tests.test_policy_validate import put


def told(check: Callable[[Plan], Iterator[PlanFault]], **changes: Any) -> list[str]:
    """What is told of the shipped plan with changes at paths, with its path."""
    changed = plan()
    for path, value in changes.items():
        changed = put(changed, path.replace("__", "."), value)
    return [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in check(changed)]


@pytest.mark.parametrize("group", ["stages", "milestones", "actions", "checklist", "evidence"])
def test_what_is_chosen_by_its_name_has_one_of_its_own(group: str) -> None:
    first, second, *_ = getattr(plan(), group)
    found = told(names.labels, **{f"{group}__1__label": first.label})
    says = f"“{first.id}”和“{second.id}”的名称（label）都是“{first.label}”，请改其一"
    assert found == [f"{group}.1.label: {says}"]


def test_of_three_of_one_name_two_are_told_beside_the_first() -> None:
    ids = ("a", "b", "c")
    found = told(names.labels, kinds=tuple(ProjectKind(id=id, label="甲") for id in ids))
    assert [each.partition(":")[0] for each in found] == ["kinds.1.label", "kinds.2.label"]
    assert all("“a”和" in each for each in found)


@pytest.mark.parametrize("path", ["money__categories", "review__criteria", "cities"])
def test_ids_and_codes_stand_for_one_thing(path: str) -> None:
    held: Any = plan()
    for part in path.split("__"):
        held = getattr(held, part)
    found = told(names.labels, **{path: (*held, held[0])})
    name = held[0].code if path == "cities" else held[0].id
    assert found == [f"{path.replace('__', '.')}: “{name}”出现了2次，应当唯一"]
    assert told(names.labels, **{path.partition("__")[0]: None} if "__" in path else {}) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("甲", ""),
        ("甲\n乙", ""),
        ("甲\u200b乙", "第2个字是看不见的控制符号"),
        ("\t甲", "第1个字是制表符"),
    ],
)
def test_no_text_has_a_sign_that_nobody_sees(text: str, says: str) -> None:
    found = told(names.seen, stages__0__label=text)
    assert [each.partition(":")[0] for each in found] == ["stages.0.label"] * bool(says)
    assert all(says in each for each in found)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("XF{county}-{number}", ""),
        ("XF{number}", "“XF{number}”会使不同项目编码相同"),
        ("XF{county}", "“XF{county}”会使不同项目编码相同"),
        ("XF {county}-{number}", "“XF {county}-{number}”含空格"),
        ("XF{county}-{number:2}", "含空格"),
        ("XF{county}-{number:02d}", ""),
    ],
)
def test_codes_tell_projects_apart(pattern: str, says: str) -> None:
    found = told(names.made_by_patterns, code_format=pattern)
    assert [each.partition(":")[0] for each in found] == ["code_format"] * bool(says)
    assert all(says in each for each in found)


@pytest.mark.parametrize("path", ["project_name", "application_name"])
@pytest.mark.parametrize(
    ("pattern", "sound"),
    [("{street}站", True), ("{community}站", True), ("{name}站", True), ("站", False)],
)
def test_names_tell_projects_apart(path: str, pattern: str, *, sound: bool) -> None:
    found = told(names.made_by_patterns, **{path: pattern})
    assert [each.partition(":")[0] for each in found] == ([] if sound else [path])


@pytest.mark.parametrize(
    ("office", "says"),
    [
        ("{city}{county}财政局", ""),
        ("{city}财政局", ""),
        ("省财政厅", ""),
        (None, ""),
        ("{county}财政局", "是2个单位的名称"),  # 城区 lies in several cities
    ],
)
def test_offices_tell_places_apart(office: str | None, says: str) -> None:
    found = told(names.made_by_patterns, bodies__county_finance__office=office)
    assert bool(found) is bool(says)
    assert all(each.startswith("bodies.county_finance.office: ") for each in found)
    assert not says or any(says in each for each in found)


def test_where_a_pattern_itself_is_wrong_that_is_told_alone() -> None:
    assert told(names.made_by_patterns, code_format="{town}", project_name="站") == []

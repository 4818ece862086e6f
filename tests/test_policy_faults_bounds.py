"""Faults of a plan in what its checks ask of which field: each check with what it can judge."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from policy.checks import Check
from policy.cities import ProjectKind
from policy.faults import bounds
from policy.schema import Plan
from tests.support.builders import plan

READ: TypeAdapter[Any] = TypeAdapter(Check)
CHOICE = next(field for field in plan().fields if field.kind == "choice" and field.choices)
WORDS = next(field for field in plan().fields if field.kind == "words")
LISTED = {"fields": (*plan().fields, WORDS.model_copy(update={"id": "listed", "choices": ("甲",)}))}


def with_check(changes: dict[str, Any] | None = None, **check: Any) -> Plan:
    """The plan with one condition alone, that has this check."""
    rule = (
        plan().requirements[0].model_copy(update={"check": READ.validate_python(check), "when": {}})
    )
    return plan().model_copy(update={"requirements": (rule,), **(changes or {})})


def told(changed: Plan) -> list[str]:
    found = bounds.checked_fields(changed)
    return [f"{'.'.join(map(str, fault.loc[2:]))}: {fault.says}" for fault in found]


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"kind": "within", "field": "beds", "least": 1}, []),
        ({"kind": "within", "field": "beds", "most": 1}, []),
        ({"kind": "within", "field": "beds", "least": 1, "most": 1}, []),
        ({"kind": "within", "field": "beds"}, ["check: 须写明 least（最少）或 most（最多）"]),
        (
            {"kind": "within", "field": "beds", "least": "1.1", "most": 1},
            ["check.least: 最少（least 1.1）大于最多（most 1）"],
        ),
        ({"kind": "bounded", "field": "beds", "most": 0}, []),
        ({"kind": "bounded", "field": "beds"}, ["check: 须写明 least（最少）或 most（最多）"]),
        ({"kind": "within", "field": "tenure", "least": 1}, ["check: “", "不能用 within 核对"]),
        ({"kind": "one_of", "field": CHOICE.id, "values": CHOICE.choices[:1]}, []),
        (
            {"kind": "one_of", "field": CHOICE.id, "values": ("无",)},
            ["check.values: 未知的", "“无”"],
        ),
        ({"kind": "one_of", "field": CHOICE.id, "values": ()}, ["check.values: 至少写一个值"]),
        ({"kind": "one_of", "field": "old_community", "values": ("是", "否")}, []),
        ({"kind": "one_of", "field": "old_community", "values": ("对",)}, ["check.values: 未知的"]),
        ({"kind": "one_of", "field": "beds", "values": ("1",)}, ["check: “", "不能用 one_of 核对"]),
        ({"kind": "none_of", "field": CHOICE.id, "values": CHOICE.choices[:1]}, []),
        ({"kind": "includes", "field": WORDS.id, "values": ("甲",)}, []),  # any will do
        ({"kind": "includes", "field": "listed", "values": ("甲",)}, []),
        ({"kind": "includes", "field": "listed", "values": ("无",)}, ["check.values: 未知的"]),
        ({"kind": "until", "field": "beds", "after": "2023-12-31"}, ["check: “", "只用于日期"]),
        ({"kind": "elapsed", "since": "determined", "days": 1}, []),
        ({"kind": "elapsed", "since": "begun", "days": 1}, ["check: 未知的节点“begun”"]),
        ({"kind": "answered", "milestone": "rectification_ordered", "by": "rectified"}, []),
        (
            {"kind": "answered", "milestone": "begun", "by": "rectified"},
            ["check: 未知的节点“begun”"],
        ),
        (
            {"kind": "answered", "milestone": "rectified", "by": "begun"},
            ["check: 未知的节点“begun”"],
        ),
        ({"kind": "agreed", "discussed": "begun"}, ["check: 未知的节点“begun”"]),
        ({"kind": "crossed", "item": "acceptors", "least": 2}, []),
        (
            {"kind": "crossed", "item": "area", "least": 2},
            ["check.item: 未知的写人员的核验项“area”"],
        ),
        ({"kind": "ends_with", "field": "letter_issuer", "text": "{city}人民政府"}, []),
        (
            {"kind": "ends_with", "field": "letter_issuer", "text": "{town}政府"},
            ["check.text: “{town}政府”中的占位符有误"],
        ),
    ],
)
def test_a_check_asks_what_a_field_can_answer(check: dict[str, Any], says: list[str]) -> None:
    found = told(with_check(LISTED, **check))
    assert len(found) == bool(says), found
    assert all(part in found[0] for part in says)


@pytest.mark.parametrize("kind", ["enough_opinions", "scored"])
def test_what_is_judged_by_opinions_needs_a_review(kind: str) -> None:
    assert told(with_check(kind=kind)) == []
    (says,) = told(with_check({"review": None}, kind=kind))
    assert says.startswith(f"check.kind: “{kind}”按专家评审判断，须有 review")


def test_a_checklist_is_judged_where_there_is_one() -> None:
    assert told(with_check(kind="checklist", passed=True)) == []
    (says,) = told(with_check({"checklist": ()}, kind="checklist", passed=True))
    assert says.startswith("check.kind: “checklist”按验收表判断，须有 checklist")


@pytest.mark.parametrize("kinds", [(), (ProjectKind(id="new", label="新建"),)])
def test_a_kind_of_project_is_one_of_the_plans(kinds: tuple[ProjectKind, ...]) -> None:
    """Also where the plan has none."""
    field = CHOICE.model_copy(update={"id": "sort", "kind": "project_kind", "choices": ()})
    changes = {"fields": (*plan().fields, field), "kinds": kinds}
    for value in ("new", "old"):
        found = told(with_check(changes, kind="one_of", field="sort", values=(value,)))
        known = value in {kind.id for kind in kinds}
        assert [each.partition("“")[0] for each in found] == (
            [] if known else ["check.values: 未知的"]
        )


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ({CHOICE.id: CHOICE.choices[:1]}, []),
        ({"old_community": ("是",)}, []),
        ({"old_community": ("对",)}, ["when.old_community: 未知的"]),
        ({"beds": ("1",)}, ["when.beds: “"]),
    ],
)
def test_a_condition_is_of_those_that_a_field_tells_apart(
    when: dict[str, tuple[str, ...]], says: list[str]
) -> None:
    free = plan().requirements[0].model_copy(update={"when": when})
    changed = plan().model_copy(update={"requirements": (free,)})
    found = told(changed)
    assert len(found) == len(says), found
    assert all(each.startswith(part) for each, part in zip(found, says, strict=True))


@pytest.mark.parametrize(
    ("field", "least", "most", "at"),
    [
        ("beds", "1", "1", []),
        ("beds", "1", None, []),
        ("beds", None, "1", []),
        ("beds", "1.01", "1", ["plausible.0.least"]),
        (CHOICE.id, "1", None, ["plausible.0.field"]),
    ],
)
def test_what_is_plausible_has_its_least_below_its_most(
    field: str, least: str | None, most: str | None, at: list[str]
) -> None:
    rule = (
        plan()
        .plausible[0]
        .model_copy(
            update={
                "field": field,
                "least": Decimal(least) if least else None,
                "most": Decimal(most) if most else None,
            }
        )
    )
    changed = plan().model_copy(update={"plausible": (rule,)})
    assert [".".join(map(str, fault.loc)) for fault in bounds.limits(changed)] == at
    bare = changed.model_copy(update={"review": None})
    assert [".".join(map(str, fault.loc)) for fault in bounds.limits(bare)] == at


@pytest.mark.parametrize("name", ["pass_score", "most_spread"])
@pytest.mark.parametrize(
    ("value", "sound"), [("-0.1", False), ("0", True), ("100", True), ("100.1", False)]
)
def test_scores_lie_between_nothing_and_a_hundred(name: str, value: str, *, sound: bool) -> None:
    review = plan().review
    assert review is not None
    changed = plan().model_copy(
        update={"review": review.model_copy(update={name: Decimal(value)}), "plausible": ()}
    )
    found = [fault.loc for fault in bounds.limits(changed)]
    assert found == ([] if sound else [("review", name)])

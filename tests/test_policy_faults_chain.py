"""Faults of a plan in its chain and its money: each with its path, and what is just right."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from policy.cities import ProjectKind
from policy.clauses import Clause
from policy.faults import chain
from policy.faults.ground import PlanFault
from policy.schema import Plan
from policy.subsidies import FlatSubsidy, Fund
from policy.targets import CoverageTarget
from tests.support.builders import plan
from tests.test_policy_validate import put, where

Check = Callable[[Plan], Iterator[PlanFault]]
CLAUSE: dict[str, Any] = plan().subsidies[0].model_dump(include=set(Clause.model_fields))
KINDS = tuple(ProjectKind(id=name, label=name) for name in ("new", "old"))
BUDGET, LOTTERY = Fund(id="budget", label="预算"), Fund(id="lottery", label="福彩")
PAY = int(where("actions", "release_funds").partition(".")[2])
FIELD = next(field for field in plan().fields if len(field.choices) > 1)


def flat(fund: str = "", *kinds: str, **when: tuple[str, ...]) -> FlatSubsidy:
    given: dict[str, Any] = {**CLAUSE, "basis": "flat", "yuan": Decimal(1), "when": when}
    return FlatSubsidy(**given, fund=fund, kinds=kinds)


def told(check: Check, changed: Plan) -> list[str]:
    return [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in check(changed)]


def paying(*funds: str) -> Plan:
    """The plan with an action that pays for each of these."""
    release = plan().actions[PAY]
    actions = tuple(release.model_copy(update={"fund": fund}) for fund in funds)
    return plan().model_copy(update={"actions": actions, "funds": (), "subsidies": (flat(),)})


@pytest.mark.parametrize(
    ("rules", "kinds", "funds", "counts"),
    [
        ((flat(),), (), (), []),
        ((), (), (), ["“”有0条"]),
        ((flat(), flat()), (), (), ["“”有2条"]),
        ((flat(),), KINDS, (), []),  # one for all kinds
        ((flat("", "new"), flat("", "old")), KINDS, (), []),
        ((flat("", "new"),), KINDS, (), ["“old”有0条"]),
        ((flat(), flat("", "old")), KINDS, (), ["“old”有2条"]),
        ((flat("budget"), flat("lottery")), (), (BUDGET, LOTTERY), []),
        ((flat("budget"),), (), (BUDGET, LOTTERY), ["资金渠道“lottery”中，每类"]),
        ((flat("lottery"),), (), (BUDGET, LOTTERY), ["资金渠道“budget”中，每类"]),
        (
            (flat("budget"), flat("budget"), flat("lottery")),
            (),
            (BUDGET, LOTTERY),
            ["资金渠道“budget”中，每类"],
        ),
        (tuple(flat("", **{FIELD.id: (choice,)}) for choice in FIELD.choices), (), (), []),
        (
            tuple(flat("", **{FIELD.id: (choice,)}) for choice in FIELD.choices[1:]),
            (),
            (),
            [f"的“{FIELD.choices[0]}”有0条"],
        ),
        (
            (flat(), flat("", **{FIELD.id: FIELD.choices[:1]})),
            (),
            (),
            [f"“{FIELD.choices[0]}”有2条"],
        ),
    ],
)
def test_every_project_has_one_subsidy_of_each_fund(
    rules: tuple[FlatSubsidy, ...],
    kinds: tuple[ProjectKind, ...],
    funds: tuple[Fund, ...],
    counts: list[str],
) -> None:
    changes = {"subsidies": rules, "kinds": kinds, "funds": funds}
    found = told(chain.subsidies, plan().model_copy(update=changes))
    assert len(found) == len(counts), found
    for each, part in zip(found, counts, strict=True):
        assert each.startswith("subsidies: ")
        assert part in each


@pytest.mark.parametrize(
    ("funds", "rules", "pays", "says"),
    [
        ((), ("",), ("",), []),
        ((BUDGET, LOTTERY), ("budget", "lottery"), ("budget", "lottery"), []),
        ((BUDGET,), ("budget",), ("budget",), ["funds: 只有一笔资金时不写 funds"]),
        (
            (BUDGET, LOTTERY),
            ("budget", "lottery"),
            ("budget",),
            ["funds.1: 没有下达“福彩”的办理动作"],
        ),
        (
            (BUDGET, LOTTERY),
            ("budget", "lottery"),
            ("lottery",),
            ["funds.0: 没有下达“预算”的办理动作"],
        ),
        ((BUDGET, LOTTERY), ("budget", "lottery"), (), []),  # where none is paid, none is released
        (
            (BUDGET, BUDGET),
            ("budget", "budget"),
            ("budget",),
            ["funds.1.id: 资金渠道“budget”已写过"],
        ),
        (
            (BUDGET, Fund(id="city", label="市的")),
            ("budget", "city"),
            ("budget", "city"),
            ["funds.1.id: “city”是资金来源的固有标识"],
        ),
        (
            (BUDGET, Fund(id="own", label="市级配套")),
            ("budget", "own"),
            ("budget", "own"),
            ["funds.1.label: “市级配套”是资金来源的固有名称"],
        ),
    ],
)
def test_funds_are_several_and_each_is_released(
    funds: tuple[Fund, ...], rules: tuple[str, ...], pays: tuple[str, ...], says: list[str]
) -> None:
    changes = {"funds": funds, "subsidies": tuple(map(flat, rules))}
    found = told(chain.funds, paying(*pays).model_copy(update=changes))
    assert len(found) == len(says), found
    assert all(each.startswith(part) for each, part in zip(found, says, strict=True))


def test_an_action_that_pays_nothing_is_of_no_fund() -> None:
    changed = paying("budget", "lottery").model_copy(
        update={"funds": (BUDGET, LOTTERY), "subsidies": (flat("budget"), flat("lottery"))}
    )
    unpaid = plan().action("hold").model_copy(update={"fund": "budget"})
    changed = changed.model_copy(update={"actions": (*changed.actions, unpaid)})
    (says,) = told(chain.funds, changed)
    assert says.startswith("actions.2.fund: “hold”不下达资金（没有 pays）")


@pytest.mark.parametrize(
    ("pays", "says"),
    [
        ((("", "0.7"), ("", "0.3")), []),
        ((("", "0.7"), ("", "0.31")), ["actions.1.pays: 各次下达的比例合计1.01，超过补助的全部"]),
        ((("a", "1"), ("b", "1")), []),
        ((("a", "1"), ("a", "0.01")), ["actions.1.pays: 各次下达的比例合计1.01，超过“a”的全部"]),
        ((("", None), ("", "1")), []),
    ],
)
def test_no_more_is_paid_than_the_whole(
    pays: tuple[tuple[str, str | None], ...], says: list[str]
) -> None:
    release = plan().actions[PAY]
    actions = tuple(
        release.model_copy(update={"fund": fund, "pays": Decimal(share) if share else None})
        for fund, share in pays
    )
    found = told(chain.shares, plan().model_copy(update={"actions": actions}))
    assert len(found) == len(says), found
    assert all(each.startswith(part) for each, part in zip(found, says, strict=True))


def coverage(each: str, **changes: Any) -> CoverageTarget:
    given: dict[str, Any] = {**CLAUSE, "id": "t1", "label": "覆盖", "measures": "places"}
    return CoverageTarget.model_validate({**given, "each": each, **changes})


@pytest.mark.parametrize(
    ("each", "changes", "at"),
    [
        ("street", {}, []),
        ("street", {"places": 5}, []),
        ("city", {}, []),
        ("city", {"places": 5}, ["targets.0.places"]),
        ("county", {"places": 5}, ["targets.0.places"]),
        ("city", {"cities": ("太原市",)}, ["targets.0.cities"]),
        ("county", {"cities": ("太原市",)}, []),
        ("street", {"cities": ("太原市",)}, []),
        ("county", {"cities": ("北京市",)}, ["targets.0.cities"]),
        ("county", {"kinds": ("new",)}, ["targets.0.kinds"]),
        ("county", {"reached": "begun"}, ["targets.0"]),
        ("county", {"reached": "opened"}, []),
    ],
)
def test_a_target_counts_what_there_is(each: str, changes: dict[str, Any], at: list[str]) -> None:
    changed = plan().model_copy(update={"targets": (coverage(each, **changes),)})
    assert [fault.partition(":")[0] for fault in told(chain.targets, changed)] == at


def test_streets_are_counted_where_projects_are_named_by_them() -> None:
    changed = plan().model_copy(
        update={"targets": (coverage("street"),), "project_name": "{community}"}
    )
    (says,) = told(chain.targets, changed)
    assert says.startswith("targets.0.each: 项目名称（project_name）中没有街道")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("inputs_close_after", "soon", "inputs_close_after: 未知的阶段“soon”"),
        ("quota.taken_when", "begun", "quota: 未知的节点“begun”"),
        ("actions.0.records", ("begun",), "actions.0: 未知的节点“begun”"),
        ("actions.0.redates", ("begun",), "actions.0: 未知的节点“begun”"),
        ("actions.0.revokes", ("begun",), "actions.0: 未知的节点“begun”"),
        ("actions.0.leaves", ("soon",), "actions.0: 未知的阶段“soon”"),
        ("actions.0.stays_in", ("soon",), "actions.0: 未知的阶段“soon”"),
        ("actions.0.to", "soon", "actions.0: 未知的阶段“soon”"),
        (
            "actions.0.leaves",
            ("operation",),
            "actions.0: “confirm_site”离开最后一个阶段，须写明 to",
        ),
    ],
)
def test_the_chain_names_its_own_stages_and_milestones(path: str, value: Any, says: str) -> None:
    (found,) = told(chain.chain, put(plan(), path, value))
    assert found.startswith(says)


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ({"leaves": (), "stays_in": (), "anywhere": False}, False),
        ({"leaves": (), "stays_in": (), "anywhere": True}, True),
        ({"leaves": (), "stays_in": ("siting",), "anywhere": False}, True),
        ({"leaves": ("siting",), "stays_in": (), "anywhere": False}, True),
        ({"leaves": ("operation",), "to": "operation"}, True),
    ],
)
def test_an_action_is_taken_somewhere(changes: dict[str, Any], *, sound: bool) -> None:
    action = plan().actions[0].model_copy(update=changes)
    found = told(chain.chain, plan().model_copy(update={"actions": (action,)}))
    assert found == ([] if sound else ["actions.0: “confirm_site”没有写明在哪个阶段办理"])


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ([(True, "合格"), (True, "不合格")], []),
        ([(False, None)], []),
        ([(True, None)], ["actions.0: checklist 和 verdict（验收结论）须同时写明或同时不写"]),
        ([(False, "合格")], ["actions.0: checklist 和 verdict（验收结论）须同时写明或同时不写"]),
        (
            [(True, "合格"), (True, "合格")],
            [f"actions.{n}.verdict: 有两个办理动作的结论都是“合格”" for n in (0, 1)],
        ),
    ],
)
def test_each_conclusion_leads_to_one_action(
    verdicts: list[tuple[bool, str | None]], says: list[str]
) -> None:
    actions = tuple(
        plan().actions[0].model_copy(update={"checklist": asked, "verdict": verdict})
        for asked, verdict in verdicts
    )
    assert told(chain.verdicts, plan().model_copy(update={"actions": actions})) == says


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (("determine",), []),
        (("opened",), []),  # recorded beside the chain
        ((), ["requirements.0.before: 至少写一个办理动作或节点"]),
        (("determined",), ["requirements.0: 未知的办理动作或节点“determined”"]),
    ],
)
def test_a_condition_stands_before_something(before: tuple[str, ...], says: list[str]) -> None:
    found = told(chain.requirements, put(plan(), "requirements.0.before", before))
    assert len(found) == len(says), found
    assert all(each.startswith(part) for each, part in zip(found, says, strict=True))


def test_the_points_of_a_review_are_a_hundred() -> None:
    for points, sound in (("25", True), ("24.9", False), ("25.1", False)):
        changed = put(plan(), "review.criteria.0.points", Decimal(points))
        assert (told(chain.review, changed) == []) is sound
    assert told(chain.review, plan().model_copy(update={"review": None})) == []

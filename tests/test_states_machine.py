"""The whole table of stage, action and disposition, written out by hand; order as the plan says."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import PolicyError
from policy.load import HOME, load_plan
from policy.schema import Plan
from policy.vocabulary import Disposition
from states.machine import Position, allowed, diagram, move, target, to_come
from tests.support.builders import plan
from tests.support.written import read_yaml

SHIPPED = HOME / "plans" / "shanxi-2023"
UNHURRIED = settings(deadline=None)
ACTIVE, HELD = Disposition.ACTIVE, Disposition.HELD
RESERVE = Disposition.RESERVE
REJECTED, WITHDRAWN = Disposition.REJECTED, Disposition.WITHDRAWN

STAGES = (
    "siting",
    "application",
    "review",
    "funding",
    "groundbreaking",
    "construction",
    "acceptance",
    "operation",
)
# For a project that is active: action -> stage before -> stage after.
ALONG_THE_CHAIN: dict[str, dict[str, str]] = {
    "confirm_site": {"siting": "application"},
    "submit_application": {"application": "review"},
    "return_for_correction": {"review": "application"},
    "pass_review": {"review": "review"},
    "determine": {"review": "funding"},
    "reserve": {"review": "review"},
    "reject": {"review": "review"},
    "release_funds": {
        "funding": "groundbreaking",
        "construction": "construction",
        "acceptance": "acceptance",
        "operation": "operation",
    },
    "break_ground": {"funding": "construction", "groundbreaking": "construction"},
    "complete_construction": {"construction": "construction"},
    "check_completion": {"construction": "acceptance"},
    "pass_acceptance": {"acceptance": "operation"},
    "pass_after_rectification": {"acceptance": "acceptance"},
    "fail_acceptance": {"acceptance": "construction"},
    "finish_rectification": {"construction": "acceptance", "acceptance": "acceptance"},
    "open_operation": {
        "construction": "construction",
        "acceptance": "acceptance",
        "operation": "operation",
    },
}
# In every stage: action -> disposition before -> disposition after.
ANYWHERE: dict[str, dict[Disposition, Disposition]] = {
    "hold": {ACTIVE: HELD},
    "resume": {HELD: ACTIVE},
    "withdraw": {ACTIVE: WITHDRAWN, HELD: WITHDRAWN, RESERVE: WITHDRAWN},
    "order_inspection_rectification": {ACTIVE: ACTIVE, HELD: HELD},
    "finish_inspection_rectification": {ACTIVE: ACTIVE, HELD: HELD},
}
SETS_ASIDE = {"reject": REJECTED, "reserve": RESERVE}
ACTIONS = (*ALONG_THE_CHAIN, "replace", *ANYWHERE)


def wanted_move(action: str, stage: str, disposition: Disposition) -> Position | None:
    if action in ANYWHERE:
        after = ANYWHERE[action].get(disposition)
        return Position(stage, after) if after else None
    if action == "replace":
        stands_by = (stage, disposition) == ("review", RESERVE)
        return Position("funding", ACTIVE) if stands_by else None
    moves_to = ALONG_THE_CHAIN[action].get(stage)
    if moves_to is None or disposition is not ACTIVE:
        return None
    return Position(moves_to, SETS_ASIDE.get(action, ACTIVE))


# --- the table ------------------------------------------------------------------------------------


def test_the_table_names_every_stage_and_action_of_the_plan() -> None:
    assert plan().stage_order == STAGES
    assert {action.id for action in plan().actions} == set(ACTIONS)
    assert len(ACTIONS) == 22


@pytest.mark.parametrize("disposition", Disposition)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_move(action: str, stage: str, disposition: Disposition) -> None:
    moved = move(plan(), Position(stage, disposition), action)
    assert moved == wanted_move(action, stage, disposition)


@pytest.mark.parametrize("disposition", Disposition)
@pytest.mark.parametrize("stage", STAGES)
def test_allowed_lists_the_moves_in_the_plans_order(stage: str, disposition: Disposition) -> None:
    listed = [action.id for action in allowed(plan(), Position(stage, disposition))]
    order = [action.id for action in plan().actions]
    assert listed == [id for id in order if wanted_move(id, stage, disposition)]


def test_nothing_is_allowed_once_a_project_has_ended() -> None:
    ended = [Position(stage, end) for stage in STAGES for end in (REJECTED, WITHDRAWN)]
    assert all(not allowed(plan(), position) for position in ended)


def test_an_unknown_action_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="demolish"):
        move(plan(), Position("siting", ACTIVE), "demolish")


@UNHURRIED
@given(st.lists(st.sampled_from(ACTIONS), max_size=60))
def test_random_walks_stay_on_the_table(actions: list[str]) -> None:
    position = Position("siting", ACTIVE)
    for action in actions:
        moved = move(plan(), position, action)
        assert moved == wanted_move(action, position.stage, position.disposition)
        position = moved or position
        assert position.stage in STAGES


# --- the order comes from the plan ----------------------------------------------------------------

NEXT = {  # the actions that move to whatever stage follows
    "confirm_site": "siting",
    "submit_application": "application",
    "determine": "review",
    "release_funds": "funding",
    "check_completion": "construction",
    "pass_acceptance": "acceptance",
}


@pytest.mark.parametrize("first", range(len(STAGES) - 2))
def test_swapping_two_stages_moves_the_targets(first: int) -> None:
    swapped = _swapped(first)
    order = swapped.stage_order
    assert (order[first], order[first + 1]) == (STAGES[first + 1], STAGES[first])
    for action, stage in NEXT.items():
        moved = move(swapped, Position(stage, ACTIVE), action)
        assert moved == Position(order[order.index(stage) + 1], ACTIVE), action
    for action in ("return_for_correction", "fail_acceptance"):  # these name their stage
        assert target(swapped, swapped.action(action)) == target(plan(), plan().action(action))


def test_swapping_the_first_two_stages_by_hand() -> None:
    swapped = _swapped(0)
    assert move(swapped, Position("application", ACTIVE), "submit_application") == Position(
        "siting", ACTIVE
    )
    assert move(swapped, Position("siting", ACTIVE), "confirm_site") == Position("review", ACTIVE)
    assert "    [*] --> application\n" in diagram(swapped)


def test_breaking_ground_goes_past_the_later_of_its_two_stages() -> None:
    swapped = _swapped(STAGES.index("funding"))
    moved = {
        stage: move(swapped, Position(stage, ACTIVE), "break_ground")
        for stage in ("funding", "groundbreaking")
    }
    assert set(moved.values()) == {Position("construction", ACTIVE)}


def test_an_action_may_not_leave_the_last_stage_for_nowhere(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="须写明 to"):
        load_plan(_written(tmp_path, len(STAGES) - 2))


def test_two_plans_do_not_share_a_machine() -> None:
    swapped = _swapped(0)
    position = Position("siting", ACTIVE)
    targets = [_stage(move(which, position, "confirm_site")) for which in (plan(), swapped, plan())]
    assert targets == ["application", "review", "application"]


# --- the diagram ----------------------------------------------------------------------------------


def test_the_diagram_names_every_stage_with_its_label() -> None:
    lines = diagram(plan()).splitlines()
    assert lines[0] == "stateDiagram-v2"
    for stage in plan().stages:
        assert f'    state "{stage.label}" as {stage.id}' in lines
    assert "    [*] --> siting" in lines
    assert "    operation --> [*]" in lines


def test_the_diagram_shows_the_table() -> None:
    labels = {action.id: action.label for action in plan().actions}
    wanted = {
        f"    {before} --> {after}: {labels[action]}"
        for action, moves in ALONG_THE_CHAIN.items()
        for before, after in moves.items()
    } | {"    review --> funding: 替补确定"}
    drawn = [line for line in diagram(plan()).splitlines() if " --> " in line and ":" in line]
    assert set(drawn) == wanted
    assert len(drawn) == len(wanted)


def test_the_diagram_is_stable() -> None:
    again = load_plan(SHIPPED / "plan.yaml")
    assert diagram(plan()) == diagram(plan()) == diagram(again)
    assert diagram(plan()).endswith("[*]\n")


# --- helpers --------------------------------------------------------------------------------------


def _stage(position: Position | None) -> str | None:
    return position.stage if position else None


def _swapped(first: int) -> Plan:
    """The shipped plan with a stage and the next in each other's place, reachable or not."""
    stages = list(plan().stages)
    stages[first], stages[first + 1] = stages[first + 1], stages[first]
    return plan().model_copy(update={"stages": tuple(stages), "digest": f"swapped {first}"})


def _written(folder: Path, first: int) -> Path:
    """A copy of the shipped plan in which a stage and the next have changed places."""
    data: dict[str, Any] = read_yaml(SHIPPED / "plan.yaml")
    stages = data["stages"]
    stages[first], stages[first + 1] = stages[first + 1], stages[first]
    shutil.copyfile(SHIPPED / "notice.txt", folder / "notice.txt")
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def test_what_may_still_come_is_what_no_passed_stage_held() -> None:
    """五(二): whoever builds has no application to correct any more, and may have to mend works."""
    begun = to_come(plan(), Position("siting", Disposition.ACTIVE))
    assert {"correction_ordered", "rectification_ordered", "accepted"} <= begun
    building = to_come(plan(), Position("construction", Disposition.ACTIVE))
    assert "correction_ordered" not in building
    assert {"rectification_ordered", "inspection_rectified"} <= building
    assert to_come(plan(), Position("review", Disposition.WITHDRAWN)) == frozenset()

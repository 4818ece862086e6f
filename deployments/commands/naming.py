"""What is meant by the names that are typed: projects, places, deadlines, actions, milestones.

What is taken in another way than it was typed is said, so that a slip is seen at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deployments.commands.console import complain, say
from states.naming import fold, meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.cases.desk import Desk
    from policy.schema import Plan
    from policy.vocabulary import Form, Listing
    from states.workdays import Calendar


def plan_meant(typed: str | None) -> tuple[Path, Plan]:
    """The plan of that id, or in that folder or file, and its file; None: the settings' own.

    PolicyError where there is none, or it has faults.
    """
    from common.errors import PolicyError
    from models.settings import load_settings
    from policy.load import in_its_folder, load_plan, named_plan, plan_path

    settings = load_settings()
    if typed is not None and (path := Path(typed)).exists():
        path = path / "plan.yaml" if path.is_dir() else path
        return path, in_its_folder(path, load_plan(path))
    if typed is not None and ("/" in typed or typed.endswith(".yaml")):
        raise PolicyError(f"{typed}: 没有这个文件或目录，请核对路径")
    wanted = typed or settings.plan
    return plan_path(wanted, settings.plans), named_plan(wanted, settings.plans)


def calendar_of(plan: Plan, path: Path) -> Calendar:
    """The calendar of the plan in that file, with the years that lie in its folder. PolicyError."""
    from models.settings import load_settings
    from policy.load import calendar_days, calendar_overrides
    from states.workdays import Calendar

    beside = calendar_overrides(path.resolve().parent / "calendars")
    return Calendar({**calendar_days(plan.id, load_settings().plans), **beside})


def say_unpublished(plan: Plan, calendar: Calendar) -> None:
    """Say which deadlines have no dates because a year's holidays are not known."""
    from states.deadlines import gaps
    from states.workdays import CALENDARS

    if waiting := gaps(plan, calendar):
        say(f"{'、'.join(waiting)}：请在 {CALENDARS}增加放假安排未公布年份的文件")


def subject_meant(desk: Desk, typed: str) -> str:
    """The code of a project, city or province by its code, its name, or a city's without 市.

    RefusedError where there is none, or several are called so.
    """
    from operations.cases import naming

    with desk.reading() as session:
        return _told(typed, naming.subject_meant(session, desk.plan, typed))


def city_meant(desk: Desk, typed: str) -> str:
    """A city of the plan, also without its 市. RefusedError."""
    known = {each.name: each.name[:-1] for each in desk.plan.cities}
    return _told(typed, meant(typed, known, desk.plan.said("市")))


def form_meant(desk: Desk, typed: str) -> Form | Listing:
    """A form or list by its id or name, with its annex or without. RefusedError."""
    from policy.vocabulary import Form, Listing

    kinds: dict[str, Form | Listing] = {each.value: each for each in (*Form, *Listing)}
    annexed = {value: desk.plan.form_name(each) for value, each in kinds.items()}
    plain = {value: each.label for value, each in kinds.items() if fold(each.label) == fold(typed)}
    return kinds[meant(typed, {**annexed, **plain}, "表格")]


def rule_meant(desk: Desk, typed: str) -> str:
    """The number of a deadline, e.g. D08 by ``d8``, or of a duty of several. RefusedError."""
    known = {each.id: each.title for each in desk.plan.duties}
    return _told(typed, meant(typed, {**known, **_deadlines(desk)}, "时限"))


def action_meant(desk: Desk, typed: str) -> str:
    """An action by its name or its label. RefusedError."""
    return _called(typed, {each.id: each.label for each in desk.plan.actions}, "办理动作")


def fact_meant(desk: Desk, typed: str) -> str:
    """A milestone, evidence, or the deadline of what a place does. RefusedError."""
    return _called(typed, _facts(desk), "可登记的节点")


def _facts(desk: Desk) -> Mapping[str, str]:
    evidence = {each.id: each.label for each in desk.plan.evidence}
    milestones = {each.id: each.label for each in desk.plan.milestones}
    return {**_deadlines(desk), **evidence, **milestones}


def _deadlines(desk: Desk) -> Mapping[str, str]:
    return {number: each.rule.title for number, each in desk.deadlines.items()}


def _called(typed: str, known: Mapping[str, str], what: str) -> str:
    """What goes by a label that staff know: its id is none of their business."""
    found = meant(typed, known, what)
    label = known[found]
    if typed not in (found, label):
        complain(f"“{typed}”按“{label if fold(typed) == fold(label) else found}”办理")
    return found


def _told(typed: str, found: str) -> str:
    if typed != found:
        complain(f"“{typed}”按“{found}”办理")
    return found

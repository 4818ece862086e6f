"""What a plan asks of projects: faults in its fields, and in what names them."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from policy.faults.ground import Loc, PlanFault, unknown
from policy.fields import CORE, NAMES_FIELD, NUMERIC, PLACE, RESERVED, ProfileField
from policy.likeness import near
from policy.schema import Plan


def declared(plan: Plan) -> Iterator[PlanFault]:
    """Each field by itself."""
    guarded = {a.id for a in plan.actions} | {m.id for m in plan.milestones if m.beside_chain}
    for index, field in enumerate(plan.fields):
        loc = ("fields", index)
        yield from _core(loc, field)
        yield from _choices(loc, field)
        yield from _columns(loc, field)
        if need := field.needed:
            yield from unknown((*loc, "needed"), "办理动作或节点", need.before, guarded)
            yield from unknown((*loc, "needed", "when"), "项目档案项", need.when, _known(plan))
            yield from _bounds((*loc, "needed"), field)


def headings(plan: Plan) -> Iterator[PlanFault]:
    """A sheet has no two columns of one heading: nobody could tell which is which."""
    seen: dict[tuple[str, str], str] = {}
    for index, field in enumerate(plan.fields):
        for number, at in enumerate(field.asked):
            heading = "".join((at.heading or field.label).split())
            other = seen.setdefault((at.sheet, heading), field.id)
            if other != field.id:
                says = f"与“{other}”在同一张表上的栏名都是“{heading}”，请改其一的 label 或 heading"
                yield PlanFault(("fields", index, "asked", number), says)


def _core(loc: Loc, field: ProfileField) -> Iterator[PlanFault]:
    core = CORE.get(field.id)
    if field.id in RESERVED:
        yield PlanFault((*loc, "id"), f"“{field.id}”另有所指，不能作为档案项的编号，请改用其他编号")
    if core is None:
        return
    if field.kind != core.kind:
        says = f"“{field.id}”是固定项，kind 应为 {core.kind}；另有所指的，请改用其他编号"
        yield PlanFault((*loc, "kind"), says)
    elif core.choices and field.choices != core.choices:
        says = f"“{field.id}”是固定项，choices 应为{'、'.join(core.choices)}"
        yield PlanFault((*loc, "choices"), says)


def _choices(loc: Loc, field: ProfileField) -> Iterator[PlanFault]:
    if field.kind == "choice" and not field.choices:
        yield PlanFault(loc, "kind 为 choice 的，须在 choices 中列出各选项")
    if field.choices and field.kind not in ("choice", "words"):
        yield PlanFault((*loc, "choices"), "只有 kind 为 choice 或 words 的才写 choices")
    letters = all(len(choice) == 1 for choice in field.choices)
    if field.meanings and (set(field.meanings) != set(field.choices) or not letters):
        yield PlanFault((*loc, "meanings"), "meanings 须逐一说明各选项，且选项均为单个字母")
    if field.measured_in and field.kind not in ("count", "number"):
        yield PlanFault((*loc, "measured_in"), "只有 kind 为 count 或 number 的才写计量单位")


def _columns(loc: Loc, field: ProfileField) -> Iterator[PlanFault]:
    seen: set[str] = set()
    for number, at in enumerate(field.asked):
        here = (*loc, "asked", number)
        if at.sheet in seen:
            yield PlanFault(here, f"“{at.sheet}”写了两次，每张表只能有一处")
        seen.add(at.sheet)
        try:
            re.compile(at.known_by or "")
        except re.error as error:
            yield PlanFault((*here, "known_by"), f"不是有效的正则表达式（{error}）")
    if field.kind == "words" and seen - {"supplement", "supplement_2", "supplement_3"}:
        yield PlanFault((*loc, "asked"), "kind 为 words 的只能在补充信息表中填写")
    if field.id in PLACE and seen:
        yield PlanFault((*loc, "asked"), "街道、社区由项目名称读出，不另设一栏")


def _bounds(loc: Loc, field: ProfileField) -> Iterator[PlanFault]:
    need = field.needed
    if need is None or (need.least is None and need.most is None):
        return
    if field.kind not in NUMERIC:
        yield PlanFault(loc, f"{field.label}不是数值，不能写 least、most")
    elif need.least is not None and need.most is not None and need.least > need.most:
        yield PlanFault(loc, f"least（{need.least}）大于 most（{need.most}），请核对")


def named(plan: Plan) -> Iterator[PlanFault]:
    """Whatever names a field names one that the plan declares."""
    known = _known(plan)
    for group in ("requirements", "checklist", "plausible"):
        for index, rule in enumerate(getattr(plan, group)):
            for loc, name in _names((group, index), rule):
                if name not in known:
                    mend = f"请在 fields 中登记，或改用已登记的编号{near(name, known)}"
                    says = f"项目档案没有“{name}”这一项；{mend}"
                    yield PlanFault(loc, says)


def _known(plan: Plan) -> set[str]:
    return {*plan.field, *PLACE}


def _names(loc: Loc, node: BaseModel) -> Iterator[tuple[Loc, str]]:
    """What a rule, or a check in it, names as a field, with where."""
    for key, info in type(node).model_fields.items():
        value = getattr(node, key)
        if isinstance(value, BaseModel):
            yield from _names((*loc, key), value)
        elif NAMES_FIELD in info.metadata:
            yield (*loc, key), value
        elif _marked(info.annotation):
            yield from (((*loc, key), name) for name in _flat(value))


def _marked(annotation: Any) -> bool:
    """Whether a type has field ids in it: in a tuple, as the keys of a mapping, or none."""
    if get_origin(annotation) is Annotated:
        return NAMES_FIELD in get_args(annotation)[1:]
    return any(_marked(part) for part in get_args(annotation))


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from value
    elif value is not None:
        for item in value:
            yield from _flat(item)

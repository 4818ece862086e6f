"""Which parameters of a flow a person is shown, and how they are called.

Prefect makes a form from a flow's signature: each parameter under its name, what may be left empty
with a switch of types, and what only deployments and schedules fill in beside what people do.
"""

from collections.abc import Mapping
from typing import Any

MACHINE = frozenset({"plan", "only_if_missed", "duties"})
"""Filled in by deployments and schedules; what is not shown keeps the value that it has there."""
CALLED: Mapping[str, str] = {
    "as_of": "核对日期",
    "confirm": "确认日期无误",
    "actor": "确认的单位和姓名",
    "evidence": "确认的理由",
    "run_id": "运行标识",
    "run": "运行名称",
    "flow": "任务名称",
    "state": "状态",
    "message": "状态说明",
}
"""Parameters that are no form of their own, as people call them."""
FORM, PART = "form", "#/definitions/"


def for_people(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment's parameter schema as people are to fill it in. Safe to repeat."""
    parts = schema.get("definitions", {})
    shown = {
        name: _asked(name, field, parts)
        for name, field in schema.get("properties", {}).items()
        if name not in MACHINE
    }
    required = [name for name in schema.get("required", ()) if name not in MACHINE]
    return {**schema, "properties": shown, "required": required}


def _asked(name: str, field: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    title = CALLED.get(name, field.get("title", name))
    if name == FORM:
        title = _part_of(field, parts).get("title", title)
    return {**_of_one_type(field), "title": title}


def _part_of(field: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form that a parameter is; Prefect refers to it in one of two ways."""
    refers = [field, *field.get("allOf", ())]
    named = next((each["$ref"] for each in refers if "$ref" in each), "")
    found: Mapping[str, Any] = parts.get(named.removeprefix(PART), {})
    return found


def _of_one_type(field: Mapping[str, Any]) -> dict[str, Any]:
    """Without the choice of nothing, for which the UI shows a switch: the field is left empty."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return dict(field)
    rest = {name: value for name, value in field.items() if name not in ("anyOf", "default")}
    return {**rest, **kinds[0]}

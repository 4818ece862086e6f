"""Reads plans and calendar overrides from disk: the only file I/O this low.

A fault is a `PolicyError` that names the file, the line and the path, and what is wrong.
"""

import hashlib
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from policy.errors import PolicyError
from policy.schema import Plan
from policy.validate import Fault, faults

HOME = Path(__file__).parent
Loc = tuple[str | int, ...]


def plan_ids() -> tuple[str, ...]:
    """The ids of the plans that are shipped, sorted."""
    return tuple(sorted(path.parent.name for path in (HOME / "plans").glob("*/plan.yaml")))


def plan_path(plan_id: str) -> Path:
    """Where the plan of that id is shipped; PolicyError when there is none."""
    if plan_id not in plan_ids():
        raise PolicyError(f"没有实施方案“{plan_id}”，现有：{'、'.join(plan_ids())}")
    return HOME / "plans" / plan_id / "plan.yaml"


def load_plan(path: Path) -> Plan:
    """The validated plan in `path`; its notice is read from ``notice.txt`` beside it.

    Raises PolicyError with every fault found, one a line.
    """
    text = _read(path)
    root = _compose(path, text)
    data = _construct(path, root)
    if not isinstance(data, dict):
        raise PolicyError(f"{path}: 实施方案文件应为键值结构")
    digest = hashlib.sha256(text.encode()).hexdigest()
    try:
        plan = Plan.model_validate({**data, "digest": digest})
    except ValidationError as error:
        found = [Fault(_plain(e["loc"]), e["msg"]) for e in error.errors()]
        raise PolicyError(_report(path, root, found)) from None
    notice = _read(path.parent / "notice.txt")
    if found := list(faults(plan, notice)):
        raise PolicyError(_report(path, root, found))
    return plan


def calendar_overrides(folder: Path = HOME / "calendars") -> Mapping[int, Mapping[date, bool]]:
    """Per year, the days on which `folder`'s files differ from the week: True is a workday.

    A file is ``2027.json`` in the open holiday-cn format: ``year``, ``papers`` (its sources) and
    ``days`` with ``date`` and ``isOffDay``.
    """
    return {int(path.stem): _overrides(path) for path in sorted(folder.glob("[0-9]*.json"))}


def _overrides(path: Path) -> Mapping[date, bool]:
    try:
        data = json.loads(_read(path))
        if not data["papers"]:
            raise PolicyError(f"{path}: papers 为空，请注明放假安排的来源")
        days = {date.fromisoformat(day["date"]): not day["isOffDay"] for day in data["days"]}
    except (ValueError, KeyError, TypeError) as error:
        raise PolicyError(f"{path}: 日历文件格式不符（{error!r}），应为 holiday-cn 格式") from None
    if not days or data.get("year") != int(path.stem):
        raise PolicyError(f"{path}: 年份与文件名不符，或没有任何日期")
    return days


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: 无法读取（{error}）") from None


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"{path}:{line + 1}" if line is not None else str(path)
        reason = getattr(error, "problem", None) or str(error)
        raise PolicyError(f"{where}: YAML 格式有误（{reason}）") from None
    if root is None:
        raise PolicyError(f"{path}: 文件为空")
    for node in _nodes(root):
        if (twice := _repeated_key(node)) is not None:
            raise PolicyError(f"{path}:{twice.start_mark.line + 1}: 键“{twice.value}”重复")
    return root


def _construct(path: Path, root: yaml.Node) -> Any:
    try:
        return yaml.SafeLoader("").construct_document(root)
    except (yaml.YAMLError, ValueError) as error:
        raise PolicyError(f"{path}: {error}") from None


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item)


def _repeated_key(node: yaml.Node) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    seen: set[Hashable] = set()
    for key, _ in node.value:
        if key.value in seen:
            return key  # type: ignore[no-any-return]  # types-PyYAML leaves node values untyped
        seen.add(key.value)
    return None


def _report(path: Path, root: yaml.Node, found: list[Fault]) -> str:
    return "\n".join(
        f"{path}:{_line(root, fault.loc)}: {'.'.join(map(str, fault.loc))}: {fault.says}"
        for fault in found
    )


def _plain(loc: Loc) -> Loc:
    """Drop what pydantic adds to a path: union tags and type names are not keys of the file."""
    return tuple(part for part in loc if isinstance(part, int) or re.fullmatch(r"[\w-]+", part))


def _line(root: yaml.Node, loc: Loc) -> int:
    """The line nearest to `loc`: as far down the path as the file goes."""
    node, line = root, root.start_mark.line
    for part in loc:
        child = _child(node, part)
        if child is not None:
            node, line = child, child.start_mark.line
    return line + 1


def _child(node: yaml.Node, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]  # as above
    return None

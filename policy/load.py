"""Reads plans and calendar overrides from disk: the only file I/O this low.

A fault is a `PolicyError` that names the file, the line and the path, and what is wrong.
"""

import hashlib
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from common.errors import PolicyError
from policy.schema import Plan
from policy.validate import PlanFault, faults

HOME = Path(__file__).parent
UNREAD = "0" * 64  # the digest of a plan while it is being read
# libyaml's, where it is built in: nine times as fast.
FASTEST: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Loc = tuple[str | int, ...]


def plan_ids(further: Path | None = None) -> tuple[str, ...]:
    """The ids of the plans that are shipped and of those in the folder `further`, sorted.

    PolicyError when the folder is not there, or has a plan of an id that is shipped.
    """
    return tuple(sorted(_plan_paths(further)))


def plan_path(plan_id: str, further: Path | None = None) -> Path:
    """The file of the plan of that id; PolicyError when there is none, or as `plan_ids`."""
    paths = _plan_paths(further)
    if plan_id not in paths:
        raise PolicyError(f"没有实施方案“{plan_id}”，现有：{'、'.join(sorted(paths))}")
    return paths[plan_id]


def _plan_paths(further: Path | None) -> Mapping[str, Path]:
    shipped, found = _plans_in(HOME / "plans"), {}
    if further is not None:
        if not further.is_dir():
            raise PolicyError(f"XINGFU_PLANS 指定的文件夹不存在：{further}")
        found = _plans_in(further)
    if twice := sorted(shipped.keys() & found.keys()):
        raise PolicyError(
            f"{further}: 实施方案“{'、'.join(twice)}”与系统自带的编号相同，请改用其他编号"
        )
    return {**shipped, **found}


def _plans_in(folder: Path) -> dict[str, Path]:
    return {path.parent.name: path for path in folder.glob("*/plan.yaml")}


def named_plan(plan_id: str, further: Path | None = None) -> Plan:
    """The plan of that id; PolicyError as `plan_path` and `load_plan`."""
    path = plan_path(plan_id, further)
    plan = load_plan(path)
    if plan.id != plan_id:
        raise PolicyError(f"{path}: id: 方案编号“{plan.id}”应与目录名“{plan_id}”一致")
    return plan


def load_plan(path: Path) -> Plan:
    """The validated plan in `path`; its notice is read from ``notice.txt`` beside it.

    Raises PolicyError with every fault found, one a line.
    """
    text = _read(path)
    root = _compose(path, text)
    data = _construct(path, root)
    if not isinstance(data, dict):
        raise PolicyError(f"{path}: 实施方案文件应为键值结构")
    try:
        plan = Plan.model_validate({**data, "digest": UNREAD})
    except ValidationError as error:
        found = [PlanFault(_plain(e["loc"]), e["msg"]) for e in error.errors()]
        raise PolicyError(_report(path, root, found)) from None
    notice = _read(path.parent / "notice.txt")
    if found := list(faults(plan, notice)):
        raise PolicyError(_report(path, root, found))
    return plan.model_copy(update={"digest": meaning(plan)})


def meaning(plan: Plan) -> str:
    """SHA-256 of all that a plan says: the same for any two files that say the same.

    Comments, quotes, the order of keys and a default that is written out make no difference.
    """
    said = plan.model_dump(exclude={"digest"})
    told = json.dumps(said, ensure_ascii=False, sort_keys=True, default=_as_text)
    return hashlib.sha256(told.encode()).hexdigest()


def _as_text(value: object) -> str:
    """A date, or a number, of which 0.5 and 0.50 are the same."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def calendar_overrides(folder: Path = HOME / "calendars") -> Mapping[int, Mapping[date, bool]]:
    """Per year, the days on which `folder`'s files differ from the week: True is a workday.

    A file is ``2027.json`` in the open holiday-cn format: ``year``, ``papers`` (its sources) and
    ``days`` with ``date`` and ``isOffDay``.
    """
    files = sorted(folder.glob("*.json"))
    for path in files:
        if not re.fullmatch(r"\d{4}", path.stem):
            raise PolicyError(f"{path}: 日历文件应以年份命名，如 2027.json")
    return {int(path.stem): _overrides(path) for path in files}


def _overrides(path: Path) -> Mapping[date, bool]:
    try:
        data = json.loads(_read(path))
        if not data["papers"]:
            raise PolicyError(f"{path}: papers 为空，请注明放假安排的来源")
        days = {date.fromisoformat(day["date"]): _is_workday(day) for day in data["days"]}
    except (ValueError, KeyError, TypeError) as error:
        raise PolicyError(f"{path}: 日历文件格式不符（{error!r}），应为 holiday-cn 格式") from None
    if data.get("year") != int(path.stem) or int(path.stem) not in {day.year for day in days}:
        raise PolicyError(f"{path}: 年份与文件名不符，或没有任何日期属于该年")
    return days


def _is_workday(day: Mapping[str, object]) -> bool:
    if not isinstance(day["isOffDay"], bool):
        raise TypeError(f"isOffDay: {day['isOffDay']!r}")
    return not day["isOffDay"]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: 无法读取（{error}）") from None


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        root = _root(text)
    except yaml.YAMLError as error:
        raise _broken(path, error) from None
    if root is None:
        raise PolicyError(f"{path}: 文件为空")
    for node in _nodes(root):
        if isinstance(node, yaml.MappingNode) and (odd := _odd_key(node)) is not None:
            raise PolicyError(f"{path}:{odd.start_mark.line + 1}: 键应为单个词")
        if (twice := _repeated_key(node)) is not None:
            raise PolicyError(f"{path}:{twice.start_mark.line + 1}: 键“{twice.value}”重复")
    return root


def _root(text: str) -> yaml.Node | None:
    """As the slower loader has it: it alone refuses tabs, and it says what is wrong."""
    if "\t" not in text:
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=FASTEST)
    return yaml.compose(text, Loader=yaml.SafeLoader)


class _Loader(yaml.SafeLoader):
    """Says the line of a value that cannot be, such as 2023-02-30."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:
            mark = node.start_mark
            raise yaml.constructor.ConstructorError(None, None, str(error), mark) from None


def _construct(path: Path, root: yaml.Node) -> Any:
    try:
        return _Loader("").construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise _broken(path, error) from None


def _broken(path: Path, error: yaml.YAMLError) -> PolicyError:
    line = getattr(getattr(error, "problem_mark", None), "line", None)
    where = f"{path}:{line + 1}" if line is not None else str(path)
    reason = getattr(error, "problem", None) or str(error)
    return PolicyError(f"{where}: YAML 格式有误（{reason}）")


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node once, even where an alias makes a loop."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            waiting += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _odd_key(node: yaml.MappingNode) -> yaml.Node | None:
    return next((key for key, _ in node.value if not isinstance(key, yaml.ScalarNode)), None)


def _repeated_key(node: yaml.Node) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    seen: set[Hashable] = set()
    for key, _ in node.value:
        if key.value in seen:
            return key  # type: ignore[no-any-return]  # types-PyYAML leaves node values untyped
        seen.add(key.value)
    return None


def _report(path: Path, root: yaml.Node, found: list[PlanFault]) -> str:
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

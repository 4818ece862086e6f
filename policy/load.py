"""Reads plans and calendar overrides from disk: the only file I/O this low.

A fault is a `PolicyError` that names the file, the line and the path, and what is wrong.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import yaml
from pydantic import ValidationError

from common.errors import PolicyError
from policy.defaults import completed
from policy.faults.ground import PlanFault
from policy.faults.shapes import misshapen, of_defaults
from policy.schema import Plan
from policy.schema_file import description
from policy.source import construct, place, read_text, read_tree
from policy.validate import faults

HOME = Path(__file__).parent
UNREAD = "0" * 64  # the digest of a plan while it is being read
CUSTOMARY = "a41a9509bbfe3041fc615ee9034c35d8f022ed23a6bddd288148150766e2796d"
"""The digest of the customary fields. While it holds, what a database has installed of a plan that
declares none is what that plan still says."""
_KNOWN: WeakValueDictionary[str, Plan] = WeakValueDictionary()
"""By digest, the plans that are in use."""


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
    """The plan of that id; PolicyError as `plan_path` and `load_plan`.

    One object in a process for as long as it says the same: what was worked out of it is found
    again without comparing all that it says. What is shipped is read once: it is of the program.
    """
    path = plan_path(plan_id, further)
    return _shipped(path) if path.is_relative_to(HOME) else _in_use(path)


@cache
def _shipped(path: Path) -> Plan:
    return _in_use(path)


def _in_use(path: Path) -> Plan:
    plan = in_its_folder(path, load_plan(path))
    return _KNOWN.setdefault(plan.digest, plan)


def in_its_folder(path: Path, plan: Plan) -> Plan:
    """The plan of that file; PolicyError where the folder is not named as the plan is."""
    if plan.id != (folder := path.resolve().parent.name):
        says = f"方案编号“{plan.id}”应与目录名“{folder}”一致，请改其一"
        raise PolicyError(f"{place(read_tree(path), ('id',))}: id: {says}")
    return plan


def load_plan(path: Path) -> Plan:
    """The validated plan in `path`; its notice is read from ``notice.txt`` beside it.

    Raises PolicyError with every fault found, one a line: file, line, path, and how to mend it.
    """
    root = read_tree(path)
    data = construct(root)
    if found := list(of_defaults(data.get("defaults"))):
        raise PolicyError(_report(root, found))
    try:
        plan = Plan.model_validate(
            {**_with_fields(completed(data, path.resolve().parent.name)), "digest": UNREAD}
        )
    except (ValidationError, RecursionError) as error:
        raise PolicyError(_report(root, misshapen(error, description))) from None
    notice = read_text(path.parent / "notice.txt")
    if found := list(faults(plan, notice)):
        raise PolicyError(_report(root, found))
    return plan.model_copy(update={"digest": meaning(plan)})


def meaning(plan: Plan) -> str:
    """SHA-256 of all that a plan says: the same for any two files that say the same.

    Comments, quotes, the order of keys and a default that is written out make no difference.
    """
    said = plan.model_dump(exclude={"digest"})
    if _digest(said["fields"]) == CUSTOMARY:
        del said["fields"]  # what a plan says that says nothing of its fields
    return _digest(said)


def _digest(said: object) -> str:
    told = json.dumps(said, ensure_ascii=False, sort_keys=True, default=_as_text)
    return hashlib.sha256(told.encode()).hexdigest()


@cache
def customary_fields() -> Sequence[Mapping[str, Any]]:
    """The fields of plans that declare none: all plans did before they could, also in versions
    that databases keep. They are those of the forms that came first."""
    path = HOME / "plans" / "shanxi-2023" / "plan.yaml"
    data = construct(read_tree(path))
    fields: Sequence[Mapping[str, Any]] = data["fields"]
    return fields


def _with_fields(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return data if "fields" in data else {**data, "fields": customary_fields()}


def canonical(plan: Plan) -> dict[str, Any]:
    """All that a plan says, as JSON: `Plan.model_validate` makes the plan of it again."""
    said = plan.model_dump(by_alias=True, exclude={"digest"})
    plain: dict[str, Any] = json.loads(json.dumps(said, ensure_ascii=False, default=_as_text))
    return plain


def from_canonical(content: Mapping[str, Any]) -> Plan:
    """The plan that `canonical` told of; PolicyError where this program no longer reads it."""
    try:
        plan = Plan.model_validate({**_with_fields(content), "digest": UNREAD})
    except ValidationError as error:
        raise PolicyError(f"实施方案的旧版本无法读取：{error.errors()[0]['msg']}") from None
    return plan.model_copy(update={"digest": meaning(plan)})


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


def calendar_days(plan_id: str, further: Path | None = None) -> Mapping[int, Mapping[date, bool]]:
    """As `calendar_overrides`, of all files that hold for a plan.

    Of one year's files the nearest to the plan holds: in ``calendars`` of its own folder, in that
    of the folder `further` of plans, in that of the program, which an upgrade replaces.
    """
    found = dict(calendar_overrides())
    own = [HOME / "plans" / plan_id]
    if further is not None:
        own = [further, *own, further / plan_id]
    for folder in own:
        found |= calendar_overrides(folder / "calendars")
    return found


HOLIDAY_CN = (
    "应为 holiday-cn 格式，写 year（年份）、papers（放假通知的来源）和 days，"
    'days 每项写 date（如 "2027-01-01"）和 isOffDay（true 为休息，false 为上班）'
)


def _overrides(path: Path) -> Mapping[date, bool]:
    try:
        data = json.loads(read_text(path))
        if not data["papers"]:
            raise PolicyError(f"{path}: papers 为空，请注明放假安排的来源")
        days = {date.fromisoformat(day["date"]): _is_workday(day) for day in data["days"]}
    except json.JSONDecodeError as error:
        says = "日历文件格式不符：不是完整的 JSON，请核对该行附近的引号、逗号和括号"
        raise PolicyError(f"{path}:{error.lineno}: {says}") from None
    except (ValueError, KeyError, TypeError):
        raise PolicyError(f"{path}: 日历文件格式不符：{HOLIDAY_CN}") from None
    if data.get("year") != int(path.stem) or int(path.stem) not in {day.year for day in days}:
        raise PolicyError(f"{path}: 年份与文件名不符，或没有任何日期属于该年")
    return days


def _is_workday(day: Mapping[str, object]) -> bool:
    if not isinstance(day["isOffDay"], bool):
        raise TypeError(f"isOffDay: {day['isOffDay']!r}")
    return not day["isOffDay"]


def _report(root: yaml.Node, found: Iterable[PlanFault]) -> str:
    told = (
        f"{place(root, fault.loc)}: {'.'.join(map(str, fault.loc))}: {fault.says}"
        for fault in found
    )
    return "\n".join(dict.fromkeys(told))

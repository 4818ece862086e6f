"""What a plan's types refuse, in Chinese: where, what is wrong, and how to mend it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from policy.defaults import SHARED
from policy.faults.ground import Loc, PlanFault
from policy.likeness import near
from policy.schema import Plan

Schema = Mapping[str, Any]
Description = Callable[[str, str], str | None]
"""What a key of a type means, in Chinese; None: not said."""
KEY = re.compile(r"(?!constrained-int$)[\w-]+(\[key\])?")
"""What of a path may stand in the file: all but the names of types, of which pydantic adds some."""
QUOTED = re.compile(r"'([^']*)'")
PATTERNS = {
    r"^\d{6}(\d{3}){0,2}$": '应为区划代码，县六位、街道九位、村十二位，加引号，如 "140105"',
    r"^[a-z][a-z0-9_]*$": "应为小写英文字母开头的标识，只含小写字母、数字和下划线，如 work_started",
    r"^[a-z0-9-]+$": "应为小写字母、数字和连字符组成的编号，如 shanxi-2023",
    r"^[A-Z]\d{2,}$": "应为一个大写字母加两位以上数字，如 D01",
    r"^\d{4}-(0[1-9]|1[0-2])$": "应为年月，如 2025-03",
    r"^\d{4}Q[1-4]$": "应为季度，如 2025Q2",
    r"^\d{4}H[12]$": "应为半年，如 2025H1",
    r"^R\d{2,}$": "应为 R 加两位以上数字，如 R01",
}
"""What texts of a pattern are, by the pattern."""


def of_defaults(given: object) -> Iterator[PlanFault]:
    """`defaults` says only what rules share."""
    if given is None:
        return
    if not isinstance(given, dict):
        yield PlanFault(("defaults",), f"应为键值结构，可用的键：{'、'.join(SHARED)}")
        return
    for key in given:
        if key not in SHARED:
            yield PlanFault(
                ("defaults", str(key)), f"defaults 没有“{key}”{near(str(key), [*SHARED])}"
            )


def misshapen(error: ValidationError | RecursionError, description: Description) -> list[PlanFault]:
    """The faults that the types of a plan found, each value's once."""
    if isinstance(error, RecursionError):
        return [PlanFault((), "嵌套过深，请核对引用（&、*）")]
    found: dict[Loc, PlanFault] = {}
    for each in error.errors(include_url=False):
        loc = _plain(each["loc"])
        is_missing = each["type"] == "missing"
        told = _missing(each, loc, _meaning(loc, description)) if is_missing else _told(each, loc)
        found.setdefault(loc, PlanFault(loc, told))
    return [fault for loc, fault in found.items() if not _is_told_within(loc, found)]


def told_of(error: ValidationError) -> Iterator[tuple[Loc, str]]:
    """Where and what the types of something beside a plan found, in Chinese."""
    for each in error.errors(include_url=False):
        loc = _plain(each["loc"])
        if each["type"] == "extra_forbidden":
            yield loc, f"没有“{loc[-1]}”这一项，请核对写法"
        else:
            yield loc, _told(each, loc)


def _is_told_within(loc: Loc, found: Iterable[Loc]) -> bool:
    """Whether something in a value is told: then what the whole should be, or hold, is not."""
    return any(other != loc and other[: len(loc)] == loc for other in found)


def _plain(loc: Loc) -> Loc:
    """Drop what pydantic adds to a path: union tags and type names are not keys of the file."""
    return tuple(part for part in loc if isinstance(part, int) or KEY.fullmatch(part))


def _told(error: ErrorDetails, loc: Loc) -> str:
    says = SAYS.get(error["type"])
    return says(error, loc) if says else f"内容不符合要求（{error['msg']}）"


def _extra(error: ErrorDetails, loc: Loc) -> str:
    name = str(loc[-1]) if loc else ""
    known = _keys(loc[:-1])
    return f"没有“{name}”这一项{near(name, known) or '，请删去'}"


def _missing(error: ErrorDetails, loc: Loc, meaning: str = "") -> str:
    name = str(loc[-1]) if loc else ""
    also = "，或在 defaults 中统一写明" if name in SHARED else ""
    return f"缺少“{name}”{meaning}，请补写{also}"


def _meaning(loc: Loc, description: Description) -> str:
    """What a key is for, and what is written there: ``（支出类别；每项写 id、label）``."""
    owners = (str(each.get("title", "")) for each in _at(loc[:-1]))
    told = next(filter(None, (description(owner, str(loc[-1])) for owner in owners)), "")
    each, whole = _needed((*loc, 0)), _needed(loc)
    inner = f"每项写 {each}" if each else f"写 {whole}" if whole else ""
    said = "；".join(filter(None, (told, inner)))
    return f"（{said}）" if said else ""


def _needed(loc: Loc) -> str:
    """The keys that a value there cannot be without, where it is of one type."""
    found = [each.get("required", ()) for each in _at(loc) if "properties" in each]
    return "、".join(key for key in found[0] if key not in SHARED) if len(found) == 1 else ""


def _text(error: ErrorDetails, loc: Loc) -> str:
    given = error["input"]
    if isinstance(given, (list, dict)):
        return "应为文字，不是列表或键值结构"
    if given is None:
        return "应为文字，不能空着"
    return f"应为文字，“{given}”请加引号"


def _allowed(error: ErrorDetails, loc: Loc) -> str:
    among = QUOTED.findall(str(error.get("ctx", {}).get("expected", "")))
    given = error["input"]
    return f"没有“{given}”这一种{_among(str(given), among)}"


def _tag(error: ErrorDetails, loc: Loc) -> str:
    context = error.get("ctx", {})
    among = QUOTED.findall(str(context.get("expected_tags", "")))
    key = str(context.get("discriminator", "")).strip("'")
    tag = str(context.get("tag"))
    return f"{key} 没有“{tag}”这一种{_among(tag, among)}"


def _among(given: str, among: Sequence[str]) -> str:
    """What may have been meant, and all that there is, once."""
    meant = near(given, among)
    return meant if "可用：" in meant else f"{meant}（可用：{'、'.join(among)}）"


def _tagless(error: ErrorDetails, loc: Loc) -> str:
    key = str(error.get("ctx", {}).get("discriminator", "")).strip("'")
    return f"缺少“{key}”（哪一种），请补写"


def _pattern(error: ErrorDetails, loc: Loc) -> str:
    pattern = str(error.get("ctx", {}).get("pattern"))
    return f"“{error['input']}”不符合写法：{PATTERNS.get(pattern, f'应符合 {pattern}')}"


def _limit(sign: str) -> Callable[[ErrorDetails, Loc], str]:
    def told(error: ErrorDetails, loc: Loc) -> str:
        context = error.get("ctx", {})
        limit = next((context[key] for key in ("ge", "gt", "le", "lt") if key in context), "")
        return f"“{error['input']}”应{sign}{limit}"

    return told


def _should_be(what: str) -> Callable[[ErrorDetails, Loc], str]:
    return lambda error, loc: f"应为{what}，不是“{_short(error['input'])}”"


def _short(given: object) -> str:
    text = str(given)
    return text if len(text) <= 30 else f"{text[:30]}…"


_DAY = _should_be("日期，如 2025-03-31")
_WHOLE = _should_be("整数")
_NUMBER = _should_be("数")
_LIST = _should_be("列表，如 [甲, 乙]")
_PAIRS = _should_be("键值结构")
_TIME = _should_be('时刻，加引号，如 "08:30"')
_YES = _should_be(" true 或 false")
SAYS: Mapping[str, Callable[[ErrorDetails, Loc], str]] = {
    "missing": _missing,
    "extra_forbidden": _extra,
    "string_type": _text,
    "string_too_short": lambda error, loc: "不能空着，请写明",
    "string_pattern_mismatch": _pattern,
    "enum": _allowed,
    "literal_error": _allowed,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _tagless,
    "too_short": lambda error, loc: "至少写一项",
    "greater_than": _limit("大于"),
    "greater_than_equal": _limit("不小于"),
    "less_than": _limit("小于"),
    "less_than_equal": _limit("不大于"),
    "decimal_max_digits": lambda error, loc: f"“{error['input']}”位数过多，请核对",
    "decimal_max_places": lambda error, loc: f"“{error['input']}”小数位数过多，请核对",
    "decimal_whole_digits": lambda error, loc: f"“{error['input']}”位数过多，请核对",
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _DAY),
    **dict.fromkeys(("date_from_datetime_inexact",), _DAY),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("decimal_type", "decimal_parsing", "finite_number", "float_type"), _NUMBER),
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "mapping_type"), _PAIRS),
    **dict.fromkeys(("time_type", "time_parsing"), _TIME),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES),
    "recursion_loop": lambda error, loc: "引用（*）指向了自身，请改正",
    "invalid_key": lambda error, loc: "键应为文字，请加引号",
}
"""What is said of each type of error that pydantic finds."""


@lru_cache
def _schema() -> Schema:
    return Plan.model_json_schema(by_alias=True)


def _keys(loc: Loc) -> set[str]:
    return {key for each in _at(loc) for key in each.get("properties", {})} - {"digest"}


def _at(loc: Loc) -> list[Schema]:
    """The schemas that a value at that path may have."""
    found = list(_opened(_schema()))
    for part in loc:
        found = [more for each in found for step in _step(each, part) for more in _opened(step)]
    return found


def _step(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        yield from ([schema["items"]] if "items" in schema else [])
    elif part in schema.get("properties", {}):
        yield schema["properties"][part]
    elif isinstance(schema.get("additionalProperties"), dict):
        yield schema["additionalProperties"]
    elif "patternProperties" in schema:
        yield from schema["patternProperties"].values()
    elif part in (schema.get("properties", {}).get(_TAGGED, {}).get("const"), _tag_of(schema)):
        yield schema


_TAGGED = "kind"


def _tag_of(schema: Schema) -> str | None:
    basis = schema.get("properties", {}).get("basis", {})
    tag: str | None = basis.get("const")
    return tag


def _opened(schema: Schema) -> Iterator[Schema]:
    """A schema without references, or each that it may be."""
    if "$ref" in schema:
        yield from _opened(_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
        return
    many = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    for each in many:
        yield from _opened(each)
    if not many:
        yield schema

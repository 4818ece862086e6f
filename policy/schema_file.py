"""The JSON Schema of a plan file, for editors: from the types, with descriptions in Chinese."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from policy.defaults import SHARED
from policy.schema import Plan
from policy.source import construct_values, read_values

SCHEMA_FILE = "plan.schema.json"
DESCRIPTIONS = Path(__file__).parent / "descriptions.yaml"
BESIDE: Mapping[str, Any] = {
    "extends": {
        "description": "所继承的方案或底本，如 base、[base, monthly-report]；键值结构逐键合并，"
        "列表和值以本方案为准，不要的键写 !remove",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    },
    "divisions": {
        "description": "区划取自哪个方案或区划表（方案文件夹旁 divisions/名称.yaml）："
        "cities 中没有写 counties 的市，从中取代码和县",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    },
    "defaults": {
        "description": f"各条规定没有写明时采用的依据：{'、'.join(SHARED)}",
        "type": "object",
        "propertyNames": {"enum": list(SHARED)},
    },
}
"""What a plan file may say beside what a plan is."""


def schema_text() -> str:
    """The schema as a file."""
    return f"{json.dumps(plan_schema(), ensure_ascii=False, indent=1)}\n"


def plan_schema() -> Mapping[str, Any]:
    """The schema: nothing is required, since a plan may have it from elsewhere."""
    whole = Plan.model_json_schema(by_alias=True)
    definitions = {name: _told(name, part) for name, part in whole.pop("$defs").items()}
    told = _told("Plan", whole)
    told["properties"].pop("digest")
    told["properties"] = {**BESIDE, **told["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "实施方案",
        **told,
        "$defs": definitions,
    }


def undescribed() -> Iterator[str]:
    """Every key that has no description."""
    whole = Plan.model_json_schema(by_alias=True)
    for name, part in {**whole.pop("$defs"), "Plan": whole}.items():
        for key in part.get("properties", {}):
            if key != "digest" and description(name, key) is None:
                yield f"{name}.{key}"


def description(model: str, key: str) -> str | None:
    """What a key means, in Chinese."""
    known = _descriptions()
    return known.get(f"{model}.{key}", known.get(key))


@lru_cache
def _descriptions() -> Mapping[str, str]:
    found: Mapping[str, str] = construct_values(read_values(DESCRIPTIONS))
    return found


def _told(model: str, part: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: _plain(value) for key, value in part.items() if key not in DROPPED}
    if "properties" in part:
        told["properties"] = {
            key: {"description": description(model, key) or key, **_plain(value)}
            for key, value in part["properties"].items()
        }
    return told


DROPPED = ("required", "title", "description")
"""What pydantic says of it in English, and what a base may give."""


def _plain(value: Any) -> Any:
    """Without titles and texts in English; a discriminator is OpenAPI's, no editor reads it."""
    if isinstance(value, dict):
        odd = {"title", "description", "discriminator"}
        return {k: _plain(v) for k, v in value.items() if k not in odd or not isinstance(v, str)}
    return [_plain(each) for each in value] if isinstance(value, list) else value

"""What tells whether that which is decided on is still that which was shown."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from hashlib import sha256
from typing import Any


def fingerprint(value: Any) -> str:
    """SHA-256, in hexadecimal, of all that a value says: equal values have equal ones.

    For dataclasses, mappings, sequences, texts, numbers, dates and None, nested in any way.
    """
    told = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, default=str)
    return sha256(told.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

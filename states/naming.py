"""What somebody means who types a name or a number in another way than the plan writes it."""

import re
from collections.abc import Mapping
from difflib import get_close_matches

from common.errors import RefusedError
from common.words import alike

NEAR, FEW = 3, 20
"""So many that look alike are offered; where none does, all of so many."""


def meant(typed: str, known: Mapping[str, str], what: str) -> str:
    """The key of `known` that is typed, by itself or by its label: ``d8`` is ``D08``.

    Width, case, leading zeros and spaces do not matter, where one alone is meant. Else
    RefusedError, which offers those that look alike; `what` they are is said there, e.g. 时限.
    """
    if typed in known:
        return typed
    folded = fold(typed)
    found = {key for key, label in known.items() if folded in (fold(key), fold(label))}
    if len(found) == 1:
        return found.pop()
    offered = sorted(found) or near(typed, known)
    listed = "、".join(_named(key, known[key]) for key in offered)
    hint = f"，是否为 {listed}" if offered else ""
    if not offered and len(known) <= FEW:
        hint = f"，可选：{'、'.join(known)}"
    raise RefusedError(f"没有{what}“{typed}”{hint}")


def near(typed: str, known: Mapping[str, str]) -> list[str]:
    """The keys that look most like it, or whose labels do; the closest first."""
    folds = {fold(name): key for key, label in known.items() for name in (label, key)}
    close = get_close_matches(fold(typed), folds, n=2 * NEAR, cutoff=0.5)
    return [*dict.fromkeys(folds[each] for each in close)][:NEAR]


def fold(name: str) -> str:
    """What is the same however it is typed: ``D 08`` and ``d8``, full-width and plain signs."""
    plain = "".join(alike(name).split()).casefold()
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)


def _named(key: str, label: str) -> str:
    return f"{key}（{label}）" if label != key else key

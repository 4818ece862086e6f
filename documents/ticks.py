"""Reads which of a form's printed choices is ticked, however people tick."""

import re
import unicodedata
from collections.abc import Sequence

from documents.cells import TICKS, CellError

BOXES = "☐□○◯▢"
"""Marks of what is not ticked."""
MARK = f"[{TICKS}{BOXES}]"
BRACKETED = re.compile(rf"[(\[【〔]\s*({MARK}?)\s*[)\]】〕]")
SPACED = re.compile(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")


def ticked(cells: Sequence[object], choices: Sequence[str]) -> tuple[str, ...] | None:
    """The choices that are ticked, in the order in which they stand.

    A mark stands before or behind its choice, touching it or apart, in brackets or a cell of its
    own. None where nothing is marked, not even as not ticked. CellError where a mark could belong
    to either of two choices.
    """
    words = "|".join(map(re.escape, choices))
    parts = [_parts(cell) for cell in cells]
    for each in parts:
        _refuse_unclear(each, words)
    pieces = _glued([part for each in parts for part in each])
    if not re.search(MARK, "".join(pieces)):
        return None
    return tuple(word for piece in pieces for word in _ticked(piece, words))


def only_one(found: Sequence[str], what: str) -> str | None:
    """The choice; None when there is none. CellError when there are several."""
    if len(set(found)) > 1:
        raise CellError(f"{what}勾选了{'、'.join(found)}；只能勾选一项")
    return found[0] if found else None


def _parts(cell: object) -> list[str]:
    """What stands apart in a cell."""
    text = unicodedata.normalize("NFKC", str(cell))
    marked = BRACKETED.sub(lambda found: found[1] or BOXES[0], text)
    return SPACED.sub("", marked).split()


def _refuse_unclear(parts: Sequence[str], words: str) -> None:
    """A lone mark between two choices belongs to either, unless there is a rule to all of them."""
    lone = [_is_mark(part) for part in parts]
    text = "".join(parts)
    every = len(re.findall(MARK, text)) == len(re.findall(words, text))
    if any(lone[1:-1]) and not lone[0] and not every:
        raise CellError("无法判断勾选的是哪一项；请紧贴所选项勾选，如 ☑改建")


def _glued(parts: Sequence[str]) -> list[str]:
    """Each lone mark put to its choice: the next one if the first stands before all choices."""
    forward = bool(parts) and _is_mark(parts[0])
    found: list[str] = []
    for part in parts:
        if found and (_is_mark(found[-1]) if forward else _is_mark(part)):
            found[-1] += part
        else:
            found.append(part)
    return found


def _is_mark(part: str) -> bool:
    return re.fullmatch(MARK, part) is not None


def _ticked(piece: str, words: str) -> list[str]:
    if re.match(MARK, piece):
        return re.findall(rf"[{TICKS}]({words})", piece)
    return re.findall(rf"({words})[:_]*[{TICKS}]", piece)

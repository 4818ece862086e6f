"""Reads which of a form's printed choices is ticked, however people tick."""

import re
from collections.abc import Sequence
from datetime import date

from common.words import alike
from documents.reading import cells
from documents.reading.cells import TICKS, CellError, text

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
    for each in cells:
        text(each)  # an error is no choice that is left open
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
        raise CellError(f"{what}勾选了{'、'.join(found)}；请只保留一项的勾选，其余改为“☐”")
    return found[0] if found else None


def _parts(cell: object) -> list[str]:
    """What stands apart in a cell."""
    text = alike(str(cell))
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


WHOLE = re.compile(
    r"(?<!\d)(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(20\d{2})(\d{2})(\d{2}))(?!\d)"
)
PART = re.compile(r"\d年\d+月|\d月\d*日|月\d+日|(?<!\d)\d{4}[-/.]\d{1,2}(?!\d)|\d+年\d+日")
"""A day of which something is filled in; the year alone is often printed."""
BEFORE_SEAL = re.compile(r"[。.]?[(\[]?(负责人)?(签字|签名)?[并、和]?$")
REFUSES = re.compile(r"不(予|能|宜)?(同意|批准|支持|申报|通过)(?!见)")
NUMERALS = {word: str(number) for number, word in enumerate("〇一二三四五六七八九")}
NUMERALS |= {"零": "0", "○": "0", "O": "0"}
DIGITS = "".join(NUMERALS)
IN_WORDS = re.compile(rf"([{DIGITS}]{{4}})年([{DIGITS}十]{{1,3}})月([{DIGITS}十]{{1,3}})日")


def opinion_date(text: str, what: str) -> date | None:
    """The day behind the seal in plain text, else right before it; None where none is filled in.

    CellError when it is none or not whole, and when the opinion is against the project.
    """
    if found := REFUSES.search(text):
        raise CellError(f"{what}为“{found[0]}”；意见不一致的项目不得申报，请核对")
    head, sealed, tail = IN_WORDS.sub(_in_digits, text).rpartition("盖章")
    days = list(WHOLE.finditer(tail)) or (_last(head) if sealed else [])
    if days:
        return cells.day("-".join(part for part in days[-1].groups() if part))
    if PART.search(tail):
        raise CellError(f"{what}的日期不完整或不是日期；请写明年、月、日，如 2023年2月6日")
    return None


def _last(head: str) -> list[re.Match[str]]:
    """The day right before a seal with none behind it; one further ahead is only referred to."""
    bare = BEFORE_SEAL.sub("", head)
    return [found for found in WHOLE.finditer(bare) if found.end() == len(bare)]


def _in_digits(found: re.Match[str]) -> str:
    """二〇二三年二月十六日 as 2023年2月16日."""
    year = "".join(NUMERALS[each] for each in found[1])
    return f"{year}年{_number(found[2])}月{_number(found[3])}日"


def _number(words: str) -> int:
    tens, ten, ones = words.rpartition("十")
    count = int(NUMERALS.get(tens, "1" if ten else "0"))
    return 10 * count * bool(ten) + int(NUMERALS.get(ones, "0"))

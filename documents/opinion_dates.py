"""Reads the day out of an opinion's free text: “同意申报。（签字并盖章）2023年2月6日”."""

import re
from datetime import date

from documents import cells
from documents.cells import CellError

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

"""What a number shows in its cell, where its format makes that another thing than the number.

100% is stored as 1, 120万元 may be 120, and 0351 may be 351.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from documents.reading.cells import FIFTEEN

TOKEN = re.compile(r'"([^"]*)"|\\(.)|!(.)|_.|\*.|\[[^\]]*\]|(G/通用格式|General)|(.)', re.S | re.I)
PLACES = "0#?"
CONDITION = re.compile(r"\[[<>=]")
SIGNS = frozenset("¥￥$€- +()（）")
"""Literals that say nothing of what a number is."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """One section of a number format."""

    before: str = ""
    after: str = ""
    """What stands before and behind the number."""
    percents: int = 0
    digits: int = 0
    """How many digits there are at least before the point."""
    shows: bool = True
    """Whether the number is shown at all."""
    scaled: bool = False
    """Whether another number is shown: in thousands, or with signs amid its digits."""

    @property
    def plain(self) -> bool:
        """Whether what is shown is the number."""
        return self == PLAIN


PLAIN = NumberFormat()


def displayed(number: float, code: str) -> str | float | None:
    """The number itself, or the text that a person sees; None where that is neither."""
    section = _section(number, code)
    if section is None or section.scaled or not section.shows:
        return None
    if section.plain:
        return number
    exact = FIFTEEN.plus(Decimal(repr(number))) * 100**section.percents
    whole, point, rest = f"{abs(exact):f}".partition(".")
    rest = rest.rstrip("0")
    shown = whole.zfill(section.digits) + (point + rest if rest else "")
    sign = "-" if exact < 0 else ""
    return f"{sign}{section.before}{shown}{'%' * section.percents}{section.after}"


def is_odd(code: str) -> bool:
    """Whether a number of that format may show another thing than itself."""
    return bool(CONDITION.search(code)) or not all(
        _anatomy(each).plain for each in _sections(code)[:3]
    )


def _section(number: float, code: str) -> NumberFormat | None:
    """The section that shows the number; None where conditions choose it."""
    if CONDITION.search(code):
        return None
    found = _sections(code)
    which = 0
    if number < 0 and len(found) > 1:
        which = 1
    elif number == 0 and len(found) > 2:
        which = 2
    return _anatomy(found[which])


@cache
def _sections(code: str) -> tuple[str, ...]:
    found = [""]
    for token in TOKEN.finditer(code):
        if token[0] == ";":
            found.append("")
        else:
            found[-1] += token[0]
    return tuple(found)


@cache
def _anatomy(section: str) -> NumberFormat:
    """The parts of a section; of dates and texts it does not matter what comes of them."""
    pieces = [_piece(token) for token in TOKEN.finditer(section)]
    kinds = "".join(kind for kind, _ in pieces)
    if "@" in kinds:
        return PLAIN
    held = re.search("[GN][^L]*(L[^L]*)*[GN]|[GN]", kinds)
    if held is None:
        words = "".join(said for kind, said in pieces if kind == "L")
        return NumberFormat(shows=False) if words or not section.strip() else PLAIN
    start, end = held.span()
    inner = kinds[start:end]
    whole = "".join(said for kind, said in pieces[start:end]).partition(".")[0]
    return NumberFormat(
        _said(pieces[:start]),
        _said(pieces[end:]),
        kinds.count("%"),
        max(whole.count("0"), 1) if whole.count("0") > 1 else 0,
        scaled="L" in inner or kinds[end : end + 1] == ",",
    )


def _piece(token: re.Match[str]) -> tuple[str, str]:
    """A token's kind and what it says: L literal, N place of a digit, G general, else itself."""
    literal = token[1] or token[2] or token[3]
    if literal is not None:
        return ("L", literal) if set(literal) - SIGNS else ("s", "")
    if token[4]:
        return "G", ""
    sign = token[5] or ""
    if sign in PLACES and sign:
        return "N", sign
    if sign in ".,%@E/;" and sign:
        return sign, sign
    return ("L", sign) if sign and sign.isalnum() and not sign.isascii() else ("s", "")


def _said(pieces: list[tuple[str, str]]) -> str:
    return "".join(said for kind, said in pieces if kind == "L").strip()

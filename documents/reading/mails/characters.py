"""Bytes of a mail as text, whatever it says of them.

What calls itself gb2312 is mostly GBK or GB18030, which Python's own parser turns into other, valid
characters without a word; a gateway may have made UTF-8 of it and left the name. So the name is a
hint, and what the bytes are is looked at.
"""

import re
from codecs import lookup
from contextlib import suppress

CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


def words(listed: str) -> frozenset[str]:
    """The words of a text that lists them."""
    return frozenset(listed.split())


GB_NAMES = words("""
    gb2312 gb_2312 gb_2312-80 csgb2312 csiso58gb231280 gbk x-gbk cp936 ms936 windows-936 936
    euc-cn euccn gb18030 gb18030-2000 gb
""")
"""Whatever calls itself so is read as GB18030, which holds them all."""
OTHER_NAMES = words("""
    big5 big5-hkscs cp950 hz-gb-2312 shift_jis cp932 euc-jp iso-2022-jp euc-kr cp949
    iso-2022-kr iso-8859-1 iso-8859-2 iso-8859-5 iso-8859-15 windows-1250 windows-1251
    windows-1252 koi8-r utf-16 utf-16le utf-16be utf-32 utf-7
""")
"""Others that are believed; Python knows codecs besides that are no character sets at all."""
LATIN = frozenset(("iso-8859-1", "windows-1252"))
"""What programs write that do not know; every byte is valid in it."""
LONE = re.compile(r"[\ud800-\udfff]")
DROPPED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def text_of(data: bytes, named: str = "") -> str:
    """The text, on lines that end with ``\\n``, without controls; nothing is refused.

    What no reading fits comes with U+FFFD in the place of what could not be read.
    """
    return clean(_decoded(data, _plain(named)))


def clean(text: str) -> str:
    """Without lone surrogates and controls, which no database takes; lines end with ``\\n``."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return DROPPED.sub("", LONE.sub("\ufffd", lines))


def one_charset(named: str) -> str:
    """What tells whether two names mean the same."""
    plain = _plain(named)
    return "gb18030" if plain in GB_NAMES else plain


def _plain(named: str) -> str:
    words = named.strip("\"' \t").lower().split()
    return words[0].rstrip(";").replace("_", "-") if words else ""


def _decoded(data: bytes, name: str) -> str:
    utf8 = _strict(data, "utf-8")
    if name in GB_NAMES or name.replace("-", "_") in GB_NAMES:
        if utf8 is not None and CHINESE.search(utf8):
            return utf8
        return data.decode("gb18030", "replace")
    if name in OTHER_NAMES and not (name in LATIN and utf8 is not None):
        text = _strict(data, name)
        if text is not None and not (name in LATIN and _is_gb(data)):
            return text
    return _guessed(data, utf8)


def _guessed(data: bytes, utf8: str | None) -> str:
    if utf8 is not None:
        return utf8
    if (text := _strict(data, "gb18030")) is not None:
        return text
    several = (data.decode("utf-8", "replace"), data.decode("gb18030", "replace"))
    return min(several, key=lambda text: text.count("\ufffd"))


def _is_gb(data: bytes) -> bool:
    """Whether what calls itself Latin is Chinese: its high bytes are mostly characters."""
    text = _strict(data, "gb18030")
    found = len(CHINESE.findall(text)) if text is not None else 0
    return found > 1 and 4 * found >= sum(byte > 0x7F for byte in data)


def _strict(data: bytes, name: str) -> str | None:
    with suppress(UnicodeError, LookupError):
        return data.decode(lookup(name).name)
    return None

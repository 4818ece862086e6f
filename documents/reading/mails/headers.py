"""Headers of a mail: words, addresses, identifiers, parameters, an instant. Nothing raises.

They are taken as they were written, since Python's own reading of them fails on some (``<>``,
``<[abc@x]>``), mends others into something else, and needs long for a few.
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from documents.reading.mails.characters import clean, one_charset, text_of

LONGEST = 20_000
"""Characters of a header that are looked at."""
MOST_IDS = 200
WORD = re.compile(r"=\?([^?\s*]{0,60})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
ANGLED = re.compile(r"<\s*([^<>\s@\"]+@[^<>\s@\"]+)\s*>")
BARE = re.compile(r"[^\s<>,;:()\"@]+@[^\s<>,;:()\"@]+")
ID = re.compile(r"<\s*([^<>\s]{1,500})\s*>")
PARAMETER = re.compile(r';\s*([A-Za-z0-9_.-]+(?:\*\d{1,3})?\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
ODD_WORD = re.compile(r"\s+")


class MailAddress(NamedTuple):
    """An address of a header; both may be empty."""

    name: str
    address: str
    """In small letters."""


def values(part: Message, name: str) -> list[str]:
    """Every header of that name, unfolded, as it was written; bytes that are no ASCII as they are.

    Such bytes are surrogates, as `email.message` keeps them.
    """
    wanted = name.lower()
    found = (value for header, value in part.raw_items() if header.lower() == wanted)
    return [re.sub(r"[\r\n]+", "", str(value))[:LONGEST] for value in found]


def value(part: Message, name: str) -> str:
    """The first header of that name; empty where there is none."""
    return next(iter(values(part, name)), "")


def words_of(raw: str) -> str:
    """A header as text, on one line."""
    return ODD_WORD.sub(" ", "".join(_runs(raw))).strip()


def _runs(raw: str) -> Iterator[str]:
    """Text between encoded words, and those; neighbours of one character set are read as one.

    A character may have been cut in two.
    """
    at, charset, data = 0, "", b""
    for word in WORD.finditer(raw):
        between = raw[at : word.start()]
        here = one_charset(word[1])
        if between.strip() or here != charset:
            yield text_of(data, charset)
            data = b""
            if between.strip() or not at:
                yield _plain(between)
        charset, data, at = here, data + _bytes(word), word.end()
    yield text_of(data, charset)
    yield _plain(raw[at:])


def _bytes(word: re.Match[str]) -> bytes:
    if word[2] in "qQ":
        spaced = word[3].replace("_", " ").encode("ascii", "surrogateescape")
        return re.sub(rb"=([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), spaced)
    packed = re.sub(r"[^A-Za-z0-9+/]", "", word[3])
    try:
        return b64decode(packed + "=" * (-len(packed) % 4))
    except Error:
        return b64decode(packed[: len(packed) // 4 * 4])


def _plain(text: str) -> str:
    return text_of(text.encode("utf-8", "surrogateescape"))


def addresses(raw: str) -> list[MailAddress]:
    """The addresses of a header in their order; what stands in quotation marks is none."""
    found = []
    for item in _items(raw):
        outside = QUOTED.sub(" ", item)
        angled = ANGLED.findall(outside)
        bare = angled or BARE.findall(outside)
        if bare:
            name = words_of(ANGLED.sub(" ", item) if angled else "")
            found.append(MailAddress(name.strip("\"' "), clean(bare[-1]).lower()))
    return found


def _items(raw: str) -> Iterator[str]:
    """The parts between commas that do not stand in quotation marks."""
    start, quoted = 0, False
    for at, sign in enumerate(raw):
        if sign == '"':
            quoted = not quoted
        elif sign in ",;" and not quoted:
            yield raw[start:at]
            start = at + 1
    yield raw[start:]


def identifiers(raws: Iterable[str]) -> tuple[str, ...]:
    """Message-IDs without their brackets, the last of a long list."""
    plain = (words_of(raw) if "=?" in raw else raw for raw in raws)  # folded by some, as if words
    found = [clean(each) for raw in plain for each in ID.findall(raw)]
    return tuple(dict.fromkeys(found))[-MOST_IDS:]


def instant(raw: str) -> datetime | None:
    """A date in UTC; None where there is none that can be."""
    try:
        found = parsedate_to_datetime(raw[:200])
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if 1990 <= aware.year <= 2100 else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def parameters(raw: str) -> Mapping[str, str]:
    """The parameters of a header by their names in small letters.

    By RFC 2231 in one piece or in several, in encoded words within quotation marks as QQ mail and
    Outlook write them, or as bytes as they are.
    """
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, given in PARAMETER.findall(raw):
        plain, _, rest = name.lower().partition("*")
        number = int(rest.rstrip("*")) if rest.rstrip("*").isdigit() else 0
        pieces.setdefault(plain, {}).setdefault(number, (_unquoted(given), name.endswith("*")))
    return {name: _joined(found) for name, found in pieces.items()}


def _unquoted(given: str) -> str:
    given = given.strip()
    if len(given) > 1 and given.startswith('"') and given.endswith('"'):
        return re.sub(r"\\(.)", r"\1", given[1:-1])
    return given.strip('"')


def _joined(pieces: Mapping[int, tuple[str, bool]]) -> str:
    ordered = [pieces[number] for number in sorted(pieces)]
    if not any(escaped for _, escaped in ordered):
        return words_of("".join(text for text, _ in ordered))
    first = ordered[0][0]
    charset, mark, rest = first.partition("'")
    _language, second, rest = rest.partition("'")
    if not (mark and second):
        charset, rest = "", first
    ordered[0] = rest, ordered[0][1]
    data = b"".join(
        unquote_to_bytes(text) if escaped else text.encode("utf-8", "surrogateescape")
        for text, escaped in ordered
    )
    return words_of(text_of(data, charset))

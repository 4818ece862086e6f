"""Reads what mail systems send back of mails that did not arrive (退信). Pure.

RFC 3464 tells it in fields. What the big Chinese providers send tells it in prose: `bounce_words`
says by which words. What fits nothing is a bounce of unknown kind, never a guess. Whether it is
about one of our mails is not looked at here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser, Parser
from email.policy import compat32
from html import unescape
from itertools import islice

from documents.reading.bounce_words import (
    CODES,
    GIVEN_UP,
    GONE,
    LATER,
    MACHINES,
    PROVIDERS,
    QUOTED,
    SUBJECTS,
    WORDS,
)
from policy.vocabulary import BounceKind

MOST_PARTS = 100
MOST_TEXT = 200_000
"""Characters of the prose that are looked at: notices are short, what they quote may not be."""
MOST_RECIPIENTS = 50
LONGEST = 160
"""Characters of a reason that is told."""
ADDRESS = r"[A-Za-z0-9][A-Za-z0-9._%+'=-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,190})\.[A-Za-z]{2,24}"
ADDRESSES = re.compile(ADDRESS)
IDENTIFIER = re.compile(r"<[^<>\s]{1,250}@[^<>\s]{1,250}>")
MESSAGE_ID = re.compile(r"^\W{0,3}Message-I[dD]\s*:\s*(<[^<>\s]{1,500}>)", re.MULTILINE)
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class BounceReport:
    """That one mail did not arrive, as the mail system tells it."""

    recipients: tuple[str, ...]
    """Whom it was to, in small letters, by every address that is told; prose may tell several."""
    kind: BounceKind
    final: bool
    """False where it is only late: then nothing has happened."""
    reason: str
    """In the system's own words, on one line, without any address."""
    status: str = ""
    """RFC 3463, e.g. ``5.1.1``; empty where none is told."""
    provider: str = ""
    """Whose system it is, where that can be told."""
    named: tuple[str, ...] = ()
    """The Message-IDs of the mail that is returned, in their angle brackets."""


def read_bounce(mail: Message | bytes) -> tuple[BounceReport, ...]:
    """What a mail says of mails that did not arrive, a report for each recipient.

    Empty where it is no such notice, or says that all went well. Nothing that a mail holds is an
    error: what cannot be read is left out.
    """
    parsed = BytesParser(policy=compat32).parsebytes(mail) if isinstance(mail, bytes) else mail
    parts = list(islice(_parts(parsed), MOST_PARTS))
    prose = _prose(parts)
    named = _named(parsed, parts)
    provider = _provider(parsed, prose)
    fields = [block for part in parts for block in _status_blocks(part)]
    if found := tuple(islice(_by_fields(fields, prose, provider, named), MOST_RECIPIENTS)):
        return found
    if any(_field(block, "Action") for block in fields) or not _is_notice(parsed):
        return ()
    return (_by_prose(parsed, prose, provider, named),)


def _parts(mail: Message, *, returned: bool = False) -> Iterator[Message]:
    """Every part, those of the returned mail left out but for its beginning."""
    yield mail
    content = mail.get_payload()
    if not isinstance(content, list) or returned:
        return
    within = mail.get_content_type() in ("message/rfc822", "message/global")
    for part in content:
        if isinstance(part, Message) and mail.get_content_type() != "message/delivery-status":
            yield from _parts(part, returned=within)


def _status_blocks(part: Message) -> Iterator[Message]:
    """The fields of each recipient, of whatever a part of the report holds."""
    if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
        return
    content = part.get_payload()
    blocks = [each for each in content if isinstance(each, Message)] if content else []
    if len(blocks) == 1 and not len(blocks[0]):  # encoded, which the parser takes for a text
        plain = Message(policy=compat32)
        plain["Content-Transfer-Encoding"] = _field(part, "Content-Transfer-Encoding")
        plain.set_payload(blocks[0].get_payload())
        texts = re.split(r"\n[ \t]*\n", _text(plain).replace("\r", ""))
        blocks = [Parser(policy=compat32).parsestr(text.lstrip()) for text in texts]
    yield from (block for block in blocks if _field(block, "Action") or _field(block, "Status"))


def _by_fields(
    blocks: Sequence[Message], prose: str, provider: str, named: tuple[str, ...]
) -> Iterator[BounceReport]:
    for block in blocks:
        status = "".join(re.findall(r"^\s*([245]\.\d{1,3}\.\d{1,3})", _field(block, "Status"))[:1])
        action = _field(block, "Action").split(maxsplit=1)
        failed = {"5": "failed", "4": "delayed"}.get(status[:1], "")
        said = action[0].lower() if action else failed
        if said not in ("failed", "delayed"):
            continue
        told = _field(block, "Diagnostic-Code").partition(";")[2].strip()
        whose = (_field(block, name) for name in ("Original-Recipient", "Final-Recipient"))
        yield BounceReport(
            recipients=_addresses_in(" ".join(whose)),
            kind=_kind(told, status) or _kind(prose, "") or BounceKind.UNKNOWN,
            final=said == "failed",
            reason=_reason(told or _telling(prose)),
            status=status,
            provider=provider,
            named=named,
        )


def _by_prose(mail: Message, prose: str, provider: str, named: tuple[str, ...]) -> BounceReport:
    ours = _addresses_in(f"{_field(mail, 'From')} {_field(mail, 'To')} {_field(mail, 'Reply-To')}")
    failed = _addresses_in(_field(mail, "X-Failed-Recipients"))
    told = failed or tuple(
        each for each in _addresses_in(prose) if each not in ours and not MACHINES.match(each)
    )
    status = next((found[0] for found in STATUS.finditer(prose) if found[1] != "2"), "")
    late = LATER.search(f"{_subject(mail)}\n{prose}") and not GIVEN_UP.search(_subject(mail))
    return BounceReport(
        recipients=told[:MOST_RECIPIENTS],
        kind=_kind(prose, status) or BounceKind.UNKNOWN,
        final=not late,
        reason=_reason(_telling(prose)),
        status=status,
        provider=provider,
        named=named,
    )


def _is_notice(mail: Message) -> bool:
    """Whether a mail without fields is one that a mail system sends of another one."""
    report = str(mail.get_param("report-type", "") or "").lower()
    if mail.get_content_type() == "multipart/report" and report:
        return report == "delivery-status"
    if _field(mail, "X-Failed-Recipients"):
        return True
    sender = next(iter(_addresses_in(_field(mail, "From"))), _field(mail, "From"))
    nobody = MACHINES.match(sender) or _field(mail, "Return-Path").strip() == "<>"
    return bool(nobody and SUBJECTS.search(_subject(mail)))


def _kind(words: str, status: str) -> BounceKind | None:
    """By the words that say it for certain, then by the status, then by any other words."""
    found = next((kind for kind, pattern in WORDS if pattern.search(words)), None)
    if found in (BounceKind.FULL, BounceKind.LARGE):
        return found
    coded = next((kind for pattern, kind in CODES if pattern.fullmatch(status)), None)
    return BounceKind.GONE if GONE.search(words) else coded or found


def _telling(prose: str) -> str:
    """The sentence that tells why; empty where none does."""
    sentences = [each.strip() for each in re.split(r"[。；\n]", prose)]
    for _, pattern in WORDS:
        for each in sentences:
            if pattern.search(each):
                return each
    return next((each for each in sentences if STATUS.search(each)), "")


def _reason(words: str) -> str:
    plain = ADDRESSES.sub("（地址从略）", " ".join(words.split()))
    plain = "".join(sign for sign in plain if sign.isprintable())
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}……"


def _named(mail: Message, parts: Sequence[Message]) -> tuple[str, ...]:
    """The Message-IDs that are told of the returned mail, and of what this one answers."""
    own = _field(mail, "Message-ID").strip()
    found = [_field(mail, "In-Reply-To"), _field(mail, "References")]
    for part in parts:
        if part is not mail and part.get_content_maintype() != "multipart":
            found.append(_field(part, "Message-ID"))
        if not isinstance(part.get_payload(), list):
            found += MESSAGE_ID.findall(_text(part))
    ids = dict.fromkeys(id for text in found for id in IDENTIFIER.findall(text))
    return tuple(id for id in ids if id != own)[:MOST_RECIPIENTS]


def _provider(mail: Message, prose: str) -> str:
    where = (
        f"{_field(mail, 'From')} {_field(mail, 'Message-ID')} {_field(mail, 'X-Mailer')}\n{prose}"
    )
    return next((name for name, pattern in PROVIDERS if pattern.search(where)), "")


def _prose(parts: Sequence[Message]) -> str:
    """What the notice itself says: not what it returns."""
    texts = []
    for number, part in enumerate(parts):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            break  # what follows is the returned mail
        if kind in ("text/plain", "text/html") and (number == 0 or not part.get_filename()):
            text = _text(part)
            texts.append(_without_tags(text) if kind == "text/html" else text)
    # Without blank lines, of which patterns that look across lines would make very much.
    lines = (line.strip() for text in texts for line in text.splitlines())
    whole = "\n".join(line for line in lines if line)
    begins = QUOTED.search(whole)
    return whole[: begins.start()] if begins else whole


def _without_tags(text: str) -> str:
    text = re.sub(r"(?is)<(script|style|head)\b.{0,50000}?</\1\s*>", " ", text)
    text = re.sub(r"(?i)<(?:br|/?p|/?div|/?tr|/?t[dh]|/?li|/?h\d)\b[^>]{0,2000}>", "\n", text)
    return unescape(re.sub(r"<[A-Za-z/!][^>]{0,2000}>", "", text))


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    raw = content[: 4 * MOST_TEXT] if isinstance(content, bytes) else b""
    declared = str(part.get_content_charset() or "").lower()
    for name in (declared, "utf-8", "gb18030"):
        with_gb = "gb18030" if name in ("gb2312", "gbk", "x-gbk") else name
        try:
            return raw.decode(with_gb)[:MOST_TEXT]
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return raw.decode("gb18030", "replace")[:MOST_TEXT]


def _field(part: Message, name: str) -> str:
    found = part.get(name)
    return "" if found is None else " ".join(str(found).split())


def _subject(mail: Message) -> str:
    return _decoded(_field(mail, "Subject"))


def _decoded(words: str) -> str:
    """Encoded words as they read; as they stand where they are broken."""
    try:
        parts = decode_header(words)
    except Exception:  # it names no closed list of what damage makes it raise
        return words
    return "".join(_word(content, charset) for content, charset in parts)


def _word(content: bytes | str, charset: str | None) -> str:
    if isinstance(content, str):
        return content
    name = (charset or "utf-8").lower()
    try:
        return content.decode("gb18030" if name in ("gb2312", "gbk") else name, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _addresses_in(words: str) -> tuple[str, ...]:
    found = dict.fromkeys(each.lower() for each in ADDRESSES.findall(words))
    return tuple(found)[:MOST_RECIPIENTS]

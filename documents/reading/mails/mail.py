"""A mail as one frozen value: who, about what, what was written, which files."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from itertools import islice

from common.files import safe_name
from documents.reading.bounces import BounceReport, read_bounce
from documents.reading.mails.authentication import vouched
from documents.reading.mails.automatic import kind_of_mail
from documents.reading.mails.characters import text_of
from documents.reading.mails.headers import (
    MailAddress,
    addresses,
    identifiers,
    instant,
    parameters,
    value,
    values,
    words_of,
)
from documents.reading.mails.quoting import ReplyText, parted
from documents.reading.mails.web import MailLine, web_lines, without_entities
from documents.reading.mails.winmail import PackedMail, unpacked
from policy.vocabulary import MailKind

MOST_PARTS, DEEPEST = 500, 50
MOST_FILES = 50
MOST_DRAWN = 50_000
"""Bytes of a picture that only decorates the text; a photograph has more."""
MOST_TEXT = 2_000_000
"""Bytes of one text that are read; more is nobody's answer."""
TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
ENTITIES = re.compile(r"&(?:nbsp|gt|lt|amp|quot);")
UNNAMED = "附件"


class MailError(ValueError):
    """A mail that is no mail that people write; its message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came with a mail."""

    name: str
    """On one line, no path, at most 150 bytes and its suffix."""
    content: bytes
    drawn: bool = False
    """Whether it is a small picture of the text itself, such as a logo below it."""


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail that has been read; texts are without controls and lone surrogates."""

    kind: MailKind
    sender: MailAddress
    """Empty where the mail names none, or several."""
    to: tuple[str, ...]
    """Every address that it went to, as its headers have it: To, Cc and where it was delivered."""
    subject: str
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sent_at: datetime | None
    vouched: bool
    """Whether the office's own mail server vouches for the sender."""
    text: str
    """All that was written and quoted."""
    reply: ReplyText
    files: tuple[MailFile, ...] = ()
    remarks: tuple[str, ...] = ()
    """What could not be read of it, for the person who looks at it."""
    bounces: tuple[BounceReport, ...] = ()
    """The mails that did not arrive, where it tells of such."""


def read_mail(raw: bytes, server: str = "") -> IncomingMail:
    """The mail in `raw`; `server` is the name by which the office's mail server vouches.

    MailError where it has more parts than a mail has. Whatever else a mail may make a parser raise
    is left to whoever reads it in a process of its own: see `worker`.
    """
    mail = BytesParser(policy=compat32).parsebytes(raw)
    leaves = list(islice(_leaves(mail), MOST_PARTS + 1))
    if len(leaves) > MOST_PARTS:
        raise MailError(f"邮件的组成部分超过{MOST_PARTS}个")
    senders = [each for raw in values(mail, "From") for each in addresses(raw)]
    sender = senders[0] if len(senders) == 1 else MailAddress("", "")
    packed = [unpacked(_content(leaf)) for leaf in leaves if leaf.get_content_type() in TNEF]
    lines = _text_lines(mail, packed)
    bounces = read_bounce(mail)
    return IncomingMail(
        kind=MailKind.BOUNCE if bounces else kind_of_mail(mail),
        sender=sender,
        to=_recipients(mail),
        subject=words_of(value(mail, "Subject")),
        message_id=next(iter(identifiers(values(mail, "Message-ID"))), ""),
        in_reply_to=identifiers(values(mail, "In-Reply-To")),
        references=identifiers(values(mail, "References")),
        sent_at=instant(value(mail, "Date")),
        vouched=vouched(values(mail, "Authentication-Results"), server, sender.address),
        text="\n".join(line.text for line in lines),
        reply=parted(lines),
        files=tuple(islice(_files(leaves, packed), MOST_FILES)),
        remarks=tuple(_remarks(packed, lines)),
        bounces=bounces,
    )


def _leaves(mail: Message) -> Iterator[Message]:
    """Every part that holds no parts that are read; a mail within a mail is a file."""
    waiting = [(mail, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            raise MailError(f"邮件的组成部分嵌套超过{DEEPEST}层")
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            inner = [each for each in part.get_payload() if isinstance(each, Message)]
            waiting += [(each, depth + 1) for each in reversed(inner)]
        else:
            yield part


def _text_lines(mail: Message, packed: Sequence[PackedMail]) -> tuple[MailLine, ...]:
    """What it says: in plain text unless that is blank, else in HTML, else in winmail.dat."""
    found = _lines_of(mail, 0)
    if any(line.text.strip() for line in found):
        return found
    return next((each.lines for each in packed if each.lines), found)


def _lines_of(part: Message, depth: int) -> tuple[MailLine, ...]:
    kind = part.get_content_type()
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        if depth > DEEPEST:
            return ()
        inner = [
            _lines_of(each, depth + 1) for each in part.get_payload() if isinstance(each, Message)
        ]
        if kind == "multipart/alternative":
            return next((each for each in inner if any(it.text.strip() for it in each)), ())
        return tuple(line for each in inner for line in each)
    if _is_file(part) or not kind.startswith("text/"):
        return ()
    given = parameters(value(part, "Content-Type"))
    text = text_of(_content(part)[:MOST_TEXT], given.get("charset", ""))
    if kind == "text/html":
        return web_lines(text)
    if ENTITIES.search(text):
        text = without_entities(text)
    if given.get("format", "").lower() == "flowed":
        text = _unfolded(text, delsp=given.get("delsp", "").lower() == "yes")
    return tuple(MailLine(line.rstrip()) for line in text.split("\n"))


def _unfolded(text: str, *, delsp: bool) -> str:
    """Lines that a program broke for the way (RFC 3676), in one again."""
    made: list[str] = []
    flows = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        if flows and not quoted and line != "-- ":
            made[-1] += line
        else:
            made.append(line)
        flows = line.endswith(" ") and not quoted and line != "-- "
        if flows and delsp:
            made[-1] = made[-1][:-1]
    return "\n".join(made)


def _content(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822" or part.is_multipart():
        inner = part.get_payload()
        return b"\n".join(each.as_bytes() for each in inner if isinstance(each, Message))
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _is_file(part: Message) -> bool:
    """Whether it is laid beside the text: named as one, or of a kind that is no text."""
    disposed = value(part, "Content-Disposition").partition(";")[0].strip().lower()
    if disposed == "attachment" or part.get_content_maintype() not in ("text", "multipart"):
        return True
    return part.get_content_type() not in ("text/plain", "text/html") or bool(_name(part))


def _is_drawn(part: Message, content: bytes) -> bool:
    disposed = value(part, "Content-Disposition").lower()
    named = bool(value(part, "Content-ID")) and "attachment" not in disposed
    return named and part.get_content_maintype() == "image" and len(content) <= MOST_DRAWN


def _name(part: Message) -> str:
    disposed = parameters(value(part, "Content-Disposition")).get("filename", "")
    return disposed or parameters(value(part, "Content-Type")).get("name", "")


def _files(leaves: Sequence[Message], packed: Sequence[PackedMail]) -> Iterator[MailFile]:
    for leaf in leaves:
        kind = leaf.get_content_type()
        if not _is_file(leaf) or kind in TNEF or kind == "message/delivery-status":
            continue
        name = _name(leaf) or (f"{UNNAMED}.eml" if kind == "message/rfc822" else UNNAMED)
        content = _content(leaf)
        yield MailFile(plain_file_name(name), content, _is_drawn(leaf, content))
    for each in packed:
        for file in each.files:
            yield MailFile(plain_file_name(file.name), file.content)


def plain_file_name(name: str) -> str:
    """A name that can be shown and used on any system: no folder, no leading dot."""
    last = re.split(r"[/\\]", name)[-1].strip(". ")
    return safe_name(last) if last else UNNAMED


def _recipients(mail: Message) -> tuple[str, ...]:
    headers = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
    found = (
        each.address
        for name in headers
        for raw in values(mail, name)
        for each in islice(addresses(raw), MOST_PARTS)
    )
    return tuple(dict.fromkeys(found))


def _remarks(packed: Sequence[PackedMail], lines: Sequence[MailLine]) -> Iterator[str]:
    if any(not each.whole for each in packed):
        yield "附件 winmail.dat 不完整，请发件人改用纯文本格式重新发送"
    elif packed and not any(line.text.strip() for line in lines):
        yield "正文只有 Outlook 的专用格式，无法读取，请发件人改用纯文本格式重新发送"

"""A message as an RFC 5322 mail: what the folder keeps and what mail servers are given. Pure.

Attachments are named thrice. QQ mail, 网易, Coremail and Outlook read `filename` and `name` with
encoded words, which they write themselves, and none or some of RFC 2231; what follows the standard
reads `filename*`. Python's own headers cut that into continuations, which QQ mail shows as
``tcmime.bin`` and Outlook as an untitled attachment.
"""

import re
from base64 import encodebytes
from collections.abc import Iterator, Sequence
from email.charset import BASE64, Charset
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.message import Message as Part
from email.policy import SMTP, Policy
from functools import lru_cache
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from common import files
from common.words import SHANGHAI
from notifications.message import Attachment, Message
from states.answer_code import marked, tagged

DOMAIN = "xingfu.invalid"
MESSAGE_ID = re.compile(r"<[!#-;=?A-~]{1,200}@[!#-;=?A-~]{1,200}>")
TYPES = {
    ".xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "pdf",
}


class _Verbatim(str):
    """A header that goes out as it is written, where Python would fold it its own way."""

    __slots__ = ("name",)
    name: str

    def fold(self, *, policy: Policy) -> str:
        """The header with its name."""
        return f"{self.name}: {self}{policy.linesep}"


def mail(message: Message, sender: Address, to: Sequence[Address]) -> EmailMessage:
    """The mail: text and HTML as alternatives, then the attachments.

    Its Message-ID comes from the message's id, its Date from `sent_at`; the same message always
    makes the same bytes.
    """
    made = EmailMessage(policy=SMTP)
    made["From"] = _header("From", str(sender))
    made["To"] = _header("To", ", ".join(str(each) for each in to))
    if message.ways and message.ways.reply_to:
        named = f"{message.sender}（{marked(message.ways.code)}）"
        to_answer = tagged(message.ways.reply_to, message.ways.code)
        made["Reply-To"] = str(mail_address(named, to_answer))
    made["Subject"] = _one_line(_subject(message))
    made["Date"] = message.sent_at.astimezone(SHANGHAI)
    made["Message-ID"] = f"<{token(message.id)}@{DOMAIN}>"
    # RFC 3834: keeps absence notices from answering
    replies = any(receipt.to_mail for receipt in message.receipts)
    kind = "auto-replied" if replies else "auto-generated"
    made["Auto-Submitted"] = _header("Auto-Submitted", kind)
    for header, identifiers in _thread(message):
        made[header] = _verbatim(header, "\r\n ".join(identifiers))
    made["MIME-Version"] = _header("MIME-Version", "1.0")
    if not message.attachments:
        return _fill(made, "alternative", "=0=", _versions(message))
    versions = _fill(EmailMessage(policy=SMTP), "alternative", "=1=", _versions(message))
    return _fill(made, "mixed", "=0=", [versions, *map(_file, message.attachments)])


def _thread(message: Message) -> Iterator[tuple[str, Sequence[str]]]:
    """In-Reply-To and References (RFC 5322) of the mails that it answers, where it answers any.

    What a stranger wrote for a Message-ID goes into our header only if it is one.
    """
    answered, before = dict[str, None](), dict[str, None]()
    for receipt in message.receipts:
        found = f"<{receipt.to_mail.strip('<>')}>"
        if receipt.to_mail and MESSAGE_ID.fullmatch(found):
            answered[found] = None
            if receipt.to_message:
                before[f"<{token(receipt.to_message)}@{DOMAIN}>"] = None
    if answered:
        yield "In-Reply-To", list(answered)
        yield "References", [*before, *answered]


def _subject(message: Message) -> str:
    """The title; where it can be answered by mail, with the code that an answer keeps."""
    ways = message.ways
    return f"{message.title}{marked(ways.code)}" if ways and ways.reply_to else message.title


def mail_address(name: str, address: str) -> Address:
    """A name and an address for a header; ValueError when the address cannot be one."""
    return Address(_one_line(name), addr_spec=address)


def token(id: str) -> str:
    """`id` itself when it is a digest or UUID, else its SHA-256: safe in headers and file names."""
    return id if re.fullmatch(r"[0-9a-f][0-9a-f-]{11,63}", id) else sha256(id.encode()).hexdigest()


def digests_named(header: str) -> tuple[str, ...]:
    """The ids of our messages that In-Reply-To or References names, the last first."""
    found = re.findall(rf"<([0-9a-f][0-9a-f-]{{11,63}})@{re.escape(DOMAIN)}>", header)
    return tuple(reversed(found))


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> Any:
    """Parsed once: most mails of a delivery share it, and parsing costs more than all the rest."""
    return SMTP.header_factory(name, value)


def _fill(made: EmailMessage, kind: str, boundary: str, parts: Sequence[Part]) -> EmailMessage:
    """Make it hold the parts; no base64 line begins as a boundary does, and so none is cut."""
    made["Content-Type"] = _header("Content-Type", f'multipart/{kind}; boundary="{boundary}"')
    made.set_payload(list(parts))
    return made


def _versions(message: Message) -> list[Part]:
    return [_text("plain", message.text), _text("html", message.html)]


def _text(kind: str, text: str) -> Part:
    # What EmailMessage.set_content makes, at a tenth of its cost.
    made = Part()
    made["Content-Type"] = _header("Content-Type", f'text/{kind}; charset="utf-8"')
    made["Content-Transfer-Encoding"] = _header("Content-Transfer-Encoding", "base64")
    lines = b"".join(line + b"\r\n" for line in text.encode().splitlines())
    made.set_payload(encodebytes(lines).decode("ascii"))
    return made


def _file(attachment: Attachment) -> Part:
    made = EmailMessage(policy=SMTP)
    name = files.safe_name(attachment.name)
    subtype = TYPES.get(PurePath(name).suffix.lower(), "octet-stream")
    named, filename = _parameter("name", name), _parameter("filename", name)
    exact = "" if name.isascii() else f";\r\n filename*=utf-8''{quote(name, safe='')}"
    for header, value in (
        ("Content-Type", f"application/{subtype};\r\n {named}"),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"attachment;\r\n {filename}{exact}"),
    ):
        made[header] = _verbatim(header, value)
    made.set_payload(encodebytes(attachment.content).decode("ascii"))
    return made


def _parameter(key: str, value: str) -> str:
    """A parameter in quotation marks; in encoded words of at most 75 characters, a line each."""
    if value.isascii():
        return f'{key}="{value}"'
    charset = Charset("utf-8")
    charset.header_encoding = BASE64  # apprise makes it another one for the whole process
    words = Header(value, charset, maxlinelen=75, header_name=key).encode(linesep="\r\n")
    return f'{key}="{words}"'


def _verbatim(name: str, value: str) -> _Verbatim:
    made = _Verbatim(value)
    made.name = name
    return made


def _one_line(text: str) -> str:
    """Without line breaks, which no header may hold."""
    return " ".join(text.splitlines())

"""A message as an RFC 5322 mail: what the folder keeps and what mail servers are given. Pure."""

import re
from base64 import encodebytes
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.message import Message as Part
from email.policy import SMTP
from functools import lru_cache
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from common.words import SHANGHAI
from notifications.message import Attachment, Message

SENDER = "幸福养老工程督办系统"
DOMAIN = "xingfu.invalid"
TYPES = {
    ".xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "pdf",
}


def mail(message: Message, sender: Address, to: Sequence[Address]) -> EmailMessage:
    """The mail: text and HTML as alternatives, then the attachments.

    Its Message-ID comes from the message's id, its Date from `sent_at`; the same message always
    makes the same bytes.
    """
    made = EmailMessage(policy=SMTP)
    made["From"] = _header("From", str(sender))
    made["To"] = _header("To", ", ".join(str(each) for each in to))
    made["Subject"] = _one_line(message.title)
    made["Date"] = message.sent_at.astimezone(SHANGHAI)
    made["Message-ID"] = f"<{token(message.id)}@{DOMAIN}>"
    # RFC 3834: keeps absence notices from answering
    made["Auto-Submitted"] = _header("Auto-Submitted", "auto-generated")
    made["MIME-Version"] = _header("MIME-Version", "1.0")
    if not message.attachments:
        return _fill(made, "alternative", "=0=", _versions(message))
    versions = _fill(EmailMessage(policy=SMTP), "alternative", "=1=", _versions(message))
    return _fill(made, "mixed", "=0=", [versions, *map(_file, message.attachments)])


def mail_address(name: str, address: str) -> Address:
    """A name and an address for a header; ValueError when the address cannot be one."""
    return Address(_one_line(name), addr_spec=address)


def token(id: str) -> str:
    """`id` itself when it is a digest or UUID, else its SHA-256: safe in headers and file names."""
    return id if re.fullmatch(r"[0-9a-f][0-9a-f-]{11,63}", id) else sha256(id.encode()).hexdigest()


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
    subtype = TYPES.get(PurePath(attachment.name).suffix.lower(), "octet-stream")
    name = _one_line(attachment.name)
    made.set_content(
        attachment.content, "application", subtype, disposition="attachment", filename=name
    )
    del made["MIME-Version"]  # it belongs to the whole
    return made


def _one_line(text: str) -> str:
    """Without line breaks, which no header may hold."""
    return " ".join(text.splitlines())

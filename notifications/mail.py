"""A message as an RFC 5322 mail: what the folder keeps and what mail servers are given. Pure."""

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from pathlib import PurePath
from zoneinfo import ZoneInfo

from notifications.message import Attachment, Message

SENDER = "幸福养老工程督办系统"
DOMAIN = "xingfu.invalid"
SHANGHAI = ZoneInfo("Asia/Shanghai")
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
    made["From"] = sender
    made["To"] = list(to)
    made["Subject"] = _one_line(message.title)
    made["Date"] = message.sent_at.astimezone(SHANGHAI)
    made["Message-ID"] = f"<{token(message.id)}@{DOMAIN}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps absence notices from answering
    made.set_content(message.text, cte="base64")
    made.add_alternative(message.html, subtype="html", cte="base64")
    for attachment in message.attachments:
        _attach(made, attachment)
    _fix_boundaries(made, token(message.id))
    return made


def mail_address(name: str, address: str) -> Address:
    """A name and an address for a header; ValueError when the address cannot be one."""
    return Address(_one_line(name), addr_spec=address)


def token(id: str) -> str:
    """`id` itself when it is a digest or UUID, else its SHA-256: safe in headers and file names."""
    return id if re.fullmatch(r"[0-9a-f][0-9a-f-]{11,63}", id) else sha256(id.encode()).hexdigest()


def _attach(made: EmailMessage, attachment: Attachment) -> None:
    subtype = TYPES.get(PurePath(attachment.name).suffix.lower(), "octet-stream")
    made.add_attachment(
        attachment.content, "application", subtype, filename=_one_line(attachment.name)
    )


def _one_line(text: str) -> str:
    """Without line breaks, which no header may hold."""
    return " ".join(text.splitlines())


def _fix_boundaries(made: EmailMessage, unique: str) -> None:
    """Name the boundaries: Python would draw them by lot, and a repeat would be another file."""
    for index, part in enumerate(made.walk()):
        if part.is_multipart():
            part.set_boundary(f"={index}={unique}")  # no base64 line begins with two dashes

"""A message as JSON, for other systems that pass it on. Pure."""

from base64 import b64encode
from typing import Any

from notifications.message import DigestLine, Message, Receipt

VERSION = "1"


def payload(message: Message) -> dict[str, Any]:
    """What is pushed to an interface; `id` is the same when a message is pushed again."""
    return {
        "version": VERSION,
        "id": message.id,
        "office": message.recipient,
        "addressee": message.addressee,
        "title": message.title,
        "text": message.text,
        "sent_at": message.sent_at.isoformat(),
        "notices": list(message.notices),
        "receipts": [_receipt(receipt) for receipt in message.receipts],
        "lines": [_line(line) for line in message.lines],
        "attachments": [
            {"name": each.name, "base64": b64encode(each.content).decode()}
            for each in message.attachments
        ],
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    subject, rule = receipt.key
    return {
        "subject": subject,
        "rule": rule,
        "outcome": receipt.outcome.value,
        "head": receipt.head,
        "details": list(receipt.details),
    }


def _line(line: DigestLine) -> dict[str, Any]:
    return {
        "subject": line.subject,
        "subject_kind": line.subject_kind.value,
        "name": line.name,
        "place": line.place,
        "rule": line.rule,
        "kind": line.kind.value,
        "title": line.title,
        "notice_number": line.notice_number,
        "clause": line.clause,
        "words": line.words,
        "origin": line.origin.value,
        "remind_by": line.remind_by.isoformat(),
        "overdue_after": line.overdue_after.isoformat(),
        "responsible": line.responsible,
        "person": line.person,
        "phone": line.phone,
        "to_do": line.to_do,
        "missing": list(line.missing),
        "note": line.note,
    }

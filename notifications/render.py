"""A day's digest for one office (每日待办), as text and as HTML. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from notifications.entries import ordered, sections
from notifications.message import Attachment, DigestLine, Message, Receipt
from notifications.wording import (
    contact,
    dated,
    ended,
    long_date,
    receipt_summary,
    short_date,
    summary,
)

BRAND = "幸福养老工程"


def digest(
    id: str,
    recipient: str,
    as_of: date,
    lines: Sequence[DigestLine],
    plan_name: str,
    attachments: Sequence[Attachment],
    sent_at: datetime,
    notices: Sequence[str] = (),
    addressee: str = "",
    receipts: Sequence[Receipt] = (),
) -> Message:
    """All that one person or office is told on one day, in one message.

    Days are counted as of `as_of`, the day of sending. `notices` come first, then `receipts`, then
    the lines, ordered by urgency; those with the same rule, kind and dates are one entry that lists
    its subjects. The same lines in another order, or given twice, make the same message. ValueError
    when there are neither lines nor receipts, or `sent_at` carries no time zone.
    """
    if not lines and not receipts:
        raise ValueError("a digest of nothing")
    unique = ordered(lines, as_of)
    # They become mail headers, which have no line breaks.
    office, person = " ".join(recipient.split()), " ".join(addressee.split())
    due, answers, parts = summary(unique, as_of), receipt_summary(receipts), sections(unique, as_of)
    told = tuple(ended(notice) for notice in notices)
    shown = {
        "recipient": contact(office, person),
        "today": dated(as_of),
        "plan_name": plan_name,
        "summary": due,
        "notices": told,
        "receipts": receipts,
        "sections": parts,
        "attachments": [attachment.name for attachment in attachments],
    }
    return Message(
        id=id,
        recipient=office,
        title=f"【{BRAND}】{_title(long_date(as_of), due, answers)}（{office}）",
        text=_templates().get_template("digest.txt.j2").render(shown),
        html=_templates().get_template("digest.html.j2").render(shown),
        attachments=tuple(attachments),
        sent_at=sent_at,
        addressee=person,
        headline=f"【{BRAND}】{short_date(as_of)}{'待办' if due else '回执'}",
        summary=_both(due, answers),
        notices=told,
        lines=unique,
        blocks=tuple(entry for section in parts for entry in section.entries),
        receipts=tuple(receipts),
    )


def _title(day: str, due: str, answers: str) -> str:
    return f"{day}待办：{_both(due, answers)}" if due else f"回执：{answers}"


def _both(due: str, answers: str) -> str:
    """What is to be done, then what was handed in; what there is none of is left out."""
    return f"{due}；回执：{answers}" if due and answers else due or answers


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals["contact"] = contact
    return made

"""A day's digest for one office (每日待办), as text and as HTML. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from functools import cache
from itertools import count, groupby
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from common.words import NUMERALS, dated, ended, long_date, short_date
from notifications.message import Attachment, Block, BlockItem, DigestLine, Message, Receipt
from notifications.wording import (
    contact,
    quoted,
    receipt_summary,
    request,
    standing,
    status,
    summary,
    term,
)
from policy.vocabulary import Origin, RungKind, Standing, SubjectKind

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


ALIKE = attrgetter(
    "rule",
    "kind",
    "remind_by",
    "overdue_after",
    # Constant for a rule, except where one digest speaks of two plans: then nothing may be lost.
    "subject_kind",
    "title",
    "clause",
    "words",
    "notice_number",
    "origin",
    "to_do",
)
"""Lines that are alike in all of this are shown as one entry that lists its subjects."""

ADVICE = {
    RungKind.DRAFT_LETTER: "建议起草督办函，由人工签发。",
    RungKind.ESCALATE: "本事项已提级，请督促责任单位抓紧办理。",
    RungKind.COORDINATE: "本事项属协调事项，请商有关单位推进。",
}
ONE = {SubjectKind.PROJECT: "项目", SubjectKind.CITY: "涉及市", SubjectKind.PROVINCE: "范围"}
MANY = {SubjectKind.PROJECT: "个项目", SubjectKind.CITY: "个市", SubjectKind.PROVINCE: "个省"}

_Value = TypeVar("_Value")


class Urgency(IntEnum):
    """The sections of a digest, most urgent first."""

    ESCALATED = 0
    OVERDUE = 1
    COORDINATING = 2
    DUE_SOON = 3


HEADINGS = {
    Urgency.ESCALATED: "提级督办事项",
    Urgency.OVERDUE: "逾期事项",
    Urgency.COORDINATING: "待协调事项",
    Urgency.DUE_SOON: "临期事项",
}
COLOURS = {
    Urgency.ESCALATED: "#a8322a",
    Urgency.OVERDUE: "#b8651b",
    Urgency.COORDINATING: "#5b5f97",
    Urgency.DUE_SOON: "#2f6f5e",
}
SECTION = {Standing.OVERDUE: Urgency.OVERDUE, Standing.COORDINATING: Urgency.COORDINATING}


@dataclass(frozen=True, slots=True)
class Section:
    """The entries of one urgency, under a numbered heading."""

    heading: str
    colour: str
    entries: tuple[Block, ...]


def sections(lines: Sequence[DigestLine], as_of: date) -> tuple[Section, ...]:
    """Every line once, whatever order they came in; empty sections are left out."""
    numbers, numerals = count(1), iter(NUMERALS)
    return tuple(
        Section(
            heading=f"{next(numerals)}、{HEADINGS[urgency]}",
            colour=COLOURS[urgency],
            entries=tuple(
                _entry(next(numbers), tuple(alike), as_of) for _, alike in groupby(group, ALIKE)
            ),
        )
        for urgency, group in groupby(ordered(lines, as_of), lambda line: _urgency(line, as_of))
    )


def ordered(lines: Iterable[DigestLine], as_of: date) -> tuple[DigestLine, ...]:
    """Each line once, the most urgent first, alike lines together, and of these by place."""

    def rank(line: DigestLine) -> tuple[object, ...]:
        # The earliest day first: the most overdue, or the nearest to come.
        day = line.overdue_after if as_of > line.overdue_after else line.remind_by
        letters_first = line.kind is not RungKind.DRAFT_LETTER
        # A subject's code begins with its division, so this order is by place as offices list them.
        subject = (line.subject, line.place, line.name, line.responsible, line.missing)
        people = (line.person, line.phone, line.note)
        return (_urgency(line, as_of), letters_first, day, ALIKE(line), subject, people)

    return tuple(sorted(set(lines), key=rank))


def _urgency(line: DigestLine, as_of: date) -> Urgency:
    if line.kind in (RungKind.DRAFT_LETTER, RungKind.ESCALATE):
        return Urgency.ESCALATED
    return SECTION.get(standing(line, as_of), Urgency.DUE_SOON)


def _entry(number: int, lines: tuple[DigestLine, ...], as_of: date) -> Block:
    first = lines[0]
    return Block(
        number=number,
        kind=first.kind.label,
        title=first.title,
        rule=first.rule,
        concerns=_concerns(first.subject_kind, len(lines)),
        items=tuple(_item(line) for line in lines),
        basis=_basis(first),
        words=quoted(first.words),
        term=term(first),
        status=status(first, as_of),
        advice=ADVICE.get(first.kind, ""),
        to_do=request(first.to_do),
        responsible=_shared(lines, lambda line: line.responsible) or "",
        missing=_shared(lines, lambda line: line.missing) or (),
    )


def _shared(lines: Sequence[DigestLine], of: Callable[[DigestLine], _Value]) -> _Value | None:
    values = {of(line) for line in lines}
    return values.pop() if len(values) == 1 else None


def _item(line: DigestLine) -> BlockItem:
    place = "" if line.place == line.name else line.place
    code = "" if line.subject == line.name else f"（{line.subject}）"
    return BlockItem(
        key=(line.subject, line.rule),
        label=f"{place} {line.name}{code}".strip(),
        responsible=line.responsible,
        missing=line.missing,
        person=line.person,
        phone=line.phone,
        note=line.note,
    )


def _concerns(kind: SubjectKind, number: int) -> str:
    return ONE[kind] if number == 1 else f"涉及{number}{MANY[kind]}"


def _basis(line: DigestLine) -> str:
    proposal = "（通知未定日期，系统建议值）" if line.origin is Origin.PROPOSAL else ""
    return f"{line.notice_number} {line.clause}{proposal}"

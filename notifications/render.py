"""A day's digest for one office (每日待办), as text and as HTML. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from functools import cache, partial
from itertools import count, groupby
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from common.words import NUMERALS, dated, ended, long_date, short_date
from notifications.message import (
    Attachment,
    Block,
    BlockItem,
    Correction,
    DigestLine,
    Message,
    Receipt,
    WaysToAnswer,
)
from notifications.wording import (
    asked,
    closing,
    contact,
    is_proposed,
    quoted,
    receipt_summary,
    reply_link,
    request,
    standing,
    status,
    summary,
    term,
    ways_to_answer,
)
from policy.vocabulary import RungKind, Standing, SubjectKind


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
    corrections: Sequence[Correction] = (),
    salutation: str = "",
    enquiries: str = "",
    ways: WaysToAnswer | None = None,
    called: str = "",
) -> Message:
    """All that one person or office is told on one day, in one message.

    It begins with `salutation`, or else with the office and the person's name, says how to answer
    (`ways`) and whom to ask: `enquiries`, a person or an office. Its title and sender call the
    programme as `called` says, else by `plan_name`.
    Days are counted as of `as_of`, the day of sending. `notices` come first, then `corrections` and
    `receipts`, then the lines, numbered, ordered by urgency; those with the same rule, kind and
    dates are one entry that lists its subjects. The same lines in another order, or given twice,
    make the same message. ValueError when there is none of them, or `sent_at` carries no time zone.
    """
    if not (lines or receipts or corrections):
        raise ValueError("a digest of nothing")
    # They become mail headers, which have no line breaks.
    office, person = " ".join(recipient.split()), " ".join(addressee.split())
    parts = sections(lines, as_of)
    made = Message(
        id=id,
        recipient=office,
        title="",
        text="",
        html="",
        attachments=tuple(attachments),
        sent_at=sent_at,
        addressee=person,
        programme=called or plan_name,
        notices=tuple(ended(notice) for notice in notices),
        lines=ordered(lines, as_of),
        blocks=tuple(entry for section in parts for entry in section.entries),
        receipts=tuple(receipts),
        corrections=tuple(corrections),
        ways=ways,
        enquiries=enquiries,
    )
    begun = " ".join((salutation or contact(office, person)).split())
    return _written(_headed(made, as_of), parts, as_of, plan_name, begun)


def _title(day: str, due: str, answers: str, only: RungKind) -> str:
    return f"{day}待办：{_both(due, answers)}" if due else f"{only.label}：{answers}"


def _both(due: str, answers: str) -> str:
    """What is to be done, then what is answered; what there is none of is left out."""
    if due and answers:
        return f"{due}；{answers}" if answers.startswith("另有") else f"{due}；回执：{answers}"
    return due or answers


def _answers(receipts: Sequence[Receipt], corrections: Sequence[Correction]) -> str:
    """``1份已导入``; ``另有5项更正``, which come first."""
    count = sum(len(each.details) for each in corrections)
    told, given = f"另有{count}项更正" if count else "", receipt_summary(receipts)
    return f"{told}；回执：{given}" if told and given else told or given


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


PRINTED = attrgetter(
    "rule",
    "kind",
    "due",
    "remind_by",
    # Constant for a rule, except where one digest speaks of two plans: then nothing may be lost.
    "subject_kind",
    "title",
    "clause",
    "words",
    "notice_number",
    "origin",
    "bound",
    "own",
    "to_do",
    "since",
)
"""Lines that are alike in all of this are shown as one entry that lists its subjects."""


def _alike(line: DigestLine, as_of: date) -> tuple[object, ...]:
    """What an entry prints. Of a proposed day, since when it is late is said only once it is."""
    said = as_of > line.overdue_after or not is_proposed(line)
    return (*PRINTED(line), line.overdue_after if said else line.due)


ADVICE = {RungKind.DRAFT_LETTER: "督办函草稿见附件，请审核后按程序签发。"}
ONE = {SubjectKind.PROJECT: "项目", SubjectKind.CITY: "涉及市", SubjectKind.PROVINCE: "范围"}
MANY = {SubjectKind.PROJECT: "个项目", SubjectKind.CITY: "个市", SubjectKind.PROVINCE: "个省"}

_Value = TypeVar("_Value")


class Urgency(IntEnum):
    """The sections of a digest, most urgent first."""

    ESCALATED = 0
    OVERDUE = 1
    COORDINATING = 2
    DUE_SOON = 3
    PROPOSED = 4
    """Whose day is only a proposal, late or not (A30)."""


HEADINGS = {
    Urgency.ESCALATED: "提级督办事项",
    Urgency.OVERDUE: "逾期事项",
    Urgency.COORDINATING: "待协调事项",
    Urgency.DUE_SOON: "临期事项",
    Urgency.PROPOSED: "建议时限事项（《实施方案》未明确日期）",
}
COLOURS = {
    Urgency.ESCALATED: "#a8322a",
    Urgency.OVERDUE: "#b8651b",
    Urgency.COORDINATING: "#5b5f97",
    Urgency.DUE_SOON: "#2f6f5e",
    Urgency.PROPOSED: "#5f6b7a",
}
SECTION = {Standing.OVERDUE: Urgency.OVERDUE, Standing.COORDINATING: Urgency.COORDINATING}


@dataclass(frozen=True, slots=True)
class Section:
    """The entries of one urgency, under a numbered heading."""

    heading: str
    colour: str
    entries: tuple[Block, ...]


def _headed(made: Message, as_of: date) -> Message:
    """The message with its title and what chats begin with."""
    due, answers = summary(made.lines, as_of), _answers(made.receipts, made.corrections)
    only = RungKind.CORRECTION if made.corrections and not made.receipts else RungKind.RECEIPT
    title = _title(long_date(as_of), due, answers, only)
    return replace(
        made,
        title=f"【{made.programme}】{title}（{made.recipient}）",
        headline=f"【{made.programme}】{short_date(as_of)}{'待办' if due else only.label}",
        summary=_both(due, answers),
    )


def _written(
    made: Message,
    parts: Sequence[Section],
    as_of: date,
    plan_name: str,
    salutation: str,
) -> Message:
    """The message with its text, plain and as HTML."""
    ways = made.ways
    shown = {
        "salutation": salutation,
        "today": dated(as_of),
        "plan_name": plan_name,
        "asked": asked(made.lines, summary(made.lines, as_of), as_of),
        "ways": ways_to_answer(ways, made.lines, as_of) if ways else (),
        "reply": reply_link(ways, made.lines) if ways else "",
        "closing": closing(made.receipts, ways),
        "enquiries": made.enquiries,
        "notices": made.notices,
        "receipts": made.receipts,
        "corrections": made.corrections,
        "sections": parts,
        "attachments": [attachment.name for attachment in made.attachments],
    }
    return replace(
        made,
        text=_templates().get_template("digest.txt.j2").render(shown),
        html=_templates().get_template("digest.html.j2").render(shown),
    )


def sections(lines: Sequence[DigestLine], as_of: date) -> tuple[Section, ...]:
    """Every line once, whatever order they came in; empty sections are left out."""
    numbers, numerals = count(1), iter(NUMERALS)
    return tuple(
        Section(
            heading=f"{next(numerals)}、{HEADINGS[urgency]}",
            colour=COLOURS[urgency],
            entries=tuple(
                _entry(numbers, tuple(alike), as_of)
                for _, alike in groupby(group, partial(_alike, as_of=as_of))
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
        people = (line.person, line.phone, line.note, line.step, line.below)
        return (_urgency(line, as_of), letters_first, day, _alike(line, as_of), subject, people)

    return tuple(sorted(set(lines), key=rank))


def _urgency(line: DigestLine, as_of: date) -> Urgency:
    if is_proposed(line) and line.kind is not RungKind.COORDINATE:
        return Urgency.PROPOSED
    if line.kind in (RungKind.DRAFT_LETTER, RungKind.ESCALATE):
        return Urgency.ESCALATED
    return SECTION.get(standing(line, as_of), Urgency.DUE_SOON)


def _entry(numbers: Iterator[int], lines: tuple[DigestLine, ...], as_of: date) -> Block:
    first = lines[0]
    kind = RungKind.REMIND if _urgency(first, as_of) is Urgency.PROPOSED else first.kind
    return Block(
        kind=kind.label,
        title=first.title,
        rule=first.rule,
        concerns=first.levels.said(_concerns(first.subject_kind, len(lines))),
        items=tuple(_item(next(numbers), line) for line in lines),
        basis=f"{first.notice_number} {first.clause}",
        words=quoted(first.words),
        term=term(first, as_of),
        status=status(first, as_of),
        advice=ADVICE.get(kind, ""),
        asks="请办理" if first.own else "请督促",
        to_do=request(first.to_do),
        whose="责任单位" if first.bound else "协调单位",
        responsible=_shared(lines, lambda line: line.responsible) or "",
        missing=_shared(lines, lambda line: line.missing) or (),
    )


def _shared(lines: Sequence[DigestLine], of: Callable[[DigestLine], _Value]) -> _Value | None:
    values = {of(line) for line in lines}
    return values.pop() if len(values) == 1 else None


def _item(number: int, line: DigestLine) -> BlockItem:
    place = "" if line.place == line.name else line.place
    code = "" if line.subject == line.name else f"（{line.subject}）"
    return BlockItem(
        key=(line.subject, line.rule),
        number=number,
        label=f"{place} {line.name}{code}".strip(),
        responsible=line.responsible,
        missing=line.missing,
        person=line.person,
        phone=line.phone,
        note=line.note,
        step=line.step,
        below=tuple(f"{it.title}（{it.rule}，{short_date(it.due)}）" for it in line.below),
        link=line.link,
    )


def _concerns(kind: SubjectKind, number: int) -> str:
    return ONE[kind] if number == 1 else f"涉及{number}{MANY[kind]}"

"""What a reply to a reminder brings about: entered at once, or left to a person to look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from common.errors import RefusedError
from documents.reading.mails.answers import AnswerLine
from models.asked import Enquiry
from models.tables import AskedItem, MailItem
from operations.cases import answering
from operations.cases.answering import Answer
from operations.cases.desk import Desk
from operations.cases.evidence import Exhibit, ExhibitStatement, keep_evidence
from operations.workbooks.answers import actor_about
from operations.workbooks.inbox import Sender
from operations.workbooks.incoming import reasons
from policy.vocabulary import AnswerKind, MailState

UNKNOWN = "未写明是提醒中的第几项，或提醒中没有这一项；请在行首写明提醒中的序号"
TWICE = "对同一事项前后答复不一；请每项只写一行"
PROVE = "所报办结日期须经核实后登记，核实前仍按未办结处理"
INSIDE = "写在所引用的原文之中，请核对是否为本次答复"
WHOSE = "随信文件未写明属于哪一项，请核对后登记"
STRANGER = "发件人不是该提醒的收件人，或其身份未经本单位邮件服务器确认"


@dataclass(frozen=True, slots=True)
class MailAnswer:
    """A reply, as far as it answers a reminder."""

    digest: str
    """Of the mail."""
    enquiry: Enquiry
    sender: Sender | None
    """The person to whom the reminder went; None where it is not sure that they wrote it."""
    lines: Sequence[AnswerLine]
    today: date
    at: datetime


def answer(session: Session, desk: Desk, reply: MailAnswer) -> tuple[MailItem, ...]:
    """Enter what may be entered, in the session's transaction; all that the reply says of items.

    By itself a reply only says when something is expected (已知悉). It never says that something is
    done: that waits for a person. What is refused says why.
    """
    several = Counter(line.number for line in reply.lines)
    asked = {item.number: item for item in reply.enquiry.items}
    made = []
    for position, line in enumerate(reply.lines, 1):
        meant = _meant(asked, line)
        why = TWICE if several[line.number] > 1 else _doubt(reply, line, meant)
        if not why and meant is not None and reply.sender is not None:
            why = _refusal(session, desk, reply, reply.sender, line, meant)
        made.append(_item(reply, position, line, meant, why))
    return tuple(made)


def prove(
    session: Session, desk: Desk, reply: MailAnswer, sender: Sender, exhibits: Sequence[Exhibit]
) -> list[str]:
    """Put files on record that came along, as evidence of the one subject that the reply is about.

    Why they were not, where they are refused, or it is not clear what they prove.
    """
    if not exhibits:
        return []
    asked = {item.number: item for item in reply.enquiry.items}
    meant = [item for line in reply.lines if (item := _meant(asked, line))] or list(asked.values())
    subjects, rules = {item.subject for item in meant}, {item.rule for item in meant}
    if len(subjects) != 1:
        return [WHOSE]
    [subject], about = subjects, rules.pop() if len(rules) == 1 else ""
    actor = actor_about(session, desk.plan, sender.who, subject, meant[0].rule)
    said = ExhibitStatement(subject, tuple(exhibits), reply.today, actor, about)
    try:
        with session.begin_nested():
            keep_evidence(session, desk, said, today=reply.today, at=reply.at)
    except RefusedError as refusal:
        return [str(refusal)]
    return []


def _meant(asked: Mapping[int, AskedItem], line: AnswerLine) -> AskedItem | None:
    """The item that a line means; without a number the only one that there is."""
    if line.number is not None:
        return asked.get(line.number)
    return next(iter(asked.values())) if len(asked) == 1 else None


def _doubt(reply: MailAnswer, line: AnswerLine, meant: AskedItem | None) -> str:
    if reply.sender is None:
        return STRANGER
    if meant is None:
        return UNKNOWN
    if line.inside:
        return INSIDE
    return PROVE if line.kind is AnswerKind.DONE else ""


def _refusal(
    session: Session,
    desk: Desk,
    reply: MailAnswer,
    sender: Sender,
    line: AnswerLine,
    meant: AskedItem,
) -> str:
    """Put it on record; why it was not, where it is refused: the other items are."""
    actor = actor_about(session, desk.plan, sender.who, meant.subject, meant.rule)
    said = Answer(meant.subject, meant.rule, actor, expected=line.on, reason=line.reason)
    try:
        with session.begin_nested():
            answering.answer(session, desk, said, today=reply.today, at=reply.at)
    except RefusedError as refusal:
        return "；".join(reasons(refusal))
    return ""


def _item(
    reply: MailAnswer, position: int, line: AnswerLine, meant: AskedItem | None, why: str
) -> MailItem:
    return MailItem(
        mail=reply.digest,
        position=position,
        kind=line.kind,
        number=line.number,
        subject=meant.subject if meant else "",
        rule=meant.rule if meant else "",
        fact=meant.fact if meant else "",
        on=line.on,
        words=line.words,
        said=line.reason,
        state=MailState.HELD if why else MailState.REGISTERED,
        why=why,
    )

"""Mails that wait for a person (待核实): what they say is taken over, sent back, or set aside."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlmodel import Session

from common.errors import RefusedError
from common.words import SHANGHAI, short_date
from models import inbox, mails
from models.contacts import legible_posts
from models.deadlines import deadline_row
from models.outbox import cancel_verification, reinstate
from models.plans import require_plan
from models.tables import InboxFile, MailItem, ReceivedMail
from operations.cases.answering import Answer, answer
from operations.cases.authority import authorise, place_of
from operations.cases.desk import Desk
from operations.mails.wording import verified_text
from operations.views.held import SIGNS, held_for, number
from operations.workbooks.answers import Respondent
from operations.workbooks.inbox import Sender, owe
from policy.vocabulary import AnswerKind, IntakeResult, Level, MailState, ReplyDecision
from states.authority import acknowledgement, entitled, upkeep
from states.contacts import Directory, Place

WAITING = (MailState.HELD, MailState.UNREADABLE)
ENDS = {
    ReplyDecision.TAKEN_OVER: MailState.REGISTERED,
    ReplyDecision.SENT_BACK: MailState.RETURNED,
    ReplyDecision.SET_ASIDE: MailState.FILED,
}
MATTER = "核实来信"


@dataclass(frozen=True, slots=True)
class WaitingAnswer:
    """One thing that a mail says of an item, and that a person has to look at."""

    position: int
    subject: str
    """Empty, as the rule is, where the mail does not say which item it means."""
    rule: str
    title: str
    words: str
    """The line as it was written."""
    why: str
    """Why it was not registered."""
    by: tuple[str, ...]
    """The offices that may take it over, the nearest first."""


@dataclass(frozen=True, slots=True)
class WaitingReply:
    """A mail that waits for a person."""

    number: str
    received_at: datetime
    office: str
    """Whose reminder it answers; empty where that is unknown."""
    agreed: bool
    """Whether it is sure that this person wrote it."""
    subject: str
    written: str
    why: str
    files: tuple[str, ...]
    answers: tuple[WaitingAnswer, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a person decides on a mail that waits, or on some of its answers."""

    mail: str
    """Its number, as `WaitingReply` has it."""
    decision: ReplyDecision
    actor: str
    why: str
    """Taken over: by what it was verified. Sent back or set aside: why."""
    positions: tuple[int, ...] = ()
    """Of the answers that are meant; empty: all that wait."""


@dataclass(frozen=True, slots=True)
class VerificationRound:
    """A decision as it is carried out, in one transaction."""

    session: Session
    desk: Desk
    mail: ReceivedMail
    said: Verification
    today: date
    at: datetime


def waiting_replies(desk: Desk) -> tuple[WaitingReply, ...]:
    """All mails of the plan that wait for a person, the oldest first."""
    with desk.reading() as session:
        found = mails.held_mails(session, desk.plan)
        items = mails.items_of(session, found)
        people = Directory(desk.plan, legible_posts(session, desk.plan))
        return tuple(
            WaitingReply(
                number(mail),
                mail.received_at,
                next((post.office for post in people.people.get(mail.person, ())), ""),
                mail.agreed,
                mail.subject,
                mail.written,
                mail.reason,
                tuple(mail.files),
                tuple(_waiting(session, desk, item) for item in _held(items.get(mail.digest, ()))),
            )
            for mail in found
        )


def original(desk: Desk, named: str) -> bytes:
    """A mail's raw bytes, whatever has become of it; of one that was too large its beginning."""
    with desk.reading() as session:
        return mails.raw_of(_numbered(session, desk, named))


def verify(
    session: Session, desk: Desk, said: Verification, *, today: date, at: datetime
) -> tuple[str, ...]:
    """Carry out what is decided, whole or not at all; a line for each answer that it was about.

    What is taken over is the act of whoever decides, by the plan's authority, with the mail as its
    evidence. The mail's writer is told, where known. RefusedError with every reason.
    """
    if not said.why.strip():
        raise RefusedError("请写明核实的依据，或退回、另行办理的原因")
    # Nobody decides on the same mail meanwhile.
    require_plan(session, desk.plan, desk.calendar, lock=True)
    mail = _the_mail(session, desk, said.mail)
    work = VerificationRound(session, desk, mail, said, today, at)
    items = _meant(_held_of(session, mail), said)
    lines = tuple(_settle(work, item) for item in items)
    if not items:
        _settle_whole(work)
    _close(work)
    _tell(work, items)
    return lines or (f"来信 {number(mail)}：{said.decision.label}",)


def _numbered(session: Session, desk: Desk, named: str) -> ReceivedMail:
    found = mails.mails_numbered(session, desk.plan, named) if len(named) >= SIGNS else ()
    if len(found) != 1:
        where = "请在“来信核实”页或 xingfu reply list 中查看编号"
        raise RefusedError(f"没有编号为“{named}”的来信；{where}")
    return found[0]


def _the_mail(session: Session, desk: Desk, named: str) -> ReceivedMail:
    mail = _numbered(session, desk, named)
    if mail.state not in WAITING:
        by = f"，由{mail.settled_by}办理" if mail.settled_by else ""
        raise RefusedError(f"来信 {named} 现为“{MailState(mail.state).label}”{by}，无需再办理")
    return mail


def _held_of(session: Session, mail: ReceivedMail) -> list[MailItem]:
    return _held(mails.items_of(session, [mail]).get(mail.digest, ()))


def _held(items: Sequence[MailItem]) -> list[MailItem]:
    return [item for item in items if item.state == MailState.HELD]


def _meant(held: Sequence[MailItem], said: Verification) -> list[MailItem]:
    known = {item.position: item for item in held}
    if unknown := [str(each) for each in said.positions if each not in known]:
        listed = "、".join(map(str, known)) or "无"
        raise RefusedError(f"第{'、'.join(unknown)}条不在待核实之列；待核实的为：{listed}")
    return [known[each] for each in said.positions] if said.positions else list(held)


def _settle(work: VerificationRound, item: MailItem) -> str:
    session, desk, said = work.session, work.desk, work.said
    if said.decision is ReplyDecision.TAKEN_OVER:
        told = _take_over(work, item)
    else:
        _require(session, desk, item, said.actor)
        told = said.decision.label
        if item.subject and (row := deadline_row(session, desk.plan, item.subject, item.rule)):
            reinstate(session, desk.plan, row)
    item.state, item.why = ENDS[said.decision], said.why
    session.add(item)
    return f"第{item.position}条（{item.words}）：{told}"


def _take_over(work: VerificationRound, item: MailItem) -> str:
    said, mail = work.said, work.mail
    if not item.subject:
        raise RefusedError(
            f"第{item.position}条未写明是哪一项，不能直接采纳；"
            "请用相应的表单登记后，将来信按“已另行办理”归档"
        )
    source = f"{short_date(mail.received_at.astimezone(SHANGHAI).date())}来信 {number(mail)}"
    is_done = item.kind == AnswerKind.DONE
    stated = Answer(
        item.subject,
        item.rule,
        said.actor,
        done=item.on if is_done else None,
        evidence=f"{said.why}（{source}）",
        expected=None if is_done else item.on,
        reason=f"{item.said}（{source}）",
    )
    return answer(work.session, work.desk, stated, today=work.today, at=work.at).said


def _require(session: Session, desk: Desk, item: MailItem, actor: str) -> None:
    """Whoever may say the same of the item may send back or set aside what a mail says of it."""
    asked = acknowledgement(desk.plan, item.rule)
    place = place_of(session, desk.plan, item.subject)
    if asked and place:
        authorise(session, desk, asked, place, actor)
    else:
        _require_province(session, desk, actor)


def _require_province(session: Session, desk: Desk, actor: str) -> None:
    """What concerns no item that is known is for whoever looks after the records."""
    authorise(session, desk, upkeep(desk.plan, MATTER), Place(), actor)


def _settle_whole(work: VerificationRound) -> None:
    if work.said.decision is ReplyDecision.TAKEN_OVER:
        raise RefusedError(
            f"来信 {number(work.mail)} 没有可直接采纳的答复；"
            "请用相应的表单登记后，按“已另行办理”归档，或予以退回"
        )
    _require_province(work.session, work.desk, work.said.actor)


def _close(work: VerificationRound) -> None:
    """The mail has been dealt with when none of its answers waits any more."""
    work.mail.settled_by, work.mail.settled_at = work.said.actor, work.at
    if not _held_of(work.session, work.mail):
        work.mail.state = ENDS[work.said.decision]
    work.session.add(work.mail)
    work.session.flush()
    cancel_verification(work.session, work.desk.plan, held_for(work.session, work.desk))


def _tell(work: VerificationRound, items: Sequence[MailItem]) -> None:
    """Owe the person whose reminder was answered what became of it; nobody else is told."""
    session, desk, mail, said = work.session, work.desk, work.mail, work.said
    people = Directory(desk.plan, legible_posts(session, desk.plan))
    posts = people.people.get(mail.person, ())
    if not posts or said.decision is ReplyDecision.SET_ASIDE:
        return
    offices = people.acting_for(mail.person, work.today)
    sender = Sender(mail.person, Respondent(offices, posts[0].name))
    about = f"{mail.digest} {said.decision} {[item.position for item in items]}"
    taken = said.decision is ReplyDecision.TAKEN_OVER
    file = InboxFile(
        plan=desk.plan.id,
        place=_place(desk, posts[0].office),
        digest=sha256(about.encode()).hexdigest(),
        name=mail.subject or mail.source,
        outcome=IntakeResult.DONE if taken else IntakeResult.RETURNED,
        reply=verified_text(mail, items, said.decision, said.actor, said.why),
        received_at=work.at,
        filed=True,
        mail=mail.digest,
    )
    if inbox.find(session, desk.plan, file.place, file.digest) is None:
        inbox.add(session, file)
        owe(session, desk, file, sender, work.today)


def _place(desk: Desk, name: str) -> str:
    """The city of an office, or the province."""
    office = desk.plan.contact_office.get(name)
    return (office.city if office else "") or desk.plan.province


def _waiting(session: Session, desk: Desk, item: MailItem) -> WaitingAnswer:
    deadline = desk.deadlines.get(item.rule)
    return WaitingAnswer(
        item.position,
        item.subject,
        item.rule,
        deadline.rule.title if deadline else "",
        item.words,
        item.why,
        tuple(_offices(session, desk, item)),
    )


def _offices(session: Session, desk: Desk, item: MailItem) -> Iterator[str]:
    asked = acknowledgement(desk.plan, item.rule)
    place = place_of(session, desk.plan, item.subject)
    if asked and place:
        yield from dict.fromkeys(seat.name for seat in entitled(desk.plan, asked, place))
    else:
        yield desk.plan.office(Level.PROVINCE)

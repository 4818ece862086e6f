"""From what people are owed to the digests that they read: one each, across projects and rules."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from models import outbox
from models.claims import Claim
from models.tables import Outbox, is_receipt
from notifications.message import Attachment, DigestLine, Message
from notifications.render import digest
from operations.cases.desk import Desk
from operations.daily.enclosures import own_reports, prefilled, task_lists, told_of
from operations.duties.lines import DigestFacts, Key, known_of, line_about
from operations.duties.supervision import drafts
from operations.workbooks.outgoing import OutgoingWorkbook
from operations.workbooks.receipts import OutgoingReceipt, answers, told
from policy.vocabulary import RecipientReason, RungKind
from states.contacts import Directory, Post

SEVERITY = tuple(RungKind)
WORDS = {
    RecipientReason.VACANT: "{}尚无联系人或无人分管，请代为转达，并补充通讯录",
    RecipientReason.SUBSTITUTE: "以下含您代为接收的待办事项：{}",
}


@dataclass(frozen=True, slots=True)
class Material:
    """What the digests of a batch of claims are made of, read once."""

    known: DigestFacts
    answers: Mapping[Key, OutgoingReceipt]
    """The receipts, by the file that each is about."""
    reports: Mapping[Key, OutgoingWorkbook]
    """The monthly reports that are asked for, filled in beforehand."""


def gather(session: Session, desk: Desk, claims: Iterable[Claim]) -> Material:
    """Everything that the digests of these claims speak of."""
    owed = [row for claim in claims for _, row in claim.rows]
    return Material(
        known=known_of(session, desk, sorted({row.subject for row in owed})),
        answers=answers(session, desk, owed),
        reports=prefilled(session, desk, owed),
    )


def message(
    desk: Desk, material: Material, people: Directory, claim: Claim, today: date, at: datetime
) -> Message:
    """All that one person is owed, as of the day it is sent: the severest rung of each deadline."""
    as_of = max([today, *(row.as_of for _, row in claim.rows)])
    posts = people.people.get(claim.person, ())
    offices = "、".join(post.office for post in posts) or claim.person
    owed = severest(row for _, row in claim.rows)
    lines = [
        _line(desk, material.known, row, as_of) for row in owed.values() if not is_receipt(row)
    ]
    reports = list(own_reports(desk, material.known, material.reports, owed.values()))
    receipts, copies = told([material.answers[key] for key, row in owed.items() if is_receipt(row)])
    return digest(
        id=digest_id(claim),
        recipient=offices,
        addressee=posts[0].name if posts else "",
        as_of=as_of,
        lines=lines,
        notices=(*_notices(claim, posts), *map(told_of, reports)),
        receipts=receipts,
        plan_name=desk.plan.name,
        attachments=(
            *task_lists(offices, lines, as_of),
            *drafts(desk, material.known.subjects, lines, as_of),
            *copies,
            *(Attachment(made.name, made.content) for made in reports),
        ),
        sent_at=at,
    )


def severest(rows: Iterable[Outbox]) -> dict[Key, Outbox]:
    """Of several rungs about one deadline the severest, and of those the last that came."""
    ordered = sorted(
        rows, key=lambda row: (SEVERITY.index(RungKind(row.rung_kind)), row.as_of, row.id)
    )
    return {(row.subject, row.rule): row for row in ordered}


def digest_id(claim: Claim) -> str:
    """The same intents to the same person make the same digest, so that a repeat is recognised."""
    keys = sorted(outbox.key(row) for _, row in claim.rows)
    return hashlib.sha256("\n".join([claim.person, *keys]).encode()).hexdigest()


def _line(desk: Desk, known: DigestFacts, row: Outbox, as_of: date) -> DigestLine:
    told = (row.subject, row.rule), RungKind(row.rung_kind), row.due
    return line_about(desk, known, *told, as_of)


def _notices(claim: Claim, posts: Sequence[Post]) -> Iterable[str]:
    """Why the person is told of what concerns other offices: a stand-in, or nobody there."""
    own = {post.office for post in posts}
    about: dict[tuple[RecipientReason, str], set[str]] = {}
    for delivery, row in claim.rows:
        if row.recipient not in own or delivery.because is not RecipientReason.POST:
            about.setdefault((RecipientReason(delivery.because), row.recipient), set()).add(
                row.subject
            )
    for because, words in WORDS.items():
        concerned = {office: codes for (why, office), codes in about.items() if why is because}
        if concerned:
            counted = (f"{office}（{len(codes)}个对象）" for office, codes in concerned.items())
            yield words.format("、".join(sorted(counted)))

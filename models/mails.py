"""Mails that have come, each known by its bytes, and what they say of items."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from sqlmodel import Session, col, select

from models.tables import MailItem, ReceivedMail
from policy.schema import Plan
from policy.vocabulary import MailState

LEVEL = 6
"""Of compression: mails are mostly text in base64."""


def find_mail(session: Session, digest: str) -> ReceivedMail | None:
    """The mail with that SHA-256, if it has come before."""
    return session.get(ReceivedMail, digest)


def add_mail(
    session: Session, mail: ReceivedMail, items: Sequence[MailItem], rests_until: date | None = None
) -> None:
    """Remember a mail with what it says of items; it must not have come before.

    Of an item that waits for a person nothing is repeated to the end of `rests_until`; another mail
    about it, while the first one waits, does not prolong that.
    """
    session.add(mail)
    session.flush()
    resting = {(item.subject, item.rule): item.rests_until for item in _waiting(session, mail.plan)}
    for item in items:
        if item.state == MailState.HELD and item.subject:
            item.rests_until = resting.get((item.subject, item.rule), rests_until)
    session.add_all(items)
    session.flush()


def _waiting(session: Session, plan_id: str) -> Sequence[MailItem]:
    query = select(MailItem).join(ReceivedMail).where(ReceivedMail.plan == plan_id)
    held = query.where(MailItem.state == MailState.HELD, MailItem.subject != "")
    return session.exec(held.order_by(col(MailItem.mail), col(MailItem.position))).all()


def packed(raw: bytes) -> bytes:
    """A mail's bytes as they are stored."""
    return zlib.compress(raw, LEVEL)


def raw_of(mail: ReceivedMail) -> bytes:
    """A mail's bytes as they came."""
    return zlib.decompress(mail.content)


def threads_of(session: Session, digests: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """Of mails: the id of our message that each answers, and its own Message-ID; may be empty."""
    query = select(ReceivedMail.digest, ReceivedMail.reminder, ReceivedMail.message_id)
    found = session.exec(query.where(col(ReceivedMail.digest).in_(digests)))
    return {digest: (reminder, own) for digest, reminder, own in found}


def held_mails(session: Session, plan: Plan) -> tuple[ReceivedMail, ...]:
    """Mails that wait for a person, the oldest first: doubtful ones, and those not readable."""
    query = select(ReceivedMail).where(
        ReceivedMail.plan == plan.id,
        col(ReceivedMail.state).in_((MailState.HELD, MailState.UNREADABLE)),
    )
    order = (col(ReceivedMail.received_at), col(ReceivedMail.digest))
    return tuple(session.exec(query.order_by(*order)).all())


def mails_numbered(session: Session, plan: Plan, number: str) -> tuple[ReceivedMail, ...]:
    """The mails of a plan whose digest begins so."""
    begins = col(ReceivedMail.digest).startswith(number, autoescape=True)
    query = select(ReceivedMail).where(ReceivedMail.plan == plan.id, begins)
    return tuple(session.exec(query.order_by(col(ReceivedMail.digest))).all())


def items_of(session: Session, mails: Iterable[ReceivedMail]) -> Mapping[str, list[MailItem]]:
    """What these mails say of items, by their digests, in the order in which it was written."""
    digests = [mail.digest for mail in mails]
    query = select(MailItem).where(col(MailItem.mail).in_(digests))
    found: dict[str, list[MailItem]] = {}
    for item in session.exec(query.order_by(col(MailItem.mail), col(MailItem.position))):
        found.setdefault(item.mail, []).append(item)
    return found

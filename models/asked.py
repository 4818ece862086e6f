"""What digests have asked whom, and which of them an answer by mail is to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func
from sqlalchemy import select as select_columns
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col, select

from models.rows import insert_missing
from models.tables import AskedItem, Delivery, Outbox
from policy.schema import Plan
from policy.vocabulary import DeliveryStatus


@dataclass(frozen=True, slots=True)
class ReplyMarks:
    """By what an answer shows what it answers; whatever of it came through."""

    codes: Collection[str] = ()
    """Of its subject, its text, and the address that it was sent to: `states.answer_code`."""
    digests: Collection[str] = ()
    """Of its In-Reply-To and References: `notifications.mail.digests_named`."""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """A digest that is answered: to whom it went, and what it asks."""

    digest: str
    person: str
    """A key of `states.contacts.Directory.people`: whoever was asked."""
    items: Sequence[AskedItem]
    """In the order of their numbers, each with its deadline; none of what was but a receipt."""


def put_asked(session: Session, items: Sequence[Mapping[str, Any]]) -> None:
    """Keep what digests ask, as `AskedItem` has it; what is kept of a digest stays as it is."""
    if items:
        session.execute(insert_missing(AskedItem), items)


def asking_of(session: Session, plan: Plan, marks: ReplyMarks) -> Enquiry | None:
    """The digest that an answer is to: by what its headers name, else by a code, the newest first.

    None where it names none of ours.
    """
    named = _items(session, plan, AskedItem.digest, marks.digests)
    named = named or _items(session, plan, AskedItem.code, marks.codes)
    if named:
        return Enquiry(named[0].digest, named[0].person, named)
    return _told_only(session, plan, marks.digests)


def sent_items(session: Session, plan: Plan, since: date) -> Sequence[AskedItem]:
    """What the digests asked that went out, from a day on."""
    out = exists().where(*_out(plan), col(Delivery.digest) == AskedItem.digest)
    query = select(AskedItem).where(AskedItem.plan == plan.id, AskedItem.asked_on >= since, out)
    return session.exec(query.order_by(col(AskedItem.digest), col(AskedItem.number))).all()


def sent_digests(session: Session, plan: Plan, since: date) -> Sequence[tuple[str, str, date]]:
    """Every digest from a day on that went out, to whom, and the day that it is of."""
    query = (
        select_columns(col(Delivery.digest), col(Delivery.person), func.max(col(Outbox.as_of)))
        .join(Outbox, col(Outbox.id) == Delivery.outbox_id)
        .where(*_out(plan), col(Outbox.as_of) >= since)
        .group_by(col(Delivery.digest), col(Delivery.person))
    )
    return [(digest or "", person, on) for digest, person, on in session.execute(query).tuples()]


def _out(plan: Plan) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Delivery.plan) == plan.id,
        col(Delivery.status) == DeliveryStatus.SENT,
        col(Delivery.digest).is_not(None),
    )


def _items(session: Session, plan: Plan, by: str, values: Collection[str]) -> Sequence[AskedItem]:
    """What the newest digest asks of those that are named so."""
    if not values:
        return ()
    query = select(AskedItem).where(AskedItem.plan == plan.id, col(by).in_(list(values)))
    order = (col(AskedItem.asked_on).desc(), col(AskedItem.digest), col(AskedItem.number))
    found = session.exec(query.order_by(*order)).all()
    return [item for item in found if item.digest == found[0].digest]


def _told_only(session: Session, plan: Plan, digests: Collection[str]) -> Enquiry | None:
    """A digest that asked nothing, such as one of receipts."""
    if not digests:
        return None
    query = select(Delivery).where(
        Delivery.plan == plan.id, col(Delivery.digest).in_(list(digests))
    )
    row = session.exec(query.order_by(col(Delivery.sent_at).desc())).first()
    return Enquiry(row.digest, row.person, ()) if row and row.digest else None

"""Who is or was to be told of an intent: one delivery a person."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, exists, func, or_, select, true, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.outbox import is_correction, ripe
from models.rows import insert_missing
from models.tables import Addressee, Delivery, OfficeRow, Outbox, Pace, Subject
from policy.schema import Plan
from policy.vocabulary import ChannelKind, DeliveryStatus, Level, MessageStatus
from states.contacts import Place, Recipient


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """An intent that is not closed yet, and to whom it is or was on its way."""

    id: int
    level: Level
    place: Place
    told: Mapping[str, DeliveryStatus]
    """By person."""


def owed(session: Session, plan: Plan, today: date) -> tuple[OpenDelivery, ...]:
    """Every intent that somebody is still to be told of by a day, in order.

    Corrections are not among them: they are for those who were told, whoever holds the office.
    """
    pending = (
        col(Outbox.plan) == plan.id,
        col(Outbox.status) == MessageStatus.PENDING,
        ripe(today),
        ~is_correction(),
    )
    told: dict[int, dict[str, DeliveryStatus]] = {}
    found = session.execute(
        select(col(Delivery.outbox_id), col(Delivery.person), col(Delivery.status)).where(
            col(Delivery.outbox_id).in_(select(col(Outbox.id)).where(*pending))
        )
    )
    for id, person, status in found.tuples():
        told.setdefault(id, {})[person] = DeliveryStatus(status)
    query = (
        select(col(Outbox.id), col(OfficeRow.level), col(Subject.city), col(Subject.county))
        .join(
            OfficeRow,
            and_(col(OfficeRow.plan) == Outbox.plan, col(OfficeRow.name) == Outbox.recipient),
        )
        .join(Subject, and_(col(Subject.plan) == Outbox.plan, col(Subject.code) == Outbox.subject))
        .where(*pending)
        .order_by(col(Outbox.id))
    )
    return tuple(
        OpenDelivery(id, Level(level), Place(city, county), told.get(id, {}))
        for id, level, city, county in session.execute(query)
    )


def address(session: Session, plan: Plan, found: Iterable[tuple[int, Recipient]]) -> None:
    """Owe intents to people, anew where that was withdrawn."""
    rows = [
        {"outbox_id": id, "person": told.person, "plan": plan.id, "because": told.because}
        for id, told in found
    ]
    if not rows:
        return
    fresh = {"status": DeliveryStatus.PENDING, "attempts": 0, "ambiguous": False}
    session.execute(insert_missing(Delivery), [{**row, **fresh} for row in rows])
    again = update(Delivery.__table__).where(  # type: ignore[attr-defined]  # a mapped class
        col(Delivery.outbox_id) == bindparam("intent"),
        col(Delivery.person) == bindparam("who"),
        col(Delivery.status) == DeliveryStatus.CANCELLED,
    )
    session.connection().execute(
        again.values(status=DeliveryStatus.PENDING, because=bindparam("why")),
        [{"intent": r["outbox_id"], "who": r["person"], "why": r["because"]} for r in rows],
    )
    people = sorted({str(row["person"]) for row in rows})
    turns = [{"plan": plan.id, "person": person, "failures": 0} for person in people]
    session.execute(insert_missing(Addressee), turns)


def busy(session: Session, plan: Plan, at: datetime) -> frozenset[str]:
    """Who is being written to by a delivery that has not lapsed."""
    query = select(col(Addressee.person)).where(
        col(Addressee.plan) == plan.id, col(Addressee.leased_until) >= at
    )
    return frozenset(session.execute(query).scalars())


def forget_turns(session: Session, plan: Plan) -> None:
    """Let everybody be written to at once: a rehearsal begins with nobody resting."""
    session.execute(
        update(Addressee)
        .where(col(Addressee.plan) == plan.id)
        .values(leased_until=None, rests_until=None, failures=0, served_on=None)
    )


def withdraw(session: Session, found: Sequence[tuple[int, str]]) -> None:
    """Owe intents to these people no longer; what may have been sent to them stays in doubt."""
    if not found:
        return
    row = update(Delivery.__table__).where(  # type: ignore[attr-defined]  # a mapped class
        col(Delivery.outbox_id) == bindparam("intent"),
        col(Delivery.person) == bindparam("who"),
        col(Delivery.status) != DeliveryStatus.SENT,
        col(Delivery.status) != DeliveryStatus.CANCELLED,
    )
    doubt = or_(col(Delivery.ambiguous), col(Delivery.status) == DeliveryStatus.SENDING)
    session.connection().execute(
        row.values(status=DeliveryStatus.CANCELLED, ambiguous=doubt),
        [{"intent": id, "who": person} for id, person in found],
    )


def deliveries(session: Session, plan: Plan) -> tuple[tuple[Delivery, Outbox], ...]:
    """Everything that is or was on its way to somebody, in the order in which it was decided."""
    query = select_rows(Delivery, Outbox).join(Outbox, col(Outbox.id) == Delivery.outbox_id)
    query = query.where(Delivery.plan == plan.id)
    return tuple(session.exec(query.order_by(col(Outbox.id), col(Delivery.person))).all())


def deliveries_of(
    session: Session, plan: Plan, ids: Sequence[int]
) -> Mapping[int, tuple[Delivery, ...]]:
    """Per intent, everybody to whom it is or was on its way."""
    query = select_rows(Delivery).where(Delivery.plan == plan.id, col(Delivery.outbox_id).in_(ids))
    found: dict[int, tuple[Delivery, ...]] = {}
    for row in session.exec(query.order_by(col(Delivery.person))):
        found[row.outbox_id] = (*found.get(row.outbox_id, ()), row)
    return found


def mailed(
    session: Session,
    plan: Plan,
    digests: Collection[str],
    people: Collection[str],
    since: datetime,
) -> tuple[str, str] | None:
    """To whom a digest went that came back, and its id: by the ids it names, if it names any.

    Else the newest that went to one of these people by mail since an instant. None: none did.
    """
    query = select(col(Delivery.person), col(Delivery.digest)).where(col(Delivery.plan) == plan.id)
    if digests:
        query = query.where(col(Delivery.digest).in_(digests))
    else:
        query = query.where(
            col(Delivery.person).in_(people),
            col(Delivery.channel) == ChannelKind.MAIL,
            col(Delivery.sent_at) >= since,
        )
    order = (col(Delivery.sent_at).desc(), col(Delivery.person))
    found = session.execute(query.order_by(*order).limit(1)).first()
    return (found[0], str(found[1])) if found else None


def come_back(
    session: Session,
    plan: Plan,
    person: str,
    digest: str,
    reason: str,
    *,
    again: bool,
) -> int:
    """Owe what a digest carried that came back, and say why; how many messages that are.

    With `again` the person has another address, and is written to in the next delivery; without,
    it is a dead letter, which the next delivery takes to whoever is told in the person's place.
    """
    theirs = (
        col(Delivery.plan) == plan.id,
        col(Delivery.person) == person,
        col(Delivery.digest) == digest,
        col(Delivery.status) == DeliveryStatus.SENT,
    )
    ids = list(session.execute(select(col(Delivery.outbox_id)).where(*theirs)).scalars())
    status = DeliveryStatus.PENDING if again else DeliveryStatus.DEAD
    session.execute(
        update(Delivery).where(*theirs).values(status=status, sent_at=None, error=reason)
    )
    session.execute(
        update(Outbox)
        .where(col(Outbox.id).in_(ids), col(Outbox.status) == MessageStatus.SENT)
        .values(status=MessageStatus.PENDING, sent_at=None)
    )
    if again:
        turn = (col(Addressee.plan) == plan.id, col(Addressee.person) == person)
        session.execute(update(Addressee).where(*turn).values(served_on=None, rests_until=None))
    return len(ids)


def counts(session: Session, plan: Plan) -> dict[DeliveryStatus, int]:
    """How many messages there are in each status; what is not addressed yet is pending."""
    query = select(col(Delivery.status), func.count()).where(col(Delivery.plan) == plan.id)
    found = dict(session.execute(query.group_by(col(Delivery.status))).tuples().all())
    pending = (col(Outbox.plan) == plan.id, col(Outbox.status) == MessageStatus.PENDING)
    bare = ~exists().where(col(Delivery.outbox_id) == Outbox.id)
    query_bare = select(func.count()).select_from(Outbox).where(*pending, bare)
    waiting = session.execute(query_bare).scalar_one()
    counted = {status: found.get(status, 0) for status in DeliveryStatus}
    return {**counted, DeliveryStatus.PENDING: counted[DeliveryStatus.PENDING] + waiting}


def retry_dead(session: Session, plan: Plan, persons: Collection[str] | None = None) -> int:
    """Try dead letters again, of everybody or of these persons; how many there are."""
    whose = true() if persons is None else col(Delivery.person).in_(persons)
    dead = (col(Delivery.plan) == plan.id, col(Delivery.status) == DeliveryStatus.DEAD, whose)
    people = tuple(session.execute(select(col(Delivery.person)).where(*dead).distinct()).scalars())
    found = session.execute(select(func.count()).select_from(Delivery).where(*dead)).scalar_one()
    session.execute(
        update(Addressee)
        .where(col(Addressee.plan) == plan.id, col(Addressee.person).in_(people))
        .values(failures=0, rests_until=None)
    )
    session.execute(update(Delivery).where(*dead).values(status=DeliveryStatus.PENDING, attempts=0))
    return int(found)


def reserve(
    session: Session, target: str, at: datetime, spacing: timedelta, longest: timedelta
) -> timedelta:
    """How long to wait for a target's next free slot, which is taken unless it is too far off.

    The slot after it is `spacing` later. What is longer than `longest` takes no slot.
    """
    turn = _turn(session, target, at)
    slot = max(turn.free_at, at)
    if slot - at <= longest:
        turn.free_at = slot + spacing
        session.add(turn)
        session.flush()
    return slot - at


def stay_away(session: Session, target: str, until: datetime) -> None:
    """Give out no slot of a target before `until`: it refused for being written to too often."""
    turn = _turn(session, target, until)
    turn.free_at = max(turn.free_at, until)
    session.add(turn)
    session.flush()


def _turn(session: Session, target: str, at: datetime) -> Pace:
    session.execute(insert_missing(Pace), [{"target": target, "free_at": at}])
    return session.get_one(Pace, target, with_for_update=True)

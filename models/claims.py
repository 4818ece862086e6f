"""What people are owed, taken in turn with a lease, and marked when it has been sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, or_, select, true, update
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.events import DEAD, hold_event
from models.outbox import UNDONE, is_receipt, on_the_way, ripe, settle
from models.tables import Addressee, Delivery, Outbox
from models.unreachable import Refusal
from policy.schema import Plan
from policy.vocabulary import ChannelKind, DecisionKind, DeliveryStatus, MessageStatus, RungKind

LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 12  # some days of office hours; then it is a dead letter
LONGEST_REST = timedelta(hours=6)  # between two attempts


@dataclass(frozen=True, slots=True)
class Claim:
    """What one person is owed, taken for sending until the lease ends."""

    person: str
    leased_until: datetime
    rows: tuple[tuple[Delivery, Outbox], ...]
    """In the order in which they were decided."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What came of a claim."""

    claim: Claim
    sent: Mapping[int, str] = field(default_factory=dict)
    """Intents that were accepted, with the id of the digest that carried them."""
    channel: ChannelKind | None = None
    error: str = ""
    """Why the rest was not accepted; empty when it simply was not tried."""
    doubtful: frozenset[int] = frozenset()
    """Intents of the rest that may have been accepted all the same."""
    wait: timedelta | None = None
    """How long we are to stay away, because the target asks for it or has no free slot."""
    final: bool = False
    """Whether another try is of no use before somebody has mended the person's addresses."""
    put_off: str = ""
    """Why the rest was not tried, where there is more to say than that time was up."""
    refusals: tuple[Refusal, ...] = ()
    """Which of the person's addresses were refused for good, each with the reason."""


def people_in_turn(
    session: Session, plan: Plan, at: datetime, today: date, *, insist: bool = False
) -> tuple[str, ...]:
    """Whoever is owed something and may be written to now; who has not been reached comes last.

    So no target that keeps failing stands before others. Nobody who is being written to or, unless
    one insists, rests; and who has had the day's digest only for a receipt, which does not wait
    for the next one.
    """
    unserved = or_(col(Addressee.served_on).is_(None), col(Addressee.served_on) != today)
    query = (
        select(col(Addressee.person))
        .where(
            *_in_turn(plan, at, insist=insist),
            exists().where(
                *_on_the_way(plan, today),
                col(Delivery.person) == Addressee.person,
                or_(unserved, col(Delivery.outbox_id).in_(_receipts(plan))),
            ),
        )
        .order_by(
            col(Addressee.rests_until).is_not(None), col(Addressee.failures), col(Addressee.person)
        )
    )
    return tuple(session.execute(query).scalars())


def claim(
    session: Session,
    plan: Plan,
    people: Sequence[str],
    at: datetime,
    today: date,
    *,
    insist: bool = False,
) -> tuple[Claim, ...]:
    """Take all that these people are owed for sending, in their order, unless somebody else has it.

    Who has had the day's digest is given receipts only. What a lapsed lease left behind may have
    been sent: it becomes ambiguous.
    """
    query = select(col(Addressee.person), col(Addressee.served_on)).where(
        *_in_turn(plan, at, insist=insist), col(Addressee.person).in_(people)
    )
    turns = query.order_by(col(Addressee.person)).with_for_update(skip_locked=True)
    mine = dict(session.execute(turns).tuples().all())
    if not mine:
        return ()
    session.execute(update(Addressee).where(*_turns(plan, [*mine])).values(leased_until=at + LEASE))
    served = [person for person, day in mine.items() if day == today]
    due = and_(
        or_(col(Delivery.person).not_in(served), col(Delivery.outbox_id).in_(_receipts(plan))),
        _is_ripe(today),
    )
    _take(session, plan, [*mine], due)
    found = session.exec(
        select_rows(Delivery, Outbox)
        .join(Outbox, col(Outbox.id) == Delivery.outbox_id)
        .where(
            Delivery.plan == plan.id,
            col(Delivery.person).in_(mine),
            on_the_way(),
            Delivery.status == DeliveryStatus.SENDING,
            due,
        )
        .order_by(col(Delivery.person), col(Outbox.id))
    ).all()
    session.expunge_all()
    return tuple(
        Claim(person, at + LEASE, tuple(row for row in found if row[0].person == person))
        for person in people
        if person in mine
    )


def progress(session: Session, plan: Plan, outcome: ClaimResult, at: datetime) -> None:
    """Mark what one part of a digest carried, while the rest is still on its way."""
    if _ours(session, plan, [outcome.claim]):
        _mark_sent(session, plan, [outcome], at)


def finish(
    session: Session, plan: Plan, outcomes: Sequence[ClaimResult], at: datetime, today: date
) -> None:
    """Mark what was sent, let what failed rest, and give the turns back.

    A claim whose lease has lapsed and was taken by somebody else is left to them.
    """
    ours = _ours(session, plan, [outcome.claim for outcome in outcomes])
    kept = [outcome for outcome in outcomes if outcome.claim.person in ours]
    _mark_sent(session, plan, kept, at)
    for outcome in kept:
        left = _left(outcome)
        if left:
            _put_back(session, plan, outcome, left, at)
    whole = [outcome.claim for outcome in kept if outcome.sent and not _left(outcome)]
    told = [claim.person for claim in whole]
    _give_back(session, plan, told, {"failures": 0, "rests_until": None})
    served = [claim.person for claim in whole if _is_digest(claim)]
    _give_back(session, plan, served, {"served_on": today})
    for outcome in kept:
        if outcome.claim.person not in told:
            _give_back(session, plan, [outcome.claim.person], _rests(ours, outcome, at))
    ids = [row.outbox_id for outcome in kept for row, _ in outcome.claim.rows]
    _drop_withdrawn(session, ids)
    settle(session, plan, ids)


def rest(person: str, failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 1, 2, 4 … minutes, six hours at most.

    Up to a quarter longer or shorter, differently for each person, so that many who failed
    together do not come back together.
    """
    plain = min(timedelta(minutes=2 ** min(failures - 1, 20)), LONGEST_REST)
    lot = int.from_bytes(sha256(f"{person}/{failures}".encode()).digest()[:2], "big") / 0xFFFF
    return plain * (0.75 + lot / 2)


def _in_turn(plan: Plan, at: datetime, *, insist: bool) -> tuple[ColumnElement[bool], ...]:
    turn = Addressee
    rested = or_(col(turn.rests_until).is_(None), col(turn.rests_until) <= at)
    return (
        col(turn.plan) == plan.id,
        or_(col(turn.leased_until).is_(None), col(turn.leased_until) < at),
        true() if insist else rested,
    )


def _receipts(plan: Plan) -> Select[tuple[int | None]]:
    """The receipts that somebody is still to get."""
    owed = (col(Outbox.plan) == plan.id, col(Outbox.status) == MessageStatus.PENDING)
    return select(col(Outbox.id)).where(*owed, is_receipt())


def _is_digest(claim: Claim) -> bool:
    """Whether it was the day's digest, and not receipts alone."""
    return any(row.decision != DecisionKind.RECEIPT for _, row in claim.rows)


def _take(session: Session, plan: Plan, people: Sequence[str], due: ColumnElement[bool]) -> None:
    theirs = (col(Delivery.plan) == plan.id, col(Delivery.person).in_(people), on_the_way(), due)
    sending = col(Delivery.status) == DeliveryStatus.SENDING
    owed = select(col(Outbox.id)).where(
        col(Outbox.plan) == plan.id, col(Outbox.status) == MessageStatus.PENDING
    )
    still = col(Delivery.outbox_id).in_(owed)
    session.execute(update(Delivery).where(*theirs, sending).values(ambiguous=True))
    session.execute(update(Delivery).where(*theirs, ~still).values(status=DeliveryStatus.CANCELLED))
    session.execute(
        update(Delivery)
        .where(*theirs, still)
        .values(status=DeliveryStatus.SENDING, attempts=col(Delivery.attempts) + 1)
    )


def _turns(plan: Plan, people: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (col(Addressee.plan) == plan.id, col(Addressee.person).in_(people))


def _ours(session: Session, plan: Plan, claims: Sequence[Claim]) -> Mapping[str, int]:
    """Of whom the turn is still ours, with the failures that lie behind them."""
    leases = {claim.person: claim.leased_until for claim in claims}
    query = select(col(Addressee.person), col(Addressee.leased_until), col(Addressee.failures))
    query = query.where(*_turns(plan, list(leases))).order_by(col(Addressee.person))
    found = session.execute(query.with_for_update()).tuples()
    return {person: failures for person, until, failures in found if until == leases[person]}


def _mark_sent(session: Session, plan: Plan, outcomes: Sequence[ClaimResult], at: datetime) -> None:
    rows = [
        {"intent": id, "who": outcome.claim.person, "by": digest, "through": outcome.channel}
        for outcome in outcomes
        for id, digest in outcome.sent.items()
    ]
    if not rows:
        return
    statement = update(Delivery.__table__).where(  # type: ignore[attr-defined]  # a mapped class
        col(Delivery.outbox_id) == bindparam("intent"),
        col(Delivery.person) == bindparam("who"),
        col(Delivery.status) == DeliveryStatus.SENDING,
    )
    session.connection().execute(
        statement.values(
            status=DeliveryStatus.SENT,
            sent_at=at,
            digest=bindparam("by"),
            channel=bindparam("through"),
            error=None,
        ),
        rows,
    )


def _left(outcome: ClaimResult) -> list[Delivery]:
    return [row for row, _ in outcome.claim.rows if row.outbox_id not in outcome.sent]


def _put_back(
    session: Session, plan: Plan, outcome: ClaimResult, left: Sequence[Delivery], at: datetime
) -> None:
    """What was not accepted is owed still.

    After too many attempts, or where another is of no use, it is a dead letter.
    """
    tried = bool(outcome.error)
    intents = {row.outbox_id: intent for row, intent in outcome.claim.rows}
    for row in left:
        attempts = row.attempts if tried else row.attempts - 1
        dead = tried and (outcome.final or attempts >= MOST_ATTEMPTS)
        ours = session.execute(
            update(Delivery)
            .where(
                col(Delivery.outbox_id) == row.outbox_id,
                col(Delivery.person) == row.person,
                col(Delivery.status) == DeliveryStatus.SENDING,
            )
            .values(
                status=DeliveryStatus.DEAD if dead else DeliveryStatus.PENDING,
                attempts=attempts,
                ambiguous=row.ambiguous or row.outbox_id in outcome.doubtful,
                channel=outcome.channel,
                error=outcome.error or outcome.put_off or row.error,
            )
            .returning(col(Delivery.outbox_id))
        ).first()
        if dead and ours:
            _mourn(session, plan, outcome, row, intents[row.outbox_id], at)


def _mourn(
    session: Session, plan: Plan, outcome: ClaimResult, row: Delivery, intent: Outbox, at: datetime
) -> None:
    """Owe the event of a dead letter; who was not reached is told by office, never by name."""
    payload = {
        "message": row.outbox_id,
        "office": intent.recipient,
        "rule": intent.rule,
        "rung": intent.rung,
        "rung_kind": RungKind(intent.rung_kind).label,
        "channel": outcome.channel.label if outcome.channel else None,
        "attempts": row.attempts,
    }
    hold_event(session, plan, DEAD, intent.subject, at, payload)


def _drop_withdrawn(session: Session, ids: Sequence[int]) -> None:
    """Nobody is owed an intent that was withdrawn while it was on its way."""
    withdrawn = select(col(Outbox.id)).where(
        col(Outbox.id).in_(ids),
        col(Outbox.status).in_((MessageStatus.CANCELLED, MessageStatus.RETRACTED)),
    )
    session.execute(
        update(Delivery)
        .where(col(Delivery.outbox_id).in_(withdrawn), col(Delivery.status).in_(UNDONE))
        .values(status=DeliveryStatus.CANCELLED)
    )


def _rests(failures: Mapping[str, int], outcome: ClaimResult, at: datetime) -> dict[str, Any]:
    """How long somebody rests who was not told everything; not at all if nothing was tried."""
    person = outcome.claim.person
    if outcome.wait is not None:
        return {"rests_until": at + outcome.wait}
    if not outcome.error:
        return {}
    count = failures[person] + 1
    return {"failures": count, "rests_until": at + rest(person, count)}


def _give_back(
    session: Session, plan: Plan, people: Sequence[str], values: Mapping[str, Any]
) -> None:
    if people:
        given = {"leased_until": None, **values}
        session.execute(update(Addressee).where(*_turns(plan, people)).values(given))


def _on_the_way(plan: Plan, today: date) -> tuple[ColumnElement[bool], ...]:
    return (col(Delivery.plan) == plan.id, on_the_way(), _is_ripe(today))


def _is_ripe(today: date) -> ColumnElement[bool]:
    """Whether what is delivered may go out on a day."""
    its = exists().where(col(Outbox.id) == Delivery.outbox_id, ripe(today))
    return its.correlate(Delivery)

"""How many messages stand where, counted by the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal_column, select
from sqlmodel import Session, col

from models.outbox import UNDONE
from models.tables import Delivery, Outbox
from policy.schema import Plan
from policy.vocabulary import ChannelKind, DeliveryStatus, MessageStatus


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages to persons that are alike."""

    office: str
    """The office that they are for."""
    channel: ChannelKind | None
    """What carried or was to carry them; None before the first attempt."""
    status: DeliveryStatus
    tried: bool
    """Whether an attempt has been made."""
    ambiguous: bool
    count: int
    oldest: datetime
    """When the first of them was decided."""


def tallies(session: Session, plan: Plan) -> tuple[Tally, ...]:
    """All messages of the plan but the withdrawn; what is not addressed yet counts as one each."""
    was_tried = (col(Delivery.attempts) > literal_column("0")).label("tried")
    alike: tuple[Any, ...] = (
        col(Outbox.recipient),
        col(Delivery.channel),
        col(Delivery.status),
        was_tried,
        col(Delivery.ambiguous),
    )
    query: Select[Any] = (
        select(*alike, func.count(), func.min(col(Outbox.decided_at)))
        .join(Outbox, col(Outbox.id) == Delivery.outbox_id)
        .where(col(Delivery.plan) == plan.id, col(Delivery.status) != DeliveryStatus.CANCELLED)
        .group_by(*alike)
    )
    found = [
        Tally(office, channel and ChannelKind(channel), DeliveryStatus(status), bool(tried), *rest)
        for office, channel, status, tried, *rest in session.execute(query)
    ]
    return (*found, *_bare(session, plan))


def reasons(session: Session, plan: Plan, most: int) -> tuple[tuple[str, int], ...]:
    """Why messages that are still owed, or dead, were not accepted, and how many; most first."""
    query = (
        select(col(Delivery.error), func.count())
        .where(
            col(Delivery.plan) == plan.id,
            col(Delivery.status).in_(UNDONE),
            col(Delivery.error).is_not(None),
        )
        .group_by(col(Delivery.error))
        .order_by(func.count().desc(), col(Delivery.error))
        .limit(most)
    )
    return tuple((error or "", count) for error, count in session.execute(query).tuples())


def _bare(session: Session, plan: Plan) -> tuple[Tally, ...]:
    """Intents that nobody has been named for yet."""
    addressed = exists().where(col(Delivery.outbox_id) == Outbox.id)
    query = (
        select(col(Outbox.recipient), func.count(), func.min(col(Outbox.decided_at)))
        .where(
            and_(
                col(Outbox.plan) == plan.id, col(Outbox.status) == MessageStatus.PENDING, ~addressed
            )
        )
        .group_by(col(Outbox.recipient))
    )
    pending = DeliveryStatus.PENDING
    return tuple(
        Tally(office, None, pending, False, False, count, oldest)
        for office, count, oldest in session.execute(query)
    )

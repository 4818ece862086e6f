"""Messages as people see them: who is or was told of what, through what, and what came of it."""

from dataclasses import dataclass
from datetime import date, datetime

from flows.operations.desk import Desk
from models.database import reading, writing
from models.deliveries import counts, deliveries, retry_dead
from models.outbox import key, messages
from models.plans import require_plan
from models.tables import Delivery, Outbox
from policy.vocabulary import Because, ChannelKind, DeliveryStatus, MessageStatus, RungKind


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message on its way to one person; to nobody yet while it is not addressed."""

    id: int
    """The intent's number: what `xingfu explain --message` takes."""
    key: str
    recipient: str
    """The office that it is for."""
    person: str
    because: Because | None
    subject: str
    rule: str
    rung: str
    rung_kind: RungKind
    as_of: date
    status: DeliveryStatus
    ambiguous: bool
    """Whether a repeat was possible, since the outcome of a send was unknown."""
    attempts: int
    channel: ChannelKind | None
    sent_at: datetime | None
    error: str | None


def message_views(desk: Desk, status: DeliveryStatus | None = None) -> list[MessageView]:
    """The whole outbox, oldest first, or what is in one status."""
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        found: dict[int, list[Delivery]] = {}
        for delivery, _ in deliveries(session, desk.plan):
            found.setdefault(delivery.outbox_id, []).append(delivery)
        views = [
            _view(row, delivery)
            for row in messages(session, desk.plan)
            for delivery in found.get(row.id or 0, [None])
        ]
    return [view for view in views if status in (None, view.status)]


def outbox_counts(desk: Desk) -> dict[DeliveryStatus, int]:
    """How many messages there are in each status; what is not addressed yet is pending."""
    with reading(desk.engine) as session:
        return counts(session, desk.plan)


def retry(desk: Desk, person: str | None = None) -> int:
    """Owe dead letters anew, of everybody or of one person; how many there were."""
    with writing(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar, lock=True)
        return retry_dead(session, desk.plan, person)


def _view(row: Outbox, delivery: Delivery | None) -> MessageView:
    assert row.id is not None  # noqa: S101  # it comes from the database
    return MessageView(
        id=row.id,
        key=key(row),
        recipient=row.recipient,
        person=delivery.person if delivery else "",
        because=Because(delivery.because) if delivery else None,
        subject=row.subject,
        rule=row.rule,
        rung=row.rung,
        rung_kind=RungKind(row.rung_kind),
        as_of=row.as_of,
        status=_status(row, delivery),
        ambiguous=delivery.ambiguous if delivery else False,
        attempts=delivery.attempts if delivery else 0,
        channel=ChannelKind(delivery.channel) if delivery and delivery.channel else None,
        sent_at=delivery.sent_at if delivery else None,
        error=delivery.error if delivery else None,
    )


def _status(row: Outbox, delivery: Delivery | None) -> DeliveryStatus:
    if delivery is not None:
        return DeliveryStatus(delivery.status)
    cancelled = row.status == MessageStatus.CANCELLED
    return DeliveryStatus.CANCELLED if cancelled else DeliveryStatus.PENDING

"""Messages as people see them: who is or was told of what, through what, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.database import reading
from models.deliveries import counts, deliveries, retry_dead
from models.outbox import ON_THE_WAY, key, messages
from models.tables import Delivery, Outbox
from models.tallies import Tally, reasons, tallies
from operations.cases.desk import Desk
from policy.vocabulary import ChannelKind, DeliveryStatus, MessageStatus, RecipientReason, RungKind


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message on its way to one person; to nobody yet while it is not addressed."""

    id: int
    """The intent's number: what `xingfu explain --message` takes."""
    key: str
    recipient: str
    """The office that it is for."""
    person: str
    because: RecipientReason | None
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
    with desk.reading() as session:
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
    with desk.writing() as session:
        return retry_dead(session, desk.plan, None if person is None else (person,))


def _view(row: Outbox, delivery: Delivery | None) -> MessageView:
    assert row.id is not None  # noqa: S101  # it comes from the database
    return MessageView(
        id=row.id,
        key=key(row),
        recipient=row.recipient,
        person=delivery.person if delivery else "",
        because=RecipientReason(delivery.because) if delivery else None,
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
    cancelled = row.status in (MessageStatus.CANCELLED, MessageStatus.RETRACTED)
    return DeliveryStatus.CANCELLED if cancelled else DeliveryStatus.PENDING


MOST_REASONS = 20


@dataclass(frozen=True, slots=True)
class Health:
    """Messages to persons, in numbers; what is not addressed yet counts as pending."""

    name: str
    pending: int
    """Of these, `failed` were tried in vain."""
    sending: int
    failed: int
    ambiguous: int
    """Of all: a repeat was possible, since the outcome of a send was unknown."""
    dead: int
    sent: int
    oldest: datetime | None
    """When the oldest that is not out yet was decided; dead letters aside."""

    @property
    def calm(self) -> bool:
        """Whether nothing waits, fails or is dead."""
        return not (self.pending or self.sending or self.dead)


@dataclass(frozen=True, slots=True)
class OutboxHealth:
    """The whole outbox, and its parts that something is to be said of."""

    total: Health
    channels: tuple[Health, ...]
    offices: tuple[Health, ...]
    """Those with something that is not out, in the plan's order."""
    reasons: tuple[tuple[str, int], ...]
    """Why messages were not accepted, with their number; as channels told it."""


def outbox_health(desk: Desk) -> OutboxHealth:
    """How the outbox is now. RefusedError when the plan is not installed as it reads."""
    with desk.reading() as session:
        found = tallies(session, desk.plan)
        why = reasons(session, desk.plan, MOST_REASONS)
    by_channel = [
        _health(_label(kind), items)
        for kind in (*ChannelKind, None)
        if (items := [item for item in found if item.channel is kind])
    ]
    by_office: dict[str, list[Tally]] = {}
    for item in found:
        by_office.setdefault(item.office, []).append(item)
    order = [office.name for office in desk.plan.every_office()]
    offices = [_health(name, by_office[name]) for name in order if name in by_office]
    return OutboxHealth(
        total=_health("合计", found),
        channels=tuple(by_channel),
        offices=tuple(item for item in offices if not item.calm),
        reasons=why,
    )


def _label(kind: ChannelKind | None) -> str:
    return "尚未发送过" if kind is None else kind.label


def _health(name: str, items: Sequence[Tally]) -> Health:
    def count(status: DeliveryStatus) -> int:
        return sum(item.count for item in items if item.status is status)

    pending = [item for item in items if item.status is DeliveryStatus.PENDING]
    waiting = [item.oldest for item in items if item.status in ON_THE_WAY]
    return Health(
        name=name,
        pending=count(DeliveryStatus.PENDING),
        sending=count(DeliveryStatus.SENDING),
        failed=sum(item.count for item in pending if item.tried),
        ambiguous=sum(item.count for item in items if item.ambiguous),
        dead=count(DeliveryStatus.DEAD),
        sent=count(DeliveryStatus.SENT),
        oldest=min(waiting, default=None),
    )

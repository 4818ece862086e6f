"""How the outbox is: what waits, what fails, what is in doubt, where."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from flows.operations.desk import Desk
from models.database import reading
from models.outbox import ON_THE_WAY
from models.plans import require_plan
from models.tallies import Tally, reasons, tallies
from policy.vocabulary import ChannelKind, DeliveryStatus

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
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        found = tallies(session, desk.plan)
        why = reasons(session, desk.plan, MOST_REASONS)
    channels = [*ChannelKind, None]
    by_channel = [
        _health(_label(kind), found, lambda item, kind=kind: item.channel is kind)  # type: ignore[misc]
        for kind in channels
        if any(item.channel is kind for item in found)
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


def _health(
    name: str, found: Iterable[Tally], wanted: Callable[[Tally], bool] = lambda _: True
) -> Health:
    items = [item for item in found if wanted(item)]

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

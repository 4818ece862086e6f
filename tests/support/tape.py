"""A channel for tests: keeps what is sent, and refuses as it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from notifications.message import Message
from notifications.sending import DeliveryError, Part
from policy.vocabulary import ChannelKind


@dataclass(slots=True)
class Tape:
    """Sends nothing anywhere."""

    failing: DeliveryError | None = None
    kind: ChannelKind = ChannelKind.FOLDER
    pace: str | None = None
    spacing: timedelta = timedelta()
    size: int = 0
    """Keys in a part; 0: a message goes out whole."""
    accept: int | None = None
    """How many parts are accepted before the rest is refused with `failing`; None: see there."""
    sent: list[Message] = field(default_factory=list)
    parts_sent: list[Part] = field(default_factory=list)
    before: Callable[[Part], None] = lambda _: None

    def parts(self, message: Message) -> tuple[Part, ...]:
        """The message whole, or so many keys at a time."""
        keys = sorted(message.keys)
        size = self.size or len(keys)
        cut = [keys[start : start + size] for start in range(0, len(keys), size)]
        return tuple(
            Part(message, message.text, frozenset(some), number, len(cut))
            for number, some in enumerate(cut, 1)
        )

    def send(self, part: Part) -> None:
        """Keep it; DeliveryError while `failing`, but for the first `accept` parts."""
        self.before(part)
        if self.failing and (self.accept is None or len(self.parts_sent) >= self.accept):
            raise self.failing
        self.parts_sent.append(part)
        if part.number == 1:
            self.sent.append(part.message)

"""What every channel promises: parts of a message go out one by one, or say why they did not."""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Protocol

from common.errors import UnavailableError
from notifications.message import Key, Message
from policy.vocabulary import ChannelKind


class DeliveryError(UnavailableError):
    """消息未能送出，请稍后重试。"""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        unknown: bool = False,
        wait: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        """The target's own code, e.g. ``45009`` or ``550``; empty when it gave none."""
        self.unknown = unknown
        """Whether the target may have accepted the part all the same."""
        self.wait = wait
        """How long the target asks us to stay away."""


@dataclass(frozen=True, slots=True)
class Part:
    """What goes out at once: a whole message, or as much of it as a chat takes."""

    message: Message
    text: str
    keys: frozenset[Key]
    """What has been told once this part is accepted; each key is in exactly one part."""
    number: int
    of: int


class Channel(Protocol):
    """A way for a message to go out."""

    @property
    def kind(self) -> ChannelKind:
        """What it is."""

    @property
    def pace(self) -> str | None:
        """A fingerprint of the target where its vendor limits the rate, else None."""

    @property
    def spacing(self) -> timedelta:
        """The least time between two sends to targets of the same pace."""

    def parts(self, message: Message) -> tuple[Part, ...]:
        """The message in the parts that it is sent in, in their order."""

    def send(self, part: Part) -> None:
        """Return when the part is accepted; DeliveryError with the reason when it is not."""


def whole(message: Message) -> tuple[Part, ...]:
    """The message as its only part."""
    return (Part(message, message.text, message.keys, 1, 1),)


class Tls:
    """Makes each context when it is first asked for."""

    def context(self, verify: bool) -> ssl.SSLContext:
        """The one that checks certificates, or the one for addresses that say ``verify=no``."""
        return self._checking if verify else self._trusting

    @cached_property
    def _checking(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    @cached_property
    def _trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

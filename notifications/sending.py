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
        final: bool = False,
        unasked: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        """The target's own code, e.g. ``45009`` or ``550``; empty when it gave none."""
        self.unknown = unknown
        """Whether the target may have accepted the part all the same."""
        self.wait = wait
        """How long the target asks us to stay away."""
        self.final = final
        """Whether another try is of no use before somebody has mended the address."""
        self.unasked = unasked
        """Whether the target was not even asked: it has not answered before in this delivery."""


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


FAULTY = "通知地址有误"


def faulty(reason: str) -> DeliveryError:
    """That an address cannot be used, and how to mend it; nothing of it is quoted."""
    return DeliveryError(f"{FAULTY}：{reason}", final=True)


UNASKED = "本轮此前没有响应，未再尝试，留待下一轮发送"
"""Follows the name of a target that is not asked again."""
DISTRUST = {
    10: "已过期",
    18: "为自签名证书",
    19: "的签发机构不受信任",
    20: "的签发机构不受信任",
    21: "的签发机构不受信任",
    62: "与地址不符",
    64: "与地址不符",
}
"""By OpenSSL's code, what is wrong with a certificate."""


def distrust(error: BaseException | None) -> str:
    """What is wrong with the certificate for whose sake something failed; empty if it is not."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return DISTRUST.get(error.verify_code, "无法验证") if error is not None else ""


def distrusted(name: str, error: BaseException | None) -> str:
    """That nothing was sent for the certificate's sake, why, and what to do; empty if it is not.

    `error` or what has caused it tells.
    """
    why = distrust(error)
    if not why:
        return ""
    return (
        f"{name}的证书{why}，未发送；请对方更换证书，"
        "或在核实对方身份后于通知地址的选项中加 verify=no"
    )


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

"""The channels that post over HTTP: chat groups and other systems. Import it where it is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlsplit

from notifications.driver import BAD_ADDRESS, asset, drive
from notifications.message import Message
from notifications.parts import split
from notifications.posting import JsonPoster
from notifications.robots import ROBOTS, OwnService
from notifications.sending import DeliveryError, Part, whole
from policy.vocabulary import ChannelKind

HEADER = "+"  # what an option begins with that names a header
OWN_HEADERS = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade"),
        *("accept-encoding", "expect", "te", "trailer", "proxy-authorization"),
    }
)
"""Headers that are ours to set: with another one a request goes elsewhere, or means another."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a chat group takes."""

    size: int
    """Bytes of text in UTF-8."""
    spacing: timedelta


LIMITS = {
    ChannelKind.WECOM: Limit(2_048, timedelta(seconds=3)),
    # 20,000 bytes a request: a line break, say, takes two of them.
    ChannelKind.DINGTALK: Limit(18_000, timedelta(seconds=3)),
    ChannelKind.FEISHU: Limit(18_000, timedelta(seconds=0.6)),
}


@dataclass(frozen=True, slots=True)
class ChatChannel:
    """Posts to a chat group, in parts that it takes, or to another system, whole."""

    kind: ChannelKind
    pace: str | None
    service: OwnService = field(repr=False)  # it holds a key

    @property
    def spacing(self) -> timedelta:
        """What the vendor's limit on the rate asks for."""
        return LIMITS[self.kind].spacing if self.kind in LIMITS else timedelta()

    def parts(self, message: Message) -> tuple[Part, ...]:
        """For a group in parts, with telephone numbers masked; for another system whole."""
        if self.kind not in LIMITS:
            return whole(message)
        return split(message, LIMITS[self.kind].size)

    def send(self, part: Part) -> None:
        """DeliveryError unless the target's answer says that it accepted."""
        self.service.part = part
        drive(self.service, body=part.text, title="", body_format="text")


def open_chat(url: str, kind: ChannelKind, poster: JsonPoster) -> ChatChannel:
    """The channel of an address; DeliveryError when not all of it can be honoured."""
    service = _service(url, ROBOTS[kind], poster)
    if service is None:
        raise DeliveryError(BAD_ADDRESS, final=True)
    pace = None
    if kind in LIMITS:
        pace = sha256(f"{kind} {service.target()}".encode()).hexdigest()
    return ChatChannel(kind, pace, service)


def _service(url: str, made: type[OwnService], poster: JsonPoster) -> OwnService | None:
    make: Any = made  # the half of Apprise that is untyped
    parsed = make.parse_url(url)
    if not parsed or "#" in url or not _honoured(parsed, made):
        return None
    api = _base(parsed["qsd"].get("api"))
    if api is None:
        return None
    try:
        service: OwnService = make(asset=asset(), **parsed)
    except TypeError:  # what Apprise raises for an address it cannot use
        return None
    service.poster, service.api = poster, api or None
    return service


def _honoured(parsed: Mapping[str, Any], made: type[OwnService]) -> bool:
    """Whether nothing of an address would be passed over."""
    options = {name for name in parsed["qsd"] if not (_is_hook(made) and name.startswith(HEADER))}
    if not all(_is_header(name, value) for name, value in parsed["qsd+"].items()):
        return False
    used = {name for name in ("user", "password", "port", "fullpath") if _given(parsed[name])}
    return options <= made.options and used <= made.parts_used


def _is_header(name: str, value: str) -> bool:
    """Whether an HTTP header may be so; Apprise has decoded it once, and will once more."""
    name, value = unquote(name), unquote(value)
    fits = re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", name)
    return (
        bool(fits)
        and re.fullmatch(r"[ -~]*", value) is not None
        and name.lower() not in OWN_HEADERS
    )


def _given(value: object) -> bool:
    return value not in (None, "", "/")


def _is_hook(made: type[OwnService]) -> bool:
    return made.kind is ChannelKind.WEBHOOK


def _base(api: str | None) -> str | None:
    """A platform's own ``https://host[:port]``; empty for the public one, None for a faulty one."""
    if api is None:
        return ""
    try:
        parts = urlsplit(api)
        plain = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and bool(parts.hostname)
    return plain if good and api.rstrip("/").lower() == plain else None

"""The ways a message goes out: by mail, to a chat group, to another system, or into a file."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from unicodedata import category
from urllib.parse import parse_qsl, unquote

from notifications.files import FolderChannel, ListChannel
from notifications.message import Message
from notifications.sending import Channel, DeliveryError, Part, Tls, faulty, whole
from notifications.sessions import Sessions
from policy.vocabulary import ChannelKind
from states.contacts import SCHEMES, SEALED

POST_TIMEOUT = 5.0  # seconds, for a request and its answer as a whole
MAIL_TIMEOUT = 30.0  # for each answer of a mail server; the last may wait for a virus scanner
UNREADABLE = (
    "通知地址无法解密，加密时所用的密钥与现有密钥不同；请重新登记其通知方式，"
    "或恢复原密钥后用 xingfu retry 重发"
)
MOST_DECODED = 3  # times that something along the way may take %25 for a percent sign
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(slots=True)
class RecordingChannel:
    """Keeps messages in memory, for tests and rehearsals."""

    failing: str = ""
    """While it holds a reason, every message is refused with it."""
    sent: list[Message] = field(default_factory=list)
    kind: ChannelKind = ChannelKind.FOLDER
    pace: str | None = None
    spacing: timedelta = timedelta()

    def parts(self, message: Message) -> tuple[Part, ...]:
        """The message whole."""
        return whole(message)

    def send(self, part: Part) -> None:
        """Append to `sent`; DeliveryError while `failing`."""
        if self.failing:
            raise DeliveryError(self.failing)
        self.sent.append(part.message)


class Channels:
    """Opens channels within a ``with``, at whose end their connections are closed."""

    def __init__(
        self,
        outgoing: Path,
        *,
        post_timeout: float = POST_TIMEOUT,
        mail_timeout: float = MAIL_TIMEOUT,
    ) -> None:
        self._outgoing = outgoing
        self._post_timeout = post_timeout
        self._mail_timeout = mail_timeout
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._tls = Tls()
        self._sessions = Sessions(self._tls, self._mail_timeout)
        self._stack.callback(self._sessions.close)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def open(self, address: str | None) -> Channel:
        """The channel of an address; the folder where there is none.

        DeliveryError when the address is faulty, or asks for what would be passed over.
        """
        url = (address or "").strip() or "folder://"
        if url == SEALED:
            raise DeliveryError(UNREADABLE, final=True)
        _require_plain(url)
        scheme, _, rest = url.partition("://")
        kind = SCHEMES.get(scheme.lower())
        match kind:
            case None:
                schemes = "、".join(f"{name}://" for name in SCHEMES)
                raise faulty(f"只支持 {schemes}")
            case ChannelKind.FOLDER:
                return self._folder(rest)
            case ChannelKind.LIST:
                return self._list(rest)
            case ChannelKind.MAIL:
                from notifications.smtp import open_mail  # Apprise takes 0.2 s and more to import

                return open_mail(url, self._sessions)
            case _:
                return self._chat(url, kind)

    def _folder(self, rest: str) -> Channel:
        if rest.strip("/"):
            raise faulty("folder:// 之后不应再有内容")
        return FolderChannel(self._outgoing)

    def _list(self, rest: str) -> Channel:
        number = unquote(rest.rstrip("/"))
        if not number or set(number) & set("/?#") or not number.isprintable():
            raise faulty("list:// 之后应为手机号码或账号")
        return ListChannel(self._outgoing, number)

    def _chat(self, url: str, kind: ChannelKind) -> Channel:
        from notifications.chats import open_chat
        from notifications.posting import JsonPoster

        if not hasattr(self, "_poster"):
            self._poster = self._stack.enter_context(JsonPoster(self._tls, self._post_timeout))
        return open_chat(url, kind, self._poster)


def _require_plain(url: str) -> None:
    """DeliveryError where a line could be broken, or an option stands twice."""
    said = url
    for _ in range(MOST_DECODED):
        if any(category(sign) in INVISIBLE for sign in said):
            raise faulty("含有换行等不可见的字符")
        said = unquote(said)
    options = [name.lower() for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)]
    if len(set(options)) < len(options):
        raise faulty("同一选项写了两次")

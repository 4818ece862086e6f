"""Apprise's mail service with our own mail in it. Import it where it is used: Apprise is slow.

Apprise reads the address, knows the providers and calls `send`. What `send` submits is our own
mail, for four reasons seen in Apprise 1.13.1: it adds its own Message-ID and Date beside ours (a
repeat could not be recognised), it replaces our text version by one derived from the HTML, it
writes Chinese file names against RFC 2231, and it tells a refusal from success but never why.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.headerregistry import Address
from typing import Any

from apprise.plugins.email import NotifyEmail

from common.words import PRODUCT
from notifications.driver import BAD_ADDRESS, asset, drive
from notifications.mail import mail, mail_address
from notifications.message import Message
from notifications.replies import is_gone
from notifications.sending import UNASKED, DeliveryError, Part, distrusted, faulty, whole
from notifications.sessions import Refused, Server, Sessions, UnaskedError, UnconfirmedError
from policy.vocabulary import ChannelKind

# The first that fits. No reason quotes the server, the address or the exception: no secret leaks.
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (UnaskedError, f"邮件服务器{UNASKED}"),
    (UnconfirmedError, "邮件已交给邮件服务器，但服务器没有答复，可能已送达"),
    (smtplib.SMTPAuthenticationError, "邮件服务器不接受所配置的用户名或密码"),
    (smtplib.SMTPRecipientsRefused, "收件地址被邮件服务器拒收"),
    (smtplib.SMTPSenderRefused, "发件地址被邮件服务器拒绝"),
    (smtplib.SMTPResponseException, "邮件服务器拒收"),
    (smtplib.SMTPNotSupportedError, "邮件服务器不支持所配置的登录或加密方式"),
    (smtplib.SMTPException, "邮件服务器没有响应或中断了会话"),
    (ssl.SSLError, "与邮件服务器的加密连接无法建立，请检查证书"),
    (TimeoutError, "邮件服务器没有响应或中断了会话"),
    (OSError, "无法连接邮件服务器"),
    (ValueError, "邮件地址、用户名或密码含有不能使用的字符"),
)

# What an address may ask for. Anything else is refused: `pgp` and `cc` would be passed over here,
# `optional` counts a failed mail as sent, `overflow` and `retry` send it several times.
OPTIONS = {
    *("to", "from", "name", "smtp", "port", "mode", "verify", "cto"),
    *("user", "pass", "password"),
}


CONNECT_TIMEOUT = 5.0
"""Seconds for all of connecting, until the login is accepted, where the address says nothing."""
LONGEST_CONNECT = 30.0
"""What an address may ask for at most."""
# Of several, one could be refused while the others accept: a failure that must not be repeated.
ONE_RECIPIENT = "一个地址只能有一个收件人，多个收件人请分行填写"
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*")


class OurMail(NotifyEmail):  # type: ignore[no-untyped-call]  # Apprise is half typed
    """Apprise's mail service for our own mails, keeping the reason when one is refused."""

    def __init__(self, sessions: Sessions, **parsed: Any) -> None:
        super().__init__(**parsed)  # type: ignore[no-untyped-call]
        self.sessions = sessions
        self.connect_timeout = CONNECT_TIMEOUT
        self.message: Message | None = None
        self.failure: DeliveryError | None = None

    def send(
        self, body: str, title: str = "", notify_type: Any = None, attach: Any = None, **kwargs: Any
    ) -> bool:
        """Submit the message; True when the server accepted it for every recipient."""
        try:
            self.failure = _refusals(self._submit())
        except (OSError, ValueError) as error:
            self.failure = _failure(error)
        return self.failure is None

    def _submit(self) -> Refused:
        if self.message is None:
            raise ValueError("there is nothing to send")
        sender = _address(self.from_addr, self.message.sender)
        to = [_address(target, self.message.recipient) for target in self.targets]
        made = mail(self.message, sender, to)
        recipients = [each.addr_spec for each in to]
        return self.sessions.submit(self._server(), made, sender.addr_spec, recipients)

    def _server(self) -> Server:
        return Server(
            host=self.smtp_host,
            port=self.port or 0,
            mode=str(self.secure_mode),
            verify=bool(self.verify_certificate),
            connect_timeout=self.connect_timeout,
            user=self.user or "",
            password=self.password or "",
        )


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Sends mail to a ``mailto://`` or ``mailtos://`` address."""

    service: OurMail = field(repr=False)  # it holds a password
    kind: ChannelKind = ChannelKind.MAIL
    pace: str | None = None
    spacing: timedelta = timedelta()

    def parts(self, message: Message) -> tuple[Part, ...]:
        """The message whole."""
        return whole(message)

    def send(self, part: Part) -> None:
        """DeliveryError unless the mail server accepted it for every recipient of the address."""
        self.service.message = part.message
        # Apprise would convert the text for a service that wants it otherwise; ours wants nothing.
        drive(self.service, body=part.message.title, title="", body_format="text")


def open_mail(url: str, sessions: Sessions) -> MailChannel:
    """The channel of an address; DeliveryError when not all of it can be honoured."""
    service = _service(url, sessions)
    if service is None:
        raise DeliveryError(BAD_ADDRESS, final=True)
    if fault := "；".join(_faults(service)):
        raise faulty(fault)
    return MailChannel(service)


def _service(url: str, sessions: Sessions) -> OurMail | None:
    parsed = NotifyEmail.parse_url(url)  # type: ignore[no-untyped-call]
    if not parsed or not parsed["qsd"].keys() <= OPTIONS:
        return None
    try:
        service = OurMail(sessions, asset=asset(), **parsed)
    except TypeError:  # what Apprise raises for an address it cannot use
        return None
    asked = [name for part in parsed["targets"] for name in part.split(",") if name.strip()]
    if len(asked) > 1:
        raise faulty(ONE_RECIPIENT)
    if "cto" in parsed["qsd"]:
        service.connect_timeout = service.socket_connect_timeout
    # Apprise drops a recipient that it cannot read; then the person would not know.
    return service if len(service.targets) == 1 else None


def _faults(service: OurMail) -> Iterator[str]:
    """What smtplib or a mail server would stumble over, or take for something else."""
    try:
        found = [
            _address(named, PRODUCT).addr_spec for named in (service.from_addr, *service.targets)
        ]
    except ValueError:
        found = [""]
    if not all(map(_is_plain, found)) or any(set(each) & set(' <>,;:"') for each in found):
        yield "发件地址和收件地址须为 a@b.cn 的形式"
    if not HOST.fullmatch(str(service.smtp_host)) or not 0 < (service.port or 0) < 65_536:
        yield "邮件服务器的名称或端口不正确"
    if not (_is_plain(service.user or " ") and _is_plain(service.password or " ")):
        yield "用户名和密码只能用英文字母、数字和符号"
    if not 0 < service.connect_timeout <= LONGEST_CONNECT:
        yield f"cto（连接时限）须在{LONGEST_CONNECT:.0f}秒以内"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and bool(text)


def _address(named: Sequence[Any], otherwise: str) -> Address:
    """Apprise's pair of a name, which may be False, and an address."""
    name, address = named
    return mail_address(str(name or otherwise), str(address))


def _failure(error: Exception) -> DeliveryError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refusals(error.recipients) or DeliveryError()
    if reason := distrusted("邮件服务器", error):
        return DeliveryError(reason)
    says = next(says for kind, says in REASONS if isinstance(error, kind))
    code = str(getattr(error, "smtp_code", None) or "")
    return DeliveryError(
        f"{says}（{code}）" if code else says,
        code=code,
        unknown=isinstance(error, UnconfirmedError),
        unasked=isinstance(error, UnaskedError),
        final=isinstance(error, ValueError) and not isinstance(error, OSError),
    )


def _refusals(refused: Refused) -> DeliveryError | None:
    if not refused:
        return None
    codes = "、".join(sorted({str(code) for code, _ in refused.values()}))
    final = all(is_gone(code, said) for code, said in refused.values())
    return DeliveryError(f"收件地址被邮件服务器拒收（{codes}）", code=codes, final=final)


def recipient_of(url: str) -> str:
    """The mail address that a ``mailto`` address writes to, in small letters; empty: none."""
    parsed = NotifyEmail.parse_url(url)  # type: ignore[no-untyped-call]
    try:
        targets = NotifyEmail(asset=asset(), **parsed).targets if parsed else []  # type: ignore[no-untyped-call]
    except TypeError:  # what Apprise raises for an address it cannot use
        return ""
    return str(targets[0][1]).lower() if targets else ""

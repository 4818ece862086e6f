"""Apprise's mail service with our own mail in it. Import it where it is used: Apprise is slow.

Apprise reads the address, knows the providers and calls `send`. What `send` submits is our own
mail, for four reasons seen in Apprise 1.13.1: it adds its own Message-ID and Date beside ours (a
repeat could not be recognised), it replaces our text version by one derived from the HTML, it
writes Chinese file names against RFC 2231, and it tells a refusal from success but never why.
"""

import logging
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from typing import Any

from apprise import Apprise, AppriseAsset
from apprise.plugins.email import NotifyEmail

from notifications.mail import SENDER, mail, mail_address
from notifications.message import Message

# Apprise logs addresses, at its lowest level with their passwords and in part when one is
# mistyped; nothing it would log is not also in the reason that `submit` gives.
logging.getLogger("apprise").addFilter(lambda _: False)

# The first that fits. No reason quotes the server, the address or the exception: no secret leaks.
REASONS: tuple[tuple[type[Exception], str], ...] = (
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


class OurMail(NotifyEmail):  # type: ignore[no-untyped-call]  # Apprise is half typed
    """Apprise's mail service for one message, keeping the reason when it is refused."""

    def __init__(self, message: Message, **parsed: Any) -> None:
        super().__init__(**parsed)  # type: ignore[no-untyped-call]
        self.message = message
        self.reason = ""

    def send(
        self,
        body: str,
        title: str = "",
        notify_type: Any = None,
        attach: Any = None,
        **kwargs: Any,
    ) -> bool:
        """Submit the message; True when the server accepted it for every recipient."""
        try:
            self.reason = _refusals(self._submit())
        except (OSError, ValueError) as error:
            self.reason = _reason(error)
        return not self.reason

    def _submit(self) -> dict[str, tuple[int, bytes]]:
        sender = _address(self.from_addr, SENDER)
        to = [_address(target, self.message.recipient) for target in self.targets]
        made = mail(self.message, sender, to)
        with _connected(self) as server:
            return server.send_message(made, sender.addr_spec, [each.addr_spec for each in to])


def submit(url: str, message: Message) -> str:
    """Send `message` to a ``mailto`` address; the reason in Chinese when refused, else empty."""
    plugin = _plugin(url, message)
    if plugin is None:
        return "渠道地址有误，请核对格式和收件地址"
    service = Apprise()
    service.add(plugin)
    # Anything but True is a failure: None is what Apprise answers when it has sent nothing.
    accepted = service.notify(body=message.html, title=message.title, body_format="html") is True
    return "" if accepted else plugin.reason or "邮件未被接受"


def _plugin(url: str, message: Message) -> OurMail | None:
    """The mail service of an address; None when all of it cannot be honoured."""
    parsed = NotifyEmail.parse_url(url)  # type: ignore[no-untyped-call]
    if not parsed or not parsed["qsd"].keys() <= OPTIONS:
        return None
    try:
        plugin = OurMail(message, asset=AppriseAsset(app_id=SENDER), **parsed)
    except TypeError:  # what Apprise raises for an address it cannot use
        return None
    # Apprise drops a recipient that it cannot read; then the office would not know.
    asked = [name for part in parsed["targets"] for name in part.split(",") if name.strip()]
    return plugin if plugin.targets and len(plugin.targets) >= len(asked) else None


def _address(named: Sequence[Any], otherwise: str) -> Address:
    """Apprise's pair of a name, which may be False, and an address."""
    name, address = named
    return mail_address(str(name or otherwise), str(address))


@contextmanager
def _connected(plugin: OurMail) -> Iterator[smtplib.SMTP]:
    server = _open(plugin)
    try:
        if plugin.secure_mode == "starttls":
            server.starttls(context=_tls(plugin))
        if plugin.user and plugin.password:
            server.login(plugin.user, plugin.password)
        yield server
    finally:
        # A farewell that fails takes nothing back of what the server has accepted.
        with suppress(OSError):
            server.quit()


def _open(plugin: OurMail) -> smtplib.SMTP:
    host, port, timeout = plugin.smtp_host, plugin.port or 0, plugin.socket_connect_timeout
    if plugin.secure_mode == "ssl":
        return smtplib.SMTP_SSL(host, port, timeout=timeout, context=_tls(plugin))
    return smtplib.SMTP(host, port, timeout=timeout)


def _tls(plugin: OurMail) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not plugin.verify_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: Exception) -> str:
    says = next(says for kind, says in REASONS if isinstance(error, kind))
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _refusals(error.recipients)
    code = getattr(error, "smtp_code", None)
    return f"{says}（{code}）" if code else says


def _refusals(refused: dict[str, tuple[int, bytes]]) -> str:
    codes = "、".join(sorted({str(code) for code, _ in refused.values()}))
    return f"收件地址被邮件服务器拒收（{codes}）" if codes else ""

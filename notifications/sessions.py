"""Connections to mail servers, kept open and used again while a delivery lasts."""

import re
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage

from notifications.sending import Tls

Refused = dict[str, tuple[int, bytes]]
"""Recipients that a server refused while it accepted others, with its replies."""

REFUSALS = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


class _Session(smtplib.SMTP):
    """A session that knows whether it has given the server a mail."""

    handed = False

    def data(self, msg: bytes | str) -> tuple[int, bytes]:  # type: ignore[override]  # a buffer, in its stubs
        """As smtplib's, noting the moment from which a cut leaves us not knowing."""
        code, reply = self.docmd("data")
        if code != 354:
            self.close()  # it would take the next mail for a part of this one
            raise smtplib.SMTPDataError(code, reply)
        content = msg if isinstance(msg, bytes) else msg.encode("ascii")
        stuffed = re.sub(rb"(?m)^\.", b"..", content)
        self.handed = True
        self.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.getreply()


class _TlsSession(_Session, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where and as whom mail is submitted; what is equal here shares a connection."""

    host: str
    port: int
    mode: str
    """``ssl``, ``starttls``, or anything else for none."""
    verify: bool
    connect_timeout: float
    user: str = ""
    password: str = field(default="", repr=False)


class UnconfirmedError(OSError):
    """The server has been given a mail, and the session broke before it answered."""


class Sessions:
    """Submits mails; each server is connected to once, and again when it has hung up."""

    def __init__(self, tls: Tls, reply_timeout: float) -> None:
        self._tls = tls
        self._reply_timeout = reply_timeout
        self._open: dict[Server, _Session] = {}
        self._down: dict[Server, OSError] = {}

    def submit(self, server: Server, made: EmailMessage, sender: str, to: Sequence[str]) -> Refused:
        """Hand a mail over; the recipients that were refused while others were accepted.

        OSError when it was refused, UnconfirmedError when that is not known. A connection that the
        server has closed meanwhile is opened again, unless the mail was handed over already. A
        server that cannot be reached or logged into is not asked again.
        """
        kept = self._open.pop(server, None)
        if kept is not None:
            try:
                return self._hand(server, kept, made, sender, to)
            except OSError:
                if kept.handed or kept.sock is not None:
                    raise
        return self._hand(server, self._connected(server), made, sender, to)

    def close(self) -> None:
        """Take leave of every server; a farewell that fails takes nothing back."""
        while self._open:
            _, session = self._open.popitem()
            _leave(session)

    def _hand(
        self, server: Server, session: _Session, made: EmailMessage, sender: str, to: Sequence[str]
    ) -> Refused:
        session.handed = False
        try:
            refused = session.send_message(made, sender, list(to))
        except REFUSALS:
            self._keep(server, session)  # smtplib has put it back to where it was
            raise
        except BaseException as error:
            session.close()
            if session.handed and isinstance(error, smtplib.SMTPServerDisconnected):
                raise UnconfirmedError from None
            raise
        self._keep(server, session)
        return refused

    def _keep(self, server: Server, session: _Session) -> None:
        if session.sock is not None:
            self._open[server] = session

    def _connected(self, server: Server) -> _Session:
        if server in self._down:
            raise self._down[server]
        try:
            return self._connect(server)
        except OSError as error:
            self._down[server] = error
            raise

    def _connect(self, server: Server) -> _Session:
        session = self._greeted(server)
        try:
            if server.mode == "starttls":
                session.starttls(context=self._tls.context(server.verify))
            if server.user and server.password:
                session.login(server.user, server.password)
            if session.sock is not None:
                session.sock.settimeout(self._reply_timeout)
        except smtplib.SMTPResponseException:
            _leave(session)
            raise
        except BaseException:
            session.close()
            raise
        return session

    def _greeted(self, server: Server) -> _Session:
        host, port, timeout = server.host, server.port, server.connect_timeout
        if server.mode == "ssl":
            context = self._tls.context(server.verify)
            return _TlsSession(host, port, timeout=timeout, context=context)
        return _Session(host, port, timeout=timeout)


def _leave(session: _Session) -> None:
    with suppress(OSError):
        session.quit()
    session.close()

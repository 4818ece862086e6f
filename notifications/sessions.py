"""Connections to mail servers, kept open and used again while a delivery lasts."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage

from notifications.cutoff import Cutoff
from notifications.sending import Tls

Refused = dict[str, tuple[int, bytes]]
"""Recipients that a server refused while it accepted others, with its replies."""

REFUSALS = (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
OF_ACCOUNT = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError)
"""What keeps one account, or one way to connect, from submitting, and perhaps not another."""
MOST_SILENT = 2
"""After so many mails in a row to which a server has not answered in time, it gets no more."""


class _Session(smtplib.SMTP):
    """A session that knows whether it has given the server a mail."""

    handed = False

    def __init__(self, server: "Server", secure: ssl.SSLContext | None, cutoff: Cutoff) -> None:
        """Connect, over TLS from the first byte with `secure`, while `cutoff` allows it."""
        self._secure, self._cutoff = secure, cutoff
        super().__init__(server.host, server.port, timeout=server.connect_timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        self._cutoff.watch(plain)
        return self._secure.wrap_socket(plain, server_hostname=host) if self._secure else plain

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

    @property
    def place(self) -> tuple[str, int]:
        """Where it is, whoever submits there."""
        return (self.host, self.port)


class UnconfirmedError(OSError):
    """The server has been given a mail, and the session broke before it answered."""


class UnaskedError(OSError):
    """The server was not asked: it has not answered, or let nobody in, before in this delivery."""


class Sessions:
    """Submits mails; each server is connected to once, and again when it has hung up."""

    def __init__(self, tls: Tls, reply_timeout: float) -> None:
        self._tls = tls
        self._reply_timeout = reply_timeout
        self._open: dict[Server, _Session] = {}
        self._down: set[Server | tuple[str, int]] = set()
        """Whole servers, and accounts that cannot log in."""
        self._silent: dict[tuple[str, int], int] = {}

    def submit(self, server: Server, made: EmailMessage, sender: str, to: Sequence[str]) -> Refused:
        """Hand a mail over; the recipients that were refused while others were accepted.

        OSError when it was refused, UnconfirmedError when that is not known. A connection that the
        server has closed meanwhile is opened again, unless the mail was handed over already. A
        server that cannot be reached or logged into, or keeps silent, is not asked again:
        UnaskedError.
        """
        kept = self._open.pop(server, None)
        if kept is not None:
            try:
                return self._hand(server, kept, made, sender, to)
            except OSError as error:
                if kept.handed or kept.sock is not None or _is_silence(error):
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
            with self._watching(session) as cutoff:
                refused = session.send_message(made, sender, list(to))
        except REFUSALS:
            self._keep(server, session)  # smtplib has put it back to where it was
            raise
        except BaseException as error:
            session.close()
            if cutoff.passed or _is_silence(error):
                self._count_silence(server)
            if session.handed and isinstance(error, smtplib.SMTPServerDisconnected):
                raise UnconfirmedError from None
            raise
        self._keep(server, session)
        return refused

    @contextmanager
    def _watching(self, session: _Session) -> Iterator[Cutoff]:
        with Cutoff(2 * self._reply_timeout) as cutoff:
            if session.sock is not None:
                cutoff.watch(session.sock)
            yield cutoff

    def _count_silence(self, server: Server) -> None:
        self._silent[server.place] = self._silent.get(server.place, 0) + 1
        if self._silent[server.place] >= MOST_SILENT:
            self._down.add(server.place)

    def _keep(self, server: Server, session: _Session) -> None:
        self._silent.pop(server.place, None)
        if session.sock is not None:
            self._open[server] = session

    def _connected(self, server: Server) -> _Session:
        if {server, server.place} & self._down:
            raise UnaskedError
        try:
            # A greeting that drips, and every step to the login, within one time.
            with Cutoff(server.connect_timeout) as cutoff:
                return self._connect(server, cutoff)
        except OSError as error:
            alone = isinstance(error, OF_ACCOUNT) and not cutoff.passed
            self._down.add(server if alone else server.place)
            if cutoff.passed:
                raise TimeoutError from None
            raise

    def _connect(self, server: Server, cutoff: Cutoff) -> _Session:
        secure = self._tls.context(server.verify)
        session = _Session(server, secure if server.mode == "ssl" else None, cutoff)
        try:
            if server.mode == "starttls":
                session.starttls(context=secure)
            session.ehlo_or_helo_if_needed()
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


def _is_silence(error: BaseException) -> bool:
    """Whether no answer came in time, which smtplib calls a disconnection."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _leave(session: _Session) -> None:
    with suppress(OSError):
        session.quit()
    session.close()

"""A real SMTP server for tests, on a free port of this machine."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


@dataclass
class Inbox:
    """A mail server's handler that keeps what arrives and refuses ``nobody``."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    refused: list[Envelope] = field(default_factory=list)
    """Those of `mails` that it did not take."""
    transports: set[Any] = field(default_factory=set)
    sessions: set[object] = field(default_factory=set)
    """The connections on which a mail was begun."""
    after_data: str = ""
    """What it does with a mail: ``hang up`` once it has answered, or before (``cut``), be ``slow``
    to answer, or give this answer."""
    mail_from: list[str] = field(default_factory=list)
    """Answers to the next MAIL FROM, before it is accepted again."""

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(session.peer)
        self.transports.add(server.transport)
        if self.mail_from:
            return self.mail_from.pop()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        loop = asyncio.get_running_loop()
        match self.after_data:
            case "hang up":
                loop.call_later(0.05, server.transport.close)
            case "cut":
                server.transport.abort()
            case "slow":
                await asyncio.sleep(1)
            case answer if answer:
                self.refused.append(envelope)
                return answer
        return "250 OK"

    async def hang_up(self) -> None:
        """Close what clients have left open."""
        for transport in self.transports:
            transport.abort()
        await asyncio.sleep(0.05)  # and let the server see those that clients have closed

    def read(self) -> EmailMessage:
        """The only mail that arrived."""
        [envelope] = self.mails
        assert isinstance(envelope.content, bytes)
        return parsed(envelope.content)


def parsed(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert not [part.defects for part in mail.walk() if part.defects]
    return mail


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


@contextmanager
def mail_server(**options: Any) -> Iterator[Inbox]:
    inbox = Inbox(free_port())
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        asyncio.run_coroutine_threadsafe(inbox.hang_up(), controller.loop).result()
        controller.stop()

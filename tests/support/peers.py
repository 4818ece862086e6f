"""Peers that misbehave, on a free port of this machine: they hang, drip, flood."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass
class Peer:
    """A server that does one thing to everybody who connects."""

    port: int = 0
    connections: int = 0
    sent: int = 0
    """Bytes that it got rid of."""
    closing: Event = field(default_factory=Event)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def counted(self, expected: int) -> int:
        """How many have connected; whoever still waits to be let in is waited for."""
        for _ in range(500):
            if self.connections >= expected or self.closing.wait(0.01):
                break
        return self.connections

    def drip(self, connection: socket.socket, text: bytes, pause: float = 0.02) -> None:
        """Send byte by byte until the other side has enough, or all is sent."""
        for byte in text:
            if self.closing.wait(pause):
                return
            connection.sendall(bytes([byte]))
            self.sent += 1


Behaviour = Callable[[Peer, socket.socket], None]


def hang(peer: Peer, connection: socket.socket) -> None:
    """Say nothing at all."""
    peer.closing.wait(30)


def hang_at_ehlo(peer: Peer, connection: socket.socket) -> None:
    """Greet as a mail server does, then say nothing."""
    connection.sendall(b"220 mail.example.gov.cn ESMTP\r\n")
    peer.closing.wait(30)


def drip_greeting(peer: Peer, connection: socket.socket) -> None:
    """A mail server's greeting that never ends."""
    peer.drip(connection, b"220 " + b"x" * 100_000)


def drip_headers(peer: Peer, connection: socket.socket) -> None:
    """An answer over HTTP whose headers never end."""
    connection.recv(65_536)
    peer.drip(connection, HEAD + b"X-A: " + b"x" * 100_000)


def drip_body(peer: Peer, connection: socket.socket) -> None:
    """An answer whose headers come at once, and whose body never ends."""
    connection.recv(65_536)
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    peer.drip(connection, b'{"errcode": 0,' + b" " * 100_000)


def flood(peer: Peer, connection: socket.socket) -> None:
    """An answer of 3 GB."""
    connection.recv(65_536)
    connection.sendall(HEAD + b"Content-Length: 3000000000\r\n\r\n")
    block = b'{"errcode": 0}' + b" " * 1_000_000
    while peer.sent < 3_000_000_000 and not peer.closing.is_set():
        connection.sendall(block)
        peer.sent += len(block)


@contextmanager
def misbehaving(behave: Behaviour, secure: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A server that behaves so; over TLS with `secure`."""
    peer = Peer()
    threads: list[Thread] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if secure is None:
                behave(peer, connection)
                return
            with secure.wrap_socket(connection, server_side=True) as wrapped:
                behave(peer, wrapped)

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        peer.port = listening.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    peer.connections += 1
                    threads.append(Thread(target=serve, args=(connection,), daemon=True))
                    threads[-1].start()

        accepting = Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield peer
        finally:
            peer.closing.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join(5)
            for thread in threads:
                thread.join(5)


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context

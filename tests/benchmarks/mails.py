"""Delivery of 1,000 digests to a mail server on this machine, against plain smtplib.

The reference builds the same mails, of the same texts and files, and submits them over one
connection; it keeps no record of anything. And what ten targets that hang, drip or flood cost.
"""

import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from common.words import SHANGHAI
from models.contacts import replace_contacts
from models.database import writing
from models.settings import Settings
from notifications.channel import RecordingChannel
from notifications.message import Message
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import initialise
from states.contacts import Post
from tests.conftest import AT
from tests.support.peers import (
    Peer,
    drip_greeting,
    drip_headers,
    flood,
    hang,
    hang_at_ehlo,
    misbehaving,
)

PEOPLE, RUNS = 1000, 5
XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DAY = date(2023, 4, 10)
WEB = (1, 3, 4)  # of the behaviours below, those over HTTP


def measure() -> tuple[str, float, float]:
    """What is measured, the ratio, and its bound."""
    ratios, lines = [], 0
    with _mail_server() as port:
        for _ in range(RUNS):
            ours, kept = _ours(port)
            lines = len(kept[0].keys)
            ratios.append(ours / _reference(port, kept))
    sys.stdout.write(f"  {PEOPLE} digests of {lines} lines; ratios {sorted(ratios)}\n")
    return f"delivery of {PEOPLE} digests / plain smtplib", median(ratios), 1.5


def measure_bad_targets() -> tuple[str, float, float]:
    """How many more seconds the same delivery takes with people at ten such targets among them."""
    with ExitStack() as stack:
        port = stack.enter_context(_mail_server())
        behaviours = (hang_at_ehlo, drip_headers, drip_greeting, flood, hang)
        peers = [stack.enter_context(misbehaving(each)) for each in (*behaviours, *behaviours)]
        home = Path(stack.enter_context(TemporaryDirectory()))
        seconds = []
        for name, bad in (("plain", []), ("bad", peers)):
            desk = _owing(home / name, port, bad)
            start = perf_counter()
            done = deliver(desk, _at)
            seconds.append(perf_counter() - start)
            assert done.digests >= PEOPLE, done
            desk.engine.dispose()
        asked = [peer.connections for peer in peers]
    sys.stdout.write(f"  seconds without and with: {seconds}; connections to each: {asked}\n")
    return "seconds more with ten bad targets", seconds[1] - seconds[0], 60


def _ours(port: int) -> tuple[float, list[Message]]:
    """Seconds for a delivery by mail, and the same messages for the reference."""
    with TemporaryDirectory() as home:
        desk = _owing(Path(home) / "a", port)
        start = perf_counter()
        done = deliver(desk, _at)
        seconds = perf_counter() - start
        assert (done.digests, done.errors) == (PEOPLE, ())
        desk.engine.dispose()
        tape, other = RecordingChannel(), _owing(Path(home) / "b", port)
        deliver(other, _at, lambda _: tape)
        other.engine.dispose()
    return seconds, tape.sent


def _reference(port: int, messages: list[Message]) -> float:
    start = perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number, message in enumerate(messages):
            mail = EmailMessage()
            mail["From"], mail["To"] = "xf@example.com", f"p{number}@example.com"
            mail["Subject"] = message.title
            mail.set_content(message.text)
            mail.add_alternative(message.html, subtype="html")
            for file in message.attachments:
                mail.add_attachment(
                    file.content, "application", XLSX, disposition="attachment", filename=file.name
                )
            server.send_message(mail)
    return perf_counter() - start


def _owing(home: Path, port: int, bad: Sequence[Peer] = ()) -> Desk:
    """A desk that owes a thousand people at one office the same things; five more at each peer."""
    desk = initialise(Settings(home=home), None, AT)
    office = "太原市民政局"
    posts = [Post(office, f"示例·{n}", channels=(_address(port, n),)) for n in range(PEOPLE)]
    for number, peer in enumerate(bad):
        at = f"json://{peer.host}/push" if number % 5 in WEB else _address(peer.port, 0)
        posts += [Post(office, f"示例·{number}{n}号", channels=(at,)) for n in range(5)]
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, posts)
    with desk.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deadline SET next_look_on = NULL, standing = 'void' WHERE subject != '太原市'"
        )
    enforce(desk, DAY, _at())
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM outbox WHERE recipient != '太原市民政局'")
    return desk


def _address(port: int, number: int) -> str:
    who = f"from=xf@example.com&to=p{number}@example.com"
    return f"mailto://127.0.0.1:{port}?{who}&mode=insecure"


def _at() -> datetime:
    return datetime.combine(DAY, time(8, 30), SHANGHAI)


@contextmanager
def _mail_server() -> Iterator[int]:
    """A real server in a process of its own, which throws mails away."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    server = subprocess.Popen([*command, "-c", "aiosmtpd.handlers.Sink"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()

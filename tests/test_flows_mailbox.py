"""The mailbox over IMAP, against a real server: nothing is read twice, nothing is lost."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from common.errors import UnavailableError, UsageError
from notifications import mailbox
from notifications.mailbox import MailboxStatus, mailbox_address, open_mailbox
from operations.cases.desk import Desk
from tests.support.authority_of_ones_own import ENDED, own_authority
from tests.support.forking import Forks
from tests.support.handing_in import environment
from tests.support.imap_server import PASSWORD, ImapServer, imap_server
from tests.support.replying import (
    REMINDED,
    Reminder,
    acknowledged,
    go,
    mails,
    receipts,
    reminder,
    reply,
    rows,
)
from tests.support.stores import Stores

pytestmark = pytest.mark.heavy
EXPECTED = "1 预计 2023-03-15 完成，原因：社区选址公示未满"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImapServer]:
    with imap_server(tmp_path_factory.mktemp("imap")) as running:
        yield running


@pytest.fixture
def listening(stores: Stores, tmp_path: Path, server: ImapServer) -> Iterator[Desk]:
    """A desk whose reminders are answered into an empty mailbox."""
    server.empty()
    with stores.desk(None, REMINDED, tmp_path / "home") as opened:
        yield at_mailbox(opened, server.url)


@pytest.fixture
def sent(listening: Desk) -> Reminder:
    return reminder(listening)


def at_mailbox(desk: Desk, url: str) -> Desk:
    settings = desk.settings.model_copy(update={"mailbox": SecretStr(url)})
    return Desk(settings, desk.plan, desk.calendar, desk.engine)


def test_a_mail_is_taken_in_once_and_moved(
    listening: Desk, sent: Reminder, server: ImapServer
) -> None:
    server.put(reply(sent.id, EXPECTED), b"Subject: x\r\n\r\nhello")
    done = go(listening)
    assert (len(done.registered), len(done.held), done.failed) == (1, 1, ())
    assert server.folders() == {"已登记": 1, "待核实": 1}
    assert len(acknowledged(listening)) == len(receipts(listening)) == 1
    again = go(listening)
    assert (again.registered, again.held, again.failed) == ((), (), ())


def test_a_mailbox_that_was_rebuilt_is_read_and_nothing_is_done_twice(
    listening: Desk, sent: Reminder, server: ImapServer
) -> None:
    """Its numbers begin anew: what was read comes back under others, beside something new."""
    first = [reply(sent.id, f"第{n}封", Message_ID="<same@x>") for n in range(3)]
    server.put(*first)
    go(listening)
    server.empty()
    server.put(*first, reply(sent.id, EXPECTED))
    go(listening)
    assert len(mails(listening)) == 4
    assert len(acknowledged(listening)) == 1


def test_what_is_too_large_is_listed_by_its_head_and_never_fetched(
    listening: Desk, sent: Reminder, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.mails.sources.MOST_BYTES", 2000)
    server.put(reply(sent.id, "x" * 3000), reply(sent.id, EXPECTED))
    done = go(listening)
    assert (len(done.unreadable), len(done.registered)) == (1, 1)
    assert "请拆分附件" in done.unreadable[0]


POINTS = {
    "after the fetch": "receiving.matched = die",
    "within the transaction": "receiving._judge = die",
    "after the row": 'after(receiving, "_owe_receipt")',
    "after the commit": "mailbox.Mailbox.move = die",
    "after the move": 'after(mailbox.Mailbox, "move")',
}
SCRIPT = """
import os, signal
from notifications import mailbox
from operations.mails import receiving
from operations.cases.desk import open_desk
from models.settings import Settings
from tests.support.replying import go
def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)
def after(owner, name):
    done = getattr(owner, name)
    setattr(owner, name, lambda *a, **k: (done(*a, **k), die()))
"""


@pytest.mark.parametrize("point", POINTS)
def test_a_reader_killed_at_any_step_loses_nothing_and_does_nothing_twice(
    listening: Desk, sent: Reminder, server: ImapServer, forked: Forks, point: str
) -> None:
    server.put(*(reply(sent.id, body) for body in (EXPECTED, "另一封")))
    script = f"{SCRIPT}\n{POINTS[point]}\ngo(open_desk(Settings()))"
    given = {**environment(listening), "XINGFU_MAILBOX": server.url}
    ended = forked.run(script, environment=given)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    done = go(listening)
    assert done.failed == ()
    assert (len(mails(listening)), len(receipts(listening))) == (2, 2)
    assert len(acknowledged(listening)) == 1
    assert "INBOX" not in server.folders()


def test_two_readers_at_once_take_each_mail_in_once(
    listening: Desk, sent: Reminder, server: ImapServer
) -> None:
    server.put(*(reply(sent.id, EXPECTED if n == 0 else f"第{n}封") for n in range(12)))
    readers = [Thread(target=go, args=(listening,)) for _ in range(2)]
    for each in readers:
        each.start()
    for each in readers:
        each.join(60)
    assert go(listening).failed == ()
    assert (len(mails(listening)), len(receipts(listening))) == (12, 12)
    assert len(acknowledged(listening)) == 1
    assert "INBOX" not in server.folders()


def test_a_server_that_cannot_move_keeps_them_and_nothing_is_done_twice(
    stores: Stores, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("plain")
    with (
        imap_server(home, "IMAP4rev1 LITERAL+ UIDPLUS") as plain,
        stores.desk(None, REMINDED, tmp_path / "home") as opened,
    ):
        desk = at_mailbox(opened, plain.url)
        plain.put(reply(reminder(desk).id, EXPECTED))
        assert len(go(desk).registered) == 1
        assert plain.folders() == {"已登记": 1}
        go(desk)
        assert (len(mails(desk)), rows(desk, "SELECT count(*) FROM mail_item")) == (1, [(1,)])


def test_over_tls_a_server_is_believed_by_its_certificate_alone(
    stores: Stores,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Signed by an authority that is trusted, for that address, in its time; else a sentence."""
    home = tmp_path_factory.mktemp("tls")
    authority = own_authority(home)
    file = authority.signed("good", "127.0.0.1")
    with (
        imap_server(tmp_path_factory.mktemp("imap"), certificate=file) as secure,
        stores.desk(None, REMINDED, tmp_path / "home") as opened,
    ):
        desk = at_mailbox(opened, secure.secure_url)
        secure.put(reply(reminder(desk).id, EXPECTED))
        [told] = go(desk).failed
        assert told.startswith("邮箱服务器的证书的签发机构不受信任，未读取邮箱；请核对")
        assert PASSWORD not in told
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        done = go(desk)
        assert (len(done.registered), done.failed) == (1, ())
        assert secure.folders() == {"已登记": 1}
        for wrong, says in (
            (authority.signed("elsewhere", "127.0.0.2"), "与地址不符"),
            (authority.signed("old", "127.0.0.1", ENDED), "已过期"),
        ):
            file.write_bytes(wrong.read_bytes())
            secure.reload()
            [told] = go(desk).failed
            assert says in told


def talking(answers: list[tuple[bytes, bytes]], greeting: bytes = b"* OK hello\r\n") -> int:
    """A server that answers one session by what each command contains; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, suppress(OSError):
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                stream.write(greeting)
                stream.flush()
                for line in stream:
                    tag, said = line.split(b" ", 1)
                    found = next(
                        (reply for key, reply in answers if key in said.upper()), b"OK done"
                    )
                    if found == b"silence":
                        time.sleep(3)
                        return
                    more, _, last = found.rpartition(b"\r\n")
                    stream.write((more + b"\r\n" if more else b"") + tag + b" " + last + b"\r\n")
                    stream.flush()

    Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def opened(port: int) -> MailboxStatus:
    """What a mailbox there says of itself."""
    with open_mailbox(mailbox_address(f"imap://u:p@127.0.0.1:{port}/INBOX")) as found:
        return found.status()


UNSAFE = (b"SELECT", b"NO SELECT Unsafe Login. Please contact kefu@188.com for help")
ABLE = (b"CAPABILITY", b"* CAPABILITY IMAP4rev1 ID\r\nOK done")
SELECTED = (b"SELECT", b"* 0 EXISTS\r\nOK [READ-WRITE] done")
STATUS = (b"STATUS", b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1)\r\nOK done")


def test_a_server_that_wants_to_know_who_asks_is_told() -> None:
    """163, 126 and yeah.net refuse to be read before."""
    told = (b'ID ("NAME" "XINGFU"', b"* ID NIL\r\nOK done")
    found = opened(talking([ABLE, told, SELECTED, STATUS, (b"ID", b"NO who are you")]))
    assert found == MailboxStatus(1, 1, 0)


def test_what_a_server_refuses_is_said_with_what_to_do() -> None:
    with pytest.raises(UnavailableError, match="授权码"):
        opened(talking([ABLE, (b"LOGIN", b"NO [AUTHENTICATIONFAILED] no")]))
    with pytest.raises(UnavailableError, match="开通 IMAP"):
        opened(talking([ABLE, UNSAFE]))


def test_every_wait_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "STEP_SECONDS", 0.3)
    monkeypatch.setattr(mailbox, "CONNECT_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="没有响应"):
        opened(talking([ABLE, (b"STATUS", b"silence"), SELECTED]))
    with pytest.raises(UnavailableError, match="没有响应"):
        opened(talking([], greeting=b""))
    assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    "url",
    [
        "imap://u:p@mail.example/INBOX",
        "imaps://mail.example/INBOX",
        "imaps://u@mail.example",
        "pop3://u:p@mail.example",
        "imaps://u:p@mail.example:x/",
        "imaps://u:p@mail.example/INBOX?x=1",
        "",
    ],
)
def test_an_address_that_cannot_be_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        mailbox_address(url)
    assert "XINGFU_MAILBOX" in str(refused.value)
    assert "mail.example" not in str(refused.value)


def test_an_address_says_where_and_whose() -> None:
    found = mailbox_address("imaps://duban%40x.cn:p%2Fw@imap.x.cn/%E6%94%B6%E4%BB%B6")
    assert (found.host, found.port, found.secure) == ("imap.x.cn", 993, True)
    assert (found.user, found.password, found.folder) == ("duban@x.cn", "p/w", "收件")
    assert "p/w" not in repr(found)
    assert PASSWORD not in repr(mailbox_address(f"imap://u:{PASSWORD}@localhost"))

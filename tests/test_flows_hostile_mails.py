"""Mails that are sent to break something: they change nothing, and stop no other."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.cases.desk import Desk
from operations.mails.reading import TOO_MUCH, MailLimits, mail_reader
from tests.support.mail_samples import SAID, file, mail, samples, several, tnef, winmail
from tests.support.replying import REMINDED, go, mails, put, receipts, reminder, reply, rows
from tests.support.stores import Stores

pytestmark = pytest.mark.heavy
MANY = 200
DEEP = b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1500)
)
DEADLY = {
    "50,000 parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\n\r\na\r\n" * 50000,
    "1,500 levels": DEEP,
    "many recipients": b"To: " + b"a," * 20000 + b"\r\n\r\nx",
    "brackets": b"To: " + b"(" * 40000 + b"\r\n\r\nx",
    "no end of words": b"Subject: " + b"=?utf-8?b?" * 4000 + b"\r\n\r\nx",
    "tags without an end": b"Content-Type: text/html\r\n\r\n" + b"<a " * 100000,
    "the word wrote": mail("On a a a " * 5000 + "\n" + "wrote:\n" * 5000),
    "lines": mail("\n" * 200000),
    "labels": mail("From: x\n" * 20000),
    "cut short": winmail(tnef(SAID, cut=20)),
    "lengths that lie": winmail(tnef(SAID)[:20] + b"\xff" * 40),
    "nothing": b"",
    "zeros": b"\0" * 100000,
}
SPENT = ("tags without an end",)


@pytest.fixture
def reminded(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, REMINDED, tmp_path / "home") as opened:
        yield opened


def test_a_mail_that_takes_too_much_ends_one_process_and_nothing_else() -> None:
    with mail_reader("", MailLimits(seconds=2)) as reader:
        found = {name: reader.read(raw) for name, raw in DEADLY.items()}
        after = reader.read(mail(SAID))
    assert after.mail is not None
    assert [name for name, read in found.items() if read.fault == TOO_MUCH] == list(SPENT)
    assert found["1,500 levels"].fault
    assert found["50,000 parts"].fault


def test_memory_has_a_limit() -> None:
    big = several("mixed", *(file(b"filename=a", b"x" * 2_000_000) for _ in range(8)))
    with mail_reader("", MailLimits(megabytes=150)) as reader:
        assert reader.read(big).fault
        assert reader.read(mail(SAID)).mail is not None


def spoilt(lot: random.Random, raw: bytes) -> bytes:
    """A mail with bytes changed, left out, doubled or cut off."""
    data = bytearray(raw)
    for _ in range(lot.randint(1, 12)):
        at = lot.randrange(len(data))
        match lot.randrange(4):
            case 0:
                data[at] = lot.randrange(256)
            case 1:
                del data[at : at + lot.randrange(60)]
            case 2:
                data[at:at] = data[at : at + 60]
            case _:
                data[at:at] = bytes(lot.randrange(256) for _ in range(8))
        data = data or bytearray(b"x")
    return bytes(data)


def test_two_hundred_hostile_mails_change_nothing(reminded: Desk) -> None:
    """Spoilt, forged and of strangers: kept, and nothing of the trade is written or sent.

    Who has to look at them is told once a day that mails wait.
    """
    lot = random.Random(20230601)  # noqa: S311  # no secret depends on it
    sent = reminder(reminded)
    forged = reply(sent.id, "1 预计 2023-03-15 完成，原因：x", From="x <evil@attacker.example>")
    good = [sample.raw for sample in samples()]
    before = state(reminded)
    for number in range(MANY):
        raw = forged if number % 5 == 0 else lot.choice(good)
        put(reminded, spoilt(lot, raw), f"{number:03}.eml")
    done = go(reminded)
    assert done.failed == ()
    assert sum(done.counts.values()) == MANY
    assert state(reminded) == before
    told = rows(reminded, f"SELECT count(*) FROM outbox WHERE {TOLD} GROUP BY recipient")  # noqa: S608
    assert set(told) == {(1,)}
    assert receipts(reminded) == []
    assert {agreed for *_, agreed in mails(reminded)} == {0}


TOLD = "rule LIKE 'verify-%'"
"""The messages to whom mails wait for."""


def state(desk: Desk) -> list[list[tuple[object, ...]]]:
    told = {"outbox": f" WHERE NOT {TOLD}"}
    tables = ("audit", "fact", "outbox", "delivery", "deadline", "inbox", "subject")
    asked = (f"{name}{told.get(name, '')} ORDER BY 1, 2, 3" for name in tables)
    return [rows(desk, f"SELECT * FROM {which}") for which in asked]  # noqa: S608

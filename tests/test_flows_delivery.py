"""Delivery: one digest an office, nothing lost, nothing sent twice, one dead target fails alone."""

import os
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pydantic import SecretStr
from sqlalchemy import text

from flows.operations.delivery import deliver
from flows.operations.desk import Desk, open_desk
from flows.operations.enforcement import enforce
from models.contacts import Person, people, replace_contacts
from models.database import reading, writing
from models.outbox import LEASE, claim, mark_failed
from models.secrets import cipher
from notifications.channel import RecordingChannel
from policy.errors import UnavailableError, UsageError
from tests.mail_server import mail_server, parsed
from tests.province import import_example, morning

pytestmark = pytest.mark.heavy
DAY = date(2023, 2, 21)  # the day after D01 has passed: every project and city is overdue
OFFICES = 12  # the eleven city bureaus, and the province, which is due D02
SENT = "SELECT status, count(*) FROM outbox GROUP BY status"


@pytest.fixture
def owing(desk: Desk) -> Desk:
    """A desk with the example's 100 projects, none of them applied for on 2023-02-21."""
    import_example(desk)
    enforce(desk, DAY, morning(DAY))
    return desk


def statuses(desk: Desk) -> dict[str, int]:
    with desk.engine.connect() as connection:
        return dict(connection.execute(text(SENT)).tuples().all())


def test_one_digest_an_office_with_all_that_it_is_owed(owing: Desk) -> None:
    channel = RecordingChannel()
    done = deliver(owing, lambda: morning(DAY), lambda _address, _folder: channel)
    offices = [message.recipient for message in channel.sent]
    bureaus = [f"{city.name}民政局" for city in owing.plan.cities]
    assert sorted(offices) == sorted([*bureaus, "山西省民政厅"])
    assert statuses(owing) == {"sent": done.sent}
    taiyuan = next(m for m in channel.sent if m.recipient == "太原市民政局")
    assert taiyuan.text.count("XF2023-1401") == 10
    assert "已逾期1天" in taiyuan.text
    assert "六(一)" in taiyuan.text


def test_delivering_again_sends_nothing(owing: Desk) -> None:
    channel = RecordingChannel()
    deliver(owing, lambda: morning(DAY), lambda _address, _folder: channel)
    again = deliver(owing, lambda: morning(DAY), lambda _address, _folder: channel)
    assert (again.digests, len(channel.sent)) == (0, OFFICES)


def test_the_folder_channel_leaves_mails_that_open(owing: Desk) -> None:
    deliver(owing, lambda: morning(DAY))
    files = sorted(owing.settings.outgoing.rglob("*.eml"))
    assert len(files) == OFFICES
    path = next(file for file in files if file.name.startswith("太原市民政局-"))
    mail = parsed(path.read_bytes())
    (attached,) = list(mail.iter_attachments())
    assert attached.get_filename() == "太原市民政局 2023-02-21 待办事项.xlsx"
    rows = list(load_workbook(BytesIO(attached.get_content())).worksheets[0].values)
    assert sum("太原市" in str(row) for row in rows) >= 10


def test_a_dead_target_fails_alone_and_is_tried_again(owing: Desk) -> None:
    dead, alive = RecordingChannel("信道已断"), RecordingChannel()
    _contact(owing, "太原市民政局", "mailto://u:geheim@127.0.0.1:1")

    def open_channel(address: str | None, _folder: Path) -> RecordingChannel:
        return dead if address else alive

    done = deliver(owing, lambda: morning(DAY), open_channel)
    assert (done.digests, done.errors) == (OFFICES - 1, ("太原市民政局：信道已断",))
    assert statuses(owing)["failed"] == done.failed > 0
    dead.failing = ""
    again = deliver(owing, lambda: morning(DAY) + timedelta(hours=1), open_channel)
    assert (again.digests, again.sent) == (1, done.failed)
    assert set(statuses(owing)) == {"sent"}


def test_what_fails_stays_owed_and_rests_for_longer_each_time(owing: Desk) -> None:
    channel = RecordingChannel("信道已断")
    instant = morning(DAY)
    for attempt in range(1, 31):
        assert deliver(owing, partial(_same, instant), lambda _a, _f: channel).failed > 0
        rest = min(timedelta(minutes=attempt**2), timedelta(hours=6))
        too_soon = instant + rest
        assert deliver(owing, partial(_same, too_soon), lambda _a, _f: channel).failed == 0
        instant = too_soon + timedelta(seconds=1)
    channel.failing = ""
    assert deliver(owing, partial(_same, instant), lambda _a, _f: channel).digests == OFFICES


def test_who_insists_does_not_wait(owing: Desk) -> None:
    channel = RecordingChannel("信道已断")
    deliver(owing, lambda: morning(DAY), lambda _a, _f: channel)
    channel.failing = ""
    assert deliver(owing, lambda: morning(DAY), lambda _a, _f: channel).digests == 0
    assert deliver(owing, lambda: morning(DAY), lambda _a, _f: channel, insist=True).digests == 12


def test_a_wrong_key_spends_no_attempt(owing: Desk) -> None:
    settings = owing.settings.model_copy(update={"secret_key": SecretStr("short")})
    desk = Desk(settings, owing.plan, owing.calendar, owing.engine)
    with pytest.raises(UsageError, match="XINGFU_SECRET_KEY"):
        deliver(desk, lambda: morning(DAY))
    with owing.engine.connect() as connection:
        assert connection.execute(text("SELECT max(attempts) FROM outbox")).scalar_one() == 0


def test_a_slow_run_claims_anew_for_each_office_and_is_not_overtaken(owing: Desk) -> None:
    """Two minutes an office: the run outlasts a lease, and nobody's digest goes out twice."""
    minutes = iter(range(0, 1000, 2))

    def clock() -> datetime:
        return morning(DAY) + timedelta(minutes=next(minutes))

    class Slow(RecordingChannel):
        def send(self, message: Any) -> None:
            super().send(message)
            others.append(deliver(second, lambda: message.sent_at + LEASE / 2, open_channel))

    others: list[Any] = []
    second = open_desk(owing.settings)
    channel, rival = Slow(), RecordingChannel()

    def open_channel(_address: str | None, _folder: Path) -> RecordingChannel:
        return rival

    deliver(owing, clock, lambda _a, _f: channel)
    second.engine.dispose()
    names = [message.recipient for message in (*channel.sent, *rival.sent)]
    assert len(names) == len(set(names)) == OFFICES


def test_who_was_overtaken_does_not_undo_what_was_sent(owing: Desk) -> None:
    with writing(owing.engine) as session:
        mine = claim(session, owing.plan, "太原市民政局", morning(DAY))
        session.expunge_all()
    channel = RecordingChannel()
    deliver(owing, lambda: morning(DAY) + LEASE * 2, lambda _a, _f: channel)
    with writing(owing.engine) as session:
        mark_failed(session, mine, "x", morning(DAY), "太慢")
    assert set(statuses(owing)) == {"sent"}


def test_an_unexpected_error_fails_one_office_only(owing: Desk) -> None:
    class Broken(RecordingChannel):
        def send(self, message: Any) -> None:
            if message.recipient == "太原市民政局":
                raise ZeroDivisionError("示例故障")
            super().send(message)

    channel = Broken()
    done = deliver(owing, lambda: morning(DAY), lambda _address, _folder: channel)
    assert done.errors == ("太原市民政局：ZeroDivisionError：示例故障",)
    assert len(channel.sent) == OFFICES - 1


def test_what_is_no_longer_true_is_not_sent(owing: Desk) -> None:
    closed = "UPDATE deadline SET standing = 'void', next_look_on = NULL WHERE subject = '太原市'"
    with owing.engine.begin() as connection:  # behind the outbox's back
        connection.execute(text(closed))
    channel = RecordingChannel()
    deliver(owing, lambda: morning(DAY), lambda _address, _folder: channel)
    with owing.engine.connect() as connection:
        query = text("SELECT DISTINCT status FROM outbox WHERE subject = '太原市'")
        assert list(connection.execute(query).scalars()) == ["cancelled"]


def test_a_claim_keeps_others_away_until_its_lease_lapses(owing: Desk) -> None:
    with writing(owing.engine) as session:
        taken = claim(session, owing.plan, "太原市民政局", morning(DAY))
        assert len(taken) == 11
    with writing(owing.engine) as session:
        soon = morning(DAY) + LEASE / 2
        assert claim(session, owing.plan, "太原市民政局", soon) == ()
    with writing(owing.engine) as session:
        later = morning(DAY) + LEASE * 2
        assert len(claim(session, owing.plan, "太原市民政局", later)) == 11


KILLED = """
import os, signal
from datetime import datetime
from flows.operations.delivery import deliver
from flows.operations.desk import open_desk
from models.settings import load_settings
from notifications.channel import FolderChannel

class DiesAfterSending(FolderChannel):
    def send(self, message):
        super().send(message)
        os.kill(os.getpid(), signal.SIGKILL)

at = datetime.fromisoformat("2023-02-21T08:30:00+08:00")
deliver(open_desk(load_settings()), lambda: at, lambda address, folder: DiesAfterSending(folder))
"""


@pytest.mark.heavy
def test_a_delivery_killed_between_sending_and_marking_loses_nothing(owing: Desk) -> None:
    """The real process is killed; afterwards every office has its one mail."""
    url = owing.settings.sqlalchemy_url
    environment = {
        **os.environ,
        "XINGFU_HOME": str(owing.settings.home),
        **({"XINGFU_DATABASE_URL": url} if url.startswith("postgresql") else {}),
    }
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(owing.settings.outgoing.rglob("*.eml"))) == 1
    deliver(owing, lambda: morning(DAY))
    deliver(owing, lambda: morning(DAY) + LEASE * 2)
    names = [file.name.partition("-")[0] for file in owing.settings.outgoing.rglob("*.eml")]
    assert (
        len(names) == len(set(names)) == OFFICES
    )  # the repeat has the same id, hence the same file
    assert set(statuses(owing)) == {"sent"}


# Apprise imports a module that later Pythons drop.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_contact_with_an_address_gets_real_mail(owing: Desk) -> None:
    with mail_server() as inbox:
        url = f"mailto://127.0.0.1:{inbox.port}?from=xf@example.com&to=zhang@example.com"
        _contact(owing, "太原市民政局", f"{url}&mode=insecure")
        deliver(owing, lambda: morning(DAY))
        mail = inbox.read()
    assert "zhang@example.com" in str(mail["To"])
    body = mail.get_body(("plain",))
    assert body is not None
    assert "已逾期1天" in body.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == [
        "太原市民政局 2023-02-21 待办事项.xlsx"
    ]
    assert len(list(owing.settings.outgoing.rglob("*.eml"))) == 11


def test_addresses_are_encrypted_at_rest(owing: Desk) -> None:
    _contact(owing, "太原市民政局", "mailtos://u:geheim@smtp.example.com")
    with owing.engine.connect() as connection:
        stored = connection.execute(text("SELECT address FROM contact WHERE address IS NOT NULL"))
        assert "geheim" not in str(stored.scalar_one())
    key = owing.settings.home / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"A" * 43 + b"=")
    with reading(owing.engine) as session, pytest.raises(UnavailableError, match="无法解密"):
        people(session, owing.plan, cipher(owing.settings), "太原市民政局")


def _same(instant: datetime) -> datetime:
    return instant


def _contact(desk: Desk, office: str, address: str) -> None:
    person = Person(office, "示例·张某", "科员", "", address)
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, cipher(desk.settings), [person])

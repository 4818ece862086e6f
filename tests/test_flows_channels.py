"""Delivery through channels: chats part by part and at their pace, mails, folder, text list."""

import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from common.errors import RefusedError, UnavailableError
from models.claims import LEASE
from models.contacts import posts
from models.database import reading
from models.tables import Outbox
from notifications.sending import DeliveryError, Part
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.digests import severest
from operations.daily.enforcement import enforce
from operations.views.outbox import message_views
from policy.vocabulary import ChannelKind, DecisionKind, DeliveryStatus, RungKind
from states.contacts import Post
from tests.conftest import DeskIn
from tests.support.delivering import (
    CANARY,
    DATONG,
    DAY,
    DOWN,
    MAILS,
    OFFICES,
    OWING,
    PROVINCE,
    TAIYUAN,
    at,
    know,
    rows,
    send,
    statuses,
)
from tests.support.mail_server import mail_server, parsed
from tests.support.province import morning
from tests.support.tape import Tape
from tests.support.vendor_servers import WECOM_KEY, platform, said

pytestmark = pytest.mark.heavy


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """A desk where no project has been applied for, and nobody is known at any office."""
    return desk_in(OWING)


# --- chats ----------------------------------------------------------------------------------------


def test_parts_that_were_accepted_are_not_sent_again(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("wecombot://x",)))
    chat = Tape(DOWN, ChannelKind.WECOM, size=4, accept=2)
    alive = Tape()
    send(owing, lambda address: chat if address else alive)
    assert [len(part.keys) for part in chat.parts_sent] == [4, 4]
    chat.failing = None
    send(owing, lambda address: chat if address else alive, at(9, 30))
    told = [key for part in chat.parts_sent for key in part.keys]
    assert len(told) == len(set(told)) == 10
    assert {view.ambiguous for view in message_views(owing)} == {False}
    assert set(statuses(owing)) == {"sent"}


def test_a_process_that_dies_between_two_parts_repeats_only_the_one_in_doubt(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("wecombot://x",)))
    chat, alive = Tape(kind=ChannelKind.WECOM, size=3), Tape()

    def dies_at_the_third(part: Part) -> None:
        if part.number == 3:
            raise KeyboardInterrupt

    chat.before = dies_at_the_third
    with pytest.raises(KeyboardInterrupt):
        send(owing, lambda address: chat if address else alive)
    chat.before = lambda _: None
    send(owing, lambda address: chat if address else alive, at(9))
    told = [key for part in chat.parts_sent for key in part.keys]
    assert len(told) == len(set(told)) == 10, "what was accepted is not sent again"
    doubtful = {(view.subject, view.rule) for view in message_views(owing) if view.ambiguous}
    first_two = {key for part in chat.parts_sent[:2] for key in part.keys}
    assert not doubtful & first_two
    assert set(statuses(owing)) == {"sent"}


def test_a_robot_is_written_to_with_its_spacing_whoever_it_is_for(owing: Desk) -> None:
    chat = ("wecombot://one",)
    know(owing, Post(TAIYUAN, "甲", channels=chat), Post(DATONG, "乙", channels=chat))
    robot = Tape(kind=ChannelKind.WECOM, pace="f1", spacing=timedelta(seconds=3), size=6)
    pauses: list[float] = []
    send(owing, lambda address: robot if address else Tape(), pauses=pauses)
    assert len(robot.parts_sent) == 4
    assert pauses == [0, 3, 6, 9]  # the clock of this test stands still


def test_a_robot_that_refuses_for_its_rate_is_left_alone(owing: Desk) -> None:
    chat = ("dingtalk://one",)
    know(owing, Post(TAIYUAN, "甲", channels=chat), Post(DATONG, "乙", channels=chat))
    busy = DeliveryError("发送过于频繁", code="130101", wait=timedelta(minutes=10))
    robot = Tape(busy, ChannelKind.DINGTALK, pace="f2", spacing=timedelta(seconds=3))
    tried: list[Part] = []
    robot.before = tried.append
    send(owing, lambda address: robot if address else Tape())
    assert len(tried) == 1, "the second person's digest is not even tried"
    robot.failing = None
    assert send(owing, lambda address: robot if address else Tape(), at(8, 39)).digests == 0
    send(owing, lambda address: robot if address else Tape(), at(8, 41))
    assert len(robot.sent) == 2
    views = [view for view in message_views(owing) if view.channel == "dingtalk"]
    assert {view.recipient: view.attempts for view in views} == {DATONG: 2, TAIYUAN: 1}


def test_a_digest_that_outlasts_its_lease_goes_on_with_the_next_delivery(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("wecombot://x",)))
    now = [at()]

    def slow(_part: Part) -> None:
        now[0] += timedelta(minutes=3)

    chat, alive = Tape(kind=ChannelKind.WECOM, size=2, before=slow), Tape()
    for _ in range(3):
        deliver(owing, lambda: now[0], lambda address: chat if address else alive)
    told = [key for part in chat.parts_sent for key in part.keys]
    assert len(told) == len(set(told)) == 10
    assert set(statuses(owing)) == {"sent"}
    assert {view.ambiguous for view in message_views(owing)} == {False}


def test_at_closing_time_the_rest_waits(sqlite_desk: Desk) -> None:
    everybody = [
        Post(f"{city.name}民政局", f"甲{number}")
        for city in sqlite_desk.plan.cities
        for number in range(6)
    ]
    know(sqlite_desk, *everybody)
    enforce(sqlite_desk, DAY, morning(DAY))
    now = [at(17, 25)]

    def slow(_part: Part) -> None:
        now[0] += timedelta(minutes=1)

    tape = Tape(before=slow)
    deliver(sqlite_desk, lambda: now[0], lambda _: tape)
    assert 0 < len(tape.sent) < len(everybody)
    assert now[0] == at(17, 30), "nothing is begun once offices are closed"
    for hour in range(9, 17):
        now[0] = at(hour, 0, date(2023, 2, 22))
        deliver(sqlite_desk, lambda: now[0], lambda _: tape)
    assert set(statuses(sqlite_desk)) == {"sent"}
    assert {view.ambiguous for view in message_views(sqlite_desk)} == {False}


def test_when_nothing_can_be_read_nothing_is_in_doubt(
    owing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise UnavailableError("数据库不可用")

    with monkeypatch.context() as patched:
        patched.setattr("operations.daily.delivery.gather", broken)
        with pytest.raises(UnavailableError):
            send(owing, Tape())
    assert send(owing, Tape()).digests == OFFICES
    assert {(view.attempts, view.ambiguous) for view in message_views(owing)} == {(1, False)}


# --- the real thing -------------------------------------------------------------------------------


def test_the_folder_channel_leaves_mails_that_open(owing: Desk) -> None:
    deliver(owing, at)
    files = sorted(owing.settings.outgoing.rglob("*.eml"))
    assert len(files) == OFFICES
    path = next(file for file in files if file.name.startswith(f"{TAIYUAN}-"))
    mail = parsed(path.read_bytes())
    form, attached = list(mail.iter_attachments())
    assert form.get_filename() == f"办理回执（{TAIYUAN} 2023-02-21）.xlsx"
    assert attached.get_filename() == f"{TAIYUAN} 2023-02-21 待办事项.xlsx"
    table = list(load_workbook(BytesIO(attached.get_content())).worksheets[0].values)
    assert sum("太原市" in str(row) for row in table) >= 10


KILLED = """
import os, signal
from datetime import datetime
from operations.daily.delivery import deliver
from operations.cases.desk import open_desk
from models.settings import load_settings
from notifications.channel import FolderChannel

class DiesAfterSending(FolderChannel):
    def send(self, part):
        super().send(part)
        os.kill(os.getpid(), signal.SIGKILL)

at = datetime.fromisoformat("2023-02-21T08:30:00+08:00")
desk = open_desk(load_settings())
deliver(desk, lambda: at, lambda address: DiesAfterSending(desk.settings.outgoing))
"""


def test_a_folder_delivery_killed_after_sending_replaces_its_own_file(owing: Desk) -> None:
    url = owing.settings.sqlalchemy_url
    environment = {
        **os.environ,
        "XINGFU_HOME": str(owing.settings.home),
        **({"XINGFU_DATABASE_URL": url} if url.startswith("postgresql") else {}),
    }
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(owing.settings.outgoing.rglob("*.eml"))) == 1
    deliver(owing, at)
    deliver(owing, lambda: at() + LEASE * 2)
    names = [file.name.partition("-")[0] for file in owing.settings.outgoing.rglob("*.eml")]
    assert len(names) == len(set(names)) == OFFICES  # a repeat has the same id, hence the same file
    assert set(statuses(owing)) == {"sent"}


@MAILS
def test_a_contact_with_an_address_gets_real_mail(owing: Desk) -> None:
    with mail_server() as inbox:
        url = f"mailto://127.0.0.1:{inbox.port}?from=xf@example.com&to=zhang@example.com"
        know(owing, Post(TAIYUAN, "示例·张某", channels=(f"{url}&mode=insecure",)))
        deliver(owing, at)
        mail = inbox.read()
    assert "zhang@example.com" in str(mail["To"])
    body = mail.get_body(("plain",))
    assert body is not None
    assert "已逾期1天" in body.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == [
        f"办理回执（{TAIYUAN} 2023-02-21）.xlsx",
        f"{TAIYUAN} 2023-02-21 待办事项.xlsx",
    ]
    assert len(list(owing.settings.outgoing.rglob("*.eml"))) == OFFICES - 1


def test_addresses_are_encrypted_at_rest(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "张某", channels=("mailtos://u:geheim@smtp.example.com",)))
    ((stored,),) = rows(owing, "SELECT channels FROM contact WHERE channels IS NOT NULL")
    assert "geheim" not in stored
    key = owing.settings.home / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"A" * 43 + b"=")
    with reading(owing.engine) as session, pytest.raises(RefusedError, match="不是本系统的密钥"):
        posts(session, owing.plan)


@MAILS
def test_a_robot_that_refuses_with_http_200_is_no_success(owing: Desk) -> None:
    """The whole way: contacts, Apprise, a server that answers as 企业微信 does, the outbox."""
    with platform() as wecom:
        know(owing, Post(TAIYUAN, "甲", channels=(f"wecombot://{WECOM_KEY}?api={wecom.base}",)))
        wecom.next = [said(errcode=45009, errmsg="api freq out of limit")]
        done = deliver(owing, at, pause=lambda _: None)
        assert "45009" in done.errors[0]
        (told,) = {v.error for v in message_views(owing, DeliveryStatus.PENDING)}
        assert told is not None
        assert "45009" in told
        deliver(owing, lambda: at(9), pause=lambda _: None)
    assert set(statuses(owing)) == {"sent"}
    assert len(wecom.seen) > 2, "a refusal, then more than one part"
    assert all(len(text.encode()) <= 2048 for text in wecom.texts)
    told_of = "\n".join(wecom.texts)
    assert all(f"XF2023-1401{n}" in told_of for n in ("05-01", "81-01"))


@MAILS
def test_no_secret_leaves_the_address(owing: Desk, caplog: pytest.LogCaptureFixture) -> None:
    addresses = (
        f"mailto://{CANARY}:{CANARY}@127.0.0.1:1?from=a@b.cn&to=c@d.cn&mode=insecure",
        f"wecombot://{CANARY}?api=http://127.0.0.1:2",
        f"dingtalk://{CANARY}@{CANARY}?api=http://127.0.0.1:3",
        f"feishu://{CANARY}?api=http://127.0.0.1:4",
        f"json://{CANARY}:{CANARY}@127.0.0.1:5/{CANARY}",
        f"wecombot://{CANARY}?unknown={CANARY}",
    )
    know(owing, *(Post(TAIYUAN, f"甲{n}", channels=(a,)) for n, a in enumerate(addresses)))
    caplog.set_level(0)
    done = deliver(owing, at, pause=lambda _: None)
    assert len(done.errors) == len(addresses)
    shown = [*done.errors, caplog.text, *(str(view) for view in message_views(owing))]
    with reading(owing.engine) as session:
        shown += [repr(post) for post in posts(session, owing.plan)]
    assert CANARY not in "\n".join(shown)
    files = [file for file in owing.settings.home.rglob("*") if file.is_file()]
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]


def test_texts_for_other_platforms_are_a_workbook_of_the_day(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("list://13912345678",)))
    deliver(owing, at)
    path = owing.settings.outgoing / "2023-02-21" / "文本清单.xlsx"
    table = [tuple(row) for row in load_workbook(path).worksheets[0].values]
    (line,) = [row for row in table if row[2] == "13912345678"]
    assert line[:2] == (TAIYUAN, "甲")
    assert "已逾期1天" in str(line[3])
    kept = {file.name for file in (owing.settings.outgoing / "2023-02-21" / "附件").rglob("*")}
    assert f"{TAIYUAN} 2023-02-21 待办事项.xlsx" in kept
    assert set(statuses(owing)) == {"sent"}


def test_of_several_rungs_the_severest_is_told() -> None:
    """A later 催办 does not hide a 督办函 that has not gone out yet."""

    def rung(id: int, kind: RungKind, day: int) -> Outbox:
        return Outbox(
            id=id,
            plan="p",
            subject="s",
            rule="D08",
            visit=1,
            due=date(2023, 5, 31),
            rung=f"T+{id}",
            recipient=PROVINCE,
            decision=DecisionKind.REMIND,
            rung_kind=kind,
            as_of=date(2023, 6, day),
            decided_at=at(),
        )

    letter, urge = rung(10, RungKind.DRAFT_LETTER, 14), rung(15, RungKind.URGE, 21)
    later = rung(20, RungKind.URGE, 29)
    assert severest([letter, urge]) == severest([urge, letter]) == {("s", "D08"): letter}
    assert severest([later, urge]) == {("s", "D08"): later}

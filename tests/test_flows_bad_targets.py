"""Delivery among bad targets: others are served, each is asked once, admins hear of it at once."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from cryptography.fernet import Fernet

from models.claims import Claim
from models.database import writing
from models.tables import Contact
from models.unreachable import Refusal, forget_unreachable, put_unreachable
from notifications.channel import Channels
from notifications.sending import DeliveryError
from operations.cases.desk import Desk
from operations.daily import delivery, digests
from operations.daily.delivery import DeliveryResult, deliver
from operations.upkeep.watching import look, tell_of_reach
from operations.views.outbox import message_views
from operations.workbooks.directory import ContactChange, set_contact
from policy.vocabulary import ChannelKind, DeliveryStatus
from states.contacts import Post
from tests.conftest import DeskIn
from tests.support.delivering import (
    DATONG,
    OFFICES,
    OWING,
    PROVINCE,
    TAIYUAN,
    at,
    fates,
    know,
    rows,
    send,
    statuses,
)
from tests.support.mail_server import Inbox, mail_server
from tests.support.peers import Peer, drip_headers, flood, hang_at_ehlo, misbehaving
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy
GONE = DeliveryError("收件地址被邮件服务器拒收（550）", code="550", final=True)


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """A desk where no project has been applied for, and nobody is known at any office."""
    return desk_in(OWING)


def mail(host: str, to: str, more: str = "") -> str:
    return f"mailto://{host}?from=xf@example.gov.cn&to={to}&mode=insecure{more}"


# --- a whole run among bad ones -------------------------------------------------------------------


@dataclass
class Town:
    """An office of many people, of whom some are reached at targets that misbehave."""

    desk: Desk
    inbox: Inbox
    hanging: Peer
    dripping: Peer
    flooding: Peer
    good: int = 12
    bad: int = 4
    """At each of the three targets, before and after the good ones by name."""

    def run(self, when: datetime) -> DeliveryResult:
        with Channels(self.desk.settings.outgoing, post_timeout=0.3, mail_timeout=0.5) as opened:
            return deliver(self.desk, lambda: when, opened.open, pause=lambda _: None)


@pytest.fixture
def town(owing: Desk) -> Iterator[Town]:
    with ExitStack() as stack:
        inbox = stack.enter_context(mail_server())
        hanging, dripping, flooding = (
            stack.enter_context(misbehaving(behave))
            for behave in (hang_at_ehlo, drip_headers, flood)
        )
        town = Town(owing, inbox, hanging, dripping, flooding)
        targets: tuple[Callable[[int], str], ...] = (
            lambda n: mail(hanging.host, f"h{n}@b.cn", "&cto=0.3"),
            lambda n: f"json://{dripping.host}/{n}",
            lambda n: f"json://{flooding.host}/{n}",
        )
        people = [
            Post(TAIYUAN, f"{'甲' if n % 2 else '癸'}{kind}{n}", channels=(target(n),))
            for kind, target in enumerate(targets)
            for n in range(town.bad)
        ]
        good = mail(f"127.0.0.1:{inbox.port}", "g@b.cn")
        people += [Post(TAIYUAN, f"乙{n:02d}", channels=(good,)) for n in range(town.good)]
        know(owing, *people, Post(TAIYUAN, "丙", channels=(good.replace("g@", "nobody@"),)))
        yield town


def test_each_bad_target_is_asked_once_a_run_and_everybody_else_is_served(town: Town) -> None:
    done = town.run(at())
    assert (town.hanging.counted(1), town.dripping.counted(1)) == (1, 1)
    assert len(town.inbox.mails) == town.good
    assert town.flooding.counted(town.bad) == town.bad, "its status tells that it takes them"
    assert town.flooding.sent < 50_000_000
    assert len(done.errors) == 3, "one for each that was asked in vain"
    assert done.put_off == 2 * (town.bad - 1)
    assert done.refused == (
        f"{TAIYUAN} 丙第1个通知方式（电子邮件）：收件地址被邮件服务器拒收（550）",
    )
    told = {(view.person, view.attempts, view.status) for view in message_views(town.desk)}
    waiting = [attempts for _, attempts, status in told if status is DeliveryStatus.PENDING]
    assert sorted(waiting) == [0] * done.put_off + [1, 1], "who was not asked about spends no try"


def test_who_was_not_reached_comes_last_in_the_next_round(town: Town) -> None:
    town.run(at())
    with town.desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE delivery SET status = 'pending', sent_at = NULL")
        connection.exec_driver_sql("UPDATE outbox SET status = 'pending', sent_at = NULL")
        connection.exec_driver_sql("UPDATE addressee SET served_on = NULL")
    order: list[str] = []
    sending = delivery._send

    def noted(around: object, material: object, owed: Claim) -> object:
        order.append(owed.person)
        return sending(around, material, owed)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delivery, "_send", noted)
        town.run(at(9, 30))
    good = [n for n, person in enumerate(order) if " 乙" in person]
    silent = [n for n, person in enumerate(order) if re.search(" [甲癸][01]", person)]
    assert len(silent) == 2 * town.bad
    assert max(good) < min(silent)
    failed = {
        person for (person,) in rows(town.desk, "SELECT person FROM addressee WHERE failures > 0")
    }
    assert order[-1] in failed
    assert order[-2] in failed
    assert (town.hanging.counted(2), town.dripping.counted(2)) == (2, 2)


# --- refused for good -----------------------------------------------------------------------------


def test_what_is_refused_for_good_is_given_up_at_once_and_owed_again_once_mended(
    owing: Desk,
) -> None:
    with mail_server() as inbox:
        host = f"127.0.0.1:{inbox.port}"
        know(owing, Post(TAIYUAN, "甲", channels=(mail(host, "nobody@b.cn"),)), Post(TAIYUAN, "乙"))
        done = deliver(owing, at)
        assert fates(owing) == {"甲": {"dead"}, "乙": {"sent"}}
        assert {v.attempts for v in message_views(owing, DeliveryStatus.DEAD)} == {1}
        assert len(rows(owing, "SELECT id FROM event WHERE name = 'message.dead'")) > 0
        assert len(done.refused) == 1
        set_contact(owing, ContactChange(TAIYUAN, "甲", channels=[mail(host, "jia@b.cn")]))
        deliver(owing, lambda: at(10))
        assert [mail.rcpt_tos for mail in inbox.mails] == [["jia@b.cn"]]
    assert set(statuses(owing)) == {"sent"}


def test_who_is_refused_for_good_is_not_tried_again_and_a_colleague_has_it(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("mailto://a@b.cn",)), Post(TAIYUAN, "乙"))
    gone, alive = Tape(GONE), Tape()

    def opened(url: str | None) -> Tape:
        return alive if url is None else gone

    send(owing, opened)
    assert send(owing, opened, at(9, 30)).errors == ()
    assert fates(owing) == {"甲": {"cancelled"}, "乙": {"sent"}}
    assert {view.error for view in message_views(owing, DeliveryStatus.CANCELLED)} == {str(GONE)}


def test_the_next_address_serves_at_once_and_the_bad_one_is_named_all_the_same(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("mailto://a@b.cn", "wecombot://x")))
    gone, alive = Tape(GONE), Tape()
    done = send(owing, lambda url: gone if url and url.startswith("mailto") else alive)
    assert (done.digests, done.errors) == (OFFICES, ())
    assert done.refused == (f"{TAIYUAN} 甲第1个通知方式（电子邮件）：{GONE}",)
    assert set(statuses(owing)) == {"sent"}
    assert {view.ambiguous for view in message_views(owing)} == {False}


def test_only_when_every_address_is_refused_for_good_is_it_given_up(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("mailto://a@b.cn", "wecombot://x")))
    gone, down, alive = Tape(GONE), Tape(DeliveryError("信道已断")), Tape()

    def opened(url: str | None) -> Tape:
        return alive if url is None else gone if url.startswith("mailto") else down

    send(owing, opened)
    assert fates(owing) == {"甲": {"pending"}}
    down.failing = None
    send(owing, opened, at(9, 30))
    assert set(statuses(owing)) == {"sent"}


def test_whose_target_is_silent_is_served_by_the_next_address(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("mailto://a@b.cn", "wecombot://x")))
    silent, alive = Tape(DeliveryError("未再尝试", unasked=True)), Tape()
    done = send(owing, lambda url: silent if url and url.startswith("mailto") else alive)
    assert (done.put_off, done.errors, done.refused) == (0, (), ())
    assert set(statuses(owing)) == {"sent"}


@pytest.mark.parametrize("spoil", ["sealed with another key", "no text at all", "unknown scheme"])
def test_an_address_that_cannot_be_used_is_named_and_stops_nobody(owing: Desk, spoil: str) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("sms://13900000000",)), Post(DATONG, "乙"))
    if spoil != "unknown scheme":
        key = Fernet.generate_key()
        token = Fernet(key).encrypt(b"mailto://a@b.cn").decode() if "key" in spoil else "gAAAA"
        with writing(owing.engine) as session:
            row = session.get_one(Contact, (owing.plan.id, TAIYUAN, "甲"))
            row.channels = token
            session.add(row)
    done = send_really(owing)
    assert done.digests == OFFICES - 1
    (told,) = done.refused
    assert told.startswith(f"{TAIYUAN} 甲第1个通知方式：")
    assert ("只支持" if spoil == "unknown scheme" else "无法解密") in told
    assert fates(owing) == {"甲": {"dead"}}


def send_really(desk: Desk) -> DeliveryResult:
    return deliver(desk, at, pause=lambda _: None)


def test_a_digest_that_cannot_be_made_stops_nobody(owing: Desk) -> None:
    gather = digests.gather

    def broken(session: object, desk: Desk, claims: object, today: object) -> object:
        if any(claim.person == PROVINCE for claim in claims):  # type: ignore[attr-defined]
            raise KeyError("a record that nobody has foreseen")
        return gather(session, desk, claims, today)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delivery, "gather", broken)
        done = send(owing, Tape())
    assert (done.digests, done.errors) == (OFFICES - 1, (f"{PROVINCE}：程序错误（KeyError）",))
    assert send(owing, Tape(), at(9, 30)).digests == 1


def test_a_text_that_cannot_be_read_is_named_and_the_others_are_listed(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("list://13912345678",)))
    folder = owing.settings.outgoing / "2023-02-21" / "文本清单"
    folder.mkdir(parents=True)
    (folder / "坏.json").write_text("{", encoding="utf-8")
    done = send_really(owing)
    assert done.errors == ("文本清单中的文件无法读取，未列入当日清单，请人工核对：坏.json",)
    assert (folder.parent / "文本清单.xlsx").exists()
    assert set(statuses(owing)) == {"sent"}


# --- told to admins -------------------------------------------------------------------------------


MARKS = {"甲": "0123456789abcdef", "乙": "fedcba9876543210"}


def gone(desk: Desk, person: str, when: datetime) -> None:
    refusal = Refusal(MARKS[person], ChannelKind.MAIL, 1, str(GONE))
    with writing(desk.engine) as session:
        put_unreachable(session, desk.plan, f"{TAIYUAN} {person}", refusal, when)


def letters(desk: Desk) -> list[str]:
    """What admins have been told, oldest first."""
    found = desk.settings.outgoing.rglob("系统管理员-*.eml")
    texts = []
    for path in sorted(found, key=lambda path: path.stat().st_mtime):
        body = message_from_bytes(path.read_bytes(), policy=default).get_body(("plain",))
        texts.append(body.get_content() if body else "")
    return texts


def test_admins_are_told_once_then_daily_and_when_it_is_over(owing: Desk) -> None:
    gone(owing, "甲", at())
    for hours, so_far in ((0, 1), (1, 1), (8, 1), (24, 2), (25, 2)):
        assert tell_of_reach(owing.settings, at() + timedelta(hours=hours)) == ()
        assert len(letters(owing)) == so_far, hours
    assert (
        f"{TAIYUAN} 甲的第1个通知方式（电子邮件）：{GONE}。自2023-02-21 08:30" in letters(owing)[0]
    )
    gone(owing, "乙", at())
    tell_of_reach(owing.settings, at() + timedelta(hours=26))
    assert len(letters(owing)) == 3, "of another one they hear at once"
    assert "甲" not in letters(owing)[-1]
    with writing(owing.engine) as session:
        forget_unreachable(session, owing.plan, marks=MARKS.values())
    tell_of_reach(owing.settings, at() + timedelta(hours=27))
    assert letters(owing)[-1].count("的通知方式已可送达或已更换") == 2


def test_the_watch_and_the_delivery_tell_once_between_them(owing: Desk) -> None:
    gone(owing, "甲", at())
    tell_of_reach(owing.settings, at())
    look(owing.settings, at() + timedelta(minutes=1))
    assert sum("第1个通知方式" in letter for letter in letters(owing)) == 1


def test_what_no_channel_of_the_admins_accepts_is_told_again(owing: Desk) -> None:
    gone(owing, "甲", at())
    with mail_server() as inbox:
        nobody = mail(f"127.0.0.1:{inbox.port}", "nobody@b.cn")
        settings = owing.settings.model_copy(update={"admin_channels": secret(nobody)})
        for _ in range(2):
            assert len(tell_of_reach(settings, at())) == 1


def secret(text: str) -> object:
    from pydantic import SecretStr

    return SecretStr(text)

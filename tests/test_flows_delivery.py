"""Delivery: one digest a person and day, nothing lost, one dead target fails alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from pydantic import SecretStr
from sqlalchemy import text

from flows.operations.delivery import Delivered, deliver
from flows.operations.desk import Desk, open_desk
from flows.operations.digests import severest
from flows.operations.enforcement import enforce
from flows.operations.outbox_views import message_views, outbox_counts, retry
from models.claims import LEASE, MOST_ATTEMPTS, Outcome, claim, finish, rest
from models.contacts import posts, replace_contacts
from models.database import reading, writing
from models.outbox import withdraw_untrue
from models.secrets import cipher
from models.tables import Outbox
from notifications.channel import DeliveryError, Part
from policy.errors import UnavailableError, UsageError
from policy.vocabulary import ChannelKind, DecisionKind, DeliveryStatus, RungKind
from states.contacts import Post
from tests.conftest import INSTALLED, DeskIn
from tests.mail_server import mail_server, parsed
from tests.province import SHANGHAI, import_example, morning
from tests.stores import Snapshot
from tests.tape import Tape
from tests.vendor_servers import WECOM_KEY, platform, said

pytestmark = pytest.mark.heavy
DAY = date(2023, 2, 21)  # a Tuesday, after D01 has passed: every project and city is overdue
OFFICES = 12  # the eleven city bureaus, and the province, which is due D02
TAIYUAN, DATONG, PROVINCE = "太原市民政局", "大同市民政局", "山西省民政厅"
DOWN = DeliveryError("信道已断")
CANARY = "s3cr3tCanary"
# Apprise imports a module that later Pythons drop.
MAILS = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def owe(desk: Desk) -> None:
    """Import the example's 100 projects without contacts; decide what is owed on 2023-02-21."""
    import_example(desk)
    with desk.engine.begin() as connection:
        connection.execute(text("DELETE FROM contact"))
    enforce(desk, DAY, morning(DAY))


OWING = Snapshot("owing", owe, INSTALLED)


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """A desk where no project has been applied for, and nobody is known at any office."""
    return desk_in(OWING)


def at(hour: int = 8, minute: int = 30, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def send(
    desk: Desk,
    tape: Tape | Callable[[str | None], Tape],
    when: datetime | None = None,
    *,
    insist: bool = False,
    pauses: list[float] | None = None,
) -> Delivered:
    """Deliver at an instant through one tape, or the tape of each address."""
    opened = tape if callable(tape) else lambda _: tape
    paused = [] if pauses is None else pauses
    return deliver(desk, lambda: when or at(), opened, insist=insist, pause=paused.append)


def know(desk: Desk, *known: Post) -> None:
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, cipher(desk.settings), known)


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def statuses(desk: Desk) -> dict[str, int]:
    return {str(status): n for status, n in outbox_counts(desk).items() if n}


def recipients(tape: Tape) -> list[str]:
    return [message.recipient for message in tape.sent]


# --- one digest a person and day ------------------------------------------------------------------


def test_one_digest_an_office_with_all_that_it_is_owed(owing: Desk) -> None:
    tape = Tape()
    done = send(owing, tape)
    bureaus = [f"{city.name}民政局" for city in owing.plan.cities]
    assert sorted(recipients(tape)) == sorted([*bureaus, PROVINCE])
    assert statuses(owing) == {"sent": done.sent}
    told = next(message for message in tape.sent if message.recipient == TAIYUAN)
    assert told.text.count("XF2023-1401") == 10
    assert "已逾期1天" in told.text
    assert "六(一)" in told.text
    assert rows(owing, "SELECT DISTINCT status FROM outbox") == [("sent",)]


def test_delivering_again_sends_nothing(owing: Desk) -> None:
    tape = Tape()
    send(owing, tape)
    assert send(owing, tape, at(9)).digests == 0
    assert len(tape.sent) == OFFICES


def test_what_comes_later_on_the_day_waits_for_the_next_workday(owing: Desk) -> None:
    tape = Tape()
    send(owing, tape)
    with owing.engine.begin() as connection:  # the province decides something more at noon
        moved = "UPDATE deadline SET next_look_on = '2023-02-21', fired = 1 WHERE rule = 'D02'"
        connection.execute(text(moved))
    enforce(owing, date(2023, 2, 23), at(12))
    assert statuses(owing)["pending"] > 0
    assert send(owing, tape, at(13)).digests == 0
    following = send(owing, tape, at(day=date(2023, 2, 22)))
    assert following.digests > 0
    assert set(statuses(owing)) == {"sent"}


def test_a_person_with_two_offices_gets_one_digest(owing: Desk) -> None:
    mine = Post(TAIYUAN, "独一无二", phone="03510000001")
    know(owing, mine, replace(mine, office=PROVINCE), Post(DATONG, "示例·李某"))
    tape = Tape()
    send(owing, tape)
    (told,) = [message for message in tape.sent if "独一无二" in message.text]
    assert TAIYUAN in told.recipient
    assert PROVINCE in told.recipient
    assert "D02" in told.text


def test_several_people_at_an_office_are_told_each_by_themselves(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("folder://a",)), Post(TAIYUAN, "乙"))
    dead, alive = Tape(DOWN), Tape()
    done = send(owing, lambda address: dead if address else alive)
    assert done.errors == (f"{TAIYUAN} 甲：信道已断",)
    assert recipients(alive).count(TAIYUAN) == 1
    query = "SELECT DISTINCT recipient FROM outbox WHERE status = 'pending'"
    assert rows(owing, query) == [(TAIYUAN,)]
    dead.failing = None
    send(owing, lambda address: dead if address else alive, at(9))
    assert (recipients(dead), recipients(alive).count(TAIYUAN)) == ([TAIYUAN], 1)
    assert statuses(owing).keys() == {"sent"}


def test_a_substitute_is_told_and_the_digest_says_so(owing: Desk) -> None:
    away = Post(TAIYUAN, "甲", substitute=f"{DATONG} 乙", away_from=DAY, away_to=DAY)
    know(owing, away, Post(DATONG, "乙"))
    tape = Tape()
    send(owing, tape)
    assert f"{TAIYUAN} 甲" not in {view.person for view in message_views(owing)}
    told = next(message for message in tape.sent if "乙" in message.text)
    assert f"代为接收的待办事项：{TAIYUAN}（11个对象）" in told.text
    assert told.text.count("XF2023-1401") == 10


def test_an_office_that_nobody_holds_is_an_item_for_the_level_above(owing: Desk) -> None:
    know(owing, Post(PROVINCE, "省厅"))
    tape = Tape()
    send(owing, tape)
    assert recipients(tape) == [PROVINCE]
    assert f"{TAIYUAN}（11个对象）" in tape.sent[0].text
    assert "尚无联系人或无人分管，请代为转达，并补充通讯录" in tape.sent[0].text
    assert {view.because for view in message_views(owing)} == {"post", "vacant"}


def test_who_left_is_not_written_to_and_the_successor_is(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲"))
    send(owing, Tape(DOWN))
    know(owing, Post(TAIYUAN, "乙"))
    tape = Tape()
    send(owing, tape, at(10))
    views = [view for view in message_views(owing) if view.recipient == TAIYUAN]
    assert {(view.person, view.status) for view in views} == {
        (f"{TAIYUAN} 甲", "cancelled"),
        (f"{TAIYUAN} 乙", "sent"),
    }


def fates(desk: Desk) -> dict[str, set[str]]:
    """Per person at 太原市民政局 what became of the deliveries."""
    found: dict[str, set[str]] = {}
    for view in message_views(desk):
        if view.recipient == TAIYUAN:
            found.setdefault(view.person.removeprefix(f"{TAIYUAN} "), set()).add(str(view.status))
    return found


def test_a_dead_letters_successor_is_told(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("folder://a",)))
    with owing.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET status = 'cancelled' WHERE rule != 'D01'"))
    send(owing, lambda address: Tape(DOWN) if address else Tape())
    with owing.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET status = 'dead' WHERE status = 'pending'"))
    know(owing, Post(TAIYUAN, "乙"))
    send(owing, Tape(), at(10))
    assert fates(owing) == {"甲": {"cancelled"}, "乙": {"sent"}}
    assert "pending" not in statuses(owing)


def test_a_successor_is_told_although_a_colleague_was(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("folder://a",)), Post(TAIYUAN, "乙"))
    send(owing, lambda address: Tape(DOWN) if address else Tape())
    know(owing, Post(TAIYUAN, "丙"), Post(TAIYUAN, "乙"))
    send(owing, Tape(), at(10))
    assert fates(owing) == {"甲": {"cancelled"}, "乙": {"sent"}, "丙": {"sent"}}
    assert rows(owing, "SELECT DISTINCT status FROM outbox") == [("sent",)]


def test_who_goes_on_leave_before_it_is_sent_is_stood_in_for(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲"), Post(DATONG, "丁"))
    send(owing, Tape(DOWN))
    away = Post(TAIYUAN, "甲", substitute=f"{DATONG} 丁", away_from=DAY, away_to=None)
    know(owing, away)
    send(owing, Tape(), at(10))
    assert fates(owing) == {"甲": {"cancelled"}, f"{DATONG} 丁": {"sent"}}
    know(owing, Post(TAIYUAN, "甲"))
    send(owing, Tape(), at(day=date(2023, 2, 22)))
    assert fates(owing)["甲"] == {"cancelled"}, "what somebody was told is told"


def test_what_is_met_while_its_sending_fails_is_owed_to_nobody(owing: Desk) -> None:
    def meet(_part: Part) -> None:
        with owing.engine.begin() as connection:
            connection.execute(text("UPDATE deadline SET standing = 'void', next_look_on = NULL"))
        with writing(owing.engine) as session:
            withdraw_untrue(session, owing.plan, DAY)

    send(owing, Tape(DOWN, before=meet))
    assert set(statuses(owing)) == {"cancelled"}
    assert send(owing, Tape(), at(10)).digests == 0


# --- office hours ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        (at(8, 29), at(8, 30)),
        (at(17, 30), at(8, 30, date(2023, 2, 22))),
        (at(23, 59, date(2023, 2, 24)), at(8, 30, date(2023, 2, 27))),  # Friday night
        (at(10, 0, date(2023, 2, 25)), at(8, 30, date(2023, 2, 27))),  # Saturday
        (at(10, 0, date(2023, 4, 29)), at(8, 30, date(2023, 5, 4))),  # the May holiday
    ],
)
def test_outside_office_hours_everything_waits(
    sqlite_desk: Desk, when: datetime, opens: datetime
) -> None:
    enforce(sqlite_desk, DAY, morning(DAY))
    tape = Tape()
    assert send(sqlite_desk, tape, when) == Delivered(opens_at=opens)
    assert tape.sent == []
    assert set(statuses(sqlite_desk)) == {"pending"}
    assert send(sqlite_desk, tape, opens).digests > 0


@pytest.mark.parametrize("when", [at(8, 30), at(17, 29), at(10, 0, date(2023, 6, 25))])
def test_within_office_hours_it_goes_out(sqlite_desk: Desk, when: datetime) -> None:
    """25 June 2023 is a Sunday that is worked."""
    enforce(sqlite_desk, DAY, morning(DAY))
    assert send(sqlite_desk, Tape(), when).digests > 0


# --- failures -------------------------------------------------------------------------------------


def test_a_dead_target_fails_alone_and_is_tried_again(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "张某", channels=("mailto://u:geheim@127.0.0.1:1",)))
    dead, alive = Tape(DOWN), Tape()

    def open_channel(address: str | None) -> Tape:
        return dead if address else alive

    done = send(owing, open_channel)
    assert (done.digests, done.errors) == (OFFICES - 1, (f"{TAIYUAN} 张某：信道已断",))
    assert statuses(owing)["pending"] == done.failed > 0
    dead.failing = None
    again = send(owing, open_channel, at(9, 30))
    assert (again.digests, again.sent) == (1, done.failed)
    assert set(statuses(owing)) == {"sent"}
    assert {view.ambiguous for view in message_views(owing)} == {False}


def test_what_fails_rests_longer_each_time_then_waits_for_an_admin(sqlite_desk: Desk) -> None:
    enforce(sqlite_desk, DAY, morning(DAY))
    tape, when = Tape(DOWN), at()
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert send(sqlite_desk, tape, when).failed > 0, attempt
        assert send(sqlite_desk, tape, when + timedelta(seconds=30)).failed == 0
        when = _in_office(when + timedelta(hours=8))
    assert set(statuses(sqlite_desk)) == {"dead"}
    assert send(sqlite_desk, tape, when).failed == 0
    dead = message_views(sqlite_desk, DeliveryStatus.DEAD)
    assert {(view.attempts, view.error) for view in dead} == {(MOST_ATTEMPTS, "信道已断")}
    tape.failing = None
    assert retry(sqlite_desk, "没有此人") == 0
    assert retry(sqlite_desk) == len(dead)
    assert send(sqlite_desk, tape, when).sent == len(dead)
    assert set(statuses(sqlite_desk)) == {"sent"}


def _in_office(when: datetime) -> datetime:
    while not (8 < when.hour < 17 and when.weekday() < 5):
        when += timedelta(hours=1)
    return when


def test_rests_double_up_to_six_hours_a_little_different_for_each() -> None:
    for failures in range(1, 15):
        plain = min(timedelta(minutes=2 ** (failures - 1)), timedelta(hours=6))
        found = {rest(f"示例·{number}", failures) for number in range(50)}
        assert all(plain * 0.75 <= each <= plain * 1.25 for each in found)
        assert len(found) > 40


def test_who_insists_does_not_wait(owing: Desk) -> None:
    tape = Tape(DOWN)
    send(owing, tape)
    tape.failing = None
    assert send(owing, tape).digests == 0
    assert send(owing, tape, insist=True).digests == OFFICES


def test_the_next_channel_takes_over_after_a_failure(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("wecombot://x", "mailto://a@b.cn")))
    asked: list[str | None] = []

    def open_channel(address: str | None) -> Tape:
        asked.append(address)
        return Tape(DOWN if address and address.startswith("wecom") else None)

    send(owing, open_channel)
    send(owing, open_channel, at(9, 30))
    assert [address for address in asked if address] == ["wecombot://x", "mailto://a@b.cn"]
    assert set(statuses(owing)) == {"sent"}


def test_an_unknown_outcome_is_sent_again_and_marked(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=("mailto://a@b.cn",)))
    doubtful, alive = Tape(DeliveryError("没有回音", unknown=True)), Tape()
    send(owing, lambda address: doubtful if address else alive)
    doubtful.failing = None
    send(owing, lambda address: doubtful if address else alive, at(9, 30))
    marked = {view.recipient for view in message_views(owing) if view.ambiguous}
    assert marked == {TAIYUAN}
    assert len(doubtful.sent) == 1


def test_a_wrong_key_spends_no_attempt(owing: Desk) -> None:
    settings = owing.settings.model_copy(update={"secret_key": SecretStr("short")})
    desk = Desk(settings, owing.plan, owing.calendar, owing.engine)
    with pytest.raises(UsageError, match="XINGFU_SECRET_KEY"):
        send(desk, Tape())
    assert rows(owing, "SELECT count(*) FROM delivery") == [(0,)]


def test_an_unexpected_error_fails_one_person_only(owing: Desk) -> None:
    def broken(part: Part) -> None:
        if part.message.recipient == TAIYUAN:
            raise ZeroDivisionError("geheim")

    tape = Tape(before=broken)
    done = send(owing, tape)
    assert done.errors == (f"{TAIYUAN}：程序错误（ZeroDivisionError）",)
    assert len(tape.sent) == OFFICES - 1


def test_what_is_no_longer_true_is_not_sent(owing: Desk) -> None:
    closed = "UPDATE deadline SET standing = 'void', next_look_on = NULL WHERE subject = '太原市'"
    with owing.engine.begin() as connection:  # behind the outbox's back
        connection.execute(text(closed))
    send(owing, Tape())
    query = "SELECT DISTINCT status FROM outbox WHERE subject = '太原市'"
    assert rows(owing, query) == [("cancelled",)]


# --- turns ----------------------------------------------------------------------------------------


def test_a_claim_keeps_others_away_until_its_lease_lapses(owing: Desk) -> None:
    send(owing, Tape(DOWN))
    taken = _claim(owing, at(9))
    assert len(taken[0].rows) == 11
    assert _claim(owing, at(9) + LEASE / 2) == ()
    (again,) = _claim(owing, at(9) + LEASE * 2)
    assert len(again.rows) == 11
    assert {delivery.ambiguous for delivery, _ in again.rows} == {True}


def test_who_was_overtaken_does_not_undo_what_was_sent(owing: Desk) -> None:
    send(owing, Tape(DOWN))
    (mine,) = _claim(owing, at(9))
    send(owing, Tape(), at(10))
    with writing(owing.engine) as session:
        finish(session, owing.plan, [Outcome(mine, error="太慢")], at(10), DAY)
    assert set(statuses(owing)) == {"sent"}


def test_a_slow_run_is_not_overtaken(owing: Desk) -> None:
    """Every send takes longer than a lease leaves room for: nobody's digest goes out twice."""
    second, rival, now = open_desk(owing.settings), Tape(), [at()]

    def slow(_part: Part) -> None:
        now[0] += timedelta(minutes=3)
        deliver(second, lambda: now[0], lambda _: rival)

    tape = Tape(before=slow)
    for _ in range(6):
        deliver(owing, lambda: now[0], lambda _: tape)
    second.engine.dispose()
    names = recipients(tape) + recipients(rival)
    assert len(names) == len(set(names)) == OFFICES
    assert {view.ambiguous for view in message_views(owing)} == {False}


def _claim(desk: Desk, when: datetime) -> Sequence[Any]:
    with writing(desk.engine) as session:
        return claim(session, desk.plan, [TAIYUAN], when, DAY, insist=True)


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
    assert len(told) == len(set(told)) == 11
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
    assert len(told) == len(set(told)) == 11, "what was accepted is not sent again"
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
    assert len(told) == len(set(told)) == 11
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
        patched.setattr("flows.operations.delivery.gather", broken)
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
    (attached,) = list(mail.iter_attachments())
    assert attached.get_filename() == f"{TAIYUAN} 2023-02-21 待办事项.xlsx"
    table = list(load_workbook(BytesIO(attached.get_content())).worksheets[0].values)
    assert sum("太原市" in str(row) for row in table) >= 10


KILLED = """
import os, signal
from datetime import datetime
from flows.operations.delivery import deliver
from flows.operations.desk import open_desk
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
        f"{TAIYUAN} 2023-02-21 待办事项.xlsx"
    ]
    assert len(list(owing.settings.outgoing.rglob("*.eml"))) == OFFICES - 1


def test_addresses_are_encrypted_at_rest(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "张某", channels=("mailtos://u:geheim@smtp.example.com",)))
    ((stored,),) = rows(owing, "SELECT channels FROM contact WHERE channels IS NOT NULL")
    assert "geheim" not in stored
    key = owing.settings.home / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"A" * 43 + b"=")
    with reading(owing.engine) as session, pytest.raises(UnavailableError, match="无法解密"):
        posts(session, owing.plan, cipher(owing.settings))


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
        f"wecombot://{CANARY}?api=http://127.0.0.1:1",
        f"dingtalk://{CANARY}@{CANARY}?api=http://127.0.0.1:1",
        f"feishu://{CANARY}?api=http://127.0.0.1:1",
        f"json://{CANARY}:{CANARY}@127.0.0.1:1/{CANARY}",
        f"wecombot://{CANARY}?unknown={CANARY}",
    )
    know(owing, *(Post(TAIYUAN, f"甲{n}", channels=(a,)) for n, a in enumerate(addresses)))
    caplog.set_level(0)
    done = deliver(owing, at, pause=lambda _: None)
    assert len(done.errors) == len(addresses)
    shown = [*done.errors, caplog.text, *(str(view) for view in message_views(owing))]
    with reading(owing.engine) as session:
        shown += [repr(post) for post in posts(session, owing.plan, cipher(owing.settings))]
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

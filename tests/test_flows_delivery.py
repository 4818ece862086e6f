"""Delivery: one digest a person and day, nothing lost, one dead target fails alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from common.errors import RefusedError
from models.claims import LEASE, MOST_ATTEMPTS, ClaimResult, claim, finish, rest
from models.database import writing
from models.outbox import withdraw_untrue
from notifications.sending import DeliveryError, Part
from operations.cases.desk import Desk, open_desk
from operations.daily.delivery import DeliveryResult, deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import check_trail
from operations.views.outbox import message_views, retry
from policy.vocabulary import DeliveryStatus
from states.contacts import Post
from tests.conftest import DeskIn
from tests.support.delivering import (
    DATONG,
    DAY,
    DOWN,
    OFFICES,
    OWING,
    PROVINCE,
    TAIYUAN,
    at,
    fates,
    know,
    owe,
    recipients,
    rows,
    send,
    statuses,
)
from tests.support.explaining import plans_of, through_all
from tests.support.province import morning
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """A desk where no project has been applied for, and nobody is known at any office."""
    return desk_in(OWING)


def test_what_was_sent_before_is_not_gone_through(sqlite_desk: Desk) -> None:
    """However long the outbox is: a day looks up what is owed on it, and what that is about."""
    owe(sqlite_desk)
    send(sqlite_desk, Tape())
    later = DAY + timedelta(days=7)
    with plans_of(sqlite_desk.engine) as found:
        enforce(sqlite_desk, later, morning(later))
        assert send(sqlite_desk, Tape(), at(day=later)).sent > 100
    read = through_all(found, "audit", "deadline", "delivery", "fact", "ledger", "outbox")
    assert (len(found) > 100, read) == (True, set())


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


def test_the_provinces_digest_carries_what_the_trail_can_be_held_against(owing: Desk) -> None:
    tape = Tape()
    send(owing, tape)
    told = {message.recipient: message for message in tape.sent}
    [words] = [line for line in told[PROVINCE].text.splitlines() if "校验码" in line]
    proof = words.partition("现至")[2].partition("，请留存")[0]
    assert check_trail(owing, proof).breaks == ()
    assert proof in told[PROVINCE].html
    assert "校验码" not in "".join(m.text for office, m in told.items() if office != PROVINCE)


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
    with owing.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET as_of = '2023-02-21'"))
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
    (told,) = [message for message in tape.sent if message.addressee == "独一无二"]
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
    told = next(message for message in tape.sent if message.addressee == "乙")
    assert f"本邮件含您代甲同志接收的事项（{TAIYUAN}，10个项目和本级）。" in told.text
    assert told.text.count("XF2023-1401") == 10


def test_an_office_that_nobody_holds_is_an_item_for_the_level_above(owing: Desk) -> None:
    know(owing, Post(PROVINCE, "省厅"))
    tape = Tape()
    send(owing, tape)
    assert recipients(tape) == [PROVINCE]
    asked = f"{TAIYUAN}未登记联系人，请转告该单位10个项目和本级的事项，并补充通讯录。"
    assert asked in tape.sent[0].text
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
    assert send(sqlite_desk, tape, when) == DeliveryResult(opens_at=opens)
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
    with pytest.raises(RefusedError, match=r"XINGFU_SECRET_KEY.*44个字符，现为5个"):
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
        finish(session, owing.plan, [ClaimResult(mine, error="太慢")], at(10), DAY)
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

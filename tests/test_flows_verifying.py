"""Mails that wait for a person: taken over as that person's act, sent back, or set aside."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlmodel import select

from common.clock import now
from common.errors import RefusedError
from flows.pages.replies import replies_page
from models.database import reading
from models.outbox import withdraw_untrue
from models.tables import DeadlineRow, Outbox
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from operations.mails.verifying import Verification, original, verify, waiting_replies
from policy.vocabulary import DecisionKind, MessageStatus, ReplyDecision
from states.contacts import Post
from tests.support.delivering import DAY, know, send
from tests.support.province import morning
from tests.support.replying import (
    BUREAU,
    PERSON,
    REMINDED,
    Reminder,
    go,
    items,
    mails,
    put,
    receipts,
    reminder,
    reply,
    rows,
)
from tests.support.stores import Stores
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy

CLERK = f"{BUREAU} {PERSON}"
PROVINCE = "山西省民政厅 养老服务处 李某"
DONE = "1 已办结 2023-02-20"


@pytest.fixture
def reminded(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, REMINDED, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def sent(reminded: Desk) -> Reminder:
    return reminder(reminded)


def waits(desk: Desk, sent: Reminder, body: str = DONE, **headers: str) -> str:
    """The number of a mail that has come and waits."""
    put(desk, reply(sent.id, body, **headers))
    go(desk)
    [waiting] = waiting_replies(desk)
    return waiting.number


def decide(
    desk: Desk,
    number: str,
    decision: ReplyDecision,
    actor: str = CLERK,
    why: str = "已电话核实",
    positions: tuple[int, ...] = (),
) -> tuple[str, ...]:
    said = Verification(number, decision, actor, why, positions)
    with desk.writing() as session:
        return verify(session, desk, said, today=DAY, at=now())


def test_what_waits_is_listed_with_whoever_may_decide(reminded: Desk, sent: Reminder) -> None:
    waits(reminded, sent)
    [found] = waiting_replies(reminded)
    [answer] = found.answers
    assert (found.office, found.agreed, answer.words) == (BUREAU, True, DONE)
    assert (answer.subject, answer.rule) == sent.items[1]
    assert "须经核实后登记" in answer.why
    assert "山西省民政厅" in answer.by


def test_the_page_says_what_each_says_why_it_waits_who_decides_and_how(
    reminded: Desk, sent: Reminder
) -> None:
    assert "没有待核实的来信" in replies_page(reminded.plan, (), DAY).text
    number = waits(reminded, sent)
    shown = replies_page(reminded.plan, waiting_replies(reminded), DAY).text
    subject, _ = sent.items[1]
    for words in (f"## {number}　{BUREAU}", subject, DONE, "须经核实后登记", "山西省民政厅"):
        assert words in shown
    assert "运行 verify_reply 表单" in shown
    assert "最多三个工作日不重复催办" in shown


def test_taken_over_it_is_the_act_of_whoever_decides_with_the_mail_as_evidence(
    reminded: Desk, sent: Reminder
) -> None:
    number = waits(reminded, sent)
    [line] = decide(reminded, number, ReplyDecision.TAKEN_OVER, PROVINCE)
    assert "登记为2023年2月20日" in line
    [(actor, evidence, on)] = rows(
        reminded, "SELECT actor, evidence, effective_on FROM audit ORDER BY id DESC LIMIT 1"
    )
    assert actor == PROVINCE
    assert evidence.startswith("已电话核实（")
    assert f"来信 {number}" in evidence
    assert str(on) == "2023-02-20"
    assert mails(reminded) == [("person", "registered", 1)]
    assert [row[3] for row in items(reminded)] == ["registered"]
    assert any(
        "经山西省民政厅" in text and text.endswith("不需再报。") for text in receipts(reminded)
    )
    with pytest.raises(RefusedError, match="无需再办理"):
        decide(reminded, number, ReplyDecision.SENT_BACK, PROVINCE)


def test_a_stranger_s_mail_is_taken_over_too_and_the_person_is_told(
    reminded: Desk, sent: Reminder
) -> None:
    number = waits(reminded, sent, From="boss@elsewhere.example")
    assert receipts(reminded) == [], "nothing is written to whoever that is"
    decide(reminded, number, ReplyDecision.TAKEN_OVER, PROVINCE)
    assert len(receipts(reminded)) == 1


def test_who_may_not_say_it_may_not_decide_on_it(reminded: Desk, sent: Reminder) -> None:
    number = waits(reminded, sent)
    for decision in ReplyDecision:
        with pytest.raises(RefusedError):
            decide(reminded, number, decision, "大同市民政局 王某")
    assert [row[3] for row in items(reminded)] == ["held"]
    assert len(waiting_replies(reminded)) == 1


def test_sent_back_its_writer_is_told_why_and_nothing_is_on_record(
    reminded: Desk, sent: Reminder
) -> None:
    before = rows(reminded, "SELECT count(*) FROM audit")
    number = waits(reminded, sent)
    decide(reminded, number, ReplyDecision.SENT_BACK, PROVINCE, "未见验收报告")
    assert rows(reminded, "SELECT count(*) FROM audit") == before
    assert mails(reminded) == [("person", "returned", 1)]
    assert any("未予采纳。原因：未见验收报告。" in text for text in receipts(reminded))
    assert waiting_replies(reminded) == ()


def test_set_aside_nobody_is_written_to(reminded: Desk, sent: Reminder) -> None:
    number = waits(reminded, sent)
    told = len(receipts(reminded))
    decide(reminded, number, ReplyDecision.SET_ASIDE, PROVINCE, "已在系统登记")
    assert mails(reminded) == [("person", "filed", 1)]
    assert len(receipts(reminded)) == told


def test_a_mail_without_answers_is_the_province_s_to_file(reminded: Desk, sent: Reminder) -> None:
    number = waits(reminded, sent, "情况复杂，改日面谈。")
    with pytest.raises(RefusedError, match="没有可直接采纳的答复"):
        decide(reminded, number, ReplyDecision.TAKEN_OVER, PROVINCE)
    with pytest.raises(RefusedError):
        decide(reminded, number, ReplyDecision.SET_ASIDE, CLERK)
    decide(reminded, number, ReplyDecision.SET_ASIDE, PROVINCE, "已面谈")
    assert waiting_replies(reminded) == ()


def test_one_of_several_answers_and_none_by_halves(reminded: Desk, sent: Reminder) -> None:
    last = max(sent.items)
    number = waits(reminded, sent, f"{DONE}\n{last + 1} 已办结 2023-02-20")
    with pytest.raises(RefusedError, match="第2条未写明是哪一项"):
        decide(reminded, number, ReplyDecision.TAKEN_OVER, PROVINCE)
    assert [row[3] for row in items(reminded)] == ["held", "held"]
    decide(reminded, number, ReplyDecision.TAKEN_OVER, PROVINCE, positions=(1,))
    assert [row[3] for row in items(reminded)] == ["registered", "held"]
    assert len(waiting_replies(reminded)) == 1
    with pytest.raises(RefusedError, match="待核实的为：2"):
        decide(reminded, number, ReplyDecision.SENT_BACK, PROVINCE, positions=(1,))
    decide(reminded, number, ReplyDecision.SENT_BACK, PROVINCE, "请写明是哪一项", (2,))
    assert mails(reminded) == [("person", "returned", 1)]


def test_its_bytes_are_taken_out_as_they_came(reminded: Desk, sent: Reminder) -> None:
    number = waits(reminded, sent)
    assert original(reminded, number) == reply(sent.id, DONE)
    for wrong in ("", number[:4], "0" * 64):
        with pytest.raises(RefusedError, match="没有编号为"):
            original(reminded, wrong)


def _owe_a_repeat(desk: Desk, key: tuple[str, str], rung: str, as_of: date) -> None:
    """A repeat about an item, as the ladder would owe it, and an escalation beside it."""
    with desk.writing() as session:
        row = session.get_one(DeadlineRow, (desk.plan.id, *key))
        session.add(
            Outbox(
                plan=desk.plan.id,
                subject=key[0],
                rule=key[1],
                visit=row.visit,
                due=row.overdue_after or as_of,
                rung=rung,
                recipient=BUREAU,
                decision=DecisionKind.REMIND,
                rung_kind=desk.plan.ladder.repeat.kind,
                as_of=as_of,
                decided_at=now(),
            )
        )


def _owed(desk: Desk, today: date) -> list[str]:
    with desk.writing() as session:
        withdraw_untrue(session, desk.plan, today)
    with reading(desk.engine) as session:
        query = select(Outbox.rung).where(
            Outbox.status == MessageStatus.PENDING,
            Outbox.rung.in_(("T+15", "T+10")),  # type: ignore[attr-defined]
        )
        return sorted(session.exec(query).all())


def test_the_office_above_is_told_in_its_digest_until_it_has_decided(
    reminded: Desk, sent: Reminder
) -> None:
    """The writer's own office is not: it waits for another's decision."""
    know(reminded, Post("山西省民政厅", "示例·李某"))
    number = waits(reminded, sent)
    first = said_to(reminded, DAY + timedelta(days=1))
    assert first.keys() >= {"山西省民政厅", BUREAU}
    told = f"有1封来信待贵单位核实（编号{number}），请在“来信核实”页采纳、退回或归档"
    assert {office for office, text in first.items() if told in text} == {"山西省民政厅"}
    decide(reminded, number, ReplyDecision.TAKEN_OVER, PROVINCE)
    later = said_to(reminded, DAY + timedelta(days=15))
    assert "山西省民政厅" in later
    assert not [office for office, text in later.items() if "待贵单位核实" in text]


def said_to(desk: Desk, day: date) -> dict[str, str]:
    """What each office is sent on a day, after the daily job."""
    enforce(desk, day, morning(day))
    tape = Tape()
    send(desk, tape, morning(day))
    return {message.recipient: message.text for message in tape.sent}


@pytest.mark.heavy
def test_of_two_who_decide_at_once_one_waits_and_is_refused(
    stores: Stores, postgres: str, tmp_path: Path
) -> None:
    with stores.desk(postgres, REMINDED, tmp_path / "home") as desk:
        number = waits(desk, reminder(desk))
        decided, told = Event(), Event()
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(_decide_slowly, desk, number, decided, told)
            assert decided.wait(30)
            second = pool.submit(decide, desk, number, ReplyDecision.SENT_BACK, PROVINCE, "未见")
            assert not wait([second], 1.5).done, "it waits for the first"
            told.set()
            assert "登记为2023年2月20日" in first.result(30)[0]
            with pytest.raises(RefusedError, match="现为“来信已登记”，由山西省民政厅"):
                second.result(30)
        assert [row[3] for row in items(desk)] == ["registered"]
        assert [state for _, state, _ in mails(desk)] == ["registered"]


def _decide_slowly(desk: Desk, number: str, decided: Event, told: Event) -> tuple[str, ...]:
    """Take a mail over, and commit only once one is told."""
    said = Verification(number, ReplyDecision.TAKEN_OVER, PROVINCE, "已电话核实")
    with desk.writing() as session:
        lines = verify(session, desk, said, today=DAY, at=now())
        decided.set()
        told.wait(30)
    return lines


def test_repeats_rest_for_three_workdays_while_it_waits_and_escalation_does_not(
    reminded: Desk, sent: Reminder
) -> None:
    waits(reminded, sent)
    key = sent.items[1]
    rests = rows(reminded, "SELECT rests_until FROM mail_item")
    assert rests == [("2023-02-24",)], "three workdays after a Tuesday"
    assert date(2023, 2, 21) == DAY
    for rung in ("T+15", "T+10"):
        _owe_a_repeat(reminded, key, rung, DAY)
    assert _owed(reminded, date(2023, 2, 24)) == ["T+10"]


def test_the_rest_ends_by_itself_and_another_mail_does_not_prolong_it(
    reminded: Desk, sent: Reminder
) -> None:
    waits(reminded, sent)
    put(reminded, reply(sent.id, "1 已办结 2023-02-19", Message_ID="<two@x>"), "二.eml")
    go(reminded, timedelta(minutes=5), DAY + timedelta(days=2))
    assert {row[0] for row in rows(reminded, "SELECT rests_until FROM mail_item")} == {"2023-02-24"}
    _owe_a_repeat(reminded, sent.items[1], "T+15", DAY)
    assert _owed(reminded, date(2023, 2, 25)) == ["T+15"]


def test_sent_back_the_repeat_that_rested_is_owed_again(reminded: Desk, sent: Reminder) -> None:
    number = waits(reminded, sent)
    _owe_a_repeat(reminded, sent.items[1], "T+15", DAY)
    assert _owed(reminded, DAY) == []
    decide(reminded, number, ReplyDecision.SENT_BACK, PROVINCE, "未见验收报告")
    assert _owed(reminded, DAY) == ["T+15"]

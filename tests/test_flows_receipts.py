"""Receipts on their way: at once and beside the daily digest, with the marked copy, never lost."""

import re
from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from documents.reading.annotate import LIST
from models.claims import LEASE, MOST_ATTEMPTS, claim
from models.database import writing
from models.outbox import withdraw_untrue
from notifications.robots import payload
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.rehearsal import rehearse
from operations.upkeep.scenario import Scenario
from operations.views.outbox import message_views, retry
from operations.views.why import why_message
from operations.workbooks import receipts
from policy.vocabulary import ChannelKind, DeliveryStatus, RungKind
from states.contacts import Post
from tests.conftest import DeskIn
from tests.support.builders import SUMMARY_SHEET
from tests.support.delivering import (
    DATONG,
    DAY,
    DOWN,
    MAILS,
    OWING,
    PROVINCE,
    at,
    know,
    recipients,
    send,
)
from tests.support.handing_in import BUREAU, GOOD, TAIYUAN, go, put, rows, wrong
from tests.support.mail_server import mail_server, parsed
from tests.support.province import morning
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy

NEXT = date(2023, 2, 22)


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """Every city is owed the day's digest, and nobody is known at any office."""
    return desk_in(OWING)


def hand_in(desk: Desk, content: bytes = GOOD, name: str = "太原.xlsx") -> None:
    put(desk, content, name)
    done = go(desk)
    assert (len(done.done) + len(done.returned), done.failed) == (1, ())


def standing(desk: Desk) -> list[str]:
    """How each delivery of a receipt stands."""
    return [str(view.status) for view in message_views(desk) if view.rung_kind is RungKind.RECEIPT]


# --- beside the daily digest ----------------------------------------------------------------------


def test_a_receipt_goes_out_at_once_and_says_what_became_of_the_file(desk: Desk) -> None:
    hand_in(desk)
    tape = Tape()
    assert send(desk, tape, at(10)).sent == 1
    [message] = tape.sent
    assert message.recipient == BUREAU
    assert message.title == "【幸福养老工程】回执：项目汇总表（附件3）已登记（太原市民政局）"
    assert "贵局报送的项目汇总表（附件3）（“太原.xlsx”）已于2月21日" in message.text
    assert "收到并登记，共10个项目。" in message.text
    assert "不需再报。" in message.text
    assert "待办" not in message.text
    assert standing(desk) == ["sent"]
    assert send(desk, tape, at(11)).digests == 0


@pytest.mark.heavy
def test_who_had_the_days_digest_is_sent_receipts_only(owing: Desk) -> None:
    tape = Tape()
    send(owing, tape)
    hand_in(owing)
    enforce(owing, date(2023, 3, 20), at(9))  # something more has come due since
    with owing.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET as_of = :day"), {"day": DAY})
    more = "SELECT count(*) FROM outbox WHERE status = 'pending' AND recipient = '太原市民政局'"
    assert rows(owing, more)[0][0] > 1
    tape.sent.clear()
    send(owing, tape, at(10))
    [message] = [each for each in tape.sent if each.recipient == BUREAU]
    assert (len(message.receipts), message.lines) == (1, ())
    assert send(owing, tape, at(11)).digests == 0
    send(owing, tape, at(day=NEXT))
    assert tape.sent[-1].lines
    assert rows(owing, "SELECT DISTINCT status FROM outbox") == [("sent",)]


def test_who_had_a_receipt_in_the_morning_still_gets_the_days_digest(desk: Desk) -> None:
    hand_in(desk)
    tape = Tape()
    assert send(desk, tape).digests == 1
    enforce(desk, DAY, morning(DAY))
    send(desk, tape, at(9))
    told = [message for message in tape.sent if message.recipient == BUREAU]
    assert [(len(message.receipts), bool(message.lines)) for message in told] == [
        (1, False),
        (0, True),
    ]
    hand_in(desk, wrong("F13"))
    send(desk, tape, at(10))
    assert recipients(tape).count(BUREAU) == 3
    assert send(desk, tape, at(11)).digests == 0


@pytest.mark.heavy
def test_a_receipt_rides_with_the_digest_when_both_are_due(owing: Desk) -> None:
    hand_in(owing, wrong("F13"))
    hand_in(owing)
    tape = Tape()
    send(owing, tape)
    [message] = [each for each in tape.sent if each.recipient == BUREAU]
    assert "项逾期；回执：1份已登记、1份已退回（太原市民政局）" in message.title
    assert message.text.index("【回执】") < message.text.index("一、")
    assert message.text.count("XF2023-1401") == 10
    assert send(owing, tape, at(9)).digests == 0
    assert rows(owing, "SELECT DISTINCT status FROM outbox") == [("sent",)]


def test_receipts_wait_for_office_hours(desk: Desk) -> None:
    hand_in(desk)
    tape = Tape()
    closed = send(desk, tape, at(20))
    assert (closed.digests, closed.opens_at) == (0, at(8, 30, NEXT))
    assert send(desk, tape, at(10, day=date(2023, 2, 25))).digests == 0  # a Saturday
    assert send(desk, tape, at(10, day=date(2023, 2, 27))).digests == 1


def test_no_deadline_stands_behind_a_receipt_so_it_is_never_withdrawn(owing: Desk) -> None:
    hand_in(owing)
    with writing(owing.engine) as session:
        withdraw_untrue(session, owing.plan, DAY)
        withdraw_untrue(session, owing.plan, date(2024, 2, 1), [BUREAU])
    query = "SELECT status FROM outbox WHERE decision = 'receipt'"
    assert rows(owing, query) == [("pending",)]


@pytest.mark.heavy
def test_a_lapsed_claim_of_a_receipt_is_sent_again_and_marked(owing: Desk) -> None:
    send(owing, Tape())
    hand_in(owing)
    assert send(owing, Tape(DOWN), at(10)).failed == 1
    person = next(v.person for v in message_views(owing) if v.rung_kind is RungKind.RECEIPT)
    with writing(owing.engine) as session:
        [taken] = claim(session, owing.plan, [person], at(11), DAY)
    assert [row.rule.partition("-")[0] for _, row in taken.rows] == ["receipt"]
    tape = Tape()
    assert send(owing, tape, at(11)).digests == 0
    assert send(owing, tape, at(11, 31) + LEASE).digests == 1
    [view] = [view for view in message_views(owing) if view.rung_kind is RungKind.RECEIPT]
    assert (view.status, view.ambiguous) == (DeliveryStatus.SENT, True)


# --- whom -----------------------------------------------------------------------------------------


def test_a_substitute_is_told(desk: Desk) -> None:
    hand_in(desk)
    away = Post(BUREAU, "甲", substitute=f"{DATONG} 乙", away_from=DAY, away_to=DAY)
    know(desk, away, Post(DATONG, "乙"))
    tape = Tape()
    send(desk, tape)
    assert [message.addressee for message in tape.sent] == ["乙"]
    assert "本邮件含您代甲同志接收的事项（太原市民政局，本级）。" in tape.sent[0].text


def test_where_nobody_is_known_the_level_above_is_told(desk: Desk) -> None:
    hand_in(desk)
    know(desk, Post(PROVINCE, "省厅"))
    tape = Tape()
    send(desk, tape)
    [message] = tape.sent
    assert message.recipient == PROVINCE
    assert "太原市民政局未登记联系人，请转告该单位本级的事项，并补充通讯录" in message.text


def test_each_person_at_the_bureau_is_told_and_a_dead_target_fails_alone(desk: Desk) -> None:
    know(desk, Post(BUREAU, "甲", channels=("folder://a",)), Post(BUREAU, "乙"))
    hand_in(desk)
    dead, alive = Tape(DOWN), Tape()
    send(desk, lambda address: dead if address else alive)
    assert sorted(standing(desk)) == ["pending", "sent"]
    dead.failing = None
    send(desk, lambda address: dead if address else alive, at(9))
    assert (standing(desk), len(alive.sent)) == (["sent", "sent"], 1)


@pytest.mark.heavy
def test_a_receipt_that_cannot_be_sent_becomes_a_dead_letter_and_can_be_owed_anew(
    desk: Desk,
) -> None:
    hand_in(desk)
    for _ in range(MOST_ATTEMPTS):
        send(desk, Tape(DOWN), insist=True)
    assert standing(desk) == ["dead"]
    assert retry(desk) == 1
    assert send(desk, Tape(), at(9)).sent == 1
    assert standing(desk) == ["sent"]


# --- what it says ---------------------------------------------------------------------------------


def test_a_returned_file_lists_its_faults_and_how_many_cells_have_each(desk: Desk) -> None:
    cells = [f"{letter}{row}" for letter in "FG" for row in range(4, 14)]
    hand_in(desk, wrong(*cells, "E4", "E5"))
    tape = Tape()
    send(desk, tape)
    [message] = tape.sent
    [receipt] = message.receipts
    assert "有22处需要修改，本次未登记，现退回：" in receipt.head
    assert receipt.details[0].startswith("（1）“配建性质”（E4、E5，共2处）：原值")
    counted = [int(n) for line in receipt.details for n in re.findall("共([0-9]+)处）", line)]
    assert sum(counted) == 22
    assert "请修改后重新报送，" in receipt.details[-1]
    assert all(detail in message.text for detail in receipt.details)


@MAILS
def test_a_mail_brings_the_marked_copy(desk: Desk) -> None:
    hand_in(desk, wrong("F13"))
    with mail_server() as server:
        address = f"mailto://127.0.0.1:{server.port}?from=xf@example.com&to=a@example.com"
        know(desk, Post(BUREAU, "甲", channels=(address,)))
        assert deliver(desk, lambda: at(10)).errors == ()
        [envelope] = server.mails
    assert isinstance(envelope.content, bytes)
    mail = parsed(envelope.content)
    assert str(mail["subject"]) == "【幸福养老工程】回执：项目汇总表（附件3）已退回（太原市民政局）"
    [copy] = mail.iter_attachments()
    assert copy.get_filename() == "太原-需修改.xlsx"
    book = load_workbook(BytesIO(copy.get_content()))
    assert book[SUMMARY_SHEET]["F13"].comment is not None
    assert LIST in book.sheetnames
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert "“建筑面积”（F13）：原值“很大”" in body.get_content()
        assert "附件" in body.get_content()


def test_a_chat_is_told_in_words_and_the_copy_is_laid_in_the_folder(desk: Desk) -> None:
    hand_in(desk, wrong("F13"))
    know(desk, Post(BUREAU, "甲", channels=("wecombot://x",)))
    send(desk, Tape(kind=ChannelKind.WECOM), at(10))
    [copy] = desk.settings.outgoing.glob("*/附件/*/*")
    assert copy.name == "太原-需修改.xlsx"
    assert load_workbook(copy)[SUMMARY_SHEET]["F13"].comment is not None


def test_a_text_list_and_a_webhook_carry_it(desk: Desk) -> None:
    hand_in(desk, wrong("F13"))
    know(desk, Post(BUREAU, "甲", channels=("list://13900000000",)))
    assert deliver(desk, lambda: at(10)).errors == ()
    [listed] = desk.settings.outgoing.glob("*/文本清单.xlsx")
    cells = [cell for row in load_workbook(listed).worksheets[0].values for cell in row if cell]
    assert any("【回执】" in str(cell) and "（F13）：原值" in str(cell) for cell in cells)
    hand_in(desk)
    tape = Tape()
    send(desk, tape, at(11))
    [receipt] = payload(tape.sent[0])["receipts"]
    assert (receipt["subject"], receipt["outcome"]) == (TAIYUAN, "done")
    assert "收到并登记" in receipt["head"]


def test_a_copy_that_is_gone_or_too_large_is_said_to_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(desk, wrong("F13"))
    hand_in(desk, wrong("F12"), "二.xlsx")
    monkeypatch.setattr(receipts, "MOST_ATTACHED", 10)
    for copy in (desk.settings.inbox / TAIYUAN / "退回").glob("*太原*需修改.xlsx"):
        copy.unlink()
    tape = Tape()
    send(desk, tape)
    [message] = tape.sent
    assert message.attachments == ()
    assert [receipt.details[-1] for receipt in message.receipts] == [
        receipts.LOST,
        receipts.TOO_LARGE,
    ]


def test_what_is_sent_does_not_depend_on_what_came_later(desk: Desk) -> None:
    hand_in(desk)
    [[reply]] = rows(desk, "SELECT reply FROM inbox")
    with desk.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE project SET area = 1")
    tape = Tape()
    send(desk, tape)
    [receipt] = tape.sent[0].receipts
    assert [receipt.head, *receipt.details] == reply.splitlines()


# --- looked at ------------------------------------------------------------------------------------


def test_why_a_receipt_came_is_told_with_its_words(desk: Desk) -> None:
    hand_in(desk, wrong("F13"))
    [view] = message_views(desk)
    assert (view.subject, view.rung, view.recipient) == (TAIYUAN, "receipt", BUREAU)
    told = str(why_message(desk, view.id))
    assert "报送的项目汇总表（附件3）（“太原.xlsx”）" in told
    assert "F13" in told
    assert "尚未发送：等待工作日办公时间" in told
    assert "逾期" not in told
    send(desk, Tape())
    assert f"告知：{BUREAU}" in str(why_message(desk, view.id))


@pytest.mark.heavy
def test_a_rehearsal_sends_what_is_owed_and_touches_nothing(desk: Desk) -> None:
    hand_in(desk, wrong("F13"))
    done = rehearse(desk, DAY, DAY, Scenario((), ()))
    lines = [line for sent in done.sends for line in sent.lines if line.kind is RungKind.RECEIPT]
    assert [(line.subject, line.title) for line in lines] == [(TAIYUAN, "回执")]
    assert standing(desk) == ["pending"]

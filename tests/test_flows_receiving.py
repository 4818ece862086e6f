"""Replies to reminders: which reminder, which person, what is entered, and what waits for one."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import text

from models.database import reading
from models.mails import held_mails, items_of, raw_of
from notifications.mail import DOMAIN, mail, mail_address
from operations.cases.desk import Desk
from states.answer_code import marked
from tests.support.delivering import DAY, send
from tests.support.forking import Forks
from tests.support.handing_in import GOOD, environment, wrong
from tests.support.mail_server import parsed
from tests.support.replying import (
    ADDRESS,
    BUREAU,
    PERSON,
    REMINDED,
    Reminder,
    acknowledged,
    go,
    items,
    lying,
    mails,
    put,
    receipts,
    reminder,
    reply,
    rows,
)
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.test_deployments_commands import run

pytestmark = pytest.mark.heavy

EXPECTED = "1 预计 2023-03-15 完成，原因：社区选址公示未满"
EML = Path(__file__).parent / "eml"


@pytest.fixture
def reminded(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """One person of 太原市's bureau has had the digest of 2023-02-21."""
    with stores.desk(None, REMINDED, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def sent(reminded: Desk) -> Reminder:
    return reminder(reminded)


def with_settings(desk: Desk, **changes: object) -> Desk:
    return Desk(desk.settings.model_copy(update=changes), desk.plan, desk.calendar, desk.engine)


def test_an_expected_day_with_its_reason_is_entered_as_the_person(
    reminded: Desk, sent: Reminder
) -> None:
    put(reminded, reply(sent.id, EXPECTED))
    done = go(reminded)
    assert (len(done.registered), done.failed) == (1, ())
    assert mails(reminded) == [("person", "registered", 1)]
    subject, rule = sent.items[1]
    assert acknowledged(reminded)[0] == (subject, rule, f"{BUREAU} {PERSON}", "社区选址公示未满")
    [(detail,)] = rows(reminded, "SELECT detail FROM audit ORDER BY id DESC LIMIT 1")
    assert json.loads(str(detail))["entered_by"] == "来信"
    assert lying(reminded) == {"已登记": ["回复.eml"]}
    [told] = receipts(reminded)
    assert "第1项预计2023年3月15日完成，已登记" in told
    assert told.endswith("不需再报。")


def test_the_receipt_goes_to_who_wrote_and_to_nobody_else(reminded: Desk, sent: Reminder) -> None:
    put(reminded, reply(sent.id, EXPECTED))
    go(reminded)
    tape = Tape()
    send(reminded, tape)
    assert [(each.recipient, each.addressee) for each in tape.sent] == [(BUREAU, PERSON)]
    assert "您的来信" in tape.sent[0].text
    send(reminded, tape)
    assert len(tape.sent) == 1


def test_the_receipt_is_an_answer_to_that_mail(reminded: Desk, sent: Reminder) -> None:
    """RFC 3834 and 5322: mail programs show it below the reply, and none answers it by itself."""
    put(reminded, reply(sent.id, EXPECTED))
    put(reminded, with_file(sent, GOOD, "太原.xlsx", message_id="<two@taiyuan.example>"), "二.eml")
    forged = "<a@b>\r\nBcc: all@example.org <x"
    put(reminded, reply(sent.id, EXPECTED + "。", Message_ID=forged), "三.eml")
    assert len(go(reminded).registered) == 3
    tape = Tape()
    send(reminded, tape)
    out = parsed(mail(tape.sent[0], mail_address("督办", "no@x.cn"), []).as_bytes())
    assert out["Auto-Submitted"] == "auto-replied"
    answered = {"<one@taiyuan.example>", "<two@taiyuan.example>"}
    assert set(out["In-Reply-To"].split()) - {"<a@b>"} == answered
    assert set(out["References"].split()) - {"<a@b>"} == answered | {f"<{sent.id}@{DOMAIN}>"}
    assert "Bcc" not in out


def test_what_is_said_to_be_done_waits_for_a_person(reminded: Desk, sent: Reminder) -> None:
    before = rows(reminded, "SELECT count(*) FROM fact")
    put(reminded, reply(sent.id, "1 已办结 2023-02-20"))
    assert len(go(reminded).held) == 1
    assert [row[:4] for row in items(reminded)] == [(1, "done", "2023-02-20", "held")]
    assert rows(reminded, "SELECT count(*) FROM fact") == before
    assert "第1项2023年2月20日办结，未登记" in receipts(reminded)[0]
    with reading(reminded.engine) as session:
        [held] = held_mails(session, reminded.plan)
        [item] = items_of(session, [held])[held.digest]
        assert (item.subject, item.rule) == sent.items[1]
        assert raw_of(held) == reply(sent.id, "1 已办结 2023-02-20")


def test_each_item_stands_for_itself(reminded: Desk, sent: Reminder) -> None:
    last = max(sent.items)
    said = f"{EXPECTED}\n2 预计 2023-03-01 完成\n{last + 1} 预计 2023-03-01 完成，原因：x"
    put(reminded, reply(sent.id, said))
    go(reminded)
    found = items(reminded)
    assert [row[3] for row in found] == ["registered", "held", "held"]
    assert "请写明原因" in found[1][4]
    assert "未写明是提醒中的第几项" in found[2][4]


def test_two_answers_to_one_item_are_for_a_person(reminded: Desk, sent: Reminder) -> None:
    put(reminded, reply(sent.id, f"{EXPECTED}\n1 已办结 2023-02-20"))
    go(reminded)
    assert {row[3] for row in items(reminded)} == {"held"}
    assert acknowledged(reminded) == []


def test_words_that_answer_nothing_are_kept_and_held(reminded: Desk, sent: Reminder) -> None:
    put(reminded, reply(sent.id, "情况复杂，改日面谈。"))
    [line] = go(reminded).held
    assert "请阅处" in line
    assert "每项一行" in receipts(reminded)[0]


def test_the_same_mail_is_taken_in_once(reminded: Desk, sent: Reminder) -> None:
    for name in ("一.eml", "二.eml"):
        put(reminded, reply(sent.id, EXPECTED), name)
        go(reminded)
    assert (len(mails(reminded)), len(receipts(reminded))) == (1, 1)
    assert lying(reminded) == {"已登记": ["一.eml", "二.eml"]}


def test_different_mails_with_one_message_id_or_none_are_as_many(
    reminded: Desk, sent: Reminder
) -> None:
    for number, message_id in enumerate(("<same@x>", "<same@x>", "", "")):
        put(reminded, reply(sent.id, f"第{number}封", Message_ID=message_id), f"{number}.eml")
    go(reminded)
    assert len(mails(reminded)) == 4


WAYS = {
    "in-reply-to": {},
    "references alone": {"In_Reply_To": "", "References": "<a@b> <{id}@xingfu.invalid>"},
    "the address's tag": {"In_Reply_To": "", "To": "duban+{tag}@xingfu.example"},
    "the subject's code": {"In_Reply_To": "<rewritten@relay>", "Subject": "=?utf-8?q?{coded}?="},
    "a code in the text": {"In_Reply_To": "", "Subject": "x"},
}


def test_a_reminder_is_known_by_whatever_is_left(reminded: Desk, sent: Reminder) -> None:
    tagged = with_settings(reminded, reply_to="duban+{tag}@xingfu.example")
    coded = "".join(f"={byte:02X}" for byte in marked(sent.code).encode())
    for way, headers in WAYS.items():
        given = {
            name: value.format(id=sent.id, tag=sent.code.lower(), coded=coded)
            for name, value in headers.items()
        }
        body = f"{way}\n\n> {marked(sent.code)}" if way == "a code in the text" else way
        put(tagged, reply(sent.id, body, **given), f"{way}.eml")
    go(tagged)
    found = rows(tagged, "SELECT source, reminder FROM mail")
    assert sorted(found) == sorted((f"{way}.eml", sent.id) for way in WAYS)


def test_signs_that_disagree_lead_to_a_person(reminded: Desk, sent: Reminder) -> None:
    with reminded.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO asked_item SELECT plan, 'a' || substr(digest, 2), number, 'AAAABBBB',"
                " person, asked_on, subject, rule, fact FROM asked_item WHERE digest = :id"
            ),
            {"id": sent.id},
        )
    coded = "=?utf-8?q?=E5=9B=9E=E6=89=A7=E7=A0=81?= AAAA-BBBB"
    put(reminded, reply(sent.id, EXPECTED, Subject=coded))
    [line] = go(reminded).held
    assert "前后不一" in line
    assert (acknowledged(reminded), receipts(reminded)) == ([], [])


STRANGERS = {
    "another address": {"From": "x <other@private.example>"},
    "the address in the name": {"From": f'"{ADDRESS}" <evil@attacker.example>'},
    "two senders": {"From": f"{ADDRESS}, evil@attacker.example"},
    "nobody": {"From": ""},
}


def test_who_is_not_sure_to_be_the_person_only_waits(reminded: Desk, sent: Reminder) -> None:
    for who, headers in STRANGERS.items():
        put(reminded, reply(sent.id, EXPECTED, **headers), f"{who}.eml")
    assert len(go(reminded).held) == len(STRANGERS)
    found = rows(reminded, "SELECT agreed, reminder, person FROM mail")
    assert found == [(0, sent.id, f"{BUREAU} {PERSON}")] * len(STRANGERS)
    assert (acknowledged(reminded), receipts(reminded)) == ([], [])


VOUCHING = {
    "mx.office.example; dmarc=pass header.from=taiyuan.example": True,
    "mx.office.example; spf=pass smtp.mailfrom=a@taiyuan.example": True,
    "attacker.example; dmarc=pass header.from=taiyuan.example": False,
    "mx.office.example; spf=pass smtp.mailfrom=a@attacker.example": False,
    "mx.office.example; dmarc=fail header.from=taiyuan.example": False,
    "": False,
}


def test_where_the_server_vouches_nobody_else_is_believed(reminded: Desk, sent: Reminder) -> None:
    guarded = with_settings(reminded, mailbox_authority="mx.office.example")
    for number, header in enumerate(VOUCHING):
        put(guarded, reply(sent.id, "x", Authentication_Results=header), f"{number}.eml")
    go(guarded)
    assert [bool(agreed) for *_, agreed in mails(guarded)] == list(VOUCHING.values())


AUTOMATIC = {
    "absence without a header": {"Subject": "=?utf-8?b?6Ieq5Yqo5Zue5aSN77ya5b6F5Yqe?="},
    "X-Autoreply": {"X_AutoReply": "yes"},
    "Auto-Submitted": {"Auto_Submitted": "auto-replied"},
    "a list": {"List_Id": "<all.taiyuan.example>"},
    "bulk": {"Precedence": "bulk"},
    "a bounce": {"From": "MAILER-DAEMON@mx.example"},
    "no envelope sender": {"Return_Path": "<>"},
}


def test_what_no_person_wrote_is_filed_and_never_answered(reminded: Desk, sent: Reminder) -> None:
    for what, headers in AUTOMATIC.items():
        put(reminded, reply(sent.id, EXPECTED, **headers), f"{what}.eml")
    assert len(go(reminded).filed) == len(AUTOMATIC)
    assert (items(reminded), receipts(reminded), acknowledged(reminded)) == ([], [], [])
    assert rows(reminded, "SELECT reminder FROM mail") == [(sent.id,)] * len(AUTOMATIC)


def test_our_own_mails_go_round_in_no_loop(reminded: Desk, sent: Reminder) -> None:
    own = reply("", EXPECTED, Message_ID=f"<{sent.id}@xingfu.invalid>", In_Reply_To="")
    for _ in range(3):
        put(reminded, own)
        go(reminded)
    assert mails(reminded, "kind, state") == [("own", "filed")]
    assert receipts(reminded) == []


def with_file(
    sent: Reminder, content: bytes, name: str, said: str = "见附件。", message_id: str = ""
) -> bytes:
    """A reply with a file, as another library writes it."""
    made = EmailMessage(policy=SMTP)
    if message_id:
        made["Message-ID"] = message_id
    made["From"] = f"{PERSON} <{ADDRESS}>"
    made["Subject"], made["In-Reply-To"] = "回复", f"<{sent.id}@xingfu.invalid>"
    made.set_content(said)
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def test_a_workbook_goes_the_way_of_the_inbox(reminded: Desk, sent: Reminder) -> None:
    put(reminded, with_file(sent, GOOD, "太原.xlsx"))
    assert len(go(reminded).registered) == 1
    assert rows(reminded, "SELECT outcome, name, place FROM inbox") == [
        ("done", "太原.xlsx", "太原市")
    ]
    tape = Tape()
    send(reminded, tape)
    assert [each.addressee for each in tape.sent] == [PERSON]


KILLED = """
import os, signal
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
STEPS = {
    "after the workbook was imported": 'after(receiving, "enter_enclosed")',
    "before the mail's row": "receiving.mails.add_mail = die",
    "after the receipts": 'after(receiving, "_owe_receipt")',
    "before the move": "receiving.FOLDERS = None",
}


@pytest.mark.heavy
@pytest.mark.parametrize("step", STEPS)
def test_a_mail_and_its_workbook_are_one_transaction(
    reminded: Desk, sent: Reminder, forked: Forks, step: str
) -> None:
    """Whoever dies before it ends leaves nothing of either; the next round does it all, once."""
    put(reminded, with_file(sent, GOOD, "太原.xlsx", EXPECTED))
    script = f"{KILLED}\n{STEPS[step]}\ngo(open_desk(Settings()))"
    forked.run(script, environment=environment(reminded))
    traces = "SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM inbox)"
    ended = (1, 2) if step == "before the move" else (0, 0)
    assert rows(reminded, traces) == [ended]
    assert go(reminded).failed == ()
    assert rows(reminded, traces) == [(1, 2)], "a receipt for the workbook, one for the line"
    assert len(acknowledged(reminded)) == 1
    assert go(reminded).registered == ()


def test_a_workbook_with_a_fault_comes_back_marked(reminded: Desk, sent: Reminder) -> None:
    put(reminded, with_file(sent, wrong("F13"), "太原.xlsx"))
    go(reminded)
    assert rows(reminded, "SELECT outcome FROM inbox") == [("returned",)]
    tape = Tape()
    send(reminded, tape)
    assert [each.name for each in tape.sent[0].attachments] == ["太原-需修改.xlsx"]


PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def test_a_picture_becomes_evidence_of_the_item_that_is_answered(
    reminded: Desk, sent: Reminder
) -> None:
    number = next(n for n, (subject, _) in sent.items.items() if subject.startswith("XF"))
    subject, rule = sent.items[number]
    said = f"{number} 预计 2023-03-15 完成，原因：公示"
    put(reminded, with_file(sent, PHOTO, "封顶.jpg", said))
    assert len(go(reminded).registered) == 1, rows(reminded, "SELECT reason FROM mail")
    found = rows(reminded, "SELECT subject, detail FROM audit WHERE action = 'evidence_file'")
    assert [(code, json.loads(detail)["about"]) for code, detail in found] == [(subject, rule)]
    assert [path.read_bytes() for path in files(reminded)] == [PHOTO]


def files(desk: Desk) -> list[Path]:
    return [path for path in desk.settings.evidence.rglob("*") if path.is_file()]


def test_a_picture_without_a_word_waits_where_several_projects_are_asked(
    reminded: Desk, sent: Reminder
) -> None:
    put(reminded, with_file(sent, PHOTO, "封顶.jpg"))
    [line] = go(reminded).held
    assert "未写明属于哪一项" in line
    assert files(reminded) == []


def test_a_bounce_makes_the_person_unreachable_and_is_not_answered(
    reminded: Desk, sent: Reminder
) -> None:
    report = (EML / "10-dsn-rfc3464.eml").read_bytes()
    report = report.replace(b"likun@qinghe.example", ADDRESS.encode())
    report = report.replace(b"4be0e4c0b7d5a1f2@duban.example", f"{sent.id}@xingfu.invalid".encode())
    put(reminded, report)
    assert len(go(reminded).filed) == 1
    assert rows(reminded, "SELECT person FROM unreachable") == [(f"{BUREAU} {PERSON}",)]
    assert receipts(reminded) == []
    put(reminded, reply(sent.id, EXPECTED), "再.eml")
    go(reminded)
    assert rows(reminded, "SELECT person FROM unreachable") == []


def test_where_the_server_vouches_a_bounce_that_names_no_mail_of_ours_is_not_believed(
    reminded: Desk, sent: Reminder
) -> None:
    guarded = with_settings(reminded, mailbox_authority="mx.office.example")
    prose = (EML / "11-bounce-chinese-prose.eml").read_bytes()
    body = base64.b64decode(prose.partition(b"\r\n\r\n")[2]).decode("gb18030")
    told = body.replace("wangfang@post.example", ADDRESS).encode("gb18030")
    made = prose.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + base64.encodebytes(told)
    put(guarded, made)
    assert len(go(guarded).filed) == 1
    assert rows(reminded, "SELECT count(*) FROM unreachable") == [(0,)]


def test_a_strangers_workbook_is_not_opened(reminded: Desk, sent: Reminder) -> None:
    made = parsed(with_file(sent, GOOD, "太原.xlsx"))
    made.replace_header("From", "x <evil@attacker.example>")
    put(reminded, made.as_bytes())
    assert len(go(reminded).held) == 1
    assert rows(reminded, "SELECT count(*) FROM inbox") == [(0,)]


def test_an_unreadable_mail_is_listed_with_its_bytes_and_stops_no_other(
    reminded: Desk, sent: Reminder
) -> None:
    parts = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 600
    put(reminded, parts, "1.eml")
    put(reminded, reply(sent.id, EXPECTED), "2.eml")
    done = go(reminded)
    assert (len(done.unreadable), len(done.registered)) == (1, 1)
    assert lying(reminded) == {"无法读取": ["1.eml"], "已登记": ["2.eml"]}
    with reading(reminded.engine) as session:
        [held] = held_mails(session, reminded.plan)
        assert raw_of(held) == parts


def test_files_that_are_no_mails_are_left_where_they_are(reminded: Desk, sent: Reminder) -> None:
    put(reminded, b"x", "照片.jpg")
    put(reminded, reply(sent.id, EXPECTED), "新.eml")
    assert [line[:6] for line in go(reminded).left] == ["照片.jpg"]
    put(reminded, reply(sent.id, "再答"), "新.eml")
    assert len(go(reminded, later=timedelta()).left) == 2


def test_a_file_that_is_named_is_read_and_left(
    reminded: Desk,
    sent: Reminder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XINGFU_HOME", str(reminded.settings.home))
    monkeypatch.setenv("XINGFU_BUSINESS_DATE", f"{DAY}")
    file = tmp_path / "x.eml"
    file.write_bytes(reply(sent.id, EXPECTED))
    assert run("receive", str(file)) == 0
    assert "来信：登记1封" in capsys.readouterr().out
    assert file.exists()
    assert run("receive", str(tmp_path / "none.eml"), "--json") == 3
    assert "无法读取" in json.loads(capsys.readouterr().out)["failed"][0]

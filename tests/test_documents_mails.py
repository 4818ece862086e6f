"""Mails of strangers: every character right, what was written apart from what is quoted."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.reading.mails.answers import answer_lines
from documents.reading.mails.authentication import vouched
from documents.reading.mails.characters import text_of
from documents.reading.mails.headers import addresses, identifiers, parameters, words_of
from documents.reading.mails.mail import IncomingMail, MailFile, read_mail
from documents.reading.mails.quoting import ReplyText, parted
from documents.reading.mails.web import MailLine
from documents.reading.mails.worker import READING, MailReading, reading_of
from policy.vocabulary import MailKind
from tests.support.mail_samples import (
    QUOTE,
    SAID,
    Sample,
    file,
    mail,
    quoted,
    samples,
    several,
    tnef,
    winmail,
)

WROTE = "某 于2023年6月6日写道："
SAMPLES = list(samples())
FILES = sorted((Path(__file__).parent / "eml").glob("*.eml"))


def test_there_are_many_of_different_structure() -> None:
    assert len({sample.name for sample in SAMPLES}) >= 40


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_what_was_written_is_told_from_what_is_quoted(sample: Sample) -> None:
    found = read_mail(sample.raw)
    assert (found.reply.written.strip("\ufeff"), found.reply.beside) == (
        sample.written,
        sample.beside,
    )
    assert found.sender.name == "李堃"
    assert found.subject == "回复：待办"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_nothing_is_thrown_away(sample: Sample) -> None:
    """Each line of the text stands in one of the three parts, as often as in the text."""
    found = read_mail(sample.raw)
    parts = (found.reply.written, found.reply.beside, found.reply.quote)
    lines = sorted(line for part in parts for line in part.split("\n") if line.strip())
    assert lines == sorted(line for line in found.text.split("\n") if line.strip())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_it_goes_through_the_pipe_as_it_is(sample: Sample) -> None:
    read = reading_of(sample.raw, "")
    assert READING.validate_json(READING.dump_json(read)) == read


WHOLE = {
    "01-foxmail": (MailKind.PERSON, "李堃", 1),
    "02-qq-web": (MailKind.PERSON, "王芳", 1),
    "03-outlook-html-only": (MailKind.PERSON, "赵敏", 1),
    "04-outlook-winmail": (MailKind.PERSON, "赵敏", 1),
    "05-netease-web": (MailKind.PERSON, "孙强", 1),
    "06-coremail-office": (MailKind.PERSON, "周丽", 1),
    "07-apple-mail-inline": (MailKind.PERSON, "陈静", 1),
    "08-phone": (MailKind.PERSON, "", 1),
    "09-out-of-office": (MailKind.AUTOMATIC, "孙强", 0),
    "10-dsn-rfc3464": (MailKind.BOUNCE, "", 0),
    "11-bounce-chinese-prose": (MailKind.BOUNCE, "系统管理员", 0),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whole_mails_of_programs_are_read(path: Path) -> None:
    found = read_mail(path.read_bytes())
    kind, name, answers = WHOLE[path.stem]
    assert (found.kind, found.sender.name) == (kind, name)
    told = f"{found.reply.written}\n{found.reply.beside}"
    assert told.count(SAID) == answers
    assert "\ufffd" not in found.text
    if kind is MailKind.PERSON:
        assert found.subject.endswith("封顶节点将于6月9日到期")
        named = found.in_reply_to or found.references
        assert named == ("4be0e4c0b7d5a1f2@duban.example",)


def test_a_subject_that_was_cut_within_a_character_is_whole() -> None:
    data = "福寿苑封顶".encode("gbk")
    words = [base64.b64encode(part).decode() for part in (data[:5], data[5:])]
    raw = "\r\n ".join(f"=?gb2312?B?{word}?=" for word in words)
    assert words_of(raw.replace("\r\n", "")) == "福寿苑封顶"
    found = read_mail(b"Subject: " + raw.encode() + b"\r\n\r\n")
    assert found.subject == "福寿苑封顶"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"filename*=gb18030''%B7%E2%B6%A5.jpg", "封顶.jpg"),
        (
            b"filename*0*=utf-8''%E5%B0%81;\r\n filename*1*=%E9%A1%B6;\r\n filename*2=.jpg",
            "封顶.jpg",
        ),
        (b'filename="=?gb18030?B?t+K2pS5qcGc=?="', "封顶.jpg"),
        (b'filename="=?utf-8?Q?=E5=B0=81?=\r\n =?utf-8?Q?=E9=A1=B6.jpg?="', "封顶.jpg"),
        ('filename="封顶.jpg"'.encode("gbk"), "封顶.jpg"),
        ('filename="封顶.jpg"'.encode(), "封顶.jpg"),
        (b"filename*=UTF-8''../../x.xlsx", "x.xlsx"),
        (b'filename="C:\\\\a\\\\x.xlsx"', "x.xlsx"),
        (b'filename="..."', "附件"),
        (b"x=y", "附件"),
    ],
)
def test_names_of_files_are_right_and_safe(raw: bytes, name: str) -> None:
    [found] = read_mail(several("mixed", mail(SAID), file(raw, b"content"))).files
    assert (found.name, found.content) == (name, b"content")


def test_a_long_name_is_short_enough_for_every_system() -> None:
    raw = b"filename*=utf-8''" + b"%E5%B0%81" * 200 + b".jpg"
    [found] = read_mail(several("mixed", mail(SAID), file(raw))).files
    assert len(found.name.encode()) <= 160
    assert found.name.endswith(".jpg")


def test_what_outlook_packs_is_unpacked() -> None:
    found = read_mail(winmail(tnef(SAID, ("封顶照片.jpg", b"jpg"))))
    assert found.files == (MailFile("封顶照片.jpg", b"jpg"),)
    assert found.remarks == ()
    cut = read_mail(winmail(tnef(SAID, ("a", b"xxxxxxxx"), cut=4)))
    assert "不完整" in cut.remarks[0]
    assert "专用格式" in read_mail(winmail(tnef(""))).remarks[0]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ('"a@x.cn" <b@y.cn>', ["b@y.cn"]),
        ("A@X.CN", ["a@x.cn"]),
        ("<a@x.cn>, 李 <b@y.cn>", ["a@x.cn", "b@y.cn"]),
        ('"李, 堃" <a@x.cn>', ["a@x.cn"]),
        ("<", []),
        ("", []),
        ("undisclosed-recipients:;", []),
    ],
)
def test_addresses_are_those_outside_of_quotation_marks(raw: str, found: list[str]) -> None:
    assert [each.address for each in addresses(raw)] == found


def test_headers_that_break_other_parsers_are_none() -> None:
    raw = b"From: <\r\nMessage-ID: <>\r\nReferences: <[abc@x]> <d@e>\r\nTo: " + b"(" * 5000
    found = read_mail(raw + b"\r\nDate: x\r\n\r\n")
    assert (found.message_id, found.sent_at, found.sender.address) == ("", None, "")
    assert found.references == ("[abc@x]", "d@e")


def test_an_identifier_that_was_folded_as_words_is_read() -> None:
    assert identifiers(["=?utf-8?q?=3Cabc=40x=2Ecn=3E?="]) == ("abc@x.cn",)


def test_a_header_within_a_word_is_no_header() -> None:
    found = read_mail(b"Subject: =?utf-8?q?a=0D=0ABcc:_x=40y?=\r\n\r\n")
    assert found.subject == "a Bcc: x@y"


@given(st.binary(max_size=300))
def test_any_bytes_are_text_that_a_database_takes(data: bytes) -> None:
    for name in ("gb2312", "utf-8", "", "x", "utf-16", "big5"):
        text = text_of(data, name)
        text.encode()
        assert not set(text) & set("\0\x07\x1b\r")


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2))
def test_chinese_is_right_whatever_it_is_called(said: str) -> None:
    for charset in ("gb18030", "utf-8"):
        for name in ("gb2312", "gbk"):
            assert text_of(said.encode(charset), name) == said


WORDS = st.sampled_from(
    ("", " ", "已办", "> 已办", "-----原始邮件-----", "发件人：某", "主题：某", "收件人：某",
     "______", WROTE, "wrote:", "发自我的iPhone", ">", "*From:* x"),
)  # fmt: skip


@given(st.lists(st.builds(MailLine, WORDS, st.booleans()), max_size=30))
def test_the_three_parts_hold_every_line(lines: list[MailLine]) -> None:
    found = parted(lines)
    parts = "\n".join((found.written, found.beside, found.quote)).split("\n")
    assert sorted(filter(str.strip, parts)) == sorted(filter(str.strip, (it.text for it in lines)))


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reading(data: bytes) -> None:
    assert isinstance(reading_of(data, ""), MailReading)


def reply(written: str = "", beside: str = "") -> ReplyText:
    return ReplyText(written, beside, "")


LINES = {
    "1 已办结 2023-06-05": (1, "done", "2023-06-05", ""),
    "1、已办结：2023年6月5日。": (1, "done", "2023-06-05", ""),
    "第2项 已完成 2023/6/5": (2, "done", "2023-06-05", ""),
    "3. 已于6月5日办结": (3, "done", "2023-06-05", ""),
    "已办结 2023-06-05": (None, "done", "2023-06-05", ""),
    "1 预计 2023-06-15 完成，原因：雨季停工": (1, "expected", "2023-06-15", "雨季停工"),
    "（1）预计2023年6月15日前完成，因雨季停工。": (1, "expected", "2023-06-15", "雨季停工"),
    "５．预计　２０２３－０６－１５　完成，原因：重新招标": (
        5,
        "expected",
        "2023-06-15",
        "重新招标",
    ),
    "2 预计 2023-06-15 完成": (2, "expected", "2023-06-15", ""),
    "· 1 预计 2023.6.15 办结 原因 停工": (1, "expected", "2023-06-15", "停工"),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_answers_is_understood(line: str) -> None:
    [found] = answer_lines(reply(f"您好：\n{line}\n谢谢"), 2023)
    said = (found.number, found.kind.value, found.on.isoformat(), found.reason)
    assert said == LINES[line]
    assert found.words == line


@pytest.mark.parametrize(
    "line",
    [
        "1 尚未办结 2023-06-05",
        "1 未办结",
        "1 已办结 2023-02-30",
        "预计6月12日完成验收——请核对。",
        "昨日1 已办结 2023-06-05 的事",
        "1 已办结",
        "主体已于6月7日封顶",
        "2023-06-05",
    ],
)
def test_a_line_that_is_not_sure_is_for_a_person(line: str) -> None:
    assert answer_lines(reply(line), 2023) == ()


def days(text: str) -> list[tuple[int, bool]]:
    """The days that a reply answers with, and whether within the quotation."""
    return [(line.on.day, line.inside) for line in answer_lines(read_mail(mail(text)).reply, 2023)]


def test_what_stands_below_or_inside_of_the_quotation_answers_too() -> None:
    assert days(f"见下\n\n{WROTE}\n{quoted()}\n1 已办结 2023-06-05") == [(5, False)]
    assert days(f"见下\n\n{WROTE}\n{quoted()}\n> 1 已办结 2023-06-05") == [(5, True)]
    below = f"见下\n\n-----原始邮件-----\n{QUOTE}\n1 已办结 2023-06-05"
    assert days(below) == [(5, True)]


def test_in_a_chain_a_third_persons_words_are_nobodys_answer() -> None:
    chain = f"见下\n\n{WROTE}\n> 1 已办结 2023-06-05\n> {WROTE}\n{quoted()}"
    assert days(chain) == []


PASSES = {
    "mx.a; dmarc=pass header.from=x.cn": True,
    "mx.a 1; spf=pass (ok) smtp.mailfrom=a@x.cn": True,
    "mx.a; dkim=pass header.d=mail.x.cn": False,
    "mx.a; dkim=pass header.d=x.cn; dmarc=fail": True,
    "MX.A; dmarc=PASS header.from=X.CN": True,
    "other.b; dmarc=pass header.from=x.cn": False,
    "mx.a; dmarc=pass header.from=evil.cn": False,
    "mx.a; spf=pass smtp.mailfrom=a@evil.cn": False,
    "mx.a; spf=fail (dmarc=pass header.from=x.cn)": False,
    "mx.a; spf=none ((x) dmarc=pass header.from=x.cn": False,
    "mx.a; dkim=pass header.d=cn": False,
    "mx.a": False,
    "": False,
}


@pytest.mark.parametrize("raw", PASSES)
def test_only_the_own_server_vouches_for_the_senders_domain(raw: str) -> None:
    assert vouched([raw], "mx.a", "li@x.cn") == PASSES[raw]


def test_of_several_lines_of_the_own_server_the_newest_counts() -> None:
    good, bad = "mx.a; dmarc=pass header.from=x.cn", "mx.a; dmarc=fail header.from=x.cn"
    assert vouched([good, bad], "mx.a", "li@x.cn")
    assert not vouched([bad, good], "mx.a", "li@x.cn")
    assert not vouched([good], "", "li@x.cn")
    assert vouched(["mx.a; dkim=pass header.d=x.cn"], "mx.a", "li@mail.x.cn")
    assert not vouched(["mx.a; dmarc=pass header.from=x.cn"], "mx.a", "li@mail.x.cn")
    assert not vouched(["mx.a; dkim=pass header.d=com.cn"], "mx.a", "li@x.com.cn")


def test_parameters_of_any_writing_are_read() -> None:
    assert parameters('text/plain; charset="x\\"y"; a=b') == {"charset": 'x"y', "a": "b"}


def test_a_mail_is_of_one_kind() -> None:
    def kind(**headers: str) -> MailKind:
        found: IncomingMail = read_mail(mail(SAID, **headers))
        return found.kind

    assert kind() is MailKind.PERSON
    assert kind(Auto_Submitted="no") is MailKind.PERSON
    assert kind(X_Auto_Response_Suppress="None") is MailKind.PERSON
    assert kind(X_Auto_Response_Suppress="All") is MailKind.AUTOMATIC
    assert kind(Subject="Out of Office: x") is MailKind.AUTOMATIC
    assert kind(Subject="Re: 自动回复 功能") is MailKind.PERSON
    assert kind(From="no-reply@x.cn") is MailKind.AUTOMATIC
    assert kind(List_Unsubscribe="<x>") is MailKind.BULK
    assert kind(Return_Path="<>", Subject="Undelivered Mail") is MailKind.BOUNCE
    assert kind(From="postmaster@x.cn") is MailKind.BOUNCE

"""Mails that come back: every structure in which systems tell it, and what is no bounce at all."""

import re
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from documents.reading.bounces import LONGEST, BounceReport, read_bounce
from policy.vocabulary import BounceKind
from tests.support.bounces import ID, US, WHOM, fields, prose, report, returned, table

GONE, FULL, REFUSED = BounceKind.GONE, BounceKind.FULL, BounceKind.REFUSED
LARGE, UNKNOWN = BounceKind.LARGE, BounceKind.UNKNOWN
QMAIL = f"""Hi. This is the qmail-send program at mail.post.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<{WHOM}>:
203.0.113.9 does not like recipient.
Remote host said: 550 no such user here
Giving up on 203.0.113.9.

--- Below this line is a copy of the message.

Return-Path: <{US}>
Message-ID: {ID}
Subject: x

该用户邮箱已满
"""
EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients.

  {WHOM}
    host mx.qinghe.example [203.0.113.9]
    SMTP error from remote mail server after RCPT TO:<{WHOM}>:
    550 5.1.1 The email account that you tried to reach does not exist

------ This is a copy of the message, including all the headers. ------

Message-ID: {ID}
"""
CASES: dict[str, tuple[bytes, BounceKind, bool]] = {
    # RFC 3464: reason, whether for good
    "user unknown": (report(fields()), GONE, True),
    "only headers of the mail": (report(fields(), whole=False), GONE, True),
    "fields in base64": (report(fields(), encoded=True), GONE, True),
    "closed mailbox": (report(fields("5.2.1", diagnostic="smtp; 550 no")), GONE, True),
    "Exchange: not found": (
        report(fields("5.1.10", diagnostic="smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound")),
        GONE,
        True,
    ),
    "full": (report(fields("5.2.2", diagnostic="smtp; 552 mailbox over quota")), FULL, True),
    "full after days": (report(fields("4.2.2", diagnostic="smtp; 452 full")), FULL, True),
    "too large": (report(fields("5.3.4", diagnostic="smtp; 552 size")), LARGE, True),
    "policy": (report(fields("5.7.1", diagnostic="smtp; 550 5.7.1 blocked")), REFUSED, True),
    "our address": (report(fields("5.1.8", diagnostic="smtp; 501 bad sender")), REFUSED, True),
    "unknown user under a policy code": (
        report(fields("5.7.1", diagnostic="smtp; 550 5.7.1 no such user")),
        GONE,
        True,
    ),
    "a bare failure": (report(fields("5.0.0", diagnostic="")), UNKNOWN, True),
    "a bare failure that the text explains": (
        report(fields("5.0.0", diagnostic=""), text="收件人的邮箱已满，无法接收"),
        FULL,
        True,
    ),
    "delayed": (report(fields("4.4.1", "delayed", "smtp; timed out")), UNKNOWN, False),
    "without an action": (report(fields(action="")), GONE, True),
    "late, without an action": (report(fields("4.4.7", "", "")), UNKNOWN, False),
    # prose
    "QQ: unknown": (
        prose(
            table(
                [
                    ("无法发送到", WHOM),
                    ("退信原因", "收件人邮件地址（likun）不存在，邮件无法送达。"),
                    ("错误代码", "550 Mailbox not found"),
                ]
            ),
            sender="PostMaster@qq.com",
            subject="系统退信/System bounce",
            html=True,
            charset="gb18030",
        ),
        GONE,
        True,
    ),
    "QQ: full": (
        prose(table([("退信原因", "该用户的邮箱空间已满"), ("收件人", WHOM)]), html=True),
        FULL,
        True,
    ),
    "QQ: refused": (
        prose(f"您发给 {WHOM} 的邮件因发送频率过高被对方邮箱拒收。550 5.7.0 frequency limited"),
        REFUSED,
        True,
    ),
    "163": (
        prose(
            f"抱歉，您的邮件被退回来了……\n收件人：{WHOM}\n退信原因：User not found: {WHOM}",
            subject="系统退信",
            sender="Postmaster@163.com",
            attached=True,
        ),
        GONE,
        True,
    ),
    "126: spam": (
        prose(
            f"收件人 {WHOM}\n退信代码：554 DT:SPM 邮件被识别为垃圾邮件", sender="postmaster@126.com"
        ),
        REFUSED,
        True,
    ),
    "Coremail": (
        prose(
            f"<{WHOM}>: 550 User suspended\n该帐号已被停用。\nCoremail System",
            subject="邮件投递失败通知 (Delivery Status Notification)",
        ),
        GONE,
        True,
    ),
    "Coremail: late": (
        prose(f"您发往 {WHOM} 的邮件投递已延迟，系统将继续尝试投递。", subject="延迟投递通知"),
        UNKNOWN,
        False,
    ),
    "Aliyun": (
        prose(
            f"收件人 {WHOM} 的邮箱容量不足", sender="postmaster@mxhichina.com", subject="退信通知"
        ),
        FULL,
        True,
    ),
    "Sina": (
        prose(
            f"{WHOM} 无此用户", sender="mailer-daemon@sina.com", subject="[系统退信] Returned mail"
        ),
        GONE,
        True,
    ),
    "139": (
        prose(f"对不起，您的邮件过大，{WHOM} 未能接收", sender="postmaster@139.com"),
        LARGE,
        True,
    ),
    "qmail": (
        prose(QMAIL, sender="MAILER-DAEMON@mail.post.example", subject="failure notice"),
        GONE,
        True,
    ),
    "Exim": (
        prose(
            EXIM,
            sender="Mailer-Daemon@mx.xf.example",
            subject="Mail delivery failed: returning message to sender",
            X_Failed_Recipients=WHOM,
        ),
        GONE,
        True,
    ),
    "Exchange in words": (
        prose(
            f"Your message to {WHOM} couldn't be delivered.\nlikun wasn't found at qinghe.example.",
            sender="postmaster@outlook.com",
            subject="Undeliverable: 待办",
            attached=True,
        ),
        GONE,
        True,
    ),
    "Exchange in Chinese": (
        prose(
            f"无法将邮件传递给以下收件人：{WHOM}\n找不到您输入的电子邮件地址",
            subject="未送达: 待办",
        ),
        GONE,
        True,
    ),
    "a domain that is no more": (prose(f"{WHOM}：域名不存在，无法解析主机地址"), GONE, True),
    "words of no table": (prose(f"您发给 {WHOM} 的邮件被退回，请联系对方。"), UNKNOWN, True),
    "a sender without a name": (
        prose(f"{WHOM} 用户不存在", sender="<>", Return_Path="<>"),
        GONE,
        True,
    ),
    "a wrong charset": (
        prose(f"{WHOM} 该用户不存在", charset="utf-8").replace(b'"utf-8"', b'"x-none"'),
        GONE,
        True,
    ),
}
NO_BOUNCES: dict[str, bytes] = {
    "a reply": prose("已于6月2日开工。该用户不存在是笔误", "Re: 待办事项", "likun@qinghe.example"),
    "an absence": prose("我6月5日至9日休假", "自动回复：待办", "likun@qinghe.example"),
    "a note of the postmaster": prose("本周六系统维护", "系统维护通知", "postmaster@qq.com"),
    "a relayed mail": report(fields("2.0.0", "relayed", "")),
    "a delivered mail": report(fields("2.1.5", "delivered", "smtp; 250 ok")),
    "a receipt of reading": report(fields()).replace(
        b"delivery-status", b"disposition-notification"
    ),
    "somebody who tells of a bounce": prose(f"{WHOM} 用户不存在", "退信", "likun@qinghe.example"),
    "our own mail": returned().as_bytes(),
    "nothing": b"",
}


def test_there_are_samples_enough() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize("case", CASES)
def test_a_bounce_is_read(case: str) -> None:
    raw, kind, final = CASES[case]
    [found] = read_bounce(raw)
    assert (found.kind, found.final) == (kind, final)
    assert found.recipients == (WHOM,)
    assert "@" not in found.reason
    assert "\n" not in found.reason
    quoted = ID.encode() in raw or case in ("qmail", "Exim")
    assert found.named == ((ID,) if quoted else ())


@pytest.mark.parametrize("case", NO_BOUNCES)
def test_other_mails_are_none(case: str) -> None:
    assert read_bounce(NO_BOUNCES[case]) == ()


def test_a_report_tells_of_each_recipient_by_itself() -> None:
    first, second = read_bounce(
        report(
            fields(to="a@b.cn", Original_Recipient="rfc822;A.Alt@B.cn"),
            fields("2.0.0", "delivered", "", to="c@d.cn"),
            fields("4.2.2", "delayed", "smtp; 452 full", to="e@f.cn"),
        )
    )
    assert (first.recipients, first.status, first.reason) == (
        ("a.alt@b.cn", "a@b.cn"),
        "5.1.1",
        "550 5.1.1 User unknown",
    )
    assert (second.recipients, second.final, second.kind) == (("e@f.cn",), False, FULL)


@pytest.mark.parametrize(
    ("case", "provider"),
    [
        ("QQ: unknown", "QQ 邮箱"),
        ("163", "网易邮箱"),
        ("Coremail", "Coremail"),
        ("Aliyun", "阿里邮箱"),
        ("Sina", "新浪邮箱"),
        ("139", "139邮箱"),
        ("qmail", "qmail"),
        ("Exim", "Exim"),
        ("Exchange in words", "Exchange"),
        ("words of no table", ""),
    ],
)
def test_whose_system_it_is(case: str, provider: str) -> None:
    [found] = read_bounce(CASES[case][0])
    assert found.provider == provider


def test_a_reason_is_short_and_one_line() -> None:
    long = "smtp; 550 5.1.1 User unknown " + "x" * 5000
    [found] = read_bounce(report(fields(diagnostic=long)))
    assert len(found.reason) <= LONGEST + 2


def test_what_the_returned_mail_says_is_not_the_reason() -> None:
    """It says that a user does not exist; the notice says that the mailbox is full."""
    [found] = read_bounce(prose(f"{WHOM} 邮箱已满", attached=True))
    assert (found.kind, found.reason) == (FULL, "（地址从略） 邮箱已满")


@given(st.binary(max_size=2000))
def test_no_bytes_are_an_error(raw: bytes) -> None:
    assert isinstance(read_bounce(raw), tuple)


@example("126: spam", 296, b"QA")  # a sign, and no address, behind the last word
@given(st.sampled_from(sorted(CASES)), st.integers(0, 4000), st.binary(max_size=40))
def test_no_damage_is_an_error(case: str, at: int, put: bytes) -> None:
    raw = CASES[case][0]
    found = read_bounce(raw[:at] + put + raw[at + len(put) :])
    assert all(isinstance(each, BounceReport) for each in found)
    assert not [each for each in found if re.search(r"\w@[\w-]+\.\w", each.reason)]


def test_a_huge_notice_is_read_in_its_beginning() -> None:
    [found] = read_bounce(prose(f"{WHOM} 用户不存在\n" + "<td " * 300_000))
    assert found.kind is GONE


def test_a_mail_within_mails_ends() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "postmaster@qq.com", "系统退信"
    mail.set_content(f"{WHOM} 用户不存在")
    for _ in range(60):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "postmaster@qq.com", "系统退信"
        outer.set_content(f"{WHOM} 用户不存在")
        outer.add_attachment(mail)
        mail = outer
    [found] = read_bounce(mail.as_bytes())
    assert found.kind is GONE

"""The channels, against a real mail server and a real folder."""

import errno
import logging
import os
import socket
import ssl
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.channel import (
    AppriseChannel,
    Channel,
    DeliveryError,
    FolderChannel,
    RecordingChannel,
    channel_for,
    file_name,
)
from notifications.mail import mail, mail_address
from notifications.message import Attachment, DigestLine, Message
from notifications.render import digest
from policy.errors import UnavailableError
from policy.vocabulary import Origin, RungKind, SubjectKind
from tests.mail_server import Inbox, free_port, mail_server, parsed

# Apprise's PGP part imports imghdr, which warns on Python 3.11; we use nothing of it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

XLSX = b"PK\x03\x04" + bytes(range(256)) * 40 + b"\r\n.\r\n\n.\n"
LIST = Attachment("太原市清徐县2023年6月逾期项目清单（第1期）.xlsx", XLSX)
SECRET = "Pa55-w0rd"  # noqa: S105  # of the test's own server


def a_message(lines: int = 1) -> Message:
    line = DigestLine(
        kind=RungKind.URGE,
        subject_kind=SubjectKind.PROJECT,
        subject="XF2023-140121-01",
        name="清源街道东关社区养老幸福工程",
        place="太原市清徐县",
        rule="D08",
        title="全部开工建设",
        clause="六(二)",
        notice_number="晋民发〔2023〕7号",
        origin=Origin.NOTICE,
        remind_by=date(2023, 5, 31),
        overdue_after=date(2023, 5, 31),
        responsible="太原市清徐县民政局",
        to_do="请办理开工",
        missing=(),
    )
    return digest(
        "0f3c9a77b1d24e5f8a6b",
        "太原市清徐县民政局",
        date(2023, 6, 1),
        [replace(line, subject=f"XF2023-140121-{number:03d}") for number in range(lines)],
        "2023年城镇社区幸福养老提速工程",
        (LIST,),
        datetime(2023, 5, 31, 17, 30, tzinfo=UTC),  # 01:30 on 1 June in Shanghai
    )


MESSAGE = a_message()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


def address(port: int, to: str = "qingxu@example.gov.cn", more: str = "", user: str = "") -> str:
    return f"mailto://{user}127.0.0.1:{port}/?from=xingfu@example.gov.cn&to={to}{more}"


def attached(mail: EmailMessage) -> list[Attachment]:
    return [
        Attachment(part.get_filename() or "", part.get_content())
        for part in mail.iter_attachments()
        if isinstance(part, EmailMessage)
    ]


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def check_whole(mail: EmailMessage, message: Message) -> None:
    assert mail["Subject"] == message.title
    assert body(mail, "plain") == message.text
    assert body(mail, "html") == message.html
    assert attached(mail) == list(message.attachments)
    assert mail.get_all("Message-ID") == ["<0f3c9a77b1d24e5f8a6b@xingfu.invalid>"]
    assert [each.datetime for each in mail.get_all("Date", [])] == [message.sent_at]
    assert mail["From"].addresses[0].display_name == "幸福养老工程督办系统"
    assert mail["To"].addresses[0].display_name == "太原市清徐县民政局"


def refusal(channel: Channel, message: Message = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(message)
    return caught.value


# --- mail


def test_a_mail_arrives_whole(inbox: Inbox) -> None:
    AppriseChannel(address(inbox.port)).send(MESSAGE)
    mail = inbox.read()
    check_whole(mail, MESSAGE)
    assert mail["From"].addresses[0].addr_spec == "xingfu@example.gov.cn"
    assert mail["To"].addresses[0].addr_spec == "qingxu@example.gov.cn"
    assert inbox.mails[0].rcpt_tos == ["qingxu@example.gov.cn"]


def test_a_long_digest_is_one_mail(inbox: Inbox) -> None:
    message = a_message(lines=300)
    assert len(message.html) > 32_768  # where Apprise begins to split
    AppriseChannel(address(inbox.port)).send(message)
    check_whole(inbox.read(), message)


def test_the_name_in_the_address_signs_the_mail(inbox: Inbox) -> None:
    AppriseChannel(address(inbox.port, more="&name=山西省民政厅")).send(MESSAGE)
    assert inbox.read()["From"].addresses[0].display_name == "山西省民政厅"


def test_several_recipients_get_it_and_nobody_waits_between_two_sends(inbox: Inbox) -> None:
    channel, started = AppriseChannel(address(inbox.port, to="a@b.cn,c@d.cn")), monotonic()
    channel.send(MESSAGE)
    channel.send(MESSAGE)
    assert monotonic() - started < 4  # Apprise's throttle is 5.5 s
    assert [mail.rcpt_tos for mail in inbox.mails] == [["a@b.cn", "c@d.cn"]] * 2


def test_a_refused_recipient_is_a_failure(inbox: Inbox) -> None:
    error = refusal(AppriseChannel(address(inbox.port, to="nobody@example.gov.cn")))
    assert str(error) == "收件地址被邮件服务器拒收（550）"
    assert isinstance(error, UnavailableError)


def test_one_refused_recipient_of_two_is_a_failure(inbox: Inbox) -> None:
    error = refusal(AppriseChannel(address(inbox.port, to="a@b.cn,nobody@example.gov.cn")))
    assert str(error) == "收件地址被邮件服务器拒收（550）"


@pytest.mark.parametrize(
    "option",
    ["overflow=split", "optional=yes", "retry=3", "pgp=encrypt", "cc=c@d.cn", "%2BX-A=b", "c@d.cn"],
)
def test_an_option_that_would_not_be_honoured_is_refused(option: str, inbox: Inbox) -> None:
    error = refusal(AppriseChannel(address(inbox.port, more=f"&{option}")))
    assert "渠道地址有误" in str(error)
    assert not inbox.mails


def test_a_recipient_that_cannot_be_read_is_not_left_out_silently(inbox: Inbox) -> None:
    assert "渠道地址有误" in str(refusal(AppriseChannel(address(inbox.port, to="a@b.cn,c-d.cn"))))
    assert not inbox.mails


def test_a_dead_port() -> None:
    assert str(refusal(AppriseChannel(address(free_port())))) == "无法连接邮件服务器"


def test_a_silent_server() -> None:
    started = monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        error = refusal(AppriseChannel(address(port, more="&cto=0.5")))
    assert monotonic() - started < 10
    assert str(error) == "邮件服务器没有响应或中断了会话"


def _authenticate(_: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
    return AuthResult(success=data.password == SECRET.encode(), handled=False)


AUTHENTICATED = {
    "authenticator": _authenticate,
    "auth_required": True,
    "auth_require_tls": False,
}


# aiosmtpd warns that the test's own server takes passwords without encryption; that is wanted here.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_right_password_is_accepted_and_a_wrong_one_is_not() -> None:
    with mail_server(**AUTHENTICATED) as inbox:
        AppriseChannel(address(inbox.port, user=f"xingfu:{SECRET}@")).send(MESSAGE)
        check_whole(inbox.read(), MESSAGE)
        error = refusal(AppriseChannel(address(inbox.port, user=f"xingfu:{SECRET}x@")))
        assert str(error) == "邮件服务器不接受所配置的用户名或密码（535）"
        # smtplib's own error would quote it.
        error = refusal(AppriseChannel(address(inbox.port, user=f"xingfu:{SECRET}密码@")))
        assert str(error) == "邮件地址、用户名或密码含有不能使用的字符"
        assert SECRET not in everything_about(error)


@pytest.mark.parametrize(
    "url",
    [
        f"mailto://127.0.0.1:1/?to=a@b.cn&user=xingfu&pass={SECRET}",
        f"mailto://xingfu:{SECRET}@127.0.0.1:1/?to=a@b.cn",
        f"mailtos://xingfu:{SECRET}@127.0.0.1:1/?to=a@b.cn&mode=ssl",
        f"mailto://xingfu:9/{SECRET}@127.0.0.1:1/?to=a@b.cn",
        f"mailto://xingfu:9#{SECRET}@127.0.0.1:1/?to=a@b.cn",
        f"mailto://xingfu:{SECRET}@?to=nobody",
        f"mailto://xingfu:{SECRET}@127.0.0.1:99999999/?to=a@b.cn",
        f"mailto://:{SECRET}@",
        f"mailto:xingfu:{SECRET}@127.0.0.1",
        f"xingfu:{SECRET}@127.0.0.1",
        f"wecombot://{SECRET}",
    ],
)
def test_no_failure_shows_the_address(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    caplog.set_level(1, logger="apprise")
    channel = AppriseChannel(url)
    shown = everything_about(refusal(channel)) + caplog.text + repr(channel) + str(channel)
    assert SECRET not in shown
    assert "127.0.0.1" not in shown


def everything_about(error: DeliveryError) -> str:
    assert error.__context__ is None
    return repr(error) + "".join(traceback.format_exception(error))


def test_apprise_itself_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    refusal(AppriseChannel("mailto://127.0.0.1:1/?to=a@b.cn"))
    caplog.set_level(1)
    logging.getLogger("apprise").error("mailto://user:password@host")
    assert not caplog.records


@pytest.mark.parametrize("scheme", ["wecombot", "dingtalk", "feishu", "json"])
def test_services_whose_answer_cannot_be_trusted_are_not_used(scheme: str) -> None:
    assert "只支持" in str(refusal(AppriseChannel(f"{scheme}://token")))


def _own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_certificate_is_checked_unless_the_address_says_otherwise(tmp_path: Path) -> None:
    with mail_server(tls_context=_own_certificate(tmp_path)) as inbox:
        url = address(inbox.port).replace("mailto:", "mailtos:")
        assert "请检查证书" in str(refusal(AppriseChannel(url)))
        assert not inbox.mails
        AppriseChannel(url + "&verify=no").send(MESSAGE)
        check_whole(inbox.read(), MESSAGE)


# --- folder


def test_a_mail_file_reads_back_whole(tmp_path: Path) -> None:
    FolderChannel(tmp_path).send(MESSAGE)
    path = tmp_path / "2023-06-01" / "太原市清徐县民政局-0f3c9a77b1d2.eml"
    mail = parsed(path.read_bytes())
    check_whole(mail, MESSAGE)
    assert str(mail["From"].addresses[0].addr_spec) == "noreply@xingfu.invalid"
    assert "X-Unsent" not in mail


def test_line_breaks_add_no_header(tmp_path: Path) -> None:
    broken = "太原市\r\nBcc: x@y.cn"
    files = (Attachment("a\r\nb.xlsx", b""),)
    FolderChannel(tmp_path).send(
        replace(MESSAGE, title=broken, recipient=broken, attachments=files)
    )
    [path] = tmp_path.rglob("*.eml")
    mail = parsed(path.read_bytes())
    assert "Bcc" not in mail
    assert mail["Subject"] == "太原市 Bcc: x@y.cn"
    assert [each.name for each in attached(mail)] == ["a b.xlsx"]


def test_the_same_message_twice_is_one_same_file(tmp_path: Path) -> None:
    contents = set()
    for _ in range(2):
        FolderChannel(tmp_path).send(MESSAGE)
        [path] = (each for each in tmp_path.rglob("*") if each.is_file())
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in its place")
    assert str(refusal(FolderChannel(tmp_path / "outbox"))).startswith("无法写入发件文件夹：")


def test_a_full_disk_leaves_neither_half_a_file_nor_harms_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    channel = FolderChannel(tmp_path)
    channel.send(MESSAGE)
    monkeypatch.setattr(os, "fsync", full)
    error = refusal(channel, replace(MESSAGE, text="改动"))
    assert str(error) == "无法写入发件文件夹：磁盘空间不足"
    [path] = (each for each in tmp_path.rglob("*") if each.is_file())
    check_whole(parsed(path.read_bytes()), MESSAGE)


@given(st.text(max_size=300), st.text())
@example("𠮷" * 300, "id")
def test_a_file_name_is_safe_on_every_system(recipient: str, id: str) -> None:
    name = file_name(replace(MESSAGE, recipient=recipient, id=id.replace("\ud800", "")))
    assert len(name.encode(errors="surrogatepass")) <= 255
    assert not set(name) & set('\\/:*?"<>|\0\r\n')
    assert not name.startswith(".")
    assert name.endswith(".eml")


NAMES = st.text(
    st.sampled_from("太原市清徐县逾期项目清单（）—“”、〇𠮷 aZ9-_.'%"), min_size=1, max_size=80
)


@given(NAMES, st.binary(max_size=400))
def test_every_attachment_reads_back_byte_for_byte(name: str, content: bytes) -> None:
    attachment = Attachment(f"{name.strip()}表.docx", content)
    office = mail_address("太原市民政局", "office@xingfu.invalid")
    made = mail(replace(MESSAGE, attachments=(attachment,)), office, [office])
    assert attached(parsed(made.as_bytes())) == [attachment]


# --- the rest


def test_the_fake_records_and_fails_when_told() -> None:
    channel = RecordingChannel()
    channel.send(MESSAGE)
    channel.failing = "演练：邮件服务器停机"
    assert str(refusal(channel)) == "演练：邮件服务器停机"
    assert channel.sent == [MESSAGE]


@pytest.mark.parametrize("none", [None, "", "  "])
def test_without_an_address_the_folder_is_the_channel(none: str | None, tmp_path: Path) -> None:
    assert channel_for(none, tmp_path) == FolderChannel(tmp_path)


def test_an_address_is_the_channel(tmp_path: Path) -> None:
    assert channel_for(" mailto://a@b.cn ", tmp_path) == AppriseChannel("mailto://a@b.cn")

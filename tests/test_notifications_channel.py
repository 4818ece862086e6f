"""The channels, against a real mail server and a real folder."""

import errno
import logging
import os
import socket
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from hypothesis import example, given
from hypothesis import strategies as st

from common.errors import UnavailableError
from notifications.channel import Channels, RecordingChannel
from notifications.files import FolderChannel, ListChannel, ListEntry, file_name, read_list
from notifications.mail import mail, mail_address
from notifications.message import Attachment, Message
from notifications.sending import Channel, DeliveryError, Tls
from notifications.sessions import Server, Sessions
from policy.vocabulary import ChannelKind
from tests.support.mail_server import Inbox, free_port, mail_server, parsed
from tests.support.messages import MESSAGE, a_message
from tests.support.peers import own_certificate

SECRET = "Pa55-w0rd"  # noqa: S105  # of the test's own server


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


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[Channels]:
    with Channels(tmp_path, mail_timeout=0.5) as channels:
        yield channels


def pass_on(channel: Channel, message: Message = MESSAGE) -> None:
    for part in channel.parts(message):
        channel.send(part)


def send(channels: Channels, url: str, message: Message = MESSAGE) -> None:
    pass_on(channels.open(url), message)


def refused(channel: Channel, message: Message = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        pass_on(channel, message)
    return caught.value


def refusal(channels: Channels, url: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(channels, url)
    return caught.value


# --- mail


def test_a_mail_arrives_whole(inbox: Inbox, channels: Channels) -> None:
    send(channels, address(inbox.port), MESSAGE)
    mail = inbox.read()
    check_whole(mail, MESSAGE)
    assert mail["From"].addresses[0].addr_spec == "xingfu@example.gov.cn"
    assert mail["To"].addresses[0].addr_spec == "qingxu@example.gov.cn"
    assert inbox.mails[0].rcpt_tos == ["qingxu@example.gov.cn"]


def test_a_long_digest_is_one_mail(inbox: Inbox, channels: Channels) -> None:
    message = a_message(lines=300)
    assert len(message.html) > 32_768  # where Apprise begins to split
    send(channels, address(inbox.port), message)
    check_whole(inbox.read(), message)


def test_the_name_in_the_address_signs_the_mail(inbox: Inbox, channels: Channels) -> None:
    send(channels, address(inbox.port, more="&name=山西省民政厅"), MESSAGE)
    assert inbox.read()["From"].addresses[0].display_name == "山西省民政厅"


def test_nobody_waits_between_two_sends(inbox: Inbox, channels: Channels) -> None:
    channel, started = channels.open(address(inbox.port, to="a@b.cn")), monotonic()
    pass_on(channel)
    pass_on(channel)
    assert monotonic() - started < 4  # Apprise's throttle is 5.5 s
    assert [mail.rcpt_tos for mail in inbox.mails] == [["a@b.cn"]] * 2


def test_a_refused_recipient_is_a_failure(inbox: Inbox, channels: Channels) -> None:
    error = refusal(channels, address(inbox.port, to="nobody@example.gov.cn"))
    assert str(error) == "收件地址被邮件服务器拒收（550）"
    assert isinstance(error, UnavailableError)


@pytest.mark.parametrize("to", ["a@b.cn,c@d.cn", "a@b.cn,nobody@example.gov.cn", "a@b.cn,c-d.cn"])
def test_an_address_has_one_recipient(inbox: Inbox, channels: Channels, to: str) -> None:
    """Of several one could be refused while others accept; then a repeat reaches them again."""
    error = refusal(channels, address(inbox.port, to=to))
    assert "一个地址只能有一个收件人" in str(error)
    assert not inbox.mails


@pytest.mark.parametrize(
    "option",
    ["overflow=split", "optional=yes", "retry=3", "pgp=encrypt", "cc=c@d.cn", "%2BX-A=b", "c@d.cn"],
)
def test_an_option_that_would_not_be_honoured_is_refused(
    option: str, inbox: Inbox, channels: Channels
) -> None:
    error = refusal(channels, address(inbox.port, more=f"&{option}"))
    assert "通知地址有误" in str(error)
    assert not inbox.mails


def test_a_dead_port(channels: Channels) -> None:
    assert str(refusal(channels, address(free_port()))) == "无法连接邮件服务器"


@pytest.mark.heavy
def test_a_silent_server(channels: Channels) -> None:
    started = monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        error = refusal(channels, address(port, more="&cto=0.5"))
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
def test_a_right_password_is_accepted_and_a_wrong_one_is_not(channels: Channels) -> None:
    with mail_server(**AUTHENTICATED) as inbox:
        send(channels, address(inbox.port, user=f"xingfu:{SECRET}@"), MESSAGE)
        check_whole(inbox.read(), MESSAGE)
        error = refusal(channels, address(inbox.port, user=f"xingfu:{SECRET}x@"))
        assert str(error) == "邮件服务器不接受所配置的用户名或密码（535）"
        # smtplib's own error would quote it.
        error = refusal(channels, address(inbox.port, user=f"xingfu:{SECRET}密码@"))
        assert str(error) == "通知地址有误：用户名和密码只能用英文字母、数字和符号"
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
        f"wecombot://{SECRET}?api=x",
        f"dingtalk://{SECRET}@a-b",
        f"json://xingfu:{SECRET}@127.0.0.1/?x=1",
    ],
)
def test_no_failure_shows_the_address(
    url: str, caplog: pytest.LogCaptureFixture, channels: Channels
) -> None:
    caplog.set_level(1)
    caplog.set_level(1, logger="apprise")
    shown = everything_about(refusal(channels, url)) + caplog.text
    assert SECRET not in shown
    assert "127.0.0.1" not in shown


def everything_about(error: DeliveryError) -> str:
    assert error.__context__ is None
    return repr(error) + "".join(traceback.format_exception(error))


def test_apprise_itself_logs_nothing(caplog: pytest.LogCaptureFixture, channels: Channels) -> None:
    refusal(channels, "mailto://127.0.0.1:1/?to=a@b.cn")
    caplog.set_level(1)
    logging.getLogger("apprise").error("mailto://user:password@host")
    assert not caplog.records


def test_an_open_channel_does_not_show_its_address(channels: Channels) -> None:
    channel = channels.open(f"mailto://xingfu:{SECRET}@127.0.0.1:1/?from=c@d.cn&to=a@b.cn")
    assert SECRET not in repr(channel) + str(channel)
    assert (channel.kind, channel.pace) == (ChannelKind.MAIL, None)


@pytest.mark.parametrize("url", ["slack://token", "xingfu", "mailto:a@b.cn", "://"])
def test_other_services_are_not_used(url: str, channels: Channels) -> None:
    assert "只支持" in str(refusal(channels, url))


# --- one connection for many mails


def test_mails_to_one_server_share_a_connection(inbox: Inbox, channels: Channels) -> None:
    for to in ("a@b.cn", "nobody@b.cn", "c@d.cn", "e@f.cn"):
        with suppress(DeliveryError):
            send(channels, address(inbox.port, to=to))
    assert [mail.rcpt_tos for mail in inbox.mails] == [["a@b.cn"], ["c@d.cn"], ["e@f.cn"]]
    assert len(inbox.sessions) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_another_user_gets_another_connection(channels: Channels) -> None:
    with mail_server(**AUTHENTICATED) as inbox:
        for user in ("xingfu", "another"):
            send(channels, address(inbox.port, user=f"{user}:{SECRET}@"))
        assert len(inbox.sessions) == 2


@pytest.mark.heavy
def test_a_server_that_hung_up_between_two_mails_is_connected_to_again(
    inbox: Inbox, channels: Channels
) -> None:
    inbox.after_data = "hang up"
    for _ in range(3):
        send(channels, address(inbox.port))
        sleep(0.2)
    assert len(inbox.mails) == 3
    assert len(inbox.sessions) == 3


def test_a_server_that_is_tired_of_a_connection_gets_another(
    inbox: Inbox, channels: Channels
) -> None:
    send(channels, address(inbox.port))
    inbox.mail_from = ["421 4.7.0 too many mails on this connection"]
    send(channels, address(inbox.port))
    assert len(inbox.mails) == len(inbox.sessions) == 2


def test_a_server_that_closes_at_once_is_not_asked_for_ever(
    inbox: Inbox, channels: Channels
) -> None:
    send(channels, address(inbox.port))
    inbox.mail_from = ["421 busy"] * 5
    error = refusal(channels, address(inbox.port))
    assert (error.code, error.unknown) == ("421", False)
    assert len(inbox.mail_from) == 3


@pytest.mark.heavy
@pytest.mark.parametrize("what", ["cut", "slow"])
@pytest.mark.parametrize("before", [0, 1], ids=["first", "on a kept connection"])
def test_after_the_mail_was_handed_over_nobody_knows_and_it_is_not_sent_again(
    what: str, before: int, inbox: Inbox, channels: Channels
) -> None:
    for _ in range(before):
        send(channels, address(inbox.port))
    inbox.after_data = what
    error = refusal(channels, address(inbox.port))
    assert error.unknown
    assert str(error) == "邮件已交给邮件服务器，但服务器没有答复，可能已送达"
    assert len(inbox.mails) == before + 1
    inbox.after_data = ""
    send(channels, address(inbox.port))  # the next mail is not held up by it
    assert len(inbox.mails) == before + 2


@pytest.mark.parametrize("answer", ["452 4.2.2 full", "554 5.7.1 spam", "421 closing"])
def test_a_mail_that_is_refused_at_its_end_was_refused(
    answer: str, inbox: Inbox, channels: Channels
) -> None:
    send(channels, address(inbox.port))
    inbox.after_data = answer
    error = refusal(channels, address(inbox.port))
    assert (error.code, error.unknown) == (answer[:3], False)
    assert str(error) == f"邮件服务器拒收（{answer[:3]}）"
    assert len(inbox.mails) == 2


def test_a_server_that_cannot_be_reached_is_asked_once(channels: Channels) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0.1)
        url = address(silent.getsockname()[1], more="&cto=0.3")
        first, second = refusal(channels, url), refusal(channels, url)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()
    assert (first.unasked, first.unknown) == (False, False)
    assert (second.unasked, second.unknown) == (True, False)


def test_lines_that_begin_with_a_dot_arrive(inbox: Inbox) -> None:
    sender = mail_address("", "a@b.cn")
    made = mail(MESSAGE, sender, [sender])
    made.set_payload(".\r\n..dots\r\n.\r\n")
    del made["Content-Type"]
    sessions = Sessions(Tls(), 1)
    server = Server("127.0.0.1", inbox.port, "", True, 1)
    assert sessions.submit(server, made, "a@b.cn", ["a@b.cn"]) == {}
    sessions.close()
    content = inbox.mails[0].content
    assert isinstance(content, bytes)
    assert content.endswith(b"\r\n\r\n.\r\n..dots\r\n.\r\n")


def test_a_certificate_is_checked_unless_the_address_says_otherwise(
    tmp_path: Path, channels: Channels
) -> None:
    with mail_server(tls_context=own_certificate(tmp_path)) as inbox:
        url = address(inbox.port).replace("mailto:", "mailtos:")
        assert "的证书为自签名证书" in str(refusal(channels, url))
        assert not inbox.mails
        send(channels, url + "&verify=no", MESSAGE)
        check_whole(inbox.read(), MESSAGE)


# --- folder


@pytest.mark.heavy
def test_a_mail_file_reads_back_whole(tmp_path: Path) -> None:
    pass_on(FolderChannel(tmp_path))
    path = tmp_path / "2023-06-01" / "太原市清徐县民政局-0f3c9a77b1d2.eml"
    mail = parsed(path.read_bytes())
    check_whole(mail, MESSAGE)
    assert str(mail["From"].addresses[0].addr_spec) == "noreply@xingfu.invalid"
    assert "X-Unsent" not in mail


def test_line_breaks_add_no_header(tmp_path: Path) -> None:
    broken = "太原市\r\nBcc: x@y.cn"
    files = (Attachment("a\r\nb.xlsx", b""),)
    broken_message = replace(MESSAGE, title=broken, recipient=broken, attachments=files)
    pass_on(FolderChannel(tmp_path), broken_message)
    [path] = tmp_path.rglob("*.eml")
    mail = parsed(path.read_bytes())
    assert "Bcc" not in mail
    assert mail["Subject"] == "太原市 Bcc: x@y.cn"
    assert [each.name for each in attached(mail)] == ["a__b.xlsx"]


def test_the_same_message_twice_is_one_same_file(tmp_path: Path) -> None:
    contents = set()
    for _ in range(2):
        pass_on(FolderChannel(tmp_path))
        [path] = (each for each in tmp_path.rglob("*") if each.is_file())
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in its place")
    assert str(refused(FolderChannel(tmp_path / "outbox"))).startswith("无法写入发件文件夹：")


def test_a_full_disk_leaves_neither_half_a_file_nor_harms_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    channel = FolderChannel(tmp_path)
    pass_on(channel)
    monkeypatch.setattr(os, "fsync", full)
    error = refused(channel, replace(MESSAGE, text="改动"))
    assert str(error) == "无法写入发件文件夹：磁盘已满"
    [path] = (each for each in tmp_path.rglob("*") if each.is_file())
    check_whole(parsed(path.read_bytes()), MESSAGE)


@given(st.text(max_size=300), st.text())
@example("𠮷" * 300, "id")
def test_a_file_name_is_safe_on_every_system(recipient: str, id: str) -> None:
    name = file_name(replace(MESSAGE, recipient=recipient, id=id.replace("\ud800", "")), "eml")
    assert len(name.encode(errors="surrogatepass")) <= 255
    assert not set(name) & set('\\/:*?"<>|\0\r\n')
    assert not name.startswith(".")
    assert name.endswith(".eml")


NAMES = st.text(
    st.sampled_from("太原市清徐县逾期项目清单（）—“”、〇𠮷 aZ9-_.'%"), min_size=1, max_size=80
)


@given(NAMES, st.binary(max_size=400))
def test_every_attachment_reads_back_byte_for_byte(name: str, content: bytes) -> None:
    attachment = Attachment(f"{name.strip(' .')}表.docx", content)
    office = mail_address("太原市民政局", "office@xingfu.invalid")
    made = mail(replace(MESSAGE, attachments=(attachment,)), office, [office])
    assert attached(parsed(made.as_bytes())) == [attachment]


# --- list


def test_a_list_keeps_the_text_for_somebody_to_pass_on(tmp_path: Path, channels: Channels) -> None:
    message = replace(MESSAGE, addressee="张某")
    send(channels, "list://13912345678", message)
    send(channels, "list://13912345678", message)
    other = replace(MESSAGE, id="1f3c9a77b1d24e5f8a6b", recipient="太原市民政局", addressee="李某")
    send(channels, "list://lisi%40shanxi", other)
    folder = tmp_path / "2023-06-01" / "文本清单"
    path = folder / "太原市清徐县民政局-0f3c9a77b1d2.json"
    assert {file.name for file in folder.iterdir()} == {
        path.name,
        "太原市民政局-1f3c9a77b1d2.json",
    }
    (first, second), unreadable = read_list(folder)
    assert unreadable == ()
    assert first.number == "lisi@shanxi"
    assert second == ListEntry("张某", "太原市清徐县民政局", "13912345678", second.text)
    assert second.text.startswith("【幸福养老工程】6月1日待办，太原市清徐县民政局 张某：1项逾期\n")


def test_a_list_that_is_not_there_is_empty_and_what_cannot_be_read_is_named(
    tmp_path: Path, channels: Channels
) -> None:
    assert read_list(tmp_path / "2023-06-01") == ((), ())
    send(channels, "list://139")
    folder = tmp_path / "2023-06-01" / "文本清单"
    (folder / "a.json").write_text('{"addressee": 1', encoding="utf-8")
    (entry,), unreadable = read_list(folder)
    assert (entry.number, unreadable) == ("139", ("a.json",))


@pytest.mark.parametrize("rest", ["", "/", "139/1", "139?x=1", "139#x", "139%0A"])
def test_a_list_without_a_number_is_refused(rest: str, channels: Channels) -> None:
    assert "通知地址有误" in str(refusal(channels, f"list://{rest}"))


# --- the rest


def test_the_fake_records_and_fails_when_told() -> None:
    channel = RecordingChannel()
    pass_on(channel)
    channel.failing = "演练：邮件服务器停机"
    assert str(refused(channel)) == "演练：邮件服务器停机"
    assert channel.sent == [MESSAGE]


@pytest.mark.parametrize("none", [None, "", "  ", "folder://", " Folder:/// "])
def test_without_an_address_the_folder_is_the_channel(
    none: str | None, channels: Channels, tmp_path: Path
) -> None:
    assert channels.open(none) == FolderChannel(tmp_path)


def test_a_folder_of_one_s_own_is_refused(channels: Channels) -> None:
    assert "通知地址有误" in str(refusal(channels, "folder:///srv/mails"))


def test_what_needs_no_pacing_has_no_pace(channels: Channels) -> None:
    for url in ("folder://", "list://139", "mailto://127.0.0.1/?from=a@b.cn&to=a@b.cn"):
        channel = channels.open(url)
        assert (channel.pace, channel.spacing) == (None, timedelta())
        [part] = channel.parts(MESSAGE)
        assert (part.number, part.of, part.keys) == (1, 1, MESSAGE.keys)
    assert channels.open("list://139") == ListChannel(tmp_path_of(channels), "139")


def tmp_path_of(channels: Channels) -> Path:
    folder = channels.open(None)
    assert isinstance(folder, FolderChannel)
    return folder.folder


def test_an_error_has_a_message_of_its_own() -> None:
    assert str(DeliveryError()) == "消息未能送出，请稍后重试。"

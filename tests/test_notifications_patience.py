"""No peer holds a delivery up: every wait has an end, every answer a limit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.channel import Channels
from notifications.replies import VENDORS, is_gone
from notifications.sending import DeliveryError
from policy.vocabulary import ChannelKind
from states.contacts import SEALED
from tests.support.mail_server import mail_server
from tests.support.messages import MESSAGE
from tests.support.peers import (
    Behaviour,
    drip_body,
    drip_greeting,
    drip_headers,
    flood,
    hang,
    hang_at_ehlo,
    misbehaving,
    own_certificate,
)
from tests.support.vendor_servers import Answer, platform, said

SHORT = 0.3  # seconds; in these, a peer that drips sends some bytes and never all


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[Channels]:
    with Channels(tmp_path, post_timeout=SHORT, mail_timeout=SHORT) as made:
        yield made


def refusal(channels: Channels, url: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        send(channels, url)
    return caught.value


def send(channels: Channels, url: str) -> None:
    channel = channels.open(url)
    for part in channel.parts(MESSAGE):
        channel.send(part)


def mail_to(host: str, who: str = "a@b.cn", more: str = "") -> str:
    return f"mailto://{host}/?from=xf@example.gov.cn&to={who}&cto={SHORT}{more}"


# --- over HTTP


@pytest.mark.parametrize("behave", [hang, drip_headers, drip_body])
@pytest.mark.parametrize("scheme", ["wecombot://KEY?api=http://{}", "json://{}/push"])
def test_a_target_that_drips_or_hangs_has_one_time_for_all_and_is_asked_once(
    scheme: str, behave: Behaviour, channels: Channels
) -> None:
    with misbehaving(behave) as peer:
        url = scheme.format(peer.host)
        if behave is drip_body and url.startswith("json"):
            send(channels, url)  # its status has come, and says that it took the message
        else:
            first = refusal(channels, url)
            assert first.unknown, "it has been given the message"
            assert not first.unasked
        second = refusal(channels, url)
        assert (second.unasked, second.unknown) == (True, False)
        assert "留待下一轮发送" in str(second)
        assert (peer.counted(1), peer.sent < 1_000) == (1, True)


def test_of_an_endless_answer_little_is_read(channels: Channels) -> None:
    with misbehaving(flood) as peer:
        send(channels, f"wecombot://KEY?api=http://{peer.host}")
        send(channels, f"json://{peer.host}/push")
        assert peer.counted(2) == 2
        assert peer.sent < 30_000_000, "what lies in the buffers between us"


def test_a_redirect_is_not_followed_and_the_reason_says_what_to_do(channels: Channels) -> None:
    with platform() as elsewhere, platform() as target:
        for url in (f"json://{target.base[7:]}/push", f"wecombot://KEY?api={target.base}"):
            target.next = [Answer(b"", 307, {"Location": f"{elsewhere.base}/push"})]
            error = refusal(channels, url)
            assert str(error).endswith("（307），为防泄露未予转发；请将通知地址改为对方的最终地址")
            assert not error.unknown
        assert (len(target.seen), elsewhere.seen) == (2, [])


def test_a_bad_certificate_is_refused_with_its_fault_named(
    tmp_path: Path, channels: Channels
) -> None:
    with misbehaving(flood, own_certificate(tmp_path)) as peer:
        error = refusal(channels, f"jsons://{peer.host}/push")
        assert str(error) == (
            "接收系统的证书为自签名证书，未发送；"
            "请对方更换证书，或在核实对方身份后于通知地址的选项中加 verify=no"
        )
        assert not error.unknown
        send(channels, f"jsons://{peer.host}/push?verify=no")  # it has been reached
    with mail_server(tls_context=own_certificate(tmp_path)) as inbox:
        url = mail_to(f"127.0.0.1:{inbox.port}").replace("mailto:", "mailtos:")
        assert str(refusal(channels, url)).startswith("邮件服务器的证书为自签名证书，未发送；")
        assert not inbox.mails


# --- by mail


@pytest.mark.parametrize("behave", [hang, hang_at_ehlo, drip_greeting])
def test_a_mail_server_that_hangs_is_asked_once_whoever_the_mail_is_for(
    behave: Behaviour, channels: Channels
) -> None:
    with misbehaving(behave) as peer:
        first = refusal(channels, mail_to(peer.host))
        assert str(first) == "邮件服务器没有响应或中断了会话"
        assert (first.unknown, first.unasked) == (False, False)
        others = (mail_to(peer.host, "c@d.cn"), mail_to(f"u:p@{peer.host}", more="&mode=insecure"))
        for url in others:
            assert refusal(channels, url).unasked
        assert peer.counted(1) == 1


@pytest.mark.heavy
def test_a_server_that_takes_mails_and_does_not_answer_gets_two(channels: Channels) -> None:
    with mail_server() as inbox:
        inbox.after_data = "slow"
        url = mail_to(f"127.0.0.1:{inbox.port}")
        assert [refusal(channels, url).unknown for _ in range(2)] == [True, True]
        assert refusal(channels, url).unasked
        assert len(inbox.mails) == 2


def test_a_wrong_password_is_asked_about_once_and_keeps_no_other_account_out(
    channels: Channels,
) -> None:
    with mail_server() as inbox:  # it offers no login at all
        host = f"127.0.0.1:{inbox.port}"
        assert not refusal(channels, mail_to(f"u:p@{host}", more="&mode=insecure")).unasked
        assert refusal(channels, mail_to(f"u:p@{host}", more="&mode=insecure")).unasked
        send(channels, mail_to(host))


# --- refused for good


@pytest.mark.parametrize(
    ("code", "says", "final"),
    [
        (550, b"5.1.1 no such user", True),
        (550, b"Mailbox not found. http://service.mail.qq.com/cgi-bin/help?id=1001", True),
        (550, b"User not found: nobody@163.com", True),
        (550, b"5.2.1 mailbox disabled", True),
        (550, b"5.2.2 mailbox full", False),
        (550, b"5.7.1 blocked", False),
        (550, b"Ip frequency limited", False),
        (553, b"sorry, no mailbox here by that name", True),
        (554, b"5.7.1 spam", False),
        (452, b"4.2.2 full", False),
        (450, b"4.1.1 try again", False),
    ],
)
def test_a_recipient_is_refused_for_good_or_only_now(code: int, says: bytes, final: bool) -> None:
    assert is_gone(code, says) is final


def test_a_recipient_that_is_gone_is_known_by_the_first_answer(channels: Channels) -> None:
    with mail_server() as inbox:
        error = refusal(channels, mail_to(f"127.0.0.1:{inbox.port}", "nobody@b.cn"))
    assert (error.final, error.code) == (True, "550")


@pytest.mark.parametrize("kind", VENDORS)
def test_a_robot_that_is_gone_is_known_by_the_first_answer(
    kind: ChannelKind, channels: Channels
) -> None:
    vendor, url = VENDORS[kind], {"wecom": "wecombot", "feishu": "feishu", "dingtalk": "dingtalk"}
    with platform() as target:
        for code in sorted(vendor.gone):
            target.next = [said(**{vendor.fields[0]: int(code)})]
            assert refusal(channels, f"{url[kind]}://KEY?api={target.base}").final
        target.next = [said(**{vendor.fields[0]: 40001})]
        assert not refusal(channels, f"{url[kind]}://KEY?api={target.base}").final


def test_an_interface_that_is_gone_is_known_by_the_first_answer(channels: Channels) -> None:
    with platform() as target:
        target.next = [Answer(b"", 410), Answer(b"", 404)]
        finals = [refusal(channels, f"json://{target.base[7:]}/push").final for _ in range(2)]
    assert finals == [True, False]


# --- what no address may say

MAIL = "mailto://mail.example.gov.cn/?from=x@y.cn&to=a@b.cn"
HOOK = "json://gateway.example.gov.cn/push"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (SEALED, "无法解密"),
        ("file:///etc/passwd", "只支持"),
        ("http://gateway.example.gov.cn", "只支持"),
        (MAIL.replace("y.cn", "y.cn%0d%0aBcc:z@z.cn"), "不可见"),
        (MAIL.replace("b.cn", "b.cn%250d%250aDATA"), "不可见"),
        (MAIL + "&name=%E5%8E%85%0ABcc:z@z.cn", "不可见"),
        (MAIL + "&name=a%E2%80%AEb", "不可见"),
        (MAIL + "&to=c@d.cn", "写了两次"),
        (MAIL + "&from=c@d.cn", "写了两次"),
        (MAIL + "&cto=1e9", "cto"),
        (MAIL + "&cto=nan", "cto"),
        (MAIL + "&smtp=../../etc/passwd", "名称或端口"),
        (MAIL + "&smtp=a%20b", "名称或端口"),
        (MAIL.replace(".gov.cn", ".gov.cn:99999"), "名称或端口"),
        (MAIL.replace("a@", "张@"), "核对格式"),
        (MAIL.replace("x@", "张@"), "核对格式"),
        (MAIL.replace("//", "//u:%E5%AF%86@"), "用户名和密码"),
        (MAIL + "&pgp=encrypt&pgpkey=/etc/passwd", "选项"),
        (MAIL + "&attach=file:///etc/passwd", "选项"),
        (MAIL.replace("a@b.cn", "file:///etc/passwd"), "核对格式"),
        (HOOK + "?+X-A=b%0d%0aHost:z", "不可见"),
        (HOOK + "?+Host=z.cn", "核对格式"),
        (HOOK + "?+Content-Length=1", "核对格式"),
        (HOOK + "?+Transfer-Encoding=chunked", "核对格式"),
        (HOOK + "?+X%3A=b", "核对格式"),
        (HOOK + "?+X-A=%E5%8E%85", "核对格式"),
        ("wecombot://KEY@evil.example/send", "核对格式"),
        ("dingtalk://TOKEN:443/evil", "核对格式"),
        ("feishu://TOKEN?api=https://open.feishu.cn@evil.example", "核对格式"),
        ("list://139%0A", "不可见"),
        ("folder:///etc", "不应再有内容"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused_for_good(
    url: str, says: str, channels: Channels
) -> None:
    with pytest.raises(DeliveryError, match=says) as caught:
        channels.open(url)
    assert caught.value.final


@pytest.mark.parametrize(
    "url",
    [
        MAIL,
        MAIL + "&cto=20&mode=starttls",
        MAIL + "&name=%E5%B1%B1%E8%A5%BF%E7%9C%81%E6%B0%91%E6%94%BF%E5%8E%85",
        MAIL.replace("//", "//xingfu:p%40ss@"),
        HOOK + "?+X-Token=a%20b&+Authorization=Bearer%20abc",
        "mailtos://xf:pw@qq.com?to=a@b.cn",
        "wecombot://KEY?api=https://wecom.example.gov.cn",
        "list://13900000000",
    ],
)
def test_what_is_usual_is_taken(url: str, channels: Channels) -> None:
    assert channels.open(url).kind is not ChannelKind.FOLDER

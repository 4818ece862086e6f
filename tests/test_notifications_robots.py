"""Chat groups and other systems, against real servers that answer as the vendors do."""

import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from notifications.channel import Channels
from notifications.message import Attachment, Message
from notifications.render import digest
from notifications.sending import Channel, DeliveryError
from policy.vocabulary import ChannelKind
from tests.support.builders import a_line
from tests.support.mail_server import free_port
from tests.support.vendor_servers import (
    CUT,
    DINGTALK_SECRET,
    DINGTALK_TOKEN,
    FEISHU_TOKEN,
    SILENT,
    WECOM_KEY,
    Answer,
    Platform,
    platform,
    said,
)

LINE = a_line(
    to_do="请办理开工",
    words="5月31日前全部开工建设",
    person="张某",
    phone="13912345678",
    note="已知悉，预计6月10日完成：雨季停工",
)
SECRET = "s3cr3tCanary"  # noqa: S105  # what must not be shown
MINUTE = timedelta(minutes=1)


def a_message(lines: int = 1) -> Message:
    return digest(
        "0f3c9a77b1d24e5f8a6b",
        "太原市清徐县民政局",
        date(2023, 6, 1),
        [replace(LINE, subject=f"XF2023-140121-{number:03d}") for number in range(lines)],
        "2023年城镇社区幸福养老提速工程",
        (Attachment("清单.xlsx", b"PK"),),
        datetime(2023, 6, 1, 0, 30, tzinfo=UTC),
        notices=("太原市小店区民政局尚无联系人",),
        addressee="李某",
        called="幸福养老工程",
    )


MESSAGE = a_message()
VENDORS = {
    "wecom": (f"wecombot://{WECOM_KEY}/?api=", "企业微信", "errcode"),
    "dingtalk": (f"dingtalk://{DINGTALK_SECRET}@{DINGTALK_TOKEN}/?api=", "钉钉", "errcode"),
    "feishu": (f"feishu://{FEISHU_TOKEN}/?api=", "飞书", "code"),
}
EACH = pytest.mark.parametrize("vendor", list(VENDORS))


@pytest.fixture
def server() -> Iterator[Platform]:
    with platform() as made:
        yield made


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[Channels]:
    with Channels(tmp_path, post_timeout=0.5) as made:
        yield made


def address(vendor: str, server: Platform) -> str:
    return VENDORS[vendor][0] + server.base


def hook(server: Platform, rest: str = "/push", user: str = "") -> str:
    return f"json://{user}{server.base.removeprefix('http://')}{rest}"


def pass_on(channel: Channel, message: Message = MESSAGE) -> None:
    for part in channel.parts(message):
        channel.send(part)


def refusal(channels: Channels, url: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        pass_on(channels.open(url))
    return caught.value


# --- what arrives


@EACH
def test_a_group_is_told_in_parts_that_its_platform_accepts(
    vendor: str, server: Platform, channels: Channels
) -> None:
    message = a_message(lines=200)
    channel = channels.open(address(vendor, server))
    pass_on(channel, message)
    parts = channel.parts(message)
    assert server.texts == [part.text for part in parts]
    assert frozenset().union(*(part.keys for part in parts)) == message.keys
    whole = "\n".join(server.texts)
    assert all(line.subject in whole for line in message.lines)
    assert "139****5678" in whole
    assert "13912345678" not in whole
    assert len(parts) > 2


@EACH
def test_each_robot_has_its_own_pace(vendor: str, server: Platform, channels: Channels) -> None:
    url = address(vendor, server)
    one, same, public = (channels.open(each) for each in (url, url, VENDORS[vendor][0][:-5]))
    other = channels.open(url.replace("/?", "0/?"))
    assert one.kind == vendor
    assert one.pace == same.pace
    assert len({one.pace, other.pace, public.pace}) == 3
    assert {len(each.pace or "") for each in (one, other, public)} == {64}
    assert one.spacing == timedelta(seconds=0.6 if vendor == "feishu" else 3)


def test_dingtalk_is_signed_where_there_is_a_secret_and_not_else(
    server: Platform, channels: Channels
) -> None:
    pass_on(channels.open(address("dingtalk", server)))
    with pytest.raises(DeliveryError, match="310000"):
        pass_on(channels.open(f"dingtalk://{DINGTALK_TOKEN}/?api={server.base}"))
    signed, unsigned = server.seen
    assert set(signed.query) == {"access_token", "timestamp", "sign"}
    assert set(unsigned.query) == {"access_token"}


def test_the_public_platforms_are_the_default(channels: Channels) -> None:
    from notifications.chats import ChatChannel

    bases = []
    for url in (f"wecombot://{WECOM_KEY}", f"dingtalk://{DINGTALK_TOKEN}", f"feishu://{SECRET}"):
        channel = channels.open(url)
        assert isinstance(channel, ChatChannel)
        bases.append(channel.service.request(channel.parts(MESSAGE)[0]).url)
    assert bases == [
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://oapi.dingtalk.com/robot/send",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{SECRET}",
    ]


def test_another_system_gets_all_of_it_as_data(server: Platform, channels: Channels) -> None:
    channel = channels.open(hook(server, "/a%20b/push?+X-Token=abc", user="xingfu:p%40ss@"))
    assert (channel.kind, channel.pace) == (ChannelKind.WEBHOOK, None)
    pass_on(channel)
    [seen] = server.seen
    assert seen.path == "/a%20b/push"
    assert seen.headers["X-Token"] == "abc"
    assert seen.headers["Authorization"] == "Basic eGluZ2Z1OnBAc3M="
    body = seen.body
    assert (body["version"], body["id"], body["title"]) == ("1", MESSAGE.id, MESSAGE.title)
    assert body["text"] == MESSAGE.text
    assert body["attachments"] == [{"name": "清单.xlsx", "base64": "UEs="}]
    assert body["notices"] == ["太原市小店区民政局尚无联系人。"]
    [line] = body["lines"]
    assert line["subject"] == "XF2023-140121-000"
    assert (line["rule"], line["kind"], line["clause"]) == ("D08", "urge", "六(二)")
    assert (line["remind_by"], line["missing"]) == ("2023-05-31", ["施工合同签订日期"])


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_another_system_may_answer_any_success(
    status: int, server: Platform, channels: Channels
) -> None:
    server.next = [Answer(b"whatever" if status != 204 else b"", status=status)]
    pass_on(channels.open(hook(server)))
    assert len(server.seen) == 1


# --- what is refused

CODES = [
    ("wecom", 45009, "企业微信拒收（45009，发送过于频繁，请稍后重试）", MINUTE),
    ("wecom", 93000, "企业微信拒收（93000，群机器人密钥无效或机器人已移除）", None),
    ("wecom", 40058, "企业微信拒收（40058，消息内容不合要求）", None),
    ("wecom", 40001, "企业微信拒收（40001）", None),
    ("wecom", -1, "企业微信拒收（-1，对方系统繁忙，请稍后重试）", None),
    ("dingtalk", 130101, "钉钉拒收（130101，发送过于频繁，请稍后重试）", 10 * MINUTE),
    (
        "dingtalk",
        310000,
        "钉钉拒收（310000，不符合机器人安全设置，请核对关键词、加签密钥和IP地址）",
        None,
    ),
    ("dingtalk", 300001, "钉钉拒收（300001，机器人令牌无效）", None),
    ("feishu", 11232, "飞书拒收（11232，发送过于频繁，请稍后重试）", MINUTE),
    ("feishu", 19021, "飞书拒收（19021，签名校验未通过）", None),
    ("feishu", 19022, "飞书拒收（19022，本机IP地址不在机器人白名单内）", None),
    ("feishu", 19024, "飞书拒收（19024，消息未含机器人要求的关键词）", None),
    ("feishu", 9499, "飞书拒收（9499，请求格式有误）", None),
]


@pytest.mark.parametrize(("vendor", "code", "reason", "wait"), CODES)
def test_http_200_with_a_code_is_a_refusal(
    vendor: str,
    code: int,
    reason: str,
    wait: timedelta | None,
    server: Platform,
    channels: Channels,
) -> None:
    server.next = [said(**{VENDORS[vendor][2]: code, "errmsg": "text", "msg": "Bad Request"})]
    error = refusal(channels, address(vendor, server))
    assert str(error) == reason
    assert (error.code, error.unknown, error.wait) == (str(code), False, wait)
    pass_on(channels.open(address(vendor, server)))  # and the next is accepted


def test_feishu_s_other_words_for_a_refusal(server: Platform, channels: Channels) -> None:
    server.next = [said(code=9499, msg="too many request", data={}), said(StatusCode=19001)]
    error = refusal(channels, address("feishu", server))
    assert (error.code, error.wait) == ("9499", MINUTE)
    assert refusal(channels, address("feishu", server)).code == "19001"


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "0"}, MINUTE),
        ({"Retry-After": "999999"}, timedelta(hours=1)),
        ({"Retry-After": "Thu, 01 Jun 2023 08:30:00 GMT"}, MINUTE),
        ({}, MINUTE),
    ],
)
@pytest.mark.parametrize("target", [*VENDORS, "hook"])
def test_429_asks_us_to_stay_away(
    target: str,
    retry_after: dict[str, str],
    wait: timedelta,
    server: Platform,
    channels: Channels,
) -> None:
    server.next = [Answer(b'{"errcode": 0, "code": 0}', 429, retry_after)]
    url = hook(server) if target == "hook" else address(target, server)
    error = refusal(channels, url)
    assert (error.code, error.wait, error.unknown) == ("429", wait, False)
    assert str(error).endswith("拒收（429，发送过于频繁，请稍后重试）")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>welcome</html>"),
        Answer(b""),
        Answer(b"[0]"),
        Answer(b'"ok"'),
        Answer(b"\xff\xfe"),
        Answer(b"{}"),
        Answer(b'{"errcode": null, "code": null}'),
        Answer(b'{"errcode": false, "code": false}'),
        Answer(b'{"errcode": "s3cr3tCanary", "code": "s3cr3tCanary"}'),
        Answer(b'{"errcode": 0, "code": 0}', 502),
        Answer(b"oops", 500),
    ],
    ids=lambda answer: f"{answer.status} {answer.content[:20]!r}",
)
@EACH
def test_an_answer_that_says_nothing_leaves_it_unknown(
    vendor: str, answer: Answer, server: Platform, channels: Channels
) -> None:
    server.next = [answer]
    error = refusal(channels, address(vendor, server))
    assert error.unknown
    assert str(error).endswith("可能已送达")
    assert SECRET not in str(error) + error.code


@pytest.mark.parametrize("target", [*VENDORS, "hook"])
@pytest.mark.parametrize("status", [302, 401, 403, 404])
def test_a_status_that_refuses_is_a_refusal(
    target: str, status: int, server: Platform, channels: Channels
) -> None:
    server.next = [Answer(b"no", status, {"Location": f"{server.base}/elsewhere"})]
    url = hook(server) if target == "hook" else address(target, server)
    error = refusal(channels, url)
    assert (error.code, error.unknown) == (str(status), False)
    assert len(server.seen) == 1


@pytest.mark.heavy
@pytest.mark.parametrize("target", [*VENDORS, "hook"])
@pytest.mark.parametrize(("answer", "says"), [(CUT, "连接中断"), (SILENT, "没有答复")])
def test_what_was_sent_and_not_answered_may_have_arrived(
    target: str, answer: Answer, says: str, server: Platform, channels: Channels
) -> None:
    server.next = [answer]
    url = hook(server) if target == "hook" else address(target, server)
    error = refusal(channels, url)
    assert error.unknown
    assert says in str(error)
    assert len(server.seen) == 1  # and was not sent again


@pytest.mark.parametrize("target", [*VENDORS, "hook"])
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "no-such-host.invalid"])
def test_what_could_not_be_connected_to_has_not_arrived(
    target: str, host: str, channels: Channels
) -> None:
    base = "http://" + host.format(port=free_port())
    at = Platform(base)
    url = hook(at) if target == "hook" else address(target, at)
    error = refusal(channels, url)
    assert not error.unknown
    assert str(error).endswith("请检查网络、地址和证书")


# --- what an address may say


@pytest.mark.parametrize(
    "url",
    [
        "wecombot://",
        "wecombot://a b",
        "wecombot://KEY/139",
        "wecombot://user@KEY",
        "wecombot://KEY:80",
        "wecombot://KEY#x",
        "wecombot://KEY?format=markdown",
        "wecombot://KEY?optional=yes",
        "wecombot://KEY?retry=3",
        "wecombot://KEY?key=OTHER",
        "wecombot://KEY?rto=3",
        "wecombot://KEY?%2BX=1",
        "dingtalk://TOKEN/13912345678",
        "dingtalk://SECRET:more@TOKEN",
        "dingtalk://SEC-RET@TOKEN",
        "dingtalk://TOKEN?to=13912345678",
        "feishu://SECRET@TOKEN",
        "feishu://TOKEN?api=ftp://host",
        "feishu://TOKEN?api=https://host/path",
        "feishu://TOKEN?api=https://user@host",
        "feishu://TOKEN?api=https://host:99999",
        "feishu://TOKEN?api=https://host:x",
        "feishu://TOKEN?api=host",
        "feishu://TOKEN?api=",
        "json://host/push?method=GET",
        "json://host/push?:extra=1",
        "json://host/push?-query=1",
        "json://host/push?api=https://host",
        "json://host/push?query=1",
        "json://host/push#part",
        "json://",
    ],
)
def test_what_would_be_passed_over_is_refused(url: str, channels: Channels) -> None:
    with pytest.raises(DeliveryError, match="通知地址有误") as caught:
        channels.open(url)
    assert not caught.value.unknown


@pytest.mark.heavy
@pytest.mark.parametrize("answer", [CUT, SILENT, said(errcode=93000, code=19001, errmsg=SECRET)])
@pytest.mark.parametrize(
    "url",
    [
        f"wecombot://{SECRET}/?api=",
        f"dingtalk://{SECRET}@{SECRET}/?api=",
        f"feishu://{SECRET}/?api=",
        f"json://xingfu:{SECRET}@",
        f"json://xingfu:{SECRET}@127.0.0.1:99999",
        f"json://{SECRET}@no-such-host.invalid",
        f"wecombot://{SECRET}?nonsense={SECRET}",
        f"dingtalk://{SECRET}@-bad-",
    ],
)
def test_no_failure_shows_the_address(
    answer: Answer,
    url: str,
    server: Platform,
    channels: Channels,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(1)
    for name in ("apprise", "httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(1, logger=name)
    server.next = [answer if not url.startswith("json") else Answer(SECRET.encode(), 403)]
    if url.endswith("api="):
        url += server.base
    elif url.endswith("@"):
        url += server.base.removeprefix("http://")
    shown = ""
    with pytest.raises(DeliveryError) as caught:
        channel = channels.open(url)
        shown += repr(channel) + str(channel) + str(channel.pace)
        pass_on(channel)
    assert caught.value.__context__ is None
    shown += repr(caught.value) + "".join(traceback.format_exception(caught.value)) + caplog.text
    for hidden in (SECRET, "127.0.0.1", "no-such-host"):
        assert hidden not in shown


def test_no_log_shows_a_key_when_all_goes_well(
    server: Platform, channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    for vendor in VENDORS:
        pass_on(channels.open(address(vendor, server)))
    for secret in (WECOM_KEY, DINGTALK_TOKEN, DINGTALK_SECRET, FEISHU_TOKEN, server.base):
        assert secret not in caplog.text


def test_a_send_that_breaks_down_is_no_success(
    server: Platform, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifications.robots import WeComBot

    def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(WeComBot, "request", broken)
    error = refusal(channels, address("wecom", server))
    assert error.unknown
    assert SECRET not in str(error)


def test_what_apprise_calls_a_success_without_a_send_is_none(
    server: Platform, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise import Apprise

    channel = channels.open(address("wecom", server))
    pass_on(channel)
    monkeypatch.setattr(Apprise, "notify", lambda *_, **__: True)
    with pytest.raises(DeliveryError) as caught:
        pass_on(channel)
    assert caught.value.unknown
    assert len(server.seen) == 1

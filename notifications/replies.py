"""What the answers of chat platforms, of other systems and of mail servers mean. Pure.

The platforms answer HTTP 200 to what they refuse: only the code in the answer tells.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from notifications.sending import DeliveryError
from policy.vocabulary import ChannelKind

MINUTE = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)  # whatever a Retry-After asks for
TOO_FAST = "发送过于频繁，请稍后重试"
BUSY = "对方系统繁忙，请稍后重试"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer over HTTP."""

    status: int
    content: bytes
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Vendor:
    """How one platform speaks."""

    name: str
    fields: tuple[str, ...]
    """Where the code may stand; 0 is success."""
    says: Mapping[str, str]
    """What its codes mean, for staff."""
    waits: Mapping[str, timedelta] = field(default_factory=dict)
    """Codes that say that we are too fast, and how long to stay away."""
    gone: frozenset[str] = frozenset()
    """Codes that say that there is no such robot, or no more."""


WECOM = Vendor(
    "企业微信",
    ("errcode",),
    {
        "-1": BUSY,
        "40058": "消息内容不合要求",
        "45002": "消息超过长度限制",
        "45009": TOO_FAST,
        "45033": TOO_FAST,
        "93000": "群机器人密钥无效或机器人已移除",
        "93004": "群机器人已停用",
        "93008": "群机器人不在群内",
    },
    {"45009": MINUTE, "45033": MINUTE},
    frozenset({"93000", "93004", "93008"}),
)
DINGTALK = Vendor(
    "钉钉",
    ("errcode",),
    {
        "-1": BUSY,
        "130101": TOO_FAST,
        "410100": TOO_FAST,
        "300001": "机器人令牌无效",
        "300005": "机器人令牌不存在",
        "310000": "不符合机器人安全设置，请核对关键词、加签密钥和IP地址",
        "400013": "群已解散",
        "400101": "机器人令牌不存在",
        "400102": "机器人已停用",
        "400106": "机器人不存在",
        "430102": "内容未通过平台审核",
        "430104": "内容未通过平台审核",
    },
    {"130101": 10 * MINUTE, "410100": 10 * MINUTE},
    frozenset({"300001", "300005", "400013", "400101", "400102", "400106"}),
)
FEISHU = Vendor(
    "飞书",
    ("code", "StatusCode"),
    {
        "9499": "请求格式有误",
        "11232": TOO_FAST,
        "19001": "机器人令牌无效",
        "19021": "签名校验未通过",
        "19022": "本机IP地址不在机器人白名单内",
        "19024": "消息未含机器人要求的关键词",
    },
    {"11232": MINUTE},
    frozenset({"19001"}),
)
VENDORS = {ChannelKind.WECOM: WECOM, ChannelKind.DINGTALK: DINGTALK, ChannelKind.FEISHU: FEISHU}
HOOK = "接收系统"
GONE = frozenset({550, 551, 553, 556})
"""Refusals of a recipient, RFC 5321 and 7504: unknown, moved, no such name, takes no mail."""
STATUS = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
"""RFC 3463, where a server gives one: 5.1.x is the address, 5.2.1 a closed mailbox."""
POLICY = re.compile(
    rb"frequen|limit|too many|later|temporar|quota|full|spam|block|denied|relay", re.I
)
"""What else servers without such a status say with the same codes."""


def vendor_failure(vendor: Vendor, reply: HttpReply) -> DeliveryError | None:
    """Why a platform did not accept; None when it did.

    An answer without a readable code leaves it unknown, unless its HTTP status is a refusal.
    """
    if reply.status == 429:
        return _too_fast(vendor.name, reply)
    answer = _answer(reply.content)
    code = next((found for name in vendor.fields if (found := _code(answer.get(name)))), "")
    if not code or (code == "0" and not _good(reply)):
        return _by_status(vendor.name, reply)
    return None if code == "0" else _refused(vendor, code, _hurried(vendor, code, answer))


def hook_failure(reply: HttpReply) -> DeliveryError | None:
    """Why another system did not accept; None for any status of success."""
    if reply.status == 429:
        return _too_fast(HOOK, reply)
    return None if _good(reply) else _by_status(HOOK, reply)


def _good(reply: HttpReply) -> bool:
    return 200 <= reply.status < 300


def _answer(content: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(value: object) -> str:
    """Nothing but a number is taken for a code: other text might echo what we have sent."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if re.fullmatch(r"-?[0-9]{1,9}", text) else ""


def _hurried(vendor: Vendor, code: str, answer: Mapping[str, object]) -> timedelta | None:
    # Feishu has used one code for bad requests and, with this text, for too many of them.
    if vendor is FEISHU and code == "9499" and "too many" in str(answer.get("msg")).lower():
        return MINUTE
    return vendor.waits.get(code)


def _refused(vendor: Vendor, code: str, wait: timedelta | None) -> DeliveryError:
    says = TOO_FAST if wait else vendor.says.get(code, "")
    reason = f"{vendor.name}拒收（{code}，{says}）" if says else f"{vendor.name}拒收（{code}）"
    return DeliveryError(reason, code=code, wait=wait, final=code in vendor.gone)


def _by_status(name: str, reply: HttpReply) -> DeliveryError:
    code = str(reply.status)
    if _good(reply):
        return DeliveryError(f"{name}的答复无法识别，消息可能已送达", code=code, unknown=True)
    if reply.status >= 500:
        return DeliveryError(f"{name}出错（{code}），消息可能已送达", code=code, unknown=True)
    if 300 <= reply.status < 400:
        return DeliveryError(
            f"{name}要求改发其他地址（{code}），为防泄露未予转发；请将通知地址改为对方的最终地址",
            code=code,
        )
    if reply.status == 410:
        return DeliveryError(f"{name}拒收（{code}，该地址已停用）", code=code, final=True)
    return DeliveryError(f"{name}拒收（{code}）", code=code)


def _too_fast(name: str, reply: HttpReply) -> DeliveryError:
    asked = reply.retry_after.strip()
    seconds = int(asked) if re.fullmatch(r"[0-9]{1,9}", asked) else 0
    wait = min(timedelta(seconds=seconds), LONGEST_WAIT) or MINUTE
    return DeliveryError(f"{name}拒收（429，{TOO_FAST}）", code="429", wait=wait)


def is_gone(code: int, said: bytes) -> bool:
    """Whether the recipient itself is refused, and not this mail, this sender or this hour."""
    if code not in GONE:
        return False
    status = STATUS.match(said)
    if status is None:
        return not POLICY.search(said)
    return status[1].startswith(b"5.1.") or status[1] == b"5.2.1"

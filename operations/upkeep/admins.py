"""Who looks after the machinery, and how they are told of trouble with it (系统管理员)."""

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape

from common.words import SHANGHAI
from models.settings import Settings
from notifications.channel import Channels
from notifications.message import Message
from notifications.render import BRAND

ADMINS = "系统管理员"
LONGEST = 300
"""Characters of an error that a message quotes."""
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s，。；：！？、（）]+")
SAME = "同一任务同一状态的告警每小时最多发送一次。"
STATES = {"Failed": "运行失败", "TimedOut": "运行超时", "Crashed": "运行中断"}
ADVICE = {
    "Failed": "请打开上述链接查看日志。定时任务排除原因后可在界面重新运行，不会重复发送；"
    "表单请先核对是否已经办理。",
    "TimedOut": "请打开上述链接查看进度；可能是数据库或消息渠道响应过慢，或任务量过大。",
    "Crashed": "运行它的进程已中断（停电、重启、内存不足或被结束）。"
    "定时任务会自动重新执行；表单和审批不会自动重做，请核对结果后由经办人重新提交。",
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """What admins are told: a heading, then what, where and what to do, a line each."""

    id: str
    """The same alarm sent again has the same id."""
    heading: str
    lines: tuple[str, ...]
    at: datetime
    """Aware."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A run that did not end well, as Prefect tells it."""

    run_id: str
    run: str
    flow: str
    state: str
    """The name of its state, e.g. ``Failed``."""
    message: str
    link: str
    """Where it is shown."""


def run_alarm(trouble: Trouble, at: datetime) -> Alarm:
    """What is told of a run, `at` an aware instant."""
    named = STATES.get(trouble.state, trouble.state)
    told = [
        f"事由：任务“{trouble.flow}”的一次运行未能正常完成。",
        f"运行：{trouble.run}",
        f"状态：{named}（{trouble.state}）",
        f"时间：{shanghai(at)}",
        f"说明：{quoted(trouble.message) or '没有更多说明。'}",
        f"查看：{trouble.link}",
        f"处理：{ADVICE.get(trouble.state, ADVICE['Failed'])}",
        SAME,
    ]
    id = f"alarm {trouble.run_id} {trouble.state}"
    return Alarm(id, f"{trouble.flow} {named}", tuple(told), at)


def shanghai(at: datetime) -> str:
    """An instant as staff reads it, e.g. 2023-06-01 08:31（北京时间）."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）"


def quoted(text: str) -> str:
    """An error's first words on one line, without any address: one may carry a password."""
    plain = ADDRESS.sub("（地址从略）", " ".join(text.split()))
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}……"


def letter(alarm: Alarm) -> Message:
    """The alarm as a message that every channel carries."""
    said = (f"{ADMINS}：", *alarm.lines)
    body = "".join(f"<p>{escape(line)}</p>" for line in said)
    return Message(
        id=alarm.id,
        recipient=ADMINS,
        title=f"【{BRAND}】系统告警：{alarm.heading}",
        text="".join(f"{line}\n" for line in said),
        html=f'<!DOCTYPE html><html lang="zh-CN"><body>{body}</body></html>',
        attachments=(),
        sent_at=alarm.at,
        headline=f"【{BRAND}】系统告警",
        summary=alarm.heading,
    )


def addresses(settings: Settings) -> tuple[str | None, ...]:
    """Where admins are told, at least one; None stands for the folder of outgoing mail."""
    given = settings.admin_channels
    return tuple(given.get_secret_value().split() if given else ()) or (None,)


def tell(settings: Settings, address: str | None, alarm: Alarm) -> None:
    """Tell admins through one channel; DeliveryError, which quotes no address, when it refuses."""
    with Channels(settings.outgoing) as channels:
        channel = channels.open(address)
        for part in channel.parts(letter(alarm)):
            channel.send(part)

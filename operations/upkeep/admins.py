"""Who looks after the machinery, and how they are told of trouble with it (系统管理员)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from common.errors import PolicyError, RefusedError, UnavailableError
from common.words import PRODUCT, shanghai_minute
from models.audits import witness
from models.database import open_engine, reading, require_schema
from models.seals import keyed
from models.settings import Settings
from models.tables import PlanRow
from notifications.channel import Channels
from notifications.message import Message
from policy.load import named_plan

ADMINS = "系统管理员"
LONGEST = 300
"""Characters of an error that a message quotes."""
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s，。；：！？、（）]+")
SAME = "同一任务同一状态的告警每小时最多发送一次。"
STATES = {"Failed": "运行失败", "TimedOut": "运行超时", "Crashed": "运行中断"}
ADVICE = {
    "Failed": "请打开上述链接查看日志。定时任务排除原因后可在界面重新运行，不会重复发送；"
    "表单请先核对是否已经办理。",
    "TimedOut": "请打开上述链接查看进度；可能是数据库或消息通道响应过慢，或任务量过大。",
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
        f"时间：{shanghai_minute(at)}",
        f"说明：{quoted(trouble.message) or '没有更多说明。'}",
        f"查看：{trouble.link}",
        f"处理：{ADVICE.get(trouble.state, ADVICE['Failed'])}",
        SAME,
    ]
    id = f"alarm {trouble.run_id} {trouble.state}"
    return Alarm(id, f"{trouble.flow} {named}", tuple(told), at)


def quoted(text: str) -> str:
    """An error's first words on one line, without any address: one may carry a password."""
    plain = ADDRESS.sub("（地址从略）", " ".join(text.split()))
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}……"


def letter(alarm: Alarm, programme: str = PRODUCT) -> Message:
    """The alarm as a message that every channel carries, from the machine that runs a programme."""
    said = (f"{ADMINS}：", *alarm.lines)
    body = "".join(f"<p>{escape(line)}</p>" for line in said)
    return Message(
        id=alarm.id,
        recipient=ADMINS,
        title=f"【{programme}】系统告警：{alarm.heading}",
        text="".join(f"{line}\n" for line in said),
        html=f'<!DOCTYPE html><html lang="zh-CN"><body>{body}</body></html>',
        attachments=(),
        sent_at=alarm.at,
        programme=programme,
        headline=f"【{programme}】系统告警",
        summary=alarm.heading,
    )


def refusal_alarm(reason: str, at: datetime) -> Alarm:
    """What is told of a day that the daily job has refused, `at` an aware instant."""
    lines = [line.strip(" ·") for line in reason.splitlines()]
    said = (
        "事由：每日核对因日期可疑未执行。",
        f"时间：{shanghai_minute(at)}",
        *filter(None, lines),
    )
    return Alarm(f"refusal {at.isoformat()}", "每日核对因日期可疑未执行", said, at)


def tell_of_refusal(settings: Settings, reason: str, at: datetime) -> tuple[str, ...]:
    """Tell admins of a day that was refused, where no automation does; why channels refused it."""
    return tell_all(settings, refusal_alarm(reason, at))


def tell_all(settings: Settings, alarm: Alarm) -> tuple[str, ...]:
    """Tell admins through each of their channels; why some did not accept it."""
    untold = []
    for address in addresses(settings):
        try:
            tell(settings, address, alarm)
        except UnavailableError as error:
            untold.append(str(error))
    return tuple(untold)


def addresses(settings: Settings) -> tuple[str | None, ...]:
    """Where admins are told, at least one; None stands for the folder of outgoing mail."""
    given = settings.admin_channels
    return tuple(given.get_secret_value().split() if given else ()) or (None,)


def tell(settings: Settings, address: str | None, alarm: Alarm) -> None:
    """Tell admins through one channel, and where the day stands.

    DeliveryError, which quotes no address, when it refuses.
    """
    led = replace(alarm, lines=(*alarm.lines, f"今日情况：{settings.entrance}"))
    with Channels(settings.outgoing) as channels:
        channel = channels.open(address)
        for part in channel.parts(letter(led, programme(settings))):
            channel.send(part)


def programme(settings: Settings) -> str:
    """What the settings' own programme is called; the product's name where its plan is unreadable.

    A robot may let pass only what has its keyword in it.
    """
    try:
        return named_plan(settings.plan, settings.plans).called
    except PolicyError:
        return PRODUCT


def with_proofs(settings: Settings, alarm: Alarm) -> Alarm:
    """The alarm and what every trail can be held against later; as it was where nothing is read."""
    return replace(alarm, lines=(*alarm.lines, *_proofs(settings)))


@contextmanager
def at_hand(settings: Settings) -> Iterator[Engine]:
    """The database as it is: nothing is made that is not there.

    UnavailableError where there is none, RefusedError where it has not been initialised.
    """
    _require_file(settings.sqlalchemy_url)
    engine = keyed(open_engine(settings.sqlalchemy_url), settings)
    try:
        require_schema(engine)
        yield engine
    finally:
        engine.dispose()


def _require_file(url: str) -> None:
    """SQLite makes a file that is gone anew, and empty."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite") and not Path(parsed.database or "").is_file():
        raise UnavailableError("数据库文件不存在")


def _proofs(settings: Settings) -> tuple[str, ...]:
    """Per plan, how many rows its trail has and the code; nothing while they cannot be had."""
    try:
        with at_hand(settings) as engine, reading(engine) as session:
            ids = session.exec(select(PlanRow.id).order_by(PlanRow.id)).all()
            return tuple(f"办理记录：{id}现至{witness(session, id).words}，请留存。" for id in ids)
    except (UnavailableError, RefusedError, SQLAlchemyError, OSError):
        return ()

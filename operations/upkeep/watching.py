"""The independent watch: whether the daily work goes on, by what the database says of it.

It asks no server, runner or flow, and remembers what it has told in a file, so that it can tell of
a database that is gone.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from common import files
from common.errors import RefusedError, UnavailableError
from models.database import open_engine, reading, require_schema
from models.enforced import WorkStatus, watched
from models.settings import Settings
from operations.upkeep.admins import Alarm, addresses, quoted, shanghai, tell

LONGEST = timedelta(hours=26)
"""Between two ends of the daily job: a day, and two hours for the work itself."""
REMIND = timedelta(days=1)
"""Trouble that lasts is told again after so long."""
MEMORY = "watch.json"
STALLED = (
    "请检查 Prefect 服务、执行程序（worker）和 enforce_deadlines 任务是否在运行，并查看最近的运行。"
)
DEAD = "请用 xingfu outbox --status dead 查看原因，更正通知地址后用 xingfu retry 重发。"
GONE = "请检查数据库服务、网络和磁盘；恢复后任务会自动补做漏做的日期。"

Memory = Mapping[str, datetime]
"""What admins have been told of, by its key, and when."""


@dataclass(frozen=True, slots=True)
class WatchFault:
    """Something that admins have to see to."""

    key: str
    """The same trouble has the same key, however long it lasts."""
    text: str


@dataclass(frozen=True, slots=True)
class WatchResult:
    """What one look has found."""

    faults: tuple[WatchFault, ...]
    told: bool
    """Whether admins were told of something."""
    untold: tuple[str, ...] = ()
    """Why channels did not accept it."""


def look(settings: Settings, at: datetime) -> WatchResult:
    """See whether all is well at an aware instant, and tell admins what they do not know yet.

    Trouble is told when it begins, once a day while it lasts, and when it is over. What no channel
    has accepted is told again by the next look.
    """
    faults, memory = tuple(find(settings, at)), remembered(settings.home)
    news, over = changes(memory, faults, at)
    if not news and not over:
        return WatchResult(faults, told=False)
    untold = _tell(settings, alarm(news, over, at))
    if len(untold) < len(addresses(settings)):
        remember(settings.home, known(memory, faults, news, at))
    return WatchResult(faults, told=len(untold) < len(addresses(settings)), untold=untold)


def find(settings: Settings, at: datetime) -> Iterator[WatchFault]:
    """What is wrong at an instant."""
    try:
        for item in _states(settings):
            yield from faults_of(item, at)
    except (UnavailableError, RefusedError, SQLAlchemyError) as error:
        said = quoted(str(error)) if isinstance(error, UnavailableError | RefusedError) else ""
        yield WatchFault("database", f"数据库无法使用：{said or type(error).__name__}。{GONE}")


def faults_of(item: WorkStatus, at: datetime) -> Iterator[WatchFault]:
    """What is wrong with a plan's daily work. Pure."""
    if at - item.since > LONGEST:
        last = f"上次完成于{shanghai(item.since)}" if item.finished else "装入后从未完成"
        hours = int((at - item.since) / timedelta(hours=1))
        yield WatchFault(
            f"late {item.plan}",
            f"方案{item.plan}的每日核对（enforce_deadlines）已有{hours}小时没有完成，{last}。{STALLED}",
        )
    if item.dead:
        yield WatchFault(
            f"dead {item.plan}",
            f"方案{item.plan}有{item.dead}条消息多次未能送达，已不再重试。{DEAD}",
        )


def changes(
    memory: Memory, faults: Sequence[WatchFault], at: datetime
) -> tuple[tuple[WatchFault, ...], tuple[str, ...]]:
    """The faults that admins are to be told of now, and the keys of what is over. Pure.

    Of what cannot be seen while the database is gone nothing is said to be over.
    """
    keys = {fault.key for fault in faults}
    news = tuple(
        fault for fault in faults if (last := memory.get(fault.key)) is None or at - last >= REMIND
    )
    blind = "database" in keys
    return news, () if blind else tuple(sorted(memory.keys() - keys))


def known(
    memory: Memory, faults: Iterable[WatchFault], news: Iterable[WatchFault], at: datetime
) -> Memory:
    """What admins know once they have been told of the news. Pure."""
    keys = {fault.key for fault in faults}
    kept = memory if "database" in keys else {k: v for k, v in memory.items() if k in keys}
    return {**kept, **{fault.key: at for fault in news}}


def alarm(news: Sequence[WatchFault], over: Sequence[str], at: datetime) -> Alarm:
    """What is told of them. Pure."""
    ended = tuple(f"恢复正常：{_named(key)}。" for key in over)
    heading = "值守发现异常" if news else "恢复正常"
    every = int(REMIND / timedelta(hours=1))
    repeat = (f"问题未解决的，每{every}小时再次提醒；解决后另行告知。",) if news else ()
    return Alarm(
        id=f"watch {at.isoformat()} {' '.join(f.key for f in news)} {' '.join(over)}",
        heading=heading,
        lines=(f"时间：{shanghai(at)}", *(fault.text for fault in news), *ended, *repeat),
        at=at,
    )


def remembered(home: Path) -> Memory:
    """What admins have been told; nothing when the file is not there or cannot be read."""
    try:
        stored = json.loads((home / MEMORY).read_text(encoding="utf-8"))
        return {str(key): datetime.fromisoformat(at) for key, at in stored.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(home: Path, memory: Memory) -> None:
    """Keep what admins have been told. UnavailableError when the file cannot be written."""
    text = json.dumps({key: at.isoformat() for key, at in memory.items()}, ensure_ascii=False)
    try:
        home.mkdir(parents=True, exist_ok=True)
        files.write(home / MEMORY, text.encode())
    except OSError as error:
        raise UnavailableError(
            f"值守记录无法写入 {home / MEMORY}（{error.strerror}），下次将重复告警"
        ) from None


def _tell(settings: Settings, said: Alarm) -> tuple[str, ...]:
    """Why channels did not accept it."""
    untold = []
    for address in addresses(settings):
        try:
            tell(settings, address, said)
        except UnavailableError as error:
            untold.append(str(error))
    return tuple(untold)


def _states(settings: Settings) -> tuple[WorkStatus, ...]:
    _require_file(settings.sqlalchemy_url)
    engine = open_engine(settings.sqlalchemy_url)
    try:
        require_schema(engine)
        with reading(engine) as session:
            return watched(session)
    finally:
        engine.dispose()


def _require_file(url: str) -> None:
    """SQLite makes a file that is gone anew, and empty."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite") and not Path(parsed.database or "").is_file():
        raise UnavailableError("数据库文件不存在")


def _named(key: str) -> str:
    kind, _, plan = key.partition(" ")
    words = {"late": "每日核对已完成", "dead": "已无未送达的死信", "database": "数据库已可使用"}
    return f"方案{plan}的{words[kind]}" if plan else words.get(kind, key)

"""What the watch judges of what it sees: whether the work goes on, or only seems to. Pure.

Each limit stands here with its reason; those that differ from site to site are settings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from common.words import SHANGHAI, shanghai_day, shanghai_minute
from states.doubts import SKEW
from states.workdays import CALENDARS, DAY, Calendar

LONGEST = timedelta(hours=26)
"""Between two ends of the daily job: a day, and two hours for the work itself."""
INBOX_LONGEST = timedelta(hours=2)
"""Between two rounds of the inbox, which are an hour apart at most: a restart takes less."""
LISTENING_LONGEST = timedelta(minutes=15)
"""Between two complete looks whether something has come, a minute apart: a restart takes less."""
LATE_LONGEST = timedelta(hours=1)
"""For which a run may wait for somebody to begin it."""
RUN_LONGEST = timedelta(hours=3)
"""For which a run may go on: the longest may take two hours before Prefect ends it."""
LOCK_LONGEST = timedelta(hours=1)
"""For which the database may be held by a writer: the decision of a province takes seconds."""
OFFICE_DAY = time(9), time(17, 30)
"""From the first delivery of a workday to its last: what waited all the while does not go out."""
CALENDAR_MONTH = 11
"""From which month on next year's workdays have to be known: they are published then."""
NIGHT = 2
"""At which hour in Shanghai the whole trail and a city's tables are looked through."""


@dataclass(frozen=True, slots=True)
class WatchKind:
    """A kind of finding, for whoever is told of it."""

    label: str
    """What it is, in a few words."""
    over: str
    """What is said when it is over; ``{of}``: what it was wrong with."""
    advice: str
    """What to do."""


KINDS: Mapping[str, WatchKind] = {
    "database": WatchKind(
        "数据库无法使用",
        "数据库已可使用",
        "请检查数据库服务、网络和磁盘；恢复后任务会自动补做漏做的日期。",
    ),
    "write": WatchKind(
        "数据库无法写入",
        "数据库已可写入",
        "请检查磁盘空间、文件权限，以及数据库是否处于只读状态；恢复后任务会自动补做漏做的日期。",
    ),
    "damaged": WatchKind(
        "数据库损坏",
        "数据库检查无误",
        "请停止 xingfu serve，原样保存数据库，"
        "再用经 xingfu backup --check 核验的最近备份还原（xingfu restore）。",
    ),
    "key": WatchKind(
        "密钥缺失或不符",
        "方案{of}的密钥相符",
        "在此期间系统不写入任何数据。请将原密钥放回状态目录的 secret.key 或 XINGFU_SECRET_KEY；"
        "原密钥确已遗失的，请运行 xingfu audit rekey。",
    ),
    "late": WatchKind(
        "每日核对未按时完成",
        "方案{of}的每日核对已完成",
        "请检查 Prefect 服务、执行程序（worker）和 enforce_deadlines 任务是否在运行，"
        "并查看最近的运行。",
    ),
    "day": WatchKind(
        "核对的日期不是今天",
        "方案{of}核对的日期已是今天",
        "请核对服务器的日期、XINGFU_BUSINESS_DATE 和 enforce_deadlines 任务的 as_of 参数；"
        "误作的核对用 xingfu rewind 回退。",
    ),
    "future": WatchKind(
        "记录的时间晚于现在",
        "方案{of}已无晚于现在的记录",
        "请核对各服务器的日期和时间；误作的核对用 xingfu rewind 回退。",
    ),
    "pinned": WatchKind(
        "日期被固定",
        "日期未被固定",
        "该设置仅供演示。请从环境变量和 .env 中删除 XINGFU_BUSINESS_DATE，再重新启动。",
    ),
    "ahead": WatchKind(
        "有按未来日期作出的消息",
        "方案{of}已无按尚未到来的日期作出的消息",
        "请核对服务器的日期和时间，再用 xingfu rewind 回退误作的核对。",
    ),
    "waiting": WatchKind(
        "消息未能发出",
        "方案{of}积压的消息已发出",
        "请查看 deliver_outbox 任务最近的运行，检查邮件服务器和网络，并用 xingfu outbox 查看原因。",
    ),
    "dead": WatchKind(
        "有未送达消息",
        "方案{of}已无未送达消息",
        "请用 xingfu outbox --status dead 查看原因，更正通知地址后用 xingfu retry 重发。",
    ),
    "unreachable": WatchKind(
        "有无法送达的通知方式",
        "{of}的通知方式已可送达或已更换",
        "请核对并更正其通知方式（xingfu contacts set 或重新导入通讯录），"
        "更正后用 xingfu contacts test 试发；更正前由其他通知方式、代理人或上级代收。",
    ),
    "trail": WatchKind(
        "办理记录核验不符",
        "方案{of}的办理记录核验相符",
        "请用 xingfu audit verify 查看全部，原样保存数据库，查明原因后再恢复办理。",
    ),
    "tables": WatchKind(
        "数据与办理记录不符",
        "{of}的数据与办理记录相符",
        "请用 xingfu audit verify 查看全部，查明原因后用 --repair 改回。",
    ),
    "evidence": WatchKind(
        "佐证文件丢失或被改动",
        "方案{of}的佐证文件核验相符",
        "请用 xingfu audit verify 查看全部，从备份还原所列文件，或请原报送单位重新提供。",
    ),
    "backup": WatchKind(
        "备份过期",
        "已有新的备份",
        "请运行 xingfu backup，并检查每晚备份的定时任务；"
        "用其他方式备份的，请将 XINGFU_WATCH_BACKUP_DAYS 设为0。",
    ),
    "inbox": WatchKind(
        "收件停滞",
        "方案{of}的收件已恢复",
        "请检查 read_inbox 任务是否在运行；各地报送的文件在此期间不会被读取。",
    ),
    "listening": WatchKind(
        "值听停滞",
        "值听已恢复",
        "请查看 xingfu serve 或 xingfu listen 的输出，核对文件夹权限、邮箱地址和授权码；"
        "在此期间报送的文件和来信每小时读取一次。",
    ),
    "server": WatchKind(
        "Prefect 服务无法访问",
        "Prefect 服务已可访问",
        "请检查 xingfu serve 或 Prefect 服务是否在运行、管理员密码是否相符；"
        "在其他机器上值守的，用 PREFECT_API_URL 指明服务地址，或以 --no-server 不查看该服务。",
    ),
    "deployments": WatchKind(
        "任务缺失或停用",
        "任务均已登记并启用",
        "请重新启动 xingfu serve 或运行 xingfu register；"
        "在界面 Deployments 页停用的，请重新启用其定时。",
    ),
    "runs": WatchKind(
        "运行停滞",
        "任务{of}已无停滞的运行",
        "请检查 xingfu serve 或各 worker 是否在运行；进程已不在的运行，请在界面 Runs 页将其取消。",
    ),
    "disk": WatchKind(
        "磁盘空间不足",
        "磁盘空间已足",
        "请清理状态目录所在的磁盘，或扩大空间；旧的备份可移到其他机器。",
    ),
    "calendar": WatchKind(
        "放假安排缺失",
        "{of}年的放假安排已补齐",
        f"请按国务院办公厅通知在 {CALENDARS}增加该年文件，再运行 xingfu init；"
        "缺少该年放假安排，当年1月1日起将停止核对和发送。",
    ),
    "check": WatchKind(
        "检查项未能完成",
        "检查项{of}已可完成",
        "该项是否正常无法判断。请按所列原因处理；原因不明的，请将本信息转告系统维护人员。",
    ),
}
"""Every kind of finding."""


@dataclass(frozen=True, slots=True)
class WatchFault:
    """Something that admins have to see to."""

    kind: str
    """One of `KINDS`."""
    text: str
    """What is wrong; a sentence."""
    of: str = ""
    """What it is wrong with, where there are several: a plan, and what of it."""
    since: datetime | None = None
    """Aware; None: nothing tells but when it was first seen."""

    @property
    def key(self) -> str:
        """The same trouble has the same key, however long it lasts."""
        return f"{self.kind} {self.of}".strip()


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """How the work for a plan stands."""

    plan: str
    installed_at: datetime
    finished_day: date | None = None
    """The newest day that was finished; None: none ever was."""
    finished_at: datetime | None = None
    """When a day was finished last."""
    newest: datetime | None = None
    """The newest instant of all that is recorded."""
    dead: int = 0
    """Messages that are not tried any more."""
    ahead: int = 0
    """Messages that were decided as of a day to come, and are held back."""
    waiting: int = 0
    """Messages that could go out."""
    waiting_since: datetime | None = None
    """When the oldest of them was decided."""
    inbox_at: datetime | None = None
    """When a round of the inbox ended last."""
    ends_on: date | None = None
    """The last day of the plan; None where it is not known."""

    @property
    def since(self) -> datetime:
        """When a day was finished last; when the plan was installed, as long as none ever was."""
        return self.finished_at or self.installed_at

    def is_over(self, today: date) -> bool:
        """Whether the plan's last day was finished: no other has to be."""
        day, end = self.finished_day, self.ends_on
        return day is not None and end is not None and end <= day <= today


@dataclass(frozen=True, slots=True)
class StuckRun:
    """A run that does not go on."""

    job: str
    """Its deployment."""
    since: datetime
    waits: bool
    """It waits for somebody to begin it; else it has begun and does not end."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What the Prefect server has answered."""

    problem: str = ""
    """Why it has not; else empty."""
    wanted: Mapping[str, int] = field(default_factory=dict)
    """Each deployment that is to be there, and how many schedules it is to have."""
    there: Mapping[str, int] = field(default_factory=dict)
    """Each that is there, and how many of its schedules are on."""
    runs: tuple[StuckRun, ...] = ()


def sentence(fault: WatchFault) -> str:
    """A finding as admins are told of it: what, since when, and what to do."""
    since = f"自{shanghai_minute(fault.since)}起。" if fault.since else ""
    return f"{fault.text}{since}{KINDS[fault.kind].advice}"


def ended(key: str) -> str:
    """What is said when the trouble with that key is over."""
    kind, _, of = key.partition(" ")
    return f"恢复正常：{KINDS[kind].over.format(of=of) if kind in KINDS else key}。"


def work_faults(item: WorkStatus, at: datetime) -> Iterator[WatchFault]:
    """What is wrong with the daily work for a plan."""
    yield from _days(item, at)
    yield from _messages(item)
    round_at = item.inbox_at or item.installed_at
    if at - round_at > INBOX_LONGEST:
        last = f"最近一次在{shanghai_minute(round_at)}" if item.inbox_at else "装入后从未读取"
        text = f"方案{item.plan}的收件文件夹已有{_hours(at - round_at)}没有读取，{last}。"
        yield WatchFault("inbox", text, item.plan, round_at)


def _days(item: WorkStatus, at: datetime) -> Iterator[WatchFault]:
    today = shanghai_day(at)
    if item.is_over(today):
        pass
    elif at - item.since > LONGEST:
        last = f"上次完成于{shanghai_minute(item.since)}" if item.finished_at else "装入后从未完成"
        text = (
            f"方案{item.plan}的每日核对（enforce_deadlines）"
            f"已有{_hours(at - item.since)}没有完成，{last}。"
        )
        yield WatchFault("late", text, item.plan, item.since)
    elif (day := item.finished_day) and not today - DAY <= day <= today:
        away = f"已过去{(today - day).days}天" if day < today else "尚未到来"
        text = f"方案{item.plan}最近完成核对的日期是{day}，{away}，今天（{today}）没有核对。"
        since = datetime.combine(day + DAY, time(), SHANGHAI) if day < today else None
        yield WatchFault("day", text, item.plan, since)
    if item.newest is not None and item.newest > at + SKEW:
        recorded, now = shanghai_minute(item.newest), shanghai_minute(at)
        text = f"方案{item.plan}有记录的时间是{recorded}，晚于现在（{now}）。"
        yield WatchFault("future", text, item.plan)


def _messages(item: WorkStatus) -> Iterator[WatchFault]:
    if item.ahead:
        text = f"方案{item.plan}有{item.ahead}条消息按尚未到来的日期作出，不予发送。"
        yield WatchFault("ahead", text, item.plan)
    if item.dead:
        text = f"方案{item.plan}有{item.dead}条消息未能送达，已不再重试。"
        yield WatchFault("dead", text, item.plan)


def waiting_faults(item: WorkStatus, calendar: Calendar, at: datetime) -> Iterator[WatchFault]:
    """Whether what is owed goes out: the oldest message has waited through a whole office day."""
    oldest = item.waiting_since
    if oldest is not None and _office_day_between(oldest, at, calendar):
        text = (
            f"方案{item.plan}有{item.waiting}条消息尚未发出，"
            f"最早的一条作出于{shanghai_minute(oldest)}，已等待一个完整的工作日以上。"
        )
        yield WatchFault("waiting", text, item.plan, oldest)


def _office_day_between(start: datetime, end: datetime, calendar: Calendar) -> bool:
    """Whether offices opened and closed between two instants."""
    opens, closes = OFFICE_DAY
    day = shanghai_day(start)
    while datetime.combine(day, closes, SHANGHAI) <= end:
        begun = datetime.combine(day, opens, SHANGHAI) >= start
        # In a year that is not known, which is told by itself, the week has to do.
        if begun and (calendar.is_workday(day) if calendar.knows(day.year) else day.weekday() < 5):
            return True
        day += DAY
    return False


def pinned_faults(pinned: date | None) -> Iterator[WatchFault]:
    """Whether today is told by a setting."""
    if pinned is not None:
        yield WatchFault(
            "pinned", f"系统日期被 XINGFU_BUSINESS_DATE 固定为{pinned}，不随时间变化。"
        )


def write_faults(
    refused: str, busy: bool, last: datetime | None, at: datetime
) -> Iterator[WatchFault]:
    """Whether something could be written; `refused`: why not. A lock is one when it lasts.

    `last`: when something could be written before.
    """
    if refused and not (busy and last is not None and abs(at - last) <= LOCK_LONGEST):
        yield WatchFault("write", f"数据库可以读取，但不能写入（{refused}）。", since=last)


def listening_faults(last: datetime | None, at: datetime) -> Iterator[WatchFault]:
    """Whether the last complete look at folders and mailbox is too old; where nobody listens, none.

    Without anybody who listens what has come is read by the hour.
    """
    if last is not None and at - last > LISTENING_LONGEST:
        text = f"最近一次完整查看收件文件夹、收信文件夹和邮箱在{shanghai_minute(last)}。"
        yield WatchFault("listening", text, since=last)


def backup_faults(
    last: datetime | None, begun: datetime | None, at: datetime, days: int
) -> Iterator[WatchFault]:
    """Whether the newest good backup is too old; as long as there is none, since all `begun`.

    One that a clock which ran ahead has dated tells of no age. 0 days: backups are not looked
    after.
    """
    since = last or begun
    if not days or since is None:
        return
    rule = f"应每{days}天至少备份一次。"
    if last is not None and last > at + SKEW:
        made = f"最近一份备份的时间是{shanghai_minute(last)}，晚于现在，不能证明近日做过备份"
        yield WatchFault("backup", f"{made}，{rule}")
    elif at - since > timedelta(days=days):
        text = (
            f"最近一份完好的备份制作于{shanghai_minute(since)}" if last else "装入以来没有做过备份"
        )
        yield WatchFault("backup", f"{text}，{rule}", since=since)


def disk_faults(free_mb: int, least_mb: int) -> Iterator[WatchFault]:
    """Whether there is room to go on."""
    if free_mb < least_mb:
        yield WatchFault("disk", f"状态目录所在磁盘仅剩{free_mb}MB，少于{least_mb}MB。")


def calendar_faults(calendar: Calendar, today: date) -> Iterator[WatchFault]:
    """Whether the workdays are known of this year, and of the next from November on."""
    if not calendar.knows(today.year):
        yield _unknown(today.year, date(today.year, 1, 1))
    if today.month >= CALENDAR_MONTH and not calendar.knows(today.year + 1):
        yield _unknown(today.year + 1, date(today.year, CALENDAR_MONTH, 1))


def _unknown(year: int, since: date) -> WatchFault:
    at = datetime.combine(since, time(), SHANGHAI)
    return WatchFault("calendar", f"{year}年的放假安排不在已知日历内。", str(year), at)


def server_faults(seen: ServerStatus, at: datetime) -> Iterator[WatchFault]:
    """What is wrong with what Prefect is to run."""
    if seen.problem:
        yield WatchFault("server", f"Prefect 服务无法访问（{seen.problem}）。")
        return
    missing = sorted(seen.wanted.keys() - seen.there.keys())
    off = sorted(name for name, count in seen.wanted.items() if seen.there.get(name, count) < count)
    said = [
        f"{what}：{'、'.join(names)}"
        for what, names in (("未登记", missing), ("定时未启用", off))
        if names
    ]
    if said:
        yield WatchFault("deployments", f"Prefect 服务中有任务缺失或停用，{'；'.join(said)}。")
    yield from _runs(seen, at)


def _runs(seen: ServerStatus, at: datetime) -> Iterator[WatchFault]:
    stuck = [
        run for run in seen.runs if at - run.since > (LATE_LONGEST if run.waits else RUN_LONGEST)
    ]
    for job in sorted({run.job for run in stuck}):
        mine = [run for run in stuck if run.job == job]
        since = min(run.since for run in mine)
        waits = (
            "到了时间没有执行程序领取" if all(run.waits for run in mine) else "开始后一直没有结束"
        )
        text = f"任务{job}有{len(mine)}次运行{waits}，最早的已有{_hours(at - since)}。"
        yield WatchFault("runs", text, job, since)


def night_of(at: datetime) -> datetime:
    """When the night began of which the nightly look is due."""
    local = at.astimezone(SHANGHAI)
    begun = datetime.combine(local.date(), time(NIGHT), SHANGHAI)
    return begun if local >= begun else begun - DAY


def _hours(span: timedelta) -> str:
    return f"{int(span / timedelta(hours=1))}小时"

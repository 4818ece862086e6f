"""What the watch judges of what it sees, each limit on its last good moment and right after it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from states.watch import (
    KINDS,
    ServerStatus,
    StuckRun,
    WatchFault,
    WorkStatus,
    backup_faults,
    calendar_faults,
    disk_faults,
    ended,
    listening_faults,
    night_of,
    pinned_faults,
    sentence,
    server_faults,
    waiting_faults,
    work_faults,
    write_faults,
)
from states.workdays import Calendar
from tests.support.builders import calendar

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
AT = datetime(2023, 2, 21, 1, 0, tzinfo=UTC)
"""Nine o'clock in Shanghai, on a Tuesday."""
PLAN = "shanxi-2023"
WELL = WorkStatus(PLAN, AT - 30 * DAY, date(2023, 2, 21), finished_at=AT, newest=AT, inbox_at=AT)
GOOD = ServerStatus(
    wanted={"enforce_deadlines": 2, "read_inbox": 1, "tell_admins": 0},
    there={"enforce_deadlines": 2, "read_inbox": 1, "tell_admins": 0},
)


def shanghai(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - 8 * HOUR


# --- the daily work -------------------------------------------------------------------------------


def test_where_all_goes_on_nothing_is_found() -> None:
    assert list(work_faults(WELL, AT)) == []
    assert WELL.since == AT


def test_the_daily_job_may_take_26_hours() -> None:
    read = replace(WELL, inbox_at=AT + 26 * HOUR)
    assert list(work_faults(read, AT + 26 * HOUR)) == []
    assert list(work_faults(read, AT + 26 * HOUR + SECOND)) == [
        WatchFault(
            "late",
            f"方案{PLAN}的每日核对（enforce_deadlines）已有26小时没有完成，"
            "上次完成于2023-02-21 09:00（北京时间）。",
            PLAN,
            AT,
        )
    ]
    [late] = work_faults(replace(WELL, inbox_at=AT + 27 * HOUR - SECOND), AT + 27 * HOUR - SECOND)
    assert "已有26小时" in late.text, "hours that are over"


def test_a_plan_of_which_no_day_was_finished_counts_from_its_installation() -> None:
    new = WorkStatus(PLAN, AT)
    assert new.since == AT
    assert list(work_faults(new, AT + 2 * HOUR)) == []
    [inbox] = work_faults(new, AT + 2 * HOUR + SECOND)
    assert inbox == WatchFault(
        "inbox", f"方案{PLAN}的收件文件夹已有2小时没有读取，装入后从未读取。", PLAN, AT
    )
    late, _ = work_faults(new, AT + 27 * HOUR)
    assert (late.kind, late.since) == ("late", AT)
    assert "已有27小时没有完成，装入后从未完成。" in late.text


def test_the_inbox_may_rest_for_two_hours() -> None:
    finished = replace(WELL, finished_at=AT + HOUR)
    assert list(work_faults(finished, AT + 2 * HOUR)) == []
    [inbox] = work_faults(finished, AT + 3 * HOUR)
    assert inbox.text == (
        f"方案{PLAN}的收件文件夹已有3小时没有读取，最近一次在2023-02-21 09:00（北京时间）。"
    )
    assert (inbox.kind, inbox.of, inbox.since) == ("inbox", PLAN, AT)


@pytest.mark.parametrize(
    ("finished", "said", "since"),
    [
        (date(2023, 2, 21), "", None),
        (date(2023, 2, 20), "", None),
        (date(2023, 2, 19), "已过去2天，", shanghai(2023, 2, 20)),
        (date(2023, 2, 22), "尚未到来，", None),
    ],
)
def test_the_day_that_was_finished_last_is_today_or_yesterday(
    finished: date, said: str, since: datetime | None
) -> None:
    found = list(work_faults(replace(WELL, finished_day=finished), AT))
    text = f"方案{PLAN}最近完成核对的日期是{finished}，{said}今天（2023-02-21）没有核对。"
    assert found == ([WatchFault("day", text, PLAN, since)] if said else [])


def test_today_is_that_of_shanghai() -> None:
    """At four in the afternoon of London it is the next day there."""
    at = datetime(2023, 2, 21, 16, tzinfo=UTC)
    there = replace(WELL, finished_day=date(2023, 2, 20), finished_at=at, inbox_at=at)
    assert [fault.kind for fault in work_faults(there, at)] == ["day"]
    assert list(work_faults(there, at - SECOND)) == []


def test_who_is_late_is_not_told_of_the_day_too() -> None:
    old = replace(WELL, finished_day=date(2020, 2, 21), inbox_at=AT + 27 * HOUR)
    assert [fault.kind for fault in work_faults(old, AT + 27 * HOUR)] == ["late"]


@pytest.mark.parametrize(
    ("finished", "days", "kinds"),
    [
        (date(2024, 3, 30), 0, []),
        (date(2024, 3, 30), 1, ["late"]),
        (date(2024, 3, 31), 1, []),
        (date(2024, 3, 31), 600, []),
        (date(2024, 5, 6), 3, ["late"]),
        (date(2024, 5, 6), 0, ["day"]),
    ],
)
def test_after_the_last_day_of_a_plan_none_has_to_be_finished(
    finished: date, days: int, kinds: list[str]
) -> None:
    """But the last one; nor may one be finished that is still to come."""
    ended, at = shanghai(2024, 3, 31, 9), shanghai(2024, 3, 31, 9) + days * 27 * HOUR
    seen = replace(
        WELL,
        finished_day=finished,
        finished_at=ended,
        newest=ended,
        inbox_at=at,
        ends_on=date(2024, 3, 31),
    )
    assert [fault.kind for fault in work_faults(seen, at)] == kinds


def test_a_record_may_lie_five_minutes_ahead() -> None:
    assert list(work_faults(replace(WELL, newest=AT + 5 * MINUTE), AT)) == []
    assert list(work_faults(replace(WELL, newest=None), AT)) == []
    assert list(work_faults(replace(WELL, newest=AT + 5 * MINUTE + SECOND), AT)) == [
        WatchFault(
            "future",
            f"方案{PLAN}有记录的时间是2023-02-21 09:05（北京时间），"
            "晚于现在（2023-02-21 09:00（北京时间））。",
            PLAN,
        )
    ]


def test_messages_that_are_held_back_or_dead_are_counted() -> None:
    assert list(work_faults(replace(WELL, ahead=1, dead=3, waiting=9), AT)) == [
        WatchFault("ahead", f"方案{PLAN}有1条消息按尚未到来的日期作出，不予发送。", PLAN),
        WatchFault("dead", f"方案{PLAN}有3条消息未能送达，已不再重试。", PLAN),
    ]


# --- what waits -----------------------------------------------------------------------------------


def waits(since: datetime, at: datetime, known: Calendar | None = None) -> bool:
    owed = replace(WELL, waiting=2, waiting_since=since)
    return bool(list(waiting_faults(owed, known or calendar(), at)))


def test_what_waited_through_an_office_day_is_told_with_its_number() -> None:
    owed = replace(WELL, waiting=2, waiting_since=shanghai(2023, 2, 21, 9))
    assert list(waiting_faults(owed, calendar(), shanghai(2023, 2, 21, 17, 30))) == [
        WatchFault(
            "waiting",
            f"方案{PLAN}有2条消息尚未发出，"
            "最早的一条作出于2023-02-21 09:00（北京时间），已等待一个完整的工作日以上。",
            PLAN,
            shanghai(2023, 2, 21, 9),
        )
    ]
    assert list(waiting_faults(WELL, calendar(), AT + 365 * DAY)) == []


@pytest.mark.parametrize(
    ("since", "first"),
    [
        pytest.param(shanghai(2023, 2, 21, 9), shanghai(2023, 2, 21, 17, 30), id="a whole day"),
        pytest.param(shanghai(2023, 2, 21, 9, 1), shanghai(2023, 2, 22, 17, 30), id="begun late"),
        pytest.param(shanghai(2023, 2, 24, 18), shanghai(2023, 2, 27, 17, 30), id="a weekend"),
        pytest.param(shanghai(2023, 9, 28, 18), shanghai(2023, 10, 7, 17, 30), id="holidays"),
    ],
)
def test_it_waits_once_offices_have_opened_and_closed(since: datetime, first: datetime) -> None:
    """2023-10-07 is a Saturday on which offices work."""
    assert not waits(since, first - SECOND)
    assert waits(since, first)
    assert waits(since, first + 30 * DAY)


def test_in_a_year_that_is_not_known_the_week_has_to_do() -> None:
    """2099-01-02 is a Friday."""
    friday, monday = shanghai(2099, 1, 2, 18), shanghai(2099, 1, 5, 17, 30)
    assert not waits(friday, monday - SECOND, Calendar())
    assert waits(friday, monday, Calendar())
    thursday = shanghai(2099, 1, 1, 18)
    assert waits(thursday, shanghai(2099, 1, 2, 17, 30), Calendar())


# --- the machine ----------------------------------------------------------------------------------


def test_a_pinned_date_is_told() -> None:
    assert list(pinned_faults(None)) == []
    assert list(pinned_faults(date(2023, 6, 1))) == [
        WatchFault("pinned", "系统日期被 XINGFU_BUSINESS_DATE 固定为2023-06-01，不随时间变化。")
    ]


@pytest.mark.parametrize(
    ("busy", "last", "told"),
    [
        (True, AT - HOUR, False),
        (True, AT - HOUR - SECOND, True),
        (True, AT + HOUR, False),
        (True, AT + HOUR + SECOND, True),
        (True, None, True),
        (False, AT, True),
    ],
)
def test_a_lock_may_last_an_hour_and_nothing_else_may_refuse(
    busy: bool, last: datetime | None, told: bool
) -> None:
    fault = WatchFault("write", "数据库可以读取，但不能写入（某因）。", since=last)
    assert list(write_faults("某因", busy, last, AT)) == [fault] * told
    assert list(write_faults("", busy, last, AT)) == []


def test_the_newest_backup_may_be_so_many_days_old() -> None:
    began = AT - 30 * DAY
    assert list(backup_faults(AT - 2 * DAY, began, AT, 2)) == []
    assert list(backup_faults(AT - 2 * DAY - SECOND, began, AT, 2)) == [
        WatchFault(
            "backup",
            "最近一份完好的备份制作于2023-02-19 08:59（北京时间），应每2天至少备份一次。",
            since=AT - 2 * DAY - SECOND,
        )
    ]
    assert list(backup_faults(AT - DAY - SECOND, began, AT, 1)) != []


def test_a_backup_that_a_wrong_clock_has_dated_tells_of_no_age() -> None:
    ahead, began = AT + 5 * MINUTE, AT - DAY
    assert list(backup_faults(ahead, began, AT, 2)) == []
    assert list(backup_faults(ahead + SECOND, began, AT, 2)) == [
        WatchFault(
            "backup",
            "最近一份备份的时间是2023-02-21 09:05（北京时间），晚于现在，"
            "不能证明近日做过备份，应每2天至少备份一次。",
        )
    ]
    assert list(backup_faults(ahead + SECOND, began, AT, 0)) == []


def test_whoever_listens_has_looked_within_a_quarter_of_an_hour() -> None:
    assert list(listening_faults(None, AT)) == [], "where nobody does, it is read by the hour"
    assert list(listening_faults(AT - 15 * MINUTE, AT)) == []
    since = AT - 15 * MINUTE - SECOND
    said = "最近一次完整查看收件文件夹、收信文件夹和邮箱在2023-02-21 08:44（北京时间）。"
    assert list(listening_faults(since, AT)) == [WatchFault("listening", said, since=since)]


def test_without_any_backup_it_counts_from_the_beginning() -> None:
    assert list(backup_faults(None, AT - 2 * DAY, AT, 2)) == []
    assert list(backup_faults(None, AT - 3 * DAY, AT, 2)) == [
        WatchFault("backup", "装入以来没有做过备份，应每2天至少备份一次。", since=AT - 3 * DAY)
    ]
    assert list(backup_faults(None, None, AT, 2)) == []


def test_backups_by_other_means_are_not_looked_after() -> None:
    assert list(backup_faults(None, AT - 99 * DAY, AT, 0)) == []


def test_there_is_room_while_the_least_is_left() -> None:
    assert list(disk_faults(1000, 1000)) == []
    assert list(disk_faults(999, 1000)) == [
        WatchFault("disk", "状态目录所在磁盘仅剩999MB，少于1000MB。")
    ]


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 10, 31), {}),
        (date(2026, 11, 1), {2027: date(2026, 11, 1)}),
        (date(2026, 12, 1), {2027: date(2026, 11, 1)}),
        (date(2027, 1, 2), {2027: date(2027, 1, 1)}),
        (date(2027, 12, 1), {2027: date(2027, 1, 1), 2028: date(2027, 11, 1)}),
        (date(2025, 11, 1), {}),
    ],
)
def test_next_years_workdays_have_to_be_known_from_november_on(
    today: date, missing: dict[int, date]
) -> None:
    """chinesecalendar knows 2026 and not 2027."""
    assert list(calendar_faults(Calendar(), today)) == [
        WatchFault(
            "calendar",
            f"{year}年的放假安排不在已知日历内。",
            str(year),
            shanghai(since.year, since.month, since.day),
        )
        for year, since in missing.items()
    ]


# --- Prefect --------------------------------------------------------------------------------------


def test_a_server_that_runs_everything_is_well() -> None:
    assert list(server_faults(GOOD, AT)) == []
    more = replace(GOOD, there={**GOOD.there, "another": 0, "tell_admins": 1})
    assert list(server_faults(more, AT)) == [], "what is there besides is nobody's business"


def test_of_a_server_that_does_not_answer_nothing_else_is_told() -> None:
    gone = replace(GOOD, problem="无法连接", there={})
    assert list(server_faults(gone, AT)) == [
        WatchFault("server", "Prefect 服务无法访问（无法连接）。")
    ]


def test_what_is_missing_or_switched_off_is_named() -> None:
    assert list(server_faults(replace(GOOD, there={"enforce_deadlines": 1}), AT)) == [
        WatchFault(
            "deployments",
            "Prefect 服务中有任务缺失或停用，"
            "未登记：read_inbox、tell_admins；定时未启用：enforce_deadlines。",
        )
    ]
    off = replace(GOOD, there={**GOOD.there, "enforce_deadlines": 0, "read_inbox": 0})
    [fault] = server_faults(off, AT)
    assert fault.text.endswith("停用，定时未启用：enforce_deadlines、read_inbox。")


@pytest.mark.parametrize(
    ("waits", "limit", "said"),
    [(True, 1, "到了时间没有执行程序领取"), (False, 3, "开始后一直没有结束")],
)
def test_a_run_may_wait_for_an_hour_and_go_on_for_three(waits: bool, limit: int, said: str) -> None:
    run = StuckRun("read_inbox", AT, waits=waits)
    assert list(server_faults(replace(GOOD, runs=(run,)), AT + limit * HOUR)) == []
    late = AT + limit * HOUR + SECOND
    assert list(server_faults(replace(GOOD, runs=(run,)), late)) == [
        WatchFault(
            "runs",
            f"任务read_inbox有1次运行{said}，最早的已有{limit}小时。",
            "read_inbox",
            AT,
        )
    ]


def test_stuck_runs_are_told_by_job_with_the_oldest() -> None:
    runs = (
        StuckRun("read_inbox", AT - 5 * HOUR, waits=True),
        StuckRun("deliver_outbox", AT - 2 * HOUR, waits=True),
        StuckRun("read_inbox", AT - 7 * HOUR, waits=False),
        StuckRun("read_inbox", AT, waits=True),
    )
    assert [
        (fault.of, fault.since, fault.text) for fault in server_faults(replace(GOOD, runs=runs), AT)
    ] == [
        (
            "deliver_outbox",
            AT - 2 * HOUR,
            "任务deliver_outbox有1次运行到了时间没有执行程序领取，最早的已有2小时。",
        ),
        (
            "read_inbox",
            AT - 7 * HOUR,
            "任务read_inbox有2次运行开始后一直没有结束，最早的已有7小时。",
        ),
    ]


# --- how it is told -------------------------------------------------------------------------------


def test_the_night_begins_at_two_and_its_look_is_made_up_for() -> None:
    two = shanghai(2023, 2, 21, 2)
    assert night_of(two) == two
    assert night_of(two - SECOND) == two - DAY
    assert night_of(two + 23 * HOUR) == two


def test_the_same_trouble_has_the_same_key() -> None:
    assert WatchFault("late", "", "a").key == "late a"
    assert WatchFault("disk", "").key == "disk"


def test_a_finding_says_since_when_and_what_to_do() -> None:
    assert sentence(WatchFault("disk", "某事。", since=AT)) == (
        f"某事。自2023-02-21 09:00（北京时间）起。{KINDS['disk'].advice}"
    )
    assert sentence(WatchFault("disk", "某事。")) == f"某事。{KINDS['disk'].advice}"


def test_every_kind_can_be_told_and_ended() -> None:
    for kind, words in KINDS.items():
        assert words.advice.endswith("。"), kind
        assert ended(f"{kind} {PLAN}").startswith("恢复正常：")
        assert "{" not in ended(f"{kind} {PLAN}")
        assert words.advice in sentence(WatchFault(kind, "某事。"))
    assert ended("tables shanxi-2023 太原市") == (
        "恢复正常：shanxi-2023 太原市的数据与办理记录相符。"
    )
    assert ended("gone a") == "恢复正常：gone a。", "of an earlier version"


def test_the_guide_tells_of_every_kind() -> None:
    """By its name, with what is said of it."""
    guide = (Path(__file__).parents[1] / "docs" / "how-to" / "watch.md").read_text(encoding="utf-8")
    missing = [kind for kind, words in KINDS.items() if f"| `{kind}` {words.label} |" not in guide]
    assert missing == []

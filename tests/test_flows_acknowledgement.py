"""已知悉: repeats fall silent until the day that is expected; escalation does not."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from models.database import writing
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.views.explain import explain
from operations.views.why import why_message, why_on
from tests.conftest import AT, DeskIn
from tests.support.province import END, days, morning
from tests.support.steps import ONE, TAIYUAN, act, load, walk
from tests.support.stores import Snapshot, Stores
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy
COUNTY = "太原市小店区民政局"
RUNGS = {  # D08, due on 2023-05-31, counted by hand on a calendar
    "T+1": "2023-06-01",
    "T+5": "2023-06-07",
    "T+10": "2023-06-14",
    "T+15": "2023-06-21",
    "T+20": "2023-06-29",
    "T+25": "2023-07-06",
}


def become_late(desk: Desk) -> None:
    """Enforce every day until D08 is late by a day, and tell of it then: it can be begun."""
    walk(desk, "determine")
    for day in days(date(2023, 5, 20), date(2023, 5, 31)):
        enforce(desk, day, morning(day))
    run(desk, "2023-06-01", "2023-06-01")


LATE = Snapshot("late", become_late, TAIYUAN)


@pytest.fixture
def late(desk_in: DeskIn) -> Desk:
    """太原市's projects, on the day after D08 has passed."""
    return desk_in(LATE)


@pytest.fixture
def sqlite_late(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite alone, for what does not concern the store."""
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield opened


def run(desk: Desk, start: str, end: str) -> Tape:
    tape = Tape()
    for day in days(date.fromisoformat(start), date.fromisoformat(end)):
        enforce(desk, day, morning(day))
        deliver(desk, lambda day=day: morning(day), lambda _: tape)  # type: ignore[misc]
    return tape


def say(desk: Desk, **changes: Any) -> None:
    stated: dict[str, Any] = {
        "subject": ONE,
        "rule": "D08",
        "expected": date(2023, 6, 28),
        "on": date(2023, 6, 2),
        "actor": COUNTY,
        "reason": "施工单位重新招标",
        **changes,
    }
    with writing(desk.engine) as session:
        acknowledge(session, desk, Acknowledgement(**stated), today=END, at=AT)


def decided(desk: Desk) -> dict[str, str]:
    query = "SELECT rung, min(as_of) FROM outbox WHERE subject = :s AND rule = 'D08' GROUP BY rung"
    with desk.engine.connect() as connection:
        found = {rung: str(day) for rung, day in connection.execute(text(query), {"s": ONE})}
    return {rung: day for rung, day in found.items() if rung in RUNGS}


def test_repeats_are_silent_until_the_day_and_escalation_is_not(late: Desk) -> None:
    say(late)
    run(late, "2023-06-02", "2023-07-07")
    assert decided(late) == {rung: day for rung, day in RUNGS.items() if rung != "T+15"}


def test_what_was_owed_and_is_acknowledged_is_withdrawn(late: Desk) -> None:
    run(late, "2023-06-02", "2023-06-20")
    enforce(late, date(2023, 6, 21), morning(date(2023, 6, 21)))
    say(late, on=date(2023, 6, 21))
    tape = Tape()
    deliver(late, lambda: morning(date(2023, 6, 21)), lambda _: tape)
    assert not [message for message in tape.sent if (ONE, "D08") in message.keys]
    assert [message for message in tape.sent if (ONE, "D07") in message.keys]


def test_the_levels_above_read_of_it(late: Desk) -> None:
    say(late)
    tape = run(late, "2023-06-07", "2023-06-07")
    (province,) = [message for message in tape.sent if message.recipient == "山西省民政厅"]
    assert "已知悉，预计2023年6月28日完成：施工单位重新招标" in province.text


def test_a_new_date_starts_anew(late: Desk) -> None:
    say(late)
    with writing(late.engine) as session:
        put_off = Extension(
            ONE, "D08", date(2023, 6, 20), date(2023, 6, 5), "山西省民政厅", "示例批复"
        )
        extend(session, late, put_off, today=END, at=AT)
    with late.engine.connect() as connection:
        query = text("SELECT quiet_until FROM deadline WHERE subject = :s AND rule = 'D08'")
        assert connection.execute(query, {"s": ONE}).scalar_one() is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reason": " "}, "请写明原因"),
        ({"expected": date(2099, 6, 1)}, "过远，请核对年份"),
        ({"expected": date(2023, 6, 1)}, "早于登记日期"),
        ({"on": date(2022, 6, 2)}, "请核对年份"),
        ({"on": date(2024, 6, 2), "expected": date(2024, 7, 1)}, "尚未到来"),
        ({"rule": "D99"}, "没有时限“D99”"),
        ({"rule": "D20", "actor": "太原市民政局"}, "未起算，无需登记"),
        ({"actor": " "}, "经办人"),
        ({"seen": 999999}, "没有记录号999999"),
    ],
)
def test_refusals(sqlite_late: Desk, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        say(sqlite_late, **changes)


# --- why ------------------------------------------------------------------------------------------


def test_why_a_message_came(sqlite_late: Desk) -> None:
    with sqlite_late.engine.connect() as connection:
        query = text("SELECT id FROM outbox WHERE subject = :s AND rule = 'D08' AND rung = 'T+1'")
        found = int(connection.execute(query, {"s": ONE}).scalars().all()[0])
    told = str(why_message(sqlite_late, found))
    assert "D08 全部开工建设（晋民发〔2023〕7号 六(二)）" in told
    assert "原文：“确保项目5月份全部开工建设”" in told
    assert "提醒级次：逾期后第1个工作日（催办），逾期认定日2023年5月31日（星期三）" in told
    assert "2023-06-01 08:30经文件夹发送" in told
    with pytest.raises(RefusedError, match="没有第999999号消息"):
        why_message(sqlite_late, 999999)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2023-05-01", "尚未到首次提醒"),
        ("2023-05-22", "提前7个工作日（提醒），给太原市小店区民政局"),
        ("2023-05-28", "该日为休息日，不发送"),
        ("2023-05-31", "该日不是提醒日；上一级提前1个工作日"),
        ("2023-06-01", "逾期后第1个工作日（催办），给太原市民政局"),
        ("2023-06-21", "已知悉，预计2023-06-28完成，至当日不再重复催办（施工单位重新招标）"),
        ("2023-06-29", "每日核对尚未执行到该日"),
    ],
)
def test_why_on_a_day(sqlite_late: Desk, day: str, reason: str) -> None:
    say(sqlite_late)
    assert reason in str(why_on(sqlite_late, ONE, "D08", date.fromisoformat(day)))


def test_why_not_while_a_project_is_on_hold(sqlite_desk: Desk) -> None:
    load(sqlite_desk)
    walk(sqlite_desk, "determine")
    act(sqlite_desk, "hold", "2023-05-20")
    act(sqlite_desk, "resume", "2023-05-29")
    run(sqlite_desk, "2023-05-30", "2023-05-30")
    assert "该日项目为“暂停”，不提醒" in str(why_on(sqlite_desk, ONE, "D08", date(2023, 5, 22)))
    told = str(why_on(sqlite_desk, ONE, "D08", date(2023, 5, 30)))
    assert "提前1个工作日（提醒），给太原市小店区民政局" in told


def test_why_not_for_what_is_done_or_waits(sqlite_late: Desk) -> None:
    with sqlite_late.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE deadline SET standing = 'met', fulfilled_on = '2023-05-30', "
                "next_look_on = NULL WHERE subject = :s AND rule = 'D08'"
            ),
            {"s": ONE},
        )
    assert "已于2023年5月30日（星期二）完成" in str(
        why_on(sqlite_late, ONE, "D08", date(2023, 6, 7))
    )
    assert "未起算" in str(why_on(sqlite_late, ONE, "D20", date(2023, 6, 7)))
    with pytest.raises(RefusedError, match="没有时限“D99”"):
        why_on(sqlite_late, ONE, "D99", date(2023, 6, 7))


def test_a_missed_day_is_told_as_caught_up(sqlite_desk: Desk) -> None:
    load(sqlite_desk)
    run(sqlite_desk, "2023-05-20", "2023-05-21")
    run(sqlite_desk, "2023-05-24", "2023-05-24")
    told = str(why_on(sqlite_desk, ONE, "D08", date(2023, 5, 22)))
    assert "该日应为提前7个工作日，当日未执行每日核对，已于2023年5月24日（星期三）补作" in told


def test_explain_tells_of_the_acknowledgement(sqlite_late: Desk) -> None:
    say(sqlite_late)
    assert "已知悉：预计2023年6月28日" in str(explain(sqlite_late, ONE, "D08", date(2023, 6, 5)))
    after_the_rungs = str(explain(sqlite_late, ONE, "D08", date(2023, 6, 15)))
    assert "下一次：2023年6月29日" in after_the_rungs, "T+15 is silenced"

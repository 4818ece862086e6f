"""Wrong days: refused, confirmed by name, never sent, and taken back as if they had never been."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from shutil import copy
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from models.copying import copy_database
from models.database import open_engine, reading, writing
from models.events import held_events
from models.settings import Settings
from models.tables import Audit
from operations.cases.desk import Desk, open_desk
from operations.daily.confirmation import Confirmation, DoubtfulDayError
from operations.daily.delivery import DeliveryResult, deliver
from operations.daily.enforcement import enforce, enforce_in_earnest, finish
from operations.duties.month_ends import MONTH_ENDS
from operations.duties.products import due, make
from operations.upkeep.rewind import Rewind, RewindResult, preview, rewind
from operations.upkeep.scenario import Event, happen
from operations.upkeep.surveying import survey
from operations.views.explain import explain
from operations.views.outbox import message_views
from operations.views.scenes import basis_of, require_newest
from operations.workbooks.intake import import_workbook
from policy.vocabulary import Basis, DeliveryStatus
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.command import Xingfu
from tests.support.province import DAY, END, by_day, days, morning, on_paper
from tests.support.stores import Snapshot
from tests.support.tape import Tape
from tests.support.yearly import LATE_MAY, SPRING

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
START, RIGHT = date(2023, 1, 17), date(2023, 6, 1)
WRONG = date(2024, 3, 20)
WHO = Confirmation("山西省民政厅 示例·王某", "示例：时钟未核对")
REASON = "示例：服务器时钟误为2024年"
TAIYUAN = "1401"
PROJECT = "XF2023-140105-01"


def office(day: date) -> datetime:
    """Ten o'clock in Shanghai."""
    return morning(day) + timedelta(minutes=90)


def live(desk: Desk, start: date, end: date, tape: Tape | None = None, city: str = "") -> None:
    """Every day as it would have run, then what offices record on it."""
    events = by_day()
    for day in days(start, end):
        enforce_in_earnest(desk, day, morning(day))
        if tape is not None:
            send(desk, day, tape)
        finish(desk, day, office(day))
        found = of(city, events.get(day, []))
        with writing(desk.engine) as session:
            for event in found:
                happen(session, desk, event, today=day, at=office(day) + timedelta(hours=3))


def of(city: str, events: Sequence[Event]) -> Sequence[Event]:
    """What is recorded where only one city's projects are known, or (empty) all."""
    return [on_paper(event) for event in events if ours(event.subject, city)] if city else events


def ours(subject: str, city: str) -> bool:
    return subject[2:11] == f"2023-{city}" or not subject.startswith("XF")


def send(desk: Desk, day: date, tape: Tape) -> DeliveryResult:
    return deliver(desk, lambda: office(day), lambda _: tape, pause=lambda _: None)


def back(desk: Desk, to: date, day: date) -> RewindResult:
    at = morning(day) - timedelta(hours=1)
    return rewind(desk, Rewind(to, "山西省民政厅 示例·王某", REASON), today=day, at=at)


STATE = {
    "deadline": "SELECT * FROM deadline ORDER BY plan, subject, rule",
    "outbox": "SELECT subject, rule, visit, due, rung, recipient, decision, rung_kind, as_of"
    " FROM outbox WHERE status = 'pending' AND decision <> 'correction'"
    " ORDER BY subject, rule, visit, due, rung, recipient",
    "all": "SELECT subject, rule, visit, due, rung, recipient, as_of, status FROM outbox"
    " WHERE status <> 'retracted' AND decision <> 'correction'"
    " ORDER BY subject, rule, visit, due, rung, recipient",
    "fact": 'SELECT plan, subject, name, "on" FROM fact ORDER BY plan, subject, name',
    "enforced": "SELECT day FROM enforced ORDER BY day",
}


def state(desk: Desk) -> dict[str, list[tuple[str, ...]]]:
    """What a twin must have, row by row, by queries of our own."""
    with desk.engine.connect() as connection:
        return {
            name: sorted(tuple(map(str, row)) for row in connection.execute(text(query)))
            for name, query in STATE.items()
        }


def marks(desk: Desk) -> list[tuple[object, ...]]:
    """The marks of lateness that count: those without a reversal."""
    query = select(Audit).where(col(Audit.kind).in_(("overdue", "reversal")))
    with reading(desk.engine) as session:
        rows = session.exec(query.order_by(col(Audit.subject), col(Audit.action))).all()
        gone = {row.detail["reverses"] for row in rows if row.kind == "reversal"}
        return sorted(
            (row.subject, row.action, row.effective_on)
            for row in rows
            if row.kind == "overdue" and row.id not in gone
        )


def same(desk: Desk, twin: Desk) -> None:
    one, other = state(desk), state(twin)
    for name in STATE:
        assert one[name] == other[name], name
    assert marks(desk) == marks(twin)


@contextmanager
def twin_of(desk: Desk, home: Path) -> Iterator[Desk]:
    """A copy of a desk, on SQLite whatever the desk is on."""
    home.mkdir()
    copy(desk.settings.home / "secret.key", home)
    settings = Settings(home=home)
    engine = open_engine(settings.sqlalchemy_url)
    copy_database(desk.engine, engine)
    engine.dispose()
    twin = open_desk(settings)
    yield twin
    twin.engine.dispose()


def import_city(desk: Desk) -> None:
    for name in ("01-太原市", "通讯录"):
        import_workbook(desk, EXAMPLE / "workbooks" / f"{name}.xlsx", today=END, at=AT)


def city_until_june(desk: Desk) -> None:
    import_city(desk)
    for day, found in sorted(by_day().items()):
        if START <= day <= LATE_MAY:
            with writing(desk.engine) as session:
                for event in of(TAIYUAN, found):
                    happen(session, desk, event, today=day, at=office(day))
    live(desk, LATE_MAY + DAY, RIGHT, city=TAIYUAN)


PROVINCE = Snapshot("to_june", lambda desk: live(desk, LATE_MAY + DAY, RIGHT), SPRING, copied=True)
JUNE = Snapshot("city_to_june", city_until_june, INSTALLED, copied=True)


@pytest.fixture
def province(desk_in: DeskIn) -> Desk:
    """The example's province on the first of June; nothing has been sent."""
    return desk_in(PROVINCE)


@pytest.fixture
def june(desk_in: DeskIn) -> Desk:
    """One city of it."""
    return desk_in(JUNE)


def count(desk: Desk, query: str) -> int:
    with desk.engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


# --- the story ------------------------------------------------------------------------------------


def test_a_run_under_a_clock_of_the_next_year_is_refused(june: Desk) -> None:
    before = state(june), marks(june)
    with pytest.raises(DoubtfulDayError) as refused:
        enforce_in_earnest(june, WRONG, morning(WRONG))
    said = str(refused.value)
    assert "2024-03-20的每日核对未执行" in said
    assert "距上次核对的2023-06-01已有293天，超过45天" in said
    assert "xingfu enforce --confirm" in said
    assert (state(june), marks(june)) == before
    with reading(june.engine) as session:
        events = held_events(session, june.plan, 1000)
    assert [event.payload["on"] for event in events if event.name == "day.refused"] == [
        WRONG.isoformat()
    ]


def test_a_wrong_run_is_taken_back_as_if_it_had_never_been(province: Desk, tmp_path: Path) -> None:
    june = province
    with twin_of(june, tmp_path / "twin") as twin:
        done = enforce_in_earnest(june, WRONG, morning(WRONG), WHO)
        assert done.marked_overdue > 500
        assert done.messages > 1000
        tomorrow = date(2023, 6, 2)
        seen = preview(june, Rewind(RIGHT, "山西省民政厅 示例·王某", REASON), today=tomorrow)
        assert marks(june) != marks(twin)
        found = back(june, RIGHT, tomorrow)
        assert found == seen
        assert (found.marks, found.withdrawn) == (done.marked_overdue, done.messages)
        assert (found.days, found.told, found.unclear) == ((WRONG,), (), ())
        same(june, twin)
        for desk in (june, twin):
            live(desk, tomorrow, date(2023, 6, 16))
        same(june, twin)


def test_who_was_told_wrongly_is_told_so_once(june: Desk, tmp_path: Path) -> None:
    # all that was owed by then is out
    live(june, date(2023, 6, 2), date(2023, 6, 2), Tape(), TAIYUAN)
    with twin_of(june, tmp_path / "twin") as twin:
        enforce_in_earnest(june, WRONG, morning(WRONG), WHO)
        wrong = Tape()
        assert send(june, WRONG, wrong).digests > 5
        monday = date(2023, 6, 5)
        found = back(june, date(2023, 6, 2), monday)
        assert len(found.told) == len(wrong.sent)
        assert found.unclear == ()
        same(june, twin)
        tape, plain = Tape(), Tape()
        live(june, monday, date(2023, 6, 20), tape, TAIYUAN)
        live(twin, monday, date(2023, 6, 20), plain, TAIYUAN)
        corrected = [message for message in tape.sent if message.corrections]
        assert len(corrected) == len(found.told)
        assert {message.recipient for message in corrected} == {m.recipient for m in wrong.sent}
        assert {message.sent_at for message in corrected} == {office(monday)}
        same(june, twin)
        lines = [(m.recipient, m.sent_at, line) for m in tape.sent for line in m.lines]
        assert lines == [(m.recipient, m.sent_at, line) for m in plain.sent for line in m.lines]
        (first, *_) = corrected
        (said,) = first.corrections
        about = next(message for message in wrong.sent if message.recipient == first.recipient)
        assert len(said.details) == len(about.lines)
        assert "【更正】因系统日期有误" in first.text
        assert "【更正】" in first.html
        for line in about.lines:
            assert any(f"（{line.rule}）" in each and line.name in each for each in said.details)


# --- what is refused, and what is not -------------------------------------------------------------


def test_the_first_day_ever_may_be_any_of_the_year(desk: Desk) -> None:
    day = date(2023, 9, 1)
    assert enforce_in_earnest(desk, day, morning(day)).messages > 0


@pytest.mark.parametrize(("gap", "refused"), [(45, False), (46, True)])
def test_a_jump_is_more_than_45_days(desk: Desk, gap: int, refused: bool) -> None:
    last = date(2023, 3, 1)
    enforce_in_earnest(desk, last, morning(last))
    finish(desk, last, office(last))
    day = last + timedelta(gap)
    if refused:
        with pytest.raises(RefusedError, match="超过45天"):
            enforce_in_earnest(desk, day, morning(day))
    else:
        enforce_in_earnest(desk, day, morning(day))


@pytest.mark.parametrize(
    ("day", "refused"),
    [("2023-01-15", True), ("2023-01-16", False), ("2024-03-31", False), ("2024-04-01", True)],
)
def test_a_day_outside_of_the_plans_span_is_refused(desk: Desk, day: str, refused: bool) -> None:
    that = date.fromisoformat(day)
    at = morning(date(2024, 4, 1))
    if refused:
        with pytest.raises(
            DoubtfulDayError, match="不在实施方案的期间（2023-01-16至2024-03-31）内"
        ):
            enforce_in_earnest(desk, that, at)
    else:
        enforce_in_earnest(desk, that, at)


@pytest.mark.parametrize(("minutes", "refused"), [(-4, False), (-6, True)])
def test_a_clock_that_stands_before_what_is_recorded_is_refused(
    desk: Desk, minutes: int, refused: bool
) -> None:
    day = date(2023, 3, 1)
    enforce_in_earnest(desk, day, morning(day))
    at = morning(day) + timedelta(minutes=minutes)
    if not refused:
        enforce_in_earnest(desk, day, at)
        return
    with pytest.raises(DoubtfulDayError, match="早于已有记录的最晚时间2023-03-01 08:30"):
        enforce_in_earnest(desk, day, at)
    enforce_in_earnest(desk, day, at, WHO)
    enforce_in_earnest(desk, day, at + timedelta(minutes=1))  # from there on it is the clock


def test_who_stands_for_a_day_is_on_record_and_it_is_doubted_no_more(desk: Desk) -> None:
    day = date(2024, 5, 6)
    enforce_in_earnest(desk, day, morning(day), WHO)
    query = text("SELECT actor, evidence, effective_on, clause FROM audit WHERE kind = :kind")
    with desk.engine.connect() as connection:
        rows = connection.execute(query, {"kind": "confirmation"}).all()
    assert [(row[0], row[1], str(row[2])) for row in rows] == [
        ("山西省民政厅 示例·王某", "示例：时钟未核对", "2024-05-06")
    ]
    assert rows[0][3]
    enforce_in_earnest(desk, day, office(day))
    with pytest.raises(RefusedError, match="请注明经办人"):
        enforce_in_earnest(desk, day + timedelta(1), office(day), Confirmation(" ", ""))
    with pytest.raises(RefusedError, match="请写明确认的理由"):
        enforce_in_earnest(desk, day + timedelta(99), office(day), replace(WHO, evidence=" "))


def test_after_a_rewind_the_right_clock_is_right(june: Desk) -> None:
    enforce_in_earnest(june, WRONG, morning(WRONG), WHO)
    tomorrow = date(2023, 6, 2)
    with pytest.raises(DoubtfulDayError, match="早于已有记录的最晚时间2024-03-20"):
        enforce_in_earnest(june, tomorrow, morning(tomorrow))
    back(june, RIGHT, tomorrow)
    enforce_in_earnest(june, tomorrow, office(tomorrow))
    with pytest.raises(DoubtfulDayError, match="超过45天"):  # what was confirmed was taken back
        enforce_in_earnest(june, WRONG, morning(WRONG))


def test_a_day_that_was_taken_back_is_none_that_anything_came_about_on(june: Desk) -> None:
    """Neither does the next day lie behind it, nor does `explain` tell of its marks."""
    tomorrow = date(2023, 6, 2)
    enforce_in_earnest(june, WRONG, morning(WRONG), WHO)
    (wrong,) = (mark for mark in marks(june) if mark[:2] == (PROJECT, "D17"))
    assert wrong[2] == WRONG
    back(june, RIGHT, tomorrow)
    require_newest(june, tomorrow)
    assert basis_of(june, tomorrow) is Basis.NEWEST
    assert "2024年" not in str(explain(june, PROJECT, "D17", tomorrow))


def test_what_was_made_of_wrong_days_is_made_again_in_its_time(june: Desk) -> None:
    """A snapshot of the end of June, made under a clock of the next year: it knew of no June."""
    enforce(june, WRONG, morning(WRONG))
    wrong = [make(june, MONTH_ENDS, each, morning(WRONG)) for each in due(june, MONTH_ENDS, WRONG)]
    of_june = next(made for made in wrong if made.occasion.period == "2023-06")
    right = [made for made in wrong if made.occasion.on <= RIGHT]
    assert right
    done = back(june, RIGHT, date(2023, 6, 2))
    assert done.products == len(wrong) - len(right)
    live(june, date(2023, 6, 2), date(2023, 6, 30), city=TAIYUAN)
    (again,) = due(june, MONTH_ENDS, date(2023, 6, 30))
    assert again.period == "2023-06"
    made = make(june, MONTH_ENDS, again, office(date(2023, 6, 30)))
    assert (of_june.version, made.version) == (1, 2)
    assert made.content != of_june.content
    assert due(june, MONTH_ENDS, date(2023, 6, 30)) == ()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (Rewind(RIGHT, "山西省民政厅 示例·王某", REASON), "2023-06-01之后没有核对过，无需回退"),
        (Rewind(date(2023, 5, 1), " ", REASON), "请注明经办人"),
        (Rewind(date(2023, 5, 1), "山西省民政厅 示例·王某", " "), "请写明回退的原因"),
        (Rewind(date(2023, 7, 1), "山西省民政厅 示例·王某", REASON), "2023-07-01尚未到来"),
    ],
)
def test_a_rewind_says_why_not(june: Desk, asked: Rewind, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        rewind(june, asked, today=date(2023, 6, 2), at=office(date(2023, 6, 2)))


# --- what was decided as of a day to come ---------------------------------------------------------


def test_a_message_of_a_day_to_come_is_never_sent_and_admins_are_told(june: Desk) -> None:
    monday = date(2023, 6, 5)
    live(june, date(2023, 6, 2), date(2023, 6, 4), Tape(), TAIYUAN)
    owed = enforce(june, WRONG, morning(WRONG)).messages
    tape = Tape()
    done = send(june, monday, tape)
    assert done.held_back == owed
    assert not tape.sent
    views = message_views(june, DeliveryStatus.PENDING)
    assert len([view for view in views if view.as_of == WRONG]) == owed
    seen = survey(june.settings, office(monday), thorough=False)
    faults = [fault.text for fault in seen.faults]
    assert any(f"{owed}条消息按尚未到来的日期作出" in told for told in faults)


# --- by command -----------------------------------------------------------------------------------


def test_a_person_confirms_and_takes_back_by_command(june: Desk) -> None:
    url = june.settings.database_url
    database = {"XINGFU_DATABASE_URL": url.get_secret_value()} if url else {}
    xingfu = Xingfu(june.settings.home, **database)
    refused = xingfu("enforce", "--as-of", WRONG.isoformat())
    assert refused.returncode == 1
    assert "超过45天" in refused.stderr
    (mail,) = june.settings.outgoing.rglob("系统管理员*.eml")
    told = message_from_bytes(mail.read_bytes(), policy=default).get_body(("plain",))
    assert told is not None
    assert "每日核对因日期可疑未执行" in told.get_content()
    before = state(june)
    by = ("--confirm", "--actor", "山西省民政厅", "--evidence", "示例")
    confirmed = xingfu("enforce", "--as-of", WRONG.isoformat(), *by)
    assert confirmed.returncode == 0, confirmed.stderr
    asked = (
        "rewind",
        "--to",
        RIGHT.isoformat(),
        "--actor",
        "山西省民政厅 示例·王某",
        "--evidence",
        REASON,
    )
    wrong = state(june)
    assert "未写入" in xingfu(*asked).stdout
    assert state(june) == wrong
    done = xingfu(*asked, "--confirm")
    assert done.returncode == 0, done.stderr
    assert "已回退到2023-06-01，其后核对过的日期：2024-03-20" in done.stdout
    assert state(june) == before
    assert "无需回退" in xingfu(*asked, "--confirm").stderr


# --- any day, any jump ----------------------------------------------------------------------------


WITH_TAIYUAN = Snapshot("rewind_taiyuan", import_city, INSTALLED)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    last=st.dates(date(2023, 2, 1), date(2023, 7, 1)),
    jump=st.integers(46, 400),
    lived=st.integers(0, 6),
    seed=st.integers(0, 1000),
)
def test_any_wrong_day_leaves_nothing(
    stores: object, tmp_path: Path, last: date, jump: int, lived: int, seed: int
) -> None:
    """A city's year with days missed; a wrong day; some days on under the mended clock; back."""
    home = tmp_path / uuid4().hex
    with stores.desk(None, WITH_TAIYUAN, home) as desk:  # type: ignore[attr-defined]
        skipping(desk, START, last, seed)
        with twin_of(desk, home.with_suffix(".twin")) as twin:
            wrong = min(last + timedelta(jump), date(2024, 12, 31))
            enforce(desk, wrong, morning(wrong))
            mended = last + timedelta(lived)
            for each in (desk, twin):
                recording(each, last + timedelta(1), mended)
            found = back(desk, last, mended + timedelta(1))
            assert found.unclear == ()
            same(desk, twin)
            for each in (desk, twin):
                skipping(each, mended + timedelta(1), mended + timedelta(30), seed)
            same(desk, twin)


def skipping(desk: Desk, start: date, end: date, seed: int) -> None:
    """Days as they come, some of them missed, the last one not."""
    drawn = random.Random(seed)  # noqa: S311  # no secret
    for day in days(start, end):
        if day == end or drawn.random() > 0.7:
            enforce(desk, day, morning(day))
        recording(desk, day, day)


def recording(desk: Desk, start: date, end: date) -> None:
    """What Taiyuan's offices record on some days."""
    events = by_day()
    for day in days(start, end):
        found: Sequence[object] = of(TAIYUAN, events.get(day, []))
        with writing(desk.engine) as session:
            for event in found:
                at = office(day) + timedelta(hours=3)
                happen(session, desk, event, today=day, at=at)  # type: ignore[arg-type]

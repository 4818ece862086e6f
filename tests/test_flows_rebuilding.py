"""The tables are what the trail says; whatever else is in them is found, named and put right."""

import lzma
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Date, Engine, Integer, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from models.audits import examine, history
from models.columns import Hundredths
from models.database import WRITES, reading, writing
from models.guards import SQLITE
from models.plans import forget_digest
from models.rows import columns
from models.settings import Settings
from models.tables import DeadlineRow, Fact, LedgerRow, Project, Subject
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.desk import Desk, open_desk
from operations.daily.enforcement import enforce
from operations.upkeep.rebuilding import (
    TABLES,
    RebuiltTables,
    Repairer,
    compare,
    differences,
    repair,
    tables_again,
)
from operations.upkeep.rules import Approval, adopt
from operations.upkeep.setup import check_trail, install, prepare
from operations.upkeep.surveying import survey
from operations.workbooks.intake import import_workbook
from policy.load import meaning
from policy.vocabulary import AuditKind, EntryKind, Holder, Source
from states.watch import WatchFault
from states.workdays import Calendar
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.province import END, morning
from tests.support.steps import ONE, PROVINCE, act, judge, money, put_off, report, stored, undo
from tests.support.stores import Snapshot, Stores
from tests.support.yearly import YEAR

DATA = Path(__file__).parent / "data"
OTHER = "XF2023-140105-02"
REPAIRER = Repairer(END, "山西省民政厅 张三", "核查记录")


def go_on(desk: Desk) -> None:
    """A city's busy year: with runs between, and whatever can be granted, corrected or ended."""
    days = iter(every_workday(desk.calendar))

    def until(day: str) -> None:
        for each in days:
            enforce(desk, each, morning(each))
            if each >= date.fromisoformat(day):
                return

    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)
    until("2023-02-20")
    act(desk, "confirm_site", "2023-02-06")
    act(desk, "confirm_site", "2023-02-06", OTHER)
    act(desk, "hold", "2023-02-21", OTHER)
    until("2023-03-03")
    act(desk, "resume", "2023-03-03", OTHER)
    act(desk, "submit_application", "2023-06-09")
    put_off(desk, "D08", "2023-07-01", on=date(2023, 3, 3))
    judge(desk, (80, 82, 84), on="2023-06-12")
    until("2023-06-20")
    act(desk, "pass_review", "2023-06-14")
    act(desk, "determine", "2023-06-18")
    act(desk, "release_funds", "2023-06-20")
    money(desk, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "300000.00", "2023-06-21")
    wrong = stored(desk).lines[-1].audit_id
    until("2023-07-10")
    with writing(desk.engine) as session:
        said = Acknowledgement(ONE, "D08", date(2023, 8, 1), date(2023, 7, 10), PROVINCE, "示例")
        acknowledge(session, desk, said, today=END, at=AT)
    act(desk, "D10-05", "2023-07-11", "太原市")
    until("2023-07-20")
    undo(desk, wrong)
    with reading(desk.engine) as session:
        rows = history(session, desk.plan, ONE)
        rows += history(session, desk.plan, "太原市")
        granted = [
            row.id or 0
            for row in rows
            if row.kind == AuditKind.EXTENSION
            or (row.kind == AuditKind.RECORD and row.action == "D10-05")
        ]
    for row in granted:
        undo(desk, row)
    act(desk, "withdraw", "2023-07-20", OTHER)
    money(desk, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "200000.00", "2023-07-21")
    act(desk, "operator_confirmed", "2023-07-20")
    act(desk, "break_ground", "2023-07-21")
    report(desk, "2023-07", 10, invested=Decimal("1000.00"))
    until("2023-08-15")


def every_workday(calendar: Calendar) -> Iterator[date]:
    day = date(2023, 1, 16)
    while True:
        if calendar.is_workday(day):
            yield day
        day += timedelta(days=1)


def be_in_june(desk: Desk) -> None:
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)
    for day in (date(2023, 5, 31), date(2023, 6, 15)):
        enforce(desk, day, morning(day))


TAIYUAN_IN_JUNE = Snapshot("taiyuan_run_to_june", be_in_june, INSTALLED)
BUSY = Snapshot("busy_city", go_on, INSTALLED, copied=True)


@pytest.mark.heavy
def test_the_examples_year_is_rebuilt_whole(desk_in: DeskIn) -> None:
    found = compare(desk_in(YEAR))
    assert (found.differences, found.unknown) == ((), {})
    assert found.rows > 2_000


@pytest.mark.heavy
def test_what_was_granted_corrected_and_swept_is_rebuilt_too(desk_in: DeskIn) -> None:
    desk = desk_in(BUSY)
    heard: list[tuple[int, int]] = []
    found = compare(desk, heard=lambda *told: heard.append(told))
    assert (found.differences, found.unknown) == ((), {})
    assert heard[-1][0] == heard[-1][1] > 20
    only = compare(desk, {ONE})
    assert (only.differences, 0 < only.rows < found.rows) == ((), True)


@pytest.mark.heavy
def test_rules_that_changed_on_the_way_are_carried_out_where_they_changed(desk_in: DeskIn) -> None:
    """D08 is due a month later from July on; then the calendar alone is installed anew."""
    desk = desk_in(TAIYUAN_IN_JUNE)
    rules = tuple(
        rule.model_copy(update={"due": date(2023, 6, 30), "remind": date(2023, 6, 30)})
        if rule.id == "D08"
        else rule
        for rule in desk.plan.deadlines
    )
    changed = desk.plan.model_copy(update={"deadlines": rules})
    changed = changed.model_copy(update={"digest": meaning(changed)})
    later = Desk(desk.settings, changed, desk.calendar, desk.engine)
    adopt(later, Approval("山西省民政厅 张三", "示例文件"), END, morning(date(2023, 6, 20)))
    for day in (date(2023, 6, 20), date(2023, 7, 3)):
        enforce(later, day, morning(day))
        assert compare(later).differences == ()
    with writing(desk.engine) as session:
        forget_digest(session, changed)
    install(later, morning(date(2023, 7, 3)))
    found = compare(later)
    assert (found.differences, found.unknown) == ((), {})


@pytest.mark.heavy
def test_the_year_of_an_earlier_program_is_carried_over_and_rebuilt(tmp_path: Path) -> None:
    """The example's year as version 0.1.0 kept it: contacts, deliveries and products left out."""
    statements = lzma.decompress((DATA / "year-of-0.1.0.sql.xz").read_bytes()).decode()
    with closing(sqlite3.connect(tmp_path / "xingfu.db")) as raw:
        raw.executescript(statements)
    with pytest.raises(RefusedError, match="再运行 xingfu init 升级"):
        open_desk(Settings(home=tmp_path))
    desk = prepare(Settings(home=tmp_path), None)
    with pytest.raises(RefusedError, match="查看影响，确认后加 --confirm"):
        install(desk, AT)  # who waited for the province then is late from another day now
    adopt(desk, Approval("山西省民政厅 张三", "示例文件"), END, AT)
    found = compare(desk)
    assert (found.rows, found.differences, found.unknown) == (2432, (), {})
    checked = check_trail(desk)
    assert (checked.rows, checked.unkeyed, checked.breaks) == (2432, 2431, ())
    row, subject = last_expense(desk)
    undo(desk, row)
    assert compare(desk, {subject}).differences == ()
    assert check_trail(desk).breaks == ()
    desk.engine.dispose()


def last_expense(desk: Desk) -> tuple[int, str]:
    """The row of the last line that nothing hangs on, an expense, and whose it is."""
    query = "SELECT max(audit_id), subject FROM ledger WHERE entry = 'expense'"
    with desk.engine.connect() as connection:
        row, subject = connection.exec_driver_sql(query).one()
        return row, subject


# --- edits past the trail -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def busy(stores: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Opened"]:
    with (
        stores.desk(None, BUSY, tmp_path_factory.mktemp("busy") / "home") as desk,
        desk.reading() as session,
        tables_again(session, desk) as again,
    ):
        yield Opened(desk, again)


@dataclass(frozen=True)
class Opened:
    desk: Desk
    again: RebuiltTables


@contextmanager
def edited(engine: Engine) -> Iterator[Session]:
    """A transaction in which anything may be done, and which comes to nothing."""
    with Session(engine.execution_options(**{WRITES: True})) as session:
        yield session
        session.rollback()


def other(chance: Random, column: Any, value: Any) -> Any:
    """Another value that the column takes."""
    if isinstance(column.type, Hundredths):
        return (value or Decimal("0.00")) + Decimal(chance.randint(1, 10**6)) / 100
    if isinstance(column.type, Date):
        return (value or date(2023, 5, 1)) + timedelta(days=chance.choice((-30, -1, 1, 9)))
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, Integer):
        return (value or 0) + chance.randint(1, 3)
    if isinstance(column.type, JSON):
        return ["改"] if isinstance(value, list) else {**value, "改": "改"}
    return f"{value or ''}改"


def edit(chance: Random, session: Session, plan: str) -> tuple[str, str] | None:
    """Change, remove or add one value; whose it is, and of which table. None: it was refused."""
    table = chance.choice(tuple(TABLES))
    its = columns(table)
    own = its.subject if "subject" in its else its.code
    rows = session.execute(select(*its).where(its.plan == plan)).mappings().all()
    row = chance.choice(rows)
    this = [column == row[column.name] for column in its if column.primary_key]
    fields = [column for column in its if not column.primary_key and column.name != own.name]
    fields = [c for c in fields if (table, c.name) != (Fact, "audit_id") and not c.foreign_keys]
    try:
        with session.begin_nested():
            if table not in (Subject, Project) and chance.random() < 0.1:
                session.execute(delete(table).where(*this))
            else:
                field = chance.choice(fields)
                changed = {field.name: other(chance, field, row[field.name])}
                session.execute(update(table).where(*this).values(changed))
    except IntegrityError:
        return None
    return row[own.name], TABLES[table][0]


@pytest.mark.heavy
def test_whatever_is_edited_past_the_trail_is_found_and_named(busy: Opened, storm: bool) -> None:
    chance, found, wanted = Random(2023), 0, 2_000 if storm else 300  # noqa: S311  # always the same
    while found < wanted:
        with edited(busy.desk.engine) as session:
            done = edit(chance, session, busy.desk.plan.id)
            if done is None:
                continue
            subject, label = done
            told = list(differences(session, busy.again, busy.desk.plan))
            assert {(item.subject, item.table.split()[0]) for item in told} == {(subject, label)}
            assert len(told) == 1
            assert told[0].since > 0 or subject == busy.desk.plan.province or "市" in subject
            found += 1
    with busy.desk.reading() as session:
        assert list(differences(session, busy.again, busy.desk.plan)) == []


def spoil(desk: Desk) -> None:
    with writing(desk.engine) as session:
        connection = session.connection()
        its = columns(DeadlineRow)
        connection.execute(
            update(DeadlineRow)
            .where(its.subject == ONE, its.rule == "D08")
            .values(overdue_after=date(2024, 5, 31), fired=0)
        )
        connection.execute(delete(Fact).where(columns(Fact).subject == OTHER))
        connection.execute(
            update(LedgerRow)
            .where(columns(LedgerRow).subject == ONE)
            .values(amount=Decimal("9.99"))
        )
        connection.execute(
            update(Project).where(columns(Project).code == ONE).values(released=Decimal(1))
        )


@pytest.mark.heavy
def test_what_was_found_is_put_right_with_a_row_of_its_own(desk_in: DeskIn) -> None:
    desk = desk_in(BUSY)
    spoil(desk)
    with pytest.raises(RefusedError, match="须注明经办人"):
        repair(desk, Repairer(END, "", "核查记录"), at=AT)
    found = repair(desk, REPAIRER, at=AT).differences
    assert {(item.subject, item.table, item.field) for item in found} >= {
        (ONE, "时限 D08", "逾期起算前一日"),
        (ONE, "项目", "已下达省级补助"),
        (OTHER, "节点 site_confirmed", "记录"),
    }
    with reading(desk.engine) as session:
        rows = [row for row in history(session, desk.plan, ONE) if row.kind == AuditKind.REPAIR]
        assert examine(session, desk.plan.id).breaks == ()
    (row,) = rows
    assert (row.actor, row.evidence) == (REPAIRER.actor, REPAIRER.evidence)
    assert [ONE, "项目", "已下达省级补助"] in [each[:3] for each in row.detail["repairs"]]
    assert repair(desk, REPAIRER, at=AT).differences == ()
    assert sum(1 for _ in _repairs(desk)) == len({item.subject for item in found})


def _repairs(desk: Desk) -> Iterator[int]:
    query = "SELECT id FROM audit WHERE kind = 'repair'"
    with desk.engine.connect() as connection:
        yield from connection.exec_driver_sql(query).scalars()


def tables_of(desk: Desk, at: datetime, known: Sequence[str] = ()) -> list[WatchFault]:
    found = survey(desk.settings, at, known=known)
    return [fault for fault in found.faults if fault.kind == "tables"]


@pytest.mark.heavy
def test_the_watch_looks_at_another_city_once_a_night(desk_in: DeskIn) -> None:
    """And at a city in which something is wrong at every look, until it is mended."""
    desk = desk_in(BUSY)
    cities = [city.name for city in desk.plan.cities]
    at = datetime(2023, 9, 1, 18, tzinfo=UTC)  # two o'clock in Shanghai, on the second
    turn = (cities.index("太原市") - date(2023, 9, 2).toordinal()) % len(cities)
    night, hour = at + timedelta(turn), timedelta(hours=1)
    spoil(desk)
    assert tables_of(desk, night + timedelta(365)) == [], "it is another city's turn"
    assert tables_of(desk, night - hour) == [], "and before it; the clock ran ahead"
    (fault,) = tables_of(desk, night + hour)
    assert fault.key == "tables shanxi-2023 太原市"
    assert "太原市的数据与办理记录不符" in fault.text
    assert tables_of(desk, night + 2 * hour) == [], "once a night"
    assert tables_of(desk, night + 3 * hour, [fault.key]) == [fault]
    repair(desk, REPAIRER, at=night)
    assert tables_of(desk, night + 4 * hour, [fault.key]) == []


@pytest.mark.heavy
def test_the_watch_looks_through_the_whole_trail_once_a_night(
    stores: Stores, tmp_path: Path
) -> None:
    """And at every look while something is wrong with it."""
    night, hour = datetime(2023, 9, 1, 18, tzinfo=UTC), timedelta(hours=1)

    def trail(at: datetime, known: Sequence[str] = ()) -> list[str]:
        found = survey(desk.settings, at, known=known)
        return [fault.text for fault in found.faults if fault.kind == "trail"]

    with stores.desk(None, BUSY, tmp_path / "home") as desk:
        assert trail(night) == []
        with desk.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER audit_no_update")
            connection.exec_driver_sql("UPDATE audit SET actor = '某人' WHERE id = 3")
            connection.exec_driver_sql(SQLITE["audit_no_update"])
        assert trail(night + hour) == [], "its end is as it was"
        (said,) = trail(night + 24 * hour)
        assert "记录3内容与记录时不符" in said
        assert trail(night + 25 * hour, ["trail shanxi-2023"]) == [said]

"""The store on both databases: constraints hold in the database, not only in Python."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import Session

from common.errors import RefusedError, UnavailableError
from models import inbox, records
from models.audits import NewRow, add_audit, history
from models.database import (
    SCHEMA,
    alembic_config,
    migrate,
    open_engine,
    reading,
    require_schema,
    writing,
)
from models.projects import add_project, dossier
from models.rows import insert_missing
from models.settings import Settings
from models.tables import InboxFile, OfficeRow, Outbox, Project
from operations.cases.desk import Desk
from policy.vocabulary import AuditKind, DecisionKind, Form, IntakeResult, RungKind
from states.progress import Progress
from tests.conftest import AT

PLACE = {"county_code": "140105", "county_type": "市辖区"}


def a_project(session: Session, desk: Desk, community: str = "示例甲社区", **more: object) -> str:
    values = {**PLACE, "street": "示例街道", "community": community, **more}
    return add_project(session, desk.plan, "太原市", "小店区", values)


def test_migrations_say_what_the_tables_say(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        command.check(alembic_config(connection))


def test_migrating_twice_changes_nothing(desk: Desk) -> None:
    migrate(desk.engine)
    with desk.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM plan")).scalar_one() == 1


def test_money_and_area_are_exact(desk: Desk) -> None:
    with writing(desk.engine) as session:
        area, money = Decimal("1234.57"), Decimal("99999999999.99")
        code = a_project(session, desk, area=area, investment=money)
    with reading(desk.engine) as session:
        profile = dossier(session, desk.plan, code).profile
    assert (profile.area, profile.investment) == (area, money)


def test_a_third_decimal_is_not_rounded_away(desk: Desk) -> None:
    with pytest.raises(StatementError, match="two decimals"), writing(desk.engine) as session:
        a_project(session, desk, investment=Decimal("1.005"))


def test_instants_come_back_aware_in_utc(desk: Desk) -> None:
    shanghai = datetime(2023, 6, 1, 8, 30, tzinfo=timezone(timedelta(hours=8)))
    with writing(desk.engine) as session:
        _audit(session, desk, at=shanghai)
    with reading(desk.engine) as session:
        stored = history(session, desk.plan, "太原市")[0].recorded_at
    assert stored == datetime(2023, 6, 1, 0, 30, tzinfo=UTC)
    assert stored.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(desk: Desk) -> None:
    naive = datetime(2023, 6, 1, 8, 30)  # noqa: DTZ001  # the point of the test
    with pytest.raises(ValueError, match="naive"), writing(desk.engine) as session:
        _audit(session, desk, at=naive)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_audit_trail_cannot_be_changed(desk: Desk, statement: str) -> None:
    with writing(desk.engine) as session:
        _audit(session, desk)
    with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE project SET disposition = 'gone'",
        "UPDATE project SET area = -1",
        "UPDATE project SET beds = -1",
        "UPDATE subject SET kind = 'planet'",
        "UPDATE deadline SET standing = 'met'",
        "UPDATE deadline SET next_look_on = NULL",
        "UPDATE deadline SET fulfilled_on = '2023-01-01'",
        "UPDATE deadline SET fired = -1",
        "UPDATE outbox SET status = 'sent'",
        "UPDATE outbox SET status = 'lost'",
        "UPDATE outbox SET subject = 'nobody'",
        "UPDATE outbox SET decision = 'guessed'",
        "UPDATE outbox SET rung_kind = 'guessed'",
        "UPDATE progress SET percent = 101",
        "UPDATE progress SET percent = -1",
        "UPDATE progress SET invested = -1",
        "UPDATE progress SET period = '2023-6'",
        "UPDATE progress SET audit_id = 0",
        "UPDATE progress SET subject = 'nobody'",
        "UPDATE inbox SET outcome = 'lost'",
        "UPDATE inbox SET plan = 'nobody'",
        "DELETE FROM subject",
    ],
)
def test_the_database_refuses_a_wrong_row(desk: Desk, change: str) -> None:
    with writing(desk.engine) as session:
        code = a_project(session, desk)
        session.add(_message(desk, code))
        report = Progress("2023-06", 30, Decimal("0.01"), audit_id=_audit(session, desk))
        records.put_progress(session, desk.plan, code, report)
        inbox.add(session, a_file(desk))
    with pytest.raises(IntegrityError), desk.engine.begin() as connection:
        connection.execute(text(change))


def test_a_month_is_kept_once_and_the_last_report_counts(desk: Desk) -> None:
    with writing(desk.engine) as session:
        code, other = a_project(session, desk), a_project(session, desk, "示例乙社区")
        row = _audit(session, desk)
        may = Progress("2023-05", 10, Decimal("1234567890.12"), False, "示例原因", None, row)
        june = Progress("2023-06", 20, None, True, None, "示例措施", row)
        for report in (june, may, replace(june, percent=25)):
            records.put_progress(session, desk.plan, code, report)
    kept = {code: (may, replace(june, percent=25))}
    with reading(desk.engine) as session:
        assert records.progress_of(session, desk.plan) == kept
        assert records.progress_of(session, desk.plan, [other]) == {}
        assert dossier(session, desk.plan, code).progress == kept[code]


def test_a_report_is_removed_by_its_row(desk: Desk) -> None:
    with writing(desk.engine) as session:
        code = a_project(session, desk)
        first, second = _audit(session, desk), _audit(session, desk)
        may, june = Progress("2023-05", 1, audit_id=first), Progress("2023-06", 2, audit_id=second)
        for report in (may, june):
            records.put_progress(session, desk.plan, code, report)
        records.remove_progress(session, desk.plan, second)
        assert records.progress_of(session, desk.plan) == {code: (may,)}


def test_a_file_is_known_by_its_content_and_folder(desk: Desk) -> None:
    with writing(desk.engine) as session:
        inbox.add(session, a_file(desk))
        inbox.add(session, a_file(desk, place="大同市", received_at=AT + timedelta(hours=1)))
    with writing(desk.engine) as session:
        inbox.mark_filed(session, desk.plan, "太原市", "a" * 64)
    with reading(desk.engine) as session:
        found = inbox.find(session, desk.plan, "太原市", "a" * 64)
        assert found == a_file(desk, filed=True)
        assert inbox.find(session, desk.plan, "太原市", "b" * 64) is None
        other = inbox.find(session, desk.plan, "大同市", "a" * 64)
        assert other
        assert not other.filed
    with pytest.raises(IntegrityError), writing(desk.engine) as session:
        inbox.add(session, a_file(desk, name="另一个名字.xlsx"))


def test_a_receipt_is_a_message(desk: Desk) -> None:
    with writing(desk.engine) as session:
        receipt = {"decision": DecisionKind.RECEIPT, "rung_kind": RungKind.RECEIPT}
        named = {"rule": "receipt-" + "a" * 16, "rung": "receipt"}
        session.add(_message(desk, "太原市", **receipt, **named))


def test_one_intent_per_key(desk: Desk) -> None:
    with writing(desk.engine) as session:
        session.add(_message(desk, "太原市"))
    with pytest.raises(IntegrityError), writing(desk.engine) as session:
        session.add(_message(desk, "太原市"))


def test_another_visit_or_date_or_rung_is_another_intent(desk: Desk) -> None:
    changes: list[dict[str, object]] = [
        {},
        {"visit": 2},
        {"due": date(2023, 7, 1)},
        {"rung": "T+5"},
        {"recipient": "太原市民政局分管领导"},
    ]
    with writing(desk.engine) as session:
        session.add_all(_message(desk, "太原市", **change) for change in changes)


def test_one_project_a_community(desk: Desk) -> None:
    with writing(desk.engine) as session:
        a_project(session, desk)
    with pytest.raises(IntegrityError), writing(desk.engine) as session:
        a_project(session, desk)


def test_codes_are_numbered_within_the_county(desk: Desk) -> None:
    with writing(desk.engine) as session:
        codes = [a_project(session, desk, name) for name in ("甲社区", "乙社区")]
    assert codes == ["XF2023-140105-01", "XF2023-140105-02"]


def test_a_failed_write_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(RefusedError), writing(desk.engine) as session:
        a_project(session, desk)
        raise RefusedError("no")
    with reading(desk.engine) as session:
        assert session.get(Project, (desk.plan.id, "XF2023-140105-01")) is None


def test_every_city_and_the_province_have_their_deadlines(desk: Desk) -> None:
    query = text("SELECT subject, count(*) FROM deadline GROUP BY subject")
    with desk.engine.connect() as connection:
        found = dict(connection.execute(query).tuples().all())
    cities = {city.name for city in desk.plan.cities}
    assert found == {
        **dict.fromkeys(cities, 20),
        "山西省": 15,
    }  # D01 D10×10 D12×3 D13 D18 D23 D25×3; D02 D11×10 D24 D26×3


def test_a_locked_database_is_one_sentence(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.database.BUSY_TIMEOUT_MS", 50)
    impatient = open_engine(sqlite_desk.settings.sqlalchemy_url)
    with (
        writing(sqlite_desk.engine) as first,
        pytest.raises(UnavailableError, match="数据库正被占用"),
        writing(impatient) as second,
    ):
        first.connection()
        second.connection()


def test_an_unreachable_server_is_one_sentence_without_its_password() -> None:
    engine = open_engine("postgresql+psycopg://u:geheim@127.0.0.1:1/x")
    with pytest.raises(UnavailableError, match="数据库不可用") as told, reading(engine) as session:
        session.connection()
    assert "geheim" not in str(told.value)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    file.write_text("这不是数据库" * 500)
    with pytest.raises(UnavailableError, match="数据库不可用"):
        migrate(open_engine(f"sqlite:///{file}"))


def _audit(session: Session, desk: Desk, at: datetime = AT) -> int:
    row = NewRow(
        subject="太原市",
        kind=AuditKind.RECORD,
        action="D10-03",
        actor="示例·张某",
        on=date(2023, 3, 24),
        at=at,
        clause="五(五)",
    )
    return add_audit(session, desk.plan, row)


def a_file(desk: Desk, **changes: object) -> InboxFile:
    values: dict[str, Any] = {
        "plan": desk.plan.id,
        "place": "太原市",
        "digest": "a" * 64,
        "name": "示例月报.xlsx",
        "form": Form.REPORT.value,
        "outcome": IntakeResult.DONE,
        "reply": "已导入10个项目",
        "received_at": AT,
    }
    return InboxFile(**{**values, **changes})


def _message(desk: Desk, subject: str, **changes: object) -> Outbox:
    values: dict[str, Any] = {
        "plan": desk.plan.id,
        "subject": subject,
        "rule": "D08",
        "visit": 1,
        "due": date(2023, 5, 31),
        "rung": "T+1",
        "recipient": "太原市民政局",
        "decision": DecisionKind.REMIND,
        "rung_kind": RungKind.URGE,
        "as_of": date(2023, 6, 1),
        "decided_at": AT,
    }
    return Outbox(**{**values, **changes})


@pytest.mark.parametrize(
    ("version", "says"),
    [("0006", "先用原版本程序备份，再运行 xingfu init 升级"), ("9999", "请升级本程序")],
)
def test_a_database_of_another_version_says_what_to_do(
    settings: Settings, version: str, says: str
) -> None:
    engine = open_engine(settings.sqlalchemy_url)
    require_schema(engine)
    with engine.begin() as connection:
        head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    assert head == SCHEMA
    with pytest.raises(RefusedError, match=says):
        require_schema(engine)
    engine.dispose()


def test_what_adds_missing_rows_is_compiled_once(desk: Desk) -> None:
    """A day's run owes by dozens of such statements."""
    adding: dict[Any, Any] = {}
    row = {
        "plan": desk.plan.id,
        "level": "county",
        "city": "太原市",
        "county": "新区",
        "name": "新",
    }
    with desk.writing() as session:
        connection = session.connection().execution_options(compiled_cache=adding)
        for _ in range(2):
            connection.execute(insert_missing(OfficeRow), [row])
    assert len(adding) == 1

"""Which days the daily job has decided, missed and finished."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, create_engine, text
from sqlmodel import col, select

from common.errors import RefusedError
from models.database import _free_to_copy_tables, alembic_config, migrate, open_engine, reading
from models.seals import keyed
from models.settings import Settings
from models.tables import EnforcedDay
from operations.cases.desk import Desk
from operations.daily import enforcement
from operations.daily.enforcement import enforce
from operations.upkeep.rehearsal import rehearse
from operations.upkeep.scenario import Scenario
from operations.upkeep.setup import install
from states.workdays import UnknownYearError
from tests.conftest import AT
from tests.support.steps import TAIYUAN
from tests.support.stores import Stores

DAY = date(2023, 3, 1)
SINCE = (
    *("work_round", "watch_fault", "former_key", "asked_item", "mail_item", "mail"),
    *("evidence", "unreachable", "sign_in", "desk_session", "knock", "calendar_link"),
)
"""Tables that later versions brought."""
FIELDS = import_module("models.migrations.versions.0024_fields_of_plans")
WHOSE_TURN = ("body", "turn_on", "fits")
KEY = ["plan", "subject", "rule", "visit", "due", "rung", "recipient"]
HOUR = timedelta(hours=1)


def decided(desk: Desk) -> list[tuple[str, bool]]:
    """Days and whether they are finished, by a query of our own."""
    query = text("SELECT day, finished_at FROM enforced ORDER BY day")
    with desk.engine.connect() as connection:
        return [(str(day), finished is not None) for day, finished in connection.execute(query)]


def last_finished(desk: Desk) -> tuple[date, datetime] | None:
    """The day that was finished last, by the instant, and that instant."""
    finished = col(EnforcedDay.finished_at).is_not(None)
    query = select(EnforcedDay).where(EnforcedDay.plan == desk.plan.id, finished)
    order = (col(EnforcedDay.finished_at).desc(), col(EnforcedDay.day).desc())
    with reading(desk.engine) as session:
        row = session.exec(query.order_by(*order)).first()
    return (row.day, row.finished_at) if row and row.finished_at else None


def on(number: int) -> date:
    return DAY + timedelta(days=number)


def test_the_days_since_the_last_one_are_missed(desk: Desk) -> None:
    assert enforce(desk, DAY, AT).missed == ()
    assert enforce(desk, on(1), AT).missed == ()
    assert enforce(desk, on(4), AT).missed == (on(2), on(3))
    assert [day for day, _ in decided(desk)] == ["2023-03-01", "2023-03-02", "2023-03-05"]


def test_an_earlier_day_has_missed_nothing(desk: Desk) -> None:
    enforce(desk, on(9), AT)
    assert enforce(desk, on(3), AT).missed == ()
    assert enforce(desk, on(11), AT).missed == (on(10),)


def test_whoever_goes_on_with_a_day_is_told_too_what_was_missed(desk: Desk) -> None:
    """A run that was killed between deciding and publishing has told nobody."""
    enforce(desk, DAY, AT)
    first = enforce(desk, on(3), AT)
    assert enforce(desk, on(3), AT + HOUR).missed == first.missed == (on(1), on(2))
    enforcement.finish(desk, on(3), AT + HOUR)
    assert enforce(desk, on(3), AT + 2 * HOUR).missed == ()


def test_a_day_is_finished_once_it_is_said_to_be(desk: Desk) -> None:
    assert last_finished(desk) is None
    with pytest.raises(RefusedError, match="尚未核对"):
        enforcement.finish(desk, DAY, AT)
    enforce(desk, DAY, AT)
    assert (enforcement.is_finished(desk, DAY), last_finished(desk)) == (False, None)
    enforcement.finish(desk, DAY, AT + HOUR)
    assert enforcement.is_finished(desk, DAY)
    assert not enforcement.is_finished(desk, on(1))
    enforce(desk, DAY, AT + 2 * HOUR)
    assert enforcement.is_finished(desk, DAY)
    assert last_finished(desk) == (DAY, AT + HOUR)


def test_the_last_one_is_last_by_the_clock(desk: Desk) -> None:
    for number, at in ((5, AT + 2 * HOUR), (2, AT + 3 * HOUR), (7, AT)):
        enforce(desk, on(number), AT)
        enforcement.finish(desk, on(number), at)
    assert last_finished(desk) == (on(2), AT + 3 * HOUR)


def test_another_plans_days_are_not_ours(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO plan (id, digest, installed_at, head, emitted)"
                 " VALUES ('other', '', :at, '', 0)"), {"at": "2023-01-16 01:00:00"},
        )  # fmt: skip
        connection.execute(
            text(
                "INSERT INTO enforced (plan, day, decided_at, finished_at)"
                " VALUES ('other', :day, :at, :at)"
            ),
            {"day": f"{DAY}", "at": "2023-03-01 01:00:00"},
        )
    assert enforce(desk, on(5), AT).missed == ()
    assert (last_finished(desk), enforcement.is_finished(desk, DAY)) == (None, False)


@pytest.mark.heavy
def test_a_rehearsal_leaves_no_trace(desk: Desk) -> None:
    enforce(desk, DAY, AT)
    rehearse(desk, on(4), on(6), Scenario())
    assert decided(desk) == [("2023-03-01", False)]
    assert enforce(desk, on(6), AT).missed == tuple(map(on, range(1, 6)))


def test_a_day_that_is_refused_was_not_decided(desk: Desk) -> None:
    with pytest.raises(UnknownYearError):
        enforce(desk, date(2031, 1, 1), AT)
    assert decided(desk) == []


# --- any order of days ----------------------------------------------------------------------------

RUNS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12)


@pytest.mark.heavy
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(runs=[(0, True), (3, False), (3, True), (3, True), (2, True), (8, False)])
@given(runs=RUNS)
def test_missed_days_are_those_that_no_run_has_covered(
    desk: Desk, runs: Sequence[tuple[int, bool]]
) -> None:
    """Against sets: a run at day n covers every day up to n; not yet, for who goes on with n."""
    with desk.engine.begin() as connection:
        connection.execute(text("DELETE FROM enforced"))
    done: dict[int, bool] = {}
    for number, finishes in runs:
        covering = {n for n, finished in done.items() if n != number or finished}
        covered = {d for n in covering for d in range(n + 1)}
        wanted = [on(d) for d in range(number) if covering and d not in covered]
        assert list(enforce(desk, on(number), AT).missed) == wanted
        if finishes:
            enforcement.finish(desk, on(number), AT)
        done[number] = done.get(number, False) or finishes
    assert decided(desk) == [(on(n).isoformat(), done[n]) for n in sorted(done)]


# --- a database that is older ---------------------------------------------------------------------


APPEND_ONLY = ("product", "plan_version")


def without_fields(engine: Engine) -> None:
    """Undo 0021, 0022, 0024 to 0027, but for what projects had said in columns that come back."""
    with engine.connect() as connection, _free_to_copy_tables(connection), connection.begin():
        connection.execute(text("ALTER TABLE inbox DROP COLUMN mail"))
        connection.execute(text("DROP INDEX ix_ledger_plan_subject"))
        connection.execute(text("ALTER TABLE ledger DROP COLUMN fund"))
        connection.execute(text("ALTER TABLE project DROP COLUMN released_funds"))
        connection.execute(text("DROP INDEX ix_deadline_body"))
        connection.execute(text("DROP INDEX ix_audit_plan_kind_effective_on"))
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("office") as batch:
            batch.create_check_constraint(operations.f("ck_office_level"), "level <> ''")
        with operations.batch_alter_table("project") as batch:
            batch.drop_column("further")
            for name in FIELDS.COLUMNS:
                batch.add_column(Column(name, FIELDS._project().c[name].type))
            for name in FIELDS.CHECKED:
                batch.create_check_constraint(operations.f(f"ck_project_{name}"), f"{name} >= 0")


@pytest.fixture
def older(server: str | None, tmp_path: Path, stores: Stores) -> Iterator[Desk]:
    """A desk on a filled database that has been taken back to the schema before days and events."""
    with stores.desk(server, TAIYUAN, tmp_path / "home") as desk:
        without_fields(desk.engine)
        with desk.engine.begin() as connection:
            for statement in (
                *(f"DROP TABLE {name}" for name in APPEND_ONLY),
                *(f"DROP FUNCTION {name}_is_append_only()" for name in APPEND_ONLY if server),
                "DROP TABLE enforced",
                "DROP TABLE sweep",
                *(f"DROP TABLE {name}" for name in SINCE),
                "ALTER TABLE subject DROP COLUMN renamed_to",
                *(f"ALTER TABLE deadline DROP COLUMN {name}" for name in WHOSE_TURN),
                "DROP TABLE event",
                "DROP INDEX uq_outbox_key",
                "DROP INDEX ix_audit_plan_id",
                *(
                    f"ALTER TABLE plan DROP COLUMN {name}"
                    for name in ("emitted", "rows", "unkeyed", "unproved", "key", "seal")
                ),
                "UPDATE alembic_version SET version_num = '0004'",
            ):
                connection.execute(text(statement))
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table("outbox") as batch:
                batch.create_unique_constraint("uq_outbox_key", KEY)
        yield desk


@pytest.mark.heavy
def test_an_older_database_is_carried_over_and_tells_nothing_of_its_past(older: Desk) -> None:
    migrate(older.engine)
    with older.engine.begin() as connection:
        newest, emitted = connection.execute(
            text("SELECT (SELECT max(id) FROM audit), emitted FROM plan")
        ).one()
        assert emitted == newest > 0
        command.check(alembic_config(connection))
    install(older, AT)
    assert enforce(older, DAY, AT).missed == ()


def test_a_new_plan_in_an_older_database_begins_at_nothing(tmp_path: Path) -> None:
    engine = keyed(open_engine(f"sqlite:///{tmp_path / 'old.db'}"), Settings(home=tmp_path))
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0004")
        connection.execute(text("INSERT INTO plan VALUES ('p', 'd', '2023-01-16 01:00:00', '')"))
    migrate(engine)
    with create_engine(engine.url).connect() as connection:
        assert connection.execute(text("SELECT emitted FROM plan")).scalar_one() == 0
    engine.dispose()


def test_instants_are_aware(desk: Desk) -> None:
    enforce(desk, DAY, AT)
    enforcement.finish(desk, DAY, datetime(2023, 3, 1, 9, tzinfo=UTC))
    found = last_finished(desk)
    assert found is not None
    assert found[1].utcoffset() == timedelta(0)

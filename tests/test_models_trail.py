"""The audit trail: chained, verified, replayed, and carried over from the first schema."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from common.errors import RefusedError, UsageError
from deployments.demo import EXAMPLE
from models.audits import examine, examine_end, history, link, witness
from models.database import alembic_config, migrate, open_engine, reading
from models.seals import keyed
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.setup import check_trail, install
from operations.workbooks.intake import import_workbook
from policy.vocabulary import AuditKind, EntryKind, Holder, Source
from states.ledger import balances, received
from states.machine import Position
from states.progress import Progress
from states.trail import (
    Effects,
    ProjectState,
    TrailRow,
    after,
    difference,
    from_detail,
    replay,
    to_detail,
    under,
)
from states.witness import Witness
from tests.conftest import AT, DeskIn
from tests.support.builders import plan
from tests.support.province import END
from tests.support.steps import (
    ONE,
    TAIYUAN,
    act,
    change_day,
    judge,
    money,
    put_off,
    report,
    stored,
    undo,
    walk,
)
from tests.support.stores import Snapshot
from tests.test_states_machine import ACTIONS, wanted_move

TRIGGERS = {
    "sqlite": ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"],
    "postgresql": ["ALTER TABLE audit DISABLE TRIGGER ALL"],
}


def keep_busy(desk: Desk) -> None:
    """Give a project a long trail: actions, money, opinions, changes and reversals."""
    walk(desk, "operator_confirmed")
    money(desk, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "100000.00", "2023-05-04")
    money(desk, EntryKind.RECEIPT, Source.OTHER, Holder.PROJECT, "7.50", "2023-05-05")
    undo(desk, stored(desk).lines[-1].audit_id)
    put_off(desk, "D08", "2023-06-30")
    act(desk, "break_ground", "2023-05-10")
    act(desk, "community_need", "2023-05-11")
    change_day(desk, "work_started", "2023-05-12")
    report(desk, "2023-05", 5, invested=Decimal("12345.67"), on_schedule=True)
    report(desk, "2023-05", 6, on_schedule=False, problem="示例原因", next_step="示例措施")
    report(desk, "2023-06", 30)
    undo(desk, stored(desk).progress[0].audit_id)
    act(desk, "hold", "2023-06-01")
    act(desk, "resume", "2023-06-05")


BUSY = Snapshot("busy", keep_busy, TAIYUAN)


@pytest.fixture
def busy(desk_in: DeskIn) -> Desk:
    """A desk whose first project has a long trail."""
    return desk_in(BUSY)


@pytest.fixture
def unguarded(busy: Desk) -> Iterator[Connection]:
    """The database as one sees it who has first dropped the triggers."""
    with busy.engine.begin() as connection:
        for statement in TRIGGERS[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        yield connection


def newest(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT max(id) FROM audit").scalar_one())


def test_an_honest_trail_verifies(busy: Desk) -> None:
    found = check_trail(busy)
    count, breaks = found.rows, found.breaks
    assert count > 20
    assert breaks == ()


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        ("UPDATE audit SET actor = '他人' WHERE id = {n} - 4", "内容与记录时不符"),
        ("UPDATE audit SET effective_on = '2023-01-20' WHERE id = {n} - 4", "内容与记录时不符"),
        ("UPDATE audit SET detail = '{{}}' WHERE id = {n} - 4", "内容与记录时不符"),
        ("UPDATE fact SET audit_id = NULL; DELETE FROM audit WHERE id = {n} - 2", "接不上"),
        ("DELETE FROM audit WHERE id = {n}", "链尾不符"),
        (
            "INSERT INTO audit (id, plan, subject, kind, action, actor, effective_on, recorded_at,"
            " clause, evidence, detail, previous, hash) SELECT {n} + 1, plan, subject, kind,"
            " action, actor, effective_on, recorded_at, clause, evidence, detail, previous, hash"
            " FROM audit WHERE id = {n}",
            "接不上",
        ),
    ],
)
def test_tampering_is_found(busy: Desk, unguarded: Connection, tamper: str, says: str) -> None:
    for statement in tamper.format(n=newest(unguarded)).split(";"):
        unguarded.exec_driver_sql(statement)
    unguarded.commit()
    breaks = check_trail(busy).breaks
    assert any(says in item.says for item in breaks), breaks


@pytest.mark.parametrize("setting", ["rows = rows - 3, head", "unkeyed = rows, head", "head"])
def test_an_end_that_is_registered_anew_is_found(
    busy: Desk, unguarded: Connection, setting: str
) -> None:
    """The last three rows are gone, and the plan's row says so as far as it can without the key."""
    last = newest(unguarded) - 3
    for table in ("fact", "progress"):
        unguarded.exec_driver_sql(f"DELETE FROM {table} WHERE audit_id > {last}")  # noqa: S608
    unguarded.exec_driver_sql(f"DELETE FROM audit WHERE id > {last}")  # noqa: S608
    head = f"(SELECT hash FROM audit WHERE id = {last})"  # noqa: S608
    unguarded.exec_driver_sql(f"UPDATE plan SET {setting} = {head}")  # noqa: S608
    unguarded.commit()
    assert any("封签不符" in item.says for item in check_trail(busy).breaks)
    act(busy, "hold", "2023-07-03")
    assert any("封签不符" in item.says for item in check_trail(busy).breaks), "no new seal hides it"


ALTERED = {
    "sqlite": [
        ("DROP TRIGGER product_no_delete", "product_no_delete已被删除"),
        (
            "DROP TRIGGER audit_no_update; CREATE TRIGGER audit_no_update BEFORE update ON audit "
            "BEGIN SELECT 1| END",
            "audit_no_update已被改动",
        ),
        ("CREATE TRIGGER x AFTER INSERT ON plan BEGIN SELECT 1| END", "x不是本系统建立的"),
    ],
    "postgresql": [
        ("DROP TRIGGER product_no_truncate ON product", "product_no_truncate已被删除"),
        ("ALTER TABLE audit DISABLE TRIGGER audit_append_only", "audit_append_only已被停用"),
        (
            "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW| END $$",
            "audit_append_only已被改动",
        ),
        (
            "DROP TRIGGER audit_append_only ON audit; CREATE TRIGGER audit_append_only BEFORE"
            " DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
            "audit_append_only已被改动",
        ),
    ],
}


@pytest.mark.parametrize("number", range(4))
def test_a_trigger_that_is_not_as_it_was_made_is_told(busy: Desk, number: int) -> None:
    known = ALTERED[busy.engine.dialect.name]
    statements, says = known[number % len(known)]
    with busy.engine.begin() as connection:
        for statement in statements.split(";"):
            connection.exec_driver_sql(statement.replace("|", ";"))
    found = check_trail(busy).breaks
    assert all(says in item.says or "audit_no_truncate" in item.says for item in found)
    assert any(says in item.says for item in found)
    with reading(busy.engine) as session:
        assert examine_end(session, busy.plan.id) == found


def test_a_trail_goes_on_from_its_witness(busy: Desk) -> None:
    first = check_trail(busy).witness
    assert first is not None
    act(busy, "hold", "2023-06-06")
    with reading(busy.engine) as session:
        now = witness(session, busy.plan.id)
    assert now.rows == first.rows + 1
    for proof in (first, now):
        assert check_trail(busy, proof.code).breaks == ()
    longer = Witness(now.rows + 1, now.mark)
    [found] = check_trail(busy, longer.code).breaks
    assert "其后的记录已被删除" in found.says
    [found] = check_trail(busy, Witness(now.rows, first.mark).code).breaks
    assert f"前{now.rows}条记录与校验码不符" in found.says
    with pytest.raises(UsageError, match="形如"):
        check_trail(busy, "1234")


def test_another_trail_does_not_go_on_from_the_witness(busy: Desk, unguarded: Connection) -> None:
    unguarded.exec_driver_sql(f"UPDATE audit SET hash = 'x' WHERE id = {newest(unguarded)}")  # noqa: S608
    unguarded.commit()
    with reading(busy.engine) as session:
        old = witness(session, busy.plan.id)
    assert any("与校验码不符" in item.says for item in check_trail(busy, old.code).breaks)


@pytest.mark.parametrize("key", [None, Fernet.generate_key().decode()], ids=["none", "another"])
def test_without_the_key_nothing_is_written_and_one_is_told(
    busy: Desk, tmp_path: Path, key: str | None
) -> None:
    settings = busy.settings.model_copy(
        update={"home": tmp_path / "other", "secret_key": key and SecretStr(key)}
    )
    strange = Desk(settings, busy.plan, busy.calendar, busy.engine)
    before = check_trail(busy)
    with pytest.raises(RefusedError, match=r"密钥.*secret\.key"):
        act(strange, "hold", "2023-06-06")
    with pytest.raises(RefusedError, match=r"密钥.*secret\.key"):
        install(strange, AT)
    assert check_trail(busy) == before
    assert not (tmp_path / "other").exists(), "no other key takes its place"
    [found] = check_trail(strange).breaks
    assert "无法核验记录的内容" in found.says


ROW = {
    "plan": "p",
    "subject": "s",
    "kind": "record",
    "action": "a",
    "from_stage": None,
    "to_stage": "x",
    "actor": "甲",
    "effective_on": date(2023, 1, 1),
    "recorded_at": AT,
    "clause": "六(一)",
    "evidence": "",
    "detail": {"columns": {"area": "1.00"}},
}
OTHERS = st.sampled_from(sorted(ROW))


@given(OTHERS, st.text(max_size=3))
def test_every_word_of_a_row_is_sealed(name: str, other: str) -> None:
    value: Any = {"x": other} if name == "detail" else other
    if name in ("effective_on", "recorded_at") or value == ROW[name]:
        return
    assert link("", {**ROW, name: value}) != link("", ROW)
    assert link("0", ROW) != link("", ROW)


def test_a_number_that_json_does_not_keep_is_refused() -> None:
    with pytest.raises(TypeError, match="not exact"):
        link("", {**ROW, "detail": {"amount": 0.1}})


def test_hashes_are_what_another_program_would_compute() -> None:
    """Who has the rows, and the key, can check the chain: of a JSON list, as documented."""
    said = ["", "p", "s", "record", "a", None, "x", "甲", "2023-01-01"]
    said += ["2023-01-16T01:00:00.000000+00:00", "六(一)", ""]
    listed: list[Any] = [*said, {"columns": {"area": "1.00"}}]
    text_ = json.dumps(listed, ensure_ascii=False, sort_keys=True)
    assert link("", ROW) == sha256(text_.encode()).hexdigest()
    text_ = json.dumps([*listed, 7], ensure_ascii=False, sort_keys=True)
    keyed_one = hmac.new(b"key", text_.encode(), "sha256").hexdigest()
    assert link("", {"id": 7, **ROW}, b"key") == keyed_one


# --- replay ---------------------------------------------------------------------------------------


def replayed(desk: Desk, code: str = ONE) -> ProjectState:
    with reading(desk.engine) as session:
        rows = history(session, desk.plan, code)
    return replay(
        from_detail(desk.plan, row.id or 0, AuditKind(row.kind), row.detail) for row in rows
    )


def as_stored(desk: Desk, code: str = ONE) -> dict[str, Any]:
    project = stored(desk, code)
    profile = {name: project.profile.value(name) for name in desk.plan.field}
    return {
        **{name: value for name, value in profile.items() if value not in (None, frozenset())},
        "stage": project.stage,
        "disposition": project.disposition,
        "last_on": project.last_on,
        "released": project.released,
        "findings": dict(project.findings),
        "checks": dict(project.checks),
    }


def assert_replays(desk: Desk, code: str = ONE) -> None:
    state, project = replayed(desk, code), stored(desk, code)
    known = {"findings": {}, "checks": {}, "released": None, "last_on": None, **state.columns}
    wanted = as_stored(desk, code)
    assert {name: known.get(name) for name in wanted} == wanted
    assert set(known) - set(wanted) <= set(desk.plan.field)
    assert state.facts == dict(project.milestones)
    assert sorted(state.lines) == sorted(line.audit_id for line in project.lines)
    assert set(state.lines.values()) == set(project.lines)
    assert tuple(state.opinions.values()) == project.opinions
    assert tuple(state.progress[name] for name in sorted(state.progress)) == project.progress


def test_replaying_the_rows_rebuilds_the_project(sqlite_desk: Desk) -> None:
    desk = load_unchanged(sqlite_desk)
    walk(desk, "pass_acceptance")
    money(desk, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "100000.00", "2023-05-04")
    undo(desk, stored(desk).lines[-1].audit_id)
    assert_replays(desk)


def test_replaying_the_rows_rebuilds_the_reports(busy: Desk) -> None:
    wanted = [("2023-05", 5, Decimal("12345.67")), ("2023-06", 30, None)]
    assert [(p.period, p.percent, p.invested) for p in stored(busy).progress] == wanted
    state = replayed(busy)
    assert tuple(state.progress[name] for name in sorted(state.progress)) == stored(busy).progress


REPORTS = st.builds(
    Progress,
    period=st.dates(date(2023, 1, 1), date(2024, 12, 31)).map("{:%Y-%m}".format),
    percent=st.integers(0, 100),
    invested=st.none() | st.decimals(0, 10**9, places=2),
    on_schedule=st.none() | st.booleans(),
    problem=st.none() | st.text(max_size=5),
    next_step=st.none() | st.text(max_size=5),
    audit_id=st.integers(0, 3),
)


@given(REPORTS)
def test_a_row_keeps_a_report_exactly(report: Progress) -> None:
    detail = json.loads(json.dumps(to_detail(Effects(progress=report))))
    row = from_detail(plan(), 9, AuditKind.PROGRESS, detail)
    assert row.effects.progress == under(report, 9)
    assert replay([row]).progress == {report.period: row.effects.progress}


@given(st.lists(REPORTS, max_size=6), st.integers(0, 5))
def test_without_a_row_the_former_report_counts_again(
    reports: list[Progress], without: int
) -> None:
    """The difference, applied to all rows, gives what the others add up to."""
    fresh = [replace(report, audit_id=0) for report in reports]
    rows = [TrailRow(id, AuditKind.PROGRESS, Effects(progress=r)) for id, r in enumerate(fresh, 1)]
    now, wanted = replay(rows), replay(row for row in rows if row.id != without)
    undone = TrailRow(99, AuditKind.REVERSAL, difference(now, wanted))
    assert after(now, undone) == wanted


def load_unchanged(desk: Desk) -> Desk:
    """As `load`, but nothing is changed behind the trail's back."""
    path = EXAMPLE / "workbooks" / "01-太原市.xlsx"
    import_workbook(desk, path, today=END, at=AT)
    return desk


# --- from the first schema ------------------------------------------------------------------------


def at_first(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "0001")


def fill(connection: Connection) -> None:
    rows: dict[str, dict[str, object]] = {
        "plan": {"id": "p", "digest": "d", "installed_at": "2023-01-16 01:00:00"},
        "subject": {"plan": "p", "code": "s", "kind": "project", "name": "示例", "city": "c",
                    "county": "k"},
        "project": {"plan": "p", "code": "s", "county_code": "1", "county_type": "县",
                    "stage": "siting", "disposition": "held", "area": 85050, "functions": "[]",
                    "commitments": "[]"},
        "deadline": {"plan": "p", "subject": "s", "rule": "D08", "visit": 1,
                     "remind_by": "2023-05-31", "overdue_after": "2023-05-31",
                     "standing": "suspended", "fired": 2},
        "office": {"plan": "p", "level": "county", "city": "c", "county": "k", "name": "k民政局"},
        "contact": {"plan": "p", "office": "k民政局", "name": "甲", "duty": "科长", "phone": "1",
                    "address": "token"},
    }  # fmt: skip
    for table, row in rows.items():
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608
    for rung, status, attempts in (("T-7", "sent", 2), ("T-3", "failed", 3), ("T-1", "pending", 0)):
        connection.execute(
            text(
                "INSERT INTO outbox (plan, subject, rule, visit, due, rung, recipient, decision,"
                " rung_kind, as_of, decided_at, status, attempts, sent_at, digest, error)"
                " VALUES ('p', 's', 'D08', 1, '2023-05-31', :rung, 'k民政局', 'remind', 'remind',"
                " '2023-05-22', '2023-05-22 00:30:00', :status, :attempts, :sent_at, 'abc', 'e')"
            ),
            {
                "rung": rung,
                "status": status,
                "attempts": attempts,
                "sent_at": "2023-05-22 00:31:00" if status == "sent" else None,
            },
        )
    for number in (1, 2):
        connection.execute(
            text(
                "INSERT INTO audit (plan, subject, kind, action, actor, effective_on, recorded_at,"
                " clause, evidence, detail) VALUES ('p', 's', 'record', 'x', '示例·甲',"
                " '2023-02-01', '2023-02-01 00:30:00', '六(一)', '', :detail)"
            ),
            {"detail": json.dumps({"注": f"第{number}次"}, ensure_ascii=False)},
        )
    connection.execute(
        text('INSERT INTO fact (plan, subject, name, "on", audit_id) '
             "SELECT 'p', 's', 'x', '2023-02-01', min(id) FROM audit")
    )  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def first_schema(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database as the first schema left it, with something in each table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        base: str = request.getfixturevalue("postgres")
        admin = create_engine(base, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS old_xingfu")
            connection.exec_driver_sql("CREATE DATABASE old_xingfu")
        admin.dispose()
        url = base.replace("/postgres?", "/old_xingfu?")
    engine = open_engine(url)
    with engine.begin() as connection:
        at_first(connection)
        fill(connection)
    engine.dispose()
    return url


def test_a_database_of_the_first_schema_is_carried_over(first_schema: str, tmp_path: Path) -> None:
    engine = keyed(open_engine(first_schema), Settings(home=tmp_path / "home"))
    migrate(engine)
    migrate(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT area, disposition FROM project").one()
        assert tuple(found) == (85050, "held")
        assert connection.exec_driver_sql("SELECT count(*) FROM fact").scalar_one() == 1
        assert connection.exec_driver_sql("SELECT fired FROM deadline").scalar_one() == 2
        owed = connection.exec_driver_sql("SELECT rung, status FROM outbox ORDER BY id").all()
        assert [tuple(row) for row in owed] == [
            ("T-7", "sent"),
            ("T-3", "pending"),
            ("T-1", "pending"),
        ]
        told = connection.exec_driver_sql(
            "SELECT person, because, status, attempts, digest FROM delivery"
        ).all()
        assert [tuple(row) for row in told] == [("k民政局", "post", "sent", 2, "abc")]
        contact = connection.exec_driver_sql("SELECT name, role, channels FROM contact").one()
        assert tuple(contact) == ("甲", "科长", "token")
    for wrong in (
        "UPDATE outbox SET decision = 'x'",
        "UPDATE outbox SET rung_kind = 'x'",
        "UPDATE outbox SET status = 'sent', sent_at = NULL",
        "UPDATE outbox SET rung = 'T-1'",
        "INSERT INTO delivery SELECT 99, 'x', plan, because, status, attempts, ambiguous, digest,"
        " channel, sent_at, error FROM delivery",
    ):
        with pytest.raises(IntegrityError), engine.begin() as connection:
            connection.exec_driver_sql(wrong)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET decision = 'receipt', rung_kind = 'receipt' WHERE rung = 'T-1'"
        )
        waiting = inspect(connection).get_indexes("outbox")[0]
        where = f"{connection.dialect.name}_where"
        assert "pending" in str(waiting["dialect_options"][where])
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'x'")
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit")
    with reading(engine) as session:
        trail = examine(session, "p")
    assert (trail.rows, trail.unkeyed, trail.breaks) == (2, 2, ())
    engine.dispose()


# --- random sequences -----------------------------------------------------------------------------

RECORD = "operator_confirmed"  # the same day again changes nothing
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["confirm_site", "submit_application", "judge", "pass_review", "determine", "reject",
             "return_for_correction", "release_funds", RECORD, "break_ground",
             "complete_construction", "check_completion", "pass_acceptance", "fail_acceptance",
             "pass_after_rectification", "finish_rectification", "open_operation", "hold",
             "resume", "withdraw", "reserve", "replace", "receipt", "transfer", "expense",
             "report", "amend", "undo"]
        ),
        st.integers(0, 20),
        st.integers(0, 10_000_000),
    ),
    max_size=15,
)  # fmt: skip
USUAL = [
    ("confirm_site", 0, 0), ("submit_application", 0, 0), ("judge", 0, 0), ("pass_review", 0, 0),
    ("determine", 0, 0), ("release_funds", 0, 0), ("receipt", 0, 40_000_000),
    (RECORD, 0, 0), ("break_ground", 0, 0), ("complete_construction", 0, 0),
    ("check_completion", 0, 0),
]  # fmt: skip


@pytest.mark.heavy
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(ahead=0, steps=[(RECORD, 0, 0), (RECORD, 0, 0)])
@example(ahead=9, steps=[("report", 0, 30), ("report", 0, 40), ("undo", 0, 0), ("undo", 0, 2)])
@example(ahead=9, steps=[("report", 0, 30), ("report", 0, 30), ("report", 20, 60), ("undo", 0, 1)])
@given(ahead=st.integers(0, len(USUAL)), steps=STEPS)
def test_no_sequence_leaves_the_table_or_the_purse(
    walked: "Walked", ahead: int, steps: list[tuple[str, int, int]]
) -> None:
    """Accepted or refused at random: one row each, money held, and the rows rebuild the project."""
    walked.restart()
    for step in [*USUAL[:ahead], *steps]:
        walked.take(*step)
    assert_replays(walked.desk)
    assert check_trail(walked.desk).breaks == ()


class Walked:
    """Takes steps with one project and holds each to what must always be true."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.day = desk, 0
        self.path = desk.settings.home / "xingfu.db"
        desk.engine.dispose()
        self.fresh = self.path.read_bytes()

    def restart(self) -> None:
        """Back to the ten projects in siting."""
        self.desk.engine.dispose()
        for part in self.path.parent.glob("xingfu.db*"):
            part.unlink()
        self.path.write_bytes(self.fresh)
        self.day = 0

    def take(self, name: str, days: int, fen: int) -> None:
        """Take a step; when it is refused or only repeated nothing has changed."""
        before, rows = stored(self.desk), self._rows()
        self.day += days
        day = date.fromordinal(date(2023, 2, 9).toordinal() + self.day)
        try:
            self._do(name, day, fen)
        except RefusedError:
            assert (stored(self.desk), self._rows()) == (before, rows)
            return
        if name == RECORD and before.milestones.get(name) == min(day, END):
            assert (stored(self.desk), self._rows()) == (before, rows)
            return
        if name == "report" and fen % 101 in [
            item.percent for item in before.progress if item.period == f"{min(day, END):%Y-%m}"
        ]:
            assert (stored(self.desk), self._rows()) == (before, rows)
            return
        added = 3 if name == "judge" else 1
        assert self._rows() == rows + added
        self._hold(before)

    def _do(self, name: str, day: date, fen: int) -> None:
        on = min(day, END).isoformat()
        amount = str(Decimal(fen) / 100)
        if name == "judge":
            judge(self.desk, (80, 80, 80), on=on)
        elif name == "report":
            late = "示例原因" if fen % 2 else None
            report(self.desk, on[:7], fen % 101, on, on_schedule=not late, problem=late)
        elif name == "amend":
            change_day(self.desk, "work_started", on)
        elif name == "undo":
            with reading(self.desk.engine) as session:
                rows = history(session, self.desk.plan, ONE)
            undo(self.desk, rows[-1 - fen % len(rows[-3:])].id or 0)
        elif name in ("receipt", "transfer", "expense"):
            self._book(EntryKind(name), amount, on)
        else:
            act(self.desk, name, on)

    def _book(self, entry: EntryKind, amount: str, on: str) -> None:
        more: dict[str, Any] = {"to_holder": Holder.PROJECT} if entry is EntryKind.TRANSFER else {}
        holder = Holder.CITY
        if entry is EntryKind.EXPENSE:
            more, holder = {"category": "construction", "payee": "示例公司"}, Holder.PROJECT
        voucher = f"示例{self._rows()}"
        money(self.desk, entry, Source.PROVINCE, holder, amount, on, voucher=voucher, **more)

    def _rows(self) -> int:
        with self.desk.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one())

    def _hold(self, before: Any) -> None:
        now = stored(self.desk)
        assert all(left >= 0 for left in balances(now.lines).values())
        assert received(now.lines, Source.PROVINCE) <= (now.released or 0) <= Decimal("1400000")
        percents = [item.percent for item in now.progress]
        assert percents == sorted(percents)
        here, there = (Position(d.stage, d.disposition) for d in (before, now))
        with reading(self.desk.engine) as session:
            last = history(session, self.desk.plan, ONE)[-1]
        if last.kind == AuditKind.TRANSITION:
            assert last.action in ACTIONS
            assert wanted_move(last.action, here.stage, here.disposition) == there
        elif last.kind != AuditKind.REVERSAL:
            assert here == there


@pytest.fixture
def walked(sqlite_desk: Desk) -> Walked:
    load_unchanged(sqlite_desk)
    return Walked(sqlite_desk)

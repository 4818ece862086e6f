"""A change of rules is an act: shown first, confirmed with who and why, kept for ever."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from models.database import migrate, reading
from models.versions import rules_of
from operations.cases.desk import Desk
from operations.daily.announcing import mark, pending
from operations.daily.enforcement import enforce
from operations.duties import month_ends
from operations.duties.products import due, make
from operations.upkeep.rules import (
    GAINED,
    MOVED,
    VOIDED,
    Approval,
    PlanChange,
    adopt,
    change_lines,
    foresee,
    install,
)
from operations.upkeep.scenario import tables
from operations.upkeep.setup import check_trail
from operations.views.explain import explain
from operations.views.plan_versions import comparison_lines, plan_diff, plan_history
from operations.views.snapshots import snapshot
from operations.views.why import why_message
from operations.workbooks.intake import import_workbook
from policy.load import meaning
from policy.schema import Plan
from policy.vocabulary import AuditKind
from states.workdays import Calendar
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.province import morning, record
from tests.support.stores import Snapshot
from tests.test_flows_days import SINCE, WHOSE_TURN, without_fields
from tests.test_policy_validate import put, where

pytestmark = pytest.mark.heavy
DAY = date(2023, 6, 1)
LATER = datetime(2023, 6, 1, 2, 0, tzinfo=UTC)
BY = Approval("山西省民政厅", "晋民函〔2023〕99号（示例）")
D08 = where("deadlines", "D08")
MONTH_END = date(2023, 5, 31)


def in_june(desk: Desk) -> None:
    """忻州市 of the example on 1 June, with everybody's contacts, as the daily job left it."""
    for name in ("04-忻州市.xlsx", "通讯录.xlsx"):
        import_workbook(desk, EXAMPLE / "workbooks" / name, today=DAY, at=AT)
    past = [event for event in tables(EXAMPLE) if event.on <= DAY]
    record(desk, [event for event in past if event.subject.startswith("XF2023-1409")])
    enforce(desk, DAY, morning(DAY))


JUNE = Snapshot("xinzhou_in_june", in_june, INSTALLED, copied=True)


@pytest.fixture
def june(desk_in: DeskIn) -> Desk:
    return desk_in(JUNE)


def reads(desk: Desk, changes: dict[str, Any], calendar: Calendar | None = None) -> Desk:
    """The desk of a plan whose file says something else."""
    plan: Plan = desk.plan
    for path, value in changes.items():
        plan = put(plan, path, value)
    plan = plan.model_copy(update={"digest": meaning(plan)})
    return Desk(desk.settings, plan, calendar or desk.calendar, desk.engine)


def due_on(day: str) -> dict[str, Any]:
    on = date.fromisoformat(day)
    return {f"{D08}.remind": on, f"{D08}.due": on, f"{D08}.date_reading": "示例"}


def all_rows(engine: Engine) -> dict[str, list[tuple[str, ...]]]:
    """Every row of every table, as text."""
    with engine.connect() as connection:
        return {
            name: sorted(
                tuple(map(repr, row))
                for row in connection.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608
            )
            for name in inspect(connection).get_table_names()
        }


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def shown(desk: Desk, change: PlanChange | None) -> str:
    assert change is not None
    return "\n".join(change_lines(desk, change))


# --- shown first ----------------------------------------------------------------------------------


def test_a_first_installation_asks_for_nothing_and_is_version_1(desk: Desk) -> None:
    assert foresee(desk, DAY, LATER) is None
    (only,) = plan_history(desk)
    assert (only.number, only.since, only.until, only.kept) == (1, date(2023, 1, 16), None, True)
    assert rows(desk, "SELECT count(*) FROM audit") == [(0,)]


CHANGES: list[Callable[[Desk], Desk]] = [
    lambda desk: reads(desk, due_on("2023-06-07")),
    lambda desk: reads(desk, due_on("2023-05-20")),
    lambda desk: reads(desk, {"deadlines": (*desk.plan.deadlines[:-1],)}),
    lambda desk: reads(desk, {f"{where('duties', 'D10')}.monthly.last": "2024-02"}),
    lambda desk: reads(desk, {"cities.3.quota": 9, "cities.4.quota": 12}),
    lambda desk: reads(desk, {}, Calendar({2023: {date(2023, 5, 31): False}})),
    lambda desk: reads(desk, {"cities": desk.plan.cities[:-1], "quota.goal": 89}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_shown_writes_nothing_and_is_what_is_written(
    june: Desk, change: Callable[[Desk], Desk]
) -> None:
    after, before = change(june), all_rows(june.engine)
    seen = foresee(after, DAY, LATER)
    assert all_rows(june.engine) == before
    assert seen is not None
    assert adopt(after, BY, DAY, LATER) == seen
    assert foresee(after, DAY, LATER) is None
    assert [line.number for line in plan_history(after)] == [1, 2]
    still = all_rows(june.engine)
    install(after, LATER)
    assert all_rows(june.engine) == still


def test_a_moved_date_is_told_by_rule_with_count_and_examples(june: Desk) -> None:
    after = reads(june, due_on("2023-06-30"))
    change = foresee(after, DAY, LATER)
    assert change is not None
    (shift,) = change.shifts
    dated = rows(june, "SELECT count(*) FROM deadline WHERE rule = 'D08'")[0][0]
    assert (shift.what, shift.rule, shift.count, len(shift.examples)) == (MOVED, "D08", dated, 3)
    assert "2023-05-31" in shift.examples[0]
    assert "2023-06-30" in shift.examples[0]
    told = shown(after, change)
    assert f"时限日期变动：D08 全部开工建设，{dated}项" in told
    assert "逾期日期：2023-05-31 → 2023-06-30" in told


def test_a_rule_that_is_gone_is_void_and_a_new_one_is_gained(june: Desk) -> None:
    rule = june.plan.deadlines[int(D08.partition(".")[2])]
    new = rule.model_copy(update={"id": "D30", "title": "示例事项"})
    others = tuple(item for item in june.plan.deadlines if item.id != "D08")
    change = foresee(reads(june, {"deadlines": (*others, new)}), DAY, LATER)
    assert change is not None
    met = rows(june, "SELECT count(*) FROM deadline WHERE rule='D08' AND fulfilled_on IS NOT NULL")
    total = rows(june, "SELECT count(*) FROM deadline WHERE rule = 'D08'")
    counts = {(shift.what, shift.rule): shift.count for shift in change.shifts}
    assert counts == {(GAINED, "D30"): total[0][0], (VOIDED, "D08"): total[0][0] - met[0][0]}


def test_a_date_moved_into_the_past_says_whom_it_would_newly_remind(june: Desk) -> None:
    """Held against the messages that the day then really owes, told by a query of our own."""
    after = reads(june, due_on("2023-05-20"))
    change = foresee(after, DAY, LATER)
    assert change is not None
    assert change.reminders
    told = shown(after, change)
    adopt(after, BY, DAY, LATER)
    (last,) = rows(june, "SELECT coalesce(max(id), 0) FROM outbox")[0]
    enforce(after, DAY, morning(DAY))
    known = rows(june, "SELECT recipient, subject, rule, rung, id FROM outbox")
    owed = [row[:4] for row in known if row[4] > last]
    people = {
        (office, name)
        for office, name in rows(june, "SELECT office, name FROM contact")
        if office in {row[0] for row in owed}
    }
    assert owed
    assert {row[2] for row in owed} == {"D08"}
    below = {f"{office} {name}" for office, name in people if office != "山西省民政厅"}
    at_province = {person for person in change.reminders if person.startswith("山西省民政厅 ")}
    assert set(change.reminders) == below | at_province  # of the province, who looks after 忻州市
    assert len(at_province) == 1
    assert {(m.subject, m.rule, m.rung) for each in change.reminders.values() for m in each} == {
        row[1:] for row in owed
    }
    for person in change.reminders:
        assert person in told


def test_who_would_be_told_anyway_is_not_told_newly(june: Desk) -> None:
    change = foresee(reads(june, {f"{D08}.title": "另一名称"}), DAY + timedelta(days=1), LATER)
    assert change is not None
    assert change.reminders == {}
    assert "没有人因此新收到提醒" in shown(june, change)


def test_subjects_and_offices_that_come_and_go_are_named(june: Desk) -> None:
    city = june.plan.cities[0]
    other = city.model_copy(update={"name": "并州市", "code": "149900"})
    changes = {"cities": (other, *june.plan.cities[1:])}
    change = foresee(reads(june, changes), DAY, LATER)
    assert change is not None
    assert {"并州市", "并州市民政局", "并州市小店区民政局"} <= set(change.gained)
    assert {"太原市", "太原市民政局", "太原市小店区民政局"} <= set(change.lost)


# --- what it asks for -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        (Approval(), ["--actor", "--evidence"]),
        (Approval(actor="山西省民政厅"), ["--evidence"]),
        (Approval(actor=" ", evidence="文件"), ["--actor"]),
    ],
)
@pytest.mark.parametrize("change", [CHANGES[0], CHANGES[4], CHANGES[5]])
def test_what_has_legal_effect_asks_who_and_why(
    june: Desk, change: Callable[[Desk], Desk], given: Approval, lacks: list[str]
) -> None:
    after, before = change(june), all_rows(june.engine)
    with pytest.raises(RefusedError) as refused:
        adopt(after, given, DAY, LATER)
    named = [word for word in ("--actor", "--evidence") if word in str(refused.value)]
    assert named == lacks
    assert "如 " in str(refused.value)
    assert all_rows(june.engine) == before


def test_without_confirmation_nothing_is_installed(june: Desk) -> None:
    after, before = reads(june, due_on("2023-06-07")), all_rows(june.engine)
    with pytest.raises(RefusedError, match="--confirm"):
        install(after, LATER)
    assert all_rows(june.engine) == before


def test_what_has_no_legal_effect_only_wants_confirmation(june: Desk) -> None:
    after = reads(june, {"office_hours.reading": "另一说明", f"{D08}.to_do": "请尽快开工"})
    change = adopt(after, Approval(), DAY, LATER)
    assert not change.legal
    assert plan_history(after)[-1].actor == "系统管理员"


def test_a_quota_below_what_is_taken_is_refused_with_the_mend(june: Desk) -> None:
    taken = rows(june, "SELECT count(*) FROM fact WHERE name = 'determined'")[0][0]
    assert taken > 1
    city = next(n for n, item in enumerate(june.plan.cities) if item.name == "忻州市")
    quota = june.plan.cities[city].quota
    changes = {f"cities.{city}.quota": taken - 1, "quota.goal": 100 - 10 + taken - 1}
    after, before = reads(june, changes), all_rows(june.engine)
    told = shown(after, foresee(after, DAY, LATER))
    says = f"忻州市的名额由{quota}个改为{taken - 1}个，而已研究确定{taken}个"
    assert says in told
    with pytest.raises(RefusedError, match=f"{says}；请把名额改为不少于{taken}个"):
        adopt(after, BY, DAY, LATER)
    assert all_rows(june.engine) == before
    exact = {f"cities.{city}.quota": taken, "quota.goal": 100 - 10 + taken}
    assert adopt(reads(june, exact), BY, DAY, LATER).obstacles == ()


@pytest.mark.parametrize(
    ("since", "says"),
    [
        (date(2023, 6, 2), "2023-06-02尚未到来"),
        (date(2023, 1, 15), "早于现行版本的施行日期2023-01-16"),
    ],
)
def test_a_day_that_cannot_be(june: Desk, since: date, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        adopt(
            reads(june, due_on("2023-06-07")), Approval("山西省民政厅", "文件", since), DAY, LATER
        )


def test_the_change_is_a_row_of_the_trail_and_an_event(june: Desk) -> None:
    while batch := pending(june, 10_000):
        mark(june, batch)
    after = reads(june, due_on("2023-06-07"))
    adopt(after, BY, DAY, LATER)
    query = "SELECT subject, action, actor, evidence, clause FROM audit WHERE kind = 'plan'"
    number = june.plan.notice.number
    assert rows(june, query) == [("山西省", "plan", BY.actor, BY.evidence, number)]
    (event,) = pending(after, 10)
    assert (event.name, event.payload["version"]) == ("xingfu.plan.changed", 2)
    assert event.payload["label"] == "方案变更"


# --- versions -------------------------------------------------------------------------------------


def richer(desk: Desk) -> dict[str, Any]:
    return {**due_on("2023-06-07"), "subsidies.0.yuan_per_square_metre": Decimal(900)}


def test_a_month_that_lies_behind_goes_by_the_version_of_its_day(june: Desk) -> None:
    """The snapshot of May is made late, in June, after dates and rates have changed."""
    with reading(june.engine) as session:
        before = snapshot(session, june, "2023-05", MONTH_END)
    after = reads(june, richer(june))
    adopt(after, BY, DAY, LATER)
    occasion = next(
        item for item in due(after, month_ends.MONTH_ENDS, DAY) if item.period == "2023-05"
    )
    made = make(after, month_ends.MONTH_ENDS, occasion, LATER).content
    assert made == before
    with reading(june.engine) as session:
        assert snapshot(session, after, "2023-05", MONTH_END) == before
        now = snapshot(session, after, "2023-06", DAY)
        assert plan_of(session, after.plan, MONTH_END) == june.plan
        assert plan_of(session, after.plan, DAY) == after.plan
        assert plan_of(session, after.plan, date(2020, 1, 1)) == june.plan
    first = next(item for item in now.projects if item.subsidy)
    same = next(item for item in before.projects if item.code == first.code)
    assert (first.subsidy, same.subsidy) != (None, None)
    assert first.subsidy * 7 == same.subsidy * 9  # type: ignore[operator]  # 700 and 900 yuan
    dates = {
        name: {item.due for item in shot.deadlines if item.rule == "D08"}
        for name, shot in (("before", before), ("now", now))
    }
    assert dates == {"before": {date(2023, 5, 31)}, "now": {date(2023, 6, 7)}}


def test_a_changed_workday_holds_from_its_day_on(june: Desk) -> None:
    after = reads(june, {}, Calendar({2023: {date(2023, 5, 31): False, DAY: False}}))
    change = adopt(after, BY, DAY, LATER)
    assert change.legal
    with reading(june.engine) as session:
        may = snapshot(session, after, "2023-05", MONTH_END)
        now = snapshot(session, after, "2023-06", DAY)
    late = [
        {str(item.overdue_after) for item in shot.deadlines if item.rule == "D08"}
        for shot in (may, now)
    ]
    assert late == [{"2023-05-31"}, {"2023-06-02"}]


def test_a_change_may_be_in_force_from_an_earlier_day(june: Desk) -> None:
    after = reads(june, due_on("2023-06-07"))
    adopt(after, Approval(BY.actor, BY.evidence, date(2023, 5, 15)), DAY, LATER)
    first, second = plan_history(after)
    assert (first.until, second.since) == (date(2023, 5, 14), date(2023, 5, 15))
    with reading(june.engine) as session:
        assert plan_of(session, after.plan, date(2023, 5, 14)) == june.plan
        assert plan_of(session, after.plan, date(2023, 5, 15)) == after.plan
    third = reads(after, due_on("2023-06-08"))
    with pytest.raises(RefusedError, match="2023-05-15"):
        adopt(third, Approval("山西省民政厅", "文件", date(2023, 5, 14)), DAY, LATER)


def test_history_and_diff_say_who_why_and_what(june: Desk) -> None:
    after = reads(june, richer(june))
    adopt(after, BY, DAY, LATER)
    first, second = plan_history(after)
    assert (first.actor, second.actor, second.evidence) == ("", BY.actor, BY.evidence)
    assert first.digest != second.digest
    told = "\n".join(comparison_lines(plan_diff(after, 1, 2)))
    assert "每平方米补助（元）：700 → 900" in told
    assert "D08 全部开工建设：提醒2023-05-31、逾期认定2023-05-31 → " in told
    back = plan_diff(after, 2, 1).differences
    assert [(each.before, each.after) for each in back] == [
        (each.after, each.before) for each in plan_diff(after, 1, 2).differences
    ]
    with pytest.raises(RefusedError, match="没有第3版，现有：1、2"):
        plan_diff(after, 1, 3)


def test_an_explanation_says_under_which_version_a_decision_fell(june: Desk) -> None:
    """Marked overdue on 1 June under version 1; what runs since then runs under version 2."""
    (late,) = rows(june, "SELECT min(subject) FROM audit WHERE kind='overdue' AND action='D08'")[0]
    (message,) = rows(june, "SELECT min(id) FROM outbox WHERE rule = 'D08'")[0]
    after = reads(june, due_on("2023-06-07"))
    adopt(after, BY, DAY + timedelta(days=1), LATER + timedelta(days=1))
    told = str(explain(after, late, "D08", DAY + timedelta(days=1)))
    assert "方案版本：第2版（2023年6月2日" in told
    assert BY.evidence in told
    assert "按第1版作出" in told
    assert "方案版本：第1版" in str(explain(after, late, "D08", DAY))
    assert "方案版本：第1版" in str(why_message(after, message))


def test_versions_are_never_changed(desk: Desk) -> None:
    for statement in ("UPDATE plan_version SET actor = 'x'", "DELETE FROM plan_version"):
        with pytest.raises(DBAPIError, match="append-only"), desk.engine.begin() as connection:
            connection.execute(text(statement))


# --- databases of earlier versions ----------------------------------------------------------------


def forget_versions(desk: Desk) -> None:
    """As an earlier program left it."""
    with desk.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER plan_version_no_delete"))
        else:
            connection.execute(text("ALTER TABLE plan_version DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM plan_version"))


def test_what_an_earlier_program_installed_is_version_1_at_the_next_init(june: Desk) -> None:
    forget_versions(june)
    assert foresee(june, DAY, LATER) is None
    install(june, LATER)
    (only,) = plan_history(june)
    assert (only.number, only.kept) == (1, True)


def test_what_an_earlier_program_installed_otherwise_is_kept_without_its_words(june: Desk) -> None:
    forget_versions(june)
    after = reads(june, due_on("2023-06-07"))
    told = shown(after, foresee(after, DAY, LATER))
    assert "没有保存内容" in told
    assert "时限日期变动：D08" in told
    adopt(after, BY, DAY, LATER)
    first, second = plan_history(after)
    assert (first.kept, second.kept, second.number) == (False, True, 2)
    with pytest.raises(RefusedError, match="没有保存内容"):
        plan_diff(after, 1, 2)
    with reading(june.engine) as session:
        assert plan_of(session, after.plan, MONTH_END) == after.plan


def plan_of(session: Session, plan: Plan, day: date) -> Plan:
    """The plan as it was in force on a day."""
    return rules_of(session, plan, Calendar(), day)[0]


def before_versions(desk: Desk) -> None:
    """Take a database back to the schema of 0.2.0, which knew neither versions nor their rows."""
    new = (AuditKind.PLAN, AuditKind.REPAIR)
    kinds = ", ".join(f"'{kind.value}'" for kind in AuditKind if kind not in new)
    on_server = desk.engine.dialect.name == "postgresql"
    without_fields(desk.engine)
    with desk.engine.begin() as connection:
        connection.execute(text("DROP TABLE plan_version"))
        for name in ("sweep", *SINCE):
            connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(text("ALTER TABLE subject DROP COLUMN renamed_to"))
        for name in WHOSE_TURN:
            connection.execute(text(f"ALTER TABLE deadline DROP COLUMN {name}"))
        if on_server:
            connection.execute(text("DROP FUNCTION plan_version_is_append_only()"))
            connection.execute(text("ALTER TABLE audit DROP CONSTRAINT ck_audit_kind"))
            check = f"ALTER TABLE audit ADD CONSTRAINT ck_audit_kind CHECK (kind IN ({kinds}))"
            connection.execute(text(check))
        connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
        if not on_server:
            connection.execute(text("PRAGMA writable_schema = ON"))
            less = "UPDATE sqlite_master SET sql = replace(sql, :plan, '') WHERE name = 'audit'"
            for kind in new:
                connection.execute(text(less), {"plan": f", '{kind.value}'"})
            connection.execute(text("PRAGMA writable_schema = RESET"))


def test_a_database_of_the_version_before_is_migrated(june: Desk) -> None:
    """Its trail is as it was, stays append-only, and takes the new kind of row and no other."""
    trail = rows(june, "SELECT * FROM audit ORDER BY id")
    after = reads(june, due_on("2023-06-07"))
    before_versions(june)
    with pytest.raises(DBAPIError), june.engine.begin() as connection:
        connection.execute(text(COPIED.format(kind="'plan'")))
    migrate(june.engine)
    assert rows(june, "SELECT * FROM audit ORDER BY id") == trail
    for statement in (COPIED.format(kind="'guessed'"), "DELETE FROM audit"):
        with pytest.raises(DBAPIError), june.engine.begin() as connection:
            connection.execute(text(statement))
    adopt(after, BY, DAY, LATER)
    assert rows(june, "SELECT count(*) FROM audit WHERE kind = 'plan'") == [(1,)]
    found = check_trail(after)
    assert (found.rows, found.breaks) == (len(trail) + 1, ())


COPIED = (
    "INSERT INTO audit (plan, subject, kind, action, actor, effective_on, recorded_at, clause,"
    " evidence, detail, previous, hash) SELECT plan, subject, {kind}, action, actor, effective_on,"
    " recorded_at, clause, evidence, detail, previous, hash FROM audit WHERE id = 1"
)

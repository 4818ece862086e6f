"""What the pages are made of, on real databases, against counts by the database itself."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from deployments.demo import EXAMPLE
from flows.pages.board import board_page
from flows.pages.city import city_page
from flows.pages.explain import explain_pages
from flows.pages.lists import overdue_page
from flows.pages.money import funds_page
from operations.cases.desk import Desk
from operations.daily.changes import begin, changes_since
from operations.daily.enforcement import enforce
from operations.views.explain import explain, explain_all
from operations.views.funds import city_money, money
from operations.views.outbox import outbox_health
from operations.views.overview import deadline_views, projects, survey
from operations.views.published import city_day, late_items, province_day, taken_of
from operations.views.quality import lacking, quality, unwatched
from operations.workbooks.intake import import_workbook
from policy.vocabulary import AuditKind, DeliveryStatus, RungKind, Source
from states.workdays import Calendar
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.counting import counts_and_money_are_the_surveys
from tests.support.delivering import DAY, OFFICES, OWING, TAIYUAN, at, send
from tests.support.province import END, by_day, morning, record
from tests.support.steps import ONE, report, say
from tests.support.stores import Snapshot
from tests.support.surveyed import money_of_survey, pages_are_the_surveys
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy
JUNE = date(2023, 6, 1)
CITY = "太原市"


def until_june(desk: Desk) -> None:
    """太原市's part of the example until 1 June, enforced on that day."""
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)
    for day, events in sorted(by_day().items()):
        ours = [e for e in events if e.subject == CITY or e.subject.startswith("XF2023-1401")]
        if day <= JUNE and ours:
            record(desk, ours)
    enforce(desk, JUNE, morning(JUNE))


IN_JUNE = Snapshot("taiyuan_in_june", until_june, INSTALLED)


@pytest.fixture
def june(desk_in: DeskIn) -> Desk:
    return desk_in(IN_JUNE)


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """Everything is overdue as of 2023-02-21, and nothing was sent."""
    return desk_in(OWING)


def rows(desk: Desk, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def change(desk: Desk, statement: str, **values: Any) -> None:
    """Past the product, to make what is rare."""
    with desk.engine.begin() as connection:
        connection.execute(text(statement), values)


def cells(text_: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in text_.splitlines() if line.startswith("|")]


# --- the survey and its pages ---------------------------------------------------------------------


def test_a_survey_is_what_the_single_questions_answer(june: Desk) -> None:
    found = survey(june, JUNE)
    assert list(found.views) == deadline_views(june, JUNE)
    assert found.projects == projects(june)


def test_what_pages_count_is_what_the_survey_says(june: Desk) -> None:
    report(june, "2023-05", 30, on_schedule=False, problem="资金未到")
    pages_are_the_surveys(june, JUNE)
    counts_and_money_are_the_surveys(june, JUNE)
    assert money(june) == money_of_survey(june, survey(june, JUNE))


def test_the_lists_count_what_the_sweep_wrote_down(june: Desk) -> None:
    """Lateness is told from the dates; the sweep's own standings are another account of it."""
    written = Counter(
        dict(rows(june, "SELECT rule, count(*) FROM deadline WHERE standing='overdue' GROUP BY 1"))
    )
    assert written.total() > 20
    found = taken_of(june, JUNE)
    head, *told = cells(overdue_page(june.plan, JUNE, *late_items(june, found), {}).text)
    late = [row for row in told if row != head and not row[0].startswith("-")]
    listed = Counter(re.findall(r"D\d\d(?:-\d\d)?", "".join(row[2] for row in late)))
    below = Counter(re.findall(r"D\d\d", "".join(row[3] for row in late)))
    assert not written - (listed + below)  # each of them once, by itself or below an earlier step
    assert not listed - written
    steps = Counter((row[0], row[3].partition("；")[0]) for row in late)
    assert {count for (name, _), count in steps.items() if "工程" in name} == {1}
    counts = dict.fromkeys(DeliveryStatus, 0)
    columns, *board = cells(board_page(june.plan, province_day(june, found), (), counts, {}).text)
    row = dict(zip(columns, next(row for row in board if row[0] == CITY), strict=True))
    of_city = [each for each in late if CITY in each[0]]
    theirs = [each for each in of_city if not each[1].startswith("山西省民政厅：")]
    assert int(row["逾期"]) + int(row["超建议时限"]) == len(theirs)


def test_what_is_asked_names_the_period_that_is_meant(june: Desk) -> None:
    asked = {view.rule: view.to_do for view in survey(june, JUNE).views}
    assert asked["D10-05"] == "请报送5月份项目建设情况"
    assert not [text for text in asked.values() if "{" in text]


def test_a_citys_page_has_its_projects_by_stage_with_lamps_and_problems(june: Desk) -> None:
    report(june, "2023-05", 30, on_schedule=False, problem="资金|未到，电话13912345678")
    city, found = june.plan.cities[0], survey(june, JUNE)
    funds = city_money(june, CITY).funds
    own = next(each for each in taken_of(june, JUNE) if each.city == CITY)
    made = city_page(june.plan, city, city_day(june, own), (), funds, {ONE: "/a/1"})
    assert made.name == "city-140100"
    stages = [june.plan.stage(p.stage).label for p in found.projects if p.city == CITY]
    shown = cells(made.text.partition("## 项目")[2].partition("## 资金")[0])[2:]
    assert Counter(row[1] for row in shown) == Counter(stages)
    order = [stage.label for stage in june.plan.stages]
    assert [row[1] for row in shown] == sorted(stages, key=order.index)
    late = {
        code
        for (code,) in rows(june, "SELECT DISTINCT subject FROM deadline WHERE standing='overdue'")
    }
    assert {row[2] for row in shown if row[5] == "红（逾期）"} == {c for c in late if "XF" in c}
    problems = made.text.partition("## 最近月报反映的问题")[2]
    assert "资金｜未到，电话139＊＊＊＊5678" in problems
    assert "[示例一街道示例乙社区养老幸福工程](/a/1)" in problems
    assert "30%（2023-05）" in made.text


def test_money_is_summed_exactly(june: Desk) -> None:
    # amounts that no binary fraction has
    change(june, "UPDATE ledger SET amount = amount + 10 WHERE entry = 'receipt'")
    by = dict(rows(june, "SELECT source, sum(amount) FROM ledger WHERE entry='receipt' GROUP BY 1"))
    (released,) = rows(june, "SELECT sum(released) FROM project")[0]
    promised = rows(june, "SELECT sum(city_share), sum(county_share) FROM project")[0]
    found = money(june).total
    cent = Decimal("0.01")
    assert found.received[Source.PROVINCE] == Decimal(by["province"]) * cent
    both = (Source.CITY, Source.COUNTY)
    assert [found.received[source] for source in both] == [
        Decimal(by[source.value]) * cent for source in both
    ]
    assert found.released == Decimal(released) * cent
    assert [found.promised[source] for source in both] == [
        Decimal(amount) * cent for amount in promised
    ]
    assert found.balance == sum(map(Decimal, by.values())) * cent - found.spent
    shown = funds_page(june.plan, money(june), JUNE, {})
    head, *_ = rows_ = cells(shown.text)
    total = dict(zip(head, next(row for row in rows_ if row[0] == "**合计**"), strict=True))
    assert total["省补到账"] == f"**{found.received[Source.PROVINCE]:,.2f}**"
    assert total["市县配套到账"] == f"**{Decimal(by['city'] + by['county']) * cent:,.2f}**"
    assert total["市县承诺配套"] == f"**{Decimal(sum(promised)) * cent:,.2f}**"


def test_explaining_many_says_what_explaining_each_says(june: Desk) -> None:
    codes = [item.code for item in projects(june)] + [CITY, "山西省"]
    found = explain_all(june, codes, JUNE)
    assert found == tuple(explain(june, code, None, JUNE) for code in codes)
    assert explain_all(june, ["XF0000-000000-00"], JUNE) == ()
    pages = explain_pages(june.plan, found)
    assert len({page.name for page in pages}) == len(codes)
    assert all("**" in page.text and "## 【D" in page.text for page in pages)


# --- the outbox -----------------------------------------------------------------------------------


def test_health_counts_what_the_database_has(owing: Desk) -> None:
    unaddressed = outbox_health(owing)
    (owed,) = rows(owing, "SELECT count(*) FROM outbox")[0]
    assert (unaddressed.total.pending, unaddressed.total.failed) == (owed, 0)
    assert len(unaddressed.offices) == OFFICES
    assert unaddressed.total.oldest == morning(DAY)
    send(owing, Tape())
    sent = outbox_health(owing)
    assert (sent.total.sent, sent.total.pending, sent.offices) == (owed, 0, ())
    assert sent.total.calm
    assert sent.total.oldest is None
    assert [item.sent for item in sent.channels] == [owed]


def test_failed_ambiguous_and_dead_are_told_by_office(owing: Desk) -> None:
    send(owing, Tape())
    some = rows(
        owing,
        "SELECT outbox_id FROM delivery WHERE person LIKE :office ORDER BY outbox_id LIMIT 3",
        office=f"{TAIYUAN}%",
    )
    fates = (("dead", 5, False, "拒收"), ("pending", 1, True, "拒收"), ("pending", 0, False, None))
    for (id,), (status, attempts, doubt, error) in zip(some, fates, strict=True):
        change(
            owing,
            "UPDATE delivery SET status=:status, sent_at=NULL, attempts=:attempts,"
            " ambiguous=:doubt, error=:error WHERE outbox_id=:id",
            status=status,
            attempts=attempts,
            doubt=doubt,
            error=error,
            id=id,
        )
    found = outbox_health(owing)
    (office,) = found.offices
    assert office.name == TAIYUAN
    assert (office.dead, office.pending, office.failed, office.ambiguous) == (1, 2, 1, 1)
    assert found.reasons == (("拒收", 2),)
    assert found.total.oldest == morning(DAY)


# --- what a run changed ---------------------------------------------------------------------------


def test_changes_are_those_after_the_mark(desk_in: DeskIn) -> None:
    desk = desk_in(OWING)
    before = begin(desk)
    assert changes_since(desk, before).none
    next_week = date(2023, 2, 28)
    done = enforce(desk, next_week, morning(next_week))
    delivered = send(desk, Tape(), at(day=next_week))
    found = changes_since(desk, before, delivered, (DAY,), done.notes)
    query = "SELECT rung_kind, count(*) FROM outbox WHERE id > :last GROUP BY 1"
    by_kind = dict(rows(desk, query, last=before.outbox))
    assert by_kind
    assert found.owed == {RungKind(kind): count for kind, count in by_kind.items()}
    assert sum(found.owed.values()) == done.messages
    assert found.overdue + found.beyond_proposal == done.marked_overdue == len(found.late)
    assert found.beyond_proposal == sum(item.rule == "D02" for item in found.late)
    assert found.delivered == delivered
    assert not found.none
    again = begin(desk)
    enforce(desk, next_week, morning(next_week))
    assert changes_since(desk, again).none


def test_new_lateness_is_named(desk: Desk) -> None:
    before = begin(desk)
    enforce(desk, DAY, morning(DAY))
    found = changes_since(desk, before)
    recorded = rows(desk, "SELECT subject, action FROM audit WHERE kind='overdue' ORDER BY id")
    assert [(late.subject, late.rule) for late in found.late] == recorded
    assert {late.name for late in found.late} >= {"太原市", "大同市"}


def test_what_is_withdrawn_is_counted_by_kind(june: Desk) -> None:
    before = begin(june)
    (code, rule) = rows(
        june,
        "SELECT subject, rule FROM outbox WHERE status='pending' AND rule='D07'"
        " AND subject <> 'XF2023-140106-01' LIMIT 1",
    )[0]
    change(
        june,
        "UPDATE deadline SET next_look_on=NULL, standing='suspended'"
        " WHERE subject=:code AND rule=:rule",
        code=code,
        rule=rule,
    )
    send(june, Tape(), at(day=JUNE))
    found = changes_since(june, before)
    gone = rows(june, "SELECT rung_kind, count(*) FROM outbox WHERE status='cancelled' GROUP BY 1")
    assert gone
    assert found.withdrawn == {RungKind(kind): count for kind, count in gone}
    assert changes_since(june, begin(june)).withdrawn == {}


def test_other_records_of_the_meantime_are_told(june: Desk) -> None:
    before = begin(june)
    report(june, "2023-05", 10)
    found = changes_since(june, before)
    assert found.recorded == {AuditKind.PROGRESS: 1}
    assert not found.none


# --- what keeps people from being reminded --------------------------------------------------------


def test_quality_of_the_example(june: Desk) -> None:
    found = quality(june, JUNE)
    assert found.plan == ""
    assert found.unwatched == ()
    assert {gap.office for gap in found.contacts} >= {TAIYUAN}  # no contacts were imported


def test_a_project_without_a_running_deadline_is_found(june: Desk) -> None:
    change(
        june,
        "UPDATE deadline SET standing='void', next_look_on=NULL, remind_by=NULL,"
        " overdue_after=NULL WHERE subject=:code AND fulfilled_on IS NULL",
        code=ONE,
    )
    assert [item.code for item in unwatched(june, JUNE)] == [ONE]


def test_a_finished_project_needs_no_deadline(june: Desk) -> None:
    change(june, "DELETE FROM deadline WHERE subject=:code", code=ONE)
    assert [item.code for item in unwatched(june, JUNE)] == [ONE]
    statement = 'INSERT INTO fact (plan, subject, name, "on") VALUES (:p, :c, :n, :d)'
    for name in june.plan.finished_by:
        change(june, statement, p=june.plan.id, c=ONE, n=name, d=JUNE.isoformat())
    assert unwatched(june, JUNE) == ()


def test_data_that_the_next_action_needs_are_named(june: Desk) -> None:
    code = "XF2023-140106-01"  # still at 选址
    change(
        june,
        "UPDATE project SET area=NULL WHERE code=:code",
        code=code,
    )
    say(june, {"households": None, "tenure": None, "old_community": False}, code)
    (lack,) = [lack for lack in lacking(june, JUNE) if lack.code == code]
    assert lack.action == "确定选址"
    # The area is asked for later; that it is no old community is stated.
    assert set(lack.fields) == {"入住户数", "场地使用方式"}


def test_a_plan_or_calendar_that_has_changed_is_said_and_nothing_else(june: Desk) -> None:
    changed = Desk(
        june.settings, june.plan, Calendar({2027: {date(2027, 1, 1): False}}), june.engine
    )
    told = quality(changed, JUNE)
    assert "xingfu init" in told.plan
    assert (told.contacts, told.waiting) == ((), ())


def test_deadlines_that_wait_for_a_calendar_are_named(june: Desk) -> None:
    """Sent back at the end of 2026, an application has ten workdays, which end in January."""
    assert quality(june, JUNE).waiting == ()
    follows = june.deadlines["D20"].follows
    assert follows is not None
    statement = 'INSERT INTO fact (plan, subject, name, "on") VALUES (:plan, :code, :name, :day)'
    values = {"plan": june.plan.id, "name": follows.after, "day": "2026-12-28"}
    change(june, statement, code="XF2023-140106-01", **values)
    assert quality(june, date(2026, 12, 31)).waiting == ("D20",)

"""月报 as a duty: opened with what is known, listed when it was due, and ended once all is done."""

from collections.abc import Iterator, Mapping
from datetime import date
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import text
from sqlmodel import Session, select

from common.errors import RefusedError
from documents.writing.columns import plain
from flows.pages.duty_lists import report_lines
from models.database import reading, writing
from models.projects import facts
from models.tables import Outbox
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.daily.enclosures import prefilled
from operations.daily.enforcement import enforce
from operations.duties.lines import known_of
from operations.duties.products import KeptProduct, due, make
from operations.duties.reports import REPORTS, MonthlyReports, ReceivedReport
from operations.views.explain import explain
from operations.views.overview import DeadlineView, deadline_views, survey
from operations.views.snapshots import snapshot
from operations.workbooks.intake import import_workbook
from operations.workbooks.report import filled_in
from policy.vocabulary import Standing
from tests.conftest import AT, DeskIn
from tests.support.builders import answers
from tests.support.day_pages import board_of, city_of
from tests.support.province import END, morning
from tests.support.steps import (
    ONE,
    PROVINCE,
    TAIYUAN,
    accepting_early,
    act,
    report,
    show,
    undo,
    walk,
)
from tests.support.stores import Snapshot
from tests.support.yearly import YEAR, make_due
from tests.test_flows_forms_vertical import typed
from tests.test_flows_report import BEGUN, exported, put

pytestmark = pytest.mark.heavy

CITY, TWO, THREE = "太原市", "XF2023-140121-01", "XF2023-140105-02"
MONTHS = [f"2023-{n:02d}" for n in range(3, 13)]
FINISHED = "projects_finished"


def finished(session: Session, desk: Desk, city: str) -> date | None:
    """The day on which the last of a city's projects ended."""
    return facts(session, desk.plan, [city]).get(city, {}).get(FINISHED)


def made(desk: Desk, period: str) -> KeptProduct[MonthlyReports]:
    asked = next(item for item in REPORTS.occasions(desk) if item.period == period)
    return make(desk, REPORTS, asked, AT)


def files(desk: Desk, kept: KeptProduct[MonthlyReports]) -> Mapping[str, bytes]:
    return {file.name: file.content for file in REPORTS.files(desk, kept)}


def of(kept: KeptProduct[MonthlyReports], city: str = CITY) -> ReceivedReport:
    return next(each for each in kept.content.received if each.city == city)


# --- opened ---------------------------------------------------------------------------------------


def test_each_month_opens_with_the_first_reminder_and_closes_the_workday_after(desk: Desk) -> None:
    found = list(REPORTS.occasions(desk))
    assert [item.period for item in found] == list(
        chain.from_iterable((f"{month}-open", month) for month in MONTHS)
    )
    assert [item.on for item in found] == sorted(item.on for item in found)
    june = {item.period: item.on for item in found if item.period.startswith("2023-06")}
    # 24 June is a holiday, the last workday before it the 21st: seven workdays before is the 12th.
    # The 25th is worked, so the list of who has sent it is made on Monday the 26th.
    assert june == {"2023-06-open": date(2023, 6, 12), "2023-06": date(2023, 6, 26)}
    enforce(desk, date(2023, 6, 9), morning(date(2023, 6, 9)))
    assert reminded(desk, "D10-06") == 0
    enforce(desk, june["2023-06-open"], morning(june["2023-06-open"]))
    assert reminded(desk, "D10-06") == 11


def reminded(desk: Desk, rule: str) -> int:
    with desk.engine.connect() as connection:
        query = text("SELECT count(*) FROM outbox WHERE rule = :rule")
        return int(connection.execute(query, {"rule": rule}).scalar_one())


@pytest.mark.heavy
def test_what_is_opened_is_what_goes_with_the_reminder(desk_in: DeskIn) -> None:
    desk = desk_in(BEGUN)
    enforce(desk, date(2023, 6, 12), morning(date(2023, 6, 12)))
    opened = files(desk, made(desk, "2023-06-open"))
    with reading(desk.engine) as session:
        owed = session.exec(select(Outbox).where(Outbox.rule == "D10-06")).all()
        known = known_of(session, desk, [row.subject for row in owed], date(2023, 6, 12))
        attached = prefilled(session, desk, known, owed)[CITY, "D10-06"]
        empty = filled_in(session, desk, "大同市", "2023-06")
    assert opened[attached.name] == attached.content
    assert opened[empty.name] == empty.content  # no project of it is known
    assert len(opened) == 11
    report(desk, "2023-06", 20)
    assert files(desk, made(desk, "2023-06-open")) == opened  # as it was opened, for ever


def test_who_has_sent_it_is_not_asked_again(desk_in: DeskIn, tmp_path: Path) -> None:
    desk = desk_in(BEGUN)
    path = exported(desk, tmp_path)
    row = next(load_workbook(path)["月报"].iter_rows(3, 3, values_only=True))
    heads = {plain(str(value)): chr(65 + n) for n, value in enumerate(row)}
    percent, in_time = heads["形象进度(%)"], heads["是否达序时"]
    put(path, {f"{percent}4": 20, f"{percent}5": 0, f"{in_time}4": "是", f"{in_time}5": "是"})
    import_workbook(desk, path, today=date(2023, 6, 10), at=AT)
    opened = made(desk, "2023-06-open").content.opened
    assert CITY not in {each.city for each in opened}
    assert len(opened) == 10


def test_a_plan_without_reports_has_nothing_to_do(sqlite_desk: Desk) -> None:
    bare = sqlite_desk.plan.model_copy(update={"report": None})
    other = Desk(sqlite_desk.settings, bare, sqlite_desk.calendar, sqlite_desk.engine)
    assert due(other, REPORTS, END) == ()


# --- received -------------------------------------------------------------------------------------


def test_who_was_in_time_late_or_missing(desk_in: DeskIn) -> None:
    desk = desk_in(BEGUN)
    act(desk, "D10-04", "2023-04-24", CITY)
    act(desk, "D10-05", "2023-05-26", CITY)
    report(desk, "2023-04", 0)
    found = {month: of(made(desk, month)) for month in ("2023-04", "2023-05", "2023-06")}
    assert {month: (each.standing, each.sent_on) for month, each in found.items()} == {
        "2023-04": (Standing.MET, date(2023, 4, 24)),
        "2023-05": (Standing.MET_LATE, date(2023, 5, 26)),
        "2023-06": (Standing.OVERDUE, None),
    }
    # Two projects go on; the second is never reported: the duty was recorded on paper.
    assert {each.expected for each in found.values()} == {2}
    assert [len(each.left_out) for each in found.values()] == [1, 1, 2]
    sheet = load_workbook(BytesIO(files(desk, made(desk, "2023-05"))["2023-05 月报报送情况.xlsx"]))
    rows = {row[1]: row for row in list(sheet.worksheets[0].values)[3:]}
    assert rows[CITY][2:4] == (2, 1)
    assert rows[CITY][5] == "逾期报送（1个项目未录入）"
    assert rows["大同市"][5] == "未报"
    note = str(sheet.worksheets[0]["A2"].value)
    assert note.startswith("截至2023-05-26　逾期：太原市　未报：大同市")
    assert note.endswith("未录入：无")


def test_a_report_on_paper_is_in_but_shown_as_unentered_until_it_is_entered(
    desk_in: DeskIn, tmp_path: Path
) -> None:
    desk = desk_in(BEGUN)
    with pytest.raises(RefusedError, match="请在依据中写明原因和文件"):
        act(desk, "D10-06", "2023-06-21", CITY, evidence=" ")
    act(desk, "D10-06", "2023-06-21", CITY, evidence="纸质月报：网络检修")
    assert of(made(desk, "2023-06")).unentered
    lists = files(desk, made(desk, "2023-06"))["2023-06 月报报送情况.xlsx"]
    sheet = load_workbook(BytesIO(lists)).worksheets[0]
    assert next(row for row in sheet.values if row[1] == CITY)[5] == "按时报送（未录入）"
    assert str(sheet["A2"].value).endswith("未录入：太原市")
    page = "".join(report_lines(desk.plan, made(desk, "2023-06").content))
    assert "| 太原市 | 按期完成（未录入） |" in page
    told = "月报已书面报送、尚未录入的：太原市（D10-06）。"
    assert _shown(desk) == (["按期完成（未录入）"], [told, told], True)
    path = exported(desk, tmp_path)
    import_workbook(desk, path, today=date(2023, 6, 28), at=AT)
    assert _shown(desk) == (["按期完成"], [], False)
    with reading(desk.engine) as session:
        assert facts(session, desk.plan, [CITY])[CITY]["D10-06"] == date(2023, 6, 21)


def _shown(desk: Desk) -> tuple[list[str], list[str], bool]:
    """How the report of June stands in tables; the lines of board and city page; the explanation.

    By the tables and by the trail, which must agree.
    """
    asked = CITY, "D10-06"
    states = [
        [view.state for view in views if (view.subject, view.rule) == asked]
        for known in (False, True)
        for views in (
            survey(desk, END, known=known).views,
            deadline_views(desk, END, CITY, known=known),
        )
    ]
    assert states == states[:1] * 4
    city = desk.plan.city(CITY)
    assert city
    pages = (board_of(desk, END), city_of(desk, city, END))
    lines = [line for page in pages for line in page.text.splitlines() if "未录入的" in line]
    return states[0], lines, "，未录入" in str(explain(desk, CITY, "D10-06", END))


@pytest.mark.heavy
def test_the_years_lists_are_those_of_the_facts(desk_in: DeskIn) -> None:
    """Ten of each; what they say is counted by the database itself."""
    desk = desk_in(YEAR)
    found = make_due(desk, REPORTS, END, AT)
    closed = [kept for kept in found if not kept.occasion.period.endswith("-open")]
    assert [kept.content.month for kept in closed] == MONTHS
    assert len(found) == 20
    query = text('SELECT subject, "on" FROM fact WHERE name = :name')
    for kept in closed:
        with desk.engine.connect() as connection:
            name = {"name": f"D10-{kept.content.month[5:]}"}
            held = {
                row[0]: date.fromisoformat(str(row[1])) for row in connection.execute(query, name)
            }
        sent = {each.city: each.sent_on for each in kept.content.received if each.sent_on}
        assert sent == {city: on for city, on in held.items() if on <= kept.occasion.on}
        missing = {each.city for each in kept.content.received if each.standing is Standing.OVERDUE}
        assert missing == {city.name for city in desk.plan.cities} - set(sent)
    assert make_due(desk, REPORTS, END, AT) == ()


# --- the end of the duty --------------------------------------------------------------------------


def nearly(desk: Desk) -> None:
    """Of 太原市's projects two wait for acceptance, one is just sited, all others have ended."""
    for code in (ONE, TWO):
        walk(desk, "break_ground", code)
        act(desk, "complete_construction", "2023-08-10", code)
        act(desk, "check_completion", "2023-08-15", code)
    with desk.engine.connect() as connection:
        codes = connection.execute(text("SELECT code FROM project")).scalars().all()
    for code in set(codes) - {ONE, TWO, THREE}:
        act(desk, "withdraw", "2023-03-01", code)


NEARLY = Snapshot("nearly_finished", nearly, TAIYUAN)


@pytest.fixture
def near(desk_in: DeskIn) -> Desk:
    return accepting_early(desk_in(NEARLY))


def finish(desk: Desk, code: str, accepted: str, opened: str) -> None:
    act(desk, "pass_acceptance", accepted, code, checks=SOUND)
    act(desk, "open_operation", opened, code)


SOUND = {**answers(), "area": "620.00", "beds": "10"}


def void(desk: Desk, as_of: date = END) -> list[str]:
    """The months that the city has no longer to report."""
    views = deadline_views(desk, as_of, CITY)
    return [view.rule for view in views if view.standing is Standing.VOID]


def stored_void(desk: Desk) -> list[str]:
    with desk.engine.connect() as connection:
        query = text("SELECT rule FROM deadline WHERE standing = 'void' AND subject = :city")
        return sorted(connection.execute(query, {"city": CITY}).scalars())


@pytest.mark.heavy
def test_months_end_once_the_last_project_is_finished(near: Desk) -> None:
    desk = near
    finish(desk, ONE, "2023-09-05", "2023-09-01")
    finish(desk, TWO, "2023-09-12", "2023-10-31")
    act(desk, "withdraw", "2023-11-02", THREE)  # still looking for its site: it was never reported
    ended = ["D10-11", "D10-12"]
    assert void(desk) == stored_void(desk) == ended
    assert void(desk, date(2023, 10, 30)) == []  # nobody could say so then
    assert "不再适用" in str(explain(desk, CITY, "D10-12", END))
    enforce(desk, date(2023, 12, 20), morning(date(2023, 12, 20)))
    assert reminded_city(desk, ["D10-10"]) > 0
    assert reminded_city(desk, ended) == 0
    with reading(desk.engine) as session:
        shot = snapshot(session, desk, "2023-12", END)
    assert {
        d.rule for d in shot.deadlines if d.standing is Standing.VOID and d.subject == CITY
    } == {*ended}
    assert of(made(desk, "2023-12")).standing is Standing.VOID
    assert CITY not in {each.city for each in made(desk, "2023-12-open").content.opened}


def reminded_city(desk: Desk, rules: list[str]) -> int:
    with desk.engine.connect() as connection:
        query = text("SELECT rule FROM outbox WHERE subject = :city AND status = 'pending'")
        return sum(rule in rules for rule in connection.execute(query, {"city": CITY}).scalars())


@pytest.mark.heavy
def test_a_withdrawal_in_november_leaves_overdue_what_was_overdue_in_september(
    near: Desk,
) -> None:
    """What ends, ends from its own day on: the months before it had to be reported."""
    desk = near
    finish(desk, ONE, "2023-08-20", "2023-08-25")
    enforce(desk, date(2023, 10, 12), morning(date(2023, 10, 12)))
    late = [view.rule for view in overdue(desk, date(2023, 10, 12))]
    assert {"D10-08", "D10-09"} <= {*late}
    before = stands(desk, date(2023, 10, 12))
    act(desk, "withdraw", "2023-11-15", TWO)
    with reading(desk.engine) as session:
        assert finished(session, desk, CITY) == date(2023, 11, 15)
    assert void(desk) == stored_void(desk) == ["D10-12"]
    assert [view.rule for view in overdue(desk, date(2023, 10, 12))] == late
    assert stands(desk, date(2023, 10, 12)) == before  # as seen from October, too
    assert {*late} <= {view.rule for view in overdue(desk, END)}
    last = show(desk, TWO).history[-1].id
    undo(desk, last)
    assert stored_void(desk) == []


def test_what_was_finished_before_it_was_withdrawn_ended_when_it_was_finished(near: Desk) -> None:
    desk = near
    finish(desk, ONE, "2023-09-05", "2023-09-01")
    finish(desk, TWO, "2023-09-12", "2023-10-31")
    act(desk, "withdraw", "2023-11-20", TWO)
    assert void(desk) == stored_void(desk) == ["D10-11", "D10-12"]


def overdue(desk: Desk, as_of: date) -> list[DeadlineView]:
    views = deadline_views(desk, as_of, CITY)
    return [view for view in views if view.standing is Standing.OVERDUE]


def stands(desk: Desk, as_of: date) -> dict[tuple[str, str], Standing]:
    return {(v.subject, v.rule): v.standing for v in deadline_views(desk, as_of)}


@pytest.mark.heavy
def test_what_was_owed_is_withdrawn_and_a_reversal_opens_it_again(near: Desk) -> None:
    desk = near
    act(desk, "withdraw", "2023-03-01", THREE)
    finish(desk, ONE, "2023-09-05", "2023-09-01")
    act(desk, "pass_acceptance", "2023-09-12", TWO, checks=SOUND)
    enforce(desk, date(2023, 10, 20), morning(date(2023, 10, 20)))
    assert reminded_city(desk, ["D10-10"]) > 0
    act(desk, "open_operation", "2023-09-15", TWO)
    assert stored_void(desk) == ["D10-10", "D10-11", "D10-12"]
    assert reminded_city(desk, ["D10-10"]) == 0
    opening = show(desk, TWO).history[-1].id
    undo(desk, opening)
    assert stored_void(desk) == void(desk) == []
    assert reminded_city(desk, ["D10-10"]) > 0  # owed as before
    enforce(desk, date(2023, 10, 27), morning(date(2023, 10, 27)))
    views = deadline_views(desk, date(2023, 10, 27), CITY)
    assert next(v.standing for v in views if v.rule == "D10-10") is Standing.OVERDUE


@pytest.mark.heavy
def test_a_new_application_does_not_open_it_again(near: Desk, tmp_path: Path) -> None:
    desk = near
    act(desk, "withdraw", "2023-03-01", THREE)
    finish(desk, ONE, "2023-09-05", "2023-09-01")
    finish(desk, TWO, "2023-09-12", "2023-09-15")
    assert stored_void(desk) == ["D10-10", "D10-11", "D10-12"]
    path = typed(
        tmp_path / "太原市.xlsx",
        name="示例新社区养老服务工程",
        address="太原市娄烦县示例镇示例路1号",
    )
    assert import_workbook(desk, path, today=END, at=AT).taken.added == 1
    # Nobody reports it before it is determined.
    assert stored_void(desk) == void(desk) == ["D10-10", "D10-11", "D10-12"]


@pytest.mark.heavy
def test_a_candidate_that_is_not_determined_does_not_keep_the_months_alive(near: Desk) -> None:
    """One project is still looking for its site: the city is not asked to report it."""
    desk = near
    with reading(desk.engine) as session:
        assert show(desk, THREE).disposition.label == "推进中"
        assert "determined" not in facts(session, desk.plan, [THREE]).get(THREE, {})
    finish(desk, ONE, "2023-09-05", "2023-09-01")
    assert void(desk) == []  # the other one that is determined goes on
    finish(desk, TWO, "2023-09-12", "2023-10-31")
    assert void(desk) == stored_void(desk) == ["D10-11", "D10-12"]
    with reading(desk.engine) as session:
        assert finished(session, desk, CITY) == date(2023, 10, 31)


def test_while_none_is_determined_none_is_finished(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)
    with reading(desk.engine) as session:
        assert finished(session, desk, CITY) is None
        assert finished(session, desk, "大同市") is None


def test_a_month_that_was_reported_all_the_same_is_met(near: Desk) -> None:
    desk = near
    act(desk, "withdraw", "2023-03-01", THREE)
    finish(desk, ONE, "2023-09-05", "2023-09-01")
    finish(desk, TWO, "2023-09-12", "2023-09-15")
    act(desk, "D10-11", "2023-11-24", CITY)
    assert stored_void(desk) == ["D10-10", "D10-12"]


DAYS = st.dates(date(2023, 8, 20), date(2023, 12, 20))


@given(st.permutations(range(5)), st.lists(DAYS, min_size=4, max_size=4))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.heavy
def test_in_whatever_order_it_is_recorded_the_same_months_end(
    near: Desk, order: list[int], days: list[date]
) -> None:
    desk = near
    acts: list[tuple[str, str, date, dict[str, Any]]] = [
        (ONE, "pass_acceptance", days[0], {"checks": SOUND}),
        (ONE, "open_operation", days[1], {}),
        (TWO, "pass_acceptance", days[2], {"checks": SOUND}),
        (TWO, "open_operation", days[3], {}),
        (THREE, "withdraw", date(2023, 3, 1), {}),
    ]
    with writing(desk.engine) as session:
        for n in order:
            code, name, on, more = acts[n]
            asked = Act(code, name, on, PROVINCE, "示例文件", **more)
            advance(session, desk, asked, today=END, at=AT)
        last = max(days)
        assert facts(session, desk.plan, [CITY])[CITY][FINISHED] == last
        wanted = [f"D10-{month[5:]}" for month in MONTHS if f"{last:%Y-%m}" < month]
        assert list(_void_in(session)) == wanted
        session.rollback()


def _void_in(session: Session) -> Iterator[str]:
    query = text("SELECT rule FROM deadline WHERE standing = 'void' AND subject = :city")
    yield from sorted(session.execute(query, {"city": CITY}).scalars())


@pytest.mark.heavy
def test_a_project_that_is_determined_later_opens_the_months_again(desk_in: DeskIn) -> None:
    """The other one waits for its replacement's place: only from then on is it reported."""
    desk = accepting_early(desk_in(TAIYUAN))
    walk(desk, "break_ground", ONE)
    act(desk, "complete_construction", "2023-08-10", ONE)
    act(desk, "check_completion", "2023-08-15", ONE)
    walk(desk, "pass_review", TWO)
    finish(desk, ONE, "2023-09-05", "2023-10-31")
    assert stored_void(desk) == ["D10-11", "D10-12"]
    act(desk, "determine", "2023-11-02", TWO)
    assert stored_void(desk) == void(desk) == []

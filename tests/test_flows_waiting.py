"""Whoever waits for another body is not reminded, marked or judged; who is waited for is, once."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from models.database import writing
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.duties.supervision import draft_of
from operations.views.explain import explain
from operations.views.overview import DeadlineView, deadline_views, in_chains, projects, survey
from operations.views.project_record import project_record, project_text
from operations.views.snapshots import snapshot
from policy.vocabulary import Standing
from states.figures import figures, problems
from tests.conftest import AT, DeskIn
from tests.support.province import END, days, morning
from tests.support.steps import ONE, TAIYUAN, act, walk
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy
COUNTY, CITY, PROVINCE = "太原市小店区民政局", "太原市民政局", "山西省民政厅"
LATER = ("D06", "D07", "D08", "D09")


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    return desk_in(TAIYUAN)


def run(desk: Desk, start: str, end: str) -> Tape:
    """The daily job, delivery with it."""
    tape = Tape()
    for day in days(date.fromisoformat(start), date.fromisoformat(end)):
        enforce(desk, day, morning(day))
        deliver(desk, lambda day=day: morning(day), lambda _: tape)  # type: ignore[misc]
    return tape


def told(desk: Desk, rule: str, since: str = "2023-01-01") -> dict[str, set[str]]:
    """To whom something is owed about a deadline: the offices by rung, what is withdrawn aside."""
    query = (
        "SELECT rung, recipient FROM outbox WHERE subject = :s AND rule = :r"
        " AND status <> 'cancelled' AND as_of >= :since"
    )
    with desk.engine.connect() as connection:
        found: dict[str, set[str]] = {}
        for rung, office in connection.execute(text(query), {"s": ONE, "r": rule, "since": since}):
            found.setdefault(rung, set()).add(office)
    return found


def view(desk: Desk, rule: str, as_of: str, code: str = ONE) -> DeadlineView:
    found = deadline_views(desk, date.fromisoformat(as_of), code)
    return next(item for item in found if (item.subject, item.rule) == (code, rule))


def reviewed(desk: Desk) -> None:
    """Applied for and passed by the experts; the province has not determined it."""
    walk(desk, "pass_review")


def replaced(desk: Desk, on: str) -> None:
    reviewed(desk)
    act(desk, "reserve", "2023-03-30")
    act(desk, "replace", on)


# --- a step that another body's earlier step blocks -----------------------------------------------


def test_what_the_province_has_not_determined_is_told_to_the_province(taiyuan: Desk) -> None:
    reviewed(taiyuan)
    for day in ("2023-06-01", "2023-06-21", "2023-07-03"):
        enforce(taiyuan, date.fromisoformat(day), morning(date.fromisoformat(day)))
    for rule in LATER:
        offices = {office for each in told(taiyuan, rule).values() for office in each}
        assert offices == {PROVINCE}, rule
    found = view(taiyuan, "D08", "2023-06-01")
    assert found.standing is Standing.OVERDUE  # the deadline stands
    assert (found.step, found.responsible) == ("研究确定", PROVINCE)
    assert found.to_do == "请组织专家评审，按名额研究确定项目"
    [item] = [it for it in in_chains(survey(taiyuan, date(2023, 6, 1)).views) if it.subject == ONE]
    # D04 is 研究确定 itself, which is named: it does not come after it.
    assert [name[:3] for name in item.below] == ["D06", "D07", "D08"]
    said = str(explain(taiyuan, ONE, "D08", date(2023, 6, 1)))
    assert "卡在：研究确定，省民政厅" in said
    history = project_text(taiyuan, project_record(taiyuan, ONE, date(2023, 6, 30)))
    assert "逾期认定 D08 全部开工建设（省民政厅的前一环节未完成）" in history
    assert "超过建议时限 D04 评审并研究确定" in history  # its day is only proposed (A30)
    assert "逾期认定 D04" not in history


def test_what_a_line_stands_for_is_told_with_it(taiyuan: Desk) -> None:
    """D04 is 研究确定 itself, which the line of D05 names."""
    reviewed(taiyuan)
    tape = run(taiyuan, "2023-06-01", "2023-06-30")
    lines = [line for mail in tape.sent for line in mail.lines if line.subject == ONE]
    assert ("D05", (ONE, "D04")) in {(it.rule, *it.stands_for) for it in lines}
    with taiyuan.engine.connect() as connection:
        statuses = connection.execute(text("SELECT DISTINCT status FROM outbox")).scalars().all()
    assert statuses == ["sent"]


def test_once_the_way_is_free_the_county_has_its_own_ladder(taiyuan: Desk) -> None:
    """Determined on Monday 12 June: nobody is escalated for the days before."""
    reviewed(taiyuan)
    run(taiyuan, "2023-06-01", "2023-06-12")
    act(taiyuan, "determine", "2023-06-12")
    assert view(taiyuan, "D08", "2023-06-12").standing is not Standing.OVERDUE
    run(taiyuan, "2023-06-13", "2023-06-30")
    late = told(taiyuan, "D08", "2023-06-13")
    assert late == {
        "T+1": {COUNTY, CITY},
        "T+5": {f"{CITY}分管领导", PROVINCE},
        "T+10": {PROVINCE},
    }
    with taiyuan.engine.connect() as connection:
        query = "SELECT rung, min(as_of) FROM outbox WHERE subject = :s AND rule = 'D08'"
        query += " AND as_of > '2023-06-12' GROUP BY rung"
        on = {rung: str(day) for rung, day in connection.execute(text(query), {"s": ONE})}
    assert on == {"T+1": "2023-06-13", "T+5": "2023-06-19", "T+10": "2023-06-27"}
    found = view(taiyuan, "D08", "2023-06-13")
    assert (found.standing, found.responsible) == (Standing.OVERDUE, COUNTY)
    assert (found.due, found.overdue_after) == (date(2023, 5, 31), date(2023, 6, 12))


def test_what_is_owed_and_not_sent_to_who_was_waited_for_is_withdrawn(taiyuan: Desk) -> None:
    reviewed(taiyuan)
    enforce(taiyuan, date(2023, 6, 1), morning(date(2023, 6, 1)))
    assert told(taiyuan, "D08") == {"T+1": {PROVINCE}}
    act(taiyuan, "determine", "2023-06-01")
    assert told(taiyuan, "D08") == {}


def test_a_letter_and_an_evaluation_name_nobody_who_waits(taiyuan: Desk) -> None:
    reviewed(taiyuan)
    drafted = draft_of(taiyuan, "太原市", date(2023, 7, 31))
    assert drafted is not None
    assert ONE not in {line.subject for line in drafted.lines}
    with taiyuan.reading() as session:
        shot = snapshot(session, taiyuan, "2023-06", date(2023, 6, 30))
    behind = {item.project.code for item in figures(taiyuan.plan, shot).behind}
    named = {
        item.subject
        for _, late in problems(taiyuan.plan, figures(taiyuan.plan, shot))
        for item in late
    }
    assert ONE not in behind | named


def test_the_county_waits_for_no_money(taiyuan: Desk) -> None:
    """六(二): 开工 does not wait for 下达."""
    walk(taiyuan, "determine")
    run(taiyuan, "2023-05-31", "2023-06-01")
    assert told(taiyuan, "D08")["T+1"] == {COUNTY, CITY}


def test_the_province_that_cannot_accept_waits_for_the_county(taiyuan: Desk) -> None:
    walk(taiyuan, "break_ground")
    run(taiyuan, "2023-12-11", "2023-12-12")
    assert told(taiyuan, "D15")["T+1"] == {COUNTY, CITY}
    found = view(taiyuan, "D15", "2023-12-12")
    assert (found.step, found.responsible) == ("竣工", COUNTY)


# --- one chain, one item --------------------------------------------------------------------------


def test_a_missing_site_is_one_item(taiyuan: Desk) -> None:
    """It was seven for one bureau: D01, D03, D04, D06, D07, D08, D09."""
    tape = run(taiyuan, "2023-06-30", "2023-07-03")
    last = [it for it in tape.sent if it.recipient == CITY][-1]
    mine = [line for line in last.lines if line.subject == ONE]
    assert len(mine) == 1
    [line] = mine
    assert line.rule == "D03"
    assert {step.rule for step in line.below} == {"D01", "D04", "D05", *LATER}
    assert "此后各项：" in last.text
    assert "此后各项：" in last.html
    assert [it for it in tape.sent if it.recipient == COUNTY] == []
    with taiyuan.engine.connect() as connection:
        states = connection.execute(text("SELECT DISTINCT status FROM outbox")).scalars().all()
    assert set(states) == {"sent"}  # what is told below is told


def test_lists_and_the_board_count_a_chain_once(taiyuan: Desk) -> None:
    seen = survey(taiyuan, date(2023, 7, 3))
    mine = [item for item in in_chains(seen.views) if item.subject == ONE]
    assert [item.standing for item in mine] == [Standing.OVERDUE]
    assert mine[0].rule == "D03"
    assert {name[:3] for name in mine[0].below} == {"D01", "D04", "D05", *LATER}
    board = next(row for row in seen.board if row.city == "太原市")
    projects = {item.subject for item in seen.views if item.subject.startswith("XF")}
    own = [
        item
        for item in seen.views
        if item.subject == "太原市" and item.standing is Standing.OVERDUE
    ]
    assert board.overdue == len(projects) + len(own)


@pytest.mark.parametrize(("day", "kept"), [("2023-03-01", False), ("2023-04-03", True)])
def test_what_a_city_and_all_its_named_projects_owe_is_one_matter(
    taiyuan: Desk, day: str, kept: bool
) -> None:
    """申报 stood twice, of the city and of its project (六(一)); from April one lacks its site."""
    codes = [item.code for item in projects(taiyuan)]
    for code in codes[1:]:
        act(taiyuan, "confirm_site", "2023-02-06", code)
    [mail] = [it for it in run(taiyuan, day, day).sent if it.recipient == CITY]
    listed = in_chains(survey(taiyuan, date.fromisoformat(day)).views)
    for items in (mail.lines, listed):
        of_city = [it for it in items if (it.subject, it.rule) == ("太原市", "D01")]
        assert bool(of_city) is kept
        assert {it.subject for it in items} >= {*codes}
    with taiyuan.engine.connect() as connection:
        statuses = connection.execute(text("SELECT DISTINCT status FROM outbox")).scalars().all()
    assert statuses == ["sent"]  # what is told of by another line, too


# --- a replacement --------------------------------------------------------------------------------


def test_a_replacement_in_december_is_never_late_and_the_province_is_asked(taiyuan: Desk) -> None:
    """It was overdue on three items the next workday, and due in January."""
    replaced(taiyuan, "2023-12-15")
    tape = run(taiyuan, "2023-12-15", "2024-01-03")
    found = [item for item in deadline_views(taiyuan, date(2024, 1, 3), ONE) if item.subject == ONE]
    pressing = {item.rule: item for item in found if item.standing is not Standing.MET}
    pressing = {id: item for id, item in pressing.items() if item.overdue_after is not None}
    assert {*pressing} == {"D05", *LATER, "D14", "D15", "D16", "D17"}
    for item in pressing.values():
        assert item.standing is Standing.COORDINATING
        assert item.overdue_after == date(2023, 12, 31)
        assert (item.step, item.responsible) == ("另定时限", PROVINCE)
    with taiyuan.engine.connect() as connection:
        query = "SELECT count(*) FROM audit WHERE kind = 'overdue' AND subject = :s"
        assert connection.execute(text(query), {"s": ONE}).scalar_one() == 0
    first = next(it for it in tape.sent if ONE in {line.subject for line in it.lines})
    assert (first.recipient, str(first.sent_at.date())) == (PROVINCE, "2023-12-18")
    assert len([line for line in first.lines if line.subject == ONE]) == 1
    assert "卡在：另定时限，山西省民政厅" in first.text


def put_off(desk: Desk, until: str, **changes: Any) -> None:
    stated = {"subject": ONE, "rule": "D08", "until": date.fromisoformat(until), **changes}
    stated |= {"on": date(2023, 12, 18), "actor": PROVINCE, "evidence": "示例批复"}
    with writing(desk.engine) as session:
        extend(session, desk, Extension(**stated), today=END, at=AT)


def test_the_province_sets_the_date_and_then_it_runs(taiyuan: Desk) -> None:
    replaced(taiyuan, "2023-12-15")
    with pytest.raises(RefusedError, match="不得延至次年"):
        put_off(taiyuan, "2024-01-31")
    put_off(taiyuan, "2023-12-26")
    found = view(taiyuan, "D08", "2023-12-19")
    assert (found.due, found.responsible) == (date(2023, 12, 26), COUNTY)
    run(taiyuan, "2023-12-19", "2023-12-27")
    assert told(taiyuan, "D08")["T+1"] == {COUNTY, CITY}
    assert view(taiyuan, "D08", "2023-12-27").standing is Standing.OVERDUE
    put_off(taiyuan, "2023-12-31", rule="D17")
    assert view(taiyuan, "D17", "2023-12-29").standing is not Standing.COORDINATING


def test_a_replacement_is_not_late_with_its_own_determination(taiyuan: Desk) -> None:
    replaced(taiyuan, "2023-06-10")
    assert view(taiyuan, "D04", "2023-06-12").standing is Standing.MET
    assert view(taiyuan, "D08", "2023-06-12").due == date(2023, 8, 9)

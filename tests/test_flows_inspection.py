"""年中督查 on both databases: planned, taken in, met, put right, reminded, and summed up."""

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from common.errors import RefusedError
from documents.reading.grid import read_book
from documents.reading.identity import identity_of
from models.database import reading, writing
from models.projects import facts
from models.secrets import first_key
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from operations.duties.inspection import INSPECTION, VISITS, InspectionSummary, VisitList
from operations.duties.products import JobOccasion, KeptProduct, ProductFile, due, kept, make
from operations.views.overview import deadline_views
from operations.workbooks.exports import export_workbook
from operations.workbooks.inbox import FROM_CITIES
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, Standing
from tests.conftest import AT, DeskIn
from tests.support.province import END, morning
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act, stored, undo, walk
from tests.support.stores import Snapshot
from tests.support.yearly import YEAR, make_due
from tests.test_documents_inspection import ITEMS, WELL, Told
from tests.test_flows_forms_vertical import everything, put, refusal, trail

pytestmark = pytest.mark.heavy

CITY = "太原市"
AS_IT_IS = ImportOptions()
BEGUN = Snapshot("to_be_visited", lambda desk: walk(desk, "break_ground"), TAIYUAN)
FIRST = 12
"""The row of the form's first item."""
BAD: Told = {**WELL, "quality_safety": ("否", "缺安全检查记录")}
ORDERED, RECTIFIED = "inspection_rectification_ordered", "inspection_rectified"


@pytest.fixture
def begun(desk_in: DeskIn) -> Desk:
    """Works on the first project of 太原市 have begun."""
    return desk_in(BEGUN)


def form(
    desk: Desk, folder: Path, told: Told = WELL, on: object = "2023-06-15", code: str = ONE
) -> Path:
    """The project's form as it comes back."""
    folder.mkdir(exist_ok=True)
    path = export_workbook(desk, WorkbookOrder(Form.INSPECTION, code), folder, END, force=True)
    return put(path, cells(told, on))


def cells(told: Told, on: object) -> Mapping[str, object]:
    last = FIRST + len(ITEMS)
    found: dict[str, object] = {f"B{last}": on, f"D{last}": "山西省民政厅王某"}
    found[f"B{last + 1}"] = "请抓紧"
    for row, id in enumerate(ITEMS, FIRST):
        found[f"C{row}"], found[f"D{row}"] = told[id]
    return found


def take(
    desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS, today: date = END
) -> WorkbookChanges:
    return import_workbook(desk, path, asked, today=today, at=AT).taken


def city_facts(desk: Desk) -> Mapping[str, date]:
    with reading(desk.engine) as session:
        return facts(session, desk.plan, [CITY]).get(CITY, {})


def stands(desk: Desk, rule: str, as_of: date, code: str = ONE) -> Standing:
    return next(v.standing for v in deadline_views(desk, as_of, code) if v.rule == rule)


def owed(desk: Desk, rule: str) -> list[tuple[str, str]]:
    query = "SELECT rung, recipient FROM outbox WHERE rule = :rule AND status = 'pending'"
    with desk.engine.connect() as connection:
        return sorted(connection.execute(text(query), {"rule": rule}).tuples().all())


# --- 督查表 ---------------------------------------------------------------------------------------


def test_a_visit_is_recorded_and_meets_the_citys_deadline(begun: Desk, tmp_path: Path) -> None:
    path = form(begun, tmp_path / "out")
    assert path.name == f"{ONE} 示例一街道示例乙社区养老幸福工程 督查表.xlsx"
    done = take(begun, path)
    assert (done.subject, done.changed, done.warnings, done.notes) == (ONE, 1, (), [])
    after = stored(begun)
    assert after.milestones["inspected"] == date(2023, 6, 15)
    assert after.stage == "construction"
    assert ORDERED not in after.milestones
    assert city_facts(begun)["D13"] == date(2023, 6, 15)
    assert stands(begun, "D13", date(2023, 8, 10)) is Standing.MET
    assert stands(begun, "D27", date(2023, 8, 10)) is Standing.WAITING
    row = trail(begun)[-1]
    assert (row.action, row.actor) == ("inspected", "山西省民政厅")
    assert row.evidence == f"督查人：山西省民政厅王某；督查意见：请抓紧【督查表：{path.name}】"
    told = {line.what: (line.old, line.new) for line in done.differences}
    assert told["督查日期"] == ("空", "2023-06-15")
    assert len(told) == len(ITEMS) + 3


def test_the_same_again_writes_nothing(begun: Desk, tmp_path: Path) -> None:
    path = form(begun, tmp_path / "out", BAD)
    take(begun, path)
    before = everything(begun)
    assert take(begun, path).unchanged == 1
    assert take(begun, put(path, {}, unsigned=True)).unchanged == 1
    assert everything(begun) == before


def test_what_is_found_is_to_be_put_right_in_fifteen_days(begun: Desk, tmp_path: Path) -> None:
    take(begun, form(begun, tmp_path / "out", BAD, "2023-06-12"))
    assert stored(begun).milestones[ORDERED] == date(2023, 6, 12)
    ordered = trail(begun)[-1]
    assert ordered.evidence.startswith("质量、安全管理落实：缺安全检查记录【督查表：")
    # Fifteen days after 12 June is Tuesday 27 June.
    assert stands(begun, "D27", date(2023, 6, 27)) is Standing.DUE_SOON
    assert stands(begun, "D27", date(2023, 6, 28)) is Standing.OVERDUE
    enforce(begun, date(2023, 6, 16), morning(date(2023, 6, 16)))
    enforce(begun, date(2023, 6, 28), morning(date(2023, 6, 28)))
    county, city = "太原市小店区民政局", "太原市民政局"
    assert {("T+1", county), ("T+1", city)} <= set(owed(begun, "D27"))
    act(begun, "finish_inspection_rectification", "2023-06-28")
    assert stands(begun, "D27", date(2023, 6, 29)) is Standing.MET_LATE
    assert owed(begun, "D27") == []
    assert stored(begun).stage == "construction"


def test_a_second_order_undoes_the_first_answer(begun: Desk, tmp_path: Path) -> None:
    take(begun, form(begun, tmp_path / "a", BAD, "2023-06-12"))
    act(begun, "finish_inspection_rectification", "2023-06-20")
    take(
        begun, form(begun, tmp_path / "b", {**WELL, "funds": ("是", "一笔未附凭证")}, "2023-07-03")
    )
    held = stored(begun).milestones
    assert held["inspected"] == held[ORDERED] == date(2023, 7, 3)
    assert RECTIFIED not in held
    assert city_facts(begun)["D13"] == date(2023, 6, 12)  # met already


def test_only_visits_in_the_window_count(begun: Desk, tmp_path: Path) -> None:
    for on in ("2023-05-31", "2023-08-01"):
        done = take(begun, form(begun, tmp_path / on, WELL, on))
        assert "不计入年中督查" in done.warnings[0].reason
        assert "D13" not in city_facts(begun)
    for on in ("2023-06-01", "2023-07-31"):
        assert take(begun, form(begun, tmp_path / on, WELL, on)).warnings == ()
    assert city_facts(begun)["D13"] == date(2023, 6, 1)


def test_a_corrected_form_without_problems_leaves_the_order_to_people(
    begun: Desk, tmp_path: Path
) -> None:
    take(begun, form(begun, tmp_path / "a", BAD))
    done = take(begun, form(begun, tmp_path / "b"))
    assert "确无问题的，请更正该记录" in done.notes[0]
    assert ORDERED in stored(begun).milestones
    order = next(row for row in trail(begun) if row.action == "order_inspection_rectification")
    assert order.id is not None
    undo(begun, order.id)
    assert ORDERED not in stored(begun).milestones
    assert stands(begun, "D27", END) is Standing.WAITING


def test_the_same_problems_with_another_opinion_are_not_ordered_anew(
    begun: Desk, tmp_path: Path
) -> None:
    take(begun, form(begun, tmp_path / "a", BAD))
    act(begun, "finish_inspection_rectification", "2023-06-20")
    path = form(begun, tmp_path / "b", BAD)
    assert take(begun, put(path, {f"B{FIRST + len(ITEMS) + 1}": "请举一反三"})).changed == 1
    assert stored(begun).milestones[RECTIFIED] == date(2023, 6, 20)


@pytest.mark.heavy
def test_what_stands_against_it_is_told_at_the_cells(begun: Desk, tmp_path: Path) -> None:
    last = FIRST + len(ITEMS)
    found = refusal(begun, form(begun, tmp_path / "a", {**WELL, "site": ("否", None)}, None))
    assert sorted(found) == [f"B{last}", f"D{FIRST + 4}"]
    found = refusal(begun, form(begun, tmp_path / "b", on="2022-06-15"))
    assert "早于实施方案印发日" in found[f"B{last}"]
    with pytest.raises(RefusedError, match="尚未到来"):
        take(begun, form(begun, tmp_path / "c"), today=date(2023, 6, 14))
    name = put(form(begun, tmp_path / "d"), {"B3": "别的项目"})
    assert "受保护的内容" in refusal(begun, name)["B3"]
    with pytest.raises(RefusedError, match="不能作为大同市的表报送"):
        take(begun, form(begun, tmp_path / "e"), ImportOptions(city="大同市"))


def test_rectification_needs_a_visit_and_its_end_an_order(begun: Desk) -> None:
    with pytest.raises(RefusedError, match="没有年中督查到场记录"):
        act(begun, "order_inspection_rectification", "2023-06-15")
    with pytest.raises(RefusedError, match="没有督查整改通知"):
        act(begun, "finish_inspection_rectification", "2023-06-15")


def test_a_project_on_hold_can_be_ordered_and_is_not_reminded(begun: Desk, tmp_path: Path) -> None:
    act(begun, "hold", "2023-06-01")
    take(begun, form(begun, tmp_path / "out", BAD, "2023-06-12"))
    assert stands(begun, "D27", date(2023, 7, 20)) is Standing.SUSPENDED


def test_cities_do_not_hand_it_in() -> None:
    assert Form.INSPECTION not in FROM_CITIES


# --- the plan of visits and what was found --------------------------------------------------------


def files(desk: Desk, made: KeptProduct[VisitList]) -> list[ProductFile]:
    return list(VISITS.files(desk, made))


@pytest.mark.heavy
def test_a_year_is_planned_taken_along_and_summed_up(desk_in: DeskIn, tmp_path: Path) -> None:
    desk = desk_in(YEAR)
    assert due(desk, VISITS, date(2023, 5, 30)) == ()
    (made,) = make_due(desk, VISITS, date(2023, 5, 31), AT)
    assert make_due(desk, VISITS, END, AT) == ()
    visits = [stop.visit for stop in made.content.stops]
    assert {visit.city for visit in visits} == {city.name for city in desk.plan.cities}
    schedule, *forms = files(desk, made)
    assert schedule.name == "2023年年中督查安排.xlsx"
    assert len(forms) == len(visits) >= 2 * 11
    rows = list(load_workbook(BytesIO(schedule.content)).worksheets[0].values)
    assert [row[6] for row in rows[3:]] == [visit.code for visit in visits]
    left_out = list(load_workbook(BytesIO(schedule.content))["未安排的项目"].values)[3:]
    codes = [visit.code for visit in visits] + [str(row[4]) for row in left_out]
    assert sorted(codes) == _going_on(desk)
    assert all(row[7] for row in left_out)
    route = list(load_workbook(BytesIO(schedule.content))["各市安排"].values)[3:]
    assert sum(int(str(row[8])) for row in route) == len(left_out)
    assert files(desk, made) == files(desk, _kept(desk))
    for visit, printed in zip(visits, forms, strict=True):
        identity = identity_of(read_book(printed.name, printed.content), first_key(desk.settings))
        assert identity is not None
        assert (identity.form, identity.subject) == (Form.INSPECTION, visit.code)
    _come_back(desk, tmp_path, made, forms)
    (found,) = make_due(desk, INSPECTION, END, AT)
    _check_summary(desk, found, made)


def _going_on(desk: Desk) -> list[str]:
    """Every project: in the example none had ended by the day of the plan."""
    with desk.engine.connect() as connection:
        rows = connection.execute(text("SELECT code FROM subject WHERE kind = 'project'"))
        return sorted(code for (code,) in rows)


def _kept(desk: Desk) -> KeptProduct[VisitList]:
    with reading(desk.engine) as session:
        held = kept(session, desk, VISITS, "2023", desk.plan.province)
    assert held is not None
    return held


def _come_back(
    desk: Desk, folder: Path, made: KeptProduct[VisitList], forms: list[ProductFile]
) -> None:
    """All but the last city's forms; every fourth with a problem, of which the first is solved."""
    last = made.content.stops[-1].visit.city
    for n, (stop, printed) in enumerate(zip(made.content.stops, forms, strict=True)):
        if stop.visit.city != last:
            path = folder / f"{n}.xlsx"
            path.write_bytes(printed.content)
            put(path, cells(WELL if n % 4 else BAD, stop.visit.day))
            assert take(desk, path).changed == 1
    act(desk, "finish_inspection_rectification", "2023-06-10", made.content.stops[0].visit.code)


def _check_summary(
    desk: Desk, found: KeptProduct[InspectionSummary], made: KeptProduct[VisitList]
) -> None:
    assert found.occasion.on == date(2023, 8, 1)
    last = made.content.stops[-1].visit.city
    came = [stop.visit for stop in made.content.stops if stop.visit.city != last]
    assert {each.code for each in found.content.visits} == {visit.code for visit in came}
    bad = {visit.code for visit in came[::4]}
    assert {each.code for each in found.content.visits if each.problems} == bad
    first = next(each for each in found.content.visits if each.code == came[0].code)
    assert first.standing is Standing.MET
    late = {each.code for each in found.content.visits if each.standing is Standing.OVERDUE}
    assert late == bad - {first.code}
    (printed,) = INSPECTION.files(desk, found)
    by_city, by_project, left_out, by_item = load_workbook(BytesIO(printed.content)).worksheets
    last_ones = {stop.visit.code: stop.visit.day for stop in made.content.stops[len(came) :]}
    why = {str(row[4]): row[7] for row in list(left_out.values)[3:]}
    assert {code: why[code] for code in last_ones} == {
        code: f"已安排{day.month}月{day.day}日督查，没有督查表" for code, day in last_ones.items()
    }
    assert set(why).isdisjoint(visit.code for visit in came)
    assert len(why) + len(came) == len(_going_on(desk))
    cities = {row[1]: row for row in list(by_city.values)[3:]}
    assert sum(int(str(row[4])) for row in cities.values()) == len(came)
    assert "没有项目督查表" in str(cities[last][9])  # the example records D13 by hand
    assert len(list(by_project.values)) == 3 + len(came)
    counted = {row[1]: row[2:4] for row in list(by_item.values)[3:]}
    assert counted["质量、安全管理落实"] == (len(came), len(bad))
    assert counted["资金到位、专款专用"] == (len(came), 0)


def test_cities_that_were_not_visited_are_named(desk_in: DeskIn, tmp_path: Path) -> None:
    desk = desk_in(BEGUN)
    take(desk, form(desk, tmp_path / "out", BAD, "2023-07-31"))
    take(desk, form(desk, tmp_path / "late", WELL, "2023-08-01", "XF2023-140105-02"))
    (found,) = make_due(desk, INSPECTION, END, AT)
    assert [each.code for each in found.content.visits] == [ONE]  # the other one came too late
    assert found.content.visits[0].standing is Standing.ON_TRACK
    (printed,) = INSPECTION.files(desk, found)
    first = load_workbook(BytesIO(printed.content)).worksheets[0]
    others = "、".join(city.name for city in desk.plan.cities if city.name != CITY)
    assert first["A2"].value == f"截至2023-08-01　未督查的市：{others}"


@pytest.mark.parametrize("found_out", [date(2023, 7, 1), date(2023, 8, 20)])
def test_a_visit_that_was_recorded_wrongly_is_not_summed_up(
    begun: Desk, tmp_path: Path, found_out: date
) -> None:
    """Whether that was found out before the day of the summary or after it."""
    take(begun, form(begun, tmp_path / "out"))
    visit = next(row for row in trail(begun) if row.action == "inspected")
    assert visit.id is not None
    with writing(begun.engine) as session:
        asked = Reversal(visit.id, found_out, PROVINCE, "示例更正单")
        reverse(session, begun, asked, today=END, at=AT)
    (found,) = make_due(begun, INSPECTION, END, AT)
    assert found.content.visits == ()


@pytest.mark.heavy
def test_planned_anew_meanwhile_only_what_is_left_is_planned(begun: Desk, tmp_path: Path) -> None:
    """The eight whose sites are overdue are wanted, of which the other two wait; one is visited."""
    other = "XF2023-140105-02"
    walk(begun, "break_ground", other)
    take(begun, form(begun, tmp_path / "a", WELL, "2023-06-15"))
    made = make(begun, VISITS, _on(begun, date(2023, 6, 16)), AT, anew=True)
    assert {ONE, other}.isdisjoint(stop.visit.code for stop in made.content.stops)
    assert [stop.visit.day.day for stop in made.content.stops] == [19, 19, 20, 20, 21, 21, 25, 25]
    assert [(each.code, each.why) for each in made.content.unvisited] == [
        (other, "按风险排在本市所选8个项目之后"),
        (ONE, "6月15日已督查"),
    ]
    with pytest.raises(RefusedError, match="已无工作日可安排"):
        make(begun, VISITS, _on(begun, date(2023, 7, 31)), AT, anew=True)
    for stop in made.content.stops:
        take(begun, form(begun, tmp_path / stop.visit.code, WELL, "2023-06-19", stop.visit.code))
    with pytest.raises(RefusedError, match="都已督查，不必再编制"):
        make(begun, VISITS, _on(begun, date(2023, 6, 20)), AT, anew=True)


def _on(desk: Desk, day: date) -> JobOccasion:
    return JobOccasion("2023", desk.plan.province, day)


def test_without_projects_there_is_nothing_to_plan(desk: Desk) -> None:
    (asked,) = due(desk, VISITS, date(2023, 5, 31))
    with pytest.raises(RefusedError, match="还没有项目"):
        make(desk, VISITS, asked, AT)


def test_a_plan_without_inspection_has_nothing_to_do(sqlite_desk: Desk) -> None:
    bare = sqlite_desk.plan.model_copy(update={"inspection": None})
    other = Desk(sqlite_desk.settings, bare, sqlite_desk.calendar, sqlite_desk.engine)
    assert (due(other, VISITS, END), due(other, INSPECTION, END)) == ((), ())

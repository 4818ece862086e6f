"""交叉验收 on both databases: arranged, handed out, read back, and its results told."""

from collections import Counter
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.lists.acceptance_schedule import AcceptanceTarget, Schedule, named
from documents.writing.blocks import PaperTable, PaperText
from models.database import reading
from operations.cases.desk import Desk
from operations.duties.acceptance import RESULTS, SCHEDULE
from operations.duties.products import (
    JobOccasion,
    KeptProduct,
    ProductFile,
    due,
    kept,
    lay_out,
    make,
)
from operations.workbooks.directory import (
    ContactChange,
    remove_contact,
    set_contact,
    set_substitute,
)
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import import_workbook
from policy.schema import Plan
from states import allotment
from states.assignment import Inspector, Team
from tests.conftest import AT, DeskIn
from tests.support.assignment_checker import Site, Visit, loads, violations
from tests.support.builders import answers
from tests.support.province import END
from tests.support.steps import ONE, TAIYUAN, act, report, stored, undo, walk
from tests.support.stores import Snapshot
from tests.support.yearly import YEAR
from tests.test_documents_acceptance import ITEMS
from tests.test_flows_forms_vertical import DAY, FIRST, VERDICT, put, trail

pytestmark = pytest.mark.heavy
WHEN = date(2023, 11, 20)
TOLD = date(2023, 12, 25)
DAYS = [f"2023-12-{day:02d}" for day in (1, 4, 5, 6, 7, 8)]
"""The first is a Friday; 2 and 3, 9 and 10 December are weekends."""
CITY, OTHER = "太原市", "大同市"
PROVINCE = "山西省"
ITEM = "验收组成员（单位、姓名，以顿号分隔）"


def contacts(desk: Desk) -> None:
    path = EXAMPLE / "workbooks" / "通讯录.xlsx"
    import_workbook(desk, path, today=END, at=AT)


def scheduled(desk: Desk) -> None:
    """The search may take its time: a slow machine finds what every other finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allotment, "SECONDS", 300.0)
        make(desk, SCHEDULE, occasion(), AT)


def waiting(desk: Desk) -> None:
    """One project of 太原市 waits for acceptance, and everybody is in the contacts."""
    contacts(desk)
    walk(desk, "check_completion")
    scheduled(desk)


ARRANGED = Snapshot("arranged_year", scheduled, YEAR)
WAITING = Snapshot("arranged_taiyuan", waiting, TAIYUAN)


def occasion(on: date = WHEN, subject: str = PROVINCE) -> JobOccasion:
    return JobOccasion("2023", subject, on)


def schedule(desk: Desk) -> KeptProduct[Schedule]:
    with reading(desk.engine) as session:
        made = kept(session, desk, SCHEDULE, "2023", PROVINCE)
    assert made is not None
    return made


def told(desk: Desk, subject: str = PROVINCE) -> PaperText:
    return make(desk, RESULTS, occasion(TOLD, subject), AT).content


def rows(desk: Desk, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def files(desk: Desk) -> dict[str, ProductFile]:
    return {file.name: file for file in SCHEDULE.files(desk, schedule(desk))}


def cells(content: bytes, sheet: str) -> list[list[object]]:
    page = load_workbook(BytesIO(content))[sheet]
    return [[cell.value for cell in row] for row in page.iter_rows()]


def words(content: bytes) -> set[str]:
    book = load_workbook(BytesIO(content))
    return {str(cell.value) for page in book.worksheets for row in page.iter_rows() for cell in row}


# --- the schedule of the example's year -----------------------------------------------------------


@pytest.fixture
def arranged(desk_in: DeskIn) -> Desk:
    """The example's year with its schedule."""
    return desk_in(ARRANGED)


def test_a_hundred_projects_are_arranged_by_the_rules(arranged: Desk) -> None:
    """People and projects come from the tables, the workdays from this file."""
    made = schedule(arranged).content
    cities = dict(_offices(arranged.plan))
    homes = {
        team.number: sorted(
            {
                cities[office]
                for person in team.people
                for (office,) in rows(
                    arranged,
                    "SELECT office FROM contact WHERE name = :name AND phone = :phone",
                    name=person.name,
                    phone=person.phone,
                )
                if office in cities
            }
        )
        for team in made.teams
    }
    sites: dict[str, Site] = {
        code: {"city": city, "county": county}
        for code, city, county in rows(
            arranged,
            "SELECT p.code, s.city, p.county_code FROM project p"
            " JOIN subject s ON s.plan = p.plan AND s.code = p.code",
        )
    }
    visits: list[Visit] = [
        {"team": stop.team, "day": str(stop.day), "order": stop.order, "code": stop.code}
        for stop in made.stops
    ]
    assert (len(sites), len(homes)) == (100, 11)
    assert violations(homes, sites, visits, DAYS, 2) == []
    assert sorted(loads(homes, visits)) == [9] * 10 + [10]
    assert (made.spread, made.unproven, made.notes) == (1, (), ())


def _offices(plan: Plan) -> list[tuple[str, str]]:
    return [(office.name, office.city) for office in plan.every_office() if office.city]


def test_everybody_called_on_is_a_leader_or_head_of_a_section(arranged: Desk) -> None:
    called = {
        (person.office, person.name, person.role, person.title)
        for team in schedule(arranged).content.teams
        for person in team.people
    }
    known = {
        (office.removesuffix("分管领导"), name, "分管领导", role)
        for office, name, role in rows(
            arranged, "SELECT office, name, role FROM contact WHERE office LIKE '%市民政局分管领导'"
        )
    } | {
        (office, name, "业务科室负责人", role)
        for office, name, role in rows(
            arranged,
            "SELECT office, name, role FROM contact"
            " WHERE office LIKE '__市民政局' AND role LIKE '%负责人'",
        )
    }
    assert called == known
    assert len(known) == 23  # 太原市民政局 has two desks


def test_who_is_not_finished_is_remarked(arranged: Desk) -> None:
    remarks = {item.code: item.remark for item in schedule(arranged).content.targets}
    open_then = {
        code
        for (code,) in rows(
            arranged,
            "SELECT code FROM project WHERE code NOT IN"
            " (SELECT subject FROM fact WHERE name = 'completion_accepted' AND \"on\" <= :day)",
            day=str(WHEN) if arranged.engine.dialect.name == "sqlite" else WHEN,
        )
    }
    assert {code for code, remark in remarks.items() if remark} == open_then
    assert set(remarks.values()) == {"", "目前处于建设阶段"}


def test_only_the_provinces_workbook_has_telephone_numbers(arranged: Desk) -> None:
    made = files(arranged)
    assert len(made) == 102
    phones = {person.phone for team in schedule(arranged).content.teams for person in team.people}
    inner = made["2023年交叉验收安排（省厅留存，含电话）.xlsx"].content
    assert phones <= words(inner)
    handed_out = [made["2023年交叉验收安排.xlsx"].content]
    handed_out += [next(f for name, f in made.items() if f" {ONE} " in name).content]
    for content in handed_out:
        assert not phones & words(content)


def test_the_workbook_says_the_same_by_team_and_by_city(arranged: Desk) -> None:
    made = schedule(arranged).content
    content = files(arranged)["2023年交叉验收安排.xlsx"].content
    by_team, by_city = cells(content, "按组安排")[3:], cells(content, "按市安排")[3:]
    stops = {(stop.code, f"第{stop.team}组", str(stop.day)) for stop in made.stops}
    assert {(row[8], row[1], str(row[2])[:10]) for row in by_team} == stops
    assert {(row[4], row[7], str(row[5])[:10]) for row in by_city} == stops
    people = {f"第{team.number}组": "、".join(named(team)) for team in made.teams}
    assert {row[7]: row[8] for row in by_city} == people
    loads = {row[1]: row[4] for row in cells(content, "各组任务")[3:]}
    assert loads == Counter(row[1] for row in by_team)


def test_what_was_arranged_is_printed_again_byte_for_byte(arranged: Desk) -> None:
    before = files(arranged)
    remove_contact(arranged, f"{OTHER}民政局分管领导", _leader(arranged))
    with arranged.engine.begin() as connection:
        connection.execute(text("UPDATE project SET operator = 'changed', area = 1"))
    assert files(arranged) == before


def test_it_is_arranged_anew_when_people_have_changed(arranged: Desk) -> None:
    remove_contact(arranged, f"{OTHER}民政局分管领导", _leader(arranged))
    assert make(arranged, SCHEDULE, occasion(), AT).version == 1
    made = make(arranged, SCHEDULE, occasion(), AT, anew=True)
    assert made.version == 2
    assert made.content.notes == ("大同市仅1人符合条件，不足2人，又无其他市可以合组，未编入",)
    assert len(made.content.teams) == 10
    assert {stop.code for stop in made.content.stops} == {t.code for t in made.content.targets}


def _leader(desk: Desk) -> str:
    office = f"{OTHER}民政局分管领导"
    return str(rows(desk, "SELECT name FROM contact WHERE office = :office", office=office)[0][0])


# --- people ---------------------------------------------------------------------------------------


def test_made_anew_meanwhile_it_plans_what_is_left_on_days_to_come(arranged: Desk) -> None:
    day = date(2023, 12, 5)
    made = make(arranged, SCHEDULE, occasion(day), AT, anew=True)
    assert made.version == 2
    accepted = rows(
        arranged, "SELECT subject FROM fact WHERE name = 'accepted' AND \"on\" <= :day", day=day
    )
    left = {stop.code for stop in made.content.stops}
    assert 0 < len(left) == 100 - len(accepted)
    assert min(stop.day for stop in made.content.stops) == date(2023, 12, 6)
    with pytest.raises(RefusedError, match="已无工作日可安排"):
        make(arranged, SCHEDULE, occasion(date(2023, 12, 8)), AT, anew=True)


@pytest.fixture
def known(desk_in: DeskIn) -> Desk:
    """太原市's projects, of which one waits for acceptance, and the example's contacts."""
    return desk_in(WAITING)


def people(desk: Desk, city: str) -> list[str]:
    made = make(desk, SCHEDULE, occasion(), AT, anew=True).content
    return [p.name for team in made.teams for p in team.people if p.cities[0] == city]


def test_a_post_counts_by_its_title(known: Desk) -> None:
    office = f"{OTHER}民政局"
    before = people(known, OTHER)
    set_contact(known, ContactChange(office, "示例·甲", role="副局长、养老服务科科长（主持工作）"))
    for name, role in (
        ("乙", "办事员"),
        ("丁", "养老服务科副科长"),
        ("戊", "副科长（主持工作）"),
        ("己", "科长助理"),
        ("庚", "项目负责人"),
    ):
        set_contact(known, ContactChange(office, f"示例·{name}", role=role))
    set_contact(known, ContactChange(f"{OTHER}平城区民政局", "示例·丙", role="科长"))
    assert sorted(people(known, OTHER)) == sorted([*before, "示例·甲"])


def test_who_is_away_in_those_days_stays_at_home(known: Desk) -> None:
    office, name = f"{OTHER}民政局分管领导", _leader(known)
    by = f"{OTHER}民政局 {people(known, OTHER)[-1]}"
    set_substitute(known, office, name, by, date(2023, 12, 8), date(2023, 12, 20))
    made = make(known, SCHEDULE, occasion(), AT, anew=True).content
    assert f"{office}{name}验收期间由{by}代理，未编入" in made.notes
    set_substitute(known, office, name, by, date(2023, 12, 9), date(2023, 12, 20))
    assert name in people(known, OTHER)  # the 9th and 10th are a weekend


def test_who_holds_a_post_in_two_cities_accepts_in_neither(known: Desk) -> None:
    leader = _leader(known)
    (phone,) = rows(
        known, "SELECT phone FROM contact WHERE office = :o", o=f"{OTHER}民政局分管领导"
    )[0]
    set_contact(known, ContactChange(f"{CITY}清徐县民政局", leader, phone=phone))
    made = make(known, SCHEDULE, occasion(), AT, anew=True).content
    (team,) = [team for team in made.teams if OTHER in team.homes]
    assert set(team.homes) == {OTHER, CITY}
    assert team.number not in {stop.team for stop in made.stops}


def test_without_people_it_says_whom_it_lacks(desk_in: DeskIn) -> None:
    desk = desk_in(TAIYUAN)
    with pytest.raises(RefusedError) as caught:
        scheduled(desk)
    said = str(caught.value).splitlines()
    assert said[0] == "不能安排交叉验收"
    assert "  · 没有可以编成的验收组：符合条件的人员不足，请在通讯录中补充" in said
    assert "  · 太原市没有符合条件的人员，未派人参加" in said


def test_namesakes_are_told_apart_by_their_roles() -> None:
    one = Inspector("大同市民政局", "示例·张某", "分管领导", "副局长", "1", (OTHER,))
    team = Team(1, (one, replace(one, role="业务科室负责人", phone="2"), replace(one, name="乙")))
    assert named(team) == (
        "大同市民政局示例·张某（分管领导）",
        "大同市民政局示例·张某（业务科室负责人）",
        "大同市民政局乙",
    )


# --- forms out and back ---------------------------------------------------------------------------


def form(desk: Desk, folder: Path) -> Path:
    """The prefilled form of the project that waits, as it was laid out."""
    paths = lay_out(desk, SCHEDULE, schedule(desk))
    (path,) = [path for path in paths if f" {ONE} " in path.name]
    folder.mkdir(exist_ok=True)
    return path.replace(folder / path.name)


def answered(path: Path, verdict: str = "通过", **changes: object) -> Path:
    """Filled in as the group does; the names stay as they are."""
    said = {**answers(), "area": "620.00", "beds": "10", **changes}
    said.pop("acceptors")
    found: dict[str, object] = {VERDICT: verdict, DAY: "2023-12-05"}
    for row, id in enumerate(ITEMS, FIRST):
        if id in said:
            found[f"C{row}"] = said[id]
    return put(path, found)


def test_a_prefilled_form_names_its_group_and_nothing_else_is_answered(
    known: Desk, tmp_path: Path
) -> None:
    sheet = load_workbook(form(known, tmp_path / "out")).worksheets[0]
    made = schedule(known).content
    (team,) = [s.team for s in made.stops if s.code == ONE]
    group = next(each for each in made.teams if each.number == team)
    values = {sheet[f"A{row}"].value: sheet[f"C{row}"].value for row in range(FIRST, FIRST + 10)}
    assert values.pop(ITEM) == "、".join(named(group))
    assert len(values) == 9
    assert set(values.values()) == {None}
    assert sheet[VERDICT].value is None
    assert CITY not in group.homes


def test_a_prefilled_form_comes_back_after_other_things_were_recorded(
    known: Desk, tmp_path: Path
) -> None:
    """It is made out weeks before the visit: reports and days of opening come in between."""
    path = answered(form(known, tmp_path / "out"))
    report(known, "2023-11", 100)
    act(known, "opened", "2023-11-28")
    done = import_workbook(known, path, ImportOptions(), today=END, at=AT).taken
    assert (done.subject, done.changed) == (ONE, 1)
    after = stored(known)
    assert after.milestones["accepted"] == date(2023, 12, 5)
    made = schedule(known).content
    team = next(stop.team for stop in made.stops if stop.code == ONE)
    assert after.checks["acceptors"] == "、".join(named(made.teams[team - 1]))
    assert trail(known)[-1].action == "pass_acceptance"
    assert import_workbook(known, path, ImportOptions(), today=END, at=AT).taken.unchanged == 1


# --- results --------------------------------------------------------------------------------------


def test_the_notice_counts_what_the_trail_has(arranged: Desk) -> None:
    letter = told(arranged)
    by_city: dict[str, Counter[str]] = {}
    for code, city in rows(arranged, "SELECT code, city FROM subject WHERE kind = 'project'"):
        acts = [
            action
            for (action,) in rows(
                arranged,
                "SELECT action FROM audit WHERE subject = :code AND kind = 'transition' AND action"
                " IN ('pass_acceptance', 'fail_acceptance', 'pass_after_rectification')"
                " ORDER BY id",
                code=code,
            )
        ]
        result = "通过" if acts == ["pass_acceptance"] else "整改后通过"
        assert acts[-1] == "pass_acceptance"
        by_city.setdefault(city, Counter())[result] += 1
    (table,) = [block for block in letter.paragraphs if isinstance(block, PaperTable)]
    assert table.heads == ("市", "项目数", "通过", "整改后通过", "不通过", "未验收")
    shown = {row[0]: tuple(map(int, row[1:])) for row in table.rows}
    assert shown.pop("合计") == (100, 98, 2, 0, 0)
    assert shown == {
        city: (sum(n.values()), n["通过"], n["整改后通过"], 0, 0) for city, n in by_city.items()
    }
    (listed,) = letter.annexes[0].blocks
    assert isinstance(listed, PaperTable)
    assert len(listed.rows) == 100
    assert letter.addressee == "各市民政局"


def test_each_city_has_a_letter_on_its_own_projects(arranged: Desk) -> None:
    asked = due(arranged, RESULTS, TOLD)
    assert len(asked) == 12
    assert due(arranged, RESULTS, date(2023, 12, 24)) == ()
    letter = told(arranged, "阳泉市")
    assert (letter.addressee, letter.copies) == ("阳泉市人民政府", "阳泉市民政局")
    whole = "\n".join(letter.words)
    assert "项目5个，验收组于12月4日至7日到场验收5个，其中通过4个、整改后通过1个" in whole
    assert "已于12月15日完成整改，12月20日复验通过" in whole
    assert "必须" not in whole
    others = [city.name for city in arranged.plan.cities if city.name != "阳泉市"]
    listed = "".join(
        cell
        for block in letter.annexes[0].blocks
        if isinstance(block, PaperTable)
        for row in block.rows
        for cell in row
    )
    assert [name for name in others if name in whole + listed] == []


def lines(letter: PaperText) -> dict[str, tuple[str, ...]]:
    """By project, its line of the annex."""
    (table,) = letter.annexes[0].blocks
    assert isinstance(table, PaperTable)
    return {row[2]: row[3:] for row in table.rows}


def test_what_is_not_concluded_is_told(known: Desk, tmp_path: Path) -> None:
    """One has to be put right by the day that its group has set; nobody went to the other."""
    walk(known, "break_ground", "XF2023-140105-02")
    problems = {"D": "缺备案表，电话13912345678", "E": "2023-12-28"}
    path = answered(form(known, tmp_path / "out"), "整改后通过", fire_safety="否")
    row = FIRST + list(ITEMS).index("fire_safety")
    put(path, {f"{column}{row}": value for column, value in problems.items()})
    import_workbook(known, path, ImportOptions(), today=END, at=AT)
    letter = told(known, CITY)
    whole = "\n".join(letter.words)
    name = stored(known).name
    assert (
        "项目2个，验收组于12月5日到场验收1个，其中整改后通过1个（1个尚未复验通过）、未验收1个"
        in whole
    )
    day, result, state = lines(letter)[name]
    assert (day, result) == ("12月5日", "整改后通过")
    assert state.startswith("消防手续齐备：缺备案表")
    assert state.endswith("正在整改，期限为12月28日")
    assert "13912345678" not in whole + state
    assert "【验收表" not in whole
    assert "建议贵市督促有关县（市、区）和单位在期限内完成整改" in whole
    assert "尚未验收的项目1个" in whole
    assert "目前处于建设阶段" in whole


ACCEPTED = answers(acceptors="朔州市民政局示例·杨某、朔州市民政局示例·陈某")
"""By those whom the example's contacts have."""


def test_the_state_of_rectification_is_that_of_the_day(known: Desk) -> None:
    name = stored(known).name
    act(known, "fail_acceptance", "2023-12-05", evidence="坡道过陡", checks=ACCEPTED)
    day, result, state = lines(told(known, CITY))[name]
    assert (day, result) == ("12月5日", "不通过")
    assert state == "坡道过陡；整改期限为12月20日，尚未完成整改"  # D19: 15 days
    act(known, "finish_rectification", "2023-12-22")
    anew = make(known, RESULTS, occasion(TOLD, CITY), AT, anew=True).content
    assert lines(anew)[name][2] == "坡道过陡；已于12月22日完成整改，待复验"
    act(known, "pass_acceptance", "2023-12-24", checks=ACCEPTED)
    anew = make(known, RESULTS, occasion(TOLD, CITY), AT, anew=True).content
    assert lines(anew)[name][1] == "整改后通过"
    early = make(known, RESULTS, occasion(date(2023, 12, 4), CITY), AT, anew=True).content
    assert lines(early)[name][:2] == ("—", "未验收")


def test_a_conclusion_that_is_found_to_be_wrong_later_does_not_count(known: Desk) -> None:
    name = stored(known).name
    act(known, "pass_acceptance", "2023-12-05", checks=ACCEPTED)
    assert lines(told(known, CITY))[name][:2] == ("12月5日", "通过")
    (wrong,) = rows(known, "SELECT id FROM audit WHERE action = 'pass_acceptance'")[0]
    undo(known, wrong)  # on the last day of the year
    anew = make(known, RESULTS, occasion(TOLD, CITY), AT, anew=True).content
    assert lines(anew)[name][:2] == ("—", "未验收")


# --- plans without it -----------------------------------------------------------------------------


def test_a_plan_without_it_has_nothing_to_do(sqlite_desk: Desk) -> None:
    bare = sqlite_desk.plan.model_copy(update={"cross_acceptance": None})
    other = Desk(sqlite_desk.settings, bare, sqlite_desk.calendar, sqlite_desk.engine)
    assert (due(other, SCHEDULE, END), due(other, RESULTS, END)) == ((), ())


def test_a_target_is_kept_as_json_keeps_it(known: Desk) -> None:
    made = schedule(known).content
    (target,) = [each for each in made.targets if each.code == ONE]
    assert isinstance(target, AcceptanceTarget)
    profile = stored(known).profile
    assert target.stated["area"] == str(profile.area)
    assert target.stated["functions"] == tuple(sorted(profile.value("functions")))

"""A programme of four levels: who is there for a region is reminded, told of lateness, and acts."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from common.errors import PolicyError, RefusedError
from documents.forms.summary import SummaryRow, pages
from documents.papers.bulletin import bulletin
from documents.writing.layout import save
from models.database import open_engine, writing
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.casework import Act, advance, record
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import check_trail, install
from operations.views.contact_gaps import gaps
from operations.views.overview import CityBoard, deadline_views, projects, survey
from operations.views.snapshots import snapshot
from operations.views.tables import all_places
from operations.workbooks.intake import import_workbook
from policy.load import load_plan
from policy.vocabulary import Level, RungKind, Standing
from states.authority import actor_of
from states.contacts import Directory, Place, Post
from states.decide import Situation, steps
from states.reach import visitor
from tests.conftest import AT
from tests.support.builders import calendar
from tests.support.builders import plan as shanxi
from tests.support.delivering import know
from tests.support.province import morning
from tests.test_other_plans import PLANS

HOME = PLANS / "beds-2024"
CHANGES = {
    '  city_leader: "{city}民政局分管领导"\n': (
        '  city_leader: "{city}民政局分管领导"\n  region: "{region}专员公署民政处"\n'
    ),
    "  city: {name: 市民政局": (
        "  region: {name: 专署民政处, bound: true, reached_at: region}\n  city: {name: 市民政局"
    ),
    "name: 甲市\n": "name: 甲市\n    region: 东部地区\n",
    "name: 乙市\n": "name: 乙市\n    region: 西部地区\n",
    "audience: [responsible, city]}": "audience: [responsible, region]}",
    "开工后90日内建成, kinds": "开工后90日内建成, responsible: region, kinds",
    "id: pass_city, label: 复验通过,": "id: pass_city, label: 复验通过, responsible: region,",
}
EAST, WEST = "东部地区专员公署民政处", "西部地区专员公署民政处"
CITY, COUNTY, PROVINCE = "甲市民政局", "甲市东区民政局", "示例省民政厅"
PLACE = Place("甲市", "东区")


def text(**more: str) -> str:
    said = (HOME / "plan.yaml").read_text(encoding="utf-8")
    for old, new in {**CHANGES, **more}.items():
        assert old in said, old
        said = said.replace(old, new)
    return said


def written(folder: Path, said: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(said, encoding="utf-8")
    (folder / "notice.txt").write_bytes((HOME / "notice.txt").read_bytes())
    return folder / "plan.yaml"


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    plan = load_plan(written(tmp_path / "beds-2024", text()))
    desk = Desk(settings, plan, calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    for city, county in (("甲市", "东区"), ("乙市", "东区")):
        path = tmp_path / f"{city}.xlsx"
        said = {"street": "甲街道", "community": "甲社区", "kind": "station", "beds": 10}
        save(path, pages(plan, city, (SummaryRow(county, said),)))
        import_workbook(desk, path, today=date(2024, 1, 20), at=AT)
    yield desk
    desk.engine.dispose()


def act(desk: Desk, code: str, action: str, on: str, who: str) -> None:
    asked = Act(code, action, date.fromisoformat(on), who, "示例文件")
    with writing(desk.engine) as session:
        advance(session, desk, asked, today=date(2024, 12, 31), at=AT)


def begun(desk: Desk) -> tuple[str, str]:
    """Both projects under construction since March; their codes."""
    codes = [item.code for item in projects(desk)]
    for code, county in zip(codes, ("甲市东区民政局", "乙市东区民政局"), strict=True):
        for action, on in (("publish", "2024-01-25"), ("choose", "2024-02-05")):
            act(desk, code, action, on, county)
        asked = Act(code, "pay", date(2024, 2, 20), county, "示例文件", amount=Decimal(120000))
        with writing(desk.engine) as session:
            advance(session, desk, asked, today=date(2024, 12, 31), at=AT)
        act(desk, code, "begin", "2024-03-04", county)
    return codes[0], codes[1]


def told(desk: Desk, day: date) -> dict[str, str]:
    channel = RecordingChannel()
    enforce(desk, day, morning(day))
    deliver(desk, lambda: morning(day), lambda _: channel)
    return {message.recipient: message.text for message in channel.sent}


def test_offices_of_four_levels_stand_in_their_order(desk: Desk) -> None:
    plan = desk.plan
    assert plan.tiers == tuple(Level)
    named = [(each.level, each.region, each.name) for each in plan.every_office()][:3]
    assert named == [
        (Level.PROVINCE, "", PROVINCE),
        (Level.REGION, "东部地区", EAST),
        (Level.REGION, "西部地区", WEST),
    ]
    assert plan.office(Level.REGION, "乙市") == WEST
    assert plan.level_name(Level.REGION) == "专署民政处"


def test_a_region_is_reminded_of_its_own_and_told_of_what_is_late_below(desk: Desk) -> None:
    """T02 (建成, 90 days after 4 March) is the region's; T01's lateness goes on to it."""
    east, _ = (item.code for item in projects(desk))
    for action, on in (("publish", "2024-01-25"), ("choose", "2024-02-05")):
        act(desk, east, action, on, COUNTY)
    late = told(desk, date(2024, 3, 11))  # T01 was due 20 workdays after 5 February
    assert {office for office, said in late.items() if "T01" in said} == {COUNTY, EAST}
    assert "W01" in late[WEST]  # its city's weekly report
    assert "涉及市" in late[WEST]
    asked = Act(east, "pay", date(2024, 2, 20), COUNTY, "示例文件", amount=Decimal(120000))
    with writing(desk.engine) as session:
        advance(session, desk, asked, today=date(2024, 12, 31), at=AT)
    act(desk, east, "begin", "2024-03-12", COUNTY)
    soon = told(desk, date(2024, 6, 7))
    assert {office for office, said in soon.items() if "T02" in said} == {EAST}
    view = next(each for each in deadline_views(desk, date(2024, 6, 7)) if each.rule == "T02")
    assert (view.responsible, view.provincial) == (EAST, True)
    board = {row.city: row for row in survey(desk, date(2024, 6, 20)).board}
    assert board["甲市"].overdue == 5  # its weekly reports, and nothing of a region's


def test_a_region_acts_for_what_lies_below_it_and_for_nothing_else(desk: Desk) -> None:
    east, west = begun(desk)
    for code in (east, west):
        act(desk, code, "finish", "2024-05-06", f"{PROVINCE} 张某")
    act(desk, east, "pass_county", "2024-05-07", f"{EAST} 张某")
    with pytest.raises(RefusedError, match=f"由乙市东区民政局、乙市民政局、{WEST}、{PROVINCE}办理"):
        act(desk, west, "pass_county", "2024-05-07", f"{EAST} 张某")
    with pytest.raises(RefusedError, match=f"{CITY}不能办理“复验通过”；“复验通过”由{EAST}、"):
        act(desk, east, "pass_city", "2024-05-08", CITY)
    act(desk, east, "pass_city", "2024-05-08", f"{EAST} 张某")
    assert check_trail(desk).breaks == ()


def test_a_regions_people_see_its_cities(desk: Desk) -> None:
    who = visitor(desk.plan, "张某", "张某", [EAST], [])
    assert who.reach.cities == ("甲市",)
    assert not who.is_provincial
    assert who.reach.covers(PLACE)
    assert not who.reach.covers(Place("乙市", "东区"))
    actor = actor_of(desk.plan, f"{EAST} 张某")
    assert actor is not None
    assert (actor.seat.region, actor.seat.city, actor.person) == ("东部地区", "", "张某")


def test_where_nobody_is_known_the_level_above_is_told(desk: Desk) -> None:
    day, plan = date(2024, 3, 11), desk.plan
    lead = Post(PROVINCE, "示例·王某", "科长", "000-0000-0188")
    (told,) = Directory(plan, [lead]).told(Level.CITY, PLACE, day)
    assert told.person == f"{PROVINCE} 示例·王某"
    own = Post(EAST, "示例·李某", "科长", "000-0000-0199", divisions=("甲市",))
    (told,) = Directory(plan, [lead, own]).told(Level.CITY, PLACE, day)
    assert told.person == f"{EAST} 示例·李某"
    begun(desk)
    know(desk, lead)
    lacking = {gap.office: gap.places for gap in gaps(desk, date(2024, 6, 3))}
    assert lacking[EAST] == ("甲市",)


def test_what_waits_for_a_region_is_no_reason_for_a_letter_to_a_city(desk: Desk) -> None:
    plan = desk.plan.model_copy(update={"ladder": shanxi().ladder})
    rule = desk.deadlines["T01"].rule

    def kinds(body: str) -> set[RungKind]:
        day = date(2024, 3, 8)
        waiting = Situation("T01", day, day, 0, Standing.ON_TRACK, body=body)
        found = steps(waiting, plan, rule, desk.calendar)
        return {step.kind for step in islice(found, len(plan.ladder.rungs))}

    assert RungKind.DRAFT_LETTER in kinds("county")
    assert RungKind.DRAFT_LETTER not in kinds("region")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    region: 西部地区\n", "", "乙市没有写明所属片区"),
        ('  region: "{region}专员公署民政处"\n', "", "方案没有片区一级的单位"),
        ("{region}专员公署民政处", "专员公署民政处", "是2个单位的名称"),
        ("{region}专员公署", "{regions}专员公署", "占位符有误"),
    ],
)
def test_what_a_plan_of_four_levels_lacks_is_told(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    said = text()
    assert old in said
    with pytest.raises(PolicyError, match=says):
        load_plan(written(tmp_path / "beds-2024", said.replace(old, new)))


def test_a_plan_without_regions_has_nobody_there_who_could_decide(tmp_path: Path) -> None:
    said = (HOME / "plan.yaml").read_text(encoding="utf-8")
    own = said.replace("id: pass_city,", "id: pass_city, decided_by: [region],")
    with pytest.raises(PolicyError, match="未知的单位“region”"):
        load_plan(written(tmp_path / "beds-2024", own))
    assert load_plan(written(tmp_path / "beds-2024", said)).regions == ()


def test_a_regions_board_adds_up_its_own_cities_alone(desk: Desk) -> None:
    unstated = [city.model_copy(update={"quota": None}) for city in desk.plan.cities]
    plan = desk.plan.model_copy(update={"cities": tuple(unstated)})
    rows = [CityBoard(city.name, None, 0, (0,) * 8, 0, 0, 0) for city in plan.cities]
    assert all_places(plan, rows) == 6
    assert all_places(plan, rows[:1]) is None


def test_papers_tell_a_regions_matters_as_its_own(desk: Desk) -> None:
    """T02 is the region's: it is neither ours who sign nor held against a city."""
    east, _ = begun(desk)
    told = desk.plan.model_copy(update={"bulletin": shanxi().bulletin})
    with desk.reading() as session:
        made = bulletin(told, (snapshot(session, desk, "2024-05", date(2024, 5, 31)),))
    words = "\n".join(made.words)
    assert "配合做好省级、片区工作" in words
    assert "专署民政处拟于6月2日前完成“建成”" in words, words
    assert "我厅拟于" not in words
    act(desk, east, "finish", "2024-06-01", PROVINCE)


def test_what_is_behind_leaves_out_the_regions_matters_too(desk: Desk) -> None:
    codes = [item.code for item in projects(desk)]
    for code, county in zip(codes, ("甲市东区民政局", "乙市东区民政局"), strict=True):
        for action, on in (("publish", "2024-01-25"), ("choose", "2024-02-05")):
            act(desk, code, action, on, county)
    told = desk.plan.model_copy(update={"bulletin": shanxi().bulletin})
    with desk.reading() as session:
        made = bulletin(told, (snapshot(session, desk, "2024-03", date(2024, 3, 29)),))
    noted = [block for annex in made.annexes for block in annex.blocks if isinstance(block, str)]
    assert any("省级、片区办理的事项、建议时限和暂停的项目不列入" in note for note in noted), noted


def test_a_report_of_each_city_can_be_its_regions(settings: Settings, tmp_path: Path) -> None:
    """What a plan's author writes who wants a deadline of a region: one for each city of it."""
    said = text().replace(
        "words: 每周五报送进度, responsible: city}", "words: 每周五报送进度, responsible: region}"
    )
    plan = load_plan(written(tmp_path / "beds-2024", said))
    desk = Desk(settings, plan, calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    late = told(desk, date(2024, 3, 11))
    assert {office for office, words in late.items() if "W01" in words} == {EAST, WEST}
    asked = Act("甲市", "W01-2024w09", date(2024, 3, 1), EAST, "示例文件")
    with writing(desk.engine) as session:
        record(session, desk, asked, today=date(2024, 12, 31), at=AT)
    board = {row.city: row for row in survey(desk, date(2024, 6, 20)).board}
    assert {row.overdue for row in board.values()} == {0}
    refused = Act("乙市", "W01-2024w09", date(2024, 3, 1), EAST, "示例文件")
    with pytest.raises(RefusedError), writing(desk.engine) as session:
        record(session, desk, refused, today=date(2024, 12, 31), at=AT)
    desk.engine.dispose()

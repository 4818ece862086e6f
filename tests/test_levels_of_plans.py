"""Levels and places of other plans: two levels, a city below which nothing lies, free names."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from common.errors import PolicyError, RefusedError
from documents.forms.application_fields import parts_reader
from documents.forms.ledger import ledger_columns, word_reader
from documents.forms.report import report_columns
from documents.forms.summary import SummaryRow, pages
from documents.lists.evaluation import evaluation_leaves
from documents.lists.inspection_lists import visit_leaves
from documents.lists.overviews import funds_leaves
from documents.papers.acceptance_results import to_bureaus, to_government
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.writing.columns import in_words
from documents.writing.layout import TableSheet, save, worded
from flows.forms.choosing import with_choices
from models.database import open_engine, writing
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import check_trail, install
from operations.views.funds import total
from operations.views.overview import CityBoard, deadline_views, projects, responsible, survey
from operations.views.project_record import project_record, project_text
from operations.views.snapshots import snapshot
from operations.views.tables import board_table, city_funds_table, funds_table
from operations.views.tables import in_words as in_plan_words
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.bodies import Body
from policy.faults.places import standard
from policy.levels import LevelWords
from policy.load import load_plan
from policy.schema import Plan
from policy.vocabulary import Form, Level, Listing, Source, Standing
from states.authority import actor_of
from states.contacts import Place, Post
from states.scoring import evaluate
from states.snapshot import Snapshot
from tests.conftest import AT
from tests.support.builders import calendar, plan
from tests.support.delivering import know
from tests.support.province import morning
from tests.support.visiting import at, knock, link_of, pinned
from tests.test_other_plans import PLANS

HOME = PLANS / "towns-2024"
TOWNS = (HOME / "plan.yaml").read_text(encoding="utf-8")
NOTICE = (HOME / "notice.txt").read_text(encoding="utf-8")


def written(folder: Path, text: str = TOWNS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    (folder / "notice.txt").write_text(NOTICE, encoding="utf-8")
    return folder / "plan.yaml"


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    towns = load_plan(written(tmp_path / "towns-2024"))
    desk = Desk(settings, towns, calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    yield desk
    desk.engine.dispose()


def brought(desk: Desk, folder: Path, city: str, *names: str) -> list[str]:
    """A town's workbook with projects of these names; the codes of all."""
    rows = tuple(SummaryRow("", {"street": "", "community": name}) for name in names)
    path = folder / f"{city}.xlsx"
    save(path, pages(desk.plan, city, rows))
    import_workbook(desk, path, today=date(2024, 2, 5), at=AT)
    return [item.code for item in projects(desk)]


def test_two_projects_of_one_town_have_names_of_their_own(desk: Desk, tmp_path: Path) -> None:
    codes = brought(desk, tmp_path, "东镇", "甲村第一", "甲村第二")
    assert codes == ["TOWNS2024-990123101-01", "TOWNS2024-990123101-02"]
    assert [item.name for item in projects(desk)] == ["甲村第一幸福院", "甲村第二幸福院"]
    assert brought(desk, tmp_path, "东镇", "甲村第二", "丙村")[2:] == ["TOWNS2024-990123101-03"]
    shown = project_text(desk, project_record(desk, codes[0], date(2024, 3, 1)))
    assert "东镇（镇）" in shown
    assert "街道" not in shown
    assert check_trail(desk).breaks == ()


def test_a_town_below_which_nothing_lies_is_told_and_decides(desk: Desk, tmp_path: Path) -> None:
    code, other = brought(desk, tmp_path, "东镇", "甲村", "乙村")
    channel, day = RecordingChannel(), date(2024, 3, 28)
    enforce(desk, day, morning(day))
    deliver(desk, lambda: morning(day), lambda _: channel)
    (told,) = channel.sent
    assert told.recipient == "东镇人民政府"
    assert "甲村幸福院" in told.text
    late = date(2024, 4, 2)
    enforce(desk, late, morning(late))
    deliver(desk, lambda: morning(late), lambda _: channel)
    assert [message.recipient for message in channel.sent] == ["东镇人民政府"] * 2  # once a day

    def choose(of: str, who: str) -> None:
        asked = Act(of, "choose", date(2024, 3, 29), who, "示例文件")
        with writing(desk.engine) as session:
            advance(session, desk, asked, today=late, at=AT)

    with pytest.raises(RefusedError, match="由东镇人民政府、示例县民政局办理"):
        choose(code, "西乡人民政府 张某")
    choose(code, "东镇人民政府 张某")
    choose(other, "示例县民政局 张某")
    views = {view.subject: view.standing for view in deadline_views(desk, late)}
    assert {views[code], views[other]} == {Standing.MET}


def test_offices_of_a_plan_of_two_levels(desk: Desk) -> None:
    named = [(office.level, office.name) for office in desk.plan.every_office()]
    assert named == [
        (Level.PROVINCE, "示例县民政局"),
        *((Level.CITY, "东镇人民政府"), (Level.CITY_LEADER, "东镇人民政府分管领导")),
        *((Level.CITY, "西乡人民政府"), (Level.CITY_LEADER, "西乡人民政府分管领导")),
    ]
    actor = actor_of(desk.plan, "东镇人民政府 张某")
    assert actor is not None
    assert (actor.seat.city, actor.seat.county, actor.person) == ("东镇", "", "张某")


def test_a_city_without_counties_beside_one_with(tmp_path: Path) -> None:
    """嘉峪关市 has no county; 酒泉市 has."""
    cities = """cities:
  - {code: "620200", name: 嘉峪关市, type: 地级市, counties: []}
  - {code: "620900", name: 酒泉市, counties: [{code: "620902", name: 肃州区, type: 市辖区}]}
"""
    head, rest = TOWNS[: TOWNS.index("cities:")], TOWNS[TOWNS.index("stages:") :]
    text = f"{head}{cities}{rest}".replace("[镇, 乡, 县级市]", "[市辖区, 地级市]")
    plan = load_plan(written(tmp_path / "gansu-2024", text))
    assert plan.undivided == ("嘉峪关市",)
    assert plan.office(Level.COUNTY, "嘉峪关市", "") == "嘉峪关市人民政府"
    assert plan.office(Level.COUNTY, "酒泉市", "肃州区") == "酒泉市肃州区民政局"


def test_what_a_list_of_places_lacks_is_told(tmp_path: Path) -> None:
    nameless = TOWNS.replace(
        'counties: []}\n  - {code: "990123200"',
        'counties: [{code: "990123101001", name: "", type: 镇}, '
        '{code: "990123101002", name: 甲村, type: 镇}]}\n  - {code: "990123200"',
    )
    with pytest.raises(PolicyError, match="写 counties: "):
        load_plan(written(tmp_path / "a-2024", nameless))
    with pytest.raises(PolicyError, match=r"plan\.yaml:18: .*缺少“type”"):
        load_plan(written(tmp_path / "b-2024", TOWNS.replace(" type: 镇,", "")))


@pytest.mark.parametrize(
    ("pattern", "name", "parts"),
    [
        ("{street}养老中心", "甲街道养老中心", ("甲街道", "")),
        ("{community}幸福院", "乙村幸福院", ("", "乙村")),
        ("{street}{name}食堂", "甲街道光明里二号食堂", ("甲街道", "光明里二号")),
        ("示范点：{name}", "示范点：光明里", ("", "光明里")),
    ],
)
def test_names_follow_the_plans_pattern(
    desk: Desk, pattern: str, name: str, parts: tuple[str, str]
) -> None:
    other = desk.plan.model_copy(update={"project_name": pattern, "street_endings": ("街道",)})
    assert parts_reader(other)(name) == parts
    assert other.name_of(dict(zip(("street", "community"), parts, strict=True))) == name


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("幸福院", "使各项目同名"),
        ("{community}{name}幸福院", "只能用一个"),
        ("{village}幸福院", "占位符有误"),
    ],
)
def test_a_pattern_that_cannot_be_is_told(tmp_path: Path, pattern: str, says: str) -> None:
    text = TOWNS.replace('"{name}幸福院"', f'"{pattern}"')
    with pytest.raises(PolicyError, match=says):
        load_plan(written(tmp_path / "c-2024", text))


def test_named_sites_without_what_names_are_made_of_are_told(tmp_path: Path) -> None:
    sites = "sites:\n  - {city: 东镇, name: 光明里}\n  - {city: 西乡, community: 乙村}\nstages:"
    with pytest.raises(PolicyError, match="缺少“name”"):
        load_plan(written(tmp_path / "d-2024", TOWNS.replace("stages:", sites)))


# --- what the levels are called ------------------------------------------------------------------

OTHER = LevelWords(lead="市", middle="县", base="镇", bases="镇（街道）")
"""Of a city's programme: its counties, and the towns below them."""


@pytest.mark.parametrize(
    ("levels", "said", "told"),
    [
        (LevelWords(), "市、县的事项；省级补助", "市、县的事项；省级补助"),
        (OTHER, "市、县的事项；省级补助，各县（市、区）", "县、镇的事项；市级补助，各镇（街道）"),
        (OTHER, "市县配套到位", "县镇配套到位"),
        (
            LevelWords(lead="县", middle="乡镇", base="乡镇"),
            "市、县的，市县配套",
            "乡镇的，乡镇配套",
        ),
    ],
)
def test_levels_are_called_as_the_plan_calls_them(levels: LevelWords, said: str, told: str) -> None:
    assert levels.said(said) == told


def test_forms_and_lists_of_towns_name_no_city_and_no_county(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, "东镇", "甲村", "乙村")
    day = date(2024, 4, 8)
    enforce(desk, day, morning(day))
    for kind in (Listing.PROJECTS, Listing.OVERDUE, Form.SUMMARY):
        path = export_workbook(desk, WorkbookOrder(kind, "东镇"), tmp_path, day)
        cells = [cell for sheet in load_workbook(path) for row in sheet for cell in row]
        heads = {"".join(str(cell.value).split()) for cell in cells if cell.value is not None}
        assert any(head.startswith("村（社区）") for head in heads), kind
        assert not any("全省" in head for head in heads)
        assert not heads & {"市", "县（市、区）", "区（县、市）名称"}, kind
        assert {"乡镇"} <= heads or kind is Form.SUMMARY
    assert board_table(desk.plan, survey(desk, day).board, day).columns[0].title == "乡镇"


def test_mails_and_the_desk_name_none_either(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, "东镇", "甲村", "乙村")
    phone = "000-0000-0188"
    know(desk, Post("示例县民政局", "示例·王某", "科长", phone))
    there = pinned(desk, business_date=date(2024, 4, 8))
    browser = at(there)
    link = link_of(knock(browser, there, phone))
    browser.get(link)
    browser.follow(browser.post(link))
    for path in ("/board", "/board?city=东镇", "/projects"):
        page = browser.get(path).text
        assert not re.search("各市|县（市、区）|>市<|省级", page), path
    assert "各乡镇项目和事项" in browser.get("/board").text


def test_money_is_called_by_the_levels_it_comes_from() -> None:
    """Of a programme of 市, 县 and 镇: 市级补助 is the lead's, 县级配套 the middle's."""
    other = plan().model_copy(update={"levels": OTHER, "digest": "1" * 64})
    columns = {column.key: column for column in ledger_columns(other)}
    assert columns["source"].choices == ("市级补助", "县级配套", "镇级配套", "其他资金")
    assert columns["holder"].choices == ("县财政", "镇财政", "项目单位")
    read = word_reader(Source, OTHER)
    assert [read(words) for words in ("市级补助", "县配套", "镇级配套")] == [
        *(Source.PROVINCE, Source.CITY, Source.COUNTY)
    ]
    heads = [column.heading for column in report_columns(other)]
    assert "市补到位\n（万元）" in heads
    assert "县镇配套\n到位\n（万元）" in heads
    assert [column.heading for column in in_words(plan(), columns.values())][:2] == [
        *("序号", "镇（街道）")
    ]


def shifted() -> Plan:
    """Shanxi's under words that are its own of another level: what is said twice is said wrong."""
    return plan().model_copy(update={"levels": OTHER, "digest": "2" * 64})


def test_what_is_laid_out_is_put_into_words_once() -> None:
    told = shifted()
    table = funds_table("", [])
    assert [column.title for column in in_plan_words(told, table).columns][:2] == [
        *("县", "镇（街道）")
    ]
    leaves = worded(
        told, funds_leaves(told, table, city_funds_table("", [], total("合计", [])), ("市",), "")
    )
    assert [leaf.sheet for leaf in leaves] == ["资金一览", "各县资金", "各县补助"]
    listed = visit_leaves(told, "安排", (), (), (("甲县", 1),), "")
    assert isinstance(listed[1], TableSheet)
    assert (listed[1].sheet, listed[1].title) == ("各县安排", "安排（各县）")
    assert [column.heading for column in listed[1].columns][1] == "县"
    shot = Snapshot("2023-06", date(2023, 6, 30), (), (), ())
    scores = evaluation_leaves(told, evaluate(told, shot, shot.as_of))
    assert [leaf.sheet for leaf in scores] == ["县排名", "县得分明细", "镇得分", "评分标准"]


def test_prompts_of_forms_are_put_into_words_once_however_often_they_are_brought_up() -> None:
    asked = {"title": "市", "description": "致哪个市。", "properties": {"title": {"title": "省"}}}
    once = with_choices(asked, {}, OTHER)
    assert (once["title"], once["description"]) == ("县", "致哪个县。")
    assert once["properties"]["title"]["title"] == "市"
    assert with_choices(once, {}, OTHER) == once
    back = with_choices(once, {})
    assert back == asked


def test_a_body_that_is_no_bureau_is_named_by_its_place_in_any_words(desk: Desk) -> None:
    told = shifted()
    bodies = {
        "finance": Body(name="县财政局", bound=False, reached_at=Level.CITY),
        "below": Body(name="镇（街道）财政所", bound=False, reached_at=Level.COUNTY),
    }
    there = Desk(
        desk.settings, told.model_copy(update={"bodies": bodies}), desk.calendar, desk.engine
    )
    at_place = Place("甲县", "乙镇")
    assert responsible(there, "finance", at_place) == "甲县财政局"
    assert responsible(there, "below", at_place) == "甲县乙镇财政所"


# --- tables of places ----------------------------------------------------------------------------

TABLE = """code_standard: GB/T 2260
cities:
  - {code: "620200", name: 嘉峪关市, type: 地级市, counties: []}
  - code: "620900"
    name: 酒泉市
    counties:
      - {code: "620902", name: 肃州区, type: 市辖区}
      - {code: "620921", name: 金塔县, type: 县}
"""
HEAD, TAIL = TOWNS[: TOWNS.index("cities:")], TOWNS[TOWNS.index("stages:") :]
IN_GANSU = HEAD.replace("[镇, 乡, 县级市]", "[市辖区, 县, 地级市]")


def sharing(folder: Path, table: str, name: str = "a-2024", cities: str = "") -> Path:
    """A plan that has its places from a table beside the plans."""
    (folder / "divisions").mkdir(parents=True, exist_ok=True)
    (folder / "divisions" / "northwest.yaml").write_text(table, encoding="utf-8")
    cities = cities or "cities: [{name: 嘉峪关市}, {name: 酒泉市, quota: 2}]\n"
    return written(folder / name, f"{IN_GANSU}divisions: northwest\n{cities}{TAIL}")


def test_several_plans_share_a_table_of_places(tmp_path: Path) -> None:
    one = load_plan(sharing(tmp_path, TABLE))
    two = load_plan(sharing(tmp_path, TABLE, "b-2024", "cities: [{name: 酒泉市}]\n"))
    assert one.cities[1].counties == two.cities[0].counties
    assert [county.code for county in one.cities[1].counties] == ["620902", "620921"]
    assert one.undivided == ("嘉峪关市",)
    assert one.cities[1].quota == 2
    assert one.code_standard == two.code_standard == "GB/T 2260"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"620902"', '"620902001"', "肃州区的代码620902001不是六位"),
        ('"620902"', '"620802"', "代码620802不属于酒泉市"),
        ('"620921"', '"620900"', "代码620900不属于酒泉市"),
        ("6209", "6609", "没有以66开头的省级代码"),
        ('"620900"', '"620901"', "酒泉市的代码620901末两位应为00"),
        ("GB/T 2260", "GB/T 2261", "code_standard"),
        ("name: 金塔县", "nam: 金塔县", "northwest"),
    ],
)
def test_a_table_that_claims_the_standard_is_held_to_it(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(PolicyError, match=says):
        load_plan(sharing(tmp_path, TABLE.replace(old, new)))


def test_a_table_that_claims_nothing_may_have_other_codes(tmp_path: Path) -> None:
    plain = TABLE.replace("code_standard: GB/T 2260\n", "").replace('"620902"', '"620900001"')
    assert load_plan(sharing(tmp_path, plain)).code_standard is None


def test_a_table_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = sharing(tmp_path, TABLE)
    text = path.read_text(encoding="utf-8").replace("divisions: northwest", "divisions: nortwest")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"plan\.yaml:\d+: .*“nortwest”.*northwest"):
        load_plan(path)


def test_the_shipped_plan_of_a_province_holds_to_the_standard() -> None:
    shipped = plan().model_copy(update={"code_standard": "GB/T 2260"})
    assert list(standard(shipped)) == []


def test_a_level_between_the_lead_and_the_cities_is_added_up() -> None:
    """Of four levels, 国省市县, the second: of its cities, quotas only where all are stated."""
    of = {"太原市": "甲片", "大同市": "甲片", "朔州市": "乙片"}
    cities = [city.model_copy(update={"region": of.get(city.name)}) for city in plan().cities]
    cities[2] = cities[2].model_copy(update={"quota": None})
    board = [CityBoard(city.name, city.places, n, (n, 0), 0, n, 1) for n, city in enumerate(cities)]
    stages = plan().stages[:2]
    other = plan().model_copy(update={"cities": tuple(cities), "stages": stages})
    table = board_table(other, board, date(2023, 6, 1))
    assert [row[:3] for row in table.rows[len(board) :]] == [
        ("甲片小计", 20, 1),
        ("乙片小计", None, 2),
    ]
    assert table.total is not None
    assert table.total[:3] == ("合计", 100, sum(range(11)))
    assert len(table.subjects) == len(table.rows)
    without = plan().model_copy(update={"stages": stages})
    assert len(board_table(without, board, date(2023, 6, 1)).rows) == len(board)


def test_the_bulletin_of_a_programme_of_towns_names_no_city(desk: Desk, tmp_path: Path) -> None:
    codes = brought(desk, tmp_path, "东镇", "甲村", "乙村")
    told = desk.plan.model_copy(update={"bulletin": plan().bulletin})
    for day in (date(2024, 3, 29), date(2024, 4, 30)):
        with desk.reading() as session:
            paper = bulletin(told, (snapshot(session, desk, f"{day:%Y-%m}", day),))
        words = "\n".join([paper.title, paper.addressee, *paper.words])
        assert not re.search("各市|有关市|本市|个市|部分市|县（市、区）|省级|全省|市县", words), (
            words
        )
    assert paper.addressee == "各乡镇人民政府"
    assert "请有关乡镇督促责任单位尽快" in words
    assert codes


def test_the_quarterly_letter_to_a_town_names_no_city(desk: Desk, tmp_path: Path) -> None:
    brought(desk, tmp_path, "东镇", "甲村", "乙村")
    told = desk.plan.model_copy(update={"feedback": plan().feedback})
    shots = []
    for day in (date(2024, 3, 29), date(2024, 4, 30), date(2024, 5, 31), date(2024, 6, 28)):
        with desk.reading() as session:
            shots.append(snapshot(session, desk, f"{day:%Y-%m}", day))
    paper = feedback(told, "东镇", shots)
    words = "\n".join([paper.title, paper.addressee, *paper.words])
    assert "贵乡镇" in words
    assert not re.search("贵市|有关市|县（市、区）|省级|全省", words), words
    assert paper.addressee == "东镇人民政府"


def test_results_of_acceptance_name_none(desk: Desk) -> None:
    told = desk.plan.model_copy(update={"cross_acceptance": plan().cross_acceptance})
    for paper in (
        to_bureaus(told, (), date(2024, 6, 3)),
        to_government(told, "东镇", (), date(2024, 6, 3)),
    ):
        words = "\n".join([paper.title, paper.addressee, *paper.words])
        assert not re.search("贵市|各市|有关市|县（市、区）|省级|全省", words), words

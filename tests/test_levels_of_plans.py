"""Levels and places of other plans: two levels, a city below which nothing lies, free names."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from common.errors import PolicyError, RefusedError
from documents.forms.application_fields import parts_reader
from documents.forms.summary import SummaryRow, pages
from documents.writing.layout import save
from models.database import open_engine, writing
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import check_trail, install
from operations.views.overview import deadline_views, projects
from operations.views.project_record import project_record, project_text
from operations.workbooks.intake import import_workbook
from policy.load import load_plan
from policy.vocabulary import Level, Standing
from states.authority import actor_of
from tests.conftest import AT
from tests.support.builders import calendar
from tests.support.province import morning
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
    with pytest.raises(PolicyError, match=r"plan\.yaml:17: .*缺少“type”"):
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

"""Who may: against a table that an official can read, for every act and every office."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.schema import RECORDED
from policy.vocabulary import Holder, Level, SubjectKind
from states import authority
from states.authority import Matter, actor_of, bar, entitled, may
from states.contacts import Place
from tests.support.builders import plan
from tests.support.written import read_yaml

TABLE = read_yaml(Path(__file__).parent / "cases" / "authority.yaml")
PROJECT, NAMESAKE = Place("阳泉市", "城区"), Place("晋城市", "城区")
SITES = (PROJECT, NAMESAKE, Place("太原市", "小店区"))
CITIES = (Place("阳泉市"), Place("太原市"))
PROVINCE = Place()
KINDS = {
    "本县民政局": "{city}{county}民政局",
    "本县财政局": "{city}{county}财政局",
    "本市民政局": "{city}民政局",
    "本市财政局": "{city}财政局",
    "本市人民政府": "{city}人民政府",
    "省民政厅": "山西省民政厅",
    "省财政厅": "山西省财政厅",
}


def offices() -> Iterator[str]:
    """Every bureau, finance department and government of the province, by hand."""
    for kind in ("民政厅", "财政厅", "人民政府"):
        yield f"山西省{kind}"
    for city in plan().cities:
        for kind in ("民政局", "财政局", "人民政府"):
            yield f"{city.name}{kind}"
            yield from (f"{city.name}{county.name}{kind}" for county in city.counties)


OFFICES = tuple(offices())


def acts() -> Iterator[tuple[str, Matter, frozenset[str]]]:
    """Every line of the table: what it is called, its matter, and the kinds of office that may."""
    labels = {
        "动作": {item.label: item.id for item in plan().actions},
        "节点": {item.label: item.id for item in plan().milestones},
        "留痕": {item.label: item.id for item in plan().evidence},
        "任务": {item.id: item.id for item in plan().timed_rules},
    }
    others = {
        "延期": authority.extension(plan()),
        "评审意见": authority.opinion(plan()),
        "月报": authority.progress(plan()),
        "更正导入": authority.imported(plan()),
        "填报": authority.profile(plan()),
        "方案变更": authority.upkeep(plan(), "方案变更"),
    }
    holders = {holder.label: authority.booking(plan(), holder) for holder in Holder}
    for row in TABLE:
        kinds = frozenset(row["可办"])
        for group, ids in labels.items():
            for label in row.get(group, ()):
                found = authority.matter(plan(), ids[label])
                assert found is not None
                yield f"{group} {label}", found, kinds
        for group, matters in (("其他", others), ("资金", holders)):
            for label in row.get(group, ()):
                yield f"{group} {label}", matters[label], kinds


ACTS = {name: (matter, kinds) for name, matter, kinds in acts()}


def test_the_table_has_every_act_of_the_plan() -> None:
    known = {f"动作 {item.label}" for item in plan().actions}
    by_ledger = {item.id for item in plan().milestones if item.ledger and not item.beside_chain}
    assert by_ledger == {"city_received", "city_passed_on", "county_received", "county_passed_on"}
    known |= {f"节点 {item.label}" for item in plan().milestones if item.beside_chain}
    known |= {f"留痕 {item.label}" for item in plan().evidence}
    recorded = {
        rule.id
        for rule in plan().timed_rules
        for kind in (SubjectKind.CITY, SubjectKind.PROVINCE)
        if RECORDED in rule.fulfilled_by.get(kind, ())
    }
    known |= {f"任务 {id}" for id in recorded}
    known |= {f"资金 {holder.label}" for holder in Holder}
    assert {name for name in ACTS if not name.startswith("其他")} == known
    assert len(list(acts())) == len(ACTS), "named twice"


@pytest.mark.parametrize("name", ACTS)
def test_an_office_may_what_the_table_says_and_nothing_else(name: str) -> None:
    matter, kinds = ACTS[name]
    places = (*SITES, *CITIES, PROVINCE) if name[:2] in ("留痕", "任务", "其他") else SITES
    for place in places:
        right = {KINDS[kind].format(city=place.city, county=place.county) for kind in kinds}
        may_ = {office for office in OFFICES if may(plan(), matter, place, office)}
        assert may_ == right & set(OFFICES), (name, place)
        assert {seat.name for seat in entitled(plan(), matter, place)} == may_


def test_a_county_does_not_release_the_provinces_money() -> None:
    found = authority.matter(plan(), "release_funds")
    assert found is not None
    said = bar(plan(), found, Place("太原市", "小店区"), "太原市小店区民政局 张某")
    assert said is not None
    assert "太原市小店区民政局不能办理“下达资金”" in said
    assert "由山西省财政厅办理（五(四)）" in said
    assert "如“山西省财政厅 张某”" in said


def test_free_text_is_refused_with_the_offices_that_may() -> None:
    found = authority.matter(plan(), "operator_confirmed")
    assert found is not None
    said = bar(plan(), found, Place("太原市", "小店区"), "bar")
    assert said is not None
    assert "“bar”不是本方案的单位" in said
    assert "由太原市小店区民政局、太原市民政局、山西省民政厅办理（六(二)）" in said
    assert said.endswith("如“太原市小店区民政局 张某”")
    blank = bar(plan(), found, Place("太原市", "小店区"), " ")
    assert blank is not None
    assert blank.startswith("请注明经办人")


@pytest.mark.parametrize(
    ("words", "office", "person"),
    [
        ("山西省民政厅 养老服务处 张某", "山西省民政厅", "张某"),
        ("山西省民政厅养老服务处张某", "山西省民政厅", "张某"),
        ("山西省民政厅养老服务处 李四", "山西省民政厅", "李四"),
        ("山西省民政厅养老服务处", "山西省民政厅", ""),
        ("山西省民政厅社会组织管理处张某", "山西省民政厅", "张某"),
        ("山西省财政厅教科文处张某", "山西省财政厅", "张某"),
        ("山西省财政厅科技处张某", "山西省财政厅", "张某"),
        ("省民政厅 张某", "山西省民政厅", "张某"),
        ("省财政厅", "山西省财政厅", ""),
        ("太原市民政局王某", "太原市民政局", "王某"),
        ("太原市民政局分管领导 王某", "太原市民政局", "王某"),
        (" 太原市小店区民政局 示例·科长 ", "太原市小店区民政局", "示例·科长"),
        ("阳泉市城区民政局办公室 欧阳某某", "阳泉市城区民政局", "欧阳某某"),
        ("太原市小店区财政局", "太原市小店区财政局", ""),
        ("太原市民政局 养老服务科 张处长", "太原市民政局", "张处长"),
        ("太原市民政局 张科", "太原市民政局", ""),
        ("太原市民政局 老年人服务科 王某 李四", "太原市民政局", "李四"),
    ],
)
def test_an_actor_is_an_office_and_perhaps_a_person(words: str, office: str, person: str) -> None:
    found = actor_of(plan(), words)
    assert found is not None
    assert (found.seat.name, found.person) == (office, person)


@pytest.mark.parametrize(
    "words",
    [
        *("", " ", "bar", "张某", "系统管理员", "本机用户 root", "小店区民政局", "民政局"),
        *("太原市", "山西省", "山西省民政厅康养有限公司", "北京市民政局 张某"),
        *("市民政局 张某", "县民政局", "县财政局 李四"),
    ],
)
def test_what_begins_with_no_office_of_the_plan_is_nobody(words: str) -> None:
    assert actor_of(plan(), words) is None


@given(st.sampled_from(OFFICES), st.sampled_from(["", "养老服务处", " 社会事务科"]))
def test_every_office_is_known_by_its_own_name(office: str, department: str) -> None:
    found = actor_of(plan(), f"{office}{department} 示例·王某")
    assert found is not None
    assert (found.seat.name, found.person) == (office, "示例·王某")


@given(st.sampled_from(list(ACTS)), st.sampled_from(OFFICES), st.sampled_from(SITES))
def test_who_may_not_is_told_who_may(name: str, office: str, place: Place) -> None:
    matter, _ = ACTS[name]
    said = bar(plan(), matter, place, office)
    assert (said is None) == may(plan(), matter, place, office)
    if said is not None:
        assert all(seat.name in said for seat in entitled(plan(), matter, place))


def test_without_sections_of_its_own_a_plan_leaves_matters_to_their_level() -> None:
    bare = plan().model_copy(update={"authority": None, "review": None, "report": None})
    found = {
        "city's money": authority.booking(bare, Holder.CITY),
        "county's money": authority.booking(bare, Holder.COUNTY),
        "opinion": authority.opinion(bare),
        "progress": authority.progress(bare),
        "profile": authority.profile(bare),
        "imported": authority.imported(bare),
        "extension": authority.extension(bare),
        "upkeep": authority.upkeep(bare, "方案变更"),
    }
    assert {name: matter.bodies for name, matter in found.items()} == {
        "city's money": ("city",),
        "county's money": ("county",),
        "opinion": ("province",),
        "progress": ("city",),
        "profile": ("county",),
        "imported": ("city",),
        "extension": ("province",),
        "upkeep": ("province",),
    }
    assert found["upkeep"].clause == plan().ladder.clause
    assert found["city's money"].clause == "七(二)"


@pytest.mark.parametrize(
    ("turn", "bodies"),
    [("", ["city"]), ("county_finance", ["city", "county_finance", "county"])],
)
def test_who_is_reminded_may_say_when_it_will_be_met(turn: str, bodies: list[str]) -> None:
    """D01 is the city's; whose turn it is, and the bureau of its level, may too."""
    found = authority.acknowledgement(plan(), "D01", turn)
    assert found is not None
    assert [*found.bodies] == bodies
    assert authority.acknowledgement(plan(), "D99") is None


def test_a_region_is_there_for_its_cities_alone() -> None:
    first, second, *_ = plan().cities
    cities = (first.model_copy(update={"region": "东片"}), second)
    offices = {**plan().offices, Level.REGION: "{region}民政专员办"}
    held = plan().model_copy(
        update={"cities": cities, "offices": offices, "digest": "1" * 64, "authority": None}
    )
    asked = Matter("事项", "一", ("region",))
    assert may(held, asked, Place(first.name), "东片民政专员办 张某")
    assert not may(held, asked, Place(second.name), "东片民政专员办 张某")
    assert [seat.name for seat in entitled(held, asked, Place(second.name))] == ["山西省民政厅"]


def test_of_a_milestone_it_is_whose_action_dates_it_or_whose_record_it_is() -> None:
    for name, bodies in (
        ("determined", ("province",)),
        ("operator_confirmed", ("county",)),
        ("city_received", plan().authority.holders[Holder.CITY]),  # type: ignore[union-attr]  # it has
    ):
        found = authority.matter(plan(), name)
        assert found is not None
        assert found.bodies == bodies, name
    assert authority.matter(plan(), "nowhere") is None


def test_the_offices_that_decide_are_told_for_a_place() -> None:
    action = plan().action("release_funds")
    assert authority.deciders(plan(), action, PROJECT) == ("山西省财政厅",)

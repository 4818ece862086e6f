"""What a plan answers of itself: places, offices, rules by id, against the notice of 2023."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policy.cities import City, County, ProjectKind
from policy.clauses import Clause
from policy.fields import FieldNeed
from policy.load import HOME, load_plan
from policy.schema import SINGLE, Plan
from policy.vocabulary import Form, Level, Listing, Source
from tests.support.builders import plan

PLANS = Path(__file__).parent / "plans"

CITY = City(
    code="140100",
    name="太原市",
    quota={"new": 2, "old": 3},
    unserved=(),
    counties=(
        County(code="140105", name="小店区", type="市辖区"),
        County(code="140121", name="清徐县", type="县"),
    ),
)


@pytest.mark.parametrize(
    ("quota", "kind", "places", "in_all"),
    [
        (9, None, 9, 9),
        (9, "new", 9, 9),
        (0, None, 0, 0),
        (None, None, None, None),
        ({"new": 2, "old": 3}, "old", 3, 5),
        ({"new": 2, "old": 3}, None, None, 5),
        ({"new": 2, "old": 3}, "other", None, 5),
    ],
)
def test_a_quota_is_one_number_or_one_for_each_kind(
    quota: int | dict[str, int] | None, kind: str | None, places: int | None, in_all: int | None
) -> None:
    city = CITY.model_copy(update={"quota": quota})
    assert (city.quota_of(kind), city.places) == (places, in_all)


def test_a_county_is_found_by_name_within_its_city() -> None:
    found = CITY.county("清徐县")
    assert found is not None
    assert found.code == "140121"
    assert CITY.county("平城区") is None


def test_cities_and_rules_are_found_by_id() -> None:
    city = plan().city("大同市")
    assert city is not None
    assert city.code == "140200"
    assert plan().city("北京市") is None
    assert plan().stage("review").id == "review"
    assert plan().action("determine").id == "determine"
    assert plan().milestone("accepted").id == "accepted"
    with pytest.raises(KeyError, match="nowhere"):
        plan().stage("nowhere")


def test_offices_are_the_province_then_each_city_its_leader_and_its_counties() -> None:
    """11 cities and 117 counties in the table of divisions."""
    small = plan().model_copy(update={"cities": (CITY,)})
    assert [(told.level, told.city, told.county, told.name) for told in small.every_office()] == [
        (Level.PROVINCE, "", "", "山西省民政厅"),
        (Level.CITY, "太原市", "", "太原市民政局"),
        (Level.CITY_LEADER, "太原市", "", "太原市民政局分管领导"),
        (Level.COUNTY, "太原市", "小店区", "太原市小店区民政局"),
        (Level.COUNTY, "太原市", "清徐县", "太原市清徐县民政局"),
    ]
    assert len(list(plan().every_office())) == 1 + 11 + 11 + 117


def test_only_what_neither_measures_nor_names_is_judged() -> None:
    judged = {item.id: item.judged for item in plan().checklist}
    assert not any(judged[name] for name in ("area", "beds", "functions", "acceptors"))
    assert any(judged.values())
    item = plan().checklist[0]
    assert item.model_copy(update={"measures": None, "people": False}).judged
    assert not item.model_copy(update={"measures": None, "people": True}).judged
    assert not item.model_copy(update={"measures": "area", "people": False}).judged


@pytest.mark.parametrize(
    ("milestone", "recorder"),
    [
        ("site_confirmed", "confirm_site"),
        ("work_started", "break_ground"),
        ("determined", None),  # by the province
        ("city_funds_in_place", None),  # by no action
    ],
)
def test_the_recorder_is_the_action_of_a_county_or_city(
    milestone: str, recorder: str | None
) -> None:
    found = plan().recorder(milestone)
    assert (found.id if found else None) == recorder


def test_a_milestone_that_is_dated_anew_has_a_recorder_too() -> None:
    action = plan().action("break_ground")
    anew = action.model_copy(update={"records": (), "redates": ("begun",)})
    small = plan().model_copy(update={"actions": (anew,)})
    assert small.recorder("begun") is anew
    unknown = anew.model_copy(update={"responsible": "nobody"})
    assert plan().model_copy(update={"actions": (unknown,)}).recorder("begun") is None


def test_every_rule_of_the_plan_has_a_path_of_its_own_that_leads_to_it() -> None:
    told = list(plan().rules())
    assert len({path for path, _ in told}) == len(told)
    for path, rule in told:
        found: object = plan()
        for part in path.split("."):
            found = found[int(part)] if isinstance(found, tuple) else getattr(found, part)
        assert found is rule
    rooms = {path.partition(".")[0] for path, _ in told}
    assert rooms == {
        *("quota", "stages", "milestones", "actions", "requirements", "checklist", "evidence"),
        *("plausible", "deadlines", "duties", "subsidies", "ladder", "office_hours"),
        *SINGLE,
    }
    paths = {path for path, _ in told}
    assert {"inspection.visits", "inspection.items.0", "cross_acceptance.visits"} <= paths


def test_a_plan_may_lack_sections() -> None:
    lacking = plan().model_copy(update=dict.fromkeys(SINGLE))
    assert not {path for path, _ in lacking.rules()} & set(SINGLE)


def test_orders_of_a_plan() -> None:
    assert plan().stage_order == tuple(stage.id for stage in plan().stages)
    assert plan().timed_rules == (*plan().deadlines, *plan().duties)
    report = plan().report
    assert report is not None
    bare = report.model_copy(update={"started": "a", "further": ("b", "c")})
    assert bare.milestones == ("a", "b", "c")


def test_a_plan_is_known_by_its_id_and_digest() -> None:
    def known(**changes: str) -> int:
        return hash(plan().model_copy(update=changes))

    assert known() == hash(plan())
    assert len({known(), known(id="other"), known(digest="0" * 64)}) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [("quota", -1), ("code", "14010"), ("code", "1401051"), ("name", " ")],
)
def test_a_city_that_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field):
        City.model_validate({**CITY.model_dump(), field: value})


def test_kinds_have_an_id_and_a_label() -> None:
    with pytest.raises(ValueError, match="id"):
        ProjectKind(id="大", label="大型")


@pytest.mark.parametrize(
    ("pays", "fits"), [("0", False), ("0.01", True), ("1", True), ("1.01", False)]
)
def test_an_action_pays_a_share_of_the_subsidy(pays: str, *, fits: bool) -> None:
    action = plan().action("determine").model_dump(by_alias=True)
    try:
        found = type(plan().action("determine")).model_validate({**action, "pays": Decimal(pays)})
    except ValueError:
        assert not fits
    else:
        assert fits
        assert found.pays == Decimal(pays)


@cache
def funded() -> Plan:
    """A plan whose subsidy is made up of two funds."""
    return load_plan(PLANS / "funds-2025" / "plan.yaml")


@cache
def of_a_county() -> Plan:
    """A plan of a county, whose towns do what cities do."""
    return load_plan(HOME / "plans" / "xianyou-2024" / "plan.yaml")


@pytest.mark.parametrize(
    ("pattern", "parts", "freely", "name"),
    [
        ("{street}{community}站", ("street", "community"), False, "甲街道乙社区站"),
        ("{community}站", ("community",), False, "乙社区站"),
        ("{street}站", ("street",), False, "甲街道站"),
        ("{name}站", ("community",), True, "乙社区站"),
        ("{street}{name}站", ("street", "community"), True, "甲街道乙社区站"),
    ],
)
def test_a_project_is_named_by_its_street_its_community_or_both(
    pattern: str, parts: tuple[str, ...], *, freely: bool, name: str
) -> None:
    named = plan().model_copy(update={"project_name": pattern})
    assert (named.name_parts, named.named_freely) == (parts, freely)
    whole = {"street": "甲街道", "community": "乙社区"}
    assert named.name_of(whole) == name
    assert named.name_of(whole, "{community}") == "乙社区"
    for part in whole:
        assert (named.name_of({**whole, part: None}) is None) is (part in parts)
    assert named.label_of("community") == ("名称" if freely else plan().field["community"].label)


def test_fields_are_called_as_the_plan_or_the_core_calls_them() -> None:
    assert plan().label_of("beds") == plan().field["beds"].label
    assert plan().model_copy(update={"fields": ()}).label_of("community") == "社区"
    assert plan().label_of("nowhere") == "nowhere"


@pytest.mark.parametrize(
    ("least", "most", "says"),
    [
        (None, None, []),
        ("30", None, ["低于30人"]),
        (None, "60", ["高于60人"]),
        ("30.0", "60", ["不在30人至60人之间"]),
        ("0", "60", ["不在0人至60人之间"]),
    ],
)
def test_a_field_that_is_needed_is_a_condition_and_its_bounds_another(
    least: str | None, most: str | None, says: list[str]
) -> None:
    field = plan().field["beds"]
    need = FieldNeed.model_validate(
        {**plan().stages[0].model_dump(include={*Clause.model_fields})}
        | {"before": ("determine",), "least": least, "most": most}
    )
    asked = field.model_copy(update={"needed": need, "measured_in": "人", "label": "床位"})
    small = plan().model_copy(update={"fields": (asked,), "requirements": ()})
    assert [each.says for each in small.conditions] == [
        "没有填写床位",
        *(f"床位{each}" for each in says),
    ]
    assert all(each.before == ("determine",) for each in small.conditions)
    free = small.model_copy(update={"fields": (asked.model_copy(update={"needed": None}),)})
    assert free.conditions == ()


@pytest.mark.parametrize(
    ("quotas", "goal", "total"),
    [
        ((2, 3), 9, 5),
        ((2, None), 9, None),
        ((0, 0), None, 0),
        (({"new": 2, "old": 9}, {"new": 1}), None, 3),
        (({"new": 2}, {"new": 1}), {"new": 7}, 7),
        (({"new": 2}, {"new": 1}), {"old": 7}, None),
    ],
)
def test_the_total_of_a_kind_is_the_notices_or_that_of_all_cities(
    quotas: tuple[Any, ...], goal: Any, total: int | None
) -> None:
    cities = tuple(CITY.model_copy(update={"quota": quota}) for quota in quotas)
    quota = plan().quota.model_copy(update={"goal": goal})
    assert plan().model_copy(update={"cities": cities, "quota": quota}).total_of("new") == total


@pytest.mark.parametrize(
    ("first", "last", "said", "years"),
    [
        (2023, None, "2023年", [2023]),
        (2023, date(2023, 6, 30), "2023年", [2023]),
        (2024, date(2025, 12, 31), "2024—2025年", [2024, 2025]),
        (2024, date(2026, 1, 1), "2024—2026年", [2024, 2025, 2026]),
    ],
)
def test_works_last_from_the_year_of_the_plan_to_their_last_day(
    first: int, last: date | None, said: str, years: list[int]
) -> None:
    named = {"year": first, "ends_on": last, "name": f"{said}提速工程"}
    held = plan().model_copy(update=named)
    assert (held.years_said, list(held.years), held.programme) == (said, years, "提速工程")
    assert held.last_day == (last or date(first, 12, 31))


def test_a_report_is_of_a_month() -> None:
    assert plan().report_of("2023-06") == "D10-06"
    assert plan().report_of("2023-02") is None
    assert plan().bulletin_months[0] == "2023-03"
    bare = plan().model_copy(update={"report": None, "bulletin": None})
    assert (bare.report_of("2023-06"), bare.bulletin_months, bare.report_clause) == (None, (), "")


def test_what_a_plan_has_a_use_for_is_what_its_chain_asks_for() -> None:
    assert set(plan().workbooks) == {*Listing, *Form}
    used = {*of_a_county().workbooks}
    assert used == {*Listing, Form.SUMMARY, Form.LEDGER, Form.ANSWER, Form.CONTACTS}
    unpaid = [action.model_copy(update={"pays": None}) for action in plan().actions]
    held = plan().model_copy(update={"actions": tuple(unpaid), "report": None, "review": None})
    assert not held.pays
    assert {*Listing, *Form} - {*held.workbooks} == {
        *(Listing.FUNDS, Form.LEDGER, Form.REPORT, Form.OPINIONS)
    }


def test_forms_bear_the_annex_that_prints_them() -> None:
    assert plan().form_name(Form.APPLICATION) == "项目申报表（附件2）"
    assert plan().form_name(Form.LEDGER) == Form.LEDGER.label
    assert plan().form_name(Listing.FUNDS) == Listing.FUNDS.label
    assert plan().titled(Form.SUMMARY, "汇总表") == "附件3 汇总表"
    assert plan().titled(Form.LEDGER, "台账") == "台账"
    assert plan().form_clause(Form.SUMMARY) == "附件3"
    assert plan().form_clause(Form.LEDGER) == plan().quota.clause


def test_purses_are_the_sources_or_the_several_funds_of_the_subsidy() -> None:
    own = [Source.CITY, Source.COUNTY, Source.OTHER]
    assert list(plan().purses) == [Source.PROVINCE, *own]
    assert list(funded().purses) == ["budget", "lottery", *own]
    assert funded().purse_name("lottery") == "福彩公益金"
    assert funded().purse_name(Source.CITY) == "市级配套"
    assert of_a_county().purse_name(Source.CITY) == "乡镇级配套"
    assert funded().purse_name("elsewhere") == "elsewhere"
    assert funded().source_of("lottery") == (Source.PROVINCE, "lottery")
    assert funded().source_of("city") == (Source.CITY, "")


def test_clauses_of_money_are_those_of_its_fund() -> None:
    """By the notice of 2023: 五(四) has the subsidy released, 七(一) says how much it is."""
    assert (plan().release_clause(), plan().subsidy_clauses()) == ("五(四)", "七(一)")
    assert (plan().release_clause("lottery"), plan().subsidy_clauses("lottery")) == ("", "")
    first, *others = plan().subsidies
    twice = (first, first, first.model_copy(update={"clause": "九"}), *others)
    assert plan().model_copy(update={"subsidies": twice}).subsidy_clauses() == "七(一)；九"
    funds = ("", "budget", "lottery")
    told = tuple(first.model_copy(update={"fund": name, "clause": name or "八"}) for name in funds)
    release = plan().action("release_funds")
    paid = tuple(
        release.model_copy(update={"fund": name, "clause": name or "八"}) for name in funds[::-1]
    )
    several = plan().model_copy(update={"subsidies": told, "actions": paid})
    for name in funds:
        assert several.subsidy_clauses(name) == several.release_clause(name) == (name or "八")
    unpaid = tuple(action.model_copy(update={"pays": None}) for action in paid)
    assert several.model_copy(update={"actions": unpaid}).release_clause() == ""
    assert plan().acceptance_clause == "五(八)"
    assert (plan().money_clause, plan().report_clause) == ("七(二)", "五(五)")
    assert (of_a_county().money_clause, of_a_county().acceptance_clause) == ("", "")
    assert plan().clause_of("siting_figures") == "三(一)"
    assert plan().clause_of("nowhere") == ""


def test_offices_are_called_by_the_words_of_the_plans_levels() -> None:
    assert plan().level_name(Level.PROVINCE) == plan().head_bureau == "省民政厅"
    assert plan().level_name(Level.COUNTY) == "县民政局"
    assert plan().county_bureaus == "县（市、区）民政局"
    assert (plan().city_bureau, plan().trade, plan().upper) == ("市民政局", "民政", "省级")
    assert (of_a_county().head_bureau, of_a_county().upper) == ("县民政局", "县级")
    unnamed = plan().model_copy(update={"bodies": {}})
    assert (unnamed.head_bureau, unnamed.county_bureaus) == ("山西省民政厅", "县民政局")
    assert (plan().everywhere, of_a_county().everywhere) == ("全省", "")


def test_a_body_is_named_for_a_place() -> None:
    assert plan().body_name("city", "太原市") == "太原市民政局"
    assert plan().body_name("county", "太原市", "小店区") == "太原市小店区民政局"
    assert plan().body_name("county", "太原市") == "太原市民政局"  # where nothing lies below it
    assert plan().body_name("city_finance", "太原市") == "太原市财政局"
    bodies = {
        **plan().bodies,
        "city_finance": plan().bodies["city_finance"].model_copy(update={"office": None}),
    }
    unnamed = plan().model_copy(update={"bodies": bodies})
    assert unnamed.body_name("city_finance", "太原市") == plan().bodies["city_finance"].name


def test_finance_offices_keep_the_money_and_may_be_told_by_name() -> None:
    finance = {"provincial_finance", "city_finance", "county_finance"}
    assert {*plan().treasuries} == finance
    assert plan().model_copy(update={"authority": None}).treasuries == ()
    held = plan().authority
    assert held is not None
    governments = ("county_government", "city_government", "provincial_government")
    third = held.model_copy(update={"lines": (*held.lines, governments)})
    assert {*plan().model_copy(update={"authority": third}).treasuries} == finance
    small = plan().model_copy(update={"cities": (CITY,)})
    added = [office.name for office in small.contact_offices()][5:]
    assert sorted(added) == sorted(
        ["山西省财政厅", "太原市财政局", "太原市小店区财政局", "太原市清徐县财政局"]
    )
    assert small.contact_office["太原市财政局"].body == "city_finance"
    assert plan().sealed_by("太原市") == ("太原市民政局", "太原市财政局")
    assert of_a_county().sealed_by("菜溪乡") == ("菜溪乡人民政府",)


def test_regions_lie_between_the_lead_and_the_cities() -> None:
    cities = [
        CITY.model_copy(update={"name": name, "region": region})
        for name, region in (("甲市", "东片"), ("乙市", "西片"), ("丙市", "东片"), ("丁市", None))
    ]
    offices = {**plan().offices, Level.REGION: "{region}民政专员办"}
    held = plan().model_copy(update={"cities": tuple(cities), "offices": offices})
    assert (held.regions, held.upper) == (("东片", "西片"), "省级、片区")
    assert held.cities_in("东片") == ("甲市", "丙市")
    assert [held.region_of(name) for name in ("乙市", "丁市", "戊市")] == ["西片", "", ""]
    assert held.level_name(Level.REGION) == "片区民政专员办"
    of_regions = [each.name for each in held.every_office() if each.level is Level.REGION]
    assert of_regions == ["东片民政专员办", "西片民政专员办"]
    assert held.body_name("region", region="东片") == "东片民政专员办"
    assert plan().model_copy(update={"cities": tuple(cities)}).regions == ()


def test_nothing_is_dated_before_the_notice() -> None:
    notice = plan().notice
    assert notice.too_early(notice.issued_on) == ""
    assert "2023年1月15日" in notice.too_early(date(2023, 1, 15))


def test_a_city_below_which_nothing_lies_has_no_counties_offices() -> None:
    itself = County(code="140100", name="", type="市")
    alone = CITY.model_copy(update={"counties": (itself,)})
    assert alone.undivided
    assert not CITY.undivided
    assert not CITY.model_copy(update={"counties": (itself, CITY.counties[0])}).undivided
    small = plan().model_copy(update={"cities": (alone, CITY)})
    assert small.undivided == ("太原市",)
    assert len(list(small.every_office())) == 1 + 2 + 2 + 2

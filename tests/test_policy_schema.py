"""What a plan answers of itself: places, offices, rules by id, against the notice of 2023."""

from decimal import Decimal

import pytest

from policy.schema import SINGLE, City, County, ProjectKind
from policy.vocabulary import Level
from tests.support.builders import plan

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

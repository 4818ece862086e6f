"""What a later version of a plan calls otherwise: told by name, by code, or by what it says."""

from typing import Any

import pytest

from policy.renaming import SAME_NAMES, NameChanges, by_present_names, renaming
from policy.schema import Plan
from tests.support.builders import plan
from tests.test_policy_validate import found, put

XINZHOU = next(n for n, city in enumerate(plan().cities) if city.name == "忻州市")
CITY, COUNTY = f"cities.{XINZHOU}", f"cities.{XINZHOU}.counties.0"
FIRST = plan().cities[XINZHOU].counties[0]


def changed(changes: dict[str, Any]) -> Plan:
    other = plan()
    for path, value in changes.items():
        other = put(other, path, value)
    return other


def test_a_plan_that_says_the_same_renames_nothing() -> None:
    assert renaming(plan(), plan()) == SAME_NAMES
    assert not SAME_NAMES.any
    assert by_present_names(plan(), plan()) is plan()


def test_a_city_is_known_by_its_code() -> None:
    names = renaming(plan(), changed({f"{CITY}.name": "秀容市"}))
    assert names.subjects == {"忻州市": "秀容市"}
    counties = plan().cities[XINZHOU].counties
    assert names.counties == {("忻州市", c.name): ("秀容市", c.name) for c in counties}
    assert names.offices == {
        "忻州市民政局": "秀容市民政局",
        **{f"忻州市{c.name}民政局": f"秀容市{c.name}民政局" for c in counties},
        **{
            o.name: o.name.replace("忻州市", "秀容市")
            for o in plan().contact_offices()
            if (o.level == "city_leader" or o.body) and o.city == "忻州市"
        },
    }
    assert names.codes == {}
    assert names.lines[0] == "忻州市 → 秀容市"
    assert len(names.lines) == 1 + len(names.offices), "its counties keep their names"
    assert names.person("忻州市民政局 张三") == "秀容市民政局 张三"
    assert names.person("太原市民政局 李四") == "太原市民政局 李四"


def test_a_county_with_another_name_and_code_says_what_it_was() -> None:
    new = {f"{COUNTY}.name": "新府区", f"{COUNTY}.code": "140999"}
    names = renaming(plan(), changed({**new, f"{COUNTY}.renamed_from": FIRST.name}))
    assert names.counties == {("忻州市", FIRST.name): ("忻州市", "新府区")}
    assert names.codes == {FIRST.code: "140999"}
    assert names.lines[0] == f"忻州市{FIRST.name} → 忻州市新府区"
    assert renaming(plan(), changed(new)).counties == {}, "nothing tells that it is the same"


def test_codes_put_right_rename_nobody() -> None:
    """Two codes that were mixed up: each place keeps its name, and is itself."""
    second = plan().cities[XINZHOU].counties[1]
    mixed = {f"{COUNTY}.code": second.code, f"cities.{XINZHOU}.counties.1.code": FIRST.code}
    names = renaming(changed(mixed), plan())
    assert (names.subjects, names.counties, names.offices) == ({}, {}, {})
    assert names.codes == {FIRST.code: second.code, second.code: FIRST.code}


def test_what_was_said_once_may_stay() -> None:
    """`renamed_from` of an earlier change renames nothing again."""
    first = changed({f"{CITY}.name": "秀容市", f"{CITY}.renamed_from": "忻州市"})
    assert renaming(plan(), first).subjects == {"忻州市": "秀容市"}
    assert renaming(first, put(first, f"{CITY}.quota", 12)) == SAME_NAMES


def test_offices_may_be_called_otherwise_where_places_are_not() -> None:
    names = renaming(plan(), changed({"offices.province": "山西省民政和人社厅"}))
    assert names.offices == {"山西省民政厅": "山西省民政和人社厅"}
    assert names.lines == ("山西省民政厅 → 山西省民政和人社厅",)


def test_an_earlier_version_reads_under_present_names() -> None:
    now = changed({f"{CITY}.name": "秀容市", f"{CITY}.quota": 12, f"{COUNTY}.name": "新府区"})
    then = by_present_names(plan(), now)
    city = then.city("秀容市")
    assert city is not None
    assert then.city("忻州市") is None
    assert city.quota == plan().cities[XINZHOU].quota
    assert [county.name for county in city.counties][:1] == ["新府区"]
    assert ("新府区" in city.unserved) == (FIRST.name in plan().cities[XINZHOU].unserved)
    assert {o.name for o in then.every_office()} == {o.name for o in now.every_office()}
    assert renaming(then, now).subjects == {}


@pytest.mark.parametrize(
    ("path", "said", "loc"),
    [
        (f"{CITY}.renamed_from", "太原市", "cities"),
        (f"{CITY}.renamed_from", "忻州市", "cities"),
        (f"{COUNTY}.renamed_from", "定襄县", f"{CITY}.counties"),
    ],
)
def test_a_present_name_is_no_former_one(path: str, said: str, loc: str) -> None:
    assert found({path: said}) == [(loc, f"“{said}”仍是现有的名称，不能又是原名称（renamed_from）")]


def test_two_places_have_not_had_one_name() -> None:
    twice = {f"{CITY}.renamed_from": "旧称市", "cities.0.renamed_from": "旧称市"}
    assert found(twice) == [("cities", "“旧称市”出现了2次，应当唯一")]


@pytest.mark.parametrize(
    "changes",
    [
        NameChanges(subjects={"甲市": "乙市"}),
        NameChanges(counties={("甲市", "东区"): ("甲市", "西区")}),
        NameChanges(offices={"甲局": "乙局"}),
        NameChanges(codes={"140100": "140900"}),
    ],
)
def test_one_change_is_enough(changes: NameChanges) -> None:
    assert changes.any


def test_a_place_that_is_gone_is_not_the_one_that_has_its_code_now() -> None:
    kept, gone = plan().cities[XINZHOU].counties[1:3]
    counties = (kept.model_copy(update={"code": gone.code}),)
    names = renaming(plan(), changed({f"{CITY}.counties": counties, f"{CITY}.unserved": ()}))
    assert names.counties == {}
    assert names.codes == {kept.code: gone.code}

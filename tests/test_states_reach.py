"""What of the programme is whose to see: places by hand, for every kind of office."""

import pytest

from states.authority import matter
from states.contacts import Place
from states.reach import Visitor, visitor
from tests.support.builders import plan

WHOLE, CITY, COUNTY = Place(), Place("太原市"), Place("太原市", "小店区")
NEXT, FAR = Place("太原市", "迎泽区"), Place("大同市", "平城区")
ALL = (WHOLE, CITY, COUNTY, NEXT, FAR)


def who(*held: str, also: tuple[str, ...] = ()) -> Visitor:
    return visitor(plan(), "p1", "示例·张某", held, also)


@pytest.mark.parametrize(
    ("office", "seen", "money"),
    [
        ("山西省民政厅", ALL, ALL),
        ("太原市民政局", (CITY, COUNTY, NEXT), (CITY, COUNTY, NEXT)),
        ("太原市小店区民政局", (COUNTY,), (COUNTY,)),
        ("山西省财政厅", (), ALL),
        ("太原市财政局", (), (CITY, COUNTY, NEXT)),
        ("太原市小店区财政局", (), (COUNTY,)),
        ("无此单位", (), ()),
    ],
)
def test_each_office_sees_its_own_and_finance_the_money_alone(
    office: str, seen: tuple[Place, ...], money: tuple[Place, ...]
) -> None:
    reach = who(office).reach
    assert tuple(place for place in ALL if reach.covers(place)) == seen
    assert tuple(place for place in ALL if reach.touches(place)) == money
    assert reach.is_whole == (seen == ALL)
    assert reach.cities == (("太原市",) if seen and seen[0] == CITY else ())


def test_whom_one_stands_in_for_is_seen_and_not_acted_for() -> None:
    found = who("太原市小店区民政局", also=("大同市民政局", "山西省财政厅"))
    assert found.reach.covers(FAR)
    assert not found.reach.covers(NEXT)
    assert found.reach.touches(NEXT)
    assert found.offices == ("太原市小店区民政局",)
    assert not found.is_provincial
    assert who("太原市民政局", "山西省民政厅").is_provincial


def test_an_act_is_taken_in_the_name_of_the_first_office_that_may() -> None:
    act = matter(plan(), "determine")
    found = who("太原市小店区民政局", "山西省民政厅")
    assert found.entitled(plan(), act, COUNTY) == "山西省民政厅 示例·张某"
    assert who("太原市小店区民政局").entitled(plan(), act, COUNTY) == ""
    assert found.entitled(plan(), None, COUNTY) == ""


@pytest.mark.parametrize(
    ("office", "own", "of_money"),
    [("太原市民政局", True, True), ("太原市财政局", False, True), ("大同市民政局", False, False)],
)
def test_finance_offices_see_the_deadlines_that_wait_for_money(
    office: str, *, own: bool, of_money: bool
) -> None:
    reach = who(office).reach
    assert (reach.sees(CITY, of_money=False), reach.sees(CITY, of_money=True)) == (own, of_money)

"""Who is told: people, divisions, substitutes, and the level above where nobody is there."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.duties import InspectorRole
from policy.vocabulary import ChannelKind, Level, RecipientReason
from states.contacts import (
    Directory,
    Place,
    Post,
    Recipient,
    acceptors_of,
    has_role,
    kind_of,
)
from tests.support.builders import plan

TIERS = COUNTY, CITY, LEADER, PROVINCE = plan().tiers
XIAODIAN, QINGXU = Place("太原市", "小店区"), Place("太原市", "清徐县")
TAIYUAN, DATONG, NOWHERE = Place("太原市"), Place("大同市"), Place()
FIRST, LAST = date(2023, 5, 29), date(2023, 6, 9)
DAY = timedelta(days=1)
OFFICE = {
    COUNTY: "太原市小店区民政局",
    CITY: "太原市民政局",
    LEADER: "太原市民政局分管领导",
    PROVINCE: "山西省民政厅",
}


def told(
    posts: list[Post], level: Level, place: Place, day: date = FIRST
) -> dict[str, RecipientReason]:
    """Who hears of it and why; nobody twice."""
    found = Directory(plan(), posts).told(level, place, day)
    people = {one.person: one.because for one in found}
    assert len(people) == len(found)
    return people


@pytest.mark.parametrize("level", list(TIERS))
def test_everyone_at_the_office_is_told(level: Level) -> None:
    office = OFFICE[level]
    posts = [Post(office, "张某"), Post(office, "李某"), Post("大同市民政局", "王某")]
    expected = {f"{office} 张某": RecipientReason.POST, f"{office} 李某": RecipientReason.POST}
    assert told(posts, level, XIAODIAN) == expected


def test_cities_are_shared_at_the_province_and_counties_in_a_city() -> None:
    province, city = OFFICE[PROVINCE], OFFICE[CITY]
    posts = [
        Post(province, "张某", divisions=("太原市", "朔州市")),
        Post(province, "李某", divisions=("大同市",)),
        Post(city, "王某", divisions=("小店区",)),
        Post(city, "赵某"),
    ]
    assert list(told(posts, PROVINCE, XIAODIAN)) == [f"{province} 张某"]
    assert list(told(posts, PROVINCE, DATONG)) == [f"{province} 李某"]
    assert list(told(posts, PROVINCE, NOWHERE)) == [f"{province} 张某", f"{province} 李某"]
    assert list(told(posts, CITY, XIAODIAN)) == [f"{city} 王某", f"{city} 赵某"]
    assert list(told(posts, CITY, QINGXU)) == [f"{city} 赵某"]
    assert list(told(posts, CITY, TAIYUAN)) == [f"{city} 王某", f"{city} 赵某"]


@pytest.mark.parametrize(
    ("day", "who", "because"),
    [
        (FIRST - DAY, "张某", RecipientReason.POST),
        (FIRST, "李某", RecipientReason.SUBSTITUTE),
        (LAST, "李某", RecipientReason.SUBSTITUTE),
        (LAST + DAY, "张某", RecipientReason.POST),
    ],
)
def test_a_substitute_stands_in_from_the_first_to_the_last_day(
    day: date, who: str, because: RecipientReason
) -> None:
    office = OFFICE[CITY]
    away = Post(office, "张某", substitute="李某", away_from=FIRST, away_to=LAST)
    posts = [away, Post(office, "李某", divisions=("清徐县",))]
    assert told(posts, CITY, XIAODIAN, day) == {f"{office} {who}": because}


def test_a_substitute_elsewhere_without_dates_and_one_of_a_substitute() -> None:
    city, leader = OFFICE[CITY], OFFICE[LEADER]
    posts = [
        Post(city, "张某", substitute=f"{leader} 张某"),
        Post(leader, "张某", substitute="李某", away_to=FIRST),
        Post(leader, "李某"),
    ]
    assert told(posts, CITY, TAIYUAN) == {f"{leader} 李某": RecipientReason.SUBSTITUTE}
    assert told(posts, CITY, TAIYUAN, LAST) == {f"{leader} 张某": RecipientReason.SUBSTITUTE}


def test_a_circle_or_a_stranger_leaves_it_with_the_person() -> None:
    office = OFFICE[CITY]
    circle = [
        Post(office, "张某", substitute="李某"),
        Post(office, "李某", substitute="王某", divisions=("清徐县",)),
        Post(office, "王某", substitute="张某", divisions=("清徐县",)),
    ]
    assert told(circle, CITY, XIAODIAN) == {f"{office} 张某": RecipientReason.POST}
    stranger = [Post(office, "张某", substitute="孙某")]
    assert told(stranger, CITY, XIAODIAN) == {f"{office} 张某": RecipientReason.POST}


def test_who_stands_in_for_a_colleague_is_told_once() -> None:
    office = OFFICE[CITY]
    posts = [Post(office, "张某", substitute="李某"), Post(office, "李某")]
    assert set(told(posts, CITY, XIAODIAN)) == {f"{office} 李某"}


def test_where_nobody_is_there_the_level_above_is_told_level_by_level() -> None:
    posts = [Post(OFFICE[level], "张某") for level in TIERS]
    for gone in range(4):
        found = told(posts[gone:], COUNTY, XIAODIAN)
        because = RecipientReason.VACANT if gone else RecipientReason.POST
        assert found == {f"{OFFICE[list(TIERS)[gone]]} 张某": because}


def test_a_place_in_nobodys_divisions_goes_up_too() -> None:
    posts = [Post(OFFICE[CITY], "张某", divisions=("小店区",)), Post(OFFICE[LEADER], "李某")]
    assert told(posts, CITY, QINGXU) == {f"{OFFICE[LEADER]} 李某": RecipientReason.VACANT}


@pytest.mark.parametrize("level", list(TIERS))
def test_where_nobody_at_all_is_known_it_is_the_offices_own(level: Level) -> None:
    assert told([Post("大同市民政局", "张某")], level, XIAODIAN) == {
        OFFICE[level]: RecipientReason.POST
    }


def test_the_same_name_and_phone_is_one_person_with_two_posts() -> None:
    one, other = OFFICE[CITY], OFFICE[COUNTY]
    posts = [Post(one, "张某", phone="1"), Post(other, "张某", phone="1")]
    assert list(told(posts, COUNTY, XIAODIAN)) == [f"{one} 张某"]
    assert Directory(plan(), posts).people == {f"{one} 张某": tuple(posts)}
    namesakes = [replace(posts[0], phone=""), replace(posts[1], phone="")]
    assert list(told(namesakes, COUNTY, XIAODIAN)) == [f"{other} 张某"]
    assert len(Directory(plan(), namesakes).people) == 2


# --- for any contacts whatever --------------------------------------------------------------------

NAMES = ("张某", "李某", "王某")
OFFICES = tuple(office for office in plan().every_office() if office.city in ("", "太原市"))
SUBSTITUTES = ("", *NAMES, *(f"{office.name} {name}" for office in OFFICES[:4] for name in NAMES))
DAYS = st.sampled_from([None, FIRST, LAST])
POSTS = st.lists(
    st.builds(
        Post,
        office=st.sampled_from([office.name for office in OFFICES[:6]]),
        name=st.sampled_from(NAMES),
        phone=st.sampled_from(["", "1"]),
        divisions=st.sampled_from([(), ("小店区",), ("太原市",), ("清徐县", "大同市")]),
        substitute=st.sampled_from(SUBSTITUTES),
        away_from=DAYS,
        away_to=DAYS,
    ),
    max_size=8,
    unique_by=lambda post: (post.office, post.name),
)
PLACES = st.sampled_from([XIAODIAN, QINGXU, TAIYUAN, DATONG, NOWHERE])


@settings(deadline=None, max_examples=300)
@given(POSTS, st.sampled_from(list(TIERS)), PLACES, st.sampled_from([FIRST, LAST + DAY]))
def test_somebody_known_is_always_told_and_nobody_twice(
    posts: list[Post], level: Level, place: Place, day: date
) -> None:
    directory = Directory(plan(), posts)
    found = directory.told(level, place, day)
    people = [one.person for one in found]
    assert people
    assert len(set(people)) == len(people)
    looked_after = _looked_after(posts, level, place)
    if looked_after:
        assert set(people) <= set(directory.people)
        present = [post for post in looked_after if not post.is_away(day)]
        assert {directory.key(post) for post in present} <= set(people)
    else:
        assert found == (
            Recipient(plan().office(level, place.city, place.county), RecipientReason.POST),
        )


def _looked_after(posts: list[Post], level: Level, place: Place) -> list[Post]:
    """The posts of the nearest office, from `level` up, of which somebody looks after the place."""
    for rank in list(TIERS)[list(TIERS).index(level) :]:
        office = plan().office(rank, place.city, place.county)
        named = place.city if rank is PROVINCE else place.county
        there = [post for post in posts if post.office == office]
        found = [post for post in there if not post.divisions or named in ("", *post.divisions)]
        if found:
            return found
    return []


def test_a_post_is_covered_by_its_holder_or_by_whoever_stands_in_and_is_reached() -> None:
    office = OFFICE[CITY]
    away = Post(office, "张某", substitute="李某", away_from=FIRST, away_to=LAST)
    other, alone = Post(office, "李某"), Post(office, "王某")
    posts = [away, other, alone]
    assert all(Directory(plan(), posts).is_covered(post, FIRST) for post in posts)
    missed = Directory(plan(), posts, unreached=[other, alone])
    assert [missed.is_covered(post, FIRST) for post in posts] == [False, False, False]
    assert [missed.is_covered(post, LAST + DAY) for post in posts] == [True, False, False]
    assert [missed.is_reached(post) for post in posts] == [True, False, False]


def test_who_stands_in_acts_for_the_colleague_on_those_days_alone() -> None:
    office, leader = OFFICE[CITY], OFFICE[LEADER]
    posts = [
        Post(leader, "张某", substitute=f"{office} 李某", away_from=FIRST, away_to=LAST),
        Post(office, "李某"),
        Post(office, "王某"),
    ]
    held = Directory(plan(), posts)
    assert held.acting_for(f"{office} 李某", FIRST - DAY) == (office,)
    assert held.acting_for(f"{office} 李某", FIRST) == (office, leader)
    assert held.acting_for(f"{office} 王某", FIRST) == (office,)
    assert held.acting_for("无此人", FIRST) == ()
    assert held.offices == {office, leader}
    assert [post.name for post in held.at(office)] == ["李某", "王某"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (None, ChannelKind.FOLDER),
        ("", ChannelKind.FOLDER),
        ("folder://outbox", ChannelKind.FOLDER),
        ("mailtos://user:secret@mz.example.cn", ChannelKind.MAIL),
        (" WeComBot://key", ChannelKind.WECOM),
        ("jsons://mz.example.cn/hook", ChannelKind.WEBHOOK),
        ("pigeon://loft", None),
        ("张某", None),
    ],
)
def test_an_address_begins_with_its_channel(address: str | None, kind: ChannelKind | None) -> None:
    assert kind_of(address) is kind


@pytest.mark.parametrize(
    ("titles", "role", "has"),
    [
        ((), "", True),
        ((), "科员", True),
        (("科长",), "科长", True),
        (("科长",), "养老服务科科长", True),
        (("科长",), "副科长", False),
        (("科长",), "养老服务科副科长", False),
        (("科长",), "科长助理", False),
        (("科长",), "", False),
        (("科长",), "副科长、科长", True),
        (("科长",), "办公室主任兼科长", True),
        (("科长", "处长"), "社会事务处处长", True),
        (("处长",), "科长 处长", True),
    ],
)
def test_a_role_is_had_by_one_of_its_titles_and_not_by_the_deputys(
    titles: tuple[str, ...], role: str, *, has: bool
) -> None:
    asked = InspectorRole(label="科室负责人", level=Level.CITY, titles=titles)
    assert has_role(asked, Post("太原市民政局", "张某", role)) is has


def test_whoever_has_a_role_at_a_citys_bureau_may_accept() -> None:
    """And at none but a bureau that is known; where nobody has one, nobody may."""
    rule = plan().cross_acceptance
    assert rule is not None
    heads = InspectorRole(label="科室负责人", level=Level.CITY, titles=("科长",))
    asked = plan().model_copy(
        update={"cross_acceptance": rule.model_copy(update={"roles": (heads,)})}
    )
    posts = [
        Post("某某局", "钱某", "科长"),
        Post("太原市小店区民政局", "孙某", "科长"),
        Post("太原市民政局", "", "科长"),
        Post("太原市民政局", "李某", "科长"),
        Post("太原市民政局", "周某", "科员"),
        Post("太原市民政局分管领导", "吴某", "科长"),
        Post("大同市民政局", "郑某", "科员"),
    ]
    assert acceptors_of(asked, posts) == {
        "太原市民政局": frozenset({"李某"}),
        "大同市民政局": frozenset(),
    }
    bare = plan().model_copy(update={"cross_acceptance": None})
    assert acceptors_of(bare, posts[3:4]) == {"太原市民政局": frozenset()}

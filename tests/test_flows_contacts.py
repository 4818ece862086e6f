"""Contacts on both databases: kept whole, changed one by one, and never shown in clear."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.forms.contacts import contacts_page, read_contacts
from documents.reading.grid import open_book
from documents.writing.layout import save
from models.contacts import posts
from models.database import reading, writing
from models.secrets import masked
from models.settings import Settings
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.upkeep.setup import change_key, check_trail
from operations.views.contact_gaps import Gap, gaps
from operations.workbooks.directory import (
    ContactChange,
    clear_substitute,
    list_contacts,
    remove_contact,
    set_contact,
    set_substitute,
)
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, Level
from states.contacts import SEALED, Post
from tests.conftest import AT
from tests.support.builders import plan
from tests.support.province import END

pytestmark = pytest.mark.heavy

CANARY = "c4n4ry"
CITY, LEADER, COUNTY = "太原市民政局", "太原市民政局分管领导", "太原市小店区民政局"
PROVINCE, OTHER = "山西省民政厅", "大同市民政局"
MAIL, CHAT = f"mailtos://u:{CANARY}@smtp.example.com?to=a@b.cn", f"wecombot://{CANARY}"
ZHANG = Post(CITY, "示例·张某", "科长", "000-0000-0001", ("小店区",), (MAIL, CHAT))
LI = Post(OTHER, "示例·李某", "科长", "000-0000-0002")
FIRST, LAST = date(2023, 5, 29), date(2023, 6, 9)
JUNE = date(2023, 6, 1)
ONE = "XF2023-140105-01"


def take(desk: Desk, tmp_path: Path, *stated: Post) -> tuple[int, int, int]:
    """Import a workbook with these people: how many are new, changed, as they were."""
    path = tmp_path / "通讯录.xlsx"
    save(path, [contacts_page(stated)])
    return import_contacts(desk, path)


def import_contacts(desk: Desk, path: Path) -> tuple[int, int, int]:
    done = import_workbook(desk, path, today=JUNE, at=AT).taken
    return done.added, done.changed, done.unchanged


def stored(desk: Desk) -> set[Post]:
    """What is stored, in clear."""
    with reading(desk.engine) as session:
        return set(posts(session, desk.plan))


def shown(post: Post) -> Post:
    return replace(post, channels=tuple(map(masked, post.channels)))


def test_a_workbook_replaces_the_offices_it_names(desk: Desk, tmp_path: Path) -> None:
    assert take(desk, tmp_path, ZHANG, LI) == (2, 0, 0)
    assert take(desk, tmp_path, ZHANG, LI) == (0, 0, 2)
    new = replace(ZHANG, name="示例·王某", phone="", channels=())
    assert take(desk, tmp_path, new, replace(LI, role="处长")) == (1, 1, 0)
    assert stored(desk) == {new, replace(LI, role="处长")}
    assert take(desk, tmp_path, ZHANG) == (1, 0, 0)
    assert stored(desk) == {ZHANG, replace(LI, role="处长")}


def test_what_is_exported_is_imported_as_it_was(desk: Desk, tmp_path: Path) -> None:
    away = replace(LI, substitute=f"{CITY} 示例·张某", away_from=FIRST, away_to=LAST)
    take(desk, tmp_path, ZHANG, away)
    path = tmp_path / "导出.xlsx"
    export_workbook(desk, WorkbookOrder(Form.CONTACTS), path, JUNE, force=True)
    assert CANARY.encode() not in path.read_bytes()
    exported = {post for _, post in read_contacts(open_book(path), desk.plan)}
    assert exported == {shown(ZHANG), away}
    assert import_contacts(desk, path) == (0, 0, 2)
    assert stored(desk) == {ZHANG, away}


def test_masked_addresses_keep_the_stored_ones_in_the_order_stated(
    desk: Desk, tmp_path: Path
) -> None:
    take(desk, tmp_path, ZHANG)
    stated = ("folder://", masked(CHAT), masked(MAIL))
    take(desk, tmp_path, replace(ZHANG, channels=stated))
    assert stored(desk) == {replace(ZHANG, channels=("folder://", CHAT, MAIL))}
    take(desk, tmp_path, replace(ZHANG, channels=(masked(MAIL),)))
    assert stored(desk) == {replace(ZHANG, channels=(MAIL,))}


@pytest.mark.parametrize(
    "stated",
    [
        replace(ZHANG, channels=("mailtos://***@other.example.com",)),
        replace(ZHANG, name="示例·王某", channels=(masked(MAIL),)),
        replace(ZHANG, channels=(masked(CHAT), masked(CHAT) + "?")),
        Post(COUNTY, ZHANG.name, phone=ZHANG.phone, channels=(masked(MAIL),)),
    ],
)
def test_a_mask_of_nothing_stored_is_a_fault(
    sqlite_desk: Desk, tmp_path: Path, stated: Post
) -> None:
    take(sqlite_desk, tmp_path, ZHANG)
    with pytest.raises(RefusedError, match=r"通讯录.xlsx：.*“\*\*\*”") as caught:
        take(sqlite_desk, tmp_path, stated, LI)
    assert stated.name in str(caught.value)
    assert CANARY not in str(caught.value)
    assert stored(sqlite_desk) == {ZHANG}


def test_addresses_that_look_alike_are_kept_together_or_not_at_all(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    both = replace(ZHANG, channels=(CHAT, f"{CHAT}2"))
    take(sqlite_desk, tmp_path, both)
    set_contact(sqlite_desk, ContactChange(CITY, ZHANG.name, channels=[masked(CHAT)] * 2))
    assert stored(sqlite_desk) == {both}
    with pytest.raises(RefusedError, match="与已保存的不一致"):
        set_contact(sqlite_desk, ContactChange(CITY, ZHANG.name, channels=[masked(CHAT)]))
    assert stored(sqlite_desk) == {both}


def test_a_substitute_may_be_stored_already_but_must_be_somewhere(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    away = replace(ZHANG, substitute=f"{OTHER} {LI.name}")
    with pytest.raises(RefusedError, match="代理人“大同市民政局 示例·李某”不在通讯录中"):
        take(sqlite_desk, tmp_path, away)
    assert stored(sqlite_desk) == set()
    take(sqlite_desk, tmp_path, LI)
    take(sqlite_desk, tmp_path, away)
    with pytest.raises(RefusedError, match=f"{CITY} {ZHANG.name}的代理人"):
        take(sqlite_desk, tmp_path, replace(LI, name="示例·王某"))
    assert stored(sqlite_desk) == {away, LI}


def test_a_persons_other_posts_follow_newly_stated_channels(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    second = Post(COUNTY, ZHANG.name, phone=ZHANG.phone, channels=ZHANG.channels)
    third = Post(OTHER, ZHANG.name, phone=ZHANG.phone)
    take(sqlite_desk, tmp_path, ZHANG, second, third)
    take(sqlite_desk, tmp_path, replace(ZHANG, channels=(CHAT,)))
    chat = {replace(ZHANG, channels=(CHAT,)), replace(second, channels=(CHAT,)), third}
    assert stored(sqlite_desk) == chat
    set_contact(sqlite_desk, ContactChange(COUNTY, ZHANG.name, channels=["folder://"]))
    assert {post.channels for post in stored(sqlite_desk)} == {("folder://",), ()}


def test_nobody_becomes_the_same_person_with_other_channels(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    namesake = Post(OTHER, ZHANG.name, channels=("folder://",))
    take(sqlite_desk, tmp_path, ZHANG, namesake)
    with pytest.raises(RefusedError, match="是同一人"):
        set_contact(sqlite_desk, ContactChange(OTHER, ZHANG.name, phone=ZHANG.phone))
    assert stored(sqlite_desk) == {ZHANG, namesake}


def test_what_is_not_stated_stays(desk: Desk, tmp_path: Path) -> None:
    take(desk, tmp_path, ZHANG)
    done = set_contact(desk, ContactChange(" 太原市民政局", "示例·张 某", role="处 长"))
    assert done == shown(replace(ZHANG, role="处 长"))
    set_contact(desk, ContactChange(CITY, ZHANG.name, phone="1", divisions=["清徐县、古交市"]))
    expected = replace(ZHANG, role="处 长", phone="1", divisions=("清徐县", "古交市"))
    assert stored(desk) == {expected}
    set_contact(desk, ContactChange(CITY, ZHANG.name, "", "", [""], [""]))
    assert stored(desk) == {Post(CITY, ZHANG.name)}


def test_a_new_person_is_added(sqlite_desk: Desk, tmp_path: Path) -> None:
    take(sqlite_desk, tmp_path, ZHANG)
    done = set_contact(sqlite_desk, ContactChange(CITY, "示例·王某", channels=[CHAT, "folder://"]))
    assert done.channels == ("wecombot://***", "folder://***")
    assert stored(sqlite_desk) == {ZHANG, Post(CITY, "示例·王某", channels=(CHAT, "folder://"))}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ContactChange("太原市民政厅", "示例·张某"), "是否为太原市民政局"),
        (ContactChange(CITY, " "), "未填写姓名"),
        (ContactChange(CITY, "示例·张某", divisions=["平遥县"]), "不是太原市的县"),
        (ContactChange(PROVINCE, "示例·张某", divisions=["小店区"]), "不是本省的市"),
        (ContactChange(COUNTY, "示例·张某", divisions=["小店区"]), "请留空"),
        (ContactChange(CITY, "示例·张某", channels=[f"sms://{CANARY}"]), "通知方式须以"),
        (ContactChange(CITY, "示例·张某", phone="1.39E+10"), "科学计数"),
    ],
)
def test_what_cannot_be_is_refused(sqlite_desk: Desk, change: ContactChange, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        set_contact(sqlite_desk, change)
    assert CANARY not in str(caught.value)
    assert stored(sqlite_desk) == set()


def test_substitutes_with_their_dates(desk: Desk, tmp_path: Path) -> None:
    take(desk, tmp_path, ZHANG, LI)
    by = f"{OTHER}{LI.name}"
    done = set_substitute(desk, CITY, ZHANG.name, by, FIRST, LAST)
    away = replace(ZHANG, substitute=f"{OTHER} {LI.name}", away_from=FIRST, away_to=LAST)
    assert done == shown(away)
    assert stored(desk) == {away, LI}
    with pytest.raises(RefusedError, match=f"{CITY} {ZHANG.name}的代理人"):
        remove_contact(desk, OTHER, LI.name)
    clear_substitute(desk, CITY, ZHANG.name)
    assert stored(desk) == {ZHANG, LI}
    assert remove_contact(desk, OTHER, LI.name) == 0
    assert stored(desk) == {ZHANG}


@pytest.mark.parametrize(
    ("name", "by", "start", "end", "words"),
    [
        ("示例·张某", "示例·孙某", None, None, "“示例·孙某”不在通讯录中"),
        ("示例·张某", "示例·张某", None, None, "不能是本人"),
        ("示例·张某", f"{CITY} 示例·张某", None, None, "不能是本人"),
        ("示例·张某", f"{OTHER} 示例·李某", LAST, FIRST, "早于代理开始日期2023-06-09"),
        ("示例·张某", OTHER, None, None, "只有单位"),
        ("示例·张某", " ", None, None, "未指明代理人"),
        ("示例·章某", f"{OTHER} 示例·李某", None, None, "没有联系人“示例·章某”，是否为示例·张某"),
    ],
)
def test_a_substitute_that_cannot_be_is_refused(
    sqlite_desk: Desk,
    tmp_path: Path,
    name: str,
    by: str,
    start: date | None,
    end: date | None,
    words: str,
) -> None:
    take(sqlite_desk, tmp_path, ZHANG, LI)
    with pytest.raises(RefusedError, match=words):
        set_substitute(sqlite_desk, CITY, name, by, start, end)
    assert stored(sqlite_desk) == {ZHANG, LI}


def test_the_list_is_masked_and_in_the_plans_order(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk, boss = Post(PROVINCE, "示例·赵某"), Post(LEADER, "示例·王某")
    take(sqlite_desk, tmp_path, LI, ZHANG, boss, desk)
    assert list_contacts(sqlite_desk) == (desk, shown(ZHANG), boss, LI)
    assert list_contacts(sqlite_desk, LEADER) == (boss,)
    with pytest.raises(RefusedError, match="是否为太原市民政局"):
        list_contacts(sqlite_desk, "太原市民政厅")


def test_a_person_who_is_not_there_is_not_removed(sqlite_desk: Desk, tmp_path: Path) -> None:
    take(sqlite_desk, tmp_path, ZHANG)
    with pytest.raises(RefusedError, match=f"{OTHER}没有联系人“示例·张某”"):
        remove_contact(sqlite_desk, OTHER, ZHANG.name)
    assert stored(sqlite_desk) == {ZHANG}


def test_the_database_file_holds_no_address(sqlite_desk: Desk, tmp_path: Path) -> None:
    take(sqlite_desk, tmp_path, ZHANG)
    set_contact(sqlite_desk, ContactChange(OTHER, LI.name, channels=[MAIL]))
    sqlite_desk.engine.dispose()
    files = list(sqlite_desk.settings.home.glob("xingfu.db*"))
    assert ZHANG.name.encode() in b"".join(file.read_bytes() for file in files)
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == []


KEEPER = "山西省民政厅 示例·系统管理员"


def test_after_a_lost_key_the_contacts_can_be_imported_again(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    take(sqlite_desk, tmp_path, ZHANG, LI)
    key = SecretStr(Fernet.generate_key().decode())
    settings = Settings(home=sqlite_desk.settings.home, secret_key=key)
    desk = Desk(settings, sqlite_desk.plan, sqlite_desk.calendar, sqlite_desk.engine)
    with pytest.raises(RefusedError, match=r"不是本系统的密钥.*原密钥"):
        list_contacts(desk)
    with pytest.raises(RefusedError, match=r"不是本系统的密钥.*audit rekey"):
        take(desk, tmp_path, ZHANG)
    change_key(desk, KEEPER, "密钥随服务器损坏，无法恢复", today=JUNE, at=AT)
    assert {post.channels for post in list_contacts(desk)} == {(), (f"{SEALED}***",)}
    assert take(desk, tmp_path, replace(LI, role="处长")) == (0, 1, 0), "others can be changed"
    with pytest.raises(RefusedError, match="无法解密，更改时请一并重新填写"):
        set_contact(desk, ContactChange(CITY, ZHANG.name, role="处长"))
    assert take(desk, tmp_path, ZHANG, LI) == (0, 2, 0)
    assert stored(desk) == {ZHANG, LI}
    found = check_trail(desk)
    assert (found.unproved, found.breaks) == (found.rows - 1, ()), "the row that says who did so"
    with pytest.raises(RefusedError, match=r"没有遗失.*key rotate"):
        change_key(desk, KEEPER, "再次更换", today=JUNE, at=AT)


# --- gaps -----------------------------------------------------------------------------------------


def everyone(*without: str) -> list[Post]:
    """Somebody at each office but some."""
    offices = (office.name for office in plan().every_office())
    return [Post(name, "示例·张某") for name in offices if name not in without]


def gaps_with(desk: Desk, tmp_path: Path, contacts: Sequence[Post], day: date = JUNE) -> list[Gap]:
    """The gaps once these are the contacts and 太原市's projects are known."""
    import_workbook(desk, EXAMPLE / "workbooks" / "01-太原市.xlsx", today=END, at=AT)
    take(desk, tmp_path, *contacts)
    return list(gaps(desk, day))


def test_where_somebody_is_everywhere_there_is_no_gap(desk: Desk, tmp_path: Path) -> None:
    assert gaps_with(desk, tmp_path, everyone()) == []


def test_a_county_that_builds_nothing_may_be_vacant(sqlite_desk: Desk, tmp_path: Path) -> None:
    assert gaps_with(sqlite_desk, tmp_path, everyone("大同市平城区民政局")) == []


def test_a_vacant_office_its_subjects_and_who_is_told(desk: Desk, tmp_path: Path) -> None:
    found = gaps_with(desk, tmp_path, everyone(COUNTY, OTHER))
    told = ("太原市民政局 示例·张某",)
    assert found == [
        Gap(COUNTY, Level.COUNTY, True, ("小店区",), 2, told),
        Gap(OTHER, Level.CITY, True, (), 1, (f"{OTHER}分管领导 示例·张某",)),
    ]


def test_it_goes_up_to_whoever_is_there_on_that_day(sqlite_desk: Desk, tmp_path: Path) -> None:
    contacts = everyone(COUNTY, CITY, LEADER)
    province, *others = contacts
    away = replace(province, substitute=f"{OTHER} 示例·张某", away_from=FIRST, away_to=LAST)
    (county, *_) = gaps_with(sqlite_desk, tmp_path, [away, *others], LAST)
    assert county.office == CITY
    found = {gap.office: gap for gap in gaps(sqlite_desk, LAST)}
    assert set(found) == {COUNTY, CITY, LEADER}
    assert {gap.told for gap in found.values()} == {(f"{OTHER} 示例·张某",)}
    later = gaps(sqlite_desk, date(2023, 6, 10))
    assert {gap.told for gap in later} == {(f"{PROVINCE} 示例·张某",)}


def test_a_city_in_nobodys_divisions_is_a_gap_of_the_province(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    province, *others = everyone()
    some = replace(province, divisions=tuple(city.name for city in plan().cities[1:]))
    (gap,) = gaps_with(sqlite_desk, tmp_path, [some, *others])
    assert gap == Gap(PROVINCE, Level.PROVINCE, False, ("太原市",), 11, ())


def test_without_any_contacts_every_office_that_is_concerned_is_a_gap(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    found = gaps_with(sqlite_desk, tmp_path, [])
    counties = {gap.office for gap in found if gap.level is Level.COUNTY}
    assert COUNTY in counties
    assert {
        level: sum(gap.level is level for gap in found) for level in sqlite_desk.plan.tiers
    } == {
        Level.COUNTY: len(counties),
        Level.CITY: 11,
        Level.CITY_LEADER: 11,
        Level.PROVINCE: 1,
    }
    assert {gap.told for gap in found} == {()}


def test_a_project_that_is_held_or_ended_needs_nobody(sqlite_desk: Desk, tmp_path: Path) -> None:
    before = gaps_with(sqlite_desk, tmp_path, everyone(COUNTY))
    for action in ("hold", "withdraw"):
        with writing(sqlite_desk.engine) as session:
            act = Act(ONE, action, date(2023, 2, 6), "山西省民政厅示例处张某", "示例文件")
            advance(session, sqlite_desk, act, today=END, at=AT)
        assert [gap.subjects for gap in gaps(sqlite_desk, JUNE)] == [before[0].subjects - 1]

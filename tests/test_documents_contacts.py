"""The contacts workbook."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from common.errors import RefusedError
from documents.forms.contacts import contacts_page, read_contacts
from documents.forms.recognise import recognise
from documents.reading.grid import open_book
from documents.writing.layout import save
from policy.bodies import Office
from policy.vocabulary import Form, Level
from states.contacts import Post
from tests.support.builders import plan

# Every example overwrites the file of the one before.
FREELY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WORDS = st.text("示例张王李科长=+-@a1", min_size=1, max_size=8)
ADDRESSES = (
    "mailto://u:p@mail.example",
    "mailtos://u:p@mail.example?to=a@b.c&cc=d,e",
    "wecombot://key",
    "dingtalk://secret@token/13900000000",
    "feishu://token",
    "jsons://gateway.example/x?y=https://z",
    "list://",
    "folder://",
    "wecombot://***",
)
CANARY = "c4n4ry"
CITY, OTHER = "太原市民政局", "大同市民政局"
FULL = (
    "单位",
    "姓名",
    "职务",
    "联系电话",
    "分管范围",
    "通知方式",
    "代理人",
    "代理开始",
    "代理结束",
)
WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
Cell = str | int | float | date | None


@st.composite
def directories(draw: st.DrawFn) -> tuple[Post, ...]:
    """Contacts that contradict nothing: any office, divisions of its own, real substitutes."""
    offices = st.sampled_from(list(plan().every_office()))
    places = draw(st.lists(st.tuples(offices, WORDS), max_size=6, unique=True))
    days = st.dates(date(2023, 1, 1), date(2023, 12, 31))
    posts = []
    for number, (office, name) in enumerate(places):
        others = [
            who if where == office else f"{where.name} {who}"
            for where, who in places
            if (where, who) != (office, name)
        ]
        by = draw(st.sampled_from(["", *others]))
        away = sorted([draw(days), draw(days)]) if by and draw(st.booleans()) else [None, None]
        posts.append(
            Post(
                office=office.name,
                name=name,
                role=draw(st.just("") | WORDS),
                phone=draw(st.sampled_from(["", f"000-0000-{number:04d}"])),
                divisions=tuple(draw(some(within(office)))),
                channels=tuple(draw(some(ADDRESSES))),
                substitute=by,
                away_from=away[0],
                away_to=away[1],
            )
        )
    return tuple(posts)


def some(words: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """Some of these words in any order, none twice."""
    return st.lists(st.sampled_from(words), unique=True) if words else st.just([])


def within(office: Office) -> list[str]:
    """What people of an office can share between them."""
    if office.level is Level.PROVINCE:
        return [city.name for city in plan().cities]
    city = None if office.level is Level.COUNTY else plan().city(office.city)
    return [county.name for county in city.counties] if city else []


def filled(path: Path, *rows: tuple[Cell, ...], headings: tuple[str, ...] = FULL) -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["示例省通讯录"])
    sheet.append(headings)
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def read(path: Path) -> tuple[Post, ...]:
    return tuple(post for _, post in read_contacts(open_book(path), plan()))


def read_rows(tmp_path: Path, *rows: tuple[Cell, ...]) -> tuple[Post, ...]:
    """What a workbook with such rows says; short rows are blank to the right."""
    return read(filled(tmp_path / "a.xlsx", *rows))


def faults(tmp_path: Path, *rows: tuple[Cell, ...]) -> dict[str, str]:
    """What is wrong with such a workbook, by cell."""
    with pytest.raises(RefusedError) as caught:
        read_rows(tmp_path, *rows)
    lines = str(caught.value).split("\n")
    cells = [line.partition("」")[2].partition("：") for line in lines]
    assert len({cell for cell, _, _ in cells}) == len(cells), "each fault once"
    return {cell: reason for cell, _, reason in cells}


@pytest.mark.heavy
@settings(FREELY, max_examples=40)
@given(directories())
def test_what_is_written_is_read_back(tmp_path: Path, posts: tuple[Post, ...]) -> None:
    path = tmp_path / "通讯录.xlsx"
    save(path, [contacts_page(posts)])
    assert read(path) == posts
    assert recognise(open_book(path), plan()) is Form.CONTACTS


def test_an_old_workbook_is_still_read(tmp_path: Path) -> None:
    headings = ("姓名", "机构", "职务", "手机", "通知地址", "备注")
    row = ("示例 张", "太原市 民政局", None, 13900000000, "mailto://u:p@mail.example", "代理人")
    path = filled(tmp_path / "a.xlsx", row, headings=headings)
    assert recognise(open_book(path), plan()) is Form.CONTACTS
    assert read(path) == (
        Post(CITY, "示例张", phone="13900000000", channels=("mailto://u:p@mail.example",)),
    )


def test_some_of_the_newer_columns_will_do(tmp_path: Path) -> None:
    headings = ("分管区域", "机构名称", "姓名", "职务", "电话", "通知方式（按次序）")
    path = filled(tmp_path / "a.xlsx", ("小店区", CITY, "示例张"), headings=headings)
    assert read(path) == (Post(CITY, "示例张", divisions=("小店区",)),)


def test_everything_that_can_be_stated(tmp_path: Path) -> None:
    found = read_rows(
        tmp_path,
        (
            CITY,
            "示例张",
            "科长",
            13900000000.0,
            "小店区、清徐县，古交市；娄烦县\n小店区",
            " wecombot://key ；mailto://u:p@mail.example\nfolder://\nwecombot://key",
            "大同市 民政局 示例 王",
            date(2023, 5, 29),
            "2023年6月9日",
        ),
        (OTHER, "示例王", None, "0352－123".translate(WIDE)),
        (CITY, "示例李", None, None, None, None, f"{CITY}示例张"),
        ("山西省民政厅", "示例赵", None, None, "太原市,大同市"),
    )
    assert found == (
        Post(
            CITY,
            "示例张",
            "科长",
            "13900000000",
            ("小店区", "清徐县", "古交市", "娄烦县"),
            ("wecombot://key", "mailto://u:p@mail.example", "folder://"),
            f"{OTHER} 示例王",
            date(2023, 5, 29),
            date(2023, 6, 9),
        ),
        Post(OTHER, "示例王", phone="0352－123"),
        Post(CITY, "示例李", substitute="示例张"),
        Post("山西省民政厅", "示例赵", divisions=("太原市", "大同市")),
    )


def test_every_fault_is_named_by_its_cell(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        ("太原市民政厅", "示例张"),
        (CITY, None),
        (CITY, "示例李", None, "1.39E+10"),
        (CITY, "示例李"),
        (CITY, "示例赵", None, None, "小店、平遥县"),
        (CITY, "示例刘", None, None, None, None, "示例孙", "明天"),
        (CITY, "示例陈", None, None, None, None, "示例陈"),
        (CITY, "示例杨", None, None, None, None, None, "2023-05-01", "2023-05-02"),
        (CITY, "示例郭", None, None, None, None, "示例李", "2023-05-02", "2023-05-01"),
        ("太原市小店区民政局", "示例韩", None, None, "小店区"),
        ("大同市民政局分管领导", "示例武", None, None, "小店区", None, CITY),
    )
    cells = "A3 B4 D5 B6 E7 G8 H8 G9 H10 I10 I11 E12 E13 G13"
    assert set(found) == set(cells.split())
    assert "是否为太原市民政局" in found["A3"]
    assert "科学计数" in found["D5"]
    assert "与第5行重复" in found["B6"]
    assert "“小店”不是太原市的县（市、区），是否为小店区" in found["E7"]
    assert f"“{CITY}”没有“示例孙”" in found["G8"]
    assert "不能是本人" in found["G9"]
    assert "无代理人" in found["H10"]
    assert "早于代理开始日期2023-05-02" in found["I11"]
    assert "请留空" in found["E12"]
    assert "大同市" in found["E13"]


def test_a_substitute_at_an_office_that_is_not_listed_is_taken_on_trust(tmp_path: Path) -> None:
    (post,) = read_rows(tmp_path, (CITY, "示例李", None, None, None, None, f"{OTHER} 示例孙"))
    assert post.substitute == f"{OTHER} 示例孙"


@pytest.mark.parametrize(
    "address",
    [
        f"sms://{CANARY}",
        f"https://{CANARY}@mail.example",
        f"mailto:// {CANARY}@x",
        f"mailto:{CANARY}@x",
        f"mailto://[{CANARY}",
        "wecombot://",
        f"wecombot://{CANARY}，feishu://{CANARY}",
        f"folder://;mailto://u:{CANARY}@x",
        CANARY,
    ],
)
def test_what_is_no_address_is_refused_without_showing_it(tmp_path: Path, address: str) -> None:
    found = faults(tmp_path, (CITY, "示例张", None, None, None, f"folder://；{address}"))
    assert list(found) == ["F3"]
    assert "mailto://" in found["F3"]
    assert CANARY not in found["F3"]


@pytest.mark.parametrize("column", [0, 1, 2, 3, 4, 6, 7, 8])
def test_an_address_in_the_wrong_column_is_not_shown_either(tmp_path: Path, column: int) -> None:
    row: list[Cell] = [CITY, "示例张", *[None] * 7]
    row[column] = f"mailto://u:{CANARY}@x"
    found = faults(tmp_path, tuple(row))
    assert list(found) == [f"{'ABCDEFGHI'[column]}3"]
    assert CANARY not in str(found)


def test_the_same_person_twice_has_one_list_of_channels(tmp_path: Path) -> None:
    person, two = ("示例张", None, "000-0000-0001", None), ("示例张", None, "000-0000-0002", None)
    address, other = f"mailto://u:{CANARY}@x", f"wecombot://{CANARY}"
    assert read_rows(tmp_path, (CITY, *person, address), (OTHER, *person, None))
    assert read_rows(tmp_path, (CITY, *person, address), (OTHER, *person, address))
    assert read_rows(tmp_path, (CITY, *person, address), (OTHER, *two, other))
    assert read_rows(tmp_path, (CITY, *person, address), (OTHER, *person, "wecombot://***"))
    namesake = ("示例张", None, None, None)
    assert read_rows(tmp_path, (CITY, *namesake, address), (OTHER, *namesake, other))
    found = faults(tmp_path, (CITY, *person, address), (OTHER, *person, other))
    assert list(found) == ["F4"]
    assert "与第3行是同一人" in found["F4"]
    assert CANARY not in found["F4"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = filled(tmp_path / "a.xlsx", headings=("机构", "姓名", "手机", "职务", "分管范围"))
    with pytest.raises(RefusedError, match="缺少“通知方式”列"):
        read(path)


def test_another_form_is_refused(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(RefusedError, match="没有找到通讯录"):
        read(tmp_path / "a.xlsx")

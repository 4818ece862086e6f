"""The board and its lists: numbers are those of the operations, and each opens what it counts."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from io import BytesIO

import pytest
from openpyxl import load_workbook

from operations.cases.desk import Desk
from operations.views.funds import in_order, total
from operations.views.overview import county_boards, in_chains, survey
from policy.vocabulary import Origin, Standing
from states.series import Course, Forecast
from tests.support.builders import plan
from tests.support.steps import ONE
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    COUNTY,
    DAY,
    FAR,
    LATE,
    PROVINCE,
    Browser,
    pinned,
    signed_in,
)
from web.drawing import bars, curve

OK, NOT_FOUND = 200, 404
TAIYUAN = "太原市"
NUMBER = re.compile(r'<a href="(/list\?[^"]+)">(\d+)</a>')
COUNTED = re.compile(r"（(\d+)[项个]）</h1>")


@pytest.fixture(scope="module")
def desk(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path_factory.mktemp("board") / "home") as opened:
        yield pinned(opened)


@pytest.fixture(scope="module")
def province(desk: Desk) -> Browser:
    return signed_in(desk, PROVINCE)


@pytest.fixture(scope="module")
def city(desk: Desk) -> Browser:
    return signed_in(desk, CITY)


@pytest.mark.parametrize("who", ["province", "city"])
def test_every_number_opens_the_list_that_it_counts(
    who: str, request: pytest.FixtureRequest
) -> None:
    browser: Browser = request.getfixturevalue(who)
    links = dict(NUMBER.findall(browser.get("/board").text))
    assert len(links) > 5
    for link, number in list(links.items())[::4]:  # of every row and column some
        shown = COUNTED.search(browser.get(unescape(link)).text)
        assert shown, link
        assert (link, shown[1]) == (link, number)


def test_what_a_provincial_body_is_late_with_is_told_by_whose_day_it_is(
    desk: Desk, province: Browser
) -> None:
    own = [it for it in in_chains(survey(desk, DAY).views) if it.provincial]
    late = Counter(it.origin for it in own if it.standing is Standing.OVERDUE)
    assert late[Origin.PROPOSAL]
    page = province.get("/board").text.partition("单位自身的事项另计：")[2].partition("</p>")[0]
    said = f"逾期{late[Origin.NOTICE]}项，超过建议时限{late[Origin.PROPOSAL]}项。"
    assert re.sub("<[^>]*>", "", page) == said


def test_the_provinces_tiles_are_its_cities_with_words_beside_the_colours(
    desk: Desk, province: Browser
) -> None:
    page = province.get("/board").text
    for row in survey(desk, DAY).board:
        assert f"<strong>{row.city}</strong>" in page
        words = f"逾期{row.overdue}项" if row.overdue else "正常"
        assert words in page.partition(f"<strong>{row.city}</strong>")[2].partition("</li>")[0]


def test_money_stands_in_the_order_of_the_other_tables(desk: Desk) -> None:
    found = [total(name, []) for name in ("运城市", "太原市", "合计")]
    assert [row.place for row in in_order(desk.plan, "", found)] == ["太原市", "运城市", "合计"]
    within = [total(name, []) for name in ("迎泽区", "小店区", "合计")]
    assert [row.place for row in in_order(desk.plan, TAIYUAN, within)][:2] == ["小店区", "迎泽区"]


def test_a_citys_board_is_that_of_its_counties(desk: Desk, city: Browser) -> None:
    page, seen = city.get("/board").text, survey(desk, DAY)
    rows = county_boards(desk, seen, TAIYUAN)
    (whole,) = (row for row in seen.board if row.city == TAIYUAN)
    assert sum(row.projects for row in rows) == whole.projects
    assert all(f"<strong>{row.city}</strong>" in page for row in rows)
    assert "大同市" not in page


def test_a_day_that_lies_behind_is_shown_as_it_was(province: Browser) -> None:
    page = province.get("/board?as_of=2023-02-07").text
    assert "截至2023年2月7日" in page
    assert "as_of=2023-02-07" in page
    assert province.get("/board?as_of=nonsense").status_code == OK
    assert "截至2023年6月5日" in province.get("/board?as_of=2024-01-01").text


@pytest.mark.parametrize("kind", ["projects", "overdue", "funds"])
def test_a_list_downloads_as_the_workbook_of_what_one_sees(kind: str, city: Browser) -> None:
    answer = city.get(f"/download/{kind}")
    assert answer.status_code == OK
    text = str([list(sheet.values) for sheet in load_workbook(BytesIO(answer.content))])
    assert TAIYUAN in text
    assert "大同市" not in text


def test_nobody_looks_further_than_the_contacts_say(desk: Desk, city: Browser) -> None:
    far, county = signed_in(desk, FAR), signed_in(desk, COUNTY)
    for path in ("/board", "/list", "/download/funds"):
        assert far.get(f"{path}?city={TAIYUAN}").status_code == NOT_FOUND
        assert city.get(f"{path}?city=大同市").status_code == NOT_FOUND
    for path in ("/board", "/download/projects", f"/board?city={TAIYUAN}", "/download/nothing"):
        assert county.get(path).status_code == NOT_FOUND
    own = county.get("/list").text
    assert f"/project/{ONE}" in own
    assert "XF2023-140106" not in own
    assert f"/project/{ONE}" not in far.get("/list").text


def test_bars_are_as_long_as_what_they_count(desk: Desk) -> None:
    rows = survey(desk, DAY).board
    drawn = bars(rows, [stage.label for stage in plan().stages])
    assert sum(part.count for part in drawn.segments) == sum(row.projects for row in rows)
    lengths = {round(part.width / part.count, 0) for part in drawn.segments}
    assert len(lengths) == 1
    assert all(part.x + part.width <= 621 for part in drawn.segments)


def test_a_curve_goes_through_its_numbers() -> None:
    from decimal import Decimal

    course = Course(
        "work_started",
        "开工",
        "个",
        Decimal(10),
        0,
        (Decimal(0), Decimal(5), None),
        (None, None, None),
        (Decimal(5), Decimal(10), Decimal(10)),
        (None, None, Forecast(Decimal(8), Decimal(6), Decimal(10))),
        2,
    )
    drawn = curve(course, ("2023-01", "2023-02", "2023-03"))
    (x1, low), (x2, middle) = drawn.marks
    top = float(drawn.planned.split()[1].partition(",")[2])
    assert x1 < x2
    assert low - middle == pytest.approx(middle - top, abs=0.2)
    assert drawn.expected.startswith(f"{x2},{middle} ")
    assert drawn.rows[2] == ("2023-03", "—", "10", "8")
    assert drawn.desc == "截至2023-02实际5，计划10"

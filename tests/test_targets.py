"""What a programme is to reach: totals by kind, money for fewer, coverage, ratios."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from documents.lists.evaluation import evaluation_leaves
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.writing.layout import TableSheet
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.rules import Approval, adopt, foresee
from operations.views.overview import projects, survey
from operations.views.snapshots import snapshot
from operations.views.tables import board_table, targets_table
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.load import meaning
from policy.vocabulary import Listing
from states.contacts import Post
from states.scoring import evaluate
from states.snapshot import Snapshot
from states.targets import figures
from tests.conftest import AT
from tests.support.builders import plan as shanxi
from tests.support.day_pages import city_of
from tests.support.delivering import know
from tests.support.province import morning
from tests.support.visiting import at, knock, link_of, pinned
from tests.test_other_plans import (
    CANTEEN,
    END,
    POINT,
    act,
    handed_in,
    opened,
)
from tests.test_states_targets import FOUND, canteens_plan, of_one_city


@pytest.fixture
def canteens(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "canteens-2024")


def test_a_citys_own_targets_stand_in_its_letter_and_on_its_page(
    canteens: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "甲市.xlsx"
    import_workbook(canteens, handed_in(canteens, path, 0, POINT), today=END, at=AT)
    plan = of_one_city().model_copy(update={"feedback": shanxi().feedback, "report": None})
    own = Desk(canteens.settings, plan, canteens.calendar, canteens.engine)
    day = date(2024, 3, 29)
    seen = survey(own, day)
    with own.reading() as session:
        shot = snapshot(session, canteens, "2024-03", day)
    shot = replace(shot, targets=figures(plan, seen.projects))
    words = "\n".join(feedback(plan, "甲市", (shot,)).words)
    said = "甲市街道覆盖：已覆盖1个街道（乡镇），共3个，尚缺2个"
    assert f"目标完成情况：{said}；" in words
    assert "给予补助" not in words
    assert f"- {said}" in city_of(own, plan.cities[0], day).text
    assert "目标完成情况" not in city_of(own, plan.cities[1], day).text


def test_board_list_bulletin_and_desk_show_them(canteens: Desk, tmp_path: Path) -> None:
    path = tmp_path / "甲市.xlsx"
    import_workbook(
        canteens, handed_in(canteens, path, 0, {**CANTEEN, "diners": 60}), today=END, at=AT
    )
    import_workbook(canteens, handed_in(canteens, path, 1, POINT), today=END, at=AT)
    act(canteens, projects(canteens)[0].code, "choose", "2024-02-01")
    seen = survey(canteens, date(2024, 3, 1))
    board = board_table(canteens.plan, seen.board, seen.as_of)
    assert board.total is not None
    assert board.total[1] == 4  # the notice's total, though no city's quota is stated
    assert board.rows[0][1] is None
    table = targets_table(canteens.plan, figures(canteens.plan, seen.projects))
    rows = {row[0]: row[1:4] for row in table.rows}
    assert rows["老年食堂"] == ("在册1个，已确定1个", "2个", "尚缺1个")
    assert rows["开业率"] == ("0.0%（0/1）", "不低于90%", "未达到")
    made = export_workbook(canteens, WorkbookOrder(Listing.PROJECTS), tmp_path, date(2024, 3, 1))
    book = load_workbook(made)
    cells = {str(cell.value) for row in book["目标完成情况"] for cell in row if cell.value}
    assert {"老年食堂", "不低于90%", "尚缺1个：甲市南县"} <= cells
    told = canteens.plan.model_copy(update={"bulletin": shanxi().bulletin})
    with canteens.reading() as session:
        shot = snapshot(session, canteens, "2024-02", date(2024, 2, 29))
    words = "\n".join(bulletin(told, (shot,)).words)
    assert "目标完成情况：老年食堂：在册1个，已确定1个，目标2个，尚缺1个；" in words
    assert "任务4个，在册项目2个" in words
    phone = "000-0000-0177"
    know(canteens, Post("示例省民政厅", "示例·王某", "科长", phone))
    there = pinned(canteens, business_date=date(2024, 3, 1))
    browser = at(there)
    link = link_of(knock(browser, there, phone))
    browser.get(link)
    browser.follow(browser.post(link))
    page = browser.get("/board").text
    assert "目标完成情况" in page
    assert "尚缺1个：甲市南县" in page
    assert "（任务数4个）" in page
    assert '>0</td><td class="number"><a' not in page  # 任务数 of all is not the sum of nothing


def test_the_evaluation_shows_them_on_a_sheet_of_its_own() -> None:
    day = date(2023, 6, 30)
    shot = Snapshot("2023-06", day, (), (), (), figures(canteens_plan(), FOUND))
    made = evaluate(shanxi(), shot, day)
    last = evaluation_leaves(shanxi(), made)[-1]
    assert isinstance(last, TableSheet)
    assert last.sheet == "目标完成情况"
    rows = {str(row[0]): row[1:4] for row in last.rows}
    assert rows["老年食堂"] == ("在册2个，已确定2个", "2个", "已达到")
    assert rows["开业率"] == ("66.6%（2/3）", "不低于90%", "未达到")
    none = evaluate(shanxi(), replace(shot, targets=()), day)
    assert "目标完成情况" not in [leaf.sheet for leaf in evaluation_leaves(shanxi(), none)]


# --- a quota that changes in mid-year -------------------------------------------------------------


def test_a_total_that_changes_in_mid_year_keeps_its_former_version(canteens: Desk) -> None:
    """More points from May on: what is made of March tells March's total."""
    goal = {"canteen": 2, "point": 5}
    quota = canteens.plan.quota.model_copy(update={"goal": goal})
    later = canteens.plan.model_copy(update={"quota": quota})
    later = later.model_copy(update={"digest": meaning(later)})
    changed = Desk(canteens.settings, later, canteens.calendar, canteens.engine)
    day = date(2024, 5, 6)
    told = foresee(changed, day, AT)
    assert told is not None
    assert [each.where for each in told.differences if each.legal] == ["名额·总数·point"]
    by = Approval("示例省民政厅", "示例民函〔2024〕8号", date(2024, 5, 6))
    adopt(changed, by, day, morning(day))
    with changed.reading() as session:
        months = {
            month: snapshot(session, changed, f"2024-{month:02d}", date(2024, month, 29))
            for month in (3, 5)
        }
    wanted = {month: {it.id: it.wanted for it in shot.targets} for month, shot in months.items()}
    assert (wanted[3]["kind.point"], wanted[5]["kind.point"]) == ("2个", "5个")
    assert changed.plan.quota.total == 7

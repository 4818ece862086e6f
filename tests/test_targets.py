"""What a programme is to reach: totals by kind, money for fewer, coverage, ratios."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook

from common.errors import PolicyError
from documents.lists.evaluation import evaluation_leaves
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.writing.layout import TableSheet
from flows.pages.city import city_page
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.rules import Approval, adopt, foresee
from operations.views.funds import money
from operations.views.overview import projects, survey
from operations.views.snapshots import snapshot
from operations.views.tables import board_table, targets_table
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.load import load_plan, meaning
from policy.schema import Plan
from policy.targets import RatioTarget
from policy.vocabulary import Disposition, Listing
from states.contacts import Post
from states.dossier import Dossier, Profile
from states.scoring import evaluate
from states.snapshot import Snapshot
from states.subsidy import subsidy
from states.targets import figures, of_place
from tests.conftest import AT
from tests.support.builders import plan as shanxi
from tests.support.delivering import know
from tests.support.province import morning
from tests.support.visiting import at, knock, link_of, pinned
from tests.support.written import read_yaml
from tests.test_other_plans import (
    CANTEEN,
    END,
    PLANS,
    POINT,
    act,
    handed_in,
    opened,
)


@pytest.fixture
def canteens(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "canteens-2024")


def canteens_plan(**changes: object) -> Plan:
    return load_plan(PLANS / "canteens-2024" / "plan.yaml").model_copy(update=changes)


def case(number: int, kind: str, street: str = "甲街道", **reached: str) -> Dossier:
    return Dossier(
        code=f"ZC2024-990101-{number:02d}",
        name=f"示例{number}",
        city="甲市",
        county="东区",
        county_type="市辖区",
        stage="building",
        milestones={name: date.fromisoformat(on) for name, on in reached.items()},
        profile=Profile(street=street, community=f"{number}社区", kind=kind),
    )


FEBRUARY = "2024-02-01"
FOUND = (
    case(1, "canteen", chosen=FEBRUARY, opened="2024-03-01", money_out="2024-04-01"),
    case(2, "canteen", "乙街道", chosen=FEBRUARY),
    case(3, "point", chosen=FEBRUARY, opened="2024-03-01"),
    case(4, "point", "乙街道"),
    replace(case(5, "point", "丙街道", chosen=FEBRUARY), disposition=Disposition.WITHDRAWN),
)


def said(found: tuple[Dossier, ...], plan: Plan | None = None) -> dict[str, str]:
    return {it.id: it.said for it in figures(plan or canteens_plan(), found)}


def test_totals_by_kind_stand_by_themselves() -> None:
    """Two canteens and one point of the notice; who has withdrawn is in no figure."""
    told = said(FOUND)
    assert told["kind.canteen"] == "老年食堂：在册2个，已确定2个，目标2个，已达到"
    assert told["kind.point"] == "助餐点：在册2个，已确定1个，目标2个，尚缺1个"


def test_a_kind_whose_total_is_not_stated_is_neither_full_nor_nothing() -> None:
    quota = canteens_plan().quota.model_copy(update={"goal": None})
    told = said(FOUND, canteens_plan(quota=quota))
    assert told["kind.canteen"] == "老年食堂：在册2个，已确定2个，目标未明确"


def test_fewer_are_funded_than_planned() -> None:
    """Four planned, three with money: two figures."""
    told = said(FOUND)
    assert told["funded"] == "给予补助：1个，目标3个，尚缺2个"
    assert said(())["funded"] == "给予补助：0个，目标3个，尚缺3个"


def test_every_street_has_one() -> None:
    told = said(FOUND)
    assert told["streets"] == "街道覆盖：已覆盖2个街道（乡镇），共3个，尚缺1个"
    more = (*FOUND, case(6, "point", "丙街道"))
    assert said(more)["streets"] == "街道覆盖：已覆盖3个街道（乡镇），共3个，已达到"


def test_counties_without_one_are_named() -> None:
    assert said(FOUND)["counties"] == "县县都有：已覆盖1个县（市、区），共2个，尚缺1个：甲市南县"


def test_a_ratio_is_told_exactly_and_of_nothing_not_at_all() -> None:
    assert said(FOUND)["opened_rate"] == "开业率：66.6%（2/3），目标不低于90%，未达到"
    assert said(())["opened_rate"] == "开业率：尚无可计算的项目，目标不低于90%"
    nine = tuple(case(n, "point", chosen=FEBRUARY, opened=FEBRUARY) for n in range(9))
    assert said((*nine, case(9, "point", chosen=FEBRUARY)))["opened_rate"] == (
        "开业率：90.0%（9/10），目标不低于90%，已达到"
    )
    # 8996 of 10000 is not rounded up to what it has not come to.
    (of,) = (it for it in canteens_plan().targets if it.id == "opened_rate")
    assert isinstance(of, RatioTarget)
    assert (of.share(8999, 10000), of.met(8999, 10000)) == ("89.9%（8999/10000）", False)


def of_one_city() -> Plan:
    """Streets and openings are 甲市's own to reach; a second city has none."""
    plan = canteens_plan()
    own = ("streets", "opened_rate", "counties")
    told = tuple(
        it.model_copy(update={"cities": ("甲市",)}) if it.id in own else it for it in plan.targets
    )
    second = plan.cities[0].model_copy(update={"name": "乙市", "code": "990200"})
    return plan.model_copy(update={"targets": told, "cities": (*plan.cities, second)})


def test_what_a_single_city_is_to_reach_is_judged_by_its_own_projects() -> None:
    elsewhere = replace(case(9, "point", "丙街道", chosen=FEBRUARY, opened=FEBRUARY), city="乙市")
    found = {it.id: it for it in figures(of_one_city(), (*FOUND, elsewhere))}
    assert found["streets.甲市"].said == ("甲市街道覆盖：已覆盖2个街道（乡镇），共3个，尚缺1个")
    assert found["opened_rate.甲市"].done == "66.6%（2/3）"
    assert found["counties.甲市"].standing == "尚缺1个：南县"
    assert "streets" not in found
    assert [it.id for it in of_place(found.values(), "乙市")] == []
    assert {it.id for it in of_place(found.values(), "甲市")} == {
        *("streets.甲市", "opened_rate.甲市", "counties.甲市")
    }


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
    first, second = money(own, seen).cities
    assert f"- {said}" in city_page(plan, plan.cities[0], seen, first, {}).text
    assert "目标完成情况" not in city_page(plan, plan.cities[1], seen, second, {}).text


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


def test_a_plan_without_kinds_and_targets_shows_none() -> None:
    assert figures(shanxi(), ()) == ()


# --- a tier beside the kind -----------------------------------------------------------------------


def test_a_subsidy_may_go_by_a_tier_beside_the_kind() -> None:
    plan = canteens_plan()
    canteen = Profile(kind="canteen")

    def due(profile: Profile) -> Decimal | None:
        return subsidy(plan, profile, "市辖区")

    assert due(canteen.saying({"tier": "一类"})) == Decimal("200000.00")
    assert due(canteen.saying({"tier": "二类"})) == Decimal("100000.00")
    assert due(canteen) is None  # not stated is never nothing
    assert due(Profile(kind="point")) == Decimal("30000.00")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"targets": [{"id": "streets", "kinds": ["point2"]}]}, "未知的项目类别“point2”"),
        ({"targets": [{"id": "funded", "reached": "money"}]}, "未知的节点“money”"),
        ({"targets": [{"id": "counties", "places": 9}]}, "places 只用于街道"),
        ({"targets": [{"id": "streets", "cities": ["乙市"]}]}, "未知的市“乙市”"),
        ({"targets": [{"id": "counties", "each": "city", "cities": ["甲市"]}]}, "按市计算的覆盖"),
        ({"targets": [{"id": "opened_rate", "id_": "x"}]}, "没有“id_”"),
        ({"quota": {"goal": {"canteen": 2}}}, "总数须按项目类别写明：老年食堂、助餐点"),
        ({"subsidies": [{"when": {"tier": ["三类"]}}]}, "“供餐层级”没有“三类”这一项"),
        ({"subsidies": [{"when": {"tier": ["一类", "二类"]}}]}, "补助标准，“canteen”的“二类”有2条"),
        ({"subsidies": [{"when": {}}]}, "“canteen”"),
    ],
)
def test_targets_that_cannot_be_are_told(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    whole = read_yaml(PLANS / "canteens-2024" / "plan.yaml")
    for section, edits in change.items():
        if isinstance(edits, dict):
            whole[section] |= edits
            continue
        for edit in edits:
            found = next(it for it in whole[section] if it.get("id") == edit.get("id"))
            found |= edit
    (tmp_path / "notice.txt").write_bytes((PLANS / "canteens-2024" / "notice.txt").read_bytes())
    text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"plan\.yaml:\d+: .*{says}"):
        load_plan(tmp_path / "plan.yaml")


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

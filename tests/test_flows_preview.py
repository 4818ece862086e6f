"""The page that shows a plan before it is installed: whole in itself, and true to the plan."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from operations.upkeep.preview import preview
from policy.load import HOME, load_plan
from policy.schema import Plan
from states.deadlines import deadlines
from tests.conftest import AT
from tests.support.builders import calendar
from tests.support.builders import plan as shanxi

PLANS = Path(__file__).parent / "plans"
pytestmark = pytest.mark.heavy


def told(plan: Plan, folder: Path) -> str:
    notice = (folder / "notice.txt").read_text(encoding="utf-8")
    return preview(plan, notice, calendar(), AT)


@pytest.fixture(scope="module")
def page() -> str:
    return told(shanxi(), HOME / "plans" / "shanxi-2023")


def test_it_needs_nothing_from_elsewhere(page: str) -> None:
    assert not re.search(r"(src|href)=\"(?!#)|@import|url\(|<script|<link|<iframe", page)


def test_every_date_stands_in_it_with_both_days_and_its_clause(page: str) -> None:
    rows = [unescape(row) for row in re.findall(r"<tr>.*?</tr>", page, flags=re.S)]
    for item in deadlines(shanxi(), calendar()):
        if item.dates is None:
            continue
        (row,) = (row for row in rows if f'data-h="编号">{item.id}<' in row)
        assert f'data-h="提前办结日">{item.dates.remind_by}（' in row
        assert f'data-h="逾期认定日">{item.dates.overdue_after}（' in row
        assert item.rule.clause in row


def test_bodies_forms_papers_and_what_is_nobodys(page: str) -> None:
    text = unescape(page)
    for body in shanxi().bodies.values():
        assert f"<h3>{body.name}" in text
    for label in ("项目申报表（附件2）", "项目汇总表（附件3）", "月报", "专家评分表", "验收表"):
        assert f"<h3>{label}</h3>" in text
    assert "各市民政局：" in text
    assert "山西省民政厅关于2023年3月份城镇社区幸福养老提速工程进展情况的通报" in text
    assert "D05“下达省级项目建设资金”由省财政厅负责，通知约束不了它" in text
    assert "单位“县（市、区）人民政府”没有任何时限" in text
    assert "逾期后第10个工作日" in text
    assert "充分发挥市场主体作用，坚持政策撬动、社区支持、市场运作" in text


@pytest.mark.parametrize("id", ["least-2025", "beds-2024", "sites-2024"])
def test_other_plans_are_shown_as_well(id: str) -> None:
    plan = load_plan(PLANS / id / "plan.yaml")
    text = unescape(told(plan, PLANS / id))
    assert all(rule.title in text for rule in plan.timed_rules)
    assert "幸福养老工程进展情况" not in text
    assert ("没有人会被提醒；可请发文单位明确" in text) == (id == "sites-2024")


def test_a_plan_of_towns_with_names_of_their_own_is_shown_once_each() -> None:
    """``{name}幸福院``; a town is both city and county, and is one body all the same."""
    text = unescape(told(load_plan(PLANS / "towns-2024" / "plan.yaml"), PLANS / "towns-2024"))
    assert "示例社区幸福院" in text
    assert text.count("<h3>乡镇人民政府") == 1
    assert "东镇人民政府、东镇人民政府" not in text
    assert ">2023-02-10<" in text
    assert "00:00:00" not in text


def test_a_form_that_a_plan_does_not_have_is_not_shown() -> None:
    folder = HOME / "plans" / "xianyou-2024"
    text = unescape(told(load_plan(folder / "plan.yaml"), folder))
    assert "<h3>项目汇总表</h3>" in text
    assert "申报表" not in text
    assert "2024年仙游县长者食堂" in text
    assert "全县仙游县" not in text


def test_what_a_plan_says_is_shown_as_text(tmp_path: Path) -> None:
    shutil.copytree(PLANS / "least-2025", tmp_path / "least-2025")
    path = tmp_path / "least-2025" / "plan.yaml"
    text = path.read_text(encoding="utf-8").replace("请组织开工", "请组织<i>开工</i>&")
    path.write_text(text, encoding="utf-8")
    assert "<i>开工</i>" not in told(load_plan(path), path.parent)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_wide_and_a_narrow_window_and_asks_for_nothing(
    page: str, width: int, tmp_path: Path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    asked: list[str] = []
    with sync_api.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    assert asked == [path.as_uri()]

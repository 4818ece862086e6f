"""What an admin does in the UI, in a real browser, with the password that guards it."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.serving import BROWSER, CHROMIUM, Served, picture, run, serving
from tests.support.stores import Stores
from tests.test_flows_approving import REVIEWED

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium (a Debian package) is not installed"),
]
DAY = "2023-07-31"
PASSWORD = "canary-admin-7c1e"  # noqa: S105  # of this test
HELD = "XF2023-140105-01"
PROVINCE = "山西省民政厅养老服务处 李某"
WAIT = 120_000
LOOKS: dict[str, Any] = {
    "viewport": {"width": 1600, "height": 1000},
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
}


@pytest.fixture(scope="module")
def admins(
    tmp_path_factory: pytest.TempPathFactory, stores: Stores, prefect_database: Path
) -> Iterator[Served]:
    """The province with all projects reviewed, served; only who knows the password gets in."""
    folder = tmp_path_factory.mktemp("admin")
    with (
        stores.copy(None, REVIEWED, folder / "state"),
        serving(
            folder,
            "serve",
            database=prefect_database,
            business_date=DAY,
            admin_password=PASSWORD,
        ) as served,
    ):
        yield served


@pytest.fixture(scope="module")
def page(admins: Served) -> Iterator["Page"]:
    """The UI, logged in; nothing that it asks for leaves this machine."""
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER)
        made = browser.new_page(**LOOKS)
        made.set_default_timeout(WAIT)
        made.on("request", lambda request: asked.append(request.url))
        made.goto(admins.address)
        made.get_by_placeholder("admin:pass").fill(f"admin:{PASSWORD}")
        made.get_by_role("button", name="Login").click()
        made.wait_for_url("**/dashboard")
        yield made
        browser.close()
    assert [url for url in asked if not url.startswith((admins.address, "data:", "blob:"))] == []


def test_the_schedules_are_seen(page: "Page", admins: Served, tmp_path: Path) -> None:
    page.goto(f"{admins.address}/deployments")
    page.get_by_text("At 08:30 AM every day").wait_for()
    assert page.get_by_text("At 08:30 AM every day").first.is_visible()
    _shoot(page, picture("admin-deployments.png", tmp_path))
    page.goto(
        f"{admins.address}/deployments/deployment/{admins.deployment('enforce_deadlines')['id']}"
    )
    page.get_by_role("tab", name="Description").or_(page.get_by_text("Description")).first.click()
    page.get_by_text("每日核对：8时30分核对时限").first.wait_for()
    _shoot(page, picture("admin-deployment.png", tmp_path))


def test_the_day_is_enforced_and_the_board_read(
    page: "Page", admins: Served, tmp_path: Path
) -> None:
    done = admins.ended(admins.start("enforce_deadlines"))
    assert done["state_type"] == "COMPLETED", done["state"]["message"]
    page.goto(
        f"{admins.address}/artifacts/artifact/{admins.artifact('province-board')['latest_id']}"
    )
    page.get_by_role("cell", name="太原市").first.wait_for()
    _shoot(page, picture("admin-board.png", tmp_path))


def test_the_list_is_determined_by_a_person(page: "Page", admins: Served, tmp_path: Path) -> None:
    _go(page, admins, "determine_projects")
    waiting = _submit(page, admins, "determine_projects")
    admins.comes_to(waiting, "Suspended")
    _see_run(page, admins, waiting, tmp_path, "admin-suspended.png")
    _read_result(page, "determine-projects")
    page.get_by_text("太原市").first.wait_for()
    _shoot(page, picture("admin-approval.png", tmp_path))
    _see_run(page, admins, waiting, tmp_path, "admin-suspended.png")
    page.get_by_role("button", name="Resume").click()
    dialog = page.get_by_role("dialog")
    _choose(page, dialog, 0, "同意")
    _pick(page, dialog, "2023-07-28")
    _write(page, dialog, PROVINCE, "示例会议纪要〔2023〕5号")
    _shoot(page, picture("admin-decision.png", tmp_path))
    dialog.get_by_role("button", name="Submit").click()
    done = admins.ended(waiting)
    assert done["state_name"] == "Completed", done["state"]
    assert "研究确定" in run(admins.home.parent, "project", "show", "XF2023-140105-02")


def test_a_form_with_a_wrong_and_a_right_value(
    page: "Page", admins: Served, tmp_path: Path
) -> None:
    _fill_in(page, admins, "验收通过")
    _shoot(page, picture("admin-form.png", tmp_path))
    refused = _submit(page, admins, "advance_project")
    assert admins.ended(refused)["state_name"] == "未办理"
    _see_run(page, admins, refused, tmp_path, "admin-run.png")
    _read_result(page, "advance-project")
    page.get_by_text("项目处于“资金下达”阶段").first.wait_for()
    _shoot(page, picture("admin-refusal.png", tmp_path))
    _fill_in(page, admins, "暂停")
    done = _submit(page, admins, "advance_project")
    assert admins.ended(done)["state_name"] == "Completed"
    assert "暂停" in run(admins.home.parent, "project", "show", HELD)


def test_what_was_done_is_found_as_an_event(page: "Page", admins: Served, tmp_path: Path) -> None:
    page.goto(f"{admins.address}/events?resource=xingfu.shanxi-2023.{HELD}")
    page.get_by_text("xingfu.project.advanced").first.wait_for()
    assert page.get_by_text("xingfu.project.advanced").first.is_visible()
    _shoot(page, picture("admin-events.png", tmp_path))


def _shoot(page: "Page", path: Path) -> None:
    page.wait_for_timeout(800)  # pages fade in
    page.screenshot(path=path)


def _go(page: "Page", admins: Served, name: str) -> None:
    """The form of a deployment."""
    page.goto(f"{admins.address}/deployments/deployment/{admins.deployment(name)['id']}/run")
    page.get_by_role("button", name="Submit").wait_for()
    page.wait_for_load_state("networkidle")  # it draws the form anew until then


def _fill_in(page: "Page", admins: Served, action: str) -> None:
    _go(page, admins, "advance_project")
    body = page.locator("body")
    _choose(page, body, 0, HELD)
    _choose(page, body, 1, action)
    _pick(page, body, "2023-07-28")
    _write(page, body, PROVINCE, "示例暂停批复〔2023〕2号")


def _choose(page: "Page", within: "Locator", number: int, words: str) -> None:
    within.locator(".p-select-button__control").nth(number).press("ArrowDown")
    page.locator(".p-select-option", has_text=words).first.click()


def _pick(page: "Page", within: "Locator", day: str) -> None:
    within.get_by_text("Select date").first.click()
    page.locator("input[type=date]").fill(day)
    page.get_by_role("button", name="Apply").click()


def _write(page: "Page", within: "Locator", *texts: str) -> None:
    """Fill in the text fields; the UI may draw them anew meanwhile, and then forgets."""
    for number, words in enumerate(texts):
        field = within.locator("textarea").nth(number)
        for _ in range(10):
            field.fill(words)
            page.wait_for_timeout(500)
            if field.input_value() == words:
                break


def _submit(page: "Page", admins: Served, name: str) -> str:
    """Start a run by the form that is filled in; the run's id."""
    before = {found["id"] for found in admins.runs_of(name)}
    page.get_by_role("button", name="Submit").click()
    for _ in range(60):
        if new := [found["id"] for found in admins.runs_of(name) if found["id"] not in before]:
            return str(new[0])
        sleep(0.5)
    raise AssertionError(f"no run was started: {page.locator('body').inner_text()}")


def _see_run(page: "Page", admins: Served, run: str, folder: Path, shot: str) -> None:
    page.goto(f"{admins.address}/runs/flow-run/{run}")
    said = page.get_by_text("Finished in state").or_(page.get_by_text("Suspending"))
    said.or_(page.get_by_text("未办理：")).first.wait_for()
    _shoot(page, picture(shot, folder))


def _read_result(page: "Page", name: str) -> None:
    """Open what the run that is shown has published."""
    page.get_by_text("Artifacts", exact=True).first.click()
    page.get_by_role("link", name=f"shanxi-2023-{name}").first.click()

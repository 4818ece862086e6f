"""A county's day at the desk in a real browser, by keyboard and on a phone; canaries stay text."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from deployments.server.door import guarded
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from operations.duties.papers import find_paper
from operations.views.evidence import evidence_lines
from operations.views.overview import survey
from tests.support.delivering import send
from tests.support.exhibits import PDF
from tests.support.mail_server import free_port
from tests.support.province import morning
from tests.support.serving import BROWSER, CHROMIUM
from tests.support.steps import ONE, stored
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.support.visiting import (
    CITY,
    COUNTY,
    DAY,
    LATE,
    PEOPLE,
    PROVINCE,
    PURSE,
    code_of,
    mails,
    pinned,
)
from web.site import site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium (a Debian package) is not installed"),
]
WAIT = 30_000


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    """An app, on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        sleep(0.05)
    yield
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def desk(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    port = free_port()
    home = tmp_path_factory.mktemp("seen") / "home"
    with stores.desk(None, LATE, home) as opened:
        found = pinned(opened, desk_url=f"http://127.0.0.1:{port}")
        with served(guarded(site(found), ()), port):  # as it is served
            yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER)
        yield browser
        browser.close()


@contextmanager
def visiting(chromium: "Browser", desk: Desk, office: str, width: int) -> Iterator["Page"]:
    """A person signed in; whatever the browser complains of, or asks elsewhere, is a fault."""
    said: list[str] = []
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    known = len(mails(desk))
    page.goto(f"{desk.settings.desk_url}/sign-in")
    page.get_by_label("电子邮箱").fill(PEOPLE[office].phone)
    page.keyboard.press("Enter")
    page.get_by_label("六位验证码").wait_for()
    for _ in range(150):  # the mail follows the answer
        if len(mails(desk)) > known:
            break
        sleep(0.1)
    assert len(mails(desk)) > known, "none came; of one address, 5 requests in 15 minutes get one"
    page.get_by_label("六位验证码").fill(code_of(mails(desk)[-1]))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="今日事项").wait_for()
    yield page
    sound(page)
    assert said == []
    assert [url for url in asked if not url.startswith((desk.settings.desk_url, "data:"))] == []
    context.close()


CRUSHED = """[...document.querySelectorAll("td, th")].filter(
    cell => cell.clientWidth && cell.innerText.trim().length > 4 && cell.clientWidth < 48
).map(cell => cell.innerText)"""
"""Cells so narrow that their words stand below one another sign by sign."""


def sound(page: "Page") -> None:
    """The page that is shown breaks no rule that axe knows, and is as wide as the window."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    faults = [
        (fault["id"], [node["html"] for node in fault["nodes"]][:3])
        for fault in found.response["violations"]
    ]
    assert faults == [], page.url
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], page.url
    assert page.evaluate(CRUSHED) == [], page.url


@pytest.mark.parametrize("width", [1440, 360])
def test_a_county_answers_and_undoes(chromium: "Browser", desk: Desk, width: int) -> None:
    with visiting(chromium, desk, COUNTY, width) as page:
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        card = page.get_by_role("article").filter(has_text="运营机构")
        card.locator("summary", has_text="答复").focus()
        page.keyboard.press("Enter")
        card.get_by_label("“运营机构确定”日期").fill("2023-06-01")
        card.get_by_label("依据文件（名称、文号）").fill("示例运营协议1号")
        card.get_by_role("button", name="登记办结").press("Enter")
        page.get_by_text("已登记").wait_for()
        assert "operator_confirmed" in stored(desk).milestones
        page.get_by_role("button", name="撤销").first.press("Enter")
        page.get_by_role("article").filter(has_text="运营机构").wait_for()
        assert "operator_confirmed" not in stored(desk).milestones


@pytest.mark.parametrize("width", [1440, 360])
def test_a_city_looks_from_its_board_to_a_project(
    chromium: "Browser", desk: Desk, width: int
) -> None:
    with visiting(chromium, desk, CITY, width) as page:
        page.get_by_role("link", name="进度").click()
        page.get_by_role("heading", name="太原市进度").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("list", name="各地情况").get_by_role("link").first.click()
        page.get_by_role("link", name="社区养老幸福工程").first.click()
        page.get_by_role("heading", name="办理记录").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        with page.expect_download() as loaded:
            page.goto(f"{desk.settings.desk_url}/list")
            page.get_by_role("link", name="下载项目台账").click()
        assert loaded.value.suggested_filename.startswith("太原市 项目台账")


def test_a_page_of_another_site_sends_no_form(chromium: "Browser", desk: Desk) -> None:
    """Its form reaches us with the person's cookies, and says where it comes from."""
    port, before = free_port(), stored(desk)
    other_one = served(other_site(f"{desk.settings.desk_url}/answer"), port)
    with visiting(chromium, desk, CITY, 1440) as page, other_one:
        other = page.context.new_page()
        other.goto(f"http://localhost:{port}/")
        with other.expect_navigation():
            other.evaluate("document.forms[0].submit()")
        assert "未予受理" in other.inner_text("body")
    assert stored(desk) == before


def other_site(target: str) -> Starlette:
    """Another site, with a form that goes to ours."""
    form = f'<form method="post" action="{target}"><input name="subject" value="{ONE}"></form>'

    async def show(_: Request) -> HTMLResponse:
        return HTMLResponse(f"<!DOCTYPE html><link rel=icon href=data:,>{form}")

    return Starlette(routes=[Route("/", show)])


PAGES_OF = {
    COUNTY: ("今日事项", "项目", "表格", "我的"),
    CITY: ("今日事项", "项目", "进度", "表格", "公文", "我的"),
    PURSE: ("今日事项", "项目", "资金", "表格", "我的"),
    PROVINCE: ("今日事项", "项目", "进度", "表格", "公文", "我的"),
}


@pytest.mark.parametrize("width", [1440, 360])
@pytest.mark.parametrize("office", PAGES_OF)
def test_every_page_is_sound(chromium: "Browser", desk: Desk, office: str, width: int) -> None:
    with visiting(chromium, desk, office, width) as page:
        names = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
        assert tuple(names) == PAGES_OF[office]
        for name in names:
            page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
            page.locator('nav a[aria-current="page"]', has_text=name).wait_for()
            sound(page)
            if name == "进度":
                printed = page.pdf(prefer_css_page_size=True)
                assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
                assert re.search(rb"/MediaBox\s*\[0 0 59[45]\S* 84[12]\S*\]", printed)  # A4
        if office == PROVINCE:
            page.goto(f"{desk.settings.desk_url}/list?standing=overdue")
            sound(page)
        page.goto(f"{desk.settings.desk_url}/item/{ONE}/D05")
        sound(page)
        page.goto(f"{desk.settings.desk_url}/project/{ONE}")
        for fold in page.locator("summary").all():
            fold.evaluate("it => it.parentElement.open = true")
        sound(page)


OPERATOR = "第三方专业运营机构"


@pytest.mark.parametrize(("width", "city"), [(1440, "太原市"), (360, "大同市")])
def test_the_provinces_day(chromium: "Browser", desk: Desk, width: int, city: str) -> None:
    """From the board to what hangs, and a letter to the city that is late."""
    number = f"晋民函〔2023〕{width}号"
    with visiting(chromium, desk, PROVINCE, width) as page:
        page.get_by_role("link", name="进度").click()
        page.get_by_role("heading", name="山西省进度").wait_for()
        page.get_by_role("row", name="太原市").first.get_by_role("link").last.wait_for()
        page.get_by_role("link", name="公文").click()
        page.get_by_role("link", name=city).click()
        page.get_by_role("heading", name="督促办理").wait_for()
        sound(page)
        for label, words in (
            ("文号", number),
            ("签发日期", "2023-06-05"),
            ("签发人", "示例·王某"),
            ("反馈期限", "2023-06-19"),
            ("联系人", "示例·张某"),
            ("联系电话", "000-0000-0106"),
        ):
            page.get_by_label(label).fill(words)
        sound(page)
        page.get_by_role("button", name="签发并登记").click()
        page.get_by_text("签发人：示例·王某").wait_for()
        assert number in page.inner_text("main")
    paper = find_paper(desk, number)
    assert paper
    assert (paper.subject, paper.actor) == (city, f"{PROVINCE} 示例·张某")


@pytest.mark.parametrize("width", [1440, 360])
def test_the_finance_offices_day(
    chromium: "Browser", desk: Desk, width: int, tmp_path: Path
) -> None:
    """From Today to the project whose money waits, and it is released by what the page offers.

    What was released at the other width is taken back before, as by somebody who sees a mistake.
    """
    with visiting(chromium, desk, PURSE, width) as page:
        sound(page)
        if not page.get_by_role("article").count():
            page.get_by_role("button", name="撤销").first.click()
        card = page.get_by_role("article").first
        card.get_by_role("link", name="养老幸福工程").click()
        page.get_by_role("heading", name="可由贵单位办理").wait_for()
        code = page.url.rpartition("/")[2]
        fold = page.locator("details", has=page.locator("summary", has_text="下达资金"))
        fold.locator("summary").press("Enter")
        fold.get_by_label("办理日期").fill("2023-06-02")
        fold.get_by_label("依据文件").fill(f"示例晋财社〔2023〕{width}号")
        file = tmp_path / "批复.pdf"
        file.write_bytes(PDF)
        fold.get_by_label("佐证文件").set_input_files(file)
        fold.get_by_role("button", name="下达资金").click()
        page.get_by_text("已登记：").wait_for()
        page.get_by_role("link", name="资金", exact=True).click()
        page.get_by_role("heading", name="山西省资金").wait_for()
    assert stored(desk, code).released
    query = text(
        "SELECT actor, evidence FROM audit WHERE kind = 'transition'"
        " AND action = 'release_funds' AND subject = :it ORDER BY id"
    )
    with desk.engine.connect() as connection:
        told = [tuple(row) for row in connection.execute(query, {"it": code})]
    assert told[-1] == (f"{PURSE} 示例·钱某", f"示例晋财社〔2023〕{width}号")
    assert {line.name for line in evidence_lines(desk, code)} == {"批复.pdf"}


def test_what_was_clicked_is_in_the_trail_on_the_board_and_in_the_next_digest(
    chromium: "Browser", desk: Desk
) -> None:
    """A digest's link leads to the item; what is answered there is asked no more.

    The county has answered and taken it back, above: the next day it is asked again.
    """
    asked = digest_after(desk, DAY + timedelta(days=1))
    assert OPERATOR in asked
    link = re.search(rf"{desk.settings.desk_url}/item/{ONE}/D06", asked)
    assert link
    before = overdue(desk)
    with visiting(chromium, desk, COUNTY, 1440) as page:
        page.goto(link[0])
        page.get_by_label("“运营机构确定”日期").fill("2023-06-01")
        page.get_by_label("依据文件（名称、文号）").fill("示例运营协议1号")
        page.get_by_role("button", name="登记办结").click()
        page.get_by_text("已登记").first.wait_for()
    query = (
        "SELECT actor FROM audit WHERE subject = :it AND action = :what ORDER BY id DESC LIMIT 1"
    )
    with desk.engine.connect() as connection:
        what = {"it": ONE, "what": "operator_confirmed"}
        assert str(connection.execute(text(query), what).scalars().first()).startswith(COUNTY)
    assert overdue(desk) == before - 1
    assert OPERATOR not in digest_after(desk, DAY + timedelta(days=2))


def overdue(desk: Desk) -> int:
    """How many of its city's items the board counts as late."""
    return next(row.overdue for row in survey(desk, DAY).board if row.city == CITY[:3])


def digest_after(desk: Desk, day: date) -> str:
    """What the county is sent on a day, once it has been decided."""
    url, tape = desk.settings.desk_url, Tape()
    then = pinned(desk, business_date=day, desk_url=url)
    enforce(then, day, morning(day))
    send(then, tape, morning(day))
    return "".join(mail.text for mail in tape.sent if COUNTY in mail.recipient)

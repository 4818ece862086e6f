"""The staff desk in this process: a browser without pictures, and people who come to it."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from states.contacts import Post
from tests.support.delivering import know
from tests.support.province import morning
from tests.support.steps import TAIYUAN, walk
from tests.support.stores import Snapshot
from web.site import site

DAY = date(2023, 6, 5)
URL = "https://desk.example.gov.cn"
COUNTY, OTHER, CITY = "太原市小店区民政局", "太原市迎泽区民政局", "太原市民政局"
FAR, PROVINCE, LEADER = "大同市民政局", "山西省民政厅", "太原市民政局分管领导"
PURSE, CITY_PURSE, COUNTY_PURSE = "山西省财政厅", "太原市财政局", "太原市小店区财政局"
PEOPLE = {
    COUNTY: Post(COUNTY, "示例·韩某", "科长", "000-0000-0101"),
    OTHER: Post(OTHER, "示例·刘某", "科长", "000-0000-0102"),
    CITY: Post(CITY, "示例·赵某", "科长", "000-0000-0103"),
    LEADER: Post(LEADER, "示例·李某", "副局长", "000-0000-0104"),
    FAR: Post(FAR, "示例·孙某", "科长", "000-0000-0105"),
    PROVINCE: Post(PROVINCE, "示例·张某", "处长", "000-0000-0106"),
    PURSE: Post(PURSE, "示例·钱某", "处长", "000-0000-0107"),
    CITY_PURSE: Post(CITY_PURSE, "示例·周某", "科长", "000-0000-0108"),
    COUNTY_PURSE: Post(COUNTY_PURSE, "示例·吴某", "股长", "000-0000-0109"),
}
"""Who holds each office; their mails lie in the folder."""
TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
LINK = re.compile(r"https?://\S+?(/sign-in/\S+?)(?=\s)")
CODE = re.compile(r"验证码：(\d{6})")


def become_late(desk: Desk) -> None:
    """太原市's projects on 5 June: of ONE, determined, several steps are overdue."""
    walk(desk, "determine")
    know(desk, *PEOPLE.values())
    enforce(desk, DAY, morning(DAY))


LATE = Snapshot("late_at_the_desk", become_late, TAIYUAN, copied=True)


def pinned(desk: Desk, **settings: Any) -> Desk:
    """The desk on its day, opened at `URL`."""
    changed = {"business_date": DAY, "desk_url": URL, **settings}
    return Desk(desk.settings.model_copy(update=changed), desk.plan, desk.calendar, desk.engine)


@dataclass
class Browser:
    """What a person has open; it sends what browsers do of where a request comes from."""

    app: Starlette
    url: str = URL
    peer: str = "127.0.0.1"
    headers: dict[str, str] = field(default_factory=dict)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    page: str = ""
    """What was shown last."""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers={**self.headers, **headers})

    def post(self, path: str, token: str | None = None, **fields: str) -> httpx.Response:
        """Send a form of the page that is shown, as a browser does."""
        return self.send(path, token, {"sec-fetch-site": "same-origin"}, fields)

    def send(
        self, path: str, token: str | None, headers: dict[str, str], fields: dict[str, str]
    ) -> httpx.Response:
        """Send a form with these headers; without `token` with that of the page."""
        found = TOKEN.search(self.page)
        told = {"form_token": (found[1] if found else "") if token is None else token, **fields}
        return self._ask("POST", path, headers={**self.headers, **headers}, data=told)

    def hand_in(self, path: str, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
        """Send a form of the page that is shown with files, as a browser does."""
        found = TOKEN.search(self.page)
        told = {"form_token": found[1] if found else "", **fields}
        parts = [("file", (name, content, "application/octet-stream")) for name, content in files]
        headers = {**self.headers, "sec-fetch-site": "same-origin"}
        return self._ask("POST", path, headers=headers, data=told, files=parts)

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer leads."""
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        return self.get(answer.headers["location"])

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.peer, 50_000))
            async with httpx.AsyncClient(
                transport=transport, base_url=self.url, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        answer = asyncio.run(ask())
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text
        return answer


def at(desk: Desk, **more: Any) -> Browser:
    """A browser at the desk."""
    return Browser(site(desk), **more)


def mails(desk: Desk) -> list[str]:
    """The texts of the sign-in mails in the folder, the oldest first."""
    found = sorted(
        Path(desk.settings.outgoing).glob("*/*.eml"), key=lambda it: it.stat().st_mtime_ns
    )
    parsed = [message_from_bytes(path.read_bytes(), policy=default) for path in found]
    bodies = [mail.get_body(("plain",)) for mail in parsed if "登录" in str(mail["Subject"])]
    return [body.get_content() for body in bodies if body is not None]


def link_of(mail: str) -> str:
    found = LINK.search(mail)
    assert found, mail
    return found[1]


def code_of(mail: str) -> str:
    found = CODE.search(mail)
    assert found, mail
    return found[1]


def knock(browser: Browser, desk: Desk, phone: str) -> str:
    """Ask for a link; the mail that comes."""
    browser.get("/sign-in")
    answer = browser.post("/sign-in", address=phone)
    assert answer.status_code == httpx.codes.OK, answer.text
    return mails(desk)[-1]


def signed_in(desk: Desk, office: str, **more: Any) -> Browser:
    """A browser in which the holder of an office is signed in."""
    browser = at(desk, **more)
    mail = knock(browser, desk, PEOPLE[office].phone)
    browser.get(link_of(mail))
    answer = browser.follow(browser.post(link_of(mail)))
    assert answer.status_code == httpx.codes.OK, answer.text
    return browser

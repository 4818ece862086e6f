"""A programme of another province through its year: nobody reads a word of Shanxi's, wherever.

Everything that leaves the product is searched: mails with what is attached to them, forms and
lists, papers, pages, the staff desk, what commands say, what Prefect shows of deployments, forms
and automations.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape
from io import BytesIO
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.importtools import import_object

from common.errors import RefusedError
from common.words import PRODUCT
from deployments.server.automations import KnownDeployments, automations
from deployments.server.definitions import TAG, definitions_for, offered
from flows.forms.choosing import choices, with_choices
from flows.pages.approvals import letter_page, list_page
from flows.pages.duties import product_pages
from flows.pages.explain import explain_pages
from flows.pages.outbox import outbox_page
from flows.pages.replies import replies_page
from models.database import writing
from operations.cases.desk import Desk
from operations.cases.determination import proposed
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.duties.products import lay_out
from operations.duties.supervision import draft_of
from operations.duties.year import fulfil
from operations.mails.verifying import waiting_replies
from operations.upkeep.scenario import happen
from operations.upkeep.setup import initialise
from operations.views.explain import explain_all
from operations.views.outbox import outbox_health
from operations.views.overview import projects
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, Listing, Product
from tests.conftest import AT
from tests.support import other_world
from tests.support.builders import plan
from tests.support.command import Xingfu
from tests.support.day_pages import pages_of
from tests.support.province import morning
from tests.support.visiting import LINK, Browser, link_of

pytestmark = pytest.mark.heavy
START, END = date(2023, 1, 16), date(2023, 12, 31)
STEP = timedelta(days=28)
OFTEN = 1
"""Products of a kind that are read: the others are made and kept alike."""
SHANXI = other_world.shanxis_words()
URL = "https://desk.example.gov.cn"


@dataclass
class World:
    """A desk whose year is over, and all that it ever put out, by where it was read."""

    desk: Desk
    said: dict[str, str] = field(default_factory=dict)

    def hear(self, where: str, text: object) -> None:
        self.said[where] = f"{self.said.get(where, '')}\n{text}"

    def shanxis(self, beginning: str) -> list[str]:
        """What is Shanxi's in the outputs whose place begins so, each with what stands around."""
        found = []
        for where, text in self.said.items():
            if where.startswith(beginning):
                found += [f"{where}: {around}" for around in shanxis(text)]
        return found

    def count(self, beginning: str) -> int:
        return sum(where.startswith(beginning) for where in self.said)


def shanxis(text: str) -> Iterator[str]:
    """Words of Shanxi's in a text, each with what stands around it."""
    plain = re.sub(r"\s", "", text)
    for found in SHANXI.finditer(plain):
        yield plain[max(0, found.start() - 20) : found.end() + 20]


def packed(content: bytes) -> str:
    """All texts of a workbook or a paper: cells, headings, footers, lists, properties, comments."""
    with ZipFile(BytesIO(content)) as archive:
        parts = [
            archive.read(name).decode()
            for name in archive.namelist()
            if name[-4:] in (".xml", "rels")
        ]
    return "\n".join(re.sub(r"</?(w:r|w:t|w:rPr|r|t)\b[^>]*>", "", part) for part in parts)


def test_whatever_is_looked_for_is_found() -> None:
    places = [
        name for city in plan().cities for name in (city.name, *(it.name for it in city.counties))
    ]
    words = [
        "幸福",
        "养老",
        "老年",
        "民政",
        "山西",
        "晋民",
        "XF2023",
        "附件1",
        "140105-01",
        "九（一）",
    ]
    for word in [*words, *"市省县", *(name for name in places if len(name) > 2)]:
        assert list(shanxis(f"甲{word}乙")), word


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The year of four projects: a look every four weeks, and all duties."""
    home = tmp_path_factory.mktemp("another") / "home"
    home.mkdir()
    desk = other_world.opened(home)
    initialise(desk.settings, None, AT)
    made = World(desk)
    for path in other_world.applications(desk.plan, home):
        import_workbook(desk, path, ImportOptions(confirmed=True), today=END, at=AT)
        made.hear(f"form {path.name}", packed(path.read_bytes()))
    live(made, home)
    yield made
    desk.engine.dispose()


def live(world: World, home: Path) -> None:
    desk, told = world.desk, other_world.events(world.desk.plan, home / "events")
    # One county is never heard of again after its site: everything of it comes late.
    silent = projects(desk)[-1].code
    told = [event for event in told if event.subject != silent or event.on < date(2023, 5, 1)]
    day = START
    while day <= END:
        enforce(desk, day, morning(day))
        deliver(desk, lambda day=day: morning(day))  # type: ignore[misc]
        if day.month in (6, 12):
            pages(world, f"{day}", day)
        following = min(day + STEP, END) if day < END else END + STEP
        for event in [each for each in told if day <= each.on < following]:
            try:
                with writing(desk.engine) as session:
                    happen(session, desk, event, today=END, at=morning(event.on))
            except RefusedError as refusal:
                world.hear("refusal", refusal)
        made(world, day)
        day = following


def made(world: World, day: date) -> None:
    """The year's duties, as papers and pages."""
    for job, item in fulfil(world.desk, Product, day, morning(day)):
        if isinstance(item, RefusedError):
            world.hear("refusal", item)
        elif world.count(f"made {job.kind}") < OFTEN:
            world.hear(f"made {job.kind} {item.occasion.period} {item.occasion.subject}", "")
            files = lay_out(world.desk, job, item)
            for file in files:
                world.hear(f"paper {file.name}", file.name + packed(file.read_bytes()))
            for page in product_pages(world.desk, item, files):
                world.hear(f"page {page.name}", f"{page.title}\n{page.description}\n{page.text}")


def pages(world: World, when: str, as_of: date) -> None:
    """Every page of a day."""
    desk = world.desk
    plan = desk.plan
    made = [
        *pages_of(desk, as_of),
        outbox_page(plan, outbox_health(desk), as_of),
        replies_page(plan, waiting_replies(desk), as_of),
        *explain_pages(plan, explain_all(desk, [item.code for item in projects(desk)], as_of)),
    ]
    world.hear(f"page {when} approval", list_page(plan, proposed(desk)))
    for city in plan.cities:
        if draft := draft_of(desk, city.name, as_of):
            world.hear(f"page {when} letter", letter_page(draft))
    for page in made:
        world.hear(f"page {when} {page.name}", f"{page.title}\n{page.description}\n{page.text}")


def test_no_mail_nor_what_is_attached_says_a_word_of_shanxis(world: World) -> None:
    for path in sorted(world.desk.settings.outgoing.glob("*/*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        world.hear(f"mail {path.name}", "\n".join(f"{name}: {text}" for name, text in mail.items()))
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                world.hear(f"mail {path.name}", part.get_content())
            elif name := part.get_filename():
                world.hear(f"mail {path.name}", name + packed(part.get_content()))
        assert "活力广场督办系统" in str(mail["From"])
        assert str(mail["Subject"]).startswith("【活力广场】")
    assert world.count("mail ") > 50
    assert world.shanxis("mail ") == []


def test_no_paper_or_page_does(world: World) -> None:
    assert world.count("paper ") > 15
    assert world.count("page ") > 30
    assert world.shanxis("paper ") == []
    assert world.shanxis("page ") == []


def test_no_form_or_list_does(world: World, tmp_path: Path) -> None:
    desk, found = world.desk, projects(world.desk)
    city, code = desk.plan.cities[0].name, found[0].code
    orders = {
        Form.APPLICATION: code,
        Form.ACCEPTANCE: code,
        Form.INSPECTION: code,
        Form.ANSWER: city,
        Form.CONTACTS: None,
        Form.OPINIONS: desk.plan.province,
    }
    for kind in (*Form, *Listing):
        subject = orders.get(kind, city) if isinstance(kind, Form) else None
        month = "2023-06" if kind is Form.REPORT else None
        order = WorkbookOrder(kind, subject, month, expert="示例", organisation="示例大学")
        path = export_workbook(desk, order, tmp_path, END)
        world.hear(f"form {kind}", f"{path.name}\n{packed(path.read_bytes())}")
    assert world.shanxis("form ") == []


def test_no_refusal_does(world: World) -> None:
    """What the scenario met: an acceptance by strangers, money before its release."""
    assert world.said["refusal"]
    assert world.shanxis("refusal") == []


COMMANDS = (
    ("board",),
    ("deadlines",),
    ("project", "list"),
    ("funds",),
    ("figures",),
    ("burden",),
    ("outbox",),
    ("determine",),
    ("contacts", "list"),
    ("contacts", "check"),
    ("evidence", "list"),
    ("reply", "list"),
    ("plan", "show"),
    ("plan", "diagram"),
    ("plan", "clauses"),
    ("plan", "history"),
    ("plan", "validate"),
    ("audit", "verify"),
    ("check", "--as-of", "2023-12-31"),
    ("figures", "--as-of", "2023-02-10"),
    ("report", "risks"),
    ("export", "summary", "不是工作簿"),
    ("export", "report", "a.xlsx"),
    ("import", "没有.xlsx"),
    ("import", "没有.xlsx", "--city", "别处"),
    ("export", "answer", "a.xlsx", "--subject", "别处"),
    ("export", "summary", "a.xlsx", "--subject", "别处"),
    ("project", "show", "别处"),
    ("funds", "--subject", "别处"),
    ("letter", "别处"),
    ("explain", "别处"),
    ("record", "别处", "D10-03", "--on", "2023-03-01"),
    ("contacts", "set", "别处", "示例"),
)


def test_no_command_says_one(world: World, tmp_path: Path) -> None:
    xingfu = Xingfu(
        world.desk.settings.home,
        XINGFU_PLAN=other_world.ID,
        XINGFU_PLANS=str(world.desk.settings.plans),
        XINGFU_BUSINESS_DATE="2023-12-31",
    )
    found = projects(world.desk)
    told: list[tuple[str, ...]] = [("project", "show", item.code) for item in found]
    told += [("explain", found[-1].code), ("explain", found[-1].code, "D08", "--on", "2023-06-05")]
    told += [("letter", city.name) for city in world.desk.plan.cities]
    told += [("advance", found[0].code, "release_funds", "--on", "2023-12-01", "--actor", "某某局")]
    for words in (*COMMANDS, *told):
        ended = xingfu(*words)
        world.hear(f"command {' '.join(words)}", ended.stdout + ended.stderr)
    ended = xingfu("plan", "preview", "--out", str(tmp_path / "a.html"))
    assert ended.returncode == 0, ended.stderr
    shown = unescape((tmp_path / "a.html").read_text(encoding="utf-8"))
    # Places are the notice's own, which is quoted.
    assert re.findall(f".*(?:{other_world.NO_LEVEL}).*", shown) == []
    assert world.shanxis("command ") == []


def test_no_help_says_one(world: World) -> None:
    from deployments.cli import COMMANDS as TABLE

    xingfu = Xingfu(world.desk.settings.home)
    for panel, commands in TABLE.items():
        world.hear("help", panel)
        for path, _, _ in commands:
            world.hear(f"help {path}", xingfu.ok(*path.split(), "--help"))
    world.hear("help", xingfu.ok("--help"))
    for where in [where for where in world.said if where.startswith("help")]:
        world.said[where] = world.said[where].replace(f"{PRODUCT}：按实施方案", "")
    assert world.shanxis("help") == []


def test_prefect_shows_none(world: World) -> None:
    """Deployments with their forms' prompts and choices, tags, and automations by name."""
    desk, choosable = world.desk, choices(world.desk)
    plans = {other_world.ID: desk.plan}
    for each in offered(definitions_for(other_world.ID, list(plans)), plans):
        shown = import_object(each.entrypoint)
        schema = with_choices(
            parameter_schema(shown.fn).model_dump_for_openapi(), choosable, desk.plan.levels
        )
        asked = re.sub(r"'xingfu_words': \{[^}]*\}", "", str(schema))
        tags = [tag for tag in each.tags if tag != TAG]
        world.hear(f"prefect {each.name}", f"{each.description} {tags} {shown.description} {asked}")
    known = KnownDeployments(UUID(int=0), ["enforce_deadlines"], ["issue_letter"])
    for rule in automations(known):
        assert rule.name.startswith(f"{PRODUCT}：")  # the machine signs with the product's name
        world.hear("prefect automations", rule.name.removeprefix(PRODUCT) + rule.description)
    assert desk.plan.id == other_world.ID
    assert world.shanxis("prefect ") == []


PAGES = ("/today", "/board", "/papers", "/me")


def test_the_staff_desk_shows_none(world: World) -> None:
    desk = world.desk
    pinned = desk.settings.model_copy(update={"business_date": END, "desk_url": URL})
    open_desk = Desk(pinned, desk.plan, desk.calendar, desk.engine)
    code = projects(desk)[-1].code
    from models.contacts import legible_posts
    from tests.support.visiting import at, knock

    with desk.reading() as session:
        posts = {post.office: post for post in legible_posts(session, desk.plan)}
    for level in desk.plan.every_office():
        if level.city not in ("", desk.plan.cities[-1].name) or level.name not in posts:
            continue
        browser: Browser = at(open_desk)
        mail = knock(browser, open_desk, posts[level.name].phone)
        world.hear("desk sign-in", browser.page + mail)
        browser.get(link_of(mail))
        browser.follow(browser.post(link_of(mail)))
        for path in (*PAGES, f"/project/{code}"):
            browser.get(path)
            world.hear(f"desk {level.name} {path}", browser.page)
    assert LINK
    assert world.count("desk ") > 10
    assert world.shanxis("desk ") == []

"""Papers on the desk: who reads which, and how one is issued on what was shown."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from documents.writing.blocks import Annex, Heading, PaperTable, PaperText
from operations.cases.desk import Desk
from operations.duties.issuing import draft_papers
from operations.duties.papers import find_paper
from tests.support.delivering import know
from tests.support.stores import Stores
from tests.support.visiting import CITY, COUNTY, FAR, PEOPLE, PROVINCE, pinned, signed_in
from tests.test_flows_issuing import DRAFTED
from tests.test_flows_issuing import JULY as TODAY
from web.errand import templates

OK, SEE_OTHER, NOT_FOUND, UNPROCESSABLE = 200, 303, 404, 422
NUMBER = "晋民函〔2023〕45号"
SIGNED = {"number": NUMBER, "on": TODAY.isoformat(), "signer": "示例·王某"}


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, DRAFTED, tmp_path / "home") as opened:
        know(opened, *PEOPLE.values())
        yield pinned(opened, business_date=TODAY)


def draft_name(desk: Desk, kind: str, subject: str) -> str:
    names = [draft.name for draft in draft_papers(desk)]
    return next(it for it in names if it.startswith(kind) and it.endswith(subject))


def test_a_draft_is_read_downloaded_and_issued_by_the_province(desk: Desk) -> None:
    name = draft_name(desk, "bulletin", "山西省")
    browser = signed_in(desk, PROVINCE)
    assert name.split(":")[1] in browser.get("/papers").text.replace("%3A", ":")
    page = browser.get(f"/papers/draft?name={name}").text
    assert "草稿" in page
    assert '<th scope="col" class="number">任务数</th>' in page  # its tables are tables
    loaded = browser.get(f"/papers/draft.docx?name={name}")
    assert Document(BytesIO(loaded.content)).paragraphs
    browser.get(f"/papers/draft?name={name}")
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    answer = browser.post("/papers/issue", name=name, seen=seen, **SIGNED)
    assert answer.status_code == SEE_OTHER, answer.text
    paper = find_paper(desk, NUMBER)
    assert paper
    assert paper.actor == "山西省民政厅 示例·张某"
    assert NUMBER in browser.follow(answer).text
    for office, status in ((CITY, OK), (FAR, OK), (COUNTY, NOT_FOUND)):
        other = signed_in(desk, office)
        assert other.get(f"/papers/issued?number={NUMBER}").status_code == status
        assert other.get(f"/papers/issued.docx?number={NUMBER}").status_code == status


def test_whoever_signs_sees_the_annexes_too() -> None:
    rows = (("太原市", "1152.28"), ("<b>", "0%"))
    table = PaperTable(("市", "投资总额"), rows, "表1")
    letter = PaperText(
        "通报", "各市", (Heading("一、总体"), "甲"), "省厅", (Annex("项目", (table,)),)
    )
    shown = str(templates().get_template("parts.html").module.wording(letter))  # type: ignore[attr-defined]
    order = [
        shown.index(it) for it in ("<h1>通报", "各市：", "<h2>一、总体", "省厅", "<h2>附件：项目")
    ]
    assert order == sorted(order)
    for words in (
        "<caption>表1",
        '<th scope="col" class="number">投资总额',
        '<td class="number">1152.28',
        "<td>&lt;b&gt;",
        '<td class="number">0%',
    ):
        assert words in shown


def test_what_was_not_shown_is_not_issued(desk: Desk) -> None:
    name = draft_name(desk, "bulletin", "山西省")
    browser = signed_in(desk, PROVINCE)
    browser.get(f"/papers/draft?name={name}")
    answer = browser.post("/papers/issue", name=name, seen="other", **SIGNED)
    assert answer.status_code == UNPROCESSABLE
    assert "已有变化" in answer.text
    assert NUMBER in answer.text
    assert find_paper(desk, NUMBER) is None


def test_drafts_are_the_provinces_own(desk: Desk) -> None:
    name = draft_name(desk, "bulletin", "山西省")
    for office in (CITY, COUNTY):
        browser = signed_in(desk, office)
        assert "待签发" not in browser.get("/papers").text
        assert browser.get(f"/papers/draft?name={name}").status_code == NOT_FOUND
        assert browser.post("/papers/issue", name=name, **SIGNED).status_code == NOT_FOUND
    assert find_paper(desk, NUMBER) is None

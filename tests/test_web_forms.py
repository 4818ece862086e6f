"""Workbooks and files over the desk: the same checks as the inbox, the marked copy, and proof."""

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from operations.cases.desk import Desk
from operations.views.evidence import evidence_lines
from operations.workbooks.exports import MAKERS
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form
from tests.support.exhibits import PDF, PNG
from tests.support.steps import ONE, stored
from tests.support.stores import Stores
from tests.support.visiting import (
    CITY,
    CITY_PURSE,
    COUNTY,
    DAY,
    FAR,
    LATE,
    OTHER,
    PROVINCE,
    PURSE,
    Browser,
    at,
    pinned,
    signed_in,
)

pytestmark = pytest.mark.heavy

OK, SEE_OTHER, BAD, UNSIGNED, NOT_FOUND, LARGE, UNPROCESSABLE = 200, 303, 400, 401, 404, 413, 422
RECEIPT = "/forms/answer.xlsx?subject="


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield pinned(opened)


def receipt_form(browser: Browser, person: str) -> bytes:
    browser.get("/forms")
    found = browser.get(RECEIPT + person)
    assert found.status_code == OK, found.text
    return found.content


def filled(
    content: bytes, rule: str, done: str = "", document: str = "", reason: str = ""
) -> bytes:
    """办理回执 with one row answered, as a person fills it in."""
    book = load_workbook(BytesIO(content))
    sheet = book.worksheets[0]
    heads = next(
        row for row in sheet.iter_rows() if any("时限" in str(cell.value or "") for cell in row)
    )
    column = {str(cell.value).replace("\n", ""): cell.column for cell in heads if cell.value}
    row = next(
        cell.row
        for cells in sheet.iter_rows(min_row=(heads[0].row or 0) + 1)
        for cell in cells
        if cell.column == column["时限编号"] and cell.value == rule
    )
    sheet.cell(row, column["办结日期"], done)
    sheet.cell(row, column["文件名称、文号、凭证号或有关单位"], document)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def marked_link(page: str) -> str:
    _, found, after = page.partition('href="/forms/returned/')
    assert found, page
    return f"/forms/returned/{after.split(chr(34))[0]}"


def test_a_form_is_handed_out_filled_in_and_taken_in(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    form = filled(receipt_form(browser, f"{COUNTY} 示例·韩某"), "D08", "2023-06-02", "合同5号")
    browser.get("/forms")
    answer = browser.hand_in("/forms", ("回执.xlsx", form))
    assert answer.status_code == OK
    assert "回执.xlsx：已登记" in answer.text
    project = stored(desk)
    assert str(project.milestones["work_started"]) == "2023-06-02"
    again = browser.hand_in("/forms", ("回执.xlsx", form))
    assert "登记" in again.text
    assert stored(desk) == project


def test_what_is_wrong_comes_back_marked_to_whom_it_concerns_alone(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    form = filled(receipt_form(browser, f"{COUNTY} 示例·韩某"), "D08", "2023-07-20", "合同5号")
    browser.get("/forms")
    answer = browser.hand_in("/forms", ("回执.xlsx", form))
    assert "退回" in answer.text
    assert "work_started" not in stored(desk).milestones
    link = marked_link(answer.text)
    copy = load_workbook(BytesIO(browser.get(link).content))
    comments = [c.comment.text for row in copy.worksheets[0].iter_rows() for c in row if c.comment]
    assert any("尚未到来" in words for words in comments)
    for office in (FAR, PROVINCE, PURSE):
        assert signed_in(desk, office).get(link).status_code == NOT_FOUND


def test_what_was_returned_is_looked_at_again_once_the_cause_is_mended(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    form = filled(receipt_form(browser, f"{COUNTY} 示例·韩某"), "D08", "2023-06-06", "合同5号")
    later = signed_in(pinned(desk, business_date=date(2023, 6, 6)), COUNTY)
    for each, told in ((browser, "退回"), (browser, "退回"), (later, "回执.xlsx：已登记")):
        each.get("/forms")
        assert told in each.hand_in("/forms", ("回执.xlsx", form)).text
    assert stored(desk).milestones["work_started"] == date(2023, 6, 6)
    with desk.engine.connect() as connection:
        query = text("SELECT outcome, count(*) FROM inbox GROUP BY outcome")
        assert [tuple(row) for row in connection.execute(query)] == [("done", 1)]
        query = text("SELECT due, visit FROM outbox WHERE decision = 'receipt' ORDER BY due")
        assert [tuple(row) for row in connection.execute(query)] == [
            ("2023-06-05", 1),
            ("2023-06-06", 1),
        ]


def test_the_province_too_may_hand_in_again_what_was_returned(desk: Desk) -> None:
    province, city = signed_in(desk, PROVINCE), signed_in(desk, CITY)
    book = city.get("/forms/ledger.xlsx?subject=太原市").content
    for _ in range(2):
        province.get("/forms")
        assert "资金台账.xlsx：已登记" in province.hand_in("/forms", ("资金台账.xlsx", book)).text
        with desk.engine.begin() as connection:  # as if something had been in its way
            connection.execute(text("UPDATE inbox SET outcome = 'returned', reply = '示例'"))


def test_each_office_hands_in_what_is_its_own(desk: Desk) -> None:
    province = signed_in(desk, PROVINCE)
    city = signed_in(desk, CITY)
    ledger = city.get("/forms/ledger.xlsx?subject=太原市").content
    city.get("/forms")
    assert "资金台账" in city.hand_in("/forms", ("资金台账.xlsx", ledger)).text
    assert signed_in(desk, CITY_PURSE).get("/forms/ledger.xlsx?subject=太原市").status_code == OK
    with desk.reading() as session:
        contacts = MAKERS[Form.CONTACTS](session, desk, WorkbookOrder(Form.CONTACTS), DAY).content
    for browser in (city, signed_in(desk, PURSE)):
        browser.get("/forms")
        answer = browser.hand_in("/forms", ("通讯录.xlsx", contacts))
        assert "退回" in answer.text
        assert "山西省民政厅" in answer.text
    province.get("/forms")
    assert "通讯录.xlsx：已登记" in province.hand_in("/forms", ("通讯录.xlsx", contacts)).text


def test_nothing_is_read_of_strangers_nor_of_what_is_too_large_or_broken(desk: Desk) -> None:
    stranger, known = at(desk), signed_in(desk, COUNTY)
    assert stranger.hand_in("/forms", ("a.xlsx", b"x" * 10)).status_code == UNSIGNED
    assert stranger.hand_in("/forms", ("a.xlsx", b"x" * 200_000)).status_code == LARGE
    known.get("/forms")
    much = b"x" * ((desk.settings.most_evidence_mb + 2) * 1_048_576)
    answer = known.hand_in("/forms", ("a.xlsx", much))
    assert answer.status_code == LARGE
    assert "超过" in answer.text
    known.get("/forms")
    broken = known._ask(  # what no browser sends
        "POST",
        "/forms",
        headers={
            "content-type": "multipart/form-data; boundary=x",
            "sec-fetch-site": "same-origin",
        },
        content=b"nothing of the kind",
    )
    assert broken.status_code in (BAD, 403)
    known.get("/forms")
    assert "退回" in known.hand_in("/forms", ("a.xlsx", b"no workbook")).text
    foreign = known.hand_in("/forms", ("a.xlsx", b"no workbook"), form_token=ONE)
    assert foreign.status_code == 403


def test_a_file_is_proof_at_an_item_and_at_a_project(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get(f"/item/{ONE}/D08")
    where = {"subject": ONE, "rule": "D08", "next": f"/item/{ONE}/D08"}
    assert browser.hand_in("/proof", ("合同 扫描件.pdf", PDF), **where).status_code == SEE_OTHER
    browser.get(f"/project/{ONE}")
    answer = browser.hand_in("/proof", ("现场.png", PNG), subject=ONE, next=f"/project/{ONE}")
    page = browser.follow(answer).text
    first, second = evidence_lines(desk, ONE)
    assert (first.name, first.actor) == ("合同 扫描件.pdf", f"{COUNTY} 示例·韩某")
    assert f"/proof/{ONE}/{second.mark}" in page
    loaded = browser.get(f"/proof/{ONE}/{first.mark}")
    assert loaded.content == PDF
    assert loaded.headers["content-disposition"].startswith("attachment")
    assert loaded.headers["content-type"] == "application/octet-stream"
    for office, status in ((CITY, OK), (PROVINCE, OK), (OTHER, NOT_FOUND), (PURSE, NOT_FOUND)):
        assert signed_in(desk, office).get(f"/proof/{ONE}/{first.mark}").status_code == status


def test_a_file_of_no_kind_that_proves_anything_is_refused_with_the_answer(desk: Desk) -> None:
    browser = signed_in(desk, COUNTY)
    browser.get("/")
    said = {"kind": "done", "done": "2023-06-02", "evidence": "合同5号", "subject": ONE}
    answer = browser.hand_in("/answer", ("合同.exe", b"MZ\0\0"), rule="D08", **said)
    assert answer.status_code == UNPROCESSABLE
    assert "合同.exe" in answer.text
    assert "work_started" not in stored(desk).milestones
    answer = browser.hand_in("/answer", ("合同.pdf", PDF), rule="D08", next="/", **said)
    assert answer.status_code == SEE_OTHER, answer.text
    (line,) = evidence_lines(desk, ONE)
    assert (line.name, line.label) == ("合同.pdf", "办理 开工")

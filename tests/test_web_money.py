"""The finance office's day: the money, what waits for it, and nothing else of the programme."""

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from notifications.mail import DOMAIN
from operations.cases.desk import Desk
from operations.workbooks.directory import list_contacts
from policy.vocabulary import EntryKind, Holder, Source
from tests.support.delivering import know, send
from tests.support.province import morning
from tests.support.replying import go, put, receipts, rows
from tests.support.steps import ONE, money, stored
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.support.visiting import (
    CITY,
    CITY_PURSE,
    COUNTY,
    COUNTY_PURSE,
    DAY,
    LATE,
    OTHER,
    PEOPLE,
    PROVINCE,
    PURSE,
    pinned,
    signed_in,
)

SEE_OTHER, NOT_FOUND, UNPROCESSABLE = 303, 404, 422
PAGE = f"/project/{ONE}"


@pytest.fixture
def desk(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        with opened.engine.begin() as connection:
            connection.execute(text("UPDATE project SET responsible_phone = '000-0000-0777'"))
        yield pinned(opened)


def test_finance_releases_money_and_it_is_on_record_as_theirs(desk: Desk) -> None:
    browser = signed_in(desk, PURSE)
    today = browser.get("/").text
    assert f"/item/{ONE}/D05" in today
    assert "/D08" not in today
    page = browser.get(PAGE).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    amount = page.partition('name="amount"')[2].partition('value="')[2].partition('"')[0]
    said = {"act": "release_funds", "on": "2023-06-02", "evidence": "示例晋财社〔2023〕1号"}
    answer = browser.post(f"{PAGE}/act", seen=seen, amount=amount, **said)
    assert answer.status_code == SEE_OTHER, answer.text
    assert stored(desk).stage == "groundbreaking"
    with desk.engine.connect() as connection:
        query = "SELECT actor FROM audit WHERE action = 'release_funds'"
        assert connection.execute(text(query)).scalars().all() == ["山西省财政厅 示例·钱某"]
    assert f"/item/{ONE}/D05" not in browser.get("/").text


@pytest.mark.parametrize("office", [PURSE, CITY_PURSE, COUNTY_PURSE])
def test_finance_sees_money_and_no_persons_number_nor_what_is_not_its_own(
    desk: Desk, office: str
) -> None:
    browser = signed_in(desk, office)
    page = browser.get(PAGE).text
    assert "资金（元）" in page
    assert "000-0000-0777" not in page
    assert "全部开工建设" not in page.partition("<h2>时限</h2>")[2].partition("<h2>办理记录")[0]
    assert "示例·韩某" not in browser.get("/me").text
    assert "逾期" not in browser.get("/list?standing=overdue").text.partition("<table")[2]
    assert "000-0000-0777" in signed_in(desk, COUNTY).get(PAGE).text


def test_finance_has_a_board_of_money_alone(desk: Desk) -> None:
    browser = signed_in(desk, CITY_PURSE)
    page = browser.get("/board").text
    assert "太原市资金" in page
    assert "结存" in page
    for words in ("逾期", "卡在何处", "迎泽区民政局", "下载项目台账"):
        assert words not in page
    assert "下载资金一览" in page


def test_finance_may_not_do_what_is_anothers(desk: Desk) -> None:
    for office in (PURSE, CITY_PURSE, COUNTY_PURSE):
        browser = signed_in(desk, office)
        browser.get(PAGE)
        said = {"act": "break_ground", "on": "2023-06-02", "evidence": "合同1号"}
        answer = browser.post(f"{PAGE}/act", **said)
        assert answer.status_code == UNPROCESSABLE
    assert "work_started" not in stored(desk).milestones


def test_contacts_know_finance_offices_and_nobody_is_reminded_there(desk: Desk) -> None:
    assert [post.name for post in list_contacts(desk, PURSE)] == ["示例·钱某"]
    with desk.engine.connect() as connection:
        told = connection.execute(text("SELECT DISTINCT recipient FROM outbox")).scalars()
        assert not [name for name in told if "财政" in name]
    page = signed_in(desk, PROVINCE).get("/board").text
    assert "省级单位自身的事项另计" in page


MATCHED = {
    "act": "county_funds_in_place-county",
    "on": "2023-05-30",
    "evidence": "示例财预〔2023〕2号",
}


@pytest.mark.parametrize("office", [COUNTY_PURSE, COUNTY])
def test_the_countys_matching_funds_are_stated_at_the_project(desk: Desk, office: str) -> None:
    browser = signed_in(desk, office)
    page = browser.get(PAGE).text
    assert "登记县级配套到账（六(二)）" in page
    assert "登记市级配套到账" not in page
    promised = stored(desk).profile.county_share
    answer = browser.post(f"{PAGE}/act", amount=f"{promised}", voucher="示例-9", **MATCHED)
    assert answer.status_code == SEE_OTHER, answer.text
    project = stored(desk)
    assert [(it.voucher, it.amount) for it in project.lines] == [("示例-9", promised)]
    assert str(project.milestones["county_funds_in_place"]) == "2023-05-30"
    page = browser.follow(answer).text
    assert "登记县级配套到账" not in page
    row = page.partition('name="row" value="')[2].partition('"')[0]
    assert browser.post("/undo", row=row, next=PAGE).status_code == SEE_OTHER
    assert stored(desk).lines == ()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"amount": "", "voucher": "示例-9"}, "未填写金额"),
        ({"amount": "100", "voucher": ""}, "未填写凭证号"),
        ({"amount": "-1", "voucher": "示例-9"}, "金额"),
        ({"amount": "9000000000", "voucher": "示例-9"}, "可能混淆了元与万元"),
        ({"amount": "100", "voucher": "示例-9", "seen": "1"}, "之后已有变化"),
    ],
)
def test_money_at_a_project_is_checked_as_in_the_ledger(
    desk: Desk, said: dict[str, str], why: str
) -> None:
    browser = signed_in(desk, COUNTY_PURSE)
    browser.get(PAGE)
    answer = browser.post(f"{PAGE}/act", **{**MATCHED, **said})
    assert answer.status_code == UNPROCESSABLE
    assert why in answer.text
    assert stored(desk).lines == ()


@pytest.mark.parametrize("office", [OTHER, CITY, CITY_PURSE, PROVINCE])
def test_nobody_states_another_countys_money(desk: Desk, office: str) -> None:
    may = office in (CITY, CITY_PURSE, PROVINCE)  # those above it in the same line
    browser = signed_in(desk, office)
    browser.get(PAGE)
    answer = browser.post(f"{PAGE}/act", amount="100", voucher="示例-9", **MATCHED)
    assert answer.status_code == (SEE_OTHER if may else NOT_FOUND)
    assert len(stored(desk).lines) == may


# --- the workbook of a county's money -------------------------------------------------------------

ADDRESS = "qu@county.example"
LEDGER = "/forms/ledger.xlsx?subject="
HERE, NEXT_DOOR = "太原市小店区", "太原市迎泽区"
THEIRS = "XF2023-140106-01"
NEW = ("2023-05-30", "到账", "县级配套", "县财政", None)


def with_row(content: bytes, code: str, *said: Any) -> bytes:
    """资金台账 with one line added in the first empty row."""
    book = load_workbook(BytesIO(content))
    sheet = book["资金台账"]
    head = next(row for row in sheet.iter_rows() if any(cell.value == "编码" for cell in row))
    column = next(cell.column for cell in head if cell.value == "编码")
    row = (head[0].row or 0) + 1
    while sheet.cell(row, column).value:
        row += 1
    for offset, value in enumerate((code, *said)):
        sheet.cell(row, column + offset, value)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def said_in(content: bytes) -> str:
    book = load_workbook(BytesIO(content))
    return " ".join(str(c.value) for sheet in book for row in sheet.iter_rows() for c in row)


@pytest.mark.parametrize("office", [COUNTY_PURSE, COUNTY])
def test_a_county_states_its_money_by_a_workbook_of_its_own(desk: Desk, office: str) -> None:
    money(desk, EntryKind.RECEIPT, Source.COUNTY, Holder.COUNTY, "777777.00", "2023-05-29",
          subject=THEIRS, voucher="示例-邻县")  # fmt: skip
    browser = signed_in(desk, office)
    assert HERE in browser.get("/forms").text
    form = browser.get(LEDGER + HERE).content
    told = said_in(form)
    assert ONE in told
    assert not [word for word in (THEIRS, "迎泽区", "777777", "示例-邻县") if word in told]
    browser.get("/forms")
    book = with_row(form, ONE, *NEW, 1000, "示例-本县")
    assert "台账.xlsx：已登记" in browser.hand_in("/forms", ("台账.xlsx", book)).text
    assert [(it.voucher, str(it.amount)) for it in stored(desk).lines] == [("示例-本县", "1000.00")]
    with desk.engine.connect() as connection:
        query = text("SELECT actor FROM audit WHERE kind = 'ledger' ORDER BY id DESC")
        assert str(connection.execute(query).scalars().first()).startswith(office)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("whose", "place", "code", "registered"),
    [(COUNTY, HERE, ONE, True), (OTHER, NEXT_DOOR, THEIRS, False)],
)
def test_a_county_sends_its_own_by_mail_and_no_neighbours(
    desk: Desk, whose: str, place: str, code: str, registered: bool
) -> None:
    form = signed_in(desk, whose).get(LEDGER + place).content
    url = f"mailtos://u:p@smtp.county.example?to={ADDRESS}"
    know(desk, *(PEOPLE | {COUNTY: replace(PEOPLE[COUNTY], channels=(url,))}).values())
    send(desk, Tape(), morning(DAY))
    asked = "SELECT DISTINCT digest FROM asked_item WHERE person = :who"
    [(digest,)] = rows(desk, asked, who=f"{COUNTY} {PEOPLE[COUNTY].name}")
    made = EmailMessage(policy=SMTP)
    made["From"], made["Subject"], made["In-Reply-To"] = ADDRESS, "回复", f"<{digest}@{DOMAIN}>"
    made.set_content("见附件。")
    book = with_row(form, code, *NEW, 1000, "示例-本县")
    made.add_attachment(book, maintype="application", subtype="octet-stream", filename="台账.xlsx")
    put(desk, made.as_bytes())
    go(desk, today=DAY)
    assert [line.voucher for line in stored(desk, code).lines] == ["示例-本县"] * registered
    [receipt] = receipts(desk)
    assert receipt.endswith("不需再报。" if registered else "重新报送之日为报送日期。")


@pytest.mark.heavy
def test_nobody_learns_of_a_neighbours_money_or_states_it(desk: Desk) -> None:
    money(desk, EntryKind.RECEIPT, Source.COUNTY, Holder.COUNTY, "777777.00", "2023-05-29",
          subject=THEIRS, voucher="示例-邻县")  # fmt: skip
    browser, neighbour = signed_in(desk, COUNTY_PURSE), signed_in(desk, OTHER)
    for place in (NEXT_DOOR, "太原市"):
        assert browser.get(LEDGER + place).status_code == UNPROCESSABLE
    form = browser.get(LEDGER + HERE).content
    theirs = neighbour.get(LEDGER + NEXT_DOOR).content
    every = signed_in(desk, CITY).get(f"{LEDGER}太原市").content
    for book, why in (
        (with_row(form, THEIRS, *NEW, 1000, "示例-3"), THEIRS),
        (with_row(form, ONE, *NEW, 1000, "示例-邻县"), "已在其他县（市、区）登记"),
        (theirs, f"不能由{COUNTY_PURSE}"),
        (with_row(every, ONE, *NEW, 1000, "示例-4"), "编码"),
    ):
        browser.get("/forms")
        page = browser.hand_in("/forms", ("台账.xlsx", book)).text
        told = page.partition("<h2>报送</h2>")[0]
        assert "退回" in told
        assert why in told
        assert "777,777" not in told
        assert (THEIRS in told) == (why in (THEIRS, "编码"))  # it stands in the book itself
    assert stored(desk).lines == ()
    assert len(stored(desk, THEIRS).lines) == 1

"""A programme whose subsidy is made up of two funds of one level, through its year.

What is due, released, received and at rest is reckoned by fund, and every place that says whose
money it is names it: forms, refusals, pages, lists, papers, the desk and the trail.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from common.errors import RefusedError
from deployments.commands.console import emit
from documents.forms.ledger import ledger_columns, purse_reader
from documents.forms.summary import SummaryRow, pages
from documents.papers.bulletin import bulletin
from documents.reading.cells import CellError
from documents.reading.faults import WorkbookError
from documents.writing.layout import save
from flows.pages.money import funds_page
from models.database import open_engine, writing
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.answering import booking_of
from operations.cases.casework import Act, advance
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.money import Booking, book
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.duties.products import all_kept
from operations.duties.progress_letters import BULLETINS
from operations.duties.year import fulfil
from operations.upkeep.rebuilding import compare
from operations.upkeep.rules import foresee
from operations.upkeep.setup import check_trail, install
from operations.views.funds import TOTAL, FundsView, by_city, funds_views, money, money_of, total
from operations.views.overview import projects, survey
from operations.views.project_record import project_record, project_text
from operations.views.snapshots import snapshot
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.examples import PlanExample
from policy.load import load_plan
from policy.schema import Plan
from policy.vocabulary import EntryKind, Form, Holder, Listing, Product, Source
from states.contacts import Post
from states.examples import differences
from states.ledger import FundMoney
from states.money_due import due_named, money_due
from tests.conftest import AT
from tests.support.builders import calendar
from tests.support.command import run
from tests.support.day_pages import city_of
from tests.support.delivering import know
from tests.support.province import morning
from tests.support.surveyed import money_of_survey, pages_are_the_surveys
from tests.support.visiting import at, knock, link_of, pinned
from tests.test_other_plans import PLANS

pytestmark = pytest.mark.heavy

HOME = PLANS / "funds-2025"
END = date(2025, 12, 31)
PROVINCE, FINANCE, COUNTY = "示例省民政厅", "甲市财政局", "甲市东区民政局"
BUDGET, LOTTERY = "省级财政资金", "福彩公益金"
CENTRE = {"kind": "centre", "beds": 20, "tier": "一类县", "county_share": Decimal(50000)}
POINT = {"kind": "point", "beds": 4}


def plan() -> Plan:
    return load_plan(HOME / "plan.yaml")


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    """甲市 with a centre and a point, both chosen."""
    desk = Desk(settings, plan(), calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    rows = (
        SummaryRow("东区", {"street": "", "community": "一号社区", **CENTRE}),
        SummaryRow("南县", {"street": "", "community": "二号社区", **POINT}),
    )
    save(tmp_path / "甲市.xlsx", pages(desk.plan, "甲市", rows))
    import_workbook(desk, tmp_path / "甲市.xlsx", today=date(2025, 1, 20), at=AT)
    for item in projects(desk):
        act(desk, item.code, "choose", "2025-02-10")
    yield desk
    desk.engine.dispose()


def codes(desk: Desk) -> tuple[str, str]:
    centre, point = (item.code for item in projects(desk))
    return centre, point


def act(desk: Desk, code: str, name: str, on: str, amount: str | None = None) -> None:
    money = None if amount is None else Decimal(amount)
    asked = Act(code, name, date.fromisoformat(on), PROVINCE, "示例文件", amount=money)
    with writing(desk.engine) as session:
        advance(session, desk, asked, today=END, at=AT)


def line(
    desk: Desk, code: str, entry: EntryKind, purse: str, amount: str, on: str, **more: Any
) -> None:
    source, fund = desk.plan.source_of(purse)
    holder = more.pop("holder", Holder.CITY)
    actor = FINANCE if holder is Holder.CITY else COUNTY
    booking = Booking(
        subject=code,
        entry=entry,
        on=date.fromisoformat(on),
        source=more.pop("source", source),
        fund=fund,
        holder=holder,
        amount=Decimal(amount),
        voucher=f"{purse}{entry}{on}",
        actor=actor,
        **more,
    )
    with writing(desk.engine) as session:
        book(session, desk, booking, today=END, at=AT)


def released(desk: Desk) -> str:
    """The centre with all of its budget and half of its lottery's money; its code."""
    centre, _ = codes(desk)
    act(desk, centre, "pay_budget", "2025-03-05", "100000.00")
    act(desk, centre, "pay_lottery", "2025-03-12", "50000.00")
    return centre


def come(desk: Desk) -> str:
    """Both at the city since March; what the budget paid has been passed on since."""
    centre = released(desk)
    line(desk, centre, EntryKind.RECEIPT, "budget", "100000.00", "2025-03-10")
    line(desk, centre, EntryKind.RECEIPT, "lottery", "50000.00", "2025-03-20")
    line(
        desk, centre, EntryKind.TRANSFER, "budget", "100000.00", "2025-03-24",
        to_holder=Holder.COUNTY,
    )  # fmt: skip
    return centre


def of_project(desk: Desk, code: str) -> Any:
    return next(item for item in projects(desk) if item.code == code)


def test_each_fund_is_released_up_to_its_own_share(desk: Desk) -> None:
    centre, point = codes(desk)
    with pytest.raises(RefusedError, match=r"超过按标准核算的省级财政资金100,000\.00元"):
        act(desk, centre, "pay_budget", "2025-03-05", "100000.01")
    with pytest.raises(RefusedError, match="金额高于标准"):
        act(desk, centre, "pay_lottery", "2025-03-12", "50000.01")
    with pytest.raises(RefusedError, match="金额高于标准"):
        act(desk, point, "pay_lottery", "2025-03-12", "0.01")
    released(desk)
    told = of_project(desk, centre)
    assert (told.released, told.released_funds) == (
        Decimal("150000.00"),
        {"budget": "100000.00", "lottery": "50000.00"},
    )
    act(desk, centre, "finish", "2025-09-01")
    act(desk, centre, "pay_rest", "2025-09-10", "50000.00")
    assert of_project(desk, centre).released_of("lottery") == Decimal("100000.00")


def test_a_line_says_of_which_fund_it_is_and_each_is_reckoned_by_itself(desk: Desk) -> None:
    centre, _ = codes(desk)
    with pytest.raises(RefusedError, match="福彩公益金尚未下达，不能登记到账（三）"):
        line(desk, centre, EntryKind.RECEIPT, "lottery", "1.00", "2025-03-20")
    released(desk)
    with pytest.raises(RefusedError, match=r"资金来源请填写budget（省级财政资金）、lottery"):
        line(desk, centre, EntryKind.RECEIPT, "province", "1.00", "2025-03-20")
    with pytest.raises(RefusedError, match="没有写明是哪一笔资金，或方案没有这笔资金"):
        line(desk, centre, EntryKind.RECEIPT, "lottery", "1.00", "2025-03-20", source=Source.CITY)
    with pytest.raises(RefusedError, match=r"福彩公益金到账合计50,000\.01元，超过下达的50,000"):
        line(desk, centre, EntryKind.RECEIPT, "lottery", "50000.01", "2025-03-20")
    line(desk, centre, EntryKind.RECEIPT, "budget", "100000.00", "2025-03-10")
    with pytest.raises(RefusedError, match="市财政的福彩公益金余额不足"):
        line(
            desk, centre, EntryKind.TRANSFER, "lottery", "1.00", "2025-03-24",
            to_holder=Holder.COUNTY,
        )  # fmt: skip
    with pytest.raises(RefusedError, match="不得使用省级财政资金（四）"):
        line(
            desk, centre, EntryKind.EXPENSE, "budget", "1.00", "2025-03-24",
            holder=Holder.COUNTY, category="工资", payee="某人",
        )  # fmt: skip


def test_money_of_one_fund_rests_whatever_was_passed_on_of_another(desk: Desk) -> None:
    centre = come(desk)
    told = of_project(desk, centre)
    assert told.milestones["city_received"] == date(2025, 3, 20)
    assert "city_passed_on" not in told.milestones
    (rests,) = (it for it in money(desk).resting if it.holder is Holder.CITY)
    assert (rests.amount, rests.purses) == (Decimal("50000.00"), {"lottery": Decimal("50000.00")})
    (due,) = money_due(desk.plan, told, ["city_passed_on"], [FINANCE])
    assert (due.label(desk.plan), due.amount) == ("福彩公益金拨付县财政", Decimal("50000.00"))
    named = due_named(desk.plan, "福彩公益金拨付县财政")
    assert named is not None
    assert (named.source, named.fund) == (Source.PROVINCE, "lottery")
    said = Act(centre, "", date(2025, 4, 1), FINANCE, amount=Decimal("50000.00"))
    with writing(desk.engine) as session:
        booking_of(due, "答1")(session, desk, said, today=END, at=AT)
    told = of_project(desk, centre)
    assert told.lines[-1].fund == "lottery"
    assert told.milestones["city_passed_on"] == date(2025, 4, 1)


def test_the_workbook_names_the_fund_and_takes_it_back(desk: Desk, tmp_path: Path) -> None:
    centre = come(desk)
    column = next(each for each in ledger_columns(desk.plan) if each.key == "source")
    assert column.choices == (BUDGET, LOTTERY, "市级配套", "县级配套", "其他资金")
    order = WorkbookOrder(Form.LEDGER, "甲市")
    path = export_workbook(desk, order, tmp_path / "台账.xlsx", END, force=True)
    sheet = load_workbook(path)
    rows = list(sheet["资金台账"].values)
    looked_up = list(sheet["项目清单"].values)
    names, first = next((row, looked_up[n + 1]) for n, row in enumerate(looked_up) if "编码" in row)
    told = dict(zip(names, first, strict=True))
    assert [told[f"{LOTTERY}{it}"] for it in ("应补助", "已下达", "到账")] == [100000, 50000, 50000]
    heads = next(n for n, row in enumerate(rows) if row and "序号" in row)
    assert [row[6] for row in rows[heads + 1 :] if row[3] == centre] == [BUDGET, LOTTERY, BUDGET]
    assert import_workbook(desk, path, today=END, at=AT).taken.unchanged == 3
    new = (None, "东区", "一号社区养老服务中心", centre, "2025-04-01", "拨付")
    added = path.with_name("再报.xlsx")
    typed(sheet, (*new, "福彩公益金", "市财政", "县财政", 20000, "新1"), heads + 1 + 3 + 1)
    sheet.save(added)
    assert import_workbook(desk, added, today=END, at=AT).taken.added == 1
    assert of_project(desk, centre).lines[-1].fund == "lottery"
    path = export_workbook(desk, order, tmp_path / "台账.xlsx", END, force=True)
    sheet = load_workbook(path)
    typed(sheet, (*new, "省级补助", "市财政", "县财政", 1, "新2"), heads + 1 + 4 + 1)
    sheet.save(added)
    with pytest.raises(WorkbookError, match="请填写省级财政资金、福彩公益金、市级配套"):
        import_workbook(desk, added, today=END, at=AT)


def typed(book: Any, cells: Sequence[object], row: int) -> None:
    sheet = book["资金台账"]
    first = next(n for n in range(row, row + 9) if sheet.cell(n, 5).value is None)
    for column, value in enumerate(cells, 1):
        sheet.cell(first, column).value = value


def test_pages_lists_and_the_command_tell_by_fund(desk: Desk, tmp_path: Path) -> None:
    centre = come(desk)
    assert money(desk) == money_of_survey(desk, survey(desk, END))
    pages_are_the_surveys(desk, END)
    page = funds_page(desk.plan, money(desk), END, {}).text
    part = page.partition("## 各笔资金")[2].partition("\n## ")[0]
    told = [re.findall(r"[^|\s][^|]*?(?=\s*\|)", row) for row in part.splitlines()]
    assert ["甲市", BUDGET, "120,000.00", "100,000.00", "100,000.00", "0.00"] in told
    assert ["甲市", LOTTERY, "100,000.00", "50,000.00", "50,000.00", "0.00"] in told
    assert f"{LOTTERY}50,000.00" in page.partition("尚未拨付的资金")[2]
    assert f"其中{LOTTERY}：应补助100,000.00元，已下达50,000.00元，到账50,000.00元" in (
        city_of(desk, desk.plan.cities[0], END).text
    )
    path = export_workbook(desk, WorkbookOrder(Listing.FUNDS), tmp_path / "一览.xlsx", END)
    leaf = load_workbook(path)["各笔资金"]
    assert any(row[1:4] == ("甲市", LOTTERY, 100000) for row in leaf.values)
    record = project_record(desk, centre, END)
    said = project_text(desk, record)
    assert f"其中{BUDGET}：应补助100,000.00元，已下达100,000.00元，到账100,000.00元" in said
    assert f"到账{LOTTERY}50,000.00元" in said
    variables = {"XINGFU_HOME": str(desk.settings.home), "XINGFU_PLANS": str(PLANS)}
    ended = run("funds", "--json", XINGFU_PLAN="funds-2025", **variables)
    first = json.loads(ended.stdout)[0]
    assert first["funds"][1] == {
        "fund": "lottery", "due": "100000.00", "released": "50000.00", "received": "50000.00",
    }  # fmt: skip
    assert LOTTERY in run("funds", XINGFU_PLAN="funds-2025", **variables).stdout
    booked = run(
        "book", centre, "transfer", "--on", "2025-04-01", "--source", LOTTERY, "--holder", "city",
        "--to", "county", "--amount", "10000.00", "--voucher", "命令1", "--actor", FINANCE,
        XINGFU_PLAN="funds-2025", **variables,
    )  # fmt: skip
    assert f"市财政结存{LOTTERY}：40,000.00元" in booked.stdout, booked
    wrong = run(
        "book", centre, "transfer", "--on", "2025-04-01", "--source", "省级补助", "--holder",
        "city", "--to", "county", "--amount", "1.00", "--voucher", "命令2", "--actor", FINANCE,
        XINGFU_PLAN="funds-2025", **variables,
    )  # fmt: skip
    assert wrong.returncode == 2
    assert "budget（省级财政资金）、lottery（福彩公益金）、city" in wrong.stderr


def test_the_desk_tells_by_fund_and_passes_on_what_rests(desk: Desk) -> None:
    centre = come(desk)
    phone = "000-0000-0199"
    know(desk, Post("甲市民政局", "示例·王某", "科长", phone))
    there = pinned(desk, business_date=date(2025, 4, 1))
    browser = at(there)
    link = link_of(knock(browser, there, phone))
    browser.get(link)
    browser.follow(browser.post(link))
    page = browser.get(f"/project/{centre}").text
    assert f"其中{LOTTERY}" in page
    assert f"{LOTTERY}已下达" in page
    assert "登记福彩公益金拨付县财政" in page
    assert "登记省级财政资金拨付" not in page  # all of it has been passed on
    board = browser.get("/board").text.partition("各笔资金（元）")[2]
    assert board.count(LOTTERY) == 3  # of two counties, and in all
    assert "100,000.00" in board


def test_the_bulletin_tells_how_each_fund_stands(desk: Desk) -> None:
    come(desk)
    with desk.reading() as session:
        shot = snapshot(session, desk, "2025-03", date(2025, 3, 31))
    words = "\n".join(bulletin(desk.plan, (shot,)).words)
    assert (
        "（其中省级财政资金12.00万元，已下达10.00万元，到位10.00万元；"
        "福彩公益金10.00万元，已下达5.00万元，到位5.00万元）" in words
    )


def test_sums_of_places_count_tiers_and_funds(desk: Desk) -> None:
    """What the database cannot add up, by a field of the plan's own, is added up one by one."""
    come(desk)
    for city in ("", "甲市"):
        *_, last = money_of(desk, city, None)
        assert last.subsidy == Decimal("220000.00")
        assert last.funds == (
            FundMoney("budget", *map(Decimal, ("120000.00", "100000.00", "100000.00"))),
            FundMoney("lottery", *map(Decimal, ("100000.00", "50000.00", "50000.00"))),
        )
    flat = [rule for rule in desk.plan.subsidies if not rule.when]
    untiered = [*flat[:1], flat[1].model_copy(update={"kinds": ()})]
    without_tiers = changed(desk, subsidies=tuple(untiered))
    assert len(money_of(without_tiers, "", None)[-1].funds) == 2
    its = [rule for rule in desk.plan.subsidies if rule.fund == "lottery"]
    lottery = tuple(rule.model_copy(update={"fund": ""}) for rule in its)
    without_funds = changed(desk, funds=(), subsidies=lottery)
    assert money_of(without_funds, "", None)[-1].subsidy == Decimal("100000.00")


def changed(desk: Desk, **update: object) -> Desk:
    """The desk with a plan that says something else."""
    plan = desk.plan.model_copy(update=update)
    return Desk(desk.settings, plan, desk.calendar, desk.engine)


def test_what_has_followed_bars_taking_a_release_back(desk: Desk) -> None:
    centre = come(desk)
    history = project_record(desk, centre, END).history
    row = next(item.id for item in history if item.label == "下达福彩公益金")
    with pytest.raises(RefusedError, match="已有福彩公益金到账登记"):
        undo(desk, row)
    undo(desk, next(item.id for item in history if "到账福彩公益金" in item.label))
    undo(desk, row)
    told = of_project(desk, centre)
    assert told.released_funds == {"budget": "100000.00"}
    assert told.released == Decimal("100000.00")
    assert check_trail(desk).breaks == ()
    assert compare(desk).differences == ()


def undo(desk: Desk, row: int) -> None:
    with writing(desk.engine) as session:
        asked = Reversal(row, END, PROVINCE, "示例更正单")
        reverse(session, desk, asked, today=END, at=AT)


def test_a_plan_may_not_forget_a_fund_that_money_is_of(desk: Desk) -> None:
    come(desk)
    for funds in ((), tuple(each for each in desk.plan.funds if each.id == "budget")):
        change = foresee(changed(desk, funds=funds, digest="f" * 64), END, AT)
        assert change is not None
        assert any(
            "“福彩公益金”已有下达或台账登记，而新的方案没有这笔资金；请保持" in each
            for each in change.obstacles
        )


def test_money_on_record_keeps_a_plan_from_telling_funds_apart_later(desk: Desk) -> None:
    released(desk)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE project SET released_funds = '{}'"))
    again = changed(desk, funds=desk.plan.funds[::-1], digest="f" * 64)
    change = foresee(again, END, AT)
    assert change is not None
    assert [each for each in change.obstacles if "“省级补助”已有下达或台账登记" in each]


def test_one_fund_is_told_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    """Without funds nothing is called otherwise, and JSON has no new key."""
    shanxi = load_plan(PLANS / "beds-2024" / "plan.yaml")
    assert shanxi.purses == tuple(Source)
    assert [shanxi.purse_name(purse) for purse in shanxi.purses] == [it.label for it in Source]
    read = purse_reader(shanxi)
    assert [read(it) for it in ("省补", "市配", "自筹")] == ["province", "city", "other"]
    with pytest.raises(CellError, match="福彩公益金"):
        read("福彩公益金")
    assert purse_reader(plan())("福彩公益金") == "lottery"
    none: Any = {}
    nil = Decimal(0)
    view = FundsView("甲", "甲", "甲市", "东区", None, None, none, none, nil, nil, None)
    emit([view, replace(view, funds=(FundMoney("lottery", None, None, nil),))])
    one, several = json.loads(capsys.readouterr().out)
    assert "funds" not in one
    assert [each["fund"] for each in several["funds"]] == ["lottery"]


def test_totals_are_those_of_the_funds_together(desk: Desk) -> None:
    views = funds_views(desk, survey(desk, END))
    assert [(view.subsidy, [it.due for it in view.funds]) for view in views] == [
        (Decimal("200000.00"), [Decimal("100000.00"), Decimal("100000.00")]),
        (Decimal("20000.00"), [Decimal("20000.00"), Decimal("0.00")]),
    ]
    assert [row.place for row in by_city(desk.plan, views)] == ["甲市", "乙市"]
    assert total(TOTAL, views).funds[1].due == Decimal("100000.00")


def test_a_year_is_lived_with_two_funds(desk: Desk) -> None:
    """Month by month: who holds money of a fund is reminded of it, and all of it is passed on."""
    centre, point = codes(desk)
    events: dict[int, list[tuple[Any, ...]]] = {
        3: [
            (act, centre, "pay_budget", "2025-03-05", "100000.00"),
            (act, point, "pay_budget", "2025-03-05", "20000.00"),
            (act, centre, "pay_lottery", "2025-03-12", "50000.00"),
            (line, centre, EntryKind.RECEIPT, "budget", "100000.00", "2025-03-10"),
            (line, centre, EntryKind.RECEIPT, "lottery", "50000.00", "2025-03-20"),
        ],
        5: [
            (passed_on, centre, "lottery", "50000.00", "2025-05-06"),
            (passed_on, centre, "budget", "100000.00", "2025-05-07"),
            (spent, centre, "lottery", "50000.00", "2025-05-20"),
        ],
        7: [(matched, centre, "50000.00", "2025-07-08")],
        9: [
            (act, centre, "finish", "2025-09-02"),
            (act, point, "finish", "2025-09-03"),
            (act, centre, "pay_rest", "2025-09-10", "50000.00"),
        ],
    }
    told: dict[int, dict[str, str]] = {}
    for month in range(3, 12):
        for happens, *said in events.get(month, ()):
            happens(desk, *said)
        day, channel = date(2025, month, 28), RecordingChannel()
        enforce(desk, day, morning(day))
        deliver(desk, lambda day=day: morning(day), lambda _, to=channel: to)  # type: ignore[misc]
        told[month] = {message.recipient: message.text for message in channel.sent}
        made = list(fulfil(desk, Product, day, morning(day)))
        assert not [it for _, it in made if isinstance(it, RefusedError)]
    assert any("市级拨付" in text for text in told[4].values())
    assert not any("市级拨付" in text for text in told[6].values())
    with desk.reading() as session:
        papers = ["\n".join(it.content.words) for it in all_kept(session, desk, BULLETINS)]
    assert "福彩公益金10.00万元，已下达5.00万元，到位5.00万元" in papers[0]
    assert "福彩公益金10.00万元，已下达10.00万元，到位5.00万元" in papers[-1]
    record = project_record(desk, centre, END)
    assert [(it.fund, it.due, it.released, it.received) for it in record.funds.funds] == [
        ("budget", *map(Decimal, ("100000.00", "100000.00", "100000.00"))),
        ("lottery", *map(Decimal, ("100000.00", "100000.00", "50000.00"))),
    ]
    assert record.funds.spent == Decimal("50000.00")
    with pytest.raises(RefusedError, match="县财政的福彩公益金余额不足"):
        spent(desk, centre, "lottery", "0.01", "2025-10-20")
    assert check_trail(desk).breaks == ()
    assert compare(desk).differences == ()


def passed_on(desk: Desk, code: str, purse: str, amount: str, on: str) -> None:
    line(desk, code, EntryKind.TRANSFER, purse, amount, on, to_holder=Holder.COUNTY)


def spent(desk: Desk, code: str, purse: str, amount: str, on: str) -> None:
    paid = {"category": "equipment", "payee": "示例公司"}
    line(desk, code, EntryKind.EXPENSE, purse, amount, on, holder=Holder.COUNTY, **paid)


def matched(desk: Desk, code: str, amount: str, on: str) -> None:
    line(desk, code, EntryKind.RECEIPT, "county", amount, on, holder=Holder.COUNTY)


def test_the_trail_accounts_for_what_each_fund_has(desk: Desk) -> None:
    come(desk)
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE project SET released_funds = '{}'"))
        connection.execute(text("UPDATE ledger SET fund = 'budget'"))
    fields = {each.field for each in compare(desk).differences}
    assert fields == {"各笔资金已下达", "资金渠道"}


def test_worked_examples_reckon_by_fund() -> None:
    told = run("plan", "test", "funds-2025", XINGFU_PLANS=str(PLANS))
    assert (told.returncode, "算例6例，全部相符" in told.stdout) == (0, True), told
    profile = {"kind": "point", "beds": 4}
    wrong = {"budget": Decimal(1), "lottery": Decimal(0)}
    example = PlanExample(name="甲", clause="二", profile=profile, funds=wrong)
    assert differences(plan(), calendar(), example) == ("省级财政资金应为1元，算得20000.00元",)

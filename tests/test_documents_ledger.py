"""资金台账: what is written is read back, and what people type is understood or named by cell."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from common.errors import RefusedError
from documents.forms.ledger import (
    LedgerFormRow,
    LedgerProject,
    ledger_columns,
    ledger_pages,
    ledger_table,
    money_rows,
    question,
)
from documents.forms.recognise import recognise
from documents.reading.cells import text
from documents.reading.grid import Book, read_book
from documents.reading.placed import known
from documents.writing.layout import to_bytes
from policy.vocabulary import EntryKind, Form, Holder, Source
from states.dossier import Dossier
from states.ledger import LedgerLine
from tests.support.builders import a_dossier, plan

ONE = a_dossier()
TWO = a_dossier(code="XF2023-140121-01", county="清徐县", name="示例镇示例村养老幸福工程")
TWIN = a_dossier(code="XF2023-140121-02", county="清徐县")
PROJECTS = (ONE, TWO, TWIN)
IN = LedgerLine(
    audit_id=0,
    entry=EntryKind.RECEIPT,
    on=date(2023, 5, 4),
    source=Source.PROVINCE,
    holder=Holder.CITY,
    amount=Decimal("300000.00"),
    voucher="示例凭证1",
)
SPENT = replace(
    IN,
    entry=EntryKind.EXPENSE,
    holder=Holder.PROJECT,
    amount=Decimal("0.30"),
    voucher="示例凭证2",
    category="equipment",
    payee="示例公司",
)
HEADS = [
    *("序号", "县（市、区）", "项目名称", "编码", "日期", "类别", "资金来源", "资金所在"),
    *("拨付对象", "金额（元）", "凭证号", "支出类别", "收款单位", "用途说明"),
]
WORDS = st.text("示例甲乙a1=+@，、（）", min_size=1, max_size=12)
"""A payee or a purpose; of a dash alone nobody could tell that it says something."""
VOUCHERS = st.text("示例凭证字第号0123456789-", min_size=1, max_size=12)
LINES = st.builds(
    LedgerLine,
    audit_id=st.just(0),
    entry=st.sampled_from(EntryKind),
    on=st.dates(date(2023, 1, 16), date(2030, 12, 31)),
    source=st.sampled_from(Source),
    holder=st.sampled_from(Holder),
    amount=st.decimals(Decimal("0.01"), Decimal("9999999999.99"), places=2),
    voucher=VOUCHERS,
    to_holder=st.sampled_from(Holder),
    category=st.sampled_from([item.id for item in plan().money.categories]),  # type: ignore[union-attr]  # it has
    payee=WORDS,
).map(
    lambda line: replace(
        line,
        to_holder=line.to_holder if line.entry is EntryKind.TRANSFER else None,
        category=line.category if line.entry is EntryKind.EXPENSE else None,
        payee=line.payee if line.entry is EntryKind.EXPENSE else None,
    )
)
BOOKED = st.lists(
    st.tuples(st.sampled_from(PROJECTS), LINES, WORDS),
    max_size=8,
    unique_by=lambda each: text(each[1].voucher),
)


def booked(lines: Sequence[tuple[Dossier, LedgerLine, str]]) -> Book:
    nothing = (None,) * 4 + (Decimal(0),) * 5
    listed = [LedgerProject(item.code, item.county, item.name, *nothing) for item in PROJECTS]
    pages = ledger_pages(plan(), "太原市", lines, listed, footer="版本1", spare=3)
    return read_book("a.xlsx", to_bytes(pages))


def typed(*rows: Sequence[object], heads: Sequence[str] = HEADS, unit: str = "") -> Book:
    """A workbook that somebody typed."""
    workbook, buffer = Workbook(), BytesIO()
    for line in (["太原市资金台账"], [unit], heads, *rows):
        workbook.worksheets[0].append(list(line))
    workbook.save(buffer)
    return read_book("a.xlsx", buffer.getvalue())


def read(book: Book) -> tuple[tuple[LedgerFormRow, ...], list[tuple[str, str]]]:
    """The rows, and each fault with its cell."""
    table = ledger_table(book, plan())
    rows = money_rows(table, plan(), known(PROJECTS))
    return rows, [(fault.spot.cell, fault.line("a.xlsx")) for fault in table.faults]


def only(book: Book) -> LedgerFormRow:
    (row,), faults = read(book)
    assert faults == []
    return row


def a_row(**changes: object) -> list[object]:
    said: dict[str, object] = {
        "number": 1,
        "county": None,
        "project": None,
        "code": ONE.code,
        "on": date(2023, 5, 4),
        "entry": "到账",
        "source": "省级补助",
        "holder": "市财政",
        "to_holder": None,
        "amount": 300000,
        "voucher": "示例凭证1",
        "category": None,
        "payee": None,
        "purpose": None,
    }
    return list((said | changes).values())


@settings(deadline=None)
@given(BOOKED)
def test_what_is_written_is_read_back(lines: list[tuple[Dossier, LedgerLine, str]]) -> None:
    rows, faults = read(booked(lines))
    assert faults == []
    found = [(row.project, row.line, row.purpose) for row in rows]
    wanted = [
        (
            project,
            replace(line, voucher=text(line.voucher) or "", payee=text(line.payee)),
            text(words),
        )
        for project, line, words in lines
    ]
    assert found == wanted


def test_both_sheets_are_there_and_only_one_is_the_form() -> None:
    book = booked([(ONE, IN, "")])
    assert [sheet.title for sheet in book.sheets] == ["资金台账", "项目清单"]
    assert recognise(book, plan()) is Form.LEDGER
    assert recognise(typed(a_row()), plan()) is Form.LEDGER


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (0.1 + 0.2, "0.30"),
        (1234567.89, "1234567.89"),
        (9999999999999.99, "9999999999999.99"),
        ("30万元", "300000.00"),
        ("１，２３４．５０元", "1234.50"),  # as people type
        ("1,234,567.8", "1234567.80"),
        ("12.345678万元", "123456.78"),
        (2.675 * 100, "267.50"),
    ],
)
def test_amounts_are_exact_to_the_cent(written: object, wanted: str) -> None:
    line = only(typed(a_row(amount=written))).line
    assert line
    assert line.amount == Decimal(wanted)


def test_a_heading_in_ten_thousand_yuan_is_read_so() -> None:
    heads = ["金额（万元）" if "金额" in head else head for head in HEADS]
    line = only(typed(a_row(amount=30.000001), heads=heads)).line
    assert line
    assert line.amount == Decimal("300000.01")


@pytest.mark.parametrize(
    ("heading", "unit", "wanted"),
    [
        ("金额", "单位：万元", "300000.00"),
        ("金额", "单位：元", "30.00"),
        ("金额", "", "30.00"),
        ("金额（元）", "单位：万元", "30.00"),
    ],
)
def test_a_line_of_units_above_counts_where_the_heading_names_none(
    heading: str, unit: str, wanted: str
) -> None:
    heads = [heading if "金额" in head else head for head in HEADS]
    line = only(typed(a_row(amount=30), heads=heads, unit=unit)).line
    assert line
    assert line.amount == Decimal(wanted)


@pytest.mark.parametrize(
    ("amount", "investment", "asked"),
    [
        ("300000.00", "100000.00", False),
        ("300000.01", "100000.00", True),
        ("9999999.00", None, False),
    ],
)
def test_an_amount_above_three_times_the_investment_is_asked_about(
    amount: str, investment: str | None, asked: bool
) -> None:
    line = replace(IN, amount=Decimal(amount))
    told = question(plan(), line.amount, None if investment is None else Decimal(investment))
    assert (told is not None) == asked


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"entry": "收入", "source": "省补", "holder": "市级财政"}, IN),
        ({"entry": " 收 到 ", "source": "省级补助资金", "holder": "市财政局"}, IN),
        ({"source": "市配套", "holder": "县（市、区）财政"}, (Source.CITY, Holder.COUNTY)),
        ({"source": "县级", "holder": "区财政"}, (Source.COUNTY, Holder.COUNTY)),
        ({"source": "自筹", "holder": "项目单位"}, (Source.OTHER, Holder.PROJECT)),
        ({"on": "2023年5月4日"}, IN),
        ({"on": datetime(2023, 5, 4)}, IN),  # noqa: DTZ001  # as cells hold it
        ({"on": 45050}, IN),
        ({"to_holder": "/", "category": "—", "payee": "无", "purpose": "-"}, IN),
        ({"code": "ｘｆ2023-140105-01"}, IN),  # as people type
        ({"voucher": " 示例凭证1 "}, IN),
    ],
)
def test_what_people_write_for_short(
    changes: dict[str, object], wanted: LedgerLine | tuple[Source, Holder]
) -> None:
    line = only(typed(a_row(**changes))).line
    assert line
    if isinstance(wanted, LedgerLine):
        assert line == wanted
    else:
        assert (line.source, line.holder) == wanted


@pytest.mark.parametrize("category", ["设施设备购置", "equipment"])
def test_a_category_by_label_or_id(category: str) -> None:
    spent = a_row(
        entry="支付", holder="项目单位", amount="0.30元", voucher="示例凭证2", category=category,
        payee="示例公司",
    )  # fmt: skip
    assert only(typed(spent)).line == SPENT


def test_a_project_by_its_county_and_name() -> None:
    row = only(typed(a_row(code=None, county="清徐", project=TWIN.name)))
    assert row.project == TWIN
    heads = [head for head in HEADS if head != "编码"]
    line = a_row(project=TWO.name)
    del line[HEADS.index("编码")]
    assert only(typed(line, heads=heads)).project == TWO


def test_moved_columns_and_remarks_below() -> None:
    order = list(reversed(range(len(HEADS))))
    line = [a_row()[n] for n in order]
    heads = [HEADS[n] for n in order]
    assert only(typed(line, [], ["合计", 300000], heads=heads)).line == IN


@pytest.mark.parametrize("heading", ["说明", "用途说明"])
def test_a_row_that_begins_with_a_remark_is_a_row(heading: str) -> None:
    """Beside the form's own columns, and in one of them that was moved to the left."""
    heads = [heading, *(head for head in HEADS[1:] if head != heading)]
    line = ["备注：补登", *a_row()[1 : len(heads)]]
    assert only(typed(line, ["备注：以上均已核对"], heads=heads)).line == IN


FAULTS: list[tuple[dict[str, object], str, str]] = [
    ({"code": "XF2023-140105-09"}, "D4", "没有编码为“XF2023-140105-09”的项目"),
    ({"county": "清徐县"}, "B4", "编码XF2023-140105-01的项目为“小店区”"),
    ({"project": TWO.name}, "C4", "与编码不符"),
    ({"code": None}, "D4", "没有写明是哪个项目"),
    ({"code": None, "project": ONE.name}, "C4", "可能是：XF2023-140105-01、XF2023-140121-02"),
    ({"code": None, "project": "示例工程"}, "C4", "没有这个项目"),
    ({"on": None}, "E4", "未填写日期"),
    ({"on": "五月"}, "E4", "不是日期"),
    ({"entry": "退回"}, "F4", "请填写到账、拨付、支出之一"),
    ({"source": "中央"}, "G4", "请填写省级补助、市级配套、县级配套、其他资金之一"),
    ({"holder": None}, "H4", "未填写资金所在"),
    ({"to_holder": "县财政"}, "I4", "“到账”不填写拨付对象"),
    ({"entry": "拨付"}, "I4", "未填写拨付对象"),
    ({"amount": -1}, "J4", "不能为负数"),
    ({"amount": "(1)"}, "J4", "不是数字"),
    ({"amount": 0.001}, "J4", "超过两位小数"),
    ({"amount": "12.34567891万元"}, "J4", "超过两位小数"),
    ({"amount": None}, "J4", "未填写金额"),
    ({"amount": "5美元"}, "J4", "单位“美元”不是元"),
    ({"voucher": None}, "K4", "未填写凭证号"),
    ({"category": "装修装饰"}, "L4", "“到账”不填写支出类别"),
    ({"payee": "示例公司"}, "M4", "“到账”不填写收款单位"),
    ({"entry": "支出", "payee": "示例公司"}, "L4", "未填写支出类别（七(二)）"),
    ({"entry": "支出", "category": "装修装饰"}, "M4", "未填写收款单位（八(四)）"),
    (
        {"entry": "支出", "category": "其他养老服务用途", "payee": "示例公司"},
        "N4",
        "此类支出须说明具体用途（七(二)）",
    ),
]


@pytest.mark.parametrize(("changes", "cell", "says"), FAULTS)
def test_a_fault_is_told_at_its_cell(changes: dict[str, object], cell: str, says: str) -> None:
    _, faults = read(typed(a_row(**changes)))
    assert [at for at, _ in faults] == [cell]
    assert says in faults[0][1]


def test_a_row_that_contradicts_its_code_is_of_no_project() -> None:
    (row,), _ = read(typed(a_row(county="清徐县")))
    assert row.project is None


def test_a_voucher_stands_in_one_row() -> None:
    _, faults = read(typed(a_row(), a_row(amount=5), a_row(voucher="示例凭证 1")))
    assert [at for at, _ in faults] == ["K5"]
    assert "与第4行重复" in faults[0][1]


def test_missing_columns_are_named_and_some_may_be_missing() -> None:
    with pytest.raises(RefusedError, match="缺少“凭证号”列"):
        read(typed(heads=[head for head in HEADS if head != "凭证号"]))
    with pytest.raises(RefusedError, match="缺少“编码”和“项目名称”列"):
        read(typed(heads=HEADS[4:]))
    short = HEADS[3:8] + HEADS[9:11]
    assert only(typed(a_row()[3:8] + a_row()[9:11], heads=short)).line == IN


def test_the_form_asks_for_the_plans_categories() -> None:
    column = next(each for each in ledger_columns(plan()) if each.key == "category")
    assert column.choices == ("基础设施建设", "装修装饰", "设施设备购置", "其他养老服务用途")

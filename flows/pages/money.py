"""The funds overview: exact sums in 元, and money that rests on its way."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from flows.operations.money_views import CityFunds, Money
from flows.pages.markdown import Links, Page, left_out, link, page, plain, table
from policy.schema import Plan

LONGEST = 200  # rows of a list
SUMS = ("应补", "下达", "省补到账", "配套承诺", "配套到账", "支出", "结存")
NOTE = (
    "单位：元。“应补”按申报面积和通知规定计算；“结存”为各级账上尚未支出的资金，"
    "含省级补助、市县配套和其他资金。"
)


def funds_page(plan: Plan, money: Money, as_of: date, links: Links) -> Page:
    """Per city what is owed, released, promised, received, spent and left."""
    return page(plan, "funds", "资金总览", as_of, _lines(money, as_of, links))


def yuan(amount: Decimal) -> str:
    """An amount as tables show it: thousands apart, to the 分."""
    return f"{amount:,.2f}"


def _lines(money: Money, as_of: date, links: Links) -> Iterator[str]:
    yield NOTE
    yield ""
    rows = [[link(row.place, links.get(row.place)), *_cells(row)] for row in money.cities]
    total = [f"**{cell}**" for cell in (money.total.place, *_cells(money.total))]
    head = {"市": "---", "项目": "---:", **dict.fromkeys(SUMS, "---:")}
    yield from table(head, [*rows, total])
    if money.total.unstated:
        yield f"{money.total.unstated}个项目应补金额未明确，未计入合计。"
        yield ""
    yield from _resting(money, as_of, links)
    yield from _differing(money, links)


def _cells(row: CityFunds) -> list[object]:
    sums = (
        row.subsidy,
        row.released,
        row.received,
        row.promised,
        row.matched,
        row.spent,
        row.balance,
    )
    return [row.projects, *map(yuan, sums)]


def _resting(money: Money, as_of: date, links: Links) -> Iterator[str]:
    yield f"## 市、县财政尚未拨付的资金（八(四)）：{len(money.resting)}笔"
    yield ""
    if not money.resting:
        yield "没有。"
        yield ""
        return
    head = {"市": "---", "项目": "---", "所在": "---"}
    head |= {"金额（元）": "---:", "最早到账": "---", "天数": "---:"}
    rows = (
        [
            plain(item.project.city),
            link(item.project.name, links.get(item.project.code)),
            item.holder.label,
            yuan(item.amount),
            item.since,
            (as_of - item.since).days,
        ]
        for item in money.resting[:LONGEST]
    )
    yield from table(head, rows)
    yield from left_out(len(money.resting) - LONGEST, "笔")


def _differing(money: Money, links: Links) -> Iterator[str]:
    yield f"## 按实测面积与下达的差额（七(一)）：{len(money.differing)}个项目"
    yield ""
    if not money.differing:
        yield "没有差额。"
        return
    yield "仅供研究处理，系统不作追缴。"
    yield ""
    rows = (
        [plain(view.city), link(view.name, links.get(view.code)), yuan(view.as_built or Decimal())]
        for view in money.differing[:LONGEST]
    )
    yield from table({"市": "---", "项目": "---", "差额（元）": "---:"}, rows)
    yield from left_out(len(money.differing) - LONGEST, "个项目")

"""The funds overview: exact sums in 元, and money that rests on its way."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from common.words import cited
from flows.pages.markdown import Links, Page, left_out, link, page, plain, printed, table
from operations.views.funds import MoneyOverview, RestingMoney
from operations.views.tables import city_funds_table, fund_table, in_words
from policy.schema import Plan
from policy.subsidies import AreaSubsidy

LONGEST = 200  # rows of a list
FIRST = "单位：元。“应补助”按申报面积和《实施方案》规定计算；"
NOTE = "“结存”为各级账上尚未支出的资金，含省级补助、市县配套和其他资金。"


def funds_page(plan: Plan, money: MoneyOverview, as_of: date, links: Links) -> Page:
    """Per city what is owed, released, promised, received, spent and left."""
    return page(plan, "funds", "资金总览", as_of, _lines(plan, money, as_of, links))


def yuan(amount: Decimal | None) -> str:
    """An amount as tables show it: thousands apart, to the 分."""
    return "未明确" if amount is None else f"{amount:,.2f}"


def _lines(plan: Plan, money: MoneyOverview, as_of: date, links: Links) -> Iterator[str]:
    yield f"{FIRST}{plan.said(NOTE)}\n"
    yield from printed(in_words(plan, city_funds_table("", money.cities, money.total)), links)
    if money.total.unstated:
        yield f"{money.total.unstated}个项目应补助金额未明确，未计入合计。\n"
    if plan.funds:
        yield "## 各笔资金\n"
        parts = fund_table(plan, "", [*money.cities, money.total])
        yield from printed(in_words(plan, parts), links)
    yield from _resting(plan, money, as_of, links)
    yield from _differing(plan, money, links)


def _resting(plan: Plan, money: MoneyOverview, as_of: date, links: Links) -> Iterator[str]:
    """Where the plan says that money is to be passed on."""
    passing = (m for m in plan.milestones if m.ledger and m.ledger.fact == "passed_on")
    clause = next((milestone.clause for milestone in passing), "")
    if not (clause or money.resting):
        return
    yield f"## {plan.said('市、县财政尚未拨付的资金')}{cited(clause)}：{len(money.resting)}笔\n"
    if not money.resting:
        yield "没有。\n"
        return
    head = {plan.said("市"): "---", "项目": "---", "所在": "---"}
    head |= {"金额（元）": "---:", "最早到账": "---", "天数": "---:"}
    head |= {"其中": "---"} if plan.funds else {}
    rows = (
        [
            plain(item.city),
            link(item.name, links.get(item.code)),
            plan.said(item.holder.label),
            yuan(item.amount),
            item.since,
            (as_of - item.since).days,
            *([_purses(plan, item)] if plan.funds else []),
        ]
        for item in money.resting[:LONGEST]
    )
    yield from table(head, rows)
    yield from left_out(len(money.resting) - LONGEST, "笔")


def _purses(plan: Plan, item: RestingMoney) -> str:
    parts = (f"{plan.purse_name(purse)}{yuan(left)}" for purse, left in item.purses.items())
    return plain("，".join(parts))


def _differing(plan: Plan, money: MoneyOverview, links: Links) -> Iterator[str]:
    """Where the subsidy goes by the area."""
    clauses = [rule.clause for rule in plan.subsidies if isinstance(rule, AreaSubsidy)]
    if not clauses:
        return
    by = cited("；".join(dict.fromkeys(clauses)))
    yield f"## 按实测面积与下达的差额{by}：{len(money.differing)}个项目\n"
    if not money.differing:
        yield "没有差额。"
        return
    yield "仅供研究处理，系统不作追缴。\n"
    rows = (
        [plain(view.city), link(view.name, links.get(view.code)), yuan(view.as_built)]
        for view in money.differing[:LONGEST]
    )
    yield from table({plan.said("市"): "---", "项目": "---", "差额（元）": "---:"}, rows)
    yield from left_out(len(money.differing) - LONGEST, "个项目")

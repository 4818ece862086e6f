"""A project's money: what comes in, is passed on and is spent (七(二), 八(四)). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from common.words import cited, long_date
from policy.schema import Plan
from policy.subsidies import MoneyRules
from policy.vocabulary import EntryKind, Holder, Source

NOTHING = Decimal("0.00")
TENTH = Decimal("0.1")
LOCAL = (Source.CITY, Source.COUNTY)
"""Whose money 市县配套 is."""
BOOKKEEPING, EARMARKED = "bookkeeping", "专款专用"
"""What the inventory calls the keeping of the ledger, and what it sees to."""
Pot = tuple[str, Holder]
"""Which purse, and where it lies."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the ledger; amounts in 元 with two decimals."""

    audit_id: int
    """The row that booked it; 0 while it is only asked for."""
    entry: EntryKind
    on: date
    source: Source
    holder: Holder
    """Who holds the money when it comes in, or gives it away."""
    amount: Decimal
    voucher: str
    to_holder: Holder | None = None
    category: str | None = None
    payee: str | None = None
    fund: str = ""
    """Of which fund, where the source has several."""

    @property
    def purse(self) -> str:
        """Whose money it is: what is reckoned by itself (专款专用), a fund or else a source."""
        return self.fund or self.source


@dataclass(frozen=True, slots=True)
class FundMoney:
    """How one fund of the subsidy stands; 元."""

    fund: str
    due: Decimal | None
    """By the plan's rule; None: not stated."""
    released: Decimal | None
    received: Decimal


class Account(Protocol):
    """How a project's money stands, now or as of a day; 元, None: not stated."""

    @property
    def subsidy(self) -> Decimal | None:
        """省级补助 by the plan's rule."""

    @property
    def released(self) -> Decimal | None:
        """What of it was released."""

    @property
    def received(self) -> Mapping[Source, Decimal]:
        """What has come in."""

    @property
    def promised(self) -> Mapping[Source, Decimal | None]:
        """市级 and 县级配套."""

    @property
    def spent(self) -> Decimal:
        """What was paid out."""

    @property
    def funds(self) -> Sequence[FundMoney]:
        """The subsidy by fund, where it is made up of several."""


def sums(accounts: Sequence[Account]) -> Mapping[str, Decimal]:
    """What is added up over projects, by name; what is not stated is in no sum."""
    return {
        "subsidy": total(each.subsidy for each in accounts),
        "released": total(each.released for each in accounts),
        "received": total(each.received.get(Source.PROVINCE) for each in accounts),
        "promised": total(from_below(each.promised) for each in accounts),
        "matched": total(from_below(each.received) for each in accounts),
        "spent": total(each.spent for each in accounts),
    }


def total(amounts: Iterable[Decimal | None]) -> Decimal:
    """The sum of those that are stated, 元."""
    return sum((amount for amount in amounts if amount is not None), NOTHING)


def stated(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The same; None where none is stated."""
    known = [amount for amount in amounts if amount is not None]
    return total(known) if known else None


def from_below(by_source: Mapping[Source, Decimal | None]) -> Decimal:
    """市县配套 of what is told by source."""
    return total(by_source.get(source) for source in LOCAL)


def short(owed: Mapping[Source, Decimal | None], come: Mapping[Source, Decimal]) -> Decimal:
    """元 of what is owed that have not come in: one source does not make up for another.

    Nor does one fund of a source: none of them has more come in than was released of it.
    """
    gaps = ((amount or NOTHING) - come.get(source, NOTHING) for source, amount in owed.items())
    return total(gap for gap in gaps if gap > 0)


def by_fund(accounts: Sequence[Account]) -> tuple[FundMoney, ...]:
    """The subsidy of several projects by fund; as in other sums, None where none states it."""
    parts: dict[str, list[FundMoney]] = {}
    for each in (part for account in accounts for part in account.funds):
        parts.setdefault(each.fund, []).append(each)
    return tuple(
        FundMoney(
            fund,
            stated(each.due for each in its),
            stated(each.released for each in its),
            total(each.received for each in its),
        )
        for fund, its in parts.items()
    )


def balances(lines: Sequence[LedgerLine]) -> Mapping[Pot, Decimal]:
    """元 that lie with each holder, by purse."""
    held: dict[Pot, Decimal] = defaultdict(lambda: NOTHING)
    for line in lines:
        for pot, change in _changes(line):
            held[pot] += change
    return dict(held)


def received(lines: Sequence[LedgerLine], purse: str) -> Decimal:
    """元 that have come in from a source, or of one fund of it."""
    return sum((line.amount for line in _receipts(lines, purse)), NOTHING)


def received_by(lines: Sequence[LedgerLine]) -> Mapping[Source, Decimal]:
    """元 that have come in from each source."""
    return {source: received(lines, source) for source in Source}


def spent(lines: Sequence[LedgerLine]) -> Decimal:
    """元 that were paid out."""
    return total(line.amount for line in lines if line.entry is EntryKind.EXPENSE)


def held_by(lines: Sequence[LedgerLine]) -> Mapping[Holder, Decimal]:
    """元 that lie with each holder, all sources together."""
    held = balances(lines)
    return {
        holder: total(left for pot, left in held.items() if pot[1] is holder) for holder in Holder
    }


def overdrawn(lines: Sequence[LedgerLine]) -> Iterator[tuple[str, Holder, date]]:
    """Each pot that is below zero at the end of a day, with the first such day."""
    held: dict[Pot, Decimal] = defaultdict(lambda: NOTHING)
    told: set[Pot] = set()
    for day in sorted({line.on for line in lines}):
        for line in lines:
            for pot, change in _changes(line) if line.on == day else ():
                held[pot] += change
        for pot, left in held.items():
            if left < 0 and pot not in told:
                told.add(pot)
                yield *pot, day


def resting(lines: Sequence[LedgerLine], holder: Holder) -> tuple[date | None, date | None]:
    """Since when money rests with a holder, and when all of it had been passed on.

    First in, first out within a purse, and each purse by itself: passing on one's own money never
    clears another's. The first is the day of the oldest money still there or, when none is, of the
    last that came; None when there never was any. The second is the day on which the last of it
    left; None while some is there.
    """
    purses = dict.fromkeys(line.purse for line in lines)
    flows = [_flows([line for line in lines if line.purse == each], holder) for each in purses]
    found = [_resting(each) for each in flows]
    waiting = [since for since, gone in found if since and not gone]
    if waiting:
        return min(waiting), None
    passed = [(since, gone) for since, gone in found if since and gone]
    if not passed:
        return None, None
    return max(since for since, _ in passed), max(gone for _, gone in passed)


def _resting(flows: Iterable[tuple[date, Decimal]]) -> tuple[date | None, date | None]:
    """As `resting`, of one purse's money."""
    waiting: list[tuple[date, Decimal]] = []
    last_in: date | None = None
    cleared: date | None = None
    for on, change in flows:
        if change > 0:
            waiting.append((on, change))
            last_in, cleared = on, None
        else:
            waiting = _paid(waiting, -change)
            cleared = None if waiting else on
    return (waiting[0][0], None) if waiting else (last_in, cleared)


def dated_by(
    plan: Plan, promised: Mapping[Source, Decimal | None], lines: Sequence[LedgerLine]
) -> Mapping[str, date | None]:
    """Per milestone that the ledger dates, its day; None: not come about (六(二), 八(四)).

    A share of nothing comes in with no line: whoever knows that records it by hand, and it is not
    among these.
    """
    found: dict[str, date | None] = {}
    for milestone in plan.milestones:
        rule = milestone.ledger
        if rule is None:
            continue
        if rule.fact == "matched":
            source = Source(rule.of)
            if promised[source]:
                found[milestone.id] = matched(lines, source, promised[source])
        else:
            since, passed = resting(lines, Holder(rule.of))
            found[milestone.id] = since if rule.fact == "received" else passed
    return found


def matched(lines: Sequence[LedgerLine], source: Source, promised: Decimal | None) -> date | None:
    """The day on which receipts from a source reached what was promised.

    None while they have not, when the promise is not stated, and when nothing was promised.
    """
    if not promised:
        return None
    total = NOTHING
    for line in sorted(_receipts(lines, source), key=lambda line: line.on):
        total += line.amount
        if total >= promised:
            return line.on
    return None


def refusals(
    plan: Plan, line: LedgerLine, reason: str, lines: Sequence[LedgerLine], released: Decimal | None
) -> tuple[str, ...]:
    """Every reason why `line` may not be booked after `lines`, with its clause; Chinese.

    `released` is what was released to the project of the line's fund, or of the whole subsidy, in
    元; None before that.
    """
    return (
        *_unclear(plan, line),
        *_of_no_fund(plan, line),
        *_misdirected(plan, line),
        *_not_for_this(plan, line, reason),
        *_beyond_release(plan, line, lines, released),
        *_overdraws(plan, line, lines),
    )


def _changes(line: LedgerLine) -> Iterator[tuple[Pot, Decimal]]:
    if line.entry is EntryKind.RECEIPT:
        yield (line.purse, line.holder), line.amount
        return
    yield (line.purse, line.holder), -line.amount
    if line.to_holder is not None:
        yield (line.purse, line.to_holder), line.amount


def _flows(lines: Sequence[LedgerLine], holder: Holder) -> Iterator[tuple[date, Decimal]]:
    """What comes to and leaves a holder, in order of day; on one day, first what comes."""
    flows = [
        (line.on, change) for line in lines for pot, change in _changes(line) if pot[1] is holder
    ]
    yield from sorted(flows, key=lambda flow: (flow[0], flow[1] < 0))


def _paid(waiting: list[tuple[date, Decimal]], amount: Decimal) -> list[tuple[date, Decimal]]:
    left = []
    for on, there in waiting:
        taken = min(there, amount)
        amount -= taken
        if there > taken:
            left.append((on, there - taken))
    return left


def _receipts(lines: Sequence[LedgerLine], purse: str) -> list[LedgerLine]:
    came = (line for line in lines if line.entry is EntryKind.RECEIPT)
    return [line for line in came if purse in (line.source, line.fund)]


def _unclear(plan: Plan, line: LedgerLine) -> Iterator[str]:
    if line.amount <= 0 or line.amount != line.amount.quantize(NOTHING):
        yield "金额须大于零，最多两位小数，请以元为单位填写"
    if not line.voucher:
        yield f"没有凭证号，请填写{cited(plan.money_clause)}"
    if reason := plan.notice.too_early(line.on):
        yield reason


def _of_no_fund(plan: Plan, line: LedgerLine) -> Iterator[str]:
    """Where the plan tells funds apart, each line says of which it is."""
    if (line.purse, line.source) not in [(it, plan.source_of(it)[0]) for it in plan.purses]:
        listed = "、".join(f"{purse}（{plan.purse_name(purse)}）" for purse in plan.purses)
        yield f"没有写明是哪一笔资金，或方案没有这笔资金；资金来源请填写{listed}之一"


def _misdirected(plan: Plan, line: LedgerLine) -> Iterator[str]:
    ranks = list(Holder)
    if line.entry is EntryKind.TRANSFER:
        if line.to_holder is None:
            yield "拨付未写明拨给谁，请填写"
        elif ranks.index(line.to_holder) <= ranks.index(line.holder):
            yield (
                f"资金只能逐级下拨，不能由{plan.said(line.holder.label)}"
                f"拨给{plan.said(line.to_holder.label)}；"
                f"请按{'、'.join(plan.said(holder.label) for holder in Holder)}逐级登记"
            )
    elif line.to_holder is not None:
        yield f"“{line.entry.label}”不填收款级次，请去掉"
    if line.entry is not EntryKind.EXPENSE and (line.category or line.payee):
        yield f"“{line.entry.label}”不填支出类别和收款单位，请去掉"
    if line.entry is EntryKind.EXPENSE and line.holder is Holder.CITY:
        yield f"{plan.said(line.holder.label)}只拨付，不直接支出；请登记拨付"


def _not_for_this(plan: Plan, line: LedgerLine, reason: str) -> Iterator[str]:
    """What a subsidy may be spent on (七(二)); other money is not judged."""
    if line.entry is not EntryKind.EXPENSE:
        return
    if not (line.payee or "").strip():
        yield f"支出没有收款单位，请填写{cited(plan.clause_of(BOOKKEEPING), EARMARKED)}"
    if not (line.category or "").strip():
        yield f"支出没有类别，请填写{cited(plan.money_clause)}"
    elif plan.money is not None and line.source is Source.PROVINCE:
        whose = plan.purse_name(line.purse)
        yield from _refused_category(plan.money, line.category or "", whose, reason)


def _refused_category(money: MoneyRules, category: str, whose: str, reason: str) -> Iterator[str]:
    known = {name: item for item in money.categories for name in (item.id, item.label)}
    if any(word in category for word in money.refused):
        yield f"“{category}”属于机构运行经费，不得使用{whose}（{money.clause}）；请另列资金来源"
    elif category not in known:
        listed = "、".join(f"{item.id}（{item.label}）" for item in money.categories)
        yield f"“{category}”不在{whose}用途之内（{money.clause}），可用：{listed}"
    elif known[category].needs_reason and not reason.strip():
        yield f"“{known[category].label}”须说明具体用途（{money.clause}），请填写说明"


def _beyond_release(
    plan: Plan, line: LedgerLine, lines: Sequence[LedgerLine], released: Decimal | None
) -> Iterator[str]:
    if line.entry is not EntryKind.RECEIPT or line.source is not Source.PROVINCE:
        return
    total, whose = received(lines, line.purse) + line.amount, plan.purse_name(line.purse)
    if released is None:
        by = cited(plan.release_clause(line.fund))
        release = f"{whose}下达" if line.fund else plan.said("省级资金下达")
        yield f"{whose}尚未下达，不能登记到账{by}；请先登记{release}"
    elif total > released:
        by = cited(plan.subsidy_clauses(line.fund))
        yield f"{whose}到账合计{total:,.2f}元，超过下达的{released:,.2f}元{by}；请核对金额"


def _overdraws(plan: Plan, line: LedgerLine, lines: Sequence[LedgerLine]) -> Iterator[str]:
    by = cited(plan.clause_of(BOOKKEEPING), EARMARKED)
    before = {(purse, holder) for purse, holder, _ in overdrawn(lines)}
    for purse, holder, day in overdrawn((*lines, line)):
        if (purse, holder) not in before:
            yield (
                f"{long_date(day)}{plan.said(holder.label)}的{plan.purse_name(purse)}余额不足，不能支付{by}；"
                "请核对金额和日期"
            )

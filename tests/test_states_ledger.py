"""Money against naive programs that share no code with it, and each reason not to book a line."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.vocabulary import EntryKind, Holder, Source
from states.ledger import (
    FundMoney,
    LedgerLine,
    balances,
    by_fund,
    dated_by,
    from_below,
    held_by,
    matched,
    overdrawn,
    received,
    received_by,
    refusals,
    resting,
    short,
    spent,
    stated,
    sums,
    total,
)
from tests.support.builders import plan

START = date(2023, 5, 4)
AMOUNTS = st.decimals("0.01", "500.00", places=2)
DAYS = st.integers(0, 12).map(lambda n: START + timedelta(days=n))


@st.composite
def a_line(draw: st.DrawFn) -> LedgerLine:
    entry = draw(st.sampled_from(EntryKind))
    holder = draw(st.sampled_from(Holder))
    more: dict[str, object] = {}
    if entry is EntryKind.TRANSFER:
        holder = draw(st.sampled_from([Holder.CITY, Holder.COUNTY]))
        lower = [Holder.PROJECT] if holder is Holder.COUNTY else [Holder.COUNTY, Holder.PROJECT]
        more["to_holder"] = draw(st.sampled_from(lower))
    if entry is EntryKind.EXPENSE:
        holder = draw(st.sampled_from([Holder.COUNTY, Holder.PROJECT]))
        more |= {"category": "construction", "payee": "示例公司"}
    source = draw(st.sampled_from(Source))
    amount = draw(AMOUNTS)
    return LedgerLine(0, entry, draw(DAYS), source, holder, amount, "示例", **more)  # type: ignore[arg-type]  # fields of a line


LINES = st.lists(a_line(), max_size=14)


def simulated(lines: list[LedgerLine]) -> tuple[dict[tuple[str, str], Decimal], bool]:
    """Pots at the end, and whether any was below zero at the end of a day; by plain loops."""
    pots: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    short = False
    for ordinal in range(START.toordinal(), START.toordinal() + 13):
        for line in lines:
            if line.on.toordinal() != ordinal:
                continue
            here = (line.source.value, line.holder.value)
            if line.entry.value == "receipt":
                pots[here] += line.amount
            else:
                pots[here] -= line.amount
            if line.entry.value == "transfer":
                pots[line.source.value, str(line.to_holder)] += line.amount
        short = short or any(left < 0 for left in pots.values())
    return pots, short


@given(LINES)
def test_balances_equal_a_plain_simulation(lines: list[LedgerLine]) -> None:
    pots, short = simulated(lines)
    assert {(str(s), h.value): left for (s, h), left in balances(lines).items()} == pots
    assert bool(list(overdrawn(lines))) == short


@given(LINES)
def test_a_book_that_only_takes_what_is_allowed_never_goes_wrong(lines: list[LedgerLine]) -> None:
    taken: list[LedgerLine] = []
    released = Decimal("700.00")
    for line in lines:
        if not refusals(plan(), line, "示例说明", taken, released):
            taken.append(line)
    pots, short = simulated(taken)
    assert not short
    assert received(taken, Source.PROVINCE) <= released
    came = sum(line.amount for line in taken if line.entry is EntryKind.RECEIPT)
    went = sum(line.amount for line in taken if line.entry is EntryKind.EXPENSE)
    assert sum(pots.values()) == came - went


@given(LINES)
def test_resting_money_is_the_oldest_fen_still_there(lines: list[LedgerLine]) -> None:
    """Coin by coin: every 分 that came in is queued with its day and leaves in that order."""
    taken: list[LedgerLine] = []
    for line in lines:
        if not refusals(plan(), line, "示例说明", taken, Decimal("9999.00")):
            taken.append(line)
    for holder in Holder:
        left: list[date] = []
        came: list[date] = []
        went: list[date] = []
        for source in Source:
            own = [line for line in taken if line.source is source]
            queue: list[date] = []
            for ordinal in range(START.toordinal(), START.toordinal() + 13):
                day = date.fromordinal(ordinal)
                inflow = sum(_fen(x) for x in own if x.on == day and _into(x) is holder)
                outflow = sum(_fen(x) for x in own if x.on == day and _out_of(x) is holder)
                queue += [day] * inflow
                queue = queue[outflow:]
                came += [day] * bool(inflow)
                went += [day] * bool(outflow)
            left += queue
        at_rest = (min(left), None) if left else (max(came, default=None), max(went, default=None))
        assert resting(taken, holder) == at_rest


def _fen(line: LedgerLine) -> int:
    return int(line.amount * 100)


def _into(line: LedgerLine) -> Holder | None:
    return line.holder if line.entry is EntryKind.RECEIPT else line.to_holder


def _out_of(line: LedgerLine) -> Holder | None:
    return None if line.entry is EntryKind.RECEIPT else line.holder


@given(st.lists(st.tuples(DAYS, AMOUNTS), max_size=6), st.decimals(0, 900, places=2))
def test_matching_funds_count_from_the_day_they_are_whole(
    came: list[tuple[date, Decimal]], promised: Decimal
) -> None:
    lines = [
        LedgerLine(n, EntryKind.RECEIPT, on, Source.CITY, Holder.PROJECT, amount, str(n))
        for n, (on, amount) in enumerate(came)
    ]
    days = sorted(on for on, _ in came)
    whole = [day for day in days if sum(a for on, a in came if on <= day) >= promised]
    assert matched(lines, Source.CITY, promised) == (whole[0] if whole and promised else None)
    assert matched(lines, Source.CITY, None) is None


PLAN = plan()
CITY, COUNTY, PROJECT = Holder
PROVINCIAL = Source.PROVINCE
RECEIPT = LedgerLine(1, EntryKind.RECEIPT, START, PROVINCIAL, CITY, Decimal("700.00"), "凭证1")
TRANSFER = replace(RECEIPT, entry=EntryKind.TRANSFER, to_holder=PROJECT)
EXPENSE = replace(
    RECEIPT, entry=EntryKind.EXPENSE, holder=PROJECT, category="construction", payee="示例公司"
)
BOOK = (RECEIPT, TRANSFER)
"""The subsidy lies with the project."""


def reasons(line: LedgerLine, book: tuple[LedgerLine, ...] = BOOK, **more: Any) -> tuple[str, ...]:
    told = {"reason": "", "released": Decimal("1400.00"), **more}
    return refusals(PLAN, line, told["reason"], book, told["released"])


@pytest.mark.parametrize(
    ("line", "book"),
    [
        (RECEIPT, ()),
        (RECEIPT, (RECEIPT,)),
        (replace(RECEIPT, on=date(2023, 1, 16)), ()),
        (replace(RECEIPT, amount=Decimal("0.01")), ()),
        (replace(RECEIPT, source=Source.COUNTY, holder=PROJECT, amount=Decimal(9000)), ()),
        (TRANSFER, (RECEIPT,)),
        (replace(TRANSFER, to_holder=COUNTY), (RECEIPT,)),
        (EXPENSE, BOOK),
        (replace(EXPENSE, category="基础设施建设"), BOOK),
        (
            replace(EXPENSE, source=Source.CITY, category="工资"),
            (replace(RECEIPT, source=Source.CITY, holder=PROJECT),),
        ),
    ],
)
def test_what_is_in_order_is_booked(line: LedgerLine, book: tuple[LedgerLine, ...]) -> None:
    assert reasons(line, book) == ()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (replace(EXPENSE, amount=Decimal("0.00")), ["金额须大于零"]),
        (
            replace(RECEIPT, amount=Decimal("-0.01")),
            ["金额须大于零", "市财政的省级补助余额不足"],
        ),
        (replace(EXPENSE, amount=Decimal("0.005")), ["最多两位小数"]),
        (replace(EXPENSE, voucher=""), ["没有凭证号"]),
        (
            replace(RECEIPT, on=date(2023, 1, 15)),
            ["日期（2023年1月15日）早于实施方案印发日（2023年1月16日）"],
        ),
        (replace(TRANSFER, to_holder=None), ["未写明拨给谁", "市财政的省级补助余额不足"]),
        (
            replace(TRANSFER, source=Source.OTHER, holder=COUNTY, to_holder=CITY),
            ["不能由县财政拨给市财政", "县财政的其他资金余额不足"],
        ),
        (
            replace(TRANSFER, holder=PROJECT, to_holder=PROJECT),
            ["不能由项目单位拨给项目单位"],
        ),
        (replace(RECEIPT, to_holder=COUNTY), ["“到账”不填收款级次"]),
        (replace(EXPENSE, to_holder=PROJECT), ["“支出”不填收款级次"]),
        (replace(RECEIPT, category="construction"), ["“到账”不填支出类别和收款单位"]),
        (replace(RECEIPT, payee="示例公司"), ["“到账”不填支出类别和收款单位"]),
        (
            replace(EXPENSE, holder=CITY),
            ["市财政只拨付，不直接支出", "市财政的省级补助余额不足"],
        ),
        (replace(EXPENSE, payee=None), ["没有收款单位"]),
        (replace(EXPENSE, payee=" 　"), ["没有收款单位"]),
        (replace(EXPENSE, category=None), ["没有类别"]),
        (replace(EXPENSE, category="  "), ["没有类别"]),
        (replace(EXPENSE, category="一季度工资"), ["机构运行经费，不得使用省级补助（七(二)）"]),
        (
            replace(EXPENSE, category="绿化"),
            ["“绿化”不在省级补助用途之内（七(二)），可用：construction（基础设施建设）、"],
        ),
        (replace(EXPENSE, category="other_care"), ["“其他养老服务用途”须说明具体用途"]),
        (
            replace(EXPENSE, amount=Decimal("700.01")),
            ["2023年5月4日项目单位的省级补助余额不足"],
        ),
        (
            replace(EXPENSE, source=Source.COUNTY),
            ["2023年5月4日项目单位的县级配套余额不足"],
        ),
    ],
)
def test_each_reason_is_given_and_no_other(line: LedgerLine, wanted: list[str]) -> None:
    for told, part in zip(reasons(line), wanted, strict=True):
        assert part in told


def test_other_use_needs_a_reason_that_says_something() -> None:
    line = replace(EXPENSE, category="other_care")
    assert reasons(line, reason="适老化改造") == ()
    assert len(reasons(line, reason=" 　")) == 1


def test_a_plan_without_rules_of_use_lets_the_subsidy_be_spent_on_anything() -> None:
    bare = PLAN.model_copy(update={"money": None})
    line = replace(EXPENSE, category="工资")
    assert refusals(bare, line, "", BOOK, None) == ()


@pytest.mark.parametrize(
    ("released", "part"),
    [
        (None, "尚未下达"),
        ("1399.99", "到账合计1,400.00元，超过下达的1,399.99元"),
        ("1400.00", ""),
    ],
)
def test_no_more_subsidy_comes_in_than_was_released(released: str | None, part: str) -> None:
    found = reasons(RECEIPT, released=Decimal(released) if released else None)
    assert [part in told for told in found] == ([True] if part else [])
    assert reasons(replace(RECEIPT, source=Source.CITY), released=None) == ()
    assert reasons(TRANSFER, (RECEIPT,), released=None) == ()


def test_what_is_overdrawn_already_is_not_the_new_lines_fault() -> None:
    short = (*BOOK, replace(EXPENSE, amount=Decimal("900.00")))
    assert list(overdrawn(short)) == [(PROVINCIAL, PROJECT, START)]
    assert reasons(EXPENSE, short) == ()
    assert len(reasons(replace(EXPENSE, source=Source.OTHER), short)) == 1


def test_a_pot_may_be_empty_and_its_first_short_day_is_told() -> None:
    day = timedelta(days=1)
    again = replace(EXPENSE, amount=Decimal("0.01"), on=START + day)
    later = replace(RECEIPT, holder=PROJECT, on=START + 3 * day)
    assert list(overdrawn((*BOOK, EXPENSE))) == []
    assert list(overdrawn((*BOOK, EXPENSE, replace(again, on=START + 2 * day), again))) == [
        (PROVINCIAL, PROJECT, START + day)
    ]
    assert list(overdrawn((*BOOK, EXPENSE, again, later))) == [(PROVINCIAL, PROJECT, START + day)]


def test_resting_money_by_hand() -> None:
    """300 on the 4th and 200 on the 6th; 300 leave on the 8th, 150 on the 9th, 50 on the 10th."""
    days = [START + timedelta(days=n) for n in (0, 2, 4, 5, 6)]
    amounts = [Decimal(each) for each in ("300", "200", "300", "150", "50")]
    book = [
        replace(RECEIPT if n < 2 else TRANSFER, on=on, amount=amount)
        for n, (on, amount) in enumerate(zip(days, amounts, strict=True))
    ]
    assert [resting(book[:n], CITY) for n in range(6)] == [
        (None, None),
        (days[0], None),
        (days[0], None),
        (days[1], None),
        (days[1], None),
        (days[1], days[4]),
    ]
    assert resting(book, COUNTY) == (None, None)
    assert resting(book, PROJECT) == (days[2], None)


def test_money_that_comes_and_goes_on_one_day_has_not_rested() -> None:
    first = replace(TRANSFER, audit_id=0)
    assert resting((first, RECEIPT), CITY) == (START, START)


def test_passing_on_ones_own_money_does_not_clear_the_provinces() -> None:
    """500 of the province on the 4th; 500 of the city come and go two days later."""
    later = START + timedelta(days=2)
    own = replace(RECEIPT, source=Source.CITY, on=later)
    gone = replace(TRANSFER, source=Source.CITY, on=later, amount=own.amount)
    assert resting((RECEIPT, own, gone), CITY) == (START, None)


def test_only_receipts_of_the_source_count_as_received() -> None:
    book = (*BOOK, EXPENSE, replace(RECEIPT, source=Source.CITY, amount=Decimal("5.10")))
    assert str(received(book, PROVINCIAL)) == "700.00"
    assert str(received(book, Source.CITY)) == "5.10"
    assert str(received(book, Source.COUNTY)) == "0.00"


def test_matching_funds_by_hand() -> None:
    first = replace(RECEIPT, source=Source.CITY, amount=Decimal("399.99"))
    second = replace(first, on=START + timedelta(days=9), amount=Decimal("0.01"))
    promised = Decimal("400.00")
    assert matched((second, first), Source.CITY, promised) == second.on
    assert matched((first,), Source.CITY, promised) is None
    assert matched((first, replace(second, source=Source.COUNTY)), Source.CITY, promised) is None
    assert matched((first, second), Source.CITY, Decimal(0)) is None


# --- sums -----------------------------------------------------------------------------------------


class Stood(NamedTuple):
    """How a project's money stands."""

    subsidy: Decimal | None = None
    released: Decimal | None = None
    received: Mapping[Source, Decimal] = {}
    promised: Mapping[Source, Decimal | None] = {}
    spent: Decimal = Decimal(0)
    funds: tuple[FundMoney, ...] = ()


ONE, TWO, FOUR, EIGHT = (Decimal(n) for n in ("0.01", "0.02", "0.04", "0.08"))


@pytest.mark.parametrize(
    ("amounts", "sum_", "known"),
    [
        ([], "0", None),
        ([None, None], "0", None),
        ([ONE, None, TWO], "0.03", "0.03"),
        ([None, Decimal(0)], "0", "0"),
    ],
)
def test_what_is_not_stated_is_in_no_sum(
    amounts: list[Decimal | None], sum_: str, known: str | None
) -> None:
    assert total(amounts) == Decimal(sum_)
    assert stated(amounts) == (None if known is None else Decimal(known))


def test_sums_over_projects_keep_each_kind_of_money_apart() -> None:
    first = Stood(
        subsidy=ONE,
        released=TWO,
        received={Source.PROVINCE: FOUR, Source.CITY: EIGHT, Source.OTHER: Decimal(99)},
        promised={Source.CITY: ONE, Source.COUNTY: TWO},
        spent=FOUR,
    )
    second = Stood(received={Source.COUNTY: ONE}, promised={Source.CITY: None}, spent=ONE)
    assert sums([first, second]) == {
        "subsidy": ONE,
        "released": TWO,
        "received": FOUR,
        "promised": ONE + TWO,
        "matched": EIGHT + ONE,
        "spent": FOUR + ONE,
    }
    assert from_below(first.received) == EIGHT


@pytest.mark.parametrize(
    ("owed", "come", "gap"),
    [
        ({Source.CITY: FOUR}, {}, FOUR),
        ({Source.CITY: FOUR}, {Source.CITY: ONE}, Decimal("0.03")),
        ({Source.CITY: FOUR}, {Source.CITY: FOUR}, Decimal(0)),
        ({Source.CITY: FOUR}, {Source.CITY: EIGHT}, Decimal(0)),
        ({Source.CITY: FOUR, Source.COUNTY: TWO}, {Source.CITY: EIGHT}, TWO),
        ({Source.CITY: None}, {Source.CITY: ONE}, Decimal(0)),
        ({Source.CITY: None}, {}, Decimal(0)),
        ({}, {Source.CITY: ONE}, Decimal(0)),
    ],
)
def test_one_source_does_not_make_up_for_another(
    owed: Mapping[Source, Decimal | None], come: Mapping[Source, Decimal], gap: Decimal
) -> None:
    assert short(owed, come) == gap


def test_funds_are_added_up_by_themselves() -> None:
    first = Stood(funds=(FundMoney("a", ONE, None, TWO), FundMoney("b", None, ONE, FOUR)))
    second = Stood(funds=(FundMoney("b", EIGHT, None, ONE),))
    assert by_fund([first, Stood(), second]) == (
        FundMoney("a", ONE, None, TWO),
        FundMoney("b", EIGHT, ONE, FOUR + ONE),
    )


def booked(
    entry: EntryKind, source: Source, holder: Holder, amount: Decimal, **more: Any
) -> LedgerLine:
    return LedgerLine(1, entry, START, source, holder, amount, "示例", **more)


def test_what_came_what_is_held_and_what_was_spent() -> None:
    book = [
        booked(EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, EIGHT),
        booked(EntryKind.TRANSFER, Source.PROVINCE, Holder.CITY, FOUR, to_holder=Holder.PROJECT),
        booked(EntryKind.RECEIPT, Source.OTHER, Holder.PROJECT, TWO),
        booked(EntryKind.EXPENSE, Source.OTHER, Holder.PROJECT, ONE),
    ]
    came = {source: Decimal(0) for source in Source}
    assert received_by(book) == {**came, Source.PROVINCE: EIGHT, Source.OTHER: TWO}
    held = {holder: Decimal(0) for holder in Holder}
    rest = {Holder.CITY: FOUR, Holder.PROJECT: FOUR + TWO - ONE}
    assert held_by(book) == {**held, **rest}
    assert spent(book) == ONE
    assert spent(book[:3]) == 0


@pytest.mark.parametrize("nothing", [True, False])
def test_a_milestone_of_the_ledger_is_dated_by_it(nothing: bool) -> None:
    """下达 comes to the city, which passes it on; a share of nothing comes in with no line."""
    later = START + timedelta(1)
    came = booked(EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, EIGHT)
    gone = booked(EntryKind.TRANSFER, Source.PROVINCE, Holder.CITY, EIGHT, to_holder=Holder.COUNTY)
    share = booked(EntryKind.RECEIPT, Source.CITY, Holder.PROJECT, ONE)
    promised = {Source.CITY: Decimal(0) if nothing else ONE, Source.COUNTY: TWO}
    found = dated_by(plan(), promised, [came, replace(gone, on=later), share])
    assert found == {
        "city_received": START,
        "city_passed_on": later,
        "county_received": later,
        "county_passed_on": None,
        **({} if nothing else {"city_funds_in_place": START}),
        "county_funds_in_place": None,
    }

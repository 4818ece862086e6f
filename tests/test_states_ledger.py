"""Money and selection against naive programs that share no code with them."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from policy.vocabulary import Entry, Holder, Source
from states.ledger import Line, balances, matched, overdrawn, received, refusals, resting
from states.review import average, spread
from states.selection import Candidate, select
from tests.support.builders import opinion, plan

START = date(2023, 5, 4)
AMOUNTS = st.decimals("0.01", "500.00", places=2)
DAYS = st.integers(0, 12).map(lambda n: START + timedelta(days=n))


@st.composite
def a_line(draw: st.DrawFn) -> Line:
    entry = draw(st.sampled_from(Entry))
    holder = draw(st.sampled_from(Holder))
    more: dict[str, object] = {}
    if entry is Entry.TRANSFER:
        holder = draw(st.sampled_from([Holder.CITY, Holder.COUNTY]))
        lower = [Holder.PROJECT] if holder is Holder.COUNTY else [Holder.COUNTY, Holder.PROJECT]
        more["to_holder"] = draw(st.sampled_from(lower))
    if entry is Entry.EXPENSE:
        holder = draw(st.sampled_from([Holder.COUNTY, Holder.PROJECT]))
        more |= {"category": "construction", "payee": "示例公司"}
    source = draw(st.sampled_from(Source))
    amount = draw(AMOUNTS)
    return Line(0, entry, draw(DAYS), source, holder, amount, "示例", **more)  # type: ignore[arg-type]  # fields of a line


LINES = st.lists(a_line(), max_size=14)


def simulated(lines: list[Line]) -> tuple[dict[tuple[str, str], Decimal], bool]:
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
def test_balances_equal_a_plain_simulation(lines: list[Line]) -> None:
    pots, short = simulated(lines)
    assert {(s.value, h.value): left for (s, h), left in balances(lines).items()} == pots
    assert bool(list(overdrawn(lines))) == short


@given(LINES)
def test_a_book_that_only_takes_what_is_allowed_never_goes_wrong(lines: list[Line]) -> None:
    taken: list[Line] = []
    released = Decimal("700.00")
    for line in lines:
        if not refusals(plan(), line, "示例说明", taken, released):
            taken.append(line)
    pots, short = simulated(taken)
    assert not short
    assert received(taken, Source.PROVINCE) <= released
    came = sum(line.amount for line in taken if line.entry is Entry.RECEIPT)
    went = sum(line.amount for line in taken if line.entry is Entry.EXPENSE)
    assert sum(pots.values()) == came - went


@given(LINES)
def test_resting_money_is_the_oldest_fen_still_there(lines: list[Line]) -> None:
    """Coin by coin: every 分 that came in is queued with its day and leaves in that order."""
    taken: list[Line] = []
    for line in lines:
        if not refusals(plan(), line, "示例说明", taken, Decimal("9999.00")):
            taken.append(line)
    for holder in Holder:
        queue: list[date] = []
        last_in = cleared = None
        for ordinal in range(START.toordinal(), START.toordinal() + 13):
            day = date.fromordinal(ordinal)
            inflow = sum(_fen(x) for x in taken if x.on == day and _into(x) is holder)
            outflow = sum(_fen(x) for x in taken if x.on == day and _out_of(x) is holder)
            queue += [day] * inflow
            if inflow:
                last_in, cleared = day, None
            if outflow:
                queue = queue[outflow:]
                cleared = None if queue else day
        wanted = (queue[0], None) if queue else (last_in, cleared)
        assert resting(taken, holder) == wanted


def _fen(line: Line) -> int:
    return int(line.amount * 100)


def _into(line: Line) -> Holder | None:
    return line.holder if line.entry is Entry.RECEIPT else line.to_holder


def _out_of(line: Line) -> Holder | None:
    return None if line.entry is Entry.RECEIPT else line.holder


@given(st.lists(st.tuples(DAYS, AMOUNTS), max_size=6), st.decimals(0, 900, places=2))
def test_matching_funds_count_from_the_day_they_are_whole(
    came: list[tuple[date, Decimal]], promised: Decimal
) -> None:
    lines = [
        Line(n, Entry.RECEIPT, on, Source.CITY, Holder.PROJECT, amount, str(n))
        for n, (on, amount) in enumerate(came)
    ]
    days = sorted(on for on, _ in came)
    whole = [day for day in days if sum(a for on, a in came if on <= day) >= promised]
    assert matched(lines, Source.CITY, promised) == (whole[0] if whole and promised else None)
    assert matched(lines, Source.CITY, None) is None


# --- review and selection -------------------------------------------------------------------------


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6))
def test_average_and_spread(points: list[int]) -> None:
    given_ = [opinion(str(n), each) for n, each in enumerate(points)]
    assert abs(average(given_) - Decimal(sum(points)) / len(points)) <= Decimal("0.005")
    assert spread(given_) == max(points) - min(points)


CANDIDATES = st.lists(
    st.tuples(st.sampled_from([60, 70, 80]), st.booleans(), st.booleans()), max_size=6
)


@given(CANDIDATES, st.integers(0, 4))
def test_selection_is_the_best_of_all_orders(
    drawn: list[tuple[int, bool, bool]], places: int
) -> None:
    candidates = [
        Candidate(f"c{n}", "太原市", "小店区", None, Decimal(score), unserved, taken)
        for n, (score, unserved, taken) in enumerate(drawn)
    ]
    city = plan().cities[0].model_copy(update={"quota": places})
    found = select(plan().model_copy(update={"cities": (city,)}), candidates)
    waiting = [item for item in candidates if not item.taken]
    free = max(places - (len(candidates) - len(waiting)), 0)
    best = max(
        permutations(waiting),
        key=lambda order: [
            (item.score, item.unserved, [-ord(c) for c in item.code]) for item in order
        ],
        default=(),
    )
    codes = [item.code for item in best]
    assert list(found.determined) == codes[:free]
    assert list(found.reserves) == [(code, n) for n, code in enumerate(codes[free:], 1)]
    assert found.short.get("太原市", 0) == max(free - len(waiting), 0)

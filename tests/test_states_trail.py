"""What rows add up to: against a plain fold, and every effect through JSON and back."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.vocabulary import AuditKind, Disposition, EntryKind, Holder, Source
from states.ledger import LedgerLine
from states.progress import Progress
from states.review import Opinion
from states.trail import (
    Effects,
    ProjectState,
    TrailRow,
    after,
    carried_on,
    difference,
    from_detail,
    handed_back,
    rebuilt,
    recorded,
    recorded_effects,
    replay,
    to_detail,
    under,
    with_what_follows,
)
from tests.support.builders import a_dossier, plan

DAY = date(2023, 6, 1)
FACTS = st.sampled_from(["determined", "work_started", "accepted"])
DAYS = st.dates(date(2023, 1, 16), date(2023, 12, 31))
AMOUNTS = st.decimals("0.01", "9999.99", places=2)
MONTHS = st.sampled_from(["2023-03", "2023-04"])
WORDS = st.text("示例甲乙", max_size=3)
COLUMNS = st.fixed_dictionaries(
    {},
    optional={
        "stage": st.sampled_from(["siting", "review"]),
        "disposition": st.sampled_from(Disposition),
        "last_on": st.none() | DAYS,
        "released": st.none() | AMOUNTS,
        "findings": st.dictionaries(WORDS, WORDS, max_size=2),
        "area": st.none() | AMOUNTS,
        "beds": st.none() | st.integers(0, 99),
        "old_community": st.none() | st.booleans(),
        "letter_on": st.none() | DAYS,
        "functions": st.frozensets(WORDS.filter(bool), max_size=2),
        "community": st.none() | WORDS.filter(bool),
    },
)


def lines(id: int) -> st.SearchStrategy[LedgerLine]:
    return st.builds(
        LedgerLine,
        st.just(id),
        st.sampled_from(EntryKind),
        DAYS,
        st.sampled_from(Source),
        st.sampled_from(Holder),
        AMOUNTS,
        WORDS,
        st.none() | st.sampled_from(Holder),
        st.none() | WORDS,
        st.none() | WORDS,
    )


def opinions(id: int) -> st.SearchStrategy[Opinion]:
    points = st.dictionaries(st.sampled_from(["need", "site"]), AMOUNTS)
    return st.builds(Opinion, WORDS, WORDS, DAYS, points, st.just(id))


def reports(id: int) -> st.SearchStrategy[Progress]:
    return st.builds(
        Progress,
        MONTHS,
        st.integers(0, 100),
        st.none() | AMOUNTS,
        st.none() | st.booleans(),
        st.none() | WORDS,
        st.none() | WORDS,
        st.just(id) | st.just(99),
    )


def one_effect(id: int) -> st.SearchStrategy[TrailRow]:
    dropped = st.lists(st.integers(1, 4), max_size=2, unique=True).map(tuple)
    dated = st.dictionaries(FACTS, DAYS, max_size=2)
    effects = (
        st.builds(Effects, columns=COLUMNS),
        st.builds(Effects, dated=dated, revoked=st.lists(FACTS, max_size=1).map(tuple)),
        st.builds(Effects, line=lines(id), dropped=dropped),
        st.builds(Effects, opinion=opinions(id), dropped=dropped),
        st.builds(Effects, progress=reports(id), dropped=dropped),
    )
    return st.builds(TrailRow, st.just(id), st.just(AuditKind.RECORD), st.one_of(*effects))


TRAILS = st.tuples(*(one_effect(id) for id in range(1, 6)))


@given(st.integers(1, 5).flatmap(one_effect))
def test_a_row_is_read_back_from_json_whole(row: TrailRow) -> None:
    detail = json.loads(json.dumps(to_detail(row.effects)))
    assert from_detail(plan(), row.id, row.kind, detail) == row
    assert all(detail.values())


def test_nothing_leaves_nothing() -> None:
    assert to_detail(Effects()) == {}
    assert from_detail(plan(), 7, AuditKind.RECORD, {}) == TrailRow(7, AuditKind.RECORD, Effects())
    assert not Effects().any
    assert Effects(revoked=("accepted",)).any


@given(TRAILS)
def test_replaying_is_a_plain_fold(trail: tuple[TrailRow, ...]) -> None:
    columns: dict[str, Any] = {}
    facts: dict[str, date] = {}
    kept: dict[tuple[str, Any], Any] = {}
    for row in trail:
        change = row.effects
        columns.update(change.columns)
        for name in change.revoked:
            facts.pop(name, None)
        facts.update(change.dated)
        for key, value in list(kept.items()):
            if value.audit_id in change.dropped:
                del kept[key]
        if change.line:
            kept["line", row.id] = change.line
        if change.opinion:
            kept["opinion", row.id] = change.opinion
        if change.progress:
            kept["progress", change.progress.period] = change.progress
    found = replay(trail)
    assert (found.columns, found.facts) == (columns, facts)
    together: dict[tuple[str, Any], Any] = {("line", id): line for id, line in found.lines.items()}
    together |= {("opinion", id): given_ for id, given_ in found.opinions.items()}
    together |= {("progress", month): item for month, item in found.progress.items()}
    assert together == kept


def test_a_report_is_kept_under_its_row_unless_it_has_one() -> None:
    told = Progress("2023-06", 50)
    assert under(told, 7).audit_id == 7
    assert under(replace(told, audit_id=3), 7).audit_id == 3
    row = TrailRow(7, AuditKind.PROGRESS, Effects(progress=told))
    assert after(ProjectState(), row).progress == {"2023-06": replace(told, audit_id=7)}


@given(TRAILS, one_effect(9).filter(lambda row: row.effects.progress is None))
def test_a_correction_leads_back_to_what_was(trail: tuple[TrailRow, ...], last: TrailRow) -> None:
    before = replay(trail)
    now = after(before, replace(last, effects=replace(last.effects, dropped=())))
    back = after(now, TrailRow(10, AuditKind.REVERSAL, difference(now, before)))
    named = {name: value for name, value in back.columns.items() if name in before.columns}
    assert named == before.columns
    rest = {name: value for name, value in back.columns.items() if name not in before.columns}
    assert rest == {name: {} if name == "findings" else None for name in rest}
    assert (back.facts, back.lines, back.opinions) == (before.facts, before.lines, before.opinions)


def test_a_correction_says_only_what_changes() -> None:
    may, june = Progress("2023-05", 10, audit_id=1), Progress("2023-06", 20, audit_id=2)
    now = ProjectState(
        {"stage": "review"}, {"determined": DAY}, progress={"2023-05": may, "2023-06": june}
    )
    assert not difference(now, now).any
    wanted = replace(now, progress={"2023-05": replace(may, percent=9)})
    assert difference(now, wanted) == Effects(progress=replace(may, percent=9), dropped=(2,))
    assert difference(now, replace(now, facts={})) == Effects(revoked=("determined",))
    later = {"determined": date(2023, 6, 2)}
    assert difference(now, replace(now, facts=later)) == Effects(dated=later)
    assert difference(now, replace(now, columns={})) == Effects(columns={"stage": None})
    marked = replace(now, columns={"findings": {"R16": "面积"}, "checks": {"area": "是"}})
    assert difference(marked, replace(now, columns={})).columns == {"findings": {}, "checks": {}}


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("stage", "siting", "siting"),
        ("disposition", Disposition.HELD, "held"),
        ("last_on", DAY, "2023-06-01"),
        ("released", Decimal("1.50"), "1.50"),
        ("findings", {"R16": "面积"}, {"R16": "面积"}),
        ("checks", {"area": "是"}, {"area": "是"}),
        ("area", Decimal("900.00"), "900.00"),
        ("letter_on", DAY, "2023-06-01"),
    ],
)
def test_a_column_is_kept_plain_and_read_back(name: str, value: Any, plain: Any) -> None:
    detail = to_detail(Effects(columns={name: value}))
    assert detail == {"columns": {name: plain}}
    assert from_detail(plan(), 1, AuditKind.RECORD, detail).effects.columns == {name: value}


@pytest.mark.parametrize("name", ["last_on", "released", "area"])
def test_a_column_set_to_nothing_is_read_back_as_nothing(name: str) -> None:
    detail = to_detail(Effects(columns={name: None}))
    assert from_detail(plan(), 1, AuditKind.RECORD, detail).effects.columns == {name: None}


# --- what follows from the ledger -----------------------------------------------------------------

MARCH, MAY = date(2023, 3, 10), date(2023, 5, 10)
MATCHED = {"city_funds_in_place": MARCH}
BARE = a_dossier(opinions=(), city_share=Decimal("100.00"), county_share=None)
"""A project to which 100 元 are promised by its city, and nothing is known of its county."""


def receipt(id: int, on: date, amount: str, source: Source = Source.CITY) -> LedgerLine:
    return LedgerLine(
        id, EntryKind.RECEIPT, on, source, Holder.CITY, Decimal(amount), f"示例凭证{id}"
    )


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (AuditKind.RECORD, True),
        (AuditKind.AMENDMENT, True),
        (AuditKind.LEDGER, False),
        (AuditKind.TRANSITION, False),
    ],
)
def test_what_the_ledger_tells_counts_as_recorded_only_by_hand(kind: AuditKind, told: bool) -> None:
    change = Effects(
        dated={**MATCHED, "determined": MAY}, revoked=("city_received", "accepted"), dropped=(3,)
    )
    only = replace(change, dated={"determined": MAY}, revoked=("accepted",))
    row = TrailRow(1, kind, change)
    assert recorded_effects(plan(), row) == (change if told else only)
    assert recorded(plan(), [row]).facts == (change if told else only).dated


@pytest.mark.parametrize(
    ("share", "facts"),
    [
        ("100.00", {"determined": MARCH, "city_funds_in_place": MAY}),
        ("100.01", {"determined": MARCH}),
        ("0.00", {"determined": MARCH, **MATCHED}),
    ],
)
def test_a_rebuilt_state_believes_the_ledger_before_the_hand(
    share: str, facts: dict[str, date]
) -> None:
    """六(二): of a share of nothing the ledger tells nothing, and the hand is believed."""
    rows = [
        TrailRow(1, AuditKind.IMPORT, Effects({"city_share": Decimal(share), "stage": "siting"})),
        TrailRow(2, AuditKind.RECORD, Effects(dated={"determined": MARCH, **MATCHED})),
        TrailRow(4, AuditKind.LEDGER, Effects(line=receipt(4, MAY, "60.00"))),
        TrailRow(5, AuditKind.LEDGER, Effects(line=receipt(5, MARCH, "40.00"))),
    ]
    found = rebuilt(plan(), rows)
    received = {"city_received": MARCH}
    assert {n: on for n, on in found.facts.items() if n not in received} == facts
    assert found.columns == {"city_share": Decimal(share), "stage": "siting"}
    assert set(found.lines) == {4, 5}


def test_a_receipt_dates_what_it_fulfils_and_its_end_takes_it_back() -> None:
    whole = Effects(line=receipt(7, MAY, "100.00"))
    told = with_what_follows(plan(), BARE, whole, {})
    assert told == replace(whole, dated={"city_funds_in_place": MAY, "city_received": MAY})
    part = Effects(line=receipt(7, MAY, "99.99"))
    assert with_what_follows(plan(), BARE, part, {}).dated == {"city_received": MAY}
    after_it = carried_on(BARE, TrailRow(7, AuditKind.LEDGER, told))
    assert after_it.milestones == told.dated
    back = with_what_follows(plan(), after_it, Effects(dropped=(7,)), {})
    assert (back.dated, set(back.revoked)) == ({}, {"city_funds_in_place", "city_received"})


def test_a_day_that_the_ledger_tells_already_is_not_told_again() -> None:
    held = replace(BARE, milestones={"city_received": MARCH}, lines=(receipt(3, MARCH, "1.00"),))
    assert with_what_follows(plan(), held, Effects(dated={"determined": MAY}), {}) == Effects(
        dated={"determined": MAY}
    )


def test_a_day_by_hand_gives_way_to_the_ledger_and_is_handed_back() -> None:
    """六(二): a share becomes nothing; the day that somebody gave before counts again."""
    by_hand = Effects(dated=MATCHED, revoked=("accepted",))
    refused = with_what_follows(plan(), replace(BARE, milestones=MATCHED), by_hand, {})
    assert refused == Effects(revoked=("accepted", "city_funds_in_place"))
    nothing = Effects(columns={"city_share": Decimal("0.00")})
    assert handed_back(plan(), BARE, nothing) == {"city_funds_in_place"}
    assert handed_back(plan(), BARE, Effects()) == frozenset()
    assert with_what_follows(plan(), BARE, nothing, MATCHED).dated == MATCHED
    dated = replace(BARE, milestones={"city_funds_in_place": MAY})
    assert with_what_follows(plan(), dated, nothing, {}).revoked == ("city_funds_in_place",)


def test_a_project_goes_on_by_one_row() -> None:
    """Its columns, its profile, its lists in their order; what follows from others stays."""
    first, second = (Progress(f"2023-0{month}", month, audit_id=month) for month in (4, 5))
    old, new = (Opinion(f"示例·{n}", "示例大学", MARCH, {}, audit_id=n) for n in (8, 2))
    project = replace(
        BARE,
        milestones={"determined": MARCH, "accepted": MAY},
        lines=(receipt(3, MAY, "1.00"),),
        opinions=(old,),
        progress=(second,),
        quota_left=7,
        revision=8,
    )
    came = receipt(9, MARCH, "2.00")
    effects = Effects(
        columns={"stage": "review", "beds": 30, "last_on": MAY},
        dated={"work_started": MAY},
        revoked=("accepted",),
        line=came,
        opinion=new,
        progress=first,
    )
    row = TrailRow(9, AuditKind.RECORD, effects)
    assert carried_on(project, row) == replace(
        project,
        stage="review",
        last_on=MAY,
        profile=replace(project.profile, beds=30),
        milestones={"determined": MARCH, "work_started": MAY},
        lines=(came, project.lines[0]),
        opinions=(old, new),
        progress=(first, second),
        revision=9,
    )
    less = carried_on(project, TrailRow(10, AuditKind.REVERSAL, Effects(dropped=(3, 8, 5))))
    assert (less.lines, less.opinions, less.progress) == ((), (), ())


@pytest.mark.parametrize("row", [0, 7])
def test_a_report_that_is_of_another_row_says_of_which(row: int) -> None:
    """One that is only handed in is of the row that records it."""
    report = Progress("2023-06", 30, Decimal("1.50"), on_schedule=True, audit_id=row)
    told = to_detail(Effects(progress=report))["progress"]
    assert told.get("audit_id") == (row or None)
    assert (told["period"], told["invested"]) == ("2023-06", "1.50")

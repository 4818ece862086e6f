"""What of a project's money is lacking, by hand, and who is asked for it."""

from datetime import date
from decimal import Decimal

import pytest

from policy.vocabulary import EntryKind, Holder, Source
from states.dossier import Dossier
from states.ledger import LedgerLine
from states.money_due import MoneyDue, due_named, money_due
from tests.support.builders import a_dossier, plan

DAY = date(2023, 5, 8)
MATCHED = ("city_funds_in_place", "county_funds_in_place")
PASSED_ON = ("city_passed_on", "county_passed_on")


def line(entry: EntryKind, source: Source, holder: Holder, amount: str) -> LedgerLine:
    return LedgerLine(1, entry, DAY, source, holder, Decimal(amount), "示例")


def project(*lines: LedgerLine) -> Dossier:
    """200,000 元 promised by the city, 100,000 by the county."""
    shares = {"city_share": Decimal("200000.00"), "county_share": Decimal("100000.00")}
    return a_dossier(lines=lines, **shares)


def told(project: Dossier, facts: tuple[str, ...], *offices: str) -> dict[str, Decimal | None]:
    found = money_due(plan(), project, facts, offices)
    assert {due_named(plan(), due.label(plan())) for due in found} == {_bare(due) for due in found}
    return {due.label(plan()): due.amount for due in found}


def _bare(due: MoneyDue) -> MoneyDue:
    return MoneyDue(due.fact, due.entry, due.source, due.holder, due.to_holder)


def test_what_a_level_promised_is_lacking_until_it_has_come() -> None:
    come = line(EntryKind.RECEIPT, Source.CITY, Holder.CITY, "150000.01")
    both = ("太原市财政局", "太原市小店区财政局")
    wanted = {"市级配套到账": Decimal("200000.00"), "县级配套到账": Decimal("100000.00")}
    assert told(project(), MATCHED, *both) == wanted
    wanted["市级配套到账"] = Decimal("49999.99")
    assert told(project(come), MATCHED, *both) == wanted
    more = line(EntryKind.RECEIPT, Source.CITY, Holder.CITY, "99999.99")
    wanted["市级配套到账"] = Decimal(0)
    assert told(project(come, more), MATCHED, *both) == wanted


def test_what_rests_with_a_level_is_to_be_passed_on_to_the_next() -> None:
    lines = (
        line(EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "700000.00"),
        line(EntryKind.RECEIPT, Source.COUNTY, Holder.COUNTY, "0.01"),
    )
    both = ("太原市财政局", "太原市小店区财政局")
    assert told(project(*lines), PASSED_ON, *both) == {
        "省级补助拨付县财政": Decimal("700000.00"),
        "县级配套拨付项目单位": Decimal("0.01"),
    }
    assert told(project(), PASSED_ON, *both) == {}


@pytest.mark.parametrize(
    ("office", "asked"),
    [
        ("太原市小店区财政局", {"县级配套到账"}),
        ("太原市财政局", {"市级配套到账", "县级配套到账"}),
        ("太原市迎泽区财政局", set()),
        ("大同市财政局", set()),
        ("无此单位", set()),
    ],
)
def test_only_who_may_book_it_is_asked(office: str, asked: set[str]) -> None:
    assert set(told(project(), MATCHED, office)) == asked


def test_what_is_not_dated_by_money_asks_for_none() -> None:
    assert told(project(), ("operator_confirmed", "no_such"), "太原市财政局") == {}
    assert due_named(plan(), "省级补助到账") is None
    unstated = a_dossier(city_share=None)
    assert told(unstated, MATCHED[:1], "太原市财政局") == {"市级配套到账": None}

"""The money ledger: white list, balances, one project's use, money that rests (七, 八(四))."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from common.errors import RefusedError
from operations.cases.desk import Desk
from operations.cases.effects import AuditEntry, Casebook, commit
from operations.daily.enforcement import enforce
from operations.views.overview import deadline_views
from policy.vocabulary import AuditKind, EntryKind, Holder, Source, Standing
from states.trail import Effects
from tests.conftest import AT, DeskIn
from tests.support.builders import answers
from tests.support.province import END, morning
from tests.support.steps import ONE, TAIYUAN, act, change_day, money, show, stored, undo, walk
from tests.support.stores import Snapshot

IN, ON, OUT = EntryKind.RECEIPT, EntryKind.TRANSFER, EntryKind.EXPENSE
PROVINCE, CITY, OTHER = Source.PROVINCE, Source.CITY, Source.OTHER
AT_CITY, AT_COUNTY, AT_SITE = Holder.CITY, Holder.COUNTY, Holder.PROJECT
PAYS = {"category": "construction", "payee": "示例公司"}

RELEASED = Snapshot("released", lambda desk: walk(desk, "release_funds"), TAIYUAN)


@pytest.fixture
def released(desk_in: DeskIn) -> Desk:
    """太原市 with one project to which the subsidy was released."""
    return desk_in(RELEASED)


def refused(book: Callable[[], None]) -> str:
    with pytest.raises(RefusedError) as caught:
        book()
    return str(caught.value)


def at_site(desk: Desk, amount: str = "300000.00") -> None:
    money(desk, IN, PROVINCE, AT_CITY, amount, "2023-05-04")
    money(desk, ON, PROVINCE, AT_CITY, amount, "2023-05-08", to_holder=AT_SITE)


def test_money_goes_down_and_is_spent(released: Desk) -> None:
    at_site(released)
    money(released, OUT, PROVINCE, AT_SITE, "120000.01", "2023-06-01", **PAYS)
    funds = show(released).funds
    assert funds.received[PROVINCE] == Decimal("300000.00")
    assert (funds.spent, funds.balance) == (Decimal("120000.01"), Decimal("179999.99"))


@pytest.mark.parametrize(
    ("category", "evidence", "says"),
    [
        ("人员工资", "", "机构运行经费，不得使用省级补助（七(二)）"),
        ("水电费", "", "机构运行经费"),
        ("庆典", "", "不在省级补助用途之内"),
        ("other_care", "", "须说明具体用途"),
    ],
)
def test_what_the_subsidy_does_not_pay(
    released: Desk, category: str, evidence: str, says: str
) -> None:
    at_site(released)
    stated = {"category": category, "payee": "示例公司", "evidence": evidence}
    assert says in refused(
        lambda: money(released, OUT, PROVINCE, AT_SITE, "10.00", "2023-06-01", **stated)
    )
    assert len(stored(released).lines) == 2


def test_other_money_may_pay_running_costs_and_reasons_open_other_care(released: Desk) -> None:
    at_site(released)
    money(released, IN, OTHER, AT_SITE, "5000.00", "2023-05-04")
    wages = {"category": "人员工资", "payee": "示例职工"}
    money(released, OUT, OTHER, AT_SITE, "5000.00", "2023-06-01", **wages)
    care = {"category": "other_care", "payee": "示例公司", "evidence": "示例：助浴设备"}
    money(released, OUT, PROVINCE, AT_SITE, "5000.00", "2023-06-01", **care)
    assert [line.category for line in stored(released).lines[-2:]] == ["人员工资", "other_care"]


def test_nothing_is_paid_over_the_balance_on_any_day(released: Desk) -> None:
    at_site(released)
    over = refused(
        lambda: money(released, OUT, PROVINCE, AT_SITE, "300000.01", "2023-06-01", **PAYS)
    )
    assert "余额不足" in over
    early = refused(lambda: money(released, OUT, PROVINCE, AT_SITE, "1.00", "2023-05-07", **PAYS))
    assert "2023年5月7日项目单位的省级补助余额不足" in early
    money(released, OUT, PROVINCE, AT_SITE, "300000.00", "2023-06-10", **PAYS)
    back_dated = refused(
        lambda: money(released, OUT, PROVINCE, AT_SITE, "1.00", "2023-05-20", **PAYS)
    )
    assert "余额不足" in back_dated


def test_receipts_of_the_subsidy_end_with_what_was_released(released: Desk) -> None:
    due = show(released).funds.subsidy
    assert due == show(released).funds.released
    money(released, IN, PROVINCE, AT_CITY, str(due), "2023-05-04")
    over = refused(lambda: money(released, IN, PROVINCE, AT_CITY, "0.01", "2023-05-05"))
    assert "超过下达的" in over
    fresh = "XF2023-140105-02"
    assert "尚未下达" in refused(
        lambda: money(released, IN, PROVINCE, AT_CITY, "1.00", "2023-05-05", subject=fresh)
    )


def test_one_voucher_books_one_line_in_one_project(released: Desk) -> None:
    money(released, IN, OTHER, AT_SITE, "5.00", "2023-05-04", voucher="示例凭证1")
    for subject in (ONE, "XF2023-140105-02"):
        assert f"已登记在{ONE}" in refused(
            lambda subject=subject: money(  # type: ignore[misc]
                released, IN, OTHER, AT_SITE, "5.00", "2023-05-04",
                subject=subject, voucher="示例凭证1",
            )
        )  # fmt: skip


def test_a_voucher_of_another_city_does_not_tell_its_project(released: Desk) -> None:
    money(released, IN, OTHER, AT_SITE, "5.00", "2023-05-04", voucher="示例凭证1")
    with released.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE subject SET city = '大同市' WHERE code = '{ONE}'")  # noqa: S608
    told = refused(
        lambda: money(
            released, IN, OTHER, AT_SITE, "5.00", "2023-05-04",
            subject="XF2023-140105-02", voucher="示例凭证1",
        )
    )  # fmt: skip
    assert "凭证“示例凭证1”已在其他市登记，不得重复入账" in told
    assert ONE not in told


def test_money_flows_down_only(released: Desk) -> None:
    money(released, IN, OTHER, AT_SITE, "5.00", "2023-05-04")
    up = refused(
        lambda: money(released, ON, OTHER, AT_SITE, "5.00", "2023-05-05", to_holder=AT_CITY)
    )
    assert "只能逐级下拨" in up


def test_matching_funds_are_in_place_when_all_that_was_promised_has_come(released: Desk) -> None:
    promised = show(released).profile.city_share
    assert promised
    with pytest.raises(RefusedError, match="按资金台账认定"):
        act(released, "city_funds_in_place", "2023-05-20")
    money(released, IN, CITY, AT_SITE, str(promised - 1), "2023-05-10")
    assert "city_funds_in_place" not in stored(released).milestones
    money(released, IN, CITY, AT_SITE, "1.00", "2023-05-16")
    assert stored(released).milestones["city_funds_in_place"] == date(2023, 5, 16)
    undo(released, stored(released).lines[-1].audit_id)
    assert "city_funds_in_place" not in stored(released).milestones


def standing(desk: Desk, rule: str, as_of: date) -> Standing:
    return next(v.standing for v in deadline_views(desk, as_of, ONE) if v.rule == rule)


def test_money_that_rests_too_long_is_found_and_reminded(released: Desk) -> None:
    """Thirty days after 4 May: Saturday 3 June, so the city's desk is reminded up to 5 June."""
    assert standing(released, "M01", date(2023, 5, 4)) is Standing.WAITING
    money(released, IN, PROVINCE, AT_CITY, "300000.00", "2023-05-04")
    enforce(released, date(2023, 6, 5), morning(date(2023, 6, 5)))
    assert standing(released, "M01", date(2023, 6, 5)) is Standing.DUE_SOON
    assert standing(released, "M01", date(2023, 6, 6)) is Standing.COORDINATING
    owed = "SELECT recipient FROM outbox WHERE rule = 'M01' AND status = 'pending'"
    with released.engine.connect() as connection:
        assert {row[0] for row in connection.exec_driver_sql(owed)} == {"太原市民政局"}
    money(released, ON, PROVINCE, AT_CITY, "300000.00", "2023-06-07", to_holder=AT_COUNTY)
    assert standing(released, "M01", date(2023, 6, 7)) is Standing.MET
    with released.engine.connect() as connection:
        assert connection.exec_driver_sql(owed).fetchall() == []
    assert standing(released, "M02", date(2023, 7, 8)) is Standing.COORDINATING
    # A second instalment rests anew.
    money(released, IN, PROVINCE, AT_CITY, "1.00", "2023-07-03")
    view = next(v for v in deadline_views(released, date(2023, 7, 3), ONE) if v.rule == "M01")
    assert (str(view.overdue_after), view.standing) == ("2023-08-02", Standing.ON_TRACK)


def test_what_lies_at_the_county_is_not_taken_for_passed_on(released: Desk) -> None:
    """4,000,000 were booked by mistake and passed on again; 400,000 are there for good."""
    for amount, on in (("42001.00", "2023-05-04"), ("4000000.00", "2023-05-09")):
        money(released, IN, OTHER, AT_COUNTY, amount, on)
        if amount == "42001.00":
            money(released, ON, OTHER, AT_COUNTY, amount, "2023-05-08", to_holder=AT_SITE)
    wrong = stored(released).lines[-1].audit_id
    money(released, IN, OTHER, AT_COUNTY, "400000.00", "2023-05-10")
    assert "county_passed_on" not in stored(released).milestones
    undo(released, wrong)
    assert stored(released).milestones["county_received"] == date(2023, 5, 10)
    assert "county_passed_on" not in stored(released).milestones
    assert standing(released, "M02", date(2023, 7, 8)) is Standing.COORDINATING
    money(released, ON, OTHER, AT_COUNTY, "400000.00", "2023-07-09", to_holder=AT_SITE)
    assert stored(released).milestones["county_passed_on"] == date(2023, 7, 9)


def test_without_any_receipt_nobody_is_reminded_to_pass_it_on(released: Desk) -> None:
    money(released, IN, PROVINCE, AT_CITY, "300000.00", "2023-05-04")
    enforce(released, date(2023, 6, 5), morning(date(2023, 6, 5)))
    undo(released, stored(released).lines[-1].audit_id)
    assert "city_received" not in stored(released).milestones
    assert standing(released, "M01", date(2023, 6, 6)) is Standing.WAITING
    assert enforce(released, date(2023, 6, 20), morning(date(2023, 6, 20))) is not None
    owed = "SELECT count(*) FROM outbox WHERE rule = 'M01' AND status = 'pending'"
    with released.engine.connect() as connection:
        assert connection.exec_driver_sql(owed).scalar_one() == 0


@pytest.mark.parametrize("name", ["city_received", "city_passed_on", "county_received"])
def test_nobody_types_what_the_ledger_tells(released: Desk, name: str) -> None:
    at_site(released)
    with pytest.raises(RefusedError, match=r"按资金台账认定|没有已登记"):
        change_day(released, name, "2023-05-05")


def test_a_share_of_nothing_is_typed_and_a_share_that_is_promised_is_not(released: Desk) -> None:
    share(released, "0.00")
    act(released, "city_funds_in_place", "2023-05-20")
    assert stored(released).milestones["city_funds_in_place"] == date(2023, 5, 20)
    share(released, "100.00")
    assert "city_funds_in_place" not in stored(released).milestones
    with pytest.raises(RefusedError, match="按资金台账认定"):
        act(released, "city_funds_in_place", "2023-05-20")
    money(released, IN, CITY, AT_SITE, "100.00", "2023-05-22")
    assert stored(released).milestones["city_funds_in_place"] == date(2023, 5, 22)
    share(released, "0.00")
    assert stored(released).milestones["city_funds_in_place"] == date(2023, 5, 20)


def share(desk: Desk, yuan: str) -> None:
    """Have the city's share stated anew."""
    with desk.writing() as session:
        casebook = Casebook(session, desk)
        entry = AuditEntry(ONE, AuditKind.IMPORT, "import", "示例", END, "附件3", "示例表格")
        commit(session, desk, casebook, entry, Effects({"city_share": Decimal(yuan)}), AT)


def test_the_as_built_difference_is_listed_and_nothing_is_recovered(released: Desk) -> None:
    for name, on in (
        ("operator_confirmed", "2023-04-25"),
        ("break_ground", "2023-05-10"),
        ("complete_construction", "2023-11-20"),
        ("check_completion", "2023-11-24"),
    ):
        act(released, name, on)
    before = show(released).funds
    area = show(released).profile.area
    assert area is not None
    smaller = str(area - Decimal("12.50"))
    act(released, "pass_acceptance", "2023-12-05", checks=answers(area=smaller))
    funds = show(released).funds
    assert funds.as_built == Decimal("-8750.00")  # 12.5 ㎡ at 700 元
    assert (funds.released, funds.balance) == (before.released, before.balance)

"""A day that lies behind, put together by hand from a few rows of the trail."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policy.vocabulary import AuditKind, Disposition, EntryKind, Holder, Source
from states.dossier import Dossier
from states.ledger import LedgerLine
from states.past import (
    PastRow,
    city_facts,
    counted,
    expected,
    facts_on,
    in_company,
    on_record,
    profile_by,
    project_on,
    put_off,
)
from states.progress import Progress
from states.review import Opinion
from states.trail import Effects, TrailRow
from tests.support.builders import a_dossier, plan

MARCH, APRIL, MAY, JUNE = (date(2023, month, 10) for month in (3, 4, 5, 6))
ONE = "XF2023-140105-01"


def row(id: int, on: date, kind: AuditKind = AuditKind.RECORD, **more: Any) -> PastRow:
    """A row of that day; what is not of the row itself is one of its effects."""
    of_row = {"action", "recorded_on", "reverses", "corrects", "until"}
    own = {name: more.pop(name) for name in of_row & more.keys()}
    effects = Effects(**more)
    told = {"action": f"a{id}", "recorded_on": on, **own}
    return PastRow(TrailRow(id, kind, effects), ONE, on=on, **told)


# --- which rows -----------------------------------------------------------------------------------


def test_on_record_is_what_was_recorded_by_the_end_of_the_day() -> None:
    rows = [row(1, MARCH, recorded_on=MAY), row(2, JUNE, recorded_on=APRIL)]
    assert on_record(rows, APRIL) == [rows[1]]
    assert on_record(rows, MAY) == rows
    assert on_record(rows, MARCH) == []


def test_neither_what_was_reversed_nor_the_reversal_counts() -> None:
    rows = [
        row(1, MARCH),
        row(2, APRIL),
        row(3, MAY, AuditKind.REVERSAL, reverses=1),
    ]
    assert counted(rows) == [rows[1]]
    assert counted(rows[:2]) == rows[:2]


# --- facts ----------------------------------------------------------------------------------------


def test_a_fact_stands_from_its_day_until_it_is_undone() -> None:
    rows = [
        row(1, APRIL, dated={"accepted": APRIL}),
        row(2, JUNE, revoked=("accepted",)),
    ]
    assert facts_on(rows, MARCH) == {}
    assert facts_on(rows, APRIL) == {"accepted": APRIL}
    assert facts_on(rows, MAY) == {"accepted": APRIL}
    assert facts_on(rows, JUNE) == {}


def test_a_fact_that_comes_about_later_than_its_row_waits_for_its_day() -> None:
    rows = [row(1, MARCH, dated={"determined": MARCH, "accepted": MAY})]
    assert facts_on(rows, APRIL) == {"determined": MARCH}
    assert facts_on(rows, MAY) == {"determined": MARCH, "accepted": MAY}


def test_what_is_dated_anew_replaces_the_former_day_on_its_own_day() -> None:
    rows = [
        row(1, MARCH, dated={"accepted": MARCH}),
        row(2, MAY, dated={"accepted": MAY}),
    ]
    assert facts_on(rows, APRIL) == {"accepted": MARCH}
    assert facts_on(rows, MAY) == {"accepted": MAY}


def test_a_corrected_day_never_was_the_former_one() -> None:
    """Also on a day that lies before the one that it has now."""
    rows = [
        row(1, MARCH, dated={"accepted": MARCH}),
        row(2, MAY, dated={"accepted": MAY}, corrects=True),
    ]
    assert facts_on(rows, APRIL) == {}
    assert facts_on(rows, MAY) == {"accepted": MAY}
    withdrawn = [*rows[:1], row(2, MAY, revoked=("accepted",), corrects=True)]
    assert facts_on(withdrawn, APRIL) == {"accepted": MARCH}, "it only says what is dated"


# --- deadlines ------------------------------------------------------------------------------------


def test_a_deadline_is_put_off_by_the_newest_extension_of_the_day() -> None:
    rows = [
        row(1, MARCH, AuditKind.EXTENSION, action="D08", until=MAY),
        row(2, APRIL, AuditKind.EXTENSION, action="D08", until=JUNE),
        row(3, APRIL, AuditKind.EXTENSION, action="D13"),
        row(4, MARCH, AuditKind.ACKNOWLEDGEMENT, action="D17", until=MAY),
    ]
    assert put_off(rows, date(2023, 3, 9)) == {}
    assert put_off(rows, MARCH) == {"D08": MAY}
    assert put_off(rows, APRIL) == {"D08": JUNE}


def test_what_is_expected_holds_until_the_deadline_is_put_off() -> None:
    rows = [
        row(1, MARCH, AuditKind.ACKNOWLEDGEMENT, action="D08", until=MAY),
        row(2, APRIL, AuditKind.ACKNOWLEDGEMENT, action="D13", until=JUNE),
        row(3, MAY, AuditKind.EXTENSION, action="D08", until=JUNE),
        row(4, JUNE, AuditKind.ACKNOWLEDGEMENT, action="D13"),
    ]
    assert expected(rows, MARCH) == {"D08": MAY}
    assert expected(rows, APRIL) == {"D08": MAY, "D13": JUNE}
    assert expected(rows, MAY) == {"D13": JUNE}
    assert expected(rows, JUNE) == {}


# --- a project ------------------------------------------------------------------------------------


def line(id: int, on: date, entry: EntryKind = EntryKind.RECEIPT, **more: Any) -> LedgerLine:
    told = {"source": Source.PROVINCE, "holder": Holder.CITY, "amount": Decimal("100.00"), **more}
    return LedgerLine(id, entry, on, voucher=f"凭证{id}", **told)


def test_a_project_is_what_its_rows_of_the_day_add_up_to() -> None:
    mine = Opinion("示例·甲", "示例大学", MARCH, {}, audit_id=2)
    other = Opinion("示例·乙", "示例大学", MARCH, {}, audit_id=3)
    may, april = Progress("2023-05", 20, audit_id=6), Progress("2023-04", 10, audit_id=7)
    rows = [
        row(1, MARCH, AuditKind.IMPORT, columns={"area": Decimal("900.00")}),
        row(3, MARCH, AuditKind.OPINION, opinion=other),
        row(2, MARCH, AuditKind.OPINION, opinion=mine),
        row(
            4,
            APRIL,
            AuditKind.TRANSITION,
            columns={
                "stage": "funding",
                "disposition": Disposition.HELD,
                "findings": {"R16": "面积"},
                "checks": {"area": "是"},
                "released": Decimal("300000.00"),
                "last_on": APRIL,
            },
            dated={"determined": APRIL},
        ),
        row(6, MAY, AuditKind.PROGRESS, progress=may),
        row(7, MAY, AuditKind.PROGRESS, progress=april),
        row(8, JUNE, AuditKind.TRANSITION, columns={"stage": "construction"}),
    ]
    now = a_dossier(stage="construction", revision=8, quota_left=3)
    assert project_on(plan(), now, rows, MAY) == replace(
        now,
        stage="funding",
        disposition=Disposition.HELD,
        milestones={"determined": APRIL},
        opinions=(mine, other),
        progress=(april, may),
        findings={"R16": "面积"},
        checks={"area": "是"},
        released=Decimal("300000.00"),
        last_on=APRIL,
    )
    before = replace(now, stage="siting", opinions=(mine, other))
    assert project_on(plan(), now, rows, MARCH) == before
    assert project_on(plan(), now, rows, JUNE).stage == "construction"


def test_before_its_first_row_a_project_stands_at_the_beginning() -> None:
    now = a_dossier(stage="construction", opinions=())
    rows = [row(1, MARCH, AuditKind.IMPORT, columns={"stage": "review"})]
    found = project_on(plan(), now, rows, date(2023, 3, 9))
    assert (found.stage, found.disposition) == ("siting", Disposition.ACTIVE)
    assert project_on(plan(), now, [], JUNE).disposition is Disposition.WITHDRAWN, "taken back"


def test_what_the_ledger_tells_is_reckoned_by_the_lines_of_the_day() -> None:
    """The stored day of a ledger's fact is what stands today; by April nothing was passed on."""
    came, went = (
        line(1, MARCH),
        line(2, MAY, EntryKind.TRANSFER, to_holder=Holder.COUNTY),
    )
    rows = [
        row(1, MARCH, AuditKind.LEDGER, line=came, dated={"city_received": MARCH}),
        row(2, MAY, AuditKind.LEDGER, line=went, dated={"city_passed_on": MAY}),
    ]
    now = a_dossier(opinions=(), city_share=None, county_share=None)
    then = project_on(plan(), now, rows, APRIL)
    assert (then.lines, then.milestones) == ((came,), {"city_received": MARCH})
    later = project_on(plan(), now, rows, MAY)
    assert later.lines == (came, went)
    assert later.milestones == {
        "city_received": MARCH,
        "city_passed_on": MAY,
        "county_received": MAY,
    }


def test_lines_stand_in_order_of_day_then_of_row() -> None:
    first, second, third = line(5, MARCH), line(2, APRIL), line(3, APRIL)
    rows = [row(each.audit_id, MARCH, AuditKind.LEDGER, line=each) for each in (third, first)]
    rows.append(row(2, MARCH, AuditKind.LEDGER, line=second))
    now = a_dossier(opinions=())
    assert project_on(plan(), now, rows, JUNE).lines == (first, second, third)


def test_a_share_of_nothing_is_dated_by_hand() -> None:
    """六(二): no money comes, and whoever knows says so; a ledger that could tell is believed."""
    rows = [row(1, MARCH, dated={"city_funds_in_place": MARCH})]
    nothing = a_dossier(opinions=(), city_share=Decimal("0.00"))
    assert project_on(plan(), nothing, rows, MAY).milestones == {"city_funds_in_place": MARCH}
    promised = a_dossier(opinions=())
    assert project_on(plan(), promised, rows, MAY).milestones == {}


def test_what_the_forms_say_is_read_of_all_rows() -> None:
    rows = [
        row(1, MARCH, AuditKind.IMPORT, columns={"area": Decimal("900.00"), "stage": "siting"}),
        row(2, JUNE, AuditKind.IMPORT, columns={"beds": 12, "area": Decimal("950.00")}),
    ]
    found = profile_by(rows)
    assert (found.area, found.beds, found.street) == (Decimal("950.00"), 12, None)


# --- in company -----------------------------------------------------------------------------------


def of(city: str, county: str, **more: Any) -> Dossier:
    return a_dossier(city=city, county=county, **more)


def test_each_is_told_of_its_citys_others() -> None:
    taken = {"determined": APRIL}
    projects = (
        of("太原市", "清徐县", milestones=taken),
        of("太原市", "小店区", milestones=taken, building_kind="新建"),
        of("太原市", "娄烦县", milestones=taken, disposition=Disposition.WITHDRAWN),
        of("太原市", "小店区", disposition=Disposition.HELD, building_kind=None),
        of("朔州市", "朔城区", milestones=taken),
        of("北京市", "东城区"),
    )
    found = in_company(plan(), projects)
    assert [item.quota_left for item in found] == [8, 8, 8, 8, 4, None]
    assert [item.unserved_open for item in found] == [
        *[("娄烦县", "古交市")] * 4,
        ("平鲁区", "应县", "右玉县"),
        (),
    ]
    assert [item.building_kinds for item in found] == [
        *[{"改建": 1, "新建": 1}] * 4,
        {"改建": 1},
        {"改建": 1},
    ]
    told = ("quota_left", "unserved_open", "building_kinds")
    for before, after in zip(projects, found, strict=True):
        assert replace(after, **{name: getattr(before, name) for name in told}) == before


@pytest.mark.parametrize("short", [0, 1])
def test_a_citys_facts_are_those_recorded_and_those_that_follow(short: int) -> None:
    """六(一): 朔州市 has submitted its quota of five with the fifth application."""
    submitted = [
        of("朔州市", "朔城区", milestones={"application_submitted": date(2023, 2, 10 + number)})
        for number in range(5 - short)
    ]
    elsewhere = [
        of(city, "", milestones={"application_submitted": date(2023, 2, 1)})
        for city in ("太原市", "长治市")
    ]
    recorded = {"D10-03": MARCH}
    found = city_facts(plan(), "朔州市", recorded, [*elsewhere, *submitted])
    assert found == {**recorded, **({} if short else {"quota_submitted": date(2023, 2, 14)})}

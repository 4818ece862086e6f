"""What cannot be true of a monthly report, whatever stands in the store."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.progress import Progress, contradictions, latest_before, with_report

MAY = Progress("2023-05", 40, Decimal("1000000.00"), True)
PERIODS = ("2023-03", "2023-04", "2023-05", "2023-06")
REPORTS = st.builds(
    Progress,
    period=st.sampled_from(PERIODS),
    percent=st.integers(0, 100),
    invested=st.none() | st.decimals(0, 10**9, places=2),
)


@pytest.mark.parametrize(
    ("now", "field"),
    [
        (Progress("2023-06", 39), "percent"),
        (Progress("2023-06", 101), "percent"),
        (Progress("2023-06", -1), "percent"),
        (Progress("2023-06", 40, Decimal("999999.99")), "invested"),
        (Progress("2023-06", 40, Decimal("1000000.001")), "invested"),
        (Progress("2023-06", 40, Decimal("NaN")), "invested"),
        (Progress("2023-06", 40, Decimal("1E+40")), "invested"),
        (Progress("2023-06", 40, on_schedule=False), "problem"),
        (Progress("2023-06", 40, on_schedule=False, problem=" \n"), "problem"),
        (Progress("2023-6", 40), "period"),
        (Progress("2023-13", 40), "period"),
    ],
)
def test_what_cannot_be_true_is_told_with_its_field(now: Progress, field: str) -> None:
    assert field in {name for name, _ in contradictions(now, MAY)}


@pytest.mark.parametrize(
    "now",
    [
        Progress("2023-06", 40),
        Progress("2023-06", 100, Decimal("1000000.00")),
        Progress("2023-06", 40, on_schedule=False, problem="示例原因"),
        Progress("2023-06", 40, on_schedule=True, problem="示例问题"),
    ],
)
def test_what_may_be_true_passes(now: Progress) -> None:
    assert list(contradictions(now, MAY)) == []


@pytest.mark.parametrize(
    ("now", "fields"),
    [
        (Progress("2023-05", 0, Decimal("0.00")), []),
        (Progress("2023-05", 100, Decimal("999999999999999.99")), []),
        (Progress("2023-05", 0, Decimal("-0.01")), ["invested"]),
        (Progress("2023-05", 0, Decimal(10**15)), ["invested"]),
        (Progress("2023-05", 0, Decimal("0.001")), ["invested"]),
        (Progress("2023-05", 0, Decimal("Infinity")), ["invested"]),
        (Progress("2023-05", -1), ["percent"]),
        (Progress("2023-05", 101), ["percent"]),
        (Progress("2023-5", 101, Decimal(-1), False), ["period", "percent", "invested", "problem"]),
    ],
)
def test_a_first_report_is_judged_by_itself(now: Progress, fields: list[str]) -> None:
    assert [name for name, _ in contradictions(now, None)] == fields
    assert now.audit_id == 0


@pytest.mark.parametrize(
    ("now", "fields"),
    [
        (Progress("2023-06", 40, Decimal("1000000.00")), []),
        (Progress("2023-06", 39, Decimal("999999.99")), ["percent", "invested"]),
        (Progress("2023-06", 40, Decimal("NaN")), ["invested"]),
        (Progress("2023-06", 41), []),
    ],
)
def test_a_later_report_may_stand_still_but_not_fall(now: Progress, fields: list[str]) -> None:
    assert [name for name, _ in contradictions(now, MAY)] == fields


def test_an_amount_that_was_left_out_for_a_month_is_still_known() -> None:
    before = latest_before([MAY, Progress("2023-06", 50)], "2023-07")
    assert before == Progress("2023-06", 50, Decimal("1000000.00"))
    assert list(contradictions(Progress("2023-07", 50, Decimal(1)), before))


def test_the_first_month_has_none_before_it() -> None:
    assert latest_before([MAY], "2023-05") is None
    assert list(contradictions(MAY, None)) == []


@given(st.lists(REPORTS, max_size=6), REPORTS)
def test_a_report_takes_its_months_place(given_before: list[Progress], now: Progress) -> None:
    before: tuple[Progress, ...] = ()
    for report in given_before:
        before = with_report(before, report)
    after = with_report(before, now)
    periods = [report.period for report in after]
    assert periods == sorted(set(periods))
    assert now in after
    assert [r for r in after if r != now] == [r for r in before if r.period != now.period]


@given(st.lists(REPORTS, max_size=6))
def test_reports_without_contradiction_never_fall(given_reports: list[Progress]) -> None:
    kept: tuple[Progress, ...] = ()
    for report in sorted(given_reports, key=lambda report: report.period):
        if not list(contradictions(report, latest_before(kept, report.period))):
            kept = with_report(kept, report)
    for values in ([r.percent for r in kept], [r.invested for r in kept if r.invested is not None]):
        assert values == sorted(values)

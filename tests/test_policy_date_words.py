"""The days that a clause names, against a table that an official can read."""

from calendar import monthrange
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.date_words import written_day, written_days, written_span, written_weekday
from policy.load import plan_path
from policy.timing import Monthly, OccasionDates
from policy.validate import faults
from tests.support.builders import plan
from tests.support.written import read_yaml
from tests.test_policy_validate import put, where

CASES: dict[str, Any] = read_yaml(Path(__file__).parent / "cases" / "date_words.yaml")
NOTICE = (plan_path("shanxi-2023").parent / "notice.txt").read_text("utf-8")
D10 = where("duties", "D10")


@pytest.mark.parametrize("text", CASES["days"])
def test_the_days_of_a_clause(text: str) -> None:
    found = written_days(text, 2023)
    assert {(each.first, each.last) for each in found} == {tuple(CASES["days"][text])}


@pytest.mark.parametrize("text", CASES["day_of_month"])
def test_a_day_of_whichever_month(text: str) -> None:
    found = written_day(text)
    assert found is not None
    assert [found.first, found.last] == CASES["day_of_month"][text]
    assert written_days(text, 2023) == ()


@pytest.mark.parametrize("text", CASES["none"])
def test_what_is_no_date(text: str) -> None:
    assert (written_days(text, 2023), written_day(text)) == ((), None)


@given(day=st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_as_it_is_written(day: date) -> None:
    (found,) = written_days(f"应于{day.year}年{day.month}月{day.day}日前完成", 1999)
    assert found.last == day
    assert found.first in (day, day - timedelta(days=1))


@given(year=st.integers(2000, 2099), month=st.integers(1, 12))
def test_a_month_ends_on_its_last_day(year: int, month: int) -> None:
    for words in (f"{month}月底前", f"{month}月份", f"{month}月下旬"):
        (found,) = written_days(words, year)
        assert found.last == date(year, month, monthrange(year, month)[1])


def said(changes: dict[str, Any]) -> list[tuple[str, str]]:
    changed = plan()
    for path, value in changes.items():
        changed = put(changed, path, value)
    return [(".".join(map(str, fault.loc)), fault.says) for fault in faults(changed, NOTICE)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [("D08", "5月份"), ("D07", "5月底前"), ("D01", "2月中旬前"), ("D06", "4月底前")],
)
def test_a_date_beside_its_words_is_refused_unless_it_says_why(rule: str, words: str) -> None:
    at = where("deadlines", rule)
    moved = {f"{at}.remind": date(2023, 12, 29), f"{at}.due": date(2023, 12, 29)}
    ((loc, says),) = said(moved)
    assert loc == f"{at}.due"
    assert f"“{words}”" in says
    assert "2023-12-29" in says
    assert "date_reading" in says
    assert said({**moved, f"{at}.date_reading": "经省政府同意延至年底（示例文件）"}) == []


def test_nobody_is_late_before_the_words_are() -> None:
    at = where("deadlines", "D08")
    moved = {f"{at}.remind": date(2023, 5, 25), f"{at}.due": date(2023, 5, 25)}
    assert [loc for loc, _ in said(moved)] == [f"{at}.due"]


def test_a_day_of_each_month_beside_another_is_refused() -> None:
    monthly = Monthly(first="2023-03", last="2023-12", remind_day=20, due_day=28)
    ((loc, says),) = said({f"{D10}.monthly": monthly})
    assert (loc, "每月25日前" in says) == (f"{D10}.monthly", True)
    dates = OccasionDates(remind=date(2023, 12, 29), due=date(2023, 12, 29))
    once = {f"{D10}.monthly": None, f"{D10}.ends_with": None, f"{D10}.occasions": {"12": dates}}
    assert any(loc == f"{D10}.occasions.12" for loc, _ in said(once))


@pytest.mark.parametrize("text", CASES["weekday"])
def test_a_day_of_each_week(text: str) -> None:
    assert written_weekday(text) == CASES["weekday"][text]


@pytest.mark.parametrize("text", CASES["span"])
def test_how_long_the_words_give(text: str) -> None:
    said = CASES["span"][text]
    assert written_span(text) == (tuple(said) if said else None)

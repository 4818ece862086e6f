"""Random years, day by day against a calculation written apart: standings, messages, marks.

`make storm SEEDS=1-200` lives as many as one likes; a year that differs is named by its seed.
"""

from datetime import timedelta

import pytest

from tests.conftest import DeskIn
from tests.support.random_year import END, START, RandomYear, begin, differences
from tests.support.steps import TAIYUAN

pytestmark = pytest.mark.heavy


def same(year: RandomYear) -> None:
    """All messages at a month's beginning and the year's end, in between those of the last days."""
    whole = year.today.day <= 2 or year.today >= END - timedelta(days=2)
    found = list(differences(year, START if whole else year.today - timedelta(days=7)))
    assert not found, f"{year.today}: {len(found)} differences, first {found[:3]}"


def test_a_year_is_what_is_worked_out_apart(desk_in: DeskIn, year_seed: int) -> None:
    year = begin(desk_in(TAIYUAN), year_seed)
    year.live(same)
    assert year.oracle.messages
    assert year.oracle.marks

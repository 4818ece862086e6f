"""What is counted in the database is what the survey says: exactly, on many days and states."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from operations.cases.desk import Desk
from operations.views.census import (
    boards,
    brought_up,
    pressing_views,
)
from operations.views.overview import in_chains, survey
from tests.support.counting import HERE, by_code, same_counts, same_money, taken
from tests.support.random_year import begin
from tests.support.steps import ONE, TAIYUAN, act
from tests.support.stores import Stores
from tests.support.visiting import DAY, LATE
from web.shelf import shelved

pytestmark = pytest.mark.heavy


@pytest.fixture
def late(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield opened


def test_what_is_counted_is_what_the_survey_says(late: Desk) -> None:
    for as_of in (DAY, date(2023, 10, 31)):
        mine, seen = taken(late, as_of), survey(late, as_of)
        same_counts(late, seen, mine)
        heads = [
            (subject, head.rule)
            for each in mine.values()
            for _, head, subjects in each.pressing()
            for subject in subjects
        ]
        assert len(heads) > 20
        shown = {
            (view.subject, view.rule): replace(view, below=()) for view in in_chains(seen.views)
        }
        assert pressing_views(late, as_of, heads) == [shown[head] for head in heads]


def test_through_a_random_year(stores: Stores, tmp_path: Path) -> None:
    """Holds, withdrawals, replacements, extensions, corrections: counted anew, and kept up."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as opened:
        year = begin(opened, 23)
        desk = year.desk
        for day in (date(2023, 4, 14), date(2023, 7, 14), date(2023, 12, 28)):
            while year.today < day:
                year.something()
                year.today += timedelta(days=1)
            before = taken(desk, day)
            for _ in range(6):
                year.something()
            seen, mine = survey(desk, day), taken(desk, day)
            same_counts(desk, seen, mine)
            same_money(desk, seen)
            with desk.reading() as session:
                assert {city: brought_up(session, desk, it) for city, it in before.items()} == mine


def test_only_what_has_changed_is_counted_anew(late: Desk) -> None:
    first = shelved(late, DAY, [HERE]).cities[HERE]
    assert shelved(late, DAY, [HERE]).cities[HERE] is first
    act(late, "hold", "2023-06-05")
    then = shelved(late, DAY, [HERE]).cities[HERE]
    before, now = by_code(first), by_code(then)
    assert {code for code in before if now[code] != before[code]} == {ONE}
    assert before.keys() == now.keys()
    assert not now[ONE].agenda.heads


def test_another_trail_is_counted_whole(late: Desk) -> None:
    """A backup was laid over what is kept: the rows since may have the same numbers."""
    first = taken(late, DAY)[HERE]
    stale = replace(first, projects={}, trail=(first.trail[0], "another"))
    with late.reading() as session:
        assert brought_up(session, late, stale) == first


def test_a_day_that_lies_behind_is_counted_by_the_survey(late: Desk) -> None:
    day = date(2023, 2, 7)
    seen = shelved(late, day, [HERE])
    assert seen.projects == survey(late, day).projects
    assert boards(late, seen.cities.values()) == survey(late, day).board

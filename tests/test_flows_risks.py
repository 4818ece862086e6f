"""The week's risk list of the example: when it is made, and that it is what the database says."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from flows.pages.duty_lists import risk_lines
from operations.cases.desk import Desk
from operations.duties import assessments
from operations.duties.products import KeptProduct, due
from tests.conftest import AT, DeskIn
from tests.support.yearly import YEAR, make_due

JUNE = date(2023, 6, 5)


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    return desk_in(YEAR)


def rows(desk: Desk, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def made(desk: Desk, day: date = JUNE) -> KeptProduct[assessments.RiskList]:
    (found,) = make_due(desk, assessments.RISKS, day, AT)
    return found


def test_it_is_made_on_each_weeks_first_workday(sqlite_desk: Desk) -> None:
    found = list(assessments.RISKS.occasions(sqlite_desk))
    on = [item.on for item in found]
    assert (on[0], on[-1], len(on)) == (date(2023, 1, 16), date(2023, 12, 25), 50)
    assert all(sqlite_desk.calendar.is_workday(day) for day in on)
    assert len({day.isocalendar()[:2] for day in on}) == len(on)
    # The weeks of the Spring Festival and of October begin with make-up days; 1 May was a Monday.
    moved = [day for day in on if day.weekday()]
    assert moved == [date(2023, 1, 28), date(2023, 5, 4), date(2023, 10, 7)]
    assert [item.period for item in found] == [day.isoformat() for day in on]


def test_of_what_was_missed_only_the_latest_is_made(sqlite_desk: Desk) -> None:
    assert [item.on for item in due(sqlite_desk, assessments.RISKS, date(2023, 6, 9))] == [JUNE]


@pytest.mark.heavy
def test_it_names_who_is_late_as_the_database_has_it(desk: Desk) -> None:
    late = rows(
        desk,
        "SELECT d.subject, d.rule FROM deadline d JOIN subject s ON s.plan = d.plan"
        " AND s.code = d.subject WHERE s.kind = 'project'"
        " AND (d.fulfilled_on IS NULL OR d.fulfilled_on > :day)"
        " AND d.rule IN ('D03', 'D06', 'D08')",  # of which all days are over
        day=JUNE.isoformat(),
    )
    held = {code for (code,) in rows(desk, "SELECT subject FROM audit WHERE action = 'hold'")}
    found = made(desk).content
    passed = {item.code for item in found.risks if "已过" in item.says}
    assert passed == {code for code, _ in late} - held
    assert passed
    assert all(item.grade == "高" for item in found.risks if item.code in passed)
    assert len(found.risks) == 100  # nobody is through in June
    assert found.as_of == JUNE


@pytest.mark.heavy
def test_it_is_as_of_its_day_though_made_later(desk: Desk) -> None:
    """In the year's last week one project is left that has not opened."""
    last = made(desk, date(2023, 12, 31)).content
    left = rows(
        desk,
        "SELECT p.code FROM project p WHERE (SELECT count(*) FROM fact f WHERE f.plan = p.plan"
        " AND f.subject = p.code AND f.name IN ('accepted', 'opened')"
        " AND f.\"on\" <= '2023-12-25') < 2",
    )
    assert sorted(item.code for item in last.risks) == sorted(code for (code,) in left)
    assert left


@pytest.mark.heavy
def test_the_workbook_and_the_page_say_what_was_kept(desk: Desk) -> None:
    kept = made(desk)
    (file,) = assessments.RISKS.files(desk, kept)
    assert (file,) == tuple(assessments.RISKS.files(desk, kept))
    assert file.name == "风险清单 2023-06-05.xlsx"
    book = load_workbook(BytesIO(file.content))
    lines = list(book["风险清单"].iter_rows(min_row=4, values_only=True))
    assert [line[5] for line in lines] == [item.code for item in kept.content.risks]
    assert [line[9] for line in lines] == [item.says for item in kept.content.risks]
    cities: Any = book["各市风险"].iter_rows(min_row=3, values_only=True)
    assert sum(sum(line[1:4]) for line in cities) == 100
    shown = "\n".join(risk_lines(desk.plan, kept.content))
    named = [item for item in kept.content.risks if item.grade != "低"]
    assert f"## 须跟进的项目：{len(named)}个" in shown
    assert [line for line in shown.splitlines() if line.startswith(f"- （{len(named)}）")]
    assert all(item.code in shown for item in named)
    assert "不作考核依据" in shown


def test_a_plan_without_the_rules_has_nothing_to_do(sqlite_desk: Desk) -> None:
    bare = sqlite_desk.plan.model_copy(update={"risks": None})
    desk = Desk(sqlite_desk.settings, bare, sqlite_desk.calendar, sqlite_desk.engine)
    assert list(assessments.RISKS.occasions(desk)) == []

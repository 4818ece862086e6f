"""绩效评估 month by month: against a count of the raw facts, and as workbooks."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from common.errors import RefusedError
from models.database import reading, writing
from operations.cases.casework import Act, record
from operations.cases.desk import Desk
from operations.duties import month_ends
from operations.duties.assessments import EVALUATIONS
from operations.duties.products import (
    JobOccasion,
    KeptProduct,
    all_kept,
    due,
    lay_out,
    make,
    occasion,
)
from operations.duties.year import JOBS
from policy.vocabulary import Product
from states.scoring import MonthEvaluation, Score
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.province import END
from tests.support.stores import Snapshot, Stores
from tests.support.yearly import YEAR, make_due

STATED = "评分标准为建议值，版本 2023-2"
ONE, REASON = "XF2023-140105-01", "示例文件〔2023〕1号，联系电话13912345678"
UNSERVED = {
    "太原市": {"140121", "140123", "140181"},
    "朔州市": {"140603", "140622", "140623"},
    "阳泉市": {"140311", "140321"},
}
"""附件1 by code (GB/T 2260)."""
MARCH, APRIL = date(2023, 3, 31), date(2023, 4, 28)


def _first_months(desk: Desk) -> None:
    make_due(desk, month_ends.MONTH_ENDS, APRIL, AT)


EMPTY = Snapshot("evaluations_without_projects", _first_months, INSTALLED)
"""Nothing has happened in four months but the taking of snapshots."""


def _judged(desk: Desk) -> None:
    make_due(desk, EVALUATIONS, END, AT)


EVALUATED = Snapshot("evaluated_year", _judged, YEAR)


@pytest.fixture
def early(desk_in: DeskIn) -> Desk:
    return desk_in(EMPTY)


@pytest.fixture
def year(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """The example's year on SQLite: what is scored does not concern the store."""
    with stores.desk(None, EVALUATED, tmp_path / "home") as opened:
        yield opened


def rows(desk: Desk, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def kept(desk: Desk, period: str) -> KeptProduct[MonthEvaluation]:
    with reading(desk.engine) as session:
        return next(
            item for item in all_kept(session, desk, EVALUATIONS) if item.occasion.period == period
        )


# --- on both databases ----------------------------------------------------------------------------


def test_it_is_made_once_a_month_and_kept_as_it_was_made(early: Desk) -> None:
    made = make_due(early, EVALUATIONS, APRIL, AT)
    assert [(item.occasion.period, item.occasion.on) for item in made] == [
        ("2023-03", MARCH),
        ("2023-04", APRIL),
    ]
    assert due(early, EVALUATIONS, APRIL) == ()
    with reading(early.engine) as session:
        assert all_kept(session, early, EVALUATIONS) == made
    for score in made[-1].content.cities:  # nobody applied, and two reports are missing
        assert (score.projects, score.score, score.available) == (0, Decimal("12.00"), Decimal(25))
    assert made[-1].content.counties == ()


def test_it_records_no_duty(early: Desk) -> None:
    before = rows(early, "SELECT count(*), max(id) FROM audit")
    for item in make_due(early, EVALUATIONS, APRIL, AT):
        lay_out(early, EVALUATIONS, item)
    assert rows(early, "SELECT count(*), max(id) FROM audit") == before


def test_without_the_months_snapshot_there_is_nothing_to_judge_by(desk_in: DeskIn) -> None:
    desk = desk_in(INSTALLED)
    asked = next(iter(EVALUATIONS.occasions(desk)))
    with pytest.raises(RefusedError, match="2023-03的月末数据尚未形成"):
        make(desk, EVALUATIONS, asked, AT)


# --- when -----------------------------------------------------------------------------------------


def test_there_are_ten_a_year(sqlite_desk: Desk) -> None:
    found = list(EVALUATIONS.occasions(sqlite_desk))
    assert [item.period for item in found] == [f"2023-{month:02d}" for month in range(3, 13)]
    assert {item.subject for item in found} == {"山西省"}
    assert [found[n].on for n in (0, 1, 6, 9)] == [
        MARCH,
        APRIL,
        date(2023, 9, 28),
        date(2023, 12, 29),
    ]
    assert EVALUATIONS in JOBS
    assert Product.SNAPSHOT in EVALUATIONS.needs


@pytest.mark.parametrize("section", ["evaluation", "bulletin"])
def test_a_plan_without_it_has_nothing_to_do(sqlite_desk: Desk, section: str) -> None:
    bare = sqlite_desk.plan.model_copy(update={section: None})
    desk = Desk(sqlite_desk.settings, bare, sqlite_desk.calendar, sqlite_desk.engine)
    assert list(EVALUATIONS.occasions(desk)) == []
    assert due(desk, EVALUATIONS, END) == ()


# --- the example's year ---------------------------------------------------------------------------

heavy = pytest.mark.heavy


@heavy
@pytest.mark.parametrize("month", ["2023-06", "2023-12"])
@pytest.mark.parametrize("city", ["太原市", "朔州市", "阳泉市"])
def test_a_citys_score_is_that_of_the_raw_facts(year: Desk, city: str, month: str) -> None:
    made = kept(year, month)
    score = next(item for item in made.content.cities if item.city == city)
    hand = ByHand(year, city, made.occasion.on)
    base, available = (sum(map(Fraction, each)) for each in zip(*hand.base(), strict=True))
    bonus, malus = hand.bonus(UNSERVED[city]), hand.malus()
    assert (Fraction(score.base), Fraction(score.available)) == (base, available)
    assert (Fraction(score.bonus), Fraction(score.malus)) == (bonus, malus)
    total = max(base + bonus - malus, Fraction(0))
    assert Fraction(score.score) == total
    assert score.rate is not None
    assert abs(Fraction(score.rate) - total * 100 / available) <= Fraction(1, 200)


LAST_DAY = {"D06": date(2023, 5, 4), "D07": date(2023, 5, 31), "D08": date(2023, 5, 31)}


class ByHand:
    """Counted by the table's words from facts and dates as stored; nothing of the product."""

    def __init__(self, desk: Desk, city: str, on: date) -> None:
        self.city, self.on = city, on
        facts = rows(
            desk,
            'SELECT f.subject, f.name, f."on" FROM fact f JOIN subject s ON s.code = f.subject'
            " WHERE s.city = :c",
            c=city,
        )
        dues = rows(
            desk,
            "SELECT d.subject, d.rule, d.overdue_after FROM deadline d"
            " JOIN subject s ON s.code = d.subject WHERE s.city = :c",
            c=city,
        )
        projects = rows(
            desk, "SELECT code FROM subject WHERE city = :c AND kind = 'project'", c=city
        )
        self.facts: dict[str, dict[str, date]] = {code: {} for (code,) in projects}
        for code, name, day in facts:
            if code != city and date.fromisoformat(day) <= on:
                self.facts[code][name] = date.fromisoformat(day)
        self.due = {(code, rule): date.fromisoformat(day) for code, rule, day in dues if day}
        self.own = {
            rule: date.fromisoformat(day) if day else date.max
            for rule, day in rows(
                desk, "SELECT rule, fulfilled_on FROM deadline WHERE subject = :c", c=city
            )
        }

        self.said = rows(
            desk,
            "SELECT p.subject, p.on_schedule FROM progress p JOIN subject s ON s.code = p.subject"
            " WHERE s.city = :c AND p.period = :p",
            c=city,
            p=f"{on:%Y-%m}",
        )

    def base(self) -> Iterator[tuple[str, int]]:
        """Points and what could be had, of each indicator that counts."""
        yield ("10" if self.own["D01"] <= self.due[self.city, "D01"] else "0"), 10
        yield self.by_share(10, 80, "5", self.in_time("D06", "operator_confirmed"))
        funds = self.in_time("D07", "city_funds_in_place", "county_funds_in_place")
        yield self.by_share(15, 80, "7.5", funds)
        yield self.by_share(15, 80, "7.5", self.in_time("D08", "work_started"))
        yield str(15 - 1.5 * self.missed_reports()), 15
        yield self.by_share(15, 70, "7.5", self.on_schedule(), 90)
        visited = [dated for dated in self.facts.values() if "acceptance_visited" in dated]
        if visited:
            passed: list[bool | None] = ["rectification_ordered" not in d for d in visited]
            yield self.by_share(10, 80, "5", passed)
        if self.on >= date(2023, 12, 29):  # the year is over: there is no later evaluation
            opened: list[bool | None] = ["opened" in dated for dated in self.facts.values()]
            yield self.by_share(10, 90, "5", opened)

    def on_schedule(self) -> list[bool | None]:
        """Per project, by the month's report; none is finished before the month."""
        said = dict(self.said)
        return [said.get(code) == 1 for code in self.facts]

    def in_time(self, rule: str, *names: str) -> list[bool | None]:
        """Per project; None while there is time, and where the province determined it too late."""
        found: list[bool | None] = []
        for code, dated in self.facts.items():
            done = max(dated.get(name, date.max) for name in names)
            open_ = done == date.max and self.on <= self.due[code, rule]
            open_ |= dated.get("determined", date.min) > LAST_DAY[rule]
            found.append(None if open_ else done <= self.due[code, rule])
        return found

    def by_share(
        self, points: int, part: int, partly: str, told: list[bool | None], full: int = 100
    ) -> tuple[str, int]:
        good, judged = told.count(True), told.count(True) + told.count(False)
        if good * 100 >= full * judged:
            return str(points), points
        return (partly if good * 100 >= part * judged else "0"), points

    def missed_reports(self) -> int:
        late = (
            done > self.due[self.city, rule]
            for rule, done in self.own.items()
            if rule.startswith("D10-") and self.due[self.city, rule] < self.on
        )
        return sum(late)

    def bonus(self, unserved: set[str]) -> Fraction:
        opened = [dated.get("opened", date.max) for dated in self.facts.values()]
        early = sum(day < date(2023, 10, 1) for day in opened)
        begun = {code[7:13] for code, dated in self.facts.items() if "work_started" in dated}
        return Fraction(min(early, 4)) + Fraction(len(begun & unserved), 2)

    def malus(self) -> Fraction:
        ordered = {c: d for c, d in self.facts.items() if "rectification_ordered" in d}
        late = (d.get("rectified", self.on) > self.due[c, "D21"] for c, d in ordered.items())
        return Fraction(sum(late))


@heavy
def test_a_city_whose_project_did_not_open_in_the_year_does_not_lead(year: Desk) -> None:
    """In the example one project of 朔州市 never opens; all others do."""
    (missed,) = rows(
        year,
        "SELECT code FROM subject s WHERE kind = 'project' AND NOT EXISTS"
        " (SELECT 1 FROM fact f WHERE f.subject = s.code AND f.name = 'opened')",
    )
    made = kept(year, "2023-12").content
    for score in made.cities:
        (line,) = [line for line in score.lines if line.indicator == "opened_in_year"]
        assert line.available == 10
        assert [case.subject for case in line.cases if not case.good] == (
            [*missed] if score.city == "朔州市" else []
        )
    assert "朔州市" not in made.leaders


@heavy
def test_there_is_a_workbook_a_month_and_at_a_quarters_end_one_for_each_city(year: Desk) -> None:
    names = {
        item.occasion.period: [path.name for path in lay_out(year, EVALUATIONS, item)]
        for item in _all(year)
    }
    cities = [city.name for city in year.plan.cities]
    for month, found in names.items():
        quarter = {"2023-06": "2023Q2", "2023-09": "2023Q3", "2023-12": "2023Q4"}.get(month)
        wanted = [f"绩效评估 {quarter} {city}.xlsx" for city in cities] if quarter else []
        assert found == [f"绩效评估 {month}.xlsx", *wanted]


@heavy
def test_what_is_printed_again_is_the_same_whatever_has_come_since(year: Desk) -> None:
    item = kept(year, "2023-06")
    before = [file.content for file in EVALUATIONS.files(year, item)]
    _confirm(year, date(2023, 6, 1))
    assert [file.content for file in EVALUATIONS.files(year, kept(year, "2023-06"))] == before
    anew = make(year, EVALUATIONS, item.occasion, AT, anew=True)
    assert anew.version == 2  # the snapshot is that of June, and so are the scores
    assert anew.content == item.content


@heavy
def test_every_sheet_says_whose_values_these_are(year: Desk) -> None:
    files = list(EVALUATIONS.files(year, kept(year, "2023-06")))
    sheets = {file.name: sheets_of(file.content) for file in files}
    assert list(sheets["绩效评估 2023-06.xlsx"]) == [
        "市排名", "季度评价", "市得分明细", "县得分", "评分标准",
    ]  # fmt: skip
    assert list(sheets["绩效评估 2023Q2 太原市.xlsx"]) == [
        "县得分", "季度评价", "县得分明细", "评分标准",
    ]  # fmt: skip
    for found in sheets.values():
        for table in found.values():
            assert str(table[1][0]).startswith(STATED)
            assert "2023年6月30日" in str(table[1])


@heavy
def test_the_ranking_shows_every_city_and_the_counties_their_own_city(year: Desk) -> None:
    item = kept(year, "2023-06")
    files = {file.name: sheets_of(file.content) for file in EVALUATIONS.files(year, item)}
    ranking = files["绩效评估 2023-06.xlsx"]["市排名"][3:]
    assert [row[1] for row in ranking] == [score.city for score in item.content.cities]
    assert {row[1] for row in ranking} == {city.name for city in year.plan.cities}
    assert [row[0] for row in ranking] == sorted(row[0] for row in ranking)
    of_taiyuan = files["绩效评估 2023Q2 太原市.xlsx"]["县得分"][3:]
    with_projects = rows(
        year, "SELECT DISTINCT county FROM subject WHERE kind='project' AND city='太原市'"
    )
    assert {row[2] for row in of_taiyuan} == {county for (county,) in with_projects}


@heavy
def test_the_detail_adds_up_to_the_score(year: Desk) -> None:
    item = kept(year, "2023-12")
    (file,) = [
        file for file in EVALUATIONS.files(year, item) if file.name == "绩效评估 2023-12.xlsx"
    ]
    detail = sheets_of(file.content)["市得分明细"][3:]
    heads = [row for row in detail if row[5] is not None]
    for score in item.content.cities:
        own = [row for row in heads if row[0] == score.city]
        base = sum(_number(row[5]) for row in own if row[2] == "基础分")
        assert base == score.base
        assert sum(_number(row[4]) for row in own if row[2] == "基础分") == score.available
        others = sum(_number(row[5]) for row in own if row[2] != "基础分")
        assert max(base + others, Decimal(0)) == score.score


@heavy
def test_a_quarter_shows_its_months(year: Desk) -> None:
    content = kept(year, "2023-09").content
    assert content.quarter == "2023Q3"
    assert [month.period for month in content.months] == ["2023-07", "2023-08", "2023-09"]
    for month in content.months:
        of_month = kept(year, month.period).content
        marks = {(mark.city, mark.county): mark.score for mark in month.marks}
        scored = (*of_month.cities, *of_month.counties)
        assert marks == {(score.city, score.county): score.score for score in scored}
    assert kept(year, "2023-08").content.months == ()


@heavy
def test_a_confirmed_violation_costs_points_and_names_its_record(year: Desk) -> None:
    _confirm(year, date(2023, 7, 3))
    asked = occasion(year, month_ends.MONTH_ENDS, "2023-07", "山西省", END)
    make(year, month_ends.MONTH_ENDS, asked, AT, anew=True)
    before = score_of(kept(year, "2023-07"), "太原市")
    anew = make(year, EVALUATIONS, asked, AT, anew=True)
    assert score_of(anew, "太原市").malus == before.malus + 5
    (row,) = rows(year, "SELECT id FROM audit WHERE action='violation_confirmed'")
    (file,) = EVALUATIONS.files(year, anew)
    detail = sheets_of(file.content)["市得分明细"][3:]
    (shown,) = [line for line in detail if line[10] == row[0]]
    assert (shown[0], shown[1], shown[7]) == ("太原市", "违规认定", ONE)
    assert _number(shown[11]) == -5
    (head,) = [line for line in detail if line[:2] == shown[:2] and line[5] is not None]
    assert _number(head[5]) == -5
    assert "示例文件〔2023〕1号" in shown[6]
    assert "13912345678" not in shown[6]


def _confirm(desk: Desk, on: date) -> None:
    """Somebody records that a violation was found to be one."""
    with writing(desk.engine) as session:
        act = Act(ONE, "violation_confirmed", on, "山西省民政厅 王某", REASON)
        record(session, desk, act, today=END, at=AT)


def _all(desk: Desk) -> tuple[KeptProduct[MonthEvaluation], ...]:
    with reading(desk.engine) as session:
        return all_kept(session, desk, EVALUATIONS)


def score_of(made: KeptProduct[MonthEvaluation], city: str) -> Score:
    return next(score for score in made.content.cities if score.city == city)


def sheets_of(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


def test_the_last_month_is_scored_before_the_next_year_s_holidays_are_known(early: Desk) -> None:
    """The day of signing is only reckoned with; until 2027 is known it is the day after."""
    last = JobOccasion("2026-12", early.plan.province, date(2026, 12, 31))
    make(early, month_ends.MONTH_ENDS, last, AT)
    assert make(early, EVALUATIONS, last, AT).content.as_of == last.on

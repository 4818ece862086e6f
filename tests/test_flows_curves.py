"""The data curves of the example's year: made month by month, against the database's own counts."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlmodel import Session

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.lists.curves import graphs, outlook
from flows.pages.duty_lists import city_pages, curves_lines
from flows.pages.fitting import fitted
from models.database import reading, writing
from models.tables import ProgressRow
from operations.cases.desk import Desk
from operations.duties import assessments, month_ends
from operations.duties.products import KeptProduct, all_kept, due, make
from policy.vocabulary import Product
from states.series import FROM_PROVINCE, INVESTED, MATCHING, RECEIVED, YearCourses
from states.snapshot import month_end, months
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.province import END
from tests.support.stores import Snapshot
from tests.support.yearly import YEAR, make_due

pytestmark = pytest.mark.heavy
MONTHS = [f"2023-{month:02d}" for month in range(1, 13)]
COUNTED = ("site_confirmed", "work_started", "construction_finished", "accepted", "opened")


def _drawn(desk: Desk) -> None:
    """Every project has spent its 投资总额 in eleven equal parts by November, and more since."""
    statement = text(
        "SELECT p.code, p.investment, min(a.id) FROM project p JOIN audit a"
        " ON a.plan = p.plan AND a.subject = p.code GROUP BY p.code, p.investment"
    )
    with writing(desk.engine) as session:
        session.connection().execute(text("DELETE FROM progress"))  # what the example reports
        for code, investment, row in session.connection().execute(statement).all():
            _report(session, desk, code, Decimal(investment) / 1100, row)
    for month in MONTHS:
        _again(desk, month)
    make_due(desk, assessments.CURVES, END, AT)


def _report(session: Session, desk: Desk, code: str, part: Decimal, row: int) -> None:
    for number, month in enumerate(MONTHS, 1):
        session.add(
            ProgressRow(
                plan=desk.plan.id,
                subject=code,
                period=month,
                percent=min(8 * number, 100),
                invested=(part * number).quantize(Decimal("0.01")),
                audit_id=row,
            )
        )


def _again(desk: Desk, month: str) -> None:
    """Take a month's snapshot anew, with the reports."""
    found = next(it for it in month_ends.MONTH_ENDS.occasions(desk) if it.period == month)
    make(desk, month_ends.MONTH_ENDS, found, AT, anew=True)


DRAWN = Snapshot("year_drawn", _drawn, YEAR)


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    return desk_in(DRAWN)


def made(desk: Desk, month: str = "2023-12") -> KeptProduct[YearCourses]:
    with reading(desk.engine) as session:
        found = all_kept(session, desk, assessments.CURVES)
    return next(item for item in found if item.occasion.period == month)


def rows(desk: Desk, query: str, **values: Any) -> Iterator[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        yield from (tuple(row) for row in connection.execute(text(query), values))


def test_each_months_curves_are_made_once(desk: Desk) -> None:
    with reading(desk.engine) as session:
        found = all_kept(session, desk, assessments.CURVES)
    assert [item.occasion.period for item in found] == list(months(desk.plan)) == MONTHS
    assert {item.occasion.on for item in found} == {
        month_end(desk.calendar, month) for month in MONTHS
    }
    assert due(desk, assessments.CURVES, END) == ()


def test_every_number_is_the_databases_own(desk: Desk) -> None:
    content = made(desk).content
    for at, month in enumerate(MONTHS):
        day = month_end(desk.calendar, month)
        facts = rows(
            desk,
            "SELECT s.city, f.name, count(*) FROM fact f JOIN subject s ON s.plan = f.plan"
            ' AND s.code = f.subject WHERE f."on" <= :day GROUP BY s.city, f.name',
            day=day.isoformat(),
        )
        counts = {(city, name): count for city, name, count in facts}
        money = rows(
            desk,
            "SELECT s.city, l.source, sum(l.amount) FROM ledger l JOIN audit a ON a.id = l.audit_id"
            " JOIN subject s ON s.plan = a.plan AND s.code = a.subject"
            " WHERE l.entry = 'receipt' AND a.effective_on <= :day GROUP BY s.city, l.source",
            day=day.isoformat(),
        )
        paid = {(city, source): Decimal(sum_) / 100 for city, source, sum_ in money}
        for city in desk.plan.cities:
            own = content.of(city.name)
            for name in COUNTED:
                assert own.course(name).actual[at] == counts.get((city.name, name), 0)
            province = paid.get((city.name, "province"), 0)
            local = paid.get((city.name, "city"), 0) + paid.get((city.name, "county"), 0)
            assert own.course(FROM_PROVINCE).actual[at] == province
            assert own.course(MATCHING).actual[at] == local
            assert own.course(RECEIVED).actual[at] == province + local


def test_what_the_notice_plans(desk: Desk) -> None:
    """六(一) to 六(四): sites by March, works begun by May, all accepted and open in the year."""
    own = made(desk, "2023-06").content.of("山西省")
    quota = desk.plan.quota.goal
    ends = {"site_confirmed": 3, "work_started": 5, "accepted": 12, "opened": 12}
    for name, month in ends.items():
        assert own.course(name).planned == (0,) * (month - 1) + (quota,) * (13 - month)
    (stated,) = rows(
        desk, "SELECT sum(investment), sum(city_share) + sum(county_share) FROM project"
    )
    assert own.course(INVESTED).planned[-1] == Decimal(stated[0]) / 100
    assert list(own.course(MATCHING).planned[3:5]) == [Decimal(0), Decimal(stated[1]) / 100]


def test_the_forecast_goes_on_at_the_pace_and_above_a_hundred_percent(desk: Desk) -> None:
    """Of investment an eleventh a month was reported."""
    content = made(desk, "2023-09").content
    course = content.of("山西省").course(INVESTED)
    last = course.expected[-1]
    assert last is not None
    assert course.actual[8] is not None
    assert abs(last.middle - course.whole * 12 / 11) < 1
    assert last.low <= last.middle <= last.high
    assert "占12,926.88万元的109.1%" in outlook(content, course)
    assert made(desk).content.of("山西省").course(INVESTED).rates[-1] == Decimal("109.1")


def test_a_curve_needs_its_snapshot(desk_in: DeskIn) -> None:
    bare = desk_in(INSTALLED)
    with pytest.raises(RefusedError, match="2023-01的月末数据尚未形成"):
        make_due(bare, assessments.CURVES, date(2023, 2, 1), AT)


def test_the_workbook_is_made_from_what_was_kept_and_says_the_same(desk: Desk) -> None:
    kept = made(desk, "2023-09")
    (file,) = assessments.CURVES.files(desk, kept)
    assert (file,) == tuple(assessments.CURVES.files(desk, made(desk, "2023-09")))
    assert file.name == "数据曲线 2023-09.xlsx"
    book = load_workbook(BytesIO(file.content))
    charts = ["完成情况", "选址", "开工", "竣工", "验收", "运营", "资金到位", "省级补助到位"]
    assert book.sheetnames == [*charts, "市县配套到位", "完成投资", "完成数", "完成率", "金额"]
    assert all(len(book[name]._charts) == 1 for name in book.sheetnames[:-3])  # type: ignore[attr-defined]  # no other way
    lines = [[cell.value for cell in row] for row in book["竣工"].iter_rows(min_row=2)]
    assert lines[0] == ["月份", "计划", "实际", "预测", "预测下限", "预测上限"]
    assert lines[9:] == [
        ["9月", 0, 25, 25, 25, 25],
        ["10月", 0, None, 33, 25, 50],
        ["11月", 100, None, 41, 25, 75],
        ["12月", 100, None, 50, 25, 100],
    ]
    table = {tuple(row[:3]): row[3:] for row in book["金额"].iter_rows(min_row=4, values_only=True)}
    course = kept.content.of("太原市").course(INVESTED)
    assert [float(value) for value in course.actual[:9] if value is not None] == list(
        table["太原市", "完成投资", "实际"][:9]
    )
    assert len({key[0] for key in table}) == 12


def test_pages_and_graphs_show_every_place(desk: Desk) -> None:
    content = made(desk, "2023-09").content
    shown = "\n".join(curves_lines(desk.plan, content))
    assert "| 竣工 | 100个 | 25个 | 25.0% | 0个 | 超25个 | 100个 |" in shown
    assert "- 按近3个月的速度，预计年底竣工50个，占100个的50.0%（区间25个至100个）。" in shown
    assert "- 验收尚未开始，暂不预测。" in shown
    assert shown.count("](data:image/png;base64,iVBOR") == 3
    assert "| 忻州市 | 10个（100.0%） | 10个（100.0%） | 1个（10.0%） |" in shown
    assert " | 运营 | 资金到位 | 省级补助到位 | 市县配套到位 | 完成投资 |" in shown
    assert fitted(shown).count("| 市 | ") > 1, "it is wider than the page"
    names = [page.name for page in city_pages(desk.plan, content, date(2023, 9, 28))]
    assert names == [f"curves-{city.code}" for city in desk.plan.cities]
    rates, funds, investment = graphs(desk.plan, content, "山西省")
    assert [series.label for series in rates.series] == ["选址", "开工", "竣工", "验收", "运营"]
    assert [series.dashed for series in funds.series] == [True, False, False, False]
    assert [series.label for series in investment.series] == ["计划", "实际", "预测"]
    assert investment.band[:8] == (None,) * 8
    assert all(investment.band[8:])
    assert len({len(series.values) for series in (*rates.series, *investment.series)}) == 1


def test_before_anything_was_reported_no_investment_is_drawn(desk_in: DeskIn) -> None:
    """Reports begin in March."""
    desk = desk_in(YEAR)
    (first, *_) = make_due(desk, assessments.CURVES, date(2023, 3, 31), AT)
    assert [graph.caption for graph in graphs(desk.plan, first.content, "山西省")] == [
        "山西省项目完成情况",
        "山西省资金到位情况",
    ]
    own = first.content.of("山西省").course(INVESTED)
    assert outlook(first.content, own) == "完成投资尚无上报数据，暂不预测。"


def test_the_example_invests_month_by_month_until_all_is_built(desk_in: DeskIn) -> None:
    """As its cities report it; who has not reported keeps what was last said."""
    desk = desk_in(YEAR)
    made = make_due(desk, assessments.CURVES, END, AT)
    course = made[-1].content.of("山西省").course(INVESTED)
    lines = csv.DictReader((EXAMPLE / "reports.csv").read_text(encoding="utf-8").splitlines())
    told: dict[str, dict[str, Decimal]] = {}
    for line in sorted(lines, key=lambda line: line["duty"]):
        if date.fromisoformat(line["on"]) <= month_end(desk.calendar, f"2023-{line['duty'][4:]}"):
            told.setdefault(line["duty"], {})[line["subject"]] = Decimal(line["invested"])
    last: dict[str, Decimal] = {}
    for month, duty in enumerate(sorted(told), 3):
        last |= told[duty]
        if duty != "D10-05":  # what came late is known when the curve is drawn in December
            assert course.actual[month - 1] == sum(last.values()), duty
    known = [value for value in course.actual if value is not None]
    assert known == sorted(known)
    assert (len(known), known[-1]) == (10, course.whole)
    assert course.rates[-1] == Decimal("100.0")


def test_a_plan_without_curves_has_nothing_to_do(sqlite_desk: Desk) -> None:
    bare = sqlite_desk.plan.model_copy(update={"curves": None})
    desk = Desk(sqlite_desk.settings, bare, sqlite_desk.calendar, sqlite_desk.engine)
    assert list(assessments.CURVES.occasions(desk)) == []
    assert assessments.CURVES.kind is Product.CURVES

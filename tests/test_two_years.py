"""A plan that is issued in August and runs over two years: every rhythm, to its end and beyond."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from common.errors import RefusedError
from documents.writing.blocks import PaperText
from models.database import reading, writing
from models.settings import Settings
from operations.cases.casework import Act, advance, record
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.cases.progress import ProgressReport, report_progress
from operations.daily.enforcement import enforce
from operations.duties.month_ends import MONTH_ENDS
from operations.duties.products import all_kept
from operations.duties.progress_letters import BULLETINS
from operations.duties.year import JOBS, fulfil
from operations.upkeep.setup import check_trail
from operations.views.overview import deadline_views, projects
from operations.workbooks.exports import export_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, Listing, Standing
from states.progress import Progress
from states.snapshot import months
from tests.conftest import AT
from tests.support.province import morning
from tests.test_other_plans import opened

pytestmark = pytest.mark.heavy
CITY, COUNTY, PROVINCE = "丁市", "丁市西区民政局", "示例市民政局"
CITY_OFFICE = "丁市民政局"


@pytest.fixture
def meals(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "meals-2024")


def act(desk: Desk, code: str, name: str, on: str, who: str = PROVINCE) -> None:
    asked = Act(code, name, date.fromisoformat(on), who, "示例文件")
    take = advance if name in {action.id for action in desk.plan.actions} else record
    with writing(desk.engine) as session:
        take(session, desk, asked, today=asked.on, at=morning(asked.on))


def reported(desk: Desk, month: str, on: str) -> None:
    day = date.fromisoformat(on)
    for item in projects(desk):
        said = ProgressReport(
            item.code, Progress(month, 0, on_schedule=True), day, "丁市民政局", "月报"
        )
        with writing(desk.engine) as session:
            report_progress(session, desk, said, today=day, at=morning(day))


def lived(desk: Desk, first: date, last: date) -> list[RefusedError]:
    """Every second week from `first` on, and `last`, as the jobs have it; what failed."""
    failed: list[RefusedError] = []
    days = [first + timedelta(days=n) for n in range(0, (last - first).days, 14)]
    for day in [*days, last]:
        enforce(desk, day, morning(day))
        made = fulfil(desk, [job.kind for job in JOBS], day, morning(day))
        failed += [found for _, found in made if isinstance(found, RefusedError)]
    return failed


def text_of(paper: PaperText) -> str:
    return "\n".join((paper.title, *paper.words))


def test_a_plan_of_two_years_runs_to_its_end_and_beyond(meals: Desk) -> None:
    one, two, three = (item.code for item in projects(meals))
    assert lived(meals, date(2024, 8, 20), date(2024, 9, 4)) == []
    with reading(meals.engine) as session:
        assert all_kept(session, meals, MONTH_ENDS) == ()  # August's have until the 5th
    act(meals, one, "begin", "2024-08-28", COUNTY)
    act(meals, two, "begin", "2024-12-30", COUNTY)
    reported(meals, "2024-08", "2024-09-04")
    act(meals, CITY, "M01-08", "2024-09-04", CITY_OFFICE)
    assert lived(meals, date(2024, 9, 5), date(2025, 1, 31)) == []
    act(meals, three, "begin", "2025-02-05", CITY_OFFICE)
    act(meals, CITY, "Y01-2024", "2025-02-05", CITY_OFFICE)
    act(meals, CITY, "H01-2024H2", "2025-02-05", CITY_OFFICE)
    assert lived(meals, date(2025, 2, 5), date(2026, 2, 27)) == []
    with reading(meals.engine) as session:
        ends = {it.occasion.period: it.occasion.on for it in all_kept(session, meals, MONTH_ENDS)}
        bulletins = {it.occasion.period: it.content for it in all_kept(session, meals, BULLETINS)}
    assert tuple(ends) == tuple(bulletins) == months(meals.plan)
    assert (len(ends), ends["2024-08"], ends["2024-12"], ends["2025-12"]) == (
        17, date(2024, 9, 5), date(2025, 1, 6), date(2026, 1, 5),
    )  # fmt: skip
    assert "2024年8月" in text_of(bulletins["2024-08"])
    assert "请各市于每月5日前报送上月月报" in text_of(bulletins["2024-09"])
    assert "按要求应于2024年12月31日前完成" in text_of(bulletins["2024-12"])
    assert "截至2026年1月5日" in text_of(bulletins["2025-12"])
    held = {(v.subject, v.rule): v for v in deadline_views(meals, date(2026, 2, 27))}
    assert held[CITY, "M01-08"].standing is Standing.MET
    assert held[CITY, "M01-2025-01"].standing is Standing.OVERDUE
    assert held[CITY, "Y01-2024"].standing is Standing.MET  # by 5 February: 31 January is a holiday
    assert held[CITY, "H01-2024H2"].standing is Standing.MET_LATE
    assert held[one, "T01"].standing is Standing.MET
    assert held[three, "T01"].standing is Standing.MET_LATE
    assert held[one, "T03"].overdue_after == date(2025, 2, 28)  # six months after 28 August
    assert held[two, "T03"].overdue_after == date(2025, 6, 30)
    assert check_trail(meals).breaks == ()


def test_a_duty_of_the_first_year_cannot_be_put_off_into_the_second(meals: Desk) -> None:
    code = projects(meals)[0].code

    def put_off(rule: str, until: date) -> None:
        asked = Extension(code, rule, until, date(2024, 12, 20), PROVINCE, "示例批复")
        with writing(meals.engine) as session:
            extend(session, meals, asked, today=date(2024, 12, 20), at=AT)

    with pytest.raises(RefusedError, match="最迟2024-12-31"):
        put_off("T01", date(2025, 1, 15))
    put_off("T02", date(2026, 1, 15))  # it is no 当年 duty


def test_workbooks_of_a_plan_of_two_years(meals: Desk, tmp_path: Path) -> None:
    day = date(2025, 3, 3)

    def opened_book(order: WorkbookOrder) -> str:
        path = export_workbook(meals, order, tmp_path, day)
        book = load_workbook(BytesIO(path.read_bytes()))
        return path.name + "\n".join(
            str(cell.value) for sheet in book for row in sheet for cell in row if cell.value
        )

    projects_list = opened_book(WorkbookOrder(Listing.PROJECTS))
    assert all(month in projects_list for month in months(meals.plan)[:8])
    assert "2024-07" not in projects_list
    assert "2025-04" not in projects_list
    report = opened_book(WorkbookOrder(Form.REPORT, CITY))
    assert "2025年2月示例老年助餐点建设" in report  # in March it is February's that is due
    summary = opened_book(WorkbookOrder(Form.SUMMARY, CITY))
    assert "2024—2025年" in summary
    assert "2024年2024" not in summary

"""Pages made from a census say what the survey says, on many days and in many states."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from models.projects import change_facts, dossiers, dossiers_in, set_columns
from models.records import put_progress
from models.reported import covered_by_report, is_without_report
from operations.cases.desk import Desk
from operations.upkeep.rules import Approval, adopt
from operations.views.funds import city_money, money
from operations.views.overview import survey
from operations.views.published import (
    city_day,
    items_due,
    late_items,
    province_day,
    taken_of,
)
from operations.views.quality import lacking, lacks_of, unwatched
from policy.fields import CORE
from policy.load import meaning
from states.progress import Progress
from states.reporting import is_unentered, to_report
from tests.conftest import AT, INSTALLED, POSTGRESQL
from tests.support.counting import counts_and_money_are_the_surveys
from tests.support.explaining import plans_of, through_all
from tests.support.province import import_example
from tests.support.random_year import begin
from tests.support.steps import PROVINCE, TAIYUAN
from tests.support.stores import Snapshot, Stores
from tests.support.surveyed import money_of_survey, pages_are_the_surveys
from tests.support.yearly import (
    AUTUMN,
    FEBRUARY,
    HALF_YEAR,
    JUNE,
    LATE_MAY,
    OCTOBER,
    SPRING,
    WINTER,
    YEAR,
)

pytestmark = pytest.mark.heavy
IMPORTED = Snapshot("example_imported", import_example, INSTALLED)
OF_THE_YEAR = {
    WINTER: FEBRUARY,
    SPRING: LATE_MAY,
    HALF_YEAR: JUNE,
    AUTUMN: OCTOBER,
    YEAR: date(2024, 1, 5),
}
"""When the pages of a state of the example are looked at."""


@pytest.fixture
def example(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    with stores.desk(None, IMPORTED, tmp_path / "home") as opened:
        yield opened


@pytest.mark.parametrize("state", OF_THE_YEAR, ids=lambda state: state.name)
def test_through_the_year_of_the_example(stores: Stores, tmp_path: Path, state: Snapshot) -> None:
    with stores.desk(None, state, tmp_path / "home") as desk:
        day = OF_THE_YEAR[state]
        pages_are_the_surveys(desk, day)
        assert money(desk) == money_of_survey(desk, survey(desk, day))
        assert bool(money(desk).differing) is (state is YEAR)


@pytest.mark.parametrize("seed", [7, 23])
def test_through_a_random_year(stores: Stores, tmp_path: Path, seed: int) -> None:
    """Holds, withdrawals, replacements, extensions, corrections, money that rests."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as opened:
        year = begin(opened, seed)
        for day in (date(2023, 4, 14), date(2023, 7, 14), date(2023, 12, 28)):
            while year.today < day:
                year.something()
                year.today += timedelta(days=1)
            pages_are_the_surveys(year.desk, day)
            counts_and_money_are_the_surveys(year.desk, day)
            assert money(year.desk) == money_of_survey(year.desk, survey(year.desk, day))


def test_no_statement_goes_through_a_table(example: Desk) -> None:
    """Board, lists and cities' pages begin with the projects of a city, or what is shown."""
    with plans_of(example.engine) as told:
        found = taken_of(example, FEBRUARY)
        province_day(example, found)
        late_items(example, found)
        items_due(example, found)
        for each in found:
            if each.city:
                city_day(example, each)
                city_money(example, each.city)
        unwatched(example, FEBRUARY)
        lacking(example, FEBRUARY)
    assert told
    tables = ("subject", "project", "fact", "deadline", "progress", "ledger", "audit")
    assert through_all(told, *tables) == set()


@pytest.mark.parametrize("database", [None, pytest.param("postgres", marks=POSTGRESQL)])
def test_whatever_is_blank_is_missed(
    stores: Stores, tmp_path: Path, request: pytest.FixtureRequest, database: str | None
) -> None:
    """At each of the first two stages, for each field a project that leaves that one blank."""
    url = request.getfixturevalue(database) if database else None
    with stores.desk(url, IMPORTED, tmp_path / "home") as desk:
        fields = [
            (stage, field) for stage in desk.plan.stage_order[:2] for field in desk.plan.fields
        ]
        with desk.writing() as session:
            projects = dossiers(session, desk.plan)
            for each, (stage, field) in zip(projects, fields, strict=False):
                blank = None if field.id in CORE else field.unstated
                said = {"stage": stage, field.id: blank}
                set_columns(session, desk.plan, each.code, said)
            projects = dossiers(session, desk.plan)
        found = lacking(desk, FEBRUARY)
        assert sorted(found, key=repr) == sorted(lacks_of(desk.plan, projects, FEBRUARY), key=repr)
        assert len({name for each in found for name in each.fields}) > 10


def test_what_comes_due_before_anybody_is_reminded_of_it(example: Desk) -> None:
    """Where reminding begins the day before, most of a week is still in time."""
    ladder = example.plan.ladder.model_copy(update={"rungs": example.plan.ladder.rungs[2:]})
    plan = example.plan.model_copy(update={"ladder": ladder})
    plan = plan.model_copy(update={"digest": meaning(plan)})
    late = Desk(example.settings, plan, example.calendar, example.engine)
    adopt(late, Approval(PROVINCE, "示例批复"), date(2023, 1, 17), AT)
    day = date(2023, 2, 6)
    assert items_due(late, taken_of(late, day)).count > 0
    pages_are_the_surveys(late, day)


@pytest.mark.parametrize("finished", [None, "2023-05-20", "2023-06-02"])
@pytest.mark.parametrize("own", [True, False], ids=["reported", "not_reported"])
@pytest.mark.parametrize("others", ["active", "withdrawn"])
def test_whether_a_month_is_entered(
    example: Desk, finished: str | None, own: bool, others: str
) -> None:
    """What was finished before a month, or has ended, is not reported for it any more."""
    plan, june = example.plan, "2023-06"
    with example.writing() as session:
        projects = dossiers_in(session, plan, "太原市")
        for each in projects[1:]:
            set_columns(session, plan, each.code, {"disposition": others})
            if others == "withdrawn":
                put_progress(session, plan, each.code, Progress(june, 10, audit_id=1))
        code = projects[0].code
        if finished:
            days = dict.fromkeys(plan.finished_by, date.fromisoformat(finished))
            change_facts(session, plan, code, days, (), None)
        if own:
            put_progress(session, plan, code, Progress(june, 100, audit_id=1))
    with example.reading() as session:
        projects = dossiers_in(session, plan, "太原市")
        wanted = is_unentered(plan, projects, june)
        count = len(to_report(plan, projects, june))
        assert covered_by_report(session, plan, "太原市", june) == count
        assert is_without_report(session, plan, "太原市", june) is wanted
        assert wanted is (others == "active" if finished == "2023-05-20" else not own)

"""绩效评估 of every month of the golden year, against a second calculation by SQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from models.database import reading
from operations.cases.desk import Desk
from operations.duties.assessments import EVALUATIONS
from operations.duties.products import KeptProduct, all_kept
from states.scoring import MonthEvaluation, Score
from tests.support.golden import GOLDEN_YEAR
from tests.support.ranking_by_sql import Ranked, next_workday, prepare, ranking
from tests.support.stores import Stores

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
MONTHS = [f"2023-{month:02d}" for month in range(3, 13)]


@pytest.fixture(scope="module")
def desk(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with stores.desk(None, GOLDEN_YEAR, tmp_path_factory.mktemp("ranking") / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def connection(desk: Desk) -> Iterator[Connection]:
    with desk.engine.connect() as opened:
        prepare(opened)
        yield opened


@pytest.fixture(scope="module")
def kept(desk: Desk) -> dict[str, KeptProduct[MonthEvaluation]]:
    with reading(desk.engine) as session:
        return {item.occasion.period: item for item in all_kept(session, desk, EVALUATIONS)}


@pytest.mark.parametrize("kind", ["city", "county"])
@pytest.mark.parametrize("month", MONTHS)
def test_a_month_is_ranked_as_sql_ranks_it(
    connection: Connection, kept: dict[str, KeptProduct[MonthEvaluation]], month: str, kind: str
) -> None:
    made = kept[month].content
    scores = made.cities if kind == "city" else made.counties
    told = {(each.city, each.county): _ranked(each, made) for each in scores}
    found = ranking(connection, kind, month, made.as_of, next_workday(made.as_of))
    wanted = {
        (each.city, each.county): each if kind == "city" else each._replace(named="")
        for each in found
    }
    assert told == wanted
    assert len({each.available for each in wanted.values()}) == 1
    assert all(each.rate is None or each.rate <= 10000 for each in wanted.values())


def _ranked(score: Score, made: MonthEvaluation) -> Ranked:
    named = {**dict.fromkeys(made.leaders, "先进"), **dict.fromkeys(made.laggards, "需改进")}
    return Ranked(
        score.city,
        score.county,
        int(score.base * 100),
        int(score.available * 100),
        int(score.bonus * 100),
        int(score.malus * 100),
        int(score.score * 100),
        None if score.rate is None else int(score.rate * 100),
        score.place,
        "" if score.county else named.get(score.city, ""),
    )

"""A whole year, rehearsed with a scenario in which things are late in every way the rules know.

`golden/year-2023.txt` is what it would send to whom, reviewed by people. After a change that is
meant, write it anew and read the difference:

    XINGFU_HOME=/tmp/golden xingfu init
    XINGFU_HOME=/tmp/golden xingfu simulate --from 2023-01-16 --to 2024-01-12 \\
        --scenario tests/golden/year-2023.yaml > tests/golden/year-2023.txt
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from typing import Any

import holidays
import pytest

from deployments.commands.console import emit
from deployments.commands.simulating import tell
from operations.upkeep.rehearsal import Rehearsal
from policy.vocabulary import Product, RungKind, Standing
from tests.support.golden import END, GOLDEN, GOLDEN_YEAR, START, rehearsed
from tests.support.stores import Stores

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def year(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The rehearsed year, once for all tests."""
    with stores.desk(None, GOLDEN_YEAR, tmp_path_factory.mktemp("year") / "home") as desk:
        yield rehearsed(desk)


def test_the_year_is_as_reviewed(year: Rehearsal) -> None:
    with redirect_stdout(StringIO()) as shown:
        tell(year, f"{START}至{END}")
    assert shown.getvalue() == (GOLDEN / "year-2023.txt").read_text(encoding="utf-8")


def test_everything_in_the_scenario_could_be_recorded(year: Rehearsal) -> None:
    assert year.refused == ()
    assert year.notes == ()


def test_every_kind_of_rung_and_every_standing_occurs(year: Rehearsal) -> None:
    kinds = {line.kind for send in year.sends for line in send.lines}
    assert kinds == set(RungKind) - {RungKind.RECEIPT, RungKind.CORRECTION}
    at_the_end = {stand.standing for stand in year.standings}
    assert at_the_end >= {Standing.MET, Standing.MET_LATE, Standing.OVERDUE, Standing.VOID}
    late = {
        rule
        for send in year.sends
        for line in send.lines
        if line.rung.startswith("T+")
        for rule in (line.rule, *line.below)
    }
    never = {stand.rule for stand in year.standings} - late
    assert {rule.split("-")[0] for rule in never} <= {"D10", "D11", "D12", "D25", "D26", "D27"}


def test_the_json_has_one_send_a_person_and_day_on_workdays(year: Rehearsal) -> None:
    with redirect_stdout(StringIO()) as shown:
        emit(year)
    told: dict[str, Any] = json.loads(shown.getvalue())
    china = holidays.country_holidays("CN", years=(2023, 2024))
    counted = Counter((send["sent_on"], send["recipient"]) for send in told["sends"])
    assert max(counted.values()) == 1
    assert all(china.is_working_day(date.fromisoformat(day)) for day, _ in counted)
    assert set(told["sends"][0]) == {"sent_on", "recipient", "channel", "lines"}
    line = told["sends"][0]["lines"][0]
    assert {"subject", "rule", "rung", "clause"} <= set(line)
    assert set(told["standings"][0]) == {"subject", "rule", "standing"}


def test_the_burden_counts_what_is_sent(year: Rehearsal) -> None:
    assert sum(item.digests for item in year.burden) == len(year.sends)
    assert sum(item.lines for item in year.burden) == sum(len(s.lines) for s in year.sends)


def test_an_acknowledged_deadline_is_quiet_until_its_day(year: Rehearsal) -> None:
    """大同市 D18: due 2023-07-31, acknowledged on 18 August until 28 September, met in October."""
    days = [
        (str(send.sent_on), line.rung)
        for send in year.sends
        for line in send.lines
        if (line.subject, line.rule, send.recipient[:7]) == ("大同市", "D18", "大同市民政局 ")
    ]
    late = [day for day, rung in days if rung.startswith("T+")]
    assert not [day for day in late if "2023-08-18" < day <= "2023-09-28"]
    assert [day for day in late if day > "2023-09-28"]


def test_the_years_duties_make_what_the_notice_asks_for(year: Rehearsal) -> None:
    """五(五) to 五(九): each on its day, each once."""
    keys = [(item.kind, item.period, item.subject) for item in year.products]
    assert len(keys) == len(set(keys))
    made = Counter(item.kind for item in year.products)
    assert (made[Product.BULLETIN], made[Product.FEEDBACK]) == (10, 33)
    assert (made[Product.EVALUATION], made[Product.SNAPSHOT], made[Product.CURVES]) == (10, 12, 12)
    assert (made[Product.VISITS], made[Product.INSPECTION], made[Product.SCHEDULE]) == (1, 1, 1)
    assert (made[Product.RESULTS], made[Product.REPORTS]) == (12, 20)


def test_bulletins_are_drafted_on_each_months_last_workday(year: Rehearsal) -> None:
    china = holidays.country_holidays("CN", years=(2023, 2024))
    drafted = [item.on for item in year.products if item.kind is Product.BULLETIN]
    for month, day in zip(range(3, 13), drafted, strict=True):
        days = [
            date.fromordinal(n)
            for n in range(date(2023, month, 1).toordinal(), day.toordinal() + 32)
        ]
        assert day == max(d for d in days if d.month == month and china.is_working_day(d))

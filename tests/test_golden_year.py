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
from pathlib import Path
from typing import Any

import holidays
import pytest

from deployments.console import emit
from deployments.simulating import tell
from flows.operations.rehearsal import Rehearsal, rehearse
from flows.operations.scenario import load_scenario
from policy.vocabulary import RungKind, Standing
from tests.conftest import INSTALLED
from tests.stores import Stores

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
GOLDEN = Path(__file__).parent / "golden"
START, END = date(2023, 1, 16), date(2024, 1, 12)


@pytest.fixture(scope="module")
def year(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The rehearsed year, once for all tests."""
    with stores.desk(None, INSTALLED, tmp_path_factory.mktemp("year") / "home") as desk:
        yield rehearse(desk, START, END, load_scenario(GOLDEN / "year-2023.yaml"))


def test_the_year_is_as_reviewed(year: Rehearsal) -> None:
    with redirect_stdout(StringIO()) as shown:
        tell(year, f"{START}至{END}")
    assert shown.getvalue() == (GOLDEN / "year-2023.txt").read_text(encoding="utf-8")


def test_everything_in_the_scenario_could_be_recorded(year: Rehearsal) -> None:
    assert year.refused == ()
    assert year.notes == ()


def test_every_kind_of_rung_and_every_standing_occurs(year: Rehearsal) -> None:
    kinds = {line.kind for send in year.sends for line in send.lines}
    assert kinds == set(RungKind) - {RungKind.RECEIPT}
    at_the_end = {stand.standing for stand in year.standings}
    assert at_the_end >= {Standing.MET, Standing.MET_LATE, Standing.OVERDUE, Standing.VOID}
    late = {line.rule for s in year.sends for line in s.lines if line.rung.startswith("T+")}
    never = {stand.rule for stand in year.standings} - late
    assert {rule.split("-")[0] for rule in never} <= {"D10", "D11", "D12", "D25", "D26"}


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

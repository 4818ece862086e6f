"""A machine that was off for days catches up with one run and one digest for everybody."""

import shutil
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from models.copying import copy_database
from models.database import open_engine
from models.settings import Settings
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.views.outbox import message_views
from tests.support.province import days, morning
from tests.support.tape import Tape
from tests.test_flows_kill import taiyuan

pytestmark = pytest.mark.heavy
POSTGRESQL, STORM = pytest.mark.postgresql, pytest.mark.storm
__all__ = ["taiyuan"]  # a fixture
BEGAN = date(2023, 5, 22)  # Monday; D08 and D07 come due on the 31st
STATE = "SELECT subject, rule, visit, fired, standing, next_look_on FROM deadline ORDER BY 1, 2"
MARKS = "SELECT subject, action, clause FROM audit WHERE kind = 'overdue' ORDER BY 1, 2"
Told = dict[tuple[str, str, str, str], str]
"""Per person, office and deadline, the rung that was told last."""


@pytest.mark.parametrize(
    ("server", "length"),
    [
        *(("sqlite", length) for length in (1, 2, 3, 10, 30)),
        *(pytest.param("postgresql", n, marks=[POSTGRESQL, STORM]) for n in (1, 2, 3, 10, 30)),
    ],
    indirect=["server"],
)
def test_an_outage_then_one_run_equals_daily_runs(taiyuan: Desk, length: int) -> None:
    for day in days(date(2023, 5, 15), BEGAN - timedelta(days=1)):
        run(taiyuan, day, Tape())
    known = len(message_views(taiyuan))
    ended = BEGAN + timedelta(days=length)
    while not taiyuan.calendar.is_workday(ended):
        ended += timedelta(days=1)
    other = twin(taiyuan)
    for day in days(BEGAN, ended):
        run(taiyuan, day, Tape())
    tape = Tape()
    run(other, ended, tape)
    assert rows(other, STATE) == rows(taiyuan, STATE)
    assert rows(other, MARKS) == rows(taiyuan, MARKS)
    assert told(other, known) == told(taiyuan, known)
    assert len({message.id for message in tape.sent}) == len(tape.sent)
    people = {view.person for view in message_views(other)[known:]}
    assert len(tape.sent) == len(people), "one digest a person"
    other.engine.dispose()


def run(desk: Desk, day: date, tape: Tape) -> None:
    enforce(desk, day, morning(day))
    deliver(desk, lambda: morning(day), lambda _: tape)


def twin(desk: Desk) -> Desk:
    """A copy of everything, on SQLite."""
    settings = Settings(home=desk.settings.home / "twin")
    settings.home.mkdir()
    shutil.copy(desk.settings.home / "secret.key", settings.home)
    engine = open_engine(settings.sqlalchemy_url)
    copy_database(desk.engine, engine)
    return Desk(settings, desk.plan, desk.calendar, engine)


def told(desk: Desk, since: int) -> Told:
    """The last rung that reached each person about each deadline."""
    found: Told = {}
    for view in message_views(desk)[since:]:
        if view.status == "sent":
            found[view.person, view.recipient, view.subject, view.rule] = view.rung
    return found


def rows(desk: Desk, query: str) -> list[tuple[str, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(map(str, row)) for row in connection.execute(text(query))]

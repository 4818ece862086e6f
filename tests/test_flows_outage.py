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
__all__ = ["taiyuan"]  # a fixture
BEGAN = date(2023, 5, 22)  # Monday; D08 and D07 come due on the 31st
STATE = "SELECT subject, rule, visit, fired, standing, next_look_on FROM deadline ORDER BY 1, 2"
MARKS = "SELECT subject, action, clause FROM audit WHERE kind = 'overdue' ORDER BY 1, 2"
Told = dict[tuple[str, str, str, str], str]
"""Per person, office and deadline, the rung that was told last."""


@pytest.mark.parametrize(
    "server",
    ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.storm])],
    indirect=True,
)
def test_an_outage_then_one_run_equals_daily_runs(taiyuan: Desk) -> None:
    """Of 1, 2, 3, 10 and 30 days, each against the same machine that was never off."""
    for day in days(date(2023, 5, 15), BEGAN - timedelta(days=1)):
        run(taiyuan, day, Tape())
    known = len(message_views(taiyuan))
    ends = [ended(taiyuan, length) for length in (1, 2, 3, 10, 30)]
    were_off = {end: twin(taiyuan, f"{end}") for end in ends}
    for day in days(BEGAN, max(ends)):
        run(taiyuan, day, Tape())
        if day in were_off:
            catches_up(were_off.pop(day), taiyuan, day, known)
    assert not were_off


def ended(desk: Desk, length: int) -> date:
    """The workday on which a machine is on again that was off for so many days."""
    return desk.calendar.on_or_after(BEGAN + timedelta(days=length))


def catches_up(off: Desk, daily: Desk, day: date, known: int) -> None:
    """One run ends where daily runs have; everybody gets one digest."""
    tape = Tape()
    run(off, day, tape)
    assert rows(off, STATE) == rows(daily, STATE)
    assert rows(off, MARKS) == rows(daily, MARKS)
    assert told(off, known) == told(daily, known)
    assert len({message.id for message in tape.sent}) == len(tape.sent)
    people = {view.person for view in message_views(off)[known:]}
    assert len(tape.sent) == len(people), "one digest a person"
    off.engine.dispose()


def run(desk: Desk, day: date, tape: Tape) -> None:
    enforce(desk, day, morning(day))
    deliver(desk, lambda: morning(day), lambda _: tape)


def twin(desk: Desk, name: str) -> Desk:
    """A copy of everything, on SQLite."""
    settings = Settings(home=desk.settings.home / name)
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

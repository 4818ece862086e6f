"""The monthly reports that go with their reminders, filled in with what is known (R69)."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from flows.operations.desk import Desk
from flows.operations.forms.making import Made
from flows.operations.forms.report import filled_in
from models.tables import Outbox
from policy.errors import RefusedError

Key = tuple[str, str]
"""The city, and the deadline of the month's report."""


def prefilled(session: Session, desk: Desk, rows: Iterable[Outbox]) -> Mapping[Key, Made]:
    """Each monthly report that the rows are about, made once.

    One with a text that no workbook can hold is left out: its reminder goes without it.
    """
    months = desk.plan.reported_months
    made: dict[Key, Made] = {}
    for city, rule in sorted({(row.subject, row.rule) for row in rows if row.rule in months}):
        try:
            made[city, rule] = filled_in(session, desk, city, months[rule])
        except RefusedError:
            continue
    return made


def told_of(made: Made) -> str:
    """What a digest says of a report that goes with it."""
    return f"随附预填月报（{made.name}），请核对补充后报送"

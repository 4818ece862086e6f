"""What tests of delivery share: a desk that owes, instants, people, and what became of it all."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import text

from common.words import SHANGHAI
from models.contacts import replace_contacts
from models.database import writing
from notifications.sending import DeliveryError
from operations.cases.desk import Desk
from operations.daily.delivery import DeliveryResult, deliver
from operations.daily.enforcement import enforce
from operations.views.outbox import message_views, outbox_counts
from states.contacts import Post
from tests.conftest import INSTALLED
from tests.support.province import import_example, morning
from tests.support.steps import load
from tests.support.stores import Snapshot
from tests.support.tape import Tape

DAY = date(2023, 2, 21)  # a Tuesday, after D01 has passed: every project and city is overdue
OFFICES = 12  # the eleven city bureaus, and the province, which is due D02
TAIYUAN, DATONG, PROVINCE = "太原市民政局", "大同市民政局", "山西省民政厅"
DOWN = DeliveryError("信道已断")
CANARY = "s3cr3tCanary"
# Apprise imports a module that later Pythons drop.
MAILS = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def owe(desk: Desk, import_: Callable[[Desk], object] = import_example) -> None:
    """Import the example's 100 projects without contacts; decide what is owed on 2023-02-21."""
    import_(desk)
    with desk.engine.begin() as connection:
        connection.execute(text("DELETE FROM contact"))
    enforce(desk, DAY, morning(DAY))


OWING = Snapshot("owing", owe, INSTALLED)
OWING_TAIYUAN = Snapshot("owing_taiyuan", lambda desk: owe(desk, load), INSTALLED)
"""Ten projects of one city."""


def at(hour: int = 8, minute: int = 30, day: date = DAY) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def send(
    desk: Desk,
    tape: Tape | Callable[[str | None], Tape],
    when: datetime | None = None,
    *,
    insist: bool = False,
    pauses: list[float] | None = None,
) -> DeliveryResult:
    """Deliver at an instant through one tape, or the tape of each address."""
    opened = tape if callable(tape) else lambda _: tape
    paused = [] if pauses is None else pauses
    return deliver(desk, lambda: when or at(), opened, insist=insist, pause=paused.append)


def know(desk: Desk, *known: Post) -> None:
    with writing(desk.engine) as session:
        replace_contacts(session, desk.plan, known)


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def statuses(desk: Desk) -> dict[str, int]:
    return {str(status): n for status, n in outbox_counts(desk).items() if n}


def recipients(tape: Tape) -> list[str]:
    return [message.recipient for message in tape.sent]


def fates(desk: Desk) -> dict[str, set[str]]:
    """Per person at 太原市民政局 what became of the deliveries."""
    found: dict[str, set[str]] = {}
    for view in message_views(desk):
        if view.recipient == TAIYUAN:
            found.setdefault(view.person.removeprefix(f"{TAIYUAN} "), set()).add(str(view.status))
    return found

"""One of several processes that enforce and deliver a day at once, for tests/test_flows_kill.py.

Each says that it is ready and waits for the file ``go``, so that they begin together.
"""

import os
import time
from datetime import date
from pathlib import Path

from models.settings import Settings
from notifications.sending import Part
from operations.cases.desk import Desk, open_desk
from operations.daily import delivery
from operations.daily.enforcement import enforce
from operations.views.outbox import outbox_counts
from tests.support.killing import Journal
from tests.support.province import morning

ROUNDS = 12


class Slow(Journal):
    """Takes its time, so that others find something to do meanwhile."""

    def send(self, part: Part) -> None:
        time.sleep(0.05)
        super().send(part)


def main(role: str, folder: Path, day: date) -> None:
    desk, journal = open_desk(Settings()), Slow(folder / "journal")
    delivery.BATCH = 1
    (folder / f"ready-{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    if role == "deliver":
        wait_for_work(desk)
    for _ in range(ROUNDS):
        if role == "enforce":
            enforce(desk, day, morning(day))
        else:
            delivery.deliver(desk, lambda: morning(day), lambda _: journal)


def wait_for_work(desk: Desk) -> None:
    """Until an enforcer has written something; they go on enforcing meanwhile."""
    while not any(outbox_counts(desk).values()):
        time.sleep(0.01)

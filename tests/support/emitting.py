"""An office that works, and an emitter, in processes of their own, for test_flows_emitting.py.

    python -m tests.support.emitting KILLS SEED

The parent forks a worker and kills it (SIGKILL) after a random while, as often as it is told to;
then it lets one go on to the end. Each takes what is left of a list of days: it enforces the day
and emits, and every other one is killed by itself, at the worst moments.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta

from common.clock import now
from flows.emitting import emit_events
from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from operations.daily import announcing
from operations.daily.announcing import Announcement
from operations.daily.enforcement import enforce, finish, is_finished

DAYS = tuple(date(2023, 2, 20) + timedelta(days=16 * number) for number in range(20))


def work(desk: Desk) -> None:
    """Enforce every day that is left, and emit what came of each."""
    for day in DAYS:
        if not is_finished(desk, day):
            enforce(desk, day, now())
            emit_events(desk)
            finish(desk, day, now())


def die_after(lot: random.Random) -> None:
    """Let this process die between the post and the mark of one of its next batches."""
    left = lot.randint(1, 3)
    mark = announcing.mark

    def dying(desk: Desk, events: Sequence[Announcement]) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        mark(desk, events)

    announcing.mark = dying


def main(kills: int, seed: int) -> None:
    lot = random.Random(seed)  # noqa: S311  # no secret depends on it
    for number in range(kills + 1):
        child = os.fork()
        if child == 0:
            if number < kills and number % 2:
                die_after(lot)
            work(open_desk(Settings()))
            os._exit(0)
        if number < kills and number % 2 == 0:
            time.sleep(lot.uniform(0.2, 1.2))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

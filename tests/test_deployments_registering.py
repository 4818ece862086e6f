"""`xingfu register` on a real server: all plans' deployments are there, and no old ones of ours."""

import logging
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, WorkPoolCreate
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Late, Pending, Running, Suspended
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from common.errors import RefusedError, UnavailableError
from deployments.server import registering
from deployments.server.asking import server_status
from deployments.server.automations import PREFIX
from deployments.server.definitions import POOL, TAG, definitions
from deployments.server.listening import listen
from deployments.server.registering import register
from deployments.server.stopping import keep_observers_quiet
from flows.deliver_outbox import deliver_outbox
from flows.forms.choices import refresh_choices
from models.database import open_engine, reading
from models.settings import Settings
from models.watches import LISTENING, last_round
from operations.cases.desk import desk_for
from operations.upkeep.setup import install
from states.watch import server_faults
from tests.conftest import AT
from tests.support.asking import CHECKED
from tests.support.cluster import descendants, until
from tests.support.command import COMMAND
from tests.support.dawdling import dawdle
from tests.support.mail_server import free_port
from tests.support.prefect_database import harness
from tests.support.stores import Stores
from tests.test_flows_enforcement import IMPORTED, ONE

pytestmark = pytest.mark.heavy
OTHER = "beds-2024"
BOARD = "shanxi-2023-province-board"
PLANS = Path(__file__).parent / "plans"
FOREIGN = {"waited-for", "with-our-tag", "somebody-else-s"}
WRITTEN = {item.name for item in definitions()}
TWICE = {
    *("enforce_deadlines", "deliver_outbox", "read_inbox", "retry_dead_letters", "verify_reply"),
    *("advance_project", "record_milestone", "extend_deadline"),
    *("import_workbook", "export_workbook"),
}
"""What the other plan has, too: it knows no experts, reports, visits, points or letters."""


@pytest.fixture(scope="module")
def settings(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One city's projects, and a second plan beside them."""
    home = tmp_path_factory.mktemp("registering") / "home"
    with stores.copy(None, IMPORTED, home) as copied:
        both = copied.model_copy(update={"plans": PLANS})
        other = desk_for(both, OTHER)
        install(other, AT)
        other.engine.dispose()
        yield both


@pytest.fixture(scope="module")
def client(prefect_database: Path) -> Iterator[SyncPrefectClient]:
    with harness(prefect_database), get_client(sync_client=True) as made:
        yield made


def ours(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    return {item.name: item for item in client.read_deployments(limit=200)}


@contextmanager
def answering(said: bytes) -> Iterator[str]:
    """A server that says the same to everybody; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listening.accept()
                    with caller:
                        caller.recv(65536)
                        caller.sendall(said)

        Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        listening.shutdown(socket.SHUT_RDWR)


def apply(**given: Any) -> None:
    other = deliver_outbox.to_deployment(**given)
    assert isinstance(other, RunnerDeployment)
    other.apply()


def _state(client: SyncPrefectClient, run: UUID) -> StateType | None:
    return client.read_flow_run(run).state_type


@pytest.fixture
def dawdling(client: SyncPrefectClient) -> Iterator[UUID]:
    """A deployment for workers; afterwards there is neither it nor their pool."""
    template = ProcessWorker.get_default_base_job_template()
    client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
    made = dawdle.to_deployment(name="dawdle", entrypoint_type=EntrypointType.MODULE_PATH)
    assert isinstance(made, RunnerDeployment)
    id = made.apply(work_pool_name=POOL)
    assert isinstance(id, UUID)
    yield id
    client.delete_deployment(id)
    client.delete_work_pool(POOL)


def test_a_worker_that_is_stopped_lets_its_run_end(
    settings: Settings, client: SyncPrefectClient, dawdling: UUID, tmp_path: Path
) -> None:
    given = {
        "XINGFU_HOME": str(settings.home),
        "XINGFU_PLANS": str(PLANS),
        "PREFECT_API_URL": str(client.api_url).rstrip("/"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
        "PREFECT_WORKER_WEBSERVER_PORT": str(port := free_port()),
    }
    output, command = tmp_path / "output", [COMMAND, "work", "--health"]
    with (
        output.open("w") as file,
        subprocess.Popen(command, env={**os.environ, **given}, stdout=file, stderr=file) as worker,
    ):
        run = client.create_flow_run_from_deployment(dawdling).id
        until(lambda: _state(client, run) is StateType.RUNNING, "it has begun", output.read_text)
        begun = [Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants(worker.pid)]
        healthy = httpx.get(f"http://127.0.0.1:{port}/health", verify=CHECKED, timeout=30)
        worker.send_signal(signal.SIGTERM)
    assert worker.returncode == 0, output.read_text()
    assert healthy.is_success
    assert "prefect.engine" in "".join(begun)
    assert not any(words.split("\0")[1:3] == ["-m", "prefect.engine"] for words in begun)
    assert _state(client, run) is StateType.COMPLETED
    taking, stopped = output.read_text().splitlines()
    assert (taking[:4], stopped) == ("正在领办", "已停止。")


def test_everything_is_registered_once_and_what_is_gone_goes(
    settings: Settings, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: list[int] = []
    monkeypatch.setattr(
        registering, "refresh_choices", lambda desk: changed.append(refresh_choices(desk))
    )
    apply(name="gone", tags=[TAG], cron="0 8 * * *", entrypoint_type=EntrypointType.MODULE_PATH)
    apply(
        name="waited-for", tags=[TAG], cron="0 8 * * *", entrypoint_type=EntrypointType.MODULE_PATH
    )
    apply(name="with-our-tag", tags=[TAG])  # of a file, as none of ours is
    apply(name="somebody-else-s", tags=["别的"])
    waiting = client.create_flow_run_from_deployment(
        ours(client)["waited-for"].id, state=Suspended(timeout_seconds=3600)
    )
    board = ArtifactCreate(key=BOARD, type="markdown", data="# 全省进度\n")
    client.create_artifact(board)  # made before anything could be offered
    names = register(settings, "process")
    # Ours are registered as people are to see them; somebody else's form is left as it is.
    assert sum(changed) == len({"waited-for", "with-our-tag"})
    assert sorted(names) == sorted({*WRITTEN, *(f"{name}-{OTHER}" for name in TWICE)})
    there = ours(client)
    assert set(there) == {*names, "waited-for", "with-our-tag", "somebody-else-s"}
    assert there["waited-for"].schedules == []
    state = client.read_flow_run(waiting.id).state
    assert state is not None
    assert state.name == "Suspended"
    assert {item.work_pool_name for name, item in there.items() if name in names} == {POOL}
    assert there[f"enforce_deadlines-{OTHER}"].parameters == {"plan": OTHER}
    assert there["enforce_deadlines"].parameters == {"plan": "shanxi-2023"}
    assert client.read_work_pool(POOL).type == "process"
    (told,) = [item.data for item in client.read_latest_artifacts() if item.key == BOARD]
    assert f"/deployments/deployment/{there['advance_project'].id}/run" in str(told)
    ids = {name: item.id for name, item in there.items()}
    register(settings, "process")
    assert {name: item.id for name, item in ours(client).items()} == ids
    automations = [item.name for item in client.read_automations()]
    assert len(automations) == len(set(automations)) > 2
    assert all(name.startswith(PREFIX) for name in automations)


def test_each_plan_s_forms_offer_its_own_projects(client: SyncPrefectClient) -> None:
    there = ours(client)
    assert ONE in str(there["advance_project"].parameter_openapi_schema)
    assert ONE not in str(there[f"advance_project-{OTHER}"].parameter_openapi_schema)


def test_a_pool_of_another_type_is_not_taken_over(
    settings: Settings, client: SyncPrefectClient
) -> None:
    with pytest.raises(RefusedError, match="类型为“process”"):
        register(settings, "docker")
    assert client.read_work_pool(POOL).type == "process"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "无法连接"),
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "管理员密码不符"),
    ],
    ids=["silent", "password"],
)
def test_where_no_server_takes_it_is_said_what_to_look_at(
    settings: Settings, said: bytes, why: str
) -> None:
    with answering(said) as url:
        place = url.removeprefix("http://")
        asked = {PREFECT_API_URL: f"http://user:word@{place}", PREFECT_CLIENT_MAX_RETRIES: 0}
        with (
            temporary_settings(asked),
            pytest.raises(UnavailableError, match=f"（{place}）：{why}.*PREFECT_API_URL"),
        ):
            register(settings, "process")


def test_the_watch_sees_what_is_missing_switched_off_or_stuck(
    settings: Settings, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over HTTP, as from any machine; a run that was begun just now is stuck hours later."""
    monkeypatch.setenv("PREFECT_API_URL", str(client.api_url))
    now = datetime.now(UTC)  # noqa: TID251  # the server's own
    seen = server_status(settings, now)
    assert set(seen.wanted) == {item for item in ours(client) if item not in FOREIGN}
    assert list(server_faults(seen, now)) == []
    there = ours(client)
    client.delete_deployment(there["curves"].id)
    client.pause_deployment(there["risk_list"].id)
    inbox = there[f"read_inbox-{OTHER}"]
    client.update_deployment_schedule(inbox.id, inbox.schedules[0].id, active=False)
    states: dict[str, State[Any]] = {
        "read_inbox": Running(),
        "deliver_outbox": Late(scheduled_time=now),
        "evaluation": Pending(),
        "determine_projects": Suspended(timeout_seconds=3600),
    }
    for name, state in states.items():
        client.create_flow_run_from_deployment(there[name].id, state=state)
    assert [fault.kind for fault in server_faults(server_status(settings, now), now)] == [
        "deployments"
    ]
    later = now + timedelta(hours=4)
    missing, *runs = server_faults(server_status(settings, later), later)
    assert "未登记：curves；" in missing.text
    assert f"定时未启用：read_inbox-{OTHER}、risk_list。" in missing.text
    assert {(fault.of, "领取" in fault.text) for fault in runs} == {
        ("read_inbox", False),
        ("deliver_outbox", True),
        ("evaluation", True),
    }


def test_a_server_that_is_none_is_a_finding(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)  # noqa: TID251
    for said, problem in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "答复不是 Prefect 服务的"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "管理员密码不符"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "答复 HTTP 500"),
        (b"\xff\xfe\r\n\r\n", "无法连接"),
    ):
        with answering(said) as url:
            monkeypatch.setenv("PREFECT_API_URL", url)
            assert server_status(settings, now, tries=1).problem == problem
    monkeypatch.setenv("PREFECT_API_URL", "http://secret:word@[nonsense")
    assert server_status(settings, now, tries=1).problem == "无法连接"


def test_what_has_come_in_starts_its_job_once_and_no_other(
    settings: Settings, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", str(client.api_url))
    before = {run.id for run in client.read_flow_runs(limit=200)}
    quick = settings.model_copy(update={"inbox_settle_seconds": 1})
    for path in (quick.inbox / "太原市" / "表.xlsx", quick.incoming / "信.eml"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    stop = Event()
    thread = Thread(target=listen, args=(quick, stop, 0.3))
    thread.start()
    sleep(4)
    stop.set()
    thread.join(20)
    runs = [run for run in client.read_flow_runs(limit=200) if run.id not in before]
    jobs = {item.id: name for name, item in ours(client).items()}
    called = [
        jobs[run.deployment_id] for run in runs if run.deployment_id and not run.auto_scheduled
    ]
    assert sorted(called) == ["read_inbox", "receive_mails"]
    with reading(open_engine(settings.sqlalchemy_url)) as session:
        assert last_round(session, LISTENING) is not None


def test_only_what_is_said_of_observers_is_kept_quiet(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("asyncio")
    before = [*logger.filters]
    keep_observers_quiet()
    try:
        logger.error("Exception in callback FlowRunCancellingObserver._handle_polling_task_done")
        logger.error("Task exception was never retrieved")
    finally:
        logger.filters[:] = before
    assert [record.getMessage() for record in caplog.records] == [
        "Task exception was never retrieved"
    ]

"""Forms as runs of a real Prefect server: refused, done, done again, and what they leave behind."""

import json
from collections.abc import Iterator
from logging import getLogger
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook
from prefect import Flow, flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import FailedRun, PrefectHTTPStatusError
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.testing.utilities import prefect_test_harness
from sqlalchemy import text

from common.errors import UnavailableError
from deployments.demo import EXAMPLE
from flows.forms.advance_project import advance_project
from flows.forms.asking import LONGEST, REFUSED, afterwards, shortened
from flows.forms.choices import refresh_choices
from flows.forms.export_workbook import export_workbook
from flows.forms.extend_deadline import extend_deadline
from flows.forms.hold_project import hold_project
from flows.forms.import_workbook import import_workbook
from flows.forms.record_milestone import record_milestone
from flows.forms.replace_project import replace_project
from flows.forms.retry_dead_letters import retry_dead_letters
from operations.cases.desk import Desk
from tests.support.mail_server import free_port
from tests.support.steps import ONE, PROVINCE, TAIYUAN
from tests.support.stores import Stores

pytestmark = pytest.mark.heavy
RUNS = "prefect.flow_runs"
ON, BY = "2023-03-01", {"actor": PROVINCE}


@pytest.fixture(scope="module", autouse=True)
def prefect() -> Iterator[None]:
    """One server for the whole file."""
    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture
def desk(stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The ten projects of 太原市, where the settings of a run find them."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as opened:
        monkeypatch.setenv("XINGFU_HOME", str(opened.settings.home))
        monkeypatch.setenv("XINGFU_BUSINESS_DATE", "2023-12-31")
        yield opened


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


def ask(flow: Flow[..., Any], **form: Any) -> State[Any]:
    """Run the flow as its deployment would: the form is what the server was given."""
    state = run_flow(flow, parameters={"form": form}, return_type="state")
    assert isinstance(state, State)
    return state


def run_of(client: SyncPrefectClient, state: State[Any]) -> Any:
    assert state.state_details.flow_run_id is not None
    return client.read_flow_run(state.state_details.flow_run_id)


def told(client: SyncPrefectClient, state: State[Any]) -> tuple[str | None, str]:
    """The key and the text of the one artifact of a run."""
    run = run_of(client, state)
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    (found,) = client.read_artifacts(artifact_filter=of_run)
    return found.key, str(found.data)


def audited(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit")).scalar_one())


REFUSALS: tuple[tuple[Flow[..., Any], dict[str, Any], str, str], ...] = (
    (
        advance_project,
        {"project": f"{ONE}　示例", "action": "pass_acceptance　验收通过", "on": ON, **BY},
        f"advance_project-{ONE}-pass_acceptance",
        "竣工验收尚未合格",
    ),
    (
        record_milestone,
        {"subject": "太原市", "fact": "D99", "on": ON, **BY},
        "record_milestone-太原市-D99",
        "没有可登记的事项“D99”",
    ),
    (
        extend_deadline,
        {"subject": ONE, "rule": "D01", "until": "2023-01-20", "on": ON, "evidence": "", **BY},
        f"extend_deadline-{ONE}-D01",
        "延期须有批准文件",
    ),
    (
        hold_project,
        {"project": ONE, "step": "恢复", "on": ON, **BY},
        f"hold_project-{ONE}-恢复",
        "不能办理“恢复”",
    ),
    (
        replace_project,
        {"on": ON, "evidence": "示例", **BY},
        "replace_project",
        "请选择终止的项目或递补的项目",
    ),
    (
        import_workbook,
        {"path": "/etc/passwd", **BY},
        "import_workbook-/etc/passwd",
        "不是 .xlsx 文件",
    ),
    (
        export_workbook,
        {"kind": "月报", "month": "6月", "subject": "太原市", **BY},
        "export_workbook-月报-太原市",
        "应如 2023-06",
    ),
)


@pytest.mark.parametrize(("flow", "form", "name", "reason"), REFUSALS, ids=lambda it: str(it)[:20])
def test_a_refusal_is_told_and_nothing_is_written(
    desk: Desk,
    client: SyncPrefectClient,
    flow: Flow[..., Any],
    form: dict[str, Any],
    name: str,
    reason: str,
) -> None:
    before = audited(desk)
    state = ask(flow, **form)
    assert (state.name, state.is_failed()) == (REFUSED, True)
    assert reason in (state.message or "")
    key, shown = told(client, state)
    assert key == f"shanxi-2023-{flow.name.replace('_', '-')}"
    assert shown.startswith("# ")
    assert f"：{REFUSED}\n" in shown
    assert reason in shown
    assert run_of(client, state).name == name
    assert audited(desk) == before


def test_what_is_done_is_told_and_a_retry_does_not_do_it_again(
    desk: Desk, client: SyncPrefectClient
) -> None:
    form = {"project": ONE, "action": "confirm_site", "on": "2023-02-06", **BY}
    before = audited(desk)
    done = ask(advance_project, **form)
    assert done.is_completed()
    assert done.message == "办理项目：已办理"
    assert "选址 → 申报" in told(client, done)[1]
    with desk.engine.connect() as connection:
        row = connection.execute(text("SELECT actor, action FROM audit ORDER BY id DESC")).first()
    assert row is not None
    assert tuple(row) == (PROVINCE, "confirm_site")
    assert sorted(_events(client, ONE)) == ["xingfu.project.advanced", "xingfu.project.imported"]
    again = ask(advance_project, **form)
    assert again.name == REFUSED
    assert audited(desk) == before + 1
    assert len(_events(client, ONE)) == 2


def test_dead_letters_are_listed_first(desk: Desk, client: SyncPrefectClient) -> None:
    tried = ask(retry_dead_letters, **BY)
    assert tried.message == "重发死信：试办，未写入"
    assert told(client, tried)[1].startswith("# 重发死信：试办，未写入\n")
    assert "死信：0条" in told(client, ask(retry_dead_letters, dry_run=False, **BY))[1]


def test_a_workbook_and_the_choices_that_it_brings(desk: Desk, client: SyncPrefectClient) -> None:
    id, untouched = _registered("advance_project"), _registered("other", plan="other-2023")
    assert _projects(client, id) is None
    assert refresh_choices(desk) == 1
    assert refresh_choices(desk) == 0
    assert len(_projects(client, id) or ()) == 10
    path = str(EXAMPLE / "workbooks" / "03-朔州市.xlsx")
    tried = ask(import_workbook, path=path, **BY)
    assert "试办，未写入" in told(client, tried)[1]
    assert len(_projects(client, id) or ()) == 10
    assert "试办" not in told(client, ask(import_workbook, path=path, dry_run=False, **BY))[1]
    assert len(_projects(client, id) or ()) == 15
    assert _projects(client, untouched) is None
    _accepts_only_choices(client, id)


def _registered(name: str, **parameters: Any) -> UUID:
    deployment = advance_project.to_deployment(name=name, parameters=parameters)
    assert isinstance(deployment, RunnerDeployment)
    id = deployment.apply()
    assert isinstance(id, UUID)
    return id


def _accepts_only_choices(client: SyncPrefectClient, id: UUID) -> None:
    project = (_projects(client, id) or [""])[-1]
    form = {"project": project, "action": "confirm_site　确定选址", "on": ON, **BY}
    run = client.create_flow_run_from_deployment(id, parameters={"form": form})
    assert run.parameters["form"]["project"] == project
    for wrong in ({"project": ONE}, {"actor": ""}, {"colour": "red"}):
        with pytest.raises(PrefectHTTPStatusError, match="409"):
            client.create_flow_run_from_deployment(id, parameters={"form": {**form, **wrong}})


def test_faults_of_a_workbook_are_told_by_cell(
    desk: Desk, client: SyncPrefectClient, tmp_path: Path
) -> None:
    folder = desk.settings.inbox / "大同市"  # where a copy would be taken for handed in
    exports = desk.settings.outgoing / "exports" / "shanxi-2023"
    folder.mkdir(parents=True)
    book = load_workbook(EXAMPLE / "workbooks" / "02-大同市.xlsx")
    book.worksheets[0]["F7"] = "很大"
    book.save(folder / "甲.xlsx")
    state = ask(import_workbook, path="大同市/甲.xlsx", dry_run=False, **BY)
    _, shown = told(client, state)
    assert state.name == REFUSED
    assert "| 附件3 汇总表 | F7 | “很大” |" in shown
    assert str(exports / "甲-需修改.xlsx") in shown.replace("＿", "_")


def test_an_export_lies_in_the_outgoing_folder(desk: Desk, client: SyncPrefectClient) -> None:
    state = ask(export_workbook, kind="项目台账", **BY)
    (written,) = (desk.settings.outgoing / "exports" / "shanxi-2023").iterdir()
    assert f"`{written}`" in told(client, state)[1]


def test_a_refusal_leaves_no_traceback_in_the_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    form = {"project": ONE, "action": "determine", "on": ON, **BY}
    with pytest.raises(FailedRun, match="不能办理"):  # as a deployment's process runs it
        run_flow(advance_project, parameters={"form": form}, error_logger=getLogger(RUNS))
    assert "Traceback" not in caplog.text
    assert "办理项目：未办理，原因见本次运行的结果" in caplog.text


def test_what_cannot_be_done_afterwards_spoils_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/api"
    with temporary_settings({PREFECT_API_URL: nowhere}), pytest.raises(UnavailableError) as gone:
        refresh_choices(desk)

    def refresh(_: Desk) -> None:
        raise gone.value

    @flow
    def form() -> None:
        afterwards(refresh, desk)

    form()
    assert "后续工作稍后由定时任务补做：表单的选项未能更新" in caplog.text


def test_a_long_refusal_is_cut_for_the_state() -> None:
    assert shortened("甲" * LONGEST) == "甲" * LONGEST
    assert shortened("甲" * (LONGEST + 1)).endswith("……（全文见本次运行的结果）")


def _projects(client: SyncPrefectClient, id: UUID) -> list[str] | None:
    schema = client.read_deployment(id).parameter_openapi_schema or {}
    found: list[str] | None = schema["definitions"]["AdvanceRequestForm"]["properties"][
        "project"
    ].get("enum")
    return found


def _events(client: SyncPrefectClient, subject: str) -> list[str]:
    resource = {"id": [f"xingfu.shanxi-2023.{subject}"]}
    since = {"since": "2020-01-01T00:00:00Z"}
    body = {"filter": {"resource": resource, "occurred": since}, "limit": 50}
    answer = client.request("POST", "/events/filter", json=body)
    return [item["event"] for item in json.loads(answer.text)["events"]]

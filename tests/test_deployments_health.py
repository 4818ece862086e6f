"""/health and /metrics: the same as the watch finds, for machines, and nothing else."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import sleep

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deployments.server.asking import server_status
from deployments.server.health import (
    SharedLook,
    Standing,
    _HealthServer,
    health,
    metrics,
    serving_health,
)
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.surveying import WatchReport
from states.watch import KINDS, WatchFault, WorkStatus
from tests.support.mail_server import free_port

AT = datetime(2023, 2, 21, 1, tzinfo=UTC)
QUOTED = "示例·李某 13800000000 mailto://secret@x"
FAULTS = (
    WatchFault("late", QUOTED, "shanxi-2023", AT),
    WatchFault("tables", QUOTED, "shanxi-2023 太原市", AT),
)
WORK = WorkStatus("shanxi-2023", AT, finished_at=AT, dead=3, waiting=2, waiting_since=AT)
WELL: Standing = (WatchReport(works=(WORK,), backup_at=AT, free_mb=5), ())
TROUBLE: Standing = (WELL[0], FAULTS)


@contextmanager
def answering(seen: Standing) -> Iterator[str]:
    """The address of a server that answers with that."""
    with _HealthServer(("127.0.0.1", 0), SharedLook(lambda: seen)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def figures(text: str) -> dict[tuple[str, ...], float]:
    """Each sample, by its name and labels; read by Prometheus' own parser."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health_says_what_is_wrong_since_when_and_what_to_do() -> None:
    code, content = health(TROUBLE)
    said = json.loads(content)
    assert (code, said["status"]) == (503, "trouble")
    assert said["faults"][0] == {
        "kind": "late",
        "label": "每日核对未按时完成",
        "of": "shanxi-2023",
        "since": "2023-02-21T01:00:00+00:00",
        "advice": KINDS["late"].advice,
    }
    assert (health(WELL)[0], json.loads(health(WELL)[1])) == (200, {"status": "well", "faults": []})
    assert (health(None)[0], json.loads(health(None)[1])["status"]) == (503, "unknown")


def test_metrics_say_the_same_in_numbers() -> None:
    told = figures(metrics(TROUBLE).decode())
    since = AT.timestamp()
    assert {kind: told["xingfu_faults", kind] for kind in KINDS} == {
        kind: float(kind in ("late", "tables")) for kind in KINDS
    }
    assert told["xingfu_fault_since_timestamp_seconds", "tables", "shanxi-2023 太原市"] == since
    assert told["xingfu_finished_timestamp_seconds", "shanxi-2023"] == since
    assert told["xingfu_waiting_since_timestamp_seconds", "shanxi-2023"] == since
    assert told["xingfu_messages_waiting", "shanxi-2023"] == 2
    assert told["xingfu_messages_dead", "shanxi-2023"] == 3
    assert ("xingfu_inbox_timestamp_seconds", "shanxi-2023") not in told, "it never was read"
    assert told["xingfu_backup_timestamp_seconds",] == since
    assert told["xingfu_disk_free_bytes",] == 5_000_000
    assert told["xingfu_watch_up",] == 1
    assert figures(metrics(None).decode()) == {("xingfu_watch_up",): 0}


def test_nothing_of_an_error_a_person_or_a_secret_is_told() -> None:
    for told in (health(TROUBLE)[1], metrics(TROUBLE)):
        assert not any(word in told.decode() for word in ("李某", "13800000000", "secret"))


@pytest.mark.heavy
def test_it_is_for_reading_by_its_own_name_alone() -> None:
    with answering(WELL) as address:
        assert httpx.get(f"{address}/health").status_code == 200
        answer = httpx.get(f"{address}/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert "xingfu_watch_up 1.0" in answer.text
        for path in ("/", "/health/", "/../health", "/metrics?x"):
            assert httpx.get(f"{address}{path}").status_code in (200, 404), path
        assert httpx.get(f"{address}/").status_code == 404
        assert httpx.post(f"{address}/health").status_code == 501
        assert httpx.delete(f"{address}/metrics").status_code == 501
        for host in ("evil.example", "evil.example:80", "", "127.0.0.1.evil.example:1"):
            assert httpx.get(f"{address}/health", headers={"Host": host}).status_code == 403


def test_many_ask_and_one_looks() -> None:
    begun, go_on, looks = Event(), Event(), []

    def look() -> Standing:
        looks.append(1)
        begun.set()
        go_on.wait(30)
        return WELL

    seen = SharedLook(look)
    found: list[Standing | None] = []
    asking = [Thread(target=lambda: found.append(seen.get())) for _ in range(5)]
    for each in asking:
        each.start()
    assert begun.wait(30)
    go_on.set()
    for each in asking:
        each.join(30)
    assert (len(looks), found) == (1, [WELL] * 5)
    assert seen.get() == WELL
    assert len(looks) == 1, "what was seen a moment ago is good still"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_look_that_fails_is_not_taken_for_well() -> None:
    def look() -> Standing:
        raise RuntimeError("示例")

    assert SharedLook(look).get() is None


@pytest.mark.heavy
def test_callers_that_say_nothing_do_not_keep_others_out_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than there is room for are sent away; those who are silent are left after a while."""
    monkeypatch.setattr("deployments.server.health._Handler.timeout", 0.2)
    with answering(WELL) as address:
        port = int(address.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for caller in silent:
            caller.settimeout(30)
            assert caller.recv(1) == b"", "it was closed"
            caller.close()
        assert httpx.get(f"{address}/health").status_code == 200


@pytest.mark.heavy
def test_what_serve_offers_is_what_the_watch_finds(sqlite_desk: Desk) -> None:
    """Of a real database, and of a server that is not there."""
    port, gone = free_port(), free_port()
    settings = sqlite_desk.settings.model_copy(update={"health_port": port, "port": gone})
    with serving_health(settings):
        answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=60)
    kinds = {fault["kind"] for fault in answer.json()["faults"]}
    assert answer.status_code == 503
    assert {"late", "inbox", "backup", "server"} <= kinds <= {*KINDS} - {"check", "database"}
    assert not list(settings.outgoing.rglob("*.eml")), "nobody is told by asking"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health")


def test_a_port_that_is_taken_keeps_nobody_from_serving(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with serving_health(Settings(home=tmp_path, health_port=port)):
            pass
    assert f"健康检查端口 {port} 不可用" in capsys.readouterr().err


def test_none_is_offered_at_port_nought(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving_health(Settings(home=tmp_path, health_port=0)):
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.heavy
def test_a_server_that_cannot_even_be_asked_stops_no_watch(tmp_path: Path) -> None:
    """Its address may be nonsense, the settings' file unreadable: that is said."""
    with pytest.MonkeyPatch.context() as patch:
        for url in ("", "nonsense", "http://", "ftp://x/api", "http://127.0.0.1:99999/api"):
            patch.setenv("PREFECT_API_URL", url)
            status = server_status(Settings(home=tmp_path), AT, tries=1)
            assert status.problem, url
    (tmp_path / "admin.password").write_text("two\nlines", encoding="utf-8")
    told = server_status(Settings(home=tmp_path), AT, tries=1).problem
    assert "admin.password 无法使用" in told, "with what to mend"


@pytest.mark.heavy
def test_a_server_that_drips_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its bytes comes in time, from the very first answer on."""
    monkeypatch.setattr("deployments.server.asking.ALL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with suppress(OSError), listening.accept()[0] as caller:
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
                for _ in range(60):
                    caller.sendall(b" ")
                    sleep(0.1)

        Thread(target=drip, daemon=True).start()
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{listening.getsockname()[1]}/api")
        status = server_status(Settings(home=tmp_path), AT, tries=1)
        assert status.problem == "答复过长或过慢"

"""Growing out of one machine: each part killed during a run, and nothing is lost or sent twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from sqlalchemy import text

from deployments.server import automations
from deployments.server.automations import apply_automations
from operations.cases.desk import Desk
from operations.daily.delivery import BATCH
from states.contacts import Post
from tests.support.cluster import AUTH, MACHINERY, XINGFU, Cluster, until
from tests.support.delivering import know
from tests.support.mail_server import Inbox, mail_server, parsed
from tests.support.stores import Stores
from tests.support.yearly import MAY, UNTIL_MAY

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.postgresql,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not MACHINERY, reason="needs Debian's redis-server and postgresql"),
]
DAY = MAY + timedelta(days=1)
"""Seven workdays before 开工: most counties are reminded, more offices than one batch holds."""
DIGESTS = "SELECT digest, bool_or(ambiguous), bool_and(status = 'sent') FROM delivery"
ADMIN = "admin@example.com"


@pytest.fixture
def desk(postgres: str, tmp_path: Path, stores: Stores) -> Iterator[Desk]:
    """The example province before anybody was told of anything."""
    with stores.desk(postgres, UNTIL_MAY, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as server:
        yield server


@pytest.fixture
def cluster(desk: Desk, inbox: Inbox, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with two workers that knows every deployment; none begins by itself."""
    url = desk.settings.database_url
    assert url
    given = {
        "XINGFU_HOME": str(desk.settings.home),
        "XINGFU_DATABASE_URL": url.get_secret_value().replace("+psycopg", ""),
        "XINGFU_BUSINESS_DATE": f"{DAY}",
        "XINGFU_ADMIN_CHANNELS": f"{address(inbox, ADMIN)}\nfolder://",
    }
    made = Cluster(tmp_path, given)
    try:
        made.start()
        made.once("register", XINGFU, "register")
        for deployment in made.post("deployments/filter"):
            made.post(f"deployments/{deployment['id']}/pause_deployment")
        made.worker("worker-1")
        made.worker("worker-2")
        with temporary_settings({PREFECT_API_URL: api(made), PREFECT_API_AUTH_STRING: AUTH}):
            yield made
    finally:
        made.stop()


def test_each_part_may_die_during_a_run(
    cluster: Cluster, desk: Desk, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API server, services, worker with its run: the run is taken up again, all are told once."""
    know(desk, *everybody(desk, inbox))
    our_automations_alone_are_put_right(monkeypatch)
    inbox.after_data = "slow"
    first = begin(cluster, "enforce_deadlines")
    arrived(cluster, inbox, 3)
    cluster.kill("api-1")
    arrived(cluster, inbox, 6)
    cluster.kill("services")
    cluster.services("services-again")
    arrived(cluster, inbox, 15)
    assert state(cluster, first) == "Running"
    kill_run(cluster)
    inbox.after_data = ""
    for _ in range(2):  # in one hour
        ended(cluster, begin(cluster, "deliver_outbox", plan="unknown"), "Failed")
    ended(cluster, first, "Crashed")
    second = until(lambda: another(cluster, first), "it is taken up again", cluster.logs, every=1)
    ended(cluster, second)
    lapse(desk)
    ended(cluster, begin(cluster, "deliver_outbox"))
    until(lambda: len(told(cluster)) >= 2, "admins are told", cluster.logs, every=1)

    what_happened_can_be_seen(cluster, first, second)
    admins_were_told(desk, inbox, first)
    everybody_was_told_once(desk, inbox)


def our_automations_alone_are_put_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is as it should be is not touched, what was changed is; and a test has no 90 seconds."""
    with get_client(sync_client=True) as client:
        before = {item.name: item for item in client.read_automations()}
        assert set(apply_automations()) == set(before)
        assert {item.name: item for item in client.read_automations()} == before
        one = next(iter(before.values()))
        for name in ("别人的规则", f"{automations.PREFIX}旧规则"):
            client.create_automation(AutomationCore(name=name, trigger=one.trigger, actions=[]))
        monkeypatch.setattr(automations, "SILENT", timedelta(seconds=60))
        monkeypatch.setattr(automations, "AGAIN", timedelta(seconds=5))
        apply_automations()
        after = {item.name: item for item in client.read_automations()}
    assert after.keys() == before.keys() | {"别人的规则"}
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {f"{automations.PREFIX}{name}" for name in ("运行无响应", "中断后重新执行")}
    assert all(after[name].id == before[name].id for name in before)


def what_happened_can_be_seen(cluster: Cluster, first: str, second: str) -> None:
    """From the API, as the UI shows it."""
    died = cluster.get(f"flow_runs/{first}")
    assert "没有收到该运行的心跳" in died["state"]["message"]
    again = cluster.get(f"flow_runs/{second}")
    assert again["created_by"]["display_value"] == f"{automations.PREFIX}中断后重新执行"


def admins_were_told(desk: Desk, inbox: Inbox, first: str) -> None:
    """Once of each trouble, though one came twice, and through each of their channels."""
    files = [path.read_bytes() for path in desk.settings.outgoing.glob("*/系统管理员-*.eml")]
    mails = [content(mail) for mail in inbox.mails if mail.rcpt_tos == [ADMIN]]
    for messages in (files, mails):
        subjects = Counter(str(parsed(message)["Subject"]) for message in messages)
        assert subjects == {
            "【幸福养老工程】系统告警：enforce_deadlines 运行中断": 1,
            "【幸福养老工程】系统告警：deliver_outbox 运行失败": 1,
        }
    bodies = [parsed(message).get_body(("plain",)) for message in files]
    texts = [body.get_content() for body in bodies if isinstance(body, EmailMessage)]
    assert sum(f"/runs/flow-run/{first}" in text for text in texts) == 1


def everybody_was_told_once(desk: Desk, inbox: Inbox) -> None:
    """Each digest arrived; more than once only where that is marked, and then with the same id."""
    mails = [parsed(content(mail)) for mail in inbox.mails if mail.rcpt_tos != [ADMIN]]
    arrived = Counter(str(mail["Message-ID"]) for mail in mails)
    with desk.engine.connect() as connection:
        rows = connection.execute(text(f"{DIGESTS} GROUP BY digest")).all()
    assert all(sent for *_, sent in rows)
    assert set(arrived) == {f"<{digest}@xingfu.invalid>" for digest, *_ in rows}
    doubtful = {f"<{digest}@xingfu.invalid>" for digest, ambiguous, _ in rows if ambiguous}
    twice = {mail for mail, count in arrived.items() if count > 1}
    assert len(twice) >= 14  # what had arrived when the sender was killed
    assert twice <= doubtful
    assert max(arrived.values()) == 2
    assert len(doubtful) <= BATCH < len(rows)


def content(mail: Envelope) -> bytes:
    assert isinstance(mail.content, bytes)
    return mail.content


def everybody(desk: Desk, inbox: Inbox) -> Iterator[Post]:
    for number, office in enumerate(desk.plan.every_office()):
        to = f"p{number}@example.com"
        yield Post(office.name, f"示例·{number}", channels=(address(inbox, to),))


def address(inbox: Inbox, to: str) -> str:
    return f"mailto://127.0.0.1:{inbox.port}?from=x@example.com&to={to}&mode=insecure"


def api(cluster: Cluster) -> str:
    return cluster.environment["PREFECT_API_URL"]


def begin(cluster: Cluster, name: str, **parameters: object) -> str:
    [found] = cluster.post("deployments/filter", deployments={"name": {"any_": [name]}})
    run = cluster.post(f"deployments/{found['id']}/create_flow_run", parameters=parameters)
    return str(run["id"])


def state(cluster: Cluster, run: str) -> str:
    return str(cluster.get(f"flow_runs/{run}")["state"]["name"])


def ended(cluster: Cluster, run: str, name: str = "Completed") -> None:
    until(lambda: state(cluster, run) == name, f"the run is {name}", cluster.logs, every=1)


def runs(cluster: Cluster, deployment: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.post(
        "flow_runs/filter", deployments={"name": {"any_": [deployment]}}
    )
    return found


def told(cluster: Cluster) -> list[dict[str, Any]]:
    found = runs(cluster, "tell_admins")
    return [run for run in found if run["state_type"] == "COMPLETED"]


def another(cluster: Cluster, first: str) -> str | None:
    return next((r["id"] for r in runs(cluster, "enforce_deadlines") if r["id"] != first), None)


def arrived(cluster: Cluster, inbox: Inbox, count: int) -> None:
    until(lambda: len(inbox.mails) >= count, f"{count} mails", cluster.logs)


def kill_run(cluster: Cluster) -> None:
    """Kill the worker that has the run, and the run."""
    workers = {name: cluster.begun(name) for name in ("worker-1", "worker-2")}
    [(busy, [courier])] = [(name, begun) for name, begun in workers.items() if begun]
    assert courier[-1] == "prefect.engine"
    assert "-m" not in courier  # it is forked from what is ready, nothing has begun anew
    cluster.kill(busy)


def lapse(desk: Desk) -> None:
    """Let the ten minutes pass for which a dead sender holds its people's turns."""
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE addressee SET leased_until = now() - interval '1 minute'"))

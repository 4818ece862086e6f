"""Asks the Prefect server what it is to run and what has got stuck, for the watch.

As any machine would ask, over HTTP: the watch loads nothing of what it watches. Every wait has an
end, and what is read has a limit.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from sqlalchemy.exc import SQLAlchemyError

from common.errors import PolicyError, UnavailableError, XingfuError
from deployments.server.definitions import TAG, Definition, definitions_for, offered
from deployments.server.process import environment
from models.settings import Settings
from operations.upkeep.setup import installed_plans
from policy.load import load_plan, plan_path
from policy.schema import Plan
from states.watch import LATE_LONGEST, ServerStatus, StuckRun

STEP_SECONDS, ALL_SECONDS = 10, 60
TRIES, PAUSE_SECONDS = 4, 5
"""A server that is just being started again is no trouble."""
PAGE, MOST_PAGES = 50, 40
MOST_BYTES = 20_000_000
API_AUTH = "PREFECT_API_AUTH_STRING"
OURS = {"tags": {"all_": [TAG]}}
SCHEDULED = {"state": {"type": "SCHEDULED", "name": "Scheduled"}}
BEGUN = ("RUNNING", "PENDING", "CANCELLING")


def server_status(settings: Settings, at: datetime, *, tries: int = TRIES) -> ServerStatus:
    """What the server that `PREFECT_API_URL` names, or that of the settings, answers.

    It never fails: why it could not be asked is part of it.
    """
    end = monotonic() + ALL_SECONDS
    try:
        wanted = {item.name: len(item.schedules) for item in _wanted(settings)}
        with httpx.Client(timeout=STEP_SECONDS, **_how(settings)) as client:
            answers = _Answers(client, end, tries)
            deployments = list(answers.pages("deployments/filter", deployments=OURS))
            names = {item["id"]: item["name"] for item in deployments}
            return ServerStatus(
                wanted=wanted,
                there={item["name"]: _on(item) for item in deployments},
                runs=tuple(_runs(answers, names, at)),
            )
    except (XingfuError, httpx.HTTPError, httpx.InvalidURL) as error:
        return ServerStatus(_why(error))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ServerStatus("答复不是 Prefect 服务的")
    except Exception as error:  # of whatever kind: it must not stop the rest of the watch
        return ServerStatus(f"未能查看，{type(error).__name__}")


def start_run(settings: Settings, deployment: str, flow: str) -> None:
    """Let a deployment run now. UnavailableError when the server does not take it."""
    try:
        with httpx.Client(timeout=STEP_SECONDS, **_how(settings)) as client:
            answers = _Answers(client, monotonic() + ALL_SECONDS, 1)
            found = answers.asked("GET", f"deployments/name/{quote(flow)}/{quote(deployment)}")
            answers.asked("POST", f"deployments/{found['id']}/create_flow_run", json=SCHEDULED)
    except (UnavailableError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnavailableError(f"Prefect 服务未能启动 {deployment}：{_why(error)}") from None
    except (ValueError, KeyError, TypeError):
        raise UnavailableError(f"Prefect 服务未能启动 {deployment}：答复无法识别") from None


def _wanted(settings: Settings) -> Sequence[Definition]:
    """Every deployment that is to be there; the settings' own plan's where nobody can tell."""
    try:
        plans: Sequence[str] = installed_plans(settings)
    except (XingfuError, SQLAlchemyError, OSError):
        plans = (settings.plan,)
    known: dict[str, Plan] = {}
    for id in {settings.plan, *plans}:
        with suppress(PolicyError, OSError):
            path = plan_path(id, settings.plans)
            known[id] = _read(path, path.stat().st_mtime_ns)
    return tuple(offered(definitions_for(settings.plan, plans), known))


@lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Plan:
    """A plan, read anew when its file has changed."""
    return load_plan(path)


def _how(settings: Settings) -> dict[str, Any]:
    given = {**environment(settings), **os.environ}
    user, _, password = given.get(API_AUTH, "").partition(":")
    return {
        "base_url": given["PREFECT_API_URL"].rstrip("/") + "/",
        "auth": (user, password) if user else None,
    }


def _on(item: Mapping[str, Any]) -> int:
    """How many schedules of a deployment are on."""
    return 0 if item["paused"] else sum(bool(each["active"]) for each in item["schedules"])


def _runs(answers: "_Answers", names: Mapping[str, str], at: datetime) -> Iterator[StuckRun]:
    """Runs that should have begun an hour ago and have not ended."""
    due = {"expected_start_time": {"before_": (at - LATE_LONGEST).isoformat()}}
    for state in ({"type": {"any_": BEGUN}}, {"name": {"any_": ["Late"]}}):
        for run in answers.pages(
            "flow_runs/filter",
            deployments=OURS,
            flow_runs={**due, "state": state},
            sort="EXPECTED_START_TIME_ASC",
        ):
            waits = run["state_type"] not in ("RUNNING", "CANCELLING")
            since = run["expected_start_time"] if waits else run["state"]["timestamp"]
            job = names.get(run["deployment_id"], "（已移除的任务）")
            yield StuckRun(job, datetime.fromisoformat(since), waits)


class _Answers:
    """What one server answers, until an end."""

    def __init__(self, client: httpx.Client, end: float, tries: int) -> None:
        self._client = client
        self._end = end
        self._token = self._csrf(tries)

    def pages(self, path: str, **body: Any) -> Iterator[Any]:
        """All items, a page at a time."""
        for page in range(MOST_PAGES):
            found = self.asked("POST", path, json={**body, "limit": PAGE, "offset": page * PAGE})
            yield from found
            if len(found) < PAGE:
                return

    def _csrf(self, tries: int) -> Mapping[str, str]:
        """What the server wants with each question, where it guards against foreign pages."""
        client = uuid4().hex
        for left in reversed(range(tries)):
            try:
                answer = self._answer("GET", "csrf-token", params={"client": client})
                break
            except httpx.TransportError:
                if not left:
                    raise
                sleep(PAUSE_SECONDS)
        if answer.status_code in (404, 422):  # it does not
            return {}
        _require(answer)
        return {"Prefect-Csrf-Token": str(answer.json()["token"]), "Prefect-Csrf-Client": client}

    def asked(self, method: str, path: str, **more: Any) -> Any:
        """What one question is answered, as JSON."""
        answer = self._answer(method, path, headers=self._token, **more)
        _require(answer)
        return answer.json()

    def _answer(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A whole answer, read as far as is asked for."""
        with self._client.stream(method, path, **more) as answer:
            content = bytearray()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MOST_BYTES or monotonic() > self._end:
                    raise UnavailableError("答复过长或过慢")
        return httpx.Response(answer.status_code, content=bytes(content))


def _require(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise UnavailableError(_refusal(answer))


def _refusal(answer: httpx.Response) -> str:
    wrong = answer.status_code in (401, 403)
    return "管理员密码不符" if wrong else f"答复 HTTP {answer.status_code}"


@contextmanager
def needing_server(failed: str, url: str) -> Iterator[None]:
    """UnavailableError that begins with `failed` where the server at `url` does not do its part."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        place = url.rpartition("@")[2]  # no password
        raise UnavailableError(
            f"{failed}（{place}）：{_why(error)}。请先启动服务，并核对 PREFECT_API_URL 和管理员密码"
        ) from error


def _why(error: Exception) -> str:
    """In our own words, not the library's: those may quote an address with its password."""
    if isinstance(error, XingfuError):
        return str(error)
    if isinstance(error, httpx.HTTPStatusError):
        return _refusal(error.response)
    return "没有及时答复" if isinstance(error, httpx.TimeoutException) else "无法连接"

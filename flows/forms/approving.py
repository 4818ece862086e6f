"""Decisions that a person makes inside a run: shown, waited for without a process, recorded once.

A run that waits is suspended, and begins again from the top when it is resumed. So everything up to
the decision may be repeated, and the decision is a record of ours that is there once, whatever
happens to the run. What a person has answered counts only for what was shown to them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Literal, TypeVar, cast

from prefect import runtime, task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import FlowRunInput, State
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.input.actions import filter_flow_run_input
from prefect.states import Completed
from pydantic import ValidationError

from common.clock import now, today
from common.errors import RefusedError, UsageError
from flows.emitting import emit_events
from flows.forms.asking import REFUSED, afterwards, answer_page, refusal_state
from flows.forms.fields import faults
from flows.forms.telling import refused
from flows.pages.entrance import WaitingRun
from flows.pages.markdown import plain
from flows.publishing import publish_waiting
from flows.steps import PATIENT
from operations.cases.desk import Desk

DAYS = 60
"""For how long a run waits for its decision; then it fails, and is started anew."""
PREFIX = "suspended-"
KEY = re.compile(PREFIX + r"(\d+)-(\d{8})-([0-9a-f]{64})-(\w+)")
MOST = 1000
"""Of a run's answers and their schemas, how many are looked through."""

F = TypeVar("F", bound=RunInput)
Decision = Literal["同意", "不同意"]
"""What a person may decide. No enum: the UI would show its docstring."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be decided."""

    text: str
    """As it is shown; Markdown."""
    fingerprint: str
    """64 hexadecimal digits that change with anything that is shown."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How it ended."""

    word: str
    """For the run's state, e.g. 未同意."""
    text: str
    """Markdown."""


@dataclass(frozen=True, slots=True)
class DecisionMatter(Generic[F]):
    """Something that a person decides."""

    name: str
    """Its artifact is ``<plan>-<name>``."""
    title: str
    form: type[F]
    propose: Callable[[date], Proposal | Settlement]
    """What is to be decided as of a day, or that there is nothing (any more)."""
    decide: Callable[[date, str, F], Settlement]
    """Record what was decided on the proposal as of a day that had this fingerprint.

    A run that died begins again: what it has recorded already is given back as it was, whatever
    has happened since. Else ConflictError where the proposal has changed, RefusedError or
    UsageError with every reason, and nothing recorded.
    """


@dataclass(frozen=True, slots=True)
class _Question:
    """The last time that this run asked."""

    number: int
    day: date
    fingerprint: str
    answer: dict[str, Any] | None = None


def approved(desk: Desk, matter: DecisionMatter[F]) -> State[Any]:
    """Have a person decide; suspends the run until somebody has.

    An answer that is refused, or that is about something else than what stands now, is told in the
    artifact, and the run waits again. Ends as completed with what was decided, or as `REFUSED` when
    there can be no decision.
    """
    try:
        settled = _settled(desk, matter)
    except (RefusedError, UsageError) as refusal:
        _publish(desk, matter, f"{matter.title}：{REFUSED}", refused(refusal))
        afterwards(publish_waiting, desk)
        return refusal_state(refusal)
    told = f"{matter.title}：{settled.word}"
    _publish(desk, matter, told, settled.text)
    afterwards(emit_events, desk)
    afterwards(publish_waiting, desk)
    return Completed(message=told)


def _settled(desk: Desk, matter: DecisionMatter[F]) -> Settlement:
    asked, note = _last_asked(), ""
    if asked:
        taken = _taken(matter, asked)
        if isinstance(taken, Settlement):
            return taken
        note = taken
    day = today(desk.settings.business_date)
    proposal = matter.propose(day)
    if isinstance(proposal, Proposal):
        next_one = _Question(asked.number + 1 if asked else 1, day, proposal.fingerprint)
        _ask(desk, matter, proposal, next_one, note)
    assert isinstance(proposal, Settlement)  # noqa: S101  # asking has ended the process
    return proposal


def _taken(matter: DecisionMatter[F], asked: _Question) -> Settlement | str:
    """What came of the answer; or why it was not taken, in Markdown, and nothing without one."""
    answer = asked.answer
    if answer is None:
        return ""

    def decide() -> Settlement | str:
        try:
            form = matter.form.model_validate(answer)
            return matter.decide(asked.day, asked.fingerprint, form)
        except ValidationError as wrong:
            return refused(faults(matter.form, wrong))
        except (RefusedError, UsageError) as refusal:
            return refused(refusal)

    return task(name="decide", **PATIENT)(decide)()


def _ask(
    desk: Desk, matter: DecisionMatter[F], proposal: Proposal, asked: _Question, note: str
) -> None:
    """Show what is to be decided and end the process; the run goes on when it is resumed."""
    told = f"{matter.title}：等待决定（第{asked.number}次）"
    warning = f"**上次提交没有写入**\n\n{note}\n\n---\n" if note else ""
    how = HOW.format(run=plain(runtime.flow_run.name), id=runtime.flow_run.id, days=DAYS)
    _publish(desk, matter, told, f"{warning}\n{how}\n\n---\n\n{proposal.text}")
    own = WaitingRun(runtime.flow_run.name, str(runtime.flow_run.id), now())
    afterwards(lambda desk: publish_waiting(desk, own), desk)
    suspend_flow_run(
        wait_for_input=matter.form.with_initial_data(description=DESCRIPTION.format(told)),
        timeout=DAYS * 24 * 3600,
        key=f"{asked.number}-{asked.day:%Y%m%d}-{asked.fingerprint}",
    )


HOW = """请核对以下内容，作出决定后办理：

1. 打开本次运行 [{run}](/runs/flow-run/{id})（状态为 Suspended，即等待决定）；
2. 点右上角的 **Resume** 按钮，填写表单，点 **Submit**；
3. 提交后自动继续，结果见本页的新版本。填写有误或内容已有变化的，不会写入，本页说明原因后再次等待。

{days}天内没有决定的，本次运行作废，可重新启动。"""
DESCRIPTION = "{}。内容见本次运行的 Artifacts。"


def _last_asked() -> _Question | None:
    """What this run asked last, with the answer where there is one."""
    found: dict[int, _Question] = {}
    entries = filter_flow_run_input(key_prefix=PREFIX, limit=MOST)
    for entry in cast("list[FlowRunInput]", entries):  # no coroutine outside of a loop
        if match := KEY.fullmatch(entry.key):
            number, day, digest, what = match.groups()
            answer = _answer(entry) if what == "response" else None
            before = found.get(int(number))
            found[int(number)] = _Question(
                int(number),
                date.fromisoformat(day),
                digest,
                answer or (before.answer if before else None),
            )
    return found[max(found)] if found else None


def _answer(entry: FlowRunInput) -> dict[str, Any]:
    value: dict[str, Any] = entry.decoded_value
    return value


def _publish(desk: Desk, matter: DecisionMatter[F], heading: str, text: str) -> None:
    create_markdown_artifact(
        answer_page(desk, heading, text), key=f"{desk.plan.id}-{matter.name}", description=heading
    )

"""An action on a project, by a form."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from common.errors import UsageError
from documents.reading.typed import amount_of
from flows.forms.asking import request_flow
from flows.forms.fields import (
    Actor,
    Amount,
    EnteredBy,
    Evidence,
    OnDay,
    Project,
    RequestForm,
    choice,
    code_of,
    described,
)
from flows.forms.telling import advanced
from operations.cases.casework import Act, advance, perform
from operations.cases.desk import Desk


class DepartureReason(RequestForm):
    """Why a project departs from a soft condition."""

    model_config = described("说明", "一个引导性要求不符的书面说明。")

    condition: Annotated[str, choice("condition", "条件")]
    reason: Annotated[str, Field(title="书面说明")]


class ChecklistAnswer(RequestForm):
    """One answer of the acceptance checklist."""

    model_config = described("验收项", "验收表的一项及其结果。")

    item: Annotated[str, choice("item", "项目")]
    answer: Annotated[
        str, Field(title="结果", description="“是”或“否”、数字，或以顿号分隔的名称。")
    ]


class AdvanceRequestForm(RequestForm):
    """Takes an action on a project."""

    model_config = described("办理项目", "条件不符的不办理，逐条说明原因，不作任何改动。")

    project: Project
    action: Annotated[str, choice("action", "办理动作", "现在可办理哪些，填错了也会逐一列出。")]
    on: OnDay
    actor: Actor
    evidence: Evidence = ""
    amount: Amount = ""
    reasons: Annotated[
        tuple[DepartureReason, ...],
        Field(title="引导性要求的书面说明", description="没有不符的可不填；每个条件一次。"),
    ] = ()
    checks: Annotated[
        tuple[ChecklistAnswer, ...], Field(title="验收表", description="只有验收需要；每项一次。")
    ] = ()
    entered_by: EnteredBy = ""


@request_flow("为一个项目办理一个动作；条件不符的不办理，逐条说明原因。", "project", "action")
def advance_project(desk: Desk, form: AdvanceRequestForm, *, today: date, at: datetime) -> str:
    """Take the action; where the project stands now, as Markdown.

    RefusedError or UsageError with every reason.
    """
    act = the_act(form)
    done = perform(desk, advance, act, today=today, at=at)
    return advanced(desk, act, done, today)


def the_act(form: AdvanceRequestForm) -> Act:
    """What the form asks for; UsageError when something is stated twice or is no amount."""
    return Act(
        code_of(form.project),
        code_of(form.action),
        form.on,
        form.actor,
        form.evidence,
        _once("条件", [(code_of(each.condition), each.reason) for each in form.reasons]),
        amount_of(form.amount),
        _once("验收项", [(code_of(each.item), each.answer) for each in form.checks]),
    )


def _once(what: str, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, words in pairs:
        if name in found:
            raise UsageError(f"{what}“{name}”填写了两次，请只留一次")
        found[name] = words
    return found

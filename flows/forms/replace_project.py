"""The end of a project and the reserve that takes its place, by a form."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated

from common.errors import UsageError
from flows.forms.asking import request_flow
from flows.forms.choosing import REPLACE, WITHDRAW, Role, action_for
from flows.forms.fields import (
    Actor,
    Approval,
    DryRun,
    EnteredBy,
    OnDay,
    RequestForm,
    choice,
    code_of,
    described,
)
from flows.forms.telling import TRIED, attention, listing, paragraphs, said
from models.database import reading, writing
from models.projects import dossier, dossiers
from operations.cases.authority import doubts_told
from operations.cases.casework import Act, ActResult, advance
from operations.cases.desk import Desk
from operations.cases.effects import action_label
from policy.vocabulary import Disposition
from states.machine import Position


class ReplaceRequestForm(RequestForm):
    """Ends a project and determines a reserve in its place, or one of the two."""

    model_config = described("终止与递补", "两项一并办理，或都不办理；只需一项的，另一项不填。")

    dry_run: DryRun = True
    withdrawn: Annotated[str, choice("project", "终止的项目", "没有的可不填。")] = ""
    replacement: Annotated[str, choice("project", "递补的项目", "须为同一市的替补项目。")] = ""
    on: OnDay
    actor: Actor
    evidence: Approval
    entered_by: EnteredBy = ""


@request_flow(
    "终止一个项目，并由替补项目递补；两项一并办理，或都不办理。", "withdrawn", "replacement"
)
def replace_project(desk: Desk, form: ReplaceRequestForm, *, today: date, at: datetime) -> str:
    """Take both actions in one transaction; what came of them, as Markdown.

    With `dry_run` nothing is kept. RefusedError with every reason of the first that is refused,
    and nothing written.
    """
    acts = tuple(_acts(desk, form))
    if not acts:
        raise UsageError("请选择终止的项目或递补的项目")
    with writing(desk.engine) as session:
        done = [advance(session, desk, act, today=today, at=at) for act in acts]
        doubted = doubts_told(session)
        if form.dry_run:
            session.rollback()
    told = [_told(desk, act, each) for act, each in zip(acts, done, strict=True)]
    tried = TRIED if form.dry_run else ""
    return paragraphs(tried, *told, attention(doubted), _reserves(desk, acts[0].subject))


def _acts(desk: Desk, form: ReplaceRequestForm) -> Iterator[Act]:
    for chosen, role in ((form.withdrawn, WITHDRAW), (form.replacement, REPLACE)):
        if code := code_of(chosen):
            yield _act(desk, code, role, form)


def _act(desk: Desk, code: str, role: Role, form: ReplaceRequestForm) -> Act:
    with reading(desk.engine) as session:
        before = dossier(session, desk.plan, code)
    action = action_for(desk.plan, role, Position(before.stage, before.disposition))
    return Act(code, action.id, form.on, form.actor, form.evidence, seen=before.revision)


def _told(desk: Desk, act: Act, done: ActResult) -> str:
    facts = said(
        项目=act.subject,
        办理=action_label(desk, act.name),
        阶段=done.to_stage,
        日期=act.on,
        经办=act.actor,
        批准文件=act.evidence,
    )
    return paragraphs(facts, attention(done.warnings))


def _reserves(desk: Desk, code: str) -> str:
    """The reserves of the project's city that there are now."""
    with reading(desk.engine) as session:
        city = dossier(session, desk.plan, code).city
        left = [item for item in dossiers(session, desk.plan) if item.city == city]
    rows = [(item.code, item.name) for item in left if item.disposition is Disposition.RESERVE]
    told = listing(("编码", "名称"), rows, "个") if rows else "无。"
    return f"## {city}现有替补项目\n\n{told}"

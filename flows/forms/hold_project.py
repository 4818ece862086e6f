"""A pause of a project or its end, by a form."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from flows.forms.asking import request_flow
from flows.forms.choosing import HOLD, RESUME, action_for
from flows.forms.fields import (
    Actor,
    EnteredBy,
    Evidence,
    OnDay,
    Project,
    RequestForm,
    code_of,
    described,
)
from flows.forms.telling import advanced
from models.database import reading
from models.projects import dossier
from operations.cases.casework import Act, advance, perform
from operations.cases.desk import Desk
from states.machine import Position


class HoldRequestForm(RequestForm):
    """Pauses a project, or lets it go on."""

    model_config = described("暂停或恢复", "暂停期间停止催办；恢复后原时限不变。")

    project: Project
    step: Annotated[Literal["暂停", "恢复"], Field(title="办理")]
    on: OnDay
    actor: Actor
    evidence: Evidence = ""
    entered_by: EnteredBy = ""


@request_flow("暂停一个项目，或恢复已暂停的项目；暂停期间停止催办。", "project", "step")
def hold_project(desk: Desk, form: HoldRequestForm, *, today: date, at: datetime) -> str:
    """Pause the project or let it go on; where it stands now, as Markdown.

    RefusedError with every reason.
    """
    code = code_of(form.project)
    with reading(desk.engine) as session:
        before = dossier(session, desk.plan, code)
    role = HOLD if form.step == "暂停" else RESUME
    action = action_for(desk.plan, role, Position(before.stage, before.disposition))
    act = Act(code, action.id, form.on, form.actor, form.evidence, seen=before.revision)
    return advanced(desk, act, perform(desk, advance, act, today=today, at=at), today)

"""An approved extension, by a form."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from flows.forms.asking import request_flow
from flows.forms.fields import (
    Actor,
    Approval,
    EnteredBy,
    RequestForm,
    Subject,
    choice,
    code_of,
    described,
)
from flows.forms.telling import attention, paragraphs, said
from models.database import writing
from operations.cases.authority import doubts_told
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend


class ExtendRequestForm(RequestForm):
    """Puts a deadline off."""

    model_config = described("延期", "凭批准文件延期；原日期保留在记录中，提醒按新日期重新起算。")

    subject: Subject
    rule: Annotated[str, choice("rule", "时限", "时限编号，如 D08 或 D10-03。")]
    until: Annotated[date, Field(title="延期至", description="新的最后日期，须晚于现行日期。")]
    on: Annotated[date, Field(title="批准日期", description="批准文件的日期，不能晚于今天。")]
    actor: Actor
    evidence: Approval
    entered_by: EnteredBy = ""


@request_flow(
    "凭批准文件将一个时限延期；原日期保留在记录中，提醒按新日期重新起算。", "subject", "rule"
)
def extend_deadline(desk: Desk, form: ExtendRequestForm, *, today: date, at: datetime) -> str:
    """Put the deadline off; both dates, as Markdown. RefusedError with every reason."""
    asked_for = Extension(
        code_of(form.subject), code_of(form.rule), form.until, form.on, form.actor, form.evidence
    )
    with writing(desk.engine) as session:
        done = extend(session, desk, asked_for, today=today, at=at)
        doubted = doubts_told(session)
    title = desk.deadlines[asked_for.rule].rule.title
    facts = said(
        项目=form.subject,
        时限=f"{asked_for.rule} {title}",
        逾期认定=f"由{done.old}改为{done.new}",
        批准日期=form.on,
        经办=form.actor,
        批准文件=form.evidence,
    )
    return paragraphs(facts, attention(doubted))

"""A milestone, evidence or a fulfilled duty, as a form asks for it."""

from datetime import date, datetime
from typing import Annotated

from flows.operations.casework import Act, perform, record
from flows.operations.desk import Desk
from flows.operations.effects import action_label
from flows.requests.fields import (
    Actor,
    Evidence,
    Form,
    OnDay,
    Subject,
    choice,
    code_of,
    described,
)
from flows.requests.telling import attention, paragraphs, said


class RecordForm(Form):
    """Records a fact."""

    model_config = described("登记节点", "日期登记错了，以正确的日期再登记一次即为更正。")

    subject: Subject
    fact: Annotated[
        str, choice("fact", "登记内容", "节点、留痕事项，或市、省按时限编号登记的已完成事项。")
    ]
    on: OnDay
    actor: Actor
    evidence: Evidence = ""


def record_milestone(desk: Desk, form: RecordForm, *, today: date, at: datetime) -> str:
    """Record the fact; what was recorded, as Markdown. RefusedError with every reason."""
    act = Act(code_of(form.subject), code_of(form.fact), form.on, form.actor, form.evidence)
    done = perform(desk, record, act, today=today, at=at)
    deadline = desk.deadlines.get(act.name)
    facts = said(
        对象=form.subject,
        登记=f"{act.name} {deadline.rule.title}" if deadline else action_label(desk, act.name),
        日期=act.on,
        经办=act.actor,
        依据=act.evidence,
    )
    return paragraphs(facts, attention(done.warnings))

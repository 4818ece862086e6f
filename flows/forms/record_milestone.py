"""A milestone, evidence or a fulfilled duty, by a form."""

from datetime import date, datetime
from typing import Annotated

from flows.forms.asking import request_flow
from flows.forms.fields import (
    Actor,
    EnteredBy,
    Evidence,
    OnDay,
    RequestForm,
    Subject,
    choice,
    code_of,
    described,
)
from flows.forms.telling import attention, paragraphs, said
from operations.cases.casework import Act, perform, record
from operations.cases.desk import Desk
from operations.cases.effects import action_label


class RecordRequestForm(RequestForm):
    """Records a fact."""

    model_config = described("登记节点", "日期登记错了，以正确的日期再登记一次即为更正。")

    subject: Subject
    fact: Annotated[
        str, choice("fact", "登记内容", "节点、留痕事项，或市、省按时限编号登记的已完成事项。")
    ]
    on: OnDay
    actor: Actor
    evidence: Evidence = ""
    entered_by: EnteredBy = ""


@request_flow(
    "登记一个节点、一项留痕，或各地、各级已完成的事项；再登记一次即为更正。", "subject", "fact"
)
def record_milestone(desk: Desk, form: RecordRequestForm, *, today: date, at: datetime) -> str:
    """Record the fact; what was recorded, as Markdown. RefusedError with every reason."""
    act = Act(code_of(form.subject), code_of(form.fact), form.on, form.actor, form.evidence)
    done = perform(desk, record, act, today=today, at=at)
    deadline = desk.deadlines.get(act.name)
    facts = said(
        项目=form.subject,
        登记=f"{act.name} {deadline.rule.title}" if deadline else action_label(desk, act.name),
        日期=act.on,
        经办=act.actor,
        依据=act.evidence,
    )
    return paragraphs(facts, attention(done.warnings))

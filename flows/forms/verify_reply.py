"""A mail that waits for a person, by a form: taken over, sent back or set aside."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from flows.forms.asking import request_flow
from flows.forms.fields import Actor, EnteredBy, RequestForm, choice, code_of, described
from flows.forms.telling import attention, paragraphs, said
from flows.publishing import publish_replies
from models.database import writing
from operations.cases.authority import doubts_told
from operations.cases.desk import Desk
from operations.mails.verifying import Verification, verify
from policy.vocabulary import ReplyDecision

DECISIONS = {decision.label: decision for decision in ReplyDecision}


class VerifyRequestForm(RequestForm):
    """Decides on a mail that waits for a person."""

    model_config = described(
        "核实来信", "对待核实的来信采纳登记、退回或归档；采纳的，按经办人的决定登记，以来信为依据。"
    )

    mail: Annotated[str, choice("reply", "来信", "来信编号，见“来信核实”页。")]
    numbers: Annotated[
        tuple[int, ...],
        Field(title="第几条", description="只办理来信中的某几条时填写；不填为全部待核实的。"),
    ] = ()
    decision: Annotated[
        Literal["采纳登记", "退回", "已另行办理"],
        Field(title="决定", description="已用其他表单登记的，选“已另行办理”。"),
    ]
    actor: Actor
    why: Annotated[
        str,
        Field(
            title="核实依据或原因",
            description="采纳的写明如何核实，如“已电话核实，验收报告见附件”；退回的写明原因。",
            json_schema_extra={"minLength": 1},
        ),
    ]
    entered_by: EnteredBy = ""


@request_flow("核实来信：采纳登记、退回或归档。", "mail", then=lambda desk: publish_replies(desk))
def verify_reply(desk: Desk, form: VerifyRequestForm, *, today: date, at: datetime) -> str:
    """Carry it out; what became of each answer, as Markdown. RefusedError with every reason."""
    decided = Verification(
        code_of(form.mail),
        DECISIONS[form.decision],
        form.actor,
        form.why,
        form.numbers,
    )
    with writing(desk.engine) as session:
        lines = verify(session, desk, decided, today=today, at=at)
        doubted = doubts_told(session)
    facts = said(来信=form.mail, 决定=form.decision, 经办=form.actor, 核实依据或原因=form.why)
    return paragraphs(facts, "\n".join(f"- {line}" for line in lines), attention(doubted))

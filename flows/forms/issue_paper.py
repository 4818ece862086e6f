"""A drafted paper that is issued, by a form."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from flows.forms.asking import request_flow
from flows.forms.fields import Actor, EnteredBy, OnDay, RequestForm, choice, code_of, described
from flows.forms.telling import attention, paragraphs
from flows.pages.approvals import issued_page
from models.database import writing
from operations.cases.authority import doubts_told
from operations.cases.desk import Desk
from operations.duties.issuing import issue_paper as issue
from operations.duties.issuing import named_draft
from operations.duties.papers import Signature, lay_out


class IssueRequestForm(RequestForm):
    """Issues a draft."""

    model_config = described("签发文稿", "文稿经审定签发后，在此登记；登记后生成正式文件。")

    draft: Annotated[str, choice("draft", "文稿", "尚未签发的通报、反馈函和验收结果通报。")]
    number: Annotated[
        str,
        Field(
            title="文号",
            description="如 ××函〔2023〕45号，一件一号。",
            json_schema_extra={"minLength": 1},
        ),
    ]
    on: OnDay
    signer: Annotated[str, Field(title="签发人", json_schema_extra={"minLength": 1})]
    actor: Actor
    remark: Annotated[str, Field(title="备注", description="可不填。")] = ""
    entered_by: EnteredBy = ""


@request_flow("签发文稿：登记文号、签发人和日期，生成正式文件；所完成的事项一并登记。", "draft")
def issue_paper(desk: Desk, form: IssueRequestForm, *, today: date, at: datetime) -> str:
    """Issue it and lay it out; what was issued, as Markdown. RefusedError with every reason."""
    draft = named_draft(desk, code_of(form.draft))
    signed = Signature(form.number, form.on, form.signer, form.actor, form.remark)
    with writing(desk.engine) as session:
        paper = issue(session, desk, draft, signed, today=today, at=at)
        doubted = doubts_told(session)
    page = issued_page(desk, paper, str(lay_out(desk, paper)))
    return paragraphs(page, attention(doubted))

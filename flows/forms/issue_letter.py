"""督办函: the letter that is due to a city waits to be signed, numbered and laid out."""

from datetime import date
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from pydantic import Field

from common.clock import now, today
from common.errors import ConflictError, RefusedError, UsageError
from flows.forms.approving import Decision, DecisionMatter, Proposal, Settlement, approved
from flows.forms.asking import filled_in, refusal_state, run_name
from flows.forms.fields import EnteredBy, RequestForm, choice, code_of, described, user_of
from flows.pages.approvals import issued_page, letter_page
from flows.pages.markdown import plain
from models.database import writing
from models.settings import load_settings
from operations.cases.desk import Desk, open_desk
from operations.cases.effects import begin
from operations.duties.papers import Paper, Signature, find_paper, lay_out
from operations.duties.supervision import CHANGED, ReplyTerms, decided_on, draft_of
from operations.duties.supervision import issue_letter as issue
from states.authority import matter
from states.workdays import DAY


class LetterRequestForm(RequestForm):
    """Which letter is to be issued."""

    model_config = described("督办函", "应督办的事项由系统按今天的情况列出。")

    city: str = choice("city", "市", "致哪个市。")


class LetterInput(RunInput):
    """What the province has decided on the letter that is shown."""

    decision: Decision = Field(title="是否同意签发", description="不同意的不签发，也不登记。")
    actor: str = Field(title="签发单位和经办人", description="单位全称，后面可加处室和姓名。")
    on: date = Field(title="签发日期", description="不能晚于今天。")
    number: str = Field(
        default="", title="文号", description="如 ××函〔2023〕45号，一函一号；不同意的不填。"
    )
    signer: str = Field(default="", title="签发人", description="不同意的不填。")
    reply_days: int = Field(
        default=10,
        ge=1,
        le=90,
        title="反馈期限（天）",
        description="请该市在签发后多少天内书面反馈，写入函件。",
    )
    contact: str = Field(default="", title="联系人", description="写入函件；不同意的不填。")
    phone: str = Field(default="", title="联系电话", description="写入函件；不同意的不填。")
    opinion: str = Field(default="", title="意见", description="可不填。")
    entered_by: EnteredBy = ""


@flow(
    name="issue_letter",
    flow_run_name=run_name("督办函", "city"),
    validate_parameters=False,
    description="督办函：列出一地应督办的逾期事项，暂停等待签发；签发后编号登记，并生成正式函件。",
)
def issue_letter(form: LetterRequestForm, plan: str | None = None) -> State[Any]:
    """Have the letter that is due to a city decided on; issue it when it is agreed to."""
    desk = open_desk(load_settings(), plan)
    try:
        city = code_of(filled_in(LetterRequestForm, form).city)
    except (RefusedError, UsageError) as refusal:
        return refusal_state(refusal)
    code = next((item.code for item in desk.plan.cities if item.name == city), "city")
    return approved(
        desk,
        DecisionMatter(
            name=f"letter-{code}",
            title=f"{plain(city)}督办函",
            form=LetterInput,
            propose=lambda day: _propose(desk, city, day),
            decide=lambda day, seen, form: _decide(desk, city, day, seen, form),
        ),
    )


def _propose(desk: Desk, city: str, day: date) -> Proposal | Settlement:
    draft = draft_of(desk, city, day)
    if draft is None:
        return Settlement("无应督办的事项", f"截至{day}，{city}没有已到督办阶段的逾期事项。")
    if draft.issued:
        return _issued(desk, draft.issued)
    return Proposal(letter_page(draft), draft.fingerprint)


def _decide(desk: Desk, city: str, day: date, seen: str, form: LetterInput) -> Settlement:
    if form.decision == "同意" and (paper := _recorded(desk, city, seen, form)):
        return _issued(desk, paper)
    draft = draft_of(desk, city, day)
    if draft is None or draft.fingerprint != seen:
        raise ConflictError(CHANGED)
    if form.decision == "不同意":
        with writing(desk.engine) as session:  # checks who says so and when; nothing is written
            asked = matter(desk.plan, desk.plan.ladder.letter or "")
            begin(session, desk, city, asked, form, today(desk.settings.business_date))
        told = f"{form.actor}于{form.on}决定不签发{f'：{form.opinion}' if form.opinion else ''}。"
        return Settlement("未签发", f"{plain(told)}\n\n{letter_page(draft)}")
    signed = Signature(form.number, form.on, form.signer, form.actor, form.opinion)
    reply = ReplyTerms(form.on + DAY * form.reply_days, form.contact, form.phone)
    with writing(desk.entered_by(user_of(form)).engine) as session:
        at, day = now(), today(desk.settings.business_date)
        paper = issue(session, desk, draft, signed, reply, today=day, at=at)
    return _issued(desk, paper)


def _recorded(desk: Desk, city: str, seen: str, form: LetterInput) -> Paper | None:
    """The letter, when this very form has issued it, on what was shown with it."""
    paper = find_paper(desk, form.number)
    said = (city, form.on, form.signer.strip(), form.actor)
    same = paper and (paper.subject, paper.on, paper.signer, paper.actor) == said
    return paper if same and paper and decided_on(desk, paper) == seen else None


def _issued(desk: Desk, paper: Paper) -> Settlement:
    file = lay_out(desk, paper)
    return Settlement(f"已签发{paper.number}", issued_page(desk, paper, str(file)))

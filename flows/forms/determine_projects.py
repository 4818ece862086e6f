"""研究确定: the proposed list waits for the province's decision (五(三))."""

from datetime import date
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.input import RunInput
from pydantic import Field

from common.clock import now, today
from flows.forms.approving import Decision, DecisionMatter, Proposal, Settlement, approved
from flows.forms.fields import EnteredBy, user_of
from flows.pages.approvals import list_page
from models.database import writing
from models.settings import load_settings
from operations.cases.desk import Desk, open_desk
from operations.cases.determination import approve, decline, proposed
from operations.cases.review import Determination


class DeterminationInput(RunInput):
    """What the province has decided on the list that is shown."""

    decision: Decision = Field(title="决定", description="不同意的，也登记在案。")
    actor: str = Field(title="作出决定的单位和经办人", description="单位全称，后面可加处室和姓名。")
    on: date = Field(title="决定日期", description="研究确定的日期，不能晚于今天。")
    document: str = Field(title="依据", description="会议纪要或文件的名称、文号。")
    opinion: str = Field(default="", title="意见", description="可不填；不同意的请写明理由。")
    entered_by: EnteredBy = ""


@flow(
    name="determine_projects",
    flow_run_name="研究确定",
    description="研究确定：按评审结果列出各地建议名单，暂停等待决定；同意或不同意均登记在案。",
)
def determine_projects(plan: str | None = None) -> State[Any]:
    """Have the proposed list decided, and record the decision."""
    desk = open_desk(load_settings(), plan)
    return approved(
        desk,
        DecisionMatter(
            name="determine-projects",
            title="研究确定",
            form=DeterminationInput,
            propose=lambda day: _propose(desk),
            decide=lambda day, seen, form: _decide(desk, seen, form),
        ),
    )


def _propose(desk: Desk) -> Proposal | Settlement:
    found = proposed(desk)
    text = list_page(desk.plan, found)
    if not found.listed:
        word = f"名单已定，共{found.determined}个" if found.determined else "没有待研究确定的项目"
        return Settlement(word, f"{word}，无需再作决定。\n\n{text}")
    return Proposal(text, found.fingerprint)


def _decide(desk: Desk, seen: str, form: DeterminationInput) -> Settlement:
    text = list_page(desk.plan, proposed(desk))
    evidence = "；意见：".join(filter(None, (form.document.strip(), form.opinion.strip())))
    decision, day = Determination(form.on, form.actor, evidence), today(desk.settings.business_date)
    with writing(desk.entered_by(user_of(form)).engine) as session:
        if form.decision == "不同意":
            decline(session, desk, decision, seen, today=day, at=now())
            return Settlement("未同意", f"建议名单未获同意，已登记；项目不变。\n\n{text}")
        chosen = approve(session, desk, decision, seen, today=day, at=now())
    told = f"已确定{len(chosen.determined)}个，列为替补{len(chosen.reserves)}个"
    return Settlement(f"已同意，{told}", f"{told}，各项时限自此起算。\n\n{text}")

"""Dead letters that are owed anew, by a form."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from flows.forms.asking import request_flow
from flows.forms.fields import DryRun, RequestForm, described
from flows.forms.telling import TRIED, listing, paragraphs, said
from operations.cases.desk import Desk
from operations.views.outbox import MessageView, message_views, retry
from policy.vocabulary import DeliveryStatus

HEAD = ("编号", "收件单位", "收件人", "项目（单位）", "时限", "种类", "已试次数")


class RetryRequestForm(RequestForm):
    """Owes dead letters anew."""

    model_config = described("重发未送达消息", "先查明并排除未送达的原因，再重发。")

    dry_run: DryRun = True
    person: Annotated[
        str,
        Field(title="收件人", description="只重发给此人的；不填为全部。写法同试办时列出的收件人。"),
    ] = ""
    actor: Annotated[
        str,
        Field(title="经办人", description="只留在本次运行中，不记入项目的办理记录。", min_length=1),
    ]


@request_flow("将未送达消息重新列入待发，下次发送时再试。", "person")
def retry_dead_letters(desk: Desk, form: RetryRequestForm, *, today: date, at: datetime) -> str:
    """Owe them anew, or with `dry_run` only list them; as Markdown."""
    dead = [
        view
        for view in message_views(desk, DeliveryStatus.DEAD)
        if form.person in ("", view.person)
    ]
    count = len(dead) if form.dry_run else retry(desk, form.person or None)
    facts = said(未送达消息=f"{count}条", 收件人=form.person or "全部", 经办=form.actor)
    if not form.dry_run:
        return paragraphs(
            facts, "已重新列入待发，下次发送时再试。" if count else "没有未送达消息。"
        )
    rows = [_row(view) for view in dead]
    return paragraphs(TRIED, facts, listing(HEAD, rows, "条") if rows else "")


def _row(view: MessageView) -> tuple[object, ...]:
    kind = view.rung_kind.label
    return (view.id, view.recipient, view.person, view.subject, view.rule, kind, view.attempts)

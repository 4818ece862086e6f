"""A workbook that is written, by a form."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from common.errors import UsageError
from flows.forms.asking import request_flow
from flows.forms.fields import Actor, Month, RequestForm, Subject, choice, code_of, described
from flows.forms.telling import paragraphs, said, verbatim
from operations.cases.desk import Desk
from operations.workbooks import exports
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form, Listing

KINDS: dict[str, Form | Listing] = {kind.label: kind for kind in (*Listing, *Form)}
"""By label; what a plan offers of them is chosen from its own names."""


class ExportRequestForm(RequestForm):
    """Writes a workbook."""

    model_config = described(
        "导出工作簿",
        "写入服务器的发件文件夹；此前导出而未经改动的同名文件以新的为准，改动过的不覆盖。",
    )

    kind: Annotated[str, choice("workbook", "表格")]
    subject: Annotated[
        Subject, Field(title="市或项目", description="按市或按项目导出的表格需要。")
    ] = ""
    month: Month = ""
    empty: Annotated[bool, Field(title="空白表", description="不预填已有数据。")] = False
    expert: Annotated[str, Field(title="专家姓名", description="只有专家评分表需要。")] = ""
    organisation: Annotated[
        str, Field(title="专家所在单位", description="只有专家评分表需要。")
    ] = ""
    actor: Actor


@request_flow("导出表格、台账或清单，写入服务器的发件文件夹。", "kind", "subject")
def export_workbook(desk: Desk, form: ExportRequestForm, *, today: date, at: datetime) -> str:
    """Write the workbook into the outgoing folder; where it is, as Markdown. RefusedError."""
    kind = KINDS.get(form.kind.partition("（")[0])
    if kind not in desk.plan.workbooks:
        listed = "、".join(map(desk.plan.form_name, desk.plan.workbooks))
        raise UsageError(f"没有表格“{form.kind}”，可用：{listed}")
    request = WorkbookOrder(
        kind,
        code_of(form.subject) or None,
        form.month or None,
        form.empty,
        form.expert,
        form.organisation,
    )
    written = exports.export_workbook(desk, request, folder(desk), today)
    called, month = desk.plan.form_name(kind), exports.month_of(desk.plan, request, today)
    facts = said(表格=called, 月份=month, 经办=form.actor)
    return paragraphs(facts, f"文件：{verbatim(written)}")


def folder(desk: Desk) -> Path:
    """Where exported workbooks lie; made when it is not there."""
    found = desk.settings.outgoing / "exports" / desk.plan.id
    found.mkdir(parents=True, exist_ok=True)
    return found

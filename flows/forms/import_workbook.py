"""A workbook on the server's disk that is imported, by a form."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from common.errors import RefusedError, UnavailableError
from documents.reading.faults import WorkbookError
from documents.reading.office import SUFFIXES
from flows.forms.asking import request_flow
from flows.forms.choices import refresh_choices
from flows.forms.export_workbook import folder
from flows.forms.fields import (
    Actor,
    DryRun,
    EnteredBy,
    Month,
    RequestForm,
    choice,
    code_of,
    described,
)
from flows.forms.telling import TRIED, attention, listing, paragraphs, said
from operations.cases.desk import Desk, inbox_of
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import ImportResult, return_copy
from operations.workbooks.intake import import_workbook as take_in


class ImportRequestForm(RequestForm):
    """Imports a workbook by its path."""

    model_config = described("导入工作簿", "整份导入，或整份退回并在旁边的副本中逐格标出。")

    dry_run: DryRun = True
    path: Annotated[
        str,
        Field(
            title="文件",
            description="服务器上的 .xlsx（或 .xls、.et、.ods、.fods）文件：完整路径，"
            "或收件文件夹内的路径，如 ××市/汇总表.xlsx。",
            json_schema_extra={"minLength": 1},
        ),
    ]
    actor: Actor
    city: Annotated[str, choice("city", "所属市", "表中没有写明时填写。")] = ""
    month: Month = ""
    project: Annotated[str, choice("project", "项目", "单个项目的表没有标识时填写。")] = ""
    confirm: Annotated[
        bool, Field(title="已核实", description="超出合理范围的数字已经核实，照填导入。")
    ] = False
    entered_by: EnteredBy = ""


@request_flow("从服务器上的文件导入一份工作簿，整份导入或整份退回。", "path", then=refresh_choices)
def import_workbook(desk: Desk, form: ImportRequestForm, *, today: date, at: datetime) -> str:
    """Import the workbook whole; what it changed, as Markdown.

    With `dry_run` nothing is kept. RefusedError, as WorkbookError where its cells are at fault:
    then a note of the error says where its marked copy is.
    """
    path = the_file(inbox_of(desk), form.path)
    asked_for = ImportOptions(
        code_of(form.city) or None,
        form.month or None,
        code_of(form.project) or None,
        form.confirm,
        form.actor,
    )
    try:
        done = take_in(desk, path, asked_for, today=today, at=at, dry_run=form.dry_run)
    except WorkbookError as error:
        if not form.dry_run:
            error.add_note(_returned(desk, path, error))
        raise
    copy = _returned(desk, path, done.refusal) if done.refusal and not form.dry_run else ""
    return _told(done, form, copy)


def the_file(inbox: Path, path: str) -> Path:
    """The file of that path, taken from the inbox where it is not absolute.

    RefusedError for what is no workbook's name or no file; nothing is told of any other file.
    """
    found = inbox / path
    if found.suffix.lower() not in SUFFIXES:
        raise RefusedError(f"“{path}”不是 .xlsx 文件，请另存为 .xlsx 后再导入")
    if not found.is_file():
        raise RefusedError(f"服务器上没有文件“{path}”，请核对路径；相对路径从 {inbox} 起算")
    return found


def _returned(desk: Desk, path: Path, error: WorkbookError) -> str:
    try:
        copy = return_copy(desk, path, error, _outside(desk, path))
    except UnavailableError as trouble:
        return f"未能写出标注的副本：{trouble}"
    return f"已在 {copy} 中逐格标出。" if copy else "该文件无法标注，未写出副本。"


def _outside(desk: Desk, path: Path) -> Path | None:
    """Where the copy goes of a file in the inbox: there it would be taken for handed in."""
    in_inbox = path.resolve().is_relative_to(desk.settings.inbox.resolve())
    return folder(desk) if in_inbox else None


def _told(done: ImportResult, form: ImportRequestForm, copy: str) -> str:
    taken = done.taken
    facts = said(
        文件=done.file,
        表格=f"{taken.subject}{taken.period}{done.called}",
        识别="按标识识别" if done.signed else "无标识，已按表头识别",
        结果=f"新增{taken.added}，更新{taken.changed}，未变{taken.unchanged}",
        经办=form.actor,
    )
    remarks = [*(warning.line(done.file) for warning in taken.warnings), *taken.notes]
    remarks += [f"未登记：{fault.line(done.file)}" for fault in taken.refused]
    remarks += [copy] if copy else []
    tried = TRIED if form.dry_run else ""
    return paragraphs(tried, facts, attention(remarks), _differences(taken))


def _differences(taken: WorkbookChanges) -> str:
    rows = [
        (each.spot.sheet, each.spot.cell, each.subject, each.what, each.old, each.new)
        for each in taken.differences
    ]
    if not rows:
        return ""
    head = ("工作表", "单元格", "项目（单位）", "内容", "原为", "改为")
    return f"## 与原有数据的差异（{len(rows)}格）\n\n{listing(head, rows, '格')}"

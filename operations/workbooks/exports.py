"""Workbooks out: made from what is stored, signed, and written."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlmodel import Session

from common.errors import RefusedError
from common.words import month_name, require_seen
from documents.forms.report import the_month
from documents.writing.saving import is_untouched, write
from operations.cases.desk import Desk
from operations.workbooks import (
    acceptance,
    answers,
    application,
    contacts,
    inspection,
    ledger,
    listings,
    opinions,
    report,
    summary,
)
from operations.workbooks.outgoing import OutgoingWorkbook, WorkbookOrder
from policy.schema import Plan
from policy.vocabulary import Form, Listing
from states.reporting import month_to_report

SUFFIX = ".xlsx"
MAKERS: Mapping[
    Form | Listing, Callable[[Session, Desk, WorkbookOrder, date], OutgoingWorkbook]
] = {
    Form.APPLICATION: application.make,
    Form.SUMMARY: summary.make,
    Form.CONTACTS: contacts.make,
    Form.REPORT: report.make,
    Form.LEDGER: ledger.make,
    Form.OPINIONS: opinions.make,
    Form.ACCEPTANCE: acceptance.make,
    Form.INSPECTION: inspection.make,
    Form.ANSWER: answers.make,
    Listing.PROJECTS: listings.make_projects,
    Listing.OVERDUE: listings.make_overdue,
    Listing.FUNDS: listings.make_funds,
}


def export_workbook(
    desk: Desk, request: WorkbookOrder, path: Path, today: date, *, force: bool = False
) -> Path:
    """Write the workbook to `path`, or into that folder, and say where it is.

    A file takes the place of one that was exported and left as it was, of any other only by
    `force`. RefusedError when the request names no subject of the plan, states what the form does
    not have, or names a file that is no .xlsx, is not ours or no plain file; UnavailableError when
    the file cannot be written.
    """
    month = month_of(desk.plan, request, today)
    _require_stated(request)
    if not path.is_dir():
        _require_free(path, force=force)
    with desk.reading() as session:
        made = MAKERS[request.kind](session, desk, replace(request, month=month), today)
    target = path / made.name if path.is_dir() else path
    _require_free(target, force=force)
    if not write(target, made.content, over=os.path.lexists(target)):
        raise _not_ours(target)
    return target


def month_of(plan: Plan, request: WorkbookOrder, today: date) -> str | None:
    """The month that a workbook is made for, by default the one to report; None without months.

    RefusedError for one that is none, has not begun, or is stated where the form has none.
    """
    if request.kind is not Form.REPORT:
        if request.month:
            raise RefusedError(f"“{request.kind.label}”不分月份；请去掉月份（--month）")
        return None
    present = f"{today:%Y-%m}"
    month = the_month(request.month or month_to_report(plan, today))
    if month > present:
        raise RefusedError(f"{month_name(month)}尚未开始（截至{today}），没有月报；请核对月份")
    return month


def _require_stated(request: WorkbookOrder) -> None:
    if request.known and not isinstance(request.kind, Listing):
        raise RefusedError(f"“{request.kind.label}”供填报，只按最新情况预填；请去掉 --known")
    said = {"单位或项目": request.subject or "", "专家姓名": request.expert}
    require_seen({**said, "专家所在单位": request.organisation})


def _require_free(target: Path, *, force: bool) -> None:
    """RefusedError where the workbook may not lie; `force` lets it replace a file of another."""
    if target.suffix.lower() != SUFFIX:
        raise RefusedError(
            f"{target}：导出的是 Excel 工作簿，文件名应以 {SUFFIX} 结尾；也可写明已有的文件夹"
        )
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise RefusedError(f"{target} 是链接、文件夹或设备，不能覆盖；请换一个文件名")
    if target.exists() and not (force or is_untouched(target)):
        raise _not_ours(target)


def _not_ours(target: Path) -> RefusedError:
    return RefusedError(
        f"{target} 已存在，不是原样的导出文件（可能是他人的，或已有人填写），未覆盖；"
        "请换一个文件名、移走该文件，或加 --force 覆盖"
    )

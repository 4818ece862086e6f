"""Commands about workbooks. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import UnavailableError, XingfuError
from deployments.commands.console import complain, emit, say, table
from deployments.commands.naming import city_meant, form_meant
from deployments.commands.options import AsOf, Json, Known, as_month, the_day, the_desk

if TYPE_CHECKING:
    from documents.reading.faults import WorkbookError
    from operations.cases.desk import Desk
    from operations.workbooks.intake import ImportResult

Month = Annotated[
    str | None,
    typer.Option("--month", parser=as_month, metavar="年-月", help="月报的月份，如 2023-06"),
]


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="文件...", help="Excel 工作簿（.xlsx）")],
    city: Annotated[str | None, typer.Option("--city", help="所属地方，写全称")] = None,
    month: Month = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="项目编码，单个项目的表没有标识时用")
    ] = None,
    actor: Annotated[
        str,
        typer.Option(
            "--actor",
            help="报送单位全称，后面可加姓名；默认为该地主管部门，全部项目的表为最高一级主管部门",
        ),
    ] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="超出合理范围的数字已经核实，照填导入")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只核对：逐格列出与已存数据的差异，不写入")
    ] = False,
    json: Json = False,
) -> None:
    from common.clock import now, today
    from documents.reading.faults import WorkbookError
    from operations.workbooks.incoming import ImportOptions
    from operations.workbooks.intake import import_workbook

    desk = the_desk()
    asked = ImportOptions(city and city_meant(desk, city), month, subject, confirm, actor)
    refused: XingfuError | None = None
    for path in files:
        try:
            day = today(desk.settings.business_date)
            done = import_workbook(desk, path, asked, today=day, at=now(), dry_run=dry_run)
        except XingfuError as error:
            complain(str(error))
            if isinstance(error, WorkbookError):
                _complain(desk, path, error, dry_run=dry_run)
            refused = refused or error
            continue
        emit(done) if json else _tell(done, dry_run=dry_run)
        if partly := done.refusal:
            complain(str(partly))
            _complain(desk, path, partly, dry_run=dry_run, what="所涉各行")
            refused = refused or partly
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def export(
    what: Annotated[str, typer.Argument(metavar="表格", help=f"哪一种：{_listed()}")],
    file: Annotated[Path, typer.Argument(metavar="文件", help="要写入的 .xlsx 文件或文件夹")],
    subject: Annotated[
        str | None,
        typer.Option("--subject", help="地方名称、项目编码或（办理回执）单位全称"),
    ] = None,
    month: Month = None,
    empty: Annotated[bool, typer.Option("--empty", help="空白表，不预填")] = False,
    expert: Annotated[str, typer.Option("--expert", help="专家评分表：专家姓名")] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", help="专家评分表：专家所在单位")
    ] = "",
    as_of: AsOf = None,
    known: Known = False,
    force: Annotated[
        bool, typer.Option("--force", help="覆盖已有的同名文件，即使不是原样的导出文件")
    ] = False,
) -> None:
    from operations.workbooks.exports import export_workbook, month_of
    from operations.workbooks.outgoing import WorkbookOrder

    desk = the_desk()
    kind = form_meant(desk, what)
    request = WorkbookOrder(kind, subject, month, empty, expert, organisation, known)
    day = the_day(desk, as_of)
    written = export_workbook(desk, request, file, day, force=force)
    chosen = month_of(desk.plan, request, day)
    taken = "取当月" if chosen == f"{day:%Y-%m}" else "取应报送的月份"
    which = f"（{chosen}{'' if month else f'，未写明月份，{taken}'}）" if chosen else ""
    say(f"{written}：已导出{desk.plan.form_name(kind)}{which}")


def inbox(json: Json = False) -> None:
    from common.clock import now, today
    from operations.cases.desk import inbox_of
    from operations.workbooks.inbox import read_inbox

    desk = the_desk()
    done = read_inbox(desk, today=today(desk.settings.business_date), at=now())
    if json:
        emit(done)
    else:
        for line in (*done.done, *done.returned):
            say(line)
        for line in (*done.left, *done.failed):
            complain(line)
        say(
            f"{inbox_of(desk)}：登记{len(done.done)}份，退回{len(done.returned)}份，"
            f"待下次读取{len(done.left)}份，出错{len(done.failed)}份"
        )
    if done.failed:
        raise typer.Exit(UnavailableError.exit_code)


def receive(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="文件...", help="邮件文件（.eml）；不写则读取收信文件夹和邮箱"),
    ] = None,
    json: Json = False,
) -> None:
    from common.clock import now, today
    from operations.mails.receiving import receive as run
    from operations.mails.sources import handed_mails, waiting_mails

    desk = the_desk()
    at = now()
    sources = [handed_mails(files)] if files else waiting_mails(desk, at)
    done = run(desk, sources, today=today(desk.settings.business_date), at=at)
    if json:
        emit(done)
    else:
        for line in (*done.registered, *done.held, *done.filed):
            say(line)
        for line in (*done.unreadable, *done.left, *done.failed):
            complain(line)
        say(
            f"来信：登记{len(done.registered)}封，待核实{len(done.held)}封，归档{len(done.filed)}封，"
            f"无法读取{len(done.unreadable)}封，待下次读取{len(done.left)}封，出错{len(done.failed)}处"
        )
    if done.failed:
        raise typer.Exit(UnavailableError.exit_code)


def _listed() -> str:
    """The workbooks that can be made, as they are named."""
    from policy.vocabulary import Form, Listing

    return "、".join(f"{each.value}（{each.label}）" for each in (*Form, *Listing))


def _tell(done: ImportResult, *, dry_run: bool) -> None:
    taken = done.taken
    what = f"新增{taken.added}，更新{taken.changed}，未变{taken.unchanged}"
    state = "核对无误（未登记）" if dry_run else "已登记"
    unsigned = "" if done.signed else "（无标识，已按表头识别）"
    say(f"{done.file}：{taken.subject}{taken.period}{done.called}{unsigned}{state}，{what}")
    if dry_run and taken.differences:
        table(
            f"与已存数据的差异（{len(taken.differences)}格）",
            ("工作表", "单元格", "项目（单位）", "内容", "现为", "改为"),
            (
                (each.spot.sheet, each.spot.cell, each.subject, each.what, each.old, each.new)
                for each in taken.differences
            ),
        )
    for warning in taken.warnings:
        complain(f"注意：{warning.line(done.file)}")
    for note in taken.notes:
        complain(f"说明：{note}")


def _complain(
    desk: Desk, path: Path, error: WorkbookError, *, dry_run: bool, what: str = "整份"
) -> None:
    from operations.workbooks.intake import return_copy

    copy = None if dry_run else return_copy(desk, path, error)
    where = f"；已在 {copy} 中逐格标出" if copy else ""
    complain(f"{path.name}：共{len(error.faults)}处需修改，{what}未登记{where}")

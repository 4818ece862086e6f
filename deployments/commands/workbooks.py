"""Commands about workbooks. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import UnavailableError, XingfuError
from deployments.commands.console import complain, emit, say, table
from deployments.commands.options import AsOf, Json, the_day, the_desk, word

if TYPE_CHECKING:
    from documents.reading.faults import WorkbookError
    from operations.cases.desk import Desk
    from operations.workbooks.intake import ImportResult
    from policy.vocabulary import Word

Month = Annotated[
    str | None, typer.Option("--month", metavar="年-月", help="月报的月份，如 2023-06")
]


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="文件...", help="Excel 工作簿（.xlsx）")],
    city: Annotated[str | None, typer.Option("--city", help="所属市，如 太原市")] = None,
    month: Month = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="项目编码，单个项目的表没有标识时用")
    ] = None,
    actor: Annotated[str, typer.Option("--actor", help="报送人，默认为该市民政局")] = "",
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
    asked = ImportOptions(city, month, subject, confirm, actor)
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
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def export(
    what: Annotated[str, typer.Argument(metavar="表格", help=f"哪一种：{_listed()}")],
    file: Annotated[Path, typer.Argument(metavar="文件", help="要写入的 .xlsx 文件或文件夹")],
    subject: Annotated[
        str | None, typer.Option("--subject", help="市名或项目编码，如 太原市")
    ] = None,
    month: Month = None,
    empty: Annotated[bool, typer.Option("--empty", help="空白表，不预填")] = False,
    expert: Annotated[str, typer.Option("--expert", help="专家评分表：专家姓名")] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", help="专家评分表：专家所在单位")
    ] = "",
    as_of: AsOf = None,
) -> None:
    from operations.workbooks.exports import export_workbook
    from operations.workbooks.outgoing import WorkbookOrder
    from policy.vocabulary import Form, Listing

    desk = the_desk()
    kind = word(Listing, what) if what in _words(Listing) else word(Form, what)
    request = WorkbookOrder(kind, subject, month, empty, expert, organisation)
    written = export_workbook(desk, request, file, the_day(desk, as_of))
    say(f"{written}：已导出{kind.label}")


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
            f"{inbox_of(desk)}：导入{len(done.done)}份，退回{len(done.returned)}份，"
            f"待下次读取{len(done.left)}份，出错{len(done.failed)}份"
        )
    if done.failed:
        raise typer.Exit(UnavailableError.exit_code)


def _listed() -> str:
    """The workbooks that can be made, as they are named."""
    from policy.vocabulary import Form, Listing

    return "、".join(f"{each.value}（{each.label}）" for each in (*Form, *Listing))


def _words(kind: type[Word]) -> set[str]:
    return {name for member in kind for name in (member.value, member.label)}


def _tell(done: ImportResult, *, dry_run: bool) -> None:
    taken = done.taken
    what = f"新增{taken.added}，更新{taken.changed}，未变{taken.unchanged}"
    state = "核对无误（未写入）" if dry_run else "已导入"
    unsigned = "" if done.signed else "（无标识，已按表头识别）"
    say(f"{done.file}：{taken.subject}{taken.period}{done.form.label}{unsigned}{state}，{what}")
    if dry_run and taken.differences:
        table(
            f"与已存数据的差异（{len(taken.differences)}格）",
            ("工作表", "单元格", "对象", "内容", "现为", "改为"),
            (
                (each.spot.sheet, each.spot.cell, each.subject, each.what, each.old, each.new)
                for each in taken.differences
            ),
        )
    for warning in taken.warnings:
        complain(f"注意：{warning.line(done.file)}")
    for note in taken.notes:
        complain(f"说明：{note}")


def _complain(desk: Desk, path: Path, error: WorkbookError, *, dry_run: bool) -> None:
    from operations.workbooks.intake import return_copy

    copy = None if dry_run else return_copy(desk, path, error)
    where = f"；已在 {copy} 中逐格标出" if copy else ""
    complain(f"{path.name}：共{len(error.faults)}处需修改，整份未导入{where}")

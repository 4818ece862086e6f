"""Commands that write. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.console import complain, emit, say
from deployments.options import AsOf, Evidence, Json, OnDay, PlanId, the_day, the_desk
from policy.errors import XingfuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.operations.casework import Act, Done


def init(plan: PlanId = None) -> None:
    from flows.business_date import now
    from flows.operations.setup import initialise
    from models.settings import load_settings

    desk = initialise(load_settings(), plan, now())
    say(f"已装入 {desk.plan.notice.number}《{desk.plan.name}》，状态保存在 {desk.settings.home}")


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="文件...", help="Excel 工作簿（.xlsx）")],
    city: Annotated[str | None, typer.Option("--city", help="所属市，如 太原市")] = None,
) -> None:
    from flows.business_date import now, today
    from flows.operations.intake import import_workbook

    desk = the_desk()
    refused: XingfuError | None = None
    for path in files:
        try:
            done = import_workbook(desk, path, city, today=today(desk.settings), at=now())
        except XingfuError as error:
            complain(str(error))
            refused = refused or error
            continue
        what = f"新增{done.added}，更新{done.changed}，未变{done.unchanged}"
        say(f"{done.file}：{done.city}{done.form}已导入，{what}")
    if refused is not None:
        raise typer.Exit(refused.exit_code)


def enforce(as_of: AsOf = None, json: Json = False) -> None:
    from flows.business_date import now
    from flows.operations import enforcement

    desk = the_desk()
    done = enforcement.enforce(desk, the_day(desk, as_of), now())
    if json:
        emit(done)
        return
    say(f"截至 {done.as_of}：新增待发消息{done.messages}条，新认定逾期{done.marked_overdue}项")


def deliver(json: Json = False) -> None:
    from flows.business_date import now
    from flows.operations import delivery
    from policy.errors import UnavailableError

    done = delivery.deliver(the_desk(), now, insist=True)
    if json:
        emit(done)
    else:
        say(f"已发送{done.digests}份，含消息{done.sent}条；失败{done.failed}条")
    for error in done.errors:
        complain(error)
    if done.errors:
        raise typer.Exit(UnavailableError.exit_code)


def advance(
    code: Annotated[str, typer.Argument(metavar="项目编码")],
    action: Annotated[str, typer.Argument(metavar="动作", help="如 confirm_site，见 project show")],
    on: OnDay,
    actor: Annotated[str, typer.Option("--actor", help="经办人或经办单位")],
    evidence: Evidence = "",
) -> None:
    from flows.operations.casework import Act
    from flows.operations.casework import advance as take

    done = _write(take, Act(code, action, on, actor, evidence))
    moved = done.from_stage != done.to_stage
    say(f"{code} 已办理：{done.from_stage}" + (f" → {done.to_stage}" if moved else "（阶段不变）"))


def record(
    code: Annotated[str, typer.Argument(metavar="对象", help="项目编码、市名或省名")],
    milestone: Annotated[
        str, typer.Argument(metavar="节点", help="节点名，或市、省事项的时限编号")
    ],
    on: OnDay,
    actor: Annotated[str | None, typer.Option("--actor", help="经办人，默认本机用户")] = None,
    evidence: Evidence = "",
) -> None:
    import getpass

    from flows.operations.casework import Act
    from flows.operations.casework import record as note

    who = f"本机用户 {getpass.getuser()}" if actor is None else actor
    _write(note, Act(code, milestone, on, who, evidence))
    say(f"{code} 已登记 {milestone}：{on}")


def _write(operation: Callable[..., Done], act: Act) -> Done:
    from flows.business_date import now, today
    from models.database import writing

    desk = the_desk()
    with writing(desk.engine) as session:
        done = operation(session, desk, act, today=today(desk.settings), at=now())
    for warning in done.warnings:
        complain(f"注意：{warning}")
    return done

"""The command `xingfu`. Imports are inside the commands, so that each starts with only its own."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.console import complain, emit, say, table
from policy.errors import XingfuError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.operations.casework import Act, Done
    from flows.operations.desk import Desk
    from flows.operations.overview import CityBoard, DeadlineView

app = typer.Typer(
    name="xingfu",
    help="幸福养老工程进度管理：按实施方案的时限提醒、催办、提级。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plan_app = typer.Typer(help="实施方案：检查与查看。", no_args_is_help=True)
project_app = typer.Typer(help="项目：列表与档案。", no_args_is_help=True)
app.add_typer(plan_app, name="plan")
app.add_typer(project_app, name="project")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}”不是日期，请写作 2023-06-01") from None


AsOf = Annotated[
    date | None, typer.Option("--as-of", parser=_date, metavar="日期", help="截至哪一天，默认今天")
]
OnDay = Annotated[date, typer.Option("--on", parser=_date, metavar="日期", help="实际发生的日期")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]
PlanId = Annotated[str | None, typer.Option("--plan", help="实施方案编号，默认取 XINGFU_PLAN")]
Evidence = Annotated[str, typer.Option("--evidence", help="依据：文件、编号或理由")]


@app.command(help="建立或更新数据库，装入实施方案；可重复运行。")
def init(plan: PlanId = None) -> None:
    from flows.business_date import now
    from flows.operations.setup import initialise
    from models.settings import load_settings

    desk = initialise(load_settings(), plan, now())
    say(f"已装入 {desk.plan.notice.number}《{desk.plan.name}》，状态保存在 {desk.settings.home}")


@app.command(
    "import", help="导入汇总表（附件3和补充信息表）或通讯录；每个文件要么全部导入，要么不导入。"
)
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="文件...", help="Excel 工作簿（.xlsx）")],
    city: Annotated[str | None, typer.Option("--city", help="所属市，如 太原市")] = None,
) -> None:
    from flows.business_date import now, today
    from flows.operations.intake import import_workbook

    desk = _desk()
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


@app.command(help="时限一览：每个项目、市、省的应完成日期、逾期认定日期和目前状态。")
def deadlines(
    as_of: AsOf = None,
    subject: Annotated[str | None, typer.Option("--subject", help="项目编码、市名或省名")] = None,
    json: Json = False,
) -> None:
    from flows.operations.overview import deadline_views

    desk = _desk()
    views = deadline_views(desk, _day(desk, as_of), subject)
    if json:
        emit([_labelled(view, standing_label=view.standing.label) for view in views])
        return
    table(
        f"时限一览（截至 {_day(desk, as_of)}）",
        ("对象", "名称", "时限", "事项", "依据", "应完成", "逾期认定", "状态", "完成"),
        (
            (
                view.subject,
                view.name,
                view.rule,
                view.title,
                view.clause if view.origin == "notice" else f"{view.clause}（建议）",
                view.remind_by,
                view.overdue_after,
                view.standing.label,
                view.fulfilled_on,
            )
            for view in views
        ),
    )


@app.command(help="试算：某日应作出哪些提醒、提级和逾期认定；不写入。")
def check(as_of: AsOf = None, json: Json = False) -> None:
    from flows.operations import enforcement

    desk = _desk()
    found = enforcement.check(desk, _day(desk, as_of))
    if json:
        emit(found)
        return
    table(
        f"试算（截至 {_day(desk, as_of)}，共{len(found)}项，未写入）",
        ("决定", "对象", "时限", "依据", "梯级", "告知", "应完成", "逾期认定"),
        (
            (
                item.decision.label,
                item.subject,
                item.rule,
                item.clause,
                item.rung,
                item.recipient,
                item.remind_by,
                item.overdue_after,
            )
            for item in found
        ),
    )


@app.command(help="执行：作出某日的决定并写入待发消息；同一天重复执行不会重复。")
def enforce(as_of: AsOf = None, json: Json = False) -> None:
    from flows.business_date import now
    from flows.operations import enforcement

    desk = _desk()
    done = enforcement.enforce(desk, _day(desk, as_of), now())
    if json:
        emit(done)
        return
    say(f"截至 {done.as_of}：新增待发消息{done.messages}条，新认定逾期{done.marked_overdue}项")


@app.command(help="发送待发消息：每个单位合并为一份；发送失败的保留，下次再发。")
def deliver(json: Json = False) -> None:
    from flows.business_date import now
    from flows.operations import delivery
    from policy.errors import UnavailableError

    done = delivery.deliver(_desk(), now())
    if json:
        emit(done)
    else:
        say(f"已发送{done.digests}份，含消息{done.sent}条；失败{done.failed}条")
    for error in done.errors:
        complain(error)
    if done.failed:
        raise typer.Exit(UnavailableError.exit_code)


@app.command(help="消息一览：每条消息给谁、为何、是否已发。")
def outbox(json: Json = False) -> None:
    from flows.operations.project_views import message_views

    views = message_views(_desk())
    if json:
        emit(views)
        return
    table(
        f"消息一览（共{len(views)}条）",
        ("收件单位", "对象", "时限", "梯级", "截至", "状态", "次数", "发送时间（UTC）", "原因"),
        (
            (
                item.recipient,
                item.subject,
                item.rule,
                item.rung,
                item.as_of,
                item.status.label,
                item.attempts,
                item.sent_at and f"{item.sent_at:%Y-%m-%d %H:%M}",
                item.error,
            )
            for item in views
        ),
    )


@app.command(help="全省进度：各市各阶段项目数、临期和逾期事项数。")
def board(as_of: AsOf = None, json: Json = False) -> None:
    from flows.operations import overview

    desk = _desk()
    rows = overview.board(desk, overview.deadline_views(desk, _day(desk, as_of)))
    stages = [stage.label for stage in desk.plan.stages]
    if json:
        emit(
            [
                _labelled(row, by_stage=dict(zip(desk.plan.stage_order, row.by_stage, strict=True)))
                for row in rows
            ]
        )
        return
    table(
        f"全省进度（截至 {_day(desk, as_of)}）",
        ("市", "名额", "项目", *stages, "临期", "逾期"),
        (
            (row.city, row.quota, row.projects, *row.by_stage, row.due_soon, row.overdue)
            for row in rows
        ),
    )


@app.command(help="办理：对项目办理一个动作；不符合规定的，逐条说明理由和依据。")
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


@app.command(help="登记：项目的节点（如 operator_confirmed），或市、省已完成的事项（如 D10-03）。")
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


@app.command(help="说明：某个对象的时限从何而来、目前如何、尚缺什么。")
def explain(
    code: Annotated[str, typer.Argument(metavar="对象", help="项目编码、市名或省名")],
    rule: Annotated[str | None, typer.Argument(metavar="时限", help="如 D08 或 D10-06")] = None,
    as_of: AsOf = None,
) -> None:
    from flows.operations.explain import explain as tell

    desk = _desk()
    say(tell(desk, code, rule, _day(desk, as_of)))


@app.command(help="启动 Prefect 服务、界面和全部定时任务（仅本机 127.0.0.1）；Ctrl-C 停止。")
def serve() -> None:
    from deployments.serve import serve as run
    from models.settings import load_settings

    _desk()
    run(load_settings())


@app.command(help="演示：装入示例数据，按某日执行并发送，再启动界面。")
def demo(
    as_of: AsOf = None,
    stay: Annotated[bool, typer.Option("--serve/--no-serve", help="完成后是否留在界面")] = True,
) -> None:
    from deployments.demo import DEFAULT_DAY
    from deployments.demo import demo as run
    from models.settings import load_settings

    run(load_settings(), as_of or DEFAULT_DAY, stay=stay)


@plan_app.command("validate", help="检查实施方案文件；有误时指出文件、行和位置。")
def plan_validate(
    path: Annotated[
        Path | None, typer.Argument(metavar="路径", help="plan.yaml 或其目录，默认当前方案")
    ] = None,
) -> None:
    from models.settings import load_settings
    from policy.load import load_plan, plan_path

    file = path or plan_path(load_settings().plan)
    plan = load_plan(file / "plan.yaml" if file.is_dir() else file)
    counties = sum(len(city.counties) for city in plan.cities)
    say(
        f"实施方案 {plan.id} 有效：{len(plan.cities)}市、{counties}县（市、区）、"
        f"名额{plan.quota.goal}，时限{len(plan.deadlines)}条、周期任务{len(plan.duties)}条、条件{len(plan.requirements)}条"
    )


@plan_app.command("show", help="查看实施方案的时限和周期任务。")
def plan_show(json: Json = False) -> None:
    from models.settings import load_settings
    from policy.load import calendar_overrides, load_plan, plan_path
    from states.deadlines import deadlines as dated
    from states.workdays import Calendar

    plan = load_plan(plan_path(load_settings().plan))
    if json:
        emit(plan.model_dump(mode="json", by_alias=True))
        return
    table(
        f"{plan.notice.number} {plan.name}",
        ("编号", "事项", "依据", "责任单位", "约束", "应完成", "逾期认定", "来源"),
        (
            (
                item.id,
                item.rule.title,
                item.rule.clause,
                plan.bodies[item.rule.responsible].name,
                item.rule.force.label,
                item.remind_by,
                item.overdue_after,
                item.rule.origin.label,
            )
            for item in dated(plan, Calendar(calendar_overrides()))
        ),
    )


@plan_app.command("diagram", help="输出阶段图（Mermaid）。")
def plan_diagram() -> None:
    from models.settings import load_settings
    from policy.load import load_plan, plan_path
    from states.machine import diagram

    say(diagram(load_plan(plan_path(load_settings().plan))).rstrip())


@project_app.command("list", help="全部项目。")
def project_list(json: Json = False) -> None:
    from flows.operations.overview import projects
    from flows.operations.project_views import project_view

    desk = _desk()
    views = [project_view(desk, item) for item in projects(desk)]
    if json:
        emit(views)
        return
    table(
        f"项目（共{len(views)}个）",
        ("编码", "名称", "市", "县（市、区）", "阶段", "状态"),
        (
            (item.code, item.name, item.city, item.county, item.stage_label, item.disposition.label)
            for item in views
        ),
    )


@project_app.command(
    "show", help="项目档案：基本情况、节点、现在可以办理什么、还缺什么、办理记录。"
)
def project_show(
    code: Annotated[str, typer.Argument(metavar="项目编码")], json: Json = False
) -> None:
    from flows.operations.project_text import project_text
    from flows.operations.project_views import project_record

    desk = _desk()
    found = project_record(desk, code, _day(desk, None))
    if json:
        emit(found)
        return
    say(project_text(desk, found))


def main() -> None:
    """Run the command; a known trouble is one clear sentence and its exit code (1, 2 or 3)."""
    try:
        app()
    except XingfuError as error:
        complain(str(error))
        sys.exit(error.exit_code)


def _desk() -> Desk:
    from flows.operations.desk import open_desk
    from models.settings import load_settings

    return open_desk(load_settings())


def _day(desk: Desk, as_of: date | None) -> date:
    from flows.business_date import today

    return as_of or today(desk.settings)


def _write(operation: Callable[..., Done], act: Act) -> Done:
    from flows.business_date import now, today
    from models.database import writing

    desk = _desk()
    with writing(desk.engine) as session:
        done = operation(session, desk, act, today=today(desk.settings), at=now())
    for warning in done.warnings:
        complain(f"注意：{warning}")
    return done


def _labelled(view: DeadlineView | CityBoard, **more: object) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(view), **more}


if __name__ == "__main__":
    main()

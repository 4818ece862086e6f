"""Commands that read. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.console import complain, emit, say, show, table
from deployments.commands.options import AboutDay, AsOf, Json, the_day, the_desk, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.views.explain import Explanation
    from operations.views.overview import CityBoard, DeadlineView
    from operations.views.why import Reasons
    from policy.schema import Plan
    from states.deadlines import Deadline


def deadlines(
    as_of: AsOf = None,
    subject: Annotated[str | None, typer.Option("--subject", help="项目编码、市名或省名")] = None,
    json: Json = False,
) -> None:
    from operations.views.overview import deadline_views
    from operations.views.tables import deadline_table

    desk = the_desk()
    day = the_day(desk, as_of)
    views = deadline_views(desk, day, subject)
    if json:
        emit([_labelled(view, standing_label=view.standing.label) for view in views])
        return
    show(deadline_table(f"时限一览（截至 {day}）", views, day))


def check(as_of: AsOf = None, json: Json = False) -> None:
    from operations.daily import enforcement

    desk = the_desk()
    found = enforcement.check(desk, the_day(desk, as_of))
    if json:
        emit(found)
        return
    table(
        f"试算（截至 {the_day(desk, as_of)}，共{len(found)}项，未写入）",
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


def outbox(
    status: Annotated[
        str | None, typer.Option("--status", help="pending、sending、sent、dead（死信）、cancelled")
    ] = None,
    json: Json = False,
) -> None:
    from common.words import SHANGHAI
    from operations.views.outbox import message_views
    from policy.vocabulary import DeliveryStatus

    views = message_views(the_desk(), word(DeliveryStatus, status) if status else None)
    if json:
        emit(views)
        return
    table(
        f"消息一览（共{len(views)}条）",
        (
            *("编号", "收件单位", "收件人", "因何", "对象", "时限", "梯级", "截至", "状态", "次数"),
            *("渠道", "发送时间", "可能重复", "原因"),
        ),
        (
            (
                item.id,
                item.recipient,
                item.person,
                item.because and item.because.label,
                item.subject,
                item.rule,
                item.rung,
                item.as_of,
                item.status.label,
                item.attempts,
                item.channel and item.channel.label,
                item.sent_at and f"{item.sent_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
                "是" if item.ambiguous else "",
                item.error,
            )
            for item in views
        ),
    )


def board(as_of: AsOf = None, json: Json = False) -> None:
    from operations.views import overview
    from operations.views.tables import board_table

    desk = the_desk()
    day = the_day(desk, as_of)
    rows = overview.board(desk, overview.deadline_views(desk, day))
    if json:
        emit(
            [
                _labelled(row, by_stage=dict(zip(desk.plan.stage_order, row.by_stage, strict=True)))
                for row in rows
            ]
        )
        return
    show(board_table(desk.plan, rows, day))


def funds(
    subject: Annotated[str | None, typer.Option("--subject", help="项目编码或市名")] = None,
    json: Json = False,
) -> None:
    from operations.views.funds import TOTAL, by_city, funds_views, total
    from operations.views.tables import city_funds_table, funds_table

    desk = the_desk()
    views = funds_views(desk, subject)
    if json:
        emit(views)
        return
    show(funds_table(f"资金一览（共{len(views)}个项目，单位：元）", views))
    say("")
    cities = [city for city in by_city(desk.plan, views) if subject is None or city.projects]
    show(city_funds_table("各市资金（单位：元）", cities, total(TOTAL, views)))


def figures(json: Json = False) -> None:
    from operations.views.siting import figures as count

    rows = count(the_desk())
    if json:
        emit(rows)
        return
    table(
        "选址统计（推进中的项目）",
        (
            "范围",
            "项目",
            "改建",
            "新建",
            "购置",
            "其他",
            "市辖区",
            "未覆盖县",
            "尚无项目的未覆盖县",
            "提示",
        ),
        (
            (
                row.place,
                row.projects,
                *(row.building_kinds[kind] for kind in ("改建", "新建", "购置", "其他")),
                row.in_districts,
                row.in_unserved,
                "、".join(row.unserved_open),
                "；".join(row.warnings),
            )
            for row in rows
        ),
    )


def audit_verify(json: Json = False) -> None:
    from operations.upkeep.setup import verify_trail

    desk = the_desk()
    count, breaks = verify_trail(desk)
    if json:
        emit({"rows": count, "breaks": breaks})
    elif not breaks:
        say(f"办理记录共{count}条，链条完整")
    for found in () if json else breaks:
        complain(f"第{found.row}号记录：{found.says}" if found.row else found.says)
    if breaks:
        raise typer.Exit(1)


def explain(
    code: Annotated[str | None, typer.Argument(metavar="对象", help="项目编码、市名或省名")] = None,
    rule: Annotated[str | None, typer.Argument(metavar="时限", help="如 D08 或 D10-06")] = None,
    as_of: AsOf = None,
    message: Annotated[
        int | None, typer.Option("--message", metavar="编号", help="为何有这条消息，见 outbox")
    ] = None,
    on: AboutDay = None,
    json: Json = False,
) -> None:
    from operations.views.explain import explain as tell
    from operations.views.why import why_message, why_on

    desk = the_desk()
    told: Explanation | Reasons
    if message is not None:
        told = why_message(desk, message)
    elif code is None or (on and rule is None):
        raise typer.BadParameter("请写明对象；用 --on 时还须写明时限，如 太原市 D10-03")
    elif on and rule:
        told = why_on(desk, code, rule, on)
    else:
        told = tell(desk, code, rule, the_day(desk, as_of))
    emit(told) if json else say(str(told))


def plan_validate(
    path: Annotated[
        Path | None, typer.Argument(metavar="路径", help="plan.yaml 或其目录，默认当前方案")
    ] = None,
) -> None:
    from policy.load import load_plan

    plan = _own_plan() if path is None else load_plan(path / "plan.yaml" if path.is_dir() else path)
    counties = sum(len(city.counties) for city in plan.cities)
    goal = "未明确" if plan.quota.goal is None else plan.quota.goal
    say(
        f"实施方案 {plan.id} 有效：{len(plan.cities)}市、{counties}县（市、区）、"
        f"名额{goal}，时限{len(plan.deadlines)}条、周期任务{len(plan.duties)}条、"
        f"条件{len(plan.requirements)}条"
    )


def plan_show(json: Json = False) -> None:
    from policy.load import calendar_overrides
    from states.deadlines import deadlines as dated
    from states.workdays import Calendar

    plan = _own_plan()
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
                *_when(plan, item),
                item.rule.origin.label,
            )
            for item in dated(plan, Calendar(calendar_overrides()))
        ),
    )
    for line in _named(plan):
        say(line)
    for rule in plan.deadlines:
        if not rule.stated:
            say(f"{rule.id} {rule.title}（{rule.clause}）：通知未明确时限，系统不提醒")


def _named(plan: Plan) -> Iterator[str]:
    """What commands take by name: criteria, spending categories, checklist items, evidence."""
    criteria = plan.review.criteria if plan.review else ()
    categories = plan.money.categories if plan.money else ()
    for title, named in (
        ("评审指标", [(item.id, f"{item.label}{item.points}分") for item in criteria]),
        ("支出类别", [(item.id, item.label) for item in categories]),
        ("验收表", [(item.id, item.label) for item in plan.checklist]),
        ("留痕事项", [(item.id, item.label) for item in plan.evidence]),
    ):
        if named:
            yield f"{title}：{'；'.join(f'{id}（{label}）' for id, label in named)}"


def _when(plan: Plan, item: Deadline) -> tuple[str, str]:
    """The two dates of a deadline, or what it runs from."""
    if item.dates is not None:
        return str(item.dates.remind_by), str(item.dates.overdue_after)
    assert item.follows is not None  # noqa: S101  # a deadline without dates is relative
    span = item.follows
    length = f"{span.workdays}个工作日" if span.workdays else f"{span.days}日"
    return f"自{plan.milestone(span.after).label}起{length}", ""


def plan_diagram() -> None:
    from states.machine import diagram

    say(diagram(_own_plan()).rstrip())


def plan_clauses() -> None:
    from states.clauses import clause_table

    say(clause_table(_own_plan()).rstrip())


def _own_plan() -> Plan:
    """The settings' plan; no database is needed."""
    from models.settings import load_settings
    from policy.load import named_plan

    settings = load_settings()
    return named_plan(settings.plan, settings.plans)


def project_list(json: Json = False) -> None:
    from operations.views.overview import projects
    from operations.views.project_record import project_view

    desk = the_desk()
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


def project_show(
    code: Annotated[str, typer.Argument(metavar="项目编码")], json: Json = False
) -> None:
    from operations.views.project_record import project_record, project_text

    desk = the_desk()
    found = project_record(desk, code, the_day(desk, None))
    if json:
        emit(found)
        return
    say(project_text(desk, found))


def _labelled(view: DeadlineView | CityBoard, **more: object) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(view), **more}

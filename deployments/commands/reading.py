"""Commands that read. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import RefusedError
from common.words import SHANGHAI
from deployments.commands.console import complain, emit, listed, say, show, table
from deployments.commands.naming import (
    calendar_of,
    plan_meant,
    rule_meant,
    say_unpublished,
    subject_meant,
)
from deployments.commands.options import (
    AboutDay,
    AsOf,
    Json,
    Known,
    as_month,
    the_day,
    the_desk,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from models.audits import TrailCheck
    from operations.cases.desk import Desk
    from operations.upkeep.rebuilding import RebuildResult
    from operations.views.explain import Explanation
    from operations.views.outbox import MessageView
    from operations.views.overview import CityBoard, DeadlineView, Survey
    from operations.views.project_record import ProjectRecord
    from operations.views.why import Reasons
    from policy.schema import Plan
    from states.deadlines import Deadline

STEP = 500  # rows of the trail that are carried out again between two words of it
TO_DO = (
    "请先核对校验码和密钥；无误的，请停止办理，原样保存数据库，另用可信的备份还原到其他位置比对"
    "（xingfu restore），查明原因后再恢复办理"
)


def deadlines(
    as_of: AsOf = None,
    subject: Annotated[str | None, typer.Option("--subject", help="项目编码或地方名称")] = None,
    known: Known = False,
    json: Json = False,
) -> None:
    from operations.views.overview import deadline_views
    from operations.views.scenes import basis_of
    from operations.views.tables import deadline_table, in_words

    desk = the_desk()
    day = the_day(desk, as_of)
    views = deadline_views(desk, day, subject and subject_meant(desk, subject), known=known)
    if json:
        emit([_labelled(view, standing_label=view.state) for view in views])
        return
    basis = basis_of(desk, day, known)
    shown = deadline_table(f"时限一览（截至 {day}{basis.said}）", views, day)
    show(in_words(desk.plan, shown))


def check(as_of: AsOf = None, json: Json = False) -> None:
    from operations.daily import enforcement

    desk = the_desk()
    found = enforcement.check(desk, the_day(desk, as_of))
    if json:
        emit(found)
        return
    listed(
        f"试算（截至 {the_day(desk, as_of)}，共{len(found)}项，未写入）",
        found,
        {
            "决定": lambda item: item.decision.label,
            "项目（单位）": lambda item: item.subject,
            "时限": lambda item: item.rule,
            "依据": lambda item: item.clause,
            "提醒级次": lambda item: item.rung,
            "发送": lambda item: item.recipient,
            "提前办结日": lambda item: item.remind_by,
            "逾期认定日": lambda item: item.overdue_after,
        },
    )


def outbox(
    status: Annotated[
        str | None,
        typer.Option("--status", help="pending、sending、sent、dead（未送达）、cancelled"),
    ] = None,
    json: Json = False,
) -> None:
    from operations.views.outbox import message_views
    from policy.vocabulary import DeliveryStatus

    views = message_views(the_desk(), word(DeliveryStatus, status) if status else None)
    if json:
        emit(views)
        return
    listed(f"消息一览（共{len(views)}条）", views, _MESSAGE)


def _sent_at(item: MessageView) -> str | None:
    return f"{item.sent_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if item.sent_at else None


_MESSAGE: Mapping[str, Callable[[MessageView], object]] = {
    "编号": lambda item: item.id,
    "收件单位": lambda item: item.recipient,
    "收件人": lambda item: item.person,
    "因何": lambda item: item.because and item.because.label,
    "项目（单位）": lambda item: item.subject,
    "时限": lambda item: item.rule,
    "提醒级次": lambda item: item.rung,
    "截至": lambda item: item.as_of,
    "状态": lambda item: item.status.label,
    "次数": lambda item: item.attempts,
    "通知方式": lambda item: item.channel and item.channel.label,
    "发送时间": _sent_at,
    "可能重复": lambda item: "是" if item.ambiguous else "",
    "原因": lambda item: item.error,
}


def board(as_of: AsOf = None, known: Known = False, json: Json = False) -> None:
    from operations.views.overview import survey, unentered_line
    from operations.views.tables import board_table, targets_table
    from states.targets import figures

    desk = the_desk()
    seen = survey(desk, the_day(desk, as_of), known=known)
    rows = seen.board
    if json:
        emit(
            [
                _labelled(row, by_stage=dict(zip(desk.plan.stage_order, row.by_stage, strict=True)))
                for row in rows
            ]
        )
        return
    show(board_table(desk.plan, rows, seen.as_of, seen.basis))
    if found := figures(desk.plan, seen.projects):
        show(targets_table(desk.plan, found))
    if unentered := unentered_line((it.city, it.rule) for it in seen.views if it.unentered):
        say(unentered)


def funds(
    subject: Annotated[str | None, typer.Option("--subject", help="项目编码或地方名称")] = None,
    as_of: AsOf = None,
    known: Known = False,
    json: Json = False,
) -> None:
    from operations.views.funds import TOTAL, by_city, funds_views, total
    from operations.views.overview import survey
    from operations.views.tables import city_funds_table, fund_table, funds_table, in_words

    desk = the_desk()
    seen = survey(desk, the_day(desk, as_of), known=known)
    views = funds_views(desk, seen, subject and subject_meant(desk, subject))
    if json:
        emit(views)
        return
    day = _until(seen, as_of)
    projects = funds_table(f"资金一览（{day}共{len(views)}个项目，单位：元）", views)
    show(in_words(desk.plan, projects))
    say("")
    cities = [city for city in by_city(desk.plan, views) if subject is None or city.projects]
    title = f"{desk.plan.said('各市资金')}（{day}单位：元）"
    whole = total(TOTAL, views)
    show(in_words(desk.plan, city_funds_table(title, cities, whole)))
    if desk.plan.funds:
        say("")
        title = f"各笔资金（{day}单位：元）"
        show(in_words(desk.plan, fund_table(desk.plan, title, [*cities, whole])))


def burden(
    month: Annotated[
        str | None,
        typer.Option("--month", parser=as_month, metavar="年-月", help="只看一个月，如 2023-06"),
    ] = None,
    json: Json = False,
) -> None:
    from documents.forms.report import the_month
    from operations.views.burden import burden as count
    from operations.views.tables import burden_table

    desk = the_desk()
    rows = count(desk, month and the_month(month))
    if json:
        emit(rows)
        return
    show(burden_table("报送负担（各单位每月收到的消息、待办事项、待填表格和单元格）", rows))


def figures(as_of: AsOf = None, known: Known = False, json: Json = False) -> None:
    from operations.views.overview import survey
    from operations.views.siting import figures as count

    desk = the_desk()
    seen = survey(desk, the_day(desk, as_of), known=known)
    rows = count(desk, seen)
    if json:
        emit(rows)
        return
    kinds, said = ("改建", "新建", "购置", "其他"), desk.plan.said
    listed(
        f"选址统计（{_until(seen, as_of)}推进中的项目）",
        rows,
        {
            "范围": lambda row: row.place,
            "项目": lambda row: row.projects,
            **{kind: lambda row, kind=kind: row.building_kinds[kind] for kind in kinds},  # type: ignore[misc]
            said("市辖区"): lambda row: row.in_districts,
            said("未覆盖县"): lambda row: row.in_unserved,
            said("尚无项目的未覆盖县"): lambda row: "、".join(row.unserved_open),
            "提示": lambda row: "；".join(row.warnings),
        },
    )


def audit_verify(
    head: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="校验码", help="通报、邮件或备份上的校验码，核对其后是否改动"
        ),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="将与办理记录不符的数据改回，须注明经办人和依据")
    ] = False,
    actor: Annotated[
        str, typer.Option("--actor", help="决定的单位全称和姓名，与 --repair 同用")
    ] = "",
    evidence: Annotated[str, typer.Option("--evidence", help="依据，与 --repair 同用")] = "",
    json: Json = False,
) -> None:
    from operations.upkeep.rebuilding import told
    from operations.upkeep.setup import check_trail
    from operations.views.evidence import MEND, evidence_faults

    desk = the_desk()
    found = check_trail(desk, head)
    if found.breaks and repair:
        raise RefusedError(f"办理记录核验不符，不能据以修复数据，未作任何改动；{TO_DO}")
    tables = _rebuilt(desk, (actor, evidence) if repair else None, quiet=json)
    different = list(told(tables))
    with desk.reading() as session:
        spoilt = list(evidence_faults(session, desk.settings, desk.plan.id))
    if json:
        emit({**_as_data(found, tables), "evidence": spoilt, "repaired": repair})
    else:
        _tell_tables(tables.rows, different, repaired=repair)
        _tell_trail(found, head)
        for line in spoilt:
            complain(f"{line}；{MEND}")
    if found.breaks or spoilt or (different and not repair):
        raise typer.Exit(1)


def _as_data(found: TrailCheck, tables: RebuildResult) -> dict[str, object]:
    return {
        "rows": found.rows,
        "unkeyed": found.unkeyed,
        "unproved": found.unproved,
        "witness": found.witness and found.witness.code,
        "breaks": found.breaks,
        "differences": tables.differences,
        "unknown": tables.unknown,
    }


def _tell_trail(found: TrailCheck, head: str | None) -> None:
    for line in _verified(found, head):
        say(line)
    for item in found.breaks:
        complain(f"第{item.row}号记录：{item.says}" if item.row else item.says)
    if found.breaks:
        complain(TO_DO)


def _rebuilt(desk: Desk, by: tuple[str, str] | None, *, quiet: bool) -> RebuildResult:
    """The tables held against the trail, or repaired by somebody."""
    from common.clock import now, today
    from operations.upkeep.rebuilding import Repairer, compare
    from operations.upkeep.rebuilding import repair as put_right

    def heard(done: int, of: int) -> None:
        if not quiet and done >= told[0] + STEP:
            told[0] = done
            say(f"正在按办理记录核对数据：{done}／{of}")

    told = [0]
    if by is None:
        return compare(desk, heard=heard)
    repairer = Repairer(today(desk.settings.business_date), *by)
    return put_right(desk, repairer, at=now(), heard=heard)


def _tell_tables(rows: int, different: list[str], *, repaired: bool) -> None:
    if not different:
        say(f"数据与办理记录相符（已按{rows}条记录重新核对）")
        return
    done = "已按办理记录改回，并逐项登记" if repaired else "与办理记录不符"
    complain(f"数据有{len(different)}处{done}：")
    for line in different:
        complain(f"  · {line}")
    if not repaired:
        complain(
            "请查明原因；确认以办理记录为准的，用 xingfu audit verify --repair "
            "--actor 单位和姓名 --evidence 依据 改回"
        )


def _verified(found: TrailCheck, head: str | None) -> Iterator[str]:
    if found.unkeyed:
        yield f"第1至{found.unkeyed}条为旧版记录，未加密钥"
    if found.unproved > found.unkeyed:
        yield f"第{found.unkeyed + 1}至{found.unproved}条在更换密钥前记录，只能核验次序"
    if found.witness is not None:
        yield f"办理记录共{found.rows}条，链条完整"
        if head:
            yield f"与校验码 {head} 相符：该校验码出具时的记录均在，未被改动"
        yield f"现为{found.witness.words}"


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="项目（单位）", help="项目编码或地方名称")
    ] = None,
    rule: Annotated[str | None, typer.Argument(metavar="时限", help="如 D08 或 D10-06")] = None,
    as_of: AsOf = None,
    message: Annotated[
        int | None, typer.Option("--message", metavar="编号", help="为何有这条消息，见 outbox")
    ] = None,
    on: AboutDay = None,
    known: Known = False,
    json: Json = False,
) -> None:
    from operations.views.explain import explain as tell
    from operations.views.why import why_message, why_on

    desk = the_desk()
    told: Explanation | Reasons
    if message is not None:
        told = why_message(desk, message)
    elif code is None or (on and rule is None):
        raise typer.BadParameter("请写明项目（单位）；用 --on 时还须写明时限，如 D10-03")
    else:
        code, rule = subject_meant(desk, code), rule and rule_meant(desk, rule)
        if on and rule:
            told = why_on(desk, code, rule, on)
        else:
            told = tell(desk, code, rule, the_day(desk, as_of), known=known)
    emit(told) if json else say(str(told))


def plan_validate(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="方案", help="方案编号，或 plan.yaml 或其目录；默认当前方案"),
    ] = None,
) -> None:
    from policy.example_file import read_examples

    found, plan = plan_meant(None if path is None else str(path))
    read_examples(plan, found.parent)
    calendar = calendar_of(plan, found)
    counties = sum(not city.undivided and len(city.counties) for city in plan.cities)
    below = plan.said(f"{counties}县（市、区）、") if counties else ""
    goal = "未明确" if plan.quota.total is None else plan.quota.total
    say(
        f"实施方案 {plan.id} 有效：{len(plan.cities)}{plan.said('市')}、{below}"
        f"名额{goal}，时限{len(plan.deadlines)}条、周期任务{len(plan.duties)}条、"
        f"条件{len(plan.conditions)}条"
    )
    say_unpublished(plan, calendar)


def plan_show(json: Json = False) -> None:
    from models.settings import load_settings
    from policy.load import calendar_days
    from states.deadlines import deadlines as dated
    from states.workdays import Calendar

    plan = _own_plan()
    if json:
        emit(plan.model_dump(mode="json", by_alias=True))
        return
    calendar = Calendar(calendar_days(plan.id, load_settings().plans))
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
            for item in dated(plan, calendar)
        ),
    )
    say_unpublished(plan, calendar)
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
    """The two dates of a deadline, what it runs from, or that its year is not known yet."""
    if item.dates is not None:
        return str(item.dates.remind_by), str(item.dates.overdue_after)
    if item.follows is None:
        return "待放假安排公布", ""
    return f"自{plan.milestone(item.follows.after).label}起{item.follows.length}", ""


def plan_diagram() -> None:
    from states.machine import diagram

    say(diagram(_own_plan()).rstrip())


def plan_clauses() -> None:
    from states.clauses import clause_table

    say(clause_table(_own_plan()).rstrip())


def plan_history(json: Json = False) -> None:
    from operations.views.plan_versions import plan_history as past
    from operations.views.plan_versions import version_rows

    desk = the_desk()
    lines = past(desk)
    if json:
        emit(lines)
        return
    heads = ("版本", "起施行", "至", "经办", "依据", "内容指纹", "说明")
    table(f"{desk.plan.notice.number} {desk.plan.name}：各版本", heads, version_rows(lines))


def plan_diff(
    before: Annotated[int, typer.Argument(metavar="版本甲", help="如 1，见 plan history")],
    after: Annotated[int, typer.Argument(metavar="版本乙", help="如 2")],
    json: Json = False,
) -> None:
    from operations.views.plan_versions import comparison_lines
    from operations.views.plan_versions import plan_diff as compare

    found = compare(the_desk(), before, after)
    if json:
        emit(found)
        return
    for line in comparison_lines(found):
        say(line)


def _own_plan() -> Plan:
    """The settings' plan; no database is needed."""
    from models.settings import load_settings
    from policy.load import named_plan

    settings = load_settings()
    return named_plan(settings.plan, settings.plans)


def project_list(as_of: AsOf = None, known: Known = False, json: Json = False) -> None:
    from operations.views.overview import survey
    from operations.views.project_record import project_view

    desk = the_desk()
    seen = survey(desk, the_day(desk, as_of), known=known)
    views = [project_view(desk, item) for item in seen.projects]
    if json:
        emit(views)
        return
    table(
        f"项目（{_until(seen, as_of)}共{len(views)}个）",
        ("编码", "名称", *map(desk.plan.said, ("市", "县（市、区）")), "阶段", "状态"),
        (
            (item.code, item.name, item.city, item.county, item.stage_label, item.disposition.label)
            for item in views
        ),
    )


def project_show(
    code: Annotated[str, typer.Argument(metavar="项目编码")],
    as_of: AsOf = None,
    known: Known = False,
    json: Json = False,
) -> None:
    from operations.views.project_record import project_record, project_text
    from states.dossier import told

    desk = the_desk()
    found = project_record(desk, subject_meant(desk, code), the_day(desk, as_of), known=known)
    if json:
        emit(_labelled(found, profile=told(desk.plan, found.profile)))
        return
    say(project_text(desk, found))


def _until(seen: Survey, asked: date | None) -> str:
    """The day and by what it is known, in heads that name no day unless one is asked for."""
    return f"截至 {seen.as_of}{seen.basis.said}，" if asked or seen.basis.said else ""


def _labelled(view: DeadlineView | CityBoard | ProjectRecord, **more: object) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(view), **more}

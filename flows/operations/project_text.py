"""A project's record as text for staff."""

from collections.abc import Iterator
from decimal import Decimal

from flows.operations.desk import Desk
from flows.operations.project_views import NextAction, ProjectRecord
from notifications.wording import dated


def project_text(desk: Desk, record: ProjectRecord) -> str:
    """Basics, milestones, what may be done next and what it lacks, and the history. Chinese."""
    return "\n".join(
        (
            f"{record.code} {record.name}",
            *_basics(record),
            "",
            "节点：",
            *_milestones(desk, record),
            "",
            "现在可以办理：",
            *(line for action in record.next_actions for line in next_action_lines(action)),
            "",
            "办理记录：",
            *_history(record),
        )
    )


def next_action_lines(action: NextAction) -> Iterator[str]:
    """One action, and below it each condition that is not met."""
    yield f"  {action.action}（{action.label}，{action.clause}）"
    yield from (f"    尚缺：{reason}" for reason in action.lacks)
    yield from (f"    注意：{reason}" for reason in action.warns)


def _basics(record: ProjectRecord) -> Iterator[str]:
    profile = record.profile
    yield f"  所在地：{record.city}{record.county}（{record.county_type}）"
    yield f"  阶段：{record.stage_label}（{record.disposition.label}）"
    yield f"  建筑面积：{_amount(profile.area, '平方米')}"
    yield f"  配建性质：{profile.building_kind or '未填'}"
    yield f"  投资总额：{_amount(profile.investment, '元')}"
    yield f"  省级补助：{_amount(record.subsidy_yuan, '元')}"
    yield f"  运行主体：{profile.operator or '未填'}"
    yield f"  责任人：{profile.responsible_person or '未填'}"


def _milestones(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    for milestone in desk.plan.milestones:
        on = record.milestones.get(milestone.id)
        yield f"  {milestone.label}：{dated(on) if on else '—'}"


def _history(record: ProjectRecord) -> Iterator[str]:
    for line in record.history:
        evidence = f"，依据：{line.evidence}" if line.evidence else ""
        yield (
            f"  {line.effective_on} {line.kind.label} {line.label}"
            f"（{line.clause}），经办：{line.actor}{evidence}"
        )


def _amount(value: Decimal | None, unit: str) -> str:
    return "未填" if value is None else f"{value:,.2f}{unit}"

"""A project's record as text for staff."""

from collections.abc import Iterator
from decimal import Decimal

from flows.operations.desk import Desk
from flows.operations.project_views import NextAction, ProjectRecord
from notifications.wording import dated
from policy.fields import FIELDS
from policy.vocabulary import Source

BASICS = ("area", "building_kind", "investment", "operator", "responsible_person")
"""The fields of the profile that are told."""


def project_text(desk: Desk, record: ProjectRecord) -> str:
    """Basics, milestones, what may be done next and what it lacks, and the history. Chinese."""
    return "\n".join(
        (
            f"{record.code} {record.name}",
            *_basics(record),
            "",
            "节点：",
            *_milestones(desk, record),
            *_money(record),
            *_review(desk, record),
            *_checks(desk, record),
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
    yield f"  所在地：{record.city}{record.county}（{record.county_type}）"
    yield f"  尚未实施工程的县（市、区）：{'是' if record.unserved else '否'}"
    yield f"  阶段：{record.stage_label}（{record.disposition.label}）"
    for name in BASICS:
        field, value = FIELDS[name], getattr(record.profile, name)
        told = _amount(value, field.unit) if field.unit else value or "未填"
        yield f"  {field.label}：{told}"
    yield f"  办结：{dated(record.finished_on) if record.finished_on else '尚未办结'}"
    yield f"  记录号：{record.revision}"


def _milestones(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    for milestone in desk.plan.milestones:
        on = record.milestones.get(milestone.id)
        yield f"  {milestone.label}：{dated(on) if on else '—'}"


def _money(record: ProjectRecord) -> Iterator[str]:
    funds = record.funds
    yield ""
    yield "资金："
    released = "未下达" if funds.released is None else f"{funds.released:,.2f}元"
    yield f"  省级补助：应补{_amount(funds.subsidy, '元', '未明确')}，下达{released}"
    for source in (Source.CITY, Source.COUNTY):
        promised = _amount(funds.promised[source], "元")
        yield f"  {source.label}：承诺{promised}，到账{funds.received[source]:,.2f}元"
    yield f"  支出{funds.spent:,.2f}元，结存{funds.balance:,.2f}元"
    if funds.as_built:
        yield f"  按实测面积计算与下达的差额：{funds.as_built:,.2f}元（待省民政厅研究）"


def _review(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    rules = {rule.id: rule for rule in desk.plan.requirements}
    if record.findings:
        yield ""
        yield "申报时的软性不符及说明（供评审）："
    for id, reason in record.findings.items():
        says = f"{rules[id].says}（{rules[id].clause}）" if id in rules else id
        yield f"  {id} {says}；说明：{reason}"
    if record.opinions:
        yield ""
        yield "专家评审意见："
    for opinion in record.opinions:
        yield f"  {opinion.on} {opinion.expert}（{opinion.organisation}）：{opinion.total}分"


def _checks(desk: Desk, record: ProjectRecord) -> Iterator[str]:
    if record.checks:
        yield ""
        yield "验收表："
    for item in desk.plan.checklist:
        if item.id in record.checks:
            yield f"  {item.label}：{record.checks[item.id]}"


def _history(record: ProjectRecord) -> Iterator[str]:
    for line in record.history:
        evidence = f"，依据：{line.evidence}" if line.evidence else ""
        gone = "（已更正）" if line.reversed else ""
        yield (
            f"  {line.id} {line.effective_on} {line.kind.label}{gone} {line.label}"
            f"（{line.clause}），经办：{line.actor}{evidence}"
        )


def _amount(value: Decimal | None, unit: str, blank: str = "未填") -> str:
    return blank if value is None else f"{value:,.2f}{unit}"

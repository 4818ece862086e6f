"""What somebody may do next with a project, and exactly what the plan asks for each act."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from operations.cases.desk import Desk
from operations.views.project_record import NextAction, next_actions
from policy.actions import ActionRule, MilestoneRule
from policy.checks import AmountStatedCheck, EvidencedCheck
from policy.schema import Plan
from states.authority import booking, entitled, matter
from states.casework import find_action
from states.contacts import Place
from states.dossier import GOING_ON, Dossier
from states.money_due import MoneyDue, money_due
from states.reach import Visitor
from states.requirements import NO, OF_THE_ACT, YES, Case, Shortfall, payable, shortfalls


@dataclass(frozen=True, slots=True)
class ActField:
    """One thing that an act has to state."""

    name: str
    """``amount``, ``reason-R16``, ``check-beds``."""
    label: str
    choices: tuple[str, ...] = ()
    """Empty: any text."""
    value: str = ""
    """What is offered."""


@dataclass(frozen=True, slots=True)
class OpenAct:
    """An action, or a milestone recorded beside the chain, that the project's stage allows."""

    next: NextAction
    actor: str
    """In whose name its reader may take it; empty: may not."""
    is_record: bool
    """Whether it is a milestone that is recorded."""
    evidenced: bool
    """Whether a document or reason is asked for."""
    fields: tuple[ActField, ...]
    due: MoneyDue | None = None
    """The sum that it books, where it is a line of the ledger."""


def open_acts(desk: Desk, who: Visitor, project: Dossier, as_of: date) -> tuple[OpenAct, ...]:
    """Every act of a project's stage, those that its reader may take first."""
    place, plan = Place(project.city, project.county), desk.plan
    found = [
        _action(desk, who, project, place, each, as_of)
        for each in next_actions(desk, project, as_of)
    ]
    if project.disposition in GOING_ON:
        known = {*project.milestones, *_recorded(plan, found)}
        found += [
            _record(desk, who, project, place, each, as_of)
            for each in plan.milestones
            if each.beside_chain and not each.ledger and each.id not in known
        ]
        found += _sums(desk, who, project, place)
    return tuple(sorted(found, key=lambda each: (not each.actor, bool(each.next.lacks))))


def _recorded(plan: Plan, acts: Iterable[OpenAct]) -> Iterator[str]:
    """The milestones that these actions record: by themselves they would be asked for twice."""
    for each in acts:
        yield from find_action(plan, each.next.action).records


def _action(
    desk: Desk, who: Visitor, project: Dossier, place: Place, next: NextAction, as_of: date
) -> OpenAct:
    rule, case = find_action(desk.plan, next.action), Case(desk.plan, project, as_of, evidence="")
    lacking = shortfalls(case, next.action)
    fields = tuple(_fields(desk, case, rule, lacking))
    actor = who.entitled(desk.plan, matter(desk.plan, next.action), place)
    return OpenAct(_without_fields(next, lacking), actor, False, _evidenced(lacking), fields)


def _without_fields(next: NextAction, lacking: tuple[Shortfall, ...]) -> NextAction:
    """What can be stated with the act is asked for by a field, and is no bar."""
    stated = {str(each) for each in lacking if _reasoned(each)}
    lacks = tuple(each for each in next.lacks if each not in stated)
    said = {str(each) for each in lacking if isinstance(each.requirement.check, OF_THE_ACT)}
    warns = tuple(each for each in next.warns if each not in said)
    return NextAction(next.action, next.label, next.clause, lacks, warns, next.by)


def _fields(
    desk: Desk, case: Case, rule: ActionRule, lacking: tuple[Shortfall, ...]
) -> Iterator[ActField]:
    if any(isinstance(each.requirement.check, AmountStatedCheck) for each in lacking):
        due = payable(Case(case.plan, case.dossier, case.on, "", act=rule.id))
        yield ActField("amount", "金额（元）", value=_plain(due))
    for each in filter(_reasoned, lacking):
        yield ActField(f"reason-{each.requirement.id}", f"{each.requirement.says}，书面说明")
    for item in desk.plan.checklist if rule.checklist else ():
        yield ActField(f"check-{item.id}", item.label, (YES, NO) if item.judged else ())


def _record(
    desk: Desk,
    who: Visitor,
    project: Dossier,
    place: Place,
    rule: MilestoneRule,
    as_of: date,
) -> OpenAct:
    lacking = shortfalls(Case(desk.plan, project, as_of, evidence=""), rule.id)
    asked = matter(desk.plan, rule.id)
    those = entitled(desk.plan, asked, place) if asked else ()
    bars = [it for it in lacking if it.hard and not isinstance(it.requirement.check, OF_THE_ACT)]
    warns = [it for it in lacking if not it.hard]
    next = NextAction(
        rule.id,
        rule.label,
        rule.clause,
        tuple(map(str, bars)),
        tuple(map(str, warns)),
        tuple(seat.name for seat in those[:1]),
    )
    actor = who.entitled(desk.plan, asked, place)
    return OpenAct(next, actor, True, _evidenced(lacking), ())


def _sums(desk: Desk, who: Visitor, project: Dossier, place: Place) -> Iterator[OpenAct]:
    """The lines of the ledger that its reader may book: what came in, or is to be passed on."""
    plan = desk.plan
    missing = {
        it.id: it.clause for it in plan.milestones if it.ledger and it.id not in project.milestones
    }
    for due in money_due(plan, project, missing, who.offices):
        name, label = f"{due.fact}-{due.purse}", f"登记{due.label(plan)}"
        next = NextAction(name, label, missing[due.fact], (), tuple(_left(due)), ())
        amount = ActField("amount", "金额（元）", value=_plain(due.amount))
        actor = who.entitled(plan, booking(plan, due.holder), place)
        yield OpenAct(next, actor, False, False, (amount, ActField("voucher", "凭证号")), due)


def _left(due: MoneyDue) -> Iterator[str]:
    if due.amount is not None:
        yield f"{'尚未拨付' if due.to_holder else '尚缺'}{due.amount:,.2f}元"


def _evidenced(lacking: tuple[Shortfall, ...]) -> bool:
    return any(isinstance(each.requirement.check, EvidencedCheck) for each in lacking)


def _reasoned(each: Shortfall) -> bool:
    """Whether a written reason lets it pass."""
    return each.refuses and not each.hard


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None or amount <= 0 else f"{amount:.2f}"

"""What of a project's money is still to come in or to be passed on, a line a demand. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from policy.actions import LedgerFact
from policy.schema import Plan
from policy.vocabulary import EntryKind, Holder, Source
from states.authority import actor_of, booking, entitled
from states.contacts import Place
from states.dossier import Dossier
from states.ledger import balances, received


@dataclass(frozen=True, slots=True)
class MoneyDue:
    """One sum that a line of the ledger would settle, and what that line would be."""

    fact: str
    """The milestone that the ledger dates by it."""
    entry: EntryKind
    source: Source
    holder: Holder
    to_holder: Holder | None = None
    amount: Decimal | None = None
    """元 that are lacking, 0.00 where nothing was promised; None: not known."""
    fund: str = ""
    """Of which fund, where the source has several."""

    @property
    def purse(self) -> str:
        """As that of the line."""
        return self.fund or self.source

    def label(self, plan: Plan) -> str:
        """What a form calls it: ``县级配套到账``, ``省级补助拨付县财政``."""
        to = self.to_holder.label if self.to_holder else ""
        return f"{plan.purse_name(self.purse)}{plan.said(f'{self.entry.label}{to}')}"


def money_due(
    plan: Plan, project: Dossier, facts: Iterable[str], offices: Iterable[str]
) -> tuple[MoneyDue, ...]:
    """What is due for these facts of a project, as far as one of the offices may book it (A29)."""
    actors = [actor.seat for office in offices if (actor := actor_of(plan, office))]
    place = Place(project.city, project.county)
    rules = {item.id: item.ledger for item in plan.milestones}
    return tuple(
        due
        for fact in facts
        if (rule := rules.get(fact))
        for due in _dues(plan, fact, rule, project)
        if set(actors) & set(entitled(plan, booking(plan, due.holder), place))
    )


def due_named(plan: Plan, label: str) -> MoneyDue | None:
    """The demand that a form calls so, without its amount; None where it is none of money."""
    found = (
        due
        for item in plan.milestones
        if item.ledger
        for due in _kinds(plan, item.id, item.ledger)
        if due.label(plan) == label
    )
    return next(found, None)


def _kinds(plan: Plan, fact: str, rule: LedgerFact) -> Iterator[MoneyDue]:
    holder = Holder(rule.of)
    if rule.fact == "matched":
        yield MoneyDue(fact, EntryKind.RECEIPT, Source(rule.of), holder)
    elif rule.fact == "passed_on":
        below = list(Holder)[list(Holder).index(holder) + 1]
        for purse in plan.purses:
            source, fund = plan.source_of(purse)
            yield MoneyDue(fact, EntryKind.TRANSFER, source, holder, below, fund=fund)


def _dues(plan: Plan, fact: str, rule: LedgerFact, project: Dossier) -> Iterator[MoneyDue]:
    """With their amounts; without what has been passed on already."""
    held = balances(project.lines)
    for due in _kinds(plan, fact, rule):
        if due.entry is EntryKind.RECEIPT:
            promised = project.profile.promised.get(due.source)
            come = received(project.lines, due.source)
            yield _with(due, None if promised is None else max(promised - come, promised * 0))
        elif (left := held.get((due.purse, due.holder), Decimal(0))) > 0:
            yield _with(due, left)


def _with(due: MoneyDue, amount: Decimal | None) -> MoneyDue:
    return replace(due, amount=amount)

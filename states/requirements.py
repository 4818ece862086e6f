"""What an action still lacks: the plan's conditions (条件) held against a dossier."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import singledispatch
from itertools import pairwise
from typing import Any

from stdnum.cn import uscc

from common.words import CENT, alike
from policy.actions import ActionRule, Requirement
from policy.checks import (
    ActedByCheck,
    AgedCheck,
    AgreedCheck,
    AmountCappedCheck,
    AmountExactCheck,
    AmountStatedCheck,
    AnsweredCheck,
    BoundedCheck,
    Check,
    ChecklistCheck,
    CreditCodeCheck,
    CrossedCheck,
    ElapsedCheck,
    EndsWithCheck,
    EnoughOpinionsCheck,
    EvidencedCheck,
    IncludesCheck,
    LastsCheck,
    LocalShareCoveredCheck,
    MajorityCheck,
    MatchedCheck,
    NoneOfCheck,
    OneOfCheck,
    OrderedCheck,
    PairedCheck,
    PastCheck,
    PresentCheck,
    QuotaFreeCheck,
    ReachedCheck,
    ScoredCheck,
    SubsidyCoveredCheck,
    ThirdPartyCheck,
    UnservedFirstCheck,
    UntilCheck,
    WithinCheck,
)
from policy.schema import Plan
from policy.vocabulary import Force, Level
from states.authority import Actor, actor_of, seats
from states.dossier import Dossier, Profile, from_plain
from states.ledger import NOTHING, matched
from states.review import average, spread
from states.subsidy import subsidy
from states.workdays import DAY, years_after


def valid_uscc(code: str) -> bool:
    """Whether `code` is an 18-character code with a right check character."""
    return bool(uscc.is_valid(code))


YES, NO = "是", "否"


@dataclass(frozen=True, slots=True)
class Case:
    """One action (or recorded milestone) to be judged: whose, when, by whom, on what evidence."""

    plan: Plan
    dossier: Dossier
    on: date
    evidence: str
    actor: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Per requirement, the written reason for departing from it."""
    amount: Decimal | None = None
    """元 that an action pays."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """Answers to the acceptance checklist, by item."""
    acceptors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By city bureau that the contacts know, who of it may accept (see `states.contacts`)."""
    act: str = ""
    """The action or milestone that is judged; set by `shortfalls`."""


OF_THE_ACT = (ActedByCheck, AmountStatedCheck, ChecklistCheck, CrossedCheck, EvidencedCheck)
"""What is only known once somebody acts."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A condition that is not met (缺件)."""

    requirement: Requirement
    reason: str = ""
    """The written reason given for departing from a soft condition."""

    @property
    def hard(self) -> bool:
        """True when it refuses, False when it only warns."""
        return self.requirement.force is Force.HARD

    @property
    def refuses(self) -> bool:
        """Whether it bars the action: hard, or the written reason asked for is missing."""
        return self.hard or (self.requirement.reasoned and not self.reason)

    def __str__(self) -> str:
        rule = self.requirement
        said = f"{rule.says}（{rule.clause}）；{rule.mend}"
        if self.reason:
            return f"{said}；已说明：{self.reason}"
        return f"{said}；须附书面说明（{rule.id}）" if self.refuses and not self.hard else said


def shortfalls(case: Case, act: str) -> tuple[Shortfall, ...]:
    """Everything that `act` (an action or a milestone id) still lacks, hard first."""
    judged = _measured(replace(case, act=act))
    unmet = [
        Shortfall(requirement, _reason(requirement, case))
        for requirement in case.plan.conditions
        if act in requirement.before
        and _concerns(requirement, judged.dossier.profile)
        and not is_met(requirement.check, judged)
    ]
    return tuple(sorted(unmet, key=lambda shortfall: not shortfall.hard))


def due_to(case: Case, fund: str = "") -> Decimal | None:
    """元 of the project's whole subsidy (七(一)), or of a fund; None where it is not stated."""
    return subsidy(case.plan, case.dossier.profile, case.dossier.county_type, fund)


def payable(case: Case) -> Decimal | None:
    """元 that the action judged pays by the subsidy's rule; None where that is not stated.

    Its share, to the 分, and never more than what is not released yet; of what pays nothing, all.
    """
    action = _action(case)
    due = due_to(case, action.fund if action else "")
    if due is None or action is None or action.pays is None:
        return due
    share = (due * action.pays).quantize(CENT, ROUND_HALF_UP)
    return min(share, due - (case.dossier.released_of(action.fund) or NOTHING))


def measured(plan: Plan, profile: Profile, checks: Mapping[str, str]) -> Profile:
    """`profile` with what the acceptance checklist measured anew. ValueError when unreadable."""
    found: dict[str, Any] = {
        item.measures: read_measure(plan, item.measures, checks[item.id])
        for item in plan.checklist
        if item.measures and checks.get(item.id, "").strip()
    }
    return profile.saying(found)


def read_measure(plan: Plan, field: str, text: str) -> object:
    """What was measured of a profile's field, from text; ValueError when it cannot be read."""
    kind = plan.field[field].kind
    return from_plain(kind, words(text) if kind == "words" else text.strip())


def words(text: str) -> list[str]:
    """What ``、`` or ``，`` separates."""
    return [word.strip() for word in text.replace("，", "、").split("、") if word.strip()]


def _measured(case: Case) -> Case:
    action = _action(case)
    if not (action and action.checklist):
        return case
    profile = measured(case.plan, case.dossier.profile, case.checks)
    return replace(case, dossier=replace(case.dossier, profile=profile))


def _action(case: Case) -> ActionRule | None:
    return next((action for action in case.plan.actions if action.id == case.act), None)


def _concerns(requirement: Requirement, profile: Profile) -> bool:
    return all(_word(profile, name) in values for name, values in requirement.when.items())


def _word(profile: Profile, name: str) -> str | None:
    """A field's value as plans write it: yes and no as 是 and 否."""
    value = profile.value(name)
    if isinstance(value, bool):
        return YES if value else NO
    return None if value is None else str(value)


def _reason(requirement: Requirement, case: Case) -> str:
    if not requirement.reasoned:
        return ""
    given = case.reasons.get(requirement.id, "").strip()
    return given or (case.dossier.profile.explanation or "").strip()


@singledispatch
def is_met(check: Check, case: Case) -> bool:
    """Whether one check of the plan holds."""
    raise TypeError(check)


@is_met.register
def _(check: PresentCheck, case: Case) -> bool:
    return all(
        case.dossier.profile.value(name) not in (None, "", frozenset()) for name in check.fields
    )


@is_met.register
def _(check: WithinCheck, case: Case) -> bool:
    value: Decimal | int | None = case.dossier.profile.value(check.field)
    return value is not None and _between(value, check.least, check.most)


def _between(value: Decimal | int, least: Decimal | None, most: Decimal | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


@is_met.register
def _(check: BoundedCheck, case: Case) -> bool:
    value: Decimal | int | None = case.dossier.profile.value(check.field)
    return value is None or _between(value, check.least, check.most)


@is_met.register
def _(check: OneOfCheck, case: Case) -> bool:
    return _word(case.dossier.profile, check.field) in check.values


@is_met.register
def _(check: NoneOfCheck, case: Case) -> bool:
    value = case.dossier.profile.value(check.field)
    return bool(value) and value not in check.values


@is_met.register
def _(check: IncludesCheck, case: Case) -> bool:
    held: frozenset[str] | None = case.dossier.profile.value(check.field)
    return (held or frozenset()).issuperset(check.values)


@is_met.register
def _(check: EndsWithCheck, case: Case) -> bool:
    text: str | None = case.dossier.profile.value(check.field)
    return (text or "").endswith(check.text.format(city=case.dossier.city))


@is_met.register
def _(check: ReachedCheck, case: Case) -> bool:
    dated = case.dossier.milestones
    return all(name in dated and dated[name] <= case.on for name in check.milestones)


@is_met.register
def _(check: EvidencedCheck, case: Case) -> bool:
    return bool(case.evidence.strip())


@is_met.register
def _(check: QuotaFreeCheck, case: Case) -> bool:
    left = case.dossier.quota_left
    return left is None or left > 0  # a quota that nobody has stated is never used up


@is_met.register
def _(check: SubsidyCoveredCheck, case: Case) -> bool:
    investment, due = case.dossier.profile.investment, due_to(case)
    return investment is None or due is None or investment >= due  # `PresentCheck` asks for both


@is_met.register
def _(check: PairedCheck, case: Case) -> bool:
    fitting = check.allowed.get(_word(case.dossier.profile, check.by) or "")
    if fitting is None:
        return True  # another condition asks for the value that it is to fit
    return _word(case.dossier.profile, check.field) in fitting


@is_met.register
def _(check: PastCheck, case: Case) -> bool:
    days = [case.dossier.profile.value(name) for name in check.fields]
    return all(day is not None and day <= case.on for day in days)


@is_met.register
def _(check: OrderedCheck, case: Case) -> bool:
    stated = [
        [day for name in group if (day := case.dossier.profile.value(name)) is not None]
        for group in check.groups
    ]
    groups = [days for days in stated if days]
    return all(max(first) <= min(then) for first, then in pairwise(groups))


@is_met.register
def _(check: UntilCheck, case: Case) -> bool:
    day: date | None = case.dossier.profile.value(check.field)
    return day is not None and day > check.after


@is_met.register
def _(check: LastsCheck, case: Case) -> bool:
    start: date | None = case.dossier.profile.value(check.start)
    end: date | None = case.dossier.profile.value(check.end)
    return bool(start and end) and end + DAY >= years_after(start, check.years)  # type: ignore[operator, arg-type]  # both are stated


@is_met.register
def _(check: AgedCheck, case: Case) -> bool:
    day: date | None = case.dossier.profile.value(check.field)
    return day is not None and years_after(day, check.years) <= case.on


@is_met.register
def _(check: CreditCodeCheck, case: Case) -> bool:
    return valid_uscc(case.dossier.profile.value(check.field) or "")


@is_met.register
def _(check: ElapsedCheck, case: Case) -> bool:
    since = case.dossier.milestones.get(check.since)
    return since is not None and (case.on - since).days > check.days


@is_met.register
def _(check: AnsweredCheck, case: Case) -> bool:
    asked = case.dossier.milestones.get(check.milestone)
    answered = case.dossier.milestones.get(check.by)
    return asked is None or (answered is not None and asked <= answered <= case.on)


@is_met.register
def _(check: ActedByCheck, case: Case) -> bool:
    actor = actor_of(case.plan, case.actor)
    office = case.plan.office(check.level, case.dossier.city, case.dossier.county)
    return actor is not None and actor.seat.name == office


@is_met.register
def _(check: UnservedFirstCheck, case: Case) -> bool:
    return case.dossier.unserved or not case.dossier.unserved_open


@is_met.register
def _(check: MajorityCheck, case: Case) -> bool:
    built = case.dossier.building_kinds
    return 2 * built.get(check.building_kind, 0) > sum(built.values())


@is_met.register
def _(check: LocalShareCoveredCheck, case: Case) -> bool:
    profile, due = case.dossier.profile, due_to(case)
    if profile.investment is None or due is None:
        return True  # `PresentCheck` asks for the figures
    if profile.city_share is None or profile.county_share is None:
        return False
    return profile.city_share + profile.county_share >= profile.investment - due


@is_met.register
def _(check: EnoughOpinionsCheck, case: Case) -> bool:
    counted = [opinion for opinion in case.dossier.opinions if opinion.on <= case.on]
    return case.plan.review is not None and len(counted) >= case.plan.review.least_opinions


@is_met.register
def _(check: AgreedCheck, case: Case) -> bool:
    opinions, review = case.dossier.opinions, case.plan.review
    if review is None or not opinions or spread(opinions) <= review.most_spread:
        return True
    discussed = case.dossier.milestones.get(check.discussed)
    return discussed is not None and max(item.on for item in opinions) <= discussed <= case.on


@is_met.register
def _(check: ScoredCheck, case: Case) -> bool:
    review, opinions = case.plan.review, case.dossier.opinions
    return bool(review and opinions) and average(opinions) >= review.pass_score  # type: ignore[union-attr]  # stated


@is_met.register
def _(check: AmountStatedCheck, case: Case) -> bool:
    return case.amount is not None and case.amount > 0


@is_met.register
def _(check: AmountCappedCheck, case: Case) -> bool:
    due = payable(case)
    return case.amount is None or due is None or case.amount <= due


@is_met.register
def _(check: AmountExactCheck, case: Case) -> bool:
    return case.amount is None or case.amount == payable(case)


@is_met.register
def _(check: MatchedCheck, case: Case) -> bool:
    promised = case.dossier.profile.promised.get(check.source)
    reached = matched(case.dossier.lines, check.source, promised)
    return promised == 0 or (reached is not None and reached <= case.on)


@is_met.register
def _(check: ChecklistCheck, case: Case) -> bool:
    answers = {item.id: case.checks.get(item.id, "").strip() for item in case.plan.checklist}
    judged = (answers[item.id] for item in case.plan.checklist if item.judged)
    return all(answers.values()) and (not check.passed or all(word == YES for word in judged))


@is_met.register
def _(check: CrossedCheck, case: Case) -> bool:
    people = [actor_of(case.plan, name) for name in words(case.checks.get(check.item, ""))]
    return len(set(people)) >= check.least and all(_may_accept(case, who) for who in people)


def _may_accept(case: Case, who: Actor | None) -> bool:
    """Somebody of another city's bureau; one of its roles, where the contacts know the bureau."""
    if who is None or who.seat.body != Level.CITY or not who.person:
        return False
    known = case.acceptors.get(who.seat.name)
    return who.seat.city != case.dossier.city and (known is None or who.person in known)


@is_met.register
def _(check: ThirdPartyCheck, case: Case) -> bool:
    profile = case.dossier.profile
    operator, owner = (_plainly(profile.value(name)) for name in (check.field, check.owner))
    code = str(profile.value(check.code) or "")
    organs = case.plan.authority.organs if case.plan.authority else ()
    return not (
        (operator and operator == owner)
        or code.startswith(organs)
        or any(_is_of(operator, seat.name) for seat in seats(case.plan))
    )


def _is_of(operator: str, office: str) -> bool:
    """Whether it is the office, by its full or its short name, or a part of it."""
    return bool(operator) and (operator.startswith(office) or office.endswith(operator))


def _plainly(name: str | None) -> str:
    """A name without blanks, its brackets and letters in one width."""
    return "".join(alike(name or "").split())


def unstated(plan: Plan, profile: Profile, check: Check) -> tuple[str, ...]:
    """What staff call the fields that a condition is about and the forms do not say."""
    blank = (name for name in concerns(check) if profile.value(name) in (None, "", frozenset()))
    return tuple(dict.fromkeys(plan.label_of(name) for name in blank))


def concerns(check: Check) -> tuple[str, ...]:
    """The fields of a profile that a condition is about."""
    if isinstance(check, SubsidyCoveredCheck):
        return ("investment", "area")
    if isinstance(check, LocalShareCoveredCheck):
        return ("city_share", "county_share")
    if isinstance(check, UnservedFirstCheck):
        return ("community",)
    if isinstance(check, MajorityCheck):
        return ("building_kind",)
    named = check.model_dump()
    single = [named[key] for key in ("field", "start", "end") if named.get(key)]
    groups = [name for group in named.get("groups", ()) for name in group]
    return (*single, *named.get("fields", ()), *groups)

"""What an audit row changes, and the state that a subject's rows add up to.

Every change of a project is one row whose detail holds all of its effects, so that replaying the
rows rebuilds the project: tests hold the store to it, and a correction is worked out by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from policy.schema import Plan
from policy.vocabulary import AuditKind, Disposition, EntryKind, Holder, Source
from states.dossier import Dossier, from_stored, profile_of, to_plain
from states.ledger import LedgerLine, dated_by
from states.progress import PROGRESS_LABELS, Progress
from states.review import Opinion

OWN = ("stage", "disposition", "last_on", "findings", "checks", "released", "released_funds")
"""The columns that say where a project stands; all others are what its forms say."""
EMPTY: Mapping[str, Mapping[str, str]] = {"findings": {}, "checks": {}, "released_funds": {}}
"""Those that hold nothing otherwise than by None."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What one row changes."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    """Per column of the project that it sets, its new value: one of `OWN`, or a field."""
    dated: Mapping[str, date] = field(default_factory=dict)
    revoked: tuple[str, ...] = ()
    line: LedgerLine | None = None
    """A line of the money ledger, booked under this row's id."""
    opinion: Opinion | None = None
    progress: Progress | None = None
    """A month's report, which takes the place of that month's former one.

    Kept under this row's id, or under its own where it had been replaced and counts again.
    """
    dropped: tuple[int, ...] = ()
    """Rows whose ledger line, opinion or monthly report no longer counts."""

    @property
    def any(self) -> bool:
        """Whether anything changes."""
        return self != Effects()


@dataclass(frozen=True, slots=True)
class ProjectState:
    """A project as its rows add up; the same values as the store keeps."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, date] = field(default_factory=dict)
    lines: Mapping[int, LedgerLine] = field(default_factory=dict)
    opinions: Mapping[int, Opinion] = field(default_factory=dict)
    progress: Mapping[str, Progress] = field(default_factory=dict)
    """By month."""


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One audit row of a subject, as far as it changes anything."""

    id: int
    kind: AuditKind
    effects: Effects


BY_HAND = (AuditKind.RECORD, AuditKind.AMENDMENT)
"""The rows by which somebody says a day that else the ledger would tell."""


def replay(rows: Iterable[TrailRow]) -> ProjectState:
    """What rows add up to, oldest first."""
    state = ProjectState()
    for row in rows:
        state = after(state, row)
    return state


def recorded(plan: Plan, rows: Iterable[TrailRow]) -> ProjectState:
    """What people recorded in `rows`, without the days that only the ledger tells."""
    return replay(replace(row, effects=recorded_effects(plan, row)) for row in rows)


def rebuilt(plan: Plan, rows: Iterable[TrailRow]) -> ProjectState:
    """What people recorded in `rows`, and what follows from it: the ledger's days are computed."""
    state = recorded(plan, rows)
    promised = profile_of({n: v for n, v in state.columns.items() if n not in OWN}).promised
    follows = dated_by(plan, promised, _in_order(state.lines))
    facts = {name: on for name, on in state.facts.items() if name not in follows}
    return replace(state, facts=facts | {name: on for name, on in follows.items() if on})


def recorded_effects(plan: Plan, row: TrailRow) -> Effects:
    """What somebody recorded by a row, without what only followed from it."""
    change = row.effects
    if row.kind in BY_HAND:
        return change
    computed = {milestone.id for milestone in plan.milestones if milestone.ledger}
    dated = {name: on for name, on in change.dated.items() if name not in computed}
    revoked = tuple(name for name in change.revoked if name not in computed)
    return replace(change, dated=dated, revoked=revoked)


def _in_order(lines: Mapping[int, LedgerLine]) -> tuple[LedgerLine, ...]:
    return tuple(sorted(lines.values(), key=lambda line: (line.on, line.audit_id)))


def with_what_follows(
    plan: Plan, project: Dossier, change: Effects, given: Mapping[str, date]
) -> Effects:
    """What `change` does to `project`, with the days that the ledger then tells otherwise.

    `given` are the days that people gave of what the ledger tells no longer.
    """
    later = carried_on(project, TrailRow(0, AuditKind.LEDGER, change))
    follows = dict(dated_by(plan, later.profile.promised, later.lines))
    follows |= {name: given.get(name) for name in handed_back(plan, project, change)}
    held = later.milestones
    dated = {name: on for name, on in follows.items() if on and held.get(name) != on}
    revoked = tuple(name for name, on in follows.items() if on is None and name in held)
    kept = {name: on for name, on in change.dated.items() if name not in revoked}
    return replace(
        change, dated={**kept, **dated}, revoked=tuple(dict.fromkeys((*change.revoked, *revoked)))
    )


def handed_back(plan: Plan, project: Dossier, change: Effects) -> frozenset[str]:
    """The milestones that the ledger dates no longer: of a share that has become nothing."""
    later = carried_on(project, TrailRow(0, AuditKind.LEDGER, change))
    before = dated_by(plan, project.profile.promised, ())
    return frozenset(before) - frozenset(dated_by(plan, later.profile.promised, ()))


def after(state: ProjectState, row: TrailRow) -> ProjectState:
    """The state once a row has been recorded."""
    change = row.effects
    facts = {name: on for name, on in state.facts.items() if name not in change.revoked}
    lines = {id: line for id, line in state.lines.items() if id not in change.dropped}
    opinions = {id: given for id, given in state.opinions.items() if id not in change.dropped}
    if change.line:
        lines[row.id] = change.line
    if change.opinion:
        opinions[row.id] = change.opinion
    return ProjectState(
        {**state.columns, **change.columns},
        {**facts, **change.dated},
        lines,
        opinions,
        _progress_after(state, row),
    )


def carried_on(project: Dossier, row: TrailRow) -> Dossier:
    """The project once a row has been recorded about it; what follows from others stays."""
    change = row.effects
    state = after(
        ProjectState(
            facts=project.milestones,
            lines={line.audit_id: line for line in project.lines},
            opinions={given.audit_id: given for given in project.opinions},
            progress={report.period: report for report in project.progress},
        ),
        row,
    )
    said = {name: value for name, value in change.columns.items() if name not in OWN}
    return replace(
        project,
        **{name: value for name, value in change.columns.items() if name in OWN},
        profile=project.profile.saying(said),
        milestones=state.facts,
        lines=_in_order(state.lines),
        opinions=tuple(state.opinions[id] for id in sorted(state.opinions)),
        progress=tuple(state.progress[period] for period in sorted(state.progress)),
        revision=row.id,
    )


def _progress_after(state: ProjectState, row: TrailRow) -> Mapping[str, Progress]:
    change = row.effects
    kept = {n: p for n, p in state.progress.items() if p.audit_id not in change.dropped}
    return kept | (
        {change.progress.period: under(change.progress, row.id)} if change.progress else {}
    )


def under(progress: Progress, row: int) -> Progress:
    """A report as the row `row` keeps it: under that row's id, unless it has its own."""
    return replace(progress, audit_id=progress.audit_id or row)


def difference(now: ProjectState, wanted: ProjectState) -> Effects:
    """The effects that turn `now` into `wanted`.

    Nothing is to be added but columns, facts and one month's report. A column that `wanted` does
    not know is set to nothing.
    """
    columns = {
        name: wanted.columns.get(name, EMPTY.get(name))
        for name, value in now.columns.items()
        if wanted.columns.get(name) != value
    }
    return Effects(
        columns=columns,
        dated={n: on for n, on in wanted.facts.items() if now.facts.get(n) != on},
        revoked=tuple(name for name in now.facts if name not in wanted.facts),
        progress=next((p for n, p in wanted.progress.items() if now.progress.get(n) != p), None),
        dropped=(
            *(id for id in now.lines if id not in wanted.lines),
            *(id for id in now.opinions if id not in wanted.opinions),
            *(p.audit_id for n, p in now.progress.items() if n not in wanted.progress),
        ),
    )


def to_detail(effects: Effects) -> dict[str, Any]:
    """The effects as exact JSON; what does not change is left out."""
    detail: dict[str, Any] = {
        "columns": {name: to_plain(value) for name, value in effects.columns.items()},
        "dated": {name: on.isoformat() for name, on in effects.dated.items()},
        "revoked": list(effects.revoked),
        "line": _line_out(effects.line) if effects.line else None,
        "opinion": _opinion_out(effects.opinion) if effects.opinion else None,
        "progress": _progress_out(effects.progress) if effects.progress else None,
        "dropped": list(effects.dropped),
    }
    return {name: value for name, value in detail.items() if value}


def from_detail(plan: Plan, id: int, kind: AuditKind, detail: Mapping[str, Any]) -> TrailRow:
    """The row whose detail `to_detail` gave."""
    plain = detail.get("columns", {})
    columns = {name: _column(plan, name, value) for name, value in plain.items()}
    effects = Effects(
        columns=columns,
        dated={name: date.fromisoformat(on) for name, on in detail.get("dated", {}).items()},
        revoked=tuple(detail.get("revoked", ())),
        line=_line_in(id, detail["line"]) if detail.get("line") else None,
        opinion=_opinion_in(id, detail["opinion"]) if detail.get("opinion") else None,
        progress=_progress_in(id, detail["progress"]) if detail.get("progress") else None,
        dropped=tuple(detail.get("dropped", ())),
    )
    return TrailRow(id, kind, effects)


def _column(plan: Plan, name: str, plain: Any) -> Any:
    if name not in OWN:
        return from_stored(plan, name, plain)
    if name == "disposition":
        return Disposition(plain)
    if plain is not None and name == "last_on":
        return date.fromisoformat(plain)
    return Decimal(plain) if plain is not None and name == "released" else plain


def _line_out(line: LedgerLine) -> dict[str, Any]:
    return {
        "entry": line.entry.value,
        "on": line.on.isoformat(),
        "source": line.source.value,
        "holder": line.holder.value,
        "amount": str(line.amount),
        "voucher": line.voucher,
        "to_holder": line.to_holder.value if line.to_holder else None,
        "category": line.category,
        "payee": line.payee,
        **({"fund": line.fund} if line.fund else {}),
    }


def _line_in(id: int, plain: Mapping[str, Any]) -> LedgerLine:
    return LedgerLine(
        audit_id=id,
        entry=EntryKind(plain["entry"]),
        on=date.fromisoformat(plain["on"]),
        source=Source(plain["source"]),
        holder=Holder(plain["holder"]),
        amount=Decimal(plain["amount"]),
        voucher=plain["voucher"],
        to_holder=Holder(plain["to_holder"]) if plain["to_holder"] else None,
        category=plain["category"],
        payee=plain["payee"],
        fund=plain.get("fund", ""),
    )


def _opinion_out(opinion: Opinion) -> dict[str, Any]:
    return {
        "expert": opinion.expert,
        "organisation": opinion.organisation,
        "on": opinion.on.isoformat(),
        "scores": {name: str(points) for name, points in opinion.scores.items()},
    }


def _opinion_in(id: int, plain: Mapping[str, Any]) -> Opinion:
    return Opinion(
        expert=plain["expert"],
        organisation=plain["organisation"],
        on=date.fromisoformat(plain["on"]),
        scores={name: Decimal(points) for name, points in plain["scores"].items()},
        audit_id=id,
    )


def _progress_out(progress: Progress) -> dict[str, Any]:
    plain = {name: getattr(progress, name) for name in PROGRESS_LABELS}
    plain["invested"] = to_plain(progress.invested)
    return plain | ({"audit_id": progress.audit_id} if progress.audit_id else {})


def _progress_in(id: int, plain: Mapping[str, Any]) -> Progress:
    invested = Decimal(plain["invested"]) if plain["invested"] is not None else None
    return under(Progress(**{**plain, "invested": invested}), id)
